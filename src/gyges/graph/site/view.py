"""What does the page of a node say, piece by piece?

Turns the record of :func:`gyges.graph.page_of` into what the template prints: every field is there, every id that has a
page has its link, what bears on truth is apart from what is only associated, and long lists are folded, never cut.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from gyges.graph.site.links import Links
from gyges.graph.site.opening import opening
from gyges.graph.site.statements import (
    Names,
    edge_view,
    evidence_view,
    name_view,
    passage_view,
    ranked,
)
from gyges.graph.site.weighing import bearing_view, open_and_folded, told
from gyges.graph.site.words import address, dates, identifiers, kind
from gyges.graph.vocabulary import CHANNELS, NODE_TYPES, RELATIONS, STATUSES

__all__ = ["FEW", "node_view"]

FEW = 12
"""So many neighbours of a kind stand open; the others are folded."""
_FEW_LOOSE = 24
_FEW_SIMILAR = 24
_FEW_RESTING = 8
_Dict = dict[str, Any]


def _neighbours(page: Mapping[str, Any], links: Links, names: Names) -> list[_Dict]:
    rows = []
    for given in page.get("neighbours") or ():
        row = name_view(given, links)
        row["relations"] = [edge_view(edge, links, names) for edge in given.get("edges") or ()]
        number = given.get("count")
        row["count"] = number if isinstance(number, int) else len(row["relations"])
        total = given.get("total")
        row["total"] = total if isinstance(total, int) else row["count"]
        row["loose"] = bool(row["relations"]) and all(edge["loose"] for edge in row["relations"])
        rows.append(row)
    return rows


def _told_above(rows: Iterable[_Dict], ids: Collection[str]) -> None:
    """Mark the edges whose text stands among what speaks for and against, so that it does not stand here again."""
    for row in rows:
        for edge in row["relations"]:
            edge["above"] = edge["id"] in ids


def _groups(page: Mapping[str, Any], rows: Sequence[_Dict]) -> list[_Dict]:
    given = list(page.get("groups") or ())
    known = {str(group["type"]) for group in given}
    for type_ in dict.fromkeys(row["type"] for row in rows):
        if type_ not in known:
            of_type = [row for row in rows if row["type"] == type_]
            edges = sum(row["count"] for row in of_type)
            given.append({"type": type_, "nodes": len(of_type), "edges": edges})
    groups = []
    for group in given:
        of_type = [row for row in rows if row["type"] == group["type"]]
        loose = [row for row in of_type if row["loose"]]
        listed = ranked((row for row in of_type if not row["loose"]), FEW)
        title = kind(str(group["type"]))
        groups.append(
            {
                "type": str(group["type"]),
                "title": title,
                "nodes": int(group["nodes"]),
                "edges": int(group["edges"]),
                "listed": listed,
                "loose": loose,
                "left_out": max(0, int(group["nodes"]) - len(of_type)),
            }
        )
    return groups


def _loose(rows: Sequence[_Dict]) -> _Dict:
    order = {name: place for place, name in enumerate(NODE_TYPES)}
    loose = [row for row in rows if row["loose"]]
    return ranked(sorted(loose, key=lambda row: order.get(row["type"], len(order))), _FEW_LOOSE)


def _findings(
    page: Mapping[str, Any], links: Links, names: Names, rows: Sequence[_Dict], bearing: _Dict
) -> _Dict:
    """Group the findings by what they do, without those that already stand at the node's own statements.

    What a finding says stands among the neighbours or with the claim that it bears on; here only of one that does not.
    """
    own = {row["other"]["id"] for row in told(bearing["own"], bearing["given"])}
    weighed = {row["other"]["id"] for row in told(*open_and_folded(bearing["claims"]))}
    elsewhere = weighed | {row["id"] for row in rows}
    groups: dict[tuple[str, bool], list[_Dict]] = {}
    for given in page.get("findings") or ():
        row = name_view(given, links)
        if row["id"] in own:
            continue
        relation, via = str(given.get("relation") or ""), given.get("via")
        row["told"] = row["id"] in elsewhere
        row["via"] = None
        if via and not row["told"]:
            label = {"label": given["via_label"]} if given.get("via_label") else {}
            row["via"] = name_view({**names.of(via), **label}, links)
        groups.setdefault((relation, bool(via)), []).append(row)
    return {
        "nodes": sum(len(found) for found in groups.values()),
        "groups": [
            {"relation": relation, "reads": _verb(relation), "via": via, "rows": ranked(found, FEW)}
            for (relation, via), found in sorted(groups.items(), key=lambda one: -len(one[1]))
        ],
    }


def _resting(page: Mapping[str, Any], links: Links, rows: Iterable[_Dict]) -> _Dict:
    """Return what cites the node: its own statements, which stand among its neighbours, are not told again."""
    given = page.get("resting") or {}
    near = {edge["id"] for row in rows for edge in row["relations"]}
    statements = []
    for one in given.get("listed") or ():
        above = bool(one.get("own")) and one["id"] in near
        statements.append(
            {
                "subject": name_view(one["subject"], links),
                "object": name_view(one["object"], links),
                "relation": str(one["relation"]),
                "reads": str(one.get("reads") or _verb(str(one["relation"]))),
                "gloss": "" if above else str(one.get("gloss") or ""),
                **_cited(one),
                "above": above,
            }
        )
    nodes = [name_view(one, links) | _cited(one) for one in given.get("listed_nodes") or ()]
    view: _Dict = {}
    for kind_, listed, few in (("edges", statements, _FEW_RESTING), ("nodes", nodes, FEW)):
        number = max(int(given.get(kind_) or 0), len(listed))
        prefix = "" if kind_ == "edges" else "_nodes"
        weighed = int(given.get(f"weighed{prefix}") or len(listed))
        view[kind_] = {
            "number": number,
            "alone": int(given.get(f"alone{prefix}") or 0),
            "weighed": weighed,
            # Where not all were asked what else they rest on, there may be more.
            "at_least": weighed < number,
            "rows": ranked(listed, few),
            "left_out": number - len(listed),
        }
    return view


def _cited(given: Mapping[str, Any]) -> _Dict:
    locator = str(given.get("locator") or "")
    return {
        "locator": locator,
        "locator_href": address(locator),
        "grade": str(given.get("grade") or "unverified"),
        "alone": bool(given.get("alone")),
        "above": False,
    }


def _verb(relation: str) -> str:
    return RELATIONS[relation].reads if relation in RELATIONS else relation.replace("_", " ")


def _quotes(page: Mapping[str, Any], links: Links, names: Names) -> _Dict:
    rows = []
    for given in page.get("quotes") or ():
        row = name_view({"type": "quote", **given}, links)
        source = given.get("source")
        row["source"] = name_view(names.of(source), links) if source and source.get("id") else None
        row["locator"] = str(given.get("locator") or "")
        row["locator_href"] = address(row["locator"])
        row["passage"] = passage_view(
            {key: given.get(key) for key in ("state", "text", "start", "end", "words")}
        )
        row["sha256"] = str(given.get("sha256") or "")
        rows.append(row)
    return ranked(rows, FEW)


def _similar(page: Mapping[str, Any], links: Links) -> _Dict:
    known = page.get("similarity") or {}
    rows = [
        name_view(given, links) | {"score": float(given["score"])}
        for given in page.get("similar") or ()
    ]
    rows.sort(key=lambda row: -row["score"])
    threshold = float(known.get("threshold") or 0.65)
    # Down to hundredths, so that the slider's lowest step shows the last item.
    lowest = min([threshold, *(int(row["score"] * 100) / 100 for row in rows)])
    compared = known.get("compared")
    return {
        "rows": rows,
        "above": sum(row["score"] >= threshold for row in rows),
        "few": _FEW_SIMILAR,
        "threshold": threshold,
        "lowest": lowest,
        "model": str(known.get("model") or ""),
        "compared": compared if isinstance(compared, int) else None,
        "missing": known.get("missing"),
    }


def _picture(page: Mapping[str, Any], links: Links, neighbours: int) -> _Dict | None:
    """Return what the picture draws; an edge is three numbers: the places of its ends and of its relation."""
    given = page.get("picture") or {}
    nodes = list(given.get("nodes") or ())
    centre = next((str(one["id"]) for one in nodes if not one.get("hops")), "")
    if len(nodes) < 2 or not centre:
        return None
    near = max(0, neighbours - sum(one.get("hops") == 1 for one in nodes))
    place = {str(one["id"]): at for at, one in enumerate(nodes)}
    found = {
        str(one["id"]): one
        for one in given.get("edges") or ()
        if one["source"] != one["target"] and one["source"] in place and one["target"] in place
    }
    relations = {str(one["relation"]) for one in found.values()}
    known = [name for name in RELATIONS if name in relations]
    ordered = [*known, *sorted(relations - {*known})]
    return {
        "centre": centre,
        "nodes": [
            {
                "id": id_,
                "label": str(nodes[at].get("label") or id_),
                "type": str(nodes[at].get("type") or id_.partition(":")[0]),
                "hops": int(nodes[at].get("hops") or 0),
                "edges": int(nodes[at].get("edges") or 0),
                "href": links.node(id_),
            }
            for id_, at in place.items()
        ],
        "edges": [
            [place[one["source"]], place[one["target"]], ordered.index(str(one["relation"]))]
            for one in found.values()
        ],
        "relations": [
            {
                "relation": name,
                "reads": _verb(name),
                "both": name in RELATIONS and RELATIONS[name].symmetric,
            }
            for name in ordered
        ],
        "left_out": [near, max(0, int(given.get("left_out") or 0) - near)],
    }


def node_view(page: Mapping[str, Any], links: Links) -> _Dict:
    """Turn the record of a node's page into what the template prints.

    Args:
        page: ``gyges.graph/1``, as ``gyges graph show ID --json`` prints it.
        links: Where the pages stand.
    """
    given = page["node"]
    names = Names(page)
    name = name_view(given, links)
    rows = _neighbours(page, links, names)
    bearing = bearing_view(page, links, names)
    _told_above(rows, bearing["ids"])
    findings = _findings(page, links, names, rows, bearing)
    groups = _groups(page, rows)
    edges = sum(group["edges"] for group in groups)
    similar = _similar(page, links)
    quotes = _quotes(page, links, names)
    return {
        "name": name,
        "kind": NODE_TYPES.get(name["type"]),
        "status_means": STATUSES.get(name["status"], ""),
        "aliases": [str(one) for one in given.get("aliases") or ()],
        "formerly": [str(one) for one in given.get("formerly") or ()],
        "identifiers": identifiers(given.get("identifiers") or {}),
        "dates": dates(given.get("dates") or {}),
        "updated": str(given.get("updated") or ""),
        "channel": str(given.get("channel") or "curated"),
        "channel_means": CHANNELS.get(str(given.get("channel") or "curated"), ""),
        "by": str(given.get("by") or ""),
        "sources": [evidence_view(one, links, names.labels) for one in given.get("evidence") or ()],
        "edges": given["edges"] if isinstance(given.get("edges"), int) else edges,
        "neighbours": sum(group["nodes"] for group in groups),
        "groups": groups,
        "loose": _loose(rows),
        "summary": opening(
            name["type"], rows, bearing, [one["type"] for one in groups if one["left_out"]]
        ),
        "bearing": bearing,
        # Of a person or a passage nothing is true or false, unless somebody says so all the same.
        "weighs": bool(bearing["ids"]) or name["type"] not in ("thinker", "organisation", "quote"),
        "findings": findings,
        "resting": _resting(page, links, rows),
        "quotes": quotes,
        "similar": similar,
        "picture": _picture(page, links, sum(group["nodes"] for group in groups)),
    }
