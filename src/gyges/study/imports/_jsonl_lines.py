"""Is one line of a JSONL file a trial, and if not, what is wrong with it?"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gyges.errors import nearest
from gyges.study.schema import (
    OUTCOMES,
    TIERS,
    TRIAL_COLUMNS,
    TRIAL_STATUSES,
    VERDICT_COLUMNS,
)

__all__ = ["COLUMNS", "Line", "parse_line"]

REQUIRED = ("subject", "setting", "query", "tier", "sample")
"""Every line has these, and ``outcome`` unless its status says why there is none."""

OPTIONAL = ("outcome", "value", "wording", "reasoning", "output", "prompt", "status")

COLUMNS = (*REQUIRED, *OPTIONAL)

_RESERVED = (TRIAL_COLUMNS.keys() | VERDICT_COLUMNS.keys()) - set(COLUMNS)
_NO_ANSWER = ("refused", "empty", "error")
"""Statuses of trials without an answer that an outcome could be about."""
_TIER_NAME = re.compile(r"[a-z][a-z0-9_]*")
_INTEGERS = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is a trial."""

    number: int
    """From 1."""
    fields: dict[str, Any]
    """The known columns that are there and not null."""
    factors: dict[str, str | int | float | bool]
    """The further columns that are not null."""
    nulls: list[str] = field(default_factory=list)
    """The further columns that are null."""


def parse_line(raw: bytes, number: int) -> Line | list[str]:
    """Read one line.

    Args:
        raw: The line without its line break, not blank.
        number: Its number, from 1.

    Returns:
        The trial, or everything that is wrong with the line, in words.
    """
    try:
        record = json.loads(
            raw.decode(), object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite
        )
    except UnicodeDecodeError as error:
        hint = "; the file looks like UTF-16, save it as UTF-8" if raw[:2] in _UTF16 else ""
        return [f"not UTF-8: byte 0x{raw[error.start]:02x} at column {error.start + 1}{hint}"]
    except json.JSONDecodeError as error:
        return [f"not JSON: {error.msg} at column {error.colno}; allowed: one JSON object a line"]
    except (ValueError, RecursionError) as error:
        return [str(error)]
    if not isinstance(record, dict):
        return [
            f"a JSON {_TYPES.get(type(record), 'null')} instead of an object; allowed: one JSON"
            " object a line, without brackets or commas around them"
        ]
    problems = list(_problems(record))
    if problems:
        return problems
    given = {name: value for name, value in record.items() if value is not None}
    return Line(
        number,
        {name: value for name, value in given.items() if name in COLUMNS},
        {name: value for name, value in given.items() if name not in COLUMNS},
        [name for name, value in record.items() if value is None and name not in COLUMNS],
    )


_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_TYPES: dict[type, str] = {
    dict: "object",
    list: "list",
    str: "text",
    bool: "boolean",
    int: "number",
    float: "number",
}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in record if names.count(name) > 1)
        raise ValueError(f"{twice!r} stands twice in one object; allowed: each name once")
    return record


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number; allowed: finite numbers, or null")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large a number; allowed: finite numbers")
    return number


def _problems(record: dict[str, Any]) -> Iterator[str]:
    for name in REQUIRED:
        if record.get(name) is None:
            state = "null" if name in record else "missing"
            close = "" if name in record else _misspelt(name, record)
            yield f"{name} is {state}; every line needs {', '.join(REQUIRED)} and outcome{close}"
    for name in ("subject", "setting", "query"):
        yield from _text(record, name, blank=False)
    for name in ("value", "wording", "reasoning", "output", "prompt"):
        yield from _text(record, name, blank=True)
    yield from _tier(record.get("tier"))
    yield from _sample(record.get("sample"))
    yield from _outcome(record)
    for name, value in record.items():
        if name not in COLUMNS:
            yield from _factor(name, value)


def _misspelt(name: str, record: dict[str, Any]) -> str:
    close = [key for key in record if key not in COLUMNS and key.strip().lower() == name]
    return f" (found {close[0]!r}: names are lower case, without blanks)" if close else ""


