"""What does a word that denies or asks reach, in a sentence with two ends?

Such a word is said of its own clause. Before both ends it reaches forwards until a word that begins another clause
("but", "because", a semicolon); between the ends it reaches the later one; behind both it is a predicate, which
reaches back unless it is said of an aside ("Y, which is not new"). These are the scopes of NegEx (Chapman et al. 2001)
and of ConText (Harkema et al. 2009), whose words reach one end, for statements of two.
"""

from __future__ import annotations

import re

from gyges.graph.extraction.cues import SAID

__all__ = ["ends_clause", "reaches", "reaches_back", "reaches_between", "reaches_forward"]

_TERMINATOR = re.compile(
    r"[;:]|\s[—–]\s|--|\bbut\b|\byet\b(?! to\b)|(?<!, )\bhowever\b|\balthough\b|\bthough\b|\bwhereas\b|"
    r"\bwhile\b|\bbecause\b|\bsince\b(?! \d)|\bexcept\b|\binstead\b(?! of),?",
    re.I,
)
_ASIDE = re.compile(
    r",\s*(?:which|who|whom|whose|where|when|if|unless|as|so|even)\b|,\s+(?:and|or)\s+|"
    r"\band\s+(?=(?:do|does|did|is|are|was|were|has|have|can|could|will|would|should|must|may|might|"
    r"never|not|cannot)\b)"
    r"|\b(?:that|which|who|whose|where|when|whether|if|unless|even|until|before|after|than)\b|\bor\s+(?=not\b)|"
    r",\s*(?=not\b)|"
    rf",\s*(?:an?|the|one)\s+(?:\w+\s+)?(?:{SAID}|pattern|fact|problem|outcome|phenomenon)\b|"
    r"\((?=[^)]*$)",
    re.I,
)
"""What begins a part of a clause in which something else than the statement is said."""
_CLOSED = re.compile(
    r",\s*(?:which|who|whom|whose|where|when|if|as|so|even)\b[^,]{3,},|\([^()]*\)", re.I
)
"""An aside that ends again: what follows it is of the statement."""
_INTRODUCTION = re.compile(
    r"\s*(?:in|for|with|without|although|though|while|when|whenever|if|unlike|despite|because|since|"
    r"after|before|as|having|by|upon|on|"
    r"even|among|where|whereas|given|until|unless|once|contrary to|instead of|rather than|far from|not|"
    r"no matter)\b",
    re.I,
)
_ANOTHER = re.compile(
    r",\s+(?:and|so|then)\s|\band (?:\w+ )?(?:show|f[io]u?nd|demonstrate|conclude|establish)\w* that\b"
)
_WITHIN = re.compile(
    r"(?:which|who|whose|where|when|while|if|even|as|though|although|not|rather than|instead of|without|"
    r"unlike|despite|with|given)\b",
    re.I,
)
"""How an aside begins that holds a denial of its own."""
_ASIDES = frozenset(
    ["not", "contrary to", "rather than", "instead of", "as opposed to", "without", "far from"]
)
_INSTEAD = frozenset(["without", "instead of", "rather than", "as opposed to"])


def reaches(text: str, cue: re.Match[str], begin: int, first: tuple[int, int], last: int) -> bool:
    """Whether a word before the later end is said of what joins both.

    Args:
        text: The sentence, the names in it masked.
        cue: The word.
        begin: Where the sentence begins.
        first: The end that stands first.
        last: Where the later end begins.
    """
    if cue.start() >= first[1]:
        return reaches_between(text, cue, first[1], last)
    return reaches_forward(text, cue, begin, first[0])


def reaches_back(text: str, cue: re.Match[str], last: int) -> bool:
    """Whether a predicate behind both ends is said of what joins them."""
    between = _CLOSED.sub(" ", text[last : cue.start()])
    if _TERMINATOR.search(between):
        return False
    # With the word itself: "and does not" begins something else, "and" alone may not.
    aside = _ASIDE.search(f"{between}{cue.group()}")
    return aside is None or aside.start() >= len(between)


def reaches_forward(text: str, cue: re.Match[str], begin: int, first: int) -> bool:
    """Whether a word before both ends is said of what joins them."""
    between = text[cue.end() : first]
    if _TERMINATOR.search(between) or _ANOTHER.search(between):
        return False
    clauses = [(one.start(), one.end()) for one in _TERMINATOR.finditer(text, begin, cue.start())]
    starts = {begin, *(clauses[-1] if clauses else ())}
    if "," in between and any(
        _INTRODUCTION.match(text[start : cue.end()].lstrip(" ,;:")) for start in starts
    ):
        return False
    # Set aside between commas: "it is, not surprisingly, so".
    return not re.search(r",\s*$", text[begin : cue.start()]) or "," not in between


def reaches_between(text: str, cue: re.Match[str], first: int, last: int) -> bool:
    """Whether a word between the ends is said of what joins them."""
    before, after = text[first : cue.start()], text[cue.end() : last]
    if _TERMINATOR.search(after):
        return False
    word = cue.group().lower()
    if word in _INSTEAD and "," in after:
        return False
    # ", not pruning," and ", which is not new,": an aside that ends before the later end.
    opened = before.rfind(",")
    if opened >= 0 and "," in after:
        aside = before[opened + 1 :].strip()
        if (word in _ASIDES and aside in ("", "and", "or", "but")) or _WITHIN.match(aside):
            return False
    return not (before.count("(") > before.count(")") and ")" in after)


def ends_clause(text: str) -> bool:
    """Whether a text holds a word behind which another clause begins."""
    return _TERMINATOR.search(text) is not None
