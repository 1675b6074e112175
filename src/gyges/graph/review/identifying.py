"""What becomes of a proposed node when a person says that the graph has it already?

What was proposed of it is proposed of the node that is there; its names, identifiers and evidence go to that node, and
its id leads there, so that the next text or file that names it means that node. All of it is one change. A proposal
that says something else than before has another id, and the old one is remembered as decided: it does not come back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

from gyges.errors import GraphError
from gyges.graph.checks import MOST_LABEL, check_text
from gyges.graph.model import Evidence, Node
from gyges.graph.recognition.naming import is_placeholder
from gyges.graph.recognition.renaming import Renaming
from gyges.graph.records import Decision, Proposal, pair_key
from gyges.graph.review.queueing import Candidate, candidate, proposed_nodes
from gyges.graph.store import Store, complete_node, now
from gyges.graph.store.rows import plain_name
from gyges.graph.vocabulary import fits

__all__ = ["Identified", "identify"]


@dataclass(frozen=True, slots=True)
class Identified:
    """What saying that a proposed node is one of the graph's did."""

    proposed: str
    """The id that the node had in the proposals, which leads to the graph's node now; empty where it had none."""
    node: str
    """The graph's node."""
    now: dict[str, str] = field(default_factory=dict)
    """By the keys under which proposals waited, those under which they wait now; one that says nothing any more (it
    would join the node to itself), or what was decided before, waits under none and is not there."""
    closed: tuple[str, ...] = ()
    """Keys of proposals that wait no more."""


def identify(
    store: Store,
    key: str,
    existing: str,
    *,
    proposed: str | None = None,
    by: str = "",
    note: str = "",
) -> Identified:
    """Say that a proposed node is one that the graph has, under another name or id.

    Args:
        store: The graph.
        key: A proposal that brings the node.
        existing: Id of the node that it is.
        proposed: Id of the proposed node, where the proposal brings several.
        by: Who says so.
        note: Why, for the record.

    Raises:
        GraphError: The proposal is unknown or brings no such node, the graph has no such node, or something that is
        proposed cannot be said of a node of that type. Then nothing was changed.
    """
    check_text(note, "note")
    one = candidate(store, key)
    new = _meant(store, one, proposed)
    there = store.node(existing)
    touched = [other for other in store.proposals() if _concerns(other, new, one)]
    _check_ends(touched, new.id, there)
    made = {old.id: _said_of(old, new.id, there) for old in touched}
    kept = there
    for old in touched:
        for node in old.nodes if new.id else (new,):
            if node.id == new.id:
                kept = complete_node(kept, _account(store, node, there))
    waits: dict[str, str] = {}
    at = now()
    with store.change(f"{new.id or new.label} is {there.id}", by) as change:
        change.put_node(kept)
        if new.id:
            change.put_decision(Decision(pair_key(new.id, there.id), "merge", by, at, note))
        for old in touched:
            change.drop_proposal(old.id)
            change.put_decision(Decision(old.id, "merge", by, at, note))
        for old_id, proposal in made.items():
            if proposal is not None and _undecided(store, proposal.id):
                change.put_proposal(proposal)
                waits[old_id] = proposal.id
    closed = tuple(old.id for old in touched if old.id not in waits)
    return Identified(new.id, there.id, waits, closed)


def _meant(store: Store, one: Candidate, proposed: str | None) -> Node:
    new = proposed_nodes(store, one)
    if one.proposal is None:
        raise GraphError(
            f"{one.key} proposes nothing: two nodes of the graph are made one with gyges graph merge KEEP DROP"
        )
    if one.gone and not new:
        raise GraphError(
            f"{one.key} brings no new node, and {' and '.join(one.gone)} {'is' if len(one.gone) == 1 else 'are'} gone "
            f"from the graph; decline it with gyges graph review {one.key} --not-same"
        )
    if not new:
        raise GraphError(
            f"{one.key} brings no new node: what it names is in the graph; two nodes of the graph are made one with "
            "gyges graph merge KEEP DROP"
        )
    ids = [node.id for node in new]
    if proposed:
        if proposed not in ids:
            raise GraphError(
                f"{one.key} brings no new node {proposed[:100]!r}; it brings {' and '.join(ids)}"
            )
        return new[ids.index(proposed)]
    if len(new) > 1:
        raise GraphError(
            f"{one.key} brings {len(new)} new nodes, {' and '.join(ids)}; say which one it is: --is NEW=ID"
        )
    return new[0]


