"""Does a quoted passage stand in a source, and where?

A passage is compared by its words: Unicode-normalised, in lower case, without punctuation, accents' forms and layout
made equal. So a copy that a browser, a PDF reader or a typesetter made still matches, and one changed word does not.
A graph can carry a passage as the number of its words and the SHA-256 of its normalised text, without the text:
whoever has a copy of the source gets the passage back from it, word for word as it stands there.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache

__all__ = ["Found", "Text", "Words", "fingerprint", "words_of"]

_APOSTROPHES = "'’ʼ‘ʹ′＇"
# Characters that are not seen: hyphens and breaks that a typesetter or a browser may use, joiners, variants of a glyph.
_UNSEEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff"
_HEX = re.compile(r"[0-9a-f]{64}")
_CLOSING = ".,;:!?…)]}\"'”’»"


@dataclass(frozen=True, slots=True)
class Words:
    """The normalised words of a text, and where each stands in it."""

    words: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A passage in a text."""

    start: int
    """Offset of its first character, in Unicode code points."""
    end: int
    """Offset behind its last character."""
    text: str
    """As it stands in the text."""


def words_of(text: str) -> Words:
    """Cut a text into normalised words; offsets are those of the text as given."""
    words, starts, ends = [], [], []
    for match in _word().finditer(text):
        words.append(_plain(match.group()))
        starts.append(match.start())
        ends.append(match.end())
    return Words(tuple(words), tuple(starts), tuple(ends))


def fingerprint(text: str) -> tuple[str, int]:
    """Return the SHA-256 (hex) of a passage's normalised text, and how many words it has."""
    words = words_of(text).words
    return _hash(words), len(words)


class Text:
    """A source's text, in which passages are looked up.

    Args:
        text: The source as the user has it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._words = words_of(text)
        # The normalised text, and where each word begins in it; one space stands between two words.
        parts = [word.encode() for word in self._words.words]
        self._joined = b" ".join(parts)
        self._at = [0]
        for part in parts:
            self._at.append(self._at[-1] + len(part) + 1)
        self._found: dict[tuple[str, int], int | None] = {}

    def find(self, sha256: str, words: int) -> Found | None:
        """Find the passage of that fingerprint; its first place, or None where it does not stand in the text."""
        if (sha256, words) not in self._found:
            self._found[sha256, words] = self._place(sha256, words)
        at = self._found[sha256, words]
        return None if at is None else self._cut(at, words)

    def find_text(self, passage: str) -> Found | None:
        """Find a passage that is given in words."""
        wanted = words_of(passage).words
        sought = " ".join(wanted).encode()
        start = self._joined.find(sought) if sought else -1
        while start >= 0:
            at = bisect_left(self._at, start)
            if self._at[at] == start and self._words.words[at : at + len(wanted)] == wanted:
                return self._cut(at, len(wanted))
            start = self._joined.find(sought, start + 1)
        return None

    def _place(self, sha256: str, size: int) -> int | None:
        """Return the number of the passage's first word."""
        if size < 1 or size > len(self._words.words) or not _HEX.fullmatch(sha256):
            return None
        wanted, joined, starts = bytes.fromhex(sha256), memoryview(self._joined), self._at
        digest = hashlib.sha256
        for at, end in enumerate(starts[size:]):
            if digest(joined[starts[at] : end - 1]).digest() == wanted:
                return at
        return None

    def _cut(self, at: int, size: int) -> Found:
        start, end = self._words.starts[at], self._words.ends[at + size - 1]
        # The punctuation that closes the passage belongs to it.
        while end < len(self.text) and self.text[end] in _CLOSING:
            end += 1
        return Found(start, end, self.text[start:end])


@cache
def _word() -> re.Pattern[str]:
    # A letter or digit with the marks that are written over, under or behind it: in decomposed text, an accent is a
    # character of its own. Built when it is first needed.
    marks = [code for code in range(0x20000) if unicodedata.category(chr(code))[0] == "M"]
    within = "".join(f"{chr(a)}-{chr(b)}" for a, b in _runs(marks)) + _UNSEEN
    # A soft hyphen at the end of a line says that the word goes on in the next one.
    broken = r"\u00ad[ \t]*\r?\n[ \t]*(?=[^\W_])"
    letters = f"[^\\W_ʼʹ]+(?:(?:{broken}|[{within}])+[^\\W_ʼʹ]*)*"
    return re.compile(f"{letters}(?:[{_APOSTROPHES}]{letters})*")


def _runs(codes: list[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for code in codes:
        if found and found[-1][1] == code - 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return found


_DROPPED = re.compile(f"[{_APOSTROPHES}{_UNSEEN}\\s]")


def _plain(word: str) -> str:
    if word.isascii():
        return word.lower().replace("'", "")
    seen = _DROPPED.sub("", word)
    # Folding may leave a letter decomposed that was not.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())


def _hash(words: tuple[str, ...]) -> str:
    return hashlib.sha256(" ".join(words).encode()).hexdigest()
