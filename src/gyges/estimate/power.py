"""How many queries, samples and wordings does it take to see a gap, and how small a gap can a plan see?

A plan promises what the default interval does (``gap.py``), which near rates of 0 and 1 is wider than Student's t. So
where rates are known, assumed or from a pilot, studies of the planned size are simulated (``simulated.py``) and their
intervals counted (``limits.py``). A seed is fixed: the same plan has the same power.

From components without rates the power is that of Student's t. The standard error then follows from the components
(``components.py``), its degrees of freedom are Satterthwaite's (1946, Biometrics Bulletin 2, 110-114) for queries
crossed with wordings, with one wording the number of queries less one, and the chance that the t interval excludes
zero is that of the non-central t distribution. At moderate rates the two agree; the search for a size begins here.

A study with **one wording** is about that wording: no number of queries shows how another would have done, so the
variance between wordings is then no part of its standard error. With two or more wordings the gap is that over
wordings in general.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gyges.errors import EstimateError
from gyges.estimate.components import AssumedRates, Components
from gyges.estimate.equivalence import Span, check_margin, equivalence_power
from gyges.estimate.interval import quantile
from gyges.estimate.limits import Floats, limits
from gyges.estimate.simulated import Model, simulate
from gyges.estimate.sizes import check_plan, check_power, crossing, fewest

__all__ = [
    "Design",
    "designs",
    "detectable_gap",
    "detectable_gap_from",
    "detectable_gap_of",
    "planned_error",
    "power_of",
    "queries_needed",
    "queries_to_rule_out",
    "rule_out_power",
]

Variation = Components | AssumedRates
_SHARE = 0.01
"""As a share of a size, how exactly it is searched for where studies are simulated."""


@dataclass(frozen=True, slots=True)
class Design:
    """One way to reach a wanted power."""

    samples: int
    """Samples a query, wording and tier."""
    wordings: int
    queries: int | None
    """The fewest queries that reach the power; None if no number of queries does."""
    calls: int | None
    """Answers to ask for: 2 tiers x queries x samples x wordings."""
    power: float | None
    """What that many queries reach."""


def planned_error(
    components: Components, queries: int, samples: int = 1, wordings: int = 1
) -> tuple[float, float]:
    """Give the standard error that a planned gap will have, and its degrees of freedom.

    Args:
        components: The variances of the gap's parts.
        queries: Two or more.
        samples: Samples a query, wording and tier.
        wordings: With one, the gap is that wording's and the variance between wordings is no part of the error.

    Raises:
        EstimateError: Fewer than two queries, no samples, no wordings, or components that are all zero.
    """
    check_plan(queries, samples, wordings)
    # The expected mean squares of the table of queries by wordings.
    cell = components.interaction + components.sample / samples
    by_query = wordings * components.query + cell
    by_wording = queries * components.wording + cell
    if wordings == 1:
        total, parts = by_query, by_query**2 / (queries - 1)
    else:
        total = by_query + by_wording - cell
        parts = (
            by_query**2 / (queries - 1)
            + by_wording**2 / (wordings - 1)
            + cell**2 / ((queries - 1) * (wordings - 1))
        )
    if total <= 0:
        raise EstimateError(
            "a plan from components that are all 0; without variation every gap is certain"
        )
    return math.sqrt(total / (queries * wordings)), total**2 / parts


def power_of(
    gap: float,
    components: Variation,
    queries: int,
    samples: int = 1,
    wordings: int = 1,
    *,
    level: float = 0.95,
) -> float:
    """Give the chance that a planned study's interval excludes zero, if the gap is this large.

    Args:
        gap: The true gap, a fraction of either sign.
        components: From a pilot or assumed rates.
        queries: How many queries.
        samples: Samples a query, wording and tier.
        wordings: How many wordings, crossed with the queries.
        level: Confidence level of the interval.

    Returns:
        The share of studies; simulated, and so known within about 1 point, where the rates are known.

    Raises:
        EstimateError: A plan, gap or level that cannot be.
    """
    if not 0 < level < 1:
        raise EstimateError(f"the level is {level}; it lies between 0 and 1")
    drawn = _limits(gap, components, queries, samples, wordings, level)
    if drawn is not None:
        return float(((drawn[0] > 0) | (drawn[1] < 0)).mean())
    se, df = planned_error(components.at(gap), queries, samples, wordings)
    return _power(gap / se, df, level)


def rule_out_power(
    margin: float,
    components: Variation,
    queries: int,
    samples: int = 1,
    wordings: int = 1,
    *,
    level: float = 0.95,
) -> float:
    """Give the chance that a planned study without a gap supports that none is as large as the margin.

    Args:
        margin: The gap to rule out in both directions, above 0; the test is
            :func:`gyges.estimate.equivalence.equivalence_of`.
        components: From a pilot or assumed rates.
        queries: How many queries.
        samples: Samples a query, wording and tier.
        wordings: How many wordings, crossed with the queries.
        level: Each one-sided test is made at ``1 - level``.

    Raises:
        EstimateError: A plan, margin or level that cannot be.
    """
    check_margin(margin, level)
    drawn = _limits(0.0, components, queries, samples, wordings, 2 * level - 1)
    if drawn is not None:
        return float((np.maximum(-drawn[0], drawn[1]) < margin).mean())
    se, df = planned_error(components.at(0.0), queries, samples, wordings)
    return equivalence_power(se, df, margin, level=level)


def detectable_gap(
    components: Variation,
    queries: int,
    samples: int = 1,
    wordings: int = 1,
    *,
    power: float = 0.8,
    level: float = 0.95,
) -> float | None:
    """Give the smallest gap above zero that a planned study sees with the wanted power.

    Returns:
        A fraction; None if not even the largest gap that is possible would be seen.

    Raises:
        EstimateError: A plan, power or level that cannot be.
    """
    check_power(power, level)
    assumed = _assumed(components)
    if assumed is None:
        assert isinstance(components, Components)
        se, df = planned_error(components, queries, samples, wordings)
        return detectable_gap_from(se, df, power=power, level=level)
    # Just short of certainty in both tiers, where nothing would vary.
    most = (1 - assumed.base) * (1 - 1e-9)

    def short(gap: float) -> float:
        return power_of(gap, assumed, queries, samples, wordings, level=level) - power

    # A simulated power has steps; a finer answer would not be a better one.
    return crossing(short, min(1e-6, most / 2), most, tolerance=1e-4) if most > 0 else None


def detectable_gap_from(
    se: float, df: float = math.inf, *, power: float = 0.8, level: float = 0.95
) -> float | None:
    """Give the smallest gap that a study with this standard error would have seen.

    It says what a study could see, and is computed from its standard error alone: the gap that was found plays no part.

    Args:
        se: Standard error of the gap, above 0.
        df: Its degrees of freedom; infinite for the normal distribution.
        power: In which share of repeated studies the interval shall exclude zero.
        level: Confidence level of the interval.

    Returns:
        A fraction; None if it would be beyond 1, so that no gap would surely be seen.

    Raises:
        EstimateError: A standard error that is not above 0 (then use :func:`detectable_gap_of`), or other bad input.
    """
    check_power(power, level)
    if not se > 0:
        raise EstimateError(
            f"detectable gap: the standard error is {se}; where no query differs from another, use an interval "
            "that has width (detectable_gap_of)"
        )
    if not df > 0:
        raise EstimateError(f"detectable gap: {df} degrees of freedom; they are above 0")
    return crossing(lambda gap: _power(gap / se, df, level) - power, 0.0, 1.0)


def detectable_gap_of(interval: Span, *, df: float = math.inf, power: float = 0.8) -> float | None:
    """Give the smallest gap that a study with an interval of this width would have seen.

    For intervals that are not built on a standard error: half their width stands for the critical value times it.

    Args:
        interval: The gap's interval; its level counts.
        df: Degrees of freedom behind it; infinite for the normal distribution.
        power: In which share of repeated studies the interval shall exclude zero.
    """
    se = (interval.high - interval.low) / 2 / quantile(interval.level, df)
    return detectable_gap_from(se, df, power=power, level=interval.level)


def queries_needed(
    gap: float,
    components: Variation,
    samples: int = 1,
    wordings: int = 1,
    *,
    power: float = 0.8,
    level: float = 0.95,
) -> int | None:
    """Give the fewest queries with which a planned study sees a gap of this size.

    Args:
        gap: The true gap, not 0.
        components: From a pilot or assumed rates.
        samples: Samples a query, wording and tier.
        wordings: How many wordings.
        power: In which share of repeated studies the interval shall exclude zero.
        level: Confidence level of the interval.

    Returns:
        Two or more; None if no number of queries is enough, as with too few wordings for how much they differ.

    Raises:
        EstimateError: A gap of 0, or other bad input.
    """
    check_power(power, level)
    if gap == 0:
        raise EstimateError(
            "queries_needed: a gap of 0 cannot be seen; to support that there is none, name the largest gap that "
            "would not matter (queries_to_rule_out)"
        )
    model = _assumed(components) or components
    parts = model.at(gap)

    def by_error(queries: int) -> float:
        se, df = planned_error(parts, queries, samples, wordings)
        return _power(gap / se, df, level)

    def reach(queries: int) -> float:
        return power_of(gap, model, queries, samples, wordings, level=level)

    start = fewest(by_error, power)
    if isinstance(model, Components) or start is None:
        return start
    return fewest(reach, power, start, share=_SHARE)


def queries_to_rule_out(
    margin: float,
    components: Variation,
    samples: int = 1,
    wordings: int = 1,
    *,
    power: float = 0.8,
    level: float = 0.95,
) -> int | None:
    """Give the fewest queries with which a study without a gap supports that none is as large as the margin.

    Args:
        margin: The gap to rule out in both directions, above 0; the test is
            :func:`gyges.estimate.equivalence.equivalence`.
        components: From a pilot or assumed rates.
        samples: Samples a query, wording and tier.
        wordings: How many wordings.
        power: In which share of repeated studies the margin shall be ruled out.
        level: Each one-sided test is made at ``1 - level``.
    """
    check_power(power, level)
    model = _assumed(components) or components
    null = model.at(0.0)

    def by_error(queries: int) -> float:
        se, df = planned_error(null, queries, samples, wordings)
        return equivalence_power(se, df, margin, level=level)

    def reach(queries: int) -> float:
        return rule_out_power(margin, model, queries, samples, wordings, level=level)

    varies = null.query + null.sample + (null.wording if wordings > 1 else 0.0) > 0
    certain = isinstance(model, AssumedRates) and not varies
    start = 2 if certain else fewest(by_error, power)
    if isinstance(model, Components) or start is None:
        return start
    return fewest(reach, power, start, share=_SHARE)


def designs(
    gap: float,
    components: Variation,
    *,
    samples: Sequence[int] = (1, 2, 5, 10),
    wordings: Sequence[int] = (1, 4, 8, 16),
    power: float = 0.8,
    level: float = 0.95,
) -> list[Design]:
    """Compare ways to see a gap: the queries that each choice of samples and wordings needs, and the calls.

    Returns:
        One design a pair of choices, wordings outside and samples inside, in the order given.
    """
    found = []
    for many in wordings:
        for each in samples:
            queries = queries_needed(gap, components, each, many, power=power, level=level)
            if queries is None:
                found.append(Design(each, many, None, None, None))
                continue
            reached = power_of(gap, components, queries, each, many, level=level)
            found.append(Design(each, many, queries, 2 * queries * each * many, reached))
    return found


def _power(shift: float, df: float, level: float) -> float:
    from scipy import special

    needed = quantile(level, df)
    if math.isinf(df):
        return float(special.ndtr(shift - needed) + special.ndtr(-shift - needed))
    shift = abs(shift)
    if shift > 10 + 6 * needed:
        return 1.0
    near = 1.0 - float(special.nctdtr(df, shift, needed))
    # The other tail is too small to matter, and to compute, where the shift is large.
    far = float(special.nctdtr(df, shift, -needed)) if shift < 8 else 0.0
    return min(1.0, near + far)


def _assumed(components: Variation) -> AssumedRates | None:
    return components.assumed() if isinstance(components, Components) else components


def _limits(
    gap: float, components: Variation, queries: int, samples: int, wordings: int, level: float
) -> tuple[Floats, Floats] | None:
    """Simulate the intervals of a planned study; None where no rates are known."""
    rates = _assumed(components)
    check_plan(queries, samples, wordings)
    if rates is None:
        return None
    rates.at(gap)
    return _simulated(
        Model(
            min(1.0, max(0.0, rates.base + gap)),
            rates.base,
            rates.icc,
            rates.correlation,
            0.0 if wordings == 1 else rates.wording_sd,
            0.0 if wordings == 1 else rates.interaction,
        ),
        (queries, samples, wordings),
        level,
    )


@lru_cache(maxsize=32)
def _simulated(model: Model, size: tuple[int, int, int], level: float) -> tuple[Floats, Floats]:
    return limits(simulate(model, *size), level)
