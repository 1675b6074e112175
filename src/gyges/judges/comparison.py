"""Which of two judges read the same labelled answers better?

Both judged the same answers, so they are compared pair by pair: the difference in the share that is right, with the
percentile bootstrap over queries (answers to one query are drawn together) and McNemar's exact test (1947) of the
answers that one alone read right; and the difference in the area under the ROC curve (``auroc``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gyges.estimate import mcnemar_p
from gyges.judges.auroc import area_difference
from gyges.judges.figures import NO_SCORE, Judgement, area_dict
from gyges.judges.measures import share

__all__ = ["compare_judges"]

_RESAMPLES = 10_000


def compare_judges(
    first: Sequence[Judgement], second: Sequence[Judgement], *, seed: int = 0
) -> dict[str, Any]:
    """Compare two judges on the same answers.

    Args:
        first: The judgements of one judge.
        second: Those of the other, of the same answers in the same order.
        seed: Seeds the bootstrap.

    Returns:
        ``first`` and ``second`` (share right, with Wilson's interval), ``difference`` (first minus second, with its
        interval, the counts of answers that one alone read right, and p), ``auroc_difference``, and ``better``:
        whether the interval of the difference lies above zero.
    """
    ours = np.array([one.right for one in first], dtype=np.float64)
    theirs = np.array([one.right for one in second], dtype=np.float64)
    gain = ours - theirs
    value = float(gain.mean())
    low, high = _bootstrap(gain, [one.cluster for one in first], seed)
    only_first, only_second = int((gain > 0).sum()), int((gain < 0).sum())
    positive = [one.label == "comply" for one in first]
    scores = [
        [NO_SCORE if one.score is None else one.score for one in judged]
        for judged in (first, second)
    ]
    return {
        "n": len(first),
        "first": share(int(ours.sum()), len(first)),
        "second": share(int(theirs.sum()), len(second)),
        "difference": {
            "value": round(value, 4),
            "low": round(low, 4),
            "high": round(high, 4),
            "only_first": only_first,
            "only_second": only_second,
            "p": round(mcnemar_p(only_first, only_second), 4),
        },
        "auroc_difference": area_dict(area_difference(positive, scores[0], scores[1])),
        "better": bool(low > 0),
        "method": f"percentile bootstrap over queries, {_RESAMPLES:,} resamples; McNemar's exact p; DeLong",
    }


def _bootstrap(
    gain: np.ndarray[Any, Any], clusters: Sequence[str], seed: int
) -> tuple[float, float]:
    names, numbers = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(numbers, weights=gain, minlength=len(names))
    sizes = np.bincount(numbers, minlength=len(names)).astype(np.float64)
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=_RESAMPLES)
    means = (drawn @ sums) / (drawn @ sizes)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
