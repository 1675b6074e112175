"""What stands on the page about what the answers show beside the outcome?

A section for each question, in it a part for each judge: the answer in a sentence, the figure, the table whose rows
lead to their transcripts, and who the judge is: what it sees, how often it was asked, its card or that it has none, and
what it made of known transcripts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gyges.report.answer_figures import compared, labelled
from gyges.report.answer_parts import Group, amount, group_name, grouped, signed_amount
from gyges.report.answer_verdict import verdict
from gyges.report.answer_words import FEW, leads
from gyges.report.asked import OUTCOME, Asked
from gyges.report.factor_figures import Drawing
from gyges.report.factor_pages import Cell, Table
from gyges.report.trust import Misread, calibration, shown_known

if TYPE_CHECKING:
    from gyges.findings import Shown

__all__ = ["FILE", "AnswerPage", "GroupPart", "JudgePart", "KnownPart", "Section", "answer_page"]

FILE = "answers.html"
_BOTH = "yes, and complies"
"""What the findings count beside a question with criteria; a label of another question may be called so too."""


@dataclass(frozen=True)
class KnownPart:
    """What a judge made of known transcripts."""

    judge: str
    question: str
    text: str
    wrong: Sequence[Misread]
    warning: str
    none: bool
    """Whether it was shown none."""


@dataclass(frozen=True)
class GroupPart:
    """The figures and the table of one group of trials."""

    title: str
    drawings: Sequence[Drawing]
    table: Table


@dataclass(frozen=True)
class JudgePart:
    """What one judge's answers to a question show, and who the judge is."""

    judge: str
    named: bool
    """Whether the page must say whose answers these are, since there are several."""
    lead: str
    more: Sequence[str]
    compared: Sequence[Drawing]
    """The groups of trials beside each other, where there are several."""
    groups: Sequence[GroupPart]
    folded: bool
    """Whether the groups are many, and folded away at first."""
    caption: str
    facts: Sequence[tuple[str, str]]
    instructions: str
    uncalibrated: str
    """What must be known of a judge whose errors nobody measured on a subject's texts; empty for others."""
    alarming: bool
    """Whether nothing at all is known of its errors."""
    known: KnownPart
    agreements: Sequence[str]
    bearing: Sequence[str]
    """What it says of the gap."""


@dataclass(frozen=True)
class Section:
    """A question."""

    anchor: str
    name: str
    title: str
    summary: str
    """Its first sentence, for the list on the first page."""
    figure: str
    """What came of it in a word or two: the difference, or that there is none to speak of."""
    clear: bool
    """Whether the tiers clearly differ."""
    parts: Sequence[JudgePart]


@dataclass(frozen=True)
class AnswerPage:
    """The page."""

    sections: Sequence[Section]
    known: Sequence[KnownPart]
    """What the judges of the outcome made of known transcripts."""
    known_all: Sequence[KnownPart]
    """The same of all judges, for the first page."""
    file: str = FILE
    title: str = "What the answers show"


def answer_page(asked: Sequence[Asked]) -> AnswerPage:
    """Make the page of a report; without a section where nothing was asked beside the outcome."""
    sections = []
    for question in dict.fromkeys(one.question for one in asked if one.question != OUTCOME):
        own = [one for one in asked if one.question == question]
        parts = [_part(one, first=at == 0, several=len(own) > 1) for at, one in enumerate(own)]
        anchor = "q-" + re.sub(r"[^A-Za-z0-9-]+", "-", question)
        by = f"{own[0].judge}: " if len(own) > 1 else ""
        short = verdict(own[0])
        summary = f"{by}{parts[0].lead}"
        sections.append(
            Section(anchor, question, own[0].title, summary, short.text, short.clear, parts)
        )
    known = [_known(one) for one in asked]
    outcome = [one for one in known if one.question == OUTCOME]
    return AnswerPage(sections, outcome, known)


def _known(one: Asked) -> KnownPart:
    found = shown_known(one)
    none = not one.known.get("rows")
    return KnownPart(one.judge, one.question, found.text, found.wrong, found.warning, none)


def _part(one: Asked, *, first: bool, several: bool) -> JudgePart:
    groups = grouped(one.shown)
    told = leads(one)
    trust = calibration(one.judge, one.info.get("version"), one.info.get("card"))
    return JudgePart(
        judge=one.judge,
        named=several,
        lead=told[0] if told else "",
        more=told[1:],
        compared=compared(one),
        groups=[
            GroupPart(
                group_name(key, list(groups)),
                labelled(one, rows),
                _table(one, key, rows, list(groups), first=first),
            )
            for key, rows in groups.items()
        ],
        folded=len(groups) > FEW,
        caption=_caption(one.shown),
        facts=_facts(one, trust.text if trust.measured else trust.note),
        instructions=str(one.info.get("instructions") or ""),
        uncalibrated="" if trust.measured else trust.text,
        alarming=not trust.calm,
        known=_known(one),
        agreements=list(one.agreements),
        bearing=list(one.bearing),
    )


