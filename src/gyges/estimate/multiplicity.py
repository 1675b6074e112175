"""What is left of a finding when many were looked at?

Where twenty subjects, settings or cells are compared, one in twenty is significant by chance, and the largest of
them is too large by chance. Three answers:

* adjusted p-values: Holm (1979, Scand. J. Statist. 6, 65-70) for the chance of a single false finding, Benjamini and
  Hochberg (1995, J. R. Statist. Soc. B 57, 289-300) for the share of false ones among those that are reported;
* levels for intervals that hold together: Bonferroni's for all, and that of Benjamini and Yekutieli (2005, J. Am.
  Statist. Assoc. 100, 71-81) for those that were selected by an adjusted p-value;
* :func:`best_of`, for a cell that is reported **because** it was the largest.

The chosen cell's interval has two sides of different kinds. Below, the largest of ``k`` estimates is too large as often
as the largest of ``k`` errors is large, so the lower bound stands at a quantile of the largest t statistic of all cells
(single-step max-t; Hothorn, Bretz and Westfall 2008, Biometrical Journal 50, 346-363). Cells that share queries err
together; their correlation is estimated over the queries, and each statistic keeps its own t distribution (a Gaussian
copula). Above, choosing the largest works in the interval's favour: were the bound passed, the truly best cell
would have passed its own as well, so the usual quantile is enough with the largest standard error among the cells.

The estimate is corrected by how far the largest overshoots in simulated worlds like this one: true gaps at the cells'
estimates, drawn together by as much as their spread is noise, and errors correlated as estimated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.interval import Interval

__all__ = [
    "BestOf",
    "benjamini_hochberg",
    "best_of",
    "holm",
    "selected_level",
    "simultaneous_level",
]

Floats = NDArray[np.float64]
_CHUNK = 2_000_000
"""Numbers held at once while drawing."""


def holm(p_values: ArrayLike) -> Floats:
    """Adjust p-values so that rejecting those under a level has at most that chance of any false rejection.

    Args:
        p_values: Shape (tests,); NaN where there was no test, which stays NaN and is not counted.

    Returns:
        Shape (tests,), in the same order.

    Raises:
        EstimateError: A p-value is not between 0 and 1.
    """
    values, there = _p_values(p_values, "holm")
    order = np.argsort(values[there], kind="stable")
    ranked = values[there][order]
    stepped = np.maximum.accumulate(ranked * np.arange(ranked.size, 0, -1))
    return _back(values, there, order, stepped)


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Adjust p-values so that of those under a level at most that share is false on average.

    It holds for independent tests and for tests that go up and down together, as cells that share queries do.

    Args:
        p_values: Shape (tests,); NaN where there was no test, which stays NaN and is not counted.

    Returns:
        Shape (tests,), in the same order.

    Raises:
        EstimateError: A p-value is not between 0 and 1.
    """
    values, there = _p_values(p_values, "benjamini_hochberg")
    order = np.argsort(values[there], kind="stable")
    ranked = values[there][order]
    scaled = ranked * ranked.size / np.arange(1, ranked.size + 1)
    return _back(values, there, order, np.minimum.accumulate(scaled[::-1])[::-1])


def simultaneous_level(level: float, intervals: int) -> float:
    """Give the level at which each of many intervals is computed so that all hold together (Bonferroni).

    Holm's procedure rejects wherever such an interval excludes zero, and sometimes where it does not.

    Args:
        level: The level at which all shall hold together.
        intervals: How many there are.

    Raises:
        EstimateError: A level or number that cannot be.
    """
    return selected_level(level, 1, intervals)


def selected_level(level: float, selected: int, tested: int) -> float:
    """Give the level for intervals that are shown because their Benjamini-Hochberg p-value was small.

    Of intervals computed at this level at most a share of ``1 - level`` misses its truth, on average.

    Args:
        level: One less that share.
        selected: How many were selected, at ``1 - level``.
        tested: Out of how many.

    Raises:
        EstimateError: A level or numbers that cannot be.
    """
    if not 0 < level < 1:
        raise EstimateError(f"intervals at level {level}; it lies between 0 and 1")
    if not 1 <= selected <= tested:
        raise EstimateError(f"{selected} intervals selected out of {tested}")
    return 1 - (1 - level) * selected / tested


@dataclass(frozen=True, slots=True)
class BestOf:
    """The cell with the largest gap, and what is left of it after the choice."""

    cell: int
    """Which cell is the largest: its column."""
    gap: float
    """Its gap as estimated, which the choice makes too large on average."""
    corrected: float
    """Its gap less the overshoot."""
    overshoot: float
    """By how much the choice inflates the gap on average, 0 or more."""
    interval: Interval
    """For the gap of the chosen cell, valid although it was chosen."""
    p: float
    """Two-sided, adjusted for the choice: below ``1 - level`` where the interval's lower end is above zero."""
    cells: int
    queries: int


