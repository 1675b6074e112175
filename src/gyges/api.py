"""The same as on the command line, from Python: run, open and read studies.

>>> import gyges
>>> study = gyges.run("animal-welfare", model="gyges/planted/faker", queries=8, study="example")   # doctest: +SKIP
>>> study.gaps()                                                                                   # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from gyges.design import CHOICE, Design, PlannedTrial, Planner, blocks
from gyges.judges import (
    LiveJudge,
    choice_reader,
)
from gyges.judging import (
    apply_judge,
    check_limits,
    judge,
    make_judge,
    quick_compliance,
    running_judge,
)
from gyges.planning import (
    EMBEDDED,
    JUDGE_TOKENS,
    DryRun,
    answer_tokens,
    asks_a_model,
    default_folder,
    dry_run,
    make_design,
    make_manifest,
)
from gyges.run import (
    MAX_BLOCKS,
    Budget,
    Price,
    Progress,
    Spending,
    Subject,
    Until,
    ask_all,
    known_price,
    load_model,
    parse_budget,
    parse_until,
)
from gyges.settings import Setting, load_setting
from gyges.studies import Study, open_study
from gyges.study import Redactor, StudyFolder, Trial, TrialWriter
from gyges.study.redact import secrets_in
from gyges.waiting import wait

__all__ = [
    "EMBEDDED",
    "DryRun",
    "RunResult",
    "Study",
    "dry_run",
    "judge",
    "open_study",
    "run",
    "run_async",
]


@dataclass(frozen=True, slots=True)
class RunResult:
    """A study and what the run that made it did."""

    study: Study
    asked: int
    """Trials asked in this run."""
    skipped: int
    """Trials that the study had already."""
    stopped: str | None
    """Why the run stopped before its end; None if it did not."""
    calls: int
    """Calls of the subject that came back, with an answer or without."""
    dollars: float | None
    """What the run's calls of the subject cost; None where no price is known."""
    failure: str | None = None
    """What the last call of this run that failed said; None if all came back."""
    until: dict[str, Any] | None = None
    """What came of the rule that was to end the run, as in ``until.json``; None without one."""


async def run_async(
    setting: str = "animal-welfare",
    *,
    model: str = EMBEDDED,
    judge: str | None = None,
    queries: int | None = None,
    samples: int | None = None,
    control: int | None = None,
    temperature: float | None = None,
    reasoning: str | None = None,
    seed: int = 0,
    until: str | None = None,
    max_blocks: int | None = None,
    top_logprobs: int | None = None,
    study: str | Path | None = None,
    max_tokens: int | None = None,
    max_connections: int | None = None,
    retries: int = 4,
    timeout: int = 600,
    budget: str | Budget | None = None,
    price: Price | None = None,
    model_args: Mapping[str, Any] | None = None,
    base_url: str | None = None,
    judge_base_url: str | None = None,
    setting_dirs: Sequence[str | Path] = (),
    progress: bool | None = None,
    command: str = "",
) -> RunResult:
    """Ask, judge, and return the study; see :func:`run` for the arguments."""
    loaded = load_setting(setting, setting_dirs)
    design = make_design(
        loaded,
        model,
        queries=queries,
        samples=samples,
        control=control,
        temperature=temperature,
        reasoning=reasoning,
        seed=seed,
        until=until,
        max_blocks=max_blocks,
        top_logprobs=top_logprobs,
        max_tokens=max_tokens,
        model_args=model_args,
        base_url=base_url,
    )
    design.check(loaded)
    check_limits(max_connections, retries, timeout)
    clean = Redactor(secrets_in(design.subject_args))
    spending = _spending(design, loaded, budget, price, judge)
    manifest = make_manifest(design, loaded, clean(command))
    path = Path(study) if study is not None else default_folder(design, manifest)
    # Models are loaded before anything is written, so that a wrong name leaves no empty study.
    chosen = choice_reader(judge, choice=design.reasoning == CHOICE)
    subject_model = load_model(model, base_url=base_url, args=design.subject_args)
    reader = chosen or make_judge(loaded, judge, judge_base_url, max_connections, retries, timeout)
    StudyFolder.create(path, manifest)
    folder = Study(path)
    with folder.lock():
        folder.seal()
        table = folder.trial_table
        done = table.keys(pl.col("status") != "error")
        failed = table.scan(["trial", "attempt", "status"]).filter(pl.col("status") == "error")
        attempts = dict(failed.select("trial", "attempt").collect().iter_rows())
        subject = Subject(
            design,
            subject_model,
            setting=loaded.id,
            version=loaded.version,
            value=loaded.value,
            max_connections=max_connections,
            retries=retries,
            timeout=timeout,
        )
        plan, live = None, LiveJudge(folder, reader, clean)
        if design.until is not None:
            if len(table.keys()):
                await apply_judge(folder, reader, clean, progress)
                folder.seal()
            plan = Until(
                parse_until(design.until),
                Planner(design, loaded),
                lambda planned: subject.trial(planned).trial,
                known=live.known(),
                max_blocks=max_blocks or MAX_BLOCKS,
            )
        total = design.trials if plan is None else 2 * (plan.max_blocks + design.control)
        with Progress(total - len(done), quiet=None if progress is None else not progress) as bar:
            # Running rates are for whoever watches.
            quick = None if bar.quiet or chosen else running_judge(loaded)

            def finished(trial: Trial) -> None:
                value = quick_compliance(quick, trial)
                bar.step(trial.tier, value, failed=trial.status != "ok")

            async def answered(planned: PlannedTrial, trial: Trial) -> None:
                if plan is not None and not planned.control:
                    plan.tell(trial.trial, trial.tier, await live.read(trial, planned.prompt.user))

            writer = TrialWriter(folder, clean)
            try:
                asked = await ask_all(
                    blocks(design, loaded) if plan is None else plan,
                    subject,
                    writer,
                    done=done,
                    attempts=attempts,
                    spending=spending,
                    on_trial=finished,
                    on_answer=None if plan is None else answered,
                    hold=None if plan is None else plan.hold,
                )
            finally:
                writer.close()
                live.close()
        folder.seal()
        record = None
        if plan is not None:
            main = pl.col("control").not_().sum()
            record = plan.write(path, table.scan(["control"]).select(main).collect().item())
        if folder.manifest.judge is None or judge is not None:
            folder.manifest.judge = reader.name
            folder.manifest.write(path)
        await apply_judge(folder, reader, clean, progress)
        folder.seal()
    return RunResult(
        study=Study(path),
        asked=asked.asked,
        # A plan that ends when enough is known does not come to the trials that were under way before.
        skipped=asked.skipped if plan is None else len(done),
        # A budget that only kept more from being asked than was needed has stopped nothing.
        stopped=None if plan and plan.decision and not design.control else asked.stopped,
        calls=spending.calls,
        dollars=spending.dollars if spending.price is not None else None,
        failure=clean(asked.failure) if asked.failure else None,
        until=record,
    )


