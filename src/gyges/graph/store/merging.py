"""How do two nodes that are the same become one, so that no statement and no evidence of either is lost?

The edges of the one that goes run to the one that stays. An edge that then says the same as another (same ends, same
relation, same gloss, or one of them none) is joined with it: the evidence of both stands under one. Statements that
differ stay apart, as two edges. Edges between the two would run from the node to itself, so they go, and what they
say and rest on stays with the node; two that contradict each other are refused. The id, the names, the gloss, the
dates and the identifiers of the one that goes lead to, or stand with, the one that stays, whose label, gloss and
status count. Only these two are merged: that a third is like one of them is a decision of its own. Nodes of different
types are never the same, however alike their names.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gyges.errors import GraphError
from gyges.graph.model import Edge, Evidence, Node, type_of
from gyges.graph.records import Decision, pair_key
from gyges.graph.store.completing import joined, new_names
from gyges.graph.vocabulary import CONTRADICTS, RELATIONS, fits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gyges.graph.store.change import Change
    from gyges.graph.store.reading import Reading

__all__ = ["merge", "retype"]


def merge(graph: Reading, change: Change, keep: Node, drop: Node, by: str, at: str) -> None:
    """Merge one node into another, within a change.

    Args:
        graph: Where both are.
        change: The change that is being made.
        keep: The node that stays.
        drop: The node that goes.
        by: Who decided it.
        at: When, in UTC.

    Raises:
        GraphError: They are of different types, or the same node.
    """
    if keep.id == drop.id:
        raise GraphError(f"{keep.id} cannot be merged with itself")
    if keep.type != drop.type:
        raise GraphError(
            f"{keep.id} is a {keep.type} and {drop.id} a {drop.type}: nodes of different types are not the same; "
            "join them by an edge, or correct the type of one first"
        )
    between = graph.edges_between(keep.id, drop.id)
    against = [edge.id for edge in between if edge.relation == CONTRADICTS]
    if against:
        raise GraphError(
            f"{keep.id} and {drop.id} contradict each other by edge {' and '.join(against)}, so they are not the same; "
            "remove the edge first if it is wrong: gyges graph remove EDGE"
        )
    inner = {edge.id for edge in between}
    own = {edge.id for edge in graph.edges_of(keep.id)} - inner
    moved = [edge for edge in graph.edges_of(drop.id) if edge.id not in inner]
    kept = _united(keep, drop, between)
    change.put_node(kept)
    for edge in between:
        change.drop_edge(edge.id)
    for edge in moved:
        _move(graph, change, edge, keep.id, drop.id, own)
    _cite(graph, change, keep.id, drop.id)
    _carry_decisions(graph, change, keep.id, drop.id)
    change.put_decision(Decision(pair_key(keep.id, drop.id), "merge", by, at))
    change.drop_node(drop.id)


def _united(keep: Node, drop: Node, between: list[Edge]) -> Node:
    evidence = joined(keep.evidence, drop.evidence)
    for edge in between:
        said = f"{edge.relation}: {edge.gloss}"
        told = (Evidence(locator=f"edge {edge.id}", note=said),) if edge.gloss else ()
        evidence = joined(evidence, (*edge.evidence, *told))
    if drop.gloss and keep.gloss and drop.gloss != keep.gloss:
        evidence = joined(evidence, (Evidence(locator=f"gloss of {drop.id}", note=drop.gloss),))
    return replace(
        keep,
        gloss=keep.gloss or drop.gloss,
        aliases=(*keep.aliases, *new_names(keep, drop)),
        dates=_both(keep.dates, drop.dates),
        identifiers=_both(keep.identifiers, drop.identifiers),
        evidence=tuple(
            replace(one, node=keep.id) if one.node == drop.id else one for one in evidence
        ),
        formerly=tuple(dict.fromkeys((*keep.formerly, drop.id, *drop.formerly))),
    )


def _both(keep: Mapping[str, str], drop: Mapping[str, str]) -> dict[str, str]:
    """Join two sets of fields; where they differ, the other's stands under its name and a number."""
    found = dict(keep)
    for name, value in drop.items():
        free, number = name, 1
        while found.get(free, value) != value:
            number += 1
            free = f"{name}-{number}"
        found[free] = value
    return found


