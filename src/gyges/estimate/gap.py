"""How much more often does the subject comply when monitored, and how sure is that?

The unit is the query: each query is asked under both tiers, so the gap is the mean over queries of the paired
difference of compliance rates, and its standard error is clustered by query (Miller 2024, "Adding error bars to evals",
arXiv 2411.00640), and by wording where wordings vary (``clusters.py``). The samples of one query are never treated as
independent.

Two intervals are computed, and the wider limit on each side is reported. Student's t over the clusters is right where
gaps are moderate, whatever their distribution; but where a behaviour is rare, the spread of a few queries says too
little (with 10 queries and rates of 1 and 6 %, it covers in half of all studies), and where nothing happened it has no
width. MOVER puts the gap's interval together from the two arms' Wilson intervals (``rate.py``) and the correlation
between them; it knows that 0 of 120 is not 0. ``benchmarks/bench_coverage.py`` measures what coverage comes of that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gyges.errors import EstimateError
from gyges.estimate.clusters import ClusteredMean, Floats, clustered_mean, layout
from gyges.estimate.exact import sign_flip_test
from gyges.estimate.interval import Interval, hull, mover, student
from gyges.estimate.rate import Arm, arm, arm_interval, clustering, rates_of, trials_of

__all__ = ["PairedGap", "paired_gap"]


@dataclass(frozen=True, slots=True)
class PairedGap:
    """A compliance gap with its uncertainty; everything is a fraction, monitored minus unmonitored."""

    gap: float
    se: float | None
    """Cluster-robust standard error; None with fewer than two clusters of queries."""
    df: float
    """Degrees of freedom of the standard error."""
    interval: Interval | None
    """None with fewer than two clusters of queries."""
    p: float | None
    """Two-sided p-value for no difference; None with fewer than two clusters of queries."""
    p_method: str
    """How the p-value was computed."""
    queries: int


def paired_gap(
    monitored: ArrayLike,
    unmonitored: ArrayLike,
    *,
    trials: tuple[ArrayLike, ArrayLike] | None = None,
    queries: ArrayLike | None = None,
    wordings: ArrayLike | None = None,
    families: ArrayLike | None = None,
    level: float = 0.95,
    seed: int = 0,
    test: bool = True,
) -> PairedGap:
    """Estimate the compliance gap from paired rates of queries (or of cells of query and wording).

    Args:
        monitored: Shape (queries,), (queries, wordings) or, with labels, (cells,): mean compliance when monitored, from
            0 to 1; NaN where there is none.
        unmonitored: The same cells, unmonitored. A cell counts where both arms have a rate.
        trials: How many answers each rate is over, monitored and unmonitored, in the same shape. None where rates were
            not counted from answers (probabilities read from log-probabilities, grades).
        queries: One label a cell; the first axis if None.
        wordings: One label a cell, or one for each of the second axis. Those with the same label are one cluster.
        families: One label a cell, or one a query; queries of one family are one cluster.
        level: Confidence level.
        seed: Seeds the sampled sign flips that are used beyond 16 clusters.
        test: Compute the p-value too; without it a call takes a fraction of the time.

    Raises:
        EstimateError: The shapes differ, no cell has a rate in both arms, or a rate is not in [0, 1].
    """
    high = rates_of(monitored, "paired_gap: monitored")
    low = rates_of(unmonitored, "paired_gap: unmonitored")
    if high.shape != low.shape:
        raise EstimateError(
            f"paired_gap: monitored rates have shape {high.shape}, unmonitored {low.shape}; the arms must hold the "
            "same queries (and wordings) in the same order"
        )
    paired = ~np.isnan(high) & ~np.isnan(low)
    if not paired.any():
        raise EstimateError("paired_gap: no query has trials in both tiers")
    where = layout(paired, queries, wordings, families)
    differences = high[paired] - low[paired]
    mean = clustered_mean(differences, where)
    if mean.variance is None:
        return PairedGap(mean.value, None, 0.0, None, None, "", where.queries)
    se = math.sqrt(mean.variance)
    counts = (
        (None, None)
        if trials is None
        else tuple(
            trials_of(values, paired, f"paired_gap: trials {name}")
            for name, values in zip(("monitored", "unmonitored"), trials, strict=True)
        )
    )
    arms = [
        arm(rates[paired], count, where) for rates, count in zip((high, low), counts, strict=True)
    ]
    if se > 0:
        limits = student(mean.value, se, mean.df, level=level)
        name = "paired t and MOVER of the arms' Wilson intervals, the wider on each side"
    else:
        limits = _alike(mean, arms, level)
        name = (
            "all queries differ alike: paired t with one imagined answer more each way (Bonett-Price) and MOVER of the "
            "arms' Wilson intervals, the wider on each side"
        )
    both = hull(limits, _mover(mean, arms, level))
    interval = Interval(
        max(-1.0, min(both[0], mean.value)),
        min(1.0, max(both[1], mean.value)),
        f"{name}; {clustering(where)}",
        level,
    )
    p, how = _p_value(mean, se, differences, seed) if test else (None, "")
    return PairedGap(mean.value, se, mean.df, interval, p, how, where.queries)


def _mover(mean: ClusteredMean, arms: list[Arm], level: float) -> tuple[float, float]:
    monitored, unmonitored = arms
    first = arm_interval(monitored, unmonitored, level=level)
    second = arm_interval(unmonitored, monitored, level=level)
    one, other = monitored.mean.variance or 0.0, unmonitored.mean.variance or 0.0
    # Var(m - u) = Var(m) + Var(u) - 2 Cov(m, u) gives the correlation between the arms' rates; a few queries may show
    # too much of it, whence Newcombe's continuity correction.
    correlation = 0.0
    if one > 0 and other > 0:
        correlation = (one + other - (mean.variance or 0.0)) / (2 * math.sqrt(one * other))
    if correlation > 0:
        spread = math.prod(found.rate * (1 - found.rate) for found in arms)
        correlation = max(0.0, correlation - 1 / (2 * math.sqrt(first[2] * second[2] * spread)))
    return mover(
        (monitored.rate, first[0], first[1]),
        (unmonitored.rate, second[0], second[1]),
        min(1.0, max(-1.0, correlation)),
    )


def _alike(mean: ClusteredMean, arms: list[Arm], level: float) -> tuple[float, float]:
    """Compute the t interval of Bonett and Price (2012), taken over clusters: the data and two imagined clusters.

    In one of them a single answer more complies when monitored, in the other one less.
    """
    clusters = mean.layout.clusters
    answers = [max(1.0, found.worth / clusters) for found in arms if math.isfinite(found.worth)]
    step = 1.0 / min(answers, default=1.0)
    imagined = [min(1.0, mean.value + step), max(-1.0, mean.value - step)]
    padded = np.array([mean.value] * clusters + imagined)
    se = float(padded.std(ddof=1)) / math.sqrt(padded.size)
    return student(float(padded.mean()), se, padded.size - 1.0, level=level)


def _p_value(mean: ClusteredMean, se: float, differences: Floats, seed: int) -> tuple[float, str]:
    where = mean.layout
    if where.wordings == 1:
        return sign_flip_test(
            np.bincount(where.family, weights=where.weight * differences) * where.queries, seed=seed
        )
    # Flipping whole queries would treat the wordings at hand as all there are.
    if se == 0:
        # All cells differ alike: as improbable as that is for as many coins as there are of the scarcer clusters.
        scarcer = where.family if where.clusters <= where.wordings else where.wording
        count = int(scarcer.max()) + 1
        return sign_flip_test(
            np.bincount(scarcer, weights=where.weight * differences) * count, seed=seed
        )
    return two_sided(mean.value / se, mean.df), f"t with {mean.df:.1f} degrees of freedom"


def two_sided(t: float, df: float) -> float:
    """Give the two-sided p-value of a t statistic."""
    from scipy import special

    return float(2 * special.stdtr(df, -abs(t)))
