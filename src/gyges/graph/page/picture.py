"""Which nodes and edges does the picture of a neighbourhood show?

Those within one or two steps, the ones with the most edges to it first, and of those with as many the ones with the
most edges in all; what would turn it into a hairball is left out, and counted. Nobody looks further from a neighbour
that has hundreds of edges: what is near it is near everything.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from gyges.graph.model import Node
from gyges.graph.store import Neighbour, Store

__all__ = ["MOST_FAR", "MOST_NEAR", "picture_of"]

MOST_NEAR = 60
"""Direct neighbours in a picture."""
MOST_FAR = 60
"""Nodes two steps away in a picture."""
_MOST_EDGES = 200
"""Edges of a neighbour from which the second step is taken."""


def picture_of(
    store: Store, node: Node, hops: int = 2, near: Sequence[Neighbour] | None = None
) -> dict[str, Any]:
    """Choose the nodes and edges of a picture.

    Args:
        store: The graph.
        node: In the middle.
        hops: How far it reaches: 1 or 2.
        near: All neighbours of the node as the store ranks them, where they were asked for already.

    Returns:
        ``nodes``, ``edges``, and how many nodes were ``left_out``.
    """
    db = store.connection
    around = store.neighbours(node.id) if near is None else near
    first = [one.id for one in around[:MOST_NEAR]]
    numbers = store.numbers([node.id, *first])
    centre = numbers[node.id]
    shown = {centre: 0} | {numbers[id_]: 1 for id_ in first}
    left_out = len(around) - len(first)
    if hops > 1:
        direct = {
            num
            for (num,) in db.execute(
                "SELECT object FROM edge WHERE subject = ?1 UNION SELECT subject FROM edge WHERE object = ?1",
                (centre,),
            )
        }
        far = _around(store, _below(store, [numbers[id_] for id_ in first]), direct | {centre})
        # One that a single edge joins to a single neighbour tells little of this node.
        shown |= dict.fromkeys([num for num, many in far[:MOST_FAR] if many > 1], 2)
        left_out += len(far) - sum(hop == 2 for hop in shown.values())
    marks = ", ".join("?" * len(shown))
    rows = db.execute(
        f"SELECT num, id, label, type, edges FROM node INDEXED BY node_head WHERE num IN ({marks})",
        tuple(shown),
    ).fetchall()
    nodes = [
        {"id": id_, "label": label, "type": type_, "hops": shown[num], "edges": edges}
        for num, id_, label, type_, edges in rows
    ]
    edges = _edges(db, {num: (id_, edges) for num, id_, _, _, edges in rows})
    return {
        "nodes": sorted(nodes, key=lambda one: (one["hops"], -one["edges"], one["id"])),
        "edges": [
            {"id": id_, "source": source, "target": target, "relation": relation}
            for id_, source, target, relation in edges
        ],
        "left_out": left_out,
    }


def _edges(
    db: sqlite3.Connection, nodes: dict[int, tuple[str, int]]
) -> list[tuple[str, str, str, str]]:
    """Return the edges between some nodes, by id: id, ids of both ends, relation.

    Those of a node with few edges are all looked through; among the others each pair is asked for.
    """
    few = [num for num, (_, edges) in nodes.items() if edges <= 2 * len(nodes)]
    many = [num for num in nodes if num not in set(few)]
    looked, asked, all_ = (", ".join("?" * len(one)) for one in (few, many, nodes))
    # The plus keeps an end from being looked up.
    rows = db.execute(
        "SELECT id, subject, object, relation FROM edge"
        f" WHERE subject IN ({looked}) AND +object IN ({all_})"
        " UNION SELECT id, subject, object, relation FROM edge"
        f" WHERE object IN ({looked}) AND +subject IN ({all_})"
        " UNION SELECT id, subject, object, relation FROM edge"
        f" WHERE subject IN ({asked}) AND object IN ({asked}) ORDER BY id",
        (*few, *nodes, *few, *nodes, *many, *many),
    )
    return [(id_, nodes[one][0], nodes[other][0], relation) for id_, one, other, relation in rows]


def _below(store: Store, nums: list[int]) -> list[int]:
    """Leave out the nodes that have too many edges."""
    marks = ", ".join("?" * len(nums))
    rows = store.connection.execute(
        f"SELECT num FROM node INDEXED BY node_head WHERE num IN ({marks}) AND edges <= {_MOST_EDGES} ORDER BY num",
        nums,
    )
    return [num for (num,) in rows]


def _around(store: Store, nums: list[int], seen: set[int]) -> list[tuple[int, int]]:
    """Return the nodes around some, without those seen, ranked by how many edges join them, then by all of theirs."""
    if not nums:
        return []
    marks = ", ".join("?" * len(nums))
    rows = store.connection.execute(
        "SELECT far, count(*) AS many FROM"
        f" (SELECT object AS far FROM edge WHERE subject IN ({marks})"
        f" UNION ALL SELECT subject FROM edge WHERE object IN ({marks}))"
        " JOIN node INDEXED BY node_head ON node.num = far GROUP BY far ORDER BY many DESC, node.edges DESC, far",
        (*nums, *nums),
    )
    return [(num, many) for num, many in rows if num not in seen]
