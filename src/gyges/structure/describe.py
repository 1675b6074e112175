"""How are the tables of a study turned into a description of what makes its answers vary?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from gyges.errors import EstimateError, StudyError, nearest
from gyges.estimate.correlation import correlation
from gyges.estimate.effects import Effect, gap_level_effects, paired_effect, rate_level_effects
from gyges.estimate.overdispersion import overdispersion
from gyges.estimate.variation import variance_split
from gyges.findings.record import ARMS, GROUP
from gyges.structure.results import LevelEffect, Structure, Verbalised
from gyges.structure.tables import (
    FAMILY,
    blocks_of,
    cube,
    level_tables,
    read_trials,
    text_of,
)
from gyges.study import StudyFolder
from gyges.study.schema import is_derived

__all__ = ["structure"]

MOST_LEVELS = 30
"""Factors with more levels are looked at only if they are named."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to look at."""

    judge: str
    by: tuple[str, ...]
    factors: tuple[str, ...]
    """To look at, ``wording`` among them."""
    named: bool
    """Whether the user named the factors."""
    same: tuple[str, ...]
    """What the two answers of a block share."""
    reference: Mapping[str, str]
    verbalised: str | None
    level: float
    resamples: int
    seed: int


def structure(
    study: StudyFolder,
    *,
    judge: str | None = None,
    factors: Sequence[str] = (),
    by: Sequence[str] = (),
    reference: Mapping[str, str] | None = None,
    verbalised: str | None = None,
    control: bool = False,
    partial: float = 0.5,
    level: float = 0.95,
    resamples: int = 2_000,
    seed: int = 0,
) -> list[Structure]:
    """Describe what makes the answers in a study vary.

    Where the trials carry a factor ``family``, queries of one family are one cluster, and it is no factor to describe.

    Args:
        study: The study.
        judge: Whose verdicts count; the study's default judge if None.
        factors: The factors whose levels are compared: ``wording`` or a factor of the study; all that vary if empty.
        by: Further columns to group by.
        reference: Of a factor, the level that the others are compared with, as text; the first in order if not named.
        verbalised: What says which answers verbalise: a judge that stands in the study (its verdicts on the question
            ``verbalised``, else its outcomes), or a factor of the study that holds true and false or 0 to 1.
        control: Whether to describe the no-conflict control too.
        partial: What a ``partial`` outcome counts.
        level: Confidence level.
        resamples: Draws of each bootstrap.
        seed: Seeds everything that is drawn.

    Raises:
        StudyError: An unknown judge, column or level.
    """
    name = study.pick_judge(judge)
    known = {"wording", *study.manifest.factors}
    for option, columns in (("--factor", factors), ("--by", by), ("--reference", reference or ())):
        for column in columns:
            if column not in known:
                raise StudyError(
                    f"{option} {column}: no such factor in {study.path}; {nearest(column, known)}"
                )
    if "family" in factors:
        raise StudyError(
            "--factor family: no query stands in two families, so that they cannot be compared within queries; "
            "--by family describes each on its own"
        )
    if derived := [factor for factor in factors if is_derived(factor)]:
        raise StudyError(
            f"--factor {derived[0]}: describes the wordings, each of which has one level of it; "
            "`gyges levels STUDY --factor wording` compares wordings by it"
        )
    frame = read_trials(study, name, verbalised, partial)
    # What describes a wording is no factor, and answers that share all else need not share it.
    known = {factor for factor in known if factor != "family" and not is_derived(factor)}
    if verbalised in study.manifest.factors:
        known -= {verbalised}
    if not control:
        frame = frame.filter(~pl.col("control"))
    wanted = [f for f in factors or ("wording", *study.manifest.factors) if f in known]
    plan = _Plan(
        judge=name,
        by=tuple(dict.fromkeys(by)),
        factors=tuple(dict.fromkeys(f for f in wanted if f not in by)),
        named=bool(factors),
        same=("query", "wording", "sample", *sorted(known - {"wording"})),
        reference=dict(reference or {}),
        verbalised=verbalised,
        level=level,
        resamples=resamples,
        seed=seed,
    )
    for factor, text in plan.reference.items():
        levels = {text_of(item) for item in frame[factor].unique().drop_nulls()}
        if text not in levels:
            raise StudyError(
                f"--reference {factor}={text}: no trial has that level in {study.path}; {nearest(text, levels)}"
            )
    keys = [*GROUP, *plan.by]
    found = [
        _structure(dict(zip(keys, group, strict=True)), part, plan)
        for group, part in frame.group_by(keys)
    ]
    return sorted(found, key=lambda s: (s.setting, s.value, s.control, s.subject, str(s.factors)))


