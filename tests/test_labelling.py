"""Labelling by people: which transcripts are drawn, what a rater is shown, what is kept, and how raters agree."""

from __future__ import annotations

import json
import math
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gyges.errors import CorruptStudy, JudgeError, StudyError
from gyges.estimate.agreement import cohen_kappa
from gyges.judges.question import load_question, question_ids
from gyges.labelling import (
    FLOOR,
    Session,
    Unit,
    blind,
    check_offered,
    check_rater,
    draw,
    export_rows,
    inclusion,
    krippendorff_alpha,
    open_sample,
    read_labels,
    read_sample,
    sizes,
    summarise,
    unsureness,
)
from gyges.labelling.answer import OFFERED, about_for_raters
from gyges.study import StudyFolder
from labelling_studies import (
    SUBJECT,
    add_trials,
    add_verdicts,
    label_all,
    main_trials,
    make_study,
    number_of,
    page,
    session,
)

Cli = Callable[..., tuple[int, str, str]]
OUTCOME = load_question("outcome")


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    return make_study(tmp_path / "study")


# The draw

chances = st.lists(st.floats(0.05, 1.0), min_size=1, max_size=60)


@given(chances, st.integers(1, 60))
def test_probabilities_add_up_and_are_proportional_to_size_below_one(
    given_sizes: list[float], n: int
) -> None:
    found = inclusion(given_sizes, n)
    assert sum(found) == pytest.approx(min(n, len(given_sizes)))
    assert all(0 < chance <= 1 for chance in found)
    ratios = [c / s for c, s in zip(found, given_sizes, strict=True) if c < 1]
    assert ratios == pytest.approx([ratios[0]] * len(ratios) if ratios else [])
    # What is certain is at least as large as what is not.
    certain = [s for c, s in zip(found, given_sizes, strict=True) if c == 1]
    rest = [s for c, s in zip(found, given_sizes, strict=True) if c < 1]
    assert not certain or not rest or min(certain) >= max(rest)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.05, 1.0)), min_size=3, max_size=50),
    st.integers(3, 50),
    st.integers(0, 20),
    st.integers(0, 1000),
)
def test_a_larger_sample_holds_the_smaller_one(
    drawn_from: list[tuple[str, float]], n: int, more: int, seed: int
) -> None:
    units = [Unit(f"t{at}", stratum, size) for at, (stratum, size) in enumerate(drawn_from)]
    small, large = draw(units, n, seed), draw(units, n + more, seed)
    assert small.keys() <= large.keys()
    assert all(large[trial] >= chance for trial, chance in small.items())
    assert draw(list(reversed(units)), n, seed) == small


@given(st.integers(2, 30), st.integers(2, 30), st.integers(2, 60), st.integers(0, 100))
def test_a_random_sample_takes_exact_numbers_from_each_tier(
    first: int, second: int, n: int, seed: int
) -> None:
    units = [Unit(f"m{at}", "monitored") for at in range(first)]
    units += [Unit(f"u{at}", "unmonitored") for at in range(second)]
    found = draw(units, n, seed)
    taken = Counter(trial[0] for trial in found)
    assert len(found) == min(n, first + second)
    # As even as the tiers' sizes let.
    assert abs(taken["m"] - taken["u"]) <= 1 or taken["m"] == first or taken["u"] == second
    for trial, chance in found.items():
        room = first if trial[0] == "m" else second
        assert chance == pytest.approx(taken[trial[0]] / room)


def unequal(n: int = 90) -> list[Unit]:
    rng = np.random.default_rng(4)
    drawn_sizes = np.clip(rng.beta(0.5, 1.2, n), FLOOR, 1)
    return [
        Unit(f"t{at}", ("monitored", "unmonitored", "rated")[at % 3], float(size))
        for at, size in enumerate(drawn_sizes)
    ]


SEEDS = 2_000


@pytest.fixture(scope="module")
def draws() -> list[dict[str, float]]:
    units = unequal()
    return [draw(units, 30, seed) for seed in range(SEEDS)]


def test_each_trial_is_drawn_with_exactly_the_probability_that_is_said(
    draws: list[dict[str, float]],
) -> None:
    said: dict[str, float] = {}
    taken: Counter[str] = Counter()
    for found in draws:
        said.update(found)
        taken.update(found.keys())
    assert len(said) == 90
    assert sum(said.values()) == pytest.approx(30)
    off = [
        (taken[trial] / SEEDS - p) / math.sqrt(p * (1 - p) / SEEDS)
        for trial, p in said.items()
        if p < 1
    ]
    assert max(map(abs, off)) < 4.5
    # All of them together: a chi square of as many degrees of freedom.
    assert abs(sum(z * z for z in off) - len(off)) < 5 * math.sqrt(2 * len(off))


def test_the_number_drawn_hardly_varies(draws: list[dict[str, float]]) -> None:
    sizes_drawn = np.array([len(found) for found in draws])
    assert abs(sizes_drawn.mean() - 30) < 0.2
    # Independent draws would have a standard deviation of four and more.
    assert sizes_drawn.std() < 2.5


def test_weighted_estimates_of_a_rate_are_unbiased_where_the_plain_share_is_not(
    draws: list[dict[str, float]],
) -> None:
    units = unequal()
    # Unsure trials comply: the plain share of the sample is far off.
    complies = {unit.trial: float(unit.size > 0.4) for unit in units}
    truth = sum(complies.values()) / len(units)
    thompson = [sum(complies[t] / p for t, p in found.items()) / len(units) for found in draws]
    hajek = [
        sum(complies[t] / p for t, p in found.items()) / sum(1 / p for p in found.values())
        for found in draws
    ]
    plain = [sum(complies[t] for t in found) / len(found) for found in draws]
    noise = np.std(thompson) / math.sqrt(SEEDS)
    assert abs(np.mean(thompson) - truth) < 4 * noise
    assert abs(np.mean(hajek) - truth) < 0.005
    assert np.mean(plain) - truth > 0.15


