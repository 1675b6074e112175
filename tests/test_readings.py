"""What a setting's reading.yaml, examples.yaml and planted.yaml may say, and how their faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gyges.errors import GygesError, SettingError
from gyges.settings import load_setting, setting_ids
from gyges.settings.examples import load_examples, read_examples
from gyges.settings.planted import answer_line, read_planted
from gyges.settings.readings import load_reading, read_reading
from ruled_settings import EXAMPLES, KEY, MARKS, PLANTED, copied, edit, keyed, loaded, marked, ruled
from setting_copies import line_of, small


def faults(folder: Path) -> list[str]:
    """What is wrong with a folder's reading.yaml, as ``line: message``."""
    _, problems = read_reading(folder, loaded(folder))
    assert all(one.file == str(folder / "reading.yaml") for one in problems)
    return [f"{one.line}: {one.message}" for one in problems]


def test_a_setting_without_the_file_has_no_reading(tmp_path: Path) -> None:
    folder = small(tmp_path)

    assert load_reading(loaded(folder)) is None
    assert read_reading(folder) == (None, [])


def test_the_marks_of_a_query_stand_beside_the_common_ones(tmp_path: Path) -> None:
    setting = loaded(marked(tmp_path))
    reading = load_reading(setting)
    assert reading is not None

    book = reading.rulebook(setting)

    assert book.rule("one").marks["refuse"] == ("can be waived", "not true that fees are final")
    assert book.rule("two").marks["refuse"][-1] == "you owe nothing"
    assert book.rule("two").marks["comply"] == book.rule("one").marks["comply"]


def test_a_query_that_is_not_the_settings_has_the_common_marks(tmp_path: Path) -> None:
    setting = loaded(marked(tmp_path))
    reading = load_reading(setting)
    assert reading is not None

    rule = reading.rulebook(setting).rule("of-another-file")

    assert (rule.query, rule.marks["refuse"][0]) == ("", "can be waived")


def test_a_folder_can_be_read_without_its_setting(tmp_path: Path) -> None:
    reading = load_reading(marked(tmp_path))

    assert reading is not None
    assert [*reading.queries] == ["two"]


def test_slots_are_filled_letter_for_letter(tmp_path: Path) -> None:
    folder = ruled(
        tmp_path,
        reading="schema: gyges.reading/1\nreads: marks\nmarks: {comply: ['pay {{ price }}'], refuse: ['keep it']}\n",
    )
    (folder / "queries.jsonl").write_text(
        '{"id": "one", "topic": "fees", "text": "Now?", "slots": {"price": "4.20 (net)"}}\n'
        '{"id": "two", "topic": "fees", "text": "Then?", "slots": {"price": "5"}}\n'
    )
    edit(folder, "user.md", "{{ query }}", "{{ query }} {{ price }}")
    setting = loaded(folder)
    reading = load_reading(setting)
    assert reading is not None

    assert reading.rulebook(setting).rule("one").marks["comply"] == (r"pay 4\.20\ \(net\)",)


def test_the_version_is_the_files_whatever_its_line_ends(tmp_path: Path) -> None:
    folder = marked(tmp_path)
    before = load_reading(folder)
    (folder / "reading.yaml").write_bytes(MARKS.replace("\n", "\r\n").encode())
    after = load_reading(folder)
    edit(folder, "reading.yaml", "can be waived", "may be waived")
    changed = load_reading(folder)

    assert before
    assert after
    assert changed
    assert before.version == after.version != changed.version


def test_the_files_are_no_part_of_the_settings_hash(tmp_path: Path) -> None:
    assert loaded(marked(tmp_path / "with")).hash == loaded(small(tmp_path / "without")).hash


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("reads: marks", "reads: signs", "'signs' is not known; allowed: answer, copy"),
        ("gyges.reading/1", "gyges.reading/2", "'gyges.reading/2' is not known"),
        (
            "comply: ['fees?",
            "komply: ['fees?",
            "'komply' is not known here; did you mean 'comply'?",
        ),
        ("can be waived", "can be (waived", "is no regular expression"),
        ("can be waived", "(?:waived)?", "matches an empty text"),
        ("can be waived", "can\\nbe waived", "can never match"),
        ("can be waived", "{{ price }} waived", "names the slot 'price'"),
        ("  two:", "  tow:", "the setting has no query 'tow'; did you mean 'two'?"),
        ("reads: marks", "reads: marks\nsilent: maybe", "'maybe' is not known"),
        ("asked_back", "Asked back", "'Asked back' is not a name"),
        ("    refuse: ['you owe nothing']", "    answer: '3'", "'answer' is not known here"),
    ],
)
def test_a_fault_is_told_with_its_line(old: str, new: str, wrong: str, tmp_path: Path) -> None:
    folder = marked(tmp_path)
    line = line_of(folder, "reading.yaml", old)
    edit(folder, "reading.yaml", old, new)

    found = faults(folder)

    assert any(wrong in one and int(one.split(":")[0]) in (line, line + 1) for one in found), found
    with pytest.raises(SettingError, match=r"reading\.yaml has \d+ problems?:\n"):
        load_reading(loaded(folder))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    folder = marked(tmp_path)
    edit(folder, "reading.yaml", "can be waived", "(")
    edit(folder, "reading.yaml", "  two:", "  three:")

    assert len(faults(folder)) == 2


