"""How did the confidence sequence close in, block by block?"""

from __future__ import annotations

from collections.abc import Sequence

from gyges.report.svg import el
from gyges.report.words import points, signed

__all__ = ["sequence_figure"]

_HEIGHT = 200.0
_LEFT, _RIGHT, _TOP, _FOOT = 40.0, 12.0, 12.0, 40.0
_TICKS = (1, 2, 5)


def sequence_figure(path: Sequence[Sequence[float]], *, width: float) -> str:
    """Draw the limits of a confidence sequence over the blocks that were asked.

    Args:
        path: After each block the lower and the upper limit of the gap, as fractions; two blocks at least.
        width: Width in SVG units.

    Returns:
        An SVG element; its colours come from the page.
    """
    right, bottom = width - _RIGHT, _HEIGHT - _FOOT
    lowest = min(0.0, *(low for low, _ in path))
    highest = max(0.0, *(high for _, high in path))

    def x(block: float) -> float:
        return _LEFT + (block - 1) / (len(path) - 1) * (right - _LEFT)

    def y(gap: float) -> float:
        return _TOP + (highest - gap) / (highest - lowest) * (bottom - _TOP)

    upper = [f"{x(at):.1f},{y(high):.1f}" for at, (_, high) in enumerate(path, start=1)]
    lower = [f"{x(at):.1f},{y(low):.1f}" for at, (low, _) in enumerate(path, start=1)]
    parts = [el("polygon", class_="gy-bounds", points=" ".join([*upper, *reversed(lower)]))]
    for gap in _gaps(lowest, highest):
        kind = "gy-grid" if gap else "gy-zero"
        parts.append(el("line", class_=kind, x1=_LEFT, x2=right, y1=y(gap), y2=y(gap)))
        tick = el("text", signed(gap, 0), class_="gy-tick gy-end", x=_LEFT - 6, y=y(gap) + 4)
        parts.append(tick)
    parts += [
        el("polyline", class_="gy-ci gy-gap", fill="none", points=" ".join(line))
        for line in (upper, lower)
    ]
    step = _step(len(path), 4 if width < 500 else 10)
    for block in range(step, len(path) + 1, step):
        parts.append(el("text", str(block), class_="gy-tick", x=x(block), y=bottom + 16))
    parts.append(el("text", "blocks asked", class_="gy-note", x=_LEFT, y=_HEIGHT - 6))
    low, high = path[-1]
    label = (
        f"The confidence sequence for the gap over {len(path)} blocks; at the end {points(low, 1)} to "
        f"{points(high, 1)} points."
    )
    return str(
        el(
            "svg",
            *parts,
            class_="gyges-figure",
            viewBox=f"0 0 {width:g} {_HEIGHT:g}",
            role="img",
            aria_label=label,
        )
    )


def _step(span: int, ticks: int) -> int:
    size = 1
    while True:
        for part in _TICKS:
            if span <= part * size * ticks:
                return part * size
        size *= 10


def _gaps(low: float, high: float) -> list[float]:
    step = 0.25 if high - low <= 1.25 else 0.5
    return [
        step * k for k in range(round(-2 / step), round(2 / step) + 1) if low <= step * k <= high
    ]
