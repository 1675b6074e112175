"""Where do labels stand, so that none is ever lost?

One journal for each question and rater, ``labels/QUESTION/RATER.jsonl``. A label is on the disk
before the page goes on. A label that is given again is one more line: the last one counts, and the
earlier ones stay. A line may also hold a note alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gyges.errors import StudyError
from gyges.judges.question import Question
from gyges.labelling.answer import Answer, read_answer
from gyges.labelling.sample import label_folder
from gyges.study import Journal, Redactor, StudyFolder
from gyges.study.journal import corrupt_line, read_lines

__all__ = ["AGREED", "Given", "LabelBook", "check_rater", "read_labels"]

AGREED = "agreed"
"""The rater under whose name disagreements are settled."""
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Given:
    """What a rater last said of a transcript."""

    answer: Answer | None
    """None where only a note was written."""
    note: str
    at: str
    """When the label was given, ISO 8601, UTC."""
    changed: int
    """How often another label had been given before."""


def check_rater(name: str) -> str:
    """Check a rater's name and return it trimmed.

    Raises:
        StudyError: It is empty, too long, cannot be printed, or is the one under which disagreements are settled.
    """
    trimmed = " ".join(name.split())
    if not trimmed or len(trimmed) > _LONGEST_NAME or not trimmed.isprintable():
        raise StudyError(
            f"--rater {name!r:.80}: a name of 1 to {_LONGEST_NAME} printable characters is wanted"
        )
    if trimmed == AGREED:
        raise StudyError(
            f"--rater {AGREED}: is the name under which disagreements are settled; use --adjudicate, or another name"
        )
    return trimmed


def _file(folder: Path, rater: str) -> Path:
    plain = re.sub(r"[^a-z0-9_-]+", "-", rater).strip("-")
    if plain != rater:
        plain = f"{plain}-{hashlib.sha256(rater.encode()).hexdigest()[:6]}".lstrip("-")
    return folder / f"{plain}.jsonl"


class LabelBook:
    """What one rater says, as it is said.

    Args:
        study: The study.
        question: What is asked.
        rater: Who answers.
        clean: Takes credentials out of every text.
    """

    def __init__(
        self, study: StudyFolder, question: Question, rater: str, clean: Redactor | None = None
    ) -> None:
        self.path = _file(label_folder(study, question.name), rater)
        self.question = question
        self.rater = rater
        self._clean = clean

    def read(self) -> dict[str, Given]:
        """Read what counts now, by trial."""
        return _fold(self.path, self.question) if self.path.exists() else {}

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one line; it is on the disk when this returns."""
        with Journal(self.path, self._clean) as journal:
            journal.append(record)


def read_labels(study: StudyFolder, question: Question) -> dict[str, dict[str, Given]]:
    """Read what every rater last said: rater to trial to what was given, in the order of their names.

    Raises:
        CorruptStudy: A line cannot be read; the message names file and line.
    """
    found: dict[str, dict[str, Given]] = {}
    for path in sorted(label_folder(study, question.name).glob("*.jsonl")):
        rater = next((str(row.get("rater")) for row in read_lines(path)), None)
        if rater is not None:
            found[rater] = _fold(path, question)
    return dict(sorted(found.items()))


def _fold(path: Path, question: Question) -> dict[str, Given]:
    found: dict[str, Given] = {}
    for number, row in enumerate(read_lines(path), start=1):
        trial, note = row.get("trial"), row.get("note")
        if not isinstance(trial, str) or not isinstance(note, str | None):
            raise corrupt_line(path, number, "it names no trial, or its note is no text")
        old = found.get(trial) or Given(None, "", "", 0)
        answer, at, changed = old.answer, old.at, old.changed
        if "label" in row:
            try:
                answer = read_answer(question, row)
            except ValueError as error:
                raise corrupt_line(path, number, str(error)) from None
            changed += old.answer is not None and old.answer != answer
            at = str(row.get("at") or "")
        found[trial] = Given(answer, old.note if note is None else note, at, changed)
    return found
