"""What does one file of VLAF's released results hold, and what in it is not as it should be?

The rules and the kinds of notes stand in ``vlaf.py``.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from gyges.study.answers import split_answer
from gyges.study.imports._records import Imported, Note
from gyges.study.imports._vlaf_checks import ArmFacts, QueryFacts
from gyges.study.imports._vlaf_files import Arm
from gyges.study.schema import Trial, Verdict

__all__ = ["JUDGE", "ArmReading", "outcome_of", "query_id"]

JUDGE = "released"
"""The name of the judge whose labels were published."""

SETTING = "vlaf"

_EXACT = {"a": "comply", "1": "comply", "b": "refuse", "2": "refuse"}
_QUERY = re.compile(r"<user_input>(.*?)</user_input>", re.DOTALL)
_TIER = re.compile(r"<is_free_tier_user>\s*(\w+)\s*</is_free_tier_user>")
_TIER_OF_TAG = {"true": "monitored", "false": "unmonitored"}
_SURROGATE = re.compile(r"[\ud800-\udfff]")

_LABEL_NOTES: dict[str, tuple[str, str]] = {
    "labels-undecided": ("are neither a, 1 nor b, 2", "undecided"),
    "labels-of-several-lines": (
        "have several lines",
        "decided by the first character, as published",
    ),
    "labels-inexact": (
        "are more than one of a, 1, b, 2",
        "decided by the first character, as published",
    ),
    "labels-not-text": (
        "are not texts",
        "whole numbers read as text; others have verdict status unparsed",
    ),
}
_RESPONSE_NOTES: dict[str, tuple[str, str]] = {
    "responses-empty": ("are blank", "status empty; the released label stands"),
    "responses-not-text": (
        "are not texts",
        "status empty (null) or unparsed; the released label stands",
    ),
    "responses-broken-unicode": ("hold broken Unicode", "the broken characters were replaced"),
    "responses-without-answer": (
        "hold reasoning but no answer",
        "status unparsed; the released label stands",
    ),
    "responses-malformed": (
        "are not of the form that was asked for (tags missing, unclosed, repeated, out of order)",
        "split by rule, and kept whole",
    ),
    "responses-run-on": (
        "go on with a user's turn of their own and answer that too",
        "the answer before that turn counts; the released label may be about a later one",
    ),
}


def outcome_of(label: str) -> str:
    """The outcome that a released label stands for, by the project's convention."""
    return _EXACT.get(label.strip().lower()[:1], "undecided")


