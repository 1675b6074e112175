"""By which statements does one node lead to another?

A shortest path over edges that rest on evidence; the last resort, "associated with", does not count unless it is
asked for. Searched from both ends at once (bidirectional breadth-first search, Pohl 1971), a layer in one query.
"""

from __future__ import annotations

from dataclasses import dataclass

from gyges.graph.model import Edge
from gyges.graph.store import Store
from gyges.graph.vocabulary import LAST_RESORT

__all__ = ["MOST_STEPS", "Step", "shortest_path"]

MOST_STEPS = 12
"""Edges of the longest path that is looked for."""

_AT_ONCE = 15_000


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of a path, in the direction in which the path goes."""

    start: str
    edge: Edge
    end: str

    @property
    def forward(self) -> bool:
        """Whether the edge runs the way the path goes."""
        return self.edge.subject == self.start


_Back = dict[int, tuple[int, int] | None]
"""From where, and by which edge, a node was reached; None of the first."""


def shortest_path(
    store: Store, start: str, end: str, *, loose: bool = False, bare: bool = False
) -> list[Step] | None:
    """Find a shortest path between two nodes.

    Args:
        store: The graph.
        start: Where it begins.
        end: Where it ends.
        loose: Also go over ``associated_with``.
        bare: Also go over edges without evidence.

    Returns:
        The steps; empty where the two are one node, None where no path of at most :data:`MOST_STEPS` steps joins
        them. Of several shortest paths always the same one.

    Raises:
        GraphError: A node is unknown.
    """
    first, last = (store.node(id_).id for id_ in (start, end))
    numbers = dict(
        store.connection.execute("SELECT id, num FROM node WHERE id IN (?, ?)", (first, last))
    )
    a, b = numbers[first], numbers[last]
    if a == b:
        return []
    sides: tuple[_Back, _Back] = ({a: None}, {b: None})
    edges: list[list[int]] = [[a], [b]]
    for _ in range(MOST_STEPS):
        side = 0 if len(edges[0]) <= len(edges[1]) else 1
        edges[side] = _layer(store, edges[side], sides[side], loose=loose, bare=bare)
        if not edges[side]:
            return None
        met = sorted(num for num in edges[side] if num in sides[1 - side])
        if met:
            return _told(store, met[0], sides)
    return None


def _layer(store: Store, nodes: list[int], back: _Back, *, loose: bool, bare: bool) -> list[int]:
    rules = []
    if not loose:
        rules.append(f"AND relation != '{LAST_RESORT}'")
    if not bare:
        rules.append("AND evidence > 0")
    rule = " ".join(rules)
    new: list[int] = []
    for at in range(0, len(nodes), _AT_ONCE):
        some = nodes[at : at + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        rows = store.connection.execute(
            f"SELECT subject, num, object FROM edge WHERE subject IN ({marks}) {rule}"
            f" UNION ALL SELECT object, num, subject FROM edge WHERE object IN ({marks}) {rule}"
            " ORDER BY 1, 2",
            (*some, *some),
        )
        for near, edge, far in rows:
            if far not in back:
                back[far] = (near, edge)
                new.append(far)
    return new


def _told(store: Store, middle: int, sides: tuple[_Back, _Back]) -> list[Step]:
    numbers: list[int] = []
    for side in sides:
        found = []
        step = side[middle]
        while step is not None:
            found.append(step[1])
            step = side[step[0]]
        numbers = [*reversed(found), *numbers] if side is sides[0] else [*numbers, *found]
    at = next(num for num, step in sides[0].items() if step is None)
    here = store.connection.execute("SELECT id FROM node WHERE num = ?", (at,)).fetchone()[0]
    steps = []
    for number in numbers:
        id_ = store.connection.execute("SELECT id FROM edge WHERE num = ?", (number,)).fetchone()[0]
        edge = store.edge(id_)
        there = edge.object if edge.subject == here else edge.subject
        steps.append(Step(here, edge, there))
        here = there
    return steps