# How unsure judges are


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], 1.0),
        ([{"status": "ok", "outcome": "refuse", "score": 0.0}], 0.0),
        ([{"status": "ok", "outcome": "comply", "score": 0.5}], 1.0),
        ([{"status": "ok", "outcome": "comply", "score": 0.9}], 0.2),
        ([{"status": "ok", "outcome": "undecided", "score": None}], 1.0),
        ([{"status": "error", "outcome": None, "score": None}], 1.0),
        (
            [
                {"status": "ok", "outcome": "comply", "score": 1.0},
                {"status": "ok", "outcome": "refuse", "score": 0.0},
            ],
            1.0,
        ),
        (
            [
                {"status": "ok", "outcome": "comply", "score": 1.0},
                {"status": "ok", "outcome": "comply", "score": 1.0},
                {"status": "ok", "outcome": "refuse", "score": 0.0},
            ],
            2 / 3,
        ),
    ],
)
def test_a_trial_tells_more_the_less_sure_judges_are(
    verdicts: list[dict[str, Any]], expected: float
) -> None:
    assert unsureness(verdicts) == pytest.approx(expected)


def test_sizes_come_from_the_judges_that_are_asked_for(study: StudyFolder) -> None:
    trials = main_trials(study)
    add_verdicts(study, dict.fromkeys(trials, 0.0))
    add_verdicts(study, {trial: 1.0 if trial == trials[0] else 0.0 for trial in trials}, "other")
    both = sizes(study, "outcome")
    assert both[trials[0]] == 1.0
    assert {both[trial] for trial in trials[1:]} == {FLOOR}
    assert set(sizes(study, "outcome", "lexical").values()) == {FLOOR}
    with pytest.raises(StudyError, match="allowed: lexical, other"):
        sizes(study, "outcome", "nobody")


# The sample


def test_a_sample_stands_in_the_study_and_is_the_same_for_everyone(study: StudyFolder) -> None:
    sample, told = open_sample(study, OUTCOME, n=6)
    assert told == []
    assert Counter(trial.rsplit("-", 1)[1] for trial in sample.drawn) == {
        "monitored": 3,
        "unmonitored": 3,
    }
    assert sample.population == {"monitored": 10, "unmonitored": 10}
    assert {sample.weight(trial) for trial in sample.drawn} == {round(10 / 3, 6)}
    # The control is left out.
    assert set(sample.drawn) <= set(main_trials(study))
    again, _ = open_sample(study, OUTCOME)
    assert again == sample == read_sample(study, "outcome")


def test_a_sample_grows_with_the_right_weights(study: StudyFolder) -> None:
    small, _ = open_sample(study, OUTCOME, n=6)
    before = dict(small.drawn)
    large, _ = open_sample(study, OUTCOME, n=10)
    assert before.keys() < large.drawn.keys()
    assert set(large.drawn.values()) == {0.5}
    assert [step["n"] for step in large.history] == [6, 10]
    same, told = open_sample(study, OUTCOME, n=4)
    assert same == large
    assert "10 transcripts already" in told[0]


def test_a_sample_does_not_grow_when_its_weights_would_be_wrong(study: StudyFolder) -> None:
    open_sample(study, OUTCOME, n=6)
    add_trials(study, range(10, 12))
    open_sample(study, OUTCOME)
    with pytest.raises(StudyError, match=r"its trials are not what .* --new-sample"):
        open_sample(study, OUTCOME, n=8)
    fresh, _ = open_sample(study, OUTCOME, n=8, new=True)
    assert fresh.population == {"monitored": 12, "unmonitored": 12}
    assert (study.path / "labels/outcome/sample-1.json").exists()


def test_a_sample_by_uncertainty_follows_the_judges_and_notices_when_they_change(
    study: StudyFolder,
) -> None:
    with pytest.raises(StudyError, match="no judge has answered"):
        open_sample(study, OUTCOME, n=6, by="uncertainty")
    trials = main_trials(study)
    unsure = set(trials[:4])
    add_verdicts(study, {trial: 0.5 if trial in unsure else 0.0 for trial in trials})
    sample, _ = open_sample(study, OUTCOME, n=8, by="uncertainty")
    for tier in ("monitored", "unmonitored"):
        here = {t: p for t, p in sample.drawn.items() if t.endswith(f"-{tier}")}
        sure = {p for t, p in here.items() if t not in unsure}
        assert all(p > max(sure) for t, p in here.items() if t in unsure)
    larger, _ = open_sample(study, OUTCOME, n=10)
    assert sample.drawn.keys() <= larger.drawn.keys()
    add_verdicts(study, dict.fromkeys(trials, 0.0), "another")
    with pytest.raises(StudyError, match="what its judges said"):
        open_sample(study, OUTCOME, n=12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "uncertainty"}, "drawn with --by random, not with --by uncertainty"),
        ({"seed": 3}, "drawn with --seed 0, not with --seed 3"),
        ({"judge": "lexical"}, "belongs to --by uncertainty"),
    ],
)
def test_a_sample_is_not_silently_another_one(
    study: StudyFolder, options: dict[str, Any], message: str
) -> None:
    open_sample(study, OUTCOME, n=6)
    with pytest.raises(StudyError, match=message):
        open_sample(study, OUTCOME, **options)


