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
    """Take back the last change, or the change of a number; the number of an undo brings back what was undone."""
    from gyges.graph import GraphError
    from gyges.graph.shipped import TAKE_IN

    with opened(file) as store:
        standing = (one for one in store.history() if one.undoes is None and not one.undone)
        last = next(standing, None)
        if change is None and last is not None and last.what == TAKE_IN:
            raise GraphError(
                "nothing of yours is left to undo; `gyges graph undo 1` would take the curated graph itself away"
            )
        number = store.undo(change, who(by))
        what = next(entry.what for entry in store.history() if entry.number == number)
    if as_json:
        print_json({"undone": number, "what": what})
    else:
        click.echo(f"undone: change {number}, {what}")
