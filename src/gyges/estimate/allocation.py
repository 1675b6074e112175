"""Which query should be asked next, so that the interval for the gap shrinks fastest, without bias?

After every query was asked once, queries are drawn with probabilities that depend on the past only: in part evenly,
in part in proportion to how much a query's answers vary (Neyman 1934), which is shrunk towards the mean over queries
because a few samples say little. What a query is expected to show is taken out and its mean over queries put back, so
that what is left to chance is the variation within queries and not the one between them (the augmented inverse
probability weighting of Robins, Rotnitzky and Zhao 1994, with known probabilities). The observation's mean given the
past is the gap over the queries, whatever the expectation was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Allocation", "Draw"]

_EVEN = 0.75
_PRIOR = 2.0


@dataclass(frozen=True, slots=True)
class Draw:
    """How one query was to be drawn, and what was expected of each; fixed before the draw."""

    chances: NDArray[np.float64]
    """Shape (queries,); they add to 1."""
    expected: NDArray[np.float64]
    """Shape (queries,); the difference expected of each query."""

    def observation(self, query: int, difference: float) -> tuple[float, float, float]:
        """Turn a block's difference into a fair observation of the gap.

        Returns:
            The observation, and the least and the most that it could have been.
        """
        weights = 1.0 / (self.chances.size * self.chances)
        mean = float(self.expected.mean())
        value = mean + (difference - self.expected[query]) * weights[query]
        low = mean - float(np.max((1.0 + self.expected) * weights))
        high = mean + float(np.max((1.0 - self.expected) * weights))
        # Rounding must not put the bounds inside -1 to 1.
        return float(value), min(low, -1.0), max(high, 1.0)


class Allocation:
    """Learns from differences where to ask next.

    Args:
        queries: How many there are; they are named by number.
    """

    def __init__(self, queries: int) -> None:
        self._n = np.zeros(queries)
        self._sum = np.zeros(queries)
        self._squares = np.zeros(queries)

    def add(self, query: int, difference: float) -> None:
        """Learn one block's difference."""
        self._n[query] += 1
        self._sum[query] += difference
        self._squares[query] += difference**2

    def draw(self) -> Draw:
        """Say how the next query is drawn."""
        seen = self._n > 0
        size = self._n.size
        if not seen.any():
            return Draw(np.full(size, 1.0 / size), np.zeros(size))
        n = np.maximum(self._n, 1.0)
        means, squares = self._sum / n, self._squares / n
        gap, total = float(means[seen].mean()), float(squares[seen].mean())
        between = self._between(gap, total)
        within = max(total - gap**2 - between, 1e-3)
        trust = between / (between + within / n)
        expected = np.where(seen, gap + trust * (means - gap), gap)
        spread = np.sqrt(
            (self._n * np.maximum(squares - means**2, 0.0) + _PRIOR * within) / (self._n + _PRIOR)
        )
        chances = (1.0 - _EVEN) * spread / spread.sum() + _EVEN / size
        return Draw(chances / chances.sum(), np.clip(expected, -1.0, 1.0))

    def _between(self, gap: float, total: float) -> float:
        """Estimate the variance between queries from those that were asked more than once."""
        twice = self._n >= 2
        count = int(twice.sum())
        if count < 3:
            return 0.0
        n = self._n[twice]
        products = (self._sum[twice] ** 2 - self._squares[twice]) / (n * (n - 1))
        # Few repeated queries say little about it.
        return float(np.clip(products.mean() - gap**2, 0.0, total)) * count / (count + 5.0)
