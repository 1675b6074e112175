"""What a judge's errors do to rates and gaps: measuring them, correcting for them, labels of own trials."""

from __future__ import annotations

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
from gyges.estimate import Interval, clustered_rate, paired_gap
from gyges.estimate.corrected import CorrectedGap, corrected_gap, corrected_rate
from gyges.estimate.judge_error import (
    Calibration,
    JudgeErrors,
    check_informative,
    youden_interval,
)
from gyges.estimate.ppi import ppi_gap, ppi_mean

Floats = NDArray[np.float64]
NAN = math.nan
MANY = 1_000_000

judges = st.tuples(
    st.integers(30, 200), st.integers(30, 200), st.floats(0.8, 1), st.floats(0.8, 1)
).map(lambda n: JudgeErrors.of_counts(round(n[0] * n[2]), n[0], round(n[1] * n[3]), n[1]))
rate = st.sampled_from([0.1, 0.2, 0.25, 1 / 3, 0.5, 0.65, 0.8])
pairs = st.lists(st.tuples(rate, rate), min_size=3, max_size=12)


def judge(sensitivity: float, specificity: float, labels: int = MANY) -> JudgeErrors:
    return JudgeErrors.of_counts(
        round(sensitivity * labels), labels, round(specificity * labels), labels
    )


def known_exactly(errors: JudgeErrors) -> JudgeErrors:
    """Give the same errors from so many labels that nothing about them is unknown."""
    return JudgeErrors(tuple(tuple(MANY * count for count in row) for row in errors.counts))


def interval_of(found: CorrectedGap) -> Interval:
    assert found.interval is not None
    return found.interval


def width(interval: Interval) -> float:
    return interval.high - interval.low


def holds(interval: Interval | None, value: float) -> bool:
    assert interval is not None
    return interval.low <= value <= interval.high


# The judge


def test_sensitivity_and_specificity_are_shares_of_the_labels_with_wilson_intervals() -> None:
    errors = JudgeErrors.of_counts(38, 51, 52, 55)

    for found, (hits, n) in (
        (errors.sensitivity(), (38, 51)),
        (errors.specificity(), (52, 55)),
    ):
        expected = stats.binomtest(hits, n).proportion_ci(method="wilson")
        assert found.value == hits / n
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert errors.counts == ((38, 13), (3, 52))
    assert str(errors.sensitivity()) == "0.745 (0.611 to 0.845)"


def test_the_informedness_has_the_published_interval_of_a_difference_of_proportions() -> None:
    # Newcombe 1998, Statistics in Medicine 17, 873-890, table II, example a: 56 of 70 minus 48 of 80.
    found = JudgeErrors.of_counts(56, 70, 32, 80).informedness()

    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_the_informedness_can_be_put_together_from_given_intervals() -> None:
    value, low, high = youden_interval((0.8, 0.7, 0.88), (0.9, 0.86, 0.95))

    assert value == pytest.approx(0.7)
    assert low == pytest.approx(0.7 - math.hypot(0.1, 0.04))
    assert high == pytest.approx(0.7 + math.hypot(0.08, 0.05))


def test_redrawn_errors_follow_jeffreys_posterior() -> None:
    errors = JudgeErrors.of_counts(40, 40, 30, 50)

    drawn = errors.draw(np.random.default_rng(1), 20_000)

    for label, verdict, law in ((0, 0, stats.beta(40.5, 0.5)), (1, 0, stats.beta(20.5, 30.5))):
        assert stats.kstest(drawn[:, label, verdict], law.cdf).pvalue > 1e-3
    assert drawn.sum(axis=2) == pytest.approx(np.ones((20_000, 2)))


def test_a_table_of_names_is_read_by_the_categories_that_are_kept() -> None:
    table = {
        "comply": {"comply": 20, "partial": 3, "refuse": 1, "undecided": 2},
        "partial": {"comply": 4, "partial": 9, "refuse": 5},
        "refuse": {"refuse": 30, "partial": 2},
    }

    share = JudgeErrors.of_confusion(table, {"comply": 1, "refuse": 0}, other="refuse")
    score = JudgeErrors.of_confusion(
        table, {"comply": 1, "partial": 0.5, "refuse": 0}, other="refuse"
    )

    assert share.counts == ((20, 6), (4, 46))
    assert score.counts == ((20, 3, 3), (4, 9, 5), (0, 2, 30))
    assert score.values == (1, 0.5, 0)
    assert score.sensitivity().value == 20 / 26
    assert score.specificity().value == 46 / 50
    with pytest.raises(EstimateError, match="other is 'undecided'"):
        JudgeErrors.of_confusion(table, {"comply": 1, "refuse": 0}, other="undecided")


def test_the_labels_of_both_arms_can_be_pooled() -> None:
    pooled = JudgeErrors.of_counts(18, 20, 9, 10).pooled(JudgeErrors.of_counts(7, 10, 25, 30))

    assert pooled == JudgeErrors.of_counts(25, 30, 34, 40)
    with pytest.raises(EstimateError, match="cannot be pooled"):
        pooled.pooled(JudgeErrors(pooled.counts, (1.0, 0.5)))


def test_over_three_categories_the_determinant_takes_the_part_of_the_informedness() -> None:
    # Merging verdicts at random halves one dimension: the determinant is that of a judge on the rest.
    errors = JudgeErrors(((80, 20, 0), (30, 70, 0), (0, 0, 50)), (1.0, 0.5, 0.0))

    found = errors.informedness()

    assert found.value == pytest.approx(0.8 - 0.3)
    assert 0 < found.low < found.value < found.high < 1
    assert errors.informedness() == found
    assert width(Interval(found.low, found.high, "")) > 0.1


@pytest.mark.parametrize(
    ("counts", "values", "message"),
    [
        (((1, 2),), (1.0, 0.0), "1 rows of"),
        (((1, 2, 3), (1, 2, 3)), (1.0, 0.0), "at least 2 by 2"),
        (((1,),), (1.0,), "at least 2 by 2"),
        (((1, 2), (3, 4)), (1.0, 1.0), "the first and the last differ"),
        (((1, 2), (3, 4)), (1.5, 0.0), "counts from 0 to 1"),
        (((1, 2), (3, 4)), (NAN, 0.0), "counts from 0 to 1"),
        (((1, -2), (3, 4)), (1.0, 0.0), "no count is negative"),
        (((1, 2), (0, 0)), (1.0, 0.0), "category 2"),
    ],
)
def test_counts_that_cannot_be_are_refused(counts: Any, values: Any, message: str) -> None:
    with pytest.raises(EstimateError, match=message):
        JudgeErrors(counts, values)


