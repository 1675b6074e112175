"""Are two nodes that an embedding puts near each other the same thing, or only related?

A second, stricter look at a candidate, by what a cosine does not see: shared identifiers, names and their
abbreviations, figures in names, the types, and words that turn a sentence round ("not", "refuses" against
"complies"). It sorts a reviewer's queue and decides nothing: every reason is given, and nothing is merged by it.

========  =================================================================================================
verdict   when
========  =================================================================================================
same      one type, nothing speaks against it, and one of: a shared identifier; names alike by
          :data:`NAMES_ALIKE`; one name abbreviates the other; texts alike by :data:`TEXTS_ALIKE`
opposed   one type, and the one says the opposite of the other (statements: label and gloss; others: names)
related   everything else
========  =================================================================================================

What speaks against "the same": two types; two values of one identifier; other figures in the names ("Opus 4", "Opus
4.1"); of two statements, the same words in another order; a cosine below :data:`TEXTS_APART` although both have a
gloss (one word in two senses). Two nodes of one type and one name come out as the same even where the word has two
senses, unless the glosses lie that far apart: cosines of such pairs and of a name and its abbreviation overlap
(``benchmarks/README.md``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from gyges.graph.model import Node

__all__ = [
    "NAMES_ALIKE",
    "TEXTS_ALIKE",
    "TEXTS_APART",
    "Likeness",
    "abbreviates",
    "alike",
    "opposites",
]

NAMES_ALIKE = 0.92
"""The least likeness of two names, word order aside, that are taken for one name: lets through spelling and plurals."""
TEXTS_ALIKE = 0.9
"""The least cosine of two texts that are taken for one statement in other words."""
TEXTS_APART = 0.35
"""The least cosine of two glossed nodes of one name that are taken for one thing."""

_STATEMENTS = frozenset({"claim", "finding", "hypothesis", "question", "quote"})
_LINKS = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "is",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
    ]
)
_NOT = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|lacks?|fail(?:s|ed)? to|"
    r"\w+n['’]t)\b",
    re.IGNORECASE,
)
_TURNS = tuple(
    (re.compile(rf"\b(?:{one})\b", re.IGNORECASE), re.compile(rf"\b(?:{other})\b", re.IGNORECASE))
    for one, other in (
        (r"compl(?:y|ies|ied|ying|iance)", r"refus(?:e|es|ed|ing|al)"),
        (
            r"increas(?:e|es|ed|ing)|rais(?:e|es|ed|ing)|rises?|grows?",
            r"decreas(?:e|es|ed|ing)|reduc(?:e|es|ed|ing)|lowers?|falls?|shrinks?",
        ),
        (r"more|higher|larger|stronger", r"less|fewer|lower|smaller|weaker"),
        (r"supports?|confirms?", r"contradicts?|refutes?"),
        (r"remains?|persists?|stays?", r"vanish(?:es)?|disappears?|goes away"),
        (r"causes?|brings? about", r"prevents?|stops?"),
        (r"always", r"never|rarely|seldom"),
        (r"honest(?:y|ly)?", r"dishonest(?:y|ly)?|decepti(?:ve|on|vely)"),
        (r"monitored", r"unmonitored"),
        (r"harmful", r"harmless"),
        (r"aligned", r"misaligned|unaligned"),
        (r"safe", r"unsafe"),
        (r"true", r"false"),
        (r"with", r"without"),
    )
)


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a second look at two nodes found."""

    verdict: Literal["same", "opposed", "related"]
    names: float
    """Likeness of their most alike names, from 0 to 1; 1 where one abbreviates the other."""
    reasons: tuple[str, ...]
    """What speaks for "the same"."""
    warnings: tuple[str, ...]
    """What speaks against it."""


def alike(one: Node, other: Node, score: float | None = None) -> Likeness:
    """Look at two nodes more strictly than an embedding does.

    Args:
        one: A node.
        other: Another node.
        score: The cosine of their texts, where it is known.

    Returns:
        The verdict, with what speaks for it and against it. The order of the nodes makes no difference.
    """
    # One order, so that the reasons read the same for (a, b) as for (b, a).
    one, other = sorted((one, other), key=lambda node: node.id)
    names, reasons = _names(one, other)
    shared, differing = _identifiers(one, other)
    reasons += [f"both have {name} {value}" for name, value in shared]
    warnings = [
        f"{name} is {mine} of the one and {yours} of the other" for name, mine, yours in differing
    ]
    if one.type != other.type:
        warnings.append(f"the one is a {one.type}, the other a {other.type}")
    mine, yours = _figures(one.label), _figures(other.label)
    if mine != yours and mine and yours:
        warnings.append(f"the names have other figures: {' '.join(mine)} and {' '.join(yours)}")
    if score is not None and score >= TEXTS_ALIKE:
        reasons.append(f"the texts are alike: {score:.2f}")
    if score is not None and score < TEXTS_APART and one.gloss and other.gloss:
        warnings.append(f"the glosses talk of different things: {score:.2f}")
    statement = one.type in _STATEMENTS and one.type == other.type
    if statement and _reordered(one.label, other.label):
        warnings.append("the same words stand in another order")
    against = bool(warnings)
    turned = opposites(one.label, other.label)
    in_gloss = opposites(_said(one), _said(other))
    warnings += [*turned, *(found for found in in_gloss if found not in turned)]
    opposed = bool(in_gloss if statement else turned)
    if opposed and one.type == other.type:
        verdict: Literal["same", "opposed", "related"] = "opposed"
    elif against or opposed or not reasons:
        verdict = "related"
    else:
        verdict = "same"
    return Likeness(verdict, names, tuple(reasons), tuple(warnings))


