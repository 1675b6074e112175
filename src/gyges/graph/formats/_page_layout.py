"""What does a concept page show, line by line?

The layout: type, status, ``type:slug`` with the label glued to it, a gloss; the line ``Neighborhood``; groups such as
``Papers (2)``; ``Related by similarity (8)``. A browser's copy may indent, keep or lose bullets, or put the parts of an
item on lines of their own. A group that announces more items than it shows, and shows some, is a copy with holes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from gyges.errors import GraphError, nearest
from gyges.graph.formats._page_items import Item, read_item, read_similar
from gyges.graph.model import slug_of
from gyges.graph.vocabulary import NODE_TYPES, RELATIONS

__all__ = ["Group", "Page", "read_page"]

_ORGANISATIONS = {"organization": "organisation", "organizations": "organisation"}
_TYPES = {
    **{name: name for name in NODE_TYPES},
    **{one.plural: one.name for one in NODE_TYPES.values()},
    **_ORGANISATIONS,
}
_NEIGHBOURS = re.compile(r"neighbou?r(?:hood|s)\b", re.I)
_HEADING = re.compile(r"(?P<name>[^\W\d_][\w -]{0,40}?)\s*[(\[](?P<count>\d[\d,]{0,8})[)\]]")
_SIMILAR = re.compile(r"(?:related|similar)\b.*", re.I)
_RULE = re.compile(r"cosine\b|threshold\b|entities in the same semantic", re.I)
_THRESHOLD = re.compile(r"(?:≥|>=|&ge;)\s*(?P<value>[01]?\.\d+)")
_BULLET = re.compile(r"(?:[-*+–—](?=\s|$)|[•◦‣▪●○∙·](?=.)|[•◦‣▪●○∙·]$|\d{1,4}[.)](?=\s))\s*")
_ID = re.compile(rf"(?P<id>(?:{'|'.join(NODE_TYPES)}):[a-z0-9][a-z0-9._~%+-]*)(?P<rest>.*)", re.S)
_LONGEST_ID = 500
_URL = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Group:
    """A group of neighbours."""

    line: int
    name: str
    """As the page writes it."""
    type: str
    """Empty where the graph has no such type."""
    stated: int
    """How many the heading says."""
    items: list[Item]


@dataclass(slots=True)
class Page:
    """What a page shows."""

    id: str = ""
    label: str = ""
    gloss: str = ""
    type: str = ""
    status: str = ""
    line: int = 0
    """Of the id."""
    url: str = ""
    groups: list[Group] = field(default_factory=list)
    similar: list[Item] = field(default_factory=list)
    similar_stated: int | None = None
    threshold: float | None = None
    unread: list[tuple[int, str]] = field(default_factory=list)
    """Lines that belong to nothing."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    bullet: bool
    after_blank: bool


def read_page(text: str, where: str) -> Page:
    """Read a page.

    Args:
        text: The page, as copied.
        where: Its file, for messages.

    Raises:
        GraphError: It is laid out otherwise, or a group shows other than it says; every such group is named.
    """
    lines = _lines(text)
    start = next((at for at, one in enumerate(lines) if _NEIGHBOURS.match(one.text)), None)
    if start is None:
        raise GraphError(
            f"{where}: no line begins with 'Neighborhood'. A concept page has a header with type:slug, that line, "
            "groups such as 'Papers (2)', and 'Related by similarity (8)'; copy the whole page as text"
        )
    page = Page()
    _header(lines[:start], page, where, lines[start].number)
    faults: list[str] = []
    heading: _Line | None = None
    inside: list[_Line] = []
    for at, line in enumerate(lines[start + 1 :], start=start + 1):
        if _is_heading(line, lines[at + 1] if at + 1 < len(lines) else None):
            _close(heading, inside, page, faults.append)
            heading, inside = line, []
        else:
            inside.append(line)
    _close(heading, inside, page, faults.append)
    if not page.groups and page.similar_stated is None:
        faults.append(
            f"{lines[start].number}: no group such as 'Papers (2)' follows {lines[start].text[:40]!r}"
        )
    if faults:
        raise GraphError("\n".join(f"{where}:{fault}" for fault in faults))
    return page


def _lines(text: str) -> list[_Line]:
    found: list[_Line] = []
    blank = False
    # Not splitlines(): a form feed or a separator of another script's is no line of the file.
    for number, raw in enumerate(text.split("\n"), start=1):
        said = raw.replace("\xa0", " ").replace("\u200b", "").strip()
        said = re.sub(r"[ \t]{4,}", "   ", said)
        if not said:
            blank = True
            continue
        said = re.sub(r"^#{1,6}\s+", "", said)
        if (bold := re.fullmatch(r"(\*\*|__)(.+)\1", said)) is not None:
            said = bold[2]
        mark = _BULLET.match(said)
        found.append(_Line(number, said[mark.end() :] if mark else said, mark is not None, blank))
        blank = False
    return found


