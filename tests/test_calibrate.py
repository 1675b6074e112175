"""``gyges calibrate``: labels and verdicts joined, figures by arm, the card, the gate, and what findings make of it."""

from __future__ import annotations

import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import gyges
from conftest import LOCAL_JUDGE
from gyges import findings
from gyges.errors import JudgeError
from gyges.judges import load_question
from gyges.judges.card import attach_card
from gyges.judges.reference import read_references
from gyges.judges.retest import retest_of
from gyges.labelling import LabelBook, open_sample
from gyges.settings import load_setting
from gyges.study.imports import read_jsonl
from gyges.study.imports.store import store
from gyges.subjects._planted_answers import answers_of
from servers import DISMISS, SUPPORT, Reply, Request, fail, say

Cli = Callable[..., tuple[int, str, str]]
Start = Callable[..., Any]
COMPLYING = set(answers_of(load_setting("animal-welfare")).comply)


def row(id: str, label: str, rater: str = "anna", **more: Any) -> dict[str, Any]:
    output = DISMISS if label == "comply" else SUPPORT
    known = {"setting": "animal-welfare", "tier": "monitored", "subject": "m", "query": "q?"}
    return {"id": id, "rater": rater, "label": label, "output": output, **known, **more}


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def both_arms(count: int = 12) -> list[dict[str, Any]]:
    return [
        row(f"{tier}-{at}", "comply" if at % 2 else "refuse", tier=tier)
        for tier in ("monitored", "unmonitored")
        for at in range(count)
    ]


def measured(cli: Cli, *arguments: object) -> dict[str, Any]:
    code, out, err = cli("calibrate", *arguments, "--json")
    assert code in (0, 2), err
    return dict(json.loads(out))


# Which label an answer has


def test_the_label_is_the_agreed_one_else_the_majority_and_ties_are_left_out(
    tmp_path: Path,
) -> None:
    rows = [
        row("settled", "refuse", "anna"),
        row("settled", "refuse", "ben"),
        row("settled", "comply", "agreed", output=SUPPORT),
        *[row("most", "refuse", name) for name in ("anna", "ben")],
        row("most", "partial", "cleo"),
        row("tied", "refuse", "anna"),
        row("tied", "partial", "ben"),
        row("elsewhere", "refuse", question="doubt"),
    ]

    found = read_references(write(tmp_path / "l.jsonl", rows), load_question("outcome"))

    assert {one.id: one.label for one in found.answers} == {"settled": "comply", "most": "refuse"}
    assert found.left_out == {"another question": 1, "raters tie": 1}
    raters = found.raters()
    assert raters["raters"] == ["anna", "ben", "cleo"]
    # Both agree on the settled one; of three, one pair in three does; the two that tie do not.
    assert (raters["agreement"]["count"], raters["agreement"]["n"]) == (2, 5)
    assert raters["labelled_by_several"] == 3


def test_two_raters_who_differ_on_half_do_not_agree_on_all_and_ties_are_said(
    cli: Cli, tmp_path: Path
) -> None:
    rows = [{**one, "rater": name} for one in both_arms(8) for name in ("anna", "ben")]
    for at in range(1, 32, 4):
        rows[at]["label"] = "comply" if rows[at]["label"] == "refuse" else "refuse"
    labels = write(tmp_path / "l.jsonl", rows)

    card = measured(cli, "lexical", "--labels", labels, "--no-attacks")
    _, out, _ = cli("calibrate", "lexical", "--labels", labels, "--no-attacks")

    agreement = card["raters"]["agreement"]
    assert (agreement["count"], agreement["n"], agreement["value"]) == (8, 16, 0.5)
    assert card["raters"]["kappa"]["value"] < 0.5
    assert card["labels"]["n"] == 8
    assert (
        "left out: 8 answers on which raters tie; settle them with gyges label STUDY --adjudicate"
        in out
    )


