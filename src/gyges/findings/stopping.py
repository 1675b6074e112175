"""What came of a rule that was to end a run, and what does it mean for the other figures?

A run with ``--until`` leaves ``until.json`` in its study: the rule, the decision and the confidence sequence, which is
valid however often it was looked at. The intervals and p-values of the gap table are those of a study whose size was
fixed before; where the answers themselves decided when to stop, they err more often than they say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gyges.errors import StudyError
from gyges.study import StudyFolder

__all__ = ["read_until", "until_sentence", "until_warning"]


def read_until(study: StudyFolder) -> dict[str, Any] | None:
    """Read what came of a study's rule; None where it had none.

    Raises:
        StudyError: The record cannot be read.
    """
    path = study.path / "until.json"
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StudyError(
            f"{path}: cannot be read ({error}); the same `gyges run --until ...` command writes it anew"
        ) from error
    if record.get("schema") != "gyges.until/1":
        raise StudyError(
            f"{path}: schema {record.get('schema')!r}; this version reads 'gyges.until/1'"
        )
    return record


def until_warning() -> str:
    """Say what a stopping rule does to the gap table."""
    return (
        "the answers decided when this run ended; the gap table's intervals and p-values suppose a size fixed "
        "before, so go by the confidence sequence"
    )


def until_sentence(record: Mapping[str, Any]) -> str:
    """Say in plain words what came of a rule.

    Args:
        record: What stands in ``until.json``.
    """
    value = 100 * record["value"]
    points = f"{100 * record['low']:.1f} and {100 * record['high']:.1f} points"
    sequence = (
        f"{record['estimand']} lies between {points} "
        f"({record['level']:.0%} confidence sequence, valid at any stopping time)"
    )
    left = (
        f"; {record['left_out']} blocks without a verdict are left out"
        if record["left_out"]
        else ""
    )
    size = f"{record['blocks']:,} blocks ({record['calls']:,} calls{left})"
    said = {
        "gap above 0": "decided, the gap is above zero",
        "gap below 0": "decided, the gap is below zero",
        "no gap": f"decided, the gap is smaller than {value:g} points either way (each side excluded at "
        f"{record['level']:.0%})",
        "width": f"the interval is at most {value:g} points wide",
    }
    if record["decision"] is None:
        return (
            f"Not decided after {size}: {sequence}. Give a larger --max-blocks or budget to go on."
        )
    return f"Stopped after {size}: {said[record['decision']]}; {sequence}."
