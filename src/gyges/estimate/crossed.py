"""How are the parts of a variance solved for in a table of queries by wordings?

The arithmetic under :mod:`gyges.estimate.variation`: the table's sufficient statistics, Henderson's equations for one
table or many drawn from it, and the draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError

__all__ = ["Cells", "draws", "named", "read_cells", "solve"]

Floats = NDArray[np.float64]

_CHUNK = 4_000_000
"""Numbers held at once while resampling."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The sufficient statistics of a table, each of shape (queries, wordings); zero in empty cells."""

    mean: Floats
    count: NDArray[np.int64]
    within: Floats
    """Unbiased variance of one answer in each cell; pooled over the others where a cell has one answer."""
    average: float
    scale: float
    """The largest squared value."""

    @property
    def present(self) -> NDArray[np.bool_]:
        """Cells with an answer."""
        return self.count > 0

    @property
    def replicated(self) -> NDArray[np.bool_]:
        """Cells with at least two answers."""
        return self.count > 1

    @property
    def noise(self) -> Floats:
        """Variance of each cell's mean around its expectation."""
        return np.where(self.present, self.within / np.maximum(self.count, 1), 0.0)

    def sampling(self) -> float:
        """The mean over replicated cells of the variance within a cell; 0 if there are none."""
        return float(self.within[self.replicated].mean()) if self.replicated.any() else 0.0


