"""Which factors are declared for all settings, and which of them can a setting use?

Reads the files of ``factors/``; each is checked once, key by key, as a setting is.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from gyges.errors import SettingError, nearest
from gyges.settings.facts import Fact, read_patterns
from gyges.settings.files import FACTORS, names_in, read_source
from gyges.settings.levels import (
    DEFAULT,
    PLACEHOLDERS,
    QUERY_OPTIONS,
    Factor,
    Level,
    Numbers,
    number_text,
    options_level,
)
from gyges.settings.problems import Problem, Problems
from gyges.settings.scene import CHOICE_SLOTS, LIST_SLOTS, Tier, turn_slots
from gyges.settings.slots import read_slots
from gyges.settings.template import Template, tier_slots
from gyges.settings.yaml_lines import Value, read_yaml

__all__ = ["own_factors", "read_factor", "shared_factors", "usable"]

_KEYS = ("id", "title", "about", "source")
_VERSION = re.compile(r"[1-9][0-9]*")
_OPTIONAL = ("default", "levels", "numbers", "text", "parameter")
_LEVEL = ("about",)
_LEVEL_OPTIONAL = (
    *("replace", "drop", "before", "after", "slots", "tiers", "suffix", "prefill", "history", "sets", "requires"),
    *("parameters", "removes", "lifts", "states"),
)  # fmt: skip
_ID = re.compile(r"[a-z][a-z0-9_]*")


@functools.cache
def shared_factors() -> Mapping[str, Factor]:
    """The factors of the library by id, in alphabetical order.

    Raises:
        SettingError: A file has problems; all of them are listed.
    """
    found: dict[str, Factor] = {}
    problems: list[Problem] = []
    folder = files("gyges.settings").joinpath("factors")
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".yaml"))
    for name in names:
        factor, faults = read_factor(folder, name)
        problems += faults
        if factor is not None:
            found[factor.id] = factor
    if problems:
        raise SettingError("\n".join(["the library of factors has problems:", *map(str, problems)]))
    return found


def read_factor(folder: Traversable, name: str) -> tuple[Factor | None, list[Problem]]:
    """Read one factor's file.

    Args:
        folder: Where it stands.
        name: The file's name.

    Returns:
        The factor, or None if there are problems; the problems.
    """
    problems = Problems()
    source = read_source(folder, name, problems)
    value = read_yaml(source, problems) if source else None
    factor = _factor(value) if value else None
    if len(problems) or factor is None:
        return None, list(problems)
    if f"{factor.id}.yaml" != name:
        problems.add(str(folder.joinpath(name)), 1, f"id {factor.id!r} is not the file's name")
    return factor, list(problems)


def _factor(value: Value) -> Factor:
    entries = value.record((*_KEYS, "version"), optional=_OPTIONAL)
    texts = {name: entries[name].text() for name in _KEYS if name in entries}
    if "id" in entries:
        entries["id"].text(_ID, "an id: small letters, digits and _")
    kinds = [name for name in ("levels", "numbers", "text") if name in entries]
    if len(kinds) != 1:
        value.wrong("needs one of levels, numbers and text")
    default = entries["default"].text() if "default" in entries else DEFAULT
    factor = Factor(
        texts.get("id", ""),
        texts.get("title", ""),
        texts.get("about", ""),
        texts.get("source", ""),
        default,
        version=int(_version(entries["version"]) if "version" in entries else "1"),
    )
    if "levels" in entries:
        levels = {name: _level(name, entry) for name, entry in entries["levels"].table().items()}
        if default not in levels:
            entries["levels"].wrong(f"the default {default!r} is not among the levels")
        elif replace(levels[default], name="", about="") != Level("", ""):
            entries["levels"].wrong(f"the default {default!r} must change nothing")
        ordered = {default: levels[default], **levels} if default in levels else levels
        return replace(factor, levels=ordered)
    if "numbers" in entries:
        parameter = entries["parameter"].text() if "parameter" in entries else ""
        return _numbers(factor, entries["numbers"], parameter)
    if "text" in entries:
        slot = entries["text"].record(("slot", "most"))
        return replace(
            factor,
            slot=slot["slot"].text() if "slot" in slot else "",
            most=int(slot["most"].number()) if "most" in slot else 60,
        )
    return factor


def _version(value: Value) -> str:
    text = value.text(_VERSION, "a version: a whole number from 1")
    return text if _VERSION.fullmatch(text) else "1"


def _numbers(factor: Factor, value: Value, parameter: str) -> Factor:
    entries = value.record(
        ("from", "to"), optional=("default", "example", "level", "ends", "whole")
    )
    default = entries["default"].text() if "default" in entries else factor.default
    example = (
        tuple(item.number() for item in entries["example"].items()) if "example" in entries else ()
    )
    numbers = Numbers(
        entries["from"].number() if "from" in entries else 0.0,
        entries["to"].number() if "to" in entries else 1.0,
        example,
        "whole" in entries and entries["whole"].choice(("yes", "no")) == "yes",
    )
    if any(not numbers.low <= number <= numbers.high for number in example):
        entries["example"].wrong(
            f"holds numbers that are not from {numbers.low:g} to {numbers.high:g}"
        )
    pattern = _level("", entries["level"]) if "level" in entries else None
    if pattern is None and not parameter:
        value.wrong("needs a level or, beside it, the name of a sampling parameter")
    return replace(
        factor,
        numbers=numbers,
        pattern=pattern,
        ends=_ends(entries["ends"], numbers) if "ends" in entries else {},
        parameter=parameter,
        default=default,
    )


def _ends(value: Value, numbers: Numbers) -> dict[float, Level]:
    """Levels of their own at the lowest and the highest number."""
    found: dict[float, Level] = {}
    allowed = {number_text(number): number for number in (numbers.low, numbers.high)}
    for name, entry in value.table().items():
        if name in allowed:
            found[allowed[name]] = _level(name, entry)
        else:
            entry.wrong(f"is neither the lowest number nor the highest: {' or '.join(allowed)}")
    return found


def _level(name: str, value: Value) -> Level:
    entries = value.record(_LEVEL, optional=_LEVEL_OPTIONAL)

    def texts(key: str) -> dict[str, str]:
        if key not in entries:
            return {}
        found = {block: entry.prose() for block, entry in entries[key].table().items()}
        for entry, text in zip(entries[key].table().values(), found.values(), strict=True):
            for _, message in read_slots(text)[1]:
                entry.wrong(message)
        return found

    def names(key: str) -> tuple[str, ...]:
        return tuple(item.text() for item in entries[key].items()) if key in entries else ()

    return Level(
        name=name,
        about=entries["about"].text() if "about" in entries else "",
        replace=texts("replace"),
        drop=names("drop"),
        before=texts("before"),
        after=texts("after"),
        slots=texts("slots"),
        tiers=_tiers(entries["tiers"]) if "tiers" in entries else (),
        suffix=entries["suffix"].prose() if "suffix" in entries else "",
        prefill=_verbatim(entries["prefill"]) if "prefill" in entries else "",
        history=_history(entries["history"]) if "history" in entries else (),
        sets=texts("sets"),
        requires={
            factor: tuple(item.text() for item in entry.items())
            for factor, entry in (
                entries["requires"].table() if "requires" in entries else {}
            ).items()
        },
        parameters=_parameters(entries["parameters"]) if "parameters" in entries else {},
        removes=names("removes"),
        lifts=names("lifts"),
        states=_states(entries["states"]) if "states" in entries else (),
    )


def _tiers(value: Value) -> tuple[Tier, ...]:
    tiers = []
    for name, entry in value.table().items():
        parts = entry.record(("where", "meaning"), optional=("tag",))
        # A tier that is told by absence has an empty tag, which text() would call a fault.
        tag = str(parts["tag"].node.value).strip() if "tag" in parts else ""
        where = parts["where"].text() if "where" in parts else ""
        tiers.append(
            Tier(
                name, tag, parts["meaning"].text() if "meaning" in parts else "", where, entry.line
            )
        )
    tags = [tier.tag for tier in tiers]
    if len(set(tags)) < len(tags):
        value.wrong("two tiers have the same tag")
    return tuple(tiers)


def _history(value: Value) -> tuple[tuple[str, str], ...]:
    turns = []
    for item in value.items():
        parts = item.record(("user", "assistant"))
        user, assistant = (
            _verbatim(parts[who]) if who in parts else "" for who in ("user", "assistant")
        )
        turns.append((user, assistant))
    return tuple(turns)


def _verbatim(value: Value) -> str:
    """A text that is sent as it stands: it has no slots."""
    text = value.prose()
    if "{{" in text:
        value.wrong("is sent as it stands; slots are not filled here")
    return text


def _parameters(value: Value) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, entry in value.table().items():
        text = entry.text()
        try:
            found[name] = int(text) if text.isdecimal() else float(text)
        except ValueError:
            found[name] = text
    return found


def _states(value: Value) -> tuple[Fact, ...]:
    facts = []
    for name, entry in value.table().items():
        facts.append(Fact(name, name.replace("_", " "), read_patterns(entry), line=entry.line))
    return tuple(facts)


def own_factors(
    folder: Traversable, template: Template, offered: int, problems: Problems
) -> dict[str, Factor]:
    """Read the factors that are a setting's own: the files in its folder ``factors``.

    Args:
        folder: The setting's folder.
        template: The setting's texts, which their levels change.
        offered: How many answers of its own each query brings.
        problems: Where faults are noted: those of the files, and levels that name what the setting does not have.
    """
    found: dict[str, Factor] = {}
    inside = folder.joinpath(FACTORS)
    for name in names_in(folder, FACTORS, ".yaml"):
        factor, faults = read_factor(inside, name)
        for fault in faults:
            problems.add(fault.file, fault.line, fault.message)
        if factor is None:
            continue
        factor = _with_turns(factor, frozenset(template.turns))
        taken = {*shared_factors(), *template.factors, *_RESERVED}
        if factor.id in taken or factor.id.startswith("wording_"):
            message = f"the name {factor.id!r} is taken: it is a factor of the library, or a word of the design"
            problems.add(str(inside.joinpath(name)), 1, message)
        elif missing := _missing(factor, template):
            problems.add(str(inside.joinpath(name)), 1, missing)
        elif not usable(factor, template, offered):
            message = "none of its levels is possible in this setting"
            problems.add(str(inside.joinpath(name)), 1, message)
        else:
            found[factor.id] = factor
    return found


_RESERVED = frozenset(
    (
        *(
            "trial",
            "block",
            "subject",
            "setting",
            "version",
            "value",
            "control",
            "query",
            "wording",
        ),
        *("tier", "sample", "status", "reasoning", "output", "raw", "choice", "conversation"),
        *("messages", "stop", "error", "model", "seed", "input_tokens", "cached_tokens"),
        *("output_tokens", "seconds", "at", "attempt", "judge", "question", "outcome", "score"),
        *("evidence", "note", "label", "labels", "answer", "votes", "family", "comply_option"),
        *("verbalised", "reasoning_mode", "queries", "samples"),
    )
)
"""Words that name something else in a design, or a column of a study's tables."""


