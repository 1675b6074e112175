"""How do the pages of choices draw and tabulate shares, comparisons, single items and their flips?

What the pages of dilemmas and of contradictory instructions have in common.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gyges.report.content import clean_gaps
from gyges.report.forest import Line, forest
from gyges.report.layout import Group, Units
from gyges.report.plot import draw
from gyges.report.shapes.model import Cell, Figure, Table, transcripts
from gyges.report.shapes.words import counts, interval, span_cell
from gyges.report.words import p_value, points, signed

if TYPE_CHECKING:
    from gyges.findings.answers import Shown
    from gyges.findings.measured import Measured
    from gyges.findings.varied import Comparison

__all__ = [
    "ARMS",
    "both_arms",
    "change",
    "comparisons_table",
    "differences",
    "measured_rows",
    "methods_said",
    "rates",
    "shown_table",
    "span_of",
    "under",
]

ARMS = ("monitored", "unmonitored")
_SIZES = re.compile(r"Wilson with [\d.,]+ effective (?:of [\d.,]+ )?trials")
_OF = {"both": "both tiers", "gap": "monitored − unmonitored", "difference": "difference"}


def under(n: str, level: float, methods: Sequence[str], more: str = "") -> str:
    """Write what stands under a figure or a table: n, the level of the intervals, the methods."""
    told = methods_said(methods)
    method = f" Method: {told}." if told else " Method: none; one query gives no interval."
    return f"n = {n}. Lines are {100 * level:g} % intervals.{method}{' ' if more else ''}{more}"


def methods_said(methods: Iterable[str]) -> str:
    """Name each method once, without the numbers that differ from row to row."""
    from gyges.findings import plain_method

    plain = (
        _SIZES.sub("Wilson with effective trials", plain_method(one)) for one in methods if one
    )
    return "; or ".join(dict.fromkeys(plain))


def change(value: float | None, low: float | None, high: float | None, level: float) -> str:
    """Write a difference in points with its interval."""
    return f"{signed(value)} points ({interval(low, high, level)})"


# Shares in both arms


def both_arms(
    shown: Sequence[Shown], name: Callable[[str], str], caption: str, *, parts: bool = False
) -> Figure:
    """Draw shares of both arms and their differences.

    Args:
        shown: From top to bottom.
        name: Writes what is counted.
        caption: What is drawn.
        parts: Whether the amounts are mean parts of a whole, and no shares of trials.
    """
    units = Units(
        rates="Mean share" if parts else "Share of trials",
        gaps="Difference: monitored − unmonitored, points",
        short="Difference, points",
        gap="difference",
    )
    lines: list[tuple[str, Mapping[str, Any]]] = [
        (name(one.what), clean_gaps([_record(one)])[0]) for one in shown
    ]
    label = (
        f"{caption}, in both arms with intervals, {len(lines)} rows; the table holds every number."
    )
    ns = sorted({one.queries for one in shown})
    queries = f"{ns[0]}" if len(ns) == 1 else f"{ns[0]} to {ns[-1]}"
    n = f"{queries} queries, {max(one.trials for one in shown):,} trials"
    return Figure.drawn(
        lambda width: str(
            draw([Group(title="", rows=lines)], width=width, label=label, units=units)
        ),
        caption=caption,
        note=under(n, shown[0].level, [one.method for one in shown]),
    )


def _record(one: Shown) -> dict[str, Any]:
    record: dict[str, Any] = {
        "subject": one.subject or "–",
        "setting": one.setting,
        "value": one.value,
        "control": one.control,
        "queries": one.queries,
        "trials": one.trials,
        "gap": one.difference,
        "ci_low": one.ci_low,
        "ci_high": one.ci_high,
        "gap_min": one.difference_min,
        "gap_max": one.difference_max,
    }
    for tier in ARMS:
        record[f"{tier}_rate"] = getattr(one, tier)
        record |= {f"{tier}_{end}": getattr(one, f"{tier}_{end}") for end in ("ci_low", "ci_high")}
    return record


def shown_table(
    shown: Sequence[Shown], name: Callable[[str], str], caption: str, first: str
) -> Table:
    """Tabulate shares of both arms and their differences."""
    columns = [first, "Monitored", "Unmonitored", "Difference", "p", "Undecided", "Missing"]
    columns += ["Queries", "Trials"]
    rows = []
    for one in shown:
        where = {"subject": one.subject, "setting": one.setting, "value": one.value}
        href = transcripts({**where, "control": "yes" if one.control else "no"})
        label = f"{name(one.what)}, no-conflict control" if one.control else name(one.what)
        rows.append(
            [
                Cell(label, None, href),
                *[
                    span_of(
                        getattr(one, tier),
                        getattr(one, f"{tier}_ci_low"),
                        getattr(one, f"{tier}_ci_high"),
                    )
                    for tier in ARMS
                ],
                span_of(one.difference, one.ci_low, one.ci_high, gap=True),
                Cell(p_value(one.p), one.p),
                counts((one.undecided_monitored, one.undecided_unmonitored)),
                counts((one.missing_monitored, one.missing_unmonitored)),
                Cell(f"{one.queries:,}", one.queries),
                Cell(f"{one.trials:,}", one.trials),
            ]
        )
    note = (
        f"Differences are monitored minus unmonitored, in points, paired within queries; {100 * shown[0].level:g} % "
        "intervals stand below the numbers and are not adjusted for their number. Undecided and missing: monitored, "
        "unmonitored."
    )
    return Table(caption, columns, rows, note)


def span_of(
    value: float | None, low: float | None, high: float | None, *, gap: bool = False
) -> Cell:
    """Write an estimate that may be missing, with its interval below it."""
    return span_cell(None if value is None else (value, low, high), gap=gap)


# Rates and differences below each other


def rates(
    rows: Sequence[tuple[str, Measured]], caption: str, head: str, *, more: str = ""
) -> Figure:
    """Draw rates from 0 to 100 %, each with its interval, in the colour of its arm."""
    lines = [
        Line(name, one.estimate, one.low, one.high, one.of if one.of in ARMS else "gap")
        for name, one in rows
    ]
    label = f"{caption}, {len(lines)} rows with intervals; the table holds every number."
    found = [one for _, one in rows]
    return Figure.drawn(
        lambda width: forest(lines, width=width, label=label, head=head, rates=True),
        caption=caption,
        note=under(_n(found), found[0].level, [one.method for one in found], more),
    )


def differences(
    rows: Sequence[Line],
    caption: str,
    note: str,
    head: str = "Difference, points",
) -> Figure:
    """Draw differences below each other, the zero line in view."""
    label = f"{caption}, {len(rows)} rows, in points with intervals; the table holds every number."
    return Figure.drawn(
        lambda width: forest(rows, width=width, label=label, head=head),
        caption=caption,
        note=note,
    )


def _n(found: Sequence[Measured]) -> str:
    queries = sorted({one.queries for one in found})
    several = f"{queries[0]}" if len(queries) == 1 else f"{queries[0]} to {queries[-1]}"
    return f"{several} queries, up to {max(one.answers for one in found):,} answers a row"


def measured_rows(found: Sequence[Measured], name: Callable[[Measured], str]) -> list[list[Cell]]:
    """Tabulate numbers: what, of which arm, the estimate with its interval, p, queries, answers."""
    return [
        [
            Cell(name(one)),
            Cell(_OF.get(one.of, one.of)),
            _amount(one),
            Cell(p_value(one.p), one.p),
            Cell(f"{one.queries:,}", one.queries),
            Cell(f"{one.answers:,}", one.answers),
        ]
        for one in found
    ]


def _amount(one: Measured) -> Cell:
    if one.unit == "bits":
        return _bits(one)
    return span_of(one.estimate, one.low, one.high, gap=one.unit == "difference")


def _bits(one: Measured) -> Cell:
    ends = "" if one.low is None or one.high is None else f"{one.low:.2f} to {one.high:.2f}"
    sign = "+" if one.of == "difference" and one.estimate > 0 else ""
    text = f"{sign}{one.estimate:.2f} bits".replace("-", "−")
    return Cell(text, one.estimate, "", ends.replace("-", "−"))


def comparisons_table(
    found: Sequence[Comparison],
    name: Callable[[str], str],
    caption: str,
    level: float,
    more: str = "",
) -> Table:
    """Tabulate differences between levels."""
    columns = ["Compared", "What", "Of", "Points", f"{100 * level:g} % interval", "p (Holm)"]
    columns += ["Detectable", "Queries"]
    rows = []
    for one in found:
        ends = Cell("–")
        if one.low is not None and one.high is not None:
            ends = Cell(f"{points(one.low, 1)} to {points(one.high, 1)}", one.low)
        rows.append(
            [
                Cell(one.label),
                Cell(name(one.kind)),
                Cell(_OF.get(one.of, one.of)),
                Cell(signed(one.estimate, 1), one.estimate),
                ends,
                Cell(p_value(one.p_adjusted), one.p_adjusted),
                Cell(points(one.detectable), one.detectable),
                Cell(f"{one.queries:,}", one.queries),
            ]
        )
    methods = methods_said(one.method for one in found)
    note = (
        "Paired within queries (and within wording, tier and other levels); p is adjusted for the levels of a factor. "
        f"Detectable: what a study of this precision finds four times in five, in points. Method: {methods}. {more}"
    )
    return Table(caption, columns, rows, note.strip(), len(rows) > 14)
