"""How does a graph follow the curated graph of a later version, without taking anything from its user?

Each row is looked at three ways: as it shipped last, as it stands, and as it ships now. What stands as it shipped last
follows; what the user changed stays his. What the user merged is followed under the id that it has now, and nodes that
the curators merged are merged here too where the user built on the one that goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gyges.graph.model import Edge, Evidence, Node, canonical
from gyges.graph.shipped import CURATORS, FOLLOW, TAKE_IN, load_shipped, remember
from gyges.graph.store import Change, Store, now
from gyges.graph.store.merging import merge
from gyges.graph.vocabulary import RELATIONS

__all__ = ["Updated", "update"]

_Key = tuple[str, str]
"""Kind and id of a row."""


@dataclass(frozen=True, slots=True)
class Updated:
    """What following the shipped files changed."""

    change: int | None
    added: int
    replaced: int
    dropped: int
    kept: tuple[str, ...]
    """Nodes and edges that ship otherwise than they stand, and that stay because the user changed them."""


def update(store: Store, by: str = CURATORS) -> Updated:
    """Let a graph follow the curated files of this version, where the user did not change what they say.

    A node or an edge follows when it stands as the last shipped version left it. One that ships no more goes, unless
    the user changed it or built on it.

    Raises:
        GraphError: The shipped files are broken, or the graph cannot be written. Then nothing was changed.
    """
    base = {key: canonical(row.to_dict()) for key, row in _as_shipped(store).items()}
    wanted = _wanted(store, base)
    stand = {("node", node.id): canonical(node.to_dict()) for node in store.nodes()}
    stand |= {("edge", edge.id): canonical(edge.to_dict()) for edge in store.edges()}
    new, kept = _new(store, wanted, base, stand)
    replaced = dropped = 0
    with store.change(FOLLOW, by) as change:
        for key, row in wanted.items():
            data = canonical(row.to_dict())
            if key in new:
                change.restore(*key, data)
            elif key in stand and stand[key] != data:
                if stand[key] == base.get(key):
                    change.restore(*key, data)
                    replaced += 1
                else:
                    kept.append(key[1])
        gone = {key for key in base if key not in wanted and key in stand}
        dropped += _drop(store, change, gone, base, stand)
        dropped += _merge(store, change, gone, wanted, base, stand, by)
        kept += sorted(id_ for _, id_ in gone)
        rows = change.rows
    remember(store)
    return Updated(change.number if rows else None, len(new), replaced, dropped, tuple(kept))


def _wanted(store: Store, base: dict[_Key, str]) -> dict[_Key, Node | Edge]:
    """Return the shipped rows as they would stand in this graph, nodes first."""
    shipped = load_shipped()
    ids = {node.id for node in shipped.nodes}
    found: dict[_Key, Node | Edge] = {}
    for node in shipped.nodes:
        # An id that leads elsewhere here goes on leading there.
        formerly = tuple(
            old
            for old in node.formerly
            if not store.has(old)
            or store.resolve(old) == node.id
            or (store.resolve(old) == old and old not in ids and ("node", old) in base)
        )
        made = replace(node, formerly=formerly, by=node.by or CURATORS)
        found["node", node.id] = _here(store, made)
    for edge in shipped.edges:
        here = _here(store, replace(edge, by=edge.by or CURATORS))
        if isinstance(here, Edge) and here.subject != here.object:
            found["edge", edge.id] = here
    return found


def _new(
    store: Store,
    wanted: dict[_Key, Node | Edge],
    base: dict[_Key, str],
    stand: dict[_Key, str],
) -> tuple[set[_Key], list[str]]:
    """Choose the rows to add; those that the user took away, or that rest on what he took away, stay away."""
    new: set[_Key] = set()
    kept = []
    for key in wanted:
        if key not in stand:
            if key in base or (key[0] == "node" and store.has(key[1])):
                kept.append(key[1])
            else:
                new.add(key)
    while missing := {
        key
        for key in new
        if any(not store.has(id_) and ("node", id_) not in new for id_ in _named(wanted[key]))
    }:
        new -= missing
        kept += sorted(id_ for _, id_ in missing)
    return new, kept


def _drop(
    store: Store,
    change: Change,
    gone: set[_Key],
    base: dict[_Key, str],
    stand: dict[_Key, str],
) -> int:
    """Take away what ships no more and is as it shipped; leave in ``gone`` what stays."""
    dropped = 0
    free = [key for key in sorted(gone) if stand[key] == base[key]]  # edges before nodes
    # What cites a source may go in a later round than the source is first looked at.
    while going := [key for key in free if key[0] == "edge" or not _built_on(store, key[1])]:
        for key in going:
            change.restore(*key, None)
        gone -= set(going)
        free = [key for key in free if key in gone]
        dropped += len(going)
    return dropped


def _merge(
    store: Store,
    change: Change,
    gone: set[_Key],
    wanted: dict[_Key, Node | Edge],
    base: dict[_Key, str],
    stand: dict[_Key, str],
    by: str,
) -> int:
    """Merge the nodes that the curators merged, where the user changed or built on the one that goes."""
    merged = 0
    for key, row in wanted.items():
        if not isinstance(row, Node) or not store.has(row.id):
            continue
        # A node that is the user's own by now does not take others in by itself.
        followed = canonical(store.node(row.id).to_dict()) == canonical(row.to_dict())
        for old in row.formerly if followed else ():
            if ("node", old) not in gone:
                continue
            merge(store, change, store.node(row.id), store.node(old), by, now())
            if stand["node", old] == base["node", old]:
                change.restore(*key, canonical(row.to_dict()))
            gone.discard(("node", old))
            merged += 1
    return merged


def _here(store: Store, row: Node | Edge) -> Node | Edge:
    """Point a row at the nodes that remained here of those that it names."""

    def now_(id_: str) -> str:
        return store.resolve(id_) if id_ and store.has(id_) else id_

    def cited(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        if all(now_(one.node) == one.node for one in evidence):
            return evidence
        return tuple(dict.fromkeys(replace(one, node=now_(one.node)) for one in evidence))

    evidence = cited(row.evidence)
    if isinstance(row, Node):
        return row if evidence == row.evidence else replace(row, evidence=evidence)
    subject, object_ = now_(row.subject), now_(row.object)
    if (subject, object_) != (row.subject, row.object):
        if RELATIONS[row.relation].symmetric and object_ < subject:
            subject, object_ = object_, subject
        row = replace(row, subject=subject, object=object_)
    return row if evidence == row.evidence else replace(row, evidence=evidence)


def _named(row: Node | Edge) -> Iterator[str]:
    """Return the nodes without which a row cannot stand."""
    if isinstance(row, Edge):
        yield from (row.subject, row.object)
    yield from (one.node for one in row.evidence if one.node)


def _built_on(store: Store, node: str) -> bool:
    cited = store.connection.execute(
        "SELECT 1 FROM cites WHERE source = ?1 AND NOT (kind = 'node' AND holder = ?1)", (node,)
    ).fetchone()
    # The number of edges that stands with a node is brought up at the end of a change alone.
    return cited is not None or bool(store.edges_of(node))


def _as_shipped(store: Store) -> dict[_Key, Node | Edge]:
    """Return the rows as the curated files last left them, under the ids that nodes have here by now."""
    rows = store.connection.execute(
        "SELECT op.kind, op.key, op.after FROM op JOIN change ON change.number = op.change"
        " WHERE change.what IN (?, ?) AND op.kind IN ('node', 'edge') ORDER BY op.num",
        (TAKE_IN, FOLLOW),
    )
    found: dict[_Key, str] = {}
    for kind, key, after in rows:
        if after is None:
            found.pop((kind, key), None)
        else:
            found[kind, key] = after
    read: dict[_Key, Node | Edge] = {}
    for key, data in found.items():
        given = json.loads(data)
        row = Node.from_dict(given) if key[0] == "node" else Edge.from_dict(given)
        read[key] = _here(store, row)
    return read