def abbreviates(short: str, long: str) -> bool:
    """Say whether a name is made of the first letters of the words of another, such as SDF.

    Words joined by a hyphen count as one or as several; small words ("of", "the") may be left out. Words that both
    names begin or end with are taken off first: "CoT monitoring" abbreviates "Chain-of-thought monitoring".
    """
    mine, yours = _ascii(short).split(), _ascii(long).split()
    while len(mine) > 1 and len(yours) > 1 and mine[-1].lower() == yours[-1].lower():
        mine, yours = mine[:-1], yours[:-1]
    while len(mine) > 1 and len(yours) > 1 and mine[0].lower() == yours[0].lower():
        mine, yours = mine[1:], yours[1:]
    letters = re.sub(r"[^A-Za-z0-9]", "", mine[0]) if len(mine) == 1 else ""
    # Two capitals at least: "As" is no abbreviation of "alignment science".
    if not 2 <= len(letters) <= 10 or sum(sign.isupper() for sign in letters) < 2:
        return False
    for cut in (r"[\s/]+", r"[\s/–-]+"):
        words = [word for word in re.split(cut, " ".join(yours)) if word[:1].isalnum()]
        for chosen in (words, [word for word in words if word.lower() not in _LINKS]):
            if len(chosen) > 1 and "".join(word[0] for word in chosen).lower() == letters.lower():
                return True
    return False


def opposites(one: str, other: str) -> list[str]:
    """Name what turns one text round against the other: a "not" in one alone, or "complies" against "refuses".

    A list of words and no understanding: it warns too often rather than too seldom.
    """
    found = []
    if bool(_NOT.search(one)) != bool(_NOT.search(other)):
        word = (_NOT.search(one) or _NOT.search(other) or [""])[0]
        found.append(f"only one of them says {word.lower()!r}")
    for turn, back in _TURNS:
        # A word that both have is no difference between them.
        turns, backs = ((_matches(words, one), _matches(words, other)) for words in (turn, back))
        for mine, yours in ((turns, backs), (backs, turns)):
            if (first := mine[0] - mine[1]) and (second := yours[1] - yours[0]):
                words = sorted((min(first), min(second)))
                found.append(f"{words[0]!r} stands against {words[1]!r}")
    return found


def _matches(pattern: re.Pattern[str], text: str) -> set[str]:
    return {found.lower() for found in pattern.findall(text)}


def _names(one: Node, other: Node) -> tuple[float, list[str]]:
    """Compare all names of the one with all of the other: likeness, and why they are taken for one name."""
    from rapidfuzz.fuzz import token_sort_ratio

    best, reasons = 0.0, []
    abbreviation = same = ""
    for mine, yours in product(_called(one), _called(other)):
        ratio = token_sort_ratio(_ascii(mine), _ascii(yours), processor=_plain) / 100
        if one.type == other.type == "thinker" and _one_person(mine, yours):
            ratio = max(ratio, NAMES_ALIKE)
        if _figures(mine) != _figures(yours):
            ratio = min(ratio, NAMES_ALIKE - 0.01)
        if ratio > best:
            best = ratio
            same = f"the names {mine!r} and {yours!r} are alike"
        if not abbreviation and (abbreviates(mine, yours) or abbreviates(yours, mine)):
            short, long = sorted((mine, yours), key=lambda name: (len(name), name))
            abbreviation = f"{short!r} abbreviates {long!r}"
    if best >= NAMES_ALIKE:
        reasons.append(same)
    if abbreviation:
        reasons.append(abbreviation)
        best = 1.0
    return round(best, 4), reasons


def _called(node: Node) -> Sequence[str]:
    return [node.label, *node.aliases]


def _said(node: Node) -> str:
    return f"{node.label} {node.gloss}"


def _identifiers(
    one: Node, other: Node
) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
    """Give the identifiers that two nodes share, and those of which each has another value."""
    shared, differing = [], []
    for name in sorted(set(one.identifiers) & set(other.identifiers)):
        mine, yours = (_value(name, node.identifiers[name]) for node in (one, other))
        if mine == yours:
            shared.append((name, mine))
        elif name != "url":
            # One thing has many addresses.
            differing.append((name, mine, yours))
    return shared, differing


def _value(name: str, value: str) -> str:
    value = value.strip()
    if name == "arxiv":
        return re.sub(
            r"^(?:https?://arxiv\.org/(?:abs|pdf)/|arxiv:)|(?:v\d+)?(?:\.pdf)?$", "", value.lower()
        )
    if name == "doi":
        return re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:)", "", value.lower())
    if name == "url":
        return re.sub(r"^https?://(?:www\.)?|/$", "", value)
    return value


def _figures(name: str) -> tuple[str, ...]:
    """Give the numbers in a name, in order: what tells one version from another."""
    return tuple(re.findall(r"\d+(?:\.\d+)*", name))


def _reordered(one: str, other: str) -> bool:
    mine, yours = _plain(one).split(), _plain(other).split()
    return mine != yours and sorted(mine) == sorted(yours)


def _one_person(one: str, other: str) -> bool:
    """Say whether two names can be one person's: one family name, and given names that do not differ."""
    mine, yours = (
        _ascii(name).lower().replace(".", " ").replace("-", " ").split() for name in (one, other)
    )
    if len(mine) < 2 or len(yours) < 2 or mine[-1] != yours[-1]:
        return False
    short = min(len(mine[0]), len(yours[0]))
    initial = short == 1 and mine[0][0] == yours[0][0]
    return initial or mine[0] == yours[0]


def _ascii(name: str) -> str:
    """Take the accents off."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def _plain(name: str) -> str:
    return " ".join(re.findall(r"\w+", name.casefold()))
