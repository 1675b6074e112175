"""Which nodes of a file does the graph have already, under another id?

An incoming node whose id leads nowhere is taken for a node of its type that shares an identifier with it, or else one
that bears its name. It must be the only one, and the only node of the file that is taken for it. What is not certain
is kept apart and noted, for a person to decide: a name that several nodes bear, or one that a node of another type
bears. Names are looked up in the store's table; identifiers, which no table holds, are read once. Who wrote what is
looked at last (:mod:`.authorship`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gyges.graph.model import Node, type_of
from gyges.graph.recognition.authorship import with_known_authors
from gyges.graph.recognition.naming import (
    differing,
    identifiers_of,
    is_placeholder,
    plainer_names,
    shared_identifiers,
    tells,
)
from gyges.graph.recognition.renaming import Renaming
from gyges.graph.records import Incoming, Proposal
from gyges.graph.store import Store, complete_node
from gyges.graph.store.completing import joined
from gyges.graph.store.rows import plain_name

__all__ = ["match"]


def match(store: Store, incoming: Incoming, *, made_ids: bool = True) -> Incoming:
    """Take the nodes of a file for those that the graph has under other ids.

    Args:
        store: The graph, which is only read.
        incoming: What the file brings.
        made_ids: The ids were made from names when the file was read, so that two things may have got the same one.
            A node whose id is that of another thing is then given another id; where ids are the file's own, that is
            only noted.

    Returns:
        The same with the graph's ids, wherever an id stands, and a note for each node that was taken for another, or
        could not be.
    """
    return with_known_authors(store, _Matching(store, incoming, made_ids).done())


@dataclass(frozen=True, slots=True)
class _Claim:
    """What speaks for taking an incoming node for one of the graph."""

    target: str
    rank: int
    """0: its id; 1: an identifier; 2: a name."""
    why: str


class _Matching:
    def __init__(self, store: Store, incoming: Incoming, made_ids: bool) -> None:
        self._store = store
        self._incoming = incoming
        self._made_ids = made_ids
        self._notes: list[str] = []
        self._new: dict[str, str] = {}
        """The ids that change."""
        # Proposed nodes are looked at like the others: whoever accepts one would add it a second time.
        proposed = [node for one in incoming.proposals for node in one.nodes]
        self._nodes = {node.id: node for node in (*proposed, *incoming.nodes)}
        self._marks = {
            id_: identifiers_of(node.type, node.identifiers) for id_, node in self._nodes.items()
        }
        self._holders = shared_identifiers(
            store, ((type_of(id_), *one) for id_, marks in self._marks.items() for one in marks)
        )

    def done(self) -> Incoming:
        claims: dict[str, _Claim] = {}
        collided: list[str] = []
        for id_, node in self._nodes.items():
            there = self._store.resolve(id_) if self._store.has(id_) else None
            if there is not None and (why := self._differs(id_, there)):
                collided.append(id_)
                if not self._made_ids:
                    self._note(
                        node, f"is in the graph under this id with another {why}; look at both"
                    )
                    claims[id_] = _Claim(there, 0, "same id")
                    continue
            elif there is not None:
                claims[id_] = _Claim(there, 0, "same id")
                continue
            if claim := self._by_identifier(node) or self._by_name(node):
                claims[id_] = claim
        for id_, claim in self._mutual(claims):
            if claim.rank:
                self._new[id_] = claim.target
                self._note(self._nodes[id_], f"is taken for {claim.target} ({claim.why})")
        for id_ in collided if self._made_ids else ():
            if id_ not in self._new:
                self._new[id_] = self._free(id_)
                why = self._differs(id_, self._store.resolve(id_))
                self._note(
                    self._nodes[id_],
                    f"has another {why} than {id_} in the graph; kept as {self._new[id_]}",
                )
        return self._rewritten()

    # ------------------------------------------------------------------ what a node may be taken for

    def _by_identifier(self, node: Node) -> _Claim | None:
        marks = self._marks[node.id]
        for strong in (True, False):
            found: dict[str, str] = {}
            for name, value in sorted(marks):
                if tells(name) == strong:
                    for id_ in self._holders.get((node.type, name, value), ()):
                        # Of two things that an address is given for, it names neither.
                        if strong or not self._differs(node.id, id_):
                            found.setdefault(id_, name)
            if len(found) > 1:
                self._note(node, f"shares an identifier with {_listed(found)}; taken for none")
                return None
            for id_, name in found.items():
                return _Claim(id_, 1, f"same {name}; there {self._store.node(id_).label!r}")
        return None

    def _by_name(self, node: Node) -> _Claim | None:
        if is_placeholder(node.label):
            return None
        whole = plainer_names((node.label, *node.aliases))
        elsewhere: dict[str, None] = {}
        # The label first: an alias is often an abbreviation, which stands for more.
        for names in ((node.label,), node.aliases, whole):
            bearers = dict.fromkeys(id_ for name in names for id_ in self._store.named(name))
            found = [id_ for id_ in bearers if type_of(id_) == node.type]
            elsewhere |= dict.fromkeys(id_ for id_ in bearers if id_ not in found)
            if len(found) > 1:
                self._note(node, f"has the name of {_listed(found)}; taken for none")
                return None
            if found and (why := self._differs(node.id, found[0])):
                # Of a node whose id is taken it is said elsewhere.
                if found[0] != node.id:
                    self._note(node, f"has the name of {found[0]}, but another {why}; kept apart")
                return None
            if found:
                return _Claim(found[0], 2, "same name")
        if elsewhere:
            self._note(node, f"has the name of {_listed(elsewhere)}, of another type; kept apart")
        return None

    def _differs(self, id_: str, there: str) -> str:
        """Name the identifier by which an incoming node is not the one that is there; empty where none tells."""
        if not self._marks[id_]:
            return ""
        other = self._store.node(there)
        return differing(self._marks[id_], identifiers_of(other.type, other.identifiers))

    def _mutual(self, claims: Mapping[str, _Claim]) -> Iterator[tuple[str, _Claim]]:
        """Leave out what would make one node of several of the file."""
        by_target: defaultdict[str, list[str]] = defaultdict(list)
        for id_, claim in claims.items():
            by_target[claim.target].append(id_)
        for target, ids in by_target.items():
            best = min(claims[id_].rank for id_ in ids)
            first = [id_ for id_ in ids if claims[id_].rank == best]
            # Whose id it is, is that node already.
            sure = [id_ for id_ in first if best == 0 or self._same(id_, first)]
            for id_ in ids:
                if id_ in sure or (sure and self._same(id_, sure)):
                    yield id_, claims[id_]
                else:
                    others = _listed(other for other in ids if other != id_)
                    why = claims[id_].why
                    self._note(
                        self._nodes[id_],
                        f"could be {target} ({why}), and so could {others}; kept apart",
                    )

    def _same(self, id_: str, others: Iterable[str]) -> bool:
        """Say whether a node of the file is the same as each of some others of it."""
        mine = {plain_name(name) for name in (self._nodes[id_].label, *self._nodes[id_].aliases)}
        for other in others:
            node = self._nodes[other]
            names = {plain_name(name) for name in (node.label, *node.aliases)}
            marks, theirs = self._marks[id_], self._marks[other]
            alike = (mine & names) or any(tells(name) for name, _ in marks & theirs)
            if other != id_ and (not alike or differing(marks, theirs)):
                return False
        return True

    def _free(self, id_: str) -> str:
        number = 2
        while self._store.has(f"{id_}-{number}") or f"{id_}-{number}" in self._nodes:
            number += 1
        return f"{id_}-{number}"

    def _note(self, node: Node, text: str) -> None:
        self._notes.append(f"{node.id} {node.label!r} {text}")

    # ------------------------------------------------------------------ the ids that change

    def _rewritten(self) -> Incoming:
        incoming, new = self._incoming, self._new
        notes = [*incoming.notes, *self._notes]
        if not new:
            return replace(incoming, notes=notes)
        renaming = Renaming(new)
        nodes: dict[str, Node] = {}
        for given in incoming.nodes:
            node = renaming.node(given)
            nodes[node.id] = complete_node(nodes[node.id], node) if node.id in nodes else node
        edges = []
        for one in incoming.edges:
            edge = renaming.edge(one)
            if edge.subject != edge.object or one.subject == one.object:
                edges.append(edge)
                continue
            notes.append(
                f"edge {one.subject} {one.relation} {one.object} joins one node to itself; left out"
            )
            if edge.subject in nodes:
                there = nodes[edge.subject]
                evidence = joined(there.evidence, edge.evidence)
                nodes[edge.subject] = replace(there, evidence=evidence)
        proposals = []
        for proposal in incoming.proposals:
            # It keeps its id, so that what was decided of it holds however the graph has grown since.
            made = renaming.proposal(proposal)
            if _says_nothing(made):
                notes.append(
                    f"proposal {made.id} would join {made.about or 'one node'} to itself; left out"
                )
            else:
                proposals.append(made)
        decisions = [renaming.decision(one) for one in incoming.decisions]
        return Incoming(list(nodes.values()), edges, proposals, decisions, notes, dict(new))


def _says_nothing(proposal: Proposal) -> bool:
    if proposal.edge is not None:
        return proposal.edge.subject == proposal.edge.object
    return any(node.id == proposal.about for node in proposal.nodes)


def _listed(ids: Iterable[str]) -> str:
    *most, last = sorted(ids)[:5]
    return f"{', '.join(most)} and {last}" if most else last
