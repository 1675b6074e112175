"""The numerics: known answers, laws, and coverage."""

from __future__ import annotations

import importlib.util
import itertools
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gyges.errors import EstimateError
from gyges.estimate import (
    Interval,
    PairedGap,
    bootstrap_gap,
    bootstrap_means,
    bounded_gap,
    clustered_rate,
    mcnemar_p,
    mover,
    paired_gap,
    sign_flip_p,
    wilson,
)


def load_benchmark(name: str) -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


rate = st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 1.0])
pairs = st.lists(st.tuples(rate, rate), min_size=2, max_size=14)
many_pairs = st.lists(st.tuples(rate, rate), min_size=17, max_size=30)


def interval_of(found: PairedGap) -> Interval:
    assert found.interval is not None
    return found.interval


def test_the_gap_is_the_mean_paired_difference_and_its_error_that_of_a_mean_of_queries() -> None:
    monitored, unmonitored = [1.0, 0.5, 1.0, 0.0], [0.0, 0.5, 0.5, 0.0]

    found = paired_gap(monitored, unmonitored)

    differences = [1.0, 0.0, 0.5, 0.0]
    assert found.gap == pytest.approx(0.375)
    assert found.se == pytest.approx(np.std(differences, ddof=1) / 2)
    assert found.df == 3
    # Of the four sign patterns of (1, 0.5) the two outer ones are as far from zero.
    assert found.p == pytest.approx(0.5)
    assert found.queries == 4


def test_the_interval_is_the_wider_of_students_t_and_newcombes_on_each_side() -> None:
    # One answer a query: 12 comply in both arms, 16 when monitored alone, 4 when unmonitored alone, 8 never.
    monitored = [1.0] * 28 + [0.0] * 12
    unmonitored = [1.0] * 12 + [0.0] * 16 + [1.0] * 4 + [0.0] * 8
    ones = [1] * 40

    interval = interval_of(paired_gap(monitored, unmonitored, trials=(ones, ones)))

    usual = stats.ttest_rel(monitored, unmonitored).confidence_interval(0.95)
    arms = [(rate, *wilson(rate, 40)) for rate in (0.7, 0.4)]
    # Newcombe 1998, method 10, whose phi has a continuity correction.
    phi = (12 * 8 - 16 * 4 - 40 / 2) / math.sqrt(28 * 12 * 16 * 24)
    newcombe = mover(*arms, correlation=phi)
    assert interval.low == pytest.approx(min(usual.low, newcombe[0]), abs=1e-9)
    assert interval.high == pytest.approx(max(usual.high, newcombe[1]), abs=1e-9)
    assert "clustered by 40 queries" in interval.method


def test_where_nothing_is_rare_the_interval_is_close_to_students_t() -> None:
    draw = np.random.default_rng(3)
    own = draw.uniform(-0.2, 0.2, 60)
    monitored = draw.binomial(10, 0.6 + own) / 10
    unmonitored = draw.binomial(10, 0.4 + own) / 10

    interval = interval_of(paired_gap(monitored, unmonitored, trials=([10] * 60, [10] * 60)))

    usual = stats.ttest_rel(monitored, unmonitored).confidence_interval(0.95)
    width = usual.high - usual.low
    assert width <= interval.high - interval.low < 1.1 * width


def test_a_higher_level_gives_a_wider_interval() -> None:
    monitored, unmonitored = [0.8, 0.5, 0.7, 0.6, 0.4], [0.4, 0.5, 0.3, 0.5, 0.2]

    intervals = [
        interval_of(paired_gap(monitored, unmonitored, level=level)) for level in (0.8, 0.95, 0.99)
    ]

    assert [interval.level for interval in intervals] == [0.8, 0.95, 0.99]
    assert intervals[0].low > intervals[1].low > intervals[2].low
    assert intervals[0].high < intervals[1].high < intervals[2].high


