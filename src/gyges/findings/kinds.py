"""How do the gaps of two kinds of blocks differ, where a query can have blocks of both kinds?

Each kind's gap is paired within queries (:func:`gyges.estimate.effects.paired_effect`). Their difference is a mean over
one set of queries less a mean over another that may overlap it, so its variance is taken from what each query adds to
both (clustered by family), and its interval is Student's t, widened on either side to what MOVER makes of the two gaps'
own intervals. Where the same queries have both kinds, the difference within them leaves out what makes queries differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gyges.estimate.effects import Effect, gap_level_effects, paired_effect
from gyges.estimate.gap import two_sided
from gyges.estimate.interval import Interval, hull, mover, student
from gyges.estimate.power import detectable_gap_of
from gyges.findings.record import ARMS
from gyges.findings.varied import Comparison

__all__ = ["Kind", "apart", "as_comparison", "kind_of", "within"]


@dataclass(frozen=True, slots=True)
class Kind:
    """The blocks of one kind, by query."""

    means: pl.DataFrame
    """A row for each query: ``family``, ``query``, a rate for each tier, and ``len``, the number of blocks."""
    gap: Effect | None
    """None where there is no block."""


def kind_of(blocks: pl.DataFrame, *, level: float = 0.95, seed: int = 0) -> Kind:
    """Estimate the gap of blocks.

    Args:
        blocks: One row a block, with ``family``, ``query`` and the compliance of each tier.
        level: Confidence level.
        seed: Seeds the sampled sign flips.
    """
    means = (
        blocks.group_by("family", "query")
        .agg(pl.col(ARMS).mean(), pl.len())
        .sort("query", "family")
    )
    if means.is_empty():
        return Kind(means, None)
    gap = paired_effect(
        means[ARMS[0]],
        means[ARMS[1]],
        trials=(means["len"], means["len"]),
        families=means["family"],
        level=level,
        seed=seed,
    )
    return Kind(means, gap)


def apart(one: Kind, other: Kind, *, level: float = 0.95) -> Effect | None:
    """Take the gap of one kind less that of the other; None where one of them has no interval."""
    first, second = one.gap, other.gap
    if first is None or second is None or first.interval is None or second.interval is None:
        return None
    estimate = first.estimate - second.estimate
    families = np.unique([*one.means["family"], *other.means["family"]])
    influence: NDArray[np.float64] = np.zeros(families.size)
    for sign, part in ((1.0, one.means), (-1.0, other.means)):
        values = (part[ARMS[0]] - part[ARMS[1]]).to_numpy()
        at = np.searchsorted(families, np.asarray(part["family"].to_list(), families.dtype))
        np.add.at(influence, at, sign * (values - values.mean()) / values.size)
    se = math.sqrt(float(influence @ influence) * families.size / (families.size - 1))
    own = (first.se or 0.0, second.se or 0.0)
    correlation = 0.0
    if min(own) > 0:
        correlation = (own[0] ** 2 + own[1] ** 2 - se**2) / (2 * own[0] * own[1])
    limits = mover(
        (first.estimate, first.interval.low, first.interval.high),
        (second.estimate, second.interval.low, second.interval.high),
        min(1.0, max(-1.0, correlation)),
    )
    p = None
    if se > 0:
        # The kind with fewer clusters decides how well the spread is known.
        fewer = min(kind.means["family"].n_unique() for kind in (one, other))
        df = max(1.0, fewer - 1.0)
        limits = hull(limits, student(estimate, se, df, level=level, bound=2.0))
        p = two_sided(estimate / se, df)
    method = "t and MOVER of the two gaps' intervals, the wider on each side; clustered by query"
    interval = Interval(max(-2.0, limits[0]), min(2.0, limits[1]), method, level)
    return Effect(estimate, se, interval, p, p, int(families.size))


def within(one: Kind, other: Kind, *, level: float = 0.95, seed: int = 0) -> Effect | None:
    """Take the same difference within the queries that have both kinds; None with fewer than two of them."""
    both = one.means.join(other.means, on=["family", "query"], suffix=" of others")
    if both.height < 2:
        return None
    rates = [np.column_stack([both[tier], both[f"{tier} of others"]]) for tier in ARMS]
    counts = np.column_stack([both["len"], both["len of others"]])
    return gap_level_effects(
        rates[0],
        rates[1],
        both["query"].to_numpy(),
        trials=(counts, counts),
        families=both["family"].to_numpy(),
        reference=1,
        level=level,
        seed=seed,
    )[0]


def as_comparison(
    kind: str, label: str, effect: Effect, *, of: str = "gap", level: float = 0.95
) -> Comparison:
    """Write an effect as a comparison that pages show."""
    span = effect.interval
    away = span is not None and (span.low > 0 or span.high < 0)
    p = effect.p_adjusted
    return Comparison(
        kind=kind,
        label=label,
        of=of,
        estimate=effect.estimate,
        low=None if span is None else span.low,
        high=None if span is None else span.high,
        p=effect.p,
        p_adjusted=p,
        detectable=None
        if span is None or span.high <= span.low
        else detectable_gap_of(span, df=max(1.0, effect.queries - 1.0)),
        queries=effect.queries,
        clear=away and p is not None and p < 1 - level,
        method="" if span is None else span.method,
    )
