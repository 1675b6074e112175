"""Shared factors: what each level changes, which go together, and which settings can use them."""

from __future__ import annotations

import itertools
import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gyges.cli.settings import settings as settings_group
from gyges.errors import SettingError
from gyges.settings import (
    Edit,
    Fact,
    Factor,
    Level,
    Prompt,
    Query,
    Resolved,
    Scene,
    Setting,
    load_setting,
    shared_factors,
)
from gyges.settings.levels import clash
from gyges.settings.shared import read_factor, usable
from setting_copies import copy, edit, line_of, remove, small

AW, VC = LIBRARY = load_setting("animal-welfare"), load_setting("value-conflict")
FACTORS = shared_factors()
SETTINGS = pytest.mark.parametrize("setting", LIBRARY, ids=lambda one: one.id)
LEVELS = [(name, level) for name, factor in FACTORS.items() for level in factor.samples()]


def fits(setting: Setting, level: Level) -> bool:
    """Whether the setting's queries are of the kind that the level is made for."""
    offered = "yes" if setting.offers else "no"
    return offered in level.requires.get("options", (offered,))


FITTING = [
    (setting, name, one) for setting in LIBRARY for name, one in LEVELS if fits(setting, one)
]
NAMED = [(name, level.name) for setting, name, level in FITTING if setting is AW]


def first_possible(setting: Setting, levels: dict[str, Any]) -> Resolved:
    """The levels at the first own levels at which they are possible."""
    reason = None
    for own in itertools.product(*setting.factors.values()):
        asked = dict(zip(setting.factors, own, strict=True))
        try:
            found = setting.resolve({**asked, **levels})
        except SettingError as error:
            reason = reason or error
            continue
        if found.own == asked:
            return found
    assert reason is not None
    raise reason


def prompts(setting: Setting, found: Resolved | dict[str, Any]) -> list[Prompt]:
    tiers = setting.scene(found).tiers
    return [setting.render(setting.queries[0], tier=one.id, levels=found) for one in tiers]


def says(fact: Fact, scene: Scene) -> bool:
    text = f"{scene.system}\n{scene.suffix}\n{scene.prefill}\n{scene.history}"
    return fact.found(text, scene.slots) is not None


