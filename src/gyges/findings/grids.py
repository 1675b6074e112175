"""Which answers can be compared across the levels of a factor, and how are they laid out?

A **grid** has a row for each cell, which shares everything but the level (query, wording and the other factors), and a
column for each level, by tier. Where only some cells were asked under all levels (a design that varies one factor at a
time holds the others at their defaults), only those are compared, so that what else differs stays out. Where no cell
was asked under all levels (a balanced fraction), the levels of each query are compared, over which the design has mixed
the other factors alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gyges.estimate.contrasts import Labels, Span
from gyges.estimate.gap import paired_gap
from gyges.estimate.rate import clustered_rate
from gyges.findings.cells import compliance, family
from gyges.findings.record import ARMS
from gyges.study import StudyFolder
from gyges.study.schema import FACTOR_COLUMNS, OBSERVED, is_derived

__all__ = [
    "Grid",
    "Group",
    "arrange",
    "factors_of",
    "groups_of",
    "level_text",
    "ordered",
    "read_answers",
]

Floats = NDArray[np.float64]
NOT_FACTORS = frozenset({"family", "comply_option"}) | OBSERVED
"""Columns that no page compares: they belong to a query, are balanced by design, or say what an answer holds."""
_MOSTLY = 0.5
"""The part of a level's answers that must stand in cells with all levels."""


@dataclass(frozen=True, slots=True)
class Group:
    """Whose answers are compared; ``value`` is empty where those to all values of a setting are taken together."""

    subject: str
    setting: str
    value: str
    values: int = 1
    """How many values are taken together."""


def factors_of(study: StudyFolder) -> list[str]:
    """Name the columns that say how a trial was asked, beyond the wording.

    A run says itself what it varies; what else differs comes with that, as the reasoning does with the dose.
    """
    names = [
        name for name in study.manifest.factors if name not in NOT_FACTORS and not is_derived(name)
    ]
    vary = study.manifest.spec.get("vary")
    if study.manifest.source != "run" or not isinstance(vary, Mapping):
        return names
    asked = {FACTOR_COLUMNS.get(str(name), str(name)) for name in vary}
    return [name for name in names if name in asked]


def read_answers(study: StudyFolder, judge: str, partial: float = 0.5) -> pl.DataFrame:
    """Read the trials, one row each, with their ``compliance``; the control is left out."""
    columns = list(study.manifest.factors)
    trials = study.trial_table.scan(
        [
            "trial",
            "subject",
            "setting",
            "value",
            "query",
            "wording",
            "tier",
            "sample",
            "control",
            *columns,
        ]
    ).filter(~pl.col("control"))
    verdicts = study.verdict_table(judge).scan(["trial", "outcome", "score", "status"])
    with study.reading():
        return (
            trials.join(verdicts.rename({"status": "verdict_status"}), on="trial", how="left")
            .with_columns(
                compliance(partial).alias("compliance"),
                (pl.col("outcome").is_null() & pl.col("score").is_not_null()).alias("graded"),
                family(columns).alias("family"),
            )
            .drop("outcome", "score", "verdict_status", "control")
            .sort("trial")
            .collect()
        )


def groups_of(answers: pl.DataFrame) -> Iterator[tuple[Group, pl.DataFrame]]:
    """Take the answers apart by subject and setting: first all values of a setting together, then each."""
    keys = ["subject", "setting"]
    for (subject, setting), part in sorted(
        answers.group_by(keys), key=lambda item: tuple(map(str, item[0]))
    ):
        values = sorted(part["value"].unique().to_list())
        if len(values) > 1:
            # Two values may name their queries alike.
            named = part.with_columns(
                pl.format("{} {}", "value", name).alias(name) for name in ("query", "family")
            )
            yield Group(str(subject), str(setting), "", len(values)), named
        for value in values:
            yield Group(str(subject), str(setting), value), part.filter(pl.col("value") == value)


