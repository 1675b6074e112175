"""How are the groups of trials and the numbers of an answer named and written?

A group is named by what tells it from the others; a number is written in the unit of what it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gyges.report.words import context, percent, points, signed

if TYPE_CHECKING:
    from gyges.findings import Shown

__all__ = [
    "Group",
    "amount",
    "group_name",
    "group_of",
    "grouped",
    "signed_amount",
    "unit_of",
]

Group = tuple[str, str, str, bool]
"""Subject, setting, value and whether it is the no-conflict control."""
_NBSP = "\u00a0"
_MINUS = "\u2212"


def group_of(one: Shown) -> Group:
    """Name the group of trials that an estimate is of."""
    return one.subject, one.setting, one.value, one.control


def grouped(shown: Sequence[Shown]) -> dict[Group, list[Shown]]:
    """Sort estimates by their group of trials, in their order."""
    found: dict[Group, list[Shown]] = {}
    for one in shown:
        found.setdefault(group_of(one), []).append(one)
    return found


def group_name(group: Group, among: Sequence[Group]) -> str:
    """Name a group by what tells it from the others; empty where there is but one."""
    subject, setting, value, control = group
    parts = [subject] if len({one[0] for one in among}) > 1 else []
    if len({one[1:3] for one in among}) > 1:
        several = len({one[1] for one in among}) > 1
        parts.append(context({"setting": setting, "value": value}, several_settings=several))
    if control:
        parts.append("no-conflict control")
    elif len({one[3] for one in among}) > 1 and not parts:
        parts.append(subject)
    return " · ".join(parts)


def amount(one: Shown, value: float | None) -> str:
    """Write a rate or a mean in its own unit."""
    if one.unit == "share":
        return percent(value, 0 if value is None or value >= 0.0995 or value == 0 else 1)
    return _number(value, one)


def signed_amount(one: Shown, value: float | None, *, plus: bool = True) -> str:
    """Write a difference in percentage points, or in the unit of its scale."""
    if one.unit == "share":
        return signed(value) if plus else points(value)
    text = _number(value, one)
    return f"+{text}" if plus and value is not None and value > 0 and text.strip("0.") else text


def _number(value: float | None, one: Shown) -> str:
    if value is None:
        return "–"
    text = f"{abs(value):.{2 if one.high - one.low <= 2 else 1}f}"
    return f"{_MINUS}{text}" if value < 0 and float(text) else text


def unit_of(one: Shown) -> str:
    """Name the unit of a difference, with the space before it; empty on a scale."""
    return f"{_NBSP}points" if one.unit == "share" else ""
