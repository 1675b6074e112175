"""What the report shows of the judges beside the outcome: sentences, figures, tables, trust, chips, filters, probes."""

from __future__ import annotations

import json
import re
import tracemalloc
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from gyges import findings
from gyges.findings import Shown
from gyges.report import SiteContent, write_site
from gyges.report.answer_pages import answer_page
from gyges.report.answer_parts import amount, signed_amount
from gyges.report.answer_verdict import Verdict, verdict
from gyges.report.answer_words import leads
from gyges.report.asked import Asked, read_asked
from gyges.report.build import build_site, site_content
from gyges.report.chunks import decode
from gyges.report.trust import calibration, shown_known
from gyges.report.verdicts import compact, filter_names
from judged_studies import (
    CARD,
    PLAIN,
    JudgedStudy,
    everything,
    known,
    many_labels,
    outcome,
)
from report_content import HOSTILE, arm, gap_row, small_content

NBSP = "\u00a0"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(everything(tmp_path_factory.mktemp("judged") / "study")).parent


@pytest.fixture(scope="module")
def page(site: Path) -> str:
    return (site / "answers.html").read_text(encoding="utf-8")


def plain(html: str) -> str:
    """The text of a page, its white space folded."""
    found: list[str] = []
    parser = HTMLParser()
    parser.handle_data = found.append  # type: ignore[method-assign]
    parser.feed(html)
    return " ".join("".join(found).split())


def part(html: str, anchor: str) -> str:
    """A question's section."""
    found = re.search(rf'<section id="q-{anchor}".*?</section>', html, re.DOTALL)
    assert found
    return found[0]


def shown(**known: Any) -> Shown:
    given: dict[str, Any] = {
        "subject": "s",
        "setting": "animal-welfare",
        "value": "animal welfare",
        "control": False,
        "question": "verbalised",
        "judge": "grader",
        "what": "yes",
        "unit": "share",
        "low": 0.0,
        "high": 1.0,
        "monitored": 0.12,
        "monitored_ci_low": 0.05,
        "monitored_ci_high": 0.2,
        "unmonitored": 0.0,
        "unmonitored_ci_low": 0.0,
        "unmonitored_ci_high": 0.04,
        "difference": 0.12,
        "ci_low": 0.05,
        "ci_high": 0.19,
        "p": 0.001,
        "difference_min": 0.12,
        "difference_max": 0.12,
        "queries": 40,
        "trials": 80,
        "undecided_monitored": 0,
        "undecided_unmonitored": 0,
        "missing_monitored": 0,
        "missing_unmonitored": 0,
        "level": 0.95,
        "method": "t",
    }
    return Shown(**{**given, **known})


def asked(*rows: Shown, question: str = "verbalised", **known: Any) -> Asked:
    about = {"title": "T?", "kind": "criteria", "labels": [], "criteria": []}
    return Asked(question, "grader", {}, {**about, **known}, rows)


# --- words


def test_a_share_is_said_in_both_tiers_with_its_difference_and_interval() -> None:
    assert leads(asked(shown())) == [
        f"The reasoning states the strategy in 12{NBSP}% of the monitored trials and 0{NBSP}% of the unmonitored; "
        f"difference +12 points, 95{NBSP}% interval 5 to 19."
    ]


def test_a_difference_that_may_be_none_is_not_called_one_and_says_what_could_hide() -> None:
    (said,) = leads(asked(shown(difference=0.02, ci_low=-0.04, ci_high=0.08)))
    assert (
        f"no clear difference (+2 points, 95{NBSP}% interval −4 to 8: up to 8 points could hide"
        in said
    )


def test_an_interval_without_width_is_not_sold_as_certainty() -> None:
    (said,) = leads(asked(shown(difference=0.0, ci_low=0.0, ci_high=0.0)))
    assert "in all 40 queries" in said
    assert "nothing varied" in said


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"monitored": None}, "no monitored trial has a verdict"),
        ({"unmonitored": None}, "no unmonitored trial has a verdict"),
        ({"monitored": None, "unmonitored": None}, "No trial has a verdict"),
    ],
)
def test_a_tier_without_a_verdict_is_said_to_have_none(known: dict[str, Any], said: str) -> None:
    told = leads(asked(shown(**known, difference=None, ci_low=None, ci_high=None)))
    assert said in told[0]
    assert "None" not in told[0]


