"""What rests on a source, and what would be left with nothing if it fell?

A paper is withdrawn, or was misread: then every statement that cites it must be looked at, and those that cite nothing
else have lost their ground. All that cites the source is counted. Of a source that thousands cite, not each can be
asked what else it rests on, so the first ones are, and their number is said. What is listed begins with what a reader
of the node's page has not seen yet, and with what rests on the source alone.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from gyges.graph.model import Node
from gyges.graph.page.views import Views
from gyges.graph.store import Store
from gyges.graph.vocabulary import CONTRADICTS, GRADES, RELATIONS, SUPPORTS

__all__ = ["MOST_RESTING", "resting_on"]

MOST_RESTING = 40
"""Edges, and nodes, that a page lists of those that rest on its node; the counts are those of all."""

_MOST_WEIGHED = 800
"""Edges, and nodes, that are asked what else they rest on."""
_MOST_LOOKED = 400
"""Of those edges, so many are looked at for what they join, those that rest on nothing else first."""
_MOST_READ = 160
"""Of those edges, and of the nodes, so many are read for where they cite it."""
_GRADES = {name: rank for rank, name in enumerate(GRADES)}
_BEARS = (SUPPORTS, CONTRADICTS)
_SAID = ("claim", "finding", "hypothesis")
_NUMBER = re.compile("([0-9]{1,15})")

_Order = tuple[Any, ...]


def resting_on(
    store: Store, views: Views, node: Node, near: Collection[str], most: int = MOST_RESTING
) -> dict[str, Any]:
    """Tell what cites a node as its evidence.

    Args:
        store: The graph.
        views: What the page has read already.
        node: The source.
        near: The ids of its neighbours, which its page tells anyway.
        most: Edges, and nodes, that are listed.

    Returns:
        ``edges`` and ``nodes``: how many cite it, itself left out; ``weighed`` and ``weighed_nodes``: how many of them
        were asked what else they rest on; ``alone`` and ``alone_nodes``: how many of these rest on nothing else; and
        ``listed`` and ``listed_nodes``, the first of both.
    """
    db = store.connection
    sources = (node.id, *node.formerly)
    counts = _counts(db, sources)
    edges = _weighed(db, "edge", sources) if counts["edge"] else {}
    nodes = _weighed(db, "node", sources) if counts["node"] else {}
    return {
        "edges": counts["edge"],
        "weighed": len(edges),
        "alone": sum(edges.values()),
        "listed": _edges(db, views, sources, edges, most),
        "nodes": counts["node"],
        "weighed_nodes": len(nodes),
        "alone_nodes": sum(nodes.values()),
        "listed_nodes": _nodes(db, sources, nodes, near, most),
    }


def _counts(db: sqlite3.Connection, sources: Sequence[str]) -> dict[str, int]:
    """Count the edges and the nodes that cite a source; it may cite itself, which says nothing of it."""
    # What was merged into the source may still be cited by its old id.
    many = "count(DISTINCT holder)" if len(sources) > 1 else "count(*)"
    rows = db.execute(
        f"SELECT kind, {many} FROM cites WHERE source IN ({_marks(sources)}) AND holder != ?"
        " GROUP BY kind",
        (*sources, sources[0]),
    )
    return {"edge": 0, "node": 0} | dict(rows)


def _weighed(db: sqlite3.Connection, kind: str, sources: Sequence[str]) -> dict[str, bool]:
    """Say of the first that cite a source whether they cite nothing else."""
    marks = _marks(sources)
    rows = db.execute(
        f"SELECT holder, NOT EXISTS (SELECT 1 FROM cites AS other WHERE other.holder = cites.holder"
        f" AND other.kind = cites.kind AND other.source NOT IN ({marks}))"
        f" FROM cites WHERE source IN ({marks}) AND kind = ? AND holder != ?"
        " ORDER BY source, holder LIMIT ?",
        (*sources, *sources, kind, sources[0], _MOST_WEIGHED),
    )
    return {holder: bool(alone) for holder, alone in rows}


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))


def _edges(
    db: sqlite3.Connection,
    views: Views,
    sources: Sequence[str],
    weighed: Mapping[str, bool],
    most: int,
) -> list[dict[str, Any]]:
    looked = sorted(weighed, key=lambda id_: not weighed[id_])[:_MOST_LOOKED]
    rows = db.execute(
        "SELECT id, (SELECT num FROM node WHERE id = ?) IN (subject, object), relation, data FROM edge"
        f" WHERE id IN ({_marks(looked)})",
        (sources[0], *looked),
    )
    # What bears on truth is what falls; the others lose a reference.
    ranked = sorted(
        ((own, not weighed[id_], relation not in _BEARS), id_, data)
        for id_, own, relation, data in rows
    )
    found: list[tuple[_Order, dict[str, Any], dict[str, Any]]] = []
    for rank, id_, data in ranked[:_MOST_READ]:
        edge = json.loads(data)
        cited, place = _surest(edge["evidence"], sources)
        cited |= {"alone": weighed[id_], "own": bool(rank[0])}
        found.append(((*rank, place, id_), edge, cited))
    found.sort(key=lambda one: one[0])
    ends = views.heads(edge[end] for _, edge, _ in found[:most] for end in ("subject", "object"))
    return [
        {
            "id": edge["id"],
            "subject": ends[edge["subject"]],
            "relation": edge["relation"],
            "reads": RELATIONS[edge["relation"]].reads,
            "object": ends[edge["object"]],
            "gloss": edge.get("gloss", ""),
            **cited,
        }
        for _, edge, cited in found[:most]
    ]


def _nodes(
    db: sqlite3.Connection,
    sources: Sequence[str],
    weighed: Mapping[str, bool],
    near: Collection[str],
    most: int,
) -> list[dict[str, Any]]:
    ranks = {
        id_: (id_ in near, not alone, id_.partition(":")[0] not in _SAID)
        for id_, alone in weighed.items()
    }
    looked = sorted(ranks, key=lambda id_: (ranks[id_], id_))[:_MOST_READ]
    rows = db.execute(f"SELECT data FROM node WHERE id IN ({_marks(looked)})", looked)
    found: list[tuple[_Order, dict[str, Any]]] = []
    for (data,) in rows:
        node = json.loads(data)
        id_ = node["id"]
        cited, place = _surest(node["evidence"], sources)
        named = {key: node.get(key, "") for key in ("id", "type", "label", "gloss")}
        found.append(((*ranks[id_], place, id_), {**named, **cited, "alone": weighed[id_]}))
    found.sort(key=lambda one: one[0])
    return [told for _, told in found[:most]]


def _surest(
    evidence: Iterable[Mapping[str, Any]], sources: Collection[str]
) -> tuple[dict[str, Any], _Order]:
    """Return where a source is cited, how far it was followed there, and the rank of that among others.

    Of several places it is the one that was followed furthest, then the first.
    """
    pieces = []
    for one in evidence:
        if one.get("node") in sources:
            cited = {"locator": one.get("locator", ""), "grade": one.get("grade", "unverified")}
            pieces.append(((_GRADES[cited["grade"]], *_place(cited["locator"])), cited))
    place, cited = min(pieces, key=lambda one: one[0])
    return cited, place


def _place(locator: str) -> _Order:
    """Rank places as a reader turns the pages: section 2 before section 10; what names none comes last."""
    parts = _NUMBER.split(locator.casefold())
    return not locator, [int(part) if at % 2 else part for at, part in enumerate(parts)]
