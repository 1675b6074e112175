"""What was done to a graph, how is it taken back, and how did the graph stand at any earlier time?

The history holds every row before and after each change. Taking a change back is a change of its own, which puts the
rows as they were; so taking back can be taken back. A change whose rows were changed again by a later one can't be
taken back before that one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

from gyges.errors import GraphError
from gyges.graph.store.change import Change, stored

__all__ = ["Entry", "Past"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of the history."""

    number: int
    at: str
    """When, in UTC."""
    what: str
    by: str
    undoes: int | None
    """The change that it took back."""
    rows: int
    """Rows that it wrote."""
    undone: bool
    """Whether a later change took it back."""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


class Past:
    """The part of a store that looks back."""

    connection: sqlite3.Connection
    change: Callable[..., AbstractContextManager[Change]]

    def history(self, limit: int | None = None) -> list[Entry]:
        """Return the changes, the newest first."""
        undone = self._undone()
        rows = self.connection.execute(
            "SELECT number, at, what, by, undoes, (SELECT count(*) FROM op WHERE op.change = number) FROM change"
            " ORDER BY number DESC LIMIT ?",
            (-1 if limit is None else limit,),
        )
        return [
            Entry(number, at, what, by, undoes, many, number in undone)
            for number, at, what, by, undoes, many in rows
        ]

    def rows_of(self, number: int) -> Iterator[tuple[str, str, str | None, str | None]]:
        """Return the rows of a change in order: kind, key, JSON before, JSON after."""
        yield from self.connection.execute(
            "SELECT kind, key, before, after FROM op WHERE change = ? ORDER BY num", (number,)
        )

    def rows_at(self, number: int) -> list[tuple[str, str, str]]:
        """Return the rows that stood after a change, nodes first.

        Raises:
            GraphError: There is no such change.
        """
        last = self._last()
        if not 0 <= number <= last:
            raise GraphError(f"no change {number}; the history goes from 0 (empty) to {last}")
        return self.connection.execute(
            "SELECT kind, key, after FROM op WHERE num IN"
            " (SELECT max(num) FROM op WHERE change <= ? GROUP BY key, kind) AND after IS NOT NULL"
            " ORDER BY CASE kind WHEN 'node' THEN 0 WHEN 'edge' THEN 1 ELSE 2 END, key",
            (number,),
        ).fetchall()

    def undo(self, number: int | None = None, by: str = "") -> int:
        """Take a change back; without a number, the last one that stands and that took nothing back itself.

        Args:
            number: The change; that of an undo brings back what was undone.
            by: Who does it.

        Returns:
            The number of the change that was taken back.

        Raises:
            GraphError: There is nothing to take back, or a later change rests on it.
        """
        undone = self._undone()
        if number is None:
            row = [
                one
                for (one,) in self.connection.execute(
                    "SELECT number FROM change WHERE undoes IS NULL ORDER BY number DESC"
                )
                if one not in undone
            ]
            if not row:
                raise GraphError("nothing to undo: the graph is empty, or all of it was undone")
            number = row[0]
        elif number in undone:
            raise GraphError(f"change {number} was undone already")
        elif not 1 <= number <= self._last():
            raise GraphError(f"no change {number}; gyges graph history lists them")
        rows = list(self.rows_of(number))
        self._nothing_rests_on(number, rows)
        with self.change(f"undo change {number}", by, undoes=number) as change:
            # Backwards: an edge goes before its ends, and its ends come before it.
            for kind, key, before, _ in reversed(rows):
                change.restore(kind, key, before)
        return number

    def _nothing_rests_on(
        self, number: int, rows: list[tuple[str, str, str | None, str | None]]
    ) -> None:
        # Within one change a row may be written more than once: what it left is its last.
        left = {(kind, key): after for kind, key, _, after in rows}
        for (kind, key), after in left.items():
            if stored(self.connection, kind, key) != after:
                later = [
                    str(one)
                    for (one,) in self.connection.execute(
                        "SELECT DISTINCT change FROM op WHERE key = ? AND kind = ? AND change > ?",
                        (key, kind, number),
                    )
                ]
                raise GraphError(
                    f"change {number} cannot be undone: {kind} {key} was changed again by change "
                    f"{', '.join(later)}; undo that first"
                )

    def _undone(self) -> set[int]:
        found: set[int] = set()
        for number, undoes in self.connection.execute(
            "SELECT number, undoes FROM change WHERE undoes IS NOT NULL ORDER BY number DESC"
        ):
            # An undo that was itself undone takes nothing back any more.
            if number not in found:
                found.add(undoes)
        return found

    def _last(self) -> int:
        return int(
            self.connection.execute("SELECT coalesce(max(number), 0) FROM change").fetchone()[0]
        )
