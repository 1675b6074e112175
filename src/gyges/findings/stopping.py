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


def until_warning(record: Mapping[str, Any]) -> str | None:
    """Say what a stopping rule does to the gap table; None where the answers did not decide when the run ended.

    Args:
        record: What stands in ``until.json``.
    """
    if record["decision"] is None:
        return None
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
    held = f"between {100 * record['low']:.1f} and {100 * record['high']:.1f} points"
    level = f"{record['level']:.0%}"
    sequence = f"{record['estimand']} lies {held} ({level} confidence sequence, valid at any stopping time)"
    spent = [f"{record['calls']:,} calls"]
    if record["left_out"]:
        spent.append(f"{_blocks(record['left_out'])} without a verdict left out")
    if (late := record["trials"] - record["calls"]) > 0:
        spent.append(f"{late:,} more under way")
    size = f"{_blocks(record['blocks'])} ({'; '.join(spent)})"
    if not record["blocks"]:
        if not record["left_out"]:
            return "Not decided: no block was asked."
        return (
            f"Not decided: none of {_blocks(record['left_out'])} has a verdict in both tiers. Look at why in the "
            "table of statuses; more blocks do not help."
        )
    said = {
        "gap above 0": f"the gap is above zero; {sequence}",
        "gap below 0": f"the gap is below zero; {sequence}",
        # The sequence looks for a gap on both sides, the margin is tested on each side alone.
        "no gap": f"the gap is smaller than {value:g} points either way (each side excluded at {level}); the sequence, "
        f"which spends its error on both sides at once, stands {held}",
        "width": f"the interval is at most {value:g} points wide; {sequence}",
    }
    if record["decision"] is None:
        return (
            f"Not decided after {size}: {sequence}. Give a larger --max-blocks or budget to go on."
        )
    return f"Decided after {size}: {said[record['decision']]}."


def _blocks(number: int) -> str:
    return f"{number:,} block" + ("" if number == 1 else "s")
