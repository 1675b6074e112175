"""What would a run ask, and how is that written down?

From the arguments of a run to its design, its specification and its folder; and the count of its cells, trials, calls,
tokens and cost, made from the same plan without asking anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

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
from gyges.estimate.components import AssumedRates
from gyges.estimate.power import planned_error
from gyges.run import MAX_BLOCKS, Price, known_price, parse_until
from gyges.settings import BASE, Setting, Wording, load_setting
from gyges.study import Manifest, StudyFolder
from gyges.study.folder import factor_types

__all__ = [
    "EMBEDDED",
    "JUDGE_TOKENS",
    "DryRun",
    "Planned",
    "PlannedCell",
    "Wanted",
    "answer_tokens",
    "asks_a_model",
    "default_folder",
    "dry_run",
    "make_manifest",
    "plan_run",
]

EMBEDDED = "gyges/smollm2"
"""The model that is asked when none is named."""

EMBEDDED_TEMPERATURE = 0.7
FEWEST_LOGPROBS = 2
"""A forced choice needs the two letters among the tokens that a provider lists."""

EMBEDDED_SAMPLING = {"top_p": 0.9, "frequency_penalty": 0.6, "stop_seqs": ["\n"]}
"""How the embedded model is sampled. At temperature 1 a model of this size writes word salad after a prompt of a
thousand tokens, and below it it repeats a line until the limit: so repeating is penalised, and the answer ends with
its first paragraph."""

EMBEDDED_MAX_TOKENS = 250

JUDGE_TOKENS = (650, 80)
"""Tokens of a judge's call, estimated: input and output."""

_QUERIES = 40

_ASSUMED = AssumedRates(0.3)
"""For the expected width of an interval: both arms near 30 %, queries alike as in the published VLAF answers."""


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
    vary: Sequence[str] | Mapping[str, Any] = ()
    """``NAME=LEVEL,LEVEL`` each, or a table; one level fixes a factor."""
    mode: str | None = None
    fraction: int | None = None
    """The number of cells of a balanced fraction."""
    published: str | Path | None = None
    """The user's copy of a published system text."""
    wordings: str | Path | None = None
    """A set of wordings that a model wrote."""
    cutoff: str | None = None
    """The subject's training cut-off, year-month-day or year-month, to be held against publication dates."""
    model_args: Mapping[str, Any] | None = None
    base_url: str | None = None

    @property
    def subjects(self) -> tuple[str, ...]:
        """The models to ask."""
        return (self.model,) if isinstance(self.model, str) else tuple(dict.fromkeys(self.model))


