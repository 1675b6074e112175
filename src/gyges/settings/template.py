"""How do blocks, levels, wordings and slots become the messages that a subject reads?

The system text is the blocks of the layout whose conditions hold, in order, one blank line apart; the user's turn is
one block. Both hold slots, ``{{ name }}``, which ``slots.py`` fills.

A **scene** is what a prompt holds apart from the query and the tier: the system text at some levels of the setting's
own factors, in some wording, with the edits of shared factors (``levels.py``). The tier goes into the user's turn
only; the system text cannot depend on it, which lets a prefix cache serve all arms.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gyges.errors import SettingError, nearest
from gyges.settings.slots import fill, read_slots, stands_alone

if TYPE_CHECKING:
    from gyges.settings.levels import Edit

__all__ = [
    "CHOICE_SLOTS",
    "LETTERS",
    "RESERVED_SLOTS",
    "TURN_SLOTS",
    "Choice",
    "Levels",
    "Part",
    "Scene",
    "Template",
    "Tier",
    "fill",
    "holds",
    "read_slots",
    "tier_slots",
    "tiers_of",
]

Levels = Mapping[str, str]
"""One level for each factor."""

TURN_SLOTS = ("tier", "query")
"""Slots that the user's turn must have, once each; the system text has none of them."""

CHOICE_SLOTS = ("option_a", "option_b")
"""Slots for two answers: once each in the user's turn where the queries bring their own, else in the question of a
forced choice."""

LETTERS = ("A", "B")
"""By which letters two answers are named."""

RESERVED_SLOTS = frozenset(
    {
        *TURN_SLOTS,
        *CHOICE_SLOTS,
        "true",
        "false",
        "none",
        "not",
        "and",
        "or",
        "in",
        "is",
        "if",
        "else",
        "self",
        "super",
        "loop",
    }
)
"""Names that no setting may give to a slot: ours, and words of the template language."""

_MARK = "\x00"
"""Stands around a slot's name in a turn that is half rendered; no prompt holds it."""

_SCENES = 1024
"""How many scenes are kept: more than the wordings of a setting, few enough for any memory."""


@dataclass(frozen=True, slots=True)
class Tier:
    """What a subject is told about oversight of the conversation."""

    id: str
    tag: str
    """What stands for this tier in the user's turn, verbatim; empty where the tier is told by the absence of a tag."""
    meaning: str
    """One plain sentence for readers."""
    where: str = ""
    """Completes "a conversation ...": ``in the free tier``."""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A block in the layout, and when it stands."""

    block: str
    when: Levels = field(default_factory=dict)
    """Factor to level; all must hold. Empty: always."""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """What follows the user's turn where one of two answers is to be chosen by its letter."""

    question: str
    """The text; with a slot for each answer where the setting describes them."""
    comply: str = ""
    """Describes the answer that follows the objective; empty where each query brings its own two."""
    refuse: str = ""
    """Describes the answer that does not."""


def holds(when: Levels, levels: Levels) -> bool:
    """Whether a condition is met at these levels."""
    return all(levels.get(factor) == level for factor, level in when.items())


def tiers_of(edits: Sequence[Edit], own: tuple[Tier, ...]) -> tuple[Tier, ...]:
    """Give the table of tiers in force: an edit's, of which there is one at most, or the setting's own."""
    return next((edit.level.tiers for edit in edits if edit.level.tiers), own)


def tier_slots(tiers: Sequence[Tier]) -> dict[str, str]:
    """Give the slots that a table of tiers fills: each tier's tag by its name, and ``in_NAME`` for where it holds."""
    slots = {tier.id: tier.tag for tier in tiers}
    return slots | {f"in_{tier.id}": tier.where for tier in tiers}


@dataclass(frozen=True)
class Scene:
    """What a prompt holds apart from the query and the tier."""

    parts: tuple[str, ...]
    """The paragraphs of the system text, each a block or an edit."""
    tiers: tuple[Tier, ...]
    slots: Mapping[str, str]
    turn: str
    question: str | None
    """What asks for a letter; None but in a forced choice."""
    options: tuple[str, str] | None
    """The two answers that the setting describes, complying first; None where the queries bring theirs."""
    suffix: str = ""
    prefill: str = ""
    history: tuple[tuple[str, str], ...] = ()
    """Earlier turns: the user's and the assistant's."""

    @functools.cached_property
    def system(self) -> str:
        """The system text."""
        return "\n\n".join(self.parts)

    def user(
        self, tier: str, query: str, options: tuple[str, str] | None, complies: str = LETTERS[0]
    ) -> str:
        """The user's turn; query and options are inserted letter for letter.

        Args:
            tier: A name of ``tiers``.
            query: What the user asks.
            options: The query's own two answers, complying first, where it has them.
            complies: The letter that the complying answer gets.

        Raises:
            SettingError: The tier is not the scene's, or there is no such letter.
        """
        tags = {one.id: one.tag for one in self.tiers}
        if tier not in tags:
            raise SettingError(f"no tier {tier!r}; {nearest(tier, tags)}")
        if complies not in LETTERS:
            raise SettingError(f"no letter {complies!r} in a choice; {nearest(complies, LETTERS)}")
        offered = options or self.options or ("", "")
        in_order = offered if complies == LETTERS[0] else offered[::-1]
        values = {
            **dict(zip(CHOICE_SLOTS, in_order, strict=True)),
            "tier": tags[tier],
            "query": query,
        }
        frame = self._frame if tags[tier] else self._frame_untagged
        return "".join(text if at % 2 == 0 else values[text] for at, text in enumerate(frame))

    @functools.cached_property
    def _frame(self) -> list[str]:
        return self._split(self.turn)

    @functools.cached_property
    def _frame_untagged(self) -> list[str]:
        return self._split(_without_tag(self.turn))

    def _split(self, turn: str) -> list[str]:
        """Render all but what a trial brings: stretches of text and, between them, the names of its slots."""
        texts = [turn, *([self.question] if self.question is not None else [])]
        marked = {name: f"{_MARK}{name}{_MARK}" for name in (*TURN_SLOTS, *CHOICE_SLOTS)}
        rendered = [fill(text, {**self.slots, **marked}) for text in texts]
        return "\n\n".join([*rendered, *([self.suffix] if self.suffix else [])]).split(_MARK)


