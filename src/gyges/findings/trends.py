"""Does the gap rise, fall or stay as a number is turned up: temperature, stated oversight, dose of information?

A least-squares slope in each query (and wording), averaged and clustered (``estimate/contrasts.py``), says whether
there is a trend. A curve may turn, so the largest difference between two levels is tested as well (Holm over pairs),
and where it serves the question Page's test asks for an order. What decides the verdict is adjusted for how many of
these tests it looks at (Holm).

At temperature 0 the same prompt should give the same answer; the share of cells whose repeated answers differ says how
far it does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import polars as pl

from gyges.estimate.contrasts import Contrast, adjusted, contrast, page_trend, slope
from gyges.estimate.multiplicity import holm
from gyges.estimate.rate import clustered_rate
from gyges.findings.grids import Grid, Group, level_text
from gyges.findings.levels import grid_notes
from gyges.findings.record import ARMS
from gyges.findings.varied import (
    Comparison,
    Varied,
    could_have,
    level_rows,
    name_of,
    percents,
    points,
    span_text,
)

__all__ = ["describe_trend", "repeats_differ", "with_repeats"]

_DRAWS = 2_000
_MOST_PAIRS = 8
"""Up to so many levels all pairs are compared; beyond, each with the first and its neighbours."""


@dataclass(frozen=True, slots=True)
class _Curve:
    """What is known of one quantity along the levels."""

    of: str
    change: Comparison
    """The slope times the range of the levels."""
    per_unit: Comparison
    pairs: list[Comparison]
    ends: list[tuple[int, int]]
    verdict: str
    page_p: float | None
    by_order: bool
    """Whether Page's test decided."""


def describe_trend(
    grid: Grid,
    group: Group,
    named: str,
    *,
    page: str,
    key: str,
    leading: str = "gap",
    order: bool = False,
    level: float = 0.95,
    seed: int = 0,
) -> Varied:
    """Describe a factor whose levels are numbers.

    Args:
        grid: Its levels, both tiers; a level None ("not stated") stands in the rows and not in the trend.
        group: Whose answers they are.
        named: How the group is named in a sentence.
        page: The page's name.
        key: The filter that leads to a level's transcripts.
        leading: What the first sentence is about: ``gap`` or a tier.
        order: Whether the question is one of order (a dose), so that Page's test decides.
        level: Confidence level.
        seed: Seeds what is drawn.
    """
    curves = {
        of: found
        for of in ("gap", *ARMS)
        if (found := _curve(grid, of, order=order, level=level, seed=seed)) is not None
    }
    rows = level_rows(grid, key=key, group=group, level=level)
    if "gap" not in curves:
        said = f"{named}: no query was asked under two levels of {name_of(grid.axis)}."
        return Varied(page, grid.axis, group, "not comparable", (said,), tuple(rows))
    first = [leading, *[of for of in ("gap", *ARMS) if of != leading]]
    ratios = {of: _ratio(grid, curve, level, seed) for of, curve in curves.items()}
    sentences = [
        _sentence(curves[of], grid, named, level, ratios[of], opening=at == 0)
        for at, of in enumerate(first)
    ]
    sentences.insert(1, _slope_sentence(curves[leading], level))
    facts: dict[str, Any] = {
        of: {
            "verdict": curve.verdict,
            "slope": curve.per_unit.estimate,
            "slope_low": curve.per_unit.low,
            "slope_high": curve.per_unit.high,
            "slope_p": curve.per_unit.p,
            "intercept": _intercept(grid, of, curve.per_unit.estimate),
            "page_p": curve.page_p,
            "ratio": ratios[of],
        }
        for of, curve in curves.items()
    }
    comparisons = [
        one for curve in curves.values() for one in (curve.per_unit, curve.change, *curve.pairs)
    ]
    return Varied(
        page=page,
        factor=grid.axis,
        group=group,
        verdict=curves[leading].verdict,
        sentences=tuple(sentences),
        rows=tuple(rows),
        comparisons=tuple(comparisons),
        facts=facts,
        notes=tuple(grid_notes(grid)),
        method=curves[leading].per_unit.method,
        level=level,
    )


def _numbers(grid: Grid) -> list[int]:
    return [at for at, item in enumerate(grid.levels) if item is not None]


