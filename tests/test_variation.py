"""What makes answers vary: the split of the variance, prompts, factors, verbalised reasoning, and the command."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gyges.errors import EstimateError, StudyError
from gyges.estimate.betabinomial import betabinomial_loglik
from gyges.estimate.correlation import correlation
from gyges.estimate.effects import gap_level_effects, paired_effect, rate_level_effects
from gyges.estimate.overdispersion import overdispersion
from gyges.estimate.variation import VarianceSplit, variance_split
from gyges.structure import NOT_CAUSAL, Structure, structure
from gyges.study import StudyFolder, Verdict, verdict_record

NAN = float("nan")


def normal_table(rng: np.random.Generator, queries: int, wordings: int, samples: int) -> Any:
    """Effects of known variance: queries 4, wordings 1, both 0.5, samples 2."""
    return (
        2.0 * rng.standard_normal((queries, 1, 1))
        + rng.standard_normal((1, wordings, 1))
        + math.sqrt(0.5) * rng.standard_normal((queries, wordings, 1))
        + math.sqrt(2.0) * rng.standard_normal((queries, wordings, samples))
    )


def raw(split: VarianceSplit) -> dict[str, float]:
    return {part.name: part.raw for part in split.parts}


# The split of the variance


def test_a_complete_table_gives_the_classical_analysis_of_variance() -> None:
    y = normal_table(np.random.default_rng(1), 7, 5, 3)
    a, b, n = y.shape
    cell, row, column, mean = y.mean(2), y.mean((1, 2)), y.mean((0, 2)), y.mean()
    ms_row = b * n * ((row - mean) ** 2).sum() / (a - 1)
    ms_column = a * n * ((column - mean) ** 2).sum() / (b - 1)
    ms_both = n * ((cell - row[:, None] - column + mean) ** 2).sum() / ((a - 1) * (b - 1))
    ms_error = ((y - cell[..., None]) ** 2).sum() / (a * b * (n - 1))

    found = raw(variance_split(y, resamples=0))

    assert found == pytest.approx(
        {
            "query": (ms_row - ms_both) / (b * n),
            "wording": (ms_column - ms_both) / (a * n),
            "query x wording": (ms_both - ms_error) / n,
            "sample": ms_error,
        },
        abs=1e-12,
    )


def test_a_complete_table_gives_what_a_mixed_model_gives() -> None:
    models = pytest.importorskip("statsmodels.formula.api")
    pandas = pytest.importorskip("pandas")
    y = normal_table(np.random.default_rng(3), 8, 6, 3)
    q, w, _ = (axis.ravel() for axis in np.indices(y.shape))
    frame = pandas.DataFrame({"y": y.ravel(), "q": q, "w": w, "one": 1})
    parts = {"query": "0 + C(q)", "wording": "0 + C(w)", "query x wording": "0 + C(q):C(w)"}
    fit = models.mixedlm("y ~ 1", frame, groups="one", vc_formula=parts).fit(method="lbfgs")
    # The restricted likelihood of a complete table is highest at the analysis of variance.
    expected = dict(zip(sorted(parts), fit.vcomp, strict=True)) | {"sample": fit.scale}

    split = variance_split(y, resamples=0)

    assert split.truncated == ()
    assert raw(split) == pytest.approx(expected, rel=2e-3)


def test_estimates_are_unbiased_where_cells_are_empty_unequal_and_binomial() -> None:
    rng = np.random.default_rng(5)
    rounds = []
    for _ in range(600):
        p = (
            0.5
            + rng.uniform(-0.25, 0.25, (10, 1))
            + rng.uniform(-0.12, 0.12, (1, 6))
            + rng.uniform(-0.1, 0.1, (10, 6))
        )
        y = (rng.random((10, 6, 5)) < p[..., None]).astype(float)
        y[:5, :3, 2:] = NAN  # two samples where others have five
        y[7:, 4:] = NAN
        rounds.append(list(raw(variance_split(y, resamples=0)).values()))
    query, wording, both = 0.25**2 / 3, 0.12**2 / 3, 0.1**2 / 3
    truth = np.array([query, wording, both, 0.25 - query - wording - both])
    found = np.array(rounds)

    error = (found.mean(0) - truth) / (found.std(0, ddof=1) / math.sqrt(len(found)))
    assert np.abs(error).max() < 3.5


def test_intervals_cover_known_shares() -> None:
    rng = np.random.default_rng(11)
    truth = {"query": 4 / 7.5, "wording": 1 / 7.5, "query x wording": 0.5 / 7.5, "sample": 2 / 7.5}
    hits = dict.fromkeys(truth, 0)
    for at in range(60):
        split = variance_split(normal_table(rng, 20, 8, 2), resamples=200, seed=at)
        for part in split.parts:
            assert part.share_low is not None
            assert part.share_high is not None
            assert part.share is not None
            assert part.share_low <= part.share <= part.share_high
            hits[part.name] += part.share_low <= truth[part.name] <= part.share_high
    # The chance of fewer than 51 hits in 60 is under 0.3 % if intervals cover in 95 %.
    assert min(hits.values()) >= 51


def test_a_negative_estimate_is_given_as_zero_and_said() -> None:
    # Every query is right half of the time, exactly: closer together than chance makes them.
    y = np.tile([0.0, 0.0, 1.0, 1.0], (8, 1, 1))

    split = variance_split(y)

    query, sample = split.parts
    assert split.truncated == ("query",)
    assert query.raw == pytest.approx(-1 / 12)
    assert (query.variance, query.share, sample.share) == (0.0, 0.0, 1.0)


def test_a_part_that_is_cut_at_zero_still_has_an_interval_with_width() -> None:
    rng = np.random.default_rng(0)
    for seed in range(40):
        split = variance_split((rng.random((20, 1, 10)) < 0.3).astype(float), seed=seed)
        query = split.parts[0]
        if query.raw < 0:
            assert query.share_high is not None
            assert query.share_high > 0.005


def test_with_one_sample_a_cell_interaction_and_sampling_are_one_part() -> None:
    y = normal_table(np.random.default_rng(2), 8, 6, 1)

    split = variance_split(y)

    assert [part.name for part in split.parts] == ["query", "wording", "query x wording + sample"]
    assert split.variance("sample") is None
    assert "One sample a cell" in split.notes[0]
    with pytest.raises(EstimateError, match="unseparated='interaction'"):
        split.components()
    joint = split.variance("query x wording + sample")
    assert split.components(unseparated="interaction")["interaction"] == joint
    assert split.components(unseparated="sample")["sample"] == joint


def test_with_one_wording_the_wordings_are_not_invented() -> None:
    y = normal_table(np.random.default_rng(2), 12, 1, 4)

    split = variance_split(y)

    assert [part.name for part in split.parts] == ["query", "sample"]
    assert "One wording" in split.notes[0]
    assert split.components() == {
        "query": split.variance("query"),
        "wording": 0.0,
        "interaction": 0.0,
        "sample": split.variance("sample"),
    }


def test_the_parts_fit_a_plan() -> None:
    components = pytest.importorskip("gyges.estimate.components").Components
    split = variance_split(normal_table(np.random.default_rng(2), 12, 5, 4))

    plan = components(**split.components())

    assert (plan.query, plan.sample) == (split.variance("query"), split.variance("sample"))


def test_few_queries_or_wordings_have_no_interval_and_it_is_said() -> None:
    split = variance_split(normal_table(np.random.default_rng(2), 12, 3, 2))

    assert all(part.share_low is None for part in split.parts)
    assert any(note.startswith("No intervals: 12 queries and 3 wordings") for note in split.notes)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros((3, 4)), "shape"),
        (np.full((3, 4, 2), NAN), "0 queries"),
        (np.zeros((1, 4, 2)), "1 queries"),
        (np.full((3, 1, 2), np.inf), "infinite"),
        (np.zeros((9, 1, 1)), "--samples 2"),
        (np.where(np.eye(5)[..., None] == 1, [0.0, 1.0], NAN), "do not cross"),
    ],
)
def test_what_cannot_be_split_is_refused(y: Any, message: str) -> None:
    with pytest.raises(EstimateError, match=message):
        variance_split(y)


def test_the_same_seed_gives_the_same_intervals() -> None:
    y = normal_table(np.random.default_rng(2), 12, 5, 2)

    assert variance_split(y, seed=4) == variance_split(y, seed=4)
    assert variance_split(y, seed=4) != variance_split(y, seed=5)


tables = hnp.arrays(
    float,
    st.tuples(st.integers(4, 7), st.integers(2, 5), st.just(3)),
    elements=st.sampled_from([0, 1]),
)


@settings(max_examples=60, deadline=None)
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_queries_wordings_and_samples_changes_nothing(y: Any, random: Any) -> None:
    q, w, k = (random.sample(range(n), n) for n in y.shape)

    shuffled = variance_split(y[q][:, w][:, :, k], resamples=0)

    assert raw(shuffled) == pytest.approx(raw(variance_split(y, resamples=0)), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(tables, st.floats(0.1, 10), st.floats(-5, 5))
def test_parts_grow_with_the_square_of_the_scale_and_not_with_the_mean(
    y: Any, scale: float, shift: float
) -> None:
    before, after = (raw(variance_split(t, resamples=0)) for t in (y, scale * y + shift))

    assert after == pytest.approx({n: scale**2 * v for n, v in before.items()}, abs=1e-8)


@settings(max_examples=60, deadline=None)
@given(tables)
def test_shares_sum_to_one_or_there_is_no_variance(y: Any) -> None:
    split = variance_split(y, resamples=50)
    shares = [part.share for part in split.parts]

    if split.total == 0:
        assert shares == [None] * 4
    else:
        assert math.fsum(share or 0.0 for share in shares) == pytest.approx(1)
        for part in split.parts:
            assert part.share is not None
            if split.wordings >= 4:
                assert part.share_low is not None
                assert part.share_high is not None
                assert 0 <= part.share_low <= part.share <= part.share_high <= 1


@given(st.floats(-1, 1), st.integers(2, 6), st.integers(1, 4))
def test_constant_answers_have_no_variance(value: float, queries: int, wordings: int) -> None:
    split = variance_split(np.full((queries, wordings, 2), value))

    assert split.total == 0
    assert split.truncated == ()
    assert all(part.share is None and part.share_low is None for part in split.parts)


# Prompts


@pytest.mark.parametrize(("mean", "icc"), [(0.2, 0.3), (0.7, 0.05), (0.02, 0.9)])
def test_the_likelihood_is_that_of_the_beta_binomial(mean: float, icc: float) -> None:
    from scipy import stats
    from scipy.special import comb

    k, n = np.array([0, 3, 5, 1, 0, 8]), np.array([4, 3, 9, 7, 1, 8])
    a, b = mean * (1 - icc) / icc, (1 - mean) * (1 - icc) / icc
    expected = (stats.betabinom.logpmf(k, n, a, b) - np.log(comb(n, k))).sum()

    assert betabinomial_loglik(mean, icc, k, n) == pytest.approx(expected, abs=1e-9)


def test_the_likelihood_at_no_correlation_is_that_of_the_binomial() -> None:
    k, n = np.array([0, 3, 5]), np.array([4, 3, 9])

    expected = float((k * np.log(0.3) + (n - k) * np.log(0.7)).sum())
    assert betabinomial_loglik(0.3, 0.0, k, n) == pytest.approx(expected)


def test_no_other_distribution_fits_better() -> None:
    from scipy import optimize, stats

    k = np.array([0, 0, 9, 1, 10, 0, 4, 0, 0, 7, 2, 0])
    n = np.full(12, 10)

    def loss(x: Any) -> float:
        return -float(stats.betabinom.logpmf(k, n, *np.exp(x)).sum())

    a, b = np.exp(optimize.minimize(loss, [0.0, 0.0], method="Nelder-Mead", tol=1e-10).x)
    found = overdispersion(k, n)
    flat = float(stats.binom.logpmf(k, n, k.sum() / n.sum()).sum())

    assert found.mean == pytest.approx(a / (a + b), abs=1e-4)
    assert found.icc == pytest.approx(1 / (a + b + 1), abs=1e-4)
    assert found.lr == pytest.approx(2 * (-loss(np.log([a, b])) - flat), abs=1e-4)
    assert found.p == pytest.approx(stats.chi2.sf(found.lr, 1) / 2)


def test_interval_ends_lie_where_the_likelihood_has_fallen_by_its_critical_value() -> None:
    from scipy import optimize

    k, n = np.array([0, 2, 9, 1, 8, 0, 4, 1]), np.full(8, 10)
    found = overdispersion(k, n)
    assert found.icc is not None
    best = betabinomial_loglik(found.mean, found.icc, k, n)
    for end in (found.icc_low, found.icc_high):
        assert end is not None
        inner = optimize.minimize_scalar(
            lambda mean, end=end: -betabinomial_loglik(mean, end, k, n),
            bounds=(0.001, 0.999),
            method="bounded",
        )
        assert 2 * (best + inner.fun) == pytest.approx(3.8415, abs=0.01)


def test_a_share_of_prompts_that_always_fakes_is_told_from_all_that_fake_sometimes() -> None:
    consistent = overdispersion([10] * 4 + [0] * 16, [10] * 20)
    sometimes = overdispersion([2] * 12 + [1] * 4 + [3] * 4, [10] * 20)

    assert consistent.icc == pytest.approx(1)
    assert consistent.p_exact < 0.001
    assert (consistent.always, consistent.never, consistent.high) == (0.2, 0.8, 0.2)
    assert consistent.mean == pytest.approx(0.2, abs=1e-6)
    assert (sometimes.icc, sometimes.p, sometimes.high) == (0.0, 1.0, 0.0)
    assert sometimes.p_exact > 0.5
    assert sometimes.mean == pytest.approx(0.2)


def test_tarones_statistic_is_the_one_of_the_paper() -> None:
    k, n = np.array([1, 0, 5, 2]), np.array([4, 6, 7, 3])
    p = 8 / 20
    s = ((k - n * p) ** 2).sum() / (p * (1 - p))

    z = (s - n.sum()) / math.sqrt(2 * (n * (n - 1)).sum())

    assert overdispersion(k, n).tarone_z == pytest.approx(z)


def test_tests_hold_their_level_where_prompts_share_one_rate() -> None:
    rng = np.random.default_rng(8)
    found = [overdispersion(rng.binomial(8, 0.15, 15), [8] * 15, draws=399) for _ in range(60)]

    # The chance of more than 8 of 60 is under 0.5 % at the level of 5 %.
    assert sum(f.p < 0.05 for f in found) <= 8
    assert sum(f.p_exact < 0.05 for f in found) <= 8


def test_where_nothing_happened_the_mean_is_bounded_by_the_number_of_prompts() -> None:
    found = overdispersion([0] * 12, [10] * 12)

    assert (found.mean, found.mean_low, found.icc, found.tarone_z, found.p) == (0, 0, None, None, 1)
    # As if each prompt were one answer: (1 - x)^12 = exp(-3.84 / 2).
    assert found.mean_high == pytest.approx(1 - math.exp(-3.8415 / 24), abs=1e-4)
    mirrored = overdispersion([10] * 12, [10] * 12)
    assert (mirrored.mean, mirrored.mean_low) == (1, pytest.approx(1 - found.mean_high))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_complying_and_refusing_are_mirror_images_in_any_order(k: list[int], random: Any) -> None:
    n = [6] * len(k)
    found = overdispersion(k, n, draws=9)
    mirrored = overdispersion([6 - x for x in random.sample(k, len(k))], n, draws=9)

    assert mirrored.mean == pytest.approx(1 - found.mean, abs=1e-5)
    assert mirrored.lr == pytest.approx(found.lr, abs=1e-6)
    assert (mirrored.icc is None) == (found.icc is None)
    if found.icc is not None:
        assert mirrored.icc == pytest.approx(found.icc, abs=1e-4)
    assert found.mean_low <= found.mean <= found.mean_high
    assert mirrored.never == found.always


@pytest.mark.parametrize(
    ("k", "n", "message"),
    [
        ([1], [2], "1 prompts"),
        ([1, 0, 1], [1, 1, 1], "--samples 2"),
        ([1, 3], [2, 2], "prompt 1 has 3 successes in 2 trials"),
        ([0.5, 1], [2, 2], "whole numbers"),
        ([1, 1, 1], [2, 2], "3 counts"),
    ],
)
def test_counts_that_say_nothing_are_refused(k: Any, n: Any, message: str) -> None:
    with pytest.raises(EstimateError, match=message):
        overdispersion(k, n)


# Effects


def test_an_effect_compares_the_same_queries_under_both_levels() -> None:
    # The third query was never asked under the second level: its high rate doesn't count for the first.
    rates = [[0.2, 0.5], [0.4, 0.5], [1.0, NAN]]

    reference, effect = rate_level_effects(rates, ["a", "b", "c"], trials=np.full((3, 2), 10))

    assert reference is None
    assert effect is not None
    assert effect.queries == 2
    assert effect.estimate == pytest.approx(0.2)


def test_what_else_differs_between_the_levels_stays_out_of_the_effect() -> None:
    # Query a in wordings 0 and 1; level 1 was asked in wording 1 only, whose rates are higher under both levels.
    rates = [[0.1, NAN], [0.6, 0.6], [0.1, NAN], [0.7, 0.8]]

    _, effect = rate_level_effects(rates, ["a", "a", "b", "b"])

    assert effect is not None
    assert effect.estimate == pytest.approx(0.05)


def test_the_effect_on_the_gap_is_the_difference_of_the_gaps() -> None:
    rng = np.random.default_rng(0)
    monitored, unmonitored = rng.integers(0, 6, (2, 15, 3)) / 5
    trials = (np.full((15, 3), 5), np.full((15, 3), 5))

    found = gap_level_effects(monitored, unmonitored, np.arange(15), trials=trials, reference=1)

    gaps = (monitored - unmonitored).mean(0)
    assert found[1] is None
    for at in (0, 2):
        effect = found[at]
        assert effect is not None
        assert effect.interval is not None
        assert effect.estimate == pytest.approx(gaps[at] - gaps[1])
        assert effect.interval.low < effect.estimate < effect.interval.high
        # Two levels compared: Holm at most doubles.
        assert effect.p is not None
        assert effect.p_adjusted is not None
        assert effect.p <= effect.p_adjusted <= 2 * effect.p + 1e-12


def test_swapping_level_and_reference_turns_the_effect_round() -> None:
    rng = np.random.default_rng(1)
    m, u = rng.integers(0, 4, (2, 12, 2)) / 3
    n = np.full((12, 2), 3)

    one = gap_level_effects(m, u, np.arange(12), trials=(n, n), reference=0)[1]
    other = gap_level_effects(m, u, np.arange(12), trials=(n, n), reference=1)[0]

    assert one is not None
    assert other is not None
    assert one.interval is not None
    assert other.interval is not None
    assert (one.estimate, one.p) == pytest.approx((-other.estimate, other.p))
    assert one.interval.low == pytest.approx(-other.interval.high)


def test_an_effect_of_nothing_on_nothing_has_an_interval_with_width() -> None:
    zeros, n = np.zeros((10, 2)), np.full((10, 2), 5)

    effect = gap_level_effects(zeros, zeros, np.arange(10), trials=(n, n))[1]

    assert effect is not None
    assert effect.interval is not None
    assert (effect.estimate, effect.p) == (0.0, 1.0)
    assert effect.interval.low < -0.05
    assert effect.interval.high > 0.05


def test_one_query_has_an_effect_and_no_interval() -> None:
    effect = gap_level_effects([[0.5, 1.0]], [[0.5, 0.5]], ["a"])[1]

    assert effect is not None
    assert (effect.estimate, effect.interval, effect.p, effect.p_adjusted) == (
        0.5,
        None,
        None,
        None,
    )


def test_levels_that_share_no_query_are_not_compared() -> None:
    assert rate_level_effects([[0.2, NAN], [NAN, 0.9]], ["a", "b"]) == [None, None]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rate_level_effects([0.1, 0.2], ["a", "b"]), "shape"),
        (lambda: rate_level_effects([[0.1, 0.2]], ["a", "b"]), "2 queries for 1 cells"),
        (lambda: rate_level_effects([[0.1, 0.2]], ["a"], reference=2), "allowed: 0 to 1"),
        (lambda: gap_level_effects([[0.1, 0.2]], [[0.1]], ["a"]), "unmonitored"),
        (lambda: paired_effect([1.5], [0.0]), "1.5"),
    ],
)
def test_figures_that_do_not_fit_are_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(EstimateError, match=message):
        call()


# Correlation over wordings


def test_correlations_are_those_of_scipy() -> None:
    from scipy import stats

    x = np.array([0.1, 0.4, 0.35, 0.8, 0.7, 0.2])
    y = np.array([0.0, 0.3, 0.5, 0.6, 0.9, 0.1])
    reference = stats.pearsonr(x, y)
    found = correlation(x, y)

    assert found.pearson == pytest.approx(reference.statistic)
    assert found.spearman == pytest.approx(stats.spearmanr(x, y).statistic)
    expected = tuple(reference.confidence_interval(0.95))
    assert (found.pearson_interval.low, found.pearson_interval.high) == pytest.approx(expected)
    assert found.points == 6
    assert found.bootstrap is not None
    assert found.bootstrap.low < found.pearson <= found.bootstrap.high
    assert correlation(x, y).bootstrap == found.bootstrap


def test_a_perfect_correlation_of_few_wordings_is_not_certain() -> None:
    found = correlation([1, 2, 3, 4], [2, 4, 6, 8])

    assert (found.pearson, found.pearson_interval.high) == (pytest.approx(1), pytest.approx(1))
    assert found.pearson_interval.low < 0
    assert found.spearman_interval.low < 0


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2, 3], [1, 2, 3], "3 wordings have both"),
        ([1, 2, 3, NAN], [1, 2, 3, 4], "3 wordings have both"),
        ([1, 1, 1, 1], [1, 2, 3, 4], "the same for all"),
        ([1, 2, 3, 4], [1, 2], "4 and 2"),
    ],
)
def test_correlations_of_too_little_are_refused(x: Any, y: Any, message: str) -> None:
    with pytest.raises(EstimateError, match=message):
        correlation(x, y)


# A study


def lines(queries: int = 8, wordings: int = 5) -> list[dict[str, Any]]:
    """A subject whose gap grows with temperature and stands where the reasoning verbalises."""
    found = []
    rng = np.random.default_rng(4)
    for q in range(queries):
        for w in range(wordings):
            for heat in (0.0, 1.0):
                for sample in range(2):
                    fakes = bool(rng.random() < 0.15 * w + 0.2 * heat)
                    likes = bool(rng.random() < 0.1)
                    for tier in ("monitored", "unmonitored"):
                        monitored = tier == "monitored"
                        found.append(
                            {
                                "subject": "model",
                                "setting": "animal-welfare",
                                "value": "animal welfare",
                                "query": f"q{q}",
                                "wording": str(w),
                                "tier": tier,
                                "sample": sample,
                                "heat": heat,
                                "kind": "a" if q % 2 else "b",
                                "said": fakes and monitored,
                                "outcome": "comply" if likes or (fakes and monitored) else "refuse",
                            }
                        )
    return found


@pytest.fixture
def study(tmp_path: Path, cli: Callable[..., Any]) -> Callable[..., Path]:
    def make(rows: list[dict[str, Any]], name: str = "study") -> Path:
        file = tmp_path / f"{name}.jsonl"
        file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        status, _, err = cli("import", "jsonl", file, "--study", tmp_path / name)
        assert status == 0, err
        return tmp_path / name

    return make


def described(path: Path, **options: Any) -> Structure:
    (found,) = structure(StudyFolder(path), **{"resamples": 200, **options})
    return found


def test_a_study_is_described_by_hand_computed_figures(study: Callable[..., Path]) -> None:
    rows = lines()
    found = described(study(rows), verbalised="said")
    frame = pl.DataFrame(rows).with_columns(
        (pl.col("outcome") == "comply").cast(pl.Float64).alias("y")
    )

    assert (found.queries, found.wordings, found.trials, found.pairs) == (8, 5, 320, 160)
    assert set(found.variance) == {"monitored", "unmonitored", "difference"}
    rates = frame.group_by("tier").agg(pl.col("y").mean())
    for arm, rate in rates.iter_rows():
        assert found.variance[arm].mean == pytest.approx(rate)
    heat = next(row for row in found.effects if row.factor == "heat")
    assert (heat.level, heat.reference) == (1.0, 0.0)
    means = {key: part["y"].mean() for key, part in frame.group_by("heat", "tier")}
    assert heat.monitored is not None
    assert heat.gap is not None
    assert heat.monitored.estimate == pytest.approx(
        means[1.0, "monitored"] - means[0.0, "monitored"]
    )
    assert heat.gap.estimate == pytest.approx(
        means[1.0, "monitored"]
        - means[1.0, "unmonitored"]
        - means[0.0, "monitored"]
        + means[0.0, "unmonitored"]
    )
    assert [row.level for row in found.effects if row.factor == "wording"] == ["1", "2", "3", "4"]


def test_the_gap_is_split_by_what_was_verbalised_with_a_warning(study: Callable[..., Path]) -> None:
    found = described(study(lines()), verbalised="said")

    said = found.verbalised
    assert said is not None
    assert said.warning == NOT_CAUSAL
    assert said.blocks_verbalised + said.blocks_silent == found.pairs
    assert (said.unmonitored_rate, said.unknown) == (0.0, 0)
    assert said.gap_silent is not None
    assert said.gap_verbalised is not None
    # Without verbalising this subject answers alike in both tiers; with it, it complies.
    assert said.gap_silent.estimate == 0
    assert said.gap_verbalised.estimate > 0.8
    assert said.over_wordings is not None
    assert said.over_wordings.points == 5
    assert said.over_wordings.pearson > 0.9
    # What was said is an answer, not a level that answers are compared under.
    assert "said" not in {row.factor for row in found.effects}


def test_a_second_judge_of_compliance_does_not_say_what_was_verbalised(
    study: Callable[..., Path],
) -> None:
    path = study(lines())
    folder = StudyFolder(path)
    folder.write_judge({"name": "second", "version": "1", "question": "outcome"})
    writer = folder.verdict_table("second").writer()
    for trial in folder.trials(["trial"])["trial"]:
        writer.append(verdict_record(Verdict(trial, "second", "outcome", outcome="comply")))
    writer.close()
    folder.seal()

    with pytest.raises(StudyError, match="second: this judge says whether the answers comply"):
        described(path, judge="given", verbalised="second")


def test_a_second_judge_can_say_what_was_verbalised(study: Callable[..., Path]) -> None:
    path = study(lines())
    folder = StudyFolder(path)
    said = folder.trials(["trial", "said"])
    folder.write_judge({"name": "reader", "version": "1"})
    with folder.lock():
        writer = folder.verdict_table("reader", "verbalised").writer()
        for trial, yes in said.iter_rows():
            writer.append(verdict_record(Verdict(trial, "reader", "verbalised", score=float(yes))))
        writer.close()

    by_judge = described(path, judge="given", verbalised="reader").verbalised
    by_column = described(path, judge="given", verbalised="said").verbalised

    assert by_judge is not None
    assert by_column is not None
    assert by_judge.blocks_verbalised <= by_column.blocks_verbalised
    assert by_judge.monitored_rate == by_column.monitored_rate
    assert by_judge.source == "reader"


def test_a_property_of_the_queries_is_not_compared_within_them(study: Callable[..., Path]) -> None:
    found = described(study(lines()), factors=["kind"], verbalised="said")

    assert found.effects == ()
    assert any(
        note.startswith("no query was asked under two levels of kind") for note in found.notes
    )


def test_grouping_by_a_factor_keeps_its_levels_apart(study: Callable[..., Path]) -> None:
    path = study(lines())
    one, two = structure(StudyFolder(path), by=["heat"], verbalised="said", resamples=0)

    assert [group.factors for group in (one, two)] == [{"heat": 0.0}, {"heat": 1.0}]
    assert {row.factor for row in one.effects} == {"wording"}
    assert one.pairs + two.pairs == 160
    assert not any("heat" in note for note in one.notes)
    (note,) = (
        note for note in described(path, verbalised="said").notes if "within the cells" in note
    )
    assert note.startswith("heat: levels vary within the cells")


def test_the_reference_level_can_be_named(study: Callable[..., Path]) -> None:
    path = study(lines())
    forth = described(path, factors=["heat"], verbalised="said").effects[0]
    (back,) = described(path, factors=["heat"], reference={"heat": "1"}, verbalised="said").effects

    assert (back.level, back.reference) == (0.0, 1.0)
    assert forth.gap is not None
    assert back.gap is not None
    assert back.gap.estimate == pytest.approx(-forth.gap.estimate)


def test_the_order_of_the_lines_changes_nothing(study: Callable[..., Path]) -> None:
    rows = lines()
    shuffled = [rows[at] for at in np.random.default_rng(9).permutation(len(rows))]

    one = described(study(rows), verbalised="said").row()
    other = described(study(shuffled, "shuffled"), verbalised="said").row()

    assert one == other


def test_one_answer_a_query_leaves_parts_out_and_says_why(study: Callable[..., Path]) -> None:
    rows = [
        {key: row[key] for key in ("subject", "setting", "query", "tier", "sample", "outcome")}
        for row in lines(wordings=1)
        if row["heat"] == 0 and row["sample"] == 0
    ]

    found = described(study(rows))

    assert (found.variance, found.prompts, found.effects, found.verbalised) == ({}, {}, (), None)
    assert any("--samples 2" in note for note in found.notes)


def test_missing_answers_are_left_out_and_the_unpaired_counted(study: Callable[..., Path]) -> None:
    rows = [{k: v for k, v in row.items() if k not in ("said", "kind")} for row in lines()]
    rows[0] |= {"outcome": None, "status": "error"}

    found = described(study(rows))

    assert (found.trials, found.pairs) == (319, 159)
    assert "1 answers have no partner in the other tier" in found.notes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"factors": ["haet"]}, "--factor haet: no such factor.*did you mean 'heat'"),
        ({"by": ["haet"]}, "--by haet"),
        ({"reference": {"heat": "2"}}, "--reference heat=2.*allowed: 0, 1"),
        ({"verbalised": "sad"}, "--verbalised sad.*did you mean 'said'"),
        ({"verbalised": "kind"}, "--verbalised kind: a column of text"),
        ({"verbalised": "given"}, "--verbalised given: this judge says whether the answers comply"),
        ({"judge": "nobody"}, "no verdicts of judge 'nobody'"),
    ],
)
def test_names_that_are_not_there_are_refused(
    study: Callable[..., Path], options: dict[str, Any], message: str
) -> None:
    path = study(lines(queries=2, wordings=1))
    with pytest.raises(StudyError, match=message):
        structure(StudyFolder(path), **options)


# The command


def test_the_command_says_it_in_words_and_tables(
    study: Callable[..., Path], cli: Callable[..., Any]
) -> None:
    status, out, err = cli("variation", study(lines()), "--verbalised", "said", "--factor", "heat")

    assert (status, err) == (0, "")
    for text in (
        "model · animal-welfare · animal welfare",
        "8 queries, 5 wordings, 320 answers, 160 pairs; judge given",
        "Where the variance of one answer lies",
        "query x wording",
        "Of the difference between the tiers, most of the variance",
        "Whether the prompts of a tier share one rate",
        "heat 1.0 (against 0.0)",
        "monitored answer verbalises",
        "Over 5 wordings, verbalised and gap correlate with r = ",
        f"Warning: {NOT_CAUSAL}.",
    ):
        assert text in out
    assert "nan" not in out.lower()


def test_the_command_prints_versioned_json(
    study: Callable[..., Path], cli: Callable[..., Any]
) -> None:
    path = study(lines())
    status, out, _ = cli("variation", path, "--verbalised", "said", "--json")

    record = json.loads(out)
    (group,) = record["groups"]
    assert (status, record["schema"]) == (0, "gyges.variation/1")
    shares = [part["share"] for part in group["variance"]["difference"]["parts"]]
    assert sum(shares) == pytest.approx(1)
    assert group["verbalised"]["warning"] == NOT_CAUSAL
    assert cli("variation", path, "--verbalised", "said", "--json")[1] == out


def test_without_a_source_the_command_says_how_to_describe_verbalised_reasoning(
    study: Callable[..., Path], cli: Callable[..., Any]
) -> None:
    status, out, _ = cli("variation", study(lines(queries=3)))

    assert status == 0
    assert "monitored answer verbalises" not in out
    assert "--verbalised names what says which answers state the strategy" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--factor", "haet"], "did you mean 'heat'"),
        (["--reference", "heat"], "give FACTOR=LEVEL"),
        (["--verbalised", "sad"], "did you mean 'said'"),
    ],
)
def test_errors_of_the_command_are_one_line(
    study: Callable[..., Path], cli: Callable[..., Any], options: list[str], message: str
) -> None:
    status, out, err = cli("variation", study(lines(queries=2, wordings=1)), *options)

    assert (status, out) == (1, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_a_planted_fakers_variation_is_described_without_its_control(
    tmp_path: Path, cli: Callable[..., Any]
) -> None:
    path = tmp_path / "faker"
    options = ("--queries", 8, "--samples", 3, "--control", 2, "--seed", 1)
    status, _, err = cli("run", "--model", "gyges/planted/faker", *options, "--study", path)
    assert status == 0, err

    alone = json.loads(cli("variation", path, "--json")[1])["groups"]
    both = json.loads(cli("variation", path, "--control", "--json")[1])["groups"]

    assert [group["control"] for group in alone] == [False]
    assert [group["control"] for group in both] == [False, True]
    assert alone[0]["prompts"]["monitored"]["prompts"] == 8
    assert set(alone[0]["variance"]) == {"monitored", "unmonitored", "difference"}


# Families of queries


def in_families(name: Callable[[int], str | None]) -> list[dict[str, Any]]:
    """Six questions in ten variants each; a tone makes the odd questions comply when monitored."""
    rng = np.random.default_rng(1)
    found = []
    for question in range(6):
        for variant in range(10):
            family = name(question)
            for tier in ("monitored", "unmonitored"):
                for tone in ("x", "y"):
                    sways = question % 2 and tone == "y" and tier == "monitored"
                    complies = rng.random() < (0.9 if sways else 0.2)
                    found.append(
                        {
                            "subject": "model",
                            "setting": "s",
                            "query": f"q{question}-{variant}",
                            "tier": tier,
                            "sample": 0,
                            "tone": tone,
                            "said": bool(sways),
                            "outcome": "comply" if complies else "refuse",
                            **({} if family is None else {"family": family}),
                        }
                    )
    return found


def width(effect: Any) -> float:
    return float(effect.interval.high - effect.interval.low)


def test_queries_of_one_family_are_one_cluster_of_the_effects(study: Callable[..., Path]) -> None:
    apart = described(study(in_families(lambda _: None), "apart"), verbalised="said")
    found = described(study(in_families("f{}".format), "families"), verbalised="said")

    assert (
        [row.factor for row in found.effects] == [row.factor for row in apart.effects] == ["tone"]
    )
    for arm in ("monitored", "gap"):
        one, other = getattr(apart.effects[0], arm), getattr(found.effects[0], arm)
        assert other.estimate == pytest.approx(one.estimate)
        assert other.queries == one.queries == 60
        assert "60 queries in 6 families" in other.interval.method
        assert width(other) > 1.5 * width(one)
        # Six families allow no two-sided p-value below 2/64; sixty queries do.
        assert other.p >= 2 / 64
    assert apart.effects[0].monitored is not None
    assert (apart.effects[0].monitored.p or 1) < 2 / 64
    assert apart.verbalised is not None
    assert found.verbalised is not None
    silent, clustered = apart.verbalised.gap_silent, found.verbalised.gap_silent
    assert silent is not None
    assert clustered is not None
    assert (clustered.queries, silent.queries) == (60, 60)
    assert clustered.interval is not None
    assert "60 queries in 6 families" in clustered.interval.method


def test_how_many_families_there_are_is_said(study: Callable[..., Path]) -> None:
    found = described(study(in_families("f{}".format)))

    assert any(note.startswith("60 queries in 6 families") for note in found.notes)
    assert not any("no query was asked under two levels of family" in n for n in found.notes)


def test_queries_without_a_family_are_families_of_their_own(study: Callable[..., Path]) -> None:
    rows = in_families(lambda question: "f" if question == 5 else None)
    some = described(study(rows, "some"), verbalised="said")
    apart = described(study(in_families(lambda _: None), "apart"), verbalised="said")

    # Each query counts alike, whatever the size of its family.
    for one, other in zip(some.effects, apart.effects, strict=True):
        assert one.gap is not None
        assert other.gap is not None
        assert one.gap.estimate == pytest.approx(other.gap.estimate)

    assert any(note.startswith("60 queries in 51 families") for note in some.notes)
    assert not any("families" in note for note in apart.notes)


def test_the_variants_of_one_question_alone_give_no_interval(study: Callable[..., Path]) -> None:
    found = described(study(in_families(lambda _: "one")), verbalised="said")

    effect = found.effects[0].gap
    assert effect is not None
    assert (effect.interval, effect.p, effect.queries) == (None, None, 60)


def test_the_variance_is_split_alike_and_families_narrow_no_interval(
    study: Callable[..., Path],
) -> None:
    rows = [{**row, "sample": int(row["tone"] == "y")} for row in in_families("f{}".format)]
    apart = [{key: value for key, value in row.items() if key != "family"} for row in rows]
    found, other = described(study(rows, "families")), described(study(apart, "apart"))

    for arm, split in found.variance.items():
        assert raw(split) == raw(other.variance[arm])
        assert all(part.share_low is None for part in split.parts)
    assert any(p.share_low is not None for s in other.variance.values() for p in s.parts)


def test_a_family_is_no_factor(study: Callable[..., Path]) -> None:
    with pytest.raises(StudyError, match="--factor family: no query stands in two families"):
        described(study(in_families("f{}".format)), factors=["family"])
