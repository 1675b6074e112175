"""Does a quoted passage stand in the copy of the source that the user attached?

A passage is standing where it stands word for word in an attached copy, *not found* where a copy is attached and it
does not stand there, and *not attached* where there is no copy to look in. Where the graph carries only a passage's
fingerprint, its text comes from the copy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gyges.graph.model import Edge, Evidence, Node, Passage
from gyges.graph.passages import Text
from gyges.graph.store import Store

__all__ = ["STATES", "Checked", "Checker", "passages_of", "quoting_rows"]

STATES = ("stands", "not found", "not attached")


@dataclass(frozen=True, slots=True)
class Checked:
    """A passage, and what looking for it gave."""

    state: str
    """One of :data:`STATES`."""
    text: str
    """As it stands in the copy, else as the graph has it, else empty."""
    start: int | None = None
    """Offset in the copy, in Unicode code points."""
    end: int | None = None
    file: str = ""
    """The copy's name."""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {
            "state": self.state,
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "file": self.file,
        }


class Checker:
    """Looks passages up in the attached copies; each copy is read once.

    Args:
        store: The graph.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._texts: dict[str, list[tuple[str, Text]]] = {}
        self._any = store.has_sources()

    def check(self, source: str, passage: Passage) -> Checked:
        """Look for a passage in the copies of a source."""
        copies = self._copies(source)
        for name, text in copies:
            found = text.find(passage.sha256, passage.words)
            if found is not None:
                return Checked("stands", found.text, found.start, found.end, name)
        state = "not found" if copies else "not attached"
        return Checked(state, passage.text, file=copies[0][0] if copies else "")

    def _copies(self, source: str) -> list[tuple[str, Text]]:
        if source not in self._texts:
            # Most graphs have copies of few sources, and most pages cite many.
            known = source and self._any and self._store.has(source)
            copies = self._store.sources(source) if known else []
            self._texts[source] = [(copy.name, Text(copy.text)) for copy in copies]
        return self._texts[source]


def passages_of(row: Node | Edge) -> Iterator[tuple[Evidence, Passage]]:
    """Return the pieces of evidence that quote, with what they quote."""
    for one in row.evidence:
        if one.passage is not None:
            yield one, one.passage


def quoting_rows(store: Store) -> Iterator[Node | Edge]:
    """Return the nodes and edges whose evidence quotes a passage, in the order in which they stand in the file."""
    db = store.connection
    for (data,) in db.execute("SELECT data FROM node WHERE data LIKE '%\"passage\"%'"):
        yield Node.from_dict(json.loads(data))
    for (data,) in db.execute("SELECT data FROM edge WHERE data LIKE '%\"passage\"%'"):
        yield Edge.from_dict(json.loads(data))
