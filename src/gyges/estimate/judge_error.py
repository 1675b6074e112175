"""How often is a judge wrong, and does it tell enough for its errors to be corrected?

A judge's errors are counts of labelled answers: how often each verdict was given to answers of each label. With two
categories (``comply`` or not) they are its sensitivity, its specificity and their sum less one, the informedness
(Youden 1950, Cancer 3, 32-35). Proportions have Wilson's intervals; the informedness has the interval that combines
those two (MOVER: Zou and Donner 2008, Statistics in Medicine 27, 1693-1702).

A correction divides by the informedness, so a judge for which it is not clearly above zero cannot be corrected: such
verdicts hardly depend on the answer, and dividing by almost nothing would only enlarge noise
(:func:`check_informative`). With three categories the part of the informedness is taken by the determinant of the
matrix of verdict shares given the label, which is the informedness where there are two.

The counts must come from answers like those of the study: a judge that errs more on one arm makes a gap where there
is none, so give each arm its own counts where there are enough (:class:`Calibration`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gyges.errors import EstimateError
from gyges.estimate.interval import mover, wilson

__all__ = ["Accuracy", "Calibration", "JudgeErrors", "check_informative", "youden_interval"]

Floats = NDArray[np.float64]
_DRAWS = 4_000


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A figure of a judge with its interval."""

    value: float
    low: float
    high: float
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, slots=True)
class JudgeErrors:
    """Counts of labelled answers by label and verdict; the first category is the positive one."""

    counts: tuple[tuple[int, ...], ...]
    """``counts[label][verdict]``, square, in the order of ``values``."""
    values: tuple[float, ...] = (1.0, 0.0)
    """What each category counts in a rate: 1 for ``comply``, 0 for ``refuse``, 0.5 for a ``partial`` between them."""

    def __post_init__(self) -> None:
        size = len(self.values)
        if size < 2 or len(self.counts) != size or any(len(row) != size for row in self.counts):
            shape = f"{len(self.counts)} rows of {sorted({len(row) for row in self.counts})}"
            raise EstimateError(
                f"judge errors: {shape} counts for {size} categories; give one row a label with one count a verdict, "
                "at least 2 by 2"
            )
        if not all(0 <= value <= 1 for value in self.values) or self.values[0] == self.values[-1]:
            raise EstimateError(
                f"judge errors: the categories count {self.values}; each counts from 0 to 1, and the first and "
                "the last differ"
            )
        for label, row in enumerate(self.counts):
            if min(row) < 0 or sum(row) == 0:
                which = "the first category (comply)" if label == 0 else f"category {label + 1}"
                raise EstimateError(
                    f"judge errors: the counts of answers labelled with {which} are {row}; every label needs at "
                    "least one labelled answer and no count is negative"
                )

    @classmethod
    def of_counts(
        cls, true_positive: int, positives: int, true_negative: int, negatives: int
    ) -> JudgeErrors:
        """Build the errors of a judge with two categories.

        Args:
            true_positive: Answers labelled positive that the judge called positive.
            positives: Answers labelled positive.
            true_negative: Answers labelled negative that the judge called negative.
            negatives: Answers labelled negative.

        Raises:
            EstimateError: A count is negative or larger than its total, or a total is 0.
        """
        return cls(
            (
                (true_positive, positives - true_positive),
                (negatives - true_negative, true_negative),
            )
        )

    @classmethod
    def of_confusion(
        cls,
        confusion: Mapping[str, Mapping[str, int]],
        values: Mapping[str, float],
        *,
        other: str,
    ) -> JudgeErrors:
        """Build the errors from a table of named labels and verdicts.

        ``{"comply": 1, "refuse": 0}`` with ``other="refuse"`` gives the errors for the share of ``comply``, where a
        ``partial`` and an ``undecided`` are not ``comply``; ``{"comply": 1, "partial": 0.5, "refuse": 0}`` those for
        the mean score.

        Args:
            confusion: ``confusion[label][verdict]``, counts.
            values: The categories to keep, the positive one first, and what each counts.
            other: The kept category that takes in every label and verdict that is not kept.

        Raises:
            EstimateError: ``other`` is not kept, or the counts cannot be used.
        """
        if other not in values:
            raise EstimateError(
                f"judge errors: other is {other!r}, which is not one of {', '.join(values)}"
            )
        place = {name: i for i, name in enumerate(values)}
        counts = np.zeros((len(values), len(values)), dtype=np.int64)
        for label, row in confusion.items():
            for verdict, count in row.items():
                counts[place.get(label, place[other]), place.get(verdict, place[other])] += count
        return cls(
            tuple(tuple(int(count) for count in row) for row in counts), tuple(values.values())
        )

    @property
    def categories(self) -> int:
        """The number of categories."""
        return len(self.values)

    def sensitivity(self, level: float = 0.95) -> Accuracy:
        """Of the answers labelled with the first category, the share that the judge puts there."""
        return _share(self.counts[0][0], sum(self.counts[0]), level)

    def specificity(self, level: float = 0.95) -> Accuracy:
        """Of the answers labelled with another category, the share that the judge does not put in the first."""
        negatives = sum(sum(row) for row in self.counts[1:])
        return _share(negatives - sum(row[0] for row in self.counts[1:]), negatives, level)

    def informedness(self, level: float = 0.95) -> Accuracy:
        """Sensitivity + specificity - 1: 1 for a perfect judge, 0 for one whose verdicts do not depend on the answer.

        Beyond two categories it is the determinant of the matrix of verdict shares given the label, with a percentile
        interval over label sets redrawn with half a count added to each cell (Dirichlet, always the same draws).
        """
        if self.categories == 2:
            value, low, high = youden_interval(
                _triple(self.sensitivity(level)), _triple(self.specificity(level))
            )
            return Accuracy(value, low, high, level)
        value = float(np.linalg.det(self.shares()))
        drawn = np.linalg.det(self.draw(np.random.default_rng(0), _DRAWS))
        low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
        return Accuracy(value, min(float(low), value), max(float(high), value), level)

    def shares(self, added: float = 0.0) -> Floats:
        """Give the chance of each verdict given the label, shape (labels, verdicts).

        Args:
            added: Imagined answers added to every cell; a half keeps a judge without errors from being certain.
        """
        counts = np.asarray(self.counts, dtype=np.float64) + added
        shares: Floats = counts / counts.sum(axis=1, keepdims=True)
        return shares

    def draw(self, rng: np.random.Generator, draws: int) -> Floats:
        """Redraw the chances that the labels leave possible, shape (draws, labels, verdicts).

        Each label's row is Dirichlet with half a count added to each cell (Jeffreys), so that 0 errors of 40 stay
        uncertain.
        """
        rows = [rng.dirichlet(np.asarray(row) + 0.5, draws) for row in self.counts]
        return np.stack(rows, axis=1)

    def pooled(self, other: JudgeErrors) -> JudgeErrors:
        """Add the counts of another set of labels, as from the other arm."""
        if self.values != other.values:
            raise EstimateError(
                f"judge errors: categories that count {self.values} and {other.values} cannot be pooled"
            )
        counts = np.add(self.counts, other.counts)
        return JudgeErrors(tuple(tuple(int(n) for n in row) for row in counts), self.values)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A judge's errors in the two arms of a gap."""

    monitored: JudgeErrors
    unmonitored: JudgeErrors
    shared: bool = False
    """True if one set of labels stands for both arms: then its errors are the same in both, also in what is unknown
    about them, and false alarms cancel out of the gap."""

    def __post_init__(self) -> None:
        if self.monitored.values != self.unmonitored.values:
            raise EstimateError(
                f"calibration: the arms' categories count {self.monitored.values} and {self.unmonitored.values}; "
                "both arms need the same"
            )
        if self.shared and self.monitored != self.unmonitored:
            raise EstimateError(
                "calibration: shared, and yet the arms' counts differ; pool them (JudgeErrors.pooled) or give "
                "shared=False"
            )

    @classmethod
    def for_both(cls, errors: JudgeErrors) -> Calibration:
        """Use one set of counts for both arms: right only where the judge errs alike on both."""
        return cls(errors, errors, shared=True)

    def swapped(self) -> Calibration:
        """Exchange the arms."""
        return Calibration(self.unmonitored, self.monitored, self.shared)