def test_what_is_open_alike_in_both_tiers_is_said_after_where_it_is_no_small_part() -> None:
    even: dict[str, Any] = {"undecided_monitored": 15, "undecided_unmonitored": 15}
    (_, said) = leads(asked(shown(**even, missing_monitored=4, missing_unmonitored=4)))
    assert said == (
        "The judge left 30 of 80 trials undecided, which count as not showing it; 8 of 80 trials have no verdict and "
        "count as nothing."
    )
    assert len(leads(asked(shown(undecided_monitored=4, undecided_unmonitored=4)))) == 1


def test_a_difference_that_rests_on_what_is_open_says_so_in_its_own_sentence() -> None:
    given = asked(shown(undecided_monitored=2, difference_min=-0.01, difference_max=0.12))
    (said,) = leads(given)
    assert said.endswith(
        "interval 5 to 19, but the judge left 2 of 40 monitored trials undecided; depending on them the difference "
        "lies between −1 and 12 points."
    )
    assert verdict(given).text == "rests on what is open"
    assert not verdict(given).clear
    # What cannot turn it is not worth the words.
    (short,) = leads(asked(shown(undecided_monitored=2, difference_min=0.06, difference_max=0.12)))
    assert "undecided" not in short


def test_what_is_open_in_one_tier_more_than_in_the_other_is_said_with_the_difference() -> None:
    row = shown(undecided_monitored=4, difference_min=-0.67, difference_max=0.0, trials=12)
    row = replace(row, difference=-0.1, ci_low=-0.4, ci_high=0.2, missing_unmonitored=1)
    totals = {
        (row.subject, row.setting, row.value, False, tier): count
        for tier, count in (("monitored", 6), ("unmonitored", 7))
    }
    (said,) = leads(replace(asked(row), totals=totals))
    assert (
        ", but the judge left 4 of 6 monitored trials undecided and 1 of 7 unmonitored trials has no verdict; "
        "depending on them the difference lies between −67 and 0 points." in said
    )


def test_a_judge_that_decided_nothing_is_not_told_as_none_found() -> None:
    nothing = shown(monitored=0.0, difference=0.0, undecided_monitored=40, undecided_unmonitored=40)
    assert leads(asked(nothing)) == ["The judge decided none of 80 trials."]
    assert verdict(asked(nothing)).text == "nothing decided"
    many = [replace(nothing, subject=f"m{at}") for at in range(5)]
    assert leads(asked(*many)) == ["The judge decided none of 400 trials of the 5 groups."]
    some = [*many, *[shown(subject=f"n{at}") for at in range(2)]]
    assert "trials of 2 groups" in leads(asked(*some))[0]
    assert "in 5 more the judge decided nothing" in leads(asked(*some))[0]


def test_where_every_verdict_failed_the_commonest_failure_is_said() -> None:
    none = shown(
        monitored=None,
        unmonitored=None,
        difference=None,
        ci_low=None,
        ci_high=None,
        missing_monitored=40,
        missing_unmonitored=40,
    )
    given = replace(asked(none), failed={"refused": 10, "unparsed": 70})
    assert leads(given) == [
        "No trial has a verdict: in 70 of 80 the judge's answer could not be read."
    ]
    assert verdict(given).text == "no verdict"
    assert leads(replace(asked(), failed={"error": 3})) == [
        "No trial of the two tiers has a verdict: the judge failed."
    ]


def test_of_a_choice_the_commonest_label_leads_and_not_the_widest_difference() -> None:
    rows = [
        shown(what="rare", monitored=0.3, unmonitored=0.0, difference=0.3, ci_low=0.2, ci_high=0.4),
        shown(
            what="usual", monitored=0.5, unmonitored=0.6, difference=-0.1, ci_low=-0.3, ci_high=0.1
        ),
        shown(what="mood: calm", monitored=1.0, unmonitored=1.0, difference=0.0),
    ]
    given = asked(*rows, question="own", kind="choice", also={"mood": ["calm"]})
    (said,) = leads(given)
    assert said.startswith(f"The answer is “usual” in 50{NBSP}% of the monitored trials")
    assert "no clear difference" in said
    assert verdict(given).text == "no clear difference"


def test_of_few_groups_the_first_leads_whatever_their_differences() -> None:
    rows = [
        shown(subject="one", difference=0.0, ci_low=-0.1, ci_high=0.1),
        shown(subject="two", difference=0.9, ci_low=0.8, ci_high=1.0),
        shown(subject="two", control=True),
    ]
    told = leads(asked(*rows))
    assert "monitored trials of one, the first of 2 groups, and" in told[0]
    assert "monitored trials of two and" in told[1]
    assert told[2].startswith("In the no-conflict control of two, the reasoning states")
    assert verdict(asked(*rows)) == Verdict("clear in 1 of 2 groups", clear=False)


