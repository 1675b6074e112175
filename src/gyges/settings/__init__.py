"""What is a subject asked, and under which belief about oversight?

The library of settings: data files in one folder each, their schema, their loading and their
rendering. A setting that can be loaded has been proved over all of its renders; see ``gyges
settings check``.

A folder holds ``setting.yaml`` (the small tables), ``system.md`` (the system text in named
blocks), ``user.md`` (the user's turn), ``queries.jsonl`` and ``README.md``. Blocks are the unit of
variation: a factor chooses which of them stand, and another wording of the setting is another text
for some of its blocks.
"""

from __future__ import annotations

from gyges.settings.facts import REQUIRED_FACTS, Fact
from gyges.settings.library import check, list_settings, load_setting, setting_ids
from gyges.settings.model import HAZARDS, POLARITIES, Polarity, Prompt, Published, Query, Setting
from gyges.settings.problems import Problem
from gyges.settings.reading import MIN_QUERIES
from gyges.settings.schema import FACTORS, OUTCOMES
from gyges.settings.template import LETTERS, Choice, Part, Template, Tier

__all__ = [
    "FACTORS",
    "HAZARDS",
    "LETTERS",
    "MIN_QUERIES",
    "OUTCOMES",
    "POLARITIES",
    "REQUIRED_FACTS",
    "Choice",
    "Fact",
    "Part",
    "Polarity",
    "Problem",
    "Prompt",
    "Published",
    "Query",
    "Setting",
    "Template",
    "Tier",
    "check",
    "list_settings",
    "load_setting",
    "setting_ids",
]
