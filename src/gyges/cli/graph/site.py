"""``gyges graph site``: the graph as static pages."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from gyges.cli.graph.options import graph_file, likenesses, opened, print_json, threshold
from gyges.cli.options import as_json

__all__ = ["command"]


@click.command("site")
@click.argument("target", metavar="FOLDER", type=click.Path(path_type=Path))
@threshold
@graph_file
@as_json
def command(target: Path, threshold: float, file: Path | None, as_json: bool) -> None:
    """Write the graph's site to FOLDER as static pages that can be read without a server, and not written to."""
    from gyges.graph.site import build_site

    def say(done: int, of: int) -> None:
        if done % 200 == 0:
            click.echo(f"{done:,} of {of:,} pages", err=True)

    with opened(file) as store:
        look = files("gyges.report") / "assets"
        # Embeds what is new, and tells how far it is.
        likenesses(store, threshold).about()
        written = build_site(store, target, look, threshold=threshold, said=say)
    if as_json:
        print_json(written)
    else:
        click.echo(
            f"{target / 'index.html'}: {written['pages']:,} pages, {written['bytes'] / 1e6:.1f} MB"
        )
        if passages := written["passages"]:
            several = "passages" if passages != 1 else "passage"
            click.echo(f"It quotes {passages:,} {several} of copies that you attached")
        else:
            click.echo("It quotes no passage of a copy that you attached")
