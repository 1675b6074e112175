r"""How is a graph written as a script for Neo4j and databases that speak its Cypher?

One statement a line: first the constraint that makes an id unique, so that loading twice fails instead of doubling the
graph; then the nodes under their type, then the edges under their relation, some hundred in a statement, because a
statement for each would take a server hours. Values stand in the script; every text is quoted, with ``\``, the quote
and the ends of lines escaped, so that no text can end its string. Lists of texts are lists; dates, identifiers and
evidence are JSON in a text, as a property cannot be an object. Cypher is a program and no record, and is not read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from gyges.errors import GraphError
from gyges.graph.formats.atomic import replacing
from gyges.graph.formats.streams import edges_by_id, nodes_by_id
from gyges.graph.model import Edge, Node, canonical
from gyges.graph.vocabulary import NODE_TYPES, RELATIONS

__all__ = [
    "Ends",
    "edge_values",
    "label_of",
    "node_values",
    "put",
    "quoted",
    "relationship_of",
    "write",
]

_ROWS = 200
_CHARACTERS = 200_000
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)


def write(path: Path, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
    """Write a graph as a Cypher script for Neo4j.

    Raises:
        GraphError: It cannot be written, or an edge has an end that is not among the nodes; what stood there is
            unchanged.
    """
    ends = Ends()
    with replacing(path) as (file,):
        put(
            file,
            "CREATE CONSTRAINT gyges_node_id IF NOT EXISTS FOR (n:Node) REQUIRE n.id IS UNIQUE;",
        )
        node_rows = (
            (node.type, f"{{{node_values(ends.seen(node))}}}") for node in nodes_by_id(nodes)
        )
        for type_, rows in _batches(node_rows):
            put(file, f"UNWIND [{rows}] AS row CREATE (n:Node:{label_of(type_)}) SET n = row;")
        edge_rows = ((edge.relation, _edge_row(ends.joined(edge))) for edge in edges_by_id(edges))
        for relation, rows in _batches(edge_rows):
            put(
                file,
                f"UNWIND [{rows}] AS row MATCH (s:Node {{id: row.s}}) MATCH (o:Node {{id: row.o}}) "
                f"CREATE (s)-[r:{relationship_of(relation)}]->(o) SET r = row.r;",
            )


def quoted(text: str) -> str:
    """Write a text as a string of Cypher."""
    return f"'{text.translate(_ESCAPES)}'"


def label_of(type_: str) -> str:
    """Return the label of a type of node: ``Concept``.

    Raises:
        GraphError: There is no such type: nothing else may stand unquoted in a script.
    """
    if type_ not in NODE_TYPES:
        raise GraphError(f"no type of node {type_!r}; allowed: {', '.join(NODE_TYPES)}")
    return type_.capitalize()


def relationship_of(relation: str) -> str:
    """Return the type of the relationships of a relation: ``PART_OF``.

    Raises:
        GraphError: There is no such relation: nothing else may stand unquoted in a script.
    """
    if relation not in RELATIONS:
        raise GraphError(f"no relation {relation!r}; allowed: {', '.join(RELATIONS)}")
    return relation.upper()


class Ends:
    """The nodes that were written: a script would pass over an edge whose ends it cannot find."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def seen(self, node: Node) -> Node:
        """Note a node."""
        self._ids.add(node.id)
        return node

    def joined(self, edge: Edge) -> Edge:
        """Check the ends of an edge.

        Raises:
            GraphError: One of them was not written.
        """
        for end in (edge.subject, edge.object):
            if end not in self._ids:
                raise GraphError(
                    f"{edge.id} has the end {end!r}, which is not among the nodes; write both ends"
                )
        return edge


def node_values(node: Node) -> str:
    """Write the fields of a node as ``name: value, ...``, without the empty ones."""
    return _values(
        [
            ("id", node.id),
            ("label", node.label),
            ("gloss", node.gloss),
            ("aliases", node.aliases),
            ("status", node.status),
            ("dates", _json(dict(node.dates))),
            ("identifiers", _json(dict(node.identifiers))),
            ("evidence", _json([one.to_dict() for one in node.evidence])),
            ("formerly", node.formerly),
            ("channel", node.channel),
            ("by", node.by),
        ]
    )


def edge_values(edge: Edge) -> str:
    """Write the fields of an edge, but for its ends and its relation, as ``name: value, ...``."""
    return _values(
        [
            ("id", edge.id),
            ("gloss", edge.gloss),
            ("evidence", _json([one.to_dict() for one in edge.evidence])),
            ("channel", edge.channel),
            ("confidence", edge.confidence),
            ("by", edge.by),
        ]
    )


def put(file: BinaryIO, statement: str) -> None:
    """Write one statement.

    Raises:
        GraphError: A text in it is none.
    """
    try:
        file.write(f"{statement}\n".encode())
    except UnicodeEncodeError:
        raise GraphError("a text holds half a character, which no file can hold") from None


def _edge_row(edge: Edge) -> str:
    return f"{{s: {quoted(edge.subject)}, o: {quoted(edge.object)}, r: {{{edge_values(edge)}}}}}"


def _batches(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Join rows of one kind; those that are begun wait for their like, so few are held at a time."""
    begun: dict[str, list[str]] = {}
    sizes: dict[str, int] = {}
    for kind, row in rows:
        begun.setdefault(kind, []).append(row)
        sizes[kind] = sizes.get(kind, 0) + len(row)
        if len(begun[kind]) >= _ROWS or sizes[kind] >= _CHARACTERS:
            yield kind, ", ".join(begun.pop(kind))
            del sizes[kind]
    for kind in sorted(begun):
        yield kind, ", ".join(begun[kind])


def _values(fields: Iterable[tuple[str, str | tuple[str, ...] | float | None]]) -> str:
    written = []
    for name, value in fields:
        if isinstance(value, str):
            said = quoted(value) if value else ""
        elif isinstance(value, tuple):
            said = f"[{', '.join(map(quoted, value))}]" if value else ""
        else:
            said = "" if value is None else repr(float(value))
        if said:
            written.append(f"{name}: {said}")
    return ", ".join(written)


def _json(value: Any) -> str:
    return canonical(value) if value else ""
