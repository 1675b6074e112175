"""In what form does a judge answer a question, and what does it say?

The form is a JSON schema, the same whether a provider takes it as a response schema or as the parameters of a tool; the
reason comes before the answer, so that the answer is not given first and then defended. What comes back is held to the
form and to the text: a quote that does not stand in what the judge was shown counts for nothing, nor does one that only
repeats the prompt where the question says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gyges.judges.question import UNDECIDED, Question
from gyges.judges.quotes import is_echo, is_nothing, stands_in

__all__ = ["Answer", "FormError", "answer_schema", "read_answer"]


class FormError(ValueError):
    """A judge's answer that is not of the form."""


@dataclass(slots=True)
class Answer:
    """What one answer of a judge says."""

    label: str | None = None
    """The one label; ``yes`` or ``no`` for ``criteria`` and ``labels``; None for ``scores``."""
    labels: list[str] = field(default_factory=list)
    """The labels that apply, or the causes in their order."""
    score: float | None = None
    """From 0 to 1, where the label stands for an amount, or the probability of ``causes``."""
    evidence: list[str] = field(default_factory=list)
    """Quotes that stand in the text."""
    data: dict[str, Any] = field(default_factory=dict)
    """The whole answer, for the record."""
    reason: str = ""
    note: str = ""
    """What was wrong with it, where something was left out."""


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def answer_schema(question: Question) -> dict[str, Any]:
    """Return the JSON schema of an answer to a question, strict: every key is required."""
    quote = "words copied exactly from the material; empty if "
    properties: dict[str, Any] = {"reason": _text("one or two sentences, before the answer")}
    if question.kind in ("criteria", "labels", "scores"):
        properties["readable"] = {"type": "boolean"}
    match question.kind:
        case "choice" | "order":
            properties["evidence"] = _text(quote + "no single passage decides")
            properties["label"] = {"type": "string", "enum": [*question.answers, UNDECIDED]}
        case "criteria":
            each = {one.id: _text(quote + "it is not met") for one in question.applying}
            properties["criteria"] = _object(each)
        case "labels":
            each = {one.id: _text(quote + "it does not apply") for one in question.labels}
            properties["labels"] = _object(each)
        case "scores":
            properties["evidence"] = _text(quote + "no single passage decides")
            each = {
                one.id: {"type": "integer", "description": f"{one.low} to {one.high}"}
                for one in question.scales
            }
            properties["scores"] = _object(each)
        case "causes":
            properties["evidence"] = _text(quote + "no single passage decides")
            names = [one.id for one in question.labels]
            properties["causes"] = {
                "type": "array",
                "items": {"type": "string", "enum": names},
                "description": "the likeliest first; empty if none is named",
            }
            properties["probability-real"] = {
                "anyOf": [{"type": "number"}, {"type": "null"}],
                "description": "0 to 1; null if none is given or implied",
            }
    for also in question.also:
        properties[also.id] = (
            {"type": "array", "items": {"type": "string"}}
            if also.values is None
            else {"type": "string", "enum": list(also.values)}
        )
    return _object(properties)


def read_answer(
    record: Mapping[str, Any], question: Question, seen: str, prompt: str = ""
) -> Answer:
    """Read one JSON object as an answer.

    Args:
        record: The object.
        question: What was asked.
        seen: The text that the judge was shown; quotes must stand in it.
        prompt: The prompt's own words; where the question has ``echo``, a quote that stands here does not count.

    Raises:
        FormError: It is not of the form: a label that does not exist, a key that is missing, a number out of range.
    """
    answer = Answer(reason=str(record.get("reason") or "")[:500])
    read = {
        "choice": _choice,
        "order": _choice,
        "criteria": _criteria,
        "labels": _labels,
        "scores": _scores,
        "causes": _causes,
    }[question.kind]
    read(record, question, _Quotes(seen, prompt if question.echo else "", answer), answer)
    for also in question.also:
        said = record.get(also.id)
        if also.values is None:
            answer.data[also.id] = list(map(str, said))[:50] if isinstance(said, list) else []
        elif (word := str(said).strip().lower()) in also.values:
            answer.data[also.id] = word
    return answer


class _Quotes:
    """Holds quotes to the text, and keeps those that stand in it."""

    def __init__(self, seen: str, prompt: str, answer: Answer) -> None:
        self._seen, self._prompt, self._answer = seen, prompt, answer
        self._notes: list[str] = []
        self.made_up = False
        """Whether a quote did not stand in the text."""

    def holds(self, quote: Any, what: str) -> bool:
        """Whether a quote counts; why it does not is noted."""
        text = quote.strip() if isinstance(quote, str) else ""
        if is_nothing(text):
            return False
        if not stands_in(text, self._seen):
            self.made_up = True
            self._note(f"{what}: the quote does not stand in the text: {text[:80]!r}")
            return False
        if self._prompt and is_echo(text, self._prompt):
            self._note(f"{what}: only repeats the prompt: {text[:80]!r}")
            return False
        if text not in self._answer.evidence:
            self._answer.evidence.append(text)
        return True

    def _note(self, text: str) -> None:
        self._notes.append(text)
        self._answer.note = "; ".join(self._notes)[:1000]


