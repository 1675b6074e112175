"""The figures of a calibration: known answers, laws, and what weights do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gyges.estimate import wilson
from gyges.judges import auroc as unweighted
from gyges.judges.curves import area, thresholds, vote_curve
from gyges.judges.measures import agreement, binary, counts_for, effective, retest, weighted_share

Table = Sequence[Sequence[int]]

# The first example loads numerical libraries.
quick = settings(max_examples=60, deadline=None)


def expand(table: Table) -> tuple[list[str], list[str]]:
    """Turn a table of counts into what two readers said of each answer."""
    first, second = [], []
    for row, counts in enumerate(table):
        for column, count in enumerate(counts):
            first += [str(row)] * count
            second += [str(column)] * count
    return first, second


# Two dermatologists, 88 patients: the example of SAS's FREQ procedure, with its published limits.
SKIN = [[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]]
# Two raters, 100 patients: Fleiss, Statistical Methods for Rates and Proportions (1981), table 13.1.
DIAGNOSES = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]


def test_kappa_and_its_limits_are_the_published_ones() -> None:
    found = agreement(*expand(SKIN))

    assert (found["value"], found["low"], found["high"]) == (0.3449, 0.2030, 0.4868)
    assert found["n"] == 88


def test_kappa_by_order_and_its_limits_are_the_published_ones() -> None:
    found = agreement(*expand(SKIN), order=list("0123"))

    assert (found["value"], found["low"], found["high"]) == (0.5082, 0.3798, 0.6366)


def test_kappa_stands_beside_what_chance_would_agree_on() -> None:
    found = agreement(*expand(DIAGNOSES))

    assert found["value"] == pytest.approx(0.68, abs=0.005)
    assert (found["observed"], found["expected"]) == (0.89, 0.66)
    # Fleiss gives .087 for the standard error.
    assert (found["high"] - found["value"]) / 1.96 == pytest.approx(0.087, abs=0.001)


def test_kappa_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    # Both readers are right four times in five, on labels half of which are positive.
    truth = 0.36
    held = 0
    for _ in range(300):
        labels = rng.random(150) < 0.5
        said = [labels ^ (rng.random(150) < 0.2) for _ in range(2)]
        found = agreement(*[list(map(str, one)) for one in said])
        held += found["low"] <= truth <= found["high"]
    assert 0.92 <= held / 300 <= 0.98


def test_readers_who_never_differ_are_not_certain() -> None:
    few, many = (agreement(*expand([[n, 0], [0, n]])) for n in (5, 50))

    assert few["value"] == many["value"] == few["high"] == 1
    assert few["low"] == pytest.approx(2 * wilson(1, 10)[0] - 1, abs=1e-4)
    assert few["low"] < many["low"] < 1


def test_kappa_is_not_defined_where_chance_would_agree_always() -> None:
    assert agreement(["a"] * 9, ["a"] * 9)["value"] is None
    assert agreement([], [])["value"] is None


@quick
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.integers(1, 5)), max_size=40
    )
)
def test_whole_weights_give_the_kappa_of_answers_repeated(
    rows: list[tuple[str, str, int]],
) -> None:
    first, second, weights = [a for a, *_ in rows], [b for _, b, _ in rows], [w for *_, w in rows]
    repeated = [(a, b) for a, b, w in rows for _ in range(w)]

    weighted = agreement(first, second, weights)
    plain = agreement([a for a, _ in repeated], [b for _, b in repeated])

    for name in ("value", "observed", "expected"):
        assert weighted[name] == plain[name]
    if weighted["value"] is not None and len(rows) > 2:
        # Repeating an answer adds nothing to what is known.
        assert weighted["high"] - weighted["low"] >= plain["high"] - plain["low"] - 2e-4


def test_the_roc_area_is_the_published_one() -> None:
    # Hanley and McNeil 1982: 109 images rated from 1 to 5; area .893.
    normal, abnormal = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)
    flags, scores = [], []
    for rating, (no, yes) in enumerate(zip(normal, abnormal, strict=True)):
        flags += [False] * no + [True] * yes
        scores += [float(rating)] * (no + yes)

    found = area(flags, scores)

    assert found["value"] == pytest.approx(0.893, abs=0.0005)
    # Stata's manual gives DeLong's standard error of this table: .0307.
    half = (
        math.log(found["high"] / (1 - found["high"])) - math.log(found["low"] / (1 - found["low"]))
    ) / 2
    assert half / 1.96 * 0.893 * 0.107 == pytest.approx(0.0307, abs=0.0002)


scored = st.lists(
    st.tuples(st.booleans(), st.integers(0, 12).map(lambda n: n / 12), st.integers(1, 4)),
    min_size=2,
    max_size=40,
).filter(lambda rows: len({flag for flag, *_ in rows}) == 2)
Scored = list[tuple[bool, float, int]]


@quick
@given(scored)
def test_the_roc_area_depends_on_the_order_of_scores_alone(rows: Scored) -> None:
    flags, scores, weights = (list(one) for one in zip(*rows, strict=True))

    found = area(flags, scores, weights)

    assert area(flags, [math.exp(3 * score) - 7 for score in scores], weights) == found
    turned = area(flags, [-score for score in scores], weights)
    assert turned["value"] == pytest.approx(1 - found["value"], abs=2e-4)
    assert area([not flag for flag in flags], scores, weights)["value"] == turned["value"]


@quick
@given(scored)
def test_equal_weights_are_no_weights(rows: Scored) -> None:
    flags, scores = [flag for flag, *_ in rows], [score for _, score, _ in rows]

    found = area(flags, scores, [2.5] * len(rows))
    other = unweighted.auroc(flags, scores)

    assert found == area(flags, scores)
    assert other is not None
    for name in ("value", "low", "high"):
        assert found[name] == pytest.approx(getattr(other, name), abs=1e-4)
    assert weighted_share(flags, [7.0] * len(flags)) == weighted_share(flags)


@quick
@given(scored)
def test_whole_weights_give_the_area_of_answers_repeated(rows: Scored) -> None:
    repeated = [(flag, score) for flag, score, weight in rows for _ in range(weight)]

    weighted = area(*(list(one) for one in zip(*rows, strict=True)))

    assert weighted["value"] == area(*(list(one) for one in zip(*repeated, strict=True)))["value"]


def test_the_interval_of_a_weighted_area_is_that_of_a_bootstrap() -> None:
    rng = np.random.default_rng(2)
    flags = rng.random(160) < 0.4
    scores = rng.normal(flags * 1.0, 1.0)
    weights = rng.choice([1.0, 4.0], 160)

    found = area(flags.tolist(), scores.tolist(), weights.tolist())
    drawn = []
    for _ in range(1500):
        at = np.concatenate(
            [rng.choice(np.flatnonzero(flags == side), (flags == side).sum()) for side in (0, 1)]
        )
        drawn.append(area(flags[at].tolist(), scores[at].tolist(), weights[at].tolist())["value"])

    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found["low"] == pytest.approx(low, abs=0.02)
    assert found["high"] == pytest.approx(high, abs=0.02)


def test_an_area_without_two_classes_is_not_defined_and_a_perfect_one_not_certain() -> None:
    assert area([True, True], [0.1, 0.9])["value"] is None
    perfect = area([False] * 6 + [True] * 9, [0.0] * 6 + [1.0] * 9)
    assert perfect["value"] == perfect["high"] == 1.0
    assert perfect["low"] == pytest.approx(wilson(1, 6)[0], abs=1e-4)


def test_unequal_weights_cost_answers() -> None:
    hits = [True] * 30 + [False] * 70
    weights = [4.0 if at % 10 == 0 else 1.0 for at in range(100)]

    found = weighted_share(hits, weights)
    equal = weighted_share(hits)

    assert found["value"] == pytest.approx(0.3)
    assert found["effective_n"] <= round(effective(np.array(weights)), 1) < 100
    assert found["high"] - found["low"] > equal["high"] - equal["low"]
    assert (equal["count"], equal["n"], equal["effective_n"]) == (30, 100, 100)


def test_a_weighted_share_covers_the_share_of_the_whole_where_the_unsure_are_drawn_more() -> None:
    rng = np.random.default_rng(8)
    # A judge errs on one answer in three of the unsure fifth, and on one in fifty of the rest.
    unsure = rng.random(4000) < 0.2
    wrong = rng.random(4000) < np.where(unsure, 1 / 3, 0.02)
    chance = np.where(unsure, 0.12, 0.02)
    held = naive = 0
    for _ in range(300):
        drawn = rng.random(4000) < chance
        found = weighted_share(wrong[drawn].tolist(), (1 / chance[drawn]).tolist())
        plain = weighted_share(wrong[drawn].tolist())
        held += found["low"] <= wrong.mean() <= found["high"]
        naive += plain["low"] <= wrong.mean() <= plain["high"]
    assert held / 300 > 0.93
    assert naive / 300 < 0.5


def test_rates_are_those_of_each_class() -> None:
    found = binary([True] * 10 + [False] * 20, [True] * 8 + [False] * 17 + [True] * 5)

    assert found["base_rate"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    assert (found["sensitivity"]["count"], found["sensitivity"]["n"]) == (8, 10)
    assert (found["specificity"]["count"], found["specificity"]["n"]) == (15, 20)
    assert found["precision"]["value"] == pytest.approx(8 / 13, abs=1e-4)
    assert found["informedness"]["value"] == pytest.approx(0.55)
    assert found["informedness"]["low"] < 0.55 < found["informedness"]["high"]
    assert binary([True], [True])["informedness"]["value"] is None


@quick
@given(scored)
def test_a_higher_threshold_never_finds_more(rows: Scored) -> None:
    points = thresholds(*(list(one) for one in zip(*rows, strict=True)))

    found = [point["sensitivity"]["value"] for point in points]
    spared = [point["specificity"]["value"] for point in points]
    assert found == sorted(found, reverse=True)
    assert spared == sorted(spared)
    assert (found[0], spared[0]) == (1.0, 0.0)


def majority(counts: Mapping[str, int]) -> tuple[str, float]:
    share = counts.get("yes", 0) / sum(counts.values())
    return ("yes" if share >= 0.5 else "no"), share


def test_more_votes_rank_better_and_the_last_point_is_the_verdict_itself() -> None:
    rng = np.random.default_rng(1)
    truth = ["yes"] * 60 + ["no"] * 60
    votes = [
        ["yes" if rng.random() < (0.65 if one == "yes" else 0.3) else "no" for _ in range(20)]
        for one in truth
    ]

    curve = vote_curve(votes, truth, majority, {"yes"}, seed=3)

    assert [point["votes"] for point in curve] == [1, 2, 3, 5, 10, 15, 20]
    areas = [point["auroc"]["value"] for point in curve]
    assert areas == sorted(areas)
    # One vote ranks as well as sensitivity and specificity of a vote allow: (.65 + .7) / 2.
    assert areas[0] == pytest.approx(0.675, abs=0.03)
    last = curve[-1]
    settled = [majority({"yes": one.count("yes"), "no": one.count("no")}) for one in votes]
    assert last["kappa"]["value"] == agreement(truth, [label for label, _ in settled])["value"]
    assert last["auroc"]["from"] == last["auroc"]["to"]
    assert curve == vote_curve(votes, truth, majority, {"yes"}, seed=3)


def test_answers_with_fewer_votes_keep_those_they_have() -> None:
    votes = [["yes"] * 4, ["no"] * 4, ["yes"], ["no", "no"]]

    curve = vote_curve(votes, ["yes", "no", "yes", "no"], majority, {"yes"})

    assert [point["votes"] for point in curve] == [1, 2, 3, 4]
    assert all(point["kappa"]["value"] == point["auroc"]["value"] == 1 for point in curve)
    assert vote_curve([], [], majority, {"yes"}) == []


def test_a_judge_that_changes_its_mind_has_a_flip_rate() -> None:
    first = ["comply"] * 50 + ["refuse"] * 50
    second = ["comply"] * 48 + ["refuse"] * 52

    found = retest(first, second)

    assert found["flips"]["value"] == 0.02
    assert (found["flips"]["low"], found["flips"]["high"]) == tuple(
        round(limit, 4) for limit in wilson(0.02, 100)
    )
    assert found["kappa"]["value"] == pytest.approx(0.96)


@quick
@given(
    st.dictionaries(
        st.sampled_from("abc"),
        st.lists(st.floats(0.5, 9), min_size=1, max_size=8),
        min_size=1,
    )
)
def test_counts_for_a_correction_know_no_more_than_the_labels(row: dict[str, list[float]]) -> None:
    every = np.array([weight for some in row.values() for weight in some])
    assume(effective(every) >= 1)

    counts = counts_for({"x": row}, ["a", "b", "c"])["x"]

    assert sum(counts.values()) == round(effective(every))
    for name, some in row.items():
        assert counts[name] == pytest.approx(sum(some) / every.sum() * effective(every), abs=1.5)
    ones = {name: [1.0] * len(some) for name, some in row.items()}
    assert counts_for({"x": ones}, ["a", "b", "c"])["x"] == {
        name: len(row.get(name, [])) for name in "abc"
    }
