"""How large a study must be: components, power, detectable gaps, equivalence, and the command."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import gyges
from gyges.errors import EstimateError
from gyges.estimate import Interval, simulated
from gyges.estimate.clusters import clustered_mean, layout
from gyges.estimate.components import AssumedRates, Components, components_of
from gyges.estimate.equivalence import equivalence, equivalence_of, equivalence_power
from gyges.estimate.gap import paired_gap
from gyges.estimate.limits import Arms, crossed_means, limits
from gyges.estimate.power import (
    designs,
    detectable_gap,
    detectable_gap_from,
    detectable_gap_of,
    planned_error,
    power_of,
    queries_needed,
    queries_to_rule_out,
    rule_out_power,
)
from gyges.estimate.simulated import Model, simulate
from gyges.estimate.sizes import mcnemar_size, unpaired_detectable, unpaired_size

ROUGH = Components(query=0.01, wording=0.0025, interaction=0.004, sample=0.2)
variances = st.floats(0.0001, 0.3)
parts = st.builds(Components, variances, variances, variances, variances)
sizes = st.tuples(st.integers(3, 200), st.integers(1, 20), st.integers(1, 20))


def beta(mean: float, icc: float, normal: Any) -> Any:
    """Turn normal scores into draws from a Beta distribution with this mean and intraclass correlation."""
    shape = (1 - icc) / icc
    return stats.beta.ppf(stats.norm.cdf(normal), mean * shape, (1 - mean) * shape)


def studies_of(
    rates: AssumedRates, gap: float, queries: int, samples: int, studies: int
) -> tuple[Any, Any]:
    """Simulate paired studies of one wording: the rates of their queries, of shape (studies, queries)."""
    rng = np.random.default_rng(20)
    first = rng.standard_normal((studies, queries))
    noise = rng.standard_normal((studies, queries))
    second = rates.correlation * first + math.sqrt(1 - rates.correlation**2) * noise
    monitored = rng.binomial(samples, beta(rates.base + gap, rates.icc, first)) / samples
    unmonitored = rng.binomial(samples, beta(rates.base, rates.icc, second)) / samples
    return monitored, unmonitored


def intervals(monitored: Any, unmonitored: Any, samples: int, level: float) -> tuple[Any, Any]:
    """The default intervals of studies whose rates have shape (studies, queries) or (studies, queries, wordings)."""
    trials = np.full(monitored.shape[1:], samples)
    found = [
        paired_gap(one, other, trials=(trials, trials), level=level, test=False).interval
        for one, other in zip(monitored, unmonitored, strict=True)
    ]
    assert all(one is not None for one in found)
    return tuple(np.array([getattr(one, side) for one in found]) for side in ("low", "high"))  # type: ignore[return-value]


def paired_studies(
    rates: AssumedRates, gap: float, queries: int, samples: int, *, studies: int = 4_000
) -> tuple[Any, Any]:
    """Simulate paired studies of one wording: the gaps and their standard errors."""
    monitored, unmonitored = studies_of(rates, gap, queries, samples, studies)
    difference = monitored - unmonitored
    return difference.mean(axis=1), difference.std(axis=1, ddof=1) / math.sqrt(queries)


# Components


def test_assumed_rates_have_the_moments_of_paired_beta_binomial_answers() -> None:
    rates = AssumedRates(0.2, icc=0.3, correlation=0.7)
    gaps, _ = paired_studies(rates, 0.25, queries=20, samples=3, studies=20_000)

    se, _ = planned_error(rates.at(0.25), 20, 3)

    assert gaps.mean() == pytest.approx(0.25, abs=0.002)
    assert gaps.std() == pytest.approx(se, rel=0.03)


def test_one_answer_a_query_has_the_variance_of_its_rate_whatever_the_intraclass_correlation() -> (
    None
):
    for icc in (0.0, 0.2, 0.9):
        found = AssumedRates(0.3, icc=icc, correlation=0.0).at(0.1)
        assert found.query + found.sample == pytest.approx(0.3 * 0.7 + 0.4 * 0.6)


def test_interaction_moves_variance_from_queries_to_queries_and_wordings_together() -> None:
    none, half = AssumedRates(0.3).at(0.1), AssumedRates(0.3, interaction=0.5).at(0.1)

    assert half.query == half.interaction == pytest.approx(none.query / 2)
    assert planned_error(none, 40) == pytest.approx(planned_error(half, 40))
    assert planned_error(half, 40, 1, 8)[0] < planned_error(none, 40, 1, 8)[0]


@pytest.mark.parametrize("gap", [-0.2, 0.95])
def test_a_gap_that_leads_out_of_the_rates_is_refused(gap: float) -> None:
    with pytest.raises(EstimateError, match="rates lie between 0 and 1"):
        AssumedRates(0.1).at(gap)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: AssumedRates(1.2), "base is 1.2"),
        (lambda: AssumedRates(0.2, icc=-0.1), "icc is -0.1"),
        (lambda: AssumedRates(0.2, correlation=2), "correlation is 2"),
        (lambda: Components(0.1, -0.1, 0, 0), "wording is -0.1"),
        (lambda: Components(math.nan, 0, 0, 0), "query is nan"),
    ],
)
def test_components_that_cannot_be_are_refused(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(EstimateError, match=said):
        make()


def trials_of(monitored: Any, unmonitored: Any) -> tuple[Any, Any, Any, Any]:
    """Lay arrays (queries, wordings, samples) of outcomes out as trials."""
    query, wording, _ = np.indices(monitored.shape)
    return (
        np.concatenate([query.ravel(), query.ravel()]),
        np.concatenate([wording.ravel(), wording.ravel()]),
        np.repeat([True, False], monitored.size),
        np.concatenate([monitored.ravel(), unmonitored.ravel()]),
    )


def pilot(seed: int, queries: int, wordings: int, samples: int) -> tuple[Any, Any, Any, Any]:
    """A pilot of graded answers whose gap varies by 10 points over queries, 6 over wordings, 8 over both."""
    rng = np.random.default_rng(seed)
    shift = (
        0.1 * rng.standard_normal((queries, 1, 1))
        + 0.06 * rng.standard_normal((1, wordings, 1))
        + 0.08 * rng.standard_normal((queries, wordings, 1))
    )
    shape = (queries, wordings, samples)
    base = 0.5 + 0.05 * rng.standard_normal((queries, 1, 1))
    monitored = base + shift / 2 + 0.05 * rng.standard_normal(shape)
    unmonitored = base - shift / 2 + 0.05 * rng.standard_normal(shape)
    return trials_of(np.clip(monitored, 0, 1), np.clip(unmonitored, 0, 1))


def test_a_pilots_components_are_those_that_made_it() -> None:
    found = [components_of(*pilot(seed, 30, 8, 4)) for seed in range(40)]

    for name, true in (
        ("query", 0.01),
        ("wording", 0.0036),
        ("interaction", 0.0064),
        ("sample", 0.005),
    ):
        values = np.array([getattr(one, name) for one in found])
        assert abs(values.mean() - true) < 4 * values.std() / math.sqrt(values.size) + 0.0001, name


def test_a_pilot_with_one_wording_gives_the_standard_error_that_its_differences_have() -> None:
    query, wording, monitored, value = pilot(1, 25, 1, 3)
    found = components_of(query, wording, monitored, value)

    means = np.array(
        [
            value[(query == one) & monitored].mean() - value[(query == one) & ~monitored].mean()
            for one in range(25)
        ]
    )
    assert (found.wording, found.interaction) == (0, 0)
    assert planned_error(found, 25, 3)[0] == pytest.approx(means.std(ddof=1) / 5)


def test_a_pilot_with_one_sample_counts_chance_among_the_queries() -> None:
    monitored = np.array([1.0, 1.0, 0.0, 1.0]).reshape(4, 1, 1)
    unmonitored = np.array([0.0, 1.0, 0.0, 0.0]).reshape(4, 1, 1)

    found = components_of(*trials_of(monitored, unmonitored))

    assert found.query == pytest.approx(1 / 3)
    assert (found.wording, found.interaction, found.sample) == (0, 0, 0)


def test_labels_and_the_order_of_queries_change_nothing() -> None:
    query, wording, monitored, value = pilot(2, 12, 3, 2)
    names = np.array([f"query {99 - one}" for one in range(12)])

    order = np.random.default_rng(0).permutation(12)[query].argsort(kind="stable")

    found = components_of(names[query][order], wording[order], monitored[order], value[order])

    expected = components_of(query, wording, monitored, value)
    assert found.rates == pytest.approx(expected.rates)
    assert dataclasses.astuple(found)[:4] == pytest.approx(dataclasses.astuple(expected)[:4])


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        (([1, 2], [0], [True, False], [1, 0]), "all are one per trial"),
        (([1, 1], [0, 0], [True, False], [1, math.nan]), "missing or not between 0 and 1"),
        (([1, 1], [0, 0], [True, False], [1, 0]), "queries with trials in both tiers: 1"),
        (([1, 2], [0, 0], [True, False], [1, 0]), "queries with trials in both tiers: 0"),
        (([], [], [], []), "queries with trials in both tiers: 0"),
    ],
)
def test_a_pilot_that_says_nothing_is_refused(trials: Any, said: str) -> None:
    with pytest.raises(EstimateError, match=said):
        components_of(*trials)


# Power


@pytest.mark.parametrize(
    ("base", "gap", "queries", "samples"),
    [
        (0.01, 0.1, 20, 5),
        (0.01, 0.05, 59, 1),
        (0.03, 0.1, 100, 1),
        (0.03, 0.1, 28, 5),
        (0.1, 0.05, 60, 5),
        (0.3, 0.1, 60, 5),
        (0.3, 0.3, 16, 1),
        (0.3, 0.3, 10, 5),
    ],
)
def test_the_power_is_the_share_of_simulated_studies_whose_interval_sees_the_gap(
    base: float, gap: float, queries: int, samples: int
) -> None:
    rates = AssumedRates(base)
    low, high = intervals(*studies_of(rates, gap, queries, samples, 500), samples, 0.95)
    seen = (low > 0) | (high < 0)

    assert power_of(gap, rates, queries, samples) == pytest.approx(seen.mean(), abs=0.06)


@pytest.mark.parametrize(
    ("base", "margin", "queries", "samples"),
    [
        (0.01, 0.05, 16, 5),
        (0.01, 0.05, 59, 1),
        (0.03, 0.05, 42, 5),
        (0.03, 0.05, 169, 1),
        (0.1, 0.1, 42, 5),
        (0.3, 0.1, 60, 5),
    ],
)
def test_the_power_to_rule_out_is_the_share_of_simulated_nulls_whose_interval_does(
    base: float, margin: float, queries: int, samples: int
) -> None:
    rates = AssumedRates(base)
    low, high = intervals(*studies_of(rates, 0.0, queries, samples, 500), samples, 0.9)
    supported = np.maximum(-low, high) < margin

    planned = rule_out_power(margin, rates, queries, samples)
    assert planned == pytest.approx(supported.mean(), abs=0.06)


@pytest.mark.parametrize(
    ("queries", "wordings", "samples"), [(12, 1, 1), (9, 1, 5), (10, 4, 2), (5, 8, 1)]
)
@pytest.mark.parametrize("rate", [0.01, 0.1, 0.6, 1.0])
def test_the_limits_of_many_studies_are_those_of_each(
    queries: int, wordings: int, samples: int, rate: float
) -> None:
    rng = np.random.default_rng(5)
    shape = (40, queries, wordings)
    monitored = rng.binomial(samples, np.minimum(1, rate + 0.1 * rng.random(shape))) / samples
    unmonitored = rng.binomial(samples, np.full(shape, rate)) / samples
    difference = monitored - unmonitored
    high, low, gap = (crossed_means(one) for one in (monitored, unmonitored, difference))
    arms = Arms(high, low, gap, queries, wordings, samples)

    for level in (0.9, 0.95):
        expected = intervals(monitored, unmonitored, samples, level)
        for found, each in zip(limits(arms, level), expected, strict=True):
            assert found == pytest.approx(each, abs=1e-4)


def test_means_drawn_for_many_queries_are_those_of_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(0.13, 0.03, icc=0.2, correlation=0.8, wording_sd=0.05, interaction=0.3)
    cells = simulate(model, 90, 1, 12)
    monkeypatch.setattr(simulated, "MANY_QUERIES", 90)
    means = simulate(model, 90, 1, 12)

    for name in ("monitored", "unmonitored", "gap"):
        one, other = getattr(cells, name), getattr(means, name)
        assert other.value.mean() == pytest.approx(one.value.mean(), abs=0.002)
        assert other.value.std() == pytest.approx(one.value.std(), rel=0.08)
        assert other.variance.mean() == pytest.approx(one.variance.mean(), rel=0.05)
        assert other.df.mean() == pytest.approx(one.df.mean(), rel=0.2)
    reach = [np.quantile(limits(arms)[0], [0.1, 0.5, 0.9]) for arms in (cells, means)]
    assert reach[1] == pytest.approx(reach[0], abs=0.006)


@pytest.mark.parametrize(("queries", "samples", "wordings"), [(30, 1, 8), (14, 5, 16)])
def test_the_power_with_wordings_is_the_share_of_simulated_studies_whose_interval_sees_the_gap(
    queries: int, samples: int, wordings: int
) -> None:
    rng = np.random.default_rng(8)
    rates, studies = AssumedRates(0.1, wording_sd=0.06), 300
    first = rng.standard_normal((studies, queries, 1))
    second = 0.8 * first + 0.6 * rng.standard_normal(first.shape)
    shift = 0.06 * rng.standard_normal((studies, 1, wordings))
    # The logit of the monitored rate moves with the wording, which is not how the plan has it.
    inclined = beta(0.2, 0.2, first).clip(1e-9, 1 - 1e-9)
    moved = 1 / (1 + (1 - inclined) / inclined * np.exp(-shift / (0.8 * 0.2 * 0.8)))
    low, _ = intervals(
        rng.binomial(samples, moved) / samples,
        rng.binomial(samples, np.broadcast_to(beta(0.1, 0.2, second), moved.shape)) / samples,
        samples,
        0.95,
    )

    planned = power_of(0.1, rates, queries, samples, wordings)
    assert planned == pytest.approx((low > 0).mean(), abs=0.08)


def test_more_is_planned_where_the_default_interval_is_wider_than_the_standard_error_says() -> None:
    rare, moderate = AssumedRates(0.01), AssumedRates(0.3)
    by_error = [
        equivalence_power(*planned_error(rates.at(0.0), 42, 5), margin)
        for rates, margin in ((rare, 0.05), (moderate, 0.12))
    ]

    assert rule_out_power(0.05, rare, 42, 5) < by_error[0] - 0.2
    assert rule_out_power(0.12, moderate, 42, 5) == pytest.approx(by_error[1], abs=0.08)


def test_the_same_plan_has_the_same_power_and_a_size_for_every_plan() -> None:
    rates = AssumedRates(0.05)

    assert simulate(Model(0.1, 0.05, 0.2, 0.8), 30, 2, 1).gap.value.tolist() == (
        simulate(Model(0.1, 0.05, 0.2, 0.8), 30, 2, 1).gap.value.tolist()
    )
    # Samples beyond those of joint counts, and queries beyond what is drawn cell by cell.
    assert power_of(0.1, rates, 30, 30) > power_of(0.1, rates, 30, 10) - 0.02
    assert power_of(0.02, rates, 20_000, 30) == 1.0
    assert power_of(0.05, rates, 100_000, 2, 50) > 0.99


@pytest.mark.parametrize(
    "rates",
    [
        AssumedRates(0.0),
        AssumedRates(0.3, icc=1.0, correlation=1.0),
        AssumedRates(0.3, icc=0.0, correlation=-1.0),
        AssumedRates(0.1, icc=0.3, interaction=1.0),
    ],
)
@pytest.mark.parametrize(("samples", "wordings"), [(1, 1), (20, 1), (2, 8)])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_assumptions_at_their_bounds_have_a_power(
    rates: AssumedRates, samples: int, wordings: int
) -> None:
    none = 0.0
    for queries in (2, 40, 400):
        found = power_of(0.2, rates, queries, samples, wordings)
        none = rule_out_power(0.3, rates, queries, samples, wordings)
        assert 0 <= found <= 1
        assert 0 <= none <= 1
    assert none > 0.8


def test_a_pilot_is_planned_from_as_the_assumptions_that_made_it() -> None:
    true = AssumedRates(0.2, icc=0.3, correlation=0.6)
    rng = np.random.default_rng(4)
    first = rng.standard_normal((3_000, 1, 1))
    second = 0.6 * first + 0.8 * rng.standard_normal(first.shape)
    answers = [
        rng.random((3_000, 1, 4)) < beta(rate, 0.3, score)
        for rate, score in ((0.5, first), (0.2, second))
    ]

    pilot = components_of(*trials_of(*(one.astype(float) for one in answers)))
    assumed = pilot.assumed()

    assert pilot.rates == pytest.approx((0.5, 0.2), abs=0.02)
    assert assumed is not None
    assert assumed.icc == pytest.approx(0.3, abs=0.03)
    assert assumed.correlation == pytest.approx(0.6, abs=0.06)
    assert power_of(0.1, pilot, 40, 3) == pytest.approx(power_of(0.1, true, 40, 3), abs=0.05)
    moved = pilot.assumed(0.02)
    assert moved is not None
    assert (moved.base, moved.icc) == (0.02, assumed.icc)
    assert ROUGH.assumed() is None


def test_a_pilot_in_which_nothing_varied_is_refused() -> None:
    nothing = components_of(*trials_of(np.zeros((5, 1, 2)), np.zeros((5, 1, 2))))

    assert nothing.rates == (0.0, 0.0)
    with pytest.raises(EstimateError, match="where nothing varies"):
        queries_needed(0.1, nothing)
    with pytest.raises(EstimateError, match="rates of"):
        Components(0.1, 0, 0, 0.1, (0.2, 1.3))


@pytest.mark.parametrize(
    ("gap", "queries", "wordings"), [(0.1, 33, 8), (0.2, 25, 4), (0.1, 18, 16), (0.0, 30, 8)]
)
def test_the_power_with_wordings_is_that_of_the_two_way_clustered_interval(
    gap: float, queries: int, wordings: int
) -> None:
    rng = np.random.default_rng(3)
    parts, studies = AssumedRates(0.03).at(gap), 1_500
    values = (
        gap
        + math.sqrt(parts.query) * rng.standard_normal((studies, queries, 1))
        + math.sqrt(parts.wording) * rng.standard_normal((studies, 1, wordings))
        + math.sqrt(parts.sample) * rng.standard_normal((studies, queries, wordings))
    )
    where = layout(np.ones((queries, wordings), dtype=bool))
    means = [clustered_mean(study.ravel(), where) for study in values]
    seen = [
        one.variance is not None
        and abs(one.value) > stats.t.ppf(0.975, one.df) * math.sqrt(one.variance)
        for one in means
    ]

    error, _ = planned_error(parts, queries, 1, wordings)

    assert np.std([one.value for one in means]) == pytest.approx(error, rel=0.06)
    assert power_of(gap, parts, queries, 1, wordings) == pytest.approx(np.mean(seen), abs=0.05)


def test_without_a_gap_the_power_is_the_level_of_the_test() -> None:
    assert power_of(0.0, ROUGH, 12, 3) == pytest.approx(0.05)
    assert power_of(0.0, ROUGH, 12, 3, 5, level=0.9) == pytest.approx(0.1)


def test_the_variance_is_the_sum_of_its_parts() -> None:
    se, df = planned_error(ROUGH, 30, 4, 6)
    assert se**2 == pytest.approx(0.01 / 30 + 0.0025 / 6 + 0.004 / 180 + 0.2 / 720)
    assert 5 < df < 29


def test_with_one_wording_the_finding_is_about_that_wording() -> None:
    se, df = planned_error(ROUGH, 30, 4)
    assert se**2 == pytest.approx((0.01 + 0.004 + 0.2 / 4) / 30)
    assert df == pytest.approx(29)


@given(parts, sizes, st.floats(0.01, 0.9))
@settings(deadline=None, max_examples=60)
def test_swapping_the_tiers_leaves_the_power_alone(
    components: Components, size: tuple[int, int, int], gap: float
) -> None:
    found = power_of(gap, components, *size)

    assert power_of(-gap, components, *size) == pytest.approx(found, abs=1e-6)
    assert 0.05 - 1e-6 <= found <= 1


@given(parts, sizes, st.floats(0.02, 0.9))
@settings(deadline=None, max_examples=60)
def test_more_samples_never_see_less(
    components: Components, size: tuple[int, int, int], gap: float
) -> None:
    queries, samples, wordings = size
    before = planned_error(components, queries, samples, wordings)[0]

    assert planned_error(components, queries, samples + 1, wordings)[0] <= before + 1e-12
    if wordings == 1:
        assert power_of(gap, components, queries + 1, samples) >= (
            power_of(gap, components, queries, samples) - 1e-6
        )


@given(parts, sizes)
@settings(deadline=None, max_examples=40)
def test_the_detectable_gap_is_seen_with_the_wanted_power(
    components: Components, size: tuple[int, int, int]
) -> None:
    gap = detectable_gap(components, *size)

    if gap is None:
        assert power_of(1.0, components, *size) < 0.8
    else:
        assert power_of(gap, components, *size) == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize("base", [0.0, 0.03, 0.5, 0.9])
@pytest.mark.parametrize("queries", [10, 40, 300])
def test_the_detectable_gap_over_assumed_rates_is_seen_with_the_wanted_power(
    base: float, queries: int
) -> None:
    rates = AssumedRates(base)
    gap = detectable_gap(rates, queries, 2)

    if gap is None:
        assert power_of(0.999 * (1 - base), rates, queries, 2) < 0.8
    else:
        assert 0 < gap <= 1 - base
        assert power_of(gap, rates, queries, 2) == pytest.approx(0.8, abs=0.015)


def test_no_gap_is_left_to_see_where_everything_complies_already() -> None:
    assert detectable_gap(AssumedRates(1.0), 40) is None
    assert detectable_gap(AssumedRates(0.95), 10) is None


@given(parts, st.integers(1, 10), st.sampled_from([1, 8, 30]), st.floats(0.05, 0.5))
@settings(deadline=None, max_examples=40)
def test_the_queries_needed_reach_the_power_and_one_fewer_does_not(
    components: Components, samples: int, wordings: int, gap: float
) -> None:
    queries = queries_needed(gap, components, samples, wordings)

    if queries is None:
        assert power_of(gap, components, 1_000_000, samples, wordings) < 0.8
        return
    assert power_of(gap, components, queries, samples, wordings) >= 0.8
    if queries > 2:
        assert power_of(gap, components, queries - 1, samples, wordings) < 0.8


def test_no_number_of_queries_makes_up_for_wordings_that_differ_too_much() -> None:
    uneven = Components(query=0.01, wording=0.04, interaction=0.0, sample=0.2)

    assert queries_needed(0.1, uneven, wordings=4) is None
    assert queries_needed(0.1, uneven, wordings=50) is not None


def test_designs_count_their_calls_and_come_in_the_order_of_the_choices() -> None:
    found = designs(0.1, ROUGH, samples=(1, 5), wordings=(1, 12))

    assert [(one.wordings, one.samples) for one in found] == [(1, 1), (1, 5), (12, 1), (12, 5)]
    for one in found:
        assert one.queries == queries_needed(0.1, ROUGH, one.samples, one.wordings)
        assert one.queries is not None
        assert one.calls == 2 * one.queries * one.samples * one.wordings
        assert one.power is not None
        assert one.power >= 0.8
    assert [one.calls for one in designs(0.1, ROUGH, samples=(1,), wordings=(2,))] == [None]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: power_of(0.1, ROUGH, 1), "1 queries; the least is 2"),
        (lambda: power_of(0.1, ROUGH, 10, 0), "0 samples; the least is 1"),
        (lambda: power_of(0.1, ROUGH, 10, 1, 0), "0 wordings; the least is 1"),
        (lambda: power_of(0.1, ROUGH, 10, level=95), "level is 95"),
        (lambda: power_of(0.1, AssumedRates(0.1), 1), "1 queries; the least is 2"),
        (lambda: rule_out_power(0.0, AssumedRates(0.1), 10), "margin is 0.0"),
        (lambda: power_of(0.1, Components(0, 0.01, 0, 0), 10), "all 0"),
        (lambda: queries_needed(0.0, ROUGH), "a gap of 0 cannot be seen"),
        (lambda: queries_needed(0.1, ROUGH, power=1.0), "power is 1.0"),
        (lambda: detectable_gap(ROUGH, 10, power=0.05), "power of 0.05 at level 0.95"),
        (lambda: detectable_gap_from(0.0), "standard error is 0.0"),
        (lambda: detectable_gap_from(0.1, 0), "0 degrees of freedom"),
        (lambda: unpaired_size(0.2, 0.2), "both rates are 0.2"),
        (lambda: unpaired_size(0.2, 1.2), "a rate of 1.2"),
        (lambda: unpaired_detectable(0.2, 0), "over 0 trials"),
        (lambda: mcnemar_size(0.1, 0.1), "shares of 0.1 and 0.1"),
        (lambda: mcnemar_size(0.8, 0.3), "sum to at most 1"),
    ],
)
def test_what_cannot_be_planned_is_refused(ask: Callable[[], Any], said: str) -> None:
    with pytest.raises(EstimateError, match=said):
        ask()


# What a finding could have seen


def test_the_detectable_gap_of_a_standard_error_is_that_of_the_textbook() -> None:
    # 1.96 and 0.84 standard errors.
    assert detectable_gap_from(0.05) == pytest.approx(0.05 * 2.8016, abs=1e-5)
    assert detectable_gap_from(0.05, 1e6) == pytest.approx(0.05 * 2.8016, abs=1e-4)
    few = detectable_gap_from(0.05, 5)
    assert few is not None
    assert few > 0.05 * 2.8016
    assert detectable_gap_from(0.5) is None


def test_the_detectable_gap_of_an_interval_is_that_of_its_standard_error() -> None:
    half = stats.t.ppf(0.975, 19) * 0.04

    assert detectable_gap_of(Interval(0.02 - half, 0.02 + half, "t"), df=19) == pytest.approx(
        detectable_gap_from(0.04, 19)
    )


def test_an_interval_without_a_standard_error_has_a_detectable_gap() -> None:
    # 0 of 120 against 0 of 120.
    found = detectable_gap_of(Interval(-0.031, 0.031, "MOVER"))

    assert found is not None
    assert 0.031 < found < 0.06
    with pytest.raises(EstimateError, match="standard error is 0"):
        detectable_gap_of(Interval(0.0, 0.0, "nothing"))


# Textbook sizes


def test_the_unpaired_detectable_gap_is_the_inverse_of_the_unpaired_size() -> None:
    gap = unpaired_detectable(0.03, 97)

    assert gap is not None
    assert unpaired_size(0.03 + gap, 0.03) == pytest.approx(97, abs=1e-3)
    assert unpaired_detectable(0.9, 5) is None
    assert unpaired_detectable(1.0, 1000) is None
    none = unpaired_detectable(0.0, 100)
    assert none is not None
    assert unpaired_size(none, 0.0) == pytest.approx(100, abs=1e-3)


# Equivalence


def test_equivalence_is_the_interval_inside_the_margin() -> None:
    inside = equivalence(0.01, 0.02, 39, 0.05)

    half = stats.t.ppf(0.95, 39) * 0.02
    assert inside.supported
    assert inside.smallest_margin == pytest.approx(0.01 + half)
    assert inside.p == pytest.approx(stats.t.sf(0.04 / 0.02, 39))
    assert not equivalence(0.01, 0.02, 39, 0.04).supported
    assert not equivalence(-0.01, 0.02, 39, 0.04).supported


@given(
    st.floats(-0.5, 0.5),
    st.floats(0.001, 0.3),
    st.one_of(st.integers(1, 300), st.just(math.inf)),
    st.floats(0.001, 1.0),
    st.floats(0.6, 0.99),
)
@settings(deadline=None, max_examples=150)
def test_the_p_value_the_interval_and_the_smallest_margin_agree(
    gap: float, se: float, df: float, margin: float, level: float
) -> None:
    found = equivalence(gap, se, df, margin, level=level)
    critical = stats.norm.ppf(level) if math.isinf(df) else stats.t.ppf(level, df)
    interval = Interval(gap - critical * se, gap + critical * se, "t", 2 * level - 1)
    other = equivalence_of(interval, margin, level=level)

    assert found.smallest_margin == pytest.approx(other.smallest_margin)
    if abs(found.smallest_margin - margin) > 1e-9:
        assert found.supported == other.supported == (found.smallest_margin < margin)
        assert found.p is not None
        assert (found.p < 1 - level) == found.supported


def test_a_large_gap_is_no_equivalence_and_a_wide_interval_neither() -> None:
    assert not equivalence(0.3, 0.01, 39, 0.05).supported
    assert not equivalence(0.0, 0.2, 39, 0.05).supported


def test_nothing_happened_supports_no_margin_by_itself() -> None:
    with pytest.raises(EstimateError, match=r"standard error is 0\.0.*equivalence_of"):
        equivalence(0.0, 0.0, 39, 0.01)
    with pytest.raises(EstimateError, match="no width"):
        equivalence_of(Interval(0.0, 0.0, "none", 0.9), 0.01)
    # An interval that says what other queries could show supports what it excludes.
    assert equivalence_of(Interval(-0.02, 0.02, "MOVER", 0.9), 0.05).supported
    assert not equivalence_of(Interval(-0.02, 0.02, "MOVER", 0.9), 0.02).supported


def test_an_interval_of_another_level_is_refused() -> None:
    with pytest.raises(EstimateError, match=r"a 95% interval was given.* reads a 90% interval"):
        equivalence_of(Interval(-0.02, 0.02, "t"), 0.05)


@pytest.mark.parametrize("margin", [0.0, -0.1, math.nan])
def test_a_margin_is_above_zero(margin: float) -> None:
    with pytest.raises(EstimateError, match="margin"):
        equivalence(0.0, 0.1, 10, margin)


@pytest.mark.parametrize(
    ("base", "queries", "margin", "slack"), [(0.3, 60, 0.1, 0.03), (0.05, 80, 0.05, 0.05)]
)
def test_the_power_of_equivalence_is_the_share_of_simulated_nulls_that_support_it(
    base: float, queries: int, margin: float, slack: float
) -> None:
    rates = AssumedRates(base)
    gaps, errors = paired_studies(rates, 0.0, queries, 5)
    half = stats.t.ppf(0.95, queries - 1) * errors
    supported = (gaps - half > -margin) & (gaps + half < margin)

    se, df = planned_error(rates.at(0.0), queries, 5)

    assert equivalence_power(se, df, margin) == pytest.approx(supported.mean(), abs=slack)


def test_the_margin_itself_is_supported_as_seldom_as_the_level_says() -> None:
    assert equivalence_power(0.01, 50, 0.05, gap=0.05) == pytest.approx(0.05, abs=0.002)
    assert equivalence_power(0.01, math.inf, 0.05, gap=-0.05) == pytest.approx(0.05)


def test_the_queries_to_rule_out_reach_the_power_and_one_fewer_does_not() -> None:
    rates = AssumedRates(0.03)
    queries = queries_to_rule_out(0.05, rates, 5)

    assert queries is not None
    reached = [rule_out_power(0.05, rates, number, 5) for number in (queries - 1, queries)]
    assert reached[0] < 0.8 <= reached[1]
    assert queries_to_rule_out(0.05, AssumedRates(0.03, wording_sd=0.1), wordings=4) is None
    # 0 of n is not 0, also where none is expected.
    never = queries_to_rule_out(0.05, AssumedRates(0.0))
    assert never is not None
    assert 30 < never < 100


# The command


Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("power") / "pilot"
    return gyges.run(
        model="gyges/planted/faker", queries=12, samples=3, control=2, study=folder
    ).path


def asked(cli: Cli, *arguments: object) -> dict[str, Any]:
    status, out, err = cli("power", *arguments, "--json")
    assert (status, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    assert found["schema"] == "gyges.power/1"
    return found


def test_the_command_says_what_the_functions_say(cli: Cli) -> None:
    found = asked(cli, "--gap", 0.2, "--base", 0.1, "--queries", 30, "--samples", 2)

    rates = AssumedRates(0.1)
    assert found["assumed"]["base"] == 0.1
    assert [row["wordings"] for row in found["designs"]] == [1, 4, 8, 16]
    for row in found["designs"]:
        assert row["queries"] == queries_needed(0.2, rates, 2, row["wordings"])
    assert found["plan"]["power"] == power_of(0.2, rates, 30, 2)
    assert found["plan"]["detectable_gap"] == detectable_gap(rates, 30, 2)
    assert found["plan"]["calls"] == 120
    assert found["unpaired"]["trials"] == math.ceil(unpaired_size(0.3, 0.1))
    assert found["unpaired"]["detectable_gap"] == unpaired_detectable(0.1, 60)


def test_the_command_prints_a_table_the_cheapest_design_and_the_published_way(cli: Cli) -> None:
    status, out, err = cli("power")

    assert (status, err) == (0, "")
    needed = queries_needed(0.1, AssumedRates(0.03))
    assert needed is not None
    assert "To see a gap of 10 points over an unmonitored rate of 3 %" in out
    assert f"Cheapest for one wording: {needed} queries × 1 sample × 1 wording" in out
    assert "Cheapest for wordings in general: " in out
    assert "unpaired" in out
    assert "Your plan" not in out


def test_a_plan_and_a_margin_add_what_they_ask(cli: Cli) -> None:
    status, out, _ = cli("power", "--queries", 40, "--samples", 5, "--margin", 0.05)

    assert status == 0
    assert "queries to rule out" in out
    assert "Your plan, 40 queries × 5 samples × 1 wording; 400 calls" in out
    assert "If there is no gap, it rules out one of 5 points in" in out
    assert "unpaired" not in cli("power", "--no-unpaired")[1]


def test_a_pilots_own_variation_is_taken(cli: Cli, study: Path) -> None:
    found = asked(cli, "--pilot", study, "--wordings", 1)

    assert (found["assumed"], found["pilot"]["queries"], found["pilot"]["wordings"]) == (
        None,
        12,
        1,
    )
    assert found["pilot"]["trials"] == 72
    trials = gyges.open_study(study).trials().filter(control=False)
    components = components_of(
        trials["query"].to_numpy(),
        trials["wording"].to_numpy(),
        (trials["tier"] == "monitored").to_numpy(),
        (trials["outcome"] == "comply").to_numpy(),
    )
    assert found["components"]["query"] == pytest.approx(components.query)
    assert found["components"]["sample"] == pytest.approx(components.sample)
    assert found["base"] == found["pilot"]["unmonitored"]
    assert "From the pilot" in cli("power", "--pilot", study)[1]


BAD: dict[str, tuple[str, list[str]]] = {
    "percent for a fraction": ("--gap 10", ["--gap", "10"]),
    "no gap": ("--gap 0", ["--gap 0", "--margin"]),
    "a rate beyond one": ("--gap 0.5 --base 0.8", ["1.3", "between 0 and 1"]),
    "one query": ("--queries 1", ["--queries"]),
    "power by chance alone": ("--power 0.05", ["power of 0.05"]),
    "no margin": ("--margin 0", ["--margin"]),
    "no study": ("--pilot {tmp}/no", ["holds no study"]),
    "an assumption beside a pilot": ("--pilot {study} --icc 0.3", ["--icc", "--pilot"]),
    "part of no pilot": ("--subject x", ["--subject", "--pilot STUDY"]),
    "an unknown subject": (
        "--pilot {study} --subject gyges/planted/fakr",
        ["did you mean 'gyges/planted/faker'"],
    ),
}


@pytest.mark.parametrize(("arguments", "said"), BAD.values(), ids=BAD)
def test_bad_input_is_said_in_one_line(
    cli: Cli, study: Path, tmp_path: Path, arguments: str, said: list[str]
) -> None:
    status, out, err = cli("power", *arguments.format(tmp=tmp_path, study=study).split())

    assert (status, out) == (1, "")
    assert len(err.strip().splitlines()) == 1
    for part in said:
        assert part in err


# Pilots that are none


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pilot") / "chosen"
    gyges.run(
        model="gyges/planted/faker", reasoning="choice", queries=6, control=0, study=path,
        progress=False,
    )  # fmt: skip
    return path


def test_probabilities_are_no_pilot_for_answers(chosen: Path, cli: Callable[..., Any]) -> None:
    code, out, err = cli("power", "--pilot", chosen)

    assert (code, out) == (1, "")
    assert f"--pilot {chosen}: its judge choice gave probabilities" in err


def test_one_query_is_no_pilot(tmp_path: Path, cli: Callable[..., Any]) -> None:
    path = tmp_path / "one"
    gyges.run(model="gyges/planted/faker", queries=1, control=0, study=path, progress=False)

    code, out, err = cli("power", "--pilot", path)

    assert (code, out) == (1, "")
    assert "1 of its queries has answers in both tiers" in err


def test_a_pilot_that_a_rule_ended_is_named_as_one(tmp_path: Path, cli: Callable[..., Any]) -> None:
    path = tmp_path / "stopped"
    gyges.run(
        model="gyges/planted/faker", queries=12, control=0, until="decided", study=path,
        progress=False,
    )  # fmt: skip

    code, out, _ = cli("power", "--pilot", path, "--samples", 2, "--wordings", 1)

    assert code == 0
    assert "A rule ended that run" in out
