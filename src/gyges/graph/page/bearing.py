"""What speaks for and against a node, and which findings bear on it?

An idea is not true or false by itself: what speaks for it speaks for what is claimed of it. So beside a node's own
edges of support and contradiction, those of the claims, hypotheses and findings next to it are told, each with what
it is about: the node itself first, then those on which most bears. Within a side, what was read in the source itself
comes first, and what is surest.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from gyges.graph.model import Edge, Node
from gyges.graph.page.around import Around
from gyges.graph.page.views import Views
from gyges.graph.store import Store
from gyges.graph.vocabulary import CONTRADICTS, GRADES, LAST_RESORT, RELATIONS, SUPPORTS

__all__ = ["MOST_BEARING", "bearing_on", "findings_on"]

MOST_BEARING = 60
"""Edges of support, of contradiction, and findings that a page tells; the counts are those of all."""

_SAID = ("claim", "hypothesis", "finding", "framework")
_BEARS = f"relation IN ('{SUPPORTS}', '{CONTRADICTS}')"
"""As the indexes of these edges say it: with other words they are not used."""
_GRADES = {name: rank for rank, name in enumerate(GRADES)}
_RELATIONS = {name: rank for rank, name in enumerate(RELATIONS)}
_MOST_SAID = 100
"""Claims next to a node that are looked at."""


def bearing_on(store: Store, views: Views, node: Node, around: Around) -> dict[str, Any]:
    """Tell what supports and contradicts a node and the claims next to it, and how many edges there are in all."""
    db = store.connection
    said = [one.id for one in around.of(*_SAID, most=_MOST_SAID)]
    numbers = store.numbers([node.id, *said])
    own = numbers[node.id]
    tallies = _tallies(db, numbers)
    given = _given(db, own, numbers)
    # The node itself, then where there is most to weigh; those with as much, as they stand around the node.
    ranked = sorted(
        numbers, key=lambda about: (about != node.id, -sum(tallies.get(about, {}).values()))
    )
    found: dict[str, list[dict[str, Any]]] = {SUPPORTS: [], CONTRADICTS: []}
    counts = {SUPPORTS: 0, CONTRADICTS: 0}
    chosen: list[tuple[str, int]] = []
    for about in ranked:
        for relation in found:
            # At the node itself both directions tell; at a claim, what bears on it and was not told at the node.
            here = tallies.get(about, {}).get(relation, 0)
            here += given[node.id][relation] if about == node.id else -given[about][relation]
            room = min(here, MOST_BEARING - counts[relation])
            counts[relation] += here
            if room > 0:
                chosen += [(about, num) for num in _first(db, numbers[about], own, relation, room)]
    edges = _edges(db, (num for _, num in chosen))
    views.read(end for edge in edges.values() for end in (edge.subject, edge.object))
    views.cited_by(edges.values())
    views.read(tallies)
    place = {about: at for at, about in enumerate(ranked)}
    for about, num in sorted(chosen, key=lambda one: (place[one[0]], _weight(edges[one[1]]))):
        found[edges[num].relation].append(_view(views, edges[num], about))
    loose = db.execute(
        "SELECT (SELECT count(*) FROM edge WHERE subject = ?1 AND relation = ?2)"
        " + (SELECT count(*) FROM edge WHERE object = ?1 AND relation = ?2)",
        (own, LAST_RESORT),
    ).fetchone()[0]
    return {
        "supports": found[SUPPORTS],
        "contradicts": found[CONTRADICTS],
        "counts": {**counts, "loose": loose, "edges": store.degree(node.id)},
        "about": [{**_named(views, one), **tallies[one]} for one in ranked if one in tallies],
        "given": given[node.id],
    }


def findings_on(store: Store, views: Views, node: Node, around: Around) -> list[dict[str, Any]]:
    """List the findings next to a node, and those that support or contradict a claim next to it."""
    db = store.connection
    near = [one.id for one in around.of("finding", most=MOST_BEARING)]
    by_finding: dict[str, Edge] = {}
    between = store.edges_of(node.id, *near) if near else []
    # Of several, the one that says most: what bears on truth comes before what is only about it.
    for edge in sorted(between, key=lambda one: (_RELATIONS[one.relation], one.id)):
        by_finding.setdefault(edge.object if edge.subject == node.id else edge.subject, edge)
    views.read(near)
    found = {id_: _finding(views, by_finding[id_], id_, node.id, None) for id_ in near}
    claims = [one.id for one in around.of("claim", "hypothesis", most=_MOST_SAID)]
    for claim, number in store.numbers(claims).items():
        if len(found) >= MOST_BEARING:
            break
        rows = db.execute(
            "SELECT edge.num, node.id FROM edge JOIN node ON node.num = subject"
            " WHERE object = ?1 AND relation IN (?2, ?3) AND type = 'finding'"
            " UNION ALL SELECT edge.num, node.id FROM edge JOIN node ON node.num = object"
            " WHERE subject = ?1 AND relation IN (?2, ?3) AND type = 'finding' LIMIT 400",
            (number, SUPPORTS, CONTRADICTS),
        )
        of = {num: far for num, far in rows if far != node.id and far not in found}
        edges = _edges(db, of)
        for num in sorted(of, key=lambda one: edges[one].id):
            if of[num] not in found and len(found) < MOST_BEARING:
                found[of[num]] = _finding(views, edges[num], of[num], node.id, claim)
    return list(found.values())


def _tallies(db: sqlite3.Connection, numbers: dict[str, int]) -> dict[str, dict[str, int]]:
    """Count what supports and what contradicts nodes; those are left out on which nothing bears."""
    ids = {num: id_ for id_, num in numbers.items()}
    found: dict[str, dict[str, int]] = {}
    for num, relation, many in db.execute(
        f"SELECT object, relation, count(*) FROM edge WHERE object IN ({', '.join('?' * len(ids))})"
        f" AND {_BEARS} GROUP BY object, relation",
        tuple(ids),
    ):
        found.setdefault(ids[num], {SUPPORTS: 0, CONTRADICTS: 0})[relation] = many
    return found


def _given(db: sqlite3.Connection, own: int, numbers: dict[str, int]) -> dict[str, dict[str, int]]:
    """Count what a node supports and contradicts: each of some nodes, and, at its own id, whatever it is."""
    ids = {num: id_ for id_, num in numbers.items()}
    found = {id_: {SUPPORTS: 0, CONTRADICTS: 0} for id_ in numbers}
    for num, relation in db.execute(
        f"SELECT object, relation FROM edge WHERE subject = ? AND {_BEARS}", (own,)
    ):
        found[ids[own]][relation] += 1
        if num in ids:
            found[ids[num]][relation] += 1
    return found


def _first(db: sqlite3.Connection, about: int, own: int, relation: str, most: int) -> list[int]:
    """Return the edges with the most evidence that bear on a node; at the page's own, also those that it gives."""
    bears = f"relation = '{relation}' AND {_BEARS}"
    query = f"SELECT num, evidence FROM edge WHERE object = ?1 AND subject != ?2 AND {bears}"
    if about == own:
        query += f" UNION ALL SELECT num, evidence FROM edge WHERE subject = ?1 AND {bears}"
    rows = db.execute(f"{query} ORDER BY 2 DESC, 1 LIMIT ?3", (about, own, most))
    return [num for num, _ in rows]


