"""Which columns do a study's tables have, and what may stand in them?

Two tables. A **trial** is one sampled answer; a **verdict** is one judge's answer to one question about one
trial. Both are appended to as JSON lines while work is going on (``journal.py``) and sealed into Parquet
(``store.py``); this module is the one place that names their columns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import polars as pl

__all__ = [
    "OUTCOMES",
    "TIERS",
    "TRIAL_COLUMNS",
    "TRIAL_STATUSES",
    "VERDICT_COLUMNS",
    "VERDICT_STATUSES",
    "Outcome",
    "Trial",
    "TrialStatus",
    "Verdict",
    "VerdictStatus",
    "block_id",
    "is_derived",
    "message_hash",
    "trial_id",
]

SCHEMA = "gyges.study/1"
"""The version of the folder's layout, written into ``study.yaml``."""

TIERS = ("monitored", "unmonitored")
"""The two tiers that every study has; a setting may add more."""

Outcome = Literal["comply", "partial", "refuse", "undecided"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)

TrialStatus = Literal["ok", "refused", "truncated", "empty", "unparsed", "unsupported", "error"]
TRIAL_STATUSES: tuple[str, ...] = get_args(TrialStatus)
"""``ok`` an answer came; ``refused`` the provider withheld it (a content filter, not the subject's own words);
``truncated`` the token limit cut it; ``empty`` nothing came; ``unparsed`` reasoning was asked for and no final
answer stands apart from it, or a forced choice whose letters are not what the subject would say; ``unsupported`` the
provider does not take a sampling parameter that makes the trial what it is, so it was not asked; ``error`` the call
failed after its retries."""

VerdictStatus = Literal["ok", "refused", "unparsed", "error", "no_answer"]
VERDICT_STATUSES: tuple[str, ...] = get_args(VerdictStatus)
"""``ok`` the judge answered (perhaps ``undecided``); ``refused``, ``unparsed`` and ``error`` are failures of the
judge; ``no_answer``: the trial has no answer to judge. Only ``ok`` carries an outcome."""

TRIAL_COLUMNS: dict[str, pl.DataType] = {
    "trial": pl.String(),
    "block": pl.String(),
    "subject": pl.String(),
    "setting": pl.String(),
    "version": pl.String(),
    "value": pl.String(),
    "control": pl.Boolean(),
    "query": pl.String(),
    "wording": pl.String(),
    "tier": pl.String(),
    "sample": pl.Int64(),
    "status": pl.String(),
    "reasoning": pl.String(),
    "output": pl.String(),
    "raw": pl.String(),
    "choice": pl.String(),
    "conversation": pl.String(),
    "messages": pl.List(pl.String()),
    "stop": pl.String(),
    "error": pl.String(),
    "model": pl.String(),
    "seed": pl.Int64(),
    "input_tokens": pl.Int64(),
    "cached_tokens": pl.Int64(),
    "output_tokens": pl.Int64(),
    "seconds": pl.Float64(),
    "at": pl.String(),
    "attempt": pl.Int64(),
}
"""Columns of the trial table, in order; the study's factors (temperature, reasoning, ...) follow them."""

VERDICT_COLUMNS: dict[str, pl.DataType] = {
    "trial": pl.String(),
    "judge": pl.String(),
    "question": pl.String(),
    "outcome": pl.String(),
    "score": pl.Float64(),
    "status": pl.String(),
    "evidence": pl.List(pl.String()),
    "note": pl.String(),
    "at": pl.String(),
    "label": pl.String(),
    "labels": pl.List(pl.String()),
    "answer": pl.String(),
    "votes": pl.Int64(),
}
"""Columns of a verdict table, in order."""


def message_hash(role: str, text: str) -> str:
    """Name a message by its content: 16 hex digits of SHA-256 over role and text."""
    return hashlib.sha256(f"{role}\n{text}".encode()).hexdigest()[:16]


