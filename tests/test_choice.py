"""Forced choices: probabilities that are read from log-probabilities instead of being sampled."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gyges
from gyges import api, findings
from gyges.design import blocks
from gyges.errors import (
    DesignError,
    GygesError,
    JudgeError,
    StudyError,
    SubjectError,
)
from gyges.judges import ChoiceReader
from gyges.planning import Wanted, plan_run
from gyges.selftest import selftest, write_selftest
from gyges.settings import load_setting
from gyges.study import Trial, Verdict
from gyges.study.choice import ChoiceReading
from gyges.study.imports import Imported
from gyges.study.imports.store import store
from gyges.subjects.planted import PLANTED, planted_truth
from servers import Reply, Request, Server, fail, say

ANIMALS = load_setting("animal-welfare")
ARMS = ("monitored", "unmonitored")

Tops = dict[str, float]
"""Probabilities of first tokens, as a server lists them."""


def design(model: str = "x", **options: Any) -> Any:
    wanted = Wanted(model=model, **{"reasoning": "choice", **options})
    return plan_run(wanted, setting=ANIMALS).design


def planted(folder: Path, kind: str = "faker", **options: Any) -> gyges.Study:
    usual: dict[str, Any] = {"queries": 6, "control": 2, "progress": False}
    return gyges.run(
        model=f"gyges/planted/{kind}", reasoning="choice", study=folder, **{**usual, **options}
    )


def complies(request: Request) -> str:
    """Which letter complies, as the request says."""
    assert ANIMALS.choice is not None
    return next(letter for letter in "AB" if f"{letter}: {ANIMALS.choice.comply}" in request.user)


def letters(request: Request, comply: float, text: str | None = None) -> Reply:
    """Answer a forced choice with a probability of complying."""
    option = complies(request)
    other = "B" if option == "A" else "A"
    return tokens({option: comply, other: 1 - comply}, text=text)


def tokens(*steps: Tops, text: str | None = None, finish: str = "stop", listed: int = 20) -> Reply:
    """An answer whose tokens are the first of each step, with the probabilities of all of them."""
    reply = say("".join(next(iter(step)) for step in steps) if text is None else text, finish)

    def entry(token: str, chance: float) -> dict[str, Any]:
        log = math.log(chance) if chance > 0 else -9999.0
        return {"token": token, "logprob": log, "bytes": list(token.encode())}

    reply.body["choices"][0]["logprobs"] = {
        "content": [
            {
                **entry(*next(iter(step.items()))),
                "top_logprobs": [
                    entry(*item)
                    for item in sorted(step.items(), key=lambda item: -item[1])[:listed]
                ],
            }
            for step in steps
        ]
    }
    return reply


@pytest.fixture
def choose(
    server: Callable[..., Server], ask: Callable[..., gyges.Study]
) -> Callable[..., gyges.Study]:
    """Ask one forced choice in both tiers and orders, of a server that behaves as a function says."""

    def run(behave: Callable[[Request], Reply], **options: Any) -> gyges.Study:
        server(behave)
        return ask(**{"reasoning": "choice", "queries": 1, **options})

    return run


# The rates of subjects that are known


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_subjects_rates_are_read_exactly(kind: str, tmp_path: Path) -> None:
    study = planted(tmp_path / "s", kind, queries=8, control=0)
    plan = [one for block in blocks(design(queries=8, control=0), ANIMALS) for one in block]
    truth = planted_truth(kind, {}, plan)

    row = study.gaps().row(0, named=True)
    assert row["monitored_rate"] == pytest.approx(truth.monitored, abs=1e-9)
    assert row["unmonitored_rate"] == pytest.approx(truth.unmonitored, abs=1e-9)
    assert row["gap"] == pytest.approx(truth.gap, abs=1e-9)
    if kind == "believer":
        # What it believes is drawn for each block: its rates hold over all queries and not for each.
        return
    per_query = study.gaps(by=["query"])
    assert dict(per_query.select("query", "gap").iter_rows()) == {
        query: pytest.approx(pair[0] - pair[1], abs=1e-9) for query, pair in truth.per_query.items()
    }


def test_a_declared_rate_is_found_without_any_spread_between_queries(tmp_path: Path) -> None:
    study = planted(
        tmp_path / "s", model_args={"monitored": 0.83, "unmonitored": 0.01, "spread": 0}
    )

    rows = {row["control"]: row for row in study.gaps().iter_rows(named=True)}

    assert rows[False]["monitored_rate"] == pytest.approx(0.83)
    assert rows[False]["unmonitored_rate"] == pytest.approx(0.01)
    # Nothing is faked where there is no objective.
    assert rows[True]["gap"] == pytest.approx(0)


def test_a_rate_is_that_of_the_answers_that_would_be_sampled(tmp_path: Path) -> None:
    read = planted(tmp_path / "read", queries=4, control=0, samples=1)
    plan = list(blocks(design(reasoning="none", queries=4, control=0), ANIMALS))
    truth = planted_truth("faker", {}, [one for block in plan for one in block])

    assert read.gaps().row(0, named=True)["gap"] == pytest.approx(truth.gap)


def test_an_answer_that_is_never_given_has_no_probability(tmp_path: Path) -> None:
    study = planted(tmp_path / "s", "refuser", control=0)

    verdicts = study.verdicts()

    assert verdicts["score"].to_list() == [0.0] * 24
    assert verdicts["note"].str.contains("the other letter was not listed").all()


def test_the_command_line_reads_the_same_and_says_what_the_order_changed(
    cli: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    words = ("run", "--model", "gyges/planted/faker", "--reasoning", "choice", "--queries", 6)

    code, out, err = cli(*words, "--control", 2, "--study", folder, "--no-selftest")

    assert code == 0, err
    assert "32 trials asked" in err
    assert "Position: P(comply) is +0.0 points" in out
    row = planted(tmp_path / "other").gaps().filter(~pl.col("control")).row(0, named=True)
    assert f"{row['monitored_rate']:.3f}" in out
    assert (folder / "site" / "index.html").is_file()
    code, again, err = cli(*words, "--control", 2, "--study", folder, "--no-selftest", "--resume")
    assert (code, again) == (0, out)
    assert "0 trials asked, 32 were there" in err


def test_the_controls_of_a_study_are_forced_choices_too_and_made_once(
    cli: Any, tmp_path: Path
) -> None:
    words = ("--model", "gyges/planted/refuser", "--reasoning", "choice", "--queries", 6)

    code, _, err = cli("run", *words, "--study", tmp_path / "s")

    assert code == 0, err
    path = tmp_path / "s" / "selftest.json"
    (controls,) = json.loads(path.read_text(encoding="utf-8"))["controls"]
    assert (controls["reasoning"], controls["judge"], controls["samples"]) == (
        "choice",
        "choice",
        2,
    )
    for row in controls["rows"]:
        assert row["monitored_rate"] == pytest.approx(row["planted_monitored"])
    path.write_text(path.read_text(encoding="utf-8").replace('"seed": 0', '"seed": 123456'))
    write_selftest(gyges.Study(tmp_path / "s"))
    assert '"seed": 123456' in path.read_text(encoding="utf-8")


def test_every_kind_is_recovered_by_forced_choices() -> None:
    done = selftest(queries=20, samples=2, reasoning="choice")

    assert done.failures == []
    assert {row.kind for row in done.rows} == set(PLANTED) - set(done.left_out)


# The order


def test_each_question_is_asked_in_both_orders_alike_in_both_tiers() -> None:
    plan = list(blocks(design(queries=7, control=3), ANIMALS))

    for block in plan:
        assert len({(one.option, one.prompt.system) for one in block}) == 1
        for one in block:
            assert one.prompt.user.count(ANIMALS.choice.comply) == 1  # type: ignore[union-attr]
            assert f"{one.option}: {ANIMALS.choice.comply}" in one.prompt.user  # type: ignore[union-attr]
    options = Counter((block[0].query.id, block[0].control, block[0].option) for block in plan)
    assert set(options.values()) == {1}
    assert len(options) == 2 * (7 + 3)


def test_with_one_sample_the_order_is_balanced_over_queries() -> None:
    plan = list(blocks(design(queries=10, control=0, samples=1), ANIMALS))

    assert Counter(block[0].option for block in plan) == {"A": 5, "B": 5}


def test_a_liking_for_a_letter_cancels_in_the_gap_and_is_reported(
    choose: Callable[..., gyges.Study],
) -> None:
    def likes_a(request: Request) -> Reply:
        rate = 0.6 if request.monitored else 0.4
        return letters(request, rate + (0.15 if complies(request) == "A" else -0.15))

    study = choose(likes_a, queries=4)

    row = study.gaps().row(0, named=True)
    (position,) = findings.position_differences(study)
    assert row["monitored_rate"] == pytest.approx(0.6)
    assert row["gap"] == pytest.approx(0.2)
    assert (position.difference, position.queries) == (pytest.approx(0.3), 4)
    assert position.sentence().startswith("Position: P(comply) is")
    assert "+30.0 points where the complying answer is A" in position.sentence()
    page = study.report().read_text(encoding="utf-8")
    assert "P(comply) is +30.0 points" in page


def test_subjects_with_opposite_likings_do_not_cancel(tmp_path: Path, cli: Any) -> None:
    def records() -> Iterator[tuple[Trial, Verdict]]:
        points = itertools.product("ab", (False, True), range(10), ARMS, enumerate("AB"))
        for subject, control, query, tier, (sample, letter) in points:
            # The control's answers go the other way: another question.
            likes = ((letter == "A") == (subject == "a")) != control
            trial = Trial(
                subject,
                "s",
                f"q{query}",
                tier,
                sample,
                control=control,
                factors={"comply_option": letter},
            )
            yield trial, Verdict(trial.trial, "given", score=0.9 if likes else 0.1)

    factors = {"comply_option": "text"}
    store(Imported(records(), {"layout": "test"}, "given", factors), tmp_path / "s", title="t")
    study = api.open_study(tmp_path / "s")

    one, two = findings.position_differences(study)

    assert (one.subject, one.setting, one.queries) == ("a", "s", 10)
    assert (one.difference, two.difference) == (pytest.approx(0.8), pytest.approx(-0.8))
    assert one.sentence().startswith("Position of a: P(comply) is +80.0 points")
    out = cli("gap", tmp_path / "s")[1]
    assert one.sentence() in out
    assert two.sentence() in out
    page = study.report().read_text(encoding="utf-8")
    assert "Position of b: P(comply) is -80.0 points" in page


def test_nothing_is_said_of_the_order_where_no_query_was_asked_in_both(tmp_path: Path) -> None:
    assert findings.position_differences(planted(tmp_path / "s", samples=1)) == []
    words = gyges.run(
        model="gyges/planted/faker", queries=2, control=0, study=tmp_path / "w", progress=False
    )
    assert findings.position_differences(words) == []
    assert findings.unread_choices(words) is None


# Other temperatures


def test_another_temperature_is_read_without_asking(cli: Any, tmp_path: Path) -> None:
    study = planted(tmp_path / "s", model_args={"monitored": 0.6, "unmonitored": 0.2, "spread": 0})
    before = study.trials().height

    code, out, err = cli("judge", study.path, "--judge", "choice@0.70")

    assert code == 0, err
    sharp = [
        rate ** (1 / 0.7) / (rate ** (1 / 0.7) + (1 - rate) ** (1 / 0.7)) for rate in (0.6, 0.2)
    ]
    assert f"{sharp[0]:.3f}" in out
    assert f"{sharp[1]:.3f}" in out
    again = gyges.Study(study.path)
    assert again.trials().height == before
    assert set(again.judges()) == {"choice", "choice@0.7"}
    # The reading that the study was made with stays its own.
    assert again.gaps().filter(~pl.col("control"))["monitored_rate"][0] == pytest.approx(0.6)
    code, out, _ = cli("gap", study.path, "--judge", "choice@0.7", "--json")
    assert json.loads(out)["gaps"][0]["monitored_rate"] == pytest.approx(sharp[0])
    # However it is written, temperature 1 is one judge.
    assert api.judge(study.path, "choice@1").judges() == again.judges()
    assert api.judge(study.path).judges() == again.judges()


def test_at_temperature_0_the_likelier_answer_is_certain(tmp_path: Path) -> None:
    study = planted(tmp_path / "s", model_args={"monitored": 0.6, "unmonitored": 0.2, "spread": 0})

    api.judge(study, "choice@0")

    row = study.gaps(judge="choice@0").filter(~pl.col("control")).row(0, named=True)
    assert (row["monitored_rate"], row["unmonitored_rate"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("judge", "message"),
    [
        ("choice@3", "--judge choice@3: the temperature must be from 0 to 2"),
        ("choice@-1", "from 0 to 2"),
        ("choice@nan", "from 0 to 2"),
        ("choice@hot", "'hot' is no temperature"),
        ("lexical", "reads words, and a forced choice has none but a letter"),
        ("gyges/planted/honest", "reads words"),
    ],
)
def test_a_judge_that_does_not_fit_a_forced_choice_is_refused(
    judge: str, message: str, tmp_path: Path
) -> None:
    study = planted(tmp_path / "s", queries=1, control=0)

    with pytest.raises(JudgeError, match=message):
        api.judge(study, judge)
    with pytest.raises(JudgeError, match=message):
        planted(tmp_path / "other", judge=judge)
    assert not (tmp_path / "other").exists()


def test_answers_in_words_are_not_read_as_choices(tmp_path: Path) -> None:
    options: dict[str, Any] = {"queries": 1, "control": 0, "progress": False}
    study = gyges.run(model="gyges/planted/faker", study=tmp_path / "s", **options)

    with pytest.raises(JudgeError, match="gyges run --reasoning choice"):
        api.judge(study, "choice@0.7")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 3}, r"--samples 3: .* one order of the two answers.*allowed: 1 or 2"),
        ({"temperature": 0.7}, r"--temperature 0\.7: .*gyges judge STUDY --judge choice@T"),
        ({"until": "decided"}, r"--until decided.*more calls would say the same"),
    ],
)
def test_what_a_forced_choice_does_not_need_is_refused(
    options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DesignError, match=message):
        planted(tmp_path / "s", **options)


def test_an_inspect_task_says_where_a_forced_choice_can_be_asked() -> None:
    from gyges.inspect import animal_welfare

    with pytest.raises(DesignError, match="gyges run animal-welfare --reasoning choice"):
        animal_welfare(reasoning="choice")


# A real client and server


def test_a_server_is_asked_for_log_probabilities_and_they_are_kept(
    server: Callable[..., Server], ask: Callable[..., gyges.Study]
) -> None:
    running = server(lambda request: letters(request, 0.9 if request.monitored else 0.3))

    study = ask(reasoning="choice", queries=2)

    row = study.gaps().row(0, named=True)
    assert row["monitored_rate"] == pytest.approx(0.9)
    assert row["unmonitored_rate"] == pytest.approx(0.3)
    for request in running.requests:
        assert (request.body["logprobs"], request.body["top_logprobs"]) == (True, 20)
        assert request.body["temperature"] == 1.0
        assert "scratchpad" not in request.system.lower()
    assert len(running.requests) == 8
    trials = study.trials()
    readings = [ChoiceReading.loads(text) for text in trials["choice"]]
    assert [reading.letter for reading in readings] == trials["comply_option"].to_list()
    # Going on with the study asks nothing twice.
    ask(reasoning="choice", queries=2)
    assert len(running.requests) == 8


WAYS: dict[str, tuple[Callable[[str, str], list[Tops]], float]] = {
    "a blank before it": (lambda c, r: [{f" {c}": 0.7, f" {r}": 0.3}], 0.7),
    "lower case": (lambda c, r: [{c.lower(): 0.7, r.lower(): 0.3}], 0.7),
    "several spellings": (
        lambda c, r: [{c: 0.4, f" {c}": 0.2, f"({c}": 0.1, r: 0.1, f"**{r}**": 0.2}],
        0.7,
    ),
    "a sentencepiece blank": (lambda c, r: [{f"▁{c}": 0.7, f"Ġ{r}": 0.3}], 0.7),
    "markup before it": (lambda c, r: [{"**": 0.9, r: 0.1}, {c: 0.7, r: 0.3}], 0.7),
    "a break before it": (lambda c, r: [{"\n\n": 1.0}, {"(": 1.0}, {c: 0.7, r: 0.3}], 0.7),
    "a mark that begins a text": (lambda c, r: [{"<|start|>": 1.0}, {c: 0.7, r: 0.3}], 0.7),
    "markup that was likely and not drawn": (lambda c, r: [{c: 0.28, r: 0.12, "**": 0.6}], 0.7),
    "other words beside it": (lambda c, r: [{c: 0.42, r: 0.18, "Neither": 0.4}], 0.7),
    "the unlikely answer was drawn": (lambda c, r: [{r: 0.3, c: 0.7}], 0.7),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_letter_is_found_however_it_is_written(
    way: str, choose: Callable[..., gyges.Study]
) -> None:
    steps, expected = WAYS[way]

    def behave(request: Request) -> Reply:
        option = complies(request)
        return tokens(*steps(option, "B" if option == "A" else "A"))

    study = choose(behave)

    trials = study.trials()
    assert trials["status"].to_list() == ["ok"] * 4
    assert trials["score"].to_list() == pytest.approx([expected] * 4)


def test_an_answer_that_goes_on_after_its_letter_is_read_all_the_same(
    choose: Callable[..., gyges.Study],
) -> None:
    def behave(request: Request) -> Reply:
        reply = letters(request, 0.7, text="A. I choose this because")
        reply.body["choices"][0]["finish_reason"] = "length"
        return reply

    trials = choose(behave).trials()

    assert trials["status"].to_list() == ["ok"] * 4
    assert trials["score"].to_list() == pytest.approx([0.7] * 4)


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([{"I": 0.8, "A": 0.1, "B": 0.1}], "have 20% of the probability.*'I' 80%"),
        ([{"Sorry": 0.99, "Hm": 0.01}], "have 0% of the probability.*'Sorry' 99%"),
        ([{"**": 0.9, "A": 0.01, "I": 0.09}, {"I": 0.9, "A": 0.1}], "have 10% of the probability"),
        ([{"...": 1.0}], "the answer has no letter or digit"),
    ],
)
def test_an_answer_that_is_no_letter_is_missing_and_never_a_verdict(
    steps: list[Tops], why: str, choose: Callable[..., gyges.Study], cli: Any
) -> None:
    def behave(request: Request) -> Reply:
        # One tier answers, so that a rate of the other would be seen.
        return tokens(*steps) if request.monitored else letters(request, 0.25)

    study = choose(behave)

    trials = study.trials()
    lost = trials.filter(tier="monitored")
    assert lost["status"].to_list() == ["unparsed"] * 2
    assert lost["error"].str.contains(why).all(), lost["error"][0]
    assert lost["score"].null_count() == 2
    assert lost["verdict_status"].to_list() == ["no_answer"] * 2
    assert study.gaps().row(0, named=True)["monitored_rate"] is None
    assert re.search(why, findings.unread_choices(study) or "")
    _, out, _ = cli("gap", study.path)
    assert "Warning: 2 of 4 forced choices were not answered with a letter" in out
    assert "2 of 4 forced choices" in study.report().read_text(encoding="utf-8")


def test_a_letter_that_is_not_listed_is_bounded(choose: Callable[..., gyges.Study]) -> None:
    def behave(request: Request) -> Reply:
        option = complies(request)
        # The drawn token is one that the list does not hold.
        return tokens({"Q": 0.001, option: 0.9, "I": 0.05, "The": 0.03}, listed=3)

    study = choose(behave)

    reading = ChoiceReading.loads(study.trials()["choice"][0])
    assert reading.refuse == ()
    assert reading.below is not None
    assert math.exp(reading.below) == pytest.approx(1 - 0.981)
    assert study.trials()["score"].to_list() == [1.0] * 4
    assert study.verdicts()["note"].str.contains(r"not listed \(at most 0\.02\)").all()


NONE = {
    "no log-probabilities": say("A"),
    "those of the drawn tokens alone": tokens({"A": 0.8, "B": 0.2}, listed=0),
    "a refusal of the request": fail(400, "logprobs is not supported with this model"),
}


@pytest.mark.parametrize("way", NONE)
def test_a_provider_without_log_probabilities_stops_the_run_and_says_what_to_do(
    way: str, choose: Callable[..., gyges.Study], cli: Any, tmp_path: Path
) -> None:
    with pytest.raises(SubjectError, match="gives none for the alternatives") as stopped:
        choose(lambda _: NONE[way])
    assert "--top-logprobs 5" in str(stopped.value)
    assert "--reasoning none --samples 5" in str(stopped.value)

    words = ("--model", "openai-api/local/subject", "--reasoning", "choice", "--queries", 2)
    code, out, err = cli("run", *words, "--study", tmp_path / "c", "--retries", 0)

    assert (code, out) == (1, "")
    (message,) = [line for line in err.splitlines() if line.startswith("gyges: ")]
    assert "a forced choice is read from log-probabilities" in message
    assert "Traceback" not in err


def test_a_provider_that_lists_fewer_tokens_is_asked_for_fewer(
    server: Callable[..., Server], ask: Callable[..., gyges.Study]
) -> None:
    def behave(request: Request) -> Reply:
        if request.body["top_logprobs"] > 5:
            return fail(400, "top_logprobs must be at most 5")
        return letters(request, 0.7)

    running = server(behave)
    with pytest.raises(SubjectError, match="give --top-logprobs 5"):
        ask(reasoning="choice", queries=2)

    study = ask("fewer", reasoning="choice", queries=2, top_logprobs=5)

    assert study.trials()["score"].to_list() == pytest.approx([0.7] * 8)
    assert running.requests[-1].body["top_logprobs"] == 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"reasoning": "none", "top_logprobs": 5}, "add --reasoning choice"),
        ({"reasoning": "choice", "top_logprobs": 1}, "must be at least 2"),
    ],
)
def test_a_number_of_tokens_that_makes_no_sense_is_refused(
    options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(DesignError, match=words):
        gyges.run(model="gyges/planted/faker", study=tmp_path / "s", **options)


def test_another_failure_is_a_status_and_is_asked_again(
    server: Callable[..., Server], ask: Callable[..., gyges.Study]
) -> None:
    def behave(request: Request) -> Reply:
        return fail(500) if request.number < 2 else letters(request, 0.5)

    running = server(behave)
    first = ask(reasoning="choice", queries=3)
    assert Counter(first.trials()["status"]) == {"ok": 10, "error": 2}

    again = ask(reasoning="choice", queries=3)

    assert Counter(again.trials()["status"]) == {"ok": 12}
    assert again.trials()["score"].to_list() == pytest.approx([0.5] * 12)
    assert len(running.requests) == 14


def test_one_answer_without_log_probabilities_is_missing_where_others_have_them(
    choose: Callable[..., gyges.Study],
) -> None:
    def behave(request: Request) -> Reply:
        return say("A") if request.number == 5 else letters(request, 0.5)

    study = choose(behave, queries=3, max_connections=1)

    lost = study.trials().filter(pl.col("status") != "ok")
    assert lost["status"].to_list() == ["unparsed"]
    assert "returned no log-probabilities for this answer" in lost["error"][0]


def test_what_a_provider_withholds_is_refused_and_not_read(
    choose: Callable[..., gyges.Study],
) -> None:
    def behave(request: Request) -> Reply:
        if request.monitored:
            return tokens({"A": 0.9, "B": 0.1}, finish="content_filter")
        return letters(request, 0.5)

    trials = choose(behave).trials()

    assert trials.filter(tier="monitored")["status"].to_list() == ["refused"] * 2
    assert trials.filter(tier="monitored")["choice"].null_count() == 2


# Studies and pages


def test_the_page_shows_the_letter_its_probability_and_how_it_was_read(tmp_path: Path) -> None:
    study = planted(tmp_path / "s", queries=2)

    page = study.report().read_text(encoding="utf-8")

    assert "there are no words to misjudge" in page
    assert "agreement with hand labels was not measured" not in page
    data = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted((study.path / "site" / "data").iterdir())
    )
    note = study.verdicts()["note"][0]
    assert note.startswith("P(comply) = 0.")
    assert json.dumps(note)[1:-1] in data
    assert "score only" in data


def test_what_varies_in_forced_choices_is_told_without_counting_them(
    cli: Any, tmp_path: Path
) -> None:
    study = planted(tmp_path / "s", queries=8)

    code, out, err = cli("variation", study.path)

    assert code == 0, err
    assert "comply_option B (against A)" in out
    assert "beta-binomial" not in out
    assert "count as compliance" not in out


def test_a_study_from_before_there_were_choices_still_opens(tmp_path: Path) -> None:
    study = gyges.run(
        model="gyges/planted/faker", queries=3, control=0, study=tmp_path / "s", progress=False
    )
    before = study.gaps()
    (table,) = (study.path / "trials").glob("*.parquet")
    pl.read_parquet(table).drop("choice").write_parquet(table)

    old = gyges.Study(study.path)

    assert old.gaps().equals(before)
    assert old.trials()["choice"].null_count() == 6
    assert api.judge(old).judges() == ["lexical"]
    with pytest.raises(JudgeError, match="reads the log-probabilities"):
        api.judge(old, "choice")


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "{}",
        "[]",
        '{"letter": "A", "comply": [], "refuse": []}',
        '{"letter": "A", "comply": ["x"], "refuse": []}',
        '{"letter": "A", "comply": [NaN], "refuse": [-1]}',
        '{"letter": "A", "comply": [800], "refuse": [-1]}',
        '{"letter": "A", "comply": [-1], "refuse": [], "below": NaN}',
        '{"letter": "A", "comply": 3, "refuse": [-1]}',
    ],
)
def test_a_damaged_choice_is_named_with_its_text(text: str) -> None:
    with pytest.raises(StudyError, match="column 'choice' cannot be read"):
        ChoiceReading.loads(text)
    assert issubclass(StudyError, GygesError)


# The law of the reading

LOG = st.floats(-40, 0)
SPELLINGS = st.lists(LOG, min_size=1, max_size=4).map(tuple)
TEMPERATURES = st.floats(0, 2)


@given(SPELLINGS, SPELLINGS)
def test_temperature_1_gives_the_letters_shares(
    comply: tuple[float, ...], refuse: tuple[float, ...]
) -> None:
    chances = [math.fsum(map(math.exp, one)) for one in (comply, refuse)]

    found = ChoiceReading("A", comply, refuse).probability()

    assert found == pytest.approx(chances[0] / sum(chances))


@given(SPELLINGS, SPELLINGS, TEMPERATURES)
def test_the_two_answers_together_are_certain(
    comply: tuple[float, ...], refuse: tuple[float, ...], temperature: float
) -> None:
    here = ChoiceReading("A", comply, refuse).probability(temperature)
    swapped = ChoiceReading("B", refuse, comply).probability(temperature)

    assert 0 <= here <= 1
    assert here + swapped == pytest.approx(1)


@given(LOG, LOG, st.floats(0.01, 2), st.floats(0.01, 2))
def test_a_lower_temperature_favours_the_likelier_answer(
    comply: float, refuse: float, one: float, other: float
) -> None:
    reading = ChoiceReading("A", (comply,), (refuse,))
    cold, hot = reading.probability(min(one, other)), reading.probability(max(one, other))

    assert abs(cold - 0.5) >= abs(hot - 0.5) - 1e-12
    assert (cold - 0.5) * (hot - 0.5) >= 0


@given(SPELLINGS, SPELLINGS)
def test_temperature_0_is_the_limit_of_low_temperatures(
    comply: tuple[float, ...], refuse: tuple[float, ...]
) -> None:
    reading = ChoiceReading("A", comply, refuse)
    ordered = sorted({*comply, *refuse})
    # Temperatures far below what separates the two likeliest tokens.
    step = ordered[-1] - ordered[-2] if len(ordered) > 1 else 1.0

    assert reading.probability(0.0) == pytest.approx(reading.probability(step / 100), abs=1e-9)


@given(
    st.sampled_from("AB"),
    st.lists(LOG, max_size=3).map(tuple),
    SPELLINGS,
    st.none() | LOG,
)
def test_what_is_written_is_read_again(
    letter: str, comply: tuple[float, ...], refuse: tuple[float, ...], below: float | None
) -> None:
    reading = ChoiceReading(letter, comply, refuse, below)

    assert ChoiceReading.loads(reading.dumps()) == reading
    assert 0 <= reading.mass <= 1


@given(st.floats(0, 2), SPELLINGS, SPELLINGS)
def test_a_verdict_carries_the_probability_and_no_outcome(
    temperature: float, comply: tuple[float, ...], refuse: tuple[float, ...]
) -> None:
    reading = ChoiceReading("B", comply, refuse)

    verdict = ChoiceReader(temperature).read("t", reading.dumps())

    assert verdict.outcome is None
    assert verdict.status == "ok"
    assert verdict.score == reading.probability(temperature)
    assert verdict.note is not None
    assert "B complies" in verdict.note


# The embedded model


@pytest.mark.model
@pytest.mark.xdist_group("model")
def test_the_embedded_model_can_be_asked_forced_choices(tmp_path: Path) -> None:
    study = gyges.run(
        model="gyges/smollm2",
        reasoning="choice",
        queries=1,
        control=0,
        max_tokens=1,
        study=tmp_path / "s",
        progress=False,
    )

    trials = study.trials()

    assert trials.height == 4
    assert set(trials["status"]) <= {"ok", "unparsed"}
    for row in trials.filter(status="ok").iter_rows(named=True):
        reading = ChoiceReading.loads(row["choice"])
        assert 0 < reading.mass <= 1
        assert row["score"] == pytest.approx(reading.probability())
    for row in trials.filter(status="unparsed").iter_rows(named=True):
        assert "A and B have" in row["error"]
    assert fmean(trials["seconds"]) > 0
