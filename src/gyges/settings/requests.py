"""What do users ask, where a user brings the queries in a file of his own?

Some settings are scaffolds: their queries are stand-ins, and what is asked comes from a file that the user has, a CSV
file or JSON lines. Which of its columns holds the text, and which an id, a topic or a family, is said by a mapping,
because public sets name them differently. Nothing of the file is copied into the project; a study holds what it asked.

A study takes the first N queries, so the rows are put in an order in which the topics come in turn. The setting's hash
goes on to cover the file's texts: a study that was begun with one file is not gone on with by another.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gyges.errors import SettingError, nearest
from gyges.settings.model import Setting
from gyges.settings.readings import read_reading
from gyges.settings.records import Query

__all__ = ["FIELDS", "Requests", "read_requests", "with_requests"]

FIELDS = ("text", "id", "topic", "family")
"""What a column can be mapped to."""

_KNOWN = (
    "goal",
    "prompt",
    "question",
    "behavior",
    "forbidden_prompt",
    "request",
    "instruction",
    "query",
)
"""How public sets name the column of the text, in small letters."""

_TOPIC = "request"
_MOST = 200
"""So much of a row is shown in a message; a request may be harmful."""


@dataclass(frozen=True, slots=True)
class Requests:
    """The queries of a user's file."""

    queries: tuple[Query, ...]
    """In an order in which the topics come in turn."""
    file: str
    """The file's name, without its folder."""
    hash: str
    """SHA-256 over the queries: 64 hex digits."""
    notes: tuple[str, ...] = ()
    """What was left out, and why."""

    def record(self) -> dict[str, Any]:
        """Give what a study's specification says of the file."""
        return {"file": self.file, "queries": len(self.queries), "hash": self.hash[:12]}