@dataclass(frozen=True, slots=True)
class Planned:
    """A design with all that it needs, ready to be asked."""

    setting: Setting
    designs: tuple[Design, ...]
    """One for each subject; they differ in it alone."""
    further: Mapping[str, Wording]
    """Wordings of other files, by their id."""
    max_blocks: int | None = None

    @property
    def design(self) -> Design:
        """The design of the first subject."""
        return self.designs[0]

    def planner(self) -> Planner:
        """Make the blocks' maker; they are the same for every subject."""
        return Planner(self.design, self.setting, self.further)


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """One line of a dry run's table."""

    cell: str
    wording: str
    trials: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would ask, without asking it."""

    trials: int
    """With a rule that ends the run: at most."""
    done: int
    """Trials that the study has already."""
    subject_calls: int
    judge_calls: int
    input_tokens: int
    """Estimated from four characters a token."""
    output_tokens: int
    """Estimated: an answer of 90 words, and 400 words of reasoning where a scratchpad is asked for."""
    dollars: float | None
    judge_dollars: float | None
    study: Path
    subjects: int = 1
    cells: tuple[PlannedCell, ...] = ()
    """Each wording with each combination of levels, for one subject."""
    left_out: tuple[str, ...] = ()
    """Combinations that cannot be, each with why."""
    prefix_share: float = 0.0
    """Of the prompt tokens of the whole plan, the share that a cache of one prefix a subject can serve."""
    prefix_share_all: float = 0.0
    """The same for a cache that keeps every prefix."""
    width: float | None = None
    """Expected width of the 95 % interval of one cell's gap, if 30 % comply in both arms; None for one query."""
    width_all: float | None = None
    """The same for the gap over all wordings of one combination of levels; None where wordings do not vary."""


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
    given: dict[str, list[str]] = {}
    if wanted.preset is not None:
        preset = load_preset(wanted.preset)
        options = {name: value for name, value in preset.options.items() if getattr(wanted, name) is None}
        wanted = replace(wanted, setting=wanted.setting or preset.setting, **options)
        given = {name: list(levels) for name, levels in preset.vary.items()}
    given |= split_vary(wanted.vary)
    setting = setting or load_setting(wanted.setting or "animal-welfare", setting_dirs)
    further = _further(setting, wanted, given)
    levels = read_levels(setting, given, further)
    _check(wanted, levels)
    fixed = {name: found[0] for name, found in levels.items() if len(found) == 1}
    varied = {name: found for name, found in levels.items() if len(found) > 1}
    first = {name: found[0] for name, found in levels.items()}
    for name, value in (("reasoning", wanted.reasoning), ("temperature", wanted.temperature)):
        if value is not None and name in levels and wanted.preset is None:
            raise DesignError(f"--{name} {value} and --vary {name}: give one of them")
    reasoning = fixed.pop("reasoning", first.get("reasoning", wanted.reasoning))
    temperature = fixed.pop("temperature", first.get("temperature", wanted.temperature))
    used = {*levels.get(WORDING, ())}
    designs = [
        _design(setting, model, wanted, reasoning, temperature, fixed, varied, further, used)
        for model in wanted.subjects
    ]
    return Planned(setting, tuple(designs), further, wanted.max_blocks)


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
    elif named is not None and PUBLISHED in further and PUBLISHED not in named:
        given[WORDING] = [*named, PUBLISHED]
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
        raise DesignError(f"--fraction {wanted.fraction} and --mode {wanted.mode}: give one of them")
    if wanted.fraction is not None and wanted.fraction < 2:
        raise DesignError(f"--fraction {wanted.fraction}: must be at least 2 cells")
    if wanted.until is not None and len(wanted.subjects) > 1:
        raise DesignError(f"--until {wanted.until}: follows one gap; ask one model at a time")
    if not wanted.subjects:
        raise DesignError("--model: name at least one model")
    if wanted.cutoff is not None and not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", wanted.cutoff):
        raise DesignError(f"--cutoff {wanted.cutoff}: give year-month or year-month-day, such as 2025-03")


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
    sampling = dict(CHOICE_SAMPLING) if choice else {}
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
    queries = wanted.queries
    if queries is None:
        # As many of each value as elsewhere of one.
        queries = min(_QUERIES * max(1, len(setting.values)), len(setting.queries))
    # A model of the embedded one's size does not keep to the scratchpad's format.
    reasoning = reasoning or ("none" if embedded and "none" in levels else levels[0])
    if temperature is None:
        temperature = EMBEDDED_TEMPERATURE if embedded and "temperature" not in varied else 1.0
    asked = varied.get("reasoning", [reasoning])
    max_tokens = wanted.max_tokens
    if max_tokens is None:
        max_tokens = EMBEDDED_MAX_TOKENS if embedded else max_tokens_for(*asked)
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
        sampling=dict(EMBEDDED_SAMPLING) if embedded else sampling,
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


def make_manifest(planned: Planned, command: str) -> Manifest:
    """Write down what a run of a design will be."""
    design, setting = planned.design, planned.setting
    planner = planned.planner()
    columns: dict[str, Any] = {}
    for cell in planner.cells.cells:
        columns |= {
            name: level for name, level in cell.columns.items() if level is not None or name not in columns
        }
    if CHOICE in design.reasonings or setting.offers:
        columns["comply_option"] = "A"
    if setting.queries[0].family:
        columns["family"] = setting.queries[0].family
    spec = design.spec(setting)
    names = [one.subject for one in planned.designs]
    if len(names) > 1:
        spec["subject"] = names
    return Manifest(
        source="run",
        spec=spec,
        title=f"{setting.id} on {', '.join(names)}",
        factors=factor_types(columns),
        command=command,
        notes=[
            {"kind": "design", "what": text, "where": "the design", "done": "left out"}
            for text in planner.cells.left_out
        ],
    )


def default_folder(planned: Planned, manifest: Manifest) -> Path:
    """Name the folder of a study after its specification."""
    design = planned.design
    names = "+".join(re.sub(r"[^A-Za-z0-9._-]+", "-", one.subject) for one in planned.designs)
    return Path("studies") / f"{design.preset or design.setting}--{names[:80]}--{manifest.hash[:6]}"


def answer_tokens(design: Design, reasoning: str | None = None) -> int:
    """Estimate the tokens of an answer: 90 words, and 400 words of reasoning where it is asked for."""
    reasoned = (reasoning or design.reasoning) in ("scratchpad", "native")
    return min(120 + (530 if reasoned else 0), design.max_tokens)


