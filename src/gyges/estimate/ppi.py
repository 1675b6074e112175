"""What is the mean or the gap, when a random part of the study's own trials was labelled?

Then no calibration from elsewhere is needed: the labels say what the judge gets wrong here. The estimate is that of
prediction-powered inference with power tuning (PPI++: Angelopoulos, Duchi and Zrnic 2023, arXiv 2311.01453) ::

    mean of the labels  +  weight * (mean of the judge over all trials  -  mean of the judge over the labelled trials)

A weight of 0 uses the labels alone and a weight of 1 corrects the judge's mean by its mean error; the weight that
makes the variance smallest is estimated, and kept within [0, 1]. One weight from all labels would lean towards their
errors (0.5 points of a rate of 30 % with 40 labels of 20 queries, simulated), so each query's part has the weight
that the other queries suggest; the bias is then gone. Any judge leaves the estimate unbiased, also a useless one:
that only gets a weight near 0. What it needs is that chance alone chose which trials were labelled.

A mean is over queries of means over their trials, so trials weigh the inverse of their query's number. The standard
error clusters by query: each query's part in the labelled and in the whole mean are added before they are squared.
Judges seldom err, so a small set of labels may show no error at all; the variance holds two imagined labels in each
arm, one that errs in each direction (as in Bonett and Price 2012), or no error of 40 would count as none ever. A
gap's interval is Student's t over the queries that hold labels, less one for the weight, and never shorter than the
default interval of the verdicts, because labels do not make it better known which queries could have been asked; a
mean's is Wilson's with the number of independent trials that would have the same standard error, and the same
quantile of t. With 20 queries, 10 samples and 40 or 100 labels an arm, rates from .01 to .8 and judges from nearly
perfect to random, gaps were covered in 94.5 to 100 % and means in 93.5 to 98.8 % (24 simulated cells of 400 studies).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.gap import paired_gap
from gyges.estimate.interval import Interval
from gyges.estimate.rate import clustered_rate

__all__ = ["PredictionPowered", "ppi_gap", "ppi_mean"]

Floats = NDArray[np.float64]
_FEWEST = 3
_NOTHING = 1e-15


@dataclass(frozen=True, slots=True)
class PredictionPowered:
    """A mean or a gap from all verdicts and some labels; fractions, a gap monitored minus unmonitored."""

    value: float
    se: float
    interval: Interval
    weight: float
    """How far the judge is trusted, 0 to 1: the tuned weight."""
    judge_only: float
    """What the verdicts say without any label."""
    labels_only: float
    """What the labels say without any verdict."""
    labels_only_se: float
    """Standard error of that; what the verdicts add is the difference to ``se``."""
    labels: int
    """How many trials have a label."""


def ppi_mean(
    judged: ArrayLike,
    labels: ArrayLike,
    queries: ArrayLike,
    *,
    families: Mapping[Any, Any] | None = None,
    level: float = 0.95,
) -> PredictionPowered:
    """Estimate a mean over queries.

    Args:
        judged: Shape (trials,); the judge's value of each trial, from 0 to 1.
        labels: Shape (trials,); the label's value, NaN where a trial was not labelled.
        queries: Shape (trials,); which query each trial asks, any numbers or names.
        families: Which family each query belongs to; queries of one family are one cluster. None: each is its own.
        level: Confidence level.

    Raises:
        EstimateError: The shapes differ, a value is out of range, or fewer than 3 queries (or
            families) hold labels.
    """
    whole = _Arm(judged, labels, queries, "ppi_mean")
    codes, names = _codes([whole])
    parts = whole.parts(codes[0], len(names))
    rates, trials = whole.rates(codes[0], len(names))
    clusters = _clusters(names, families)
    counted = trials if whole.counted else None
    rate, own = clustered_rate(rates, counted, families=clusters, level=level)
    return _estimate([parts], [1.0], clusters, level, (rate - own.low, own.high - rate))


def ppi_gap(
    judged: ArrayLike,
    labels: ArrayLike,
    queries: ArrayLike,
    monitored: ArrayLike,
    *,
    families: Mapping[Any, Any] | None = None,
    level: float = 0.95,
) -> PredictionPowered:
    """Estimate a paired compliance gap over the queries that both arms hold.

    Args:
        judged: Shape (trials,); the judge's value of each trial, from 0 to 1.
        labels: Shape (trials,); the label's value, NaN where a trial was not labelled.
        queries: Shape (trials,); which query each trial asks.
        monitored: Shape (trials,); whether the trial is monitored.
        families: Which family each query belongs to, as for :func:`ppi_mean`.
        level: Confidence level.

    Raises:
        EstimateError: As for :func:`ppi_mean`, in either arm; or no query stands in both arms.
    """
    values, marks, asked = np.asarray(judged), np.asarray(labels), np.asarray(queries)
    which = np.asarray(monitored, dtype=np.bool_)
    if not values.shape == marks.shape == asked.shape == which.shape:
        raise EstimateError(
            f"ppi_gap: shapes {values.shape}, {marks.shape}, {asked.shape} and {which.shape}; each array holds one "
            "value a trial"
        )
    both = np.intersect1d(asked[which], asked[~which])
    if not both.size:
        raise EstimateError("ppi_gap: no query has trials in both tiers")
    kept = np.isin(asked, both)
    arms = [
        _Arm(values[kept & chosen], marks[kept & chosen], asked[kept & chosen], f"ppi_gap, {name}")
        for name, chosen in (("monitored", which), ("unmonitored", ~which))
    ]
    codes, names = _codes(arms)
    parts = [arm.parts(code, len(names)) for arm, code in zip(arms, codes, strict=True)]
    (first, one), (second, other) = (
        arm.rates(code, len(names)) for arm, code in zip(arms, codes, strict=True)
    )
    trials = (one, other) if all(arm.counted for arm in arms) else None
    clusters = _clusters(names, families)
    read = paired_gap(first, second, trials=trials, families=clusters, level=level, test=False)
    reach = (0.0, 0.0)
    if read.interval is not None:
        reach = (read.gap - read.interval.low, read.interval.high - read.gap)
    return _estimate(parts, [1.0, -1.0], clusters, level, reach)


@dataclass(frozen=True, slots=True)
class _Parts:
    """One arm's means, and each query's part in them less its expectation, shape (queries,)."""

    judge_all: float
    judge_labelled: float
    label: float
    of_label: Floats
    of_difference: Floats
    """Of the judge's mean over all trials less that over the labelled trials."""
    change: Floats
    """The same before its expectation is taken off; the sum is the difference of the two means."""
    labels: int
    labelled: NDArray[np.bool_]
    """Which queries hold a label."""


