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
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Found", "Text", "Words", "fingerprint", "words_of"]

_WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
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
    for match in _WORD.finditer(text):
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
        self._hashes: dict[int, dict[str, int]] = {}

    def find(self, sha256: str, words: int) -> Found | None:
        """Find the passage of that fingerprint; its first place, or None where it does not stand in the text."""
        if words < 1:
            return None
        at = self._windows(words).get(sha256)
        return None if at is None else self._cut(at, words)

    def find_text(self, passage: str) -> Found | None:
        """Find a passage that is given in words."""
        return self.find(*fingerprint(passage))

    def _windows(self, size: int) -> dict[str, int]:
        if size not in self._hashes:
            words = self._words.words
            found: dict[str, int] = {}
            for at in range(len(words) - size + 1):
                found.setdefault(_hash(words[at : at + size]), at)
            self._hashes[size] = found
        return self._hashes[size]

    def _cut(self, at: int, size: int) -> Found:
        start, end = self._words.starts[at], self._words.ends[at + size - 1]
        # The punctuation that closes the passage belongs to it.
        while end < len(self.text) and self.text[end] in _CLOSING:
            end += 1
        return Found(start, end, self.text[start:end])


def _plain(word: str) -> str:
    folded = unicodedata.normalize("NFKC", word).casefold()
    return re.sub(r"['’ʼ]", "", folded)


def _hash(words: Iterable[str]) -> str:
    return hashlib.sha256(" ".join(words).encode()).hexdigest()
