"""Which judge is meant by a name, and what is it told of the setting?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gyges.errors import DesignError, GygesError, JudgeError, SettingError, StudyError, nearest
from gyges.judges import (
    OPTION,
    SUFFIX,
    AskedJudge,
    LogprobJudge,
    Question,
    Reader,
    StatedReader,
    choice_reader,
    has_options_rule,
    is_choice,
    lexical_judge,
    load_question,
    options_reader,
)
from gyges.judging.own_rule import NAMES, has_own_rule, own_reader, own_reader_named
from gyges.judging.worked import find_setting
from gyges.run import load_model
from gyges.settings import Setting, load_setting, setting_ids
from gyges.settings.slots import fill
from gyges.settings.template import tier_slots
from gyges.studies import Study

__all__ = [
    "RULES",
    "Asking",
    "check_limits",
    "facts_of",
    "judge_named",
    "judge_of",
    "make_judge",
    "rule_judge",
    "running_judge",
]

RULES = ("lexical", "stated", "copied", "keyed", "traded", "embedded")
"""Judges that read by rule, without a model that is asked."""

_GENERAL_CONTROL = (
    "what the system text asks of the model, which does not conflict with its preferences"
)


@dataclass(frozen=True, slots=True)
class Asking:
    """How a model is asked to judge."""

    base_url: str | None = None
    """Where its provider is reached."""
    max_connections: int | None = None
    retries: int = 4
    timeout: int = 600
    votes: int | None = None
    """Votes on each trial; the question's own number if None."""
    temperature: float | None = None
    threshold: float | None = None
    """The share of votes from which the answer is yes; the question's own if None."""
    structure: str = "schema"
    """How the form of the answer is asked for: ``schema`` or ``tool``."""


def judge_of(
    folder: Study,
    name: str | None,
    question: Question,
    asking: Asking,
    setting_dirs: Sequence[str | Path] = (),
) -> AskedJudge | Reader:
    """Make the judge that was asked for, to read a study.

    Raises:
        GygesError: There is no such judge, or it cannot read these trials.
    """
    names = folder.trials(["setting"])["setting"].unique().to_list()
    if len(names) != 1:
        raise StudyError(
            f"{folder.path}: holds trials of {len(names)} settings ({', '.join(sorted(names))}); a judge's question "
            "belongs to one setting"
        )
    if (probe := question.probe_name) and not folder.probe_table(probe).keys():
        id_, when = probe.rsplit("-", 1)
        raise JudgeError(
            f"question {question.name}: reads what the subject says when it is asked, and {folder.path} holds no "
            f"answers to the probe {probe}. Next: gyges probe {folder.path} --probe {id_} --when {when}"
        )
    if question.name == "outcome":
        if chosen := choice_reader(name, choice=is_choice(folder)):
            return chosen
        if name == "stated" or (
            name is None and _offers(folder) and not _has_rule(names[0], setting_dirs)
        ):
            if not _offers(folder):
                raise _no_options(f"these trials offer none (no column {OPTION})")
            if own := own_reader_named(None, names[0], setting_dirs):
                raise _no_options(
                    f"the answers of {names[0]} are asked for without one and read by the judge {own.name}"
                )
            return StatedReader()
    return judge_named(name, question, names[0], asking, setting_dirs)


def judge_named(
    name: str | None,
    question: Question,
    setting: str,
    asking: Asking,
    setting_dirs: Sequence[str | Path] = (),
    *,
    load: Callable[[str], Any] | None = None,
) -> AskedJudge | Reader:
    """Make a judge by its name.

    Args:
        name: ``lexical``, ``copied``, ``keyed``, ``traded``, ``embedded``, ``embedded:FILE``, a model, or
            ``MODEL@logprobs``; None for the one that reads by rule: the setting's own rule, where it has one.
        question: What it is asked.
        setting: Id of the setting whose answers it reads.
        asking: How a model is asked.
        setting_dirs: Folders of settings of your own.
        load: Loads a model by its name; by default from the registry of providers.

    Raises:
        GygesError: There is no such judge.
    """
    if name is None or name.partition(":")[0] in RULES:
        _no_votes(name, asking)
    own = name is None or name in NAMES.values()
    if own and (reader := own_reader_named(name, setting, setting_dirs, question.name)):
        return reader
    if question.name != "outcome" and name in (None, "lexical"):
        return _reader_of(question)
    if name in (None, "lexical"):
        return _lexical(setting)
    assert name is not None
    if name in NAMES.values():
        _outcome_only(name, question)
        raise _no_rule(name, setting, setting_dirs)
    kind, _, file = name.partition(":")
    if kind == "embedded":
        from gyges.judges.embedded import embedded_judge

        _outcome_only(name, question)
        return embedded_judge(setting, Path(file) if file else None)
    if name == "stated":
        _outcome_only(name, question)
        raise _no_options(f"the queries of {setting} offer none")
    model = name.removesuffix(SUFFIX)
    if "/" not in model:
        raise JudgeError(
            f"--judge {name}: {nearest(name, RULES)}; or a model as provider/model, such as openai/gpt-4o-mini"
        )
    kind_of = LogprobJudge if name != model else AskedJudge
    facts = facts_of(setting, setting_dirs)
    return kind_of(
        load(model)
        if load is not None
        else load_model(model, base_url=asking.base_url, option="--judge"),
        name,
        question,
        facts=facts,
        votes=asking.votes,
        temperature=asking.temperature,
        threshold=asking.threshold,
        structure=asking.structure,
        max_connections=asking.max_connections,
        retries=asking.retries,
        timeout=asking.timeout,
    )


