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

__all__ = ["read_until", "until_sentence", "until_summary", "until_warning"]

_SCHEMA = "gyges.until/1"
_KEYS: dict[str, Any] = {
    "value": float,
    "decision": (str, type(None)),
    "estimand": str,
    "low": float,
    "high": float,
    "level": float,
    "blocks": int,
    "calls": int,
    "trials": int,
    "left_out": int,
    "path": list,
}


def read_until(study: StudyFolder) -> dict[str, Any] | None:
    """Read what came of a study's rule; None where it had none.

    Raises:
        StudyError: The record cannot be read.
    """
    path = study.path / "until.json"
    again = "the same `gyges run --until ...` command writes it anew"
    try:
        record: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StudyError(f"{path}: cannot be read ({error}); {again}") from error
    if not isinstance(record, dict) or record.get("schema") != _SCHEMA:
        found = record.get("schema") if isinstance(record, dict) else None
        raise StudyError(f"{path}: schema {found!r}; this version reads {_SCHEMA!r}; {again}")
    for key, kinds in _KEYS.items():
        if not isinstance(record.get(key), kinds):
            raise StudyError(f"{path}: {key} is {record.get(key)!r}; {again}")
    limits = record["path"]
    if not all(isinstance(pair, list) and [*map(type, pair)] == [float] * 2 for pair in limits):
        raise StudyError(f"{path}: path is not a list of pairs of limits; {again}")
    return dict(record)


def until_summary(record: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Sum a record up for a page or a figure: ``sentence``, whether it ``decided`` when to stop, and its ``path``.

    Args:
        record: What stands in ``until.json``; None where a study had no rule.
    """
    if record is None:
        return None
    return {
        "sentence": until_sentence(record),
        "decided": record["decision"] is not None,
        "path": record["path"],
    }


def until_warning(record: Mapping[str, Any]) -> str | None:
    """Say what a stopping rule does to the gap table, and what blocks without a verdict may hide; None where neither.

    Args:
        record: What stands in ``until.json``.
    """
    said = []
    if record["decision"] is not None:
        said.append(
            "the answers decided when this run ended; the gap table's intervals and p-values suppose a size fixed "
            "before, so go by the confidence sequence"
        )
    if record["left_out"] and record["blocks"]:
        share = record["left_out"] / (record["left_out"] + record["blocks"])
        said.append(
            f"{share:.0%} of the blocks have no verdict in one tier and are not in the sequence; if answers go missing "
            "for a reason, that alone can make a gap or hide one"
        )
    return "; ".join(said) or None


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
