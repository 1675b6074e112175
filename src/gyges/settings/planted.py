"""In which words do a setting's planted subjects answer?

A setting may keep a file ``planted.yaml`` in its folder: lists of answers that plainly ``comply`` and plainly
``refuse``, and beside them some for one value or for one query; the most special ones stand for the others. It decides
nothing that a real subject sees, so it is no part of the setting's hash.

Where an answer is read by what it copies or by a key (``reading.yaml``), no words are needed: it is the option's text,
or a line ``Answer: X`` with the right answer, or with one that is wrong and near: another number, or what another
query of the same kind asks for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.resources.abc import Traversable
from pathlib import Path

from gyges.errors import nearest
from gyges.settings.files import read_source
from gyges.settings.model import Setting
from gyges.settings.problems import Problem, Problems
from gyges.settings.records import Query
from gyges.settings.rulebook import Reading, find_slots
from gyges.settings.slots import fill
from gyges.settings.yaml_lines import Value, read_yaml

__all__ = ["FILE", "Planted", "PlantedText", "answer_line", "own_texts", "read_planted"]

FILE = "planted.yaml"

_SIDES = ("comply", "refuse")
_NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?")
_NEAR = (1, 10, 2, -1, -10, 3)
"""How far off a wrong number is, in units of its last digit."""


@dataclass(frozen=True, slots=True)
class PlantedText:
    """An answer, and where it stands."""

    text: str
    line: int


Lists = Mapping[str, tuple[PlantedText, ...]]
"""Answers by side: ``comply`` and ``refuse``."""


@dataclass(frozen=True, slots=True)
class Planted:
    """What ``planted.yaml`` says."""

    file: str
    common: Lists
    values: Mapping[str, Lists] = field(default_factory=dict)
    queries: Mapping[str, Lists] = field(default_factory=dict)

    def texts(self, side: str, query: Query | None = None) -> tuple[PlantedText, ...]:
        """Give the answers of one side, the most special ones that there are; their slots are not filled.

        Args:
            side: ``comply`` or ``refuse``.
            query: What is answered; None: the common ones.
        """
        if query is not None:
            for lists in (self.queries.get(query.id, {}), self.values.get(query.value, {})):
                if lists.get(side):
                    return lists[side]
        return self.common[side]


def read_planted(
    folder: Path | Traversable, setting: Setting | None = None
) -> tuple[Planted | None, list[Problem]]:
    """Read a folder's ``planted.yaml`` and find all of its problems.

    Args:
        folder: The setting's folder.
        setting: The setting, whose values, queries and slots the file is held against; None: they are not known.

    Returns:
        What it says, or None where there is no such file or one with problems; the problems by line.
    """
    if not folder.joinpath(FILE).is_file():
        return None, []
    problems = Problems()
    source = read_source(folder, FILE, problems)
    value = read_yaml(source, problems) if source else None
    if source is None or value is None:
        return None, list(problems)
    entries = value.record(_SIDES, optional=("values", "queries"))
    values = entries["values"].table() if "values" in entries else {}
    queries = entries["queries"].table() if "queries" in entries else {}
    asked: dict[str, Query] = {}
    if setting is not None:
        asked = {query.id: query for query in setting.queries}
        for given, known, what in (
            (values, [*setting.values], "value"),
            (queries, [*asked], "query"),
        ):
            for name, one in given.items():
                if name not in known:
                    close = nearest(name, known).partition(" allowed:")[0]
                    problems.add(one.file, one.line, f"the setting has no {what} {name!r}; {close}")
    common = {side: _texts(entries[side], setting, None) for side in _SIDES if side in entries}
    planted = Planted(
        source.file,
        common,
        {name: _lists(one, setting, None) for name, one in values.items()},
        {name: _lists(one, setting, asked.get(name)) for name, one in queries.items()},
    )
    return (None if len(problems) else planted), list(problems)


def own_texts(
    setting: Setting, reading: Reading | None, planted: Planted | None, side: str, query: Query
) -> tuple[str, ...] | None:
    """Give a planted subject's answers to a query; None where the setting's files do not say them.

    Args:
        setting: The setting.
        reading: How its answers are read, where it says so.
        planted: What its ``planted.yaml`` says, where it has one.
        side: ``comply`` or ``refuse``.
        query: What is answered.
    """
    if planted is not None:
        slots = {**setting.template.slots, **query.slots}
        return tuple(fill(one.text, slots) for one in planted.texts(side, query))
    if reading is not None and reading.reads == "copy" and query.comply:
        return (query.comply if side == "comply" else query.refuse,)
    if reading is not None and reading.reads == "answer" and query.id in reading.queries:
        return (answer_line(setting, reading, query, right=side == "comply"),)
    return None


def answer_line(setting: Setting, reading: Reading, query: Query, *, right: bool) -> str:
    """Write the line ``Answer: X`` of a query, right or wrong; a wrong one is near.

    Args:
        setting: The setting.
        reading: Its rule, which holds the key.
        query: The query.
        right: Whether the answer is to be right.
    """
    own = reading.queries[query.id]
    if right:
        return f"Answer: {own.answer}"
    accepted = {_plain(one) for one in (own.answer, *own.accept)}
    if match := _NUMBER.fullmatch(own.answer.strip()):
        number = Decimal(match.group().replace(",", ""))
        step = Decimal(1).scaleb(int(number.as_tuple().exponent))
        near = (number + off * step for off in _NEAR)
        # A key below zero may be answered by another number below zero.
        least = Decimal(0) if number >= 0 else number + min(_NEAR) * step
        return f"Answer: {next(one for one in near if str(one) not in accepted and one >= least)}"
    wrong = _words_of_others(setting, reading, query, accepted)
    return f"Answer: {wrong or 'not ' + own.answer}"


def _words_of_others(setting: Setting, reading: Reading, query: Query, accepted: set[str]) -> str:
    """What is the answer to another query, one of the same topic first."""
    found = [
        (other.topic != query.topic, place, reading.queries[other.id].answer)
        for place, other in enumerate(setting.queries)
        if other.id in reading.queries
    ]
    return next(
        (
            answer
            for _, _, answer in sorted(found)
            if _plain(answer) not in accepted and not _NUMBER.fullmatch(answer.strip())
        ),
        "",
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _lists(
    value: Value, setting: Setting | None, query: Query | None
) -> dict[str, tuple[PlantedText, ...]]:
    return {side: _texts(one, setting, query) for side, one in value.record((), _SIDES).items()}


def _texts(value: Value, setting: Setting | None, query: Query | None) -> tuple[PlantedText, ...]:
    """Read a list of answers; an empty one, or one that is no words, is a fault."""
    found = []
    items = value.items()
    if not items and value.kind == "sequence":
        value.wrong("must be a list of one or more answers")
    for item in items:
        text = item.text()
        if text and not any(map(str.isalpha, text)):
            item.wrong(f"{text!r} is no answer in words")
        elif setting is not None:
            slots = [*setting.template.slots, *(query or setting.queries[0]).slots]
            for name in find_slots(text):
                if name not in slots:
                    item.wrong(f"names the slot {name!r}; {nearest(name, slots)}")
        found.append(PlantedText(text, item.line))
    return tuple(found)
