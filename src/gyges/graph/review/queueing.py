"""What waits for a person's decision, and in which order?

What a model or a page proposed comes first, the newest first; then pairs of nodes that are alike and that no edge
joins: those with a node that the user added or imported, and last those of the curated graph. What was decided does not
come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from gyges.errors import GraphError
from gyges.graph.model import Edge, Node, Passage
from gyges.graph.quoting import Checker
from gyges.graph.records import DECISIONS, Proposal, pair_key
from gyges.graph.review.arrivals import arrivals, own_nodes
from gyges.graph.review.pairing import MOST_PAIRS, Likenesses
from gyges.graph.similarity import Likeness, alike
from gyges.graph.store import Store
from gyges.graph.vocabulary import RELATIONS, fits, fitting

if TYPE_CHECKING:
    from gyges.graph.review.suggesting import Suggester

__all__ = [
    "PARTS",
    "Candidate",
    "candidate",
    "counted",
    "detailed",
    "proposed_nodes",
    "queue",
    "waiting",
]

PARTS = {
    "proposed": "proposed",
    "yours": "alike, with a node that you added or imported",
    "curated": "alike, within the curated graph",
}
"""The parts of the queue in their order, and what is in each."""


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
    part: str = ""
    """One of :data:`PARTS`; empty where nobody looked."""

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
    def gone(self) -> tuple[str, ...]:
        """Ids that a proposal is about and that neither it nor the graph has any more: it can only be declined."""
        if self.proposal is None:
            return ()
        edge = self.proposal.edge
        if edge is None:
            return () if self.one else (self.proposal.about,)
        ends = ((edge.subject, self.one), (edge.object, self.other))
        return tuple(dict.fromkeys(id_ for id_, end in ends if end is None))

    @property
    def likeness(self) -> Likeness | None:
        """What a stricter look than the cosine says of two nodes: the same, opposed, or only related, and why."""
        if self.one is None or self.other is None:
            return None
        return alike(self.one, self.other, self.score if self.kind == "similar" else None)

    def to_dict(self) -> dict[str, Any]:
        """Return what a page or ``--json`` shows."""
        likeness = self.likeness
        return {
            "key": self.key,
            "kind": self.kind,
            "part": self.part,
            "one": self.one.to_dict() if self.one else None,
            "other": self.other.to_dict() if self.other else None,
            "score": self.score,
            "same_type": bool(self.one and self.other and self.one.type == self.other.type),
            "likeness": asdict(likeness) if likeness else None,
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
    since: int | None = None,
    limit: int | None = None,
) -> list[Candidate]:
    """List what waits: proposals first, then pairs as they are given, without what was decided.

    Args:
        store: The graph.
        pairs: Two ids and their cosine, in order; :func:`waiting` finds them.
        about: Only what concerns this node.
        later: Also what was put off.
        since: Only what concerns nodes, edges or proposals that came in after the change of this number.
        limit: At most so many.
    """
    wanted = store.resolve(about) if about else None
    own = own_nodes(store)
    new = None if since is None else arrivals(store, since)
    found: list[Candidate] = []
    for proposal in _newest_first(store):
        one = replace(_of_proposal(store, proposal), part="proposed")
        if new is not None and proposal.id not in new.proposals and not new.touch(*_ids(one)):
            continue
        if _open(store, one.key, later) and (wanted is None or wanted in _ids(one)):
            found.append(replace(one, put_off=_put_off(store, one.key)))
    seen: set[str] = set()
    for a, b, score in pairs:
        if limit is not None and len(found) >= limit:
            break
        key = pair_key(a, b)
        if key in seen or (new is not None and not new.touch(a, b)):
            continue
        seen.add(key)
        if _open(store, key, later) and (wanted is None or wanted in (a, b)):
            # In the order of the key, so that a direction that is chosen means the same wherever it is read.
            first, second = (store.node(id_) for id_ in sorted((a, b)))
            part = "yours" if own is None or a in own or b in own else "curated"
            put_off = _put_off(store, key)
            found.append(Candidate(key, "similar", first, second, score, None, put_off, part))
    return found[:limit]


def waiting(
    store: Store,
    likenesses: Likenesses,
    *,
    about: str | None = None,
    later: bool = False,
    since: int | None = None,
    most: int = MOST_PAIRS,
) -> list[Candidate]:
    """List what waits, in the order of :data:`PARTS`; pairs by their likeness.

    Args:
        store: The graph.
        likenesses: Finds the pairs.
        about: Only what concerns this node.
        later: Also what was put off.
        since: Only what concerns nodes, edges or proposals that came in after the change of this number.
        most: Candidates that are listed at most.
    """

    def pairs() -> Iterator[tuple[str, str, float | None]]:
        if about is not None:
            yield from likenesses.pairs(most, among={store.resolve(about)}, later=later)
        elif since is not None:
            new = arrivals(store, since)
            yield from likenesses.pairs(most, among=new.nodes, later=later)
            if len(new.ends) > 1:
                yield from likenesses.pairs(most, among=new.ends, later=later)
        else:
            own = own_nodes(store)
            if own:
                yield from likenesses.pairs(most, among=own, later=later)
            # Those of one's own may be among them once more; the queue leaves them out.
            yield from likenesses.pairs(most, later=later)

    found = queue(store, pairs(), about=about, later=later, since=since, limit=most)
    places = {part: place for place, part in enumerate(PARTS)}
    return sorted(found, key=lambda one: places[one.part])


def counted(found: Iterable[Candidate]) -> dict[str, int]:
    """Count the candidates of each part of the queue; a part without any is not there."""
    counts = dict.fromkeys(PARTS, 0)
    for one in found:
        counts[one.part or "curated"] += 1
    return {part: number for part, number in counts.items() if number}


def candidate(store: Store, key: str, score: float | None = None) -> Candidate:
    """Return what waits under a key, decided or not.

    Raises:
        GraphError: There is no such proposal, or a node of the pair is unknown.
    """
    # Half a character, as a terminal passes on what is no UTF-8, is in no key.
    key = key[:2000].encode("utf-8", "replace").decode("utf-8")
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
    shown = key if len(key) <= 80 else f"{key[:80]}…"
    raise GraphError(f"nothing waits under {shown!r}; gyges graph review --json lists the keys")


def proposed_nodes(store: Store, one: Candidate) -> list[Node]:
    """Return the nodes that a proposal brings and that the graph does not have.

    Something whose type its source did not say is a node without an id.
    """
    proposal = one.proposal
    if proposal is None:
        return []
    if one.kind == "near" and not proposal.nodes:
        label = proposal.label or proposal.gloss
        return [Node("", label, proposal.gloss if proposal.label else "")]
    ends = {node.id: node for node in (one.one, one.other) if node is not None}
    nodes = {node.id: node for node in proposal.nodes}
    order = [id_ for id_ in ends if id_ in nodes]
    return [nodes[id_] for id_ in dict.fromkeys([*order, *nodes]) if not store.has(id_)]


def detailed(
    store: Store,
    one: Candidate,
    suggester: Suggester | None = None,
    checker: Checker | None = None,
) -> dict[str, Any]:
    """Return all that a person who decides wants to know of a candidate.

    Args:
        store: The graph.
        one: The candidate.
        suggester: Finds what the graph has already of what is proposed.
        checker: Looks quoted passages up in the attached copies.

    Returns:
        As :meth:`Candidate.to_dict`; with the number of ``edges`` of each node and whether it is ``new``, the state of
        each quoted passage, what is ``new`` and which nodes each of these may be, the ids of the edges that say
        already what is proposed, in whatever words (``known``), and which of them says it in the same words, so that
        accepting it adds to that one (``completes``; null where it makes another edge).
    """
    checker = checker or Checker(store)
    given = one.to_dict()
    for end in ("one", "other"):
        node = given[end]
        if node is not None:
            node["new"] = not store.has(node["id"])
            node["edges"] = 0 if node["new"] else store.degree(node["id"])
            _look_up(node, checker)
    edge = (given["proposal"] or {}).get("edge")
    if edge is not None:
        _look_up(edge, checker)
    # A statement joins two things; what is said to be near a node may well be that node.
    ends = (one.one, one.other) if one.kind == "statement" else ()
    taken = {node.id for node in ends if node is not None}
    given["new"] = [
        {
            "id": node.id,
            "type": node.type,
            "label": node.label,
            "suggestions": [
                found.to_dict() for found in (suggester.of(node, taken) if suggester else ())
            ],
        }
        for node in proposed_nodes(store, one)
    ]
    known = _known(store, one)
    given["known"] = [there.id for there in known]
    given["completes"] = _completed(store, one, known)
    return given


def _look_up(row: dict[str, Any], checker: Checker) -> None:
    for piece in row.get("evidence") or ():
        if piece.get("passage"):
            checked = checker.check(piece.get("node", ""), Passage.from_dict(piece["passage"]))
            piece["passage"] = {**piece["passage"], **checked.to_dict()}


def _known(store: Store, one: Candidate) -> list[Edge]:
    edge = one.proposal.edge if one.proposal else None
    if edge is None or one.one is None or one.other is None:
        return []
    ends = (one.one.id, one.other.id)
    if not all(store.has(id_) for id_ in ends):
        return []
    ways = (ends, ends[::-1])[: 1 + RELATIONS[edge.relation].symmetric]
    return [
        there
        for there in store.edges_between(*ends)
        if there.relation == edge.relation and (there.subject, there.object) in ways
    ]


def _completed(store: Store, one: Candidate, known: list[Edge]) -> str | None:
    """Return the edge to which accepting a statement would add what it rests on."""
    edge = one.proposal.edge if one.proposal else None
    if edge is None or not known:
        return None
    made = Edge.make(
        store.resolve(edge.subject), edge.relation, store.resolve(edge.object), edge.gloss
    )
    same = [there.id for there in known if made.id == there.id or edge.gloss == there.gloss]
    return made.id if made.id in same else next(iter(same), None)


def _newest_first(store: Store) -> list[Proposal]:
    """Return the proposals, those of the newest change first, and those of one change as it put them."""
    put = {
        key: (-number, row)
        for key, number, row in store.connection.execute(
            # When it came first: taking a decision back does not make it newer.
            "SELECT key, min(change), min(num) FROM op WHERE kind = 'proposal' AND after IS NOT NULL GROUP BY key"
        )
    }
    return sorted(store.proposals(), key=lambda one: put.get(one.id, (0, 0)))


def _of_proposal(store: Store, proposal: Proposal) -> Candidate:
    new = {node.id: node for node in proposal.nodes}

    def end(id_: str) -> Node | None:
        return store.node(id_) if store.has(id_) else new.get(id_)

    if proposal.edge is not None:
        ends = (end(proposal.edge.subject), end(proposal.edge.object))
        return Candidate(proposal.id, "statement", *ends, proposal.score, proposal, "")
    other = end(proposal.nodes[0].id) if proposal.nodes else None
    return Candidate(proposal.id, "near", end(proposal.about), other, proposal.score, proposal, "")


def _ids(one: Candidate) -> set[str]:
    return {node.id for node in (one.one, one.other) if node is not None}


def _open(store: Store, key: str, later: bool) -> bool:
    decision = store.decision(key)
    return decision is None or (later and decision.verdict == "later")


def _put_off(store: Store, key: str) -> str:
    decision = store.decision(key)
    return decision.at if decision is not None and decision.verdict in DECISIONS else ""
