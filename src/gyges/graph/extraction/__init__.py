"""What does a text say that a graph could hold? A model is asked, and every statement is checked against the text.

A quote that does not stand in the text, and a sentence that denies, asks or only supposes the statement in plain words,
are refused; whether the passage says what the statement says is for the reviewer.

Nothing enters a graph here: what passes is a proposal for review (:class:`gyges.graph.records.Proposal`). The room asks
no model itself: the caller gives a function that does.
"""

from __future__ import annotations

from gyges.graph.extraction.asking import PROMPT_HASH
from gyges.graph.extraction.guard import Objection, denial, hedge, objection
from gyges.graph.extraction.proposing import Extracted, propose
from gyges.graph.extraction.windows import Window, windows_of

__all__ = [
    "PROMPT_HASH",
    "Extracted",
    "Objection",
    "Window",
    "denial",
    "hedge",
    "objection",
    "propose",
    "windows_of",
]