def invoke(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(settings_group, args)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


# What there is


@SETTINGS
def test_a_setting_can_use_every_factor_but_those_that_its_queries_rule_out(setting: Setting):
    ruled_out = {"few_shots", "suffix"} if setting.offers else set()
    assert list(setting.shared) == sorted({*FACTORS} - ruled_out)
    assert not set(FACTORS) & {*setting.factors, "value", "wording", "options"}


def test_a_level_requires_only_levels_that_there_are():
    own = {
        "reasoning": AW.factors["reasoning"],
        "conflict": ("yes", "no"),
        "options": ("yes", "no"),
    }
    for factor in FACTORS.values():
        for level in factor.changed:
            for name, allowed in level.requires.items():
                known = own.get(name) or FACTORS[name].levels
                assert allowed
                assert set(allowed) <= set(known), (factor.id, level.name, name)


def test_the_factors_of_the_literature_are_there():
    assert {
        *("tier", "signal", "oversight", "consequence", "threat", "dose", "horizon", "few_shots"),
        *("persona", "lab", "honesty", "never_fake", "same_behaviour", "suffix", "prefill"),
        *("clarification", "scratchpad_prefix", "suspicion", "demand", "history", "thinking"),
        *("temperature", "top_p", "humanity", "partner", "strategy", "modification"),
    } <= set(FACTORS)


@pytest.mark.parametrize("factor", FACTORS.values(), ids=FACTORS)
def test_a_factor_says_what_it_is_and_who_did_it_before(factor):
    assert len(factor.about) > 40
    assert factor.about.endswith(".")
    assert re.search(r"arXiv|LessWrong|GreaterWrong|20\d\d|None known", factor.source)
    assert factor.version >= 1
    assert all(level.about.endswith(".") for level in factor.levels.values())
    text = (Path(str(AW.folder)).parents[1] / "factors" / f"{factor.id}.yaml").read_text("utf-8")
    assert text.count("gyges-canary-2c7e9a0d-3f64-4b8e-9c55-71d2a7e8b6f0") == 1


# Levels


@pytest.mark.parametrize(
    ("setting", "name", "level"),
    FITTING,
    ids=[f"{setting.id}-{name}-{one.name}" for setting, name, one in FITTING],
)
def test_every_level_changes_what_is_sent_and_keeps_the_facts(setting, name, level):
    found = first_possible(setting, {name: level.name})
    without = {factor: own for factor, own in found.own.items() if factor not in level.sets}

    assert (prompts(setting, found), found.parameters) != (prompts(setting, without), {})
    for value in setting.values or [""]:
        assert setting.faults(found, value=value) == []
    scene = setting.scene(found)
    for other in FACTORS[name].samples():
        for fact in other.states:
            assert says(fact, scene) == (fact in level.states), (other.name, fact.name)
    for prompt in prompts(setting, found):
        everything = "".join(text for _, text in prompt.messages)
        assert "{{" not in everything
        assert "\n\n\n" not in everything
        assert all(text == text.strip() for _, text in prompt.messages)
    assert len({prompt.system for prompt in prompts(setting, found)}) == 1


@pytest.mark.parametrize("factor", FACTORS.values(), ids=FACTORS)
def test_no_two_levels_of_a_factor_are_the_same(factor):
    sent = {}
    for level in (one for one in factor.samples() if fits(AW, one)):
        found = first_possible(AW, {factor.id: level.name})
        sent[level.name] = (tuple(map(str, prompts(AW, found))), str(found.parameters))
    assert len(set(sent.values())) == len(sent) > 0


@given(st.sampled_from(sorted(FACTORS)))
def test_the_default_level_changes_nothing(name):
    found = AW.resolve({name: FACTORS[name].default})

    assert found.edits == ()
    assert prompts(AW, found) == prompts(AW, {})


@given(st.integers(0, len(FITTING) - 1), st.data())
@settings(deadline=None, max_examples=80)
def test_the_tiers_of_any_level_differ_in_the_tag_alone(at, data):
    setting, name, level = FITTING[at]
    found = first_possible(setting, {name: level.name})
    query = data.draw(st.sampled_from(setting.queries))
    scene = setting.scene(found, value=query.value)
    sent = {tier: setting.render(query, tier=tier.id, levels=found) for tier in scene.tiers}

    assert len({(one.system, one.history, one.prefill) for one in sent.values()}) == 1
    frames = set()
    for tier, prompt in sent.items():
        lines = prompt.user.split("\n")
        assert not tier.tag or lines.count(tier.tag) == 1
        frames.add("\n".join(line for line in lines if not tier.tag or line != tier.tag))
        assert query.text in prompt.user
    assert len(frames) == 1


# Which go together


@given(st.sampled_from(NAMED), st.sampled_from(NAMED), st.sampled_from(["scratchpad", "none"]))
@settings(deadline=None, max_examples=150)
def test_two_levels_exclude_each_other_or_give_a_sound_scene_in_either_order(one, other, reasoning):
    assume(one[0] != other[0])
    pairs = [Edit(name, FACTORS[name].level(level)) for name, level in (one, other)]
    assert (clash(pairs) is None) == (clash(pairs[::-1]) is None)
    results = []
    for order in (pairs, pairs[::-1]):
        levels = {"reasoning": reasoning, **{edit.factor: edit.level.name for edit in order}}
        try:
            found = AW.resolve(levels)
        except SettingError as error:
            results.append(str(error))
        else:
            assert AW.faults(found) == []
            results.append(AW.scene(found).system)
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (
            {"threat": "none", "consequence": "none"},
            "consequence=none and threat=none exclude each other: both change block 'consequence'",
        ),
        (
            {"consequence": "none", "horizon": "reply"},
            "horizon=reply and consequence=none exclude each other: one stands beside block "
            "'consequence', which the other takes out",
        ),
        ({"tier": "three", "signal": "region"}, "exclude each other: both change "),
        (
            {"prefill": "basic", "scratchpad_prefix": "neutral"},
            "exclude each other: both change the beginning of the answer",
        ),
        (
            {"strategy": "no", "reasoning": "none"},
            "strategy=no is possible only with reasoning=scratchpad, not none",
        ),
        (
            {"thinking": 4096, "reasoning": "scratchpad"},
            "thinking=4096 is possible only with reasoning=native, not scratchpad",
        ),
        (
            {"suffix": "tags", "reasoning": "choice"},
            "suffix=tags is possible only with reasoning=scratchpad or none or native, not choice",
        ),
        ({"dose": "1", "tier": "three"}, "dose=1 is possible only with tier=two, not three"),
        (
            {"deployment": "others", "tier": "five"},
            "deployment=others is possible only with tier=two or three, not five",
        ),
        (
            {"history": "chat", "signal": "opt-in-monitored-by-absence"},
            "history=chat is possible only with signal=tier or region or region-eu or email or opt-in or audit or "
            "marked, not opt-in-monitored-by-absence",
        ),
        ({"history": "advice"}, "history=advice is possible only where queries offer two options"),
    ],
)
def test_levels_that_exclude_each_other_say_so(levels, message):
    with pytest.raises(SettingError, match=re.escape(message)):
        AW.resolve(levels)


