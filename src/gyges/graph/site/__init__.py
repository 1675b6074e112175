"""The pages of a graph, for a static site and for a server.

Start with :func:`render_node`, :class:`Links` and :class:`Assets`.
"""

from __future__ import annotations

from gyges.graph.site.assets import Assets
from gyges.graph.site.build import build_site
from gyges.graph.site.links import Links, node_file, review_anchor
from gyges.graph.site.render import (
    policy,
    render_health,
    render_index,
    render_message,
    render_node,
    render_review,
    render_search,
)
from gyges.graph.site.server import GraphServer

__all__ = [
    "Assets",
    "GraphServer",
    "Links",
    "build_site",
    "node_file",
    "policy",
    "render_health",
    "render_index",
    "render_message",
    "render_node",
    "render_review",
    "render_search",
    "review_anchor",
]
