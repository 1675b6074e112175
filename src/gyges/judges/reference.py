"""What is the label of each answer in a file of labels, and how far did its raters agree?

The file (``gyges.labels/1``, as ``gyges label --export`` writes it) has one row a rater and answer, with the texts in
the row. An answer's label is the row of the rater ``agreed``, where there is one, else what most raters said; ties are
left out and counted. Where several labels may apply, or criteria be met, that is settled for each by itself.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from gyges.errors import JudgeError, nearest
from gyges.judges.labelled import AGREED
from gyges.judges.measures import agreement, share
from gyges.judges.question import PARTS, UNDECIDED, Question

__all__ = ["KINDS", "Reference", "References", "read_references", "settle_rows"]

KINDS = ("choice", "order", "criteria", "labels")
"""The kinds of question whose labels can be compared with verdicts."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One answer with its label."""

    id: str
    label: str
    """The one label, or ``undecided``; for the kind ``labels``, ``yes`` where any applies and ``no`` otherwise."""
    marks: Mapping[str, bool]
    """Whether each label applies, or each criterion is met; those on which raters tie are missing."""
    parts: Mapping[str, str | None]
    """The texts, by part."""
    setting: str = ""
    value: str = ""
    tier: str = ""
    subject: str = ""
    weight: float = 1.0
    """How many answers it stands for: one over the probability of being drawn."""
    said: tuple[tuple[str, str], ...] = ()
    """(rater, label) of each rater but ``agreed``; several labels as one text."""
    where: str = ""
    """Where its first row stands, for messages."""


@dataclass(slots=True)
class References:
    """The labelled answers of one question and setting."""

    answers: list[Reference]
    setting: str
    source: str
    """The file's name, or the study's."""
    sha256: str
    """Of the file, or of the rows."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Rows or answers that were not used, by the reason."""
    rated: list[tuple[tuple[str, str], ...]] = field(default_factory=list)
    """``said`` of every labelled answer, those on which raters tie among them."""

    def raters(self) -> dict[str, Any]:
        """Say who labelled, and how far any two of them agree, over all answers that both labelled.

        Answers on which they tie count here, though no judge is measured on them: without those, two raters would
        always agree.
        """
        names = sorted({rater for said in self.rated for rater, _ in said})
        pairs = [(a, b) for said in self.rated for (_, a), (_, b) in combinations(sorted(said), 2)]
        same = sum(a == b for a, b in pairs)
        several = sum(len(said) > 1 for said in self.rated)
        return {
            "raters": names,
            "n": len(self.answers),
            "labelled_by_several": several,
            "agreement": share(same, len(pairs)),
            "kappa": agreement([a for a, _ in pairs], [b for _, b in pairs]),
        }


