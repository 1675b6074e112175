"""What the field knows, and how it is known: a research graph with a source behind every statement.

Nodes of fourteen types (papers, claims, findings, hypotheses, settings, ...) joined by sixteen relations, each with its
direction, its evidence and its origin. It begins with the curated graph that ships::

    with open_graph() as graph:
        page = page_of(graph, "concept:alignment-faking")
"""

from __future__ import annotations

from gyges.errors import GraphError
from gyges.graph.attaching import attach
from gyges.graph.checks import check_edge, check_node
from gyges.graph.curated import Updated, default_path, is_current, load_shipped, open_graph, update
from gyges.graph.editing import edit_edge, edit_node, evidence_with, remove
from gyges.graph.health import health_of
from gyges.graph.model import Edge, Evidence, Node, Passage, edge_id, node_id
from gyges.graph.page import SCHEMA, Views, edge_page, edges_page, page_of
from gyges.graph.paths import Step, shortest_path
from gyges.graph.quoting import Checked, Checker
from gyges.graph.records import Decision, Incoming, Proposal, pair_key
from gyges.graph.review import (
    THRESHOLD,
    Candidate,
    Identified,
    Likenesses,
    accept_pair,
    accept_proposal,
    candidate,
    decide,
    identify,
    queue,
    waiting,
)
from gyges.graph.searching import Hit, search
from gyges.graph.store import Effect, Entry, Neighbour, Source, Store, Taken
from gyges.graph.vocabulary import CHANNELS, GRADES, NODE_TYPES, RELATIONS, STATUSES

__all__ = [
    "CHANNELS",
    "GRADES",
    "NODE_TYPES",
    "RELATIONS",
    "SCHEMA",
    "STATUSES",
    "THRESHOLD",
    "Candidate",
    "Checked",
    "Checker",
    "Decision",
    "Edge",
    "Effect",
    "Entry",
    "Evidence",
    "GraphError",
    "Hit",
    "Identified",
    "Incoming",
    "Likenesses",
    "Neighbour",
    "Node",
    "Passage",
    "Proposal",
    "Source",
    "Step",
    "Store",
    "Taken",
    "Updated",
    "Views",
    "accept_pair",
    "accept_proposal",
    "attach",
    "candidate",
    "check_edge",
    "check_node",
    "decide",
    "default_path",
    "edge_id",
    "edge_page",
    "edges_page",
    "edit_edge",
    "edit_node",
    "evidence_with",
    "health_of",
    "identify",
    "is_current",
    "load_shipped",
    "node_id",
    "open_graph",
    "page_of",
    "pair_key",
    "queue",
    "remove",
    "search",
    "shortest_path",
    "update",
    "waiting",
]
