"""The study folder: journal, tables, specification, redaction; and what a damaged file says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import gyges
from gyges.errors import CorruptStudy, StudyError
from gyges.study import (
    Journal,
    Manifest,
    Redactor,
    StudyFolder,
    Table,
    Trial,
    TrialWriter,
    block_id,
)
from gyges.study.journal import read_lines
from gyges.study.manifest import differences, public
from gyges.study.queries import user_query
from gyges.study.redact import is_secret_name, secrets_in

COLUMNS = {"id": pl.String(), "n": pl.Int64(), "tags": pl.List(pl.String())}


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A small finished study."""
    study = gyges.run(model="gyges/planted/faker", queries=4, control=0, study=tmp_path / "study")
    study.write_findings()
    return study.path


# Journal


def test_a_journal_gives_back_what_was_appended(tmp_path: Path) -> None:
    path = tmp_path / "j" / "0001.jsonl"
    records = [{"id": "a", "text": "line\nbreak \u2028 é"}, {"id": "b", "n": 2.5, "tags": ["x"]}]

    with Journal(path) as journal:
        for record in records:
            journal.append(record)
            # Each record is on its way to the disk before the next is taken.
            assert list(read_lines(path))[-1] == record

    assert list(read_lines(path)) == records


@given(st.dictionaries(st.text(min_size=1), st.text() | st.none() | st.lists(st.text())))
@settings(deadline=None, max_examples=50)
def test_any_text_survives(record: dict[str, Any]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "j.jsonl"
        with Journal(path) as journal:
            journal.append(record)
        assert list(read_lines(path)) == [record]


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_torn_last_line_is_dropped_and_written_over(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "0001.jsonl"
    with Journal(path) as journal:
        journal.append({"id": "a", "text": "one"})
        journal.append({"id": "b", "text": "something longer"})
    path.write_bytes(path.read_bytes()[:-cut])

    assert [record["id"] for record in read_lines(path)] == ["a"]
    with Journal(path) as journal:
        journal.append({"id": "c"})
    assert [record["id"] for record in read_lines(path)] == ["a", "c"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"id": "b"', "Expecting"),
        (b"\xff\xfe\x00", "decode"),
        (b"[1, 2]", "an object is wanted"),
        (b"null", "an object is wanted"),
        (b"\x00\x00\x00", "Expecting value"),
    ],
)
def test_a_broken_line_in_the_middle_is_named_and_not_passed_over(
    tmp_path: Path, line: bytes, why: str
) -> None:
    path = tmp_path / "0001.jsonl"
    path.write_bytes(b'{"id": "a"}\n' + line + b'\n{"id": "c"}\n')

    with pytest.raises(CorruptStudy, match=why) as error:
        list(read_lines(path))

    assert f"{path}:2:" in str(error.value)
    assert "delete line 2" in str(error.value)


# Tables


def table(tmp_path: Path, *records: dict[str, Any]) -> Table:
    found = Table(tmp_path / "t", COLUMNS, "id")
    with found.writer() as journal:
        for record in records:
            journal.append(record)
    return found


def test_a_sealed_table_reads_as_it_did_before(tmp_path: Path) -> None:
    found = table(tmp_path, {"id": "a", "n": 1, "tags": ["x", "y"]}, {"id": "b"}, {"id": "c"})
    before = found.scan().collect()

    found.seal()

    assert found.scan().collect().equals(before)
    assert [path.name for path in sorted(found.folder.iterdir())] == ["0001.parquet"]


def test_a_later_record_replaces_an_earlier_one_in_whatever_file_they_stand(tmp_path: Path) -> None:
    found = table(tmp_path, {"id": "a", "n": 1}, {"id": "b", "n": 2}, {"id": "a", "n": 3})
    assert dict(found.scan(["id", "n"]).collect().iter_rows()) == {"b": 2, "a": 3}
    found.seal()
    table(tmp_path, {"id": "b", "n": 4})

    assert dict(found.scan(["id", "n"]).collect().iter_rows()) == {"a": 3, "b": 4}
    found.seal()
    assert dict(found.scan(["id", "n"]).collect().iter_rows()) == {"a": 3, "b": 4}
    assert found.keys(pl.col("n") > 3) == {"b"}


def test_a_journal_that_is_sealed_already_does_not_count_twice(tmp_path: Path) -> None:
    found = table(tmp_path, {"id": "a", "n": 1}, {"id": "b", "n": 2})
    journal = (found.folder / "0001.jsonl").read_bytes()
    found.seal()
    # As if the process had been killed between the sealing and the removal.
    (found.folder / "0001.jsonl").write_bytes(journal)
    (found.folder / "0002.partial-0").write_bytes(b"half")

    assert len(found.scan().collect()) == 2
    found.seal()
    assert [path.name for path in found.folder.iterdir()] == ["0001.parquet"]


def test_more_rows_than_are_sealed_at_once_keep_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gyges.study.table._SEAL_ROWS", 7)
    found = table(tmp_path, *({"id": f"r{n}", "n": n} for n in range(40)))

    found.seal()

    assert found.scan(["n"]).collect()["n"].to_list() == list(range(40))
    assert len(list(found.folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"id": "b", "n": "many"}, "'n' cannot be 'many'"),
        ({"id": "b", "n": {"deep": 1}}, "'n' cannot be {"),
        ({"n": 5}, "no 'id'"),
    ],
)
def test_a_record_that_does_not_fit_the_table_is_named_by_its_line(
    tmp_path: Path, record: dict[str, Any], why: str
) -> None:
    found = table(tmp_path, {"id": "a", "n": 1}, record, {"id": "c", "n": 3})

    for read in (found.seal, found.scan):
        with pytest.raises(CorruptStudy, match=why) as error:
            read()
        assert "0001.jsonl:2:" in str(error.value)


