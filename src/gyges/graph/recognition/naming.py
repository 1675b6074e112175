"""What names and identifies a thing, and which nodes of a graph share it?

Names are looked up in the store's table. Identifiers stand in no table: the nodes that have any are read once, which
takes half a second in a graph of 300,000 nodes.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations

from gyges.graph.similarity import abbreviates
from gyges.graph.store import Store

__all__ = [
    "differing",
    "identifiers_of",
    "is_placeholder",
    "names_of",
    "namesakes",
    "plainer_names",
    "shared_identifiers",
    "tells",
]

_BRACKETED = re.compile(r"^(?P<name>.+?)\s*\((?P<short>[^()]{2,40})\)$")
_PLACEHOLDER = "(label missing)"
_STRONG = frozenset({"arxiv", "doi", "lesswrong", "openreview", "orcid", "pmid"})
"""Identifiers of which a thing has one; an address may be a whole list's, and an ISBN a whole volume's."""
_STATEMENTS = frozenset({"claim", "finding", "hypothesis", "question", "quote"})
"""Types whose identifiers are those of their source, which many of them share."""
_ARXIV = re.compile(
    r"^(?:https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/|arxiv:\s*|"
    r"(?:https?://(?:dx\.)?doi\.org/)?10\.48550/arxiv\.)?"
    r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?/?$"
)


def names_of(label: str, aliases: Iterable[str] = ()) -> list[str]:
    """Return the names by which a thing may stand in a text: label, aliases, and what stands in brackets."""
    found: dict[str, None] = {}
    for name in (label, *aliases):
        found[name] = None
        if parts := _BRACKETED.match(name):
            found[parts["name"]] = None
            found[parts["short"]] = None
    return list(found)


def plainer_names(names: Iterable[str]) -> list[str]:
    """Return names without the abbreviation that some carry in brackets: ``Compliance gap (CG)``."""
    return [
        parts["name"]
        for name in names
        if (parts := _BRACKETED.match(name)) and abbreviates(parts["short"], parts["name"])
    ]


def tells(name: str) -> bool:
    """Say whether an identifier is one of which a thing has one alone."""
    return name in _STRONG


def is_placeholder(label: str) -> bool:
    """Say whether a label only holds the place of one that was missing: it names nothing."""
    return label.startswith(_PLACEHOLDER)


def identifiers_of(type_: str, identifiers: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return what identifies a thing, in one form however it is written.

    Args:
        type_: The thing's type; of a statement nothing is returned, for its identifiers are its source's.
        identifiers: As its node has them; one that was merged may have an ``arxiv`` and an ``arxiv-2``.

    Returns:
        Names and values: arXiv numbers without their version, DOIs in lower case, addresses without scheme, fragment
        and last slash. A number of arXiv's is also an address there.
    """
    found: set[tuple[str, str]] = set()
    if type_ in _STATEMENTS:
        return found
    for given, value in identifiers.items():
        name, said = re.sub(r"-\d+$", "", given.lower()), value.strip()
        arxiv = (
            _ARXIV.match(said.split("#")[0].lower()) if name in ("arxiv", "doi", "url") else None
        )
        if arxiv:
            found.add(("url", f"arxiv.org/abs/{arxiv['id']}"))
            if name != "url":
                found.add(("arxiv", arxiv["id"]))
        elif name == "doi":
            found.add((name, re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", said.lower())))
        elif name == "url":
            found.add((name, _address(said)))
        elif name in _STRONG:
            found.add((name, said))
    return {one for one in found if one[1]}


def differing(one: set[tuple[str, str]], other: set[tuple[str, str]]) -> str:
    """Name the identifier of which two things have other values, unless they share another one."""
    if any(name in _STRONG for name, _ in one & other):
        return ""
    names = {name for name, _ in one} & {name for name, _ in other} & _STRONG
    return min(names, default="")


def shared_identifiers(
    store: Store, wanted: Iterable[tuple[str, str, str]] | None = None
) -> dict[tuple[str, str, str], list[str]]:
    """Return which nodes have an identifier.

    Args:
        store: The graph.
        wanted: Type, name and value of those that are looked for; None for all that several nodes of one type have.

    Returns:
        The ids by type, name and value, in order.
    """
    sought = None if wanted is None else set(wanted)
    found: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    if sought is not None and not sought:
        return {}
    types = sorted({key[0] for key in sought or ()})
    where = f"node.type IN ({', '.join('?' * len(types))}) AND" if types else ""
    # The text is looked into first: most nodes have no identifier, and reading JSON takes longer.
    rows = store.connection.execute(
        "SELECT node.id, node.type, one.key, one.value FROM node, json_each(node.data, '$.identifiers') AS one"
        f" WHERE {where} instr(node.data, '\"identifiers\":') > 0 ORDER BY node.id",
        types,
    )
    for id_, type_, name, value in rows:
        for identifier in identifiers_of(type_, {name: str(value)}):
            key = (type_, *identifier)
            if (sought is None or key in sought) and id_ not in found[key]:
                found[key].append(id_)
    return {key: ids for key, ids in found.items() if ids and (sought or len(ids) > 1)}


def namesakes(
    store: Store, limit: int, among: Collection[str] | None = None
) -> Iterator[tuple[str, str]]:
    """Return pairs of nodes of one type that share a name or an identifier, and that no edge joins.

    Args:
        store: The graph.
        limit: At most so many that share a name.
        among: Nodes of which one must be in each pair; all where None.

    Returns:
        Two ids in order, each pair once; those that share an identifier first. What only holds the place of a label
        shares nothing.
    """
    seen: set[tuple[str, str]] = set()
    for ids in shared_identifiers(store).values():
        for pair in combinations(ids, 2):
            wanted = among is None or pair[0] in among or pair[1] in among
            if wanted and pair not in seen and not store.edges_between(*pair):
                seen.add(pair)
                yield pair
    chosen = () if among is None else (json.dumps([*among]),)
    part = "(SELECT value FROM json_each(?3))"
    of = f" AND (a.id IN {part} OR b.id IN {part})" if chosen else ""
    rows = store.connection.execute(
        "WITH shared AS MATERIALIZED"
        " (SELECT name FROM name WHERE name NOT LIKE ?1 || '%' GROUP BY name HAVING count(*) > 1)"
        " SELECT DISTINCT min(a.id, b.id), max(a.id, b.id) FROM shared"
        " JOIN name AS one ON one.name = shared.name JOIN name AS other"
        " ON other.name = shared.name AND other.node > one.node"
        " JOIN node AS a ON a.num = one.node JOIN node AS b ON b.num = other.node"
        " WHERE a.type = b.type"
        + of
        + " AND NOT EXISTS (SELECT 1 FROM edge WHERE subject = a.num AND object = b.num)"
        " AND NOT EXISTS (SELECT 1 FROM edge WHERE subject = b.num AND object = a.num)"
        " LIMIT ?2",
        (_PLACEHOLDER, limit, *chosen),
    )
    yield from sorted(pair for pair in rows if pair not in seen)


def _address(url: str) -> str:
    plain = re.sub(r"^https?://(?:www\.)?", "", url.partition("#")[0], flags=re.I).rstrip("/")
    host, slash, rest = plain.partition("/")
    return f"{host.lower()}{slash}{rest}"
