"""What came into a graph, and what of it is the user's own?

The history says so: what the changes that take in the curated graph put is the curators', all else is the user's.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from gyges.errors import GraphError
from gyges.graph.curated.shipped import FOLLOW, TAKE_IN
from gyges.graph.model import Node
from gyges.graph.recognition.naming import identifiers_of
from gyges.graph.similarity import text_of
from gyges.graph.store import Store

__all__ = ["Arrivals", "arrivals", "change_before", "own_nodes"]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What came in after a change, and is still there."""

    nodes: frozenset[str]
    """Nodes that are new, or that have another name, meaning or identifier than then."""
    ends: frozenset[str]
    """Nodes at the ends of new edges."""
    proposals: frozenset[str]

    def touch(self, *ids: str) -> bool:
        """Say whether what came in concerns some nodes: one of them is new or changed, or new edges end at each."""
        return any(id_ in self.nodes for id_ in ids) or (
            len(ids) > 1 and all(id_ in self.ends for id_ in ids)
        )


def own_nodes(store: Store) -> set[str] | None:
    """Return the ids of the nodes that the curated graph did not bring; None where all are the user's own."""
    curated = store.connection.execute(
        "SELECT 1 FROM change WHERE what IN (?, ?) LIMIT 1", (TAKE_IN, FOLLOW)
    ).fetchone()
    if curated is None:
        return None
    rows = store.connection.execute(
        "SELECT id FROM node WHERE id NOT IN (SELECT key FROM op JOIN change ON change.number = op.change"
        " WHERE change.what IN (?, ?) AND op.kind = 'node')",
        (TAKE_IN, FOLLOW),
    )
    return {id_ for (id_,) in rows}


def change_before(store: Store, since: str) -> int:
    """Return the number of the last change before something came in.

    Args:
        store: The graph.
        since: The number of a change, behind which it begins; or a day or a time (UTC), with which it begins.

    Raises:
        GraphError: It is neither, or there is no such change.
    """
    last = next((one.number for one in store.history(1)), 0)
    given = since.strip()
    if re.fullmatch("[0-9]{1,7}", given):
        if int(given) > last:
            raise GraphError(
                f"no change {int(given)}; the history goes from 0 to {last}: gyges graph history lists it"
            )
        return int(given)
    try:
        at = datetime.fromisoformat(given)
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphError(
            f"{given[:40]!r} is no change and no date; give a change's number, as gyges graph history lists them, or "
            "a date such as 2025-01-31"
        ) from None
    row = store.connection.execute(
        "SELECT coalesce(max(number), 0) FROM change WHERE at < ?",
        (at.strftime("%Y-%m-%dT%H:%M:%SZ"),),
    ).fetchone()
    return int(row[0])


def arrivals(store: Store, after: int) -> Arrivals:
    """Return what came in after a change; what was undone since did not come."""
    rows = store.connection.execute(
        "SELECT first.kind, first.key, first.before, last.after FROM"
        " (SELECT min(num) AS one, max(num) AS other FROM op"
        " WHERE change > ? AND kind IN ('node', 'edge', 'proposal') GROUP BY kind, key)"
        " JOIN op AS first ON first.num = one JOIN op AS last ON last.num = other"
        " WHERE last.after IS NOT NULL AND first.before IS NOT last.after",
        (after,),
    )
    found: dict[str, set[str]] = {"node": set(), "proposal": set(), "edge": set()}
    for kind, key, before, now in rows:
        if kind == "node":
            if before is None or _likened(before) != _likened(now):
                found[kind].add(key)
        elif kind == "proposal":
            found[kind].add(key)
        elif before is None:
            edge = json.loads(now)
            found["edge"].update((edge["subject"], edge["object"]))
    return Arrivals(*(frozenset(found[kind]) for kind in ("node", "edge", "proposal")))


def _likened(row: str) -> tuple[str, set[tuple[str, str]]]:
    """Return that of a node by which it is taken for another: its text and its identifiers, and not what cites it."""
    node = Node.from_dict(json.loads(row))
    return text_of(node), identifiers_of(node.type, node.identifiers)