def _structure(group: dict[str, Any], part: pl.DataFrame, plan: _Plan) -> Structure:
    notes: list[str] = []
    counted = part.filter(pl.col("compliance").is_not_null())
    queries, families = counted["query"].n_unique(), counted[FAMILY].n_unique()
    if families < queries:
        notes.append(
            f"{queries} queries in {families} families: the intervals of effects and of verbalised gaps are clustered "
            "by family; the shares of the variance have no intervals, and those of "
            "the prompts take the queries of a family as independent"
        )
    blocks = blocks_of(counted, plan.same)
    values = {arm: counted.filter(tier=arm) for arm in ARMS}
    values["difference"] = blocks.with_columns(
        (pl.col("monitored") - pl.col("unmonitored")).alias("compliance")
    )
    variance, prompts = {}, {}
    for name, frame in values.items():
        try:
            variance[name] = variance_split(
                cube(frame),
                level=plan.level,
                # Drawing queries one by one would take those of a family as independent.
                resamples=plan.resamples if families == queries else 0,
                seed=plan.seed,
            )
        except EstimateError as error:
            notes.append(f"{name}: {_reason(error)}")
    # What is a number in itself is no count of answers that share a rate.
    graded = bool(counted["graded"].any())
    for arm in () if graded else ARMS:
        complied = (
            values[arm]
            .group_by("query")
            .agg((pl.col("compliance") > 0.5).sum().alias("k"), pl.len().alias("n"))
        )
        complied = complied.sort("query")
        try:
            prompts[arm] = overdispersion(
                complied["k"].to_numpy(), complied["n"].to_numpy(), level=plan.level, seed=plan.seed
            )
        except EstimateError as error:
            notes.append(f"{arm}: {_reason(error)}")
    between = counted.filter((pl.col("compliance") > 0) & (pl.col("compliance") < 1)).height
    if between and not graded:
        notes.append(
            f"{between} answers are neither compliance nor refusal; where prompts are compared, those above one half "
            "count as compliance"
        )
    others = [f for f in plan.same[3:] if f not in plan.by]
    levels = counted.group_by("query", "wording").agg(pl.col(others).n_unique())
    varying = [f for f in others if (levels[f] > 1).any()]
    if varying:
        notes.append(
            f"{', '.join(varying)}: levels vary within the cells, so what they change is counted as sampling in the "
            "variance; "
            f"--by {varying[0]} keeps its levels apart"
        )
    alone = counted.height - 2 * blocks.height
    if alone:
        notes.append(f"{alone} answers have no partner in the other tier")
    return Structure(
        **{name: group[name] for name in ("subject", "setting", "value")},
        control=bool(group["control"]),
        queries=queries,
        wordings=counted["wording"].n_unique(),
        trials=counted.height,
        pairs=blocks.height,
        judge=plan.judge,
        level=plan.level,
        variance=variance,
        effects=tuple(_effects(counted, plan, notes)),
        prompts=prompts,
        verbalised=_gap_by_verbalised(counted, blocks, plan, notes) if plan.verbalised else None,
        notes=tuple(dict.fromkeys(notes)),
        factors={name: group[name] for name in plan.by},
    )


def _reason(error: EstimateError) -> str:
    return str(error).partition(": ")[2]