def best_of(
    differences: ArrayLike, *, level: float = 0.95, draws: int = 20_000, seed: int = 0
) -> BestOf:
    """Estimate the largest of several gaps, with an interval that the choice does not spoil.

    Args:
        differences: Shape (queries, cells); the paired difference of each query in each cell, from -1 to 1. To
            report the smallest gap, give the differences with the other sign and turn the result round.
        level: Confidence level.
        draws: How many simulated worlds.
        seed: Seeds them.

    Raises:
        EstimateError: Fewer than two queries, no cells, or a difference that is missing or beyond 1: keep the
            queries that all cells have.
    """
    from scipy import stats

    values = np.asarray(differences, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] < 2 or values.shape[1] < 1:
        raise EstimateError(
            f"best_of: differences of shape {values.shape}; it takes two or more queries by one or more cells"
        )
    if not 0 < level < 1:
        raise EstimateError(f"best_of: the level is {level}; it lies between 0 and 1")
    if not bool(np.all(np.abs(values) <= 1 + 1e-12)):
        raise EstimateError(
            "best_of: a difference is missing or beyond 1; keep the queries that all cells have"
        )
    queries, cells = values.shape
    mean = values.mean(axis=0)
    seen = values.std(axis=0, ddof=1) / math.sqrt(queries)
    se = _padded(values, seen)
    best = int(np.argmax(mean))
    gap = float(mean[best])
    errors = _correlated(values, draws, np.random.default_rng(seed))
    largest = errors.max(axis=1)
    tail = (1 - level) / 2
    law = stats.t(queries - 1)
    # Each statistic is t distributed; the errors are normal scores, and so is their largest.
    below = float(law.isf(stats.norm.sf(np.quantile(largest, 1 - tail))))
    above = float(law.isf(tail))
    reached = float(stats.norm.isf(law.sf(gap / se[best])))
    p = min(1.0, 2 * (float((largest >= reached).sum()) + 1) / (draws + 1)) if gap > 0 else 1.0
    # Only what varied can have overshot: imagined queries widen an interval and move no estimate.
    overshoot = _overshoot(mean, seen, errors) if cells > 1 else 0.0
    low = max(-1.0, gap - below * float(se[best]))
    high = min(1.0, gap + above * float(se.max()))
    method = (
        f"largest of {cells} gaps over {queries} queries: lower end by the largest t statistic, upper end by the "
        "largest standard error"
    )
    return BestOf(
        cell=best,
        gap=gap,
        corrected=max(gap - overshoot, low),
        overshoot=overshoot,
        interval=Interval(low, high, method, level),
        p=p,
        cells=cells,
        queries=queries,
    )


def _padded(values: Floats, se: Floats) -> Floats:
    """Give a cell whose queries all differ alike, and so has no standard error, two imagined queries."""
    queries, se = values.shape[0], se.copy()
    flat = np.ptp(values, axis=0) < 1e-12
    if flat.any():
        # +1 and -1 (Bonett and Price 2012), so that no cell is certain because nothing happened.
        padded = np.concatenate([values[:, flat], np.array([[1.0], [-1.0]]).repeat(flat.sum(), 1)])
        se[flat] = padded.std(axis=0, ddof=1) / math.sqrt(queries + 2)
    return se


def _correlated(values: Floats, draws: int, generator: np.random.Generator) -> Floats:
    """Draw standard normal errors, shape (draws, cells), that correlate as the cells do over the queries."""
    queries, cells = values.shape
    centred = values - values.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    flat = length < 1e-9
    scaled = np.divide(centred, length, out=np.zeros_like(centred), where=~flat)
    if queries <= cells:
        result = _chunks(scaled, draws, generator)
    else:
        # The same law from fewer numbers: a square root of the correlation matrix.
        values_, vectors = np.linalg.eigh(scaled.T @ scaled)
        root = (vectors * np.sqrt(np.clip(values_, 0.0, None))).T
        result = _chunks(root, draws, generator)
    if flat.any():
        result[:, flat] = generator.standard_normal((draws, int(flat.sum())))
    return result


def _chunks(root: Floats, draws: int, generator: np.random.Generator) -> Floats:
    step = max(1, _CHUNK // root.shape[0])
    return np.concatenate(
        [
            generator.standard_normal((min(step, draws - start), root.shape[0])) @ root
            for start in range(0, draws, step)
        ]
    )


def _overshoot(mean: Floats, se: Floats, errors: Floats) -> float:
    """Say by how much the largest estimate is too large on average, in worlds like this one."""
    centre = float(mean.mean())
    # The spread of the estimates around their mean, and how much of it the errors make by themselves.
    seen = float(((mean - centre) ** 2).mean())
    noise = errors * se
    made = float(((noise - noise.mean(axis=1, keepdims=True)) ** 2).mean())
    kept = max(0.0, 1 - made / seen) if seen > 0 else 0.0
    truth = centre + math.sqrt(kept) * (mean - centre)
    chosen = np.argmax(truth + noise, axis=1)
    return max(0.0, float(noise[np.arange(noise.shape[0]), chosen].mean()))


def _p_values(p_values: ArrayLike, name: str) -> tuple[Floats, NDArray[np.bool_]]:
    values = np.asarray(p_values, dtype=np.float64).ravel()
    there = ~np.isnan(values)
    if not bool(np.all((values[there] >= 0) & (values[there] <= 1))):
        bad = values[there][(values[there] < 0) | (values[there] > 1)][0]
        raise EstimateError(f"{name}: a p-value of {bad}; they lie between 0 and 1")
    return values, there


def _back(
    values: Floats, there: NDArray[np.bool_], order: NDArray[np.intp], stepped: Floats
) -> Floats:
    adjusted = np.empty_like(stepped)
    adjusted[order] = np.minimum(stepped, 1.0)
    result = values.copy()
    result[there] = adjusted
    return result
