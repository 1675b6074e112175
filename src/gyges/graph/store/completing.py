"""Two accounts of the same node or statement: what does the one add to the other?

Nothing that stands is overwritten: gaps are filled, and names, identifiers and evidence are added.
"""

from __future__ import annotations

from dataclasses import replace

from gyges.graph.model import Edge, Evidence, Node
from gyges.graph.store.rows import plain_name

__all__ = ["complete_edge", "complete_node", "joined", "new_names"]


def complete_node(there: Node, incoming: Node) -> Node:
    """Fill in what a node lacks from another account of it; nothing that stands is overwritten."""
    return replace(
        there,
        gloss=there.gloss or incoming.gloss,
        aliases=(*there.aliases, *new_names(there, incoming)),
        dates={**incoming.dates, **there.dates},
        identifiers={**incoming.identifiers, **there.identifiers},
        evidence=joined(there.evidence, incoming.evidence),
        formerly=tuple(
            dict.fromkeys(one for one in (*there.formerly, *incoming.formerly) if one != there.id)
        ),
    )


def complete_edge(there: Edge, incoming: Edge) -> Edge:
    """Add the evidence of another account of the same statement."""
    return replace(
        there,
        gloss=there.gloss or incoming.gloss,
        evidence=joined(there.evidence, incoming.evidence),
        confidence=incoming.confidence if there.confidence is None else there.confidence,
    )


def joined(one: tuple[Evidence, ...], other: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Add to some evidence what it lacks of other evidence."""
    there = set(one)
    return (*one, *dict.fromkeys(piece for piece in other if piece not in there))


def new_names(there: Node, incoming: Node) -> tuple[str, ...]:
    """Return the names of one account that the other has not, each once, whatever the case."""
    names = {plain_name(name) for name in (there.label, *there.aliases)}
    found = {plain_name(name): name for name in reversed((incoming.label, *incoming.aliases))}
    return tuple(name for plain, name in reversed(found.items()) if plain not in names)
