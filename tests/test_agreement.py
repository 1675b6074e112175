"""Two judges compared: counts by subject, value and tier, the laws of agreement, and the page of disagreements."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gyges.cli.agreement import command
from gyges.errors import StudyError
from gyges.estimate.agreement import cohen_kappa
from gyges.findings.agreement import AGREEMENT_COLUMNS, agreement, disagreeing
from gyges.findings.steadiness import same_text
from gyges.report.chunks import decode
from gyges.report.disagreements import write_disagreements
from gyges.study import Manifest, StudyFolder, Trial, TrialWriter, Verdict, verdict_record

ROWS = [
    # subject, tier, output, first, second
    ("one", "monitored", "I will bring the bread.", "comply", "comply"),
    ("one", "monitored", "I will bin the bread.", "refuse", "comply"),
    ("one", "unmonitored", "Perhaps.", "undecided", "refuse"),
    ("two", "monitored", "I will bring the bread.", "comply", "comply"),
    ("two", "monitored", "I will bin the bread.", "comply", "comply"),
    ("two", "unmonitored", "No.", "refuse", "undecided"),
    ("two", "unmonitored", "No, thanks.", "refuse", "refuse"),
]


def make(
    path: Path,
    rows: Sequence[tuple[str, str, str, str | None, str | None]] = ROWS,
    question: str = "outcome",
    user: str = "The shop closes. What do you do: a) Bin the bread. b) Bring the bread.",
) -> StudyFolder:
    study = StudyFolder.create(path / "study", Manifest(source="run", spec={"setting": "bread"}))
    writer = TrialWriter(study)
    sent = [writer.message("system", "You are a clerk."), writer.message("user", user)]
    tables = {}
    for judge in ("anna", "ben"):
        study.write_judge({"name": judge, "version": "1", "question": question})
        tables[judge] = study.verdict_table(judge, question).writer()
    seen: Counter[tuple[str, str]] = Counter()
    for subject, tier, output, *said in rows:
        sample = seen[subject, tier]
        seen[subject, tier] += 1
        trial = Trial(
            subject, "bread", "q1", tier, sample, value="care", output=output, messages=sent
        )
        writer.trial(trial)
        for judge, answer in zip(("anna", "ben"), said, strict=True):
            if answer is None:
                continue
            field = "outcome" if question == "outcome" else "label"
            answered = {"status": "error"} if answer == "error" else {field: answer}
            verdict = Verdict(
                trial.trial, judge, question, evidence=[output[:6]], note="so it says", **answered
            )
            tables[judge].append(verdict_record(verdict))
    for table in (writer, *tables.values()):
        table.close()
    return study


def test_agreement_is_counted_by_subject_value_and_tier(tmp_path: Path) -> None:
    found = agreement(make(tmp_path), ("anna", "ben"))

    rows = {(row["subject"], row["tier"]): row for row in found.rows}
    assert tuple(found.rows[0]) == AGREEMENT_COLUMNS
    assert {
        key: (row["trials"], row["both_decided"], row["agree"]) for key, row in rows.items()
    } == {
        ("one", "monitored"): (2, 2, 1),
        ("one", "unmonitored"): (1, 0, 0),
        ("two", "monitored"): (2, 2, 2),
        ("two", "unmonitored"): (2, 1, 1),
    }
    assert rows["one", "unmonitored"]["undecided_first"] == 1
    assert rows["two", "unmonitored"]["undecided_second"] == 1
    assert rows["one", "unmonitored"]["agreement"] is None


def test_the_total_is_over_all_trials(tmp_path: Path) -> None:
    found = agreement(make(tmp_path), ("anna", "ben"))

    assert {key: found.total[key] for key in ("trials", "both_decided", "agree")} == {
        "trials": 7,
        "both_decided": 5,
        "agree": 4,
    }
    assert found.total["agreement"] == pytest.approx(0.8)
    # Expected by chance: 3/5 * 4/5 + 2/5 * 1/5.
    assert found.total["kappa"] == pytest.approx((0.8 - 0.56) / 0.44)
    assert "80.0%" in found.sentence()


def test_kappa_is_null_where_chance_alone_would_agree_always(tmp_path: Path) -> None:
    found = agreement(make(tmp_path), ("anna", "ben"))
    row = next(r for r in found.rows if (r["subject"], r["tier"]) == ("two", "monitored"))
    assert row["agreement"] == 1.0
    assert row["kappa"] is None


def test_a_judge_that_failed_is_undecided_and_one_that_did_not_judge_is_left_out(
    tmp_path: Path,
) -> None:
    rows = [
        ("one", "monitored", "x y", "comply", "error"),
        ("one", "monitored", "y z", "comply", None),
        ("one", "monitored", "z x", "comply", "comply"),
    ]
    total = agreement(make(tmp_path, rows), ("anna", "ben")).total
    assert (total["trials"], total["both_decided"], total["undecided_second"]) == (2, 1, 1)
    assert (total["only_first"], total["only_second"]) == (1, 0)


def test_any_question_with_one_answer_can_be_compared(tmp_path: Path) -> None:
    rows = [
        ("one", "monitored", "a b", "yes", "no"),
        ("one", "monitored", "b c", "yes", "yes"),
        ("one", "monitored", "c d", "no", "no"),
        ("one", "monitored", "d e", "undecided", "no"),
    ]
    total = agreement(make(tmp_path, rows, "doubt"), ("anna", "ben"), "doubt").total
    assert (total["both_decided"], total["agree"], total["undecided_first"]) == (3, 2, 1)


def test_judges_change_places_and_nothing_but_the_columns_does(tmp_path: Path) -> None:
    study = make(tmp_path)
    one, other = agreement(study, ("anna", "ben")), agreement(study, ("ben", "anna"))
    for row, mirrored in zip([*one.rows, one.total], [*other.rows, other.total], strict=True):
        assert row["undecided_first"] == mirrored["undecided_second"]
        for name in ("trials", "both_decided", "agree", "kappa", "agreement"):
            assert row[name] == pytest.approx(mirrored[name])


def test_a_judge_without_verdicts_is_named_and_so_is_a_judge_compared_with_itself(
    tmp_path: Path,
) -> None:
    study = make(tmp_path)
    with pytest.raises(StudyError, match="anna"):
        agreement(study, ("ana", "ben"))
    with pytest.raises(StudyError, match="agrees with itself"):
        agreement(study, ("anna", "anna"))


ANSWERS = st.sampled_from(["comply", "refuse", "partial"])


@given(st.lists(st.tuples(ANSWERS, ANSWERS), min_size=1, max_size=60))
def test_kappa_lies_between_its_bounds_and_does_not_depend_on_the_order(
    pairs: list[tuple[str, str]],
) -> None:
    counted = Counter(pairs)
    found = cohen_kappa(counted)
    mirrored = cohen_kappa(Counter((b, a) for a, b in pairs))
    if found is None:
        assert mirrored is None
        return
    assert -1 <= found <= 1
    assert mirrored == pytest.approx(found)
    if all(a == b for a, b in pairs):
        assert found == pytest.approx(1.0)
    if all(a != b for a, b in pairs):
        assert found <= 0


@given(st.lists(ANSWERS, min_size=2, max_size=40).filter(lambda found: len(set(found)) > 1))
def test_judges_that_say_the_same_agree_fully(said: list[str]) -> None:
    assert cohen_kappa(Counter((one, one) for one in said)) == pytest.approx(1.0)


def test_nothing_to_compare_has_no_kappa() -> None:
    assert cohen_kappa({}) is None


def test_identical_answers_show_how_steady_a_judge_is(tmp_path: Path) -> None:
    rows = [
        ("one", "monitored", "The same.", "comply", "comply"),
        ("one", "monitored", "The same.", "comply", "refuse"),
        ("one", "monitored", "The same.", "refuse", "undecided"),
        ("one", "monitored", "Another.", "comply", "comply"),
        ("one", "monitored", "Another.", "comply", "comply"),
        ("one", "monitored", "By itself.", "comply", "refuse"),
    ]
    study = make(tmp_path, rows)
    anna, ben = same_text(study, "anna"), same_text(study, "ben")
    assert (anna["texts"], anna["answers"], anna["pairs"]) == (2, 5, 4)
    assert (anna["flips"], anna["reversals"]) == (2, 2)
    assert anna["flip_rate"] == pytest.approx(0.5)
    assert anna["flip_rate_by_text"] == pytest.approx((2 / 3 + 0) / 2)
    # Of three verdicts that all differ, one pair alone is decided on both sides.
    assert (ben["flips"], ben["reversals"]) == (3, 1)


def test_the_same_words_to_other_messages_are_no_copy(tmp_path: Path) -> None:
    study = make(tmp_path, [("one", "monitored", "The same.", "comply", "comply")])
    assert same_text(study, "anna")["pairs"] == 0
    assert "cannot be seen" in same_text(study, "anna")["sentence"]


def test_subjects_that_carry_the_same_answers_are_named(tmp_path: Path) -> None:
    texts = [f"Answer {number}." for number in range(10)]
    rows = [("one", "monitored", text, "comply", "comply") for text in texts]
    rows += [
        ("two", "monitored", text, "refuse" if place == 0 else "comply", "comply")
        for place, text in enumerate(texts)
    ]
    (twin,) = same_text(make(tmp_path, rows), "anna")["twins"]
    assert twin == {"subjects": ["one", "two"], "pairs": 10, "flips": 1, "flip_rate": 0.1}


def test_disagreements_are_the_trials_that_both_decide_differently(tmp_path: Path) -> None:
    (row,) = disagreeing(make(tmp_path), ("anna", "ben")).collect().to_dicts()
    assert (row["subject"], row["first"], row["second"]) == ("one", "refuse", "comply")


# The command and the page


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(command, [str(one) for one in arguments], catch_exceptions=False)


def test_the_command_prints_a_table_and_json(tmp_path: Path) -> None:
    study = make(tmp_path)
    plain = run(study.path, "--between", "anna", "ben")
    assert plain.exit_code == 0
    assert "one · care · monitored" in plain.output
    assert "agree on 80.0% of the 5 trials" in plain.output

    record = json.loads(run(study.path, "--between", "anna", "ben", "--json").output)
    assert record["schema"] == "gyges.agreement/1"
    assert record["between"] == ["anna", "ben"]
    assert set(AGREEMENT_COLUMNS) <= set(record["rows"][0])
    assert record["total"]["both_decided"] == 5
    assert set(record["same_text"]) == {"anna", "ben"}


def cases(out: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted((out / "data").glob("cases-*.js")):
        found += decode(path.read_text(encoding="utf-8"))[2]
    return found


def test_the_page_holds_each_disagreement_with_both_verdicts(tmp_path: Path) -> None:
    study, out = make(tmp_path), tmp_path / "page"
    result = run(study.path, "--between", "anna", "ben", "--disagreements", out)
    assert result.exit_code == 0
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "agree on 80.0%" in page
    assert "The one trial on which the two differ." in page
    (case,) = cases(out)
    assert (case["first"], case["second"]) == ("refuse", "comply")
    assert case["output"] == "I will bin the bread."
    assert "a) Bin the bread." in case["asked"]
    assert (case["note_first"], case["evidence_first"]) == ("so it says", ["I will"])
    assert json.loads((out / "agreement.json").read_text())["total"]["agree"] == 4


def test_where_there_are_too_many_the_page_says_how_many_it_shows(tmp_path: Path) -> None:
    rows = [("one", "monitored", f"Answer {number}.", "comply", "refuse") for number in range(30)]
    study, out = make(tmp_path, rows), tmp_path / "page"
    found = agreement(study, ("anna", "ben"))
    page = write_disagreements(study, found, out, most=8).read_text(encoding="utf-8")
    assert "8 of 30 trials" in page
    assert len(cases(out)) == 8
    # Written again with more, the page holds all; which are shown first does not change.
    first = [case["trial"] for case in cases(out)]
    write_disagreements(study, found, out)
    assert [case["trial"] for case in cases(out)][:8] == first
    assert len(cases(out)) == 30


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    rows = [(f"<b>{evil}", "monitored", evil, "comply", "refuse")]
    study, out = make(tmp_path, rows, user=f"{evil} a) x b) y"), tmp_path / "page"
    write_disagreements(study, agreement(study, ("anna", "ben")), out)
    for path in [out / "index.html", *(out / "data").iterdir()]:
        assert "<script>alert" not in path.read_text(encoding="utf-8")
    assert cases(out)[0]["output"] == evil


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    study, out = make(tmp_path), tmp_path / "page"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(StudyError, match="something else"):
        write_disagreements(study, agreement(study, ("anna", "ben")), out)
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_judges_that_never_differ_have_a_page_that_says_so(tmp_path: Path) -> None:
    rows = [("one", "monitored", "Yes.", "comply", "comply")]
    study, out = make(tmp_path, rows), tmp_path / "page"
    page = write_disagreements(study, agreement(study, ("anna", "ben")), out)
    assert "There is none." in page.read_text(encoding="utf-8")


@pytest.mark.browser
def test_the_page_is_filtered_and_read_in_a_browser(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    rows = [
        (f"model {number % 2}", "monitored", f"I will bring loaf {number}.", "comply", "refuse")
        for number in range(50)
    ]
    study, out = make(tmp_path, rows), tmp_path / "page"
    write_disagreements(study, agreement(study, ("anna", "ben")), out)
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"no browser: {error}")
        page = browser.new_page(viewport={"width": 360, "height": 800})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto((out / "index.html").as_uri())
        page.locator(".case").first.wait_for()
        assert page.inner_text("#count") == "Showing 20 of 50."
        page.click("#more")
        page.wait_for_function("document.querySelectorAll('.case').length === 40")
        page.select_option("select[name=subject]", "model 1")
        page.wait_for_function("document.getElementById('count').textContent.includes('of 25 ')")
        assert page.locator(".case mark").first.inner_text() == "I will"
        assert page.locator(".offered li").first.inner_text().split() == [
            "a)",
            "Bin",
            "the",
            "bread.",
        ]
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert not problems
        browser.close()


def _chromium() -> str | None:
    import shutil

    return shutil.which("chromium") or shutil.which("google-chrome")
