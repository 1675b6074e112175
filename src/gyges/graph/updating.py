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
    stand = _rows(store)
    base = _as_shipped(store, stand)
    wanted, once = _wanted(store, base, stand)
    new, kept = _new(store, wanted, base, stand)
    replaced = dropped = 0
    with store.change(FOLLOW, by) as change:
        for key, row in wanted.items():
            if key in new:
                change.restore(*key, _data(row))
            elif key in stand and stand[key] != row:
                if stand[key] == base.get(key):
                    change.restore(*key, _data(row))
                    replaced += 1
                else:
                    kept.append(key[1])
        gone = {key for key in base if key not in wanted and key in stand}
        dropped += _drop(store, change, gone, base, stand)
        for node, olds in _followed(store, wanted, once):
            free = tuple(old for old in olds if not store.has(old))
            change.put_node(replace(node, formerly=(*node.formerly, *free)))
        rows = change.rows
    # A change of its own: what it writes of the user's rows never shipped.
    with store.change("merge what the curators merged", by) as change:
        for node, olds in _followed(store, wanted, once):
            for old in olds:
                if ("node", old) in gone:
                    merge(store, change, store.node(node.id), store.node(old), by, now())
                    dropped += 1
                    gone.discard(("node", old))
                    if stand["node", old] == base["node", old]:
                        formerly = store.node(node.id).formerly
                        change.put_node(replace(node, formerly=formerly))
    kept += sorted(id_ for _, id_ in gone)
    remember(store)
    return Updated(change.number if rows else None, len(new), replaced, dropped, tuple(kept))


def _rows(store: Store) -> dict[_Key, Node | Edge]:
    found: dict[_Key, Node | Edge] = {("node", node.id): node for node in store.nodes()}
    return found | {("edge", edge.id): edge for edge in store.edges()}


def _data(row: Node | Edge) -> str:
    return canonical(row.to_dict())


def _wanted(
    store: Store, base: dict[_Key, Node | Edge], stand: dict[_Key, Node | Edge]
) -> tuple[dict[_Key, Node | Edge], dict[str, list[str]]]:
    """Return the shipped rows as they would stand here, nodes first, and which nodes of here were merged into each."""
    shipped = load_shipped()
    ids = {node.id for node in shipped.nodes}
    found: dict[_Key, Node | Edge] = {}
    once: dict[str, list[str]] = {}
    for node in shipped.nodes:
        key = ("node", node.id)
        here = stand.get(key)
        formerly = here.formerly if isinstance(here, Node) else ()
        # An id that leads to another node here goes on leading there.
        formerly += tuple(old for old in node.formerly if not store.has(old))
        found[key] = _here(store, replace(node, formerly=formerly, by=node.by or CURATORS))
        away = [old for old in node.formerly if ("node", old) in base and ("node", old) in stand]
        once[node.id] = [old for old in away if old not in ids]
    for edge in shipped.edges:
        row = _here(store, replace(edge, by=edge.by or CURATORS))
        if isinstance(row, Edge) and row.subject != row.object:
            found["edge", edge.id] = row
    return found, once


def _followed(
    store: Store, wanted: dict[_Key, Node | Edge], once: dict[str, list[str]]
) -> Iterator[tuple[Node, list[str]]]:
    """Return the nodes that follow and that others were merged into; what is the user's takes in nothing by itself."""
    for id_, olds in once.items():
        row = wanted["node", id_]
        if olds and isinstance(row, Node) and store.has(id_):
            node = store.node(id_)
            if replace(node, formerly=()) == replace(row, formerly=()):
                yield node, olds


def _new(
    store: Store,
    wanted: dict[_Key, Node | Edge],
    base: dict[_Key, Node | Edge],
    stand: dict[_Key, Node | Edge],
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
    base: dict[_Key, Node | Edge],
    stand: dict[_Key, Node | Edge],
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


def _as_shipped(store: Store, stand: dict[_Key, Node | Edge]) -> dict[_Key, Node | Edge]:
    """Return the rows as the curated files last left them, under the ids that nodes have here by now."""
    rows = store.connection.execute(
        "SELECT op.kind, op.key, op.after, change.number FROM op JOIN change ON change.number = op.change"
        " WHERE change.what IN (?, ?) AND op.kind IN ('node', 'edge') ORDER BY op.num",
        (TAKE_IN, FOLLOW),
    )
    # What was undone never came; of the first change, what was taken away stays away.
    undone = {one.number for one in store.history() if one.undone and one.what == FOLLOW}
    found: dict[_Key, str] = {}
    for kind, key, after, number in rows:
        if number in undone:
            continue
        if after is None:
            found.pop((kind, key), None)
        else:
            found[kind, key] = after
    read: dict[_Key, Node | Edge] = {}
    for key, data in found.items():
        given, here = json.loads(data), stand.get(key)
        if key[0] == "edge":
            read[key] = _here(store, Edge.from_dict(given))
            continue
        node = Node.from_dict(given)
        # Which ids lead to a node is not what it says.
        formerly = here.formerly if isinstance(here, Node) else node.formerly
        read[key] = _here(store, replace(node, formerly=formerly))
    return read
