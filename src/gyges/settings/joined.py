"""Do the files of a setting fit each other, and what template do they make?

``setting.yaml`` names blocks of ``system.md`` and ``user.md`` and slots that stand in them; the queries bring answers
and texts for slots. All of it is held against each other here, and whatever can still be checked after a fault is.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from gyges.errors import nearest
from gyges.settings.files import Block, Source, read_blocks
from gyges.settings.problems import Problems
from gyges.settings.records import Query
from gyges.settings.scene import CHOICE_SLOTS, LIST_SLOTS, TURN_SLOTS, turn_slots
from gyges.settings.schema import OPTIONS, Card
from gyges.settings.slots import read_slots, stands_alone
from gyges.settings.template import Choice, Template, holds, tier_slots

__all__ = ["Brought", "Joined", "Texts"]

TIERS = "tiers"
"""The block that says how the tier is told."""

CHOICE = "choice"
"""The block of ``user.md`` that asks a forced choice, and the level at which it stands."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What queries bring of their own for the user's turns."""

    answers: int = 0
    """How many answers each offers."""
    slots: tuple[str, ...] = ()
    """The slots for which each has a text."""

    @staticmethod
    def of(queries: Mapping[int, Query]) -> Brought:
        """See what some queries bring; of faulty ones, what the first that answers brings."""
        offering = [query for query in queries.values() if query.comply]
        slots = dict.fromkeys(name for query in queries.values() for name in query.slots)
        return Brought(len(offering[0].options or ()) if offering else 0, tuple(slots))


@dataclass(frozen=True, slots=True)
class Texts:
    """A Markdown file and its blocks."""

    file: str
    blocks: Mapping[str, Block]

    @staticmethod
    def read(source: Source | None, problems: Problems) -> Texts | None:
        """Read the blocks of a file; None where there is none."""
        return Texts(source.file, read_blocks(source, problems)) if source else None


