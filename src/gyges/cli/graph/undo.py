"""``gyges graph undo``: a change is taken back."""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.graph.options import by as by_option
from gyges.cli.graph.options import graph_file, opened, print_json, who
from gyges.cli.options import as_json

__all__ = ["command"]


@click.command("undo")
@click.argument("change", type=int, required=False)
@by_option
@graph_file
@as_json
def command(change: int | None, by: str | None, file: Path | None, as_json: bool) -> None:
    """Take back the last change, or the change of a number; the number of an undo brings back what was undone.

    What came to a node after another was merged into it stays with it when the merge is undone, and is listed.
    """
    from gyges.cli.graph._page_text import wrapped
    from gyges.graph import GraphError
    from gyges.graph.curated.shipped import TAKE_IN
    from gyges.graph.store.parting import stays

    with opened(file) as store:
        standing = (one for one in store.history() if one.undoes is None and not one.undone)
        last = next(standing, None)
        if change is None and last is not None and last.what == TAKE_IN:
            raise GraphError(
                "nothing of yours is left to undo; `gyges graph undo 1` would take the curated graph itself away"
            )
        number = store.undo(change, who(by))
        what = next(entry.what for entry in store.history() if entry.number == number)
        staying = stays(store, number)
    if as_json:
        print_json({"undone": number, "what": what, "stays": [one.to_dict() for one in staying]})
        return
    click.echo(f"undone: change {number}, {what}")
    for node in dict.fromkeys(one.node for one in staying):
        rows = [one for one in staying if one.node == node]
        told = f"what came in meanwhile stays with {node}, and may belong to {rows[0].other}:"
        for line in wrapped(told, "", "  "):
            click.echo(line)
        for one in rows:
            name = (
                f"{one.kind} {one.id}: {one.what}"
                if one.kind == "edge"
                else f"{one.kind} {one.what}"
            )
            for line in wrapped(f"{name} (change {one.change})", "  ", "    "):
                click.echo(line)