def _with_turns(factor: Factor, turns: frozenset[str]) -> Factor:
    """Say of each level which of its blocks belong to the user's turns."""

    def told(level: Level) -> Level:
        return replace(level, in_turns=level.anchors & turns)

    return replace(
        factor,
        levels={name: told(level) for name, level in factor.levels.items()},
        pattern=told(factor.pattern) if factor.pattern else None,
        ends={number: told(level) for number, level in factor.ends.items()},
    )


def _missing(factor: Factor, template: Template) -> str:
    """Say what a factor's levels name that the setting does not have; empty where there is nothing."""
    blocks = [*template.blocks, *template.turns]
    if factor.slot and factor.slot not in template.slots:
        return f"there is no slot {factor.slot!r}; {nearest(factor.slot, template.slots)}"
    for level in factor.changed:
        for block in sorted(level.anchors):
            if block not in blocks:
                return f"level {level.name}: there is no block {block!r}; {nearest(block, blocks)}"
        slots = _slots_at(template, level)
        for slot in sorted(_named(level) - slots):
            return f"level {level.name}: unknown slot {slot!r}; {nearest(slot, sorted(slots))}"
    return ""


def _slots_at(template: Template, level: Level) -> set[str]:
    """The slots that may stand in a level's texts: where it names blocks of the user's turn alone, a trial's too."""
    given = {*template.slots, *tier_slots(level.tiers or template.tiers), *PLACEHOLDERS}
    if level.anchors and level.anchors <= level.in_turns:
        given |= {*turn_slots(template.slots, template.query_slots), *CHOICE_SLOTS, *LIST_SLOTS}
    return given


def usable(factor: Factor, template: Template, offered: int) -> bool:
    """Whether a setting has what a factor's levels name: each block, each slot, and one level's conditions at least.

    Args:
        factor: The factor.
        template: The setting's texts.
        offered: How many answers of its own each query brings.
    """
    if _missing(factor, template):
        return False
    own = {**template.factors, QUERY_OPTIONS: (options_level(offered),)}
    return not factor.changed or any(level.possible(own) for level in factor.changed)


def _named(level: Level) -> set[str]:
    return {name for text in level.texts for name in _slot_names(text)}


@functools.lru_cache(maxsize=1024)
def _slot_names(text: str) -> frozenset[str]:
    return frozenset(slot.name for slot in read_slots(text)[0])
