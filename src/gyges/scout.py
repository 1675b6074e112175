"""What do Gyges' questions show of transcripts that Scout reads?

``scout scan`` with this module's scanner puts any question to any transcripts that Scout can load, with the same
instructions, form and checks as in a study:

.. code-block:: python

    from inspect_scout import scan, transcripts_from
    from gyges.scout import question

    scan([question("evaluation-awareness", judge="openai/gpt-5-mini")], transcripts_from("logs"))

Needs ``pip install 'gyges[scout]'``.
"""

from __future__ import annotations

import json
from typing import Any

from inspect_scout import Result, Scanner, Transcript, scanner

from gyges.judging.elsewhere import judge_elsewhere
from gyges.study import Verdict

__all__ = ["question"]


@scanner(messages="all", name="gyges_question")
def question(
    question: str = "evaluation-awareness",
    judge: str | None = None,
    setting: str = "animal-welfare",
    setting_dir: str | None = None,
    votes: int | None = None,
) -> Scanner[Transcript]:
    """Put a question to each transcript.

    Args:
        question: Its id, or ``ID.VARIANT``.
        judge: A model, ``MODEL@logprobs``, or a judge that reads by rule; the latter by default.
        setting: The setting whose facts fill the question.
        setting_dir: A folder of settings of your own.
        votes: How often a model is asked.

    Returns:
        A scanner whose value is the label, the list of labels, or the scores; None where there is no verdict, and why
        in the explanation.
    """
    made = judge_elsewhere(
        question, judge, setting, setting_dirs=[setting_dir] if setting_dir else [], votes=votes
    )

    async def scan(transcript: Transcript) -> Result:
        return _result(await made.verdict(transcript.messages), made.question.kind)

    return scan


def _result(verdict: Verdict, kind: str) -> Result:
    about: dict[str, Any] = {
        "judge": verdict.judge,
        "question": verdict.question,
        "status": verdict.status,
        "score": verdict.score,
        "evidence": verdict.evidence,
        "votes": verdict.votes,
    }
    if verdict.status != "ok":
        return Result(value=None, explanation=f"{verdict.status}: {verdict.note}", metadata=about)
    said = json.loads(verdict.answer or "{}")
    about["answer"] = said
    label = verdict.outcome or verdict.label
    value: Any = label
    if kind in ("labels", "causes"):
        value = verdict.labels
    elif kind == "scores":
        value = said.get("scores")
    return Result(value=value, answer=label, explanation=verdict.note, metadata=about)
