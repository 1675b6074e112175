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
from gyges.cli.graph.options import (
    graph_file,
    meant,
    opened,
    print_json,
    told_change,
    told_quotes,
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

    if not label.strip():
        raise GraphError(
            f"the LABEL of the {type_} is empty; name it in a few words, such as "
            'gyges graph add node claim "Small models do not fake alignment"'
        )
    name = id_ or node_id(type_, label)
    if id_ is not None:
        _fitting(type_, label, id_)
    with opened(file) as store:
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
        taken = store.take(Incoming([made]), f"add {made.id}", who(by))
        if as_json:
            print_json({"node": made.to_dict(), "change": taken.change})
        else:
            click.echo(made.id)
            told_change(taken.change)
        told_quotes(store, store.node(made.id), made.evidence)


def _fitting(type_: str, label: str, id_: str) -> None:
    """Refuse an id that is of another type than the node.

    Raises:
        GraphError: With the ids that it may have.
    """
    from gyges.errors import nearest
    from gyges.graph import NODE_TYPES, GraphError, node_id

    if type_ not in NODE_TYPES:
        raise GraphError(f"no type of node {type_!r}; {nearest(type_, NODE_TYPES)}")
    begin, colon, slug = id_.rpartition(":")
    if begin != type_:
        of = f"begins with the type {begin!r}" if colon else "begins with no type"
        raise GraphError(
            f"--id {id_} {of}, and the node is of type {type_!r}: without --id it takes {node_id(type_, label)}, "
            f"or give --id {type_}:{slug}"
        )


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
        # The statement may stand under another id, and rest on more.
        stands = store.saying(made) or made
        if as_json:
            new = bool(taken.new_edges)
            print_json({"edge": stands.to_dict(), "new": new, "change": taken.change})
        else:
            click.echo(stands.id)
            told_change(taken.change)
        told_quotes(store, stands, made.evidence)
    if not stands.evidence:
        click.echo("without evidence: --source ID names what it rests on", err=True)
