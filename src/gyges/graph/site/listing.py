"""What do the pages beside those of single nodes list: all nodes, and the graph's health?

The health record is turned into one verdict for each thing that can be wrong, with its number, and the lists behind
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gyges.graph.site.links import Links
from gyges.graph.site.statements import name_view
from gyges.graph.site.words import STATE_WORDS, clip, count, kind, share
from gyges.graph.vocabulary import CHANNELS, GRADES, NODE_TYPES, RELATIONS

__all__ = ["MOST_GLOSS", "group_views", "health_view", "search_entries"]

_Dict = dict[str, Any]
_FEW = 24
MOST_GLOSS = 200
"""Characters of a gloss that a search shows."""


def group_views(groups: Sequence[Mapping[str, Any]], links: Links) -> list[_Dict]:
    """Return the nodes of the first page by kind, each kind's first ones open and the others folded."""
    views = []
    for group in groups:
        type_ = str(group["type"])
        rows = [name_view({"type": type_, **one}, links) for one in group.get("items") or ()]
        cut = _FEW if len(rows) > _FEW + 4 else len(rows)
        total = int(group.get("nodes", len(rows)))
        meaning = NODE_TYPES[type_].meaning if type_ in NODE_TYPES else ""
        views.append(
            {
                "type": type_,
                "title": kind(type_),
                "meaning": meaning[:1].upper() + meaning[1:],
                "nodes": total,
                "listed": {"open": rows[:cut], "folded": rows[cut:], "nodes": len(rows)},
                "left_out": max(0, total - len(rows)),
            }
        )
    return views


def search_entries(groups: Sequence[Mapping[str, Any]], links: Links) -> list[_Dict]:
    """Return what a static site's search looks through: a short record for each node."""
    entries = []
    for group in groups:
        for one in group.get("items") or ():
            name = name_view({"type": group["type"], **one}, links)
            entries.append(
                {
                    "id": name["id"],
                    "type": name["type"],
                    "label": name["label"],
                    "aliases": [str(alias) for alias in one.get("aliases") or ()],
                    "gloss": clip(name["gloss"], MOST_GLOSS),
                    "edges": name["edges"] or 0,
                    "href": name["href"],
                }
            )
    return entries


def _rows(
    given: Mapping[str, int] | None,
    total: int,
    names: Mapping[str, str] | None = None,
    *,
    marks: bool = False,
) -> list[_Dict]:
    counts = sorted((given or {}).items(), key=lambda row: (-row[1], row[0]))
    most = max([number for _, number in counts], default=0)
    return [
        {
            "name": (names or {}).get(name, name).replace("_", " "),
            "mark": name if marks else "",
            "number": number,
            "share": number / total if total else None,
            "of_most": number / most if most else 0,
        }
        for name, number in counts
    ]


_LISTS = (
    (
        "without_evidence",
        "edges_without_evidence",
        "Edges without evidence",
        "Nobody can check what they say.",
    ),
    (
        "contested",
        "contradictions",
        "Contested",
        "Something supports them, and something contradicts them.",
    ),
    ("orphan_ids", "orphans", "Without an edge", "Nothing leads to them, and nothing from them."),
    (
        "degree",
        "degree_count",
        "Unusually many edges",
        "Far more edges than nodes of their kind usually have: a hub, or the mark of a careless import.",
    ),
    ("same_name", "same_name_count", "The same name", "Nodes that share a label or an alias."),
    (
        "incomplete",
        "incomplete_count",
        "Incomplete",
        "A label or another field was missing where they came from.",
    ),
    (
        "stale",
        "stale_count",
        "Waiting long",
        "Candidates that were put off long ago, or were never looked at.",
    ),
)
"""What can be wrong: the list's name in the record, that of its whole number (the list may be cut), and words."""
_NO_FAULT = frozenset({"contested", "degree"})
"""A contested claim is what the graph is for, and a hub may be one: to be read, and no fault."""


