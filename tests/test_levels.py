"""What was varied: planted effects are recovered, flat subjects are reported flat, and nothing is claimed by chance."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from gyges import findings
from gyges.errors import EstimateError, StudyError
from gyges.estimate.contrasts import (
    Labels,
    adjusted,
    contrast,
    detectable,
    differ,
    page_trend,
    slope,
)
from gyges.estimate.draws import halves, line, one_off
from gyges.findings import Varied
from gyges.findings.exposure import exposure
from gyges.findings.grids import Grid, arrange, factors_of, level_text, ordered, read_answers
from gyges.findings.grids import Group as Who
from gyges.findings.levels import reference_of
from gyges.findings.trends import describe_trend
from gyges.findings.wording_parts import component_effects
from gyges.structure import structure
from gyges.study import StudyFolder
from gyges.study.schema import Trial, is_derived
from varied_studies import Cell, cells, reworded, wordings, write_study

NAN = float("nan")
FIVE = ("supervised", "model_rated", "monitored", "rated", "unmonitored")


def monitored(cell: Cell) -> bool:
    return bool(cell["tier"] == "monitored")


def only(study: StudyFolder, page: str, **options: Any) -> Varied:
    (found,) = [one for one in findings.varied(study, **options) if one.page == page]
    return found


# Contrasts


def test_a_contrast_is_the_mean_over_queries_of_paired_differences() -> None:
    values = np.array([[0.2, 0.5, NAN], [0.4, 0.5, 0.1], [NAN, 0.9, 0.3]])

    found = contrast(values, [-1, 1, 0], Labels(np.arange(3)), [None, None, None])

    assert found is not None
    assert found.estimate == pytest.approx(0.2)
    assert found.queries == 2


def test_queries_count_alike_however_many_cells_they_have() -> None:
    values = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0]])

    found = contrast(values, [-1, 1], Labels(np.array(["a", "a", "a", "b"])), [None, None])

    assert found is not None
    assert found.estimate == pytest.approx(0.5)


def test_a_contrast_turned_round_has_the_interval_turned_round() -> None:
    rng = np.random.default_rng(3)
    values, labels = rng.integers(0, 5, (14, 3)) / 4, Labels(np.arange(14))
    spans = [(float(x), float(x) - 0.2, float(x) + 0.1) for x in values.mean(0)]

    one = contrast(values, [1, -1, 0], labels, spans)
    other = contrast(values, [-1, 1, 0], labels, spans)

    assert one is not None
    assert other is not None
    assert one.interval is not None
    assert other.interval is not None
    assert (one.estimate, one.p) == pytest.approx((-other.estimate, other.p))
    assert one.interval.low == pytest.approx(-other.interval.high)


def test_where_nothing_happened_the_levels_own_intervals_give_the_contrast_width() -> None:
    found = contrast(
        np.zeros((12, 2)), [1, -1], Labels(np.arange(12)), [(0.0, -0.1, 0.1), (0.0, -0.2, 0.2)]
    )

    assert found is not None
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((-(0.05**0.5), 0.05**0.5))
    assert found.p == 1.0
    size = detectable(found)
    assert size is not None
    assert size > 0.22


def test_a_slope_is_that_of_least_squares_and_needs_no_complete_cells() -> None:
    x = [0.0, 0.3, 0.7, 1.0]
    rng = np.random.default_rng(1)
    values = rng.random((9, 4))
    values[2, 1] = NAN
    lines = [np.polyfit(np.array(x)[~np.isnan(row)], row[~np.isnan(row)], 1)[0] for row in values]

    found = slope(values, x, Labels(np.arange(9)), [None] * 4)

    assert found is not None
    assert found.estimate == pytest.approx(np.mean(lines))
    change = found.times(-2.0)
    assert change.interval is not None
    assert found.interval is not None
    assert change.interval.low == pytest.approx(-2 * found.interval.high)


def test_one_query_gives_a_contrast_without_an_interval() -> None:
    found = contrast([[0.5, 1.0]], [-1, 1], Labels(np.array(["a"])), [None, None])

    assert found is not None
    assert (found.estimate, found.interval, found.p, detectable(found)) == (0.5, None, None, None)
    assert not found.clear()


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(EstimateError, match="2 weights"):
        contrast(np.zeros((4, 3)), [1, -1], Labels(np.arange(4)), [])


def test_an_order_is_found_in_either_direction_and_not_in_noise() -> None:
    rng = np.random.default_rng(2)
    labels = Labels(np.arange(20))
    noise = rng.random((20, 5))
    rising = noise * 0.5 + np.arange(5) * 0.1

    up, down, none = (
        page_trend(table, labels) for table in (rising, rising[:, ::-1], np.zeros((20, 5)))
    )

    assert up is not None
    assert up < 0.001
    assert down == pytest.approx(up)
    assert none == 1.0
    assert page_trend(noise[:, :2], labels) is None


def test_tests_hold_their_level_where_nothing_differs() -> None:
    rng = np.random.default_rng(0)
    labels = Labels(np.arange(15))
    hits = {"contrast": 0, "slope": 0, "differ": 0, "page": 0}
    rounds = 200
    for _ in range(rounds):
        liking = rng.beta(1, 3, (15, 1))
        values = (rng.binomial(4, np.repeat(liking, 4, 1)) - rng.binomial(4, liking, (15, 4))) / 4
        one = contrast(values, [-1, 0, 0, 1], labels, [None] * 4)
        steep = slope(values, [0, 1, 2, 3], labels, [None] * 4)
        assert one is not None
        assert steep is not None
        hits["contrast"] += one.clear()
        hits["slope"] += steep.clear()
        hits["differ"] += (differ(values, labels) or 1) < 0.05
        hits["page"] += (page_trend(values, labels) or 1) < 0.05
    # The chance of more than 20 of 200 is under 0.3 % at the level of 5 %.
    assert max(hits.values()) <= 20, hits


def test_intervals_cover_a_planted_difference_of_a_rare_behaviour() -> None:
    rng = np.random.default_rng(5)
    hits, rounds = 0, 200
    for _ in range(rounds):
        liking = rng.gamma(2, 0.5, (20, 1))
        rates = np.clip(np.array([0.02, 0.12]) * liking, 0, 1)
        m, u = rng.binomial(3, rates) / 3, rng.binomial(3, 0.02 * liking.clip(0, 1), (20, 2)) / 3
        three = np.full((20, 2), 3.0)
        grid = Grid(
            "f",
            [0, 1],
            {"monitored": m, "unmonitored": u},
            {"monitored": three, "unmonitored": three},
            Labels(np.arange(20)),
            False,
            False,
            0,
        )
        found = contrast(grid.values("gap"), [-1, 1], grid.labels, grid.spans("gap"))
        assert found is not None
        assert found.interval is not None
        hits += found.interval.low <= 0.10 <= found.interval.high
    assert hits >= 182


# A wording among others


def landscape(
    rng: np.random.Generator, spread: float, *, dip: float = 0.0, queries: int = 15, count: int = 25
) -> np.ndarray:
    rates = np.clip(0.4 + rng.normal(0, spread, count) + rng.normal(0, 0.15, (queries, 1)), 0, 1)
    rates[:, 0] = np.clip(rates[:, 0] + dip, 0, 1)
    answers = rng.random((2, queries, count))
    return (answers[0] < rates).astype(float) - (answers[1] < 0.1)


@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_a_wording_like_the_others_is_seldom_called_special(spread: float) -> None:
    rng = np.random.default_rng(7)
    labels = Labels(np.arange(15))
    hits = {"one": 0, "near": 0, "line": 0}
    for _ in range(200):
        values = landscape(rng, spread)
        one = one_off(values, 0, labels, [None, None])
        near = halves(values[:, 1:], np.arange(24) < 6, labels, [None, None])
        steep = line(values[:, 1:], np.linspace(0.1, 0.6, 24), labels)
        for name, found in (("one", one), ("near", near), ("line", steep)):
            assert found is not None
            hits[name] += found.clear()
    assert max(hits.values()) <= 20, hits


@pytest.mark.parametrize("way", [-1, 1])
def test_a_wording_off_the_others_is_found_in_either_direction(way: int) -> None:
    rng = np.random.default_rng(8)
    found = [
        one_off(
            landscape(rng, 0.05, dip=way * 0.45, queries=30), 0, Labels(np.arange(30)), [None] * 2
        )
        for _ in range(40)
    ]

    clear = [one for one in found if one is not None and one.clear()]
    assert len(clear) >= 34
    assert all(one.estimate * way > 0 for one in clear)


def test_how_far_wordings_lie_apart_widens_the_interval_of_one() -> None:
    rng = np.random.default_rng(9)
    labels = Labels(np.arange(40))
    narrow, wide = (
        one_off(landscape(rng, spread, queries=40), 0, labels, [None, None])
        for spread in (0.0, 0.2)
    )

    assert narrow is not None
    assert wide is not None
    assert narrow.interval is not None
    assert wide.interval is not None
    assert wide.interval.high - wide.interval.low > 1.5 * (
        narrow.interval.high - narrow.interval.low
    )
    assert "as far as 24 other wordings lie apart" in wide.interval.method


def test_components_that_do_nothing_are_seldom_said_to_do_something() -> None:
    rng = np.random.default_rng(4)
    texts = wordings(3, ("rule", "goal"))
    known = {t["wording"]: {"rule": t["wording_rule"], "goal": t["wording_goal"]} for t in texts}
    hits, rounds = 0, 60
    for _ in range(rounds):
        found = component_effects(
            _grid_of(landscape_rates(rng, len(texts))), list(known), known, 0.95, 0
        )[0]
        assert len(found) == 4
        hits += any(one.clear for one in found)
    assert hits <= 8


def landscape_rates(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    high, low = (rng.binomial(2, p, (15, count)) / 2 for p in (0.4, 0.2))
    return high, low


def _grid_of(arms: Sequence[np.ndarray]) -> Grid:
    rates = dict(zip(("monitored", "unmonitored"), arms, strict=True))
    two = {tier: np.full(arm.shape, 2.0) for tier, arm in rates.items()}
    levels = list(range(arms[0].shape[1]))
    return Grid("f", levels, rates, two, Labels(np.arange(arms[0].shape[0])), False, False, 0)


# Which answers are compared


def test_a_design_of_one_factor_at_a_time_compares_what_shares_all_else(tmp_path: Path) -> None:
    base = {"persona": ["none"], "temperature": [1.0]}
    asked = [
        *cells(8, 2, **base),
        *cells(8, 2, **{**base, "persona": ["saint"]}),
        *cells(8, 2, **{**base, "temperature": [0.0]}),
    ]
    # At temperature 0 everybody complies when monitored; that must stay out of the personas' comparison.
    study = write_study(
        tmp_path / "s", asked, lambda c: float(monitored(c) and c["temperature"] == 0)
    )

    found = only(study, "factor-persona")

    assert [row.label for row in found.rows] == ["none", "saint"]
    assert [row.spans["gap"][0] for row in found.rows] == [0.0, 0.0]  # type: ignore[index]
    assert "left out" in found.notes[0]


def test_a_balanced_fraction_compares_the_levels_of_each_query(tmp_path: Path) -> None:
    # Each query is asked in every persona at one temperature, and the temperatures take turns.
    asked = [
        {**cell, "temperature": float((cell["query"] + place) % 2)}
        for place, persona in enumerate(("none", "saint"))
        for cell in cells(30, 2, persona=[persona])
    ]
    study = write_study(
        tmp_path / "s", asked, lambda c: 0.2 + 0.5 * (monitored(c) and c["persona"] == "saint")
    )

    found = only(study, "factor-persona")

    assert found.verdict == "differs"
    assert "mixed alike" in found.notes[0]


def test_levels_stand_in_order() -> None:
    assert ordered([1.0, 0.3, 0.0, None]) == [None, 0.0, 0.3, 1.0]
    assert ordered(["b", "a", "c"], ["c", "b"]) == ["c", "b", "a"]
    assert [level_text(x) for x in (None, True, 0.30, 2, "x")] == [
        "not stated",
        "true",
        "0.3",
        "2",
        "x",
    ]


@pytest.mark.parametrize(
    ("levels", "counts", "default", "expected"),
    [
        (["a", "none"], {"a": 9, "none": 1}, None, "none"),
        (["a", "none"], {"a": 9, "none": 1}, "a", "a"),
        (["a", "b", "c"], {"a": 1, "b": 5, "c": 1}, None, "b"),
        (["a", "b"], {"a": 5, "b": 5}, None, "a"),
    ],
)
def test_the_level_that_others_are_compared_with(
    levels: list[str], counts: dict[str, int], default: str | None, expected: str
) -> None:
    assert levels[reference_of(levels, counts, default)] == expected


# Planted truths


@pytest.fixture(scope="module")
def texts() -> list[dict[str, Any]]:
    return wordings()


def test_a_planted_component_effect_is_recovered(
    tmp_path: Path, texts: list[dict[str, Any]]
) -> None:
    study = write_study(
        tmp_path / "s",
        reworded(texts, 16, 1),
        lambda c: 0.2 + monitored(c) * (0.15 + 0.3 * (c["wording_rule"] == 2)),
        seed=1,
    )

    found = only(study, "wordings")

    (hit,) = [one for one in found.comparisons if one.label == "rule 2 − 0"]
    assert hit.clear
    assert hit.low is not None
    assert hit.high is not None
    assert hit.low <= 0.3 <= hit.high
    others = [
        one for one in found.comparisons if one.kind.startswith("component") and one is not hit
    ]
    assert len(others) == 11
    assert not any(one.clear for one in others)
    assert found.facts["p_components"]["rule"] < 0.01
    assert min(found.facts["p_components"][name] for name in ("goal", "privacy")) > 0.05
    assert any("rule (up to" in text and "moves the gap" in text for text in found.sentences)
    assert found.facts["variance"]["wording"]["sd"] == pytest.approx(0.12, abs=0.06)


@pytest.mark.parametrize(("way", "said"), [(-0.4, "dip"), (0.5, "spike")])
def test_a_planted_dip_or_spike_at_the_published_wording_is_recovered(
    tmp_path: Path, texts: list[dict[str, Any]], way: float, said: str
) -> None:
    published = {
        **texts[0],
        "wording": "published",
        **{f"wording_{p}": None for p in ("rule", "goal", "privacy")},
    }
    asked = reworded([{k: v for k, v in published.items() if v is not None}, *texts[1:60]], 24, 1)
    study = write_study(
        tmp_path / "s",
        asked,
        lambda c: 0.1 + monitored(c) * (0.4 + way * (c["wording"] == "published")),
        spec={"published": [{"what": "The paper", "since": "2024-12"}], "cutoff": "2025-03"},
    )

    found = only(study, "wordings")

    assert found.verdict == said
    (one,) = found.of_kind("reference")
    assert one.low is not None
    assert one.high is not None
    assert one.low <= way <= one.high
    assert f"the published wording is a {said}" in found.sentences[0]
    assert found.facts["rank"]["from_lowest"] == (1 if way < 0 else 60)
    assert found.sentences[-1].endswith("after that: it could have been among them.")
    assert found.rows[[row.label for row in found.rows].index("published")].x == 0


def test_a_flat_landscape_is_reported_flat_with_what_it_could_have_found(
    tmp_path: Path, texts: list[dict[str, Any]]
) -> None:
    study = write_study(
        tmp_path / "s", reworded(texts[:27], 20, 2), lambda c: 0.2 + 0.2 * monitored(c)
    )

    found = only(study, "wordings")

    assert found.verdict == "nothing at the reference"
    assert not any(one.clear for one in found.comparisons)
    said = " ".join(found.sentences)
    assert "nothing shows that they differ beyond chance" in said
    assert "a dip or a spike of" in said
    assert said.count("would have been found in 80 of 100") >= 3
    assert all(one.detectable is not None for one in found.of_kind("reference"))


SWEEP = [0.0, 0.3, 0.5, 0.7, 1.0]
RISE = dict(zip(SWEEP, (0.04, 0.12, 0.25, 0.4, 0.4), strict=True))


def test_a_tenfold_rise_with_temperature_is_recovered(tmp_path: Path) -> None:
    study = write_study(
        tmp_path / "s",
        cells(40, 4, temperature=SWEEP),
        lambda c: RISE[c["temperature"]] if monitored(c) else 0.04,
    )

    found = only(study, "temperature")

    assert found.verdict == "rises"
    ratio = found.facts["monitored"]["ratio"]
    assert ratio["low"] <= 10 <= (ratio["high"] or np.inf)
    assert 5 <= ratio["times"] <= 25
    assert found.facts["unmonitored"]["verdict"] == "flat"
    assert "the gap rises with temperature" in found.sentences[0]
    assert "times the lower" in " ".join(found.sentences)
    assert [row.x for row in found.rows] == SWEEP


def test_a_fall_with_temperature_is_recovered(tmp_path: Path) -> None:
    study = write_study(
        tmp_path / "s",
        cells(30, 3, temperature=SWEEP),
        lambda c: 0.6 - 0.4 * c["temperature"] if monitored(c) else 0.1,
    )

    found = only(study, "temperature")

    assert found.verdict == "falls"
    line_ = found.facts["gap"]
    assert line_["slope_low"] <= -0.4 <= line_["slope_high"]


def test_a_curve_that_rises_and_falls_again_is_said_to_change(tmp_path: Path) -> None:
    hump = dict(zip(SWEEP, (0.1, 0.2, 0.6, 0.2, 0.1), strict=True))
    study = write_study(
        tmp_path / "s",
        cells(40, 3, temperature=SWEEP),
        lambda c: hump[c["temperature"]] if monitored(c) else 0.1,
    )

    found = only(study, "temperature")

    assert found.verdict == "differs"
    assert "but not in one direction" in found.sentences[0]


def test_a_flat_temperature_is_reported_flat_with_what_it_could_have_found(tmp_path: Path) -> None:
    study = write_study(
        tmp_path / "s", cells(30, 3, temperature=SWEEP), lambda c: 0.1 + 0.2 * monitored(c)
    )

    found = only(study, "temperature")

    assert found.verdict == "flat"
    assert "is flat over temperature 0 to 1" in found.sentences[0]
    assert "would have been found in 80 of 100 studies like this" in found.sentences[0]


def test_a_subject_that_never_complies_is_flat_and_its_intervals_have_width(tmp_path: Path) -> None:
    study = write_study(tmp_path / "s", cells(20, 3, temperature=SWEEP), lambda c: 0.0)

    found = only(study, "temperature")

    assert found.verdict == "flat"
    assert all(one.low is not None and one.low < 0 < (one.high or 0) for one in found.comparisons)
    assert found.facts["repeats"]["share"] == 0


def test_repeats_at_temperature_0_are_counted_by_hand(tmp_path: Path) -> None:
    # Of the cells at 0, those of even queries differ in their two samples when monitored.
    study = write_study(
        tmp_path / "s",
        cells(10, 2, temperature=[0.0, 1.0]),
        lambda c: float(monitored(c) and c["query"] % 2 == 0 and c["sample"] == 0),
    )

    repeats = only(study, "temperature").facts["repeats"]

    assert (repeats["differ"], repeats["cells"], repeats["share"]) == (5, 20, 0.25)
    assert repeats["low"] < 0.25 < repeats["high"]


def test_trends_are_seldom_claimed_where_there_is_none() -> None:
    rng = np.random.default_rng(6)
    group, verdicts = Who("s", "w", "v"), []
    for _ in range(60):
        liking = rng.beta(2, 5, (15, 1))
        arms = [rng.binomial(2, np.repeat(liking, 4, 1)) / 2 for _ in range(2)]
        verdicts.append(
            describe_trend(_grid_of(arms), group, "s", page="temperature", key="f").verdict
        )
    assert sum(verdict != "flat" for verdict in verdicts) <= 8


def test_a_three_tier_pattern_is_recovered(tmp_path: Path) -> None:
    rates = {"monitored": 0.55, "rated": 0.2, "unmonitored": 0.2}
    study = write_study(
        tmp_path / "s", cells(40, 3, tiers=tuple(rates)), lambda c: rates[c["tier"]]
    )

    found = only(study, "tiers")

    guarding, sycophancy, whole = found.of_kind("part")
    assert guarding.label == "goal-guarding: monitored − rated"
    assert guarding.clear
    assert guarding.low is not None
    assert guarding.high is not None
    assert guarding.low <= 0.35 <= guarding.high
    assert not sycophancy.clear
    assert whole.estimate == pytest.approx(guarding.estimate + sycophancy.estimate)
    assert found.verdict == "goal-guarding"
    assert "no clear rater-sycophancy gap" in found.sentences[1]
    assert found.facts["order"]["p"] < 0.01


def test_five_tiers_and_schemes_that_leave_one_out(tmp_path: Path) -> None:
    rates = {
        "monitored": 0.7,
        "model_rated": 0.55,
        "supervised": 0.45,
        "rated": 0.3,
        "unmonitored": 0.1,
    }
    asked = [
        {**cell, "tier_scheme": scheme}
        for scheme in ("five", *[f"five-without-{tier}" for tier in FIVE])
        for cell in cells(20, 2, tiers=[tier for tier in FIVE if scheme != f"five-without-{tier}"])
    ]
    study = write_study(
        tmp_path / "s",
        asked,
        # The rated tier is believed only where there is no unmonitored one.
        lambda c: (
            0.95
            if c["tier"] == "rated" and c["tier_scheme"] == "five-without-unmonitored"
            else rates[c["tier"]]
        ),
    )

    found = only(study, "tiers")

    assert found.facts["order"]["pairs_in_order"] >= 9
    assert len(found.rows) == 25
    moved = {one.of for one in found.of_kind("scheme") if one.clear}
    assert moved == {"rated"}
    said = " ".join(found.sentences)
    assert "rated, does not keep its rate" in said
    assert "keeps its rate within chance: monitored" in said
    assert [one.page for one in findings.varied(study)] == ["tiers"]


def test_tiers_that_are_alike_are_flat(tmp_path: Path) -> None:
    study = write_study(tmp_path / "s", cells(30, 2, tiers=FIVE), lambda c: 0.3)

    found = only(study, "tiers")

    assert found.verdict == "flat"
    assert "does not clearly fall in the order expected" in " ".join(found.sentences)


def test_compliance_follows_a_stated_probability_of_oversight(tmp_path: Path) -> None:
    levels = [None, 0.0, 0.25, 0.5, 0.75, 1.0]
    study = write_study(
        tmp_path / "s",
        cells(40, 3, oversight=levels),
        lambda c: 0.2 + 0.5 * (c["oversight"] or 0) * monitored(c),
    )

    found = only(study, "oversight")

    assert found.verdict == "rises"
    assert found.sentences[0].startswith("planted/subject: compliance when monitored rises")
    line_ = found.facts["monitored"]
    assert line_["slope_low"] <= 0.5 <= line_["slope_high"]
    assert line_["slope_p"] < 0.001
    assert found.rows[0].label == "not stated"
    assert found.rows[0].x is None


def test_consequences_are_compared_with_none_and_adjusted_together(tmp_path: Path) -> None:
    gap = {"none": 0.05, "preservation": 0.4, "influence": 0.05}
    study = write_study(
        tmp_path / "s",
        cells(30, 2, values=("care", "loyalty"), consequence=list(gap)),
        lambda c: 0.1 + gap[c["consequence"]] * monitored(c),
    )

    whole, care, loyalty = findings.varied(study)

    assert {one.page for one in (whole, care, loyalty)} == {"consequences"}
    assert (whole.group.value, whole.group.values, care.group.value) == ("", 2, "care")
    assert whole.rows[0].label == "none"
    assert whole.rows[0].reference
    assert whole.rows[0].queries == 60
    clear = {one.label for one in whole.of_kind("level") if one.of == "gap" and one.clear}
    assert clear == {"preservation − none"}
    assert "larger under preservation" in whole.sentences[0]
    assert "1 level does not clearly differ" in whole.sentences[0]
    for one in whole.of_kind("level"):
        assert one.p is not None
        assert one.p_adjusted is not None
        assert one.p <= one.p_adjusted


def test_a_factor_that_does_nothing_is_flat(tmp_path: Path) -> None:
    study = write_study(
        tmp_path / "s",
        cells(25, 2, persona=["none", "virtuous", "clerk"]),
        lambda c: 0.2 + 0.3 * monitored(c),
    )

    found = only(study, "factor-persona")

    assert found.verdict == "flat"
    assert "No level of persona changes the gap beyond chance" in found.sentences[0]
    assert "would have been found in 80 of 100" in found.sentences[0]


def test_a_dose_curve_rises_in_order(tmp_path: Path) -> None:
    study = write_study(
        tmp_path / "s",
        cells(40, 3, dose=[0, 1, 2, 3, 4]),
        lambda c: 0.1 + 0.12 * c["dose"] * monitored(c),
    )

    found = only(study, "dose")

    assert found.verdict == "rises"
    assert found.facts["gap"]["page_p"] < 0.001
    assert "Page's trend test" in found.sentences[1]


def test_what_is_said_is_crossed_with_what_is_done(tmp_path: Path) -> None:
    # Query 0 to 9 fake and say so, 10 to 19 fake in silence, the rest never comply.
    study = write_study(
        tmp_path / "s",
        cells(30, 2),
        lambda c: float(monitored(c) and c["query"] < 20),
        verbalised=lambda c, comply: comply and c["query"] < 10,
    )

    found = only(study, "verbalised")

    assert {
        key: found.facts[key] for key in ("behaves_verbalised", "behaves_silent", "other_silent")
    } == {
        "behaves_verbalised": 20,
        "behaves_silent": 20,
        "other_silent": 20,
    }
    assert found.facts["other_verbalised"] == 0
    spoken, silent = found.of_kind("verbalised")
    assert (spoken.estimate, silent.estimate) == (1.0, 0.5)
    assert found.verdict == "silent gap"
    both = next(row for row in found.rows if row.about == {"behaves": True, "verbalises": True})
    assert both.where["verbalised"] == "yes"
    assert both.where["arms"] == "monitored"


def test_subjects_are_compared_on_the_prompts_that_both_were_asked(tmp_path: Path) -> None:
    asked = [
        *cells(30, 2, subjects=("a", "b"), temperature=[1.0]),
        # Asked of c at another temperature too, where it would fake: that is not compared.
        *cells(30, 2, subjects=("c",), temperature=[0.0, 1.0]),
    ]
    faking = {"a": 0.6, "b": 0.0, "c": 0.0}
    study = write_study(
        tmp_path / "s",
        asked,
        lambda c: 0.1 + monitored(c) * (0.8 if c["temperature"] == 0 else faking[c["subject"]]),
    )

    found = only(study, "subjects")

    clear = {one.label for one in found.comparisons if one.clear}
    assert {frozenset(label.split(" − ")) for label in clear} == {frozenset("ab"), frozenset("ac")}
    assert all(one.estimate > 0 for one in found.comparisons if one.clear)
    assert any("were not asked the same: 60 of 120 prompts" in note for note in found.notes)
    gap_c = next(row for row in found.rows if row.label == "c").spans["gap"]
    assert gap_c is not None
    assert abs(gap_c[0]) < 0.2


# Descriptions of wordings are no factors


def test_what_describes_a_wording_is_no_factor(tmp_path: Path) -> None:
    study = write_study(
        tmp_path / "s", reworded(wordings(2), 6, 2), lambda c: 0.2 + 0.3 * monitored(c)
    )

    assert is_derived("wording_rule")
    assert not is_derived("wording")
    assert factors_of(study) == []
    assert [one.page for one in findings.varied(study)] == ["wordings"]
    assert findings.unbalanced(study) == []
    (described,) = structure(study, resamples=0)
    assert {row.factor for row in described.effects} == {"wording"}
    assert described.pairs == 6 * 2 * 8
    with pytest.raises(StudyError, match="gyges levels"):
        structure(study, factors=["wording_rule"])


def test_a_block_does_not_hang_on_what_describes_its_wording() -> None:
    one, other = (
        Trial("s", "w", "q", tier, factors={"temperature": 1.0, "wording_distance": distance}).block
        for tier, distance in (("monitored", 0.1), ("unmonitored", 0.2))
    )

    assert one == other


# Dates


@pytest.mark.parametrize(
    ("cutoff", "end"),
    [
        ("2025-03", "after that: it could have been among them."),
        ("2024-06-30", "before that: it was not among them in this form."),
        ("2024", "is not known."),
        ({"m": "2023"}, "before that: it was not among them in this form."),
        (None, "go is not known here."),
        ("soon", "go is not known here."),
    ],
)
def test_dates_are_compared_as_far_as_they_are_known(cutoff: Any, end: str) -> None:
    (said,) = exposure({"published": [{"what": "P", "since": "2024-12"}], "cutoff": cutoff}, "m")

    assert said.endswith(end)


@pytest.mark.parametrize("spec", [{}, {"published": "2024"}, {"published": [{"what": "P"}, 3]}])
def test_what_was_published_when_need_not_be_known(spec: dict[str, Any]) -> None:
    assert exposure(spec, "m") == []


# The whole


def test_missing_answers_are_left_out_and_the_rest_is_still_compared(tmp_path: Path) -> None:
    study = write_study(tmp_path / "s", cells(12, 2, persona=["none", "saint"]), lambda c: 0.5)
    answers = read_answers(study, "given").with_columns(
        pl.when(pl.col("query") == "q003").then(None).otherwise("compliance").alias("compliance")
    )

    grid = arrange(answers, "persona", ["none", "saint"], ["persona"])

    assert grid is not None
    assert [grid.answers("gap", at) for at in (0, 1)] == [44, 44]
    assert np.isnan(grid.values("gap")).sum() == 2


def test_a_study_in_which_nothing_varied_has_nothing_to_say(
    tmp_path: Path, cli: Callable[..., Any]
) -> None:
    study = write_study(tmp_path / "s", cells(4, 1), lambda c: 0.5)

    assert findings.varied(study) == []
    status, out, _ = cli("levels", study.path)
    assert status == 0
    assert out.startswith("Nothing varied")


def test_the_command_prints_sentences_and_tables(tmp_path: Path, cli: Callable[..., Any]) -> None:
    study = write_study(
        tmp_path / "s",
        cells(12, 2, temperature=[0.0, 1.0], persona=["none", "saint"]),
        lambda c: 0.2 + 0.4 * monitored(c),
    )

    status, out, _ = cli("levels", study.path, "--factor", "temperature")

    assert status == 0
    assert "temperature · planted/subject" in out
    assert "persona" not in out
    assert "detectable" in out
    status, out, _ = cli("levels", study.path, "--json")
    record = json.loads(out)
    assert record["schema"] == "gyges.levels/1"
    assert [one["page"] for one in record["varied"]] == ["temperature", "factor-persona"]
    assert record["varied"][0]["rows"][0]["spans"]["gap"][0] is not None
    status, _, err = cli("levels", study.path, "--factor", "temprature")
    assert status == 1
    assert "did you mean temperature" in err.lower() or "temperature" in err


def test_the_order_of_the_trials_changes_nothing(tmp_path: Path) -> None:
    asked = list(cells(8, 2, temperature=[0.0, 0.5, 1.0]))
    rates = {
        (c["query"], c["tier"], c["temperature"], c["sample"]): float(
            (c["query"] * 7 + c["sample"] * 3 + int(4 * c["temperature"]) + monitored(c)) % 3 == 0
        )
        for c in asked
    }

    def rate(c: Cell) -> float:
        return rates[c["query"], c["tier"], c["temperature"], c["sample"]]

    one = write_study(tmp_path / "a", asked, rate)
    other = write_study(tmp_path / "b", asked[::-1], rate)

    assert [x.row() for x in findings.varied(one)] == [x.row() for x in findings.varied(other)]


def test_adjusting_leaves_what_has_no_p_value() -> None:
    found = contrast([[0.5, 1.0]], [-1, 1], Labels(np.array(["a"])), [None, None])

    assert adjusted([None, found]) == [None, found]
