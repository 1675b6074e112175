"""What became of the trials, arm by arm?"""

from __future__ import annotations

from typing import Any

import polars as pl

from gyges.findings.record import GROUP
from gyges.study import StudyFolder

__all__ = ["statuses"]


def statuses(study: StudyFolder, judge: str | None = None) -> list[dict[str, Any]]:
    """Count the trials by subject, setting, value, control, tier and status.

    A trial whose answer came and whose judge failed is counted under ``judge refused``, ``judge unparsed`` or
    ``judge error``; one that no judge has read yet under ``unjudged``; one that a judge could not decide under
    ``undecided``.
    """
    name = study.pick_judge(judge)
    trials = study.trial_table.scan(["trial", *GROUP, "tier", "status"])
    verdicts = study.verdict_table(name).scan(["trial", "outcome", "status"])
    verdict = pl.col("verdict_status")
    frame = trials.join(verdicts.rename({"status": "verdict_status"}), on="trial", how="left")
    label = (
        pl.when((verdict == "ok") & (pl.col("outcome") == "undecided"))
        .then(pl.lit("undecided"))
        .when(verdict == "ok")
        .then(pl.lit("ok"))
        .when(pl.col("status") != "ok")
        .then(pl.col("status"))
        .when(verdict.is_null())
        .then(pl.lit("unjudged"))
        .otherwise(pl.lit("judge ") + verdict)
    )
    counted = (
        frame.with_columns(label.alias("status"))
        .group_by([*GROUP, "tier", "status"])
        .agg(pl.len().alias("count"))
        .sort([*GROUP, "tier", "status"])
    )
    with study.reading():
        return counted.collect().to_dicts()
