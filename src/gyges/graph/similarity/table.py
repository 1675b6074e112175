"""Where are the vectors of a store's nodes, and are they still right?

In the store's own file, in two tables that nothing of the history depends on: vectors follow from the nodes' texts
and the model, and are made again when either changes. A row's number grows with every write and is never given twice,
so that an index made earlier knows which rows it has not seen.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gyges.embedding import SIZE, Identity, missing_packages
from gyges.errors import GraphError
from gyges.graph.model import Node
from gyges.graph.similarity.exact import Vectors
from gyges.graph.similarity.texts import sha_of, text_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Block",
    "Embeds",
    "blocks",
    "count",
    "create",
    "ensure",
    "forget",
    "joined",
    "load",
    "model_of",
    "put",
    "read_rows",
    "token_of",
    "vector_of",
    "why_missing",
]

_BYTES = 4 * SIZE
_BATCH = 256
_TABLES = (
    "CREATE TABLE IF NOT EXISTS vector (number INTEGER PRIMARY KEY AUTOINCREMENT, node TEXT NOT NULL UNIQUE, "
    "sha TEXT NOT NULL, data BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS vector_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)


class Embeds(Protocol):
    """Gives a text its vector: :class:`gyges.embedding.Embedder`, or another model."""

    def __call__(self, text: str) -> NDArray[np.float32]:
        """Give the vector of a text."""
        ...

    @property
    def identity(self) -> Identity:
        """Say which model it is."""
        ...


class Block(NamedTuple):
    """Some rows of the table."""

    numbers: list[int]
    ids: list[str]
    matrix: NDArray[np.float32]


def why_missing() -> str | None:
    """Say why vectors cannot be made here and how to get them; None where they can be."""
    missing = missing_packages()
    if not missing:
        return None
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"nodes are not compared by meaning, for {' and '.join(missing)} {verb} not installed; "
        "install with: pip install 'gyges[graph]'"
    )


def create(connection: sqlite3.Connection) -> None:
    """Make the tables where they are not there yet."""
    with _writing(connection):
        for table in _TABLES:
            connection.execute(table)
        connection.execute(
            "INSERT OR IGNORE INTO vector_meta VALUES ('token', ?)", (secrets.token_hex(4),)
        )


def ensure(
    connection: sqlite3.Connection,
    nodes: Iterable[Node],
    embed: Embeds,
    *,
    whole: bool = True,
    said: Callable[[int], None] | None = None,
) -> int:
    """Bring the vectors up to the nodes: embed those that are new or whose text changed.

    Each batch is committed by itself, so that what was embedded before a stop is kept; inside a transaction of the
    caller's nothing is committed.

    Args:
        connection: Of the store.
        nodes: The store's nodes; each may come once.
        embed: The model. All vectors are made again when it is another one than before.
        whole: ``nodes`` are all of the store's nodes, so that vectors of others are dropped.
        said: Called after each batch with how many were embedded so far.

    Returns:
        How many were embedded.

    Raises:
        GraphError: The model gave something that is no vector.
    """
    create(connection)
    _choose(connection, embed.identity)
    known = dict(connection.execute("SELECT node, sha FROM vector"))
    seen: set[str] = set()
    waiting: list[tuple[str, str, str]] = []
    done = 0

    def write() -> None:
        nonlocal done
        by_sha = {sha: embed(text) for sha, text in {w[1]: w[2] for w in waiting}.items()}
        rows = [(id_, sha, _checked(by_sha[sha], id_).tobytes()) for id_, sha, _ in waiting]
        with _writing(connection):
            connection.executemany(
                "INSERT OR REPLACE INTO vector (node, sha, data) VALUES (?, ?, ?)", rows
            )
        done += len(waiting)
        waiting.clear()
        if said is not None:
            said(done)

    for node in nodes:
        seen.add(node.id)
        text = text_of(node)
        sha = sha_of(text)
        if known.get(node.id) != sha:
            waiting.append((node.id, sha, text))
        if len(waiting) == _BATCH:
            write()
    if waiting:
        write()
    if whole:
        forget(connection, known.keys() - seen)
    return done


def forget(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Drop the vectors of nodes that are gone."""
    gone = [(id_,) for id_ in ids]
    if gone:
        create(connection)
        with _writing(connection):
            connection.executemany("DELETE FROM vector WHERE node = ?", gone)


