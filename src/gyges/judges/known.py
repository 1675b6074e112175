"""What does a judge make of transcripts whose label is known?

Each question comes with worked examples. A few of them, the plainest positive and negative ones, are shown to every
judge that reads a study, as it is shown the study's own trials, and what it makes of them is kept beside its verdicts:
a judge that does not see what is plain says nothing about what is not. All of them are shown on demand.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gyges.judges.asked import AskedJudge
from gyges.judges.question import Example, Question
from gyges.judges.reader import Reader
from gyges.study import Verdict

__all__ = ["Known", "judge_known", "known_record"]

SCHEMA = "gyges.known/1"
TOLERANCE = 2
"""How far each score may lie from the expected one."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a judge made of one known transcript."""

    id: str
    expected: Any
    """A label, several, or the scores."""
    said: Any
    """The same; None where there is no verdict."""
    status: str
    right: bool | None
    """None where there is no verdict. Scores are right within ``TOLERANCE``."""
    known: str | None
    """``positive`` or ``negative`` for the controls of every study."""
    why: str
    note: str | None = None


async def judge_known(
    judge: AskedJudge | Reader,
    question: Question,
    examples: Sequence[Example],
    *,
    facts_of: Callable[[str], Mapping[str, str]] | None = None,
) -> list[Known]:
    """Show a judge transcripts whose label is known.

    Args:
        judge: The judge.
        question: The question that it answers.
        examples: Some of the question's examples.
        facts_of: Gives the facts of a setting, which fill the question for its examples.
    """
    if isinstance(judge, AskedJudge):
        limit = asyncio.Semaphore(max(1, judge.connections // judge.votes))

        async def one(example: Example) -> Verdict:
            async with limit:
                value = example.columns.get("value", "")
                # One of the study's own setting is filled as its trials are, by the value.
                facts = facts_of(example.setting) if facts_of is not None and not value else None
                return await judge.judge(example.id, example.parts, value, facts=facts)

        verdicts = await asyncio.gather(*map(one, examples))
        return [_known(e, v, question) for e, v in zip(examples, verdicts, strict=True)]
    found = []
    for example in examples:
        given = {**dict.fromkeys(getattr(judge, "also", ())), **example.columns}
        parts = {"user": example.parts.get("query"), **given, **example.parts}
        # A judge may read what no example holds, such as the letter of an option.
        if all(parts.get(name) for name in judge.columns):
            found.append(_known(example, judge.verdict(example.id, parts), question))
    return found


def _known(example: Example, verdict: Verdict, question: Question) -> Known:
    expected = example.label(question)
    said: Any = verdict.outcome or verdict.label
    if question.kind in ("labels", "causes"):
        order = [label.id for label in question.labels]
        said = (
            sorted(verdict.labels, key=order.index) if question.kind == "labels" else verdict.labels
        )
    right: bool | None = None
    shown: Any = list(expected) if isinstance(expected, tuple) else expected
    if question.kind == "scores":
        wanted = dict(example.answer["scores"])
        given = json.loads(verdict.answer or "{}").get("scores") or {}
        near = [
            abs(given.get(name, TOLERANCE + number + 1) - number) for name, number in wanted.items()
        ]
        right = max(near) <= TOLERANCE if verdict.status == "ok" else None
        said, shown = given, wanted
    elif verdict.status == "ok" and expected is not None:
        if question.kind == "causes":
            # Which is likeliest; how a judge ranks the rest is a matter of taste.
            right = list(said)[:1] == list(expected)[:1]
        else:
            right = (list(said) == list(expected)) if isinstance(said, list) else said == expected
    return Known(
        id=example.id,
        expected=shown,
        said=said if verdict.status == "ok" else None,
        status=verdict.status,
        right=right,
        known=example.known,
        why=example.why,
        note=verdict.note,
    )


def known_record(judge: Mapping[str, Any], found: Sequence[Known]) -> dict[str, Any]:
    """Write down what a judge made of known transcripts.

    Args:
        judge: The judge's description.
        found: What it made of each.
    """
    counted = [one for one in found if one.right is not None]
    return {
        "schema": SCHEMA,
        "judge": judge["name"],
        "version": judge["version"],
        "question": judge.get("question", "outcome"),
        "right": sum(bool(one.right) for one in counted),
        "judged": len(counted),
        "of": len(found),
        "rows": [asdict(one) for one in found],
    }
