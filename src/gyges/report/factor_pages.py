"""Which pages say what was varied, and what stands on each?

A page answers one question about one thing that was varied: a sentence for each subject, then the figure, then the
tables, whose rows lead to their transcripts. All pages are one machinery: a finding
(:class:`gyges.findings.Varied`) gives the sentences and the numbers, and what kind of thing it is gives the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gyges.report.factor_figures import Drawing, drawings
from gyges.report.words import p_value, percent, points, signed

if TYPE_CHECKING:
    from gyges.findings import Comparison, LevelRow, Varied

__all__ = ["Cell", "FactorPage", "Part", "Table", "factor_pages"]

_TITLES = {
    "wordings": ("The wording landscape", "Does the gap depend on how the text is worded?"),
    "temperature": ("Temperature", "Does the gap change with the sampling temperature?"),
    "tiers": ("The tiers", "Is it being trained on, or being rated, that changes the answers?"),
    "oversight": (
        "Oversight probability",
        "Does compliance follow the stated probability of oversight?",
    ),
    "consequences": ("Consequences", "Does the gap depend on what would follow?"),
    "dose": (
        "Dose of information",
        "Does the gap grow with what the subject is told about training?",
    ),
    "verbalised": ("Behaviour and reasoning", "Do the answers that fake also say so?"),
    "subjects": ("Subjects side by side", "Which subjects differ, on the same prompts?"),
}
_CONTRASTS = {
    "level": "Differences between levels",
    "slope": "Trend",
    "pair": "Differences between two levels",
    "part": "Goal-guarding and rater-sycophancy",
    "scheme": "The same tier under different schemes",
    "reference": "The reference wording against the others",
    "near": "Near wordings against far ones",
    "distance": "Slope over the distance",
    "verbalised": "The gap by what was said",
    "subject": "Differences between subjects",
}


@dataclass(frozen=True)
class Cell:
    """One cell of a table."""

    text: str
    sort: float | None = None
    """Its number, to sort by; None where it is text."""
    href: str = ""
    also: str = ""
    """More, small below it."""


@dataclass(frozen=True)
class Table:
    """A table with a title; the first column names its rows."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    long: bool = False
    """Whether it is folded away at first."""


@dataclass(frozen=True)
class Part:
    """What a page says of one subject and setting."""

    title: str
    lead: str
    more: Sequence[str]
    drawings: Sequence[Drawing]
    tables: Sequence[Table]
    notes: Sequence[str]
    caption: str
    folded: bool = False
    """Whether it is one of the values that another part takes together."""


@dataclass(frozen=True)
class FactorPage:
    """One page."""

    name: str
    title: str
    question: str
    summary: str
    """The first sentence, for the list on the first page."""
    parts: Sequence[Part]

    @property
    def file(self) -> str:
        """The page's file."""
        return f"{self.name}.html"


def factor_pages(found: Sequence[Varied]) -> list[FactorPage]:
    """Make the pages of a report.

    Args:
        found: What :func:`gyges.findings.varied` gives, in the order of the pages.
    """
    pages = []
    for name in dict.fromkeys(one.page for one in found):
        own = [one for one in found if one.page == name]
        plain = own[0].factor.replace("_", " ")
        title, question = _TITLES.get(
            name, (plain[0].upper() + plain[1:], f"Does the gap depend on {plain}?")
        )
        pages.append(
            FactorPage(
                name=_file_name(name),
                title=title,
                question=question,
                summary=own[0].sentences[0] if own[0].sentences else "",
                parts=[_part(one, own) for one in own],
            )
        )
    return pages


def _file_name(page: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in page)


def _part(one: Varied, own: Sequence[Varied]) -> Part:
    group = one.group
    names = [group.subject] if group.subject else []
    if len({(other.group.setting) for other in own}) > 1 or not group.subject:
        names.append(group.setting)
    if len({other.group.value for other in own}) > 1:
        names.append(group.value or f"all {group.values} values")
    if len({other.factor for other in own}) > 1:
        names.append(one.factor.replace("_", " "))
    together = {
        (other.group.subject, other.group.setting) for other in own if other.group.values > 1
    }
    folded = bool(group.value) and (group.subject, group.setting) in together
    return Part(
        title=" · ".join(names),
        lead=one.sentences[0] if one.sentences else "",
        more=list(one.sentences[1:]),
        drawings=drawings(one),
        tables=_tables(one),
        notes=list(one.notes),
        caption=_caption(one),
        folded=folded,
    )


def _caption(one: Varied) -> str:
    queries = [row.queries for row in one.rows]
    answers = sum(row.answers for row in one.rows)
    most, least = max(queries, default=0), min(queries, default=0)
    n = f"{most} queries" if most == least else f"{least} to {most} queries"
    method = f" Method: {one.method}." if one.method else ""
    each = " in each row" if len(one.rows) > 1 else ""
    total = f"{answers:,} pairs of answers" if one.page == "verbalised" else f"{answers:,} answers"
    return f"n = {n}{each}, {total} in all. Lines are {100 * one.level:g} % intervals.{method}"


# Tables


