"""How many trials do the textbook tests need, and how small a gap do they see?

For comparison with the paired and clustered plans of ``power.py``: two independent proportions, which is how published
studies read their tiers, and McNemar's test at one sample a query (Connor 1987, Biometrics 43, 207-211).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from gyges.errors import EstimateError
from gyges.estimate.interval import quantile

__all__ = [
    "check_plan",
    "check_power",
    "crossing",
    "fewest",
    "mcnemar_size",
    "unpaired_detectable",
    "unpaired_size",
]

MOST_QUERIES = 1_000_000


def unpaired_size(first: float, second: float, *, power: float = 0.8, level: float = 0.95) -> float:
    """Give the trials a tier that two independent proportions need: the size that unpaired studies imply.

    ``(z_a + z_b)^2 (p1 q1 + p2 q2) / (p1 - p2)^2``, not rounded: round up to plan.

    Args:
        first: The rate in one tier.
        second: The rate in the other.
        power: In which share of repeated studies the test shall reject.
        level: 1 less the two-sided level of the test.

    Raises:
        EstimateError: Equal rates, or a rate, power or level that cannot be.
    """
    check_power(power, level)
    for rate in (first, second):
        if not 0 <= rate <= 1:
            raise EstimateError(f"unpaired_size: a rate of {rate}; rates lie between 0 and 1")
    if first == second:
        raise EstimateError(f"unpaired_size: both rates are {first}; no size shows a gap of 0")
    z = quantile(level) + _score(power)
    return z**2 * (first * (1 - first) + second * (1 - second)) / (first - second) ** 2


def unpaired_detectable(
    base: float, trials: int, *, power: float = 0.8, level: float = 0.95
) -> float | None:
    """Give the smallest gap above ``base`` that independent trials see; None if none that is possible.

    Args:
        base: The rate when unmonitored.
        trials: Trials a tier, each taken as independent of the others.
        power: In which share of repeated studies the test shall reject.
        level: 1 less the two-sided level of the test.
    """
    check_power(power, level)
    if not 0 <= base <= 1 or trials < 1:
        raise EstimateError(
            f"unpaired_detectable: a rate of {base} over {trials} trials; a rate lies between 0 and 1, and there is "
            "at least 1 trial"
        )
    z = quantile(level) + _score(power)

    def short(gap: float) -> float:
        high = min(1.0, base + gap)
        return gap - z * math.sqrt((high * (1 - high) + base * (1 - base)) / trials)

    # A rate of 0 has no error, so the search begins just above it.
    return crossing(short, 1e-12, 1 - base) if base < 1 else None


def mcnemar_size(up: float, down: float, *, power: float = 0.8, level: float = 0.95) -> float:
    """Give the queries that McNemar's test needs at one sample a query and tier, not rounded.

    Args:
        up: The share of queries that comply when monitored alone.
        down: The share that comply when unmonitored alone.
        power: In which share of repeated studies the test shall reject.
        level: 1 less the two-sided level of the test.

    Raises:
        EstimateError: Equal shares, or shares, a power or a level that cannot be.
    """
    check_power(power, level)
    gap, either = up - down, up + down
    if min(up, down) < 0 or either > 1 or gap == 0:
        raise EstimateError(
            f"mcnemar_size: shares of {up} and {down}; they are not negative, differ, and sum to at most 1"
        )
    z = quantile(level) * math.sqrt(either) + _score(power) * math.sqrt(either - gap**2)
    return z**2 / gap**2


def crossing(
    short: Callable[[float], float], low: float, high: float, *, tolerance: float = 1e-9
) -> float | None:
    """Find where a rising function crosses zero; the lower end if it is above there, None if it does not reach it."""
    from scipy import optimize

    if short(high) < 0:
        return None
    return float(optimize.brentq(short, low, high, xtol=tolerance)) if short(low) < 0 else low


def _fraction(name: str, value: float) -> float:
    if not 0 < value < 1:
        raise EstimateError(f"the {name} is {value}; it lies between 0 and 1")
    return value


def check_power(power: float, level: float) -> None:
    """Refuse a power and a level that cannot be wanted together.

    Raises:
        EstimateError: One is not between 0 and 1, or the power is what chance alone gives.
    """
    if _fraction("power", power) <= 1 - _fraction("level", level):
        raise EstimateError(
            f"a power of {power} at level {level}: an interval excludes zero that often where there is no gap at all"
        )


def check_plan(queries: int, samples: int, wordings: int) -> None:
    """Refuse a plan that cannot be.

    Raises:
        EstimateError: Fewer than two queries, no samples or no wordings.
    """
    for name, value, least in (
        ("queries", queries, 2),
        ("samples", samples, 1),
        ("wordings", wordings, 1),
    ):
        if value < least:
            raise EstimateError(f"a plan of {value} {name}; the least is {least}")


def fewest(
    reach: Callable[[int], float], power: float, start: int = 1, *, share: float = 0.0
) -> int | None:
    """Find the fewest queries that reach a power, in growing steps from a start and by halving.

    Args:
        reach: The power of a number of queries; it rises, but for small steps back.
        power: The wanted power.
        start: A first guess; 1 for none.
        share: As a share of the number, how many queries too many do no harm.

    Returns:
        Two or more; None if not even a million queries reach it.
    """
    low, high, step = 1, max(2, start), 2.0 if start == 1 else 1.15
    while high > 2 and start > 1 and reach(high) >= power:
        # The start is enough: go down to what is not.
        fewer = max(2, int(high / step) - 1)
        if reach(fewer) < power:
            low = fewer
            break
        high, step = fewer, step**2
    else:
        while reach(high) < power:
            if high >= MOST_QUERIES:
                return None
            low, high = high, min(int(step * high) + 1, MOST_QUERIES)
            step = min(2.0, step**2)
    while high - low > max(1.0, share * high):
        middle = (low + high) // 2
        low, high = (low, middle) if reach(middle) >= power else (middle, high)
    return high


def _score(power: float) -> float:
    from scipy import special

    return float(special.ndtri(power))
