"""What waits for a person's decision, in which order, and what does a decision do?

Pairs of nodes that may be one or that a statement may join (:mod:`.pairing`), and what models and pages proposed,
stand in one queue (:mod:`.queueing`): first what came in (:mod:`.arrivals`). A decision is carried out and remembered
by :mod:`.deciding`; that a proposed node is one that the graph has, by :mod:`.identifying`, which :mod:`.suggesting`
helps.
"""

from __future__ import annotations

from gyges.graph.review.deciding import accept_pair, accept_proposal, decide
from gyges.graph.review.identifying import Identified, identify
from gyges.graph.review.pairing import THRESHOLD, Likenesses
from gyges.graph.review.queueing import Candidate, candidate, queue, waiting
from gyges.graph.review.suggesting import Suggester, Suggestion

__all__ = [
    "THRESHOLD",
    "Candidate",
    "Identified",
    "Likenesses",
    "Suggester",
    "Suggestion",
    "accept_pair",
    "accept_proposal",
    "candidate",
    "decide",
    "identify",
    "queue",
    "waiting",
]
