"""``gyges graph history``: what was changed, when and by whom?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gyges.cli.graph.options import MOST, graph_file, opened, print_json
from gyges.cli.options import as_json

if TYPE_CHECKING:
    from gyges.graph import Entry, Store

__all__ = ["command"]

_MOST_LISTED = 30


@click.command("history")
@click.argument("change", type=int, required=False, metavar="[N]")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, MOST),
    metavar="MOST",
    help=f"Changes to list; with N, rows to print of what was added, changed and removed.  "
    f"[default: {_MOST_LISTED} changes, all rows; JSON has all rows]",
)
@graph_file
@as_json
def command(change: int | None, limit: int | None, file: Path | None, as_json: bool) -> None:
    """List the changes of the graph, the newest first; or show the change N in full.

    Of a change, all is told that it added, what it changed from what to what, and what it removed.
    """
    with opened(file) as store:
        if change is not None:
            _show(store, change, limit, as_json)
            return
        entries = store.history(limit or _MOST_LISTED)
    if as_json:
        print_json({"changes": [entry.to_dict() for entry in entries]})
        return
    for entry in entries:
        mark = " (undone)" if entry.undone else ""
        click.echo(f"{entry.number:>5}  {entry.at}  {entry.by}  {entry.what}, {_rows(entry)}{mark}")


def _show(store: Store, number: int, most: int | None, as_json: bool) -> None:
    from gyges.cli.graph._change_text import change_lines, effects_by, rows_json
    from gyges.cli.graph._page_text import wrapped

    with store.snapshot():
        entry = store.entry(number)
        found = effects_by(store.effects(number))
        if as_json:
            print_json({"change": entry.to_dict(), "rows": rows_json(found)})
            return
        mark = " (undone)" if entry.undone else ""
        by = f", by {entry.by}" if entry.by else ""
        head = f"change {number}, {entry.at}{by}: {entry.what}, {_rows(entry)}{mark}"
        for line in wrapped(head, "", "  "):
            click.echo(line)
        for line in change_lines(store, found, most=most):
            click.echo(line)
    if not entry.undone:
        again = "brings back what it took back" if entry.undoes else "takes it back"
        click.echo(f"`gyges graph undo {number}` {again}", err=True)


def _rows(entry: Entry) -> str:
    return f"{entry.rows:,} row{'' if entry.rows == 1 else 's'}"
