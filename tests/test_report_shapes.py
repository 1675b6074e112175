"""Pages of results that have a shape of their own: which study has one, what stands there, and what leads there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest

from gyges.report import SiteContent, write_site
from gyges.report.build import build_site
from gyges.report.shapes import (
    SHAPES,
    Cell,
    Figure,
    ShapePage,
    Table,
    shape_of,
    shape_page,
    threshold_of,
    transcripts,
)
from gyges.report.svg import el
from gyges.settings.records import SHAPES as NAMED
from gyges.study import StudyFolder
from report_content import HOSTILE, gap_row
from shaped_studies import Row, crossed, of_values, write_shaped

APPROACHES = ("plain", "staff", "role-play")


def coin(row: Row, rng: np.random.Generator) -> str:
    return "comply" if rng.random() < 0.5 else "refuse"


def ordering(path: Path) -> StudyFolder:
    return write_shaped(path, of_values(("honesty", "help"), 8), coin, shape="ordering")


def accuracy(path: Path) -> StudyFolder:
    rows = crossed(query=[f"sums-{at}" for at in range(8)], sample=[0], control=[False, True])
    return write_shaped(path, rows, coin, shape="accuracy", threshold=0.5)


def resistance(path: Path) -> StudyFolder:
    rows = crossed(
        query=[f"q-{at}" for at in range(8)],
        sample=[0],
        approach=APPROACHES,
        selfhood=("none", "strong"),
    )
    vary = {"approach": list(APPROACHES), "selfhood": ["none", "strong"]}
    return write_shaped(path, rows, coin, shape="resistance", spec={"vary": vary})


MAKERS = {"ordering": ordering, "accuracy": accuracy, "resistance": resistance}
Maker = Callable[[Path], StudyFolder]


class Page(HTMLParser):
    """The links, the text and the tags of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href" and tag == "a"]

    def handle_data(self, data: str) -> None:
        self.text += data


def a_page(text: str = "Plain.", slug: str = "ordering") -> ShapePage:
    picture = str(el("svg", el("text", text), class_="gyges-figure", role="img"))
    return ShapePage(
        slug=slug,
        title="A shape",
        answer=[f"First: {text}", "Second."],
        figures=[Figure(picture, note=text, caption=text)],
        tables=[Table(text, ["What", "How much"], [[text, Cell("1", 1.0)]], note=text)],
        data={"text": text, "number": float("nan")},
        question=text,
        notes=[text],
        reading=text,
    )


def content(page: ShapePage | None) -> SiteContent:
    return SiteContent(study={"title": "A study"}, gaps=[gap_row()], shape=page)


def test_every_shape_that_a_setting_can_name_has_a_module() -> None:
    assert set(SHAPES) == set(NAMED)
    for module in SHAPES.values():
        assert find_spec(module) is not None


@pytest.mark.parametrize("name", MAKERS)
def test_a_study_has_the_page_of_its_shape_and_the_numbers_beside_it(
    name: str, tmp_path: Path
) -> None:
    study = MAKERS[name](tmp_path / "study")
    site = build_site(study).parent

    page, first = Page(site / f"{name}.html"), Page(site / "index.html")
    numbers = json.loads((site / f"{name}.json").read_text(encoding="utf-8"))

    made = shape_page(study, "given")
    assert made is not None
    assert f"{name}.html" in first.links
    assert made.lead in first.text
    for said in made.answer:
        assert said in page.text
    assert numbers["schema"] == f"gyges.{name}/1"
    assert numbers["level"] == 0.95
    assert page.open.count("svg") == 2 * len(made.figures)


@pytest.mark.parametrize("name", MAKERS)
def test_every_figure_says_n_the_level_and_the_method(name: str, tmp_path: Path) -> None:
    made = shape_page(MAKERS[name](tmp_path / "study"), "given")

    assert made is not None
    notes = " ".join(figure.note for figure in made.figures)
    assert "95 % interval" in notes
    assert "clustered by" in notes
    assert re.search(r"n = \d+", notes) or "n = " in " ".join(f.svg for f in made.figures)
    for figure in made.figures:
        assert figure.caption
        assert figure.narrow


@pytest.mark.parametrize("name", MAKERS)
def test_rows_lead_to_filters_that_the_first_page_has(name: str, tmp_path: Path) -> None:
    made = shape_page(MAKERS[name](tmp_path / "study"), "given")

    assert made is not None
    links = [cell.href for table in made.tables for row in table.cells for cell in row if cell.href]
    assert links
    known = {"subject", "setting", "value", "control", "q", "factor.approach", "factor.selfhood"}
    for link in links:
        file, _, fragment = link.partition("#")
        assert file == "index.html"
        assert set(parse_qs(fragment)) <= known


