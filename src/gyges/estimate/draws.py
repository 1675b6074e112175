"""Is one wording off the others, and do the others change with their distance from it?

Wordings are draws from more that could have been written, and each has been put to the same queries. So a statement
about **a** wording must count two kinds of chance: other queries could have been asked (the contrast is clustered by
query), and another wording drawn (its gap is compared with how far the others lie apart, as a prediction interval
does). Each gives an interval, and the wider limit on each side is reported; of the two p-values the larger.

The spread of the other wordings' gaps holds the chance of their answers as well, which a wording that was put to the
same queries as often shares, so nothing need be taken apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.estimate.contrasts import Contrast, Labels, Span, contrast
from gyges.estimate.gap import two_sided
from gyges.estimate.interval import Interval, quantile

__all__ = ["halves", "line", "one_off"]

Floats = NDArray[np.float64]


def one_off(
    values: ArrayLike,
    one: int,
    labels: Labels,
    spans: Sequence[Span | None],
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Contrast | None:
    """Compare one wording with the mean of the others.

    Args:
        values: Shape (cells, wordings): gaps, NaN where there is none. The other wordings of a cell are averaged over
            those that it has.
        one: The column of the wording in question.
        labels: Which query each cell belongs to.
        spans: The wording's own gap and the gap over all others, with their intervals.
        level: Confidence level.
        seed: Seeds the sampled sign flips.

    Returns:
        The wording's gap minus the others'; None with fewer than three others, or without a cell that has it.
    """
    table = np.asarray(values, dtype=np.float64)
    others = np.delete(table, one, axis=1)
    there = ~np.isnan(others)
    mean = _mean(others, there)
    by_query = contrast(
        np.column_stack([table[:, one], mean]), [1.0, -1.0], labels, spans, level=level, seed=seed
    )
    # Each wording against the mean of its cells, so that wordings asked in other queries can be compared.
    offsets = _mean((others - mean[:, None]).T, there.T)
    offsets = offsets[~np.isnan(offsets)]
    if by_query is None or offsets.size < 3:
        return None
    n = offsets.size
    se = float(offsets.std(ddof=1)) * math.sqrt(1 + 1 / n)
    return _wider(by_query, se, n - 1.0, f"and as far as {n} other wordings lie apart", level)


def line(
    values: ArrayLike,
    x: ArrayLike,
    labels: Labels,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Contrast | None:
    """Estimate the least-squares slope of the wordings' gaps over a property of them.

    Args:
        values: Shape (cells, wordings).
        x: Shape (wordings,): the property, such as the distance.
        labels: Which query each cell belongs to.
        level: Confidence level.
        seed: Seeds the sampled sign flips.

    Returns:
        The change for one unit; None with fewer than four wordings, or where the property or the gap does not vary.
    """
    table, at = np.asarray(values, dtype=np.float64), np.asarray(x, dtype=np.float64)
    means, kept = _offsets(table)
    at = at[kept]
    if means.size < 4 or np.ptp(at) == 0:
        return None
    apart = at - at.mean()
    squares = float((apart**2).sum())
    slope = float(apart @ means) / squares
    rest = means - means.mean() - slope * apart
    se = math.sqrt(float(rest @ rest) / (means.size - 2) / squares)
    there = ~np.isnan(table[:, kept])
    # What a cell lacks stands at the mean of what it has.
    filled = np.where(there, table[:, kept], _mean(table[:, kept], there)[:, None])
    sums = (filled @ (apart / squares))[:, None]
    found = contrast(sums, [1.0], labels, [None], bound=math.inf, level=level, seed=seed)
    if found is None or not (found.se or se):
        return None
    return _wider(found, se, means.size - 2.0, "and over wordings", level)


def halves(
    values: ArrayLike,
    near: ArrayLike,
    labels: Labels,
    spans: Sequence[Span | None],
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Contrast | None:
    """Compare some wordings with the others (Welch's test over wordings, and clustered by query).

    Args:
        values: Shape (cells, wordings).
        near: Shape (wordings,): which ones.
        labels: Which query each cell belongs to.
        spans: The gap over these and the gap over the others, with their intervals.
        level: Confidence level.
        seed: Seeds the sampled sign flips.

    Returns:
        Their mean gap minus that of the others; None with fewer than two on either side.
    """
    table = np.asarray(values, dtype=np.float64)
    means, kept = _offsets(table)
    inside = np.asarray(near, dtype=np.bool_)[kept]
    a, b = means[inside], means[~inside]
    if min(a.size, b.size) < 2:
        return None
    parts = a.var(ddof=1) / a.size, b.var(ddof=1) / b.size
    total = float(sum(parts))
    df = (
        total**2 / float(parts[0] ** 2 / (a.size - 1) + parts[1] ** 2 / (b.size - 1))
        if total > 0
        else float(min(a.size, b.size) - 1)
    )
    sides = [table[:, kept][:, side] for side in (inside, ~inside)]
    columns = np.column_stack([_mean(side, ~np.isnan(side)) for side in sides])
    found = contrast(columns, [1.0, -1.0], labels, spans, level=level, seed=seed)
    if found is None:
        return None
    return _wider(found, math.sqrt(total), df, "and over wordings", level)


def _mean(table: Floats, there: NDArray[np.bool_]) -> Floats:
    count = there.sum(axis=1)
    sums = np.where(there, table, 0.0).sum(axis=1)
    return np.asarray(np.divide(sums, count, out=np.full(count.shape, np.nan), where=count > 0))


def _offsets(table: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Give each wording's mean, less that of the cells it was asked in, and which wordings have one."""
    there = ~np.isnan(table)
    mean = _mean(table, there)
    offsets = _mean((table - mean[:, None]).T, there.T)
    kept = np.flatnonzero(~np.isnan(offsets))
    return offsets[kept], kept


def _wider(found: Contrast, se: float, df: float, how: str, level: float) -> Contrast:
    """Widen what is clustered by query to what the wordings' own spread gives."""
    span = found.interval
    if span is None or found.se is None or found.p is None:
        return found
    half = quantile(level, df) * se
    low, high = min(span.low, found.estimate - half), max(span.high, found.estimate + half)
    other = two_sided(found.estimate / se, df) if se > 0 else found.p
    p = max(found.p, other)
    wide = half > (span.high - span.low) / 2
    interval = Interval(low, high, f"{span.method}, {how}", level)
    return replace(
        found,
        se=max(se, found.se),
        df=df if wide else found.df,
        interval=interval,
        p=p,
        p_adjusted=p,
    )