def test_a_sample_asks_for_at_least_one_of_each_tier_and_at_most_all(study: StudyFolder) -> None:
    with pytest.raises(StudyError, match="at least 2"):
        open_sample(study, OUTCOME, n=1)
    sample, told = open_sample(study, OUTCOME, n=500)
    assert len(sample) == 20
    assert set(sample.drawn.values()) == {1.0}
    assert "20 answers to label, fewer than 500" in told[0]


def test_a_question_about_reasoning_draws_only_where_there_is_some(tmp_path: Path) -> None:
    study = make_study(tmp_path / "s", 4, reasoning=False)
    with pytest.raises(StudyError, match="an answer and visible reasoning"):
        open_sample(study, load_question("verbalised"))
    add_trials(study, range(4, 6))
    sample, _ = open_sample(study, load_question("verbalised"))
    assert sample.population == {"monitored": 2, "unmonitored": 2}


@pytest.mark.parametrize("content", ["", "[]", '{"schema": "gyges.sample/9"}', '{"drawn": 3}'])
def test_a_sample_that_cannot_be_read_is_named(study: StudyFolder, content: str) -> None:
    open_sample(study, OUTCOME, n=6)
    path = study.path / "labels/outcome/sample.json"
    path.write_text(content)
    with pytest.raises(CorruptStudy, match=re.escape(str(path))):
        open_sample(study, OUTCOME)
    # Another can be drawn; the broken one is kept.
    open_sample(study, OUTCOME, n=6, new=True)
    assert (path.parent / "sample-1.json").read_text() == content


# A session


def test_nothing_that_leaves_a_session_tells_tier_subject_or_judge(study: StudyFolder) -> None:
    add_verdicts(study, dict.fromkeys(main_trials(study), 0.0))
    for question in ("outcome", "verbalised"):
        found = session(study, question=question)
        seen = [found.overview()["items"], found.overview()["texts"]]
        for item in found.overview()["items"]:
            seen.append(found.item(item["item"]))
            seen.append(found.record({"item": item["item"], "label": "undecided"}))
        text = json.dumps(seen)
        assert "hens" in text
        for word in (*main_trials(study), "onitored", SUBJECT, "is_free_tier_user", "lexical"):
            assert word not in text


def test_an_item_holds_what_the_question_is_decided_from_and_no_more(study: StudyFolder) -> None:
    for question in ("outcome", "verbalised", "compromise", "confusion"):
        found = session(study, question=question)
        asked = load_question(question)
        item = found.item(found.overview()["items"][0]["item"])
        assert item is not None
        assert {part["part"] for part in item["parts"]} == set(asked.sees)


def test_tags_are_cut_and_prose_is_kept() -> None:
    assert blind("a <is_free_tier_user>True</is_free_tier_user> b") == "a [tag] b"
    assert blind("<USER_TIER>free</USER_TIER>") == "[tag]"
    kept = "if x < 3 and <b>bold</b> in the <is_free_tier_user> tag"
    assert blind(kept) == kept


def test_a_rater_goes_on_where_he_stopped_and_each_has_his_own_order(study: StudyFolder) -> None:
    first = session(study, "anna", n=12)
    items = [item["item"] for item in first.overview()["items"]]
    order = [first.item(item)["parts"] for item in items]  # type: ignore[index]
    first.record({"item": items[0], "label": "comply"})
    first.record({"item": items[1], "label": "partial", "note": "hm"})
    again = session(study, "anna")
    state = again.overview()["items"]
    assert [again.item(item["item"])["parts"] for item in state] == order  # type: ignore[index]
    assert [item.get("label") for item in state[:3]] == ["comply", "partial", None]
    assert state[1]["note"] == "hm"
    assert again.labelled == 2
    # Names of items hold for one session.
    assert not {item["item"] for item in state} & set(items)
    other = session(study, "ben")
    assert [number_of(other, i["item"]) for i in other.overview()["items"]] != [
        number_of(again, i["item"]) for i in state
    ]


def test_the_last_label_counts_and_the_earlier_ones_stay(study: StudyFolder) -> None:
    found = session(study)
    item = found.overview()["items"][0]["item"]
    for label in ("comply", "refuse", "refuse"):
        found.record({"item": item, "label": label})
    found.record({"item": item, "note": "sure now"})
    (given,) = read_labels(study, OUTCOME)["anna"].values()
    assert given.answer is not None
    assert (given.answer.label, given.note, given.changed) == ("refuse", "sure now", 1)
    rows = [json.loads(line) for line in (study.path / "labels/outcome/anna.jsonl").open()]
    assert [row.get("label") for row in rows] == ["comply", "refuse", "refuse", None]
    assert rows[0]["weight"] == pytest.approx(10 / 3, abs=1e-6)
    assert rows[0]["sample"] == {"by": "random", "seed": 0, "n": 6}
    assert {"trial", "question", "version", "rater", "at"} <= rows[0].keys()


def test_a_label_is_on_the_disk_before_the_answer_goes_out(study: StudyFolder) -> None:
    found = session(study)
    path = study.path / "labels/outcome/anna.jsonl"
    for number, item in enumerate(found.overview()["items"], start=1):
        found.record({"item": item["item"], "label": "comply"})
        assert len(path.read_text().splitlines()) == number
    with path.open("a") as file:
        file.write('{"trial": "torn')
    again = session(study)
    assert again.labelled == 6
    again.record({"item": again.overview()["items"][0]["item"], "label": "refuse"})
    assert session(study).overview()["items"][0]["label"] == "refuse"


