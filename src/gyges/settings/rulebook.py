"""What must a judge know of a setting to read its answers by rule?

What ``reading.yaml`` says (``readings.py`` reads it), and the rule that it gives for each query: common patterns, those
of the query's value and its own together, with their slots filled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gyges.settings.model import Setting
from gyges.settings.records import Query

__all__ = [
    "READS",
    "Mark",
    "Offered",
    "QueryReading",
    "Reading",
    "Reads",
    "Rule",
    "Rulebook",
    "Stakeholder",
    "fill_patterns",
    "find_slots",
    "offered",
]

Reads = Literal["marks", "copy", "answer", "trades"]

READS: Mapping[str, tuple[str, ...]] = {
    "marks": ("comply", "partial", "refuse"),
    "copy": ("refuse",),
    "answer": (),
    "trades": ("admits", "denies", "public"),
}
"""What can be read, and the kinds of marks that it knows."""

_SLOT = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Mark:
    """A pattern, as it stands in the file."""

    pattern: str
    line: int


@dataclass(frozen=True, slots=True)
class Stakeholder:
    """Somebody whom a dilemma is about."""

    marks: tuple[str, ...]
    """Patterns by which a mention of them is told."""
    honoured_by: tuple[str, ...]
    """The labels of the options that do right by them."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One of the options that a query offers."""

    label: str
    """``comply``, ``refuse``, ``other-1``, ``other-2``, ..."""
    text: str
    outcome: str
    """What copying it counts as."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How the answers to one query are read, with all slots filled."""

    query: str = ""
    """Its id; empty for queries that are not the setting's."""
    value: str = ""
    text: str = ""
    """What the query asks."""
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Patterns by their kind; see ``READS``."""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Patterns of what is reported beside the outcome, by name."""
    answer: str = ""
    accept: tuple[str, ...] = ()
    """Other ways to write the answer."""
    options: tuple[Offered, ...] = ()
    stakeholders: Mapping[str, Stakeholder] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All that a judge by rule must know of a setting: plain data, so that it can be handed to other processes."""

    setting: str
    version: str
    """12 hex digits of the SHA-256 of the file."""
    reads: Reads
    silent: str
    """What an answer without any mark is."""
    both: str
    """What an answer with marks of both sides is."""
    rules: Mapping[str, Rule]
    """By the query's id."""
    common: Mapping[str, Rule]
    """By value, for queries that are not the setting's; ``""`` for every other value."""

    def rule(self, query: str, value: str = "") -> Rule:
        """Give the rule of a query; for one that is not the setting's, what holds for all of its value."""
        found = self.rules.get(query)
        if found is None:
            found = self.common.get(value) or self.common[""]
        return found

    def stakeholders(self) -> dict[str, list[str]]:
        """Name the stakeholders of each query that has some."""
        named = {id_: sorted(rule.stakeholders) for id_, rule in self.rules.items()}
        return {id_: names for id_, names in named.items() if names}


@dataclass(frozen=True, slots=True)
class QueryReading:
    """What the file says of one query alone."""

    marks: Mapping[str, tuple[Mark, ...]]
    answer: str
    accept: tuple[str, ...]
    stakeholders: Mapping[str, Stakeholder]
    line: int


@dataclass(frozen=True)
class Reading:
    """What a setting's ``reading.yaml`` says."""

    file: str
    version: str
    """12 hex digits of the SHA-256 of the file, whatever its line ends."""
    reads: Reads
    silent: str = "undecided"
    both: str = "undecided"
    marks: Mapping[str, tuple[Mark, ...]] = field(default_factory=dict)
    """Common patterns by kind."""
    labels: Mapping[str, tuple[Mark, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, tuple[Mark, ...]]] = field(default_factory=dict)
    """By value, then by kind."""
    queries: Mapping[str, QueryReading] = field(default_factory=dict)
    """By the query's id."""
    line: int = 1
    """Where what it reads is said."""

    def marks_of(self, query: Query | None, value: str = "") -> dict[str, tuple[Mark, ...]]:
        """Give the patterns by kind that hold for a query, the common ones first; their slots are not filled."""
        of_value = self.values.get(query.value if query else value, {})
        own = self.queries.get(query.id) if query else None
        found = {
            kind: (
                *self.marks.get(kind, ()),
                *of_value.get(kind, ()),
                *(own.marks.get(kind, ()) if own else ()),
            )
            for kind in READS[self.reads]
        }
        return {kind: marks for kind, marks in found.items() if marks}

    def rule(
        self, query: Query | None, slots: Mapping[str, str] | None = None, value: str = ""
    ) -> Rule:
        """Give the rule by which the answers to a query are read.

        Args:
            query: The query; None for one that is not the setting's.
            slots: The setting's own slots.
            value: The value of a query that is not the setting's.
        """
        filled = {**(slots or {}), **(query.slots if query else {})}
        marks = self.marks_of(query, value).items()
        patterns = {kind: fill_patterns(some, filled) for kind, some in marks}
        labels = {name: fill_patterns(some, filled) for name, some in self.labels.items()}
        own = self.queries.get(query.id) if query else None
        if query is None:
            return Rule(value=value, marks=patterns, labels=labels)
        return Rule(
            query=query.id,
            value=query.value,
            text=query.text,
            marks=patterns,
            labels=labels,
            answer=own.answer if own else "",
            accept=own.accept if own else (),
            options=offered(query),
            stakeholders=own.stakeholders if own else {},
            slots=query.slots,
        )

    def rulebook(self, setting: Setting) -> Rulebook:
        """Put together what a judge by rule must know of a setting."""
        slots = setting.template.slots
        return Rulebook(
            setting=setting.id,
            version=self.version,
            reads=self.reads,
            silent=self.silent,
            both=self.both,
            rules={query.id: self.rule(query, slots) for query in setting.queries},
            common={value: self.rule(None, slots, value) for value in ("", *setting.values)},
        )


def offered(query: Query) -> tuple[Offered, ...]:
    """Name the options that a query offers, and say what copying each counts as."""
    if not query.comply:
        return ()
    return (
        Offered("comply", query.comply, "comply"),
        Offered("refuse", query.refuse, "refuse"),
        *(
            Offered(f"other-{number}", option.text, option.outcome)
            for number, option in enumerate(query.others, start=1)
        ),
    )


def find_slots(pattern: str) -> list[str]:
    """Name the slots of a pattern."""
    return [match[1] for match in _SLOT.finditer(pattern)]


def fill_patterns(marks: Iterable[Mark], slots: Mapping[str, str] | None) -> tuple[str, ...]:
    """Put the texts of slots into patterns, to be matched letter for letter.

    Args:
        marks: The patterns; those that name a slot without a text are left out.
        slots: Texts by name; None: the same word for each, to see whether a pattern is one.
    """

    def put(match: re.Match[str]) -> str:
        # Blanks are as wide as in the text that is read.
        return re.escape(" ".join((slots or {}).get(match[1], "slot").split()))

    return tuple(
        _SLOT.sub(put, mark.pattern)
        for mark in marks
        if slots is None or all(name in slots for name in find_slots(mark.pattern))
    )
