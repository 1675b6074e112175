"""How are a node, a statement and what it rests on named on a page?

Every field of a record is told, and every id that has a page has its link; where a record names a node by its id alone,
the graph is asked for its label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gyges.graph.site.links import Links
from gyges.graph.site.words import GRADE_WORDS, STATE_WORDS, address
from gyges.graph.vocabulary import CHANNELS, GRADES, LAST_RESORT

__all__ = ["Names", "edge_view", "evidence_view", "name_view", "passage_view", "ranked"]

_Dict = dict[str, Any]


def name_view(given: Mapping[str, Any] | str, links: Links) -> _Dict:
    """Return what names a node anywhere: ``id, type, label, missing, gloss, status, edges, href``.

    Args:
        given: A record with an id, or an id alone.
        links: Where the pages stand.
    """
    if isinstance(given, str):
        given = {"id": given}
    id_ = str(given.get("id") or "")
    known = given.get("label") if "label" in given else links.label(id_)
    label = str(known or "").strip()
    type_ = str(given.get("type") or id_.partition(":")[0])
    return {
        "id": id_,
        "type": type_,
        "label": label or id_,
        # An id alone says nothing about the label; an empty label does.
        "missing": "label" in given and not label,
        "gloss": str(given.get("gloss") or ""),
        "status": str(given.get("status") or "active"),
        "edges": given.get("edges") if isinstance(given.get("edges"), int) else None,
        "href": links.node(id_),
    }


def evidence_view(given: Mapping[str, Any], links: Links, names: Mapping[str, str]) -> _Dict:
    """Return one piece of evidence as it is shown: source, place, how far it was followed, note and passage."""
    node = str(given.get("node") or "")
    grade = str(given.get("grade") or "unverified")
    locator = str(given.get("locator") or "")
    label = str(given.get("label") or "") or names.get(node, "") or links.label(node)
    return {
        "label": label or node or "source not named",
        "href": links.node(node),
        "locator": locator,
        "locator_href": address(locator),
        "grade": grade,
        "grade_words": GRADE_WORDS.get(grade, grade),
        "grade_means": GRADES.get(grade, ""),
        "note": str(given.get("note") or ""),
        "passage": passage_view(given.get("passage")),
    }


def passage_view(given: Mapping[str, Any] | None) -> _Dict | None:
    """Return a passage as it is shown: its state in words, its text where a copy is attached, and its place."""
    if not given:
        return None
    # A record of the graph itself has a text and no state: the state is what a copy of the source says.
    state = str(given.get("state") or "not attached")
    return {
        "state": state,
        "state_words": STATE_WORDS.get(state, state),
        "text": given.get("text") or "",
        "start": given.get("start"),
        "end": given.get("end"),
        "words": given.get("words"),
    }


class Names:
    """The labels of all nodes that a page's record names somewhere."""

    def __init__(self, page: Mapping[str, Any]) -> None:
        self.labels: dict[str, str] = {}
        found: list[Mapping[str, Any]] = [page["node"]]
        for part in ("neighbours", "similar", "findings"):
            found += page.get(part) or ()
        found += (page.get("picture") or {}).get("nodes") or ()
        found += [one["source"] for one in page.get("quotes") or () if one.get("source")]
        for one in found:
            if one.get("id") and one.get("label"):
                self.labels.setdefault(str(one["id"]), str(one["label"]))

    def of(self, given: Any) -> Mapping[str, Any]:
        """Return a node's name from an id, or from a record with an id."""
        if isinstance(given, Mapping):
            return given
        id_ = str(given or "")
        return {"id": id_, "label": self.labels[id_]} if id_ in self.labels else {"id": id_}


def edge_view(given: Mapping[str, Any], links: Links, names: Names) -> _Dict:
    """Return an edge as it reads from the page's node: direction, words, evidence, origin."""
    relation = str(given["relation"])
    channel = str(given.get("channel") or "curated")
    direction = str(given.get("direction") or "out")
    evidence = [evidence_view(one, links, names.labels) for one in given.get("evidence") or ()]
    confidence = given.get("confidence")
    return {
        "id": str(given.get("id") or ""),
        "relation": relation,
        "loose": relation == LAST_RESORT,
        "direction": direction,
        "arrow": {"in": "←", "both": "↔"}.get(direction, "→"),
        "reads": str(given.get("reads") or relation.replace("_", " ")),
        "gloss": str(given.get("gloss") or ""),
        "evidence": evidence,
        "channel": channel,
        "channel_means": CHANNELS.get(channel, ""),
        "confidence": confidence,
        "by": str(given.get("by") or ""),
    }


def ranked(neighbours: Iterable[_Dict], few: int) -> _Dict:
    """Part a list of neighbours into what stands open and what is folded; their order is the record's."""
    rows = list(neighbours)
    # One more line is no reason to fold.
    cut = few if len(rows) > few + 2 else len(rows)
    return {"open": rows[:cut], "folded": rows[cut:], "nodes": len(rows)}