def _curve(grid: Grid, of: str, *, order: bool, level: float, seed: int) -> _Curve | None:
    kept = _numbers(grid)
    x = [float(grid.levels[at]) for at in kept]
    values = grid.values(of)[:, kept]
    spans = [grid.spans(of, level)[at] for at in kept]
    line = slope(values, x, grid.labels, spans, level=level, seed=seed)
    if line is None:
        return None
    ends = list(combinations(range(len(kept)), 2))
    if len(kept) > _MOST_PAIRS:
        ends = [(low, high) for low, high in ends if low == 0 or high == low + 1]
    bound = 2.0 if of == "gap" else 1.0
    found: list[Contrast | None] = []
    for low, high in ends:
        weights = [0.0] * len(kept)
        weights[low], weights[high] = -1.0, 1.0
        found.append(
            contrast(values, weights, grid.labels, spans, bound=bound, level=level, seed=seed)
        )
    there = [
        (pair, one) for pair, one in zip(ends, adjusted(found), strict=True) if one is not None
    ]
    texts = [level_text(grid.levels[at]) for at in kept]
    pairs = [
        Comparison.of_contrast(
            "pair", f"{texts[high]} − {texts[low]}", of, one, tests=len(there), level=level
        )
        for (low, high), one in there
    ]
    page_p = page_trend(values, grid.labels)
    tests = [page_p if order and page_p is not None else line.p]
    if not order and len(kept) > 2:
        tests.append(
            min((one.p_adjusted for one in pairs if one.p_adjusted is not None), default=None)
        )
    ps = holm([math.nan if p is None else p for p in tests])
    line = replace(line, p_adjusted=None if math.isnan(ps[0]) else float(ps[0]))
    trend = line.clear(level)
    turned = len(ps) > 1 and ps[1] < 1 - level and any(one.clear for one in pairs)
    verdict = "flat"
    if trend:
        verdict = "rises" if line.estimate > 0 else "falls"
    elif turned:
        verdict = "differs"
    reach = x[-1] - x[0]
    return _Curve(
        of=of,
        change=Comparison.of_contrast(
            "change",
            f"along the line from {texts[0]} to {texts[-1]}",
            of,
            line.times(reach),
            tests=len(tests),
            level=level,
        ),
        per_unit=Comparison.of_contrast("slope", "slope, per unit", of, line, level=level),
        pairs=pairs,
        ends=[(kept[low], kept[high]) for (low, high), _ in there],
        verdict=verdict,
        page_p=page_p,
        by_order=order and page_p is not None,
    )


def _widest(curve: _Curve) -> tuple[Comparison, tuple[int, int]]:
    at = max(range(len(curve.pairs)), key=lambda at: abs(curve.pairs[at].estimate))
    return curve.pairs[at], curve.ends[at]


def _sentence(
    curve: _Curve,
    grid: Grid,
    named: str,
    level: float,
    ratio: dict[str, Any] | None,
    *,
    opening: bool,
) -> str:
    factor, what = name_of(grid.axis), _noun(curve.of)
    start = f"{named}: {what}" if opening else what[0].upper() + what[1:]
    write = points if curve.of == "gap" else percents
    unit = " points" if curve.of == "gap" else ""
    pair, (low, high) = _widest(curve)
    first, last = (grid.estimate(curve.of, at) or 0.0 for at in (low, high))
    ends = (
        f"{write(first)}{unit} at {level_text(grid.levels[low])}, {write(last)}{unit} at "
        f"{level_text(grid.levels[high])}"
    )
    if curve.verdict == "flat":
        change = curve.change
        if change.low is not None and change.high is not None and change.low * change.high > 0:
            # The interval and the test of the order need not agree, with few queries above all.
            way = "rise" if change.estimate > 0 else "fall"
            return (
                f"{start} may {way} with {factor}, but the test does not show it (p {_p(change.p_adjusted)}): along "
                f"the line it changes by {points(change.estimate, sign=True)} points ({span_text(change, level)}), and "
                f"{could_have([change.detectable], 'a change')}."
            )
        shown = "is flat" if change.detectable is not None else "shows no clear change"
        return (
            f"{start} {shown} over {factor} {_range(grid)}: along the line it changes by "
            f"{points(change.estimate, sign=True)} points ({span_text(change, level)}), and "
            f"{could_have([change.detectable], 'a change')}."
        )
    if curve.verdict == "differs":
        return (
            f"{start} changes with {factor}, but not in one direction: {ends}, the largest difference "
            f"({points(pair.estimate, sign=True)} points, {span_text(pair, level)}, p {_p(pair.p_adjusted)})."
        )
    sure = f"{points(pair.estimate, sign=True)} points, {span_text(pair, level)}"
    if not pair.clear:
        sure = f"{points(curve.change.estimate, sign=True)} points along the line, {span_text(curve.change, level)}"
    return (
        f"{start} {curve.verdict} with {factor}: {ends} ({sure}{_times(ratio)})"
        f"{_steps(curve, grid)}."
    )


def _slope_sentence(curve: _Curve, level: float) -> str:
    """Say how steep the line is and how sure the trend."""
    one = curve.per_unit
    how = "Page's trend test" if curve.by_order else "slope"
    return (
        f"The slope of {_noun(curve.of)} is {points(one.estimate, sign=True)} points per unit "
        f"({span_text(one, level)}; {how}, p {_p(one.p_adjusted)})."
    )


def _noun(of: str) -> str:
    return "the gap" if of == "gap" else f"compliance when {of}"


def _range(grid: Grid) -> str:
    kept = _numbers(grid)
    return f"{level_text(grid.levels[kept[0]])} to {level_text(grid.levels[kept[-1]])}"


def _times(ratio: dict[str, Any] | None) -> str:
    """Say how many times as high the higher rate is, where that is worth saying."""
    if ratio is None or ratio["times"] < 1.5:
        return ""
    size, low, high = (ratio[name] for name in ("times", "low", "high"))
    end = "more than can be told" if high is None else f"{high:.{1 if high < 10 else 0}f}"
    return f"; the higher rate is {size:.{1 if size < 9.5 else 0}f} times the lower, {low:.1f} to {end}"