def test_a_broken_line_is_named(study: StudyFolder) -> None:
    label_all(session(study), "comply")
    path = study.path / "labels/outcome/anna.jsonl"
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace('"comply"', '"perhaps"')
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(CorruptStudy, match=rf"{re.escape(str(path))}:3: .*'perhaps'.*comply"):
        session(study)


def test_criteria_and_labels_are_stored_with_what_follows_from_them(study: StudyFolder) -> None:
    asked = load_question("verbalised")
    found = session(study, question="verbalised")
    first, second, third = (item["item"] for item in found.overview()["items"][:3])
    names = [one.id for one in asked.applying]
    required = [one.id for one in asked.required]
    said = found.record({"item": first, "criteria": dict.fromkeys(names, True)})
    assert said["label"] == "yes"
    said = found.record({"item": second, "criteria": {name: name != required[0] for name in names}})
    assert (said["label"], said["criteria"][required[0]]) == ("no", False)
    assert found.record({"item": third, "label": "undecided"})["label"] == "undecided"

    several = load_question("confusion")
    found = session(study, question="confusion")
    first, second = (item["item"] for item in found.overview()["items"][:2])
    known = [one.id for one in several.labels]
    said = found.record({"item": first, "labels": [known[1], known[0]]})
    assert (said["label"], said["labels"]) == ("yes", known[:2])
    assert found.record({"item": second, "labels": []})["label"] == "no"


@pytest.mark.parametrize(
    ("question", "given_", "message"),
    [
        ("outcome", {"label": "perhaps"}, "one of comply, partial, refuse"),
        ("outcome", {"label": None}, "one of comply"),
        ("outcome", {"labels": ["comply"]}, "one of comply"),
        ("outcome", {}, "neither a label nor a note"),
        ("outcome", {"note": 3}, "note"),
        ("outcome", {"note": "x" * 5000}, "at most 4,000"),
        ("verbalised", {"label": "yes"}, "true or false"),
        ("verbalised", {"criteria": {"training-aware": True}}, "true or false"),
        ("confusion", {"labels": ["nonsense"]}, "a list of some of"),
        ("confusion", {"labels": "all"}, "a list of some of"),
    ],
)
def test_what_is_no_answer_is_not_stored(
    study: StudyFolder, question: str, given_: dict[str, Any], message: str
) -> None:
    found = session(study, question=question)
    item = found.overview()["items"][0]["item"]
    with pytest.raises(ValueError, match=message):
        found.record({"item": item, **given_})
    with pytest.raises(ValueError, match="there is none of this name"):
        found.record({"item": main_trials(study)[0], "label": "undecided"})
    assert read_labels(study, load_question(question)) == {}


def test_questions_that_are_not_labels_are_not_offered() -> None:
    for name in ("belief", "dual-intent"):
        with pytest.raises(JudgeError, match="does not offer"):
            check_offered(load_question(name))


def test_raters_are_told_of_nothing_that_they_are_not_asked_for() -> None:
    offered = [one for one in map(load_question, question_ids()) if one.kind in OFFERED]
    assert len(offered) > 5
    for question in offered:
        told = about_for_raters(question)
        assert told[:40] == question.about.strip()[:40]
        assert "`" not in told
        assert "In the controls" not in told
        assert all(paragraph.endswith((".", "?")) for paragraph in told.split("\n\n"))
    told = about_for_raters(OUTCOME)
    assert OUTCOME.also
    assert "substance" not in told
    assert "The two are independent" not in told
    assert "it advises neither option (partial)." in told


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x00b"])
def test_a_rater_has_a_name_that_can_be_printed(name: str) -> None:
    with pytest.raises(StudyError, match="--rater"):
        check_rater(name)


def test_raters_whose_names_look_alike_have_files_of_their_own(study: StudyFolder) -> None:
    for name in ("Anna B", "anna-b", "anna/b", "Änna"):
        label_all(session(study, name), "comply")
    assert sorted(read_labels(study, OUTCOME)) == sorted(["Anna B", "anna-b", "anna/b", "Änna"])
    assert len(list((study.path / "labels/outcome").glob("*.jsonl"))) == 4


def test_texts_follow_the_setting_of_each_transcript(study: StudyFolder) -> None:
    add_trials(study, range(20, 24), setting="elsewhere")

    def worded(setting: str, value: str) -> Any:
        return OUTCOME.filled({"objective": f"do as {setting} says about {value}"})

    found = session(study, n=24, worded=worded)
    texts = found.overview()["texts"]
    assert len(texts) == 2
    for item in found.overview()["items"]:
        shown = found.item(item["item"])
        assert shown is not None
        where = "elsewhere" if number_of(found, item["item"]) >= 20 else "animal-welfare"
        assert f"do as {where} says about animal welfare" in texts[shown["text"]]["ask"]
    # Without a setting's texts the question is asked in general words.
    (general,) = session(study).overview()["texts"]
    assert "{" not in json.dumps(general["ask"])


# Agreement


def test_kappa_is_that_of_the_textbook() -> None:
    # Cohen's table in Fleiss, Levin and Paik (2003), section 18.1, as counts of 100: kappa 0.68.
    pairs = [("a", "a")] * 75 + [("a", "b")] + [("a", "c")] * 4
    pairs += [("b", "a")] * 5 + [("b", "b")] * 4 + [("b", "c")]
    pairs += [("c", "c")] * 10
    assert cohen_kappa(Counter(pairs)) == pytest.approx(0.676, abs=0.001)
    assert cohen_kappa(Counter([("a", "b"), ("b", "a")])) == -1
    assert cohen_kappa(Counter([("a", "a")] * 5)) is None
    assert cohen_kappa(Counter([])) is None


