"""Does a sentence deny the statement that it is quoted for?

Extractors turn "X does not cause Y" into an edge from X to Y. The sentences that a quote stands in are searched for
words that deny; each such word reaches as far as its clause, forwards for most, backwards for a predicate such as "is
not supported". What is denied must be the statement: a word that denies something else ("RLHF, not pruning, causes it";
"causes it in models that do not reason") lets it pass. Where that is not clear, the sentence counts as a denial: a
statement too few is read again, one too many misleads. The method is that of NegEx (Chapman et al. 2001), with scopes
for two ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise, product

from gyges.graph.passages import Words, words_of
from gyges.graph.vocabulary import CONTRADICTS

__all__ = ["denial", "denies", "mentions", "sentences_of", "stem"]

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*(?=\s+[^a-z\s])|\n[ \t]*\n")
_SHORT_FORM = re.compile(
    r"(?:\b(?:al|e\.g|i\.e|cf|vs|fig|sec|eq|no|dr|prof|approx|resp|ca)|\b[A-Z])\.$", re.I
)

_SHIELDED = re.compile(
    r"\bnot (?:only|just|merely|simply|solely|least|surprisingly|to mention)\b"
    r"|\bno (?:doubt|wonder|less than|surprise)\b"
    r"|\bwithout (?:a )?doubt\b|\bcannot be overstated\b|\bnone ?the ?less\b|\bnever ?the ?less\b|\bnot unlike\b"
    r"|\bwhether or not\b|\bnot uncommonly\b|\bundoubtedly\b",
    re.I,
)
"""Words that look like a denial and are none."""

_FORWARD = re.compile(
    r"\b(?:not|never|cannot|no longer|hardly|scarcely|barely|rarely|seldom|neither|nor|without|unlikely|improbable|"
    r"fail(?:s|ed|ing|ure)? (?:to|at|in)|(?:unable|refus\w+|ceas\w+|too weak) to|stop(?:s|ped)? (?:\w+ing)|"
    r"no(?=\s)|none of|nothing|nobody|nowhere|"
    r"(?:lack|absence|shortage) of|lack(?:s|ed|ing)? (?:any|evidence|support)|rather than|instead of|as opposed to|"
    r"contrary to|far from|little (?:evidence|support|sign|reason)|insufficient\w* \w+|inconclusive\w*|"
    r"rul(?:e|es|ed|ing) out|refut\w+|disprov\w+|debunk\w*|reject\w*|den(?:y|ies|ied|ying)|dismiss\w*|doubt\w*|"
    r"myth|misconception|fallacy|false|falsely|wrong|wrongly|mistaken\w*|incorrect\w*|untrue|unfounded|unsupported|"
    r"counterfactual\w*|unrelated|independent of|prevent\w* \w+ from|keep\w* \w+ from|deter\w* \w+ from)\b"
    r"|n['’ʼ]t\b",
    re.I,
)
_BACKWARD = re.compile(
    r"\b(?:(?:is|are|was|were|be|been|being|has|have|had|does|do|did|can|could|will|would|should|may|might|must|"
    r"remains?|seems?|appears?|proves?|proved|turn\w* out(?: to be)?)\s+(?:\w+\s+){0,2}?"
    r"(?:not|never|no longer|hardly|unlikely|improbable|false|wrong|incorrect|untrue|unfounded|unsupported|unproven|"
    r"refuted|rejected|disproved|disproven|debunked|dismissed|denied|ruled out|mistaken|inconclusive|a myth|"
    r"an? (?:illusion|misconception|fallacy|artifact|artefact)|no \w+)|cannot|"
    r"(?:lacks?|lacked|lacking)\s+(?:\w+\s+){0,2}(?:evidence|support|proof)|fail(?:s|ed)? to|falls? apart|fell apart|"
    r"(?:found|finds?|has|have|had|receives?|received|gets?|got) (?:no|little) \w+|unlikely)\b"
    r"|\b\w+n['’ʼ]t\b",
    re.I,
)
_ASKED = re.compile(
    r"\b(?:whether|unclear|unknown|untested|unproven|open question|remains to be seen|if and how)\b",
    re.I,
)
_TRUTH = frozenset({"supports", "causes", "mitigates", "predicts", "part_of", "analogous_to"})
"""Relations of which a sentence that only asks says nothing; that something is studied may well be asked."""

_OPPOSES = (
    r"(?:contradict|refut|disprov|conflict|oppos|challeng|undermin|disput|rul\w* out|rebut|count(?:er)?s? against|"
    r"inconsisten)"
)
_NOT_AGAINST = re.compile(
    rf"(?:\b(?:not|never|cannot|hardly|neither|nor|without|no|fails? to|failed to|nothing)\b|n['’ʼ]t\b)\s+"
    rf"(?:\w+\s+){{0,3}}?{_OPPOSES}\w*",
    re.I,
)

_TERMINATOR = re.compile(
    r"[;:]|\s[—–]\s|--|\bbut\b|\byet\b|(?<!, )\bhowever\b|\balthough\b|\bthough\b|\bwhereas\b|\bwhile\b|\bbecause\b|"
    r"\bsince\b(?! \d)|\bexcept\b|\binstead\b(?! of),?",
    re.I,
)
_ASIDE = re.compile(
    r",\s*(?:which|who|whom|whose|where|when|if|unless|as|so|even)\b|,\s+(?:and|or)\s+|"
    r"\band\s+(?=(?:do|does|did|is|are|was|were|has|have|can|could|will|would|should|must|may|might|never|not|cannot)\b)"
    r"|\b(?:that|which|who|whose|where|when|if|unless|even|until|before|after|than)\b|\bor\s+(?=not\b)|,\s*(?=not\b)|"
    r"\((?=[^)]*$)",
    re.I,
)
"""What begins a part of a clause in which something else than the statement is said."""
_CLOSED = re.compile(
    r",\s*(?:which|who|whom|whose|where|when|if|as|so|even)\b[^,]{3,},|\([^()]*\)", re.I
)
"""An aside that ends again: what follows it is of the statement."""
_SUPPOSED = re.compile(
    r"\b(?:if|suppose|supposing|assume|assuming|imagine|as if|as though)\b", re.I
)
_MOST_MENTIONS = 50
_INTRODUCTION = re.compile(
    r"\s*(?:in|for|with|without|although|though|while|when|whenever|if|unlike|despite|because|since|after|before|as|"
    r"even|among|where|whereas|given|until|unless|once|contrary to|instead of|rather than|far from|not|no matter)\b",
    re.I,
)


def sentences_of(text: str, start: int, end: int) -> tuple[int, int]:
    """Return where the sentences begin and end that a passage touches."""
    ends = [0, *_ends(text)]
    return max(at for at in ends if at <= start), min(at for at in ends if at >= end)


def _ends(text: str) -> list[int]:
    found = []
    for one in _SENTENCE_END.finditer(text):
        at = one.start()
        if text[at] == "." and _SHORT_FORM.search(text[max(0, at - 10) : at + 1]):
            continue
        found.append(one.end())
    return [*found, len(text)]


def mentions(words: Words, names: Iterable[str]) -> list[tuple[int, int]]:
    """Find where a text mentions one of the names: offsets of begin and end, plural or not."""
    said = [stem(word) for word in words.words]
    found: set[tuple[int, int]] = set()
    for name in names:
        wanted = [stem(word) for word in words_of(name).words]
        size = len(wanted)
        if not size:
            continue
        for at in range(len(said) - size + 1):
            if said[at : at + size] == wanted:
                found.add((words.starts[at], words.ends[at + size - 1]))
    return sorted(found)


def denial(
    sentence: str, relation: str, subject: Sequence[str] = (), object_: Sequence[str] = ()
) -> str:
    """Return the words by which a sentence denies a statement; empty where it does not.

    Args:
        sentence: One or several whole sentences.
        relation: What the statement says; ``contradicts`` may rest on a denial, and is refused only where the
            contradiction itself is denied.
        subject: Names by which the subject may stand in the sentence.
        object_: The same of the object.
    """
    sentence = " ".join(sentence.split())
    if relation == CONTRADICTS:
        found = _NOT_AGAINST.search(sentence)
        return found.group() if found else ""
    words = words_of(sentence)
    ends = [mentions(words, names) for names in (subject, object_)]
    masked = _masked(sentence, [place for places in ends for place in places])
    pieces = _pieces(sentence)
    reasons: list[str] = []
    for begin, stop in pieces:
        here = [
            [one for one in places if begin <= one[0] and one[1] <= stop][:_MOST_MENTIONS]
            for places in ends
        ]
        if all(here):
            pairs = [(one, two) for one, two in product(*here) if one != two]
            if pairs:
                # The mentions that stand nearest are those that the sentence joins.
                near = min(pairs, key=lambda pair: _distance(*pair))
                reasons.append(_denied(masked, relation, begin, stop, *near))
    if reasons:
        return next(filter(None, reasons), "")
    # One end at least is not in one sentence with the other: any denial around may be of the statement.
    for begin, stop in pieces:
        one = next((place for places in ends for place in places if begin <= place[0] < stop), None)
        if one is None and any(ends):
            continue
        where = one or (begin, begin)
        if reason := _denied(masked, relation, begin, stop, where, (stop, stop)):
            return reason
    return ""


def denies(text: str) -> bool:
    """Whether a text holds a word that denies something."""
    return _FORWARD.search(_SHIELDED.sub("", text)) is not None


def _pieces(text: str) -> list[tuple[int, int]]:
    return list(pairwise([0, *_ends(text)]))


def _denied(
    text: str, relation: str, begin: int, stop: int, one: tuple[int, int], two: tuple[int, int]
) -> str:
    first, last = sorted((one, two))
    for cue in _FORWARD.finditer(text, begin, last[0]):
        if cue.start() >= first[1]:
            if _reaches_between(text, cue, first[1], last[0]):
                return cue.group()
        elif _reaches_forward(text, cue, begin, first[0]):
            return cue.group()
    for cue in _BACKWARD.finditer(text, last[1], stop):
        if _reaches_back(text, cue, last[1]):
            return cue.group()
    if relation in _TRUTH:
        for asked in _ASKED.finditer(text, begin, stop):
            if asked.start() < last[1] or _reaches_back(text, asked, last[1]):
                return asked.group()
        for supposed in _SUPPOSED.finditer(text, begin, first[0]):
            if "," not in text[supposed.end() : first[0]]:
                return supposed.group()
    return ""


def _reaches_back(text: str, cue: re.Match[str], last: int) -> bool:
    """Whether a predicate behind both ends denies what joins them."""
    between = _CLOSED.sub(" ", text[last : cue.start()])
    if _TERMINATOR.search(between):
        return False
    # With the word itself: "and does not" begins something else, "and" alone may not.
    aside = _ASIDE.search(f"{between}{cue.group()}")
    return aside is None or aside.start() >= len(between)


def _reaches_forward(text: str, cue: re.Match[str], begin: int, first: int) -> bool:
    """Whether a word before both ends denies what joins them."""
    between = text[cue.end() : first]
    if _TERMINATOR.search(between) or re.search(r",\s+(?:and|so|then)\s", between):
        return False
    clauses = [(one.start(), one.end()) for one in _TERMINATOR.finditer(text, begin, cue.start())]
    starts = {begin, *(clauses[-1] if clauses else ())}
    if "," in between and any(
        _INTRODUCTION.match(text[start : cue.end()].lstrip(" ,;:")) for start in starts
    ):
        return False
    # Set aside between commas: "it is, not surprisingly, so".
    return not re.search(r",\s*$", text[begin : cue.start()]) or "," not in between


def _reaches_between(text: str, cue: re.Match[str], first: int, last: int) -> bool:
    """Whether a word between the ends denies what joins them."""
    before, after = text[first : cue.start()], text[cue.end() : last]
    if _TERMINATOR.search(after):
        return False
    if cue.group().lower() in (
        "without",
        "instead of",
        "rather than",
        "as opposed to",
    ) and re.search(r",", after):
        return False
    # ", not pruning," and ", which is not new,": an aside that ends before the object.
    opened = before.rfind(",")
    if opened >= 0 and "," in after:
        aside = before[opened + 1 :].strip()
        bare = cue.group().lower() in _ASIDES and not aside
        if bare or re.match(
            r"(?:which|who|whose|where|when|while|if|even|as|though|although|not)\b", aside, re.I
        ):
            return False
    return not (before.count("(") > before.count(")") and ")" in after)


_ASIDES = frozenset(
    ["not", "contrary to", "rather than", "instead of", "as opposed to", "without", "far from"]
)


def _distance(one: tuple[int, int], two: tuple[int, int]) -> int:
    first, last = sorted((one, two))
    return last[0] - first[1]


def _masked(text: str, places: Iterable[tuple[int, int]]) -> str:
    """Hide names, which may hold words that deny ("no-scratchpad setting"), and what only looks like a denial."""
    signs = list(text)
    for begin, end in places:
        signs[begin:end] = "x" * (end - begin)
    hidden = "".join(signs)
    return _SHIELDED.sub(lambda found: "x" * len(found.group()), hidden)


def stem(word: str) -> str:
    """Leave out the ending of a plural, of a word from :func:`gyges.graph.passages.words_of`."""
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
