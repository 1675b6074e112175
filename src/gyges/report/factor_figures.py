"""Which figures show what was varied?

Numbers are drawn along their scale, lists below each other, many wordings in the order of their gaps; differences stand
in a figure of their own, against their zero line. Points are joined only where the question is how something changes
along the scale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gyges.report.content import clean_gaps
from gyges.report.forest import Line, forest
from gyges.report.layout import Group
from gyges.report.panels import Panel, Point, Series, draw_panels
from gyges.report.plot import draw
from gyges.report.words import percent, points, signed

if TYPE_CHECKING:
    from gyges.findings import Comparison, LevelRow, Varied

__all__ = ["Drawing", "drawings"]

_WIDE, _NARROW = 960.0, 352.0
_ARMS = ("monitored", "unmonitored")
_FEW_WORDINGS = 14
"""Up to so many wordings are drawn as rows with their names."""


@dataclass(frozen=True)
class Drawing:
    """One figure, for a wide and for a narrow page."""

    title: str
    wide: Any
    narrow: Any
    """Markup: a picture escapes whatever it is given (``svg.py``)."""


def drawings(one: Varied) -> list[Drawing]:
    """Draw a finding."""
    if not one.rows:
        return []
    if one.page == "wordings":
        return _wordings(one)
    if one.page == "tiers":
        return _tiers(one)
    if one.page == "verbalised":
        return _differences("The gap by what was said", one.of_kind("verbalised"), "Gap, points")
    if all(row.x is None for row in one.rows):
        return [
            _levels(one),
            *_differences("Differences of the gap", _short(one)),
        ]
    return [_curve(one)]


def _drawn(title: str, make: Callable[[float], str]) -> Drawing:
    from markupsafe import Markup

    return Drawing(title, Markup(make(_WIDE)), Markup(make(_NARROW)))


def _short(one: Varied) -> list[Comparison]:
    """Pick the differences of the gap; subjects are named without what all their names begin with."""
    found = [
        item for item in one.comparisons if item.kind in ("level", "subject") and item.of == "gap"
    ]
    starts = {row.label.rpartition("/")[0] for row in one.rows}
    if one.page != "subjects" or len(starts) > 1:
        return found
    (start,) = starts
    return [replace(item, label=item.label.replace(f"{start}/", "")) for item in found]


def _levels(one: Varied) -> Drawing:
    """Rows of both arms and the gap: the figure of the first page, with levels for subjects."""
    lines: list[tuple[str, Mapping[str, Any]]] = []
    for row in one.rows:
        record: dict[str, Any] = {
            "subject": one.group.subject or row.label,
            "setting": one.group.setting,
            "value": one.group.value,
            "queries": row.queries,
            "trials": row.answers,
        }
        for key in (*_ARMS, "gap"):
            span = row.spans.get(key)
            value, low, high = (None, None, None) if span is None else span
            record["gap" if key == "gap" else f"{key}_rate"] = value
            start = "" if key == "gap" else f"{key}_"
            record |= {f"{start}ci_low": low, f"{start}ci_high": high}
        label = f"{row.label} (reference)" if row.reference else row.label
        lines.append((label, clean_gaps([record])[0]))
    label = f"Compliance in both arms and the gap, by {one.factor}, {len(lines)} rows; the table holds every number."
    return _drawn(
        "Rates and gap by level",
        lambda width: str(draw([Group(title="", rows=lines)], width=width, label=label)),
    )


def _differences(
    title: str, found: Sequence[Comparison], head: str = "Difference, points"
) -> list[Drawing]:
    if not found:
        return []
    lines = [Line(item.label, item.estimate, item.low, item.high) for item in found]
    label = f"{title}, {len(lines)} rows, in points with intervals; the table holds every number."
    return [_drawn(title, lambda width: forest(lines, width=width, label=label, head=head))]


def _curve(one: Varied) -> Drawing:
    """Rates and gap along a scale; joined, or with a fitted line where the question is a slope."""
    numbers = [row for row in one.rows if row.x is not None]
    absent = [row for row in one.rows if row.x is None]
    xs = [row.x for row in numbers if row.x is not None]
    reach = max(xs) - min(xs)
    low = min(xs) - 0.06 * reach
    # What is not on the scale stands before it, apart.
    off = min(xs) - 0.22 * reach
    limits = (off - 0.06 * reach if absent else low, max(xs) + 0.06 * reach)
    fitted = one.page == "oversight"
    name = one.factor.replace("_", " ")

    def series(kind: str) -> list[Series]:
        found = [Series(kind, _points(numbers, kind, name), joined=not fitted)]
        fact = one.facts.get(kind)
        if fitted and fact is not None and fact["intercept"] is not None:
            found = [Series(kind, found[0].points, line=(fact["slope"], fact["intercept"]))]
        if absent:
            apart = _points(absent, kind, name, x=off)
            found = [Series(kind, [*apart, *found[0].points], found[0].joined, found[0].line)]
            if found[0].joined or found[0].line:
                own = found[0]
                found = [
                    Series(kind, apart),
                    Series(kind, own.points[len(apart) :], own.joined, own.line),
                ]
        return found

    ticks = [*[(off, "not stated") for _ in absent[:1]], *[(x, f"{x:g}") for x in xs]]
    panels = [
        Panel(
            "Compliance rate",
            [s for kind in _ARMS for s in series(kind)],
            name,
            ticks,
            rates=True,
            limits=limits,
        ),
        Panel("Gap: monitored − unmonitored, points", series("gap"), name, ticks, limits=limits),
    ]
    label = f"Compliance in both arms and the gap over {name}, {len(xs)} levels; the table holds every number."
    note = "Lines: least squares." if fitted else ""
    return _drawn(
        "Rates and gap along the scale",
        lambda width: draw_panels(panels, width=width, label=label, note=note),
    )


def _points(
    rows: Sequence[LevelRow], kind: str, name: str, *, x: float | None = None
) -> list[Point]:
    found = []
    for row in rows:
        span = row.spans.get(kind)
        at = row.x if x is None else x
        if span is None or at is None:
            continue
        write = signed if kind == "gap" else percent
        told = f"{name} {row.label}: {kind} {write(span[0])}"
        if span[1] is not None and span[2] is not None:
            ends = points if kind == "gap" else percent
            told += f" (95 %: {ends(span[1])} to {ends(span[2])})"
        found.append(Point(at, span[0], span[1], span[2], told))
    return found


# Wordings


def _wordings(one: Varied) -> list[Drawing]:
    known = [row for row in one.rows if row.spans.get("gap") is not None]
    ranked = sorted(known, key=lambda row: row.spans["gap"][0])  # type: ignore[index]
    found: list[Drawing] = []
    if len(known) <= _FEW_WORDINGS:
        found.append(_levels(_with_rows(one, ranked)))
    else:
        found.append(_ranked(ranked))
    if sum(row.x is not None for row in known) > 2:
        found.append(_by_distance(one, known))
    kinds = list(dict.fromkeys(item.kind for item in one.comparisons))
    lines: list[Line] = []
    for kind in kinds:
        if kind.startswith("component "):
            lines.append(Line(kind.removeprefix("component ")))
            lines += [
                Line(
                    item.label.removeprefix(kind.removeprefix("component ") + " "),
                    item.estimate,
                    item.low,
                    item.high,
                )
                for item in one.of_kind(kind)
            ]
    if lines:
        label = "What each version of each component changes in the gap, in points with intervals."
        found.append(
            _drawn(
                "What each component's versions change",
                lambda width: forest(lines, width=width, label=label),
            )
        )
    return found


def _with_rows(one: Varied, rows: Sequence[LevelRow]) -> Varied:
    return replace(one, rows=tuple(rows))


def _ranked(ranked: Sequence[LevelRow]) -> Drawing:
    dots = [_dot(row, float(at)) for at, row in enumerate(ranked, start=1)]
    last = len(ranked)
    panel = Panel(
        "Gap of each wording, points, in the order of the gaps",
        [Series("gap", dots, small=True)],
        f"{last} wordings, from the smallest gap to the largest",
        [
            (1.0, "1"),
            *[(float(at), str(at)) for at in range(25, last, 25)],
            (float(last), str(last)),
        ],
        limits=(0.0, last + 1.0),
    )
    label = f"The gap of {last} wordings with intervals, sorted; the table holds every number."
    return _drawn(
        "Every wording's gap", lambda width: draw_panels([panel], width=width, label=label)
    )


def _by_distance(one: Varied, known: Sequence[LevelRow]) -> Drawing:
    placed = [row for row in known if row.x is not None]
    dots = [_dot(row, row.x or 0.0) for row in placed]
    # The reference is drawn last, on top of its neighbours.
    dots.sort(key=lambda dot: dot.special)
    most = max(0.1, *(dot.x for dot in dots))
    step = next(step for step in (0.02, 0.05, 0.1, 0.2, 0.25) if most / step <= 7 or step == 0.25)
    ticks = [(at * step, f"{at * step:g}") for at in range(int(most / step) + 1)]
    others = sorted(row.spans["gap"][0] for row in placed if not row.reference)  # type: ignore[index]
    band = None
    if len(others) > 3:
        cut = max(0, round(0.05 * (len(others) - 1)))
        band = (others[cut], others[-1 - cut])
    name = one.facts.get("reference") or "the base wording"
    panel = Panel(
        "Gap by distance, points",
        [Series("gap", dots, small=len(dots) > 40)],
        f"distance from {'the published wording' if name == 'published' else f'wording {name}'} (0: word for word)",
        ticks,
        band=band,
        limits=(-0.04 * most, most * 1.04),
    )
    label = f"The gap of {len(dots)} wordings by their distance from {name}; the table holds every number."
    note = "Grey: where nine in ten of the other wordings' gaps lie." if band else ""
    return _drawn(
        "The gap by distance",
        lambda width: draw_panels([panel], width=width, label=label, note=note),
    )


def _dot(row: LevelRow, x: float) -> Point:
    span = row.spans["gap"]
    assert span is not None
    told = f"wording {row.label}: gap {signed(span[0])}"
    if span[1] is not None and span[2] is not None:
        told += f" (95 %: {points(span[1])} to {points(span[2])})"
    name = row.label if row.label == "published" else f"wording {row.label}"
    return Point(x, span[0], span[1], span[2], told, name, row.reference)


# Tiers


def _tiers(one: Varied) -> list[Drawing]:
    lines: list[Line] = []
    scheme = None
    for row in one.rows:
        span = row.spans.get("rate")
        if span is None:
            continue
        if row.about.get("scheme") != scheme:
            scheme = row.about.get("scheme")
            lines.append(Line(str(scheme)))
        kind = row.label if row.label in _ARMS else "gap"
        lines.append(Line(row.label.replace("_", " "), span[0], span[1], span[2], kind))
    label = f"The compliance rate of each tier, {len(lines)} rows, with intervals; the table holds every number."
    return [
        _drawn(
            "Compliance by tier",
            lambda width: forest(
                lines, width=width, label=label, head="Compliance rate", rates=True
            ),
        ),
        *_differences("Differences between tiers", one.of_kind("part")),
    ]
