"""How does a graph follow the curated graph of a later version, without taking anything from its user?

Each row is looked at three ways, field by field (:mod:`gyges.graph.curated.threeway`): as it shipped last, as it
stands, and as it ships now. What stands as it shipped last follows; what the user changed stays his. What the user
merged is followed under the id that it has now, and nodes that the curators merged are merged here too where the user
built on the one that goes; what he said between the two stays with the node.

As a row shipped last it stands in the history, where a change took the curated graph in or followed it. A row that also
holds something of the user's is no such account: what of it shipped stands beside it, in a record of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gyges.graph.curated.shipped import CURATORS, FOLLOW, TAKE_IN, load_shipped, remember
from gyges.graph.curated.threeway import three_way
from gyges.graph.model import Edge, Evidence, Node, canonical
from gyges.graph.store import Change, Store, now
from gyges.graph.store.merging import merge
from gyges.graph.vocabulary import CONTRADICTS, RELATIONS

__all__ = ["Updated", "update"]

_Row = Node | Edge
_Record = dict[str, Any]
_Key = tuple[str, str]
"""Kind and id of a row."""

SHIPPED = "shipped"
"""Records that hold what shipped of a row, where the row also holds something of the user's."""


@dataclass(frozen=True, slots=True)
class Updated:
    """What following the shipped files changed."""

    change: int | None
    """The change's number; None where nothing was new."""
    added: int
    replaced: int
    """Nodes and edges that follow, in whole or in part."""
    dropped: int
    kept: tuple[str, ...]
    """Nodes and edges that ship otherwise than they stand, and that stay because the user changed them."""
    partly: int = 0
    """Of those that follow, in how many something of the user's stays."""
    differing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of those kept that follow but for some fields: the fields that both changed, and that stay the user's."""
    merges: int | None = None
    """The number of the change that merged what the curators merged; it comes after ``change``, or is the same where
    nothing else was new."""


def update(store: Store, by: str = CURATORS) -> Updated:
    """Let a graph follow the curated files of this version, where the user did not change what they say.

    A field of a node or an edge follows when it stands as the last shipped version left it. A row that ships no more
    goes, unless the user changed it or built on it.

    Raises:
        GraphError: The shipped files are broken, or the graph cannot be written. Then nothing was changed.
    """
    stand = _rows(store)
    base = _as_shipped(store, stand)
    wanted, once = _wanted(store, base, stand)
    new, kept = _new(store, wanted, base, stand)
    done = _Following(store, base, stand, wanted, {id_ for kind, id_ in new if kind == "node"})
    with store.change(FOLLOW, by) as change:
        for key in (key for key in wanted if key in new):
            change.restore(*key, _data(wanted[key]))
        for key in wanted:
            if key in stand:
                done.follow(change, key)
        gone = {key for key in base if key not in wanted and key in stand}
        dropped = _drop(store, change, gone, base, stand)
        for node, olds in _with_former(store, once):
            if node.id in once:
                done.write(change, replace(node, formerly=(*node.formerly, *olds)))
        followed = change.number if change.rows else None
    # A change of its own: what it writes of the user's rows never shipped.
    with store.change("merge what the curators merged", by) as change:
        for node, olds in _with_former(store, once):
            change.put_node(replace(node, formerly=(*node.formerly, *olds)))
        for id_, old in _to_merge(store, wanted, once, gone):
            whole = not _same(stand["node", old], base["node", old])
            if _merged(store, change, id_, old, by, whole=whole):
                kept.append(id_)
            dropped += 1
            gone.discard(("node", old))
        merges = change.number if change.rows else None
    kept += [id_ for id_ in done.differing if id_ not in kept]
    # A statement of the user's between two that were merged went with the merge.
    kept += sorted(id_ for kind, id_ in gone if kind == "node" or store.has_edge(id_))
    remember(store)
    return Updated(
        merges if followed is None else followed,
        len(new),
        done.replaced,
        dropped,
        tuple(kept),
        done.partly,
        done.differing,
        merges,
    )


