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
    from gyges.findings.asides import Aside
    from gyges.findings.refusals import Refusals
    from gyges.study import StudyFolder

__all__ = ["OUTCOME", "Asked", "Tier", "read_asked"]

OUTCOME = "outcome"
"""The question whose verdicts make the gap; it has the first page to itself."""
Tier = tuple[str, str, str, bool, str]
"""Subject, setting, value, whether it is the no-conflict control, and the tier."""
_WHEN = ("before", "after")
_GROUP = ("subject", "setting", "value", "control", "tier")
_TIERS = ("monitored", "unmonitored")
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
    asides: Sequence[Mapping[str, Any]] = ()
    """The same as records, as ``gyges answers --json`` gives them."""
    totals: Mapping[Tier, int] = field(default_factory=dict)
    """How many trials each tier of each group has, with a verdict or without."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """How many verdicts came to nothing, by their status; ``not judged`` where there is none."""
    asked_when: str = ""
    """``before`` or ``after``: when the subject was asked, where the name of the question does not say it."""

    @property
    def title(self) -> str:
        """The question in words, or its name; with its variant, since its variants share the words."""
        title = str(self.about.get("title") or self.question)
        variant = self.question.partition(".")[2] or self.asked_when
        if not variant or title == self.question:
            return title
        told = f"{variant} its answer" if variant in _WHEN else f"variant {variant}"
        return f"{title} ({told})"

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
    when = "after" if f"{question}-after" in study.probes() else ""
    for judge in judges:
        totals, failed = _counts(study, question, judge)
        asides = _asides(study, question, judge)
        yield Asked(
            question=question,
            judge=judge,
            info=infos[judge],
            about=about,
            shown=_shown(study, question, judge),
            known=study.known(judge, question),
            agreements=compared.get(judge, ()),
            bearing=[one.sentence() for one in asides],
            asides=[one.row() for one in asides],
            totals=totals,
            failed=failed,
            asked_when=when,
        )


def _shown(study: StudyFolder, question: str, judge: str) -> Sequence[Shown]:
    from gyges.findings import answers_shown

    return () if question == OUTCOME else answers_shown(study, question, judge)


def _asides(study: StudyFolder, question: str, judge: str) -> Sequence[Aside | Refusals]:
    from gyges.findings import asides_of

    return asides_of(study, question, judge)


def _counts(
    study: StudyFolder, question: str, judge: str
) -> tuple[dict[Tier, int], dict[str, int]]:
    """Count the trials of each tier, and the verdicts that came to nothing by their status."""
    import polars as pl

    if question == OUTCOME:
        return {}, {}
    trials = study.trial_table.scan(["trial", *_GROUP]).filter(pl.col("tier").is_in(_TIERS))
    verdicts = study.verdict_table(judge, question).scan(["trial", "status"])
    with study.reading():
        counted = (
            trials.join(verdicts, on="trial", how="left")
            .with_columns(pl.col("status").fill_null("not judged"))
            .group_by([*_GROUP, "status"])
            .agg(pl.len().alias("count"))
            .collect()
        )
    totals: dict[Tier, int] = {}
    failed: dict[str, int] = {}
    for row in counted.sort([*_GROUP, "status"]).iter_rows(named=True):
        tier = (row["subject"], row["setting"], row["value"], row["control"], row["tier"])
        totals[tier] = totals.get(tier, 0) + row["count"]
        if row["status"] != "ok":
            failed[row["status"]] = failed.get(row["status"], 0) + row["count"]
    return totals, failed


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
