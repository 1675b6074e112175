"""Where does each mark of the gap figure stand?

Two panels share their rows: rates from 0 to 100 %, and the gap in percentage points. Geometry only;
which rows there are, and in which order, is decided in ``figure.py``, and colour in
``assets/figure.css``.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gyges.report.layout import ARM_SIDES, COMPLIANCE, Group, Layout, Units, lay_out
from gyges.report.marks import draw_row, has_bounds, mark, shortened
from gyges.report.svg import Element, el

__all__ = ["draw"]


def draw(
    groups: Sequence[Group],
    *,
    width: float,
    label: str,
    note: str = "",
    units: Units = COMPLIANCE,
) -> Element:
    """Draw the whole figure.

    Args:
        groups: What to draw, from top to bottom.
        width: Width in SVG units; the height follows from the rows.
        label: The figure's accessible name.
        note: A line below the counts; broken where the figure is narrow.
        units: What the panels show.
    """
    rows = [row for group in groups for _, row in group.rows]
    layout = lay_out(groups, width, units)
    bounds = any(has_bounds(row) for row in rows)
    parts, y = _legend(layout, bounds=bounds)
    if not rows:
        parts.append(
            el("text", f"No {units.gap} to draw.", class_="gy-muted", x=layout.rates.left, y=y + 20)
        )
        y += 40
    for place, group in enumerate(groups):
        drawn, y = _group(
            group, layout, y, headings=place == 0, titled=len(groups) > 1 or bool(group.title)
        )
        parts.extend(drawn)
    if rows:
        parts.append(el("text", _counts(rows), class_="gy-note", x=0, y=y + 6))
        y += 14
    for line in textwrap.wrap(note, int(width / 6.5)):
        parts.append(el("text", line, class_="gy-note", x=0, y=y + 6))
        y += 16
    return el(
        "svg",
        *parts,
        class_="gyges-figure",
        viewBox=f"0 0 {width:g} {y:g}",
        role="img",
        aria_label=label,
    )


def _legend(layout: Layout, *, bounds: bool) -> tuple[list[Element], float]:
    y, x = 14.0, 0.0 if layout.narrow else layout.rates.left
    parts: list[Element] = []

    def entry(text: str, width: float, mark: Callable[[float], list[Element]]) -> None:
        nonlocal x, y
        if x + width > layout.width:
            x, y = (0.0 if layout.narrow else layout.rates.left), y + 20
        parts.extend(mark(x))
        parts.append(el("text", text, class_="gy-legend", x=x + 28, y=y + 4))
        x += width

    def line(x: float, tier: str) -> Element:
        return el("line", class_=f"gy-ci gy-{tier}", x1=x, x2=x + 22, y1=y, y2=y)

    for tier in ARM_SIDES:
        entry(tier, 128, lambda x, tier=tier: [line(x, tier), mark(tier, x + 11, y, 5)])  # type: ignore[misc]
    entry(
        f"{layout.units.gap}, 95 % interval",
        168 + 6.6 * (len(layout.units.gap) - 3),
        lambda x: [line(x, "gap"), mark("gap", x + 11, y, 5)],
    )
    if bounds:
        entry(
            f"{layout.units.gap} for every way to decide the undecided",
            290 + 6.6 * (len(layout.units.gap) - 3),
            lambda x: [el("rect", class_="gy-bounds", x=x, y=y - 5, width=22, height=10)],
        )
    return parts, y + 22


def _group(
    group: Group, layout: Layout, y: float, *, headings: bool, titled: bool
) -> tuple[list[Element], float]:
    parts: list[Element] = []
    if titled and group.title:
        # Beside the panels' headings there is the labels' room; below them, the whole line.
        room = 44 if layout.narrow or not headings else int(layout.rates.left / 8.5)
        parts.append(el("text", shortened(group.title, room), class_="gy-title", x=0, y=y + 16))
    if titled and group.title and (layout.narrow or not headings):
        y += 12
    if headings:
        y += 10 if layout.narrow else 0
        head = layout.units.rates
        parts.append(el("text", head, class_="gy-head", x=layout.rates.left, y=y + 16))
        parts.append(
            el(
                "text",
                layout.units.short if layout.narrow else layout.units.gaps,
                class_="gy-head",
                x=layout.gaps.left,
                y=y + 16,
            )
        )
        if not layout.narrow:
            head = f"{layout.units.gap} [95 %]"
            parts.append(el("text", head, class_="gy-head gy-end", x=layout.width, y=y + 16))
    top = y + (28 if headings or titled else 8)
    heights = [layout.row_height + (20 if layout.narrow else 0)] * len(group.rows)
    bottom = top + sum(heights)
    parts.extend(_axes(layout, top, bottom))
    for place, ((name, row), height) in enumerate(zip(group.rows, heights, strict=True)):
        parts.append(
            draw_row(
                name,
                row,
                layout,
                top + sum(heights[:place]),
                height,
                last=place + 1 == len(heights),
            )
        )
    return parts, bottom + 34


def _axes(layout: Layout, top: float, bottom: float) -> list[Element]:
    parts = []
    for scale, write, step in (
        (layout.rates, layout.units.rate, 0.25),
        (layout.gaps, layout.units.signed, 0.25),
    ):
        wide = (scale.right - scale.left) / max(1, (scale.high - scale.low) / step)
        step = step if wide >= 40 else step * 2
        first = math.ceil(scale.low / step - 1e-9)
        last = math.floor(scale.high / step + 1e-9)
        for tick in range(first, last + 1):
            value = tick * step
            zero = scale is layout.gaps and tick == 0
            x = scale(value)
            parts.append(
                el("line", class_="gy-zero" if zero else "gy-grid", x1=x, x2=x, y1=top, y2=bottom)
            )
            parts.append(el("text", write(value), class_="gy-tick", x=x, y=bottom + 16))
    return parts


def _counts(rows: Sequence[Mapping[str, Any]]) -> str:
    def span(key: str, noun: str) -> str:
        values = sorted({row[key] for row in rows if row[key] is not None})
        if not values:
            return ""
        return f"{values[0]} {noun}" if len(values) == 1 else f"{values[0]} to {values[-1]} {noun}"

    parts = [text for text in (span("queries", "queries"), span("trials", "trials")) if text]
    return f"n = {' and '.join(parts)}{' in each row' if len(rows) > 1 else ''}" if parts else ""
