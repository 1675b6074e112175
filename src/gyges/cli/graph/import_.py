"""``gyges graph import``: nodes and edges from a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.graph._page_text import wrapped
from gyges.cli.graph.options import by as by_option
from gyges.cli.graph.options import graph_file, json_text, opened, print_json, who
from gyges.cli.options import as_json

if TYPE_CHECKING:
    from gyges.graph import Effect, Incoming, Store, Taken

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
@click.option(
    "--dry-run", is_flag=True, help="Print what would be taken in and changed, and write nothing."
)
@by_option
@graph_file
@as_json
def command(
    source: Path,
    form: str | None,
    replace_: bool,
    match_: bool | None,
    dry_run: bool,
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
    from gyges.graph.recognition.matching import match

    with opened(file, make=not dry_run) as store:
        given = incoming = read(source, form, named=store.named)
        made_ids = (form or format_of(source).name) in _MADE_IDS
        if made_ids if match_ is None else match_:
            incoming = match(store, incoming, made_ids=made_ids)
        what = f"import {source.name}"
        taken = (
            _try(store, given, incoming, what, who(by), replace_, as_json)
            if dry_run
            else store.take(incoming, what, who(by), replace_=replace_)
        )
    if isinstance(taken, str):
        click.echo(taken)
        if not as_json:
            click.echo("nothing was written; the same without --dry-run takes it in", err=True)
        return
    if as_json:
        print_json({**asdict(taken), "notes": incoming.notes})
        return
    _tell(given.notes)
    _tell(incoming.notes[len(given.notes) :])
    click.echo(_counts(taken))
    if taken.change is not None:
        click.echo(
            f"change {taken.change}; `gyges graph history {taken.change}` shows it, "
            f"`gyges graph undo {taken.change}` takes it back",
            err=True,
        )


def _counts(taken: Taken) -> str:
    return (
        f"nodes new: {taken.new_nodes:,}; edges new: {taken.new_edges:,}; changed: {taken.changed:,}; "
        f"as they were: {taken.same:,}; proposals: {taken.proposals:,}"
    )


def _tell(notes: Sequence[str]) -> None:
    """Say what the reader, or the matching, has to say: the first of many, and how many more."""
    for note in notes[:_MOST_NOTES]:
        for line in wrapped(note, "", "  "):
            click.echo(line, err=True)
    if len(notes) > _MOST_NOTES:
        click.echo(f"and {len(notes) - _MOST_NOTES:,} more; --json gives all", err=True)


# ---------------------------------------------------------------------- a dry run


def _try(
    store: Store,
    given: Incoming,
    incoming: Incoming,
    what: str,
    by: str,
    replace_: bool,
    as_json: bool,
) -> str:
    """Take a file in as an import would, return what that did as text, and leave the graph as it was.

    Nothing is printed before the trial ends: while somebody reads, others may write.
    """
    from gyges.cli.graph._change_text import effects_by

    known = _known(store, given, incoming)
    with store.trial():
        taken = store.take(incoming, what, by, replace_=replace_)
        found = effects_by(() if taken.change is None else store.effects(taken.change))
        if as_json:
            return _trial_json(taken, found, known, incoming.notes)
        matched = incoming.notes[len(given.notes) :]
        return "\n".join(_trial_lines(store, taken, found, given.notes, matched))


def _known(store: Store, given: Incoming, incoming: Incoming) -> list[dict[str, Any]]:
    """List the nodes of the file that the graph has, under this id or under another."""
    found = []
    for node in given.nodes:
        id_ = incoming.renamed.get(node.id, node.id)
        if store.has(id_):
            found.append({"id": node.id, "label": node.label, "known": store.resolve(id_)})
    return found


def _trial_json(
    taken: Taken, found: dict[str, list[Effect]], known: list[dict[str, Any]], notes: list[str]
) -> str:
    from gyges.cli.graph._change_text import rows_json

    counts = {**asdict(taken), "change": None}
    return json_text(
        {**counts, "notes": notes, "dry_run": True, "known": known, "rows": rows_json(found)}
    )


def _trial_lines(
    store: Store,
    taken: Taken,
    found: dict[str, list[Effect]],
    read: Sequence[str],
    matched: Sequence[str],
) -> Iterator[str]:
    from gyges.cli.graph._change_text import change_lines

    yield f"a dry run: {_counts(taken)}"
    yield from change_lines(store, found, full=False)
    for title, notes in (
        ("what the file leaves open", read),
        ("compared with the graph", matched),
    ):
        if notes:
            yield f"{title} ({len(notes):,})"
        for note in notes:
            yield from wrapped(note, "  ", "    ")
