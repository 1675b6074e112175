"""What may a person answer to a question, and what follows from it?

Four kinds of question are offered: one label (``choice``, ``order``), each criterion met or not
(``criteria``, from which the label follows by the question's rule), and all labels that apply
(``labels``). ``undecided`` is always allowed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gyges.errors import JudgeError
from gyges.judges.question import UNDECIDED, Question

__all__ = [
    "OFFERED",
    "PARTS",
    "Answer",
    "about_for_raters",
    "check_offered",
    "read_answer",
    "views",
]

OFFERED = ("choice", "order", "criteria", "labels")
"""The kinds of question that a person can be asked on the page."""

PARTS: Mapping[str, str] = {
    "system": "the system text",
    "query": "the user's question",
    "reasoning": "the visible reasoning",
    "output": "the final answer",
}
"""Parts of a trial that the page can show, in the order in which it shows them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said of one transcript."""

    label: str
    """One label, ``yes`` or ``no`` where it follows from criteria or labels, or ``undecided``."""
    labels: tuple[str, ...] | None = None
    """In questions of the kind ``labels``: all that apply, in the question's order."""
    criteria: Mapping[str, bool] | None = None
    """In questions of the kind ``criteria``: whether each is met."""

    def record(self) -> dict[str, Any]:
        """Give what is stored of it."""
        found: dict[str, Any] = {"label": self.label}
        if self.labels is not None:
            found["labels"] = list(self.labels)
        if self.criteria is not None:
            found["criteria"] = dict(self.criteria)
        return found


def check_offered(question: Question) -> None:
    """Refuse a question that the page cannot ask.

    Raises:
        JudgeError: It is of another kind, or shows what the page cannot show.
    """
    if question.kind not in OFFERED:
        raise JudgeError(
            f"question {question.id}: its answers are {question.kind}, which the page does not "
            f"offer; it offers the kinds {', '.join(OFFERED)}: see `gyges questions`"
        )
    beyond = [part for part in question.sees if part not in PARTS]
    if beyond:
        raise JudgeError(
            f"question {question.id}: is decided from the part {beyond[0]}, which the page does not show; see "
            "`gyges questions`"
        )


def about_for_raters(question: Question) -> str:
    """What a question decides, without what a rater is not asked for.

    Fields beside the label, the figures and the controls are a judge's matter: the clause or the sentence that brings
    such a field up is left out, with what its paragraph goes on to say of it.
    """
    fields = [one.id for one in question.also] + ["value"]
    named = re.compile("|".join(f"`{re.escape(name)}`" for name in fields))
    kept = []
    for paragraph in re.split(r"\n\s*\n", question.about.strip()) if question.about.strip() else []:
        sentences: list[str] = []
        for sentence in re.split(r"(?<=[.?!])\s+", paragraph.strip()):
            if found := named.search(sentence):
                before = sentence[: found.start()].rstrip()
                if before.endswith(";"):
                    sentences.append(before[:-1] + ".")
                break
            if not sentence.startswith("In the controls,"):
                sentences.append(sentence.replace("`", ""))
        kept.append(" ".join(sentences))
    return "\n\n".join(filter(None, kept))


def read_answer(question: Question, record: Mapping[str, Any]) -> Answer:
    """Make an answer of what the page sent, or of what is stored.

    Raises:
        ValueError: It is no answer to this question; the message says why.
    """
    if record.get("label") == UNDECIDED:
        return Answer(UNDECIDED)
    if question.kind == "labels":
        given = record.get("labels")
        known = [one.id for one in question.labels]
        if not isinstance(given, list) or any(name not in known for name in given):
            raise ValueError(
                f"labels {given!r:.80}: a list of some of {', '.join(known)} is wanted"
            )
        labels = tuple(name for name in known if name in given)
        return Answer("yes" if labels else "no", labels=labels)
    if question.kind == "criteria":
        said = record.get("criteria")
        wanted = [one.id for one in question.applying]
        if (
            not isinstance(said, dict)
            or said.keys() != set(wanted)
            or not all(isinstance(value, bool) for value in said.values())
        ):
            raise ValueError(
                f"criteria {said!r:.80}: true or false is wanted for each of {', '.join(wanted)}"
            )
        met = all(said[one.id] for one in question.required)
        return Answer("yes" if met else "no", criteria={name: said[name] for name in wanted})
    label = record.get("label")
    if label not in question.answers:
        raise ValueError(f"label {label!r:.80}: one of {', '.join(question.answers)} is wanted")
    return Answer(str(label))


def views(question: Question, answer: Answer) -> dict[str, str]:
    """Say an answer as one value for each thing that raters can agree on.

    Returns:
        ``label`` and its value; each criterion, or each label that may apply, and ``yes`` or ``no``; for several labels
        ``all`` and the whole set. Everything is ``undecided`` where the answer is.
    """
    parts = [one.id for one in question.applying]
    if question.kind == "labels":
        parts = [one.id for one in question.labels]
        whole = "+".join(answer.labels or ()) or "none"
        found = {"all": UNDECIDED if answer.label == UNDECIDED else whole}
    else:
        found = {"label": answer.label}
    met = answer.criteria or dict.fromkeys(answer.labels or (), True)
    for name in parts:
        decided = "yes" if met.get(name) else "no"
        found[name] = UNDECIDED if answer.label == UNDECIDED else decided
    return found
