"""``gyges graph history``: what was changed, when and by whom?"""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.graph.options import graph_file, opened, print_json
from gyges.cli.options import as_json

__all__ = ["command"]


@click.command("history")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    default=30,
    show_default=True,
    help="Changes to list.",
)
@graph_file
@as_json
def command(limit: int, file: Path | None, as_json: bool) -> None:
    """List the changes of the graph, the newest first."""
    with opened(file) as store:
        entries = store.history(limit)
    if as_json:
        print_json({"changes": [entry.to_dict() for entry in entries]})
        return
    for entry in entries:
        mark = " (undone)" if entry.undone else ""
        rows = f"{entry.rows:,} row{'' if entry.rows == 1 else 's'}"
        click.echo(f"{entry.number:>5}  {entry.at}  {entry.by}  {entry.what}, {rows}{mark}")
