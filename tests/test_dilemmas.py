"""What is chosen in dilemmas: shares, refusals of two kinds, places, flips of single items, stakeholders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from choice_studies import Cell, coverage, crossed, frame, write_choices
from gyges.findings.dilemmas import Dilemmas, dilemmas
from gyges.findings.flips import flips_between, items
from gyges.findings.measured import by_arm
from gyges.findings.places import places_taken
from gyges.findings.repeats import entropies, flip_cells
from gyges.study import StudyFolder

KEYS = ["query", "wording"]
ARMS = ("monitored", "unmonitored")
OPTIONS = ("comply", "refuse", "other-1", "other-2")


def only(study: StudyFolder) -> Dilemmas:
    (found,) = dilemmas(study)
    return found


def at_place(cell: Cell, number: int, options: int = 4) -> str:
    """The option that stands at a place."""
    return OPTIONS[(number - cell["first"]) % options]


# Shares


def test_refusing_inside_and_outside_of_the_options_are_told_apart(tmp_path: Path) -> None:
    def choose(cell: Cell) -> str:
        if cell["tier"] == "monitored":
            return "opt-out" if cell["sample"] < 2 else "comply"
        return "refused-outside" if cell["sample"] < 1 else "comply"

    found = only(write_choices(tmp_path / "s", crossed(12, 4), choose))

    inside, outside, both = (found.share(x) for x in ("opt-out", "refused-outside", "declines"))
    assert inside
    assert outside
    assert both
    assert (inside.monitored, inside.unmonitored, inside.difference) == (0.5, 0.0, 0.5)
    assert (outside.monitored, outside.unmonitored, outside.difference) == (0.0, 0.25, -0.25)
    assert (both.monitored, both.unmonitored, both.difference) == (0.5, 0.25, 0.25)
    for one in found.shares:
        assert one.ci_low is not None
        assert one.difference is not None
        assert one.ci_high is not None
        assert one.ci_low <= one.difference <= one.ci_high
        assert (one.queries, one.trials) == (12, 96)
        assert "12 queries" in one.method


def test_an_answer_that_copies_nothing_is_a_choice_of_its_own_and_a_missing_one_is_none(
    tmp_path: Path,
) -> None:
    def choose(cell: Cell) -> str | None:
        if cell["sample"] == 0:
            return None if cell["tier"] == "monitored" else "no-copy"
        return "refuse"

    found = only(write_choices(tmp_path / "s", crossed(8, 4), choose))

    nothing, refuse = found.share("no-copy"), found.share("refuse")
    assert nothing
    assert refuse
    assert (nothing.monitored, nothing.unmonitored) == (0.0, 0.25)
    assert (refuse.monitored, refuse.unmonitored) == (1.0, 0.75)
    assert (refuse.missing_monitored, refuse.missing_unmonitored) == (8, 0)
    assert (refuse.undecided_monitored, refuse.undecided_unmonitored) == (0, 0)


def test_the_shares_of_all_choices_add_up_to_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    kinds = (*OPTIONS, "opt-out", "refused-outside", "no-copy")
    found = only(write_choices(tmp_path / "s", crossed(10, 5), lambda _: str(rng.choice(kinds))))

    for tier in ARMS:
        amounts = [getattr(one, tier) for one in found.shares if one.what != "declines"]
        assert sum(amounts) == pytest.approx(1.0)
    assert [one.what for one in found.shares if one.what != "declines"] == list(kinds)


def test_the_control_has_its_shares_apart(tmp_path: Path) -> None:
    seen = iter([*["comply"] * 64, *["refuse"] * 64])
    found = only(
        write_choices(tmp_path / "s", crossed(8, 4), lambda _: next(seen), control=crossed(8, 4))
    )

    assert [one.monitored for one in found.shares if one.what == "comply"] == [1.0]
    assert [one.monitored for one in found.control if one.what == "comply"] == [0.0]
    assert all(one.control for one in found.control)


def test_a_judge_of_outcomes_alone_gives_no_places_and_no_kinds_of_refusal(tmp_path: Path) -> None:
    study = write_choices(
        tmp_path / "s", crossed(8, 4), lambda cell: "comply" if cell["sample"] else "refuse", copied=False
    )  # fmt: skip

    found = only(study)

    assert [one.what for one in found.shares] == ["comply", "refuse"]
    assert found.places is None
    assert any("cannot be told apart" in note for note in found.notes)


# Factors


def test_levels_are_compared_within_queries_and_the_opt_out_only_where_it_is_offered(
    tmp_path: Path,
) -> None:
    """Without the opt-out what refused inside refuses outside; earlier conversations take a quarter of it away."""

    def choose(cell: Cell) -> str:
        refuses = cell["sample"] < (2 if cell["memory"] == "none" else 1)
        if not refuses:
            return "comply"
        return "opt-out" if cell["opt_out"] == "offered" else "refused-outside"

    cells = crossed(10, 4, opt_out=["offered", "absent"], memory=["none", "earlier"])
    found = only(write_choices(tmp_path / "s", cells, choose))

    assert [(one.factor, one.levels[0]) for one in found.factors] == [
        ("opt_out", "offered"),
        ("memory", "none"),
    ]
    opt_out, memory = found.factors
    (outside,) = opt_out.of("refused-outside")
    assert outside.label == "absent − offered"
    assert outside.estimate == pytest.approx(0.375)
    assert outside.low is not None
    assert outside.low > 0
    assert outside.queries == 10
    assert not opt_out.of("opt-out")
    (declines,) = memory.of("declines")
    assert declines.estimate == pytest.approx(-0.25)
    (inside,) = memory.of("opt-out")
    assert inside.estimate == pytest.approx(-0.25)
    # Over the trials that offered it alone.
    share = found.share("opt-out")
    assert share is not None
    assert share.monitored == pytest.approx(0.375)
    assert {one.of for one in memory.comparisons} == {"both", "monitored", "unmonitored", "gap"}


def test_a_level_that_turns_every_item_round_is_seen_in_the_items_and_not_in_the_total(
    tmp_path: Path,
) -> None:
    def choose(cell: Cell) -> str:
        even = cell["query"] % 2 == 0
        return "comply" if even == (cell["memory"] == "none") else "refuse"

    study = write_choices(tmp_path / "s", crossed(12, 3, memory=["none", "earlier"]), choose)
    (memory,) = only(study).factors

    (total,) = memory.of("comply")
    (flips,) = memory.flips
    assert total.estimate == 0
    assert flips.majority.estimate == 1.0
    assert flips.beyond is not None
    assert flips.beyond.estimate == pytest.approx(1.0)
    assert (flips.toward, flips.away) == (6, 6)
    assert flips.by_chance < 0.9
    assert flips.p < 0.02


# Places


def test_what_stands_first_being_taken_is_a_matter_of_place(tmp_path: Path) -> None:
    found = only(write_choices(tmp_path / "s", crossed(12, 4), lambda cell: at_place(cell, 0)))

    places = found.places
    assert places is not None
    assert places.expected == 0.25
    assert [one.estimate for one in places.shares] == pytest.approx([0.75, -0.25, -0.25, -0.25])
    assert places.largest.what == "place 1"
    assert places.p is not None
    assert places.p < 0.01
    assert all(one.low is not None and one.high is not None for one in places.shares)
    assert places.shares[0].low is not None
    assert places.shares[0].low > 0.4


@pytest.mark.parametrize("liked", OPTIONS)
def test_a_subject_that_always_takes_one_option_likes_no_place(tmp_path: Path, liked: str) -> None:
    places = only(write_choices(tmp_path / "s", crossed(12, 4), lambda _: liked)).places

    assert places is not None
    assert [one.estimate for one in places.shares] == pytest.approx([0.0] * 4)
    assert places.p == 1.0


def test_a_liking_for_a_place_of_known_size_is_covered_and_none_is_seldom_claimed() -> None:
    rng = np.random.default_rng(11)
    spans, claimed = [], 0
    for study in range(150):
        liked = 0.3 if study % 2 else 0.0
        tastes = rng.dirichlet(np.ones(4), 24)

        def choose(cell: Cell, liked: float = liked, tastes: np.ndarray = tastes) -> str:
            if rng.random() < liked:
                return at_place(cell, 1)
            return str(rng.choice(OPTIONS, p=tastes[cell["query"]]))

        places = places_taken(frame(crossed(24, 4), choose, options=4))
        assert places is not None
        second = places.shares[1]
        assert second.low is not None
        assert second.high is not None
        spans.append((second.low, second.high, 0.75 * liked))
        claimed += not liked and places.p is not None and places.p < 0.05

    assert coverage(spans) >= 0.93
    assert claimed <= 9


# Flips


def test_a_steady_chooser_never_flips_and_a_coin_flips_half_the_time() -> None:
    rng = np.random.default_rng(5)
    steady = frame(crossed(30, 6), lambda cell: OPTIONS[cell["query"] % 2])
    coin = frame(crossed(300, 10), lambda _: str(rng.choice(["comply", "refuse"])))

    for one in by_arm(flip_cells(steady, KEYS), "flips"):
        assert one.estimate == 0.0
        assert one.low is not None
        assert one.low <= 0 <= (one.high or 0)
    for one in by_arm(flip_cells(coin, KEYS), "flips"):
        assert one.estimate == pytest.approx(0.0 if one.of == "difference" else 0.5, abs=0.02)
    bits = by_arm(entropies(coin, KEYS), "entropy", most=2.0, unit="bits")
    assert bits[0].estimate == pytest.approx(1.0, abs=0.02)
    assert all(one.estimate == 0.0 for one in by_arm(entropies(steady, KEYS), "entropy"))


@pytest.mark.parametrize("samples", [2, 3, 7])
def test_the_flip_rate_is_unbiased_for_any_number_of_samples(samples: int) -> None:
    rng = np.random.default_rng(samples)
    data = frame(crossed(1500, samples), lambda _: "comply" if rng.random() < 0.8 else "refuse")

    first, second, _ = by_arm(flip_cells(data, KEYS), "flips")

    # Four standard errors, those of one pair in each of 3,000 cells.
    assert (first.estimate + second.estimate) / 2 == pytest.approx(0.32, abs=0.034)
    assert first.answers == 1500 * samples


def test_one_sample_a_cell_says_nothing_of_flips(tmp_path: Path) -> None:
    found = only(write_choices(tmp_path / "s", crossed(8, 1), lambda _: "comply"))

    assert found.samples == ()
    assert any("one sample" in note for note in found.notes)
    assert found.arms is not None
    assert found.arms.beyond is None


def test_chance_makes_majorities_differ_and_the_difference_beyond_chance_knows() -> None:
    rng = np.random.default_rng(8)
    spans, claimed, sizes = [], 0, []
    for study in range(120):
        tastes = rng.uniform(0.1, 0.9, 30)
        data = frame(
            crossed(30, 4), lambda cell, t=tastes: "comply" if rng.random() < t[cell["query"]] else "refuse"
        )  # fmt: skip
        found = flips_between(data, "tier", *ARMS, KEYS, seed=study)
        assert found is not None
        assert found.beyond is not None
        assert found.beyond.low is not None
        assert found.beyond.high is not None
        spans.append((found.beyond.low, found.beyond.high, 0.0))
        claimed += found.p < 0.05
        sizes.append((found.majority.estimate, found.by_chance, found.beyond.estimate))

    mean = np.mean(sizes, axis=0)
    assert mean[0] > 0.15
    assert mean[0] == pytest.approx(mean[1], abs=0.02)
    assert mean[2] == pytest.approx(0.0, abs=0.01)
    assert coverage(spans) >= 0.9
    assert claimed <= 9


def test_the_order_of_the_options_makes_no_flips_between_the_arms() -> None:
    """A subject that takes what stands first is as steady between the arms as it can be."""
    data = frame(crossed(12, 4), lambda cell: at_place(cell, 0), options=4)

    found = flips_between(data, "tier", *ARMS, KEYS)

    assert found is not None
    assert found.beyond is not None
    assert found.beyond.estimate == pytest.approx(0.0)
    assert found.between == pytest.approx(1.0)
    assert found.majority.estimate == 0.75  # four choices tie


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 8), st.integers(1, 4))
def test_swapping_the_arms_turns_every_difference_round(
    seed: int, queries: int, samples: int
) -> None:
    rng = np.random.default_rng(seed)
    said = {
        (cell["query"], cell["tier"], cell["sample"]): str(rng.choice(OPTIONS[:3]))
        for cell in crossed(queries, samples)
    }
    other = dict(zip(ARMS, reversed(ARMS), strict=True))
    one = frame(crossed(queries, samples), lambda c: said[c["query"], c["tier"], c["sample"]])
    two = frame(
        crossed(queries, samples), lambda c: said[c["query"], other[c["tier"]], c["sample"]]
    )

    first, second = (by_arm(flip_cells(x, KEYS), "flips") for x in (one, two))
    for a, b in zip(first[2:], second[2:], strict=True):
        assert a.estimate == pytest.approx(-b.estimate)
        assert a.low is not None
        assert b.high is not None
        assert a.low == pytest.approx(-b.high)
    assert [x.estimate for x in first[:2]] == pytest.approx([x.estimate for x in second[1::-1]])
    flips = [flips_between(x, "tier", *ARMS, KEYS) for x in (one, two)]
    assert flips[0]
    assert flips[1]
    assert flips[0].majority.estimate == pytest.approx(flips[1].majority.estimate)
    assert (flips[0].toward, flips[0].away) == (flips[1].away, flips[1].toward)
    if flips[0].beyond and flips[1].beyond:
        assert flips[0].beyond.estimate == pytest.approx(flips[1].beyond.estimate)


def test_items_that_flip_stand_first_with_their_counts() -> None:
    def choose(cell: Cell) -> str:
        return "comply" if cell["query"] != 2 or cell["tier"] == "monitored" else "refuse"

    found = items(frame(crossed(4, 3), choose))

    assert [one.query for one in found] == ["q002", "q000", "q001", "q003"]
    assert (found[0].monitored, found[0].unmonitored) == ({"comply": 3}, {"refuse": 3})
    assert [one.flips for one in found] == [1.0, 0.0, 0.0, 0.0]


# Stakeholders


def test_who_is_mentioned_and_who_is_honoured_are_parts_of_those_who_are_there(
    tmp_path: Path,
) -> None:
    """Of two stakeholders one is always mentioned, and honoured when unmonitored only."""

    def choose(cell: Cell) -> tuple[str, list[str]]:
        honoured = [] if cell["tier"] == "monitored" else ["honours:tenants"]
        return "refuse", ["mentions:tenants", *honoured]

    there = {f"q{at:03d}": ["tenants", "owner"] for at in range(10)}
    found = only(write_choices(tmp_path / "s", crossed(10, 2), choose, stakeholders=there))

    assert [(one.what, one.monitored, one.unmonitored, one.difference) for one in found.stakeholders] == [
        ("mentioned", 0.5, 0.5, 0.0),
        ("honoured", 0.0, 0.5, -0.5),
        ("mentioned, not honoured", 0.5, 0.0, 0.5),
    ]  # fmt: skip
    assert found.parties == 20
    for one in found.stakeholders:
        assert one.ci_low is not None
        assert one.ci_high is not None
        assert one.queries == 10


def test_without_a_list_those_whom_some_answer_names_are_there_and_that_is_said(
    tmp_path: Path,
) -> None:
    def choose(cell: Cell) -> tuple[str, list[str]]:
        return "refuse", ["mentions:tenants"] if cell["sample"] else ["honours:owner"]

    found = only(write_choices(tmp_path / "s", crossed(6, 2), choose))

    assert found.parties == 12
    assert [one.monitored for one in found.stakeholders] == [0.25, 0.25, 0.25]
    assert any("not counted" in note for note in found.notes)


# The page


def test_the_page_says_it_in_sentences_figures_and_tables(tmp_path: Path) -> None:
    from gyges.report.shapes.dilemmas import page

    rng = np.random.default_rng(1)

    def choose(cell: Cell) -> tuple[str, list[str]]:
        kinds = ("opt-out", "refused-outside", *OPTIONS)
        share = [0.1, 0.3 if cell["memory"] == "none" else 0.1, *[0.15] * 3]
        said = str(rng.choice(kinds, p=[*share, 1 - sum(share)]))
        return said, ["mentions:tenants"]

    cells = crossed(16, 4, opt_out=["offered", "absent"], memory=["none", "<b>chat</b>"])
    control = crossed(8, 2, opt_out=["offered"], memory=["none"])
    study = write_choices(tmp_path / "s", cells, choose, control=control)
    made = page(study, "copied", 0.95, 0.5)

    assert made is not None
    assert made.slug == "dilemmas"
    assert "outside the options" in " ".join(made.answer)
    assert "interval" in made.answer[0]
    titles = " ".join(table.caption for table in made.tables)
    for word in ("choice", "place", "Stakeholders", "memory", "opt out", "item"):
        assert word.casefold() in titles.casefold()
    for figure in made.figures:
        assert "<b>" not in figure.svg
        assert "n = " in figure.note or "n = " in figure.svg
        assert "Method" in figure.note
    for table in made.tables:
        assert table.rows
        assert all(len(row) == len(table.columns) for row in table.rows)
    import json

    json.dumps(dict(made.data))


def test_nothing_judged_makes_no_page(tmp_path: Path) -> None:
    from gyges.report.shapes.dilemmas import page

    study = write_choices(tmp_path / "s", crossed(3, 1), lambda _: None)

    assert dilemmas(study) == []
    assert page(study, "copied", 0.95, 0.5) is None


def test_a_subject_that_goes_by_the_order_alone_flips_no_more_by_chance_than_it_does(
    tmp_path: Path,
) -> None:
    # What an order of the options changes is alike in both arms: dealt anew it would be called chance.
    found = only(write_choices(tmp_path / "s", crossed(8, 4), lambda cell: at_place(cell, 1)))

    assert found.arms is not None
    assert found.arms.majority.estimate == found.arms.by_chance
    assert found.arms.p == 1.0
