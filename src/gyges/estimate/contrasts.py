"""What changes from one level of a factor to another, or along all of its levels?

The answers stand in cells that share everything but the level (a query, perhaps in one of several wordings), and a
contrast is a weighted sum of a cell's levels: one level less another, or the slope over levels that are numbers. The
contrast is taken within each cell, so that what makes queries differ cancels, and averaged over queries; its variance
is clustered by query, and by wording where wordings are crossed with the queries (``clusters.py``).

The interval is Student's t over the clusters, widened on either side to what MOVER makes of the levels' own intervals
(Zou and Donner 2008, for any weights), because the few queries of a rare behaviour show too little spread and none
where nothing happened. P-values flip the signs of the queries' contrasts (Fisher 1935); with crossed wordings they are
Student's. :func:`differ` asks whether any level differs from another: it flips the signs of whole queries, so that
however the levels of one query hang together is kept. Page's test (1963, J. Am. Statist. Assoc. 58, 216-230) asks for
an order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.clusters import Layout, clustered_mean, layout
from gyges.estimate.exact import sign_flip_test
from gyges.estimate.gap import two_sided
from gyges.estimate.interval import Interval, hull, quantile
from gyges.estimate.multiplicity import holm, simultaneous_level
from gyges.estimate.power import detectable_gap_from
from gyges.estimate.rate import clustering

__all__ = [
    "Contrast",
    "Labels",
    "Span",
    "adjusted",
    "contrast",
    "detectable",
    "differ",
    "page_trend",
    "slope",
]

Floats = NDArray[np.float64]
Span = tuple[float, float, float]
"""An estimate with the lower and the upper limit of its interval."""

_FLIPS = 9_999
_EXACT_UP_TO = 12
_FEW = 8
"""Fewer clusters that differ from zero do not show how far clusters vary."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Which query, wording and family each cell belongs to; arrays of shape (cells,)."""

    query: NDArray[np.generic]
    wording: NDArray[np.generic] | None = None
    family: NDArray[np.generic] | None = None

    def layout(self, present: NDArray[np.bool_]) -> Layout:
        """Lay out the cells that have a value."""
        return layout(present, self.query, self.wording, self.family)


