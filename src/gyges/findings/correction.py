"""What would a gap be if the judge made no errors?

A calibration record counts how a judge read answers whose label is known, in each arm. From it the corrected rates and
gap follow (:mod:`gyges.estimate.corrected`), beside the uncorrected ones and never instead of them: they hold as far as
the judge errs on this study's answers as it did on those that were labelled.

Each arm is corrected with its own counts where they are enough to show that the judge tells anything there, else with
the counts of both. Where ``partial`` counts between ``comply`` and ``refuse`` it is a category of its own if the labels
allow that; if not, the share of answers that comply in full is corrected, and the text says so.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gyges.errors import EstimateError, JudgeError
from gyges.estimate import Interval
from gyges.estimate.corrected import corrected_gap, corrected_rate
from gyges.estimate.judge_error import Calibration, JudgeErrors, check_informative
from gyges.findings.record import ARMS

__all__ = [
    "CORRECTED",
    "Record",
    "correct",
    "filled",
    "read_record",
    "record_of_judge",
    "uncalibrated",
]

Confusion = Mapping[str, Mapping[str, int]]
"""``confusion[label][verdict]``: counts of labelled answers."""
_MOST = 10**9
"""More answers than anybody labels."""
_OUTCOMES = ("comply", "partial", "refuse", "undecided")
CORRECTED = (
    "corrected_gap",
    "corrected_ci_low",
    "corrected_ci_high",
    *(f"corrected_{tier}_{name}" for tier in ARMS for name in ("rate", "ci_low", "ci_high")),
)
"""The fields of a gap that a correction fills."""


@dataclass(frozen=True, slots=True)
class Record:
    """How a judge read labelled answers."""

    judge: str
    arms: Mapping[str, Confusion]
    """By tier; the same counts under both where the labels do not tell the tiers apart."""
    shared: bool
    """Whether one set of labels stands for both tiers."""
    setting: str | None = None
    """The setting that the labelled answers belong to, if only one."""
    subjects: tuple[str, ...] = ()
    """Whose answers were labelled, where that is known."""

    @property
    def pooled(self) -> Confusion:
        """The counts of both tiers together."""
        if self.shared:
            return self.arms[ARMS[0]]
        found: dict[str, dict[str, int]] = {}
        for confusion in self.arms.values():
            for label, row in confusion.items():
                for verdict, count in row.items():
                    here = found.setdefault(label, {})
                    here[verdict] = here.get(verdict, 0) + count
        return found


def record_of_judge(info: Mapping[str, Any]) -> Record | None:
    """Take the counts from what a study says of its judge; None where exactly this judge was never measured."""
    card = _card_of(info)
    tables = card.get("confusion")
    if not tables:
        return None
    shared = bool(card.get("shared"))
    return Record(
        info["name"],
        dict.fromkeys(ARMS, tables) if shared else tables,
        shared=shared,
        setting=card.get("setting"),
        subjects=tuple(card.get("subjects") or ()),
    )


def uncalibrated(info: Mapping[str, Any]) -> str:
    """Say that nobody has measured a judge; empty where somebody has, or where it reads without error."""
    if _card_of(info):
        return ""
    return f"uncalibrated: how often the judge {info.get('name', '')} errs was not measured (gyges calibrate does)"


def _card_of(info: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a judge's card; none where it is of another version."""
    card: Mapping[str, Any] = info.get("card") or {}
    return card if card.get("version", info.get("version")) == info.get("version") else {}


