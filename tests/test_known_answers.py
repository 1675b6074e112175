"""Figures that stand in the literature come out of the public functions."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gyges.errors import EstimateError
from gyges.estimate import wilson
from gyges.estimate.sizes import mcnemar_size, unpaired_size
from gyges.estimate.unpaired import (
    binomial_se,
    implied_sizes,
    newcombe,
    unpaired_se,
    upper_limit,
    yates,
)

SHARED = Path(
    os.environ.get("GYGES_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")
).parent
ABLATIONS = SHARED / "facts" / "greenblatt_ablations.csv"

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


# Two proportions


def test_105_of_3125_against_16_of_3125_have_a_yates_chi_square_of_65() -> None:
    statistic, p = yates(105, 3125, 16, 3125)

    assert statistic == pytest.approx(65.26, abs=0.005)
    assert p == pytest.approx(stats.chi2.sf(65.2635, 1), rel=1e-3)


@given(counts, counts)
def test_the_chi_square_is_that_of_an_independent_package(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    statistic, p = yates(*first, *second)
    both = first[0] + second[0]
    if both in (0, first[1] + second[1]):
        assert (statistic, p) == (0, 1)
        return
    table = [[first[0], first[1] - first[0]], [second[0], second[1] - second[0]]]
    expected = stats.chi2_contingency(table, correction=True)

    assert statistic == pytest.approx(expected.statistic, abs=1e-9)
    assert p == pytest.approx(expected.pvalue, abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "gap", "low", "high"),
    [
        ((249, 250), (228, 250), 8.4, 5.0, 12.6),
        ((3, 100), (0, 100), 3.0, -1.2, 8.5),
        ((5, 100), (1, 100), 4.0, -1.3, 10.2),
        ((28, 200), (6, 200), 11.0, 5.7, 16.7),
        # Newcombe 1998, table II, method 10.
        ((56, 70), (48, 80), 20.0, 5.24, 33.39),
        ((9, 10), (3, 10), 60.0, 17.05, 80.90),
        ((5, 56), (0, 29), 8.93, -3.81, 19.26),
        ((0, 10), (0, 20), 0.0, -16.11, 27.75),
        ((10, 10), (0, 10), 100.0, 60.75, 100.0),
    ],
)
def test_the_interval_of_a_difference_of_proportions_is_newcombes(
    first: tuple[int, int], second: tuple[int, int], gap: float, low: float, high: float
) -> None:
    found = newcombe(*first, *second)

    assert 100 * (first[0] / first[1] - second[0] / second[1]) == pytest.approx(gap, abs=0.006)
    digits = 0.051 if low == round(low, 1) else 0.0051
    assert 100 * found.low == pytest.approx(low, abs=digits)
    assert 100 * found.high == pytest.approx(high, abs=digits)


@given(counts, counts)
def test_swapping_the_proportions_flips_the_interval(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    one, other = newcombe(*first, *second), newcombe(*second, *first)

    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert -1 - 1e-9 <= one.low < one.high <= 1 + 1e-9


def test_none_of_a_hundred_still_allows_three_percent() -> None:
    assert upper_limit(0, 100) == pytest.approx(0.030, abs=0.0006)
    assert upper_limit(0, 100) == pytest.approx(1 - 0.05 ** (1 / 100))
    # The rule of three.
    assert upper_limit(0, 3000) == pytest.approx(3 / 3000, rel=0.01)
    assert upper_limit(100, 100) == 1


@given(counts, st.floats(0.6, 0.99))
def test_at_the_exact_upper_limit_so_few_are_as_rare_as_the_level_says(
    count: tuple[int, int], level: float
) -> None:
    successes, trials = count
    if successes < trials:
        limit = upper_limit(successes, trials, level=level)
        assert stats.binom.cdf(successes, trials, limit) == pytest.approx(1 - level)


def test_two_of_250_have_the_wilson_interval_of_the_literature() -> None:
    low, high = wilson(2 / 250, 250)

    assert (100 * low, 100 * high) == pytest.approx((0.2, 2.9), abs=0.05)


@pytest.mark.parametrize("count", [(3, 2), (-1, 5), (0, 0)])
def test_counts_that_cannot_be_are_refused(count: tuple[int, int]) -> None:
    for ask in (lambda: yates(*count, 1, 2), lambda: newcombe(1, 2, *count)):
        with pytest.raises(EstimateError, match=f"{count[0]} of {count[1]}"):
            ask()


# Sizes


@pytest.mark.parametrize(
    ("monitored", "unmonitored", "trials"),
    [
        (0.14, 0.03, 97),
        (0.10, 0.05, 432),
        (0.05, 0.02, 585),
        (0.03, 0.01, 765),
        (0.02, 0.01, 2315),
    ],
)
def test_the_unpaired_size_of_a_tier_is_that_of_the_literature(
    monitored: float, unmonitored: float, trials: int
) -> None:
    # The literature rounds to the nearest; a plan rounds up.
    assert round(unpaired_size(monitored, unmonitored)) == trials
    assert unpaired_size(unmonitored, monitored) == unpaired_size(monitored, unmonitored)


@pytest.mark.parametrize(
    ("up", "down", "queries"),
    [(0.12, 0.01, 82), (0.06, 0.01, 217), (0.03, 0.01, 783), (0.01, 0.0, 783)],
)
def test_the_paired_size_is_that_of_the_literature(up: float, down: float, queries: int) -> None:
    assert round(mcnemar_size(up, down)) == queries
    assert mcnemar_size(down, up) == mcnemar_size(up, down)


# Standard errors as published (Greenblatt et al. 2024, tables G.2 and G.3): rate and its error when monitored, the
# same when unmonitored, and the gap's error, all in percent. Sample sizes were not printed.

ROWS = {
    "1": (85.8, 1.9, 97.2, 0.9, 2.1),
    "22": (93.0, 2.7, 98.8, 1.2, 3.0),
    "30": (65.9, 3.6, 98.8, 0.8, 3.7),
    "58": (50.8, 2.0, 65.6, 1.9, 2.8),
    "70": (0.2, 0.2, 3.5, 0.9, 1.0),
}
UNEQUAL = (27.7, 1.9, 38.3, 2.9, 3.4)
"""Row 88: no one size of both tiers gives both errors."""

Sizes = tuple[int, int | None]


def shared(first: Sizes, second: Sizes) -> Sizes | None:
    """The sizes that two printed figures both agree with."""
    ends = [end for end in (first[1], second[1]) if end is not None]
    fewest, most = max(first[0], second[0]), min(ends) if ends else None
    return (fewest, most) if most is None or most >= fewest else None


def gap_errors(rates: list[float], sizes: list[Sizes]) -> tuple[float, float]:
    """The smallest and the largest error of a gap, in percent, over the sizes and over what rounds to the rates."""
    ends = []
    for rate, (fewest, most) in zip(rates, sizes, strict=True):
        near = [max(0.0, rate - 0.0005), min(1.0, rate + 0.0005)]
        near += [0.5] if near[0] < 0.5 < near[1] else []
        least = 0.0 if most is None else min(binomial_se(one, most) for one in near)
        ends.append((least, max(binomial_se(one, fewest) for one in near)))
    return 100 * math.hypot(ends[0][0], ends[1][0]), 100 * math.hypot(ends[0][1], ends[1][1])


def reproduced(row: tuple[float, ...]) -> tuple[bool, bool]:
    """Whether a row's gap error follows from one size for both tiers, and from a size for each."""
    first, first_se, second, second_se, gap_se = row
    rates = [first / 100, second / 100]
    sizes = [
        implied_sizes(rate, se / 100) for rate, se in zip(rates, (first_se, second_se), strict=True)
    ]
    if sizes[0] is None or sizes[1] is None:
        return False, False
    both = shared(sizes[0], sizes[1])
    most = 0 if both is None else both[1] or 2 * both[0]
    one = both is not None and any(
        abs(100 * unpaired_se(rates[0], n, rates[1], n) - gap_se) <= 0.05 + 1e-9
        for n in range(both[0], most + 1)
    )
    low, high = gap_errors(rates, [sizes[0], sizes[1]])
    return one, low - 0.05 <= gap_se <= high + 0.05


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_published_standard_error_follows_from_the_rates_and_one_implied_size(
    row: tuple[float, ...],
) -> None:
    assert reproduced(row) == (True, True)