def read_cells(values: ArrayLike) -> Cells:
    """Reduce answers of shape (queries, wordings, samples), NaN where there is none, to their cells.

    Raises:
        EstimateError: The array has another shape or infinite values, fewer than two queries have answers, or one
            answer each in one wording.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 3:
        raise EstimateError(
            f"variance_split: an array of shape {array.shape}; give (queries, wordings, samples)"
        )
    if np.isinf(array).any():
        raise EstimateError(
            "variance_split: a value is infinite; give NaN where there is no answer"
        )
    there = ~np.isnan(array)
    array = array[there.any(axis=(1, 2))][:, there.any(axis=(0, 2))]
    there = ~np.isnan(array)
    if array.shape[0] < 2:
        raise EstimateError(
            f"variance_split: {array.shape[0]} queries with answers; at least 2 are needed to see how queries vary"
        )
    count = there.sum(axis=2)
    mean = np.where(there, array, 0.0).sum(axis=2) / np.maximum(count, 1)
    squares = np.where(there, (array - mean[..., None]) ** 2, 0.0).sum(axis=2)
    within = np.where(count > 1, squares / np.maximum(count - 1, 1), 0.0)
    if (count > 1).any():
        within = np.where(count == 1, within[count > 1].mean(), within)
    elif array.shape[1] == 1:
        raise EstimateError(
            "variance_split: one answer a query in one wording; the queries' own rates cannot be told from chance. "
            "Ask at least two samples (--samples 2)"
        )
    scale = float(np.max(array[there] ** 2))
    return Cells(mean, count, within, float(mean[count > 0].mean()), scale)


def solve(cells: Cells, rows: Floats, columns: Floats) -> Floats:
    """Solve Henderson's equations for tables in which queries and wordings stand as often as given.

    Args:
        cells: The table.
        rows: Shape (draws, queries); how often each query stands, repetitions counting as different queries.
        columns: Shape (draws, wordings).

    Returns:
        Shape (draws, 3): query, wording, query x wording (with the sampling in it if no cell is replicated); NaN
        where the equations have no single solution.
    """
    filled = cells.present.astype(np.float64)
    mean, noise = np.where(cells.present, cells.mean - cells.average, 0.0), cells.noise
    by_row, by_column = columns @ filled.T, rows @ filled
    n = (rows * by_row).sum(axis=1)

    def per(total: Floats, count: Floats) -> Floats:
        return np.divide(total, count, out=np.zeros_like(total), where=count > 0)

    row_sum, column_sum = columns @ mean.T, rows @ mean
    row_noise, column_noise = columns @ noise.T, rows @ noise
    grand_noise = per((rows * row_noise).sum(axis=1), n)
    grand = per((rows * row_sum).sum(axis=1) ** 2, n) - grand_noise
    left = np.stack(
        [
            (rows * per(row_sum**2 - row_noise, by_row)).sum(axis=1) - grand,
            (columns * per(column_sum**2 - column_noise, by_column)).sum(axis=1) - grand,
            (rows * (columns @ (mean**2 - noise).T)).sum(axis=1) - grand,
        ],
        axis=1,
    )
    a = (rows * (by_row > 0)).sum(axis=1)
    b = (columns * (by_column > 0)).sum(axis=1)
    query, wording = (
        per((rows * by_row**2).sum(axis=1), n),
        per((columns * by_column**2).sum(axis=1), n),
    )
    if cells.mean.shape[1] == 1:
        only = np.divide(left[:, 0], a - 1, out=np.full_like(a, np.nan), where=a > 1)
        return np.stack([only, np.zeros_like(only), np.zeros_like(only)], axis=1)
    # Coefficients of the three variances in the expectations of the three sums of squares.
    matrix = np.stack(
        [
            np.stack([n - query, a - wording, a - 1], axis=1),
            np.stack([b - query, n - wording, b - 1], axis=1),
            np.stack([n - query, n - wording, n - 1], axis=1),
        ],
        axis=1,
    )
    solvable = (np.abs(np.linalg.det(matrix)) > 1e-9 * np.maximum(n, 1) ** 3) & (a > 1) & (b > 1)
    matrix[~solvable] = np.eye(3)
    solved = np.linalg.solve(matrix, left[..., None])[..., 0]
    solved[~solvable] = np.nan
    return solved


def named(cells: Cells, raw: Floats, sampling: Floats) -> tuple[list[str], Floats]:
    """Name the parts that the data tell apart; the figures have shape (draws, parts) and may be negative."""
    if cells.mean.shape[1] == 1:
        return ["query", "sample"], np.column_stack([raw[:, 0], sampling])
    if not cells.replicated.any():
        return ["query", "wording", "query x wording + sample"], raw
    names = ["query", "wording", "query x wording", "sample"]
    return names, np.column_stack([raw, sampling])


def draws(cells: Cells, resamples: int, seed: int) -> Floats:
    """Draw queries and wordings with replacement and solve for the parts again.

    Args:
        cells: The table.
        resamples: How many draws.
        seed: Seeds them.

    Returns:
        Shape (draws, parts): the parts' estimates, which may be negative; draws that cannot be solved are left out.
    """
    queries, wordings = cells.mean.shape
    rng = np.random.default_rng(seed)
    rows = rng.multinomial(queries, np.full(queries, 1 / queries), resamples).astype(np.float64)
    columns = np.ones((resamples, 1))
    if wordings > 1:
        columns = rng.multinomial(wordings, np.full(wordings, 1 / wordings), resamples).astype(
            np.float64
        )
    step = max(1, _CHUNK // (queries * wordings))
    drawn: Floats = np.concatenate(
        [
            _drawn(cells, rows[start : start + step], columns[start : start + step])
            for start in range(0, resamples, step)
        ]
    )
    return drawn


def _drawn(cells: Cells, rows: Floats, columns: Floats) -> Floats:
    raw = solve(cells, rows, columns)

    def average(values: Floats, where: NDArray[np.bool_]) -> Floats:
        weight = (rows * (columns @ where.astype(np.float64).T)).sum(axis=1)
        total = (rows * (columns @ np.where(where, values, 0.0).T)).sum(axis=1)
        found: Floats = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
        return found

    noise = average(cells.noise, cells.present)
    sampling = average(cells.within, cells.replicated)
    queries, wordings = rows.shape[1], columns.shape[1]
    if wordings == 1:
        # Drawn rows vary with divisor n, not n - 1, and carry their own noise.
        raw[:, 0] = (raw[:, 0] + noise) * queries / (queries - 1) - noise
    else:
        grow_rows, grow_columns = queries / (queries - 1), wordings / (wordings - 1)
        residual = (raw[:, 2] + noise) * grow_rows * grow_columns
        filled = cells.present.sum()
        raw[:, 0] = raw[:, 0] * grow_rows - residual * queries / filled
        raw[:, 1] = raw[:, 1] * grow_columns - residual * wordings / filled
        raw[:, 2] = residual - noise
    kept = np.isfinite(raw).all(axis=1)
    return named(cells, raw[kept], sampling[kept])[1]
