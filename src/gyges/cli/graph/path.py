"""``gyges graph path``: by which statements does one node lead to another?"""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.graph._page_text import edge_lines, wrapped
from gyges.cli.graph.options import graph_file, meant, opened, print_json
from gyges.cli.options import as_json

__all__ = ["command"]


@click.command("path")
@click.argument("start", metavar="FROM")
@click.argument("end", metavar="TO")
@click.option("--loose", is_flag=True, help="Also go over associated_with.")
@click.option("--bare", is_flag=True, help="Also go over edges without evidence.")
@click.option("--full", is_flag=True, help="Also print each statement's evidence.")
@graph_file
@as_json
def command(
    start: str, end: str, loose: bool, bare: bool, full: bool, file: Path | None, as_json: bool
) -> None:
    """Print a shortest path of statements that rest on evidence, from one node to another."""
    from gyges.graph import Views, shortest_path

    with opened(file) as store:
        start, end = meant(store, start), meant(store, end)
        steps = shortest_path(store, start, end, loose=loose, bare=bare)
        views = Views(store)
        told = [
            {
                "from": step.start,
                "to": step.end,
                "label": views.node(step.end).label,
                **views.edge(step.edge, step.start),
            }
            for step in steps or []
        ]
        first = store.node(start)
    if as_json:
        print_json({"from": start, "to": end, "found": steps is not None, "steps": told})
        return
    if steps is None:
        hint = "" if loose and bare else "; --loose and --bare also go over what says less"
        click.echo(f"no path leads from {start} to {end}{hint}", err=True)
        return
    for line in wrapped(f"{first.label} ({first.id})", ""):
        click.echo(line)
    for step in told:
        for line in (
            *edge_lines(step, full=full),
            *wrapped(f"{step['label']} ({step['to']})", ""),
        ):
            click.echo(line)