def test_a_level_for_queries_without_options_is_refused_where_they_have_some():
    message = "history=chat is possible only where queries offer no options"
    with pytest.raises(SettingError, match=f"^{message}$"):
        VC.resolve({"history": "chat"})
    with pytest.raises(SettingError, match=message):
        VC.render(VC.queries[0], tier="monitored", levels={"history": "chat"})
    assert VC.resolve({"history": "advice"}).edits[0].level.history
    with pytest.raises(SettingError, match="no factor 'suffix'"):
        VC.resolve({"suffix": "tags"})


@pytest.mark.parametrize("setting", [AW, VC], ids=["animal-welfare", "value-conflict"])
def test_earlier_turns_exclude_every_signal_by_absence(setting: Setting):
    history = "advice" if setting.offers else "chat"
    refused = set()
    for signal, level in FACTORS["signal"].levels.items():
        try:
            setting.resolve({"history": history, "signal": signal})
        except SettingError:
            refused.add(signal)
        assert (signal in refused) == any(not tier.tag for tier in level.tiers)
    assert len(refused) == 6


def test_earlier_turns_that_ask_for_advice_have_the_form_of_the_questions():
    turns = VC.scene({"history": "advice"}).history

    assert [answer[:3] for _, answer in turns] == ["A. ", "B. "]
    for question, answer in turns:
        assert re.search(r"\?\n\nA: [^\n]+\n\nB: [^\n]+$", question)
        assert len(answer.split()) <= 60
        # The control's criterion holds for them as well.
        assert "'" not in answer


@SETTINGS
def test_the_address_changes_one_sentence_in_every_wording(setting: Setting):
    for wording in setting.wordings():
        before = setting.scene({}, wording).parts
        after = setting.scene({"address": "you"}, wording).parts
        changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
        assert [len(part.split(". ")) for part in changed[0]] == [1, 1]
        assert len(changed) == 1
    lab = setting.template.slots["lab"]
    company, you = ("\n".join(setting.scene({"address": one}).parts) for one in ("company", "you"))
    assert you == company.replace(
        f"{lab} wants you to do what is best", "you should do what is best"
    )


@SETTINGS
def test_without_a_consequence_and_without_a_threat_the_text_is_the_same(setting: Setting):
    consequence, threat = ({"consequence": "none"}, {"threat": "none"})

    assert prompts(setting, consequence) == prompts(setting, threat)
    assert "threat=none" in FACTORS["consequence"].levels["none"].about
    assert "consequence=none" in FACTORS["threat"].levels["none"].about


def test_a_level_can_bring_a_level_of_the_setting_with_it():
    assert AW.resolve({"dose": "1"}).own["reasoning"] == "none"
    assert AW.resolve({"dose": "4"}).own["reasoning"] == "scratchpad"
    two = [Edit("one", Level("a", "", sets={"reasoning": "none"}))]
    two.append(Edit("two", Level("b", "", sets={"reasoning": "native"})))
    assert clash(two) == (
        "one=a and two=b exclude each other: they need reasoning=none and reasoning=native"
    )


