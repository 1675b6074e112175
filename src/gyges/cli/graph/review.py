"""``gyges graph review``: what waits for a decision, and what is decided?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.graph._review_asking import ask
from gyges.cli.graph._review_deciding import (
    accepted,
    identified,
    merged,
    put_aside,
    told_identified,
)
from gyges.cli.graph._review_given import fitting
from gyges.cli.graph._review_text import header, short_lines, since_words
from gyges.cli.graph.options import (
    MOST,
    graph_file,
    last_change,
    likenesses,
    opened,
    pieces,
    print_json,
    threshold,
    who,
)
from gyges.cli.graph.options import by as by_option
from gyges.cli.options import as_json

if TYPE_CHECKING:
    from gyges.graph import Store

__all__ = ["command"]


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
    "--is",
    "is_",
    metavar="ID",
    help="A proposed node is this one of the graph; NEW=ID where several nodes are proposed.",
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
    "--since",
    metavar="N|DATE",
    help="Only what concerns nodes, edges or proposals that came in after change N, or since a date.",
)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, MOST),
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
    is_: str | None,
    not_same: bool,
    later: bool,
    type_: str | None,
    gloss: str,
    source: str | None,
    locator: str,
    quote: str | None,
    note: str,
    about: str | None,
    since: str | None,
    limit: int,
    threshold: float,
    by: str | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Decide on candidates: nodes that are alike and not joined, and what a model or a page proposed.

    Without a key it lists them: first what was proposed, then pairs with a node that you added or imported, then those
    of the curated graph. In a terminal it asks for each, and explains the keys. With the key that the list shows, or
    with two ids, it carries one decision out. A decision is remembered, so a candidate does not come back; `gyges graph
    undo` takes it back.
    """
    if len(ids) > 2:
        raise click.UsageError("name one key, or two ids")
    fitting(click.get_current_context(), decides=bool(ids))
    with opened(file) as store:
        if ids:
            key, name = "|".join(ids), who(by)
            told: dict[str, Any] = {}
            if keep is not None:
                said = merged(store, key, keep, name)
            elif is_ is not None:
                done = identified(store, key, is_, name, note)
                said = told_identified(done)
                told = {"now": done.now, "closed": list(done.closed)}
            elif relation is not None or accept:
                said = accepted(
                    store,
                    key,
                    relation=relation,
                    reverse=reverse,
                    type_=type_,
                    gloss=gloss,
                    evidence=pieces(source, locator, quote, "primary", ""),
                    note=note,
                    by=name,
                    threshold=threshold,
                )
            else:
                said = put_aside(store, key, "not-same" if not_same else "later", name, note)
            if as_json:
                print_json({"done": said, "change": last_change(store), **told})
            else:
                click.echo(said)
            return
        _list(store, about, later, since, limit, threshold, by, as_json)


def _list(
    store: Store,
    about: str | None,
    later: bool,
    since: str | None,
    limit: int,
    threshold: float,
    by: str | None,
    as_json: bool,
) -> None:
    """List what waits, or ask for each where somebody sits at a terminal."""
    from gyges.graph import Candidate, waiting
    from gyges.graph.quoting import Checker
    from gyges.graph.review.arrivals import change_before
    from gyges.graph.review.pairing import MOST_PAIRS
    from gyges.graph.review.queueing import counted, detailed
    from gyges.graph.review.suggesting import Suggester

    alike = likenesses(store, threshold)
    after = None if since is None else change_before(store, since)
    every = waiting(store, alike, about=about, later=later, since=after)
    counts, found = counted(every), every[:limit]

    suggesters: dict[int, Suggester] = {}

    def detail(one: Candidate) -> dict[str, Any]:
        # Each decision changes what there is to be suggested.
        number = last_change(store)
        if number not in suggesters:
            suggesters.clear()
            suggesters[number] = Suggester(store, likenesses(store, threshold))
        return detailed(store, one, suggesters[number], Checker(store))

    if as_json:
        print_json(
            {
                "candidates": [detail(one) for one in found],
                "waiting": counts,
                "similarity": alike.about(),
            }
        )
        return
    if alike.missing:
        click.echo(f"no nodes are compared: {alike.missing}", err=True)
    if not found:
        click.echo(f"nothing waits for a decision{since_words(since)}")
        return
    click.echo(header(counts, since, MOST_PAIRS))
    if len(found) < len(every):
        click.echo(f"these are the first {len(found):,}; -n N shows more")
    if _at_a_terminal():
        ask(store, found, detail, who(by), threshold)
        return
    for one in found:
        for line in short_lines(detail(one)):
            click.echo(line)


def _at_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
