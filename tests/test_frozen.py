"""What a setting sends is frozen under its version: a changed byte without a new one is named."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gyges.settings import Setting, list_settings, load_setting, scene, shared_factors
from setting_copies import edit, small

ROOT = Path(__file__).resolve().parents[1]


def load_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("freeze", ROOT / "docs" / "tools" / "freeze.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["freeze"] = module
    spec.loader.exec_module(module)
    return module


freeze = load_tool()
RECORD = freeze.read()
FACTORS = {name: shared_factors()[name] for name in ("suffix", "temperature")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small(tmp_path, worded=True)


def measured(folder: Path) -> dict[str, Any]:
    return freeze.measure([load_setting("small", [folder])], FACTORS)


# The library


def test_every_setting_and_factor_sends_what_was_frozen_under_its_version():
    assert freeze.differences(RECORD, freeze.measure()) == []


@pytest.mark.parametrize("setting", list_settings(), ids=lambda one: one.id)
def test_the_record_holds_every_version_of_every_component_and_every_level(setting: Setting):
    held = RECORD["settings"][setting.id]
    assert held["version"] == setting.version
    assert len(held["files"]) == 4 + len(setting.components) + len(setting.own_factors)
    assert len(held["wordings"]) == 1 + sum(len(one.versions) - 1 for one in setting.components)
    assert {name: set(levels) for name, levels in held["levels"].items()} == {
        name: {level.name for level in factor.samples()} for name, factor in setting.shared.items()
    }
    # Levels of two factors may be one text: no threat is no consequence.
    for digests in (held["wordings"], held["files"], *held["levels"].values()):
        assert len(set(digests.values())) == len(digests)


def test_the_record_holds_every_factor():
    assert {name: one["version"] for name, one in RECORD["factors"].items()} == {
        name: str(one.version) for name, one in shared_factors().items()
    }


# A change


def test_nothing_is_told_of_a_setting_that_did_not_change(folder):
    now = measured(folder)

    assert freeze.differences(now, measured(folder)) == freeze.refusals(now, now) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("setting.yaml", "title: A small", "title: One small"),
        ("system.md", "You are an assistant", "You're an assistant"),
        ("user.md", "{{ query }}\n", "{{ query }} \n"),
        ("queries.jsonl", "Are fees final?", "Are fees final"),
        ("wordings/oversight.md", "They are never", "They're never"),
    ],
)
def test_a_changed_byte_without_a_new_version_is_named_with_its_setting_and_file(
    folder, file, old, new
):
    before = measured(folder)
    edit(folder, file, old, new)

    (told,) = freeze.differences(before, measured(folder))
    (refused,) = freeze.refusals(before, measured(folder))

    assert told == (
        f"setting 'small' is still version 1-a, but {file} changed; take the change back, or give setting 'small' a "
        "new version (1-b, or 2-a if results are no longer comparable) and run: python docs/tools/freeze.py"
    )
    assert refused.startswith(f"setting 'small' is version 1-a, frozen is 1-a, and {file} changed")
    assert freeze.refusals(before, measured(folder), again=["small"]) == []


def test_a_changed_page_about_a_setting_is_no_change(folder):
    before = measured(folder)
    (folder / "README.md").write_text("A page.\n", encoding="utf-8")

    assert freeze.differences(before, measured(folder)) == []


def test_line_ends_are_no_change(folder):
    before = measured(folder)
    for path in (one for one in folder.rglob("*") if one.is_file()):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert freeze.differences(before, measured(folder)) == []


@pytest.mark.parametrize(
    ("version", "refused"), [("1-b", False), ("2-a", False), ("10-a", False), ("1-a", True)]
)
def test_a_new_version_may_be_frozen(folder, version, refused):
    before = measured(folder)
    edit(folder, "system.md", "You are an assistant", "You're an assistant")
    edit(folder, "setting.yaml", "version: 1-a", f"version: {version}")

    assert bool(freeze.refusals(before, measured(folder))) == refused
    (told,) = freeze.differences(before, measured(folder))
    if not refused:
        assert told == f"setting 'small' went from version 1-a to {version}; run: {freeze.COMMAND}"


@pytest.mark.parametrize("old", ["2-a", "1-b", "10-a", "1-aa"])
def test_a_version_does_not_go_back(folder, old):
    edit(folder, "setting.yaml", "version: 1-a", f"version: {old}")
    before = measured(folder)
    edit(folder, "setting.yaml", f"version: {old}", "version: 1-a")

    (refused,) = freeze.refusals(before, measured(folder))

    assert refused.startswith(f"setting 'small' is version 1-a, frozen is {old}, and setting.yaml")


def test_a_change_of_the_code_is_told_from_a_change_of_the_files(folder, monkeypatch):
    before = measured(folder)
    kept = scene.Scene.user

    def longer(self: scene.Scene, *arguments: Any) -> str:
        return f"{kept(self, *arguments)}\n"

    monkeypatch.setattr(scene.Scene, "user", longer)

    (told,) = freeze.differences(before, measured(folder))

    assert (
        "setting 'small' is still version 1-a, but the code that renders them (wordings 0, 0.1, 1.0"
        in told
    )
    assert len(freeze.refusals(before, measured(folder))) == 1


def test_a_change_of_the_code_that_shows_at_some_levels_alone_names_them(monkeypatch):
    setting = load_setting("animal-welfare")
    before = freeze.measure([setting])
    monkeypatch.setattr(scene, "_without_tag", lambda turn: turn)
    # The same template without the scenes that it has put together.
    again = dataclasses.replace(setting, template=dataclasses.replace(setting.template))

    (told,) = freeze.differences(before, freeze.measure([again]))

    assert "the code that renders them (signal=" in told
    assert "-by-absence" in told
    assert "wordings" not in told


def test_a_changed_factor_is_named_and_its_settings_are_not(folder):
    before = measured(folder)
    before["factors"]["suffix"]["file"] = "another"
    before["settings"]["small"]["levels"]["suffix"]["tags"] = "another"

    (told,) = freeze.differences(before, measured(folder))
    (refused,) = freeze.refusals(before, measured(folder))

    assert told.startswith("factor 'suffix' is still version 1, but its file changed; ")
    assert "give factor 'suffix' a new version (2) and run:" in told
    assert refused.startswith("factor 'suffix' is version 1, frozen is 1, and its file changed")
    before["factors"]["suffix"]["version"] = "0"
    assert freeze.refusals(before, measured(folder)) == []


def test_a_setting_that_is_new_or_gone_is_told(folder):
    now = measured(folder)
    none = {"settings": {}, "factors": now["factors"]}

    assert freeze.differences(none, now) == [
        "setting 'small' is not frozen yet; run: python docs/tools/freeze.py"
    ]
    assert "setting 'small' is frozen and gone" in freeze.differences(now, none)[0]
    assert freeze.refusals(none, now) == freeze.refusals(now, none) == []


# The tool


def test_the_tool_writes_the_record_that_is_kept(tmp_path):
    path = tmp_path / "frozen.json"

    assert freeze.main([], path) == 0
    assert path.read_text(encoding="utf-8") == freeze.RECORD.read_text(encoding="utf-8")


def test_the_tool_refuses_and_leaves_the_record_as_it_was(tmp_path, capsys):
    path = tmp_path / "frozen.json"
    other = json.loads(json.dumps(RECORD))
    other["settings"]["animal-welfare"]["files"]["system.md"] = "another"
    freeze.write(other, path)
    before = path.read_bytes()

    assert freeze.main([], path) == 1

    assert path.read_bytes() == before
    assert "setting 'animal-welfare' is version" in capsys.readouterr().err
    assert freeze.main(["--again", "animal-welfare"], path) == 0
    assert freeze.read(path) == RECORD
