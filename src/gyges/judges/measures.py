"""By which figures is a judge held against labels, and how sure is each of them?

Proportions have Wilson's intervals (1927); sensitivity + specificity - 1, the informedness, has the interval that
combines those two (Zou and Donner 2008). Agreement is Cohen's kappa (1960), with linear credit for neighbouring labels
where they have an order (1968), and the large-sample variance of Fleiss, Cohen and Everitt (1969); beside it stands
what chance alone would agree on, since it cannot be read without.

Labels may have weights (one over the probability with which an answer was drawn). A weighted figure is the one of the
answers that the labels stand for. Its variance is that of the weighted estimate itself (linearised), and a proportion's
effective number of answers is the smaller of what that variance amounts to and of Kish's (1965). With equal weights all
this is the unweighted figure. Answers are taken as independent: labels of many answers to few queries know less than
the intervals say.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.estimate.agreement import cohen_kappa
from gyges.estimate.interval import quantile, wilson
from gyges.estimate.judge_error import youden_interval

__all__ = [
    "Floats",
    "agreement",
    "binary",
    "counts_for",
    "effective",
    "informedness",
    "kappa",
    "rates",
    "retest",
    "share",
    "weighted_share",
    "weights_of",
]

Floats = NDArray[np.float64]
_DIGITS = 4
_NONE: dict[str, Any] = {"value": None, "low": None, "high": None}


def share(count: int, n: int) -> dict[str, Any]:
    """Give a proportion with Wilson's interval and its counts; without a value where there are none."""
    if not n:
        return {**_NONE, "count": 0, "n": 0}
    low, high = wilson(count / n, n)
    return {**_rounded(count / n, low, high), "count": count, "n": n}


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa; None where chance alone would agree always, or there is nothing."""
    found = cohen_kappa(Counter(pairs))
    return None if found is None else round(found, _DIGITS)


def rates(true_positive: int, missed: int, true_negative: int, false_alarm: int) -> dict[str, Any]:
    """Give sensitivity, specificity and informedness from four counts."""
    sensitivity = share(true_positive, true_positive + missed)
    specificity = share(true_negative, true_negative + false_alarm)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "informedness": informedness(sensitivity, specificity),
    }


def informedness(sensitivity: dict[str, Any], specificity: dict[str, Any]) -> dict[str, Any]:
    """Combine two shares into sensitivity + specificity - 1; without a value where one of them has none."""
    if sensitivity["value"] is None or specificity["value"] is None:
        return dict(_NONE)
    limits = [[one[name] for name in _NONE] for one in (sensitivity, specificity)]
    return _rounded(*youden_interval(*limits))


def weights_of(weights: Sequence[float] | None, n: int) -> Floats:
    """Give the weights as an array: ones by default."""
    return np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)


def effective(weights: Floats) -> float:
    """Kish's effective number of answers: as many of equal weight would be worth as much; 0 for none."""
    total = float(weights.sum())
    return total**2 / float((weights**2).sum()) if total else 0.0


def weighted_share(hits: Sequence[bool], weights: Sequence[float] | None = None) -> dict[str, Any]:
    """Give a weighted proportion with Wilson's interval for its effective number of answers.

    Args:
        hits: Whether each answer counts.
        weights: How many answers each stands for; one by default.

    Returns:
        As :func:`share`, and ``effective_n``. ``count`` and ``n`` are those of the labelled answers themselves.
    """
    hit = np.asarray(hits, dtype=np.float64)
    n, count = hit.size, int(hit.sum())
    if not n:
        return {**share(0, 0), "effective_n": 0.0}
    given = weights_of(weights, n)
    if np.ptp(given) == 0:
        return {**share(count, n), "effective_n": float(n)}
    value = float((given * hit).sum() / given.sum())
    size = effective(given)
    variance = float((given**2 * (hit - value) ** 2).sum()) / float(given.sum()) ** 2
    if variance > 0:
        size = min(size, value * (1 - value) / variance)
    # Rounding may put the share of a unanimous sample a hair outside.
    value = min(1.0, max(0.0, value))
    low, high = wilson(value, size)
    return {
        **_rounded(value, low, high),
        "count": count,
        "n": n,
        "effective_n": round(size, 1),
    }


def binary(
    positive: Sequence[bool], said: Sequence[bool], weights: Sequence[float] | None = None
) -> dict[str, Any]:
    """Hold yes-or-no verdicts against labels.

    Args:
        positive: Whether the label is of the positive class.
        said: Whether the verdict is.
        weights: Weight of each answer.

    Returns:
        ``base_rate`` (share of positive labels), ``sensitivity``, ``specificity``, ``precision`` and ``informedness``.
    """
    given = weights_of(weights, len(positive)).tolist()
    rows = list(zip(positive, said, given, strict=True))

    def part(keep: int, hit: int, value: bool) -> dict[str, Any]:
        kept = [row for row in rows if row[keep] == value]
        return weighted_share([bool(row[hit]) == value for row in kept], [row[2] for row in kept])

    sensitivity, specificity = part(0, 1, True), part(0, 1, False)
    return {
        "base_rate": weighted_share(list(map(bool, positive)), given),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "precision": part(1, 0, True),
        "informedness": informedness(sensitivity, specificity),
    }


