"""What was done to a graph, how is it taken back, and how did the graph stand at any earlier time?

The history holds every row before and after each change. Taking a change back is a change of its own, which puts the
rows as they were; so taking back can be taken back. A change whose rows were changed again by a later one can't be
taken back before that one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

from gyges.errors import GraphError
from gyges.graph.store.change import Change
from gyges.graph.store.rows import stored

__all__ = ["Effect", "Entry", "Past"]


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


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change did to one row."""

    kind: str
    """One of :data:`gyges.graph.store.change.KINDS`."""
    key: str
    """The id of a node, an edge or a proposal; of a decision, the pair or the proposal that it is on; of a source, its
    node; of what shipped of a row, the id of that node or edge."""
    before: dict[str, Any] | None
    """None where the change added the row."""
    after: dict[str, Any] | None
    """None where the change removed it."""

    @property
    def did(self) -> str:
        """``added``, ``changed`` or ``removed``."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"

    def fields(self) -> dict[str, tuple[Any, Any]]:
        """Return the fields that differ, as they were and as they are; None where one was not there."""
        was, now = self.before or {}, self.after or {}
        names = dict.fromkeys((*was, *now))
        return {
            name: (was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name)
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the row before and after, and of a changed row the fields that differ."""
        told: dict[str, Any] = {"kind": self.kind, "id": self.key}
        if self.before is not None:
            told["before"] = self.before
        if self.after is not None:
            told["after"] = self.after
        if self.did == "changed":
            told["fields"] = {
                name: {"before": was, "after": now} for name, (was, now) in self.fields().items()
            }
        return told


class Past:
    """The part of a store that looks back."""

    connection: sqlite3.Connection
    change: Callable[..., AbstractContextManager[Change]]

    def history(self, limit: int | None = None) -> list[Entry]:
        """Return the changes, the newest first."""
        return self._entries("ORDER BY number DESC LIMIT ?", -1 if limit is None else limit)

    def entry(self, number: int) -> Entry:
        """Return one change of the history.

        Raises:
            GraphError: There is no such change.
        """
        found = self._entries("WHERE number = ?", number) if 0 < number <= self._last() else []
        if not found:
            raise GraphError(
                f"no change {number}; the changes are numbered 1 to {self._last()}: gyges graph history lists them"
            )
        return found[0]

    def effects(self, number: int) -> Iterator[Effect]:
        """Tell what a change did, row by row in the order in which it did it; a row that it left as it was is none.

        Raises:
            GraphError: There is no such change.
        """
        self.entry(number)
        rows = self.connection.execute(
            # A change may put a row more than once: what counts is what the first found and the last left.
            "SELECT first.kind, first.key, first.before, last.after FROM"
            " (SELECT min(num) AS one, max(num) AS other FROM op WHERE change = ? GROUP BY kind, key)"
            " JOIN op AS first ON first.num = one JOIN op AS last ON last.num = other"
            " WHERE first.before IS NOT last.after ORDER BY one",
            (number,),
        )
        for kind, key, before, after in rows:
            yield Effect(kind, key, json.loads(before or "null"), json.loads(after or "null"))

    def changes_of(self, kind: str, key: str) -> list[Entry]:
        """Return the changes that put a row, the oldest first."""
        return self._entries(
            "WHERE number IN (SELECT change FROM op WHERE key = ? AND kind = ?) ORDER BY number",
            key,
            kind,
        )

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
        with self.change(f"undo change {number}", by, undoes=number) as change:
            rows = list(self.rows_of(number))
            self._nothing_rests_on(number, rows)
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
            if stored(self.connection, kind, key)[0] != after:
                raise GraphError(
                    f"change {number} cannot be undone: {kind} {key} was changed again by change "
                    f"{self._later(number, [(kind, key)])}; undo that first"
                )
        first = {(kind, key): before for kind, key, before, _ in reversed(rows)}
        for key in sorted(key for (kind, key), was in first.items() if kind == "node" and not was):
            resting = [row for row in self._resting_on(key) if row not in left]
            if resting:
                kind, holder = resting[0]
                raise GraphError(
                    f"change {number} cannot be undone: {key} would go, and {kind} {holder} rests on it by change "
                    f"{self._later(number, resting, key)}; undo that first"
                )

    def _resting_on(self, node: str) -> list[tuple[str, str]]:
        """Return what ends at a node or cites it."""
        return self.connection.execute(
            "SELECT 'edge', edge.id FROM edge JOIN node ON node.num IN (subject, object) WHERE node.id = ?1"
            " UNION SELECT kind, holder FROM cites WHERE source = ?1 AND holder != ?1",
            (node,),
        ).fetchall()

    def _later(self, number: int, rows: list[tuple[str, str]], naming: str = "") -> str:
        """Name the changes behind one that put these rows (with that id in them), without those that were undone."""
        undone = self._undone()
        found: set[int] = set()
        for kind, key in rows:
            found.update(
                change
                for change, undoes, after in self.connection.execute(
                    "SELECT change.number, undoes, after FROM op JOIN change ON change.number = op.change"
                    " WHERE key = ? AND kind = ? AND change > ?",
                    (key, kind, number),
                )
                if change not in undone
                and (undoes is None or undoes <= number)
                and naming in (after or "")
            )
        return ", ".join(str(one) for one in sorted(found))

    def _entries(self, which: str, *given: str | int) -> list[Entry]:
        undone = self._undone()
        rows = self.connection.execute(
            # The rows of a change stand in a row; counting a million of them would take a while.
            "SELECT number, at, what, by, undoes, (SELECT max(num) FROM op WHERE op.change = number)"
            f" - (SELECT min(num) FROM op WHERE op.change = number) + 1 FROM change {which}",
            given,
        )
        return [
            Entry(number, at, what, by, undoes, many, number in undone)
            for number, at, what, by, undoes, many in rows
        ]

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
