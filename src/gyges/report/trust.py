"""How far can a judge be trusted, in words: what was measured, and what it made of known transcripts?

A judge whose errors nobody measured in this version is *uncalibrated*, and the page says so beside the numbers that
rest on it; one that was measured on worked examples only is said to be that. A judge that misreads a transcript whose
label is plain gets a warning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gyges.report.asked import Asked

__all__ = ["Calibration", "Misread", "Shown", "calibration", "card_figures", "shown_known"]

_FIGURES = {
    "n": "labelled answers it was measured on",
    "examples": "worked examples it was measured on",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "precision": "precision",
    "recall": "recall",
    "auroc": "AUROC",
    "kappa": "kappa",
}


_NO_WORDS = "there are no words to misjudge"
"""How the note of a card ends whose judge reads no prose, such as calls of tools or a key."""


@dataclass(frozen=True)
class Calibration:
    """What is known of a judge's errors."""

    measured: bool
    text: str
    """A sentence for the fine print."""
    brief: str
    """A few words, for a figure."""
    calm: bool = True
    """Whether at least something is known of its errors."""
    note: str = ""
    """How that was measured, where the sentence does not say it."""


@dataclass(frozen=True)
class Misread:
    """A known transcript that a judge read wrongly."""

    id: str
    expected: str
    said: str
    why: str
    """Why the label is what it is."""


@dataclass(frozen=True)
class Shown:
    """What a judge made of known transcripts."""

    judge: str
    question: str
    text: str
    """The result without its subject: ``read 2 of 3 right``."""
    wrong: Sequence[Misread]
    warning: str
    """What a reader must know; empty where nothing is wrong."""


def card_figures(card: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Name the figures of a card, as far as it has them."""
    found = []
    for key, name in _FIGURES.items():
        value = (card or {}).get(key)
        if value is not None:
            found.append((name, f"{value:.2f}" if isinstance(value, float) else str(value)))
    return found


def calibration(
    judge: str, version: str | None, card: Mapping[str, Any] | None, *, of: str = "this question"
) -> Calibration:
    """Say what is known of a judge's errors.

    Args:
        judge: Its name.
        version: Its version; a card of another one says nothing about it.
        card: Its card, as the study holds it.
        of: What it was asked.
    """
    measured_in = (card or {}).get("version")
    if card and measured_in is not None and version is not None and measured_in != version:
        return Calibration(
            False,
            f"Uncalibrated: the card of the judge {judge} is of version {measured_in}, and nobody has measured how "
            f"often version {version} errs on {of}.",
            f"judge {judge}, uncalibrated in this version",
            calm=False,
        )
    figures = dict(card_figures(card))
    count = figures.pop(_FIGURES["n"], None)
    examples = figures.pop(_FIGURES["examples"], None)
    told = ", ".join(f"{name} {value}" for name, value in figures.items())
    note = str((card or {}).get("note") or "").rstrip(".")
    if told and count:
        where = f" in {card['setting']}" if card and card.get("setting") else ""
        return Calibration(
            True,
            f"The judge {judge} was measured on {count} labelled answers{where}: {told}.",
            f"judge {judge}",
        )
    if examples:
        # Examples that were written to be told apart are no sample of what a subject says.
        told = told or _rightly(card or {})
        return Calibration(
            False,
            f"Measured only on worked examples of our own ({examples}, no sample of a subject's texts)"
            f"{f': the judge {judge} has {told}' if told else ''}.",
            f"judge {judge}, measured only on worked examples",
            note=f"{note[:1].upper()}{note[1:]}",
        )
    if note and note.endswith(_NO_WORDS):
        # What is read from calls of tools, or held against a key, is no judgement that could be measured.
        return Calibration(
            False,
            f"The judge {judge} goes by a rule and was not measured against labels: {note}.",
            f"judge {judge}, by rule",
        )
    if note:
        return Calibration(
            False,
            f"Uncalibrated: nobody has measured how often the judge {judge} errs on {of} ({note}).",
            f"judge {judge}, uncalibrated",
            calm=False,
        )
    return Calibration(
        False,
        f"Uncalibrated: nobody has measured how often the judge {judge} errs on {of}.",
        f"judge {judge}, uncalibrated",
        calm=False,
    )


def _rightly(card: Mapping[str, Any]) -> str:
    """Say how many labels and numbers a card counts as read rightly."""
    parts = []
    for key, name in (("label", "labels"), ("probability", "probabilities")):
        counts = card.get(key)
        if isinstance(counts, Mapping) and isinstance(counts.get("right"), int):
            of = sum(n for what, n in counts.items() if what != "none" and isinstance(n, int))
            parts.append(f"{counts['right']} of {of} {name} right")
    return ", ".join(parts)


def shown_known(one: Asked) -> Shown:
    """Say what a judge made of known transcripts."""
    known, question = one.known, one.question
    rows = [row for row in known.get("rows") or [] if isinstance(row, dict)]
    if not rows:
        text = (
            "was shown no known transcripts: it reads the verdicts of its members"
            if one.info.get("kind") == "panel"
            else "was shown no known transcripts"
        )
        return Shown(one.judge, question, text, (), "")
    failed = sum(row.get("status") != "ok" for row in rows)
    judged = [row for row in rows if row.get("right") is not None]
    wrong = [
        Misread(
            str(row.get("id")),
            _label(row.get("expected")),
            _label(row.get("said")),
            str(row.get("why") or "").rstrip("."),
        )
        for row in judged
        if not row["right"]
    ]
    text = (
        f"read {len(judged) - len(wrong)} of {len(judged)} right"
        if judged
        else f"was shown {len(rows)}, whose answers are numbers and not right or wrong"
    )
    if failed == len(rows):
        text = f"has no verdict on any of the {failed} that it was shown"
    elif failed:
        text += f"; {failed} without a verdict"
    version, now = known.get("version"), one.info.get("version")
    if version is not None and now is not None and version != now:
        text += f" (in version {version}, not in the {now} of this study)"
    return Shown(one.judge, question, text, wrong, _warning(one, wrong, failed, len(rows)))


def _warning(one: Asked, wrong: Sequence[Misread], failed: int, total: int) -> str:
    about = "" if one.question == "outcome" else f" to the question {one.question}"
    if failed == total:
        return (
            f"The judge {one.judge} has no verdict on any of the known transcripts that it was shown{about}: "
            "whether it can read anything is not known."
        )
    if not wrong:
        return ""
    each = "; ".join(f"{m.id}: expected {m.expected}, said {m.said}" for m in wrong)
    return (
        f"The judge {one.judge} misread {len(wrong)} of {total} known transcripts whose answer{about} is plain "
        f"({each}). "
        "Be wary of it where answers are less plain, and read some of them yourself."
    )


def _label(said: Any) -> str:
    if isinstance(said, (list, tuple)):
        return ", ".join(map(str, said)) or "none"
    return "nothing" if said is None else str(said)
