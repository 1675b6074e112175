"""How does a page tell an edge and its evidence, seen from one of its ends?"""

from __future__ import annotations

from typing import Any

from gyges.graph.model import Edge, Evidence, Node
from gyges.graph.quoting import Checker
from gyges.graph.store import Store
from gyges.graph.vocabulary import RELATIONS

__all__ = ["Views"]


class Views:
    """Tells edges and evidence as data; each node and each attached copy is read once.

    Args:
        store: The graph.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._checker = Checker(store)
        self._nodes: dict[str, Node] = {}

    def node(self, id_: str) -> Node:
        """Return a node.

        Raises:
            GraphError: There is none.
        """
        if id_ not in self._nodes:
            self._nodes[id_] = self._store.node(id_)
        return self._nodes[id_]

    def edge(self, edge: Edge, seen_from: str) -> dict[str, Any]:
        """Tell an edge as it reads from one of its ends: direction, words, evidence, origin."""
        rule = RELATIONS[edge.relation]
        out = edge.subject == seen_from
        return {
            "id": edge.id,
            "relation": edge.relation,
            "direction": "both" if rule.symmetric else "out" if out else "in",
            "reads": rule.reads if out else rule.back,
            "gloss": edge.gloss,
            "evidence": [self.evidence(one) for one in edge.evidence],
            "channel": edge.channel,
            "confidence": edge.confidence,
            "by": edge.by,
        }

    def evidence(self, one: Evidence) -> dict[str, Any]:
        """Tell a piece of evidence, with its source's label, and its passage looked up in the attached copy."""
        known = bool(one.node) and self._store.has(one.node)
        passage = None
        if one.passage is not None:
            checked = self._checker.check(one.node, one.passage).to_dict()
            passage = {"sha256": one.passage.sha256, "words": one.passage.words, **checked}
        return {
            "node": one.node,
            "label": self.node(one.node).label if known else one.node,
            "locator": one.locator,
            "grade": one.grade,
            "note": one.note,
            "passage": passage,
        }
