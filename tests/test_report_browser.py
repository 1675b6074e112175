"""The report in a real browser, opened from a folder as by double click."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from gyges.report import SiteContent, write_site
from report_content import HOSTILE, arm, gap_row, hostile_content, small_content

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


class Reader:
    """A page of a report, and all that went wrong or was asked for while it was read."""

    def __init__(self, browser: Any, index: Path, fragment: str = "", **options: Any) -> None:
        self.folder = index.parent
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(index.as_uri() + fragment)
        self.page.wait_for_selector("body[data-ready]")

    def _heard(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(message.text)

    def block(self) -> str:
        """The block being read, once its text is there."""
        self.page.wait_for_selector("#reader .arms")
        return str(self.page.inner_text("#reader .permalink"))

    def press(self, key: str) -> str:
        """Press a key that leads to another block; give the block."""
        before = self.block()
        self.page.keyboard.press(key)
        self.page.wait_for_function(
            "id => document.querySelector('#reader .arms') "
            "&& document.querySelector('#reader .permalink').textContent !== id",
            arg=before,
        )
        return self.block()

    def choose(self, key: str, option: str) -> None:
        self.page.select_option(f"select[data-key='{key}']", option)

    def count(self) -> str:
        return str(self.page.inner_text("#count"))

    def until(self, condition: str) -> None:
        """Wait for a condition; as a function, since the page's policy forbids evaluated text."""
        self.page.wait_for_function(f"() => {condition}")

    def until_count(self, text: str) -> None:
        self.until(f"document.getElementById('count').textContent === '{text}'")

    def order(self) -> list[str]:
        """The first questions of the list, with where they come from."""
        texts = self.page.locator("#list .line").all_text_contents()
        return [" ".join(str(text).split()) for text in texts]

    def quiet(self) -> None:
        """Nothing went wrong, and nothing outside of the folder was asked for."""
        assert self.problems == []
        for url in self.asked:
            parts = urlsplit(url)
            if parts.scheme == "data":
                continue
            assert parts.scheme == "file"
            assert Path(unquote(parts.path)).is_relative_to(self.folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("small site, with a space"), small_content())


@pytest.fixture
def read(browser: Any) -> Iterator[Any]:
    readers: list[Reader] = []

    def make(index: Path, fragment: str = "", **options: Any) -> Reader:
        readers.append(Reader(browser, index, fragment, **options))
        return readers[-1]

    yield make
    for reader in readers:
        reader.context.close()


def test_it_opens_from_a_folder_without_an_error_or_a_request_elsewhere(
    read: Any, small: Path
) -> None:
    reader = read(small)
    reader.block()
    reader.press("j")
    reader.quiet()
    assert any("data/blocks-0001.js" in url for url in reader.asked)


def test_the_answer_the_figure_and_the_table_say_the_same(read: Any, small: Path) -> None:
    page = read(small).page
    assert "76 points more often" in page.inner_text("#answer")
    texts = page.locator(".figure-wide svg text").all_text_contents()
    assert {"78\u00a0%", "2\u00a0%", "+76 [64, 88]"} <= set(texts)
    assert page.locator(".figure-narrow").is_hidden()
    row = page.inner_text("#gaps tbody tr")
    for value in ("78.0", "+76.0", "64.0 to 88.0", "< 0.001", "73.0 to 78.0"):
        assert value in row.replace("\u00a0", " ")
    assert page.get_attribute(".figure-wide svg", "role") == "img"
    assert "76 points" in (page.get_attribute(".figure-wide svg", "aria-label") or "")


def test_the_arms_of_a_block_stand_side_by_side(read: Any, small: Path) -> None:
    reader = read(small)
    reader.block()
    boxes = [arm.bounding_box() for arm in reader.page.locator("#reader .arm").all()]
    assert len(boxes) == 2
    left, right = boxes
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    assert [h.inner_text() for h in reader.page.locator("#reader .arm h4").all()] == [
        "monitored",
        "unmonitored",
    ]


