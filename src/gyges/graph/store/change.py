"""How is a graph changed, so that every change is whole, remembered and can be taken back?

A change puts rows: nodes, edges, and records (decisions, proposals, attached sources). Each row is kept in the
history as it was before and as it is after, in one transaction with the state itself: so any earlier state can be
rebuilt, and a process that is killed loses at most the change that it was in. The tables that only serve looking up
follow the rows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from gyges.errors import GraphError
from gyges.graph.checks import check_ends
from gyges.graph.model import Edge, Evidence, Node, canonical
from gyges.graph.records import Decision, Proposal

__all__ = ["KINDS", "Change", "plain_name", "stored", "write_row"]

KINDS = ("node", "edge", "decision", "proposal", "source")
"""What a row of the history can be of."""


def plain_name(name: str) -> str:
    """Return a label as names are compared: folded case, single spaces."""
    return " ".join(name.casefold().split())


class Change:
    """One change while it is made; :meth:`Store.change` opens and ends it.

    What is put within a change may refer to what the same change puts later: ends and sources are checked at its end.
    """

    def __init__(self, connection: sqlite3.Connection, number: int) -> None:
        self.number = number
        self.rows = 0
        self._db = connection
        self._touched: set[int] = set()
        """Nodes whose edges were changed."""
        self._check: dict[str, str] = {}
        """Edges and nodes that were put, by key, with their kind: their ends and sources must exist."""
        self._gone: dict[str, int] = {}
        """Nodes that were dropped, with their rows' numbers."""

    def put_node(self, node: Node) -> None:
        """Add a node, or replace the one of its id."""
        self._put("node", node.id, canonical(node.to_dict()))

    def drop_node(self, id_: str) -> None:
        """Take a node away; its edges must go as well."""
        self._put("node", id_, None)

    def put_edge(self, edge: Edge) -> None:
        """Add an edge, or replace the one of its id."""
        self._put("edge", edge.id, canonical(edge.to_dict()))

    def drop_edge(self, id_: str) -> None:
        """Take an edge away."""
        self._put("edge", id_, None)

    def put_decision(self, decision: Decision) -> None:
        """Remember what a person decided."""
        self._put("decision", decision.key, canonical(decision.to_dict()))

    def drop_decision(self, key: str) -> None:
        """Forget a decision."""
        self._put("decision", key, None)

    def put_proposal(self, proposal: Proposal) -> None:
        """Put a proposal into the queue."""
        self._put("proposal", proposal.id, canonical(proposal.to_dict()))

    def drop_proposal(self, id_: str) -> None:
        """Take a proposal out of the queue."""
        self._put("proposal", id_, None)

    def put_source(self, node: str, source: dict[str, Any], text: str) -> None:
        """Keep the text of a source; the text itself stands beside the history, by its hash."""
        self._db.execute(
            "INSERT OR IGNORE INTO text (sha256, text) VALUES (?, ?)", (source["sha256"], text)
        )
        self._put("source", node, canonical(source))

    def restore(self, kind: str, key: str, data: str | None) -> None:
        """Put a row as it stood in the history."""
        self._put(kind, key, data)

    # ------------------------------------------------------------------ rows

    def _put(self, kind: str, key: str, after: str | None) -> None:
        before = stored(self._db, kind, key)
        if before == after:
            return
        if kind == "node" and before is not None and after is None:
            self._gone[key] = _num(self._db, key) or 0
        write_row(self._db, kind, key, after, self._touched)
        self._db.execute(
            "INSERT INTO op (change, kind, key, before, after) VALUES (?, ?, ?, ?, ?)",
            (self.number, kind, key, before, after),
        )
        self.rows += 1
        if kind in ("node", "edge"):
            if after is None:
                self._check.pop(key, None)
            else:
                self._check[key] = kind
                self._gone.pop(key, None)

    # ------------------------------------------------------------------ the end of a change

    def finish(self) -> None:
        """Check what the change refers to, and count the edges of the nodes that it touched.

        Raises:
            GraphError: An edge would end nowhere, or a source be cited that the graph does not hold.
        """
        problems = list(self._problems())
        if problems:
            more = f"\nand {len(problems) - 20} more" if len(problems) > 20 else ""
            raise GraphError("\n".join(problems[:20]) + more)
        self._db.executemany(
            "UPDATE node SET edges = (SELECT count(*) FROM edge WHERE subject = ?1)"
            " + (SELECT count(*) FROM edge WHERE object = ?1) WHERE num = ?1",
            ((num,) for num in self._touched),
        )

    def _problems(self) -> Iterator[str]:
        for key, num in sorted(self._gone.items()):
            for (edge,) in self._db.execute(
                "SELECT id FROM edge WHERE subject = ?1 UNION ALL SELECT id FROM edge WHERE object = ?1",
                (num,),
            ):
                yield f"{key} cannot go: edge {edge} ends there; take the edge away first"
            if _num(self._db, key) is not None:
                continue  # merged: its id leads on
            for kind, holder in self._db.execute(
                "SELECT kind, holder FROM cites WHERE source = ? AND kind || holder != 'node' || ?",
                (key, key),
            ):
                yield f"{key} cannot go: {kind} {holder} cites it as evidence"
        seen: set[str] = set()
        for key, kind in self._check.items():
            for (source,) in self._db.execute(
                "SELECT source FROM cites WHERE holder = ? AND kind = ?", (key, kind)
            ):
                if source not in seen and _num(self._db, source) is None:
                    yield f"{kind} {key} cites {source!r}, which the graph does not hold"
                else:
                    seen.add(source)


