"""What does the graph say of one node, and how does it know?

Neighbours are grouped by type, and both groups and neighbours ranked by how many edges join them to the node
(neighbours with as many, by all their edges), with the counts. What bears on truth (supports, contradicts) stands
apart from what is only associated. Every edge says its direction, what it rests on, how it came to be and who made
it; and of a source it is told what rests on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gyges.errors import GraphError, nearest
from gyges.graph.model import Edge, Node
from gyges.graph.page.around import MOST_NEIGHBOURS, Around
from gyges.graph.page.bearing import bearing_on, findings_on
from gyges.graph.page.picture import picture_of
from gyges.graph.page.resting import resting_on
from gyges.graph.page.views import Views
from gyges.graph.store import Neighbour, Store
from gyges.graph.vocabulary import NODE_TYPES, RELATIONS, relation

__all__ = ["SCHEMA", "edges_page", "page_of"]

SCHEMA = "gyges.graph/1"
"""The version of what ``--json`` prints."""

_RANK = {name: rank for rank, name in enumerate(RELATIONS)}


def page_of(
    store: Store,
    id_: str,
    *,
    similar: Iterable[tuple[str, float]] = (),
    similarity: Mapping[str, Any] | None = None,
    most: int = MOST_NEIGHBOURS,
    hops: int = 2,
) -> dict[str, Any]:
    """Gather what the page of a node shows.

    Args:
        store: The graph.
        id_: The node; an id that was merged leads to the node that remained.
        similar: Ids and cosines of nodes that are alike and not joined to it, the most alike first.
        similarity: What the similarity was computed with: ``model``, ``threshold``, ``compared``, ``missing``.
        most: Neighbours of one type that are listed.
        hops: How far the picture reaches: 1 or 2.

    Returns:
        What ``gyges graph show ID --json`` prints: ``node``, ``groups``, ``neighbours``, ``bearing``, ``quotes``,
        ``similar``, ``similarity``, ``findings``, ``resting``, ``picture``.

    Raises:
        GraphError: There is no such node.
    """
    node = store.node(id_)
    views = Views(store)
    around = Around(store, node)
    shown = around.listed(most)
    edges = _edges_by_neighbour(store, node.id, shown)
    neighbours = _neighbours(views, node, shown, edges)
    return {
        "schema": SCHEMA,
        "node": _node(store, views, node),
        "groups": around.groups(),
        "neighbours": neighbours,
        "bearing": bearing_on(store, views, node, around),
        "quotes": _quotes(store, views, node, neighbours),
        "similar": [_similar(store, other, score) for other, score in similar],
        "similarity": dict(similarity or {}),
        "findings": findings_on(store, views, node, around),
        "resting": resting_on(store, views, node, frozenset(one.id for one in around.ranked)),
        "picture": picture_of(store, node, hops, around.ranked),
    }


def edges_page(
    store: Store,
    id_: str,
    *,
    relations: Collection[str] = (),
    types: Collection[str] = (),
    most: int = MOST_NEIGHBOURS,
) -> dict[str, Any]:
    """Gather the neighbours of a node that some of its edges join to it.

    Args:
        store: The graph.
        id_: The node; an id that was merged leads to the node that remained.
        relations: Only edges of these relations, in both directions; all where none is named.
        types: Only neighbours of these types; all where none is named.
        most: Neighbours of one type that are listed.

    Returns:
        What ``gyges graph show ID --only RELATION --json`` prints: ``node``, ``groups`` and ``neighbours`` as
        :func:`page_of` has them, ``only`` (what was asked for), and ``relations``: how many edges of each relation the
        node has in all.

    Raises:
        GraphError: There is no such node, relation or type.
    """
    node = store.node(id_)
    for name in relations:
        relation(name)
    for type_ in types:
        if type_ not in NODE_TYPES:
            raise GraphError(f"no type of node {type_!r}; {nearest(type_, NODE_TYPES)}")
    edges = store.edges_of(node.id)
    chosen: dict[str, list[Edge]] = {}
    for edge in edges:
        if not relations or edge.relation in relations:
            other = edge.object if edge.subject == node.id else edge.subject
            chosen.setdefault(other, []).append(edge)
    near = (one for one in store.neighbours(node.id, types) if one.id in chosen)
    # Sorting keeps the order of those with as many.
    ranked = sorted(
        (one._replace(edges=len(chosen[one.id])) for one in near), key=lambda one: -one.edges
    )
    around = Around(store, node, ranked)
    views = Views(store)
    counts = Counter(edge.relation for edge in edges)
    return {
        "schema": SCHEMA,
        "node": _node(store, views, node),
        "only": {"relations": list(relations), "types": list(types)},
        "relations": {name: counts[name] for name in RELATIONS if counts[name]},
        "groups": around.groups(),
        "neighbours": _neighbours(views, node, around.listed(most), chosen),
    }


def _node(store: Store, views: Views, node: Node) -> dict[str, Any]:
    return {
        **node.to_dict(),
        "edges": store.degree(node.id),
        "evidence": [views.evidence(one) for one in node.evidence],
    }


def _neighbours(
    views: Views, node: Node, shown: list[Neighbour], edges: Mapping[str, list[Edge]]
) -> list[dict[str, Any]]:
    views.read(one.id for one in shown)
    views.cited_by(edge for one in shown for edge in edges[one.id])
    return [_neighbour(views, node, one, edges[one.id]) for one in shown]


def _edges_by_neighbour(store: Store, id_: str, shown: list[Neighbour]) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = {one.id: [] for one in shown}
    few = store.degree(id_) <= 2 * len(shown) + 100
    edges = store.edges_of(id_) if few else store.edges_of(id_, *found)
    for edge in edges:
        other = edge.object if edge.subject == id_ else edge.subject
        if other in found:
            found[other].append(edge)
    return found


def _neighbour(views: Views, node: Node, neighbour: Neighbour, edges: list[Edge]) -> dict[str, Any]:
    other = views.node(neighbour.id)
    ordered = sorted(edges, key=lambda edge: (_RANK[edge.relation], edge.id))
    return {
        "id": other.id,
        "type": other.type,
        "label": other.label,
        "gloss": other.gloss,
        "status": other.status,
        "count": neighbour.edges,
        "total": neighbour.total,
        "edges": [views.edge(edge, node.id) for edge in ordered],
    }


def _quotes(
    store: Store, views: Views, node: Node, neighbours: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    found = [node] if node.type == "quote" else []
    found += [views.node(one["id"]) for one in neighbours if one["type"] == "quote"]
    quotes = []
    for quote in found:
        first = quote.evidence[0] if quote.evidence else None
        view = views.evidence(first) if first else {}
        passage = view.get("passage") or {}
        quotes.append(
            {
                "id": quote.id,
                "label": quote.label,
                "gloss": quote.gloss,
                "source": {"id": view.get("node", ""), "label": view.get("label", "")},
                "locator": view.get("locator", ""),
                "sha256": passage.get("sha256", ""),
                "words": passage.get("words", 0),
                "text": passage.get("text") or None,
                "state": passage.get("state", "no passage"),
                "start": passage.get("start"),
                "end": passage.get("end"),
                "file": passage.get("file", ""),
            }
        )
    return quotes


def _similar(store: Store, id_: str, score: float) -> dict[str, Any]:
    other = store.node(id_)
    return {
        "id": other.id,
        "type": other.type,
        "label": other.label,
        "gloss": other.gloss,
        "score": round(score, 4),
    }
