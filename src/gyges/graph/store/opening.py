"""How is a graph's file opened where it may be written, where it may only be read, and where it is none?

A file on a medium or in a folder that may not be written is read as it is. What SQLite says of a file is told in words
that name the file and what can be done about it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

from gyges.errors import GraphError

__all__ = ["HELD", "connect", "failed", "instead", "is_held", "state", "unwritable"]

_READ_ONLY = "readonly"
_DAMAGED = ("malformed", "Could not decode to UTF-8")


HELD = "another process is writing to it, try again when it has ended"
"""What to do where :func:`is_held`."""


def is_held(error: sqlite3.Error) -> bool:
    """Say whether a file could not be used because another process is writing to it."""
    return any(word in str(error) for word in ("locked", "busy"))


def connect(name: str, *, create: bool) -> sqlite3.Connection:
    """Open a file, or ``":memory:"``.

    Raises:
        GraphError: There is none and none may be made, or it cannot be opened.
    """
    path = Path(name)
    if name != ":memory:" and path.is_dir():
        raise GraphError(
            f"{name} is a folder; name a graph's file with --graph, or in the variable GYGES_GRAPH"
        )
    if name != ":memory:" and not path.exists():
        if not create:
            raise GraphError(f"no graph at {name}; gyges graph import makes one")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GraphError(
                f"{name} cannot be made: {error.strerror or error}; name another with --graph"
            ) from None
    try:
        return sqlite3.connect(
            _address(name), uri=True, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise GraphError(f"{name} cannot be opened: {error}; name another with --graph") from None


def state(name: str) -> tuple[int, int] | None:
    """Return what tells whether a file is still as it was when it was opened; None where SQLite sees to that.

    In a folder that this user may not write, a file is read without locks, and whoever may write there can change it
    meanwhile.
    """
    path = Path(name).absolute()
    if name == ":memory:" or not _alone(path):
        return None
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return found.st_size, found.st_mtime_ns


def instead(connection: sqlite3.Connection, name: str, error: GraphError) -> sqlite3.Connection:
    """Return what to read where a file could not be set up: a copy of it in memory, which is as it should be.

    Raises:
        GraphError: There is no way to read it.
    """
    why = error.__context__
    if isinstance(why, sqlite3.DatabaseError):
        if _READ_ONLY in str(why):
            # Of an earlier layout, to which indexes would be added.
            copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            try:
                connection.backup(copy)
            except sqlite3.Error:
                copy.close()
                raise error from None
            return copy
        if any(one in str(why) for one in _DAMAGED):
            raise failed(name, why) from None
        log = Path(f"{name}-wal")
        if log.exists() and not os.access(log.parent, os.W_OK):
            raise GraphError(
                f"{name} was not closed by what wrote it last, and {log.name} cannot be taken into it in a folder that "
                "may not be written; copy both to where you may write, and name that copy with --graph"
            ) from None
    raise error


def unwritable(name: str, error: sqlite3.DatabaseError) -> GraphError:
    """Say why a file could not be written, and what can be done."""
    said = str(error)
    advice = ""
    if _READ_ONLY in said:
        advice = "; copy it to where you may write, and name that copy with --graph or GYGES_GRAPH"
    elif is_held(error):
        advice = f"; {HELD}"
    elif "full" in said:
        advice = "; nothing was changed, make room and try again"
    elif any(one in said for one in _DAMAGED):
        return failed(name, error)
    return GraphError(f"{name} cannot be written: {said[:200]}{advice}")


def failed(name: str, error: sqlite3.DatabaseError | json.JSONDecodeError) -> GraphError:
    """Say what it means that a file could not be read on."""
    said = str(error).partition(" with text ")[0][:200]
    if isinstance(error, json.JSONDecodeError):
        said = f"a record of it is no JSON ({said})"
    elif not any(one in said for one in _DAMAGED):
        return GraphError(f"{name} cannot be used: {said}; name another with --graph")
    return GraphError(
        f"{name} is damaged: {said}; put a copy of it in its place, or import an export of it into a new one: "
        "gyges graph import FILE.jsonl --graph NEW"
    )


def _alone(path: Path) -> bool:
    return not os.access(path.parent, os.W_OK)


def _address(name: str) -> str:
    """Return the address at which SQLite opens a file."""
    if name == ":memory:":
        return name
    path = Path(name).absolute()
    # In a folder that may not be written, SQLite cannot keep the files that readers and writers share, so the file
    # is read as it is. One that was not closed needs those files.
    log = Path(f"{path}-wal")
    left = log.exists() and log.stat().st_size > 0
    alone = _alone(path) and not left
    return f"{path.as_uri()}?immutable=1" if alone else path.as_uri()
