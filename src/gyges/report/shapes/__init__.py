"""Which results have a page in a shape of their own, and which shape has a study's?

Most results are a gap and what moves it. Some settings give another one: values in an order, a chain of acts, an
accuracy against a threshold. The setting names its shape, the study keeps it (``setting.shape`` in ``study.yaml``), and
the shape's module here makes the page. Modules are imported when a study needs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gyges.report.shapes.model import Cell, Figure, ShapePage, Table, transcripts

if TYPE_CHECKING:
    from gyges.study import StudyFolder

__all__ = [
    "SHAPES",
    "Cell",
    "Figure",
    "ShapePage",
    "Table",
    "shape_of",
    "shape_page",
    "threshold_of",
    "transcripts",
]

SHAPES: Mapping[str, str] = {
    name: f"{__name__}.{name}"
    for name in ("ordering", "dilemmas", "chain", "accuracy", "contradiction", "resistance")
}
"""From a shape's name to the module that holds its ``page(study, judge, level, partial)``."""


def _setting(study: StudyFolder) -> Mapping[str, Any]:
    asked = study.manifest.spec.get("setting")
    return asked if isinstance(asked, Mapping) else {}


def shape_of(study: StudyFolder) -> str | None:
    """Name the shape of a study's result; None where it is the gap alone, or a shape that is not known here."""
    name = _setting(study).get("shape")
    return name if isinstance(name, str) and name in SHAPES else None


def threshold_of(study: StudyFolder) -> float | None:
    """Give the share of right answers that the subject was told of, from 0 to 1; None where there is none."""
    told = _setting(study).get("threshold")
    if not isinstance(told, int | float) or isinstance(told, bool):
        return None
    return float(told) if 0 <= told <= 1 else None


def shape_page(
    study: StudyFolder, judge: str, *, level: float = 0.95, partial: float = 0.5
) -> ShapePage | None:
    """Make the page of a study's shape.

    Args:
        study: The study.
        judge: Whose verdicts on the outcome count.
        level: Confidence level.
        partial: What a partial outcome counts.

    Returns:
        None where the result has no shape of its own, or nothing has been answered yet.
    """
    name = shape_of(study)
    if name is None:
        return None
    made: ShapePage | None = import_module(SHAPES[name]).page(study, judge, level, partial)
    return made