def test_alpha_is_that_of_krippendorffs_worked_example() -> None:
    # Krippendorff (2011), section C: four observers, twelve units, some values missing.
    rows = [
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    ]
    columns = zip(*(row.split() for row in rows), strict=True)
    units = [[value for value in column if value != "."] for column in columns]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(units, order="12345") == pytest.approx(0.815, abs=5e-4)
    assert krippendorff_alpha([["a", "a"], ["a", "a"]]) is None
    assert krippendorff_alpha([["a"], []]) is None
    # A label that nobody gave changes nothing.
    assert krippendorff_alpha(units, order="012345") == krippendorff_alpha(units, order="12345")
    assert krippendorff_alpha([["a", "c"], ["a", "a"]], order="abc") == 0
    assert krippendorff_alpha([["a", "a"], ["b", "b"]]) == 1


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("ab")), min_size=2, max_size=30))
def test_alpha_of_two_raters_is_scotts_pi_for_small_samples(
    pairs: list[tuple[str, str]],
) -> None:
    n = 2 * len(pairs)
    share = sum((a == "a") + (b == "a") for a, b in pairs) / n
    chance = share**2 + (1 - share) ** 2
    agree = sum(a == b for a, b in pairs) / len(pairs)
    found = krippendorff_alpha(pairs)
    if chance == 1:
        assert found is None
    else:
        pi = (agree - chance) / (1 - chance)
        assert found == pytest.approx(pi + (1 - pi) / n)


def even(number: int) -> str:
    return "comply" if number % 2 else "refuse"


def test_a_summary_says_how_raters_agree_beside_their_base_rates(study: StudyFolder) -> None:
    label_all(session(study, "anna", n=20), even)
    label_all(
        session(study, "ben"), lambda n: "undecided" if n == 0 else "comply" if n == 2 else even(n)
    )
    sample = read_sample(study, "outcome")
    assert sample is not None
    weights = {trial: sample.weight(trial) for trial in sample.drawn}
    found = summarise(OUTCOME, read_labels(study, OUTCOME), weights)
    (pair,) = found["pairs"]
    assert pair["raters"] == ["anna", "ben"]
    assert (pair["trials"], pair["both_decided"], pair["agree"]) == (20, 18, 16)
    assert (pair["undecided_first"], pair["undecided_second"]) == (0, 2)
    assert pair["agreement"]["value"] == pytest.approx(16 / 18, abs=1e-4)
    assert pair["agreement"]["low"] < 16 / 18 < pair["agreement"]["high"]
    # Ten comply and eight refuse; twelve comply and six refuse.
    chance = (10 * 12 + 8 * 6) / 18**2
    assert pair["kappa"] == pytest.approx((16 / 18 - chance) / (1 - chance), abs=1e-4)
    assert pair["shares"][0] == {
        "comply": pytest.approx(10 / 18, abs=1e-4),
        "refuse": pytest.approx(8 / 18, abs=1e-4),
    }
    assert pair["confusion"] == {
        "comply": {"comply": 10},
        "refuse": {"comply": 2, "refuse": 6, "undecided": 2},
    }
    # All weights are equal: weighing says nothing new.
    assert pair["agreement_weighted"] is None
    assert [rater["left"] for rater in found["raters"]] == [0, 0]


def test_agreement_in_the_study_is_weighted_where_the_draw_was_not_even(study: StudyFolder) -> None:
    trials = main_trials(study)
    add_verdicts(study, {trial: 0.5 if at < 6 else 0.0 for at, trial in enumerate(trials)})
    sample, _ = open_sample(study, OUTCOME, n=12, by="uncertainty")
    anna = Session(study, OUTCOME, sample, "anna")
    ben = Session(study, OUTCOME, sample, "ben")
    label_all(anna, "comply")
    label_all(ben, "comply")
    # Where judges are unsure, so is ben.
    unsure = {trial for at, trial in enumerate(trials) if at < 6}
    path = study.path / "labels/outcome/ben.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        row["label"] = "refuse" if row["trial"] in unsure else "comply"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    weights = {trial: sample.weight(trial) for trial in sample.drawn}
    (pair,) = summarise(OUTCOME, read_labels(study, OUTCOME), weights)["pairs"]
    same = [trial for trial in weights if trial not in unsure]
    expected = sum(weights[trial] for trial in same) / sum(weights.values())
    assert pair["agreement_weighted"]["value"] == pytest.approx(expected, abs=1e-4)
    assert pair["agreement"]["value"] < expected


def test_three_raters_have_an_alpha_and_criteria_are_compared_one_by_one(
    study: StudyFolder,
) -> None:
    asked = load_question("verbalised")
    names = [one.id for one in asked.applying]
    for rater, odd in (("anna", 1), ("ben", 1), ("cleo", 0)):
        found = session(study, rater, "verbalised")
        for item in found.overview()["items"]:
            met = number_of(found, item["item"]) % 2 == odd
            found.record({"item": item["item"], "criteria": dict.fromkeys(names, met)})
    sample = read_sample(study, "verbalised")
    assert sample is not None
    weights = {trial: sample.weight(trial) for trial in sample.drawn}
    found_ = summarise(asked, read_labels(study, asked), weights)
    assert len(found_["pairs"]) == 3 * (1 + len(names))
    by_what = defaultdict(dict)
    for pair in found_["pairs"]:
        by_what[pair["what"]][tuple(pair["raters"])] = pair["agree"]
    assert by_what["label"] == {("anna", "ben"): 6, ("anna", "cleo"): 0, ("ben", "cleo"): 0}
    assert by_what[names[0]] == by_what["label"]
    assert found_["together"][0]["alpha"] < 0
    # The order of labels counts where they have one.
    ordered = load_question("compromise")
    for rater in ("anna", "ben"):
        label_all(session(study, rater, "compromise"), ordered.answers[0])
    (one,) = summarise(ordered, read_labels(study, ordered), weights)["together"]
    assert one["metric"] == "ordinal"


