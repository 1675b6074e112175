"""Which labels do the words of a text raise, by cues alone?

A judge without any model for a question whose answer is a set of labels. Each sentence is looked at by itself: a label
holds where all the sets of one of its cues are found in one sentence (a doubt is stated, and it is about the training)
and none of its exclusions is. The sentence is the evidence. The cues stand in ``rules/questions/QUESTION.yaml``.

Cues know words and not meanings: a doubt that is put in other words is missed, and so is one that spreads over two
sentences. ``measured`` counts how often, on the question's worked examples; the figures stand in every description of
the reader. The examples with an even number helped to form the cues, the others did not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from gyges.errors import JudgeError, nearest
from gyges.judges.question import Example, Question, content_hash, load_question
from gyges.study import Verdict

__all__ = ["NAME", "CuedReader", "Measured", "cued_ids", "measured"]

NAME = "lexical"
RULES = Path(__file__).parent / "rules" / "questions"

_SENTENCE = re.compile(
    r"[^.!?\n]*+(?:[.!?](?![\s\"'”’)*]|$)[^.!?\n]*+)*+(?:[.!?]++[\"'”’)*]*+|\n|$)"
)
"""A sentence with the marks that end it. A dot inside a word or a number ends none."""
_WRAPPED = re.compile(r"\n(?![^\S\n]*+(?:\n|(?:[-*•#]|\d{1,2}[.)])\s))")
"""An end of line inside a paragraph: a line that is wrapped, and no list."""
_LONGEST = 600
"""Characters of a sentence that are looked at; patterns that reach over words stay quick."""
_LEAST_LETTERS = 8
"""A shorter sentence states nothing that a cue could tell."""
_MARKS = str.maketrans({"’": "'", "‘": "'", "*": " ", "_": " ", "“": '"', "”": '"'})


@dataclass(frozen=True, slots=True)
class _Cues:
    """When one label holds in a sentence."""

    wanted: tuple[tuple[str, ...], ...]
    """Each of these is a group of sets; all of one group must be found."""
    barred: tuple[str, ...]


class CuedReader:
    """Reads by cues which labels of a question apply.

    Args:
        question_id: A question of the kind ``labels`` for which there are cues; see :func:`cued_ids`.

    Raises:
        JudgeError: There are no cues for that question, or their file breaks the format.
    """

    name = NAME
    kind = "rule"

    def __init__(self, question_id: str) -> None:
        known = cued_ids()
        if question_id not in known:
            raise JudgeError(
                f"no cues for the question {question_id!r}; {nearest(question_id, known)}"
            )
        self.question: Question = load_question(question_id)
        path = RULES / f"{question_id}.yaml"
        rule = yaml.safe_load(path.read_text(encoding="utf-8"))
        try:
            self._sets = _compiled(rule["sets"])
            self._gate = re.compile(rule["gate"])
            self._never = tuple(rule.get("never") or ())
            self._labels = {
                name: _Cues(
                    tuple(tuple(part.strip() for part in cue.split("+")) for cue in given["cues"]),
                    tuple(given.get("not") or ()),
                )
                for name, given in rule["labels"].items()
            }
            self.version = str(rule["version"])
        except (KeyError, TypeError, AttributeError, re.error) as error:
            raise JudgeError(f"{path}: breaks the format: {error!r}") from None
        self._check(path)
        self.hash = content_hash(rule)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a trial that it reads: those that the question needs."""
        return self.question.needs

    def info(self) -> dict[str, Any]:
        """Describe the reader, with what is known of its error, for the study and the report."""
        figures = measured(self.question.id, held_out=True)
        return {
            "name": self.name,
            "kind": self.kind,
            "version": self.version,
            "question": self.question.id,
            "question_hash": content_hash(
                [self.question.ask, *(one.means for one in self.question.labels)]
            ),
            "rule_hash": self.hash,
            "sees": f"the {' and the '.join(self.columns)}, sentence by sentence; not the tier",
            "card": {
                "note": "cues by label; measured on worked examples, which are no sample of any subject's texts",
                "examples": figures.examples,
                "labels": {
                    name: {"hit": hit, "missed": missed, "false": false}
                    for name, (hit, missed, false) in figures.counts.items()
                },
                "precision": figures.precision,
                "recall": figures.recall,
            },
        }

    def verdict(self, trial: str, answer: Mapping[str, Any]) -> Verdict:
        """Read one trial; see :class:`gyges.judges.reader.Reader`."""
        return self.read(trial, *(str(answer[name]) for name in self.columns))

    def read(self, trial: str, *texts: str) -> Verdict:
        """Read the texts of one trial.

        Args:
            trial: Its id.
            texts: The columns that it reads, in their order.

        Returns:
            The labels that apply in the question's order, each with the first sentence that raises it as evidence;
            no label is an answer too.
        """
        found: dict[str, str] = {}
        for text in texts:
            for name, sentence in self._found(text).items():
                found.setdefault(name, sentence)
        labels = [label.id for label in self.question.labels if label.id in found]
        return Verdict(
            trial=trial,
            judge=self.name,
            question=self.question.id,
            label="yes" if labels else "no",
            labels=labels,
            score=float(bool(labels)),
            evidence=[found[name] for name in labels],
            answer=json.dumps(
                {"labels": {name: found[name] for name in labels}}, ensure_ascii=False
            ),
        )

    def _found(self, text: str) -> dict[str, str]:
        """Find the labels that a text raises, each with its first sentence."""
        found: dict[str, str] = {}
        open_labels = dict(self._labels)
        for match in _SENTENCE.finditer(_WRAPPED.sub(" ", text)):
            sentence = text[match.start() : match.end()].strip()
            if len(sentence) < _LEAST_LETTERS:
                continue
            plain = " ".join(sentence[:_LONGEST].translate(_MARKS).lower().split())
            if not self._gate.search(plain):
                continue
            has = _Sets(self._sets, plain)
            for name, cues in list(open_labels.items()):
                if (
                    any(all(map(has.one, group)) for group in cues.wanted)
                    and not any(map(has.one, cues.barred))
                    and not any(map(has.one, self._never))
                ):
                    found[name] = sentence
                    del open_labels[name]
            if not open_labels:
                break
        return found

    def _check(self, path: Path) -> None:
        """Hold the rule to the question and to its own sets."""
        ids = {label.id for label in self.question.labels}
        wrong = sorted(self._labels.keys() ^ ids)
        named = {one for cues in self._labels.values() for group in cues.wanted for one in group}
        named |= {one for cues in self._labels.values() for one in cues.barred} | {*self._never}
        wrong += sorted(named - self._sets.keys())
        if wrong:
            raise JudgeError(f"{path}: labels or sets that do not fit: {', '.join(wrong)}")


