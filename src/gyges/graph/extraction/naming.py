"""Which node does a name stand for?

A node that is known by that id, label or alias and has that type; otherwise a new one. Case, accents' forms, hyphens,
a plural's ending, and an abbreviation in brackets are folded. Names of another type never match: a method and a concept
of one name are two things.
"""

from __future__ import annotations

from collections.abc import Iterable

from gyges.graph.extraction.sentences import stem
from gyges.graph.model import Node, node_id
from gyges.graph.passages import words_of
from gyges.graph.recognition.naming import names_of

__all__ = ["Known", "names_of"]


class Known:
    """The nodes that a graph has, by their names.

    Args:
        nodes: The nodes; a name that two nodes of one type share stands for neither.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._by_id: dict[str, Node] = {}
        self._by_name: dict[tuple[str, str], Node | None] = {}
        self._types: dict[str, set[str]] = {}
        self._named: dict[str, dict[str, Node]] = {}
        self._sizes: dict[str, set[int]] = {}
        for node in nodes:
            self.add(node)

    def add(self, node: Node) -> None:
        """Know one node more."""
        self._by_id[node.id] = node
        for id_ in node.formerly:
            self._by_id.setdefault(id_, node)
        for rank, name in enumerate(names_of(node.label, node.aliases)):
            folded = _fold(name)
            if not folded:
                continue
            key = (node.type, folded)
            other = self._by_name.get(key, node)
            if rank == 0 or key not in self._by_name:
                self._by_name[key] = node
            elif other is not node and other is not None and _fold(other.label) != folded:
                self._by_name[key] = None
            self._types.setdefault(folded, set()).add(node.type)
            self._named.setdefault(folded, {})[node.id] = node
            first, *rest = folded.split()
            self._sizes.setdefault(first, set()).add(1 + len(rest))

    def find(self, type_: str, name: str) -> Node | None:
        """Find the node of a type that a name stands for."""
        by_id = self._by_id.get(name)
        if by_id is not None and by_id.type == type_:
            return by_id
        for one in names_of(name):
            if (found := self._by_name.get((type_, _fold(one)))) is not None:
                return found
        by_id = self._by_id.get(node_id(type_, name))
        # The same slug: "Compliance gap!" beside "compliance gap".
        return by_id if by_id is not None and by_id.type == type_ else None

    def other_types(self, type_: str, name: str) -> list[str]:
        """Name the types under which a name is known, beside this one."""
        return sorted(self._types.get(_fold(name), set()) - {type_})

    def in_text(self, text: str, most: int = 60) -> list[Node]:
        """Return the nodes that a text mentions, those it mentions first at the head."""
        said = [stem(word) for word in words_of(text).words]
        found: dict[str, Node] = {}
        for at, word in enumerate(said):
            for size in sorted(self._sizes.get(word, ())):
                nodes = self._named.get(" ".join(said[at : at + size]), {})
                for id_ in sorted(nodes):
                    found.setdefault(id_, nodes[id_])
            if len(found) >= most:
                return list(found.values())[:most]
        return list(found.values())


def _fold(name: str) -> str:
    return " ".join(stem(word) for word in words_of(name).words)
