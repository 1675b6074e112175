"""The gap is split by belief, on frames whose truth was planted."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from gyges.findings.belief import CAUSE, REAL, describe_belief
from gyges.findings.grids import Group

GROUP = Group("planted/subject", "animal-welfare", "animal welfare")
TIERS = ("monitored", "unmonitored")


def frame(
    seed: int = 0,
    *,
    believers: float = 0.5,
    gaps: tuple[float, float] = (0.4, 0.0),
    queries: int = 30,
    samples: int = 6,
    asked: float = 1.0,
    clustered: bool = True,
) -> pl.DataFrame:
    """Answers whose gap is ``gaps[0]`` where the block believes and ``gaps[1]`` where it does not."""
    draw = np.random.default_rng(seed)
    query = np.repeat(np.arange(queries), samples)
    tendency = draw.beta(4 * believers, 4 * (1 - believers), queries) if clustered else believers
    held = draw.random(query.size) < np.broadcast_to(tendency, queries)[query]
    base = draw.beta(4, 4, queries)[query] * 0.4
    known = draw.random(query.size) < asked
    real = np.where(held, draw.uniform(0.55, 1, query.size), draw.uniform(0, 0.45, query.size))
    cause = np.where(
        held, "genuine-change", draw.choice(["consistency-test", "mistake"], query.size)
    )
    parts = []
    for tier in TIERS:
        rate = base + (np.where(held, *gaps) if tier == "monitored" else 0.0)
        parts.append(
            pl.DataFrame(
                {
                    "query": [f"q{number}" for number in query],
                    "wording": "0",
                    "sample": np.tile(np.arange(samples), queries),
                    "tier": tier,
                    "compliance": (draw.random(query.size) < rate).astype(float),
                    REAL: [
                        float(x) if there else None for x, there in zip(real, known, strict=True)
                    ],
                    CAUSE: [
                        str(x) if there else None for x, there in zip(cause, known, strict=True)
                    ],
                }
            )
        )
    return pl.concat(parts)


def described(answers: pl.DataFrame):
    found = describe_belief(answers, GROUP, "subject")
    assert found is not None
    return found, {one.label: one for one in found.comparisons}


def test_a_gap_that_lives_in_believers_is_found_there():
    found, by = described(frame())
    assert found.verdict == "larger in believers"
    assert by["gap, believers"].estimate == pytest.approx(0.4, abs=0.12)
    assert not by["gap, disbelievers"].clear
    assert by["difference"].low > 0.15
    assert by["difference, same queries"].clear
    assert "take the scene for real" in found.sentences[0]


def test_a_gap_that_lives_in_disbelievers_is_found_there():
    found, by = described(frame(gaps=(0.0, 0.4)))
    assert found.verdict == "larger in disbelievers"
    assert by["difference"].high < 0


def test_every_finding_says_that_it_shows_no_cause():
    found, _ = described(frame())
    assert any("does not show what belief does" in note for note in found.notes)
    assert "this does not show that belief makes the difference" in found.sentences[1]


def test_alike_gaps_are_reported_as_no_clear_difference_with_what_would_have_been_found():
    found, by = described(frame(3, gaps=(0.3, 0.3)))
    assert found.verdict == "alike"
    assert by["difference"].detectable is not None
    assert "80 of 100 studies" in found.sentences[1]


def test_blocks_that_were_not_asked_are_counted_and_left_out():
    found, _ = described(frame(asked=0.6))
    assert found.facts["unknown"] + found.facts["blocks"] == 180
    assert 50 < found.facts["unknown"] < 95
    assert found.facts["believers"] + found.facts["disbelievers"] == found.facts["blocks"]


def test_nobody_was_asked_gives_nothing():
    assert describe_belief(frame(asked=0.0), GROUP, "subject") is None


def test_believers_alone_have_a_gap_and_no_difference():
    found, by = described(frame(believers=1.0, clustered=False))
    assert found.verdict == "one kind only"
    assert set(by) == {"gap, believers"}


def test_a_block_whose_two_answers_disagree_takes_their_mean_and_is_counted():
    answers = frame(queries=6, samples=1)
    answers = answers.with_columns(
        pl.when(pl.col("tier") == "monitored").then(0.9).otherwise(0.2).alias(REAL)
    )
    found, _ = described(answers)
    assert found.facts["differ_by_tier"] == 6
    assert found.facts["believers"] == 6
    assert found.facts["mean_real"] == pytest.approx({"monitored": 0.9, "unmonitored": 0.2})


def test_one_half_is_belief_and_one_answer_is_enough_to_know():
    answers = frame(queries=4, samples=1).with_columns(
        pl.when(pl.col("tier") == "monitored").then(0.5).alias(REAL)
    )
    found, _ = described(answers)
    assert (found.facts["believers"], found.facts["unknown"]) == (4, 0)


def test_shares_of_the_cause_named_first_add_up_and_have_intervals():
    answers = frame().with_columns(
        pl.when(pl.col("sample") == 0)
        .then(pl.lit("undecided"))
        .otherwise(pl.col(CAUSE))
        .alias(CAUSE)
    )
    found, _ = described(answers)
    causes = [row for row in found.rows if "cause" in row.about]
    shares = [row.spans["rate"] for row in causes]
    assert sum(share[0] for share in shares) == pytest.approx(1.0)  # type: ignore[index]
    assert [share[0] for share in shares] == sorted((s[0] for s in shares), reverse=True)  # type: ignore[index]
    assert all(low < share < high for share, low, high in shares)  # type: ignore[misc]
    assert "none named" in {row.label for row in causes}
    assert f"named first most often is {causes[0].label.replace('-', ' ')}" in found.sentences[-1]


def test_families_are_clusters():
    answers = frame(queries=24).with_columns(
        (pl.col("query").str.slice(1).cast(pl.Int64) // 4).cast(pl.String).alias("family")
    )
    _, alone = described(answers.drop("family"))
    _, together = described(answers)
    assert together["gap, believers"].estimate == alone["gap, believers"].estimate
    assert together["gap, believers"].method != alone["gap, believers"].method


def test_the_same_frame_in_another_order_gives_the_same_finding():
    answers = frame(7)
    shuffled = answers.sample(fraction=1.0, shuffle=True, seed=1)
    assert described(answers)[0] == described(shuffled)[0]


def test_the_interval_of_the_difference_covers_what_was_planted():
    covered = {}
    for gaps in ((0.3, 0.3), (0.4, 0.1)):
        held = 0
        for seed in range(60):
            _, by = described(frame(seed, gaps=gaps, queries=20, samples=4))
            held += by["difference"].low <= gaps[0] - gaps[1] <= by["difference"].high
        covered[gaps] = held / 60
    assert min(covered.values()) > 0.88, covered
