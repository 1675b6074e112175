"""Which terms of JSON-LD say what a node and an edge say?

The one table between the fields of a record and the terms of a document, in both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gyges.errors import nearest
from gyges.graph.model import Edge, Evidence, Node
from gyges.graph.vocabulary import NODE_TYPES

__all__ = [
    "CONTEXT",
    "EDGE",
    "NODE",
    "STATEMENT",
    "TERM",
    "from_edge",
    "from_node",
    "to_edge",
    "to_node",
]

TERM = "urn:gyges:term:"
"""Before every term, type and relation that is Gyges's own."""
NODE = "urn:gyges:node:"
"""Before the id of a node."""
EDGE = "urn:gyges:edge:"
"""Before the id of an edge."""
STATEMENT = "Statement"

_ALSO = {
    "paper": "ScholarlyArticle",
    "thinker": "Person",
    "organisation": "Organization",
    "concept": "DefinedTerm",
    "quote": "Quotation",
    "claim": "Claim",
    "question": "Question",
    "dataset": "Dataset",
}
"""The types of schema.org that a type is, where there is one."""

_REFERENCE = {"@type": "@id"}
CONTEXT: Mapping[str, Any] = {
    "@version": 1.1,
    "@vocab": TERM,
    "schema": "https://schema.org/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    **{name: f"schema:{name}" for name in sorted(_ALSO.values())},
    "PropertyValue": "schema:PropertyValue",
    "name": "schema:name",
    "description": "schema:description",
    "alternateName": {"@id": "schema:alternateName", "@container": "@set"},
    "datePublished": "schema:datePublished",
    "dateModified": "schema:dateModified",
    "url": "schema:url",
    "identifier": {"@id": "schema:identifier", "@container": "@set"},
    "propertyID": "schema:propertyID",
    "value": "schema:value",
    STATEMENT: "rdf:Statement",
    "subject": {"@id": "rdf:subject", "@type": "@id"},
    "predicate": {"@id": "rdf:predicate", "@type": "@vocab"},
    "object": {"@id": "rdf:object", "@type": "@id"},
    "confidence": {"@id": f"{TERM}confidence", "@type": "xsd:double"},
    "evidence": {"@id": f"{TERM}evidence", "@container": "@list"},
    "source": {"@id": f"{TERM}source", **_REFERENCE},
    "formerly": {"@id": f"{TERM}formerly", "@container": "@list", **_REFERENCE},
    "dates": {"@id": f"{TERM}dates", "@container": "@set"},
}
"""The context that stands in every file."""

_DATES = {"published": "datePublished", "updated": "dateModified"}
_NODE_TEXTS = {
    "label": "name",
    "gloss": "description",
    "status": "status",
    "channel": "channel",
    "by": "by",
}
_EDGE_TEXTS = {
    "gloss": "description",
    "channel": "channel",
    "confidence": "confidence",
    "by": "by",
    "relation": "predicate",
}
_NODE_TERMS = frozenset(
    {
        "@id",
        "@type",
        "alternateName",
        "url",
        "identifier",
        "dates",
        "evidence",
        "formerly",
        *_DATES.values(),
        *_NODE_TEXTS.values(),
    }
)
_EDGE_TERMS = frozenset({"@id", "@type", "subject", "object", "evidence", *_EDGE_TEXTS.values()})

_Say = Callable[[str], None]


def from_node(node: Node) -> dict[str, Any]:
    """Say a node in terms."""
    own = node.type
    identifiers = dict(node.identifiers)
    return _short(
        {
            "@id": _iri(NODE, node.id),
            "@type": [own, _ALSO[own]] if own in _ALSO else own,
            "name": node.label,
            "description": node.gloss,
            "alternateName": list(node.aliases),
            "status": node.status,
            **{term: node.dates.get(name, "") for name, term in _DATES.items()},
            "dates": [
                {"name": name, "value": date}
                for name, date in sorted(node.dates.items())
                if name not in _DATES
            ],
            "url": identifiers.pop("url", ""),
            "identifier": [
                {"@type": "PropertyValue", "propertyID": name, "value": value}
                for name, value in sorted(identifiers.items())
            ],
            "evidence": [_from_evidence(one) for one in node.evidence],
            "formerly": [_iri(NODE, one) for one in node.formerly],
            "channel": node.channel,
            "by": node.by,
        }
    )