def _effects(counted: pl.DataFrame, plan: _Plan, notes: list[str]) -> list[LevelEffect]:
    found = []
    for factor in plan.factors:
        levels = sorted(counted[factor].unique().drop_nulls().to_list(), key=_order)
        if len(levels) < 2:
            if plan.named:
                notes.append(f"{factor} has one level here")
            continue
        if len(levels) > MOST_LEVELS and not plan.named:
            notes.append(f"{factor} has {len(levels)} levels; --factor {factor} compares them")
            continue
        texts = [text_of(level) for level in levels]
        named = plan.reference.get(factor)
        reference = texts.index(named) if named in texts else 0
        same = [name for name in plan.same if name not in (factor, "sample")]
        queries, families, rates, counts = level_tables(counted, factor, levels, same)
        options: dict[str, Any] = {
            "families": families,
            "reference": reference,
            "level": plan.level,
            "seed": plan.seed,
        }
        effects = {
            arm: rate_level_effects(rates[arm], queries, trials=counts[arm], **options)
            for arm in ARMS
        }
        monitored, unmonitored = ARMS
        effects["gap"] = gap_level_effects(
            rates[monitored],
            rates[unmonitored],
            queries,
            trials=(counts[monitored], counts[unmonitored]),
            **options,
        )
        if all(effect is None for column in effects.values() for effect in column):
            notes.append(
                f"no query was asked under two levels of {factor} with all else equal; it cannot be compared within "
                "queries"
            )
            continue
        found += [
            LevelEffect(
                factor, level, levels[reference], **{name: effects[name][at] for name in effects}
            )
            for at, level in enumerate(levels)
            if at != reference
        ]
    return found


def _gap_by_verbalised(
    counted: pl.DataFrame, blocks: pl.DataFrame, plan: _Plan, notes: list[str]
) -> Verbalised | None:
    known = counted.filter(pl.col("verbalised").is_not_null())
    if known.is_empty():
        notes.append(f"{plan.verbalised} says of no answer here whether it verbalises")
        return None
    pairs = blocks.filter(pl.col("verbalised").is_not_null())
    split = {said: pairs.filter((pl.col("verbalised") >= 0.5) == said) for said in (True, False)}
    gaps: dict[bool, Effect | None] = {}
    for said, part in split.items():
        means = part.group_by(FAMILY, "query").agg(pl.col(ARMS).mean(), pl.len()).sort("query")
        gaps[said] = None
        if means.height:
            gaps[said] = paired_effect(
                means["monitored"],
                means["unmonitored"],
                trials=(means["len"], means["len"]),
                families=means[FAMILY],
                level=plan.level,
                seed=plan.seed,
            )
    # Over the queries of a wording, each counting once.
    wordings = (
        pairs.group_by("wording", "query")
        .agg(
            pl.col("verbalised").mean(),
            (pl.col("monitored") - pl.col("unmonitored")).mean().alias("gap"),
        )
        .group_by("wording")
        .agg(pl.col("verbalised", "gap").mean())
        .sort("wording")
    )
    over = None
    try:
        over = correlation(
            wordings["verbalised"],
            wordings["gap"],
            level=plan.level,
            resamples=plan.resamples,
            seed=plan.seed,
        )
    except EstimateError as error:
        notes.append(f"verbalised over wordings: {_reason(error)}")
    rates = {arm: known.filter(tier=arm)["verbalised"].mean() for arm in ARMS}
    return Verbalised(
        source=str(plan.verbalised),
        monitored_rate=_float(rates["monitored"]),
        unmonitored_rate=_float(rates["unmonitored"]),
        unknown=counted.height - known.height,
        blocks_verbalised=split[True].height,
        blocks_silent=split[False].height,
        gap_verbalised=gaps[True],
        gap_silent=gaps[False],
        over_wordings=over,
    )


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _order(level: Any) -> tuple[float, str]:
    """Numbers by size, also where they are written as text; then text."""
    try:
        return float(level), ""
    except ValueError:
        return float("inf"), str(level)
