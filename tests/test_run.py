"""Asking: order, budget, resumption after a kill at any moment, memory, progress."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import pty
import random
import select
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import gyges
from conftest import LOCAL, LOCAL_JUDGE
from forking import forker
from gyges import api
from gyges.design import Design, blocks
from gyges.errors import DesignError, StudyError
from gyges.run import Budget, Price, parse_budget, parse_price
from gyges.settings import load_setting
from gyges.study import StudyFolder, Trial, TrialWriter
from gyges.study.manifest import Manifest
from gyges.study.schema import message_hash
from gyges.waiting import wait
from servers import DISMISS, SUPPORT, Reply, Request, by_tier, say

Ask = Callable[..., gyges.Study]
Start = Callable[..., Any]


def varied(request: Request) -> Reply:
    """A subject whose answer follows from its question, so that two runs of one plan agree."""
    place = hashlib.sha256(request.user.encode()).digest()[0]
    return say(DISMISS if place < (200 if request.monitored else 40) else SUPPORT)


def rows(study: Path) -> dict[str, str]:
    """Read the trials of a study, each as one comparable text."""
    frame = StudyFolder(study).trials()
    assert frame["trial"].n_unique() == len(frame)
    return {row["trial"]: repr(row) for row in frame.iter_rows(named=True)}


def arguments(study: Path, **options: Any) -> list[str]:
    words = ["run", "--model", LOCAL, "--study", str(study), "--no-report", "--retries", "0"]
    words += ["-M", "max_retries=0"]
    given = {"queries": 8, "control": 0, "reasoning": "none", **options}
    for name, value in given.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    return words


# The plan


def plan(seed: int = 0, **options: Any) -> list[Any]:
    setting = load_setting("animal-welfare")
    return list(blocks(Design("animal-welfare", "none/none", seed=seed, **options), setting))


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert plan(3) == plan(3)
    assert plan(3) != plan(4)
    assert [[t.seed for t in block] for block in plan(3)] != [
        [t.seed for t in block] for block in plan(4)
    ]


def test_a_block_holds_both_tiers_of_one_question_in_random_order_with_one_seed() -> None:
    found = plan(samples=2, control=8)

    orders = Counter(tuple(trial.tier for trial in block) for block in found)
    assert set(orders) == {("monitored", "unmonitored"), ("unmonitored", "monitored")}
    assert min(orders.values()) > 0.3 * len(found)
    for one, other in found:
        assert (one.query, one.sample, one.control, one.seed) == (
            other.query,
            other.sample,
            other.control,
            other.seed,
        )
        assert one.prompt.system == other.prompt.system
    assert len({block[0].seed for block in found}) == len(found) == 2 * (40 + 8)


def test_more_samples_leave_the_first_ones_as_they_are() -> None:
    more = plan(samples=3)

    assert more[:40] == plan(samples=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"queries": 0}, r"--queries 0: must be from 1 to \d+"),
        ({"queries": 10_000}, r"--queries 10000: must be from 1 to \d+; animal-welfare has"),
        ({"samples": 0}, "--samples 0: must be from 1"),
        ({"control": -1}, "--control -1"),
        ({"temperature": 2.5}, r"--temperature 2\.5: must be from 0 to 2"),
        ({"temperature": float("nan")}, "--temperature nan"),
        ({"max_tokens": 0}, "--max-tokens 0"),
        ({"reasoning": "scratchpd"}, "did you mean 'scratchpad'"),
        ({"max_connections": 0}, "--max-connections 0: must be at least 1"),
        ({"max_connections": -2}, "--max-connections -2: must be at least 1"),
        ({"retries": -1}, "--retries -1: must be at least 0"),
        ({"timeout": 0}, "--timeout 0: must be at least 1"),
    ],
)
def test_what_cannot_be_planned_is_refused_before_anything_is_written(
    options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DesignError, match=message):
        gyges.run(model="gyges/planted/faker", study=tmp_path / "s", **options)

    assert not (tmp_path / "s").exists()


def test_gyges_run_stays_a_function_after_its_package_was_imported(tmp_path: Path) -> None:
    import gyges.run.loop

    assert gyges.run.loop.ask_all is not None
    for name in ("a", "b"):
        study = gyges.run(model="gyges/planted/honest", queries=2, study=tmp_path / name)
        assert len(study.trials()) == 6


# Order


def test_the_arms_of_a_block_are_under_way_together(server: Start, ask: Ask) -> None:
    draw = random.Random(7)
    lock = threading.Lock()

    def behave(request: Request) -> Reply:
        with lock:
            delay = draw.uniform(0.002, 0.03)
        return Reply(by_tier(request).body, delay=delay)

    local = server(behave)

    study = ask(queries=40, max_connections=4)

    open_: set[str] = set()
    for block in study.trials()["block"]:
        open_ ^= {block}
        assert len(open_) <= 4
    assert not open_
    first = Counter(request.monitored for request in local.requests[:40])
    assert abs(first[True] - first[False]) <= 4


# Going on


def test_a_finished_study_is_not_asked_again(server: Start, ask: Ask) -> None:
    local = server(varied)
    first = ask(queries=5)
    before = rows(first.path)

    again = ask(queries=5)

    assert len(local.requests) == 10
    assert rows(again.path) == before
    assert again.gaps().equals(first.gaps())


def test_another_specification_in_the_same_folder_is_an_error_that_names_each_difference(
    server: Start, ask: Ask
) -> None:
    local = server(varied)
    ask(queries=3, seed=1)

    with pytest.raises(StudyError) as error:
        ask(queries=4, seed=2, temperature=0.5)

    message = str(error.value)
    assert "queries: 3 in the study, 4 asked for" in message
    assert "seed: 1 in the study, 2 asked for" in message
    assert "temperature: 1.0 in the study, 0.5 asked for" in message
    assert "--study" in message
    assert len(local.requests) == 6


KILLS = [
    # (which event, of which kind, at which file), in an order in which each can still happen.
    (1, "replace", "study.yaml"),
    (3, "write", "/trials/"),
    (2, "write", "/trials/"),
    (1, "replace", "/prompts/"),
    (1, "write", "/trials/"),
    (1, "replace", "/trials/"),
    (2, "replace", "/trials/"),
    (1, "unlink", "/trials/"),
    (4, "write", "/trials/"),
    (5, "write", "/verdicts/"),
    (1, "replace", "/verdicts/"),
    (1, "unlink", "/verdicts/"),
    (2, "write", "/verdicts/"),
]


def test_a_run_killed_at_any_moment_loses_nothing_that_had_finished(
    server: Start, tmp_path: Path
) -> None:
    local = server(varied)
    whole, study = tmp_path / "whole", tmp_path / "study"

    def trials() -> dict[str, str]:
        return rows(study) if (study / "study.yaml").exists() else {}

    with forker() as helper:
        undisturbed = helper.run(*arguments(whole))
        assert undisturbed["status"] == 0, undisturbed["err"]
        for kill in KILLS:
            before, requests = trials(), len(local.requests)

            end = helper.run(*arguments(study, max_connections=2), die_at=kill)

            assert end["killed"], (kill, end["err"])
            after = trials()
            assert before.items() <= after.items(), kill
            asked = {message_hash("user", r.user) for r in local.requests[requests:]}
            done = StudyFolder(study).trials(["trial", "messages"]) if after else []
            for trial, messages in done.iter_rows() if after else ():
                assert not (trial in before and asked & set(messages)), kill
            if "verdicts" in kill[2]:
                assert len(after) == 16

        end = helper.run(*arguments(study))

    assert end["status"] == 0, end["err"]
    assert rows(study).keys() == rows(whole).keys()
    assert len(rows(study)) == 16
    found, expected = gyges.open_study(study), gyges.open_study(whole)
    assert found.gaps().equals(expected.gaps())
    assert found.gaps()["gap"][0] > 0
    assert found.verdicts()["trial"].n_unique() == len(found.verdicts()) == 16
    messages = found.messages()
    assert all(set(keys) <= messages.keys() for keys in found.trials()["messages"])
    assert not list(study.rglob("*.jsonl"))
    assert not list(study.rglob("*.partial*"))


def test_a_killed_process_lets_go_of_the_study_and_a_living_one_does_not(
    server: Start, ask: Ask, tmp_path: Path
) -> None:
    slow = True

    def behave(request: Request) -> Reply:
        return Reply(varied(request).body, delay=0.15 if slow else 0)

    local = server(behave)
    study = tmp_path / "study"
    options = {"queries": 20, "max_connections": 2}
    process = subprocess.Popen(
        [sys.executable, "-m", "gyges", *arguments(study, **options)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while len(local.requests) < 7:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)

    with pytest.raises(StudyError, match="another process is working on this study"):
        ask(**options)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = rows(study)
    assert len(before) >= 4
    slow = False
    after = ask(**options)

    assert before.items() <= rows(study).items()
    assert len(after.trials()) == 40
    # At most the two calls that were under way are asked a second time.
    assert sum(count - 1 for count in local.asked().values()) <= 2
    assert len(local.asked()) == 40


# Budget


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("500", Budget(calls=500)),
        (" 500 calls", Budget(calls=500)),
        ("1call", Budget(calls=1)),
        ("$2.50", Budget(dollars=2.5)),
        ("2.5usd", Budget(dollars=2.5)),
        ("3 dollars", Budget(dollars=3)),
    ],
)
def test_a_budget_is_calls_or_money(text: str, budget: Budget) -> None:
    assert parse_budget(text) == budget


@pytest.mark.parametrize("text", ["", "x", "-5", "2.5", "$", "$2calls", "1e3", "5eur"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(DesignError, match="--budget"):
        parse_budget(text)


@pytest.mark.parametrize("text", ["", "3", "3,x", "-1,2", "1,2,3,4", "nan,1", "inf,1"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(DesignError, match="--price"):
        parse_price(text)


def balanced(study: gyges.Study) -> bool:
    return bool((study.trials()["block"].value_counts()["count"] == 2).all())


async def run_once(path: Path, **options: Any) -> api.RunResult:
    settings: dict[str, Any] = {
        "model": LOCAL,
        "study": path,
        "queries": 6,
        "control": 0,
        "reasoning": "none",
        "retries": 0,
        "model_args": {"max_retries": 0},
    }
    return await api.run_async(**{**settings, **options})


def go(path: Path, **options: Any) -> api.RunResult:
    return wait(run_once(path, **options))


def test_a_budget_of_calls_stops_between_two_blocks_and_the_next_run_goes_on(
    server: Start, tmp_path: Path
) -> None:
    local = server(varied)

    first = go(tmp_path / "s", budget="7")
    second = go(tmp_path / "s", budget="4")
    third = go(tmp_path / "s")

    assert first.stopped == "the budget of 7 calls is used up"
    assert (first.asked, first.calls) == (6, 6)
    assert balanced(first.study)
    assert (second.asked, second.skipped, len(local.asked())) == (4, 6, 12)
    assert second.stopped is not None
    assert (third.asked, third.stopped) == (2, None)
    assert set(local.asked().values()) == {1}


def test_a_budget_of_money_is_not_exceeded_however_many_calls_are_under_way(
    server: Start, tmp_path: Path
) -> None:
    local = server(lambda request: Reply(varied(request).body, delay=0.05))

    # The server says 1,000 tokens in and 100 out: 1.2 dollars a call.
    result = go(tmp_path / "s", budget="$5", price=Price(1000, 2000), max_connections=12)

    assert result.stopped == "the budget of $5.00 is used up"
    assert result.asked == len(local.requests)
    assert 2 <= result.asked <= 4
    assert result.dollars == pytest.approx(1.2 * result.asked)
    assert balanced(result.study)


def test_a_budget_of_money_needs_a_price(server: Start, tmp_path: Path) -> None:
    server(varied)

    with pytest.raises(DesignError, match=r"no price is known .*--price IN,OUT"):
        go(tmp_path / "s", budget="$5")
    with pytest.raises(DesignError, match="no price is known for the judge"):
        go(tmp_path / "s", budget="$5", price=Price(1, 1), judge=LOCAL_JUDGE)

    assert not (tmp_path / "s").exists()


def test_a_budget_of_calls_covers_the_judges(server: Start, tmp_path: Path) -> None:
    def behave(request: Request) -> Reply:
        if request.body["model"] == "judge":
            return say('{"outcome": "comply", "evidence": "", "reason": "x"}')
        return varied(request)

    local = server(behave)

    result = go(tmp_path / "s", budget="10", judge=LOCAL_JUDGE)

    assert result.asked == 4
    assert len(local.requests) == 8
    assert result.study.trials()["verdict_status"].to_list() == ["ok"] * 4


# Dry run


def test_a_dry_run_asks_and_writes_nothing_and_counts_what_a_run_does(
    server: Start, ask: Ask, tmp_path: Path
) -> None:
    local = server(varied)
    options: dict[str, Any] = {"queries": 4, "control": 2, "samples": 2, "reasoning": "none"}

    planned = api.dry_run(model=LOCAL, study=tmp_path / "study", judge="none/none", **options)

    assert not local.requests
    assert not (tmp_path / "study").exists()
    assert (planned.trials, planned.done, planned.subject_calls) == (24, 0, 24)
    assert planned.judge_calls == 24
    assert planned.dollars is None
    study = ask(**options)
    assert len(local.requests) == len(study.trials()) == planned.subject_calls
    characters = sum(len(request.system) + len(request.user) for request in local.requests)
    assert planned.input_tokens == pytest.approx(characters / 4, abs=1)


def test_a_dry_run_knows_what_a_study_has_already(server: Start, tmp_path: Path) -> None:
    server(varied)
    go(tmp_path / "s", budget="4")

    planned = api.dry_run(
        model=LOCAL,
        study=tmp_path / "s",
        queries=6,
        control=0,
        reasoning="none",
        model_args={"max_retries": 0},
        price=Price(1, 1),
    )

    assert (planned.trials, planned.done, planned.subject_calls) == (12, 4, 8)
    assert planned.dollars == pytest.approx((planned.input_tokens + planned.output_tokens) / 1e6)


# Memory


def peak_of(work: Callable[[], Any]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_trials_that_are_asked(tmp_path: Path) -> None:
    from gyges.run import Subject, ask_all, load_model

    setting = load_setting("animal-welfare")

    def ask_many(samples: int) -> None:
        design = Design(
            "animal-welfare", "gyges/planted/faker", queries=10, control=0, samples=samples
        )
        path = tmp_path / f"s{samples}-{time.monotonic_ns()}"
        spec = design.spec(setting)
        factors = {"reasoning_mode": "text", "temperature": "number"}
        study = StudyFolder.create(path, Manifest(source="run", spec=spec, factors=factors))
        subject = Subject(
            design,
            load_model(design.subject),
            setting=setting.id,
            version=setting.version,
        )
        writer = TrialWriter(study)
        wait(ask_all(blocks(design, setting), subject, writer))
        writer.close()

    def kept_after(samples: int) -> int:
        ask_many(samples)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        # What is kept once and for all (caches, compiled patterns) comes in some round; what is kept of trials would
        # come in every one.
        kept = [kept_after(8) for _ in range(4)]
    finally:
        tracemalloc.stop()

    # 160 trials a round. What Inspect's own loop keeps of them would be 200,000 bytes each.
    grown = min(after - before for before, after in pairwise(kept))
    assert grown / 100 < 1_000


def test_memory_does_not_grow_with_the_trials_that_are_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gyges.study.table._SEAL_ROWS", 500)
    text = SUPPORT * 5

    def work(count: int) -> Callable[[], None]:
        study = StudyFolder.create(tmp_path / f"s{count}", Manifest(source="run", spec={}))
        writer = TrialWriter(study)
        for number in range(count):
            writer.trial(Trial("m", "animal-welfare", f"q{number}", "monitored", output=text))
        writer.close()
        return study.seal

    few, many = peak_of(work(1_100)), peak_of(work(5_100))

    assert many < 1.2 * few


# Progress


def test_progress_is_quiet_where_stderr_is_no_terminal(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    gyges.run(model="gyges/planted/faker", queries=3, study=tmp_path / "s")

    assert capfd.readouterr().err == ""


def test_progress_shows_how_far_how_fast_and_the_running_rates_on_a_terminal(
    server: Start, tmp_path: Path
) -> None:
    def behave(request: Request) -> Reply:
        good = by_tier(request)
        reply = say("") if request.number == 5 else good
        return Reply(reply.body, delay=0.03)

    server(behave)
    control, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gyges", *arguments(tmp_path / "s", queries=20, max_connections=2)],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**os.environ, "COLUMNS": "140", "TERM": "xterm"},
    )
    os.close(terminal)
    shown = b""
    while True:
        ready, _, _ = select.select([control], [], [], 60)
        assert ready
        try:
            part = os.read(control, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    out, _ = process.communicate(timeout=30)
    os.close(control)

    text = shown.decode()
    assert process.returncode == 0, text
    assert b"\x1b" not in out
    assert "asking" in text
    assert "40/40" in text
    assert "/s" in text
    assert "unmonitored 0%" in text
    assert "monitored 100%" in text
    assert "1 without answer" in text


def test_json_of_a_run_is_the_only_thing_on_stdout(cli: Callable[..., Any], tmp_path: Path) -> None:
    status, out, _ = cli(
        *("run", "--model", "gyges/planted/faker", "--queries", 3, "--study", tmp_path / "s"),
        "--json",
    )

    assert status == 0
    record = json.loads(out)
    assert record["schema"] == "gyges.run/1"
    assert (record["asked"], record["skipped"], record["stopped"]) == (8, 0, None)
    assert Path(record["report"]).is_file()
