"""What speaks for and against, and about which claim does it speak?

An idea is weighed by what is claimed of it, so the statements stand in groups, one for each claim: the node itself
first, then the claims on which most bears, each with both sides beside each other and its tally.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gyges.graph.site.links import Links
from gyges.graph.site.statements import Names, edge_view, name_view, ranked

__all__ = ["bearing_view", "open_and_folded", "told"]

FEW_CLAIMS = 5
"""So many claims stand open beside the node itself; the others are folded."""
_FEW_OWN = 8
_FEW = 3
_SIDES = {"supports": ("for", "For"), "contradicts": ("against", "Against")}
_Dict = dict[str, Any]


def bearing_view(page: Mapping[str, Any], links: Links, names: Names) -> _Dict:
    """Group what bears on a node by what it is about.

    Returns:
        ``own`` (what bears on the node itself), ``given`` (what the node bears on), ``claims`` (the others, as
        :func:`gyges.graph.site.statements.ranked` parts them), each group with its two ``sides``; ``number`` of each
        side over all groups, and ``ids``, the edges that are told.
    """
    bearing = page.get("bearing") or {}
    id_ = str(page["node"]["id"])
    groups: dict[tuple[str, bool], dict[str, list[_Dict]]] = {}
    for side in _SIDES:
        for one in bearing.get(side) or ():
            about, row = _about(one, id_), edge_view(one, links, names)
            row["other"] = name_view(names.of(one.get("other")), links)
            out = about == id_ and row["direction"] == "out"
            groups.setdefault((about, out), {name: [] for name in _SIDES})[side].append(row)
    tallies = {str(one["id"]): one for one in bearing.get("about") or ()}
    for about in tallies:
        if about != id_:
            groups.setdefault((about, False), {name: [] for name in _SIDES})
    own = groups.pop((id_, False), None)
    given = groups.pop((id_, True), None)
    above = {(row["other"]["id"], side) for side in _SIDES for row in (given or {}).get(side, ())}
    claims = []
    for (about, _), sides in groups.items():
        named = tallies.get(about) or _named(bearing, about)
        here = {side: int((about, side) in above) for side in _SIDES}
        claims.append(_group(sides, _FEW, named, here) | {"name": name_view(named, links)})
    claims.sort(key=lambda one: -one["number"])
    counts = bearing.get("counts") or {}
    listed = {side: len(bearing.get(side) or ()) for side in _SIDES}
    numbers = tuple(max(int(counts.get(side, 0)), listed[side]) for side in _SIDES)
    own_view = _group(own, _FEW_OWN, tallies.get(id_) or {}) if own else None
    # What stands beside the title is about the node: its own, or what is said of an idea that has none.
    head = tuple(one["number"] for one in own_view["sides"]) if own_view else numbers
    if given and not own_view:
        head = ()
    return {
        "own": own_view,
        "given": _group(given, _FEW_OWN, bearing.get("given") or {}) if given else None,
        "claims": ranked(claims, FEW_CLAIMS),
        "for": numbers[0],
        "against": numbers[1],
        "head": head if any(head) else None,
        # Where the record has no tallies, nobody knows what the others are about.
        "left_out": 0 if tallies else sum(numbers) - sum(listed.values()),
        "ids": frozenset(
            str(one.get("id") or "") for side in _SIDES for one in bearing.get(side) or ()
        ),
    }


def open_and_folded(found: Mapping[str, Any]) -> list[_Dict]:
    """Return all rows of a list that was parted into what stands open and what is folded."""
    return [*found["open"], *found["folded"]]


def told(*groups: Mapping[str, Any] | None) -> list[_Dict]:
    """Return the statements of some groups, on both sides."""
    return [
        row
        for group in groups
        if group
        for side in group["sides"]
        for row in open_and_folded(side["rows"])
    ]


def _about(edge: Mapping[str, Any], node: str) -> str:
    about = edge.get("about")
    return str((about.get("id") if isinstance(about, Mapping) else about) or "") or node


def _named(bearing: Mapping[str, Any], id_: str) -> Mapping[str, Any]:
    """Find a claim's name at one of the edges that are about it."""
    for side in _SIDES:
        for one in bearing.get(side) or ():
            about = one.get("about")
            if isinstance(about, Mapping) and about.get("id") == id_:
                return about
    return {"id": id_}


def _group(
    sides: Mapping[str, Sequence[_Dict]],
    few: int,
    tally: Mapping[str, Any],
    above: Mapping[str, int] | None = None,
) -> _Dict:
    views: list[_Dict] = []
    for side, (key, title) in _SIDES.items():
        rows = sides[side]
        told = len(rows) + (above or {}).get(side, 0)
        number = max(int(tally.get(side, 0)), told)
        views.append(
            {
                "key": key,
                "title": title,
                "side": side,
                "number": number,
                "rows": ranked(rows, few),
                "above": (above or {}).get(side, 0),
                "left_out": number - told,
            }
        )
    return {
        "sides": views,
        "number": sum(one["number"] for one in views),
        "told": any(one["rows"]["nodes"] or one["above"] for one in views),
    }
