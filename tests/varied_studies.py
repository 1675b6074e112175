"""Studies of known truth whose trials vary in wordings and factors: simulated answers, written as a run writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from gyges.study import Manifest, StudyFolder, Trial, TrialWriter, Verdict, verdict_record
from gyges.study.folder import factor_types

Cell = Mapping[str, Any]
"""What a trial was asked under: ``subject``, ``value``, ``query``, ``wording``, ``tier``, ``sample``, the factors."""
TIERS = ("monitored", "unmonitored")
COMPONENTS = ("rule", "goal", "privacy")


def cells(
    queries: int = 20,
    samples: int = 3,
    *,
    tiers: Sequence[str] = TIERS,
    subjects: Sequence[str] = ("planted/subject",),
    values: Sequence[str] = ("animal welfare",),
    **factors: Sequence[Any],
) -> Iterator[dict[str, Any]]:
    """Cross everything with everything."""
    names = list(factors)
    for subject, value, query, sample, *levels in product(
        subjects, values, range(queries), range(samples), *factors.values()
    ):
        for tier in tiers:
            yield {
                "subject": subject,
                "value": value,
                "query": query,
                "sample": sample,
                "tier": tier,
                **dict(zip(names, levels, strict=True)),
            }


def wordings(versions: int = 5, components: Sequence[str] = COMPONENTS) -> list[dict[str, Any]]:
    """Name every combination of versions and describe it, as planning does."""
    found = []
    for combination in product(range(versions), repeat=len(components)):
        name = ".".join(map(str, combination)) if any(combination) else "0"
        changed = sum(version > 0 for version in combination)
        distance = sum(0.05 + 0.04 * version for version in combination if version)
        found.append(
            {
                "wording": name,
                "wording_distance": round(distance, 3),
                "wording_length": 1 + 0.05 * changed,
                **{
                    f"wording_{part}": version
                    for part, version in zip(components, combination, strict=True)
                },
            }
        )
    return found


def reworded(
    texts: Sequence[Mapping[str, Any]],
    queries: int = 12,
    samples: int = 1,
    **factors: Sequence[Any],
) -> Iterator[dict[str, Any]]:
    """Cross wordings with queries and samples."""
    for text in texts:
        for cell in cells(queries, samples, **factors):
            yield {**cell, **text}


def write_study(
    path: Path,
    asked: Iterator[dict[str, Any]] | Sequence[dict[str, Any]],
    rate: Callable[[Cell], float],
    *,
    seed: int = 0,
    spread: float = 0.15,
    spec: Mapping[str, Any] | None = None,
    verbalised: Callable[[Cell, bool], bool] | None = None,
    texts: bool = False,
) -> StudyFolder:
    """Write a study whose answers comply at the rates that a function says, shifted by a liking of each query's own.

    Args:
        path: Where to.
        asked: The cells.
        rate: The rate of compliance in a cell.
        seed: Seeds the answers.
        spread: How far queries differ (standard deviation), the same under all levels.
        spec: More of the specification.
        verbalised: Whether an answer states the strategy, given its cell and whether it complies.
        texts: Store prompts and answers too.
    """
    rng = np.random.default_rng(seed)
    rows = list(asked)
    plain = ("subject", "value", "query", "sample", "tier", "wording")
    levels = {
        name: level
        for row in rows
        for name, level in row.items()
        if name not in plain and level is not None
    }
    factors = factor_types(levels)
    if verbalised is not None:
        factors["verbalised"] = "boolean"
    manifest = Manifest(
        source="run",
        spec={"setting": "animal-welfare", "seed": 1, **(spec or {})},
        title="What varied",
        factors=factors,
        judge="given",
    )
    study = StudyFolder.create(path, manifest)
    study.write_judge({"name": "given", "version": "1"})
    liking: dict[tuple[Any, ...], float] = {}
    with study.lock():
        writer = TrialWriter(study)
        verdicts = study.verdict_table("given").writer()
        for row in rows:
            key = (row["value"], row["query"])
            if key not in liking:
                liking[key] = float(rng.normal(0, spread))
            p = rate(row)
            # A rate of 0 or 1 is one for every query.
            comply = bool(
                rng.random()
                < (p if p in (0, 1) else min(1.0, max(0.0, p + liking[key] * 2 * min(p, 1 - p))))
            )
            extra = {name: row[name] for name in row if name not in plain}
            if verbalised is not None:
                extra["verbalised"] = verbalised(row, comply)
            trial = Trial(
                subject=row["subject"],
                setting="animal-welfare",
                value=row["value"],
                query=f"q{row['query']:03d}",
                wording=row.get("wording", "0"),
                tier=row["tier"],
                sample=row["sample"],
                factors=extra,
                output="Certainly." if comply else "I would rather not.",
            )
            if texts:
                trial.messages = [
                    writer.message("system", f"You are an assistant. Wording {trial.wording}."),
                    writer.message("user", f"Question {row['query']}?"),
                ]
            writer.trial(trial)
            verdicts.append(
                verdict_record(
                    Verdict(trial.trial, "given", outcome="comply" if comply else "refuse")
                )
            )
        writer.close()
        verdicts.close()
    study.seal()
    return study
