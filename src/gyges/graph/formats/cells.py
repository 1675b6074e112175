"""How does a record stand in flat fields of text, as a table and GraphML have them?

A text is itself, a number is written as JSON writes it, and a list or an object is one field of JSON. What is empty is
left out. The same fields give the same record back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gyges.graph.formats.text import NotJson, load
from gyges.graph.model import EDGE_FIELDS, NODE_FIELDS, Edge, Node, canonical

__all__ = ["EDGE_FIELDS", "NODE_FIELDS", "cells_of_edge", "cells_of_node", "record_of"]

_EXAMPLES = {
    "aliases": '["AF", "deceptive alignment"]',
    "formerly": '["concept:old-id"]',
    "dates": '{"published": "2024-12"}',
    "identifiers": '{"arxiv": "2412.14093"}',
    "evidence": '[{"node": "paper:a-paper", "locator": "table 2"}]',
}


def cells_of_node(node: Node) -> list[str]:
    """Return the fields of a node in the order of :data:`NODE_FIELDS`."""
    return [
        node.id,
        node.type,
        node.label,
        node.gloss,
        _json(list(node.aliases)),
        node.status,
        _json(dict(node.dates)),
        _json(dict(node.identifiers)),
        _json([one.to_dict() for one in node.evidence]),
        _json(list(node.formerly)),
        node.channel,
        node.by,
    ]


def cells_of_edge(edge: Edge) -> list[str]:
    """Return the fields of an edge in the order of :data:`EDGE_FIELDS`."""
    return [
        edge.id,
        edge.subject,
        edge.relation,
        edge.object,
        edge.gloss,
        _json([one.to_dict() for one in edge.evidence]),
        edge.channel,
        "" if edge.confidence is None else repr(edge.confidence),
        edge.by,
    ]


def record_of(cells: Mapping[str, str], fault: Callable[[str], None]) -> dict[str, Any]:
    """Make a record of its fields; what is empty was not said.

    Args:
        cells: Texts by the names of the fields.
        fault: Takes what is wrong with a field.
    """
    record: dict[str, Any] = {}
    for name, cell in cells.items():
        if name in _EXAMPLES:
            if not cell.strip():
                continue
            try:
                record[name] = load(cell)
            except NotJson as error:
                example = _EXAMPLES[name]
                fault(f"{name} is {cell[:80]!r}, which {error}; it is written as JSON: {example}")
        elif name == "confidence" and cell.strip():
            try:
                record[name] = load(cell)
            except NotJson:
                record[name] = cell  # the check of the record says what a confidence is
        elif cell:
            record[name] = cell
    return record


def _json(value: Any) -> str:
    return canonical(value) if value else ""