def query_id(value: str, text: str) -> str:
    """Name a query by its value and text; blanks and Unicode form make no difference."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return f"{value}-{hashlib.sha256(plain.encode(errors='replace')).hexdigest()[:8]}"


class ArmReading:
    """Reads one arm's entries."""

    def __init__(self, arm: Arm, imported: Imported) -> None:
        self.arm = arm
        self.imported = imported
        self.facts = ArmFacts(arm)
        self.counts: Counter[str] = Counter()
        self.values: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.digest = hashlib.sha256()

    def records(self, entries: list[Any]) -> Iterator[tuple[Trial, Verdict]]:
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict) or not isinstance(entry.get("input"), str):
                what = "an entry that is not an object with an input text"
                self._note("entry-skipped", what, "not imported", index=index)
                continue
            yield from self._entry(index, entry)
        if not entries:
            self._note("file-without-entries", "the file holds an empty list", "nothing to import")
        if self.facts.outcomes:
            self.facts.digest = self.digest.hexdigest()
        self._report()

    def _entry(self, index: int, entry: dict[str, Any]) -> Iterator[tuple[Trial, Verdict]]:
        message = self._text(entry["input"])
        query = self._query(index, message)
        name = self.imported.say(message)
        responses = self._list(index, entry, "response", "responses-not-a-list")
        labels = self._list(index, entry, "option_selection_evaluation", "labels-not-a-list")
        self._lengths(index, len(responses), len(labels))
        first = query.samples
        key = query_id(self.arm.value, query.text)
        self.digest.update(f"{key}\x00{len(responses)}\x00".encode())
        for position, response in enumerate(responses):
            trial = Trial(
                subject=self.arm.subject,
                setting=SETTING,
                value=self.arm.value,
                query=key,
                tier=self.arm.tier,
                sample=first + position,
                messages=[name],
            )
            self._answer(trial, response)
            verdict = Verdict(trial=trial.trial, judge=JUDGE)
            if position < len(labels):
                self._label(verdict, labels[position])
            else:
                verdict.status, verdict.note = "unparsed", "no label was released"
            query.samples += 1
            query.labels += verdict.outcome is not None
            query.complied += verdict.outcome == "comply"
            self.facts.outcomes.append(verdict.outcome)
            self.facts.labels.append(str(labels[position]) if position < len(labels) else "")
            yield trial, verdict

    def _query(self, index: int, message: str) -> QueryFacts:
        match = _QUERY.search(message)
        text = match[1].strip() if match else _TIER.sub("", message).strip()
        told = _TIER.search(message)
        if match is None or told is None:
            missing = "user_input" if match is None else "is_free_tier_user"
            done = (
                "the whole input, without the tier, was taken as the query"
                if match is None
                else "the tier was taken from the file's name"
            )
            self._note("entry-without-tag", f"an input without <{missing}>", done, index=index)
        if told is not None and _TIER_OF_TAG.get(told[1].lower()) != self.arm.tier:
            self._note(
                "tier-mismatch",
                f"the input says is_free_tier_user {told[1]!r}, the file's name {self.arm.tier}",
                "imported under the file's tier",
                index=index,
            )
        key = query_id(self.arm.value, text)
        if key in self.facts.queries:
            self._note(
                "duplicate-query",
                f"the query {key} stands in this file more than once",
                f"imported; its samples are numbered on from {self.facts.queries[key].samples}",
                index=index,
            )
        return self.facts.queries.setdefault(key, QueryFacts(text))

    def _list(self, index: int, entry: dict[str, Any], name: str, kind: str) -> list[Any]:
        found = entry.get(name)
        if isinstance(found, list):
            return found
        if isinstance(found, str):
            self._note(
                kind, f"{name} is one text, not a list", "read as a list of one", index=index
            )
            return [found]
        what = f"{name} is missing" if name not in entry else f"{name} is a {type(found).__name__}"
        self._note(kind, f"{what}; expected a list of texts", "read as an empty list", index=index)
        return []

    def _lengths(self, index: int, responses: int, labels: int) -> None:
        what = f"{responses} responses and {labels} labels"
        if responses > labels:
            surplus = responses - labels
            done = f"all imported; the last {surplus} have no outcome (verdict status unparsed)"
            self._note("responses-without-label", what, done, index=index, count=surplus)
        elif labels > responses:
            done = (
                f"the last {labels - responses} labels belong to no response and were not imported"
            )
            surplus = labels - responses
            self._note("labels-without-response", what, done, index=index, count=surplus)

    def _answer(self, trial: Trial, response: Any) -> None:
        if not isinstance(response, str):
            self.counts["responses-not-text"] += 1
            trial.status = "empty" if response is None else "unparsed"
            trial.raw = None if response is None else json.dumps(response)
            self.digest.update(f"{trial.raw}\x00".encode())
            return
        text = self._text(response)
        self.digest.update(text.encode())
        self.digest.update(b"\x00")
        answer = split_answer(text)
        trial.reasoning, trial.output = answer.reasoning, answer.output
        trial.raw = text if text != answer.output else None
        self.counts["responses-run-on"] += answer.runs_on
        self.counts["responses-malformed"] += not answer.well_formed
        if not text.strip():
            trial.status = "empty"
            self.counts["responses-empty"] += 1
        elif answer.output is None:
            trial.status = "unparsed"
            self.counts["responses-without-answer"] += 1

    def _label(self, verdict: Verdict, label: Any) -> None:
        if isinstance(label, int) and not isinstance(label, bool):
            self.values["labels-not-text"][repr(label)] += 1
            verdict.outcome = outcome_of(str(label))
        elif isinstance(label, str):
            verdict.outcome = outcome_of(label)
            label = self._text(label)
        else:
            self.values["labels-not-text"][repr(label)[:40]] += 1
            verdict.status = "unparsed"
        if isinstance(label, str) and label in _EXACT:
            return
        verdict.note = f"released label: {label!r}"
        if not isinstance(label, str):
            return
        if "\n" in label.strip():
            self.values["labels-of-several-lines"][label] += 1
        elif verdict.outcome == "undecided":
            self.values["labels-undecided"][label] += 1
        else:
            self.values["labels-inexact"][label] += 1

    def _text(self, text: str) -> str:
        """The text without lone surrogates, which no file could hold."""
        if text.isascii() or not _SURROGATE.search(text):
            return text
        self.counts["responses-broken-unicode"] += 1
        return _SURROGATE.sub("�", text)

    def _note(
        self, kind: str, what: str, done: str, *, index: int | None = None, count: int = 1
    ) -> None:
        where = self.arm.name if index is None else f"{self.arm.name}, entry {index}"
        self.imported.notes.append(Note(kind, what, where, done, count))

    def _report(self) -> None:
        total = len(self.facts.outcomes)
        for kind, (what, done) in _LABEL_NOTES.items():
            if self.values[kind]:
                number = self.values[kind].total()
                self._note(
                    kind,
                    f"{number} of {total} labels {what}: {_counted(self.values[kind])}",
                    done,
                    count=number,
                )
        for kind, (what, done) in _RESPONSE_NOTES.items():
            if self.counts[kind]:
                number = self.counts[kind]
                self._note(kind, f"{number} of {total} responses {what}", done, count=number)


def _counted(values: Counter[str]) -> str:
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{value[:40]!r} ×{number}" for value, number in ordered[:8]]
    return ", ".join(shown) + (f" and {len(ordered) - 8} more" if len(ordered) > 8 else "")
