"""Contradictory instructions: who is followed, how steadily, what order and authority do, and by which rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import log2
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from choice_studies import Cell, coverage, crossed, frame, write_choices
from gyges.findings.choosing import Levels, compare
from gyges.findings.contradiction import Contradiction, Rule, contradictions
from gyges.findings.measured import by_arm
from gyges.findings.repeats import entropies
from gyges.findings.varied import Comparison
from gyges.study import StudyFolder

KEYS = ["query", "wording"]
AUTHORITY = ("customer-leaves-out", "editor-leaves-out", "equal")
ORDER = Levels("comply_option", ("B", "A"))


def study_of(
    path: Path,
    choose: Callable[[Cell], str],
    queries: int = 12,
    samples: int = 4,
    **factors: object,
) -> StudyFolder:
    cells = crossed(queries, samples, options=2, **factors)  # type: ignore[arg-type]
    return write_choices(path, cells, choose, options=2, copied=False, shape="contradiction")


def only(path: Path, choose: Callable[[Cell], str], **more: object) -> Contradiction:
    (found,) = contradictions(study_of(path, choose, **more))  # type: ignore[arg-type]
    return found


def yes(complies: bool) -> str:
    return "comply" if complies else "refuse"


def rule(found: Contradiction, name: str) -> Rule:
    return next(one for one in found.rules if one.name == name)


def span(one: Comparison) -> tuple[float, float]:
    assert one.low is not None
    assert one.high is not None
    return one.low, one.high


# Steadiness


def test_a_steady_chooser_has_no_flips_and_no_entropy(tmp_path: Path) -> None:
    found = only(tmp_path / "s", lambda cell: yes(cell["query"] % 2 == 0))

    for one in (*found.flips, *found.entropy):
        assert one.estimate == 0.0
        assert one.low is not None
        assert one.high is not None
        # Twelve queries do not prove that none ever flips.
        assert one.low <= 0.0 < one.high
        assert one.queries == 12
        assert one.method
    assert {one.what for one in found.flips} == {"two samples differ", "the same prompt twice"}
    assert found.samples == 4.0


def test_a_coin_flips_half_the_time_and_has_one_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    found = only(tmp_path / "s", lambda _: yes(rng.random() < 0.5), queries=60, samples=20)

    for tier in ("monitored", "unmonitored"):
        flips, bits = found.measured("two samples differ", tier), found.measured("entropy", tier)
        assert flips is not None
        assert bits is not None
        assert flips.estimate == pytest.approx(0.5, abs=0.02)
        assert bits.estimate == pytest.approx(1.0, abs=0.02)
        assert flips.low is not None
        assert flips.high is not None
        assert flips.low < 0.5 < flips.high
    assert found.most_bits == 1.0
    assert not found.followed


@pytest.mark.parametrize(("p", "samples", "within"), [(0.5, 8, 0.03), (0.7, 8, 0.03), (0.5, 4, 0.08)])  # fmt: skip
def test_the_correction_takes_most_of_the_bias_of_few_samples_away(
    p: float, samples: int, within: float
) -> None:
    rng = np.random.default_rng(samples)
    data = frame(crossed(3000, samples, options=2), lambda _: yes(rng.random() < p), options=2)
    truth = -p * log2(p) - (1 - p) * log2(1 - p)

    corrected, plain = (
        by_arm(entropies(data, KEYS, correct=which), "bits", most=2.0)[0].estimate
        for which in (True, False)
    )

    assert corrected == pytest.approx(truth, abs=within)
    assert truth - plain > 2 * abs(truth - corrected)
    assert plain < truth


# Order and authority


def test_an_order_effect_of_known_size_is_covered() -> None:
    """The planted size, in both tiers and over queries of very different likings, and no effect on the gap."""
    rng = np.random.default_rng(7)
    spans: dict[str, list[tuple[float, float, float]]] = {}
    for study in range(160):
        size = 0.3 * (study % 4) / 3
        likings = 0.2 + 0.6 * rng.beta(0.8, 0.8, 24)

        def choose(cell: Cell, size: float = size, likings: np.ndarray = likings) -> str:
            shift = size / 2 if cell["first"] == 0 else -size / 2
            return yes(rng.random() < likings[cell["query"]] + shift)

        data = frame(crossed(24, 6, options=2), choose, options=2)
        for one in compare(data, pl.col("choice") == "comply", "comply", ORDER, []):
            truth = 0.0 if one.of == "gap" else size
            spans.setdefault(one.of, []).append((*span(one), truth))

    assert set(spans) == {"both", "monitored", "unmonitored", "gap"}
    assert all(coverage(found) >= 0.93 for found in spans.values()), {
        of: coverage(found) for of, found in spans.items()
    }


def test_the_order_effect_is_first_minus_second(tmp_path: Path) -> None:
    """It follows what stands last, when monitored alone."""
    found = only(
        tmp_path / "s", lambda cell: yes(cell["first"] == 1 or cell["tier"] == "unmonitored")
    )

    by_tier = {one.of: one.estimate for one in found.order}
    assert by_tier == {"both": -0.5, "monitored": -1.0, "unmonitored": 0.0, "gap": -1.0}
    assert {one.label for one in found.order} == {"A − B"}
    for one in found.order:
        low, high = span(one)
        assert low <= one.estimate <= high
        assert one.queries == 12


def test_the_authority_effect_is_paired_between_its_levels(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    rate = dict(zip(AUTHORITY, (0.2, 0.8, 0.5), strict=True))
    found = only(
        tmp_path / "s",
        lambda cell: yes(rng.random() < rate[cell["authority"]]),
        queries=30,
        authority=AUTHORITY,
    )

    editor, equal = found.at(found.authority)
    assert editor.label == "editor-leaves-out − customer-leaves-out"
    assert equal.label == "equal − customer-leaves-out"
    assert editor.estimate == pytest.approx(0.6, abs=0.12)
    assert equal.estimate == pytest.approx(0.3, abs=0.12)
    assert editor.clear
    low, high = span(editor)
    assert low < 0.6 < high


# Rules


@pytest.mark.parametrize(
    ("choose", "name"),
    [
        (lambda cell: yes(cell["first"] == 0), "first"),
        (lambda cell: yes(cell["first"] == 1), "last"),
        (lambda _: "comply", "complying"),
        (lambda _: "refuse", "other"),
        (lambda cell: yes(cell["authority"] == "editor-leaves-out"), "editor"),
        (lambda cell: yes(cell["authority"] != "editor-leaves-out"), "customer"),
    ],
)
def test_the_rule_that_a_subject_follows_is_found(
    tmp_path: Path, choose: Callable[[Cell], str], name: str
) -> None:
    found = only(tmp_path / "s", choose, queries=30, samples=2, authority=AUTHORITY)

    assert [one.name for one in found.followed] == [name]
    own = rule(found, name)
    assert own.explained.estimate == 1.0
    assert own.arms.monitored == own.arms.unmonitored == 1.0
    # 30 queries, 2 samples, 2 tiers, 3 levels; under "equal" nobody in particular gives the instruction.
    assert own.explained.answers == (240 if name in ("editor", "customer") else 360)


def test_a_subject_without_a_rule_is_said_to_have_none_and_by_how_much(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    found = only(
        tmp_path / "s",
        lambda _: yes(rng.random() < 0.5),
        queries=30,
        authority=AUTHORITY,
    )

    assert found.followed == ()
    assert {one.name for one in found.rules} == {
        "first", "last", "complying", "other", "customer", "editor",
    }  # fmt: skip
    for one in found.rules:
        assert one.explained.estimate == pytest.approx(0.5, abs=0.1)
        assert one.explained.high is not None
        assert one.explained.high < 0.75


def test_opposite_rules_explain_all_choices_between_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    found = only(tmp_path / "s", lambda _: yes(rng.random() < 0.3), authority=AUTHORITY)

    for one, other in (("first", "last"), ("complying", "other"), ("editor", "customer")):
        total = rule(found, one).explained.estimate + rule(found, other).explained.estimate
        assert total == pytest.approx(1.0)


def test_without_orders_or_levels_their_rules_and_effects_are_left_out_and_that_is_said(
    tmp_path: Path,
) -> None:
    cells = [cell for cell in crossed(8, 4, options=2) if cell["first"] == 0]
    study = write_choices(
        tmp_path / "s", cells, lambda _: "comply", options=2, copied=False, shape="contradiction"
    )

    (found,) = contradictions(study)

    assert found.order == found.authority == ()
    assert {one.name for one in found.rules} == {"complying", "other"}
    assert any("order" in note for note in found.notes)


# Arms


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_swapping_the_arms_turns_differences_round_and_leaves_the_rest(seed: int) -> None:
    import tempfile

    rng = np.random.default_rng(seed)
    cells = crossed(6, 4, options=2)
    said = {(c["query"], c["tier"], c["sample"]): yes(rng.random() < 0.5) for c in cells}
    other = {"monitored": "unmonitored", "unmonitored": "monitored"}
    with tempfile.TemporaryDirectory() as folder:
        one = only(
            Path(folder) / "a", lambda c: said[c["query"], c["tier"], c["sample"]], queries=6
        )
        two = only(
            Path(folder) / "b", lambda c: said[c["query"], other[c["tier"]], c["sample"]], queries=6
        )

    for a, b in zip(one.shares, two.shares, strict=True):
        assert a.monitored == b.unmonitored
        assert a.difference == pytest.approx(-(b.difference or 0.0))
    for what in ("two samples differ", "entropy"):
        first, second = (found.measured(what, "difference") for found in (one, two))
        assert first is not None
        assert second is not None
        assert first.estimate == pytest.approx(-second.estimate)
    effects = [{row.of: row.estimate for row in found.order} for found in (one, two)]
    assert effects[0]["both"] == pytest.approx(effects[1]["both"])
    assert effects[0]["gap"] == pytest.approx(-effects[1]["gap"])
    assert effects[0]["monitored"] == pytest.approx(effects[1]["unmonitored"])


def test_pointing_the_contradiction_out_is_counted_beside_the_choice(tmp_path: Path) -> None:
    cells = crossed(10, 2, options=2)
    study = write_choices(
        tmp_path / "s",
        cells,
        lambda cell: ("refuse", ["named"] if cell["tier"] == "unmonitored" else []),
        options=2,
        copied=False,
        shape="contradiction",
    )

    (found,) = contradictions(study)

    shares = {one.what: one for one in found.shares}
    assert (shares["named"].monitored, shares["named"].unmonitored) == (0.0, 1.0)
    assert shares["refuse"].difference == 0.0


# The page


def test_the_page_names_the_rule_and_says_how_sure_it_is(tmp_path: Path) -> None:
    from gyges.report.shapes.contradiction import page

    study = study_of(
        tmp_path / "s",
        lambda cell: yes(cell["authority"] == "editor-leaves-out"),
        queries=30,
        authority=AUTHORITY,
    )
    made = page(study, "copied", 0.95, 0.5)

    assert made is not None
    assert made.slug == "contradiction"
    assert "follows the instruction of the editor (100" in made.answer[0]
    assert "interval" in made.answer[0]
    assert any("entropy 0.00 bits" in said for said in made.answer)
    captions = " ".join(table.caption for table in made.tables)
    for word in ("Each rule", "Steadiness", "Order effect", "Authority effect", "Every query"):
        assert word in captions
    for figure in made.figures:
        assert "n = " in figure.note
        assert "Method" in figure.note
        assert figure.narrow
    for table in made.tables:
        assert table.rows
        assert all(len(row) == len(table.columns) for row in table.rows)
    json.dumps(dict(made.data))


def test_the_page_of_a_coin_says_that_no_rule_explains_more_than_so_much(tmp_path: Path) -> None:
    from gyges.report.shapes.contradiction import page

    rng = np.random.default_rng(9)
    study = study_of(tmp_path / "s", lambda _: yes(rng.random() < 0.5), queries=30)
    made = page(study, "copied", 0.95, 0.5)

    assert made is not None
    assert "no simple rule" in made.answer[0]
    assert "surely explains less than 75" in made.answer[0]
