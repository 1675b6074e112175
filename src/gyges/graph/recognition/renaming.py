"""What does a record say once ids in it stand for other nodes?

An edge whose id follows from what it says gets the id of what it says then; one that a file chose keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from gyges.graph.model import Edge, Node
from gyges.graph.records import Decision, Proposal, pair_key

__all__ = ["Renaming"]

_Row = TypeVar("_Row", Node, Edge)


class Renaming:
    """Puts other ids in the place of some, wherever they stand.

    Args:
        new: The new ids by the old ones.
    """

    def __init__(self, new: Mapping[str, str]) -> None:
        self.new = new

    def node(self, node: Node) -> Node:
        """Rename a node and what it cites."""
        return self._cited(replace(node, id=self.new.get(node.id, node.id)))

    def edge(self, edge: Edge) -> Edge:
        """Rename the ends of an edge and what it cites."""
        edge = self._cited(edge)
        ends = [self.new.get(end, end) for end in (edge.subject, edge.object)]
        if ends == [edge.subject, edge.object]:
            return edge
        said = (edge.gloss, edge.evidence, edge.channel, edge.confidence, edge.by)
        made = Edge.make(edge.subject, edge.relation, edge.object, *said)
        if edge.id == made.id:
            return Edge.make(ends[0], edge.relation, ends[1], *said)
        return replace(edge, subject=ends[0], object=ends[1])

    def proposal(self, proposal: Proposal) -> Proposal:
        """Rename what a proposal says; it keeps its own id."""
        return replace(
            proposal,
            edge=self.edge(proposal.edge) if proposal.edge else None,
            nodes=tuple(self.node(node) for node in proposal.nodes),
            about=self.new.get(proposal.about, proposal.about),
        )

    def decision(self, decision: Decision) -> Decision:
        """Rename the two nodes of which something was decided."""
        one, bar, other = decision.key.partition("|")
        if not bar:
            return decision
        return replace(decision, key=pair_key(self.new.get(one, one), self.new.get(other, other)))

    def _cited(self, row: _Row) -> _Row:
        new = self.new
        if not any(one.node in new for one in row.evidence):
            return row
        evidence = (replace(one, node=new.get(one.node, one.node)) for one in row.evidence)
        return replace(row, evidence=tuple(dict.fromkeys(evidence)))
