"""What does a level of a factor change?

The queries that were asked under a level and under the reference level are compared with themselves, in cells that
share all else (wording, other factors). The effect on an arm's rate is a paired difference of rates, so it is
estimated as the gap itself is (``gap.py``), clustered by families of queries where they are named. The effect on the
gap is a difference of two such differences: its interval is Student's t over queries, widened on either side to what
MOVER makes of the two gaps' own intervals, because the few queries of a rare behaviour show too little spread, and
none where nothing happened. Samples of one query are never treated as independent. P-values flip the signs of the
queries' differences; those of a factor's levels are adjusted together (Holm 1979).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.clusters import clustered_mean, layout
from gyges.estimate.exact import sign_flip_p
from gyges.estimate.gap import PairedGap, paired_gap
from gyges.estimate.interval import Interval, hull, mover, student
from gyges.estimate.rate import clustering

__all__ = ["Effect", "gap_level_effects", "paired_effect", "rate_level_effects"]

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Effect:
    """A mean paired difference; a fraction, positive where the first of the two is higher."""

    estimate: float
    se: float | None
    """None with fewer than two clusters of queries."""
    interval: Interval | None
    p: float | None
    """Two-sided, for no difference."""
    p_adjusted: float | None
    """The p-value adjusted over the levels that were compared together (Holm)."""
    queries: int
    """Queries with answers under both."""


_FEW_DIFFER = 10
"""With fewer clusters that differ, a spread that is estimated from them says too little of what was not seen."""


def paired_effect(
    first: ArrayLike,
    second: ArrayLike,
    *,
    trials: tuple[ArrayLike, ArrayLike] | None = None,
    families: ArrayLike | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Effect:
    """Estimate the mean difference between two rates of the same queries, first minus second.

    Args:
        first: Shape (queries,); from 0 to 1.
        second: Shape (queries,), the same queries.
        trials: How many answers each rate is over.
        families: The family of each query; those of one family are one cluster. Each query still counts alike.
        level: Confidence level.
        seed: Seeds the sampled sign flips.

    Raises:
        EstimateError: The shapes differ, there is no query, or a rate is not in [0, 1].
    """
    found = paired_gap(first, second, trials=trials, families=families, level=level, seed=seed)
    return Effect(found.gap, found.se, found.interval, found.p, found.p, found.queries)


def rate_level_effects(
    rates: ArrayLike,
    queries: ArrayLike,
    *,
    trials: ArrayLike | None = None,
    families: ArrayLike | None = None,
    reference: int = 0,
    level: float = 0.95,
    seed: int = 0,
) -> list[Effect | None]:
    """Estimate what each level of a factor changes in an arm's rate, against one of the levels.

    Args:
        rates: Shape (cells, levels): the rate under each level of what is otherwise the same; NaN where there is none.
            Only cells that have both levels are compared, so that what else differs between the levels' trials stays
            out of the effect.
        queries: Shape (cells,): the query of each cell, any labels. A query's cells are averaged first.
        trials: Shape (cells, levels): how many answers each rate is over; one if not given.
        families: The family of each cell's query; those of one family are one cluster. Each query still counts alike.
        reference: The column that the others are compared with.
        level: Confidence level of each interval. Intervals are not adjusted for their number; p-values are.
        seed: Seeds the sampled sign flips.

    Returns:
        One effect a level, in order; None for the reference and for levels that share no cell with it.

    Raises:
        EstimateError: The shapes don't fit, a rate is not in [0, 1], or there is no such column.
    """
    table, counts = _tables(rates, trials)

    def compare(at: int, cells: NDArray[np.bool_], code: Codes, family: Codes) -> Effect:
        means = [_by_query(table[cells, column], code) for column in (at, reference)]
        answers = [np.bincount(code, counts[cells, column]) for column in (at, reference)]
        return paired_effect(
            means[0],
            means[1],
            trials=(answers[0], answers[1]),
            families=family,
            level=level,
            seed=seed,
        )

    return _against(~np.isnan(table), queries, families, reference, compare)


def gap_level_effects(
    monitored: ArrayLike,
    unmonitored: ArrayLike,
    queries: ArrayLike,
    *,
    trials: tuple[ArrayLike, ArrayLike] | None = None,
    families: ArrayLike | None = None,
    reference: int = 0,
    level: float = 0.95,
    seed: int = 0,
) -> list[Effect | None]:
    """Estimate what each level of a factor changes in the gap, against one of the levels.

    Args:
        monitored: Shape (cells, levels), as in :func:`rate_level_effects`.
        unmonitored: The same cells, unmonitored. Only cells that have both levels in both arms are compared.
        queries: Shape (cells,): the query of each cell.
        trials: How many answers each rate is over, monitored and unmonitored.
        families: The family of each cell's query; those of one family are one cluster. Each query still counts alike.
        reference: The column that the others are compared with.
        level: Confidence level of each interval.
        seed: Seeds the sampled sign flips.

    Returns:
        One effect a level, between -2 and 2; None as in :func:`rate_level_effects`.

    Raises:
        EstimateError: As :func:`rate_level_effects`.
    """
    arms = [
        _tables(rates, None if trials is None else trials[at])
        for at, rates in enumerate((monitored, unmonitored))
    ]
    if arms[0][0].shape != arms[1][0].shape:
        raise EstimateError(
            f"level effects: monitored rates have shape {arms[0][0].shape}, unmonitored {arms[1][0].shape}"
        )

    def compare(at: int, cells: NDArray[np.bool_], code: Codes, family: Codes) -> Effect:
        rates, gaps, sizes = [], [], []
        for column in (at, reference):
            means = [_by_query(table[cells, column], code) for table, _ in arms]
            answers = [np.bincount(code, counts[cells, column]) for _, counts in arms]
            rates.append(means[0] - means[1])
            sizes += [float(count.mean()) for count in answers]
            gaps.append(
                paired_gap(
                    means[0],
                    means[1],
                    trials=(answers[0], answers[1]),
                    families=family,
                    level=level,
                    seed=seed,
                )
            )
        both = (gaps[0], gaps[1])
        return _difference(rates[0] - rates[1], family, both, min(sizes), level, seed)

    there = ~(np.isnan(arms[0][0]) | np.isnan(arms[1][0]))
    return _against(there, queries, families, reference, compare)


def _difference(
    differences: Floats,
    family: Codes,
    gaps: tuple[PairedGap, PairedGap],
    answers: float,
    level: float,
    seed: int,
) -> Effect:
    """Take one gap less the other; ``answers`` is how many there are of a query in the arm with the fewest."""
    first, second = gaps
    estimate, n = float(differences.mean()), differences.size
    if first.interval is None or second.interval is None or first.se is None or second.se is None:
        return Effect(estimate, None, None, None, None, n)
    where = layout(np.ones(n, dtype=np.bool_), families=family)
    mean = clustered_mean(differences, where)
    se = math.sqrt(mean.variance or 0.0)
    correlation = 0.0
    if first.se > 0 and second.se > 0:
        correlation = (first.se**2 + second.se**2 - se**2) / (2 * first.se * second.se)
    limits = mover(
        (first.gap, first.interval.low, first.interval.high),
        (second.gap, second.interval.low, second.interval.high),
        min(1.0, max(-1.0, correlation)),
    )
    if se > 0:
        limits = hull(limits, student(estimate, se, mean.df, level=level, bound=2.0))
    clusters = np.bincount(where.family, weights=differences) / np.bincount(where.family)
    if np.count_nonzero(clusters) < _FEW_DIFFER:
        # That hardly any query differs may be chance: one imagined answer more each way (Bonett and Price 2012).
        step = 1.0 / max(1.0, answers)
        padded = np.append(clusters, [estimate + step, estimate - step])
        spread = float(padded.std(ddof=1)) / math.sqrt(padded.size)
        center = float(padded.mean())
        limits = hull(limits, student(center, spread, padded.size - 1.0, level=level, bound=2.0))
    interval = Interval(
        max(-2.0, min(limits[0], estimate)),
        min(2.0, max(limits[1], estimate)),
        f"paired t and MOVER of the two gaps' intervals, the wider on each side; {clustering(where)}",
        level,
    )
    p = sign_flip_p(np.bincount(where.family, weights=differences), seed=seed)
    return Effect(estimate, se, interval, p, p, n)


def _tables(rates: ArrayLike, trials: ArrayLike | None) -> tuple[Floats, Floats]:
    table = np.asarray(rates, dtype=np.float64)
    counts = np.ones_like(table) if trials is None else np.asarray(trials, dtype=np.float64)
    if table.ndim != 2 or counts.shape != table.shape:
        raise EstimateError(
            f"level effects: rates of shape {table.shape} with trials of shape {counts.shape}; both are (cells, levels)"
        )
    return table, counts


def _by_query(values: Floats, code: NDArray[np.intp]) -> Floats:
    return np.asarray(np.bincount(code, values) / np.bincount(code), dtype=np.float64)


def _against(
    there: NDArray[np.bool_],
    queries: ArrayLike,
    families: ArrayLike | None,
    reference: int,
    compare: Callable[[int, NDArray[np.bool_], Codes, Codes], Effect],
) -> list[Effect | None]:
    """Compare every level with the reference in the cells that have both, and adjust the p-values."""
    from gyges.estimate.multiplicity import holm

    labels = np.asarray(queries).ravel()
    clusters = labels if families is None else np.asarray(families).ravel()
    for name, column in (("queries", labels), ("families", clusters)):
        if column.size != there.shape[0]:
            raise EstimateError(f"level effects: {column.size} {name} for {there.shape[0]} cells")
    if not 0 <= reference < there.shape[1]:
        raise EstimateError(
            f"level effects: reference {reference}; allowed: 0 to {there.shape[1] - 1}"
        )
    found: list[Effect | None] = []
    for at in range(there.shape[1]):
        cells = there[:, at] & there[:, reference]
        if at == reference or not cells.any():
            found.append(None)
        else:
            _, first, code = np.unique(labels[cells], return_index=True, return_inverse=True)
            family = np.unique(clusters[cells][first], return_inverse=True)[1]
            found.append(compare(at, cells, code, family))
    ps = [float("nan") if effect is None or effect.p is None else effect.p for effect in found]
    adjusted = [None if math.isnan(p) else float(p) for p in holm(ps)]
    return [
        None if effect is None else replace(effect, p_adjusted=p)
        for effect, p in zip(found, adjusted, strict=True)
    ]
