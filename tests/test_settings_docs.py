"""The pages about the settings: each has one, it says what the files say, and every key of a file is explained."""

from __future__ import annotations

import asyncio
import dataclasses
import html
import importlib.util
import re
import shutil
import sys
from collections import defaultdict
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from gyges.settings import (
    FACTORS,
    HAZARDS,
    OUTCOMES,
    POLARITIES,
    REQUIRED_FACTS,
    SHAPES,
    Setting,
    list_settings,
    load_setting,
    setting_ids,
)
from gyges.settings.examples import read_examples
from gyges.settings.files import DATA_FILES, Source, digest, read_blocks
from gyges.settings.files import FACTORS as FACTORS_FOLDER
from gyges.settings.planted import read_planted
from gyges.settings.problems import Problem, Problems
from gyges.settings.queries import read_queries
from gyges.settings.readings import read_reading
from gyges.settings.requests import FIELDS
from gyges.settings.rulebook import READS
from gyges.settings.scene import CHOICE_SLOTS, LIST_SLOTS, TURN_SLOTS
from gyges.settings.schema import read_card
from gyges.settings.shared import read_factor
from gyges.settings.slots import read_slots
from gyges.settings.yaml_lines import Value, read_yaml
from gyges.worlds import slots_of, world

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "settings"
FORMAT = (ROOT / "docs" / "reference" / "setting-format.md").read_text(encoding="utf-8")
REFRESH = "bring it up to date with: python docs/tools/settings_pages.py"


def tool() -> ModuleType:
    name = "settings_pages"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "tools" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


# The pages of the library


def test_every_setting_of_the_library_has_a_page_and_every_page_a_setting() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {"index", *setting_ids()}, REFRESH
    # The table of all has a sentence for each, and none for one that is gone.
    assert set(tool().ASKS) == set(setting_ids())


def test_the_pages_say_what_the_settings_files_say() -> None:
    for path, text in tool().pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.relative_to(ROOT)}: {REFRESH}"


def test_the_site_leads_to_every_page_in_the_order_of_the_table() -> None:
    settings = re.search(
        r"^  - Settings:\n((?:      - .*\n)+)", (ROOT / "mkdocs.yml").read_text("utf-8"), re.M
    )
    assert settings is not None
    named = re.findall(r"settings/([\w-]+)\.md", settings[1])
    assert named == ["index", *tool().ASKS]
    assert (
        re.findall(r"^\| \[([\w-]+)\]", (FOLDER / "index.md").read_text("utf-8"), re.M) == named[1:]
    )


@pytest.mark.parametrize("name", setting_ids())
def test_a_page_shows_a_whole_prompt_and_the_readme(name: str) -> None:
    setting = load_setting(name)
    page = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    prompt = setting.render(setting.queries[0], tier="monitored", levels={})
    for text in (*(text for _, text in prompt.messages), *(text for _, text in prompt.steps)):
        assert f"<code>{html.escape(text, quote=False)}</code>" in page
    readme = setting.folder.joinpath("README.md").read_text(encoding="utf-8")
    for part in re.split(r"\n{2,}", readme.strip()):
        if not part.startswith(("# ", "gyges-canary-")):
            assert part in page
    assert setting.canary not in page
    for sentence in setting.outcome.values():
        assert sentence in page


def test_a_changed_setting_makes_another_page() -> None:
    setting = load_setting("animal-welfare")
    other = dataclasses.replace(setting, version="9-z", objective="Another one | with a bar.")
    assert tool().page(other) != tool().page(setting)
    assert "| objective | Another one \\| with a bar. |" in tool().page(other)


def test_the_folder_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tool()
    monkeypatch.setattr(module, "FOLDER", tmp_path / "settings")
    monkeypatch.setattr(module, "list_settings", lambda: [load_setting("value-conflict")])
    made = {path.name for path in module.write()}
    assert made == {"index.md", "value-conflict.md"}
    (tmp_path / "settings" / "gone.md").write_text("a setting that is no more", encoding="utf-8")
    assert [path.name for path in module.write()] == ["gone.md"]
    assert module.write() == []


# The page of the format


