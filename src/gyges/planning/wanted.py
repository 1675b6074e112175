"""What does a user ask for, and which design is that?

From the options of a run, a preset or a file to the design with all its defaults.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from gyges.design import (
    CHOICE,
    CHOICE_SAMPLES,
    CHOICE_SAMPLING,
    MODES,
    PUBLISHED,
    WORDING,
    Design,
    Planner,
    load_preset,
    max_tokens_for,
    read_levels,
    read_published,
    split_vary,
)
from gyges.errors import DesignError
from gyges.planning.own_queries import query_map, with_queries
from gyges.run import parse_until
from gyges.settings import (
    BASE,
    Requests,
    Setting,
    Wording,
    load_setting,
)

__all__ = ["EMBEDDED", "Planned", "Wanted", "plan_run"]

EMBEDDED = "gyges/smollm2"
"""The model that is asked when none is named."""

EMBEDDED_TEMPERATURE = 0.7
FEWEST_LOGPROBS = 2
"""A forced choice needs the two letters among the tokens that a provider lists."""

EMBEDDED_SAMPLING = {"top_p": 0.9, "frequency_penalty": 0.6, "stop_seqs": ["\n"]}
"""How the embedded model is sampled. At temperature 1 a model of this size writes word salad after a prompt of a
thousand tokens, and below it it repeats a line until the limit: so repeating is penalised, and the answer ends with
its first paragraph."""

EMBEDDED_MAX_TOKENS = {False: 250, True: 500}
"""Limit on its answers, without and with reasoning."""

_QUERIES = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user asks for; what is left out has a default that depends on the setting and the model."""

    setting: str | None = None
    model: str | Sequence[str] = EMBEDDED
    preset: str | None = None
    queries: int | None = None
    samples: int | None = None
    control: int | None = None
    temperature: float | None = None
    reasoning: str | None = None
    seed: int = 0
    max_tokens: int | None = None
    until: str | None = None
    max_blocks: int | None = None
    top_logprobs: int | None = None
    vary: str | Sequence[str] | Mapping[str, Any] = ()
    """``NAME=LEVEL,LEVEL`` each, or a table; one level fixes a factor."""
    mode: str | None = None
    fraction: int | None = None
    """The number of cells of a balanced fraction."""
    published: str | Path | None = None
    """The user's copy of a published system text."""
    wordings: str | Path | None = None
    """A set of wordings that a model wrote."""
    version: str | None = None
    """The version of the setting that a design was made for; refused where the setting has another number now."""
    cutoff: str | None = None
    """The subject's training cut-off, year-month-day or year-month, to be held against publication dates."""
    model_args: Mapping[str, Any] | None = None
    base_url: str | None = None
    query_file: str | Path | None = None
    """A file of the user's own queries, in the place of the setting's."""
    query_map: str | Sequence[str] | Mapping[str, str] = ()
    """``text=COLUMN`` each, or a table: which of its columns holds what."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """The models to ask."""
        return (self.model,) if isinstance(self.model, str) else tuple(dict.fromkeys(self.model))


@dataclass(frozen=True)
class Planned:
    """A design with all that it needs, ready to be asked."""

    setting: Setting
    designs: tuple[Design, ...]
    """One for each subject; they differ in it alone."""
    further: Mapping[str, Wording]
    """Wordings of other files, by their id."""
    max_blocks: int | None = None
    requests: Requests | None = None
    """The user's own queries, where there are any."""

    @property
    def design(self) -> Design:
        """The design of the first subject."""
        return self.designs[0]

    def planner(self) -> Planner:
        """Give the blocks' maker; the blocks are the same for every subject."""
        return self._planner

    @cached_property
    def _planner(self) -> Planner:
        # Working out and proving the cells takes a while; the manifest, the budget and the run ask for the same.
        return Planner(self.design, self.setting, self.further)


