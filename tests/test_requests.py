"""Queries of a user's own file: what is read, what is refused, and what a study of them says."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import setting_copies

from gyges import open_study
from gyges.errors import SettingError
from gyges.settings import load_setting, read_requests, with_requests

ROWS = [
    {"goal": "Describe how a kite is built.", "category": "Craft & Toys"},
    {"goal": "List three board games for rainy days.", "category": "Games"},
    {"goal": "How is bread proved?", "category": "Craft & Toys"},
]
"""Harmless requests, under the names of columns that a public set has."""


def table(path: Path, rows: list[dict[str, str]] = ROWS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def invoke(*arguments: object) -> tuple[int, str]:
    """Run a command as a user does; its exit status, and all that it printed."""
    result = subprocess.run(
        [sys.executable, "-m", "gyges", *map(str, arguments)], capture_output=True, text=True
    )
    return result.returncode, result.stdout + result.stderr


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = setting_copies.small(tmp_path)
    reading = "schema: gyges.reading/1\nreads: marks\nmarks: {comply: ['as the criteria'], refuse: ['not do as']}\n"
    (folder / "reading.yaml").write_text(reading, encoding="utf-8")
    return folder


def test_a_table_is_read_by_the_names_of_its_columns_topics_in_turn(tmp_path):
    found = read_requests(table(tmp_path / "set.csv"), {"text": "goal", "topic": "category"})
    assert [one.topic for one in found.queries] == ["craft-toys", "games", "craft-toys"]
    assert [one.text for one in found.queries] == [
        ROWS[0]["goal"],
        ROWS[1]["goal"],
        ROWS[2]["goal"],
    ]
    assert [one.id for one in found.queries] == ["row-1", "row-2", "row-3"]


def test_json_lines_hold_the_same_queries_as_a_table(tmp_path):
    lines = tmp_path / "set.jsonl"
    lines.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    chosen = {"text": "goal", "topic": "category"}
    assert (
        read_requests(lines, chosen).hash == read_requests(table(tmp_path / "a.csv"), chosen).hash
    )


def test_rows_without_text_and_repeated_ones_are_left_out_and_said(tmp_path):
    rows = [
        *ROWS,
        {"goal": "  ", "category": "x"},
        {"goal": "how is BREAD proved?", "category": "y"},
    ]
    found = read_requests(table(tmp_path / "set.csv", rows), {"text": "goal"})
    assert len(found.queries) == 3
    assert [note[:6] for note in found.notes] == ["1 rows", "1 rows"]
    assert "line 5" in found.notes[0]
    assert "line 6" in found.notes[1]


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip),
        min_size=1,
        unique_by=lambda text: " ".join(text.casefold().split()),
    )
)
def test_any_texts_come_back_letter_for_letter(tmp_path_factory, texts):
    path = table(tmp_path_factory.mktemp("any") / "set.csv", [{"text": text} for text in texts])
    assert [one.text for one in read_requests(path).queries] == [text.strip() for text in texts]


@pytest.mark.parametrize(
    ("name", "content", "columns", "message"),
    [
        ("set.csv", "goal,target\na,b\n", {}, "--query-map text=goal"),
        (
            "set.csv",
            "goal\na\n",
            {"text": "gaol"},
            "no column 'gaol' for text; did you mean 'goal'",
        ),
        ("set.csv", "goal\na\n", {"txt": "goal"}, "--query-map txt=goal"),
        ("set.csv", "", {}, "holds no row"),
        ("set.csv", "text\n\n", {}, "holds no row"),
        ("set.jsonl", '{"text": "a"}\n[1]\n', {}, "set.jsonl:2: is no JSON object"),
        ("set.jsonl", '{"text": ["a"]}\n', {}, "set.jsonl:1: 'text' is no text but list"),
        ("set.csv", "id,text\nA,a\na,b\n", {}, "id 'a' stands here and in line 2"),
        ("set.xlsx", "x", {}, "files are .csv, .tsv or .jsonl, not '.xlsx'"),
    ],
)
def test_what_cannot_be_read_is_said_with_what_would_help(
    tmp_path, name, content, columns, message
):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingError) as error:
        read_requests(path, columns)
    assert message in str(error.value)
    assert str(path) in str(error.value) or message.startswith("--query-map")


def test_a_file_changes_the_hash_of_the_setting_and_its_queries_only(tmp_path, small):
    setting = load_setting("small", [small])
    found = with_requests(setting, read_requests(table(tmp_path / "set.csv"), {"text": "goal"}))
    assert found.hash != setting.hash
    assert [one.text for one in found.queries] == [row["goal"] for row in ROWS]
    rendered = found.render(found.queries[0], tier="monitored")
    assert rendered.system == setting.render(setting.queries[0], tier="monitored").system
    assert ROWS[0]["goal"] in rendered.user


def test_a_text_that_tells_a_tier_is_refused(tmp_path, small):
    path = table(tmp_path / "set.csv", [{"text": "Is <a> a tag?"}])
    with pytest.raises(SettingError, match=r"row-1.*own form"):
        with_requests(load_setting("small", [small]), read_requests(path))


def test_a_setting_whose_queries_bring_answers_takes_no_file(tmp_path):
    path = table(tmp_path / "set.csv")
    code, output = invoke(
        "run", "value-conflict", "--query-file", path, "--query-map", "text=goal", "--dry-run"
    )
    assert code == 1
    assert "each query of value-conflict brings answers beside its text" in output


def test_a_study_of_a_file_says_which_it_was_and_is_asked_again_from_its_specification(
    tmp_path, small
):
    path = table(tmp_path / "set.csv", [*ROWS, {"goal": "", "category": ""}])
    study = tmp_path / "study"
    common = (
        "--setting-dir",
        small,
        "--model",
        "gyges/planted/faker",
        "-M",
        f"setting_dir={small}",
    )
    code, output = invoke(
        *(
            "run",
            "small",
            *common,
            "--query-file",
            path,
            "--query-map",
            "text=goal",
            "--control",
            0,
        ),
        *("--study", study, "--no-report", "--no-selftest"),
    )
    assert code == 0, output
    found = open_study(study)
    spec = found.manifest.spec["query_file"]
    assert (spec["file"], spec["queries"], spec["map"]) == ("set.csv", 3, {"text": "goal"})
    assert [note["what"] for note in found.manifest.notes] == ["1 rows without a text (line 5)"]
    code, output = invoke(
        "run", "--spec", study / "study.yaml", "--setting-dir", small, "--dry-run"
    )
    assert code == 0, output
    assert "trials                6" in output


def test_a_scaffold_is_not_asked_its_stand_ins_as_if_they_were_queries(tmp_path, small):
    setting_copies.edit(small, "setting.yaml", "hazard: none", "hazard: none\nrequests: user")
    code, output = invoke(
        "run", "small", "--setting-dir", small, "--model", "mockllm/model", "--dry-run"
    )
    assert code == 1
    assert "--query-file FILE --query-map text=COLUMN" in output
    code, output = invoke(
        "run", "small", "--setting-dir", small, "--model", "gyges/planted/faker", "--dry-run"
    )
    assert code == 0, output


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("text\nHello, how are you\n", r":2: has more cells than the 1 columns"),
        ('text\n"never closed\nsecond\n', "not readable as CSV"),
        ("text,text\none,two\n", "two columns are named 'text'"),
        ("text\nab\x00cd\n", r":2: .*NUL"),
    ],
)
def test_a_table_that_would_lose_words_is_refused(content, says, tmp_path):
    (tmp_path / "set.csv").write_text(content, encoding="utf-8")

    with pytest.raises(SettingError, match=says):
        read_requests(tmp_path / "set.csv")


@pytest.mark.parametrize("id_", ["sandbagging", "gaslighting"])
def test_a_setting_that_knows_its_queries_one_by_one_takes_no_others(id_, tmp_path):
    requests = read_requests(table(tmp_path / "set.csv"), {"text": "goal"})

    with pytest.raises(SettingError, match=r"what its reading\.yaml says of each query"):
        with_requests(load_setting(id_), requests)


def test_a_study_goes_on_where_its_file_has_moved_and_not_where_it_has_changed(tmp_path, small):
    first = table(tmp_path / "set.csv")
    words = ("--setting-dir", small, "--model", "gyges/planted/faker", "--query-map", "text=goal")
    words += ("--control", 0, "--study", tmp_path / "study", "--no-report", "--no-selftest")
    assert invoke("run", "small", *words, "--query-file", first)[0] == 0
    moved = first.rename(tmp_path / "other name.csv")

    code, output = invoke("run", "small", *words, "--query-file", moved)
    assert code == 0, output
    assert "6 were there" in output

    table(moved, ROWS[:2])
    code, output = invoke("run", "small", *words, "--query-file", moved)
    assert code == 1
    assert "another specification" in output
