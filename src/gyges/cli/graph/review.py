"""``gyges graph review``: what waits for a decision, and what is decided?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.graph._page_text import wrapped
from gyges.cli.graph.options import by as by_option
from gyges.cli.graph.options import (
    graph_file,
    likenesses,
    opened,
    pieces,
    print_json,
    threshold,
    who,
)
from gyges.cli.options import as_json

if TYPE_CHECKING:
    from gyges.graph import Candidate, Store

__all__ = ["command"]

_SEEMS = {"same": "probably the same", "opposed": "perhaps opposed", "related": "related"}
_HELP = (
    "e RELATION [TYPE] (e! the other way) · m ID that stays · a accept · n not the same · l later · "
    "s skip · q stop"
)


@click.command("review")
@click.argument("ids", nargs=-1, metavar="[KEY | ID ID]")
@click.option(
    "--edge", "relation", metavar="RELATION", help="Accept it as an edge of this relation."
)
@click.option("--reverse", is_flag=True, help="With --edge: from the second node to the first.")
@click.option("--accept", is_flag=True, help="Accept a proposed statement as it stands.")
@click.option(
    "--merge", "keep", metavar="ID", help="They are the same: merge them, and keep this one."
)
@click.option(
    "--not-same",
    is_flag=True,
    help="They are not the same and need no edge; or decline a proposal.",
)
@click.option(
    "--later", is_flag=True, help="Put it off; without a key, list what was put off as well."
)
@click.option(
    "--type", "type_", metavar="TYPE", help="The type of something whose type is not known."
)
@click.option("--gloss", default="", help="With --edge or --accept: what the statement says here.")
@click.option("--source", metavar="ID", help="With --edge: the source that the statement rests on.")
@click.option("--locator", default="", help="With --source: where in it.")
@click.option("--quote", metavar="TEXT", help="With --source: the passage, word for word.")
@click.option("--note", default="", help="Why; kept with the decision.")
@click.option("--about", metavar="ID", help="Only candidates that concern this node.")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    default=20,
    show_default=True,
    help="Candidates to list.",
)
@threshold
@by_option
@graph_file
@as_json
def command(
    ids: tuple[str, ...],
    relation: str | None,
    reverse: bool,
    accept: bool,
    keep: str | None,
    not_same: bool,
    later: bool,
    type_: str | None,
    gloss: str,
    source: str | None,
    locator: str,
    quote: str | None,
    note: str,
    about: str | None,
    limit: int,
    threshold: float,
    by: str | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Decide on candidates: nodes that are alike and not joined, and what a model or a page proposed.

    Without a key it lists them, and in a terminal asks for each. With the key that the list shows, or with two ids,
    it carries one decision out. A decision is remembered, so a candidate does not come back; `gyges graph undo` takes
    it back.
    """
    from gyges.graph import queue

    with opened(file) as store:
        if ids:
            if len(ids) > 2:
                raise click.UsageError("name one key, or two ids")
            verdicts = [relation is not None or accept, keep is not None, not_same, later]
            if sum(verdicts) != 1:
                raise click.UsageError(
                    "choose one decision: --edge RELATION, --accept, --merge ID, --not-same or --later"
                )
            said = _decide(
                store,
                "|".join(ids),
                relation=relation,
                accept=accept,
                reverse=reverse,
                keep=keep,
                verdict="not-same" if not_same else "later",
                type_=type_,
                gloss=gloss,
                evidence=pieces(source, locator, quote, "primary", ""),
                note=note,
                by=who(by),
                threshold=threshold,
            )
            if as_json:
                print_json({"done": said, "change": store.history(1)[0].number})
            else:
                click.echo(said)
            return
        alike = likenesses(store, threshold)
        found = queue(store, alike.pairs(), about=about, later=later, limit=limit)
        if as_json:
            print_json(
                {"candidates": [one.to_dict() for one in found], "similarity": alike.about()}
            )
            return
        if alike.missing:
            click.echo(f"no nodes are compared: {alike.missing}", err=True)
        if not found:
            click.echo("nothing waits for a decision")
            return
        if sys.stdin.isatty() and sys.stdout.isatty():
            _ask(store, found, who(by), threshold)
            return
        for one in found:
            for line in _lines(one):
                click.echo(line)


