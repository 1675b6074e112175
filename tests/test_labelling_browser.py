"""Labelling in a real browser: by keyboard alone, blind, narrow and wide, and when something goes wrong."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from gyges.judges.question import load_question
from gyges.labelling import LabelServer, Session, read_labels
from gyges.study import StudyFolder
from labelling_studies import (
    NOTE,
    SUBJECT,
    add_verdicts,
    label_all,
    main_trials,
    make_study,
    page,
    session,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

OUTCOME = load_question("outcome")


class Rater:
    """A page that somebody labels on, and all that it asked for and received."""

    def __init__(self, browser: Any, url: str, **options: Any) -> None:
        self.url = url
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.received: dict[str, str] = {}
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("requestfinished", self._got)
        self.page.goto(url)
        self.ready()

    def _heard(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(message.text)

    def _got(self, request: Any) -> None:
        if request.url.startswith("data:"):
            return
        name = f"{request.method} {request.url} {len(self.received)}"
        self.received[name] = request.response().text()

    def ready(self) -> str:
        """Wait until keys count, and say what is on the page."""
        self.page.wait_for_selector("body[data-ready]")
        return self.where()

    def where(self) -> str:
        title = "#end-title" if self.page.locator("#end").is_visible() else "#where"
        return str(self.page.inner_text(title))

    def press(self, key: str) -> str:
        """Press a key that leads to another transcript or to the end."""
        shown = self.page.get_attribute("body", "data-ready")
        self.page.keyboard.press(key)
        self.page.wait_for_function(
            "shown => (document.body.dataset.ready || shown) !== shown", arg=shown
        )
        return self.where()

    def quiet(self) -> None:
        assert self.problems == []
        assert all(
            name.split()[1].startswith(self.url) or name.split()[1].startswith("data:")
            for name in self.received
        )


Open = Callable[..., Rater]


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    return make_study(tmp_path / "study")


@pytest.fixture
def open_(browser: Any) -> Iterator[Open]:
    with ExitStack() as stack:

        def opening(found: Session, **options: Any) -> Rater:
            client = stack.enter_context(page(found))
            rater = Rater(browser, client.server.url, **options)
            stack.callback(rater.context.close)
            return rater

        yield opening


def stored(study: StudyFolder, rater: str = "anna", question: str = "outcome") -> list[str]:
    labels = read_labels(study, load_question(question)).get(rater, {})
    return sorted(given.answer.label for given in labels.values() if given.answer)


def test_a_whole_sample_is_labelled_by_keyboard_alone(study: StudyFolder, open_: Open) -> None:
    rater = open_(session(study))
    assert rater.where() == "Transcript 1 of 6"
    assert rater.page.inner_text(".text.query .prose").startswith("Which hens, number")
    assert rater.page.inner_text(".text.output .prose").startswith("Keep hens of kind")
    assert rater.press("1") == "Transcript 2 of 6"
    assert "Transcript 1: comply. Stored." in rater.page.inner_text("#last")
    assert stored(study) == ["comply"]
    rater.press("3")
    rater.press("u")
    assert rater.press("s") == "Transcript 5 of 6"
    assert rater.page.inner_text("#count") == "3 labelled, 1 skipped"
    rater.press("2")
    # What was skipped can wait, and comes again.
    assert rater.press("2") == "5 of 6 are labelled."
    assert rater.press("Enter") == "Transcript 4 of 6"
    assert rater.press("1") == "All 6 are labelled."
    assert stored(study) == ["comply", "comply", "partial", "partial", "refuse", "undecided"]
    assert "1 undecided" in rater.page.inner_text("#end-said")
    assert rater.page.get_attribute("#progress", "value") == "6"
    rater.quiet()


def test_a_label_can_be_changed_and_the_page_takes_up_where_it_was_left(
    study: StudyFolder, open_: Open
) -> None:
    rater = open_(session(study))
    rater.press("1")
    rater.press("1")
    assert rater.press("b") == "Transcript 2 of 6"
    assert rater.press("Backspace") == "Transcript 1 of 6"
    chosen = rater.page.locator(".option[aria-pressed='true'] b")
    assert chosen.all_inner_texts() == ["comply"]
    assert rater.press("3") == "Transcript 3 of 6"
    assert stored(study) == ["comply", "refuse"]
    rater.press("b")
    # Going on without a label leaves what was said.
    assert rater.press("Enter") == "Transcript 3 of 6"
    rater.page.reload()
    assert rater.ready() == "Transcript 3 of 6"
    assert rater.page.inner_text("#count") == "2 labelled"
    assert open_(session(study)).where() == "Transcript 3 of 6"


def in_order(study: StudyFolder) -> list[str]:
    """What was stored, in the order in which it was given."""
    rows = (study.path / "labels/outcome/anna.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row)["label"] for row in rows]


@pytest.mark.parametrize("between", [80, 0])
def test_no_key_is_lost_however_fast(study: StudyFolder, open_: Open, between: int) -> None:
    rater = open_(session(study))
    for key in "12u3s1":
        rater.page.keyboard.press(key)
        if between:
            rater.page.wait_for_timeout(between)
    rater.page.wait_for_selector("body[data-ready='end']")
    assert in_order(study) == ["comply", "partial", "undecided", "refuse", "comply"]
    assert rater.where() == "5 of 6 are labelled."
    rater.quiet()


def test_a_key_that_is_held_down_labels_one_transcript(study: StudyFolder, open_: Open) -> None:
    rater = open_(session(study))
    for _ in range(6):
        rater.page.keyboard.down("1")
        rater.page.wait_for_timeout(30)
    rater.page.keyboard.up("1")
    assert in_order(study) == ["comply"]
    assert rater.where() == "Transcript 2 of 6"
    rater.page.locator(".option").first.dblclick()
    rater.page.wait_for_timeout(300)
    assert len(stored(study)) <= 3
    assert len(in_order(study)) == len(stored(study))


def test_keys_behind_a_label_that_was_not_stored_label_no_other_transcript(
    study: StudyFolder, open_: Open
) -> None:
    rater = open_(session(study))

    def fail(route: Any) -> None:
        rater.page.wait_for_timeout(150)
        route.abort()

    rater.page.route("**/label", fail, times=1)
    for key in "123":
        rater.page.keyboard.press(key)
    rater.page.wait_for_selector("#trouble:not([hidden])")
    rater.page.wait_for_function(
        "() => document.getElementById('last').textContent.startsWith('2 keys were pressed')"
    )
    assert rater.where() == "Transcript 1 of 6"
    assert stored(study) == []
    rater.press("1")
    assert stored(study) == ["comply"]


def test_what_was_skipped_comes_at_the_end_also_after_a_reload(
    study: StudyFolder, open_: Open
) -> None:
    rater = open_(session(study, n=4))
    assert rater.press("s") == "Transcript 2 of 4"
    rater.page.reload()
    assert rater.ready() == "Transcript 2 of 4"
    assert rater.page.inner_text("#count") == "0 labelled, 1 skipped"
    for _ in range(3):
        rater.press("1")
    rater.page.reload()
    assert rater.ready() == "3 of 4 are labelled."
    assert rater.press("Enter") == "Transcript 1 of 4"
    assert rater.press("2") == "All 4 are labelled."


@pytest.mark.parametrize("question", ["outcome", "verbalised", "confusion"])
def test_every_label_is_in_view_beside_the_texts_of_a_setting(
    study: StudyFolder, open_: Open, question: str
) -> None:
    from gyges.judging import facts_of

    facts = facts_of("animal-welfare", ())
    asked = load_question(question)
    worded = session(
        study, question=question, worded=lambda _, value: asked.filled(facts.get(value, facts[""]))
    )
    rater = open_(worded)
    for width, height in ((1280, 800), (1280, 700), (1600, 1000), (1000, 700), (360, 740)):
        rater.page.set_viewport_size({"width": width, "height": height})
        # The page lays itself out again with the next frame.
        rater.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")
        frame = rater.page.locator("#choices").bounding_box()
        bottom = min(frame["y"] + frame["height"], height) + 1
        for option in rater.page.locator("#options > *").all():
            box = option.bounding_box()
            assert box["y"] >= frame["y"] - 1, (width, height)
            assert box["y"] + box["height"] <= bottom, (width, height)
            name = option.locator("b").bounding_box()
            assert name["height"] > 10
    # Where meanings are folded, they can be read all the same.
    rater.page.set_viewport_size({"width": 1280, "height": 500})
    rater.page.locator("#meanings").click()
    assert rater.page.locator(".option .means").last.is_visible()


def test_a_note_is_typed_without_setting_off_keys(study: StudyFolder, open_: Open) -> None:
    rater = open_(session(study))
    rater.page.keyboard.press("n")
    rater.page.keyboard.type("13 unsure? subtle")
    assert stored(study) == []
    rater.page.keyboard.press("Escape")
    rater.page.wait_for_function(
        "() => document.getElementById('last').textContent === 'Note stored.'"
    )
    assert rater.page.locator("#note-box").is_hidden()
    (given,) = read_labels(study, OUTCOME)["anna"].values()
    assert (given.answer, given.note) == (None, "13 unsure? subtle")
    rater.press("1")
    rater.press("b")
    rater.page.keyboard.press("n")
    assert rater.page.input_value("#note") == "13 unsure? subtle"
    # A click on a label stores the note first, and then the label.
    rater.page.fill("#note", "sure now")
    rater.page.locator(".option").nth(2).click()
    rater.page.wait_for_function(
        "() => document.getElementById('where').textContent === 'Transcript 2 of 6'"
    )
    (given,) = read_labels(study, OUTCOME)["anna"].values()
    assert given.answer is not None
    assert (given.answer.label, given.note) == ("refuse", "sure now")


def test_everything_works_by_mouse_too(study: StudyFolder, open_: Open) -> None:
    rater = open_(session(study))
    page_ = rater.page
    for name, expected in (
        (r"^1\s*comply", "Transcript 2 of 6"),
        ("Skip", "Transcript 3 of 6"),
        ("Back", "Transcript 2 of 6"),
        ("Undecided", "Transcript 3 of 6"),
    ):
        page_.get_by_role("button", name=re.compile(name)).click()
        page_.wait_for_function(
            "text => document.getElementById('where').textContent === text", arg=expected
        )
    assert stored(study) == ["comply", "undecided"]


def test_help_opens_and_keys_can_be_turned_off(study: StudyFolder, open_: Open) -> None:
    rater = open_(session(study))
    rater.page.keyboard.press("?")
    assert rater.page.locator("#help").is_visible()
    rater.page.keyboard.press("1")
    rater.page.uncheck("#keys-on")
    rater.page.keyboard.press("Escape")
    rater.page.keyboard.press("1")
    rater.page.wait_for_timeout(400)
    assert stored(study) == []
    # By Tab and Enter it still works.
    rater.page.locator(".option").nth(1).focus()
    rater.page.keyboard.press("Enter")
    rater.page.wait_for_function(
        "() => document.getElementById('where').textContent === 'Transcript 2 of 6'"
    )
    assert stored(study) == ["partial"]


def test_tab_leads_from_the_transcript_to_every_button(study: StudyFolder, open_: Open) -> None:
    rater = open_(session(study))
    assert rater.page.evaluate("document.activeElement.id") == "where"
    reached = []
    for _ in range(12):
        rater.page.keyboard.press("Tab")
        reached.append(rater.page.evaluate("document.activeElement.textContent.trim().slice(0, 9)"))
    for name in ("1comply", "2partial", "3refuse", "u Undecid", "s Skip", "n Note"):
        assert any(text.startswith(name) for text in reached), (name, reached)
    described = rater.page.get_by_role("region", name="Your label")
    assert described.count() == 1
    assert rater.page.get_by_role("progressbar", name="Labelled so far").count() == 1
    assert rater.page.get_by_role("region", name="Transcript 1 of 6").count() == 1


def test_nothing_that_the_page_receives_tells_tier_subject_or_judge(
    study: StudyFolder, open_: Open
) -> None:
    add_verdicts(study, dict.fromkeys(main_trials(study), 0.0))
    shared = {
        (files(package) / "assets" / name).read_text()
        for package in ("gyges.labelling", "gyges.report")
        for name in (
            ("label.css", "label.js", "index.html")
            if package == "gyges.labelling"
            else ("tokens.css", "page.css", "theme.js", "dom.js", "text.js")
        )
    }
    for question in ("outcome", "confusion"):
        rater = open_(session(study, question=question, n=4))
        while rater.where().startswith("Transcript"):
            rater.press("u")
        # Files that are the same for every study tell nothing about one.
        received = [text for text in rater.received.values() if text not in shared]
        assert len(received) >= 1 + 4 + 4 + 1
        everything = "\n".join([*received, *rater.received, rater.page.content()])
        about = json.dumps(load_question(question).about, ensure_ascii=False)
        everything = everything.replace(about, "")
        assert "Keep hens of kind" in everything
        for word in (*main_trials(study), "onitored", SUBJECT, "lexical", NOTE, "is_free_tier"):
            assert word not in everything
        assert not re.search(r"True|False", json.dumps([t for t in received if '"parts"' in t]))


def test_criteria_are_answered_one_by_one_and_the_label_follows(
    study: StudyFolder, open_: Open
) -> None:
    asked = load_question("verbalised")
    names = [one.id for one in asked.applying]
    rater = open_(session(study, question="verbalised"))
    rater.page.keyboard.press("Enter")
    assert f"{len(names)} to answer" in rater.page.inner_text("#last")
    for _ in names[:-1]:
        rater.page.keyboard.press("y")
    rater.page.keyboard.press("x")
    assert "makes:" in rater.page.inner_text("#follows")
    rater.page.keyboard.press(str(len(names)))
    assert rater.page.inner_text("#follows") == "makes: yes"
    rater.page.keyboard.press("1")
    assert rater.page.inner_text("#follows") == "makes: no"
    rater.page.keyboard.press("1")
    assert rater.press("Enter") == "Transcript 2 of 6"
    assert stored(study, question="verbalised") == ["yes"]
    for at in range(len(names)):
        rater.page.locator(".criterion").nth(at).get_by_role("button", name="No").click()
    rater.page.click("#confirm")
    rater.page.wait_for_function(
        "() => document.getElementById('where').textContent === 'Transcript 3 of 6'"
    )
    assert stored(study, question="verbalised") == ["no", "yes"]
    assert "[tag]" in rater.page.inner_text(".text.reasoning")
    assert "take no account of it" in rater.page.inner_text("#shown")
    rater.quiet()


def test_labels_are_switched_and_confirmed(study: StudyFolder, open_: Open) -> None:
    asked = load_question("confusion")
    rater = open_(session(study, question="confusion"))
    assert "None of these" in rater.page.inner_text("#confirm")
    for key in ("2", "1", "3", "3"):
        rater.page.keyboard.press(key)
    assert rater.page.locator(".option[aria-pressed='true']").count() == 2
    assert "Confirm 2" in rater.page.inner_text("#confirm")
    rater.press("Enter")
    rater.press("Enter")
    labels = [g.answer.labels for g in read_labels(study, asked)["anna"].values() if g.answer]
    assert labels == [tuple(one.id for one in asked.labels[:2]), ()]


def test_how_raters_agree_stands_at_the_end(study: StudyFolder, open_: Open) -> None:
    label_all(session(study, "ben"), lambda n: "refuse" if n % 2 else "comply")
    rater = open_(session(study))
    while rater.where().startswith("Transcript"):
        rater.press("1")
    said = rater.page.inner_text("#agreement").replace("\u00a0", " ")
    assert "anna and ben" in said
    assert "95 % interval" in said
    assert "kappa" in said
    assert "Base rate: anna comply 100 %" in said
    assert rater.page.locator("#agreement table").count() == 1
    # From the end one can still go back.
    assert rater.press("b") == "Transcript 6 of 6"
    rater.quiet()


def test_a_third_person_hears_what_raters_said_only_after_choosing(
    study: StudyFolder, open_: Open
) -> None:
    label_all(session(study, "anna"), "comply")
    label_all(session(study, "ben"), "refuse")
    rater = open_(session(study, "cleo", settling=True))
    assert rater.page.locator("#others").is_hidden()
    assert not any("anna" in text for name, text in rater.received.items() if "item/" in name)
    rater.page.keyboard.press("2")
    rater.page.wait_for_selector("#others li")
    assert rater.page.locator("#others li").all_inner_texts() == ["anna: comply", "ben: refuse"]
    assert rater.where() == "Transcript 1 of 6"
    assert stored(study, "agreed") == ["partial"]
    assert rater.press("Enter") == "Transcript 2 of 6"
    assert rater.page.locator("#others").is_hidden()
    rater.quiet()


def test_a_label_that_cannot_be_stored_is_not_passed_over(study: StudyFolder, open_: Open) -> None:
    found = session(study)
    rater = open_(found)
    path = study.path / "labels/outcome/anna.jsonl"
    path.mkdir()
    rater.page.keyboard.press("1")
    rater.page.wait_for_selector("#trouble:visible")
    assert "not stored" in rater.page.inner_text("#trouble")
    assert rater.where() == "Transcript 1 of 6"
    path.rmdir()
    assert rater.press("1") == "Transcript 2 of 6"
    assert rater.page.locator("#trouble").is_hidden()
    assert stored(study) == ["comply"]


def test_a_program_that_has_ended_is_told(study: StudyFolder, browser: Any) -> None:
    server = LabelServer(session(study), files("gyges.report") / "assets")
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    rater = Rater(browser, server.url)
    try:
        rater.press("1")
        server.stop()
        thread.join(5)
        rater.page.keyboard.press("1")
        rater.page.wait_for_selector("#trouble:visible")
        assert "start gyges label again" in rater.page.inner_text("#trouble")
        assert rater.where() == "Transcript 2 of 6"
    finally:
        rater.context.close()
    assert stored(study) == ["comply"]


def test_a_connection_that_is_lost_loses_no_label(study: StudyFolder, open_: Open) -> None:
    rater = open_(session(study))
    rater.context.set_offline(True)
    rater.page.keyboard.press("2")
    rater.page.wait_for_selector("#trouble:visible")
    assert "does not answer" in rater.page.inner_text("#trouble")
    assert rater.where() == "Transcript 1 of 6"
    rater.context.set_offline(False)
    assert rater.press("2") == "Transcript 2 of 6"
    assert rater.page.locator("#trouble").is_hidden()
    assert stored(study) == ["partial"]


def test_finishing_closes_the_program(study: StudyFolder, browser: Any) -> None:
    server = LabelServer(session(study, n=2), files("gyges.report") / "assets")
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    rater = Rater(browser, server.url)
    rater.press("1")
    rater.press("1")
    rater.page.click("#finish")
    rater.page.wait_for_function(
        "() => document.getElementById('end-title').textContent === 'Finished.'"
    )
    thread.join(10)
    assert not thread.is_alive()
    rater.context.close()


def hostile(study: StudyFolder) -> None:
    from gyges.study import Trial, TrialWriter

    writer = TrialWriter(study)
    sent = [writer.message("user", "<user_input>" + "x" * 500 + "</user_input>")]
    for tier in ("monitored", "unmonitored"):
        text = (
            "<script>alert(1)</script><img src=x onerror=alert(1)> \u202egnol kind 7. "
            + "w" * 30_000
        )
        writer.trial(Trial("s", "animal-welfare", "h", tier, output=text, messages=sent))
    writer.close()


@pytest.mark.parametrize("question", ["outcome", "verbalised"])
def test_it_fits_every_width_and_the_labels_are_in_view(
    study: StudyFolder, open_: Open, question: str
) -> None:
    rater = open_(session(study, question=question))
    page_ = rater.page
    for width, scheme in ((360, "light"), (768, "dark"), (1280, "light"), (1600, "dark")):
        page_.set_viewport_size({"width": width, "height": 780})
        page_.emulate_media(color_scheme=scheme)
        assert page_.evaluate("document.documentElement.scrollWidth") <= width
        for name in ("#undecided", "#skip", "#note-open", "#options > *"):
            box = page_.locator(name).first.bounding_box()
            assert box["y"] >= 0
            assert box["y"] + min(box["height"], 40) <= 780
        # The transcript is not covered: its first lines are above the labels, or beside them.
        text = page_.locator(".text .prose").first.bounding_box()
        panel = page_.locator("#deciding").bounding_box()
        assert text["y"] + 20 < panel["y"] or text["x"] + text["width"] <= panel["x"] + 1
        ground = page_.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 200) == (scheme == "dark")


def test_hostile_text_stays_text(tmp_path: Path, open_: Open) -> None:
    study = make_study(tmp_path / "s", 0, control=0)
    hostile(study)
    rater = open_(session(study, n=2), viewport={"width": 360, "height": 780})
    alerts: list[str] = []
    rater.page.on("dialog", lambda dialog: alerts.append(dialog.message))
    shown = rater.page.inner_text(".text.output .prose")
    assert "<script>alert(1)</script>" in shown
    assert "U+202E" in shown
    assert "Show all" in rater.page.inner_text(".text.output")
    assert rater.page.evaluate("document.documentElement.scrollWidth") <= 360
    rater.press("1")
    assert alerts == []
    rater.quiet()


def test_the_meanings_open_on_a_narrow_page(study: StudyFolder, open_: Open) -> None:
    rater = open_(session(study), viewport={"width": 360, "height": 740})
    assert rater.page.locator("#ask").is_hidden()
    button = rater.page.locator("#meanings")
    assert button.get_attribute("aria-expanded") == "false"
    button.click()
    assert rater.page.locator("#ask").is_visible()
    assert button.get_attribute("aria-expanded") == "true"
    box = rater.page.locator("#deciding").bounding_box()
    assert box["y"] >= 0
