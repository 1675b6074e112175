"""How are results shown in a terminal? Plain tables, aligned, that also read well in a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gyges.findings import Gap
    from gyges.study import StudyFolder

__all__ = ["gap_table", "results_text", "say_choices", "status_table", "text_table"]


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table: the first column left, the others right."""
    cells = [list(header), *[list(row) for row in rows]]
    widths = [max(len(row[at]) for row in cells) for at in range(len(header))]
    lines = []
    for number, row in enumerate(cells):
        parts = [
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(parts).rstrip())
        if number == 0:
            lines.append("  ".join("-" * width for width in widths))
    return "\n".join(lines)


def gap_table(gaps: Sequence[Gap]) -> str:
    """Lay out gaps: rate per tier, gap with interval, p, bounds."""
    header = [
        "subject",
        "monitored",
        "unmonitored",
        "gap",
        "95% interval",
        "p",
        "bounds",
        "queries",
        "trials",
    ]
    if gaps and gaps[0].level != 0.95:
        header[4] = f"{gaps[0].level:.0%} interval"
    several = sum(gap.p_holm is not None for gap in gaps) > 1
    if several:
        header[5] = "p (Holm)"
    crossed = any(gap.wordings > 1 for gap in gaps)
    if crossed:
        header.insert(8, "wordings")
    # What a null could have found stands beside it.
    nulls = any(_is_null(gap) for gap in gaps)
    if nulls:
        header.insert(6, "detectable")
    rows = [
        [
            _label(gap),
            _number(gap.monitored_rate),
            _number(gap.unmonitored_rate),
            _number(gap.gap, sign=True),
            _span(gap.ci_low, gap.ci_high),
            _p_value(gap.p_holm if several and not gap.control else gap.p),
            *([_number(gap.detectable) if _is_null(gap) else ""] if nulls else []),
            _span(gap.gap_min, gap.gap_max),
            str(gap.queries),
            *([str(gap.wordings)] if crossed else []),
            str(gap.trials),
        ]
        for gap in gaps
    ]
    return text_table(header, rows)


def results_text(gaps: Sequence[Gap], counts: Sequence[dict[str, Any]]) -> str:
    """Lay out all of a study's results: its gaps and how they came about, as corrected, and the trials by status."""
    parts = [f"{gap_table(gaps)}\n{method_text(gaps)}", corrected_text(gaps), status_table(counts)]
    return "\n\n".join(part for part in parts if part)


def method_text(gaps: Sequence[Gap]) -> str:
    """Say how the intervals and the p-values came about, each way once; the numbers stand in the table."""
    from gyges.findings import plain_method

    ways = {
        "Interval": [gap.method for gap in gaps if gap.ci_low is not None],
        "p": [gap.p_method for gap in gaps if gap.p_method],
    }
    lines = []
    for name, methods in ways.items():
        plain = dict.fromkeys(map(plain_method, methods))
        if plain:
            lines.append(f"{name}: {'; or '.join(plain)}.")
    if any(_is_null(gap) for gap in gaps):
        lines.append(
            "detectable: the gap that a study like this finds four times in five, where the interval holds zero."
        )
    return "\n".join(lines)


def _is_null(gap: Gap) -> bool:
    return gap.ci_low is not None and gap.ci_high is not None and gap.ci_low <= 0 <= gap.ci_high


def corrected_text(gaps: Sequence[Gap]) -> str:
    """Lay out the gaps as a judge without errors would have found them, with how; empty where nothing is known."""
    rows = [
        [
            _label(gap),
            _number(gap.corrected_monitored_rate),
            _number(gap.corrected_unmonitored_rate),
            _number(gap.corrected_gap, sign=True),
            _span(gap.corrected_ci_low, gap.corrected_ci_high),
        ]
        for gap in gaps
        if gap.corrected_gap is not None
    ]
    how: dict[str, list[str]] = {}
    for gap in gaps:
        if gap.correction:
            how.setdefault(gap.correction, []).append(_label(gap))
    lines = []
    if rows:
        header = ["corrected for the judge's errors", "monitored", "unmonitored", "gap"]
        lines.append(text_table([*header, f"{gaps[0].level:.0%} interval"], rows))
    for text, names in how.items():
        lines.append(text if len(how) == 1 else f"{', '.join(names)}: {text}")
    return "\n".join(lines)


def _label(gap: Gap) -> str:
    names = [gap.subject, gap.setting]
    if gap.value and gap.value != gap.setting:
        names.append(gap.value)
    names += [f"{name}={level}" for name, level in gap.factors.items()]
    return " · ".join(names) + (" · control" if gap.control else "")


def status_table(counts: Sequence[dict[str, Any]]) -> str:
    """Lay out the counts of trials by status and tier."""
    tiers = sorted({row["tier"] for row in counts})
    keys = sorted({(row["subject"], row["control"]) for row in counts})
    statuses = sorted({row["status"] for row in counts}, key=lambda name: (name != "ok", name))
    total: dict[tuple[str, bool, str, str], int] = {}
    for row in counts:
        key = (row["subject"], row["control"], row["tier"], row["status"])
        total[key] = total.get(key, 0) + row["count"]
    rows = [
        [f"{subject}{' · control' if control else ''} · {tier}"]
        + [str(total.get((subject, control, tier, status), 0)) for status in statuses]
        for subject, control in keys
        for tier in tiers
    ]
    return text_table(["trials by status", *statuses], rows)


def say_choices(study: StudyFolder, judge: str | None = None) -> None:
    """Print how forced choices went: what the order of the answers changed, and why some could not be read."""
    from gyges.findings import position_differences, unread_choices

    if positions := position_differences(study, judge):
        click.echo("\n" + "\n".join(found.sentence() for found in positions))
    if (unread := unread_choices(study)) is not None:
        click.echo(f"\nWarning: {unread}")


def _p_value(p: float | None) -> str:
    if p is None:
        return "-"
    return f"{p:.2g}" if p >= 0.001 else "<.001"


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "-"
    # Adding zero turns a rounded -0 into 0.
    rounded = round(value, 3) + 0.0
    return f"{rounded:+.3f}" if sign else f"{rounded:.3f}"


def _span(low: float | None, high: float | None) -> str:
    return (
        "-"
        if low is None or high is None
        else f"{_number(low, sign=True)} to {_number(high, sign=True)}"
    )
