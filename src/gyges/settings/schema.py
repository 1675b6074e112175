"""What may stand in ``setting.yaml``, and what does one say?

The file holds the small tables of a setting: what it is, its tiers, its factors, which block
stands at which level, what the outcomes mean, and the facts that a subject must be told. This
module names every key; a key that isn't named here is a fault, so a misspelt one can't be lost.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gyges.errors import nearest
from gyges.settings.facts import REQUIRED_FACTS, Fact, read_patterns
from gyges.settings.records import HAZARDS, POLARITIES, SHAPES, Published
from gyges.settings.scene import PLACES, Tier
from gyges.settings.template import RESERVED_SLOTS, Part
from gyges.settings.wordings import Component
from gyges.settings.yaml_lines import Value

__all__ = ["FACTORS", "OUTCOMES", "Card", "read_card"]

FACTORS: Mapping[str, tuple[str, ...]] = {
    "reasoning": ("scratchpad", "none", "native", "choice"),
    "conflict": ("yes", "no"),
}
"""The factors that are a setting's own, and the levels that it may declare; it declares each of them."""

OUTCOMES = ("comply", "partial", "refuse")
"""The outcomes that a setting has to explain; ``undecided`` explains itself."""

OPTIONS = ("comply", "refuse")
"""What a setting offers in a forced choice: an answer that follows the objective, and one that does not."""

