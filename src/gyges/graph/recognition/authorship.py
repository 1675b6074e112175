"""Which authorships of a list of literature does the graph have already?

A list says of a paper's author no more than that, often with the given names cut to initials. Where the paper is
known again by an identifier and an initial fits one alone of the authors whom the graph has for it, that one is meant;
of any other paper it stays open, because another's J. Doe may be John (:mod:`.initials`). A bare authorship between
ends that are joined by one with a gloss says nothing new, so it completes the one that stands.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

from gyges.graph.model import Edge, Node, type_of
from gyges.graph.recognition.initials import fits_full
from gyges.graph.recognition.naming import identifiers_of, tells
from gyges.graph.recognition.renaming import Renaming
from gyges.graph.records import Incoming
from gyges.graph.store import Store, complete_node

__all__ = ["with_known_authors"]

_WROTE = "authored_by"
_Meant = dict[str, dict[str, str]]
"""By an incoming person and a paper, the person of the graph who is meant."""


def with_known_authors(store: Store, incoming: Incoming) -> Incoming:
    """Take initials for the known authors of a paper, and authorships for those that stand.

    Args:
        store: The graph, which is only read.
        incoming: What comes in, with the ids that the graph has.

    Returns:
        The same with the people who are meant and the statements that stand, and a note for each person.
    """
    meant = _meant(store, incoming)
    edges = []
    for edge in incoming.edges:
        known = meant.get(edge.object, {}).get(edge.subject) if edge.relation == _WROTE else None
        if known is not None:
            edge = Renaming({edge.object: known}).edge(edge)
        edges.append(_standing(store, edge))
    if not meant:
        return replace(incoming, edges=edges)
    held = {end for edge in edges for end in (edge.subject, edge.object)}
    held |= {one.about for one in incoming.proposals}
    nodes, notes, renamed = [], list(incoming.notes), dict(incoming.renamed)
    for node in incoming.nodes:
        people = set(meant.get(node.id, {}).values())
        for person in sorted(people):
            papers = [paper for paper, one in meant[node.id].items() if one == person]
            notes.append(
                f"{node.id} {node.label!r} is taken for {person} (the one known author of {_listed(papers)} whom the "
                "initial fits)"
            )
        if len(people) == 1 and node.id not in held:
            (person,) = people
            for given in [old for old, new in renamed.items() if new == node.id] or [node.id]:
                renamed[given] = person
            # Its name stays behind: as an alias it would make every other J. Doe the same.
            there = store.node(person)
            node = complete_node(there, replace(node, id=there.id, label=there.label, aliases=()))
        nodes.append(node)
    return replace(incoming, nodes=nodes, edges=edges, notes=notes, renamed=renamed)


def _meant(store: Store, incoming: Incoming) -> _Meant:
    nodes = {node.id: node for node in incoming.nodes}
    authors: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for edge in incoming.edges:
        if edge.relation == _WROTE:
            authors[edge.subject][edge.object] = None
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for paper, people in authors.items():
        new = [nodes[one] for one in people if one in nodes and not store.has(one)]
        new = [one for one in new if one.type == "thinker"]
        if not new or paper not in nodes or not _identified(store, nodes[paper]):
            continue
        known = list(_known_authors(store, paper))
        taken = Counter(store.resolve(one) for one in people if store.has(one))
        fitting = {}
        for person in new:
            names = (person.label, *person.aliases)
            ids = [one.id for one in known if fits_full(names, (one.label, *one.aliases))]
            if len(ids) == 1:
                fitting[person.id] = ids[0]
        taken.update(fitting.values())
        for id_, target in fitting.items():
            # Two authors of one paper are two people.
            if taken[target] == 1:
                found[id_][paper] = target
    return found


def _identified(store: Store, paper: Node) -> bool:
    """Say whether the graph has this paper, by an identifier of which a paper has one alone."""
    if not store.has(paper.id):
        return False
    there = store.node(paper.id)
    shared = identifiers_of(paper.type, paper.identifiers) & identifiers_of(
        there.type, there.identifiers
    )
    return any(tells(name) for name, _ in shared)


def _known_authors(store: Store, paper: str) -> Iterator[Node]:
    id_ = store.resolve(paper)
    people = {
        edge.object
        for edge in store.edges_of(id_)
        if edge.relation == _WROTE and edge.subject == id_
    }
    for person in sorted(people):
        if type_of(person) == "thinker":
            yield store.node(person)


def _standing(store: Store, edge: Edge) -> Edge:
    """Give a bare authorship the id and the gloss of the one that joins its ends already."""
    if edge.relation != _WROTE or edge.gloss or store.has_edge(edge.id):
        return edge
    if not (store.has(edge.subject) and store.has(edge.object)):
        return edge
    there = [
        one for one in store.edges_between(edge.subject, edge.object) if one.relation == _WROTE
    ]
    if not there or not all(one.gloss for one in there):
        return edge
    return replace(edge, id=there[0].id, gloss=there[0].gloss)


def _listed(ids: list[str]) -> str:
    *most, last = sorted(ids)[:5]
    return f"{', '.join(most)} and {last}" if most else last
