"""Do wordings that raise one figure raise another?

Pearson's correlation with Fisher's interval, Spearman's with that of Bonett and Wright (2000, Psychometrika 65:23),
and Pearson's again with a bootstrap over wordings. The number of points is the number of wordings, however many trials
stand behind each. Rates of wordings carry sampling error, which draws correlations towards zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.interval import Interval, quantile

__all__ = ["Correlation", "correlation"]

Floats = NDArray[np.float64]

_FEWEST = 4
"""With three points Fisher's interval is the whole line."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """How two figures go together over wordings."""

    pearson: float
    pearson_interval: Interval
    spearman: float
    spearman_interval: Interval
    bootstrap: Interval | None
    """Pearson's by resampling; None if too many resamples hold no spread."""
    points: int
    """Wordings."""


def correlation(
    x: ArrayLike,
    y: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = 2_000,
    seed: int = 0,
) -> Correlation:
    """Correlate two figures of the same wordings.

    Args:
        x: Shape (wordings,); wordings with NaN in either are left out.
        y: Shape (wordings,).
        level: Confidence level.
        resamples: Draws of the bootstrap; 0 for none.
        seed: Seeds the draws.

    Raises:
        EstimateError: The shapes differ, fewer than four wordings have both figures, or one figure is the same for
            all wordings.
    """
    from scipy import stats

    one, two = (np.asarray(values, dtype=np.float64).ravel() for values in (x, y))
    if one.shape != two.shape:
        raise EstimateError(
            f"correlation: {one.size} and {two.size} figures; give one of each a wording"
        )
    both = ~(np.isnan(one) | np.isnan(two))
    one, two = one[both], two[both]
    n = one.size
    if n < _FEWEST:
        raise EstimateError(
            f"correlation: {n} wordings have both figures; {_FEWEST} are needed, and below ten the interval "
            "says little"
        )
    if min(np.ptp(one), np.ptp(two)) < 1e-12:
        raise EstimateError(
            "correlation: one of the figures is the same for all wordings; it goes together with nothing"
        )
    pearson = _pearson(one, two)
    spearman = _pearson(stats.rankdata(one), stats.rankdata(two))
    z = quantile(level)
    width = 1.0 / math.sqrt(n - 3)
    rank_width = math.sqrt((1.0 + spearman**2 / 2.0) / (n - 3))
    return Correlation(
        pearson,
        _fisher(pearson, n, z * width, f"Fisher's z over {n} wordings", level),
        spearman,
        _fisher(spearman, n, z * rank_width, f"Bonett-Wright over {n} wordings", level),
        _bootstrap(one, two, pearson, level, resamples, seed),
        n,
    )


def _pearson(x: Floats, y: Floats) -> float:
    one, two = x - x.mean(), y - y.mean()
    return float(np.clip((one @ two) / math.sqrt(float(one @ one) * float(two @ two)), -1.0, 1.0))


def _fisher(r: float, n: int, half: float, method: str, level: float) -> Interval:
    # A correlation of 1 would have no width: the interval is that of the next lower value that ranks can give.
    next_lower = math.copysign(1.0 - 12.0 / (n * (n * n - 1)), r)
    centre = math.atanh(next_lower if abs(r) > 1.0 - 1e-9 else r)
    low, high = math.tanh(centre - half), math.tanh(centre + half)
    return Interval(min(low, r), max(high, r), method, level)


def _bootstrap(
    x: Floats, y: Floats, point: float, level: float, resamples: int, seed: int
) -> Interval | None:
    if resamples == 0:
        return None
    rows = np.random.default_rng(seed).integers(0, x.size, size=(resamples, x.size))
    one, two = x[rows], y[rows]
    one, two = one - one.mean(axis=1, keepdims=True), two - two.mean(axis=1, keepdims=True)
    scale = (one**2).sum(axis=1) * (two**2).sum(axis=1)
    spread = scale > 1e-24
    # Resamples in which one figure is constant have no correlation.
    if spread.mean() < 0.9:
        return None
    drawn = np.clip((one * two).sum(axis=1)[spread] / np.sqrt(scale[spread]), -1.0, 1.0)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(
        min(float(low), point), max(float(high), point), f"bootstrap over {x.size} wordings", level
    )
