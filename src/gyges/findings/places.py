"""Does it matter to a choice among several options where each one stood?

The options of a query are rotated over its samples, the complying one first in one order, second in the next, and the
others after it in their circle. A subject that reads them takes what stands at each of ``N`` places in one of ``N``
answers, over all orders, whatever it prefers; one that likes a place takes that place more often. The share of each
place is estimated over the answers that took an option, each order of a query counting alike, clustered by query.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from gyges.estimate.contrasts import Labels, differ
from gyges.estimate.rate import clustered_rate
from gyges.findings.measured import ALONE, Measured

__all__ = ["Places", "places_taken"]


@dataclass(frozen=True, slots=True)
class Places:
    """Whether what is taken depends on where it stood."""

    shares: tuple[Measured, ...]
    """For each place from the first, the share of answers that took what stood there, less what a subject has that
    does not look at places."""
    expected: float
    """That share: one over the number of places."""
    p: float | None
    """For no place being liked more than another; None with fewer than six queries."""
    answers: int

    @property
    def largest(self) -> Measured:
        """The place that lies furthest from what it should have."""
        return max(self.shares, key=lambda one: abs(one.estimate))


def places_taken(part: pl.DataFrame, *, level: float = 0.95, seed: int = 0) -> Places | None:
    """Say how far what is taken depends on where it stood, both tiers together, since both have the same orders.

    Args:
        part: The trials of one group, with ``label`` and ``comply_option``.
        level: Confidence level.
        seed: Seeds the sign flips.

    Returns:
        None where the judge says no options, or the order was not varied.
    """
    if "comply_option" not in part.columns:
        return None
    label = pl.col("label")
    rank = (
        pl.when(label == "comply")
        .then(0)
        .when(label == "refuse")
        .then(1)
        .otherwise(label.str.extract(r"^other-(\d+)$", 1).cast(pl.Int64, strict=False) + 1)
    )
    first = pl.col("comply_option").replace({"A": "1", "B": "2"}).cast(pl.Int64, strict=False)
    taken = part.with_columns(first.alias("first"), rank.alias("rank"))
    # Two letters, or as many numbers as there are options; every query of a setting has as many.
    most = taken.select(pl.max_horizontal(pl.col("first").max(), pl.col("rank").max() + 1)).item()
    taken = taken.filter(
        (pl.col("verdict_status") == "ok")
        & pl.col("rank").is_not_null()
        & pl.col("first").is_not_null()
    )
    if taken.is_empty() or most is None or taken["first"].n_unique() < 2:
        return None
    size = int(most)
    places = list(range(1, size + 1))
    standing = (pl.col("first") - 1 + pl.col("rank")) % size + 1
    each = [(pl.col("place") == place).mean().alias(str(place)) for place in places]
    # Each order of a query counts alike, however many answers it has.
    queries = (
        taken.with_columns(standing.alias("place"))
        .group_by("query", "family", "wording", "first")
        .agg(*each, pl.len().alias("answers"))
        .group_by("query", "family")
        .agg(pl.col([str(place) for place in places]).mean().clip(0, 1), pl.col("answers").sum())
        .sort("query")
    )
    expected = 1 / size
    alone = queries["family"].n_unique() < 2
    shares = []
    for place in places:
        rate, span = clustered_rate(
            queries[str(place)].to_numpy(),
            queries["answers"].to_numpy(),
            families=queries["family"].to_numpy(),
            level=level,
        )
        shares.append(
            Measured(
                f"place {place}",
                "both",
                rate - expected,
                None if alone else span.low - expected,
                None if alone else span.high - expected,
                queries.height,
                int(queries["answers"].sum()),
                ALONE if alone else span.method,
                "difference",
                level=level,
            )
        )
    table = queries.select([str(place) for place in places]).to_numpy()
    labels = Labels(queries["query"].to_numpy(), None, queries["family"].to_numpy())
    p = differ(np.asarray(table, dtype=np.float64), labels, seed=seed)
    return Places(tuple(shares), expected, p, int(queries["answers"].sum()))
