"""What would the default interval say of many studies at once?

A plan asks how often :func:`gyges.estimate.gap.paired_gap` will exclude zero or lie inside a margin. Simulated
studies of one size need no labels and no reading, so their intervals are computed together, from what the interval
rests on: both arms' means and their clustered variances. The method is that of ``gap.py`` and ``rate.py``, whose
docstrings give its sources; the tests hold the two equal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gyges.estimate.interval import quantile
from gyges.estimate.rate import RARE

__all__ = ["Arms", "Floats", "Means", "crossed_means", "limits", "two_way"]

Floats = NDArray[np.float64]
_STEPS = 500
"""Points at which Student's critical values are computed; between them they are interpolated."""


@dataclass(frozen=True, slots=True)
class Means:
    """One mean a study; arrays of shape (studies,)."""

    value: Floats
    variance: Floats
    df: Floats
    """Degrees of freedom of the variance."""


@dataclass(frozen=True, slots=True)
class Arms:
    """Studies of one size, each query, wording and tier with as many samples."""

    monitored: Means
    unmonitored: Means
    gap: Means
    queries: int
    wordings: int
    samples: int

    @property
    def fewest(self) -> float:
        """The number of independent units if all variation were between those of the scarcer kind."""
        return float(self.queries if self.wordings == 1 else min(self.queries, self.wordings))

    @property
    def worth(self) -> float:
        """The answers an arm."""
        return float(self.queries * self.wordings * self.samples)


def crossed_means(values: NDArray[np.floating]) -> Means:
    """Average cells of shape (studies, queries, wordings) as :func:`gyges.estimate.clusters.clustered_mean` does."""
    studies, queries, wordings = values.shape
    mean = values.mean(axis=(1, 2), dtype=np.float64)
    rows = values.mean(axis=2, dtype=np.float64) - mean[:, None]
    by_query = (rows**2).sum(axis=1) / (queries * (queries - 1))
    by_query[by_query < 1e-15] = 0.0
    if wordings == 1:
        return Means(mean, by_query, np.full(studies, queries - 1.0))
    columns = values.mean(axis=1, dtype=np.float64) - mean[:, None]
    by_wording = (columns**2).sum(axis=1) / (wordings * (wordings - 1))
    by_wording[by_wording < 1e-15] = 0.0
    cells = queries * wordings
    squares = np.einsum("sqw,sqw->s", values, values, dtype=np.float64) - cells * mean**2
    both = np.maximum(squares, 0.0) / (cells * (cells - 1))
    return two_way(mean, by_query, by_wording, both, queries, wordings)


def two_way(
    mean: Floats, by_query: Floats, by_wording: Floats, both: Floats, queries: int, wordings: int
) -> Means:
    """Sum the two-way variance of means from what queries, wordings and cells contribute."""
    variance = np.maximum(np.maximum(by_query, by_wording), by_query + by_wording - both)
    spread = by_query**2 / (queries - 1) + by_wording**2 / (wordings - 1)
    fewest = min(queries, wordings) - 1.0
    df = np.divide(variance**2, spread, out=np.full(mean.shape, fewest), where=spread > 0)
    return Means(mean, variance, np.clip(df, fewest, queries + wordings - 2.0))


def limits(arms: Arms, level: float = 0.95) -> tuple[Floats, Floats]:
    """Compute the studies' default intervals.

    Returns:
        The lower and the upper limits, each of shape (studies,).
    """
    gap = arms.gap
    half = _critical(level, 1.0 / gap.df) * np.sqrt(gap.variance)
    low, high = np.maximum(-1.0, gap.value - half), np.minimum(1.0, gap.value + half)
    alike = gap.variance == 0
    if alike.any():
        low[alike], high[alike] = _alike(arms, gap.value[alike], level)
    other = _mover(arms, level)
    return (
        np.maximum(-1.0, np.minimum(np.minimum(low, other[0]), gap.value)),
        np.minimum(1.0, np.maximum(np.maximum(high, other[1]), gap.value)),
    )


