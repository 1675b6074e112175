"""What did a judge say: one clear answer, or why there is none?

Only the judge's own completion is read: the call of the tool it was given, or the JSON objects at the top level of its
text. Several that differ, one that is not of the form, and none at all are ``unparsed``; what a provider withheld is
``refused``. Nothing of that is a verdict.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
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
    found = [dict(call.arguments) for call in calls if call.function == "verdict"]
    found = found or [record for record in _objects(text) if record.keys() & _keys(question)]
    answers: list[Answer] = []
    why = ""
    for record in found:
        try:
            answers.append(read_answer(record, question, seen, prompt))
        except FormError as error:
            why = str(error)
    said = {(one.label, tuple(one.labels), repr(one.data.get("scores"))) for one in answers}
    if len(said) != 1 or why:
        what = f"the judge said: {text[:500]}" if text else f"the judge said nothing ({stop})"
        if why:
            what = f"{why}; {what}"
        elif len(said) > 1:
            what = f"several verdicts; {what}"
        return "unparsed", what
    return answers[-1]


def _keys(question: Question) -> set[str]:
    keys = {
        "choice": "label",
        "order": "label",
        "criteria": "criteria",
        "labels": "labels",
        "scores": "scores",
    }
    return {keys.get(question.kind, "causes"), *({"outcome"} if question.id == "outcome" else ())}


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects at the top level of a text."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            record, end = decoder.raw_decode(text, at)
        except ValueError:
            at = text.find("{", at + 1)
            continue
        except RecursionError:
            # Nested deeper than any verdict.
            return
        if isinstance(record, dict):
            yield record
        at = text.find("{", end)


def fill_verdict(
    verdict: Verdict,
    votes: Sequence[Vote],
    question: Question,
    threshold: float,
    rule: str = "majority",
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
