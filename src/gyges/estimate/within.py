"""Do answers to one and the same query go one way as something else goes up?

A least-squares slope with an intercept for each query, so that what makes queries differ cancels, and with further
columns held fixed. Answers to one query hang together, so the variance is clustered by query, or by family, with the
correction CR2 of Bell and McCaffrey (2002) for few clusters, in the form that Pustejovsky and Tipton (2018, J. Business
Econ. Statist. 36, 672-683) give for intercepts that lie within clusters; degrees of freedom are Satterthwaite's. Where
most of the variation sits in a few queries they are few, which is the case where the usual variance is too small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.gap import two_sided
from gyges.estimate.interval import Interval, quantile

__all__ = ["WithinSlope", "slope_within"]

Floats = NDArray[np.float64]
_NOTHING = 1e-10


@dataclass(frozen=True, slots=True)
class WithinSlope:
    """How much the response changes per unit of x among answers to the same query."""

    estimate: float
    se: float | None
    """None where fewer than two clusters have answers that differ in x, or nothing is left to explain."""
    df: float
    interval: Interval | None
    p: float | None
    """Two-sided, for no slope."""
    queries: int
    """Queries with answers that differ in x: only they say something."""
    answers: int
    """Answers to those queries."""


def slope_within(
    response: ArrayLike,
    x: ArrayLike,
    queries: ArrayLike,
    *,
    families: ArrayLike | None = None,
    held: ArrayLike | None = None,
    level: float = 0.95,
) -> WithinSlope | None:
    """Estimate a slope within queries.

    Args:
        response: Shape (answers,).
        x: Shape (answers,).
        queries: Shape (answers,): the query of each.
        families: Shape (answers,): the cluster of each; families hold whole queries. The queries themselves if None.
        held: Shape (answers, columns): what is held fixed, such as an indicator of the tier.
        level: Confidence level.

    Returns:
        None where x does not differ among the answers to any query, once what is held fixed is taken out.

    Raises:
        EstimateError: The shapes differ, a number is missing, or a query lies in two families.
    """
    y, first = (np.asarray(column, dtype=np.float64).ravel() for column in (response, x))
    query = np.unique(np.asarray(queries).ravel(), return_inverse=True)[1]
    cluster = query
    if families is not None:
        cluster = np.unique(np.asarray(families).ravel(), return_inverse=True)[1]
    rest = np.empty((y.size, 0)) if held is None else np.asarray(held, dtype=np.float64)
    rest = rest.reshape(y.size, -1) if y.size else rest
    if not (y.size == first.size == query.size == cluster.size == rest.shape[0]) or y.size == 0:
        raise EstimateError(
            f"slope_within: {y.size} responses, {first.size} x, {query.size} queries; all have one entry an answer"
        )
    if not all(np.isfinite(column).all() for column in (y, first, rest)):
        raise EstimateError("slope_within: a number is missing; leave such answers out")
    if np.unique(np.stack([query, cluster]), axis=1).shape[1] > query.max() + 1:
        raise EstimateError("slope_within: a query lies in two families")
    y, centred = _centre(y[:, None], query)[:, 0], _centre(np.column_stack([first, rest]), query)
    design = _independent(centred)
    if design is None:
        return None
    differs = np.bincount(query, np.abs(centred[:, 0])) > _NOTHING
    there = differs[query]
    bread: Floats = np.asarray(np.linalg.inv(design.T @ design), dtype=np.float64)
    weights = bread @ (design.T @ y)
    variance, df = _robust(design, y - design @ weights, cluster, bread)
    found = WithinSlope(
        float(weights[0]), None, df, None, None, int(differs.sum()), int(there.sum())
    )
    if variance is None or np.unique(cluster[there]).size < 2:
        return found
    se = math.sqrt(variance)
    half = quantile(level, df) * se
    method = (
        f"least squares with an intercept for each query, CR2 by {np.unique(cluster[there]).size} clusters, "
        f"t with {df:.1f} degrees of freedom"
    )
    interval = Interval(found.estimate - half, found.estimate + half, method, level)
    p = two_sided(found.estimate / se, df)
    return WithinSlope(found.estimate, se, df, interval, p, found.queries, found.answers)


def _centre(table: Floats, query: NDArray[np.intp]) -> Floats:
    counts = np.bincount(query)
    means = np.column_stack([np.bincount(query, column) / counts for column in table.T])
    return np.asarray(table - means[query], dtype=np.float64)


def _independent(centred: Floats) -> Floats | None:
    """Drop what is held fixed where other columns explain it; None where they explain x itself."""
    kept: list[Floats] = []
    # x comes last, so that it counts with what it adds.
    for at in (*range(1, centred.shape[1]), 0):
        column = left = centred[:, at]
        if kept:
            basis = np.column_stack(kept)
            left = column - basis @ np.linalg.lstsq(basis, column, rcond=None)[0]
        if float(left @ left) > _NOTHING * max(1.0, float(column @ column)):
            kept.append(column)
        elif at == 0:
            return None
    return np.column_stack([kept[-1], *kept[:-1]])


def _robust(
    design: Floats, residuals: Floats, cluster: NDArray[np.intp], bread: Floats
) -> tuple[float | None, float]:
    """Give the CR2 variance of the first weight and its Satterthwaite degrees of freedom."""
    half = np.linalg.cholesky(bread)
    contrast = bread[0]
    order = np.argsort(cluster, kind="stable")
    edges = np.flatnonzero(np.diff(cluster[order])) + 1
    scores, sizes, sums = [], [], []
    for rows in np.split(order, edges):
        own = design[rows]
        # (I - own bread own')^(-1/2) own, through the small matrix half' own' own half.
        values, vectors = np.linalg.eigh(half.T @ (own.T @ own) @ half)
        shrunk = np.where(values < 1 - 1e-8, 1 / np.sqrt(np.clip(1 - values, 1e-8, None)), 0.0)
        adjusted = own @ half @ (vectors * shrunk) @ vectors.T @ np.linalg.inv(half)
        line = adjusted @ contrast
        scores.append(float(line @ residuals[rows]))
        sizes.append(float(line @ line))
        sums.append(own.T @ line)
    variance = float(np.square(scores).sum())
    between = np.stack(sums)
    spread = np.diag(sizes) - between @ bread @ between.T
    squares = float(np.square(spread).sum())
    df = float(np.trace(spread) ** 2 / squares) if squares > 0 else 1.0
    return (variance if variance > _NOTHING**2 else None), max(1.0, df)