def _critical(level: float, inverse: Floats) -> Floats:
    """Student's critical values, by the inverse of the degrees of freedom."""
    from scipy import special

    least, most = float(inverse.min()), float(inverse.max())
    if most - least < 1e-12:
        return np.full(inverse.shape, quantile(level, 1.0 / most if most > 0 else math.inf))
    points = np.linspace(least, most, min(_STEPS, inverse.size))
    with np.errstate(divide="ignore"):
        values = special.stdtrit(1.0 / points, 0.5 + level / 2)
    values[points == 0] = quantile(level)
    return np.asarray(np.interp(inverse, points, values))


def _alike(arms: Arms, value: Floats, level: float) -> tuple[Floats, Floats]:
    step = 1.0 / (arms.wordings * arms.samples)
    above, below = np.minimum(1.0, value + step), np.maximum(-1.0, value - step)
    size = arms.queries + 2
    mean = (arms.queries * value + above + below) / size
    squares = arms.queries * (value - mean) ** 2 + (above - mean) ** 2 + (below - mean) ** 2
    half = quantile(level, size - 1.0) * np.sqrt(squares / ((size - 1) * size))
    return np.maximum(-1.0, mean - half), np.minimum(1.0, mean + half)


def _mover(arms: Arms, level: float) -> tuple[Floats, Floats]:
    first, second = arms.monitored, arms.unmonitored
    shown = [_shown(arms, one) for one in (first, second)]
    a_low, a_high, a_size = _wilson(arms, first, shown[0], shown[1], level)
    b_low, b_high, b_size = _wilson(arms, second, shown[1], shown[0], level)
    a, b = first.value, second.value
    both = np.sqrt(first.variance * second.variance)
    shared = first.variance + second.variance - arms.gap.variance
    correlation = np.divide(shared, 2 * both, out=np.zeros_like(both), where=both > 0)
    spread = np.sqrt(a_size * b_size * a * (1 - a) * b * (1 - b))
    correction = np.divide(0.5, spread, out=np.full_like(spread, math.inf), where=spread > 0)
    correlation = np.where(
        correlation > 0, np.maximum(0.0, correlation - correction), correlation
    ).clip(-1.0, 1.0)

    def distance(one: Floats, other: Floats) -> Floats:
        return np.asarray(
            np.sqrt(np.maximum(0.0, one**2 - 2 * correlation * one * other + other**2))
        )

    gap = a - b
    return gap - distance(a - a_low, b_high - b), gap + distance(a_high - a, b - b_low)


def _shown(arms: Arms, found: Means) -> Floats:
    """The number of independent trials that an arm's variance amounts to; NaN where the arm cannot show it."""
    rate, variance = found.value, found.variance
    own = np.full(rate.shape, math.inf)
    np.divide(rate * (1 - rate), variance, out=own, where=variance > 0)
    return np.where((rate > 0) & (rate < 1), own.clip(arms.fewest, arms.worth), math.nan)


def _wilson(
    arms: Arms, found: Means, shown: Floats, other: Floats, level: float
) -> tuple[Floats, Floats, Floats]:
    rate, fewest = found.value, arms.fewest
    size = np.where(np.isnan(shown), other, shown)
    unknown = np.isnan(size)
    size[unknown] = fewest
    events = np.minimum(rate, 1 - rate) * size
    size = fewest * (size / fewest) ** (0.5 + 0.5 * events / (events + RARE))
    estimated = np.where(unknown, 0.0, 1.0 - size / arms.worth)
    estimated[estimated <= 1e-9] = 0.0
    z = _critical(level, estimated**2 / found.df)
    centre = rate + z**2 / (2 * size)
    half = z * np.sqrt(np.maximum(0.0, rate * (1 - rate)) / size + z**2 / (4 * size**2))
    scale = 1 + z**2 / size
    return (
        np.minimum(rate, np.maximum(0.0, (centre - half) / scale)),
        np.maximum(rate, np.minimum(1.0, (centre + half) / scale)),
        size,
    )
