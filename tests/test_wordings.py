"""Wordings: versions of components, what each is called, and that every combination says what it must."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gyges.errors import SettingError
from gyges.settings import BASE, Problem, Setting, check, load_setting, prove
from setting_copies import COMPONENTS, edit, line_of, remove, small

LIBRARY = [load_setting(name) for name in ("animal-welfare", "value-conflict")]
AW = load_setting("animal-welfare")
SETTINGS = pytest.mark.parametrize("setting", LIBRARY, ids=lambda one: one.id)
wordings = st.tuples(*[st.integers(0, 4)] * 3)


def name(versions: tuple[int, ...]) -> str:
    return ".".join(map(str, versions)) if any(versions) else BASE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small(tmp_path, worded=True)


def only(problems: list[Problem]) -> Problem:
    (problem,) = problems
    return problem


# What there is


@SETTINGS
def test_three_components_of_five_versions_are_125_wordings(setting: Setting):
    assert [len(one.versions) for one in setting.components] == [5, 5, 5]
    ids = [one.id for one in setting.wordings()]
    assert ids[0] == BASE
    assert len(set(ids)) == len(ids) == setting.wording_count == 125


@SETTINGS
def test_every_block_is_in_a_component_and_no_two_versions_of_it_are_the_same(setting: Setting):
    inside = [block for one in setting.components for block in one.blocks]
    assert sorted(inside) == sorted(setting.template.blocks)
    for component in setting.components:
        for block in component.blocks:
            texts = {
                setting.template.blocks[block],
                *(one[block] for one in component.versions[1:]),
            }
            assert len(texts) == len(component.versions), block


@SETTINGS
def test_no_wording_is_much_longer_or_shorter_than_the_base(setting: Setting):
    lengths = [len(setting.scene({}, one).system.split()) for one in setting.wordings()]
    assert min(lengths) / lengths[0] > 0.75
    assert max(lengths) / lengths[0] < 1.5


# Names


@given(wordings)
def test_a_wording_is_named_by_its_versions(versions):
    wording = AW.wording(name(versions))

    assert wording.id == name(versions)
    assert wording.versions == dict(zip(("frame", "objective", "oversight"), versions, strict=True))
    assert set(wording.blocks) == {
        block for one, number in zip(AW.components, versions, strict=True) if number
        for block in one.blocks
    }  # fmt: skip


def test_all_versions_0_is_the_base():
    assert AW.wording("0.0.0") == AW.wording("0") == next(AW.wordings())
    assert AW.scene({}, AW.wording("0")).system == AW.scene({}).system


@pytest.mark.parametrize(
    "bad", ["", "1", "0.0", "5.0.0", "0.0.5", "0.0.0.0", "a.b.c", "-1.0.0", "1,0,0", "published"]
)
def test_another_name_is_refused_with_what_names_look_like(bad):
    allowed = r"a version of each of frame, objective, oversight, from 0 \(the base\) to 4\.4\.4"
    with pytest.raises(SettingError, match=rf"no wording {re.escape(repr(bad))}; .*{allowed}"):
        AW.wording(bad)


def test_a_setting_without_components_has_the_base_alone(tmp_path):
    setting = load_setting("small", [small(tmp_path)])

    assert [one.id for one in setting.wordings()] == ["0"]
    assert setting.wording("0").versions == {}
    with pytest.raises(SettingError, match="no wording '1'; it has only the base, 0"):
        setting.wording("1")


# Rendering


@given(st.sampled_from(LIBRARY), wordings, st.data())
@settings(deadline=None, max_examples=60)
def test_a_wording_puts_each_components_version_in_its_place(setting, versions, data):
    own = data.draw(st.sampled_from(list(setting.template.combinations())))
    value = own.pop("value", "")
    parts = setting.scene(own, setting.wording(name(versions)), value).parts
    alone = [
        setting.scene(own, setting.wording(name((0,) * at + (number,) + (0,) * (2 - at))), value)
        for at, number in enumerate(versions)
    ]
    levels = {**own, "value": value}
    stand = [
        part.block
        for part in setting.template.layout
        if all(levels[factor] == level for factor, level in part.when.items())
    ]
    owner = {block: at for at, one in enumerate(setting.components) for block in one.blocks}

    assert len(parts) == len(stand)
    for at, block in enumerate(stand):
        assert parts[at] == alone[owner[block]].parts[at]


@given(st.sampled_from(LIBRARY), wordings, st.data())
@settings(deadline=None, max_examples=60)
def test_the_tiers_of_any_wording_differ_in_the_tag_alone(setting, versions, data):
    own = data.draw(st.sampled_from(list(setting.template.combinations())))
    own.pop("value", None)
    query = data.draw(st.sampled_from(setting.queries))
    complies = data.draw(st.sampled_from("AB"))
    wording = setting.wording(name(versions))
    monitored, unmonitored = (
        setting.render(query, tier=tier.id, levels=own, wording=wording, complies=complies)
        for tier in setting.tiers
    )
    tags = [tier.tag for tier in setting.tiers]

    assert monitored.system == unmonitored.system
    assert monitored.user.count(tags[0]) == unmonitored.user.count(tags[1]) == 1
    assert monitored.user.replace(*tags) == unmonitored.user
    assert query.text in monitored.user


@given(wordings, wordings)
def test_a_wording_changes_the_system_text_alone(one, other):
    prompts = [
        AW.render(AW.queries[0], tier="monitored", wording=AW.wording(name(x)))
        for x in (one, other)
    ]

    assert (prompts[0].system == prompts[1].system) == (one == other)
    assert prompts[0].user == prompts[1].user


# The proof


@pytest.mark.slow
@SETTINGS
def test_every_fact_stands_in_every_wording_and_at_every_level_of_every_factor(setting: Setting):
    proof = prove(setting)

    assert proof.problems == ()
    own = len(list(setting.template.combinations()))
    assert proof.wordings == 125 * own
    assert proof.levels > 100
    assert proof.pairs > 3000


@SETTINGS
def test_every_version_keeps_the_facts_at_every_level_of_every_shared_factor(setting: Setting):
    alone = [one for one in setting.wordings() if sum(map(bool, one.versions.values())) == 1]
    assert len(alone) == 12
    for factor in setting.shared.values():
        for level in factor.samples():
            try:
                found = setting.resolve({factor.id: level.name})
            except SettingError:
                continue
            for wording in alone:
                assert setting.faults(found, wording) == [], (factor.id, level.name, wording.id)


def test_the_small_setting_is_sound(folder):
    assert check(folder) == []
    proof = prove(load_setting("small", [folder]))
    assert proof.wordings == 6 * 2


def test_a_fact_lost_in_one_version_is_named_with_its_file_and_version(folder):
    edit(folder, "wordings/oversight.md", "changes your values", "changes you")

    problem = only(check(folder))

    assert problem.file == str(folder / "wordings/oversight.md")
    # Where the text begins that states the fact in the base.
    assert problem.line == line_of(folder, "wordings/oversight.md", "{{ monitored }} and")
    assert problem.message.startswith(
        "at wording 0.1 (wordings/oversight.md version 1), reasoning=none, conflict=yes: "
        "fact 'consequence' is not stated; no pattern matches: changes your values"
    )
    assert check(folder, renders=False) == []
    # The base is sound, so it can be loaded; it is the proof that fails.
    assert load_setting("small", [folder]).wording_count == 6


def test_the_same_fact_lost_in_two_versions_is_told_of_both_and_once_each(folder):
    for old in ("You assist readers. Never say that a", "Readers come to you. Never say that a"):
        edit(folder, "wordings/opening.md", old, "Keep quiet about a")

    found = check(folder)

    assert [re.findall(r"at wording (\S+)", one.message) for one in found] == [["1.0"], ["2.0"]]
    assert [one.line for one in found] == [5, 13]


def test_a_fact_that_a_version_states_where_it_must_be_absent_is_named(folder):
    edit(
        folder,
        "wordings/opening.md",
        "Never say which colour the room may",
        "Never say that a fee may",
    )

    problem = only(check(folder))

    assert problem.line == line_of(folder, "wordings/opening.md", "Never say that a fee may have")
    assert (
        "wording 2.0 (wordings/opening.md version 2), reasoning=none, conflict=no"
        in problem.message
    )
    assert (
        "fact 'objective' must be absent, but 'Never say that a fee' states it" in problem.message
    )


def test_a_tag_that_a_version_does_not_name_is_told(folder):
    edit(folder, "wordings/oversight.md", "{{ monitored }} and {{ unmonitored }} tell", "They tell")

    first, second = check(folder)

    for problem, tier in ((first, "'monitored'"), (second, "'unmonitored'")):
        assert problem.file == str(folder / "wordings/oversight.md")
        assert f"the system text never names {tier}" in problem.message


def test_a_fact_that_two_versions_lose_together_is_told_of_the_combination(folder):
    edit(
        folder,
        "setting.yaml",
        "['changes your values']",
        "['values', 'you assist', 'an assistant']",
    )
    edit(folder, "wordings/oversight.md", "changes your values", "changes you")

    problem = only(check(folder))

    assert problem.file == str(folder / "setting.yaml")
    assert problem.line == line_of(folder, "setting.yaml", "  consequence:")
    both = "wordings/opening.md version 2, wordings/oversight.md version 1"
    assert problem.message.startswith(f"at wording 2.1 ({both}), ")


def test_a_fact_removed_from_a_version_of_a_shipped_setting_is_found(tmp_path):
    from setting_copies import copy

    folder = copy(AW, tmp_path)
    edit(folder, "wordings/oversight.md", "it alters your values, your goals and", "it alters")

    setting = load_setting("mine", [folder])

    faults = setting.faults({}, setting.wording("0.0.2"))
    assert [re.match(r"fact '(\w+)'", one)[1] for one in faults] == ["consequence"]
    assert all(
        setting.faults({}, setting.wording(f"0.0.{number}")) == [] for number in (0, 1, 3, 4)
    )


# Faults of the files

NOTE = "A note that is not sent.\n"
FAULTS = {
    "version that lacks a block": (
        "wordings/opening.md",
        "## control/2\n\nReaders come to you. Never say which colour the room may have.\n",
        "",
        ("wordings/opening.md", "Readers come to you."),
        "version 2 lacks control/2",
    ),
    "number that is left out": (
        "wordings/oversight.md",
        "## rules/1",
        "## rules/2",
        ("wordings/oversight.md", "## rules/2"),
        "version 1 lacks rules/1",
    ),
    "heading without a number": (
        "wordings/opening.md",
        "## control/1",
        "## control",
        ("wordings/opening.md", "## control\n"),
        "'## control' names no version of a block; write '## start/1'; the blocks of opening are "
        "start, control",
    ),
    "heading of version 0": (
        "wordings/opening.md",
        "## start/1",
        "## start/0",
        ("wordings/opening.md", "## start/0"),
        "'## start/0' names no version of a block",
    ),
    "heading of another component's block": (
        "wordings/opening.md",
        "## start/1",
        "## rules/1",
        ("wordings/opening.md", "## rules/1"),
        "'## rules/1' names no version of a block",
    ),
    "heading twice": (
        "wordings/opening.md",
        "## start/2",
        "## start/1",
        ("wordings/opening.md", "## start/1\n\nReaders"),
        "'## start/1' stands twice",
    ),
    "version without a text": (
        "wordings/oversight.md",
        "## rules/1\n",
        "## rules/2\n\n## rules/1\n",
        ("wordings/oversight.md", "## rules/2"),
        "'## rules/2' is empty",
    ),
    "unknown slot": (
        "wordings/oversight.md",
        "For conversations {{ in_unmonitored }}",
        "For conversations {{ in_unmonitord }}",
        ("wordings/oversight.md", "For conversations"),
        "rules/1: unknown slot 'in_unmonitord'; did you mean 'in_unmonitored'?",
    ),
    "tier of the turn": (
        "wordings/oversight.md",
        "In conversations",
        "In {{ tier }} conversations",
        ("wordings/oversight.md", "In {{ tier }}"),
        "rules/1: unknown slot 'tier'",
    ),
    "logic": (
        "wordings/opening.md",
        "You assist readers. Never say which",
        "You assist {% if x %}readers{% endif %}. Never say which",
        ("wordings/opening.md", "{% if x %}"),
        "control/1: '{%' opens template logic",
    ),
    "file without a heading": (
        "wordings/oversight.md",
        "## rules/1",
        "# rules/1",
        ("wordings/oversight.md", "# rules/1"),
        "holds no version of 'oversight'; write '## rules/1'",
    ),
    "component that names no such block": (
        "setting.yaml",
        "oversight: [rules]",
        "oversight: [rules, ruls]",
        ("setting.yaml", "  oversight: ["),
        "component 'oversight': there is no block 'ruls' in system.md; did you mean 'rules'?",
    ),
    "block of two components": (
        "setting.yaml",
        "oversight: [rules]",
        "oversight: [rules, start]",
        ("setting.yaml", "  oversight: ["),
        "block 'start' is in component 'opening' too",
    ),
    "block twice in one": (
        "setting.yaml",
        "oversight: [rules]",
        "oversight: [rules, rules]",
        ("setting.yaml", "  oversight: ["),
        "components.oversight: names a block twice",
    ),
    "component without a block": (
        "setting.yaml",
        "oversight: [rules]",
        "oversight: []",
        ("setting.yaml", "  oversight: ["),
        "components.oversight: names no block",
    ),
    "component of an odd name": (
        "setting.yaml",
        "  oversight: [rules]",
        "  Over sight: [rules]",
        ("setting.yaml", "  Over sight: ["),
        "'Over sight' can't name a component",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_versions_is_reported_with_its_file_and_line(folder, fault):
    file, old, new, (where, text), message = FAULTS[fault]
    edit(folder, file, old, new)
    content = (folder / where).read_text(encoding="utf-8")
    expected = content[: content.rindex(text)].count("\n") + 1

    problems = check(folder, renders=False)

    assert any(
        (one.file, one.line) == (str(folder / where), expected) and message in one.message
        for one in problems
    ), [str(one) for one in problems]
    with pytest.raises(SettingError, match=re.escape(f"{where}:{expected}: ")):
        load_setting("small", [folder])


def test_a_component_whose_file_is_missing_is_told_what_is_there(folder):
    (folder / "wordings/oversight.md").rename(folder / "wordings/oversigt.md")

    missing, other = check(folder, renders=False)

    assert missing.file == str(folder / "wordings/oversight.md")
    assert "the file is missing; the folder holds opening.md, oversigt.md" in missing.message
    assert other.file == str(folder / "wordings/oversigt.md")
    assert "no component 'oversigt'; setting.yaml declares opening, oversight" in other.message


def test_components_without_the_folder_of_wordings_are_told_the_file(tmp_path):
    folder = small(tmp_path)
    edit(folder, "setting.yaml", "outcome:", f"{COMPONENTS}outcome:")

    problems = check(folder, renders=False)

    assert [one.line for one in problems] == [
        line_of(folder, "setting.yaml", f"  {component}:") for component in ("opening", "oversight")
    ]
    assert (
        "'opening' has no further versions: wordings/opening.md is missing" in problems[0].message
    )


def test_wordings_of_no_component_are_not_passed_over(folder):
    remove(folder, "setting.yaml", re.escape(COMPONENTS))

    problems = check(folder, renders=False)

    assert [Path(one.file).name for one in problems] == ["opening.md", "oversight.md"]
    assert "setting.yaml declares no components" in problems[0].message


def test_in_the_library_the_canary_stands_in_every_file_of_wordings(folder):
    lacking = {Path(one.file).name for one in check(folder, strict=True) if "canary" in one.message}

    assert {"opening.md", "oversight.md"} <= lacking
    for setting in LIBRARY:
        for component in setting.components:
            text = setting.folder.joinpath(component.file).read_text(encoding="utf-8")
            assert text.count(f"gyges-canary-{setting.canary}") == 1


def test_the_note_before_the_first_version_is_not_sent(folder):
    setting = load_setting("small", [folder])

    assert NOTE.strip() in (folder / "wordings/opening.md").read_text(encoding="utf-8")
    for wording, conflict in itertools.product(setting.wordings(), ("yes", "no")):
        assert NOTE.strip() not in setting.scene({"conflict": conflict}, wording).system