def _concerns(proposal: Proposal, new: Node, one: Candidate) -> bool:
    if proposal.id == one.key:
        return True
    if new.id:
        ends = (proposal.edge.subject, proposal.edge.object) if proposal.edge else ()
        return new.id in (*ends, proposal.about, *(node.id for node in proposal.nodes))
    # Without a type, the same name in another proposal of the same source is the same thing.
    source = one.proposal.source if one.proposal else ""
    name = plain_name(proposal.label or proposal.gloss)
    bare = proposal.edge is None and not proposal.nodes and proposal.source == source
    return bare and name == plain_name(new.label)


def _check_ends(proposals: list[Proposal], new: str, there: Node) -> None:
    """Refuse a node of another type of which what is proposed could not be said."""
    bad = []
    for proposal in proposals:
        edge = proposal.edge
        if edge is None:
            continue
        ends = [there.id if end == new else end for end in (edge.subject, edge.object)]
        types = [end.partition(":")[0] for end in ends]
        if ends[0] != ends[1] and not fits(types[0], edge.relation, types[1]):
            bad.append(f"{proposal.id}: {types[0]} {edge.relation} {types[1]}")
    if bad:
        more = f", and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise GraphError(
            f"{there.id} is a {there.type}, of which this cannot be said: {'; '.join(bad[:5])}{more}. Decline that "
            "first, or accept it with another relation"
        )


def _said_of(proposal: Proposal, new: str, there: Node) -> Proposal | None:
    """Return what is proposed of the node that is there; None where nothing is left to say."""
    said = Renaming({new: there.id} if new else {}).proposal(proposal)
    if said.edge is not None:
        if said.edge.subject == said.edge.object:
            return None
        # It brings the node no more: all that it says of the node itself is with the one that is there.
        nodes = tuple(node for node in said.nodes if node.id != there.id)
        return _made(replace(said, nodes=nodes))
    if there.id == said.about and (not new or any(node.id == new for node in proposal.nodes)):
        return None
    about_is_new = bool(new) and proposal.about == new
    nodes = said.nodes if about_is_new else (Node(there.id, there.label),)
    return _made(replace(said, nodes=nodes))


def _made(proposal: Proposal) -> Proposal:
    said = {one.name: getattr(proposal, one.name) for one in fields(Proposal) if one.name != "id"}
    return Proposal.make(**said)


def _account(store: Store, node: Node, there: Node) -> Node:
    """Return what a proposed node adds to the one that it is: names, identifiers, evidence, and its id."""
    evidence = tuple(
        one if not one.node or store.has(one.node) else _without_source(one)
        for one in node.evidence
    )
    # What only holds the place of a label, or is a whole text, is no name.
    named = not is_placeholder(node.label) and len(node.label) <= MOST_LABEL
    formerly = (*node.formerly, node.id) if node.id else ()
    label = node.label if named else there.label
    return replace(node, label=label, evidence=evidence, formerly=formerly)


def _without_source(one: Evidence) -> Evidence:
    """Name a source that is only proposed itself in words: the graph cannot cite it."""
    return replace(
        one, node="", note="; ".join(said for said in (one.note, f"in {one.node}") if said)
    )


def _undecided(store: Store, key: str) -> bool:
    decision = store.decision(key)
    return decision is None or decision.verdict == "later"