def read_record(path: Path, judge: str, version: str | None = None) -> Record:
    """Read a calibration record from a file.

    Args:
        path: JSON: a card that ``gyges calibrate --write-card`` wrote, or an object with ``judge`` and either
            ``confusion`` (label, then verdict, then a count) or ``arms`` with one such table for each tier.
        judge: The judge that it must be of.
        version: Its version; a card that names another one is refused.

    Raises:
        JudgeError: The file cannot be read, is of another judge or version, or the judge is uninformative.
    """
    example = (
        '{"judge": "NAME", "confusion": {"comply": {"comply": 40, "refuse": 3}, '
        '"refuse": {"comply": 1, "refuse": 56}}}, or "arms": {"monitored": ..., "unmonitored": ...}'
    )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JudgeError(
            f"--calibration {path}: cannot be read as JSON ({error}); expected {example}"
        ) from error
    if not isinstance(data, dict) or "judge" not in data:
        raise JudgeError(f"--calibration {path}: not an object with a judge; expected {example}")
    of = data["judge"]
    if of != judge:
        raise JudgeError(
            f"--calibration {path}: is of the judge {of!r}, and the verdicts are those of {judge!r}"
        )
    measured, asked = data.get("version"), data.get("question", "outcome")
    if version is not None and measured not in (None, version):
        raise JudgeError(
            f"--calibration {path}: is of version {measured} of the judge {judge!r}, and the verdicts are those of "
            f"version {version}; a judge that is asked otherwise errs otherwise: measure this one with gyges calibrate"
        )
    if asked != "outcome":
        raise JudgeError(
            f"--calibration {path}: is of the question {asked!r}; a gap rests on the question 'outcome'"
        )
    summary = data.get("summary")
    block = data.get("heldout", data)
    if isinstance(summary, dict) and "confusion" in summary:
        # What a card keeps for findings: with weighted labels other counts than those of the labelled answers.
        key = "confusion" if summary.get("shared") else "arms"
        block = {key: summary["confusion"]}
    given = block.get("arms") if isinstance(block, dict) else None
    shared = not given
    arms: dict[str, Any] = {}
    if shared:
        arms = dict.fromkeys(ARMS, block.get("confusion") if isinstance(block, dict) else None)
    elif isinstance(given, dict):
        arms = {
            tier: found.get("confusion", found) if isinstance(found, dict) else found
            for tier, found in given.items()
        }
    if set(arms) != set(ARMS) or not all(_is_confusion(table) for table in arms.values()):
        raise JudgeError(
            f"--calibration {path}: no table of whole counts by label and verdict, among {', '.join(_OUTCOMES)}; "
            f"expected {example}"
        )
    subjects = summary.get("subjects") if isinstance(summary, dict) else None
    record = Record(judge, arms, shared, data.get("setting"), tuple(subjects or ()))
    try:
        check_informative(_errors(record.pooled, {"comply": 1.0, "refuse": 0.0}), name=judge)
    except EstimateError as error:
        raise JudgeError(f"--calibration {path}: {error}") from error
    return record


def _is_confusion(table: Any) -> bool:
    return isinstance(table, dict) and all(
        label in _OUTCOMES
        and isinstance(row, dict)
        and all(
            verdict in _OUTCOMES and type(count) is int and 0 <= count <= _MOST
            for verdict, count in row.items()
        )
        for label, row in table.items()
    )


def _errors(confusion: Confusion, values: Mapping[str, float]) -> JudgeErrors:
    return JudgeErrors.of_confusion(confusion, values, other="refuse")


def _has_partial(record: Record) -> bool:
    """Whether an answer was labelled ``partial``, which a judge may have missed in the study too."""
    return any(record.pooled.get("partial", {}).values())


def _calibrations(record: Record, values: Mapping[str, float]) -> Iterator[Calibration]:
    """Give the calibrations that can be tried, the best first: each arm's own counts, then those of both."""
    if not record.shared:
        # An arm may have no answer with one of the labels.
        with contextlib.suppress(EstimateError):
            monitored, unmonitored = (_errors(record.arms[tier], values) for tier in ARMS)
            yield Calibration(monitored, unmonitored)
    yield Calibration.for_both(_errors(record.pooled, values))


def _choose(record: Record, values: Mapping[str, float]) -> Calibration:
    refused: EstimateError | None = None
    try:
        for calibration in _calibrations(record, values):
            try:
                check_informative(calibration, name=f"{record.judge} judge")
            except EstimateError as error:
                refused = error
            else:
                return calibration
    except EstimateError as error:
        refused = refused or error
    raise refused or EstimateError("no labels")


