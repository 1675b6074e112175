"""How is a graph written as a script for an embedded database that wants its schema first, as LadybugDB and Kùzu do?

The tables are declared from the vocabulary: one for each type of node, one for each relation with the pairs of types
that it may join, so that the database itself refuses another edge. Then one statement a record, in one transaction:
a script that fails leaves nothing. It is not read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from gyges.graph.formats.atomic import replacing
from gyges.graph.formats.cypher import (
    Ends,
    edge_values,
    label_of,
    node_values,
    put,
    quoted,
    relationship_of,
)
from gyges.graph.formats.streams import edges_by_id, nodes_by_id
from gyges.graph.model import Edge, Node
from gyges.graph.vocabulary import NODE_TYPES, RELATIONS, fits

__all__ = ["write"]

_NODE_COLUMNS = (
    "id STRING PRIMARY KEY, label STRING, gloss STRING, aliases STRING[], status STRING, dates STRING, "
    "identifiers STRING, evidence STRING, formerly STRING[], channel STRING, by STRING"
)
_EDGE_COLUMNS = (
    "id STRING, gloss STRING, evidence STRING, channel STRING, confidence DOUBLE, by STRING"
)


def write(path: Path, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
    """Write a graph as a Cypher script with its schema.

    Raises:
        GraphError: It cannot be written, or an edge has an end that is not among the nodes; what stood there is
            unchanged.
    """
    ends = Ends()
    with replacing(path) as (file,):
        for statement in _schema():
            put(file, statement)
        put(file, "BEGIN TRANSACTION;")
        for node in nodes_by_id(nodes):
            put(file, f"CREATE (:{label_of(node.type)} {{{node_values(ends.seen(node))}}});")
        for edge in edges_by_id(edges):
            put(file, _joined(ends.joined(edge)))
        put(file, "COMMIT;")


def _schema() -> Iterator[str]:
    for type_ in NODE_TYPES:
        yield f"CREATE NODE TABLE {label_of(type_)}({_NODE_COLUMNS});"
    for name in RELATIONS:
        pairs = ", ".join(
            f"FROM {label_of(one)} TO {label_of(other)}"
            for one in NODE_TYPES
            for other in NODE_TYPES
            if fits(one, name, other)
        )
        yield f"CREATE REL TABLE {relationship_of(name)}({pairs}, {_EDGE_COLUMNS});"


def _joined(edge: Edge) -> str:
    subject, object_ = (
        f"{label_of(end.partition(':')[0])} {{id: {quoted(end)}}}"
        for end in (edge.subject, edge.object)
    )
    how = f"{relationship_of(edge.relation)} {{{edge_values(edge)}}}"
    return f"MATCH (s:{subject}), (o:{object_}) CREATE (s)-[:{how}]->(o);"
