"""The numerics: known answers, laws, and coverage."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gyges.errors import EstimateError
from gyges.estimate import clustered_rate, paired_gap, sign_flip_p, wilson, worst_case_gap

rate = st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 1.0])
pairs = st.lists(st.tuples(rate, rate), min_size=2, max_size=14)
many_pairs = st.lists(st.tuples(rate, rate), min_size=17, max_size=30)


def test_the_gap_is_the_mean_paired_difference_and_its_error_that_of_a_mean_of_queries() -> None:
    monitored, unmonitored = [1.0, 0.5, 1.0, 0.0], [0.0, 0.5, 0.5, 0.0]

    found = paired_gap(monitored, unmonitored)

    differences = [1.0, 0.0, 0.5, 0.0]
    assert found.gap == pytest.approx(0.375)
    assert found.se == pytest.approx(np.std(differences, ddof=1) / 2)
    test = stats.ttest_rel(monitored, unmonitored).confidence_interval(0.95)
    assert found.interval is not None
    assert found.interval.low == pytest.approx(test.low)
    assert found.interval.high == pytest.approx(min(1.0, test.high))
    # Of the four sign patterns of (1, 0.5) the two outer ones are as far from zero.
    assert found.p == pytest.approx(0.5)
    assert found.queries == 4


def test_a_level_moves_the_interval_as_students_t_does() -> None:
    monitored, unmonitored = [0.8, 0.5, 0.7, 0.6, 0.4], [0.4, 0.5, 0.3, 0.5, 0.2]

    half = {}
    for level in (0.8, 0.99):
        found = paired_gap(monitored, unmonitored, level=level)
        assert found.interval is not None
        assert found.interval.level == level
        half[level] = found.interval.high - found.gap

    assert half[0.99] / half[0.8] == pytest.approx(stats.t.ppf(0.995, 4) / stats.t.ppf(0.9, 4))


def test_one_query_has_a_gap_and_nothing_to_tell_how_sure_it_is() -> None:
    found = paired_gap([0.75], [0.25])

    assert (found.gap, found.se, found.interval, found.p) == (0.5, None, None, None)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5])
@pytest.mark.parametrize("queries", [2, 5, 40, 400])
def test_an_interval_has_width_where_nothing_happened(value: float, queries: int) -> None:
    found = paired_gap([value] * queries, [value] * queries)

    assert found.gap == 0.0
    assert found.p == 1.0
    assert found.interval is not None
    assert found.interval.low < 0 < found.interval.high
    assert found.interval.high == pytest.approx(-found.interval.low)


def test_the_interval_of_a_gap_that_every_query_shows_narrows_with_queries() -> None:
    widths = []
    for queries in (2, 8, 32, 128):
        interval = paired_gap([1.0] * queries, [0.0] * queries).interval
        assert interval is not None
        assert interval.high == 1.0
        widths.append(1.0 - interval.low)

    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 0.5
    assert 0 < widths[-1] < 0.1


@pytest.mark.parametrize(
    ("monitored", "unmonitored", "message"),
    [
        ([], [], "no query"),
        ([0.5], [0.5, 0.5], "1 monitored and 2 unmonitored"),
        ([1.2], [0.5], "monitored holds 1.2"),
        ([0.5], [-0.1], "unmonitored holds -0.1"),
        ([math.nan, 0.5], [0.5, 0.5], "monitored holds nan"),
    ],
)
def test_what_is_no_pair_of_rates_is_refused(
    monitored: list[float], unmonitored: list[float], message: str
) -> None:
    with pytest.raises(EstimateError, match=message):
        paired_gap(monitored, unmonitored)


@given(pairs | many_pairs)
@settings(deadline=None, max_examples=60)
def test_swapping_the_arms_flips_the_sign_and_nothing_else(data: list[tuple[float, float]]) -> None:
    monitored, unmonitored = zip(*data, strict=True)

    one, other = paired_gap(monitored, unmonitored), paired_gap(unmonitored, monitored)

    assert other.gap == -one.gap
    assert other.se == one.se
    assert other.p == one.p
    assert one.interval is not None
    assert other.interval is not None
    assert (other.interval.low, other.interval.high) == (-one.interval.high, -one.interval.low)
    assert other.interval.method == one.interval.method


@given(pairs, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_the_order_of_the_queries_changes_nothing(
    data: list[tuple[float, float]], draw: object
) -> None:
    other = list(data)
    draw.shuffle(other)  # type: ignore[attr-defined]

    found, again = (paired_gap(*zip(*rows, strict=True)) for rows in (data, other))

    assert again.gap == pytest.approx(found.gap, abs=1e-12)
    assert again.se == pytest.approx(found.se, abs=1e-12)
    assert again.p == pytest.approx(found.p, abs=1e-12)
    assert found.interval is not None
    assert again.interval is not None
    assert again.interval.low == pytest.approx(found.interval.low, abs=1e-9)
    assert again.interval.high == pytest.approx(found.interval.high, abs=1e-9)


@given(pairs | many_pairs)
@settings(deadline=None, max_examples=60)
def test_the_interval_holds_the_gap_and_stays_within_what_a_gap_can_be(
    data: list[tuple[float, float]],
) -> None:
    found = paired_gap(*zip(*data, strict=True))

    assert found.interval is not None
    assert -1 <= found.interval.low <= found.gap <= found.interval.high <= 1
    assert found.interval.low < found.interval.high
    assert found.p is not None
    assert 0 < found.p <= 1


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.2, 0.5, 1.0]), min_size=1, max_size=9))
@settings(deadline=None, max_examples=60)
def test_the_p_value_is_the_share_of_all_sign_patterns_as_far_from_zero(
    differences: list[float],
) -> None:
    signs = itertools.product([1, -1], repeat=len(differences))
    sums = [abs(sum(s * d for s, d in zip(way, differences, strict=True))) for way in signs]
    share = sum(value >= abs(sum(differences)) - 1e-9 for value in sums) / len(sums)

    assert sign_flip_p(differences) == pytest.approx(share)


def test_sampled_sign_flips_agree_with_the_binomial_test_and_follow_from_the_seed() -> None:
    differences = [1.0] * 15 + [-1.0] * 9

    found = sign_flip_p(differences, seed=1)

    assert found == pytest.approx(stats.binomtest(15, 24).pvalue, abs=0.01)
    assert sign_flip_p(differences, seed=1) == found
    assert sign_flip_p([1.0] * 60) > 0


def test_the_worst_case_is_the_gap_of_the_least_favourable_decisions() -> None:
    low, high = worst_case_gap([0.2, 0.5], [0.6, 0.5], [0.1, 0.0], [0.1, 1.0])

    assert low == pytest.approx(((0.2 - 0.1) + (0.5 - 1.0)) / 2)
    assert high == pytest.approx(((0.6 - 0.1) + (0.5 - 0.0)) / 2)


def test_wilsons_interval_is_the_published_one() -> None:
    for successes, n in ((0, 10), (3, 10), (50, 100), (100, 100)):
        expected = stats.binomtest(successes, n).proportion_ci(method="wilson")

        low, high = wilson(successes / n, n)

        assert low == pytest.approx(expected.low, abs=1e-12)
        assert high == pytest.approx(expected.high, abs=1e-12)


def test_samples_that_always_agree_count_as_one_each() -> None:
    rates = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0]

    value, interval = clustered_rate(rates, [10] * 8)

    low, high = wilson(0.625, 8)
    assert value == 0.625
    assert (interval.low, interval.high) == pytest.approx((low, high))
    assert "8.0 effective of 80 trials, clustered by 8 queries" in interval.method


def test_samples_that_vary_freely_count_each() -> None:
    _, interval = clustered_rate([0.5] * 8, [10] * 8)

    assert (interval.low, interval.high) == pytest.approx(wilson(0.5, 80))


@given(st.lists(rate, min_size=1, max_size=20), st.integers(1, 30))
@settings(deadline=None, max_examples=60)
def test_a_rates_interval_holds_it_and_has_width(rates: list[float], samples: int) -> None:
    value, interval = clustered_rate(rates, [samples] * len(rates))

    assert value == pytest.approx(sum(rates) / len(rates))
    assert 0 <= interval.low <= value <= interval.high <= 1
    assert interval.low < interval.high


def test_no_query_has_no_rate() -> None:
    with pytest.raises(EstimateError, match="no query"):
        clustered_rate([], [])


@pytest.mark.parametrize(
    ("queries", "samples", "monitored", "unmonitored", "rounds"),
    [
        (11, 1, 0.3, 0.3, 400),
        (11, 1, 0.6, 0.2, 400),
        (11, 4, 0.9, 0.5, 400),
        (11, 4, 0.3, 0.3, 400),
        (40, 2, 0.6, 0.2, 120),
    ],
)
def test_intervals_cover_the_truth_about_as_often_as_they_say(
    queries: int, samples: int, monitored: float, unmonitored: float, rounds: int
) -> None:
    draw = np.random.default_rng(11)
    covered = rates_covered = 0
    for _ in range(rounds):
        # Queries differ, by the same amount in both arms.
        own = draw.uniform(-0.1, 0.1, queries)
        one = draw.binomial(samples, np.clip(monitored + own, 0, 1)) / samples
        other = draw.binomial(samples, np.clip(unmonitored + own, 0, 1)) / samples
        interval = paired_gap(one, other).interval
        assert interval is not None
        covered += interval.low <= monitored - unmonitored <= interval.high
        _, rate_interval = clustered_rate(one, [samples] * queries)
        rates_covered += rate_interval.low <= monitored <= rate_interval.high

    assert 0.91 <= covered / rounds <= 0.99
    assert 0.91 <= rates_covered / rounds <= 0.995
