"""In which pieces is a text that is too long for one question given to a model?

In windows that end where a paragraph ends, or, in a paragraph longer than a window, where a sentence ends. Each begins
again some way before the end of the one before, so that a statement across the cut stands whole in one of them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from gyges.errors import GraphError

__all__ = ["Window", "paragraphs_of", "windows_of"]

_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|\n")


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of a text."""

    start: int
    """Offset of its first character in the whole text, in Unicode code points."""
    end: int
    text: str


def windows_of(text: str, size: int = 6000, overlap: int = 600) -> list[Window]:
    """Cut a text into windows.

    Args:
        text: The whole text.
        size: Characters of a window at most.
        overlap: Characters that a window repeats of the one before, at most; it begins where a paragraph or a
            sentence begins.

    Raises:
        GraphError: The overlap is not less than half a window.
    """
    if size < 1 or not 0 <= 2 * overlap < size:
        raise GraphError(
            f"windows of {size} characters with an overlap of {overlap}; the overlap is less than half a window"
        )
    breaks = [found.end() for found in _PARAGRAPH.finditer(text)]
    softer = [found.end() for found in _SENTENCE.finditer(text)]
    found: list[Window] = []
    start = 0
    while start < len(text):
        end = len(text)
        if end - start > size:
            latest = start + size
            # Not too early, or the windows would be many and small.
            least = start + size // 2
            end = (
                _last(breaks, least, latest)
                or _last(softer, least, latest)
                or _space(text, least, latest)
                or latest
            )
        piece = text[start:end]
        if piece.strip():
            found.append(Window(start, end, piece))
        if end >= len(text):
            break
        back = _first(breaks, end - overlap, end) or _first(softer, end - overlap, end) or end
        start = back if back > start else end
    return found


def paragraphs_of(text: str) -> list[int]:
    """Return where the paragraphs of a text begin, and where it ends."""
    return [0, *(found.end() for found in _PARAGRAPH.finditer(text)), len(text)]


def _last(places: list[int], least: int, most: int) -> int | None:
    at = bisect_right(places, most) - 1
    return places[at] if at >= 0 and places[at] > least else None


def _first(places: list[int], least: int, before: int) -> int | None:
    at = bisect_left(places, least)
    return places[at] if at < len(places) and places[at] < before else None


def _space(text: str, least: int, most: int) -> int | None:
    at = text.rfind(" ", least, most)
    return at + 1 if at >= 0 else None
