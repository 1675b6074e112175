"""Designs: from a setting and a few numbers to the trials that are asked."""

from __future__ import annotations

from gyges.design.plan import (
    CHOICE,
    CHOICE_SAMPLES,
    CHOICE_SAMPLING,
    Block,
    Design,
    PlannedTrial,
    Planner,
    blocks,
    max_tokens_for,
)

__all__ = [
    "CHOICE",
    "CHOICE_SAMPLES",
    "CHOICE_SAMPLING",
    "Block",
    "Design",
    "PlannedTrial",
    "Planner",
    "blocks",
    "max_tokens_for",
]
