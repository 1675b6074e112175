"""What does the first sentence of a node's page answer?

What somebody who came for this kind of node wants to know: of a claim, what speaks for and against it and how well that
is known; of an idea, what is claimed of it; of a question, who works on it; of a paper, what it puts forward. A number
is that of the whole graph, or says that it is a least one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from gyges.graph.site.words import GRADE_WORDS, count, name_of_type

__all__ = ["Part", "opening"]

Part = str | Mapping[str, Any]
"""Words, or a node that is named by its link."""

_NOTHING = "Nothing in the graph speaks for or against it yet."
_SAID = ("claim", "hypothesis", "finding")
_Row = Mapping[str, Any]


def opening(
    type_: str, rows: Sequence[_Row], bearing: Mapping[str, Any], cut: Collection[str] = ()
) -> list[Part]:
    """Say in two or three sentences what the graph knows of a node.

    Args:
        type_: The node's kind.
        rows: Its neighbours, each with its ``type`` and its ``relations`` as they read from the node.
        bearing: What speaks for and against, as :func:`gyges.graph.site.weighing.bearing_view` groups it.
        cut: The kinds of which not all neighbours are there.
    """
    around = _Around(rows, cut)
    if type_ == "question":
        said = _question(around)
    elif type_ == "hypothesis":
        said = [*_tested(around), *_verdict(bearing)]
    elif type_ == "paper":
        said = _paper(around, bearing)
    elif type_ in ("thinker", "organisation"):
        said = _agent(around)
    elif type_ == "quote":
        said = _quote(around)
    elif type_ == "finding":
        said = [*_gives(bearing), *_verdict(bearing, quiet=bool(bearing["given"]))]
    elif type_ == "claim":
        said = [*_verdict(bearing), *_gives(bearing)]
    else:
        said = _idea(around, bearing)
    return said


class _Around:
    """The neighbours of a node, by how they are joined to it."""

    def __init__(self, rows: Sequence[_Row], cut: Collection[str]) -> None:
        self._rows = rows
        self._cut = cut

    def of(self, direction: str, *relations: str, types: Collection[str] = ()) -> list[_Row]:
        """Return those that an edge of one of some relations joins, in that direction; the best known first."""
        return [
            row
            for row in sorted(self._rows, key=lambda row: -row["total"])
            if (not types or row["type"] in types)
            and any(
                edge["relation"] in relations and edge["direction"] == direction
                for edge in row["relations"]
            )
        ]

    def joined(self, *types: str) -> list[_Row]:
        """Return those of some kinds that more than a loose association joins."""
        return [row for row in self._rows if row["type"] in types and not row["loose"]]

    def least(self, rows: Iterable[_Row]) -> str:
        """Say that there may be more than these."""
        return "at least " if any(row["type"] in self._cut for row in rows) else ""

    def counted(self, rows: Sequence[_Row]) -> str:
        """Count some by kind: ``2 papers and 3 findings``."""
        types = list(dict.fromkeys(row["type"] for row in rows))
        number = {type_: sum(row["type"] == type_ for row in rows) for type_ in types}
        types.sort(key=lambda type_: -number[type_])
        return self.least(rows) + _and([name_of_type(type_, number[type_]) for type_ in types])


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _names(rows: Sequence[_Row], most: int = 3) -> list[Part]:
    """Name the first of some, and count the others."""
    cut = rows[:most] if len(rows) > most + 1 else rows
    last = f" and {len(rows) - len(cut):,} more" if len(cut) < len(rows) else ""
    parts: list[Part] = []
    for place, row in enumerate(cut):
        if place:
            parts.append(" and " if not last and place == len(cut) - 1 else ", ")
        parts.append(row)
    return [*parts, last] if last else parts


def _sentence(start: str, rows: Sequence[_Row], end: str = ". ") -> list[Part]:
    return [start, *_names(rows), end] if rows else []


def _grades(edges: Iterable[_Row]) -> str:
    """Count statements by how far the best evidence of each was followed."""
    order = [*GRADE_WORDS]
    found: dict[str, int] = {}
    for edge in edges:
        grades = [one["grade"] for one in edge["evidence"] if one["grade"] in order]
        best = min(grades, key=order.index) if grades else ""
        found[best] = found.get(best, 0) + 1
    known = [name for name in (*order, "") if name in found]
    words = {**GRADE_WORDS, "": "without evidence"}
    if len(known) == 1:
        number = found[known[0]]
        return f"{'all ' if number > 2 else 'both ' if number == 2 else ''}{words[known[0]]}"
    return ", ".join(f"{found[name]:,} {words[name]}" for name in known)


def _side(side: Mapping[str, Any]) -> str:
    rows = [*side["rows"]["open"], *side["rows"]["folded"]]
    # Where not all are told, nobody can say how the others are known.
    return f" ({_grades(rows)})" if len(rows) == side["number"] else ""


def _verdict(bearing: Mapping[str, Any], *, quiet: bool = False) -> list[Part]:
    """Say how much speaks for and against the node itself, and how that is known."""
    if bearing["own"] is None:
        return [] if quiet else [_NOTHING]
    yes, no = bearing["own"]["sides"]
    if not no["number"]:
        return [
            f"Supported by {count(yes['number'], 'statement')}{_side(yes)}; nothing in the graph contradicts it. "
        ]
    if not yes["number"]:
        return [
            f"Contradicted by {count(no['number'], 'statement')}{_side(no)}; nothing in the graph supports it. "
        ]
    return [
        f"Supported by {count(yes['number'], 'statement')}{_side(yes)}, "
        f"contradicted by {no['number']:,}{_side(no)}. "
    ]


def _gives(bearing: Mapping[str, Any]) -> list[Part]:
    """Say what the node itself speaks for and against."""
    if bearing["given"] is None:
        return []
    parts: list[Part] = []
    for side, verb in zip(bearing["given"]["sides"], ("supports ", "contradicts "), strict=True):
        others = [row["other"] for row in (*side["rows"]["open"], *side["rows"]["folded"])]
        if not others:
            continue
        named = _names(others, 2)
        if side["left_out"]:
            named = [count(side["number"], "statement")]
        parts += ["; " if parts else "It ", verb, *named]
    return [*parts, ". "] if parts else []


def _claims(around: _Around, bearing: Mapping[str, Any]) -> list[Part]:
    """Say what is claimed of an idea, and on which claim most bears."""
    said = around.joined("claim", "hypothesis")
    claims = [*bearing["claims"]["open"], *bearing["claims"]["folded"]]
    if not said and not claims:
        return []
    parts: list[Part] = []
    if said:
        parts.append(
            f"{_capital(around.counted(said))} {'is' if len(said) == 1 else 'are'} about it"
        )
    if not claims:
        return [*parts, "; nothing in the graph speaks for or against them yet. "] if parts else []
    weighed = f"{count(bearing['for'], 'statement')} for and {bearing['against']:,} against"
    parts.append(f", with {weighed}" if parts else f"What is said next to it has {weighed}")
    most = claims[0]
    yes, no = most["sides"]
    tally = f" ({yes['number']:,} for, {no['number']:,} against). "
    return [*parts, "; most bears on ", most["name"], tally]


def _idea(around: _Around, bearing: Mapping[str, Any]) -> list[Part]:
    parts = [*_verdict(bearing, quiet=True), *_claims(around, bearing)]
    if not parts:
        parts = ["Nothing in the graph claims anything of it yet. "]
    proposed = around.of("in", "proposes")
    return [*parts, *_sentence("Proposed by ", proposed)]


def _question(around: _Around) -> list[Part]:
    found = around.of("in", "studies", "supports", "measures", types=_SAID)
    others = around.of("in", "studies", "measures")
    others = [row for row in others if row not in found]
    parts = (
        _sentence(
            f"{_capital(around.counted(found))} {'bears' if len(found) == 1 else 'bear'} on it: ",
            found,
        )
        if found
        else []
    )
    if not parts:
        parts = ["Nothing in the graph answers it yet. "]
    return [*parts, *_sentence("It is studied by ", others)]


def _tested(around: _Around) -> list[Part]:
    """Say what was made to test a hypothesis."""
    testing = ("setting", "artifact", "method", "dataset", "paper", "framework", "finding")
    tests = around.of("in", "studies", "measures", types=testing)
    uses = [row for row in around.of("out", "uses") if row not in tests]
    return _sentence("Tested by ", tests) + _sentence("To be tested with ", uses)


def _paper(around: _Around, bearing: Mapping[str, Any]) -> list[Part]:
    proposed = around.of("out", "proposes")
    findings = around.of("in", "extracted_from", types=("finding",))
    parts = _sentence("It proposes ", proposed)
    if findings:
        number = around.least(findings) + f"{len(findings):,}"
        are = "is" if len(findings) == 1 else "are"
        parts.append(f"{_capital(number)} of its findings {are} in the graph. ")
    studied = [row for row in around.of("out", "studies") if row not in proposed]
    if not parts:
        parts = _sentence("It studies ", studied)
    return parts + _gives(bearing) or ["The graph knows of it as a source and of nothing in it. "]


def _agent(around: _Around) -> list[Part]:
    made = around.of("in", "authored_by")
    put = [row for row in around.of("out", "proposes") if row not in made]
    studied = [row for row in around.of("out", "studies") if row not in made]
    parts = _sentence("Wrote or made ", made)
    parts += _sentence("Put forward ", put) + _sentence("Works on ", studied)
    return parts or ["The graph knows of nothing that came from here. "]


def _quote(around: _Around) -> list[Part]:
    source = around.of("out", "extracted_from")
    parts = _sentence("A passage of ", source)
    resting = around.of("in", "quotes")
    return [*parts, *_sentence("Quoted by ", resting)] or ["Its source is not in the graph. "]
