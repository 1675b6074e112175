"""Designs: from a setting and a few numbers to the trials that are asked."""

from __future__ import annotations

from gyges.design.plan import Block, Design, PlannedTrial, blocks, max_tokens_for

__all__ = ["Block", "Design", "PlannedTrial", "blocks", "max_tokens_for"]
