"""The same as on the command line, from Python: run, open and read studies.

>>> import gyges
>>> study = gyges.run("animal-welfare", model="gyges/planted/faker", queries=8, study="example")   # doctest: +SKIP
>>> study.gaps()                                                                                   # doctest: +SKIP
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import polars as pl

from gyges.design import CHOICE, Design, PlannedTrial
from gyges.errors import DesignError, GygesError, nearest
from gyges.judges import LiveJudge, choice_reader, load_question
from gyges.judging import (
    apply_judge,
    check_limits,
    judge,
    make_judge,
    own_readers,
    quick_compliance,
    running_judge,
    show_known,
)
from gyges.planning import (
    EMBEDDED,
    JUDGE_TOKENS,
    DryRun,
    Planned,
    Wanted,
    answer_tokens,
    asks_a_model,
    default_folder,
    dry_run,
    make_manifest,
    plan_run,
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
    merged,
    parse_budget,
    parse_until,
)
from gyges.settings import Setting, setting_ids
from gyges.studies import Study, open_study
from gyges.study import Redactor, StudyFolder, Trial, TrialWriter
from gyges.study.parameters import read_parameters, write_parameters
from gyges.study.redact import secrets_in
from gyges.waiting import wait

__all__ = [
    "EMBEDDED",
    "DryRun",
    "RunResult",
    "Study",
    "check_budget",
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
    setting: str | None = None,
    *,
    judge: str | None = None,
    study: str | Path | None = None,
    max_connections: int | None = None,
    retries: int = 4,
    timeout: int = 600,
    budget: str | Budget | None = None,
    price: Price | None = None,
    judge_base_url: str | None = None,
    setting_dirs: Sequence[str | Path] = (),
    progress: bool | None = None,
    command: str = "",
    **wanted: Any,
) -> RunResult:
    """Ask, judge, and return the study; see :func:`run` for the arguments."""
    known = {one.name for one in fields(Wanted)}
    for name in wanted:
        if name not in known:
            raise TypeError(f"run() got an unexpected argument {name!r}; {nearest(name, known)}")
    planned = plan_run(Wanted(setting=setting, **wanted), setting_dirs)
    loaded, design = planned.setting, planned.design
    check_limits(max_connections, retries, timeout)
    spending = _spending(planned, budget, price, judge)
    clean = Redactor(secrets_in(design.subject_args))
    manifest = make_manifest(planned, clean(command))
    path = Path(study) if study is not None else default_folder(planned, manifest)
    # Models are loaded before anything is written, so that a wrong name leaves no empty study.
    chosen = choice_reader(judge, choice=design.reasoning == CHOICE)
    models = [
        load_model(one.subject, base_url=one.base_url, args=_arguments(one, loaded, setting_dirs))
        for one in planned.designs
    ]
    reader = chosen or make_judge(loaded, judge, judge_base_url, max_connections, retries, timeout)
    StudyFolder.create(path, manifest)
    folder = Study(path)
    with folder.lock():
        folder.seal()
        table = folder.trial_table
        done = table.keys(pl.col("status") != "error")
        failed = table.scan(["trial", "attempt", "status"]).filter(pl.col("status") == "error")
        attempts = dict(failed.select("trial", "attempt").collect().iter_rows())
        parameters = read_parameters(path)
        subjects = [
            Subject(
                one,
                model,
                known=parameters.get(one.subject),
                setting=loaded.id,
                version=loaded.version,
                max_connections=max_connections,
                retries=retries,
                timeout=timeout,
            )
            for one, model in zip(planned.designs, models, strict=True)
        ]
        planner = planned.planner()
        plan, live = None, LiveJudge(folder, reader, clean)
        if design.until is not None:
            if len(table.keys()):
                await apply_judge(folder, reader, clean, progress)
                folder.seal()
            plan = Until(
                parse_until(design.until),
                planner,
                lambda trial: subjects[0].trial(trial).trial,
                known=live.known(),
                max_blocks=planned.max_blocks or MAX_BLOCKS,
            )
        total = planner.trials * len(subjects)
        if plan is not None:
            total = len(planner.tiers()) * (plan.max_blocks + design.control)
        with Progress(total - len(done), quiet=None if progress is None else not progress) as bar:
            # Running rates are for whoever watches.
            quick = None if bar.quiet or chosen else running_judge(loaded)

            def finished(trial: Trial) -> None:
                value = quick_compliance(quick, trial)
                bar.step(trial.tier, value, failed=trial.status != "ok")

            async def answered(planned: PlannedTrial, trial: Trial) -> None:
                # Of several subjects none follows a rule.
                if plan is not None and not planned.control:
                    value = await live.read(trial, planned.prompt.user)
                    plan.tell(trial.trial, trial.tier, value)

            writer = TrialWriter(folder, clean)
            try:
                # Each subject at its own pace; one that fails does not stop the others.
                rounds = await asyncio.gather(
                    *(
                        ask_all(
                            planner if plan is None else plan,
                            subject,
                            writer,
                            done=done,
                            attempts=attempts,
                            spending=spending,
                            on_trial=finished,
                            on_answer=None if plan is None else answered,
                            hold=None if plan is None else plan.hold,
                        )
                        for subject in subjects
                    ),
                    return_exceptions=True,
                )
            finally:
                writer.close()
                live.close()
                write_parameters(
                    path, {one.design.subject: one.parameters.states for one in subjects}, clean
                )
        failures = [one for one in rounds if isinstance(one, BaseException)]
        if len(failures) == len(rounds) or not all(isinstance(one, GygesError) for one in failures):
            raise failures[0]
        asked = merged([one for one in rounds if not isinstance(one, BaseException)])
        folder.seal()
        record = None
        if plan is not None:
            main = pl.col("control").not_().sum()
            record = plan.write(path, table.scan(["control"]).select(main).collect().item())
        if folder.manifest.judge is None or judge is not None:
            folder.manifest.judge = reader.name
            folder.manifest.write(path)
        await apply_judge(folder, reader, clean, progress)
        await show_known(
            folder,
            reader,
            load_question("outcome"),
            setting_dirs,
            reserve=spending.reserve_judging,
        )
        for question, rule in own_readers(loaded).items():
            # What a rule of the setting can say beside the outcome costs nothing.
            await apply_judge(folder, rule, clean, progress)
            await show_known(folder, rule, load_question(question), setting_dirs)
        folder.seal()
        if failures:
            # What the other subjects answered is whole.
            raise failures[0]
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
    setting: str | None = None,
    *,
    model: str | Sequence[str] = EMBEDDED,
    study: str | Path | None = None,
    **options: Any,
) -> Study:
    """Ask a model a setting's questions under both tiers, judge the answers, and return the study.

    Works in a script and in a notebook (there the work is done in a thread with an event loop of its own).
    A study whose folder exists is gone on with if its specification is the same.

    Args:
        setting: Id of a setting; the preset's, or ``animal-welfare``.
        model: The subject, as Inspect names models; several are asked the same, each at its own pace.
        study: The study's folder; named after its specification by default.
        **options: ``judge`` (a model that grades; the lexical judge by default), ``queries``, ``samples``, ``control``
            (queries of the no-conflict control), ``temperature``, ``reasoning`` (``scratchpad``, ``none``, ``native``
            or ``choice``), ``seed``,
            ``vary`` (``{"wording": 25, "tier": "three"}`` or ``["temperature=0,0.7"]``: factors and their levels),
            ``mode`` (``"full"``, ``"one-at-a-time"`` or ``"fraction"``), ``fraction`` (its number of cells),
            ``preset`` (a published design by name), ``published`` (a file with your copy of a published prompt),
            ``wordings`` (a file that ``gyges reword`` wrote), ``cutoff`` (the subject's training cut-off),
            ``until`` (``"decided"`` or ``"width<=0.1"``: ask until that is reached), ``max_blocks`` (its limit),
            ``top_logprobs`` (how many tokens a provider lists in a forced choice; 20 by default),
            ``max_tokens``, ``max_connections``, ``retries``, ``timeout`` (seconds that one try of a call may take),
            ``budget`` (``"500"`` calls or ``"$2"``), ``price``, ``model_args``, ``base_url``,
            ``judge_base_url``, ``setting_dirs``, ``progress``.

    Raises:
        GygesError: Anything that stops the run; a failed call does not, it is a status.
    """
    return wait(run_async(setting, model=model, study=study, **options)).study


def _arguments(
    design: Design, setting: Setting, setting_dirs: Sequence[str | Path]
) -> dict[str, Any]:
    """Give a subject's arguments; a planted one is told of the setting where it is the user's own."""
    given = design.subject_args
    own = bool(setting_dirs) and setting.id not in setting_ids()
    if own and design.subject.startswith("gyges/planted/") and "setting_dir" not in given:
        return {**given, "setting_dir": str(setting.folder)}
    return given


def check_budget(limit: Budget, subjects: int, price: Price | None) -> None:
    """Refuse a budget that cannot be kept.

    Raises:
        DesignError: It is in money, and each of several subjects has a price of its own.
    """
    if limit.dollars is not None and subjects > 1 and price is None:
        raise DesignError(
            f"--budget {limit}: several models have several prices; give a budget in calls, or one --price for all"
        )


def _spending(
    planned: Planned, budget: str | Budget | None, price: Price | None, judge: str | None
) -> Spending:
    """Set up the count of calls and money; a judge that is asked is part of what a trial costs."""
    asked = asks_a_model(judge)
    limit = parse_budget(budget) if isinstance(budget, str) else budget
    if limit is not None:
        check_budget(limit, len(planned.designs), price)
    if len(planned.designs) == 1:
        price = price or known_price(planned.design.subject)
    prompt = next(iter(planned.planner()))[0].prompt
    return Spending(
        limit,
        price,
        tokens=((len(prompt.system) + len(prompt.user)) // 4, answer_tokens(planned.design)),
        judge_price=known_price(judge) if asked and judge else None,
        judge_tokens=JUDGE_TOKENS if asked else None,
    )
