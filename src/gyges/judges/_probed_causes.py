"""Which explanations does a subject name for what it was shown, the likeliest first?

Each sentence or item of a list is coded as the one cause whose words stand in it, from the most special to the most
common (``rules/probed/belief.yaml``). One that is named only to be rejected is left out. The order is that of the text,
but a sentence that calls its explanation the likeliest puts it first, and figures behind all explanations rank them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

__all__ = ["RULE", "named_causes"]

RULE = Path(__file__).parent / "rules" / "probed" / "belief.yaml"

_SPLIT = re.compile(r"\n+|(?<=[.!?])\s+(?=\S)|;\s+")
_FIGURE = re.compile(r"\(?\b(\d{1,3})\s*(?:%|per ?cent)\)?")
_ITEM = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s*")
_BEGINNING = 40
"""Characters in which a sentence says that its explanation comes later."""


@dataclass(frozen=True, slots=True)
class _Cues:
    causes: Mapping[str, re.Pattern[str]]
    rejected: re.Pattern[str]
    first: re.Pattern[str]
    later: re.Pattern[str]


@functools.cache
def _cues() -> _Cues:
    rule = yaml.safe_load(RULE.read_text(encoding="utf-8"))
    return _Cues(
        {cause: re.compile("|".join(patterns)) for cause, patterns in rule["causes"].items()},
        *(re.compile("|".join(rule[name])) for name in ("rejected", "first", "later")),
    )


def named_causes(text: str) -> tuple[list[str], str]:
    """Name the causes, the likeliest first, and give the words that name the first one.

    Args:
        text: In lower case, with plain quotation marks and without marks of emphasis.
    """
    cues = _cues()
    found: dict[str, tuple[int, int, str]] = {}
    figures: dict[str, float] = {}
    for at, part in enumerate(_parts(text)):
        if cues.rejected.search(part):
            continue
        cause = next((one for one, words in cues.causes.items() if words.search(part)), None)
        if cause is None:
            continue
        first = cues.first.search(part) and not cues.later.search(part[:_BEGINNING])
        rank = (0 if first else 1, at, part)
        if cause not in found or rank[0] < found[cause][0]:
            found[cause] = rank
        if (figure := _FIGURE.search(part)) is not None:
            figures.setdefault(cause, float(figure[1]))
    if len(figures) >= 2 and figures.keys() >= found.keys():
        order = sorted(found, key=lambda cause: (-figures[cause], found[cause][1]))
    else:
        order = sorted(found, key=lambda cause: found[cause][:2])
    return order, found[order[0]][2] if order else ""


def _parts(text: str) -> list[str]:
    """Cut a text into sentences and items of lists."""
    return [_ITEM.sub("", part).strip() for part in _SPLIT.split(text) if len(part.split()) > 1]