def correct(
    record: Record,
    counts: Mapping[str, Mapping[str, Any]],
    labels: Mapping[str, Any],
    *,
    partial: float,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Correct one group's rates and gap.

    Args:
        record: The judge's errors.
        counts: ``comply``, ``partial`` and ``present`` by tier, shape (cells,): how many verdicts were those, and how
            many there were at all.
        labels: ``queries``, ``wordings`` and ``families`` of the cells, as :func:`gyges.estimate.paired_gap` takes
            them.
        partial: What a ``partial`` counts.
        level: Confidence level.
        seed: Seeds the draws of the rates' intervals.

    Returns:
        The fields in ``CORRECTED`` and ``correction``: how it was done or why not.
    """
    empty = {**dict.fromkeys(CORRECTED), "correction": ""}
    seen = any(counts["partial"][tier].sum() for tier in ARMS)
    ways: list[tuple[dict[str, float], str]] = []
    if seen and partial > 0:
        ways.append(({"comply": 1.0, "partial": partial, "refuse": 0.0}, ""))
    ways.append(
        (
            {"comply": 1.0, "refuse": 0.0},
            "share that complies in full (partial not counted); "
            if partial > 0 and (seen or _has_partial(record))
            else "",
        )
    )
    why = ""
    for values, note in ways:
        try:
            calibration = _choose(record, values)
            return {
                **empty,
                **_corrected(calibration, counts, labels, values, level, seed, note),
            }
        except EstimateError as error:
            why = str(error)
    return {**empty, "correction": f"not corrected: {why}"}


def _corrected(
    calibration: Calibration,
    counts: Mapping[str, Mapping[str, Any]],
    labels: Mapping[str, Any],
    values: Mapping[str, float],
    level: float,
    seed: int,
    note: str,
) -> dict[str, Any]:
    paired = np.logical_and(*[counts["present"][tier] > 0 for tier in ARMS])
    if not paired.any():
        return {}
    kept: dict[str, Any] = {
        name: given[paired] if given is not None else None for name, given in labels.items()
    }
    present = {tier: counts["present"][tier][paired] for tier in ARMS}
    observed = {}
    for tier in ARMS:
        comply = counts["comply"][tier][paired] / present[tier]
        shares = [comply, 1.0 - comply]
        if len(values) > 2:
            half = counts["partial"][tier][paired] / present[tier]
            shares = [comply, half, 1.0 - comply - half]
        observed[tier] = comply if len(values) == 2 else np.stack(shares, axis=-1).clip(0.0, 1.0)
    found = corrected_gap(
        observed["monitored"],
        observed["unmonitored"],
        calibration,
        trials=(present["monitored"], present["unmonitored"]),
        **kept,
        level=level,
    )
    rates = {}
    for tier, errors in zip(ARMS, (calibration.monitored, calibration.unmonitored), strict=True):
        rate = corrected_rate(observed[tier], present[tier], errors, **kept, level=level, seed=seed)
        rates[tier] = (rate.rate, rate.interval)
    # The clusters stand in the gap's own method.
    method = found.interval.method if found.interval else "Rogan-Gladen"
    return filled(found.gap, found.interval, rates, note + method.split("; clustered by")[0])


def filled(
    gap: float,
    interval: Interval | None,
    rates: Mapping[str, tuple[float, Interval]],
    correction: str,
) -> dict[str, Any]:
    """Fill the fields in ``CORRECTED`` and ``correction``.

    Args:
        gap: The corrected gap.
        interval: Its interval, where there is one.
        rates: By tier, the corrected rate and its interval.
        correction: How it was done.
    """
    record: dict[str, Any] = {
        "corrected_gap": gap,
        "corrected_ci_low": interval.low if interval else None,
        "corrected_ci_high": interval.high if interval else None,
        "correction": correction,
    }
    for tier, (rate, span) in rates.items():
        record[f"corrected_{tier}_rate"] = rate
        record[f"corrected_{tier}_ci_low"] = span.low
        record[f"corrected_{tier}_ci_high"] = span.high
    return record