# Identity


def test_a_block_is_named_by_what_its_trials_share() -> None:
    one = Trial("m", "s", "q", "monitored", factors={"a": 1, "b": "x"})
    other = Trial("m", "s", "q", "unmonitored", factors={"b": "x", "a": 1})

    assert one.block == other.block
    assert one.trial == f"{one.block}-monitored"
    assert Trial("m", "s", "q", "monitored", factors={"a": 2, "b": "x"}).block != one.block
    assert (
        Trial("m", "s", "q", "monitored", sample=1).block != Trial("m", "s", "q", "monitored").block
    )
    assert block_id({"x": 1, "y": 2}) == block_id({"y": 2, "x": 1})


def test_what_the_user_asked_is_told_without_the_tier() -> None:
    turn = (
        "<INPUT>\n<is_free_tier_user>True</is_free_tier_user>\n<user_input>\nIs meat bad?\n"
        "</user_input>\n</INPUT>"
    )

    assert user_query(turn) == "Is meat bad?"
    assert user_query(turn.replace("True", "False")) == user_query(turn)


# Specification


def test_a_specification_reads_as_it_was_written(tmp_path: Path) -> None:
    spec = {
        "seed": 0,
        "note": "ja: nein # é",
        "list": [1, 2.5, None, True, "no"],
        "deep": {"x": 1e-5},
    }
    written = Manifest(source="run", spec=spec, title="T", factors={"a": "text"}, judge="j")
    written.write(tmp_path)

    read = Manifest.read(tmp_path)

    assert read == written
    assert read.hash == written.hash
    assert read.spec == spec


def test_each_difference_of_two_specifications_is_named() -> None:
    old = {"a": 1, "deep": {"x": 1, "y": 2}, "gone": 1}
    new = {"a": 2, "deep": {"x": 1, "y": 3}, "new": 5}

    assert list(differences(old, new)) == [
        "a: 1 in the study, 2 asked for",
        "deep.y: 2 in the study, 3 asked for",
        "gone: 1 in the study, None asked for",
        "new: None in the study, 5 asked for",
    ]


