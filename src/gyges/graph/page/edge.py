"""What does one edge say, what does it rest on, and who made it what it is?"""

from __future__ import annotations

from typing import Any

from gyges.graph.page.node import SCHEMA
from gyges.graph.page.views import Views
from gyges.graph.store import Store
from gyges.graph.vocabulary import RELATIONS

__all__ = ["edge_page"]


def edge_page(store: Store, id_: str) -> dict[str, Any]:
    """Gather all that the graph knows of an edge.

    Args:
        store: The graph.
        id_: The edge.

    Returns:
        What ``gyges graph show e:... --json`` prints: ``edge``, as a page tells it from its subject, with both ends
        (``subject`` and ``object``: id, type, label, gloss, status) and with ``means``, what its relation says;
        ``others``, the ids of the other edges between the two; and ``changes``, those of the history that put it.

    Raises:
        GraphError: There is no such edge.
    """
    edge = store.edge(id_)
    views = Views(store)
    ends: dict[str, Any] = {}
    for end, at in (("subject", edge.subject), ("object", edge.object)):
        node = views.node(at)
        ends[end] = {
            "id": node.id,
            "type": node.type,
            "label": node.label,
            "gloss": node.gloss,
            "status": node.status,
        }
    others = store.edges_between(edge.subject, edge.object)
    return {
        "schema": SCHEMA,
        "edge": {
            **views.edge(edge, edge.subject),
            **ends,
            "means": RELATIONS[edge.relation].meaning,
        },
        "others": [other.id for other in others if other.id != edge.id],
        "changes": [entry.to_dict() for entry in store.changes_of("edge", edge.id)],
    }
