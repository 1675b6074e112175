"""``gyges graph update``: the curated graph of this version."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from gyges.cli.graph.options import graph_file, print_json
from gyges.cli.options import as_json

__all__ = ["command"]


@click.command("update")
@graph_file
@as_json
def command(file: Path | None, as_json: bool) -> None:
    """Follow the curated graph that ships with this version; what you changed stays yours."""
    from gyges.graph import open_graph, update

    with open_graph(file) as store:
        done = update(store)
    if as_json:
        print_json(asdict(done))
        return
    kept = f"{len(done.kept)} kept as you have them"
    click.echo(f"{done.added} added, {done.replaced} replaced, {done.dropped} dropped, {kept}")
    for id_ in done.kept:
        click.echo(f"  {id_}")
