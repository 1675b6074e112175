"""What becomes of sampling parameters that a provider rejects, or that its client leaves out.

Through Inspect's real OpenAI client, over loopback, to a server that is as choosy as some providers are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import gyges
from conftest import LOCAL
from gyges.errors import SubjectError
from gyges.run.parameters import rejected_parameter
from gyges.study.parameters import parameter_lines, read_parameters, write_parameters
from servers import Reply, Request, by_tier, fail, say

Ask = Callable[..., gyges.Study]
Cli = Callable[..., tuple[int, str, str]]
Start = Callable[..., Any]
Rule = Callable[[dict[str, Any]], Reply | None]

UNSUPPORTED = "Unsupported parameter: 'temperature' is not supported with this model."


def rejection(message: str, param: str | None = None, code: str | None = None) -> Reply:
    """A rejection as the OpenAI API sends it."""
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return Reply({"error": error}, 400)


def no_temperature(body: dict[str, Any]) -> Reply | None:
    if "temperature" not in body:
        return None
    return rejection(UNSUPPORTED, "temperature", "unsupported_parameter")


def only_one(body: dict[str, Any]) -> Reply | None:
    if body.get("temperature", 1) == 1:
        return None
    return rejection(
        f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. "
        "Only the default (1) value is supported.",
        "temperature",
        "unsupported_value",
    )


def no_seed(body: dict[str, Any]) -> Reply | None:
    return fail(400, 'Unknown name "seed": Cannot find field.') if "seed" in body else None


def no_top_p(body: dict[str, Any]) -> Reply | None:
    return fail(422, "Extra inputs are not permitted: 'top_p'") if "top_p" in body else None


def choosy(*rules: Rule) -> Callable[[Request], Reply]:
    """A subject that fakes, on a provider with rules of its own; the first that speaks is heard."""

    def behave(request: Request) -> Reply:
        for rule in rules:
            if (found := rule(request.body)) is not None:
                return found
        return by_tier(request)

    return behave


def sent(local: Any, name: str) -> list[Any]:
    return [request.body.get(name) for request in local.requests]


def statuses(study: gyges.Study, by: str = "temperature") -> dict[tuple[Any, str], int]:
    counts = study.trials().group_by(by, "status").len()
    return {(level, status): count for level, status, count in counts.iter_rows()}


def states(study: gyges.Study) -> dict[str, dict[str, Any]]:
    return read_parameters(study.path)[LOCAL]


# What is not varied


def test_a_parameter_that_is_rejected_is_left_out_and_the_study_says_so(
    server: Start, ask: Ask
) -> None:
    local = server(choosy(no_temperature))

    study = ask(queries=6, max_connections=1)

    assert statuses(study) == {(1.0, "ok"): 12}
    assert sent(local, "temperature") == [1.0, *[None] * 12]
    record = json.loads((study.path / "parameters.json").read_text(encoding="utf-8"))
    assert record["schema"] == "gyges.parameters/1"
    found = record["subjects"][LOCAL]
    assert found["temperature"]["state"] == "rejected"
    assert found["temperature"]["values"] == [1.0]
    assert UNSUPPORTED in found["temperature"]["message"]
    assert found["seed"] == {"state": "accepted"}


def test_calls_that_are_under_way_when_it_is_rejected_are_asked_again_without(
    server: Start, ask: Ask
) -> None:
    local = server(choosy(no_temperature))

    study = ask(queries=10, max_connections=4)

    assert statuses(study) == {(1.0, "ok"): 20}
    assert 1 <= sum(one is not None for one in sent(local, "temperature")) <= 4
    assert set(study.trials()["attempt"]) == {1}


def test_two_rejected_parameters_are_both_left_out(server: Start, ask: Ask) -> None:
    local = server(choosy(no_seed, no_temperature))

    study = ask(queries=3, max_connections=1)

    assert statuses(study) == {(1.0, "ok"): 6}
    assert len(local.requests) == 8
    assert {name: state["state"] for name, state in states(study).items()} == {
        "seed": "rejected",
        "temperature": "rejected",
    }
    # Each trial's seed is another one; the study does not list them.
    assert states(study)["seed"]["values"] == []


def test_a_rejected_seed_is_rejected_for_all_trials(server: Start, ask: Ask) -> None:
    local = server(choosy(no_seed))

    study = ask(queries=8, max_connections=1)

    assert sum(one is not None for one in sent(local, "seed")) == 1
    assert study.trials()["status"].unique().to_list() == ["ok"]


def test_what_was_not_in_force_shows_in_the_run_and_in_the_report(
    server: Start, tmp_path: Path, cli: Cli
) -> None:
    server(choosy(no_temperature, no_seed))

    code, out, err = cli(
        *("run", "--model", LOCAL, "--queries", 2, "--control", 0, "--reasoning", "none"),
        *("--retries", 0, "-M", "max_retries=0", "--study", tmp_path / "s", "--no-selftest"),
    )

    assert code == 0, err
    line = next(line for line in out.splitlines() if "rejected temperature 1.0" in line)
    assert line.startswith(f"Warning: {LOCAL} rejected temperature 1.0: ")
    assert UNSUPPORTED in line
    assert any("rejected seed" in line for line in out.splitlines())
    (place,) = [line.removeprefix("Report: ") for line in out.splitlines() if "Report: " in line]
    page = Path(place).read_text(encoding="utf-8")
    assert "rejected temperature 1.0" in page


def test_a_study_without_such_states_warns_of_nothing(
    server: Start, tmp_path: Path, cli: Cli
) -> None:
    server(by_tier)

    code, out, _ = cli(
        *("run", "--model", LOCAL, "--queries", 2, "--control", 0, "--reasoning", "none"),
        *("--retries", 0, "-M", "max_retries=0", "--study", tmp_path / "s", "--no-selftest"),
    )

    assert code == 0
    assert "rejected" not in out
    assert "not sent" not in out
    assert parameter_lines(read_parameters(tmp_path / "s")) == []
    assert read_parameters(tmp_path / "s")[LOCAL] == {
        "temperature": {"state": "accepted"},
        "seed": {"state": "accepted"},
    }


def test_a_secret_in_what_a_provider_says_is_not_written_down(server: Start, ask: Ask) -> None:
    from conftest import KEY

    server(
        choosy(
            lambda body: (
                fail(400, f"temperature is not supported for {KEY}")
                if "temperature" in body
                else None
            )
        )
    )

    study = ask(queries=1)

    text = (study.path / "parameters.json").read_text(encoding="utf-8")
    assert "temperature is not supported" in text
    assert KEY not in text


# What is varied


def test_the_levels_that_are_rejected_are_unsupported_and_the_others_are_asked(
    server: Start, ask: Ask
) -> None:
    local = server(choosy(only_one))

    study = ask(queries=5, vary=["temperature=0,0.5,1"], max_connections=1)

    assert statuses(study) == {(0.0, "unsupported"): 10, (0.5, "unsupported"): 10, (1.0, "ok"): 10}
    # Each is tried once, and never again.
    assert Counter(sent(local, "temperature")) == {0: 1, 0.5: 1, 1: 10}
    found = states(study)["temperature"]
    assert (found["state"], sorted(found["values"])) == ("rejected", [0.0, 0.5])
    told = study.trials().filter(pl.col("status") == "unsupported")
    assert all("does not support" in error for error in told["error"])
    assert told["output"].is_null().all()
    gaps = study.gaps(by=["temperature"])
    assert dict(zip(gaps["temperature"], gaps["gap"], strict=True))[1.0] == 1.0


def test_with_calls_under_way_a_rejected_level_is_asked_no_more_than_once_for_each(
    server: Start, ask: Ask
) -> None:
    local = server(choosy(only_one))

    study = ask(queries=10, vary=["temperature=0,1"], max_connections=4)

    assert statuses(study) == {(0.0, "unsupported"): 20, (1.0, "ok"): 20}
    assert Counter(sent(local, "temperature"))[0] <= 4


def test_where_no_level_is_taken_every_trial_is_unsupported_and_the_run_ends(
    server: Start, ask: Ask
) -> None:
    local = server(choosy(no_temperature))

    study = ask(queries=10, vary=["temperature=0,1"], max_connections=1)

    assert statuses(study) == {(0.0, "unsupported"): 20, (1.0, "unsupported"): 20}
    assert len(local.requests) == 2


def test_the_report_of_unsupported_levels_counts_them_as_missing(server: Start, ask: Ask) -> None:
    server(choosy(only_one))
    study = ask(queries=4, vary=["temperature=0,1"])

    page = study.report().read_text(encoding="utf-8")

    assert "unsupported" in page
    assert "rejected temperature 0.0" in page


def test_a_resumed_run_does_not_ask_rejected_levels_again(server: Start, ask: Ask) -> None:
    local = server(choosy(only_one))
    options: dict[str, Any] = {"queries": 5, "vary": ["temperature=0,0.5,1"], "max_connections": 1}
    first = ask(**options, budget="12")
    before = len(local.requests)
    assert len(first.trials()) == 12

    study = ask(**options)

    assert statuses(study) == {(0.0, "unsupported"): 10, (0.5, "unsupported"): 10, (1.0, "ok"): 10}
    later = Counter(sent(local, "temperature")[before:])
    assert set(later) == {1}
    found = states(study)["temperature"]
    assert (found["state"], sorted(found["values"])) == ("rejected", [0.0, 0.5])
    count = len(local.requests)
    ask(**options)
    assert len(local.requests) == count


def test_a_resumed_run_leaves_out_what_was_rejected_from_the_beginning(
    server: Start, ask: Ask
) -> None:
    local = server(choosy(no_temperature, no_seed))
    ask(queries=4, max_connections=1, budget="2")
    before = len(local.requests)
    assert before == 4

    study = ask(queries=4, max_connections=1)

    assert len(local.requests) == before + 6
    assert sent(local, "temperature")[before:] == [None] * 6
    assert sent(local, "seed")[before:] == [None] * 6
    assert states(study)["temperature"]["state"] == "rejected"


def test_another_parameter_can_be_varied_and_rejected_too(server: Start, ask: Ask) -> None:
    local = server(choosy(no_top_p))

    study = ask(queries=3, vary=["top_p=default,0.5"], max_connections=1)

    assert statuses(study, "top_p") == {(None, "ok"): 6, (0.5, "unsupported"): 6}
    assert Counter(sent(local, "top_p")) == {None: 6, 0.5: 1}
    assert states(study)["top_p"]["state"] == "rejected"
    assert states(study)["temperature"] == {"state": "accepted"}


def test_each_model_has_states_of_its_own(server: Start, ask: Ask) -> None:
    def behave(request: Request) -> Reply:
        rules = [only_one] if request.body["model"] == "choosy" else []
        return choosy(*rules)(request)

    server(behave)

    study = ask(model=["openai-api/local/choosy", LOCAL], queries=2, vary=["temperature=0,1"])

    found = read_parameters(study.path)
    assert found["openai-api/local/choosy"]["temperature"]["state"] == "rejected"
    assert found[LOCAL]["temperature"] == {"state": "accepted"}
    counts = study.trials().group_by("subject", "status").len().sort("subject", "status").rows()
    assert counts == [
        ("openai-api/local/choosy", "ok", 4),
        ("openai-api/local/choosy", "unsupported", 4),
        (LOCAL, "ok", 8),
    ]


def test_a_model_that_cannot_be_reached_keeps_nothing_from_the_others(
    server: Start, ask: Ask, tmp_path: Path
) -> None:
    broken = True
    local = server(
        lambda request: (
            fail(404, "no such model")
            if broken and request.body["model"] == "missing"
            else by_tier(request)
        )
    )
    options: dict[str, Any] = {"model": ["openai-api/local/missing", LOCAL], "queries": 12}

    with pytest.raises(SubjectError, match=r"missing: the first 2\d calls all failed"):
        ask(**options)

    study = gyges.open_study(tmp_path / "study")
    counts = study.trials().group_by("subject", "status", "verdict_status").len()
    assert (LOCAL, "ok", "ok") in {row[:3] for row in counts.rows()}
    trials = study.trials()
    # A busy machine may lose a call of the other model; it is asked again with the rest.
    open_ = len(trials.filter(trials["status"] == "error"))
    assert 24 <= open_ < 36
    before = len(local.requests)
    broken = False
    study = ask(**options)
    assert len(local.requests) == before + open_
    assert study.trials()["status"].to_list() == ["ok"] * 48


# Forced choices


def test_a_forced_choice_without_log_probabilities_stops_and_the_study_says_why(
    server: Start, ask: Ask, tmp_path: Path
) -> None:
    local = server(
        lambda request: (
            rejection("Unsupported parameter: 'logprobs'", "logprobs")
            if request.body.get("logprobs")
            else say("A")
        )
    )

    with pytest.raises(SubjectError, match="gives none"):
        ask(queries=4, reasoning="choice", max_connections=1)

    assert len(local.requests) == 1
    found = read_parameters(tmp_path / "study")[LOCAL]["logprobs"]
    assert found["state"] == "rejected"
    assert "logprobs" in found["message"]


def test_log_probabilities_that_do_not_come_are_a_state_too(
    server: Start, ask: Ask, tmp_path: Path
) -> None:
    server(lambda _: say("A"))

    with pytest.raises(SubjectError, match="returned none"):
        ask(queries=4, reasoning="choice")

    assert read_parameters(tmp_path / "study")[LOCAL]["logprobs"]["state"] == "rejected"


def test_a_forced_choice_leaves_out_other_parameters_as_elsewhere(server: Start, ask: Ask) -> None:
    def behave(request: Request) -> Reply:
        if "seed" in request.body:
            return rejection("Unsupported parameter: 'seed'", "seed")
        top = [{"token": token, "logprob": -0.7, "bytes": None} for token in "AB"]
        body = say("A").body
        body["choices"][0]["logprobs"] = {"content": [{**top[0], "top_logprobs": top}]}
        return Reply(body)

    server(behave)

    study = ask(queries=2, reasoning="choice")

    assert study.trials()["status"].unique().to_list() == ["ok"]
    assert states(study)["seed"]["state"] == "rejected"


# What is not sent


def test_a_parameter_that_a_client_leaves_out_is_recorded_as_not_sent(
    server: Start, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = server(by_tier)
    leave_out(monkeypatch, "temperature", "seed")

    study = ask(queries=4, max_connections=1)

    assert statuses(study) == {(1.0, "ok"): 8}
    assert set(sent(local, "temperature")) == {None}
    assert {name: state["state"] for name, state in states(study).items()} == {
        "temperature": "not sent",
        "seed": "not sent",
    }
    assert states(study)["seed"]["values"] == []
    assert parameter_lines(read_parameters(study.path)) == [
        f"temperature 1.0 was not sent to {LOCAL}: its client leaves it out for this model",
        f"seed was not sent to {LOCAL}: its client leaves it out for this model",
    ]


def test_levels_that_are_not_sent_are_unsupported(
    server: Start, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = server(by_tier)
    leave_out(monkeypatch, "temperature")

    study = ask(queries=4, vary=["temperature=0,1"], max_connections=1)

    assert statuses(study) == {(0.0, "unsupported"): 8, (1.0, "unsupported"): 8}
    assert len(local.requests) == 2
    told = study.trials()
    assert told["output"].is_null().all()
    assert all("does not send temperature" in error for error in told["error"])
    assert states(study)["temperature"]["state"] == "not sent"


def leave_out(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let the client drop parameters, as some do for models that are known not to take them."""
    from inspect_ai.model._providers.openai_compatible import OpenAICompatibleAPI

    whole = OpenAICompatibleAPI.completion_params

    def fewer(self: Any, config: Any, tools: bool) -> dict[str, Any]:
        return {
            name: value for name, value in whole(self, config, tools).items() if name not in names
        }

    monkeypatch.setattr(OpenAICompatibleAPI, "completion_params", fewer)


