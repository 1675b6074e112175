"""Records of what rests on a source, written by hand."""

from __future__ import annotations

from typing import Any


def statement(number: int, *, alone: bool = True, own: str = "", **more: Any) -> dict[str, Any]:
    """One of a source's statements; with ``own`` its subject is that id."""
    subject = own or f"finding:f{number}"
    return {
        "id": f"e:c{number:015x}",
        "subject": {
            "id": subject,
            "label": f"Finding {number}",
            "type": subject.partition(":")[0],
        },
        "relation": "supports",
        "reads": "supports",
        "object": {"id": f"claim:c{number}", "label": f"Claim {number}", "type": "claim"},
        "gloss": f"Gloss of statement {number}.",
        "locator": f"section {number}",
        "grade": "primary",
        "alone": alone,
        "own": bool(own),
    } | more


def described(number: int) -> dict[str, Any]:
    """A node that a source describes."""
    return {
        "id": f"concept:d{number}",
        "type": "concept",
        "label": f"Described {number}",
        "gloss": "",
        "locator": f"page {number}",
        "grade": "abstract",
        "alone": number % 2 == 0,
    }


def resting(edges: int = 392, nodes: int = 3, **more: Any) -> dict[str, Any]:
    """What rests on a source that many cite."""
    listed = [statement(number, alone=number < 30) for number in range(min(edges, 40))]
    return {
        "edges": edges,
        "weighed": edges,
        "alone": min(edges, 367),
        "listed": listed,
        "nodes": nodes,
        "weighed_nodes": nodes,
        "alone_nodes": (nodes + 1) // 2,
        "listed_nodes": [described(number) for number in range(min(nodes, 40))],
    } | more