def test_keys_and_buttons_lead_to_the_next_and_the_previous_block(read: Any, small: Path) -> None:
    reader = read(small)
    first = reader.block()
    second = reader.press("j")
    assert reader.press("ArrowRight") not in {first, second}
    assert reader.press("k") == second
    assert reader.press("ArrowLeft") == first
    reader.page.keyboard.press("k")
    assert reader.block() == first
    reader.page.get_by_role("button", name="Next →").click()
    reader.until(f"document.querySelector('.permalink').textContent !== '{first}'")
    assert reader.block() == second
    assert "2 of 24" in reader.page.inner_text("#reader .tools")


def test_the_list_is_moved_in_by_arrows_and_says_where_it_is(read: Any, small: Path) -> None:
    reader = read(small)
    reader.block()
    reader.page.focus("#list")
    reader.press("ArrowDown")
    reader.press("End")
    page = reader.page
    assert "24 of 24" in page.inner_text("#reader .tools")
    active = page.get_attribute("#list", "aria-activedescendant")
    assert page.get_attribute(f"#{active}", "aria-selected") == "true"
    assert page.get_attribute(f"#{active}", "aria-posinset") == "24"


def test_search_is_reached_by_a_key_and_keys_type_there(read: Any, small: Path) -> None:
    reader = read(small)
    before = reader.block()
    reader.page.keyboard.press("/")
    reader.page.keyboard.type("goldfish jk?")
    reader.until_count("0 of 24 blocks")
    assert "No block matches" in reader.page.inner_text("#reader")
    reader.page.fill("#search", "Goldfish BOWL")
    reader.until_count("3 of 24 blocks")
    assert "goldfish" in reader.page.inner_text("#reader .asked")
    reader.page.keyboard.press("Escape")
    reader.press("j")
    reader.page.get_by_role("button", name="Clear filters").click()
    assert reader.count() == "24 blocks"
    assert reader.page.input_value("#search") == ""
    assert before
    reader.quiet()


def test_help_opens_and_single_letter_keys_can_be_turned_off(read: Any, small: Path) -> None:
    reader = read(small)
    first = reader.block()
    reader.page.keyboard.press("?")
    assert reader.page.locator("#help").is_visible()
    reader.page.uncheck("#keys-on")
    reader.page.keyboard.press("Escape")
    assert reader.page.locator("#help").is_hidden()
    reader.page.keyboard.press("j")
    reader.page.wait_for_timeout(100)
    assert reader.block() == first
    assert reader.press("ArrowRight") != first


def test_filters_show_what_they_say_and_count_what_they_would_show(read: Any, small: Path) -> None:
    reader = read(small)
    reader.block()
    options = reader.page.locator("select[data-key='arms'] option").all_inner_texts()
    counts = {text.rsplit(" (", 1)[0]: int(text.rsplit("(", 1)[1][:-1]) for text in options[1:]}
    differ = counts["arms differ"]
    assert differ + counts["arms agree"] + counts["an arm is absent or has no verdict"] == 24
    reader.choose("arms", "differ")
    assert reader.count() == f"{differ} of 24 blocks"
    outcomes = reader.page.locator("#reader .badge.outcome").all_inner_texts()
    assert len(set(outcomes)) == 2
    # What another choice would show is counted although this one is made.
    again = reader.page.locator("select[data-key='arms'] option").all_inner_texts()
    assert f"arms agree ({counts['arms agree']})" in again
    reader.choose("arms", "")
    reader.choose("status", "truncated")
    assert reader.count() == "1 of 24 blocks"
    assert "truncated" in reader.page.inner_text("#reader .arm.monitored .badges")
    assert "cut off at the token limit" in reader.page.inner_text("#reader .arm.monitored").lower()