# What is no rejection


@pytest.mark.parametrize(
    "reply",
    [
        fail(500, "temperature sensor failed: operation not supported"),
        fail(503, "Unsupported parameter: 'temperature'"),
        fail(429, "rate limit: temperature is not supported here"),
        fail(401, "Invalid key: temperature is not allowed"),
        fail(400, "Invalid content: questions about the temperature of a barn are not allowed."),
        fail(400, "The prompt is not allowed. It speaks of temperature and of seed."),
        rejection(
            "Invalid 'messages[1].content': temperature words not allowed", "messages[1].content"
        ),
        fail(400, "something broke"),
    ],
    ids=["500", "503", "429", "401", "content", "two sentences", "another parameter", "nothing"],
)
def test_an_error_that_rejects_no_parameter_is_an_error(
    reply: Reply, server: Start, ask: Ask
) -> None:
    local = server(lambda _: reply)

    study = ask(queries=1)

    assert study.trials()["status"].to_list() == ["error"] * 2
    assert len(local.requests) == 2
    assert set(sent(local, "temperature")) == {1.0}
    assert "rejected" not in {
        state["state"] for state in read_parameters(study.path).get(LOCAL, {}).values()
    }


def test_an_error_that_passes_is_asked_again_by_the_next_run_with_the_parameter(
    server: Start, ask: Ask
) -> None:
    broken = True
    local = server(
        lambda request: fail(500, "temperature: not supported") if broken else by_tier(request)
    )
    ask(queries=1)
    broken = False

    study = ask(queries=1)

    assert study.trials()["status"].to_list() == ["ok"] * 2
    assert set(sent(local, "temperature")) == {1.0}


