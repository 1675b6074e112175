"""When a merge is taken back, what stays with the node that had stayed?

Undoing a merge puts every row of it back as it was. What came in meanwhile belongs to neither of the two by itself: it
was said of the one that both were. It stays where it stands, and is named here, so that a person can move it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gyges.graph.store.store import Store

__all__ = ["Stayed", "stays"]


@dataclass(frozen=True, slots=True)
class Stayed:
    """One row that came in after a merge."""

    node: str
    """The id of the node that it stays with."""
    other: str
    """The id of the node that was merged into it, with which it may belong instead."""
    kind: str
    """``edge``, ``node`` (its evidence names the node), ``source`` (an attached copy) or ``decision``."""
    id: str
    """Of the edge or the node; the key of a decision."""
    what: str
    """The statement, the file or the decision, in words."""
    change: int
    """The change that it came with."""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


def stays(store: Store, number: int) -> list[Stayed]:
    """Return what came in after a merge and stays with the node that it kept; the same before and after its undo.

    Args:
        store: The graph.
        number: A change; one that merged nothing leaves nothing behind.
    """
    rows = list(store.rows_of(number))
    moved = {(kind, key) for kind, key, _, _ in rows}
    found = []
    for keep, olds in _merged(rows).items():
        for kind, key in _touching(store, keep):
            if (kind, key) in moved or _touched(store, number, kind, key, keep):
                continue
            change, data = store.connection.execute(
                "SELECT change, after FROM op WHERE key = ? AND kind = ? AND after IS NOT NULL"
                " ORDER BY num DESC LIMIT 1",
                (key, kind),
            ).fetchone()
            what = _words(kind, key, json.loads(data))
            found.append(Stayed(keep, ", ".join(olds), kind, key, what, change))
    return found


def _merged(rows: list[tuple[str, str, str | None, str | None]]) -> dict[str, list[str]]:
    """Return the nodes that took others in, with the ids of these."""
    found: dict[str, list[str]] = {}
    away = {key for kind, key, _, after in rows if kind == "node" and after is None}
    for kind, key, before, after in rows:
        if kind == "node" and before is not None and after is not None:
            old = json.loads(before).get("formerly", [])
            new = [one for one in json.loads(after).get("formerly", []) if one not in old]
            # The ids that a node brought with it lead to that node again.
            if gone := [one for one in new if one in away]:
                found.setdefault(key, []).extend(gone)
    return found


def _touching(store: Store, node: str) -> Iterator[tuple[str, str]]:
    """Return the rows that stand with a node, in order."""
    yield from store.connection.execute(
        "SELECT 'edge', edge.id FROM edge JOIN node ON node.num IN (subject, object) WHERE node.id = ?1"
        " UNION SELECT kind, holder FROM cites WHERE source = ?1 AND holder != ?1"
        " UNION SELECT kind, key FROM record WHERE kind = 'source' AND key = ?1"
        " UNION SELECT kind, key FROM record WHERE kind = 'decision'"
        " AND instr('|' || key || '|', '|' || ?1 || '|') > 0",
        (node,),
    ).fetchall()


def _touched(store: Store, number: int, kind: str, key: str, node: str) -> bool:
    """Say whether a row stood with a node when a change had been made."""
    row = store.connection.execute(
        "SELECT after FROM op WHERE key = ? AND kind = ? AND change <= ? ORDER BY num DESC LIMIT 1",
        (key, kind, number),
    ).fetchone()
    if row is None or row[0] is None:
        return False
    if kind in ("source", "decision"):
        return True
    data = json.loads(row[0])
    cited = [one.get("node") for one in data.get("evidence", ())]
    return node in (data.get("subject"), data.get("object"), *cited)


def _words(kind: str, key: str, data: dict[str, Any]) -> str:
    if kind == "edge":
        return f"{data['subject']} {data['relation']} {data['object']}"
    if kind == "decision":
        return f"{key}: {data['verdict']}"
    return str(data["name"]) if kind == "source" else key
