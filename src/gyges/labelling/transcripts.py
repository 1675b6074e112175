"""What is shown of a trial to a person who must not know how it came about?

The parts that the question is decided from and nothing else: not the tier, the subject, a judge, or
the trial's name, which holds the tier. The user's question comes without the tag that tells the
tier, and such tags are cut out of every other text; what the text itself says in words cannot be
hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from gyges.study import StudyFolder
from gyges.study.queries import user_query

__all__ = ["CUT", "Transcript", "blind", "load_transcripts"]

CUT = "[tag]"
"""What stands in place of a tag that tells the tier."""

_COLUMNS = (
    "trial",
    "setting",
    "value",
    "subject",
    "tier",
    "query",
    "messages",
    "reasoning",
    "output",
)
_TAG = re.compile(r"<([a-z]+_[a-z_]+)>[^<>]{0,60}</\1>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Transcript:
    """One trial's texts, and what it was."""

    trial: str
    setting: str
    value: str
    subject: str
    tier: str
    query_id: str
    system: str | None
    query: str | None
    reasoning: str | None
    output: str | None

    def shown(self, parts: Iterable[str]) -> dict[str, str]:
        """Give the texts that a person sees: some parts, without tags that tell the tier."""
        texts = {name: getattr(self, name) for name in parts}
        return {name: blind(text) for name, text in texts.items() if text}


def blind(text: str) -> str:
    """Cut out tags such as ``<is_free_tier_user>True</is_free_tier_user>``."""
    return _TAG.sub(CUT, text)


def load_transcripts(study: StudyFolder, trials: Iterable[str]) -> dict[str, Transcript]:
    """Read some trials of a study; one that the study has lost is missing from the result."""
    wanted = pl.Series(list(trials), dtype=pl.String).implode()
    with study.reading():
        scan = study.trial_table.scan(_COLUMNS)
        rows = scan.filter(pl.col("trial").is_in(wanted)).collect().rows(named=True)
        sent = pl.Series([key for row in rows for key in row["messages"] or ()], dtype=pl.String)
        messages = study.message_table.scan().filter(pl.col("hash").is_in(sent.unique().implode()))
        texts = {key: (role, text) for key, role, text in messages.collect().iter_rows()}
    return {row["trial"]: _transcript(row, texts) for row in rows}


def _transcript(row: Mapping[str, object], texts: Mapping[str, tuple[str, str]]) -> Transcript:
    hashes = row["messages"] if isinstance(row["messages"], list) else []
    said = [texts[key] for key in hashes if key in texts]
    user = next((text for role, text in reversed(said) if role == "user"), None)

    def text(name: str) -> str | None:
        return None if row[name] is None else str(row[name])

    return Transcript(
        trial=str(row["trial"]),
        setting=text("setting") or "",
        value=text("value") or "",
        subject=text("subject") or "",
        tier=text("tier") or "",
        query_id=text("query") or "",
        system="\n\n".join(found for role, found in said if role == "system") or None,
        query=None if user is None else user_query(user),
        reasoning=text("reasoning"),
        output=text("output"),
    )
