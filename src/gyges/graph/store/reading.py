"""What does a graph hold? Everything that reads a graph's file and changes nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from gyges.errors import GraphError
from gyges.graph.model import Edge, Node, canonical
from gyges.graph.records import Decision, Proposal
from gyges.graph.store.change import KINDS
from gyges.graph.store.rows import plain_name

__all__ = ["Neighbour", "Reading", "Source"]

_AT_ONCE = 500


class Neighbour(NamedTuple):
    """A node that edges join to another."""

    id: str
    label: str
    type: str
    edges: int
    """Edges between the two, in both directions."""
    total: int
    """Edges that the neighbour has in all."""


@dataclass(frozen=True, slots=True)
class Source:
    """The user's copy of a source."""

    node: str
    """The id that it was attached to."""
    name: str
    """Its file's name."""
    sha256: str
    """Of the text's bytes in UTF-8."""
    text: str


class Reading:
    """A graph that is read; :class:`gyges.graph.Store` adds what writes."""

    connection: sqlite3.Connection
    """For reading alone: the history is only true of what :meth:`Store.change` wrote."""

    # ------------------------------------------------------------------ nodes

    def has(self, id_: str) -> bool:
        """Say whether an id leads to a node, also one that was merged into another."""
        return self._found(id_) is not None

    def resolve(self, id_: str) -> str:
        """Return the id of the node that an id leads to.

        Raises:
            GraphError: It leads nowhere.
        """
        found = self._found(id_)
        if found is None:
            raise GraphError(self._unknown(id_))
        return found[1]

    def node(self, id_: str) -> Node:
        """Return the node of an id; one that was merged leads to the node that remained.

        Raises:
            GraphError: There is none; the message names the nearest ids.
        """
        row = self.connection.execute(
            "SELECT data FROM node WHERE num = ?", (self._num(id_),)
        ).fetchone()
        return Node.from_dict(json.loads(row[0]))

    def nodes(self, types: Collection[str] = ()) -> Iterator[Node]:
        """Return all nodes, or those of some types, by id."""
        where = f"WHERE type IN ({', '.join('?' * len(types))})" if types else ""
        for (data,) in self.connection.execute(
            f"SELECT data FROM node {where} ORDER BY id",
            tuple(types),
        ):
            yield Node.from_dict(json.loads(data))

    def named(self, name: str) -> list[str]:
        """Return the ids of the nodes with that label or alias, whatever the case, by id."""
        return [
            row[0]
            for row in self.connection.execute(
                "SELECT node.id FROM name JOIN node ON node.num = name.node WHERE name.name = ? ORDER BY node.id",
                (plain_name(name),),
            )
        ]

    # ------------------------------------------------------------------ edges

    def edges(self) -> Iterator[Edge]:
        """Return all edges, by id."""
        for (data,) in self.connection.execute("SELECT data FROM edge ORDER BY id"):
            yield Edge.from_dict(json.loads(data))

    def edge(self, id_: str) -> Edge:
        """Return an edge.

        Raises:
            GraphError: There is none of that id.
        """
        row = self.connection.execute("SELECT data FROM edge WHERE id = ?", (id_,)).fetchone()
        if row is None:
            raise GraphError(
                f"no edge {id_!r}; gyges graph show NODE --json names the edges of a node"
            )
        return Edge.from_dict(json.loads(row[0]))

    def has_edge(self, id_: str) -> bool:
        """Say whether there is an edge of that id."""
        return bool(self.connection.execute("SELECT 1 FROM edge WHERE id = ?", (id_,)).fetchone())

    def edges_of(self, id_: str, *others: str) -> list[Edge]:
        """Return the edges of a node, by id; with others, those that join it to one of them."""
        num = self._num(id_)
        found: list[tuple[str]] = []
        far = list(self.numbers(others).values())
        for end, other in (("subject", "object"), ("object", "subject")):
            query = f"SELECT data FROM edge WHERE {end} = ?"
            if not others:
                found += self.connection.execute(query, (num,))
            for at in range(0, len(far), _AT_ONCE):
                part = far[at : at + _AT_ONCE]
                marks = ", ".join("?" * len(part))
                found += self.connection.execute(f"{query} AND {other} IN ({marks})", (num, *part))
        edges = [Edge.from_dict(json.loads(row[0])) for row in found]
        return sorted(edges, key=lambda edge: edge.id)

    def edges_between(self, one: str, other: str) -> list[Edge]:
        """Return the edges that join two nodes, in both directions, by id."""
        return self.edges_of(one, other)

    def neighbours(
        self, id_: str, types: Collection[str] = (), limit: int | None = None
    ) -> list[Neighbour]:
        """Return a node's neighbours, ranked by how many edges join the two, then by all of its edges.

        Args:
            id_: The node.
            types: Only neighbours of these types.
            limit: At most so many.
        """
        where = f"WHERE type IN ({', '.join('?' * len(types))})" if types else ""
        rows = self.connection.execute(
            "SELECT id, label, type, many, edges FROM"
            " (SELECT far, count(*) AS many FROM (SELECT object AS far FROM edge WHERE subject = ?1"
            " UNION ALL SELECT subject FROM edge WHERE object = ?1) GROUP BY far)"
            f" JOIN node INDEXED BY node_head ON num = far {where}"
            " ORDER BY many DESC, edges DESC, label, id LIMIT ?",
            (self._num(id_), *types, -1 if limit is None else limit),
        )
        return list(map(Neighbour._make, rows))

    def numbers(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the numbers of nodes in the tables by the ids that are given, in their order.

        Raises:
            GraphError: An id leads to no node.
        """
        found: dict[str, int] = {}
        for at in range(0, len(ids), _AT_ONCE):
            part = ids[at : at + _AT_ONCE]
            marks = ", ".join("?" * len(part))
            found.update(
                self.connection.execute(f"SELECT id, num FROM node WHERE id IN ({marks})", part)
            )
        # One that was merged, or that is not there, is found or refused by itself.
        return {id_: found[id_] if id_ in found else self._num(id_) for id_ in ids}

    def degree(self, id_: str) -> int:
        """Return how many edges a node has."""
        row = self.connection.execute("SELECT edges FROM node WHERE num = ?", (self._num(id_),))
        return int(row.fetchone()[0])

    # ------------------------------------------------------------------ counts

    def count_nodes(self) -> int:
        """Return how many nodes there are."""
        return int(self.connection.execute("SELECT count(*) FROM node").fetchone()[0])

    def count_edges(self) -> int:
        """Return how many edges there are."""
        return int(self.connection.execute("SELECT count(*) FROM edge").fetchone()[0])

    def by_type(self) -> dict[str, int]:
        """Count the nodes of each type."""
        return dict(self.connection.execute("SELECT type, count(*) FROM node GROUP BY type"))

    def by_relation(self) -> dict[str, int]:
        """Count the edges of each relation."""
        return dict(
            self.connection.execute("SELECT relation, count(*) FROM edge GROUP BY relation")
        )

    # ------------------------------------------------------------------ decisions, proposals, sources

    def decisions(self) -> list[Decision]:
        """Return what was decided, by key."""
        return [Decision.from_dict(data) for _, data in self._records("decision")]

    def decision(self, key: str) -> Decision | None:
        """Return what was decided of a pair or a proposal, if anything was."""
        row = self.connection.execute(
            "SELECT data FROM record WHERE kind = 'decision' AND key = ?", (key,)
        ).fetchone()
        return Decision.from_dict(json.loads(row[0])) if row else None

    def proposals(self) -> list[Proposal]:
        """Return what waits in the queue, by id."""
        return [Proposal.from_dict(data) for _, data in self._records("proposal")]

    def sources(self, node: str | None = None) -> list[Source]:
        """Return the attached copies of all sources, or of one; those of merged nodes come with the one that stayed."""
        wanted = None if node is None else self.resolve(node)
        found = []
        for key, data in self._records("source"):
            if wanted is None or (self.has(key) and self.resolve(key) == wanted):
                text = self.connection.execute(
                    "SELECT text FROM text WHERE sha256 = ?", (data["sha256"],)
                ).fetchone()
                if text is not None:
                    found.append(Source(key, data["name"], data["sha256"], text[0]))
        return found

    def has_sources(self) -> bool:
        """Say whether a copy of any source is attached."""
        row = self.connection.execute("SELECT 1 FROM record WHERE kind = 'source' LIMIT 1")
        return row.fetchone() is not None

    def dump(self) -> bytes:
        """Return the whole state as bytes: equal graphs give equal bytes, however they came about."""
        lines = []
        with self.snapshot():
            for kind in KINDS:
                for key, data in self._rows(kind):
                    lines.append(f'{canonical({"kind": kind, "key": key})[:-1]},"row":{data}}}\n')
        return "".join(lines).encode()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let everything that is read meanwhile be of one moment, whatever other processes write."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("COMMIT")

    # ------------------------------------------------------------------ rows

    def _rows(self, kind: str) -> Iterator[tuple[str, str]]:
        if kind in ("node", "edge"):
            yield from self.connection.execute(f"SELECT id, data FROM {kind} ORDER BY id")
        else:
            yield from self.connection.execute(
                "SELECT key, data FROM record WHERE kind = ? ORDER BY key", (kind,)
            )

    def _records(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for key, data in self._rows(kind):
            yield key, json.loads(data)

    def _found(self, id_: str) -> tuple[int, str] | None:
        """Find the number and the id of the node that an id leads to."""
        row: tuple[int, str] | None = self.connection.execute(
            "SELECT num, id FROM node WHERE id = ?", (id_,)
        ).fetchone()
        if row is None:
            row = self.connection.execute(
                "SELECT num, node.id FROM former JOIN node ON num = former.node WHERE former.id = ?",
                (id_,),
            ).fetchone()
        return row

    def _num(self, id_: str) -> int:
        found = self._found(id_)
        if found is None:
            raise GraphError(self._unknown(id_))
        return found[0]

    def _unknown(self, id_: str) -> str:
        from rapidfuzz import process

        same = self.named(id_)
        if same:
            return f"no node {id_!r}; it is the name of {' and '.join(same)}"
        kind, _, slug = id_.rpartition(":")
        rows = self.connection.execute(
            "SELECT id FROM node WHERE type = ? OR ? = '' ORDER BY edges DESC LIMIT 20000",
            (kind, kind),
        )
        ids = {row[0]: row[0].partition(":")[2] for row in rows}
        close = [key for _, _, key in process.extract(slug, ids, limit=3, score_cutoff=60)]
        hint = f"did you mean {' or '.join(repr(one) for one in close)}? " if close else ""
        return f"no node {id_!r}; {hint}gyges graph search WORDS looks for one"
