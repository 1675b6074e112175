"""What would studies of a planned size measure, if queries and wordings vary as assumed?

A query's rate in an arm is drawn from a Beta distribution; its rates in the two arms are tied by a normal copula.
With one wording the pairs of counts of all queries are one multinomial draw from their joint distribution, which is
computed by quadrature. With several wordings the cells are drawn one by one: each wording has its own monitored rate,
Beta about the arm's, and the queries' rates spread about that. Over many queries the wordings' means are drawn
instead, as normal with the moments that the same queries give. Seeds are fixed, so a plan is the same every time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gyges.estimate.limits import Arms, Means, crossed_means, two_way

__all__ = ["MOST_ICC", "Model", "difference_variance", "simulate"]

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]
STUDIES = 4_000
"""Simulated studies of one wording: a power of 80 % is then known within about 1.2 points."""
CROSSED_STUDIES = 2_000
"""Simulated studies of several wordings; a power of 80 % is then known within about 2 points."""
MOST_DRAWS = 4_000_000
FEWEST_STUDIES = 500
"""Where fewer could be drawn, and from so many queries on, the means over queries are drawn as normal."""
MANY_QUERIES = 100
_POOL = 10_000
"""Queries from which the moments of the normal draws are taken."""
MOST_ICC = 0.995
"""At 1 a query's answers would all be alike, which no density describes."""
MOST_PAIRS = 200
"""Pairs of counts up to which the multinomial is the quicker."""

_SCORES = np.linspace(-6.0, 6.0, 241)
_WEIGHTS = np.exp(-(_SCORES**2) / 2) / np.exp(-(_SCORES**2) / 2).sum()
_NOISE, _NOISE_WEIGHTS = _SCORES[::4], _WEIGHTS[::4] / _WEIGHTS[::4].sum()
_LEVELS = 12
"""How many rates a wording can have."""


@dataclass(frozen=True, slots=True)
class Model:
    """How the rates of a study's queries come about."""

    monitored: float
    unmonitored: float
    icc: float
    correlation: float
    """Between the normal scores of a query's two rates."""
    wording_sd: float = 0.0
    """Standard deviation of the monitored rate between wordings."""
    interaction: float = 0.0
    """The share of a query's inclination that is another with every wording."""


@lru_cache(maxsize=256)
def _rates(mean: float, icc: float) -> Floats:
    """The rates of queries with the normal scores of the grid."""
    from scipy import special

    if icc < 1e-6 or min(mean, 1 - mean) < 1e-9:
        return np.full(_SCORES.shape, mean)
    shape = (1 - min(icc, MOST_ICC)) / min(icc, MOST_ICC)
    # The tail that is nearer is computed, so that rates next to 1 keep their digits.
    return np.asarray(
        np.where(
            _SCORES < 0,
            special.betaincinv(mean * shape, (1 - mean) * shape, special.ndtr(_SCORES)),
            1 - special.betaincinv((1 - mean) * shape, mean * shape, special.ndtr(-_SCORES)),
        )
    )


def _second(correlation: float) -> Floats:
    """Scores in the second arm, of shape (first arm's scores, noise)."""
    rest = math.sqrt(max(0.0, 1 - correlation**2))
    return correlation * _SCORES[:, None] + rest * _NOISE


def difference_variance(model: Model) -> float:
    """Give the variance between queries of the difference between their two rates."""
    first = _rates(model.monitored, model.icc)
    second = np.interp(_second(model.correlation), _SCORES, _rates(model.unmonitored, model.icc))
    difference = first[:, None] - second
    weights = _WEIGHTS[:, None] * _NOISE_WEIGHTS
    mean = float((weights * difference).sum())
    return float((weights * (difference - mean) ** 2).sum())


@lru_cache(maxsize=64)
def _pairs(model: Model, samples: int) -> Floats:
    """The joint distribution of a query's two counts, of shape (samples + 1, samples + 1)."""
    first = _binomial(_rates(model.monitored, model.icc), samples)
    grid = _binomial(_rates(model.unmonitored, model.icc), samples)
    at = _second(model.correlation)
    second = np.stack(
        [np.interp(at, _SCORES, grid[:, count]) @ _NOISE_WEIGHTS for count in range(samples + 1)], 1
    )
    joint = np.maximum((_WEIGHTS[:, None] * first).T @ second, 0.0)
    return np.asarray(joint / joint.sum())


def _binomial(rates: Floats, samples: int) -> Floats:
    count = np.arange(samples + 1)
    ways = np.array([math.comb(samples, int(one)) for one in count], dtype=np.float64)
    return ways * rates[:, None] ** count * (1 - rates[:, None]) ** (samples - count)


