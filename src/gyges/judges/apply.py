"""How are the trials of a study judged, only those that are not, in bounded memory?

Trials that have an answer are handed to the judge, a batch at a time; the verdicts are written as they come. A trial
without an answer, or without the reasoning that a question needs, gets a verdict too, with the status ``no_answer`` and
no label, so that a table of verdicts accounts for every trial.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import polars as pl

from gyges.errors import JudgeError
from gyges.judges.asked import AskedJudge, facts_key
from gyges.judges.material import Row, rows
from gyges.judges.pool import WORTH_A_POOL, read_rows
from gyges.judges.question import load_question
from gyges.judges.reader import Reader, question_of, reads
from gyges.study import StudyFolder, Verdict, verdict_record

__all__ = ["AGAIN", "Judged", "judge_study"]

AGAIN = ".again"
"""Stands behind a question's name where second verdicts of the same trials are kept."""
MOST_FAILURES = 20
"""So many failures of a judge in a row end the round: the next ones would cost and fail as well."""
_ANSWERED = ("ok",)


@dataclass(slots=True)
class Judged:
    """What a round of judging did."""

    judged: int = 0
    failed: int = 0
    """Verdicts whose status is a failure of the judge."""
    skipped: int = 0
    """Trials that had a verdict already."""
    calls: int = 0
    """Calls that a judge who is asked was given."""
    stopped: bool = False
    """Whether a budget ended it before every trial was judged."""


async def judge_study(
    study: StudyFolder,
    judge: AskedJudge | Reader,
    *,
    clean: Callable[[str], str] | None = None,
    on_verdict: Callable[[str, Verdict], None] | None = None,
    reserve: Callable[[int], bool] | None = None,
    only: set[str] | None = None,
    again: bool = False,
    workers: int = 1,
) -> Judged:
    """Judge every trial of a study that this judge has not judged yet.

    A verdict that failed (``error``, ``refused``, ``unparsed``) is asked for again.

    Args:
        study: The study; the caller holds its lock.
        judge: Who judges.
        clean: Takes credentials out of every line.
        on_verdict: Called with the tier and each verdict.
        reserve: Asked before calls are made, with how many; where it says False the round ends, and the trials that are
            left are judged the next time.
        only: Judge these trials only.
        again: Write to the table of second verdicts, which says how steady the judge is.
        workers: Processes that a judge that reads by rule may take. With more than one, the calling script must be
            guarded by ``if __name__ == "__main__"``, as always where processes are started.
    """
    question = question_of(judge)
    described = {} if question == "outcome" else {"answers": load_question(question).described()}
    study.write_judge({**judge.info(), **described})
    table = study.verdict_table(judge.name, f"{question}{AGAIN}" if again else question)
    done = table.keys(pl.col("status") == "ok")
    unanswered = table.keys(pl.col("status") == "no_answer")
    if unanswered:
        done |= unanswered - _has_material(study, judge)
    result = Judged(skipped=len(done))
    writer = table.writer(clean)

    def settle(verdict: Verdict, tier: str) -> None:
        writer.append(verdict_record(verdict))
        result.judged += 1
        result.failed += verdict.status not in ("ok", "no_answer")
        if on_verdict is not None:
            on_verdict(tier, verdict)

    wanted = ("output", *judge.parts) if isinstance(judge, AskedJudge) else reads(judge)
    wanted = tuple(dict.fromkeys(wanted))
    try:
        with study.reading():
            found: Iterable[Row] = rows(study, wanted, done, getattr(judge, "probe", ""))
            if only is not None:
                found = (row for row in found if row.trial in only)
            if isinstance(judge, AskedJudge):
                await _ask(judge, found, settle, result, reserve)
            else:
                left = 0 if workers < 2 else len(study.trial_table.keys() - done)
                for row, verdict in read_rows(
                    judge, found, _read_row, workers if left >= WORTH_A_POOL else 1
                ):
                    settle(verdict, row.tier)
    finally:
        writer.close()
    return result


def _has_material(study: StudyFolder, judge: AskedJudge | Reader) -> set[str]:
    """Name the trials that can be judged now: one that had no answer may have been asked again, with more luck."""
    there = pl.col("status").is_in(_ANSWERED) & (pl.col("output").str.len_bytes() > 0)
    names = judge.question.needs if isinstance(judge, AskedJudge) else judge.columns
    if "reasoning" in names:
        there &= pl.col("reasoning").str.len_bytes() > 0
    found = study.trial_table.keys(there)
    if "probe" in names:
        found &= study.probe_table(getattr(judge, "probe", "")).keys(pl.col("status") == "ok")
    return found


def _no_answer(trial: str, judge: AskedJudge | Reader, why: str) -> Verdict:
    return Verdict(trial, judge.name, question_of(judge), status="no_answer", note=why)


def _read_row(judge: Reader, row: Row) -> Verdict:
    if row.status not in _ANSWERED:
        return _no_answer(row.trial, judge, f"the trial is {row.status}")
    if missing := [name for name in judge.columns if not row.parts.get(name)]:
        return _no_answer(row.trial, judge, f"the trial has no {missing[0]}")
    return judge.verdict(row.trial, row.parts)


async def _ask(
    judge: AskedJudge,
    found: Iterable[Row],
    settle: Callable[[Verdict, str], None],
    result: Judged,
    reserve: Callable[[int], bool] | None,
) -> None:
    source = iter(found)
    context = contextvars.copy_context()
    failing = 0

    async def work() -> None:
        nonlocal failing
        for row in source:
            if row.status not in _ANSWERED or not row.parts["output"]:
                settle(_no_answer(row.trial, judge, f"the trial is {row.status}"), row.tier)
                continue
            if judge.can_judge(row.parts):
                if result.stopped or (reserve is not None and not reserve(judge.votes)):
                    result.stopped = True
                    return
                result.calls += judge.votes
            call = judge.judge(row.trial, row.parts, facts_key(row.value, control=row.control))
            verdict = await asyncio.create_task(call, context=context.copy())
            settle(verdict, row.tier)
            if verdict.status != "no_answer":
                failing = 0 if verdict.status == "ok" else failing + 1
            if failing >= MOST_FAILURES:
                raise JudgeError(
                    f"--judge {judge.name}: {failing} verdicts in a row failed, the last with the status "
                    f"{verdict.status} ({(verdict.note or 'no reason given')[:300]}); what was judged is kept, and the "
                    "same command goes on"
                )

    at_once = max(1, judge.connections // judge.votes)
    workers = [asyncio.create_task(work()) for _ in range(at_once)]
    try:
        await asyncio.gather(*workers)
    finally:
        # Where one cannot go on, none writes after it.
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
