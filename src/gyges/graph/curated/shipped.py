"""Where is the user's graph, and how does the curated graph that ships get into it?

The curated graph is two plain files of JSON lines, reviewed like code: ``library/nodes.jsonl`` and
``library/edges.jsonl``. The first time that a graph is opened, they are taken into it as its first change. When a
later version ships other files, :func:`gyges.graph.update` follows them.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from importlib.resources import files
from pathlib import Path

from gyges.errors import GraphError
from gyges.graph.checks import check_edge, check_node
from gyges.graph.records import Incoming
from gyges.graph.store import Store

__all__ = [
    "CURATORS",
    "FOLLOW",
    "TAKE_IN",
    "default_path",
    "is_current",
    "is_news",
    "load_shipped",
    "open_graph",
    "remember",
]

CURATORS = "gyges curators"
"""Who made what ships."""

VARIABLE = "GYGES_GRAPH"
TAKE_IN = "take in the curated graph"
FOLLOW = "follow the curated graph"


def default_path() -> Path:
    """Return where the user's graph is: ``GYGES_GRAPH``, else a file among the user's data."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    from platformdirs import user_data_path

    return user_data_path("gyges") / "graph.sqlite3"


def load_shipped() -> Incoming:
    """Read the curated graph.

    Raises:
        GraphError: A record of it is broken, with its file and line.
    """
    nodes = [check_node(given, where) for where, given in _lines("nodes.jsonl")]
    edges = [check_edge(given, where) for where, given in _lines("edges.jsonl")]
    return Incoming(nodes, edges)


def open_graph(path: Path | None = None, *, create: bool = True) -> Store:
    """Open the user's graph; a new one begins with the curated graph.

    Args:
        path: Its file; :func:`default_path` by default.
        create: Make one where there is none.

    Raises:
        GraphError: It cannot be read or made.
    """
    wanted = path or default_path()
    try:
        store = Store.open(wanted, create=create)
    except OSError as error:
        raise GraphError(
            f"{wanted} cannot be made: {error.strerror or error}; name another file with --graph or {VARIABLE}"
        ) from None
    try:
        if create and not store.history(1):
            store.take(load_shipped(), TAKE_IN, CURATORS)
            remember(store)
    except BaseException:
        store.close()
        raise
    return store


def is_current(store: Store) -> bool:
    """Say whether a graph follows the files that ship with this version; also true where it never held them."""
    row = store.connection.execute("SELECT value FROM meta WHERE key = 'shipped'").fetchone()
    if row is None:
        return True
    version, _, number = row[0].partition(" ")
    undone = any(one.undone and str(one.number) == number for one in store.history())
    return bool(version == _version()) and not undone


def is_news(store: Store, today: str) -> bool:
    """Say whether to tell the user, who asked for something else, that a graph does not follow this version's files.

    Once a day for each version of them: whoever wants to keep the graph as it is would else be told by every command,
    and whoever overlooks it once is told again. It is remembered in the file, beside the history, because it is no
    change of the graph. Where that cannot be remembered, nothing is told.

    Args:
        store: The graph.
        today: The day, as ``2025-01-31``.
    """
    if is_current(store):
        return False
    said = f"{_version()} {today}"
    db = store.connection
    try:
        row = db.execute("SELECT value FROM meta WHERE key = 'told'").fetchone()
        if row is not None and row[0] == said:
            return False
        # Another process may be writing; that is not worth waiting for.
        wait = db.execute("PRAGMA busy_timeout").fetchone()[0]
        db.execute("PRAGMA busy_timeout = 0")
        try:
            db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('told', ?)", (said,))
        finally:
            db.execute(f"PRAGMA busy_timeout = {wait}")
    except sqlite3.DatabaseError:
        return False
    return True


def remember(store: Store) -> None:
    """Note which curated files a graph follows by now."""
    # With the change that brought them: where that is undone, the graph follows older ones again.
    number = next((one.number for one in store.history() if one.what in (TAKE_IN, FOLLOW)), 0)
    store.connection.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES ('shipped', ?)",
        (f"{_version()} {number}",),
    )


def _version() -> str:
    folder = files("gyges.graph") / "library"
    texts = [(folder / name).read_bytes() for name in ("nodes.jsonl", "edges.jsonl")]
    return hashlib.sha256(b"\0".join(texts).replace(b"\r\n", b"\n")).hexdigest()


def _lines(name: str) -> list[tuple[str, object]]:
    text = (files("gyges.graph") / "library" / name).read_text(encoding="utf-8")
    return [
        (f"{name}:{number}", json.loads(line)) for number, line in enumerate(text.splitlines(), 1)
    ]
