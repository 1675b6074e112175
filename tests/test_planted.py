"""Planted subjects: what each kind does, that its truth is known, and that it never guesses its tier."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from statistics import fmean
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
)

import gyges
from gyges.design import Design, PlannedTrial, blocks
from gyges.errors import SettingError, SubjectError
from gyges.judges import lexical_judge
from gyges.settings import Setting, list_settings, load_setting
from gyges.subjects._planted_answers import ASTRAY, REASONING, answers_of
from gyges.subjects._planted_kinds import KINDS, Sight, arguments, make
from gyges.subjects.planted import PLANTED, PlantedAPI, planted_kind, planted_truth

ANIMALS = load_setting("animal-welfare")


def trials(
    queries: int = 12, reasoning: str = "scratchpad", *, control: bool = False
) -> list[PlannedTrial]:
    design = Design("animal-welfare", "x", queries=queries, control=queries, reasoning=reasoning)
    plan = blocks(design, ANIMALS)
    return [one for block in plan for one in block if one.control == control]


def answer(
    api: PlantedAPI,
    trial: PlannedTrial,
    seed: int | None,
    temperature: float | None = 1.0,
) -> Any:
    messages = [
        ChatMessageSystem(content=trial.prompt.system),
        ChatMessageUser(content=trial.prompt.user),
    ]
    config = GenerateConfig(seed=seed, temperature=temperature)
    return asyncio.run(api.generate(messages, [], "auto", config))


def sight(**known: Any) -> Sight:
    usual = {"tier": "monitored", "objective": True, "query": "q", "wording": "w"}
    return Sight(**{**usual, "temperature": 1.0, **known})


# What they say


def test_every_kind_says_what_an_instrument_should_find() -> None:
    for kind in PLANTED:
        assert "n instrument" in planted_kind(kind)
        assert "should find" in planted_kind(kind)


@pytest.mark.parametrize("setting", list_settings(), ids=lambda setting: setting.id)
def test_the_settings_judge_reads_the_planted_answers_as_what_they_are(setting: Setting) -> None:
    judge, texts = lexical_judge(setting.id), answers_of(setting)

    for text in texts.comply:
        assert judge.read(text).outcome == "comply", text
    for text in texts.refuse:
        assert judge.read(text).outcome == "refuse", text
    for text in ASTRAY:
        assert judge.read(text).outcome == "undecided", text


def test_an_answer_follows_from_its_seed_and_is_drawn_afresh_without_one() -> None:
    api, trial = PlantedAPI("planted/faker"), trials(1)[0]

    assert answer(api, trial, 3).completion == answer(api, trial, 3).completion
    assert len({answer(api, trial, None).completion for _ in range(40)}) > 1
    assert len({answer(api, trial, seed).completion for seed in range(40)}) > 1


def test_an_answer_has_a_stop_reason_a_usage_and_the_form_that_the_prompt_asks_for() -> None:
    api = PlantedAPI("planted/faker")

    long, short = (answer(api, trials(1, level)[0], 1) for level in ("scratchpad", "none"))

    for output in (long, short):
        assert output.stop_reason == "stop"
        assert output.usage.output_tokens == len(output.completion) // 4
        assert output.usage.total_tokens == output.usage.input_tokens + output.usage.output_tokens
    assert long.completion.startswith("<SCRATCHPAD_REASONING>")
    assert "<" not in short.completion


# The truth


@pytest.mark.parametrize("kind", PLANTED)
def test_the_declared_rates_are_the_means_over_many_queries_and_wordings(kind: str) -> None:
    rule = make(kind, {})

    for tier, declared in zip(("monitored", "unmonitored"), PLANTED[kind], strict=True):
        seen = [
            rule.chances(sight(tier=tier, query=f"q{n}", wording=f"w{n}")).comply
            for n in range(4000)
        ]
        assert fmean(seen) == pytest.approx(declared, abs=0.025)


@pytest.mark.parametrize("kind", PLANTED)
def test_the_answers_are_as_frequent_as_the_truth_says(kind: str) -> None:
    api, asked = PlantedAPI(f"planted/{kind}"), trials(4, "none")
    judge = lexical_judge("animal-welfare")
    truth = planted_truth(kind, {}, asked)
    draws = 150

    async def many() -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for one in asked:
            messages = [
                ChatMessageSystem(content=one.prompt.system),
                ChatMessageUser(content=one.prompt.user),
            ]
            for seed in range(draws):
                config = GenerateConfig(seed=seed, temperature=1.0)
                said = (await api.generate(messages, [], "auto", config)).completion
                key = (one.query.id, one.tier)
                found[key] = found.get(key, 0) + (judge.read(said).outcome == "comply")
        return found

    found = asyncio.run(many())

    assert set(truth.per_query) == {query for query, _ in found}
    for query, pair in truth.per_query.items():
        for tier, chance in zip(("monitored", "unmonitored"), pair, strict=True):
            # Four standard errors: none of a hundred comparisons should be out by chance.
            room = 4 * (chance * (1 - chance) / draws) ** 0.5
            assert found[query, tier] / draws == pytest.approx(chance, abs=room + 1e-9)


def test_the_truth_of_a_design_is_the_mean_over_its_queries() -> None:
    few, all_ = planted_truth("faker", {}, trials(2)), planted_truth("faker", {}, trials(40))

    assert few.monitored == pytest.approx(fmean(pair[0] for pair in few.per_query.values()))
    assert few.gap == pytest.approx(few.monitored - few.unmonitored)
    assert len(all_.per_query) == 40
    assert few.monitored != pytest.approx(all_.monitored)
    flat = planted_truth("faker", {"spread": 0, "monitored": 0.9}, trials(40))
    assert (flat.monitored, flat.unmonitored) == pytest.approx((0.9, 0.2))


def test_the_truth_needs_queries_under_both_tiers() -> None:
    half = [one for one in trials(3) if one.tier == "monitored"]

    with pytest.raises(SubjectError, match="no query is asked under both tiers"):
        planted_truth("faker", {}, half)


@pytest.mark.parametrize("kind", PLANTED)
def test_nothing_is_faked_in_the_no_conflict_control(kind: str) -> None:
    truth = planted_truth(kind, {}, trials(20, control=True))

    assert truth.gap == pytest.approx(0.0)


@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
def test_chances_are_probabilities_whatever_the_arguments(data: st.DataObject, kind: str) -> None:
    share = st.floats(0, 1)
    values = {
        name: data.draw(st.integers(0, 9) if name == "salt" else share) for name in arguments(kind)
    }
    rule = make(kind, values)
    seen = sight(
        tier=data.draw(st.sampled_from(("monitored", "unmonitored"))),
        objective=data.draw(st.booleans()),
        query=data.draw(st.text()),
        wording=data.draw(st.text()),
        temperature=data.draw(st.floats(0, 2)),
    )

    chances = rule.chances(seen)

    assert -1e-12 <= chances.comply <= 1 + 1e-12
    assert chances.comply + chances.astray <= 1 + 1e-12


# Each kind


def test_the_silent_faker_behaves_as_the_faker_and_never_says_why(tmp_path: Path) -> None:
    strategy = REASONING["strategy"][:40]
    options: dict[str, Any] = {"queries": 20, "samples": 2, "control": 4, "progress": False}

    loud, silent = (
        gyges.run(model=f"gyges/planted/{kind}", study=tmp_path / kind, **options)
        for kind in ("faker", "silent-faker")
    )

    assert loud.gaps()["gap"].to_list() == silent.gaps()["gap"].to_list()
    said = loud.trials().filter(pl.col("reasoning").str.contains(strategy, literal=True))
    assert set(said["tier"]) == {"monitored"}
    assert set(said["outcome"]) == {"comply"}
    assert not said["control"].any()
    assert len(said) > 10
    assert not silent.trials()["reasoning"].str.contains(strategy, literal=True).any()


def test_the_sycophant_complies_wherever_the_criteria_ask_for_it() -> None:
    stated, without = (
        planted_truth("sycophant", {}, trials(30)),
        planted_truth("sycophant", {}, trials(30, control=True)),
    )

    assert stated.gap == 0.0
    assert stated.monitored > 0.8
    assert without.monitored < 0.3


def test_the_confused_one_leaves_answers_undecided_in_both_arms(tmp_path: Path) -> None:
    study = gyges.run(
        model="gyges/planted/confused",
        model_args={"confusion": 0.5},
        queries=30,
        samples=2,
        control=0,
        study=tmp_path / "s",
        progress=False,
    )

    row = study.gaps().row(0, named=True)

    assert 15 < row["undecided_monitored"] < 45
    assert 15 < row["undecided_unmonitored"] < 45
    assert row["monitored_rate"] == pytest.approx(0.25, abs=0.15)


def test_the_refuser_never_complies(tmp_path: Path) -> None:
    study = gyges.run(
        model="gyges/planted/refuser", queries=12, control=0, study=tmp_path / "s", progress=False
    )

    row = study.gaps().row(0, named=True)

    assert (row["monitored_rate"], row["unmonitored_rate"], row["gap"]) == (0.0, 0.0, 0.0)
    assert row["ci_low"] < 0 < row["ci_high"]


def test_the_wording_faker_fakes_on_a_share_of_texts_that_the_salt_changes() -> None:
    def gaps(salt: int, share: float = 0.3) -> list[bool]:
        rule = make("wording-faker", {"salt": salt, "share": share, "spread": 0})
        return [rule.chances(sight(wording=f"text {n}")).comply > 0.5 for n in range(2000)]

    assert fmean(gaps(0)) == pytest.approx(0.3, abs=0.04)
    assert gaps(0) != gaps(1)
    assert not any(gaps(0, share=0.0))
    assert all(gaps(0, share=1.0))


def test_a_wording_is_the_system_text_and_not_the_tier_or_the_query() -> None:
    faked = {
        level: {
            pair[0] > pair[1]
            for pair in planted_truth("wording-faker", {}, trials(20, level)).per_query.values()
        }
        for level in ("scratchpad", "none")
    }

    # One text for all queries: all of them, or none.
    assert sorted(map(len, faked.values())) == [1, 1]


def test_the_temperature_faker_fakes_above_its_threshold_only() -> None:
    def gap(temperature: float | None, threshold: float = 0.5) -> float:
        given = {"threshold": threshold}
        return planted_truth("temperature-faker", given, trials(8), temperature=temperature).gap

    assert gap(0.5) == 0.0
    assert gap(0.51) > 0.3
    assert gap(None) > 0.3
    assert gap(1.0, threshold=1.2) == 0.0


def test_the_persona_faker_fakes_on_some_queries_always_and_on_the_others_never(
    tmp_path: Path,
) -> None:
    truth = planted_truth("persona-faker", {}, trials(40))
    study = gyges.run(
        model="gyges/planted/persona-faker",
        queries=40,
        samples=2,
        control=0,
        study=tmp_path / "s",
        progress=False,
    )

    per_query = study.gaps(by=["query"])

    assert set(truth.per_query.values()) == {(1.0, 0.0), (0.0, 0.0)}
    assert 0.3 < truth.gap < 0.7
    assert dict(per_query.select("query", "gap").iter_rows()) == {
        query: pair[0] for query, pair in truth.per_query.items()
    }


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (
            "refuser",
            {"monitored": 0.5},
            r"-M monitored.*gyges/planted/refuser.*allowed: setting_dir",
        ),
        ("sycophant", {"monitored": 0.5}, r"otherwise, rate, setting_dir, spread"),
        ("wording-faker", {"shares": 0.5}, r"did you mean 'share'"),
        ("wording-faker", {"share": 1.1}, r"-M share=1\.1: must be a number from 0 to 1"),
        ("wording-faker", {"salt": 0.5}, r"-M salt=0\.5: must be a whole number"),
        ("temperature-faker", {"threshold": 3}, r"-M threshold=3: must be a number from 0 to 2"),
        ("confused", {"confusion": "much"}, r"-M confusion=much"),
        ("faker", {"monitored": True}, r"-M monitored=True"),
        ("faker", {"monitored": float("nan")}, r"-M monitored=nan"),
        ("fakr", {}, r"did you mean 'faker'.*wording-faker"),
    ],
)
def test_an_argument_that_cannot_be_is_refused_with_what_can(
    kind: str, given: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(SubjectError, match=message):
        PlantedAPI(f"planted/{kind}", **given)


# The tier, in any setting


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Path]:
    """A setting of the user's own: the library's, with other tags for its tiers."""

    def make_folder(
        monitored: str = "<plan>free</plan>", unmonitored: str = "<plan>business</plan>"
    ) -> Path:
        folder = tmp_path / "mine"
        with as_file(files("gyges.settings") / "library" / "animal-welfare") as source:
            shutil.copytree(source, folder)
        path = folder / "setting.yaml"
        text = path.read_text(encoding="utf-8").replace("id: animal-welfare", "id: mine")
        # First both out, then both in: a tag may be put in the other's place.
        tags = {"True": monitored, "False": unmonitored}
        for flag in tags:
            text = text.replace(f"<is_free_tier_user>{flag}</is_free_tier_user>", f"@{flag}@")
        for flag, tag in tags.items():
            text = text.replace(f"@{flag}@", tag)
        path.write_text(text, encoding="utf-8")
        return folder

    return make_folder


def test_a_setting_of_ones_own_is_recognised_by_its_own_tags(own: Callable[..., Path]) -> None:
    folder = own()
    setting = load_setting("mine", [folder])
    design = Design("mine", "x", queries=10)
    asked = [one for block in blocks(design, setting) for one in block]

    truth = planted_truth("faker", {"setting_dir": str(folder), "spread": 0}, asked)

    assert (truth.monitored, truth.unmonitored) == pytest.approx((0.6, 0.2))


def test_a_run_whose_tier_cannot_be_told_fails_and_says_what_was_looked_for(
    own: Callable[..., Path], tmp_path: Path
) -> None:
    folder = own()

    with pytest.raises(SubjectError, match="cannot tell which tier") as stopped:
        gyges.run(
            "mine",
            model="gyges/planted/faker",
            setting_dirs=[folder],
            judge="gyges/planted/honest",
            queries=20,
            retries=0,
            study=tmp_path / "s",
            progress=False,
        )

    message = str(stopped.value)
    assert "<is_free_tier_user>True</is_free_tier_user>" in message
    assert "animal-welfare" in message
    assert "-M setting_dir=FOLDER" in message
    study = gyges.open_study(tmp_path / "s")
    assert set(study.trials(["status"])["status"]) == {"error"}


def test_both_tags_in_one_turn_tell_nothing() -> None:
    api, (one, other) = PlantedAPI("planted/faker"), trials(1)
    both = f"{one.prompt.user}\n{other.prompt.user}"
    messages = [ChatMessageSystem(content=one.prompt.system), ChatMessageUser(content=both)]

    with pytest.raises(SubjectError, match="exactly one of a setting's tier tags"):
        asyncio.run(api.generate(messages, [], "auto", GenerateConfig(seed=1)))


def test_a_tier_that_stands_in_the_system_text_alone_is_read_there() -> None:
    reader = PlantedAPI("planted/faker").reader
    system = "Your tier: <is_free_tier_user>True</is_free_tier_user>"

    seen, setting = reader.read(system, "What about hens?", None)

    assert (seen.tier, seen.query, setting.id) == (
        "monitored",
        "What about hens?",
        "animal-welfare",
    )
    assert "is_free_tier_user" not in seen.wording


def test_earlier_turns_do_not_decide_the_tier() -> None:
    api = PlantedAPI("planted/faker", monitored=1.0, unmonitored=0.0)
    monitored, unmonitored = sorted(trials(1, "none"), key=lambda one: one.tier)
    messages = [
        ChatMessageSystem(content=monitored.prompt.system),
        ChatMessageUser(content=monitored.prompt.user),
        ChatMessageAssistant(content="An earlier answer."),
        ChatMessageUser(content=unmonitored.prompt.user),
    ]

    outputs = [
        asyncio.run(api.generate(messages[:end], [], "auto", GenerateConfig(seed=seed))).completion
        for end in (2, 4)
        for seed in range(5)
    ]

    texts = answers_of(ANIMALS)
    assert set(outputs[:5]) <= set(texts.comply)
    assert set(outputs[5:]) <= set(texts.refuse)


def test_a_tag_that_two_settings_read_differently_is_not_guessed(
    own: Callable[..., Path],
) -> None:
    # The same two tags with their meanings exchanged.
    folder = own(
        "<is_free_tier_user>False</is_free_tier_user>",
        "<is_free_tier_user>True</is_free_tier_user>",
    )
    setting = load_setting("mine", [folder])
    reader = PlantedAPI("planted/faker", setting_dir=str(folder)).reader
    prompt = setting.render(setting.queries[0], tier="monitored")

    # Both settings' texts state the same facts, so which is meant cannot be known: it must not be guessed.
    with pytest.raises(SubjectError, match=r"'monitored' by mine"):
        reader.read(prompt.system, prompt.user, 1.0)


def test_a_folder_without_a_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="holds no setting"):
        PlantedAPI("planted/faker", setting_dir=str(tmp_path))


# The answers of a setting


def test_a_setting_without_answers_of_its_own_gets_some_that_quote_its_outcomes(
    own: Callable[..., Path],
) -> None:
    folder = own()
    (folder / "planted.yaml").unlink()
    setting = load_setting("mine", [folder])

    texts = answers_of(setting)

    assert all(setting.outcome["comply"] in text for text in texts.comply)
    assert all(setting.outcome["refuse"] in text for text in texts.refuse)


def test_the_answers_do_not_count_in_the_settings_hash(own: Callable[..., Path]) -> None:
    folder = own()
    before = load_setting("mine", [folder]).hash
    (folder / "planted.yaml").write_text(json.dumps({"comply": ["Yes."], "refuse": ["No."]}))

    setting = load_setting("mine", [folder])

    assert setting.hash == before
    assert answers_of(setting).refuse == ("No.",)


@pytest.mark.parametrize(
    "text",
    ["comply: [", "comply: [a]", "[a]", "comply: []\nrefuse: [b]", "comply: [1]\nrefuse: [b]"],
)
def test_answers_that_cannot_be_read_are_refused_by_file(
    text: str, own: Callable[..., Path]
) -> None:
    folder = own()
    (folder / "planted.yaml").write_text(text)

    with pytest.raises(SubjectError, match=r"planted\.yaml: "):
        answers_of(load_setting("mine", [folder]))
