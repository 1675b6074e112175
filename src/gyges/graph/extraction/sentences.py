"""Where do sentences begin and end, and where does one mention a name?

By signs and not by a model of language: a full stop before a small letter ends nothing, nor does one behind "et al",
and a paragraph's end that leaves a sentence hanging ("We doubt that", and the rest in a display) is none. A name is
mentioned where its words stand in their order, in singular or plural.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from gyges.graph.passages import Words, words_of

__all__ = ["Span", "mentions", "next_sentence", "pieces_of", "sentences_of", "stem"]

Span = tuple[int, int]
"""Offsets of begin and end."""

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*(?=\s+[^a-z\s])|\n[ \t]*\n")
_SHORT_FORM = re.compile(
    r"(?:\b(?:al|e\.g|i\.e|cf|vs|fig|sec|eq|no|dr|prof|approx|resp|ca)|\b[A-Z])\.$", re.I
)
_DANGLING = re.compile(
    r"(?:[,:–—]|\b(?:that|whether|if|to|not|no|never|and|or|of|the|an?|is|are|was|were|by|than|as|which|"
    r"does|did|do|from|with|for|in|because|but))$",
    re.I,
)
"""What a paragraph ends with whose sentence goes on in the next one."""


def sentences_of(text: str, start: int, end: int) -> Span:
    """Return where the sentences begin and end that a passage touches."""
    ends = [0, *_ends(text)]
    return max(at for at in ends if at <= start), min(at for at in ends if at >= end)


def next_sentence(text: str, at: int) -> str:
    """Return the sentence that begins where another ends, be it in the next paragraph."""
    while at < len(text) and text[at].isspace():
        at += 1
    return text[at : next((end for end in _ends(text) if end > at), at)]


def pieces_of(text: str) -> list[Span]:
    """Cut a text into its sentences."""
    return list(pairwise([0, *_ends(text)]))


def mentions(words: Words, names: Iterable[str]) -> list[Span]:
    """Find where a text mentions one of the names: offsets of begin and end, plural or not."""
    said = [stem(word) for word in words.words]
    found: set[Span] = set()
    for name in names:
        wanted = [stem(word) for word in words_of(name).words]
        size = len(wanted)
        if not size:
            continue
        for at in range(len(said) - size + 1):
            if said[at : at + size] == wanted:
                found.add((words.starts[at], words.ends[at + size - 1]))
    return sorted(found)


def stem(word: str) -> str:
    """Leave out the ending of a plural, of a word from :func:`gyges.graph.passages.words_of`."""
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _ends(text: str) -> list[int]:
    found = []
    for one in _SENTENCE_END.finditer(text):
        at = one.start()
        if text[at] == "." and _SHORT_FORM.search(text[max(0, at - 10) : at + 1]):
            continue
        if text[at] == "\n" and (
            _DANGLING.search(text[max(0, at - 20) : at].rstrip()) or text[one.end() :][:1].islower()
        ):
            continue
        found.append(one.end())
    return [*found, len(text)]
