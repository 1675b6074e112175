"""Do single items change their answer while the total stays?

Two measures, each clustered by query:

* **difference beyond chance**: the probability that a sample under one arm and a sample under the other differ, less
  the flip rates' mean within the two (``repeats.py``). It is half the sum of squared differences of the arms' choice
  probabilities, so it is 0 exactly where no item moves, and its estimate is unbiased (it may lie below 0). Samples of
  one number have the options in the same order under both arms, and those within an arm have not; so only samples of
  different numbers are paired between the arms too.
* **majority flips**: the share of queries whose most frequent choice differs between the arms. It is what a reader of
  two tables would see, and chance alone makes some; so it stands beside what it would be if the arms made no
  difference: the choices that were asked for in the same way (one cell, and one order of the options) are dealt
  anew to the two arms (a permutation test; ties between choices count by the chance that two random picks differ).
  What a level or an order of the options changes is alike in both arms, and so is no chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gyges.estimate.contrasts import Labels, contrast
from gyges.estimate.rate import clustered_rate
from gyges.findings.measured import ALONE, Measured
from gyges.findings.record import ARMS
from gyges.findings.repeats import counts_of, pairs_that_differ

__all__ = ["Flips", "Item", "flips_between", "items"]

_DEALS = 2_000
_ORDER = "comply_option"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Flips:
    """How far single items differ between two arms, or two levels."""

    first: str
    second: str
    within: tuple[str, ...]
    """What the two share: ``tier`` and factors are compared in their own cells."""
    majority: Measured
    """The share of queries whose most frequent choice differs."""
    by_chance: float
    """What that share would be on average if the two made no difference."""
    by_chance_low: float
    by_chance_high: float
    """Between these it would lie in 95 of 100 studies in which they made none."""
    p: float
    """How often chance alone makes as many majorities differ, or more."""
    toward: int
    """Queries whose majority is ``comply`` under the first alone."""
    away: int
    """Queries whose majority is ``comply`` under the second alone."""
    beyond: Measured | None
    """The difference beyond chance; None where no cell has two samples in both."""
    between: float | None
    """The probability that a sample under the first and one under the second differ, over the same cells."""

    def row(self) -> dict[str, Any]:
        """Give it as a plain record."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Item:
    """What one query was answered with."""

    query: str
    monitored: Mapping[str, int]
    """How often each choice was made, the most frequent first."""
    unmonitored: Mapping[str, int]
    flips: float | None
    """The chance that its most frequent choices differ between the arms; None where one arm has none."""


def items(part: pl.DataFrame) -> list[Item]:
    """List the queries with their choices in both arms, those first whose most frequent choice differs.

    Args:
        part: Trials with ``choice``, of one group.
    """
    cells, counts = counts_of(part, ["query", "tier"])
    options = _options(part.filter(pl.col("choice").is_not_null()))
    found: dict[str, dict[str, NDArray[np.int64]]] = {}
    for (query, tier), row in zip(cells.select("query", "tier").iter_rows(), counts, strict=True):
        found.setdefault(str(query), {})[str(tier)] = row
    rows = []
    for query, arms in found.items():
        sides = [arms.get(tier) for tier in ARMS]
        first, second = sides
        flips = None if first is None or second is None else float(_differ(first, second))
        said = [
            {}
            if side is None
            else {options[at]: int(side[at]) for at in np.argsort(-side, kind="stable") if side[at]}
            for side in sides
        ]
        rows.append(Item(query, said[0], said[1], flips))
    return sorted(rows, key=lambda one: (-(one.flips or 0.0), one.query))


