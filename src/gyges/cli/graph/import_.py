"""``gyges graph import``: nodes and edges from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from gyges.cli.graph._page_text import wrapped
from gyges.cli.graph.options import by as by_option
from gyges.cli.graph.options import graph_file, opened, print_json, who
from gyges.cli.options import as_json

__all__ = ["command"]

_MADE_IDS = frozenset({"page", "bibtex", "csl"})
"""Formats without ids: those of their nodes are made from names, and tell nothing of what the graph has."""
_MOST_NOTES = 12


@click.command("import")
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--format", "form", metavar="NAME", help="Its format.  [default: by its suffix and its content]"
)
@click.option(
    "--replace", "replace_", is_flag=True, help="Put what comes in in place of what is there."
)
@click.option(
    "--match/--no-match",
    "match_",
    default=None,
    help="Take a node for the graph's own of the same type with the same identifier or name, or never.  "
    "[default: for page, bibtex and csl, which hold no ids]",
)
@by_option
@graph_file
@as_json
def command(
    source: Path,
    form: str | None,
    replace_: bool,
    match_: bool | None,
    by: str | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Take in nodes and edges from FILE, all of them or none.

    What is there already is completed: gaps are filled, evidence is added, and nothing is overwritten unless
    --replace is given. Formats: jsonl, csv (a folder), graphml, jsonld, bibtex, csl, page (a concept page of another
    research graph).
    """
    from gyges.graph.formats import format_of, read
    from gyges.graph.matching import match

    with opened(file) as store:
        incoming = read(source, form)
        said = len(incoming.notes)
        made_ids = (form or format_of(source).name) in _MADE_IDS
        if made_ids if match_ is None else match_:
            incoming = match(store, incoming, made_ids=made_ids)
        taken = store.take(incoming, f"import {source.name}", who(by), replace_=replace_)
    if as_json:
        print_json({**asdict(taken), "notes": incoming.notes})
        return
    _tell(incoming.notes[:said])
    _tell(incoming.notes[said:])
    click.echo(
        f"nodes new: {taken.new_nodes:,}; edges new: {taken.new_edges:,}; changed: {taken.changed:,}; "
        f"as they were: {taken.same:,}; proposals: {taken.proposals:,}"
    )
    if taken.change is not None:
        click.echo(
            f"change {taken.change}; `gyges graph undo {taken.change}` takes it back", err=True
        )


def _tell(notes: Sequence[str]) -> None:
    """Say what the reader, or the matching, has to say: the first of many, and how many more."""
    for note in notes[:_MOST_NOTES]:
        for line in wrapped(note, "", "  "):
            click.echo(line, err=True)
    if len(notes) > _MOST_NOTES:
        click.echo(f"and {len(notes) - _MOST_NOTES:,} more; --json gives all", err=True)
