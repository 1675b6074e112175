"""How are rates and gaps drawn over something that is a number, and many wordings beside each other?

A panel has an upright axis (rates, or gaps with their zero line) and points with intervals along a scale. Points are
joined only where the caller says that their order means something; a fitted line may be drawn instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gyges.report.layout import Scale
from gyges.report.marks import mark, shortened
from gyges.report.svg import Element, el
from gyges.report.words import percent, signed

__all__ = ["Panel", "Point", "Series", "draw_panels"]

_TALL = 260.0
_LEFT, _RIGHT, _HEAD, _FOOT = 46.0, 14.0, 46.0, 44.0
_WIDE = 640.0
_STEPS = (0.05, 0.1, 0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Point:
    """One point: where it stands, its estimate, its interval where it has one."""

    x: float
    value: float
    low: float | None = None
    high: float | None = None
    label: str = ""
    """Its tooltip, and its name where there is room and ``named``."""
    named: str = ""
    special: bool = False
    """Whether it is drawn as the one that the others are compared with."""


@dataclass(frozen=True)
class Series:
    """Points of one kind."""

    kind: str
    """``monitored``, ``unmonitored`` or ``gap``."""
    points: Sequence[Point]
    joined: bool = False
    line: tuple[float, float] | None = None
    """A fitted line: slope and intercept."""
    small: bool = False
    """Whether the points are many."""


@dataclass(frozen=True)
class Panel:
    """One pair of axes."""

    title: str
    series: Sequence[Series]
    below: str
    """What the scale is."""
    ticks: Sequence[tuple[float, str]]
    rates: bool = False
    band: tuple[float, float] | None = None
    """A region of values that is shaded, such as what the others span."""
    limits: tuple[float, float] = (0.0, 1.0)


def draw_panels(panels: Sequence[Panel], *, width: float, label: str, note: str = "") -> str:
    """Draw panels beside each other where there is room, else below each other.

    Args:
        panels: From left to right.
        width: Width in SVG units.
        label: The figure's accessible name.
        note: A line below it.
    """
    beside = width >= _WIDE and len(panels) > 1
    wide = (width - 24.0 * (len(panels) - 1)) / len(panels) if beside else width
    parts: list[Element] = []
    top = _legend(panels, parts, width)
    tall = _TALL + _HEAD + _FOOT
    for at, panel in enumerate(panels):
        left = at * (wide + 24.0) if beside else 0.0
        parts += _panel(panel, left, top, wide)
        if not beside:
            top += tall
    if beside:
        top += tall
    if note:
        parts.append(el("text", shortened(note, int(width / 6)), class_="gy-note", x=0, y=top + 8))
        top += 18
    return str(
        el(
            "svg",
            *parts,
            class_="gyges-figure",
            viewBox=f"0 0 {width:g} {top:g}",
            role="img",
            aria_label=label,
        )
    )


def _legend(panels: Sequence[Panel], parts: list[Element], width: float) -> float:
    kinds = list(dict.fromkeys(one.kind for panel in panels for one in panel.series))
    x, y = 0.0, 16.0
    for kind in kinds:
        text = "gap, 95 % interval" if kind == "gap" else f"{kind}, 95 % interval"
        room = 40.0 + 6.6 * len(text)
        if x and x + room > width:
            x, y = 0.0, y + 24
        parts.append(
            el("line", class_=f"gy-ci gy-{kind}", x1=x + 11, x2=x + 11, y1=y - 10, y2=y + 10)
        )
        parts.append(_mark(kind, x + 11, y, 5.0))
        parts.append(el("text", text, class_="gy-legend", x=x + 28, y=y + 4))
        x += room
    return y + 12


def _panel(panel: Panel, left: float, top: float, width: float) -> list[Element]:
    low, high, step = _reach(panel)
    across = Scale(*panel.limits, left + _LEFT, left + width - _RIGHT)
    up = Scale(low, high, top + _HEAD + _TALL, top + _HEAD)
    foot = top + _HEAD + _TALL
    parts = [el("text", panel.title, class_="gy-head", x=left, y=top + 22)]
    if panel.band is not None:
        y1, y2 = up(panel.band[1]), up(panel.band[0])
        parts.append(
            el(
                "rect",
                class_="gy-bounds",
                x=across.left,
                y=y1,
                width=across.right - across.left,
                height=max(1.0, y2 - y1),
            )
        )
    for tick in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        value = tick * step
        zero = not panel.rates and tick == 0
        parts.append(
            el(
                "line",
                class_="gy-zero" if zero else "gy-grid",
                x1=across.left,
                x2=across.right,
                y1=up(value),
                y2=up(value),
            )
        )
        text = percent(value) if panel.rates else signed(value)
        parts.append(el("text", text, class_="gy-tick gy-end", x=across.left - 7, y=up(value) + 4))
    parts += _ticks(panel, across, foot)
    parts.append(el("text", panel.below, class_="gy-note", x=across.left, y=foot + 36))
    kinds = list(dict.fromkeys(one.kind for one in panel.series))
    for one in panel.series:
        # Intervals of two arms at one place stand beside each other.
        shift = (kinds.index(one.kind) - (len(kinds) - 1) / 2) * 9.0
        parts += _series(one, across, up, shift, panel.limits)
    return parts


def _ticks(panel: Panel, across: Scale, foot: float) -> list[Element]:
    parts: list[Element] = []
    end = -math.inf
    for x, text in panel.ticks:
        half = 3.4 * len(text)
        if across(x) - half < end:
            continue
        parts.append(el("text", text, class_="gy-tick", x=across(x), y=foot + 17))
        end = across(x) + half + 6
    return parts


def _reach(panel: Panel) -> tuple[float, float, float]:
    seen = [
        value
        for one in panel.series
        for point in one.points
        for value in (point.value, point.low, point.high)
        if value is not None
    ]
    low = min([0.0, *seen])
    high = max([0.1, *seen])
    span = high - low
    step = next(step for step in _STEPS if span / step <= 6 or step == _STEPS[-1])
    least = math.floor(low / step + 1e-9) * step
    most = math.ceil(high / step - 1e-9) * step
    if panel.rates:
        least, most = max(0.0, least), min(1.0, most)
    return least, most, step


def _series(
    one: Series, across: Scale, up: Scale, shift: float, limits: tuple[float, float]
) -> list[Element]:
    parts: list[Element] = []
    places = [(across(point.x) + shift, point) for point in one.points]
    if one.line is not None:
        slope, intercept = one.line
        ends = [(across(x) + shift, up(intercept + slope * x)) for x in _span(one, limits)]
        path = " ".join(f"{x:.2f},{y:.2f}" for x, y in ends)
        parts.append(el("polyline", class_=f"gy-fit gy-{one.kind}", points=path))
    if one.joined and len(places) > 1:
        path = " ".join(f"{x:.2f},{up(point.value):.2f}" for x, point in places)
        parts.append(el("polyline", class_=f"gy-join gy-{one.kind}", points=path))
    for x, point in places:
        group = el("g", el("title", point.label), class_="gy-row")
        thin = " gy-thin" if one.small and not point.special else ""
        if point.low is not None and point.high is not None:
            group.add(
                el(
                    "line",
                    class_=f"gy-ci gy-{one.kind}{thin}",
                    x1=x,
                    x2=x,
                    y1=up(point.low),
                    y2=up(point.high),
                )
            )
        y = up(point.value)
        if point.special:
            group.add(el("circle", class_="gy-special", cx=x, cy=y, r=6.5))
            if point.named:
                right = x < (across.left + across.right) / 2
                group.add(
                    el(
                        "text",
                        point.named,
                        class_="gy-name" + ("" if right else " gy-end"),
                        x=x + (10 if right else -10),
                        y=up(point.high if point.high is not None else point.value) - 6,
                    )
                )
        if one.small:
            group.add(
                el(
                    "circle",
                    class_=f"gy-mark gy-{one.kind}",
                    cx=x,
                    cy=y,
                    r=2.8 if point.special else 2.0,
                )
            )
        else:
            group.add(_mark(one.kind, x, y, 5.0))
        parts.append(group)
    return parts


def _mark(kind: str, x: float, y: float, radius: float) -> Element:
    """The marks of the first page; across an upright interval the gap's bar lies flat."""
    if kind != "gap":
        return mark(kind, x, y, radius)
    half = radius * 1.25
    return el("rect", class_="gy-mark gy-gap", x=x - half, y=y - 2, width=2 * half, height=4)


def _span(one: Series, limits: tuple[float, float]) -> tuple[float, float]:
    xs = [point.x for point in one.points]
    return (min(xs), max(xs)) if xs else limits