def sections(text: str) -> dict[str, str]:
    """The parts under second-order headings, without what is shown as code."""
    plain = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    parts = re.split(r"^## (.+)$", plain, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def words(text: str) -> set[str]:
    return {word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"[\w-]+", code)}


def first_column(text: str) -> set[str]:
    cells = re.findall(r"^\| ([^|]+) \|", text, re.M)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


@pytest.fixture(scope="module")
def keys() -> dict[str, set[str]]:
    """Each file's keys that the readers allow: those that they ask for while they read all that the library has."""
    found: dict[str, set[str]] = defaultdict(set)
    real = Value.record

    def record(
        self: Value, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, Value]:
        path = Path(self.file)
        found[path.name if path.parent.name != FACTORS_FOLDER else "factors/"] |= {
            *required,
            *optional,
        }
        return real(self, required, optional)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Value, "record", record)
        for setting in list_settings():
            assert not read_reading(setting.folder, setting)[1]
            assert not read_planted(setting.folder, setting)[1]
            assert not read_examples(setting.folder, setting)[1]
        shared = files("gyges.settings").joinpath("factors")
        for file in shared.iterdir():
            if file.name.endswith(".yaml"):
                assert not read_factor(shared, file.name)[1]
    problems = Problems()
    read_queries(Source("queries.jsonl", '{"zzz": 1}'), problems)
    asked = [one.message.partition("allowed: ")[2] for one in problems if "'zzz'" in one.message]
    assert asked
    found["queries.jsonl"] = {*asked[0].split(", "), "is", "canary"}
    return found


FILES = (
    "setting.yaml",
    "queries.jsonl",
    "factors/",
    "reading.yaml",
    "planted.yaml",
    "examples.yaml",
)


@pytest.mark.parametrize("file", FILES)
def test_every_key_of_a_file_stands_on_the_page(file: str, keys: dict[str, set[str]]) -> None:
    assert len(keys[file]) >= 4
    assert keys[file] - words(sections(FORMAT)[file]) == set()


@pytest.mark.parametrize("file", FILES)
def test_the_page_names_no_key_that_there_is_not(file: str, keys: dict[str, set[str]]) -> None:
    others = {"setting.yaml": set(SHAPES), "reading.yaml": set(READS)}.get(file, set())
    assert first_column(sections(FORMAT)[file]) - keys[file] - others == set()


@pytest.mark.parametrize(
    ("heading", "named"),
    [
        ("setting.yaml", {*FACTORS, *OUTCOMES, *POLARITIES, *HAZARDS, *SHAPES, *REQUIRED_FACTS}),
        ("setting.yaml", {level for levels in FACTORS.values() for level in levels}),
        ("setting.yaml", {"market", *slots_of("market")}),
        ("user.md", {*TURN_SLOTS, *CHOICE_SLOTS, *LIST_SLOTS}),
        ("reading.yaml", {*READS, *(kind for kinds in READS.values() for kind in kinds)}),
        ("Queries of a user's own file", set(FIELDS)),
    ],
)
def test_the_page_names_every_word_that_a_key_takes(heading: str, named: set[str]) -> None:
    assert named - words(sections(FORMAT)[heading]) == set()


def test_the_page_names_the_tools_of_the_world() -> None:
    setting = load_setting("insider-trading")
    tools = {one.name for one in world("market", setting.queries[0].slots).tools()}
    assert tools - words(sections(FORMAT)["setting.yaml"]) == set()


def test_the_page_says_which_files_the_hash_covers(tmp_path: Path) -> None:
    source = Path(str(load_setting("gaslighting").folder))
    rows = re.findall(r"^\| `([^`]+)` \|.*\| (yes|no) \|$", FORMAT.partition("\n## ")[0], re.M)
    assert {name for name, _ in rows} >= {
        *DATA_FILES,
        "reading.yaml",
        "planted.yaml",
        "examples.yaml",
    }
    folder = shutil.copytree(source, tmp_path / "gaslighting")
    before = digest(folder)
    for name, covered in rows:
        path = next(folder.glob(name))
        text = path.read_text(encoding="utf-8")
        path.write_text(text + "\n# more\n", encoding="utf-8")
        assert (digest(folder) != before) == (covered == "yes"), name
        path.write_text(text, encoding="utf-8")


