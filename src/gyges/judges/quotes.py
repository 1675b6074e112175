"""Does a quote stand in the text that it is said to be taken from?

A judge that quotes must quote what is there: blanks, letter case and the form of quotation marks are folded, an
ellipsis may join pieces, and nothing else may differ.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["fold", "stands_in"]

_MARKS = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "\u2011": "-"}
)
_ELLIPSIS = re.compile(r"\s*(?:\.{3,}|…|\[\.\.\.\])\s*")


def fold(text: str) -> str:
    """Fold what does not matter when texts are compared: blanks, letter case, forms of marks, markup of emphasis."""
    plain = unicodedata.normalize("NFKC", text.translate(_MARKS)).replace("*", "")
    return " ".join(plain.casefold().split())


def stands_in(quote: str, text: str) -> bool:
    """Whether a quote stands in a text; an empty one does not.

    Pieces that an ellipsis joins must stand in it in their order.
    """
    folded = fold(text)
    # Before folding, which would turn the one-character ellipsis into three dots.
    pieces = [fold(piece).strip(" \"'") for piece in _ELLIPSIS.split(quote)]
    pieces = [piece for piece in pieces if piece]
    at = 0
    for piece in pieces:
        found = folded.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return bool(pieces)
