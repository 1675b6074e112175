"""Which kinds of node and edge may a research graph hold, and which kind of edge may join which kinds of node?

A closed vocabulary with domain and range: an edge that says only "related" is the last resort, and an edge that its
relation does not allow is refused. Kept small on purpose, after the grammars of discourse graphs (question, claim,
evidence, source) and of nanopublications (assertion, provenance).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gyges.errors import GraphError, nearest

__all__ = [
    "CHANNELS",
    "CONTRADICTS",
    "GRADES",
    "LAST_RESORT",
    "NODE_TYPES",
    "RELATIONS",
    "STATUSES",
    "SUPPORTS",
    "NodeType",
    "Relation",
    "fits",
    "fitting",
    "relation",
]


@dataclass(frozen=True, slots=True)
class NodeType:
    """A kind of node."""

    name: str
    plural: str
    meaning: str


def _types(*rows: tuple[str, str, str]) -> Mapping[str, NodeType]:
    return {name: NodeType(name, plural, meaning) for name, plural, meaning in rows}


NODE_TYPES = _types(
    ("paper", "papers", "a published text: paper, post, report or thread"),
    ("thinker", "thinkers", "one person; a group of authors is a paper's authors, not a thinker"),
    ("organisation", "organisations", "a laboratory, institute, foundation or programme"),
    (
        "framework",
        "frameworks",
        "a way to see the field: conditions, taxonomies, training programmes",
    ),
    (
        "method",
        "methods",
        "something that can be done: a training method, a measure, a test, a mitigation",
    ),
    ("concept", "concepts", "a phenomenon or an idea that has a name"),
    ("artifact", "artifacts", "something released: code, a site, a model organism"),
    ("quote", "quotes", "a passage of a source, word for word"),
    (
        "claim",
        "claims",
        "a sentence that can be true or false, and that a study can support or contradict",
    ),
    ("finding", "findings", "a result with figures, from a paper or from a study"),
    (
        "hypothesis",
        "hypotheses",
        "a claim that is put to a test, with the result that would refute it",
    ),
    ("question", "questions", "what is not known"),
    (
        "setting",
        "settings",
        "a world in which a developer's objective conflicts with what a model prefers",
    ),
    ("dataset", "datasets", "queries, transcripts, labels or documents that others can use"),
)
"""The kinds of node, in the order in which lists of all nodes group them."""

STATUSES = {
    "active": "stands",
    "disputed": "stands, and good evidence speaks against it",
    "open": "not settled: of questions and hypotheses",
    "superseded": "replaced by something newer; kept for what points at it",
    "incomplete": "a label or another field was missing where it came from",
}

CHANNELS = {
    "curated": "written by hand, by whoever is named, from sources followed as far as their grades say",
    "imported": "read from a file",
    "extracted": "proposed by a model from a text, and accepted",
    "accepted": "a candidate by similarity that a person accepted",
    "measured": "found by a study",
}
"""How an edge came to be."""

GRADES = {
    "primary": "read in the source itself",
    "secondary": "read in a text that quotes or describes the source",
    "abstract": "read in an abstract or a readme alone",
    "derived": "calculated or inferred from what the source says",
    "unverified": "said to be so; not checked",
}
"""How far the evidence was followed."""

_WORK = frozenset({"paper", "artifact", "dataset"})
_AGENT = frozenset({"thinker", "organisation"})
_IDEA = frozenset({"framework", "method", "concept"})
_SAID = frozenset({"claim", "finding", "hypothesis"})
_MADE = frozenset({"artifact", "dataset", "setting"})
_ALL = frozenset(NODE_TYPES)


@dataclass(frozen=True, slots=True)
class Relation:
    """A kind of edge: what it says, from which kinds of node to which."""

    name: str
    reads: str
    """How the edge reads from its subject to its object."""
    back: str
    """How it reads from its object to its subject."""
    meaning: str
    domain: frozenset[str]
    range: frozenset[str]
    symmetric: bool = False
    """Says the same in both directions."""
    same_type: bool = False
    """Joins nodes of one type alone."""


def _relations(*rows: Relation) -> Mapping[str, Relation]:
    return {row.name: row for row in rows}


RELATIONS = _relations(
    Relation(
        "supports",
        "supports",
        "supported by",
        "makes it more likely to be true",
        _SAID | {"paper", "quote", "concept", "framework"},
        _SAID | {"framework"},
    ),
    Relation(
        "contradicts",
        "contradicts",
        "contradicted by",
        "makes it less likely to be true, or says that it holds less widely",
        _SAID | {"paper", "quote", "concept", "framework"},
        _SAID | {"framework"},
    ),
    Relation(
        "proposes",
        "proposes",
        "proposed by",
        "puts it forward first, or as its own",
        _WORK | _AGENT,
        _IDEA | _SAID | _MADE | {"question"},
    ),
    Relation(
        "studies",
        "studies",
        "studied by",
        "asks about it, or tests it",
        _WORK | _AGENT | _SAID | {"method", "setting", "question", "framework"},
        _IDEA | _SAID | _MADE | {"question"},
    ),
    Relation(
        "extends",
        "extends",
        "extended by",
        "builds on it: adds to it, generalises it, or is a special case of it",
        _WORK | _IDEA | _SAID | {"setting", "question"},
        _WORK | _IDEA | _SAID | {"setting", "question"},
    ),
    Relation(
        "uses",
        "uses",
        "used by",
        "is done with it",
        _WORK | _AGENT | _IDEA | {"finding", "setting", "hypothesis", "claim"},
        _WORK | _IDEA | {"setting"},
    ),
    Relation(
        "measures",
        "measures",
        "measured by",
        "puts a number on it",
        _WORK | {"method", "setting", "finding", "framework", "concept"},
        _IDEA | _SAID | {"setting", "artifact"},
    ),
    Relation(
        "authored_by",
        "authored by",
        "author of",
        "was written or made by",
        _WORK | _IDEA | {"setting", "quote"},
        _AGENT,
    ),
    Relation(
        "extracted_from",
        "extracted from",
        "source of",
        "stands in that source",
        _IDEA | _SAID | {"quote", "question", "setting", "dataset"},
        _WORK,
    ),
    Relation(
        "quotes",
        "quotes",
        "quoted by",
        "rests on that passage",
        _WORK | _IDEA | _SAID | {"question"},
        frozenset({"quote"}),
    ),
    Relation(
        "mitigates",
        "mitigates",
        "mitigated by",
        "makes it rarer or weaker",
        _IDEA | {"artifact"},
        frozenset({"concept"}),
    ),
    Relation(
        "causes",
        "causes",
        "caused by",
        "brings it about, or makes it more frequent",
        _IDEA | {"setting", "dataset", "artifact"},
        frozenset({"concept", "finding"}),
    ),
    Relation(
        "predicts",
        "predicts",
        "predicted by",
        "says beforehand that it will be found",
        _IDEA | _WORK | {"claim", "hypothesis", "thinker"},
        _SAID | {"concept"},
    ),
    Relation(
        "part_of",
        "part of",
        "has part",
        "is a part, a condition or a member of it",
        _ALL - {"quote"},
        _WORK | _IDEA | {"setting", "organisation", "claim", "hypothesis", "question"},
    ),
    Relation(
        "analogous_to",
        "analogous to",
        "analogous to",
        "is alike in what matters, and not the same",
        _ALL - _AGENT - {"quote", "paper"},
        _ALL - _AGENT - {"quote", "paper"},
        symmetric=True,
        same_type=True,
    ),
    Relation(
        "associated_with",
        "associated with",
        "associated with",
        "has to do with it: the last resort",
        _ALL,
        _ALL,
        symmetric=True,
    ),
)
"""The kinds of edge, in the order in which a page tells them: what bears on truth first, the last resort last."""

SUPPORTS = "supports"
CONTRADICTS = "contradicts"
LAST_RESORT = "associated_with"


def relation(name: str) -> Relation:
    """Return the relation of a name.

    Raises:
        GraphError: There is no such relation.
    """
    try:
        return RELATIONS[name]
    except KeyError:
        raise GraphError(f"no relation {name!r}; {nearest(name, RELATIONS)}") from None


def fits(subject: str, name: str, object_: str) -> bool:
    """Say whether an edge may run from one type of node to another."""
    rule = relation(name)
    if subject not in rule.domain or object_ not in rule.range:
        return False
    return subject == object_ or not rule.same_type


def fitting(subject: str, object_: str) -> list[str]:
    """Name the relations that may run from one type of node to another, the last resort last."""
    return [name for name in RELATIONS if fits(subject, name, object_)]