def test_under_no_difference_the_lead_of_many_labels_claims_one_no_more_often_than_it_may() -> None:
    rng = np.random.default_rng(5)
    labels, studies, claimed = 14, 400, 0
    for _ in range(studies):
        noise = rng.normal(0.0, 0.1, labels)
        rates = rng.dirichlet(np.ones(labels))
        rows = [
            shown(
                what=f"l{at}",
                monitored=rates[at],
                unmonitored=rates[at],
                difference=noise[at],
                ci_low=noise[at] - 0.196,
                ci_high=noise[at] + 0.196,
            )
            for at in range(labels)
        ]
        claimed += verdict(asked(*rows, question="own", kind="choice")).clear
    assert 0.02 < claimed / studies < 0.09


def test_a_question_of_ones_own_is_told_by_its_label() -> None:
    (said,) = leads(asked(shown(question="own"), question="own"))
    assert said.startswith(f"The answer is “yes” in 12{NBSP}% of the monitored trials")
    (strict,) = leads(asked(shown(), question="verbalised.strict"))
    assert "states the strategy" in strict


def test_scales_are_said_in_their_own_units_and_none_alone() -> None:
    first = shown(
        what="intent-1",
        unit="mean",
        high=10.0,
        monitored=6.81,
        unmonitored=7.1,
        difference=-0.29,
        ci_low=-0.9,
        ci_high=0.3,
    )
    second = shown(
        what="intent-2", unit="mean", high=10.0, monitored=2.0, unmonitored=1.0, difference=1.0
    )
    told = leads(asked(first, second, question="dual-intent", kind="scores"))
    assert len(told) == 2
    assert any(
        "Intent-1 averages 6.8 in the monitored trials and 7.1 in the unmonitored" in t
        for t in told
    )
    assert any("−0.3, 95" in text and "−0.9 to 0.3" in text for text in told)
    assert not any("points" in text for text in told)


def test_many_groups_are_summed_up_and_the_largest_is_named() -> None:
    rows = [
        shown(subject=f"m{i}", monitored=i / 10, difference=i / 10, ci_low=-0.1 if i < 3 else 0.1)
        for i in range(6)
    ]
    tally, largest = leads(asked(*rows))
    assert "goes from 0\u00a0% to 50\u00a0% among the monitored trials of 6 groups" in tally
    assert "above zero in 3, below in 0, and has an interval that contains zero in 3" in tally
    assert largest.startswith("The largest of 6, not adjusted for being picked: the reasoning")
    assert f"in 50{NBSP}% of the monitored trials of m5" in largest


def test_small_shares_keep_a_decimal_and_signs_are_true() -> None:
    assert amount(shown(), 0.004) == f"0.4{NBSP}%"
    assert amount(shown(), None) == "–"
    scale = shown(unit="mean", high=10.0)
    assert signed_amount(scale, 1.25) == "+1.2"
    assert signed_amount(scale, 0.0) == "0.0"
    assert signed_amount(scale, -0.01) == "0.0"
    assert signed_amount(scale, -1.0) == "−1.0"


# --- trust


def test_a_judge_without_a_card_of_its_version_is_uncalibrated() -> None:
    none = calibration("grader", "2", None)
    assert not none.measured
    assert (
        none.text
        == "Uncalibrated: nobody has measured how often the judge grader errs on this question."
    )
    other = calibration("grader", "2", {**CARD, "version": "1"})
    assert not other.measured
    assert "is of version 1, and nobody has measured how often version 2 errs" in other.text
    own = calibration("grader", "1", {**CARD, "version": "1"})
    assert own.measured
    assert "129 labelled answers in animal-welfare: sensitivity 0.85, specificity 1.00" in own.text
    examples = calibration("cues", "1", {"examples": 14, "precision": 1.0, "recall": 0.88})
    assert not examples.measured
    assert examples.text == (
        "Measured only on worked examples of our own (14, no sample of a subject's texts): the judge cues has "
        "precision 1.00, recall 0.88."
    )
    assert (examples.calm, none.calm, other.calm) == (True, False, False)
    card = {"examples": 8, "label": {"right": 7, "wrong": 1}, "note": "measured on odd ones"}
    counted = calibration("lexical", "1", card)
    assert counted.text.endswith("the judge lexical has 7 of 8 labels right.")
    assert counted.note == "Measured on odd ones"
    assert not calibration("choice", "1", {"note": "read from two letters"}).measured


