"""Many comparisons: adjusted p-values, levels that hold together, and the cell that was chosen for being largest."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from gyges.errors import EstimateError
from gyges.estimate.multiplicity import (
    BestOf,
    benjamini_hochberg,
    best_of,
    holm,
    selected_level,
    simultaneous_level,
)

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)
adjustments = pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])


# Adjusted p-values


# The other package collects garbage in every call, which takes a tenth of a second.
@given(p_values)
@settings(deadline=None, max_examples=15)
def test_adjusted_p_values_are_those_of_an_independent_package(values: list[float]) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")

    for adjust, name in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
        expected = multitest.multipletests(values, method=name)[1]
        assert adjust(values) == pytest.approx(expected, abs=1e-12)


def test_adjusted_p_values_of_a_worked_example() -> None:
    values = [0.01, 0.04, 0.03, 0.005]

    assert holm(values) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert benjamini_hochberg(values) == pytest.approx([0.02, 0.04, 0.04, 0.02])


@given(p_values, st.floats(0.01, 0.3))
@settings(deadline=None)
def test_holm_rejects_what_closed_testing_with_bonferroni_rejects(
    values: list[float], level: float
) -> None:
    values = values[:6]
    adjusted = holm(values)
    for at in range(len(values)):
        # Rejected if every set of hypotheses with this one is rejected by Bonferroni's test of that set.
        others = [one for one in range(len(values)) if one != at]
        sets = [
            [at, *some]
            for size in range(len(values))
            for some in itertools.combinations(others, size)
        ]
        worst = max(min(min(values[one] for one in some) * len(some), 1.0) for some in sets)
        assert adjusted[at] == pytest.approx(worst)
        if abs(worst - level) > 1e-9:
            assert (adjusted[at] <= level) == (worst <= level)


@adjustments
@given(values=p_values, draw=st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_the_tests_changes_nothing(
    adjust: Callable[[Any], Any], values: list[float], draw: Any
) -> None:
    order = list(range(len(values)))
    draw.shuffle(order)

    assert adjust([values[at] for at in order]) == pytest.approx(adjust(values)[order])


@adjustments
@given(values=p_values)
@settings(deadline=None)
def test_adjusting_only_raises_p_values_and_keeps_their_order(
    adjust: Callable[[Any], Any], values: list[float]
) -> None:
    adjusted = adjust(values)

    assert np.all(adjusted >= np.array(values) - 1e-12)
    assert np.all(adjusted <= 1)
    assert np.all(np.diff(adjusted[np.argsort(values)]) >= -1e-12)
    assert np.all(benjamini_hochberg(values) <= holm(values) + 1e-12)


@adjustments
def test_a_test_that_was_not_made_is_not_counted(adjust: Callable[[Any], Any]) -> None:
    found = adjust([0.01, math.nan, 0.04])

    assert math.isnan(found[1])
    assert found[[0, 2]] == pytest.approx(adjust([0.01, 0.04]))
    assert adjust([]).shape == (0,)


@adjustments
def test_a_p_value_that_is_none_is_refused(adjust: Callable[[Any], Any]) -> None:
    with pytest.raises(EstimateError, match=r"a p-value of 1\.2"):
        adjust([0.1, 1.2])


# Levels


def test_bonferroni_intervals_hold_together() -> None:
    assert simultaneous_level(0.95, 1) == pytest.approx(0.95)
    assert simultaneous_level(0.95, 20) == pytest.approx(0.9975)
    rng = np.random.default_rng(4)
    z = stats.norm.ppf(0.5 + simultaneous_level(0.95, 20) / 2)
    assert (np.abs(rng.standard_normal((20_000, 20))) < z).all(axis=1).mean() >= 0.945


def test_intervals_of_selected_findings_miss_at_most_their_share() -> None:
    rng = np.random.default_rng(5)
    truth = np.where(np.arange(20) < 5, 2.5, 0.0)
    shares = []
    for _ in range(2_000):
        seen = truth + rng.standard_normal(20)
        chosen = benjamini_hochberg(2 * stats.norm.sf(np.abs(seen))) < 0.1
        if not chosen.any():
            shares.append(0.0)
            continue
        level = selected_level(0.9, int(chosen.sum()), 20)
        half = stats.norm.ppf(0.5 + level / 2)
        shares.append(float((np.abs(seen - truth)[chosen] > half).mean()))

    assert np.mean(shares) < 0.1
    assert selected_level(0.95, 20, 20) == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: simultaneous_level(95, 3), "level 95"),
        (lambda: simultaneous_level(0.95, 0), "1 intervals selected out of 0"),
        (lambda: selected_level(0.95, 4, 3), "4 intervals selected out of 3"),
    ],
)
def test_levels_that_cannot_be_are_refused(ask: Callable[[], float], said: str) -> None:
    with pytest.raises(EstimateError, match=said):
        ask()


# The best of many


def studies(
    truth: Any, *, queries: int, number: int, shared: float = 0.5, seed: int = 6
) -> list[tuple[BestOf, Any]]:
    """Simulate cells that share queries, 5 samples a cell and tier, and take the best of each study."""
    rng = np.random.default_rng(seed)
    truth = np.asarray(truth)
    found = []
    for at in range(number):
        query = math.sqrt(shared) * rng.standard_normal((queries, 1))
        own = math.sqrt(1 - shared) * rng.standard_normal((queries, truth.size))
        # A query's difference between the tiers varies by 10 points around the cell's gap.
        monitored = np.clip(0.3 + truth + 0.1 * (query + own), 0, 1)
        difference = (rng.binomial(5, monitored) - rng.binomial(5, 0.3, monitored.shape)) / 5
        found.append((best_of(difference, draws=1_500, seed=at), difference))
    return found


def missed(found: list[tuple[BestOf, Any]], truth: Any) -> tuple[float, float]:
    """The share of studies whose interval, and whose plain t interval, misses the chosen cell's gap."""
    corrected = plain = 0
    for best, difference in found:
        true = truth[best.cell]
        corrected += not best.interval.low <= true <= best.interval.high
        queries = difference.shape[0]
        se = difference[:, best.cell].std(ddof=1) / math.sqrt(queries)
        plain += abs(best.gap - true) > stats.t.ppf(0.975, queries - 1) * se
    return corrected / len(found), plain / len(found)


