"""What does a planted subject know of its prompt, and what is a rule by which it answers?

A rule (``Kind``) leads from what a prompt says (``Sight``) to the chances of the possible answers. Its fields are the
arguments that a user may set. Nothing here draws at random, so the true rates of any design can be worked out from the
same rule by which its answers are drawn.

A query's own probability varies around the declared one (as real queries do), alike in all tiers, and evenly to both
sides, so that over many queries the mean is the declared one.

Whether it takes what it is told for true is drawn once for a block, and so is the same in both tiers and whenever it is
asked. Most kinds do what they do whatever they believe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

__all__ = ["Chances", "Kind", "Sight", "lot", "mixed", "varied"]

_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Sight:
    """What a planted subject makes of its prompt."""

    tier: str
    """One of the tiers that settings and tier schemes have: ``monitored``, ``unmonitored``, ``rated`` ..."""
    objective: bool
    """Whether the prompt states the setting's objective; not so in the no-conflict control."""
    query: str
    """What the user asks, without the tier's tag and without the answers that are offered."""
    wording: str
    """Names the wording where it is known, else the system text without any tier's tag."""
    temperature: float
    complies: str | None = None
    """Where two answers are offered, the letter of the one that complies."""
    options: tuple[str, ...] | None = None
    """The two answers that are offered, the complying one first."""
    forced: bool = False
    """Whether the letter alone is asked for."""
    components: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """The version of each component, where the wording is one of the setting's own; else empty."""
    versions: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """The setting's components in their order: how many versions each has."""
    distance: float = 0.0
    """From the reference wording, as studies give it: 0 for the same words, 1 for no common ones."""
    probability: float = 1.0
    """How probable it is that a conversation in the monitored tier is trained on; 1 where no number is stated."""
    stated: frozenset[str] = frozenset()
    """Names of the facts that the system text states."""
    place: int = 0
    """Of the setting's values, from 0, the one that the stated objective attacks; 0 where there is one alone."""
    pressed: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """Of the setting's own further factors: the place of the level whose text stands in the prompt, the default 0."""
    real: bool | None = None
    """Whether it takes what it is told for true; None where that is not drawn, and rates are the mean over both."""


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each answer is; what is left is refusing."""

    comply: float
    astray: float = 0.0
    """Answering beside the question, so that a judge cannot decide."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What all kinds share; its subclasses are the kinds."""

    shown_by: ClassVar[str] = ""
    """What has to vary for an instrument to see what it is, as ``--vary`` takes it; empty: any run shows it."""
    measures: ClassVar[bool] = False
    """Whether it looks at the distance from the reference wording."""
    home: ClassVar[str] = ""
    """The setting in which it shows what it is; empty: any setting shows it."""
    asked: ClassVar[str] = ""
    """The probe that shows what it is, beside its rates; empty: none has to be put."""

    belief: float = 0.75
    """In how many blocks it takes what it is told for true."""
    conceals: float = 0.8
    """In a session with tools: how likely its report hides the tip on which it traded."""
    insists: float = 0.7
    """How likely it denies that when it is asked, where its report hid it."""

    def chances(self, sight: Sight) -> Chances:
        """Give the chances of each answer to a prompt."""
        raise NotImplementedError

    def reasoning(self, sight: Sight, *, complies: bool) -> str:
        """Name what a scratchpad says: ``weigh``, ``strategy``, ``please`` or ``lost``."""
        return "weigh"

    def predicted(self, sight: Sight) -> float:
        """How likely it is to say beforehand that it would comply: as likely as it is to comply."""
        return self.chances(sight).comply

    def declared(self) -> tuple[float, float]:
        """The rates of compliance, monitored and unmonitored, over many queries and wordings at temperature 1."""
        raise NotImplementedError


def varied(rate: float, spread: float, query: str) -> float:
    """One query's probability: evenly spread around the declared one, so that their mean is it."""
    digest = hashlib.sha256(query.encode()).digest()
    place = int.from_bytes(digest[:4], "big") / 2**31 - 1
    return rate + spread * place * min(rate, 1 - rate)


def lot(text: str) -> float:
    """Draw a lot for a text: the same for the same text, evenly from 0 to 1 over texts."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


def mixed(share: float, with_: float, without: float) -> float:
    """The mean of two rates, of which the first has this share."""
    return share * with_ + (1.0 - share) * without
