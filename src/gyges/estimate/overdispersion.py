"""Does the same share of prompts always fake, or does each prompt fake sometimes?

A rate of 20 % can mean that one prompt in five always complies, or that every prompt complies one time in five. If
all prompts have one rate their counts are binomial; if the rates differ the counts spread further. The beta-binomial
distribution describes that by a mean and an **intraclass correlation** (0: all prompts alike; 1: each prompt always
answers in one way), and is compared with the binomial:

* likelihood ratio; under the null the correlation lies on its bound, so the statistic is 0 half the time and
  chi-square with one degree of freedom otherwise (Self and Liang 1987, JASA 82:605);
* Tarone's score test (1979, Biometrika 66:585), which needs no fit;
* an exact version of the same: given the total, the binomial has no unknown left, and the counts follow a
  multivariate hypergeometric distribution that is sampled. It holds its level whatever the number of prompts and
  however rare the event.

Intervals are those of the profile likelihood. Where all answers are alike the one of the mean is still finite, and as
wide as the number of prompts, not of answers, warrants.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.betabinomial import Tallies, fit, profile_interval, read_counts

__all__ = ["OverDispersion", "overdispersion"]

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class OverDispersion:
    """How far the prompts of one arm differ in their rates; all rates are fractions."""

    mean: float
    """The mean rate of the fitted distribution of prompts."""
    mean_low: float
    mean_high: float
    icc: float | None
    """Intraclass correlation; None where all answers are alike, which any correlation explains."""
    icc_low: float | None
    icc_high: float | None
    lr: float
    """Twice the gain in log-likelihood of the beta-binomial over the binomial."""
    p: float
    """One-sided likelihood-ratio p-value for all prompts having one rate."""
    p_exact: float
    """The same question by the exact conditional test; believe this one where they differ."""
    tarone_z: float | None
    """Tarone's statistic, standard normal if all prompts have one rate; None where all answers are alike."""
    tarone_p: float | None
    prompts: int
    trials: int
    never: float
    """The share of prompts that never complied."""
    always: float
    """The share of prompts that complied every time."""
    high: float
    """The estimated share of prompts whose own rate is at least ``threshold``: counts are first drawn towards the mean
    as far as the fitted distribution asks, so that luck in few answers counts for little."""
    threshold: float
    level: float
    method: str


def overdispersion(
    successes: ArrayLike,
    trials: ArrayLike,
    *,
    threshold: float = 0.5,
    level: float = 0.95,
    draws: int = 9_999,
    seed: int = 0,
) -> OverDispersion:
    """Compare how prompts spread with what one rate for all would give.

    Args:
        successes: Shape (prompts,); the complying answers of each prompt.
        trials: Shape (prompts,); its answers. Prompts without any are left out.
        threshold: From which rate on a prompt counts as high.
        level: Confidence level.
        draws: Tables sampled for the exact test; its p-value is no smaller than ``1 / (draws + 1)``.
        seed: Seeds them.

    Raises:
        EstimateError: Counts are not whole numbers with ``0 <= successes <= trials``, fewer than two prompts have
            answers, or no prompt has two: then every distribution of rates with one mean fits alike.
    """
    from scipy import stats

    k, n = read_counts(successes, trials)
    if k.size < 2:
        raise EstimateError(f"overdispersion: {k.size} prompts with answers; at least 2 are needed")
    if n.max() < 2:
        raise EstimateError(
            "overdispersion: one answer a prompt; how far prompts differ shows only in two or more "
            "answers to one. Ask at least two samples (--samples 2)"
        )
    tallies = Tallies.of(k, n)
    pooled = float(k.sum() / n.sum())
    constant = pooled in (0.0, 1.0)
    cut = float(stats.chi2.ppf(level, 1)) / 2.0
    method = "beta-binomial, maximum likelihood; profile-likelihood intervals"
    if constant:
        # Perfectly correlated prompts are the least informative: (1 - mean)^prompts.
        reach = 1.0 - math.exp(-cut / k.size)
        low, high = (0.0, reach) if pooled == 0 else (1.0 - reach, 1.0)
        mean, icc, icc_low, icc_high, lr, p_exact = pooled, None, None, None, 0.0, 1.0
        z = z_p = None
        shrunk = np.full(k.size, pooled)
        method = "all answers alike; profile likelihood over every correlation between the answers of a prompt"
    else:
        mean, icc, best = fit(tallies, pooled)
        lr = max(0.0, 2.0 * (best - float(tallies.loglik(pooled, 0.0))))
        low, high = profile_interval(lambda x: tallies.best_icc(x)[1], mean, best - cut)
        icc_low, icc_high = profile_interval(lambda x: tallies.best_mean(x)[1], icc, best - cut)
        z = _tarone(k, n)
        z_p = float(stats.norm.sf(z))
        p_exact = _exact(k, n, draws, seed)
        # Posterior means; at a correlation of zero all prompts have the pooled rate.
        shrunk = (mean * (1 - icc) + k * icc) / (1 - icc + n * icc)
    return OverDispersion(
        mean=mean,
        mean_low=low,
        mean_high=high,
        icc=icc,
        icc_low=icc_low,
        icc_high=icc_high,
        lr=lr,
        p=0.5 * float(stats.chi2.sf(lr, 1)) if lr > 0 else 1.0,
        p_exact=p_exact,
        tarone_z=z,
        tarone_p=z_p,
        prompts=int(k.size),
        trials=int(n.sum()),
        never=float(np.mean(k == 0)),
        always=float(np.mean(k == n)),
        high=float(np.mean(shrunk >= threshold)),
        threshold=threshold,
        level=level,
        method=method,
    )


def _tarone(k: Counts, n: Counts) -> float:
    p = k.sum() / n.sum()
    spread = float(((k - n * p) ** 2).sum() / (p * (1 - p)))
    return (spread - float(n.sum())) / math.sqrt(2.0 * float((n * (n - 1)).sum()))


def _exact(k: Counts, n: Counts, draws: int, seed: int) -> float:
    """Share of tables with the same totals whose counts spread at least as far; the observed table is one of them."""
    rng = np.random.default_rng(seed)
    expected = n * (k.sum() / n.sum())
    observed = float(((k - expected) ** 2).sum())
    hits = 0
    step = max(1, 2_000_000 // k.size)
    for start in range(0, draws, step):
        drawn = rng.multivariate_hypergeometric(
            n, int(k.sum()), size=min(step, draws - start), method="marginals"
        )
        hits += int((((drawn - expected) ** 2).sum(axis=1) >= observed - 1e-9).sum())
    return (hits + 1) / (draws + 1)