def test_published_errors_of_tiers_of_unequal_sizes_are_told_apart() -> None:
    assert implied_sizes(0.277, 0.019) == (527, 585)
    assert implied_sizes(0.383, 0.029) == (272, 291)
    assert reproduced(UNEQUAL) == (False, True)


def test_a_gap_error_of_a_paired_design_is_not_taken_for_an_unpaired_one() -> None:
    # Half the variance of row 1: what pairing could have given.
    assert reproduced((*ROWS["1"][:4], 1.5)) == (False, False)


@given(st.floats(0.02, 0.98), st.integers(20, 1_000))
def test_the_true_size_is_among_the_implied_ones(rate: float, trials: int) -> None:
    printed, se = round(rate, 3), round(binomial_se(rate, trials), 3)
    sizes = implied_sizes(printed, se)

    assert sizes is not None
    fewest, most = sizes
    assert fewest <= trials
    assert most is None or trials <= most


def test_a_standard_error_that_no_size_gives_is_told() -> None:
    assert implied_sizes(0.0, 0.03) is None
    assert implied_sizes(1.0, 0.0) == (1, None)
    assert implied_sizes(0.5, 0.6) is None


@pytest.mark.shared_data
@pytest.mark.skipif(not ABLATIONS.is_file(), reason="needs the published ablations")
def test_the_145_published_standard_errors_come_out() -> None:
    with ABLATIONS.open(encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    columns = (
        "noncompliance_train_pct",
        "nt_se",
        "noncompliance_unmon_pct",
        "nu_se",
        "gap_se",
    )
    found = {row["row"]: reproduced(tuple(float(row[name]) for name in columns)) for row in rows}

    assert len(found) == 145
    # Each gap's error is that of two independent rates with the sizes that the rates' own errors imply.
    assert [row for row, (_, each) in found.items() if not each] == []
    # In five rows the tiers' errors imply different sizes; in all others one size gives all three errors.
    assert [row for row, (one, _) in found.items() if not one] == ["80", "85", "88", "104", "145"]
    # The rates of reasoning are over the trials of the monitored tier: no row's error says otherwise.
    for row in rows:
        reasoning = implied_sizes(float(row["af_pct"]) / 100, float(row["af_se"]) / 100)
        monitored = implied_sizes(
            float(row["noncompliance_train_pct"]) / 100, float(row["nt_se"]) / 100
        )
        assert reasoning is not None
        assert monitored is not None
        assert shared(reasoning, monitored) is not None, row["row"]
