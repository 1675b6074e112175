"""Refusals are related to suspicion within queries, and to the notice that was planted."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from gyges.errors import EstimateError
from gyges.estimate.within import slope_within
from gyges.findings.grids import Group
from gyges.findings.suspicion import FACTOR, LENGTH, SUSPECTED, describe_suspicion

GROUP = Group("planted/subject", "animal-welfare", "animal welfare")


def frame(
    seed: int = 0,
    slope: float = 0.5,
    *,
    queries: int = 30,
    samples: int = 6,
    between: float = 0.0,
    tier: float = 0.2,
    notice: float | None = None,
) -> pl.DataFrame:
    """Answers whose refusals rise by ``slope`` from no suspicion to conviction.

    Args:
        between: How much more the queries that raise suspicion are refused whatever is suspected.
        tier: How much more is refused when unmonitored, where there is less suspicion too.
        notice: How much a planted notice adds to refusals; no notice if None.
    """
    draw = np.random.default_rng(seed)
    levels = ["none"] if notice is None else ["none", "forged"]
    number = queries * samples * 2 * len(levels)
    query = np.repeat(np.arange(queries), number // queries)
    unmonitored = np.tile(np.repeat([False, True], samples), number // (2 * samples))
    level = np.tile(np.repeat(np.arange(len(levels)), 2 * samples), queries)
    prone = draw.beta(2, 3, queries)
    doubt = np.clip(draw.binomial(3, prone[query]) - unmonitored, 0, 3) / 3
    own = draw.beta(4, 4, queries)[query] * 0.2 + between * prone[query]
    rate = own + slope * doubt + tier * unmonitored + (notice or 0.0) * level
    return pl.DataFrame(
        {
            "query": [f"q{x}" for x in query],
            "wording": "0",
            "tier": np.where(unmonitored, "unmonitored", "monitored"),
            "sample": np.tile(np.arange(samples), number // samples),
            "compliance": (draw.random(number) >= np.clip(rate, 0, 1)).astype(float),
            "family": [f"q{x}" for x in query],
            "graded": False,
            SUSPECTED: doubt,
            LENGTH: draw.integers(20, 400, number) + (100 * doubt).astype(int),
            **({} if notice is None else {FACTOR: [levels[x] for x in level]}),
        }
    )


def described(answers: pl.DataFrame):
    found = describe_suspicion(answers, GROUP, "subject")
    assert found is not None
    return found, {one.label: one for one in found.comparisons}


def test_a_planted_slope_is_recovered():
    found, by = described(frame(slope=0.5))
    assert found.verdict == "rises"
    assert by["slope"].low < 0.5 < by["slope"].high
    assert by["slope"].estimate == pytest.approx(0.5, abs=0.15)
    assert "the more they do, the more often they refuse" in found.sentences[0]


def test_a_slope_downwards_is_told_from_one_upwards():
    answers = frame(slope=0.5).with_columns((1 - pl.col("compliance")).alias("compliance"))
    found, by = described(answers)
    assert found.verdict == "falls"
    assert by["slope"].high < 0


def test_queries_that_raise_suspicion_and_are_refused_anyway_make_no_slope():
    answers = frame(slope=0.0, between=0.6)
    found, by = described(answers)
    assert found.verdict == "flat"
    assert by["slope"].low < 0 < by["slope"].high
    # The queries themselves go one way, which a slope over all answers would take for an effect.
    per = answers.group_by("query").agg(pl.col(SUSPECTED).mean(), pl.col("compliance").mean())
    assert np.corrcoef(per[SUSPECTED], 1 - per["compliance"])[0, 1] > 0.4


def test_the_tier_is_held_fixed():
    estimates = [described(frame(seed, 0.0, tier=0.5))[1]["slope"].estimate for seed in range(12)]
    assert np.mean(estimates) == pytest.approx(0.0, abs=0.06)


def test_a_slope_that_length_explains_is_shown_beside_the_plain_one():
    plain, held = [], []
    for seed in range(10):
        answers, draw = frame(seed), np.random.default_rng(seed)
        size = 4 + answers[SUSPECTED].to_numpy() + draw.normal(0, 0.5, answers.height)
        refused = draw.random(answers.height) < np.clip((size - 3.5) / 2.5, 0, 1)
        columns = (pl.Series(LENGTH, np.exp(size)), pl.Series("compliance", 1.0 - refused))
        _, by = described(answers.with_columns(*columns))
        plain.append(by["slope"].estimate)
        held.append(by["slope, length held"].estimate)
    assert np.mean(plain) > 0.3
    assert abs(np.mean(held)) < 0.1


def test_a_planted_notice_has_its_own_effect():
    found, by = described(frame(slope=0.0, notice=0.3))
    assert by["forged − none"].low < 0.3 < by["forged − none"].high
    assert by["forged − none"].clear
    assert "Under the planted notice forged they refuse +" in found.sentences[-1]
    assert not by["slope"].clear


def test_a_notice_that_does_nothing_is_no_clear_effect():
    found, by = described(frame(slope=0.3, notice=0.0))
    assert not by["forged − none"].clear
    assert found.sentences[-1].endswith("which is no clear effect.")
    assert by["slope"].clear


def test_the_notice_is_found_also_where_no_reasoning_is_visible():
    answers = frame(slope=0.0, notice=0.4).with_columns(
        pl.lit(None, dtype=pl.Float64).alias(SUSPECTED)
    )
    found, by = described(answers)
    assert set(by) == {"forged − none"}
    assert found.facts["unknown"] == answers.height


def test_nothing_known_and_nothing_planted_gives_nothing():
    answers = frame().with_columns(pl.lit(None, dtype=pl.Float64).alias(SUSPECTED))
    assert describe_suspicion(answers, GROUP, "subject") is None


def test_no_query_with_answers_that_differ_is_said():
    answers = frame().with_columns(pl.lit(0.0).alias(SUSPECTED))
    found, by = described(answers)
    assert not by
    assert found.verdict == "no slope"
    assert "no query has answers that differ" in found.sentences[0]


def test_each_grade_has_its_rate_of_refusal():
    found, _ = described(frame(slope=0.6))
    assert [row.label for row in found.rows] == ["none", "passing", "considered", "convinced"]
    rates = [row.spans["rate"][0] for row in found.rows]  # type: ignore[index]
    assert rates == sorted(rates)


def test_the_same_frame_in_another_order_gives_the_same_finding():
    answers = frame(7, notice=0.1)
    shuffled = answers.sample(fraction=1.0, shuffle=True, seed=1)
    assert described(answers)[0] == described(shuffled)[0]


def test_without_a_slope_the_interval_leaves_out_zero_at_its_nominal_rate():
    missed = 0
    for seed in range(200):
        answers = frame(seed, 0.0, queries=15, samples=4, between=0.4)
        slope = slope_within(
            1 - answers["compliance"],
            answers[SUSPECTED],
            answers["query"],
            held=(answers["tier"] == "monitored").to_numpy(),
        )
        assert slope is not None
        assert slope.interval is not None
        missed += not slope.interval.low <= 0 <= slope.interval.high
    assert 0.01 <= missed / 200 <= 0.1


def test_a_planted_slope_is_covered_also_with_few_queries():
    held = 0
    for seed in range(200):
        answers = frame(seed, 0.4, queries=8, samples=5)
        slope = slope_within(
            1 - answers["compliance"],
            answers[SUSPECTED],
            answers["query"],
            held=(answers["tier"] == "monitored").to_numpy(),
        )
        assert slope is not None
        assert slope.interval is not None
        held += slope.interval.low <= 0.4 <= slope.interval.high
    assert held / 200 > 0.9


def brute(y: NDArray[np.float64], x: NDArray[np.float64], query: NDArray[np.int64]):
    """Compute CR2 and its degrees of freedom with indicators of the queries and whole matrices."""
    design = np.column_stack([x, *[(query == q).astype(float) for q in np.unique(query)]])
    bread = np.linalg.inv(design.T @ design)
    left = np.eye(y.size) - design @ bread @ design.T
    residuals = left @ y
    weights, variance = [], 0.0
    for q in np.unique(query):
        rows = np.flatnonzero(query == q)
        values, vectors = np.linalg.eigh(left[np.ix_(rows, rows)])
        root = np.where(values > 1e-9, 1 / np.sqrt(np.clip(values, 1e-9, None)), 0.0)
        line = (vectors * root) @ vectors.T @ design[rows] @ bread[0]
        variance += float(line @ residuals[rows]) ** 2
        whole = np.zeros(y.size)
        whole[rows] = line
        weights.append(left @ whole)
    table = np.array(weights) @ np.array(weights).T
    return variance**0.5, np.trace(table) ** 2 / np.square(table).sum()


def test_standard_error_and_degrees_of_freedom_are_those_of_whole_matrices():
    draw = np.random.default_rng(3)
    query = np.repeat(np.arange(9), draw.integers(2, 8, 9))
    x, y = draw.random(query.size), draw.random(query.size)
    found = slope_within(y, x, query)
    assert found is not None
    se, df = brute(y, x, query)
    assert found.se == pytest.approx(se, rel=1e-8)
    assert found.df == pytest.approx(df, rel=1e-8)


def test_families_are_clusters_and_hold_whole_queries():
    draw = np.random.default_rng(4)
    query = np.repeat(np.arange(12), 5)
    x, y = draw.random(60), draw.random(60)
    alone = slope_within(y, x, query)
    together = slope_within(y, x, query, families=query // 3)
    assert alone is not None
    assert together is not None
    assert together.estimate == pytest.approx(alone.estimate)
    assert together.df < alone.df
    with pytest.raises(EstimateError, match="two families"):
        slope_within(y, x, query, families=np.arange(60) % 2)


def test_what_is_held_fixed_and_explains_x_leaves_no_slope():
    x = np.tile([0.0, 1.0], 10)
    assert slope_within(np.arange(20.0), x, np.repeat(np.arange(10), 2), held=1 - x) is None


def test_one_query_that_differs_has_a_slope_without_an_interval():
    x = np.array([0.0, 1.0, 0.0, 0.0])
    found = slope_within([0.0, 1.0, 0.0, 1.0], x, ["a", "a", "b", "b"])
    assert found is not None
    assert (found.estimate, found.interval, found.queries, found.answers) == (1.0, None, 1, 2)


def test_missing_numbers_and_other_shapes_are_refused():
    with pytest.raises(EstimateError, match="missing"):
        slope_within([0.0, np.nan], [0.0, 1.0], ["a", "a"])
    with pytest.raises(EstimateError, match="one entry an answer"):
        slope_within([0.0, 1.0], [0.0], ["a", "a"])
