"""How are estimates of a kind drawn below each other: rates of tiers, differences between levels, gaps?

A row has a name, a mark with its interval, and the figures in words; all share one scale, and where it holds
differences the zero line is always in view.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gyges.report.layout import Scale
from gyges.report.marks import mark, shortened
from gyges.report.svg import Element, el
from gyges.report.words import percent, points, signed

__all__ = ["Line", "forest"]

_NARROW = 640.0
_TITLE = 26.0


@dataclass(frozen=True)
class Line:
    """One row; one without an estimate is a heading."""

    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    kind: str = "gap"
    """``monitored``, ``unmonitored`` or ``gap``."""
    told: str = ""
    """More for the tooltip."""


def forest(
    lines: Sequence[Line],
    *,
    width: float,
    label: str,
    head: str = "Difference, points",
    rates: bool = False,
) -> str:
    """Draw rows of estimates.

    Args:
        lines: From top to bottom.
        width: Width in SVG units; under 640 the names stand above their rows.
        label: The figure's accessible name.
        head: What the values are.
        rates: Whether the values are rates, from 0 to 100 %, and not differences in points.
    """
    narrow = width < _NARROW
    left, right = (10.0, width - 10.0) if narrow else (270.0, width - 150.0)
    scale = _scale(lines, left, right, rates=rates)
    tall = 46.0 if narrow else 30.0
    heights = [_TITLE if line.value is None else tall for line in lines]
    top = 24.0
    bottom = top + sum(heights)
    parts = [el("text", head, class_="gy-head", x=left, y=14)]
    parts += _axis(scale, top, bottom, rates=rates)
    y = top
    for line, height in zip(lines, heights, strict=True):
        parts += _row(line, scale, y, height, width, narrow=narrow, rates=rates)
        y += height
    return str(
        el(
            "svg",
            *parts,
            class_="gyges-figure",
            viewBox=f"0 0 {width:g} {bottom + 26:g}",
            role="img",
            aria_label=label,
        )
    )


def _scale(lines: Sequence[Line], left: float, right: float, *, rates: bool) -> Scale:
    if rates:
        return Scale(0.0, 1.0, left, right)
    seen = [v for line in lines for v in (line.value, line.low, line.high) if v is not None]
    low, high = min([-0.1, *seen]), max([0.1, *seen])
    step = 0.1 if high - low <= 0.8 else 0.25
    return Scale(math.floor(low / step) * step, math.ceil(high / step) * step, left, right)


def _axis(scale: Scale, top: float, bottom: float, *, rates: bool) -> list[Element]:
    parts = []
    span = scale.high - scale.low
    wide = (scale.right - scale.left) / span
    step = next(step for step in (0.05, 0.1, 0.25, 0.5, 1.0) if wide * step >= 42 or step == 1.0)
    for tick in range(math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9) + 1):
        value = tick * step
        x = scale(value)
        kind = "gy-zero" if tick == 0 and not rates else "gy-grid"
        parts.append(el("line", class_=kind, x1=x, x2=x, y1=top, y2=bottom))
        text = percent(value) if rates else signed(value)
        parts.append(el("text", text, class_="gy-tick", x=x, y=bottom + 16))
    return parts


def _row(
    line: Line, scale: Scale, y: float, height: float, width: float, *, narrow: bool, rates: bool
) -> list[Element]:
    if line.value is None:
        return [el("text", shortened(line.label, 60), class_="gy-title", x=0, y=y + 19)]
    middle = y + (32.0 if narrow else height / 2)
    name = {"x": 0.0, "y": y + 15 if narrow else middle + 4}
    value = percent(line.value) if rates else signed(line.value)
    text = value
    if line.low is not None and line.high is not None:
        ends = (
            (percent(line.low), percent(line.high))
            if rates
            else (points(line.low), points(line.high))
        )
        text = f"{value} [{ends[0]}, {ends[1]}]"
    group = el("g", el("title", f"{line.label}: {text}{line.told}"), class_="gy-row")
    group.add(el("rect", class_="gy-hit", x=0, y=y, width=width, height=height))
    if narrow:
        # The scale's lines do not run through the words.
        group.add(el("rect", class_="gy-paper", x=0, y=y + 2, width=width, height=18))
    group.add(el("text", shortened(line.label, 36 if narrow else 40), class_="gy-label", **name))
    group.add(el("text", text, class_="gy-number gy-end", x=width, y=name["y"]))
    if line.low is not None and line.high is not None:
        ends_at = {"x1": scale(line.low), "x2": scale(line.high)}
        group.add(el("line", class_=f"gy-ci gy-{line.kind}", y1=middle, y2=middle, **ends_at))
    group.add(mark(line.kind, scale(line.value), middle, 5.5))
    return [group]
