"""The same as on the command line, from Python: run, open and read studies.

>>> import gyges
>>> study = gyges.run("animal-welfare", model="gyges/planted/faker", queries=8, study="example")   # doctest: +SKIP
>>> study.gaps()                                                                                   # doctest: +SKIP
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from gyges.design import Design, blocks
from gyges.errors import DesignError, GygesError, StudyError
from gyges.judges import AskedJudge, LexicalJudge, judge_study, lexical_judge, question_for
from gyges.planning import (
    EMBEDDED,
    JUDGE_TOKENS,
    DryRun,
    answer_tokens,
    default_folder,
    dry_run,
    make_design,
    make_manifest,
)
from gyges.run import (
    Budget,
    Price,
    Progress,
    Spending,
    Subject,
    ask_all,
    known_price,
    load_model,
    parse_budget,
)
from gyges.settings import Setting, load_setting
from gyges.studies import Study, open_study
from gyges.study import Redactor, StudyFolder, Trial, TrialWriter, Verdict
from gyges.study.redact import secrets_in

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

T = TypeVar("T")


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


async def run_async(
    setting: str = "animal-welfare",
    *,
    model: str = EMBEDDED,
    judge: str | None = None,
    queries: int | None = None,
    samples: int = 1,
    control: int | None = None,
    temperature: float | None = None,
    reasoning: str | None = None,
    seed: int = 0,
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
        max_tokens=max_tokens,
        model_args=model_args,
        base_url=base_url,
    )
    design.check(loaded)
    _check_limits(max_connections, retries, timeout)
    clean = Redactor(secrets_in(design.subject_args))
    spending = _spending(design, loaded, budget, price, judge)
    manifest = make_manifest(design, loaded, clean(command))
    path = Path(study) if study is not None else default_folder(design, manifest)
    # Models are loaded before anything is written, so that a wrong name leaves no empty study.
    subject_model = load_model(model, base_url=base_url, args=design.subject_args)
    reader = _judge(loaded, judge, judge_base_url, max_connections, retries, timeout)
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
        with Progress(
            design.trials - len(done), quiet=None if progress is None else not progress
        ) as bar:
            # Running rates are for whoever watches.
            quick = None if bar.quiet else _lexical(loaded)

            def finished(trial: Trial) -> None:
                value = _quick_compliance(quick, trial)
                bar.step(trial.tier, value, failed=trial.status != "ok")

            writer = TrialWriter(folder, clean)
            try:
                asked = await ask_all(
                    blocks(design, loaded),
                    subject,
                    writer,
                    done=done,
                    attempts=attempts,
                    spending=spending,
                    on_trial=finished,
                )
            finally:
                writer.close()
        folder.seal()
        if folder.manifest.judge is None or judge is not None:
            folder.manifest.judge = reader.name
            folder.manifest.write(path)
        await _apply(folder, reader, clean, progress)
        folder.seal()
    return RunResult(
        study=Study(path),
        asked=asked.asked,
        skipped=asked.skipped,
        stopped=asked.stopped,
        calls=spending.calls,
        dollars=spending.dollars if spending.price is not None else None,
        failure=clean(asked.failure) if asked.failure else None,
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
            (queries of the no-conflict control), ``temperature``, ``reasoning`` (``scratchpad`` or ``none``), ``seed``,
            ``max_tokens``, ``max_connections``, ``retries``, ``timeout`` (seconds that one try of a call may take),
            ``budget`` (``"500"`` calls or ``"$2"``), ``price``, ``model_args``, ``base_url``,
            ``judge_base_url``, ``setting_dirs``, ``progress``.

    Raises:
        GygesError: Anything that stops the run; a failed call does not, it is a status.
    """
    return _wait(run_async(setting, model=model, study=study, **options)).study


