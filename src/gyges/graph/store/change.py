"""How is a graph changed, so that every change is whole, remembered and can be taken back?

A change puts rows: nodes, edges, and records (decisions, proposals, attached sources). Each row is kept in the
history as it was before and as it is after, in one transaction with the state itself: so any earlier state can be
rebuilt, and a process that is killed loses at most the change that it was in. The tables that only serve looking up
follow the rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from gyges.errors import GraphError
from gyges.graph.model import Edge, Node, canonical
from gyges.graph.records import Decision, Proposal
from gyges.graph.store.rows import Rows, stored

__all__ = ["KINDS", "Change"]

KINDS = ("node", "edge", "decision", "proposal", "source", "shipped")
"""What a row of the history can be of."""

_MISSING = "; gyges graph search WORDS looks for it under another id, gyges graph add node TYPE LABEL adds it"


class Change:
    """One change while it is made; :meth:`Store.change` opens and ends it.

    The ends of an edge are there before it, and go after it; so the rows of a change can be put back in reverse order.
    Sources may be cited before they are put: they are checked at the change's end.
    """

    def __init__(self, connection: sqlite3.Connection, number: int) -> None:
        self.number = number
        self.rows = 0
        self._db = connection
        self._state = Rows(connection)

    def put_node(self, node: Node) -> None:
        """Add a node, or replace the one of its id."""
        self._put("node", node.id, canonical(node.to_dict()), node)

    def drop_node(self, id_: str) -> None:
        """Take a node away.

        Raises:
            GraphError: An edge ends there; it must go first.
        """
        self._put("node", id_, None)

    def put_edge(self, edge: Edge) -> None:
        """Add an edge, or replace the one of its id.

        Raises:
            GraphError: It ends nowhere, joins a node to itself, or its relation does not allow its ends.
        """
        self._put("edge", edge.id, canonical(edge.to_dict()), edge)

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

    def leads_to(self, id_: str) -> str | None:
        """Return the id of the node that an id leads to; None where it leads nowhere."""
        return self._state.leads_to(id_)

    def saying(self, edge: Edge) -> Edge | None:
        """Find the edge that says the same as another: by id, or by its ends, relation and gloss."""
        return self._state.saying(edge)

    def _put(self, kind: str, key: str, after: str | None, made: Node | Edge | None = None) -> None:
        before, number = stored(self._db, kind, key)
        if before == after:
            return
        self._state.write(kind, key, after, number, made)
        self._db.execute(
            "INSERT INTO op (change, kind, key, before, after) VALUES (?, ?, ?, ?, ?)",
            (self.number, kind, key, before, after),
        )
        self.rows += 1

    # ------------------------------------------------------------------ the end of a change

    def finish(self) -> None:
        """Check what the change refers to, and count the edges of the nodes that it touched.

        Raises:
            GraphError: A source is cited that the graph does not hold, or an id would lead to two nodes.
        """
        missing = list(self._missing())
        problems = [*self._problems(), *missing]
        if problems:
            more = f"\nand {len(problems) - 20} more" if len(problems) > 20 else ""
            raise GraphError("\n".join(problems[:20]) + more + (_MISSING if missing else ""))
        self._state.count_edges()

    def _problems(self) -> Iterator[str]:
        state, db = self._state, self._db
        for id_ in sorted(state.lost):
            if state.leads_to(id_) is None:
                for kind, holder in self._citing(id_):
                    yield f"{id_} cannot go: {kind} {holder} cites it as evidence"
        if db.execute("SELECT 1 FROM former LIMIT 1").fetchone() is None:
            return
        for id_ in sorted(state.claimed):
            claims = [
                row[0]
                for row in db.execute(
                    "SELECT node.id FROM former JOIN node ON num = former.node WHERE former.id = ?"
                    " ORDER BY node.id",
                    (id_,),
                )
            ]
            if claims and db.execute("SELECT 1 FROM node WHERE id = ?", (id_,)).fetchone():
                yield f"{id_!r} is a former id of {claims[0]}, so no node can have it; merge the two"
            elif len(claims) > 1:
                yield f"{id_!r} is a former id of {' and of '.join(claims)}; it can lead to one alone"

    def _missing(self) -> Iterator[str]:
        state = self._state
        for source in sorted(state.cited - state.lost):
            if state.leads_to(source) is None:
                for kind, holder in self._citing(source):
                    yield f"{kind} {holder} cites {source!r}, which the graph does not hold"

    def _citing(self, source: str) -> list[tuple[str, str]]:
        return self._db.execute(
            "SELECT kind, holder FROM cites WHERE source = ? ORDER BY kind, holder", (source,)
        ).fetchall()