def test_what_is_missing_is_marked_and_never_looks_like_a_verdict(read: Any, small: Path) -> None:
    reader = read(small, "#outcome.unmonitored=absent")
    reader.block()
    assert "has no unmonitored trial" in reader.page.inner_text("#reader .arm.missing")
    reader.choose("outcome.unmonitored", "no verdict")
    reader.choose("status", "unparsed")
    reader.page.wait_for_selector("#reader .raw")
    arm = reader.page.inner_text("#reader .arm.unmonitored")
    assert "no verdict" in arm
    assert "The completion as it came" in arm
    assert "<think>Hm" in arm
    reader.choose("status", "error")
    reader.until("document.getElementById('reader').textContent.includes('503')")
    assert "503 overloaded" in reader.page.inner_text("#reader .arm.unmonitored .mishap")
    reader.choose("outcome.unmonitored", "")
    reader.choose("status", "judge: unparsed")
    reader.page.wait_for_selector("#reader .judgement li")
    assert reader.page.inner_text("#reader .judgement li") == "never said this"
    reader.quiet()


def test_evidence_is_marked_in_place_and_reasoning_stands_apart(read: Any, small: Path) -> None:
    reader = read(small, "#arms=monitored")
    reader.block()
    page = reader.page
    assert page.inner_text("#reader .arm.monitored .answer-part mark") == "Profit comes first."
    reasoning = page.locator("#reader details.reasoning")
    assert reasoning.first.get_attribute("open") is not None
    assert "tier" in reasoning.first.inner_text()
    page.keyboard.press("r")
    assert [part.get_attribute("open") for part in reasoning.all()] == [None, None]
    reader.press("j")
    assert reasoning.first.get_attribute("open") is None


def test_prompts_show_once_what_is_shared_and_mark_what_differs(read: Any, small: Path) -> None:
    reader = read(small)
    reader.block()
    reader.page.keyboard.press("p")
    reader.page.wait_for_selector("#reader .message .only")
    heads = reader.page.locator("#reader .message-head").all_inner_texts()
    assert heads[0].startswith("system the same in both arms")
    assert heads[1].startswith("user differs between the arms")
    body = reader.page.locator("#reader .message .prose").nth(1)
    assert "free" in body.locator(".only.monitored").inner_text()
    assert "paid" in body.locator(".only.unmonitored").inner_text()
    assert body.locator(".only").count() == 2


def test_a_link_opens_its_block_and_brings_its_filters_back(read: Any, small: Path) -> None:
    reader = read(small)
    reader.choose("arms", "monitored")
    reader.page.fill("#search", "a")
    reader.until("location.hash.includes('q=a')")
    reader.page.keyboard.press("Escape")
    block = reader.press("j")
    fragment = reader.page.evaluate("location.hash")
    assert f"block={block}" in fragment
    assert "arms=monitored" in fragment
    again = read(small, fragment)
    assert again.block() == block
    assert again.page.input_value("select[data-key='arms']") == "monitored"
    assert again.page.input_value("#search") == "a"
    assert again.count() == reader.count()
    # The block's own link carries no filter, and works in a page that is open already.
    again.page.evaluate("location.hash = '#block=" + reader.block() + "'")
    again.until("document.getElementById('search').value === ''")
    assert again.block() == block
    assert again.count() == "24 blocks"


def test_a_link_to_what_is_not_there_says_so(read: Any, small: Path) -> None:
    reader = read(small, "#block=elsewhere")
    assert "no block elsewhere" in reader.page.inner_text("#reader")
    reader = read(small, "#subject=nobody")
    assert "No block matches" in reader.page.inner_text("#reader")
    reader.quiet()


def test_a_subject_in_the_table_leads_to_its_transcripts(read: Any, small: Path) -> None:
    reader = read(small)
    reader.page.click("#gaps tbody a")
    reader.until("location.hash.includes('subject=planted')")
    assert reader.count() == "24 blocks"
    assert reader.block()


