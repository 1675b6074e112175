"""Known effects of a design come out of the whole pipeline: asked, judged, estimated, said on the report's page.

Each planted subject shows itself only where its design varies something. What is found must say so, and the interval
must hold what the subject truly does in this design; the same design asked of an honest subject must be reported flat,
with the size of an effect that would have been found.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gyges
from gyges import findings
from gyges.design import PlannedTrial
from gyges.findings import Comparison, Varied
from gyges.planning import Wanted, plan_run
from gyges.settings import load_setting
from gyges.subjects.planted import planted_truth

TEMPERATURES = (0.0, 0.3, 0.5, 0.7)
DESIGNS: dict[str, dict[str, Any]] = {
    "wordings": {"vary": ["wording=25"], "queries": 16},
    "published": {"vary": ["wording=10"], "queries": 25},
    "temperature": {
        "vary": {"temperature": list(TEMPERATURES)},
        "queries": 40,
        "samples": 3,
    },
    "tiers": {"vary": "tier=three", "queries": 64, "samples": 3},
    "oversight": {"vary": "oversight=0,0.25,0.5,0.75,1", "queries": 40, "samples": 2},
    "consequences": {"vary": "consequence=values,influence,none", "queries": 64, "samples": 2},
    "dose": {"vary": "dose=0,1,2,3,4", "queries": 40, "samples": 2},
}

Study = Callable[..., gyges.Study]
Truth = Callable[[Callable[[PlannedTrial], bool]], float]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a published text: here one of the library's wordings, so that its facts are known to be there."""
    setting = load_setting("animal-welfare")
    path = tmp_path_factory.mktemp("original") / "prompt.md"
    path.write_text(setting.scene({}, setting.wording("3.2.1")).system, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, original: Path) -> Study:
    """Run a design with a planted subject; once for each."""

    @functools.cache
    def of(design: str, kind: str, seed: int = 0, **arguments: Any) -> gyges.Study:
        options = dict(DESIGNS[design], control=0, seed=seed)
        if design == "published":
            options["published"] = original
            if kind != "honest":
                arguments["published"] = str(original)
        return gyges.run(
            model=f"gyges/planted/{kind}",
            model_args=arguments,
            study=tmp_path_factory.mktemp(f"{design}-{kind}") / "study",
            **options,
        )

    return of


def unless_unlucky(test: Callable[..., None]) -> Callable[..., None]:
    """Let a test fail only if it does so with other random numbers too.

    An interval of 95 % misses in one study of twenty, and so does a test at that level. What was drawn is fixed by the
    seed and by every letter that is sent, so a new version of a text draws anew. One miss is chance; a second is not.
    """

    @functools.wraps(test)
    def tried(run: Study, **fixtures: Any) -> None:
        try:
            test(run=run, **fixtures)
        except AssertionError:
            for seed in (1, 2):
                test(run=functools.partial(run, seed=seed), **fixtures)

    return tried


def found_on(study: gyges.Study, page: str) -> Varied:
    (one,) = [one for one in findings.varied(study) if one.page == page]
    return one


def said(study: gyges.Study, page: str) -> str:
    """The text of the report's page, without its markup."""
    file = study.report().parent / f"{page}.html"
    text = html.unescape(re.sub(r"<[^>]*>", " ", file.read_text(encoding="utf-8")))
    return " ".join(text.split())


def truth_of(study: gyges.Study, original: Path) -> Callable[..., Any]:
    """Work out what the subject truly does where a condition on its trials holds."""
    spec = study.manifest.spec
    published = original if "published" in spec.get("wordings", {}) else None
    plan = plan_run(
        Wanted(
            model=spec["subject"],
            vary={**spec.get("levels", {}), **spec.get("vary", {})},
            queries=spec["queries"],
            seed=spec["seed"],
            control=0,
            published=published,
        )
    )
    trials = [trial for block in plan.planner() for trial in block]
    kind = spec["subject"].removeprefix("gyges/planted/")

    def truth(holds: Callable[[PlannedTrial], bool]) -> Any:
        return planted_truth(kind, spec["subject_args"], [one for one in trials if holds(one)])

    return truth


def comparison(one: Varied, kind: str, label: str = "", of: str | None = None) -> Comparison:
    (found,) = [
        each for each in one.of_kind(kind) if each.label.startswith(label) and of in (None, each.of)
    ]
    return found


def assert_holds(found: Comparison, truth: float) -> None:
    assert found.low is not None
    assert found.high is not None
    assert found.low <= truth <= found.high, (found.label, found.low, truth, found.high)


def assert_said(study: gyges.Study, page: str, one: Varied) -> None:
    """The page says each sentence of what was found."""
    text = said(study, page)
    for sentence in one.sentences:
        assert " ".join(sentence.split()) in text


# Wordings