def test_what_a_judge_made_of_known_transcripts_is_said_with_what_it_got_wrong_and_why() -> None:
    record = known(
        "lexical", "outcome", ("a", "comply", "comply", ""), PLAIN, ("c", "refuse", None, "")
    )
    found = shown_known(Asked("outcome", "lexical", {"version": "1"}, known=record))
    assert found.text == "read 1 of 2 right; 1 without a verdict"
    (wrong,) = found.wrong
    assert (wrong.id, wrong.expected, wrong.said) == PLAIN[:3]
    assert "misread 1 of 3 known transcripts" in found.warning
    assert "declawing-no: expected refuse, said comply" in found.warning


def test_a_judge_that_was_shown_none_or_could_read_none_says_so() -> None:
    bare = shown_known(Asked("doubt", "lexical"))
    assert (bare.text, bare.warning) == ("was shown no known transcripts", "")
    panel = shown_known(Asked("doubt", "majority(a + b)", {"kind": "panel"}))
    assert "verdicts of its members" in panel.text
    mute = shown_known(Asked("doubt", "g", {}, known=known("g", "doubt", ("a", ["x"], None, ""))))
    assert "no verdict on any" in mute.text
    assert "no verdict on any" in mute.warning
    numbers = shown_known(Asked("dual-intent", "g", {}, known=known("g", "d", ("a", None, 3, ""))))
    assert "numbers and not right or wrong" in numbers.text
    old = shown_known(
        Asked("doubt", "g", {"version": "2"}, known=known("g", "d", ("a", "x", "x", "")))
    )
    assert "in version 1, not in the 2 of this study" in old.text


# --- verdicts of a block


def test_a_verdict_is_cut_down_to_what_is_shown() -> None:
    votes = ["yes"] * 13 + ["no"] * 7
    answer = {
        "criteria": {"training-aware": "a rater", "other": None},
        "shares": {"training-aware": 0.65},
        "votes": votes,
        "mood": "calm",
        "stakeholders": ["hens", "farmers"],
        "reason": "long",
    }
    verdict = {
        "status": "ok",
        "label": "yes",
        "labels": ["training-aware"],
        "score": 0.65,
        "votes": 20,
    }
    found = compact(asked(), {**verdict, "answer": json.dumps(answer)})
    assert found["quotes"] == [["training-aware", "a rater"]]
    assert found["numbers"] == [["training-aware", 0.65, "shares"]]
    assert found["tally"] == [["yes", 13], ["no", 7]]
    assert found["also"] == [["mood", "calm"], ["stakeholders", "hens; farmers"]]
    assert "reason" not in json.dumps(found)
    assert filter_names(found) == (
        "yes",
        "training-aware",
        "mood: calm",
        "stakeholders: hens; farmers",
    )


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "",
        "not JSON",
        "[1, 2]",
        "3",
        '{"criteria": [], "scores": "x", "votes": {"a": 1}, "labels": {"a": 3}}',
        '{"scores": {"a": true, "b": null}, "votes": [1, {"x": 2}], "probability-real": "high"}',
        '{"a":' * 20_000,
    ],
)
def test_an_answer_of_any_form_is_survived(answer: str | None) -> None:
    found = compact(asked(kind=""), {"status": "ok", "label": "yes", "answer": answer})
    assert found["label"] == "yes"
    assert not {"quotes", "numbers", "tally"} & found.keys()


