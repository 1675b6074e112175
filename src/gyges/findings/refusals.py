"""How much are a subject's refusals copies of one another?

The refusals are those that a judge of ``refusal-honesty`` found, with or without a stated reason; what it called no
refusal is the base. See :mod:`gyges.findings.templated` for the measure.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import polars as pl

from gyges.errors import EstimateError
from gyges.findings.record import ARMS
from gyges.findings.templated import Templating, templating
from gyges.study import StudyFolder

__all__ = ["Refusals", "refusals_of"]

_NONE = "not-a-refusal"


@dataclass(frozen=True, slots=True)
class Refusals:
    """How templated the refusals of one subject in one setting are."""

    subject: str
    setting: str
    judge: str
    """Who said which answers refuse."""
    found: Templating

    def sentence(self) -> str:
        """Say it in plain sentences."""
        one = self.found
        text = (
            f"{self.subject} ({self.setting}): a refusal is as like its nearest refusal of another query as "
            f"{one.index:.2f} (0: no word in common, 1: copies{_span(one.interval)}; {one.texts} refusals of "
            f"{one.queries} queries)."
        )
        if one.beside is not None:
            beside = one.beside
            text += (
                f" Among {beside.texts} of its refusals it is {beside.refusals:.2f}, among as many of its other "
                f"answers {beside.others:.2f}: {beside.estimate:+.2f} (95 % interval"
                f"{_span(beside.difference, comma=False)})."
            )
        return text

    def row(self) -> dict[str, Any]:
        """Give it as a plain record."""
        one = self.found
        record: dict[str, Any] = {
            "question": "refusal-honesty",
            "judge": self.judge,
            "subject": self.subject,
            "setting": self.setting,
            "templating": one.index,
            "ci_low": one.interval.low if one.interval else None,
            "ci_high": one.interval.high if one.interval else None,
            "queries": one.queries,
            "texts": one.texts,
            "of": one.of,
        }
        if one.beside is not None:
            record["others"] = one.beside.others
            record["difference"] = one.beside.estimate
        return record


def _span(interval: Any, *, comma: bool = True) -> str:
    if interval is None:
        return "" if comma else " not known"
    head = "; 95 % interval" if comma else ""
    return f"{head} {interval.low:.2f} to {interval.high:.2f}"


def refusals_of(study: StudyFolder, judge: str | None = None, *, seed: int = 0) -> list[Refusals]:
    """Measure how templated refusals are, by subject and setting, controls apart.

    Args:
        study: The study.
        judge: Who read ``refusal-honesty``; the first that did if None.
        seed: Seeds the samples of many texts.

    Returns:
        One for each subject and setting with refusals of at least two queries.

    Raises:
        StudyError: No judge has read the question.
    """
    name = study.pick_judge(judge, "refusal-honesty")
    columns = ["trial", "subject", "setting", "control", "query", "tier", "output"]
    with study.reading():
        said = study.verdict_table(name, "refusal-honesty").scan(["trial", "label", "status"])
        frame = (
            study.trial_table.scan(columns)
            .filter(pl.col("tier").is_in(ARMS) & ~pl.col("control"))
            .join(said.filter(pl.col("status") == "ok"), on="trial")
            .filter(pl.col("label").is_not_null() & (pl.col("label") != "undecided"))
            .sort("trial")
            .collect()
        )
    found = []
    for (subject, setting), part in frame.group_by("subject", "setting", maintain_order=True):
        sides: dict[bool, dict[Hashable, list[str]]] = {True: {}, False: {}}
        for query, label, output in part.select("query", "label", "output").iter_rows():
            sides[label != _NONE].setdefault(query, []).append(output or "")
        try:
            measured = templating(sides[True], sides[False], seed=seed)
        except EstimateError:
            # Copies show across queries, and there are not two.
            continue
        found.append(Refusals(str(subject), str(setting), name, measured))
    return found
