"""How is it said and tabulated that single items flip, beside the change of the total?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gyges.report.shapes.choices import change, methods_said, span_of
from gyges.report.shapes.model import Cell, Table, transcripts
from gyges.report.shapes.words import interval
from gyges.report.words import p_value, percent, points

if TYPE_CHECKING:
    from gyges.findings.flips import Flips, Item
    from gyges.findings.measured import Measured

__all__ = ["flips_said", "flips_table", "items_table"]

_VERDICTS = {
    (True, True): "single items change, and so does the total",
    (True, False): "single items change while the total does not clearly",
    (False, True): "the change shows in the total, and single items show no more of it than chance",
    (False, False): "neither single items nor the total clearly change",
}
"""By whether single items change beyond chance, and whether the total does."""


def flips_said(
    one: Flips, total: tuple[float | None, float | None, float | None], level: float, what: str
) -> str:
    """Say how far single items flip, beside the change of the total.

    Args:
        one: The flips.
        total: The change of the total, with its interval.
        level: The intervals' level.
        what: What the total is of.
    """
    own, beyond = one.majority, one.beyond
    text = (
        f"Between {one.first} and {one.second} the most frequent choice differs in {percent(own.estimate)} of "
        f"{own.queries} queries ({interval(own.low, own.high, level, rate=True)}), where chance alone makes "
        f"{percent(one.by_chance)} differ ({percent(one.by_chance_low)} to {percent(one.by_chance_high)} in 95 of 100 "
        "studies)"
    )
    moved = one.p < 1 - level
    if beyond is not None:
        moved = moved or (beyond.low is not None and beyond.low > 0)
        text += (
            f"; a sample under one and a sample under the other differ {_oftener(beyond, level)} than two under the "
            "same"
        )
    _, low, high = total
    clear = low is not None and high is not None and (low > 0 or high < 0)
    return f"{text}. {what} changes by {change(*total, level)}: {_VERDICTS[moved, clear]}."


def _oftener(one: Measured, level: float) -> str:
    size = points(abs(one.estimate))
    way = "more" if one.estimate >= 0 else "less"
    return f"{size} points {way} often ({interval(one.low, one.high, level)})"


def flips_table(found: Sequence[tuple[str, Flips]], caption: str) -> Table:
    """Tabulate the flips between arms and levels."""
    columns = ["Compared", "Majority differs", "By chance", "p", "To comply", "From comply"]
    columns += ["Samples differ", "Beyond chance", "Queries", "Answers"]
    rows = []
    for name, one in found:
        own, beyond = one.majority, one.beyond
        chance = f"{percent(one.by_chance_low, 1)} to {percent(one.by_chance_high, 1)}"
        rows.append(
            [
                Cell(name),
                span_of(own.estimate, own.low, own.high),
                Cell(percent(one.by_chance, 1), one.by_chance, "", chance),
                Cell(p_value(one.p), one.p),
                Cell(f"{one.toward:,}", one.toward),
                Cell(f"{one.away:,}", one.away),
                Cell(percent(one.between, 1), one.between),
                Cell("–")
                if beyond is None
                else span_of(beyond.estimate, beyond.low, beyond.high, gap=True),
                Cell(f"{own.queries:,}", own.queries),
                Cell(f"{own.answers:,}", own.answers),
            ]
        )
    methods = methods_said(
        part.method for _, one in found for part in (one.majority, one.beyond) if part is not None
    )
    note = (
        "Majority differs: the share of queries whose most frequent choice differs, with its interval. By chance: that "
        "share if the two made no difference, with where 95 of 100 such studies lie (choices that were asked for in "
        "the same way dealt anew to the two); p is how often it then is as large. To comply, from comply: queries "
        "whose majority complies under the first alone, and under the second alone. Samples differ: the probability "
        "that a sample under the first and one under the second differ. Beyond chance: that, less the same of two "
        f"samples under one of them, in points; 0 where no item moves. Method: {methods}."
    )
    return Table(caption, columns, rows, note)


def items_table(
    found: Sequence[Item], name: Callable[[str], str], caption: str, where: Mapping[str, Any]
) -> Table:
    """List the queries with their choices in both arms."""

    def said(choices: Mapping[str, int]) -> Cell:
        total = sum(choices.values())
        if not total:
            return Cell("–")
        text = ", ".join(f"{name(one)} {n}" for one, n in choices.items())
        return Cell(f"{text} (of {total})", next(iter(choices.values())) / total)

    rows = []
    for one in found:
        differs = (
            "–"
            if one.flips is None
            else "yes"
            if one.flips == 1
            else "no"
            if one.flips == 0
            else "tie"
        )
        link = transcripts({**where, "q": one.query, "control": "no"})
        rows.append(
            [Cell(one.query, None, link), said(one.monitored), said(one.unmonitored), Cell(differs)]
        )
    columns = ["Query", "Monitored", "Unmonitored", "Majority differs"]
    note = "Counts of trials with a choice, over all samples, wordings and levels of a query."
    return Table(caption, columns, rows, note, long=True)