def judge(
    study: str | Path | Study,
    judge: str | None = None,
    *,
    base_url: str | None = None,
    max_connections: int | None = None,
    retries: int = 4,
    timeout: int = 600,
    setting_dirs: Sequence[str | Path] = (),
    progress: bool | None = None,
) -> Study:
    """Let a judge read every trial of a study that it has not read yet.

    Args:
        study: The study or its folder.
        judge: ``lexical`` (the default) or a model, as Inspect names models.
        base_url: Where the judge's provider is reached.
        max_connections: Calls under way at once.
        retries: Tries after a passing failure of a call.
        timeout: Seconds that one try of a call may take.
        setting_dirs: Folders of settings of your own.
        progress: Show a progress bar; by default where stderr is a terminal.
    """
    _check_limits(max_connections, retries, timeout)
    folder = study if isinstance(study, Study) else Study(study)
    names = folder.trials(["setting"])["setting"].unique().to_list()
    if len(names) != 1:
        raise StudyError(
            f"{folder.path}: holds trials of {len(names)} settings ({', '.join(sorted(names))}); a judge's question "
            "belongs to one setting"
        )
    name = None if judge in (None, "lexical") else judge
    if name is None:
        reader: LexicalJudge | AskedJudge = lexical_judge(names[0])
    else:
        loaded = load_setting(names[0], setting_dirs)
        reader = _judge(loaded, name, base_url, max_connections, retries, timeout)
    with folder.lock():
        _wait(_apply(folder, reader, Redactor(), progress))
        folder.seal()
        if folder.manifest.judge is None:
            folder.manifest.judge = reader.name
            folder.manifest.write(folder.path)
    return folder


def _check_limits(max_connections: int | None, retries: int, timeout: int) -> None:
    for name, value, least in (
        ("--max-connections", max_connections, 1),
        ("--retries", retries, 0),
        ("--timeout", timeout, 1),
    ):
        if value is not None and value < least:
            raise DesignError(f"{name} {value}: must be at least {least}")


def _spending(
    design: Design,
    setting: Setting,
    budget: str | Budget | None,
    price: Price | None,
    judge: str | None,
) -> Spending:
    """Set up the count of calls and money; a judge that is asked is part of what a trial costs."""
    asked = judge not in (None, "lexical")
    prompt = next(iter(blocks(design, setting)))[0].prompt
    return Spending(
        parse_budget(budget) if isinstance(budget, str) else budget,
        price or known_price(design.subject),
        tokens=((len(prompt.system) + len(prompt.user)) // 4, answer_tokens(design)),
        judge_price=known_price(judge) if asked and judge else None,
        judge_tokens=JUDGE_TOKENS if asked else None,
    )


def _lexical(setting: Setting) -> LexicalJudge | None:
    try:
        return lexical_judge(setting.id)
    except GygesError:
        return None


def _judge(
    setting: Setting,
    judge: str | None,
    base_url: str | None,
    max_connections: int | None,
    retries: int,
    timeout: int,
) -> LexicalJudge | AskedJudge:
    if judge in (None, "lexical"):
        return lexical_judge(setting.id)
    model = load_model(judge, base_url=base_url, option="--judge")
    question = question_for(setting.outcome, setting.objective)
    return AskedJudge(
        model, judge, question, max_connections=max_connections, retries=retries, timeout=timeout
    )


def _quick_compliance(quick: LexicalJudge | None, trial: Trial) -> float | None:
    """Read an answer for the running rates; the verdicts proper are made after the run."""
    if quick is None or trial.status != "ok" or not trial.output:
        return None
    return {"comply": 1.0, "partial": 0.5, "refuse": 0.0}.get(quick.read(trial.output).outcome)


async def _apply(
    folder: Study,
    reader: LexicalJudge | AskedJudge,
    clean: Redactor,
    progress: bool | None,
) -> None:
    total = folder.trial_table.scan(["trial"]).select(pl.len()).collect().item()
    # The lexical judge takes a moment; a bar would only flicker.
    quiet = isinstance(reader, LexicalJudge) or (None if progress is None else not progress)
    with Progress(total, "judging", quiet=quiet) as bar:

        def judged(tier: str, verdict: Verdict) -> None:
            value = {"comply": 1.0, "partial": 0.5, "refuse": 0.0}.get(verdict.outcome or "")
            bar.step(tier, value, failed=verdict.status != "ok")

        await judge_study(folder, reader, clean=clean, on_verdict=judged)


def _wait(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also where an event loop is running already (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    box: list[T] = []
    failures: list[BaseException] = []

    def target() -> None:
        try:
            box.append(asyncio.run(work))
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=target, name="gyges", daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return box[0]