@pytest.mark.parametrize("queries", [15, 40])
def test_the_best_of_twenty_equal_cells_is_covered_and_a_plain_interval_is_not(
    queries: int,
) -> None:
    truth = np.zeros(20)
    found = studies(truth, queries=queries, number=250)

    corrected, plain = missed(found, truth)

    # Four standard errors of a share of 250 around the chance that the lower end is passed.
    assert corrected < 0.025 + 4 * math.sqrt(0.025 * 0.975 / 250)
    assert plain > 0.25
    assert np.mean([best.p < 0.05 for best, _ in found]) < 0.06


def test_the_correction_takes_most_of_the_overshoot_away() -> None:
    truth = np.zeros(20)
    found = [best for best, _ in studies(truth, queries=40, number=120)]

    inflated = np.mean([best.gap for best in found])
    left = np.mean([best.corrected for best in found])

    assert inflated > 0.06
    assert abs(left) < 0.15 * inflated


@pytest.mark.parametrize(
    "truth", [np.linspace(0, 0.3, 20), np.repeat([0.0, 0.2], 10), np.eye(1, 20, 3)[0] * 0.15]
)
def test_the_best_is_covered_wherever_the_gaps_lie(truth: Any) -> None:
    found = studies(truth, queries=40, number=150)

    assert missed(found, truth)[0] < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 150)


def test_a_clear_winner_is_left_as_it_is() -> None:
    truth = np.eye(1, 20, 7)[0] * 0.5
    for best, _ in studies(truth, queries=60, number=20):
        assert best.cell == 7
        assert best.overshoot < 0.02
        assert best.corrected == pytest.approx(best.gap - best.overshoot)
        assert best.p < 0.01


