"""``gyges graph export``: the graph in a format that others read."""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.graph.options import graph_file, opened, print_json
from gyges.cli.options import as_json

__all__ = ["command"]


@click.command("export")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--format", "form", metavar="NAME", help="Its format.  [default: by its suffix]")
@click.option(
    "--at",
    "number",
    type=click.IntRange(0),
    metavar="CHANGE",
    help="As the graph stood after this change.",
)
@graph_file
@as_json
def command(
    target: Path, form: str | None, number: int | None, file: Path | None, as_json: bool
) -> None:
    """Write the graph to FILE: jsonl (everything), csv (a folder), graphml, jsonld, cypher or ladybug (a script)."""
    from gyges.graph.formats import FORMATS, format_of, write

    with opened(file) as current:
        store = current if number is None else current.at(number)
        with store.snapshot():
            write(
                target,
                store.nodes(),
                store.edges(),
                form,
                decisions=store.decisions(),
                proposals=store.proposals(),
            )
        nodes, edges = store.count_nodes(), store.count_edges()
        left_out = len(store.decisions()) + len(store.proposals())
        format_of_target = FORMATS[form] if form else format_of(target)
    if as_json:
        print_json({"file": str(target), "nodes": nodes, "edges": edges})
    else:
        click.echo(f"{target}: {nodes:,} nodes, {edges:,} edges")
    if left_out and not format_of_target.review:
        click.echo(
            f"{left_out:,} decisions and proposals are not in it; jsonl holds them as well",
            err=True,
        )
