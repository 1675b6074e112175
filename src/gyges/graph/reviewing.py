"""What waits for a person's decision, and what does each decision do?

Two nodes that are alike and that no edge joins are candidates: for an edge that is missing, or for one thing under two
names. What a model or a page proposed waits in the same queue. A decision is remembered by the two ids, or by the
proposal, so a candidate does not come back; it is one change of the graph, so it can be undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from gyges.errors import GraphError, nearest
from gyges.graph.checks import check_ends
from gyges.graph.model import Edge, Evidence, Node, node_id
from gyges.graph.records import DECISIONS, Decision, Proposal, pair_key
from gyges.graph.similarity import Likeness, alike
from gyges.graph.store import Store, complete_edge, complete_node, now
from gyges.graph.vocabulary import NODE_TYPES, fits, fitting

__all__ = [
    "Candidate",
    "accept_pair",
    "accept_proposal",
    "candidate",
    "decide",
    "queue",
]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that waits for a decision."""

    key: str
    """Under which the decision is kept: the two ids, or the proposal's id."""
    kind: str
    """``similar``: two nodes; ``statement``: a proposed edge; ``near``: something that is said to be near a node."""
    one: Node | None
    other: Node | None
    score: float | None
    """The cosine of the two, or what the source of a proposal says."""
    proposal: Proposal | None
    put_off: str
    """When it was put off, or empty."""

    def relations(self) -> list[tuple[str, bool]]:
        """Return the relations that could join the two: name, and whether it runs from the first to the second."""
        if self.one is None or self.other is None:
            return []
        a, b = self.one.type, self.other.type
        names = dict.fromkeys([*fitting(a, b), *fitting(b, a)])
        return [
            (name, forward)
            for name in names
            for forward, fit in ((True, fits(a, name, b)), (False, fits(b, name, a)))
            if fit
        ]

    @property
    def likeness(self) -> Likeness | None:
        """What a stricter look than the cosine says of two nodes: the same, opposed, or only related, and why."""
        if self.one is None or self.other is None:
            return None
        return alike(self.one, self.other, self.score if self.kind == "similar" else None)

    def to_dict(self) -> dict[str, Any]:
        """Return what a page or ``--json`` shows."""
        return {
            "key": self.key,
            "kind": self.kind,
            "one": self.one.to_dict() if self.one else None,
            "other": self.other.to_dict() if self.other else None,
            "score": self.score,
            "same_type": bool(self.one and self.other and self.one.type == self.other.type),
            "likeness": asdict(self.likeness) if self.likeness else None,
            "relations": [{"relation": name, "forward": way} for name, way in self.relations()],
            "proposal": self.proposal.to_dict() if self.proposal else None,
            "put_off": self.put_off,
        }


def queue(
    store: Store,
    pairs: Iterable[tuple[str, str, float | None]] = (),
    *,
    about: str | None = None,
    later: bool = False,
    limit: int | None = None,
) -> list[Candidate]:
    """List what waits: proposals first, then pairs as they are given, without what was decided or is joined already.

    Args:
        store: The graph.
        pairs: Two ids and their cosine, the most alike first.
        about: Only what concerns this node.
        later: Also what was put off.
        limit: At most so many.
    """
    wanted = store.resolve(about) if about else None
    found: list[Candidate] = []
    for proposal in store.proposals():
        one = _of_proposal(store, proposal)
        if _open(store, one.key, later) and (wanted is None or wanted in _ids(one)):
            found.append(replace(one, put_off=_put_off(store, one.key)))
    for a, b, score in pairs:
        if limit is not None and len(found) >= limit:
            break
        key = pair_key(a, b)
        if _open(store, key, later) and (wanted is None or wanted in (a, b)):
            # In the order of the key, so that a direction that is chosen means the same wherever it is read.
            first, second = (store.node(id_) for id_ in sorted((a, b)))
            put_off = _put_off(store, key)
            found.append(Candidate(key, "similar", first, second, score, None, put_off))
    return found[:limit]


