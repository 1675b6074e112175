"""How wide is the gap known to be after every block, however long one looks and whenever one stops?

A confidence sequence by betting: for each possible gap ``m`` gamblers bet on the next block's difference at odds that
are fair if the gap is ``m``. Nobody gets rich at fair odds, so an ``m`` at which the gamblers' capital grows beyond
``1 / alpha`` can be excluded, at any time, with a chance of error of at most ``alpha`` over the whole sequence
(Ville's inequality). The bets are a fixed mixture of shares of the capital, so nothing is tuned to the data. At ``m =
0`` and differences of -1, 0 and 1 the capital is a likelihood ratio of the sign test on the discordant blocks; for
other ``m`` its growth reaches that of the best bounded bet.

Source: Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting", JRSS-B 86(1), section
4 (the capital of a candidate mean) and its method of mixtures; Hoeffding 1963 and the inequality of the means for
balanced passes.

What is estimated is the gap over the given queries, a finite set. An observation is **fair** if its mean given the
past is that gap: a query drawn with known probabilities that depend on the past only, weighted by their inverse.
Balanced passes over the queries (each once, in random order) are fair at once under the hypothesis that the tier
changes nothing in any query; for any other hypothesis the capital's mean is at most 1 at the end of each pass (the
product of ``1 + b (g - m)`` over queries with mean gap ``m`` is at most 1), and that it holds in between too was
measured, not proved.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError

__all__ = ["BETS", "Capital", "GapSequence"]

BETS: tuple[tuple[float, float], ...] = (
    (0.04, 0.04),
    (0.08, 0.05),
    (0.16, 0.06),
    (0.28, 0.10),
    *((share, 0.125) for share in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)),
)
"""The gamblers: the share of the most that each can bet, and the part of the capital that each starts with.

Three quarters bet much, which suits rare compliance (few blocks differ); the others serve rates near one half."""

_STEP = 0.002


class Capital:
    """What gamblers own who bet that the gap lies above, or below, each of some values.

    Args:
        means: The values; strictly between -1 and 1.
        side: ``above`` or ``below``: on what they bet.
    """

    def __init__(self, means: ArrayLike, side: Literal["above", "below"]) -> None:
        self.means = np.atleast_1d(np.asarray(means, dtype=np.float64))
        if not bool(np.all(np.abs(self.means) < 1.0)):
            raise EstimateError("a candidate gap must lie strictly between -1 and 1")
        self.side = side
        shares, parts = np.array(BETS).T
        self._shares = shares[:, None]
        self._logs = np.log(parts / parts.sum())[:, None] + np.zeros(self.means.size)

    def add(self, value: ArrayLike, low: ArrayLike = -1.0, high: ArrayLike = 1.0) -> None:
        """Settle the bets on one observation.

        Args:
            value: The observation; an array gives each candidate value a stream of its own.
            low: The least that it could have been, known before it came; at most -1.
            high: The most that it could have been; at least 1.
        """
        gain = np.asarray(value, dtype=np.float64) - self.means
        bound = np.asarray(low if self.side == "above" else high, dtype=np.float64)
        most = self.means - bound
        self._logs += np.log1p(self._shares * (gain / most))

    @property
    def log(self) -> NDArray[np.float64]:
        """The logarithm of the capital against each value; they start at 0."""
        top = self._logs.max(axis=0)
        return np.asarray(top + np.log(np.exp(self._logs - top).sum(axis=0)))

    def keep(self, which: slice) -> None:
        """Go on with a part of the values."""
        self.means, self._logs = self.means[which], self._logs[:, which]


class GapSequence:
    """A confidence sequence for the gap: an interval after every observation that holds at all times together.

    Args:
        level: With what probability the gap is in all intervals.
        lower_share: The part of ``1 - level`` that guards the lower bound. Above one half, a positive gap is
            found sooner and a negative one later.
        margin: Test too whether the gap is within ``margin`` of zero.

    Raises:
        EstimateError: A level or a share that is not between 0 and 1.
    """

    def __init__(
        self, *, level: float = 0.95, lower_share: float = 0.5, margin: float | None = None
    ) -> None:
        for name, value in (("level", level), ("lower_share", lower_share)):
            if not 0.0 < value < 1.0:
                raise EstimateError(f"{name} {value}: must be between 0 and 1")
        self.level = level
        self.margin = margin
        self.within = False
        """Whether the gap was shown to be smaller than the margin: each side was excluded at ``1 - level``, which
        suffices because the gap cannot lie beyond both."""
        self._edges: tuple[Capital, ...] = (
            () if margin is None else (Capital(margin, "below"), Capital(-margin, "above"))
        )
        self.n = 0
        """Observations so far."""
        self.low = -1.0
        """The gap is above this."""
        self.high = 1.0
        """The gap is below this."""
        steps = round(1 / _STEP)
        grid = np.arange(1 - steps, steps) / steps
        self._above, self._below = Capital(grid, "above"), Capital(grid, "below")
        self._to_exclude = (
            -np.log((1.0 - level) * lower_share),
            -np.log((1.0 - level) * (1.0 - lower_share)),
        )

    def add(self, value: float, low: float = -1.0, high: float = 1.0) -> None:
        """Take one more observation.

        Args:
            value: A block's difference, or a fair observation made of it.
            low: The least that it could have been, known before it came; at most -1.
            high: The most that it could have been; at least 1.

        Raises:
            EstimateError: The value is outside its bounds, or these are too narrow.
        """
        if not low <= value <= high or low > -1.0 or high < 1.0:
            raise EstimateError(f"observation {value}: must lie in bounds that include -1 to 1")
        self.n += 1
        enough = -np.log(1.0 - self.level)
        for edge in self._edges:
            edge.add(value, low, high)
        # The first to be shown stays shown while the other is awaited.
        self._edges = tuple(edge for edge in self._edges if edge.log[0] < enough)
        self.within = self.margin is not None and not self._edges
        if self._above.means.size == 0:
            return
        self._above.add(value, low, high)
        self._below.add(value, low, high)
        # The capital falls (rises) with the candidate: what is excluded is an end of the range.
        first = int(np.sum(self._above.log >= self._to_exclude[0]))
        last = self._below.means.size - int(np.sum(self._below.log >= self._to_exclude[1]))
        means = self._above.means
        if first:
            self.low = float(means[first - 1])
        if last < means.size:
            self.high = float(means[last])
        if first or last < means.size:
            # Excluded once is excluded for good: this is the running intersection.
            self._above.keep(slice(first, max(first, last)))
            self._below.keep(slice(first, max(first, last)))
            # Where everything is excluded (one sequence in twenty at most), the ends cross.
            self.low, self.high = min(self.low, self.high), max(self.low, self.high)

    @property
    def sign(self) -> int:
        """1 where the gap is shown to be above zero, -1 where it is below, 0 where neither."""
        return int(self.low >= 0.0) - int(self.high <= 0.0)

    @property
    def width(self) -> float:
        """The width of the interval."""
        return self.high - self.low
