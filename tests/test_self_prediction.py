"""Predictions are set beside acts, on frames whose truth was planted."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from gyges.findings.grids import Group
from gyges.findings.self_prediction import PREDICTED, describe_self_prediction

GROUP = Group("planted/subject", "animal-welfare", "animal welfare")
TIERS = ("monitored", "unmonitored")


def frame(
    seed: int = 0,
    *,
    does: tuple[float, float] = (0.7, 0.2),
    says: tuple[float, float] | None = None,
    queries: int = 40,
    samples: int = 4,
) -> pl.DataFrame:
    """Answers that comply at the rates ``does``; predictions that say so at the rates ``says``, or that are right."""
    draw = np.random.default_rng(seed)
    shift = draw.normal(0, 0.1, queries)
    parts = []
    for at, tier in enumerate(TIERS):
        query = np.repeat(np.arange(queries), samples)
        act = (draw.random(query.size) < np.clip(does[at] + shift[query], 0, 1)).astype(float)
        if says is None:
            # The most frequent act of the query is predicted.
            majority = np.bincount(query, act) / samples > 0.5
            said = majority.astype(float)[query]
        else:
            said = (draw.random(queries) < says[at]).astype(float)[query]
        parts.append(
            pl.DataFrame(
                {
                    "query": [f"q{x}" for x in query],
                    "tier": tier,
                    "sample": np.tile(np.arange(samples), queries),
                    "compliance": act,
                    PREDICTED: said,
                }
            )
        )
    return pl.concat(parts)


def described(answers: pl.DataFrame):
    found = describe_self_prediction(answers, GROUP, "subject")
    assert found is not None
    return found, {one.label: one for one in found.comparisons}


def test_a_subject_that_knows_itself_agrees_beyond_chance():
    found, by = described(frame(samples=1))
    assert found.facts["agree"] == 1.0
    assert found.facts["kappa"] == pytest.approx(1.0)
    assert by["gap, predicted − observed"].estimate == 0.0
    assert found.facts["agree_low"] > 0.9


def test_a_subject_that_denies_the_gap_that_it_shows_is_found_out():
    found, by = described(frame(says=(0.1, 0.1)))
    assert found.verdict == "predicts less"
    assert by["gap, observed"].estimate == pytest.approx(0.5, abs=0.1)
    assert by["gap, predicted"].low < 0 < by["gap, predicted"].high
    assert by["gap, predicted − observed"].high < 0
    assert by["predicted − observed, monitored"].high < 0
    assert "the prediction is too small: −" in found.sentences[-1]


def test_a_subject_that_claims_a_gap_that_is_not_there_is_found_too():
    found, by = described(frame(does=(0.3, 0.3), says=(0.9, 0.1)))
    assert found.verdict == "predicts more"
    assert by["gap, predicted − observed"].low > 0


def test_right_rates_with_wrong_queries_agree_no_more_than_chance():
    found, by = described(frame(does=(0.5, 0.5), says=(0.5, 0.5), queries=80))
    assert found.facts["agree"] == pytest.approx(found.facts["chance"], abs=0.08)
    assert abs(found.facts["kappa"]) < 0.2
    assert not by["gap, predicted − observed"].clear


def test_always_the_same_act_agrees_without_any_kappa():
    answers = frame().with_columns(pl.lit(0.0).alias("compliance"), pl.lit(0.0).alias(PREDICTED))
    found, _ = described(answers)
    assert (found.facts["agree"], found.facts["chance"], found.facts["kappa"]) == (1.0, 1.0, None)
    assert "kappa" not in found.sentences[0]


def test_each_tier_has_its_agreement_and_both_rates():
    found, _ = described(frame(says=(0.1, 0.1)))
    assert [row.label for row in found.rows] == list(TIERS)
    monitored, unmonitored = (row.spans for row in found.rows)
    assert monitored["rate"][0] < unmonitored["rate"][0]  # type: ignore[index]
    for spans in (monitored, unmonitored):
        for estimate, low, high in (spans["rate"], spans["predicted"], spans["observed"]):  # type: ignore[misc]
            assert low < estimate < high  # type: ignore[operator]


def test_partial_agrees_with_partial_alone():
    answers = pl.DataFrame(
        {
            "query": list("abcd"),
            "tier": "monitored",
            "compliance": [0.5, 0.5, 1.0, 0.0],
            PREDICTED: [0.5, 1.0, 0.5, 0.0],
        }
    )
    found, by = described(answers)
    assert found.facts["agree"] == 0.5
    assert found.verdict == "no gap to compare"
    assert set(by) == {"predicted − observed, monitored"}


def test_answers_without_a_prediction_are_counted_and_left_out():
    answers = frame(samples=1).with_columns(
        pl.when(pl.col("query").is_in(["q0", "q1", "q2"]))
        .then(None)
        .otherwise(PREDICTED)
        .alias(PREDICTED)
    )
    found, _ = described(answers)
    assert (found.facts["answers"], found.facts["without_prediction"]) == (74, 6)
    assert "6 answers have no prediction." in found.sentences


def test_undecided_and_missing_answers_do_not_count():
    answers = frame(samples=1).with_columns(
        pl.when(pl.col("query") == "q0").then(None).otherwise("compliance").alias("compliance")
    )
    found, _ = described(answers)
    assert found.facts["answers"] == 78


def test_no_prediction_at_all_gives_nothing():
    answers = frame().with_columns(pl.lit(None, dtype=pl.Float64).alias(PREDICTED))
    assert describe_self_prediction(answers, GROUP, "subject") is None


def test_a_query_predicted_in_one_tier_alone_is_in_no_gap():
    answers = frame(samples=1).filter((pl.col("query") != "q0") | (pl.col("tier") == "monitored"))
    _, by = described(answers)
    assert by["gap, predicted"].queries == by["gap, observed"].queries == 39


def test_the_same_frame_in_another_order_gives_the_same_finding():
    answers = frame(5, says=(0.4, 0.3))
    shuffled = answers.sample(fraction=1.0, shuffle=True, seed=1)
    assert described(answers)[0] == described(shuffled)[0]


def test_thousands_of_answers_need_no_table_of_pairs():
    found, _ = described(frame(queries=100, samples=100))
    assert found.facts["answers"] == 20_000


def test_the_interval_of_the_agreement_covers_what_was_planted():
    held = 0
    for seed in range(40):
        found, _ = described(frame(seed, does=(0.6, 0.3), says=(0.5, 0.5), queries=20))
        # Predictions by the toss of a coin are right half the time, whatever is done.
        held += found.facts["agree_low"] <= 0.5 <= found.facts["agree_high"]
    assert held / 40 > 0.85