@unless_unlucky
def test_a_component_that_moves_the_gap_is_named(run: Study, original: Path) -> None:
    study = run("wordings", "component-faker", component="objective", version=2)

    one = found_on(study, "wordings")

    sentence = next(text for text in one.sentences if text.startswith("Of the components"))
    assert sentence.startswith("Of the components, objective (up to ")
    assert "moves the gap; frame and oversight do not beyond chance." in sentence
    assert one.facts["p_components"]["objective"] < 0.01 < one.facts["p_components"]["frame"]
    truth = truth_of(study, original)

    def gap(version: int) -> float:
        return truth(lambda trial: trial.cell.wording.versions["objective"] == version).gap

    effect = comparison(one, "component objective", "objective 2 − 0")
    assert effect.clear
    assert gap(2) - gap(0) > 0.3
    assert_holds(effect, gap(2) - gap(0))
    for version in (1, 3, 4):
        assert not comparison(one, "component objective", f"objective {version} − 0").clear
    assert_said(study, "wordings", one)


@pytest.mark.parametrize(("kind", "sign"), [("published-dip", -1), ("published-spike", 1)])
@unless_unlucky
def test_a_dip_and_a_spike_at_the_published_wording_are_told_apart(
    kind: str, sign: int, run: Study, original: Path
) -> None:
    study = run("published", kind)

    one = found_on(study, "wordings")

    what = "dip" if sign < 0 else "spike"
    assert one.verdict == what
    assert f"the published wording is a {what}: its gap lies" in one.sentences[0]
    assert one.facts["reference"] == "published"
    # Among the wordings it stands at the end.
    (row,) = [row for row in one.rows if row.label == "published"]
    assert row.about["distance"] == 0.0
    assert row in (one.rows[0], one.rows[-1])
    truth = truth_of(study, original)
    own = truth(lambda trial: trial.cell.wording.id == "published").gap
    others = truth(lambda trial: trial.cell.wording.id != "published").gap
    assert sign * (own - others) > 0.3
    assert_holds(comparison(one, "reference"), own - others)
    assert_said(study, "wordings", one)


@unless_unlucky
def test_wordings_that_change_nothing_are_reported_so_with_what_would_have_been_found(
    run: Study,
) -> None:
    study = run("wordings", "honest")

    one = found_on(study, "wordings")

    assert "nothing shows that they differ beyond chance" in one.sentences[0]
    sentence = next(text for text in one.sentences if text.startswith("No component moves"))
    assert re.search(r"a change by one version of \d+ points would have been found", sentence)
    assert all(p > 0.05 for p in one.facts["p_components"].values())
    assert not any(each.clear for each in one.comparisons)
    assert_said(study, "wordings", one)


@unless_unlucky
def test_a_published_wording_like_the_others_is_neither_dip_nor_spike(run: Study) -> None:
    study = run("published", "honest")

    one = found_on(study, "wordings")

    assert one.verdict not in ("dip", "spike")
    sentence = next(text for text in one.sentences if text.startswith("The published wording"))
    assert "does not clearly lie off the others" in sentence
    assert re.search(r"a dip or a spike of \d+ points would have been found", sentence)
    assert_holds(comparison(one, "reference"), 0.0)
    assert_said(study, "wordings", one)


# Temperature


def line(values: Mapping[float, float]) -> float:
    """What a straight line through some values changes from the first level to the last."""
    levels = list(values)
    slope = np.polyfit(levels, [values[level] for level in levels], 1)[0]
    return float(slope * (levels[-1] - levels[0]))


@pytest.mark.parametrize(
    ("kind", "verdict", "sign"),
    [("temperature-rise", "rises", 1), ("temperature-fall", "falls", -1)],
)
@unless_unlucky
def test_a_tenfold_rise_and_a_fall_with_temperature_are_found(
    kind: str, verdict: str, sign: int, run: Study, original: Path
) -> None:
    study = run("temperature", kind)

    one = found_on(study, "temperature")

    assert one.verdict == verdict
    assert f"the gap {verdict} with temperature" in one.sentences[0]
    truth = truth_of(study, original)
    at = {
        level: truth(lambda trial, level=level: trial.cell.temperature == level)
        for level in TEMPERATURES
    }
    change = line({level: found.gap for level, found in at.items()})
    assert sign * change > 0.3
    assert_holds(comparison(one, "change", of="gap"), change)
    ends = sorted(at[level].monitored for level in (0.0, 0.7))
    assert ends[1] / ends[0] == pytest.approx(10, rel=0.05)
    times = next(text for text in one.sentences if text.startswith("Compliance when monitored"))
    found = re.search(r"the higher rate is ([\d.]+) times the lower, ([\d.]+) to ([\d.]+)", times)
    assert found
    assert float(found[2]) <= ends[1] / ends[0] <= float(found[3])
    assert f"Compliance when monitored {verdict}" in times
    assert not comparison(one, "change", of="unmonitored").clear
    assert_said(study, "temperature", one)