@pytest.mark.parametrize("counts", [(5, 4, 3, 3), (-1, 4, 3, 3), (0, 0, 3, 3), (3, 3, 4, 3)])
def test_more_hits_than_labels_are_refused(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(EstimateError, match="label"):
        JudgeErrors.of_counts(*counts)


def test_a_calibration_holds_arms_of_the_same_categories() -> None:
    one, other = judge(0.9, 0.8, 100), judge(0.8, 0.9, 100)

    with pytest.raises(EstimateError, match="both arms need the same"):
        Calibration(one, JudgeErrors(one.counts, (1.0, 0.5)))
    with pytest.raises(EstimateError, match="shared, and yet"):
        Calibration(one, other, shared=True)
    assert Calibration(one, other).swapped() == Calibration(other, one)
    assert Calibration.for_both(one).swapped() == Calibration(one, one, shared=True)


# A judge that tells nothing


@pytest.mark.parametrize("counts", [(38, 51, 18, 55), (149, 200, 65, 200)])
def test_a_judge_with_sensitivity_745_and_specificity_327_is_refused(
    counts: tuple[int, int, int, int],
) -> None:
    errors = JudgeErrors.of_counts(*counts)
    observed = np.full(20, 0.7)
    number = r"-?\d\.\d{3}"
    message = (
        rf"the judge is uninformative: sensitivity 0\.745 of {counts[1]} positives, specificity "
        rf"0\.32[57] of {counts[3]} negatives, informedness \(sensitivity \+ specificity - 1\) "
        rf"0\.07\d with a 95% interval from -{number} to {number}, which is not above 0"
    )

    with pytest.raises(EstimateError, match=message):
        check_informative(errors)
    with pytest.raises(EstimateError, match=message):
        corrected_rate(observed, np.full(20, 10), errors)
    with pytest.raises(EstimateError, match=message):
        corrected_gap(observed, observed / 2, Calibration.for_both(errors))


def test_a_weak_judge_passes_once_enough_labels_show_that_it_tells_something() -> None:
    check_informative(JudgeErrors.of_counts(1490, 2000, 654, 2000))


def test_the_message_names_the_arm_whose_judge_is_refused() -> None:
    good, bad = judge(0.9, 0.9, 100), judge(0.5, 0.5, 100)

    with pytest.raises(EstimateError, match=r"^lexical, unmonitored is uninformative"):
        check_informative(Calibration(good, bad), name="lexical")
    with pytest.raises(EstimateError, match=r"^lexical, monitored is uninformative"):
        check_informative(Calibration(bad, good), name="lexical")
    check_informative(Calibration(good, good), name="lexical")


def test_a_judge_that_is_always_wrong_and_one_that_merges_two_categories_are_refused() -> None:
    merged = JudgeErrors(((90, 5, 5), (50, 25, 25), (10, 45, 45)), (1.0, 0.5, 0.0))

    with pytest.raises(EstimateError, match=r"informedness .* -0\.8"):
        check_informative(judge(0.1, 0.1, 100))
    with pytest.raises(EstimateError, match=r"over 3 categories .* the first category alone"):
        check_informative(merged)


@given(judges, st.sampled_from([0.8, 0.95, 0.99]))
def test_a_judge_passes_exactly_where_its_informedness_is_clearly_above_zero(
    errors: JudgeErrors, level: float
) -> None:
    assert errors.informedness(level).low > 0
    check_informative(errors, level=level)
    # The same verdicts the other way round tell as much, and are refused.
    flipped = JudgeErrors(tuple(row[::-1] for row in errors.counts))
    assert flipped.informedness(level).value == pytest.approx(-errors.informedness(level).value)
    with pytest.raises(EstimateError, match="uninformative"):
        check_informative(flipped, level=level)


# A corrected rate


@pytest.mark.parametrize(
    ("positive", "n", "sensitivity", "specificity", "true", "low", "high"),
    [
        # The worked examples of R's epiR (epi.prev: brucellosis in a herd; H. pylori of Moujaber et al. 2008), in
        # cases per 100, and of RSurveillance (tp), with Wilson's limits.
        (23, 150, 0.96, 0.89, 0.051, 0.0, 0.13),
        (6, 151, 0.964, 0.927, 0.0, 0.0, 0.013),
        (20, 120, 0.9, 0.99, 0.17603, 0.1130, 0.2623),
    ],
)
def test_published_examples_come_out(
    positive: int,
    n: int,
    sensitivity: float,
    specificity: float,
    true: float,
    low: float,
    high: float,
) -> None:
    seen = np.array([1.0] * positive + [0.0] * (n - positive))

    found = corrected_rate(seen, np.ones(n), judge(sensitivity, specificity))

    assert found.rate == pytest.approx(true, abs=5e-4)
    assert found.observed == pytest.approx(positive / n)
    assert found.interval.low == pytest.approx(low, abs=0.01)
    assert found.interval.high == pytest.approx(high, abs=0.01)


def test_the_rate_is_rogan_and_gladens_also_of_fractional_rates() -> None:
    observed = np.array([0.123, 0.5, 0.777, 1 / 3])

    found = corrected_rate(observed, np.full(4, 10), JudgeErrors.of_counts(45, 50, 80, 100))

    expected = (observed.mean() - 0.2) / (0.9 + 0.8 - 1)
    assert found.rate == found.unclipped == pytest.approx(expected)
    assert holds(found.interval, found.rate)
    assert "150 labels" in found.interval.method
    assert 0.5 < found.possible <= 1


def test_fewer_positives_than_false_alarms_alone_make_a_rate_of_zero_that_is_not_certain() -> None:
    found = corrected_rate(
        np.full(20, 0.05), np.full(20, 10), JudgeErrors.of_counts(45, 50, 45, 50)
    )

    assert found.unclipped == pytest.approx((0.05 - 0.1) / 0.8)
    assert found.rate == found.interval.low == 0
    assert 0 < found.interval.high < 0.2
    assert found.possible < 0.5


@pytest.mark.parametrize("seen", [0.02, 0.98])
def test_verdicts_that_such_a_judge_cannot_give_are_refused(seen: float) -> None:
    with pytest.raises(EstimateError, match=f"rate of {seen:.3f} cannot come from a judge"):
        corrected_rate(np.full(200, seen), np.full(200, 50), judge(0.7, 0.7, 2_000))


@settings(max_examples=40)
@given(st.lists(rate, min_size=1, max_size=10), judges, st.randoms())
def test_a_corrected_rate_is_a_rate_and_repeats_in_any_order(
    observed: list[float], errors: JudgeErrors, order: random.Random
) -> None:
    n = len(observed)
    found = corrected_rate(observed, np.full(n, 6), errors, draws=500)
    again = corrected_rate(observed, np.full(n, 6), errors, draws=500)
    other = corrected_rate(observed, np.full(n, 6), errors, draws=500, seed=1)
    order.shuffle(observed)
    shuffled = corrected_rate(observed, np.full(n, 6), errors, draws=500)

    assert 0 <= found.interval.low <= found.rate <= found.interval.high <= 1
    assert found.interval.low < found.interval.high
    assert again == found
    assert other.rate == found.rate
    assert shuffled.rate == pytest.approx(found.rate)
    assert shuffled.interval.low == pytest.approx(found.interval.low, abs=1e-6)
    assert shuffled.interval.high == pytest.approx(found.interval.high, abs=1e-6)


def test_no_error_of_40_is_not_certainty() -> None:
    observed, trials = np.tile([0.2, 0.4, 0.3, 0.5], 10), np.full(40, 20)
    few, many = JudgeErrors.of_counts(40, 40, 40, 40), JudgeErrors.of_counts(*[MANY] * 4)

    one, other = (corrected_rate(observed, trials, errors) for errors in (few, many))
    gap, sure = (
        corrected_gap(observed, observed / 2, Calibration.for_both(errors))
        for errors in (few, many)
    )

    assert one.rate == other.rate == pytest.approx(0.35)
    assert width(one.interval) > 1.15 * width(other.interval)
    assert gap.se is not None
    assert sure.se is not None
    assert gap.labels_share is not None
    assert sure.labels_share is not None
    assert gap.se > sure.se
    assert gap.labels_share > 0.01 > sure.labels_share
    assert width(interval_of(gap)) > width(interval_of(sure))


def test_another_seed_gives_other_draws() -> None:
    found, again, other = (
        corrected_rate([0.2, 0.4, 0.3], [5, 5, 5], judge(0.9, 0.8, 50), seed=seed)
        for seed in (3, 3, 4)
    )

    assert again == found
    assert other.interval != found.interval
    assert other.interval.high == pytest.approx(found.interval.high, abs=0.02)


def test_ten_answers_of_one_query_that_agree_count_as_one() -> None:
    few = corrected_rate(np.tile([0.0, 1.0], 10), np.full(20, 1), judge(0.95, 0.95))
    many = corrected_rate(np.tile([0.0, 1.0], 10), np.full(20, 10), judge(0.95, 0.95))
    spread = corrected_rate(np.full(20, 0.5), np.full(20, 10), judge(0.95, 0.95))

    assert width(many.interval) == pytest.approx(width(few.interval), rel=0.02)
    assert width(spread.interval) < width(many.interval)


# A corrected gap


def test_the_gap_is_the_observed_one_over_the_informedness_where_the_judge_errs_alike() -> None:
    found = corrected_gap(
        [0.5, 0.7], [0.2, 0.4], Calibration.for_both(JudgeErrors.of_counts(90, 100, 40, 50))
    )

    assert found.observed == pytest.approx(0.3)
    assert found.gap == found.unclipped == pytest.approx(0.3 / 0.7)
    assert found.monitored == pytest.approx((0.6 - 0.2) / 0.7)
    assert found.unmonitored == pytest.approx((0.3 - 0.2) / 0.7)


def test_each_arm_is_corrected_for_its_own_errors() -> None:
    errors = Calibration(
        JudgeErrors.of_counts(90, 100, 40, 50), JudgeErrors.of_counts(40, 50, 95, 100)
    )
    found = corrected_gap([0.5, 0.7], [0.2, 0.4], errors)

    assert found.monitored == pytest.approx((0.6 - 0.2) / 0.7)
    assert found.unmonitored == pytest.approx((0.3 - 0.05) / 0.75)
    assert found.gap == pytest.approx(found.monitored - found.unmonitored)
    assert "150 and 150 labels by arm" in interval_of(found).method


def test_a_judge_that_errs_more_in_one_arm_makes_a_gap_that_the_correction_takes_away() -> None:
    true = np.linspace(0.1, 0.6, 12)
    one, other = judge(0.95, 0.75), judge(0.85, 0.95)
    seen = [true * 0.95 + (1 - true) * 0.25, true * 0.85 + (1 - true) * 0.05]

    apart = corrected_gap(seen[0], seen[1], Calibration(one, other))
    alike = corrected_gap(seen[0], seen[1], Calibration.for_both(one.pooled(other)))

    assert apart.observed > 0.15
    assert apart.gap == pytest.approx(0, abs=1e-9)
    assert alike.gap > 0.2


@pytest.mark.parametrize("shared", [True, False])
def test_the_standard_error_is_the_published_one(shared: bool) -> None:
    draw = np.random.default_rng(3)
    m, u = draw.uniform(0.5, 0.8, 30), draw.uniform(0.1, 0.5, 30)
    errors = JudgeErrors.of_counts(80, 90, 100, 120)
    calibration = (
        Calibration.for_both(errors)
        if shared
        else Calibration(errors, JudgeErrors.of_counts(50, 60, 60, 70))
    )

    found = corrected_gap(m, u, calibration)

    # Rogan and Gladen 1978 (as in Lang and Reiczigel 2014), with half an answer added to each cell of the labels.
    arms = []
    for counts, seen in zip(
        ((80, 90, 100, 120), (80, 90, 100, 120) if shared else (50, 60, 60, 70)),
        (m, u),
        strict=True,
    ):
        se, sp = (counts[0] + 0.5) / (counts[1] + 1), (counts[2] + 0.5) / (counts[3] + 1)
        p = (seen.mean() - 1 + sp) / (se + sp - 1)
        arms.append(
            (p, se + sp - 1, se * (1 - se) / (counts[1] + 1), sp * (1 - sp) / (counts[3] + 1))
        )
    (p, j, a, b), (q, k, c, d) = arms
    sampling = np.var(m / j - u / k, ddof=1) / 30
    if shared:
        labels = ((p - q) ** 2 * a + (q - p) ** 2 * b) / j**2
    else:
        labels = (p**2 * a + (1 - p) ** 2 * b) / j**2 + (q**2 * c + (1 - q) ** 2 * d) / k**2
    assert found.se == pytest.approx(math.sqrt(sampling + labels))
    assert found.labels_share == pytest.approx(labels / (sampling + labels))
    # Welch and Satterthwaite: 29 degrees of freedom of the clusters, without end of the labels.
    df = 29 * ((sampling + labels) / sampling) ** 2
    assert width(interval_of(found)) / 2 >= stats.t.ppf(0.975, df) * found.se * (1 - 1e-9)
    assert width(interval_of(found)) / 2 <= 1.2 * stats.t.ppf(0.975, df) * found.se


@settings(max_examples=50)
@given(pairs)
def test_a_perfect_judge_with_very_many_labels_leaves_the_gap_as_it_is(
    rates: list[tuple[float, float]],
) -> None:
    monitored, unmonitored = (list(arm) for arm in zip(*rates, strict=True))
    perfect = JudgeErrors.of_counts(*[10**9] * 4)

    found = corrected_gap(monitored, unmonitored, Calibration.for_both(perfect))

    plain = paired_gap(monitored, unmonitored, test=False)
    assert found.gap == found.observed == pytest.approx(plain.gap)
    assert found.monitored == pytest.approx(np.mean(monitored))
    if plain.se:
        assert found.se == pytest.approx(plain.se, rel=1e-3)
        assert plain.interval is not None
        assert interval_of(found).low == pytest.approx(plain.interval.low, abs=1e-3)
        assert interval_of(found).high == pytest.approx(plain.interval.high, abs=1e-3)


def attempt(
    rates: list[tuple[float, float]], calibration: Calibration, method: Any = "delta"
) -> CorrectedGap | str:
    """Correct a gap; where such verdicts cannot come from the judge, give the message without its numbers."""
    monitored, unmonitored = (list(arm) for arm in zip(*rates, strict=True))
    try:
        return corrected_gap(monitored, unmonitored, calibration, method=method, draws=300)
    except EstimateError as error:
        return str(error).split(" is ")[0]


@settings(max_examples=60)
@given(pairs, judges, judges, st.booleans(), st.randoms())
def test_swapping_the_arms_flips_the_sign_and_reordering_queries_changes_nothing(
    rates: list[tuple[float, float]],
    one: JudgeErrors,
    other: JudgeErrors,
    shared: bool,
    order: random.Random,
) -> None:
    calibration = Calibration.for_both(one) if shared else Calibration(one, other)
    found = attempt(rates, calibration)

    swapped = attempt([(u, m) for m, u in rates], calibration.swapped())
    order.shuffle(rates)
    shuffled = attempt(rates, calibration)

    if isinstance(found, str) or isinstance(swapped, str) or isinstance(shuffled, str):
        assert found == swapped == shuffled
        return
    limits = (interval_of(found).low, interval_of(found).high)
    assert limits[0] <= found.gap <= limits[1]
    assert -1 <= limits[0] < limits[1] <= 1
    for again, sign in ((swapped, -1), (shuffled, 1)):
        assert again.gap == pytest.approx(sign * found.gap, abs=1e-9)
        assert again.observed == pytest.approx(sign * found.observed, abs=1e-9)
        assert again.se == pytest.approx(found.se)
        assert again.labels_share == pytest.approx(found.labels_share)
        ends = sorted([sign * interval_of(again).low, sign * interval_of(again).high])
        assert ends == pytest.approx(list(limits), abs=1e-9)
    assert (swapped.monitored, swapped.unmonitored) == pytest.approx(
        (found.unmonitored, found.monitored)
    )


@settings(max_examples=60)
@given(pairs, judges)
def test_unknown_errors_make_the_interval_wider_than_known_ones(
    rates: list[tuple[float, float]], errors: JudgeErrors
) -> None:
    unsure, sure = (attempt(rates, Calibration(e, e)) for e in (errors, known_exactly(errors)))
    if isinstance(unsure, str) or isinstance(sure, str):
        return

    assert unsure.gap == pytest.approx(sure.gap)
    assert unsure.se is not None
    assert sure.se is not None
    assert unsure.labels_share is not None
    assert sure.labels_share is not None
    assert unsure.se > sure.se
    assert unsure.labels_share > sure.labels_share >= 0


@settings(max_examples=15)
@given(pairs, judges, judges)
def test_a_resampled_interval_repeats_for_a_seed(
    rates: list[tuple[float, float]], one: JudgeErrors, other: JudgeErrors
) -> None:
    calibration = Calibration(one, other)

    assert attempt(rates, calibration, "resampled") == attempt(rates, calibration, "resampled")


@pytest.mark.parametrize("shared", [True, False])
def test_redrawing_agrees_with_the_delta_method_where_both_should_be_right(shared: bool) -> None:
    draw = np.random.default_rng(2)
    m, u = draw.binomial(10, 0.6, 60) / 10, draw.binomial(10, 0.3, 60) / 10
    errors = judge(0.9, 0.85, 200)
    calibration = Calibration.for_both(errors) if shared else Calibration(errors, judge(0.8, 1, 50))

    delta = corrected_gap(m, u, calibration)
    redrawn = corrected_gap(m, u, calibration, method="resampled", draws=20_000)
    other = corrected_gap(m, u, calibration, method="resampled", draws=20_000, seed=1)

    assert redrawn.gap == delta.gap
    assert redrawn.se == delta.se
    assert interval_of(redrawn).low == pytest.approx(interval_of(delta).low, abs=0.02)
    assert interval_of(redrawn).high == pytest.approx(interval_of(delta).high, abs=0.02)
    assert interval_of(other) != interval_of(redrawn)
    assert "20000 draws" in interval_of(redrawn).method


def test_a_corrected_gap_stays_possible_though_the_correction_overshoots() -> None:
    errors = Calibration.for_both(judge(0.75, 0.75, 60))

    found = corrected_gap([0.9, 0.8, 0.7, 0.6], [0.05, 0.2, 0.3, 0.1], errors)

    assert found.unclipped > 1
    assert found.gap == 1
    assert found.unmonitored == 0
    assert interval_of(found).high == 1
    with pytest.raises(EstimateError, match="does not give such verdicts"):
        corrected_gap(
            np.full(50, 0.9),
            np.full(50, 0.1),
            Calibration.for_both(judge(0.7, 0.7, 5_000)),
            trials=(np.full(50, 50), np.full(50, 50)),
        )


def test_one_query_has_a_gap_and_no_interval_and_a_rate_with_one() -> None:
    errors = judge(0.9, 0.8, 100)

    gap = corrected_gap([0.6], [0.3], Calibration.for_both(errors))
    alone = corrected_gap([0.6, 0.5], [0.3, 0.2], Calibration.for_both(errors), families=["a", "a"])
    found = corrected_rate([0.6], [10], errors)

    assert gap.gap == pytest.approx(0.3 / 0.7)
    assert (gap.se, gap.interval, gap.labels_share) == (None, None, None)
    assert alone.interval is None
    assert found.rate == pytest.approx(0.4 / 0.7)
    assert width(found.interval) > 0.8


def test_a_query_without_a_rate_in_one_arm_is_left_out() -> None:
    errors = Calibration(judge(0.9, 0.8, 100), judge(0.85, 0.9, 80))
    m, u, n = [0.5, NAN, 0.7, 0.6], [0.2, 0.3, 0.4, NAN], [5, 5, 4, 5]

    found = corrected_gap(m, u, errors, trials=(n, n))
    rate_ = corrected_rate(m, n, errors.monitored)

    assert found == corrected_gap([0.5, 0.7], [0.2, 0.4], errors, trials=([5, 4], [5, 4]))
    assert rate_ == corrected_rate([0.5, 0.7, 0.6], [5, 4, 5], errors.monitored)


def test_where_all_queries_differ_alike_more_answers_never_say_less() -> None:
    m, u = np.ones(10), np.zeros(10)
    errors = Calibration.for_both(judge(1, 1, 100))
    few, many = np.full(10, 2), np.full(10, 50)

    unknown = corrected_gap(m, u, errors)
    some = corrected_gap(m, u, errors, trials=(few, few))
    more = corrected_gap(m, u, errors, trials=(many, few))
    most = corrected_gap(m, u, errors, trials=(many, many))

    lows = [interval_of(found).low for found in (unknown, some, more, most)]
    assert lows == sorted(lows)
    assert lows[-1] < 1


def test_families_of_one_query_said_twice_count_once() -> None:
    draw = np.random.default_rng(5)
    m, u = draw.uniform(0.4, 0.9, 10), draw.uniform(0.1, 0.6, 10)
    errors = Calibration.for_both(judge(0.9, 0.9, 80))

    once = corrected_gap(m, u, errors)
    twice = corrected_gap(np.tile(m, 2), np.tile(u, 2), errors, families=np.tile(np.arange(10), 2))
    careless = corrected_gap(np.tile(m, 2), np.tile(u, 2), errors)

    assert twice.se == pytest.approx(once.se)
    assert interval_of(twice).low == pytest.approx(interval_of(once).low)
    assert width(interval_of(careless)) < 0.9 * width(interval_of(once))
    assert "20 queries in 10 families" in interval_of(twice).method


@pytest.mark.parametrize("method", ["delta", "resampled"])
def test_wordings_are_clusters_too(method: Any) -> None:
    draw = np.random.default_rng(6)
    tilt = draw.normal(0, 0.2, (1, 6))
    m = np.clip(draw.uniform(0.5, 0.7, (15, 6)) + tilt, 0, 1)
    u = draw.uniform(0.2, 0.4, (15, 6))
    errors = Calibration.for_both(judge(0.9, 0.9, 80))
    cells = (np.repeat(np.arange(15), 6), np.tile(np.arange(6), 15))

    both = corrected_gap(m, u, errors, method=method)
    labelled = corrected_gap(
        m.ravel(), u.ravel(), errors, queries=cells[0], wordings=cells[1], method=method
    )
    plain = corrected_gap(m.mean(1), u.mean(1), errors, method=method)
    rates = [corrected_rate(x, np.full(x.shape, 5), errors.monitored) for x in (m, m.mean(1))]

    assert labelled == both
    assert both.gap == pytest.approx(plain.gap)
    assert width(interval_of(both)) > 1.3 * width(interval_of(plain))
    assert "15 queries and 6 wordings" in interval_of(both).method
    assert width(rates[0].interval) > 1.3 * width(rates[1].interval)


# Three categories

CONFUSION = np.array([[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.02, 0.08, 0.9]])
SCORES = (1.0, 0.5, 0.0)


def graded(labels: int) -> JudgeErrors:
    rows = [[round(share * labels) for share in row] for row in CONFUSION]
    return JudgeErrors(tuple(map(tuple, rows)), SCORES)


def test_a_partial_has_errors_of_its_own() -> None:
    draw = np.random.default_rng(7)
    true = [draw.dirichlet(shape, 12) for shape in ((3, 2, 3), (1, 2, 5))]
    seen = [shares @ CONFUSION for shares in true]
    means = [float((shares @ SCORES).mean()) for shares in true]

    found = corrected_gap(seen[0], seen[1], Calibration.for_both(graded(1_000)))
    rate_ = corrected_rate(seen[0], np.full(12, 10), graded(1_000))

    assert found.gap == pytest.approx(means[0] - means[1])
    assert (found.monitored, found.unmonitored) == pytest.approx(means)
    assert found.observed == pytest.approx(float(((seen[0] - seen[1]) @ SCORES).mean()))
    assert rate_.rate == pytest.approx(means[0])
    assert holds(interval_of(found), found.gap)
    assert holds(rate_.interval, rate_.rate)


def test_three_categories_take_wordings_and_cells_without_answers() -> None:
    draw = np.random.default_rng(8)
    shares = [draw.dirichlet(shape, (8, 3)) @ CONFUSION for shape in ((3, 2, 3), (1, 2, 5))]
    shares[0][2, 1] = NAN
    errors = Calibration(graded(100), graded(200))

    found = corrected_gap(shares[0], shares[1], errors)
    redrawn = corrected_gap(shares[0], shares[1], errors, method="resampled")

    assert "8 queries and 3 wordings" in interval_of(found).method
    assert interval_of(redrawn).low == pytest.approx(interval_of(found).low, abs=0.1)
    assert interval_of(redrawn).high == pytest.approx(interval_of(found).high, abs=0.1)


def test_a_third_category_that_never_occurs_changes_nothing() -> None:
    two = JudgeErrors.of_counts(90, 100, 160, 200)
    three = JudgeErrors(((90, 0, 10), (0, 50, 0), (40, 0, 160)), (1.0, 0.5, 0.0))
    m, u = np.array([0.5, 0.7, 0.6]), np.array([0.2, 0.4, 0.4])

    one = corrected_gap(m, u, Calibration.for_both(two))
    apart = [np.stack([x, 0 * x, 1 - x], axis=-1) for x in (m, u)]
    other = corrected_gap(apart[0], apart[1], Calibration.for_both(three))

    assert other.gap == pytest.approx(one.gap)
    assert other.se == pytest.approx(one.se, rel=0.05)


# What the correction refuses

GOOD = Calibration.for_both(judge(0.9, 0.9, 100))


@pytest.mark.parametrize(
    ("monitored", "unmonitored", "message"),
    [
        ([0.5, 0.6], [0.5], r"shape \(2,\), unmonitored \(1,\)"),
        ([0.5, 1.2], [0.5, 0.6], "monitored holds 1.2"),
        ([0.5, 0.6], [0.5, -0.1], "unmonitored holds -0.1"),
        ([0.5, math.inf], [0.5, 0.1], "monitored holds inf"),
        ([NAN, 0.5], [0.5, NAN], "no query has trials in both tiers"),
        (0.5, 0.2, r"has the shape \(\); expected \(queries,\)"),
        (np.full((2, 2, 2), 0.5), np.full((2, 2, 2), 0.5), r"has the shape \(2, 2, 2\)"),
    ],
)
def test_rates_that_cannot_be_are_refused(monitored: Any, unmonitored: Any, message: str) -> None:
    with pytest.raises(EstimateError, match=message):
        corrected_gap(monitored, unmonitored, GOOD)


def test_shares_that_cannot_be_are_refused() -> None:
    with pytest.raises(EstimateError, match="shares add up to 1"):
        corrected_rate([[0.5, 0.3, 0.3]], [3], graded(100))
    with pytest.raises(EstimateError, match="3 shares at the end"):
        corrected_rate([0.5, 0.3], [3, 3], graded(100))


def test_numbers_of_answers_that_cannot_be_and_unknown_methods_are_refused() -> None:
    with pytest.raises(EstimateError, match="at least 1"):
        corrected_rate([0.5, 0.3], [3, 0], judge(0.9, 0.9, 100))
    with pytest.raises(EstimateError, match="trials unmonitored"):
        corrected_gap([0.5, 0.5], [0.3, 0.3], GOOD, trials=([3, 3], [3]))
    with pytest.raises(EstimateError, match="method 'bootstrap'"):
        corrected_gap([0.5, 0.6], [0.3, 0.3], GOOD, method="bootstrap")  # type: ignore[arg-type]
    with pytest.raises(EstimateError, match="no query"):
        corrected_rate([NAN, NAN], [3, 3], judge(0.9, 0.9, 100))


# Coverage


def verdicts(
    draw: np.random.Generator, true: NDArray[np.bool_], sensitivity: float, specificity: float
) -> NDArray[np.bool_]:
    right = draw.random(true.shape)
    found: NDArray[np.bool_] = np.where(true, right < sensitivity, right >= specificity)
    return found


def answers(
    draw: np.random.Generator, queries: int, samples: int, mean: float
) -> NDArray[np.bool_]:
    own = draw.beta(4 * mean, 4 * (1 - mean), (queries, 1))
    found: NDArray[np.bool_] = draw.random((queries, samples)) < own
    return found


def labelled(
    draw: np.random.Generator, n: int, sensitivity: float, specificity: float
) -> JudgeErrors:
    return JudgeErrors.of_counts(
        int(draw.binomial(n, sensitivity)), n, int(draw.binomial(n, specificity)), n
    )


def test_the_corrected_gap_covers_where_the_observed_one_and_known_errors_do_not() -> None:
    draw = np.random.default_rng(21)
    studies, covered, naive, known = 300, 0, 0, 0
    for _ in range(studies):
        seen = []
        calibration = Calibration(labelled(draw, 60, 0.9, 0.7), labelled(draw, 60, 0.8, 0.95))
        for mean, one, other in ((0.45, 0.9, 0.7), (0.25, 0.8, 0.95)):
            seen.append(verdicts(draw, answers(draw, 150, 2, mean), one, other).mean(1))
        covered += holds(corrected_gap(seen[0], seen[1], calibration).interval, 0.2)
        naive += holds(paired_gap(seen[0], seen[1], test=False).interval, 0.2)
        sure = Calibration(
            known_exactly(calibration.monitored), known_exactly(calibration.unmonitored)
        )
        known += holds(corrected_gap(seen[0], seen[1], sure).interval, 0.2)

    assert 0.91 <= covered / studies <= 0.99
    assert naive / studies < 0.4
    assert known / studies < 0.85


@pytest.mark.parametrize(("mean", "errors"), [(0.05, (0.85, 0.9)), (0.6, (0.75, 0.95))])
def test_the_corrected_rate_covers_where_the_observed_one_does_not(
    mean: float, errors: tuple[float, float]
) -> None:
    draw = np.random.default_rng(22)
    studies, covered, naive = 300, 0, 0
    trials = np.full(40, 5)
    for _ in range(studies):
        seen = verdicts(draw, answers(draw, 40, 5, mean), *errors).mean(1)
        found = corrected_rate(seen, trials, labelled(draw, 100, *errors), draws=1_000)
        covered += holds(found.interval, mean)
        naive += holds(clustered_rate(seen, trials)[1], mean)

    assert 0.91 <= covered / studies <= 1.0
    assert naive / studies < 0.4


# Labels of the study's own trials


def own_labels(
    seed: int, queries: int = 25, samples: int = 10, fraction: float = 0.25
) -> tuple[Floats, Floats, NDArray[np.intp], NDArray[np.bool_]]:
    """Give verdicts, labels, queries and tiers of a study whose judge errs more when monitored; the gap is 0.2."""
    draw = np.random.default_rng(seed)
    parts = []
    for mean, one, other in ((0.5, 0.95, 0.7), (0.3, 0.85, 0.95)):
        true = answers(draw, queries, samples, mean)
        seen = verdicts(draw, true, one, other)
        chosen = draw.permutation(true.size).reshape(true.shape) < fraction * true.size
        parts.append((seen.ravel(), np.where(chosen, true, NAN).ravel()))
    judged = np.concatenate([part[0] for part in parts]).astype(float)
    asked = np.tile(np.repeat(np.arange(queries), samples), 2)
    monitored = np.arange(judged.size) < queries * samples
    return judged, np.concatenate([part[1] for part in parts]), asked, monitored


@pytest.mark.parametrize(
    ("labels", "trials", "sensitivity", "specificity"),
    [(300, 3_000, 0.9, 0.8), (200, 600, 0.75, 0.95), (500, 5_000, 0.6, 0.6)],
)
def test_with_one_trial_a_query_it_is_the_published_estimator(
    labels: int, trials: int, sensitivity: float, specificity: float
) -> None:
    draw = np.random.default_rng(12)
    true = draw.random(trials) < 0.4
    seen = verdicts(draw, true, sensitivity, specificity).astype(float)
    marks = np.where(np.arange(trials) < labels, true, NAN)

    found = ppi_mean(seen, marks, np.arange(trials))

    # Angelopoulos, Duchi and Zrnic 2023, example 6.1 (a mean): labelled and unlabelled trials apart.
    y, f, rest = true[:labels].astype(float), seen[:labels], seen[labels:]
    ratio = labels / rest.size
    tuned = np.cov(y, f)[0, 1] / ((1 + ratio) * np.var(seen, ddof=1))
    value = y.mean() + tuned * (rest.mean() - f.mean())
    variance = tuned**2 * np.var(rest) / rest.size + np.var(y - tuned * f) / labels
    assert found.value == pytest.approx(value, abs=0.002)
    assert found.weight == pytest.approx(tuned * (1 + ratio), abs=0.05)
    # Ours adds two imagined labels to the variance.
    assert found.se == pytest.approx(math.sqrt(variance + 2 / (labels + 2) ** 2), rel=0.02)
    assert found.labels == labels
    assert found.labels_only == pytest.approx(y.mean())
    assert found.judge_only == pytest.approx(seen.mean())
    assert found.labels_only_se > found.se


def test_a_judge_that_always_says_the_same_leaves_the_labels_alone() -> None:
    _, marks, asked, monitored = own_labels(1)
    constant = np.ones(marks.size)

    found = ppi_gap(constant, marks, asked, monitored)

    assert found.weight == 0
    assert found.judge_only == 0
    assert found.value == found.labels_only
    assert found.se == found.labels_only_se


def test_a_random_judge_is_hardly_trusted_and_a_perfect_one_wholly() -> None:
    judged, marks, asked, monitored = own_labels(2, queries=60, fraction=0.3)
    random_ = (np.random.default_rng(3).random(marks.size) < 0.5).astype(float)
    truth = np.where(np.isnan(marks), judged, marks)

    useless = ppi_gap(random_, marks, asked, monitored)
    perfect = ppi_gap(truth, marks, asked, monitored)

    assert useless.weight < 0.25
    assert useless.value == pytest.approx(useless.labels_only, abs=0.02)
    assert perfect.weight > 0.9
    assert perfect.value == pytest.approx(perfect.judge_only, abs=0.02)
    assert perfect.se < 0.8 * useless.se


def test_with_every_trial_labelled_the_judge_does_not_matter() -> None:
    judged, _, asked, monitored = own_labels(4)
    truth = np.random.default_rng(5).binomial(1, 0.4, judged.size).astype(float)
    means = [
        np.mean([truth[(asked == query) & tier].mean() for query in range(25)])
        for tier in (monitored, ~monitored)
    ]

    gap = ppi_gap(judged, truth, asked, monitored)
    mean = ppi_mean(judged[monitored], truth[monitored], asked[monitored])

    assert gap.value == pytest.approx(means[0] - means[1])
    assert mean.value == pytest.approx(means[0])


def test_no_wrong_verdict_among_40_labels_is_not_a_perfect_judge() -> None:
    seen = np.tile([0.0, 0.0, 1.0, 0.0, 0.0], 80)
    marks = np.where(np.random.default_rng(9).permutation(400) < 40, seen, NAN)

    found = ppi_mean(seen, marks, np.repeat(np.arange(40), 10))

    assert found.labels == 40
    assert found.weight > 0.9
    assert found.se >= math.sqrt(2) / 42 - 1e-12
    assert found.interval.low < found.value < found.interval.high
    assert found.interval.low >= 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.randoms())