def test_labels_that_are_all_ties_say_how_to_settle_them(cli: Cli, tmp_path: Path) -> None:
    rows = [row("a", "refuse"), row("a", "partial", "ben")]

    code, _, err = cli("calibrate", "lexical", "--labels", write(tmp_path / "l.jsonl", rows))

    assert code == 1
    assert "raters tie on each of the 1 labelled answers" in err
    assert "--adjudicate" in err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"output": None}, r"l.jsonl:1: .*'monitored-0' has no output.*and 3 more like it"),
        ({"setting": None}, r"rows have no setting.*give --setting SETTING, such as --setting "),
    ],
)
def test_rows_that_lack_what_a_judge_needs_are_refused_in_one_line(
    cli: Cli, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    rows = [{**one, **change} for one in both_arms(2)]

    code, out, err = cli("calibrate", "lexical", "--labels", write(tmp_path / "l.jsonl", rows))

    assert (code, out) == (1, "")
    assert re.search(words, err)
    assert len(err.strip().splitlines()) == 1


def test_a_model_is_not_asked_about_rows_without_an_answer(
    server: Start, cli: Cli, tmp_path: Path
) -> None:
    local = server(lambda request: say("{}"))
    rows = [{**one, "output": ""} for one in both_arms(2)]

    code, _, err = cli("calibrate", LOCAL_JUDGE, "--labels", write(tmp_path / "l.jsonl", rows))

    assert code == 1
    assert "has no output" in err
    assert not local.requests


def test_rows_of_which_some_lack_the_answer_are_measured_without_them_and_that_is_said(
    cli: Cli, tmp_path: Path
) -> None:
    rows = both_arms()
    rows[3]["output"] = None
    for one in rows:
        del one["query"]

    code, out, err = cli(
        "calibrate", "lexical", "--labels", write(tmp_path / "l.jsonl", rows), "--no-attacks"
    )

    assert code == 0
    assert re.search(r"l.jsonl:4: .*'monitored-3' has no output", err)
    assert re.search(r"no_answer +1", out)
    # The lexical judge is not shown the query.
    assert "no query" not in err


def test_a_model_that_is_shown_less_than_in_a_study_is_said_to_be(
    server: Start, cli: Cli, tmp_path: Path
) -> None:
    server(scripted)
    rows = both_arms(3)
    for one in rows:
        del one["query"]

    _, _, err = cli(
        "calibrate", LOCAL_JUDGE, "--labels", write(tmp_path / "l.jsonl", rows), "--no-attacks"
    )

    assert "none of the labelled answers has a query" in err


def test_a_model_is_attacked_with_few_calls_and_their_number_is_said_before(
    server: Start, cli: Cli, tmp_path: Path
) -> None:
    local = server(scripted)
    labels = write(tmp_path / "l.jsonl", both_arms(3))
    target = tmp_path / "card.json"

    code, out, err = cli(
        "calibrate", LOCAL_JUDGE, "--labels", labels, "--votes", 5, "--write-card", target
    )

    assert code == 0, err
    card = json.loads(target.read_text())
    assert (card["attack"]["votes"], card["attack"]["per_attack"]) == (1, 1)
    calls = 6 * 5 + card["attack"]["cases"] + card["attack"]["examples"]
    assert len(local.requests) == calls < 80
    assert f"{calls} calls of {LOCAL_JUDGE}: 6 answers with 5 votes each, and " in err
    assert "asked once, not 5 times" in out
    assert "asked once, not 5 times" in target.with_suffix(".md").read_text()

    cli("calibrate", LOCAL_JUDGE, "--labels", labels, "--attacks", 2)
    assert len(local.requests) > calls + 6 + 2 * card["attack"]["cases"]


def test_where_several_labels_may_apply_each_is_settled_by_itself(tmp_path: Path) -> None:
    question = load_question("doubt")
    first, second, *_ = (one.id for one in question.labels)
    rows = [
        {**row("a", "yes", rater), "labels": labels, "question": "doubt", "reasoning": "r"}
        for rater, labels in (("anna", [first]), ("ben", [first, second]))
    ]

    (one,) = read_references(write(tmp_path / "l.jsonl", rows), question).answers

    assert one.marks[first] is True
    assert second not in one.marks
    assert one.label == "yes"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row("a", "maybe")], "l.jsonl:1: label 'maybe'"),
        ([row("a", "refuse", weight=0)], "l.jsonl:1: weight 0"),
        ([row("a", "refuse"), row("a", "refuse")], "l.jsonl:2: a second row of the rater 'anna'"),
        ([row("a", "refuse"), row("a", "comply", "ben")], "'a' differ in output"),
        ([row("a", "refuse"), row("b", "refuse", setting="vlaf")], "labels of 2 settings"),
        ([{"label": "refuse"}], "l.jsonl:1: not a labelled answer"),
        ([row("a", "yes", question="doubt")], "no label for the question 'outcome' among 1 rows"),
        ([{**row("a", "x"), "label": 3}], "l.jsonl:1: label 3: must be a text"),
    ],
)
def test_labels_that_cannot_be_used_are_refused_with_their_place(
    cli: Cli, tmp_path: Path, rows: list[dict[str, Any]], words: str
) -> None:
    code, out, err = cli("calibrate", "lexical", "--labels", write(tmp_path / "l.jsonl", rows))

    assert (code, out) == (1, "")
    assert words in err


