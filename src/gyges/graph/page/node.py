"""What does the graph say of one node, and how does it know?

Neighbours are grouped by type, and both groups and neighbours ranked by how many edges join them to the node
(neighbours with as many, by all their edges), with the counts. What bears on truth (supports, contradicts) stands
apart from what is only associated. Every edge says its direction, what it rests on, how it came to be and who made
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gyges.graph.model import Edge, Node
from gyges.graph.page.around import MOST_NEIGHBOURS, Around
from gyges.graph.page.bearing import bearing_on, findings_on
from gyges.graph.page.picture import picture_of
from gyges.graph.page.views import Views
from gyges.graph.store import Neighbour, Store
from gyges.graph.vocabulary import RELATIONS

__all__ = ["SCHEMA", "page_of"]

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
        ``similar``, ``similarity``, ``findings``, ``picture``.

    Raises:
        GraphError: There is no such node.
    """
    node = store.node(id_)
    views = Views(store)
    around = Around(store, node)
    shown = around.listed(most)
    edges = _edges_by_neighbour(store, node.id, shown)
    views.read(one.id for one in shown)
    views.cited_by(edge for those in edges.values() for edge in those)
    neighbours = [_neighbour(views, node, one, edges[one.id]) for one in shown]
    return {
        "schema": SCHEMA,
        "node": {
            **node.to_dict(),
            "edges": store.degree(node.id),
            "evidence": [views.evidence(one) for one in node.evidence],
        },
        "groups": around.groups(),
        "neighbours": neighbours,
        "bearing": bearing_on(store, views, node, around),
        "quotes": _quotes(store, views, node, neighbours),
        "similar": [_similar(store, other, score) for other, score in similar],
        "similarity": dict(similarity or {}),
        "findings": findings_on(store, views, node, around),
        "picture": picture_of(store, node, hops, around.ranked),
    }


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