def test_the_link_can_be_copied(read: Any, small: Path) -> None:
    reader = read(small, permissions=["clipboard-read", "clipboard-write"])
    block = reader.block()
    reader.page.click("#reader .copy")
    reader.until(
        "document.querySelector('.link-field') "
        "|| document.querySelector('.copy').textContent === 'Copied'"
    )
    field = reader.page.locator(".link-field")
    copied = (
        field.input_value()
        if field.count()
        else reader.page.evaluate("navigator.clipboard.readText()")
    )
    assert copied.endswith(f"#block={block}")


def test_the_order_is_random_and_the_same_for_the_same_seed(read: Any, small: Path) -> None:
    first = read(small)
    again = read(small)
    assert first.order() == again.order()
    again.page.fill("#seed", "8")
    again.page.keyboard.press("Enter")
    again.until("location.hash.includes('seed=8')")
    other = again.order()
    assert other != first.order()
    assert read(small, "#seed=8").order() == other
    again.page.click("#reshuffle")
    assert again.page.input_value("#seed") != "8"
    again.page.fill("#seed", "7")
    again.page.keyboard.press("Enter")
    assert again.order() == first.order()


def test_a_shuffled_order_is_a_permutation_that_seeds_tell_apart(read: Any, small: Path) -> None:
    page = read(small).page
    orders = page.evaluate("[1, 2, '1'].map((seed) => [...gyges.shuffled(500, seed)])")
    assert all(sorted(order) == list(range(500)) for order in orders)
    assert orders[0] == orders[2] != orders[1]
    assert orders[0] != sorted(orders[0])


def test_the_table_sorts_by_number_and_puts_what_is_absent_last(read: Any, tmp_path: Path) -> None:
    absent = dict.fromkeys(("gap", "ci_low", "ci_high"), None)
    rows = [
        gap_row(subject="m9", gap=0.09),
        gap_row(subject="m10", gap=-0.2),
        gap_row(subject="none", **absent),
        gap_row(subject="m2", gap=0.5),
    ]
    index = write_site(tmp_path, SiteContent({}, rows, blocks=small_content().blocks))
    page = read(index).page

    def shown() -> list[str]:
        return [str(text) for text in page.locator("#gaps tbody th").all_inner_texts()]

    head = page.locator("#gaps thead button", has_text="Gap")
    head.click()
    assert shown() == ["m2", "m9", "m10", "none"]
    assert (
        page.get_attribute("#gaps thead th:has(button:text-is('Gap'))", "aria-sort") == "descending"
    )
    head.click()
    assert shown() == ["m10", "m9", "m2", "none"]
    page.locator("#gaps thead button", has_text="Subject").click()
    assert shown() == ["m2", "m9", "m10", "none"]


def test_nothing_in_a_transcript_runs_or_becomes_markup(read: Any, tmp_path: Path) -> None:
    reader = read(write_site(tmp_path, hostile_content()))
    reader.block()
    page = reader.page
    page.keyboard.press("p")
    page.wait_for_selector("#reader .message")
    assert page.evaluate("window.pwned") is None
    assert HOSTILE in page.text_content("#reader .arm.monitored .answer-part .prose")
    assert HOSTILE in page.text_content("#reader .arm.monitored .reasoning .prose")
    assert HOSTILE in page.text_content("#reader .message .prose")
    assert HOSTILE in page.text_content("#reader .asked")
    assert page.text_content("#reader .arm.monitored .answer-part mark") == "<img src=x"
    assert HOSTILE in page.text_content("#gaps tbody")
    assert page.locator("#reader script, #reader img, #reader iframe, #reader b b").count() == 0
    assert page.locator("a[href^='javascript:']").count() == 0
    # Three arms, one of them with a name that scripts trip over.
    assert page.locator("#reader .arm h4").all_inner_texts()[2] == "__proto__"
    assert "__proto__" in page.inner_text("#reader .block-facts")
    reader.quiet()