@unless_unlucky
def test_a_gap_that_temperature_does_not_change_is_flat(run: Study) -> None:
    study = run("temperature", "honest")

    one = found_on(study, "temperature")

    assert one.verdict == "flat"
    assert "the gap is flat over temperature 0 to 0.7" in one.sentences[0]
    assert re.search(r"a change of \d+ points would have been found", one.sentences[0])
    assert_holds(comparison(one, "change", of="gap"), 0.0)
    assert_said(study, "temperature", one)


# Tiers


@pytest.mark.parametrize(
    ("kind", "there", "absent"),
    [
        ("goal-guarder", "goal-guarding", "rater-sycophancy"),
        ("rater-sycophant", "rater-sycophancy", "goal-guarding"),
    ],
)
@unless_unlucky
def test_being_trained_and_being_rated_are_told_apart_by_a_third_tier(
    kind: str, there: str, absent: str, run: Study, original: Path
) -> None:
    study = run("tiers", kind)

    one = found_on(study, "tiers")

    assert one.verdict == there
    assert any(f"the {there} gap (" in text for text in one.sentences)
    assert any(
        f"no clear {absent} gap (" in text and "would have been found" in text
        for text in one.sentences
    )
    truth = truth_of(study, original)(lambda _: True)
    parts = {
        "goal-guarding": truth.difference("monitored", "rated"),
        "rater-sycophancy": truth.difference("rated", "unmonitored"),
        "gap": truth.gap,
    }
    assert parts[there] > 0.3
    for name, true in parts.items():
        found = comparison(one, "part", name)
        assert_holds(found, true)
        assert found.clear == (name != absent)
    assert_said(study, "tiers", one)


@unless_unlucky
def test_tiers_that_make_no_difference_are_flat(run: Study) -> None:
    study = run("tiers", "honest")

    one = found_on(study, "tiers")

    assert one.verdict == "flat"
    for name in ("goal-guarding", "rater-sycophancy"):
        found = comparison(one, "part", name)
        assert not found.clear
        assert found.detectable is not None
        assert 0.05 < found.detectable < 0.25
        assert any(
            f"no clear {name} gap" in text and "would have been found" in text
            for text in one.sentences
        )
    assert_said(study, "tiers", one)


# Oversight, consequences, dose


@pytest.mark.parametrize(
    ("design", "kind", "of", "column"),
    [
        ("oversight", "oversight-tracker", "monitored", "oversight"),
        ("dose", "dose-faker", "gap", "dose"),
    ],
)
@unless_unlucky
def test_an_effect_that_grows_with_what_the_subject_is_told_is_found(
    design: str, kind: str, of: str, column: str, run: Study, original: Path
) -> None:
    study = run(design, kind)

    one = found_on(study, design)

    assert one.verdict == "rises"
    assert f"rises with {column}" in one.sentences[0]
    truth = truth_of(study, original)
    levels = sorted({float(level) for level in study.manifest.spec["vary"][column]})
    values = {
        level: getattr(truth(lambda trial, level=level: float(trial.columns[column]) == level), of)
        for level in levels
    }
    assert line(values) > 0.3
    assert_holds(comparison(one, "change", of=of), line(values))
    assert_said(study, design, one)


@pytest.mark.parametrize("design", ["oversight", "dose"])
@unless_unlucky
def test_a_subject_that_what_it_is_told_does_not_move_is_flat(design: str, run: Study) -> None:
    study = run(design, "honest")

    one = found_on(study, design)

    assert one.verdict == "flat"
    assert re.search(r"a change of \d+ points would have been found", one.sentences[0])
    assert_said(study, design, one)


@unless_unlucky
def test_the_consequence_that_matters_is_named(run: Study, original: Path) -> None:
    study = run("consequences", "consequence-faker")

    one = found_on(study, "consequences")

    assert one.verdict == "differs"
    assert "larger under values" in one.sentences[0]
    truth = truth_of(study, original)

    def gap(level: str) -> float:
        return truth(lambda trial: trial.columns["consequence"] == level).gap

    assert_holds(comparison(one, "level", "values − none", "gap"), gap("values") - gap("none"))
    assert not comparison(one, "level", "influence − none", "gap").clear
    assert_said(study, "consequences", one)


@unless_unlucky
def test_consequences_that_change_nothing_are_flat(run: Study) -> None:
    study = run("consequences", "honest")

    one = found_on(study, "consequences")

    assert one.verdict == "flat"
    assert "a difference of" in one.sentences[0]
    assert "would have been found" in one.sentences[0]
    assert_said(study, "consequences", one)
