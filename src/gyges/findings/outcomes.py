"""What came of each trial, the control's among them, with all that it was asked under?

The trials with one judge's verdicts, one row each: what pages read that count something else than the gap does. A
trial without a verdict stands there too, so that what is missing can be counted apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from gyges.findings.cells import compliance, family
from gyges.findings.record import ARMS
from gyges.study import StudyFolder

__all__ = ["open_counts", "read_outcomes"]


def read_outcomes(study: StudyFolder, judge: str, partial: float = 0.5) -> pl.DataFrame:
    """Read the trials of both arms with a judge's verdicts.

    Args:
        study: The study.
        judge: Whose verdicts on the outcome.
        partial: What a ``partial`` outcome counts.

    Returns:
        One row a trial: what it was asked under, ``family`` of its query, ``outcome``, ``score`` and the verdict's
        ``verdict_status`` (null where no judge has read it), ``compliance`` (null where it is missing) and ``graded``
        (a number, no count).
    """
    own = list(study.manifest.factors)
    named = ("trial", "subject", "setting", "value", "control", "query", "wording", "tier")
    columns = list(dict.fromkeys([*named, "sample", *own]))
    trials = study.trial_table.scan(columns).filter(pl.col("tier").is_in(ARMS))
    verdicts = study.verdict_table(judge).scan(["trial", "outcome", "score", "status"])
    with study.reading():
        return (
            trials.join(verdicts.rename({"status": "verdict_status"}), on="trial", how="left")
            .with_columns(
                compliance(partial).alias("compliance"),
                (pl.col("outcome").is_null() & pl.col("score").is_not_null()).alias("graded"),
                family(own).alias("family"),
            )
            .sort("trial")
            .collect()
        )


def open_counts(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Count the trials, the undecided and the missing, arm by arm.

    Args:
        frame: As :func:`read_outcomes` gives it.
        by: What to count by, beside the tier.

    Returns:
        The columns ``by``, ``tier``, ``trials``, ``undecided`` and ``missing``.
    """
    read = pl.col("verdict_status") == "ok"
    return (
        frame.group_by([*by, "tier"])
        .agg(
            pl.len().alias("trials"),
            (read & (pl.col("outcome") == "undecided")).sum().alias("undecided"),
            pl.col("compliance").is_null().sum().alias("missing"),
        )
        .sort([*by, "tier"])
    )
