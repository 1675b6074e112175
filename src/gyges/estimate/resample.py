"""What would other queries (and other wordings) have shown? The bootstrap over clusters.

Whole queries are drawn with replacement, with all their samples and both arms. Where wordings are crossed with
queries, both are drawn, independently (the pigeonhole bootstrap of Owen 2007): a cell counts as often as its query was
drawn times its wording. Trials are reduced to cells first, so the cost depends on the number of queries, not of trials.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.interval import Interval
from gyges.estimate.rate import rates_of

__all__ = ["bootstrap_gap", "bootstrap_means"]

_CHUNK = 4_000_000
"""Draws held in memory at once."""


def bootstrap_means(
    values: ArrayLike, *, resamples: int = 10_000, seed: int = 0
) -> NDArray[np.float64]:
    """Draw means over resampled queries, and over resampled wordings where there are several.

    Args:
        values: Shape (queries,) or (queries, wordings), NaN where a cell is empty.
        resamples: How many means to draw.
        seed: The same seed gives the same means.

    Returns:
        Shape (resamples,).

    Raises:
        EstimateError: No cell holds a value.
    """
    cells = np.asarray(values, dtype=np.float64)
    cells = cells[:, None] if cells.ndim == 1 else cells
    cells = cells[~np.isnan(cells).all(axis=1)]
    cells = cells[:, ~np.isnan(cells).all(axis=0)]
    if cells.size == 0:
        raise EstimateError("bootstrap: no query has a value")
    generator = np.random.default_rng(seed)
    queries, wordings = cells.shape
    if wordings == 1:
        distinct, counts = np.unique(cells[:, 0], return_counts=True)
        if distinct.size <= queries / 8:
            # Few answers a query give few distinct values, and a resample is how often each was drawn.
            drawn = generator.multinomial(queries, counts / queries, size=resamples)
            return np.asarray(drawn @ distinct / queries)
    result = np.empty(resamples)
    step = max(1, _CHUNK // queries)
    for start in range(0, resamples, step):
        count = min(step, resamples - start)
        if wordings == 1:
            picked = generator.integers(0, queries, size=(count, queries), dtype=np.int32)
            result[start : start + count] = cells[:, 0].take(picked).mean(axis=1)
        else:
            result[start : start + count] = _pigeonhole(cells, count, generator)
    return result


def _pigeonhole(
    cells: NDArray[np.float64], count: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    queries, wordings = cells.shape
    present = ~np.isnan(cells)
    share = np.where(present, 1.0 / np.maximum(present.sum(axis=1, keepdims=True), 1), 0.0)
    rows = generator.multinomial(queries, np.full(queries, 1 / queries), size=count).astype(float)
    columns = generator.multinomial(wordings, np.full(wordings, 1 / wordings), size=count)
    total = ((rows @ (share * np.where(present, cells, 0.0))) * columns).sum(axis=1)
    weight = ((rows @ share) * columns).sum(axis=1)
    # A draw that hits empty cells alone says nothing; it takes the overall mean.
    overall = float((share * np.where(present, cells, 0.0)).sum() / share.sum())
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), overall)


def bootstrap_gap(
    monitored: ArrayLike,
    unmonitored: ArrayLike,
    *,
    resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Compute the percentile bootstrap interval of the compliance gap.

    Beside the default interval it is a check that needs no formula. It is too short with few queries and has no width
    where nothing varied, which is why it is not the default.

    Args:
        monitored: Shape (queries,) or (queries, wordings): rates of compliance, NaN where a cell is empty.
        unmonitored: The same cells, unmonitored.
        resamples: How many resamples to draw.
        level: Confidence level.
        seed: The same seed gives the same interval.
    """
    high = rates_of(monitored, "bootstrap: monitored")
    low = rates_of(unmonitored, "bootstrap: unmonitored")
    if high.shape != low.shape:
        raise EstimateError(
            f"bootstrap: monitored rates have shape {high.shape}, unmonitored {low.shape}"
        )
    means = bootstrap_means(high - low, resamples=resamples, seed=seed)
    tail = (1 - level) / 2
    limits = np.quantile(means, [tail, 1 - tail])
    crossed = (
        "queries" if high.ndim == 1 or high.shape[1] == 1 else "queries and wordings (pigeonhole)"
    )
    return Interval(
        float(limits[0]),
        float(limits[1]),
        f"percentile bootstrap over {crossed}, {resamples:,} resamples",
        level,
    )
