"""Does a sentence make the statement that it is quoted for, or does it deny, ask, suppose or only report it?

Extractors turn "X does not cause Y" into an edge from X to Y. The sentences that a quote stands in are searched for
words that deny (:mod:`.cues`), ask, suppose, plan or report (:mod:`.moods`); each reaches as far as its clause
(:mod:`.reach`). A statement may also be taken back behind it, in its sentence or the next one (:mod:`.retractions`).
What is denied must be the statement: a word that denies something else ("RLHF, not pruning, causes it"; "causes it in
models that do not reason") lets it pass. Where that is not clear, the sentence counts as a denial: a statement too few
is read again, one too many misleads. The method is that of NegEx (Chapman et al. 2001, doi:10.1006/jbin.2001.1029):
what only looks like a denial first, then cues with a direction and a scope that ends with the clause; and of ConText
(Harkema et al. 2009, doi:10.1016/j.jbi.2009.05.002), which adds what is hypothetical and what is said of somebody
else. Both judge one name at a time; here a statement has two ends. That negation and speculation are two things
follows BioScope (Vincze et al. 2008, doi:10.1186/1471-2105-9-S11-S9): what is hedged is noted and not refused.

It is a guard that refuses plain denials, and no reader: it knows English words and no meaning, so a denial in other
words passes, and a reviewer must read the passage. On sentences that it was not tuned on, it refuses 36 of 37 in shapes
that were known beforehand, and 10 of 23 that were written once its lists stood, to say it in other words; of 42
statements beside them, 2 are refused. One hand wrote lists and sentences, so the first figure flatters.
``tests/data`` holds the sentences.

A library was tried: negspacy 1.1.0 (NegEx for spaCy, its English list, names marked beforehand) refuses 10 of 82 such
sentences and 14 of 68 statements. It judges one name, and in its list "not cause" is no denial, as in a medical note.
medspacy's ConText is for medical notes too; it could not be installed from wheels, and was not measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from gyges.graph.extraction import cues, moods
from gyges.graph.extraction.reach import (
    ends_clause,
    reaches,
    reaches_back,
    reaches_between,
    reaches_forward,
)
from gyges.graph.extraction.retractions import TAKEN_BACK
from gyges.graph.extraction.sentences import Span, mentions, pieces_of
from gyges.graph.passages import words_of
from gyges.graph.vocabulary import CONTRADICTS

__all__ = ["READS", "Objection", "denial", "denies", "hedge", "masked", "objection"]

_MOST_MENTIONS = 50
_EITHER = re.compile(r"whether\b[^.;:]*\bor\b", re.I)
_WOULD = re.compile(r"\bwould\b", re.I)

READS = {
    "denied": "denies it",
    "asked": "only asks it",
    "supposed": "only supposes it",
    "planned": "only plans to look at it",
    "reported": "reports it as a view that it does not share",
}
"""The kinds of objection, each with what it says of a sentence."""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a sentence is no ground for a statement."""

    kind: str
    """One of :data:`READS`."""
    cue: str
    """The words of the sentence that show it."""

    def __str__(self) -> str:
        return f"the sentence {READS[self.kind]}: {' '.join(self.cue.split())!r}"


def objection(
    sentence: str,
    relation: str,
    subject: Sequence[str] = (),
    object_: Sequence[str] = (),
    after: str = "",
) -> Objection | None:
    """Return why a sentence is no ground for a statement; None where nothing speaks against it.

    Args:
        sentence: One or several whole sentences.
        relation: What the statement says; ``contradicts`` may rest on a denial, and is refused only where the
            contradiction itself is denied.
        subject: Names by which the subject may stand in the sentence.
        object_: The same of the object.
        after: The sentence that follows, which may take the statement back.
    """
    sentence = " ".join(sentence.split())
    after = " ".join(after.split())
    if relation == CONTRADICTS:
        found = cues.NOT_AGAINST.search(sentence)
        return Objection("denied", found.group()) if found else None
    ends = _ends(sentence, subject, object_)
    hidden = masked(f"{sentence} {after}", [place for places in ends for place in places])
    pieces = pieces_of(sentence)
    follow = [stop for _, stop in pieces[1:]] + [len(hidden)]
    found_pair = False
    for (begin, stop), behind in zip(pieces, follow, strict=True):
        if near := _nearest(ends, begin, stop):
            found_pair = True
            if reason := _against(hidden, relation, begin, stop, *near, behind):
                return reason
    if found_pair:
        return None
    # One end at least is not in one sentence with the other: any denial around may be of the statement.
    for (begin, stop), behind in zip(pieces, follow, strict=True):
        one = next((place for places in ends for place in places if begin <= place[0] < stop), None)
        if one is None and any(ends):
            continue
        where = one or (begin, begin)
        if reason := _against(hidden, relation, begin, stop, where, (stop, stop), behind):
            return reason
    return None


def denial(
    sentence: str,
    relation: str,
    subject: Sequence[str] = (),
    object_: Sequence[str] = (),
    after: str = "",
) -> str:
    """Return the words of an :func:`objection`; empty where there is none. The arguments are the same."""
    found = objection(sentence, relation, subject, object_, after)
    return found.cue if found else ""


