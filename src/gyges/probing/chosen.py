"""Which trials of a study are probed, and what is known of each?

Those that have an answer, the arms of a block together and in the order in which they were asked, or a seeded sample
of the blocks: a larger sample with the same seed holds the smaller one. Texts are read some trials at a time, so memory
does not grow with the study.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from gyges.errors import DesignError
from gyges.study import StudyFolder

__all__ = ["Asked", "blocks_of", "with_texts"]

Asked = dict[str, Any]
"""A trial's columns, with ``sent``: its messages, role and text."""

_AT_ONCE = 500
"""Trials whose texts are held together."""
_PLAIN = (
    "trial",
    "block",
    "subject",
    "setting",
    "value",
    "control",
    "tier",
    "seed",
    "output",
    "raw",
)


def blocks_of(
    study: StudyFolder,
    *,
    subjects: Sequence[str] = (),
    control: bool = True,
    sample: int | None = None,
    seed: int = 0,
) -> list[list[str]]:
    """Name the trials to probe, a list for each block.

    Args:
        study: The study.
        subjects: Of these subjects only; of all if empty.
        control: Whether the no-conflict control is probed too.
        sample: At most so many trials, of blocks drawn at random; all if None.
        seed: Seeds that draw.

    Raises:
        DesignError: The sample is too small to hold the arms of one block.
    """
    wanted = (pl.col("status") == "ok") & (pl.col("output").str.len_bytes() > 0)
    if subjects:
        wanted &= pl.col("subject").is_in(list(subjects))
    if not control:
        wanted &= pl.col("control").not_()
    scan = study.trial_table.scan(["trial", "block", "subject", "control", "status", "output"])
    found: dict[str, list[str]] = {}
    for trial, block in scan.filter(wanted).select("trial", "block").collect().iter_rows():
        found.setdefault(block, []).append(trial)
    if sample is None:
        return list(found.values())
    names = sorted(found)
    random.Random(f"probe/{seed}").shuffle(names)
    drawn: set[str] = set()
    left = sample
    for name in names:
        if len(found[name]) > left:
            break
        drawn.add(name)
        left -= len(found[name])
    if found and not drawn:
        raise DesignError(
            f"--sample {sample}: the arms of a block are probed together, and this is less than a block; give at "
            f"least {len(found[names[0]])}"
        )
    return [trials for name, trials in found.items() if name in drawn]


def with_texts(study: StudyFolder, blocks: Sequence[Sequence[str]]) -> Iterator[list[Asked]]:
    """Yield the trials of each block with what was sent and answered."""
    part: list[Sequence[str]] = []
    for block in blocks:
        part.append(block)
        if sum(map(len, part)) >= _AT_ONCE:
            yield from _read(study, part)
            part = []
    if part:
        yield from _read(study, part)


def _read(study: StudyFolder, blocks: Sequence[Sequence[str]]) -> Iterator[list[Asked]]:
    names = [name for block in blocks for name in block]
    columns = [*_PLAIN, "messages", *study.manifest.factors]
    frame = study.trial_table.scan(columns).filter(pl.col("trial").is_in(names)).collect()
    hashes = frame["messages"].explode().drop_nulls().unique()
    messages = study.message_table.scan().filter(pl.col("hash").is_in(hashes.implode())).collect()
    texts = {key: (role, text) for key, role, text in messages.iter_rows()}
    trials = {row["trial"]: row for row in frame.iter_rows(named=True)}
    for block in blocks:
        found = []
        for name in block:
            row = trials[name]
            row["sent"] = [texts[key] for key in row.pop("messages") or () if key in texts]
            found.append(row)
        yield found
