"""What would an unpaired reading of two counts say, and does a published figure agree with itself?

Published studies of this kind compare two independent proportions although both tiers were asked the same queries.
These are the methods that such a table calls for, so that published figures can be checked and set beside paired
ones: the interval of Newcombe (1998, Statistics in Medicine 17, 873-890, method 10) from two Wilson intervals, the
chi-square of Yates (1934), the exact upper limit of Clopper and Pearson (1934), and the standard errors of
independent proportions.
"""

from __future__ import annotations

import math

from gyges.errors import EstimateError
from gyges.estimate.interval import Interval, wilson

__all__ = [
    "binomial_se",
    "implied_sizes",
    "newcombe",
    "unpaired_se",
    "upper_limit",
    "yates",
]


def newcombe(
    first: float, first_trials: int, second: float, second_trials: int, *, level: float = 0.95
) -> Interval:
    """Give Newcombe's interval for the difference of two independent proportions, first minus second.

    Args:
        first: How many of the first arm's trials comply.
        first_trials: How many trials the first arm has.
        second: How many of the second arm's trials comply.
        second_trials: How many trials the second arm has.
        level: Confidence level.

    Raises:
        EstimateError: Counts that cannot be.
    """
    one, two = _rate(first, first_trials), _rate(second, second_trials)
    low, high = wilson(one, first_trials, level=level)
    other_low, other_high = wilson(two, second_trials, level=level)
    difference = one - two
    return Interval(
        difference - math.hypot(one - low, other_high - two),
        difference + math.hypot(high - one, two - other_low),
        f"Newcombe from two Wilson intervals, {first_trials} and {second_trials} independent trials",
        level,
    )


def yates(
    first: float, first_trials: int, second: float, second_trials: int
) -> tuple[float, float]:
    """Test two independent proportions for equality: chi-square with Yates' correction for continuity.

    Args:
        first: How many of the first arm's trials comply.
        first_trials: How many trials the first arm has.
        second: How many of the second arm's trials comply.
        second_trials: How many trials the second arm has.

    Returns:
        The statistic on one degree of freedom, and its p-value.

    Raises:
        EstimateError: Counts that cannot be.
    """
    from scipy import stats

    _rate(first, first_trials)
    _rate(second, second_trials)
    a, b, c, d = first, first_trials - first, second, second_trials - second
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        # All comply, or none: the arms cannot differ.
        return 0.0, 1.0
    total = first_trials + second_trials
    apart = max(0.0, abs(a * d - b * c) - total / 2)
    statistic = total * apart**2 / margins
    return statistic, float(stats.chi2.sf(statistic, 1))


def upper_limit(successes: int, trials: int, *, level: float = 0.95) -> float:
    """Give the exact one-sided upper limit of a proportion (Clopper and Pearson): none of 100 allows 3.0 %.

    Args:
        successes: How many trials show the behaviour.
        trials: How many independent trials there are.
        level: One-sided confidence level.

    Raises:
        EstimateError: Counts or a level that cannot be.
    """
    from scipy import stats

    if not 0 < level < 1:
        raise EstimateError(f"upper_limit: the level is {level}; it lies between 0 and 1")
    if _rate(successes, trials) == 1:
        return 1.0
    return float(stats.beta.ppf(level, successes + 1, trials - successes))


def binomial_se(rate: float, trials: float) -> float:
    """Give the standard error of a rate over independent trials, ``sqrt(p (1 - p) / n)``."""
    if not (0 <= rate <= 1 and trials > 0):
        raise EstimateError(f"binomial_se: a rate of {rate} over {trials} trials")
    return math.sqrt(rate * (1 - rate) / trials)


def unpaired_se(first: float, first_trials: float, second: float, second_trials: float) -> float:
    """Give the standard error of a gap whose arms are taken as independent, as published studies do."""
    return math.hypot(binomial_se(first, first_trials), binomial_se(second, second_trials))


def implied_sizes(
    rate: float, se: float, *, rate_step: float = 0.001, se_step: float = 0.001
) -> tuple[int, int | None] | None:
    """Say which numbers of independent trials agree with a rate and a standard error as they were printed.

    Args:
        rate: The printed rate, a fraction.
        se: The printed standard error, a fraction.
        rate_step: To what the rate was rounded: 0.001 for tenths of a percent.
        se_step: To what the standard error was rounded.

    Returns:
        The fewest and the most trials; the most is None where any larger number agrees too (a standard error that is
        printed as 0). None if no number agrees: the figures are not a rate over independent trials with its
        standard error.
    """
    if not 0 <= rate <= 1 or se < 0:
        raise EstimateError(f"implied_sizes: a rate of {rate} with a standard error of {se}")
    near = [max(0.0, rate - rate_step / 2), min(1.0, rate + rate_step / 2)]
    # p (1 - p) is largest at a half, and smallest at an end.
    spread = [p * (1 - p) for p in near]
    widest = 0.25 if near[0] <= 0.5 <= near[1] else max(spread)
    largest, smallest = se + se_step / 2, se - se_step / 2
    # The tiny allowance is for figures that lie on the edge of what rounds to them.
    fewest = max(1, math.ceil(min(spread) / largest**2 * (1 - 1e-9)))
    if smallest <= 0:
        return fewest, None
    most = math.floor(widest / smallest**2 * (1 + 1e-9))
    return (fewest, most) if most >= fewest else None


def _rate(successes: float, trials: int) -> float:
    if trials < 1 or not 0 <= successes <= trials:
        raise EstimateError(
            f"{successes} of {trials}: a count lies between 0 and its number of trials, which is at least 1"
        )
    return successes / trials