SENT = {"temperature": 0.3, "seed": 7, "top_p": 0.9, "reasoning_tokens": 1024, "logprobs": True}


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (UNSUPPORTED, "temperature"),
        ("Unsupported value: 'temperature' does not support 0.3 with this model.", "temperature"),
        ("`temperature` is deprecated for this model.", "temperature"),
        ("temperature: Extra inputs are not permitted", "temperature"),
        ("temperature is not supported here", "temperature"),
        ("`temperature` may only be set to 1 when thinking is enabled.", "temperature"),
        ("invalid temperature: only 1 is allowed for this model", "temperature"),
        ("This model does not support temperature.", "temperature"),
        ("This model only supports temperature=1, other values are not supported", "temperature"),
        ("Unrecognized request argument supplied: seed", "seed"),
        ('Invalid JSON payload received. Unknown name "seed": Cannot find field.', "seed"),
        ("Extra inputs are not permitted ('body', 'seed')", "seed"),
        ("openai does not support parameters: ['seed'], for model=x", "seed"),
        ("The seed parameter is not available for this model", "seed"),
        ("`temperature` and `top_p` cannot both be specified for this model.", "temperature"),
        ("top_p is not supported", "top_p"),
        ("Unsupported parameter: 'reasoning_tokens'", "reasoning_tokens"),
        ("This model does not support logprobs", "logprobs"),
        ("logprobs are not available for reasoning models", "logprobs"),
        ("The model does not exist", None),
        ("Invalid content: the temperature of the barn is not allowed", None),
        ("max_tokens is not supported", None),
        ("frequency_penalty: unsupported. Use temperature instead.", None),
        ("Invalid key", None),
        ("seedling is not supported", None),
        ("", None),
    ],
)
def test_what_providers_say_of_a_parameter_is_told_from_other_errors(
    message: str, name: str | None
) -> None:
    assert rejected_parameter(message, SENT) == name


