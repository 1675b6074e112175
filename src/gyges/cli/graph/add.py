"""``gyges graph add``: a node or an edge, by hand."""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.graph.given import (
    EvidenceGiven,
    NodeGiven,
    confidence,
    evidence_options,
    gloss,
    node_options,
)
from gyges.cli.graph.options import by as by_option
from gyges.cli.graph.options import graph_file, meant, opened, print_json, who
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
@node_options
@evidence_options
@by_option
@graph_file
@as_json
def node(
    type_: str,
    label: str,
    id_: str | None,
    about: NodeGiven,
    rests: EvidenceGiven,
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
                f"{name} is there already; gyges graph show {name} prints it, gyges graph edit {name} corrects it, "
                "--id gives another id"
            )
        given = {
            "id": name,
            "label": label,
            "status": "active",
            **about.fields(),
            "evidence": rests.pieces(),
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
@gloss
@confidence
@evidence_options
@by_option
@graph_file
@as_json
def edge(
    subject: str,
    relation: str,
    object_: str,
    gloss: str | None,
    confidence: float | None,
    rests: EvidenceGiven,
    by: str | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Add an edge: SUBJECT RELATION OBJECT, such as `finding:x contradicts claim:y --source paper:z`."""
    from gyges.graph import Incoming, check_edge

    with opened(file) as store:
        given = {
            "subject": meant(store, subject),
            "relation": relation,
            "object": meant(store, object_),
            "gloss": gloss,
            "evidence": rests.pieces(),
            "confidence": confidence,
            "by": who(by),
        }
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
