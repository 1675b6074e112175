"""What is found about one thing that was varied: its levels, how they compare, and what that says in plain words?

One record for every page of a report, so that figures, tables, the command line and JSON all read the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from gyges.estimate.contrasts import Contrast, Span, detectable
from gyges.findings.grids import Grid, Group, level_text
from gyges.findings.record import ARMS

__all__ = [
    "Comparison",
    "LevelRow",
    "Shown",
    "Varied",
    "could_have",
    "level_rows",
    "name_of",
    "percents",
    "place",
    "points",
    "span_text",
    "who",
]

Shown = tuple[float, float | None, float | None]
"""An estimate with the limits of its interval, None where one query alone gives none."""


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One level with what was measured under it; rates and gaps are fractions."""

    label: str
    spans: Mapping[str, Shown | None]
    """``monitored``, ``unmonitored``, ``gap``, or ``rate`` where a tier is the level: estimate and limits."""
    queries: int
    answers: int
    x: float | None = None
    """Where the level stands on a scale, if it does."""
    reference: bool = False
    """Whether the others are compared with it."""
    where: Mapping[str, str] = field(default_factory=dict)
    """What leads to its transcripts: names of filters and their options."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What else is known of the level."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A difference between levels, or a slope over them; a fraction."""

    kind: str
    """What question it belongs to; those of one kind are adjusted together."""
    label: str
    of: str
    """``gap``, or the tier whose rate it is."""
    estimate: float
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    detectable: float | None
    """The smallest difference that a study of this precision finds in 80 of 100 repetitions, at the adjusted level."""
    queries: int
    clear: bool
    """Whether interval and adjusted p-value both speak against no difference."""
    method: str = ""

    @classmethod
    def of_contrast(
        cls, kind: str, label: str, of: str, found: Contrast, *, tests: int = 1, level: float = 0.95
    ) -> Comparison:
        """Take the figures of a contrast."""
        span = found.interval
        return cls(
            kind,
            label,
            of,
            found.estimate,
            None if span is None else span.low,
            None if span is None else span.high,
            found.p,
            found.p_adjusted,
            detectable(found, tests=tests),
            found.queries,
            found.clear(level),
            "" if span is None else span.method,
        )


@dataclass(frozen=True, slots=True)
class Varied:
    """What varying one thing shows of one subject in one setting."""

    page: str
    """The page it stands on: ``wordings``, ``temperature``, ``tiers``, ... or ``factor-NAME``."""
    factor: str
    group: Group
    verdict: str
    """One word or two: ``flat``, ``rises``, ``falls``, ``dip``, ``spike``, ``differs``, ..."""
    sentences: tuple[str, ...]
    rows: tuple[LevelRow, ...]
    comparisons: tuple[Comparison, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Further numbers by name."""
    notes: tuple[str, ...] = ()
    method: str = ""
    level: float = 0.95

    def row(self) -> dict[str, Any]:
        """Give it as a plain record: the form of ``gyges levels --json``."""
        return {
            **asdict(self.group),
            **{key: item for key, item in asdict(self).items() if key != "group"},
        }

    def of_kind(self, kind: str) -> list[Comparison]:
        """Pick the comparisons of one kind."""
        return [one for one in self.comparisons if one.kind == kind]


def name_of(column: str) -> str:
    """Write a factor's column as a reader would."""
    return {"reasoning_mode": "reasoning"}.get(column, column.replace("_", " "))


def who(group: Group, *, among: Sequence[Group] = ()) -> str:
    """Name whose answers they are, with what tells them from the others that are shown."""
    parts = []
    if len({one.setting for one in among}) > 1:
        parts.append(group.setting)
    if group.value and len({one.value for one in among if one.setting == group.setting}) > 1:
        parts.append(group.value)
    return f"{group.subject} ({', '.join(parts)})" if parts else group.subject


def points(value: float, *, sign: bool = False) -> str:
    """Write a fraction in percentage points, rounded; one decimal where it would else be 0 and is not."""
    size = 100 * value
    digits = 1 if 0.05 <= abs(size) < 0.95 else 0
    # Adding zero turns a rounded -0 into 0.
    rounded = round(size, digits) + 0.0
    text = f"{rounded:+.{digits}f}" if sign and rounded else f"{rounded:.{digits}f}"
    return text.replace("-", "−")


def percents(value: float) -> str:
    """Write a rate in per cent."""
    return f"{points(value)} %"


def span_text(one: Comparison, level: float = 0.95) -> str:
    """Write an interval in points; empty where there is none."""
    if one.low is None or one.high is None:
        return "no interval"
    return f"{100 * level:g} % interval {points(one.low)} to {points(one.high)}"


def could_have(sizes: Sequence[float | None], what: str = "a difference") -> str:
    """Say what a study like this would have found."""
    if any(size is None for size in sizes) or not sizes:
        return f"{what} of any size would have been missed more than once in five"
    largest = max(size for size in sizes if size is not None)
    return (
        f"{what} of {points(largest)} points would have been found in 80 of 100 studies like this"
    )


def level_rows(
    grid: Grid,
    *,
    reference: int | None = None,
    key: str | None = None,
    group: Group | None = None,
    level: float = 0.95,
) -> list[LevelRow]:
    """Give the rows of a grid that holds both tiers.

    Args:
        grid: The grid.
        reference: The column that the others are compared with.
        key: The filter that leads to a level's transcripts.
        group: Whose answers they are.
        level: Confidence level.
    """
    spans = {of: grid.spans(of, level) for of in (*ARMS, "gap")}
    rows = []
    for at, item in enumerate(grid.levels):
        there = ~np.isnan(grid.values("gap")[:, at])
        rows.append(
            LevelRow(
                label=level_text(item),
                spans={of: _whole(grid, of, at, found[at]) for of, found in spans.items()},
                queries=len(set(grid.labels.query[there].tolist())),
                answers=grid.answers("gap", at),
                x=float(item)
                if isinstance(item, int | float) and not isinstance(item, bool)
                else None,
                reference=at == reference,
                where=place(group, key, item),
            )
        )
    return rows


def _whole(grid: Grid, of: str, at: int, span: Span | None) -> Shown | None:
    """Give an estimate without an interval where one query alone has it."""
    if span is not None:
        return span
    value = grid.estimate(of, at)
    return None if value is None else (value, None, None)


def place(group: Group | None, key: str | None, item: Any) -> dict[str, str]:
    """Say which filters lead to the transcripts of a level."""
    found: dict[str, str] = {"control": "no"}
    if group is not None:
        found |= {"subject": group.subject, "setting": group.setting}
        if group.value:
            found["value"] = group.value
    if key is not None and item is not None:
        found[key] = level_text(item)
    return found
