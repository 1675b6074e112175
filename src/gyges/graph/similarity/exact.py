"""Which vectors are nearest to a vector, and which pairs of vectors are nearest to each other, exactly?

Every vector is compared. A matrix product in 32 bits finds what can be among the best: it errs by less than 384 ·
2⁻²⁴ for vectors of length 1 (Higham 2002, section 3.1), so nothing within twice that of the border is left out. These
few are scored again row by row in 64 bits and rounded to six digits, which gives the same scores and the same order
on every machine, whatever the library of matrix products does; equals are ordered by id.

A cosine says what two texts talk of. It cannot tell "complies" from "refuses", a claim from its opposite, or two
senses of a word: what is found here are candidates that somebody decides on (:mod:`gyges.graph.similarity.likeness`
sorts them).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gyges.errors import GraphError
from gyges.graph.model import type_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

__all__ = ["DIGITS", "MARGIN", "Near", "Pair", "Vectors", "best_of", "exact_scores"]

DIGITS = 6
"""Decimals of a score."""

MARGIN = 6e-5
"""More than twice the error of a 32-bit product of two vectors of length 1, and half a rounding."""

_TILE = 2048
_CHUNK = 8192


class Near(NamedTuple):
    """A node and its similarity to what was asked for."""

    id: str
    score: float
    """Cosine, from -1 to 1."""


class Pair(NamedTuple):
    """Two nodes, in the order of their ids, and their similarity."""

    one: str
    other: str
    score: float
    """Cosine, from -1 to 1."""


def exact_scores(rows: Matrix, vector: Matrix) -> NDArray[np.float64]:
    """Score rows against one vector, or row by row against as many, in a way that does not depend on their number.

    Args:
        rows: Shape (n, size), of length 1.
        vector: Shape (size,) or (n, size).

    Returns:
        Cosines, shape (n,), rounded to :data:`DIGITS`.
    """
    import numpy as np

    found = np.empty(len(rows))
    for at in range(0, len(rows), _CHUNK):
        part = rows[at : at + _CHUNK].astype(np.float64)
        part *= vector if vector.ndim == 1 else vector[at : at + _CHUNK]
        found[at : at + _CHUNK] = part.sum(axis=1)
    return np.round(found, DIGITS)


def best_of(found: Iterable[Near], count: int) -> list[Near]:
    """Order by score, equals by id, and keep the first ``count``."""
    return sorted(found, key=lambda near: (-near.score, near.id))[:count]


class Vectors:
    """Nodes and their vectors, in memory; every question compares all of them.

    Reading is safe from several threads at once.

    Args:
        ids: Ids of the nodes, each once.
        matrix: Shape (n, size), 32-bit, rows of length 1, in the order of the ids.

    Raises:
        GraphError: The two do not belong together.
    """

    def __init__(self, ids: Sequence[str], matrix: Matrix) -> None:
        if matrix.ndim != 2 or matrix.shape[0] != len(ids) or matrix.dtype.name != "float32":
            raise GraphError(
                f"{len(ids):,} ids do not fit a matrix of shape {matrix.shape} and kind {matrix.dtype.name}; "
                "there is one row of 32-bit numbers for each id"
            )
        self.ids = list(ids)
        self.matrix = matrix
        if len(self._rows) != len(self.ids):
            raise GraphError("an id stands twice among the vectors; each node has one")

    def __len__(self) -> int:
        return len(self.ids)

    def vector(self, id_: str) -> Matrix | None:
        """Return the vector of a node, or None where it has none."""
        row = self._rows.get(id_)
        return None if row is None else self.matrix[row]

    def nearest(
        self,
        vector: Matrix,
        count: int = 10,
        threshold: float = -1.0,
        exclude: Collection[str] = (),
        types: Collection[str] = (),
    ) -> list[Near]:
        """Find the nodes nearest to a vector.

        Args:
            vector: Shape (size,), of length 1.
            count: How many at most.
            threshold: The least cosine.
            exclude: Ids that are not looked for: the node itself, nodes that an edge joins to it.
            types: Types of node that are looked for; all where empty.

        Returns:
            Best first, equals by id.
        """
        import numpy as np

        self._fits(vector)
        if not len(self) or count < 1:
            return []
        scores = self.matrix @ vector
        if types:
            scores[~np.isin(self._types, list(types))] = -np.inf
        scores[[self._rows[id_] for id_ in exclude if id_ in self._rows]] = -np.inf
        floor = threshold - MARGIN
        if count < len(self):
            border = float(np.partition(scores, len(self) - count)[len(self) - count])
            floor = max(floor, border - MARGIN)
        rows = np.flatnonzero((scores >= floor) & (scores > -np.inf))
        exact = exact_scores(self.matrix[rows], vector)
        found = (
            Near(self.ids[row], score)
            for row, score in zip(rows.tolist(), exact.tolist(), strict=True)
            if score >= threshold
        )
        return best_of(found, count)

    def pairs_above(
        self,
        threshold: float,
        limit: int = 1000,
        skip: Iterable[tuple[str, str]] = (),
        among: Collection[str] | None = None,
    ) -> list[Pair]:
        """Find the pairs of different nodes whose cosine reaches a threshold.

        Compares block by block: memory grows with ``limit`` and not with the number of pairs.

        Args:
            threshold: The least cosine.
            limit: How many pairs at most; the best ones are kept.
            skip: Pairs that are not looked for, in either order: joined by an edge, decided on.
            among: Ids of which one end must be: nodes that are new. All where None.

        Returns:
            Best first, equals by the first id and then by the second.
        """
        import numpy as np

        if limit < 1 or len(self) < 2:
            return []
        size = len(self)
        best = _Best(self, threshold, limit, self._codes(skip))
        if among is None:
            left, chosen = np.arange(size), np.ones(size, dtype=bool)
        else:
            left = np.array(sorted({self._rows[id_] for id_ in among if id_ in self._rows}), int)
            chosen = np.zeros(size, dtype=bool)
            chosen[left] = True
        for at in range(0, len(left), _TILE):
            rows = left[at : at + _TILE]
            block = self.matrix[rows]
            # Where every row stands on the left, a pair below the diagonal was met above it.
            for start in range(at if among is None else 0, size, _TILE):
                scores = block @ self.matrix[start : start + _TILE].T
                one, other = np.nonzero(scores >= best.floor - MARGIN)
                rough, one, other = scores[one, other], rows[one], other + start
                keep = (one != other) & (~chosen[other] | (one < other))
                best.take(rough[keep], one[keep], other[keep])
        return best.pairs()

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {id_: row for row, id_ in enumerate(self.ids)}

    @cached_property
    def _types(self) -> NDArray[np.str_]:
        import numpy as np

        return np.array([type_of(id_) for id_ in self.ids], dtype=np.str_)

    def _fits(self, vector: Matrix) -> None:
        if vector.shape != (self.matrix.shape[1],):
            raise GraphError(
                f"a vector of shape {vector.shape} was looked for among vectors of {self.matrix.shape[1]} numbers"
            )

    def _codes(self, skip: Iterable[tuple[str, str]]) -> NDArray[np.int64]:
        """Give each pair of rows to skip one number, in order."""
        import numpy as np

        rows = self._rows
        found = {
            min(rows[one], rows[other]) * len(self) + max(rows[one], rows[other])
            for one, other in skip
            if one in rows and other in rows
        }
        return np.array(sorted(found), dtype=np.int64)


class _Best:
    """The best pairs so far, by rows."""

    def __init__(self, of: Vectors, threshold: float, limit: int, skip: NDArray[np.int64]) -> None:
        import numpy as np

        self._of, self._threshold, self._limit, self._skip = of, threshold, limit, skip
        self._rank = np.empty(len(of), dtype=np.int64)
        self._rank[sorted(range(len(of)), key=of.ids.__getitem__)] = np.arange(len(of))
        self._scores = np.empty(0)
        self._ends = np.empty((0, 2), dtype=np.int64)
        self.floor = threshold
        """No pair below this can be among the best any more."""

    def take(self, rough: Matrix, one: NDArray[np.int64], other: NDArray[np.int64]) -> None:
        """Add pairs of rows, with their scores in 32 bits."""
        import numpy as np

        if len(self._skip) and len(one):
            codes = np.minimum(one, other) * len(self._of) + np.maximum(one, other)
            place = np.minimum(np.searchsorted(self._skip, codes), len(self._skip) - 1)
            keep = self._skip[place] != codes
            rough, one, other = rough[keep], one[keep], other[keep]
        if len(rough) > self._limit:
            border = float(np.partition(rough, len(rough) - self._limit)[len(rough) - self._limit])
            keep = rough >= border - MARGIN
            one, other = one[keep], other[keep]
        if not len(one):
            return
        scores = np.empty(len(one))
        for at in range(0, len(one), _CHUNK):
            part = slice(at, at + _CHUNK)
            scores[part] = exact_scores(self._of.matrix[one[part]], self._of.matrix[other[part]])
        keep = scores >= self._threshold
        # The ends stand by the order of their ids, so that equals have one order.
        ends = np.sort(np.stack([self._rank[one[keep]], self._rank[other[keep]]], axis=1), axis=1)
        self._scores = np.concatenate([self._scores, scores[keep]])
        self._ends = np.concatenate([self._ends, ends])
        if len(self._scores) > self._limit:
            self._cut()

    def pairs(self) -> list[Pair]:
        """Return the best pairs, in order."""
        import numpy as np

        self._cut()
        ids = [self._of.ids[row] for row in np.argsort(self._rank)]
        return [
            Pair(ids[one], ids[other], score)
            for (one, other), score in zip(self._ends.tolist(), self._scores.tolist(), strict=True)
        ]

    def _cut(self) -> None:
        import numpy as np

        order = np.lexsort((self._ends[:, 1], self._ends[:, 0], -self._scores))[: self._limit]
        self._scores, self._ends = self._scores[order], self._ends[order]
        if len(self._scores) == self._limit:
            self.floor = max(self.floor, float(self._scores[-1]))
