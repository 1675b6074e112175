"""What speaks for and against a node, and which findings bear on it?

An idea is not true or false by itself: what speaks for it speaks for what is claimed of it. So beside a node's own
edges of support and contradiction, those of the claims, hypotheses and findings next to it are told, each with what
it is about.
"""

from __future__ import annotations

from typing import Any

from gyges.graph.model import Edge, Node
from gyges.graph.page.views import Views
from gyges.graph.store import Store
from gyges.graph.vocabulary import CONTRADICTS, LAST_RESORT, SUPPORTS

__all__ = ["MOST_BEARING", "bearing_on", "findings_on"]

MOST_BEARING = 200
"""Edges of support and of contradiction that a page tells; the counts are those of all."""

_SAID = ("claim", "hypothesis", "finding", "framework")


def bearing_on(store: Store, views: Views, node: Node) -> dict[str, Any]:
    """Tell what supports and contradicts a node and the claims next to it, and how many edges there are in all."""
    found: dict[str, list[dict[str, Any]]] = {SUPPORTS: [], CONTRADICTS: []}
    counts = {SUPPORTS: 0, CONTRADICTS: 0}
    seen: set[str] = set()
    for about in (node.id, *_said_of(store, node)):
        for edge in _bearing(store, about):
            # At the node itself both directions tell; at a claim, what bears on that claim.
            if edge.id in seen or (about != node.id and edge.object != about):
                continue
            seen.add(edge.id)
            counts[edge.relation] += 1
            if len(found[edge.relation]) < MOST_BEARING:
                found[edge.relation].append(_view(views, edge, about))
    loose = store.connection.execute(
        "SELECT count(*) FROM edge JOIN node ON node.num IN (edge.subject, edge.object)"
        " WHERE node.id = ? AND relation = ?",
        (node.id, LAST_RESORT),
    ).fetchone()[0]
    return {
        "supports": found[SUPPORTS],
        "contradicts": found[CONTRADICTS],
        "counts": {**counts, "loose": loose, "edges": store.degree(node.id)},
    }


def findings_on(store: Store, views: Views, node: Node) -> list[dict[str, Any]]:
    """List the findings next to a node, and those that support or contradict a claim next to it."""
    found: dict[str, dict[str, Any]] = {}
    for neighbour in store.neighbours(node.id, ("finding",), MOST_BEARING):
        edge = store.edges_between(node.id, neighbour.id)[0]
        found[neighbour.id] = _finding(views, edge, neighbour.id, node.id, None)
    for claim in _said_of(store, node, ("claim", "hypothesis")):
        for edge in _bearing(store, claim):
            far = edge.subject if edge.object == claim else edge.object
            if views.node(far).type == "finding" and far != node.id and far not in found:
                found[far] = _finding(views, edge, far, node.id, claim)
            if len(found) >= MOST_BEARING:
                break
    return list(found.values())


def _said_of(store: Store, node: Node, types: tuple[str, ...] = _SAID) -> list[str]:
    return [one.id for one in store.neighbours(node.id, types, MOST_BEARING)]


def _bearing(store: Store, id_: str) -> list[Edge]:
    return [
        store.edge(row[0])
        for row in store.connection.execute(
            "SELECT edge.id FROM edge JOIN node ON node.num = edge.object WHERE node.id = ?1 AND relation IN (?2, ?3)"
            " UNION SELECT edge.id FROM edge JOIN node ON node.num = edge.subject"
            " WHERE node.id = ?1 AND relation IN (?2, ?3) ORDER BY 1 LIMIT 400",
            (id_, SUPPORTS, CONTRADICTS),
        )
    ]


def _view(views: Views, edge: Edge, about: str) -> dict[str, Any]:
    other = views.node(edge.subject if edge.object == about else edge.object)
    target = views.node(about)
    return {
        **views.edge(edge, about),
        "other": {"id": other.id, "type": other.type, "label": other.label, "gloss": other.gloss},
        "about": {"id": target.id, "type": target.type, "label": target.label},
    }


def _finding(views: Views, edge: Edge, finding: str, node: str, via: str | None) -> dict[str, Any]:
    one = views.node(finding)
    return {
        "id": one.id,
        "label": one.label,
        "gloss": one.gloss,
        "relation": edge.relation,
        "reads": views.edge(edge, finding)["reads"],
        "to": via or node,
        "via": via,
        "via_label": views.node(via).label if via else None,
    }