@dataclass(frozen=True, slots=True)
class Contrast:
    """A weighted sum of levels, averaged over queries."""

    estimate: float
    se: float | None
    """None with fewer than two clusters of queries."""
    df: float
    interval: Interval | None
    p: float | None
    """Two-sided, for no difference."""
    p_adjusted: float | None
    """The same, adjusted for what was compared together (Holm); equal to ``p`` where it stands alone."""
    queries: int

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of zero."""
        found = self.interval
        return found is not None and (found.low > 0 or found.high < 0)

    def clear(self, level: float = 0.95) -> bool:
        """Whether interval and adjusted p-value both speak against no difference."""
        p = self.p_adjusted
        return self.excludes_zero and p is not None and p < 1 - level

    def times(self, factor: float) -> Contrast:
        """Give the same contrast in another unit: a slope as the change over a range."""
        span = self.interval
        if span is not None:
            ends = sorted((span.low * factor, span.high * factor))
            span = replace(span, low=ends[0], high=ends[1])
        se = None if self.se is None else self.se * abs(factor)
        return replace(self, estimate=self.estimate * factor, se=se, interval=span)


def contrast(
    values: ArrayLike,
    weights: Sequence[float],
    labels: Labels,
    spans: Sequence[Span | None],
    *,
    bound: float = 2.0,
    level: float = 0.95,
    seed: int = 0,
) -> Contrast | None:
    """Estimate a weighted sum of levels.

    Args:
        values: Shape (cells, levels): rates, or gaps; NaN where there is none. Cells with a value at every level whose
            weight is not 0 count.
        weights: One a level.
        labels: What the cells belong to.
        spans: Each level's own estimate with its interval, for levels with a weight; None where there is none.
        bound: The largest the contrast can be.
        level: Confidence level.
        seed: Seeds the sampled sign flips.

    Returns:
        None where no cell has all the levels.

    Raises:
        EstimateError: The shapes do not fit.
    """
    table, share = _table(values, weights)
    used = share != 0
    cells = np.asarray(~np.isnan(table[:, used]).any(axis=1))
    if not cells.any():
        return None
    own = table[cells][:, used]
    kept = [span for span, there in zip(spans, used, strict=True) if there]
    way = _Way(bound, level, seed)
    return _estimate(own @ share[used], own, share[used], kept, labels.layout(cells), way)


def slope(
    values: ArrayLike,
    at: Sequence[float],
    labels: Labels,
    spans: Sequence[Span | None],
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Contrast | None:
    """Estimate the least-squares slope over levels that are numbers, cell by cell, and average it.

    Args:
        values: Shape (cells, levels); a cell counts that has a value at two levels or more.
        at: The levels.
        labels: What the cells belong to.
        spans: As in :func:`contrast`.
        level: Confidence level.
        seed: Seeds the sampled sign flips.

    Returns:
        The change for one unit; None where no cell has two levels.
    """
    table, x = _table(values, at)
    there = ~np.isnan(table)
    count = there.sum(axis=1)
    mean = np.where(there, x, 0.0).sum(axis=1) / np.maximum(count, 1)
    apart = np.where(there, x - mean[:, None], 0.0)
    squares = (apart**2).sum(axis=1)
    cells = (count > 1) & (squares > 0)
    if not cells.any():
        return None
    lines = (apart * np.where(there, table, 0.0)).sum(axis=1)[cells] / squares[cells]
    whole = x - x.mean()
    complete = cells & there.all(axis=1)
    # The correlation between levels is that of the complete cells; without any, levels count as independent.
    own = table[complete] if complete.any() else np.empty((0, x.size))
    where = labels.layout(cells)
    rows = np.flatnonzero(cells)
    inside = np.isin(rows, np.flatnonzero(complete))
    way = _Way(math.inf, level, seed)
    weights = whole / float((whole**2).sum())
    return _estimate(lines, own, weights, list(spans), where, way, inside)


def adjusted(found: Sequence[Contrast | None]) -> list[Contrast | None]:
    """Adjust the p-values of contrasts that answer one question together (Holm)."""
    ps = [math.nan if one is None or one.p is None else one.p for one in found]
    return [
        one if one is None or math.isnan(p) else replace(one, p_adjusted=float(p))
        for one, p in zip(found, holm(ps), strict=True)
    ]


def detectable(found: Contrast, *, tests: int = 1, power: float = 0.8) -> float | None:
    """Give the smallest difference that a study of this precision would find in 80 of 100 repetitions.

    Args:
        found: A contrast.
        tests: How many are adjusted together.
        power: The share of repetitions.

    Returns:
        None where none up to 1 would be found so often, or where there is no interval.
    """
    span = found.interval
    if span is None or not span.high > span.low:
        return None
    se = (span.high - span.low) / 2 / quantile(span.level, found.df)
    level = simultaneous_level(span.level, tests)
    return detectable_gap_from(se, found.df, power=power, level=level)


def differ(values: ArrayLike, labels: Labels, *, seed: int = 0) -> float | None:
    """Test whether any level differs from another.

    The statistic is the sum of squares of the levels' means around their mean; under the null the deviations of a
    query (of a family of queries) are as likely with the other sign, all together.

    Args:
        values: Shape (cells, levels); cells without NaN count.
        labels: What the cells belong to.
        seed: Seeds the sampled flips.

    Returns:
        The p-value; None with fewer than six clusters of queries, too few to reach 5 %.
    """
    table = np.asarray(values, dtype=np.float64)
    cells = np.asarray(~np.isnan(table).any(axis=1))
    if table.shape[1] < 2 or not cells.any():
        return None
    where = labels.layout(cells)
    if where.clusters < 6:
        return None
    centred = table[cells] - table[cells].mean(axis=1, keepdims=True)
    sums = np.zeros((where.clusters, table.shape[1]))
    np.add.at(sums, where.family, centred * where.weight[:, None])
    seen = float((sums.sum(axis=0) ** 2).sum()) - 1e-12
    if seen <= 0:
        return 1.0
    n = where.clusters
    if n <= _EXACT_UP_TO:
        patterns = np.arange(2 ** (n - 1), dtype=np.int64)[:, None] >> np.arange(n)
        signs = 1.0 - 2.0 * (patterns & 1)
        return float(np.mean(((signs @ sums) ** 2).sum(axis=1) >= seen))
    signs = 1.0 - 2.0 * np.random.default_rng(seed).integers(0, 2, (_FLIPS, n))
    hits = int((((signs @ sums) ** 2).sum(axis=1) >= seen).sum())
    return (hits + 1) / (_FLIPS + 1)


def page_trend(values: ArrayLike, labels: Labels) -> float | None:
    """Test for an order along the levels with Page's trend test, in either direction.

    Args:
        values: Shape (cells, levels), the levels in order. The cells of a query are averaged first; queries without
            all levels are left out.
        labels: What the cells belong to; a family of queries counts once.

    Returns:
        The two-sided p-value; None with fewer than two queries or three levels.
    """
    from scipy import stats

    table = np.asarray(values, dtype=np.float64)
    cells = np.asarray(~np.isnan(table).any(axis=1))
    if table.shape[1] < 3 or not cells.any():
        return None
    where = labels.layout(cells)
    if where.clusters < 2:
        return None
    sums = np.zeros((where.clusters, table.shape[1]))
    np.add.at(sums, where.family, table[cells] * where.weight[:, None])
    counts = np.bincount(where.family, weights=where.weight)
    # Rounding must not rank what is equal.
    means = np.round(sums / counts[:, None], 12)
    if not np.ptp(means, axis=1).any():
        return 1.0
    both = [
        float(stats.page_trend_test(table_, method="asymptotic").pvalue)
        for table_ in (means, means[:, ::-1])
    ]
    return min(1.0, 2 * min(both))


@dataclass(frozen=True, slots=True)
class _Way:
    bound: float
    level: float
    seed: int


def _table(values: ArrayLike, per_level: Sequence[float]) -> tuple[Floats, Floats]:
    table = np.asarray(values, dtype=np.float64)
    given = np.asarray(per_level, dtype=np.float64)
    if table.ndim != 2 or given.shape != (table.shape[1],):
        raise EstimateError(
            f"contrast: values of shape {table.shape} and {given.size} weights; give (cells, levels) and one a level"
        )
    return table, given


def _estimate(
    sums: Floats,
    own: Floats,
    weights: Floats,
    spans: Sequence[Span | None],
    where: Layout,
    way: _Way,
    inside: NDArray[np.bool_] | None = None,
) -> Contrast:
    mean = clustered_mean(sums, where)
    if mean.variance is None:
        return Contrast(mean.value, None, 0.0, None, None, None, where.queries)
    se = math.sqrt(mean.variance)
    half = quantile(way.level, mean.df) * se
    limits = mean.value - half, mean.value + half
    name = "paired t"
    known = [span for span in spans if span is not None]
    shares = np.bincount(where.family, weights=where.weight * sums) * where.queries
    moved = int((np.abs(shares) > 1e-12).sum())
    if moved < _FEW and len(known) == len(spans):
        related = _correlation(own, where, inside)
        limits = hull(limits, _mover(mean.value, weights, known, related))
        name = "paired t and MOVER of the levels' intervals, the wider on each side"
    interval = Interval(
        max(-way.bound, min(limits[0], mean.value)),
        min(way.bound, max(limits[1], mean.value)),
        f"{name}; {clustering(where)}",
        way.level,
    )
    if where.wordings == 1:
        p = sign_flip_test(shares, seed=way.seed)[0]
    else:
        p = two_sided(mean.value / se, mean.df) if se > 0 else 1.0
    return Contrast(mean.value, se, mean.df, interval, p, p, where.queries)


def _correlation(own: Floats, where: Layout, inside: NDArray[np.bool_] | None) -> Floats:
    """Correlate the levels' means as their clusters do; levels that do not vary correlate with none."""
    size = own.shape[1]
    weight, family, wording = where.weight, where.family, where.wording
    if inside is not None:
        weight, family, wording = weight[inside], family[inside], wording[inside]
    if not own.size or np.unique(family).size < 2:
        return np.eye(size)
    share = weight / weight.sum()
    influence = share[:, None] * (own - share @ own)

    def product(groups: NDArray[np.intp]) -> Floats:
        codes = np.unique(groups, return_inverse=True)[1]
        sums = np.zeros((int(codes.max()) + 1, size))
        np.add.at(sums, codes, influence)
        return np.asarray(sums.T @ sums, dtype=np.float64)

    found = product(family)
    if where.wordings > 1:
        found = found + product(wording) - product(family * where.wordings + wording)
    scale = np.sqrt(np.clip(np.diag(found), 0.0, None))
    outer = np.outer(scale, scale)
    related = np.divide(found, outer, out=np.zeros_like(found), where=outer > 1e-18)
    np.fill_diagonal(related, 1.0)
    return np.asarray(np.clip(related, -1.0, 1.0))


def _mover(
    estimate: float, weights: Floats, spans: Sequence[Span], related: Floats
) -> tuple[float, float]:
    value, low, high = (np.array([span[at] for span in spans]) for at in range(3))
    below = weights * np.where(weights > 0, value - low, value - high)
    above = weights * np.where(weights > 0, high - value, low - value)
    distance: Callable[[Floats], float] = lambda a: math.sqrt(max(0.0, float(a @ related @ a)))  # noqa: E731
    return estimate - distance(below), estimate + distance(above)