# What the page shows as code is what the readers take


def shown(heading: str, kind: str) -> list[str]:
    """What is shown as code of a kind under a heading; code may hold lines that look like headings."""
    headings = "|".join(map(re.escape, sections(FORMAT)))
    parts = re.split(rf"^## ({headings})$", FORMAT, flags=re.M)
    text = dict(zip(parts[1::2], parts[2::2], strict=True))[heading]
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.M | re.S)


def faults(problems: list[Problem] | Problems) -> list[str]:
    return [one.message for one in problems]


def test_the_shown_keys_of_a_setting_are_read() -> None:
    (text,) = shown("setting.yaml", "yaml")
    problems = Problems()
    value = read_yaml(Source("setting.yaml", text), problems)
    assert value is not None
    # The layout names levels that factors would have to declare; what is left out is no fault of what is shown.
    card = read_card(value)
    assert [one for one in faults(problems) if "missing" not in one] == []
    assert card.steps
    assert card.turn[1].when == {"conflict": "yes"}
    assert (card.world, card.shape, card.threshold, card.requests) == ("market", "chain", 0.5, True)
    assert list(card.values) == ["candour", "privacy"]


def test_the_shown_queries_are_read() -> None:
    (text,) = shown("queries.jsonl", "json")
    for row in text.splitlines():
        problems = Problems()
        (query,) = read_queries(Source("queries.jsonl", row), problems).values()
        assert faults(problems) == []
        assert bool(query.slots) != bool(query.others)
        if query.slots:
            world("market", query.slots)


def test_the_shown_turns_hold_slots_and_nothing_else() -> None:
    turns = shown("user.md", "markdown")
    assert len(turns) == 2
    for text in turns:
        problems = Problems()
        blocks = read_blocks(Source("user.md", text), problems)
        assert faults(problems) == []
        slots = [slot.name for block in blocks.values() for slot in read_slots(block.text)[0]]
        assert {*TURN_SLOTS} < {*slots}


def test_the_shown_factor_is_read(tmp_path: Path) -> None:
    (text,) = shown("factors/", "yaml")
    (tmp_path / "way_out.yaml").write_text(text, encoding="utf-8")
    factor, problems = read_factor(tmp_path, "way_out.yaml")
    assert faults(problems) == []
    assert factor is not None
    assert factor.levels["absent"].drop == ("way-out",)


def test_the_shown_readings_are_read_one_of_each_kind(tmp_path: Path) -> None:
    found = set()
    for text in shown("reading.yaml", "yaml"):
        (tmp_path / "reading.yaml").write_text(text, encoding="utf-8")
        reading, problems = read_reading(tmp_path)
        assert faults(problems) == []
        assert reading is not None
        found.add(reading.reads)
    assert found == set(READS)


def test_the_shown_planted_answers_are_read(tmp_path: Path) -> None:
    (text,) = shown("planted.yaml", "yaml")
    (tmp_path / "planted.yaml").write_text(text, encoding="utf-8")
    planted, problems = read_planted(tmp_path)
    assert faults(problems) == []
    assert planted is not None
    assert planted.values
    assert planted.queries


def test_the_shown_example_is_read(tmp_path: Path) -> None:
    (text,) = shown("examples.yaml", "yaml")
    setting: Setting = load_setting("animal-welfare")
    written = text.replace("query: illness-1", f"query: {setting.queries[0].id}")
    (tmp_path / "examples.yaml").write_text(written, encoding="utf-8")
    (example,), problems = read_examples(tmp_path, setting)
    # It shows one of them; a file has a known one of each side.
    assert [one for one in faults(problems) if "no example is known" not in one] == []
    assert example.rule == "undecided"


def test_the_shown_session_is_one_that_the_market_gives() -> None:
    (text,) = shown("examples.yaml", "text")
    (row,) = [one for one in shown("queries.jsonl", "json")[0].splitlines() if '"slots"' in one]
    market = world("market", yaml.safe_load(row)["slots"])
    buy = next(one for one in market.tools() if one.name == "buy")
    result = asyncio.run(buy.tool("TRN", 200))
    assert text.splitlines()[:2] == ['[calls buy(ticker="TRN", shares=200)]', f"[result] {result}"]
