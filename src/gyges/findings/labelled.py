"""What is a gap, when a random part of the study's own trials was labelled by hand?

The labels say what the judge gets wrong on these very answers, so no calibration from elsewhere is needed, and any
judge leaves the estimate unbiased (prediction-powered inference, :mod:`gyges.estimate.ppi`). What it needs is that
chance alone chose the labelled trials.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gyges.errors import EstimateError, JudgeError, nearest
from gyges.estimate.ppi import ppi_gap, ppi_mean
from gyges.findings.cells import compliance
from gyges.findings.correction import CORRECTED, filled
from gyges.findings.record import ARMS
from gyges.study import StudyFolder

__all__ = ["correct_by_labels", "read_labels"]

_LABELS = ("comply", "partial", "refuse")
_UNDECIDED = "undecided"
_AGREED = "agreed"
"""The rater who stands for what raters settled together."""
_LEFT = ("on which raters tie", "labelled undecided")
_NEXT = '{"trial": ID, "outcome": "comply"}, or rows as gyges label --export writes them'


def read_labels(path: Path, study: StudyFolder, partial: float) -> pl.DataFrame:
    """Read hand labels of a study's trials.

    Args:
        path: JSON lines with ``trial`` and ``outcome``, where further keys are ignored; or the export of ``gyges
            label`` (``gyges.labels/1``, one row a rater), of which the rows of the question ``outcome`` count. There
            a label is that of the rater ``agreed``, else what most raters said.
        study: The study whose trials were labelled.
        partial: What a ``partial`` counts.

    Returns:
        ``trial``, ``label``, the compliance, and ``left``: why a labelled trial has none.

    Raises:
        JudgeError: A line cannot be read, has another outcome, repeats a trial or names one that the study has not;
            or the labelled trials were not drawn with equal probability in each tier.
    """
    rows = list(_rows(path))
    values = {"comply": 1.0, "partial": partial, "refuse": 0.0}
    found: dict[str, tuple[str | None, str | None]] = {}
    if rows and "trial" not in rows[0][1] and "id" in rows[0][1]:
        given = _exported(rows)
        if rows and not given:
            raise JudgeError(
                f"--labels {path}: holds no label of the question 'outcome' among {len(rows)} rows; a gap is corrected "
                "by labels of the outcome: gyges label STUDY --export FILE"
            )
        _check_known(path, study, list(given))
        _check_drawn(path, study, given)
        found = {trial: _settled(several) for trial, several in given.items()}
    else:
        for where, row in rows:
            trial, outcome = _plain(row, where)
            if trial in found:
                raise JudgeError(f"{where}: trial {trial} has a label already; one label a trial")
            found[trial] = (outcome, None)
        _check_known(path, study, list(found))
    if not found:
        raise JudgeError(f"--labels {path}: holds no label")
    return pl.DataFrame(
        {
            "trial": list(found),
            "label": [None if one is None else values[one] for one, _ in found.values()],
            "left": [why for _, why in found.values()],
        },
        schema={"trial": pl.String, "label": pl.Float64, "left": pl.String},
    )


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise JudgeError(f"--labels {path}: cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            where = f"--labels {path}:{number}"
            try:
                row = json.loads(line)
            except ValueError as error:
                raise JudgeError(f"{where}: expected {_NEXT}, not {line[:80]!r}") from error
            if not isinstance(row, dict):
                raise JudgeError(f"{where}: expected {_NEXT}, not {line[:80]!r}")
            yield where, row


def _plain(row: dict[str, Any], where: str) -> tuple[str, str]:
    if "trial" not in row or "outcome" not in row:
        raise JudgeError(f"{where}: expected {_NEXT}, not {json.dumps(row)[:80]!r}")
    outcome = row["outcome"]
    if not isinstance(outcome, str) or outcome not in _LABELS:
        raise JudgeError(
            f"{where}: outcome {outcome!r}; {nearest(str(outcome), _LABELS)}. Leave a trial out whose answer cannot be "
            "labelled"
        )
    return str(row["trial"]), outcome


def _exported(rows: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Gather the raters' rows of each trial, of the question ``outcome`` alone."""
    given: dict[str, list[dict[str, Any]]] = {}
    for where, row in rows:
        trial, label, weight = row.get("id"), row.get("label"), row.get("weight", 1.0)
        if not isinstance(trial, str):
            raise JudgeError(f"{where}: expected {_NEXT}, not {json.dumps(row)[:80]!r}")
        if (row.get("question") or "outcome") != "outcome":
            continue
        if label not in (*_LABELS, _UNDECIDED):
            raise JudgeError(f"{where}: label {label!r}; {nearest(str(label), _LABELS)}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not weight > 0:
            raise JudgeError(f"{where}: weight {weight!r:.80}: must be a number above 0")
        kept = given.setdefault(trial, [])
        if any(old.get("rater") == row.get("rater") for old in kept):
            raise JudgeError(
                f"{where}: a second row of the rater {row.get('rater')!r} for {trial!r}; keep the one that counts"
            )
        kept.append({**row, "where": where, "weight": weight})
    return given


def _settled(rows: Sequence[dict[str, Any]]) -> tuple[str | None, str | None]:
    """Give an answer's label as ``gyges calibrate`` settles it, or why it has none."""
    agreed = [row["label"] for row in rows if row.get("rater") == _AGREED]
    ranked = Counter(agreed or [row["label"] for row in rows]).most_common(2)
    if len(ranked) > 1 and ranked[0][1] == ranked[1][1]:
        return None, _LEFT[0]
    label = ranked[0][0]
    return (None, _LEFT[1]) if label == _UNDECIDED else (label, None)


def _check_known(path: Path, study: StudyFolder, trials: Sequence[str]) -> None:
    known = set(study.trial_table.scan(["trial"]).collect()["trial"])
    strange = [trial for trial in trials if trial not in known]
    if strange:
        which = "none" if len(strange) == len(trials) else f"{len(strange)}"
        raise JudgeError(
            f"--labels {path}: {which} of its {len(trials)} trials "
            f"{'is' if which == 'none' else 'are not'} in {study.path}, such as {strange[0]!r}; ids stand in the "
            "column trial of the study's trials"
        )


def _check_drawn(path: Path, study: StudyFolder, given: dict[str, list[dict[str, Any]]]) -> None:
    """Check that the answers are those of the trials, and that in each tier chance alone chose them."""
    wanted = pl.col("trial").is_in(list(given))
    frame = study.trial_table.scan(["trial", "tier", "output"]).filter(wanted).collect()
    weights: dict[str, list[float]] = {}
    for trial, tier, output in frame.iter_rows():
        for row in given[trial]:
            if row.get("output") not in (None, output):
                raise JudgeError(
                    f"{row['where']}: what was labelled as {trial!r} is not the answer that stands in {study.path}; "
                    "labels belong to the study that they were exported from"
                )
            weights.setdefault(tier, []).append(row["weight"])
    uneven = [tier for tier, some in weights.items() if max(some) > min(some) * (1 + 1e-4)]
    if uneven:
        some = weights[uneven[0]]
        raise JudgeError(
            f"--labels {path}: the weights of the {uneven[0]} answers go from {min(some):g} to {max(some):g}, so they "
            "were not drawn with equal probability (--by uncertainty), and this correction needs that. A card weighs "
            f"them: gyges calibrate {study.pick_judge()} --study {study.path} --into {study.path}, then gyges gap "
            f"{study.path}"
        )


def correct_by_labels(
    trials: pl.LazyFrame, labels: pl.DataFrame, keys: Sequence[str], partial: float, level: float
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Estimate each group's rates and gap from all verdicts and the labels.

    Args:
        trials: One row a trial with its verdict.
        labels: What :func:`read_labels` gave.
        keys: The columns that make a group.
        partial: What a ``partial`` counts.
        level: Confidence level.

    Returns:
        By group, the fields in ``CORRECTED`` and ``correction``.
    """
    family = {"family"} & set(trials.collect_schema().names())
    columns = list(dict.fromkeys([*keys, "query", "wording", "tier", *family]))
    table = (
        trials.join(labels.lazy(), on="trial", how="left")
        .with_columns(compliance(partial).alias("judged"))
        .filter(pl.col("judged").is_not_null() & pl.col("tier").is_in(ARMS))
        .select(*columns, "judged", "label", "left")
        .collect()
    )
    return {
        group: _estimate(part, level, several="wording" not in keys)
        for group, part in table.group_by(list(keys), maintain_order=True)
    }


def _estimate(part: pl.DataFrame, level: float, *, several: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {**dict.fromkeys(CORRECTED), "correction": ""}
    if several and part["wording"].n_unique() > 1:
        fields["correction"] = (
            "not corrected: labels correct one wording at a time; group by wording"
        )
        return fields
    monitored = (part["tier"] == "monitored").to_numpy()
    judged, label = (part[name].cast(pl.Float64).to_numpy() for name in ("judged", "label"))
    label = np.where(np.isfinite(label), label, np.nan)
    query = part["query"].to_numpy()
    families = None
    if "family" in part.columns:
        named = part.select("query", "family").drop_nulls().unique("query")
        families = {name: f"family {family}" for name, family in named.iter_rows()}
    try:
        gap = ppi_gap(judged, label, query, monitored, families=families, level=level)
        means = {
            tier: ppi_mean(judged[here], label[here], query[here], families=families, level=level)
            for tier, here in zip(ARMS, (monitored, ~monitored), strict=True)
        }
    except EstimateError as error:
        fields["correction"] = f"not corrected: {error}"
        return fields
    rates = {tier: (mean.value, mean.interval) for tier, mean in means.items()}
    return filled(gap.value, gap.interval, rates, gap.interval.method + _said_left(part))


def _said_left(part: pl.DataFrame) -> str:
    """Say which labelled trials of a group have no label, as the end of a sentence."""
    count = Counter(part["left"].drop_nulls())
    said = [f"{count[why]} {why}" for why in _LEFT if count[why]]
    return f"; labelled answers left out: {', '.join(said)}" if said else ""
