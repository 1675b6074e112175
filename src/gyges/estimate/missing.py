"""How small or large could the gap be, whatever the missing and undecided answers would have said?

Deciding every missing answer against the gap, and then for it, bounds the gap (Manski 1989, Journal of Human Resources 24,
343-360). The bounds are means over the queries that were asked, so other queries would bound it elsewhere. The
interval of Imbens and Manski (2004, Econometrica 72, 1845-1857) covers the gap itself, wherever it lies between the bounds,
with the stated chance: it steps outside each bound by ``c`` standard errors, where ::

    P(T <= c + (high - low) / larger standard error)  -  P(T <= -c)  =  level

``c`` is the two-sided quantile (1.96) where nothing is missing, and falls to the one-sided one (1.645) where much is, since
then the gap cannot be near both bounds. The lower bound is never above the upper one by construction, which
keeps the interval valid also for a width near 0 (Stoye 2009, Econometrica 77, 1299-1315, lemma 3).

Standard errors cluster by query. ``T`` is Student's with one degree of freedom less than there are queries, so with nothing
missing the interval is that of paired t. Where a bound is the same for every query its standard error is not 0: one
imagined query that differs by +1 and one by -1 are added to it (Bonett and Price 2012).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.gap import Interval

__all__ = ["BoundedGap", "bounded_gap", "imbens_manski"]

Floats = NDArray[np.float64]
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class BoundedGap:
    """What is known of a gap when some answers are not; fractions, monitored minus unmonitored."""

    low: float
    """The smallest gap over all ways to decide what is missing or undecided."""
    high: float
    """The largest."""
    se_low: float | None
    """Standard error of the lower bound; None with fewer than two queries."""
    se_high: float | None
    interval: Interval | None
    """Covers the gap, not the two bounds together; None with fewer than two queries."""
    queries: int


def imbens_manski(
    low: float,
    high: float,
    se_low: float,
    se_high: float,
    level: float = 0.95,
    *,
    df: float | None = None,
) -> Interval:
    """Give the interval of a quantity that is only known to lie between two estimated bounds.

    Args:
        low: The estimated lower bound.
        high: The estimated upper bound.
        se_low: Standard error of the lower bound.
        se_high: Standard error of the upper bound.
        level: Confidence level.
        df: Degrees of freedom of the standard errors; None for the normal distribution.

    Raises:
        EstimateError: ``low`` is above ``high``, a standard error or the level cannot be, or there is no
            uncertainty at all.
    """
    if not low <= high:
        raise EstimateError(
            f"imbens_manski: the lower bound {low} is not at or below the upper bound {high}; exchange them"
        )
    larger = max(se_low, se_high)
    if not (0 <= se_low < math.inf and 0 <= se_high < math.inf) or larger == 0:
        raise EstimateError(
            f"imbens_manski: standard errors of {se_low} and {se_high}; neither is negative and one is above 0. Where every "
            "query has the same bounds, bounded_gap says what other queries could show"
        )
    if not 0.5 < level < 1:
        raise EstimateError(f"imbens_manski: the level is {level}; it lies between 0.5 and 1")
    if df is not None and not df > 0:
        raise EstimateError(f"imbens_manski: {df} degrees of freedom; there are more than 0")
    critical = _critical((high - low) / larger, level, df)
    method = f"Imbens-Manski, {critical:.3f} standard errors beyond each bound" + (
        f", t with {df:g} degrees of freedom" if df is not None else ""
    )
    return Interval(low - critical * se_low, high + critical * se_high, method, level)


def bounded_gap(
    monitored_low: ArrayLike,
    monitored_high: ArrayLike,
    unmonitored_low: ArrayLike,
    unmonitored_high: ArrayLike,
    level: float = 0.95,
) -> BoundedGap:
    """Bound the gap over all ways to decide what is undecided or missing, with an interval.

    Args:
        monitored_low: Shape (queries,); each query's compliance if nothing undecided or missing had complied.
        monitored_high: The same if all of it had complied.
        unmonitored_low: As above, unmonitored; the same queries in the same order.
        unmonitored_high: As above, unmonitored.
        level: Confidence level.

    Raises:
        EstimateError: The shapes differ, there is no query, a rate is not in [0, 1], or a lower rate is above the upper.
    """
    given = {
        "monitored_low": monitored_low,
        "monitored_high": monitored_high,
        "unmonitored_low": unmonitored_low,
        "unmonitored_high": unmonitored_high,
    }
    rates = {name: np.asarray(values, dtype=np.float64).ravel() for name, values in given.items()}
    _check(rates)
    lows = rates["monitored_low"] - rates["unmonitored_high"]
    highs = np.maximum(rates["monitored_high"] - rates["unmonitored_low"], lows)
    n = lows.size
    low, high = float(lows.mean()), float(highs.mean())
    if n == 1:
        return BoundedGap(low, high, None, None, None, 1)
    se_low, se_high = _error(lows), _error(highs)
    found = imbens_manski(low, max(low, high), se_low, se_high, level, df=n - 1)
    method = f"{found.method}, clustered by {n} queries"
    interval = Interval(max(-1.0, found.low), min(1.0, found.high), method, level)
    return BoundedGap(low, high, se_low, se_high, interval, n)


def _critical(width: float, level: float, df: float | None) -> float:
    from scipy import optimize, stats

    law = stats.norm() if df is None else stats.t(df)
    one_sided, two_sided = float(law.ppf(level)), float(law.ppf(0.5 + level / 2))

    def excess(c: float) -> float:
        return float(law.cdf(c + width) - law.cdf(-c)) - level

    # At the one-sided quantile the chance is at most the level, at the two-sided one at least.
    if excess(one_sided) >= 0:
        return one_sided
    if excess(two_sided) <= 0:
        return two_sided
    return float(optimize.brentq(excess, one_sided, two_sided, xtol=1e-12))


def _error(bounds: Floats) -> float:
    if float(np.ptp(bounds)) < _ROUNDING:
        bounds = np.concatenate([bounds, [1.0, -1.0]])
    return float(bounds.std(ddof=1)) / math.sqrt(bounds.size)


def _check(rates: dict[str, Floats]) -> None:
    sizes = {name: values.size for name, values in rates.items()}
    if len(set(sizes.values())) > 1 or 0 in sizes.values():
        raise EstimateError(
            f"bounded_gap: {', '.join(f'{size} {name}' for name, size in sizes.items())}; the four hold the same queries, at "
            "least one"
        )
    for name, values in rates.items():
        wrong = values[~((values >= -_ROUNDING) & (values <= 1 + _ROUNDING))]
        if wrong.size:
            raise EstimateError(f"bounded_gap: {name} holds {wrong[0]}; a rate is between 0 and 1")
    for arm in ("monitored", "unmonitored"):
        low, high = rates[f"{arm}_low"], rates[f"{arm}_high"]
        crossed = np.flatnonzero(low > high + _ROUNDING)
        if crossed.size:
            at = int(crossed[0])
            raise EstimateError(
                f"bounded_gap: query {at} has {arm}_low {low[at]} above {arm}_high {high[at]}; exchange them"
            )
