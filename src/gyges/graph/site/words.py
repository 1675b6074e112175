"""In which words does a page of the graph speak?

Counts, grades and states. Other people's text is
shown as text: what no reader could see, and what turns the reading direction, is spelled out; an identifier is a link
only where it is an ordinary web address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from gyges.graph.vocabulary import NODE_TYPES

__all__ = [
    "GRADE_WORDS",
    "STATE_WORDS",
    "address",
    "clip",
    "count",
    "dates",
    "identifiers",
    "kind",
    "name_of_type",
    "share",
    "shown",
]

# Controls, lone surrogates, and what reorders text or cannot be seen; joiners stay, which scripts and emoji need.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069"
    "\ufeff\ufffe\uffff]"
)
_ARXIV = re.compile(r"(?:arxiv:)?(\d{4}\.\d{4,5}(?:v\d+)?|[a-z.-]+/\d{7}(?:v\d+)?)", re.IGNORECASE)
_DOI = re.compile(r"(?:doi:)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_NAMES = {"arxiv": "arXiv", "doi": "DOI", "url": "Web", "isbn": "ISBN", "orcid": "ORCID"}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

GRADE_WORDS = {
    "primary": "read in the source",
    "secondary": "second-hand",
    "abstract": "abstract only",
    "derived": "derived",
    "unverified": "not checked",
}
"""How far evidence was followed, in two or three words; the meaning is :data:`gyges.graph.vocabulary.GRADES`."""

STATE_WORDS = {
    "stands": "stands in your copy, word for word",
    "not attached": "not checked here: no copy of the source is attached",
    "not found": "does not stand in your copy",
    "no passage": "no fingerprint of its words is kept, so it cannot be checked",
}
"""Whether a passage was found in the source's text."""


def shown(text: str) -> str:
    """Show invisible, reordering and forbidden characters as ``⟨U+202E⟩``; leave the others."""
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def count(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: ``1 edge``, ``1,200 edges``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def share(value: float | None) -> str:
    """Write a fraction in per cent."""
    return "–" if value is None else f"{100 * value:.0f}\u00a0%"


def kind(type_: str) -> str:
    """Return the plural of a kind of node, with a capital: ``Hypotheses``."""
    plural = NODE_TYPES[type_].plural if type_ in NODE_TYPES else f"{type_}s"
    return plural[:1].upper() + plural[1:]


def name_of_type(type_: str, number: int) -> str:
    """Write so many nodes of a kind: ``3 hypotheses``."""
    return count(number, type_, kind(type_).lower())


def clip(text: str, most: int) -> str:
    """Cut a text at a word, with a sign that it goes on."""
    if len(text) <= most:
        return text
    head = text[:most]
    at = head.rfind(" ")
    return f"{head[: at if at > most // 2 else most].rstrip(' ,;:.')} …"


def address(text: str) -> str:
    """Return a text as a link's address where it is an ordinary one of the web, else nothing."""
    given = text.strip()
    if re.search(r"[\s\x00-\x1f\x7f\\]", given):
        return ""
    try:
        parts = urlsplit(given)
    except ValueError:
        return ""
    return given if parts.scheme.lower() in ("http", "https") and parts.hostname else ""


def identifiers(given: Mapping[str, str]) -> list[dict[str, str]]:
    """Return each identifier's ``name``, ``text`` and ``href``, the last one empty where it is no link."""
    rows = []
    for name, value in given.items():
        href = address(value)
        if name == "arxiv" and (found := _ARXIV.fullmatch(value.strip())):
            href = f"https://arxiv.org/abs/{quote(found[1])}"
        elif name == "doi" and (found := _DOI.fullmatch(value.strip())):
            href = f"https://doi.org/{quote(found[1])}"
        rows.append({"name": _NAMES.get(name, name), "text": value, "href": href})
    return rows


def _date(value: str) -> str:
    parts = value.split("-")
    if not all(part.isdigit() for part in parts):
        return value
    month = int(parts[1]) if len(parts) > 1 else 0
    if not 1 <= month <= len(_MONTHS):
        return parts[0] if len(parts) == 1 else value
    day = f"{int(parts[2])} " if len(parts) > 2 else ""
    return f"{day}{_MONTHS[month - 1]} {parts[0]}"


def dates(given: Mapping[str, str]) -> list[dict[str, str]]:
    """Return what happened when, as ``what``, ``text`` and the ISO date ``iso``."""
    return [
        {"what": what[:1].upper() + what[1:], "text": _date(iso), "iso": iso}
        for what, iso in given.items()
    ]
