"""Which numbers of a study go into the estimates, and how are they laid out?

A row a trial of the two tiers, with its compliance and, where something says so, whether its reasoning verbalises the
strategy; pairs of such rows, which share everything but the tier; and arrays of queries by wordings by samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gyges.errors import StudyError, nearest
from gyges.findings import compliance
from gyges.findings.cells import family
from gyges.findings.record import ARMS, GROUP
from gyges.study import StudyFolder

__all__ = ["FAMILY", "blocks_of", "cube", "level_tables", "read_trials", "text_of"]

FAMILY = "query family"
"""The column that says which queries are one cluster."""

Floats = NDArray[np.float64]
ASKED = ("temperature", "reasoning_mode", "comply_option", "family")
"""Columns of a run that say how a trial was asked."""


def read_trials(
    study: StudyFolder, judge: str, verbalised: str | None, partial: float
) -> pl.DataFrame:
    """One row a trial of the two tiers, with ``compliance`` and ``verbalised``; null where there is none.

    ``FAMILY`` names each query's family: the factor ``family`` if there is one; else the query is a family of its own.
    ``graded`` says that the judge gave a number and no outcome.
    """
    factors = list(study.manifest.factors)
    trials = study.trial_table.scan(
        ["trial", *GROUP, "query", "wording", "tier", "sample", *factors]
    )
    verdicts = study.verdict_table(judge).scan(["trial", "outcome", "score", "status"])
    frame = (
        trials.filter(pl.col("tier").is_in(ARMS))
        .join(verdicts.rename({"status": "verdict_status"}), on="trial", how="left")
        .with_columns(
            compliance(partial).alias("compliance"),
            (pl.col("outcome").is_null() & pl.col("score").is_not_null()).alias("graded"),
            family(factors).alias(FAMILY),
        )
        .drop("outcome", "score", "verdict_status")
    )
    if verbalised is None:
        frame = frame.with_columns(pl.lit(None, pl.Float64).alias("verbalised"))
    elif verbalised in ASKED:
        raise StudyError(
            f"--verbalised {verbalised}: says how a trial was asked, not what its reasoning states; name a column of 0 "
            "and 1 such as verbalised"
        )
    elif verbalised in factors:
        if study.manifest.factors[verbalised] == "text":
            raise StudyError(
                f"--verbalised {verbalised}: a column of text; it must hold true and false, or numbers from 0 to 1"
            )
        frame = frame.with_columns(pl.col(verbalised).cast(pl.Float64).alias("verbalised"))
    else:
        frame = frame.join(_verbalised(study, verbalised), on="trial", how="left")
    with study.reading():
        whole = frame.sort("trial").collect()
    said = whole["verbalised"].drop_nulls()
    if len(said) and not said.is_between(0, 1).all():
        raise StudyError(
            f"--verbalised {verbalised}: {said.filter(~said.is_between(0, 1))[0]:g} is not between 0 and 1"
        )
    return whole


def _verbalised(study: StudyFolder, source: str) -> pl.LazyFrame:
    columns = [name for name, kind in study.manifest.factors.items() if kind != "text"]
    judges = dict.fromkeys([*study.judges("verbalised"), *study.judges()])
    asked = [name for name in judges if study.verdict_table(name, "verbalised").folder.is_dir()]
    if source in study.judges() and source not in asked:
        raise StudyError(
            f"--verbalised {source}: this judge says whether the answers comply, not whether the reasoning states the "
            f"strategy; {_choices(source, [*asked, *columns])}"
        )
    if source not in asked:
        raise StudyError(
            f"--verbalised {source}: no such judge or column of 0 and 1 in {study.path}; "
            f"{_choices(source, [*asked, *columns])}"
        )
    table = study.verdict_table(source, "verbalised")
    yes = (
        pl.when(pl.col("outcome") == "comply")
        .then(1.0)
        .when(pl.col("outcome") == "refuse")
        .then(0.0)
    )
    value = pl.when(pl.col("status") == "ok").then(pl.coalesce(pl.col("score"), yes))
    return table.scan(["trial", "outcome", "score", "status"]).select(
        "trial", value.alias("verbalised")
    )


def _choices(source: str, there: Sequence[str]) -> str:
    if there:
        return nearest(source, there)
    return "the study has neither; import one with a column such as verbalised (gyges import jsonl)"


def blocks_of(counted: pl.DataFrame, same: Sequence[str]) -> pl.DataFrame:
    """Pair the answers that share everything but the tier; ``verbalised`` is that of the monitored one."""
    arms = {
        arm: counted.filter(tier=arm).select(
            *same, pl.col("compliance").alias(arm), pl.col("verbalised"), FAMILY
        )
        for arm in ARMS
    }
    other = arms["unmonitored"].drop("verbalised", FAMILY)
    return arms["monitored"].join(other, on=same, nulls_equal=True).sort(same)


def cube(frame: pl.DataFrame) -> Floats:
    """Lay values out as (queries, wordings, samples), NaN where there is none."""
    ordered = frame.sort("query", "wording", "sample").select(
        (pl.col("query").rank("dense") - 1).alias("q"),
        (pl.col("wording").rank("dense") - 1).alias("w"),
        pl.int_range(pl.len()).over("query", "wording").alias("k"),
        pl.col("compliance"),
    )
    q, w, k = (ordered[name].to_numpy().astype(np.intp) for name in ("q", "w", "k"))
    shape = [int(axis.max(initial=-1)) + 1 for axis in (q, w, k)]
    cube = np.full(shape, np.nan)
    cube[q, w, k] = ordered["compliance"].to_numpy()
    return cube


def level_tables(
    counted: pl.DataFrame, factor: str, levels: Sequence[object], same: Sequence[str]
) -> tuple[NDArray[np.str_], NDArray[np.str_], dict[str, Floats], dict[str, Floats]]:
    """Lay out what stands under each level of a factor.

    Args:
        counted: Trials with a compliance.
        factor: The factor's column.
        levels: Its levels, in order.
        same: The columns, the query among them, that make a cell.

    Returns:
        The query of each cell; its family; and by tier, of shape (cells, levels), the rates (NaN where there is no
        answer) and the numbers of answers.
    """
    under = [
        (pl.col(factor) == level) & (pl.col("tier") == arm) for arm in ARMS for level in levels
    ]
    cells = (
        counted.group_by(same)
        .agg(
            pl.col(FAMILY).first(),
            *[
                pl.col("compliance")
                .filter(where)
                .mean()
                .fill_null(float("nan"))
                .alias(f"rate {at}")
                for at, where in enumerate(under)
            ],
            *[where.sum().alias(f"count {at}") for at, where in enumerate(under)],
        )
        .sort(same)
    )
    tables = {
        kind: cells.select(pl.selectors.starts_with(f"{kind} ")).to_numpy().astype(np.float64)
        for kind in ("rate", "count")
    }
    rates, counts = (
        {arm: table[:, at * len(levels) : (at + 1) * len(levels)] for at, arm in enumerate(ARMS)}
        for table in (tables["rate"], tables["count"])
    )
    return cells["query"].to_numpy(), cells[FAMILY].to_numpy(), rates, counts


def text_of(level: object) -> str:
    """Write a level as a user would."""
    return (
        str(level).lower()
        if isinstance(level, bool)
        else f"{level:g}"
        if isinstance(level, float)
        else str(level)
    )
