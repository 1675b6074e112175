"""How well does a judge's score rank the answers that comply above the others, and does one judge rank better?

The area under the ROC curve is the share of pairs (one that complies, one that does not) that the score puts in the
right order, ties counting half. Its variance, and the covariance of two judges on the same answers, are those of
DeLong, DeLong and Clarke-Pearson (1988, Biometrics 44, 837-845), by mid-ranks (Sun and Xu 2014, IEEE Signal Processing
Letters 21, 1389-1393). Limits are taken on the logit scale, so that they stay between 0 and 1; for a perfect order,
where that variance is zero, the lower limit is Wilson's for as many successes as the smaller side has answers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gyges.estimate.interval import quantile, wilson

__all__ = ["Area", "area_difference", "auroc"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Area:
    """An area under the curve, or a difference of two, with its interval."""

    value: float
    low: float
    high: float
    level: float = 0.95


def auroc(positive: Sequence[bool], scores: Sequence[float], *, level: float = 0.95) -> Area | None:
    """Give the area under the ROC curve.

    Args:
        positive: Of each answer, whether it belongs to the class that should score high.
        scores: Its score.
        level: Confidence level.

    Returns:
        None where one of the two classes is empty.
    """
    parts = _parts(positive, [scores])
    if parts is None:
        return None
    areas, variance, sizes = parts
    area, spread = float(areas[0]), float(variance[0, 0])
    if area in (0.0, 1.0):
        low, high = wilson(area, min(sizes), level=level)
        return Area(area, low, high, level)
    logit = math.log(area / (1 - area))
    half = quantile(level) * math.sqrt(spread) / (area * (1 - area))
    return Area(area, _expit(logit - half), _expit(logit + half), level)


def area_difference(
    positive: Sequence[bool],
    first: Sequence[float],
    second: Sequence[float],
    *,
    level: float = 0.95,
) -> Area | None:
    """Give the difference of two judges' areas on the same answers, first minus second.

    Returns:
        None where one of the two classes is empty.
    """
    parts = _parts(positive, [first, second])
    if parts is None:
        return None
    areas, variance, _ = parts
    gap = float(areas[0] - areas[1])
    spread = float(variance[0, 0] + variance[1, 1] - 2 * variance[0, 1])
    half = quantile(level) * math.sqrt(max(0.0, spread))
    return Area(gap, max(-1.0, gap - half), min(1.0, gap + half), level)


def _parts(
    positive: Sequence[bool], scores: Sequence[Sequence[float]]
) -> tuple[Floats, Floats, tuple[int, int]] | None:
    """Give the areas, their covariance, and the sizes of the two classes."""
    from scipy.stats import rankdata

    mask = np.asarray(positive, dtype=bool)
    m, n = int(mask.sum()), int((~mask).sum())
    if not m or not n:
        return None
    areas = np.empty(len(scores))
    above, below = np.empty((len(scores), m)), np.empty((len(scores), n))
    for row, given in enumerate(scores):
        values = np.asarray(given, dtype=np.float64)
        ranks = rankdata(values)
        above[row] = (ranks[mask] - rankdata(values[mask])) / n
        below[row] = 1 - (ranks[~mask] - rankdata(values[~mask])) / m
        areas[row] = above[row].mean()
    return areas, _covariance(above) / m + _covariance(below) / n, (m, n)


def _covariance(values: Floats) -> Floats:
    if values.shape[1] < 2:
        return np.zeros((len(values), len(values)))
    return np.atleast_2d(np.cov(values))


def _expit(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0