def simulate(model: Model, queries: int, samples: int, wordings: int, seed: int = 0) -> Arms:
    """Simulate studies of one size: what they measure.

    Args:
        model: How rates come about.
        queries: Two or more.
        samples: Samples a query, wording and tier.
        wordings: Crossed with the queries.
        seed: Seeds the draws.
    """
    rng = np.random.default_rng(seed)
    if wordings == 1 and (samples + 1) ** 2 <= MOST_PAIRS:
        return _simulate_pairs(model, queries, samples, rng)
    studies = MOST_DRAWS // (queries * wordings * min(samples, 10))
    if studies < FEWEST_STUDIES or (wordings > 1 and queries >= MANY_QUERIES):
        return _simulate_means(model, queries, samples, wordings, rng)
    return _simulate_cells(model, (min(CROSSED_STUDIES, studies), queries, wordings), samples, rng)


def _simulate_pairs(model: Model, queries: int, samples: int, rng: np.random.Generator) -> Arms:
    drawn = rng.multinomial(queries, _pairs(model, samples).ravel(), size=STUDIES)
    first, second = (part.ravel() / samples for part in np.indices((samples + 1, samples + 1)))

    def mean(values: Floats) -> Means:
        value = drawn @ values / queries
        variance = np.maximum(0.0, drawn @ values**2 / queries - value**2) / (queries - 1)
        variance[variance < 1e-13] = 0.0
        return Means(value, variance, np.full(STUDIES, queries - 1.0))

    return Arms(mean(first), mean(second), mean(first - second), queries, 1, samples)


def _simulate_cells(
    model: Model, shape: tuple[int, int, int], samples: int, rng: np.random.Generator
) -> Arms:
    studies, queries, wordings = shape
    levels = _draw_levels(model, (studies, 1, wordings), rng)
    first = _scores(rng, shape, model.interaction)
    noise = _scores(rng, shape, model.interaction)
    second = model.correlation * first + math.sqrt(max(0.0, 1 - model.correlation**2)) * noise
    monitored = _table(model.monitored, model.icc, model.wording_sd)[levels, _index(first)]
    unmonitored = _table(model.unmonitored, model.icc, 0.0)[0, _index(second)]
    rates = [
        _answers(rng, np.broadcast_to(one, shape), samples) for one in (monitored, unmonitored)
    ]
    high, low = rates
    return Arms(
        crossed_means(high),
        crossed_means(low),
        crossed_means(high - low),
        queries,
        wordings,
        samples,
    )


def _scores(
    rng: np.random.Generator, shape: tuple[int, int, int], interaction: float
) -> NDArray[np.float32]:
    score = rng.standard_normal((*shape[:2], 1), dtype=np.float32)
    if interaction == 0 or shape[2] == 1:
        return score
    own = rng.standard_normal(shape, dtype=np.float32)
    return np.asarray(math.sqrt(1 - interaction) * score + math.sqrt(interaction) * own, np.float32)


def _answers(
    rng: np.random.Generator, rates: NDArray[np.float32], samples: int
) -> NDArray[np.float32]:
    if samples > 10:
        return np.asarray(rng.binomial(samples, rates) / samples, np.float32)
    count = np.zeros(rates.shape, dtype=np.float32)
    for _ in range(samples):
        count += rng.random(rates.shape, dtype=np.float32) < rates
    return count / np.float32(samples)


_FINE = np.linspace(-6.0, 6.0, 4_801)


def _index(scores: NDArray[np.float32]) -> Codes:
    return np.asarray(np.rint((scores.clip(-6, 6) + 6) * 400), dtype=np.intp)


@lru_cache(maxsize=64)
def _table(mean: float, icc: float, wording_sd: float) -> NDArray[np.float32]:
    """Rates by the level of the wording and the score of the query."""
    rates = [_rates(float(level), icc) for level in _levels(mean, wording_sd)[0]]
    return np.stack([np.interp(_FINE, _SCORES, one) for one in rates]).astype(np.float32)


@lru_cache(maxsize=64)
def _levels(mean: float, sd: float) -> tuple[Floats, Floats]:
    """Give the rates that a wording can have, and how likely each is: the Gaussian quadrature of a Beta."""
    from scipy import special

    spread = mean * (1 - mean)
    if sd == 0 or spread < 1e-9:
        return np.array([mean]), np.ones(1)
    # A rate cannot vary by more than all or nothing.
    share = min(sd**2 / spread, 0.95)
    shape = (1 - share) / share
    points, weights = special.roots_jacobi(_LEVELS, (1 - mean) * shape - 1, mean * shape - 1)
    return (points.clip(-1, 1) + 1) / 2, weights / weights.sum()