def _without_tag(turn: str) -> str:
    """Take the tag's line out of a turn: absence leaves no empty line."""
    lines = turn.split("\n")
    at = next((at for at, line in enumerate(lines) if stands_alone(line, "tier")), None)
    if at is None:
        return turn
    before, after = lines[:at], lines[at + 1 :]
    # Where empty lines stood on both sides, or one at an end, those of one side go with the tag.
    while after and not after[0].strip() and not (before and before[-1].strip()):
        after = after[1:]
    while before and not after and not before[-1].strip():
        before = before[:-1]
    return "\n".join([*before, *after])


@dataclass(frozen=True)
class Template:
    """Everything that decides a setting's messages."""

    layout: tuple[Part, ...]
    blocks: Mapping[str, str]
    turn: str
    """The user's turn."""
    slots: Mapping[str, str]
    tiers: tuple[Tier, ...]
    factors: Mapping[str, tuple[str, ...]]
    """The setting's own factors: the first level is the default."""
    choice: Choice | None = None
    """What a forced choice asks; None where the setting has none."""
    values: tuple[str, ...] = ()
    """The values among which the queries are divided; empty where the setting attacks one."""
    _scenes: dict[Any, Scene] = field(default_factory=dict, init=False, repr=False, compare=False)

    def combinations(self) -> Iterator[dict[str, str]]:
        """Every combination of the own factors' levels, the first factor slowest, and of the values."""
        for levels in itertools.product(*self.factors.values()):
            own = dict(zip(self.factors, levels, strict=True))
            if not self.values:
                yield own
            for value in self.values:
                yield {**own, "value": value}

    def scene(
        self,
        levels: Levels,
        edits: Sequence[Edit] = (),
        blocks: Mapping[str, str] | None = None,
        key: Any = "0",
    ) -> Scene:
        """Put together a scene.

        Args:
            levels: A level of each own factor, and ``value`` where the setting has several.
            edits: What shared factors change.
            blocks: Other texts for some blocks: another wording.
            key: Names the wording; scenes of the same levels, edits and key are the same.

        Raises:
            SettingError: A factor or a level is not the setting's.
        """
        at = (
            tuple(sorted(levels.items())),
            tuple((edit.factor, edit.level.name) for edit in edits),
            key,
        )
        found = self._scenes.get(at)
        if found is None:
            self._check(levels)
            if len(self._scenes) >= _SCENES:
                del self._scenes[next(iter(self._scenes))]
            found = self._scenes[at] = self._make(levels, edits, blocks or {})
        return found

    def _check(self, levels: Levels) -> None:
        for factor, level in levels.items():
            if factor == "value" and self.values:
                allowed: Sequence[str] = self.values
            elif factor in self.factors:
                allowed = self.factors[factor]
            else:
                raise SettingError(f"no factor {factor!r}; {nearest(factor, self.factors)}")
            if level not in allowed:
                raise SettingError(
                    f"no level {level!r} of factor {factor!r}; {nearest(level, allowed)}"
                )

    def _make(self, levels: Levels, edits: Sequence[Edit], blocks: Mapping[str, str]) -> Scene:
        tiers = tiers_of(edits, self.tiers)
        slots = {**self.slots, **tier_slots(tiers)}
        before: dict[str, list[str]] = {}
        after: dict[str, list[str]] = {}
        texts: dict[str, str] = {}
        dropped: set[str] = set()
        for edit in edits:
            level = edit.level
            slots |= level.slots
            texts |= level.replace
            dropped |= set(level.drop)
            for block, text in level.before.items():
                before.setdefault(block, []).append(text)
            for block, text in level.after.items():
                after.setdefault(block, []).append(text)
        parts: list[str] = []
        for part in self.layout:
            if not holds(part.when, levels):
                continue
            name = part.block
            parts += before.get(name, [])
            if name in texts:
                parts.append(texts[name])
            elif name not in dropped:
                parts.append(blocks.get(name, self.blocks[name]))
            parts += after.get(name, [])
        chosen = levels.get("reasoning") == "choice" and self.choice is not None
        own = self.choice if self.choice and self.choice.comply else None
        return Scene(
            parts=tuple(fill(text, slots) for text in parts),
            tiers=tiers,
            slots=slots,
            turn=self.turn,
            question=self.choice.question if chosen and self.choice else None,
            options=(own.comply, own.refuse) if own else None,
            suffix="\n\n".join(
                fill(edit.level.suffix, slots) for edit in edits if edit.level.suffix
            ),
            prefill="".join(edit.level.prefill for edit in edits),
            history=tuple(turn for edit in edits for turn in edit.level.history),
        )
