"""How often does the subject comply in one arm, and how sure is that?

The rate is the mean over queries of per-query rates. Its interval is Wilson's, with the effective number of trials:
the number of independent trials that would have the variance which the clustering shows (Kish's design effect). So ten
samples of one query count as little as they vary together, and a rate of 0 or 1 has an interval.

The effective number is itself estimated. It is never more than the trials nor less than the clusters; an arm in which
hardly anything happened cannot show how strongly its queries cluster, so its number is drawn half-way (on the
logarithmic scale) towards the clusters; and the critical value is Student's in so far as the number was estimated.
``benchmarks/bench_coverage.py`` measures what comes of that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.clusters import ClusteredMean, Floats, Layout, clustered_mean, layout
from gyges.estimate.interval import Interval, wilson

__all__ = [
    "RARE",
    "Arm",
    "arm",
    "arm_interval",
    "clustered_rate",
    "clustering",
    "rates_of",
    "shown_size",
    "trials_of",
]

RARE = 0.3
"""How many events count half in the trust that an arm's own design effect deserves."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What one arm shows."""

    mean: ClusteredMean
    worth: float
    """Trials of equal weight that would have the same variance if all were independent; infinite where the rates
    were not counted from single answers."""

    @property
    def rate(self) -> float:
        """The rate of compliance, held inside [0, 1] against rounding."""
        return min(1.0, max(0.0, self.mean.value))


def rates_of(values: ArrayLike, name: str) -> Floats:
    """Read rates of compliance; NaN stands for a cell without any.

    Raises:
        EstimateError: A rate is not in [0, 1].
    """
    array = np.asarray(values, dtype=np.float64)
    bad = array[(array < 0.0) | (array > 1.0)]
    if bad.size:
        raise EstimateError(f"{name} holds {bad[0]}; a rate of compliance is between 0 and 1")
    return array


def trials_of(values: ArrayLike, present: NDArray[np.bool_], name: str) -> Floats:
    """Read the numbers of answers behind the rates that are present.

    Raises:
        EstimateError: Another shape, or a rate without an answer.
    """
    counts = np.asarray(values, dtype=np.float64)
    if counts.shape != present.shape or not bool((counts[present] >= 1).all()):
        raise EstimateError(f"{name}: each rate needs its number of answers, at least 1")
    return counts[present]


def arm(values: Floats, trials: Floats | None, where: Layout) -> Arm:
    """Average one arm's rates, of shape (cells,)."""
    mean = clustered_mean(values, where)
    worth = math.inf if trials is None else float(1.0 / (where.weight**2 / trials).sum())
    return Arm(mean, worth)


def shown_size(found: Arm) -> float | None:
    """Give the number of independent trials that the arm's variance amounts to; None where the arm cannot show it."""
    variance, rate = found.mean.variance, found.rate
    if variance is None or not 0.0 < rate < 1.0:
        return None
    if variance == 0.0:
        # Queries that vary less than independent answers would do not cluster.
        return None if math.isinf(found.worth) else found.worth
    return min(max(rate * (1 - rate) / variance, float(found.mean.fewest)), found.worth)


def arm_interval(
    found: Arm, other: Arm | None = None, *, level: float = 0.95
) -> tuple[float, float, float]:
    """Compute an arm's Wilson interval.

    Args:
        found: The arm.
        other: The other arm of the contrast, whose design effect stands in where nothing varied in this one.
        level: Confidence level.

    Returns:
        The lower limit, the upper limit and the effective number of trials.
    """
    fewest = float(found.mean.fewest)
    size = shown_size(found)
    if size is None:
        shown = None if other is None else shown_size(other)
        if shown is None or other is None or math.isinf(other.worth):
            # Nothing is known of the design effect, so the worst is assumed; that is no estimate.
            return *wilson(found.rate, fewest, level=level), fewest
        size = min(max(found.worth * shown / other.worth, fewest), found.worth)
    events = min(found.rate, 1 - found.rate) * size
    trust = 0.5 + 0.5 * events / (events + RARE)
    size = fewest * (size / fewest) ** trust
    # The share of the variance that was estimated from the spread of clusters rather than known from counts.
    estimated = 1.0 - size / found.worth
    df = found.mean.df / estimated**2 if estimated > 1e-9 else math.inf
    low, high = wilson(found.rate, size, level=level, df=df)
    return low, high, size


def clustered_rate(
    rates: ArrayLike,
    trials: ArrayLike | None = None,
    *,
    queries: ArrayLike | None = None,
    wordings: ArrayLike | None = None,
    families: ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[float, Interval]:
    """Estimate a compliance rate from the rates of queries (or of cells of query and wording).

    Args:
        rates: Shape (queries,), (queries, wordings) or, with labels, (cells,): mean compliance from 0 to 1; NaN where
            there is none.
        trials: The same shape: how many answers each mean is over. None where rates were not counted from answers
            (probabilities, grades): then they may vary less than counts do.
        queries: One label a cell; the first axis if None.
        wordings: One label a cell, or one for each of the second axis.
        families: One label a cell, or one a query; queries of one family are one cluster.
        level: Confidence level.

    Returns:
        The rate and its interval.

    Raises:
        EstimateError: There is no query, or a rate is not in [0, 1].
    """
    values = rates_of(rates, "clustered_rate: rates")
    present = ~np.isnan(values)
    where = layout(present, queries, wordings, families)
    counts = None if trials is None else trials_of(trials, present, "clustered_rate: trials")
    found = arm(values[present], counts, where)
    low, high, size = arm_interval(found, level=level)
    total = "trials" if counts is None else f"of {counts.sum():.0f} trials"
    method = f"Wilson with {size:.1f} effective {total}, {clustering(where)}"
    return found.rate, Interval(low, high, method, level)


def clustering(where: Layout) -> str:
    """Say in words what the clusters are."""
    by = f"clustered by {where.queries} queries"
    if where.clusters != where.queries:
        by += f" in {where.clusters} families"
    return by if where.wordings == 1 else f"{by} and {where.wordings} wordings"
