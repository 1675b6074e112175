"""Write the tables of ``reference/graph-format.md`` that say what a graph may hold, from the code that holds it.

Between ``<!-- NAME -->`` and ``<!-- end -->`` stands what is made here; the rest of the page is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from gyges.graph import CHANNELS, GRADES, NODE_TYPES, RELATIONS, STATUSES, Node
from gyges.graph.formats import FORMATS
from gyges.graph.formats.jsonld_terms import CONTEXT, from_node
from gyges.graph.records import DECISIONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "graph-format.md"

_FEW = 5
"""Types that a set may lack and still be told by what it lacks."""


def page() -> str:
    """Give the page with its tables made anew."""
    text = PAGE.read_text(encoding="utf-8")
    made = {
        "types": _types(),
        "relations": _relations(),
        "statuses": _meanings("status", STATUSES),
        "channels": _meanings("channel", CHANNELS),
        "grades": _meanings("grade", GRADES),
        "decisions": _meanings("verdict", DECISIONS),
        "formats": _formats(),
        "terms": _terms(),
        "schema-types": _schema_types(),
    }
    for name, block in made.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        parts = pattern.split(text)
        if len(parts) != 4:
            raise ValueError(f"{PAGE}: expected one block {name}, found {len(parts) // 3}")
        before, start, end, after = parts
        text = f"{before}{start}\n{block}\n\n{end}{after}"
    return text


def _types() -> str:
    rows = ((f"`{one.name}`", one.meaning) for one in NODE_TYPES.values())
    return _table(("type", "what it is"), rows)


def _relations() -> str:
    rows = []
    for one in RELATIONS.values():
        said = one.meaning + ("; of one type" if one.same_type else "")
        back = "both ways the same" if one.symmetric else one.back
        rows.append((f"`{one.name}`", back, said, _set(one.domain), _set(one.range)))
    return _table(("relation", "read backwards", "meaning", "from", "to"), rows)


def _set(types: Collection[str]) -> str:
    left = [name for name in NODE_TYPES if name not in types]
    if not left:
        return "any"
    if len(left) <= _FEW:
        return f"any but {', '.join(left)}"
    return ", ".join(name for name in NODE_TYPES if name in types)


def _meanings(title: str, given: Mapping[str, str]) -> str:
    return _table((title, "meaning"), ((f"`{name}`", text) for name, text in given.items()))


def _formats() -> str:
    rows = (
        (
            f"`{one.name}`",
            ", ".join(f"`{suffix}`" for suffix in one.suffixes) or "by `--format` alone",
            "yes" if one.reads else "",
            "yes" if one.writes else "",
            one.what,
        )
        for one in FORMATS.values()
    )
    return _table(("format", "names ending in", "in", "out", "what it is"), rows)


def _terms() -> str:
    rows = []
    for name, said in CONTEXT.items():
        iri = said if isinstance(said, str) else said["@id"] if isinstance(said, Mapping) else ""
        if (
            iri
            and not name.startswith("@")
            and not name[0].isupper()
            and not iri.endswith(("/", "#"))
        ):
            rows.append((f"`{name}`", f"`{iri}`"))
    return _table(("term", "stands for"), rows)


def _schema_types() -> str:
    rows = []
    for name in NODE_TYPES:
        also = from_node(Node(f"{name}:x", "x"))["@type"]
        if not isinstance(also, str):
            rows.append((f"`{name}`", f"`schema:{also[1]}`"))
    return _table(("type", "is also"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)