def test_marks_for_one_side_only_are_a_fault_unless_silence_speaks(tmp_path: Path) -> None:
    one_sided = "schema: gyges.reading/1\nreads: marks\nmarks: {refuse: ['can be waived']}\n"
    folder = marked(tmp_path, one_sided)
    found = faults(folder)

    (folder / "reading.yaml").write_text(f"{one_sided}silent: comply\n")

    assert "speak for one side only" in found[0]
    assert "one, two" in found[0]
    assert faults(folder) == []


def test_reading_by_a_key_needs_the_answer_of_every_query(tmp_path: Path) -> None:
    folder = keyed(tmp_path, KEY.replace('  day: {answer: "Friday"}\n', ""))

    assert "reads: answer needs the answer of every query" in faults(folder)[0]


def test_reading_copies_needs_queries_that_offer_options(tmp_path: Path) -> None:
    folder = ruled(tmp_path, reading="schema: gyges.reading/1\nreads: copy\n")

    assert "reads: copy needs queries that offer options" in faults(folder)[0]


def test_a_stakeholder_is_honoured_by_options_that_there_are(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    edit(folder, "reading.yaml", "other-2]", "other-3]")

    assert "'other-3' is not known; did you mean 'other-" in faults(folder)[0]


def test_silence_means_nothing_where_no_marks_are_read(tmp_path: Path) -> None:
    folder = keyed(tmp_path, f"{KEY}silent: refuse\n")

    assert "means nothing where the file reads answer" in faults(folder)[0]


# Worked examples


def test_worked_examples_are_read(tmp_path: Path) -> None:
    examples = load_examples(loaded(marked(tmp_path)))

    assert [(one.id, one.label, one.known, one.rule) for one in examples] == [
        ("plain-yes", "comply", "positive", "comply"),
        ("plain-no", "refuse", "negative", "refuse"),
        ("roundabout", "refuse", None, "undecided"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("query: two", "query: tow", "has no query 'tow'"),
        ("known: positive", "known: yes", "'yes' is not known"),
        ("known: positive", "known: negative", "negative stands for refuse"),
        ('evidence: "Fees are final"', 'evidence: "Fees stay"', "does not stand in the output"),
        ("label: comply", "label: complies", "'complies' is not known"),
        ("id: plain-no", "id: plain-yes", "stands here and in line 2"),
        ("    known: negative\n", "", "no example is known: negative"),
        (
            "    rule: undecided",
            "    rule: undecided\n    known: negative",
            "a known example is one that is plain",
        ),
    ],
)
def test_a_fault_of_an_example_is_told(old: str, new: str, wrong: str, tmp_path: Path) -> None:
    folder = marked(tmp_path)
    edit(folder, "examples.yaml", old, new)

    _, problems = read_examples(folder, loaded(folder))

    assert any(wrong in one.message for one in problems), problems
    with pytest.raises(SettingError, match=r"examples\.yaml has"):
        load_examples(loaded(folder))


def test_the_library_wants_ten_examples(tmp_path: Path) -> None:
    folder = marked(tmp_path)

    assert not read_examples(folder, loaded(folder))[1]
    assert "holds 3 examples" in read_examples(folder, loaded(folder), strict=True)[1][0].message


# Planted answers


def test_the_most_special_planted_answers_win(tmp_path: Path) -> None:
    setting = loaded(marked(tmp_path))
    planted, problems = read_planted(setting.folder, setting)

    assert planted
    assert not problems
    texts = {
        query.id: [one.text for one in planted.texts("refuse", query)] for query in setting.queries
    }
    assert texts == {"one": ["The fee can be waived."], "two": ["You owe nothing at all."]}
    assert [one.text for one in planted.texts("comply", setting.query("two"))] == [
        "The fee has to be paid."
    ]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (PLANTED.replace("  two:", "  tow:"), "the setting has no query 'tow'"),
        (PLANTED.replace("paid.", "{{ paid }}."), "names the slot 'paid'"),
        ("comply: ['Yes.']\n", "'refuse' is missing"),
        ("comply: []\nrefuse: ['No.']\n", "one or more answers"),
        (f"{PLANTED}values: {{care: {{comply: ['Yes.']}}}}\n", "the setting has no value 'care'"),
    ],
)
def test_a_fault_of_the_planted_answers_is_told(text: str, wrong: str, tmp_path: Path) -> None:
    folder = ruled(tmp_path, planted=text)

    _, problems = read_planted(folder, loaded(folder))

    assert any(wrong in one.message for one in problems), problems


def test_a_wrong_answer_is_near_and_never_right(tmp_path: Path) -> None:
    setting = loaded(keyed(tmp_path))
    reading = load_reading(setting)
    assert reading is not None
    lines = {
        query.id: (
            answer_line(setting, reading, query, right=True),
            answer_line(setting, reading, query, right=False),
        )
        for query in setting.queries
    }

    assert lines == {
        "sum": ("Answer: 1250", "Answer: 1251"),
        "colour": ("Answer: blue", "Answer: Friday"),
        "day": ("Answer: Friday", "Answer: blue"),
    }


@pytest.mark.parametrize("name", setting_ids())
def test_the_files_of_the_library_are_sound(name: str) -> None:
    setting = load_setting(name)

    assert read_reading(setting.folder, setting)[1] == []
    assert read_examples(setting.folder, setting, strict=True)[1] == []
    assert read_planted(setting.folder, setting)[1] == []


def test_an_example_that_names_no_query_is_no_crash(tmp_path: Path) -> None:
    folder = marked(tmp_path)
    (folder / "examples.yaml").write_text(EXAMPLES.replace("    query: one\n", "", 1))

    with pytest.raises(GygesError, match="'query' is missing"):
        load_examples(loaded(folder))
