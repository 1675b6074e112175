"""Confidence sequences: fair bets, errors under continuous looking, and adaptive draws without bias."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gyges.errors import EstimateError
from gyges.estimate.allocation import Allocation
from gyges.estimate.sequential import Capital, GapSequence

QUERIES = 40
STREAMS = 2000
Array = NDArray[np.float64]

chance = st.floats(0.0, 1.0)
difference = st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0])


def flat(rate: float) -> Array:
    return np.full(QUERIES, rate)


def ever(
    monitored: Array, unmonitored: Array, *tests: tuple[Capital, float], blocks: int, seed: int = 0
) -> list[NDArray[np.int64]]:
    """Feed simulated streams of balanced passes; when each test's capital first reached what it needs (0: never)."""
    rng = np.random.default_rng(seed)
    count = tests[0][0].means.size
    at = [np.zeros(count, dtype=np.int64) for _ in tests]
    order = np.zeros((count, QUERIES), dtype=np.int64)
    for block in range(blocks):
        if block % QUERIES == 0:
            order = np.argsort(rng.random((count, QUERIES)), axis=1)
        query = order[:, block % QUERIES]
        values = (rng.random(count) < monitored[query]) * 1.0
        values -= rng.random(count) < unmonitored[query]
        for found, (capital, need) in zip(at, tests, strict=True):
            capital.add(values)
            found[(found == 0) & (capital.log >= -np.log(need))] = block + 1
    return at


def against(mean: float, side: str) -> Capital:
    return Capital(np.full(STREAMS, mean), side)  # type: ignore[arg-type]


# The bets


@given(up=chance, down=chance, low=st.floats(-5, -1), high=st.floats(1, 5))
def test_a_bet_at_the_true_gap_is_fair(up: float, down: float, low: float, high: float) -> None:
    # Any distribution on the two bounds and zero.
    total = max(1.0, up + down)
    chances = np.array([down, total - up - down, up]) / total
    values = np.array([low, 0.0, high])
    mean = float(chances @ values)
    if abs(mean) >= 1:
        return
    for side in ("above", "below"):
        capital = 0.0
        for value, weight in zip(values, chances, strict=True):
            bets = Capital(mean, side)
            bets.add(value, low, high)
            capital += weight * float(np.exp(bets.log[0]))
        assert capital == pytest.approx(1.0)


@pytest.mark.parametrize(
    "rates",
    [
        (flat(0.01), flat(0.01)),
        (flat(0.03), flat(0.03)),
        (flat(0.3), flat(0.3)),
        # Strong query variance, alike in both tiers.
        (np.repeat([1.0, 0.03], [4, 36]), np.repeat([1.0, 0.03], [4, 36])),
        # Queries with large gaps that cancel.
        (np.repeat([0.75, 0.25], 20), np.repeat([0.25, 0.75], 20)),
        (np.repeat([1.0, 0.0], [4, 36]), np.repeat([0.0, 4 / 36], [4, 36])),
    ],
    ids=["1%", "3%", "30%", "strong variance", "gaps cancel", "certain gaps cancel"],
)
def test_no_gap_is_found_more_often_than_the_level_however_often_one_looks(
    rates: tuple[Array, Array],
) -> None:
    above, below = ever(
        *rates, (against(0, "above"), 0.04), (against(0, "below"), 0.01), blocks=300
    )

    wrong = np.mean((above > 0) | (below > 0))
    # Two standard errors of 2,000 streams at 5 % are one point; the bound itself is not used up.
    assert wrong <= 0.05
    assert np.mean(below > 0) <= 0.015


def test_equivalence_is_not_claimed_at_the_margin_more_often_than_the_level() -> None:
    below, above = ever(
        flat(0.08),
        flat(0.03),
        (against(0.05, "below"), 0.05),
        (against(-0.05, "above"), 0.05),
        blocks=400,
        seed=3,
    )

    assert np.mean((below > 0) & (above > 0)) <= 0.05


def test_a_gap_of_ten_points_is_found_soon() -> None:
    (found,) = ever(flat(0.13), flat(0.03), (against(0, "above"), 0.04), blocks=250, seed=1)

    # The textbook's fixed unpaired size is 112 blocks for a power of 80 %.
    capped = np.where((found == 0) | (found > 154), 154, found)
    assert np.mean((found > 0) & (found <= 154)) >= 0.78
    assert capped.mean() <= 97


# The sequence


@settings(max_examples=25, deadline=None)
@given(values=st.lists(difference, min_size=1, max_size=60), share=st.sampled_from([0.5, 0.8]))
def test_swapping_the_arms_flips_the_interval(values: list[float], share: float) -> None:
    one = GapSequence(lower_share=share)
    other = GapSequence(lower_share=1 - share)
    for value in values:
        one.add(value)
        other.add(-value)

    assert (other.low, other.high) == pytest.approx((-one.high, -one.low))
    assert one.sign == -other.sign