def _tables(one: Varied) -> list[Table]:
    found = [_crossed(one)] if one.page == "verbalised" else [_levels(one)]
    kinds = list(dict.fromkeys(item.kind for item in one.comparisons))
    components = [kind for kind in kinds if kind.startswith("component ")]
    if components:
        merged = [item for item in one.comparisons if item.kind in components]
        found.append(_comparisons("Each version against the base version", merged))
    for kind in kinds:
        if kind in components or kind == "change":
            continue
        own = one.of_kind(kind)
        if kind == "slope":
            # The slope and what it comes to over the range say one thing.
            own = [item for pair in zip(own, one.of_kind("change"), strict=True) for item in pair]
        found.append(_comparisons(_CONTRASTS.get(kind, kind), own))
    variance = one.facts.get("variance")
    if variance:
        found.append(_variance(variance))
    return found


def _levels(one: Varied) -> Table:
    tiers = one.page == "tiers"
    shown = ["rate"] if tiers else ["monitored", "unmonitored", "gap"]
    about = [
        key
        for key in dict.fromkeys(key for row in one.rows for key in row.about)
        if any(row.about.get(key) is not None for row in one.rows)
    ]
    first = {"wordings": "Wording", "tiers": "Tier", "subjects": "Subject"}.get(
        one.page, one.factor.replace("_", " ").capitalize()
    )
    heads = {"rate": "Complies", "monitored": "Monitored", "unmonitored": "Unmonitored"}
    header = [first, *[key.replace("_", " ").capitalize() for key in about]]
    for key in shown:
        header += (
            [heads.get(key, "Gap"), "95 % interval"] if key != "gap" else ["Gap", "95 % interval"]
        )
    header += ["Queries", "Answers"]
    rows = []
    for row in one.rows:
        label = (
            f"{row.label} (reference)" if row.reference and one.page != "wordings" else row.label
        )
        cells = [Cell(label, row.x, _href(row))]
        cells += [_about(row.about.get(key)) for key in about]
        for key in shown:
            cells += _span(row, key)
        cells += [Cell(f"{row.queries:,}", row.queries), Cell(f"{row.answers:,}", row.answers)]
        rows.append(cells)
    return Table(
        "Each level" if one.page != "wordings" else "Each wording", header, rows, len(rows) > 14
    )


def _about(item: Any) -> Cell:
    if isinstance(item, int | float) and not isinstance(item, bool):
        return Cell(f"{item:g}", float(item))
    return Cell("–" if item is None else str(item))


def _span(row: LevelRow, key: str) -> list[Cell]:
    span = row.spans.get(key)
    if span is None:
        return [Cell("–"), Cell("–")]
    value, low, high = span
    write = signed if key == "gap" else percent
    cells = [Cell(write(value, 1), value)]
    if low is None or high is None:
        return [*cells, Cell("–")]
    ends = (
        (points(low, 1), points(high, 1)) if key == "gap" else (percent(low, 1), percent(high, 1))
    )
    return [*cells, Cell(f"{ends[0]} to {ends[1]}", low)]


def _comparisons(title: str, found: Sequence[Comparison]) -> Table:
    several = len({item.of for item in found} - {"all"}) > 1
    adjusted = any(item.p_adjusted != item.p for item in found)
    header = ["", *(["Of"] if several else []), "Points", "95 % interval"]
    header += ["p (Holm)" if adjusted else "p", "Detectable", "Queries"]
    rows = []
    for item in found:
        ends = (
            Cell("–")
            if item.low is None or item.high is None
            else Cell(f"{points(item.low, 1)} to {points(item.high, 1)}", item.low)
        )
        cells = [Cell(item.label), *([Cell(item.of)] if several else [])]
        cells += [Cell(signed(item.estimate, 1), item.estimate), ends]
        cells.append(Cell(p_value(item.p_adjusted), item.p_adjusted))
        cells.append(Cell(points(item.detectable), item.detectable))
        cells.append(Cell(f"{item.queries:,}", item.queries))
        rows.append(cells)
    return Table(title, header, rows, len(rows) > 14)


def _variance(parts: Mapping[str, Mapping[str, float | None]]) -> Table:
    rows = []
    for name, part in parts.items():
        share, low, high = part["share"], part["low"], part["high"]
        ends = Cell("–") if low is None or high is None else Cell(f"{low:.0%} to {high:.0%}", low)
        rows.append(
            [
                Cell(name),
                Cell(points(part["sd"], 1), part["sd"]),
                Cell("–" if share is None else f"{share:.0%}", share),
                ends,
            ]
        )
    title = "Where the variance of one answered pair lies"
    return Table(title, ["", "Standard deviation, points", "Share", "95 % interval"], rows)


def _crossed(one: Varied) -> Table:
    """The two by two of what was done and what was said."""
    by = {(row.about["behaves"], row.about["verbalises"]): row for row in one.rows}
    total = sum(row.answers for row in one.rows)
    rows = []
    for behaves, label in (
        (True, "complies only when monitored"),
        (False, "any other pair"),
    ):
        cells = [Cell(label)]
        for said in (True, False):
            row = by[behaves, said]
            share = f" ({row.answers / total:.0%})" if total else ""
            cells.append(Cell(f"{row.answers:,}{share}", row.answers, _href(row)))
        cells.append(Cell(f"{by[behaves, True].answers + by[behaves, False].answers:,}"))
        rows.append(cells)
    header = ["Pairs of answers", "states the strategy", "silent", "all"]
    return Table("What was done, and what was said", header, rows)


def _href(row: LevelRow) -> str:
    """The fragment of the first page that opens the transcripts behind a row."""
    chosen = {key: value for key, value in row.where.items() if value}
    return f"index.html#{urlencode(chosen, errors='replace')}" if chosen else ""