def test_swapping_tiers_flips_the_gap_and_the_order_of_trials_and_names_does_not_matter(
    seed: int, order: random.Random
) -> None:
    judged, marks, asked, monitored = own_labels(seed, queries=8, samples=5, fraction=0.4)
    found = ppi_gap(judged, marks, asked, monitored)

    swapped = ppi_gap(judged, marks, asked, ~monitored)
    at = list(range(judged.size))
    order.shuffle(at)
    names = np.array([f"query {7 * query % 8}" for query in asked])
    moved = ppi_gap(judged[at], marks[at], names[at], monitored[at])

    assert -1 <= found.interval.low <= found.value <= found.interval.high <= 1
    assert 0 <= found.weight <= 1
    for again, sign in ((swapped, -1), (moved, 1)):
        assert sign * again.value == pytest.approx(found.value, abs=1e-9)
        assert (again.se, again.weight) == pytest.approx((found.se, found.weight))
        ends = sorted([sign * again.interval.low, sign * again.interval.high])
        assert ends == pytest.approx([found.interval.low, found.interval.high], abs=1e-9)
    mean = ppi_mean(judged[monitored], marks[monitored], asked[monitored])
    assert 0 <= mean.interval.low <= mean.value <= mean.interval.high <= 1


def test_queries_that_only_one_tier_holds_do_not_count_for_the_gap() -> None:
    judged, marks, asked, monitored = own_labels(6)
    kept = (asked != 3) | monitored

    found = ppi_gap(judged[kept], marks[kept], asked[kept], monitored[kept])

    found_at = found.value + found.se * stats.t.ppf(0.975, 24 - 2)
    assert found.interval.high == pytest.approx(found_at)
    assert found == ppi_gap(*(x[asked != 3] for x in (judged, marks, asked, monitored)))
    assert "of 24 queries" in found.interval.method