@settings(max_examples=25, deadline=None)
@given(values=st.lists(difference, min_size=2, max_size=60))
def test_the_interval_never_widens(values: list[float]) -> None:
    sequence = GapSequence(margin=0.2)
    ends = [(-1.0, 1.0)]
    shown = [False]
    for value in values:
        sequence.add(value)
        ends.append((sequence.low, sequence.high))
        shown.append(sequence.within)

    assert all(a[0] <= b[0] and b[1] <= a[1] for a, b in pairwise(ends))
    assert all(a <= b for a, b in pairwise(shown))
    assert all(low <= high for low, high in ends)


def test_the_interval_holds_at_all_times_and_closes_in_on_the_gap() -> None:
    missed, widths = 0, []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        sequence = GapSequence()
        for _ in range(10):
            for query in rng.permutation(QUERIES):
                fakes = rng.random() < (0.9 if query < 12 else 0.1)
                sequence.add(float(fakes) - float(rng.random() < 0.1))
        missed += not sequence.low < 0.24 < sequence.high
        widths.append(sequence.width)

    assert missed <= 2
    assert np.mean(widths) < 0.2


def test_equal_answers_show_that_there_is_no_large_gap_and_leave_the_interval_a_width() -> None:
    sequence = GapSequence(margin=0.05)
    blocks = 0
    while not sequence.within:
        sequence.add(0.0)
        blocks += 1

    assert 60 <= blocks <= 90
    assert sequence.sign == 0
    assert 0.05 < sequence.width < 0.2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GapSequence(level=1.0), "level 1.0: must be between 0 and 1"),
        (lambda: GapSequence(lower_share=0.0), "lower_share 0.0"),
        (lambda: GapSequence().add(1.5), "observation 1.5"),
        (lambda: GapSequence().add(0.0, low=-0.5), "observation 0.0"),
        (lambda: GapSequence(margin=1.0), "strictly between -1 and 1"),
    ],
)
def test_what_is_not_defined_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(EstimateError, match=message):
        make()


# Adaptive draws

history = st.lists(st.tuples(st.integers(0, 7), difference), max_size=60)


@given(past=history, gaps=st.lists(st.floats(-1, 1), min_size=8, max_size=8))
def test_an_adaptive_observation_has_the_gap_as_its_mean_whatever_came_before(
    past: list[tuple[int, float]], gaps: list[float]
) -> None:
    allocation = Allocation(8)
    for query, value in past:
        allocation.add(query, value)
    draw = allocation.draw()

    mean = sum(draw.chances[q] * draw.observation(q, gaps[q])[0] for q in range(8))
    assert mean == pytest.approx(np.mean(gaps), abs=1e-9)
    assert draw.chances.sum() == pytest.approx(1.0)
    assert draw.chances.min() >= 0.75 / 8 - 1e-12


@given(past=history, query=st.integers(0, 7), value=difference)
def test_an_adaptive_observation_lies_in_bounds_that_were_known_before(
    past: list[tuple[int, float]], query: int, value: float
) -> None:
    allocation = Allocation(8)
    for number, seen in past:
        allocation.add(number, seen)
    observation, low, high = allocation.draw().observation(query, value)

    assert low - 1e-9 <= observation <= high + 1e-9
    assert low <= -1.0
    assert high >= 1.0
    GapSequence().add(float(np.clip(observation, low, high)), low, high)


def test_queries_whose_answers_vary_are_drawn_more_often() -> None:
    allocation = Allocation(4)
    for turn in range(12):
        for query in range(4):
            allocation.add(query, 0.0 if query else float(turn % 3 - 1))

    chances = allocation.draw().chances
    assert chances[0] > 1.3 * chances[1:].max()


def blocks_until(width: float, monitored: Array, *, adaptive: bool, seed: int) -> int:
    rng = np.random.default_rng(seed)
    sequence, allocation = GapSequence(), Allocation(QUERIES)
    blocks = 0
    order: list[int] = []
    while sequence.width > width:
        order = order or rng.permutation(QUERIES).tolist()
        draw = allocation.draw() if adaptive and blocks >= QUERIES else None
        query = order.pop() if draw is None else int(rng.choice(QUERIES, p=draw.chances))
        value = float(rng.random() < monitored[query]) - float(rng.random() < 0.03)
        sequence.add(*((value,) if draw is None else draw.observation(query, value)))
        allocation.add(query, value)
        blocks += 1
    return blocks


def test_adaptive_draws_reach_a_width_with_fewer_blocks_where_queries_differ() -> None:
    monitored = np.repeat([1.0, 0.03], [12, 28])
    even, adaptive = (
        np.mean([blocks_until(0.15, monitored, adaptive=way, seed=seed) for seed in range(4)])
        for way in (False, True)
    )

    assert adaptive < 0.75 * even
