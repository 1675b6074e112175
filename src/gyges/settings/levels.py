"""What can be varied in any setting, and what does each level change?

A **factor** is declared once, in a file of ``factors/``, and can be used with every setting that has the blocks that
its levels name. A level is a list of edits: a block in the place of another, a block taken out, a text before or after
one, another table of tiers, a suffix of the user's turn, the beginning of the answer, earlier turns, a sampling
parameter. The default level edits nothing: it is the setting's own text. A level also says which of the setting's facts
it takes away and which new ones it must state, so every render can still be proved (``facts.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gyges.errors import SettingError, nearest
from gyges.settings.facts import Fact
from gyges.settings.scene import LETTERS, Tier

__all__ = [
    "DEFAULT",
    "PLACEHOLDERS",
    "QUERY_OPTIONS",
    "Edit",
    "Factor",
    "Level",
    "Numbers",
    "clash",
    "column_of",
    "number_text",
    "options_level",
]

DEFAULT = "default"
"""The level of a factor over numbers or texts at which nothing is changed."""

QUERY_OPTIONS = "options"
"""What a level may require beside levels of factors: whether each query brings answers of its own: no, yes (two) or
many."""

PLACEHOLDERS = ("percent", "number")
"""Slots of a factor over numbers that stand for its value."""


@dataclass(frozen=True, slots=True)
class Level:
    """What one level of a factor changes."""

    name: str
    about: str
    replace: Mapping[str, str] = field(default_factory=dict)
    """Block to the text in its place; no effect where the block does not stand."""
    drop: tuple[str, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)
    tiers: tuple[Tier, ...] = ()
    """A whole table of tiers, from the most to the least observed; empty: the setting's own."""
    suffix: str = ""
    prefill: str = ""
    """The answer begins with this."""
    history: tuple[tuple[str, str], ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)
    """Levels of the setting's own factors that this level implies."""
    requires: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The levels of other factors at which it is possible; ``QUERY_OPTIONS`` stands for what the queries bring."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Sampling parameters: fields of Inspect's ``GenerateConfig``."""
    removes: tuple[str, ...] = ()
    """Facts of the setting that must be absent."""
    lifts: tuple[str, ...] = ()
    """Facts of the setting that may be absent."""
    states: tuple[Fact, ...] = ()
    """What must be stated."""
    in_turns: frozenset[str] = frozenset()
    """Those of the blocks that it names which belong to the user's turns and not to the system text."""

    @property
    def touches(self) -> frozenset[str]:
        """The blocks that it replaces or takes out."""
        return frozenset({*self.replace, *self.drop})

    @property
    def anchors(self) -> frozenset[str]:
        """All blocks that it names."""
        return self.touches | {*self.before, *self.after}

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts of its own whose slots are filled."""
        return (*self.replace.values(), *self.before.values(), *self.after.values(), self.suffix)

    def possible(self, own: Mapping[str, Sequence[str]]) -> bool:
        """Whether a setting with these factors of its own has the levels that it needs."""
        needed = {**self.requires, **{name: (level,) for name, level in self.sets.items()}}
        return all(
            set(needed[name]) & set(levels) for name, levels in own.items() if name in needed
        )

    @property
    def edits_system(self) -> bool:
        """Whether it changes the system text."""
        return bool(self.anchors - self.in_turns or self.slots or self.tiers or self.sets)

    @property
    def edits_text(self) -> bool:
        """Whether it changes anything that is sent, and not sampling alone."""
        return self.edits_system or bool(
            self.anchors or self.suffix or self.prefill or self.history
        )


@dataclass(frozen=True, slots=True)
class Edit:
    """A level that is in force, and whose it is."""

    factor: str
    level: Level


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that are a factor's levels."""

    low: float
    high: float
    example: tuple[float, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Factor:
    """A declared way to vary a trial."""

    id: str
    title: str
    about: str
    source: str
    default: str
    levels: Mapping[str, Level] = field(default_factory=dict)
    """The named levels, the default first; empty where the levels are numbers or texts."""
    numbers: Numbers | None = None
    pattern: Level | None = None
    """For numbers: the level in which the slots percent and number stand for the value."""
    ends: Mapping[float, Level] = field(default_factory=dict)
    """For numbers: levels in the pattern's place at the lowest or the highest, where its text would make no sense."""
    parameter: str = ""
    """For numbers that are nothing but a sampling parameter: its name in ``GenerateConfig``."""
    slot: str = ""
    """For texts: the slot that they fill."""
    most: int = 0
    """For texts: the greatest length."""
    version: int = 1
    """Goes up with any change of its file; results are comparable within one version."""

    def level(self, value: Any) -> Level:
        """Give a level by its name, number or text.

        Raises:
            SettingError: There is no such level.
        """
        name = str(value)
        if self.levels:
            if name not in self.levels:
                raise SettingError(
                    f"no level {name!r} of factor {self.id!r}; {nearest(name, self.levels)}"
                )
            return self.levels[name]
        if name == self.default:
            return Level(name, "The setting's own.")
        return self._number(value) if self.numbers else self._text(name)

    def value(self, text: str) -> str | float:
        """Read a level as a user writes it: a number where the levels are numbers.

        Raises:
            SettingError: There is no such level.
        """
        self.level(text)
        return float(text) if self.numbers and text != self.default else text

    def _number(self, value: Any) -> Level:
        assert self.numbers is not None
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        low, high = self.numbers.low, self.numbers.high
        if not low <= number <= high or (self.numbers.whole and number % 1):
            kind = "a whole number" if self.numbers.whole else "a number"
            raise SettingError(
                f"no level {value!r} of factor {self.id!r}; {kind} from {low:g} to {high:g}"
            )
        name = number_text(number)
        given = (
            {self.parameter: int(number) if self.numbers.whole else number}
            if self.parameter
            else {}
        )
        pattern = self.ends.get(number, self.pattern)
        if pattern is None:
            return Level(name, f"{self.parameter} {name}", parameters=given)
        values = {"percent": number_text(round(100 * number, 6)), "number": name}
        return replace(_filled(pattern, name, values), parameters={**pattern.parameters, **given})

    def _text(self, name: str) -> Level:
        fits = name.strip() == name != "" and len(name) <= self.most
        if not fits or not name.isprintable() or "{" in name or "}" in name:
            raise SettingError(
                f"no level {name!r} of factor {self.id!r}; one line of at most {self.most} characters, "
                "without braces and blanks around it"
            )
        return Level(name, f"{self.slot} is {name}", slots={self.slot: name})

    @property
    def changed(self) -> list[Level]:
        """The levels that its file writes out, without the default: named ones, or those of its numbers."""
        if self.levels:
            return [level for name, level in self.levels.items() if name != self.default]
        return [*([self.pattern] if self.pattern else []), *self.ends.values()]

    @property
    def column(self) -> str:
        """The name of its column in a study's tables."""
        return column_of(self.id)

    def shown(self) -> list[str]:
        """Its levels for readers: names, or some numbers, or the form of a text."""
        if self.levels:
            return list(self.levels)
        if self.numbers:
            return [f"{self.numbers.low:g} to {self.numbers.high:g}"]
        return [f"any text for {self.slot}"]

    def samples(self) -> list[Level]:
        """Levels to prove: all that are named, or some of the others; the default is left out."""
        if self.levels:
            return self.changed
        if self.numbers:
            return [self.level(number) for number in self.numbers.example]
        return [self.level("Northfield Systems")]


def column_of(factor: str) -> str:
    """Name the column of a factor, own or shared, in a study's tables."""
    # There, the column tier holds a scheme's single tier, and reasoning what a subject reasoned.
    return {"tier": "tier_scheme", "reasoning": "reasoning_mode"}.get(factor, factor)


def clash(edits: Sequence[Edit]) -> str | None:
    """Say why some levels cannot be in force together; None if they can."""
    owners: dict[str, Edit] = {}
    for edit in edits:
        level = edit.level
        claims = [f"block {name!r}" for name in sorted(level.touches)]
        claims += [f"slot {name!r}" for name in sorted(level.slots)]
        claims += [f"parameter {name!r}" for name in sorted(level.parameters)]
        claims += [
            name
            for name, there in (
                ("the table of tiers", level.tiers),
                ("the beginning of the answer", level.prefill),
                ("the earlier turns", level.history),
            )
            if there
        ]
        for claim in claims:
            other = owners.setdefault(claim, edit)
            if other is not edit:
                return (
                    f"{other.factor}={other.level.name} and {edit.factor}={level.name} exclude each other: both change "
                    f"{claim}"
                )
    brings: dict[str, tuple[str, Edit]] = {}
    for edit in edits:
        for name, own in edit.level.sets.items():
            wanted, other = brings.setdefault(name, (own, edit))
            if wanted != own:
                return (
                    f"{other.factor}={other.level.name} and {edit.factor}={edit.level.name} exclude each other: they "
                    f"need {name}={wanted} and {name}={own}"
                )
    for edit in edits:
        beside = {*edit.level.before, *edit.level.after}
        for other in edits:
            if other is not edit and (gone := beside & set(other.level.drop)):
                return (
                    f"{edit.factor}={edit.level.name} and {other.factor}={other.level.name} exclude each other: one "
                    f"stands beside block {min(gone)!r}, which the other takes out"
                )
    return None


def options_level(offered: int) -> str:
    """Say as a level how many answers of its own each query brings: ``no``, ``yes`` (two) or ``many``."""
    return "no" if not offered else "yes" if offered == len(LETTERS) else "many"


def number_text(number: float) -> str:
    """Write a number as a level's name: without a needless point."""
    return f"{number:g}" if abs(number) < 1e6 else f"{number:.0f}"


def _filled(level: Level, name: str, values: Mapping[str, str]) -> Level:
    def put(text: str) -> str:
        for slot in PLACEHOLDERS:
            text = text.replace("{{ " + slot + " }}", values[slot])
        return text

    return replace(
        level,
        name=name,
        about=put(level.about),
        replace={block: put(text) for block, text in level.replace.items()},
        before={block: put(text) for block, text in level.before.items()},
        after={block: put(text) for block, text in level.after.items()},
        suffix=put(level.suffix),
        prefill=put(level.prefill),
        states=tuple(
            replace(fact, patterns=tuple(put(pattern) for pattern in fact.patterns))
            for fact in level.states
        ),
    )
