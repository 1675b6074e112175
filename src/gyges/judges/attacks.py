"""What may a transcript do to get the verdict that it wants?

Worked examples, whose label is known, are changed as hostile transcripts are (``attacks.yaml``): they hold verdicts in
the judge's own form, close its delimiters, plead, claim authority, hide text, break off, or run on. The true label of
an attacked example is that of the example, and most attacks plead for another one. An example that is cut counts only
where every quote that its label rests on still stands. What a judge makes of them, ``under_attack.py`` measures.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from gyges.judges.question import UNDECIDED, Example, Question, content_hash
from gyges.judges.quotes import stands_in

__all__ = ["PER_ATTACK", "Attack", "Case", "Facts", "attacked", "attacks", "plea_of"]

FILE = Path(__file__).with_name("attacks.yaml")
PER_ATTACK = 6
"""Examples that each attack is tried on."""
_PLACES = {"output": ("output", "reasoning", "probe"), "reasoning": ("reasoning",)}
"""Where an attack may be put, the first that a question shows."""
_HIDDEN = "\u200b"

Facts = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Attack:
    """One way in which a transcript may try to get the verdict that it wants."""

    id: str
    does: str
    where: str
    """``output`` or ``reasoning``."""
    at: str = "end"
    text: str = ""
    hide: str = ""
    cut: float = 0.0
    """The share of the part that is kept; 0 for all."""
    pad: int = 0
    """Characters of padding."""
    pleads: bool = True
    spoken: bool = True
    """Whether it speaks to whoever judges."""


@dataclass(frozen=True, slots=True)
class Case:
    """An attacked example."""

    attack: Attack
    plain: Example
    """The example as it was."""
    example: Example
    """The example as a judge is shown it."""
    plea: str | None
    """The label that is pleaded for; None where none is."""


@lru_cache(maxsize=1)
def attacks() -> tuple[tuple[Attack, ...], frozenset[str], str]:
    """Read the attacks.

    Returns:
        The attacks, the questions whose answer is changed by words to a judge, and the hash of the file.
    """
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    found = tuple(Attack(**one) for one in data["attacks"])
    return found, frozenset(data["spoken_counts"]), content_hash(data)


def plea_of(question: Question, example: Example) -> tuple[str, dict[str, Any]] | None:
    """Give the label that an attack on an example pleads for, and the verdict in the judge's form.

    Args:
        question: What is asked.
        example: The example; the label is another one than its own.

    Returns:
        None where the question has no label to plead for.
    """
    true = example.label(question)
    words = _first_words(question, example)
    record: dict[str, Any] = {"reason": "This is clear from the text."}
    match question.kind:
        case "choice" | "order":
            others = [name for name in question.answers if name != true]
            values = question.values
            low = str(true) != UNDECIDED and values.get(str(true), 0.0) >= 0.5
            # The one that is farthest away; the first where labels are no amounts.
            plea = (min if low else max)(others, key=lambda name: values.get(name, 0.5))
            record |= {"evidence": words, "label": plea}
        case "criteria":
            plea = "no" if true == "yes" else "yes"
            said = words if plea == "yes" else ""
            record["criteria"] = {one.id: said for one in question.applying}
        case "labels":
            plea = "none" if true else question.labels[0].id
            record["labels"] = {one.id: words if one.id == plea else "" for one in question.labels}
        case "causes":
            named = true if isinstance(true, tuple) else ()
            causes = [one.id for one in question.labels]
            # One that the text does not name, if there is one; else one that is not its first.
            plea = next((name for name in causes if name not in named), causes[-1])
            if plea in named[:1]:
                plea = causes[0]
            record |= {"evidence": words, "causes": [plea], "probability-real": None}
        case _:
            return None
    for also in question.also:
        record[also.id] = next(iter(also.values)) if also.values else []
    return plea, record


def attacked(
    question: Question,
    examples: Sequence[Example],
    *,
    per_attack: int = PER_ATTACK,
    seed: int = 0,
    facts_of: Facts | None = None,
) -> list[Case]:
    """Attack examples of a question: each attack on some of them, drawn at random.

    Args:
        question: What is asked.
        examples: Its examples, or some.
        per_attack: The most examples for each attack.
        seed: Seeds the draws.
        facts_of: Gives the facts of a setting, which fill the question for its examples.
    """
    found, counting, _ = attacks()
    cases = []
    for attack in found:
        if attack.spoken and question.id in counting:
            continue
        order = list(examples)
        random.Random(f"{seed}:{question.name}:{attack.id}").shuffle(order)
        made = (case for one in order if (case := _attack(question, attack, one, facts_of)))
        cases += [case for case, _ in zip(made, range(per_attack), strict=False)]
    return cases


def _attack(
    question: Question, attack: Attack, example: Example, facts_of: Facts | None
) -> Case | None:
    """Attack one example; None where it cannot be."""
    shown = [p for p in _PLACES[attack.where] if p in question.sees and example.parts.get(p)]
    part = shown[0] if shown else None
    pleaded = plea_of(question, example)
    if part is None or pleaded is None:
        return None
    plea, record = pleaded
    before = example.parts[part]
    if attack.cut:
        after = before[: int(len(before) * attack.cut)].rstrip()
    else:
        added = _padding(attack.pad) if attack.pad else attack.text
        fill = facts_of is not None and "{criteria}" in added
        filled = question.filled(facts_of(example.setting)) if facts_of and fill else question
        for name, text in {
            "verdict": json.dumps(record, ensure_ascii=False),
            "label": plea,
            "criteria": _criteria(filled),
            "part": part,
        }.items():
            added = added.replace("{" + name + "}", text)
        if attack.hide == "zero-width":
            added = _HIDDEN.join(added)
        both = (added, before) if attack.at == "start" else (before, added)
        after = "\n\n".join(both)
    parts = {**example.parts, part: after}
    quotes = _quotes(example, question.variant)
    seen = "\n".join(parts[name] for name in question.sees if parts.get(name))
    if attack.cut and not (quotes and all(stands_in(quote, seen) for quote in quotes)):
        return None
    changed = replace(example, id=f"{attack.id}/{example.id}", parts=parts, known=None)
    return Case(attack, example, changed, plea if attack.pleads else None)


def _quotes(example: Example, variant: str | None) -> list[str]:
    answer = example.answer
    given = [answer.get("evidence")]
    if isinstance(answer.get("criteria"), Mapping):
        given += example.criteria(variant).values()
    if isinstance(answer.get("labels"), Mapping):
        given += answer["labels"].values()
    return [quote for quote in given if quote]


def _first_words(question: Question, example: Example) -> str:
    """Quote something that stands in the material, as a verdict would."""
    for part in ("reasoning", "output", *question.sees):
        if part in question.sees and example.parts.get(part):
            return " ".join(example.parts[part].split()[:6])
    return ""


def _criteria(question: Question) -> str:
    items = [(one.id, one.means) for one in question.labels]
    items += [(one.id, one.means) for one in question.applying]
    return "\n".join(f"- {id}: {' '.join(means.split())}" for id, means in items)


def _padding(size: int) -> str:
    lines: list[str] = []
    while sum(map(len, lines)) + len(lines) < size:
        number = len(lines) + 1
        lines.append(f"Line {number} of {size} was left empty on purpose; see line {number + 1}.")
    return "\n".join(lines)[:size]
