"""Where in a text do the cues of a rule file stand?

Cues are written in a small phrase language:

- ``word`` a word; ``word*`` a word that begins so; ``a|b`` either; ``word?`` may be absent;
- ``a_b`` inside an alternative: two words;
- ``@name`` any entry of the list of that name; ``<3>`` up to three words in between.

Each word of a text is looked up in an index of the words that begin cues; only there is the rest of
the cue matched. The patterns are bounded and possessive, so that no text can make matching slow.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Any

from gyges.errors import nearest

__all__ = ["SCORED", "TOKEN", "CueIndex", "Group", "Hit", "compile_cues", "longest", "lower"]

SCORED = ("refuse", "comply")
"""The sides whose cues have a weight; the others tell how to read a sentence."""
_SIDES = (*SCORED, "negate", "forbid", "report", "concede", "turn", "topic")

TOKEN = re.compile(r"([^\W\d_]+(?:['’][^\W\d_]+)?)")
"""A word, as a group, so that splitting by it keeps it."""
_WORD = r"\w++(?:'\w++)?+"
_SEPARATOR = r"[^\w.!?;:\n]{1,4}+"
"""Between two words of a cue: blanks, hyphens, commas, quotation marks, Markdown stars; never the
end of a sentence or of a line."""
_STEM = 3
"""A starred first word has at least this many letters; cues are looked up by them."""
_REMEMBERED = 50_000
"""Of how many different words an index remembers what they begin."""


@dataclass(frozen=True, slots=True)
class Group:
    """Cues that are weighed alike."""

    name: str
    side: str
    weight: float
    cap: float
    """The most that this group may add, so that repeating one word does not decide."""
    negated: str
    """What a negation before the cue does: ``keep``, ``drop`` or ``flip`` to the other side."""
    dependent: bool
    """True where the cue counts only beside an independent cue of its side: "vegan" in a recipe
    says nothing."""
    needs_animal: bool
    """True where the cue counts only in an answer that names an animal: "suffering" may be
    anybody's."""
    absorbs: bool
    """True where the other side's cues in the same sentence are what this one turns away."""
    closing: bool
    """False where standing at the end adds no weight: a disclaimer does not say where an answer
    ends up."""


@dataclass(slots=True)
class Hit:
    """One cue, found."""

    group: Group
    start: int
    end: int


_Rest = tuple[re.Pattern[str] | None, Group]
"""What must follow the first word of a cue (None: nothing), and whose cue it is."""


class CueIndex:
    """The cues of a rule file by the word that they begin with."""

    def __init__(
        self, cues: Mapping[tuple[str, str], set[str]], groups: Mapping[str, Group]
    ) -> None:
        self._exact: dict[str, list[_Rest]] = {}
        self._stems: dict[str, list[tuple[str, _Rest]]] = {}
        self._seen: set[str] = set()
        self._begins: dict[str, tuple[_Rest, ...]] = {}
        compiled: dict[str, re.Pattern[str]] = {}
        for (first, name), rests in cues.items():
            # The longest first, so that a longer cue is not cut short by its own beginning.
            branches = "|".join(sorted(rests, key=lambda rest: (-len(rest), rest)))
            rest = None
            if branches:
                if branches not in compiled:
                    compiled[branches] = re.compile(f"(?:{branches})")
                rest = compiled[branches]
            stem = first.removesuffix("*")
            if first.endswith("*"):
                self._stems.setdefault(stem[:_STEM], []).append((stem, (rest, groups[name])))
            else:
                self._exact.setdefault(first, []).append((rest, groups[name]))

    def find(self, lowered: str, parts: list[str]) -> tuple[list[Hit], set[str]]:
        """Find the cues, and the names of the topics that a text touches.

        Args:
            lowered: The text, as ``lower`` returns it.
            parts: The same, split by ``TOKEN``: every second part is a word.
        """
        words = parts[1::2]
        begins = self._learn(set(words))
        ends = islice(accumulate(map(len, parts)), 1, None, 2)
        hits: list[Hit] = []
        topics: set[str] = set()
        for word, end in zip(words, ends, strict=True):
            if word not in begins:
                continue
            for rest, group in begins[word]:
                if group.side == "topic" and group.name in topics:
                    continue
                stop = end
                if rest is not None:
                    found = rest.match(lowered, end)
                    if found is None:
                        continue
                    stop = found.end()
                if group.side == "topic":
                    topics.add(group.name)
                else:
                    hits.append(Hit(group, end - len(word), stop))
        return hits, topics

    def _learn(self, words: set[str]) -> Mapping[str, tuple[_Rest, ...]]:
        """Look up what may begin with words; returns what is known by now."""
        new = words - self._seen
        if len(self._seen) > _REMEMBERED:
            self._seen.clear()
            self._begins.clear()
            new = words
        self._seen |= new
        for word in new:
            stems = self._stems.get(word[:_STEM], ())
            found = (
                *self._exact.get(word, ()),
                *(rest for stem, rest in stems if word.startswith(stem)),
            )
            if found:
                self._begins[word] = found
        return self._begins