def asks_a_model(judge: str | None) -> bool:
    """Whether a judge costs calls: any but the rules that ship with Gyges."""
    return judge is not None and judge.split("@")[0] not in ("lexical", "choice", "stated")


def dry_run(
    setting: str | None = None,
    *,
    judge: str | None = None,
    study: str | Path | None = None,
    price: Price | None = None,
    setting_dirs: Sequence[str | Path] = (),
    **wanted: Any,
) -> DryRun:
    """Count what :func:`run` would ask with the same arguments, at most; asks nothing and writes nothing."""
    planned = plan_run(Wanted(setting=setting, **wanted), setting_dirs)
    design = planned.design
    manifest = make_manifest(planned, "")
    folder = Path(study) if study is not None else default_folder(planned, manifest)
    done: set[str] = set()
    if (folder / "study.yaml").exists():
        opened = StudyFolder.create(folder, manifest)
        done = opened.trial_table.keys(pl.col("status") != "error")
    planner = planned.planner()
    many = 1.0
    if design.until is not None:
        # A run until a rule is met asks at most so many blocks, spread over the queries.
        many = (planned.max_blocks or MAX_BLOCKS) / design.queries
    counted = _count(planner, many)
    subjects = len(planned.designs)
    trials = round(sum(cell.trials for cell in counted.cells) * subjects)
    calls = trials - len(done)
    share = max(0, calls) / trials
    per_input = sum(cell.input_tokens for cell in counted.cells)
    per_output = sum(cell.output_tokens for cell in counted.cells)
    prices = [price or known_price(one.subject) for one in planned.designs]
    judge_price = known_price(judge) if judge and asks_a_model(judge) else None
    dollars: float | None = None
    if all(one is not None for one in prices):
        dollars = sum(one.of(per_input * share, per_output * share) for one in prices if one)
    tokens = max(1, per_input)
    return DryRun(
        trials=trials,
        done=len(done),
        subject_calls=calls,
        judge_calls=trials if asks_a_model(judge) else 0,
        input_tokens=round(per_input * share * subjects),
        output_tokens=round(per_output * share * subjects),
        dollars=dollars,
        judge_dollars=judge_price.of(*(trials * tokens for tokens in JUDGE_TOKENS)) if judge_price else None,
        study=folder,
        subjects=subjects,
        cells=tuple(counted.cells),
        left_out=tuple(planner.cells.left_out),
        prefix_share=counted.served / tokens,
        prefix_share_all=counted.served_all / tokens,
        width=_width(design, 1),
        width_all=_width(design, len(design.vary[WORDING])) if WORDING in design.vary else None,
    )


@dataclass(slots=True)
class _Counted:
    cells: list[PlannedCell] = field(default_factory=list)
    served: float = 0.0
    """Tokens that a cache of the last prompt serves."""
    served_all: float = 0.0


def _count(planner: Planner, many: float) -> _Counted:
    """Go through a plan once and add up its cells, in memory that grows with the cells and not with the trials."""
    design = planner.design
    sums = {cell.number: [0.0, 0.0, 0.0] for cell in planner.cells.cells}
    found = _Counted()
    before = ""
    known: set[int] = set()
    common: dict[tuple[int, int], int] = {}
    for block in planner:
        weight = 1.0 if block[0].control else many
        cell = sums[block[0].cell.number]
        output = answer_tokens(design, block[0].cell.reasoning)
        for trial in block:
            system = trial.prompt.system
            cell[0] += weight
            cell[1] += weight * (len(system) + len(trial.prompt.user)) / 4
            cell[2] += weight * output
            if system is before:
                found.served += weight * len(system) / 4
            else:
                pair = (id(before), id(system))
                if pair not in common:
                    common[pair] = _shared(before, system)
                found.served += weight * common[pair] / 4
                before = system
            name = hash(system)
            found.served_all += weight * len(system) / 4 if name in known else 0.0
            known.add(name)
    found.cells = [
        PlannedCell(cell.named, cell.wording.id, *(round(value) for value in sums[cell.number]))
        for cell in planner.cells.cells
    ]
    return found


def _shared(one: str, other: str) -> int:
    """How many characters two texts have in common from their beginning."""
    if one == other:
        return len(one)
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _width(design: Design, wordings: int) -> float | None:
    """The expected width of a gap's 95 % interval."""
    if design.queries < 2:
        return None
    from scipy.stats import t

    se, df = planned_error(_ASSUMED.at(0.1), design.queries, design.samples, wordings)
    return float(2 * t.ppf(0.975, df) * se)