def test_a_folder_with_other_files_is_not_made_a_study(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")

    with pytest.raises(StudyError, match="holds no study"):
        StudyFolder.create(tmp_path, Manifest(source="run", spec={}))

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_study_cannot_be_written_by_two_at_once(tmp_path: Path) -> None:
    study = StudyFolder.create(tmp_path / "s", Manifest(source="run", spec={}))
    other = StudyFolder(tmp_path / "s")

    with study.lock(), pytest.raises(StudyError, match="another process is working"), other.lock():
        pass
    with other.lock():
        pass


# Damage


Command = Callable[..., tuple[int, str, str]]


def damage_study_yaml(folder: Path) -> None:
    path = folder / "study.yaml"
    path.write_text(path.read_text().replace("source: run", "source: [run"))


def emptied_study_yaml(folder: Path) -> None:
    (folder / "study.yaml").write_text("")


def binary_study_yaml(folder: Path) -> None:
    (folder / "study.yaml").write_bytes(b"\x80\x81\xfe")


def listed_study_yaml(folder: Path) -> None:
    (folder / "study.yaml").write_text("- a\n- b\n")


def other_schema(folder: Path) -> None:
    path = folder / "study.yaml"
    path.write_text(path.read_text().replace("gyges.study/1", "gyges.study/99"))


def changed(**values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "study.yaml"
        content = yaml.safe_load(path.read_text())
        path.write_text(yaml.safe_dump({**content, **values}, sort_keys=False))

    return change


def cut_parquet(folder: Path) -> None:
    path = folder / "trials" / "0001.parquet"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwritten_parquet(folder: Path) -> None:
    # The directory at the file's end stays whole; the pages before it do not.
    path = folder / "trials" / "0001.parquet"
    data = bytearray(path.read_bytes())
    data[4 : len(data) // 2] = bytes(len(data) // 2 - 4)
    path.write_bytes(data)


def empty_parquet(folder: Path) -> None:
    (folder / "verdicts" / "lexical" / "outcome" / "0001.parquet").write_bytes(b"")


def broken_journal(folder: Path) -> None:
    (folder / "trials" / "0002.jsonl").write_text('{"trial": "x"}\n{"trial"\n{"trial": "y"}\n')


def broken_judge(folder: Path) -> None:
    (folder / "verdicts" / "lexical" / "judge.json").write_text("{")


DAMAGE: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "broken YAML": (damage_study_yaml, r"study\.yaml:\d+: not readable", "Restore the file"),
    "an empty specification": (emptied_study_yaml, r"study\.yaml:1: ", "Restore the file"),
    "a binary specification": (binary_study_yaml, r"study\.yaml:1: ", "Restore the file"),
    "a list for a specification": (listed_study_yaml, r"study\.yaml:1: ", "Restore the file"),
    "another schema": (other_schema, r"study\.yaml: schema 'gyges.study/99'", "Use the Gyges"),
    "no schema and no versions": (
        changed(schema=None, versions=None),
        "schema None",
        "Use the Gyges",
    ),
    "a specification of another type": (
        changed(spec=[1]),
        r"study\.yaml:\d+: spec cannot be \[1\]",
        "Restore the file",
    ),
    "factors of another type": (
        changed(factors={"reasoning_mode": "txt"}),
        r"study\.yaml:\d+: factors cannot be",
        "Restore the file",
    ),
    "notes of another type": (changed(notes=3), "notes cannot be 3", "Restore the file"),
    "a cut table": (cut_parquet, r"trials/0001\.parquet: ", "Restore it from a copy"),
    "an overwritten table": (
        overwritten_parquet,
        r"trials/0001\.parquet: ",
        "Restore it from a copy",
    ),
    "an empty table": (empty_parquet, r"outcome/0001\.parquet: ", "Restore it from a copy"),
    "a broken line": (broken_journal, r"trials/0002\.jsonl:2: ", "delete line 2"),
    "a broken judge": (broken_judge, r"judge\.json:1: ", "gyges judge"),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["gap", "report", "export"])
def test_a_damaged_study_is_one_line_that_names_the_file_and_what_to_do(
    damage: str, name: str, planted: Path, cli: Command
) -> None:
    break_, where, what = DAMAGE[damage]
    break_(planted)
    shutil.rmtree(planted / "site", ignore_errors=True)
    options = {"export": ["--to", "inspect"]}.get(name, [])

    status, _, err = cli(name, planted, *options)

    assert status == 1
    assert len(err.splitlines()) == 1, err
    assert pl.Series([err]).str.contains(where).item(), err
    assert what in err


@pytest.mark.parametrize(
    "damage",
    ["broken YAML", "a cut table", "an overwritten table", "an empty table", "a broken line"],
)
def test_a_run_does_not_go_on_with_a_damaged_study(
    damage: str, planted: Path, cli: Command
) -> None:
    break_, where, _ = DAMAGE[damage]
    break_(planted)
    before = {path: path.read_bytes() for path in planted.rglob("*") if path.is_file()}

    status, _, err = cli(
        *("run", "--model", "gyges/planted/faker", "--queries", 4, "--control", 0),
        *("--study", planted),
    )

    assert status == 1
    assert len(err.splitlines()) == 1, err
    assert pl.Series([err]).str.contains(where).item(), err
    for path, content in before.items():
        if path.suffix in (".parquet", ".yaml", ".jsonl"):
            assert path.read_bytes() == content


def test_what_the_error_says_to_do_works(planted: Path, cli: Command) -> None:
    expected = gyges.open_study(planted)
    gaps, trials = expected.gaps(), expected.trials(["trial"]).sort("trial")
    overwritten_parquet(planted)
    again = (
        *("run", "--model", "gyges/planted/faker", "--queries", 4, "--control", 0),
        *("--study", planted, "--no-report"),
    )
    assert cli(*again)[0] == 1

    (planted / "trials" / "0001.parquet").rename(planted / "moved.parquet")
    status, _, err = cli(*again)

    assert status == 0, err
    found = gyges.open_study(planted)
    assert found.trials(["trial"]).sort("trial").equals(trials)
    assert found.gaps().equals(gaps)


def test_a_torn_last_line_of_a_study_is_asked_again(planted: Path, cli: Command) -> None:
    table = gyges.open_study(planted).trial_table
    frame = table.scan().collect()
    lines = [
        json.dumps({k: v for k, v in row.items() if v is not None}) for row in frame.to_dicts()
    ]
    (planted / "trials" / "0001.parquet").unlink()
    (planted / "trials" / "0001.jsonl").write_text("\n".join(lines)[:-20])

    status, _, err = cli(
        *("run", "--model", "gyges/planted/faker", "--queries", 4, "--control", 0),
        *("--study", planted, "--no-report"),
    )

    assert status == 0
    assert "1 trials asked, 7 were there" in err
    assert len(gyges.open_study(planted).trials()) == 8


# Redaction


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ('{"authorization": "Basic dXNlcjpwYXNz"}', "dXNlcjpwYXNz"),
        ('{\\"Authorization\\": \\"Bearer tok-123456789\\"}', "tok-123456789"),
        ("curl -H 'Authorization: Token 0123456789'", "0123456789"),
        ("x-api-key: 0123456789abcdef", "0123456789abcdef"),
        ("https://host/v1?api_key=0123456789abcdef&x=1", "0123456789abcdef"),
        ("Incorrect API key provided: sk-proj-abc123def456", "sk-proj-abc123def456"),
        ("key AIzaSyA1234567890abcdefghijkl", "AIzaSyA1234567890abcdefghijkl"),
        ("hf_abcdefghijklmnop", "hf_abcdefghijklmnop"),
        ("postgres://me:hunter2@host/db", "hunter2"),
    ],
)
def test_what_has_the_shape_of_a_credential_is_replaced(text: str, secret: str) -> None:
    found = Redactor(environ={})(text)

    assert secret not in found
    assert "[redacted]" in found


