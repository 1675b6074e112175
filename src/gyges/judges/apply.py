"""How are the trials of a study judged, only those that are not, in bounded memory?

Trials that have an answer are handed to the judge, a batch at a time; the verdicts are written as they come. A trial
without an answer gets a verdict too, with the status ``no_answer`` and no outcome, so that a table of verdicts
accounts for every trial.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from gyges.judges.asked import AskedJudge
from gyges.judges.reader import Reader
from gyges.study import Journal, StudyFolder, Verdict, verdict_record
from gyges.study.queries import user_query

__all__ = ["Judged", "judge_study"]

_BATCH = 2_000
_ANSWERED = ("ok",)


@dataclass(slots=True)
class Judged:
    """What a round of judging did."""

    judged: int = 0
    failed: int = 0
    """Verdicts whose status is a failure of the judge."""
    skipped: int = 0
    """Trials that had a verdict already."""


async def judge_study(
    study: StudyFolder,
    judge: AskedJudge | Reader,
    *,
    clean: Callable[[str], str] | None = None,
    on_verdict: Callable[[str, Verdict], None] | None = None,
) -> Judged:
    """Judge every trial of a study that this judge has not judged yet.

    A verdict that failed (``error``, ``refused``, ``unparsed``) is asked for again.

    Args:
        study: The study; the caller holds its lock.
        judge: Who judges.
        clean: Takes credentials out of every line.
        on_verdict: Called with the tier and each verdict.
    """
    study.write_judge(judge.info())
    table = study.verdict_table(judge.name)
    done = table.keys(pl.col("status") == "ok")
    unanswered = table.keys(pl.col("status") == "no_answer")
    if unanswered:
        # A trial that had no answer may have been asked again since, with more luck.
        has_answer = pl.col("status").is_in(_ANSWERED) & (pl.col("output").str.len_bytes() > 0)
        done |= unanswered - study.trial_table.keys(has_answer)
    result = Judged(skipped=len(done))
    writer = table.writer(clean)
    try:
        with study.reading():
            if isinstance(judge, AskedJudge):
                await _ask(study, judge, done, writer, result, on_verdict)
            else:
                _read(study, judge, done, writer, result, on_verdict)
    finally:
        writer.close()
    return result


def _rows(study: StudyFolder, done: set[str], columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield (trial, tier, status, ...) of the trials to judge, batch by batch."""
    scan = study.trial_table.scan(["trial", "tier", "status", *columns])
    for batch in scan.collect_batches(chunk_size=_BATCH, maintain_order=True):
        yield from (row for row in batch.iter_rows() if row[0] not in done)


def _settle(
    verdict: Verdict,
    tier: str,
    writer: Journal,
    result: Judged,
    on_verdict: Callable[[str, Verdict], None] | None,
) -> None:
    writer.append(verdict_record(verdict))
    result.judged += 1
    result.failed += verdict.status not in ("ok", "no_answer")
    if on_verdict is not None:
        on_verdict(tier, verdict)


def _no_answer(trial: str, judge: str, status: str) -> Verdict:
    return Verdict(trial=trial, judge=judge, status="no_answer", note=f"the trial is {status}")


def _read(
    study: StudyFolder,
    judge: Reader,
    done: set[str],
    writer: Journal,
    result: Judged,
    on_verdict: Callable[[str, Verdict], None] | None,
) -> None:
    for trial, tier, status, *values in _rows(study, done, judge.columns):
        if status in _ANSWERED and all(values):
            verdict = judge.verdict(trial, dict(zip(judge.columns, values, strict=True)))
        else:
            verdict = _no_answer(trial, judge.name, status)
        _settle(verdict, tier, writer, result, on_verdict)


async def _ask(
    study: StudyFolder,
    judge: AskedJudge,
    done: set[str],
    writer: Journal,
    result: Judged,
    on_verdict: Callable[[str, Verdict], None] | None,
) -> None:
    source = _rows(study, done, ["output", "messages"])
    texts = {key: text for key, (role, text) in study.messages().items() if role == "user"}
    context = contextvars.copy_context()

    async def work() -> None:
        for trial, tier, status, output, sent in source:
            if status in _ANSWERED and output:
                message = next((texts[key] for key in reversed(sent or ()) if key in texts), None)
                call = judge.judge(trial, user_query(message or ""), output)
                verdict = await asyncio.create_task(call, context=context.copy())
            else:
                verdict = _no_answer(trial, judge.name, status)
            _settle(verdict, tier, writer, result, on_verdict)

    workers = [asyncio.create_task(work()) for _ in range(judge.connections)]
    try:
        await asyncio.gather(*workers)
    finally:
        # Where one cannot go on, none writes after it.
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
