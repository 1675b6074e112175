"""How does the gap lie over the wordings, which parts of the text move it, and is the published one a special place?

* each wording's gap, paired within queries;
* where the variance of a pair lies: queries, wordings, both, samples (:mod:`gyges.estimate.variation`), and whether the
  wordings differ beyond chance (:func:`gyges.estimate.contrasts.differ`);
* what each component's rewordings change: least squares on the versions of all components in each query, so that
  components that are not crossed in full stay apart; clustered by query; Holm over all versions, and over the
  components as wholes;
* whether the published wording (or wording 0) lies off the others, in either direction
  (:func:`gyges.estimate.draws.one_off`), and whether the gap changes with the distance from it among the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gyges.errors import EstimateError
from gyges.estimate.contrasts import differ
from gyges.estimate.draws import halves, line, one_off
from gyges.estimate.variation import VarianceSplit, variance_split
from gyges.findings.grids import Grid, Group
from gyges.findings.landscape_said import landscape_sentences
from gyges.findings.levels import grid_notes
from gyges.findings.record import ARMS
from gyges.findings.varied import Comparison, LevelRow, Varied, level_rows
from gyges.findings.wording_parts import by_query, component_effects, span_over
from gyges.study.schema import is_derived

__all__ = ["PUBLISHED", "components_of", "describe_wordings", "reference_wording"]

Floats = NDArray[np.float64]
PUBLISHED = "published"
NOT_COMPONENTS = ("wording_distance", "wording_length")
_NEAR = 0.25
"""The part of the wordings that counts as near."""


def components_of(columns: Sequence[str]) -> list[str]:
    """Name the components whose versions stand in a study's columns."""
    return [
        name.removeprefix("wording_")
        for name in columns
        if is_derived(name) and name not in NOT_COMPONENTS
    ]


def reference_wording(names: Sequence[str]) -> int | None:
    """Find the wording that distances are measured from: ``published``, else ``0``."""
    return next((names.index(name) for name in (PUBLISHED, "0") if name in names), None)


def describe_wordings(
    grid: Grid,
    answers: pl.DataFrame,
    group: Group,
    named: str,
    *,
    others: Sequence[str] = (),
    level: float = 0.95,
    resamples: int = 1_000,
    seed: int = 0,
) -> Varied:
    """Describe a group's wordings.

    Args:
        grid: The wordings as levels, both tiers.
        answers: The group's answers, with the columns that describe the wordings.
        group: Whose answers they are.
        named: How the group is named in a sentence.
        others: Further columns that tell the samples of a cell apart.
        level: Confidence level.
        resamples: Draws behind the intervals of the variance's shares.
        seed: Seeds what is drawn.
    """
    names = [str(item) for item in grid.levels]
    reference = reference_wording(names)
    known = _descriptions(answers)
    values = grid.values("gap")
    rows = [
        _described(row, known.get(row.label, {}))
        for row in level_rows(grid, reference=reference, key="wording", group=group, level=level)
    ]
    split, note = _split(answers, others, level, resamples, seed)
    comparisons: list[Comparison] = []
    found = component_effects(grid, names, known, level, seed)
    comparisons += found[0]
    if reference is not None:
        comparisons += _around(grid, values, reference, names, known, level, seed)
    facts: dict[str, Any] = {
        "variance": _parts(split),
        "p_wordings": differ(values, grid.labels, seed=seed),
        "p_components": found[1],
        "reference": None if reference is None else names[reference],
        "rank": None if reference is None else _rank(rows, reference),
        "near_within": _near_within(names, known, reference),
    }
    verdict, sentences = landscape_sentences(named, rows, comparisons, facts, level)
    return Varied(
        page="wordings",
        factor="wording",
        group=group,
        verdict=verdict,
        sentences=tuple(sentences),
        rows=tuple(sorted(rows, key=_by_gap)),
        comparisons=tuple(comparisons),
        facts=facts,
        notes=(*grid_notes(grid), *note),
        method="each wording's gap is paired within queries and clustered by query",
        level=level,
    )