def run(
    setting: str = "animal-welfare",
    *,
    model: str = EMBEDDED,
    study: str | Path | None = None,
    **options: Any,
) -> Study:
    """Ask a model a setting's questions under both tiers, judge the answers, and return the study.

    Works in a script and in a notebook (there the work is done in a thread with an event loop of its own).
    A study whose folder exists is gone on with if its specification is the same.

    Args:
        setting: Id of a setting.
        model: The subject, as Inspect names models.
        study: The study's folder; named after its specification by default.
        **options: ``judge`` (a model that grades; the lexical judge by default), ``queries``, ``samples``, ``control``
            (queries of the no-conflict control), ``temperature``, ``reasoning`` (``scratchpad``, ``none`` or
            ``choice``), ``seed``,
            ``until`` (``"decided"`` or ``"width<=0.1"``: ask until that is reached), ``max_blocks`` (its limit),
            ``top_logprobs`` (how many tokens a provider lists in a forced choice; 20 by default),
            ``max_tokens``, ``max_connections``, ``retries``, ``timeout`` (seconds that one try of a call may take),
            ``budget`` (``"500"`` calls or ``"$2"``), ``price``, ``model_args``, ``base_url``,
            ``judge_base_url``, ``setting_dirs``, ``progress``.

    Raises:
        GygesError: Anything that stops the run; a failed call does not, it is a status.
    """
    return wait(run_async(setting, model=model, study=study, **options)).study


def _spending(
    design: Design,
    setting: Setting,
    budget: str | Budget | None,
    price: Price | None,
    judge: str | None,
) -> Spending:
    """Set up the count of calls and money; a judge that is asked is part of what a trial costs."""
    asked = asks_a_model(judge)
    prompt = next(iter(blocks(design, setting)))[0].prompt
    return Spending(
        parse_budget(budget) if isinstance(budget, str) else budget,
        price or known_price(design.subject),
        tokens=((len(prompt.system) + len(prompt.user)) // 4, answer_tokens(design)),
        judge_price=known_price(judge) if asked and judge else None,
        judge_tokens=JUDGE_TOKENS if asked else None,
    )
