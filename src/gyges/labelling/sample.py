"""Which transcripts are labelled, and what does each one stand for?

The sample of a question stands in the study (``labels/QUESTION/sample.json``), so that every rater
reads the same transcripts. It is drawn (``draw.py``) from the trials that have an answer and
whatever else the question needs, without those of the no-conflict control, in equal numbers from
each tier. A weight is one over the probability of being drawn.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from gyges.errors import CorruptStudy, StudyError
from gyges.judges.question import Question
from gyges.labelling.draw import Unit, draw
from gyges.labelling.unsure import sizes
from gyges.study import StudyFolder
from gyges.study.manifest import now

__all__ = ["WAYS", "Sample", "label_folder", "open_sample", "read_sample"]

SCHEMA = "gyges.sample/1"
WAYS = ("random", "uncertainty")
"""How a sample can be drawn."""
_DEFAULT_SIZE = 50


@dataclass(slots=True)
class Sample:
    """The trials that are labelled for a question."""

    question: str
    by: str
    """One of ``WAYS``."""
    seed: int
    n: int
    """How many were asked for."""
    judge: str | None
    """Whose unsureness counted; None for all judges."""
    population: dict[str, int]
    """How many trials could be drawn, by tier."""
    units: str
    """The hash of which trials these were."""
    sizes: str
    """The hash of their sizes."""
    drawn: dict[str, float]
    """Each drawn trial and the probability with which it was drawn."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """Each time it was drawn or enlarged: ``n``, ``drawn``, ``at``."""

    def __len__(self) -> int:
        return len(self.drawn)

    def weight(self, trial: str) -> float:
        """How many trials of the study a drawn one stands for."""
        return round(1 / self.drawn[trial], 6)

    @property
    def how(self) -> dict[str, Any]:
        """How it was drawn, as it is stored with each label."""
        return {"by": self.by, "seed": self.seed, "n": self.n}


def label_folder(study: StudyFolder, question: str) -> Path:
    """Where the labels of a question stand."""
    return study.path / "labels" / question


def read_sample(study: StudyFolder, question: str) -> Sample | None:
    """Read a question's sample; None where none was drawn.

    Raises:
        CorruptStudy: Its file cannot be read.
    """
    path = label_folder(study, question) / "sample.json"
    if not path.exists():
        return None
    try:
        return _sample_of(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptStudy(
            f"{path}: the sample cannot be read ({error}). Restore the file from a copy, or draw another with "
            "--new-sample; the labels beside it are untouched"
        ) from None


def _sample_of(record: dict[str, Any]) -> Sample:
    schema = record.pop("schema")
    if schema != SCHEMA:
        raise ValueError(f"its schema is {schema!r}")
    drawn = {str(row["trial"]): float(row["probability"]) for row in record.pop("drawn")}
    if not all(0 < chance <= 1 for chance in drawn.values()):
        raise ValueError("a probability is not between 0 and 1")
    return Sample(**record, drawn=drawn)


def _write(study: StudyFolder, sample: Sample) -> None:
    folder = label_folder(study, sample.question)
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "schema": SCHEMA,
        **{name: getattr(sample, name) for name in Sample.__slots__ if name != "drawn"},
        "drawn": [{"trial": trial, "probability": p} for trial, p in sample.drawn.items()],
    }
    partial = folder / "sample.partial"
    partial.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(folder / "sample.json")


def open_sample(
    study: StudyFolder,
    question: Question,
    *,
    n: int | None = None,
    by: str | None = None,
    judge: str | None = None,
    seed: int | None = None,
    new: bool = False,
) -> tuple[Sample, list[str]]:
    """Give the sample of a question: the one that is there, enlarged if a larger one is asked for, or a new one.

    Args:
        study: The study.
        question: What is asked.
        n: How many transcripts; 50, or as many as were drawn.
        by: One of ``WAYS``; ``random``, or as it was drawn.
        judge: With ``uncertainty``: only this judge counts.
        seed: 0, or the one it was drawn with.
        new: Draw another sample in place of the one that is there, which is kept beside it.

    Returns:
        The sample, and what a person should be told about it.

    Raises:
        StudyError: Nothing can be drawn, or what is asked for is not the sample that is there.
    """
    old = read_sample(study, question.name) if not new else None
    if judge is not None and (by or (old.by if old else "random")) != "uncertainty":
        raise StudyError(
            f"--judge {judge}: says whose unsureness counts; it belongs to --by uncertainty"
        )
    if old is None:
        _set_aside(study, question.name)
        fresh = Sample(
            question.name, by or "random", seed or 0, n or _DEFAULT_SIZE, judge, {}, "", "", {}
        )
        units = _units(study, question, fresh)
        return _drawn(study, fresh, units)
    _same(study, old, by=by, judge=judge, seed=seed)
    if n is None or n == old.n:
        return old, []
    if n < old.n:
        return old, [f"the sample has {len(old)} transcripts already; --sample {n} changes nothing"]
    units = _units(study, question, old)
    for what, was, is_ in (
        ("its trials are", old.units, _names(units)),
        ("what its judges said is", old.sizes, _sizes(units)),
    ):
        if was != is_:
            raise StudyError(
                f"{study.path}: {what} not what it was when the sample was drawn, so weights would be wrong if it "
                "grew. Go on without --sample, or draw another sample with --new-sample"
            )
    old.n = n
    return _drawn(study, old, units)


def _drawn(study: StudyFolder, sample: Sample, units: Sequence[Unit]) -> tuple[Sample, list[str]]:
    told = []
    if sample.n > len(units):
        told.append(
            f"the study has {len(units)} answers to label, fewer than {sample.n}: all are taken"
        )
        sample.n = len(units)
    sample.population = dict(sorted(Counter(unit.stratum for unit in units).items()))
    if sample.n < len(sample.population):
        raise StudyError(
            f"--sample {sample.n}: must be at least {len(sample.population)}, one transcript for each tier of the study"
        )
    sample.units, sample.sizes = _names(units), _sizes(units)
    sample.drawn = draw(units, sample.n, sample.seed)
    sample.history.append({"n": sample.n, "drawn": len(sample), "at": now()})
    _write(study, sample)
    return sample, told


def _same(study: StudyFolder, old: Sample, **asked: str | int | None) -> None:
    for name, value in asked.items():
        was = getattr(old, name)
        if value is not None and value != was:
            how = "by all judges" if was is None else f"with --{name} {was}"
            raise StudyError(
                f"{study.path}: the sample for {old.question} was drawn {how}, not with --{name} {value}. "
                "Leave the option out to go on with it, or draw another with --new-sample"
            )


def _set_aside(study: StudyFolder, question: str) -> None:
    """Keep a sample that is replaced: what was labelled by it stays explained."""
    path = label_folder(study, question) / "sample.json"
    if path.exists():
        number = sum(1 for _ in path.parent.glob("sample-*.json")) + 1
        path.rename(path.with_name(f"sample-{number}.json"))


def _units(study: StudyFolder, question: Question, sample: Sample) -> list[Unit]:
    """Collect what can be drawn, in an order that does not depend on how the trials are stored."""
    needed = [name for name in ("reasoning", "output") if name in (*question.needs, "output")]
    columns = ["trial", "tier", "control", "status", *needed]
    with study.reading():
        scan = study.trial_table.scan(columns)
        wanted = pl.col("status") == "ok"
        for name in needed:
            wanted &= pl.col(name).str.strip_chars().str.len_bytes() > 0
        frame = scan.filter(wanted).select("trial", "tier", "control").collect()
    rows = [(trial, tier) for trial, tier, control in frame.iter_rows() if not control]
    if not rows:
        also = " and visible reasoning" if "reasoning" in question.needs else ""
        left = " outside its no-conflict control" if len(frame) else ""
        raise StudyError(
            f"{study.path}: no trial has an answer{also}{left}, so there is nothing to label for {question.name}. "
            f"See the statuses: `gyges gap {study.path}`"
        )
    size: Mapping[str, float] = {}
    if sample.by == "uncertainty":
        size = sizes(study, question.name, sample.judge)
    return [Unit(trial, tier, size.get(trial, 1.0)) for trial, tier in sorted(rows)]


def _names(units: Sequence[Unit]) -> str:
    return _hash(f"{unit.trial} {unit.stratum}" for unit in units)


def _sizes(units: Sequence[Unit]) -> str:
    return _hash(f"{unit.size:.6f}" for unit in units)


def _hash(lines: Any) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
