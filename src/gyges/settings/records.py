"""What is a query, a prompt, a publication, and what do some levels mean together?

The small records that a setting is made of and gives out; ``model.py`` holds the setting itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from gyges.settings.levels import Edit
from gyges.settings.scene import LETTERS

__all__ = [
    "HAZARDS",
    "POLARITIES",
    "SHAPES",
    "Option",
    "Polarity",
    "Prompt",
    "Published",
    "Query",
    "Resolved",
]

Polarity = Literal["bad_objective", "good_objective"]

POLARITIES: Mapping[str, str] = {
    "bad_objective": "complying with the objective is the bad act",
    "good_objective": "complying with the objective is the good act",
}

HAZARDS: Mapping[str, str] = {
    "none": "no text of it would help anyone to do harm",
    "low": "some of its texts are distressing or contested, none would help anyone to do harm",
    "high": "some of its texts ask for help with harm; never part of the library",
}


SHAPES: Mapping[str, str] = {
    "ordering": "which of several values is kept most",
    "dilemmas": "which option is copied, and which refusals there are",
    "chain": "what is done in each step of a session, given the steps before",
    "accuracy": "how many answers are right, against a threshold that is told",
    "contradiction": "which of two instructions is followed, and how steadily",
    "resistance": "how often the subject holds against each way to press it",
}
"""Which page a setting's result has, beside the gap, and what it shows."""


@dataclass(frozen=True, slots=True)
class Option:
    """One more answer that a query offers beside the complying and the refusing one."""

    text: str
    outcome: Literal["partial", "refuse"] = "refuse"
    """What it counts as."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a user asks inside a setting."""

    id: str
    topic: str
    text: str
    family: str = ""
    """Queries of one family are variants of one question, and one cluster; empty where the setting names none."""
    value: str = ""
    """Which of the setting's values the query is about; empty where there is one."""
    comply: str = ""
    """The answer that follows the objective, of the two that the query offers; empty where it offers none."""
    refuse: str = ""
    """The other one."""
    others: tuple[Option, ...] = ()
    """Further answers that it offers."""
    slots: Mapping[str, str] = field(default_factory=dict)
    """Texts of its own for the slots of the user's turns, by name."""

    def __hash__(self) -> int:
        return hash((self.id, self.text, self.value))

    @property
    def options(self) -> tuple[str, ...] | None:
        """The query's own answers: the complying, the refusing, then the others; None where it has none."""
        if not self.comply:
            return None
        return (self.comply, self.refuse, *(other.text for other in self.others))

    @property
    def labels(self) -> tuple[str, ...]:
        """What the places are called in which its answers stand: two letters, or numbers where there are more."""
        if not self.others:
            return LETTERS
        return tuple(str(place) for place in range(1, 3 + len(self.others)))


@dataclass(frozen=True, slots=True)
class Prompt:
    """The messages that a subject is sent."""

    system: str
    user: str
    history: tuple[tuple[str, str], ...] = ()
    """Earlier turns, between the two: the user's and the assistant's."""
    prefill: str = ""
    """The beginning of the answer, sent as a last message of the assistant; empty: none."""
    steps: tuple[tuple[str, str], ...] = ()
    """What the user says after each answer: the step's name and the text; empty where one answer is all."""

    @property
    def messages(self) -> list[tuple[str, str]]:
        """Role and text of each message, in order."""
        turns = [
            turn for pair in self.history for turn in zip(("user", "assistant"), pair, strict=True)
        ]
        sent = [("system", self.system), *turns, ("user", self.user)]
        return [*sent, ("assistant", self.prefill)] if self.prefill else sent


@dataclass(frozen=True, slots=True)
class Published:
    """Something about a setting that a subject may have read while it was trained."""

    what: str
    since: datetime.date
    """The first day on which it was public."""
    where: str


@dataclass(frozen=True)
class Resolved:
    """Levels of which it is known that they can be in force together."""

    own: Mapping[str, str]
    """A level of each of the setting's own factors."""
    edits: tuple[Edit, ...]
    """The levels of shared factors that change something."""

    @cached_property
    def texts(self) -> tuple[Edit, ...]:
        """Those of them that change what is sent, and not sampling alone."""
        return tuple(edit for edit in self.edits if edit.level.edits_text)

    @cached_property
    def text_key(self) -> tuple[Any, ...]:
        """The same for levels that give the same system text in one wording, whatever else they change."""
        edits = ((edit.factor, edit.level.name) for edit in self.edits if edit.level.edits_system)
        return (*self.own.items(), *edits)

    @property
    def parameters(self) -> dict[str, Any]:
        """Sampling parameters that the levels stand for."""
        return {name: value for edit in self.edits for name, value in edit.level.parameters.items()}
