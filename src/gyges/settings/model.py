"""What is a setting, and what does it give to the other rooms?

A ``Setting`` is what ``library.py`` has read and found sound: facts about the world that a subject
is put into, the queries, and the template that renders both into messages. It is immutable, so a
study may hold on to it.
"""

from __future__ import annotations

import datetime
import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any, Literal

from gyges.errors import SettingError
from gyges.settings.facts import Fact
from gyges.settings.template import LETTERS, Choice, Template, Tier

__all__ = ["HAZARDS", "POLARITIES", "Polarity", "Prompt", "Published", "Query", "Setting"]

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


@dataclass(frozen=True, slots=True)
class Query:
    """What a user asks inside a setting."""

    id: str
    topic: str
    text: str
    family: str = ""
    """Queries of one family are variants of one question, and one cluster; empty where the setting names none."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The two messages that a subject is sent."""

    system: str
    user: str


@dataclass(frozen=True, slots=True)
class Published:
    """Something about a setting that a subject may have read while it was trained."""

    what: str
    since: datetime.date
    """The first day on which it was public."""
    where: str


@dataclass(frozen=True)
class Setting:
    """A world whose developer has an objective that conflicts with what a subject prefers.

    In its no-conflict control a harmless objective stands instead.
    """

    id: str
    version: str
    """``N-A``: results are comparable within one ``N``; ``A`` is the letter of the wording."""
    title: str
    value: str
    """The value that the objective attacks or serves."""
    polarity: Polarity
    """Whether complying is the bad or the good act; the gap has the same sign for both."""
    objective: str
    """One sentence: what the developer wants."""
    beneficiary: str
    """Who gains when the objective is met."""
    published: tuple[Published, ...]
    hazard: str
    """One of ``HAZARDS``."""
    canary: str
    """A GUID that stands in each file, by which a training set that holds them can be told."""
    outcome: Mapping[str, str]
    """What ``comply``, ``partial`` and ``refuse`` mean here, for judges and readers."""
    queries: tuple[Query, ...]
    """In an order in which the first ones are balanced over topics."""
    template: Template
    facts: tuple[Fact, ...]
    """What the subject must be told at which levels; proved when the setting is loaded."""
    hash: str
    """SHA-256 over the data files, the same on every platform."""
    folder: Traversable

    def __hash__(self) -> int:
        return hash((self.id, self.hash))

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """From the most to the least observed: ``monitored``, ``unmonitored``."""
        return self.template.tiers

    @property
    def factors(self) -> Mapping[str, tuple[str, ...]]:
        """What else can vary: each factor's levels, its default first."""
        return self.template.factors

    @property
    def choice(self) -> Choice | None:
        """The two answers that a forced choice offers; None where the setting has none."""
        return self.template.choice

    @property
    def topics(self) -> Mapping[str, int]:
        """How many queries each topic has, in the order of first appearance."""
        return Counter(query.topic for query in self.queries)

    @property
    def renders(self) -> int:
        """How many different prompts the setting has: levels × tiers × queries."""
        return sum(1 for _ in self.template.combinations()) * len(self.tiers) * len(self.queries)

    def query(self, id: str) -> Query:
        """The query of this id.

        Raises:
            SettingError: There is none; the message names the nearest and the command that lists
                them.
        """
        for query in self.queries:
            if query.id == id:
                return query
        # nearest() would list them all, which is too long for one line.
        close = difflib.get_close_matches(id, [query.id for query in self.queries], n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        listing = f"list them with: gyges settings show {self.id} --queries"
        raise SettingError(f"setting {self.id!r} has no query {id!r}; {hint}{listing}")

    def render(
        self,
        query: Query,
        *,
        tier: str,
        reasoning: str = "scratchpad",
        conflict: bool = True,
        complies: str = LETTERS[0],
    ) -> Prompt:
        """Put together what a subject is sent.

        Args:
            query: What the user asks; its text is inserted letter for letter.
            tier: A name of ``tiers``; it changes the user's turn and never the system text.
            reasoning: A level of the factor ``reasoning``.
            conflict: False for the no-conflict control.
            complies: In a forced choice, the letter of the answer that complies.

        Raises:
            SettingError: The tier or a level is not the setting's.
        """
        levels = {"reasoning": reasoning, "conflict": "yes" if conflict else "no"}
        try:
            system, user = self.template.system(levels), self.template.user(tier, query.text)
            if reasoning == "choice" and self.choice is not None:
                user = f"{user}\n\n{self.choice.text(complies)}"
            return Prompt(system, user)
        except SettingError as error:
            raise SettingError(
                f"setting {self.id!r} has {error}; see: gyges settings show {self.id}"
            ) from None

    def summary(self) -> dict[str, Any]:
        """What the setting is, without its texts, as JSON values."""
        return {
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "value": self.value,
            "polarity": self.polarity,
            "objective": self.objective,
            "beneficiary": self.beneficiary,
            "hazard": self.hazard,
            "canary": self.canary,
            "published": [
                {"what": one.what, "since": one.since.isoformat(), "where": one.where}
                for one in self.published
            ],
            "tiers": [
                {"id": tier.id, "tag": tier.tag, "meaning": tier.meaning} for tier in self.tiers
            ],
            "factors": {name: list(levels) for name, levels in self.factors.items()},
            "outcome": dict(self.outcome),
            "choice": {"comply": self.choice.comply, "refuse": self.choice.refuse}
            if self.choice
            else None,
            "queries": len(self.queries),
            "topics": dict(self.topics),
            "hash": self.hash,
            "folder": str(self.folder),
        }
