"""Which nodes of this graph are alike, kept up with the graph as it changes?

Vectors follow what changed since they were last brought up, by the history; a graph of a hundred thousand nodes is not
read again for one new label. Where the embedding model is not installed, everything else works, and this says why not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gyges.errors import GraphError
from gyges.graph.naming import is_placeholder, namesakes
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
        said: Called with how many nodes are about to be embedded, which takes a few milliseconds each.

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
        """The vectors, brought up to the graph.

        Raises:
            GraphError: The graph changed, and its file cannot be written; then :attr:`missing` says so from now on.
        """
        try:
            self._follow()
        except sqlite3.OperationalError as error:
            self.missing = (
                f"the vectors cannot be kept, for {self._store.path} cannot be written: {error}"
            )
            raise GraphError(self.missing) from None
        path = None if self._store.path == ":memory:" else Path(self._store.path)
        return Index.open(self._store.connection, path, build=True)

    def around(
        self, id_: str, most: int = MOST_ALIKE, *, down_to: float | None = None
    ) -> list[tuple[str, float]]:
        """Return the nodes that are alike a node, that no edge joins to it, and that were not decided on.

        Args:
            id_: The node.
            most: At most so many.
            down_to: A cosine below the threshold down to which nodes are told all the same.

        Returns:
            Ids and cosines, the most alike first.
        """
        if not self._ready():
            return []
        node = self._store.node(id_)
        least = self.threshold if down_to is None else min(down_to, self.threshold)
        joined = {
            id_
            for (id_,) in self._store.connection.execute(
                "WITH centre AS (SELECT num FROM node WHERE id = ?) SELECT id FROM node WHERE num IN"
                " (SELECT object FROM edge, centre WHERE subject = centre.num"
                " UNION SELECT subject FROM edge, centre WHERE object = centre.num)",
                (node.id,),
            )
        }
        settled = {
            other
            for a, b in self._settled()
            if node.id in (a, b)
            for other in (a, b)
            if other != node.id
        }
        return [
            (near.id, near.score)
            for near in self.index.similar(node.id, most, least, joined | settled)
        ]

    def pairs(self, limit: int = _MOST_PAIRS) -> Iterator[tuple[str, str, float | None]]:
        """Return pairs of nodes that may be one, that no edge joins, and of which nothing was decided.

        Args:
            limit: At most so many.

        Yields:
            Two ids and their cosine: first those of one type that share a name or an identifier, whatever their
            cosine, which is None where it cannot be computed; then those that are alike, the most alike first. Where
            a label only holds the place of one that is missing, the pair comes last.
        """
        settled = set(self._settled())
        settled |= {(b, a) for a, b in settled}
        named = [
            (*pair, self.score(*pair))
            for pair in islice(
                (
                    pair
                    for pair in namesakes(self._store, limit + len(settled))
                    if pair not in settled
                ),
                limit,
            )
        ]
        named.sort(key=lambda pair: -1.0 if pair[2] is None else pair[2], reverse=True)
        yield from named
        if not self._ready():
            return
        unnamed = []
        skip = settled | {(a, b) for a, b, _ in named}
        # Never none at all: an index is not asked for nothing.
        for a, b, score in self.index.pairs_above(self.threshold, max(limit - len(named), 1), skip):
            if self._store.edges_between(a, b):
                continue
            if any(is_placeholder(self._store.node(id_).label) for id_ in (a, b)):
                unnamed.append((a, b, score))
            else:
                yield a, b, score
        yield from unnamed

    def nearest(self, text: str, most: int, types: Collection[str] = ()) -> list[tuple[str, float]]:
        """Return the nodes whose text is nearest in meaning to a text, whatever the threshold."""
        if not self._ready():
            return []
        found = self.index.nearest(self._embedder(text), most, types=types)
        return [(near.id, near.score) for near in found]

    def score(self, one: str, other: str) -> float | None:
        """Return the cosine of two nodes, or None where it cannot be computed."""
        if not self._ready():
            return None
        vectors = (self.index.vector(one), self.index.vector(other))
        if vectors[0] is None or vectors[1] is None:
            return None
        return float(vectors[0] @ vectors[1])

    def about(self) -> dict[str, Any]:
        """Say what the similarity is computed with."""
        if not self._ready():
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

    def _ready(self) -> bool:
        """Say whether vectors can be had; where not, :attr:`missing` says why."""
        if self.missing is None:
            try:
                _ = self.index
            except GraphError:
                if self.missing is None:
                    raise
        return self.missing is None

    def _settled(self) -> list[tuple[str, str]]:
        """Return the pairs that were decided, and not put off."""
        return [
            (a, b)
            for one in self._store.decisions()
            for a, bar, b in [one.key.partition("|")]
            if bar and one.verdict != "later"
        ]

    @cached_property
    def _embedder(self) -> Embedder:
        from gyges.embedding import Embedder

        return Embedder()

    def _say(self, nodes: int) -> None:
        if self._said is not None:
            self._said(nodes)

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
            self._say(self._store.count_nodes())
            ensure(db, self._store.nodes(), self._embedder)
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
            self._say(len(there))
            ensure(db, nodes, self._embedder, whole=False)
            forget(db, [id_ for id_ in touched if id_ not in there])
        db.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_UP_TO, f"{last} {identity}")
        )
