"""Which of very many vectors are nearest to a vector, without comparing all of them?

A graph of near neighbours that is walked towards the vector (HNSW: Malkov and Yashunin 2018, arXiv 1603.09320), from
the package usearch, over the vectors in eight bits. It stands in a file beside the store and is mapped, not read, so
that opening it costs nothing. What it finds is scored again with the store's own vectors: a score that is shown is
exact, only a neighbour can be missed. Rows that were written after the index was made are compared one by one, so it
is never out of date. Two builds of one store need not be equal to the byte, for threads add in any order.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Collection, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gyges.embedding import SIZE
from gyges.errors import GraphError
from gyges.graph.model import type_of
from gyges.graph.similarity.exact import Near, Pair, Vectors, best_of, exact_scores
from gyges.graph.similarity.table import Block, blocks, joined, read_rows, token_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Approximate", "available"]

_KIND = "i8"
_LINKS = 16
_WHEN_ADDING = 64
_LOOKED_AT = 64
"""Neighbours asked for at least: eight bits mix up the order of near ones, the exact scores put it right."""
_MOST = 4096
_SLACK = 0.03
"""How far a score in eight bits may lie from the exact one."""
_STALE = 0.05
"""The share of rows that may be newer than the index."""
_AT_ONCE = 500


def available() -> bool:
    """Say whether the package that makes the index is installed."""
    return find_spec("usearch") is not None


class Approximate:
    """An index over the vectors of one store.

    Uses the store's connection, so it belongs to that connection's thread. Made by :meth:`build` or :meth:`open`.
    """

    def __init__(
        self, connection: sqlite3.Connection, index: Any, last: int, recent: Vectors
    ) -> None:
        self._connection = connection
        self._index = index
        self._recent = recent
        self.last = last
        """Number of the newest row that the index holds."""

    @classmethod
    def build(
        cls,
        connection: sqlite3.Connection,
        beside: Path,
        said: Callable[[int], None] | None = None,
    ) -> Approximate:
        """Make the index and write it beside the store; an older one is dropped.

        Args:
            connection: Of the store.
            beside: The store's file.
            said: Called with how many vectors are in the index so far.

        Raises:
            GraphError: usearch is not installed.
        """
        if not available():
            raise GraphError("an index needs usearch; install it with: pip install 'gyges[graph]'")
        import numpy as np

        index = _usearch().Index(
            ndim=SIZE,
            metric="cos",
            dtype=_KIND,
            connectivity=_LINKS,
            expansion_add=_WHEN_ADDING,
            expansion_search=_LOOKED_AT,
        )
        last = 0
        for block in blocks(connection):
            index.add(np.array(block.numbers, dtype=np.uint64), block.matrix)
            last = block.numbers[-1]
            if said is not None:
                said(len(index))
        older = [path for _, path in _files(beside)]
        being_made = beside.with_name(f"{beside.name}.making.usearch")
        index.save(str(being_made))
        name = f"{beside.name}.{token_of(connection)}-{last}-{being_made.stat().st_size}.usearch"
        made = being_made.replace(beside.with_name(name))
        for path in older:
            if path != made:
                # A system that maps files keeps one that is in use; the next build drops it.
                with contextlib.suppress(OSError):
                    path.unlink()
        return cls(connection, index, last, _newer(connection, last))

    @classmethod
    def open(cls, connection: sqlite3.Connection, beside: Path) -> Approximate | None:
        """Map the index that stands beside the store.

        Returns:
            None where there is none, where it is of another store or model or not whole, where too many rows are newer
            than it is, or where usearch is not installed.
        """
        token = token_of(connection)
        if not token or not available():
            return None
        newest = connection.execute("SELECT max(number) FROM vector").fetchone()[0] or 0
        for (of, last, size), path in _files(beside):
            fits = of == token and path.stat().st_size == size
            if not fits or not newest * (1 - _STALE) <= last <= newest:
                continue
            try:
                index = _usearch().Index.restore(str(path), view=True)
            except (ValueError, RuntimeError, OSError):
                continue
            if index is not None:
                return cls(connection, index, last, _newer(connection, last))
        return None

    def nearest(
        self,
        vector: NDArray[np.float32],
        count: int = 10,
        threshold: float = -1.0,
        exclude: Collection[str] = (),
        types: Collection[str] = (),
    ) -> list[Near]:
        """Find nodes near to a vector; as :meth:`Vectors.nearest`, but one may be missed."""
        if count < 1:
            return []
        recent = self._recent.nearest(vector, count, threshold, exclude, types)
        out, wanted = set(exclude), set(types)
        asked = max(_LOOKED_AT, 4 * count)
        while True:
            matches = self._index.search(vector, min(asked, len(self._index)))
            worst = 1 - float(matches.distances[-1]) if len(matches) else -1.0
            known = self._read(matches.keys.tolist())
            scores = exact_scores(known.matrix, vector).tolist()
            found = [
                Near(id_, score)
                for id_, score in zip(known.ids, scores, strict=True)
                if score >= threshold and id_ not in out and (not wanted or type_of(id_) in wanted)
            ]
            ended = len(matches) < asked or worst < threshold - _SLACK or asked >= _MOST
            if len(found) >= count or ended:
                return best_of([*recent, *found], count)
            asked *= 4

    def pairs_above(
        self,
        threshold: float,
        limit: int = 1000,
        skip: Collection[tuple[str, str]] = (),
        among: Collection[str] | None = None,
        neighbours: int = 16,
    ) -> list[Pair]:
        """Find pairs of nodes whose cosine reaches a threshold, from each node's nearest ``neighbours``.

        As :meth:`Vectors.pairs_above`, but a pair may be missed, above all where a node has more neighbours.
        """
        import numpy as np

        out = {(min(pair), max(pair)) for pair in skip}
        best: dict[tuple[str, str], float] = {}
        for ids, matrix in self._of(among):
            asked = min(neighbours + 1, len(self._index))
            matches = self._index.search(matrix, asked)
            keys = np.atleast_2d(matches.keys)
            # One row comes back without counts, and then all of it counts.
            counts = np.atleast_1d(matches.counts if len(ids) > 1 else keys.shape[1])
            near = np.arange(keys.shape[1])[None, :] < counts[:, None]
            near &= 1 - np.atleast_2d(matches.distances) >= threshold - _SLACK
            known = self._read(np.unique(keys[near]).tolist())
            at = {number: row for row, number in enumerate(known.numbers)}
            for row, id_ in enumerate(ids):
                rows = [at[key] for key in keys[row][near[row]].tolist() if key in at]
                scores = exact_scores(known.matrix[rows], matrix[row]).tolist()
                found = [
                    Near(known.ids[one], score) for one, score in zip(rows, scores, strict=True)
                ]
                for other in [*found, *self._recent.nearest(matrix[row], asked, threshold)]:
                    pair = (min(id_, other.id), max(id_, other.id))
                    if other.score >= threshold and other.id != id_ and pair not in out:
                        best[pair] = other.score
            if len(best) > 8 * limit:
                best = _cut(best, limit)
        return [Pair(*pair, score) for pair, score in _cut(best, limit).items()]

    def _of(self, among: Collection[str] | None) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        """Give the vectors whose neighbours are asked for, some rows at a time."""
        if among is None:
            for block in blocks(self._connection, rows=4096):
                yield block.ids, block.matrix
            return
        ids = sorted(set(among))
        for at in range(0, len(ids), _AT_ONCE):
            part = ids[at : at + _AT_ONCE]
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT number, node, data FROM vector WHERE node IN ({marks})", part
            )
            block = read_rows(rows, len(part))
            if block.ids:
                yield block.ids, block.matrix

    def _read(self, numbers: list[int]) -> Block:
        """Read rows from the store; a row that is gone since the index was made is left out."""
        parts = []
        for at in range(0, len(numbers), _AT_ONCE):
            part = numbers[at : at + _AT_ONCE]
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT number, node, data FROM vector WHERE number IN ({marks})", part
            )
            parts.append(read_rows(rows, len(part)))
        return joined(parts)


def _usearch() -> Any:
    """Import usearch, behind onnxruntime: the other way round, onnxruntime 1.31 with usearch 2.26 ends the process."""
    if find_spec("onnxruntime") is not None:
        import onnxruntime  # noqa: F401
    import usearch.index

    return usearch.index


def _cut(best: dict[tuple[str, str], float], limit: int) -> dict[tuple[str, str], float]:
    return dict(sorted(best.items(), key=lambda item: (-item[1], item[0]))[:limit])


def _newer(connection: sqlite3.Connection, last: int) -> Vectors:
    found = joined(list(blocks(connection, after=last)))
    return Vectors(found.ids, found.matrix)


def _files(beside: Path) -> list[tuple[tuple[str, int, int], Path]]:
    """Find the indexes beside a store: the token of the vectors, the last row and the size that their names tell."""
    found = []
    for path in sorted(beside.parent.glob("*.usearch")):
        name = re.fullmatch(
            re.escape(beside.name) + r"\.([0-9a-f]{8})-(\d+)-(\d+)\.usearch", path.name
        )
        if name:
            found.append(((name[1], int(name[2]), int(name[3])), path))
    return found