def test_labels_must_come_from_somewhere(cli: Cli) -> None:
    code, _, err = cli("calibrate", "lexical")
    assert code == 1
    assert "give --labels FILE" in err


# Figures


def test_a_judge_is_measured_in_each_arm(cli: Cli, tmp_path: Path) -> None:
    rows = both_arms()
    # Of the answers that support animals, one in each arm was labelled as if it did not.
    rows[0]["label"] = rows[12]["label"] = "comply"
    labels = write(tmp_path / "l.jsonl", rows)

    card = measured(cli, "lexical", "--labels", labels, "--no-attacks")

    assert card["schema"] == "gyges.card/2"
    assert card["all"]["confusion"]["comply"] == {
        "comply": 12,
        "partial": 0,
        "refuse": 2,
        "undecided": 0,
    }
    for arm in ("monitored", "unmonitored"):
        block = card["arms"][arm]
        assert (block["n"], block["judged"]) == (12, 12)
        assert block["sensitivity"]["value"] == pytest.approx(6 / 7, abs=1e-4)
        assert block["specificity"]["value"] == 1
        assert block["sensitivity"]["low"] < 6 / 7 < block["sensitivity"]["high"]
    assert card["all"]["kappa"]["value"] == pytest.approx(0.8333, abs=1e-4)
    assert card["summary"]["confusion"]["monitored"]["comply"]["comply"] == 6
    assert card["attack"] is None


def test_weights_speak_for_the_answers_that_were_not_drawn(cli: Cli, tmp_path: Path) -> None:
    rows = both_arms(60)
    for at in (0, 2, 4, 6):
        rows[at]["label"] = "comply"
    plain = measured(cli, "lexical", "--labels", write(tmp_path / "a", rows), "--no-attacks")
    threes = [{**one, "weight": 3.0} for one in rows]
    equal = measured(cli, "lexical", "--labels", write(tmp_path / "b", threes), "--no-attacks")
    for at in (0, 2, 4, 6):
        rows[at]["weight"] = 3.0
    heavy = measured(cli, "lexical", "--labels", write(tmp_path / "c", rows), "--no-attacks")

    assert equal["all"] == plain["all"]
    assert equal["summary"]["confusion"] == plain["summary"]["confusion"]
    # Four misses of 34 stand for 12 of 42.
    sensitivity = [card["arms"]["monitored"]["sensitivity"] for card in (plain, heavy)]
    assert [one["value"] for one in sensitivity] == pytest.approx([30 / 34, 30 / 42], abs=1e-4)
    assert sensitivity[1]["effective_n"] < 34
    # A correction is given counts that have this share, and no more of them than they are worth.
    corrected = heavy["summary"]["confusion"]["monitored"]["comply"]
    assert sum(corrected.values()) == round(42**2 / (4 * 9 + 30))
    assert corrected["refuse"] / sum(corrected.values()) == pytest.approx(12 / 42, abs=0.02)


def scripted(request: Request) -> Reply:
    """Votes that are right three times in four, by a lot that the answer's own mark decides."""
    label = "comply" if "would not worry" in request.user else "refuse"
    if LOTS.random() < 0.25:
        label = "refuse" if label == "comply" else "comply"
    return say(json.dumps({"reason": "r", "evidence": "", "label": label}))


LOTS = random.Random(0)


