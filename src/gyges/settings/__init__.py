"""What is a subject asked, and under which belief about oversight?

The library of settings: data files in one folder each, their schema, their loading and their
rendering. A setting that can be loaded has been proved over all of its renders; see ``gyges
settings check``.

A folder holds ``setting.yaml`` (the small tables), ``system.md`` (the system text in named blocks), ``user.md`` (the
user's turn), ``queries.jsonl`` and ``README.md``, and may hold ``wordings/`` (further versions of the blocks). Blocks
are the unit of variation: a factor of the setting chooses which of them stand, a shared factor (``factors/``) puts
others beside or in place of them, and another wording of the setting is another text for some of them.
"""

from __future__ import annotations

from gyges.settings.facts import REQUIRED_FACTS, Fact
from gyges.settings.levels import DEFAULT, Edit, Factor, Level, column_of
from gyges.settings.library import check, list_settings, load_setting, setting_ids
from gyges.settings.model import Setting
from gyges.settings.problems import Problem
from gyges.settings.proof import Proof, prove
from gyges.settings.reading import MIN_QUERIES
from gyges.settings.records import (
    HAZARDS,
    POLARITIES,
    SHAPES,
    Option,
    Polarity,
    Prompt,
    Published,
    Query,
    Resolved,
)
from gyges.settings.requests import Requests, read_requests, with_requests
from gyges.settings.scene import LETTERS, Scene, Tier
from gyges.settings.schema import FACTORS, OUTCOMES
from gyges.settings.shared import shared_factors
from gyges.settings.template import Choice, Part, Template, tiers_of
from gyges.settings.wordings import BASE, Component, Wording

__all__ = [
    "BASE",
    "DEFAULT",
    "FACTORS",
    "HAZARDS",
    "LETTERS",
    "MIN_QUERIES",
    "OUTCOMES",
    "POLARITIES",
    "REQUIRED_FACTS",
    "SHAPES",
    "Choice",
    "Component",
    "Edit",
    "Fact",
    "Factor",
    "Level",
    "Option",
    "Part",
    "Polarity",
    "Problem",
    "Prompt",
    "Proof",
    "Published",
    "Query",
    "Requests",
    "Resolved",
    "Scene",
    "Setting",
    "Template",
    "Tier",
    "Wording",
    "check",
    "column_of",
    "list_settings",
    "load_setting",
    "prove",
    "read_requests",
    "setting_ids",
    "shared_factors",
    "tiers_of",
    "with_requests",
]