def _descriptions(answers: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Give what is known of each wording: distance, length, versions of its components."""
    columns = [name for name in answers.columns if is_derived(name)]
    frame = answers.group_by("wording").agg(pl.col(name).drop_nulls().first() for name in columns)
    return {
        row.pop("wording"): {key.removeprefix("wording_"): item for key, item in row.items()}
        for row in frame.to_dicts()
    }


def _described(row: LevelRow, about: Mapping[str, Any]) -> LevelRow:
    distance = about.get("distance")
    return replace(row, x=None if distance is None else float(distance), about=dict(about))


def _split(
    answers: pl.DataFrame, others: Sequence[str], level: float, resamples: int, seed: int
) -> tuple[VarianceSplit | None, list[str]]:
    """Split the variance of the paired differences between queries, wordings and samples."""
    same = list(dict.fromkeys(["query", "wording", "sample", *others]))
    counted = answers.filter(pl.col("compliance").is_not_null())
    arms = [
        counted.filter(pl.col("tier") == tier).select(*same, pl.col("compliance").alias(tier))
        for tier in ARMS
    ]
    pairs = (
        arms[0]
        .join(arms[1], on=same, nulls_equal=True)
        .sort(same)
        .select(
            (pl.col("query").rank("dense") - 1).alias("q"),
            (pl.col("wording").rank("dense") - 1).alias("w"),
            pl.int_range(pl.len()).over("query", "wording").alias("k"),
            (pl.col(ARMS[0]) - pl.col(ARMS[1])).alias("d"),
        )
    )
    q, w, k = (pairs[name].to_numpy().astype(np.intp) for name in ("q", "w", "k"))
    cube = np.full([int(axis.max(initial=-1)) + 1 for axis in (q, w, k)], np.nan)
    cube[q, w, k] = pairs["d"].to_numpy()
    try:
        found = variance_split(cube, level=level, resamples=resamples, seed=seed)
    except EstimateError as error:
        return None, [f"The variance cannot be split: {str(error).partition(': ')[2]}"]
    return found, list(found.notes)


def _parts(split: VarianceSplit | None) -> dict[str, dict[str, float | None]]:
    if split is None:
        return {}
    return {
        part.name: {
            "sd": float(np.sqrt(part.variance)),
            "share": part.share,
            "low": part.share_low,
            "high": part.share_high,
        }
        for part in split.parts
    }


def _by_gap(row: LevelRow) -> float:
    span = row.spans["gap"]
    return float("inf") if span is None else span[0]


def _rank(rows: Sequence[LevelRow], reference: int) -> dict[str, int] | None:
    gaps = [span[0] for row in rows if (span := row.spans["gap"]) is not None]
    own = rows[reference].spans["gap"]
    if own is None:
        return None
    return {"from_lowest": 1 + sum(gap < own[0] for gap in gaps), "of": len(gaps)}


# The reference and its surroundings


def _near_within(
    names: Sequence[str], known: Mapping[str, Mapping[str, Any]], reference: int | None
) -> float | None:
    """Give the distance up to which a wording counts as near: that of the nearest quarter of the others."""
    far = [known.get(name, {}).get("distance") for at, name in enumerate(names) if at != reference]
    distances = sorted(float(x) for x in far if x is not None)
    if len(distances) < 8 or distances[0] == distances[-1]:
        return None
    return distances[max(1, round(_NEAR * len(distances)) - 1)]


def _around(
    grid: Grid,
    values: Floats,
    reference: int,
    names: Sequence[str],
    known: Mapping[str, Mapping[str, Any]],
    level: float,
    seed: int,
) -> list[Comparison]:
    labels = by_query(grid)
    others = [at for at in range(len(names)) if at != reference]
    spans = [span_over(grid, [reference], level), span_over(grid, others, level)]
    found = [
        (
            "reference",
            f"{names[reference]} − others",
            one_off(values, reference, labels, spans, level=level, seed=seed),
        )
    ]
    placed = [at for at in others if known.get(names[at], {}).get("distance") is not None]
    x = np.array([float(known[names[at]]["distance"]) for at in placed])
    within = _near_within(names, known, reference)
    if within is not None:
        sides = [
            [at for at, d in zip(placed, x, strict=True) if bool(d <= within) is side]
            for side in (True, False)
        ]
        spans = [span_over(grid, side, level) for side in sides]
        near = halves(values[:, placed], x <= within, labels, spans, level=level, seed=seed)
        found.append(("near", f"within {within:.2f} − farther", near))
    if len(placed) >= 4:
        found.append(
            (
                "distance",
                "slope over distance, per unit",
                line(values[:, placed], x, labels, level=level, seed=seed),
            )
        )
    return [
        Comparison.of_contrast(kind, label, "gap", one, level=level)
        for kind, label, one in found
        if one is not None
    ]
