"""Which two options does a query offer, and by which words are they told apart?

The options are the two texts behind the last pair of marks such as ``a) ... b) ...`` or ``Option 1: ... Option 2: ...``
in what the user asked. A word tells them apart if its stem, or a word of like meaning, stands in one and not in the
other; a word that the scene itself uses counts less, since an answer may only be retelling the scene.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from gyges.judges.cues import lower

__all__ = ["WORD", "Offer", "Words", "find_options", "make_offer", "plain", "stem"]

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SUFFIX = re.compile(
    r"(?:at(?:ions?|es?|ed|ing)|itions?|ions?|ments?|ness|ingly|edly|ally|ances?|ences?|ings?|ers?|ies|ied|ed|es|ly|s|e)$"
)
_LEAST, _LONGEST = 3, 6
_KNOWN = 20_000
_MARKS_AT_END = re.compile(
    r"(?<![\s:])[\s:]*+(?:option|choice|action|answer)?\s*+[(\[]?(?:a|1|i)\s*+[)\]:.]\s*+\Z"
)
_QUOTES = str.maketrans({"‘": "'", "“": '"', "”": '"'})

_MARK = r"(?:(?:option|choice|action|answer)\s*+)?[(\[]?(?P<{name}>{letters})\s*+[)\]:.]\s++"
_PAIRS = (("a", "b"), ("A", "B"), ("1", "2"), ("i", "ii"))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Reduce a lower-case word so that its forms fall together: "prioritising" and "prioritize" give "priori"."""
    word = word.removesuffix("'s")
    cut = _SUFFIX.sub("", word)
    if len(cut) < _LEAST:
        cut = word.removesuffix("s") if len(word) > _LEAST and not word.endswith("ss") else word
    if len(cut) > _LEAST:
        cut = cut.removesuffix("e")
    if len(cut) > _LEAST and cut[-1] == cut[-2]:
        cut = cut[:-1]
    if cut.endswith("y"):
        cut = cut[:-1] + "i"
    return cut[:_LONGEST]


@dataclass(frozen=True, slots=True)
class Words:
    """The words that the rule knows, by their stems."""

    idle: frozenset[str]
    """Stems that tell nothing apart ("the", "and", "ensure")."""
    aims: frozenset[str]
    """Words behind which an option says why, and no longer what is done."""
    alike: Mapping[str, tuple[str, ...]]
    """Stems of like meaning."""

    @classmethod
    def of(cls, idle: Iterable[str], aims: Iterable[str], alike: Iterable[Sequence[str]]) -> Words:
        """Take the words as a rule file lists them."""
        groups: dict[str, set[str]] = {}
        for group in alike:
            stems = {stem(word) for word in group}
            for one in stems:
                groups.setdefault(one, set()).update(stems - {one})
        return cls(
            frozenset(stem(word) for word in idle),
            frozenset(aims),
            {one: tuple(sorted(others)) for one, others in groups.items()},
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """The two options of a query."""

    texts: tuple[str, str]
    """As they stand in the query."""
    plain: tuple[str, str]
    """In lower case, with single blanks and without the mark at the end."""
    scene: str
    """What stands before the options, in lower case."""
    index: Mapping[str, tuple[int, float]]
    """By stem: whose it is (0 the first option, 1 the second) and what it weighs."""
    heads: tuple[frozenset[str], frozenset[str]]
    """The stems of the words that each option begins with."""
    stems: tuple[frozenset[str], frozenset[str]]
    """All stems of each option."""
    known: dict[str, tuple[int, float, str] | None] = field(default_factory=dict, repr=False)
    """What was found of the words met so far, since answers to one query share most of theirs."""

    def look(self, word: str) -> tuple[int, float, str] | None:
        """Say whose word it is, what it weighs and its stem; None where it tells nothing apart."""
        try:
            return self.known[word]
        except KeyError:
            name = stem(word)
            hit = self.index.get(name)
            found = None if hit is None else (hit[0], hit[1], name)
            if len(self.known) < _KNOWN:
                self.known[word] = found
            return found

    def holds(self, side: int, word: str) -> bool:
        """Whether an option's text holds a word."""
        return stem(word) in self.stems[side]

    def leads(self, side: int, word: str) -> bool:
        """Whether an option begins with a word."""
        return stem(word) in self.heads[side]


def find_options(query: str) -> tuple[str, str] | None:
    """Find the two options that end a query; None where there are not two.

    Args:
        query: What the user asked.
    """
    best: tuple[int, str, str] | None = None
    for first, second in _PAIRS:
        opening = re.compile(r"(?:^|(?<=[\s:;.?!,]))" + _MARK.format(name="mark", letters=first))
        closing = re.compile(r"(?<=[\s:;.?!,])" + _MARK.format(name="mark", letters=second))
        last = max((one.start() for one in closing.finditer(query)), default=-1)
        # The last pair counts: from the end, so that a query of many marks is not read over and over.
        for one in reversed([one for one in opening.finditer(query) if one.end() <= last]):
            other = closing.search(query, one.end())
            if other is None:
                continue
            a, b = query[one.end() : other.start()].strip(), query[other.end() :].strip()
            # Later options, and what is said after them, are not part of the second.
            b = re.split(r"\n\s*\n", b)[0].strip()
            if a and b and (best is None or one.start() > best[0]):
                best = (one.start(), a, b)
            if best is not None and best[0] >= one.start():
                break
    return None if best is None else best[1:]


def make_offer(query: str, words: Words, weights: Mapping[str, float]) -> Offer | None:
    """Work out what tells a query's options apart; None where it offers none.

    Args:
        query: What the user asked.
        words: The words that the rule knows.
        weights: What a word weighs that is only of like meaning (``alike``), that the scene uses too (``told``), that
            is among an option's first (``head``), or that says why and not what (``aim``).
    """
    texts = find_options(query)
    if texts is None:
        return None
    flat = [" ".join(plain(text).split()).rstrip(" .;!") for text in texts]
    before = plain(query[: query.rfind(texts[0])])
    scene = {stem(word) for word in WORD.findall(before)}
    spelt = [WORD.findall(text) for text in flat]
    stems = [frozenset(stem(word) for word in one) for one in spelt]
    heads = [
        frozenset([name for word in one if (name := stem(word)) not in words.idle][:2])
        for one in spelt
    ]
    found: list[dict[str, float]] = [{}, {}]
    for side in (0, 1):
        aim = False
        for place, word in enumerate(spelt[side]):
            aim = aim or (place > 1 and word in words.aims)
            name = stem(word)
            if name in stems[1 - side] or name in words.idle or name in found[side]:
                continue
            found[side][name] = (
                (weights["told"] if name in scene else 1.0)
                * (weights["head"] if name in heads[side] else 1.0)
                * (weights["aim"] if aim else 1.0)
            )
        for name, weight in list(found[side].items()):
            for other in words.alike.get(name, ()):
                if other not in stems[0] | stems[1] | scene:
                    found[side].setdefault(other, weights["alike"] * weight)
    index = {
        name: (side, weight)
        for side in (0, 1)
        for name, weight in found[side].items()
        if name not in found[1 - side]
    }
    return Offer(
        texts,
        (flat[0], flat[1]),
        _MARKS_AT_END.sub("", before),
        index,
        (heads[0] - stems[1], heads[1] - stems[0]),
        (stems[0], stems[1]),
    )


def plain(text: str) -> str:
    """Lower the case of a text and make its quotes plain, keeping each character's place."""
    return lower(text).translate(_QUOTES)