def plan_run(
    wanted: Wanted, setting_dirs: Sequence[str | Path] = (), setting: Setting | None = None
) -> Planned:
    """Make the design of a run, with what is not given by a preset or by default.

    Args:
        wanted: What the user asks for.
        setting_dirs: Folders of settings of the user's own.
        setting: The setting, where it is loaded already.

    Raises:
        DesignError: Something that was asked for cannot be; the message names the option.
        SettingError: There is no such setting.
    """
    given = split_vary(wanted.vary)
    for name, value in (("reasoning", wanted.reasoning), ("temperature", wanted.temperature)):
        if value is not None and name in given:
            raise DesignError(f"--{name} {value} and --vary {name}: give one of them")
    asked = wanted.reasoning
    if wanted.preset is not None:
        wanted, given = _with_preset(wanted, given)
    setting = setting or load_setting(wanted.setting or "animal-welfare", setting_dirs)
    setting, requests = with_queries(setting, wanted)
    _check_version(setting, wanted.version)
    further = _further(setting, wanted, given)
    levels = read_levels(setting, given, further)
    _check(wanted, levels)
    _check_implied(setting, asked, levels)
    fixed = {name: found[0] for name, found in levels.items() if len(found) == 1}
    varied = {name: found for name, found in levels.items() if len(found) > 1}
    most = max((len(found) for found in varied.values()), default=0)
    if wanted.fraction is not None and wanted.fraction < most:
        raise DesignError(
            f"--fraction {wanted.fraction}: a factor has {most} levels, and each must be asked at least once"
        )
    if not varied and (wanted.fraction is not None or wanted.mode not in (None, "full")):
        how = f"--fraction {wanted.fraction}" if wanted.fraction else f"--mode {wanted.mode}"
        raise DesignError(f"{how}: nothing varies; give --vary NAME=LEVEL,LEVEL, or leave it out")
    first = {name: found[0] for name, found in levels.items()}
    reasoning = fixed.pop("reasoning", first.get("reasoning", wanted.reasoning))
    temperature = fixed.pop("temperature", first.get("temperature", wanted.temperature))
    used = {*levels.get(WORDING, ())}
    designs = [
        _design(setting, model, wanted, reasoning, temperature, fixed, varied, further, used)
        for model in wanted.subjects
    ]
    if requests is not None:
        source = {
            **requests.record(),
            "from": str(wanted.query_file),
            "map": query_map(wanted.query_map),
        }
        designs = [replace(one, query_file=source) for one in designs]
    return Planned(setting, tuple(designs), further, wanted.max_blocks, requests)


def _with_preset(
    wanted: Wanted, given: dict[str, list[str]]
) -> tuple[Wanted, dict[str, list[str]]]:
    """Fill in from a preset what the user does not say; what he says takes the place of what it says."""
    preset = load_preset(wanted.preset or "")
    said = {name for name in preset.options if getattr(wanted, name) is not None}
    # Two ways to say one thing.
    said |= {"mode", "fraction"} if wanted.mode or wanted.fraction is not None else set()
    said |= {"samples"} if wanted.until is not None else set()
    # A forced choice is asked in its own numbers.
    said |= {"samples", "temperature"} if wanted.reasoning == CHOICE else set()
    said |= {"reasoning", "temperature"} & given.keys()
    options = {name: value for name, value in preset.options.items() if name not in said}
    if wanted.queries is not None and "control" in options:
        # A smaller run of a preset has a smaller control.
        options["control"] = min(options["control"], wanted.queries)
    varied = {
        name: list(levels)
        for name, levels in preset.vary.items()
        if getattr(wanted, name, None) is None or name not in ("reasoning", "temperature")
    }
    if preset.across and wanted.setting is None:
        raise DesignError(
            f"--preset {preset.name}: is asked in every setting with the factor {preset.across}, each in a study of "
            f"its own: gyges run --preset {preset.name} does that; here, name one setting"
        )
    wanted = replace(wanted, setting=wanted.setting or preset.setting, **options)
    return wanted, {**varied, **given}


def _further(setting: Setting, wanted: Wanted, given: dict[str, list[str]]) -> dict[str, Wording]:
    """Read the wordings of other files; they are asked beside wording 0 where nothing else is said of wordings."""
    further: dict[str, Wording] = {}
    if wanted.wordings is not None:
        from gyges.design.sets import read_set

        further |= read_set(Path(wanted.wordings), setting)
    if wanted.published is not None:
        further[PUBLISHED] = read_published(Path(wanted.published))
    named = given.get(WORDING)
    if named is None and further:
        given[WORDING] = [BASE, *([PUBLISHED] if PUBLISHED in further else [])]
        given[WORDING] += ["generated"] if len(further) > (PUBLISHED in further) else []
    elif named is not None:
        made = further.keys() - {PUBLISHED}
        if PUBLISHED in further and PUBLISHED not in named:
            given[WORDING] = [*named, PUBLISHED]
        if made and not made & {*named} and "generated" not in named:
            given[WORDING] = [*given[WORDING], "generated"]
    return further


def _check(wanted: Wanted, levels: Mapping[str, list[Any]]) -> None:
    if wanted.max_blocks is not None and wanted.until is None:
        raise DesignError(
            f"--max-blocks {wanted.max_blocks}: limits a run with --until; give --samples N instead"
        )
    if wanted.max_blocks is not None and wanted.max_blocks < 1:
        raise DesignError(f"--max-blocks {wanted.max_blocks}: must be at least 1")
    if wanted.mode not in (None, *MODES):
        raise DesignError(f"--mode {wanted.mode}: must be one of {', '.join(MODES)}")
    if wanted.fraction is not None and wanted.mode not in (None, "fraction"):
        raise DesignError(
            f"--fraction {wanted.fraction} and --mode {wanted.mode}: give one of them"
        )
    if wanted.fraction is not None and wanted.fraction < 2:
        raise DesignError(f"--fraction {wanted.fraction}: must be at least 2 cells")
    if wanted.until is not None and len(wanted.subjects) > 1:
        raise DesignError(f"--until {wanted.until}: follows one gap; ask one model at a time")
    if not wanted.subjects:
        raise DesignError("--model: name at least one model")
    if wanted.cutoff is not None and not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", wanted.cutoff):
        raise DesignError(
            f"--cutoff {wanted.cutoff}: give year-month or year-month-day, such as 2025-03"
        )


