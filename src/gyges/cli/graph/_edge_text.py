"""An edge's page as text: what it says, what it rests on, and who made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gyges.cli.graph._page_text import passage_text, source_text, wrapped

__all__ = ["edge_page_lines"]


def edge_page_lines(page: Mapping[str, Any]) -> Iterator[str]:
    """Write an edge's page as lines.

    Args:
        page: What :func:`gyges.graph.edge_page` gathered.
    """
    from gyges.graph import CHANNELS

    edge = page["edge"]
    arrow = "↔" if edge["direction"] == "both" else "→"
    yield from wrapped(_end(edge["subject"]), "")
    yield from wrapped(f"{arrow} {edge['reads']} ({edge['means']})", "  ", "    ")
    yield from wrapped(_end(edge["object"]), "")
    if edge["gloss"]:
        yield ""
        yield from wrapped(edge["gloss"], "  ")
    yield ""
    sure = (
        "confidence not said"
        if edge["confidence"] is None
        else f"confidence {edge['confidence']:.2f}"
    )
    by = edge["by"] or "nobody who is named"
    yield from wrapped(f"{edge['id']} · {edge['channel']} · {sure} · by {by}", "")
    yield from wrapped(f"{edge['channel']}: {CHANNELS[edge['channel']]}", "  ", "    ")
    yield ""
    yield from _evidence(edge)
    if page["changes"]:
        yield ""
        yield "Changes"
    for entry in page["changes"]:
        undone = " (undone)" if entry["undone"] else ""
        yield from wrapped(
            f"{entry['number']}  {entry['at']}  {entry['by']}  {entry['what']}{undone}",
            "  ",
            "     ",
        )
    if page["others"]:
        yield ""
        yield from wrapped("Also between the two: " + ", ".join(page["others"]), "", "  ")


def _end(node: Mapping[str, Any]) -> str:
    status = "" if node["status"] == "active" else f", {node['status']}"
    return f"{node['label']} ({node['id']}{status})"


def _evidence(edge: Mapping[str, Any]) -> Iterator[str]:
    from gyges.graph import GRADES

    if not edge["evidence"]:
        yield "Evidence: none"
        yield from wrapped(
            f"gyges graph edit {edge['id']} --source ID --locator TEXT adds a piece", "  "
        )
        return
    yield f"Evidence ({len(edge['evidence'])})"
    for number, one in enumerate(edge["evidence"], 1):
        where = f", {one['locator']}" if one["locator"] else ""
        yield from wrapped(f"{number}  {source_text(one)}{where}", "  ", "     ")
        yield from wrapped(f"{one['grade']}: {GRADES[one['grade']]}", "     ")
        if one["note"]:
            yield from wrapped(one["note"], "     ")
        if one["passage"]:
            yield from wrapped(passage_text(one["passage"]), "     ")
