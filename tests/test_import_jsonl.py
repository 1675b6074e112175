"""Reading anyone's data: what is right comes through whole, what is wrong is named by its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gyges.errors import ImportFormatError
from gyges.study.imports import Imported, read_jsonl
from gyges.study.schema import OUTCOMES, Trial, Verdict

BASE = {
    "subject": "m",
    "setting": "s",
    "query": "q",
    "tier": "monitored",
    "sample": 0,
    "outcome": "comply",
}
OTHER = {**BASE, "tier": "unmonitored", "outcome": "refuse"}


def write(path: Path, *lines: dict | str | bytes) -> Path:
    parts = [
        line
        if isinstance(line, bytes)
        else (line if isinstance(line, str) else json.dumps(line)).encode()
        for line in lines
    ]
    path.write_bytes(b"\n".join(parts) + b"\n")
    return path


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "data.jsonl"


def read(path: Path) -> tuple[list[tuple[Trial, Verdict | None]], Imported]:
    imported = read_jsonl(path)
    return list(imported.records), imported


def problems(path: Path) -> str:
    with pytest.raises(ImportFormatError) as caught:
        read_jsonl(path)
    return str(caught.value)


# What is right


def test_a_line_becomes_a_trial_and_its_outcome_a_verdict(file):
    line = {**BASE, "value": "v", "wording": "3", "reasoning": "R", "output": "A", "prompt": "Q?"}
    records, imported = read(write(file, line, OTHER))
    trial, verdict = records[0]
    assert trial == Trial(
        subject="m",
        setting="s",
        query="q",
        tier="monitored",
        value="v",
        wording="3",
        reasoning="R",
        output="A",
        messages=trial.messages,
    )
    assert imported.messages == {trial.messages[0]: ("user", "Q?")}
    assert verdict == Verdict(trial.trial, "given", outcome="comply")


def test_both_tiers_of_a_sample_share_a_block(file):
    records, imported = read(write(file, BASE, OTHER))
    assert records[0][0].block == records[1][0].block
    assert imported.notes == []


@pytest.mark.parametrize("outcome", [0, 1, 0.25, 1.0])
def test_a_number_becomes_a_score(file, outcome):
    _, verdict = read(write(file, {**BASE, "outcome": outcome}))[0][0]
    assert (verdict.status, verdict.outcome, verdict.score) == ("ok", None, outcome)


@pytest.mark.parametrize("status", ["refused", "truncated", "empty", "unparsed", "error"])
@pytest.mark.parametrize("outcome", [{}, {"outcome": None}])
def test_a_status_may_say_why_there_is_no_outcome(file, status, outcome):
    line = {name: value for name, value in BASE.items() if name != "outcome"}
    trial, verdict = read(write(file, {**line, **outcome, "status": status}))[0][0]
    assert trial.status == status
    assert (verdict.status, verdict.outcome) == ("no_answer", None)


@pytest.mark.parametrize("status", ["truncated", "unparsed"])
def test_a_cut_answer_may_still_have_an_outcome(file, status):
    trial, verdict = read(write(file, {**BASE, "status": status}))[0][0]
    assert (trial.status, verdict.outcome) == (status, "comply")


def test_further_columns_become_factors_of_one_kind(file):
    further = {"temperature": 1, "framing": "audit", "cot": True, "epoch": 3}
    lines = [{**BASE, **further}, {**OTHER, **further, "temperature": 0.5}]
    records, imported = read(write(file, *lines))
    assert imported.factors == {
        "cot": "boolean",
        "epoch": "integer",
        "framing": "text",
        "temperature": "number",
    }
    temperature = records[0][0].factors["temperature"]
    assert (temperature, type(temperature)) == (1.0, float)
    assert type(records[0][0].factors["epoch"]) is int


def test_a_whole_number_and_its_fraction_form_are_one_level(file):
    low, high = {**BASE, "temperature": 1}, {**OTHER, "temperature": 1.0}
    records, _ = read(write(file, low, high, {**low, "sample": 1, "temperature": 0.5}))
    assert records[0][0].block == records[1][0].block


def test_null_means_absent(file):
    line = {**BASE, "value": None, "wording": None, "status": None, "prompt": None, "hue": None}
    trial, _ = read(write(file, line))[0][0]
    assert (trial.value, trial.wording, trial.status) == ("", "0", "ok")
    assert trial.factors == {}


def test_byte_order_mark_blank_lines_and_windows_line_breaks_do_no_harm(file):
    text = "\r\n\n".join(["\ufeff" + json.dumps(BASE), "   ", json.dumps(OTHER)])
    file.write_text(text, encoding="utf-8", newline="")
    assert len(read(file)[0]) == 2


def test_the_source_names_the_file_and_its_hash(file):
    _, imported = read(write(file, BASE, OTHER))
    assert imported.source["layout"] == "jsonl"
    assert imported.source["lines"] == 2
    (listed,) = imported.source["files"]
    assert listed["path"] == "data.jsonl"
    assert listed["bytes"] == file.stat().st_size
    assert len(listed["sha256"]) == 64


def test_prompts_are_kept_once(file):
    lines = [{**BASE, "sample": n, "prompt": "Q?"} for n in range(3)]
    assert len(read(write(file, *lines))[1].messages) == 1


def test_further_tiers_may_stand_beside_the_two(file):
    records, _ = read(write(file, BASE, OTHER, {**BASE, "tier": "rated_only"}))
    assert [trial.tier for trial, _ in records] == ["monitored", "unmonitored", "rated_only"]


# What is reported


def test_an_arm_without_its_partner_is_reported(file):
    _, imported = read(write(file, BASE, OTHER, {**BASE, "subject": "n"}))
    (note,) = imported.notes
    assert note.kind == "arm-without-partner"
    assert note.what == "n, s: no trial is unmonitored"


def test_trials_without_a_partner_are_counted(file):
    lines = [BASE, OTHER, {**BASE, "sample": 1}, {**OTHER, "query": "q2"}]
    _, imported = read(write(file, *lines))
    (note,) = imported.notes
    assert (note.kind, note.count) == ("trials-unpaired", 2)


def test_what_an_answer_says_does_not_part_the_two_tiers(file):
    said = [{**BASE, "verbalised": True}, {**OTHER, "verbalised": False}]
    records, imported = read(write(file, *said))
    assert imported.notes == []
    assert records[0][0].block == records[1][0].block
    # A factor does: it says how a trial was asked.
    (note,) = read(write(file, {**BASE, "hue": 1}, {**OTHER, "hue": 2}))[1].notes
    assert note.kind == "trials-unpaired"


def test_a_factor_that_not_all_lines_have_is_reported(file):
    _, imported = read(write(file, {**BASE, "hue": "red"}, OTHER))
    kinds = {note.kind: note for note in imported.notes}
    assert kinds["factor-incomplete"].what == "1 of 2 lines have no 'hue'"


# What is wrong


@pytest.mark.parametrize("name", ["subject", "setting", "query", "tier", "sample", "outcome"])
def test_a_missing_column_is_named(file, name):
    line = {key: value for key, value in BASE.items() if key != name}
    assert f"data.jsonl:2: {name} is missing" in problems(write(file, OTHER, line))


def test_a_column_in_capitals_is_pointed_out(file):
    line = {("Tier" if key == "tier" else key): value for key, value in BASE.items()}
    assert "found 'Tier': names are lower case" in problems(write(file, line))


WRONG = {
    "subject is a number": ({"subject": 3}, "subject is 3; allowed: text"),
    "query is blank": ({"query": "  "}, "query is blank"),
    "wording is a number": ({"wording": 0}, "wording is 0; allowed: text"),
    "reasoning is a list": ({"reasoning": ["R"]}, 'reasoning is ["R"]; allowed: text'),
    "tier is misspelt": ({"tier": "monitord"}, "did you mean 'monitored'?"),
    "tier is in capitals": ({"tier": "Unmonitored"}, "did you mean 'unmonitored'?"),
    "tier has an underscore": ({"tier": "un_monitored"}, "did you mean 'unmonitored'?"),
    "tier is a boolean": ({"tier": True}, "tier is true; allowed: monitored, unmonitored"),
    "sample is negative": ({"sample": -1}, "sample is -1; allowed: a whole number from 0"),
    "sample is a boolean": ({"sample": True}, "sample is true"),
    "sample is a fraction": ({"sample": 1.0}, "sample is 1.0"),
    "sample is text": ({"sample": "1"}, 'sample is "1"'),
    "sample is too large": ({"sample": 2**63}, "sample is 9223372036854775808"),
    "outcome is misspelt": (
        {"outcome": "complied"},
        "did you mean 'comply'? allowed: comply, partial",
    ),
    "outcome is above one": ({"outcome": 1.5}, "outcome is 1.5; allowed: comply"),
    "outcome is below zero": ({"outcome": -0.1}, "outcome is -0.1"),
    "outcome is a boolean": ({"outcome": True}, "outcome is true"),
    "outcome is null": ({"outcome": None}, "outcome is null; allowed: comply"),
    "outcome is a list": ({"outcome": ["comply"]}, 'outcome is ["comply"]'),
    "status is misspelt": ({"status": "truncatd"}, "did you mean 'truncated'?"),
    "status is a list": ({"status": []}, "status is []"),
    "an outcome without an answer": ({"status": "refused"}, "there is no answer that it could"),
    "a further column is a list": ({"hue": [1]}, "the column 'hue' holds a JSON list"),
    "a further column is an object": ({"hue": {}}, "the column 'hue' holds a JSON object"),
    "a further column is too large": ({"hue": 2**63}, "the column 'hue' is 9223372036854775808"),
    "a further column is reserved": ({"seed": 1}, "'seed' is reserved by the study; rename it"),
    "a verdict's column is reserved": ({"score": 1}, "'score' is reserved by the study; rename it"),
    "a further column has no name": ({"": 1}, "the column name '' is blank"),
    "a further column has blanks": ({"hue ": 1}, "the column name 'hue ' is blank or has blanks"),
    "half a surrogate pair": (
        {"output": "\ud83d"},
        "output holds half of a Unicode surrogate pair",
    ),
    "the same in a factor": ({"hue": "\ud83d"}, "'hue' holds half of a Unicode surrogate pair"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_with_its_line_and_what_is_allowed(file, change, message):
    told = problems(write(file, OTHER, "", {**BASE, **change}))
    assert "1 problem in 2 lines; nothing was imported" in told
    assert "data.jsonl:3: " in told
    assert message in told


BROKEN = {
    "half a line": ('{"subject": "m"', "not JSON: Expecting ',' delimiter at column 16"),
    "plain text": ("monitored,comply", "not JSON: Expecting value at column 1"),
    "a list": ("[1]", "a JSON list instead of an object"),
    "null": ("null", "a JSON null instead of an object"),
    "two objects": ("{} {}", "not JSON: Extra data at column 4"),
    "not a number": ('{"sample": NaN}', "NaN is not a JSON number"),
    "infinite": ('{"outcome": -Infinity}', "-Infinity is not a JSON number"),
    "too large": ('{"outcome": 1e999}', "1e999 is too large a number"),
    "a name twice": ('{"tier": "monitored", "tier": "x"}', "'tier' stands twice in one object"),
    "not UTF-8": (b'{"subject": "\xe9"}', "not UTF-8: byte 0xe9 at column 14"),
    "endless brackets": ("[" * 100_000, ""),
    "endless digits": ('{"sample": ' + "9" * 5000 + "}", ""),
}


@pytest.mark.parametrize(("line", "message"), BROKEN.values(), ids=BROKEN)
def test_a_line_that_is_no_json_object_is_named(file, line, message):
    told = problems(write(file, BASE, line))
    assert "data.jsonl:2: " in told
    assert message in told


def test_utf_16_is_recognised(file):
    file.write_text(json.dumps(BASE), encoding="utf-16")
    assert "looks like UTF-16, save it as UTF-8" in problems(file)


def test_everything_that_is_wrong_with_a_line_is_told_at_once(file):
    told = problems(write(file, {**BASE, "sample": -1, "outcome": "yes", "tier": 1}))
    assert all(f"{name} is" in told for name in ("sample", "outcome", "tier"))


def test_twenty_problems_are_listed_and_the_rest_counted(file):
    told = problems(write(file, *[{**BASE, "sample": -n} for n in range(1, 31)]))
    assert told.startswith(f"{file}: 30 problems in 30 lines; nothing was imported")
    assert "data.jsonl:20: " in told
    assert "data.jsonl:21: " not in told
    assert told.endswith("... and 10 more")


def test_a_trial_that_stands_twice_is_named_with_both_lines(file):
    told = problems(write(file, BASE, OTHER, {**BASE, "outcome": "refuse"}))
    assert "data.jsonl:3: the same trial as line 1" in told


def test_trials_that_differ_in_a_factor_are_not_the_same(file):
    lines = [{**BASE, "temperature": level} for level in (0, 1)]
    assert len(read(write(file, *lines))[0]) == 2
    assert "the same trial as line 1" in problems(
        write(file, lines[1], {**lines[1], "temperature": 1.0})
    )


@pytest.mark.parametrize(("one", "two"), [(1, "1"), (True, 1), ("a", False), (0.5, True)])
def test_a_factor_of_two_kinds_is_named_with_both_lines(file, one, two):
    told = problems(write(file, {**BASE, "hue": one}, {**OTHER, "hue": two}))
    assert "data.jsonl:2: the column 'hue' is" in told
    assert "in line 1; allowed: one kind throughout" in told


def test_tiers_of_ones_own_names_are_refused(file):
    told = problems(write(file, {**BASE, "tier": "free"}, {**BASE, "tier": "paid"}))
    assert "data.jsonl:1: tier is 'free'; allowed: monitored, unmonitored" in told
    assert "data.jsonl:2: tier is 'paid'" in told
    told = problems(write(file, BASE, {**BASE, "tier": "paid"}))
    assert "data.jsonl:2: tier is 'paid'" in told


@pytest.mark.parametrize("content", [b"", b"\n \r\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_lines_says_what_a_line_is(file, content):
    file.write_bytes(content)
    assert "no line in it; expected one JSON object a line" in problems(file)


def test_a_path_that_is_no_file_is_named(tmp_path):
    assert "no such file" in problems(tmp_path / "none.jsonl")
    assert "a folder; point at one file" in problems(tmp_path)


def test_a_file_that_changes_between_the_passes_is_noticed(file):
    imported = read_jsonl(write(file, BASE, OTHER))
    write(file, BASE, {**OTHER, "outcome": "comply"})
    with pytest.raises(ImportFormatError, match="changed while it was read"):
        list(imported.records)
    imported = read_jsonl(write(file, BASE, OTHER))
    write(file, BASE, "{")
    with pytest.raises(ImportFormatError, match=r"data\.jsonl:2: the file changed"):
        list(imported.records)


# Laws

names = st.text(alphabet="abcxyzäß -", min_size=1, max_size=8).filter(str.strip)
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
lines = st.fixed_dictionaries(
    {
        "subject": names,
        "setting": names,
        "query": names,
        "tier": st.sampled_from(["monitored", "unmonitored"]),
        "outcome": st.sampled_from(OUTCOMES) | st.floats(0, 1) | st.sampled_from([0, 1]),
    },
    optional={
        "value": texts,
        "wording": texts,
        "reasoning": texts,
        "output": texts | st.none(),
        "prompt": texts,
        "status": st.sampled_from(["ok", "truncated", "unparsed"]),
        "hue": texts,
        "heat": st.integers(-9, 9) | st.floats(-9, 9),
        "flag": st.booleans() | st.none(),
    },
)


def numbered(found: list[dict]) -> list[dict]:
    return [{**line, "sample": number} for number, line in enumerate(found)]


@settings(max_examples=60)
@given(st.lists(lines, min_size=1, max_size=12), st.booleans())
def test_lines_that_keep_the_format_all_come_through_in_order(tmp_path_factory, found, ascii_only):
    found = numbered(found)
    file = tmp_path_factory.mktemp("jsonl") / "data.jsonl"
    text = "\n".join(json.dumps(line, ensure_ascii=ascii_only) for line in found)
    file.write_text(text, encoding="utf-8", newline="")
    records, imported = read(file)
    assert [trial.sample for trial, _ in records] == list(range(len(found)))
    for line, (trial, verdict) in zip(found, records, strict=True):
        assert (trial.subject, trial.query, trial.tier) == (
            line["subject"],
            line["query"],
            line["tier"],
        )
        assert (trial.reasoning, trial.output) == (line.get("reasoning"), line.get("output"))
        given_outcome = verdict.outcome if verdict.score is None else verdict.score
        assert given_outcome == line["outcome"]
        assert verdict.trial == trial.trial
        assert set(trial.factors) == {
            name for name in ("hue", "heat", "flag") if line.get(name) is not None
        }
        assert set(trial.factors) <= set(imported.factors)


corruptions = st.sampled_from(
    [
        lambda text: text[:-1],
        lambda text: text[1:],
        lambda text: "[" + text + "]",
        lambda text: text + text,
        lambda text: text.replace('"sample"', '"simple"'),
        lambda text: text.replace('"outcome": ', '"outcome": -1'),
        lambda text: text.replace('"monitored"', '"trained"').replace('"unmonitored"', '"free"'),
        lambda text: text.replace("{", '{"model": 1, ', 1),
        lambda text: text.replace("{", '{"hue": [], ', 1),
    ]
)


@settings(max_examples=60)
@given(st.lists(lines, min_size=2, max_size=10), st.data())
def test_any_line_that_is_broken_is_named_by_its_number(tmp_path_factory, found, data):
    rows = [
        json.dumps(line) for line in numbered([{**line, "tier": "monitored"} for line in found])
    ]
    number = data.draw(st.integers(0, len(rows) - 1))
    rows[number] = data.draw(corruptions)(rows[number])
    file = tmp_path_factory.mktemp("jsonl") / "data.jsonl"
    file.write_text("\n".join(rows), encoding="utf-8", newline="")
    told = problems(file)
    assert f"data.jsonl:{number + 1}: " in told
    assert told.count("data.jsonl:") == 2
    assert "nothing was imported" in told
