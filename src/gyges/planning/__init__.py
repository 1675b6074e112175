"""From the options of a run to its design, its specification and its folder; and its count, without asking anything."""

from __future__ import annotations

from gyges.planning.across import settings_across
from gyges.planning.dry import (
    JUDGE_TOKENS,
    DryRun,
    PlannedCell,
    answer_tokens,
    asks_a_model,
    dry_run,
)
from gyges.planning.manifest import default_folder, make_manifest
from gyges.planning.specs import read_spec
from gyges.planning.wanted import EMBEDDED, Planned, Wanted, plan_run

__all__ = [
    "EMBEDDED",
    "JUDGE_TOKENS",
    "DryRun",
    "Planned",
    "PlannedCell",
    "Wanted",
    "answer_tokens",
    "asks_a_model",
    "default_folder",
    "dry_run",
    "make_manifest",
    "plan_run",
    "read_spec",
    "settings_across",
]
