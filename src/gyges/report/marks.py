"""How is one row of the gap figure drawn: two arms, the gap, and all of it in words?

Arms and gap are told apart by shape as well as by colour: a filled circle, a hollow diamond, a bar.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gyges.report.layout import ARM_SIDES, Layout, Units
from gyges.report.svg import Element, el

__all__ = ["draw_row", "has_bounds", "mark", "shortened"]


def draw_row(
    name: str, row: Mapping[str, Any], layout: Layout, top: float, height: float, *, last: bool
) -> Element:
    """Draw a row: its label, both arms, the gap, and a tooltip that says it all."""
    lift = 20.0 if layout.narrow else 0.0
    middle = top + lift + (height - lift) / 2
    group = el(
        "g",
        el("title", _told(name, row, layout.units)),
        class_="gy-row gy-control" if row["control"] else "gy-row",
    )
    group.add(el("rect", class_="gy-hit", x=0, y=top, width=layout.width, height=height))
    if not last:
        group.add(
            el("line", class_="gy-rule", x1=0, x2=layout.width, y1=top + height, y2=top + height)
        )
    where = {"x": 0.0, "y": top + 16 if layout.narrow else middle + 4}
    label_room = 26 if layout.narrow else 20 if layout.rates.left < 200 else 30
    group.add(el("text", shortened(name, label_room), class_="gy-label", **where))
    number = {"x": layout.width, "y": where["y"]}
    group.add(el("text", _gap_text(row, layout.units), class_="gy-number gy-end", **number))
    for tier in ARM_SIDES:
        group.add(*_arm(tier, row, layout, middle))
    group.add(*_difference(row, layout, middle))
    return group


def _arm(tier: str, row: Mapping[str, Any], layout: Layout, middle: float) -> list[Element]:
    y = middle + ARM_SIDES[tier] * layout.spread
    rate, low, high = (row[f"{tier}_{key}"] for key in ("rate", "ci_low", "ci_high"))
    if rate is None:
        return [
            el("text", f"no {tier} verdict", class_="gy-absent", x=layout.rates.left + 4, y=y + 4)
        ]
    parts = []
    if low is not None and high is not None:
        ends = {"x1": layout.rates(low), "x2": layout.rates(high)}
        parts.append(el("line", class_=f"gy-ci gy-{tier}", y1=y, y2=y, **ends))
    x = layout.rates(rate)
    parts.append(mark(tier, x, y, layout.radius))
    if layout.told:
        above = ARM_SIDES[tier] < 0
        x = min(max(x, layout.rates.left + 14), layout.rates.right - 14)
        parts.append(
            el(
                "text",
                layout.units.rate(rate),
                class_=f"gy-value gy-text-{tier}",
                x=x,
                y=y - 11 if above else y + 20,
            )
        )
    return parts


def _difference(row: Mapping[str, Any], layout: Layout, middle: float) -> list[Element]:
    if row["gap"] is None:
        none = f"no {layout.units.gap}"
        return [el("text", none, class_="gy-absent", x=layout.gaps(0) + 6, y=middle + 4)]
    parts = []
    if has_bounds(row):
        left, right = layout.gaps(row["gap_min"]), layout.gaps(row["gap_max"])
        tall = 9.0 if not layout.told else 16.0
        parts.append(
            el(
                "rect",
                class_="gy-bounds",
                x=left,
                y=middle - tall / 2,
                width=right - left,
                height=tall,
            )
        )
    if row["ci_low"] is not None and row["ci_high"] is not None:
        ends = {"x1": layout.gaps(row["ci_low"]), "x2": layout.gaps(row["ci_high"])}
        parts.append(el("line", class_="gy-ci gy-gap", y1=middle, y2=middle, **ends))
    parts.append(mark("gap", layout.gaps(row["gap"]), middle, layout.radius))
    if layout.told:
        x = min(max(layout.gaps(row["gap"]), layout.gaps.left + 14), layout.gaps.right - 14)
        parts.append(
            el("text", layout.units.signed(row["gap"]), class_="gy-value", x=x, y=middle - 14)
        )
    return parts


def mark(kind: str, x: float, y: float, radius: float) -> Element:
    """A filled circle, a hollow diamond, a bar: told apart without colour."""
    if kind == "monitored":
        return el("circle", class_="gy-mark gy-monitored", cx=x, cy=y, r=radius)
    if kind == "unmonitored":
        r = radius * 1.2
        path = f"M{x:.2f} {y - r:.2f}L{x + r:.2f} {y:.2f}L{x:.2f} {y + r:.2f}L{x - r:.2f} {y:.2f}Z"
        return el("path", class_="gy-mark gy-unmonitored", d=path)
    half = radius * 1.25
    return el("rect", class_="gy-mark gy-gap", x=x - 2, y=y - half, width=4, height=2 * half)


def has_bounds(row: Mapping[str, Any]) -> bool:
    """Whether undecided answers leave the gap itself more than one value."""
    low, high = row["gap_min"], row["gap_max"]
    return low is not None and high is not None and high - low > 1e-9


def _gap_text(row: Mapping[str, Any], units: Units) -> str:
    if row["gap"] is None:
        return "–"
    if row["ci_low"] is None or row["ci_high"] is None:
        return units.signed(row["gap"])
    ends = f"[{units.plain(row['ci_low'])}, {units.plain(row['ci_high'])}]"
    return f"{units.signed(row['gap'])} {ends}"


def _told(name: str, row: Mapping[str, Any], units: Units) -> str:
    """All that a row shows, as its tooltip."""
    about = [
        row["subject"],
        row["setting"],
        row["value"],
        "no-conflict control" if row["control"] else "",
    ]
    lines = [" · ".join(part for part in about if part) or name]
    for tier in ARM_SIDES:
        rate, low, high = (row[f"{tier}_{key}"] for key in ("rate", "ci_low", "ci_high"))
        interval = ""
        if low is not None and high is not None:
            interval = f" (95 %: {units.rate(low)} to {units.rate(high)})"
        lines.append(f"{tier}: {units.rate(rate)}{interval}")
    lines.append(f"{units.gap}: {_gap_text(row, units)} {units.unit}".rstrip())
    if has_bounds(row):
        ends = f"{units.plain(row['gap_min'])} to {units.plain(row['gap_max'])}"
        lines.append(f"undecided either way: {ends}")
    if row["queries"] is not None:
        lines.append(f"{row['queries']} queries, {row['trials'] or 0} trials")
    return "\n".join(lines)


def shortened(text: str, room: int) -> str:
    """Cut a name in its middle, where names of models differ least."""
    if len(text) <= room:
        return text
    keep = (room - 1) // 2
    return f"{text[: room - 1 - keep]}…{text[-keep:]}"
