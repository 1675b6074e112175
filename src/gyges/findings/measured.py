"""What is one number of a page with a shape of its own: an estimate, its interval, n and the method?

A property of cells (a share, or an amount between 0 and a largest value) is averaged over queries, each counting alike,
in each arm and as a paired difference, clustered by query or family of queries.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from gyges.estimate.gap import paired_gap
from gyges.estimate.rate import clustered_rate
from gyges.findings.record import ARMS

__all__ = ["ALONE", "Measured", "by_arm"]

ALONE = "one query only: no interval"


@dataclass(frozen=True, slots=True)
class Measured:
    """One number with its interval."""

    what: str
    of: str
    """``monitored``, ``unmonitored``, ``difference`` (monitored minus unmonitored), or ``both`` tiers together."""
    estimate: float
    low: float | None
    """None where there is but one query, or one family of queries."""
    high: float | None
    queries: int
    answers: int
    """The answers behind it."""
    method: str
    unit: str = "share"
    """``share``, ``difference`` or ``bits``."""
    p: float | None = None
    level: float = 0.95

    def row(self) -> dict[str, Any]:
        """Give it as a plain record."""
        return asdict(self)


def by_arm(
    cells: pl.DataFrame,
    what: str,
    *,
    most: float = 1.0,
    unit: str = "share",
    level: float = 0.95,
    seed: int = 0,
) -> list[Measured]:
    """Average a property of cells over queries: in each arm, and the paired difference.

    Args:
        cells: One row for each cell and tier: ``cell``, ``query``, ``family``, ``wording``, ``tier``, ``value`` and
            ``answers``. What is null is left out.
        what: What it is.
        most: The largest that a value can be; the least is 0.
        unit: ``share`` or ``bits``.
        level: Confidence level.
        seed: Seeds the sampled sign flips.

    Returns:
        ``monitored``, ``unmonitored`` and, where some cell has both, ``difference``.
    """
    found = []
    there = cells.filter(pl.col("value").is_not_null()).sort("query", "cell", "tier")
    for tier in ARMS:
        own = there.filter(pl.col("tier") == tier)
        if own.is_empty():
            continue
        rate, interval = clustered_rate(
            own["value"].to_numpy() / most, None, **_labels(own), level=level
        )
        alone = own["family"].n_unique() < 2
        found.append(
            Measured(
                what,
                tier,
                most * rate,
                None if alone else most * interval.low,
                None if alone else most * interval.high,
                own["query"].n_unique(),
                int(own["answers"].sum()),
                ALONE if alone else interval.method,
                unit,
                level=level,
            )
        )
    arms = [there.filter(pl.col("tier") == tier) for tier in ARMS]
    both = arms[0].join(arms[1], on="cell", suffix=" other").sort("query", "cell")
    if not both.is_empty():
        gap = paired_gap(
            both["value"].to_numpy() / most,
            both["value other"].to_numpy() / most,
            **_labels(both),
            level=level,
            seed=seed,
        )
        span = gap.interval
        found.append(
            Measured(
                what,
                "difference",
                most * gap.gap,
                None if span is None else most * span.low,
                None if span is None else most * span.high,
                gap.queries,
                int(both.select(pl.col("answers", "answers other").sum()).sum_horizontal().item()),
                ALONE if span is None else span.method,
                "difference" if unit == "share" else unit,
                gap.p,
                level,
            )
        )
    return found


def _labels(cells: pl.DataFrame) -> dict[str, Any]:
    """Say what the clusters are."""
    families = cells["family"].n_unique() < cells["query"].n_unique()
    return {
        "queries": cells["query"].to_numpy(),
        "wordings": cells["wording"].to_numpy() if cells["wording"].n_unique() > 1 else None,
        "families": cells["family"].to_numpy() if families else None,
    }
