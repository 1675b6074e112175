"""The file that a graph lives in: state, history, merging."""

from __future__ import annotations

from gyges.graph.store.change import Change
from gyges.graph.store.completing import complete_edge, complete_node
from gyges.graph.store.history import Effect, Entry
from gyges.graph.store.reading import Neighbour, Source
from gyges.graph.store.rows import plain_name
from gyges.graph.store.store import Store, Taken, now

__all__ = [
    "Change",
    "Effect",
    "Entry",
    "Neighbour",
    "Source",
    "Store",
    "Taken",
    "complete_edge",
    "complete_node",
    "now",
    "plain_name",
]
