"""How does a page tell an edge and its evidence, seen from one of its ends?"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gyges.graph.model import Edge, Evidence, Node
from gyges.graph.quoting import Checker
from gyges.graph.store import Store
from gyges.graph.vocabulary import RELATIONS

__all__ = ["Views"]

_AT_ONCE = 500


class Views:
    """Tells edges and evidence as data; each node and each attached copy is read once.

    Args:
        store: The graph.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._checker = Checker(store)
        self._nodes: dict[str, Node] = {}
        self._labels: dict[str, str] = {}

    def node(self, id_: str) -> Node:
        """Return a node.

        Raises:
            GraphError: There is none.
        """
        if id_ not in self._nodes:
            self._nodes[id_] = self._store.node(id_)
        return self._nodes[id_]

    def read(self, ids: Iterable[str]) -> None:
        """Read nodes that will be asked for, many at once."""
        wanted = [id_ for id_ in dict.fromkeys(ids) if id_ not in self._nodes]
        for at in range(0, len(wanted), _AT_ONCE):
            part = wanted[at : at + _AT_ONCE]
            rows = self._store.connection.execute(
                f"SELECT id, data FROM node WHERE id IN ({', '.join('?' * len(part))})", part
            )
            self._nodes |= {id_: Node.from_dict(json.loads(data)) for id_, data in rows}

    def heads(self, ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the id, the label and the type of nodes, many at once."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, dict[str, str]] = {}
        for at in range(0, len(wanted), _AT_ONCE):
            part = wanted[at : at + _AT_ONCE]
            rows = self._store.connection.execute(
                f"SELECT id, label, type FROM node WHERE id IN ({', '.join('?' * len(part))})", part
            )
            found |= {id_: {"id": id_, "label": label, "type": type_} for id_, label, type_ in rows}
        return found

    def cited_by(self, edges: Iterable[Edge]) -> None:
        """Read the labels of the sources that edges rest on, many at once."""
        ids = dict.fromkeys(one.node for edge in edges for one in edge.evidence)
        wanted = [id_ for id_ in ids if id_ not in self._labels]
        for at in range(0, len(wanted), _AT_ONCE):
            part = wanted[at : at + _AT_ONCE]
            self._labels |= self._store.connection.execute(
                f"SELECT id, label FROM node WHERE id IN ({', '.join('?' * len(part))})", part
            )

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
        passage = None
        if one.passage is not None:
            checked = self._checker.check(one.node, one.passage).to_dict()
            passage = {"sha256": one.passage.sha256, "words": one.passage.words, **checked}
        return {
            "node": one.node,
            "label": self._label(one.node),
            "locator": one.locator,
            "grade": one.grade,
            "note": one.note,
            "passage": passage,
        }

    def _label(self, id_: str) -> str:
        """Return a source's label; of one that the graph does not hold, what is there."""
        if id_ not in self._labels:
            known = bool(id_) and self._store.has(id_)
            self._labels[id_] = self.node(id_).label if known else id_
        return self._labels[id_]