def from_edge(edge: Edge) -> dict[str, Any]:
    """Say an edge in terms."""
    return _short(
        {
            "@id": _iri(EDGE, edge.id),
            "@type": STATEMENT,
            "subject": _iri(NODE, edge.subject),
            "predicate": edge.relation,
            "object": _iri(NODE, edge.object),
            "description": edge.gloss,
            "evidence": [_from_evidence(one) for one in edge.evidence],
            "channel": edge.channel,
            "confidence": edge.confidence,
            "by": edge.by,
        }
    )


def to_node(given: Mapping[str, Any], say: _Say) -> dict[str, Any]:
    """Make a node's record of terms.

    Args:
        given: An item of the graph.
        say: Takes what is wrong with it.
    """
    _known(given, _NODE_TERMS, say)
    types = _many(given.get("@type"))
    own = [one for one in types if isinstance(one, str) and one in NODE_TYPES]
    record = {name: given[term] for name, term in _NODE_TEXTS.items() if term in given}
    record["id"] = _id(given.get("@id"), NODE, "@id", say)
    if len(own) == 1:
        record["type"] = own[0]
    else:
        say(
            f"@type is {ascii(given.get('@type'))[:80]}; one of {', '.join(NODE_TYPES)}, or {STATEMENT}"
        )
    record["aliases"] = _many(given.get("alternateName"))
    record["dates"] = {name: given[term] for name, term in _DATES.items() if term in given}
    record["dates"] |= _pairs(given.get("dates"), "dates", "name", say)
    record["identifiers"] = _pairs(given.get("identifier"), "identifier", "propertyID", say)
    if "url" in given:
        record["identifiers"]["url"] = given["url"]
    record["evidence"] = _to_evidence(given.get("evidence"), say)
    record["formerly"] = [_id(one, NODE, "formerly", say) for one in _many(given.get("formerly"))]
    return record


def to_edge(given: Mapping[str, Any], say: _Say) -> dict[str, Any]:
    """Make an edge's record of terms.

    Args:
        given: An item of the graph.
        say: Takes what is wrong with it.
    """
    _known(given, _EDGE_TERMS, say)
    record = {name: given[term] for name, term in _EDGE_TEXTS.items() if term in given}
    record["id"] = _id(given.get("@id"), EDGE, "@id", say)
    for end in ("subject", "object"):
        record[end] = _id(given.get(end), NODE, end, say)
    record["evidence"] = _to_evidence(given.get("evidence"), say)
    return record


def _from_evidence(one: Evidence) -> dict[str, Any]:
    said = one.to_dict()
    if "node" in said:
        said["source"] = _iri(NODE, said.pop("node"))
    return said


def _to_evidence(given: Any, say: _Say) -> list[Any]:
    found = []
    for one in _many(given):
        if isinstance(one, Mapping) and "source" in one:
            one = {**one, "node": _id(one["source"], NODE, "source", say)}
            del one["source"]
        found.append(one)
    return found


def _pairs(given: Any, name: str, key: str, say: _Say) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for one in _many(given):
        if not isinstance(one, Mapping) or not isinstance(one.get(key), str) or "value" not in one:
            say(f"{name} holds {ascii(one)[:80]}; an item has {key!r} and 'value'")
        elif one[key] in pairs:
            say(f"{name} says {one[key][:80]!r} twice")
        else:
            pairs[one[key]] = one["value"]
    return pairs


def _known(given: Mapping[str, Any], terms: frozenset[str], say: _Say) -> None:
    for name in given:
        if name not in terms:
            say(f"no term {name[:80]!r}; {nearest(name[:80], terms)}")


def _many(given: Any) -> list[Any]:
    # A program that lays a document out anew writes a list of one item as the item.
    if given is None:
        return []
    return given if isinstance(given, list) else [given]


def _iri(base: str, id_: str) -> str:
    return base + id_.replace("%", "%25")


def _id(given: Any, base: str, name: str, say: _Say) -> str:
    if isinstance(given, str) and given.startswith(base):
        return given[len(base) :].replace("%25", "%")
    say(f"{name} is {ascii(given)[:80]}; it begins with {base}")
    return ""


def _short(terms: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in terms.items() if value not in (None, "", [])}
