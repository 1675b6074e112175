"""Which nodes of this graph are alike, kept up with the graph as it changes?

Vectors follow what changed since they were last brought up, by the history; a graph of a hundred thousand nodes is not
read again for one new label. Where the embedding model is not installed, everything else works, and this says why not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gyges.errors import GraphError
from gyges.graph.similarity import Index, create, ensure, forget, why_missing
from gyges.graph.store import Store

if TYPE_CHECKING:
    from gyges.embedding import Embedder

__all__ = ["THRESHOLD", "Likenesses"]

THRESHOLD = 0.65
"""The cosine from which two nodes are told as alike, unless another is given."""

MOST_ALIKE = 20
"""Nodes that a page lists as alike."""
_MOST_PAIRS = 5_000
_UP_TO = "embedded_up_to"


class Likenesses:
    """The nodes of a graph that are alike.

    Args:
        store: The graph.
        threshold: The lowest cosine that is told.
        said: Called with how many nodes were embedded so far; the first time takes a few milliseconds a node.

    Raises:
        GraphError: The threshold is no cosine.
    """

    def __init__(
        self, store: Store, threshold: float = THRESHOLD, said: Callable[[int], None] | None = None
    ) -> None:
        if not 0 <= threshold <= 1:
            raise GraphError(f"the threshold is {threshold}; it is a cosine from 0 to 1")
        self._store = store
        self.threshold = threshold
        self.missing = why_missing()
        """Why nothing can be computed; None where all is there."""
        self._said = said

    @cached_property
    def index(self) -> Index:
        """The vectors, brought up to the graph."""
        self._follow()
        path = None if self._store.path == ":memory:" else Path(self._store.path)
        return Index.open(self._store.connection, path, build=True)

    def around(self, id_: str, most: int = MOST_ALIKE) -> list[tuple[str, float]]:
        """Return the nodes that are alike and that no edge joins to a node: ids and cosines, the most alike first."""
        if self.missing:
            return []
        node = self._store.node(id_)
        joined = {one.id for one in self._store.neighbours(node.id)}
        return [
            (near.id, near.score)
            for near in self.index.similar(node.id, most, self.threshold, joined)
        ]

    def pairs(self, limit: int = _MOST_PAIRS) -> Iterator[tuple[str, str, float]]:
        """Return pairs of nodes that are alike, that no edge joins, and of which nothing was decided."""
        if self.missing:
            return
        decided = [
            (a, b)
            for one in self._store.decisions()
            for a, bar, b in [one.key.partition("|")]
            if bar and one.verdict != "later"
        ]
        for a, b, score in self.index.pairs_above(self.threshold, limit, decided):
            if not self._store.edges_between(a, b):
                yield a, b, score

    def nearest(self, text: str, most: int) -> list[tuple[str, float]]:
        """Return the nodes whose text is nearest in meaning to a text, whatever the threshold."""
        if self.missing:
            return []
        return [(near.id, near.score) for near in self.index.nearest(self._embedder(text), most)]

    def score(self, one: str, other: str) -> float | None:
        """Return the cosine of two nodes, or None where it cannot be computed."""
        if self.missing:
            return None
        vectors = (self.index.vector(one), self.index.vector(other))
        if vectors[0] is None or vectors[1] is None:
            return None
        return float(vectors[0] @ vectors[1])

    def about(self) -> dict[str, Any]:
        """Say what the similarity is computed with."""
        if self.missing:
            return {
                "model": None,
                "threshold": self.threshold,
                "compared": 0,
                "missing": self.missing,
            }
        return {
            "model": self.index.model,
            "threshold": self.threshold,
            "compared": self.index.compared,
            "method": self.index.method,
            "note": self.index.note,
            "missing": None,
        }

    @cached_property
    def _embedder(self) -> Embedder:
        from gyges.embedding import Embedder

        return Embedder()

    def _follow(self) -> None:
        """Embed what changed since the last time; all of it where the model is another one, or nothing was embedded."""
        db = self._store.connection
        create(db)
        last = int(db.execute("SELECT coalesce(max(num), 0) FROM op").fetchone()[0])
        row = db.execute("SELECT value FROM meta WHERE key = ?", (_UP_TO,)).fetchone()
        identity = self._embedder.identity.weights
        done, model = row[0].split(" ") if row else ("0", "")
        if int(done) == last and model == identity:
            return
        if model != identity or int(done) > last:
            ensure(db, self._store.nodes(), self._embedder, said=self._said)
        else:
            touched = [
                key
                for (key,) in db.execute(
                    "SELECT DISTINCT key FROM op WHERE num > ? AND kind = 'node'", (int(done),)
                )
            ]
            there = {
                id_
                for id_ in touched
                if db.execute("SELECT 1 FROM node WHERE id = ?", (id_,)).fetchone()
            }
            nodes = (self._store.node(id_) for id_ in sorted(there))
            ensure(db, nodes, self._embedder, whole=False, said=self._said)
            forget(db, [id_ for id_ in touched if id_ not in there])
        db.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_UP_TO, f"{last} {identity}")
        )
