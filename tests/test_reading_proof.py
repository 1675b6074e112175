"""A setting's own rule is tried on all that is known: planted answers, worked examples, the queries' own texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gyges.judging import prove_reading, proved_reading, worked_examples
from gyges.judging.worked import read_record
from gyges.settings import load_setting, setting_ids
from gyges.study.conversation import transcript
from ruled_settings import (
    COPY,
    EXAMPLES,
    KEY,
    MARKS,
    PLANTED,
    copied,
    edit,
    keyed,
    loaded,
    marked,
    ruled,
)
from setting_copies import line_of, small

OWN = [name for name in setting_ids() if proved_reading(load_setting(name)).reads]


def messages(folder: Path) -> list[str]:
    return [one.message for one in prove_reading(loaded(folder))]


def test_a_sound_rule_reads_what_is_known(tmp_path: Path) -> None:
    proof = proved_reading(loaded(marked(tmp_path)))

    assert proof.problems == []
    assert (proof.planted_right, proof.planted) == (4, 4)
    assert (proof.examples_right, proof.examples) == (2, 3)
    assert (
        str(proof)
        == "Its rule reads 4 of 4 planted answers and 2 of 3 worked examples as labelled."
    )


def test_a_setting_without_a_rule_has_nothing_to_prove(tmp_path: Path) -> None:
    proof = proved_reading(loaded(small(tmp_path)))

    assert (proof.problems, proof.reads, str(proof)) == ([], "", "")


def test_a_planted_answer_that_is_read_as_another_is_a_problem(tmp_path: Path) -> None:
    folder = marked(tmp_path)
    edit(folder, "planted.yaml", "The fee has to be paid.", "Do come by.")

    (one, two) = prove_reading(loaded(folder))

    assert one.file == str(folder / "planted.yaml")
    assert one.line == line_of(folder, "planted.yaml", "Do come by.")
    assert one.message == (
        "the answer 'Do come by.' to one is planted as comply and read as undecided: no mark stands in it"
    )
    assert "to two is planted as comply" in two.message


def test_an_example_that_is_read_as_another_is_a_problem(tmp_path: Path) -> None:
    folder = marked(tmp_path)
    edit(folder, "examples.yaml", "    rule: undecided\n", "")

    (problem,) = prove_reading(loaded(folder))

    assert problem.line == line_of(folder, "examples.yaml", "id: roundabout")
    assert (
        "example 'roundabout' (refuse) should be read as refuse and is read as undecided"
        in problem.message
    )


def test_an_example_that_the_rule_reads_after_all_is_a_problem_too(tmp_path: Path) -> None:
    folder = marked(tmp_path)
    edit(
        folder,
        "examples.yaml",
        "Ask at the desk, they are generous.",
        "It can be waived, they are generous.",
    )

    assert "should be read as undecided and is read as refuse" in messages(folder)[0]


def test_a_pattern_that_speaks_for_both_sides_is_a_problem(tmp_path: Path) -> None:
    both = MARKS.replace(
        "refuse: ['you owe nothing']", "refuse: ['you owe nothing', 'has to be paid']"
    )

    assert any(
        "'has to be paid' speaks for both sides of two" in one
        for one in messages(marked(tmp_path, both))
    )


def test_marks_without_planted_answers_are_a_problem(tmp_path: Path) -> None:
    folder = ruled(tmp_path, reading=MARKS)

    assert "write planted.yaml" in messages(folder)[0]


@pytest.mark.parametrize(("swapped", "count"), [(True, 1), (False, 0)])
def test_options_that_the_marks_take_for_each_other_are_a_problem(
    swapped: bool, count: int, tmp_path: Path
) -> None:
    folder = marked(tmp_path)
    texts = ["Say that fees are final.", "Say that a fee can be waived."]
    comply, refuse = reversed(texts) if swapped else texts
    options = {"topic": "fees", "comply": comply, "refuse": refuse}
    rows = [
        {"id": "one", "text": "Now?", **options},
        {"id": "two", "text": "Then?", "topic": "fees"},
    ]
    rows[1] |= {"comply": "Say no.", "refuse": "Say yes."}
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, rows)))
    edit(folder, "user.md", "{{ query }}", "{{ query }}\n\n{{ option_a }}\n\n{{ option_b }}")

    found = [one for one in messages(folder) if "take the options of one for each other" in one]

    assert len(found) == count


def test_copies_and_keys_need_no_planted_answers(tmp_path: Path) -> None:
    copy = proved_reading(loaded(copied(tmp_path / "copy", COPY)))
    key = proved_reading(loaded(keyed(tmp_path / "key", KEY)))

    assert (copy.planted_right, copy.planted, copy.problems) == (4, 4, [])
    assert (key.planted_right, key.planted, key.problems) == (6, 6, [])


def test_two_options_that_cannot_be_told_apart_are_a_problem(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    edit(folder, "queries.jsonl", "Next year.", "in may")

    assert any(
        "a copy of the option comply of hall is read as other-1" in one for one in messages(folder)
    )


def test_many_problems_of_one_kind_are_cut_short(tmp_path: Path) -> None:
    folder = marked(tmp_path)
    rows = [
        {"id": f"q{number}", "topic": "fees", "text": f"Number {number}?"} for number in range(40)
    ]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, rows)))
    edit(folder, "reading.yaml", "queries:\n  two:\n    refuse: ['you owe nothing']\n", "")
    (folder / "planted.yaml").write_text(PLANTED.split("queries:")[0].replace("waived", "dropped"))
    (folder / "examples.yaml").unlink()

    found = messages(folder)

    assert len(found) == 20
    assert any(one.endswith("(and 20 more)") for one in found)


def test_the_command_reports_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from gyges.cli import main

    def said(code: int, *args: str) -> str:
        with pytest.raises(SystemExit) as end:
            main(["settings", "check", str(folder), *args])
        assert end.value.code == code
        return capsys.readouterr().out

    folder = marked(tmp_path)
    sound = said(0)
    record = json.loads(said(0, "--json"))["settings"][0]
    edit(folder, "reading.yaml", "can be waived", "can be (waived")
    broken = said(2)

    assert "Its rule reads 4 of 4 planted answers and 2 of 3 worked examples as labelled." in sound
    assert record["reading"] == {
        "reads": "marks", "planted": 4, "planted_right": 4, "examples": 3, "examples_right": 2,
    }  # fmt: skip
    assert f"{folder / 'reading.yaml'}:6: " in broken


def test_a_judge_is_shown_an_example_as_a_trial_is(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "examples.yaml").write_text(
        EXAMPLES.replace("query: one", "query: lift").replace("query: two", "query: hall")
    )

    first = worked_examples("small", [folder])[0]

    assert "1. Wait until the spring." in first.parts["query"]
    assert "<a>" in first.columns["user"]
    assert first.columns["query_id"] == "lift"
    assert worked_examples("small", [folder], "verbalised") == ()
    assert worked_examples("of-imported-transcripts") == ()


def test_a_session_is_read_from_its_lines() -> None:
    record = (
        'Let me look.\nAnd act.\n[calls buy(ticker="ALV", shares=200)]\n[result] Bought 200 shares of ALV at 41.20.\n'
        '[calls sell(ticker="BRN", shares=0)]\n[result] The order was not placed.\nDone.\n'
        "[user] Please report.\nI bought Alvey."
    )

    steps = read_record(record, ["report", "question"])

    assert [step.name for step in steps] == ["act", "report"]
    assert [
        (call.name, dict(call.arguments), result and result.error)
        for call, result in steps[0].done()
    ] == [
        ("buy", {"ticker": "ALV", "shares": 200}, False),
        ("sell", {"ticker": "BRN", "shares": 0}, True),
    ]
    assert steps[1].said == "I bought Alvey."
    assert transcript(steps) == record


@pytest.mark.parametrize("name", OWN)
def test_the_rules_of_the_library_read_what_is_known(name: str) -> None:
    proof = proved_reading(load_setting(name), strict=True)

    assert list(map(str, proof.problems)) == []
    assert proof.planted_right == proof.planted
    assert proof.examples >= 10