def _edges(db: sqlite3.Connection, nums: Iterable[int]) -> dict[int, Edge]:
    wanted = list(nums)
    rows = db.execute(
        f"SELECT num, data FROM edge WHERE num IN ({', '.join('?' * len(wanted))})", wanted
    )
    return {num: Edge.from_dict(json.loads(data)) for num, data in rows}


def _view(views: Views, edge: Edge, about: str) -> dict[str, Any]:
    other = views.node(edge.subject if edge.object == about else edge.object)
    return {
        **views.edge(edge, about),
        "other": {"id": other.id, "type": other.type, "label": other.label, "gloss": other.gloss},
        "about": _named(views, about),
    }


def _named(views: Views, id_: str) -> dict[str, str]:
    one = views.node(id_)
    return {"id": one.id, "type": one.type, "label": one.label}


def _weight(edge: Edge) -> tuple[int, float, str]:
    """Rank an edge by how far its best evidence was followed, then by its confidence; one without any comes last."""
    best = min((_GRADES[one.grade] for one in edge.evidence), default=len(_GRADES))
    sure = -1.0 if edge.confidence is None else edge.confidence
    return best, -sure, edge.id


def _finding(views: Views, edge: Edge, finding: str, node: str, via: str | None) -> dict[str, Any]:
    one = views.node(finding)
    return {
        "id": one.id,
        "label": one.label,
        "gloss": one.gloss,
        "relation": edge.relation,
        "reads": views.edge(edge, finding)["reads"],
        "to": via or node,
        "via": via,
        "via_label": views.node(via).label if via else None,
    }