def hedge(sentence: str, subject: Sequence[str], object_: Sequence[str]) -> str:
    """Return the word by which a sentence says that a statement may be so; empty where it says that it is."""
    sentence = " ".join(sentence.split())
    ends = _ends(sentence, subject, object_)
    hidden = _hidden(sentence, [place for places in ends for place in places])
    for begin, stop in pieces_of(sentence):
        near = _nearest(ends, begin, stop)
        if near is None:
            continue
        first, last = sorted(near)
        for cue in moods.HEDGES.finditer(hidden, begin, stop):
            if cue.start() >= last[1]:
                said = reaches_back(hidden, cue, last[1])
            elif cue.start() >= first[1]:
                # "X suggests Y" is the statement itself.
                said = not cue.group().lower().startswith(("suggest", "hint")) and (
                    reaches_between(hidden, cue, first[1], last[0])
                )
            else:
                said = reaches_forward(hidden, cue, begin, first[0])
            if said:
                return cue.group()
    return ""


def denies(text: str) -> bool:
    """Whether a text holds a word that denies something."""
    return cues.FORWARD.search(cues.SHIELDED.sub("", text)) is not None


def masked(text: str, places: Iterable[Span]) -> str:
    """Hide names, which may hold words that deny ("no-scratchpad setting"), and what only looks like a denial."""
    return cues.SHIELDED.sub(lambda found: "x" * len(found.group()), _hidden(text, places))


def _hidden(text: str, places: Iterable[Span]) -> str:
    signs = list(text)
    for begin, end in places:
        signs[begin:end] = "x" * (end - begin)
    return "".join(signs)


def _ends(sentence: str, subject: Sequence[str], object_: Sequence[str]) -> list[list[Span]]:
    words = words_of(sentence)
    return [mentions(words, names) for names in (subject, object_)]


def _nearest(ends: list[list[Span]], begin: int, stop: int) -> tuple[Span, Span] | None:
    """Return the mentions of both ends that stand nearest in a sentence: those are what it joins."""
    here = [
        [one for one in places if begin <= one[0] and one[1] <= stop][:_MOST_MENTIONS]
        for places in ends
    ]
    pairs = [(one, two) for one, two in product(*here) if one != two]
    return min(pairs, key=lambda pair: max(pair)[0] - min(pair)[1], default=None)


def _against(
    text: str, relation: str, begin: int, stop: int, one: Span, two: Span, behind: int
) -> Objection | None:
    first, last = sorted((one, two))
    for kind, cue in _found(text, relation, begin, stop, first, last, behind):
        return Objection(kind, cue.group())
    if relation in moods.TRUTH:
        rest = text[last[1] : stop].rstrip(" \"'”’)]")
        if rest.endswith("?") and not ends_clause(rest):
            return Objection("asked", "?")
    return None


def _found(
    text: str, relation: str, begin: int, stop: int, first: Span, last: Span, behind: int
) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield what speaks against a statement, the surest first."""
    for list_ in (cues.WHOLE, cues.ANNOUNCED, cues.CONTRA):
        for cue in list_.finditer(text, begin, first[0]):
            if not re.search(r"[,;:]", text[cue.end() : first[0]]):
                yield "denied", cue
    for cue in TAKEN_BACK.finditer(text, last[1], behind):
        # "which" speaks of something in its own sentence.
        if cue.start() < stop or not cue[0].lower().startswith("which"):
            yield "denied", cue
    for cue in cues.FORWARD.finditer(text, begin, last[0]):
        if reaches(text, cue, begin, first, last[0]):
            yield "denied", cue
    for cue in cues.BACKWARD.finditer(text, last[1], stop):
        if reaches_back(text, cue, last[1]):
            yield "denied", cue
    for cue in cues.FADED.finditer(text, last[1], stop):
        if cues.EFFECT.search(text, begin, cue.start()) and reaches_back(text, cue, last[1]):
            yield "denied", cue
    between = _between(relation)
    for list_ in between:
        for cue in list_.finditer(text, first[1], last[0]):
            if reaches_between(text, cue, first[1], last[0]):
                yield "denied", cue
    for cue in moods.FOIL.finditer(text, begin, first[0]):
        if reaches_forward(text, cue, begin, first[0]):
            yield "reported", cue
    for cue in moods.CREDITED.finditer(text, begin, last[0]):
        if moods.CONTRAST.match(text, last[1]) and reaches(text, cue, begin, first, last[0]):
            yield "reported", cue
    if relation in moods.TRUTH:
        yield from _open(text, begin, stop, first, last)


def _between(relation: str) -> list[re.Pattern[str]]:
    lists = [cues.REVERSED[relation]] if relation in cues.REVERSED else []
    if relation == "supports":
        lists.append(cues.AGAINST)
    if relation in ("causes", "predicts", "associated_with"):
        lists.append(cues.INERT)
    return lists


def _open(
    text: str, begin: int, stop: int, first: Span, last: Span
) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield what leaves a statement open: that it is asked, supposed or planned to be looked at."""
    for kind, list_ in (("asked", moods.ASKED), ("planned", moods.PLANNED)):
        for cue in list_.finditer(text, begin, stop):
            if cue.start() < last[1]:
                said = reaches(text, cue, begin, first, last[0])
            elif _EITHER.match(text, cue.start(), stop):
                # "Whether read or not": it holds in either case.
                said = False
            else:
                said = reaches_back(text, cue, last[1])
            if said:
                yield kind, cue
    for cue in (
        *moods.SUPPOSED.finditer(text, begin, first[0]),
        *moods.INVERTED.finditer(text, begin, first[0]),
    ):
        if "," not in text[cue.end() : first[0]]:
            yield "supposed", cue
    for cue in moods.BOUND.finditer(text, last[1], stop):
        yield "supposed", cue
    would = _WOULD.search(text, begin, last[0])
    if would and reaches(text, would, begin, first, last[0]):
        for cue in moods.CONDITION.finditer(text, begin, stop):
            yield "supposed", cue
