"""What is a node, an edge, and the evidence of an edge?

A node has an id ``type:slug`` that stays when its label changes. An edge is one directed statement, with what it rests
on, how it came to be and who made it; two nodes may be joined by several. A quoted passage is carried by its
fingerprint (:mod:`gyges.graph.passages`), and by its text only where the user brought the text.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from gyges.graph.passages import fingerprint
from gyges.graph.vocabulary import RELATIONS

__all__ = [
    "EDGE_FIELDS",
    "NODE_FIELDS",
    "Edge",
    "Evidence",
    "Node",
    "Passage",
    "canonical",
    "edge_id",
    "node_id",
    "plain_letters",
    "slug_of",
    "type_of",
]

NODE_FIELDS = (
    "id",
    "type",
    "label",
    "gloss",
    "aliases",
    "status",
    "dates",
    "identifiers",
    "evidence",
    "formerly",
    "channel",
    "by",
)
"""The fields of a node's record, in the order in which they are written."""

EDGE_FIELDS = (
    "id",
    "subject",
    "relation",
    "object",
    "gloss",
    "evidence",
    "channel",
    "confidence",
    "by",
)
"""The fields of an edge's record, in the order in which they are written."""

_LONGEST_SLUG = 80
_LETTERS = {
    "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "ẞ": "SS", "ß": "ss", "Þ": "Th", "þ": "th", "Ð": "D", "ð": "d",
    "Đ": "D", "đ": "d", "Ħ": "H", "ħ": "h", "ı": "i", "Ł": "L", "ł": "l", "Ŋ": "N", "ŋ": "n", "Ø": "O", "ø": "o",
    "Ŧ": "T", "ŧ": "t", "Ə": "E", "ə": "e",
}  # fmt: skip
"""Latin letters that Unicode does not take apart into one of the alphabet and a mark."""
_PLAIN = str.maketrans(_LETTERS)
_write = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of a source, by fingerprint and, where the user has it, by text."""

    sha256: str
    """Of the normalised text, see :func:`gyges.graph.passages.fingerprint`."""
    words: int
    text: str = ""
    """Empty where only the fingerprint is known."""

    @classmethod
    def of(cls, text: str) -> Passage:
        """Make the passage of a text that the user brought."""
        sha256, words = fingerprint(text)
        return cls(sha256, words, text)

    def to_dict(self) -> dict[str, Any]:
        """Return what is known, by name."""
        return _short({"sha256": self.sha256, "words": self.words, "text": self.text})

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Passage:
        """Read what :meth:`to_dict` gave."""
        return cls(given["sha256"], given["words"], given.get("text", ""))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a statement rests on."""

    node: str = ""
    """Id of the source: a paper, an artifact, a dataset, a quote or a finding; empty where it is not known."""
    locator: str = ""
    """Where in the source: ``section 4.2``, ``table 5``, ``row 51``, an address, a study's file."""
    passage: Passage | None = None
    grade: str = "unverified"
    """How far it was followed: one of :data:`gyges.graph.vocabulary.GRADES`."""
    note: str = ""
    """What it says, in our words; figures stand here."""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, without the empty ones."""
        return _short(
            {
                "node": self.node,
                "locator": self.locator,
                "passage": self.passage.to_dict() if self.passage else None,
                "grade": self.grade,
                "note": self.note,
            }
        )

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Evidence:
        """Read what :meth:`to_dict` gave."""
        passage = given.get("passage")
        return cls(
            given.get("node", ""),
            given.get("locator", ""),
            Passage.from_dict(passage) if passage else None,
            given.get("grade", "unverified"),
            given.get("note", ""),
        )


@dataclass(frozen=True, slots=True)
class Node:
    """Something that the field talks of."""

    id: str
    label: str
    gloss: str = ""
    """What it is, in one or two sentences; of a quote, what the passage says in our words."""
    aliases: tuple[str, ...] = ()
    status: str = "active"
    dates: Mapping[str, str] = field(default_factory=_nothing)
    """ISO dates (``2024-12``) by what happened: ``published``, ``updated``, ``proposed``, ``retrieved``."""
    identifiers: Mapping[str, str] = field(default_factory=_nothing)
    """``arxiv``, ``doi``, ``url``, and others by their names."""
    evidence: tuple[Evidence, ...] = ()
    """Where the gloss is from; of a quote, the source, the place and the passage."""
    formerly: tuple[str, ...] = ()
    """Ids of nodes that were merged into this one; they still lead to it."""
    channel: str = "curated"
    by: str = ""
    """Who or what wrote it down."""

    @property
    def type(self) -> str:
        """The kind of node, which stands before the colon of its id."""
        return type_of(self.id)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, without the empty ones, and with the type."""
        return _short(
            {
                "id": self.id,
                "type": self.type,
                "label": self.label,
                "gloss": self.gloss,
                "aliases": list(self.aliases),
                "status": self.status,
                "dates": dict(self.dates),
                "identifiers": dict(self.identifiers),
                "evidence": [one.to_dict() for one in self.evidence],
                "formerly": list(self.formerly),
                "channel": self.channel,
                "by": self.by,
            }
        )

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Node:
        """Read what :meth:`to_dict` gave; :func:`gyges.graph.check_node` reads what a stranger wrote."""
        return cls(
            given["id"],
            given["label"],
            given.get("gloss", ""),
            tuple(given.get("aliases", ())),
            given.get("status", "active"),
            MappingProxyType(dict(given.get("dates", {}))),
            MappingProxyType(dict(given.get("identifiers", {}))),
            tuple(Evidence.from_dict(one) for one in given.get("evidence", ())),
            tuple(given.get("formerly", ())),
            given.get("channel", "curated"),
            given.get("by", ""),
        )


