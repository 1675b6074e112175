"""``gyges graph edit``: a node or an edge is corrected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gyges.cli.graph.options import by as by_option
from gyges.cli.graph.options import evidence_options, graph_file, opened, pieces, print_json, who
from gyges.cli.options import as_json

__all__ = ["command"]


@click.command("edit")
@click.argument("id_", metavar="ID")
@click.option("--label", help="Of a node: its label; its id stays.")
@click.option("--gloss", help="What it is, or what the statement says.")
@click.option(
    "--alias",
    "aliases",
    multiple=True,
    help="Of a node: one more name; may be given more than once.",
)
@click.option(
    "--no-alias", "dropped", multiple=True, help="Of a node: a name that it does not have."
)
@click.option("--status", help="Of a node: active, disputed, open, superseded or incomplete.")
@click.option(
    "--type",
    "type_",
    metavar="TYPE",
    help="Of a node: another type; the old id leads to the new one.",
)
@click.option("--relation", help="Of an edge: another relation.")
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1),
    metavar="0..1",
    help="Of an edge: your belief in it.",
)
@evidence_options
@by_option
@graph_file
@as_json
def command(
    id_: str,
    label: str | None,
    gloss: str | None,
    aliases: tuple[str, ...],
    dropped: tuple[str, ...],
    status: str | None,
    type_: str | None,
    relation: str | None,
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
    """Correct the node or the edge ID; evidence is added to what is there. `gyges graph undo` takes it back.

    The id of an edge stands in `gyges graph show NODE --full`.
    """
    from gyges.graph import GraphError, edit_edge, edit_node

    new = pieces(source, locator, quote, grade, note)
    with opened(file) as store:
        if id_.startswith("e:"):
            given = {"gloss": gloss, "relation": relation, "confidence": confidence}
            _only(id_, "an edge", label=label, status=status, type=type_, alias=aliases or dropped)
            there: Any = store.edge(id_)
        else:
            given = {"label": label, "gloss": gloss, "status": status}
            _only(id_, "a node", relation=relation, confidence=confidence)
            there = store.node(id_)
        fields: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if new:
            fields["evidence"] = [*(one.to_dict() for one in there.evidence), *new]
        if aliases or dropped:
            kept = [name for name in (*there.aliases, *aliases) if name not in dropped]
            fields["aliases"] = list(dict.fromkeys(kept))
        if not fields and type_ is None:
            raise GraphError(f"nothing to change of {id_}: name a field, such as --gloss")
        edge = id_.startswith("e:")
        done: Any = (
            edit_edge(store, id_, fields, by=who(by))
            if edge
            else edit_node(store, id_, fields, type_=type_, by=who(by))
        )
        change = store.history(1)[0].number
    if as_json:
        print_json({"edge" if edge else "node": done.to_dict(), "change": change})
    else:
        click.echo(done.id)


def _only(id_: str, what: str, **given: object) -> None:
    from gyges.graph import GraphError

    wrong = [f"--{name}" for name, value in given.items() if value not in (None, ())]
    if wrong:
        raise GraphError(f"{id_} is {what}, which has no {' and no '.join(wrong)}")
