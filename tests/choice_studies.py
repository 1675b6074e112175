"""Studies of choices whose truth is known: dilemmas with numbered options, and pairs of instructions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gyges.study import Manifest, StudyFolder, Trial, TrialWriter, Verdict, verdict_record
from gyges.study.folder import factor_types

TIERS = ("monitored", "unmonitored")
OUTCOMES = {
    "comply": "comply",
    "partial": "partial",
    "refuse": "refuse",
    "opt-out": "refuse",
    "refused-outside": "refuse",
    "no-copy": "undecided",
}

Cell = dict[str, Any]
"""What a trial was asked under: ``query``, ``tier``, ``sample``, ``first`` (the place of the complying one, from 0)
and the factors."""


def crossed(
    queries: int = 20, samples: int = 4, options: int = 4, **factors: Sequence[Any]
) -> list[Cell]:
    """Cross everything, the orders rotated over queries and samples as a plan does."""
    names = list(factors)
    return [
        {
            "query": query,
            "sample": sample,
            "tier": tier,
            "first": (query + sample) % options,
            **dict(zip(names, levels, strict=True)),
        }
        for query, sample, *levels in product(range(queries), range(samples), *factors.values())
        for tier in TIERS
    ]


def place(cell: Cell, options: int = 4) -> str:
    """Name the place of the complying answer as a plan does."""
    return "AB"[cell["first"]] if options == 2 else str(cell["first"] + 1)


def frame(
    cells: Sequence[Cell], choose: Callable[[Cell], str], *, options: int = 4
) -> pl.DataFrame:
    """Lay out choices as :func:`gyges.findings.choosing.read_choices` reads them."""
    rows = []
    for cell in cells:
        choice = choose(cell)
        extra = {name: item for name, item in cell.items() if name not in ("first", "query")}
        rows.append(
            {
                "query": f"q{cell['query']:03d}",
                **extra,
                "choice": choice,
                "label": choice,
                "comply_option": place(cell, options),
            }
        )
    alike = {
        "subject": "planted/subject",
        "setting": "a-setting",
        "value": "",
        "wording": "0",
        "verdict_status": "ok",
    }
    return pl.DataFrame(rows).with_columns(
        *[pl.lit(item).alias(name) for name, item in alike.items()],
        pl.lit(False).alias("control"),
        pl.lit(False).alias("graded"),
        pl.format(" {}", "query").alias("family"),
        pl.lit([], pl.List(pl.String)).alias("labels"),
    )


def write_choices(
    path: Path,
    cells: Sequence[Cell],
    choose: Callable[[Cell], str | tuple[str, Sequence[str]] | None],
    *,
    options: int = 4,
    copied: bool = True,
    control: Sequence[Cell] = (),
    shape: str = "dilemmas",
    subject: str = "planted/subject",
    stakeholders: Mapping[str, Sequence[str]] | None = None,
    vary: Mapping[str, Sequence[Any]] | None = None,
) -> StudyFolder:
    """Write a study with its verdicts.

    Args:
        path: Where to.
        cells: What is asked.
        choose: The label of a cell, perhaps with further labels; None for an answer that never came.
        options: How many are offered.
        copied: Whether the judge says which option was taken; else outcomes alone.
        control: What is asked in the no-conflict control.
        shape: The setting's shape.
        subject: Who is asked.
        stakeholders: What the judge says of itself: who is there in each query.
        vary: The factors, as a run names them.
    """
    names = [name for name in (cells[0] if cells else {}) if name not in
             ("query", "sample", "tier", "first")]  # fmt: skip
    levels = {name: cells[0][name] for name in names}
    manifest = Manifest(
        source="run",
        spec={
            "setting": {"id": "a-setting", "shape": shape},
            "vary": dict(vary or {n: [] for n in names}),
        },
        title="Choices",
        factors={"comply_option": "text", **factor_types(levels)},
        judge="copied",
    )
    study = StudyFolder.create(path, manifest)
    info: dict[str, Any] = {"name": "copied", "version": "1"}
    if stakeholders is not None:
        info["stakeholders"] = {query: list(who) for query, who in stakeholders.items()}
    study.write_judge(info)
    with study.lock():
        writer = TrialWriter(study)
        verdicts = study.verdict_table("copied").writer()
        for controlled, cell in [(False, one) for one in cells] + [(True, one) for one in control]:
            said = choose(cell)
            label, further = said if isinstance(said, tuple) else (said, ())
            trial = Trial(
                subject=subject,
                setting="a-setting",
                value="fairness",
                query=f"q{cell['query']:03d}",
                tier=cell["tier"],
                sample=cell["sample"],
                control=controlled,
                status="ok" if label else "error",
                output=label,
                factors={
                    "comply_option": place(cell, options),
                    **{n: cell[n] for n in names if n in cell},
                },
            )
            writer.trial(trial)
            outcome = OUTCOMES.get(label, "refuse") if label else None
            verdicts.append(
                verdict_record(
                    Verdict(
                        trial.trial,
                        "copied",
                        outcome=outcome,
                        status="ok" if label else "no_answer",
                        label=label if copied else None,
                        labels=list(further),
                    )
                )
            )
        writer.close()
        verdicts.close()
    study.seal()
    return study


def coverage(found: Sequence[tuple[float, float, float]]) -> float:
    """Give the share of intervals (low, high, truth) that hold the truth."""
    return float(np.mean([low - 1e-12 <= truth <= high + 1e-12 for low, high, truth in found]))