@pytest.mark.parametrize(
    ("kind", "verdict", "names"),
    [
        ("labels", {"label": "yes", "labels": ["a", "b"]}, ("any", "a", "b")),
        ("labels", {"label": "no"}, ("none",)),
        ("labels", {"labels": ["a"]}, ("any", "a")),
        ("labels", {"label": "undecided"}, ("undecided",)),
        ("criteria", {"label": "no", "labels": ["a"]}, ("no", "a")),
        ("causes", {"label": "test", "labels": ["test", "mistake"]}, ("test first",)),
        ("order", {"label": "holds-out", "score": 0.0}, ("holds-out",)),
        ("scores", {"answer": '{"scores": {"x": 3}}'}, ("numbers",)),
        ("choice", {"status": "unparsed", "label": None}, ("no verdict",)),
    ],
)
def test_filters_are_named_as_the_findings_name_what_they_count(
    kind: str, verdict: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert filter_names(compact(asked(kind=kind), {"status": "ok", **verdict})) == names


# --- the page


def test_each_question_has_a_section_that_the_first_page_leads_to(site: Path, page: str) -> None:
    index = (site / "index.html").read_text(encoding="utf-8")
    listed = re.findall(r'<li><a href="answers\.html#(q-[\w-]+)">', index)
    assert listed == ["q-belief", "q-compromise", "q-doubt", "q-dual-intent", "q-verbalised"]
    assert re.findall(r'<section id="([\w-]+)"', page) == listed
    assert '<a href="#answers">' in index


def test_a_section_answers_first_then_draws_then_lists(page: str) -> None:
    for anchor in ("belief", "compromise", "doubt", "dual-intent", "verbalised"):
        text = part(page, anchor)
        places = [
            text.index(mark) for mark in ('class="answer', "<svg", "Method:", "<table", "<dl")
        ]
        assert places == sorted(places), anchor
        assert re.search(r"n = \d+ queries", text)
        assert 'class="gy-zero"' in text
        assert "nobody has measured how often the judge" in text


def test_the_page_holds_what_the_findings_hold(tmp_path: Path) -> None:
    study = everything(tmp_path / "s")
    folder = build_site(study).parent
    document = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    assert document["schema"] == "gyges.answers/1"
    expected = [
        one.row()
        for question in study.questions()[1:]
        for judge in study.judges(question)
        for one in findings.answers_shown(study, question, judge)
    ]
    assert document["answers"] == json.loads(json.dumps(expected))
    asides = [
        one.row()
        for question in study.questions()[1:]
        for judge in study.judges(question)
        for one in findings.asides_of(study, question, judge)
    ]
    assert asides
    assert document["asides"] == json.loads(json.dumps(asides))
    text = part((folder / "answers.html").read_text(encoding="utf-8"), "verbalised")
    yes = next(row for row in expected if row["question"] == "verbalised" and row["what"] == "yes")
    rows = {
        row[0]: row[1:]
        for row in (
            [plain(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL)]
            for line in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)
        )
    }
    assert rows["yes"][0].startswith(f"{100 * yes['monitored']:.0f} %")
    assert rows["yes"][2].startswith(f"+{100 * yes['difference']:.0f}")
    assert f"{100 * yes['ci_low']:.0f} to {100 * yes['ci_high']:.0f}" in rows["yes"][2].replace(
        "−", "-"
    )
    doubt = part((folder / "answers.html").read_text(encoding="utf-8"), "doubt")
    # One answer of each tier could not be read.
    assert "1, 1" in plain(doubt)


def test_scales_are_drawn_in_their_own_unit(page: str) -> None:
    figures = re.findall(
        r'<div class="figure-wide">(<svg.*?</svg>)', part(page, "dual-intent"), re.DOTALL
    )
    assert len(figures) == 1
    root = ET.fromstring(figures[0])
    texts = ["".join(node.itertext()) for node in root.iter() if node.tag == "text"]
    assert "Mean, from 0 to 10" in texts
    assert {"0.0", "5.0", "10.0"} <= set(texts)
    assert not any("%" in text and "95" not in text for text in texts)
    # The monitored mean of the first intent stands where the axis says.
    placed = {
        "".join(node.itertext()): float(node.get("x", "nan"))
        for node in root.iter("text")
        if node.get("class") == "gy-tick"
    }
    [first, _] = [
        float(mark.get("cx", "nan"))
        for row in root.iter("g")
        for mark in row
        if mark.get("class") == "gy-mark gy-monitored"
    ]
    mean = 3 * 10 / 12 + 8 * 2 / 12
    # The difference has a zero too, further to the right.
    left = min(float(n.get("x", 0)) for n in root.iter("text") if "".join(n.itertext()) == "0.0")
    right = placed["10.0"]
    assert first == pytest.approx(left + mean / 10 * (right - left), abs=0.1)


def test_when_or_in_what_variant_was_asked_stands_in_the_title() -> None:
    titled = {
        (name, when): replace(asked(question=name), asked_when=when).title
        for name, when in (
            ("belief", "after"),
            ("belief.before", ""),
            ("verbalised.strict", ""),
            ("doubt", ""),
        )
    }
    assert [*titled.values()] == [
        "T? (after its answer)",
        "T? (before its answer)",
        "T? (variant strict)",
        "T?",
    ]


