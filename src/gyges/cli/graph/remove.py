"""``gyges graph remove``: a node or an edge goes."""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.graph.options import by as by_option
from gyges.cli.graph.options import graph_file, opened, print_json, who
from gyges.cli.options import as_json

__all__ = ["command"]


@click.command("remove")
@click.argument("id_", metavar="ID")
@by_option
@graph_file
@as_json
def command(id_: str, by: str | None, file: Path | None, as_json: bool) -> None:
    """Take the edge ID, or the node ID with its edges, out of the graph. `gyges graph undo` brings it back."""
    from gyges.graph import remove

    with opened(file) as store:
        edges = remove(store, id_, who(by))
        change = store.history(1)[0].number
    if as_json:
        print_json({"removed": id_, "edges": edges, "change": change})
    else:
        with_ = "" if id_.startswith("e:") else f" and its {edges} edge{'' if edges == 1 else 's'}"
        click.echo(f"removed {id_}{with_} (change {change})")
