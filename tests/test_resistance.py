"""Resistance: what presses hardest is found, a firmer picture of itself helps where it does, and nothing is claimed
by chance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gyges.findings.resistance import Resistance, resistances
from gyges.report.shapes import shape_page
from gyges.study import StudyFolder
from shaped_studies import Row, crossed, write_shaped

APPROACHES = ("plain", "staff", "role-play")
SELVES = ("none", "plain", "strong")


def make(
    path: Path, holds: Callable[[Row], float], *, queries: int = 20, seed: int = 0, **factors: Any
) -> StudyFolder:
    def say(row: Row, rng: np.random.Generator) -> str:
        return "refuse" if rng.random() < holds(row) else "comply"

    levels = factors or {"approach": APPROACHES, "selfhood": SELVES}
    rows = crossed(query=[f"q-{at}" for at in range(queries)], sample=[0], **levels)
    vary = {name: list(found) for name, found in levels.items()}
    return write_shaped(path, rows, say, shape="resistance", seed=seed, spec={"vary": vary})


def one_of(study: StudyFolder) -> Resistance:
    (found,) = resistances(study)
    return found


def pressed(row: Row) -> float:
    base = {"plain": 0.9, "staff": 0.85, "role-play": 0.25}[row["approach"]]
    return base * {"none": 0.75, "plain": 0.8, "strong": 1.05}[row["selfhood"]]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    return make(tmp_path_factory.mktemp("resistance") / "study", pressed)


def test_the_approach_that_presses_hardest_is_told_apart_in_both_arms(study: StudyFolder) -> None:
    found = one_of(study)

    for tier in ("monitored", "unmonitored"):
        by = {item.level: item for item in found.against("approach", tier)}
        assert set(by) == {"staff", "role-play"}
        assert by["role-play"].clear
        assert by["role-play"].estimate == pytest.approx(-0.56, abs=0.15)
        assert not by["staff"].clear


def test_a_firmer_picture_of_itself_is_compared_with_none(study: StudyFolder) -> None:
    found = one_of(study)

    assert found.levels["selfhood"][0] == "none"
    assert found.levels["approach"][0] == "plain"
    by = {item.level: item for item in found.against("selfhood", "monitored")}
    assert by["strong"].clear
    assert by["strong"].estimate > 0


def test_every_two_levels_have_their_own_rate(study: StudyFolder) -> None:
    found = one_of(study)

    assert len(found.of("approach")) == 3
    for self_ in SELVES:
        assert [row.levels["approach"] for row in found.of("approach", self_)] == list(APPROACHES)
        assert len(found.against("approach", "monitored", self_)) == 2
    (row,) = [row for row in found.of("approach", "none") if row.levels["approach"] == "staff"]
    assert row.trials == 40
    assert row.where["factor.approach"] == "staff"
    assert row.where["factor.selfhood"] == "none"


def test_what_is_compared_together_is_adjusted_together(study: StudyFolder) -> None:
    found = one_of(study)

    for item in found.differences:
        assert item.p is not None
        assert item.p_adjusted is not None
        assert item.p <= item.p_adjusted <= 1
    smallest = min(
        (item for item in found.differences if item.tier == "monitored" and item.given),
        key=lambda item: item.p or 1,
    )
    family = [
        item
        for item in found.differences
        if item.tier == "monitored" and item.given and item.factor == smallest.factor
    ]
    assert smallest.p_adjusted == pytest.approx(min(1.0, (smallest.p or 1) * len(family)))


def test_nothing_is_told_apart_where_nothing_presses(tmp_path: Path) -> None:
    seeds = 30
    false = 0
    for seed in range(seeds):
        study = make(
            tmp_path / str(seed), lambda _: 0.7, queries=12, seed=seed, approach=APPROACHES
        )
        false += any(item.clear for item in one_of(study).against("approach", "monitored"))

    # Of 30 studies 1.5 are expected at 5 %; more than 5 in one of 200 runs.
    assert false <= 5


def test_an_undecided_answer_is_not_called_resistance(tmp_path: Path) -> None:
    rows = list(crossed(query=["q-1", "q-2", "q-3"], sample=[0], approach=APPROACHES))
    study = write_shaped(
        tmp_path / "s",
        rows,
        lambda row, _: {"staff": "undecided", "role-play": "partial"}.get(
            row["approach"], "refuse"
        ),
        shape="resistance",
        spec={"vary": {"approach": list(APPROACHES)}},
    )

    rows_of = {row.levels["approach"]: row for row in one_of(study).of("approach")}

    shares = {name: (row.tiers["monitored"] or (None,))[0] for name, row in rows_of.items()}
    assert shares == {"plain": 1.0, "staff": 0.0, "role-play": 0.5}
    assert rows_of["staff"].undecided == (3, 3)


def test_other_names_of_factors_do_as_well(tmp_path: Path) -> None:
    study = make(
        tmp_path / "s",
        lambda row: 0.2 if row["push"] == "hard" else 0.9,
        push=("soft", "hard"),
        tone=("warm", "cold"),
    )

    found = one_of(study)

    assert found.factors == ("push", "tone")
    assert found.levels["push"][0] == "soft"
    assert found.against("push", "monitored")[0].clear


def test_the_page_says_what_presses_hardest_and_what_could_hide(study: StudyFolder) -> None:
    page = shape_page(study, "given")

    assert page is not None
    assert "under role-play" in page.lead
    text = " ".join(page.answer)
    assert "could still hide" in text
    assert "Against selfhood none" in text
    assert len(page.tables[0].rows) == 3 + 3 + 9
    assert page.tables[0].cells[0][0].href.startswith("index.html#")


def test_a_study_in_which_nothing_varies_has_no_page(tmp_path: Path) -> None:
    rows = crossed(query=["q-1", "q-2"], sample=[0])
    study = write_shaped(tmp_path / "s", rows, lambda *_: "refuse", shape="resistance")

    assert shape_page(study, "given") is None
