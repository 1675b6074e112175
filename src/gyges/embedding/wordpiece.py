"""Into which pieces does BERT's uncased vocabulary cut a text?

Lower case without accents, words and single punctuation marks, each word cut greedily into the longest pieces that the
vocabulary holds (Devlin et al. 2019, arXiv 1810.04805; Wu et al. 2016, arXiv 1609.08144). Written here, for the
packages that do it bring more with them than the embeddings themselves.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator
from importlib.resources import files

__all__ = ["MOST_PIECES", "pieces", "windows"]

MOST_PIECES = 254
"""Pieces in a window: the model was made for 256, two of which mark its ends."""

_LONGEST_WORD = 100
_CJK = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FA1F))


@functools.cache
def _vocabulary() -> dict[str, int]:
    text = files("gyges.embedding").joinpath("minilm", "vocab.txt").read_text(encoding="utf-8")
    return {piece: number for number, piece in enumerate(text.rstrip("\n").split("\n"))}


def pieces(text: str) -> list[int]:
    """Give the numbers of a text's pieces, without the marks at its ends."""
    vocabulary = _vocabulary()
    unknown = vocabulary["[UNK]"]
    return [number for word in _words(text) for number in _cut(word, vocabulary) or [unknown]]


def windows(text: str) -> list[list[int]]:
    """Cut a text into stretches that the model can read, as even as can be, with the marks at their ends."""
    vocabulary = _vocabulary()
    found = pieces(text)
    count = max(1, -(-len(found) // MOST_PIECES))
    size = -(-len(found) // count) if found else 1
    parts = [found[at : at + size] for at in range(0, len(found), size)] or [[]]
    return [[vocabulary["[CLS]"], *part, vocabulary["[SEP]"]] for part in parts]


def _cut(word: str, vocabulary: dict[str, int]) -> list[int]:
    """Cut a word into the longest known pieces; empty where that is not possible."""
    if len(word) > _LONGEST_WORD:
        return []
    found: list[int] = []
    start = 0
    while start < len(word):
        for end in range(len(word), start, -1):
            number = vocabulary.get(("##" if start else "") + word[start:end])
            if number is not None:
                found.append(number)
                start = end
                break
        else:
            return []
    return found


def _words(text: str) -> Iterator[str]:
    word = ""
    plain = unicodedata.normalize("NFD", text.lower())
    for sign in plain:
        kind = unicodedata.category(sign)
        if kind == "Mn" or (kind in ("Cc", "Cf") and sign not in "\t\n\r") or sign == "\ufffd":
            continue
        if sign.isspace():
            if word:
                yield word
            word = ""
        elif _stands_alone(sign, kind):
            if word:
                yield word
            yield sign
            word = ""
        else:
            word += sign
    if word:
        yield word


def _stands_alone(sign: str, kind: str) -> bool:
    if sign.isascii():
        # BERT counts all of ASCII's signs as punctuation, also those that Unicode does not: $, +, <, ^, ` ...
        return not sign.isalnum()
    return kind.startswith("P") or any(low <= ord(sign) <= high for low, high in _CJK)
