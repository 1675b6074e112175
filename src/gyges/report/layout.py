"""How much room does each part of the gap figure get, and which numbers do its axes span?

Geometry alone: scales from data to SVG units, and the sizes that follow from how many rows there
are and how wide the picture may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gyges.report.words import percent, points, signed

__all__ = ["ARM_SIDES", "COMPLIANCE", "Group", "Layout", "Scale", "Units", "gap_limits", "lay_out"]

_NARROW = 640
ARM_SIDES = {"monitored": -1, "unmonitored": 1}
"""The monitored arm stands above its row's middle line, the unmonitored below: intervals stay
apart."""


@dataclass(frozen=True)
class Group:
    """Rows that share one pair of panels."""

    title: str
    rows: list[tuple[str, Mapping[str, Any]]]
    """Label and complete gap row, from top to bottom."""


@dataclass(frozen=True)
class Scale:
    """A linear scale from data to SVG units."""

    low: float
    high: float
    left: float
    right: float

    def __call__(self, value: float) -> float:
        """Place a value; one outside of the scale stands at its edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.left + share * (self.right - self.left)


@dataclass(frozen=True)
class Units:
    """What the two panels show, and how a number of theirs is written; all numbers are fractions."""

    rates: str
    """The heading over the arms."""
    gaps: str
    """The heading over the difference."""
    short: str
    """The same where there is little room."""
    gap: str
    """What a difference is called: ``gap``."""
    unit: str = "points"
    """What stands behind a difference in a sentence."""
    rate: Callable[[float | None], str] = percent
    signed: Callable[[float | None], str] = signed
    plain: Callable[[float | None], str] = points
    """Writes the end of an interval."""


COMPLIANCE = Units(
    "Compliance rate", "Gap: monitored − unmonitored, points", "Gap, points", gap="gap"
)
"""The units of the gap figure."""


@dataclass(frozen=True)
class Layout:
    """Where the panels stand, and how tall a row is."""

    width: float
    narrow: bool
    row_height: float
    spread: float
    """How far an arm's mark stands from the row's middle line."""
    radius: float
    told: bool
    """Whether marks carry their number, where rows are few enough to leave room."""
    rates: Scale
    gaps: Scale
    units: Units = COMPLIANCE


def gap_limits(rows: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Choose the gap axis: all intervals, bounds and zero in view, and 25 points to each side.

    Returns:
        Low and high as fractions, multiples of 0.25.
    """
    keys = ("gap", "ci_low", "ci_high", "gap_min", "gap_max")
    seen = [row[key] for row in rows for key in keys if row[key] is not None]
    low = min([-0.25, *seen])
    high = max([0.25, *seen])
    return max(-1.0, math.floor(low * 4) / 4), min(1.0, math.ceil(high * 4) / 4)


def lay_out(groups: Sequence[Group], width: float, units: Units = COMPLIANCE) -> Layout:
    """Share a width among labels, two panels and numbers; few rows get room for their numbers."""
    rows = [row for group in groups for _, row in group.rows]
    narrow = width < _NARROW
    few, single = len(rows) <= 4, len(rows) <= 1
    height = 96.0 if single else 82.0 if few else 27.0
    low, high = gap_limits(rows)
    if narrow:
        edge, between = 10.0, 38.0
        half = (width - 2 * edge - between) / 2
        rates = Scale(0, 1, edge, edge + half)
        gaps = Scale(low, high, edge + half + between, width - edge)
        height = 84.0 if few else 30.0
    else:
        labels, numbers, between = (150.0 if single else 206.0), 132.0, 60.0
        half = (width - labels - numbers - between - 12) / 2
        rates = Scale(0, 1, labels, labels + half)
        gaps = Scale(low, high, labels + half + between, labels + 2 * half + between)
    return Layout(
        width=width,
        narrow=narrow,
        row_height=height,
        spread=(13.0 if few else 4.0),
        radius=(6.5 if single else 5.5 if few else 4.0),
        told=few,
        rates=rates,
        gaps=gaps,
        units=units,
    )
