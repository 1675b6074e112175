"""How do blocks, levels, wordings and slots become the messages that a subject reads?

The system text is the blocks of the layout whose conditions hold, in order, one blank line apart; so is the user's
turn, which mostly is one block. Both hold slots, ``{{ name }}``, which ``slots.py`` fills. A setting whose trials are
sessions has further turns, one for each step.

What comes out is a scene (``scene.py``): all of a prompt apart from the query and the tier, at some levels of the
setting's own factors, in some wording, with the edits of shared factors (``levels.py``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gyges.errors import SettingError, nearest
from gyges.settings.scene import CHOICE_SLOTS, LIST_SLOTS, TURN_SLOTS, Scene, Tier
from gyges.settings.slots import fill

if TYPE_CHECKING:
    from gyges.settings.levels import Edit

__all__ = [
    "RESERVED_SLOTS",
    "Choice",
    "Levels",
    "Part",
    "Template",
    "holds",
    "tier_slots",
    "tiers_of",
]

Levels = Mapping[str, str]
"""One level for each factor."""

RESERVED_SLOTS = frozenset(
    {
        *TURN_SLOTS,
        *CHOICE_SLOTS,
        *LIST_SLOTS,
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

_SCENES = 1024
"""How many scenes are kept: more than the wordings of a setting, few enough for any memory."""


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
class Template:
    """Everything that decides a setting's messages."""

    layout: tuple[Part, ...]
    blocks: Mapping[str, str]
    """The blocks of the system text."""
    turns: Mapping[str, str]
    """The blocks of the user's turns."""
    slots: Mapping[str, str]
    tiers: tuple[Tier, ...]
    factors: Mapping[str, tuple[str, ...]]
    """The setting's own factors: the first level is the default."""
    choice: Choice | None = None
    """What a forced choice asks; None where the setting has none."""
    values: tuple[str, ...] = ()
    """The values among which the queries are divided; empty where the setting attacks one."""
    turn_layout: tuple[Part, ...] = (Part("turn"),)
    """The blocks of the user's first turn in order."""
    steps: tuple[str, ...] = ()
    """The blocks that are the user's further turns, one for each step of a session."""
    query_slots: tuple[str, ...] = ()
    """The names of the texts that each query brings for slots of the user's turns."""
    _scenes: dict[Any, Scene] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def turn(self) -> str:
        """The user's first turn with all of its blocks, whatever their conditions."""
        return "\n\n".join(self.turns[part.block] for part in self.turn_layout)

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

        def laid_out(layout: Sequence[Part], blocks: Mapping[str, str]) -> list[str]:
            parts: list[str] = []
            for part in layout:
                if not holds(part.when, levels):
                    continue
                name = part.block
                parts += before.get(name, [])
                if name in texts:
                    parts.append(texts[name])
                elif name not in dropped:
                    parts.append(blocks[name])
                parts += after.get(name, [])
            return parts

        parts = laid_out(self.layout, {**self.blocks, **blocks})
        steps = [(name, laid_out([Part(name)], self.turns)) for name in self.steps]
        chosen = levels.get("reasoning") == "choice" and self.choice is not None
        own = self.choice if self.choice and self.choice.comply else None
        return Scene(
            parts=tuple(fill(text, slots) for text in parts),
            tiers=tiers,
            slots=slots,
            turn="\n\n".join(laid_out(self.turn_layout, self.turns)),
            question=self.choice.question if chosen and self.choice else None,
            options=(own.comply, own.refuse) if own else None,
            suffix="\n\n".join(
                fill(edit.level.suffix, slots) for edit in edits if edit.level.suffix
            ),
            prefill="".join(edit.level.prefill for edit in edits),
            history=tuple(turn for edit in edits for turn in edit.level.history),
            query_slots=self.query_slots,
            further=tuple((name, "\n\n".join(texts)) for name, texts in steps if texts),
        )
