"""What does the page of the review show of what waits, and what can be decided there?

A candidate is turned into the two nodes, what speaks for joining them, and the decisions that the vocabulary allows for
it; a node that is only proposed comes with the nodes of the graph that it may be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from gyges.graph.review.queueing import PARTS
from gyges.graph.site.links import Links, review_anchor
from gyges.graph.site.statements import evidence_view, name_view
from gyges.graph.site.words import clip
from gyges.graph.vocabulary import NODE_TYPES, RELATIONS, fits

__all__ = ["part_views", "review_views"]

_Dict = dict[str, Any]


def part_views(parts: Mapping[str, int], chosen: str, since: str, links: Links) -> list[_Dict]:
    """Return the parts of the queue with their numbers, and where each stands by itself."""

    def view(name: str, words: str, number: int) -> _Dict:
        asked = {key: value for key, value in (("part", name), ("since", since)) if value}
        href = links.review + (f"?{urlencode(asked)}" if asked else "")
        return {
            "words": words,
            "number": number,
            # No server answers a static page's question.
            "href": "" if links.static else href,
            "current": name == chosen,
        }

    found = [view(name, PARTS[name], parts[name]) for name in PARTS if parts.get(name)]
    if chosen or len(found) > 1:
        found.insert(0, view("", "all", sum(parts.values())))
    return found


def _gone(item: Mapping[str, Any]) -> bool:
    """Say whether what a proposal is about was taken out of the graph, so that nothing can be joined."""
    ends = ("one", "other") if item.get("kind") == "statement" else ("one",)
    return not all(item.get(end) for end in ends)


def _named(proposal: Mapping[str, Any], end: str) -> _Dict:
    """An end that is gone, under the id that the proposal knows it by."""
    id_ = str((proposal.get("edge") or {}).get(end) or proposal.get("about") or "")
    return {"id": "", "type": id_.partition(":")[0], "label": id_}


def _choices(item: Mapping[str, Any], chosen: str) -> list[_Dict]:
    """The statements that may join the two, in words; those of all kinds where one end's kind is not known."""
    given = [(str(one["relation"]), bool(one["forward"])) for one in item.get("relations") or ()]
    if _gone(item):
        return []
    if not item.get("other"):
        a = str(item["one"]["id"]).partition(":")[0]
        given = [
            (name, forward)
            for name in RELATIONS
            for forward in (True, False)
            if any(fits(a, name, b) if forward else fits(b, name, a) for b in NODE_TYPES)
        ]
    choices = []
    for name, rule in RELATIONS.items():
        for forward in (True, False):
            if (name, forward) in given and (forward or not rule.symmetric):
                value = f"{name}:{'out' if forward else 'in'}"
                words = f"A {rule.reads if forward else rule.back} B"
                choices.append({"value": value, "words": words, "chosen": value == chosen})
    return choices


def _statement(given: Mapping[str, Any] | None, links: Links) -> _Dict | None:
    """A proposed statement as it reads from A, its subject, to B, whatever their ids are by now."""
    if not given:
        return None
    name = str(given["relation"])
    rule = RELATIONS.get(name)
    both = rule is not None and rule.symmetric
    return {
        "relation": name,
        "reads": rule.reads if rule else name,
        "arrow": "↔" if both else "→",
        "value": f"{name}:out",
        "gloss": str(given.get("gloss") or ""),
        "evidence": [evidence_view(one, links, {}) for one in given.get("evidence") or ()],
        "channel": str(given.get("channel") or "curated"),
        "by": str(given.get("by") or ""),
        "confidence": given.get("confidence"),
    }


_WHY = {
    "similar": "alike, and joined by no edge",
    "statement": "proposed",
    "near": "said to be near it, without a relation",
}
_SEEMS = {"same": "probably the same", "opposed": "perhaps opposed", "related": "related"}
_MOST_SHOWN = 4
"""Suggestions that stand open for a proposed node."""


def _end(given: Mapping[str, Any], links: Links) -> _Dict:
    """One of the two nodes, with what it rests on."""
    evidence = [evidence_view(one, links, {}) for one in given.get("evidence") or ()]
    also = [str(one) for one in given.get("aliases") or ()]
    new = bool(given.get("new"))
    return {**name_view(given, links), "new": new, "also": also, "evidence": evidence}


def _proposed(given: Mapping[str, Any], a: str, b: str, links: Links) -> _Dict:
    """A node that is only proposed, and the nodes of the graph that it may be."""
    found = [
        {
            **name_view(one, links),
            "score": float(one["score"]) if one.get("score") is not None else None,
            "why": "; ".join(str(said) for said in one.get("why") or ()) or "alike in meaning",
            "against": "; ".join(str(said) for said in one.get("against") or ()),
        }
        for one in given.get("suggestions") or ()
    ]
    id_ = str(given.get("id") or "")
    return {
        "id": id_,
        "letter": "A"
        if id_ == a
        else "B"
        if id_ == b
        else f"“{clip(str(given.get('label')), 60)}”",
        "label": str(given.get("label") or id_),
        "suggestions": found[:_MOST_SHOWN],
    }


def _seems(given: Mapping[str, Any] | None) -> _Dict | None:
    """What a stricter look than the cosine says of two nodes, and what speaks for and against it."""
    if not given:
        return None
    verdict = str(given["verdict"])
    return {
        "verdict": verdict,
        "words": _SEEMS.get(verdict, verdict),
        "reasons": [str(one) for one in given.get("reasons") or ()],
        "warnings": [str(one) for one in given.get("warnings") or ()],
    }


def review_views(items: Sequence[Mapping[str, Any]], links: Links) -> list[_Dict]:
    """Turn candidates, as :meth:`gyges.graph.review.Candidate.to_dict` gives them, into what the queue shows."""
    views = []
    for item in items:
        proposal = item.get("proposal") or {}
        bare = {
            "id": "",
            "label": proposal.get("label") or proposal.get("gloss") or "",
            "gloss": proposal.get("gloss") if proposal.get("label") else "",
            "new": True,
        }
        said_of = proposal.get("edge")
        given = item.get("one") or _named(proposal, "subject")
        other = item.get("other") or (_named(proposal, "object") if said_of else bare)
        a, b = _end(given, links), _end(other, links)
        edge = _statement(said_of, links)
        kind_of = str(item.get("kind") or "similar")
        said = (_WHY.get(kind_of, kind_of), proposal.get("by"), proposal.get("source"))
        can_merge = kind_of == "similar" and a["type"] == b["type"]
        key = str(item["key"])
        score = item.get("score")
        questions = {"statement": "Does this hold?", "near": "Joined how?"}
        views.append(
            {
                "key": key,
                "anchor": review_anchor(key),
                "question": "The same, or joined how?"
                if can_merge
                else questions.get(kind_of, "Joined how?"),
                "a": a,
                "b": b,
                "edge": edge,
                "score": float(score) if score is not None else None,
                "seems": _seems(item.get("likeness")) if kind_of == "similar" else None,
                "why": " · ".join(str(one) for one in said if one),
                "note": str(proposal.get("note") or ""),
                "kind": kind_of,
                "new": [_proposed(one, a["id"], b["id"], links) for one in item.get("new") or ()],
                "known": bool(item.get("known")),
                "completes": bool(item.get("completes")),
                "gone": _gone(item),
                "put_off": str(item.get("put_off") or ""),
                "choices": _choices(item, edge["value"] if edge else ""),
                "can_merge": can_merge,
            }
        )
    return views