def test_one_cell_alone_has_students_interval() -> None:
    rng = np.random.default_rng(1)
    values = np.clip(rng.normal(0.1, 0.3, (25, 1)), -1, 1)

    best = best_of(values, draws=200_000)

    test = stats.ttest_1samp(values[:, 0], 0)
    low, high = test.confidence_interval()
    assert (best.overshoot, best.corrected) == (0, best.gap)
    assert best.interval.low == pytest.approx(low, abs=0.004)
    assert best.interval.high == pytest.approx(high)
    assert best.p == pytest.approx(test.pvalue, abs=0.01)


def test_independent_cells_have_sidaks_limit() -> None:
    # Columns of a Hadamard matrix: uncorrelated, mean 0, equal errors.
    from scipy.linalg import hadamard

    values = hadamard(32)[:, 1:21] / 4.0
    best = best_of(values, draws=200_000)

    se = 0.25 / math.sqrt(31)
    sidak = stats.t.ppf(0.975 ** (1 / 20), 31)
    assert best.interval.low == pytest.approx(-sidak * se, rel=0.02)
    assert best.interval.high == pytest.approx(stats.t.ppf(0.975, 31) * se)


def test_copies_of_one_cell_cost_nothing() -> None:
    rng = np.random.default_rng(2)
    one = np.clip(rng.normal(0.1, 0.3, (30, 1)), -1, 1)

    alone, many = best_of(one), best_of(one.repeat(12, axis=1))

    assert many.interval.low == pytest.approx(alone.interval.low, abs=0.01)
    assert many.interval.high == pytest.approx(alone.interval.high)
    # What the copies' estimates share, no choice among them inflates.
    assert many.overshoot == pytest.approx(0, abs=0.002)


def test_nothing_happened_in_any_cell_is_not_certainty() -> None:
    best = best_of(np.zeros((40, 8)))

    assert best.gap == best.corrected == best.overshoot == 0
    assert best.interval.low < -0.02
    assert best.interval.high > 0.02
    assert best.p == 1


def test_all_differences_alike_in_the_best_cell_leave_it_an_interval() -> None:
    values = np.zeros((30, 3))
    values[:, 1] = 1.0
    values[::3, 2] = 1.0

    best = best_of(values)

    assert (best.cell, best.gap) == (1, 1.0)
    assert best.interval.low < 1
    assert best.interval.high == 1


@given(
    arrays(np.float64, st.tuples(st.integers(2, 8), st.integers(1, 5)), elements=st.floats(-1, 1)),
    st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=60)
def test_the_estimate_lies_in_its_interval_and_the_order_of_queries_changes_nothing(
    values: Any, draw: Any
) -> None:
    best = best_of(values, draws=500)
    order = list(range(len(values)))
    draw.shuffle(order)
    other = best_of(values[order], draws=500)

    assert (
        -1
        <= best.interval.low
        <= best.corrected
        <= best.gap
        <= best.interval.high + 1e-12
        <= 1 + 1e-9
    )
    assert 0 < best.p <= 1
    assert best.overshoot >= 0
    assert other.gap == pytest.approx(best.gap)


def test_the_same_seed_gives_the_same_answer() -> None:
    values = np.random.default_rng(3).uniform(-1, 1, (20, 6))

    assert best_of(values, seed=4) == best_of(values, seed=4)
    assert best_of(values, seed=4).interval != best_of(values, seed=5).interval


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((1, 3)), r"shape \(1, 3\)"),
        (np.zeros(5), r"shape \(5,\)"),
        (np.zeros((5, 0)), r"shape \(5, 0\)"),
        (np.array([[0.1, math.nan], [0.2, 0.3]]), "missing or beyond 1"),
        (np.array([[0.1, 3.0], [0.2, 0.3]]), "missing or beyond 1"),
    ],
)
def test_cells_that_cannot_be_compared_are_refused(values: Any, said: str) -> None:
    with pytest.raises(EstimateError, match=said):
        best_of(values)
