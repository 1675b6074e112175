"""Designs: from a setting, factors and wordings to the trials that are asked."""

from __future__ import annotations

from gyges.design.cells import MODES, WORDING, Cell, Cells
from gyges.design.fraction import balanced_fraction
from gyges.design.plan import Block, PlannedTrial, Planner, blocks
from gyges.design.presets import Preset, load_preset, presets
from gyges.design.specification import (
    CHOICE,
    CHOICE_SAMPLES,
    CHOICE_SAMPLING,
    Design,
    max_tokens_for,
)
from gyges.design.vary import read_levels, split_vary
from gyges.design.wordings import PUBLISHED, WordingTable, distance, read_published

__all__ = [
    "CHOICE",
    "CHOICE_SAMPLES",
    "CHOICE_SAMPLING",
    "MODES",
    "PUBLISHED",
    "WORDING",
    "Block",
    "Cell",
    "Cells",
    "Design",
    "PlannedTrial",
    "Planner",
    "Preset",
    "WordingTable",
    "balanced_fraction",
    "blocks",
    "distance",
    "load_preset",
    "max_tokens_for",
    "presets",
    "read_levels",
    "read_published",
    "split_vary",
]
