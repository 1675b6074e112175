"""How does a text look to patterns, and where in it does a match stand?

What does not matter is folded away: a run of blanks and line breaks is one blank, quotation marks and hyphens have one
form each, and marks of emphasis are gone. Each character knows its place in the text, so a match can be quoted
verbatim.
"""

from __future__ import annotations

import re
from bisect import bisect_right

__all__ = ["FORMS", "Folded", "fold"]

FORMS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼ′", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‐‑", "-"),
    }
)
"""One form for characters that come in several."""

_TOKEN = re.compile(r"\S+")
_EMPHASIS = "*`"
_EDGES = "*`_"


class Folded:
    """A text as patterns see it.

    Args:
        text: The text.
    """

    __slots__ = ("_shifts", "_starts", "plain", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        pieces: list[str] = []
        # Where in the folded text a stretch begins that is shifted by the same number of characters, and that number.
        self._starts: list[int] = []
        self._shifts: list[int] = []
        at = 0
        for match in _TOKEN.finditer(text):
            token = match.group()
            if pieces:
                at += 1
            kept = _stretches(token)
            for start, end in kept:
                self._starts.append(at)
                self._shifts.append(match.start() + start - at)
                at += end - start
            pieces.append("".join(token[start:end] for start, end in kept))
        self.plain = " ".join(pieces).translate(FORMS)
        """The text as it is folded, in its own case."""

    def place(self, at: int) -> int:
        """Where a character of the folded text stands in the text."""
        number = bisect_right(self._starts, at) - 1
        return at + self._shifts[number] if number >= 0 else at

    def stretch(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the text stands in the folded text."""
        return self._folded_place(start), self._folded_place(end)

    def _folded_place(self, at: int) -> int:
        places = [one + shift for one, shift in zip(self._starts, self._shifts, strict=True)]
        number = bisect_right(places, at) - 1
        return max(0, at - self._shifts[number]) if number >= 0 else 0

    def quote(self, start: int, end: int) -> str:
        """Give a stretch of the folded text verbatim, as it stands in the text."""
        return self.text[self.place(start) : self.place(end - 1) + 1]


def fold(text: str) -> str:
    """Fold a text, its case too."""
    return Folded(text).plain.casefold()


def _stretches(token: str) -> list[tuple[int, int]]:
    """The stretches of a token that are no emphasis; the whole token where nothing else would be left."""
    if not any(mark in token for mark in _EDGES):
        return [(0, len(token))]
    start, end = 0, len(token)
    while start < end and token[start] in _EDGES:
        start += 1
    while end > start and token[end - 1] in _EDGES:
        end -= 1
    if start == end:
        return [(0, len(token))]
    kept = [
        (start + match.start(), start + match.end())
        for match in re.finditer(rf"[^{re.escape(_EMPHASIS)}]+", token[start:end])
    ]
    return kept
