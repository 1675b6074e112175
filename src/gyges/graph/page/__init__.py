"""Everything that the graph says of one node, as data that every page and the command line show."""

from __future__ import annotations

from gyges.graph.page.node import SCHEMA, page_of
from gyges.graph.page.views import Views

__all__ = ["SCHEMA", "Views", "page_of"]