def _draw_levels(model: Model, shape: tuple[int, ...], rng: np.random.Generator) -> Codes:
    likely = _levels(model.monitored, model.wording_sd)[1].cumsum()
    return np.searchsorted(likely[:-1], rng.random(shape), side="right")


@dataclass(frozen=True, slots=True)
class _Moments:
    """Of the rates of queries at each level of a wording, and unmonitored, which comes last."""

    mean: Floats
    common: Floats
    """Covariances between queries of what does not depend on the wording, shape (levels + 1, levels + 1)."""
    own: Floats
    """Variances of what a query does with one wording alone, shape (levels + 1,)."""
    shared: Floats
    """Covariances of that between the tiers, shape (levels + 1,)."""
    chance: Floats
    """Variances of one answer about its cell's rate, shape (levels + 1,)."""


@lru_cache(maxsize=16)
def _moments(model: Model) -> _Moments:
    rng = np.random.default_rng(1)
    shape = (_POOL, 1, 2)
    first = _scores(rng, shape, model.interaction)
    noise = _scores(rng, shape, model.interaction)
    second = model.correlation * first + math.sqrt(max(0.0, 1 - model.correlation**2)) * noise
    high = _table(model.monitored, model.icc, model.wording_sd)[:, _index(first)[:, 0]]
    low = _table(model.unmonitored, model.icc, 0.0)[:, _index(second)[:, 0]]
    rates = np.concatenate([high, low]).astype(np.float64)
    # Two wordings of the same queries; without interaction they are one.
    one, other = rates[:, :, 0], rates[:, :, -1]
    size = one.shape[0]
    common = np.cov(one, other)[:size, size:]
    common = (common + common.T) / 2
    both = np.cov(one)
    rest = both - common if model.interaction > 0 else np.zeros_like(both)
    return _Moments(
        np.append(_levels(model.monitored, model.wording_sd)[0], model.unmonitored),
        common,
        np.diag(rest).clip(0),
        rest[:, -1],
        (one * (1 - one)).mean(axis=1),
    )


def _simulate_means(
    model: Model, queries: int, samples: int, wordings: int, rng: np.random.Generator
) -> Arms:
    found = _moments(model)
    last = found.mean.size - 1
    levels = _draw_levels(model, (CROSSED_STUDIES, wordings), rng)
    values, vectors = np.linalg.eigh(found.common)
    shifts = (
        rng.standard_normal((CROSSED_STUDIES, last + 1)) @ (vectors * np.sqrt(values.clip(0))).T
    )
    shifts /= math.sqrt(queries)
    noise = found.own + found.chance / samples
    between = np.divide(
        found.shared,
        np.sqrt(noise * noise[last]),
        out=np.zeros_like(noise),
        where=noise * noise[last] > 0,
    ).clip(-1, 1)[levels]
    one, other = rng.standard_normal((2, *levels.shape))
    other = between * one + np.sqrt(1 - between**2) * other
    row = np.arange(CROSSED_STUDIES)[:, None]
    high = found.mean[levels] + shifts[row, levels] + one * np.sqrt(noise[levels] / queries)
    low = found.mean[last] + shifts[:, [last]] + other * math.sqrt(noise[last] / queries)
    counts = np.bincount((row * last + levels).ravel(), minlength=CROSSED_STUDIES * last)
    share = counts.reshape(CROSSED_STUDIES, last) / wordings
    luck = rng.chisquare(queries - 1, CROSSED_STUDIES) / (queries - 1)
    covariance, cross = found.common[:last, :last], found.common[:last, [last]]
    least = found.common[last, last]

    def mean(columns: Floats, common: Floats, own: Floats) -> Means:
        """Put the parts together that ``crossed_means`` sums from cells."""
        value = columns.mean(axis=1)
        rows = np.einsum("sl,sl->s", share @ common, share) + share @ own / wordings
        by_query = np.maximum(rows, 0.0) * luck / queries
        if wordings == 1:
            return Means(value, by_query, np.full(value.shape, queries - 1.0))
        squares = ((columns - value[:, None]) ** 2).sum(axis=1)
        within = queries * wordings * (share @ (np.diag(common) + own)) * luck
        cells = queries * wordings
        both = (queries * squares + within) / (cells * (cells - 1))
        return two_way(
            value, by_query, squares / (wordings * (wordings - 1)), both, queries, wordings
        )

    return Arms(
        mean(high.clip(0, 1), covariance, noise[:last]),
        mean(low.clip(0, 1), np.full_like(covariance, least), np.full(last, noise[last])),
        mean(
            high.clip(0, 1) - low.clip(0, 1),
            covariance - cross - cross.T + least,
            noise[:last] + noise[last] - 2 * found.shared[:last],
        ),
        queries,
        wordings,
        samples,
    )
