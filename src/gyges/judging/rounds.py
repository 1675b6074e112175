"""How does a judge go through a study, and what else is it shown?"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from gyges.errors import JudgeError
from gyges.judges import (
    AGAIN,
    COMPLIANCE,
    SUFFIX,
    AskedJudge,
    Example,
    Judged,
    Question,
    Reader,
    judge_known,
    judge_panel,
    judge_study,
    known_record,
    load_question,
    question_of,
    read_trial,
)
from gyges.judging.named import Asking, check_limits, facts_of, judge_of
from gyges.judging.worked import worked_examples
from gyges.run import Budget, Price, Progress, Spending, known_price, parse_budget
from gyges.studies import Study
from gyges.study import Redactor, Trial, Verdict
from gyges.waiting import wait

__all__ = [
    "Round",
    "apply_judge",
    "controls_for",
    "judge",
    "judged",
    "quick_compliance",
    "show_known",
]


def judge(
    study: str | Path | Study,
    judge: str | Sequence[str] | None = None,
    *,
    question: str = "outcome",
    rule: str = "majority",
    base_url: str | None = None,
    max_connections: int | None = None,
    retries: int = 4,
    timeout: int = 600,
    votes: int | None = None,
    temperature: float | None = None,
    threshold: float | None = None,
    structure: str = "schema",
    budget: str | Budget | None = None,
    price: Price | None = None,
    retest: int | None = None,
    seed: int = 0,
    workers: int = 1,
    setting_dirs: Sequence[str | Path] = (),
    progress: bool | None = None,
) -> Study:
    """Let a judge read every trial of a study that it has not read yet.

    Args:
        study: The study or its folder.
        judge: ``lexical``, ``copied``, ``keyed`` or ``traded`` (by the setting's own rule), ``embedded`` or a model, as
            Inspect names models; ``MODEL@logprobs`` reads the probability of each label; ``choice``, or ``choice@0.7``
            for another temperature, where the trials are forced choices. Several make a panel. Default: the judge of
            the setting that reads by rule.
        question: What is asked: ``outcome``, another question (``gyges questions`` lists them), or ``ID.VARIANT``.
        rule: How a panel decides: ``majority`` or ``unanimous``.
        base_url: Where the judge's provider is reached.
        max_connections: Calls under way at once.
        retries: Tries after a passing failure of a call.
        timeout: Seconds that one try of a call may take.
        votes: How often the model is asked about each trial; the question's own number by default.
        temperature: Of the judge's sampling.
        threshold: The share of votes from which the answer is yes.
        structure: ``schema`` or ``tool``.
        budget: Stop before more calls or dollars than these; the rest is judged the next time.
        price: What the judge's tokens cost, where Inspect knows no price.
        retest: Judge so many trials, drawn at random, a second time: how often does the judge change its mind?
        seed: Seeds that draw.
        workers: Processes that a judge that reads by rule may take, where there is much to read; with more than one, a
            script must be guarded by ``if __name__ == "__main__"``.
        setting_dirs: Folders of settings of your own.
        progress: Show a progress bar; by default where stderr is a terminal.
    """
    done = judged(
        study,
        judge,
        question=question,
        rule=rule,
        budget=budget,
        price=price,
        retest=retest,
        seed=seed,
        workers=workers,
        setting_dirs=setting_dirs,
        progress=progress,
        base_url=base_url,
        max_connections=max_connections,
        retries=retries,
        timeout=timeout,
        votes=votes,
        temperature=temperature,
        threshold=threshold,
        structure=structure,
    )
    return done.study


@dataclass(frozen=True, slots=True)
class Round:
    """What a round of judging did."""

    study: Study
    judge: str
    """Whose verdicts were written: the one judge, or the panel."""
    stopped: bool
    """Whether a budget ended it before every trial was judged."""


def judged(
    study: str | Path | Study,
    judge: str | Sequence[str] | None,
    *,
    question: str = "outcome",
    rule: str = "majority",
    budget: str | Budget | None = None,
    price: Price | None = None,
    retest: int | None = None,
    seed: int = 0,
    workers: int = 1,
    setting_dirs: Sequence[str | Path] = (),
    progress: bool | None = None,
    **options: Any,
) -> Round:
    """Do what :func:`judge` does, and say whose verdicts they are; ``options`` are those of :class:`Asking`."""
    asking = Asking(**options)
    check_limits(asking.max_connections, asking.retries, asking.timeout)
    folder = study if isinstance(study, Study) else Study(study)
    asked = load_question(question)
    names = [judge] if judge is None or isinstance(judge, str) else list(judge)
    readers = [judge_of(folder, name, asked, asking, setting_dirs) for name in names or [None]]
    if retest and len(readers) > 1:
        raise JudgeError("--retest: asks one judge a second time; give one --judge")
    spending = _spending(readers, budget, price)
    stopped = False
    with folder.lock():
        folder.seal()
        for reader in readers:
            work = _judge_with(folder, reader, asked, spending, progress, setting_dirs, workers)
            stopped |= wait(work).stopped
            if retest:
                wait(_retest(folder, reader, retest, seed, spending, progress))
        name = readers[0].name
        if len(readers) > 1:
            name = judge_panel(folder, [one.name for one in readers], asked, rule=rule)
        folder.seal()
        if folder.manifest.judge is None and asked.name == "outcome":
            folder.manifest.judge = name
            folder.manifest.write(folder.path)
    return Round(folder, name, stopped)


async def _judge_with(
    folder: Study,
    reader: AskedJudge | Reader,
    question: Question,
    spending: Spending | None,
    progress: bool | None,
    setting_dirs: Sequence[str | Path],
    workers: int,
) -> Judged:
    done = await apply_judge(
        folder, reader, Redactor(), progress, spending=spending, workers=workers
    )
    reserve = spending.reserve if spending is not None else None
    await show_known(folder, reader, question, setting_dirs, reserve=reserve)
    return done


async def show_known(
    folder: Study,
    reader: AskedJudge | Reader,
    question: Question,
    setting_dirs: Sequence[str | Path] = (),
    *,
    reserve: Callable[[int], bool] | None = None,
) -> None:
    """Show a judge the known transcripts of its question, and keep what it made of them beside its verdicts.

    A judge that was shown them before, in this version, is not shown them again.

    Args:
        folder: The study.
        reader: The judge.
        question: What it is asked.
        setting_dirs: Folders of settings of your own.
        reserve: Asked before calls are made, with how many; where it says False, it is shown none.
    """
    info = reader.info()
    old = folder.known(reader.name, question.name)
    if old.get("version") == info["version"] and old.get("judged"):
        return
    controls = controls_for(reader, question, _setting_of(folder), setting_dirs)
    if isinstance(reader, AskedJudge) and reserve is not None:
        calls = reader.votes * sum(map(reader.can_judge, (one.parts for one in controls)))
        if not reserve(calls):
            return
    found = await judge_known(
        reader,
        question,
        controls,
        facts_of=lambda setting: facts_of(setting, setting_dirs)[""],
    )
    if found:
        folder.write_known(reader.name, question.name, known_record(info, found))


def controls_for(
    reader: AskedJudge | Reader,
    question: Question,
    setting: str = "",
    setting_dirs: Sequence[str | Path] = (),
) -> list[Example]:
    """Give the known transcripts that fit a judge and a study.

    Where the study's setting brings examples of the question, those that are known; else the question's own, and of
    these only those of the judge's setting where its words belong to one.

    Args:
        reader: The judge.
        question: What it is asked.
        setting: The setting of the study; empty where it is of several.
        setting_dirs: Folders of settings of your own.
    """
    if setting and (own := worked_examples(setting, setting_dirs, question.name)):
        return [one for one in own if one.known]
    whose = getattr(reader, "setting", None)
    return [one for one in question.controls if whose in (None, one.setting)]


def _setting_of(folder: Study) -> str:
    """Name the setting of a study's trials; empty where there is none, or more than one."""
    names = folder.trials(["setting"])["setting"].unique().to_list()
    return str(names[0]) if len(names) == 1 else ""


async def _retest(
    folder: Study,
    reader: AskedJudge | Reader,
    count: int,
    seed: int,
    spending: Spending | None,
    progress: bool | None,
) -> None:
    """Judge some trials a second time, into a table of their own."""
    name = question_of(reader)
    first = sorted(folder.verdict_table(reader.name, name).keys(pl.col("status") == "ok"))
    again = folder.verdict_table(reader.name, f"{name}{AGAIN}").keys()
    draw = random.Random(f"{seed}:{reader.name}:{name}").sample(first, min(count, len(first)))
    await apply_judge(
        folder, reader, Redactor(), progress, spending=spending, only=set(draw) - again, again=True
    )


def _spending(
    readers: Sequence[AskedJudge | Reader], budget: str | Budget | None, price: Price | None
) -> Spending | None:
    """Set up the count of a judge's calls and money."""
    if budget is None:
        return None
    limit = parse_budget(budget) if isinstance(budget, str) else budget
    asked = [one for one in readers if isinstance(one, AskedJudge)]
    known = [price or known_price(one.name.removesuffix(SUFFIX)) for one in asked]
    # Several are counted at the price of the dearest, so that the budget holds for all; one unknown is unknown.
    dearest = max(
        (one for one in known if one is not None),
        key=lambda one: one.input + one.output,
        default=None if known else Price(0, 0),
    )
    spending = Spending(limit, None if None in known else dearest, tokens=(1_500, 300))
    for one in asked:
        one.on_usage = spending.spent
    return spending


def quick_compliance(quick: Reader | None, trial: Trial) -> float | None:
    """Read an answer for the running rates; the verdicts proper are made after the run."""
    read = None if quick is None else read_trial(quick, trial)
    return None if read is None else COMPLIANCE.get(read.outcome or "")


async def apply_judge(
    folder: Study,
    reader: AskedJudge | Reader,
    clean: Redactor,
    progress: bool | None,
    *,
    spending: Spending | None = None,
    only: set[str] | None = None,
    again: bool = False,
    workers: int = 1,
) -> Judged:
    """Let a judge read what it has not read yet, behind a progress bar.

    Args:
        folder: The study.
        reader: The judge.
        clean: Takes credentials out of every line.
        progress: Show the bar; by default where stderr is a terminal.
        spending: Counts calls and money against a budget.
        only: Judge these trials only.
        again: Judge a second time, into a table of its own.
        workers: Processes that a judge that reads by rule may take.
    """
    total = folder.trial_table.scan(["trial"]).select(pl.len()).collect().item()
    # These take a moment; a bar would only flicker.
    quiet = not isinstance(reader, AskedJudge) or (None if progress is None else not progress)
    with Progress(total, "judging", quiet=quiet) as bar:

        def step(tier: str, verdict: Verdict) -> None:
            value = COMPLIANCE.get(verdict.outcome or "")
            bar.step(tier, value, failed=verdict.status != "ok")

        return await judge_study(
            folder,
            reader,
            clean=clean,
            on_verdict=step,
            reserve=spending.reserve if spending is not None else None,
            only=only,
            again=again,
            workers=workers,
        )