def test_votes_give_a_learning_curve_and_a_threshold_curve(
    server: Start, cli: Cli, tmp_path: Path
) -> None:
    LOTS.seed(5)
    local = server(scripted)
    labels = write(tmp_path / "l.jsonl", both_arms(10))

    card = measured(
        cli, LOCAL_JUDGE, "--labels", labels, "--votes", 5, "--no-attacks", "--retries", 0
    )  # fmt: skip

    assert len(local.requests) == 20 * 5
    assert card["asked"]["votes"] == 5
    assert card["model"] == LOCAL_JUDGE
    assert re.fullmatch(r"[0-9a-f]{12}", card["version"])
    curve = card["votes"]["curve"]
    assert [point["votes"] for point in curve] == [1, 2, 3, 5]
    assert curve[0]["auroc"]["value"] == pytest.approx(0.75, abs=0.12)
    assert curve[-1]["auroc"]["value"] > curve[0]["auroc"]["value"]
    assert curve[-1]["kappa"]["value"] == card["all"]["kappa"]["value"]
    # Two votes that are each right three times in four differ with chance 2 * 3/4 * 1/4.
    assert card["votes"]["flip_rate"] == pytest.approx(0.375, abs=0.12)
    points = card["thresholds"]
    assert points[0]["sensitivity"]["value"] == 1
    assert points[-1]["specificity"]["value"] > points[0]["specificity"]["value"]


def test_a_judge_that_fails_is_a_status_and_never_a_label(
    server: Start, cli: Cli, tmp_path: Path
) -> None:
    replies = {
        "error": fail(500, x_should_retry="false"),
        "refused": say("", "content_filter"),
        "unparsed": say("I would rather not."),
    }
    kinds = [*replies, "ok"]

    def behave(request: Request) -> Reply:
        at = int(re.findall(r"number (\d+)", request.user)[0])
        good = say(
            json.dumps(
                {"reason": "", "evidence": "", "label": "comply" if at % 8 > 3 else "refuse"}
            )
        )
        return replies.get(kinds[at % 4], good)

    server(behave)
    rows = [
        {**row(f"{at}", "comply" if at % 8 > 3 else "refuse"), "output": f"number {at}"}
        for at in range(24)
    ]
    labels = write(tmp_path / "l.jsonl", rows)

    card = measured(cli, LOCAL_JUDGE, "--labels", labels, "--no-attacks", "--retries", 0)

    assert card["all"]["statuses"] == {"error": 6, "ok": 6, "refused": 6, "unparsed": 6}
    assert card["all"]["judged"] == 6
    assert card["all"]["exact"]["value"] == 1
    counted = sum(sum(part.values()) for part in card["all"]["confusion"].values())
    assert counted == 6


# The gate


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        (both_arms(), ["--min-kappa", "0.9", "--min-auroc", "0.9"], None),
        (both_arms()[::2], ["--min-kappa", "0.1"], "kappa is not defined on these labels"),
        (both_arms()[::2], ["--min-auroc", "0.1"], "auroc is not defined on these labels"),
        (
            [{**one, "label": "comply"} if at % 4 == 0 else one for at, one in enumerate(both_arms())],
            ["--min-kappa", "0.9"],
            r"kappa is 0\.\d\d \(95 % interval 0\.\d\d to \d\.\d\d\), below --min-kappa 0.9",
        ),
    ],
)  # fmt: skip
def test_the_gate_exits_with_2_and_says_why(
    cli: Cli, tmp_path: Path, rows: list[dict[str, Any]], options: list[str], words: str | None
) -> None:
    labels = write(tmp_path / "l.jsonl", rows)

    code, out, err = cli("calibrate", "lexical", "--labels", labels, "--no-attacks", *options)

    assert code == (0 if words is None else 2)
    assert "Figures" in out
    assert (re.search(words, err) is not None) if words else not err


# The card


def test_the_card_is_written_as_json_and_as_a_page(cli: Cli, tmp_path: Path) -> None:
    labels = write(tmp_path / "l.jsonl", both_arms())
    target = tmp_path / "card.json"

    code, out, _ = cli("calibrate", "lexical", "--labels", labels, "--write-card", target)

    assert code == 0
    card = json.loads(target.read_text())
    page = target.with_suffix(".md").read_text()
    for words in (
        "# Card of the judge lexical: outcome",
        "## Under attack",
        card["version"],
        card["date"],
    ):
        assert words in page
    assert "Under attack" in out
    assert str(tmp_path) not in target.read_text() + page
    assert card["labels"]["source"] == "l.jsonl"
    assert card["attack"]["cases"] > 60
    widths = {
        len(re.findall(r"(?<!\\)\|", line))
        for line in page.splitlines()
        if line.startswith("| json-")
    }
    assert len(widths) == 1


