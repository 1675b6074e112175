"""What does each component's rewording change, and what is the gap over several wordings together?

Least squares on the versions of all components in each query (so that components that are not crossed in full stay
apart), averaged over queries and clustered by them. The versions of all components are adjusted together (Holm), and so
are the components' tests as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.estimate.contrasts import Contrast, Labels, Span, adjusted, contrast, differ
from gyges.estimate.gap import paired_gap
from gyges.estimate.multiplicity import holm
from gyges.findings.grids import Grid
from gyges.findings.record import ARMS
from gyges.findings.varied import Comparison

__all__ = ["by_query", "component_effects", "span_over"]

Floats = NDArray[np.float64]


def component_effects(
    grid: Grid,
    names: Sequence[str],
    known: Mapping[str, Mapping[str, Any]],
    level: float,
    seed: int,
) -> tuple[list[Comparison], dict[str, float | None]]:
    """Estimate what each version changes against version 0, and test each component as a whole.

    Args:
        grid: The wordings as levels, both tiers.
        names: The wordings' names, in the grid's order.
        known: What is known of each wording; everything but its distance and length is a component's version.
        level: Confidence level.
        seed: Seeds what is drawn.

    Returns:
        The versions' effects, of the kind ``component NAME``, and the components' adjusted p-values.
    """
    parts = sorted({key for about in known.values() for key in about} - {"distance", "length"})
    versions = [[known.get(name, {}).get(part) for part in parts] for name in names]
    made = [at for at, row in enumerate(versions) if row and all(v is not None for v in row)]
    columns: list[tuple[str, Any]] = []
    for at, part in enumerate(parts):
        items = sorted({versions[row][at] for row in made}, key=_version)
        columns += [(part, item) for item in items[1:]]
    if not columns or len(made) <= len(columns):
        return [], {}
    design = np.column_stack(
        [np.ones(len(made))]
        + [
            [float(versions[row][parts.index(part)] == item) for row in made]
            for part, item in columns
        ]
    )
    effects = _least_squares(grid.values("gap")[:, made], design)
    effects_of: list[tuple[str, Any, Any, Contrast | None]] = []
    wholes: dict[str, float | None] = {}
    for part in parts:
        own = [at for at, (name, _) in enumerate(columns) if name == part]
        if not own:
            continue
        spans = _version_spans(grid, versions, made, parts.index(part), level)
        base = min(spans, key=_version)
        found = [
            _version_effect(
                effects[:, at],
                _means(grid, [_having(versions, made, parts.index(part), x) for x in (item, base)]),
                grid,
                [spans[item], spans[base]],
                (level, seed),
            )
            for at in own
            for item in [columns[at][1]]
        ]
        effects_of += [
            (part, columns[at][1], base, one) for at, one in zip(own, found, strict=True)
        ]
        whole = np.column_stack([np.zeros(len(effects)), effects[:, own]])
        wholes[part] = differ(whole, by_query(grid), seed=seed)
    versions_adjusted = adjusted([one for *_, one in effects_of])
    comparisons = [
        Comparison.of_contrast(
            f"component {part}",
            f"{part} {item} − {base}",
            "gap",
            one,
            tests=len(effects_of),
            level=level,
        )
        for (part, item, base, _), one in zip(effects_of, versions_adjusted, strict=True)
        if one is not None
    ]
    tested = [part for part, p in wholes.items() if p is not None]
    together = holm([wholes[part] or 0.0 for part in tested])
    return comparisons, wholes | {part: float(p) for part, p in zip(tested, together, strict=True)}


def by_query(grid: Grid) -> Labels:
    """Label a grid's cells by query and family alone."""
    return Labels(grid.labels.query, None, grid.labels.family)


def _version_effect(
    effects: Floats,
    means: Floats,
    grid: Grid,
    spans: Sequence[Span | None],
    way: tuple[float, int],
) -> Contrast | None:
    """Estimate a version's effect from the cells' least squares, no surer than the versions' own answers allow."""
    level, seed = way
    labels = by_query(grid)
    found = contrast(effects[:, None], [1.0], labels, [None], level=level, seed=seed)
    plain = contrast(means, [1.0, -1.0], labels, spans, level=level, seed=seed)
    if found is None or found.interval is None or plain is None or plain.interval is None:
        return found
    if "MOVER" not in plain.interval.method:
        return found
    return replace(
        found,
        interval=replace(
            found.interval,
            low=min(found.interval.low, found.estimate - (plain.estimate - plain.interval.low)),
            high=max(found.interval.high, found.estimate + (plain.interval.high - plain.estimate)),
        ),
    )


def _having(
    versions: Sequence[Sequence[Any]], made: Sequence[int], part: int, item: Any
) -> list[int]:
    return [row for row in made if versions[row][part] == item]


def _means(grid: Grid, sets: Sequence[Sequence[int]]) -> Floats:
    """Average each cell's gaps over sets of wordings."""
    values = grid.values("gap")
    columns = []
    for own in sets:
        there = ~np.isnan(values[:, own])
        count = there.sum(axis=1)
        sums = np.where(there, values[:, own], 0.0).sum(axis=1)
        columns.append(np.divide(sums, count, out=np.full(count.shape, np.nan), where=count > 0))
    return np.column_stack(columns)


def _least_squares(values: Floats, design: Floats) -> Floats:
    """Solve for each cell's effects; NaN where its wordings do not tell them apart."""
    effects = np.full((values.shape[0], design.shape[1] - 1), np.nan)
    there = ~np.isnan(values)
    whole = there.all(axis=1)
    if whole.any() and np.linalg.matrix_rank(design) == design.shape[1]:
        effects[whole] = (values[whole] @ np.linalg.pinv(design).T)[:, 1:]
    for at in np.flatnonzero(~whole & (there.sum(axis=1) > design.shape[1])):
        own = design[there[at]]
        if np.linalg.matrix_rank(own) == own.shape[1]:
            effects[at] = np.linalg.lstsq(own, values[at, there[at]], rcond=None)[0][1:]
    return effects


def _version_spans(
    grid: Grid, versions: Sequence[Sequence[Any]], made: Sequence[int], part: int, level: float
) -> dict[Any, Span | None]:
    """Give each version's gap over all wordings that have it."""
    found: dict[Any, Span | None] = {}
    for item in {versions[row][part] for row in made}:
        found[item] = span_over(grid, _having(versions, made, part, item), level)
    return found


def span_over(grid: Grid, columns: Sequence[int], level: float) -> Span | None:
    """Give the gap over some wordings together, paired within queries."""
    counts = [grid.counts[tier][:, columns] for tier in ARMS]
    both = (counts[0] > 0) & (counts[1] > 0)
    trials = [np.where(both, count, 0).sum(axis=1) for count in counts]
    cells = (trials[0] > 0) & (trials[1] > 0)
    if not cells.any():
        return None
    rates = [
        np.where(both, grid.rates[tier][:, columns], 0.0).sum(axis=1)
        / np.maximum(both.sum(axis=1), 1)
        for tier in ARMS
    ]
    rates = [np.where(cells, np.clip(rate, 0, 1), np.nan) for rate in rates]
    gap = paired_gap(
        *rates,
        trials=None if grid.graded else (trials[0], trials[1]),
        queries=grid.labels.query,
        families=grid.labels.family,
        level=level,
        test=False,
    )
    return None if gap.interval is None else (gap.gap, gap.interval.low, gap.interval.high)


def _version(item: Any) -> tuple[float, str]:
    try:
        return float(item), ""
    except (TypeError, ValueError):
        return float("inf"), str(item)
