"""Sentence embeddings whose weights ship in a package, so that nothing is downloaded."""

from __future__ import annotations

from gyges.embedding.model import MODEL, SIZE, Embedder, Identity, missing_packages
from gyges.embedding.wordpiece import MOST_PIECES, pieces, windows

__all__ = [
    "MODEL",
    "MOST_PIECES",
    "SIZE",
    "Embedder",
    "Identity",
    "missing_packages",
    "pieces",
    "windows",
]
