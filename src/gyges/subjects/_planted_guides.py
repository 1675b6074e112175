"""In which setting, wording and levels does a system text stand, and of which tiers does it tell?

Nothing is guessed from single words: a system text is paragraphs that stand in data, the blocks of a setting in some
version and the texts of shared factors' levels, so it is looked up which of them stand there verbatim. What is found
says which table of tiers is in force (the setting's own, or that of a level, where one tier may be told by the absence
of a tag), which version each component has, and which facts are stated. A text that is not made of such paragraphs, as
a paraphrase or a published original is not, has the setting's own tiers and its facts, and no versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gyges.settings import Edit, Fact, Level, Setting, Tier
from gyges.settings.facts import compile_pattern
from gyges.settings.template import tier_slots
from gyges.subjects._planted_pages import Page, Text

__all__ = ["Book", "Guide", "open_slots"]

_SLOT = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
_NUMBERS = {"percent": 100.0, "number": 1.0}
_MARK = "\x00"
_NUMBER = r"(?P<value>-?[0-9][0-9.e+-]*)"
_OVERSIGHT = "oversight"
"""The factor whose number is a probability of training."""
_CONTEXT = 30
"""Characters beside a slot by which its value is found: enough to tell one place from another."""


class _Block(NamedTuple):
    name: str
    component: str
    """Empty: it belongs to none."""
    version: int
    text: str


class _Rule(NamedTuple):
    """A level of a shared factor, by the texts that it brings."""

    factor: str
    level: Level
    texts: tuple[str, ...]


class Guide:
    """All paragraphs that a setting's system text can have with one table of tiers.

    Args:
        setting: The setting.
        tiers: The table in force.
        values: Slots whose value shared factors choose.
    """

    def __init__(
        self, setting: Setting, tiers: tuple[Tier, ...], values: Mapping[str, str]
    ) -> None:
        self.setting = setting
        self.tiers = tiers
        self.slots = {**setting.template.slots, **tier_slots(tiers), **values}
        part = {block: one.name for one in setting.components for block in one.blocks}
        own = [(name, 0, text) for name, text in setting.template.blocks.items()]
        further = [
            (name, version, text)
            for one in setting.components
            for version, blocks in enumerate(one.versions)
            for name, text in blocks.items()
        ]
        self.blocks = [
            _Block(name, part.get(name, ""), version, filled)
            for name, version, text in (*own, *further)
            if (filled := _filled(text, self.slots)) is not None
        ]
        self.rules = list(_rules(setting, self.slots))
        self.numbers = list(_number_rules(setting, self.slots))
        self._stated: dict[str, frozenset[str]] = {}

    def facts_of(self, facts: Iterable[Fact], flat: str) -> Iterator[str]:
        """Name those facts that a text on one line states."""
        for fact in facts:
            for pattern in fact.patterns:
                needed = dict.fromkeys(_SLOT.findall(pattern))
                if needed.keys() <= self.slots.keys():
                    slots = tuple((name, self.slots[name]) for name in needed)
                    if compile_pattern(pattern, slots).search(flat):
                        yield fact.name
                        break

    def facts_in(self, part: str) -> frozenset[str]:
        """Name the facts that a part of the system text states by itself; found once for each part."""
        if part not in self._stated:
            flat = " ".join(part.split())
            self._stated[part] = frozenset(self.facts_of(self.setting.facts, flat))
        return self._stated[part]

    def page(self, text: Text, reference: str | None) -> Page:
        """Read a system text."""
        spans: list[tuple[int, int]] = []
        parts: list[str] = []
        counts: dict[str, dict[int, int]] = {}
        names: set[str] = set()
        for block in self.blocks:
            if (span := text.find(block.text)) is not None:
                spans.append(span)
                parts.append(block.text)
                names.add(block.name)
                seen = counts.setdefault(block.component, {})
                seen[block.version] = seen.get(block.version, 0) + 1
        edits: dict[str, tuple[int, Edit]] = {}
        for rule in self.rules:
            found = [span for one in rule.texts if (span := text.find(one)) is not None]
            if found and len(found) > edits.get(rule.factor, (0, None))[0]:
                edits[rule.factor] = len(found), Edit(rule.factor, rule.level)
                spans += found
        probability = float(edits[_OVERSIGHT][1].level.name) if _OVERSIGHT in edits else 1.0
        for factor, scale, pattern in self.numbers:
            if match := pattern.search(text.system):
                number = float(match["value"]) / scale
                spans.append((match.start(), match.end() + 2))
                edits[factor] = 1, Edit(factor, self.setting.shared[factor].level(number))
                probability = number if factor == _OVERSIGHT else probability
        explained = bool(names) and not text.left(spans)
        versions = {
            name: best
            for name, seen in counts.items()
            if name and (best := _best(seen)) is not None
        }
        return Page(
            setting=self.setting,
            guide=self,
            blocks=len(names),
            versions=versions if explained else {},
            explained=explained,
            edits=tuple(edit for _, edit in edits.values()),
            probability=probability,
            parts=tuple(parts),
            text=text,
            reference=reference,
        )


class Book:
    """A setting with the values of the slots that shared factors choose: finds the table of tiers in force.

    Args:
        setting: The setting.
        values: What those slots hold.
    """

    def __init__(self, setting: Setting, values: Mapping[str, str]) -> None:
        self.setting = setting
        self.values = dict(values)
        self._guides: dict[int, Guide] = {}
        own = {**setting.template.slots, **self.values}
        # The setting's own table stands first: where nothing shows another, it is the one.
        self.tables: list[tuple[tuple[Tier, ...], tuple[str, ...]]] = [(setting.tiers, ())]
        for factor in setting.shared.values():
            for level in factor.levels.values():
                if level.tiers:
                    slots = {**own, **tier_slots(level.tiers)}
                    self.tables.append((level.tiers, _texts(level, slots)))

    def guide(self, text: Text) -> Guide:
        """Give the guide with the table of tiers that is in force in a text.

        It is the one whose level's own texts stand there, and all of whose tags do; of several, the one with the most.
        """
        best, place = (0.0, 0), 0
        for at, (tiers, texts) in enumerate(self.tables):
            tags = [tier.tag for tier in tiers if tier.tag]
            if at == 0 or not all(tag in text.system for tag in tags):
                continue
            share = sum(text.find(one) is not None for one in texts) / len(texts) if texts else 1.0
            if share and (share, len(tags)) > best:
                best, place = (share, len(tags)), at
        if place not in self._guides:
            self._guides[place] = Guide(self.setting, self.tables[place][0], self.values)
        return self._guides[place]


def open_slots(setting: Setting, text: Text) -> dict[str, str]:
    """Find what else than usual stands in slots whose value shared factors choose, such as the developer's name."""
    names = {factor.slot for factor in setting.shared.values() if factor.slot}
    levels = [level for factor in setting.shared.values() for level in factor.levels.values()]
    names |= {name for level in levels for name in level.slots}
    found: dict[str, str] = {}
    for name in sorted(names & setting.template.slots.keys()):
        if setting.template.slots[name] not in text.system:
            value = _looked_up(setting, name, text)
            found |= {} if value is None else {name: value}
    return found