def candidate(store: Store, key: str, score: float | None = None) -> Candidate:
    """Return what waits under a key, decided or not.

    Raises:
        GraphError: There is no such proposal, or a node of the pair is unknown.
    """
    if "|" in key:
        a, _, b = key.partition("|")
        one, other = sorted((store.node(a), store.node(b)), key=lambda node: node.id)
        if one.id == other.id:
            raise GraphError(f"{one.id} is one node: nothing is to be decided of it and itself")
        key = pair_key(one.id, other.id)
        return Candidate(key, "similar", one, other, score, None, _put_off(store, key))
    for proposal in store.proposals():
        if proposal.id == key:
            return _of_proposal(store, proposal)
    raise GraphError(f"nothing waits under {key!r}; gyges graph review --json lists the keys")


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

    Raises:
        GraphError: The relation cannot join the two.
    """
    a, b = store.node(subject), store.node(object_)
    check_ends(a.id, relation, b.id)
    edge = Edge.make(a.id, relation, b.id, gloss, tuple(evidence), "accepted", None, by)
    why = note or (f"cosine {score:.3f}" if score is not None else "")
    with store.change(f"accept {edge.subject} {relation} {edge.object}", by) as change:
        change.put_edge(edge)
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

    Raises:
        GraphError: It is unknown or was decided, the type or the relation is missing, or the relation cannot join the
        two.
    """
    waiting = candidate(store, id_)
    proposal = waiting.proposal
    if proposal is None:
        raise GraphError(
            f"{id_!r} is no proposal; join two nodes with gyges graph review A B --edge RELATION"
        )
    nodes, edge = _statement(store, proposal, type_, relation, by)
    if relation is not None and edge.relation != relation:
        edge = replace(edge, relation=relation)
    subject, object_ = (edge.object, edge.subject) if reverse else (edge.subject, edge.object)
    check_ends(subject, edge.relation, object_)
    edge = Edge.make(
        subject,
        edge.relation,
        object_,
        gloss or edge.gloss,
        edge.evidence,
        edge.channel,
        edge.confidence,
        edge.by,
    )
    with store.change(f"accept {edge.subject} {edge.relation} {edge.object}", by) as change:
        for node in nodes:
            change.put_node(
                complete_node(store.node(node.id), node) if store.has(node.id) else node
            )
        change.put_edge(
            complete_edge(store.edge(edge.id), edge) if store.has_edge(edge.id) else edge
        )
        change.put_decision(Decision(id_, "edge", by, now(), note))
        change.drop_proposal(id_)
    return edge


def decide(store: Store, key: str, verdict: str, *, by: str = "", note: str = "") -> Decision:
    """Remember that a candidate is ``not-same`` (and needs no edge), or is put off for ``later``.

    Raises:
        GraphError: The verdict is another one, or nothing waits under the key.
    """
    if verdict not in ("not-same", "later"):
        raise GraphError(
            f"no verdict {verdict!r} without an edge or a merge; {nearest(verdict, ('not-same', 'later'))}"
        )
    waiting = candidate(store, key)
    decision = Decision(waiting.key, verdict, by, now(), note)
    with store.change(f"{verdict}: {waiting.key.replace('|', ' and ')}", by) as change:
        change.put_decision(decision)
        if waiting.proposal is not None and verdict == "not-same":
            change.drop_proposal(waiting.proposal.id)
    return decision


def _statement(
    store: Store, proposal: Proposal, type_: str | None, relation: str | None, by: str
) -> tuple[tuple[Node, ...], Edge]:
    """Return the nodes and the edge that a proposal stands for."""
    if proposal.edge is not None:
        edge = proposal.edge
        ends = [
            store.resolve(end) if store.has(end) else end for end in (edge.subject, edge.object)
        ]
        return proposal.nodes, replace(edge, subject=ends[0], object=ends[1])
    about = store.node(proposal.about)
    if proposal.nodes:
        other = proposal.nodes[0]
    elif type_ is None:
        raise GraphError(
            f"{proposal.source or 'its source'} does not say of which type {proposal.label or proposal.gloss!r} is; "
            f"choose one: {', '.join(NODE_TYPES)}"
        )
    elif type_ not in NODE_TYPES:
        raise GraphError(f"no type of node {type_!r}; {nearest(type_, NODE_TYPES)}")
    else:
        label = proposal.label or proposal.gloss
        other = Node(node_id(type_, label), label, proposal.gloss, channel="accepted", by=by)
    if relation is None:
        allowed = ", ".join(fitting(other.type, about.type))
        raise GraphError(
            f"choose how {other.label!r} is joined to {about.id}; from a {other.type} to a {about.type}: {allowed}"
        )
    known = store.node(other.id) if store.has(other.id) else other
    note = f"named as similar to {about.label}" + (
        f" in {proposal.source}" if proposal.source else ""
    )
    evidence = (Evidence(locator=proposal.source, grade="unverified", note=note),)
    edge = Edge.make(known.id, relation, about.id, "", evidence, "accepted", None, by)
    return (other,), edge


def _of_proposal(store: Store, proposal: Proposal) -> Candidate:
    new = {node.id: node for node in proposal.nodes}

    def end(id_: str) -> Node | None:
        return store.node(id_) if store.has(id_) else new.get(id_)

    if proposal.edge is not None:
        ends = (end(proposal.edge.subject), end(proposal.edge.object))
        return Candidate(proposal.id, "statement", *ends, proposal.score, proposal, "")
    other = proposal.nodes[0] if proposal.nodes else None
    return Candidate(proposal.id, "near", end(proposal.about), other, proposal.score, proposal, "")


def _ids(one: Candidate) -> set[str]:
    return {node.id for node in (one.one, one.other) if node is not None}


def _open(store: Store, key: str, later: bool) -> bool:
    decision = store.decision(key)
    return decision is None or (later and decision.verdict == "later")


def _put_off(store: Store, key: str) -> str:
    decision = store.decision(key)
    return decision.at if decision is not None and decision.verdict in DECISIONS else ""
