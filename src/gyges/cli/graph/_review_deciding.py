"""What does a decision that is given in options do?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gyges.cli.graph.options import likenesses

if TYPE_CHECKING:
    from gyges.graph import Candidate, Identified, Store

__all__ = ["accepted", "identified", "merged", "put_aside", "told_identified"]


def accepted(
    store: Store,
    key: str,
    *,
    relation: str | None = None,
    reverse: bool = False,
    type_: str | None = None,
    gloss: str = "",
    evidence: Sequence[Mapping[str, Any]] = (),
    note: str = "",
    by: str = "",
    threshold: float = 0.65,
) -> str:
    """Join the two of a pair, or take a proposal into the graph; say which edge there is now."""
    from gyges.graph import Evidence, GraphError, accept_pair, accept_proposal, candidate

    one = candidate(store, key)
    if evidence and (relation is None or one.proposal is not None):
        raise GraphError(
            "--source says what an accepted pair rests on: give --edge RELATION as well"
        )
    if one.proposal is not None:
        edge = accept_proposal(
            store,
            one.key,
            type_=type_,
            relation=relation,
            reverse=_turned(one, relation, type_, reverse),
            gloss=gloss,
            by=by,
            note=note,
        )
    elif relation is None:
        raise GraphError(f"{key} is no proposal: choose what joins the two with --edge RELATION")
    elif type_ is not None:
        raise GraphError(
            f"--type is of something proposed, and {key} is a pair of nodes; leave it out"
        )
    else:
        first, _, second = key.partition("|")
        ends = (second, first) if reverse else (first, second)
        edge = accept_pair(
            store,
            ends[0],
            relation,
            ends[1],
            gloss=gloss,
            evidence=[Evidence.from_dict(piece) for piece in evidence],
            score=likenesses(store, threshold).score(store.resolve(first), store.resolve(second)),
            by=by,
            note=note,
        )
    return f"added {edge.id}: {edge.subject} {edge.relation} {edge.object}"


def merged(store: Store, key: str, keep: str, by: str) -> str:
    """Merge the two of a pair, and say which stayed."""
    from gyges.graph import GraphError, candidate

    one = candidate(store, key)
    if one.kind != "similar" or one.one is None or one.other is None:
        raise GraphError(
            f"{key} is a proposal, and only nodes of the graph are merged; if a new node of it is one that the graph "
            "has, say so with --is ID"
        )
    kept = store.resolve(keep)
    ends = {one.one.id, one.other.id}
    if kept not in ends:
        raise GraphError(f"--merge names one of the two that stays: {' or '.join(sorted(ends))}")
    (drop,) = ends - {kept}
    store.merge(kept, drop, by)
    return f"merged {drop} into {kept}"


def identified(store: Store, key: str, given: str, by: str, note: str = "") -> Identified:
    """Say that a proposed node is one of the graph's.

    Args:
        store: The graph.
        key: The proposal.
        given: ``ID`` of the graph's node; or ``NEW=ID``, where the proposal brings several new ones.
        by: Who says so.
        note: Why.
    """
    from gyges.graph import identify

    new, equals, existing = given.partition("=")
    if not equals:
        new, existing = "", given
    return identify(store, key, existing, proposed=new or None, by=by, note=note)


def told_identified(done: Identified) -> str:
    """Say what came of it."""
    said = f"{done.proposed or 'it'} is {done.node}"
    if done.now:
        said += f"; about that node now, and still waiting: {', '.join(done.now.values())}"
    if done.closed:
        said += f"; closed, for nothing was left to say: {', '.join(done.closed)}"
    return said


def put_aside(store: Store, key: str, verdict: str, by: str, note: str = "") -> str:
    """Decline a candidate, or put it off, and say so."""
    from gyges.graph import candidate, decide

    one = candidate(store, key)
    decide(store, one.key, verdict, by=by, note=note)
    if verdict == "later":
        said = "put off: --later lists it"
    else:
        said = "declined" if one.proposal is not None else "not the same, and no edge"
    return f"{one.key.replace('|', ' and ')}: {said}"


def _turned(one: Candidate, relation: str | None, type_: str | None, reverse: bool) -> bool:
    """Say whether a proposal's edge is turned round, where --reverse is from the second that is shown to the first."""
    from gyges.graph.vocabulary import RELATIONS, fits

    if one.kind != "near":
        return reverse
    # What is near a node is shown second, and its edge runs to that node by itself.
    other = one.other.type if one.other else type_
    if one.one is not None and other is not None and relation is not None and relation in RELATIONS:
        ways = (fits(one.one.type, relation, other), fits(other, relation, one.one.type))
        if sum(ways) == 1:
            return ways[0]
    return not reverse