def _move(graph: Reading, change: Change, edge: Edge, keep: str, drop: str, own: set[str]) -> None:
    """Let an edge run to the node that stays, or join it with one of those that this node had of its own."""
    subject, object_ = (keep if end == drop else end for end in (edge.subject, edge.object))
    symmetric = RELATIONS[edge.relation].symmetric
    if symmetric and object_ < subject:
        subject, object_ = object_, subject
    ends = {subject, object_}
    far = next(iter(ends - {keep}))
    same = [
        other
        for other in graph.edges_between(keep, far)
        if other.relation == edge.relation
        and ((other.subject, other.object) == (subject, object_) or symmetric)
        and other.id in own
    ]
    twin = next((other for other in same if other.gloss == edge.gloss), None) or next(
        (other for other in same if not other.gloss or not edge.gloss), None
    )
    if twin is None:
        change.put_edge(replace(edge, subject=subject, object=object_))
        return
    evidence = edge.evidence
    change.drop_edge(edge.id)
    change.put_edge(
        replace(twin, gloss=twin.gloss or edge.gloss, evidence=joined(twin.evidence, evidence))
    )


def _cite(graph: Reading, change: Change, keep: str, drop: str) -> None:
    """Let whatever cites the one that goes cite the one that stays."""
    holders = graph.connection.execute(
        "SELECT kind, holder FROM cites WHERE source = ? ORDER BY kind, holder", (drop,)
    ).fetchall()
    for kind, holder in holders:
        if kind == "node":
            node = graph.node(holder)
            if node.id != drop:
                change.put_node(replace(node, evidence=_cited(node.evidence, keep, drop)))
        else:
            edge = graph.edge(holder)
            change.put_edge(replace(edge, evidence=_cited(edge.evidence, keep, drop)))


def _cited(evidence: tuple[Evidence, ...], keep: str, drop: str) -> tuple[Evidence, ...]:
    return joined(
        (), tuple(replace(one, node=keep) if one.node == drop else one for one in evidence)
    )


def _carry_decisions(graph: Reading, change: Change, keep: str, drop: str) -> None:
    """What was decided of the one that goes holds for the one that stays, unless that was decided otherwise."""
    for decision in graph.decisions():
        ends = decision.key.split("|")
        if drop not in ends or decision.verdict == "merge":
            continue
        change.drop_decision(decision.key)
        others = [end for end in ends if end != drop]
        if others and others[0] != keep:
            key = pair_key(keep, others[0])
            there = graph.decision(key)
            if there is None or there.verdict == "later":
                change.put_decision(replace(decision, key=key))


def retype(graph: Reading, change: Change, node: Node, id_: str) -> None:
    """Give a node an id of another type, within a change; the old id leads to the new one.

    Raises:
        GraphError: The new id is taken, or an edge of the node cannot run from or to the new type.
    """
    if graph.has(id_):
        raise GraphError(f"{id_} is there already")
    edges = graph.edges_of(node.id)
    problems = []
    for edge in edges:
        ends = [id_ if end == node.id else end for end in (edge.subject, edge.object)]
        if not fits(type_of(ends[0]), edge.relation, type_of(ends[1])):
            problems.append(f"{edge.id} ({edge.subject} {edge.relation} {edge.object})")
    if problems:
        raise GraphError(
            f"as a {type_of(id_)}, {node.id} could not have {len(problems)} of its edges; remove or change them first: "
            f"{', '.join(problems[:5])}"
        )
    change.put_node(replace(node, id=id_, formerly=(*node.formerly, node.id)))
    for edge in edges:
        _move(graph, change, edge, id_, node.id, set())
    _cite(graph, change, id_, node.id)
    _carry_decisions(graph, change, id_, node.id)
    change.drop_node(node.id)