class _Arm:
    def __init__(self, judged: ArrayLike, labels: ArrayLike, queries: ArrayLike, name: str) -> None:
        self.judged = np.asarray(judged, dtype=np.float64)
        self.labels = np.asarray(labels, dtype=np.float64)
        self.queries = np.asarray(queries)
        self.name = name
        if (
            self.judged.ndim != 1
            or not self.judged.shape == self.labels.shape == self.queries.shape
        ):
            raise EstimateError(
                f"{name}: shapes {self.judged.shape}, {self.labels.shape} and {self.queries.shape}; each array holds "
                "one value a trial"
            )
        self.marked = ~np.isnan(self.labels)
        for what, values in (("a verdict", self.judged), ("a label", self.labels[self.marked])):
            wrong = values[~((values >= 0) & (values <= 1))]
            if wrong.size:
                raise EstimateError(
                    f"{name}: {what} is {wrong[0]}; each is from 0 to 1, so leave out trials without a verdict"
                )

    @property
    def counted(self) -> bool:
        """Whether the verdicts are outcomes that can be counted, not numbers of another kind."""
        return bool(np.isin(self.judged, (0.0, 0.5, 1.0)).all())

    def rates(self, codes: NDArray[np.intp], size: int) -> tuple[Floats, Floats]:
        """Give each query's rate as judged, and over how many trials."""
        count = np.bincount(codes, minlength=size).astype(np.float64)
        total = np.bincount(codes, weights=self.judged, minlength=size)
        return np.minimum(1.0, total / count), count

    def parts(self, codes: NDArray[np.intp], queries: int) -> _Parts:
        sizes = np.bincount(codes, minlength=queries)
        weights = 1.0 / (queries * sizes[codes])
        marked, of = self.marked, codes[self.marked]
        labelled = np.bincount(of, minlength=queries) > 0
        if int(labelled.sum()) < _FEWEST:
            raise EstimateError(
                f"{self.name}: {int(labelled.sum())} queries hold labels; label trials of at least {_FEWEST} "
                "queries, chosen by chance"
            )
        share = weights[marked] / weights[marked].sum()

        def by_query(values: Floats, at: NDArray[np.intp]) -> Floats:
            return np.bincount(at, weights=values, minlength=queries).astype(np.float64)

        judge_all = float(weights @ self.judged)
        judge_labelled = float(share @ self.judged[marked])
        label = float(share @ self.labels[marked])
        change = by_query(weights * (self.judged - judge_all), codes)
        change -= by_query(share * (self.judged[marked] - judge_all), of)
        of_all = by_query(weights * (self.judged - judge_all), codes)
        of_judge = by_query(share * (self.judged[marked] - judge_labelled), of)
        of_label = by_query(share * (self.labels[marked] - label), of)
        return _Parts(
            judge_all,
            judge_labelled,
            label,
            of_label,
            of_all - of_judge,
            change,
            int(marked.sum()),
            labelled,
        )


