"""The pages on what was varied: what stands on them, where they lead, and how they look in a real browser."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from gyges import findings
from gyges.report import write_site
from gyges.report.build import build_site, site_content
from gyges.report.chunks import decode
from gyges.report.forest import Line, forest
from gyges.report.panels import Panel, Point, Series, draw_panels
from report_content import HOSTILE, small_content
from varied_studies import Cell, cells, reworded, wordings, write_study

FIVE = ("supervised", "model_rated", "monitored", "rated", "unmonitored")
VALUES = ("care", "loyalty")


def monitored(cell: Cell) -> bool:
    return bool(cell["tier"] == "monitored")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study in which everything varies, one thing at a time."""
    base: dict[str, Any] = {
        "temperature": [1.0],
        "oversight": [None],
        "dose": [0],
        "consequence": ["preservation"],
        "persona": ["none"],
    }
    asked = []
    for name, levels in {
        "temperature": [0.0, 0.5, 1.0],
        "oversight": [0.0, 0.5, 1.0],
        "dose": [1, 2, 3],
        "consequence": ["influence", "none"],
        "persona": ["<b>saint</b>", HOSTILE],
    }.items():
        asked += list(cells(6, 2, values=VALUES, **{**base, name: levels}))
    asked += cells(6, 2, values=VALUES, tiers=("rated",), **base)
    asked += cells(6, 2, values=VALUES, subjects=("planted/other",), **base)
    asked += [
        {**cell, **{name: levels[0] for name, levels in base.items()}}
        for value in VALUES
        for cell in reworded(wordings(3)[1:], 6, 1, values=(value,))
    ]
    study = write_study(
        tmp_path_factory.mktemp("varied") / "study",
        asked,
        lambda c: 0.1 + 0.5 * monitored(c) * (c["temperature"] + 0.01),
        verbalised=lambda c, comply: comply and c["query"] < 3,
        texts=True,
    )
    return build_site(study).parent


PAGES = [
    "wordings",
    "temperature",
    "tiers",
    "oversight",
    "consequences",
    "dose",
    "factor-persona",
    "verbalised",
    "subjects",
]


def test_each_thing_that_varied_has_a_page_that_the_first_one_leads_to(site: Path) -> None:
    index = (site / "index.html").read_text(encoding="utf-8")

    listed = re.findall(r'<li><a href="([\w-]+)\.html">', index)
    assert listed == PAGES
    assert {path.stem for path in site.glob("*.html")} == {*PAGES, "index"}
    assert json.loads((site / "levels.json").read_text(encoding="utf-8"))["pages"] == [
        f"{page}.html" for page in PAGES
    ]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_answers_first_and_shows_intervals_methods_and_what_could_be_found(
    site: Path, page: str
) -> None:
    text = (site / f"{page}.html").read_text(encoding="utf-8")

    answer, figure, table = (
        text.index(part) for part in ('class="answer first"', "<figure>", "<table")
    )
    assert answer < figure < table
    assert "gyges-figure" in text
    assert re.search(r"n = \d+", text)
    assert "Method:" in text
    assert "95 % interval" in text
    assert "<script>window" not in text
    assert "http://" not in text
    assert "https://" not in text


def test_several_values_are_taken_together_and_each_stands_below(site: Path) -> None:
    text = (site / "dose.html").read_text(encoding="utf-8")

    assert "all 2 values" in text
    assert text.index("all 2 values") < text.index("Each value by itself")
    assert len(re.findall(r'<ul class="each">.*?</ul>', text, flags=re.DOTALL)) == 1


def test_names_that_others_chose_are_text(site: Path) -> None:
    text = (site / "factor-persona.html").read_text(encoding="utf-8")

    assert "&lt;b&gt;saint&lt;/b&gt;" in text
    assert "<b>saint</b>" not in text
    assert "<img src=x" not in text


