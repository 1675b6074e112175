"""What did each judge say to each question, and what is known of the judge?

One value for each question and judge: what the verdicts show, who the judge is, what it made of transcripts whose label
is known, and how far it agrees with the other judges of the question. The pages and the transcripts are made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

from gyges.errors import EstimateError

if TYPE_CHECKING:
    from gyges.findings import Shown
    from gyges.study import StudyFolder

__all__ = ["OUTCOME", "Asked", "read_asked"]

OUTCOME = "outcome"
"""The question whose verdicts make the gap; it has the first page to itself."""
_ALL_PAIRS = 3
"""Up to so many judges are compared each with each; of more, the first with each other one."""


@dataclass(frozen=True)
class Asked:
    """One judge's answers to one question."""

    question: str
    judge: str
    info: Mapping[str, Any] = field(default_factory=dict)
    """Who the judge is: ``version``, ``sees``, ``votes``, ``threshold``, ``card`` and the like, as the study says."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What can be answered: ``title``, ``kind``, ``labels``, ``criteria``, ``scales``; empty where it is not said."""
    shown: Sequence[Shown] = ()
    """What the verdicts show, by group of trials; empty for the outcome."""
    known: Mapping[str, Any] = field(default_factory=dict)
    """What the judge made of known transcripts; empty where it was shown none."""
    agreements: Sequence[str] = ()
    """A sentence for each other judge that it was compared with."""
    bearing: Sequence[str] = ()
    """What it says of the gap: split by belief, beside the prediction, with suspicion, ..."""

    @property
    def title(self) -> str:
        """The question in words, or its name."""
        return str(self.about.get("title") or self.question)

    @property
    def kind(self) -> str:
        """What an answer looks like: ``choice``, ``labels`` and so on; empty where it is not known."""
        return str(self.about.get("kind") or "")


def read_asked(study: StudyFolder) -> list[Asked]:
    """Gather every question and judge of a study, the outcome first, the study's own judge before others."""
    return [one for question in study.questions() for one in _judges_of(study, question)]


def _judges_of(study: StudyFolder, question: str) -> Iterator[Asked]:
    judges = study.judges(question)
    infos = {judge: study.judge_info(judge, question) for judge in judges}
    # A panel does not repeat what its members were asked.
    described = (info["answers"] for info in infos.values() if info.get("answers"))
    about: Mapping[str, Any] = next(described, {})
    compared = _agreements(study, question, infos, str(about.get("kind") or ""))
    for judge in judges:
        yield Asked(
            question=question,
            judge=judge,
            info=infos[judge],
            about=about,
            shown=_shown(study, question, judge),
            known=study.known(judge, question),
            agreements=compared.get(judge, ()),
            bearing=_bearing(study, question, judge),
        )


def _shown(study: StudyFolder, question: str, judge: str) -> Sequence[Shown]:
    from gyges.findings import answers_shown

    return () if question == OUTCOME else answers_shown(study, question, judge)


def _bearing(study: StudyFolder, question: str, judge: str) -> Sequence[str]:
    from gyges.findings import asides_of

    return [one.sentence() for one in asides_of(study, question, judge)]


def _agreements(
    study: StudyFolder, question: str, infos: Mapping[str, Mapping[str, Any]], kind: str
) -> dict[str, list[str]]:
    """Compare judges that read by themselves; numbers on scales have no label to agree on."""
    from gyges.findings.agreement import agreement

    names = [name for name, info in infos.items() if info.get("kind") != "panel"]
    if kind == "scores":
        return {}
    pairs = list(combinations(names, 2))
    if len(names) > _ALL_PAIRS:
        pairs = [pair for pair in pairs if pair[0] == names[0]]
    found: dict[str, list[str]] = {}
    for first, second in pairs:
        try:
            said = agreement(study, (first, second), question, steady=False).sentence()
        except EstimateError:
            continue
        found.setdefault(first, []).append(said)
    return found
