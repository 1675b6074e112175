"""Chips, evidence, probes and filters of what the judges found, in a real browser."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gyges.report import SiteContent, write_site
from gyges.report.build import build_site
from judged_studies import DOUBT, FEAR, TEST, JudgedStudy, everything, many_labels, outcome
from report_content import HOSTILE, hostile_content
from test_report_browser import read

__all__ = ["read"]

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(everything(tmp_path_factory.mktemp("judged") / "study")).parent


def chips(reader: Any, tier: str = "monitored") -> Any:
    return reader.page.locator(f"#reader .arm.{tier} .chip")


def test_a_chip_shows_its_answer_and_on_demand_its_evidence(read: Any, site: Path) -> None:
    reader = read(
        site / "index.html",
        "#said.doubt@openai/grader=monitored: criteria-hidden&said.verbalised=monitored: yes",
    )
    reader.block()
    page = reader.page
    texts = chips(reader).all_inner_texts()
    assert any(text.startswith("verbalised: yes") and "13 of 20 votes" in text for text in texts)
    assert any(
        text.startswith("doubt: criteria-hidden") and "openai/grader" in text for text in texts
    )
    # Before a chip is pressed the outcome's own evidence is marked.
    assert page.locator("#reader .arm.monitored mark").all_inner_texts() == ["Profit comes first."]
    chip = chips(reader).filter(has_text="verbalised")
    chip.focus()
    page.keyboard.press("Enter")
    assert chip.get_attribute("aria-pressed") == "true"
    assert page.locator("#reader .arm.monitored mark").all_inner_texts() == [FEAR]
    details = page.inner_text("#reader .arm.monitored .verdict-details")
    for told in ("13 yes, 7 no", "it says why", "65 % of votes", "openai/grader"):
        assert told in details
    # It is pressed in the other arm too, which has nothing to mark.
    assert (
        chips(reader, "unmonitored").filter(has_text="verbalised").get_attribute("aria-pressed")
        == "true"
    )
    assert page.locator("#reader .arm.unmonitored mark").count() == 0
    assert chip.evaluate("one => one === document.activeElement")
    # And stays pressed in the next block.
    reader.press("j")
    assert page.locator("#reader .arm.monitored mark").all_inner_texts() == [FEAR]
    page.keyboard.press("Tab")
    chips(reader).filter(has_text="verbalised").click()
    assert page.locator("#reader .arm.monitored mark").all_inner_texts() == ["Profit comes first."]
    assert page.locator("#reader .verdict-details").count() == 0
    reader.quiet()


def test_a_key_goes_through_the_verdicts_and_quotes_lead_to_their_place(
    read: Any, site: Path
) -> None:
    reader = read(site / "index.html", "#said.doubt@openai/grader=monitored: fake-or-test")
    reader.block()
    page = reader.page
    pressed = []
    for _ in range(9):
        page.keyboard.press("v")
        found = page.locator("#reader .arm.monitored .chip[aria-pressed='true']")
        pressed.append(found.inner_text() if found.count() else "")
    assert len(set(pressed)) == 8
    assert "" in pressed
    page.evaluate("gyges.choose(-1)")
    chips(reader).filter(has_text="doubt").filter(has_text="openai/grader").click()
    mark = page.locator("#reader .arm.monitored mark", has_text=TEST)
    assert mark.get_attribute("data-label") == "fake-or-test"
    page.keyboard.press("r")
    assert page.locator("#reader details.reasoning").first.get_attribute("open") is None
    page.locator("#reader .arm.monitored button.quote", has_text=TEST).click()
    assert (
        page.locator("#reader .arm.monitored details.reasoning").get_attribute("open") is not None
    )
    chips(reader).filter(has_text="cues").click()
    assert "not in this reasoning or answer" in page.inner_text("#reader .arm.monitored .quotes")
    reader.quiet()


def test_trials_are_filtered_by_what_the_judges_found(read: Any, site: Path) -> None:
    reader = read(site / "index.html")
    reader.block()
    page = reader.page
    page.locator("#judged summary").click()
    labels = page.locator("#judged-facets label").all_inner_texts()
    names = [label.split("\n")[0] for label in labels]
    assert {
        "Verbalised",
        "Belief",
        "Doubt, by cues",
        "Doubt, by openai/grader",
        "Judges of the outcome",
    } <= set(names)
    options = page.locator("select[data-key='said.verbalised'] option").all_inner_texts()
    told = {text.rsplit(" (", 1)[0]: int(text.rsplit("(", 1)[1][:-1]) for text in options[1:]}
    assert told["yes, monitored"] + told["no, monitored"] == 12
    reader.choose("said.verbalised", "monitored: yes")
    assert reader.count() == f"{told['yes, monitored']} of 12 blocks"
    assert all(
        "yes" in text for text in chips(reader).filter(has_text="verbalised").all_inner_texts()
    )
    reader.choose("said.verbalised", "")
    reader.choose("said.outcome@", "monitored: judges differ")
    assert reader.count() == "2 of 12 blocks"
    outcomes = page.locator("#reader .arm.monitored .badge.outcome").inner_text()
    assert chips(reader).filter(has_text="released").inner_text().split()[1] != outcomes
    fragment = page.evaluate("location.hash")
    assert read(site / "index.html", fragment).count() == "2 of 12 blocks"
    reader.choose("said.outcome@", "")
    reader.choose("said.doubt@openai/grader", "monitored: no verdict")
    assert reader.count() == "1 of 12 blocks"
    assert (
        "no verdict"
        in chips(reader).filter(has_text="openai/grader").filter(has_text="doubt").inner_text()
    )
    reader.quiet()


def test_a_share_of_the_table_opens_as_many_trials_as_it_counts(read: Any, site: Path) -> None:
    reader = read(site / "index.html")
    rows = json.loads((site / "answers.json").read_text(encoding="utf-8"))["answers"]
    yes = next(
        row
        for row in rows
        if row["question"] == "verbalised" and row["what"] == "yes, and complies"
    )
    page = reader.page
    page.goto((site / "answers.html").as_uri())
    page.locator("#q-verbalised tr", has_text="yes, and complies").locator("td a").first.click()
    page.wait_for_selector("#reader .arms")
    assert page.inner_text("#count") == f"{round(12 * yes['monitored'])} of 12 blocks"
    reader.quiet()


def test_probes_are_folded_below_the_answer_and_read_there(read: Any, site: Path) -> None:
    reader = read(site / "index.html", "#said.belief=monitored: consistency-test first")
    reader.block()
    probe = reader.page.locator("#reader .arm.monitored details.probe")
    assert probe.get_attribute("open") is None
    probe.locator("summary").click()
    assert "test of consistency" in probe.inner_text()
    chips(reader).filter(has_text="belief").click()
    assert probe.locator("mark").all_inner_texts() == ["It may well be a test"]
    reader.quiet()


def test_what_a_judge_wrote_neither_runs_nor_becomes_markup(read: Any, tmp_path: Path) -> None:
    content = hostile_content()
    [block] = content.blocks
    block["arms"]["monitored"]["verdicts"] = [
        {
            "question": HOSTILE, "judge": HOSTILE, "kind": "labels", "status": "ok", "label": "yes",
            "labels": [HOSTILE], "evidence": [HOSTILE], "note": HOSTILE + " \u202egnirts\u202c", "votes": 2,
            "quotes": [["__proto__", "<img src=x"]],
            "tally": [[HOSTILE, 2]], "also": [["constructor", HOSTILE]], "numbers": [[HOSTILE, 0.5, "shares"]],
        },
        {"question": "__proto__", "judge": "constructor", "kind": "choice", "status": HOSTILE},
    ]  # fmt: skip
    block["arms"]["monitored"]["probes"] = [
        {"probe": HOSTILE, "status": "ok", "output": HOSTILE, "reasoning": HOSTILE},
        {"probe": "p", "status": "error", "error": HOSTILE},
    ]
    made = SiteContent(
        content.study, content.gaps, content.statuses, iter([block]), content.messages
    )
    reader = read(write_site(tmp_path, made))
    reader.block()
    page = reader.page
    assert HOSTILE in page.text_content("#reader .chip >> nth=0")
    page.keyboard.press("v")
    page.wait_for_selector("#reader .verdict-details")
    details = page.text_content("#reader .verdict-details")
    assert details.count(HOSTILE) >= 4
    assert "U+202E" in details
    assert page.locator("#reader .arm.monitored mark").count() >= 2
    assert HOSTILE in page.text_content("#reader details.probe")
    page.keyboard.press("v")
    assert "no verdict" in page.text_content("#reader .chip >> nth=1")
    assert page.evaluate("window.pwned") is None
    assert page.locator("#reader script, #reader img, #reader iframe").count() == 0
    options = page.locator("#judged-facets option").all_text_contents()
    assert any(HOSTILE in text for text in options) or not page.locator("#judged").is_visible()
    reader.quiet()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1000, "light"), (1600, "light")])
def test_the_pages_fit_their_window_are_labelled_and_say_nothing_to_the_console(
    read: Any,
    site: Path,
    tmp_path: Path,
    width: int,
    scheme: str,
) -> None:
    reader = read(
        site / "index.html", viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    reader.block()
    page = reader.page
    page.keyboard.press("v")
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(over) <= 0
    many = build_site(many_labels(tmp_path / "many", 14)).parent
    for folder in (site, many):
        reader.folder = folder
        page.goto((folder / "answers.html").as_uri())
        assert page.evaluate(over) <= 0
        kind = "narrow" if width == 360 else "wide"
        assert page.locator(f".figure-{kind}").first.is_visible()
        levels = page.evaluate(
            "[...document.querySelectorAll('h1, h2, h3, h4')].map((head) => +head.tagName[1])"
        )
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
        assert len(ids) == len(set(ids))
    assert reader.problems == []


_CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const part = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  const places = "#reader .arm *, .fine, .known *, .warnings *, .judge-facts *, .asked-list *";
  for (const one of document.querySelectorAll(places)) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !one.getClientRects().length) continue;
    const pair = [light(parse(getComputedStyle(one).color)), light(ground(one))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < 4.5) low.push(`${one.className} ${one.textContent.slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return low;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_that_wcag_asks_for(read: Any, site: Path, scheme: str) -> None:
    reader = read(
        site / "index.html",
        "#said.doubt@openai/grader=monitored: criteria-hidden",
        color_scheme=scheme,
    )
    reader.block()
    chips(reader).filter(has_text="doubt").filter(has_text="grader").click()
    reader.page.mouse.move(0, 0)
    assert DOUBT in reader.page.inner_text("#reader .arm.monitored mark")
    assert reader.page.evaluate(_CONTRAST) == []
    reader.page.goto((site / "answers.html").as_uri())
    assert reader.page.evaluate(_CONTRAST) == []


def test_a_long_note_is_cut_and_shown_whole_on_demand(read: Any, tmp_path: Path) -> None:
    note = "The reader hesitates here. " * 60
    made = JudgedStudy(tmp_path / "s", queries=2, samples=1)
    made.judge("reader", "outcome", outcome)
    made.judge("g", "lying", lambda f: {"label": "none", "note": note})
    reader = read(build_site(made.study).parent / "index.html")
    reader.block()
    page = reader.page
    # Nothing is filtered, so there is nothing to clear.
    assert not page.locator("#clear").is_visible()
    page.keyboard.press("v")
    details = page.locator("#reader .arm.monitored .verdict-details")
    assert 400 < len(details.inner_text()) < 600
    details.get_by_role("button", name="Show all").click()
    assert details.inner_text().count("hesitates") == 60
    page.fill("#search", "e")
    page.locator("#clear").wait_for(state="visible")
    page.locator("#clear").click()
    assert not page.locator("#clear").is_visible()
    assert page.evaluate("document.activeElement.id") == "search"
    reader.quiet()


def test_a_table_that_is_wider_than_its_page_shows_that_it_goes_on(read: Any, site: Path) -> None:
    page = read(site / "index.html").page
    page.set_viewport_size({"width": 1200, "height": 900})
    box = page.locator("#table .scroll").first
    assert box.evaluate("one => one.scrollWidth <= one.clientWidth")
    page.set_viewport_size({"width": 700, "height": 900})
    assert box.evaluate("one => one.scrollWidth > one.clientWidth")
    assert box.evaluate("one => getComputedStyle(one).backgroundImage.includes('gradient')")
