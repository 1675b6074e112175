"""Which figures show what the answers to a question say?

Both arms with their intervals and the difference against its zero line, a row for each label: the figure of the first
page, in other units. Means are drawn in the unit of their scale, apart from shares. Where there are several groups of
trials, one figure compares them on what matters most, and each group's own figure has all labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gyges.report.answer_parts import amount, group_name, grouped, signed_amount
from gyges.report.answer_words import foremost
from gyges.report.content import clean_gaps
from gyges.report.factor_figures import Drawing
from gyges.report.layout import Group as Rows
from gyges.report.layout import Units
from gyges.report.plot import draw

if TYPE_CHECKING:
    from gyges.findings import Shown
    from gyges.report.asked import Asked

__all__ = ["compared", "labelled"]

_WIDE, _NARROW = 960.0, 352.0


def labelled(asked: Asked, rows: Sequence[Shown]) -> list[Drawing]:
    """Draw all that was counted in one group of trials: shares first, then each scale."""
    whats = {one.what for one in rows}
    # Who does not say yes says no, or is counted as undecided.
    drawn = [one for one in rows if not (one.what == "no" and "yes" in whats)]
    found = []
    for unit, low, high in dict.fromkeys((one.unit, one.low, one.high) for one in drawn):
        own = [one for one in drawn if (one.unit, one.low, one.high) == (unit, low, high)]
        title = "Share of trials, by answer"
        if unit == "mean":
            named = f"of “{own[0].what}”" if len(own) == 1 else "of each scale"
            title = f"Mean {named}, from {low:g} to {high:g}"
        found.append(_drawing(title, [(one.what, one) for one in own]))
    return found


def compared(asked: Asked) -> list[Drawing]:
    """Draw what matters most, a row for each group of trials; nothing where there is but one."""
    groups = grouped(asked.shown)
    if len(groups) < 2:
        return []
    keys = sorted(groups, key=lambda key: key[3])
    rows = [(key, found) for key in keys if (found := foremost(asked, groups[key])) is not None]
    whats = {(one.what, one.unit, one.low, one.high) for _, one in rows}
    if len(whats) != 1:
        return []
    ((what, unit, *_),) = whats
    title = f"{'Share of trials' if unit == 'share' else 'Mean'} of “{what}”, by group of trials"
    return [_drawing(title, [(group_name(key, keys) or key[0], one) for key, one in rows])]


def _drawing(title: str, rows: Sequence[tuple[str, Shown]]) -> Drawing:
    from markupsafe import Markup

    first = rows[0][1]
    units = _units(first)
    lines: list[tuple[str, Mapping[str, Any]]] = [
        (name, clean_gaps([_record(one)])[0]) for name, one in rows
    ]
    label = (
        f"{title}, in both arms with intervals, {len(lines)} rows; the table holds every number."
    )
    wide, narrow = (
        Markup(str(draw([Rows(title="", rows=lines)], width=width, label=label, units=units)))
        for width in (_WIDE, _NARROW)
    )
    return Drawing(title, wide, narrow)


def _record(one: Shown) -> dict[str, Any]:
    """An estimate as a row of the gap figure, whose numbers are fractions of the scale."""
    span = one.high - one.low

    def level(value: float | None) -> float | None:
        return None if value is None else (value - one.low) / span

    def step(value: float | None) -> float | None:
        return None if value is None else value / span

    record: dict[str, Any] = {
        "subject": one.subject or "–",
        "setting": one.setting,
        "value": one.value,
        "control": one.control,
        "queries": one.queries,
        "trials": one.trials,
        "gap": step(one.difference),
        "ci_low": step(one.ci_low),
        "ci_high": step(one.ci_high),
        "gap_min": step(one.difference_min),
        "gap_max": step(one.difference_max),
    }
    for tier in ("monitored", "unmonitored"):
        record[f"{tier}_rate"] = level(getattr(one, tier))
        record[f"{tier}_ci_low"] = level(getattr(one, f"{tier}_ci_low"))
        record[f"{tier}_ci_high"] = level(getattr(one, f"{tier}_ci_high"))
    return record


def _units(one: Shown) -> Units:
    share = one.unit == "share"
    span = one.high - one.low

    def rate(value: float | None) -> str:
        return amount(one, None if value is None else one.low + span * value)

    def signed(value: float | None) -> str:
        return signed_amount(one, None if value is None else span * value)

    def plain(value: float | None) -> str:
        return signed_amount(one, None if value is None else span * value, plus=False)

    return Units(
        rates="Share of trials" if share else f"Mean, from {one.low:g} to {one.high:g}",
        gaps="Difference: monitored − unmonitored" + (", points" if share else ""),
        short="Difference, points" if share else "Difference",
        gap="difference",
        unit="points" if share else "",
        rate=rate,
        signed=signed,
        plain=plain,
    )
