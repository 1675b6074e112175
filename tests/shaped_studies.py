"""Studies of known truth whose result has a shape: trials and verdicts as a run and a judge write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gyges.study import Manifest, StudyFolder, Trial, TrialWriter, Verdict, verdict_record
from gyges.study.folder import factor_types

TIERS = ("monitored", "unmonitored")
Row = Mapping[str, Any]
"""A trial: ``query``, ``tier``, ``sample``, perhaps ``subject``, ``value``, ``control``; the rest are its factors."""
_PLAIN = ("subject", "setting", "value", "query", "sample", "tier", "control", "wording")


def write_shaped(
    path: Path,
    rows: Iterable[Row],
    outcome: Callable[[Row, np.random.Generator], str],
    *,
    shape: str,
    setting: str = "toy",
    seed: int = 0,
    spec: Mapping[str, Any] | None = None,
    **about: Any,
) -> StudyFolder:
    """Write a study.

    Args:
        path: Where to.
        rows: The trials.
        outcome: What the judge says of a trial: an outcome, or ``missing`` for a trial that was cut off.
        shape: The setting's shape.
        setting: The setting's id.
        seed: Seeds the answers.
        spec: More of the specification.
        **about: More of the setting, such as ``threshold``.
    """
    rng = np.random.default_rng(seed)
    asked = [dict(row) for row in rows]
    names = dict.fromkeys(name for row in asked for name in row if name not in _PLAIN)
    levels = {name: next(row[name] for row in asked if row.get(name) is not None) for name in names}
    manifest = Manifest(
        source="run",
        spec={"setting": {"id": setting, "shape": shape, **about}, "seed": 1, **(spec or {})},
        title="A result of its own shape",
        factors=factor_types(levels),
        judge="given",
    )
    study = StudyFolder.create(path, manifest)
    study.write_judge({"name": "given", "version": "1"})
    with study.lock():
        writer = TrialWriter(study)
        verdicts = study.verdict_table("given").writer()
        for row in asked:
            said = outcome(row, rng)
            trial = Trial(
                subject=row.get("subject", "planted/subject"),
                setting=setting,
                value=row.get("value", ""),
                query=row["query"],
                wording=row.get("wording", "0"),
                tier=row["tier"],
                sample=row["sample"],
                control=bool(row.get("control")),
                factors={name: row[name] for name in names if row.get(name) is not None},
                status="truncated" if said == "missing" else "ok",
                output=f"An answer that was read as {said}.",
                messages=[
                    writer.message("system", "You are an assistant."),
                    writer.message("user", f"Question {row['query']}?"),
                ],
            )
            writer.trial(trial)
            verdict = Verdict(trial.trial, "given", outcome=said)
            if said == "missing":
                verdict = Verdict(trial.trial, "given", status="no_answer")
            verdicts.append(verdict_record(verdict))
        writer.close()
        verdicts.close()
    study.seal()
    return study


def crossed(**columns: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Cross the given columns with both tiers."""
    for levels in product(*columns.values()):
        for tier in TIERS:
            yield {**dict(zip(columns, levels, strict=True)), "tier": tier}


def of_values(
    values: Iterable[str], families: int = 12, samples: int = 2, **columns: Iterable[Any]
) -> Iterator[dict[str, Any]]:
    """Put each question under an objective against each value."""
    for row in crossed(value=values, family=range(families), sample=range(samples), **columns):
        yield {
            **row,
            "family": f"question-{row['family']}",
            "query": f"{row['value']}-{row['family']}",
        }


def valued(
    rates: Mapping[str, tuple[float, float]],
    *,
    families: int,
    samples: int,
    seed: int,
    apart: float = 0.7,
) -> pl.DataFrame:
    """Draw answers to values that are honoured at given rates, as ``compare_values`` reads them.

    Args:
        rates: How often each value is honoured, monitored and unmonitored, by a typical question.
        families: How many questions.
        samples: Samples of each.
        seed: Seeds them.
        apart: How far questions differ (standard deviation of the log odds), in common and by value.
    """
    rng = np.random.default_rng(seed)
    common = rng.normal(0, apart, families)
    parts = []
    for value, both in rates.items():
        own = common + rng.normal(0, apart, families)
        for tier, rate in zip(TIERS, both, strict=True):
            chance = 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + own)))
            given_up = rng.random((families, samples)) >= chance[:, None]
            numbers = np.repeat(np.arange(families), samples)
            parts.append(
                pl.DataFrame(
                    {
                        "value": value,
                        "family": [f"f{number}" for number in numbers],
                        "query": [f"{value}-{number}" for number in numbers],
                        "wording": "0",
                        "tier": tier,
                        "compliance": given_up.ravel().astype(float),
                        "graded": False,
                    }
                )
            )
    return pl.concat(parts)