@dataclass(frozen=True, slots=True)
class Joined:
    """``setting.yaml``, ``system.md`` and ``user.md`` held against each other."""

    card: Card
    system: Texts
    user: Texts
    problems: Problems
    brought: Brought

    @property
    def offers(self) -> bool:
        """Whether the queries bring their own answers."""
        return bool(self.brought.answers)

    @property
    def offer_slots(self) -> tuple[str, ...]:
        """The slots of the user's turn for the queries' own answers, each of which must stand there once."""
        if not self.offers:
            return ()
        return CHOICE_SLOTS if self.brought.answers == len(CHOICE_SLOTS) else LIST_SLOTS[:1]

    def template(self) -> Template | None:
        """The template, if layout, blocks and slots fit each other well enough to be rendered."""
        before = len(self.problems)
        self._check_layout()
        self._check_turn()
        self._check_choice()
        self._check_slots()
        self._check_components()
        card = self.card
        complete = len(card.tiers) > 1 and all(tier.tag for tier in card.tiers)
        complete = complete and all(card.factors.get(name) for name in ("reasoning", "conflict"))
        chosen = CHOICE in card.factors.get("reasoning", ())
        complete = complete and (not chosen or self.offers or len(card.options) == len(OPTIONS))
        if not complete or not card.layout or len(self.problems) > before:
            return None
        blocks = {name: block.text for name, block in self.system.blocks.items()}
        turns = {name: block.text for name, block in self.user.blocks.items() if name != CHOICE}
        choice = Choice(self.user.blocks[CHOICE].text, **card.options) if chosen else None
        return Template(
            card.layout,
            blocks,
            turns,
            card.slots,
            card.tiers,
            card.factors,
            choice,
            tuple(card.values),
            card.turn,
            tuple(step.block for step in card.steps),
            self.brought.slots,
        )

    def _check_layout(self) -> None:
        card, blocks = self.card, self.system.blocks
        if not card.layout:
            return
        for part in card.layout:
            if part.block not in blocks:
                message = (
                    f"there is no block {part.block!r} in system.md; {nearest(part.block, blocks)}"
                )
                self._in_card(part.line, message)
        standing = {part.block for part in card.layout}
        for name, block in blocks.items():
            if name not in standing:
                message = f"block {name!r} is not used: the layout in setting.yaml does not name it"
                self.problems.add(self.system.file, block.line, message)
        for factor, levels in card.factors.items():
            if len(levels) > 1 and not any(
                factor in part.when for part in (*card.layout, *card.turn)
            ):
                self._in_card(
                    card.lines[f"factors.{factor}"],
                    f"factor {factor!r} changes nothing in the layout",
                )

    def _check_turn(self) -> None:
        card, blocks = self.card, self.user.blocks
        used = {part.block for part in (*card.turn, *card.steps)}
        for name, block in blocks.items():
            if name not in used and name != CHOICE:
                message = (
                    f"block {name!r} is not used: user.md has the blocks of the user's turns "
                    f"({', '.join(sorted(used))}), and {CHOICE!r} where there is a forced choice"
                )
                self.problems.add(self.user.file, block.line, message)
        missing = [part for part in (*card.turn, *card.steps) if part.block not in blocks]
        for part in missing:
            message = f"there is no block {part.block!r}; write a line '## {part.block}'"
            self.problems.add(self.user.file, 1, message)
        for name in sorted(set(blocks) & set(self.system.blocks)):
            message = f"block {name!r} stands in system.md too: a level could not tell them apart"
            self.problems.add(self.user.file, blocks[name].line, message)
        if missing:
            return
        self._check_slots_of_turn()
        self._check_tier_line()
        if card.steps and not card.world:
            self._in_card(card.lines["steps"], "steps need a world whose tools the subject has")

    def _check_slots_of_turn(self) -> None:
        """Each slot of a trial stands once in the first turn, whatever the levels of the setting's own factors."""
        said: set[str] = set()
        names = list(self.card.factors)
        for levels in itertools.product(*self.card.factors.values()):
            chosen = dict(zip(names, levels, strict=True))
            standing = [part.block for part in self.card.turn if holds(part.when, chosen)]
            slots = Counter(
                slot.name
                for block in standing
                for slot in read_slots(self.user.blocks[block].text)[0]
            )
            for name in (*TURN_SLOTS, *self.offer_slots):
                if slots[name] == 1:
                    continue
                where = ", ".join(standing) if len(self.card.turn) > 1 else "the user's turn"
                message = (
                    f"slot {{{{ {name} }}}} must stand once in {where}, not {slots[name]} times"
                )
                if message not in said:
                    said.add(message)
                    line = self.user.blocks[(standing or [self.card.turn[0].block])[0]].text_line
                    self.problems.add(self.user.file, line, message)

    def _check_tier_line(self) -> None:
        for part in self.card.turn:
            text = self.user.blocks[part.block]
            lines = text.text.split("\n")
            for slot in read_slots(text.text)[0]:
                if slot.name == TURN_SLOTS[0] and not stands_alone(lines[slot.line - 1], slot.name):
                    message = "slot {{ tier }} must stand on a line of its own: a tier may have no tag at all"
                    self.problems.add(self.user.file, text.text_line + slot.line - 1, message)

    def _check_choice(self) -> None:
        """A forced choice is a level, two described answers and the question that offers them: all or none."""
        card = self.card
        if CHOICE not in card.factors.get("reasoning", ()):
            message = f"is not used: the factor reasoning has no level {CHOICE!r}"
            if CHOICE in card.lines:
                self._in_card(card.lines[CHOICE], f"{CHOICE!r} {message}")
            if CHOICE in self.user.blocks:
                line = self.user.blocks[CHOICE].line
                self.problems.add(self.user.file, line, f"block {CHOICE!r} {message}")
            return
        line = card.lines["factors.reasoning"]
        if self.offers and CHOICE in card.lines:
            self._in_card(
                card.lines[CHOICE], "the queries bring their own two answers; leave this out"
            )
        elif not self.offers and CHOICE not in card.lines:
            self._in_card(
                line, f"level {CHOICE!r} needs its two answers: choice: {{comply, refuse}}"
            )
        if CHOICE not in self.user.blocks:
            self._in_card(line, f"level {CHOICE!r} needs a block '## {CHOICE}' in user.md")
            return
        if self.brought.answers > len(OPTIONS):
            self._in_card(
                line, f"level {CHOICE!r} chooses between two answers; the queries bring more"
            )
        if not self.offers:
            text = self.user.blocks[CHOICE]
            slots = [slot.name for slot in read_slots(text.text)[0]]
            for name in CHOICE_SLOTS:
                if slots.count(name) != 1:
                    message = (
                        f"slot {{{{ {name} }}}} must stand once in the question of a choice, "
                        f"not {slots.count(name)} times"
                    )
                    self.problems.add(self.user.file, text.text_line, message)

    def _check_slots(self) -> None:
        card = self.card
        own = [name.removeprefix("slots.") for name in card.lines if name.startswith("slots.")]
        used: set[str] = set()
        further = {step.block for step in card.steps}
        turn = (*turn_slots(card.slots, self.brought.slots), *self.offer_slots)
        turn += LIST_SLOTS[1:] if LIST_SLOTS[0] in self.offer_slots else ()
        for text, given in ((self.system, list(tier_slots(card.tiers))), (self.user, turn)):
            for name, block in text.blocks.items():
                choice = text is self.user and name == CHOICE
                allowed = {*own, *given}
                if choice:
                    allowed = set() if self.offers else set(CHOICE_SLOTS)
                elif text is self.user and name in further:
                    allowed -= {*TURN_SLOTS, *self.offer_slots}
                slots, faults = read_slots(block.text)
                for line, message in faults:
                    self.problems.add(text.file, block.text_line + line - 1, message)
                tags = {tier.id for tier in card.tiers}
                for slot in slots:
                    used.add(slot.name)
                    if slot.name in tags and name != TIERS and TIERS in self.system.blocks:
                        message = (
                            f"slot {slot.name!r} may stand in block {TIERS!r} alone, where a factor can tell the tiers "
                            f"otherwise; write {{{{ in_{slot.name} }}}}"
                        )
                        self.problems.add(text.file, block.text_line + slot.line - 1, message)
                    if slot.name in allowed:
                        continue
                    message = f"unknown slot {slot.name!r}; {nearest(slot.name, allowed)}"
                    if slot.name in TURN_SLOTS and text is self.user and not choice:
                        message = f"slot {slot.name!r} belongs in the first turn: what comes later is the same for all"
                    elif slot.name in TURN_SLOTS and not choice:
                        message = (
                            f"slot {slot.name!r} belongs in user.md: every tier has this same text"
                        )
                    self.problems.add(text.file, block.text_line + slot.line - 1, message)
        for name in turn_slots(card.slots):
            if name in used:
                used |= {name[:-2] + role for role in ("_comply", "_refuse")}
        given = [*own, *tier_slots(card.tiers)]
        for fact in card.facts:
            for name in fact.slots:
                if name not in given:
                    message = f"fact {fact.name!r}: unknown slot {name!r}; {nearest(name, given)}"
                    self._in_card(fact.line, message)
        for name in own:
            if name not in used:
                self._in_card(
                    card.lines[f"slots.{name}"], f"slot {name!r} is not used in any block"
                )

    def _check_components(self) -> None:
        """The blocks of components stand in system.md, and their versions have only slots that are known."""
        given = {*tier_slots(self.card.tiers), *self.card.slots}
        for component in self.card.components:
            for block in component.blocks:
                if block not in self.system.blocks:
                    message = f"there is no block {block!r} in system.md; {nearest(block, self.system.blocks)}"
                    self._in_card(component.line, f"component {component.name!r}: {message}")
                    continue
                for number, texts in enumerate(component.versions[1:], start=1):
                    slots, faults = read_slots(texts.get(block, ""))
                    for slot in slots:
                        if slot.name not in given:
                            message = f"unknown slot {slot.name!r}; {nearest(slot.name, given)}"
                            faults.append((slot.line, message))
                    file = self.system.file.removesuffix("system.md") + component.file
                    first = component.lines[number].get(block, 1)
                    for line, message in faults:
                        self.problems.add(file, first + line - 1, f"{block}/{number}: {message}")

    def _in_card(self, line: int, message: str) -> None:
        self.problems.add(
            self.system.file.removesuffix("system.md") + "setting.yaml", line, message
        )
