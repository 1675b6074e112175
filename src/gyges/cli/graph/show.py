"""``gyges graph show``: what does the graph say of a node or an edge, and how does it know?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.graph.options import (
    MOST,
    graph_file,
    likenesses,
    meant,
    opened,
    print_json,
    threshold,
)
from gyges.cli.options import as_json

if TYPE_CHECKING:
    from gyges.graph import Store

__all__ = ["command"]

_MOST_ALIKE = 200
_MOST_LOOKED = 1000


@click.command("show")
@click.argument("name", metavar="ID")
@threshold
@click.option("--full", is_flag=True, help="Also print each statement's evidence.")
@click.option(
    "--most",
    type=click.IntRange(1, MOST),
    metavar="N",
    default=12,
    show_default=True,
    help="Neighbours of each type to print; JSON has up to 200.",
)
@click.option(
    "--only",
    "relations",
    multiple=True,
    metavar="RELATION",
    help="Only the node's own edges of this relation, both ways; may be given more than once.",
)
@click.option(
    "--type",
    "types",
    multiple=True,
    metavar="TYPE",
    help="Only the node's edges with neighbours of this type; may be given more than once.",
)
@graph_file
@as_json
def command(
    name: str,
    threshold: float,
    full: bool,
    most: int,
    relations: tuple[str, ...],
    types: tuple[str, ...],
    file: Path | None,
    as_json: bool,
) -> None:
    """Print what the graph says of the node ID: its neighbours, what speaks for and against it, what is like it.

    Neighbours are grouped by type and ranked by how many edges join them to it, with the counts. An arrow says which
    way an edge runs. The ID of an edge (e:...) prints that edge: its ends, its evidence, and who made it.
    """
    from gyges.graph import page_of

    with opened(file) as store:
        if name.startswith("e:"):
            if relations or types:
                raise click.UsageError(
                    f"{name} is an edge; --only and --type choose among a node's"
                )
            _edge(store, name, as_json)
            return
        if relations or types:
            _chosen(store, meant(store, name), relations, types, full, most, as_json)
            return
        alike = likenesses(store, threshold)
        found = meant(store, name)
        like = alike.around(found, _MOST_LOOKED)
        about = {**alike.about(), "found": len(like)}
        page = page_of(store, found, similar=like[:_MOST_ALIKE], similarity=about)
    if as_json:
        print_json(page)
        return
    from gyges.cli.graph._page_text import page_lines

    for line in page_lines(page, full=full, most=most):
        click.echo(line)


def _edge(store: Store, id_: str, as_json: bool) -> None:
    from gyges.cli.graph._edge_text import edge_page_lines
    from gyges.graph import edge_page

    page = edge_page(store, id_)
    if as_json:
        print_json(page)
        return
    for line in edge_page_lines(page):
        click.echo(line)


def _chosen(
    store: Store,
    id_: str,
    relations: tuple[str, ...],
    types: tuple[str, ...],
    full: bool,
    most: int,
    as_json: bool,
) -> None:
    from gyges.cli.graph._page_text import chosen_lines, wrapped
    from gyges.graph import edges_page

    page = edges_page(store, id_, relations=relations, types=types)
    if as_json:
        print_json(page)
        return
    for line in chosen_lines(page, full=full, most=most):
        click.echo(line)
    if not page["groups"]:
        for line in wrapped(_none_of(store, page, relations, types), "", "  "):
            click.echo(line, err=True)


def _none_of(
    store: Store, page: Mapping[str, Any], relations: tuple[str, ...], types: tuple[str, ...]
) -> str:
    """Say that a node has no such edges, and which it has."""
    from collections import Counter

    id_ = page["node"]["id"]
    near = Counter(one.type for one in store.neighbours(id_))
    has = [f"its neighbours are: {_counted(dict(near.most_common()))}"] if types else []
    if not relations:
        return f"{id_} has no neighbour of type {' or '.join(types)}; {has[0]}"
    with_ = f" to a neighbour of type {' or '.join(types)}" if types else ""
    has.insert(0, f"it has: {_counted(page['relations'])}")
    return f"no edge of {id_}{with_} is of {' or '.join(relations)}; {'; '.join(has)}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