def check_informative(
    errors: JudgeErrors | Calibration, *, level: float = 0.95, name: str = "the judge"
) -> None:
    """Refuse a judge whose informedness is not clearly above zero.

    Args:
        errors: The judge's errors; of a calibration, each arm's.
        level: Confidence level of the interval that must lie above zero.
        name: What the message calls the judge.

    Raises:
        EstimateError: The lower limit of the informedness is 0 or less.
    """
    if isinstance(errors, Calibration):
        if errors.shared:
            check_informative(errors.monitored, level=level, name=name)
        else:
            for arm in ("monitored", "unmonitored"):
                check_informative(getattr(errors, arm), level=level, name=f"{name}, {arm}")
        return
    found = errors.informedness(level)
    if found.low > 0:
        return
    positives, total = sum(errors.counts[0]), sum(sum(row) for row in errors.counts)
    if errors.categories == 2:
        measure = "informedness (sensitivity + specificity - 1)"
        advice = "pool the labels of both arms, label more answers, or use another judge"
    else:
        measure = f"informedness over {errors.categories} categories"
        advice = "correct the share of the first category alone, label more answers, or use another judge"
    raise EstimateError(
        f"{name} is uninformative: sensitivity {errors.sensitivity(level).value:.3f} of {positives} positives, "
        f"specificity {errors.specificity(level).value:.3f} of {total - positives} negatives, {measure} "
        f"{found.value:.3f} with a {level:.0%} interval from {found.low:.3f} to {found.high:.3f}, which is not above "
        "0. Its verdicts may not depend on the answer at all, and a correction would divide by this number and only "
        f"enlarge noise; {advice}"
    )


def youden_interval(
    sensitivity: Sequence[float], specificity: Sequence[float]
) -> tuple[float, float, float]:
    """Combine two independent proportions into the informedness (MOVER).

    Args:
        sensitivity: Its value and the lower and upper limit of its interval.
        specificity: The same for the specificity.

    Returns:
        The informedness, its lower and its upper limit.
    """
    (a, a_low, a_high), (b, b_low, b_high) = sensitivity, specificity
    low, high = mover((a, a_low, a_high), (1 - b, 1 - b_high, 1 - b_low))
    return a + b - 1, low, high


def _triple(found: Accuracy) -> tuple[float, float, float]:
    return found.value, found.low, found.high


def _share(count: int, n: int, level: float) -> Accuracy:
    low, high = wilson(count / n, n, level=level)
    return Accuracy(count / n, low, high, level)
