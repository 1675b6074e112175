"""Everything that the graph says of one node, or of one edge, as data that every page and the command line show."""

from __future__ import annotations

from gyges.graph.page.edge import edge_page
from gyges.graph.page.node import SCHEMA, edges_page, page_of
from gyges.graph.page.views import Views

__all__ = ["SCHEMA", "Views", "edge_page", "edges_page", "page_of"]
