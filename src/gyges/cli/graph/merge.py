"""``gyges graph merge``: two nodes are one."""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.graph.options import by as by_option
from gyges.cli.graph.options import graph_file, opened, print_json, who
from gyges.cli.options import as_json

__all__ = ["command"]


@click.command("merge")
@click.argument("keep")
@click.argument("drop")
@by_option
@graph_file
@as_json
def command(keep: str, drop: str, by: str | None, file: Path | None, as_json: bool) -> None:
    """Merge the node DROP into the node KEEP.

    Edges run to KEEP, those that then say the same are joined with the evidence of both, and the id DROP leads to
    KEEP. Nodes of different types are never merged. `gyges graph undo` takes it back.
    """
    with opened(file) as store:
        store.merge(keep, drop, who(by))
        change = store.history(1)[0]
        node = store.node(keep)
    if as_json:
        print_json({"change": change.number, "node": node.to_dict()})
    else:
        click.echo(f"{change.what} (change {change.number})")
