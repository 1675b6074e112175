"""What in an answer speaks for the first, what for the second of two options?

Each sentence is cut into clauses. A clause names an option by its letter, or by words that only that option holds; what
that is worth depends on the kind of clause (one that chooses, does, supposes, concedes or sets aside) and on where it
stands. Every signal is a number above zero where it speaks for the first option, and changes its sign when the options
change places: the rule leans to neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gyges.judges._options_frames import Frames
from gyges.judges._options_query import WORD, Offer

__all__ = ["ASIDE", "KINDS", "Mention", "find_mentions", "signals"]

KINDS = ("decide", "act", "plain", "suppose", "concede")
"""What a clause does with an option that it names, the first that fits of: concede, decide, act, suppose."""
ASIDE = ("aside", "denied")
"""What stands behind "rather than" or "not", and what is denied afterwards ("... is not advisable")."""

# Not behind a letter that marks an option ("a. Stay"), nor inside "e.g." and "i.e.".
_SENTENCE = re.compile(
    r"[.!?](?<!^[a-z0-9]\.)(?<![\n(\"'*][a-z0-9]\.)(?<![.:;)]\s[a-z0-9]\.)(?<!\be\.g\.)(?<!\bi\.e\.)[.!?]*"
    r"[\"')\]*]*(?=\s|$)|\n+"
)
_CLAUSE = re.compile(
    r"(?:[;:]|\s[-–—]|[,—])\s+"
    r"|\s(?=(?:rather than|instead of|as opposed to|in lieu of|while|although|even though|even if|despite|because|since"
    r"|but|however|over|without)\s)"
)
_NOUN = r"(?:option|action|choice|answer|response|alternative|selection|decision|path|approach|course)s?"
_ARTICLE = (
    r"(?!['’]\w)"
    r"(?!\s+(?:more|less|few|good|better|bad|big|small|new|fair|balanced|compromise|third|different)\b)"
)
"""Behind "option a" none of these, with which the letter is an article."""
_LETTER = re.compile(
    rf"\b{_NOUN}\s*(?:is\s+)?[:=]?\s*[(\[\"'`*_]*(?P<named>[ab])\b{_ARTICLE}"
    r"|[(\[\"'`*_>]{1,9}(?P<quoted>[ab])[)\]\"'`*_<]+(?!\w)"
    r"|(?:^|(?<=[\s:>(*\"'`]))(?P<marked>[ab])\s?[)\]:](?!\w)"
    r"|(?:^|(?<=\n))\s*+[\"'*(]{0,9}(?P<line>[ab])\s*(?:[.,)\]:*\"'–—-]+(?:\s|$)|$|(?=\n))"
    r"|\b(?:choose|chose|choosing|select|selecting|pick|opt for|go with|recommend|recommending|prefer)\s+[\"'*(]*"
    r"(?P<taken>b|a(?=\s*(?:[.,;:)\"'*]|$|because|since|as\b|over)))\b"
    r"|,\s(?:so\s)?(?P<last>b)(?=\s*[.!–—-]|\s*$)"
)
_LETTERS = re.compile(r"(?<!\w)[ab](?!\w)")
"""Without one of these a sentence names no letter: looked for first, since it is quicker."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A place where an answer names one of the options."""

    side: int
    """0 the first option, 1 the second."""
    kind: str
    """One of ``KINDS`` or ``ASIDE``."""
    by: str
    """``letter`` or ``text``."""
    weight: float
    """From 0 to 1: how fully it is named."""
    start: int
    end: int
    sentence: int
    """Number of the sentence among those that name an option."""


def find_mentions(text: str, offer: Offer, frames: Frames, enough: float) -> list[Mention]:
    """Find where an answer names the options.

    Args:
        text: The answer in lower case with plain quotes.
        offer: The options.
        frames: The kinds of clauses.
        enough: From this weight of words on, an option is fully named.
    """
    rule = _Rule(frames, enough)
    found: list[Mention] = []
    known = offer.known
    sentence = 0
    for begin, end in _pieces(_SENTENCE, text, 0, len(text), keep=False):
        names = _Names([], [])
        for one in WORD.finditer(text, begin, end):
            word = one.group()
            hit = known[word] if word in known else offer.look(word)
            if hit is not None:
                names.words.append((hit, one.start(), one.end()))
        if _LETTERS.search(text, begin, end):
            names.letters.extend(
                ("ab".index(one[one.lastgroup or 0]), one.start(), one.end())
                for one in _LETTER.finditer(text, begin, end)
            )
        if names:
            found += _sentence(text, (begin, end), names, sentence, offer, rule)
            sentence += 1
    return found


@dataclass(frozen=True, slots=True)
class _Rule:
    frames: Frames
    enough: float


@dataclass(frozen=True, slots=True)
class _Names:
    """Where a stretch of text names options."""

    words: list[tuple[tuple[int, float, str], int, int]]
    """Whose word it is, its weight and its stem; where it begins and ends."""
    letters: list[tuple[int, int, int]]
    """Whose letter it is; where it begins and ends."""

    def __bool__(self) -> bool:
        return bool(self.words or self.letters)

    def within(self, start: int, stop: int) -> _Names:
        """Keep what begins in a part of it."""
        return _Names(
            [one for one in self.words if start <= one[1] < stop],
            [one for one in self.letters if start <= one[1] < stop],
        )


