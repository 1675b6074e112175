"""Which nodes of a research graph are alike in meaning, and which of them may be one thing under two names?"""

from __future__ import annotations

from gyges.graph.similarity.approximate import Approximate, available
from gyges.graph.similarity.exact import DIGITS, Near, Pair, Vectors
from gyges.graph.similarity.index import EXACT_UP_TO, Index
from gyges.graph.similarity.likeness import (
    NAMES_ALIKE,
    TEXTS_ALIKE,
    TEXTS_APART,
    Likeness,
    abbreviates,
    alike,
    opposites,
)
from gyges.graph.similarity.table import (
    Embeds,
    create,
    ensure,
    forget,
    load,
    model_of,
    put,
    vector_of,
    why_missing,
)
from gyges.graph.similarity.texts import sha_of, text_of

__all__ = [
    "DIGITS",
    "EXACT_UP_TO",
    "NAMES_ALIKE",
    "TEXTS_ALIKE",
    "TEXTS_APART",
    "Approximate",
    "Embeds",
    "Index",
    "Likeness",
    "Near",
    "Pair",
    "Vectors",
    "abbreviates",
    "alike",
    "available",
    "create",
    "ensure",
    "forget",
    "load",
    "model_of",
    "opposites",
    "put",
    "sha_of",
    "text_of",
    "vector_of",
    "why_missing",
]