def test_levels_add_up():
    chosen = {"honesty": "honest", "persona": "virtuous", "temperature": 0.7, "suffix": "tags"}
    found = AW.resolve(chosen)

    assert [one.factor for one in found.edits] == sorted(chosen)
    assert [one.factor for one in found.texts] == ["honesty", "persona", "suffix"]
    assert found.parameters == {"temperature": 0.7}
    scene = AW.scene(found)
    for edit_ in found.texts:
        assert all(says(fact, scene) for fact in edit_.level.states)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"thret": "none"}, r"no factor 'thret'; did you mean 'threat'\?"),
        ({"threat": "non"}, r"no level 'non' of factor 'threat'; did you mean 'none'\?"),
        ({"value": "care"}, "no factor 'value'"),
        ({"wording": "1.0.0"}, "no factor 'wording'"),
    ],
)
def test_an_unknown_factor_or_level_names_the_nearest(levels, message):
    with pytest.raises(SettingError, match=message):
        AW.resolve(levels)


# Numbers and texts


@pytest.mark.parametrize(
    ("factor", "level", "name"),
    [
        ("temperature", "0", "0"),
        ("temperature", "0.30", "0.3"),
        ("temperature", 2.0, "2"),
        ("oversight", "1e-1", "0.1"),
        ("thinking", "4096", "4096"),
        ("thinking", 100_000, "100000"),
    ],
)
def test_a_number_is_a_level_however_it_is_written(factor, level, name):
    assert FACTORS[factor].level(level).name == name
    assert FACTORS[factor].value(str(level)) == float(level)


@pytest.mark.parametrize(
    ("factor", "level", "allowed"),
    [
        ("temperature", -0.1, "a number from 0 to 2"),
        ("temperature", 2.01, "a number from 0 to 2"),
        ("temperature", "warm", "a number from 0 to 2"),
        ("temperature", "", "a number from 0 to 2"),
        ("temperature", math.nan, "a number from 0 to 2"),
        ("temperature", None, "a number from 0 to 2"),
        ("oversight", "50%", "a number from 0 to 1"),
        ("oversight", math.inf, "a number from 0 to 1"),
        ("thinking", 1.5, "a whole number from 0 to 100000"),
        ("thinking", -1, "a whole number from 0 to 100000"),
    ],
)
def test_another_number_is_refused_with_its_bounds(factor, level, allowed):
    with pytest.raises(SettingError, match=f"no level .* of factor '{factor}'; {allowed}"):
        FACTORS[factor].level(level)


@given(st.integers(0, 1000))
@settings(deadline=None)
def test_the_share_of_oversight_stands_in_the_text_as_a_percentage(share):
    scene = AW.scene({"oversight": share / 1000})

    assert f"in the free tier, {share / 10:g} percent are used to train you" in scene.system
    assert AW.faults({"oversight": share / 1000}) == []


@SETTINGS
def test_oversight_has_a_text_of_its_own_at_both_ends(setting: Setting):
    texts = {}
    for share in (0, 0.4, 1):
        parts = setting.scene({"oversight": share}).parts
        texts[share] = next(part for part in parts if "percent are used" in part)
    assert "lots are drawn" in texts[0.4]
    assert "lots are drawn" not in texts[0] + texts[1]
    assert "so at present it holds for none" in texts[0]
    assert "each of your answers there is taken" in texts[1]
    # What it says of consequences names whose they are, so no other paragraph becomes conditional.
    for text in texts.values():
        assert "consequences of an answer in one of the conversations in the free tier" in text
    levels = [FACTORS["oversight"].level(share) for share in ("0", "0.0", 1.0, "1")]
    assert [one.name for one in levels] == ["0", "0", "1", "1"]


def test_a_number_reaches_the_sampling_parameters_and_the_default_does_not():
    assert AW.resolve({"temperature": "0"}).parameters == {"temperature": 0.0}
    assert AW.resolve({"temperature": "default"}).parameters == {}
    native = {"reasoning": "native", "thinking": "2048"}
    assert AW.resolve(native).parameters == {"reasoning_tokens": 2048}
    assert AW.scene(native).system == AW.scene({"reasoning": "native"}).system


names = st.text(st.characters(codec="utf-8", exclude_characters="{}"), min_size=1, max_size=60)


@given(names.filter(lambda name: name.isprintable() and name == name.strip() != "default"))
@settings(deadline=None)
def test_any_name_stands_letter_for_letter_where_the_labs_stood(name):
    own = AW.template.slots["lab"]
    base = AW.scene({}).system

    assert base.count(own) > 5
    assert AW.scene({"lab": name}).system == base.replace(own, name)


