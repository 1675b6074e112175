"""The command line: what it prints where, its exit status, and how it says no."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gyges
from conftest import KEY

Command = Callable[..., tuple[int, str, str]]
PLANTED = ("--model", "gyges/planted/faker", "--queries", 3)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "study"
    return gyges.run(model="gyges/planted/faker", queries=4, study=folder).path


BAD: dict[str, tuple[str, list[str]]] = {
    "an unknown command": ("rnu", ["no command 'rnu'", "did you mean 'run'"]),
    "an unknown option": ("run --modle x", ["--modle", "--model", "gyges run --help"]),
    "an unknown setting": ("run animal-welfear", ["animal-welfear", "animal-welfare"]),
    "too many arguments": ("run animal-welfare twice", ["twice"]),
    "an unknown provider": ("run --model nobody/x", ["--model nobody/x", "provider/model"]),
    "a model without a provider": ("run --model gpt-4o", ["--model gpt-4o", "provider/model"]),
    "a planted subject that is none": (
        "run --model gyges/planted/fakr",
        ["gyges/planted/fakr", "did you mean 'faker'"],
    ),
    "an unknown argument of a provider": (
        "run --model gyges/planted/faker -M rate=1",
        ["-M rate", "monitored"],
    ),
    "an argument without a value": ("run -M monitored", ["name=value"]),
    "a provider without a key": ("run --model openai/gpt-4o", ["OPENAI_API_KEY"]),
    "an unknown judge": ("run --judge nobody/x", ["--judge nobody/x"]),
    "a number that is none": ("run --queries many", ["--queries", "many"]),
    "no queries": ("run --queries 0", ["--queries 0", "from 1 to"]),
    "more queries than there are": ("run --queries 1000", ["--queries 1000", "animal-welfare has"]),
    "no samples": ("run --samples 0", ["--samples 0"]),
    "no tokens": ("run --max-tokens 0", ["--max-tokens 0"]),
    "a temperature that is too high": ("run --temperature 3", ["--temperature 3.0", "0 to 2"]),
    "an unknown reasoning": ("run --reasoning scratch", ["--reasoning scratch", "scratchpad"]),
    "no connections": ("run --max-connections 0", ["--max-connections 0", "at least 1"]),
    "negative retries": ("run --retries -1", ["--retries -1"]),
    "no time": ("run --timeout 0", ["--timeout 0"]),
    "a budget of nothing known": ("run --budget lots", ["--budget 'lots'", "500"]),
    "a price that is none": ("run --price cheap", ["--price 'cheap'", "3,15"]),
    "a setting folder that is missing": ("run --setting-dir {tmp}/no", ["--setting-dir", "no"]),
    "resuming nothing in particular": ("run --resume", ["--resume", "--study DIR"]),
    "resuming what is not there": ("run --resume --study {tmp}/no", ["--resume", "no study"]),
    "a file for a study": ("run {planted} --study {file}", ["holds no study"]),
    "a study below a file": ("run {planted} --study {file}/x", ["file.txt/x", "Not a directory"]),
    "a folder of other files": ("run {planted} --study {tmp}", ["holds no study"]),
    "a folder that cannot be written": ("run {planted} --study /proc/x", ["/proc/x"]),
    "gaps of no study": ("gap {tmp}/no", ["holds no study", "gyges run --study"]),
    "gaps without a study": ("gap", ["STUDY", "gyges gap --help"]),
    "gaps of a file": ("gap {file}", ["holds no study"]),
    "an unknown column": ("gap {study} --by temprature", ["did you mean 'temperature'"]),
    "an unknown judge of gaps": ("gap {study} --judge lexicl", ["did you mean 'lexical'"]),
    "a partial beyond one": ("gap {study} --partial 2", ["--partial", "2"]),
    "a level of nothing": ("gap {study} --level 0", ["--level"]),
    "a report of no study": ("report {tmp}/no", ["holds no study"]),
    "a report into a file": ("report {study} --out {file}", ["file.txt"]),
    "a judge of no study": ("judge {tmp}/no", ["holds no study"]),
    "a judge that cannot be": ("judge {study} --judge nobody/x", ["--judge nobody/x"]),
    "an unknown format": ("export {study} --to csv", ["--to", "inspect"]),
    "an export over files": ("export {study} --to inspect --out {tmp}", ["is not empty"]),
    "an export of no study": ("export {tmp}/no --to inspect", ["holds no study"]),
    "an unknown import": ("import xml {file} --study {tmp}/s", ["xml"]),
    "an import of nothing": ("import jsonl {tmp}/no --study {tmp}/s", ["no such file"]),
    "an import of no logs": ("import inspect {tmp}/no --study {tmp}/s", ["no .eval logs"]),
    "an import of a log that is none": (
        "import inspect {file} --study {tmp}/s",
        ["file.txt", "not readable as an Inspect log"],
    ),
    "an import over a study": ("import jsonl {line} --study {study}", ["is not empty"]),
    "an import without a study": ("import jsonl {line}", ["--study"]),
    "an unknown command for settings": ("settings lst", ["lst"]),
    "an unknown setting to show": ("settings show nothing", ["nothing"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_on_stderr_and_exit_status_1(
    case: str, study: Path, cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "AZUREAI_OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "file.txt"
    file.write_text("just a file")
    line = tmp_path / "line.jsonl"
    line.write_text(
        '{"subject": "s", "setting": "x", "query": "q", "tier": "monitored", "sample": 0, '
        '"outcome": "comply"}\n'
    )
    before = sorted(tmp_path.rglob("*"))
    text, expected = BAD[case]
    words = text.format(
        tmp=tmp_path, file=file, line=line, study=study, planted="--model gyges/planted/faker"
    )

    status, out, err = cli(*words.split())

    assert status == 1
    assert out == ""
    assert err.startswith("gyges: ")
    assert len(err.splitlines()) == 1, err
    assert "Traceback" not in err
    for phrase in expected:
        assert phrase in err
    # What was refused left nothing behind.
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("words", [[], ["import"], ["settings"], ["--help"], ["run", "--help"]])
def test_whoever_asks_for_nothing_is_shown_what_there_is(words: list[str], cli: Command) -> None:
    status, out, err = cli(*words)

    assert (status, err) == (0, "")
    assert out.startswith("Usage: ")


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gyges", "gap", str(tmp_path / "no"), "--debug"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "holds no study" in done.stderr


def test_a_key_that_a_provider_quotes_is_not_printed(
    cli: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOME_API_KEY", KEY)

    status, _, err = cli("run", "--model", f"nobody/{KEY}", "--study", tmp_path / "s")

    assert status == 1
    assert KEY not in err
    assert "[redacted]" in err


JSON: dict[str, tuple[str, str, set[str]]] = {
    "run": (
        "run --model gyges/planted/faker --queries 3 --study {new}",
        "gyges.run/1",
        {"study", "report", "asked", "skipped", "stopped", "calls", "gaps", "statuses"},
    ),
    "dry run": (
        "run --model gyges/planted/faker --queries 3 --study {new} --dry-run",
        "gyges.dry-run/1",
        {"trials", "subject_calls", "input_tokens", "output_tokens", "dollars", "study"},
    ),
    "gap": ("gap {study}", "gyges.gap/1", {"gaps"}),
    "judge": ("judge {study}", "gyges.gap/1", {"gaps"}),
    "import": (
        "import jsonl {line} --study {new}",
        "gyges.import/1",
        {"study", "trials", "subjects", "values", "notes"},
    ),
    "settings": ("settings list", "gyges.settings/1", {"settings"}),
}


@pytest.mark.parametrize("case", JSON)
def test_json_is_one_object_that_names_its_schema(
    case: str, study: Path, cli: Command, tmp_path: Path
) -> None:
    text, schema, keys = JSON[case]
    line = tmp_path / "line.jsonl"
    rows = [
        {
            "subject": "s",
            "setting": "x",
            "query": "q",
            "tier": tier,
            "sample": 0,
            "outcome": "comply",
        }
        for tier in ("monitored", "unmonitored")
    ]
    line.write_text("".join(json.dumps(row) + "\n" for row in rows))

    status, out, _ = cli(
        *text.format(study=study, new=tmp_path / "new", line=line).split(), "--json"
    )

    assert status == 0
    record = json.loads(out)
    assert record["schema"] == schema
    assert record.keys() >= keys


def test_a_gap_in_json_has_every_column_that_is_promised(study: Path, cli: Command) -> None:
    _, out, _ = cli("gap", study, "--json", "--by", "temperature")

    (gap, control) = json.loads(out)["gaps"]
    promised = (
        "subject, setting, value, queries, trials, monitored_rate, unmonitored_rate, gap, se, ci_low, "
        "ci_high, p, undecided_monitored, undecided_unmonitored, gap_min, gap_max"
    )
    assert set(promised.split(", ")) <= gap.keys()
    assert gap["temperature"] == 1.0
    assert control["control"] is True


def test_a_dry_run_prints_counts_and_makes_nothing(cli: Command, tmp_path: Path) -> None:
    new = tmp_path / "new"

    status, out, err = cli("run", *PLANTED, "--study", new, "--dry-run", "--samples", 2)

    assert status == 0
    # Three queries and one in the control, two samples, two tiers.
    assert "trials                16" in out
    assert "cost of the subject   $0.00" in out
    assert err == "Nothing was asked.\n"
    assert not new.exists()


def test_a_study_that_is_there_is_gone_on_with(cli: Command, tmp_path: Path) -> None:
    new = tmp_path / "new"
    status, _, first = cli("run", *PLANTED, "--study", new, "--budget", "4", "--no-report")
    assert status == 0
    assert "4 trials asked" in first
    assert "Stopped early: the budget of 4 calls is used up. The same command goes on." in first
    assert not (new / "site").exists()

    status, _, second = cli("run", *PLANTED, "--study", new, "--resume")

    assert status == 0
    assert "4 trials asked, 4 were there" in second
    assert (new / "site" / "index.html").is_file()


def test_an_argument_of_the_provider_is_read_as_a_number(cli: Command, tmp_path: Path) -> None:
    status, _, _ = cli(
        *("run", *PLANTED, "--study", tmp_path / "s", "-M", "monitored=1", "-M", "unmonitored=0.0"),
        *("--queries", 10, "--control", 0, "-M", "spread=0"),
    )

    assert status == 0
    assert gyges.open_study(tmp_path / "s").gaps()["gap"].to_list() == [1.0]


def test_the_command_that_made_a_study_stands_in_it(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    done = command("run", *PLANTED, "--study", tmp_path / "a study", "--no-report")

    assert done.returncode == 0, done.stderr
    text = gyges.open_study(tmp_path / "a study").manifest.command
    assert text == (
        "gyges run --model gyges/planted/faker --queries 3 --study "
        f"'{tmp_path / 'a study'}' --no-report"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--reasoning", "choice", "--judge", "lexical"],
            "reads words, and a forced choice has none",
        ),
        (["--reasoning", "none", "--judge", "choice"], "these trials are answers in words"),
        (["--budget", "x"], "budget"),
        (["--max-connections", "0"], "--max-connections 0: must be at least 1"),
    ],
)
def test_a_dry_run_refuses_what_the_run_would_refuse(
    options: list[str], words: str, cli: Callable[..., Any]
) -> None:
    code, out, err = cli("run", "--model", "gyges/planted/faker", "--dry-run", *options)

    assert (code, out) == (1, "")
    assert words in err
