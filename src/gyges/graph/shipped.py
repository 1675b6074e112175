"""Where is the user's graph, and how does the curated graph that ships get into it?

The curated graph is two plain files of JSON lines, reviewed like code: ``library/nodes.jsonl`` and
``library/edges.jsonl``. The first time that a graph is opened, they are taken into it as its first change. When a
later version ships other files, what the user did not touch follows them, and what he changed stays his.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from gyges.errors import GraphError
from gyges.graph.checks import check_edge, check_node
from gyges.graph.model import Edge, Node, canonical
from gyges.graph.records import Incoming
from gyges.graph.store import Store

__all__ = [
    "CURATORS",
    "Updated",
    "default_path",
    "is_current",
    "load_shipped",
    "open_graph",
    "update",
]

CURATORS = "gyges curators"
"""Who made what ships."""

VARIABLE = "GYGES_GRAPH"
_WHAT = "take in the curated graph"


@dataclass(frozen=True, slots=True)
class Updated:
    """What following the shipped files changed."""

    change: int | None
    added: int
    replaced: int
    dropped: int
    kept: tuple[str, ...]
    """Nodes and edges that ship otherwise than they stand, and that stay because the user changed them."""


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
            store.take(load_shipped(), _WHAT, CURATORS)
            _remember(store)
    except BaseException:
        store.close()
        raise
    return store


def is_current(store: Store) -> bool:
    """Say whether a graph follows the files that ship with this version; also true where it never held them."""
    row = store.connection.execute("SELECT value FROM meta WHERE key = 'shipped'").fetchone()
    return row is None or row[0] == _version()


def update(store: Store, by: str = CURATORS) -> Updated:
    """Let a graph follow the curated files of this version, where the user did not change what they say.

    A node or an edge follows when it stands as the last shipped version left it. One that ships no more goes, unless
    the user changed it or built on it.
    """
    shipped = load_shipped()
    base = _as_shipped(store)
    wanted = {("node", node.id): canonical(_made(node).to_dict()) for node in shipped.nodes}
    wanted |= {("edge", edge.id): canonical(_made(edge).to_dict()) for edge in shipped.edges}
    stand = {("node", node.id): canonical(node.to_dict()) for node in store.nodes()}
    stand |= {("edge", edge.id): canonical(edge.to_dict()) for edge in store.edges()}
    added = replaced = dropped = 0
    kept: list[str] = []
    with store.change("follow the curated graph", by) as change:
        for key, data in wanted.items():
            if key not in stand and (key in base or (key[0] == "node" and store.has(key[1]))):
                kept.append(key[1])  # the user took it away, or merged it
            elif key not in stand:
                change.restore(*key, data)
                added += 1
            elif stand[key] != data and stand[key] == base.get(key):
                change.restore(*key, data)
                replaced += 1
            elif stand[key] != data:
                kept.append(key[1])
        gone = [key for key in base if key not in wanted and key in stand]
        for key in sorted(gone):  # edges before nodes
            free = stand[key] == base[key] and (key[0] == "edge" or not _built_on(store, key[1]))
            if free:
                change.restore(*key, None)
                dropped += 1
            else:
                kept.append(key[1])
        rows = change.rows
    _remember(store)
    return Updated(change.number if rows else None, added, replaced, dropped, tuple(kept))


def _made(row: Node | Edge) -> Node | Edge:
    from dataclasses import replace

    return row if row.by else replace(row, by=CURATORS)


def _built_on(store: Store, node: str) -> bool:
    cited = store.connection.execute("SELECT 1 FROM cites WHERE source = ?", (node,)).fetchone()
    return bool(store.edges_of(node)) or cited is not None


def _as_shipped(store: Store) -> dict[tuple[str, str], str]:
    """Return the rows as the curated files last left them in this graph."""
    rows = store.connection.execute(
        "SELECT op.kind, op.key, op.after FROM op JOIN change ON change.number = op.change"
        " WHERE change.what IN (?, 'follow the curated graph') AND op.kind IN ('node', 'edge') ORDER BY op.num",
        (_WHAT,),
    )
    found: dict[tuple[str, str], str] = {}
    for kind, key, after in rows:
        if after is None:
            found.pop((kind, key), None)
        else:
            found[kind, key] = after
    return found


def _remember(store: Store) -> None:
    store.connection.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES ('shipped', ?)", (_version(),)
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
