"""How are the trials of a plan asked, fast, without losing one and without growing in memory?

A fixed number of workers take trials from the stream of blocks, one after another, so that the arms of a block are
under way together and at most a few blocks are unfinished at any time. Every answer is written before the worker takes
the next trial. Nothing is kept of a finished trial but counts.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gyges.design import Block, PlannedTrial
from gyges.errors import SubjectError
from gyges.run.budget import Spending
from gyges.run.session import calls_expected, calls_made
from gyges.run.subject import Subject
from gyges.study import Trial, TrialWriter

__all__ = ["Asked", "ask_all", "merged"]

_GIVE_UP_AFTER = 20


@dataclass(slots=True)
class Asked:
    """What a run did."""

    asked: int = 0
    """Trials asked in this run."""
    skipped: int = 0
    """Trials that the study had already."""
    failed: int = 0
    """Trials whose status is ``error``."""
    stopped: str | None = None
    """Why the run stopped before its end; None if it did not."""
    failure: str | None = None
    """What the last call that failed said; None if all came back."""
    statuses: dict[str, int] = field(default_factory=dict)


def merged(rounds: Sequence[Asked]) -> Asked:
    """Add up what was done with several subjects."""
    total = Asked()
    for one in rounds:
        total.asked += one.asked
        total.skipped += one.skipped
        total.failed += one.failed
        total.stopped = total.stopped or one.stopped
        total.failure = one.failure or total.failure
        for status, count in one.statuses.items():
            total.statuses[status] = total.statuses.get(status, 0) + count
    return total


async def ask_all(
    plan: Iterable[Block],
    subject: Subject,
    writer: TrialWriter,
    *,
    done: Container[str] = (),
    attempts: dict[str, int] | None = None,
    spending: Spending | None = None,
    on_trial: Callable[[Trial], None] | None = None,
    on_answer: Callable[[PlannedTrial, Trial], Awaitable[None]] | None = None,
    hold: Callable[[], Awaitable[None]] | None = None,
) -> Asked:
    """Ask every trial of a plan that is not done yet.

    Args:
        plan: The blocks, in order; may be a stream of any length. An empty block says that the next one depends on
            answers that are under way.
        subject: Who is asked.
        writer: Where the answers go.
        done: Ids of the trials that the study has.
        attempts: How often a trial was asked before, for those that failed.
        spending: Counts calls and money; stops the run before the block that would exceed the budget.
        on_trial: Called with each finished trial.
        on_answer: Awaited with each finished trial, before its worker takes the next one.
        hold: Awaited before the plan is asked for a trial; returns once the plan can say what comes next.

    Raises:
        SubjectError: The first 20 calls all failed, so that going on would only repeat the failure. What was asked
            stands in the study; the trials that failed are asked again by the next run.
    """
    result = Asked()
    spending = spending or Spending(None, None)
    source = _open_trials(plan, subject, done, spending, result)
    broken: list[str] = []
    # Inspect keeps a transcript per context: a fresh one for each call lets go of what was said in it.
    context = contextvars.copy_context()

    turn = asyncio.Lock()

    async def take() -> tuple[PlannedTrial, Trial] | None:
        async with turn:
            if broken:
                return None
            if hold is not None:
                await hold()
            for item in source:
                if item is not None:
                    return item
                if hold is not None:
                    await hold()
        return None

    async def work() -> None:
        while (item := await take()) is not None and not broken:
            planned, trial = item
            trial.attempt = (attempts or {}).get(trial.trial, 0) + 1
            trial.messages = [writer.message(role, text) for role, text in planned.prompt.messages]
            await asyncio.create_task(subject.ask(planned, trial), context=context.copy())
            writer.trial(trial)
            result.asked += 1
            if trial.status == "error":
                result.failed += 1
                result.failure = trial.error or "unknown"
            result.statuses[trial.status] = result.statuses.get(trial.status, 0) + 1
            spending.spent(
                trial.input_tokens or 0,
                trial.output_tokens or 0,
                trial.cached_tokens or 0,
                calls=calls_made(trial),
                expected=calls_expected(planned),
            )
            if on_trial is not None:
                on_trial(trial)
            if on_answer is not None:
                await asyncio.create_task(_call(on_answer, planned, trial), context=context.copy())
            if result.failed == result.asked >= _GIVE_UP_AFTER and not broken:
                broken.append(result.failure or "unknown")

    workers = [asyncio.create_task(work()) for _ in range(subject.connections)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    if broken:
        raise SubjectError(
            f"{subject.design.subject}: the first {result.asked} calls all failed, the last with: {broken[0]}. "
            "Mend the cause and run the same command again: the failed trials are asked again"
        )
    return result


async def _call(
    on_answer: Callable[[PlannedTrial, Trial], Awaitable[None]],
    planned: PlannedTrial,
    trial: Trial,
) -> None:
    await on_answer(planned, trial)


def _open_trials(
    plan: Iterable[Block],
    subject: Subject,
    done: Container[str],
    spending: Spending,
    result: Asked,
) -> Iterator[tuple[PlannedTrial, Trial] | None]:
    """Yield the trials to ask, None where the plan must wait; a budget ends the stream between two blocks."""
    for block in plan:
        if not block:
            yield None
            continue
        open_ = []
        for planned in block:
            trial = subject.trial(planned)
            if trial.trial in done:
                result.skipped += 1
            else:
                open_.append((planned, trial))
        expected = sum(calls_expected(planned) for planned, _ in open_)
        if open_ and not spending.reserve(len(open_), expected):
            result.stopped = f"the budget of {spending.budget} is used up"
            return
        yield from open_
