"""What does a text say that a graph could hold? A model is asked, and every statement is checked against the text.

Nothing enters a graph here: what passes is a proposal for review (:class:`gyges.graph.records.Proposal`). The room asks
no model itself: the caller gives a function that does.
"""

from __future__ import annotations

from gyges.graph.extraction.asking import PROMPT_HASH
from gyges.graph.extraction.guard import denial
from gyges.graph.extraction.proposing import Extracted, propose
from gyges.graph.extraction.windows import Window, windows_of

__all__ = ["PROMPT_HASH", "Extracted", "Window", "denial", "propose", "windows_of"]
