"""How well does a judge's score rank answers, where should it be cut, and how many votes does it take?

The area under the ROC curve is the share of pairs (one answer of the positive class, one of the other) that the score
puts in the right order, ties counting half; its variance is that of DeLong, DeLong and Clarke-Pearson (1988), here for
weighted answers, and its limits are taken on the logit scale. For a perfect order, where that variance is zero, they
are Wilson's for as many successes as the smaller class has answers.

The learning curve over votes draws, of the votes that were given on each answer, random subsets of each size, settles
each subset as the judge settles all of its votes, and averages the figures over the draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.estimate.interval import quantile, wilson
from gyges.judges.measures import Floats, agreement, binary, effective, weights_of

__all__ = ["SIZES", "area", "thresholds", "vote_curve"]

SIZES = (1, 2, 3, 5, 10, 15, 20)
"""Numbers of votes at which the learning curve is read."""
_POINTS = 21
"""Thresholds at most, where scores are continuous."""
_MOST_DRAWN = 100_000
"""Answers that are drawn in all."""

Settle = Callable[[Mapping[str, int]], tuple[str, float]]
"""Makes a label and a score of how often each label was voted for."""


def area(
    positive: Sequence[bool],
    scores: Sequence[float],
    weights: Sequence[float] | None = None,
    *,
    level: float = 0.95,
) -> dict[str, Any]:
    """Give the area under the ROC curve.

    Args:
        positive: Whether each answer belongs to the class that should score high.
        scores: Its score.
        weights: Its weight.
        level: Confidence level.

    Returns:
        ``value``, ``low``, ``high``, ``positives`` and ``negatives``; ``value`` is None where a class is empty.
    """
    mask = np.asarray(positive, dtype=bool)
    values = np.asarray(scores, dtype=np.float64)
    given = weights_of(weights, mask.size)
    sizes = {"positives": int(mask.sum()), "negatives": int((~mask).sum())}
    if not all(sizes.values()):
        return {"value": None, "low": None, "high": None, **sizes}
    placed = _places(values[mask], values[~mask], given[~mask])
    other = 1 - _places(values[~mask], values[mask], given[mask])
    value = float(np.average(placed, weights=given[mask]))
    if value <= 1e-12 or value >= 1 - 1e-12:
        value = float(round(value))
        size = min(effective(given[mask]), effective(given[~mask]))
        low, high = wilson(value, size, level=level)
    else:
        variance = _variance(placed, given[mask], value) + _variance(other, given[~mask], value)
        half = quantile(level) * math.sqrt(variance) / (value * (1 - value))
        centre = math.log(value / (1 - value))
        low, high = (_expit(centre + sign * half) for sign in (-1, 1))
    return {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4), **sizes}


def _places(here: Floats, there: Floats, weights: Floats) -> Floats:
    """Give, of each value here, the weighted share of those there that lie below it, ties counting half."""
    order = np.argsort(there, kind="stable")
    ranked, below = there[order], np.concatenate([[0.0], np.cumsum(weights[order])])
    low = below[np.searchsorted(ranked, here, "left")]
    high = below[np.searchsorted(ranked, here, "right")]
    found: Floats = (low + high) / 2 / below[-1]
    return found


def _variance(placed: Floats, weights: Floats, mean: float) -> float:
    if placed.size < 2:
        return 0.0
    spread = float((weights**2 * (placed - mean) ** 2).sum()) / float(weights.sum()) ** 2
    return spread * placed.size / (placed.size - 1)


def _expit(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0


def thresholds(
    positive: Sequence[bool], scores: Sequence[float], weights: Sequence[float] | None = None
) -> list[dict[str, Any]]:
    """Give sensitivity and specificity for each score from which on an answer could be called positive.

    Args:
        positive: Whether each label is of the positive class.
        scores: The score of each answer.
        weights: The weight of each answer.

    Returns:
        One record a threshold, rising; every score that occurs, or evenly spaced ones where many do.
    """
    found = sorted({float(score) for score in scores})
    if len(found) > _POINTS:
        found = [float(at) for at in np.linspace(found[0], found[-1], _POINTS)]
    rows = []
    for at in found:
        said = [score >= at - 1e-9 for score in scores]
        figures = binary(positive, said, weights)
        kept = {name: figures[name] for name in ("sensitivity", "specificity", "informedness")}
        rows.append({"threshold": round(at, 6), **kept})
    return rows


def vote_curve(
    votes: Sequence[Sequence[str]],
    truth: Sequence[str],
    settle: Settle,
    positive: Set[str],
    weights: Sequence[float] | None = None,
    *,
    draws: int = 200,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Say what fewer votes would have given.

    Args:
        votes: The votes on each answer; where one has fewer than a point of the curve asks for, all of them count.
        truth: The label of each answer.
        settle: Makes a label and a score of how often each label was voted for.
        positive: The labels of the positive class; empty where there is none, and then there is no area.
        weights: The weight of each answer.
        draws: Random subsets of each size.
        seed: Seeds them.

    Returns:
        For each number of votes in ``SIZES`` up to the most that were given: ``auroc`` and ``kappa``, each with its
        mean over the draws and the range of 95 % of them. The range says how much depends on which votes were cast, not
        how sure the figure is.
    """
    most = max(map(len, votes), default=0)
    # Memory is bounded; with many answers few draws are enough.
    draws = max(20, min(draws, _MOST_DRAWN // max(1, len(votes))))
    names = sorted({vote for given in votes for vote in given})
    counts = _drawn(votes, names, most, draws, np.random.default_rng(seed)) if most else None
    known: dict[tuple[int, ...], tuple[str, float]] = {}

    def settled(row: tuple[int, ...]) -> tuple[str, float]:
        if row not in known:
            known[row] = settle({n: c for n, c in zip(names, row, strict=True) if c})
        return known[row]

    flags = [label in positive for label in truth]
    curve = []
    for size in sorted({*[one for one in SIZES if one < most], most} - {0}):
        assert counts is not None
        # With every vote there is nothing to draw.
        shown = counts[:1, :, size - 1] if size == most else counts[:, :, size - 1]
        areas, kappas = [], []
        for drawn in shown.tolist():
            said = [settled(tuple(row)) for row in drawn]
            if positive:
                areas.append(area(flags, [score for _, score in said], weights)["value"])
            kappas.append(agreement(truth, [label for label, _ in said], weights)["value"])
        curve.append({"votes": size, "auroc": _spread(areas), "kappa": _spread(kappas)})
    return curve


def _drawn(
    votes: Sequence[Sequence[str]],
    names: Sequence[str],
    most: int,
    draws: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Count votes in random order: shape (draws, answers, votes so far, labels)."""
    place = {name: at for at, name in enumerate(names)}
    cast = np.zeros((len(votes), most, len(names)), dtype=np.int16)
    absent = np.ones((len(votes), most))
    for row, given in enumerate(votes):
        for at, vote in enumerate(given):
            cast[row, at, place[vote]] = 1
            absent[row, at] = 0
    # Votes that were not given come last.
    order = np.argsort(rng.random((draws, *absent.shape)) + absent, axis=2)
    shuffled = np.take_along_axis(cast[None], order[..., None], axis=2)
    summed: NDArray[np.int64] = np.cumsum(shuffled, axis=2, dtype=np.int64)
    return summed


def _spread(values: Sequence[float | None]) -> dict[str, float | None]:
    found = [value for value in values if value is not None]
    if not found:
        return {"value": None, "from": None, "to": None}
    low, high = np.quantile(found, [0.025, 0.975])
    return {
        "value": round(float(np.mean(found)), 4),
        "from": round(float(low), 4),
        "to": round(float(high), 4),
    }