def test_rates_that_were_not_counted_may_vary_less_than_counts_do() -> None:
    """Probabilities read from log-probabilities lie close together; no count of answers could."""
    draw = np.random.default_rng(5)
    monitored, unmonitored = draw.uniform(0.28, 0.32, 30), draw.uniform(0.18, 0.22, 30)

    read = interval_of(paired_gap(monitored, unmonitored))
    counted = interval_of(paired_gap(monitored, unmonitored, trials=([1] * 30, [1] * 30)))

    assert read.high - read.low < 0.1 * (counted.high - counted.low)


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
        ([0.5], [0.5, 0.5], "shape \\(1,\\), unmonitored \\(2,\\)"),
        ([1.2], [0.5], "monitored holds 1.2"),
        ([0.5], [-0.1], "unmonitored holds -0.1"),
        ([math.nan], [0.5], "no query has trials in both tiers"),
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
    limits = (-one.interval.high, -one.interval.low)
    assert (other.interval.low, other.interval.high) == pytest.approx(limits, abs=1e-12)
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


def test_one_answer_a_query_gives_mcnemars_exact_test() -> None:
    monitored = [1.0] * 11 + [0.0] * 3 + [1.0] * 20 + [0.0] * 6
    unmonitored = [0.0] * 11 + [1.0] * 3 + [1.0] * 20 + [0.0] * 6

    found = paired_gap(monitored, unmonitored)

    assert found.p == pytest.approx(stats.binomtest(3, 14).pvalue)
    assert found.p_method == "exact McNemar"
    assert mcnemar_p(11, 3) == found.p
    assert mcnemar_p(0, 0) == 1.0


# Bounds


def test_the_worst_case_is_the_gap_of_the_least_favourable_decisions() -> None:
    found = bounded_gap([0.2, 0.5], [0.6, 0.5], [0.1, 0.0], [0.1, 1.0])

    assert found.low == pytest.approx(((0.2 - 0.1) + (0.5 - 1.0)) / 2)
    assert found.high == pytest.approx(((0.6 - 0.1) + (0.5 - 0.0)) / 2)


def test_the_bounded_interval_covers_a_gap_at_either_bound() -> None:
    draw = np.random.default_rng(8)
    covered = {"low": 0, "high": 0}
    for _ in range(400):
        own = draw.uniform(-0.2, 0.2, 30)
        monitored = draw.binomial(5, 0.5 + own) / 5
        unmonitored = draw.binomial(5, 0.3 + own) / 5
        # A fifth of the monitored answers is open; the truth may lie at either end.
        hidden = np.minimum(monitored, draw.binomial(5, 0.1, 30) / 5)
        shown = np.minimum(1 - monitored, draw.binomial(5, 0.1, 30) / 5)
        found = bounded_gap(monitored - hidden, monitored + shown, unmonitored, unmonitored)
        assert found.interval is not None
        for end, rate_ in (("low", 0.5 - 0.1), ("high", 0.5 + 0.1)):
            covered[end] += found.interval.low <= rate_ - 0.3 <= found.interval.high

    assert all(0.93 <= count / 400 <= 1.0 for count in covered.values())


# Clusters: queries, families, wordings


def crossed(seed: int, queries: int = 12, wordings: int = 5) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    tilt = draw.normal(0, 0.15, (queries, 1)) + draw.normal(0, 0.12, (1, wordings))
    monitored = draw.binomial(4, np.clip(0.6 + tilt, 0, 1)) / 4
    unmonitored = draw.binomial(4, np.clip(0.3 + tilt / 3, 0, 1), (queries, wordings)) / 4
    return monitored, unmonitored


def test_clustered_errors_are_those_of_an_independent_package() -> None:
    """The regression of differences on a constant, with errors clustered by statsmodels."""
    import statsmodels.api as sm
    from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

    for seed in range(8):
        monitored, unmonitored = crossed(seed)
        queries, wordings = (codes.ravel() for codes in np.indices(monitored.shape))
        model = sm.OLS((monitored - unmonitored).ravel(), np.ones(monitored.size))
        by_query = model.fit(cov_type="cluster", cov_kwds={"groups": queries})
        both, _, by_wording = cov_cluster_2groups(model.fit(), queries, wordings)

        one_way = paired_gap(monitored.mean(axis=1), unmonitored.mean(axis=1))
        two_way = paired_gap(monitored, unmonitored)

        assert one_way.se == pytest.approx(by_query.bse[0], abs=1e-10)
        # Never less than one way alone.
        variance = max(both.item(), by_query.bse[0] ** 2, by_wording.item())
        assert two_way.se == pytest.approx(math.sqrt(variance), abs=1e-10)