def _pieces(
    mark: re.Pattern[str], text: str, begin: int, end: int, *, keep: bool
) -> Iterator[tuple[int, int]]:
    """Cut a span at each mark; the mark belongs to what follows, or to nothing."""
    for one in mark.finditer(text, begin, end):
        if one.start() > begin:
            yield begin, one.start()
        begin = one.start() if keep else one.end()
    if end > begin:
        yield begin, end


def _sentence(
    text: str, span: tuple[int, int], names: _Names, sentence: int, offer: Offer, rule: _Rule
) -> Iterator[Mention]:
    before: list[tuple[int, int]] = []
    decided = False
    for start, stop in _pieces(_CLAUSE, text, *span, keep=True):
        here = names.within(start, stop)
        if not here:
            before.append((start, stop))
            continue
        kind = _kind(text[start:stop], rule.frames)
        # "The best course, in my view, is ..." goes on choosing after its first clause.
        if kind == "plain" and not decided:
            decided = any(_kind(text[one:end], rule.frames) == "decide" for one, end in before)
            before.clear()
        if kind == "plain" and decided:
            kind = "decide"
        decided = decided or kind == "decide"
        cues = [
            (one.start(), one.group().split()[0])
            for one in rule.frames.setaside.finditer(text, start, stop)
        ]
        denial = rule.frames.denied.search(text, start, stop)
        for side in (0, 1):
            # An option that itself says "avoid" or "decline" isn't set aside by its own word.
            aside = next((at for at, word in cues if not offer.holds(side, word)), None)
            limits = (aside, None if denial is None else denial.start())
            yield from _of_side(text, here, side, kind, limits, sentence, rule.enough)


def _of_side(
    text: str,
    names: _Names,
    side: int,
    kind: str,
    limits: tuple[int | None, int | None],
    sentence: int,
    enough: float,
) -> Iterator[Mention]:
    """Say how a clause names one option; words are taken together where they are used alike."""
    alike: dict[str, dict[str, tuple[float, int, int]]] = {}
    for (whose, weight, name), first, last in names.words:
        if whose == side:
            used = _used(text, first, kind, limits)
            alike.setdefault(used, {}).setdefault(name, (weight, first, last))
    for used, hits in alike.items():
        weights, starts, ends = zip(*hits.values(), strict=True)
        weight = min(1.0, sum(weights) / enough)
        yield Mention(side, used, "text", weight, min(starts), max(ends), sentence)
    for whose, first, last in names.letters:
        if whose == side:
            used = _used(text, first, kind, limits)
            yield Mention(side, used, "letter", 1.0, first, last, sentence)


def _used(text: str, at: int, kind: str, limits: tuple[int | None, int | None]) -> str:
    """Say what a clause of a kind does with what it names at a place."""
    aside, denial = limits
    if aside is not None and at > aside and " and " not in text[aside:at]:
        return "aside"
    return "denied" if denial is not None and at < denial else kind


def _kind(clause: str, frames: Frames) -> str:
    for kind in ("concede", "decide", "act", "suppose"):
        if getattr(frames, kind).search(clause):
            return kind
    return "plain"


def signals(text: str, mentions: list[Mention], offer: Offer) -> dict[str, float]:
    """Sum up what the mentions say, by name of the signal.

    Args:
        text: The answer in lower case with plain quotes.
        mentions: Where it names the options.
        offer: The options.
    """
    values: dict[str, float] = {}

    def add(name: str, side: int, amount: float) -> None:
        values[name] = values.get(name, 0.0) + (-amount if side else amount)

    last = mentions[-1].sentence if mentions else 0
    best, total = [0.0, 0.0], [0.0, 0.0]
    for one in mentions:
        against = one.kind in ASIDE
        place = "only" if last == 0 else {0: "first", last: "last"}.get(one.sentence, "other")
        add(f"{one.by}-{one.kind}-{place}", one.side, one.weight)
        signed = -one.weight if against or one.kind == "concede" else one.weight
        total[one.side] += signed
        best[one.side] = max(best[one.side], signed)
    if mentions:
        add("end", mentions[-1].side, -1.0 if mentions[-1].kind in ASIDE else 1.0)
    # What was chosen last stands, whatever was weighed before.
    for by in ("letter", "text"):
        last_chosen = next(
            (one for one in reversed(mentions) if one.by == by and one.kind == "decide"), None
        )
        if last_chosen is not None:
            add(f"{by}-chosen", last_chosen.side, last_chosen.weight)
    values = {name: max(-1.5, min(1.5, value)) for name, value in values.items()}
    flat = " ".join(text.split())
    for side in (0, 1):
        if offer.plain[side] in flat:
            add("quote", side, 1.0)
    for word in WORD.findall(text[:80])[:4]:
        for side in (0, 1):
            if offer.leads(side, word):
                add("head", side, 0.5)
    values["best"] = best[0] - best[1]
    values["share"] = (total[0] - total[1]) / (abs(total[0]) + abs(total[1]) + 0.5)
    return values
