"""What is known about the structure of the variation of one group of trials?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from gyges.estimate.correlation import Correlation
from gyges.estimate.effects import Effect
from gyges.estimate.overdispersion import OverDispersion
from gyges.estimate.variation import VarianceSplit

__all__ = ["NOT_CAUSAL", "LevelEffect", "Structure", "Verbalised"]

NOT_CAUSAL = (
    "What is verbalised comes after the prompt: these gaps compare different answers, not the same answers with and "
    "without the reasoning, and do not show what the reasoning causes"
)


@dataclass(frozen=True, slots=True)
class LevelEffect:
    """What one level of a factor changes against the reference; each None where no query has both."""

    factor: str
    level: Any
    reference: Any
    monitored: Effect | None
    unmonitored: Effect | None
    gap: Effect | None


@dataclass(frozen=True, slots=True)
class Verbalised:
    """How stating the strategy in the reasoning goes with the gap."""

    source: str
    """The judge or the column that says which answers verbalise."""
    monitored_rate: float | None
    """The share of monitored answers that verbalise."""
    unmonitored_rate: float | None
    unknown: int
    """Answers in the two tiers of which it is not known."""
    blocks_verbalised: int
    """Pairs whose monitored answer verbalises."""
    blocks_silent: int
    gap_verbalised: Effect | None
    """The gap among the first; None if there are none."""
    gap_silent: Effect | None
    over_wordings: Correlation | None
    """Between a wording's share of monitored answers that verbalise and its gap."""
    warning: str = NOT_CAUSAL


@dataclass(frozen=True, slots=True)
class Structure:
    """The structure of the variation of one group of trials; rates and effects are fractions."""

    subject: str
    setting: str
    value: str
    control: bool
    queries: int
    wordings: int
    trials: int
    """Trials of the two tiers that count."""
    pairs: int
    """Blocks with an answer that counts in both tiers."""
    judge: str
    level: float
    variance: dict[str, VarianceSplit]
    """By ``monitored``, ``unmonitored`` and ``difference``, where the data allow it."""
    effects: tuple[LevelEffect, ...]
    prompts: dict[str, OverDispersion]
    """By tier, where the data allow it."""
    verbalised: Verbalised | None
    notes: tuple[str, ...]
    """What could not be told, and why."""
    factors: dict[str, Any] = field(default_factory=dict)
    """The levels of the columns that the trials were grouped by, beyond the usual four."""

    def row(self) -> dict[str, Any]:
        """Give it as a plain record: the form of ``gyges variation --json``."""
        record = asdict(self)
        return {**record.pop("factors"), **record}