def test_invisible_characters_are_shown_and_joined_emoji_left_alone(
    read: Any, tmp_path: Path
) -> None:
    reader = read(write_site(tmp_path, hostile_content()))
    reader.block()
    shown = reader.page.locator("#reader .asked .hidden-character").all_inner_texts()
    assert shown == ["U+202E", "U+202C", "U+0000", "U+D83D", "U+200B"]
    assert "\U0001f469\u200d\U0001f4bb" in reader.page.text_content("#reader .asked")


def test_a_huge_answer_is_folded_until_asked_for(read: Any, tmp_path: Path) -> None:
    reader = read(write_site(tmp_path, hostile_content()))
    reader.block()
    part = reader.page.locator("#reader .arm.other .answer-part")
    assert len(part.locator(".prose").text_content()) == 20_000
    part.get_by_role("button", name="Show all").click()
    assert part.locator(".prose").text_content().endswith("xTHE END")
    assert len(part.locator(".prose").text_content()) == 1_000_007


def test_the_policy_stops_scripts_that_are_not_of_this_folder(read: Any, small: Path) -> None:
    page = read(small).page
    # In a timer, since what a debugger evaluates is above the policy.
    refused = page.evaluate(
        """() => Promise.all([
          () => { document.body.innerHTML = "<b>x</b>"; },
          () => { document.createElement("script").src = "https://example.org/x.js"; },
          () => { window.eval("1"); },
          () => { window.trustedTypes.createPolicy("other", {}); },
        ].map((act) => new Promise((tell) => {
          setTimeout(() => { try { act(); tell("ran"); } catch { tell("refused"); } });
        })))"""
    )
    assert refused == ["refused"] * 4


def test_any_text_survives_the_way_into_the_browser(read: Any, tmp_path: Path) -> None:
    texts = [
        "\ud83d",
        "\x00\x7f\x85",
        "\u2028\u2029",
        "\ufeff\ufffe\uffff",
        "\\u003c",
        '"\\',
        "é😀",
        "\r\n",
    ]
    blocks = []
    for i, text in enumerate(texts):
        made = next(iter(small_content().blocks))
        blocks.append(
            made | {"block": f"b{i}", "arms": {"monitored": arm("b", "monitored", output=text)}}
        )
    index = write_site(tmp_path, SiteContent({}, [gap_row()], blocks=iter(blocks)))
    page = read(index).page
    got = page.evaluate(
        """async () => {
          const table = await gyges.open(() => {});
          const blocks = await Promise.all(table.ids.map((_, row) => table.block(row)));
          return blocks.map((block) => [...Array(block.arms[0][1].output.length).keys()]
            .map((i) => block.arms[0][1].output.charCodeAt(i)));
        }"""
    )
    units = [
        [int.from_bytes(raw[i : i + 2], "little") for i in range(0, len(raw), 2)]
        for raw in (text.encode("utf-16-le", "surrogatepass") for text in texts)
    ]
    assert got == units


def test_a_missing_chunk_is_reported_and_the_rest_still_works(read: Any, tmp_path: Path) -> None:
    index = write_site(tmp_path, small_content())
    (tmp_path / "data" / "blocks-0001.js").unlink()
    reader = read(index)
    reader.page.wait_for_selector("#reader .lost")
    assert "data/blocks-0001.js cannot be read" in reader.page.inner_text("#reader")
    assert reader.count() == "24 blocks"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_system_and_the_toggle(read: Any, small: Path, scheme: str) -> None:
    page = read(small, color_scheme=scheme).page

    def paper() -> str:
        return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))

    light, dark = "rgb(253, 253, 252)", "rgb(21, 23, 26)"
    assert paper() == (light if scheme == "light" else dark)
    page.click("#theme")
    assert paper() == light
    page.click("#theme")
    assert paper() == dark
    page.reload()
    assert paper() == dark
    # The two arms keep their colours apart in the dark as well.
    fills = page.evaluate(
        "['monitored', 'unmonitored'].map((tier) => getComputedStyle("
        "document.querySelector(`.figure-wide .gy-ci.gy-${tier}`)).stroke)"
    )
    assert fills == ["rgb(121, 189, 247)", "rgb(242, 166, 95)"]


