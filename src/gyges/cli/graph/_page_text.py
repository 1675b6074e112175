"""A node's page as text: what the site shows, for a terminal, each statement once."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import Any

__all__ = [
    "chosen_lines",
    "edge_lines",
    "page_lines",
    "passage_text",
    "source_text",
    "wrapped",
]

_ARROWS = {"out": "→", "in": "←", "both": "↔"}


def page_lines(page: Mapping[str, Any], *, full: bool, most: int) -> Iterator[str]:
    """Write a page as lines.

    A statement that bears on the node is told in full where that is told; elsewhere a short line refers to it.

    Args:
        page: What :func:`gyges.graph.page_of` gathered.
        full: Each edge's evidence as well.
        most: Neighbours of each type.
    """
    told: list[Mapping[str, Any]] = []
    yield from _head(page["node"])
    yield from _bearing(page["bearing"], page["node"]["id"], full, most, told)
    yield from _findings(page["findings"], most, told)
    yield from _resting(page["resting"], most)
    yield from _neighbours(page, full, most, {one["id"] for one in told})
    yield from _quotes(page["quotes"])
    yield from _similar(page["similar"], page["similarity"], most)


def chosen_lines(page: Mapping[str, Any], *, full: bool, most: int) -> Iterator[str]:
    """Write some of a node's edges as lines.

    Args:
        page: What :func:`gyges.graph.edges_page` gathered.
        full: Each edge's evidence as well.
        most: Neighbours of each type.
    """
    yield from _head(page["node"])
    yield from _neighbours(page, full, most, frozenset())


def _head(node: Mapping[str, Any]) -> Iterator[str]:
    edges = node["edges"]
    yield from wrapped(node["label"], "")
    yield f"{node['type']} · {node['status']} · {node['id']} · {edges} {_plural(edges, 'edge')}"
    if node.get("aliases"):
        yield from wrapped("also: " + "; ".join(node["aliases"]), "  ")
    if node.get("formerly"):
        yield from wrapped("formerly: " + ", ".join(node["formerly"]), "  ")
    marks = [f"{name} {value}" for name, value in node.get("identifiers", {}).items()]
    marks += [f"{name} {value}" for name, value in node.get("dates", {}).items()]
    if marks:
        yield from wrapped(" · ".join(marks), "  ")
    if node.get("gloss"):
        yield ""
        yield from wrapped(node["gloss"], "  ")
    for one in node["evidence"]:
        yield from wrapped(f"from {_evidence(one)}", "  ", "    ")


def _bearing(
    bearing: Mapping[str, Any], node: str, full: bool, most: int, told: list[Mapping[str, Any]]
) -> Iterator[str]:
    """Tell what bears on the node, and put it on the list of what was told."""
    counts = bearing["counts"]
    yield ""
    if not counts["supports"] and not counts["contradicts"]:
        yield "Nothing in the graph speaks for or against it yet."
        return
    own = next((one for one in bearing["about"] if one["id"] == node), None)
    contested = sum(1 for one in bearing["about"] if one["supports"] and one["contradicts"])
    if own is not None:
        yield f"What speaks for and against it ({own['supports']} for, {own['contradicts']} against)"
    elif bearing["about"]:
        # A sum over claims that contradict each other would say nothing.
        said = len(bearing["about"])
        yield f"What is said of it, and what speaks for and against that ({said} statements, {contested} contested)"
    groups: dict[str, list[Mapping[str, Any]]] = {}
    given = []
    for one in (*bearing["supports"], *bearing["contradicts"]):
        # What the node itself says of others does not speak for or against it.
        if one["about"]["id"] == node and one["direction"] == "out":
            given.append(one)
        else:
            groups.setdefault(one["about"]["id"], []).append(one)
    tallies = {one["id"]: one for one in bearing["about"]}
    ranked = sorted(
        groups.values(), key=lambda group: (group[0]["about"]["id"] != node, -len(group))
    )
    for group in ranked[:most]:
        about = group[0]["about"]
        sides = [
            [one for one in group if one["relation"] == name]
            for name in ("supports", "contradicts")
        ]
        # Of all that bears on it, also what the node itself says of it, which is told below.
        counted = tallies[about["id"]]
        tally = f"{counted['supports']} for, {counted['contradicts']} against"
        yield from wrapped(f"{about['label']} ({about['id']}; {tally})", "  ", "    ")
        # Both sides are told also where not all is told.
        mixed = [one for pair in zip_longest(*sides) for one in pair if one is not None]
        told += mixed[:most]
        for one in mixed[:most]:
            mark = "+" if one["relation"] == "supports" else "−"
            yield from wrapped(f"{mark} {_other(one)}", "    ", "      ")
            yield from _said(one, full)
        yield from _left(group, most, "    ")
    yield from _left(ranked, most)
    if given:
        yield ""
        yield f"What it speaks for and against ({len(given)})"
        told += given[:most]
        for one in given[:most]:
            yield from wrapped(f"{_ARROWS['out']} {one['reads']} {_other(one)}", "  ", "    ")
            yield from _said(one, full)
        yield from _left(given, most)


def _other(one: Mapping[str, Any]) -> str:
    """Name the other end of a statement, with how far its evidence was followed."""
    grades = list(dict.fromkeys(piece["grade"] for piece in one["evidence"])) or ["no evidence"]
    return f"{one['other']['label']} ({one['other']['id']}) [{', '.join(grades)}]"


def _findings(
    findings: Sequence[Mapping[str, Any]], most: int, told: list[Mapping[str, Any]]
) -> Iterator[str]:
    """Name the findings that are told neither above nor among the neighbours."""
    above = {(one["other"]["id"], one["about"]["id"]) for one in told}
    others = [
        one
        for one in findings
        # Those next to the node stand among its neighbours.
        if one["via"] and not {(one["id"], one["via"]), (one["via"], one["id"])} & above
    ]
    if not others:
        return
    yield ""
    yield f"More findings that bear on what is said of it ({len(others)})"
    for one in others[:most]:
        text = f"{one['label']} ({one['id']}): {one['reads']} {one['via_label']} ({one['via']})"
        yield from wrapped(text, "  ", "    ")
    yield from _left(others, most)


def _resting(resting: Mapping[str, Any], most: int) -> Iterator[str]:
    """Sum up what cites the node, and name the first statements."""
    edges, nodes = resting["edges"], resting["nodes"]
    if not edges and not nodes:
        return
    parts = [
        f"{number} {_plural(number, word)}, {least}{alone} on it alone"
        for word, number, alone, least in (
            ("statement", edges, resting["alone"], _least(edges, resting["weighed"])),
            ("node", nodes, resting["alone_nodes"], _least(nodes, resting["weighed_nodes"])),
        )
        if number
    ]
    yield ""
    yield f"What rests on it ({'; '.join(parts)})"
    # Its own statements stand among the neighbours.
    others = [one for one in resting["listed"] if not one["own"]]
    for one in others[:most]:
        where = ", ".join(part for part in (one["locator"], one["grade"]) if part)
        alone = "; on it alone" if one["alone"] else ""
        text = (
            f"{one['id']}  {one['subject']['label']} → {one['reads']} {one['object']['label']}"
            f" [{where}{alone}]"
        )
        yield from wrapped(text, "  ", "    ")
    yield from _left(others, most)
    if nodes:
        yield "  the nodes described from it: --json"


def _least(number: int, weighed: int) -> str:
    return "at least " if weighed < number else ""


def _neighbours(
    page: Mapping[str, Any], full: bool, most: int, told: Collection[str]
) -> Iterator[str]:
    for group in page["groups"]:
        members = [one for one in page["neighbours"] if one["type"] == group["type"]]
        edges = group["edges"]
        yield ""
        yield f"{group['plural'].capitalize()} ({group['nodes']}, {edges} {_plural(edges, 'edge')})"
        for one in members[:most]:
            above = [edge for edge in one["edges"] if edge["id"] in told]
            said = dict.fromkeys(f"{_ARROWS[edge['direction']]} {edge['reads']}" for edge in above)
            yield from wrapped(
                f"{one['count']}  {one['label']} ({one['id']}; {one['total']} in all)"
                + (f" {', '.join(said)}, see above" if said else ""),
                "  ",
                "     ",
            )
            for edge in one["edges"]:
                if edge["id"] not in told:
                    yield from edge_lines(edge, full=full)
        left = group["nodes"] - min(most, len(members))
        if left > 0:
            yield f"  and {left} more: --most {group['nodes']}"


def edge_lines(edge: Mapping[str, Any], *, full: bool) -> Iterator[str]:
    """Write an edge as seen from one of its ends."""
    grades = sorted({one["grade"] for one in edge["evidence"]}) or ["no evidence"]
    gloss = f": {edge['gloss']}" if edge["gloss"] else ""
    yield from wrapped(
        f"{_ARROWS[edge['direction']]} {edge['reads']}{gloss} [{', '.join(grades)}]",
        "     ",
        "       ",
    )
    if full:
        yield from _rests(edge)


def _said(one: Mapping[str, Any], full: bool) -> Iterator[str]:
    if one["gloss"]:
        yield from wrapped(one["gloss"], "      ")
    if full:
        yield from _rests(one)


def _rests(edge: Mapping[str, Any]) -> Iterator[str]:
    sure = "" if edge["confidence"] is None else f", confidence {edge['confidence']:.2f}"
    by = f", by {edge['by']}" if edge["by"] else ""
    yield from wrapped(f"{edge['id']}, {edge['channel']}{sure}{by}", "       ")
    for one in edge["evidence"]:
        yield from wrapped(f"· {_evidence(one)}", "       ", "         ")


def _evidence(one: Mapping[str, Any]) -> str:
    parts = [source_text(one), one["locator"], one["grade"]]
    said = ", ".join(part for part in parts if part)
    if one["note"]:
        said += f": {one['note']}"
    passage = one["passage"]
    if passage:
        said += f" — {passage_text(passage)}"
    return said


def source_text(one: Mapping[str, Any]) -> str:
    """Name the source of a piece of evidence."""
    return f"{one['label']} ({one['node']})" if one["node"] else "a source that is not named"


def passage_text(passage: Mapping[str, Any]) -> str:
    """Tell a passage, and whether it stands in the attached copy of its source."""
    if passage["state"] == "stands":
        where = f"characters {passage['start']:,} to {passage['end']:,} of {passage['file']}"
        return f"“{passage['text']}” (stands in {where})"
    text = f"“{passage['text']}” " if passage["text"] else ""
    if passage["state"] == "not attached":
        return (
            f"{text}(a passage of {passage['words']} words; not checked, for no copy is attached)"
        )
    return f"{text}(NOT FOUND in {passage['file']})"


def _quotes(quotes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not quotes:
        return
    yield ""
    yield f"Quotes ({len(quotes)})"
    for one in quotes:
        yield from wrapped(f"{one['label']} ({one['id']})", "  ", "    ")
        where = ", ".join(part for part in (one["source"]["label"], one["locator"]) if part)
        if one["state"] == "no passage":
            yield from wrapped(f"{where}: the passage itself is not known", "    ")
        else:
            yield from wrapped(f"{where}: {passage_text(one)}", "    ")
            if one["state"] == "not attached":
                yield f"    gyges graph attach FILE --to {one['source']['id']}"


def _similar(
    similar: Sequence[Mapping[str, Any]], how: Mapping[str, Any], most: int
) -> Iterator[str]:
    yield ""
    if how.get("missing"):
        yield from wrapped(f"Related by similarity: {how['missing']}", "")
        return
    yield from wrapped(
        f"Related by similarity, and joined by no edge ({how['found']}; cosine ≥ {how['threshold']:g}, {how['model']}, "
        f"{how['compared']:,} nodes compared)",
        "",
    )
    for one in similar[: max(most, 10)]:
        yield from wrapped(f"{one['score']:.3f}  {one['label']} ({one['id']})", "  ", "         ")
    if how["found"] > max(most, 10):
        yield f"  and {how['found'] - max(most, 10)} more: --most {how['found']}"
    if similar:
        yield "  gyges graph review decides on them"


def _left(found: Sequence[Any], most: int, indent: str = "  ") -> Iterator[str]:
    if len(found) > most:
        yield f"{indent}and {len(found) - most} more: --most {len(found)}"


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def wrapped(text: str, first: str, rest: str | None = None) -> list[str]:
    """Fill a text to the terminal's width, at most 110 columns."""
    width = max(min(shutil.get_terminal_size((100, 24)).columns, 110), 40)
    # A control character of a stranger's text must not reach the terminal.
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    # An id must stay whole, to be copied.
    return wrap(
        plain,
        width,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_on_hyphens=False,
        break_long_words=False,
    ) or [""]
