"""Which nodes does a user mean by some words?

An id, a label or an alias is meant exactly; then come words in labels, aliases and glosses (SQLite's FTS5, ranked by
BM25 with the label counting most); then nodes whose text means something similar (cosine of sentence embeddings). A
word that stands in very many nodes tells little, and weighing all of them takes long: then names count alone, and where
these are too many as well, the nodes with the most edges come first.
Each hit says by which of these it was found, so that a likeness is never taken for a match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from gyges.errors import GraphError, nearest
from gyges.graph.store import Store
from gyges.graph.vocabulary import NODE_TYPES

__all__ = ["HOW", "Hit", "Nearest", "check_types", "search"]

HOW = {
    "id": "its id",
    "label": "its label",
    "alias": "another name of it, or an id that was merged into it",
    "text": "words in its label, aliases, identifiers or gloss",
    "semantic": "its text means something similar",
}
"""How a node can be found, the surest first."""

LEAST_ALIKE = 0.3
"""The cosine below which a node is not told as similar in meaning to what was asked."""

_MOST_WORDS = 32
_MOST_WEIGHED = 10_000
"""Nodes whose words are weighed for one search."""

Nearest = Callable[[str, int, Collection[str]], Iterable[tuple[str, float]]]
"""Gives the ids and cosines of so many nodes, of some types or of any, whose text is nearest in meaning to a text."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A node that was found."""

    id: str
    type: str
    label: str
    gloss: str
    edges: int
    how: str
    """One of :data:`HOW`."""
    score: float | None = None
    """Of ``semantic``, the cosine; of ``text``, FTS5's BM25 with its sign turned: larger is better, and None where too
    many nodes had the words to weigh them."""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


def search(
    store: Store,
    query: str,
    *,
    types: Collection[str] = (),
    limit: int = 20,
    how: Collection[str] = tuple(HOW),
    nearest_to: Nearest | None = None,
) -> list[Hit]:
    """Look for nodes.

    Args:
        store: The graph.
        query: Words, a label, an alias or an id.
        types: Only nodes of these types.
        limit: At most so many.
        how: Only these ways of finding.
        nearest_to: Finds by meaning; without it, nothing is found so.

    Returns:
        Hits, the surest first; each node once.

    Raises:
        GraphError: A type is unknown, or the query is empty.
    """
    check_types(types)
    if not query.strip():
        raise GraphError("nothing to search for: give some words, a label or an id")
    # Half a character, as a terminal passes on what is no UTF-8, is in no text.
    query = query.encode("utf-8", "replace").decode("utf-8")
    found: dict[str, Hit] = {}
    steps: dict[str, Callable[[], Iterable[tuple[str, float | None]]]] = {
        "id": lambda: [(query.strip(), None)] if store.has(query.strip()) else [],
        "label": lambda: ((one, None) for one in store.named(query)),
        "alias": lambda: (),
        "text": lambda: _text(store, query, types, limit),
        "semantic": lambda: (
            (id_, score)
            for id_, score in (nearest_to(query, limit + len(found), types) if nearest_to else ())
            if score >= LEAST_ALIKE
        ),
    }
    # A name that is asked for can turn out to be another name.
    asked = {*how, *(("id", "label") if "alias" in how else ())}
    for step, ask in steps.items():
        if step not in asked:
            continue
        if len(found) >= limit:
            break
        if step in ("text", "semantic") and step not in how:
            continue
        for id_, score in ask():
            hit = _hit(store, id_, step, score, query)
            if hit.how in how and hit.id not in found and (not types or hit.type in types):
                found[hit.id] = hit
    rank = {name: place for place, name in enumerate(HOW)}
    ordered = sorted(
        found.values(), key=lambda hit: (rank[hit.how], -(hit.score or 0.0), -hit.edges)
    )
    return ordered[:limit]


def check_types(types: Collection[str]) -> None:
    """Refuse a type that there is not.

    Raises:
        GraphError: With those that there are.
    """
    for one in types:
        if one not in NODE_TYPES:
            raise GraphError(f"no type of node {one!r}; {nearest(one, NODE_TYPES)}")


def _hit(store: Store, id_: str, how: str, score: float | None, query: str) -> Hit:
    node = store.node(id_)
    if how == "id" and node.id != id_:
        how = "alias"
    if how == "label" and _plain(query) != _plain(node.label):
        how = "alias"
    return Hit(node.id, node.type, node.label, node.gloss, store.degree(node.id), how, score)


_Found = list[tuple[str, float | None]]


def _text(store: Store, query: str, types: Collection[str], limit: int) -> _Found:
    words = re.findall(r"\w+", query)[:_MOST_WORDS]
    if not words:
        return []
    # Quoted, no word is an operator of FTS5; the last may still be being typed.
    quoted = [f'"{word}"' for word in words]
    found = _matching(store, " ".join([*quoted[:-1], quoted[-1] + "*"]), types, limit)
    if found or len(quoted) == 1:
        return found
    return _matching(store, " OR ".join(_rarest(store, quoted)), types, limit)


def _matching(store: Store, match: str, types: Collection[str], limit: int) -> _Found:
    if _how_many(store, match) <= _MOST_WEIGHED:
        return _weighed(store, match, types, limit)
    names = f"{{label aliases}} : ({match})"
    few = _how_many(store, names) <= _MOST_WEIGHED
    found = (_weighed if few else _by_edges)(store, names, types, limit)
    if len(found) < limit:
        there = {id_ for id_, _ in found}
        more = _by_edges(store, match, types, limit)
        found += [one for one in more if one[0] not in there]
    return found[:limit]


def _rarest(store: Store, quoted: list[str]) -> list[str]:
    """Leave out the words that stand in so many nodes that they would drown the others."""
    counts = sorted((_how_many(store, word), word) for word in dict.fromkeys(quoted))
    chosen: list[str] = []
    total = 0
    for many, word in counts:
        total += many
        if total > _MOST_WEIGHED and chosen and total > many:
            break
        if many:
            chosen.append(word)
    return chosen or quoted[:1]


def _how_many(store: Store, match: str) -> int:
    """Count the nodes that match, no further than is asked."""
    row = store.connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM node_text WHERE node_text MATCH ? LIMIT ?)",
        (match, _MOST_WEIGHED + 1),
    ).fetchone()
    return int(row[0])


def _weighed(store: Store, match: str, types: Collection[str], limit: int) -> _Found:
    rows = store.connection.execute(
        "SELECT node.id, -bm25(node_text, 8.0, 6.0, 1.0) AS score FROM node_text"
        f" JOIN node ON node.num = node_text.rowid WHERE node_text MATCH ? {_of(types)}"
        " ORDER BY score DESC, node.id LIMIT ?",
        (match, *types, limit),
    )
    return [(id_, float(score)) for id_, score in rows]


def _by_edges(store: Store, match: str, types: Collection[str], limit: int) -> _Found:
    rows = store.connection.execute(
        "SELECT node.id FROM (SELECT rowid AS num FROM node_text WHERE node_text MATCH ? LIMIT ?) AS found"
        f" JOIN node ON node.num = found.num {_of(types)} ORDER BY node.edges DESC, node.id LIMIT ?",
        (match, _MOST_WEIGHED, *types, limit),
    )
    return [(id_, None) for (id_,) in rows]


def _of(types: Collection[str]) -> str:
    return f"AND node.type IN ({', '.join('?' * len(types))})" if types else ""


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