def read_requests(path: Path, columns: Mapping[str, str] | None = None) -> Requests:
    """Read queries from a CSV file or JSON lines.

    Args:
        path: The file; ``.csv`` and ``.tsv`` are tables with a line of names, ``.jsonl`` and ``.ndjson`` objects.
        columns: For ``text`` (and, where wanted, ``id``, ``topic``, ``family``) the name of the column. What is not
            mapped is looked for under its own name.

    Raises:
        SettingError: The file cannot be read, has no such column, or holds no text.
    """
    where = f"--query-file {path}"
    chosen = _chosen(columns or {})
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingError(f"{where}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise SettingError(f"{where}: is not UTF-8 text; save it as UTF-8") from None
    rows = list(_rows(path, text, where))
    if not rows:
        raise SettingError(f"{where}: holds no row")
    named = _named(rows, chosen, where)
    queries, notes = _queries(rows, named, where)
    if not queries:
        raise SettingError(f"{where}: no row has a text in the column {named['text']!r}")
    told = json.dumps([[one.id, one.topic, one.text, one.family] for one in queries])
    digest = hashlib.sha256(told.encode()).hexdigest()
    return Requests(tuple(_in_turn(queries)), path.name, digest, tuple(notes))


def with_requests(setting: Setting, requests: Requests) -> Setting:
    """Put a user's queries in the place of a setting's own.

    Raises:
        SettingError: The setting's queries bring more than a text (answers, values, slots, a key), or a text of the
            file holds a tag of the prompt.
    """
    first = setting.queries[0]
    for name, there in (
        ("answers", first.comply),
        ("a value", first.value),
        ("slots", first.slots),
    ):
        if there:
            raise SettingError(
                f"--query-file {requests.file}: each query of {setting.id} brings {name} beside its text, which the "
                "file cannot; it can be given for settings whose queries are texts, such as helpful-only"
            )
    schemes = [level.tiers for one in setting.shared.values() for level in one.levels.values()]
    tags = sorted({tier.tag for tiers in (setting.tiers, *schemes) for tier in tiers if tier.tag})
    tags += sorted(set(re.findall(r"</?[A-Za-z_][\w-]*>", setting.template.turn)))
    for query in requests.queries:
        if found := next((tag for tag in tags if tag in query.text), None):
            raise SettingError(
                f"--query-file {requests.file}: query {query.id!r} holds {found!r}, which is part of the prompt's own "
                "form; take it out"
            )
    both = hashlib.sha256(f"{setting.hash}\n{requests.hash}".encode()).hexdigest()
    asked = dataclasses.replace(
        setting, queries=requests.queries, hash=both, requests=False, brought=True
    )
    if read_reading(setting.folder, asked)[1]:
        raise SettingError(
            f"--query-file {requests.file}: answers in {setting.id} are read by what its reading.yaml says of each "
            "query, which the file cannot bring; it can be given for settings whose marks hold for any query, such as "
            "helpful-only"
        )
    return asked


def _chosen(columns: Mapping[str, str]) -> dict[str, str]:
    for name in columns:
        if name not in FIELDS:
            raise SettingError(f"--query-map {name}={columns[name]}: {nearest(name, FIELDS)}")
    return dict(columns)


def _rows(path: Path, text: str, where: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows by their line."""
    kind = path.suffix.lower()
    if kind in (".csv", ".tsv"):
        # Not strict, a quotation mark that is never closed would swallow the rows behind it.
        table = csv.DictReader(
            io.StringIO(text, newline=""),
            delimiter="\t" if kind == ".tsv" else ",",
            strict=True,
        )
        try:
            names = [str(name) for name in table.fieldnames or ()]
            if twice := next((name for name in names if names.count(name) > 1), None):
                raise SettingError(f"{where}:1: two columns are named {twice!r}; rename one")
            for row in table:
                if None in row:
                    raise SettingError(
                        f"{where}:{table.line_num}: has more cells than the {len(names)} columns that line 1 names; "
                        "put a text that holds a comma or a tab in quotation marks"
                    )
                yield table.line_num, dict(row)
        except csv.Error as error:
            raise SettingError(f"{where}:{table.line_num}: not readable as CSV: {error}") from None
    elif kind in (".jsonl", ".ndjson"):
        for line, written in enumerate(text.split("\n"), start=1):
            if not written.strip():
                continue
            try:
                data = json.loads(written)
            except (ValueError, RecursionError):
                data = None
            if not isinstance(data, dict):
                raise SettingError(f"{where}:{line}: is no JSON object; write one object a line")
            yield line, data
    else:
        raise SettingError(
            f"{where}: files are .csv, .tsv or .jsonl, not {kind or 'without an ending'!r}"
        )


def _named(
    rows: list[tuple[int, dict[str, Any]]], chosen: Mapping[str, str], where: str
) -> dict[str, str]:
    """Which column holds what; those that are not there are left out."""
    columns = list(dict.fromkeys(name for _, row in rows for name in row))
    for name, column in chosen.items():
        if column not in columns:
            raise SettingError(
                f"{where}: no column {column!r} for {name}; {nearest(column, columns)}"
            )
    found = {name: chosen.get(name, name) for name in FIELDS if chosen.get(name, name) in columns}
    if "text" not in found:
        likely = next(
            (one for one in columns if one.lower() in _KNOWN), columns[0] if columns else "..."
        )
        raise SettingError(
            f"{where}: no column 'text'; the file has {', '.join(columns)[:_MOST]}. Say which one holds what is asked: "
            f"--query-map text={likely}"
        )
    return found


def _queries(
    rows: list[tuple[int, dict[str, Any]]], named: Mapping[str, str], where: str
) -> tuple[list[Query], list[str]]:
    queries: list[Query] = []
    ids: dict[str, int] = {}
    texts: dict[str, int] = {}
    empty: list[int] = []
    again: list[int] = []
    width = len(str(len(rows)))
    for number, (line, row) in enumerate(rows, start=1):
        text = _text(row, named["text"], line, where)
        plain = " ".join(text.casefold().split())
        if not plain:
            empty.append(line)
            continue
        if plain in texts:
            again.append(line)
            continue
        texts[plain] = line
        given = _text(row, named["id"], line, where) if "id" in named else ""
        id_ = _slug(given) or f"row-{number:0{width}d}"
        if id_ in ids:
            raise SettingError(
                f"{where}:{line}: id {given!r} stands here and in line {ids[id_]}; map another column, or none, to id"
            )
        ids[id_] = line
        topic = _slug(_text(row, named["topic"], line, where)) if "topic" in named else ""
        family = _slug(_text(row, named["family"], line, where)) if "family" in named else ""
        queries.append(
            Query(id_, topic or _TOPIC, text, family or (id_ if "family" in named else ""))
        )
    notes = []
    if empty:
        notes.append(f"{len(empty)} rows without a text (line {_lines(empty)})")
    if again:
        notes.append(
            f"{len(again)} rows whose text stands earlier in the file (line {_lines(again)})"
        )
    return queries, notes


def _text(row: Mapping[str, Any], column: str, line: int, where: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise SettingError(f"{where}:{line}: {column!r} is no text but {type(value).__name__}")
    text = str(value).strip()
    if re.search("[\ud800-\udfff]", text):
        raise SettingError(
            f"{where}:{line}: {column!r} holds half of a character (a lone surrogate)"
        )
    if "\x00" in text:
        raise SettingError(f"{where}:{line}: {column!r} holds a character without a form (NUL)")
    return text


def _slug(text: str) -> str:
    """An id as settings write them: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-._")[:80]


def _lines(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")


def _in_turn(queries: list[Query]) -> Iterator[Query]:
    """Take the topics in turn, each in the file's order, so that the first N are balanced."""
    topics: dict[str, list[Query]] = {}
    for query in queries:
        topics.setdefault(query.topic, []).append(query)
    for place in range(max(map(len, topics.values()))):
        for rows in topics.values():
            if place < len(rows):
                yield rows[place]