class _Following:
    """The rows that are here already, as they follow field by field.

    Args:
        store: The graph.
        base: Records as they shipped last.
        stand: Rows as they stand.
        wanted: Rows as they ship now.
        new: Ids of the nodes that come with this version.
    """

    def __init__(
        self,
        store: Store,
        base: dict[_Key, _Record],
        stand: dict[_Key, _Row],
        wanted: dict[_Key, _Row],
        new: set[str],
    ) -> None:
        self.replaced = self.partly = 0
        self.differing: dict[str, tuple[str, ...]] = {}
        self._store = store
        self._stand = stand
        self._base = base
        self._wanted = wanted
        self._new = new
        self._met: dict[_Key, _Record] = {}

    def follow(self, change: Change, key: _Key) -> None:
        """Let a row follow in the fields that the user did not change."""
        there, base = self._stand[key], self._base.get(key, {})
        given, lost = self._possible(there, self._wanted[key])
        mine = there.to_dict()
        met = three_way(base, mine, given.to_dict())
        # A row that the user had first is his, whatever he and the curators agree on.
        self._met[key] = met.base if "id" in base else _without_id(met.base)
        if lost or met.kept:
            self.differing[key[1]] = tuple(sorted({*met.kept, *lost}))
        if met.row != mine:
            self.replaced += 1
            self.partly += met.row != given.to_dict()
            self.write(change, _read(key, met.row))
        elif self._met[key] != base:
            change.restore(SHIPPED, key[1], canonical(self._met[key]))

    def write(self, change: Change, row: _Row) -> None:
        """Write a row in the change that follows, and beside it what of it shipped, where that is not all."""
        key = ("edge" if isinstance(row, Edge) else "node", row.id)
        change.restore(*key, _data(row))
        shipped = self._met.get(key)
        whole = shipped is None or _same(row, shipped)
        change.restore(SHIPPED, row.id, None if whole else canonical(shipped or {}))

    def _possible(self, there: _Row, given: _Row) -> tuple[_Row, list[str]]:
        """Leave out of a row what rests on nodes that the user took away, and name the fields."""
        lost = []

        def here(id_: str) -> bool:
            return not id_ or id_ in self._new or self._store.has(id_)

        if isinstance(given, Edge) and not (here(given.subject) and here(given.object)):
            ends = {name: getattr(there, name) for name in ("subject", "relation", "object")}
            given = replace(given, **ends)
            lost.append("statement")
        evidence = tuple(one for one in given.evidence if here(one.node))
        if evidence != given.evidence:
            given = replace(given, evidence=evidence)
            lost.append("evidence")
        return given, lost


def _rows(store: Store) -> dict[_Key, _Row]:
    found: dict[_Key, _Row] = {("node", node.id): node for node in store.nodes()}
    return found | {("edge", edge.id): edge for edge in store.edges()}


def _data(row: _Row) -> str:
    return canonical(row.to_dict())


def _wanted(
    store: Store, base: dict[_Key, _Record], stand: dict[_Key, _Row]
) -> tuple[dict[_Key, _Row], dict[str, list[str]]]:
    """Return the shipped rows as they would stand here, nodes first, and the ids that each node had formerly."""
    shipped = load_shipped()
    ids = {node.id for node in shipped.nodes}
    found: dict[_Key, _Row] = {}
    once: dict[str, list[str]] = {}
    for node in shipped.nodes:
        key = ("node", node.id)
        here = stand.get(key)
        formerly = here.formerly if isinstance(here, Node) else ()
        # An id that leads to another node here goes on leading there.
        formerly += tuple(old for old in node.formerly if not store.has(old))
        found[key] = _here(store, replace(node, formerly=formerly, by=node.by or CURATORS))
        if olds := [old for old in node.formerly if old not in ids]:
            once[node.id] = olds
    for edge in shipped.edges:
        row = _here(store, replace(edge, by=edge.by or CURATORS))
        if isinstance(row, Edge) and row.subject != row.object:
            found["edge", edge.id] = row
    return found, once


def _with_former(store: Store, once: dict[str, list[str]]) -> Iterator[tuple[Node, list[str]]]:
    """Return the nodes, however the user worded them, with those of their former ids that lead nowhere."""
    for id_, olds in once.items():
        free = [old for old in olds if not store.has(old)]
        if free and store.has(id_):
            yield store.node(id_), free


