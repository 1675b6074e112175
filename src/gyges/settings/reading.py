"""Is the setting in this folder sound, and what does it say?

One pass reads the data files, holds them against each other, and proves the facts over every render of the base text;
``proof.py`` goes on with wordings and shared factors. It stops at nothing: whatever can still be checked after a fault
is checked, so one run shows a writer everything there is to mend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import cast

from gyges.errors import nearest
from gyges.settings.facts import scene_faults, turn_faults
from gyges.settings.files import (
    DATA_FILES,
    README,
    Block,
    Source,
    digest,
    folder_id,
    read_blocks,
    read_source,
)
from gyges.settings.model import Setting
from gyges.settings.problems import Problem, Problems
from gyges.settings.queries import read_queries, unbalanced
from gyges.settings.records import Polarity, Query
from gyges.settings.schema import OPTIONS, Card, read_card
from gyges.settings.shared import shared_factors, usable
from gyges.settings.slots import read_slots, stands_alone
from gyges.settings.template import (
    CHOICE_SLOTS,
    TURN_SLOTS,
    Choice,
    Template,
    tier_slots,
)
from gyges.settings.wordings import read_components
from gyges.settings.yaml_lines import read_yaml

__all__ = ["MIN_QUERIES", "read_setting"]

TIERS = "tiers"
"""The block that says how the tier is told."""

MIN_QUERIES = 40
"""The fewest queries of a setting in the library: they are what intervals cluster by."""

TURN = "turn"
"""The one block that every ``user.md`` has."""

CHOICE = "choice"
"""The block of ``user.md`` that asks a forced choice, and the level at which it stands."""


def read_setting(folder: Traversable, *, strict: bool) -> tuple[Setting | None, list[Problem]]:
    """Read a setting and find all of its problems.

    Args:
        folder: The setting's folder.
        strict: Hold it to the rules of the library as well.

    Returns:
        The setting, or None if there are problems; the problems by file and line.
    """
    problems = Problems()
    sources = {name: read_source(folder, name, problems) for name in DATA_FILES}
    card = _card(sources["setting.yaml"], folder, problems)
    system = _Text.read(sources["system.md"], problems)
    user = _Text.read(sources["user.md"], problems)
    queries = read_queries(source, problems) if (source := sources["queries.jsonl"]) else {}
    if card is not None:
        card.components = read_components(folder, card.components, problems)
        _check_values(card, queries, folder, problems)
    template = None
    if card and system and user:
        offers = any(query.comply for query in queries.values())
        template = _Joined(card, system, user, problems, offers=offers).template()
    if template is not None and card is not None:
        for levels in template.combinations():
            at = ", ".join(f"{factor}={level}" for factor, level in levels.items())
            for fault in scene_faults(template.scene(levels), levels, card.facts):
                message = f"at {at}: {fault.message}"
                problems.add(str(folder.joinpath("setting.yaml")), fault.line, message)
        texts = {line: (query.text, query.options) for line, query in queries.items()}
        for line, message in turn_faults(template, texts):
            problems.add(str(folder.joinpath("queries.jsonl")), line, message)
    if strict:
        _hold_to_library_rules(folder, card or Card(), queries, problems)
    if len(problems) or card is None or template is None:
        return None, list(problems)
    return _setting(card, template, queries, folder), []


def _card(source: Source | None, folder: Traversable, problems: Problems) -> Card | None:
    value = read_yaml(source, problems) if source else None
    if source is None or value is None:
        return None
    card = read_card(value)
    name = folder_id(folder)
    if card.texts.get("id", name) not in (name, ""):
        message = (
            f"id {card.texts['id']!r} is not the folder's name {name!r}: settings are found by it"
        )
        problems.add(source.file, card.lines["id"], message)
    return card


def _check_values(
    card: Card, queries: Mapping[int, Query], folder: Traversable, problems: Problems
) -> None:
    """Each query is about one of the setting's values, and either all of them bring two answers or none does."""
    file = str(folder.joinpath("queries.jsonl"))
    for line, query in queries.items():
        if query.value and query.value not in card.values:
            allowed = (
                nearest(query.value, card.values)
                if card.values
                else "setting.yaml has no table values"
            )
            problems.add(file, line, f"no value {query.value!r}; {allowed}")
        elif card.values and not query.value:
            problems.add(file, line, f"'value' is missing: one of {', '.join(card.values)}")
    offering = [line for line, query in queries.items() if query.comply]
    if offering and len(offering) < len(queries):
        first = next(line for line in queries if line not in offering)
        problems.add(
            file,
            first,
            "comply and refuse are missing: other queries bring two answers, so all must",
        )


@dataclass(frozen=True, slots=True)
class _Text:
    """A Markdown file and its blocks."""

    file: str
    blocks: Mapping[str, Block]

    @staticmethod
    def read(source: Source | None, problems: Problems) -> _Text | None:
        return _Text(source.file, read_blocks(source, problems)) if source else None


