"""How does a person correct a node or an edge?

Every correction is one change of the graph, checked as if it had come from a file, and can be undone. A node keeps
its id when its label changes; only another type gives it another id, and then the old one leads to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gyges.errors import GraphError, nearest
from gyges.graph.checks import check_edge, check_node
from gyges.graph.model import Edge, Node
from gyges.graph.store import Store
from gyges.graph.store.merging import retype
from gyges.graph.vocabulary import NODE_TYPES

__all__ = ["edit_edge", "edit_node", "remove"]


def edit_node(
    store: Store, id_: str, fields: Mapping[str, Any], *, type_: str | None = None, by: str = ""
) -> Node:
    """Change fields of a node.

    Args:
        store: The graph.
        id_: The node.
        fields: What is to stand instead: ``label``, ``gloss``, ``aliases``, ``status``, ``dates``, ``identifiers``,
            ``evidence``.
        type_: Another type; its id becomes that type and the slug that it has.
        by: Who does it.

    Returns:
        The node as it now stands.

    Raises:
        GraphError: A field cannot be so, or an edge of the node does not fit the other type.
    """
    node = store.node(id_)
    edited = check_node({**node.to_dict(), **fields}, node.id)
    if type_ is not None and type_ not in NODE_TYPES:
        raise GraphError(f"no type of node {type_!r}; {nearest(type_, NODE_TYPES)}")
    with store.change(f"edit {node.id}", by) as change:
        change.put_node(edited)
        if type_ is not None and type_ != node.type:
            retype(store, change, edited, f"{type_}:{node.id.partition(':')[2]}")
    return store.node(node.id)


def edit_edge(store: Store, id_: str, fields: Mapping[str, Any], *, by: str = "") -> Edge:
    """Change fields of an edge: ``gloss``, ``confidence``, ``evidence``, ``relation``. It keeps its id.

    Raises:
        GraphError: A field cannot be so, or the relation cannot join the two.
    """
    edge = store.edge(id_)
    edited = check_edge({**edge.to_dict(), **fields}, id_)
    with store.change(f"edit {id_}", by) as change:
        change.put_edge(edited)
    return edited


def remove(store: Store, id_: str, by: str = "") -> int:
    """Take an edge, or a node and its edges, out of the graph.

    Returns:
        How many edges went.

    Raises:
        GraphError: There is no such node or edge, or something cites the node as evidence.
    """
    if id_.startswith("e:"):
        edge = store.edge(id_)
        with store.change(f"remove {edge.subject} {edge.relation} {edge.object}", by) as change:
            change.drop_edge(id_)
        return 1
    node = store.node(id_)
    edges = store.edges_of(node.id)
    with store.change(f"remove {node.id}", by) as change:
        for edge in edges:
            change.drop_edge(edge.id)
        change.drop_node(node.id)
    return len(edges)