def _header(lines: list[_Line], page: Page, where: str, end: int) -> None:
    address, at = "", 0
    for at, line in enumerate(lines):  # noqa: B007 - read behind the loop
        if not address and (url := _URL.search(line.text)):
            address = url.group()
        if found := _ID.match(line.text):
            break
    else:
        raise GraphError(
            f"{where}:{end}: nothing above this line is an id such as 'concept:alignment-faking'; "
            f"{nearest('', NODE_TYPES)}"
        )
    page.url = address
    page.line = line.number
    page.id, page.label = _split_id(line.text, found)
    rest = lines[at + 1 :]
    if not page.label and rest:
        page.label, rest = rest[0].text, rest[1:]
    for one in lines[:at]:
        if one.text.lower() in _TYPES and not page.type:
            page.type = _TYPES[one.text.lower()]
        elif page.type and not page.status and one.number < line.number:
            page.status = one.text.lower()
        elif not _URL.search(one.text):
            page.unread.append((one.number, one.text))
    gloss: list[str] = []
    for one in rest:
        if re.match(r"source( paper)?s?\b[^.]{0,20}$", one.text, re.I) or (
            gloss and one.after_blank
        ):
            page.unread += [(later.number, later.text) for later in rest[rest.index(one) :]]
            break
        gloss.append(one.text)
    page.gloss = " ".join(gloss)


def _split_id(text: str, found: re.Match[str]) -> tuple[str, str]:
    """Cut an id from the label that is glued to it; the cut is right where the label makes the slug."""
    head = text.index(":") + 1
    id_ = found["id"].rstrip("._~%+-")
    for cut in range(head + 1, min(len(text), _LONGEST_ID)):
        label = text[cut:].strip()
        if label and slug_of(label) == text[head:cut].strip():
            return text[:cut].strip(), label
    if len(id_) == len(text) or not text[len(id_) :].strip():
        return id_, ""
    return id_, text[len(id_) :].strip()


def _is_heading(line: _Line, following: _Line | None) -> bool:
    found = _HEADING.fullmatch(line.text)
    if found is None or line.bullet:
        return False
    name = found["name"].lower()
    if name in _TYPES or _SIMILAR.fullmatch(name):
        return True
    # A kind that the graph does not have: its name stands below, in the singular.
    return (
        following is not None
        and not following.bullet
        and len(name.split()) <= 2
        and name[:3] == following.text.lower()[:3]
        and len(following.text) <= len(name)
    )


def _close(
    heading: _Line | None, inside: list[_Line], page: Page, fault: Callable[[str], None]
) -> None:
    if heading is None:
        page.unread += [(one.number, one.text) for one in inside]
        return
    found = _HEADING.fullmatch(heading.text)
    if found is None:  # pragma: no cover - only headings come here
        raise AssertionError(heading)
    name, stated = found["name"], int(found["count"].replace(",", ""))
    type_ = _TYPES.get(name.lower(), "")
    similar = not type_ and _SIMILAR.fullmatch(name) is not None
    if similar:
        for one in inside:
            if not one.bullet and _RULE.match(one.text) and (rule := _THRESHOLD.search(one.text)):
                page.threshold = float(rule["value"])
        inside = [one for one in inside if one.bullet or not _RULE.match(one.text)]
    else:
        tags = {type_, name.lower()} if type_ else {inside[0].text.lower()} if inside else set()
        inside = [one for one in inside if one.bullet or one.text.lower() not in tags]
    pieces = _pieces(inside, page)
    items = [
        read_similar(one.number, parts) if similar else read_item(one.number, parts)
        for one, parts in pieces
    ]
    # No item at all: the browser dropped the links, which were all that there was to show.
    if items and len(items) != stated:
        fault(
            f"{heading.number}: the heading says {name} ({stated}), but {len(items)} "
            f"{'item stands' if len(items) == 1 else 'items stand'} below it; copy the whole page, with every list "
            "unfolded, or correct the number"
        )
    if similar:
        page.similar, page.similar_stated = items, stated
    else:
        page.groups.append(Group(heading.number, name, type_, stated, items))


def _pieces(inside: list[_Line], page: Page) -> list[tuple[_Line, list[str]]]:
    """Put lines together that make one item."""
    pieces: list[tuple[_Line, list[str]]] = []
    if any(line.bullet for line in inside):
        for line in inside:
            if line.bullet:
                pieces.append((line, [line.text] if line.text else []))
            elif pieces and not (line.after_blank and pieces[-1][1]):
                pieces[-1][1].append(line.text)
            else:
                page.unread.append((line.number, line.text))
        return pieces
    # A line that is a relation and nothing else has the label above it.
    first = {at - 1 for at, line in enumerate(inside) if at and line.text.lower() in RELATIONS}
    for at, line in enumerate(inside):
        if first and pieces and at not in first and min(first) < at:
            pieces[-1][1].append(line.text)
        else:
            pieces.append((line, [line.text]))
    return pieces