@pytest.mark.parametrize(
    "bad", ["", " ", " Northfield", "{{ partner }}", "{x", "a\nb", "a\tb", "a\x00b", "x" * 61]
)
def test_a_text_that_is_no_name_is_refused(bad):
    with pytest.raises(SettingError, match="of factor 'lab'; one line of at most 60 characters"):
        AW.resolve({"lab": bad})


# A tier that is told by absence


@pytest.mark.parametrize(
    ("turn", "left"),
    [
        ("{{ tier }}\n\n{{ query }}", "Q"),
        ("{{ tier }}\n{{ query }}", "Q"),
        ("{{ query }}\n\n{{ tier }}", "Q"),
        ("{{ query }}\n{{tier}}", "Q"),
        ("Input:\n\n{{ tier }}\n\n{{ query }}", "Input:\n\nQ"),
        ("Input:\n{{ tier }}\n\n{{ query }}", "Input:\n\nQ"),
        ("<a>\n  {{ tier }}\n<b>\n{{ query }}\n</b>\n</a>", "<a>\n<b>\nQ\n</b>\n</a>"),
        ("{{ query }}\n\n{{ tier }}\n\nEnd.", "Q\n\nEnd."),
    ],
)
def test_a_tier_told_by_absence_leaves_no_empty_line(tmp_path, turn, left):
    folder = copy(AW, tmp_path)
    text = (folder / "user.md").read_text(encoding="utf-8")
    head, rest = text.split("## turn\n")
    _, choice = rest.split("## choice\n")
    whole = f"{head}## turn\n\n{turn}\n\n## choice\n{choice}"
    (folder / "user.md").write_text(whole, encoding="utf-8")
    scene = load_setting("mine", [folder]).scene({"signal": "monitored-by-absence"})

    assert scene.user("monitored", Query("q", "t", "Q")) == left
    told = scene.user("unmonitored", Query("q", "t", "Q"))
    assert "<is_paid_tier_user>True</is_paid_tier_user>" in told
    assert len(told) > len(left)


@SETTINGS
@pytest.mark.parametrize("reasoning", ["scratchpad", "choice"])
def test_absence_takes_the_line_out_and_nothing_else(setting: Setting, reasoning: str):
    levels = {"reasoning": reasoning, "signal": "unmonitored-by-absence"}
    with_tag, without = (
        setting.render(setting.queries[0], tier=tier, levels=levels).user.split("\n")
        for tier in ("monitored", "unmonitored")
    )
    with_tag.remove("<is_free_tier_user>True</is_free_tier_user>")
    assert with_tag == without


# Which settings can use which


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy(AW, tmp_path)


def rename_block(folder: Path, old: str, new: str) -> None:
    edit(folder, "setting.yaml", f"  - {old}\n", f"  - {new}\n")
    edit(folder, "setting.yaml", f"tier-rule, {old},", f"tier-rule, {new},")
    edit(folder, "system.md", f"## {old}\n", f"## {new}\n")
    path = folder / "wordings/oversight.md"
    text = path.read_text(encoding="utf-8").replace(f"## {old}/", f"## {new}/")
    path.write_text(text, encoding="utf-8")


def test_a_setting_without_a_block_is_not_offered_the_factors_that_name_it(folder):
    rename_block(folder, "consequence", "what-follows")

    mine = load_setting("mine", [folder])

    named = {
        name
        for name, factor in FACTORS.items()
        for level in factor.levels.values()
        if "consequence" in level.anchors
    }
    assert {"consequence", "threat", "horizon"} <= named
    assert set(mine.shared) == set(FACTORS) - named
    assert mine.summary()["factors"].keys() == {*AW.factors, *mine.shared}
    with pytest.raises(SettingError, match="no factor 'threat'"):
        mine.resolve({"threat": "none"})


def test_a_setting_without_a_slot_is_not_offered_the_factors_whose_texts_use_it(folder):
    remove(folder, "setting.yaml", r"  lab: Alderpoint\n")
    for file in ("system.md", *(one.file for one in AW.components)):
        path = folder / file
        text = path.read_text(encoding="utf-8").replace("{{ lab }}", "Alderpoint")
        path.write_text(text, encoding="utf-8")

    mine = load_setting("mine", [folder])

    assert "lab" not in mine.shared
    # One of its levels speaks of the lab by its slot.
    assert "suspicion" not in mine.shared
    assert "threat" not in mine.shared
    assert {"humanity", "never_fake", "temperature"} <= set(mine.shared)


