"""What does each decision of the review do?

Two nodes that are alike are joined by an edge, merged, or told apart; what a model or a page proposed is taken into
the graph, or declined; anything may be put off. A decision is remembered by the two ids, or by the proposal, so a
candidate does not come back; it is one change of the graph, so it can be undone. What a reviewer writes is held to the
same checks as what a file brings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gyges.errors import GraphError, nearest
from gyges.graph.checks import MOST_LABEL, check_edge, check_node, check_text
from gyges.graph.model import Edge, Evidence, Node, node_id
from gyges.graph.records import Decision, Proposal, pair_key
from gyges.graph.review.queueing import candidate
from gyges.graph.store import Change, Store, complete_edge, complete_node, now
from gyges.graph.vocabulary import NODE_TYPES, fitting

__all__ = ["accept_pair", "accept_proposal", "decide"]


def accept_pair(
    store: Store,
    subject: str,
    relation: str,
    object_: str,
    *,
    gloss: str = "",
    evidence: Iterable[Evidence] = (),
    score: float | None = None,
    by: str = "",
    note: str = "",
) -> Edge:
    """Join two nodes that were candidates by an edge of a chosen relation.

    Args:
        store: The graph.
        subject: Where the edge begins.
        relation: What it says.
        object_: Where it ends.
        gloss: What the statement says here.
        evidence: What it rests on.
        score: The cosine that made it a candidate; noted, not taken for a confidence.
        by: Who accepts it.
        note: Why, for the record.

    Returns:
        The edge as it stands now. Where the graph said the same already, that edge, with what it rests on as well.

    Raises:
        GraphError: The relation cannot join the two, or a text is too long or holds what no page can show.
    """
    check_text(note, "note")
    a, b = store.node(subject), store.node(object_)
    edge = _checked(a.id, relation, b.id, gloss, evidence, "accepted", None, by)
    why = note or (f"cosine {score:.3f}" if score is not None else "")
    with store.change(f"accept {edge.subject} {relation} {edge.object}", by) as change:
        edge = _put(change, edge)
        change.put_decision(Decision(pair_key(a.id, b.id), "edge", by, now(), why))
    return edge


def accept_proposal(
    store: Store,
    id_: str,
    *,
    type_: str | None = None,
    relation: str | None = None,
    reverse: bool = False,
    gloss: str = "",
    by: str = "",
    note: str = "",
) -> Edge:
    """Take a proposal into the graph: its nodes and its edge.

    Args:
        store: The graph.
        id_: The proposal.
        type_: The type of something whose type its source did not say.
        relation: What joins the two; in place of what the proposal says, and needed where it does not say.
        reverse: Turn the edge round.
        gloss: What the statement says here, in place of what the proposal says.
        by: Who accepts it.
        note: Why, for the record.

    Returns:
        The edge as it stands now. Where the graph said the same already, that edge, with what it rests on as well.

    Raises:
        GraphError: It is unknown or was decided, the type or the relation is missing, the relation cannot join the
            two, or a text is too long or holds what no page can show.
    """
    check_text(note, "note")
    waiting = candidate(store, id_)
    proposal = waiting.proposal
    if proposal is None:
        raise GraphError(
            f"{id_!r} is no proposal; join two nodes with gyges graph review A B --edge RELATION"
        )
    nodes, (subject, object_), said = _statement(store, proposal, type_, relation)
    if reverse:
        subject, object_ = object_, subject
    edge = _checked(
        subject,
        relation if relation is not None or said is None else said.relation,
        object_,
        gloss or (said.gloss if said else ""),
        said.evidence if said else (_named_near(store, proposal),),
        said.channel if said else "accepted",
        said.confidence if said else None,
        said.by if said else by,
    )
    for node in nodes:
        check_node(node.to_dict(), node.id)
    with store.change(f"accept {edge.subject} {edge.relation} {edge.object}", by) as change:
        for node in nodes:
            node = node if node.by or not proposal.about else replace(node, by=by)
            change.put_node(
                complete_node(store.node(node.id), node) if store.has(node.id) else node
            )
        edge = _put(change, edge)
        change.put_decision(Decision(id_, "edge", by, now(), note))
        change.drop_proposal(id_)
    return edge


def decide(store: Store, key: str, verdict: str, *, by: str = "", note: str = "") -> Decision:
    """Remember that a candidate is ``not-same`` (and needs no edge), or is put off for ``later``.

    Raises:
        GraphError: The verdict is another one, nothing waits under the key, or the note is too long or holds what no
            page can show.
    """
    check_text(note, "note")
    if verdict not in ("not-same", "later"):
        raise GraphError(
            f"no verdict {verdict[:80]!r} without an edge or a merge; {nearest(verdict[:80], ('not-same', 'later'))}"
        )
    waiting = candidate(store, key)
    decision = Decision(waiting.key, verdict, by, now(), note)
    with store.change(f"{verdict}: {waiting.key.replace('|', ' and ')}", by) as change:
        change.put_decision(decision)
        if waiting.proposal is not None and verdict == "not-same":
            change.drop_proposal(waiting.proposal.id)
    return decision


def _statement(
    store: Store, proposal: Proposal, type_: str | None, relation: str | None
) -> tuple[tuple[Node, ...], tuple[str, str], Edge | None]:
    """Return the nodes that a proposal brings, the ends of its edge, and what it says of them where it says it."""
    if proposal.edge is not None:
        edge = proposal.edge
        subject, object_ = (
            store.resolve(end) if store.has(end) else end for end in (edge.subject, edge.object)
        )
        return proposal.nodes, (subject, object_), edge
    about = store.node(proposal.about)
    if proposal.nodes:
        other = proposal.nodes[0]
    elif type_ is None:
        raise GraphError(
            f"{proposal.source or 'its source'} does not say of which type {_clipped(_name(proposal))!r} is; "
            f"choose one: {', '.join(NODE_TYPES)}"
        )
    elif type_ not in NODE_TYPES:
        raise GraphError(f"no type of node {type_[:80]!r}; {nearest(type_[:80], NODE_TYPES)}")
    else:
        label = _clipped(_name(proposal))
        other = Node(node_id(type_, label), label, proposal.gloss, channel="accepted")
    if relation is None:
        allowed = ", ".join(fitting(other.type, about.type))
        raise GraphError(
            f"choose how {other.label!r} is joined to {about.id}; from a {other.type} to a {about.type}: {allowed}"
        )
    known = store.resolve(other.id) if store.has(other.id) else other.id
    return (other,), (known, about.id), None


def _put(change: Change, edge: Edge) -> Edge:
    """Put an edge; what says the same already is completed, and keeps all that it has."""
    there = change.saying(edge)
    edge = edge if there is None else complete_edge(there, edge)
    change.put_edge(edge)
    return edge


def _checked(
    subject: str,
    relation: str | None,
    object_: str,
    gloss: str,
    evidence: Iterable[Evidence],
    channel: str,
    confidence: float | None,
    by: str,
) -> Edge:
    """Make the edge that a reviewer decided on, held to the checks of what comes from a stranger's file."""
    given = {
        "subject": subject,
        "relation": relation,
        "object": object_,
        "gloss": gloss,
        "evidence": [one.to_dict() for one in evidence],
        "channel": channel,
        "confidence": confidence,
        "by": by,
    }
    return check_edge(given)


def _named_near(store: Store, proposal: Proposal) -> Evidence:
    note = f"named as similar to {store.node(proposal.about).label}"
    if proposal.source:
        note += f" in {proposal.source}"
    return Evidence(locator=proposal.source[:MOST_LABEL], grade="unverified", note=note)


def _name(proposal: Proposal) -> str:
    return proposal.label or proposal.gloss


def _clipped(text: str) -> str:
    """Cut a whole text, which stands where a name should, to what a name may have."""
    return text if len(text) <= MOST_LABEL else f"{text[: MOST_LABEL - 1].rstrip()}…"