def level_text(level: Any) -> str:
    """Write a level as a user would."""
    if level is None:
        return "not stated"
    if isinstance(level, bool):
        return str(level).lower()
    return f"{level:g}" if isinstance(level, float) else str(level)


def ordered(levels: Sequence[Any], named: Sequence[Any] = ()) -> list[Any]:
    """Put levels in order: numbers by size; others as the study names them, then by name; what is absent first."""
    place = {level_text(level): at for at, level in enumerate(named)}

    def key(level: Any) -> tuple[int, float, str]:
        if level is None:
            return -1, 0.0, ""
        if isinstance(level, int | float) and not isinstance(level, bool):
            return 0, float(level), ""
        text = level_text(level)
        return 1, float(place.get(text, len(place))), text

    return sorted(levels, key=key)


@dataclass(frozen=True, slots=True)
class Grid:
    """Answers laid out as cells by levels; rates are NaN where there is none."""

    axis: str
    levels: list[Any]
    rates: Mapping[str, Floats]
    """By tier, shape (cells, levels)."""
    counts: Mapping[str, Floats]
    labels: Labels
    graded: bool
    """Whether some answers were graded by a number, so that they are no counts."""
    mixed: bool
    """Whether other factors are mixed within the cells, alike under all levels by the design."""
    left_out: int
    """Answers under these levels that stand in no cell that is compared."""
    _spans: dict[str, list[Span | None]] = field(default_factory=dict)

    @property
    def queries(self) -> int:
        """How many queries have a cell."""
        return int(np.unique(self.labels.query).size)

    def values(self, of: str) -> Floats:
        """Give what is compared: ``gap``, or a tier's rate."""
        return self.rates[ARMS[0]] - self.rates[ARMS[1]] if of == "gap" else self.rates[of]

    def answers(self, of: str, at: int) -> int:
        """Count the answers behind a level's gap or rate."""
        there = ~np.isnan(self.values(of)[:, at])
        tiers = ARMS if of == "gap" else (of,)
        return int(sum(self.counts[tier][there, at].sum() for tier in tiers))

    def spans(self, of: str, level: float = 0.95) -> list[Span | None]:
        """Give each level's own gap or rate with its interval; None where there is none."""
        if of not in self._spans:
            self._spans[of] = [self._span(of, at, level) for at in range(len(self.levels))]
        return self._spans[of]

    def estimate(self, of: str, at: int) -> float | None:
        """Give a level's gap or rate; None where no cell has it."""
        column = self.values(of)[:, at]
        there = ~np.isnan(column)
        if not there.any():
            return None
        codes = np.unique(self.labels.query[there], return_inverse=True)[1]
        return float(np.mean(np.bincount(codes, column[there]) / np.bincount(codes)))

    def _span(self, of: str, at: int, level: float) -> Span | None:
        column = self.values(of)[:, at]
        if np.isnan(column).all():
            return None
        labels = {
            "queries": self.labels.query,
            "wordings": self.labels.wording,
            "families": self.labels.family,
        }
        if of != "gap":
            counts = None if self.graded else self.counts[of][:, at]
            rate, interval = clustered_rate(self.rates[of][:, at], counts, **labels, level=level)
            return rate, interval.low, interval.high
        arms = [self.rates[tier][:, at] for tier in ARMS]
        trials = None if self.graded else tuple(self.counts[tier][:, at] for tier in ARMS)
        found = paired_gap(*arms, trials=trials, **labels, level=level, test=False)  # type: ignore[arg-type]
        if found.interval is None:
            return None
        return found.gap, found.interval.low, found.interval.high