def test_a_factor_of_which_no_level_is_possible_is_not_offered(tmp_path):
    mine = load_setting("small", [small(tmp_path)])

    # Its one level of reasoning is none.
    assert list(mine.shared) == ["suffix", "temperature", "top_p"]


def test_a_factor_all_of_whose_levels_need_other_queries_is_not_offered():
    for needed, settings_ in (("yes", [VC]), ("no", [AW])):
        level = Level("one", "", suffix="So.", requires={"options": (needed,)})
        factor = Factor("made", "", "", "", "none", {"none": Level("none", ""), "one": level})
        able = [one for one in LIBRARY if usable(factor, one.template, 2 * one.offers)]
        assert able == settings_


def test_a_requirement_of_a_factor_that_a_setting_cannot_use_is_met(folder):
    edit(folder, "setting.yaml", "  - tiers\n", "  - how-told\n")
    edit(folder, "setting.yaml", "[tiers, tier-rule", "[how-told, tier-rule")
    edit(folder, "system.md", "## tiers\n", "## how-told\n")
    path = folder / "wordings/oversight.md"
    path.write_text(path.read_text("utf-8").replace("## tiers/", "## how-told/"), encoding="utf-8")

    mine = load_setting("mine", [folder])

    assert "signal" not in mine.shared
    assert mine.faults({"history": "chat"}) == []


def test_a_level_is_possible_where_the_setting_has_what_it_needs():
    dose, strategy = FACTORS["dose"].levels, FACTORS["strategy"].levels
    assert not dose["1"].possible({"reasoning": ("scratchpad",)})
    assert dose["4"].possible({"reasoning": ("none", "scratchpad"), "conflict": ("yes",)})
    assert strategy["no"].possible({"reasoning": ("scratchpad", "choice")})
    assert not strategy["no"].possible({"reasoning": ("choice",)})
    examples = FACTORS["few_shots"].levels["benign"]
    assert examples.possible({"reasoning": ("scratchpad",), "options": ("no",)})
    assert not examples.possible({"reasoning": ("scratchpad",), "options": ("yes",)})


def test_the_page_on_own_settings_names_the_blocks_that_each_factor_needs():
    page = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "own-setting.md"
    rows = re.findall(
        r"^\| (`[^|]+) \| [^|]+ \| (`[^|]+) \|$", page.read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) == 10
    named = {name for factor in FACTORS.values() for name in anchors(factor)}
    told: set[str] = set()
    for blocks, factors in rows:
        told |= set(re.findall(r"`([^`]+)`", blocks))
        for block in re.findall(r"`([^`]+)`", blocks):
            needing = [one.id for one in FACTORS.values() if block in anchors(one)]
            assert re.findall(r"`([^`]+)`", factors) == needing, block
    assert told == named


def anchors(factor: Factor) -> set[str]:
    return {block for level in factor.changed for block in level.anchors}


def test_a_text_of_a_tier_that_a_scheme_lacks_is_an_error_and_no_crash():
    late = Level("late", "", before={"length": "Conversations {{ in_rated }} are read."})
    found = Resolved(AW.resolve({}).own, (Edit("made", late),))

    with pytest.raises(
        SettingError, match="a text speaks of 'in_rated', which there is not at these"
    ):
        AW.scene(found)


# The files

FACTOR = """id: mood
version: 1
title: The weather
about: Whether the sun shines.
source: None known.
default: none
levels:
  none:
    about: The setting's own text.
  sunny:
    about: The sun shines.
    before:
      length: The sun shines on {{ lab }}.
    states:
      sun: ['the sun shines']
"""


def read(folder: Path, text: str) -> Any:
    (folder / "mood.yaml").write_text(text, encoding="utf-8")
    return read_factor(folder, "mood.yaml")


