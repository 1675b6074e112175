"""How large is the gap, for each subject and value, and how sure can we be?

For each row the two arms as rates with their intervals, and beside them the difference with its
interval, against a zero line that is always in view. Points are never joined, since rows have no
order of their own. Rows are grouped by value where there are several subjects, so that one group
answers one question; subjects keep the same order in every group, the largest mean gap first. A
pale bar under a gap shows where the gap itself could lie if the undecided answers were decided
otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from gyges.report.content import clean_gaps
from gyges.report.layout import Group
from gyges.report.plot import draw
from gyges.report.svg import Element, el, num
from gyges.report.words import context, points

__all__ = ["Figure", "gap_figure", "groups_of", "stylesheet"]

_MARGIN = 16
"""Room around a picture that stands alone; on a page the page gives it."""


@dataclass(frozen=True)
class Figure:
    """A drawn figure: ``svg`` stands alone, ``inline`` takes its colours from the page."""

    root: Element
    label: str
    """What the figure shows, in words: its accessible name."""

    @property
    def svg(self) -> str:
        """The picture with its own style, light and dark, for a file or a notebook."""
        _, _, width, height = map(float, self.root.attributes["viewBox"].split())
        wide, tall = width + 2 * _MARGIN, height + 2 * _MARGIN
        size = {"width": num(wide), "height": num(tall)}
        box = {"viewBox": f"{-_MARGIN} {-_MARGIN} {num(wide)} {num(tall)}"}
        paper = el("rect", class_="gy-paper", x=-_MARGIN, y=-_MARGIN, width=wide, height=tall)
        style = el("style", stylesheet())
        alone = Element(
            self.root.name,
            {"xmlns": "http://www.w3.org/2000/svg", **self.root.attributes, **size, **box},
            [el("title", self.label), style, paper, *self.root.children],
        )
        return str(alone)

    @property
    def inline(self) -> str:
        """The picture without a style, for a page that carries the style sheets."""
        return str(self.root)

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return f'<div style="max-width: 60rem">{self.svg}</div>'

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file.

        Args:
            path: Where to; the name should end in ``.svg``.

        Returns:
            The path written.
        """
        target = Path(path)
        target.write_text(self.svg + "\n", encoding="utf-8")
        return target


@cache
def stylesheet() -> str:
    """The figure's style with the palette filled in: light, and dark where that is preferred.

    Programs that turn SVG into PDF know no CSS variables, so a picture that stands alone has none.
    """
    assets = files("gyges.report") / "assets"
    rules = (assets / "figure.css").read_text(encoding="utf-8")
    palette = dict(
        re.findall(
            r"(--gy-[\w-]+):\s*([^;]+);", (assets / "tokens.css").read_text(encoding="utf-8")
        )
    )

    def filled(place: int) -> str:
        def value(found: re.Match[str]) -> str:
            pair = re.fullmatch(r"light-dark\(([^,]+),\s*([^)]+)\)", palette[found[1]])
            return pair[place] if pair else palette[found[1]]

        return re.sub(r"var\((--gy-[\w-]+)\)", value, rules)

    text = f"{filled(1)}@media (prefers-color-scheme: dark) {{\n{filled(2)}}}\n"
    return re.sub(r"/\*.*?\*/\s*", "", text, flags=re.DOTALL)


def groups_of(rows: Sequence[Mapping[str, Any]]) -> list[Group]:
    """Sort complete gap rows into groups: by setting and value, or by subject if there is but one.

    Args:
        rows: Complete gap rows (see ``content.clean_gaps``).

    Returns:
        Groups with labelled rows; a control row follows the row that it is the control of.
    """
    several_settings = len({row["setting"] for row in rows}) > 1
    matters = list(dict.fromkeys((row["setting"], row["value"]) for row in rows))
    names = {
        (row["setting"], row["value"]): context(row, several_settings=several_settings)
        for row in rows
    }
    subjects = _by_mean_gap(rows)
    found: dict[tuple[str, tuple[str, str]], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["subject"], (row["setting"], row["value"])), []).append(row)

    def labelled(pairs: Sequence[tuple[str, tuple[str, str]]], by: str) -> Group:
        lines: list[tuple[str, Mapping[str, Any]]] = []
        for subject, matter in pairs:
            for row in sorted(found.get((subject, matter), ()), key=lambda row: row["control"]):
                name = subject if by == "subject" else names[matter]
                lines.append(("control, no conflict" if row["control"] and lines else name, row))
        return Group(title="", rows=lines)

    if len(subjects) == 1 and len(matters) > 1:
        group = labelled([(subjects[0], matter) for matter in matters], by="matter")
        return [Group(title=subjects[0], rows=group.rows)]
    return [
        Group(
            title=names[matter],
            rows=labelled([(subject, matter) for subject in subjects], by="subject").rows,
        )
        for matter in matters
    ]


def _by_mean_gap(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    gaps: dict[str, list[float]] = {}
    for row in rows:
        gaps.setdefault(row["subject"], [])
        if row["gap"] is not None and not row["control"]:
            gaps[row["subject"]].append(row["gap"])
    return sorted(gaps, key=lambda name: -sum(gaps[name]) / len(gaps[name]) if gaps[name] else 9.0)


def gap_figure(rows: Sequence[Mapping[str, Any]], *, width: int = 960, note: str = "") -> Figure:
    """Draw the compliance gap.

    Args:
        rows: Rows of ``gyges gap --json``; numbers may be None.
        width: Width in SVG units; under 640 the labels stand above their rows, for a narrow screen.
        note: A line to print below the figure, so that it goes wherever the figure goes.

    Returns:
        A figure that shows itself in a notebook and can be saved.

    Raises:
        StudyError: A row names no subject or holds text where a number belongs.
    """
    complete = clean_gaps(rows)
    known = [row["gap"] for row in complete if row["gap"] is not None]
    label = f"Compliance rate in both arms and the compliance gap, {len(complete)} rows"
    if len(known) == 1:
        label += f"; the gap is {points(known[0])} points"
    elif known:
        label += f"; gaps from {points(min(known))} to {points(max(known))} points"
    label += ". The table below holds every number."
    return Figure(root=draw(groups_of(complete), width=width, label=label, note=note), label=label)
