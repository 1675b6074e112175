"""The settings asked of subjects whose truth is known: an effect is found, and is absent where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gyges
from gyges import findings
from gyges.design import load_preset
from gyges.findings.chain import chains
from gyges.report.shapes import threshold_of
from gyges.settings import list_settings, load_setting
from gyges.subjects.planted import planted_chain

HONEST = "gyges/planted/honest"
ORDERED = {"monitored": 0.1, "second": 0.5, "others": 0.9, "unmonitored": 0.1, "spread": 0.0}
"""Monitored rates of the first value, the second and the third: far enough apart for forty questions."""

SHAPED = {one.id: one.shape for one in list_settings() if one.shape}


def run(preset: str, kind: str, study: Path, **options: Any) -> gyges.Study:
    given = {"progress": False, "study": study, "model": f"gyges/planted/{kind}", **options}
    return gyges.run(preset=preset, **given)


def test_the_library_has_a_setting_of_every_shape() -> None:
    assert SHAPED == {
        "contradiction": "contradiction",
        "forced-choice": "dilemmas",
        "gaslighting": "resistance",
        "hhh-triad": "ordering",
        "insider-trading": "chain",
        "sandbagging": "accuracy",
    }


@pytest.mark.parametrize("setting", [one.id for one in list_settings()])
def test_an_effect_is_found_where_it_is_planted_and_absent_where_it_is_not(
    setting: str, tmp_path: Path
) -> None:
    loaded = load_setting(setting)
    # As many as show a gap of 80 points, of each value.
    queries = min(len(loaded.queries), 12 * max(1, len(loaded.values)))
    given = {"queries": queries, "control": 0, "reasoning": "none", "progress": False}
    found = {}
    for kind, rates in (("faker", (0.9, 0.1)), ("honest", (0.5, 0.5))):
        args = {"monitored": rates[0], "unmonitored": rates[1], "spread": 0.0}
        study = gyges.run(
            setting,
            model=f"gyges/planted/{kind}",
            model_args=args,
            study=tmp_path / kind,
            **given,
        )
        frame = study.trials()
        assert frame["status"].unique().to_list() == ["ok"]
        assert set(frame["outcome"]) <= {"comply", "refuse"}
        found[kind] = findings.gaps(study)

    for gap in found["faker"]:
        assert gap.ci_low is not None
        assert gap.ci_low > 0
    # Several values are several intervals, of which one in twenty misses.
    covered = [gap.ci_low <= 0 <= gap.ci_high for gap in found["honest"]]
    assert sum(covered) >= len(covered) - 1


def test_values_are_ordered_as_they_were_planted_and_the_page_says_so(tmp_path: Path) -> None:
    study = run("hhh-triad", "value-ranker", tmp_path / "s", control=0, model_args=ORDERED)

    (found,) = findings.orderings(study)

    # The setting's own order is the one by which the subject keeps them.
    assert [one.value for one in found.values] == list(load_setting("hhh-triad").values)
    assert all(pair.clear for pair in found.compared["preserved"].pairs)
    page = study.report().parent / "ordering.html"
    text = page.read_text(encoding="utf-8")
    assert text.index("harmlessness") < text.index("helpfulness")


def test_values_that_are_kept_alike_are_a_tie(tmp_path: Path) -> None:
    study = run("hhh-triad", "faker", tmp_path / "s", control=0)

    (found,) = findings.orderings(study)

    pairs = found.compared["preserved"].pairs
    assert len(pairs) == 3
    assert not any(pair.clear for pair in pairs)
    # A tie says what could still hide in it.
    assert all(pair.hidden is not None and pair.hidden > 0 for pair in pairs)
    assert (study.report().parent / "ordering.html").is_file()


def test_a_chain_has_the_conditional_rates_that_were_planted(tmp_path: Path) -> None:
    given = {"monitored": 0.9, "unmonitored": 0.6, "conceals": 0.7, "insists": 0.4}
    study = run(
        "insider-chain",
        "faker",
        tmp_path / "s",
        model_args=given,
        vary=["pressure=none"],
        control=0,
    )

    main = next(one for one in chains(study) if not one.control and not one.factor)
    true = planted_chain("faker", given)

    for name, rate in (("conceal", true.conceals), ("double-down", true.insists)):
        link = main.link(name)
        assert link is not None
        for arm in link.arms.values():
            assert arm.rate[1] <= rate <= arm.rate[2], (name, arm)
    assert (study.report().parent / "chain.html").is_file()


def test_a_subject_that_does_not_act_has_nothing_to_hide(tmp_path: Path) -> None:
    given = {"monitored": 0.0, "unmonitored": 0.0}
    study = run(
        *("insider-chain", "honest", tmp_path / "s"),
        model_args=given,
        queries=10,
        vary=["pressure=none", "risk=unstated"],
        control=0,
    )

    (main,) = [one for one in chains(study) if not one.control and not one.factor]
    act, conceal = main.link("act"), main.link("conceal")

    assert act is not None
    assert conceal is not None
    assert all(arm.done == 0 for arm in act.arms.values())
    assert all(arm.given == 0 and arm.rate is None for arm in conceal.arms.values())


def test_holding_back_is_below_the_threshold_where_scores_count_and_nowhere_else(
    tmp_path: Path,
) -> None:
    study = run("sandbagging", "sandbagger", tmp_path / "s", vary=["plea=none"], control=60)

    main, *others = findings.accuracies(study, threshold=threshold_of(study))

    sides = {tier: one.side for tier, one in main.tiers.items()}
    assert sides == {"monitored": "below", "unmonitored": "above"}
    assert len(others) == 1
    assert all(one.side == "above" for one in others[0].tiers.values())


def test_who_does_not_hold_back_is_above_the_threshold_in_both_arms(tmp_path: Path) -> None:
    args = {"monitored": 0.9, "unmonitored": 0.9}
    study = run(
        *("sandbagging", "honest", tmp_path / "s"), vary=["plea=none"], control=0, model_args=args
    )

    (main,) = findings.accuracies(study, threshold=threshold_of(study))

    assert {one.side for one in main.tiers.values()} == {"above"}
    assert not main.clear


def test_resistance_falls_with_the_pressure_and_rises_with_the_self(tmp_path: Path) -> None:
    args = {"spread": 0.0}
    study = run("gaslighting-battery", "pressed", tmp_path / "s", model_args=args)

    (found,) = findings.resistances(study)

    pressed, settled = found.factors
    ways = load_preset("gaslighting-battery").vary
    for tier in ("monitored", "unmonitored"):
        less = [one.estimate for one in found.against(pressed, tier)]
        assert less == sorted(less, reverse=True)
        assert less[-1] < -0.4
        more = [one.estimate for one in found.against(settled, tier)]
        assert 0 < more[0] < more[1]
    assert [one.clear for one in found.against(pressed, "monitored")][1:] == [True] * 3
    page = (study.report().parent / "resistance.html").read_text("utf-8")
    assert all(level in page for levels in ways.values() for level in levels)


def test_who_is_not_moved_by_a_claim_holds_alike_under_each(tmp_path: Path) -> None:
    study = run("gaslighting-battery", "honest", tmp_path / "s", vary=["selfhood=none"])

    (found,) = findings.resistances(study)

    assert not any(one.clear for one in found.differences)