def _to_merge(
    store: Store, wanted: dict[_Key, _Row], once: dict[str, list[str]], gone: set[_Key]
) -> Iterator[tuple[str, str]]:
    """Return the nodes that take in others, with each of these; one that the user renamed or reworded takes in nothing.

    What cannot be one node here stays apart: those of different types, and those that the user says contradict.
    """
    for id_, olds in once.items():
        row = wanted["node", id_]
        for old in olds:
            if not (isinstance(row, Node) and store.has(id_) and ("node", old) in gone):
                continue
            node = store.node(id_)
            against = any(one.relation == CONTRADICTS for one in store.edges_between(node.id, old))
            # Names and evidence that were added do not make it something else.
            same = (node.label, node.gloss) == (row.label, row.gloss)
            fit = node.id != old and node.type == row.type == store.node(old).type
            if same and fit and not against:
                yield node.id, old


def _merged(store: Store, change: Change, id_: str, old: str, by: str, *, whole: bool) -> bool:
    """Merge a node into another, within a change.

    Args:
        store: The graph.
        change: The change that is being made.
        id_: The node that stays.
        old: The node that goes.
        by: Who merges.
        whole: Keep what the one that goes said of itself: it holds something of the user's.

    Returns:
        Whether statements of the user's joined the two, which stand with the node that stays now.
    """
    there = store.node(id_)
    own = bool(store.edges_between(id_, old))
    merge(store, change, there, store.node(old), by, now())
    if not (whole or own):
        cited = (replace(one, node=id_) if one.node == old else one for one in there.evidence)
        formerly = store.node(id_).formerly
        change.put_node(replace(there, evidence=tuple(dict.fromkeys(cited)), formerly=formerly))
    return own


def _new(
    store: Store,
    wanted: dict[_Key, _Row],
    base: dict[_Key, _Record],
    stand: dict[_Key, _Row],
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
    base: dict[_Key, _Record],
    stand: dict[_Key, _Row],
) -> int:
    """Take away what ships no more and is as it shipped; leave in ``gone`` what stays."""
    dropped = 0
    free = [key for key in sorted(gone) if _same(stand[key], base[key])]  # edges before nodes
    # What cites a source may go in a later round than the source is first looked at.
    while going := [key for key in free if key[0] == "edge" or not _built_on(store, key[1])]:
        for key in going:
            change.restore(*key, None)
            change.restore(SHIPPED, key[1], None)
        gone -= set(going)
        free = [key for key in free if key in gone]
        dropped += len(going)
    return dropped


def _here(store: Store, row: _Row) -> _Row:
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


def _named(row: _Row) -> Iterator[str]:
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


def _as_shipped(store: Store, stand: dict[_Key, _Row]) -> dict[_Key, _Record]:
    """Return the records as the curated files last left them, under the ids that nodes have here by now."""
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
    beside = store.connection.execute("SELECT key, data FROM record WHERE kind = ?", (SHIPPED,))
    found.update((("edge" if key.startswith("e:") else "node", key), data) for key, data in beside)
    read: dict[_Key, _Record] = {}
    for key, data in found.items():
        given = json.loads(data)
        row, here = _here(store, _read(key, given)), stand.get(key)
        if isinstance(row, Node) and isinstance(here, Node):
            # Which ids lead to a node is not what it says.
            row = replace(row, formerly=here.formerly)
        fields = row.to_dict().items()
        read[key] = {name: one for name, one in fields if name in given or name == "formerly"}
    return read


def _read(key: _Key, record: _Record) -> _Row:
    """Read a record, also one that does not say all that a row needs."""
    if key[0] == "edge":
        return Edge.from_dict({"id": key[1], "subject": "", "relation": "", "object": "", **record})
    return Node.from_dict({"id": key[1], "label": "", **record})


def _without_id(record: _Record) -> _Record:
    return {name: value for name, value in record.items() if name != "id"}


def _same(row: _Row, record: _Record) -> bool:
    one = row.to_dict()
    return all(one.get(name) == record.get(name) for name in {*one, *record} - {"formerly"})
