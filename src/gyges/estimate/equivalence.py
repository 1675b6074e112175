"""How large a gap can be ruled out?

A gap that is not significant is not a gap of zero. Two one-sided tests (Schuirmann 1987, J. Pharmacokinet.
Biopharm. 15, 657-680) turn the question round: the null is that the gap is as large as a margin in either
direction, and rejecting both halves supports that it is smaller. At level 95 % that is the same as a 90 % interval
that lies inside the margin, so any interval serves, also one that is not built on a standard error:
:func:`equivalence_of` takes one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from gyges.errors import EstimateError
from gyges.estimate.interval import quantile

__all__ = [
    "Equivalence",
    "Span",
    "check_margin",
    "equivalence",
    "equivalence_of",
    "equivalence_power",
]


class Span(Protocol):
    """Any interval: :class:`gyges.estimate.Interval` is one."""

    @property
    def low(self) -> float:
        """The lower end."""

    @property
    def high(self) -> float:
        """The upper end."""

    @property
    def level(self) -> float:
        """The confidence level, as a fraction."""


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Whether a gap as large as a margin, in either direction, is ruled out."""

    margin: float
    supported: bool
    """True if the data support that the gap is smaller than the margin in both directions. False says nothing: it is
    not evidence of a larger gap."""
    p: float | None
    """The larger of the two one-sided p-values; None where only an interval was given."""
    smallest_margin: float
    """Every margin beyond this one is supported by the same data."""
    level: float


def equivalence(
    gap: float, se: float, df: float, margin: float, *, level: float = 0.95
) -> Equivalence:
    """Test whether a gap is smaller than a margin in both directions, from its standard error.

    Args:
        gap: The estimated gap, a fraction.
        se: Its standard error. Where all queries differ alike it is 0 and knows nothing of other queries: use
            :func:`equivalence_of` with an interval that has width.
        df: Degrees of freedom of the standard error; infinite for the normal distribution.
        margin: The gap to rule out, above 0.
        level: Each one-sided test is made at ``1 - level``.

    Raises:
        EstimateError: The standard error is not above 0, or a margin, level or number of degrees of freedom that
            cannot be.
    """
    from scipy import special

    check_margin(margin, level)
    if not se > 0:
        raise EstimateError(
            f"equivalence: the standard error is {se}; where no query differs from another, test the interval "
            "instead (equivalence_of)"
        )
    if not df > 0:
        raise EstimateError(f"equivalence: {df} degrees of freedom; they are above 0")
    # The two one-sided tests; the one towards the side on which the gap lies has the larger p-value.
    statistic = (abs(gap) - margin) / se
    p = float(special.ndtr(statistic) if math.isinf(df) else special.stdtr(df, statistic))
    most = abs(gap) + quantile(2 * level - 1, df) * se
    return Equivalence(margin, p < 1 - level, p, most, level)


def equivalence_of(interval: Span, margin: float, *, level: float = 0.95) -> Equivalence:
    """Test whether a gap is smaller than a margin in both directions, from an interval.

    Args:
        interval: The gap's interval at the level ``1 - 2 * (1 - level)``: a 90 % interval for the level 95 %.
        margin: The gap to rule out, above 0.
        level: Each one-sided test is made at ``1 - level``.

    Raises:
        EstimateError: The interval is of another level, has no width, or a margin or level that cannot be.
    """
    check_margin(margin, level)
    needed = 2 * level - 1
    if abs(interval.level - needed) > 1e-9:
        raise EstimateError(
            f"equivalence_of: a {interval.level:.0%} interval was given; a test at level {level:.0%} reads a "
            f"{needed:.0%} interval"
        )
    if not interval.low < interval.high:
        raise EstimateError(
            f"equivalence_of: the interval from {interval.low} to {interval.high} has no width, so it would support "
            "any margin; use an interval that says what other queries could show"
        )
    most = max(abs(interval.low), abs(interval.high))
    return Equivalence(margin, most < margin, None, most, level)


def equivalence_power(
    se: float, df: float, margin: float, *, gap: float = 0.0, level: float = 0.95
) -> float:
    """Give the chance that a planned study supports "no gap as large as the margin".

    Args:
        se: The standard error that the study will have.
        df: Its degrees of freedom; infinite for the normal distribution.
        margin: The gap to rule out.
        gap: The true gap.
        level: Each one-sided test is made at ``1 - level``.
    """
    import numpy as np
    from scipy import special

    check_margin(margin, level)
    if not se > 0:
        raise EstimateError(f"equivalence_power: the standard error is {se}; it is above 0")
    needed = quantile(2 * level - 1, df)
    ratio = np.ones(1)
    if not math.isinf(df):
        # Average over what the study's own standard error may turn out to be: quantiles of a chi-square's root.
        shares = (np.arange(400) + 0.5) / 400
        ratio = np.sqrt(special.chdtri(df, 1 - shares) / df)
    upper = special.ndtr((margin - gap) / se - needed * ratio)
    lower = special.ndtr((-margin - gap) / se + needed * ratio)
    return float(np.maximum(upper - lower, 0.0).mean())


def check_margin(margin: float, level: float) -> None:
    """Refuse a margin and a level that cannot be.

    Raises:
        EstimateError: The margin is not above 0, or the level not between 0.5 and 1.
    """
    if not margin > 0:
        raise EstimateError(f"equivalence: the margin is {margin}; it is above 0")
    if not 0.5 < level < 1:
        raise EstimateError(f"equivalence: the level is {level}; it lies between 0.5 and 1")