def _item(given: Any, links: Links) -> _Dict:
    """A line of a list: nodes by their names with words between them, and what is said of them."""
    if not isinstance(given, Mapping):
        return {"parts": _parts(str(given), links), "said": ""}
    said = []
    if "supports" in given and "contradicts" in given:
        said.append(f"{given['supports']} for, {given['contradicts']} against")
    if "times" in given:
        times = f", {given['times']:g} times the usual {given['usual']:g}" if given["times"] else ""
        said.append(count(int(given["edges"]), "edge") + times)
    said += [
        str(given[key])[:10] if key == "since" else str(given[key])
        for key in ("why", "since")
        if given.get(key)
    ]
    if given.get("ids"):
        several: list[Any] = [f"“{given.get('name', '')}”: "]
        for place, one in enumerate(given["ids"]):
            several += [", "] * bool(place) + [name_view(str(one), links)]
        return {"parts": several, "said": ""}
    id_ = str(given.get("id") or "")
    parts = (
        [name_view(given, links)]
        if _is_node(id_)
        else _parts(id_ or str(given.get("key") or ""), links)
    )
    return {"parts": parts, "said": " · ".join(said)}


def _is_node(id_: str) -> bool:
    return id_.partition(":")[0] in NODE_TYPES


def _parts(id_: str, links: Links) -> list[Any]:
    """Name what an id stands for: a node, an edge by its two ends, a pair of nodes that are alike."""
    one, bar, other = id_.partition("|")
    if bar and _is_node(one) and _is_node(other):
        return [name_view(one, links), " and ", name_view(other, links)]
    if _is_node(id_):
        return [name_view(id_, links)]
    edge = links.edge(id_)
    if edge is None:
        return [id_]
    subject, relation, object_ = edge
    reads = RELATIONS[relation].reads if relation in RELATIONS else relation
    return [name_view(subject, links), f" {reads} ", name_view(object_, links)]


def health_view(health: Mapping[str, Any], links: Links) -> _Dict:
    """Turn the record of ``gyges graph health --json`` into checks, tables and lists."""
    nodes, edges = int(health.get("nodes") or 0), int(health.get("edges") or 0)
    catch_all = health.get("catch_all") or {}
    portion, most = catch_all.get("share"), float(catch_all.get("most") or 0.15)
    lists, checks = [], []
    if portion is not None:
        words = f"of the edges say only “associated with”; at most {share(most)} is wanted"
        state = "ok" if float(portion) <= most else "bad"
        checks.append(
            {"number": share(portion), "words": words, "anchor": "by-relation", "state": state}
        )
    for name, whole, title, means in _LISTS:
        given = health.get(name)
        if given is None:
            continue
        number = int(health.get(whole, len(given)))
        anchor = name.replace("_", "-")
        lists.append(
            {
                "anchor": anchor,
                "title": title,
                "means": means,
                "number": number,
                "rows": [_item(one, links) for one in given],
            }
        )
        words = title[:1].lower() + title[1:]
        state = "ok" if number == 0 else "note" if name in _NO_FAULT else "bad"
        checks.append({"number": f"{number:,}", "words": words, "anchor": anchor, "state": state})
    quotes = {str(key): int(value) for key, value in (health.get("quotes") or {}).items()}
    if quotes:
        number = quotes.get("not found", 0)
        words = "of the quotes do not stand in the attached copy of the source"
        anchor = "by-quote"
        checks.append(
            {
                "number": f"{number:,}",
                "words": words,
                "anchor": anchor,
                "state": "bad" if number else "ok",
            }
        )
    wrong = sum(check["state"] == "bad" for check in checks)
    grades = {name: f"{name}: {GRADES[name]}" for name in GRADES}
    by_type = {str(name): int(value) for name, value in (health.get("by_type") or {}).items()}
    by_grade = health.get("by_grade") or {}
    return {
        "sentence": f"{count(nodes, 'node')} and {count(edges, 'edge')}. "
        + (f"{count(wrong, 'thing')} to look at." if wrong else "Nothing to mend."),
        "checks": checks,
        "by_type": _rows(by_type, nodes, {name: kind(name) for name in by_type}, marks=True),
        "by_relation": _rows(
            health.get("by_relation"), edges, {name: rule.reads for name, rule in RELATIONS.items()}
        ),
        "by_channel": _rows(
            health.get("by_channel"),
            edges,
            {name: f"{name}: {CHANNELS[name]}" for name in CHANNELS},
        ),
        "by_grade": _rows(by_grade, sum(by_grade.values()), grades),
        "quotes": _rows(quotes, sum(quotes.values()), STATE_WORDS),
        "lists": lists,
        "waiting": health.get("proposals"),
        "decided": health.get("decisions"),
    }
