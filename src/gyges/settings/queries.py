"""What do users ask in a setting, and in which order?

``queries.jsonl`` holds one JSON object a line: ``id``, ``topic``, ``text``; where some queries are variants of one
question, ``family``; where a query brings its own answers, ``comply`` (what the objective asks for) and ``refuse``, and
further ones in ``others``; where the setting attacks several values, ``value``; and ``slots``, texts for the slots of
the user's turns by name. A first line with only ``canary`` is allowed. A study takes the
first N queries, so in the library every prefix of the list is balanced over the topics.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gyges.errors import nearest
from gyges.settings.files import Source
from gyges.settings.problems import Problems
from gyges.settings.records import Option, Query
from gyges.settings.template import RESERVED_SLOTS

__all__ = ["read_queries", "unbalanced"]

_KEYS = ("id", "topic", "text")
_OPTIONAL = ("family", "value", "comply", "refuse")
_NESTED = ("others", "slots")
_TEXTS = ("text", "comply", "refuse")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_SLOT = re.compile(r"[a-z][a-z0-9_]*")
_HALF = re.compile("[\ud800-\udfff]")


def read_queries(source: Source, problems: Problems) -> dict[int, Query]:
    """Read the queries; faults are noted, sound lines are kept.

    Returns:
        The queries by the line they stand on, in order.
    """
    queries: dict[int, Query] = {}
    ids: dict[str, int] = {}
    texts: dict[tuple[str, ...], int] = {}
    # Not splitlines(): JSON may hold other line separators inside a string.
    for line, row in enumerate(source.text.split("\n"), start=1):
        if not row.strip():
            continue
        query = _read_row(source.file, line, row, problems)
        if query is None:
            continue
        # One question may be asked under several values.
        said = (query.value, query.text, *query.slots.values())
        plain = tuple(" ".join(text.casefold().split()) for text in said)
        if query.id in ids:
            problems.add(
                source.file, line, f"query id {query.id!r} stands here and in line {ids[query.id]}"
            )
        elif plain in texts:
            problems.add(
                source.file, line, f"query {query.id!r} asks the same as line {texts[plain]}"
            )
        ids.setdefault(query.id, line)
        texts.setdefault(plain, line)
        queries[line] = query
    if not queries:
        problems.add(source.file, 1, "the file holds no query")
    if any(query.family for query in queries.values()):
        # A query without one is a family of its own.
        queries = {
            line: query if query.family else replace(query, family=query.id)
            for line, query in queries.items()
        }
    _check_alike(source.file, queries, problems)
    return queries


def _check_alike(file: str, queries: Mapping[int, Query], problems: Problems) -> None:
    """All queries bring texts for the same slots, and as many answers."""
    first = next(iter(queries.values()), None)
    for line, query in queries.items():
        assert first is not None
        if list(query.slots) != list(first.slots):
            wanted = ", ".join(first.slots) or "none"
            message = f"slots {', '.join(query.slots) or 'none'}; the first query has {wanted}: all need the same"
            problems.add(file, line, message)
        if query.comply and first.comply and len(query.others) != len(first.others):
            message = f"{2 + len(query.others)} answers, the first query has {2 + len(first.others)}: all need as many"
            problems.add(file, line, message)


def unbalanced(queries: Mapping[int, Query]) -> tuple[int, str] | None:
    """The first line at which one topic is two queries ahead of another, or None.

    Returns:
        The line and the message.
    """
    counts = Counter({query.topic: 0 for query in queries.values()})
    for line, query in queries.items():
        counts[query.topic] += 1
        behind, least = min(counts.items(), key=lambda item: item[1])
        if counts[query.topic] - least > 1:
            message = f"topic {query.topic!r} comes again before {behind!r} has had its turn"
            return line, f"{message}: take the topics in turn"
    return None


def _read_row(file: str, line: int, row: str, problems: Problems) -> Query | None:
    try:
        data = json.loads(row)
    except json.JSONDecodeError as error:
        problems.add(file, line, f"this is not JSON: {error.msg} (column {error.colno})")
        return None
    except (ValueError, RecursionError):
        # Numbers and nesting beyond what Python reads.
        problems.add(file, line, "this is not JSON that can be read")
        return None
    if not isinstance(data, dict):
        problems.add(file, line, 'a line must be an object: {"id": ..., "topic": ..., "text": ...}')
        return None
    if line == 1 and set(data) == {"canary"}:
        return None
    before = len(problems)
    for key in data:
        known = (*_KEYS, *_OPTIONAL, *_NESTED)
        if key not in known:
            problems.add(file, line, f"{key!r} is not known here; {nearest(key, known)}")
    for key in (*_KEYS, *_OPTIONAL):
        if key not in data:
            if key in _OPTIONAL:
                continue
            problems.add(file, line, f"{key!r} is missing")
        elif not isinstance(data[key], str):
            problems.add(file, line, f"{key!r} must be a text, not {data[key]!r}")
        elif not data[key].strip():
            problems.add(file, line, f"{key!r} is empty")
        elif _HALF.search(data[key]):
            problems.add(file, line, f"{key!r} holds half of a character (a lone surrogate)")
        elif key not in _TEXTS and not _NAME.fullmatch(data[key]):
            form = "small letters, digits, hyphens, dots and _"
            problems.add(file, line, f"{key!r} is {data[key]!r}; allowed: {form}")
    if len(problems) > before and not all(isinstance(data.get(key), str) for key in _KEYS):
        return None
    if ("comply" in data) != ("refuse" in data):
        problems.add(file, line, "comply and refuse are the query's two answers: give both or none")
    if "others" in data and "comply" not in data:
        problems.add(file, line, "others stand beside comply and refuse, which are missing")
    extra = {key: data[key] for key in _OPTIONAL if isinstance(data.get(key), str)}
    others = _others(data["others"], file, line, problems) if "others" in data else ()
    slots = _slots(data["slots"], file, line, problems) if "slots" in data else {}
    query = Query(data["id"], data["topic"], data["text"], others=others, slots=slots, **extra)
    offered = [" ".join(text.casefold().split()) for text in query.options or ()]
    if len(set(offered)) < len(offered):
        problems.add(file, line, "two of the query's answers are the same")
    return query


def _others(value: Any, file: str, line: int, problems: Problems) -> tuple[Option, ...]:
    found = []
    for one in value if isinstance(value, list) else [None]:
        given: dict[str, Any] = one if isinstance(one, dict) else {}
        counts = given.get("is", "refuse")
        sound = set(given) <= {"text", "is"} and _is_text(given.get("text"))
        if not sound or counts not in ("partial", "refuse"):
            form = '[{"text": "...", "is": "refuse"}], where is may be partial'
            problems.add(file, line, f"others is {one!r:.60}; write {form}")
            return ()
        found.append(Option(given["text"], counts))
    return tuple(found)


def _slots(value: Any, file: str, line: int, problems: Problems) -> dict[str, str]:
    sound = isinstance(value, dict) and all(map(_is_text, value.values()))
    if not sound or not value:
        problems.add(file, line, 'slots holds texts by name: {"ticker": "ALV"}')
        return {}
    for name in value:
        if not _SLOT.fullmatch(name) or name in RESERVED_SLOTS:
            form = "small letters, digits and _, no reserved word"
            problems.add(file, line, f"{name!r} can't name a slot: {form}")
    return dict(sorted(value.items()))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not _HALF.search(value)
