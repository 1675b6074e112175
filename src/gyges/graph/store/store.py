"""Where does a graph live, and who may write to it?

In one SQLite file, embedded: transactions, full-text search, and a history from which every earlier state is rebuilt.
Reading never waits for writing; two writers wait for each other. What changes the graph goes through
:meth:`Store.change`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from gyges.errors import GraphError
from gyges.graph.model import Edge, Node
from gyges.graph.records import Incoming
from gyges.graph.store.change import Change
from gyges.graph.store.completing import complete_edge, complete_node, joined
from gyges.graph.store.history import Past
from gyges.graph.store.merging import merge
from gyges.graph.store.opening import connect, failed, instead, state, unwritable
from gyges.graph.store.reading import Reading
from gyges.graph.store.rows import Rows
from gyges.graph.store.schema import prepare
from gyges.graph.vocabulary import RELATIONS

__all__ = ["Store", "Taken", "now"]

_Row = TypeVar("_Row", Node, Edge)

_KEPT = ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
_IN_A_TRIAL = ("SAVEPOINT change", "RELEASE change", "ROLLBACK TO change")
"""How a change begins, is kept, and is left: by itself, and within :meth:`Store.trial`."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a graph took of what came in."""

    change: int | None
    """The change's number; None where nothing was new."""
    new_nodes: int
    new_edges: int
    changed: int
    """Nodes and edges that were there and are now different: fields filled, evidence added, or replaced."""
    same: int
    """Nodes and edges that were there as they are."""
    proposals: int
    """New in the queue."""


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store(Reading, Past):
    """A research graph in a file.

    Args:
        connection: An open connection; use :meth:`open`.
        path: The file, for messages.
    """

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self.connection = connection
        self.path = path
        self._open: Change | None = None
        self._trying = False
        self._state = state(path)
        prepare(connection, path)

    @classmethod
    def open(cls, path: Path | str, *, create: bool = True) -> Self:
        """Open a graph's file.

        Args:
            path: The file; ``":memory:"`` for a graph that is gone when it is closed.
            create: Make an empty graph where there is no file.

        Raises:
            GraphError: There is no file and none may be made, or it is no graph.
        """
        name = str(path)
        connection = connect(name, create=create)
        try:
            return cls(connection, name)
        except GraphError as error:
            try:
                copy = instead(connection, name, error)
            finally:
                connection.close()
            store = cls(copy, name)
            copy.execute("PRAGMA query_only = ON")
            return store
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if isinstance(error, (sqlite3.DatabaseError, json.JSONDecodeError)):
            raise self.failed(error) from error

    def check_unchanged(self) -> None:
        """Refuse to read on in a file that is read without locks, and that somebody changed since it was opened.

        Raises:
            GraphError: It was changed.
        """
        if self._state is not None and self._state != state(self.path):
            raise GraphError(
                f"{self.path} was changed by another process while it was read; run the command again"
            )

    def failed(self, error: sqlite3.DatabaseError | json.JSONDecodeError) -> GraphError:
        """Say what it means that the file could not be read on."""
        try:
            self.check_unchanged()
        except GraphError as changed:
            return changed
        return failed(self.path, error)

    def saying(self, edge: Edge) -> Edge | None:
        """Find the edge that stands for a statement, as :meth:`take` does: by id, or by ends, relation and gloss."""
        return Rows(self.connection).saying(edge)

    # ------------------------------------------------------------------ changing

    @contextmanager
    def change(self, what: str, by: str = "", undoes: int | None = None) -> Iterator[Change]:
        """Change the graph as one step, which is whole or not at all, and which :meth:`undo` takes back.

        Args:
            what: What is done, for the history: ``merge``, ``import page.txt``.
            by: Who does it.
            undoes: The change that this one takes back.

        Raises:
            GraphError: The change would leave an edge without its ends, or cite what is not there. Then nothing was
                written.
        """
        if self._open is not None:
            raise GraphError(f"a change is being made already; {what!r} must wait for its end")
        db = self.connection
        if self._trying and not db.in_transaction:
            raise GraphError(f"{self.path}: the trial was broken off; {what!r} would be kept")
        begin, keep, leave = _IN_A_TRIAL if self._trying else _KEPT
        try:
            db.execute(begin)
        except sqlite3.DatabaseError as error:
            raise unwritable(self.path, error) from None
        try:
            number = int(
                db.execute("SELECT coalesce(max(number), 0) + 1 FROM change").fetchone()[0]
            )
            db.execute(
                "INSERT INTO change VALUES (?, ?, ?, ?, ?)",
                (number, now(), _shown(what), _shown(by), undoes),
            )
            self._open = Change(db, number)
            yield self._open
            self._open.finish()
            # A change that changed nothing is no part of the history.
            db.execute(keep if self._open.rows else leave)
        except sqlite3.DatabaseError as error:
            _roll_back(db, leave)
            raise unwritable(self.path, error) from error
        except UnicodeEncodeError as error:
            _roll_back(db, leave)
            raise GraphError(
                f"{what!r} holds half a character ({error.object[error.start]!r}), which no file can hold"
            ) from None
        except BaseException:
            _roll_back(db, leave)
            raise
        finally:
            self._open = None

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Try changes out: what reads meanwhile sees them, and at the end none of them was made.

        Other writers wait until then.

        Raises:
            GraphError: A change is being made, or the graph cannot be written.
        """
        if self._open is not None or self._trying:
            raise GraphError("a change is being made already; a trial must wait for its end")
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.DatabaseError as error:
            raise unwritable(self.path, error) from None
        self._trying = True
        try:
            yield
        finally:
            self._trying = False
            _roll_back(self.connection)

    def take(self, incoming: Incoming, what: str, by: str = "", *, replace_: bool = False) -> Taken:
        """Take in what a file brings, all of it or nothing.

        A node or an edge that is there already is completed: what is missing is filled in, evidence and aliases are
        added, and nothing that stands is overwritten.

        Args:
            incoming: What came in.
            what: What is done, for the history.
            by: Who does it; also written into nodes and edges that do not say.
            replace_: Put the incoming node or edge in place of the one that is there.

        Raises:
            GraphError: An edge would end nowhere, or cite what is not there.
        """
        same = changed = 0
        with self.change(what, by) as change:
            before = self._counts()
            for node in incoming.nodes:
                there = None if change.leads_to(node.id) is None else self.node(node.id)
                rows = change.rows
                if there is None:
                    change.put_node(_cited(change, node if node.by else replace(node, by=by)))
                elif replace_ and there.id == node.id:
                    change.put_node(_cited(change, _in_place(there, node, by)))
                else:
                    change.put_node(complete_node(there, _cited(change, node)))
                if there is not None:
                    changed, same = _tally(changed, same, change.rows - rows)
            for edge in incoming.edges:
                rows = change.rows
                if not self._take_edge(change, edge, by, replace_):
                    changed, same = _tally(changed, same, change.rows - rows)
            for decision in incoming.decisions:
                if replace_ or self.decision(decision.key) is None:
                    change.put_decision(decision)
            for proposal in incoming.proposals:
                if self.decision(proposal.id) is None:
                    change.put_proposal(proposal)
            rows, after = change.rows, self._counts()
        nodes, edges, proposals = (b - a for a, b in zip(before, after, strict=True))
        return Taken(change.number if rows else None, nodes, edges, changed, same, proposals)

    def merge(self, keep: str, drop: str, by: str = "") -> None:
        """Make one node of two that are the same; see :func:`gyges.graph.store.merging.merge`.

        Raises:
            GraphError: They are of different types, or the same node.
        """
        one, other = self.resolve(keep), self.resolve(drop)
        with self.change(f"merge {other} into {one}", by) as change:
            merge(self, change, self.node(one), self.node(other), by, now())

    def attach(self, node: str, text: str, name: str, by: str = "") -> None:
        """Keep the user's copy of a source, against which passages are checked.

        Raises:
            GraphError: The graph has no such source, or the text is empty.
        """
        source = self.node(node)
        if not text.strip():
            raise GraphError(f"{name} holds no text")
        with self.change(f"attach {name} to {source.id}", by) as change:
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            change.put_source(source.id, {"name": name, "sha256": sha256}, text)

    def at(self, number: int) -> Store:
        """Rebuild the graph as it stood after a change, in memory, without its history.

        Raises:
            GraphError: There is no such change; 0 is the empty graph.
        """
        rows = self.rows_at(number)
        store = Store.open(":memory:")
        db = store.connection
        state = Rows(db)
        db.execute("BEGIN")
        for kind, key, data in rows:
            state.write(kind, key, data, None)
        state.count_edges()
        db.execute("COMMIT")
        for _, source in store._records("source"):
            # A text that was attached at another time stands in the file for the sake of its change.
            text = self.connection.execute(
                "SELECT sha256, text FROM text WHERE sha256 = ?", (source["sha256"],)
            ).fetchone()
            db.execute("INSERT OR IGNORE INTO text VALUES (?, ?)", text)
        return store

    # ------------------------------------------------------------------ details

    def _take_edge(self, change: Change, edge: Edge, by: str, replace_: bool) -> bool:
        """Take an edge in; say whether it is new."""
        here = _here(change, edge)
        if here.subject == here.object and edge.subject != edge.object:
            # Between two nodes that were merged: what it rests on stays with the node.
            node = self.node(here.subject)
            change.put_node(replace(node, evidence=joined(node.evidence, here.evidence)))
            return False
        old = change.saying(here)
        if old is None:
            change.put_edge(here if here.by else replace(here, by=by))
        elif replace_:
            change.put_edge(replace(here, id=old.id, by=here.by or by))
        else:
            _same_ends(old, here)
            change.put_edge(complete_edge(old, here))
        return old is None

    def _counts(self) -> tuple[int, int, int]:
        row = self.connection.execute("SELECT count(*) FROM record WHERE kind = 'proposal'")
        return self.count_nodes(), self.count_edges(), int(row.fetchone()[0])


def _here(change: Change, edge: Edge) -> Edge:
    """Point an incoming edge, and its evidence, at the nodes that remained of those that were merged."""
    subject, object_ = _now(change, edge.subject), _now(change, edge.object)
    if (subject, object_) != (edge.subject, edge.object):
        edge = replace(edge, subject=subject, object=object_)
    return _cited(change, edge)


def _same_ends(there: Edge, incoming: Edge) -> None:
    """Refuse to take one statement for another because they have the same id."""
    ends = [(there.subject, there.object)]
    if RELATIONS[there.relation].symmetric:
        ends.append((there.object, there.subject))
    if there.relation != incoming.relation or (incoming.subject, incoming.object) not in ends:
        raise GraphError(
            f"edge {there.id} is '{there.subject} {there.relation} {there.object}' in the graph, and "
            f"'{incoming.subject} {incoming.relation} {incoming.object}' in what comes in; give one another id"
        )


def _in_place(there: Node, incoming: Node, by: str) -> Node:
    """Put one account of a node in the place of another; the ids that were merged into it still lead to it."""
    formerly = tuple(dict.fromkeys((*there.formerly, *incoming.formerly)))
    return replace(incoming, formerly=formerly, by=incoming.by or by)


def _cited(change: Change, row: _Row) -> _Row:
    if all(_now(change, one.node) == one.node for one in row.evidence):
        return row
    evidence = tuple(replace(one, node=_now(change, one.node)) for one in row.evidence)
    return replace(row, evidence=evidence)


def _now(change: Change, id_: str) -> str:
    return (change.leads_to(id_) or id_) if id_ else id_


def _shown(text: str) -> str:
    """Replace what no page and no terminal can show: the history is printed."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def _roll_back(db: sqlite3.Connection, how: str = "ROLLBACK") -> None:
    if db.in_transaction:
        db.execute(how)


def _tally(changed: int, same: int, rows: int) -> tuple[int, int]:
    return (changed + 1, same) if rows else (changed, same + 1)
