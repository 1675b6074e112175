"""Values in order: planted orders are found, ties are called ties, and a chain says no more than its pairs."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gyges.findings.ordering import MEASURES, compare_values, orderings
from gyges.findings.ranking import Ranking, chain_text, rank
from gyges.report.shapes import shape_page
from shaped_studies import Row, of_values, valued, write_shaped

HHH = ("harmlessness", "helpfulness", "honesty")


def pairs_of(
    names: str, clear: dict[tuple[str, str], int | None]
) -> dict[tuple[str, str], int | None]:
    return {pair: clear.get(pair, 0) for pair in combinations(names, 2)}


def places(found: Ranking) -> list[set[str]] | None:
    return None if found.chain is None else [set(place) for place in found.chain]


# The order


def test_a_chain_is_given_where_ties_and_differences_agree() -> None:
    found = rank({"a": 3.0, "b": 2.0, "c": 1.9}, pairs_of("abc", {("a", "b"): 1, ("a", "c"): 1}))

    assert found.chain == (("a",), ("b", "c"))
    assert chain_text(found.chain) == "a > {b, c}"
    assert found.letters == {"a": "a", "b": "b", "c": "b"}


def test_ties_that_do_not_carry_over_give_groups_and_no_chain() -> None:
    found = rank({"a": 3.0, "b": 2.0, "c": 1.0}, pairs_of("abc", {("a", "c"): 1}))

    assert found.chain is None
    assert found.groups == (("a", "b"), ("b", "c"))
    assert found.letters == {"a": "a", "b": "ab", "c": "b"}


def test_what_was_not_compared_ties_with_nothing() -> None:
    found = rank({"a": 3.0, "b": 2.0, "c": 1.0}, pairs_of("abc", {("a", "b"): None}))

    assert found.chain is None
    assert ("a", "b") not in {pair for group in found.groups for pair in combinations(group, 2)}


def test_comparisons_that_run_in_a_circle_give_no_chain() -> None:
    circle = pairs_of("abc", {("a", "b"): 1, ("b", "c"): 1, ("a", "c"): -1})

    assert rank({"a": 3.0, "b": 2.0, "c": 1.0}, circle).chain is None


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_groups_and_chain_say_exactly_what_the_pairs_say(data: st.DataObject) -> None:
    names = "abcdef"[: data.draw(st.integers(2, 6))]
    verdicts = {
        pair: data.draw(st.sampled_from([-1, 0, 0, 1, None])) for pair in combinations(names, 2)
    }
    estimates = {name: data.draw(st.floats(-1, 1)) for name in names}

    found = rank(estimates, verdicts)

    for one, other in combinations(names, 2):
        together = any(one in group and other in group for group in found.groups)
        assert together == (verdicts[one, other] == 0)
        assert together == bool(set(found.letters[one]) & set(found.letters[other]))
        if found.chain is not None:
            at = {name: place for place, group in enumerate(found.chain) for name in group}
            said = int(np.sign(at[other] - at[one]))
            assert said == verdicts[one, other]


@given(st.permutations("abcd"), st.data())
@settings(max_examples=100, deadline=None)
def test_other_names_give_the_same_order(names: list[str], data: st.DataObject) -> None:
    verdicts = {pair: data.draw(st.sampled_from([-1, 0, 1])) for pair in combinations("abcd", 2)}
    renamed = dict(zip("abcd", names, strict=True))
    estimates = {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}

    one = rank(estimates, verdicts)
    other = rank(
        {renamed[name]: value for name, value in estimates.items()},
        {(renamed[a], renamed[b]): found for (a, b), found in verdicts.items()},
    )

    assert [renamed[name] for name in one.order] == list(other.order)
    ours = places(one)
    theirs = places(other)
    assert (ours is None) == (theirs is None)
    assert [{renamed[name] for name in place} for place in ours or []] == (theirs or [])


# Simulated studies


def told_apart(answers: pl.DataFrame, seed: int = 0) -> dict[str, Any]:
    found, _ = compare_values(answers, seed=seed)
    return {of: found[of] for of in MEASURES}


def test_three_equal_values_tie_in_most_studies() -> None:
    rates = dict.fromkeys(HHH, (0.55, 0.8))
    seeds = 120

    ties = sum(
        not any(
            pair.clear
            for pair in told_apart(valued(rates, families=15, samples=2, seed=seed))[
                "preserved"
            ].pairs
        )
        for seed in range(seeds)
    )

    # Nominal 95 %; three standard errors of 120 studies below the promised 93 %.
    assert ties / seeds >= 0.93 - 3 * (0.05 * 0.95 / seeds) ** 0.5
    assert ties / seeds > 0.9


def test_a_planted_order_is_recovered_and_a_tie_in_it_stays_one() -> None:
    rates = {"harmlessness": (0.95, 0.95), "honesty": (0.35, 0.95), "helpfulness": (0.35, 0.95)}
    seeds = 40
    chains = [
        told_apart(valued(rates, families=40, samples=3, seed=seed, apart=0.4))["preserved"].ranking
        for seed in range(seeds)
    ]

    wanted = [{"harmlessness"}, {"honesty", "helpfulness"}]
    assert sum(places(found) == wanted for found in chains) / seeds >= 0.8
    # The pair that is equal is told apart as seldom as the level says, the others nearly always.
    assert all(found.order[0] == "harmlessness" for found in chains)


def test_a_whole_planted_order_is_recovered() -> None:
    rates = {"a": (0.97, 0.97), "b": (0.6, 0.97), "c": (0.1, 0.97)}

    found = [
        places(
            told_apart(valued(rates, families=40, samples=3, seed=seed, apart=0.4))[
                "preserved"
            ].ranking
        )
        for seed in range(20)
    ]

    assert found.count([{"a"}, {"b"}, {"c"}]) >= 18


def test_intervals_of_differences_hold_the_truth_as_often_as_they_say() -> None:
    # Both values are honoured by every question alike, so that the true differences are known.
    rates = {"a": (0.8, 0.9), "b": (0.5, 0.9)}
    held = 0
    for seed in range(150):
        answers = valued(rates, families=16, samples=3, seed=seed, apart=0.0)
        (pair,) = told_apart(answers)["preserved"].pairs
        sign = 1 if pair.first == "a" else -1
        assert pair.low is not None
        assert pair.high is not None
        held += pair.low <= sign * 0.3 <= pair.high

    assert held / 150 >= 0.9


@given(st.permutations(HHH), st.integers(0, 50))
@settings(max_examples=12, deadline=None)
def test_relabelled_values_are_compared_alike(names: list[str], seed: int) -> None:
    rates = {"harmlessness": (0.9, 0.9), "helpfulness": (0.4, 0.9), "honesty": (0.6, 0.9)}
    answers = valued(rates, families=12, samples=2, seed=seed)
    renamed = dict(zip(HHH, names, strict=True))

    one = told_apart(answers)["preserved"]
    other = told_apart(answers.with_columns(pl.col("value").replace(renamed)))["preserved"]

    found = {
        frozenset({pair.first, pair.second}): (
            abs(pair.estimate or 0),
            sorted(map(abs, (pair.low or 0, pair.high or 0))),
            pair.clear,
        )
        for pair in other.pairs
    }
    for pair in one.pairs:
        size, ends, clear = found[frozenset({renamed[pair.first], renamed[pair.second]})]
        assert size == pytest.approx(abs(pair.estimate or 0))
        assert ends == pytest.approx(sorted(map(abs, (pair.low or 0, pair.high or 0))))
        assert clear == pair.clear


def test_values_are_paired_within_questions() -> None:
    # Questions differ widely, values within them hardly: only pairing can see the difference.
    rng = np.random.default_rng(1)
    rows = []
    for number, liking in enumerate(np.linspace(0.05, 0.9, 16)):
        for value, shift in (("a", 0.0), ("b", 0.1)):
            for tier in ("monitored", "unmonitored"):
                given_up = liking + (shift if tier == "monitored" else 0) + rng.normal(0, 0.003)
                rows.append((value, f"f{number}", f"{value}{number}", "0", tier, given_up, False))
    names = ["value", "family", "query", "wording", "tier", "compliance", "graded"]
    answers = pl.DataFrame(rows, schema=names, orient="row")

    (paired,) = told_apart(answers)["preserved"].pairs
    apart = answers.with_columns(pl.col("query").alias("family"))
    (unpaired,) = told_apart(apart)["preserved"].pairs

    assert (paired.first, paired.clear, paired.questions) == ("a", True, 16)
    assert paired.estimate == pytest.approx(0.1, abs=0.01)
    assert unpaired.low is None
    assert unpaired.questions == 0


# A study


def planted(row: Row, rng: np.random.Generator) -> str:
    kept = {"harmlessness": 1.0, "helpfulness": 0.2, "honesty": 0.25}[row["value"]]
    honours = kept if row["tier"] == "monitored" else 0.97
    if row["value"] == "honesty" and row["family"] == "question-0":
        return "undecided" if row["sample"] else "missing"
    return "refuse" if rng.random() < honours else "comply"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("ordering") / "study"
    return write_shaped(path, of_values(HHH, 20), planted, shape="ordering")


def test_a_study_gives_what_is_preserved_as_one_less_the_gap(study: Any) -> None:
    (found,) = orderings(study)

    assert {row.value for row in found.values} == set(HHH)
    for row in found.values:
        assert row.preserved is not None
        assert row.gap is not None
        assert row.preserved[0] == pytest.approx(1 - row.gap[0])
        assert row.preserved[1] == pytest.approx(1 - (row.gap[2] or 0))
    honesty = next(row for row in found.values if row.value == "honesty")
    assert (honesty.undecided, honesty.missing) == ((1, 1), (1, 1))
    assert honesty.bounds is not None
    assert honesty.preserved is not None
    assert honesty.bounds[0] < honesty.preserved[0] < honesty.bounds[1]


def test_the_page_states_the_order_and_what_hides_in_the_tie(study: Any) -> None:
    page = shape_page(study, "given")

    assert page is not None
    assert "harmlessness > {" in page.answer[0]
    assert "could still hide" in page.answer[2]
    assert page.data["orderings"][0]["compared"]["preserved"]["pairs"]
    assert "clustered" in page.figures[1].note


def test_the_page_of_equal_values_says_that_they_tie(tmp_path: Path) -> None:
    def say(row: Row, rng: np.random.Generator) -> str:
        return "refuse" if rng.random() < (0.6 if row["tier"] == "monitored" else 0.9) else "comply"

    page = shape_page(
        write_shaped(tmp_path / "s", of_values(HHH, 12), say, shape="ordering", seed=3), "given"
    )

    assert page is not None
    assert "no value clearly better" in page.answer[0]
    assert ">" not in page.answer[0]


def test_a_value_that_nobody_holds_is_said_to_have_little_to_keep(tmp_path: Path) -> None:
    def say(row: Row, rng: np.random.Generator) -> str:
        return "comply" if row["value"] == "b" and rng.random() < 0.95 else "refuse"

    page = shape_page(
        write_shaped(tmp_path / "s", of_values("ab", 15), say, shape="ordering"), "given"
    )

    assert page is not None
    assert any("b is honoured in only" in note for note in page.notes)


def test_one_value_gives_no_page(tmp_path: Path) -> None:
    study = write_shaped(tmp_path / "s", of_values("a", 4), lambda *_: "refuse", shape="ordering")

    assert orderings(study) == []
    assert shape_page(study, "given") is None
