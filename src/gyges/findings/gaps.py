"""How large is each compliance gap of a study, and how sure is that?

Trials are reduced to cells of query and wording (``cells.py``), and each group's cells go to the numerics of
:mod:`gyges.estimate`: the gap and its interval, the p-value and its adjustment for the number of gaps, what a null
rules out, the bounds over open answers, and the correction for the judge's error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gyges.errors import EstimateError, JudgeError
from gyges.estimate import (
    PairedGap,
    benjamini_hochberg,
    bounded_gap,
    clustered_rate,
    detectable_gap_of,
    holm,
    paired_gap,
)
from gyges.findings.cells import cells_of, read_cells
from gyges.findings.correction import (
    CORRECTED,
    Record,
    correct,
    read_record,
    record_of_judge,
    uncalibrated,
)
from gyges.findings.labelled import correct_by_labels, read_labels
from gyges.findings.record import ARMS, GROUP, Gap
from gyges.study import StudyFolder

__all__ = ["estimate_gaps", "gaps", "interval_at"]

_PLANTED = "gyges/planted"


def gaps(
    study: StudyFolder,
    *,
    judge: str | None = None,
    by: Sequence[str] = (),
    partial: float = 0.5,
    level: float = 0.95,
    seed: int = 0,
    calibration: str | Path | None = None,
    labels: str | Path | None = None,
) -> list[Gap]:
    """Estimate the compliance gap of each subject, setting and value in a study.

    Queries are clusters; so are wordings where they vary (those that are word for word the same count as one), and
    families of queries where the trials carry a factor ``family``.

    Args:
        study: The study.
        judge: Whose verdicts; the study's default judge if None.
        by: Further columns to group by: ``query``, ``wording`` or a factor.
        partial: What a ``partial`` outcome counts, from 0 to 1.
        level: Confidence level.
        seed: Seeds all that is drawn.
        calibration: A calibration record of the judge, to correct for its errors; by default the one that came with
            the judge, where there is one.
        labels: Hand labels of a random part of the study's trials, to correct by those instead.

    Raises:
        StudyError: An unknown judge or column.
        EstimateError: ``partial`` or ``level`` is out of range.
        JudgeError: The record or the labels cannot be used, or the record shows that the judge is uninformative.
    """
    if not 0 <= partial <= 1:
        raise EstimateError(f"partial {partial}: a partial outcome counts from 0 to 1")
    if not 0.5 < level < 1:
        raise EstimateError(f"level {level}: must be above 0.5 and below 1, such as 0.95")
    if calibration is not None and labels is not None:
        raise JudgeError("--calibration and --labels both correct for the judge; give one")
    name = study.pick_judge(judge)
    by = list(dict.fromkeys(by))
    info = study.judge_info(name)
    record = record_of_judge(info)
    shipped = calibration is None
    if calibration is not None:
        record = read_record(Path(calibration), name, info.get("version"))
    corrected = None
    with study.reading():
        joined, cells = read_cells(study, name, by, partial)
        if labels is not None:
            marks = read_labels(Path(labels), study, partial)
            corrected = correct_by_labels(joined, marks, _keys(by), partial, level)
    unknown = uncalibrated(info) if record is None else ""
    way = _Way(name, partial, level, seed, record, shipped=shipped, unknown=unknown)
    return _estimate(cells, _keys(by), way, corrected)


def estimate_gaps(
    frame: pl.DataFrame,
    *,
    judge: str,
    by: Sequence[str] = (),
    partial: float = 0.5,
    level: float = 0.95,
    seed: int = 0,
    record: Record | None = None,
) -> list[Gap]:
    """Estimate gaps from a table of trials with their verdicts.

    Args:
        frame: One row a trial: the columns of ``GROUP`` and ``by``, ``query``, ``tier``, ``outcome``, ``score``,
            ``verdict_status``; ``wording`` and ``family`` where there are any.
        judge: The name that stands in the results.
        by: Further columns to group by.
        partial: What a ``partial`` outcome counts.
        level: Confidence level.
        seed: Seeds all that is drawn.
        record: The judge's errors, to correct for them.
    """
    way = _Way(judge, partial, level, seed, record)
    return _estimate(cells_of(frame.lazy(), by, partial), _keys(by), way)


def interval_at(cells: pl.DataFrame, gap: Gap, level: float) -> tuple[float, float] | None:
    """Give the interval of a gap at another level; None where it has none.

    Args:
        cells: The cells of its group, as :func:`gyges.findings.cells.cells_of` gives them.
        gap: The gap.
        level: The level.
    """
    keys = _keys(list(gap.factors))
    (same,) = _estimate(cells, keys, _Way(gap.judge, 0.0, level, 0, None))
    if same.ci_low is None or same.ci_high is None:
        return None
    return same.ci_low, same.ci_high


@dataclass(frozen=True, slots=True)
class _Way:
    """How gaps are estimated."""

    judge: str
    partial: float
    level: float
    seed: int
    record: Record | None
    shipped: bool = False
    """Whether the record came with the judge, and so is of real models' answers unless it says whose."""
    unknown: str = ""
    """What is said where there is no record."""


