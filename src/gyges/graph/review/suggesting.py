"""Which node of the graph may a proposed thing be already?

Looked for by name, by words and by meaning, in all types, for whoever proposes may be wrong about the type; then each
is looked at more strictly (:mod:`gyges.graph.similarity.likeness`). These are suggestions: a person decides.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from gyges.graph.model import Node
from gyges.graph.recognition.naming import (
    identifiers_of,
    is_placeholder,
    names_of,
    shared_identifiers,
    tells,
)
from gyges.graph.review.pairing import Likenesses
from gyges.graph.searching import search
from gyges.graph.similarity import Likeness, alike, text_of
from gyges.graph.store import Store, plain_name

__all__ = ["Suggester", "Suggestion"]

_LOOKED_AT = 20
_STATEMENTS = frozenset({"claim", "finding", "hypothesis", "question"})
_ALIKE_IN_MEANING = 0.5
_ALIKE_IN_NAME = 0.75
_WITHIN = 0.85
"""How alike two names count of which the one holds all words of the other."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A node that a proposed one may be."""

    node: Node
    edges: int
    score: float | None
    """The cosine of the two, or of the name and the node, which is larger; None where it was not computed."""
    why: tuple[str, ...]
    """What speaks for it."""
    against: tuple[str, ...]
    """What speaks against it."""

    def to_dict(self) -> dict[str, Any]:
        """Return what a page or ``--json`` shows."""
        return {
            "id": self.node.id,
            "type": self.node.type,
            "label": self.node.label,
            "gloss": self.node.gloss,
            "status": self.node.status,
            "edges": self.edges,
            "score": self.score,
            "why": list(self.why),
            "against": list(self.against),
        }


class Suggester:
    """Finds what the graph has already of what is proposed.

    Args:
        store: The graph.
        likenesses: Finds by meaning, where that is possible.
        most: Suggestions for one thing.
    """

    def __init__(self, store: Store, likenesses: Likenesses, most: int = 5) -> None:
        self._store = store
        self._likenesses = likenesses
        self._most = most

    def of(self, proposed: Node, without: Collection[str] = ()) -> list[Suggestion]:
        """Return the nodes that a proposed one may be, the likeliest first.

        Args:
            proposed: The node, which is not in the graph; without an id where its type is not known.
            without: Ids that it is not: the other end of a statement about it.
        """
        if is_placeholder(proposed.label) or not proposed.label.strip():
            return []
        sure = self._sure(proposed)
        near: dict[str, float] = {}
        # By its name alone as well: a gloss in a text's own words can lead far away.
        for text in dict.fromkeys((text_of(proposed), proposed.label)):
            for id_, score in self._likenesses.nearest(text, _LOOKED_AT):
                near[id_] = max(score, near.get(id_, score))
        words = search(self._store, proposed.label, limit=_LOOKED_AT, how=("text",))
        ids = dict.fromkeys([*sure, *near, *(hit.id for hit in words)])
        found = []
        for id_ in ids:
            if id_ in without:
                continue
            node, cosine = self._store.node(id_), near.get(id_)
            seen = alike(*_compared(proposed, node), cosine)
            if _within(proposed, node):
                within = ("the one name is in the other",)
                seen = replace(seen, names=max(seen.names, _WITHIN), reasons=within + seen.reasons)
            near_enough = seen.names >= _ALIKE_IN_NAME or (cosine or 0) >= _ALIKE_IN_MEANING
            if id_ in sure or (near_enough and _of_one_kind(proposed, node)):
                found.append((self._rank(proposed, node, cosine, seen, id_ in sure), node, seen))
        found.sort(key=lambda one: (one[0], one[1].id))
        return [
            Suggestion(
                node,
                self._store.degree(node.id),
                near.get(node.id),
                tuple(dict.fromkeys((*sure.get(node.id, ()), *_reasons(seen, sure, node)))),
                _warnings(proposed, node, seen),
            )
            for _, node, seen in found[: self._most]
        ]

    def _sure(self, proposed: Node) -> dict[str, list[str]]:
        """Find what shares an identifier or a whole name."""
        found: dict[str, list[str]] = {}
        marks = {
            one for one in identifiers_of(proposed.type, proposed.identifiers) if tells(one[0])
        }
        wanted = [(proposed.type, *one) for one in sorted(marks)]
        for (_, name, _), ids in shared_identifiers(self._store, wanted).items():
            for id_ in ids:
                found.setdefault(id_, []).append(f"the same {name}")
        for name in names_of(proposed.label, proposed.aliases):
            for id_ in self._store.named(name):
                found.setdefault(id_, []).append("the same name")
        return found

    def _rank(
        self, proposed: Node, node: Node, score: float | None, seen: Likeness, sure: bool
    ) -> tuple[int, float]:
        other = bool(proposed.type) and proposed.type != node.type
        step = {"same": 1, "related": 2, "opposed": 3}[seen.verdict]
        return (0 if sure and not other else 1 if sure else step), -max(score or 0.0, seen.names)


def _compared(proposed: Node, node: Node) -> tuple[Node, Node]:
    """Return what is compared: what has no type as if it had the other's; of what is no statement, the names alone."""
    if not proposed.type:
        proposed = replace(proposed, id=f"{node.type}:proposed")
    if node.type in _STATEMENTS:
        return proposed, node
    # A gloss that says "not" does not turn a thing into its opposite.
    return replace(proposed, gloss=""), replace(node, gloss="")


def _within(proposed: Node, node: Node) -> bool:
    """Say whether all words of the one label, two at least, stand in the other."""
    mine, yours = ({*plain_name(one.label).replace("-", " ").split()} for one in (proposed, node))
    return len(mine & yours) > 1 and (mine <= yours or yours <= mine)


def _of_one_kind(proposed: Node, node: Node) -> bool:
    """Say whether one may be taken for the other: a claim is no method, and a quote is nothing but a quote."""
    if not proposed.type or proposed.type == node.type:
        return True
    if "quote" in (proposed.type, node.type):
        return False
    return (proposed.type in _STATEMENTS) == (node.type in _STATEMENTS)


def _reasons(seen: Likeness, sure: Collection[str], node: Node) -> tuple[str, ...]:
    # Of a whole name that is shared it was said already that it is.
    return () if node.id in sure else seen.reasons


def _warnings(proposed: Node, node: Node, seen: Likeness) -> tuple[str, ...]:
    if proposed.type and proposed.type != node.type:
        others = [one for one in seen.warnings if not one.startswith("the one is a ")]
        return (f"proposed as a {proposed.type}", *others)
    return seen.warnings
