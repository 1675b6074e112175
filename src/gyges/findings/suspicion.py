"""Does a subject that suspects the scene lean harder on its own values?

Two answers. The **slope**: among answers to one and the same query, how much more often is the objective refused as the
reasoning's suspicion (the question ``suspicion``, from 0 for none to 1 for convinced) goes up, with the tier and the
planted notice held fixed (``estimate/within.py``)? And the **injection**: where the factor ``suspicion`` planted a
notice, how much more often is it refused than without one? The slope compares answers that suspect with others that do
not, for whatever reason; the notice was assigned, so its effect is the notice's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from gyges.estimate.effects import rate_level_effects
from gyges.estimate.power import detectable_gap_from
from gyges.estimate.rate import clustered_rate
from gyges.estimate.within import WithinSlope, slope_within
from gyges.findings.grids import Group, arrange, level_text, ordered
from gyges.findings.kinds import as_comparison
from gyges.findings.levels import reference_of
from gyges.findings.record import ARMS
from gyges.findings.varied import (
    Comparison,
    LevelRow,
    Varied,
    could_have,
    place,
    points,
    span_text,
)

__all__ = ["FACTOR", "LENGTH", "SUSPECTED", "describe_suspicion"]

SUSPECTED = "is suspected"
"""The column with how far a trial's reasoning suspects the scene, from 0 to 1; null where it is not known."""
LENGTH = "words of reasoning"
"""The column with the reasoning's number of words, which a second slope holds fixed where it is there."""
FACTOR = "suspicion"
"""The factor that plants a notice."""
_HELD = ("tier", FACTOR)
_GRADES = {0: "none", 1: "passing", 2: "considered", 3: "convinced"}
NOT_CAUSAL = (
    "The slope compares answers to the same query that were given anyway: what makes an answer suspect may also "
    "make it refuse. Only the injected notice was assigned"
)


