"""Which labelled answers does a file hold, and which of them may a judge be trained on?

A file has one row a rater and answer (``gyges.labels/1``, as ``gyges label --export`` writes it). An answer's label is
the row of the rater ``agreed``, where there is one, else what most raters said; ties are left out.

No query and no answer may stand on both sides of the split, else a judge would be measured on what it has seen. Without
a ``split`` in the file the query's hash decides. With one, the held-out side stays as it is, and what shares a query or
an answer with it is left out of the training.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gyges.errors import JudgeError, nearest
from gyges.study.schema import OUTCOMES

__all__ = [
    "AGREED",
    "HELDOUT_SHARE",
    "LabelFile",
    "Labelled",
    "Split",
    "count_texts",
    "read_labels",
    "split_labels",
]

AGREED = "agreed"
"""The rater whose row settles an answer."""

HELDOUT_SHARE = 0.4
"""Of the queries, where the file does not say which answers are held out."""

_SPLITS = ("development", "heldout")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One answer with its label."""

    id: str
    label: str
    output: str
    query: str | None = None
    tier: str | None = None
    subject: str | None = None
    weight: float = 1.0
    """How many answers it stands for: 1 / its probability of being drawn."""
    split: str | None = None
    """``development`` or ``heldout``, where the file says so."""
    said: tuple[tuple[str, str], ...] = ()
    """(rater, label) of each rater but ``agreed``."""

    @property
    def cluster(self) -> str:
        """What the answers to one query share; an answer without a query stands alone."""
        return _digest(self.query if self.query else f"{self.output}")


@dataclass(slots=True)
class LabelFile:
    """The labelled answers of one setting in a file."""

    answers: list[Labelled]
    sha256: str
    """Of the file."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Rows or answers that were not used, by the reason."""
    rows: int = 0
    """Of this setting and question, each rater's own."""
    without_output: tuple[int, ...] = ()
    """The lines of the rows that hold no text in ``output``."""


@dataclass(slots=True)
class Split:
    """Answers to train on, and answers to measure on, that share no query and no answer."""

    development: list[Labelled]
    heldout: list[Labelled]
    left_out: dict[str, int]
    how: str


def read_labels(path: Path, setting: str, question: str = "outcome") -> LabelFile:
    """Read the labelled answers of one setting.

    Args:
        path: JSON lines in the format ``gyges.labels/1``.
        setting: Rows of other settings are left out and counted.
        question: Rows of other questions are left out and counted.

    Raises:
        JudgeError: The file cannot be read, a row breaks the format (file and line are named), or no row is of the
            setting.
    """
    try:
        source = path.read_bytes()
        # Not splitlines: JSON may hold other line separators unescaped.
        lines = source.decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise JudgeError(f"--labels {path}: cannot be read: {error}") from error
    rows: dict[str, list[dict[str, Any]]] = {}
    without: list[int] = []
    left_out: Counter[str] = Counter()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _row(line, f"{path}:{number}")
        if row.get("setting", setting) != setting:
            left_out["another setting"] += 1
        elif row.get("question", "outcome") != question:
            left_out["another question"] += 1
        else:
            rows.setdefault(row["id"], []).append(row)
            if not (row.get("output") or "").strip():
                without.append(number)
    if not rows:
        raise JudgeError(
            f"--labels {path}: no label of the setting {setting!r} and the question {question!r} among "
            f"{sum(left_out.values())} rows; export labels with: gyges label STUDY --export FILE"
        )
    answers = []
    for name, given in rows.items():
        made = _settle(name, given, path)
        if isinstance(made, str):
            left_out[made] += 1
        else:
            answers.append(made)
    return LabelFile(
        answers=answers,
        sha256=hashlib.sha256(source).hexdigest(),
        left_out=dict(left_out),
        rows=sum(map(len, rows.values())),
        without_output=tuple(without),
    )


def split_labels(answers: Sequence[Labelled], share: float = HELDOUT_SHARE) -> Split:
    """Part labelled answers into those to train on and those that are held out.

    Args:
        answers: As :func:`read_labels` gives them.
        share: The share of queries that is held out where no answer says on which side it stands.

    Returns:
        The two sides, which share neither a query nor the text of an answer.
    """
    given = any(one.split for one in answers)
    held: list[Labelled] = []
    rest: list[Labelled] = []
    for one in answers:
        out = one.split == "heldout" if given else _fraction(one.cluster) < share
        (held if out else rest).append(one)
    queries = {one.cluster for one in held}
    texts = {_digest(one.output) for one in held}
    kept: list[Labelled] = []
    left_out: Counter[str] = Counter()
    for one in rest:
        if one.cluster in queries:
            left_out["its query is held out"] += 1
        elif _digest(one.output) in texts:
            left_out["the same answer is held out"] += 1
        else:
            kept.append(one)
    how = (
        "as the file says" if given else f"by the query's hash, {share:.0%} of the queries held out"
    )
    return Split(kept, held, dict(left_out), how)


def count_texts(answers: Iterable[Labelled]) -> int:
    """Count the texts that differ in more than white space and case."""
    return len({_digest(one.output) for one in answers})


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise JudgeError(f"--labels {where}: not JSON: {error}") from error
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise JudgeError(
            f"--labels {where}: not a labelled answer: an object with an id is expected"
        )
    for name in ("label", "output", "query", "tier", "subject", "rater", "split"):
        if not isinstance(row.get(name), (str, type(None))):
            raise JudgeError(f"--labels {where}: {name} {row[name]!r}: must be a text")
    split = row.get("split")
    if split is not None and split not in _SPLITS:
        raise JudgeError(f"--labels {where}: split {split!r}: {nearest(split, _SPLITS)}")
    weight = row.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 < weight < 1e9:
        raise JudgeError(f"--labels {where}: weight {weight!r}: must be a number above 0")
    if row.get("question", "outcome") == "outcome":
        label = row.get("label")
        if label not in OUTCOMES:
            raise JudgeError(f"--labels {where}: label {label!r}: {nearest(str(label), OUTCOMES)}")
    return row


def _settle(name: str, rows: Sequence[Mapping[str, Any]], path: Path) -> Labelled | str:
    """Make one answer of its raters' rows; a text says why there is none."""
    outputs = {row.get("output") for row in rows}
    if len(outputs) > 1:
        raise JudgeError(
            f"--labels {path}: the rows of the id {name!r} hold different outputs; ids name one answer"
        )
    output = outputs.pop()
    if not output or not output.strip():
        return "no answer"
    said = {str(row.get("rater") or ""): str(row["label"]) for row in rows}
    label = said.pop(AGREED, None) or _majority(said.values())
    if label is None:
        return "raters tie"
    first = rows[0]
    return Labelled(
        id=name,
        label=label,
        output=output,
        query=first.get("query"),
        tier=first.get("tier"),
        subject=first.get("subject"),
        weight=float(first.get("weight", 1.0)),
        split=first.get("split"),
        said=tuple(sorted(said.items())),
    )


def _majority(labels: Iterable[str]) -> str | None:
    ranked = Counter(labels).most_common(2)
    tied = len(ranked) > 1 and ranked[0][1] == ranked[1][1]
    return None if tied else ranked[0][0]


def _digest(text: str) -> str:
    """Name a text, however its white space and its case are."""
    return hashlib.sha256(
        " ".join(text.casefold().split()).encode("utf-8", "surrogatepass")
    ).hexdigest()


def _fraction(digest: str) -> float:
    return int(digest[:12], 16) / 16**12