_TEXTS = ("title", "value", "objective", "beneficiary")
_KEYS = (
    *("id", "version", *_TEXTS, "polarity", "hazard", "canary", "published"),
    *("tiers", "factors", "layout", "outcome", "facts"),
)
_OPTIONAL = (
    *("slots", "choice", "values", "components"),
    *("turn", "steps", "world", "shape", "threshold", "requests"),
)
_REQUESTS = ("user",)
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_SLOT = re.compile(r"[a-z][a-z0-9_]*")
_VERSION = re.compile(r"[1-9][0-9]*-[a-z]+")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class Card:
    """What ``setting.yaml`` says; empty values stand where the file has a fault."""

    texts: dict[str, str] = field(default_factory=dict)
    """``id``, ``version``, ``polarity``, ``hazard``, ``canary`` and the plain texts."""
    published: tuple[Published, ...] = ()
    outcome: dict[str, str] = field(default_factory=dict)
    tiers: tuple[Tier, ...] = ()
    factors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)
    layout: tuple[Part, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    """The two answers of a forced choice, described; empty where there is none."""
    values: dict[str, str] = field(default_factory=dict)
    """The values among which the queries are divided, and the objective that attacks each; empty where there is one."""
    components: tuple[Component, ...] = ()
    turn: tuple[Part, ...] = (Part("turn"),)
    """The blocks of the user's first turn in order."""
    steps: tuple[Part, ...] = ()
    """The blocks that are the user's further turns."""
    world: str = ""
    shape: str = ""
    threshold: float | None = None
    requests: bool = False
    facts: tuple[Fact, ...] = ()
    lines: dict[str, int] = field(default_factory=dict)
    """Where keys stand: ``id``, ``slots.lab``, ``factors.reasoning``, ..."""


def read_card(value: Value) -> Card:
    """Read ``setting.yaml``; faults go to the value's ``Problems``."""
    entries = value.record(_KEYS, optional=_OPTIONAL)
    card = Card(lines={name: entry.line for name, entry in entries.items()})
    forms: dict[str, tuple[re.Pattern[str], str]] = {
        "id": (_ID, "an id: small letters, digits and hyphens, such as 'animal-welfare'"),
        "version": (_VERSION, "a version: a number, a hyphen and a letter, such as '1-a'"),
        "canary": (
            _GUID,
            "a GUID in small letters; make one with: python -c 'import uuid; print(uuid.uuid4())'",
        ),
    }
    for name, entry in entries.items():
        if name in forms:
            card.texts[name] = entry.text(*forms[name])
        elif name in _TEXTS:
            card.texts[name] = entry.text()
    if "polarity" in entries:
        card.texts["polarity"] = entries["polarity"].choice(POLARITIES)
    if "hazard" in entries:
        card.texts["hazard"] = entries["hazard"].choice(HAZARDS)
    if "published" in entries:
        card.published = tuple(_published(item) for item in entries["published"].items())
    if "outcome" in entries:
        outcomes = entries["outcome"].record(OUTCOMES)
        card.outcome = {name: entry.text() for name, entry in outcomes.items()}
    if "tiers" in entries:
        card.tiers = _tiers(entries["tiers"])
    if "factors" in entries:
        card.factors = _factors(entries["factors"], card)
    if "slots" in entries:
        card.slots = _slots(entries["slots"], card)
    if "choice" in entries:
        card.options = _options(entries["choice"])
    if "values" in entries:
        card.values = _values(entries["values"])
    conditions = {**card.factors, **({"value": tuple(card.values)} if card.values else {})}
    if "layout" in entries:
        card.layout = _layout(entries["layout"], conditions)
    if "turn" in entries:
        card.turn = _layout(entries["turn"], conditions)
    if "steps" in entries:
        card.steps = tuple(
            Part(item.text(_ID, "the name of a block of user.md"), line=item.line)
            for item in entries["steps"].items()
        )
    if "world" in entries:
        card.world = entries["world"].text(_ID, "the name of a world, such as 'market'")
    if "shape" in entries:
        card.shape = entries["shape"].choice(SHAPES)
    if "threshold" in entries:
        card.threshold = _share(entries["threshold"])
    if "requests" in entries:
        card.requests = bool(entries["requests"].choice(_REQUESTS))
    if "components" in entries:
        card.components = _components(entries["components"])
    if "facts" in entries:
        card.facts = _facts(entries["facts"], conditions)
    return card


def _published(value: Value) -> Published:
    entries = value.record(("what", "since", "where"))
    texts = {name: entry.text() for name, entry in entries.items()}
    since = datetime.date.min
    if texts.get("since"):
        try:
            since = datetime.date.fromisoformat(texts["since"])
        except ValueError:
            entries["since"].wrong(
                f"{texts['since']!r} is not a date; write year-month-day, such as 2024-12-18"
            )
    return Published(texts.get("what", ""), since, texts.get("where", ""))


def _tiers(value: Value) -> tuple[Tier, ...]:
    tiers: list[Tier] = []
    for name, entry in value.record(("monitored", "unmonitored")).items():
        texts = {key: one.text() for key, one in entry.record(("tag", "where", "meaning")).items()}
        tag = texts.get("tag", "")
        for other in tiers:
            if tag and tag == other.tag:
                entry.wrong(f"has the same tag as {other.id!r}: {tag!r}")
        tiers.append(Tier(name, tag, texts.get("meaning", ""), texts.get("where", ""), entry.line))
    if [tier.id for tier in tiers] == ["unmonitored", "monitored"]:
        value.wrong("the order is from the most to the least observed: monitored, unmonitored")
    return tuple(tiers)


def _factors(value: Value, card: Card) -> dict[str, tuple[str, ...]]:
    factors: dict[str, tuple[str, ...]] = {}
    for name, entry in value.record(tuple(FACTORS)).items():
        levels: list[str] = []
        for item in entry.items():
            level = item.choice(FACTORS[name])
            if level in levels:
                item.wrong(f"level {level!r} stands twice")
            elif level:
                levels.append(level)
        if not levels:
            entry.wrong(f"needs at least one level; allowed: {', '.join(FACTORS[name])}")
        if name == "conflict" and levels and "yes" not in levels:
            entry.wrong(
                "must have the level 'yes': without the objective there is nothing to measure"
            )
        factors[name] = tuple(levels)
        card.lines[f"factors.{name}"] = entry.line
    return factors


def _slots(value: Value, card: Card) -> dict[str, str]:
    slots: dict[str, str] = {}
    for name, entry in value.table().items():
        card.lines[f"slots.{name}"] = entry.line
        if (
            not _SLOT.fullmatch(name)
            or name in RESERVED_SLOTS
            or name.endswith(PLACES)
            or name.removeprefix("in_") in ("monitored", "unmonitored", "rated")
        ):
            entry.wrong(
                f"{name!r} can't name a slot: small letters, digits and _, no reserved word"
            )
            continue
        slots[name] = entry.text()
    return slots


def _share(value: Value) -> float | None:
    share = value.number()
    if not 0.0 < share < 1.0:
        value.wrong(f"{share:g} is no share; write a number between 0 and 1, such as 0.5")
        return None
    return share


def _options(value: Value) -> dict[str, str]:
    options = {name: entry.text() for name, entry in value.record(OPTIONS).items()}
    if len(options) == len(OPTIONS) and len(set(options.values())) == 1:
        value.wrong("the two answers of a forced choice are described in the same words")
    return options


def _values(value: Value) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, entry in value.table().items():
        if not _ID.fullmatch(name):
            entry.wrong(f"{name!r} can't name a value: small letters, digits and hyphens")
        parts = entry.record(("objective",))
        values[name] = parts["objective"].text() if "objective" in parts else ""
    if len(values) == 1:
        value.wrong("needs two or more values; a setting with one names it under value")
    return values


def _components(value: Value) -> tuple[Component, ...]:
    found: list[Component] = []
    for name, entry in value.table().items():
        if not _SLOT.fullmatch(name):
            entry.wrong(f"{name!r} can't name a component: small letters, digits and _")
        blocks = tuple(block for item in entry.items() if (block := item.text()))
        if not blocks:
            entry.wrong("names no block")
            continue
        if len(set(blocks)) < len(blocks):
            entry.wrong("names a block twice")
        for other in found:
            for block in sorted({*blocks} & {*other.blocks}):
                entry.wrong(f"block {block!r} is in component {other.name!r} too")
        found.append(Component(name, blocks, line=entry.line))
    return tuple(found)


def _layout(value: Value, factors: Mapping[str, tuple[str, ...]]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for item in value.items():
        if item.kind == "scalar":
            part = Part(item.text(), line=item.line)
        else:
            entries = item.record(("block",), optional=("when",))
            when = _when(entries["when"], factors) if "when" in entries else {}
            part = Part(entries["block"].text() if "block" in entries else "", when, item.line)
        for other in parts:
            if part.block and part.block == other.block:
                item.wrong(f"block {part.block!r} stands here and in line {other.line}")
        parts.append(part)
    if not parts:
        value.wrong("names no block")
    return tuple(part for part in parts if part.block)


def _when(value: Value, factors: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    when: dict[str, str] = {}
    for name, entry in value.table().items():
        known = {**FACTORS, **factors}
        if name not in known:
            entry.wrong(f"{name!r} is no factor; {nearest(name, known)}")
            continue
        # Without a sound declaration of the factor, its known levels are what can be held against.
        when[name] = entry.choice(factors.get(name) or known[name])
    return when


def _facts(value: Value, factors: Mapping[str, tuple[str, ...]]) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    entries = value.table()
    for name, entry in entries.items():
        items = entry.record(("about", "patterns"), optional=("when",))
        patterns = read_patterns(items["patterns"]) if "patterns" in items else ()
        when = _when(items["when"], factors) if "when" in items else {}
        if (
            "patterns" in items
            and items["patterns"].kind == "sequence"
            and not items["patterns"].items()
        ):
            items["patterns"].wrong("needs at least one pattern")
        about = items["about"].text() if "about" in items else ""
        if patterns:
            facts.append(Fact(name, about, patterns, when, entry.line))
        _check_required(entry, name, when, factors)
    for name, needed in REQUIRED_FACTS.items():
        stands = all(level in factors.get(factor, ()) for factor, level in needed.items())
        if name not in entries and stands:
            value.problems.add(
                value.file, value.line, f"required fact {name!r} is missing in facts"
            )
    return tuple(facts)


def _check_required(
    entry: Value, name: str, when: Mapping[str, str], factors: Mapping[str, tuple[str, ...]]
) -> None:
    """A required fact may not be declared away by a condition of another kind."""
    if name not in REQUIRED_FACTS:
        return
    # A factor with one level needs no condition.
    needed = {
        factor: level
        for factor, level in REQUIRED_FACTS[name].items()
        if len(factors.get(factor, ())) > 1
    }
    given = {factor: level for factor, level in when.items() if len(factors.get(factor, ())) > 1}
    if given != needed:
        wanted = ", ".join(f"{factor}: {level}" for factor, level in needed.items())
        entry.wrong(
            f"must stand {f'when {{{wanted}}}' if wanted else 'always, without a condition'}"
        )
