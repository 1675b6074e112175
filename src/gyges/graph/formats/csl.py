"""Which works and people does a CSL-JSON file name?

The form in which Zotero, Pandoc and others give a library: a list of items with structured names and dates. An item
that is none, or has no title, is named with its number and line, and nothing is taken.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gyges.errors import GraphError
from gyges.graph.formats._works import Author, Work, doi_of, identifiers_in, incoming_of, sound_date
from gyges.graph.formats.text import text_of
from gyges.graph.records import Incoming

__all__ = ["read"]

_TYPES = {"dataset": "dataset", "software": "artifact"}
_KINDS = {
    "article-journal": "article",
    "article": "text",
    "paper-conference": "paper",
    "chapter": "chapter",
    "book": "book",
    "thesis": "thesis",
    "report": "report",
    "webpage": "page",
    "post": "post",
    "post-weblog": "post",
}
_NAMING = (
    "DOI", "URL", "number", "container-title", "volume", "page", "archive_location", "archive", "publisher", "note"
)  # fmt: skip
"""Fields in which an identifier may stand, the surest first."""
_MARKUP = re.compile(r"</?(?:i|b|em|strong|sub|sup|sc|span(?:\s[^<>]{0,100})?)>", re.I)


def read(path: Path) -> Incoming:
    """Read a CSL-JSON file.

    Args:
        path: A JSON list of items, an object with ``items``, or one item.

    Returns:
        A node for each work, person and organisation, and an ``authored_by`` edge for each author.

    Raises:
        GraphError: It is no CSL-JSON, or items are broken; each is named with its line.
    """
    text = text_of(path)
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise GraphError(f"{path}:{error.lineno}: no JSON: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        said = (
            "numbers too long" if isinstance(error, ValueError) else "lists inside lists too deep"
        )
        raise GraphError(f"{path}: {said} to be CSL-JSON") from error
    if isinstance(given, dict):
        given = given["items"] if isinstance(given.get("items"), list) else [given]
    if not isinstance(given, list) or not given:
        raise GraphError(
            f"{path}: CSL-JSON is a list of items such as "
            '[{"id": "key", "type": "article", "title": "...", "author": [{"family": "...", "given": "..."}]}]'
        )
    return _Reader(path, text).incoming(given)


class _Reader:
    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self.at = 0
        self.notes: list[tuple[int, str]] = []
        self.faults: list[str] = []

    def incoming(self, items: list[Any]) -> Incoming:
        works: list[Work] = []
        first: dict[str, int] = {}
        for number, item in enumerate(items, start=1):
            line = self._line(item)
            work = self._work(item, number, line)
            if work is None:
                continue
            if work.key in first:
                self._fault(
                    line,
                    f"the id {work.key!r} stands already in line {first[work.key]}; give one of the items another",
                )
            first.setdefault(work.key, line)
            works.append(work)
        if self.faults:
            more = [f"and {len(self.faults) - 20} more"] if len(self.faults) > 20 else []
            raise GraphError("\n".join([*self.faults[:20], *more]))
        return incoming_of(works, self.path.name, str(self.path), self.notes)

    def _fault(self, line: int, text: str) -> None:
        self.faults.append(f"{self.path}:{line}: {text}")

    def _line(self, item: Any) -> int:
        """Find where an item stands: at its id, or else its title, behind the item before it."""
        if isinstance(item, dict):
            for name in ("id", "title"):
                if name not in item:
                    continue
                for said in (json.dumps(item[name]), json.dumps(item[name], ensure_ascii=False)):
                    found = re.compile(rf'"{name}"\s*:\s*{re.escape(said)}').search(
                        self.text, self.at
                    )
                    if found:
                        self.at = found.end()
                        return self.text.count("\n", 0, found.start()) + 1
        return self.text.count("\n", 0, self.at) + 1

    def _work(self, item: Any, number: int, line: int) -> Work | None:
        if not isinstance(item, dict):
            self._fault(line, f"item {number} is no JSON object but {str(item)[:60]!r}")
            return None
        title = _text(item.get("title"))
        if not title:
            self._fault(
                line, f"item {number} ({str(item.get('id'))[:60]!r}) has no title; add 'title'"
            )
            return None
        key = str(item.get("id") or item.get("citation-key") or number)
        kind = str(item.get("type") or "")
        work = Work(line, key, title, _TYPES.get(kind, "paper"), kind=_KINDS.get(kind, ""))
        self._authors(item, work)
        if not work.authors:
            self.notes.append((line, f"item {key!r} names no author"))
        work.date = self._date(item, "issued", line)
        work.retrieved = self._date(item, "accessed", line)
        work.venue = _text(
            item.get("container-title") or item.get("event-title") or item.get("publisher")
        )
        self._identifiers(item, work)
        return work

    def _authors(self, item: Mapping[str, Any], work: Work) -> None:
        work.role = "author" if item.get("author") else "editor"
        names = item.get("author") or item.get("editor") or []
        if not isinstance(names, list):
            self._fault(work.line, f"author of {work.key!r} is {str(names)[:60]!r}; it is a list")
            return
        for name in names:
            if not isinstance(name, dict) or not any(
                _text(name.get(part)) for part in ("family", "given", "literal")
            ):
                self._fault(
                    work.line,
                    f"author of {work.key!r} is {str(name)[:60]!r}; a name is "
                    '{"family": ..., "given": ...} or {"literal": ...}',
                )
            elif literal := _text(name.get("literal")):
                work.authors.append(Author(collective=literal))
            else:
                particles = (name.get("non-dropping-particle"), name.get("dropping-particle"))
                author = Author(
                    _text(name.get("given")),
                    _text(name.get("family")),
                    " ".join(filter(None, map(_text, particles))),
                    _text(name.get("suffix")),
                )
                work.authors.append(author)
                if not author.given:
                    self.notes.append(
                        (work.line, f"{author.name!r} has no given name; a group is written as 'literal'")
                    )  # fmt: skip

    def _date(self, item: Mapping[str, Any], name: str, line: int) -> str:
        given = item.get(name)
        if not given:
            return ""
        said = given
        if isinstance(given, dict):
            parts = given.get("date-parts")
            if isinstance(parts, list) and parts and isinstance(parts[0], list):
                said = "-".join(str(part) for part in parts[0][:3] if part not in (None, ""))
            else:
                said = given.get("raw") or given.get("literal") or given.get("season") or ""
        date = sound_date(str(said))
        if not date:
            self.notes.append((line, f"{name} {str(given)[:80]!r} is no date; left out"))
        return date

    def _identifiers(self, item: Mapping[str, Any], work: Work) -> None:
        found = work.identifiers
        doi, address = (_text(item.get(name)) for name in ("DOI", "URL"))
        said = identifiers_in({name: _text(item.get(name)) for name in _NAMING})
        found.update({name: one for name, one in said.items() if name == "arxiv"})
        if doi:
            if sound := doi_of(doi):
                found["doi"] = sound
            else:
                self.notes.append((work.line, f"DOI {doi[:80]!r} is none; left out"))
        if "doi" in said:
            found.setdefault("doi", said["doi"])
        if address:
            if re.match(r"https?://[^\s/]", address):
                found["url"] = address
            else:
                self.notes.append((work.line, f"URL {address[:80]!r} is no web address; left out"))
        if isbn := _text(item.get("ISBN")):
            found["isbn"] = isbn
        found["citekey"] = work.key


def _text(value: Any) -> str:
    """Return a text without the markup that CSL allows; any other markup stays, as text."""
    if value is None or isinstance(value, dict | list | bool):
        return ""
    return " ".join(html.unescape(_MARKUP.sub("", str(value))).split())
