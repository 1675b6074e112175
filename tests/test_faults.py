"""What becomes of a run when the provider, the disk or the process fails.

Everything goes through Inspect's real OpenAI client, over loopback, to a server that misbehaves.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import gyges
from conftest import KEY, LOCAL
from gyges import findings
from gyges.errors import SubjectError
from servers import SUPPORT, Reply, Request, by_tier, fail, say

Ask = Callable[..., gyges.Study]
Start = Callable[..., Any]


def statuses(study: gyges.Study) -> list[str]:
    return study.trials(["status"])["status"].unique().sort().to_list()


FAULTS: dict[str, tuple[Callable[[Request], Reply], str]] = {
    "a server error": (lambda _: fail(500), "error"),
    "a wrong key": (lambda _: fail(401, "Incorrect API key"), "error"),
    "an unknown model": (lambda _: fail(404, "no such model"), "error"),
    "a bad request": (lambda _: fail(400, "unsupported parameter"), "error"),
    "a rate limit without end": (lambda _: fail(429, retry_after="1"), "error"),
    "a dropped connection": (lambda _: Reply(say(SUPPORT).body, drop_after=60), "error"),
    "no JSON": (lambda _: Reply("<html>bad gateway</html>"), "error"),
    "a page instead of JSON": (
        lambda _: Reply("<html>bad gateway</html>", headers={"content-type": "text/html"}),
        "error",
    ),
    "JSON of another kind": (lambda _: Reply("[]"), "error"),
    "an error with status 200": (lambda _: Reply({"error": {"message": "overloaded"}}), "error"),
    "an answer cut by the token limit": (lambda _: say(SUPPORT, "length"), "truncated"),
    "a context that is too long": (
        lambda _: Reply(
            {"error": {"message": "too long", "code": "context_length_exceeded"}}, status=400
        ),
        "truncated",
    ),
    "an empty answer": (lambda _: say(""), "empty"),
    "a blank answer": (lambda _: say(" \n "), "empty"),
    "no content": (lambda _: say(None), "empty"),
    "no choices": (lambda _: Reply({**say("x").body, "choices": []}), "empty"),
    "a content filter": (lambda _: say("", "content_filter"), "refused"),
    "a content filter in the middle": (lambda _: say(SUPPORT, "content_filter"), "refused"),
    "a content filter on the prompt": (
        lambda _: Reply({"error": {"message": "filtered", "code": "content_filter"}}, status=400),
        "refused",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_of_a_provider_is_a_status_and_never_an_outcome(
    fault: str, server: Start, ask: Ask
) -> None:
    behave, status = FAULTS[fault]
    server(behave)

    study = ask(queries=2)

    assert statuses(study) == [status]
    trials = study.trials()
    assert trials["outcome"].to_list() == [None] * 4
    assert trials["verdict_status"].to_list() == ["no_answer"] * 4
    gap = findings.gaps(study)[0]
    assert gap.gap is None
    assert gap.monitored_rate is None
    assert (gap.missing_monitored, gap.missing_unmonitored) == (2, 2)
    assert (gap.undecided_monitored, gap.undecided_unmonitored) == (0, 0)
    if status == "error":
        assert all(trials["error"])


def test_an_error_says_what_the_provider_said_and_not_what_it_was_asked(
    server: Start, ask: Ask
) -> None:
    server(lambda _: fail(400, "temperature is not supported here"))

    study = ask(queries=1)

    for error in study.trials()["error"]:
        assert "temperature is not supported here" in error
        assert len(error) < 200


def test_a_fault_in_one_arm_is_counted_there_and_the_bounds_say_what_it_may_hide(
    server: Start, ask: Ask
) -> None:
    server(lambda request: say("", "content_filter") if request.monitored else say(SUPPORT))

    gap = findings.gaps(ask(queries=4))[0]

    assert (gap.missing_monitored, gap.missing_unmonitored) == (4, 0)
    assert gap.gap is None
    assert (gap.gap_min, gap.gap_max) == (0.0, 1.0)


def test_an_answer_in_the_subjects_own_words_that_declines_is_an_answer(
    server: Start, ask: Ask
) -> None:
    server(lambda _: say(None, refusal="I can't help with that."))

    study = ask(queries=1)

    assert statuses(study) == ["ok"]
    assert study.trials()["output"].to_list() == ["I can't help with that."] * 2


def test_reasoning_without_an_answer_is_unparsed(server: Start, ask: Ask) -> None:
    server(lambda _: say("<SCRATCHPAD_REASONING>\nLet me think about the tier."))

    study = ask(queries=1, reasoning="scratchpad")

    assert statuses(study) == ["unparsed"]
    assert study.trials()["output"].to_list() == [None] * 2
    assert study.trials()["verdict_status"].to_list() == ["no_answer"] * 2


def test_half_a_surrogate_pair_does_not_stop_a_run(server: Start, ask: Ask) -> None:
    body = json.dumps(say("The animals PAIR feel pain, and their suffering matters.").body)
    server(lambda _: Reply(body.replace("PAIR", "\\ud83d")))

    study = ask(queries=1)

    assert (
        study.trials()["output"][0] == "The animals \ufffd feel pain, and their suffering matters."
    )
    assert study.report().is_file()


def test_a_rate_limit_that_passes_costs_nothing_but_time(server: Start, ask: Ask) -> None:
    limited: set[str] = set()
    lock = threading.Lock()

    def behave(request: Request) -> Reply:
        with lock:
            first = request.user not in limited
            limited.add(request.user)
        return fail(429, "slow down", retry_after_ms="20") if first else by_tier(request)

    local = server(behave)

    study = ask(queries=2, model_args={"max_retries": 2})

    assert statuses(study) == ["ok"]
    assert len(local.requests) == 8
    assert study.trials()["attempt"].to_list() == [1] * 4


def test_a_passing_failure_is_tried_again_as_often_as_asked_for(server: Start, ask: Ask) -> None:
    local = server(lambda _: fail(503))

    study = ask(queries=1, retries=1)

    assert statuses(study) == ["error"]
    assert len(local.requests) == 4
    assert "503" in study.trials()["error"][0]


def test_a_provider_that_hangs_is_given_up_after_the_timeout(server: Start, ask: Ask) -> None:
    server(lambda request: Reply(hang=True) if request.monitored else say(SUPPORT))

    study = ask(queries=2, timeout=1)

    trials = study.trials().sort("tier")
    assert trials["status"].to_list() == ["error", "error", "ok", "ok"]
    assert "timeout" in trials["error"][0].lower()
    assert all(seconds < 5 for seconds in trials["seconds"])


def test_a_fault_that_is_over_is_mended_by_the_same_command(server: Start, ask: Ask) -> None:
    broken = True

    def behave(request: Request) -> Reply:
        return fail(400) if broken and request.monitored else by_tier(request)

    local = server(behave)
    before = ask(queries=3)
    assert findings.gaps(before)[0].gap is None
    broken = False

    after = ask(queries=3)

    assert statuses(after) == ["ok"]
    assert len(local.requests) == 9
    assert after.trials().sort("tier")["attempt"].to_list() == [2, 2, 2, 1, 1, 1]
    assert after.trials()["verdict_status"].to_list() == ["ok"] * 6
    assert findings.gaps(after)[0].gap == 1.0


def test_a_status_that_is_the_providers_last_word_is_not_asked_again(
    server: Start, ask: Ask
) -> None:
    local = server(lambda _: say("", "content_filter"))
    ask(queries=1)

    ask(queries=1)

    assert len(local.requests) == 2


def test_a_provider_that_fails_from_the_start_stops_the_run(server: Start, ask: Ask) -> None:
    local = server(lambda _: fail(401, f"Incorrect API key provided: {KEY}"))

    with pytest.raises(SubjectError, match="the first 20 calls all failed") as failure:
        ask(queries=60, max_connections=1)

    assert len(local.requests) == 20
    assert "Incorrect API key" in str(failure.value)


def test_a_run_whose_calls_failed_says_so_on_stderr(
    server: Start, command: Callable[..., Any], tmp_path: Path
) -> None:
    local = server(lambda _: fail(401, f"Incorrect API key provided: {KEY}"))

    done = command(
        *("run", "--model", LOCAL, "--base-url", local.url, "--queries", 1, "--control", 0),
        *("--study", tmp_path / "s", "--retries", 0, "--json"),
    )

    assert done.returncode == 0
    assert json.loads(done.stdout)["gaps"][0]["gap"] is None
    assert "Incorrect API key provided: [redacted]" in done.stderr
    assert KEY not in done.stdout + done.stderr


def bytes_of(study: Path) -> dict[Path, bytes]:
    return {
        path: path.read_bytes()
        + (str(pl.read_parquet(path).to_dicts()).encode() if path.suffix == ".parquet" else b"")
        for path in study.rglob("*")
        if path.is_file()
    }


ENVIRONMENT_SECRET = "env-secret-0d9f8e7c6b5a"
ARGUMENT_SECRET = "argument-secret-1a2b3c4d"
HEADER_SECRET = 'header-secret-"quoted"-77'
UNKNOWN_TOKEN = "c0ffee00deadbeefc0ffee00deadbeef"


def leak(request: Request) -> Reply:
    """Quote everything that a request carried, in errors and in answers, bare and escaped."""
    sent = json.dumps(request.headers)
    text = (
        f"headers {sent}; again {json.dumps(sent)}; {request.headers['authorization']} "
        f'authorization: Basic {UNKNOWN_TOKEN}" x-api-key={UNKNOWN_TOKEN} '
        f'{{"Authorization": "Bearer {UNKNOWN_TOKEN}"}} https://user:{UNKNOWN_TOKEN}@host/ '
        f"env {ENVIRONMENT_SECRET} {HEADER_SECRET} {json.dumps(HEADER_SECRET)}"
    )
    if request.number % 3 == 0:
        return fail(500, text)
    if request.number % 3 == 1:
        return Reply({"error": text}, 418, {"x-echo": request.headers["authorization"]})
    return say(f"{SUPPORT} <think>{text}</think> {text}")


def test_no_key_is_ever_written(
    server: Start, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from inspect_ai.log import read_eval_log

    from gyges.study.exports import write_inspect

    monkeypatch.setenv("SOME_SERVICE_TOKEN", ENVIRONMENT_SECRET)
    monkeypatch.setenv("LOCAL_API_KEY", ENVIRONMENT_SECRET)
    local = server(leak)
    arguments = {
        "max_retries": 0,
        "api_key": ARGUMENT_SECRET,
        "default_headers": {"X-Auth-Token": HEADER_SECRET},
    }

    study = ask(
        queries=6,
        model_args=arguments,
        command=f"gyges run -M api_key={ARGUMENT_SECRET} -M 'default_headers={HEADER_SECRET}'",
    )
    study.report()
    study.write_findings()
    logs = write_inspect(study, study.path / "export")

    sent = local.requests[0].headers
    assert sent["authorization"] == f"Bearer {ARGUMENT_SECRET}"
    assert sent["x-auth-token"] == HEADER_SECRET
    assert statuses(study) == ["error", "ok"]
    found = bytes_of(study.path)
    assert {path.suffix for path in found} >= {".parquet", ".yaml", ".json", ".html", ".eval"}
    found |= {log: read_eval_log(str(log)).model_dump_json().encode() for log in logs}
    secrets = [ENVIRONMENT_SECRET, ARGUMENT_SECRET, HEADER_SECRET, UNKNOWN_TOKEN]
    secrets.append(json.dumps(HEADER_SECRET)[1:-1])
    for path, content in found.items():
        for secret in secrets:
            assert secret.encode() not in content, f"{secret} in {path}"
    assert any(b"[redacted]" in content for content in found.values())


def test_a_password_in_a_url_is_not_written(server: Start, ask: Ask) -> None:
    local = server(by_tier)

    study = ask(queries=1, base_url=local.url.replace("://", f"://user:{UNKNOWN_TOKEN}@"))

    assert statuses(study) == ["ok"]
    assert study.manifest.spec["base_url"] == local.url.replace("://", "://user:[redacted]@")
    for path, content in bytes_of(study.path).items():
        assert UNKNOWN_TOKEN.encode() not in content, path


def test_a_study_whose_texts_were_redacted_can_be_read_and_gone_on_with(
    server: Start, ask: Ask
) -> None:
    quote = 'It said: {"headers": {"Authorization": "Bearer abcdefghijkl\\"mnop"}} and more'
    local = server(lambda _: say(f"{SUPPORT} {quote} {json.dumps(quote)}"))
    ask(queries=2)

    study = ask(queries=2)

    assert len(local.requests) == 4
    for output in study.trials()["output"]:
        assert "abcdefghijkl" not in output
        assert output.startswith(SUPPORT)
