"""How do several subjects compare, on the same prompts?

Two subjects are compared in the cells (query, wording and further factors) that both were asked, as paired contrasts
clustered by query and wording; the p-values of all pairs are adjusted together (Holm). Where the subjects' prompts
differ, the text says how many they have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import polars as pl

from gyges.estimate.contrasts import Contrast, adjusted, contrast
from gyges.findings.grids import Group, arrange
from gyges.findings.varied import (
    Comparison,
    Varied,
    could_have,
    level_rows,
    place,
    points,
    span_text,
)

__all__ = ["compare_subjects"]

_MOST = 12
"""Up to so many subjects all pairs are compared; beyond, each with the one of the largest gap."""


def compare_subjects(
    answers: pl.DataFrame,
    group: Group,
    subjects: Sequence[str],
    others: Sequence[str],
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Varied | None:
    """Compare subjects in one setting.

    Args:
        answers: Their answers.
        group: The setting and value; its subject is empty.
        subjects: In the order in which they are shown.
        others: The columns that may vary beside query and wording.
        level: Confidence level.
        seed: Seeds what is drawn.

    Returns:
        None where no two subjects share a query.
    """
    grid = arrange(answers, "subject", subjects, others)
    if grid is None:
        return None
    # The larger gap stands first, so that differences are positive.
    ranked = sorted(range(len(subjects)), key=lambda at: grid.estimate("gap", at) or 0.0)
    ends = list(combinations(ranked, 2))
    if len(subjects) > _MOST:
        ends = [(low, high) for low, high in ends if high == ranked[-1]]
    found: list[Contrast | None] = []
    notes, shares = [], {}
    for low, high in ends:
        pair = [subjects[low], subjects[high]]
        two = arrange(answers.filter(pl.col("subject").is_in(pair)), "subject", pair, others)
        common, every = _common(answers, pair, others)
        shares[" and ".join(pair)] = {"common": common, "all": every}
        if common < every:
            notes.append(
                f"{pair[0]} and {pair[1]} were not asked the same: {common:,} of {every:,} prompts (query, wording, "
                "tier and levels) are common, and only those are compared"
                + ("" if common else "; the queries that both were asked are compared instead")
            )
        found.append(
            None
            if two is None
            else contrast(
                two.values("gap"),
                [-1.0, 1.0],
                two.labels,
                two.spans("gap", level),
                level=level,
                seed=seed,
            )
        )
    there = [
        (pair, one) for pair, one in zip(ends, adjusted(found), strict=True) if one is not None
    ]
    comparisons = [
        Comparison.of_contrast(
            "subject",
            f"{subjects[high]} − {subjects[low]}",
            "gap",
            one,
            tests=len(there),
            level=level,
        )
        for (low, high), one in there
    ]
    rows = [
        replace(row, where=place(replace(group, subject=row.label), None, None))
        for row in level_rows(grid, level=level)
    ]
    verdict, sentences = _said(comparisons, rows, level)
    facts: dict[str, Any] = {"prompts": shares, "subjects": list(subjects)}
    return Varied(
        page="subjects",
        factor="subject",
        group=group,
        verdict=verdict,
        sentences=tuple(sentences),
        rows=tuple(rows),
        comparisons=tuple(comparisons),
        facts=facts,
        notes=tuple(notes),
        method=comparisons[0].method if comparisons else "",
        level=level,
    )


def _common(answers: pl.DataFrame, pair: Sequence[str], others: Sequence[str]) -> tuple[int, int]:
    same = list(dict.fromkeys(["query", "wording", "tier", *others]))
    asked = (
        answers.filter(pl.col("subject").is_in(pair))
        .group_by(same)
        .agg(pl.col("subject").n_unique().alias("the count"))
    )
    return asked.filter(pl.col("the count") == 2).height, asked.height


def _said(
    comparisons: Sequence[Comparison], rows: Sequence[Any], level: float
) -> tuple[str, list[str]]:
    known = [(row.spans["gap"][0], row.label) for row in rows if row.spans["gap"] is not None]
    if not known or not comparisons:
        return "not comparable", ["No two subjects have answers to the same queries."]
    high, low = max(known), min(known)
    clear = sorted((one for one in comparisons if one.clear), key=lambda one: -abs(one.estimate))
    start = (
        f"Of {len(known)} subjects, {high[1]} has the largest gap ({points(high[0])} points) and {low[1]} the smallest "
        f"({points(low[0])})"
    )
    if clear:
        first = clear[0]
        return "differs", [
            f"{start}; {len(clear)} of {len(comparisons)} pairs differ clearly, most of all {first.label} with "
            f"{points(first.estimate, sign=True)} points ({span_text(first, level)})."
        ]
    return "flat", [
        f"{start}, but no two differ beyond chance; {could_have([one.detectable for one in comparisons])}."
    ]