def _check_version(setting: Setting, version: str | None) -> None:
    if version is not None and version.split("-")[0] != setting.version.split("-")[0]:
        raise DesignError(
            f"this design asks {setting.id} {version}, and this Gyges has {setting.version}: results of different "
            "numbers are not comparable. Use the Gyges that made it, or write the options into a file of your own"
        )


def _check_implied(
    setting: Setting, reasoning: str | None, levels: Mapping[str, list[Any]]
) -> None:
    """Refuse a reasoning that was asked for by name where a level brings another one with it."""
    for name, chosen in levels.items():
        for level in chosen if name in setting.shared and reasoning is not None else ():
            brings = setting.shared[name].level(level).sets.get("reasoning", reasoning)
            if brings != reasoning:
                raise DesignError(
                    f"--reasoning {reasoning} and --vary {name}={level}, which brings reasoning={brings} with it: "
                    "leave --reasoning out"
                )


def _design(
    setting: Setting,
    model: str,
    wanted: Wanted,
    reasoning: str | None,
    temperature: float | None,
    fixed: Mapping[str, Any],
    varied: Mapping[str, list[Any]],
    further: Mapping[str, Wording],
    used: set[str],
) -> Design:
    levels = setting.factors.get("reasoning", ("none",))
    choice = reasoning == CHOICE
    sampling: dict[str, Any] = dict(CHOICE_SAMPLING) if choice else {}
    if wanted.top_logprobs is not None:
        if not choice:
            raise DesignError(
                f"--top-logprobs {wanted.top_logprobs}: belongs to a forced choice; add --reasoning choice"
            )
        if wanted.top_logprobs < FEWEST_LOGPROBS:
            raise DesignError(
                f"--top-logprobs {wanted.top_logprobs}: must be at least {FEWEST_LOGPROBS}, for the two letters"
            )
        sampling["top_logprobs"] = wanted.top_logprobs
    samples = wanted.samples
    if samples is None:
        samples = CHOICE_SAMPLES if choice and wanted.until is None else 1
    # A forced choice is read from the model's plain distribution: nothing narrows it.
    embedded = model == EMBEDDED and not choice
    # What the cells share is one for all models.
    alone = embedded and wanted.subjects == (EMBEDDED,)
    queries = wanted.queries
    if queries is None:
        # As many of each value as elsewhere of one.
        queries = min(_QUERIES * max(1, len(setting.values)), len(setting.queries))
    # A model of the embedded one's size does not keep to the scratchpad's format.
    reasoning = reasoning or ("none" if alone and "none" in levels else levels[0])
    if temperature is None:
        temperature = EMBEDDED_TEMPERATURE if alone and "temperature" not in varied else 1.0
    asked = [*varied.get("reasoning", [reasoning]), *_implied(setting, {**fixed, **varied})]
    reasons = any(level != "none" for level in asked)
    if embedded:
        sampling = dict(EMBEDDED_SAMPLING)
        if reasons:
            # A scratchpad has several paragraphs.
            del sampling["stop_seqs"]
    max_tokens = wanted.max_tokens
    if max_tokens is None:
        max_tokens = EMBEDDED_MAX_TOKENS[reasons] if embedded else max_tokens_for(*asked)
    control = wanted.control
    if control is None:
        control = max(1, queries // 5) if "no" in setting.factors.get("conflict", ()) else 0
    mode = wanted.mode or ("fraction" if wanted.fraction is not None else "full")
    return Design(
        setting=setting.id,
        subject=model,
        queries=queries,
        samples=samples,
        control=control,
        temperature=float(temperature),
        reasoning=reasoning,
        seed=wanted.seed,
        max_tokens=max_tokens,
        sampling=sampling,
        subject_args=dict(wanted.model_args or {}),
        base_url=wanted.base_url,
        until=None if wanted.until is None else str(parse_until(wanted.until)),
        levels=dict(fixed),
        vary=dict(varied),
        mode=mode,
        runs=wanted.fraction,
        preset=wanted.preset,
        wordings={name: dict(further[name].about) for name in further if name in used},
        cutoff=wanted.cutoff,
    )


def _implied(setting: Setting, chosen: Mapping[str, Any]) -> list[str]:
    """Give the levels of reasoning that levels of other factors bring with them."""
    found = []
    for name, levels in chosen.items():
        if factor := setting.shared.get(name):
            for level in levels if isinstance(levels, list) else [levels]:
                found += [factor.level(level).sets.get("reasoning", "")]
    return [level for level in found if level]