class _Sets:
    """The sets that a sentence holds, each looked for at most once."""

    __slots__ = ("_known", "_sets", "_text")

    def __init__(self, sets: Mapping[str, re.Pattern[str]], text: str) -> None:
        self._sets = sets
        self._text = text
        self._known: dict[str, bool] = {}

    def one(self, name: str) -> bool:
        """Whether the sentence holds a set."""
        if name not in self._known:
            self._known[name] = self._sets[name].search(self._text) is not None
        return self._known[name]


def _compiled(sets: Mapping[str, Iterable[str]]) -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
        for name, patterns in sets.items()
    }


@dataclass(frozen=True, slots=True)
class Measured:
    """How the cues did on worked examples."""

    question: str
    examples: int
    counts: Mapping[str, tuple[int, int, int]]
    """By label: examples that hold it and were found, that hold it and were missed, and false alarms."""
    wrong: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    """By example that was read wrongly: its labels, and those that were read."""

    @property
    def precision(self) -> float | None:
        """Share of the labels given that are right; None where none was given."""
        hits, false = (sum(count[at] for count in self.counts.values()) for at in (0, 2))
        return hits / (hits + false) if hits + false else None

    @property
    def recall(self) -> float | None:
        """Share of the labels that hold and were found; None where none holds."""
        hits, missed = (sum(count[at] for count in self.counts.values()) for at in (0, 1))
        return hits / (hits + missed) if hits + missed else None

    def text(self) -> str:
        """Write the figures as a table."""
        lines = [f"{'label':<20} {'found':>5} {'missed':>6} {'false':>5}"]
        for name, (hit, missed, false) in self.counts.items():
            lines.append(f"{name:<20} {hit:>5} {missed:>6} {false:>5}")
        shares = (self.precision, self.recall)
        precision, recall = ("none" if one is None else f"{one:.2f}" for one in shares)
        right = self.examples - len(self.wrong)
        lines.append(
            f"precision {precision}, recall {recall}; all labels right on {right} of {self.examples} examples"
        )
        return "\n".join(lines)


def cued_ids() -> tuple[str, ...]:
    """Name the questions for which there are cues."""
    return tuple(sorted(path.stem for path in RULES.glob("*.yaml")))


@lru_cache(maxsize=16)
def measured(question_id: str, *, held_out: bool = True) -> Measured:
    """Measure the cues on the question's worked examples.

    Args:
        question_id: The question.
        held_out: Measure on the examples with an odd number, from 0, which did not form the cues; else on the others.

    Returns:
        Counts by label. The examples were written to be hard and by those who wrote the question, so the figures
        compare versions of the cues; they do not say how often a subject's own reasoning is read rightly.
    """
    reader = CuedReader(question_id)
    chosen: tuple[Example, ...] = reader.question.examples[int(held_out) :: 2]
    counts = {label.id: [0, 0, 0] for label in reader.question.labels}
    wrong = {}
    for example in chosen:
        true = tuple(example.label(reader.question) or ())
        read = tuple(
            reader.read(example.id, *(example.parts[name] for name in reader.columns)).labels
        )
        for name, count in counts.items():
            if name in true or name in read:
                count[0 if name in true and name in read else 1 if name in true else 2] += 1
        if true != read:
            wrong[example.id] = (true, read)
    return Measured(
        question=question_id,
        examples=len(chosen),
        counts={name: (count[0], count[1], count[2]) for name, count in counts.items()},
        wrong=wrong,
    )
