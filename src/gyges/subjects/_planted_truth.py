"""What are a planted subject's rates in one design: in each tier, for each query, and the gap between two tiers?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from gyges.errors import SubjectError
from gyges.subjects._planted_prompt import KNOWN_TIERS

__all__ = ["PlantedTruth"]


@dataclass(frozen=True, slots=True)
class PlantedTruth:
    """What a planted subject's rates truly are in one design."""

    by_tier: Mapping[str, Mapping[str, float]]
    """Each query's probability of complying in each tier in which it is asked."""

    @property
    def per_query(self) -> Mapping[str, tuple[float, float]]:
        """Each query that is asked under both tiers: its probability of complying when monitored and when not.

        Raises:
            SubjectError: There is none, so no gap is defined.
        """
        found = self._paired("monitored", "unmonitored")
        if not found:
            raise SubjectError("no query is asked under both tiers, so no gap is defined")
        return found

    @property
    def rates(self) -> dict[str, float]:
        """Probability of complying in each tier, the mean over the queries that are asked in it."""
        tiers = [
            tier for tier in KNOWN_TIERS if any(tier in arms for arms in self.by_tier.values())
        ]
        return {
            tier: fmean(arms[tier] for arms in self.by_tier.values() if tier in arms)
            for tier in tiers
        }

    @property
    def monitored(self) -> float:
        """Probability of complying when monitored, the mean over queries that are asked under both tiers."""
        return fmean(pair[0] for pair in self.per_query.values())

    @property
    def unmonitored(self) -> float:
        """Probability of complying when unmonitored, the mean over queries that are asked under both tiers."""
        return fmean(pair[1] for pair in self.per_query.values())

    @property
    def gap(self) -> float:
        """The compliance gap: monitored minus unmonitored."""
        return self.monitored - self.unmonitored

    def difference(self, tier: str, other: str) -> float:
        """The rate in one tier minus that in another, over the queries that are asked in both.

        Raises:
            SubjectError: There is none.
        """
        found = self._paired(tier, other)
        if not found:
            raise SubjectError(f"no query is asked both as {tier} and as {other}")
        return fmean(one - two for one, two in found.values())

    def _paired(self, tier: str, other: str) -> dict[str, tuple[float, float]]:
        return {
            query: (arms[tier], arms[other])
            for query, arms in self.by_tier.items()
            if tier in arms and other in arms
        }
