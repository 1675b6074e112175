"""Which few of many combinations tell the factors' effects apart best?

A **balanced fraction**: every level of a factor occurs equally often (within one), and so does, as near as the size
allows, every pair of levels of two factors, so the effect of one factor is not taken for another's. Found by exchange:
start from balanced columns, swap two entries of one column where that parts two equal rows or evens out the pairs,
until nothing improves (the coordinate exchange of Meyer and Nachtsheim 1995, with the criterion of nearly orthogonal
arrays, Wang and Wu 1992). A swap leaves a column's counts as they are, so levels stay balanced. Where more than half
of all combinations are wanted, the ones to leave out are chosen so. The first run is the base: level 0 of every factor.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from math import prod
from random import Random

__all__ = ["balanced_fraction", "imbalance"]

_STARTS = 6
_ROUNDS = 40
_PROPOSALS = 250_000
"""About so many swaps are looked at in all: a few seconds of search for a thousand combinations."""

Row = tuple[int, ...]


def balanced_fraction(levels: Sequence[int], runs: int, *, seed: int = 0) -> list[Row]:
    """Choose combinations of levels.

    Args:
        levels: How many levels each factor has.
        runs: How many combinations, from 1; all of them where there are no more.
        seed: Seeds the search.

    Returns:
        Distinct combinations, a level's number for each factor; the first is all zeros.
    """
    total = prod(levels)
    base = (0,) * len(levels)
    if runs <= 1:
        return [base]
    draw = Random(seed)
    if 2 * runs <= total:
        return _choose(levels, runs, draw, base)
    left_out = set(_choose(levels, total - runs, draw, None)) if runs < total else set()
    return [row for row in itertools.product(*map(range, levels)) if row not in left_out]


def imbalance(combinations: Sequence[Sequence[int]], levels: Sequence[int]) -> float:
    """Say how uneven the pairs of levels are: 0 where they are as even as this many combinations allow."""
    return _Table([list(row) for row in combinations], levels, None).uneven


def _choose(levels: Sequence[int], runs: int, draw: Random, first: Row | None) -> list[Row]:
    """Search from several starts and keep the best.

    Args:
        levels: How many levels each factor has.
        runs: How many rows; no more than half of what there is.
        draw: What is random.
        first: The row that stands first; without one, rows are chosen among all but the base.
    """
    best: tuple[int, float, list[Row]] | None = None
    left = _PROPOSALS
    for _ in range(_STARTS):
        table = _start(levels, runs, draw, first)
        left -= table.improve(draw, left, fixed=0 if first is None else 1)
        found = (table.repeated, table.uneven, [tuple(row) for row in table.rows])
        if best is None or found[:2] < best[:2]:
            best = found
        if best[:2] == (0, 0.0) or left <= 0:
            break
    assert best is not None
    return best[2] if best[0] == 0 else _parted(best[2], levels, draw, first)


def _start(levels: Sequence[int], runs: int, draw: Random, first: Row | None) -> _Table:
    columns = []
    for count in levels:
        # Rows that are left out begin with another level than the base's.
        column = [(at + (first is None)) % count for at in range(runs)]
        rest = column[1:]
        draw.shuffle(rest)
        columns.append([*column[:1], *rest])
    return _Table(
        [list(row) for row in zip(*columns, strict=True)],
        levels,
        (0,) * len(levels) if first is None else None,
    )


class _Table:
    """Rows of levels, with how often each row and each pair of levels occurs."""

    def __init__(self, rows: list[list[int]], levels: Sequence[int], forbidden: Row | None) -> None:
        self.rows = rows
        self.levels = levels
        self._times = Counter(tuple(row) for row in rows)
        if forbidden is not None:
            # As if it stood there already.
            self._times[forbidden] += 1
        self._pairs: dict[tuple[int, int], list[list[int]]] = {}
        for one, other in itertools.permutations(range(len(levels)), 2):
            counts = [[0] * levels[other] for _ in range(levels[one])]
            for row in rows:
                counts[row[one]][row[other]] += 1
            self._pairs[one, other] = counts

    @property
    def repeated(self) -> int:
        """How many pairs of rows are equal."""
        return sum(times * (times - 1) // 2 for times in self._times.values())

    @property
    def uneven(self) -> float:
        """How far the pairs of levels are from the most even counts that so many rows can have."""
        total = 0.0
        for (one, other), counts in self._pairs.items():
            if one < other:
                cells = self.levels[one] * self.levels[other]
                least, more = divmod(len(self.rows), cells)
                floor = (cells - more) * least**2 + more * (least + 1) ** 2
                total += sum(count**2 for row in counts for count in row) - floor
        return total

    def improve(self, draw: Random, most: int, fixed: int) -> int:
        """Swap entries until nothing improves; the first rows stay.

        Args:
            draw: What is random.
            most: About how many swaps to look at; a round over all columns is finished.
            fixed: How many rows stay as they are.

        Returns:
            How many swaps were looked at.
        """
        width, runs = len(self.levels), len(self.rows)
        looked = 0
        if width < 2 or runs - fixed < 2:
            return looked
        for _ in range(_ROUNDS):
            improved = False
            for place in range(width):
                for _ in range(4 * runs):
                    one, two = (fixed + int(draw.random() * (runs - fixed)) for _ in range(2))
                    improved |= self._swap(place, one, two)
            looked += 4 * runs * width
            if not improved or looked >= most:
                break
        return looked

    def _swap(self, place: int, one: int, two: int) -> bool:
        """Swap two entries of a column if that does no harm; say whether it did good."""
        first, second = self.rows[one], self.rows[two]
        a, b = first[place], second[place]
        if a == b:
            return False
        before = (tuple(first), tuple(second))
        change = 0
        for other in range(len(self.levels)):
            x, y = first[other], second[other]
            if other != place and x != y:
                counts = self._pairs[place, other]
                change += counts[a][y] + counts[b][x] - counts[a][x] - counts[b][y] + 2
        first[place], second[place] = b, a
        after = (tuple(first), tuple(second))
        if after == before[::-1]:
            return False
        parted = self._moved(before, after)
        if parted > 0 or (parted == 0 and change > 0):
            self._moved(after, before)
            first[place], second[place] = a, b
            return False
        for other in range(len(self.levels)):
            x, y = first[other], second[other]
            if other != place and x != y:
                counts, turned = self._pairs[place, other], self._pairs[other, place]
                for level, beside, by in ((a, x, -1), (b, y, -1), (b, x, 1), (a, y, 1)):
                    counts[level][beside] += by
                    turned[beside][level] += by
        return parted < 0 or change < 0

    def _moved(self, before: Sequence[Row], after: Sequence[Row]) -> int:
        """Count rows anew, and say by how much equal pairs of rows became more."""
        more = 0
        for row in before:
            self._times[row] -= 1
            more -= self._times[row]
        for row in after:
            more += self._times[row]
            self._times[row] += 1
        return more


def _parted(rows: list[Row], levels: Sequence[int], draw: Random, first: Row | None) -> list[Row]:
    """Put others in the place of rows that still occur twice: those whose levels are the rarest so far."""
    forbidden = {(0,) * len(levels)} if first is None else set()
    found = [row for row in dict.fromkeys(rows) if row not in forbidden]
    known = {*found, *forbidden}
    while len(found) < len(rows):
        seen = [Counter(row[place] for row in found) for place in range(len(levels))]
        options = [tuple(draw.randrange(count) for count in levels) for _ in range(64)]
        free = [row for row in options if row not in known]
        if free:
            row = min(free, key=lambda one: sum(map(Counter.__getitem__, seen, one)))
            known.add(row)
            found.append(row)
    return found