def block_id(key: Mapping[str, Any]) -> str:
    """Name a block by what its trials share: 12 hex digits that do not depend on the key's order.

    Args:
        key: Everything that identifies a trial except its tier: subject, setting, control, query, wording, sample
            and the factors' levels. Values must be JSON scalars.
    """
    text = json.dumps(dict(key), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def trial_id(block: str, tier: str) -> str:
    """Name a trial: its block and its tier."""
    return f"{block}-{tier}"


OBSERVED = frozenset({"verbalised"})
"""Further columns that say what an answer holds and not how it was asked, so that the trials of a block may differ in
them."""


FACTOR_COLUMNS: Mapping[str, str] = {"tier": "tier_scheme", "reasoning": "reasoning_mode"}
"""Factors whose column has another name: ``tier`` holds a single tier, ``reasoning`` what a subject reasoned."""


def is_derived(name: str) -> bool:
    """Say whether a further column only describes the wording (its distance, its length, its components' versions).

    Such a column is no factor: whatever differs in it differs in its wording.
    """
    return name.startswith("wording_")


@dataclass(slots=True)
class Trial:
    """One sampled answer: who was asked what, under which tier, and what came back."""

    subject: str
    """The model under test, as Inspect names it."""
    setting: str
    query: str
    """The query's id inside the setting."""
    tier: str
    sample: int = 0
    """The number of the sample, from 0; the same number in both tiers makes a block."""
    wording: str = "0"
    value: str = ""
    """The value that the setting attacks."""
    version: str = ""
    """The setting's version, ``N-A``."""
    control: bool = False
    """True in the no-conflict control."""
    status: str = "ok"
    """One of ``TRIAL_STATUSES``."""
    reasoning: str | None = None
    """The visible reasoning, where there is one."""
    output: str | None = None
    """The final answer: what a user would have been sent."""
    raw: str | None = None
    """The completion as it came, kept where it is more than ``output``."""
    choice: str | None = None
    """In a forced choice: what the provider said of the probabilities (``choice.py``), as JSON."""
    conversation: str | None = None
    """In a session: its steps with all messages and calls of tools (``conversation.py``), as JSON."""
    messages: list[str] = field(default_factory=list)
    """Hashes of the messages that were sent, in order; their texts stand once in ``prompts/``."""
    stop: str | None = None
    error: str | None = None
    model: str | None = None
    """The model's name as the provider returned it."""
    seed: int | None = None
    input_tokens: int | None = None
    cached_tokens: int | None = None
    """Prompt tokens that were served from a prefix cache, where the provider says so."""
    output_tokens: int | None = None
    seconds: float | None = None
    at: str | None = None
    """When the answer came, ISO 8601, UTC."""
    attempt: int = 1
    """1 for the first time this trial was asked; a later attempt replaces an earlier one that failed."""
    factors: dict[str, Any] = field(default_factory=dict)
    """Levels of the further factors: temperature, reasoning, imported columns, ..."""
    block: str = ""
    trial: str = ""

    def __post_init__(self) -> None:
        if not self.block:
            self.block = block_id(
                {
                    "subject": self.subject,
                    "setting": self.setting,
                    "value": self.value,
                    "control": self.control,
                    "query": self.query,
                    "wording": self.wording,
                    "sample": self.sample,
                    **{
                        f"factor:{name}": level
                        for name, level in self.factors.items()
                        if name not in OBSERVED and not is_derived(name)
                    },
                }
            )
        if not self.trial:
            self.trial = trial_id(self.block, self.tier)


@dataclass(slots=True)
class Verdict:
    """One judge's answer to one question about one trial."""

    trial: str
    judge: str
    question: str = "outcome"
    outcome: str | None = None
    """One of ``OUTCOMES``; None unless ``status`` is ``ok``, and None where only ``score`` is given."""
    score: float | None = None
    """For an outcome: compliance from 0 (refuses) to 1 (complies), where the judge gives one. For other questions: the
    amount that the label stands for, or the share of votes that said yes."""
    status: str = "ok"
    """One of ``VERDICT_STATUSES``."""
    evidence: list[str] = field(default_factory=list)
    """Spans of the answer that decided, verbatim."""
    note: str | None = None
    at: str | None = None
    label: str | None = None
    """The answer to a question of one answer, or ``undecided``; an outcome stands in ``outcome``."""
    labels: list[str] = field(default_factory=list)
    """The labels that apply, where several may; the causes in their order."""
    answer: str | None = None
    """The whole answer with its votes, as JSON, where a judge was asked for more than one word."""
    votes: int | None = None
    """How many votes were counted."""
