"""How do the pages of the shapes write names, intervals and cells?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from gyges.report.shapes.model import Cell
from gyges.report.words import p_value, percent, points, signed

if TYPE_CHECKING:
    from gyges.findings.varied import Shown

__all__ = [
    "Named",
    "by_itself",
    "counts",
    "interval",
    "listed",
    "naming",
    "ratio",
    "span_cell",
    "summed",
]

_NBSP = "\u00a0"


class Named(Protocol):
    """Something that was found of a subject in a setting."""

    @property
    def subject(self) -> str:
        """Who was asked."""

    @property
    def setting(self) -> str:
        """In what."""


def naming(found: Sequence[Named]) -> dict[tuple[str, str], str]:
    """Name each subject, with its setting where there are several."""
    several = len({one.setting for one in found}) > 1
    return {
        (one.subject, one.setting): f"{one.subject} ({one.setting})" if several else one.subject
        for one in found
    }


def listed(names: Sequence[str], comma: str = ", ", last: str = " and ") -> str:
    """Write a list as a sentence holds it."""
    if len(names) < 2:
        return "".join(names)
    return f"{comma.join(names[:-1])}{last}{names[-1]}"


def summed(sentences: Sequence[str], few: int = 2) -> str:
    """Say for the first page what several subjects show: each where they are few, else the first and how many more."""
    if len(sentences) <= few:
        return " ".join(sentences)
    return f"{sentences[0]} {len(sentences) - 1} more are on the page."


def interval(low: float | None, high: float | None, level: float, *, rate: bool = False) -> str:
    """Write an interval in words: of a rate in per cent, else in points."""
    if low is None or high is None:
        return "no interval"
    write = percent if rate else points
    return f"{100 * level:g}{_NBSP}% interval {write(low)} to {write(high)}"


def by_itself(low: float | None, high: float | None, p_adjusted: float | None) -> str:
    """Say what is left of an interval that leaves out zero although the comparison is not clear."""
    if low is None or high is None or p_adjusted is None or low <= 0 <= high:
        return ""
    return f" by itself; p = {p_value(p_adjusted)} among all that were compared"


def ratio(low: float, high: float) -> str:
    """Write the two ends of a rate for a table."""
    return f"{percent(low, 1)} to {percent(high, 1)}"


def span_cell(span: Shown | None, *, gap: bool = False, href: str = "") -> Cell:
    """Write an estimate with its interval below it."""
    if span is None:
        return Cell("–")
    value, low, high = span
    ends = ""
    if low is not None and high is not None:
        ends = f"{points(low, 1)} to {points(high, 1)}" if gap else ratio(low, high)
    return Cell((signed if gap else percent)(value, 1), value, href, ends)


def counts(found: tuple[int, int]) -> Cell:
    """Write the counts of both arms, monitored first."""
    return Cell(f"{found[0]:,}, {found[1]:,}", sum(found))
