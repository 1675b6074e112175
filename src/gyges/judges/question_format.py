"""Is a question's file sound, and what does it say?

Each fault is named with its place in the file, all of them at once. The worked examples are held to the question too:
a label that does not exist, or a quote that does not stand in the text it is quoted from, is a fault.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gyges.errors import JudgeError, nearest
from gyges.judges.question import (
    KINDS,
    PARTS,
    UNDECIDED,
    Also,
    Criterion,
    Example,
    Label,
    Question,
    Scale,
)
from gyges.judges.quotes import SEPARATOR, stands_in

__all__ = ["question_of"]

_KEYS = {
    "id", "version", "title", "kind", "about", "source", "sees", "needs", "echo", "ask", "labels", "criteria", "scales",
    "also", "variants", "votes", "temperature", "threshold", "probe", "examples",
}  # fmt: skip
_EXAMPLE = {"id", "setting", *PARTS, "answer", "why", "known"}
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LIST_OF = {"criteria": "criteria", "scores": "scales"}
"""Which key lists what a question of a kind is about; ``labels`` for the others."""
_MIN_EXAMPLES = 12


class _Faults(list[str]):
    def check(self, sound: bool, text: str) -> bool:
        if not sound:
            self.append(text)
        return sound


def question_of(data: Any, path: Path) -> Question:
    """Make a question of what its file holds.

    Args:
        data: The file, as YAML reads it.
        path: The file, for messages; its stem must be the question's id.

    Raises:
        JudgeError: It breaks the format; every fault is named.
    """
    faults = _Faults()
    if not isinstance(data, dict):
        raise JudgeError(f"{path}: not a question: expected a map with id, kind, ask, ...")
    question = _head(data, path, faults)
    if faults:
        raise JudgeError(f"{path}: {'; '.join(faults)}")
    examples = []
    for at, given in enumerate(data.get("examples") or []):
        where = f"examples[{at}]"
        if isinstance(given, dict) and given.get("id"):
            where = f"example {given['id']}"
        if (example := _example(given, question, where, faults)) is not None:
            examples.append(example)
    ids = [one.id for one in examples]
    faults.check(len(set(ids)) == len(ids), "two examples have one id")
    faults.check(
        len(examples) >= _MIN_EXAMPLES or bool(faults),
        f"{len(examples)} examples; a question needs at least {_MIN_EXAMPLES}",
    )
    if faults:
        raise JudgeError(f"{path}: {'; '.join(faults)}")
    return dataclasses.replace(question, examples=tuple(examples))


def _head(data: Mapping[str, Any], path: Path, faults: _Faults) -> Question:
    for key in data.keys() - _KEYS:
        faults.append(f"unknown key {key!r}; {nearest(str(key), sorted(_KEYS))}")
    text = _texts(data, ("id", "title", "kind", "about", "source", "ask"), "", faults)
    faults.check(text["id"] == path.stem, f"id {text['id']!r}: the file is named {path.stem}")
    kind = text["kind"]
    faults.check(kind in KINDS, f"kind {kind!r}: {nearest(kind, KINDS)}")
    sees, needs = (tuple(data.get(name) or ()) for name in ("sees", "needs"))
    for name, given in (("sees", sees), ("needs", needs)):
        for part in given:
            faults.check(part in PARTS, f"{name}: {part!r}; {nearest(str(part), PARTS)}")
        faults.check(bool(given), f"{name}: give at least one of {', '.join(PARTS)}")
    faults.check(set(needs) <= set(sees), "needs: holds a part that the judge does not see")
    labels = _each(data, "labels", _label, faults)
    criteria = _each(data, "criteria", _criterion, faults)
    scales = _each(data, "scales", _scale, faults)
    if kind in KINDS:
        wanted = _LIST_OF.get(kind, "labels")
        has = {"labels": labels, "criteria": criteria, "scales": scales}
        for name, given in has.items():
            if name == wanted:
                faults.check(len(given) > (kind in ("choice", "order")), f"{name}: too few")
            else:
                faults.check(not given, f"{name}: not in a question of the kind {kind}")
    variants = data.get("variants") or {}
    for one in criteria:
        for name in (*one.variants, *one.instead):
            faults.check(name in variants, f"criterion {one.id}: no variant {name!r}")
    votes = data.get("votes", 1)
    faults.check(type(votes) is int and 1 <= votes <= 1000, f"votes {votes!r}: from 1 to 1000")
    numbers = {}
    for name, default, most in (("temperature", 0.0, 2.0), ("threshold", 0.5, 1.0)):
        number = data.get(name, default)
        sound = type(number) in (int, float) and 0 <= number <= most
        faults.check(sound, f"{name} {number!r}: from 0 to {most:g}")
        numbers[name] = float(number) if sound else default
    return Question(
        id=text["id"],
        title=text["title"],
        kind=kind,
        about=text["about"],
        source=text["source"],
        ask=text["ask"],
        version=int(data.get("version") or 1),
        sees=tuple(part for part in PARTS if part in sees),
        needs=tuple(part for part in PARTS if part in needs),
        labels=labels,
        criteria=criteria,
        scales=scales,
        also=tuple(_also(name, given, faults) for name, given in (data.get("also") or {}).items()),
        echo=bool(data.get("echo", False)),
        variants={str(name): str(means).strip() for name, means in variants.items()},
        votes=votes if type(votes) is int else 1,
        probe={str(when): str(said).strip() for when, said in (data.get("probe") or {}).items()},
        temperature=numbers["temperature"],
        threshold=numbers["threshold"],
    )


def _texts(
    data: Mapping[str, Any], names: tuple[str, ...], where: str, faults: _Faults
) -> dict[str, str]:
    found = {}
    for name in names:
        given = data.get(name)
        faults.check(
            isinstance(given, str) and bool(given.strip()), f"{where}{name}: a text is missing"
        )
        found[name] = str(given or "").strip()
    return found


def _each(
    data: Mapping[str, Any], key: str, read: Callable[[Mapping[str, Any], str, _Faults], Any], faults: _Faults
) -> tuple[Any, ...]:  # fmt: skip
    found = []
    for at, given in enumerate(data.get(key) or []):
        if not isinstance(given, dict) or not _NAME.fullmatch(str(given.get("id", ""))):
            faults.append(f"{key}[{at}]: needs an id of lower-case letters, digits and hyphens")
            continue
        found.append(read(given, f"{key} {given['id']}: ", faults))
    ids = [one.id for one in found]
    faults.check(len(set(ids)) == len(ids), f"{key}: two have one id")
    faults.check(UNDECIDED not in ids, f"{key}: {UNDECIDED} is always allowed and not listed")
    return tuple(found)


def _label(given: Mapping[str, Any], where: str, faults: _Faults) -> Label:
    text = _texts(given, ("id", "means"), where, faults)
    value = given.get("value")
    if value is not None:
        faults.check(type(value) in (int, float) and 0 <= value <= 1, f"{where}value: from 0 to 1")
    return Label(**text, value=None if value is None else float(value))


def _criterion(given: Mapping[str, Any], where: str, faults: _Faults) -> Criterion:
    text = _texts(given, ("id", "means"), where, faults)
    variants = tuple(map(str, given.get("variants") or ()))
    instead = given.get("in") or {}
    if not isinstance(instead, dict):
        faults.append(f"{where}in: write a map of variant to text")
        instead = {}
    return Criterion(
        **text,
        required=bool(given.get("required", True)),
        variants=variants,
        instead=_texts(instead, tuple(map(str, instead)), f"{where}in: ", faults),
    )


def _scale(given: Mapping[str, Any], where: str, faults: _Faults) -> Scale:
    text = _texts(given, ("id", "means"), where, faults)
    low, high = given.get("low", 0), given.get("high", 10)
    sound = type(low) is int and type(high) is int and low < high
    faults.check(sound, f"{where}low {low!r}, high {high!r}: whole numbers, low below high")
    at = given.get("at") or {}
    for mark in at:
        faults.check(
            not sound or (type(mark) is int and low <= mark <= high), f"{where}at {mark!r}"
        )
    return Scale(**text, low=low, high=high, at={mark: str(said) for mark, said in at.items()})


def _also(name: str, given: Any, faults: _Faults) -> Also:
    """Read a further field: ``list``, a list of values, a map of values, or a map with ``values`` and ``means``."""
    faults.check(bool(_NAME.fullmatch(name)), f"also {name!r}: lower-case letters and hyphens")
    means = ""
    if isinstance(given, dict) and "values" in given:
        means = str(given.get("means") or "").strip()
        given = given["values"]
    if given == "list":
        return Also(name, None, means)
    if isinstance(given, list) and given:
        return Also(name, dict.fromkeys(map(str, given), ""), means)
    if isinstance(given, dict) and given:
        return Also(name, {str(value): str(said or "") for value, said in given.items()}, means)
    faults.append(f"also {name}: write list, or the values that are allowed")
    return Also(name, None)


def _example(given: Any, question: Question, where: str, faults: _Faults) -> Example | None:
    if not isinstance(given, dict):
        faults.append(f"{where}: not a map")
        return None
    for key in given.keys() - _EXAMPLE:
        faults.append(f"{where}: unknown key {key!r}; {nearest(str(key), sorted(_EXAMPLE))}")
    parts = {part: str(given[part]).strip() for part in PARTS if given.get(part)}
    for part in question.needs:
        faults.check(part in parts, f"{where}: {part} is missing")
    known = given.get("known")
    faults.check(known in (None, "positive", "negative"), f"{where}: known {known!r}")
    answer = given.get("answer")
    if not isinstance(answer, dict):
        faults.append(f"{where}: answer: a map is missing")
        return None
    before = len(faults)
    seen = SEPARATOR.join(parts[part] for part in question.sees if part in parts)
    faults.extend(f"{where}: {fault}" for fault in _answer_faults(answer, question, seen))
    text = _texts(given, ("id", "setting", "why"), f"{where}: ", faults)
    if len(faults) > before:
        return None
    return Example(text["id"], text["setting"], parts, answer, text["why"], known)


def _answer_faults(answer: Mapping[str, Any], question: Question, seen: str) -> list[str]:
    faults: list[str] = []
    quotes: list[str] = []
    match question.kind:
        case "choice" | "order":
            label = str(answer.get("label"))
            if label not in (*question.answers, UNDECIDED):
                faults.append(f"label {label!r}; {nearest(label, question.answers)}")
            quotes = [str(answer.get("evidence") or "")]
        case "criteria":
            given = answer.get("criteria") or {}
            ids = [one.id for one in question.criteria]
            faults += [f"no criterion {name!r}" for name in given if name not in ids]
            faults += [f"criterion {name} is not answered" for name in ids if name not in given]
            quotes = [str(quote or "") for quote in given.values()]
            for name, own in (answer.get("variants") or {}).items():
                if name not in question.variants:
                    faults.append(f"no variant {name!r}; {nearest(str(name), question.variants)}")
                    continue
                found, quoted = _variant_faults(own, given, question.in_variant(name))
                faults += [f"variant {name}: {fault}" for fault in found]
                quotes += quoted
        case "labels":
            given = answer.get("labels")
            if not isinstance(given, dict):
                return ["labels: a map of label to quote is missing"]
            ids = [one.id for one in question.labels]
            faults += [f"no label {name!r}" for name in given if name not in ids]
            faults += [f"label {name} has no quote" for name, quote in given.items() if not quote]
            quotes = list(map(str, given.values()))
        case "scores":
            given = answer.get("scores") or {}
            for scale in question.scales:
                number = given.get(scale.id)
                if type(number) is not int or not scale.low <= number <= scale.high:
                    faults.append(f"{scale.id} {number!r}: from {scale.low} to {scale.high}")
            quotes = [str(answer.get("evidence") or "")]
        case "causes":
            ids = [one.id for one in question.labels]
            faults += [
                f"no cause {name!r}" for name in answer.get("causes") or () if name not in ids
            ]
            number = answer.get("probability-real")
            if number is not None and not (type(number) in (int, float) and 0 <= number <= 1):
                faults.append(f"probability-real {number!r}: from 0 to 1")
            quotes = [str(answer.get("evidence") or "")]
    for also in question.also:
        said = answer.get(also.id)
        if also.values is None:
            if not isinstance(said, list):
                faults.append(f"{also.id}: a list is missing")
        elif said not in also.values:
            faults.append(f"{also.id} {said!r}; {nearest(str(said), also.values)}")
    faults += [
        f"the quote {quote[:60]!r} does not stand in what the judge sees"
        for quote in quotes
        if quote and not stands_in(quote, seen)
    ]
    return faults


def _variant_faults(
    own: Any, base: Mapping[str, Any], question: Question
) -> tuple[list[str], list[str]]:
    """Check what an example says of a variant, and give its quotes.

    Only criteria that read otherwise in the variant may be answered otherwise.
    """
    given = own.get("criteria") if isinstance(own, dict) else None
    if not isinstance(given, dict):
        return ["write label, and under criteria those that differ"], []
    faults = [f"unknown key {key!r}" for key in own if key not in ("label", "criteria")]
    other = [one.id for one in question.criteria if question.variant in one.instead]
    faults += [f"criterion {name} does not read otherwise" for name in given if name not in other]
    found = {**base, **given}
    label = "yes" if all(found.get(one.id) for one in question.required) else "no"
    if own.get("label") != label:
        faults.append(f"label {own.get('label')!r}: by its criteria it is {label}")
    return faults, [str(quote or "") for quote in given.values()]
