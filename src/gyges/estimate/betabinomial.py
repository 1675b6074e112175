"""How likely are counts if each prompt's rate is drawn from a Beta distribution, and which distribution fits best?

The distribution is named by its mean and by the intraclass correlation ``1 / (a + b + 1)``. The likelihood is taken as
products over the answers, which need no gamma functions and hold at a correlation of zero, the binomial.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError

__all__ = ["Tallies", "betabinomial_loglik", "fit", "profile_interval", "read_counts"]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_EDGE = 1e-7
"""Fits stay this far inside the bounds of 0 and 1; the likelihood is smooth there and has reached its limit."""
_LOGITS = np.linspace(-math.log(1 / _EDGE - 1), math.log(1 / _EDGE - 1), 25)
_GRID = 1.0 / (1.0 + np.exp(-_LOGITS))


def betabinomial_loglik(mean: float, icc: float, successes: ArrayLike, trials: ArrayLike) -> float:
    """Give the beta-binomial log-likelihood, without the binomial coefficients.

    Args:
        mean: The mean rate, inside 0 to 1.
        icc: The intraclass correlation, from 0 (binomial) up to, but not, 1.
        successes: Shape (prompts,).
        trials: Shape (prompts,).
    """
    return float(Tallies.of(*read_counts(successes, trials)).loglik(mean, icc))


def read_counts(successes: ArrayLike, trials: ArrayLike) -> tuple[Counts, Counts]:
    """Check counts, and leave out prompts without trials.

    Raises:
        EstimateError: They are not whole numbers with ``0 <= successes <= trials``.
    """
    k = np.asarray(successes, dtype=np.float64).ravel()
    n = np.asarray(trials, dtype=np.float64).ravel()
    if k.shape != n.shape:
        raise EstimateError(
            f"overdispersion: {k.size} counts of successes and {n.size} of trials; give one of each a prompt"
        )
    good = (k == np.floor(k)) & (n == np.floor(n)) & (k >= 0) & (k <= n)
    if not good.all():
        at = int(np.argmin(good))
        raise EstimateError(
            f"overdispersion: prompt {at} has {k[at]:g} successes in {n[at]:g} trials; both are whole numbers, and "
            "successes are no more than trials"
        )
    kept = n > 0
    return k[kept].astype(np.int64), n[kept].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Tallies:
    """The likelihood's sufficient statistics: how many prompts have more than r successes, failures, trials."""

    successes: Floats
    failures: Floats
    trials: Floats

    @classmethod
    def of(cls, k: Counts, n: Counts) -> Tallies:
        """Count them."""
        r = np.arange(int(n.max(initial=0)))

        def above(counts: Counts) -> Floats:
            # Counts sorted once: the number above r is what remains to the right.
            return (counts.size - np.searchsorted(np.sort(counts), r, side="right")).astype(float)

        return cls(above(k), above(n - k), above(n))

    def loglik(self, mean: float | Floats, icc: float | Floats) -> Floats:
        """The log-likelihood at one mean and correlation, or at each of several."""
        rho, mu = np.asarray(icc, dtype=np.float64)[..., None], np.asarray(mean)[..., None]
        found: Floats = np.asarray(0.0)
        with np.errstate(divide="ignore"):
            for tally, share in (
                (self.successes, mu * (1.0 - rho)),
                (self.failures, (1.0 - mu) * (1.0 - rho)),
                (-self.trials, 1.0 - rho),
            ):
                some = np.flatnonzero(tally)
                found = found + np.log(share + some * rho) @ tally[some]
        return np.asarray(found, dtype=np.float64)

    def best_mean(self, icc: float) -> tuple[float, float]:
        """The mean that fits best at a correlation, and its log-likelihood, which is concave in the mean."""
        from scipy import optimize

        yes, no = np.flatnonzero(self.successes), np.flatnonzero(self.failures)
        up, down = self.successes[yes], self.failures[no]
        yes_step, no_step = yes * (icc / (1.0 - icc)), no * (icc / (1.0 - icc))

        def slope(mean: float) -> float:
            return float((up / (mean + yes_step)).sum() - (down / (1.0 - mean + no_step)).sum())

        if slope(_EDGE) <= 0 or slope(1.0 - _EDGE) >= 0:
            mean = _EDGE if slope(_EDGE) <= 0 else 1.0 - _EDGE
        else:
            mean = float(optimize.brentq(slope, _EDGE, 1.0 - _EDGE, xtol=1e-12))
        return mean, float(self.loglik(mean, icc))

    def best_icc(self, mean: float) -> tuple[float, float]:
        """The correlation that fits best at a mean, and its log-likelihood."""
        found = _maximise(
            lambda icc: float(self.loglik(mean, icc)), self.loglik(np.full(_GRID.size, mean), _GRID)
        )
        at_zero = float(self.loglik(mean, 0.0))
        return (0.0, at_zero) if at_zero >= found[1] else found


def _maximise(function: Callable[[float], float], values: Floats) -> tuple[float, float]:
    """Maximise over (0, 1), given the function's values on the grid.

    The grid is even on the logit scale, on which near 0 and near 1 are far apart; a search alone would stay where
    the likelihood is flat.
    """
    from scipy import optimize

    at = int(np.argmax(values))
    near = _LOGITS[max(at - 1, 0)], _LOGITS[min(at + 1, _LOGITS.size - 1)]
    found = optimize.minimize_scalar(
        lambda x: -function(_expit(float(x))),
        bounds=near,
        method="bounded",
        options={"xatol": 1e-7},
    )
    if -float(found.fun) >= values[at]:
        return _expit(float(found.x)), -float(found.fun)
    return float(_GRID[at]), float(values[at])


def _expit(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def fit(tallies: Tallies, pooled: float) -> tuple[float, float, float]:
    """Mean, correlation and log-likelihood of the best fit; the correlation may be exactly 0."""
    profile = np.array([tallies.best_mean(float(icc))[1] for icc in _GRID])
    icc, best = _maximise(lambda icc: tallies.best_mean(icc)[1], profile)
    flat = float(tallies.loglik(pooled, 0.0))
    if flat >= best - 1e-10:
        return pooled, 0.0, flat
    # At the upper end of the grid the likelihood has reached its limit: every prompt answers in one way.
    return tallies.best_mean(icc)[0], 1.0 if icc > 1.0 - 2 * _EDGE else icc, best


def profile_interval(
    function: Callable[[float], float], centre: float, target: float
) -> tuple[float, float]:
    """Where a profile log-likelihood falls to the target on either side of its maximum, within 0 to 1."""
    from scipy import optimize

    ends: list[float] = []
    for bound in (_EDGE, 1.0 - _EDGE):
        outside = abs(centre - bound) < 10 * _EDGE or function(bound) >= target
        if outside:
            ends.append(float(round(bound)))
            continue
        start = min(max(centre, _EDGE), 1.0 - _EDGE)
        ends.append(float(optimize.brentq(lambda x: function(x) - target, bound, start, xtol=1e-7)))
    return min(ends[0], centre), max(ends[1], centre)