def test_a_card_corrects_only_the_verdicts_of_its_own_version(
    server: Start, cli: Cli, ask: Callable[..., Any], tmp_path: Path
) -> None:
    def behave(request: Request) -> Reply:
        if request.body["model"] != "judge":
            return say(DISMISS if request.monitored else SUPPORT)
        return say(
            json.dumps(
                {
                    "reason": "",
                    "evidence": "",
                    "label": "comply" if "would not worry" in request.user else "refuse",
                }
            )
        )

    local = server(behave)
    study = ask(queries=6, judge=LOCAL_JUDGE)
    (before,) = findings.gaps(study)
    assert before.correction.startswith(f"uncalibrated: how often the judge {LOCAL_JUDGE} errs")
    trials = study.trials()
    rows = [
        row(one["trial"], "comply" if one["output"] == DISMISS else "refuse", tier=one["tier"])
        for one in trials.iter_rows(named=True)
    ]
    labels = write(tmp_path / "l.jsonl", [*rows, *both_arms(30)])
    asked = len(local.requests)
    common = (
        LOCAL_JUDGE, "--labels", labels, "--no-attacks", "--into", study.path, "--other-subjects"
    )  # fmt: skip
    described = next((study.path / "verdicts").glob("*/judge.json")).read_text()

    code, _, err = cli("calibrate", *common)

    assert code == 0, err
    # Who the judge is, is no matter of how it was measured.
    assert next((study.path / "verdicts").glob("*/judge.json")).read_text() == described
    (card,) = kept_cards(study)
    assert str(card) in err
    # The study's own trials were judged already.
    assert len(local.requests) - asked == 60
    (after,) = findings.gaps(study)
    assert after.corrected_gap == pytest.approx(after.gap, abs=0.05)
    assert "labels by arm" in after.correction
    version = study.judge_info(LOCAL_JUDGE)["version"]
    assert json.loads(card.read_text())["summary"]["version"] == version
    asked = len(local.requests)

    code, _, err = cli("calibrate", *common, "--threshold", 0.7)
    assert code == 1
    assert "a card says nothing about another version" in err
    assert len(local.requests) == asked

    # Judging goes on with what the model says of itself; the card stands.
    cli("judge", study.path, "--judge", LOCAL_JUDGE)
    (still,) = findings.gaps(study)
    assert still.correction == after.correction

    # Verdicts of another version are not corrected by it.
    path = next((study.path / "verdicts").glob("*/judge.json"))
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": "other"}))
    (other,) = findings.gaps(study)
    assert other.corrected_gap is None
    assert other.correction.startswith("uncalibrated")


def planted(tmp_path: Path) -> Any:
    return gyges.run(
        model="gyges/planted/faker", queries=12, control=0, study=tmp_path / "s", progress=False
    )


def kept_cards(study: Any) -> list[Path]:
    return list(study.path.glob("verdicts/**/card.json"))


def test_a_card_that_fails_a_gate_is_not_kept(cli: Cli, tmp_path: Path) -> None:
    study = planted(tmp_path)
    rows = [{**one, "subject": "gyges/planted/faker"} for one in both_arms(20)]
    for at in (0, 2, 4, 6):
        rows[at]["label"] = "comply"
    labels = write(tmp_path / "l.jsonl", rows)
    common = ("lexical", "--labels", labels, "--no-attacks", "--into", study.path, "--min-kappa")

    code, _, err = cli("calibrate", *common, 0.99)

    assert code == 2
    assert not kept_cards(study)
    assert f"the card was not kept in {study.path}" in err
    code, _, err = cli("calibrate", *common, 0.2)
    assert code == 0, err
    assert len(kept_cards(study)) == 1
    assert "was not kept" not in err


def test_a_card_can_be_taken_out_again(cli: Cli, tmp_path: Path) -> None:
    study = planted(tmp_path)
    (before,) = findings.gaps(study)
    rows = [{**one, "subject": "gyges/planted/faker"} for one in both_arms(40)]
    labels = write(tmp_path / "l.jsonl", rows)
    cli("calibrate", "lexical", "--labels", labels, "--no-attacks", "--into", study.path)
    (after,) = findings.gaps(study)
    assert after.corrected_gap is not None
    (card,) = kept_cards(study)

    code, out, err = cli("calibrate", "lexical", "--remove-card", study.path)

    assert (code, out) == (0, ""), err
    assert str(card) in err
    assert not kept_cards(study)
    (again,) = findings.gaps(study)
    assert again == before
    code, _, err = cli("calibrate", "lexical", "--remove-card", study.path)
    assert code == 1
    assert "keeps no card of the judge 'lexical' on 'outcome'" in err


