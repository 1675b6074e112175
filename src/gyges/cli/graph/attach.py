"""``gyges graph attach``: do the quoted passages stand in your copy of the source?"""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.graph._page_text import wrapped
from gyges.cli.graph.options import by as by_option
from gyges.cli.graph.options import graph_file, opened, print_json, who
from gyges.cli.options import as_json

__all__ = ["command"]


@click.command("attach")
@click.argument(
    "source", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--to",
    "node",
    metavar="ID",
    help="The source.  [default: the one whose passages stand in the file]",
)
@by_option
@graph_file
@as_json
def command(
    source: Path, node: str | None, by: str | None, file: Path | None, as_json: bool
) -> None:
    """Attach your copy of a source (plain text), fill in the passages that are quoted from it, and check each.

    The graph ships no text of others: a quoted passage is a place and a fingerprint, until you bring the text.
    """
    from gyges.graph import attach

    with opened(file) as store:
        result = attach(store, source, node, who(by))
    if as_json:
        print_json(result)
        return
    for line in wrapped(
        f"attached {source.name} to {result['source']} ({result['label']})", "", "  "
    ):
        click.echo(line)
    for one in result["passages"]:
        for line in wrapped(f"{one['state']}: {one['of']} {one['locator']}".rstrip(), "  ", "    "):
            click.echo(line)
    stand = sum(one["state"] == "stands" for one in result["passages"])
    click.echo(f"{stand} of {len(result['passages'])} quoted passages stand in it")
