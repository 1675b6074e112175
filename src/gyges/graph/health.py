"""Is the graph sound: what has no source, what is vague, what is contested, what stands alone?

Counts are signals for a curator, not verdicts: a node with very many edges may be a hub, or may be what a model wrote
into every sentence; a claim that is supported and contradicted is often the best that is known.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from gyges.graph.quoting import STATES, Checker, passages_of, quoting_rows
from gyges.graph.store import Store
from gyges.graph.vocabulary import CONTRADICTS, LAST_RESORT, SUPPORTS

__all__ = ["MOST_LAST_RESORT", "STALE_DAYS", "health_of"]

MOST_LAST_RESORT = 0.15
"""The share of ``associated_with`` above which a graph says too little."""
STALE_DAYS = 90
"""Days after which what was put off, or never looked at, is stale."""

_MOST = 50
_FEWEST_EDGES = 20
_FAR_OUT = 3.5
"""Robust standard deviations (Iglewicz and Hoaglin 1993) from which a number of edges is unusual."""


def health_of(store: Store, *, days: int = STALE_DAYS, most: int = _MOST) -> dict[str, Any]:
    """Gather the state of a graph.

    Args:
        store: The graph.
        days: After how many days an open candidate is stale.
        most: Items that each list names; the counts are those of all.

    Returns:
        What ``gyges graph health --json`` prints.
    """
    db = store.connection
    nodes, edges = store.count_nodes(), store.count_edges()
    relations = store.by_relation()
    loose = relations.get(LAST_RESORT, 0)
    bare = db.execute("SELECT count(*) FROM edge WHERE evidence = 0").fetchone()[0]
    orphans = db.execute("SELECT count(*) FROM node WHERE edges = 0").fetchone()[0]
    incomplete = [
        id_ for (id_,) in db.execute("SELECT id FROM node WHERE status = 'incomplete' ORDER BY id")
    ]
    contested, same_name = _contested(store), _same_name(store)
    unusual, stale = _unusual(store), _stale(store, days)
    return {
        "nodes": nodes,
        "edges": edges,
        "by_type": store.by_type(),
        "by_relation": relations,
        "by_channel": dict(db.execute("SELECT channel, count(*) FROM edge GROUP BY channel")),
        "by_grade": _grades(store),
        "catch_all": {
            "edges": loose,
            "share": loose / edges if edges else 0.0,
            "most": MOST_LAST_RESORT,
        },
        "edges_without_evidence": bare,
        "without_evidence": _ids(
            store, "SELECT id FROM edge WHERE evidence = 0 ORDER BY id LIMIT ?", most
        ),
        "orphans": orphans,
        "orphan_ids": _ids(store, "SELECT id FROM node WHERE edges = 0 ORDER BY id LIMIT ?", most),
        "contradictions": len(contested),
        "contested": contested[:most],
        "degree": unusual[:most],
        "degree_count": len(unusual),
        "stale": stale[:most],
        "stale_count": len(stale),
        "same_name": same_name[:most],
        "same_name_count": len(same_name),
        "incomplete": incomplete[:most],
        "incomplete_count": len(incomplete),
        "quotes": _quotes(store),
        "proposals": len(store.proposals()),
        "decisions": len(store.decisions()),
    }


def _ids(store: Store, query: str, most: int) -> list[str]:
    return [row[0] for row in store.connection.execute(query, (most,))]


def _grades(store: Store) -> dict[str, int]:
    rows = store.connection.execute(
        "SELECT coalesce(json_extract(one.value, '$.grade'), 'unverified'), count(*)"
        " FROM edge, json_each(edge.data, '$.evidence') AS one WHERE edge.evidence > 0 GROUP BY 1"
    )
    return dict(rows)


def _contested(store: Store) -> list[dict[str, Any]]:
    rows = store.connection.execute(
        f"SELECT id, label, yes, no FROM (SELECT object, sum(relation = '{SUPPORTS}') AS yes,"
        f" sum(relation = '{CONTRADICTS}') AS no FROM edge INDEXED BY edge_bears"
        f" WHERE relation IN ('{SUPPORTS}', '{CONTRADICTS}')"
        " GROUP BY object HAVING yes > 0 AND no > 0) JOIN node ON num = object"
        " ORDER BY min(yes, no) DESC, yes + no DESC, id"
    )
    return [
        {"id": id_, "label": label, "supports": yes, "contradicts": no}
        for id_, label, yes, no in rows
    ]


def _unusual(store: Store) -> list[dict[str, Any]]:
    """Find nodes with far more edges than others of their type, by the median and its deviation on a log scale."""
    by_type: dict[str, list[tuple[str, str, int]]] = {}
    for type_, id_, label, edges in store.connection.execute(
        "SELECT type, id, label, edges FROM node ORDER BY id"
    ):
        by_type.setdefault(type_, []).append((id_, label, edges))
    found = []
    for rows in by_type.values():
        logs = sorted(math.log1p(edges) for _, _, edges in rows)
        middle = _median(logs)
        spread = 1.4826 * _median(sorted(abs(one - middle) for one in logs)) or 0.25
        for id_, label, edges in rows:
            if edges >= _FEWEST_EDGES and (math.log1p(edges) - middle) / spread > _FAR_OUT:
                usual = math.expm1(middle)
                times = edges / usual if usual else math.inf
                found.append(
                    {
                        "id": id_,
                        "label": label,
                        "edges": edges,
                        "usual": round(usual, 1),
                        "times": round(times, 1) if math.isfinite(times) else None,
                    }
                )
    return sorted(found, key=lambda one: (-one["edges"], one["id"]))


def _median(ordered: list[float]) -> float:
    half, odd = divmod(len(ordered), 2)
    return ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2


def _stale(store: Store, days: int) -> list[dict[str, Any]]:
    old = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = [
        {"key": one.key, "why": "put off", "since": one.at}
        for one in store.decisions()
        if one.verdict == "later" and one.at < old
    ]
    rows = store.connection.execute(
        "SELECT record.key, max(change.at) AS since FROM record JOIN op ON op.kind = 'proposal' AND op.key = record.key"
        " JOIN change ON change.number = op.change WHERE record.kind = 'proposal' AND NOT EXISTS"
        " (SELECT 1 FROM record AS decided WHERE decided.kind = 'decision' AND decided.key = record.key)"
        " GROUP BY record.key HAVING since < ?"
        " ORDER BY since, record.key",
        (old,),
    )
    return found + [{"key": key, "why": "never looked at", "since": since} for key, since in rows]


def _same_name(store: Store) -> list[dict[str, Any]]:
    rows = store.connection.execute(
        "SELECT name.name, node.id FROM name JOIN node ON node.num = name.node WHERE name.name IN"
        " (SELECT name FROM name GROUP BY name HAVING count(*) > 1) ORDER BY name.name, node.id"
    )
    groups: dict[str, list[str]] = {}
    for name, id_ in rows:
        groups.setdefault(name, []).append(id_)
    return [
        {"name": name, "ids": ids, "types": sorted({id_.partition(":")[0] for id_ in ids})}
        for name, ids in groups.items()
    ]


def _quotes(store: Store) -> dict[str, int]:
    checker = Checker(store)
    counts: Counter[str] = Counter(dict.fromkeys(STATES, 0))
    for row in quoting_rows(store):
        for one, passage in passages_of(row):
            counts[checker.check(one.node, passage).state] += 1
    return dict(counts)
