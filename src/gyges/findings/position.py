"""Does it sway a subject in a forced choice whether the complying answer stands first?

The order of the two answers is balanced over queries and samples and alike in both tiers, so a liking for a letter
favours neither tier; but where it decides, no gap can be seen. How large it is says how far the choices are about the
answers at all. It is estimated for each subject and setting as a gap is: the mean over queries of paired differences,
clustered by query. The control, which asks another question, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from gyges.estimate import paired_gap
from gyges.findings.cells import compliance
from gyges.study import StudyFolder

__all__ = ["PositionDifference", "position_differences", "unread_choices"]

_LETTERS = ("A", "B")
_WHO = ("subject", "setting", "value")


@dataclass(frozen=True, slots=True)
class PositionDifference:
    """How much more the subject complies where the complying answer stands first: P(A complies) - P(B complies)."""

    subject: str
    setting: str
    value: str
    difference: float
    ci_low: float | None
    """The 95 % interval, clustered by query; None with one query only."""
    ci_high: float | None
    queries: int
    """Queries that were asked in both orders."""
    among: tuple[str, ...] = ()
    """Of ``subject``, ``setting`` and ``value``, those that differ in the study; a sentence names them."""

    def sentence(self) -> str:
        """Say it in plain words."""
        named = " · ".join(getattr(self, name) for name in self.among)
        who = f" of {named}" if named else ""
        points, span = 100 * self.difference, ""
        if self.ci_low is not None and self.ci_high is not None:
            span = f"; 95% interval {_signed(100 * self.ci_low)} to {_signed(100 * self.ci_high)}"
        return (
            f"Position{who}: P(comply) is {_signed(points)} points where the complying answer is A instead of B{span}; "
            f"{self.queries} queries in both orders. The order is the same in both tiers, so it favours neither."
        )


def _signed(points: float) -> str:
    # Rounded first, so that no zero has a minus sign.
    return f"{round(points, 1) + 0.0:+.1f}"


def position_differences(study: StudyFolder, judge: str | None = None) -> list[PositionDifference]:
    """Compare the two orders of the answers, over the queries that were asked in both under one tier.

    Args:
        study: A study of forced choices.
        judge: Whose readings; the study's default judge if None.

    Returns:
        One for each subject and setting (and value in it), in order; none where no query was asked in both orders.
    """
    table = study.trial_table
    if "comply_option" not in table.columns:
        return []
    keys = [*_WHO, "query", "wording", "tier"]
    trials = table.scan(["trial", *keys, "control", "comply_option"]).filter(~pl.col("control"))
    verdicts = (
        study.verdict_table(study.pick_judge(judge))
        .scan(["trial", "outcome", "score", "status"])
        .rename({"status": "verdict_status"})
    )
    with study.reading():
        queries = (
            trials.join(verdicts, on="trial")
            .group_by(keys)
            .agg(
                compliance().filter(pl.col("comply_option") == letter).mean().alias(letter)
                for letter in _LETTERS
            )
            .drop_nulls(_LETTERS)
            # Both tiers of a query are one cluster.
            .group_by(*_WHO, "query")
            .agg(pl.col("A").mean().clip(0, 1), pl.col("B").mean().clip(0, 1))
            .sort(*_WHO, "query")
            .collect()
        )
    among = tuple(name for name in _WHO if queries[name].n_unique() > 1)
    return [
        _difference(dict(zip(_WHO, who, strict=True)), part, among)
        for who, part in queries.group_by(_WHO, maintain_order=True)
    ]


def _difference(
    who: Mapping[str, Any], queries: pl.DataFrame, among: tuple[str, ...]
) -> PositionDifference:
    found = paired_gap(queries["A"].to_numpy(), queries["B"].to_numpy(), test=False)
    low, high = (found.interval.low, found.interval.high) if found.interval else (None, None)
    return PositionDifference(
        **who,
        difference=found.gap,
        ci_low=low,
        ci_high=high,
        queries=found.queries,
        among=among,
    )


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
