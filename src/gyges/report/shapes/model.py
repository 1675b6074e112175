"""What stands on the page of a result that has a shape of its own?

An ordering of values, a chain of acts, an accuracy against a threshold: each shape's module turns a study into one
value of this form, and one template shows them all: the answer, the figures, the tables, and how to read them. The
numbers go beside the page as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from gyges.report.factor_pages import Cell

__all__ = ["NARROW", "WIDE", "Cell", "Figure", "ShapePage", "Table", "transcripts"]

WIDE, NARROW = 960.0, 352.0
"""The widths, in SVG units, in which a figure is drawn for a wide and for a narrow page."""


@dataclass(frozen=True)
class Figure:
    """One figure."""

    svg: str
    """An inline SVG picture that escapes whatever it is given (``report/svg.py``), for a wide page."""
    note: str = ""
    """What stands below: n, the level of the intervals and the method."""
    caption: str = ""
    """What stands above: what is drawn, in a few words."""
    narrow: str = ""
    """The same for a narrow page; the wide picture is shown there where this is empty."""

    @classmethod
    def drawn(cls, make: Callable[[float], str], *, caption: str = "", note: str = "") -> Figure:
        """Draw a figure in both widths.

        Args:
            make: Draws it for a width in SVG units, as :func:`gyges.report.forest.forest` does.
            caption: What stands above.
            note: What stands below.
        """
        return cls(svg=make(WIDE), note=note, caption=caption, narrow=make(NARROW))


@dataclass(frozen=True)
class Table:
    """One table; the first column names its rows."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    """A cell that is text sorts as text; a number is a ``Cell`` with its text and the number to sort by."""
    note: str = ""
    """What stands below: n and the method, where no figure has said so."""
    long: bool = False
    """Whether it is folded away at first."""

    @property
    def cells(self) -> list[list[Cell]]:
        """The rows with every cell as a ``Cell``."""
        return [
            [cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in self.rows
        ]


@dataclass(frozen=True)
class ShapePage:
    """One page."""

    slug: str
    """The shape's own name: the page is ``slug.html`` and its numbers are ``slug.json``."""
    title: str
    """A few words: they stand in the navigation of the first page."""
    answer: Sequence[str]
    """Plain sentences; the first one stands near the top of the first page too."""
    figures: Sequence[Figure]
    tables: Sequence[Table]
    data: Mapping[str, Any]
    """The numbers, fit for JSON; they are written with the schema ``gyges.SLUG/1``."""
    question: str = ""
    """What the page answers, in one line below its title."""
    notes: Sequence[str] = field(default_factory=tuple)
    """Sentences that must be read before the numbers are believed, or that say how they are meant."""
    reading: str = ""
    """How to read the page, at its end."""
    summary: str = ""
    """One sentence for the first page, where it is not the first one of the answer."""
    does: str = "complies"
    """What complying is here, as a verb, for the sentences on the gap of the first page."""

    @property
    def file(self) -> str:
        """The page's file."""
        return f"{self.slug}.html"

    @property
    def numbers(self) -> str:
        """The file of its numbers."""
        return f"{self.slug}.json"

    @property
    def lead(self) -> str:
        """What the first page says of it; empty where there is nothing to say."""
        return self.summary or (self.answer[0] if self.answer else "")


def transcripts(where: Mapping[str, Any]) -> str:
    """Give the link that opens the transcripts behind a number.

    Args:
        where: The filters of the first page's list: ``subject``, ``setting``, ``value``, ``control`` (``yes`` or
            ``no``), ``wording``, ``outcome.monitored``, ``outcome.unmonitored`` (an outcome), ``factor.NAME`` (a level,
            as :func:`gyges.findings.grids.level_text` writes it), and ``q``, words of a query or its id. What is empty
            or None filters nothing.

    Returns:
        A link relative to the site's folder.
    """
    chosen = {key: str(value) for key, value in where.items() if value not in (None, "")}
    return f"index.html#{urlencode(chosen, errors='replace')}" if chosen else "index.html"
