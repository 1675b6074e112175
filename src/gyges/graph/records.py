"""What does a file bring into a graph, and what waits for a person's decision?

A reader of a format gives an :class:`Incoming`; nothing is written until all of it was read. What a model or a page
only suggests comes as proposals, which stand in the review queue until somebody accepts or declines them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gyges.graph.model import Edge, Node, canonical

__all__ = ["DECISIONS", "Decision", "Incoming", "Proposal", "pair_key"]

DECISIONS = {
    "edge": "became an edge of a chosen relation",
    "merge": "are the same; one was merged into the other",
    "not-same": "are not the same, and need no edge",
    "later": "put off",
}


def pair_key(one: str, other: str) -> str:
    """Return the key under which a decision about two nodes is kept, whichever is named first."""
    return "|".join(sorted((one, other)))


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of two nodes, or of a proposal."""

    key: str
    """``a|b`` with the two ids in order, or the proposal's id."""
    verdict: str
    """One of :data:`DECISIONS`."""
    by: str = ""
    at: str = ""
    """When, in UTC: ``2025-01-31T12:00:00Z``."""
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, without the empty ones."""
        given = {
            "key": self.key,
            "verdict": self.verdict,
            "by": self.by,
            "at": self.at,
            "note": self.note,
        }
        return {name: value for name, value in given.items() if value}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Decision:
        """Read what :meth:`to_dict` gave."""
        fields = (given.get(name, "") for name in ("key", "verdict", "by", "at", "note"))
        return cls(*fields)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that somebody else than a curator suggests.

    Either a statement (``edge``, with the nodes that it needs and that the graph may not have), or something that is
    said to be near a node (``about``) without a relation: then ``nodes`` holds the other one, or, where its type is not
    known, ``label`` and ``gloss`` say what it is and the reviewer must choose the type.
    """

    id: str
    edge: Edge | None = None
    nodes: tuple[Node, ...] = ()
    about: str = ""
    label: str = ""
    gloss: str = ""
    score: float | None = None
    """The similarity that the source states, between 0 and 1."""
    source: str = ""
    """The file or the page that it comes from."""
    by: str = ""
    """The model or the reader that made it."""
    note: str = ""

    @classmethod
    def make(cls, **fields: Any) -> Proposal:
        """Make a proposal whose id follows from what it says, so that it does not come back under another."""
        said = {name: value for name, value in cls("", **fields).to_dict().items() if name in _SAYS}
        return cls(f"p:{hashlib.sha256(canonical(said).encode()).hexdigest()[:16]}", **fields)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, without the empty ones."""
        given = {
            "id": self.id,
            "edge": self.edge.to_dict() if self.edge else None,
            "nodes": [node.to_dict() for node in self.nodes],
            "about": self.about,
            "label": self.label,
            "gloss": self.gloss,
            "score": self.score,
            "source": self.source,
            "by": self.by,
            "note": self.note,
        }
        return {name: value for name, value in given.items() if value not in (None, "", [])}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Proposal:
        """Read what :meth:`to_dict` gave."""
        edge = given.get("edge")
        return cls(
            given["id"],
            Edge.from_dict(edge) if edge else None,
            tuple(Node.from_dict(node) for node in given.get("nodes", ())),
            given.get("about", ""),
            given.get("label", ""),
            given.get("gloss", ""),
            given.get("score"),
            given.get("source", ""),
            given.get("by", ""),
            given.get("note", ""),
        )


_SAYS = frozenset({"edge", "nodes", "about", "label", "gloss"})


@dataclass
class Incoming:
    """What a file brings; the store takes all of it or nothing."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What the reader has to say: labels that were missing, directions that had to be assumed."""
    renamed: dict[str, str] = field(default_factory=dict)
    """By the ids that nodes had in the file, those that they were given by :mod:`gyges.graph.recognition.matching`."""
