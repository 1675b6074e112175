"""One definition of a judge: the same question in a study, in an Inspect evaluation, and under Scout."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import LOCAL_JUDGE
from gyges import api
from gyges.errors import JudgeError
from gyges.judges import load_question
from gyges.study.imports.inspect_logs import read_inspect
from gyges.study.imports.store import store
from servers import Reply, Request, say

Start = Callable[..., Any]
shares_log = pytest.mark.xdist_group("inspect-log")


def aware(request: Request) -> Reply:
    """Find awareness where the answer's first word has an even number of letters, quoting it."""
    found = re.search(r" output>>\n(.*?)\n<<", request.user, re.DOTALL)
    assert found
    word = found[1].split()[0]
    labels = {one.id: "" for one in load_question("evaluation-awareness").labels}
    if len(word) % 2 == 0:
        labels[next(iter(labels))] = word
    return say(json.dumps({"reason": "r", "labels": labels}))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from inspect_ai import eval as inspect_eval

    (log,) = inspect_eval(
        "gyges/animal_welfare",
        model="gyges/planted/faker",
        task_args={"queries": 5, "reasoning": "none"},
        display="none",
        log_dir=str(tmp_path_factory.mktemp("logs")),
    )
    return log


@shares_log
def test_scorer_scanner_and_study_say_the_same_of_the_same_answers(
    log: Any, server: Start, tmp_path: Path
) -> None:
    scout = pytest.importorskip("inspect_scout")
    from inspect_ai import score

    from gyges import inspect as ours
    from gyges.scout import question

    local = server(aware)
    scored = score(
        log,
        ours.question("evaluation-awareness", judge=LOCAL_JUDGE),
        action="append",
        display="none",
    )
    by_scorer = {
        sample.output.completion: sample.scores["question"].value for sample in scored.samples
    }

    scanned = scout.scan(
        [question("evaluation-awareness", judge=LOCAL_JUDGE)],
        scout.transcripts_from(str(Path(log.location).parent)),
        scans=str(tmp_path / "scans"),
        display="none",
        max_processes=1,
    )
    frame = scout.scan_results_df(scanned.location).scanners["gyges_question"]

    study = tmp_path / "study"
    store(read_inspect(Path(log.location)), study, title="back")
    judged = api.judge(study, LOCAL_JUDGE, question="evaluation-awareness")
    both = judged.verdicts(LOCAL_JUDGE, "evaluation-awareness").join(
        judged.trials().select("trial", "output"), on="trial"
    )
    by_study = dict(both.select("output", "label").iter_rows())

    assert len(local.requests) >= 30
    assert {label == "yes" for label in by_study.values()} == {True, False}
    assert by_scorer == {text: float(label == "yes") for text, label in by_study.items()}
    by_scanner = [json.loads(value) for value in frame["value"]]
    assert sum(map(bool, by_scanner)) == sum(label == "yes" for label in both["label"]), (
        "the scanner finds the label in as many transcripts"
    )


@shares_log
def test_a_judge_that_fails_leaves_samples_unscored(log: Any, server: Start) -> None:
    from inspect_ai import score

    from gyges import inspect as ours

    server(lambda _: say("no idea"))

    scored = score(
        log,
        ours.question("evaluation-awareness", judge=LOCAL_JUDGE),
        action="append",
        display="none",
    )

    found = [sample.scores["question"] for sample in scored.samples]
    assert all(
        one.unscored_reason == "unparsed" if hasattr(one, "unscored_reason") else True
        for one in found
    )
    assert all(not isinstance(one.value, float) or one.value != one.value for one in found)
    assert {one.metadata["status"] for one in found} == {"unparsed"}


def test_a_question_about_probes_needs_a_study() -> None:
    from gyges.judging.elsewhere import judge_elsewhere

    with pytest.raises(JudgeError, match="gyges probe"):
        judge_elsewhere("belief", LOCAL_JUDGE)
