"""What does a prompt hold apart from the query and the tier, and how do these two enter it?

A **scene** is the system text at some levels, in some wording, with the edits of shared factors, and the user's turns
with places for what a trial brings: the tier's tag, the query, its answers in some order, its own texts for slots. The
tier goes into the user's turn only; the system text cannot depend on it, which lets a prefix cache serve all arms.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gyges.errors import SettingError, nearest
from gyges.settings.slots import fill, stands_alone

if TYPE_CHECKING:
    from gyges.settings.records import Query

__all__ = [
    "CHOICE_SLOTS",
    "LETTERS",
    "LIST_SLOTS",
    "PLACES",
    "TURN_SLOTS",
    "Scene",
    "Tier",
    "turn_slots",
]

TURN_SLOTS = ("tier", "query")
"""Slots that the user's turn must have, once each; the system text has none of them."""

CHOICE_SLOTS = ("option_a", "option_b")
"""Slots for two answers: once each in the user's turn where the queries bring their own, else in the question of a
forced choice."""

LIST_SLOTS = ("options", "next")
"""Slots for more than two answers: all of them, numbered, and the number after the last."""

PLACES = ("_a", "_b")
"""How a slot ends that goes with the answer in the first or the second place: ``giver_a`` is the setting's slot
``giver_comply`` where the complying answer stands first, else ``giver_refuse``."""

_ROLES = ("_comply", "_refuse")

LETTERS = ("A", "B")
"""By which letters two answers are named."""

_MARK = "\x00"
"""Stands around a slot's name in a turn that is half rendered; no prompt holds it."""


@dataclass(frozen=True, slots=True)
class Tier:
    """What a subject is told about oversight of the conversation."""

    id: str
    tag: str
    """What stands for this tier in the user's turn, verbatim; empty where the tier is told by the absence of a tag."""
    meaning: str
    """One plain sentence for readers."""
    where: str = ""
    """Completes "a conversation ...": ``in the free tier``."""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Scene:
    """What a prompt holds apart from the query and the tier."""

    parts: tuple[str, ...]
    """The paragraphs of the system text, each a block or an edit."""
    tiers: tuple[Tier, ...]
    slots: Mapping[str, str]
    turn: str
    question: str | None
    """What asks for a letter; None but in a forced choice."""
    options: tuple[str, str] | None
    """The two answers that the setting describes, complying first; None where the queries bring theirs."""
    suffix: str = ""
    prefill: str = ""
    history: tuple[tuple[str, str], ...] = ()
    """Earlier turns: the user's and the assistant's."""
    query_slots: tuple[str, ...] = ()
    """The names of the texts that each query brings for slots of the user's turns."""
    further: tuple[tuple[str, str], ...] = ()
    """The user's turns after the first: the step's name and the text with its slots."""

    @functools.cached_property
    def system(self) -> str:
        """The system text."""
        return "\n\n".join(self.parts)

    def user(self, tier: str, query: Query, complies: str = "") -> str:
        """The user's turn; query and options are inserted letter for letter.

        Args:
            tier: A name of ``tiers``.
            query: What the user asks.
            complies: The letter (or the number, where there are more than two answers) that the complying answer gets;
                the first if empty.

        Raises:
            SettingError: The tier is not the scene's, or there is no such letter.
        """
        tags = {one.id: one.tag for one in self.tiers}
        if tier not in tags:
            raise SettingError(f"no tier {tier!r}; {nearest(tier, tags)}")
        values = {**self._values(query, complies), "tier": tags[tier], "query": query.text}
        frame = self._frame if tags[tier] else self._frame_untagged
        return _joined(frame, values)

    def steps(self, query: Query, complies: str = "") -> tuple[tuple[str, str], ...]:
        """The user's turns after the first, each with the name of its step."""
        if not self.further:
            return ()
        values = self._values(query, complies)
        return tuple((name, _joined(frame, values)) for name, frame in self._further)

    def _values(self, query: Query, complies: str) -> dict[str, str]:
        """What a query brings for the slots of the user's turns, its answers in the order that is asked for."""
        labels = query.labels
        label = complies or labels[0]
        if label not in labels:
            raise SettingError(f"no letter {label!r} in a choice; {nearest(label, labels)}")
        offered = query.options or self.options or ("", "")
        first = labels.index(label)
        # The complying answer stands in its place and the others follow it round: each stands as often in each place.
        in_order = [offered[(place - first) % len(offered)] for place in range(len(offered))]
        if not query.others:
            values = dict(zip(CHOICE_SLOTS, in_order, strict=True))
        else:
            rows = (f"{number}. {text}" for number, text in zip(labels, in_order, strict=True))
            values = {"options": "\n\n".join(rows), "next": str(len(labels) + 1)}
        for name in self._pairs:
            roles = [self.slots[f"{name}{role}"] for role in _ROLES]
            for place, end in enumerate(PLACES):
                values[f"{name}{end}"] = roles[(place - first) % 2]
        return {**values, **query.slots}

    @functools.cached_property
    def _pairs(self) -> list[str]:
        return _paired(self.slots)

    @functools.cached_property
    def _frame(self) -> list[str]:
        return self._split(self.turn, self.question, self.suffix)

    @functools.cached_property
    def _frame_untagged(self) -> list[str]:
        return self._split(_without_tag(self.turn), self.question, self.suffix)

    @functools.cached_property
    def _further(self) -> list[tuple[str, list[str]]]:
        return [(name, self._split(text)) for name, text in self.further]

    def _split(self, turn: str, question: str | None = None, suffix: str = "") -> list[str]:
        """Render all but what a trial brings: stretches of text and, between them, the names of its slots."""
        texts = [turn, *([question] if question is not None else [])]
        names = (*turn_slots(self.slots, self.query_slots), *CHOICE_SLOTS, *LIST_SLOTS)
        marked = {name: f"{_MARK}{name}{_MARK}" for name in names}
        rendered = [fill(text, {**self.slots, **marked}) for text in texts]
        return "\n\n".join([*rendered, *([suffix] if suffix else [])]).split(_MARK)


def turn_slots(slots: Mapping[str, str], query_slots: Sequence[str] = ()) -> tuple[str, ...]:
    """Name the slots that a trial fills in the user's turns, apart from those of offered answers."""
    ends = (f"{name}{end}" for name in _paired(slots) for end in PLACES)
    return (*TURN_SLOTS, *ends, *query_slots)


def _paired(slots: Mapping[str, str]) -> list[str]:
    """The names of which the setting has a text for either answer."""
    ends = (name.removesuffix(_ROLES[0]) for name in slots if name.endswith(_ROLES[0]))
    return [name for name in ends if f"{name}{_ROLES[1]}" in slots]


def _joined(frame: Sequence[str], values: Mapping[str, str]) -> str:
    return "".join(text if at % 2 == 0 else values[text] for at, text in enumerate(frame))


def _without_tag(turn: str) -> str:
    """Take the tag's line out of a turn: absence leaves no empty line."""
    lines = turn.split("\n")
    at = next((at for at, line in enumerate(lines) if stands_alone(line, "tier")), None)
    if at is None:
        return turn
    before, after = lines[:at], lines[at + 1 :]
    # Where empty lines stood on both sides, or one at an end, those of one side go with the tag.
    while after and not after[0].strip() and not (before and before[-1].strip()):
        after = after[1:]
    while before and not after and not before[-1].strip():
        before = before[:-1]
    return "\n".join([*before, *after])
