"""How much are refusals copies of one another?

For each refusal, the most similar refusal of another query is looked up; the templating index is the mean of these
highest similarities, each query counting alike. 1 stands for word-for-word copies whatever was asked, and answers that
are written for their question share little but the language. Two texts are as similar as the mean of their openings'
and their whole texts' similarity, the share of words that stand in both in the same order (normalised Indel similarity
over words): boilerplate shows in the opening first, and in the whole where the topic alone was exchanged. Runs of words
(5-grams) would miss a formula into which the topic is put every few words.

A highest similarity grows with the number of texts it is looked for in, and with how alike the queries are. So other
answers of the same study stand beside it (:class:`Beside`), both sides cut to the same number of texts. Intervals leave
out one query after the other, with its texts as what others are similar to (jackknife), and are Student's over queries:
a bootstrap of queries would draw copies of them, and one of their similarities alone would take the texts for given.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gyges.errors import EstimateError
from gyges.estimate.interval import Interval, student

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["MOST_TEXTS", "Beside", "Templating", "templating"]

MOST_TEXTS = 400
"""More texts than these are sampled: every pair is compared."""
_OPENING = 12
"""Words that count as the opening."""
_LONGEST = 300
"""Words of a text that are compared."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_METHOD = (
    "mean highest similarity to a text of another query, queries alike; jackknife and t over "
    "{queries} queries"
)


@dataclass(frozen=True, slots=True)
class Beside:
    """The index of refusals less that of other answers, at the same number of texts."""

    texts: int
    """How many of each were compared."""
    refusals: float
    others: float
    estimate: float
    difference: Interval | None
    """Of the estimate; None with fewer than three queries."""


@dataclass(frozen=True, slots=True)
class Templating:
    """How much refusals resemble one another across queries."""

    index: float
    """From 0 (no word in common) to 1 (copies)."""
    interval: Interval | None
    """None with fewer than three queries."""
    queries: int
    texts: int
    """How many texts were compared; a sample where there were more."""
    of: int
    """How many texts there were."""
    beside: Beside | None = None


def templating(
    refusals: Mapping[Hashable, Sequence[str]],
    others: Mapping[Hashable, Sequence[str]] | None = None,
    *,
    most: int = MOST_TEXTS,
    level: float = 0.95,
    seed: int = 0,
) -> Templating:
    """Compute the templating index.

    Args:
        refusals: The refusals of each query; texts without a word are left out.
        others: Answers that are no refusals, by query, as the base; queries may stand in both.
        most: How many texts are compared at most; beyond, a seeded sample spread over the queries.
        level: Confidence level.
        seed: Seeds the samples.

    Returns:
        The index; ``beside`` is None where fewer than two queries have other answers.

    Raises:
        EstimateError: Fewer than two queries have a refusal, or ``most`` is less than 2.
    """
    if most < 2:
        raise EstimateError(f"templating: most {most}; at least 2 texts are compared")
    table = _words(refusals)
    queries = len({query for query, _ in table})
    if queries < 2:
        raise EstimateError(
            f"templating: refusals of {queries} query; copies show across at least 2 queries"
        )
    generator = np.random.default_rng(seed)
    kept = _sample(table, most, generator)
    found, without = _index(kept)
    base = _words(others or {})
    beside = None
    if len({query for query, _ in base}) > 1:
        beside = _beside(table, base, most, level, generator)
    return Templating(
        index=found,
        interval=_interval(found, list(without.values()), level, 0.0),
        queries=len(without),
        texts=len(kept),
        of=len(table),
        beside=beside,
    )


def _beside(
    table: list[tuple[str, str]],
    base: list[tuple[str, str]],
    most: int,
    level: float,
    generator: np.random.Generator,
) -> Beside:
    count = min(len(table), len(base), most)
    (one, first), (other, second) = (
        _index(_sample(side, count, generator)) for side in (table, base)
    )
    # A query that one side lacks changes the other alone.
    left = [first.get(query, one) - second.get(query, other) for query in sorted({*first, *second})]
    return Beside(count, one, other, one - other, _interval(one - other, left, level, -1.0))


def _words(texts: Mapping[Hashable, Sequence[str]]) -> list[tuple[str, str]]:
    """Turn each text into a string with one character a word, the same for the same word, in a fixed order."""
    split = sorted(
        (str(query), [word.replace("’", "'") for word in _WORD.findall(text.casefold())[:_LONGEST]])
        for query, given in texts.items()
        for text in given
    )
    # Single characters let the comparison run over words at the speed of letters.
    codes: dict[str, str] = _Codes()
    return [(query, "".join(codes[word] for word in words)) for query, words in split if words]


class _Codes(dict[str, str]):
    def __missing__(self, word: str) -> str:
        # The private area, then the planes beyond: no character twice, and none of a surrogate pair.
        place = 0xE000 if len(self) < 0x1900 else 0x10000 - 0x1900
        code = self[word] = chr(place + len(self))
        return code


def _sample(
    table: list[tuple[str, str]], most: int, generator: np.random.Generator
) -> list[tuple[str, str]]:
    """Draw texts, one of each query in turn, so that no query is lost before it must be."""
    if len(table) <= most:
        return table
    order = generator.permutation(len(table))
    turns: dict[str, int] = {}
    ranked = []
    for place, at in enumerate(order):
        query = table[at][0]
        turns[query] = turns.get(query, 0) + 1
        ranked.append((turns[query], place, int(at)))
    return [table[at] for at in sorted(at for _, _, at in sorted(ranked)[:most])]


def _index(table: list[tuple[str, str]]) -> tuple[float, dict[str, float]]:
    """Compute the index of texts, and what it would be without each of their queries."""
    from rapidfuzz import process
    from rapidfuzz.distance import Indel

    whole = [text for _, text in table]
    start = [text[:_OPENING] for text in whole]
    alike = sum(
        process.cdist(texts, texts, scorer=Indel.normalized_similarity, dtype=np.float32)
        for texts in (start, whole)
    )
    names, code = np.unique([query for query, _ in table], return_inverse=True)
    # The table is sorted by query, so each query's texts stand together.
    edges = np.searchsorted(code, np.arange(names.size))
    best = np.maximum.reduceat(np.asarray(alike, dtype=np.float64) / 2, edges, axis=1)
    best[np.arange(code.size), code] = 0.0
    counts = np.bincount(code)
    nearest = best.argmax(axis=1)
    highest = best.max(axis=1)
    best[np.arange(code.size), nearest] = 0.0
    lost = highest - best.max(axis=1)
    means = np.bincount(code, highest) / counts
    # What the other queries lose when a query is left out: the similarity of those whose nearest stands in it.
    losses = np.bincount(nearest, lost / counts[code], minlength=names.size)
    without = (means.sum() - means - losses) / max(1, names.size - 1)
    return float(means.mean()), dict(zip(map(str, names), map(float, without), strict=True))


def _interval(estimate: float, without: list[float], level: float, low: float) -> Interval | None:
    queries = len(without)
    if queries < 3:
        return None
    spread = np.array(without) - np.mean(without)
    se = math.sqrt(float(spread @ spread) * (queries - 1) / queries)
    ends = student(estimate, se, queries - 1.0, level=level)
    return Interval(max(low, ends[0]), ends[1], _METHOD.format(queries=queries), level)