def stored(db: sqlite3.Connection, kind: str, key: str) -> str | None:
    """Return a row as it stands, or None where there is none."""
    if kind in ("node", "edge"):
        row = db.execute(f"SELECT data FROM {kind} WHERE id = ?", (key,)).fetchone()
    else:
        row = db.execute(
            "SELECT data FROM record WHERE kind = ? AND key = ?", (kind, key)
        ).fetchone()
    return row[0] if row else None


def _num(db: sqlite3.Connection, id_: str) -> int | None:
    """Find the row of a node by its id, or by an id that it had before a merge."""
    row = db.execute("SELECT num FROM node WHERE id = ?", (id_,)).fetchone()
    if row is None:
        row = db.execute("SELECT node FROM former WHERE id = ?", (id_,)).fetchone()
    return int(row[0]) if row else None


def write_row(
    db: sqlite3.Connection, kind: str, key: str, data: str | None, touched: set[int]
) -> None:
    """Write one row of the state and what is derived from it; ``touched`` collects nodes to count again."""
    if kind == "node":
        _write_node(db, key, data)
    elif kind == "edge":
        _write_edge(db, key, data, touched)
    elif data is None:
        db.execute("DELETE FROM record WHERE kind = ? AND key = ?", (kind, key))
    else:
        db.execute(
            "INSERT OR REPLACE INTO record (kind, key, data) VALUES (?, ?, ?)", (kind, key, data)
        )


def _write_node(db: sqlite3.Connection, id_: str, data: str | None) -> None:
    row = db.execute("SELECT num FROM node WHERE id = ?", (id_,)).fetchone()
    num = row[0] if row else None
    if num is not None:
        for table in ("name", "former"):
            db.execute(f"DELETE FROM {table} WHERE node = ?", (num,))
        db.execute("DELETE FROM node_text WHERE rowid = ?", (num,))
        db.execute("DELETE FROM cites WHERE holder = ? AND kind = 'node'", (id_,))
    if data is None:
        db.execute("DELETE FROM node WHERE num = ?", (num,))
        return
    node = Node.from_dict(json.loads(data))
    fields = (node.type, node.label, node.status, data)
    if num is None:
        num = db.execute(
            "INSERT INTO node (id, type, label, status, data) VALUES (?, ?, ?, ?, ?)",
            (id_, *fields),
        ).lastrowid
    else:
        db.execute(
            "UPDATE node SET type = ?, label = ?, status = ?, data = ? WHERE num = ?",
            (*fields, num),
        )
    db.executemany(
        "INSERT OR IGNORE INTO name (name, node) VALUES (?, ?)",
        ((plain_name(name), num) for name in (node.label, *node.aliases)),
    )
    if node.formerly:
        db.executemany(
            "INSERT OR REPLACE INTO former (id, node) VALUES (?, ?)",
            ((old, num) for old in node.formerly),
        )
    db.execute(
        "INSERT INTO node_text (rowid, label, aliases, gloss) VALUES (?, ?, ?, ?)",
        (num, node.label, " \n".join(node.aliases), node.gloss),
    )
    _write_citations(db, "node", id_, node.evidence)


def _write_edge(db: sqlite3.Connection, id_: str, data: str | None, touched: set[int]) -> None:
    row = db.execute("SELECT num, subject, object FROM edge WHERE id = ?", (id_,)).fetchone()
    if row:
        touched.update(row[1:])
        db.execute("DELETE FROM cites WHERE holder = ? AND kind = 'edge'", (id_,))
    if data is None:
        db.execute("DELETE FROM edge WHERE id = ?", (id_,))
        return
    edge = Edge.from_dict(json.loads(data))
    check_ends(edge.subject, edge.relation, edge.object)
    ends = tuple(_end(db, end) for end in (edge.subject, edge.object))
    touched.update(ends)
    values = (*ends, edge.relation, len(edge.evidence), edge.channel, data)
    if row:
        db.execute(
            "UPDATE edge SET subject = ?, object = ?, relation = ?, evidence = ?, channel = ?, data = ? WHERE num = ?",
            (*values, row[0]),
        )
    else:
        db.execute(
            "INSERT INTO edge (subject, object, relation, evidence, channel, data, id) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*values, id_),
        )
    _write_citations(db, "edge", id_, edge.evidence)


def _end(db: sqlite3.Connection, id_: str) -> int:
    row = db.execute("SELECT num FROM node WHERE id = ?", (id_,)).fetchone()
    if row is None:
        raise GraphError(f"the graph has no {id_!r}, so no edge can end there; add the node first")
    return int(row[0])


def _write_citations(
    db: sqlite3.Connection, kind: str, holder: str, evidence: tuple[Evidence, ...]
) -> None:
    db.executemany(
        "INSERT OR IGNORE INTO cites (source, kind, holder) VALUES (?, ?, ?)",
        ((one.node, kind, holder) for one in evidence if one.node),
    )