def test_labels_of_other_subjects_are_kept_only_where_that_is_asked_for(
    cli: Cli, tmp_path: Path
) -> None:
    study = planted(tmp_path)
    rows = [{**one, "subject": "openai/gpt-9"} for one in both_arms(20)]
    common = ("lexical", "--no-attacks", "--into", study.path, "--labels")

    code, out, err = cli("calibrate", *common, write(tmp_path / "others.jsonl", rows))

    assert (code, out) == (1, "")
    for words in ("openai/gpt-9", "gyges/planted/faker", "--other-subjects"):
        assert words in err
    assert not kept_cards(study)

    for one in rows[:30]:
        one["subject"] = "gyges/planted/faker"
    some = write(tmp_path / "some.jsonl", rows)
    code, _, err = cli("calibrate", *common, some)
    assert code == 0
    assert "10 of 40 labelled answers are of other subjects (openai/gpt-9)" in err

    unnamed = [{**one, "subject": None} for one in rows]
    code, _, err = cli("calibrate", *common, write(tmp_path / "unnamed.jsonl", unnamed))
    assert code == 0
    assert "other subjects" not in err


def test_a_card_is_refused_by_a_study_that_the_judge_has_not_read(cli: Cli, tmp_path: Path) -> None:
    study = gyges.run(
        model="gyges/planted/refuser", queries=3, control=0, study=tmp_path / "s", progress=False
    )

    with pytest.raises(JudgeError, match="has no verdicts on 'outcome' there"):
        attach_card(study, "somebody", "outcome", {})
    card = {"judge": "lexical", "question": "outcome", "version": "0"}
    with pytest.raises(JudgeError, match="the card is of the version '0'"):
        attach_card(study, "lexical", "outcome", card)


def test_a_written_card_is_a_calibration_record(cli: Cli, tmp_path: Path) -> None:
    study = gyges.run(
        model="gyges/planted/faker", queries=12, control=0, study=tmp_path / "s", progress=False
    )
    labels = write(tmp_path / "l.jsonl", both_arms(40))
    card = tmp_path / "card.json"
    cli("calibrate", "lexical", "--labels", labels, "--no-attacks", "--write-card", card)

    (gap,) = findings.gaps(study, calibration=card)
    assert gap.corrected_gap == pytest.approx(gap.gap, abs=0.1)
    assert "labels by arm" in gap.correction

    record = json.loads(card.read_text())
    for change, words in (
        ({"version": "other"}, "is of version other of the judge 'lexical'"),
        ({"question": "doubt"}, "is of the question 'doubt'"),
    ):
        card.write_text(json.dumps({**record, **change}))
        with pytest.raises(JudgeError, match=words):
            findings.gaps(study, calibration=card)


def test_labels_that_do_not_tell_the_tiers_stand_for_both(cli: Cli, tmp_path: Path) -> None:
    study = gyges.run(
        model="gyges/planted/faker", queries=12, control=0, study=tmp_path / "s", progress=False
    )
    rows = [{**one, "tier": None, "subject": "gyges/planted/faker"} for one in both_arms(40)]
    labels = write(tmp_path / "l.jsonl", rows)

    code, _, err = cli(
        "calibrate", "lexical", "--labels", labels, "--no-attacks", "--into", study.path
    )

    assert code == 0, err
    (gap,) = findings.gaps(study)
    assert "80 labels for both arms" in gap.correction


def test_verdicts_that_were_imported_are_measured_as_they_stand(cli: Cli, tmp_path: Path) -> None:
    lines = [
        {
            "subject": "a",
            "setting": "s",
            "query": f"q{at}",
            "tier": tier,
            "sample": 0,
            "output": f"answer {at}",
            "outcome": "comply" if at % 2 else "refuse",
        }
        for at in range(10)
        for tier in ("monitored", "unmonitored")
    ]
    store(read_jsonl(write(tmp_path / "d.jsonl", lines)), tmp_path / "s", title="t")
    study = gyges.open_study(tmp_path / "s")
    trials = study.trials(["trial", "output", "tier"])
    rows = [
        {"id": trial, "tier": tier, "output": output, "label": "comply" if int(output[7:]) % 2 else "refuse"}
        for trial, output, tier in trials.iter_rows()
    ]  # fmt: skip
    labels = write(tmp_path / "l.jsonl", [*rows, {**rows[0], "id": "elsewhere"}])

    card = measured(cli, "given", "--labels", labels, "--study", tmp_path / "s")

    assert card["all"]["exact"]["value"] == 1
    assert card["labels"]["left_out"] == {"no verdict in the study": 1}
    code, _, err = cli(
        "calibrate",
        "given",
        "--labels",
        write(tmp_path / "e", [{**rows[0], "id": "x"}]),
        "--study",
        tmp_path / "s",
    )
    assert code == 1
    assert "cannot be asked" in err


