"""Which levels of a factor change the gap: consequences, threats, personas, names, any list without an order?

Each level is compared with one of them (``none``, else the design's default, else the first) in the cells that share
all else (``grids.py``), as a paired contrast clustered by query and wording; the p-values of a factor's levels are
adjusted together (Holm). Whether any level differs from another is tested at once too (``estimate/contrasts.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gyges.estimate.contrasts import Contrast, adjusted, contrast, differ
from gyges.findings.grids import Grid, Group, level_text
from gyges.findings.record import ARMS
from gyges.findings.varied import (
    Comparison,
    Varied,
    could_have,
    level_rows,
    name_of,
    points,
    span_text,
)

__all__ = ["against", "compare_levels", "reference_of"]

_OUTRIGHT = ("none", "default", "base")


def reference_of(levels: Sequence[Any], counts: Mapping[Any, int], default: Any = None) -> int:
    """Choose the level that the others are compared with.

    Args:
        levels: In order.
        counts: How many answers each has in the whole study.
        default: What the study names.

    Returns:
        Its place: ``none`` where there is one, else what the study names, else the level that was asked more often
        than every other one (designs that vary one factor at a time ask the default most), else the first.
    """
    texts = [level_text(level) for level in levels]
    for name in (*([] if default is None else [level_text(default)]), *_OUTRIGHT):
        if name in texts:
            return texts.index(name)
    numbers = sorted((counts.get(level, 0) for level in levels), reverse=True)
    if len(numbers) > 1 and numbers[0] > numbers[1]:
        return [counts.get(level, 0) for level in levels].index(numbers[0])
    return 0


def against(
    grid: Grid, of: str, reference: int, *, level: float = 0.95, seed: int = 0
) -> list[Contrast | None]:
    """Compare each level of a grid with one of them; None for that one and where no cell has both."""
    spans = grid.spans(of, level)
    values = grid.values(of)
    found: list[Contrast | None] = []
    for at in range(len(grid.levels)):
        weights = [0.0] * len(grid.levels)
        weights[at], weights[reference] = 1.0, -1.0
        found.append(
            None
            if at == reference
            else contrast(
                values,
                weights,
                grid.labels,
                spans,
                bound=2.0 if of == "gap" else 1.0,
                level=level,
                seed=seed,
            )
        )
    return adjusted(found)


def compare_levels(
    grid: Grid,
    group: Group,
    named: str,
    *,
    page: str,
    reference: int,
    key: str,
    level: float = 0.95,
    seed: int = 0,
) -> Varied:
    """Describe a factor whose levels have no order.

    Args:
        grid: Its levels, both tiers.
        group: Whose answers they are.
        named: How the group is named in a sentence.
        page: The page's name.
        reference: The level that the others are compared with.
        key: The filter that leads to a level's transcripts.
        level: Confidence level.
        seed: Seeds what is drawn.
    """
    comparisons = []
    for of in ("gap", *ARMS):
        found = against(grid, of, reference, level=level, seed=seed)
        tests = sum(one is not None for one in found)
        comparisons += [
            Comparison.of_contrast(
                "level",
                f"{level_text(grid.levels[at])} − {level_text(grid.levels[reference])}",
                of,
                one,
                tests=tests,
                level=level,
            )
            for at, one in enumerate(found)
            if one is not None
        ]
    some = differ(grid.values("gap"), grid.labels, seed=seed) if len(grid.levels) > 2 else None
    gaps = [one for one in comparisons if one.of == "gap"]
    verdict, sentences = _said(gaps, grid, named, reference, some, level)
    return Varied(
        page=page,
        factor=grid.axis,
        group=group,
        verdict=verdict,
        sentences=tuple(sentences),
        rows=tuple(level_rows(grid, reference=reference, key=key, group=group, level=level)),
        comparisons=tuple(comparisons),
        facts={"p_any_difference": some},
        notes=tuple(grid_notes(grid)),
        method=gaps[0].method if gaps else "",
        level=level,
    )


def _said(
    gaps: Sequence[Comparison],
    grid: Grid,
    named: str,
    reference: int,
    some: float | None,
    level: float,
) -> tuple[str, list[str]]:
    factor, base = name_of(grid.axis), level_text(grid.levels[reference])
    if not gaps:
        return "not comparable", [f"{named}: no query was asked under {base} and another level."]
    clear = sorted((one for one in gaps if one.clear), key=lambda one: -abs(one.estimate))
    if clear:
        said = [
            f"{points(abs(one.estimate))} points {'larger' if one.estimate > 0 else 'smaller'} under "
            f"{one.label.split(' − ')[0]} ({span_text(one, level)})"
            for one in clear[:3]
        ]
        more = f", and {len(clear) - 3} more levels differ" if len(clear) > 3 else ""
        start = f"{named}: against {factor} {base}, the gap is {'; '.join(said)}{more}."
        rest = len(gaps) - len(clear)
        if rest:
            start += f" {_count(rest, 'level')} {'does' if rest == 1 else 'do'} not clearly differ."
        return "differs", [start]
    # Half the level, since the single levels have been tested too.
    if some is not None and some < (1 - level) / 2:
        return "differs", [
            f"{named}: the gap differs between the levels of {factor} (p = {some:.2g}), but no single level differs "
            f"clearly from {base}: {could_have([one.detectable for one in gaps])}."
        ]
    most = max(gaps, key=lambda one: abs(one.estimate))
    return "flat", [
        f"{named}: flat. No level of {factor} changes the gap beyond chance; the largest difference, "
        f"{most.label}, is {points(most.estimate, sign=True)} points ({span_text(most, level)}"
        f"{_for_all(most, len(gaps))}), and "
        f"{could_have([one.detectable for one in gaps])}."
    ]


def _for_all(one: Comparison, tests: int) -> str:
    """Say what is left of an interval that leaves out zero by itself."""
    if one.p_adjusted is None or one.low is None or one.high is None or one.low <= 0 <= one.high:
        return ""
    return f" by itself; p = {one.p_adjusted:.2g} for {tests} compared together"


def grid_notes(grid: Grid) -> list[str]:
    """Say what a reader must know of how the cells were chosen."""
    notes = []
    if grid.mixed:
        notes.append(
            "No cell was asked under all levels: the levels of each query are compared, and the other factors are "
            "taken to be mixed alike under them, as a balanced design does"
        )
    if grid.left_out:
        notes.append(
            f"{grid.left_out:,} answers stand in cells that were not asked under all levels and are left out here"
        )
    return notes


def _count(n: int, noun: str) -> str:
    return f"{n} {noun if n == 1 else noun + 's'}"