def _text(record: dict[str, Any], name: str, *, blank: bool) -> Iterator[str]:
    value = record.get(name)
    if value is None:
        return
    if not isinstance(value, str):
        yield f"{name} is {_show(value)}; allowed: text in quotation marks"
    elif not blank and not value.strip():
        yield f"{name} is blank; allowed: text"
    elif not _storable(value):
        yield f"{name} holds half of a Unicode surrogate pair; allowed: valid Unicode"


def _tier(tier: Any) -> Iterator[str]:
    if tier is None:
        return
    if not isinstance(tier, str):
        yield f"tier is {_show(tier)}; {nearest('', TIERS)}"
    elif tier not in TIERS and (not _TIER_NAME.fullmatch(tier) or _typo(tier)):
        yield f"tier is {tier!r}; {nearest(tier.strip().lower(), TIERS)}"


def _typo(tier: str) -> bool:
    """Whether a further tier's name is one of the two, almost."""
    plain = tier.replace("_", "")
    return any(plain == name or _distance_one(plain, name) for name in TIERS)


def _distance_one(one: str, two: str) -> bool:
    """Whether one letter added, lost or changed, or two swapped, make the same word."""
    if abs(len(one) - len(two)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), None)
    if start is None:
        return True
    rest, other = one[start:], two[start:]
    swapped = rest[:2] == other[:2][::-1] and rest[2:] == other[2:]
    return swapped or rest[1:] == other[1:] or rest[1:] == other or rest == other[1:]


def _sample(sample: Any) -> Iterator[str]:
    if sample is None:
        return
    if not isinstance(sample, int) or isinstance(sample, bool) or sample not in range(2**63):
        yield f"sample is {_show(sample)}; allowed: a whole number from 0"


def _outcome(record: dict[str, Any]) -> Iterator[str]:
    status = record.get("status")
    if status is None:
        status = "ok"
    if not isinstance(status, str) or status not in TRIAL_STATUSES:
        yield f"status is {_show(status)}; {nearest(str(status), TRIAL_STATUSES)}"
        return
    outcome = record.get("outcome")
    allowed = f"allowed: {', '.join(OUTCOMES)}, or a number from 0 to 1"
    if outcome is None:
        if status == "ok":
            state = "null" if "outcome" in record else "missing"
            others = ", ".join(name for name in TRIAL_STATUSES if name != "ok")
            yield f"outcome is {state}; {allowed}, or a status that says why ({others})"
    elif status in _NO_ANSWER:
        yield (
            f"outcome is {_show(outcome)}, but status is {status!r}: there is no answer that it"
            " could be about; leave the outcome out, or the status"
        )
    elif isinstance(outcome, bool) or not isinstance(outcome, str | int | float):
        yield f"outcome is {_show(outcome)}; {allowed}"
    elif isinstance(outcome, str):
        if outcome not in OUTCOMES:
            others = nearest(outcome, OUTCOMES)
            yield f"outcome is {_show(outcome)}; {others}, or a number from 0 to 1"
    elif not 0 <= outcome <= 1:
        yield f"outcome is {_show(outcome)}; {allowed}"


def _factor(name: str, value: Any) -> Iterator[str]:
    if not name.strip() or name != name.strip() or not _storable(name):
        yield f"the column name {name!r} is blank or has blanks around it; allowed: a plain name"
    elif name in _RESERVED:
        yield f"the column name {name!r} is reserved by the study; rename it, as in 'my_{name}'"
    elif isinstance(value, dict | list):
        yield (
            f"the column {name!r} holds a JSON {_TYPES[type(value)]}; allowed in further columns:"
            " text, a number, true, false or null"
        )
    elif isinstance(value, str) and not _storable(value):
        yield f"the column {name!r} holds half of a Unicode surrogate pair; allowed: valid Unicode"
    elif isinstance(value, int) and value not in _INTEGERS:
        yield f"the column {name!r} is {_show(value)}; allowed: whole numbers of up to 64 bits"


def _storable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
