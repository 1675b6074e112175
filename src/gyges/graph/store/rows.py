"""How do a node, an edge and a record stand in the tables, and what else must follow them?

The names, citations and full text that only serve looking up are written with the row that they are derived from. One
:class:`Rows` serves one change: an import of a million edges names the same ends over and over, so what was looked up
is kept until the change ends.
"""

from __future__ import annotations

import json
import sqlite3

from gyges.errors import GraphError
from gyges.graph.checks import check_ends
from gyges.graph.model import Edge, Evidence, Node
from gyges.graph.vocabulary import RELATIONS

__all__ = ["Rows", "plain_name", "stored"]


def plain_name(name: str) -> str:
    """Return a label as names are compared: folded case, single spaces."""
    return " ".join(name.casefold().split())


def stored(db: sqlite3.Connection, kind: str, key: str) -> tuple[str | None, int | None]:
    """Return a row as it stands, and its number where it is a node or an edge; None where there is none."""
    if kind in ("node", "edge"):
        row = db.execute(f"SELECT data, num FROM {kind} WHERE id = ?", (key,)).fetchone()
    else:
        row = db.execute(
            "SELECT data, NULL FROM record WHERE kind = ? AND key = ?", (kind, key)
        ).fetchone()
    return row or (None, None)


class Rows:
    """The rows of a graph, as one change writes them.

    Args:
        connection: Of the store, inside a transaction.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.touched: set[int] = set()
        """Numbers of the nodes whose edges were changed."""
        self.cited: set[str] = set()
        """Ids that the rows name as sources."""
        self.claimed: set[str] = set()
        """Ids of new nodes, and former ids: each may lead to one node alone."""
        self.lost: set[str] = set()
        """Ids that led to a node before, and that may lead nowhere now."""
        self._db = connection
        self._numbers: dict[str, int] = {}

    def leads_to(self, id_: str) -> str | None:
        """Return the id of the node that an id leads to, also one from before a merge; None where it leads nowhere."""
        if self._number(id_) is not None:
            return id_
        row = self._db.execute(
            "SELECT node.id FROM former JOIN node ON node.num = former.node WHERE former.id = ?",
            (id_,),
        ).fetchone()
        return row[0] if row else None

    def saying(self, edge: Edge) -> Edge | None:
        """Find the edge that says the same: by id, or by its ends, relation and gloss.

        The ends of a symmetric relation may stand in either order.
        """
        row = self._db.execute("SELECT data FROM edge WHERE id = ?", (edge.id,)).fetchone()
        if row:
            return Edge.from_dict(json.loads(row[0]))
        ends = self._number(edge.subject), self._number(edge.object)
        for pair in (ends, ends[::-1])[: 1 + RELATIONS[edge.relation].symmetric]:
            for (data,) in self._db.execute(
                "SELECT data FROM edge WHERE subject = ? AND object = ? AND relation = ? ORDER BY id",
                (*pair, edge.relation),
            ):
                other = Edge.from_dict(json.loads(data))
                if other.gloss == edge.gloss:
                    return other
        return None

    def write(
        self,
        kind: str,
        key: str,
        data: str | None,
        number: int | None,
        made: Node | Edge | None = None,
    ) -> None:
        """Write one row of the state and what is derived from it.

        Args:
            kind: What it is of.
            key: Its id or key.
            data: Its JSON; None to take it away.
            number: Of the node or edge that stands there.
            made: What the JSON says, where it need not be read again.
        """
        if kind == "node":
            node = (
                made if isinstance(made, Node) or data is None else Node.from_dict(json.loads(data))
            )
            self._write_node(key, data, number, node if isinstance(node, Node) else None)
        elif kind == "edge":
            edge = (
                made if isinstance(made, Edge) or data is None else Edge.from_dict(json.loads(data))
            )
            self._write_edge(key, data, number, edge if isinstance(edge, Edge) else None)
        elif data is None:
            self._db.execute("DELETE FROM record WHERE kind = ? AND key = ?", (kind, key))
        else:
            self._db.execute(
                "INSERT OR REPLACE INTO record (kind, key, data) VALUES (?, ?, ?)",
                (kind, key, data),
            )

    def count_edges(self) -> None:
        """Count the edges of the nodes that were touched."""
        self._db.executemany(
            "UPDATE node SET edges = (SELECT count(*) FROM edge WHERE subject = ?1)"
            " + (SELECT count(*) FROM edge WHERE object = ?1) WHERE num = ?1",
            ((num,) for num in sorted(self.touched)),
        )

    # ------------------------------------------------------------------ details

    def _number(self, id_: str) -> int | None:
        """Find the row of a node by its own id."""
        found = self._numbers.get(id_)
        if found is None:
            row = self._db.execute("SELECT num FROM node WHERE id = ?", (id_,)).fetchone()
            if row is None:
                return None
            found = self._numbers[id_] = int(row[0])
        return found

    def _write_node(self, id_: str, data: str | None, num: int | None, node: Node | None) -> None:
        db = self._db
        if num is not None:
            db.execute("DELETE FROM name WHERE node = ?", (num,))
            self.lost.update(
                row[0]
                for row in db.execute("DELETE FROM former WHERE node = ? RETURNING id", (num,))
            )
            db.execute("DELETE FROM node_text WHERE rowid = ?", (num,))
            db.execute("DELETE FROM cites WHERE holder = ? AND kind = 'node'", (id_,))
        if node is None:
            self._nothing_ends_at(id_, num)
            self.lost.add(id_)
            self._numbers.pop(id_, None)
            db.execute("DELETE FROM node WHERE num = ?", (num,))
            return
        fields = (node.type, node.label, node.status, data)
        if num is None:
            num = db.execute(
                "INSERT INTO node (id, type, label, status, data) VALUES (?, ?, ?, ?, ?)",
                (id_, *fields),
            ).lastrowid
            self.claimed.add(id_)
        else:
            db.execute(
                "UPDATE node SET type = ?, label = ?, status = ?, data = ? WHERE num = ?",
                (*fields, num),
            )
        for name in (node.label, *node.aliases):
            db.execute(
                "INSERT OR IGNORE INTO name (name, node) VALUES (?, ?)", (plain_name(name), num)
            )
        for old in node.formerly:
            db.execute("INSERT OR IGNORE INTO former (id, node) VALUES (?, ?)", (old, num))
            self.claimed.add(old)
        identifiers = [value for _, value in sorted(node.identifiers.items())]
        db.execute(
            "INSERT INTO node_text (rowid, label, aliases, gloss) VALUES (?, ?, ?, ?)",
            (num, node.label, " \n".join((*node.aliases, *identifiers)), node.gloss),
        )
        self._cite("node", id_, node.evidence)

    def _write_edge(self, id_: str, data: str | None, num: int | None, edge: Edge | None) -> None:
        db = self._db
        if num is not None:
            ends = db.execute("SELECT subject, object FROM edge WHERE num = ?", (num,)).fetchone()
            self.touched.update(ends)
            db.execute("DELETE FROM cites WHERE holder = ? AND kind = 'edge'", (id_,))
        if edge is None:
            db.execute("DELETE FROM edge WHERE id = ?", (id_,))
            return
        check_ends(edge.subject, edge.relation, edge.object)
        if edge.subject == edge.object:
            raise GraphError(
                f"edge {id_} runs from {edge.subject} to itself; an edge joins two nodes"
            )
        subject, object_ = self._end(edge.subject), self._end(edge.object)
        self.touched.add(subject)
        self.touched.add(object_)
        # What names no source is a note, and no evidence.
        sources = sum(1 for one in edge.evidence if one.node)
        values = (subject, object_, edge.relation, sources, edge.channel, data)
        if num is None:
            db.execute(
                "INSERT INTO edge (subject, object, relation, evidence, channel, data, id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*values, id_),
            )
        else:
            db.execute(
                "UPDATE edge SET subject = ?, object = ?, relation = ?, evidence = ?, channel = ?, data = ?"
                " WHERE num = ?",
                (*values, num),
            )
        self._cite("edge", id_, edge.evidence)

    def _nothing_ends_at(self, id_: str, num: int | None) -> None:
        # At once, not at the end of the change: the number may be given to another node before that.
        row = self._db.execute(
            "SELECT id FROM edge WHERE subject = ?1 UNION ALL SELECT id FROM edge WHERE object = ?1 LIMIT 1",
            (num,),
        ).fetchone()
        if row:
            raise GraphError(f"{id_} cannot go: edge {row[0]} ends there; take the edge away first")

    def _end(self, id_: str) -> int:
        num = self._number(id_)
        if num is None:
            raise GraphError(
                f"the graph has no {id_!r}, so no edge can end there; add the node first"
            )
        return num

    def _cite(self, kind: str, holder: str, evidence: tuple[Evidence, ...]) -> None:
        for one in evidence:
            if one.node:
                self.cited.add(one.node)
                self._db.execute(
                    "INSERT OR IGNORE INTO cites (source, kind, holder) VALUES (?, ?, ?)",
                    (one.node, kind, holder),
                )
