"""How does a person correct a node or an edge?

Every correction is one change of the graph, checked as if it had come from a file, and can be undone. A node keeps
its id when its label changes; only another type gives it another id, and then the old one leads to it.

What is corrected is read within the change, while nobody else can write: of two corrections made at once, neither
takes back what the other did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from gyges.errors import GraphError, nearest
from gyges.graph.checks import check_edge, check_node
from gyges.graph.model import Edge, Evidence, Node
from gyges.graph.store import Store
from gyges.graph.store.merging import retype
from gyges.graph.vocabulary import NODE_TYPES, RELATIONS

__all__ = ["edit_edge", "edit_node", "evidence_with", "remove"]

_NAMED = 3
"""How many of those that cite a source are named where it cannot go."""


def edit_node(
    store: Store,
    id_: str,
    fields: Mapping[str, Any] | Callable[[Node], Mapping[str, Any]],
    *,
    type_: str | None = None,
    by: str = "",
) -> Node:
    """Change fields of a node.

    Args:
        store: The graph.
        id_: The node.
        fields: What is to stand instead: ``label``, ``gloss``, ``aliases``, ``status``, ``dates``, ``identifiers``,
            ``evidence``. Where that depends on what stands, a function that makes it of the node: what it is given
            cannot change until it is written.
        type_: Another type; its id becomes that type and the slug that it has.
        by: Who does it.

    Returns:
        The node as it now stands.

    Raises:
        GraphError: A field cannot be so, an edge of the node does not fit the other type, or another process merged
            the node into another meanwhile.
    """
    if type_ is not None and type_ not in NODE_TYPES:
        raise GraphError(f"no type of node {type_!r}; {nearest(type_, NODE_TYPES)}")
    name = store.resolve(id_)
    with store.change(f"edit {name}", by) as change:
        node = _standing(store, name)
        new = fields(node) if callable(fields) else fields
        edited = check_node({**node.to_dict(), **new}, name)
        change.put_node(edited)
        if type_ is not None and type_ != node.type:
            retype(store, change, edited, f"{type_}:{name.partition(':')[2]}")
    return store.node(name)


def edit_edge(
    store: Store,
    id_: str,
    fields: Mapping[str, Any] | Callable[[Edge], Mapping[str, Any]],
    *,
    by: str = "",
) -> Edge:
    """Change fields of an edge: ``gloss``, ``confidence``, ``evidence``, ``relation``. It keeps its id.

    Args:
        store: The graph.
        id_: The edge.
        fields: What is to stand instead, or a function that makes it of the edge as it stands.
        by: Who does it.

    Raises:
        GraphError: A field cannot be so, the relation cannot join the two, or another edge says the same already.
    """
    with store.change(f"edit {id_}", by) as change:
        edge = store.edge(id_)
        new = fields(edge) if callable(fields) else fields
        edited = check_edge({**edge.to_dict(), **new}, id_)
        if (edited.relation, edited.gloss) != (edge.relation, edge.gloss):
            _refuse_twin(store, edited)
        change.put_edge(edited)
    return edited


def _twin(store: Store, edge: Edge) -> Edge | None:
    """Find an edge of another id with the same ends, relation and gloss."""
    ends = [(edge.subject, edge.object)]
    if RELATIONS[edge.relation].symmetric:
        ends.append((edge.object, edge.subject))
    return next(
        (
            one
            for one in store.edges_between(edge.subject, edge.object)
            if one.id != edge.id
            and (one.subject, one.object) in ends
            and one.relation == edge.relation
            and one.gloss.split() == edge.gloss.split()
        ),
        None,
    )


def _refuse_twin(store: Store, edge: Edge) -> None:
    """Refuse to make two edges of one statement.

    Raises:
        GraphError: With the edge that says it already.
    """
    twin = _twin(store, edge)
    if twin is not None:
        raise GraphError(
            f"{edge.id} would say the same as {twin.id}: {twin.subject} {twin.relation} {twin.object}"
            f"{', ' + repr(twin.gloss) if twin.gloss else ', without a gloss'}; add its evidence to that one with "
            f"gyges graph edit {twin.id} --source ID, then take this one away with gyges graph remove {edge.id}"
        )


def evidence_with(
    there: Sequence[Evidence],
    *,
    add: Sequence[Mapping[str, Any]] = (),
    drop: Collection[int] = (),
    correct: Mapping[int, Mapping[str, Any]] | None = None,
    of: str = "it",
) -> list[dict[str, Any]]:
    """Return evidence as it is to stand, for the field ``evidence`` of :func:`edit_node` and :func:`edit_edge`.

    Call it in the function that these are given, with the evidence of what it is given; else a piece that another
    process adds meanwhile is lost.

    Args:
        there: The pieces that stand, which are numbered from 1.
        add: Records of pieces to add; one that stands already is not added twice.
        drop: Numbers of pieces to take away.
        correct: By a piece's number, the fields that are to stand instead; an empty one is taken away.
        of: The id of what rests on it, for messages.

    Raises:
        GraphError: No piece has that number, or one is to be dropped and corrected.
    """
    correct = correct or {}
    for number in (*drop, *correct):
        if not 1 <= number <= len(there):
            has = "one piece" if len(there) == 1 else f"{len(there) or 'no'} pieces"
            raise GraphError(
                f"{of} has {has} of evidence, and none with the number {number}; gyges graph show {of} "
                "lists them in order"
            )
        if number in drop and number in correct:
            raise GraphError(
                f"piece {number} of the evidence of {of} cannot be dropped and corrected; choose one"
            )
    found: list[dict[str, Any]] = []
    for number, piece in enumerate(there, 1):
        if number not in drop:
            fields = {**piece.to_dict(), **correct.get(number, {})}
            found.append({name: value for name, value in fields.items() if value})
    found += [dict(one) for one in add]
    return [one for at, one in enumerate(found) if one and one not in found[:at]]


def remove(store: Store, id_: str, by: str = "") -> int:
    """Take an edge, or a node and its edges, out of the graph.

    Returns:
        How many edges went.

    Raises:
        GraphError: There is no such node or edge, something cites the node as evidence, or another process merged it
            into another meanwhile.
    """
    if id_.startswith("e:"):
        edge = store.edge(id_)
        with store.change(f"remove {edge.subject} {edge.relation} {edge.object}", by) as change:
            store.edge(id_)  # another process may have removed it meanwhile
            change.drop_edge(id_)
        return 1
    name = store.resolve(id_)
    with store.change(f"remove {name}", by) as change:
        edges = store.edges_of(_standing(store, name).id)
        for edge in edges:
            change.drop_edge(edge.id)
        change.drop_node(name)
        _refuse_cited(store, name)
    return len(edges)


def _refuse_cited(store: Store, name: str) -> None:
    """Refuse to take away what is still cited, within the change that took its own edges away.

    Raises:
        GraphError: With how many cite it, and the first of them.
    """
    rows = store.connection.execute(
        "SELECT kind, holder FROM cites WHERE source = ? ORDER BY kind, holder", (name,)
    ).fetchall()
    if not rows:
        return
    counts = Counter(kind for kind, _ in rows)
    many = " and ".join(
        f"{count:,} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items()
    )
    first = ", ".join(holder for _, holder in rows[:_NAMED])
    more = f" and {len(rows) - _NAMED:,} more" if len(rows) > _NAMED else ""
    raise GraphError(
        f"{name} cannot go: {many} {'cites' if len(rows) == 1 else 'cite'} it as evidence ({first}{more}); "
        f"gyges graph show {name} lists what rests on it; take that evidence away, or name another source, first: "
        f"gyges graph edit {rows[0][1]} --drop-evidence N, or --evidence N --source ID"
    )


def _standing(store: Store, name: str) -> Node:
    """Read a node within the change that is made of it.

    Raises:
        GraphError: It is gone, or its id leads to another node by now.
    """
    node = store.node(name)
    if node.id != name:
        raise GraphError(
            f"{name} was merged into {node.id} meanwhile; look at it with gyges graph show {node.id}, and repeat"
        )
    return node
