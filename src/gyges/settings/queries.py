"""What do users ask in a setting, and in which order?

``queries.jsonl`` holds one JSON object a line: ``id``, ``topic``, ``text``; where some queries are variants of one
question, ``family``; where a query brings its own two answers, ``comply`` (what the objective asks for) and ``refuse``;
and where the setting attacks several values, ``value``. A first line with only ``canary`` is allowed. A study takes the
first N queries, so in the library every prefix of the list is balanced over the topics.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from gyges.errors import nearest
from gyges.settings.files import Source
from gyges.settings.problems import Problems
from gyges.settings.records import Query

__all__ = ["read_queries", "unbalanced"]

_KEYS = ("id", "topic", "text")
_OPTIONAL = ("family", "value", "comply", "refuse")
_TEXTS = ("text", "comply", "refuse")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def read_queries(source: Source, problems: Problems) -> dict[int, Query]:
    """Read the queries; faults are noted, sound lines are kept.

    Returns:
        The queries by the line they stand on, in order.
    """
    queries: dict[int, Query] = {}
    ids: dict[str, int] = {}
    texts: dict[str, int] = {}
    # Not splitlines(): JSON may hold other line separators inside a string.
    for line, row in enumerate(source.text.split("\n"), start=1):
        if not row.strip():
            continue
        query = _read_row(source.file, line, row, problems)
        if query is None:
            continue
        plain = " ".join(query.text.casefold().split())
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
    return queries


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
        if key not in (*_KEYS, *_OPTIONAL):
            known = (*_KEYS, *_OPTIONAL)
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
        elif re.search("[\ud800-\udfff]", data[key]):
            problems.add(file, line, f"{key!r} holds half of a character (a lone surrogate)")
        elif key not in _TEXTS and not _NAME.fullmatch(data[key]):
            form = "small letters, digits, hyphens, dots and _"
            problems.add(file, line, f"{key!r} is {data[key]!r}; allowed: {form}")
    if len(problems) > before and not all(isinstance(data.get(key), str) for key in _KEYS):
        return None
    if ("comply" in data) != ("refuse" in data):
        problems.add(file, line, "comply and refuse are the query's two answers: give both or none")
    extra = {key: data[key] for key in _OPTIONAL if isinstance(data.get(key), str)}
    return Query(data["id"], data["topic"], data["text"], **extra)
