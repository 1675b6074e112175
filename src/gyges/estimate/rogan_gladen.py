"""What does each verdict count, once the judge's errors are known?

With ``M`` the chances of each verdict given the label and ``v`` what each label counts, ``inverse(M) v``: a corrected
rate is the mean of that over the verdicts (Rogan and Gladen 1978, American Journal of Epidemiology 107, 71-76, for
two categories).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gyges.estimate.clusters import Floats
from gyges.estimate.gap import PairedGap
from gyges.estimate.interval import quantile
from gyges.estimate.judge_error import JudgeErrors

__all__ = [
    "ADDED",
    "corrected_values",
    "drawn_values",
    "label_variance",
    "reach",
    "solve",
    "values_of",
]

ADDED = 0.5
"""Imagined answers in each cell of the labels where they are uncertain: 0 errors of 40 are not certainty."""
_SMALLEST = 1e-3
"""Draws of a judge with less informedness are left out: a judge that may be so is refused before."""


def corrected_values(errors: JudgeErrors) -> Floats:
    """Give what each verdict counts when errors are corrected, shape (categories,).

    Args:
        errors: The judge's errors; not checked for informedness.
    """
    return values_of(errors.shares(), errors)


def values_of(shares: Floats, errors: JudgeErrors) -> Floats:
    """Give what each verdict counts at these chances of the verdicts, shape (labels, verdicts)."""
    return solve(shares, np.asarray(errors.values, dtype=np.float64))


def label_variance(errors: JudgeErrors, shares: Floats, values: Floats, implied: Floats) -> float:
    """Give the variance that the labels add to a rate; ``implied`` are the shares of the labels that it implies."""
    rows = np.asarray(errors.counts).sum(axis=1) + ADDED * errors.categories
    spread = shares @ values**2 - (shares @ values) ** 2
    return float((implied**2 * spread / rows).sum())


def drawn_values(
    errors: JudgeErrors, rng: np.random.Generator, draws: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Draw what each verdict counts, and say for which draws the judge is still informative."""
    drawn = errors.draw(rng, draws)
    if errors.categories == 2:
        # Written out: the general solution takes ten times as long for so small matrices.
        alarms, informedness = drawn[:, 1, 0], drawn[:, 0, 0] - drawn[:, 1, 0]
        usable: NDArray[np.bool_] = informedness > _SMALLEST
        slope = (errors.values[0] - errors.values[1]) / np.where(usable, informedness, 1.0)
        base = errors.values[1] - slope * alarms
        return np.stack([base + slope, base], axis=1), usable
    usable = np.linalg.det(drawn) > _SMALLEST
    drawn[~usable] = np.eye(errors.categories)
    values = np.broadcast_to(np.asarray(errors.values)[:, None], (draws, errors.categories, 1))
    return np.linalg.solve(drawn, values)[..., 0], usable


def solve(matrix: Floats, right: Floats) -> Floats:
    """Solve ``matrix x = right``."""
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


def reach(
    judged: PairedGap, errors: tuple[JudgeErrors, JudgeErrors], label_error: float, level: float
) -> tuple[float, float]:
    """Give how far the limits lie from the gap if the gap as judged has its own interval: at least so far.

    Knowing the judge's errors does not make it better known which queries could have been asked. The correction
    stretches the gap, in the worst arm by one over the informedness, and the labels' error is added to that.
    """
    if judged.interval is None:
        return 0.0, 0.0
    stretch = max(
        float(np.ptp(corrected_values(e))) / (max(e.values) - min(e.values)) for e in errors
    )
    labels = quantile(level) * label_error
    below, above = judged.gap - judged.interval.low, judged.interval.high - judged.gap
    return math.hypot(stretch * below, labels), math.hypot(stretch * above, labels)
