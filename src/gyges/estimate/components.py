"""Out of which parts is the uncertainty of a gap made?

The difference between the tiers, measured on query ``q`` with wording ``w`` by ``K`` samples an arm, is the gap plus
what the query does to it, what the wording does to it, what the two do together, and the luck of the samples. With
``Q`` queries crossed with ``W`` wordings the mean has the variance ::

    query / Q  +  wording / W  +  interaction / (Q W)  +  sample / (Q W K)

which is the question-level variance of Miller (2024, arXiv 2411.00640) with wordings as a second random factor. The
four components are assumed before a study (:class:`AssumedRates`) or estimated from a pilot (:func:`components_of`).

A pilot's samples are paired in the order in which they stand, and their differences are split by ``variation.py``; the
arms' samples are independent, so which are paired does not matter on average.

Near rates of 0 and 1 the default interval is wider than the standard error says, so a plan needs the rates too. Those
of a pilot come with its components, and :meth:`Components.assumed` reads both as the intraclass correlation and the
correlation of the tiers that would give them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.simulated import MOST_ICC, Model, difference_variance
from gyges.estimate.sizes import crossing
from gyges.estimate.variation import variance_split

__all__ = ["AssumedRates", "Components", "components_of"]

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Components:
    """Variances of a gap's parts; each is a square of fractions, so 0.0025 is a standard deviation of 5 points."""

    query: float
    """Between queries: how much the true difference between the tiers differs from query to query."""
    wording: float
    """Between wordings: how much the gap over all queries moves from wording to wording."""
    interaction: float
    """What a wording does to one query and not to the others."""
    sample: float
    """Between samples of one cell, both tiers together: the sum over the tiers of the mean p(1 - p) within a cell."""
    rates: tuple[float, float] | None = None
    """The rates beside which the variances were found, monitored and unmonitored; None where they are not known."""

    def __post_init__(self) -> None:
        for name in ("query", "wording", "interaction", "sample"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise EstimateError(f"components: {name} is {value}; a variance is 0 or more")
        if self.rates is not None and not all(0 <= rate <= 1 for rate in self.rates):
            raise EstimateError(f"components: rates of {self.rates}; rates lie between 0 and 1")

    def at(self, gap: float) -> Components:
        """Give the components at a gap: these, whatever the gap."""
        return self

    def assumed(self, base: float | None = None) -> AssumedRates | None:
        """Give the assumptions under which studies with these rates have these components.

        Args:
            base: The rate when unmonitored that shall be assumed; that of :attr:`rates` if None.

        Returns:
            The assumptions; None where the rates are not known.

        Raises:
            EstimateError: Both rates are 0 or 1, so that nothing is known of how queries vary.
        """
        if self.rates is None:
            return None
        monitored, unmonitored = self.rates
        total = sum(rate * (1 - rate) for rate in self.rates)
        if not total > 0:
            raise EstimateError(
                f"components beside rates of {monitored:g} and {unmonitored:g}; where nothing varies, a pilot says "
                "nothing about how queries do: assume it (AssumedRates)"
            )
        icc = min(MOST_ICC, max(0.0, 1 - self.sample / total))
        between = self.query + self.interaction
        return AssumedRates(
            unmonitored if base is None else base,
            icc,
            _correlation(between, monitored, unmonitored, icc),
            min(1.0, self.wording**0.5),
            self.interaction / between if between > 0 else 0.0,
        )


@dataclass(frozen=True, slots=True)
class AssumedRates:
    """Components that follow from rates and from how alike the answers to one query are.

    A query's true rate in an arm is drawn from a Beta distribution whose mean is the arm's rate ``p`` and whose
    variance is ``icc * p * (1 - p)``; the two arms' rates of one query correlate. The defaults of ``icc`` and
    ``correlation`` are those of the published VLAF answers (50 subjects and values, 10 samples a query and tier:
    pooled 0.22 and 0.21 in the two tiers, and 0.79). That of ``wording_sd`` is the spread of the gap over eight
    paraphrases in Greenblatt et al. (2024) less its sampling error: 5.5 points in one setting, 5.1 in the other.
    """

    base: float
    """The rate of compliance when unmonitored, from 0 to 1."""
    icc: float = 0.2
    """Intraclass correlation: the share of an arm's variance that lies between queries, at one wording."""
    correlation: float = 0.8
    """Between the two arms' true rates of a query, from -1 to 1. Simulated studies take it for that of the rates'
    normal scores, which is a little stronger where the arms' rates differ much."""
    wording_sd: float = 0.05
    """Standard deviation of the gap between wordings."""
    interaction: float = 0.0
    """The share of the variance between queries that is another with every wording. At 0, the most cautious, more
    wordings say nothing new about the queries."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("base", 0.0, 1.0),
            ("icc", 0.0, 1.0),
            ("correlation", -1.0, 1.0),
            ("wording_sd", 0.0, 1.0),
            ("interaction", 0.0, 1.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise EstimateError(
                    f"assumed rates: {name} is {value}; it lies between {low:g} and {high:g}"
                )

    def at(self, gap: float) -> Components:
        """Give the components if the gap is this large.

        Raises:
            EstimateError: The rate when monitored, ``base + gap``, would not be a rate.
        """
        monitored = self.base + gap
        if not -1e-12 <= monitored <= 1 + 1e-12:
            raise EstimateError(
                f"a gap of {gap:g} over an unmonitored rate of {self.base:g} is a monitored rate of {monitored:g}; "
                "rates lie between 0 and 1"
            )
        monitored = min(1.0, max(0.0, monitored))
        first, second = monitored * (1 - monitored), self.base * (1 - self.base)
        between = self.icc * max(
            0.0, first + second - 2 * self.correlation * (first * second) ** 0.5
        )
        return Components(
            query=between * (1 - self.interaction),
            wording=self.wording_sd**2,
            interaction=between * self.interaction,
            sample=(1 - self.icc) * (first + second),
        )


def components_of(
    query: ArrayLike, wording: ArrayLike, monitored: ArrayLike, compliance: ArrayLike
) -> Components:
    """Estimate the components from the trials of a pilot.

    Args:
        query: Shape (trials,); each trial's query, any labels.
        wording: Shape (trials,); each trial's wording.
        monitored: Shape (trials,); whether the trial was monitored.
        compliance: Shape (trials,); from 0 to 1, fractions allowed. Leave trials without an outcome out.

    Returns:
        The components. A part that the pilot cannot tell from another is 0, and the other holds it: with one wording
        ``query`` holds ``interaction`` (right for a plan with one wording, cautious for more), and with one sample in
        every cell ``query`` or ``interaction`` holds ``sample`` (right for one sample, cautious for more).

    Raises:
        EstimateError: The shapes differ, a value is missing, fewer than two queries have trials in both tiers, or each
            query stands in a wording of its own.
    """
    rows, columns = _codes(query), _codes(wording)
    arm = np.asarray(monitored, dtype=bool).ravel()
    values = np.asarray(compliance, dtype=np.float64).ravel()
    if not rows.size == columns.size == arm.size == values.size:
        raise EstimateError(
            f"components_of: {rows.size} queries, {columns.size} wordings, {arm.size} tiers and {values.size} "
            "outcomes; all are one per trial"
        )
    if not bool(np.all((values >= 0) & (values <= 1))):
        raise EstimateError("components_of: a compliance is missing or not between 0 and 1")
    table = _differences(rows, columns, arm, values)
    there = ~np.isnan(table)
    queries = int(there.any(axis=(1, 2)).sum())
    if queries < 2:
        raise EstimateError(
            f"components_of: queries with trials in both tiers: {queries}; a pilot needs two or more"
        )
    rates = (
        _rate(rows[arm], columns[arm], values[arm]),
        _rate(rows[~arm], columns[~arm], values[~arm]),
    )
    if int(there.any(axis=(0, 2)).sum()) == 1 and int(there.sum()) == queries:
        return Components(float(table[there].var(ddof=1)), 0.0, 0.0, 0.0, rates)
    parts = variance_split(table, resamples=0).components(unseparated="interaction")
    return Components(**parts, rates=rates)


def _rate(rows: Codes, columns: Codes, values: Floats) -> float:
    """Average over queries the means of their cells."""
    cells, index = np.unique(np.stack([rows, columns]), axis=1, return_inverse=True)
    index = index.ravel()
    means = np.bincount(index, weights=values) / np.bincount(index)
    asked = np.bincount(cells[0])
    return float(
        (np.bincount(cells[0], weights=means)[asked > 0] / asked[asked > 0]).mean().clip(0, 1)
    )


def _correlation(between: float, monitored: float, unmonitored: float, icc: float) -> float:
    """Find the correlation with which the difference of a query's two rates varies as it does between queries."""

    def short(correlation: float) -> float:
        return between - difference_variance(Model(monitored, unmonitored, icc, correlation))

    if short(-1.0) >= 0:
        return -1.0
    found = crossing(short, -1.0, 1.0)
    return 1.0 if found is None else found


def _codes(labels: ArrayLike) -> Codes:
    return np.unique(np.asarray(labels).ravel(), return_inverse=True)[1].astype(np.intp)


def _differences(rows: Codes, columns: Codes, arm: NDArray[np.bool_], values: Floats) -> Floats:
    """Pair the samples of a cell's two arms in their order: shape (queries, wordings, samples), NaN where none."""
    if not values.size:
        return np.empty((0, 0, 0))
    wide = int(columns.max()) + 1
    group = (rows * wide + columns) * 2 + arm
    order = np.argsort(group, kind="stable")
    _, first, count = np.unique(group[order], return_index=True, return_counts=True)
    number = np.empty(values.size, dtype=np.intp)
    number[order] = np.arange(values.size) - np.repeat(first, count)
    arms = np.full((2, int(rows.max()) + 1, wide, int(count.max())), np.nan)
    arms[arm.astype(np.intp), rows, columns, number] = values
    return np.asarray(arms[1] - arms[0])