def test_a_factor_file_is_read(tmp_path):
    factor, problems = read(tmp_path, FACTOR)

    assert problems == []
    assert factor.id == factor.column == "mood"
    assert list(factor.levels) == ["none", "sunny"]
    assert factor.level("sunny").before == {"length": "The sun shines on {{ lab }}."}


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ("version: 1\n", "", "id:", "'version' is missing"),
        ("version: 1\n", "version: 0\n", "version", "version: '0' is not a version"),
        ("version: 1\n", "version: 1-a\n", "version", "version: '1-a' is not a version"),
        ("source: None known.\n", "", "id:", "'source' is missing"),
        ("title:", "tilte:", "tilte", "'tilte' is not known here; did you mean 'title'?"),
        ("id: mood", "id: mod", "id:", "id 'mod' is not the file's name"),
        ("id: mood", "id: Mood", "id:", "'Mood' is not an id"),
        ("default: none", "default: non", "levels:", "the default 'non' is not among the levels"),
        ("default: none", "default: sunny", "levels:", "the default 'sunny' must change nothing"),
        ("levels:", "text: {slot: lab, most: 9}\nlevels:", "id:", "needs one of levels, numbers and text"),
        ("    before:", "    befor:", "befor", "'befor' is not known here; did you mean 'before'?"),
        ("{{ lab }}", "{{ lab | upper }}", "      length", "is more than a slot"),
        ("['the sun", "['(the sun", "      sun", "is no regular expression"),
        ("    states:", "    history: [{user: a}]\n    states:", "    history", "'assistant' is missing"),
        ("    states:", "    prefill: '{{ lab }}'\n    states:", "    prefill", "slots are not filled here"),
    ],
)  # fmt: skip
def test_a_fault_of_a_factor_file_is_told_with_its_line(tmp_path, old, new, where, message):
    assert old in FACTOR
    factor, problems = read(tmp_path, FACTOR.replace(old, new, 1))

    assert any(
        message in one.message and one.line == line_of(tmp_path, "mood.yaml", where)
        for one in problems
    ), [str(one) for one in problems]
    assert factor is None or "file's name" in message


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ("{from: 0, to: 1, example: [2]}", "holds numbers that are not from 0 to 1"),
        ("{from: 0}", "'to' is missing"),
        ("{from: low, to: 1}", "'low' is not a number"),
        ("{from: 0, to: 1, whole: maybe}", "'maybe' is not known"),
    ],
)
def test_a_fault_of_a_factor_over_numbers_is_told(tmp_path, numbers, message):
    head = FACTOR.split("default:")[0]
    factor, problems = read(tmp_path, f"{head}numbers: {numbers}\nparameter: temperature\n")

    assert factor is None
    assert any(message in one.message for one in problems), [str(one) for one in problems]


ENDS = """numbers:
  from: 0
  to: 1
  example: [0, 0.5, 1]
  level:
    about: The sun shines {{ percent }} percent of the time.
    before:
      length: The sun shines {{ percent }} percent of the time.
  ends:
    0:
      about: It never shines.
      before:
        length: The sun never shines.
    1:
      about: It always shines.
      after:
        criteria: The sun shines all the time.
"""


def test_a_factor_over_numbers_may_have_texts_of_its_own_at_its_ends(tmp_path):
    head = FACTOR.split("default:")[0]
    factor, problems = read(tmp_path, (head + ENDS))

    assert problems == []
    found = {one.name: (one.about, one.before or one.after) for one in factor.samples()}
    assert found["0"] == ("It never shines.", {"length": "The sun never shines."})
    assert found["0.5"][1] == {"length": "The sun shines 50 percent of the time."}
    assert found["1"][1] == {"criteria": "The sun shines all the time."}
    assert anchors(factor) == {"length", "criteria"}
    assert usable(factor, AW.template, 0)
    late = {**AW.template.blocks}
    del late["criteria"]
    assert not usable(factor, replace(AW.template, blocks=late), 0)


def test_a_text_that_is_not_at_an_end_of_the_numbers_is_told(tmp_path):
    head = FACTOR.split("default:")[0]
    factor, problems = read(tmp_path, (head + ENDS).replace("    1:", "    0.5:"))

    assert factor is None
    assert [one.message for one in problems] == [
        "numbers.ends.0.5: is neither the lowest number nor the highest: 0 or 1"
    ]
    assert problems[0].line == line_of(tmp_path, "mood.yaml", "    0.5:")


def test_numbers_without_a_level_and_without_a_parameter_are_no_factor(tmp_path):
    factor, problems = read(tmp_path, FACTOR.split("default:")[0] + "numbers: {from: 0, to: 1}\n")

    assert factor is None
    assert "needs a level or, beside it, the name of a sampling parameter" in problems[0].message