@dataclass(frozen=True, slots=True)
class _Joined:
    """``setting.yaml``, ``system.md`` and ``user.md`` held against each other."""

    card: Card
    system: _Text
    user: _Text
    problems: Problems
    offers: bool = False
    """Whether the queries bring their own two answers."""

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
        choice = Choice(self.user.blocks[CHOICE].text, **card.options) if chosen else None
        return Template(
            card.layout,
            blocks,
            self.user.blocks[TURN].text,
            card.slots,
            card.tiers,
            card.factors,
            choice,
            tuple(card.values),
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
            if len(levels) > 1 and not any(factor in part.when for part in card.layout):
                self._in_card(
                    card.lines[f"factors.{factor}"],
                    f"factor {factor!r} changes nothing in the layout",
                )

    def _check_turn(self) -> None:
        for name, block in self.user.blocks.items():
            if name not in (TURN, CHOICE):
                message = (
                    f"block {name!r} is not used: user.md has the block {TURN!r}, and {CHOICE!r} "
                    "where there is a forced choice"
                )
                self.problems.add(self.user.file, block.line, message)
        if TURN not in self.user.blocks:
            self.problems.add(
                self.user.file, 1, f"there is no block {TURN!r}; write a line '## {TURN}'"
            )
            return
        names = (*TURN_SLOTS, *CHOICE_SLOTS) if self.offers else TURN_SLOTS
        self._check_once(TURN, names, "the user's turn")
        text = self.user.blocks[TURN]
        found = [slot.line for slot in read_slots(text.text)[0] if slot.name == TURN_SLOTS[0]]
        if len(found) == 1 and not stands_alone(text.text.split("\n")[found[0] - 1], TURN_SLOTS[0]):
            message = (
                "slot {{ tier }} must stand on a line of its own: a tier may have no tag at all"
            )
            self.problems.add(self.user.file, text.text_line + found[0] - 1, message)

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
        if not self.offers:
            self._check_once(CHOICE, CHOICE_SLOTS, "the question of a choice")

    def _check_once(self, block: str, names: tuple[str, ...], where: str) -> None:
        text = self.user.blocks[block]
        slots = [slot.name for slot in read_slots(text.text)[0]]
        for name in names:
            if slots.count(name) != 1:
                message = f"slot {{{{ {name} }}}} must stand once in {where}, not {slots.count(name)} times"
                self.problems.add(self.user.file, text.text_line, message)

    def _check_slots(self) -> None:
        card = self.card
        own = [name.removeprefix("slots.") for name in card.lines if name.startswith("slots.")]
        used: set[str] = set()
        for text, given in (
            (self.system, list(tier_slots(card.tiers))),
            (self.user, (*TURN_SLOTS, *(CHOICE_SLOTS if self.offers else ()))),
        ):
            for name, block in text.blocks.items():
                choice = text is self.user and name == CHOICE
                allowed = {*own, *given}
                if choice:
                    allowed = set() if self.offers else set(CHOICE_SLOTS)
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
                    if slot.name in TURN_SLOTS and not choice:
                        message = (
                            f"slot {slot.name!r} belongs in user.md: every tier has this same text"
                        )
                    self.problems.add(text.file, block.text_line + slot.line - 1, message)
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


def _hold_to_library_rules(
    folder: Traversable, card: Card, queries: Mapping[int, Query], problems: Problems
) -> None:
    where = {name: str(folder.joinpath(name)) for name in (*DATA_FILES, README)}
    if len(queries) < MIN_QUERIES:
        last = max(queries, default=1)
        message = (
            f"too few queries: a setting of the library needs {MIN_QUERIES}, not {len(queries)}"
        )
        problems.add(where["queries.jsonl"], last, message)
    if found := unbalanced(queries):
        problems.add(where["queries.jsonl"], *found)
    if card.factors.get("conflict") == ("yes",):
        message = "a setting of the library needs the no-conflict control: conflict: [yes, no]"
        problems.add(where["setting.yaml"], card.lines["factors.conflict"], message)
    if card.texts.get("hazard") == "high":
        problems.add(
            where["setting.yaml"],
            card.lines["hazard"],
            "hazard 'high' is not shipped with the library",
        )
    unheard = Problems()
    canary = card.texts.get("canary")
    for name in (*DATA_FILES, README, *(one.file for one in card.components)):
        source = read_source(folder, name, problems if name == README else unheard)
        if source and canary and canary not in source.text:
            message = f"the canary {canary} does not stand in this file"
            problems.add(str(folder.joinpath(name)), 1, message)


def _setting(
    card: Card, template: Template, queries: Mapping[int, Query], folder: Traversable
) -> Setting:
    texts = card.texts
    own = set(card.factors)
    shared = {
        name: factor
        for name, factor in shared_factors().items()
        if name not in own
        and usable(factor, template, offers=any(one.comply for one in queries.values()))
    }
    return Setting(
        id=texts["id"],
        version=texts["version"],
        title=texts["title"],
        value=texts["value"],
        polarity=cast("Polarity", texts["polarity"]),
        objective=texts["objective"],
        beneficiary=texts["beneficiary"],
        published=card.published,
        hazard=texts["hazard"],
        canary=texts["canary"],
        outcome=card.outcome,
        queries=tuple(queries.values()),
        template=template,
        facts=card.facts,
        hash=digest(folder),
        folder=folder,
        values=card.values,
        components=card.components,
        shared=shared,
    )
