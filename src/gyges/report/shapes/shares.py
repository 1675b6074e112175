"""How are shares of both arms drawn below each other, against a share that the subject was told of?

A row has the monitored arm above its middle and the unmonitored below, each with its interval; all rows share one
scale from 0 to 100 %, and a dashed line stands where the threshold is. A pale bar shows where a share could lie if all
that is undecided or missing were decided otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gyges.report.layout import ARM_SIDES, Scale
from gyges.report.marks import mark, shortened
from gyges.report.svg import Element, el
from gyges.report.words import percent

if TYPE_CHECKING:
    from gyges.findings.varied import Shown

__all__ = ["Shares", "shares"]

_NARROW = 640.0
_TITLE, _TOP = 30.0, 62.0
_OPEN = 0.005
"""Bounds that are closer are not drawn."""


@dataclass(frozen=True)
class Shares:
    """One row; one without arms is a heading."""

    label: str
    arms: Mapping[str, Shown | None] = field(default_factory=dict)
    """By tier: estimate and limits."""
    bounds: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)
    """By tier: where the share could lie over all ways to decide what is open."""
    told: str = ""
    """More for the tooltip."""


def shares(
    rows: Sequence[Shares],
    *,
    width: float,
    label: str,
    head: str,
    threshold: float | None = None,
) -> str:
    """Draw rows of shares.

    Args:
        rows: From top to bottom.
        width: Width in SVG units; under 640 the names stand above their rows.
        label: The figure's accessible name.
        head: What the shares are of.
        threshold: Where the dashed line stands; none if None.
    """
    narrow = width < _NARROW
    scale = Scale(0.0, 1.0, *((18.0, width - 18.0) if narrow else (230.0, width - 190.0)))
    tall = 66.0 if narrow else 48.0
    heights = [tall if row.arms else _TITLE for row in rows]
    top = _TOP + (18.0 if threshold is not None else 0.0)
    bottom = top + sum(heights)
    opened = any(_bar(row, tier) for row in rows for tier in ARM_SIDES)
    parts = _legend(scale, narrow=narrow, opened=opened)
    parts.append(el("text", head, class_="gy-head", x=scale.left, y=44 if not narrow else 50))
    step = 0.25
    for tick in range(5):
        x = scale(tick * step)
        parts.append(el("line", class_="gy-grid", x1=x, x2=x, y1=top, y2=bottom))
        parts.append(el("text", percent(tick * step), class_="gy-tick", x=x, y=bottom + 16))
    y = top
    for row, height in zip(rows, heights, strict=True):
        parts += _row(row, scale, y, height, width, narrow=narrow)
        y += height
    if threshold is not None:
        x = scale(threshold)
        parts.append(
            el("line", class_="gy-fit gy-gap", x1=x, x2=x, y1=top - 6, y2=bottom, stroke_width=1.5)
        )
        name = {"x": min(max(x, scale.left + 44), scale.right - 44), "y": top - 11}
        parts.append(el("text", f"told: {percent(threshold)}", class_="gy-value", **name))
    view = f"0 0 {width:g} {bottom + 26:g}"
    return str(el("svg", *parts, class_="gyges-figure", viewBox=view, role="img", aria_label=label))


def _legend(scale: Scale, *, narrow: bool, opened: bool) -> list[Element]:
    parts: list[Element] = []
    x, y = 0.0 if narrow else scale.left, 14.0
    for tier in ARM_SIDES:
        parts.append(el("line", class_=f"gy-ci gy-{tier}", x1=x, x2=x + 22, y1=y, y2=y))
        parts.append(mark(tier, x + 11, y, 5))
        parts.append(el("text", tier, class_="gy-legend", x=x + 28, y=y + 4))
        x += 116
    if opened:
        parts.append(el("rect", class_="gy-bounds", x=x, y=y - 5, width=22, height=10))
        text = "open answers" if narrow else "for every way to decide the open answers"
        parts.append(el("text", text, class_="gy-legend", x=x + 28, y=y + 4))
    return parts


def _bar(row: Shares, tier: str) -> tuple[float, float] | None:
    ends = row.bounds.get(tier)
    return ends if ends is not None and ends[1] - ends[0] > _OPEN else None


def _row(
    row: Shares, scale: Scale, y: float, height: float, width: float, *, narrow: bool
) -> list[Element]:
    if not row.arms:
        return [
            el("text", shortened(row.label, 40 if narrow else 60), class_="gy-title", x=0, y=y + 21)
        ]
    middle = y + (42.0 if narrow else height / 2)
    said = "; ".join(f"{tier} {_text(row.arms.get(tier))}" for tier in ARM_SIDES)
    group = el("g", el("title", f"{row.label}: {said}{row.told}"), class_="gy-row")
    group.add(el("rect", class_="gy-hit", x=0, y=y, width=width, height=height))
    if narrow:
        # The scale's lines do not run through the words.
        group.add(el("rect", class_="gy-paper", x=0, y=y + 4, width=width, height=18))
    name = {"x": 0.0, "y": y + 18 if narrow else middle + 4}
    group.add(el("text", shortened(row.label, 36 if narrow else 32), class_="gy-label", **name))
    for tier, side in ARM_SIDES.items():
        at = middle + side * 9
        span = row.arms.get(tier)
        if span is None:
            none = f"no {tier} verdict"
            group.add(el("text", none, class_="gy-absent", x=scale.left + 4, y=at + 4))
            continue
        bar = _bar(row, tier)
        if bar is not None:
            ends = {"x": scale(bar[0]), "width": scale(bar[1]) - scale(bar[0])}
            group.add(el("rect", class_="gy-bounds", y=at - 6, height=12, **ends))
        if span[1] is not None and span[2] is not None:
            line = {"x1": scale(span[1]), "x2": scale(span[2]), "y1": at, "y2": at}
            group.add(el("line", class_=f"gy-ci gy-{tier}", **line))
        group.add(mark(tier, scale(span[0]), at, 5.5))
        if not narrow:
            kind = f"gy-number gy-end gy-text-{tier}"
            group.add(el("text", _text(span), class_=kind, x=width, y=at + 4))
    if narrow:
        both = " · ".join(
            percent(span[0]) if span else "–" for span in map(row.arms.get, ARM_SIDES)
        )
        group.add(el("text", both, class_="gy-number gy-end", x=width, y=name["y"]))
    return [group]


def _text(span: Shown | None) -> str:
    if span is None:
        return "–"
    value, low, high = span
    ends = "" if low is None or high is None else f" [{percent(low)}, {percent(high)}]"
    return f"{percent(value)}{ends}"
