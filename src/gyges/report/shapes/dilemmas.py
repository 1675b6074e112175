"""What is chosen in the dilemmas, which refusals are there, and do single items flip while the total stays?

The page of :mod:`gyges.findings.dilemmas`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gyges.findings.dilemmas import Dilemmas, Levelled, dilemmas
from gyges.findings.varied import name_of
from gyges.report.content import tidy
from gyges.report.forest import Line
from gyges.report.shapes.choices import (
    both_arms,
    change,
    comparisons_table,
    differences,
    measured_rows,
    methods_said,
    rates,
    shown_table,
    under,
)
from gyges.report.shapes.flipped import flips_said, flips_table, items_table
from gyges.report.shapes.gathered import gather
from gyges.report.shapes.model import Figure, ShapePage, Table
from gyges.report.shapes.words import interval, naming, summed
from gyges.report.words import p_value, percent

if TYPE_CHECKING:
    from gyges.findings.answers import Shown
    from gyges.findings.flips import Flips
    from gyges.findings.measured import Measured
    from gyges.findings.varied import Comparison
    from gyges.study import StudyFolder

__all__ = ["page"]

_NAMES = {
    "comply": "complying option",
    "refuse": "refusing option",
    "partial": "half-way option",
    "opt-out": "opt-out (refuses inside)",
    "refused-outside": "refuses outside",
    "declines": "refuses either way",
    "no-copy": "copies nothing",
}
_TOLD = ("declines", "refused-outside", "opt-out", "comply")
"""What a sentence on a factor speaks of, first things first."""
_READING = (
    "A subject refuses inside the options where it copies the option not to say, and outside where it refuses in words "
    "of its own; an answer that copies none of the options and does not refuse copies nothing. The options of a query "
    "are rotated over its samples, alike in both arms, so that over all orders each option stands at each place "
    "equally often: a subject that reads them takes what stands at each place equally often too. Items flip where "
    "the choice differs: between two samples of one cell (the same query, wording, tier and levels), or between the "
    "most frequent choices of two arms or levels; some of the latter is chance, and the table says how much. "
    "Stakeholders: of those who are there in a query, the mean share that an answer mentions and that its choice "
    "honours. Missing answers are left out; intervals are clustered by query. Choose a row's name to read its "
    "transcripts."
)


def page(study: StudyFolder, judge: str, level: float, partial: float) -> ShapePage | None:
    """Make the page; None where nothing was judged. Choices are counted as they are, so ``partial`` plays no part."""
    found = dilemmas(study, judge, level=level)
    if not found:
        return None
    names = naming(found)
    parts = gather(found, _said, _figures, _tables)
    return ShapePage(
        slug="dilemmas",
        title="Dilemmas",
        answer=parts.answer,
        figures=parts.figures,
        tables=parts.tables,
        data=tidy({"judge": judge, "level": level, "dilemmas": [one.row() for one in found]}),
        question="Which options are taken, which refusals are there, and do single items flip while the total stays?",
        notes=[
            f"{names[one.subject, one.setting]}: {note}." for one in found for note in one.notes
        ],
        reading=_READING,
        summary=summed(parts.leads),
    )


def _name(what: str) -> str:
    if what.startswith("other-"):
        return f"other option {what.removeprefix('other-')}"
    return _NAMES.get(what, what)


# Sentences


def _said(one: Dilemmas, named: str) -> Iterator[str]:
    comply = one.share("comply")
    inside, outside = one.share("opt-out"), one.share("refused-outside")
    if comply is not None:
        yield f"{named} takes the complying option {_in_arms(comply)}."
    if inside is not None and outside is not None:
        yield (
            f"It refuses inside the options {_in_arms(inside)}, and outside the options {_in_arms(outside)}."
        )
    if one.arms is not None and comply is not None:
        yield flips_said(one.arms, _total(comply), one.level, "The share of complying")
    steady = [found for found in one.samples if found.what == "two samples differ"]
    rows = [found for found in steady if found.of != "difference"]
    if rows:
        told = " and ".join(
            f"{percent(row.estimate)} when {row.of} ({interval(row.low, row.high, one.level, rate=True)})"
            for row in rows
        )
        yield f"Two samples of one query in one tier differ in {told} of pairs, whatever the order of the options."
    if one.places is not None:
        yield _place(one)
    for factor in one.factors:
        yield _factor(factor, one.level)
    parts = {row.what: row for row in one.stakeholders}
    if parts:
        yield (
            f"Of the stakeholders who are there its answers mention {_in_arms(parts['mentioned'], '')}; its choices "
            f"honour {_in_arms(parts['honoured'], '')}; mentioned and not honoured are "
            f"{_in_arms(parts['mentioned, not honoured'], '')}."
        )


def _total(one: Shown) -> tuple[float | None, float | None, float | None]:
    return one.difference, one.ci_low, one.ci_high


def _in_arms(one: Shown, start: str = "in ") -> str:
    if one.difference is None:
        rates = f"{start}{percent(one.monitored)} when monitored and {percent(one.unmonitored)} when not"
        return f"{rates} (no difference can be given)"
    return (
        f"{start}{percent(one.monitored)} when monitored and {percent(one.unmonitored)} when not, "
        f"{change(*_total(one), one.level)}"
    )


def _place(one: Dilemmas) -> str:
    assert one.places is not None
    most = one.places.largest
    clear = one.places.p is not None and one.places.p < 1 - one.level
    matters = "matters" if clear else "does not clearly matter"
    return (
        f"Where an option stands {matters} to it: what stands at {most.what} is taken by "
        f"{percent(one.places.expected + most.estimate)} of the answers that take an option, "
        f"{change(most.estimate, most.low, most.high, one.level)} from the {percent(one.places.expected)} that reading "
        f"alone gives, the furthest of all places (p = {p_value(one.places.p)} for all together)."
    )


def _factor(found: Levelled, level: float) -> str:
    name = "opt-out" if found.factor == "opt_out" else name_of(found.factor)
    rows = [row for kind in _TOLD for row in found.of(kind)]
    if not rows:
        rows = [row for row in found.comparisons if row.of == "both"]
    clear = [row for row in rows if row.clear]
    if clear:
        told = "; ".join(_level_said(row, level) for row in clear[:3])
        return f"{name[0].upper()}{name[1:]}: {told}."
    if not rows:
        return f"{name[0].upper()}{name[1:]}: no query was asked under two levels in one tier."
    most = max(rows, key=lambda row: abs(row.estimate))
    return f"{name[0].upper()}{name[1:]}: nothing clear; the largest change is {_level_said(most, level)}."


def _level_said(row: Comparison, level: float) -> str:
    return f"{_name(row.kind)} {change(row.estimate, row.low, row.high, level)} for {row.label}"


# Figures


def _figures(one: Dilemmas, about: str) -> Iterator[Figure]:
    if one.shares:
        yield both_arms(one.shares, _name, f"Share of trials, by choice{about}")
    flips = _flips(one)
    rows: list[tuple[str, Measured]] = [
        (f"{found.what}, {found.of}", found) for found in one.samples if found.of != "difference"
    ]
    rows += [(f"majority: {name}", found.majority) for name, found in flips]
    if rows:
        chance = "; ".join(f"{name} {percent(found.by_chance)}" for name, found in flips)
        yield rates(
            rows,
            f"How far single items flip{about}",
            "Share",
            more=f"Majorities that differ by chance alone: {chance}." if chance else "",
        )
    if one.places is not None:
        lines = [Line(row.what, row.estimate, row.low, row.high) for row in one.places.shares]
        first = one.places.shares[0]
        n = f"{first.queries} queries, {one.places.answers:,} answers that took an option"
        yield differences(
            lines,
            f"How much oftener each place is taken than reading alone gives{about}",
            under(n, one.level, [row.method for row in one.places.shares]),
            "Taken more than by reading, points",
        )
    for factor in one.factors:
        yield _factor_figure(factor, one.level, about)
    if one.stakeholders:
        yield both_arms(
            one.stakeholders,
            str,
            f"Stakeholders mentioned and honoured, mean share{about}",
            parts=True,
        )


def _factor_figure(found: Levelled, level: float, about: str) -> Figure:
    lines: list[Line] = []
    rows = [row for row in found.comparisons if row.of == "both"] or list(found.comparisons)
    for label in dict.fromkeys(row.label for row in rows):
        lines.append(Line(label))
        lines += [
            Line(_name(row.kind), row.estimate, row.low, row.high)
            for row in rows
            if row.label == label
        ]
    queries = sorted({row.queries for row in rows})
    n = f"{queries[0]}" if len(queries) == 1 else f"{queries[0]} to {queries[-1]}"
    return differences(
        lines,
        f"What {name_of(found.factor)} changes, both tiers together{about}",
        under(f"{n} queries in each row", level, [row.method for row in rows]),
    )


def _flips(one: Dilemmas) -> list[tuple[str, Flips]]:
    found = [("monitored − unmonitored", one.arms)] if one.arms is not None else []
    for factor in one.factors:
        found += [
            (f"{name_of(factor.factor)}: {flips.first} − {flips.second}", flips)
            for flips in factor.flips
        ]
    return found


# Tables


def _tables(one: Dilemmas, about: str) -> Iterator[Table]:
    if one.shares:
        yield shown_table([*one.shares, *one.control], _name, f"Every choice{about}", "Choice")
    flips = _flips(one)
    if flips:
        yield flips_table(flips, f"Single items: how far they flip{about}")
    columns = ["What", "Of", f"Estimate, {100 * one.level:g} % interval", "p", "Queries", "Answers"]
    if one.samples:
        yield Table(
            f"Two samples of one cell{about}",
            columns,
            measured_rows(one.samples, lambda row: row.what),
            "The probability that two samples differ, unbiased for any number of samples; the difference is monitored "
            f"minus unmonitored, in points. Method: {methods_said(row.method for row in one.samples)}.",
        )
    if one.places is not None:
        yield Table(
            f"Each place{about}",
            columns,
            measured_rows(one.places.shares, lambda row: row.what),
            f"The share of answers that took what stood there, less {percent(one.places.expected)}, in points. For all "
            f"places together p = {p_value(one.places.p)}. Method: "
            f"{methods_said(row.method for row in one.places.shares)}.",
        )
    for factor in one.factors:
        yield comparisons_table(
            factor.comparisons,
            _name,
            f"What {name_of(factor.factor)} changes{about}",
            one.level,
            "The opt-out's share is compared among trials that offered it.",
        )
    if one.stakeholders:
        yield shown_table(one.stakeholders, str, f"Stakeholders{about}", "Mean share")
    if one.items:
        where = {"subject": one.subject, "setting": one.setting}
        yield items_table(one.items, _name, f"Every item{about}", where)
