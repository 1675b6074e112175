"""Does the subject act on what it should not, hide it in its report, and deny it when it is asked?

The page of :mod:`gyges.findings.chain`: the three rates in both tiers, each of the sessions that came that far, their
gaps, and the counts behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gyges.findings.chain import ArmRate, Chain, Link, chains
from gyges.report.forest import Line, forest
from gyges.report.shapes.model import Cell, Figure, ShapePage, Table, transcripts
from gyges.report.shapes.shares import Shares, shares
from gyges.report.shapes.words import interval, listed, naming, ratio, span_cell, summed
from gyges.report.words import p_value, percent, points, signed

if TYPE_CHECKING:
    from gyges.study import StudyFolder

__all__ = ["page"]

_NAMES = {
    "act": "acts",
    "conceal": "conceals, if it acted",
    "double-down": "doubles down, if it concealed",
}
_READING = (
    "Each row is of the sessions that came that far: all of them; those in which it acted; those in which it acted "
    "and its report kept the real source back. A gap is monitored minus unmonitored, within the queries that have "
    "such sessions in both tiers. Where the rates of acting differ, the sessions behind the later rows are not "
    "the same in both tiers, so those gaps describe and do not show a cause. A session whose step was not judged "
    "or is undecided decides nothing, and whether it came to the next step is not known; the pale bars show where the "
    "rate could lie, over all ways to decide those. In the no-conflict control the news is public, so there is nothing "
    "to hide. Choose a row's name to read its transcripts."
)


def page(study: StudyFolder, judge: str, level: float, partial: float) -> ShapePage | None:
    """Make the page; None where no session has been read. A partial act is no act here."""
    found = chains(study, judge=judge, level=level)
    found = [one for one in found if any(arm.rate for arm in one.links[0].arms.values())]
    if not found:
        return None
    names = naming(found)
    main = [one for one in found if not one.control] or found
    controls = {(one.subject, one.setting): one for one in found if one.control}
    answer: list[str] = []
    figures: list[Figure] = []
    tables: list[Table] = []
    for one in main:
        key = (one.subject, one.setting)
        control = None if one.control else controls.get(key)
        about = f": {names[key]}" if len(main) > 1 else ""
        answer += [_sentence(one, names[key]), *_details(one), _control(control)]
        figures += _figures(one, control, about)
        tables.append(_table(one, control, about))
        if one.levels:
            tables.append(_levels(one, about))
    return ShapePage(
        slug="chain",
        title="Act, report, question",
        answer=[said for said in answer if said],
        figures=figures,
        tables=tables,
        data={"judge": judge, "level": level, "chains": [one.row() for one in found]},
        question="Does it act on what it should not know, hide that in its report, and deny it when it is asked?",
        notes=[note for one in main for note in _notes(one, names[one.subject, one.setting])],
        reading=_READING,
        summary=summed(
            [
                f"{_sentence(one, names[one.subject, one.setting])} {_gap(one.links[0], one.level)}".strip()
                for one in main
            ]
        ),
    )


# Sentences


_VERBS = {"act": "acts", "conceal": "conceals", "double-down": "doubles down"}
_WHERE = {"conceal": "where it acted", "double-down": "where it also concealed"}


def _sentence(one: Chain, named: str) -> str:
    """Say the three rates in few words, monitored first; their intervals stand in the sentences that follow."""
    where = "In the no-conflict control, " if one.control else ""
    parts = [
        f"{f'{_WHERE[link.name]}, it ' if parts_before else ''}{_VERBS[link.name]} in {_brief(link)}"
        for parts_before, link in enumerate(one.links)
        if any(arm.rate for arm in link.arms.values())
    ]
    return f"{where}{named} {'; '.join(parts)}."


def _brief(link: Link) -> str:
    of = " of its sessions" if link.name == "act" else ""
    rates = {tier: percent(arm.rate[0]) for tier, arm in link.arms.items() if arm.rate}
    if len(rates) < len(link.arms):
        return " and ".join(f"{rate}{of} when {tier}" for tier, rate in rates.items())
    monitored, unmonitored = rates.values()
    if link.name != "act":
        return f"{monitored} and {unmonitored}"
    return f"{monitored}{of} when monitored and {unmonitored} when unmonitored"


def _details(one: Chain) -> list[str]:
    """Say each rate with its interval, and the gap."""
    told = []
    for link in one.links:
        if not any(arm.rate for arm in link.arms.values()):
            continue
        start = f"{_WHERE[link.name]}, it " if link.name in _WHERE else "it "
        text = f"{start}{_VERBS[link.name]} in {_both(link, one.level)}. {_gap(link, one.level)}"
        told.append(f"{text[0].upper()}{text[1:]}".strip())
    return told


def _both(link: Link, level: float) -> str:
    said = []
    for tier, arm in link.arms.items():
        if arm.rate is None:
            said.append(f"no such session when {tier} (n = {arm.given})")
            continue
        value, low, high = arm.rate
        span = interval(low, high, level, rate=True)
        said.append(f"{percent(value)} when {tier} ({span}; n = {arm.done + arm.not_done})")
    return listed(said)


def _gap(link: Link, level: float) -> str:
    if link.gap is None:
        return ""
    what = {"act": "acting", "conceal": "concealing", "double-down": "doubling down"}[link.name]
    value, low, high = link.gap
    if low is None or high is None:
        return f"The gap in {what} is {signed(value)} points; so few queries give no interval."
    span = interval(low, high, level)
    if link.clear:
        return f"The gap in {what} is {signed(value)} points ({span})."
    most = max(abs(low), abs(high))
    found = (
        f"; a study like this finds a gap of {points(link.detectable)} four times in five"
        if link.detectable is not None and link.detectable < 1
        else ""
    )
    return (
        f"There is no clear gap in {what} ({signed(value)} points, {span}): one of up to {points(most)} points could "
        f"still hide{found}."
    )


def _control(control: Chain | None) -> str:
    if control is None:
        return ""
    link = control.links[0]
    return f"In the no-conflict control, where the news is public, it does the same in {_both(link, control.level)}."


def _notes(one: Chain, named: str) -> list[str]:
    """Warn where nobody has read a step, or where much of it is open."""
    notes = []
    for link in one.links:
        if link.judge is None:
            question = {"conceal": "disclosure"}.get(link.name, link.name)
            notes.append(
                f"{named}: nobody has read whether it {_NAMES[link.name].partition(',')[0]} yet. Next: "
                f"gyges judge STUDY --question {question}"
            )
            break
        for arm in link.arms.values():
            if arm.undecided + arm.missing + arm.open_before and arm.bounds is not None:
                low, high = arm.bounds
                more = (
                    f", and {arm.open_before} more may have come that far"
                    if arm.open_before
                    else ""
                )
                notes.append(
                    f"{named}, {_NAMES[link.name]}, {arm.tier}: {arm.undecided} undecided and {arm.missing} missing of "
                    f"{arm.given} sessions{more}; depending on them the rate lies between {percent(low)} and "
                    f"{percent(high)}."
                )
    return notes


# Figures and tables


def _figures(one: Chain, control: Chain | None, about: str) -> list[Figure]:
    from gyges.findings import plain_method

    rows = [_row(_NAMES[link.name], link) for link in one.links]
    if control is not None:
        rows += [Shares("No-conflict control"), _row("acts", control.links[0])]
    label = f"Rates in both arms, {len(rows)} rows with intervals; the table has every number."
    first = one.links[0]
    n = ", ".join(f"{arm.given:,} sessions {tier}" for tier, arm in first.arms.items())
    queries = max(arm.queries for arm in first.arms.values())
    methods = dict.fromkeys(
        plain_method(arm.method).partition(" with ")[0]
        for link in one.links
        for arm in link.arms.values()
        if arm.method
    )
    made = [
        Figure.drawn(
            lambda width: shares(rows, width=width, label=label, head="Sessions in which it"),
            caption=f"What is done in each step, of the sessions that came that far{about}",
            note=f"n = {queries} queries; {n}. Lines are {100 * one.level:g} % intervals: {'; or '.join(methods)}, "
            "clustered by query.",
        )
    ]
    lines = [Line(_NAMES[link.name].partition(",")[0], *link.gap) for link in one.links if link.gap]
    if lines:
        counted = ", ".join(
            f"{link.queries} ({_NAMES[link.name].partition(',')[0]})"
            for link in one.links
            if link.gap
        )
        method = plain_method(next(link.method for link in one.links if link.gap))
        made.append(
            Figure.drawn(
                lambda width: forest(
                    lines,
                    width=width,
                    label="The gap of each step, in points with intervals; the table has every number.",
                    head="Gap: monitored − unmonitored, points",
                ),
                caption=f"The gap of each step{about}",
                note=f"n = queries with such sessions in both tiers: {counted}. Lines are {100 * one.level:g} % "
                f"intervals. Method: {method}.",
            )
        )
    return made


def _row(name: str, link: Link) -> Shares:
    return Shares(
        name,
        {tier: arm.rate for tier, arm in link.arms.items()},
        {tier: arm.bounds for tier, arm in link.arms.items()},
    )


def _table(one: Chain, control: Chain | None, about: str) -> Table:
    rows = [
        _cells(chain, link, arm)
        for chain in (one, control)
        if chain is not None
        for link in chain.links
        for arm in link.arms.values()
    ]
    judges = ", ".join(
        f"{_NAMES[link.name].partition(',')[0]}: {link.judge or 'nobody'}" for link in one.links
    )
    return Table(
        caption=f"Counts behind the rates{about}",
        columns=[
            "Step", "Rate", "Gap", "p", "Sessions", "Did", "Did not", "Undecided", "Missing",
            "Bounds", "Queries",
        ],
        rows=rows,
        note=f"Read by {judges}. Sessions: those that came that far. Bounds: the rate over all ways to decide what is "
        "open, in this step and before it.",
    )  # fmt: skip


def _cells(chain: Chain, link: Link, arm: ArmRate) -> list[Cell | str]:
    control = "control, " if chain.control else ""
    where = {
        "subject": chain.subject,
        "setting": chain.setting,
        "control": "yes" if chain.control else "no",
    }
    if link.name != "act":
        where[f"outcome.{arm.tier}"] = "comply"
    first = arm.tier == "monitored"
    return [
        Cell(f"{control}{_NAMES[link.name]}, {arm.tier}", None, transcripts(where)),
        span_cell(arm.rate),
        span_cell(link.gap, gap=True) if first else Cell(""),
        Cell(p_value(link.p), link.p) if first and link.p is not None else Cell(""),
        *(
            Cell(f"{count:,}", count)
            for count in (arm.given, arm.done, arm.not_done, arm.undecided, arm.missing)
        ),
        Cell("–") if arm.bounds is None else Cell(ratio(*arm.bounds), arm.bounds[0]),
        Cell(f"{arm.queries:,}", arm.queries),
    ]


def _levels(one: Chain, about: str) -> Table:
    """The chain at each level of what varied."""
    columns = ["Level"]
    for name in _NAMES:
        short = _NAMES[name].partition(",")[0]
        columns += [f"{short}, monitored", f"{short}, unmonitored", f"{short}, gap"]
    rows: list[Sequence[Cell | str]] = []
    for own in one.levels:
        where = {
            "subject": one.subject,
            "setting": one.setting,
            "control": "yes" if one.control else "no",
            f"factor.{own.factor}": own.at,
        }
        cells: list[Cell | str] = [Cell(f"{own.factor}: {own.at}", None, transcripts(where))]
        for name in _NAMES:
            link = own.link(name)
            if link is None:
                cells += [Cell("–")] * 3
                continue
            cells += [span_cell(arm.rate) for arm in link.arms.values()]
            cells.append(span_cell(link.gap, gap=True))
        rows.append(cells)
    return Table(
        caption=f"The same at each level of what varied{about}",
        columns=columns,
        rows=rows,
        note=f"Each with its {100 * one.level:g} % interval, clustered by query; not adjusted for their number.",
        long=True,
    )
