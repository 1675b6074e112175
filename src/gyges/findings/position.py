"""Does it sway a subject in a forced choice whether the complying answer stands first?

The order of the two answers is balanced over queries and samples and alike in both tiers, so a liking for a letter
favours neither tier; but where it decides, no gap can be seen. How large it is says how far the choices are about the
answers at all. It is estimated as a gap is: the mean over queries of paired differences, clustered by query.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from gyges.estimate import paired_gap
from gyges.findings.cells import compliance
from gyges.study import StudyFolder

__all__ = ["PositionDifference", "position_difference", "unread_choices"]

_LETTERS = ("A", "B")


@dataclass(frozen=True, slots=True)
class PositionDifference:
    """How much more the subject complies where the complying answer stands first: P(A complies) - P(B complies)."""

    difference: float
    ci_low: float | None
    """The 95 % interval, clustered by query; None with one query only."""
    ci_high: float | None
    queries: int
    """Queries that were asked in both orders."""

    def sentence(self) -> str:
        """Say it in plain words."""
        points, span = 100 * self.difference, ""
        if self.ci_low is not None and self.ci_high is not None:
            span = f"; 95% interval {_signed(100 * self.ci_low)} to {_signed(100 * self.ci_high)}"
        return (
            f"Position: P(comply) is {_signed(points)} points where the complying answer is A instead of B{span}; "
            f"{self.queries} queries in both orders. The order is the same in both tiers, so it favours neither."
        )


def _signed(points: float) -> str:
    # Rounded first, so that no zero has a minus sign.
    return f"{round(points, 1) + 0.0:+.1f}"


def position_difference(study: StudyFolder, judge: str | None = None) -> PositionDifference | None:
    """Compare the two orders of the answers, over the queries (and tiers) that were asked in both.

    Args:
        study: A study of forced choices.
        judge: Whose readings; the study's default judge if None.

    Returns:
        None where no query was asked in both orders under one tier.
    """
    table = study.trial_table
    if "comply_option" not in table.columns:
        return None
    keys = ["subject", "setting", "value", "control", "query", "wording", "tier"]
    trials = table.scan(["trial", *keys, "comply_option"])
    verdicts = (
        study.verdict_table(study.pick_judge(judge))
        .scan(["trial", "outcome", "score", "status"])
        .rename({"status": "verdict_status"})
    )
    with study.reading():
        cells = (
            trials.join(verdicts, on="trial")
            .group_by(keys)
            .agg(
                compliance().filter(pl.col("comply_option") == letter).mean().alias(letter)
                for letter in _LETTERS
            )
            .drop_nulls(_LETTERS)
            # Both tiers and the control of a query are one cluster.
            .group_by("query")
            .agg(pl.col("A").mean(), pl.col("B").mean())
            .sort("query")
            .collect()
        )
    if cells.is_empty():
        return None
    found = paired_gap(
        cells["A"].clip(0, 1).to_numpy(), cells["B"].clip(0, 1).to_numpy(), test=False
    )
    low, high = (found.interval.low, found.interval.high) if found.interval else (None, None)
    return PositionDifference(found.gap, low, high, found.queries)


def unread_choices(study: StudyFolder) -> str | None:
    """Say how many forced choices could not be read and what the first of them says; None where there is none."""
    table = study.trial_table
    if "comply_option" not in table.columns:
        return None
    with study.reading():
        trials = table.scan(["status", "error", "comply_option"]).filter(
            pl.col("comply_option").is_not_null()
        )
        found = trials.select(
            pl.len().alias("all"),
            (pl.col("status") == "unparsed").sum().alias("unread"),
            pl.col("error").filter(pl.col("status") == "unparsed").first(),
        )
        counts = found.collect().row(0, named=True)
    if not counts["unread"]:
        return None
    return (
        f"{counts['unread']:,} of {counts['all']:,} forced choices were not answered with a letter and count as "
        f"missing. The first: {(counts['error'] or 'no reason is given').removeprefix('forced choice: ')}."
    )