def _decide(
    store: Store,
    key: str,
    *,
    relation: str | None = None,
    accept: bool = False,
    reverse: bool = False,
    keep: str | None = None,
    verdict: str = "",
    type_: str | None = None,
    gloss: str = "",
    evidence: Sequence[Mapping[str, Any]] = (),
    note: str = "",
    by: str = "",
    threshold: float = 0.65,
) -> str:
    """Carry one decision out, and say what was done."""
    from gyges.graph import (
        Evidence,
        GraphError,
        accept_pair,
        accept_proposal,
        candidate,
        decide,
    )

    one = candidate(store, key)
    if evidence and (relation is None or one.proposal is not None):
        raise GraphError(
            "--source says what an accepted pair rests on: give --edge RELATION as well"
        )
    if keep is not None:
        if one.kind != "similar" or one.one is None or one.other is None:
            raise GraphError(
                f"{key} is a proposal; accept it first, then merge: gyges graph merge KEEP DROP"
            )
        kept = store.resolve(keep)
        ends = {one.one.id, one.other.id}
        if kept not in ends:
            raise GraphError(
                f"--merge names one of the two that stays: {' or '.join(sorted(ends))}"
            )
        (drop,) = ends - {kept}
        store.merge(kept, drop, by)
        return f"merged {drop} into {kept}"
    if accept or relation is not None:
        if one.proposal is not None:
            edge = accept_proposal(
                store,
                key,
                type_=type_,
                relation=relation,
                reverse=_turned(one, relation, type_, reverse),
                gloss=gloss,
                by=by,
                note=note,
            )
        elif relation is None:
            raise GraphError(
                f"{key} is no proposal: choose what joins the two with --edge RELATION"
            )
        else:
            if one.one is None or one.other is None:  # a pair has both
                raise GraphError(f"{key} names a node that is gone")
            first, _, second = key.partition("|")
            ends_ = (second, first) if reverse else (first, second)
            score = likenesses(store, threshold).score(one.one.id, one.other.id)
            edge = accept_pair(
                store,
                ends_[0],
                relation,
                ends_[1],
                gloss=gloss,
                evidence=[Evidence.from_dict(one) for one in evidence],
                score=score,
                by=by,
                note=note,
            )
        return f"{edge.id}: {edge.subject} {edge.relation} {edge.object}"
    decide(store, key, verdict, by=by, note=note)
    said = "declined" if one.proposal is not None and verdict == "not-same" else verdict
    return f"{key.replace('|', ' and ')}: {said}"


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


def _lines(one: Candidate) -> Iterator[str]:
    score = f"{one.score:.3f}  " if one.score is not None else ""
    if one.kind == "similar" and one.one and one.other:
        names = f"{one.one.label} ({one.one.id}) ≈ {one.other.label} ({one.other.id})"
        yield from wrapped(f"{score}{names}", "", "       ")
        command = f"gyges graph review {one.one.id} {one.other.id}"
        same = " | --merge ID" if one.one.type == one.other.type else ""
    else:
        yield from wrapped(f"{one.key}  {score}{_proposed(one)}", "", "       ")
        command, same = (
            f"gyges graph review {one.key}",
            " | --accept" if one.kind == "statement" else "",
        )
    if one.likeness is not None and one.kind == "similar":
        seems = _SEEMS[one.likeness.verdict]
        why = "; ".join((*one.likeness.reasons, *one.likeness.warnings))
        yield from wrapped(f"{seems}{': ' + why if why else ''}", "       ")
    names = ", ".join(dict.fromkeys(name for name, _ in one.relations()))
    yield from wrapped(f"{command} --edge RELATION{same} | --not-same | --later", "       ")
    if names:
        yield from wrapped(f"relations: {names}", "       ")


def _proposed(one: Candidate) -> str:
    proposal = one.proposal
    if proposal is None:
        return ""
    if proposal.edge is not None:
        edge = proposal.edge
        ends = [
            end.label if end else id_
            for end, id_ in ((one.one, edge.subject), (one.other, edge.object))
        ]
        quoted = next((e.passage.text for e in edge.evidence if e.passage), "")
        return f"{ends[0]} — {edge.relation} → {ends[1]}" + (f": “{quoted}”" if quoted else "")
    near = one.one.label if one.one else proposal.about
    other = one.other.label if one.other else proposal.label or proposal.gloss
    kind = "" if one.other else " (its type is not known: --type TYPE)"
    return f"{near} ≈ {other}{kind}, by {proposal.source or proposal.by}"


def _ask(store: Store, found: list[Candidate], by: str, threshold: float) -> None:
    """Ask for each candidate in turn; what was decided is kept even when the asking stops."""
    from gyges.graph import GraphError

    click.echo(_HELP)
    for number, one in enumerate(found, 1):
        click.echo(f"\n[{number} of {len(found)}]")
        for line in _lines(one):
            click.echo(line)
        for node in (one.one, one.other):
            if node is not None and node.gloss:
                for line in wrapped(f"{node.id}: {node.gloss}", "       ", "         "):
                    click.echo(line)
        while True:
            said = click.prompt("decision", default="s", show_default=False).split()
            word, rest = (said[0] if said else "s"), said[1:]
            if word == "q":
                return
            if word == "s":
                break
            key = (
                f"{one.one.id}|{one.other.id}"
                if one.kind == "similar" and one.one and one.other
                else one.key
            )
            try:
                click.echo(_one_decision(store, key, word, rest, by, threshold))
            except GraphError as error:
                click.echo(str(error), err=True)
                continue
            break


def _one_decision(
    store: Store, key: str, word: str, rest: list[str], by: str, threshold: float
) -> str:
    from gyges.graph import GraphError

    if word in ("e", "e!") and rest:
        type_ = rest[1] if len(rest) > 1 else None
        return _decide(
            store,
            key,
            relation=rest[0],
            reverse=word == "e!",
            type_=type_,
            by=by,
            threshold=threshold,
        )
    if word == "m" and rest:
        return _decide(store, key, keep=rest[0], by=by)
    if word == "a":
        return _decide(store, key, accept=True, by=by)
    if word in ("n", "l"):
        return _decide(store, key, verdict="not-same" if word == "n" else "later", by=by)
    raise GraphError(_HELP)