def put(
    connection: sqlite3.Connection,
    ids: Sequence[str],
    matrix: NDArray[np.float32],
    model: str = "given",
) -> None:
    """Write vectors that were made elsewhere; they are brought to length 1.

    Args:
        connection: Of the store.
        ids: Ids of the nodes.
        matrix: Shape (n, 384).
        model: What made them; vectors of another model are dropped.

    Raises:
        GraphError: A row is no vector, or there are not as many as ids.
    """
    import numpy as np

    matrix = np.asarray(matrix, dtype=np.float32)
    if matrix.shape != (len(ids), SIZE):
        raise GraphError(
            f"{len(ids):,} ids do not fit vectors of shape {matrix.shape}; each node has {SIZE} numbers"
        )
    lengths = np.linalg.norm(matrix, axis=1)
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if len(bad):
        raise GraphError(
            f"the vector of {ids[bad[0]]!r} has no direction; {len(bad):,} such in all"
        )
    create(connection)
    _choose(connection, Identity(model, "", "", ""))
    rows = (
        (id_, "", (row / length).tobytes())
        for id_, row, length in zip(ids, matrix, lengths, strict=True)
    )
    with _writing(connection):
        connection.executemany(
            "INSERT OR REPLACE INTO vector (node, sha, data) VALUES (?, ?, ?)", rows
        )


def load(connection: sqlite3.Connection) -> Vectors:
    """Read all vectors into memory, in the order in which they were written.

    Raises:
        GraphError: A row is damaged.
    """
    import numpy as np

    if not _there(connection):
        return Vectors([], np.empty((0, SIZE), dtype=np.float32))
    size = connection.execute("SELECT count(*) FROM vector").fetchone()[0]
    found = read_rows(
        connection.execute("SELECT number, node, data FROM vector ORDER BY number"), size
    )
    return Vectors(found.ids, found.matrix)


def blocks(
    connection: sqlite3.Connection,
    after: int = 0,
    rows: int = 16_384,
    types: Collection[str] = (),
) -> Iterator[Block]:
    """Read the vectors some rows at a time.

    Args:
        connection: Of the store.
        after: Number of the row behind which reading begins.
        rows: How many at a time.
        types: Types of node that are read; all where empty.
    """
    if not _there(connection):
        return
    if types:
        where, bounds = _range(types)
        found = connection.execute(f"SELECT number, node, data FROM vector WHERE {where}", bounds)
        while block := found.fetchmany(rows):
            yield read_rows(block, len(block))
        return
    while True:
        part = read_rows(
            connection.execute(
                "SELECT number, node, data FROM vector WHERE number > ? ORDER BY number LIMIT ?",
                (after, rows),
            ),
            rows,
        )
        if not part.ids:
            return
        yield part
        after = part.numbers[-1]


def vector_of(connection: sqlite3.Connection, id_: str) -> NDArray[np.float32] | None:
    """Read the vector of a node; None where it has none."""
    if not _there(connection):
        return None
    rows = connection.execute("SELECT number, node, data FROM vector WHERE node = ?", (id_,))
    found = read_rows(rows, 1)
    return found.matrix[0] if found.ids else None