def test_own_labels_cover_the_gap_where_the_verdicts_alone_do_not() -> None:
    studies, covered, naive = 300, 0, 0
    means = np.zeros(2)
    for seed in range(studies):
        judged, marks, asked, monitored = own_labels(seed)
        found = ppi_gap(judged, marks, asked, monitored)
        covered += holds(found.interval, 0.2)
        means += [found.value, found.judge_only]
        rates = [judged[tier].reshape(25, 10).mean(1) for tier in (monitored, ~monitored)]
        naive += holds(paired_gap(rates[0], rates[1], test=False).interval, 0.2)

    assert 0.91 <= covered / studies <= 1.0
    assert naive / studies < 0.75
    assert means[0] / studies == pytest.approx(0.2, abs=0.015)
    assert means[1] / studies > 0.26


@pytest.mark.parametrize(
    ("judged", "labels", "queries", "message"),
    [
        ([1, 0], [1], [0, 1], "each array holds one value a trial"),
        ([[1, 0]], [[1, 0]], [[0, 1]], "each array holds one value a trial"),
        ([1, 0, 2], [1, 0, 1], [0, 1, 2], "a verdict is 2.0; each is from 0 to 1"),
        ([1, 0, NAN], [1, 0, 1], [0, 1, 2], "leave out trials without a verdict"),
        ([1, 0, 1], [1, -1, 1], [0, 1, 2], "a label is -1.0"),
        ([1, 0, 1, 1], [1, 1, NAN, 0], [0, 1, 2, 1], "2 queries hold labels; label trials of at"),
        ([], [], [], "0 queries hold labels"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(
    judged: Any, labels: Any, queries: Any, message: str
) -> None:
    with pytest.raises(EstimateError, match=message):
        ppi_mean(judged, labels, queries)


def test_a_gap_of_own_labels_needs_both_tiers() -> None:
    ones = np.ones(4)

    with pytest.raises(EstimateError, match="no query has trials in both tiers"):
        ppi_gap(ones, ones, np.arange(4), [True, True, False, False])
    with pytest.raises(EstimateError, match="each array holds one value a trial"):
        ppi_gap(ones, ones, np.arange(4), [True, False])
    with pytest.raises(EstimateError, match="ppi_gap, unmonitored: 1 queries hold labels"):
        ppi_gap(np.ones(8), [1] * 5 + [NAN] * 3, [0, 1, 2, 3] * 2, [True] * 4 + [False] * 4)


# Where little happens


@pytest.mark.parametrize("by_labels", [False, True], ids=["record", "labels"])
def test_a_correction_does_not_make_a_null_more_certain(by_labels: bool) -> None:
    none, trials = np.zeros(20), np.full(20, 10)
    plain = paired_gap(none, none, trials=(trials, trials), test=False)
    if by_labels:
        query = np.tile(np.repeat(np.arange(20), 10), 2)
        marks = np.where(np.arange(400) % 2, 0.0, np.nan)
        found = ppi_gap(np.zeros(400), marks, query, np.arange(400) < 200).interval
    else:
        errors = Calibration.for_both(JudgeErrors.of_counts(150, 150, 150, 150))
        found = interval_of(corrected_gap(none, none, errors, trials=(trials, trials)))

    assert plain.interval is not None
    assert found.low <= plain.interval.low
    assert found.high >= plain.interval.high


def test_labels_of_one_family_are_no_more_than_one_cluster() -> None:
    draw = np.random.default_rng(2)
    query = np.repeat(np.arange(60), 8)
    rate = np.repeat(draw.random(6), 10)[query]
    monitored = np.tile([True, False], 240)
    said = (draw.random(480) < np.where(monitored, rate, 0.1)).astype(float)
    marks = np.where(draw.random(480) < 0.5, said, np.nan)
    families = {at: at // 10 for at in range(60)}

    alone = ppi_gap(said, marks, query, monitored)
    grouped = ppi_gap(said, marks, query, monitored, families=families)
    renamed = ppi_gap(said, marks, query, monitored, families={at: f"own {at}" for at in range(60)})

    assert "of 6 families" in grouped.interval.method
    assert grouped.value == pytest.approx(alone.value, abs=0.05)
    assert width(grouped.interval) > 1.5 * width(alone.interval)
    assert (renamed.value, renamed.interval) == (alone.value, alone.interval)
    with pytest.raises(EstimateError, match="2 families hold labels"):
        ppi_gap(said, marks, query, monitored, families={at: at // 30 for at in range(60)})


def test_few_queries_that_always_comply_are_covered_with_and_without_a_correction() -> None:
    draw = np.random.default_rng(8)
    perfect = Calibration.for_both(JudgeErrors.of_counts(150, 150, 150, 150))
    trials = (np.full(20, 10), np.full(20, 10))
    held = 0
    for _ in range(200):
        always = (draw.random(20) < 0.05).astype(float)
        interval = interval_of(corrected_gap(always, np.zeros(20), perfect, trials=trials))
        held += interval.low <= 0.05 <= interval.high
    assert held / 200 >= 0.93