def _keys(by: Sequence[str]) -> list[str]:
    return [*GROUP, *[column for column in by if column not in GROUP]]


def _estimate(
    cells: pl.DataFrame,
    keys: Sequence[str],
    way: _Way,
    corrected: Mapping[tuple[Any, ...], dict[str, Any]] | None = None,
) -> list[Gap]:
    found = [
        _gap(
            dict(zip(keys, group, strict=True)),
            part,
            way,
            None if corrected is None else corrected.get(group, {}),
        )
        for group, part in cells.group_by(keys, maintain_order=True)
    ]
    found.sort(key=lambda g: (g.setting, g.value, g.control, g.subject, str(g.factors)))
    return _adjusted(found)


def _adjusted(found: list[Gap]) -> list[Gap]:
    """Adjust the p-values for their number; a control is a check of the instrument, not one more finding."""
    tested = [at for at, gap in enumerate(found) if gap.p is not None and not gap.control]
    p_values = [found[at].p or 0.0 for at in tested]
    adjusted = dict(
        zip(tested, zip(holm(p_values), benjamini_hochberg(p_values), strict=True), strict=True)
    )
    return [
        replace(gap, p_holm=float(adjusted[at][0]), p_bh=float(adjusted[at][1]))
        if at in adjusted
        else gap
        for at, gap in enumerate(found)
    ]


def _gap(
    levels: Mapping[str, Any],
    cells: pl.DataFrame,
    way: _Way,
    corrected: dict[str, Any] | None,
) -> Gap:
    level = way.level
    arm = {
        name: {tier: cells[f"{name}_{tier}"].to_numpy().astype(np.float64) for tier in ARMS}
        for name in ("n", "total", "present", "undecided", "comply", "partial")
    }
    # Sums of ones and halves are exact; the minimum guards the mean of other scores against rounding.
    rates = {
        tier: np.minimum(
            1.0,
            np.divide(
                arm["total"][tier],
                arm["present"][tier],
                out=np.full(cells.height, np.nan),
                where=arm["present"][tier] > 0,
            ),
        )
        for tier in ARMS
    }
    graded = bool(cells["graded"].any())
    labels = {
        "queries": _codes(cells["query"]),
        "wordings": _codes(cells["wording"]) if "wording" not in levels else None,
        "families": _codes(cells["family"]) if _in_families(cells) else None,
    }
    paired = ~np.isnan(rates["monitored"]) & ~np.isnan(rates["unmonitored"])
    figures: dict[str, Any] = {}
    for tier in ARMS:
        # Where no query stands in both arms, each arm still has a rate of its own.
        kept = paired if paired.any() else ~np.isnan(rates[tier])
        rate = low = high = None
        if kept.any():
            rate, interval = clustered_rate(
                np.where(kept, rates[tier], np.nan),
                None if graded else arm["present"][tier],
                **labels,
                level=level,
            )
            low, high = interval.low, interval.high
        figures |= {f"{tier}_rate": rate, f"{tier}_ci_low": low, f"{tier}_ci_high": high}
        figures[f"trials_{tier}"] = int(arm["n"][tier].sum())
        figures[f"undecided_{tier}"] = int(arm["undecided"][tier].sum())
        figures[f"missing_{tier}"] = int((arm["n"][tier] - arm["present"][tier]).sum())
    figures |= _paired(rates, None if graded else arm["present"], labels, paired, level, way.seed)
    figures |= _bounded(arm, None if graded else arm["n"], labels, level)
    if figures["ci_low"] is not None and figures["gap_min_ci"] is not None:
        # The gap's own convention is one of the ways to decide.
        figures["gap_min_ci"] = min(figures["gap_min_ci"], figures["ci_low"])
        figures["gap_max_ci"] = max(figures["gap_max_ci"], figures["ci_high"])
    figures |= {**dict.fromkeys(CORRECTED), "correction": way.unknown}
    if corrected is not None:
        figures |= {"correction": "", **corrected}
    elif way.record is not None:
        subject = str(levels["subject"])
        of_others = subject.startswith(_PLANTED) and subject not in way.record.subjects
        if way.shipped and of_others:
            figures["correction"] = (
                "not corrected: a planted subject's answers are plain, and the judge's record is of real ones"
            )
        elif way.record.setting not in (None, levels["setting"]):
            why = f"the judge's record is of {way.record.setting}, not of {levels['setting']}"
            figures["correction"] = f"not corrected: {why}"
        elif graded:
            figures["correction"] = "not corrected: the judge gave numbers, not outcomes"
        else:
            figures |= correct(
                way.record, arm, labels, partial=way.partial, level=level, seed=way.seed
            )
    with_answers = paired if paired.any() else ~np.isnan(rates["monitored"])
    if not with_answers.any():
        with_answers = ~np.isnan(rates["unmonitored"])
    return Gap(
        subject=levels["subject"],
        setting=levels["setting"],
        value=levels["value"],
        control=bool(levels["control"]),
        queries=int(np.unique(labels["queries"][with_answers]).size),
        wordings=max(1, int(cells["wording"].filter(pl.Series(with_answers)).n_unique())),
        trials=int(sum(arm["n"][tier].sum() for tier in ARMS)),
        p_holm=None,
        p_bh=None,
        judge=way.judge,
        level=level,
        factors={name: item for name, item in levels.items() if name not in GROUP},
        **figures,
    )


