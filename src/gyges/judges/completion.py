"""What did a judge say: one clear answer, or why there is none?

Only the judge's own completion is read: the call of the tool it was given, or a text that is one JSON object and
nothing else. An object among other words may be one that the judge quotes from a transcript that pleads with it, so it
is ``unparsed``, as is one that is not of the form; what a provider withheld is ``refused``. Nothing of that is a
verdict.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gyges.judges.form import Answer, FormError, dumps, read_answer
from gyges.judges.question import Question
from gyges.judges.votes import combine
from gyges.study import Verdict
from gyges.study.schema import OUTCOMES

if TYPE_CHECKING:
    from inspect_ai.model import ModelOutput

__all__ = ["Vote", "fill_verdict", "read_completion"]

Vote = Answer | tuple[str, str]
"""An answer, or a status and why there is none."""


def read_completion(output: ModelOutput, question: Question, seen: str, prompt: str) -> Vote:
    """Read a judge's completion: an answer, or a status and a reason unless it is one clear object of the form.

    Args:
        output: What the judge said.
        question: What it was asked.
        seen: What its quotes must stand in.
        prompt: The prompt's own words.
    """
    stop = output.choices[0].stop_reason if output.choices else "unknown"
    if stop == "content_filter":
        return "refused", "the provider withheld the judge's answer"
    calls = (output.choices[0].message.tool_calls or []) if output.choices else []
    text = output.completion.strip()
    said = [dict(call.arguments) for call in calls if call.function == "verdict"]
    record = said[0] if len(said) == 1 else _whole(text)
    if record is None or len(said) > 1:
        what = "several verdicts" if len(said) > 1 else f"the judge said: {text[:500]}"
        return "unparsed", what if said or text else f"the judge said nothing ({stop})"
    try:
        return read_answer(_clean(record), question, seen, prompt)
    except (FormError, ArithmeticError, RecursionError) as error:
        return "unparsed", f"{error}; the judge said: {text[:500]}"


_THOUGHT = re.compile(r"\A<think>.*?</think>\s*", re.DOTALL)
_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*)\n\s*```\Z", re.DOTALL)


def _whole(text: str) -> dict[str, Any] | None:
    """Read a completion that is one JSON object and nothing else, perhaps in a fence.

    An object inside other words may be one that the judge quotes from the material.
    """
    text = _THOUGHT.sub("", text)
    if fenced := _FENCE.match(text):
        text = fenced[1].strip()
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _clean(value: Any) -> Any:
    """Replace halves of characters, which no file can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_clean(str(name)): _clean(inner) for name, inner in value.items()}
    return [_clean(inner) for inner in value] if isinstance(value, list) else value


def fill_verdict(
    verdict: Verdict,
    votes: Sequence[Vote],
    question: Question,
    threshold: float,
    rule: str | None = None,
) -> None:
    """Fill a verdict from its votes.

    Votes that failed are left out; where they are half or more, the verdict has the status of most of them.
    """
    answers = [vote for vote in votes if isinstance(vote, Answer)]
    failures = [vote for vote in votes if not isinstance(vote, Answer)]
    verdict.votes = len(answers)
    if failures and 2 * len(failures) >= len(votes):
        verdict.status = Counter(status for status, _ in failures).most_common(1)[0][0]
        verdict.note = next(why for status, why in failures if status == verdict.status)
        return
    answer = combine(answers, question, threshold=threshold, rule=rule)
    verdict.label, verdict.labels, verdict.score = answer.label, answer.labels, answer.score
    verdict.evidence = answer.evidence
    verdict.answer = dumps(answer.data)
    notes = [answer.reason, answer.note]
    if failures:
        notes.append(f"{len(failures)} of {len(votes)} votes failed: {failures[0][1][:200]}")
    verdict.note = " | ".join(note for note in notes if note) or None
    if question.id == "outcome" and answer.label in OUTCOMES:
        # Of an outcome the label says all; a number beside it would be another reading.
        verdict.outcome, verdict.label = answer.label, None
        verdict.score = answer.score if len(answers) > 1 else None