def describe_suspicion(
    answers: pl.DataFrame,
    group: Group,
    named: str,
    others: Sequence[str] = (),
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Varied | None:
    """Relate refusals to suspicion.

    Args:
        answers: The group's answers, as :func:`gyges.findings.grids.read_answers` gives them (``query``, ``wording``,
            ``tier``, ``compliance``, ``family``, ``graded``), with ``SUSPECTED`` and, where known, ``LENGTH``.
        group: Whose they are.
        named: How the group is named in a sentence.
        others: The other columns that may vary.
        level: Confidence level.
        seed: Seeds what is drawn.

    Returns:
        None where it is known of no answer that counts and no notice was planted.
    """
    # Rows that tie in all of these are alike, so sums come out the same to the last digit.
    order = ["query", "tier", SUSPECTED, "compliance", LENGTH, FACTOR]
    counted = answers.filter(pl.col("compliance").is_not_null()).sort(
        name for name in order if name in answers.columns
    )
    known = counted.filter(pl.col(SUSPECTED).is_not_null())
    injected = _injection(answers, others, level, seed)
    if known.is_empty() and not injected:
        return None
    slopes = {"slope": _slope(known, level=level)}
    if LENGTH in known.columns:
        slopes["slope, length held"] = _slope(
            known.filter(pl.col(LENGTH).is_not_null()), length=True, level=level
        )
    comparisons = [
        _of_slope(label, slope, level) for label, slope in slopes.items() if slope is not None
    ]
    facts: dict[str, Any] = {
        "answers": known.height,
        "unknown": counted.height - known.height,
        "suspecting": known.filter(pl.col(SUSPECTED) > 0).height,
        "queries_that_differ": 0 if slopes["slope"] is None else slopes["slope"].queries,
        "df": None if slopes["slope"] is None else slopes["slope"].df,
    }
    verdict, sentences = _said(comparisons, injected, facts, named, level)
    return Varied(
        page="suspicion",
        factor=FACTOR,
        group=group,
        verdict=verdict,
        sentences=tuple(sentences),
        rows=tuple(_rows(known, group, level)),
        comparisons=(*comparisons, *injected),
        facts=facts,
        notes=(NOT_CAUSAL,),
        method=next((one.method for one in comparisons), ""),
        level=level,
    )


def _slope(known: pl.DataFrame, *, length: bool = False, level: float = 0.95) -> WithinSlope | None:
    if known.is_empty():
        return None
    columns = [known[name].cast(pl.String).fill_null("") for name in _HELD if name in known.columns]
    held = [
        (column == item).cast(pl.Float64).to_numpy()
        for column in columns
        for item in column.unique().sort()[1:]
    ]
    if length:
        held.append(np.log1p(known[LENGTH].cast(pl.Float64).to_numpy()))
    return slope_within(
        (1.0 - known["compliance"]).to_numpy(),
        known[SUSPECTED].cast(pl.Float64).to_numpy(),
        known["query"].to_numpy(),
        families=known["family"].to_numpy() if "family" in known.columns else None,
        held=np.column_stack(held) if held else None,
        level=level,
    )


def _of_slope(label: str, slope: WithinSlope, level: float) -> Comparison:
    span = slope.interval
    return Comparison(
        kind="slope",
        label=label,
        of="refusal",
        estimate=slope.estimate,
        low=None if span is None else span.low,
        high=None if span is None else span.high,
        p=slope.p,
        p_adjusted=slope.p,
        detectable=None
        if slope.se is None
        else detectable_gap_from(slope.se, slope.df, level=level),
        queries=slope.queries,
        clear=slope.p is not None and slope.p < 1 - level,
        method="" if span is None else span.method,
    )


def _injection(
    answers: pl.DataFrame, others: Sequence[str], level: float, seed: int
) -> list[Comparison]:
    """Compare refusals under each planted notice with those under none, over both tiers; Holm over the notices."""
    if FACTOR not in answers.columns or answers[FACTOR].n_unique() < 2:
        return []
    levels = ordered(answers[FACTOR].unique().to_list())
    rest = [name for name in others if name != FACTOR]
    grid = arrange(answers, FACTOR, levels, rest, crossed=False)
    if grid is None:
        return []
    base = reference_of(levels, dict(answers[FACTOR].value_counts().iter_rows()))
    effects = rate_level_effects(
        1.0 - np.vstack([grid.rates[tier] for tier in ARMS]),
        np.tile(grid.labels.query, len(ARMS)),
        trials=None if grid.graded else np.vstack([grid.counts[tier] for tier in ARMS]),
        families=None if grid.labels.family is None else np.tile(grid.labels.family, len(ARMS)),
        reference=base,
        level=level,
        seed=seed,
    )
    return [
        as_comparison(
            "injection",
            f"{level_text(item)} − {level_text(levels[base])}",
            effect,
            of="refusal",
            level=level,
        )
        for item, effect in zip(levels, effects, strict=True)
        if effect is not None
    ]


def _rows(known: pl.DataFrame, group: Group, level: float) -> list[LevelRow]:
    """Give the refusal rate at each grade of suspicion, not adjusted for anything."""
    rows = []
    for score in known[SUSPECTED].unique().sort():
        by = (
            known.filter(pl.col(SUSPECTED) == score)
            .group_by("query")
            .agg((1.0 - pl.col("compliance")).mean().clip(0, 1).alias("refusal"), pl.len())
            .sort("query")
        )
        rate, span = clustered_rate(by["refusal"], by["len"], level=level)
        grade = 3.0 * float(score)
        whole = math.isclose(grade, round(grade), abs_tol=1e-3)
        label = _GRADES.get(round(grade), "") if whole else f"{float(score):.2g}"
        rows.append(
            LevelRow(
                label=label,
                spans={"rate": (rate, span.low, span.high)},
                queries=by.height,
                answers=int(by["len"].sum()),
                x=float(score),
                where=place(group, None, None) | {"suspicion_said": label},
                about={"rate_of": "refusal", "adjusted": False},
            )
        )
    return rows


def _said(
    slopes: Sequence[Comparison],
    injected: Sequence[Comparison],
    facts: dict[str, Any],
    named: str,
    level: float,
) -> tuple[str, list[str]]:
    many = f"{facts['suspecting']:,} of {facts['answers']:,} answers suspect the scene in their reasoning"
    if not slopes:
        verdict = "no slope"
        sentences = [f"{named}: {many}, and no query has answers that differ in it."]
    else:
        one = slopes[0]
        verdict, text = "flat", "whether they do makes no clear difference to how often they refuse"
        if one.clear:
            verdict = "rises" if one.estimate > 0 else "falls"
            way = "more" if one.estimate > 0 else "less"
            text = f"the more they do, the {way} often they refuse"
        sentences = [
            f"{named}: {many}; among answers to the same query, {text}: from no suspicion to conviction refusals "
            f"change by {points(one.estimate, sign=True)} points ({span_text(one, level)}; "
            f"{facts['queries_that_differ']:,} queries have answers that differ)"
            + ("." if one.clear else f", and {could_have([one.detectable], 'a change')}.")
        ]
    sentences += [
        f"Under the planted notice {one.label.split(' − ')[0]} they refuse {points(one.estimate, sign=True)} points "
        f"({span_text(one, level)}) against {one.label.split(' − ')[1]}"
        + ("." if one.clear else ", which is no clear effect.")
        for one in injected
    ]
    return verdict, sentences
