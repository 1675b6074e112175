"""The pages of shapes in a real browser: they fit the window, sort, and lead to their transcripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gyges.report.build import build_site
from test_report_shapes import MAKERS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("shapes")
    return {name: build_site(make(folder / name)).parent for name, make in MAKERS.items()}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark"), (1600, "light")])
def test_a_page_fits_the_window(
    browser: Any, sites: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto((sites[name] / f"{name}.html").as_uri())

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shown = "narrow" if width < 640 else "wide"
    assert page.locator(f".figure-{shown} svg").first.is_visible()
    # No text of a figure stands outside of its picture.
    outside = page.evaluate(
        """kind => [...document.querySelectorAll(`.figure-${kind} svg`)].flatMap((svg) => {
             const box = svg.getBoundingClientRect();
             return [...svg.querySelectorAll("text:not(.gy-tick)")].filter((text) => {
               const own = text.getBoundingClientRect();
               return own.left < box.left - 2 || own.right > box.right + 2;
             }).map((text) => text.textContent);
           })""",
        shown,
    )
    assert outside == []
    assert problems == []
    context.close()


@pytest.mark.parametrize("name", MAKERS)
def test_a_row_leads_to_its_transcripts(browser: Any, sites: dict[str, Path], name: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto((sites[name] / f"{name}.html").as_uri())
    page.locator("table tbody th a").last.click()
    page.wait_for_selector("body[data-ready]")

    shown, _, rest = page.inner_text("#count").partition(" of ")
    assert rest
    assert 0 < int(shown.split()[0].replace(",", "")) < int(rest.split()[0].replace(",", ""))
    context.close()
