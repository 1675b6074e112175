"""Which nodes of a graph are alike and which pairs of them may be one, kept up with the graph as it changes?

Vectors follow what changed since they were last brought up, by the history; a graph of a hundred thousand nodes is not
read again for one new label. Where the embedding model is not installed, everything else works, and this says why not.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gyges.errors import GraphError
from gyges.graph.recognition.initials import initialled
from gyges.graph.recognition.naming import is_placeholder, namesakes
from gyges.graph.records import pair_key
from gyges.graph.similarity import Index, create, ensure, forget, why_missing
from gyges.graph.store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gyges.embedding import Embedder, Identity

__all__ = ["MOST_PAIRS", "THRESHOLD", "Likenesses"]

THRESHOLD = 0.65
"""The cosine from which two nodes are told as alike, unless another is given."""

MOST_ALIKE = 20
"""Nodes that a page lists as alike."""
MOST_PAIRS = 5_000
"""Pairs that are listed, unless another number is asked for."""
_UP_TO = "embedded_up_to"


class Likenesses:
    """The nodes of a graph that are alike.

    Args:
        store: The graph.
        threshold: The lowest cosine that is told.
        said: Called while nodes are embedded, which takes some milliseconds each: with how many are done, and of how
            many that are looked at; the first time with none done, and at the end, however it came, with all.

    Raises:
        GraphError: The threshold is no cosine.
    """

    def __init__(
        self,
        store: Store,
        threshold: float = THRESHOLD,
        said: Callable[[int, int], None] | None = None,
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
        asked = 2 * most
        while True:
            # What is left out is looked for among the nearest alone: a node may have ten thousand neighbours.
            near = self.index.similar(node.id, asked, least)
            joined = self._joined(node.id, [one.id for one in near])
            found = [
                (one.id, one.score)
                for one in near
                if one.id not in joined and not self._decided(node.id, one.id)
            ]
            if len(found) >= most or len(near) < asked:
                return found[:most]
            asked *= 4

    def pairs(
        self,
        limit: int = MOST_PAIRS,
        *,
        among: Collection[str] | None = None,
        later: bool = True,
    ) -> Iterator[tuple[str, str, float | None]]:
        """Return pairs of nodes that may be one, that no edge joins, and of which nothing was decided.

        Args:
            limit: At most so many, of those that are left when the others are left out.
            among: Nodes of which one must be in each pair; all where None.
            later: Also those whose decision was put off.

        Yields:
            Two ids and their cosine: first those of one type that share a name or an identifier, whatever their
            cosine, which is None where it cannot be computed; then those that are alike, the most alike first. Where
            a label only holds the place of one that is missing, the pair comes last.
        """
        among = None if among is None else frozenset(among)
        settled = set(self._settled(later))
        settled |= {(b, a) for a, b in settled}
        named = [
            (*pair, self.score(*pair))
            for pair in islice(
                (
                    pair
                    for pair in chain(
                        namesakes(self._store, limit + len(settled), among),
                        initialled(self._store, among),
                    )
                    if pair not in settled
                ),
                limit,
            )
        ]
        named.sort(key=lambda pair: -1.0 if pair[2] is None else pair[2], reverse=True)
        yield from named
        left = limit - len(named)
        if left < 1 or not self._ready():
            return
        yield from self._unnamed(left, settled | {(a, b) for a, b, _ in named}, among)

    def _unnamed(
        self, left: int, skip: set[tuple[str, str]], among: Collection[str] | None
    ) -> Iterator[tuple[str, str, float]]:
        """Return pairs by their cosine alone; those without a label last."""
        last = []
        asked = left
        while left:
            found = self.index.pairs_above(self.threshold, asked, skip, among)
            for a, b, score in found:
                skip.add((a, b))
                if not left or self._store.edges_between(a, b):
                    continue
                left -= 1
                if any(is_placeholder(self._store.node(id_).label) for id_ in (a, b)):
                    last.append((a, b, score))
                else:
                    yield a, b, score
            if len(found) < asked:
                break
            # An edge joined some of the best: those that come after them were not looked at yet.
            asked *= 4
        yield from last

    def nearest(self, text: str, most: int, types: Collection[str] = ()) -> list[tuple[str, float]]:
        """Return the nodes whose text is nearest in meaning to a text, whatever the threshold."""
        if not self._ready():
            return []
        found = self.index.nearest(_vector_of(text), most, types=types)
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

    def _joined(self, id_: str, others: Collection[str]) -> set[str]:
        """Return those of some nodes that an edge joins to a node."""
        rows = self._store.connection.execute(
            "WITH centre AS (SELECT num FROM node WHERE id = ?) SELECT id FROM node, centre"
            " WHERE id IN (SELECT value FROM json_each(?)) AND"
            " (EXISTS (SELECT 1 FROM edge WHERE subject = centre.num AND object = node.num)"
            " OR EXISTS (SELECT 1 FROM edge WHERE subject = node.num AND object = centre.num))",
            (id_, json.dumps(list(others))),
        )
        return {other for (other,) in rows}

    def _decided(self, one: str, other: str) -> bool:
        """Say whether a pair was decided on, and not put off."""
        decision = self._store.decision(pair_key(one, other))
        return decision is not None and decision.verdict != "later"

    def _settled(self, later: bool = True) -> list[tuple[str, str]]:
        """Return the pairs that were decided; those that were put off only where these are not asked for."""
        return [
            (a, b)
            for one in self._store.decisions()
            for a, bar, b in [one.key.partition("|")]
            if bar and not (later and one.verdict == "later")
        ]

    def _follow(self) -> None:
        """Embed what changed since the last time; all of it where the model is another one, or nothing was embedded."""
        db = self._store.connection
        create(db)
        last = int(db.execute("SELECT coalesce(max(num), 0) FROM op").fetchone()[0])
        row = db.execute("SELECT value FROM meta WHERE key = ?", (_UP_TO,)).fetchone()
        identity = _model().identity.weights
        done, model = row[0].split(" ") if row else ("0", "")
        if int(done) == last and model == identity:
            return
        if model != identity or int(done) > last:
            with self._telling(self._store.count_nodes()) as embed:
                ensure(db, self._store.nodes(), embed)
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
            with self._telling(len(there)) as embed:
                ensure(db, nodes, embed, whole=False)
            forget(db, [id_ for id_ in touched if id_ not in there])
        db.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_UP_TO, f"{last} {identity}")
        )

    @contextmanager
    def _telling(self, nodes: int) -> Iterator[Embedder | _Counted]:
        """Give the model, and tell how far it is."""
        said = self._said
        if said is None:
            yield _model()
            return
        said(0, nodes)
        try:
            yield _Counted(_model(), lambda done: said(min(done, nodes), nodes))
        finally:
            said(nodes, nodes)


@lru_cache(maxsize=1)
def _model() -> Embedder:
    """Load the model once for all graphs."""
    from gyges.embedding import Embedder

    return Embedder()


@lru_cache(maxsize=512)
def _vector_of(text: str) -> NDArray[np.float32]:
    """Embed what is asked for again and again: a search, or a node that is only proposed."""
    return _model()(text)


class _Counted:
    """A model that tells how many texts it gave their vectors."""

    def __init__(self, embed: Embedder, said: Callable[[int], None]) -> None:
        self._embed = embed
        self._said = said
        self._done = 0

    def __call__(self, text: str) -> NDArray[np.float32]:
        vector = self._embed(text)
        self._done += 1
        self._said(self._done)
        return vector

    @property
    def identity(self) -> Identity:
        return self._embed.identity