def _codes(arms: list[_Arm]) -> tuple[list[NDArray[np.intp]], NDArray[np.generic]]:
    names, codes = np.unique(np.concatenate([arm.queries for arm in arms]), return_inverse=True)
    ends = np.cumsum([arm.queries.size for arm in arms])[:-1]
    return list(np.split(codes.ravel().astype(np.intp), ends)), names


def _clusters(names: NDArray[np.generic], families: Mapping[Any, Any] | None) -> NDArray[np.intp]:
    """Number each query's cluster."""
    if families is None:
        return np.arange(names.size)
    named = [str(families.get(name, name)) for name in names.tolist()]
    return np.unique(named, return_inverse=True)[1].ravel().astype(np.intp)


def _estimate(
    arms: list[_Parts],
    signs: list[float],
    clusters: NDArray[np.intp],
    level: float,
    reach: tuple[float, float],
) -> PredictionPowered:
    from scipy import stats

    def combined(name: str) -> float:
        return float(sum(s * getattr(arm, name) for s, arm in zip(signs, arms, strict=True)))

    def by_cluster(name: str) -> Floats:
        total = np.sum([s * getattr(arm, name) for s, arm in zip(signs, arms, strict=True)], axis=0)
        return np.asarray(np.bincount(clusters, weights=total), dtype=np.float64)

    own, moved = by_cluster("of_label"), by_cluster("of_difference")
    product, size = own * moved, moved**2
    weight = float(_weight(product.sum(), size.sum()))
    elsewhere = _weight(product.sum() - product, size.sum() - size)
    n = own.size
    imagined = sum(2.0 / (arm.labels + 2.0) ** 2 for arm in arms)

    def error(weight: float) -> float:
        part = own + weight * moved
        return math.sqrt(n / (n - 1) * float(part @ part) + imagined)

    judge_all, labels_only = combined("judge_all"), combined("label")
    value = labels_only + float(elsewhere @ by_cluster("change"))
    se = error(weight)
    held = int(np.unique(clusters[np.logical_or.reduce([arm.labelled for arm in arms])]).size)
    units = "queries" if n == clusters.size else "families"
    if held < _FEWEST:
        raise EstimateError(f"ppi: {held} {units} hold labels; label trials of at least {_FEWEST}")
    quantile = float(stats.t.ppf(0.5 + level / 2, held - 2))
    labels = sum(arm.labels for arm in arms)
    if len(arms) == 2:
        kind, least = "t", -1.0
        low, high = value - quantile * se, value + quantile * se
    else:
        kind, least = "Wilson", 0.0
        value = min(max(value, 0.0), 1.0)
        low, high = _wilson(value, se, labels, quantile)
    # Labels do not make it better known which queries could have been asked: the verdicts' own interval is the least.
    low, high = min(low, value - reach[0]), max(high, value + reach[1])
    value = min(max(value, least), 1.0)
    method = (
        f"PPI++ with weight {weight:.2f} from {labels} labels in {held} of {n} {units}, which "
        f"are the clusters ({kind})"
    )
    interval = Interval(max(least, min(low, value)), min(1.0, max(high, value)), method, level)
    return PredictionPowered(
        value, se, interval, weight, judge_all, labels_only, error(0.0), labels
    )


def _weight(product: ArrayLike, size: ArrayLike) -> Floats:
    """Give the weight of the smallest variance, within [0, 1]; 0 where the judge tells nothing."""
    below = np.asarray(size, dtype=np.float64)
    tells = below > _NOTHING
    found: Floats = np.where(tells, -np.asarray(product) / np.where(tells, below, 1.0), 0.0)
    return np.clip(found, 0.0, 1.0)


def _wilson(value: float, se: float, labels: int, quantile: float) -> tuple[float, float]:
    # A mean of 0 has no variance of its own: take the number of trials at the mean that one more label
    # each way would give.
    near = (value * labels + 1) / (labels + 2)
    n = near * (1 - near) / se**2
    scale = 1 + quantile**2 / n
    centre = (value + quantile**2 / (2 * n)) / scale
    half = quantile * math.sqrt(value * (1 - value) / n + (quantile / (2 * n)) ** 2) / scale
    return centre - half, centre + half
