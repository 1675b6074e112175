"""``gyges graph search``: which nodes does a user mean?"""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.graph._page_text import wrapped
from gyges.cli.graph.options import graph_file, likenesses, opened, print_json, types
from gyges.cli.options import as_json

__all__ = ["command"]

_HOW = ("id", "label", "alias", "text", "semantic")


@click.command("search")
@click.argument("words", nargs=-1, required=True)
@types
@click.option(
    "--how",
    multiple=True,
    type=click.Choice(_HOW),
    help="Only nodes that are found so; may be given more than once.  [default: all]",
)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, 1000),
    metavar="N",
    default=20,
    show_default=True,
    help="At most so many.",
)
@graph_file
@as_json
def command(
    words: tuple[str, ...],
    types: tuple[str, ...],
    how: tuple[str, ...],
    limit: int,
    file: Path | None,
    as_json: bool,
) -> None:
    """Look for nodes by id, label, alias, words or meaning; the surest first.

    Each hit says how it was found. One that is only similar in meaning has its cosine: it is a suggestion, not a match.
    """
    from gyges.graph import search

    query = " ".join(words)
    with opened(file) as store:
        alike = likenesses(store, 0.0)
        hits = search(
            store, query, types=types, limit=limit, how=how or _HOW, nearest_to=alike.nearest
        )
        missing = alike.missing
    if as_json:
        print_json({"query": query, "hits": [hit.to_dict() for hit in hits], "missing": missing})
        return
    for hit in hits:
        score = f" {hit.score:.3f}" if hit.how == "semantic" and hit.score is not None else ""
        for line in wrapped(
            f"{hit.label} ({hit.id}) · {hit.edges} edges · {hit.how}{score}", "", "  "
        ):
            click.echo(line)
    if not hits:
        click.echo(f"nothing is found for {query!r}", err=True)
    if missing:
        click.echo(f"nothing was looked for by meaning: {missing}", err=True)