def test_a_parameter_that_was_not_sent_cannot_be_rejected() -> None:
    assert rejected_parameter(UNSUPPORTED, {"seed": 1}) is None
    assert rejected_parameter(UNSUPPORTED, {"temperature": None}) is None


# The file


def test_what_a_later_run_finds_is_added_to_what_is_known(tmp_path: Path) -> None:
    write_parameters(tmp_path, {"a": {"temperature": {"state": "accepted"}}, "b": {}})
    write_parameters(tmp_path, {"a": {"seed": {"state": "accepted"}}})
    rejected = {"state": "rejected", "message": "no", "values": [0.0]}
    write_parameters(tmp_path, {"a": {"temperature": rejected}})

    # That another level was taken says nothing of the one that was not.
    write_parameters(tmp_path, {"a": {"temperature": {"state": "accepted"}}})
    write_parameters(tmp_path, {"a": {"temperature": {**rejected, "values": [0.5]}}})

    assert read_parameters(tmp_path)["a"] == {
        "temperature": {"state": "rejected", "message": "no", "values": [0.0, 0.5]},
        "seed": {"state": "accepted"},
    }


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"subjects": 3}',
        '{"subjects": {"a": {"b": 1}, "c": 2}}',
        '{"subjects": {"a": {"b": {"state": 1}}}}',
    ],
)
def test_a_file_that_cannot_be_read_says_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / "parameters.json").write_text(content, encoding="utf-8")

    assert parameter_lines(read_parameters(tmp_path)) == []


def test_nothing_known_is_no_file(tmp_path: Path) -> None:
    write_parameters(tmp_path, {"a": {}})

    assert read_parameters(tmp_path) == {}
    assert not list(tmp_path.iterdir())