@dataclass(frozen=True, slots=True)
class Edge:
    """One directed statement: subject, relation, object."""

    id: str
    subject: str
    relation: str
    object: str
    gloss: str = ""
    """What the statement says here, in one sentence."""
    evidence: tuple[Evidence, ...] = ()
    channel: str = "curated"
    confidence: float | None = None
    """Between 0 and 1: the curator's or the model's belief that the statement holds; None where nobody said."""
    by: str = ""
    """Who or what made it."""

    @classmethod
    def make(
        cls,
        subject: str,
        relation: str,
        object: str,
        gloss: str = "",
        evidence: Sequence[Evidence] = (),
        channel: str = "curated",
        confidence: float | None = None,
        by: str = "",
    ) -> Edge:
        """Make an edge whose id follows from what it says, so that the same statement has the same id.

        The ends of a symmetric relation are put in order, so that A like B is B like A.
        """
        rule = RELATIONS.get(relation)
        if rule is not None and rule.symmetric and object < subject:
            subject, object = object, subject
        id_ = edge_id(subject, relation, object, gloss)
        return cls(id_, subject, relation, object, gloss, tuple(evidence), channel, confidence, by)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, without the empty ones."""
        return _short(
            {
                "id": self.id,
                "subject": self.subject,
                "relation": self.relation,
                "object": self.object,
                "gloss": self.gloss,
                "evidence": [one.to_dict() for one in self.evidence],
                "channel": self.channel,
                "confidence": self.confidence,
                "by": self.by,
            }
        )

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Edge:
        """Read what :meth:`to_dict` gave; :func:`gyges.graph.check_edge` reads what a stranger wrote."""
        return cls(
            given["id"],
            given["subject"],
            given["relation"],
            given["object"],
            given.get("gloss", ""),
            tuple(Evidence.from_dict(one) for one in given.get("evidence", ())),
            given.get("channel", "curated"),
            given.get("confidence"),
            given.get("by", ""),
        )


def canonical(value: Mapping[str, Any]) -> str:
    """Write a record as the one line of JSON that stands for it: sorted keys, no spaces, no escapes."""
    return _write(value)


def type_of(id_: str) -> str:
    """Return the type that an id names."""
    return id_.partition(":")[0]


def plain_letters(text: str) -> str:
    """Write Latin letters by those of the alphabet: ``é`` as e, ``ø`` as o, ``ß`` as ss; other scripts stay."""
    plain = unicodedata.normalize("NFKD", text).translate(_PLAIN)
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def slug_of(label: str) -> str:
    """Make the part of an id behind the colon from a label: lower case, words joined by hyphens."""
    plain = plain_letters(label).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word[:_LONGEST_SLUG]
        if len(longer) > _LONGEST_SLUG:
            break
        slug = longer
    # A label in another script has no letters to make a slug of.
    return slug or hashlib.sha256(label.encode()).hexdigest()[:12]


def node_id(type_: str, label: str) -> str:
    """Make a node's id from its type and its first label."""
    return f"{type_}:{slug_of(label)}"


def edge_id(subject: str, relation: str, object_: str, gloss: str = "") -> str:
    """Make an edge's id: 16 hexadecimal digits of the hash of what it says."""
    said = "\x1f".join((subject, relation, object_, " ".join(gloss.split())))
    return f"e:{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def _short(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
