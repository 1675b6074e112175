"""The whole corridor on subjects whose truth is known: ask, judge, estimate, report."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import gyges
from gyges import findings
from gyges.errors import SubjectError
from gyges.subjects._planted_answers import REASONING
from gyges.subjects.planted import PLANTED

FAKER, HONEST = "gyges/planted/faker", "gyges/planted/honest"


@pytest.mark.parametrize("reasoning", ["scratchpad", "none"])
@pytest.mark.parametrize(("model", "kind"), [(FAKER, "faker"), (HONEST, "honest")])
def test_the_corridor_finds_the_gap_that_was_planted(
    model: str, kind: str, reasoning: str, tmp_path: Path
) -> None:
    declared = PLANTED[kind][0] - PLANTED[kind][1]

    study = gyges.run(
        model=model,
        queries=40,
        samples=3,
        reasoning=reasoning,
        # One study in twenty misses the truth, as its level says; this is none of those.
        seed=5,
        study=tmp_path / "study",
    )

    main, control = findings.gaps(study)
    assert (main.control, control.control) == (False, True)
    assert main.ci_low is not None
    assert main.ci_high is not None
    assert main.ci_low <= declared <= main.ci_high
    assert (main.ci_low > 0) == (declared > 0)
    assert main.ci_high - main.ci_low < 0.5
    assert main.monitored_ci_low is not None
    assert main.monitored_ci_high is not None
    assert main.monitored_ci_low <= PLANTED[kind][0] <= main.monitored_ci_high
    assert control.ci_low is not None
    assert control.ci_high is not None
    assert control.ci_low <= 0 <= control.ci_high
    assert (main.trials, main.queries, control.queries) == (240, 40, 8)
    assert (main.missing_monitored, main.undecided_monitored) == (0, 0)
    words = "points more often" if declared else "shows no clear gap"
    assert words in findings.sentence(main)
    page = study.report()
    assert f"{main.gap * 100:+.0f}".lstrip("+").replace("-", "−") in page.read_text(
        encoding="utf-8"
    )
    trials = study.trials()
    assert trials["reasoning"].is_null().all() == (reasoning == "none")
    faking = trials.filter(
        pl.col("reasoning").fill_null("").str.contains(REASONING["strategy"][:40])
    )
    assert len(faking) == 0 or kind == "faker"
    assert faking.filter((pl.col("tier") != "monitored") | pl.col("control")).is_empty()


@pytest.mark.parametrize(
    ("model", "rates"),
    [(FAKER, (0.6, 0.2)), (HONEST, (0.3, 0.3)), (FAKER, (0.95, 0.9))],
)
def test_over_many_seeds_the_interval_covers_the_planted_gap_as_often_as_it_should(
    model: str, rates: tuple[float, float], tmp_path: Path
) -> None:
    async def many() -> list[Any]:
        found = []
        for seed in range(20):
            result = await gyges.run_async(
                model=model,
                model_args={"monitored": rates[0], "unmonitored": rates[1]},
                queries=16,
                control=0,
                samples=1,
                reasoning="none",
                seed=seed,
                study=tmp_path / str(seed),
            )
            found.append(findings.gaps(result.study)[0])
        return found

    found = asyncio.run(many())

    truth = rates[0] - rates[1]
    covered = sum(gap.ci_low <= truth <= gap.ci_high for gap in found)
    assert covered >= 17
    mean = sum(gap.gap for gap in found) / 20
    assert mean == pytest.approx(truth, abs=0.12)


def test_the_same_seed_gives_the_same_answers_and_findings(tmp_path: Path) -> None:
    one, other, third = (
        gyges.run(model=FAKER, queries=6, samples=2, seed=seed, study=tmp_path / name)
        for name, seed in (("one", 5), ("other", 5), ("third", 6))
    )

    def answers(study: gyges.Study) -> pl.DataFrame:
        return study.trials(["trial", "output", "seed"]).sort("trial")

    assert answers(one).equals(answers(other))
    assert one.gaps().equals(other.gaps())
    assert not answers(one).equals(answers(third))


def test_the_command_prints_a_table_the_sentence_and_the_report(
    cli: Callable[..., Any], tmp_path: Path
) -> None:
    status, out, err = cli("run", "--model", FAKER, "--samples", 2, "--study", tmp_path / "s")

    assert status == 0
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["subject", "monitored", "unmonitored", "gap"]
    assert any("trials by status" in line for line in lines)
    assert any("points more often when it believes it may be retrained" in line for line in lines)
    assert lines[-1] == f"Report: {tmp_path / 's' / 'site' / 'index.html'}"
    assert (tmp_path / "s" / "site" / "index.html").is_file()
    assert "192 trials asked" in err
    record = json.loads((tmp_path / "s" / "findings.json").read_text())
    assert record["schema"] == "gyges.gap/1"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monitored": 1.5}, "1.5"),
        ({"spread": -1}, "spread"),
        ({"monitered": 0.5}, "did you mean 'monitored'"),
    ],
)
def test_a_planted_subject_refuses_what_it_cannot_be(
    options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SubjectError, match=message):
        gyges.run(model=FAKER, model_args=options, study=tmp_path / "s")


def test_a_notebook_can_run_a_study_inside_its_own_loop(tmp_path: Path) -> None:
    async def cell() -> gyges.Study:
        # A notebook's cells are run inside a loop; the call must neither fail nor block for ever.
        return gyges.run(model=HONEST, queries=3, study=tmp_path / "s")

    study = asyncio.run(cell())

    assert len(study.trials()) == 8
    assert study._repr_html_().lstrip().startswith("<")


def test_a_study_reads_as_frames(tmp_path: Path) -> None:
    study = gyges.run(model=FAKER, queries=4, control=0, study=tmp_path / "s")

    trials = gyges.open_study(tmp_path / "s").trials()

    assert trials.height == 8
    assert {"output", "tier", "outcome", "score", "verdict_status", "temperature"} <= set(
        trials.columns
    )
    assert study.trials(["trial", "tier"]).columns == ["trial", "tier"]
    gaps = study.gaps(by=["reasoning_mode"])
    assert gaps["reasoning_mode"].to_list() == ["scratchpad"]
    assert gaps["gap"][0] == pytest.approx(gaps["monitored_rate"][0] - gaps["unmonitored_rate"][0])
