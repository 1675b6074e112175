"""``gyges graph show``: what does the graph say of a node, and how does it know?"""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.graph.options import graph_file, likenesses, meant, opened, print_json, threshold
from gyges.cli.options import as_json

__all__ = ["command"]

_MOST_ALIKE = 200
_MOST_LOOKED = 1000


@click.command("show")
@click.argument("node", metavar="ID")
@threshold
@click.option("--full", is_flag=True, help="Also print each statement's evidence.")
@click.option(
    "--most",
    type=click.IntRange(1),
    metavar="N",
    default=12,
    show_default=True,
    help="Neighbours of each type to print; JSON has up to 200.",
)
@graph_file
@as_json
def command(
    node: str, threshold: float, full: bool, most: int, file: Path | None, as_json: bool
) -> None:
    """Print what the graph says of the node ID: its neighbours, what speaks for and against it, what is like it.

    Neighbours are grouped by type and ranked by how many edges join them to it, with the counts. An arrow says which
    way an edge runs.
    """
    from gyges.graph import page_of

    with opened(file) as store:
        alike = likenesses(store, threshold)
        found = meant(store, node)
        like = alike.around(found, _MOST_LOOKED)
        about = {**alike.about(), "found": len(like)}
        page = page_of(store, found, similar=like[:_MOST_ALIKE], similarity=about)
    if as_json:
        print_json(page)
        return
    from gyges.cli.graph._page_text import page_lines

    for line in page_lines(page, full=full, most=most):
        click.echo(line)