def read_references(path: Path, question: Question, setting: str | None = None) -> References:
    """Read labelled answers from a file.

    Args:
        path: JSON lines in the format ``gyges.labels/1``.
        question: Rows of other questions are left out and counted.
        setting: Rows of other settings are left out and counted; by default the only setting of the file.

    Raises:
        JudgeError: The file cannot be read, a row breaks the format (file and line are named), or nothing is left.
    """
    try:
        source = path.read_bytes()
        # Not splitlines: JSON may hold other line separators unescaped.
        lines = source.decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise JudgeError(f"--labels {path}: cannot be read: {error}") from error
    rows: list[tuple[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append((f"--labels {path}:{number}", json.loads(line)))
            except ValueError as error:
                raise JudgeError(f"--labels {path}:{number}: not JSON: {error}") from error
    found = settle_rows(rows, question, setting, source=f"--labels {path}")
    found.source, found.sha256 = path.name, hashlib.sha256(source).hexdigest()
    return found


def settle_rows(
    rows: Iterable[tuple[str, Any]],
    question: Question,
    setting: str | None = None,
    *,
    source: str,
) -> References:
    """Make labelled answers of their raters' rows.

    Args:
        rows: Where each row stands, for messages, and the row.
        question: What was asked.
        setting: As for :func:`read_references`.
        source: What the message says of all of them.

    Raises:
        JudgeError: As for :func:`read_references`.
    """
    if question.kind not in KINDS:
        raise JudgeError(
            f"question {question.name}: its answers are {question.kind}, and labels are compared for the kinds "
            f"{', '.join(KINDS)}"
        )
    given: dict[str, list[dict[str, Any]]] = {}
    left_out: Counter[str] = Counter()
    settings: Counter[str] = Counter()
    digest = hashlib.sha256()
    for where, row in rows:
        _check(row, where)
        if (row.get("question") or "outcome") != question.name:
            left_out["another question"] += 1
            continue
        here = row.get("setting") or ""
        if setting is not None and here not in ("", setting):
            left_out["another setting"] += 1
            continue
        settings[here] += 1
        kept = given.setdefault(row["id"], [])
        if any((old.get("rater") or "") == (row.get("rater") or "") for old in kept):
            raise JudgeError(
                f"{where}: a second row of the rater {row.get('rater')!r} for {row['id']!r}; keep the one that counts"
            )
        kept.append({**row, **_said(row, question, where), "where": where})
        digest.update(json.dumps(row, sort_keys=True).encode())
    if not given:
        whose = f"{question.name!r}" + (f" and the setting {setting!r}" if setting else "")
        raise JudgeError(
            f"{source}: no label for the question {whose} among {sum(left_out.values())} rows; export labels with: "
            f"gyges label STUDY --question {question.name} --export FILE"
        )
    named = sorted(name for name in settings if name)
    if setting is None and len(named) > 1:
        raise JudgeError(
            f"{source}: labels of {len(named)} settings ({', '.join(named)}); say which with --setting"
        )
    answers = []
    for id, several in given.items():
        made = _settle(id, several, question, source)
        if isinstance(made, str):
            left_out[made] += 1
        else:
            answers.append(made)
    if not answers:
        raise JudgeError(
            f"{source}: raters tie on each of the {len(given)} labelled answers, so none has a label; settle them with "
            f"gyges label STUDY --question {question.name} --adjudicate and export again"
        )
    chosen = setting or (named[0] if named else "")
    rated = [_ratings(several, question) for several in given.values()]
    return References(answers, chosen, "", digest.hexdigest(), dict(left_out), rated)


def _check(row: Any, where: str) -> None:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
        raise JudgeError(f"{where}: not a labelled answer: an object with an id is expected")
    texts = ("label", "rater", "tier", "subject", "value", "setting", "question", *PARTS)
    for name in texts:
        if not isinstance(row.get(name), str | None):
            raise JudgeError(f"{where}: {name} {row[name]!r:.80}: must be a text")
    weight = row.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < 1e9:
        raise JudgeError(f"{where}: weight {weight!r:.80}: must be a number above 0")


def _said(row: Mapping[str, Any], question: Question, where: str) -> dict[str, Any]:
    """Read what a rater said: the label and the marks."""
    label = row.get("label")
    if label == UNDECIDED:
        return {"label": UNDECIDED, "marks": {}}
    if question.kind == "labels":
        known = [one.id for one in question.labels]
        labels = row.get("labels")
        if not isinstance(labels, list):
            raise JudgeError(f"{where}: labels {labels!r:.80}: a list is expected, empty for none")
        for name in labels:
            if name not in known:
                raise JudgeError(f"{where}: label {name!r:.80}: {nearest(str(name), known)}")
        marks = {name: name in labels for name in known}
        return {"label": "yes" if labels else "no", "marks": marks}
    criteria = row.get("criteria")
    met: dict[str, bool] = {}
    if question.kind == "criteria" and isinstance(criteria, dict):
        met = {one.id: bool(criteria[one.id]) for one in question.applying if one.id in criteria}
        if label is None and all(one.id in met for one in question.required):
            label = "yes" if all(met[one.id] for one in question.required) else "no"
    if label not in question.answers:
        raise JudgeError(f"{where}: label {label!r:.80}: {nearest(str(label), question.answers)}")
    return {"label": label, "marks": met}


def _settle(
    id: str, rows: Sequence[Mapping[str, Any]], question: Question, source: str
) -> Reference | str:
    """Make one answer of its raters' rows; a text says why there is none."""
    first = rows[0]
    for name in ("weight", *PARTS):
        if any(row.get(name) != first.get(name) for row in rows):
            raise JudgeError(
                f"{source}: the rows of the id {id!r} differ in {name}; an id names one answer"
            )
    agreed = next((row for row in rows if row.get("rater") == AGREED), None)
    deciding = [agreed] if agreed else list(rows)
    marks: dict[str, bool] = {}
    for name in dict.fromkeys(name for row in deciding for name in row["marks"]):
        met = _majority([row["marks"][name] for row in deciding if name in row["marks"]])
        if met is not None:
            marks[name] = met
    label = _majority([row["label"] for row in deciding])
    if question.kind == "labels" and label != UNDECIDED and marks:
        # Each label is settled by itself, and a tie on one says nothing of the others.
        label = "yes" if any(marks.values()) else "no"
    if label is None:
        return "raters tie"
    return Reference(
        id=id,
        label=label,
        marks=marks,
        parts={name: first.get(name) for name in PARTS},
        setting=first.get("setting") or "",
        value=first.get("value") or "",
        tier=first.get("tier") or "",
        subject=first.get("subject") or "",
        weight=float(first.get("weight", 1.0)),
        said=_ratings(rows, question),
        where=first["where"],
    )


def _ratings(rows: Sequence[Mapping[str, Any]], question: Question) -> tuple[tuple[str, str], ...]:
    """Give what each rater said of an answer; what they settled together is nobody's own."""
    return tuple(
        (row.get("rater") or "", _text(row, question)) for row in rows if row.get("rater") != AGREED
    )


def _text(row: Mapping[str, Any], question: Question) -> str:
    if question.kind != "labels" or row["label"] == UNDECIDED:
        return str(row["label"])
    return "+".join(name for name, met in row["marks"].items() if met) or "none"


def _majority(values: Sequence[Any]) -> Any:
    ranked = Counter(values).most_common(2)
    tied = len(ranked) > 1 and ranked[0][1] == ranked[1][1]
    return ranked[0][0] if ranked and not tied else None