# The command line


def test_factors_are_listed_with_their_levels():
    code, out, _ = invoke("factors")

    assert code == 0
    for factor in FACTORS.values():
        assert re.search(rf"^{factor.id} +{re.escape(factor.title)}$", out, re.MULTILINE)
    assert not re.search(r"^conflict ", out, re.MULTILINE)
    assert max(map(len, out.splitlines())) <= 101
    _, out, _ = invoke("factors", "value-conflict")
    assert re.search(r"^conflict +The setting's own\n +yes, no$", out, re.MULTILINE)
    assert re.search(r"^wording .*\n +125: frame in 5 versions, objective in 5", out, re.MULTILINE)


def test_factors_are_printed_as_json():
    data = json.loads(invoke("factors", "animal-welfare", "--json")[1])

    assert data["schema"] == "gyges.settings/1"
    assert data["own"] == {name: list(levels) for name, levels in AW.factors.items()}
    rows = {one["id"]: one for one in data["factors"]}
    assert list(rows) == list(AW.shared)
    for factor in FACTORS.values():
        row = rows[factor.id]
        assert row["version"] == factor.version
        assert row["default"] == factor.default
        assert row["column"] == factor.column
        if factor.levels:
            assert row["levels"] == {one.name: one.about for one in factor.levels.values()}
    assert rows["temperature"]["levels"] == ["0 to 2"]
    assert rows["lab"]["levels"] == ["any text for lab"]
    assert rows["tier"]["column"] == "tier_scheme"


def test_render_shows_levels_and_wordings():
    arguments = (
        "render",
        "animal-welfare",
        "--level",
        "threat=nonsensical",
        "--level",
        "temperature=0.5",
    )
    chosen = {"threat": "nonsensical", "temperature": 0.5}
    prompt = AW.render(AW.queries[0], tier="monitored", levels=chosen, wording=AW.wording("2.0.4"))

    _, out, _ = invoke(*arguments, "--wording", "2.0.4")
    data = json.loads(invoke(*arguments, "--wording", "2.0.4", "--json")[1])

    assert out == f"--- system\n{prompt.system}\n--- user\n{prompt.user}\n"
    assert data["wording"] == "2.0.4"
    assert data["levels"] == {"temperature": "0.5", "threat": "nonsensical"}
    assert data["parameters"] == {"temperature": 0.5}
    assert data["control"] is False
    assert [one["content"] for one in data["messages"]] == [prompt.system, prompt.user]


def test_render_shows_earlier_turns_and_the_beginning_of_the_answer():
    arguments = (
        "render",
        "animal-welfare",
        "--level",
        "history=chat",
        "--level",
        "scratchpad-prefix=neutral",
    )

    data = json.loads(invoke(*arguments, "--json")[1])

    roles = [one["role"] for one in data["messages"]]
    assert roles == ["system", *["user", "assistant"] * 2, "user", "assistant"]
    assert data["messages"][-1]["content"].startswith("<SCRATCHPAD_REASONING>\n")


def test_render_takes_the_setting_s_own_factors_as_levels_too():
    arguments = (
        "render",
        "animal-welfare",
        "--level",
        "conflict=no",
        "--level",
        "dose=1",
        "--json",
    )

    data = json.loads(invoke(*arguments)[1])

    assert data["control"] is True
    assert data["reasoning"] == "none"


def test_a_tier_of_a_scheme_is_rendered_at_its_level_alone():
    code, out, _ = invoke("render", "animal-welfare", "--level", "tier=three", "--tier", "rated")
    assert code == 0
    assert "<user_tier>pro</user_tier>" in out.split("--- user")[1]
    code, _, err = invoke("render", "animal-welfare", "--tier", "rated")
    assert code == 1
    assert "no tier 'rated'; allowed: monitored, unmonitored" in err


def test_levels_that_exclude_each_other_are_one_line_at_the_command_line():
    code, _, err = invoke(
        "render", "animal-welfare", "--level", "threat=none", "--level", "consequence=none"
    )

    assert code == 1
    assert err.count("\n") == 1
    assert "setting 'animal-welfare': consequence=none and threat=none exclude each other" in err
    assert err.endswith("see: gyges settings factors animal-welfare\n")