def _no_votes(name: str | None, asking: Asking) -> None:
    """Refuse what means nothing to a judge that reads by rule."""
    for option in ("votes", "temperature", "threshold"):
        if (value := getattr(asking, option)) is not None:
            raise JudgeError(
                f"--{option} {value}: the judge {name or 'lexical'} reads by rule and is not asked; leave it out, or "
                "give --judge MODEL"
            )


def _outcome_only(name: str, question: Question) -> None:
    if question.name != "outcome":
        raise JudgeError(
            f"--judge {name}: reads the outcome alone; for {question.name} use --judge MODEL"
        )


def facts_of(setting: str, setting_dirs: Sequence[str | Path] = ()) -> dict[str, dict[str, str]]:
    """Give the facts that fill a question's texts, by the value that a trial's setting attacks; ``""`` for all others.

    Where the setting has a no-conflict control, those of its trials stand beside them, under ``VALUE|control``: the
    control's own objective, and general words for the preference and for what complying means.

    A setting that is not in the library (that of imported transcripts) is spoken of in general words.

    Raises:
        SettingError: The setting's folder breaks the format.
    """
    try:
        loaded = load_setting(setting, setting_dirs)
    except SettingError:
        if setting in setting_ids(setting_dirs):
            raise
        return {"": {}}
    facts = {
        "": {
            **loaded.outcome,
            "objective": loaded.objective,
            "value": loaded.value,
            "preference": f"to do as {loaded.value} asks",
        }
    }
    for value, objective in loaded.values.items():
        facts[value] = {
            **facts[""],
            "objective": objective,
            "value": value,
            "preference": f"to do as {value} asks",
        }
    if "no" in loaded.factors.get("conflict", ()):
        objective = _control_objective(loaded)
        for value, own in list(facts.items()):
            facts[f"{value}|control"] = {"objective": objective, "value": own["value"]}
    return facts


def _control_objective(setting: Setting) -> str:
    """Say what the no-conflict control asks for: the first sentence of the text that stands only there."""
    template = setting.template
    alone = [part.block for part in template.layout if dict(part.when) == {"conflict": "no"}]
    slots = {**template.slots, **tier_slots(template.tiers)}
    text = " ".join(fill(template.blocks[alone[0]], slots).split()) if alone else ""
    found = re.match(r"(?:\d+\. |- )?([^#{}.!?]{10,200})\.(?: |$)", text)
    return found[1] if found else _GENERAL_CONTROL


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
        SettingError: The setting's ``reading.yaml`` breaks the format.
    """
    if reader := own_reader(setting):
        return reader
    return StatedReader() if setting.offers else _lexical(setting.id)


def running_judge(setting: Setting) -> Reader | None:
    """Give the judge of the running rates; None where the setting has none that reads by rule."""
    try:
        return rule_judge(setting)
    except GygesError:
        return None


def _reader_of(question: Question) -> Reader:
    """Give the judge that answers a question beside the outcome by rule."""
    from gyges.judges.cued import CuedReader, cued_ids
    from gyges.judges.probed import ProbedReader, probed_questions

    if question.id in probed_questions():
        return ProbedReader(question.name)
    if question.name in cued_ids():
        return CuedReader(question.name)
    known = ", ".join(["outcome", *cued_ids(), *probed_questions()])
    raise JudgeError(
        f"no judge answers the question {question.name} by rule (only {known}): use --judge MODEL, such as "
        "--judge openai/gpt-4o-mini"
    )


def _lexical(setting: str) -> Reader:
    """Give the judge that reads a setting's answers by their words: about a subject, or for one of two options."""
    if has_options_rule(setting):
        return options_reader(setting)
    try:
        return lexical_judge(setting)
    except JudgeError as error:
        # Of an imported study nothing but its setting's name is known.
        raise JudgeError(
            f"{error}. A setting of your own is read by the file reading.yaml in its folder: write one, and name the "
            "folder with --setting-dir DIR"
        ) from None


def _no_rule(name: str, setting: str, setting_dirs: Sequence[str | Path]) -> JudgeError:
    """Say why there is no judge that reads by such a rule."""
    if find_setting(setting, setting_dirs) is None:
        return JudgeError(
            f"--judge {name}: reads by the reading.yaml of the setting {setting}, whose folder is not known; name it "
            "with --setting-dir DIR, or use --judge MODEL"
        )
    reads = next(key for key, one in NAMES.items() if one == name)
    return JudgeError(
        f"--judge {name}: the setting {setting} has no reading.yaml that reads {reads}; leave --judge out, or use "
        "--judge MODEL"
    )


def _has_rule(setting: str, setting_dirs: Sequence[str | Path]) -> bool:
    if has_own_rule(setting, setting_dirs):
        return True
    try:
        _lexical(setting)
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
    if judge == "stated" and setting.offers:
        return StatedReader()
    asking = Asking(base_url, max_connections, retries, timeout)
    own = [] if setting.id in setting_ids() else [str(setting.folder)]
    return judge_named(judge, load_question("outcome"), setting.id, asking, own)


def _no_options(whose: str) -> JudgeError:
    return JudgeError(
        f"--judge stated: reads which of two offered options an answer states, and {whose}; use --judge lexical or a "
        "model"
    )
