"""Which nodes stand around a node, and which of them does a page list?

All are counted; those with the most edges to it are listed. A page with ten thousand neighbours would be of no use to
anybody, so there is a limit for each type, and one for all types together, which the types share evenly.
"""

from __future__ import annotations

from typing import Any

from gyges.graph.model import Node
from gyges.graph.store import Neighbour, Store
from gyges.graph.vocabulary import NODE_TYPES

__all__ = ["MOST_LISTED", "MOST_NEIGHBOURS", "Around"]

MOST_NEIGHBOURS = 200
"""Neighbours of one type that a page lists; a group's counts are always those of all."""
MOST_LISTED = 200
"""Neighbours of all types that a page lists."""


class Around:
    """The neighbours of a node, as :meth:`Store.neighbours` ranks them.

    Args:
        store: The graph.
        node: The node.
        ranked: Some of its neighbours, where not all are meant.
    """

    def __init__(self, store: Store, node: Node, ranked: list[Neighbour] | None = None) -> None:
        self.ranked = store.neighbours(node.id) if ranked is None else ranked
        """All of them."""
        self._by_type: dict[str, list[Neighbour]] = {}
        for one in self.ranked:
            self._by_type.setdefault(one.type, []).append(one)

    def groups(self) -> list[dict[str, Any]]:
        """Count nodes and edges by type, the type with the most edges first."""
        groups = [
            {
                "type": type_,
                "plural": NODE_TYPES[type_].plural,
                "nodes": len(found),
                "edges": sum(one.edges for one in found),
            }
            for type_, found in self._by_type.items()
        ]
        return sorted(groups, key=lambda group: (-group["edges"], group["type"]))

    def of(self, *types: str, most: int) -> list[Neighbour]:
        """Return the first neighbours of some types."""
        return [one for one in self.ranked if one.type in types][:most]

    def listed(self, most: int = MOST_NEIGHBOURS, in_all: int = MOST_LISTED) -> list[Neighbour]:
        """Choose those that a page lists, by type as :meth:`groups` orders them."""
        sizes = sorted(min(most, len(found)) for found in self._by_type.values())
        # A type that needs less than its share leaves the rest to the others.
        share = most
        for place, size in enumerate(sizes):
            if size * (len(sizes) - place) > in_all:
                share = max(1, in_all // (len(sizes) - place))
                break
            in_all -= size
        return [
            one
            for group in self.groups()
            for one in self._by_type[group["type"]][: min(most, share)]
        ]