def arrange(
    answers: pl.DataFrame,
    axis: str,
    levels: Sequence[Any],
    others: Sequence[str],
    *,
    tiers: Sequence[str] = ARMS,
    crossed: bool = True,
) -> Grid | None:
    """Lay out the answers of a group along one axis.

    Args:
        answers: As :func:`read_answers` gives them, of one group.
        axis: The column whose levels are compared; ``tier`` for the tiers themselves (then ``tiers`` is not used).
        levels: Its levels, in order.
        others: The other columns that may vary.
        tiers: The tiers whose rates are laid out.
        crossed: Whether wordings are clusters beside the queries, where they vary.

    Returns:
        None where no query was asked under two of the levels.
    """
    by_tier = axis != "tier"
    part = answers.filter(pl.col(axis).is_in([x for x in levels if x is not None]))
    if None in levels:
        part = answers.filter(
            pl.col(axis).is_in([x for x in levels if x is not None]) | pl.col(axis).is_null()
        )
    if by_tier:
        part = part.filter(pl.col("tier").is_in(tiers))
    full = [
        name
        for name in dict.fromkeys(("query", "wording", *others))
        if name == "query" or (name != axis and part[name].n_unique() > 1)
    ]
    asked = part["compliance"].count()
    same, part, mixed = _comparable(part, axis, full)
    if same is None:
        return None
    tier = [pl.col("tier")] if by_tier else []
    cells = (
        part.group_by(same)
        .agg(pl.col("family").first().alias("family of"))
        .sort(same)
        .with_row_index("the cell")
    )
    sums = (
        part.filter(pl.col("compliance").is_not_null())
        .group_by([*same, axis, *tier])
        .agg(pl.col("compliance").mean().clip(0, 1), pl.len().alias("the count"))
        .join(cells, on=same, nulls_equal=True)
        .with_columns(
            pl.col(axis)
            .replace_strict({x: at for at, x in enumerate(levels) if x is not None}, default=None)
            .fill_null(levels.index(None) if None in levels else 0)
            .cast(pl.Int64)
            .alias("the column")
        )
    )
    shape = (cells.height, len(levels))
    rates, counts = {}, {}
    for name in tiers if by_tier else ("all",):
        here = sums.filter(pl.col("tier") == name) if by_tier else sums
        place = here["the cell"].to_numpy(), here["the column"].to_numpy()
        rates[name], counts[name] = np.full(shape, np.nan), np.zeros(shape)
        rates[name][place] = here["compliance"].to_numpy()
        counts[name][place] = here["the count"].to_numpy()
    families = cells["family of"].n_unique() < cells["query"].n_unique()
    wordings = crossed and "wording" in same
    return Grid(
        axis=axis,
        levels=list(levels),
        rates=rates,
        counts=counts,
        labels=Labels(
            cells["query"].to_numpy(),
            cells["wording"].to_numpy() if wordings else None,
            cells["family of"].to_numpy() if families else None,
        ),
        graded=bool(part["graded"].fill_null(value=False).any()),
        mixed=mixed,
        left_out=asked - int(sum(count.sum() for count in counts.values())),
    )


def _comparable(
    part: pl.DataFrame, axis: str, full: list[str]
) -> tuple[list[str] | None, pl.DataFrame, bool]:
    """Choose what the cells share, and leave out the cells that cannot be compared."""
    for same in (full, ["query"]):
        levels = part.group_by(same).agg(pl.col(axis).n_unique().alias("the levels"))
        if levels.is_empty() or int(levels["the levels"].max()) < 2:  # type: ignore[arg-type]
            continue
        most = levels.filter(pl.col("the levels") == pl.col("the levels").max()).select(same)
        kept = part.join(most, on=same, how="semi", nulls_equal=True)
        there = kept.group_by(axis).len().join(part.group_by(axis).len(), on=axis, nulls_equal=True)
        missing = kept[axis].n_unique() < part[axis].n_unique()
        least = (there["len"] / there["len_right"]).sort()
        # The level that every other factor's variation holds has its answers elsewhere too.
        rare = least[1] if len(least) > 1 else 0.0
        if not missing and rare >= _MOSTLY:
            return same, kept, same != full
        if same == full and len(full) > 1:
            continue
        several = levels.filter(pl.col("the levels") > 1).select(same)
        kept = part.join(several, on=same, how="semi", nulls_equal=True)
        return same, kept, same != full
    return None, part, False