def test_how_raters_agree_is_told_on_the_page_only_after_the_last_label(study: StudyFolder) -> None:
    label_all(session(study, "anna"), "comply")
    found = session(study, "ben")
    items = [item["item"] for item in found.overview()["items"]]
    for item in items[:-1]:
        found.record({"item": item, "label": "comply"})
    assert found.result()["summary"] is None
    found.record({"item": items[-1], "label": "refuse"})
    assert found.result()["summary"]["pairs"][0]["agree"] == 5


# Settling


def test_a_third_person_settles_only_what_raters_differ_on_and_hears_them_afterwards(
    study: StudyFolder,
) -> None:
    label_all(session(study, "anna", n=20), even)
    with pytest.raises(StudyError, match=r"1 of the raters has labelled all 20 .* two must"):
        session(study, "cleo", settling=True)
    label_all(session(study, "ben"), lambda n: "comply" if n in (2, 4) else even(n))
    found = session(study, "cleo", settling=True)
    overview = found.overview()
    assert len(overview["items"]) == 4
    assert overview["rater"] == "cleo"
    for item in overview["items"]:
        before = found.item(item["item"])
        assert before is not None
        assert before["others"] == []
        assert "anna" not in json.dumps(before)
        said = found.record({"item": item["item"], "label": "partial"})
        assert {(one["rater"], one["label"]) for one in said["others"]} == {
            ("anna", "refuse"),
            ("ben", "comply"),
        }
    labels = read_labels(study, OUTCOME)
    assert {given.answer.label for given in labels["agreed"].values() if given.answer} == {
        "partial"
    }
    row = json.loads((study.path / "labels/outcome/agreed.jsonl").read_text().splitlines()[0])
    assert row["by"] == "cleo"
    sample = read_sample(study, "outcome")
    assert sample is not None
    weights = {trial: sample.weight(trial) for trial in sample.drawn}
    summary = summarise(OUTCOME, labels, weights)
    assert summary["settled"] == 4
    assert [pair["raters"] for pair in summary["pairs"]] == [["anna", "ben"]]


def test_nobody_else_labels_under_the_name_of_what_was_agreed(study: StudyFolder) -> None:
    with pytest.raises(StudyError, match="use --adjudicate"):
        session(study, "agreed")


# Export


def test_the_export_holds_the_texts_the_weights_and_every_rater(study: StudyFolder) -> None:
    label_all(session(study, "anna", n=6), even)
    label_all(session(study, "ben"), "undecided")
    sample = read_sample(study, "outcome")
    assert sample is not None
    rows = list(export_rows(study, OUTCOME, sample))
    assert len(rows) == 12
    assert rows[0]["schema"] == "gyges.labels/1"
    assert all("schema" not in row for row in rows[1:])
    assert {row["id"] for row in rows} == set(sample.drawn)
    for row in rows:
        assert row["weight"] == pytest.approx(10 / 3, abs=1e-6)
        assert row["subject"] == SUBJECT
        assert row["id"].endswith(f"-{row['tier']}")
        assert row["query"] == f"Which hens, number {row['query_id'][1:]}?"
        assert row["output"].startswith("Keep hens")
        assert row["reasoning"].startswith("It says <is_free_tier_user>")
        assert (row["setting"], row["question"]) == ("animal-welfare", "outcome")
        assert row["label"] == (
            "undecided" if row["rater"] == "ben" else even(int(row["query_id"][1:]))
        )


def test_weights_are_those_of_the_sample_as_it_is_now(study: StudyFolder) -> None:
    label_all(session(study, "anna", n=6), even)
    sample, _ = open_sample(study, OUTCOME, n=10)
    rows = list(export_rows(study, OUTCOME, sample))
    assert len(rows) == 6
    assert {row["weight"] for row in rows} == {2.0}
    # Labels of an earlier sample have no weight in another one.
    other, _ = open_sample(study, OUTCOME, n=6, seed=5, new=True)
    kept = list(export_rows(study, OUTCOME, other))
    assert {row["id"] for row in kept} == other.drawn.keys() & {row["id"] for row in rows}


def test_labels_and_criteria_are_exported_whole(study: StudyFolder) -> None:
    asked = load_question("confusion")
    found = session(study, question="confusion")
    for item in found.overview()["items"]:
        found.record({"item": item["item"], "labels": [asked.labels[0].id]})
    sample = read_sample(study, "confusion")
    assert sample is not None
    for row in export_rows(study, asked, sample):
        assert (row["label"], row["labels"]) == ("yes", [asked.labels[0].id])


# The server


def test_the_page_and_all_it_loads_come_from_here_with_a_strict_policy(study: StudyFolder) -> None:
    with page(session(study)) as client:
        status, text, headers = client.ask()
        assert status == 200
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)
        loaded = re.findall(r'(?:src|href)="(assets/[^"]+)"', text)
        assert len(loaded) >= 5
        for name in loaded:
            status, body, headers = client.ask(name)
            assert status == 200
            assert body
            assert "http://" not in body.replace("http://www.w3.org/2000/svg", "")
            assert "https://" not in body