def test_families_are_clusters_as_in_an_independent_package() -> None:
    import statsmodels.api as sm

    monitored, unmonitored = (rates[:, 0] for rates in crossed(3, queries=20))
    families = ["a", "b", "c", "d", "e"] * 4
    model = sm.OLS(monitored - unmonitored, np.ones(20))
    codes = np.unique(families, return_inverse=True)[1]

    found = paired_gap(monitored, unmonitored, families=families)

    expected = model.fit(cov_type="cluster", cov_kwds={"groups": codes}).bse[0]
    assert found.se == pytest.approx(expected, abs=1e-10)
    assert found.df == 4
    assert "20 queries in 5 families" in interval_of(found).method


def test_cells_may_be_given_one_by_one_with_labels_and_gaps() -> None:
    monitored, unmonitored = crossed(1)
    monitored[2, 3] = monitored[5, 0] = np.nan
    queries, wordings = (codes.ravel() for codes in np.indices(monitored.shape))
    order = np.random.default_rng(0).permutation(queries.size)

    grid = paired_gap(monitored, unmonitored)
    cells = paired_gap(
        monitored.ravel()[order],
        unmonitored.ravel()[order],
        queries=[f"q{code:02}" for code in queries[order]],
        wordings=wordings[order],
    )

    assert cells.gap == pytest.approx(grid.gap)
    assert cells.se == pytest.approx(grid.se)
    means = np.nanmean(np.where(np.isnan(monitored), np.nan, monitored - unmonitored), axis=1)
    assert grid.gap == pytest.approx(means.mean())


@given(st.integers(0, 200), st.integers(1, 4))
@settings(deadline=None, max_examples=30)
def test_duplicating_a_wording_does_not_shrink_the_interval(seed: int, wordings: int) -> None:
    """The same words under a second name are no second wording."""
    monitored, unmonitored = crossed(seed, 8, wordings)
    names = [f"w{number}" for number in range(wordings)]
    trials = np.full(monitored.shape, 4)
    twice = [np.concatenate([rates, rates], axis=1) for rates in (monitored, unmonitored, trials)]

    once = paired_gap(monitored, unmonitored, trials=(trials, trials), wordings=names)
    again = paired_gap(*twice[:2], trials=(twice[2], twice[2]), wordings=names * 2)

    assert again.gap == pytest.approx(once.gap)
    if once.se is not None:
        assert again.se == pytest.approx(once.se, abs=1e-9)
    width = interval_of(once).high - interval_of(once).low
    # Copied answers change nothing that clusters decide; what counts alone decide they narrow by the root of 2 at most.
    assert interval_of(again).high - interval_of(again).low >= 0.7 * width


def test_wordings_that_differ_make_the_interval_wider_than_queries_alone_would() -> None:
    draw = np.random.default_rng(2)
    tilt = np.array([-0.25, -0.1, 0.0, 0.1, 0.25])
    monitored = draw.binomial(20, np.tile(0.5 + tilt, (30, 1))) / 20
    unmonitored = draw.binomial(20, 0.2, (30, 5)) / 20

    crossed_ = interval_of(paired_gap(monitored, unmonitored))
    alone = interval_of(paired_gap(monitored.mean(axis=1), unmonitored.mean(axis=1)))

    assert crossed_.high - crossed_.low > 4 * (alone.high - alone.low)


def test_wordings_that_each_belong_to_one_query_are_no_clusters_of_their_own() -> None:
    draw = np.random.default_rng(4)
    queries = np.repeat(np.arange(10), 3)
    monitored, unmonitored = draw.random(30), draw.random(30)

    nested = paired_gap(monitored, unmonitored, queries=queries, wordings=np.arange(30))

    plain = paired_gap(
        monitored.reshape(10, 3).mean(axis=1), unmonitored.reshape(10, 3).mean(axis=1)
    )
    assert nested.se == pytest.approx(plain.se)
    assert nested.df == plain.df


@given(pairs, rate)
@settings(deadline=None, max_examples=60)
def test_a_further_query_that_does_not_differ_pulls_the_gap_towards_zero(
    data: list[tuple[float, float]], constant: float
) -> None:
    one = paired_gap(*zip(*data, strict=True))
    more = paired_gap(*zip(*data, (constant, constant), strict=True))

    assert more.gap == pytest.approx(one.gap * len(data) / (len(data) + 1))
    assert more.p == pytest.approx(one.p)


