"""How does a judge come by verdicts on labelled answers, and are they good enough?

Labelled answers are shown to the judge as it is shown a study's trials, or its verdicts that stand in a study already
are taken. What follows from them, ``against.py`` computes; here is also the gate that asks for a least agreement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from gyges.judges.asked import AskedJudge
from gyges.judges.question import Question
from gyges.judges.reader import Reader
from gyges.judges.reference import Reference
from gyges.study import StudyFolder, Verdict

__all__ = [
    "gate",
    "judge_references",
    "standing_verdicts",
]


async def judge_references(
    judge: AskedJudge | Reader,
    question: Question,
    answers: Sequence[Reference],
    *,
    standing: Mapping[str, Verdict] | None = None,
    on_verdict: Callable[[Reference, Verdict], None] | None = None,
) -> dict[str, Verdict]:
    """Let a judge read labelled answers.

    Args:
        judge: The judge.
        question: The question that it answers.
        answers: The labelled answers.
        standing: Verdicts that it has given already; those answers are not read again.
        on_verdict: Called after each new verdict.

    Returns:
        A verdict for each answer, by id; a failure is a status.
    """
    found = dict(standing or {})
    left = [one for one in answers if one.id not in found]

    def settle(one: Reference, verdict: Verdict) -> None:
        found[one.id] = verdict
        if on_verdict is not None:
            on_verdict(one, verdict)

    if isinstance(judge, AskedJudge):
        limit = asyncio.Semaphore(max(1, judge.connections // judge.votes))

        async def ask(one: Reference) -> None:
            async with limit:
                settle(one, await judge.judge(one.id, one.parts, one.value))

        await asyncio.gather(*map(ask, left))
        return found
    for one in left:
        parts: dict[str, Any] = {"user": one.parts.get("query"), **one.parts}
        missing = [name for name in judge.columns if not parts.get(name)]
        if missing:
            why = f"the labelled answer has no {missing[0]}"
            verdict = Verdict(one.id, judge.name, question.name, status="no_answer", note=why)
        else:
            verdict = judge.verdict(one.id, parts)
        settle(one, verdict)
    return found


def standing_verdicts(
    study: StudyFolder, judge: str, version: str, question: str, answers: Iterable[Reference]
) -> dict[str, Verdict]:
    """Take the verdicts on labelled answers that stand in a study: those of exactly one version of a judge.

    Args:
        study: The study.
        judge: The judge's name.
        version: Its version; verdicts of another one are not taken.
        question: The question's name.
        answers: The labelled answers; one whose text is not the trial's is not taken.
    """
    if study.judge_info(judge, question).get("version") != version:
        return {}
    texts = {one.id: one.parts.get("output") for one in answers}
    wanted = pl.col("trial").is_in(list(texts))
    with study.reading():
        trials = study.trial_table.scan(["trial", "output"]).filter(wanted).collect()
        table = study.verdict_table(judge, question).scan()
        frame = table.filter(wanted & (pl.col("status") == "ok")).collect()
    same = {trial for trial, output in trials.iter_rows() if texts[trial] in (None, output)}
    rows = (row for row in frame.iter_rows(named=True) if row["trial"] in same)
    return {
        row["trial"]: Verdict(**{**row, **{n: row[n] or [] for n in ("evidence", "labels")}})
        for row in rows
    }


def gate(
    question: Question,
    figures: Mapping[str, Any],
    *,
    min_auroc: float | None = None,
    min_kappa: float | None = None,
) -> list[str]:
    """Say which figures do not reach what was asked for; where several labels may apply, each must.

    Args:
        question: What was asked.
        figures: As :func:`hold_against` gives them.
        min_auroc: The least area under the ROC curve.
        min_kappa: The least kappa.
    """
    block = figures["all"]
    blocks = block["labels"] if question.kind == "labels" else {"": block}
    failed = []
    for name, least in (("auroc", min_auroc), ("kappa", min_kappa)):
        if least is None:
            continue
        for label, part in blocks.items():
            found = part.get(name) or {}
            value = found.get("value")
            what = f"{name}{f' of {label}' if label else ''}"
            if value is None:
                failed.append(
                    f"{what} is not defined on these labels (only one class was labelled or judged): it fails "
                    f"--min-{name} {least:g}"
                )
            elif value < least:
                failed.append(
                    f"{what} is {value:.2f} (95 % interval {found['low']:.2f} to {found['high']:.2f}), below "
                    f"--min-{name} {least:g}"
                )
    return failed