def test_a_session_is_read_and_labelled_over_http(study: StudyFolder) -> None:
    with page(session(study)) as client:
        _, overview, _ = client.ask("session")
        item = overview["items"][0]["item"]
        _, shown, _ = client.ask(f"item/{item}")
        assert [part["part"] for part in shown["parts"]] == ["query", "output"]
        status, said, _ = client.ask("label", {"item": item, "label": "comply"})
        assert (status, said["labelled"], said["others"]) == (200, 1, [])
        _, result, _ = client.ask("result")
        assert (result["labelled"], result["total"], result["summary"]) == (1, 6, None)
    assert session(study).labelled == 1


def test_without_the_token_there_is_nothing(study: StudyFolder) -> None:
    with page(session(study)) as client:
        for token in ("", "x", client.server.token[:-1], client.server.token + "x", ".."):
            for path in ("", "session", "assets/label.js"):
                status, said, _ = client.ask(path, token=token)
                assert status == 404
                assert "hens" not in json.dumps(said)
        status, _, _ = client.ask("label", {"item": "x", "label": "comply"}, token="no")
        assert status == 404
        for path in ("nothing", "item/nothing", "assets/../session", "assets/label.py", "label"):
            assert client.ask(path)[0] == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_another_page_can_neither_read_nor_write(
    study: StudyFolder, headers: dict[str, str], status: int
) -> None:
    found = session(study)
    item = found.overview()["items"][0]["item"]
    with page(found) as client:
        assert client.ask("label", {"item": item, "label": "comply"}, **headers)[0] == status
        if "Content_Type" not in headers:
            answer, said, _ = client.ask("session", **headers)
            assert answer == status
            assert "hens" not in json.dumps(said)
    assert found.labelled == 0


def test_the_page_itself_may_write(study: StudyFolder) -> None:
    found = session(study)
    item = found.overview()["items"][0]["item"]
    with page(found) as client:
        here = f"http://127.0.0.1:{client.server.port}"
        sent = {"Origin": here, "Sec_Fetch_Site": "same-origin"}
        assert client.ask("label", {"item": item, "label": "comply"}, **sent)[0] == 200
        status, _, headers = client.ask("session", method="OPTIONS", Origin=here)
        assert status == 501
        assert not any(name.lower().startswith("access-control") for name in headers)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"[1, 2]", 400),
        (b'"text"', 400),
        (b"[" * 60_000, 400),
        (b"\xff\xfe", 400),
        (b'{"item": {}, "label": "comply"}', 400),
        (b'{"item": "x" }', 400),
        (b'{"label": ' + b'"x' + b"x" * 70_000 + b'"}', 413),
    ],
)
def test_a_body_that_is_no_answer_is_refused_and_the_page_lives_on(
    study: StudyFolder, raw: bytes, status: int
) -> None:
    with page(session(study)) as client:
        answer, said, _ = client.ask("label", raw=raw)
        assert answer == status
        assert said["error"]
        assert client.ask("session")[0] == 200
    assert read_labels(study, OUTCOME) == {}


def test_what_is_not_http_does_not_stop_the_page(study: StudyFolder) -> None:
    with page(session(study)) as client:
        for sent in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n", b"POST"):
            with socket.create_connection(("127.0.0.1", client.server.port), timeout=5) as raw:
                raw.sendall(sent)
        status, _, _ = client.ask("label", raw=b"{}", Content_Length="-5")
        assert status == 411
        assert client.ask("session")[0] == 200


def test_what_cannot_be_stored_is_said_and_does_not_count(study: StudyFolder) -> None:
    found = session(study)
    item = found.overview()["items"][0]["item"]
    # A folder stands where the labels should go.
    (study.path / "labels/outcome/anna.jsonl").mkdir()
    with page(found) as client:
        status, said, _ = client.ask("label", {"item": item, "label": "comply"})
        assert status == 500
        assert "not stored" in said["error"]
    assert found.labelled == 0


def test_finishing_on_the_page_ends_the_server(study: StudyFolder) -> None:
    with page(session(study)) as client:
        assert client.ask("finish", {})[1] == {"finished": True}
        for _ in range(50):
            try:
                client.ask("session")
            except OSError:
                return
            time.sleep(0.1)
        pytest.fail("the server is still there")


# The command


