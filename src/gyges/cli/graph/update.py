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
    parts = [f"{done.added} added", f"{done.replaced} replaced", f"{done.dropped} dropped"]
    if done.partly:
        parts[1] += f" ({done.partly} but for what you changed)"
    click.echo(", ".join((*parts, f"{len(done.kept)} kept as you have them")))
    for id_ in done.kept:
        fields = ", ".join(done.differing.get(id_, ()))
        click.echo(f"  {id_}: {fields}" if fields else f"  {id_}")
    if done.change is not None:
        # The later of the two has to go first.
        numbers = dict.fromkeys(one for one in (done.merges, done.change) if one is not None)
        commands = ", then ".join(f"`gyges graph undo {one}`" for one in numbers)
        click.echo(f"{commands} takes it back", err=True)