def count(connection: sqlite3.Connection, types: Collection[str] = (), most: int = -1) -> int:
    """Count the vectors, of some types where these are named, up to ``most`` where that is not negative."""
    if not _there(connection):
        return 0
    if not types:
        found = int(connection.execute("SELECT count(*) FROM vector").fetchone()[0])
        return found if most < 0 else min(found, most)
    where, bounds = _range(types)
    counted = f"SELECT count(*) FROM (SELECT 1 FROM vector WHERE {where} LIMIT ?)"
    return int(connection.execute(counted, [*bounds, most]).fetchone()[0])


def model_of(connection: sqlite3.Connection) -> dict[str, str] | None:
    """Say which model made the vectors; None where there are none.

    Returns:
        ``model``, ``package``, ``weights`` and ``vocabulary``, as :class:`gyges.embedding.Identity` has them.
    """
    value = _meta(connection, "model") if _there(connection) else None
    return None if value is None else dict(json.loads(value))


def token_of(connection: sqlite3.Connection) -> str:
    """Name this table among all others, and among its own states under other models."""
    return (_meta(connection, "token") if _there(connection) else None) or ""


def joined(parts: Sequence[Block]) -> Block:
    """Put blocks together."""
    import numpy as np

    if not parts:
        return Block([], [], np.empty((0, SIZE), dtype=np.float32))
    numbers = [number for part in parts for number in part.numbers]
    ids = [id_ for part in parts for id_ in part.ids]
    return Block(numbers, ids, np.concatenate([part.matrix for part in parts]))


def read_rows(rows: Iterable[tuple[int, str, bytes]], size: int) -> Block:
    """Put rows (number, id, vector's bytes) together; ``size`` is at least how many there are.

    Raises:
        GraphError: A row is damaged.
    """
    import numpy as np

    # Filled in place: half the time and half the memory of joining the rows.
    matrix = np.empty((size, SIZE), dtype=np.float32)
    view = matrix.reshape(-1).view(np.uint8).data if size else memoryview(b"")
    numbers, ids, at = [], [], 0
    for number, id_, data in rows:
        if len(data) != _BYTES:
            raise GraphError(
                f"the vector of {id_!r} has {len(data):,} bytes, not {_BYTES:,}; vectors follow from the nodes: "
                "drop the table 'vector' and they are made again"
            )
        view[at : at + _BYTES] = data
        at += _BYTES
        numbers.append(number)
        ids.append(id_)
    return Block(numbers, ids, matrix[: len(ids)])


def _checked(vector: NDArray[np.float32], id_: str) -> NDArray[np.float32]:
    import numpy as np

    found = np.asarray(vector, dtype=np.float32)
    length = float(np.linalg.norm(found)) if found.shape == (SIZE,) else 0.0
    if not np.isfinite(length) or length == 0:
        raise GraphError(
            f"the model gave {id_!r} no vector of {SIZE} numbers: shape {found.shape}, length {length}"
        )
    # Asking for more than length 1 to the last bit would change what the model gave.
    return found if abs(length - 1) < 1e-6 else found / np.float32(length)


def _choose(connection: sqlite3.Connection, identity: Identity) -> None:
    """Drop all vectors if another model made them."""
    now = identity.to_dict()
    before = model_of(connection)
    if before is not None and _weights(before) == _weights(now):
        return
    with _writing(connection):
        connection.execute("DELETE FROM vector")
        connection.executemany(
            "INSERT OR REPLACE INTO vector_meta VALUES (?, ?)",
            [("model", json.dumps(now, sort_keys=True)), ("token", secrets.token_hex(4))],
        )


def _weights(identity: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in identity.items() if name != "package"}


def _range(types: Collection[str]) -> tuple[str, list[str]]:
    """Say that an id is of one of some types, in a way that the index of ids answers."""
    bounds = [bound for type_ in types for bound in (f"{type_}:", f"{type_};")]
    return " OR ".join(["(node >= ? AND node < ?)"] * len(types)), bounds


def _meta(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM vector_meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def _there(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'vector_meta'").fetchone()
    return found is not None


@contextmanager
def _writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all or nothing; part of the caller's transaction where there is one."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
