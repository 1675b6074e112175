"""How often does the subject comply in one arm, and how sure is that?

The rate is the mean over queries of per-query rates. Its interval is Wilson's, with the effective number of trials:
the number of independent trials that would have the standard error which the clustering by query shows
(Kish's design effect), never less than the number of queries and never more than the number of trials. So ten
samples of one query count as little as they vary together, and a rate of 0 or 1 has an interval.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from gyges.errors import EstimateError
from gyges.estimate.gap import Interval

__all__ = ["clustered_rate", "wilson"]


def wilson(rate: float, n: float, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval (1927) for a proportion.

    Args:
        rate: The observed proportion.
        n: The number of independent trials; may be a fraction (an effective number).
        level: Confidence level.
    """
    from scipy import stats

    z = float(stats.norm.ppf(0.5 + level / 2))
    centre = rate + z * z / (2 * n)
    half = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def clustered_rate(
    rates: ArrayLike, trials: ArrayLike, *, level: float = 0.95
) -> tuple[float, Interval]:
    """Estimate a compliance rate from per-query rates.

    Args:
        rates: Shape (queries,); each query's mean compliance, from 0 to 1.
        trials: Shape (queries,); how many trials each mean is over.
        level: Confidence level.

    Returns:
        The rate and its interval.

    Raises:
        EstimateError: There is no query.
    """
    values = np.asarray(rates, dtype=np.float64).ravel()
    counts = np.asarray(trials, dtype=np.float64).ravel()
    queries = values.size
    if queries == 0:
        raise EstimateError("clustered_rate: there is no query")
    rate = float(values.mean())
    total = float(counts.sum())
    effective = float(queries)
    if queries > 1 and 0.0 < rate < 1.0:
        variance = float(values.var(ddof=1)) / queries
        effective = rate * (1 - rate) / variance if variance > 0 else total
        effective = min(max(effective, float(queries)), total)
    low, high = wilson(rate, effective, level=level)
    method = f"Wilson with {effective:.1f} effective of {total:.0f} trials, clustered by {queries} queries"
    return rate, Interval(min(low, rate), max(high, rate), method, level)
