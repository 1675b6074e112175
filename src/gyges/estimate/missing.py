"""How small or large could the gap be, whatever the missing and undecided answers would have said?

Deciding every missing answer against the gap, and then for it, bounds the gap (Manski 1989, Journal of Human
Resources 24, 343-360). The bounds are means over the queries that were asked, so other queries would bound it
elsewhere. The interval of Imbens and Manski (2004, Econometrica 72, 1845-1857) covers the gap itself, wherever it
lies between the bounds, with the stated chance: it steps outside each bound by ``c`` standard errors, where ::

    P(T <= c + (high - low) / larger standard error)  -  P(T <= -c)  =  level

``c`` is the two-sided quantile (1.96) where nothing is missing, and falls to the one-sided one (1.645) where much is,
since then the gap cannot be near both bounds. The lower bound is never above the upper one by construction, which
keeps the interval valid also for a width near 0 (Stoye 2009, Econometrica 77, 1299-1315, lemma 3).

The step is taken with the interval of the gap itself (``gap.py``), not with a standard error alone, which says too
little where a behaviour is rare. Each bound is the gap of rates that could have been observed, so it has such an
interval; the standard errors in the equation are those that this interval amounts to (its longer side over the
quantile of Student's t), and the limits reported are the lower one of the lower bound and the upper one of the upper
bound, at the level at which t would step out by ``c``: 95 % where nothing is missing, so that the interval is then
that of the gap, falling to 90 %, of which either limit alone holds with 95 %.

In 144 simulated cells of 600 studies (8, 20 or 40 queries, 1 or 5 answers each, rates from .01 to .5, none, 5 or 30 %
of the answers open) it covered a gap at either bound in 92.5 to 100 % (mean 96.9); with t alone that was 88 to 100 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.gap import PairedGap, paired_gap
from gyges.estimate.interval import Interval, quantile

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
    """Standard error that the lower bound's own interval amounts to; at least its cluster-robust one. None with fewer
    than two clusters of queries."""
    se_high: float | None
    """The same of the upper bound."""
    interval: Interval | None
    """Covers the gap, not the two bounds together; None with fewer than two clusters of queries."""
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
            f"imbens_manski: standard errors of {se_low} and {se_high}; neither is negative and one is above 0. "
            "Where every query has the same bounds, bounded_gap says what other queries could show"
        )
    _check_level(level, "imbens_manski")
    if df is not None and not df > 0:
        raise EstimateError(f"imbens_manski: {df} degrees of freedom; there are more than 0")
    critical = _critical((high - low) / larger, level, math.inf if df is None else df)
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
    *,
    trials: tuple[ArrayLike, ArrayLike] | None = None,
    queries: ArrayLike | None = None,
    wordings: ArrayLike | None = None,
    families: ArrayLike | None = None,
) -> BoundedGap:
    """Bound the gap over all ways to decide what is undecided or missing, with an interval.

    Given what :func:`paired_gap` is given, the interval is that function's where nothing is missing.

    Args:
        monitored_low: Shape (queries,), (queries, wordings) or, with labels, (cells,): compliance, from 0 to 1, if
            nothing undecided or missing had complied; NaN where nothing was asked.
        monitored_high: The same if all of it had complied.
        unmonitored_low: As above, unmonitored; the same cells in the same order.
        unmonitored_high: As above, unmonitored.
        level: Confidence level.
        trials: How many trials each cell is over, monitored and unmonitored, missing ones too. None where rates were
            not counted from answers.
        queries: One label a cell; the first axis if None.
        wordings: One label a cell, or one for each of the second axis. Those with the same label are one cluster.
        families: One label a cell, or one a query; queries of one family are one cluster.

    Raises:
        EstimateError: The shapes differ, there is no query, a rate is not in [0, 1], or a lower rate is above the
            upper.
    """
    _check_level(level, "bounded_gap")
    rates = _read(
        {
            "monitored_low": monitored_low,
            "monitored_high": monitored_high,
            "unmonitored_low": unmonitored_low,
            "unmonitored_high": unmonitored_high,
        }
    )

    def ends(at: float) -> tuple[PairedGap, PairedGap]:
        lower, upper = (
            paired_gap(
                rates[f"monitored_{own}"],
                rates[f"unmonitored_{other}"],
                trials=trials,
                queries=queries,
                wordings=wordings,
                families=families,
                level=at,
                test=False,
            )
            for own, other in (("low", "high"), ("high", "low"))
        )
        return lower, upper

    lower, upper = ends(level)
    low, high = lower.gap, max(lower.gap, upper.gap)
    if lower.interval is None or upper.interval is None:
        return BoundedGap(low, high, None, None, None, lower.queries)
    se_low, se_high = _error(lower, lower.interval), _error(upper, upper.interval)
    df = min(lower.df, upper.df)
    critical, beyond = quantile(level, df), level
    if high > low:
        critical = _critical((high - low) / max(se_low, se_high), level, df)
        beyond = min(level, 2 * _chance(critical, df) - 1)
        lower, upper = ends(beyond)
    assert lower.interval is not None
    assert upper.interval is not None
    interval = Interval(
        lower.interval.low,
        max(low, upper.interval.high),
        f"Imbens-Manski, {critical:.3f} standard errors beyond each bound: the outer limits of their {beyond:.1%} "
        f"intervals ({lower.interval.method})",
        level,
    )
    return BoundedGap(low, high, se_low, se_high, interval, lower.queries)


def _error(found: PairedGap, interval: Interval) -> float:
    """Give the standard error that an interval amounts to, on its longer side."""
    reach = max(found.gap - interval.low, interval.high - found.gap)
    return max(found.se or 0.0, reach / quantile(interval.level, found.df))


def _critical(width: float, level: float, df: float) -> float:
    """Solve Imbens and Manski's equation for ``c``, with the bounds ``width`` standard errors apart."""
    from scipy import optimize

    one_sided, two_sided = quantile(2 * level - 1, df), quantile(level, df)

    def excess(c: float) -> float:
        return _chance(c + width, df) - _chance(-c, df) - level

    # At the one-sided quantile the chance is at most the level, at the two-sided one at least.
    if excess(one_sided) >= 0:
        return one_sided
    if excess(two_sided) <= 0:
        return two_sided
    return float(optimize.brentq(excess, one_sided, two_sided, xtol=1e-12))


