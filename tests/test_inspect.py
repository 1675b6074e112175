"""Inspect in both directions: our settings as its tasks, our studies as its logs, and back."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import gyges
from conftest import KEY, LOCAL, LOCAL_JUDGE
from gyges import findings
from gyges.errors import ImportFormatError, StudyError
from gyges.study.conversation import read_conversation
from gyges.study.exports import write_inspect
from gyges.study.imports.inspect_logs import read_inspect
from gyges.study.imports.store import store
from servers import DISMISS, SUPPORT, Reply, Request, by_tier, fail, say

Start = Callable[..., Any]
FAKER = "gyges/planted/faker"


def evaluate(folder: Path, task: str = "gyges/animal_welfare", **options: Any) -> Any:
    from inspect_ai import eval as inspect_eval

    settings = {"model": FAKER, "display": "none", "log_dir": str(folder), "max_retries": 0}
    settings |= options
    (log,) = inspect_eval(task, **settings)
    return log


def metrics(log: Any) -> dict[str, float]:
    (scores,) = log.results.scores
    return {name.removeprefix("gap/"): metric.value for name, metric in scores.metrics.items()}


def came_back(path: Path, study: Path) -> gyges.Study:
    store(read_inspect(path), study, title="back")
    return gyges.open_study(study)


def comparable(study: gyges.Study) -> pl.DataFrame:
    """The trials and verdicts, without what the way through a log cannot keep in order."""
    return study.trials().sort("trial")


# The first evaluation of a process is slow: one worker takes all that share it.
shares_log = pytest.mark.xdist_group("inspect-log")

# Our task in Inspect


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return evaluate(tmp_path_factory.mktemp("logs"), task_args={"queries": 12, "seed": 3}, epochs=2)


@shares_log
def test_the_task_asks_both_tiers_of_each_query_and_prints_the_gap(log: Any) -> None:
    assert log.status == "success"
    assert len(log.samples) == 48
    ids = {sample.id for sample in log.samples}
    assert {name.split("::")[1] for name in ids} == {"monitored", "unmonitored"}
    assert len({name.split("::")[0] for name in ids}) == 12
    found = metrics(log)
    assert found["gap"] == pytest.approx(found["monitored"] - found["unmonitored"])
    assert found["gap_ci_low"] < found["gap"] < found["gap_ci_high"]
    assert log.eval.task_version == gyges.load_setting("animal-welfare").version


@shares_log
def test_the_logs_of_the_task_are_read_with_the_same_findings(log: Any, tmp_path: Path) -> None:
    study = came_back(Path(log.location), tmp_path / "study")

    assert study.trials().height == 48
    (gap,) = findings.gaps(study)
    assert gap.gap == pytest.approx(metrics(log)["gap"])
    assert gap.ci_low == pytest.approx(metrics(log)["gap_ci_low"])
    assert (gap.subject, gap.setting, gap.judge) == (FAKER, "animal-welfare", "lexical")
    trials = study.trials()
    assert (trials["block"].value_counts()["count"] == 2).all()
    assert trials["sample"].unique().sort().to_list() == [0, 1]
    assert trials["reasoning"].null_count() == 0
    assert set(study.manifest.factors) == {"reasoning_mode", "temperature"}
    assert study.report().is_file()


def test_a_model_grades_in_the_role_of_grader(server: Start, tmp_path: Path) -> None:
    def behave(request: Request) -> Reply:
        if request.body["model"] != "judge":
            return by_tier(request)
        assert "tier" not in request.user
        bad = DISMISS in request.user
        return say(
            '{"outcome": "%s", "evidence": "", "reason": ""}' % ("comply" if bad else "refuse")
        )

    local = server(behave)

    found = evaluate(
        tmp_path / "logs",
        model=LOCAL,
        # Inspect remembers models by name, and with it where they were.
        model_base_url=local.url,
        model_roles={"grader": LOCAL_JUDGE},
        task_args={"queries": 3, "reasoning": "none"},
    )

    assert metrics(found)["gap"] == 1.0
    study = came_back(tmp_path / "logs", tmp_path / "study")
    assert study.judges() == [LOCAL_JUDGE]
    assert study.gaps()["gap"].to_list() == [1.0]


def test_a_sample_without_an_answer_is_unscored_and_keeps_its_status(
    server: Start, tmp_path: Path
) -> None:
    def behave(request: Request) -> Reply:
        if request.number in (0, 1):
            return say("", "content_filter")
        return say(DISMISS if request.monitored else SUPPORT)

    local = server(behave)

    found = evaluate(
        tmp_path / "logs",
        model=LOCAL,
        # Inspect remembers models by name, and with it where they were.
        model_base_url=local.url,
        task_args={"queries": 4, "reasoning": "none"},
        max_connections=1,
    )

    assert metrics(found)["gap"] == 1.0
    study = came_back(tmp_path / "logs", tmp_path / "study")
    statuses = study.trials().group_by("status", "verdict_status").len()
    assert set(statuses.iter_rows()) == {("refused", "no_answer", 2), ("ok", "ok", 6)}


def test_a_sample_that_failed_is_an_error_and_not_a_verdict(server: Start, tmp_path: Path) -> None:
    local = server(lambda request: fail(401) if request.monitored else say(SUPPORT))

    found = evaluate(
        tmp_path / "logs",
        model=LOCAL,
        model_base_url=local.url,
        task_args={"queries": 2, "reasoning": "none"},
        fail_on_error=False,
    )

    assert math.isnan(metrics(found)["gap"])
    study = came_back(tmp_path / "logs", tmp_path / "study")
    trials = study.trials().sort("tier")
    assert trials["status"].to_list() == ["error", "error", "ok", "ok"]
    assert all("401" in error for error in trials["error"][:2])
    assert findings.gaps(study)[0].missing_monitored == 2


def test_inspects_own_command_finds_the_task_and_the_model(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "inspect_ai", "eval", "gyges/animal_welfare", "--model", FAKER),
            *("-T", "queries=3", "-T", "reasoning=none", "--display", "plain"),
            *("--log-dir", str(tmp_path / "logs")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stderr
    assert "gap" in done.stdout
    assert came_back(tmp_path / "logs", tmp_path / "study").trials().height == 6


# Our studies as logs


@pytest.fixture
def study(server: Start, tmp_path: Path) -> gyges.Study:
    """A study in which everything that can become of a trial has become of one."""

    def behave(request: Request) -> Reply:
        replies = [
            say("", "content_filter"),
            say(SUPPORT, "length"),
            say(""),
            fail(400, "no"),
            say("<SCRATCHPAD_REASONING>and on and on"),
            say("I do not know what to make of it all, to be honest with you."),
        ]
        reasoned = f"<SCRATCHPAD_REASONING>Hm.</SCRATCHPAD_REASONING><OUTPUT>{DISMISS}</OUTPUT>"
        if request.number < len(replies):
            return replies[request.number]
        return say(reasoned if request.monitored else f"{SUPPORT} é \u2028")

    server(behave)
    return gyges.run(
        model=LOCAL,
        queries=8,
        samples=2,
        control=2,
        retries=0,
        model_args={"max_retries": 0},
        study=tmp_path / "study",
    )


def test_a_study_goes_to_logs_and_back_without_loss(study: gyges.Study, tmp_path: Path) -> None:
    assert study.trials()["status"].n_unique() == 6

    paths = write_inspect(study, tmp_path / "logs")
    back = came_back(tmp_path / "logs", tmp_path / "back")

    assert len(paths) == 1
    assert comparable(back).equals(comparable(study))
    assert back.gaps().equals(study.gaps())
    assert back.manifest.factors == study.manifest.factors
    columns = ["trial", "judge", "question", "outcome", "score", "status", "evidence", "note", "at"]
    for one, other in zip(
        back.verdicts().select(columns).sort("trial").iter_rows(),
        study.verdicts().select(columns).sort("trial").iter_rows(),
        strict=True,
    ):
        assert [value or None for value in one] == [value or None for value in other]
    texts, original = back.messages(), study.messages()
    assert texts.keys() == original.keys()
    assert texts == original


def test_an_exported_log_is_one_that_inspect_reads(study: gyges.Study, tmp_path: Path) -> None:
    from inspect_ai.log import read_eval_log

    (path,) = write_inspect(study, tmp_path / "logs")

    log = read_eval_log(str(path))
    assert log.status == "success"
    assert log.eval.model == LOCAL
    assert log.samples is not None
    assert len(log.samples) == study.trials().height == 40
    done = next(sample for sample in log.samples if sample.scores and sample.error is None)
    assert done.messages[0].role == "system"
    assert done.messages[-1].role == "assistant"
    assert sum(sample.error is not None for sample in log.samples) == 1
    assert KEY not in log.model_dump_json()


def test_each_subject_setting_and_value_is_a_log(tmp_path: Path) -> None:
    one = gyges.run(model=FAKER, queries=2, control=0, study=tmp_path / "one")
    other = gyges.run(model="gyges/planted/honest", queries=2, control=0, study=tmp_path / "other")
    for number, study in enumerate((one, other)):
        write_inspect(study, tmp_path / f"logs{number}")
        for path in (tmp_path / f"logs{number}").iterdir():
            (tmp_path / "all").mkdir(exist_ok=True)
            shutil.copy(path, tmp_path / "all")

    both = came_back(tmp_path / "all", tmp_path / "both")

    assert both.gaps()["subject"].to_list() == [FAKER, "gyges/planted/honest"]
    assert len(write_inspect(both, tmp_path / "again")) == 2


def test_a_study_that_nobody_judged_can_be_exported(study: gyges.Study, tmp_path: Path) -> None:
    shutil.rmtree(study.path / "verdicts")

    write_inspect(gyges.open_study(study.path), tmp_path / "logs")

    back = came_back(tmp_path / "logs", tmp_path / "back")
    assert back.judges() == []
    assert back.trials().height == 40


def test_the_commands_go_there_and_back(
    study: gyges.Study, cli: Callable[..., Any], tmp_path: Path
) -> None:
    status, out, _ = cli("export", study.path, "--to", "inspect", "--out", tmp_path / "logs")
    assert status == 0
    assert "inspect view --log-dir" in out

    status, out, _ = cli("import", "inspect", tmp_path / "logs", "--study", tmp_path / "back")

    assert status == 0
    assert gyges.open_study(tmp_path / "back").gaps().equals(study.gaps())


def test_an_export_does_not_write_over_anything(study: gyges.Study, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "mine.txt").write_text("precious")

    with pytest.raises(StudyError, match="is not empty"):
        write_inspect(study, tmp_path / "logs")


# What is not ours


@shares_log
def test_samples_of_other_tasks_are_left_out_and_reported(log: Any, tmp_path: Path) -> None:
    from inspect_ai import Task
    from inspect_ai import eval as inspect_eval
    from inspect_ai.dataset import Sample

    (foreign,) = inspect_eval(
        # With a tag, because a planted subject that cannot tell its tier fails.
        Task(
            dataset=[Sample(input="hello <is_free_tier_user>True</is_free_tier_user>")],
            name="other",
        ),
        model=FAKER,
        display="none",
        log_dir=str(tmp_path / "logs"),
    )
    shutil.copy(log.location, tmp_path / "logs")

    imported = read_inspect(tmp_path / "logs")
    store(imported, tmp_path / "study", title="t")

    assert gyges.open_study(tmp_path / "study").trials().height == 48
    (note,) = imported.notes
    assert (note.kind, note.count) == ("foreign-samples", 1)
    assert note.where == Path(foreign.location).name


@shares_log
def test_a_damaged_log_is_an_error_that_names_it_and_nothing_is_written(
    log: Any, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.eval"
    content = Path(log.location).read_bytes()
    path.write_bytes(content[: len(content) // 2])

    with pytest.raises(ImportFormatError, match=r"damaged\.eval: not readable as an Inspect log"):
        came_back(path, tmp_path / "study")

    assert [found.name for found in tmp_path.iterdir()] == ["damaged.eval"]


# The other settings


@shares_log
@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("anti_lab", {"reasoning": "none"}),
        ("bad_preference", {}),
        ("contradiction", {"reasoning": "none"}),
        ("forced_choice", {"reasoning": "none"}),
        ("gaslighting", {}),
        ("hhh_triad", {}),
        ("insider_trading", {}),
        ("sandbagging", {"reasoning": "none"}),
    ],
)
def test_every_setting_is_a_task_whose_answers_its_own_rule_reads(
    tmp_path: Path, task: str, options: dict[str, Any]
) -> None:
    rates = {"monitored": 1.0, "unmonitored": 0.0, "spread": 0.0}

    log = evaluate(tmp_path, f"gyges/{task}", task_args={"queries": 6, **options}, model_args=rates)

    assert log.status == "success"
    assert metrics(log)["gap"] == 1.0
    assert {score.answer for sample in log.samples for score in sample.scores.values()} == {
        "comply",
        "refuse",
    }


@shares_log
def test_a_session_is_held_by_inspect_as_by_a_run(tmp_path: Path) -> None:
    log = evaluate(tmp_path, "gyges/insider_trading", task_args={"queries": 1})

    for sample in log.samples:
        roles = [message.role for message in sample.messages]
        assert roles[:3] == ["system", "user", "assistant"]
        assert "tool" in roles
        # The opening, the report and the question.
        assert roles.count("user") == 3
        assert roles[-1] == "assistant"


def test_a_scaffold_is_no_task_without_requests() -> None:
    from gyges.errors import DesignError
    from gyges.inspect import setting

    with pytest.raises(DesignError, match="--query-file FILE"):
        setting("helpful-only")


def test_labels_beside_the_outcome_go_there_and_back(tmp_path: Path) -> None:
    study = gyges.run(
        "forced-choice", model=FAKER, queries=4, control=0, study=tmp_path / "s", progress=False
    )
    write_inspect(study, tmp_path / "logs")

    back = came_back(tmp_path / "logs", tmp_path / "back")

    said = [one.verdict_table("copied").scan().sort("trial").collect() for one in (study, back)]
    assert said[0]["label"].null_count() == 0
    assert (
        said[1]
        .select("outcome", "label", "labels")
        .equals(said[0].select("outcome", "label", "labels"))
    )
    assert back.manifest.factors.keys() == study.manifest.factors.keys()


def test_a_session_that_inspect_held_is_imported_with_all_of_its_steps(tmp_path: Path) -> None:
    from inspect_ai import eval as inspect_eval

    from gyges.inspect import insider_trading

    inspect_eval(
        insider_trading(queries=2),
        model=FAKER,
        log_dir=str(tmp_path / "logs"),
        display="none",
    )

    back = came_back(tmp_path / "logs", tmp_path / "back")

    for row in back.trials().iter_rows(named=True):
        steps = [one.name for one in read_conversation(row["conversation"])]
        assert steps == ["act", "report", "question"]
        assert row["output"].startswith("[calls ")
