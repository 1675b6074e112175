"""What will a study of a design be called, and what does it write down of it?

The specification by which a study is identified, its columns, what its design left out, and the name of its folder.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gyges.design import CHOICE, Design
from gyges.planning.wanted import Planned
from gyges.study import Manifest
from gyges.study.folder import factor_types

__all__ = ["default_folder", "make_manifest"]


def make_manifest(planned: Planned, command: str) -> Manifest:
    """Write down what a run of a design will be."""
    design, setting = planned.design, planned.setting
    planner = planned.planner()
    columns: dict[str, Any] = {}
    for cell in planner.cells.cells:
        columns |= {
            name: level
            for name, level in cell.columns.items()
            if level is not None or name not in columns
        }
    for factor in setting.shared.values():
        if factor.numbers and factor.column in columns:
            # Also where no cell has a number.
            columns[factor.column] = 0.0
    if CHOICE in design.reasonings or setting.offers:
        columns["comply_option"] = "A"
    if setting.queries[0].family:
        columns["family"] = setting.queries[0].family
    spec = design.spec(setting)
    names = [one.subject for one in planned.designs]
    if len(names) > 1:
        spec["subject"] = names
        if unlike := _unlike(planned.designs):
            spec["of_subject"] = unlike
    return Manifest(
        source="run",
        spec=spec,
        title=f"{setting.id} on {', '.join(names)}",
        factors=factor_types(columns),
        command=command,
        notes=[
            {"kind": "design", "what": text, "where": "the design", "done": "left out"}
            for text in planner.cells.left_out
        ]
        + [
            {
                "kind": "wording",
                "what": text,
                "where": "the published text",
                "done": "asked as it is",
            }
            for text in planner.cells.warned
        ]
        + _left_out(planned),
    )


def _left_out(planned: Planned) -> list[dict[str, str]]:
    """Say what of a user's file of queries is not asked."""
    if planned.requests is None:
        return []
    where = planned.requests.file
    return [
        {"kind": "queries", "what": text, "where": where, "done": "left out"}
        for text in planned.requests.notes
    ]


def _unlike(designs: Sequence[Design]) -> dict[str, dict[str, Any]]:
    """Give what is another one for a subject than for the first: its limit and sampling, where they are defaults."""
    first = designs[0]
    found: dict[str, dict[str, Any]] = {}
    for one in designs[1:]:
        if (one.max_tokens, one.sampling) != (first.max_tokens, first.sampling):
            found[one.subject] = {"max_tokens": one.max_tokens, "sampling": one.sampling}
    return found


def default_folder(planned: Planned, manifest: Manifest) -> Path:
    """Name the folder of a study after its specification."""
    design = planned.design
    names = "+".join(re.sub(r"[^A-Za-z0-9._-]+", "-", one.subject) for one in planned.designs)
    return Path("studies") / f"{design.preset or design.setting}--{names[:80]}--{manifest.hash[:6]}"
