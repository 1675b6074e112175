"""How often does a judge change its mind about the same answer?

``gyges judge --retest N`` lets a judge read some of a study's trials a second time, into a table of its own. Where both
rounds have a verdict, the share that differ is the judge's flip rate, and kappa says how much of their agreement chance
alone would give. No calibration can do better than a judge agrees with itself.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import polars as pl

from gyges.judges.apply import AGAIN
from gyges.judges.measures import retest
from gyges.judges.question import load_question
from gyges.study import StudyFolder

__all__ = ["retest_of"]

_COLUMNS = ["trial", "status", "outcome", "label", "labels", "answer"]


def retest_of(study: StudyFolder, judge: str, question: str = "outcome") -> dict[str, Any] | None:
    """Compare a judge's two readings of the same trials.

    Args:
        study: The study.
        judge: The judge's name.
        question: The question's name.

    Returns:
        ``n`` (trials with two verdicts), ``flips`` and ``kappa`` (as :func:`gyges.judges.measures.retest` gives them),
        ``arms`` (the same by tier), ``failed`` (second readings that gave no verdict) and ``moves`` (how often each
        answer became which other one); None where nothing was read twice.
    """
    kind = load_question(question).kind
    with study.reading():
        first = study.verdict_table(judge, question).scan(_COLUMNS)
        second = study.verdict_table(judge, f"{question}{AGAIN}").scan(_COLUMNS)
        tiers = study.trial_table.scan(["trial", "tier"])
        frame = (
            second.join(first, on="trial", how="inner", suffix="_first")
            .join(tiers, on="trial", how="left")
            .sort("trial")
            .collect()
        )
    if frame.is_empty():
        return None
    both = frame.filter((pl.col("status") == "ok") & (pl.col("status_first") == "ok"))
    rows = [
        (row["tier"] or "", _said(row, kind, "_first"), _said(row, kind, ""))
        for row in both.iter_rows(named=True)
    ]
    arms = sorted({tier for tier, *_ in rows if tier})
    moves = Counter((old, new) for _, old, new in rows if old != new)
    return {
        "n": len(rows),
        "failed": frame.height - both.height,
        **_compared(rows),
        "arms": {tier: _compared([row for row in rows if row[0] == tier]) for tier in arms},
        "moves": [
            {"from": old, "to": new, "count": count} for (old, new), count in moves.most_common()
        ],
    }


def _compared(rows: list[tuple[str, str, str]]) -> dict[str, Any]:
    return retest([old for _, old, _ in rows], [new for *_, new in rows])


def _said(row: dict[str, Any], kind: str, suffix: str) -> str:
    label = row[f"outcome{suffix}"] or row[f"label{suffix}"] or ""
    if kind == "scores":
        # Any other number is another answer.
        scores = json.loads(row[f"answer{suffix}"] or "{}").get("scores") or {}
        return ", ".join(f"{name} {number:g}" for name, number in sorted(scores.items()))
    if kind != "labels":
        return str(label)
    # Which labels apply is the answer; yes and no only say whether any does.
    return "+".join(sorted(row[f"labels{suffix}"] or [])) or str(label)
