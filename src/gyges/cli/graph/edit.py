"""``gyges graph edit``: a node or an edge is corrected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.graph.given import (
    EvidenceGiven,
    NodeGiven,
    confidence,
    evidence_options,
    node_options,
)
from gyges.cli.graph.options import (
    MOST,
    graph_file,
    last_change,
    opened,
    print_json,
    told_change,
    told_quotes,
    who,
)
from gyges.cli.graph.options import by as by_option
from gyges.cli.options import as_json

if TYPE_CHECKING:
    from gyges.graph import Edge, Evidence, Node

__all__ = ["command"]


@click.command("edit")
@click.argument("id_", metavar="ID")
@click.option("--label", help="Of a node: its label; its id stays.")
@node_options
@click.option(
    "--no-alias", "dropped", multiple=True, help="Of a node: a name that it does not have."
)
@click.option(
    "--type",
    "type_",
    metavar="TYPE",
    help="Of a node: another type; the old id leads to the new one.",
)
@click.option("--relation", help="Of an edge: another relation.")
@confidence
@evidence_options
@click.option(
    "--evidence",
    "piece",
    type=click.IntRange(1, MOST),
    metavar="N",
    help="Correct piece N of the evidence by --source, --locator, --quote, --grade and --note, rather than add one.",
)
@click.option(
    "--drop-evidence",
    "drop",
    type=click.IntRange(1, MOST),
    multiple=True,
    metavar="N",
    help="Take piece N of the evidence away; may be given more than once.",
)
@by_option
@graph_file
@as_json
def command(
    id_: str,
    label: str | None,
    about: NodeGiven,
    dropped: tuple[str, ...],
    type_: str | None,
    relation: str | None,
    confidence: float | None,
    rests: EvidenceGiven,
    piece: int | None,
    drop: tuple[int, ...],
    by: str | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Correct the node or the edge ID. `gyges graph undo` takes it back.

    A name, an identifier, a date or a piece of evidence is added to what is there; an empty text takes a gloss, an
    identifier or a date away. The id of an edge stands in `gyges graph show NODE --full`, and `gyges graph show EDGE`
    numbers its evidence.
    """
    from gyges.graph import Edge, GraphError, edit_edge, edit_node

    is_edge = id_.startswith("e:")
    if is_edge:
        wrong = {"label": label, "type": type_, "no-alias": dropped, **about.named()}
        _only(id_, "an edge", wrong)
    else:
        _only(id_, "a node", {"relation": relation, "confidence": confidence})

    before: list[Evidence] = []

    def fields(there: Edge | Node) -> dict[str, Any]:
        """Return what is to stand, of what stands when it is written."""
        before[:] = there.evidence
        given: dict[str, Any] = {"label": label, "relation": relation, "confidence": confidence}
        if isinstance(there, Edge):
            given["gloss"] = about.gloss
        else:
            given |= about.fields(there)
            if dropped:
                given["aliases"] = _without(there, given.get("aliases"), dropped)
        given |= _evidence(there, rests, piece, drop)
        found = {name: value for name, value in given.items() if value is not None}
        if not found and type_ is None:
            raise GraphError(
                f"nothing to change of {id_}: name a field, such as --gloss; `gyges graph edit --help` lists them"
            )
        return found

    with opened(file) as store:
        last = last_change(store)
        done: Edge | Node = (
            edit_edge(store, id_, fields, by=who(by))
            if is_edge
            else edit_node(store, id_, fields, type_=type_, by=who(by))
        )
        number = last_change(store)
        change = number if number != last else None
        if as_json:
            print_json({"edge" if is_edge else "node": done.to_dict(), "change": change})
        else:
            click.echo(done.id)
            told_change(change)
        told_quotes(store, done, [one for one in done.evidence if one not in before])
    if is_edge and not done.evidence:
        click.echo("without evidence: --source ID names what it rests on", err=True)


def _evidence(
    there: Edge | Node, rests: EvidenceGiven, piece: int | None, drop: tuple[int, ...]
) -> dict[str, Any]:
    """Return the evidence as it is to stand, where the options say something of it."""
    from gyges.graph import GraphError, evidence_with

    correct: dict[int, Mapping[str, Any]] = {}
    add = []
    if piece is None:
        add = rests.pieces(there)
    else:
        correct[piece] = rests.correction()
        if not correct[piece]:
            raise GraphError(
                f"nothing to correct in piece {piece}: say what with --source, --locator, --quote, --grade or --note; "
                f"--drop-evidence {piece} takes it away"
            )
    if not (add or correct or drop):
        return {}
    return {
        "evidence": evidence_with(there.evidence, add=add, drop=drop, correct=correct, of=there.id)
    }


def _without(node: Node, aliases: list[str] | None, dropped: tuple[str, ...]) -> list[str]:
    """Return a node's other names without some of them."""
    from gyges.errors import nearest
    from gyges.graph import GraphError

    names = aliases if aliases is not None else list(node.aliases)
    for name in dropped:
        if name not in names:
            has = nearest(name, names) if names else "it has none"
            raise GraphError(f"{node.id} has no other name {name!r}; {has}")
    return [name for name in names if name not in dropped]


def _only(id_: str, what: str, given: Mapping[str, object]) -> None:
    from gyges.graph import GraphError

    wrong = [f"--{name}" for name, value in given.items() if value not in (None, ())]
    if wrong:
        raise GraphError(f"{id_} is {what}, which has no {' and no '.join(wrong)}")
