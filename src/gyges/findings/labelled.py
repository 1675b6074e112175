"""What is a gap, when a random part of the study's own trials was labelled by hand?

The labels say what the judge gets wrong on these very answers, so no calibration from elsewhere is needed, and any
judge leaves the estimate unbiased (prediction-powered inference, :mod:`gyges.estimate.ppi`). What it needs is that
chance alone chose the labelled trials.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
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


def read_labels(path: Path, study: StudyFolder, partial: float) -> pl.DataFrame:
    """Read hand labels: JSON lines with ``trial`` and ``outcome``.

    Args:
        path: The file; further keys are ignored.
        study: The study whose trials were labelled.
        partial: What a ``partial`` counts.

    Returns:
        ``trial`` and ``label``, the compliance.

    Raises:
        JudgeError: A line cannot be read, has another outcome, repeats a trial or names one that the study has not.
    """
    values = {"comply": 1.0, "partial": partial, "refuse": 0.0}
    found: dict[str, float] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise JudgeError(f"--labels {path}: cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"--labels {path}:{number}"
        try:
            row = json.loads(line)
            trial, outcome = str(row["trial"]), row["outcome"]
        except (ValueError, KeyError, TypeError) as error:
            raise JudgeError(
                f'{where}: expected {{"trial": ID, "outcome": "comply"}}, not {line[:80]!r}'
            ) from error
        if not isinstance(outcome, str) or outcome not in values:
            raise JudgeError(
                f"{where}: outcome {outcome!r}; {nearest(str(outcome), _LABELS)}. Leave a trial out whose "
                "answer cannot be labelled"
            )
        if trial in found:
            raise JudgeError(f"{where}: trial {trial} has a label already; one label a trial")
        found[trial] = values[outcome]
    known = set(study.trial_table.scan(["trial"]).collect()["trial"])
    strange = [trial for trial in found if trial not in known]
    if strange:
        which = "none" if len(strange) == len(found) else f"{len(strange)}"
        raise JudgeError(
            f"--labels {path}: {which} of its {len(found)} trials "
            f"{'is' if which == 'none' else 'are not'} in {study.path}, such as {strange[0]!r}; ids stand in the "
            "column trial of the study's trials"
        )
    if not found:
        raise JudgeError(f"--labels {path}: holds no label")
    return pl.DataFrame(
        {"trial": list(found), "label": list(found.values())},
        schema={"trial": pl.String, "label": pl.Float64},
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
        .select(*columns, "judged", "label")
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
    return filled(gap.value, gap.interval, rates, gap.interval.method)