def compile_cues(rule: Mapping[str, Any]) -> CueIndex:
    """Compile the groups of a rule file.

    Args:
        rule: The file's content: ``lists``, ``gap_excludes`` and ``groups``.

    Raises:
        ValueError: A group or a cue breaks the format.
        KeyError: A part of the rule, or a list that a cue names, is missing.
    """
    lists = {name: [str(x) for x in entries] for name, entries in rule["lists"].items()}
    excluded = "|".join(_literal(word) for word in rule["gap_excludes"])
    gap = rf"(?:{_SEPARATOR}(?!{excluded}){_WORD})"
    cues: dict[tuple[str, str], set[str]] = {}
    groups: dict[str, Group] = {}
    for name, data in rule["groups"].items():
        side = data["side"]
        if side not in _SIDES:
            raise ValueError(f"group {name}: side {side!r}: {nearest(side, _SIDES)}")
        groups[name] = Group(
            name=name,
            side=side,
            weight=float(data.get("weight", 0)),
            cap=float(data.get("cap", float("inf"))),
            negated=data.get("negated", "keep"),
            dependent=bool(data.get("dependent", False)),
            needs_animal=bool(data.get("needs_animal", False)),
            absorbs=bool(data.get("absorbs", False)),
            closing=bool(data.get("closing", True)),
        )
        for phrase in data["cues"]:
            for first, rest in _phrase(str(phrase), lists, gap):
                cues.setdefault((first, name), set()).add(rest)
    return CueIndex(cues, groups)


def longest(hits: Iterable[Hit]) -> list[Hit]:
    """Keep, of scored cues that overlap, the longest; returns all that is left, in order.

    A negation is left out where it denies nothing: inside a cue that is itself negative ("not a
    concern"), and in what is forbidden ("should not").
    """
    kept: list[Hit] = []
    context: list[Hit] = []
    starts: list[int] = []
    stops: list[int] = []
    for hit in sorted(hits, key=lambda h: (h.start - h.end, -h.group.weight, h.start)):
        if hit.group.side not in SCORED:
            context.append(hit)
            continue
        at = bisect_right(starts, hit.start)
        if (at and stops[at - 1] > hit.start) or (at < len(starts) and starts[at] < hit.end):
            continue
        starts.insert(at, hit.start)
        stops.insert(at, hit.end)
        kept.append(hit)
    forbidden = {place for h in context if h.group.side == "forbid" for place in (h.start, h.end)}
    for hit in context:
        if hit.group.side == "negate":
            at = bisect_right(starts, hit.start)
            if (at and stops[at - 1] >= hit.end) or {hit.start, hit.end} & forbidden:
                continue
        kept.append(hit)
    return sorted(kept, key=lambda h: (h.start, h.end))


def lower(text: str) -> str:
    """Lower the case of a text and make its apostrophes plain, keeping each character's place.

    Cues are matched on this, since ignoring case while matching takes longer.
    """
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(low if len(low := c.lower()) == 1 else c for c in text)
    return lowered.replace("’", "'")


def _phrase(phrase: str, lists: Mapping[str, list[str]], gap: str) -> Iterator[tuple[str, str]]:
    """Translate one cue; yields each first word with the pattern of what follows it."""
    parts = phrase.split()
    if not parts or parts[0].startswith("<") or parts[0].endswith("?"):
        raise ValueError(f"cue {phrase!r}: the first word must be a plain word or a list")
    rest = ""
    for part in parts[1:]:
        most = re.fullmatch(r"<(\d)>", part)
        if most:
            rest += f"{gap}{{0,{most[1]}}}?"
            continue
        options = _any(_options(part.removesuffix("?"), lists))
        rest += f"(?:{_SEPARATOR}{options})" + ("?" if part.endswith("?") else "")
    for option in _options(parts[0], lists):
        first, *more = re.split(r"[ \-]", option)
        if first.endswith("*") and len(first) <= _STEM:
            raise ValueError(f"cue {phrase!r}: {first!r} needs {_STEM} letters before the star")
        yield first.lower(), "".join(_SEPARATOR + _literal(word) for word in more) + rest


def _any(options: Iterable[str]) -> str:
    """Match any of the options; those with the same first letters share them, which is quicker."""
    shared: dict[str, list[str]] = {}
    for option in dict.fromkeys(options):
        head = option[:2].lower() if option[:2].isalpha() and len(option) > 2 else ""
        shared.setdefault(head, []).append(_literal(option[len(head) :]))
    return "(?:" + "|".join(f"{head}(?:{'|'.join(tails)})" for head, tails in shared.items()) + ")"


def _options(part: str, lists: Mapping[str, list[str]]) -> Iterator[str]:
    for option in part.split("|"):
        if option.startswith("@"):
            yield from lists[option[1:]]
        else:
            yield option.replace("_", " ")


def _literal(option: str) -> str:
    words = re.split(r"[ \-]", option)
    return _SEPARATOR.join(
        re.escape(word.removesuffix("*").lower())
        + (r"\w*+" if word.endswith("*") else r"\b(?!'\w)")
        for word in words
    )