def _chance(t: float, df: float) -> float:
    """Give the chance that Student's t is at most this."""
    from scipy import special

    return float(special.ndtr(t) if math.isinf(df) else special.stdtr(df, t))


def _check_level(level: float, name: str) -> None:
    if not 0.5 < level < 1:
        raise EstimateError(f"{name}: the level is {level}; it lies between 0.5 and 1")


def _read(given: dict[str, ArrayLike]) -> dict[str, Floats]:
    """Read the four rates, held inside [0, 1] and in order against rounding."""
    rates = {name: np.asarray(values, dtype=np.float64) for name, values in given.items()}
    shapes = {name: values.shape for name, values in rates.items()}
    if len(set(shapes.values())) > 1 or 0 in shapes["monitored_low"]:
        raise EstimateError(
            f"bounded_gap: {', '.join(f'{name} of shape {shape}' for name, shape in shapes.items())}; the four hold "
            "the same queries (and wordings), at least one"
        )
    asked = ~np.isnan(rates["monitored_low"])
    for name, values in rates.items():
        wrong = values[~(np.isnan(values) | ((values >= -_ROUNDING) & (values <= 1 + _ROUNDING)))]
        if wrong.size:
            raise EstimateError(f"bounded_gap: {name} holds {wrong[0]}; a rate is between 0 and 1")
        if (np.isnan(values) == asked).any():
            raise EstimateError(
                f"bounded_gap: {name} is NaN in other cells than monitored_low; NaN says that a cell was not asked "
                "and stands in all four, while an answer that is missing makes its rate 0 in the lower and 1 in the "
                "upper"
            )
    if not asked.any():
        raise EstimateError("bounded_gap: every rate is NaN; no query was asked in both tiers")
    for arm in ("monitored", "unmonitored"):
        low, high = rates[f"{arm}_low"], rates[f"{arm}_high"]
        crossed = np.argwhere(low > high + _ROUNDING)
        if crossed.size:
            at = tuple(int(place) for place in crossed[0])
            raise EstimateError(
                f"bounded_gap: cell {', '.join(map(str, at))} has {arm}_low {low[at]} above {arm}_high {high[at]}; "
                "exchange them"
            )
        rates[f"{arm}_low"] = np.clip(low, 0.0, 1.0)
        rates[f"{arm}_high"] = np.clip(np.maximum(high, low), 0.0, 1.0)
    return rates