def agreement(
    first: Sequence[str],
    second: Sequence[str],
    weights: Sequence[float] | None = None,
    *,
    order: Sequence[str] | None = None,
    level: float = 0.95,
) -> dict[str, Any]:
    """Cohen's kappa of two readings of the same answers, with its interval.

    Args:
        first: What one reader said of each answer.
        second: What the other said.
        weights: Weight of each answer.
        order: All labels from least to most: then neighbours get credit, the less the farther apart (linear); by
            default only equal labels do.
        level: Confidence level.

    Returns:
        ``value``, ``low``, ``high``, ``observed`` and ``expected`` agreement and ``n``; ``value`` is None where nothing
        was read, or chance alone would agree always. Where readers never differ, the variance is zero and the lower
        limit is that of Wilson's interval for the observed agreement, with the expected one held.
    """
    n = len(first)
    if not n:
        return {**_NONE, "observed": None, "expected": None, "n": 0}
    names = list(order) if order is not None else sorted({*first, *second})
    place = {name: at for at, name in enumerate(names)}
    a, b = (np.array([place[one] for one in side]) for side in (first, second))
    given = weights_of(weights, n)
    table = np.zeros((len(names), len(names)))
    np.add.at(table, (a, b), given / given.sum())
    credit = _credit(len(names), linear=order is not None)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed, expected = float((credit * table).sum()), float(rows @ credit @ columns)
    said = {"observed": round(observed, _DIGITS), "expected": round(expected, _DIGITS), "n": n}
    if expected >= 1 - 1e-12:
        return {**_NONE, **said}
    value = (observed - expected) / (1 - expected)
    # How much each answer moves kappa: the terms of the variance of Fleiss, Cohen and Everitt.
    chance = (credit @ columns)[:, None] + (rows @ credit)[None, :]
    moves = (credit * (1 - expected) - chance * (1 - observed)) / (1 - expected) ** 2
    spread = moves[a, b] - float((moves * table).sum())
    variance = float((given**2 * spread**2).sum()) / float(given.sum()) ** 2
    if variance > 1e-15:
        half = quantile(level) * math.sqrt(variance)
        low, high = value - half, value + half
    else:
        limits = wilson(min(1.0, max(0.0, observed)), effective(given), level=level)
        low, high = ((limit - expected) / (1 - expected) for limit in limits)
    return {**_rounded(value, max(-1.0, low), min(1.0, high)), **said}


def retest(
    first: Sequence[str], second: Sequence[str], weights: Sequence[float] | None = None
) -> dict[str, Any]:
    """Say how steady a judge is that read the same answers twice.

    Args:
        first: What it said the first time.
        second: What it said the second time.
        weights: Weight of each answer.

    Returns:
        ``flips``: the share of answers on which it changed its mind; ``kappa`` of the two rounds.
    """
    changed = [one != other for one, other in zip(first, second, strict=True)]
    return {"flips": weighted_share(changed, weights), "kappa": agreement(first, second, weights)}


def counts_for(
    table: dict[str, dict[str, list[float]]], verdicts: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Turn weights by label and verdict into whole counts that know as much as the labelled answers do.

    Each label's row adds up to its effective number of answers; with equal weights these are the counts themselves.

    Args:
        table: The weights of the answers, by label and verdict.
        verdicts: The verdicts that each row shall have, in order.
    """
    found = {}
    for label, row in table.items():
        every = np.array([weight for given in row.values() for weight in given])
        size = round(effective(every))
        shares = [sum(row.get(name, ())) for name in verdicts]
        total = sum(shares)
        exact = [size * one / total if total else 0.0 for one in shares]
        whole = [math.floor(one + 1e-9) for one in exact]
        # What rounding took goes to the cells that lost most.
        rest = sorted(range(len(exact)), key=lambda at: whole[at] - exact[at])
        for at in rest[: size - sum(whole)]:
            whole[at] += 1
        found[label] = dict(zip(verdicts, whole, strict=True))
    return found


def _credit(size: int, *, linear: bool) -> Floats:
    if not linear or size < 2:
        return np.eye(size)
    at = np.arange(size, dtype=np.float64)
    credit: Floats = 1 - np.abs(at[:, None] - at[None, :]) / (size - 1)
    return credit


def _rounded(value: float, low: float, high: float) -> dict[str, Any]:
    return {
        "value": round(value, _DIGITS),
        "low": round(low, _DIGITS),
        "high": round(high, _DIGITS),
    }