def _steps(curve: _Curve, grid: Grid) -> str:
    """Say where a curve with a trend steps the other way, if it does clearly."""
    sign = 1 if curve.verdict == "rises" else -1
    back = [
        one
        for one, (low, high) in zip(curve.pairs, curve.ends, strict=True)
        if high == low + 1 and one.clear and one.estimate * sign < 0
    ]
    if back:
        return (
            f"; not at every step: {back[0].label} is {points(back[0].estimate, sign=True)} points"
        )
    kept = _numbers(grid)
    values = [grid.estimate(curve.of, at) or 0.0 for at in kept]
    steady = all((b - a) * sign >= 0 for a, b in pairwise(values))
    return "; at every step" if steady and len(kept) > 2 else ""


def _intercept(grid: Grid, of: str, per_unit: float) -> float | None:
    kept = _numbers(grid)
    known = [(float(grid.levels[at]), grid.estimate(of, at)) for at in kept]
    pairs = [(x, y) for x, y in known if y is not None]
    if not pairs:
        return None
    x, y = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
    return float(y - per_unit * x)


def _ratio(grid: Grid, curve: _Curve, level: float, seed: int) -> dict[str, Any] | None:
    """Give the ratio of the rates at the two levels furthest apart, with an interval that resamples queries."""
    if curve.of == "gap" or not curve.pairs:
        return None
    _, (low, high) = _widest(curve)
    values = grid.values(curve.of)[:, [low, high]]
    there = ~np.isnan(values).any(axis=1)
    clusters = grid.labels.query if grid.labels.family is None else grid.labels.family
    codes = np.unique(clusters[there], return_inverse=True)[1]
    sums = np.stack([np.bincount(codes, values[there, at]) for at in (0, 1)], axis=1)
    total = sums.sum(axis=0)
    if total.min() <= 0:
        return None
    rise = total[1] >= total[0]
    counts = np.random.default_rng(seed).multinomial(
        len(sums), np.full(len(sums), 1 / len(sums)), _DRAWS
    )
    drawn = counts @ (sums if rise else sums[:, ::-1])
    ratios = np.divide(drawn[:, 1], drawn[:, 0], out=np.full(_DRAWS, np.inf), where=drawn[:, 0] > 0)
    ends = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2], method="nearest")
    return {
        "from": level_text(grid.levels[low if rise else high]),
        "to": level_text(grid.levels[high if rise else low]),
        "times": float(total.max() / total.min()),
        "low": float(ends[0]),
        "high": float(ends[1]) if math.isfinite(ends[1]) else None,
    }


def with_repeats(found: Varied, answers: pl.DataFrame, others: Sequence[str]) -> Varied:
    """Add how far repeated answers at temperature 0 agree."""
    repeats = repeats_differ(answers, others, level=found.level)
    if repeats is None:
        return found
    said = (
        f"At temperature 0 the repeated answers differ in {repeats['differ']:,} of {repeats['cells']:,} cells of "
        f"query, wording and tier ({percents(repeats['share'])}; {100 * found.level:g} % interval "
        f"{points(repeats['low'])} to {points(repeats['high'])})."
    )
    return replace(
        found, sentences=(*found.sentences, said), facts={**found.facts, "repeats": repeats}
    )


def repeats_differ(
    answers: pl.DataFrame, others: Sequence[str], *, level: float = 0.95
) -> dict[str, Any] | None:
    """Count the cells at temperature 0 whose repeated answers are not read alike.

    Args:
        answers: Those of one group, as :func:`gyges.findings.grids.read_answers` gives them.
        others: The columns, beside query, wording and tier, that a cell shares.
        level: Confidence level.

    Returns:
        ``differ`` and ``cells`` (those with two answers or more), the ``share`` with its ``low`` and ``high`` end;
        None where no cell was asked twice at temperature 0.
    """
    if "temperature" not in answers.columns:
        return None
    same = list(dict.fromkeys(["query", "wording", "tier", *others]))
    cells = (
        answers.filter((pl.col("temperature") == 0) & pl.col("compliance").is_not_null())
        .group_by(same)
        .agg((pl.col("compliance").n_unique() > 1).alias("do differ"), pl.len().alias("the count"))
        .filter(pl.col("the count") > 1)
        .group_by("query")
        .agg(pl.col("do differ").sum(), pl.len().alias("the cells"))
        .sort("query")
    )
    if cells.is_empty():
        return None
    differing, all_ = (
        cells[name].to_numpy().astype(np.float64) for name in ("do differ", "the cells")
    )
    _, interval = clustered_rate(differing / all_, all_, level=level)
    return {
        "differ": int(differing.sum()),
        "cells": int(all_.sum()),
        "share": float(differing.sum() / all_.sum()),
        "low": interval.low,
        "high": interval.high,
    }


def _p(p: float | None) -> str:
    return "unknown" if p is None else "< 0.001" if p < 0.001 else f"= {p:.2g}"