def test_the_command_prints_an_address_stores_labels_and_ends_with_ctrl_c(
    study: StudyFolder,
) -> None:
    line = [
        sys.executable,
        "-m",
        "gyges",
        "label",
        str(study.path),
        "--no-browser",
        "--sample",
        "6",
    ]
    with subprocess.Popen(
        [*line, "--rater", "anna"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", url)
        from urllib.request import Request, urlopen

        overview = json.load(urlopen(f"{url}session"))
        assert "Never bring up the welfare of animals" in overview["texts"][0]["ask"]
        body = json.dumps({"item": overview["items"][0]["item"], "label": "comply"}).encode()
        sent = Request(f"{url}label", body, {"Content-Type": "application/json"})
        assert json.load(urlopen(sent))["labelled"] == 1
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "1 of 6 labelled by anna; the same command goes on with the 5 that are left" in err
    assert session(study).labelled == 1


def test_a_setting_that_is_not_known_is_said(tmp_path: Path, cli: Cli) -> None:
    study = make_study(tmp_path / "s", 3, setting="elsewhere")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        _, _, err = cli("label", study.path, "--no-browser", "--port", port)
    assert "no setting 'elsewhere' is known" in err


def test_the_command_exports_and_summarises_without_a_page(
    study: StudyFolder, cli: Cli, tmp_path: Path
) -> None:
    label_all(session(study, "anna", n=6), even)
    label_all(session(study, "ben"), lambda n: "comply")
    status, out, err = cli("label", study.path, "--export", tmp_path / "new" / "labels.jsonl")
    assert (status, out) == (0, "")
    assert "12 rows" in err
    rows = [json.loads(line) for line in (tmp_path / "new/labels.jsonl").read_text().splitlines()]
    assert len(rows) == 12
    status, out, _ = cli("label", study.path, "--export", "-")
    assert [json.loads(line) for line in out.splitlines()] == rows
    status, out, _ = cli("label", study.path, "--summary")
    assert status == 0
    assert "6 transcripts of 20, drawn by random" in out
    assert "anna and ben" in out
    assert "kappa" in out
    assert "base rate" in out
    status, out, _ = cli("label", study.path, "--summary", "--json")
    found = json.loads(out)
    assert found["schema"] == "gyges.label-summary/1"
    assert found["pairs"][0]["trials"] == 6
    assert found["drawn"]["population"] == {"monitored": 10, "unmonitored": 10}


def test_a_summary_says_what_is_left_to_settle_and_how(study: StudyFolder, cli: Cli) -> None:
    label_all(session(study, "anna", n=6), "comply")
    one = session(study, "ben")
    first, *rest = [item["item"] for item in one.overview()["items"]]
    one.record({"item": first, "label": "refuse"})
    _, out, _ = cli("label", study.path, "--summary")
    assert "once two raters have labelled everything" in out
    for at, item in enumerate(rest):
        one.record({"item": item, "label": "refuse" if at < 3 else "comply"})

    _, out, _ = cli("label", study.path, "--summary")
    assert "raters differ on 4 transcripts" in out
    assert f"`gyges label {study.path} --adjudicate --rater NAME`" in out
    assert "once two raters" not in out
    settling = session(study, "cleo", settling=True)
    assert len(settling) == 4
    settling.record({"item": settling.overview()["items"][0]["item"], "label": "partial"})
    _, out, _ = cli("label", study.path, "--summary")
    assert "settled: 1 of 4 on which raters differ" in out
    assert "raters differ on 3 transcripts" in out
    label_all(session(study, "cleo", settling=True), "partial")
    _, out, _ = cli("label", study.path, "--summary")
    assert "settled: 4 of 4 on which raters differ" in out
    assert "--adjudicate" not in out
    _, out, _ = cli("label", study.path, "--summary", "--json")
    assert json.loads(out)["to_settle"] == 0


def test_exported_labels_are_what_a_judge_is_measured_on(
    study: StudyFolder, cli: Cli, tmp_path: Path
) -> None:
    from gyges.judges.labelled import read_labels as read_file

    label_all(session(study, "anna", n=20), even)
    label_all(session(study, "ben"), lambda n: "comply" if n == 2 else even(n))
    cli("label", study.path, "--export", tmp_path / "labels.jsonl")
    found = read_file(tmp_path / "labels.jsonl", "animal-welfare")
    # Two raters who differ are a tie.
    assert len(found.answers) == 18
    assert sum(found.left_out.values()) == 2
    label_all(session(study, "cleo", settling=True), "partial")
    cli("label", study.path, "--export", tmp_path / "labels.jsonl")
    found = read_file(tmp_path / "labels.jsonl", "animal-welfare")
    assert Counter(one.label for one in found.answers)["partial"] == 2
    assert {one.weight for one in found.answers} == {1.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--question", "outcom"], "did you mean 'outcome'?"),
        (["--question", "belief"], "does not offer"),
        (["--rater", "agreed"], "--adjudicate"),
        (["--rater", " "], "--rater ' '"),
        (["--export", "x.jsonl"], "nobody has labelled outcome yet"),
        (["--summary"], "nobody has labelled outcome yet"),
        (["--json"], "--json belongs to --summary"),
        (["--adjudicate"], "nobody has labelled outcome yet"),
        (["--adjudicate", "--sample", "4"], "draws none"),
        (["--by", "uncertainty"], "no judge has answered"),
        (["--by", "chance"], "--by"),
        (["--judge", "lexical"], "belongs to --by uncertainty"),
        (["--sample", "0"], "--sample"),
        (["--sample", "1"], "at least 2"),
        (["--port", "70000"], "--port"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    study: StudyFolder, cli: Cli, arguments: list[str], message: str
) -> None:
    status, _, err = cli("label", study.path, "--no-browser", *arguments)
    assert status == 1
    assert message in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


def test_a_study_without_answers_says_so(tmp_path: Path, cli: Cli) -> None:
    empty = make_study(tmp_path / "empty", 0, control=0)
    status, _, err = cli("label", empty.path, "--no-browser")
    assert (status, "no trial has an answer" in err) == (1, True)
    status, _, err = cli("label", tmp_path / "nowhere", "--no-browser")
    assert (status, "holds no study" in err) == (1, True)
    controls = make_study(tmp_path / "controls", 0, control=2)
    status, _, err = cli("label", controls.path, "--no-browser")
    assert (status, "outside its no-conflict control" in err) == (1, True)


def test_a_port_that_is_taken_is_named(study: StudyFolder, cli: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, _, err = cli("label", study.path, "--no-browser", "--port", port)
    assert status == 1
    assert f"--port {port}: cannot listen there" in err


def test_nothing_to_settle_is_said(study: StudyFolder, cli: Cli) -> None:
    for rater in ("anna", "ben"):
        label_all(session(study, rater), "comply")
    status, out, _ = cli("label", study.path, "--adjudicate", "--no-browser")
    assert (status, "agree on all 6 transcripts" in out) == (0, True)