def test_rows_lead_to_transcripts_by_filters_that_the_index_has(site: Path) -> None:
    _, _, meta = decode((site / "data" / "meta-0001.js").read_text(encoding="utf-8"))
    names = meta["names"]
    fixed = {"control": ["yes", "no"], "arms": ["monitored"], "value": names["value"]}

    for page in PAGES:
        text = (site / f"{page}.html").read_text(encoding="utf-8")
        links = re.findall(r'href="(index\.html#[^"]+)"', text)
        assert links, page
        for link in links:
            for key, options in parse_qs(urlsplit(link.replace("&amp;", "&")).fragment).items():
                if key.startswith("outcome."):
                    assert key.removeprefix("outcome.") in meta["tiers"]
                    assert options == ["comply"]
                else:
                    assert options[0] in (names.get(key) or fixed[key]), (page, key, options)


def test_a_later_report_takes_away_pages_that_are_no_longer_true(
    site: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    (copy / "mine.html").write_text("kept")

    write_site(copy, small_content())

    assert {path.name for path in copy.glob("*.html")} == {"index.html", "mine.html"}
    assert not (copy / "levels.json").exists()
    assert "What varied" not in (copy / "index.html").read_text(encoding="utf-8")


def test_a_report_holds_what_the_command_prints(tmp_path: Path) -> None:
    study = write_study(
        tmp_path / "s", cells(8, 2, temperature=[0.0, 1.0]), lambda c: 0.2 + 0.5 * monitored(c)
    )

    content = site_content(study)

    assert [one.row() for one in content.varied] == [one.row() for one in findings.varied(study)]


def test_many_wordings_are_small_dots_and_few_have_their_names(tmp_path: Path) -> None:
    pages = {}
    for name, texts in (("few", wordings(2)), ("many", wordings(3))):
        study = write_study(
            tmp_path / name, reworded(texts, 6, 1), lambda c: 0.2 + 0.4 * monitored(c)
        )
        pages[name] = (build_site(study).parent / "wordings.html").read_text(encoding="utf-8")

    assert "Every wording's gap" not in pages["few"].replace("&#39;", "'")
    assert "Every wording's gap" in pages["many"].replace("&#39;", "'")
    assert "gy-thin" in pages["many"]
    assert "The gap by distance" in pages["few"]


def test_points_are_joined_only_where_it_is_asked() -> None:
    points = [Point(x, 0.1 * x, 0.0, 0.5) for x in (0.0, 1.0, 2.0)]

    def drawn(**options: Any) -> str:
        panel = Panel("t", [Series("gap", points, **options)], "x", [(0.0, "0")], limits=(0, 2))
        return draw_panels([panel], width=600, label="l")

    assert "gy-join" not in drawn()
    assert "gy-join" in drawn(joined=True)
    assert "gy-fit" in drawn(line=(0.1, 0.0))
    assert 'class="gy-zero"' in drawn()


def test_the_zero_line_is_in_view_wherever_differences_stand() -> None:
    lines = [Line("a", 0.4, 0.3, 0.5), Line("b", 0.2)]

    assert 'class="gy-zero"' in forest(lines, width=900, label="l")
    assert 'class="gy-zero"' not in forest(lines, width=900, label="l", rates=True)


# In a real browser


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_fit_their_window_and_say_nothing_to_the_console(
    site: Path, browser: Any, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme="dark")
    page = context.new_page()
    problems: list[str] = []
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    for name in PAGES:
        page.goto((site / f"{name}.html").as_uri())
        over = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, name
        assert page.evaluate("window.pwned") is None
        kind = "narrow" if width == 360 else "wide"
        assert page.locator(f".figure-{kind}").first.is_visible()
    context.close()
    assert problems == []


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_a_row_opens_the_transcripts_of_its_level(site: Path, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto((site / "temperature.html").as_uri())
    page.locator("table a", has_text="0.5").first.click()
    page.wait_for_selector("body[data-ready]")
    page.wait_for_selector("#reader .arms")

    # Two values, six queries, two samples.
    assert page.inner_text("#count").startswith("24 of ")
    assert "factor.temperature=0.5" in unquote(page.url)
    assert page.locator("select[data-key='factor.temperature']").input_value() == "0.5"
    assert page.locator("select[data-key='factor.wording_rule']").count() == 0

    page.goto((site / "verbalised.html").as_uri())
    cell = page.locator("table td a").first
    told = int(cell.inner_text().split()[0].replace(",", ""))
    cell.click()
    page.wait_for_selector("#reader .arms")
    assert page.inner_text("#count").startswith(f"{told} of ")
    context.close()