def test_the_list_at_the_top_says_what_came_of_each_question(site: Path, page: str) -> None:
    for html in (page, (site / "index.html").read_text(encoding="utf-8")):
        found = dict(
            re.findall(r'#(q-[\w-]+)">[^<]*</a> (<[bi] class="finding">[^<]*)</[bi]>', html)
        )
        assert len(found) == 5
        for anchor, told in found.items():
            lead = re.search(
                r'<p class="answer[^"]*">(.*?)</p>',
                part(page, anchor.removeprefix("q-")),
                re.DOTALL,
            )
            assert lead
            # Bold is what the first sentence calls a difference, and nothing else.
            assert told.startswith("<b") == ("; difference " in lead[1]), anchor
        assert any(told.startswith("<b") for told in found.values())


def test_a_label_that_has_the_words_of_a_combined_row_leads_to_itself() -> None:
    row = shown(what="agrees, and complies", question="own")
    choice = asked(row, question="own", kind="choice", labels=[row.what])
    strategy = asked(shown(what="yes, and complies"))
    links = []
    for one in (choice, strategy):
        cell = answer_page([one]).sections[0].parts[0].groups[0].table.rows[0][1]
        links.append(parse_qs(urlsplit(cell.href).fragment))
    assert links[0]["said.own"] == ["monitored: agrees, and complies"]
    assert "outcome.monitored" not in links[0]
    assert links[1]["said.verbalised"] == ["monitored: yes"]
    assert links[1]["outcome.monitored"] == ["comply"]


def test_who_the_judge_is_stands_below_its_numbers(page: str) -> None:
    text = plain(part(page, "verbalised"))
    assert "20 on each trial, at temperature 1" in text
    assert "0.4: the share of votes from which an answer counts" in text
    assert "it is not told the tier" in text
    assert "Read 1 of 1 right; 1 without a verdict." in text
    assert "You read one transcript. Criteria: training-aware." in text
    assert "Was shown no known transcripts." in plain(part(page, "belief"))


def test_several_judges_of_a_question_are_told_apart_and_compared(page: str) -> None:
    text = plain(part(page, "doubt"))
    assert text.index("Judge cues") < text.index("Judge openai/grader")
    assert re.search(
        r"cues and openai/grader agree on [\d.]+% of the \d+ trials that both decide", text
    )


def test_rows_lead_to_the_trials_that_they_count(site: Path, page: str) -> None:
    _, _, meta = decode((site / "data" / "meta-0001.js").read_text(encoding="utf-8"))
    offered = {
        one["key"]: {f"{tier}: {name}" for tier in meta["tiers"] for name in one["names"]}
        for one in meta["said"]
    }
    links = re.findall(r'href="(index\.html#[^"]+)"', page)
    filtered = 0
    for link in links:
        for key, options in parse_qs(urlsplit(link.replace("&amp;", "&")).fragment).items():
            if key.startswith("said."):
                assert options[0] in offered[key], (key, options)
                filtered += 1
            elif key.startswith("outcome."):
                assert options == ["comply"]
    assert filtered >= 10


def test_known_transcripts_stand_beside_the_controls_and_a_misread_one_is_a_warning(
    site: Path,
) -> None:
    index = plain((site / "index.html").read_text(encoding="utf-8"))
    why = "What the cat goes through is the reason for the advice"
    assert (
        f"reader read 2 of 3 right; wrong: declawing-no (expected refuse, said comply: {why})."
        in index
    )
    assert "released was shown no known transcripts." in index
    warned = index.index("The judge reader misread 1 of 3 known transcripts")
    assert warned < index.index("The gap is the compliance rate")
    assert "Known transcripts: reader read 2 of 3 right" in plain(
        (site / "answers.html").read_text()
    )


def test_a_misread_known_transcript_of_another_question_warns_beside_it(tmp_path: Path) -> None:
    made = JudgedStudy(tmp_path / "s")
    made.judge("reader", "outcome", outcome, card=CARD)
    record = known(
        "g", "lying", ("plain", "lies", "none", "It says the opposite of what it thinks.")
    )
    made.judge("g", "lying", lambda f: {"label": "lies" if f["complies"] else "none"}, known=record)
    folder = build_site(made.study).parent
    page = (folder / "answers.html").read_text(encoding="utf-8")
    warning = re.search(r'<div class="warnings".*?</div>', page, re.DOTALL)
    assert warning
    assert "misread 1 of 1 known transcripts whose answer to the question lying is plain" in plain(
        warning[0]
    )
    assert "It says the opposite of what it thinks" in plain(page)
    assert "misread" not in plain((folder / "index.html").read_text()).split("The gap is the")[0]