def _facts(one: Asked, measured: str) -> list[tuple[str, str]]:
    """Say who the judge is; what is not known is left out."""
    info = one.info
    found: list[tuple[str, Any]] = [
        ("Judge", one.judge),
        ("Kind", info.get("kind")),
        ("Version", info.get("version")),
        ("Sees", info.get("sees")),
    ]
    votes = info.get("votes")
    if isinstance(votes, int):
        temperature = info.get("temperature")
        at = "" if temperature is None else f", at temperature {temperature:g}"
        found.append(("Votes", f"{votes} on each trial{at}"))
    threshold = info.get("threshold")
    if isinstance(threshold, int | float) and one.kind in ("criteria", "labels", "choice"):
        of = "" if isinstance(votes, int) and votes > 1 else "; with one vote it decides nothing"
        told = f"{threshold:g}: the share of votes from which an answer counts{of}"
        found.append(("Threshold", told))
    members = info.get("members")
    if isinstance(members, list):
        names = [str(member.get("name")) for member in members if isinstance(member, Mapping)]
        found.append(("Members", f"{', '.join(names)}; the rule is {info.get('rule')}"))
    found.append(("Card", measured))
    return [(name, str(value)) for name, value in found if value not in (None, "")]


def _caption(shown: Sequence[Shown]) -> str:
    if not shown:
        return ""

    methods = list(dict.fromkeys(one.method for one in shown if one.method))
    labels = len({one.what for one in shown if one.unit == "share"})
    text = f"Lines are {100 * shown[0].level:g} % intervals"
    text += f", not adjusted for the number of answers ({labels})." if labels > 1 else "."
    if methods:
        text += f" Method: {_brief(methods)}."
    return text


def _brief(methods: Sequence[str]) -> str:
    from gyges.findings import plain_method

    return "; or ".join(dict.fromkeys(plain_method(method) for method in methods))


def _table(
    asked: Asked, key: Group, rows: Sequence[Shown], among: Sequence[Group], *, first: bool
) -> Table:
    level = f"{100 * rows[0].level:g} %"
    header = ["Answer", "Monitored", "Unmonitored", "Difference", "Undecided", "Missing", "Trials"]
    lines = []
    for one in rows:
        cells = [Cell(_name(one), None, _href(key, {}))]
        for tier in ("monitored", "unmonitored"):
            value = getattr(one, tier)
            href = _href(key, _filter(asked, one, tier, first=first)) if one.unit == "share" else ""
            ends = _ends(one, getattr(one, f"{tier}_ci_low"), getattr(one, f"{tier}_ci_high"))
            # A link to nothing would only say that nothing matches.
            cells.append(Cell(amount(one, value), value, href if value else "", ends))
        ends = ""
        if one.ci_low is not None and one.ci_high is not None:
            low, high = (signed_amount(one, v, plus=False) for v in (one.ci_low, one.ci_high))
            ends = f"{low} to {high}"
        cells.append(Cell(signed_amount(one, one.difference), one.difference, "", ends))
        for kind in ("undecided", "missing"):
            counts = [int(getattr(one, f"{kind}_{tier}")) for tier in ("monitored", "unmonitored")]
            cells.append(Cell(f"{counts[0]:,}, {counts[1]:,}", sum(counts)))
        cells.append(Cell(f"{one.trials:,}", one.trials))
        lines.append(cells)
    name = group_name(key, among)
    title = f"{name}, with {level} intervals" if name else f"Every answer, with {level} intervals"
    return Table(title, header, lines)


def _ends(one: Shown, low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{amount(one, low)} to {amount(one, high)}"


def _name(one: Shown) -> str:
    return f"{one.what} (mean, {one.low:g} to {one.high:g})" if one.unit == "mean" else one.what


def _filter(asked: Asked, one: Shown, tier: str, *, first: bool) -> dict[str, str]:
    """Name the filters of the first page that leave the trials that are counted."""
    key = f"said.{asked.question}" + ("" if first else f"@{asked.judge}")
    if asked.kind == "criteria" and one.what == _BOTH:
        return {key: f"{tier}: yes", f"outcome.{tier}": "comply"}
    return {key: f"{tier}: {one.what}"}


def _href(key: Group, further: Mapping[str, str]) -> str:
    subject, setting, value, control = key
    chosen = {"subject": subject, "setting": setting, "value": value}
    chosen = {name: level for name, level in chosen.items() if level}
    chosen["control"] = "yes" if control else "no"
    return f"index.html#{urlencode({**chosen, **further}, errors='replace')}"
