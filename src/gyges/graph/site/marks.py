"""By which shape and which colour is a kind of node known?

Fourteen colours cannot be told apart by everybody, so six families have a colour and each kind within a family a shape.
The shapes are polygons in one table, drawn by the page as SVG and by the picture as a Cytoscape shape, so that a legend
cannot differ from what it explains. The colours stand in ``graph.css``, for light and for dark.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MARKS", "OTHER", "Mark", "mark_of"]

_Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """The look of one kind of node."""

    family: str
    """Names the colour: ``work``, ``agent``, ``idea``, ``said``, ``ask`` or ``world``."""
    points: _Points = ()
    """Corners between −1 and 1, y downwards; none for a circle."""

    @property
    def path(self) -> str:
        """The outline as SVG path data in a box of 16 by 16."""
        if not self.points:
            return "M2 8a6 6 0 1 1 12 0a6 6 0 1 1-12 0z"
        corners = " ".join(f"{8 + 6.5 * x:g} {8 + 6.5 * y:g}" for x, y in self.points)
        return f"M{corners}z"

    @property
    def polygon(self) -> str:
        """The corners as Cytoscape takes them; nothing for a circle."""
        return " ".join(f"{value:g}" for point in self.points for value in point)


_RHOMBUS: _Points = ((0, -1), (1, 0), (0, 1), (-1, 0))
_SLANTED: _Points = ((-0.45, -0.75), (1, -0.75), (0.45, 0.75), (-1, 0.75))
_STAR: _Points = (
    (0, -1),
    (0.3, -0.3),
    (1, 0),
    (0.3, 0.3),
    (0, 1),
    (-0.3, 0.3),
    (-1, 0),
    (-0.3, -0.3),
)
_BUBBLE: _Points = ((-1, -0.8), (1, -0.8), (1, 0.4), (-0.1, 0.4), (-0.6, 1), (-0.6, 0.4), (-1, 0.4))
_SHEET: _Points = ((-0.75, -1), (0.25, -1), (0.75, -0.5), (0.75, 1), (-0.75, 1))
_SQUARE: _Points = ((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85))
_TUB: _Points = ((-1, -0.7), (1, -0.7), (0.6, 0.8), (-0.6, 0.8))
_HEXAGON: _Points = ((-0.5, -0.87), (0.5, -0.87), (1, 0), (0.5, 0.87), (-0.5, 0.87), (-1, 0))
_TRIANGLE: _Points = ((0, -0.95), (1, 0.8), (-1, 0.8))
_OCTAGON: _Points = (
    (-0.4, -0.95),
    (0.4, -0.95),
    (0.95, -0.4),
    (0.95, 0.4),
    (0.4, 0.95),
    (-0.4, 0.95),
    (-0.95, 0.4),
    (-0.95, -0.4),
)
_PENTAGON: _Points = ((0, 1), (-0.95, 0.2), (-0.6, -0.85), (0.6, -0.85), (0.95, 0.2))
_CROSS: _Points = (
    (-0.35, -0.95),
    (0.35, -0.95),
    (0.35, -0.35),
    (0.95, -0.35),
    (0.95, 0.35),
    (0.35, 0.35),
    (0.35, 0.95),
    (-0.35, 0.95),
    (-0.35, 0.35),
    (-0.95, 0.35),
    (-0.95, -0.35),
    (-0.35, -0.35),
)

MARKS = {
    "paper": Mark("work", _SHEET),
    "thinker": Mark("agent"),
    "organisation": Mark("agent", _OCTAGON),
    "framework": Mark("idea", _HEXAGON),
    "method": Mark("idea", _TRIANGLE),
    "concept": Mark("idea"),
    "artifact": Mark("work", _SQUARE),
    "quote": Mark("said", _BUBBLE),
    "claim": Mark("said", _RHOMBUS),
    "finding": Mark("said", _STAR),
    "hypothesis": Mark("said", _SLANTED),
    "question": Mark("ask", _PENTAGON),
    "setting": Mark("world", _CROSS),
    "dataset": Mark("work", _TUB),
}
OTHER = Mark("agent", _SQUARE)
"""For a kind that has no mark."""


def mark_of(type_: str) -> Mark:
    """Return the mark of a kind of node."""
    return MARKS.get(type_, OTHER)
