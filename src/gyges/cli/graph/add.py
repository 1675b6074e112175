"""``gyges graph add``: a node or an edge, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gyges.cli.graph.options import by as by_option
from gyges.cli.graph.options import (
    evidence_options,
    graph_file,
    meant,
    opened,
    pieces,
    print_json,
    who,
)
from gyges.cli.options import as_json

__all__ = ["command"]


@click.group("add")
def command() -> None:
    """Add a node or an edge to the graph."""


@command.command("node")
@click.argument("type_", metavar="TYPE")
@click.argument("label")
@click.option(
    "--id", "id_", metavar="ID", help="Its id.  [default: made from the type and the label]"
)
@click.option("--gloss", default="", help="What it is, in a sentence or two.")
@click.option(
    "--alias", "aliases", multiple=True, help="Another name; may be given more than once."
)
@click.option(
    "--status",
    default="active",
    show_default=True,
    help="active, disputed, open, superseded or incomplete.",
)
@click.option("--url", help="Its address.")
@click.option("--arxiv", help="Its arXiv number.")
@click.option("--doi", help="Its DOI.")
@click.option("--date", metavar="DATE", help="When it was published: 2024, 2024-12 or 2024-12-20.")
@evidence_options
@by_option
@graph_file
@as_json
def node(
    type_: str,
    label: str,
    id_: str | None,
    gloss: str,
    aliases: tuple[str, ...],
    status: str,
    url: str | None,
    arxiv: str | None,
    doi: str | None,
    date: str | None,
    source: str | None,
    locator: str,
    quote: str | None,
    grade: str,
    note: str,
    by: str | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Add a node of a TYPE with a LABEL, such as `gyges graph add node claim "Small models do not fake alignment"`."""
    from gyges.graph import GraphError, Incoming, check_node, node_id

    with opened(file) as store:
        name = id_ or node_id(type_, label)
        if store.has(name):
            raise GraphError(
                f"{name} is there already; gyges graph show {name} prints it, --id gives another id"
            )
        identifiers = {"url": url, "arxiv": arxiv, "doi": doi}
        given = {
            "id": name,
            "label": label,
            "gloss": gloss,
            "aliases": list(aliases),
            "status": status,
            "dates": {"published": date} if date else {},
            "identifiers": {key: value for key, value in identifiers.items() if value},
            "evidence": pieces(source, locator, quote, grade, note),
            "by": who(by),
        }
        made = check_node(given, name)
        store.take(Incoming([made]), f"add {made.id}", who(by))
    if as_json:
        print_json({"node": made.to_dict()})
    else:
        click.echo(made.id)


@command.command("edge")
@click.argument("subject")
@click.argument("relation")
@click.argument("object_", metavar="OBJECT")
@click.option("--gloss", default="", help="What the statement says here, in one sentence.")
@click.option(
    "--confidence", type=click.FloatRange(0, 1), help="Your belief that the statement holds."
)
@evidence_options
@by_option
@graph_file
@as_json
def edge(
    subject: str,
    relation: str,
    object_: str,
    gloss: str,
    confidence: float | None,
    source: str | None,
    locator: str,
    quote: str | None,
    grade: str,
    note: str,
    by: str | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Add an edge: SUBJECT RELATION OBJECT, such as `finding:x contradicts claim:y --source paper:z`."""
    from gyges.graph import Incoming, check_edge

    with opened(file) as store:
        given: dict[str, Any] = {
            "subject": meant(store, subject),
            "relation": relation,
            "object": meant(store, object_),
            "gloss": gloss,
            "evidence": pieces(source, locator, quote, grade, note),
            "by": who(by),
        }
        if confidence is not None:
            given["confidence"] = confidence
        made = check_edge(given, f"{subject} {relation} {object_}")
        taken = store.take(
            Incoming(edges=[made]), f"add {made.subject} {relation} {made.object}", who(by)
        )
    if as_json:
        print_json({"edge": made.to_dict(), "new": bool(taken.new_edges)})
    else:
        click.echo(made.id)
    if not made.evidence:
        click.echo("without evidence: --source ID names what it rests on", err=True)
