"""Options that the commands on the graph share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gyges.graph import Likenesses, Store

__all__ = ["by", "graph_file", "likenesses", "opened", "print_json", "threshold", "types", "who"]

F = TypeVar("F", bound=Callable[..., Any])

graph_file = click.option(
    "--graph",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The graph's file.  [default: $GYGES_GRAPH, else one among your data]",
)

by = click.option("--by", metavar="NAME", help="Who does it.  [default: your login name]")

types = click.option(
    "--type",
    "types",
    multiple=True,
    metavar="TYPE",
    help="Only nodes of this type; may be given more than once.",
)

threshold = click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.65,
    show_default=True,
    help="The cosine from which two nodes are told as alike.",
)


def opened(file: Path | None) -> Store:
    """Open the user's graph, and say so where the curated graph of this version is another."""
    from gyges.graph import default_path, is_current, open_graph

    path = file or default_path()
    new = not path.exists()
    store = open_graph(path)
    if new:
        click.echo(f"made {path} from the curated graph", err=True)
    elif not is_current(store):
        click.echo(
            "the curated graph of this version is another one; `gyges graph update` follows it",
            err=True,
        )
    return store


def likenesses(store: Store, threshold: float) -> Likenesses:
    """Open the similarity of a graph, and say on stderr when it takes a while."""
    from gyges.graph import Likenesses

    said = False

    def say(done: int) -> None:
        nonlocal said
        if not said and store.count_nodes() > 200:
            click.echo(f"embedding {store.count_nodes():,} nodes, once", err=True)
            said = True

    return Likenesses(store, threshold, say)


def who(by: str | None) -> str:
    """Return the name under which a change is kept."""
    import getpass

    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise click.UsageError("there is no login name here; give --by NAME") from None


def print_json(given: Any) -> None:
    """Print JSON with the schema's version first."""
    from gyges.graph import SCHEMA

    click.echo(json.dumps({"schema": SCHEMA, **given}, indent=2, ensure_ascii=False))
