"""How does the graph that ships reach the user's file, and how does a later one, without touching the user's work?"""

from __future__ import annotations

from gyges.graph.curated.shipped import (
    default_path,
    is_current,
    is_news,
    load_shipped,
    open_graph,
)
from gyges.graph.curated.updating import Updated, update

__all__ = [
    "Updated",
    "default_path",
    "is_current",
    "is_news",
    "load_shipped",
    "open_graph",
    "update",
]
