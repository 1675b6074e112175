"""How far do two judges agree, where do they not, and how steady is each of them?

Two judges are compared on the trials that both have a verdict on, by subject, value and tier. A verdict is decided if
it came and is not ``undecided``; agreement and Cohen's kappa (1960) are taken over the trials that both decide, and
those that one of them leaves undecided (or failed at) are counted beside. Kappa is null where chance alone would agree
always.

How steady each of them is stands beside (``steadiness.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from gyges.errors import StudyError
from gyges.estimate.agreement import cohen_kappa
from gyges.findings.steadiness import said, same_text
from gyges.study import StudyFolder

__all__ = ["AGREEMENT_COLUMNS", "Agreement", "agreement", "disagreeing"]

_KEYS = ("subject", "value", "tier")
AGREEMENT_COLUMNS = (
    *_KEYS,
    "trials",
    "both_decided",
    "agree",
    "undecided_first",
    "undecided_second",
    "kappa",
    "agreement",
)
"""The fields of a row, in order."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two judges agree on a question."""

    study: str
    question: str
    between: tuple[str, str]
    rows: list[dict[str, Any]]
    """By subject, value and tier, the fields in ``AGREEMENT_COLUMNS``."""
    total: dict[str, Any]
    """The same over all trials, with ``only_first`` and ``only_second``: trials that just one of the two has judged."""
    same_text: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By judge, what :func:`same_text` found."""

    def row(self) -> dict[str, Any]:
        """Give everything as a record for JSON."""
        return asdict(self) | {"between": list(self.between)}

    def sentence(self) -> str:
        """Say the result in plain words."""
        first, second = self.between
        total = self.total
        if total["agreement"] is None:
            return f"There is no trial that both {first} and {second} decide."
        kappa_text = "" if total["kappa"] is None else f", kappa {total['kappa']:.2f}"
        return (
            f"{first} and {second} agree on {total['agreement']:.1%} of the {total['both_decided']:,} trials that both "
            f"decide{kappa_text}; of {total['trials']:,} trials {first} leaves {total['undecided_first']:,} undecided "
            f"and {second} {total['undecided_second']:,}."
        )


def agreement(
    study: StudyFolder,
    between: tuple[str, str],
    question: str = "outcome",
    *,
    steady: bool = True,
) -> Agreement:
    """Compare two judges of a study.

    Args:
        study: The study.
        between: The judges' names, the first and the second.
        question: The question that both answered.
        steady: Look also at how each judges identical answers, for which every answer is read.

    Raises:
        StudyError: One of them has no verdicts on the question, or both are one.
    """
    first, second = _judges(study, between, question)
    with study.reading():
        counted = (
            _compared(study, (first, second), question)
            .group_by(*_KEYS, "first", "second", "judged_first", "judged_second")
            .len()
            .collect(engine="streaming")
        )
        names = (first, second) if steady else ()
        identical = {name: same_text(study, name, question) for name in names}
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for cell in counted.iter_rows(named=True):
        groups.setdefault(tuple(str(cell[key] or "") for key in _KEYS), []).append(cell)
    rows = [
        dict(zip(_KEYS, key, strict=True)) | counts
        for key in sorted(groups)
        if (counts := _counts(groups[key]))["trials"]
    ]
    every = counted.to_dicts()
    one_sided = {
        f"only_{name}": sum(
            cell["len"] for cell in every if cell[f"judged_{name}"] and not cell[f"judged_{other}"]
        )
        for name, other in (("first", "second"), ("second", "first"))
    }
    return Agreement(
        study.path.name, question, (first, second), rows, _counts(every) | one_sided, identical
    )


def disagreeing(
    study: StudyFolder, between: tuple[str, str], question: str = "outcome"
) -> pl.LazyFrame:
    """Give the trials on which two judges decide differently: ``trial``, ``first`` and ``second`` (their answers)."""
    pair = _judges(study, between, question)
    return (
        _compared(study, pair, question)
        .filter(pl.col("first") != pl.col("second"))
        .select("trial", *_KEYS, "first", "second")
    )


def _judges(study: StudyFolder, between: tuple[str, str], question: str) -> tuple[str, str]:
    first, second = (study.pick_judge(name, question) for name in between)
    if first == second:
        raise StudyError(
            f"--between {first} {second}: a judge agrees with itself; name two judges of "
            f"{', '.join(study.judges(question))}"
        )
    if (study.judge_info(first, question).get("answers") or {}).get("kind") == "scores":
        raise StudyError(
            f"question {question}: is answered by scores, and judges agree on labels; compare the means with: gyges "
            f"answers {study.path} --question {question}"
        )
    return first, second


def _compared(study: StudyFolder, pair: tuple[str, str], question: str) -> pl.LazyFrame:
    table = study.trial_table.scan(["trial", *_KEYS])
    for name, judge in zip(("first", "second"), pair, strict=True):
        answers = said(study, judge, question).select(
            "trial", pl.lit(value=True).alias(f"judged_{name}"), pl.col("answer").alias(name)
        )
        table = table.join(answers, on="trial", how="left").with_columns(
            pl.col(f"judged_{name}").fill_null(value=False)
        )
    return table


def _counts(cells: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    trials = undecided_first = undecided_second = 0
    pairs: Counter[tuple[str, str]] = Counter()
    for cell in cells:
        if not (cell["judged_first"] and cell["judged_second"]):
            continue
        first, second, count = cell["first"], cell["second"], cell["len"]
        trials += count
        undecided_first += count * (first is None)
        undecided_second += count * (second is None)
        if first is not None and second is not None:
            pairs[first, second] += count
    both = pairs.total()
    same = sum(count for (one, other), count in pairs.items() if one == other)
    return {
        "trials": trials,
        "both_decided": both,
        "agree": same,
        "undecided_first": undecided_first,
        "undecided_second": undecided_second,
        "kappa": cohen_kappa(pairs),
        "agreement": same / both if both else None,
    }