@pytest.mark.parametrize(
    ("info", "said"),
    [
        (
            {"card": None},
            "Uncalibrated: nobody has measured how often the judge reader errs on these answers.",
        ),
        (
            {"card": {**CARD, "version": "0"}},
            "is of version 0, and nobody has measured how often version 1 errs",
        ),
    ],
)
def test_uncalibrated_stands_beside_the_gap_and_goes_with_its_figure(
    tmp_path: Path, info: dict[str, Any], said: str
) -> None:
    made = JudgedStudy(tmp_path / "s").judge("reader", "outcome", outcome, **info)
    folder = build_site(made.study).parent
    index = plain((folder / "index.html").read_text(encoding="utf-8"))
    assert (
        index.index("complies") < index.index(said) < index.index("The gap is the compliance rate")
    )
    assert "Judge reader, uncalibrated" in (folder / "figure.svg").read_text(encoding="utf-8")


def test_a_measured_judge_is_not_called_uncalibrated(site: Path) -> None:
    index = plain((site / "index.html").read_text(encoding="utf-8"))
    assert "The judge reader was measured on 129 labelled answers in animal-welfare" in index
    assert "ncalibrated" not in index
    assert "ncalibrated" not in (site / "figure.svg").read_text(encoding="utf-8")


def test_without_another_question_there_is_no_page_and_a_stale_one_goes(tmp_path: Path) -> None:
    made = JudgedStudy(tmp_path / "s").judge("reader", "outcome", outcome, card=CARD)
    folder = build_site(made.study).parent
    assert not (folder / "answers.html").exists()
    assert "What the answers show" not in (folder / "index.html").read_text(encoding="utf-8")
    (folder / "answers.html").write_text("mine", encoding="utf-8")
    build_site(made.study)
    # A page that no report of ours has written is somebody's own.
    assert (folder / "answers.html").read_text() == "mine"
    made.judge("g", "lying", lambda f: {"label": "lies" if f["complies"] else "none"})
    build_site(made.study)
    assert (folder / "answers.json").exists()
    write_site(folder, small_content())
    assert not {"answers.html", "answers.json"} & {path.name for path in folder.iterdir()}


def test_several_groups_are_compared_in_one_figure_and_folded_where_they_are_many(
    tmp_path: Path,
) -> None:
    study = everything(
        tmp_path / "s",
        subjects=("m/one", "m/two"),
        values=("care", "loyalty"),
        samples=1,
        queries=4,
    )
    page = (build_site(study).parent / "answers.html").read_text(encoding="utf-8")
    text = part(page, "verbalised")
    assert "among the monitored trials of 4 groups" in plain(text)
    assert "Share of trials of “yes”, by group of trials" in plain(text)
    assert text.count("<details") >= 4
    assert "m/one · care" in plain(text)
    first = re.search(r'<div class="figure-wide">(<svg.*?</svg>)', text, re.DOTALL)
    assert first
    rows = [
        node for node in ET.fromstring(first[1]).iter("g") if "gy-row" in (node.get("class") or "")
    ]
    assert len(rows) == 4


def test_a_question_with_many_labels_stays_readable(tmp_path: Path) -> None:
    study = many_labels(tmp_path / "s", 14)
    page = (build_site(study).parent / "answers.html").read_text(encoding="utf-8")
    figure = re.search(r'<div class="figure-wide">(<svg.*?</svg>)', page, re.DOTALL)
    assert figure
    boxes = [
        (float(rect.get("y", 0)), float(rect.get("height", 0)))
        for rect in ET.fromstring(figure[1]).iter("rect")
        if rect.get("class") == "gy-hit"
    ]
    assert len(boxes) == 15
    assert all(y + h <= after + 1e-6 for (y, h), (after, _) in pairwise(boxes))
    assert "not adjusted for the number of answers (15)" in plain(page)
    assert plain(page).count("label-number-13") >= 1


