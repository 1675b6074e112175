"""Options that the commands on the graph share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Collection

    from gyges.graph import Edge, Evidence, Likenesses, Node, Store

__all__ = [
    "MOST",
    "by",
    "graph_file",
    "json_text",
    "last_change",
    "likenesses",
    "meant",
    "named",
    "opened",
    "passage_of",
    "pieces",
    "print_json",
    "threshold",
    "told_change",
    "told_quotes",
    "types",
    "who",
]

MOST = 1_000_000
"""The greatest number of rows, days or pieces that an option may name."""

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


def opened(file: Path | None, *, make: bool = True) -> Store:
    """Open the user's graph, and say where it was just made, or where this version's curated graph is another.

    Args:
        file: What ``--graph`` names.
        make: Make the file where there is none; else open what it would begin with, in memory.
    """
    from gyges.graph import default_path, open_graph

    path = file or default_path()
    new = not path.exists() or (path.is_file() and not path.stat().st_size)
    if new and not make:
        click.echo(
            f"there is no graph at {path} yet: it would begin with the curated graph", err=True
        )
        return open_graph(Path(":memory:"))
    store = open_graph(path)
    if new:
        click.echo(f"made {path} from the curated graph", err=True)
    elif _tells(store):
        click.echo(
            "the curated graph of this version is another one; `gyges graph update` follows it",
            err=True,
        )
    return store


def _tells(store: Store) -> bool:
    """Say whether this command tells of a newer curated graph.

    ``health`` always does, as of anything that a curator may want to look at. Other commands that people read do so
    once a day; those that change the graph or write files have something else to say, also to scripts.
    """
    from gyges.graph import is_current
    from gyges.graph.curated.shipped import is_news
    from gyges.graph.store import now

    context = click.get_current_context(silent=True)
    name = context.info_name if context is not None else None
    if name == "health":
        return not is_current(store)
    return name in ("show", "search", "review") and is_news(store, now()[:10])


def likenesses(store: Store, threshold: float) -> Likenesses:
    """Open the similarity of a graph, and say on stderr when it takes a while."""
    from gyges.cli.graph._progress import embedding
    from gyges.graph import Likenesses

    return Likenesses(store, threshold, embedding())


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
    click.echo(json_text(given))


def json_text(given: Any) -> str:
    """Write what :func:`print_json` prints."""
    from gyges.graph import SCHEMA

    return json.dumps({"schema": SCHEMA, **given}, indent=2, ensure_ascii=False)


def pieces(
    source: str | None,
    locator: str | None,
    quote: str | None,
    grade: str | None,
    note: str | None,
) -> list[dict[str, Any]]:
    """Make the evidence that a command names: one piece, or none.

    Raises:
        GraphError: Something is said of a source that is not named, its name is empty, or the quote has no words.
    """
    from gyges.graph import GraphError

    source = named(source)
    if source is None:
        if quote or locator or note:
            raise GraphError(
                "--locator, --quote and --note say something of a source: name it with --source ID"
            )
        return []
    passage = None if quote is None else passage_of(quote)
    piece = {
        "node": source,
        "locator": locator,
        "passage": passage,
        "grade": grade or "primary",
        "note": note,
    }
    return [{name: value for name, value in piece.items() if value}]


def named(source: str | None) -> str | None:
    """Return the source that an option names; None where it is not given.

    Raises:
        GraphError: It is empty: what names no source is no evidence.
    """
    from gyges.graph import GraphError

    if source is not None and not source.strip():
        raise GraphError("--source is empty; name a node: gyges graph search WORDS looks for one")
    return source


def passage_of(quote: str) -> dict[str, Any]:
    """Make the record of a passage.

    Raises:
        GraphError: The quote has no words.
    """
    from gyges.graph import GraphError, Passage

    made = Passage.of(quote)
    if not made.words:
        raise GraphError(f"the quote {quote!r} has no words")
    return made.to_dict()


def told_change(number: int | None) -> None:
    """Say which change was made, and how to look at it and to take it back.

    Args:
        number: Of the change; None where nothing changed.
    """
    if number is None:
        click.echo("it stood so already: nothing was changed", err=True)
        return
    click.echo(
        f"change {number}; `gyges graph history {number}` shows it, `gyges graph undo {number}` takes it back",
        err=True,
    )


def told_quotes(store: Store, row: Edge | Node, new: Collection[Evidence]) -> None:
    """Say whether passages that were just quoted stand in the copies of their sources that are attached.

    Args:
        store: The graph.
        row: What rests on them, as it now stands.
        new: The pieces of its evidence that were given. What has no copy to look in is not told.
    """
    from gyges.graph import Checker

    checker = Checker(store)
    given = {one.passage for one in new}
    for number, piece in enumerate(row.evidence, 1):
        if piece.passage is None or piece.passage not in given:
            continue
        checked = checker.check(piece.node, piece.passage)
        if checked.state == "stands":
            click.echo(f"the quote stands in {checked.file}", err=True)
        elif checked.state == "not found":
            text = piece.passage.text
            short = text if len(text) <= 60 else f"{text[:57].rstrip()}..."
            click.echo(
                f"not found in {checked.file}: {short!r}; look at it again, or gyges graph edit {row.id} "
                f"--evidence {number} --quote TEXT",
                err=True,
            )


def last_change(store: Store) -> int:
    """Return the number of the graph's last change; 0 where there is none."""
    return next((entry.number for entry in store.history(1)), 0)
