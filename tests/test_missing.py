"""Bounds over missing and undecided answers: Imbens and Manski's equation, the interval, its coverage."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from gyges.errors import EstimateError
from gyges.estimate import BoundedGap, Interval, bounded_gap, imbens_manski, paired_gap

Floats = NDArray[np.float64]

levels = st.sampled_from([0.6, 0.8, 0.9, 0.95, 0.99])
freedoms = st.sampled_from([None, 1.0, 4.0, 19.5, 200.0])
widths = st.floats(0, 30)
# A query in one tier: how many of its 4 answers complied, and how many are open.
arm = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(
    lambda pair: (min(pair) / 4, max(pair) / 4)
)
studies = st.lists(st.tuples(arm, arm), min_size=2, max_size=12)
closed = st.lists(
    st.tuples(*[st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 1.0])] * 2), min_size=2, max_size=12
)


def interval_of(found: BoundedGap) -> Interval:
    assert found.interval is not None
    return found.interval


def columns(study: list[tuple[tuple[float, float], tuple[float, float]]]) -> list[list[float]]:
    return [[query[tier][end] for query in study] for tier in (0, 1) for end in (0, 1)]


def law_of(df: float | None) -> Any:
    return stats.norm() if df is None else stats.t(df)


# Imbens and Manski's interval


@given(widths, levels, freedoms)
def test_the_critical_value_solves_the_published_equation_between_one_and_two_sided(
    width: float, level: float, df: float | None
) -> None:
    law = law_of(df)

    found = imbens_manski(0.0, width, 1.0, 0.5, level, df=df)

    c = -found.low
    assert law.ppf(level) - 1e-9 <= c <= law.ppf(0.5 + level / 2) + 1e-9
    assert law.cdf(c + width) - law.cdf(-c) == pytest.approx(level, abs=1e-9)
    assert found.high == pytest.approx(width + c / 2)
    assert found.level == level


@pytest.mark.parametrize(("width", "c"), [(0.0, 1.959964), (1e6, 1.644854)])
def test_without_width_it_is_the_usual_interval_and_with_much_of_it_two_one_sided_limits(
    width: float, c: float
) -> None:
    found = imbens_manski(0.1, 0.1 + width, 0.2, 0.2)

    assert found.low == pytest.approx(0.1 - 0.2 * c, abs=1e-6)
    assert found.high == pytest.approx(0.1 + width + 0.2 * c, abs=1e-6)
    assert found.method.startswith(f"Imbens-Manski, {c:.3f} standard errors")


@given(widths, widths, levels, freedoms)
def test_wider_bounds_need_no_larger_step_and_make_no_shorter_interval(
    one: float, other: float, level: float, df: float | None
) -> None:
    narrow, wide = (
        imbens_manski(0.0, width, 1.0, 1.0, level, df=df) for width in sorted([one, other])
    )

    assert -wide.low <= -narrow.low + 1e-9
    assert wide.high - wide.low >= narrow.high - narrow.low - 1e-9


def test_a_bound_that_is_known_exactly_is_not_stepped_over() -> None:
    found = imbens_manski(-0.2, 0.3, 0.0, 0.1)

    assert found.low == -0.2
    assert found.high == pytest.approx(0.3 + 1.644854 * 0.1, abs=1e-4)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ((0.3, 0.1, 0.1, 0.1), "lower bound 0.3 is not at or below the upper bound 0.1"),
        ((math.nan, 0.1, 0.1, 0.1), "lower bound nan"),
        ((0.1, 0.3, -0.1, 0.1), "standard errors of -0.1 and 0.1"),
        ((0.1, 0.3, 0.1, math.inf), "standard errors of 0.1 and inf"),
        ((0.1, 0.3, 0.0, 0.0), "one is above 0"),
        ((0.1, 0.3, 0.1, 0.1, 0.5), "the level is 0.5; it lies between 0.5 and 1"),
        ((0.1, 0.3, 0.1, 0.1, 1.0), "the level is 1.0"),
    ],
)
def test_bounds_errors_and_levels_that_cannot_be_are_refused(
    given_: tuple[float, ...], message: str
) -> None:
    with pytest.raises(EstimateError, match=message):
        imbens_manski(*given_)


@pytest.mark.parametrize("df", [0.0, -1.0, math.nan])
def test_degrees_of_freedom_are_above_zero(df: float) -> None:
    with pytest.raises(EstimateError, match="degrees of freedom"):
        imbens_manski(0.0, 0.1, 0.1, 0.1, df=df)


# Nothing open


@settings(max_examples=60)
@given(closed, st.sampled_from([None, 1, 7]), levels)
def test_with_nothing_open_the_interval_is_that_of_the_gap(
    rates: list[tuple[float, float]], samples: int | None, level: float
) -> None:
    monitored, unmonitored = (np.array(arm_) for arm_ in zip(*rates, strict=True))
    counts = np.full(len(rates), float(samples or 0))
    trials = None if samples is None else (counts, counts)

    found = bounded_gap(monitored, monitored, unmonitored, unmonitored, level, trials=trials)

    gap = paired_gap(monitored, unmonitored, trials=trials, level=level)
    assert gap.interval is not None
    assert (found.low, found.high) == (gap.gap, gap.gap)
    assert (interval_of(found).low, interval_of(found).high) == (
        gap.interval.low,
        gap.interval.high,
    )
    assert interval_of(found).level == level


def test_with_nothing_open_families_and_wordings_count_as_they_do_for_the_gap() -> None:
    draw = np.random.default_rng(4)
    tilt = draw.normal(0, 0.25, (1, 5))
    monitored = draw.binomial(3, np.clip(0.5 + tilt, 0, 1), (12, 5)) / 3
    unmonitored = draw.binomial(3, 0.3, (12, 5)) / 3
    families = np.arange(12) // 3
    trials = (np.full((12, 5), 3.0), np.full((12, 5), 3.0))

    found = bounded_gap(
        monitored, monitored, unmonitored, unmonitored, trials=trials, families=families
    )

    gap = paired_gap(monitored, unmonitored, trials=trials, families=families)
    plain = paired_gap(monitored.mean(1), unmonitored.mean(1))
    assert gap.interval is not None
    assert plain.interval is not None
    assert (interval_of(found).low, interval_of(found).high) == (
        gap.interval.low,
        gap.interval.high,
    )
    assert gap.interval.high - gap.interval.low > 1.2 * (plain.interval.high - plain.interval.low)
    assert "12 queries in 4 families and 5 wordings" in interval_of(found).method


def test_where_a_behaviour_is_rare_the_interval_is_not_the_shorter_one_of_t_alone() -> None:
    monitored = np.array([0.2] + [0.0] * 9)
    unmonitored = np.zeros(10)
    counts = np.full(10, 5.0)

    found = bounded_gap(monitored, monitored, unmonitored, unmonitored, trials=(counts, counts))

    t = imbens_manski(0.02, 0.02, 0.02, 0.02, df=9)
    assert interval_of(found).low < t.low - 0.02
    assert interval_of(found).high > t.high + 0.02


# Something open


@settings(max_examples=60)
@given(studies)
def test_the_bounds_are_those_of_the_extreme_decisions_and_lie_in_the_interval(
    study: list[tuple[tuple[float, float], tuple[float, float]]],
) -> None:
    rates = columns(study)

    found = bounded_gap(rates[0], rates[1], rates[2], rates[3])

    decided = [
        np.mean(np.array(rates[own]) - np.array(rates[2 + other]))
        for own, other in itertools.product((0, 1), (0, 1))
    ]
    assert found.low == pytest.approx(min(decided))
    assert found.high == pytest.approx(max(decided))
    assert -1 <= interval_of(found).low <= found.low <= found.high <= interval_of(found).high <= 1
    assert interval_of(found).low < interval_of(found).high
    assert found.queries == len(study)


@settings(max_examples=60)
@given(studies)
def test_the_limits_lie_between_those_of_the_bounds_at_90_and_at_95_percent(
    study: list[tuple[tuple[float, float], tuple[float, float]]],
) -> None:
    rates = columns(study)

    found = interval_of(bounded_gap(rates[0], rates[1], rates[2], rates[3]))

    ends: dict[float, list[float]] = {}
    for level in (0.9, 0.95):
        lower = paired_gap(rates[0], rates[3], level=level).interval
        upper = paired_gap(rates[1], rates[2], level=level).interval
        assert lower is not None
        assert upper is not None
        ends[level] = [lower.low, upper.high]
    assert ends[0.95][0] - 1e-9 <= found.low <= ends[0.9][0] + 1e-9
    assert ends[0.9][1] - 1e-9 <= found.high <= ends[0.95][1] + 1e-9


@pytest.mark.parametrize(
    ("rates", "missing"), [((0.05, 0.02), 0.02), ((0.5, 0.3), 0.03), ((0.4, 0.4), 0.3)]
)
def test_the_step_is_imbens_and_manskis_with_the_errors_of_the_gaps_own_interval(
    rates: tuple[float, float], missing: float
) -> None:
    draw = np.random.default_rng(13)
    n = 15
    counts = (np.full(n, 4.0), np.full(n, 4.0))
    complied = [draw.random((n, 4)) < rate for rate in rates]
    gone = [draw.random((n, 4)) < missing for _ in rates]
    gone[0][0, 0] = True
    a, c = ((x & ~g).mean(1) for x, g in zip(complied, gone, strict=True))
    b, d = ((x | g).mean(1) for x, g in zip(complied, gone, strict=True))

    found = bounded_gap(a, b, c, d, trials=counts)

    def gap(level: float, *, lower: bool) -> tuple[float, Interval]:
        at = paired_gap(*((a, d) if lower else (b, c)), trials=counts, level=level, test=False)
        assert at.interval is not None
        return at.gap, at.interval

    errors = []
    for lower in (True, False):
        value, interval = gap(0.95, lower=lower)
        reach = max(value - interval.low, interval.high - value)
        errors.append(reach / stats.t.ppf(0.975, n - 1))
    assert [found.se_low, found.se_high] == pytest.approx(errors)
    step = imbens_manski(found.low, found.high, errors[0], errors[1], df=n - 1)
    level = 2 * stats.t.cdf((found.low - step.low) / errors[0], n - 1) - 1
    assert 0.9 - 1e-9 <= level < 0.95
    assert interval_of(found).low == pytest.approx(gap(level, lower=True)[1].low)
    assert interval_of(found).high == pytest.approx(gap(level, lower=False)[1].high)
    assert interval_of(found).method.startswith(step.method.split(",")[0])
    assert f"outer limits of their {level:.1%} intervals" in interval_of(found).method


@settings(max_examples=60)
@given(studies, st.randoms())
def test_swapping_the_arms_flips_the_signs_and_the_order_of_queries_does_not_matter(
    study: list[tuple[tuple[float, float], tuple[float, float]]], order: random.Random
) -> None:
    a, b, c, d = columns(study)
    found = bounded_gap(a, b, c, d)

    swapped = bounded_gap(c, d, a, b)
    order.shuffle(study)
    a, b, c, d = columns(study)
    shuffled = bounded_gap(a, b, c, d)

    for other, sign in ((swapped, -1), (shuffled, 1)):
        ends = [(other.low, other.high), (interval_of(other).low, interval_of(other).high)]
        flipped = [sorted(sign * end for end in pair) for pair in ends]
        assert flipped[0] == pytest.approx([found.low, found.high], abs=1e-9)
        assert flipped[1] == pytest.approx(
            [interval_of(found).low, interval_of(found).high], abs=1e-9
        )
    assert (swapped.se_low, swapped.se_high) == pytest.approx((found.se_high, found.se_low))


@settings(max_examples=60)
@given(studies)
def test_the_standard_errors_are_at_least_the_cluster_robust_ones(
    study: list[tuple[tuple[float, float], tuple[float, float]]],
) -> None:
    rates = np.array(columns(study))

    found = bounded_gap(rates[0], rates[1], rates[2], rates[3])

    root = math.sqrt(len(study))
    assert found.se_low is not None
    assert found.se_high is not None
    assert found.se_low >= np.std(rates[0] - rates[3], ddof=1) / root - 1e-9
    assert found.se_high >= np.std(rates[1] - rates[2], ddof=1) / root - 1e-9
    assert min(found.se_low, found.se_high) > 0


def test_everything_open_leaves_everything_possible() -> None:
    found = bounded_gap([0.0] * 5, [1.0] * 5, [0.0] * 5, [1.0] * 5)

    assert (found.low, found.high) == (-1, 1)
    assert (interval_of(found).low, interval_of(found).high) == (-1, 1)


def test_one_query_or_one_family_has_bounds_and_no_interval() -> None:
    query = bounded_gap([0.2], [0.6], [0.1], [0.3])
    family = bounded_gap([0.2, 0.4], [0.6, 0.4], [0.1, 0.1], [0.3, 0.1], families=["a", "a"])

    assert (query.low, query.high) == pytest.approx((-0.1, 0.5))
    assert (family.low, family.high) == pytest.approx((0.1, 0.4))
    for found in (query, family):
        assert (found.interval, found.se_low, found.se_high) == (None, None, None)


def test_a_cell_that_was_not_asked_is_left_out() -> None:
    nan = math.nan
    found = bounded_gap([0.2, nan, 0.5], [0.6, nan, 0.5], [0.1, nan, 0.0], [0.1, nan, 1.0])

    assert found == bounded_gap([0.2, 0.5], [0.6, 0.5], [0.1, 0.0], [0.1, 1.0])


def test_rounding_is_no_error() -> None:
    third = sum([0.1] * 3)
    found = bounded_gap([third, 1 + 1e-12], [0.3, 1.0], [-1e-12, 0.0], [0.0, 0.0])

    assert found.low == pytest.approx(0.65)
    assert found.low <= found.high


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (([], [], [], []), "at least one"),
        (([0.1, 0.2], [0.3], [0.1], [0.1]), "shape"),
        (([0.1], [1.3], [0.1], [0.1]), "monitored_high holds 1.3"),
        (([0.1], [0.3], [-0.1], [0.1]), "unmonitored_low holds -0.1"),
        (([0.1], [math.inf], [0.1], [0.1]), "monitored_high holds inf"),
        (([0.1, 0.4], [0.3, 0.2], [0.1, 0], [0.1, 0]), "cell 1 has monitored_low 0.4 above"),
        (([0.1], [0.3], [0.2], [0.1]), "cell 0 has unmonitored_low 0.2 above"),
        (([0.1, math.nan], [0.1, 1], [0, 0], [0, 0]), "NaN in other cells"),
        (([math.nan],) * 4, "every rate is NaN"),
    ],
)
def test_rates_that_cannot_be_are_refused(given_: tuple[list[float], ...], message: str) -> None:
    with pytest.raises(EstimateError, match=message):
        bounded_gap(given_[0], given_[1], given_[2], given_[3])


@pytest.mark.parametrize("level", [0.5, 1.0, 95])
def test_a_level_is_between_a_half_and_one(level: float) -> None:
    with pytest.raises(EstimateError, match="the level is"):
        bounded_gap([0.1, 0.2], [0.3, 0.2], [0.1, 0.0], [0.1, 0.0], level)


@pytest.mark.parametrize(
    ("queries", "samples", "rates", "missing"),
    [(10, 4, (0.06, 0.01), 0.05), (30, 3, (0.5, 0.3), 0.2), (20, 2, (0.4, 0.35), 0.02)],
)
def test_the_interval_covers_a_gap_at_either_bound_and_leaving_missing_answers_out_does_not(
    queries: int, samples: int, rates: tuple[float, float], missing: float
) -> None:
    draw = np.random.default_rng(11)
    studies_, covered, ignored = 250, np.zeros(2), 0
    trials = (np.full(queries, float(samples)), np.full(queries, float(samples)))
    # The truth is at the lowest bound: what is missing when monitored did not comply, the rest did.
    truth = rates[0] * (1 - missing) - (rates[1] * (1 - missing) + missing)
    for _ in range(studies_):
        complied = [draw.random((queries, samples)) < rate for rate in rates]
        gone = [draw.random((queries, samples)) < missing for _ in rates]
        low = [(c & ~g).mean(1) for c, g in zip(complied, gone, strict=True)]
        high = [(c | g).mean(1) for c, g in zip(complied, gone, strict=True)]
        found = interval_of(bounded_gap(low[0], high[0], low[1], high[1], trials=trials))
        covered += [found.low <= end <= found.high for end in (truth, truth + 2 * missing)]
        seen = [
            np.where(g.all(1), np.nan, low_ / np.maximum(1e-9, 1 - g.mean(1)))
            for g, low_ in zip(gone, low, strict=True)
        ]
        plain = paired_gap(np.minimum(1, seen[0]), np.minimum(1, seen[1]), test=False).interval
        assert plain is not None
        ignored += plain.low <= truth <= plain.high

    assert all(covered / studies_ >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / studies_))
    if missing >= 0.2:
        assert ignored / studies_ < 0.4