@pytest.mark.parametrize("name", MAKERS)
def test_a_study_without_answers_has_no_such_page(name: str, tmp_path: Path) -> None:
    study = write_shaped(tmp_path / "study", [], coin, shape=name)

    assert shape_page(study, "given") is None


@pytest.mark.parametrize("name", MAKERS)
def test_a_study_whose_answers_are_all_missing_makes_no_claim(name: str, tmp_path: Path) -> None:
    rows = of_values(("a", "b"), 4, approach=APPROACHES)
    study = write_shaped(tmp_path / "study", rows, lambda *_: "missing", shape=name)

    assert shape_page(study, "given") is None


def test_one_query_gives_numbers_without_intervals(tmp_path: Path) -> None:
    for name, rows in (
        ("ordering", of_values(("a", "b"), 1)),
        ("accuracy", crossed(query=["sums-1"], sample=[0, 1])),
        ("resistance", crossed(query=["q"], sample=[0, 1], approach=APPROACHES)),
    ):
        study = write_shaped(tmp_path / name, rows, coin, shape=name)
        site = build_site(study).parent
        assert Page(site / f"{name}.html").text


def test_a_study_names_its_shape_and_its_threshold(tmp_path: Path) -> None:
    study = accuracy(tmp_path / "a")

    assert shape_of(study) == "accuracy"
    assert threshold_of(study) == 0.5


@pytest.mark.parametrize("setting", ["toy", None, {"id": "toy"}, {"shape": "spiral"}, {"shape": 3}])
def test_a_study_of_no_known_shape_has_no_page(setting: object, tmp_path: Path) -> None:
    study = ordering(tmp_path / "study")
    study.manifest.spec["setting"] = setting

    assert shape_of(study) is None
    assert threshold_of(study) is None
    assert shape_page(study, "given") is None


@pytest.mark.parametrize("told", ["half", True, -1, 2, None])
def test_a_threshold_that_is_no_share_is_none(told: object, tmp_path: Path) -> None:
    study = ordering(tmp_path / "study")
    study.manifest.spec["setting"] = {"threshold": told}

    assert threshold_of(study) is None


def test_a_report_takes_away_the_page_of_another_shape_and_nothing_else(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write_site(site, content(a_page(slug="ordering")))
    (site / "accuracy.html").write_text("mine", encoding="utf-8")

    write_site(site, content(a_page(slug="chain")))

    assert not (site / "ordering.html").exists()
    assert not (site / "ordering.json").exists()
    assert (site / "chain.html").exists()
    assert (site / "accuracy.html").read_text(encoding="utf-8") == "mine"

    write_site(site, content(None))

    assert not (site / "chain.html").exists()
    assert "chain.html" not in (site / "index.html").read_text(encoding="utf-8")


def test_text_of_others_stays_text(tmp_path: Path) -> None:
    write_site(tmp_path / "site", content(a_page(HOSTILE)))

    for name in ("ordering.html", "index.html"):
        page = Page(tmp_path / "site" / name)
        assert "img" not in page.open
        assert HOSTILE.split("]]>")[0] in page.text


def test_numbers_that_are_none_are_null(tmp_path: Path) -> None:
    write_site(tmp_path / "site", content(a_page()))

    text = (tmp_path / "site" / "ordering.json").read_text(encoding="utf-8")

    assert json.loads(text) == {"schema": "gyges.ordering/1", "text": "Plain.", "number": None}


def test_a_link_leaves_out_what_is_empty() -> None:
    assert transcripts({"subject": "a b", "value": "", "q": None}) == "index.html#subject=a+b"
    assert transcripts({}) == "index.html"


def test_a_page_names_the_study_and_reads_without_scripts(tmp_path: Path) -> None:
    site = build_site(ordering(tmp_path / "study")).parent
    text = (site / "ordering.html").read_text(encoding="utf-8")

    assert "from the study <bdi>study</bdi>" in text
    assert "default-src 'none'" in text
    assert not re.search(r'(src|href)="(https?:)?//', text)


def test_two_subjects_are_named_apart(tmp_path: Path) -> None:
    rows = [
        {**row, "subject": subject}
        for subject in ("lab/one", "lab/two")
        for row in of_values(("a", "b"), 8)
    ]
    made = shape_page(write_shaped(tmp_path / "study", rows, coin, shape="ordering"), "given")

    assert made is not None
    assert "lab/one" in made.lead
    assert "lab/two" in made.lead
    assert [figure.caption.rpartition(": ")[2] for figure in made.figures] == [
        "lab/one",
        "lab/one",
        "lab/two",
        "lab/two",
    ]