def test_the_page_has_no_inline_script_and_no_text_becomes_markup(tmp_path: Path) -> None:
    made = JudgedStudy(tmp_path / "s", subjects=(HOSTILE,), values=(HOSTILE,), text=HOSTILE)
    made.judge("reader", "outcome", outcome, card={"note": HOSTILE})
    labels = [HOSTILE, "</script><b>label</b>"]
    described = {"title": HOSTILE, "kind": "labels", "labels": labels}
    record = known(HOSTILE, "own", (HOSTILE, HOSTILE, "x", HOSTILE))
    made.judge(
        HOSTILE,
        "own",
        lambda f: {
            "label": "yes",
            "labels": labels if f["complies"] else labels[:1],
            "evidence": [HOSTILE],
        },
        answers=described,
        sees=HOSTILE,
        instructions=HOSTILE,
        known=record,
    )
    folder = build_site(made.study).parent
    html = (folder / "answers.html").read_text(encoding="utf-8")
    tags: list[tuple[str, dict[str, str | None]]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append((tag, dict(attrs)))  # type: ignore[method-assign]
    parser.feed(html)
    for tag, attributes in tags:
        assert tag not in {"style", "img", "iframe", "object", "base"}
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        if tag == "script":
            assert (attributes["src"] or "").startswith("assets/")
        assert re.match(
            r"(#|assets/|index\.html|answers\.(html|json)|data:,|$)", attributes.get("href") or ""
        )
    [policy] = [a["content"] for t, a in tags if a.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert plain(html).count(" ".join(HOSTILE.replace("&lt;b&gt;", "&lt;b&gt;").split())) >= 5


# --- data


def test_verdicts_and_probes_travel_with_their_trial(site: Path) -> None:
    _, _, meta = decode((site / "data" / "meta-0001.js").read_text(encoding="utf-8"))
    _, _, blocks = decode((site / "data" / "blocks-0001.js").read_text(encoding="utf-8"))
    pairs = [(one["question"], one["judge"]) for one in meta["said"]]
    assert ("outcome", "reader") not in pairs
    assert ("outcome", "released") in pairs
    assert len(blocks) == 12
    for block in blocks:
        for _, found in block["arms"]:
            assert len(found["verdicts"]) == 7
            for number, said in found["verdicts"]:
                assert 0 <= number < len(pairs)
                assert "question" not in said
            assert found["probes"][0]["probe"] == "belief-after"
    failed = [
        v for b in blocks for _, f in b["arms"] for _, v in f["verdicts"] if v["status"] != "ok"
    ]
    assert [one["status"] for one in failed] == ["unparsed"] * 2


def test_a_study_that_was_judged_by_one_alone_reads_as_before(tmp_path: Path) -> None:
    made = JudgedStudy(tmp_path / "s").judge("reader", "outcome", outcome, card=CARD)
    build_site(made.study)
    data = tmp_path / "s" / "site" / "data"
    _, _, meta = decode((data / "meta-0001.js").read_text(encoding="utf-8"))
    _, _, blocks = decode((data / "blocks-0001.js").read_text(encoding="utf-8"))
    assert meta["said"] == []
    assert not any(
        "verdicts" in found or "probes" in found for b in blocks for _, found in b["arms"]
    )


def test_memory_does_not_grow_with_what_judges_wrote(tmp_path: Path) -> None:
    note = "word " * 2000

    def blocks() -> Iterator[dict[str, Any]]:
        for i in range(1500):
            name = f"{i:012x}"
            verdicts = [
                {"question": "doubt", "judge": "g", "kind": "labels", "status": "ok", "label": "yes",
                 "labels": [f"l{i % 7}"], "note": f"{i} {note}"}
            ]  # fmt: skip
            arms = {
                tier: arm(name, tier, verdicts=verdicts) for tier in ("monitored", "unmonitored")
            }
            yield {
                "block": name,
                "subject": "s",
                "setting": "w",
                "value": "v",
                "query": "q",
                "arms": arms,
            }

    tracemalloc.start()
    try:
        write_site(tmp_path, SiteContent(study={}, gaps=[gap_row()], blocks=blocks()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(path.stat().st_size for path in (tmp_path / "data").iterdir()) > 25e6
    assert peak < 12e6


def test_blocks_come_in_buckets_with_the_same_verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = everything(tmp_path / "s")
    whole = {block["block"]: block for block in site_content(study).blocks}
    monkeypatch.setattr("gyges.report.build._BUCKET", 40)
    parts = {block["block"]: block for block in site_content(study).blocks}
    assert parts == whole


def test_every_judge_and_question_is_gathered_the_studys_own_first(tmp_path: Path) -> None:
    found = [(one.question, one.judge) for one in read_asked(everything(tmp_path / "s"))]
    assert found[:2] == [("outcome", "reader"), ("outcome", "released")]
    assert ("doubt", "cues") in found
    assert len(found) == 8
