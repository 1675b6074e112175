"""How far does a mean over queries (and wordings) vary, when trials of one query hang together?

The estimate is a mean over queries of their means; its variance sums what each cluster contributes, squared (Liang
and Zeger 1986), with the factor G / (G - 1) for G clusters. Where wordings vary too, queries and wordings are crossed,
and the two-way estimate of Cameron, Gelbach and Miller (2011) holds: by queries, plus by wordings, minus by both; never
less than one way alone (MacKinnon, Nielsen and Webb 2021). Degrees of freedom follow Satterthwaite (1946).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError

__all__ = ["ClusteredMean", "Floats", "Layout", "clustered_mean", "layout"]

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cell belongs to which query, family and wording, and what it weighs; arrays of shape (cells,)."""

    query: Codes
    family: Codes
    wording: Codes
    weight: Floats
    """Sums to one: each query counts alike, and in it each of its cells."""

    @property
    def queries(self) -> int:
        """How many queries there are."""
        return int(self.query.max()) + 1

    @property
    def clusters(self) -> int:
        """How many independent groups of queries there are: families, where they are named."""
        return int(self.family.max()) + 1

    @property
    def wordings(self) -> int:
        """How many wordings are crossed with the queries; 1 where they do not vary."""
        return int(self.wording.max()) + 1


@dataclass(frozen=True, slots=True)
class ClusteredMean:
    """A mean over queries with its clustered variance."""

    value: float
    variance: float | None
    """Of the mean; None with fewer than two clusters of queries."""
    df: float
    """Degrees of freedom of the variance."""
    layout: Layout

    @property
    def fewest(self) -> int:
        """The number of independent units if all variation were between those of the scarcer kind."""
        clusters, wordings = self.layout.clusters, self.layout.wordings
        return clusters if wordings == 1 else min(clusters, wordings)


def layout(
    present: NDArray[np.bool_],
    queries: ArrayLike | None = None,
    wordings: ArrayLike | None = None,
    families: ArrayLike | None = None,
) -> Layout:
    """Lay out the cells that have a value.

    Args:
        present: Shape (queries,), (queries, wordings), or (cells,) with labels; true where there is a value.
        queries: Labels of the shape of ``present``; the first axis if None.
        wordings: Labels of the shape of ``present``; the second axis if None. A wording that only one family has is no
            cluster of its own.
        families: Labels of the shape of ``present``, or one for each of the first axis; queries of one family are one
            cluster.

    Raises:
        EstimateError: No cell has a value, or labels of another shape.
    """
    if present.ndim not in (1, 2):
        raise EstimateError(
            f"rates of {present.ndim} dimensions; give them for (queries,), (queries, wordings) or labelled cells"
        )
    if not present.any():
        raise EstimateError("no query has a value")
    query = _codes(queries, present, 0, "queries")
    wording = _codes(wordings, present, 1, "wordings")
    family = query if families is None else _codes(families, present, 0, "families")
    count = int(wording.max()) + 1
    pairs = np.unique(family * count + wording) % count
    if count > 1 and np.bincount(pairs).max() == 1:
        # Each wording stands in one cluster alone, whose variance holds it already.
        wording = np.zeros_like(wording)
    cells = np.bincount(query)
    return Layout(query, family, wording, 1.0 / (cells[query] * cells.size))


def _codes(labels: ArrayLike | None, present: NDArray[np.bool_], axis: int, name: str) -> Codes:
    if labels is None:
        size = present.shape[axis] if axis < present.ndim else 1
        values: NDArray[np.generic] = np.arange(size)
    else:
        values = np.asarray(labels)
    along = (-1, 1) if axis == 0 else (1, -1)
    if values.ndim == 1 and present.ndim == 2 and values.size == present.shape[axis]:
        values = np.broadcast_to(values.reshape(along), present.shape)
    elif labels is None:
        values = np.broadcast_to(values, present.shape)
    if values.shape != present.shape:
        raise EstimateError(
            f"{name}: labels of shape {values.shape} for rates of shape {present.shape}"
        )
    codes: Codes = np.unique(values[present], return_inverse=True)[1].ravel()
    return codes


def clustered_mean(values: Floats, where: Layout) -> ClusteredMean:
    """Average over queries, each query's own mean counting alike.

    Args:
        values: Shape (cells,): the values of the cells that the layout lays out.
        where: The layout.
    """
    # Not the weighted sum, whose weights of 1/n would make ten ones 0.9999999999999999.
    mean = float(np.mean(np.bincount(where.query, weights=values) / np.bincount(where.query)))
    influence = where.weight * (values - mean)
    clusters, wordings = where.clusters, where.wordings
    if clusters < 2:
        return ClusteredMean(mean, None, 0.0, where)
    by_query = _contributions(influence, where.family)
    if wordings == 1:
        return ClusteredMean(mean, by_query, clusters - 1.0, where)
    by_wording = _contributions(influence, where.wording)
    both = np.unique(where.family * wordings + where.wording, return_inverse=True)[1].ravel()
    variance = max(by_query, by_wording, by_query + by_wording - _contributions(influence, both))
    spread = by_query**2 / (clusters - 1) + by_wording**2 / (wordings - 1)
    fewest = min(clusters, wordings) - 1.0
    df = variance**2 / spread if spread > 0 else fewest
    return ClusteredMean(mean, variance, min(max(df, fewest), clusters + wordings - 2.0), where)


def _contributions(influence: Floats, groups: Codes) -> float:
    sums = np.bincount(groups, weights=influence)
    total = float(sums @ sums)
    # Rounding alone must not look like variation.
    return 0.0 if total < 1e-24 else total * sums.size / (sums.size - 1)
