"""How are the trials of a study judged, only those that are not, in bounded memory?

Trials that have an answer are handed to the judge, a batch at a time; the verdicts are written as they come. A trial
without an answer gets a verdict too, with the status ``no_answer`` and no outcome, so that a table of verdicts
accounts for every trial.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from gyges.errors import JudgeError
from gyges.judges.asked import AskedJudge
from gyges.judges.choice import ChoiceReader
from gyges.judges.lexical import LexicalJudge
from gyges.judges.stated import StatedReader
from gyges.study import Journal, StudyFolder, Verdict, verdict_record
from gyges.study.queries import user_query

__all__ = ["Judged", "judge_study"]

_BATCH = 2_000
OPTION = "comply_option"
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
    judge: LexicalJudge | AskedJudge | ChoiceReader | StatedReader,
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
            elif isinstance(judge, ChoiceReader):
                _read_choices(study, judge, done, writer, result, on_verdict)
            elif isinstance(judge, StatedReader):
                _read_stated(study, judge, done, writer, result, on_verdict)
            else:
                _read(study, judge, done, writer, result, on_verdict)
    finally:
        writer.close()
    return result


_Row = tuple[str, str, str, str | None, str | None]


def _rows(study: StudyFolder, done: set[str], *, queries: bool) -> Iterator[_Row]:
    """Yield (trial, tier, status, output, user message) of the trials to judge, batch by batch."""
    columns = ["trial", "tier", "status", "output", *(["messages"] if queries else [])]
    texts = (
        {key: text for key, (role, text) in study.messages().items() if role == "user"}
        if queries
        else {}
    )
    scan = study.trial_table.scan(columns)
    for batch in scan.collect_batches(chunk_size=_BATCH, maintain_order=True):
        for row in batch.iter_rows():
            trial, tier, status, output = row[:4]
            if trial in done:
                continue
            message = (
                next((texts[key] for key in reversed(row[4] or ()) if key in texts), None)
                if queries
                else None
            )
            yield trial, tier, status, output, message


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
    judge: LexicalJudge,
    done: set[str],
    writer: Journal,
    result: Judged,
    on_verdict: Callable[[str, Verdict], None] | None,
) -> None:
    for trial, tier, status, output, _ in _rows(study, done, queries=False):
        if status in _ANSWERED and output:
            reading = judge.read(output)
            verdict = Verdict(
                trial=trial,
                judge=judge.name,
                outcome=reading.outcome,
                score=reading.score,
                evidence=reading.evidence,
                note=reading.note,
            )
        else:
            verdict = _no_answer(trial, judge.name, status)
        _settle(verdict, tier, writer, result, on_verdict)


def _read_choices(
    study: StudyFolder,
    judge: ChoiceReader,
    done: set[str],
    writer: Journal,
    result: Judged,
    on_verdict: Callable[[str, Verdict], None] | None,
) -> None:
    scan = study.trial_table.scan(["trial", "tier", "status", "choice"])
    for batch in scan.collect_batches(chunk_size=_BATCH, maintain_order=True):
        for trial, tier, status, choice in batch.iter_rows():
            if trial in done:
                continue
            if status in _ANSWERED and choice:
                verdict = judge.read(trial, choice)
            else:
                verdict = _no_answer(trial, judge.name, status)
            _settle(verdict, tier, writer, result, on_verdict)


def _read_stated(
    study: StudyFolder,
    judge: StatedReader,
    done: set[str],
    writer: Journal,
    result: Judged,
    on_verdict: Callable[[str, Verdict], None] | None,
) -> None:
    if OPTION not in study.manifest.factors:
        raise JudgeError(
            f"--judge {judge.name}: reads which of two offered options an answer states, and these trials offer none "
            f"(no column {OPTION}); use --judge lexical or a model"
        )
    scan = study.trial_table.scan(["trial", "tier", "status", "output", OPTION])
    for batch in scan.collect_batches(chunk_size=_BATCH, maintain_order=True):
        for trial, tier, status, output, option in batch.iter_rows():
            if trial in done:
                continue
            if status in _ANSWERED and output and option:
                verdict = judge.read(trial, output, option)
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
    source = _rows(study, done, queries=True)
    context = contextvars.copy_context()

    async def work() -> None:
        for trial, tier, status, output, message in source:
            if status in _ANSWERED and output:
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
