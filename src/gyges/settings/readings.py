"""How is an answer in words read by rule in this setting?

A setting may keep a file ``reading.yaml`` in its folder. It says what is read (``marks`` in the words, the option that
is copied, the answer behind ``Answer:``, or what was traded) and by which patterns, common ones and some of a value or
of a query alone. It decides nothing that a subject sees, so it is no part of the setting's hash; its own hash is the
version of the judge that reads by it.

A pattern is a regular expression, in any case, over a text whose runs of blanks and line breaks are one blank each. It
may hold ``{{ slot }}`` for a slot of the query or of the setting.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import cast

from gyges.errors import SettingError, nearest
from gyges.settings.files import read_source
from gyges.settings.model import Setting
from gyges.settings.problems import Problem, Problems, told
from gyges.settings.records import Query
from gyges.settings.rulebook import (
    READS,
    Mark,
    QueryReading,
    Reading,
    Reads,
    Stakeholder,
    fill_patterns,
    find_slots,
    offered,
)
from gyges.settings.yaml_lines import Value, read_yaml

__all__ = ["FILE", "SCHEMA", "load_reading", "read_reading"]

FILE = "reading.yaml"
SCHEMA = "gyges.reading/1"

_OUTCOMES = ("comply", "partial", "refuse")
_UNREAD = ("undecided", *_OUTCOMES)
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_NAME_FORM = "a name: small letters, digits, hyphens and _, such as 'named'"
_OF_QUERY = ("answer", "accept", "stakeholders")
_PERSON = re.compile(r"[^\W_][^:,;\n]*")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_BLANKS = re.compile(r"\\[nrtfv](?![?*{])")
"""Blanks of a kind that the text that is read does not hold."""


def load_reading(setting: Setting | Path | Traversable) -> Reading | None:
    """Read how a setting's answers are read by rule; None where it has no ``reading.yaml``.

    Args:
        setting: The setting, or its folder, of which less can be checked.

    Raises:
        SettingError: The file breaks the format; all of its problems are listed with file and line.
    """
    known = setting if isinstance(setting, Setting) else None
    folder = setting.folder if isinstance(setting, Setting) else setting
    reading, problems = read_reading(folder, known)
    if problems:
        raise SettingError(told(folder.joinpath(FILE), problems))
    return reading


def read_reading(
    folder: Path | Traversable, setting: Setting | None = None
) -> tuple[Reading | None, list[Problem]]:
    """Read a folder's ``reading.yaml`` and find all of its problems.

    Args:
        folder: The setting's folder.
        setting: The setting, whose queries, values and slots the file is held against; None: they are not known.

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
    version = hashlib.sha256(source.text.encode()).hexdigest()[:12]
    reading = _Reader(setting, problems).read(value, version)
    return (None if len(problems) else reading), list(problems)


