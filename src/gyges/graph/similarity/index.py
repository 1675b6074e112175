"""Which nodes of a store are alike, however many it has?

Up to 100,000 vectors all are compared (:mod:`gyges.graph.similarity.exact`); beyond, an index beside the store finds
them (:mod:`gyges.graph.similarity.approximate`), or, where there is none, all are compared some rows at a time, which
is exact and slow. :attr:`Index.method` says which it was and :attr:`Index.note` why.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from gyges.errors import GraphError
from gyges.graph.similarity import table
from gyges.graph.similarity.approximate import Approximate, available
from gyges.graph.similarity.exact import Near, Pair, Vectors, best_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["EXACT_UP_TO", "Index"]

EXACT_UP_TO = 100_000
"""Vectors that are all held in memory and compared."""

_FEW = 20_000
"""Nodes of the types asked for that are compared one by one although there is an index: it might miss a rare type."""


class Index:
    """The similarity of a store's nodes.

    Holds the vectors as they were when it was opened; beyond :data:`EXACT_UP_TO` it reads from the connection and
    belongs to its thread. Made by :meth:`open`.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        vectors: Vectors | None,
        approximate: Approximate | None,
        compared: int,
        note: str = "",
    ) -> None:
        self._connection = connection
        self._vectors = vectors
        self._approximate = approximate
        self.compared = compared
        """How many nodes have a vector."""
        self.note = note
        """Why many vectors are compared one by one; empty where there is nothing to say."""
        self.model = (table.model_of(connection) or {}).get("model", "")
        """The model that made the vectors; empty where there are none."""

    @classmethod
    def open(
        cls,
        connection: sqlite3.Connection,
        beside: Path | None = None,
        *,
        build: bool = False,
        most: int = EXACT_UP_TO,
    ) -> Index:
        """Open the vectors of a store in the way that suits their number.

        Args:
            connection: Of the store.
            beside: The store's file, beside which the index of many vectors stands; None where it is in memory.
            build: Make the index of many vectors if there is none; takes minutes at a million.
            most: Up to how many all are held in memory.
        """
        compared = table.count(connection)
        if compared <= most:
            return cls(connection, table.load(connection), None, compared)
        all_of = f"all of {compared:,} vectors are compared one by one"
        if not available():
            note = f"{all_of}: pip install usearch makes this faster"
            return cls(connection, None, None, compared, note)
        found = None
        if beside is not None:
            found = Approximate.open(connection, beside)
            if found is None and build:
                found = Approximate.build(connection, beside)
        note = "" if found else f"{all_of}: there is no index beside the store yet"
        return cls(connection, None, found, compared, note)

    @property
    def method(self) -> str:
        """Say how neighbours are found: ``exact`` or ``approximate``."""
        return "approximate" if self._approximate else "exact"

    def vector(self, id_: str) -> NDArray[np.float32] | None:
        """Return the vector of a node, or None where it has none."""
        if self._vectors is not None:
            return self._vectors.vector(id_)
        return table.vector_of(self._connection, id_)

    def nearest(
        self,
        vector: NDArray[np.float32],
        count: int = 10,
        threshold: float = -1.0,
        exclude: Collection[str] = (),
        types: Collection[str] = (),
    ) -> list[Near]:
        """Find the nodes nearest to a vector: see :meth:`Vectors.nearest`."""
        if self._vectors is not None:
            return self._vectors.nearest(vector, count, threshold, exclude, types)
        if self._approximate is not None and not (types and self._few(types)):
            return self._approximate.nearest(vector, count, threshold, exclude, types)
        found: list[Near] = []
        for block in table.blocks(self._connection, types=types):
            part = Vectors(block.ids, block.matrix).nearest(vector, count, threshold, exclude)
            found = best_of([*found, *part], count)
        return found

    def similar(
        self,
        id_: str,
        count: int = 10,
        threshold: float = -1.0,
        exclude: Collection[str] = (),
        types: Collection[str] = (),
    ) -> list[Near]:
        """Find the nodes nearest to a node, which is not among them; none where it has no vector."""
        vector = self.vector(id_)
        if vector is None:
            return []
        return self.nearest(vector, count, threshold, {*exclude, id_}, types)

    def pairs_above(
        self,
        threshold: float,
        limit: int = 1000,
        skip: Collection[tuple[str, str]] = (),
        among: Collection[str] | None = None,
    ) -> list[Pair]:
        """Find the pairs of nodes whose cosine reaches a threshold: see :meth:`Vectors.pairs_above`.

        Raises:
            GraphError: There are too many vectors to compare all, and there is no index.
        """
        if self._vectors is not None:
            return self._vectors.pairs_above(threshold, limit, skip, among)
        if self._approximate is None:
            raise GraphError(
                f"pairs among {self.compared:,} vectors cannot be looked for without an index: {self.note}"
            )
        return self._approximate.pairs_above(threshold, limit, skip, among)

    def _few(self, types: Collection[str]) -> bool:
        return table.count(self._connection, types, most=_FEW + 1) <= _FEW