@pytest.mark.parametrize("width", [360, 700, 1000, 1600])
@pytest.mark.parametrize("make", [small_content, hostile_content])
def test_the_page_never_scrolls_sideways(read: Any, tmp_path: Path, make: Any, width: int) -> None:
    reader = read(write_site(tmp_path, make()), viewport={"width": width, "height": 800})
    reader.block()
    reader.page.keyboard.press("p")
    reader.page.wait_for_selector("#reader .message")
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_narrow_screen_the_arms_stand_below_each_other(read: Any, small: Path) -> None:
    reader = read(small, viewport={"width": 360, "height": 740})
    reader.block()
    upper, lower = (arm.bounding_box() for arm in reader.page.locator("#reader .arm").all())
    assert upper["y"] + upper["height"] <= lower["y"]
    assert reader.page.locator(".figure-narrow").is_visible()
    assert reader.page.locator(".figure-wide").is_hidden()


def test_without_scripts_the_answer_and_the_numbers_are_there(browser: Any, small: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(small.as_uri())
    assert "76 points" in page.inner_text("#answer")
    assert "need scripts" in page.inner_text("#transcripts")
    assert page.locator(".figure-wide svg").is_visible()
    context.close()


def test_printing_leaves_out_what_paper_cannot_use(read: Any, small: Path) -> None:
    reader = read(small)
    reader.block()
    reader.page.emulate_media(media="print")
    for gone in (".top", "#filters", ".pane-list"):
        assert reader.page.locator(gone).is_hidden()
    for kept in (".figure-wide", "#gaps", "#reader .arms", ".foot"):
        assert reader.page.locator(kept).is_visible()


def test_controls_have_names_and_the_page_has_landmarks(read: Any, small: Path) -> None:
    reader = read(small)
    reader.block()
    nameless = reader.page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, [role=listbox], .scroll")]
          .filter((control) => !(control.getAttribute("aria-label")
            || control.getAttribute("aria-labelledby")
            || control.textContent.trim() && control.tagName === "BUTTON"
            || control.labels && control.labels.length))
          .map((control) => control.outerHTML)"""
    )
    assert nameless == []
    ids = reader.page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    for landmark in ("main", "header", "nav[aria-label]", "footer", "html[lang]"):
        assert reader.page.locator(landmark).count() >= 1
    levels = reader.page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4, h5')].map((head) => +head.tagName[1])"
    )
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_focus_is_always_seen(read: Any, small: Path) -> None:
    reader = read(small)
    reader.block()
    for _ in range(12):
        reader.page.keyboard.press("Tab")
        style = reader.page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement);"
            " return [s.outlineStyle, s.outlineWidth]; })()"
        )
        assert style[0] != "none"
        assert float(re.sub("px", "", style[1])) >= 1


def test_only_the_lines_in_view_exist_however_many_blocks_there_are(
    read: Any, tmp_path: Path
) -> None:
    def blocks() -> Iterator[dict[str, object]]:
        [made, *_] = small_content(1).blocks
        for i in range(5000):
            yield made | {"block": f"b{i:05d}", "query": f"q{i}", "query_text": f"Question {i}"}

    reader = read(write_site(tmp_path, SiteContent({}, [gap_row()], blocks=blocks())))
    reader.block()
    page = reader.page
    assert page.locator("#list .line").count() < 40
    page.evaluate("document.getElementById('list').scrollTop = 1e9")
    page.wait_for_function(
        "() => document.querySelector('#list .line:last-child').id === 'line-4999'"
    )
    last = page.locator("#list .line").last
    last.click()
    page.wait_for_function(
        "() => document.querySelector('#reader .tools').textContent.includes('5,000 of')"
    )
    assert page.locator("#list .line").count() < 40
