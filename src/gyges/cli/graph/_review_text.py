"""What does somebody who decides see of the queue and of each candidate?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from gyges.cli.graph._page_text import wrapped

__all__ = ["candidate_lines", "edge_in_words", "header", "short_lines", "since_words", "suggested"]

_SEEMS = {"same": "probably the same", "opposed": "perhaps opposed", "related": "related"}
_STATES = {
    "stands": "✓ stands word for word in your copy",
    "not found": "✗ does not stand in your copy of the source",
    "not attached": "○ not checked here: no copy of the source is attached",
}
_MOST_EVIDENCE = 2
_MOST_SUGGESTED = 4

_Item = Mapping[str, Any]


def header(counts: Mapping[str, int], since: str | None, most: int) -> str:
    """Say how much waits, and of what."""
    from gyges.graph.review.queueing import PARTS

    total = sum(counts.values())
    more = " or more" if total >= most else ""
    named = "; ".join(f"{number:,} {PARTS[part]}" for part, number in counts.items())
    wait = "waits" if total == 1 else "wait"
    return f"{total:,}{more} {wait} for a decision{since_words(since)}: {named}"


def since_words(since: str | None) -> str:
    """Say to what the queue is limited; nothing where it is not."""
    if not since:
        return ""
    begin = f"after change {since}" if since.strip().isdecimal() else f"since {since}"
    return f", of what came in {begin}"


def short_lines(item: _Item) -> Iterator[str]:
    """Write a candidate for a list: what it is, and the command that decides."""
    one, other = _ends(item)
    score = f"{item['score']:.3f}  " if item["score"] is not None else ""
    if item["kind"] == "similar":
        yield from wrapped(f"{score}{_named(one)} ≈ {_named(other)}", "", "       ")
        command = f"gyges graph review {one['id']} {other['id']} --edge RELATION"
        same = " | --merge ID" if item["same_type"] else ""
    else:
        yield from wrapped(f"{item['key']}  {score}{_proposed(item)}", "", "       ")
        verb = "--accept" if item["kind"] == "statement" else "--edge RELATION"
        command, same = f"gyges graph review {item['key']} {verb}", ""
    if item["likeness"] and item["kind"] == "similar":
        yield from wrapped(_seems(item["likeness"]), "       ")
    for new in item["new"]:
        found = ", ".join(one["id"] for one in new["suggestions"][:3])
        if found:
            several = len(item["new"]) > 1
            same += "" if "--is" in same else " | --is NEW=ID" if several else " | --is ID"
            name = f"{new['label']} ({new['id']})" if several else new["label"]
            yield from wrapped(f"{name} is not in the graph; perhaps {found}", "       ")
    yield from wrapped(f"{command}{same} | --not-same | --later", "       ")
    names = ", ".join(dict.fromkeys(row["relation"] for row in item["relations"]))
    if names:
        yield from wrapped(f"relations: {names}", "       ")


def candidate_lines(item: _Item) -> Iterator[str]:
    """Write all that is known of a candidate: both nodes, what is proposed and what it rests on, and what it may be."""
    one, other = _ends(item)
    yield from wrapped(_why(item), "")
    proposal = item["proposal"] or {}
    # What a new node rests on is mostly what the statement about it rests on, which is told below.
    told = {piece.get("locator") for piece in (proposal.get("edge") or {}).get("evidence") or ()}
    yield from _end_lines("A", one, told)
    yield from _end_lines("B", other, told)
    if edge := proposal.get("edge"):
        yield from wrapped(f"says: {edge_in_words(item)}", "  ", "    ")
        if edge.get("gloss"):
            yield from wrapped(edge["gloss"], "    ")
        yield from _evidence_lines(
            edge.get("evidence") or (), "    ", len(edge.get("evidence", ()))
        )
        if not edge.get("evidence"):
            yield "    no evidence is given"
        if item["known"]:
            # Accepting adds to the edge that says it in the same words, or makes another one.
            said = (
                "the graph says this already; accepting it adds what it rests on"
                if item["completes"]
                else "the graph says this already in other words; accepting it adds a second statement"
            )
            yield from wrapped(said, "    ")
    if proposal.get("note"):
        yield from wrapped(f"note: {proposal['note']}", "  ", "    ")
    if item["likeness"] and item["kind"] == "similar":
        yield from wrapped(f"seems: {_seems(item['likeness'])}", "  ", "    ")
    number = 0
    for new in item["new"]:
        letter = _letter(item, new)
        found = new["suggestions"][:_MOST_SUGGESTED]
        if not found:
            yield from wrapped(
                f"{letter} is not in the graph, and nothing there looks like it.", "  "
            )
            continue
        yield from wrapped(
            f"{letter} is not in the graph. Is it one of these, under another name?", "  "
        )
        for suggestion in found:
            number += 1
            yield from _suggestion_lines(number, suggestion)


def suggested(item: _Item) -> list[tuple[str, str]]:
    """Return what each number stands for: the new node's id and that of the graph's."""
    return [
        (new["id"], found["id"])
        for new in item["new"]
        for found in new["suggestions"][:_MOST_SUGGESTED]
    ]


def edge_in_words(item: _Item) -> str:
    """Say a proposed edge: A proposes B."""
    from gyges.graph.vocabulary import RELATIONS

    edge = item["proposal"]["edge"]
    rule = RELATIONS.get(edge["relation"])
    one = item["one"]["id"] if item["one"] else edge["subject"]
    first = edge["subject"] == one or one in (item["one"] or {}).get("formerly", ())
    ends = ("A", "B") if first or edge["object"] != one else ("B", "A")
    return f"{ends[0]} {rule.reads if rule else edge['relation']} {ends[1]}"


def _why(item: _Item) -> str:
    proposal = item["proposal"] or {}
    made = [
        f"by {proposal['by']}" if proposal.get("by") else "",
        f"from {proposal['source']}" if proposal.get("source") else "",
    ]
    origin = " ".join(one for one in made if one)
    if item["kind"] == "statement":
        said = f"A proposed statement {origin}".rstrip()
    elif item["kind"] == "near":
        said = f"B is said to be near A, without saying how, {origin}".rstrip(" ,")
    else:
        cosine = "" if item["score"] is None else f" (cosine {item['score']:.3f})"
        same = (
            "Two nodes that share a name" if item["score"] is None else "Two nodes that are alike"
        )
        said = f"{same}{cosine}, and that no edge joins"
    score = item["score"]
    if item["kind"] != "similar" and score is not None:
        said += f"; its source says {score:.2f}"
    return f"{said}{'; put off ' + item['put_off'][:10] if item['put_off'] else ''}."


def _end_lines(letter: str, node: _Item, told: Collection[str]) -> Iterator[str]:
    yield from wrapped(f"{letter}  {node['label']}", "  ", "     ")
    edges = node.get("edges")
    there = (
        "not in the graph yet"
        if node.get("new", True)
        else f"{edges:,} edge{'' if edges == 1 else 's'}"
    )
    kind = node.get("type") or "its type is not known"
    yield from wrapped(" · ".join(one for one in (kind, there, node.get("id", "")) if one), "     ")
    if node.get("aliases"):
        yield from wrapped("also: " + "; ".join(node["aliases"]), "     ", "       ")
    if node.get("gloss"):
        yield from wrapped(node["gloss"], "     ")
    evidence = node.get("evidence") or ()
    if node.get("new"):
        evidence = [piece for piece in evidence if piece.get("locator") not in told]
    yield from _evidence_lines(evidence, "     ", _MOST_EVIDENCE)


def _evidence_lines(evidence: Sequence[_Item], indent: str, most: int) -> Iterator[str]:
    for piece in evidence[:most]:
        place = ", ".join(one for one in (piece.get("node", ""), piece.get("locator", "")) if one)
        grade = piece.get("grade", "unverified")
        note = f": {piece['note']}" if piece.get("note") else ""
        yield from wrapped(
            f"from {place or 'no named source'} ({grade}){note}", indent, indent + "  "
        )
        passage = piece.get("passage")
        if passage:
            if passage.get("text"):
                yield from wrapped(f"“{passage['text']}”", indent + "  ", indent + "   ")
            yield from wrapped(_STATES.get(passage["state"], passage["state"]), indent + "  ")
    if len(evidence) > most:
        yield f"{indent}and {len(evidence) - most} more"


def _suggestion_lines(number: int, one: _Item) -> Iterator[str]:
    score = f"{one['score']:.2f} " if one["score"] is not None else ""
    edges = f"{one['edges']:,} edge{'' if one['edges'] == 1 else 's'}"
    yield from wrapped(
        f"{number}  {one['label']}  ({one['type']}, {edges}) {one['id']}", "    ", "       "
    )
    said = "; ".join(one["why"]) or "alike in meaning"
    against = f"; against it: {'; '.join(one['against'])}" if one["against"] else ""
    yield from wrapped(f"{score}{said}{against}", "       ")


def _letter(item: _Item, new: _Item) -> str:
    one, other = item["one"] or {}, item["other"] or {}
    if new["id"] and new["id"] == one.get("id"):
        return "A"
    return "B" if new["id"] == other.get("id", "") else f"“{new['label']}”"


def _ends(item: _Item) -> tuple[_Item, _Item]:
    proposal = item["proposal"] or {}
    edge = proposal.get("edge") or {}
    bare = {
        "id": "",
        "label": proposal.get("label") or proposal.get("gloss") or "",
        "gloss": proposal.get("gloss", "") if proposal.get("label") else "",
    }
    one = item["one"] or {"id": "", "label": edge.get("subject") or proposal.get("about", "")}
    return one, item["other"] or (bare if not edge else {"id": "", "label": edge["object"]})


def _named(node: _Item) -> str:
    return f"{node['label']} ({node['id']})"


def _proposed(item: _Item) -> str:
    one, other = _ends(item)
    proposal = item["proposal"]
    edge = proposal.get("edge")
    if edge:
        pieces = edge.get("evidence") or ()
        quoted = next((e["passage"].get("text") for e in pieces if e.get("passage")), "")
        said = f"{one['label']} — {edge['relation']} → {other['label']}"
        return said + (f": “{quoted}”" if quoted else "")
    kind = "" if item["other"] else " (its type is not known: --type TYPE)"
    origin = proposal.get("source") or proposal.get("by", "")
    return f"{one['label']} ≈ {other['label']}{kind}, by {origin}"


def _seems(likeness: _Item) -> str:
    why = "; ".join((*likeness["reasons"], *likeness["warnings"]))
    return f"{_SEEMS[likeness['verdict']]}{': ' + why if why else ''}"