def _label_of(record: Mapping[str, Any], question: Question) -> str:
    # The question of the outcome has always been answered under its own name.
    given = record.get("label", record.get("outcome") if question.id == "outcome" else None)
    label = str(given).strip().lower()
    if label not in (*question.answers, UNDECIDED):
        raise FormError(f"the label {str(given)[:60]!r} is none of {', '.join(question.answers)}")
    return label


def _choice(record: Mapping[str, Any], question: Question, quotes: _Quotes, answer: Answer) -> None:
    answer.label = _label_of(record, question)
    answer.score = question.values.get(answer.label)
    quotes.holds(record.get("evidence"), "evidence")
    answer.data["label"] = answer.label


def _map(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    given = record.get(key)
    if not isinstance(given, dict):
        raise FormError(f"{key} is missing")
    return given


def _criteria(
    record: Mapping[str, Any], question: Question, quotes: _Quotes, answer: Answer
) -> None:
    claimed = _quotes_of(_map(record, "criteria"), [one.id for one in question.applying])
    if _unreadable(record, answer):
        return
    met = {name: quotes.holds(quote, name) for name, quote in claimed.items()}
    unfounded = any(_says(claimed[one.id]) and not met[one.id] for one in question.required)
    yes = all(met[one.id] for one in question.required)
    # A claim without a quote that stands in the text is neither believed nor taken for its opposite.
    answer.label = "yes" if yes else "no"
    if not yes and unfounded and all(_says(claimed[one.id]) for one in question.required):
        answer.label = UNDECIDED
    answer.score = question.values.get(answer.label)
    answer.labels = [name for name, found in met.items() if found]
    answer.data["criteria"] = {
        name: str(quote).strip() if met[name] else None for name, quote in claimed.items()
    }


def _says(quote: Any) -> bool:
    return isinstance(quote, str) and not is_nothing(quote)


def _quotes_of(given: Mapping[str, Any], ids: Sequence[str]) -> dict[str, str | None]:
    """Take one quote for each id: a text or null, all of them and no others."""
    missing = [name for name in ids if name not in given]
    if missing:
        raise FormError(f"{', '.join(missing)}: not answered")
    unknown = [name for name in given if name not in ids]
    if unknown:
        raise FormError(f"no label {str(unknown[0])[:60]!r}")
    for name in ids:
        if not isinstance(given[name], str | None):
            # A judge that says so in another form has said something: it is not taken for "no".
            raise FormError(f"{name}: {str(given[name])[:60]!r} is no quote")
    return {name: given[name] for name in ids}


def _unreadable(record: Mapping[str, Any], answer: Answer) -> bool:
    """Whether the judge says that the text does not let it decide."""
    readable = record.get("readable", True)
    if not isinstance(readable, bool):
        raise FormError(f"readable: {str(readable)[:60]!r} is neither true nor false")
    if not readable:
        answer.label, answer.data["readable"] = UNDECIDED, False
    return not readable


def _labels(record: Mapping[str, Any], question: Question, quotes: _Quotes, answer: Answer) -> None:
    given = _quotes_of(_map(record, "labels"), [one.id for one in question.labels])
    if _unreadable(record, answer):
        return
    found = {name: str(quote).strip() for name, quote in given.items() if quotes.holds(quote, name)}
    answer.labels = list(found)
    answer.label = "yes" if found else "no"
    answer.score = 1.0 if found else 0.0
    if not found and quotes.made_up:
        # Nothing is known then; an echo of the prompt, by contrast, is known to be none.
        answer.label, answer.score = UNDECIDED, None
    answer.data["labels"] = found


def _scores(record: Mapping[str, Any], question: Question, quotes: _Quotes, answer: Answer) -> None:
    given = _map(record, "scores")
    if _unreadable(record, answer):
        return
    scores: dict[str, float] = {}
    for scale in question.scales:
        number = given.get(scale.id)
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise FormError(f"{scale.id}: {number!r} is no number")
        if not scale.low <= number <= scale.high:
            raise FormError(
                f"{scale.id}: {str(number)[:20]} is not from {scale.low} to {scale.high}"
            )
        scores[scale.id] = float(number)
    quotes.holds(record.get("evidence"), "evidence")
    answer.data["scores"] = scores


def _causes(record: Mapping[str, Any], question: Question, quotes: _Quotes, answer: Answer) -> None:
    given = record.get("causes")
    if not isinstance(given, list):
        raise FormError("causes is missing")
    ids = [one.id for one in question.labels]
    causes = list(dict.fromkeys(str(name).strip().lower() for name in given))
    unknown = [name for name in causes if name not in ids]
    if unknown:
        raise FormError(f"no cause {unknown[0][:60]!r}")
    number = record.get("probability-real", record.get("probability_real"))
    if number is not None:
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 1:
            raise FormError(f"probability-real: {number!r} is not from 0 to 1")
        number = float(number)
    quotes.holds(record.get("evidence"), "evidence")
    answer.labels, answer.score = causes, number
    answer.label = causes[0] if causes else UNDECIDED
    answer.data.update({"causes": causes, "probability-real": number})


def dumps(data: Mapping[str, Any]) -> str:
    """Write an answer's data as it is stored."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
