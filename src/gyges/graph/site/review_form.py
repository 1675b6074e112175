"""What does a form of the review's page decide?

The form's fields are a stranger's: each is read here, and what makes no sense is refused in words before anything is
written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gyges.errors import GraphError
from gyges.graph.records import Proposal
from gyges.graph.review.deciding import accept_pair, accept_proposal, decide
from gyges.graph.review.identifying import identify
from gyges.graph.review.queueing import Candidate, candidate
from gyges.graph.store import Store

__all__ = ["carry_out"]

_MOST_SHOWN = 80


def carry_out(
    store: Store, form: Mapping[str, str], by: str, score: Callable[[str, str], float | None]
) -> str:
    """Take the decision that a form holds.

    Args:
        store: The graph.
        form: ``key``, ``verdict``, and what belongs to that verdict: see :func:`gyges.graph.site.render_review`.
        by: Who decides.
        score: Gives the cosine of two nodes.

    Returns:
        What was done, in a sentence.

    Raises:
        GraphError: The form makes no sense, or the graph's rules do not allow it. Then nothing was written.
    """
    key, verdict = form.get("key", ""), form.get("verdict", "")
    waiting = candidate(store, key)
    if verdict == "merge":
        return _merge(store, waiting, form.get("keep", ""), by)
    if verdict == "is":
        return _identify(store, waiting, form.get("new", ""), form.get("node", "").strip(), by)
    if verdict == "edge":
        return _accept(store, waiting, form, by, score)
    decide(store, waiting.key, verdict, by=by, note=form.get("note", ""))
    if verdict == "later":
        return "Decided: put off."
    return f"Decided: {'declined' if waiting.proposal is not None else 'not the same'}."


def _accept(
    store: Store,
    waiting: Candidate,
    form: Mapping[str, str],
    by: str,
    score: Callable[[str, str], float | None],
) -> str:
    relation, _, way = form.get("edge", "").partition(":")
    if relation and way not in ("out", "in"):
        raise GraphError(f"an edge runs 'out' or 'in', not {way[:_MOST_SHOWN]!r}")
    gloss = form.get("gloss", "").strip()
    if waiting.proposal is not None:
        edge = accept_proposal(
            store,
            waiting.key,
            type_=form.get("type") or None,
            relation=relation or None,
            reverse=_turned(waiting.proposal, way),
            gloss=gloss,
            by=by,
        )
    else:
        a, _, b = waiting.key.partition("|")
        ends = (b, a) if way == "in" else (a, b)
        edge = accept_pair(store, ends[0], relation, ends[1], gloss=gloss, score=score(a, b), by=by)
    return f"Added: {edge.subject} {edge.relation} {edge.object}."


def _turned(proposal: Proposal, way: str) -> bool:
    """Say whether the chosen direction is not the one in which a proposal stands."""
    # A statement runs from its first end; something near a node runs to that node.
    return way == ("in" if proposal.edge is not None else "out")


def _identify(store: Store, waiting: Candidate, new: str, named: str, by: str) -> str:
    """Say that a proposed node is one of the graph's, which is given by its id or its whole name."""
    bearers = [] if store.has(named) else store.named(named)
    there = bearers[0] if len(bearers) == 1 else named[:500]
    done = identify(store, waiting.key, there, proposed=new or None, by=by)
    node = store.node(done.node)
    said = f"It is {node.label} ({node.id})."
    if done.now:
        many = len(done.now)
        said += f" {many} proposal{' is' if many == 1 else 's are'} about that node now."
    if done.closed:
        many = len(done.closed)
        said += f" {many} said nothing else, and {'is' if many == 1 else 'are'} closed."
    return said


def _merge(store: Store, waiting: Candidate, keep: str, by: str) -> str:
    if waiting.kind != "similar":
        raise GraphError(
            f"{waiting.key} is a proposal, and only nodes of the graph are merged; say which node a new one is instead"
        )
    a, _, b = waiting.key.partition("|")
    if keep not in (a, b):
        raise GraphError(f"the node that stays is {a} or {b}, not {keep[:_MOST_SHOWN]!r}")
    drop = b if keep == a else a
    store.merge(keep, drop, by)
    return f"Merged {drop} into {keep}."
