"""Does a quote stand in the text that it is said to be taken from, and is it more than an echo of the prompt?

A judge that quotes must quote what is there, whole words of it: blanks, letter case and the form of quotation marks are
folded, an ellipsis may join pieces that stand near each other, and nothing else may differ. A quote is an echo where
nearly all of its words stand in the prompt in the same order.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

__all__ = ["SEPARATOR", "fold", "is_echo", "is_nothing", "stands_in"]

SEPARATOR = "\n\u241e\n"
"""Stands between the parts of a text, so that no quote reaches from one into the next."""
_MARKS = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "\u2011": "-"}
)
_ELLIPSIS = re.compile(r"\s*(?:\.{3,}|…|\[\.\.\.\])\s*")
_GAP = 200
"""Characters that an ellipsis may leave out."""
_RUN = 4
"""Words in a row that are the prompt's own; fewer may be chance."""
_ECHO = 0.75
_NOTHING = frozenset(
    {
        "", "-", "n/a", "na", "no", "none", "null", "nil", "nothing", "empty", "false", "not met", "not applicable",
        "does not apply", "no quote", "not found", "absent", "yes", "true", "met",
    }
)  # fmt: skip
"""What judges write where they quote nothing."""


def fold(text: str) -> str:
    """Fold what does not matter when texts are compared: blanks, letter case, forms of marks, markup of emphasis."""
    plain = unicodedata.normalize("NFKC", text.translate(_MARKS)).replace("*", "")
    return " ".join(plain.casefold().split())


def is_nothing(quote: str) -> bool:
    """Whether a text is no quote but a way to say that there is none."""
    return fold(quote).strip(" \"'.()[]<>") in _NOTHING


def stands_in(quote: str, text: str) -> bool:
    """Whether a quote stands in a text as whole words; an empty one does not.

    Pieces that an ellipsis joins must stand in it in their order, near each other.
    """
    folded = fold(text)
    # Before folding, which would turn the one-character ellipsis into three dots.
    pieces = [fold(piece).strip(" \"'") for piece in _ELLIPSIS.split(quote)]
    pieces = [piece for piece in pieces if piece]
    if not pieces:
        return False
    if len(pieces) > 1 and any(len(piece.split()) < 2 for piece in pieces):
        return False
    first, *rest = (re.compile(_bounded(piece)) for piece in pieces)
    for found in first.finditer(folded):
        at = found.end()
        for piece in rest:
            following = piece.search(folded, at, at + _GAP + len(piece.pattern))
            if following is None or following.start() - at > _GAP:
                break
            at = following.end()
        else:
            return True
    return False


def _bounded(piece: str) -> str:
    """Match a piece where it begins and ends with whole words."""
    before = r"(?<!\w)" if piece[0].isalnum() else ""
    after = r"(?!\w)" if piece[-1].isalnum() else ""
    return f"{before}{re.escape(piece)}{after}"


def is_echo(quote: str, prompt: str) -> bool:
    """Whether a quote only repeats the prompt: three quarters of its words stand there in runs of four or more."""
    words = re.findall(r"\w+", fold(quote))
    theirs = re.findall(r"\w+", fold(prompt))
    if not words or not theirs:
        return False
    if stands_in(quote, prompt):
        return True
    blocks = SequenceMatcher(None, words, theirs, autojunk=False).get_matching_blocks()
    repeated = sum(block.size for block in blocks if block.size >= _RUN)
    return repeated >= _ECHO * len(words)
