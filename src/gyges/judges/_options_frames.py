"""What do the clauses of an answer do, and which of its words are its own?

The kinds of clauses (they choose, do, suppose, concede, set aside, deny) are regular expressions that stand in the rule
file. What an answer merely repeats of the query, or says to whoever reads its verdict, is blanked before it is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gyges.judges._options_query import Offer

__all__ = ["Frames", "is_open", "own_words"]

_BETWEEN = re.compile(
    r"[\s.,;:!\"'*_()\[\]/-]*(?:(?:and|or)\s+)?(?:(?:option|action|choice)\s*)?[\s(\[\"'*_]*(?:(?:b|2|ii)\b)?"
    r"[\s.:)\]\"'*_–—-]*"
)
"""What stands between two options that are listed one behind the other."""
_MARKED = re.compile(
    r"(?:(?:option|action|choice)\s*)?[(\[\"'*_]*\b(?:a|1|i)[\s.:)\]\"'*_–—-]*\Z|[(\[\"'*_]+\Z"
)
_APART = 60
"""Characters: options farther apart are not listed one behind the other, and no mark is longer."""
_SCENE = 40
"""A scene of fewer characters may be repeated by chance."""


@dataclass(frozen=True, slots=True)
class Frames:
    """The kinds of clauses, compiled."""

    decide: re.Pattern[str]
    act: re.Pattern[str]
    suppose: re.Pattern[str]
    concede: re.Pattern[str]
    setaside: re.Pattern[str]
    denied: re.Pattern[str]
    open: re.Pattern[str]
    order: re.Pattern[str]
    order_words: tuple[str, ...]
    """Without one of these a text holds no order: looked for first, since it is quicker."""

    @classmethod
    def of(cls, rule: Mapping[str, Any]) -> Frames:
        """Compile what a rule file lists."""
        compiled = {
            name: re.compile("|".join(f"(?:{one})" for one in rule[name]))
            for name in cls.__dataclass_fields__
            if name != "order_words"
        }
        return cls(**compiled, order_words=tuple(rule["order_words"]))


def own_words(text: str, offer: Offer, frames: Frames) -> str:
    """Blank what is no part of what an answer decides, keeping each character's place.

    That is the query where the answer repeats it, both options where it only lists them one behind the other, and
    what is said to whoever reads the verdict ("verdict: a").
    """
    if any(word in text for word in frames.order_words):
        text = frames.order.sub(lambda one: " " * len(one.group()), text)
    if len(offer.scene) >= _SCENE and offer.scene in text:
        text = text.replace(offer.scene, " " * len(offer.scene))
    first, second = offer.plain
    at = text.find(first)
    while at >= 0:
        end = at + len(first)
        other = text.find(second, end)
        if other < 0:
            break
        if other - end <= _APART and _BETWEEN.fullmatch(text, end, other):
            begin = _MARKED.search(text, max(0, at - _APART), at)
            start, end = at if begin is None else begin.start(), other + len(second)
            text = text[:start] + " " * (end - start) + text[end:]
        at = text.find(first, end)
    return text


def is_open(text: str, frames: Frames) -> bool:
    """Whether an answer says that it leaves the choice open."""
    return frames.open.search(text) is not None