class _Reader:
    """Reads the values of one file.

    Args:
        setting: What it is held against; None: nothing.
        problems: Where faults are noted.
    """

    def __init__(self, setting: Setting | None, problems: Problems) -> None:
        self._setting, self._problems = setting, problems

    def read(self, value: Value, version: str) -> Reading:
        entries = value.record(
            ("schema", "reads"), optional=("silent", "both", "marks", "labels", "values", "queries")
        )
        if "schema" in entries:
            entries["schema"].choice((SCHEMA,))
        reads = entries["reads"].choice(READS) if "reads" in entries else "marks"
        if reads not in READS:
            reads = "marks"
        unread = {}
        for name in ("silent", "both"):
            if name in entries:
                if reads != "marks":
                    entries[name].wrong(f"means nothing where the file reads {reads}; leave it out")
                unread[name] = entries[name].choice(_UNREAD)
        values = entries["values"].table() if "values" in entries else {}
        queries = entries["queries"].table() if "queries" in entries else {}
        if self._setting is not None:
            self._known(values, self._setting.values, "value")
            ids = [query.id for query in self._setting.queries]
            # Where the queries are those of a user's own file, the file cannot know them.
            foreign = self._setting.requests or self._setting.brought
            self._known({} if foreign else queries, ids, "query")
        reading = Reading(
            file=value.file,
            version=version,
            reads=cast(Reads, reads),
            marks=self._marks(entries["marks"], reads) if "marks" in entries else {},
            labels=self._labels(entries["labels"]) if "labels" in entries else {},
            values={name: self._marks(one, reads) for name, one in values.items()},
            queries={name: self._query(name, one, reads) for name, one in queries.items()},
            line=entries["reads"].line if "reads" in entries else 1,
            **unread,
        )
        if self._setting is not None:
            self._complete(reading, self._setting)
        return reading

    def _known(
        self, given: Mapping[str, Value], known: Mapping[str, str] | list[str], what: str
    ) -> None:
        for name, value in given.items():
            if name not in known:
                few = (
                    nearest(name, known).partition(" allowed:")[0]
                    if len(known) > 12
                    else nearest(name, known)
                )
                self._problems.add(
                    value.file, value.line, f"the setting has no {what} {name!r}; {few}"
                )

    def _marks(self, value: Value, reads: str) -> dict[str, tuple[Mark, ...]]:
        entries = value.record((), optional=READS[reads])
        return {name: self._patterns(one) for name, one in entries.items()}

    def _labels(self, value: Value) -> dict[str, tuple[Mark, ...]]:
        found = {}
        for name, one in value.table().items():
            if not _NAME.fullmatch(name):
                one.wrong(f"{name!r} is not {_NAME_FORM}")
            # What is missing can be a label too: such a pattern matches an empty text.
            found[name] = self._patterns(one, empty=True)
        return found

    def _query(self, id: str, value: Value, reads: str) -> QueryReading:
        optional: tuple[str, ...] = READS[reads]
        optional += {"answer": ("answer", "accept"), "copy": ("stakeholders",)}.get(reads, ())
        entries = value.record((), optional=optional)
        query = self._query_of(id)
        kinds = {name: one for name, one in entries.items() if name not in _OF_QUERY}
        answer = entries["answer"].text() if "answer" in entries else ""
        accept = entries["accept"].items() if "accept" in entries else []
        people = entries["stakeholders"].table() if "stakeholders" in entries else {}
        return QueryReading(
            marks={name: self._patterns(one, query) for name, one in kinds.items()},
            answer=answer,
            accept=tuple(item.text() for item in accept),
            stakeholders={
                name: self._stakeholder(name, one, query) for name, one in people.items()
            },
            line=value.line,
        )

    def _stakeholder(self, name: str, value: Value, query: Query | None) -> Stakeholder:
        if not _PERSON.fullmatch(name):
            value.wrong(f"{name!r} is not a name: no commas, colons or semicolons in it")
        entries = value.record(("marks", "honoured_by"))
        marks = self._patterns(entries["marks"], query) if "marks" in entries else ()
        labels = [*(one.label for one in offered(query)), "opt-out"] if query else []
        honoured = tuple(
            item.choice(labels) if labels else item.text()
            for item in (entries["honoured_by"].items() if "honoured_by" in entries else [])
        )
        return Stakeholder(fill_patterns(marks, self._slots(query)), honoured)

    def _patterns(
        self, value: Value, query: Query | None = None, *, empty: bool = False
    ) -> tuple[Mark, ...]:
        """Read a list of patterns; one that is none, or that says nothing, is a fault."""
        found = []
        for item in value.items():
            pattern = item.text()
            if not pattern:
                continue
            if fault := self._fault(pattern, query, empty=empty):
                item.wrong(f"{pattern!r} {fault}")
            else:
                found.append(Mark(pattern, item.line))
        return tuple(found)

    def _fault(self, pattern: str, query: Query | None, *, empty: bool) -> str:
        allowed = self._slot_names(query)
        for slot in find_slots(pattern):
            if allowed is not None and slot not in allowed:
                return f"names the slot {slot!r}; {nearest(slot, allowed)}"
        try:
            compiled = re.compile(fill_patterns([Mark(pattern, 0)], None)[0], re.IGNORECASE)
        except (re.error, OverflowError) as error:
            return f"is no regular expression: {error}"
        if not empty and (compiled.search("") or compiled.fullmatch(" ")):
            return "matches an empty text, so it says nothing"
        # Where there is a choice, or in a set of characters, something else may match.
        must = "" if "|" in pattern else _CLASS.sub("", pattern)
        if found := _BLANKS.search(must):
            return (
                f"can never match: it asks for {found[0]}, and in the text that is read every run of blanks and line "
                "breaks is one blank"
            )
        return ""

    def _slot_names(self, query: Query | None) -> list[str] | None:
        if self._setting is None:
            return None
        some = query or self._setting.queries[0]
        return [*self._setting.template.slots, *some.slots]

    def _slots(self, query: Query | None) -> dict[str, str] | None:
        if self._setting is None or query is None:
            return None
        return {**self._setting.template.slots, **query.slots}

    def _query_of(self, id: str) -> Query | None:
        if self._setting is None:
            return None
        return next((query for query in self._setting.queries if query.id == id), None)

    def _complete(self, reading: Reading, setting: Setting) -> None:
        """Every query must bring what it is read by."""
        lacking: dict[str, list[str]] = {}
        for query in setting.queries:
            if why := _lacks(reading, query):
                lacking.setdefault(why, []).append(query.id)
        for why, ids in lacking.items():
            line = next(
                (reading.queries[id].line for id in ids if id in reading.queries), reading.line
            )
            more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
            self._problems.add(reading.file, line, f"{why}: {', '.join(ids[:3])}{more}")


def _lacks(reading: Reading, query: Query) -> str:
    if reading.reads == "copy" and not query.comply:
        return (
            "reads: copy needs queries that offer options (comply and refuse), and some offer none"
        )
    if reading.reads == "answer" and not (
        query.id in reading.queries and reading.queries[query.id].answer
    ):
        return "reads: answer needs the answer of every query (queries: {ID: {answer: ...}}), and some have none"
    if reading.reads == "marks":
        marks = reading.marks_of(query)
        sides = {side for side in ("comply", "refuse") if marks.get(side)}
        if reading.silent in _OUTCOMES:
            sides.add(reading.silent)
        if len(sides & {"comply", "refuse"}) < 2:
            return "the marks of some queries speak for one side only: give marks for comply and for refuse"
    return ""