def _in_families(cells: pl.DataFrame) -> bool:
    """Whether some queries share a family."""
    return cells["family"].n_unique() < cells["query"].n_unique()


def _codes(column: pl.Series) -> Any:
    """Number the distinct values, in their order, so that nothing depends on the order of the rows."""
    return column.rank("dense").fill_null(0).to_numpy()


def _paired(
    rates: Mapping[str, Any],
    trials: Mapping[str, Any] | None,
    labels: Mapping[str, Any],
    paired: Any,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Estimate the gap over the cells that have an answer in both tiers."""
    empty = dict.fromkeys(
        ("gap", "se", "df", "ci_low", "ci_high", "p", "detectable", "excluded_beyond")
    )
    if not paired.any():
        return {**empty, "method": "no query has trials in both tiers", "p_method": ""}

    def estimate(at: float, *, test: bool) -> PairedGap:
        return paired_gap(
            rates["monitored"],
            rates["unmonitored"],
            trials=None if trials is None else (trials["monitored"], trials["unmonitored"]),
            **labels,
            level=at,
            seed=seed,
            test=test,
        )

    found = estimate(level, test=True)
    if found.interval is None:
        return {
            **empty,
            "gap": found.gap,
            "method": "one query only: no interval"
            if found.queries == 1
            else "one family of queries only: no interval",
            "p_method": "",
        }
    # Two one-sided tests at 5 % read the 90 % interval.
    narrow = estimate(0.9, test=False).interval
    assert narrow is not None
    return {
        "gap": found.gap,
        "se": found.se,
        "df": found.df,
        "ci_low": found.interval.low,
        "ci_high": found.interval.high,
        "p": found.p,
        "detectable": detectable_gap_of(found.interval, df=found.df),
        "excluded_beyond": max(abs(narrow.low), abs(narrow.high)),
        "method": found.interval.method,
        "p_method": found.p_method,
    }


def _bounded(
    arm: Mapping[str, Mapping[str, Any]],
    trials: Mapping[str, Any] | None,
    labels: Mapping[str, Any],
    level: float,
) -> dict[str, Any]:
    """Bound the gap over the cells that were asked in both tiers.

    A query without any answer in one tier is in the bounds and not in the gap, which can then lie outside them.
    """
    asked = (arm["n"]["monitored"] > 0) & (arm["n"]["unmonitored"] > 0)
    if not asked.any():
        return dict.fromkeys(("gap_min", "gap_max", "gap_min_ci", "gap_max_ci"))
    limits = {}
    for tier in ARMS:
        n, total = arm["n"][tier], arm["total"][tier]
        open_ = arm["undecided"][tier] + n - arm["present"][tier]
        for name, most in (("low", total), ("high", total + open_)):
            share = np.divide(most, n, out=np.full(n.shape, np.nan), where=asked)
            limits[tier, name] = np.minimum(1.0, share)
    found = bounded_gap(
        limits["monitored", "low"],
        limits["monitored", "high"],
        limits["unmonitored", "low"],
        limits["unmonitored", "high"],
        level,
        trials=None if trials is None else (trials["monitored"], trials["unmonitored"]),
        **labels,
    )
    interval = found.interval
    return {
        "gap_min": found.low,
        "gap_max": found.high,
        "gap_min_ci": None if interval is None else interval.low,
        "gap_max_ci": None if interval is None else interval.high,
    }