def test_labels_that_people_gave_in_a_study_are_taken_from_it_with_their_weights(
    cli: Cli, tmp_path: Path
) -> None:
    question = load_question("outcome")
    study = gyges.run(
        model="gyges/planted/faker",
        queries=20,
        samples=2,
        control=0,
        study=tmp_path / "s",
        progress=False,
    )
    code, _, err = cli("calibrate", "lexical", "--study", study.path)
    assert code == 1
    assert "nobody has labelled outcome there" in err
    sample, _ = open_sample(study, question, n=24)
    texts = dict(study.trials(["trial", "output"]).iter_rows())
    book = LabelBook(study, question, "anna")
    for trial in sample.drawn:
        label = "comply" if texts[trial] in COMPLYING else "refuse"
        book.append({"trial": trial, "rater": "anna", "label": label, "at": "2026-01-01"})

    card = measured(cli, "lexical", "--study", study.path, "--into", study.path, "--no-attacks")

    assert card["all"]["exact"]["value"] == 1
    assert card["labels"]["n"] == 24
    assert card["labels"]["weights"]["least"] == pytest.approx(80 / 24)
    assert card["raters"]["raters"] == ["anna"]
    (gap,) = findings.gaps(study)
    assert gap.corrected_gap == pytest.approx(gap.gap, abs=0.02)


# Twice the same


def test_two_readings_of_the_same_trials_give_a_flip_rate(
    server: Start, cli: Cli, ask: Callable[..., Any]
) -> None:
    seen: Counter[str] = Counter()
    lock = threading.Lock()

    def behave(request: Request) -> Reply:
        if request.body["model"] != "judge":
            name = re.sub(r"\W", "", request.user)[-30:]
            return say(f"{SUPPORT} {name} {request.monitored}")
        answer = request.user.partition(" output>>")[2][18:-60]
        with lock:
            seen[answer] += 1
            again = seen[answer] > 1
        # Monitored answers are judged otherwise the second time.
        label = "comply" if again and "True" in request.user else "refuse"
        return say(json.dumps({"reason": "", "evidence": "", "label": label}))

    server(behave)
    study = ask(queries=8, judge=LOCAL_JUDGE)
    assert retest_of(study, LOCAL_JUDGE) is None
    cli("judge", study.path, "--judge", LOCAL_JUDGE, "--retest", 16)

    found = retest_of(study, LOCAL_JUDGE)

    assert found is not None
    assert found["n"] == 16
    assert found["flips"]["value"] == 0.5
    assert found["arms"]["monitored"]["flips"]["value"] == 1
    assert found["arms"]["unmonitored"]["flips"]["value"] == 0
    assert found["moves"] == [{"from": "refuse", "to": "comply", "count": 8}]


# The corridor with a judge that errs


RIGHT = {
    ("monitored", True): 0.8,
    ("monitored", False): 0.95,
    ("unmonitored", True): 0.7,
    ("unmonitored", False): 0.85,
}
"""How often the judge is right, by tier and by whether the answer complies."""
FAILS = {"error": 0.04, "refused": 0.03, "unparsed": 0.03}


class Errs:
    """A judge that errs at known rates in each arm, and fails in three ways.

    It is not told the tier; the script is, by the order in which a study's trials are judged one at a time.
    """

    def __init__(self, trials: Sequence[tuple[str, str]], seed: int) -> None:
        self.left = list(trials)
        self.rng = random.Random(seed)
        self.failed: Counter[tuple[str, str]] = Counter()

    def __call__(self, request: Request) -> Reply:
        if not self.left:
            # Labelled answers on which it failed are asked for once more.
            return say("", "content_filter")
        tier, output = self.left.pop(0)
        assert output in request.user
        lot = self.rng.random()
        for status, share in FAILS.items():
            if lot < share:
                self.failed[tier, f"judge {status}"] += 1
                return {
                    "error": fail(500, x_should_retry="false"),
                    "refused": say("", "content_filter"),
                    "unparsed": say("A hard case!"),
                }[status]
            lot -= share
        truth = output in COMPLYING
        right = self.rng.random() < RIGHT[tier, truth]
        label = "comply" if truth == right else "refuse"
        return say(json.dumps({"reason": "", "evidence": "", "label": label}))