def flips_between(
    part: pl.DataFrame,
    axis: str,
    first: Any,
    second: Any,
    keys: Sequence[str],
    *,
    names: tuple[str, str] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Flips | None:
    """Compare the single items' choices under two levels of a column.

    Args:
        part: Trials with ``choice``, of one group.
        axis: ``tier``, or a factor.
        first: One level.
        second: The other.
        keys: What samples of one cell share beside the tier; ``axis`` itself is left out.
        names: What the two are called; as they are by default.
        level: Confidence level.
        seed: Seeds the permutations and sign flips.

    Returns:
        None where no query has choices under both.
    """
    shared = [name for name in (*keys, "tier") if name != axis]
    two = part.filter(
        pl.col("choice").is_not_null() & pl.col(axis).is_in([first, second])
    ).with_columns((pl.col(axis) == first).cast(pl.Int64).alias("is first"))
    # Only what stands under both is compared.
    both = two.group_by(shared).agg(pl.col("is first").n_unique().alias("sides"))
    two = two.join(both.filter(pl.col("sides") == 2), on=shared, how="semi", nulls_equal=True)
    if two.is_empty():
        return None
    numbered = two.select(shared).unique().sort(shared).with_row_index("the cell")
    two = two.join(numbered, on=shared, nulls_equal=True)
    cells, counts = counts_of(two, ["the cell", "query", "is first"])
    side = cells["is first"].to_numpy().astype(bool)
    cell = cells["the cell"].to_numpy().astype(np.intp)
    query = cells["query"].rank("dense").to_numpy() - 1
    family = _by_code(cells["the family"].to_numpy(), query)
    sides = [
        _summed(counts[side == which], query[side == which], query.max() + 1)
        for which in (True, False)
    ]
    majority, toward, away = _majorities(sides, list(_options(two)))
    rate, interval = clustered_rate(majority, None, families=family, level=level)
    one = np.unique(family).size < 2
    dealt = _dealt(two, list(_options(two)), seed)
    hits = int((dealt >= rate - 1e-9).sum())
    low, high = (float(x) for x in np.quantile(dealt, [0.025, 0.975]))
    return Flips(
        first=names[0] if names else str(first),
        second=names[1] if names else str(second),
        within=tuple(name for name in shared if name not in ("query", "wording")),
        majority=Measured(
            "majority differs",
            "both" if axis != "tier" else "difference",
            rate,
            None if one else interval.low,
            None if one else interval.high,
            int(majority.size),
            int(counts.sum()),
            ALONE if one else interval.method,
            level=level,
        ),
        by_chance=float(dealt.mean()),
        by_chance_low=low,
        by_chance_high=high,
        p=(hits + 1) / (_DEALS + 1),
        toward=toward,
        away=away,
        **_beyond(counts, side, cell, query, family, _matched(two), level, seed),
    )


def _matched(two: pl.DataFrame) -> NDArray[np.int64]:
    """Count the pairs of samples of one number under both, cell by cell, and those of them that differ."""
    pairs = two.group_by("the cell", "sample").agg(
        pl.col("is first").n_unique().alias("sides"),
        pl.len().alias("samples"),
        (pl.col("choice").n_unique() > 1).cast(pl.Int64).alias("differs"),
    )
    paired = ((pl.col("sides") == 2) & (pl.col("samples") == 2)).cast(pl.Int64)
    cells = (
        pairs.group_by("the cell")
        .agg(paired.sum().alias("pairs"), (paired * pl.col("differs")).sum().alias("differs"))
        .sort("the cell")
    )
    return np.asarray(cells.select("pairs", "differs").to_numpy(), dtype=np.int64)


def _options(two: pl.DataFrame) -> list[str]:
    return sorted(two["choice"].unique().to_list())


def _by_code(values: Any, code: NDArray[Any]) -> NDArray[np.intp]:
    """Give one value a code, from one a row."""
    _, where = np.unique(code, return_index=True)
    return np.asarray(np.unique(values, return_inverse=True)[1].ravel()[where], dtype=np.intp)


def _summed(table: NDArray[Any], code: NDArray[Any], size: int) -> NDArray[np.int64]:
    sums = np.zeros((int(size), table.shape[1]), dtype=np.int64)
    np.add.at(sums, code.astype(np.intp), table)
    return sums


def _differ(first: NDArray[np.int64], second: NDArray[np.int64]) -> Floats:
    """Give the chance that picks among the most frequent choices differ, query by query (last axis: choices)."""
    top = [one == one.max(axis=-1, keepdims=True) for one in (first, second)]
    alike = (top[0] & top[1]).sum(axis=-1) / (top[0].sum(axis=-1) * top[1].sum(axis=-1))
    return np.asarray(1.0 - alike, dtype=np.float64)


def _majorities(
    sides: Sequence[NDArray[np.int64]], options: Sequence[str]
) -> tuple[Floats, int, int]:
    differs = _differ(sides[0], sides[1])
    if "comply" not in options:
        return differs, 0, 0
    at = options.index("comply")
    # A tie is no majority.
    wins = [
        (one[:, at] == one.max(axis=1)) & ((one == one.max(axis=1, keepdims=True)).sum(axis=1) == 1)
        for one in sides
    ]
    return differs, int((wins[0] & ~wins[1]).sum()), int((wins[1] & ~wins[0]).sum())


def _dealt(two: pl.DataFrame, options: Sequence[str], seed: int) -> Floats:
    """Deal the choices anew to the two sides, many times: the shares of queries that then differ.

    Only choices of one cell and one order of the options are dealt among each other.
    """
    rng = np.random.default_rng(seed)
    order = [_ORDER] if _ORDER in two.columns else []
    counts, which = _strata(two, ["query", "the cell", *order], options)
    queries = int(which.max()) + 1
    differs = np.zeros(_DEALS)
    for query in range(queries):
        own = counts[which == query]
        total = own.sum(axis=(0, 1))
        if (total > 0).sum() < 2:
            continue
        first = _first_side(own, rng)
        differs += _differ(first, total - first)
    return differs / queries


def _strata(
    two: pl.DataFrame, keys: Sequence[str], options: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Count choices stratum by stratum: an array (strata, sides, choices), and each one's query."""
    sides = [
        ((pl.col("is first") == side) & (pl.col("choice") == one)).sum().cast(pl.Int64)
        for side in (1, 0)
        for one in options
    ]
    table = two.group_by(keys).agg(one.alias(str(at)) for at, one in enumerate(sides)).sort(keys)
    counts = table.drop(keys).to_numpy().reshape(table.height, 2, len(options))
    which = table["query"].rank("dense").to_numpy() - 1
    return np.asarray(counts, dtype=np.int64), which.astype(np.intp)


def _first_side(own: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw what the first side gets of one query, of shape (deals, choices)."""
    total = own.sum(axis=1)
    n = own[:, 0].sum(axis=1)
    fixed = ((total > 0).sum(axis=1) < 2) | (n == 0) | (n == total.sum(axis=1))
    # Where all is alike, or one side has all, there is nothing to deal.
    dealt = np.tile(own[fixed, 0].sum(axis=0), (_DEALS, 1))
    # Strata that hold the same are dealt together, which costs less and is as random.
    alike, times = np.unique(
        np.column_stack([n[~fixed], total[~fixed]]), axis=0, return_counts=True
    )
    for row, repeated in zip(alike, times, strict=True):
        drawn = rng.multivariate_hypergeometric(row[1:], int(row[0]), size=_DEALS * int(repeated))
        dealt += drawn.reshape(int(repeated), _DEALS, -1).sum(axis=0)
    return dealt


def _beyond(
    counts: NDArray[np.int64],
    side: NDArray[np.bool_],
    cell: NDArray[Any],
    query: NDArray[Any],
    family: NDArray[np.intp],
    matched: NDArray[np.int64],
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Estimate how much oftener samples of the two sides differ than samples of one side do."""
    size = int(cell.max()) + 1
    tables = [np.zeros((size, counts.shape[1]), dtype=np.int64) for _ in range(2)]
    for table, which in zip(tables, (True, False), strict=True):
        table[cell[side == which].astype(np.intp)] = counts[side == which]
    n = [table.sum(axis=1) for table in tables]
    kept = (n[0] > 1) & (n[1] > 1)
    if not kept.any():
        return {"beyond": None, "between": None}
    own = np.zeros(size, dtype=np.intp)
    own[cell.astype(np.intp)] = query.astype(np.intp)
    pairs = n[0] * n[1]
    differ = pairs - (tables[0] * tables[1]).sum(axis=1) - matched[:, 1]
    differ = differ[kept] / (pairs - matched[:, 0])[kept]
    within = (pairs_that_differ(tables[0][kept]) + pairs_that_differ(tables[1][kept])) / 2
    values = np.column_stack([differ, within])
    labels = Labels(own[kept], None, family[own[kept]])
    spans = []
    for column in values.T:
        rate, around = clustered_rate(
            column, None, queries=own[kept], families=family[own[kept]], level=level
        )
        spans.append((rate, around.low, around.high))
    found = contrast(values, [1.0, -1.0], labels, spans, bound=1.0, level=level, seed=seed)
    assert found is not None
    span = found.interval
    answers = int((n[0] + n[1])[kept].sum())
    beyond = Measured(
        "differs beyond chance",
        "both",
        found.estimate,
        None if span is None else span.low,
        None if span is None else span.high,
        found.queries,
        answers,
        ALONE if span is None else span.method,
        p=found.p,
        level=level,
    )
    return {"beyond": beyond, "between": spans[0][0]}
