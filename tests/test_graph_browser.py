"""The pages of a graph in a real browser: the picture, the threshold, the search, at every width, opened as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from graph_pages import (
    CONCEPT,
    GREENBLATT,
    bare_page,
    concept_page,
    health_record,
    index_groups,
    review_items,
    ugly_page,
)
from graph_resting import resting
from gyges.graph.site import (
    Assets,
    Links,
    node_file,
    render_health,
    render_index,
    render_node,
    render_review,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAPER = "gyges.picture.getElementById('" + GREENBLATT + "')"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    assets = Assets(files("gyges.report") / "assets")
    assets.write(out / "assets")
    other = concept_page()
    other["node"]["id"] = GREENBLATT
    other["resting"] = resting(nodes=40)
    ugly = ugly_page(120)
    ugly["node"]["id"] = "claim:ugly"
    for page in (concept_page(), bare_page(), other, ugly):
        id_ = page["node"]["id"]
        path = out / node_file(id_)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render_node(page, Links.files(id_, build=assets.build)), encoding="utf-8")
    here = Links.files(build=assets.build)
    index = render_index(index_groups(), here, nodes=262, edges=641)
    (out / "index.html").write_text(index, encoding="utf-8")
    (out / "health.html").write_text(render_health(health_record(), here), encoding="utf-8")
    (out / "review.html").write_text(
        render_review(review_items(), here, writing=False), encoding="utf-8"
    )
    return out


class Reader:
    """A page that somebody reads, and everything that went wrong on it."""

    def __init__(self, browser: Any, path: str, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on(
            "console",
            lambda said: said.type in {"error", "warning"} and self.problems.append(said.text),
        )
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.goto(path)

    def drawn(self) -> int:
        self.page.wait_for_selector("#pic[data-ready]")
        return int(self.page.get_attribute("#pic", "data-drawn"))

    def tell(self, script: str) -> Any:
        return self.page.evaluate(script)


Open = Callable[..., Reader]


@pytest.fixture
def read(browser: Any, site: Path) -> Iterator[Open]:
    opened: list[Reader] = []

    def opening(name: str, **options: Any) -> Reader:
        path, _, fragment = name.partition("#")
        address = (site / path).as_uri() + (f"#{fragment}" if fragment else "")
        opened.append(Reader(browser, address, **options))
        return opened[-1]

    yield opening
    for one in opened:
        assert one.problems == []
        assert not one.tell("window.ran === true")
        one.context.close()


NODE = node_file(CONCEPT)
ALL = [
    NODE,
    node_file("claim:ugly"),
    node_file("question:alone"),
    node_file(GREENBLATT),
    "index.html",
    "health.html",
    "review.html",
]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("width", [360, 1600])
def test_no_page_is_wider_than_its_window(read: Open, name: str, width: int) -> None:
    reader = read(name, viewport={"width": width, "height": 900})
    assert reader.tell("document.documentElement.scrollWidth") <= width
    # Also with everything unfolded.
    reader.tell("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert reader.tell("document.documentElement.scrollWidth") <= width


def test_the_first_screen_says_what_it_is_and_what_is_known(read: Open) -> None:
    reader = read(NODE, viewport={"width": 1600, "height": 1000})
    for selector in ("h1", ".definition", ".defined", "#knows", "#node-id", ".side-name"):
        box = reader.page.locator(selector).first.bounding_box()
        assert box["y"] + box["height"] < 1000, selector


def test_what_rests_on_a_source_is_reached_from_the_contents_and_unfolded(read: Open) -> None:
    reader = read(node_file(GREENBLATT))
    reader.page.click(".contents a[href='#resting']")
    stated = reader.page.locator("#resting h3:has-text('Statements') + ul .stated")
    assert stated.count() == 8
    assert stated.first.is_visible()
    last = reader.page.locator("#resting .stated", has_text="Gloss of statement 39.")
    assert not last.is_visible()
    reader.page.click("#resting details.all >> nth=0 >> summary")
    assert last.is_visible()
    # Its mark, its verb and both names are one sentence.
    assert "Finding 39 supports" in " ".join(last.locator(".what").inner_text().split())


def test_the_contents_stay_in_sight_and_cover_no_heading(read: Open) -> None:
    still = {"reduced_motion": "reduce"}
    reader = read(node_file(GREENBLATT), **still)
    for name in ("resting", "neighbours", "bearing"):
        reader.page.click(f".contents a[href='#{name}']")
        contents = reader.page.locator(".contents").bounding_box()
        bar = reader.page.locator("header.top").bounding_box()
        title = reader.page.locator(f"#{name}-title").bounding_box()
        assert contents["y"] >= bar["y"] + bar["height"] - 2
        assert contents["y"] < 100
        assert contents["y"] + contents["height"] <= title["y"] < 400
    narrow = read(node_file(GREENBLATT), viewport={"width": 390, "height": 800}, **still)
    narrow.page.click(".contents a[href='#neighbours']")
    assert narrow.page.locator(".contents").bounding_box()["y"] < 0


def test_the_picture_shows_one_step_or_two_and_stands_still(read: Open) -> None:
    reader = read(NODE)
    assert reader.drawn() == 17
    places = "JSON.stringify(gyges.picture.nodes().map((node) => [node.id(), node.position()]))"
    first = reader.tell(places)
    reader.page.check("input[name='hops'][value='2']")
    assert reader.drawn() == 26
    assert "9 nodes two steps away" in reader.page.inner_text("#pic-said")
    reader.page.check("input[name='hops'][value='1']")
    assert reader.tell(places) == first
    assert read(NODE).tell(places) == first


def test_no_label_in_the_picture_covers_another(read: Open) -> None:
    reader = read(NODE)
    reader.page.check("input[name='hops'][value='2']")
    overlaps = """() => {
      const box = (node) => node.boundingBox({ includeNodes: false, includeEdges: false, includeOverlays: false });
      const boxes = gyges.picture.nodes().not(".unnamed").map(box);
      let found = 0;
      boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
        const wide = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
        const high = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
        if (wide > 3 && high > 3) found += 1;
      }));
      return found;
    }"""
    assert reader.tell(overlaps) == 0


def test_every_label_that_is_drawn_can_be_read_however_many_nodes_there_are(read: Open) -> None:
    reader = read(node_file("claim:ugly"), viewport={"width": 800, "height": 700})
    reader.drawn()
    reader.page.select_option("#pic-most", "0")
    letters = (
        "gyges.picture.nodes().not('.unnamed')"
        ".map((node) => parseFloat(node.style('font-size')) * gyges.picture.zoom())"
    )
    seen = reader.tell(letters)
    assert 3 < len(seen) < reader.drawn()
    assert min(seen) > 9
    before = reader.tell("gyges.picture.nodes('.unnamed').length")
    for _ in range(6):
        reader.page.click("#pic-in")
    reader.page.wait_for_function(
        "before => gyges.picture.nodes('.unnamed').length < before", arg=before
    )


def test_a_link_to_what_stands_above_opens_the_fold_that_holds_it(read: Open) -> None:
    reader = read(node_file("claim:ugly"))
    link = reader.page.locator("a.up").nth(20)
    target = link.get_attribute("href")
    assert not reader.page.locator(f"li{target}").is_visible()
    reader.tell(f"window.location.hash = '{target}'")
    reader.page.wait_for_selector(f"li{target}", state="visible")


def test_the_picture_is_filtered_by_kind_and_by_relation(read: Open) -> None:
    reader = read(NODE)
    reader.drawn()
    reader.page.uncheck("#legend-types input[value='concept']")
    assert reader.drawn() == 11
    reader.page.uncheck("#legend-relations input[value='studies']")
    seen = reader.tell("gyges.picture.edges().not('.off').map((edge) => edge.data('relation'))")
    assert "studies" not in seen
    reader.page.check("#legend-types input[value='concept']")
    reader.page.check("#legend-relations input[value='studies']")
    assert reader.drawn() == 17


def test_what_only_a_hidden_node_leads_to_is_hidden_with_it(read: Open) -> None:
    reader = read(NODE)
    reader.page.check("input[name='hops'][value='2']")
    before = reader.drawn()
    reader.page.uncheck("#legend-types input[value='paper']")
    # Two papers, and what was reached through them alone.
    assert reader.drawn() == before - 2 - 5


def test_a_click_on_a_node_goes_to_its_page(read: Open) -> None:
    reader = read(NODE)
    reader.drawn()
    at = reader.tell(PAPER + ".renderedPosition()")
    reader.page.locator("#cy").scroll_into_view_if_needed()
    reader.page.locator("#cy").hover(position=at)
    assert "paper" in reader.page.inner_text("#pic-said")
    reader.page.locator("#cy").click(position=at)
    reader.page.wait_for_url("**/" + node_file(GREENBLATT))


def test_the_picture_moves_by_keyboard_and_the_wheel_scrolls_the_page(read: Open) -> None:
    reader = read(NODE)
    reader.drawn()
    state = "[gyges.picture.zoom(), gyges.picture.pan().x]"
    zoom, left = reader.tell(state)
    reader.page.locator("#cy").scroll_into_view_if_needed()
    reader.page.locator("#cy").hover()
    reader.page.mouse.wheel(0, 100)
    assert reader.tell(state) == [zoom, left]
    reader.page.focus("#cy")
    reader.page.keyboard.press("ArrowLeft")
    reader.page.keyboard.press("+")
    nearer, moved = reader.tell(state)
    assert nearer > zoom
    assert moved != left
    reader.page.keyboard.press("0")
    assert reader.tell(state) == pytest.approx([zoom, left])


def test_a_finger_scrolls_past_the_picture_until_it_is_freed(read: Open) -> None:
    reader = read(NODE, viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True)
    assert reader.drawn() == 8
    assert "9 more are not drawn" in reader.page.inner_text("#pic-said")
    assert reader.page.locator("#cy.locked").count() == 1
    reader.page.tap("#pic-unlock")
    assert reader.page.locator("#cy.locked").count() == 0
    reader.page.select_option("#pic-most", "0")
    assert reader.drawn() == 17


def test_the_picture_follows_the_theme(read: Open) -> None:
    reader = read(NODE, color_scheme="light")
    reader.drawn()
    colour = PAPER + ".style('background-color')"
    light = reader.tell(colour)
    reader.page.click("#theme")
    reader.page.click("#theme")
    assert reader.tell("document.documentElement.dataset.theme") == "dark"
    reader.page.wait_for_function(f"light => {colour} !== light", arg=light)


def test_the_threshold_moves_and_comes_back(read: Open) -> None:
    reader = read(NODE)
    count = reader.page.locator("#sims .sim:visible")
    assert count.count() == 4
    reader.page.focus("#threshold")
    reader.page.keyboard.press("Home")
    assert count.count() == 6
    assert reader.page.inner_text("#similar-count") == "6 of 6 at or above it"
    reader.page.keyboard.press("End")
    assert count.count() == 0
    reader.page.click("#threshold-reset")
    assert count.count() == 4


def test_the_id_is_copied(read: Open) -> None:
    reader = read(NODE)
    reader.page.click("[data-copy]")
    reader.page.wait_for_function(
        "['Copied', 'Selected'].includes(document.querySelector('[data-copy]').textContent)"
    )


def test_a_static_site_is_searched_from_every_page(read: Open) -> None:
    reader = read(NODE)
    reader.page.keyboard.press("/")
    reader.page.keyboard.type("af")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url("**/index.html#q=af")
    hits = reader.page.locator(".hits li")
    assert hits.first.inner_text().startswith("Alignment faking")
    reader.page.fill("#q", "malicious could")
    assert hits.count() == 1
    assert reader.page.inner_text("#found-said") == "1 node for malicious could."
    reader.page.select_option("#type", "claim")
    assert reader.page.inner_text("#found-said") == "Nothing for malicious could."
    reader.page.fill("#q", "")
    assert reader.page.locator("#all").is_visible()


def test_a_search_shows_markup_as_text(read: Open) -> None:
    reader = read("index.html#q=%3Cimg%20src%3Dx%20onerror%3D%22window.ran%3Dtrue%22%3E")
    assert "<img src=x" in reader.page.inner_text("#found-said")


def test_the_first_stop_of_the_keyboard_skips_to_the_content(read: Open) -> None:
    reader = read(NODE)
    reader.page.keyboard.press("Tab")
    assert reader.tell("document.activeElement.textContent") == "Skip to the content"
    reader.page.keyboard.press("Enter")
    assert reader.tell("document.activeElement.id") == "content"


def test_a_link_into_a_fold_opens_it_and_print_opens_all(read: Open) -> None:
    reader = read("index.html")
    reader.tell("window.dispatchEvent(new Event('beforeprint'))")
    assert reader.tell("document.querySelectorAll('details:not([open])').length") == 0
    reader.tell("window.dispatchEvent(new Event('afterprint'))")
    assert reader.tell("document.querySelectorAll('details[open]').length") == 0


def test_without_scripts_everything_but_the_picture_is_there(read: Open) -> None:
    reader = read(NODE, java_script_enabled=False)
    text = reader.page.locator("main").inner_text()
    assert "The picture needs scripts" in text
    assert "Classifier of alignment-faking reasoning" in text
    reader.problems.clear()
