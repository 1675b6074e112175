"""Options that the commands on the graph share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gyges.graph import Likenesses, Store

__all__ = [
    "by",
    "evidence_options",
    "graph_file",
    "likenesses",
    "meant",
    "opened",
    "pieces",
    "print_json",
    "threshold",
    "types",
    "who",
]

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

    def say(nodes: int) -> None:
        if nodes > 100:
            click.echo(f"embedding {nodes:,} new or changed nodes", err=True)

    return Likenesses(store, threshold, say)


def who(by: str | None) -> str:
    """Return the name under which a change is kept."""
    import getpass

    if by is not None:
        if not by.isprintable() or not by.strip():
            raise click.UsageError(f"--by {by!r} is no name that a page can show")
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise click.UsageError("there is no login name here; give --by NAME") from None


def meant(store: Store, name: str) -> str:
    """Return the id of the node that a user names: its id, or a name that one node alone bears.

    Raises:
        GraphError: There is none, or several bear the name.
    """
    if not store.has(name):
        named = store.named(name)
        if len(named) == 1:
            click.echo(f"{name} is {named[0]}", err=True)
            return named[0]
    return store.resolve(name)


def print_json(given: Any) -> None:
    """Print JSON with the schema's version first."""
    from gyges.graph import SCHEMA

    click.echo(json.dumps({"schema": SCHEMA, **given}, indent=2, ensure_ascii=False))


_evidence = [
    click.option("--source", metavar="ID", help="The source that it rests on."),
    click.option("--locator", default="", help="Where in the source: 'section 4.2', 'table 5'."),
    click.option("--quote", metavar="TEXT", help="The passage, word for word."),
    click.option(
        "--grade",
        default="primary",
        show_default=True,
        help="How far it was followed: primary, secondary, abstract, derived or unverified.",
    ),
    click.option("--note", default="", help="What the source says, in your words."),
]


def evidence_options(function: F) -> F:
    """Add the options that say what a statement rests on."""
    for option in reversed(_evidence):
        function = option(function)
    return function


def pieces(
    source: str | None, locator: str, quote: str | None, grade: str, note: str
) -> list[dict[str, Any]]:
    """Make the evidence that the options name: one piece, or none.

    Raises:
        GraphError: Something is said of a source that is not named, or the quote has no words.
    """
    from gyges.graph import GraphError, Passage

    if source is None:
        if quote or locator or note:
            raise GraphError(
                "--locator, --quote and --note say something of a source: name it with --source ID"
            )
        return []
    passage = None
    if quote is not None:
        made = Passage.of(quote)
        if not made.words:
            raise GraphError(f"the quote {quote!r} has no words")
        passage = made.to_dict()
    piece = {"node": source, "locator": locator, "passage": passage, "grade": grade, "note": note}
    return [{name: value for name, value in piece.items() if value}]
