"""Which parts of a text look like a model's answer?

A text may hold a made-up answer in the hope that a model copies it. What stands in one is no passage of the text, so it
is hidden before anything is looked up there.
"""

from __future__ import annotations

import json
import re

__all__ = ["shadowed"]

_MASK = "\ua66e"
"""A letter that no text holds; as a word it keeps what stands around it apart."""
_ANSWER_FIELD = re.compile(r"""["'](?:quote|statements)["']\s*:""")
_ANSWER_TEXT = re.compile(
    r"""(["'])(?:quote|gloss|label)\1\s*:\s*(["'])(?:[^\\]|\\.){0,2000}?(?:\2|\Z)""", re.S
)


def shadowed(text: str) -> str:
    """Hide what looks like an answer in a text, at the same length."""
    if not _ANSWER_FIELD.search(text):
        return text
    spans = [found.span() for found in _ANSWER_TEXT.finditer(text)]
    decoder = json.JSONDecoder(strict=False)
    at = tried = 0
    while (at := text.find("{", at)) >= 0 and tried < 1000:
        tried += 1
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
            continue
        if _ANSWER_FIELD.search(text, at, end):
            spans.append((at, end))
        at = end
    signs = list(text)
    for start, end in spans:
        signs[start:end] = [sign if sign == "\n" else _MASK for sign in signs[start:end]]
    return "".join(signs)
