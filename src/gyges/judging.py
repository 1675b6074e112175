"""Which judge reads a study, and how does it go through it?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from gyges.errors import DesignError, GygesError, JudgeError, StudyError
from gyges.judges import (
    COMPLIANCE,
    OPTION,
    AskedJudge,
    Reader,
    StatedReader,
    choice_reader,
    is_choice,
    judge_study,
    lexical_judge,
    question_for,
    read_trial,
)
from gyges.run import Progress, load_model
from gyges.settings import Setting, load_setting
from gyges.studies import Study
from gyges.study import Redactor, Trial, Verdict
from gyges.waiting import wait

__all__ = [
    "RULES",
    "apply_judge",
    "check_limits",
    "judge",
    "make_judge",
    "quick_compliance",
    "rule_judge",
    "running_judge",
]

RULES = ("lexical", "stated")
"""Judges that read by rule."""


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
        judge: ``lexical`` or a model, as Inspect names models; ``choice``, or ``choice@0.7`` for another temperature,
            where the trials are forced choices. Default: ``choice`` for forced choices, else ``lexical``.
        base_url: Where the judge's provider is reached.
        max_connections: Calls under way at once.
        retries: Tries after a passing failure of a call.
        timeout: Seconds that one try of a call may take.
        setting_dirs: Folders of settings of your own.
        progress: Show a progress bar; by default where stderr is a terminal.
    """
    check_limits(max_connections, retries, timeout)
    folder = study if isinstance(study, Study) else Study(study)
    names = folder.trials(["setting"])["setting"].unique().to_list()
    if len(names) != 1:
        raise StudyError(
            f"{folder.path}: holds trials of {len(names)} settings ({', '.join(sorted(names))}); a judge's question "
            "belongs to one setting"
        )
    name = None if judge in (None, "lexical") else judge
    reader: AskedJudge | Reader
    if chosen := choice_reader(judge, choice=is_choice(folder)):
        reader = chosen
    elif judge == "stated" or (judge is None and not _has_rule(names[0]) and _offers(folder)):
        if not _offers(folder):
            raise _no_options(f"these trials offer none (no column {OPTION})")
        reader = StatedReader()
    elif name is None:
        reader = lexical_judge(names[0])
    else:
        loaded = load_setting(names[0], setting_dirs)
        reader = make_judge(loaded, name, base_url, max_connections, retries, timeout)
    with folder.lock():
        wait(apply_judge(folder, reader, Redactor(), progress))
        folder.seal()
        if folder.manifest.judge is None:
            folder.manifest.judge = reader.name
            folder.manifest.write(folder.path)
    return folder


def check_limits(max_connections: int | None, retries: int, timeout: int) -> None:
    """Refuse limits of calls that mean nothing.

    Raises:
        DesignError: The message names the option.
    """
    for name, value, least in (
        ("--max-connections", max_connections, 1),
        ("--retries", retries, 0),
        ("--timeout", timeout, 1),
    ):
        if value is not None and value < least:
            raise DesignError(f"{name} {value}: must be at least {least}")


def rule_judge(setting: Setting) -> Reader:
    """Give the judge that reads a setting's answers by rule.

    Raises:
        JudgeError: The setting has none.
    """
    return StatedReader() if setting.offers else lexical_judge(setting.id)


def running_judge(setting: Setting) -> Reader | None:
    """Give the judge of the running rates; None where the setting has none that reads by rule."""
    try:
        return rule_judge(setting)
    except GygesError:
        return None


def _has_rule(setting: str) -> bool:
    try:
        lexical_judge(setting)
    except GygesError:
        return False
    return True


def _offers(study: Study) -> bool:
    return OPTION in study.manifest.factors


def make_judge(
    setting: Setting,
    judge: str | None,
    base_url: str | None,
    max_connections: int | None,
    retries: int,
    timeout: int,
) -> AskedJudge | Reader:
    """Make the judge of answers in words that was asked for: one that reads by rule, or a model.

    Raises:
        GygesError: There is no such judge for the setting, or no such model.
    """
    if judge is None:
        return rule_judge(setting)
    if judge == "stated":
        if not setting.offers:
            raise _no_options(f"the queries of {setting.id} offer none")
        return StatedReader()
    if judge == "lexical":
        return lexical_judge(setting.id)
    model = load_model(judge, base_url=base_url, option="--judge")
    question = question_for(setting.outcome, setting.objective)
    return AskedJudge(
        model, judge, question, max_connections=max_connections, retries=retries, timeout=timeout
    )


def _no_options(whose: str) -> JudgeError:
    return JudgeError(
        f"--judge stated: reads which of two offered options an answer states, and {whose}; use --judge lexical or a "
        "model"
    )


def quick_compliance(quick: Reader | None, trial: Trial) -> float | None:
    """Read an answer for the running rates; the verdicts proper are made after the run."""
    read = None if quick is None else read_trial(quick, trial)
    return None if read is None else COMPLIANCE.get(read.outcome or "")


async def apply_judge(
    folder: Study,
    reader: AskedJudge | Reader,
    clean: Redactor,
    progress: bool | None,
) -> None:
    """Let a judge read what it has not read yet, behind a progress bar."""
    total = folder.trial_table.scan(["trial"]).select(pl.len()).collect().item()
    # These take a moment; a bar would only flicker.
    quiet = not isinstance(reader, AskedJudge) or (None if progress is None else not progress)
    with Progress(total, "judging", quiet=quiet) as bar:

        def judged(tier: str, verdict: Verdict) -> None:
            value = COMPLIANCE.get(verdict.outcome or "")
            bar.step(tier, value, failed=verdict.status != "ok")

        await judge_study(folder, reader, clean=clean, on_verdict=judged)