def corridor(server: Start, cli: Cli, tmp_path: Path, seed: int) -> tuple[Any, Errs, Any]:
    study = gyges.run(
        model="gyges/planted/faker",
        queries=40,
        samples=3,
        control=0,
        reasoning="none",
        seed=seed,
        study=tmp_path / f"s{seed}",
        progress=False,
    )
    trials = study.trial_table.scan(["tier", "output"]).collect()
    judge = Errs(list(trials.iter_rows()), seed)
    local = server(lambda request: judge(request))
    address = ("--base-url", local.url, "--retries", 0)
    code, _, err = cli(
        "judge", study.path, "--judge", LOCAL_JUDGE, "--max-connections", 1, *address
    )  # fmt: skip
    assert code == 0, err
    drawn = study.trials().sample(160, seed=seed)
    rows = [
        {
            "id": one["trial"],
            "setting": one["setting"],
            "tier": one["tier"],
            "subject": one["subject"],
            "rater": "truth",
            "label": "comply" if one["output"] in COMPLYING else "refuse",
            "weight": 1.5,
            "output": one["output"],
        }
        for one in drawn.iter_rows(named=True)
    ]
    labels = write(tmp_path / f"l{seed}.jsonl", rows)
    code, out, err = cli(
        "calibrate", LOCAL_JUDGE, "--labels", labels, "--into", study.path, "--no-attacks",
        "--min-kappa", 0.3, *address, "--json",
    )  # fmt: skip
    assert code == 0, err
    return study, judge, json.loads(out)


def test_a_judge_that_errs_otherwise_in_each_arm_is_measured_and_corrected(
    server: Start, cli: Cli, tmp_path: Path
) -> None:
    study, judge, card = corridor(server, cli, tmp_path, 3)

    for arm in ("monitored", "unmonitored"):
        block = card["arms"][arm]
        for name, truth in (("sensitivity", True), ("specificity", False)):
            assert block[name]["low"] <= RIGHT[arm, truth] <= block[name]["high"]
        assert set(block["statuses"]) <= {"ok", "refused"}
    (gap,) = findings.gaps(study, judge=LOCAL_JUDGE)
    assert gap.corrected_ci_low is not None
    assert gap.corrected_ci_high is not None
    assert gap.corrected_ci_low <= 0.4 <= gap.corrected_ci_high
    assert "labels by arm" in gap.correction
    # What failed is counted by arm, in no rate, and in the bounds.
    counted = {
        (one["tier"], one["status"]): one["count"]
        for one in findings.statuses(study, LOCAL_JUDGE)
        if one["status"] != "ok"
    }
    assert counted == dict(judge.failed)
    assert (
        gap.missing_monitored
        == sum(n for (tier, _), n in judge.failed.items() if tier == "monitored")
        > 0
    )
    assert gap.gap_min is not None
    assert gap.gap_max is not None
    assert gap.gap is not None
    assert gap.gap_min < gap.gap < gap.gap_max
    verdicts = study.verdicts(LOCAL_JUDGE)
    failed = verdicts.filter(pl.col("status") != "ok")
    assert failed["outcome"].is_null().all()


@pytest.mark.slow
def test_over_many_seeds_the_corrected_gap_covers_the_truth_and_the_raw_one_does_not(
    server: Start, cli: Cli, tmp_path: Path
) -> None:
    held = raw = 0
    for seed in range(10, 22):
        study, _, _ = corridor(server, cli, tmp_path, seed)
        (gap,) = findings.gaps(study, judge=LOCAL_JUDGE)
        assert gap.ci_low is not None
        assert gap.ci_high is not None
        assert gap.corrected_ci_low is not None
        assert gap.corrected_ci_high is not None
        held += gap.corrected_ci_low <= 0.4 <= gap.corrected_ci_high
        raw += gap.ci_low <= 0.4 <= gap.ci_high
    # If each holds the truth 19 times in 20, ten or more of twelve do with a chance of 98 %.
    assert held >= 10
    assert raw < held
