"""What is an interval, and how are the elementary ones computed?

Wilson's score interval for a proportion, Student's t, and MOVER, which makes an interval for a difference out of
the intervals of its two parts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Interval", "hull", "mover", "quantile", "student", "wilson"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float
    method: str
    """What was computed, in words for a reader."""
    level: float = 0.95


def quantile(level: float, df: float = math.inf) -> float:
    """Give the two-sided critical value of Student's t; the normal one for infinite degrees of freedom."""
    from scipy import special

    upper = 0.5 + level / 2
    return float(special.ndtri(upper) if math.isinf(df) else special.stdtrit(df, upper))


def wilson(
    rate: float, n: float, *, level: float = 0.95, df: float = math.inf
) -> tuple[float, float]:
    """Wilson's score interval (1927) for a proportion.

    Args:
        rate: The observed proportion.
        n: The number of independent trials; may be a fraction (an effective number).
        level: Confidence level.
        df: Degrees of freedom of ``n`` where it was estimated.
    """
    z = quantile(level, df)
    centre = rate + z * z / (2 * n)
    half = z * math.sqrt(max(0.0, rate * (1 - rate)) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # The limits hold the rate by algebra; the outer calls keep that true in floating point.
    return (
        min(rate, max(0.0, (centre - half) / scale)),
        max(rate, min(1.0, (centre + half) / scale)),
    )


def student(
    centre: float, se: float, df: float, *, level: float = 0.95, bound: float = 1.0
) -> tuple[float, float]:
    """Student's t interval, cut off at ``-bound`` and ``bound``."""
    half = quantile(level, df) * se
    return max(-bound, centre - half), min(bound, centre + half)


def mover(
    first: tuple[float, float, float],
    second: tuple[float, float, float],
    correlation: float = 0.0,
) -> tuple[float, float]:
    """Combine the intervals of two estimates into one for their difference, first minus second.

    The method of variance estimates recovery (Zou and Donner 2008; Newcombe 1998 for proportions): each limit uses
    the distance from estimate to limit on the side that matters.

    Args:
        first: Estimate, lower and upper limit.
        second: The same of what is subtracted.
        correlation: Between the two estimates, from -1 to 1.
    """
    a, a_low, a_high = first
    b, b_low, b_high = second

    def distance(one: float, other: float) -> float:
        return math.sqrt(max(0.0, one * one - 2 * correlation * one * other + other * other))

    gap = a - b
    return gap - distance(a - a_low, b_high - b), gap + distance(a_high - a, b - b_low)


def hull(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Give the smallest interval that holds both."""
    return min(one[0], other[0]), max(one[1], other[1])