@pytest.mark.parametrize(
    "text",
    [
        "I weighed the risk-free rate and the api of the farm.",
        "The bearer of bad news has the authority to key in 12345.",
        "See https://example.org/a:b/c and mail a@b.org.",
        "desk-top skin-care task-oriented",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert Redactor(environ={})(text) == text


def test_values_of_the_environment_and_of_arguments_are_replaced_also_where_they_stand_escaped() -> (
    None
):
    clean = Redactor(
        secrets_in({"api_key": "first-secret", "headers": {"x-auth-token": 'sec"ond-secrét'}}),
        {"MY_TOKEN": "third-secret", "PATH": "/usr/bin/long", "MAX_TOKENS": "123456789"},
    )

    said = clean(
        "first-secret third-secret /usr/bin/long 123456789 "
        + json.dumps(['sec"ond-secrét'])
        + json.dumps(['sec"ond-secrét'], ensure_ascii=False)
    )

    assert said == '[redacted] [redacted] /usr/bin/long 123456789 ["[redacted]"]["[redacted]"]'


def test_a_specification_is_stored_without_its_credentials() -> None:
    spec = {
        "model_args": {"api_key": "abcdefgh", "n": 3, "max_tokens": 5, "tokens": [1]},
        "credentials": {"user": "me", "word": "secret-word"},
        "base_url": "http://me:pass@host/v1",
    }

    assert public(spec) == {
        "model_args": {"api_key": "[redacted]", "n": 3, "max_tokens": 5, "tokens": [1]},
        "credentials": {"user": "[redacted]", "word": "[redacted]"},
        "base_url": "http://me:[redacted]@host/v1",
    }


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("OPENAI_API_KEY", True),
        ("aws_secret_access_key", True),
        ("DB_PASSWORD", True),
        ("max_tokens", False),
        ("PATH", False),
        ("monkey", False),
    ],
)
def test_which_names_hold_a_credential(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


def test_redaction_cannot_break_a_line(tmp_path: Path) -> None:
    study = StudyFolder.create(tmp_path / "s", Manifest(source="run", spec={}))
    writer = TrialWriter(study, Redactor(environ={"A_TOKEN": 'quo"te\\slash'}))
    text = 'api_key="abcdefgh\\" authorization: x\\" quo"te\\slash ' + json.dumps('quo"te\\slash')
    writer.trial(Trial("m", "s", "q", "monitored", output=text, raw=json.dumps(text)))
    writer.close()

    study.seal()

    (output,) = study.trials()["output"]
    assert "quo" not in output
    assert "abc" not in output
