"""Which few of many combinations tell the factors' effects apart best?

A **balanced fraction**: every level of a factor occurs equally often (as near as the size allows), and so does every
pair of levels of two factors, so the effect of one factor is not taken for another's. Found by exchange: start from
balanced columns, swap two entries of one column where that evens out the pairs, until nothing improves (the
coordinate exchange of Meyer and Nachtsheim 1995, with the criterion of nearly orthogonal arrays, Wang and Wu 1992).
The first run is the base: level 0 of every factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

__all__ = ["balanced_fraction", "imbalance"]

_ROUNDS = 30


def balanced_fraction(levels: Sequence[int], runs: int, *, seed: int = 0) -> list[tuple[int, ...]]:
    """Choose combinations of levels.

    Args:
        levels: How many levels each factor has.
        runs: How many combinations; all of them where there are no more.
        seed: Seeds the search.

    Returns:
        Distinct combinations, a level's number for each factor; the first is all zeros.
    """
    total = prod(levels)
    if runs >= total:
        return [
            tuple(int(at) for at in np.unravel_index(number, levels)) for number in range(total)
        ]
    draw = np.random.default_rng(seed)
    best: NDArray[np.int64] | None = None
    for _ in range(4):
        found = _search(levels, runs, draw)
        if best is None or _cost(found, levels) < _cost(best, levels):
            best = found
    assert best is not None
    return _distinct(best, levels, runs, draw)


def imbalance(combinations: Sequence[Sequence[int]], levels: Sequence[int]) -> float:
    """Say how uneven the pairs of levels are: 0 where every pair occurs equally often."""
    return _cost(np.asarray(combinations, dtype=np.int64), levels)


def _search(levels: Sequence[int], runs: int, draw: np.random.Generator) -> NDArray[np.int64]:
    columns = []
    for count in levels:
        column = np.arange(runs) % count
        rest = column[1:].copy()
        draw.shuffle(rest)
        # The first run stays the base.
        columns.append(np.concatenate([column[:1], rest]))
    design = np.stack(columns, axis=1)
    if len(levels) < 2:
        return design
    cost = _cost(design, levels)
    for _ in range(_ROUNDS):
        improved = False
        for place in range(len(levels)):
            others = [other for other in range(len(levels)) if other != place]
            here = _cost_of(design, levels, place, others)
            for one, two in draw.integers(1, runs, size=(4 * runs, 2)):
                if design[one, place] == design[two, place]:
                    continue
                design[[one, two], place] = design[[two, one], place]
                after = _cost_of(design, levels, place, others)
                if after < here:
                    cost, here, improved = cost - here + after, after, True
                else:
                    design[[one, two], place] = design[[two, one], place]
        if not improved or cost < 1e-9:
            break
    return design


def _cost_of(
    design: NDArray[np.int64], levels: Sequence[int], column: int, others: Sequence[int]
) -> float:
    total = 0.0
    for other in others:
        cells = levels[column] * levels[other]
        counts = np.bincount(design[:, column] * levels[other] + design[:, other], minlength=cells)
        total += float(((counts - len(design) / cells) ** 2).sum())
    return total - _floor(levels, len(design), column, others)


def _floor(levels: Sequence[int], runs: int, column: int, others: Sequence[int]) -> float:
    """What no design of this size can avoid."""
    total = 0.0
    for other in others:
        cells = levels[column] * levels[other]
        share = (runs % cells) / cells
        total += cells * share * (1 - share)
    return total


def _cost(design: NDArray[np.int64], levels: Sequence[int]) -> float:
    return sum(_cost_of(design, levels, column, range(column)) for column in range(1, len(levels)))


def _distinct(
    design: NDArray[np.int64], levels: Sequence[int], runs: int, draw: np.random.Generator
) -> list[tuple[int, ...]]:
    """Put others in the place of combinations that occur twice."""
    found = list(dict.fromkeys(tuple(int(at) for at in row) for row in design))
    known = set(found)
    while len(found) < runs:
        row = tuple(int(draw.integers(count)) for count in levels)
        if row not in known:
            known.add(row)
            found.append(row)
    return found