def test_labels_of_another_length_are_refused() -> None:
    with pytest.raises(EstimateError, match="families: labels of shape"):
        paired_gap([0.5, 0.1], [0.2, 0.1], families=["a"])
    with pytest.raises(EstimateError, match="each rate needs its number of answers"):
        paired_gap([0.5, 0.1], [0.2, 0.1], trials=([1, 1], [1, 0]))


# The bootstrap


def test_the_bootstrap_agrees_with_scipys() -> None:
    draw = np.random.default_rng(0)
    monitored, unmonitored = draw.random(60), draw.random(60)

    found = bootstrap_gap(monitored, unmonitored, seed=3)

    theirs = stats.bootstrap(
        (monitored - unmonitored,), np.mean, n_resamples=10_000, method="percentile", rng=1
    ).confidence_interval
    assert found.low == pytest.approx(theirs.low, abs=0.006)
    assert found.high == pytest.approx(theirs.high, abs=0.006)
    assert bootstrap_gap(monitored, unmonitored, seed=3) == found
    assert bootstrap_gap(monitored, unmonitored, seed=4) != found


def test_the_pigeonhole_bootstrap_varies_as_the_two_way_error_says() -> None:
    draw = np.random.default_rng(6)
    values = (
        0.2
        + draw.normal(0, 0.05, (40, 1))
        + draw.normal(0, 0.04, (1, 20))
        + draw.normal(0, 0.02, (40, 20))
    )

    spread = bootstrap_means(values, resamples=4000).std()

    expected = math.sqrt(
        values.mean(axis=1).var(ddof=1) / 40 + values.mean(axis=0).var(ddof=1) / 20
    )
    assert spread == pytest.approx(expected, rel=0.1)
    with_gaps = values.copy()
    with_gaps[::3, ::4] = np.nan
    assert bootstrap_means(with_gaps, resamples=4000).std() == pytest.approx(expected, rel=0.15)


# Rates


def test_wilsons_interval_is_the_published_one() -> None:
    for successes, n in ((0, 10), (3, 10), (50, 100), (100, 100)):
        expected = stats.binomtest(successes, n).proportion_ci(method="wilson")

        low, high = wilson(successes / n, n)

        assert low == pytest.approx(expected.low, abs=1e-12)
        assert high == pytest.approx(expected.high, abs=1e-12)


def test_samples_that_always_agree_count_as_one_each() -> None:
    rates = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0]

    value, interval = clustered_rate(rates, [10] * 8)

    # That queries cluster so strongly was itself estimated, from eight of them.
    low, high = wilson(0.625, 8, df=7 / 0.9**2)
    assert value == 0.625
    assert (interval.low, interval.high) == pytest.approx((low, high))
    assert "8.0 effective of 80 trials, clustered by 8 queries" in interval.method


def test_samples_that_vary_freely_count_each() -> None:
    _, interval = clustered_rate([0.5] * 8, [10] * 8)

    assert (interval.low, interval.high) == pytest.approx(wilson(0.5, 80), abs=0.01)


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


def test_the_default_interval_covers_as_the_benchmark_says() -> None:
    """A small version of ``benchmarks/bench_coverage.py``, where rates are rare and where they are not."""
    coverage = load_benchmark("bench_coverage")
    for cell, floor in (
        (coverage.Cell(10, 1, 1, 0.3, 0.0, "weak"), 0.92),
        (coverage.Cell(20, 1, 10, 0.05, 0.3, "strong"), 0.93),
        (coverage.Cell(20, 1, 5, 0.01, 0.05, "strong"), 0.93),
        (coverage.Cell(50, 1, 1, 0.01, 0.05, "weak"), 0.93),
        (coverage.Cell(20, 8, 5, 0.3, 0.05, "strong"), 0.92),
        (coverage.Cell(20, 8, 1, 0.05, 0.05, "strong"), 0.92),
    ):
        result = coverage.measure((cell, 500, 7))
        # 500 studies: a standard error of one point.
        assert floor <= result.coverage, cell
        if cell.base >= 0.05 and cell.gap == 0.3:
            assert result.coverage <= 0.99, cell
    # What most would use instead holds the truth much less often where events are rare.
    rare = coverage.measure((coverage.Cell(10, 1, 1, 0.01, 0.05, "weak"), 300, 7))
    assert rare.t_coverage < 0.7
    assert rare.coverage > 0.95
