"""Paraphrases of a setting that a model writes, checked and frozen into a set of wordings."""

from __future__ import annotations

from gyges.rewording.make import LENGTH, Dropped, Kept, Rewording, parse_length
from gyges.rewording.similarity import LEAST, Similarity

__all__ = ["LEAST", "LENGTH", "Dropped", "Kept", "Rewording", "Similarity", "parse_length"]
