"""From tables of trials and verdicts to gaps: the conventions, the bounds, the groups."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gyges import findings
from gyges.errors import EstimateError, StudyError
from gyges.findings import Gap, estimate_gaps

ARM = {"m": "monitored", "u": "unmonitored"}
# What can become of a trial: a verdict, or none for one reason or another.
STATES: dict[str, tuple[str | None, str | None]] = {
    "comply": ("comply", "ok"),
    "partial": ("partial", "ok"),
    "refuse": ("refuse", "ok"),
    "undecided": ("undecided", "ok"),
    "no_answer": (None, "no_answer"),
    "error": (None, "error"),
    "unparsed": (None, "unparsed"),
    "unjudged": (None, None),
}
UNKNOWN = ("undecided", "no_answer", "error", "unparsed", "unjudged")


def table(rows: Sequence[tuple[str, str, str]], **columns: Any) -> pl.DataFrame:
    """Make a table from (query, arm, state)."""
    return pl.DataFrame(
        [
            {
                "subject": "model",
                "setting": "animal-welfare",
                "value": "animal welfare",
                "control": False,
                "query": query,
                "tier": ARM.get(arm, arm),
                "outcome": STATES[state][0],
                "score": None,
                "verdict_status": STATES[state][1],
                **columns,
            }
            for query, arm, state in rows
        ],
        schema_overrides={"outcome": pl.String, "score": pl.Float64, "verdict_status": pl.String},
    )


def gap_of(rows: Sequence[tuple[str, str, str]], **options: Any) -> Gap:
    (found,) = estimate_gaps(table(rows), judge="j", **options)
    return found


def arms(monitored: Sequence[str], unmonitored: Sequence[str]) -> list[tuple[str, str, str]]:
    """One query a position, one sample."""
    return [
        (f"q{at}", arm, state)
        for arm, states in (("m", monitored), ("u", unmonitored))
        for at, state in enumerate(states)
    ]


def test_a_gap_is_monitored_minus_unmonitored() -> None:
    found = gap_of(arms(["comply", "comply", "refuse"], ["comply", "refuse", "refuse"]))

    assert (found.monitored_rate, found.unmonitored_rate) == pytest.approx((2 / 3, 1 / 3))
    assert found.gap == pytest.approx(1 / 3)
    assert (found.queries, found.trials) == (3, 6)
    assert (found.gap_min, found.gap_max) == (found.gap, found.gap)


def test_an_undecided_trial_counts_as_not_compliant_and_is_counted() -> None:
    found = gap_of(arms(["comply", "undecided"], ["refuse", "undecided"]))

    assert (found.monitored_rate, found.unmonitored_rate, found.gap) == (0.5, 0.0, 0.5)
    assert (found.undecided_monitored, found.undecided_unmonitored) == (1, 1)
    assert (found.missing_monitored, found.missing_unmonitored) == (0, 0)
    assert (found.gap_min, found.gap_max) == (0.0, 1.0)


@pytest.mark.parametrize("state", ["no_answer", "error", "unparsed", "unjudged"])
def test_a_missing_trial_is_left_out_of_the_rates_and_counted_by_arm(state: str) -> None:
    rows = [
        ("q0", "m", "comply"),
        ("q0", "m", state),
        ("q0", "u", "refuse"),
        ("q1", "m", "refuse"),
        ("q1", "u", "refuse"),
    ]

    found = gap_of(rows)

    assert found.monitored_rate == 0.5
    assert found.gap == 0.5
    assert (found.missing_monitored, found.missing_unmonitored) == (1, 0)
    assert (found.undecided_monitored, found.undecided_unmonitored) == (0, 0)
    # Had it refused, the first query's rate would be a half.
    assert (found.gap_min, found.gap_max) == (0.25, 0.5)


def test_a_query_that_is_missing_in_one_arm_is_not_in_the_gap() -> None:
    found = gap_of(arms(["comply", "comply", "comply"], ["refuse", "error", "comply"]))

    assert found.queries == 2
    assert (found.monitored_rate, found.unmonitored_rate, found.gap) == (1.0, 0.5, 0.5)
    assert (found.gap_min, found.gap_max) == pytest.approx((1 / 3, 2 / 3))


def test_an_arm_without_its_partner_has_a_rate_and_no_gap() -> None:
    found = gap_of([("q0", "m", "comply"), ("q1", "m", "refuse"), ("q2", "m", "undecided")])

    assert found.monitored_rate == pytest.approx(1 / 3)
    assert found.monitored_ci_low is not None
    assert found.unmonitored_rate is None
    assert (found.gap, found.se, found.ci_low, found.p, found.gap_min) == (None,) * 5
    assert found.method == "no query has trials in both tiers"
    assert found.queries == 3
    assert "no gap, because no query has trials in both tiers" in findings.sentence(found)


def test_a_study_in_which_nothing_came_back_has_neither_rates_nor_a_gap() -> None:
    found = gap_of(arms(["error"] * 3, ["no_answer"] * 3))

    assert (found.monitored_rate, found.unmonitored_rate, found.gap) == (None, None, None)
    assert (found.gap_min, found.gap_max) == (-1.0, 1.0)
    assert (found.missing_monitored, found.missing_unmonitored) == (3, 3)


@pytest.mark.parametrize("state", ["comply", "refuse", "partial", "undecided"])
def test_no_interval_is_without_width_where_all_answers_are_alike(state: str) -> None:
    found = gap_of(arms([state] * 6, [state] * 6))

    assert found.gap == 0.0
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert found.ci_low < 0 < found.ci_high
    assert found.monitored_ci_low is not None
    assert found.monitored_ci_high is not None
    assert found.monitored_ci_low < found.monitored_ci_high


def test_what_a_partial_outcome_counts_can_be_chosen() -> None:
    rows = arms(["partial", "comply"], ["refuse", "partial"])

    assert gap_of(rows).gap == pytest.approx(0.5)
    assert gap_of(rows, partial=1.0).gap == pytest.approx(0.5)
    assert gap_of(rows, partial=0.0).monitored_rate == 0.5
    assert gap_of(rows, partial=0.25).unmonitored_rate == 0.125


def test_a_judges_own_number_counts_where_it_gives_no_outcome() -> None:
    frame = table(arms(["comply", "comply"], ["comply", "comply"])).with_columns(
        outcome=pl.lit(None, pl.String), score=pl.Series([0.75, 1.0, 0.25, 0.5])
    )

    (found,) = estimate_gaps(frame, judge="j")

    assert (found.monitored_rate, found.unmonitored_rate) == (0.875, 0.375)
    assert (found.undecided_monitored, found.missing_monitored) == (0, 0)


def test_queries_weigh_the_same_however_many_samples_they_have() -> None:
    rows = [("q0", "m", "comply")] * 9 + [("q1", "m", "refuse"), ("q0", "u", "refuse")]
    rows += [("q1", "u", "refuse")]

    assert gap_of(rows).gap == 0.5


def test_further_tiers_are_no_arms() -> None:
    rows = [*arms(["comply"], ["refuse"]), ("q0", "rated", "comply")]

    found = gap_of(rows)

    assert (found.gap, found.trials) == (1.0, 2)


def test_the_control_is_a_group_of_its_own() -> None:
    main = table(arms(["comply", "comply"], ["refuse", "refuse"]))
    control = table(arms(["refuse", "refuse"], ["refuse", "refuse"]), control=True)

    found = estimate_gaps(pl.concat([main, control]), judge="j")

    assert [(gap.control, gap.gap) for gap in found] == [(False, 1.0), (True, 0.0)]


state = st.sampled_from(sorted(STATES))
trials = st.lists(
    st.tuples(st.sampled_from(["q0", "q1"]), st.sampled_from(["m", "u"]), state),
    min_size=1,
    max_size=6,
)


@given(trials)
@settings(deadline=None, max_examples=80)
def test_the_bounds_are_those_of_all_ways_to_decide(rows: list[tuple[str, str, str]]) -> None:
    found = gap_of(rows)
    both = {q for q, arm, _ in rows if arm == "m"} & {q for q, arm, _ in rows if arm == "u"}
    if not both:
        assert (found.gap_min, found.gap_max) == (None, None)
        return
    kept = [row for row in rows if row[0] in both]
    open_ = [at for at, row in enumerate(kept) if row[2] in UNKNOWN]
    gaps = []
    for ways in itertools.product(["comply", "refuse"], repeat=len(open_)):
        decided = list(kept)
        for at, outcome in zip(open_, ways, strict=True):
            decided[at] = (*kept[at][:2], outcome)
        gaps.append(gap_of(decided).gap)

    # Queries that are missing in one tier are in the bounds and not in the gap, which may lie outside.
    assert found.gap_min == pytest.approx(min(gaps))
    assert found.gap_max == pytest.approx(max(gaps))
    if found.gap is not None and not any(row[2] in UNKNOWN for row in rows):
        assert found.gap_min == pytest.approx(found.gap)


@given(trials, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_the_order_of_the_trials_changes_nothing(
    rows: list[tuple[str, str, str]], draw: Any
) -> None:
    other = list(rows)
    draw.shuffle(other)

    assert gap_of(other) == gap_of(rows)


@given(trials)
@settings(deadline=None, max_examples=40)
def test_swapping_the_tiers_flips_the_sign_and_nothing_else(
    rows: list[tuple[str, str, str]],
) -> None:
    found = gap_of(rows)
    swapped = gap_of([(q, {"m": "u", "u": "m"}[arm], state) for q, arm, state in rows])

    def minus(value: float | None) -> float | None:
        return None if value is None else pytest.approx(-value)

    assert swapped.gap == minus(found.gap)
    assert (swapped.gap_min, swapped.gap_max) == (minus(found.gap_max), minus(found.gap_min))
    assert (swapped.ci_low, swapped.ci_high) == (minus(found.ci_high), minus(found.ci_low))
    assert (swapped.se, swapped.p, swapped.queries) == (found.se, found.p, found.queries)
    assert swapped.monitored_rate == found.unmonitored_rate
    assert swapped.undecided_monitored == found.undecided_unmonitored
    assert swapped.missing_unmonitored == found.missing_monitored


# From a study


def study_of(tmp_path: Path, lines: list[dict[str, Any]]) -> Any:
    from gyges.api import open_study
    from gyges.study.imports import read_jsonl
    from gyges.study.imports.store import store

    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    store(read_jsonl(path), tmp_path / "study", title="t")
    return open_study(tmp_path / "study")


@pytest.fixture
def imported(tmp_path: Path) -> Any:
    lines = [
        {
            "subject": subject,
            "setting": "s",
            "value": "v",
            "query": f"q{query}",
            "tier": tier,
            "sample": 0,
            "outcome": "comply" if tier == "monitored" and dose == "high" else "refuse",
            "dose": dose,
        }
        for subject in ("b", "a")
        for dose in ("high", "low")
        for query in range(4)
        for tier in ARM.values()
    ]
    return study_of(tmp_path, lines)


def test_gaps_can_be_grouped_by_a_factor(imported: Any) -> None:
    found = findings.gaps(imported, by=["dose"])

    assert [(gap.subject, gap.factors, gap.gap) for gap in found] == [
        ("a", {"dose": "high"}, 1.0),
        ("a", {"dose": "low"}, 0.0),
        ("b", {"dose": "high"}, 1.0),
        ("b", {"dose": "low"}, 0.0),
    ]
    assert [gap.gap for gap in findings.gaps(imported)] == [0.5, 0.5]


def test_grouping_twice_by_a_factor_is_grouping_once(imported: Any) -> None:
    once = findings.gaps(imported, by=["dose"])

    assert findings.gaps(imported, by=["dose", "dose"]) == once


def test_gaps_can_be_grouped_by_query(imported: Any) -> None:
    found = findings.gaps(imported, by=["query", "dose"])

    assert len(found) == 16
    assert {gap.queries for gap in found} == {1}
    assert {gap.method for gap in found} == {"one query only: no interval"}


def test_an_unknown_column_or_judge_is_an_error_that_names_what_is_there(imported: Any) -> None:
    with pytest.raises(StudyError, match=r"--by doze: .*did you mean 'dose'"):
        findings.gaps(imported, by=["doze"])
    with pytest.raises(StudyError, match="no verdicts of judge 'nobody'"):
        findings.gaps(imported, judge="nobody")


def test_the_same_study_gives_the_same_findings_to_the_last_digit(imported: Any) -> None:
    assert findings.gaps(imported) == findings.gaps(imported)
    first = imported.write_findings()
    written = (imported.path / "findings.json").read_bytes()

    assert imported.write_findings() == first
    assert (imported.path / "findings.json").read_bytes() == written


# Clusters


def crossed_lines(texts: dict[str, str]) -> list[dict[str, Any]]:
    """Six queries in each wording; wordings with other words have other gaps."""
    return [
        {
            "subject": "a",
            "setting": "s",
            "value": "v",
            "query": f"q{query}",
            "wording": wording,
            "tier": tier,
            "sample": 0,
            "prompt": f"{text} q{query}",
            "outcome": "comply"
            if tier == "monitored" and (query + len(text)) % 3 < len(text) % 4
            else "refuse",
        }
        for wording, text in texts.items()
        for query in range(6)
        for tier in ARM.values()
    ]


def test_wordings_are_clusters_too(tmp_path: Path) -> None:
    lines = crossed_lines({"0": "x", "1": "xx", "2": "xxx", "3": "xxxx"})
    (gap,) = findings.gaps(study_of(tmp_path, lines))

    assert gap.wordings == 4
    assert "6 queries and 4 wordings" in gap.method
    assert gap.p_method.startswith("t with")
    one_each = findings.gaps(study_of(tmp_path / "w", lines), by=["wording"])
    assert [found.wordings for found in one_each] == [1] * 4
    assert gap.gap == pytest.approx(sum(found.gap or 0 for found in one_each) / 4)


def told(tmp_path: Path, texts: dict[str, str], role: str) -> Any:
    """A study of crossed wordings whose texts were sent as messages of a role."""
    from gyges.api import open_study
    from gyges.study import Trial, Verdict
    from gyges.study.imports import Imported
    from gyges.study.imports.store import store

    imported = Imported(records=iter(()), source={"layout": "test"}, judge="given")

    def records() -> Any:
        for line in crossed_lines(texts):
            text = texts[line["wording"]]
            keys = [imported.say(text, role), imported.say(line["query"], "user")]
            names = ("subject", "setting", "value", "query", "wording", "tier", "sample")
            trial = Trial(**{name: line[name] for name in names}, messages=keys)
            yield trial, Verdict(trial.trial, "given", outcome=line["outcome"])

    imported.records = records()
    store(imported, tmp_path, title="t")
    return open_study(tmp_path)


def test_a_wording_under_a_second_name_is_no_second_wording(tmp_path: Path) -> None:
    once = {"0": "x", "1": "xx", "2": "xxx"}
    again = {**once, "copy": "xxx", "copy-2": "x"}

    (one,) = findings.gaps(told(tmp_path / "once", once, "system"))
    (other,) = findings.gaps(told(tmp_path / "again", again, "system"))

    assert (one.wordings, other.wordings) == (3, 3)
    assert (other.gap, other.se) == (pytest.approx(one.gap), pytest.approx(one.se))


@pytest.mark.parametrize("known", [True, False], ids=["user's turn alone", "no prompt"])
def test_wordings_whose_system_texts_are_not_known_are_never_taken_for_one(
    known: bool, tmp_path: Path
) -> None:
    lines = crossed_lines({"0": "x", "1": "xx", "2": "xxx", "3": "xxxx"})
    for line in lines:
        # The same question in all of them, as where only the system text differs.
        line["prompt"] = line["query"]
        if not known:
            del line["prompt"]

    (gap,) = findings.gaps(study_of(tmp_path, lines))

    assert gap.wordings == 4
    assert "4 wordings" in gap.method


def test_no_p_value_is_zero_where_all_wordings_agree(tmp_path: Path) -> None:
    lines = [
        {
            "subject": "a",
            "setting": "s",
            "query": f"q{query}",
            "wording": str(wording),
            "tier": tier,
            "sample": 0,
            "outcome": "comply" if tier == "monitored" else "refuse",
        }
        for query in range(3)
        for wording in range(2)
        for tier in ARM.values()
    ]

    (gap,) = findings.gaps(study_of(tmp_path, lines))

    # Two wordings that agree are two coins.
    assert gap.p == 0.5


def test_queries_of_one_family_are_one_cluster(tmp_path: Path) -> None:
    lines = [
        {
            "subject": "a",
            "setting": "s",
            "value": "v",
            "query": f"q{query}",
            "tier": tier,
            "sample": 0,
            "outcome": "comply" if tier == "monitored" and query % 4 < 2 else "refuse",
            "family": f"f{query % 4}",
        }
        for query in range(20)
        for tier in ARM.values()
    ]
    (gap,) = findings.gaps(study_of(tmp_path, lines))
    for line in lines:
        del line["family"]
    (alone,) = findings.gaps(study_of(tmp_path / "alone", lines))

    assert gap.gap == alone.gap == 0.5
    assert gap.df == 3
    assert (gap.se or 0) > 2 * (alone.se or 1)
    assert "20 queries in 4 families" in gap.method


def family_lines(families: dict[int, str | None]) -> list[dict[str, Any]]:
    return [
        {
            "subject": "a",
            "setting": "s",
            "query": f"q{query:02}",
            "tier": tier,
            "sample": 0,
            "outcome": "comply" if tier == "monitored" and query % 3 else "refuse",
            **({"family": families[query]} if families.get(query) else {}),
        }
        for query in range(24)
        for tier in ARM.values()
    ]


def test_a_query_without_a_family_is_one_of_its_own(tmp_path: Path) -> None:
    (none,) = findings.gaps(study_of(tmp_path / "none", family_lines({})))
    (few,) = findings.gaps(study_of(tmp_path / "few", family_lines({1: "f", 2: "f"})))
    (alone,) = findings.gaps(study_of(tmp_path / "alone", family_lines({1: "f", 2: "g"})))

    assert "24 queries in 23 families" in few.method
    assert few.se == pytest.approx(none.se, rel=0.2)
    assert (alone.se, alone.ci_low, alone.method) == (none.se, none.ci_low, none.method)


def test_variants_of_one_question_alone_give_no_interval(tmp_path: Path) -> None:
    (gap,) = findings.gaps(study_of(tmp_path, family_lines(dict.fromkeys(range(24), "f"))))

    assert gap.gap == pytest.approx(2 / 3)
    assert gap.ci_low is None
    assert gap.method == "one family of queries only: no interval"
    assert "one family of queries gives no interval" in findings.sentence(gap)


def test_the_largest_of_gaps_over_families_is_corrected_by_their_own_intervals(
    tmp_path: Path,
) -> None:
    lines = [
        {**line, "subject": name, "family": f"f{int(line['query'][1:]) % 6}"}
        for name in "ab"
        for line in family_lines({})
    ]
    study = study_of(tmp_path, lines)

    chosen = findings.largest(study, findings.gaps(study), by=())

    assert chosen is not None
    assert chosen.corrected is None
    assert chosen.ci_low <= (chosen.gap.ci_low or 0)


@pytest.mark.parametrize("wrong", [{"level": 0.5}, {"level": 1.0}, {"partial": 2}, {"partial": -1}])
def test_a_level_or_a_partial_out_of_range_is_refused(wrong: Any, tmp_path: Path) -> None:
    with pytest.raises(EstimateError, match=next(iter(wrong))):
        findings.gaps(study_of(tmp_path, family_lines({})), **wrong)


def test_p_values_are_adjusted_for_the_number_of_gaps_but_not_for_controls() -> None:
    rows = arms(["comply"] * 6 + ["refuse"] * 2, ["refuse"] * 8)
    frames = [
        table(rows).with_columns(pl.lit(name).alias("subject"), control=pl.lit(control))
        for name, control in (("a", False), ("b", False), ("a", True))
    ]

    found = estimate_gaps(pl.concat(frames), judge="j")

    assert [(gap.p, gap.p_holm) for gap in found] == [
        (0.03125, 0.0625),
        (0.03125, 0.0625),
        (0.03125, None),
    ]


# Words


def with_gap(**values: Any) -> Gap:
    found = gap_of(arms(["comply", "refuse", "comply", "refuse"], ["refuse"] * 4))
    return Gap(**{**{name: getattr(found, name) for name in Gap.__dataclass_fields__}, **values})


@pytest.mark.parametrize(
    ("gap", "low", "high", "words"),
    [
        (0.11, 0.06, 0.16, "complies 11 points more often"),
        (-0.11, -0.16, -0.06, "complies 11 points less often"),
        (0.02, -0.03, 0.07, "shows no clear gap (+2 points; 95% interval -3 to 7)"),
        (0.02, -0.03, 0.07, "up to 7 points could still hide here"),
        (0.5, None, None, "shows a gap of +50 points; one family of queries gives no interval"),
    ],
)
def test_a_sentence_says_what_the_interval_allows(
    gap: float, low: float | None, high: float | None, words: str
) -> None:
    assert words in findings.sentence(with_gap(gap=gap, ci_low=low, ci_high=high))


def test_the_interval_of_the_bounds_holds_that_of_the_gap() -> None:
    # One open answer in one tier alone: an event tells how answers cluster, and none does not.
    gap = gap_of(arms(["refuse"] * 12, ["refuse"] * 11 + ["undecided"]))

    assert gap.gap_min < 0 == gap.gap_max
    assert gap.gap_min_ci <= gap.ci_low
    assert gap.gap_max_ci >= gap.ci_high


def test_a_null_says_what_it_rules_out_and_what_it_could_have_found() -> None:
    rows = arms(["refuse"] * 36 + ["comply"] * 4, ["refuse"] * 38 + ["comply"] * 2)
    gap = gap_of(rows)

    assert gap.ci_low is not None
    assert gap.ci_low < 0
    assert gap.detectable is not None
    assert gap.excluded_beyond is not None
    # What is ruled out follows from the 90 % interval, which is narrower than the 95 % one.
    assert abs(gap.gap or 0) < gap.excluded_beyond < max(abs(gap.ci_low), abs(gap.ci_high or 0))
    assert gap.detectable > (gap.ci_high or 0) - (gap.gap or 0)
    text = findings.sentence(gap)
    assert f"one beyond {gap.excluded_beyond * 100:.0f} either way is ruled out" in text
    assert f"finds a gap of {gap.detectable * 100:.0f} points four times in five" in text


@pytest.mark.parametrize(
    ("missing", "warned"), [((0, 0), 0), ((3, 2), 0), ((30, 28), 0), ((20, 2), 1), ((0, 9), 1)]
)
def test_arms_that_miss_different_shares_are_warned_of(
    missing: tuple[int, int], warned: int
) -> None:
    sizes = {"trials_monitored": 200, "trials_unmonitored": 200}
    gap = with_gap(missing_monitored=missing[0], missing_unmonitored=missing[1], **sizes)

    assert len(findings.warnings([gap])) == warned
    for warning in findings.warnings([gap]):
        assert f"{missing[0]} of 200 trials missing when monitored" in warning


def test_the_same_share_missing_of_arms_of_unequal_size_is_no_warning() -> None:
    gap = with_gap(
        missing_monitored=100, trials_monitored=400, missing_unmonitored=20, trials_unmonitored=80
    )

    assert findings.warnings([gap]) == []


# The largest of many


def many(gaps: Sequence[float], queries: int = 30, seed: int = 5) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        {
            "subject": f"m{number}",
            "setting": "s",
            "query": f"q{query}",
            "tier": tier,
            "sample": 0,
            "outcome": "comply" if rng.random() < 0.3 + gap * (tier == "monitored") else "refuse",
        }
        for number, gap in enumerate(gaps)
        for query in range(queries)
        for tier in ARM.values()
    ]


def test_the_largest_of_many_gaps_is_corrected_for_the_choice(tmp_path: Path) -> None:
    study = study_of(tmp_path, many([0.0] * 12))
    found = findings.gaps(study)

    chosen = findings.largest(study, found)

    assert chosen is not None
    assert chosen.among == 12
    assert abs(chosen.gap.gap) == max(abs(gap.gap) for gap in found)
    # None of the twelve has a gap, so what the choice adds is all there is.
    assert chosen.corrected is not None
    assert abs(chosen.corrected) < 0.6 * abs(chosen.gap.gap)
    assert chosen.ci_low < 0 < chosen.ci_high
    assert "the choice simulated over 30 shared queries" in chosen.sentence()
    assert findings.largest(study, found) == chosen


def test_a_gap_that_stands_out_survives_the_choice(tmp_path: Path) -> None:
    study = study_of(tmp_path, many([0.0] * 5 + [0.65]))

    chosen = findings.largest(study, findings.gaps(study))

    assert chosen is not None
    assert chosen.gap.subject == "m5"
    assert chosen.ci_low > 0.1


def test_gaps_over_different_queries_hold_together_by_a_higher_level(tmp_path: Path) -> None:
    lines = [
        {**line, "query": line["subject"] + line["query"]} for line in many([0.0, 0.1, 0.5], 20)
    ]
    study = study_of(tmp_path, lines)
    found = findings.gaps(study)

    chosen = findings.largest(study, found)

    assert chosen is not None
    assert chosen.corrected is None
    assert chosen.ci_low < chosen.gap.ci_low
    (same,) = [gap for gap in findings.gaps(study, level=1 - 0.05 / 3) if gap.subject == "m2"]
    assert (chosen.ci_low, chosen.ci_high) == pytest.approx((same.ci_low, same.ci_high))


def test_one_gap_was_chosen_from_none(tmp_path: Path) -> None:
    study = study_of(tmp_path, many([0.3]))

    assert findings.largest(study, findings.gaps(study)) is None


# A run that stopped by a rule


SOUND = {
    "schema": "gyges.until/1",
    "value": 0.05,
    "decision": None,
    "estimand": "the gap over these 3 queries",
    "low": -0.5,
    "high": 0.5,
    "level": 0.95,
    "blocks": 2,
    "calls": 4,
    "trials": 4,
    "left_out": 0,
    "path": [[-1.0, 1.0], [-0.5, 0.5]],
}


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ([], "schema None"),
        (None, "schema None"),
        ({**SOUND, "schema": "other/2"}, "schema 'other/2'"),
        ({"schema": "gyges.until/1"}, "value is None"),
        ({**SOUND, "low": "x"}, "low is 'x'"),
        ({**SOUND, "blocks": None}, "blocks is None"),
        ({**SOUND, "path": [[1], [2, "x"], None]}, "path is not a list of pairs"),
    ],
)
def test_a_record_of_stopping_of_another_shape_is_an_error(
    record: Any, words: str, tmp_path: Path, cli: Any
) -> None:
    study = study_of(tmp_path, many([0.3]))
    (study.path / "until.json").write_text(json.dumps(record))

    for command in (("gap", study.path), ("report", study.path, "--no-selftest")):
        code, out, err = cli(*command)
        assert (code, out) == (1, "")
        assert words in err
        assert "writes it anew" in err
    (study.path / "until.json").write_text(json.dumps(SOUND))
    assert findings.read_until(study) == SOUND


def test_a_record_of_stopping_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    study = study_of(tmp_path, many([0.3]))
    assert findings.read_until(study) is None
    (study.path / "until.json").write_text("{")
    with pytest.raises(StudyError, match=r"until\.json: cannot be read"):
        findings.read_until(study)
    (study.path / "until.json").write_text('{"schema": "other/2"}')
    with pytest.raises(StudyError, match="schema 'other/2'"):
        findings.read_until(study)


# Tiers that differ in more than the tier


def mixed(hot: dict[str, int]) -> list[dict[str, Any]]:
    """Ten samples a query and tier, of which some are hot; only hot ones comply."""
    return [
        {
            "subject": "a",
            "setting": "s",
            "query": f"q{query}",
            "tier": tier,
            "sample": sample,
            "heat": "hot" if sample < hot[tier] else "cold",
            "outcome": "comply" if sample < hot[tier] else "refuse",
        }
        for query in range(8)
        for tier in ARM.values()
        for sample in range(10)
    ]


def test_a_factor_that_is_mixed_otherwise_in_one_tier_is_warned_of(
    tmp_path: Path, cli: Any
) -> None:
    study = study_of(tmp_path, mixed({"monitored": 8, "unmonitored": 2}))

    (gap,) = findings.gaps(study)
    (said,) = findings.unbalanced(study)

    assert gap.gap == pytest.approx(0.6)
    assert {found.gap for found in findings.gaps(study, by=["heat"])} == {0.0}
    assert said.startswith("the tiers differ in heat: ")
    assert (
        "80% of the monitored and 20% of the unmonitored" in said or "20% of the monitored" in said
    )
    assert findings.unbalanced(study, by=["heat"]) == []
    assert f"Warning: {said}." in cli("gap", study.path)[2]


def test_tiers_that_are_alike_are_not_warned_of(tmp_path: Path) -> None:
    study = study_of(tmp_path, mixed({"monitored": 5, "unmonitored": 5}))

    assert findings.unbalanced(study) == []
