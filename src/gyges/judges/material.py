"""What is a judge shown of a trial, gathered a batch at a time?

The parts (``system``, ``query``, ``reasoning``, ``output``, ``probe``) come from three tables: the trials hold the
answer and its reasoning, the messages what was asked, the probes what the subject said when it was asked about its
answer. Only the messages of a batch are held, so memory does not grow with the study. The query is the user's text
without the tag that tells the tier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from gyges.judges.reader import QUERY_ID
from gyges.study import StudyFolder
from gyges.study.queries import user_query

__all__ = ["BATCH", "Row", "rows"]

BATCH = 2_000
_ALWAYS = ("trial", "tier", "status", "value", "control")
_FROM_MESSAGES = ("system", "query", "user")


@dataclass(slots=True)
class Row:
    """A trial as a judge may see it."""

    trial: str
    tier: str
    status: str
    value: str
    control: bool
    """Whether it is of the no-conflict control."""
    parts: dict[str, Any]
    """The parts and columns that were asked for; None where there is none."""


def rows(
    study: StudyFolder, wanted: Sequence[str], done: set[str], probe: str = ""
) -> Iterator[Row]:
    """Yield the trials that are not done.

    Args:
        study: The study.
        wanted: Parts, columns of the trial table, ``user`` for the user's whole text, or ``query_id`` for the query's
            id, which is the table's own column ``query``.
        done: Trials to leave out.
        probe: The name of the probe whose answers are the part ``probe``.
    """
    columns = [name for name in wanted if name not in (*_FROM_MESSAGES, "probe", QUERY_ID)]
    asked = any(name in _FROM_MESSAGES for name in wanted)
    also = [*(["messages"] if asked else []), *(["query"] if QUERY_ID in wanted else [])]
    scan = study.trial_table.scan([*dict.fromkeys((*_ALWAYS, *also, *columns))])
    settled = pl.Series(sorted(done), dtype=pl.String)
    for batch in scan.collect_batches(chunk_size=BATCH, maintain_order=True):
        left = batch.filter(~pl.col("trial").is_in(settled.implode())) if done else batch
        if left.is_empty():
            continue
        texts = _messages(study, left) if asked else {}
        probes = _probes(study, left, probe) if "probe" in wanted else {}
        for record in left.iter_rows(named=True):
            parts = {name: record[name] for name in columns}
            if QUERY_ID in wanted:
                parts[QUERY_ID] = record["query"]
            if asked:
                parts.update(_said(record["messages"] or (), texts, wanted))
            if "probe" in wanted:
                parts["probe"] = probes.get(record["trial"])
            yield Row(
                record["trial"],
                record["tier"],
                record["status"],
                record["value"] or "",
                bool(record["control"]),
                parts,
            )


def _messages(study: StudyFolder, batch: pl.DataFrame) -> dict[str, tuple[str, str]]:
    wanted = batch["messages"].explode().drop_nulls().unique()
    found = study.message_table.scan().filter(pl.col("hash").is_in(wanted.implode())).collect()
    return {key: (role, text) for key, role, text in found.iter_rows()}


def _said(
    sent: Sequence[str], texts: Mapping[str, tuple[str, str]], wanted: Sequence[str]
) -> dict[str, str | None]:
    """Take the system text and the last thing that the user said."""
    known = [texts[key] for key in sent if key in texts]
    user = next((text for role, text in reversed(known) if role == "user"), None)
    said = {
        "system": "\n\n".join(text for role, text in known if role == "system") or None,
        "query": None if user is None else user_query(user),
        "user": user,
    }
    return {name: said[name] for name in wanted if name in said}


def _probes(study: StudyFolder, batch: pl.DataFrame, probe: str) -> dict[str, str]:
    table = study.probe_table(probe)
    found = (
        table.scan(["trial", "status", "output"])
        .filter((pl.col("status") == "ok") & pl.col("trial").is_in(batch["trial"].implode()))
        .collect()
    )
    return {trial: output for trial, _, output in found.iter_rows() if output}
