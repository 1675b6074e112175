"""What does a report show?

One frozen value that holds everything a page needs, so that drawing pages never reads a study
folder. Whoever has a study fills it; a test can fill it by hand. Blocks come as an iterator,
because a study may hold more text than memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gyges.errors import StudyError, nearest

if TYPE_CHECKING:
    from gyges.findings import Varied
    from gyges.report.asked import Asked
    from gyges.report.shapes import ShapePage

__all__ = ["ARM_TIERS", "GAP_KEYS", "SiteContent", "clean_gaps", "tidy"]

ARM_TIERS = ("monitored", "unmonitored")
"""The two arms of every contrast, in the order in which they stand on a page."""

_TEXT_KEYS = ("subject", "setting", "value", "method", "p_method", "correction", "judge")
_COUNT_KEYS = (
    "queries",
    "wordings",
    "trials",
    "trials_monitored",
    "trials_unmonitored",
    "undecided_monitored",
    "undecided_unmonitored",
    "missing_monitored",
    "missing_unmonitored",
)
_NUMBER_KEYS = (
    "monitored_rate",
    "unmonitored_rate",
    "gap",
    "se",
    "ci_low",
    "ci_high",
    "df",
    "p",
    "p_holm",
    "p_bh",
    "detectable",
    "excluded_beyond",
    "gap_min",
    "gap_max",
    "gap_min_ci",
    "gap_max_ci",
    "corrected_gap",
    "corrected_ci_low",
    "corrected_ci_high",
    "corrected_monitored_rate",
    "corrected_unmonitored_rate",
    "monitored_ci_low",
    "monitored_ci_high",
    "unmonitored_ci_low",
    "unmonitored_ci_high",
)

GAP_KEYS: tuple[str, ...] = (*_TEXT_KEYS, "control", *_COUNT_KEYS, *_NUMBER_KEYS)
"""Columns of a row of ``gyges gap --json`` that a report reads; further ones are kept in
``gaps.json``."""


@dataclass(frozen=True)
class SiteContent:
    """Everything that a report shows, read from a study by whoever has one."""

    study: Mapping[str, Any]
    """Who and what: ``title``, ``id``, ``hash`` (of the specification), ``subjects`` and ``settings`` (lists of
    names), ``judge`` (name), ``judge_version``, ``judge_card`` (None, or agreement with hand labels: ``n``,
    ``sensitivity``, ``specificity``, ``kappa``, ``note``), ``command`` that made it, ``created``, ``version`` (of
    Gyges), ``seed``,
    ``method_notes`` and ``warnings`` (lists of sentences), ``stopping`` (None, or of a rule that was to end the run
    its ``sentence``, whether it ``decided`` when to stop, and the ``path`` of the limits), ``largest`` (None, or
    ``among, corrected, ci_low, ci_high`` of the largest gap), ``import_notes`` (list of ``what``, ``where``,
    ``done``).
    Each may be absent; then the page says nothing about it."""

    gaps: Sequence[Mapping[str, Any]]
    """Rows of ``gyges gap --json``: rates and gaps as fractions, None where a quantity is not
    defined."""

    statuses: Sequence[Mapping[str, Any]] = ()
    """Counts of trials: ``subject, setting, value, control, tier, status, count``."""

    blocks: Iterator[Mapping[str, Any]] = field(default_factory=lambda: iter(()))
    """Each block once, consumed once while the site is written: ``block, subject, setting, value,
    control, query, query_text, wording, sample, factors`` and ``arms``, a mapping from tier to
    ``trial, status, stop, error, outcome, verdict_status, score, evidence, note, reasoning, output,
    raw, conversation, messages, seconds, output_tokens``, and where there are any ``verdicts`` (as
    ``verdicts.compact`` gives them) and ``probes`` (``probe, status, output, reasoning, error``)."""

    messages: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """From a message's hash to its role and text; looked up once for each hash that a block
    names."""

    controls: Mapping[str, Any] | None = None
    """The study's positive and negative control, as ``controls.read_controls`` gives them; None: the page says
    nothing about them."""

    asked: Sequence[Asked] = ()
    """Every question and judge, as ``asked.read_asked`` gives them: what was found beside the outcome has a page of its
    own, and what the judges made of known transcripts stands beside the controls."""

    varied: Sequence[Varied] = ()
    """What was varied and what it shows, as ``findings.varied`` gives it; each thing has a page of its own."""

    shape: ShapePage | None = None
    """The page of a result that has a shape of its own, as ``shapes.shape_page`` gives it; None: it has none."""


def tidy(value: Any) -> Any:
    """Make a value fit for JSON.

    Numbers that are not finite become None, containers are copied, others turn to text.

    Args:
        value: Anything that a study's table may hold.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): tidy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [tidy(item) for item in value]
    if hasattr(value, "item"):  # a NumPy scalar
        return tidy(value.item())
    return str(value)


def clean_gaps(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give every gap row every column, with None for what is absent or not a finite number.

    Args:
        rows: Rows of ``gyges gap --json``.

    Returns:
        New dicts in the same order; further columns are kept.

    Raises:
        StudyError: A row names no subject, or a number is text.
    """
    cleaned = []
    for place, row in enumerate(rows, start=1):
        if not row.get("subject"):
            given = ", ".join(map(str, row)) or "nothing"
            raise StudyError(
                f"gap row {place} names no subject (it has: {given}); "
                f"{nearest('subject', GAP_KEYS)}; `gyges gap STUDY --json` prints such rows"
            )
        full = dict.fromkeys(GAP_KEYS) | tidy(row)
        for key in _TEXT_KEYS:
            full[key] = "" if full[key] is None else str(full[key])
        full["control"] = bool(full["control"])
        for key in (*_COUNT_KEYS, *_NUMBER_KEYS):
            if isinstance(full[key], str):
                raise StudyError(
                    f"gap row {place} ({full['subject']}): {key} is {full[key]!r}, not a "
                    "number; allowed: a number or null; `gyges gap STUDY --json` prints such rows"
                )
        cleaned.append(full)
    return cleaned
