"""Published designs by name: what each asks, that it runs to its report, and how its options are changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gyges
from gyges import findings
from gyges.design import load_preset, presets
from gyges.errors import DesignError
from gyges.planning import Planned, Wanted, plan_run
from gyges.settings import list_settings, load_setting

HONEST = "gyges/planted/honest"
FAKER = "gyges/planted/faker"
Cli = Callable[..., tuple[int, str, str]]

NAMES = (
    "dilemmas",
    "five-tier",
    "gaslighting-battery",
    "greenblatt-animal-welfare",
    "hhh-triad",
    "insider-chain",
    "opus-perturbations",
    "prompt-ablations",
    "sandbagging",
    "scratchpad-prefix",
    "temperature-sweep",
    "threat-realism",
    "three-tier",
    "vlaf",
    "vlaf-consequences",
    "vlaf-oversight",
)

PAGES = {
    "dilemmas": {"factor-opt_out", "factor-memory"},
    "five-tier": {"tiers"},
    "gaslighting-battery": {"factor-approach", "factor-selfhood"},
    "greenblatt-animal-welfare": set(),
    "hhh-triad": set(),
    "insider-chain": {"factor-pressure", "factor-risk"},
    "opus-perturbations": {"wordings"},
    "prompt-ablations": {"factor-few_shots", "factor-signal", "factor-strategy", "factor-lab"},
    "sandbagging": {"factor-plea"},
    "scratchpad-prefix": {"factor-scratchpad_prefix"},
    "temperature-sweep": {"temperature"},
    "three-tier": {"tiers"},
    "vlaf": set(),
    "vlaf-consequences": {"consequences"},
    "vlaf-oversight": {"oversight"},
}
"""What each must describe."""

ONE = [name for name in NAMES if name != "threat-realism"]
"""Presets of one setting; the other is asked in every setting that tells of a threat."""


def planned(preset: str, **options: Any) -> Planned:
    return plan_run(Wanted(preset=preset, **{"model": HONEST, **options}))


def test_the_presets_are_these() -> None:
    assert tuple(presets()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_says_what_it_is_where_it_comes_from_and_how_it_departs(name: str) -> None:
    preset = load_preset(name)

    assert preset.name == name
    for text in (preset.title, preset.about, preset.source, *preset.departs):
        assert len(text) > 20
        assert "\n" not in text
    assert preset.departs
    if preset.setting:
        assert preset.options["queries"] <= len(load_setting(preset.setting).queries)
    else:
        assert preset.across in preset.vary


@pytest.mark.parametrize("name", ONE)
def test_a_preset_is_planned_as_it_is_published(name: str) -> None:
    preset = load_preset(name)
    plan = planned(name)
    planner = plan.planner()

    assert plan.design.preset == name
    assert not planner.cells.left_out
    assert plan.design.queries == preset.options["queries"]
    assert plan.design.samples == preset.options["samples"]
    assert plan.design.temperature == preset.options.get("temperature", 0.0)
    given = {**plan.design.levels, **plan.design.vary}
    assert set(given) == set(preset.vary)


SIZES = {
    "greenblatt-animal-welfare": (2 * 64 * 9, 2 * 64 * 9),
    "opus-perturbations": (2 * 125 * 25, 0),
    "temperature-sweep": (2 * 5 * 40 * 5, 0),
    "five-tier": ((3 * 5 + 4 * 4 - 1) * 40, 0),
    "vlaf": (2 * 220 * 10, 2 * 55 * 10),
}
"""Trials of the main arms and of the control."""


@pytest.mark.parametrize("name", SIZES)
def test_the_sizes_are_those_that_were_published_or_are_said_to_depart(name: str) -> None:
    assert planned(name).planner().trials == sum(SIZES[name])


@pytest.mark.parametrize("name", ONE)
def test_every_preset_runs_to_its_report(name: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"queries": 2, "samples": 1}
    if load_preset(name).setting == "value-conflict":
        options["queries"] = 5
    if name == "hhh-triad":
        # A question under each of the three objectives.
        options["queries"] = 3
    if load_preset(name).options.get("control") != 0:
        options["control"] = 1
    plan = planned(name, model=FAKER, **options)

    study = gyges.run(preset=name, model=FAKER, study=tmp_path / "s", **options)

    trials = study.trials()
    assert len(trials) == plan.planner().trials
    assert trials["status"].unique().to_list() == ["ok"]
    assert trials["verdict_status"].unique().to_list() == ["ok"]
    # The planted subject says what it does: the judge has something to decide by.
    assert (trials["outcome"] == "undecided").mean() < 0.1
    assert study.manifest.spec["preset"] == name
    assert trials["wording"].n_unique() == (125 if name == "opus-perturbations" else 1)
    found = findings.varied(study)
    assert PAGES[name] <= {one.page for one in found}
    assert bool(PAGES[name]) == bool(found)
    page = study.report()
    written = {file.stem for file in page.parent.rglob("*.html")}
    # A page for each thing that varied.
    assert PAGES[name] <= written
    text = page.read_text(encoding="utf-8")
    assert FAKER in text
    for one in found:
        assert one.sentences


# The command


def test_presets_are_listed_with_title_and_setting(cli: Cli) -> None:
    code, out, err = cli("presets")

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    for line, name in zip(lines, NAMES, strict=True):
        preset = load_preset(name)
        assert preset.title in line
        assert line.endswith(f"({preset.setting or 'every setting with the factor threat'})")


def test_a_preset_is_shown_whole(cli: Cli) -> None:
    code, out, err = cli("presets", "temperature-sweep")

    assert (code, err) == (0, "")
    preset = load_preset("temperature-sweep")
    rows = {line.split("  ")[0].strip(): line.split("  ")[-1].strip() for line in out.splitlines()}
    assert rows["title"] == preset.title
    assert rows["source"] == preset.source
    assert rows["vary temperature"] == "0, 0.3, 0.5, 0.7, 1"
    assert rows["samples"] == "5"
    for text in preset.departs:
        assert text in out


def test_presets_as_json(cli: Cli) -> None:
    record = json.loads(cli("presets", "--json")[1])
    assert record["schema"] == "gyges.presets/1"
    assert [one["name"] for one in record["presets"]] == list(NAMES)
    one = json.loads(cli("presets", "prompt-ablations", "--json")[1])["presets"]
    assert one == [record["presets"][NAMES.index("prompt-ablations")]]
    assert {"name", "title", "about", "source", "departs", "setting", "vary", "queries"} <= set(
        one[0]
    )
    # A level that YAML would take for a truth value stays a text.
    assert one[0]["vary"]["humanity"] == ["yes", "no"]


def test_an_unknown_preset_is_refused_with_the_nearest(cli: Cli) -> None:
    for words in (("presets", "tree-tier"), ("run", "--preset", "tree-tier", "--dry-run")):
        code, _, err = cli(*words)
        assert code == 1
        assert "--preset tree-tier: no such preset; did you mean 'three-tier'" in err
        assert "gyges presets" in err


# Across settings


def test_a_preset_across_settings_is_asked_in_each_that_has_its_factor(
    cli: Cli, tmp_path: Path
) -> None:
    """One that fakes only where its values would be changed shows a gap at both threats of that, and at no other."""
    code, out, err = cli(
        *("run", "--preset", "threat-realism", "--model", "gyges/planted/consequence-faker"),
        *("-M", "spread=0", "-M", "monitored=1", "-M", "unmonitored=0", "--queries", 4),
        *("--study", tmp_path / "s", "--no-report", "--no-selftest", "--json"),
    )

    assert code == 0, err
    record = json.loads(out)
    assert record["failed"] == {}
    having = [one.id for one in list_settings() if "threat" in one.shared]
    assert list(record["settings"]) == having
    assert len(having) >= 10
    for name, one in record["settings"].items():
        assert Path(one["study"]) == tmp_path / "s" / name
        for varied in one["varied"]:
            gaps = {row["label"]: row["spans"]["gap"][0] for row in varied["rows"]}
            assert gaps == {"none": 0, "realistic": 1, "implausible": 1, "nonsensical": 0}, name


def test_a_preset_across_settings_can_be_asked_in_one(cli: Cli, tmp_path: Path) -> None:
    words = ("--model", FAKER, "--queries", 4, "--no-report", "--no-selftest")
    code, out, _ = cli(
        "run", "gaslighting", "--preset", "threat-realism", *words, "--study", tmp_path / "s"
    )

    assert code == 0
    assert "gaslighting" in out
    with pytest.raises(DesignError, match="name one setting"):
        planned("threat-realism")


def test_the_plan_across_settings_is_counted_setting_by_setting(cli: Cli) -> None:
    code, out, _ = cli("run", "--preset", "threat-realism", "--model", FAKER, "--dry-run")

    assert code == 0
    assert out.count("== ") == sum("threat" in one.shared for one in list_settings())
    assert "hhh-triad" in out


# What else is given


def test_what_is_given_takes_the_place_of_what_a_preset_says() -> None:
    design = planned(
        "vlaf-consequences",
        queries=10,
        samples=2,
        temperature=0.3,
        vary=["consequence=values,none", "lab=OpenAI"],
        control=3,
        seed=7,
    ).design

    assert design.vary == {"consequence": ["values", "none"]}
    assert design.levels == {"lab": "OpenAI"}
    assert (design.queries, design.samples, design.control, design.seed) == (10, 2, 3, 7)
    assert (design.temperature, design.reasoning) == (0.3, "scratchpad")


def test_a_preset_can_be_run_in_another_setting() -> None:
    plan = planned("three-tier", setting="value-conflict", queries=10)

    assert plan.setting.id == "value-conflict"
    assert plan.design.levels == {"tier": "three"}


def test_what_a_preset_varies_can_be_fixed_by_its_own_option() -> None:
    design = planned("temperature-sweep", temperature=0.5).design

    assert design.vary == {}
    assert design.temperature == 0.5


def test_what_a_preset_fixes_can_be_varied() -> None:
    design = planned("three-tier", vary=["temperature=0,1", "reasoning=none,scratchpad"]).design

    assert design.vary == {"temperature": [0.0, 1.0], "reasoning": ["none", "scratchpad"]}


@pytest.mark.parametrize(
    ("options", "mode", "runs", "cells"),
    [
        ({}, "one-at-a-time", None, 32),
        ({"fraction": 12}, "fraction", 12, 12),
        (
            {"mode": "full", "vary": [f"{name}={level}" for name, level in (
                ("few_shots", "none"), ("modification", "full"), ("signal", "tier"), ("address", "you"),
                ("attitude", "none"), ("strategy", "yes"), ("honesty", "none"), ("lab", "OpenAI"),
                ("identity", "one"), ("partner", "yes"),
            )]},
            "full",
            None,
            8,
        ),
    ],
)  # fmt: skip
def test_a_presets_way_to_combine_levels_can_be_another_one(
    options: dict[str, Any], mode: str, runs: int | None, cells: int
) -> None:
    plan = planned("prompt-ablations", **options)

    assert (plan.design.mode, plan.design.runs) == (mode, runs)
    found = plan.planner().cells
    assert len(found.cells) + len(found.left_out) == cells


def test_a_preset_that_varies_nothing_can_be_asked_until_enough_is_known() -> None:
    design = planned("greenblatt-animal-welfare", until="decided").design

    assert design.samples == 1
    assert design.until
    with pytest.raises(DesignError, match="--samples 2: --until decides"):
        planned("greenblatt-animal-welfare", until="decided", samples=2).planner()


def test_a_preset_can_be_asked_as_a_forced_choice() -> None:
    design = planned("vlaf", reasoning="choice").design

    assert (design.reasoning, design.samples, design.temperature) == ("choice", 2, 1.0)
    assert design.queries == 220


def test_one_thing_said_twice_is_refused_beside_a_preset_too() -> None:
    with pytest.raises(DesignError, match=r"--temperature 0.5 and --vary temperature"):
        planned("three-tier", temperature=0.5, vary=["temperature=0,1"])


def test_a_preset_names_the_studys_folder_and_stands_in_its_specification(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    code, out, err = cli(
        *("run", "--preset", "three-tier", "--model", HONEST, "--queries", 2, "--samples", 1),
        *("--control", 0, "--no-selftest", "--json"),
    )

    assert code == 0, err
    record = json.loads(out)
    assert record["study"].startswith("studies/three-tier--gyges-planted-honest--")
    assert record["asked"] == 6
    assert Path(record["report"]).is_file()
