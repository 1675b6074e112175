"""What does one rater read next, and what becomes of the answer?

A session is one rater's way through the sample of a question, in an order of his own. What leaves
it is blind: an item has a name of its own, which tells nothing and holds for this session only, and
the texts that the question is decided from. A session of the rater ``agreed`` holds only the
transcripts on which raters differ, and tells what they said once he has chosen.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gyges.errors import StudyError
from gyges.judges.question import UNDECIDED, Question
from gyges.labelling.agreement import summarise
from gyges.labelling.answer import PARTS, about_for_raters, check_offered, read_answer, views
from gyges.labelling.sample import Sample
from gyges.labelling.store import AGREED, Given, LabelBook, check_rater, read_labels
from gyges.labelling.transcripts import load_transcripts
from gyges.study import Redactor, StudyFolder
from gyges.study.manifest import now

__all__ = ["Session", "differing"]

_LONGEST_NOTE = 4_000


def differing(
    question: Question, sample: Sample, labels: Mapping[str, Mapping[str, Given]]
) -> list[str]:
    """Name the transcripts of a sample on which raters differ in anything that the question asks.

    Raises:
        StudyError: Fewer than two raters have labelled the whole sample.
    """
    raters = {name: found for name, found in labels.items() if name != AGREED}
    left = {
        name: sum(trial not in found or found[trial].answer is None for trial in sample.drawn)
        for name, found in raters.items()
    }
    done = [name for name, count in left.items() if not count]
    if len(done) < 2:
        told = ", ".join(f"{name} has {count} left" for name, count in left.items() if count)
        raise StudyError(
            f"--adjudicate: {len(done)} of the raters {'has' if len(done) == 1 else 'have'} labelled all {len(sample)} "
            f"transcripts of {question.name}, and two must{'; ' + told if told else ''}. Next: `gyges label STUDY "
            "--rater NAME`"
        )
    found = []
    for trial in sample.drawn:
        said = [
            views(question, given.answer)
            for labelled in raters.values()
            if (given := labelled.get(trial)) and given.answer
        ]
        if any(one != said[0] for one in said):
            found.append(trial)
    return found


class Session:
    """One rater's work on one question.

    Args:
        study: The study.
        question: What is asked, in general words.
        sample: What is read.
        rater: Who reads.
        worded: Gives the question for a setting and a value: the same question with that setting's texts in it. The
            general words by default.
        settling: Settle what raters differ on: the labels stand under the name ``agreed``, and say who gave them.

    Raises:
        StudyError: The rater cannot be called so, or nothing is there to settle.
        JudgeError: The page cannot ask this question.
    """

    def __init__(
        self,
        study: StudyFolder,
        question: Question,
        sample: Sample,
        rater: str,
        *,
        worded: Callable[[str, str], Question] | None = None,
        settling: bool = False,
    ) -> None:
        check_offered(question)
        self.study = study
        self.question = question
        self.sample = sample
        self.rater = check_rater(rater)
        self.settling = settling
        self._lock = threading.Lock()
        self._book = LabelBook(study, question, self.name, Redactor())
        self._given = self._book.read()
        self._others: Mapping[str, Mapping[str, Given]] = {}
        trials: Sequence[str] = list(sample.drawn)
        if settling:
            self._others = read_labels(study, question)
            trials = differing(question, sample, self._others)
        self._texts = load_transcripts(study, trials)
        secret = secrets.token_bytes(16)
        # A trial that was taken out of the study since is not read.
        self._trials = {
            hashlib.blake2b(trial.encode(), key=secret, digest_size=8).hexdigest(): trial
            for trial in sorted(self._texts, key=self._place)
        }
        # Transcripts of one setting and value share their texts, which are sent once.
        texts: dict[tuple[object, ...], int] = {}
        self._questions: list[Question] = []
        self._question_of: dict[str, int] = {}
        for trial, text in self._texts.items():
            said = worded(text.setting, text.value) if worded else question.filled({})
            key = said.ask, said.labels, said.criteria
            if key not in texts:
                texts[key] = len(texts)
                self._questions.append(said)
            self._question_of[trial] = texts[key]

    def __len__(self) -> int:
        return len(self._trials)

    @property
    def name(self) -> str:
        """Under which the labels stand."""
        return AGREED if self.settling else self.rater

    @property
    def labelled(self) -> int:
        """How many transcripts have a label of this rater."""
        return sum(self._has_label(trial) for trial in self._trials.values())

    def _place(self, trial: str) -> str:
        """Each rater's own order, the same whenever he comes back, and the same for a larger sample."""
        return hashlib.sha256(f"{self.sample.seed}\n{self.name}\n{trial}".encode()).hexdigest()

    def _has_label(self, trial: str) -> bool:
        given = self._given.get(trial)
        return given is not None and given.answer is not None

    # What the page is told

    def overview(self) -> dict[str, Any]:
        """Everything but the transcripts: the question's texts, and each item with what was said of it."""
        hidden = [text for part, text in PARTS.items() if part not in self.question.sees]
        return {
            "question": {
                "id": self.question.name,
                "title": self.question.title,
                "kind": self.question.kind,
                "about": about_for_raters(self.question),
            },
            "texts": [self._text(one) for one in self._questions],
            "shown": [text for part, text in PARTS.items() if part in self.question.sees],
            "hidden": hidden,
            "rater": self.rater,
            "settling": self.settling,
            "items": [self._state(item) for item in self._trials],
        }

    def _text(self, question: Question) -> dict[str, Any]:
        variant = question.variants.get(question.variant or "")
        options = question.applying if question.kind == "criteria" else question.labels
        return {
            "ask": "\n\n".join(text.strip() for text in (question.ask, variant) if text),
            "options": [
                {
                    "id": one.id,
                    "means": one.means.strip(),
                    "required": getattr(one, "required", True),
                }
                for one in options
            ],
        }

    def _state(self, item: str) -> dict[str, Any]:
        """What this rater has said of an item."""
        given = self._given.get(self._trials[item])
        if given is None:
            return {"item": item}
        said = given.answer.record() if given.answer else {}
        return {"item": item, **said, "note": given.note}

    def item(self, item: str) -> dict[str, Any] | None:
        """Give one item's texts; None if there is no such item."""
        trial = self._trials.get(item)
        if trial is None:
            return None
        shown = self._texts[trial].shown(part for part in PARTS if part in self.question.sees)
        return {
            **self._state(item),
            "text": self._question_of[trial],
            "parts": [
                {"part": name, "name": PARTS[name], "text": text} for name, text in shown.items()
            ],
            "others": self._revealed(trial),
        }

    def _revealed(self, trial: str) -> list[dict[str, Any]]:
        """What the raters said, for one who settles it, and only once he has chosen."""
        if not self.settling or not self._has_label(trial):
            return []
        return [
            {"rater": rater, **given.answer.record(), "note": given.note}
            for rater, found in self._others.items()
            if rater != AGREED and (given := found.get(trial)) and given.answer
        ]

    # What the rater does

    def record(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Store a label, a note, or both.

        Args:
            given: ``item``; ``label``, ``labels`` or ``criteria`` by the kind of question; ``note``.

        Returns:
            The item's state, what others said where it may be told now, and how many are labelled.

        Raises:
            ValueError: It is no answer to the question; the message says why.
        """
        item, note = given.get("item"), given.get("note")
        trial = self._trials.get(item) if isinstance(item, str) else None
        if trial is None or not isinstance(item, str):
            raise ValueError(f"item {item!r:.40}: there is none of this name; load the page again")
        if note is not None and (not isinstance(note, str) or len(note) > _LONGEST_NOTE):
            raise ValueError(f"note: a text of at most {_LONGEST_NOTE:,} characters is wanted")
        answers = given.keys() & {"label", "labels", "criteria"}
        if not answers and note is None:
            raise ValueError("neither a label nor a note was given")
        with self._lock:
            old = self._given.get(trial) or Given(None, "", "", 0)
            answer = read_answer(self.question, given) if answers else old.answer
            at = now()
            self._book.append(
                self._row(trial, answer.record() if answers and answer else {}, note, at)
            )
            changed = old.changed + (old.answer is not None and old.answer != answer)
            self._given[trial] = Given(answer, old.note if note is None else note, at, changed)
            return {
                **self._state(item),
                "others": self._revealed(trial),
                "labelled": self.labelled,
            }

    def _row(
        self, trial: str, said: Mapping[str, Any], note: str | None, at: str
    ) -> dict[str, Any]:
        row = {
            "trial": trial,
            "question": self.question.name,
            "version": self.question.version,
            "rater": self.name,
            "by": self.rater if self.settling else None,
            **said,
            "note": note,
            "weight": self.sample.weight(trial),
            "sample": self.sample.how,
            "at": at,
        }
        return {name: value for name, value in row.items() if value is not None}

    def result(self) -> dict[str, Any]:
        """Say what came of it; how raters agree only once this one has labelled everything."""
        done = self.labelled == len(self)
        given = [self._given[trial] for trial in self._trials.values() if trial in self._given]
        found: dict[str, Any] = {
            "labelled": self.labelled,
            "total": len(self),
            "undecided": sum(
                one.answer is not None and one.answer.label == UNDECIDED for one in given
            ),
            "notes": sum(bool(one.note) for one in given),
            "summary": None,
        }
        if done:
            weights = {trial: self.sample.weight(trial) for trial in self.sample.drawn}
            found["summary"] = summarise(
                self.question, read_labels(self.study, self.question), weights
            )
        return found
