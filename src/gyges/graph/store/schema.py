"""Which tables does a graph's file hold?

The state (nodes, edges, records), what is derived from it for looking things up (names, citations, full text), and the
history, which only grows: a trigger refuses to change it. Everything but the history can be rebuilt from the history.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator

from gyges.errors import GraphError
from gyges.graph.store.opening import HELD, is_held

__all__ = ["VERSION", "prepare"]

VERSION = "gyges.graph.store/2"
"""The layout of the file."""

_FIRST = "gyges.graph.store/1"
"""The layout before :data:`_INDEXES`, which are made when such a file is opened."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE node (
  num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, label TEXT NOT NULL, status TEXT NOT NULL,
  data TEXT NOT NULL, edges INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX node_type ON node (type);

CREATE TABLE edge (
  num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
  subject INTEGER NOT NULL REFERENCES node (num) DEFERRABLE INITIALLY DEFERRED,
  object INTEGER NOT NULL REFERENCES node (num) DEFERRABLE INITIALLY DEFERRED,
  relation TEXT NOT NULL, evidence INTEGER NOT NULL, channel TEXT NOT NULL, data TEXT NOT NULL
) STRICT;
-- With all that a walk asks of an edge, so that it need not be read.
CREATE INDEX edge_subject ON edge (subject, object, relation, evidence);
CREATE INDEX edge_object ON edge (object, subject, relation, evidence);
CREATE INDEX edge_relation ON edge (relation);
CREATE INDEX edge_bare ON edge (evidence) WHERE evidence = 0;

-- What else is known: decisions, proposals, attached sources.
CREATE TABLE record (kind TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (kind, key))
  STRICT, WITHOUT ROWID;

-- The texts of attached sources, by their hash.
CREATE TABLE text (sha256 TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Derived: names lead to nodes, merged ids to those that remain, sources to what cites them.
CREATE TABLE name (name TEXT NOT NULL, node INTEGER NOT NULL, PRIMARY KEY (name, node)) STRICT, WITHOUT ROWID;
CREATE INDEX name_node ON name (node);
CREATE TABLE former (id TEXT NOT NULL, node INTEGER NOT NULL, PRIMARY KEY (id, node)) STRICT, WITHOUT ROWID;
CREATE INDEX former_node ON former (node);
CREATE TABLE cites (source TEXT NOT NULL, kind TEXT NOT NULL, holder TEXT NOT NULL, PRIMARY KEY (source, kind, holder))
  STRICT, WITHOUT ROWID;
CREATE INDEX cites_holder ON cites (holder, kind);
CREATE VIRTUAL TABLE node_text USING fts5 (
  label, aliases, gloss, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);

-- The history: one change, and the rows that it put, before and after.
CREATE TABLE change (
  number INTEGER PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL, by TEXT NOT NULL, undoes INTEGER
) STRICT;
CREATE TABLE op (
  num INTEGER PRIMARY KEY, change INTEGER NOT NULL REFERENCES change (number), kind TEXT NOT NULL, key TEXT NOT NULL,
  before TEXT, after TEXT
) STRICT;
CREATE INDEX op_change ON op (change);
CREATE INDEX op_key ON op (key, kind);
"""

_INDEXES = """
-- What a page asks of every neighbour, so that of ten thousand none need be read whole.
CREATE INDEX node_head ON node (num, type, edges, label, id);
-- The edges that bear on truth are few, and every page weighs them.
CREATE INDEX edge_bears ON edge (object, relation, evidence, subject) WHERE relation IN ('supports', 'contradicts');
CREATE INDEX edge_given ON edge (subject, relation, evidence, object) WHERE relation IN ('supports', 'contradicts');
"""

_APPEND_ONLY = """
CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE (ABORT, 'the history of a graph is only added to'); END;
"""
# REPLACE takes a row away without asking the trigger of DELETE.
_NO_REPLACE = """
CREATE TRIGGER {table}_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = new.{key})
BEGIN SELECT RAISE (ABORT, 'the history of a graph is only added to'); END;
"""


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """Set a connection up, and make the tables in a new file.

    Raises:
        GraphError: The file is no graph, or one of another layout.
    """
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA busy_timeout = 10000")
        # Up to 256 MB where they are needed: the indexes of a million edges are written in no order.
        connection.execute("PRAGMA cache_size = -262144")
        # A commit survives whatever ends the process or the machine.
        connection.execute("PRAGMA synchronous = FULL")
        tables = _tables(connection)
        if not tables:
            tables = _create(connection)
        found = _version(connection) if "meta" in tables else None
        if found == _FIRST:
            found = _add_indexes(connection)
    except sqlite3.OperationalError as error:
        advice = HELD if is_held(error) else "name another with --graph"
        raise GraphError(f"{path} cannot be read: {error}; {advice}") from None
    except sqlite3.DatabaseError as error:
        raise GraphError(
            f"{path} is no graph: {error}; name another file with --graph, or move this one away"
        ) from None
    if found is None:
        raise GraphError(f"{path} is a file of another program; name a graph's file with --graph")
    if found != VERSION:
        raise GraphError(
            f"{path} is no graph that this version can read: its layout is {found}, not {VERSION}; "
            "export it with the version that wrote it: gyges graph export FILE.jsonl"
        )


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}


def _version(connection: sqlite3.Connection) -> str | None:
    columns = {row[1] for row in connection.execute("PRAGMA table_info (meta)")}
    if not {"key", "value"} <= columns:
        return None
    row = connection.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
    return str(row[0]) if row else None


def _create(connection: sqlite3.Connection) -> set[str]:
    """Make the tables, unless another process made them first; return their names."""
    _readers_beside_a_writer(connection)
    triggers = "".join(
        _APPEND_ONLY.format(table=table, verb=verb)
        for table in ("change", "op")
        for verb in ("UPDATE", "DELETE")
    )
    triggers += _NO_REPLACE.format(table="change", key="number")
    triggers += _NO_REPLACE.format(table="op", key="num")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not (tables := _tables(connection)):
            for statement in _statements(_TABLES + _INDEXES + triggers):
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES ('version', ?)", (VERSION,))
            tables = _tables(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return tables


def _add_indexes(connection: sqlite3.Connection) -> str | None:
    """Bring a file of the first layout to this one, unless another process did; return its layout."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) == _FIRST:
            for statement in _statements(_INDEXES):
                connection.execute(statement)
            connection.execute("UPDATE meta SET value = ? WHERE key = 'version'", (VERSION,))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return _version(connection)


def _readers_beside_a_writer(connection: sqlite3.Connection) -> None:
    # SQLite does not wait where another process is changing the mode of a new file at the same moment.
    for pause in (0.01, 0.05, 0.1, 0.2, 0.5, 1.0, None):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if pause is None:
                raise
            time.sleep(pause)
        else:
            return


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