def _looked_up(setting: Setting, name: str, text: Text) -> str | None:
    blocks = [
        setting.template.blocks,
        *(version for one in setting.components for version in one.versions),
    ]
    for block in (block for texts in blocks for block in texts.values()):
        pieces = _SLOT.split(block)
        for at in range(1, len(pieces), 2):
            before, after = pieces[at - 1][-_CONTEXT:], pieces[at + 1][:_CONTEXT]
            if pieces[at] == name and len(before) == len(after) == _CONTEXT:
                pattern = f"{re.escape(before)}([^\n]{{1,80}}?){re.escape(after)}"
                if match := re.search(pattern, text.system):
                    return match[1]
    return None


def _filled(text: str, slots: Mapping[str, str]) -> str | None:
    """Fill a text; None where a slot has no value in this table of tiers."""
    if any(name not in slots for name in _SLOT.findall(text)):
        return None
    return _SLOT.sub(lambda match: slots[match[1]], text)


def _texts(level: Level, slots: Mapping[str, str]) -> tuple[str, ...]:
    """The paragraphs that a level brings into the system text."""
    texts = [*level.replace.values(), *level.before.values(), *level.after.values()]
    return tuple(filled for text in texts if (filled := _filled(text, slots)) is not None)


def _rules(setting: Setting, slots: Mapping[str, str]) -> Iterator[_Rule]:
    for factor in setting.shared.values():
        # At an end of its numbers a factor may have a text of its own, without a number to read.
        ends = [factor.level(number) for number in factor.ends]
        for level in (*factor.levels.values(), *ends):
            if texts := _texts(level, slots):
                yield _Rule(factor.id, level, texts)


def _number_rules(
    setting: Setting, slots: Mapping[str, str]
) -> Iterator[tuple[str, float, re.Pattern[str]]]:
    """Give the factors over numbers that write them into the system text: what to divide by, and where to look."""
    for factor in setting.shared.values():
        for name, scale in _NUMBERS.items() if factor.pattern else ():
            for text in _texts(factor.pattern, {**slots, name: _MARK}) if factor.pattern else ():
                first, *rest = map(re.escape, text.split(_MARK))
                if rest:
                    yield factor.id, scale, re.compile(f"{first}{_NUMBER}{'(?P=value)'.join(rest)}")


def _best(seen: Mapping[int, int]) -> int | None:
    """The version most of whose blocks stand; None where two have as many."""
    most = max(seen.values())
    found = [version for version, count in seen.items() if count == most]
    return found[0] if len(found) == 1 else None
