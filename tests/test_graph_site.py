"""The pages of a graph: all that a page that works must have is there, and nothing that was imported runs."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_library import graph, quoted
from graph_pages import (
    CONCEPT,
    GREENBLATT,
    SCRIPT,
    bare_page,
    concept_page,
    edge,
    health_record,
    index_groups,
    neighbour,
    proof,
    review_items,
    ugly_page,
)
from graph_resting import resting, statement
from gyges.errors import GraphError
from gyges.graph.attaching import attach
from gyges.graph.model import Edge, Evidence, Node
from gyges.graph.page import page_of
from gyges.graph.records import Proposal
from gyges.graph.review.pairing import Likenesses
from gyges.graph.review.queueing import candidate, detailed
from gyges.graph.site import (
    Assets,
    Links,
    build_site,
    node_file,
    policy,
    render_health,
    render_index,
    render_message,
    render_node,
    render_review,
    render_search,
    review_anchor,
)
from gyges.graph.site.build import shown_alike
from gyges.graph.site.links import answers
from gyges.graph.site.marks import MARKS, mark_of
from gyges.graph.site.words import GRADE_WORDS, address, clip, dates, identifiers, shown
from gyges.graph.store import Store
from gyges.graph.vocabulary import GRADES, NODE_TYPES, RELATIONS, fits

VOID = {"meta", "link", "img", "br", "input", "hr"}
LOOK = files("gyges.report") / "assets"


class Page(HTMLParser):
    """A page as a parser sees it: its tags in order, its text, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # A paragraph cannot hold a fold or a block: the browser would close it early.
        assert not (tag in {"details", "div", "ul", "ol", "p"} and "p" in self.open), self.getpos()
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        if "script" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        return [
            found for name, found in self.tags if name == tag and wanted.items() <= found.items()
        ]

    def data(self, id_: str) -> Any:
        found = re.search(
            rf'<script type="application/json" id="{id_}">(.*?)</script>', self.html, re.DOTALL
        )
        assert found is not None
        return json.loads(found[1])


def node_page(page: dict[str, Any], links: Links | None = None) -> Page:
    return Page(render_node(page, links or Links.files(page["node"]["id"])))


def pages() -> dict[str, str]:
    here, served = Links.files(), Links.served()
    return {
        "concept": render_node(concept_page(), Links.files(CONCEPT)),
        "ugly": render_node(ugly_page(40), Links.files("claim:ugly")),
        "bare": render_node(bare_page(), served),
        "index": render_index(index_groups(), here, nodes=262, edges=641),
        "index served": render_index(index_groups(), served, nodes=262, edges=641),
        "search": render_search(SCRIPT, [{"id": CONCEPT, "label": SCRIPT, "how": "label"}], served),
        "health": render_health(health_record(), here),
        "review": render_review(review_items(), served, writing=True, token="t", message=SCRIPT),
        "queue": render_review(review_items(), here, writing=False),
        "message": render_message(SCRIPT, SCRIPT, here, near=[{"id": CONCEPT}]),
    }


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_page_is_sound_and_in_order(name: str) -> None:
    page = Page(pages()[name])
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [found["id"] for _, found in page.tags if "id" in found]
    assert len(ids) == len(set(ids))
    named = [found["aria-labelledby"] for _, found in page.tags if "aria-labelledby" in found]
    assert set(named) <= set(ids)
    inside = [
        found["href"][1:] for found in page.all("a") if (found.get("href") or "").startswith("#")
    ]
    assert set(inside) <= set(ids)
    assert page.all("a", class_="skip") == [{"class": "skip", "href": "#content"}]


@pytest.mark.parametrize("name", sorted(pages()))
def test_no_page_runs_or_loads_anything_but_its_own_files(name: str) -> None:
    page = Page(pages()[name])
    assert not any(
        key.startswith("on") or key == "style" for _, found in page.tags for key in found
    )
    assert not page.all("img")
    for found in page.all("script"):
        assert found.get("type") == "application/json" or "assets/" in (found["src"] or "")
    for found in page.all("a"):
        assert re.match(r"https?://|#|[\w./~%?=&-]", found["href"] or "#")
        assert not (found.get("href") or "").startswith("javascript:")
    (said,) = page.all("meta", http_equiv="Content-Security-Policy")
    assert "default-src 'none'" in (said["content"] or "")
    assert "unsafe" not in (said["content"] or "")


def test_the_page_of_a_concept_has_all_that_a_page_that_works_has() -> None:
    given = concept_page()
    page = node_page(given)
    text = page.text
    # The header: id, label, aliases, kind, status, gloss and its source.
    for said in (
        CONCEPT,
        "Alignment faking",
        "strategic compliance",
        "disputed",
        given["node"]["gloss"],
    ):
        assert said in text
    assert "Alignment faking in large language models , section 1 read in the source" in text
    assert "18 December 2024" in text
    assert "20 to 13 neighbours" in text
    hrefs = [found.get("href") for found in page.all("a")]
    assert "https://arxiv.org/abs/2412.14093" in hrefs
    assert "https://example.org/alignment-faking" in hrefs
    assert f"../../{node_file(GREENBLATT)}" in hrefs
    # Neighbours by kind, with counts, relation, direction, gloss and evidence.
    for group in given["groups"]:
        assert f"n-{group['type']}" in [found.get("id") for found in page.all("section")]
        assert f"({group['nodes']})" in text
    for one in given["neighbours"]:
        assert one["label"] in text
        for said in one["edges"]:
            assert said["gloss"] in text
            assert said["reads"] in text
    assert "← proposed by" in text
    assert "→ extends" in text
    assert "↔ analogous to" in text
    # For and against, apart from loose association, with grade and figures.
    assert "8.4 points (95 % interval 5.0 to 12.6)" in text
    assert "+ It supports 2" in text
    assert "A gap without a word" not in text
    assert "Only associated 4" in text
    # Quotes with text, state and offsets, or how to attach a copy.
    assert "characters 4,100 to 4,161" in text
    assert f"gyges graph attach FILE --to {GREENBLATT}" in text
    assert "does not stand in your copy" in text
    # Similar nodes: every one with its score, the model, the threshold, and the way to decide.
    for one in given["similar"]:
        assert f"{one['score']:.3f}" in text
    assert "all-MiniLM-L6-v2 (int8)" in text
    assert "compared with 311 nodes; threshold 0.65" in text
    assert "../../review.html" in hrefs
    # Findings, and the picture.
    for one in given["findings"]:
        assert one["label"] in text
    assert len(page.data("picture-data")["nodes"]) == len(given["picture"]["nodes"])


def test_neighbours_stand_in_the_order_of_the_record_with_their_counts() -> None:
    given = ugly_page(120)
    page = node_page(given)
    counts = [
        int(found)
        for found in re.findall(r'<span class="count">(\d+) edges?</span></div>', page.html)
    ]
    wanted = [one["count"] for one in given["neighbours"] if one["type"] == "paper"]
    assert counts == wanted
    assert "Show all 120 papers" in page.text
    assert "Show all 60 loose associations" in page.text


def test_what_a_record_leaves_out_is_said() -> None:
    given = concept_page()
    given["groups"][0]["nodes"] = 500
    assert "494 not listed" in node_page(given).text
    assert "3 more stand on its page" in node_page(given).text
    given["bearing"]["counts"]["contradicts"] = 300
    del given["bearing"]["about"]
    assert "298 more stand on the pages of the claims" in node_page(given).text


def bearing_items(*rows: tuple[str, str, str, float | None]) -> dict[str, Any]:
    """What bears on a claim: each row's label, side, grade and confidence."""
    self_ = {"id": "claim:x", "type": "claim", "label": "X"}
    sides: dict[str, list[dict[str, Any]]] = {"supports": [], "contradicts": []}
    for number, (label, side, grade, sure) in enumerate(rows):
        one = edge(
            side, "in", f"{side} it", "why", [proof("paper:p", "P", grade=grade)], confidence=sure
        )
        other = {"id": f"finding:{number}", "type": "finding", "label": label}
        sides[side].append(one | {"other": other, "about": self_})
    counts = {side: len(found) for side, found in sides.items()}
    return {**sides, "counts": counts, "about": [self_ | counts], "given": {}}


def claim_page(**parts: Any) -> dict[str, Any]:
    return {"node": {"id": "claim:x", "type": "claim", "label": "X", "edges": 3}} | parts


def knows(page: dict[str, Any]) -> str:
    """The sentence that answers first."""
    html = render_node(page, Links.served())
    found = re.search(r'id="knows">(.*?)</p>', html, re.DOTALL)
    assert found is not None
    return " ".join(re.sub("<[^>]+>", "", found[1]).split())


def test_a_claim_says_first_what_speaks_for_and_against_it_and_how_that_is_known() -> None:
    bearing = bearing_items(
        ("one", "supports", "primary", 0.9),
        ("two", "supports", "secondary", None),
        ("three", "contradicts", "abstract", 0.5),
    )
    page = claim_page(bearing=bearing)
    assert knows(page) == (
        "Supported by 2 statements (1 read in the source, 1 second-hand), contradicted by 1 (abstract only)."
    )
    text = node_page(page, Links.served()).text
    assert "This claim 2 for · 1 against" in text
    assert text.index("Speaks for it 2") < text.index("one") < text.index("Speaks against it 1")
    assert knows(claim_page()) == "Nothing in the graph speaks for or against it yet."
    assert "Nothing in the graph speaks for or against it yet" in node_page(claim_page()).text
    # Of those that are not told, nobody knows how they are known.
    bearing["about"][0]["supports"] = 90
    assert knows(page).startswith("Supported by 90 statements, contradicted by 1 (")


def test_each_kind_of_node_says_first_what_its_readers_come_for() -> None:
    concept = knows(concept_page())
    assert "1 claim is about it" in concept
    assert "most bears on Models show a compliance gap" in concept
    assert "(4 for, 1 against)" in concept
    question = {"node": {"id": "question:q", "type": "question", "label": "Q?"}}
    assert knows(question) == "Nothing in the graph answers it yet."
    found = neighbour("finding:f", "F", "", edge("studies", "in", "studied by"))
    assert knows(question | {"neighbours": [found]}) == "1 finding bears on it: F."
    group = [{"type": "finding", "plural": "findings", "nodes": 9, "edges": 9}]
    many = question | {"neighbours": [found], "groups": group}
    assert knows(many) == "At least 1 finding bears on it: F."
    paper = {"node": {"id": "paper:p", "type": "paper", "label": "P"}}
    near = [
        neighbour("concept:a", "A", "", edge("proposes", "out", "proposes")),
        neighbour("finding:f", "F", "", edge("extracted_from", "in", "source of")),
    ]
    assert (
        knows(paper | {"neighbours": near}) == "It proposes A. 1 of its findings is in the graph."
    )
    thinker = {"node": {"id": "thinker:t", "type": "thinker", "label": "T"}}
    wrote = neighbour("paper:p", "P", "", edge("authored_by", "in", "author of"))
    assert knows(thinker | {"neighbours": [wrote]}) == "Wrote or made P."
    assert 'id="bearing"' not in node_page(thinker | {"neighbours": [wrote]}).html
    hypothesis = {"node": {"id": "hypothesis:h", "type": "hypothesis", "label": "H"}}
    tested = neighbour("setting:s", "S", "", edge("studies", "in", "studied by"))
    assert knows(hypothesis | {"neighbours": [tested]}) == (
        "Tested by S. Nothing in the graph speaks for or against it yet."
    )


def test_what_bears_is_grouped_by_claim_and_told_once() -> None:
    page = node_page(concept_page())
    claims = re.findall(r'<li class="weighed"><h3>.*?</h3>', page.html)
    assert len(claims) == 2
    assert "4 for" in claims[0]
    assert page.text.count("On newer models the published setting gives no gap to speak of.") == 1
    # A neighbour's edge that stands there is not told again.
    given = concept_page()
    shared = given["bearing"]["supports"][0]
    given["neighbours"].append(neighbour("claim:gap-without-reasoning", "A gap", "", shared))
    page = node_page(given)
    assert page.text.count(shared["gloss"]) == 1
    target = "#b-" + shared["id"].replace(":", "-")
    assert page.all("a", class_="up", href=target)
    assert page.all("li", id=target[1:])


def test_more_than_five_claims_are_folded() -> None:
    given = concept_page()
    given["bearing"]["about"] = [
        {
            "id": f"claim:n{number}",
            "type": "claim",
            "label": f"N{number}",
            "supports": number,
            "contradicts": 0,
        }
        for number in range(12)
    ]
    html = node_page(given).html
    before, _, after = html.partition('<details class="all"><summary>')
    assert before.count('<li class="weighed">') == 5
    assert after.count('<li class="weighed">') == 14 - 5
    assert "N11" in before


def test_what_a_record_names_by_its_id_alone_gets_its_label_from_the_graph() -> None:
    labels = {"question:alone": "Is anybody there?", CONCEPT: "Alignment faking"}
    statements = {"e:0000000000000001": (CONCEPT, "extends", "question:alone")}
    links = Links.served(label=lambda id_: labels.get(id_, ""), edge=statements.get)
    text = Page(render_health(health_record(), links)).text
    assert "question: Is anybody there?" in text
    assert "Alignment faking extends question: Is anybody there?" in text
    assert "e:0000000000000002" in text
    named = Links.served(label=lambda id_: "The source" if id_ == GREENBLATT else "")
    review = Page(render_review(review_items()[:1], named, writing=False)).text
    assert "The source , section 6 not checked" in review
    assert GREENBLATT not in review


def test_a_source_says_what_rests_on_it_and_what_rests_on_it_alone() -> None:
    page = node_page(concept_page() | {"resting": resting()})
    assert "What rests on it 392" in page.text
    assert page.all("a", href="#resting")
    assert page.all("section", id="resting")
    assert "Statements 392; 367 of them rest on nothing else" in page.text
    assert "352 more cite it and are not listed." in page.text
    assert "Nodes described from it 3; 2 of them rest on nothing else" in page.text
    hrefs = [found.get("href") for found in page.all("a")]
    for number in range(40):
        assert f"Gloss of statement {number}." in page.text
        assert f"../../nodes/claim/c{number}.html" in hrefs
        assert f"../../nodes/finding/f{number}.html" in hrefs
    assert "finding: Finding 7 supports claim: Claim 7" in page.text
    assert page.text.count("rests on this alone") == 30 + 2
    # The first ones stand open.
    section = page.html.partition('<section id="resting"')[2].partition("</section>")[0]
    before, _, after = section.partition('<details class="all">')
    assert before.count('<li class="stated">') == 8
    assert "Show all 40 that are listed" in after


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (resting(1, 0), "Statements 1; it rests on nothing else"),
        (resting(1, 0, alone=0), "Statements 1; it rests on something else too"),
        (resting(5, 0), "Statements 5; all of them rest on nothing else"),
        (resting(5, 0, alone=1), "Statements 5; 1 of them rests on nothing else"),
        (resting(5, 0, alone=0), "Statements 5; all of them rest on something else too"),
        (
            resting(20000, 0, weighed=800, alone=710),
            "Statements 20,000; at least 710 of them rest on nothing else",
        ),
        (
            resting(20000, 0, weighed=800, alone=800),
            "Statements 20,000; at least 800 of them rest on nothing else",
        ),
        (
            resting(20000, 0, weighed=800, alone=0),
            "Statements 20,000; of 800 that were looked at, none rests on it alone",
        ),
        (resting(0, 1), "Nodes described from it 1; it rests on nothing else"),
    ],
)
def test_how_much_rests_on_a_source_alone_is_said_as_far_as_it_is_known(
    record: dict[str, Any], said: str
) -> None:
    assert said in node_page(concept_page() | {"resting": record}).text


def test_a_node_that_nothing_cites_has_no_such_section() -> None:
    for page in (concept_page(), concept_page() | {"resting": resting(0, 0)}):
        assert "rests on it" not in node_page(page).text
        assert "resting" not in node_page(page).html


def test_a_statement_of_the_source_itself_is_not_told_twice() -> None:
    given = concept_page()
    told = given["neighbours"][0]["edges"][0]
    again = statement(1, own=CONCEPT, id=told["id"], gloss=told["gloss"])
    elsewhere = statement(2, own=CONCEPT)
    given["resting"] = resting(2, 0, listed=[again, elsewhere])
    text = node_page(given).text
    assert text.count(told["gloss"]) == 1
    assert text.count("told among the neighbours") == 1
    assert "Gloss of statement 2." in text


def test_a_search_cuts_what_it_shows_of_a_node_at_a_word() -> None:
    gloss = "Somewhat lengthy explanations " * 20
    groups = [
        {
            "type": "concept",
            "nodes": 1,
            "items": [{"id": "concept:x", "label": "X", "gloss": gloss}],
        }
    ]
    page = Page(render_index(groups, Links.files(), nodes=1, edges=0))
    (entry,) = page.data("search-data")["nodes"]
    hit = {"id": "concept:x", "label": "X", "gloss": gloss, "how": "label"}
    served = re.search(
        r'<p class="about"><bdi>(.*?)</bdi>', render_search("x", [hit], Links.served())
    )
    assert served is not None
    for said in (entry["gloss"], served[1]):
        assert 150 < len(said) <= 200
        assert said.endswith(" …")
        assert set(said.removesuffix(" …").split()) == {"Somewhat", "lengthy", "explanations"}
    short = render_search("x", [hit | {"gloss": "A word."}], Links.served())
    assert "<bdi>A word.</bdi>" in short


def test_only_what_is_below_the_threshold_is_hidden_before_a_script_runs() -> None:
    page = node_page(concept_page())
    rows = page.all("li", class_="sim")
    assert [("hidden" in row) for row in rows] == [False, False, False, False, True, True]
    (slider,) = page.all("input", type="range")
    assert (slider["min"], slider["value"]) == ("0.50", "0.65")


def test_a_node_of_which_nothing_is_known_has_a_page() -> None:
    text = node_page(bare_page()).text
    assert "Nobody has said yet what it is." in text
    assert "It has no edge yet." in text
    assert "no embedding model is installed" in text
    least = {"node": {"id": "concept:x", "label": "X"}}
    assert "X" in node_page(least).text


def test_an_empty_label_is_told_and_an_unknown_one_is_not_guessed() -> None:
    given = concept_page()
    given["neighbours"][0]["label"] = ""
    given["bearing"]["supports"][0]["other"] = "claim:elsewhere"
    page = node_page(given)
    assert f"{GREENBLATT} label missing" in page.text
    assert "claim:elsewhere" in page.text
    assert "claim:elsewhere label missing" not in page.text


def test_an_edge_without_evidence_says_so_and_a_model_is_named() -> None:
    text = node_page(concept_page()).text
    assert "no evidence" in text
    assert "extracted by qwen3-8b · confidence 0.80" in text


@pytest.mark.parametrize("name", ["ugly", "search", "review", "message"])
def test_markup_in_a_record_is_text(name: str) -> None:
    page = Page(pages()[name])
    assert "<script>window.ran" in page.text
    assert "<script>window.ran" not in page.html
    assert "\u202e" not in page.html


def test_a_page_with_very_much_on_it_folds_and_loses_nothing() -> None:
    given = ugly_page(400)
    page = node_page(given)
    assert given["node"]["gloss"].strip()[-200:] in page.text
    assert page.text.count("studied by") >= sum(one["count"] for one in given["neighbours"][:400])


def test_the_data_of_the_picture_survive_any_text() -> None:
    given = concept_page()
    nasty = "</script><!--<script> & \u2028 'x' \"y\""
    given["picture"]["nodes"][1]["label"] = nasty
    page = node_page(given)
    assert page.data("picture-data")["nodes"][1]["label"] == nasty
    assert page.html.count("</script>") == page.html.count("<script")


def test_every_kind_and_grade_has_its_look() -> None:
    assert set(MARKS) == set(NODE_TYPES)
    assert set(GRADE_WORDS) == set(GRADES)
    looks = [(mark.family, mark.points) for mark in MARKS.values()]
    assert len(looks) == len(set(looks))
    assert mark_of("unheard") is mark_of("unseen")


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("place", [0, 1], ids=["light", "dark"])
def test_the_colours_have_the_contrast_that_wcag_asks_for(place: int) -> None:
    css = (LOOK / "tokens.css").read_text() + (
        files("gyges.graph.site") / "assets/graph.css"
    ).read_text()
    pairs = re.findall(r"--(g[yg]-[\w-]+): light-dark\((#\w{6}), (#\w{6})\)", css)
    colours = {name: both[place] for name, *both in pairs}
    own = [name for name in colours if name.startswith("gg-")]
    assert len(own) == 8
    for text in own:
        for ground in ("gy-paper", "gy-raised", "gy-panel"):
            light, dark = sorted(
                (luminance(colours[text]), luminance(colours[ground])), reverse=True
            )
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


def test_a_static_site_links_by_files_and_a_server_by_ids() -> None:
    files_, served = Links.files(CONCEPT), Links.served("x")
    assert files_.node(GREENBLATT) == f"../../nodes/paper/{GREENBLATT.partition(':')[2]}.html"
    assert files_.index == "../../index.html"
    assert Links.files().health == "health.html"
    assert Links.files(health_page=False).health == ""
    assert served.node("claim:a%2fb") == "/x/node/claim:a%252fb"
    assert served.review == "/x/review"
    assert served.search == "/x/search"
    assert Links.files(has=lambda id_: id_ == CONCEPT).node(GREENBLATT) == ""
    assert files_.asset("a.css") == "../../assets/a.css"
    assert Links.served(build="1f").asset("a.css") == "/assets/a.css?b=1f"


def test_a_node_without_a_page_is_named_without_a_link() -> None:
    page = node_page(concept_page(), Links.files(CONCEPT, has=lambda id_: id_ == CONCEPT))
    assert not [found for found in page.all("a") if "nodes/paper" in (found.get("href") or "")]
    assert "Alignment faking in large language models" in page.text


SLUGS = st.from_regex(r"[a-z0-9][a-z0-9._~%+-]{0,399}", fullmatch=True)


@given(SLUGS, SLUGS)
def test_two_ids_never_share_a_file_and_no_file_leaves_its_folder(one: str, other: str) -> None:
    path = node_file(f"claim:{one}")
    assert re.fullmatch(r"nodes/claim/[a-z0-9._~+-]{1,160}\.html", path)
    assert ".." not in Path(path).parts
    assert (path == node_file(f"claim:{other}")) == (one == other)


@given(SLUGS)
def test_no_id_can_be_made_to_meet_the_file_of_another(slug: str) -> None:
    path = node_file(f"claim:{slug}")
    # Whoever knows a file's name can take it for an id.
    made = Path(path).stem
    assert node_file(f"claim:{made}") != path or made == slug


def test_an_id_that_looks_like_a_hashed_name_has_a_file_of_its_own() -> None:
    with_sign = node_file("concept:a%b")
    crafted = f"concept:{Path(with_sign).stem}"
    assert crafted.startswith("concept:a~b-")
    assert node_file(crafted) != with_sign
    assert (
        node_file("concept:plain-0123456789abcdeg") == "nodes/concept/plain-0123456789abcdeg.html"
    )


def test_a_site_is_never_written_over_the_working_folder_or_one_that_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "site" / "work"
    work.mkdir(parents=True)
    (tmp_path / "link").symlink_to(work, target_is_directory=True)
    monkeypatch.chdir(work)
    with small_graph() as store:
        for target in (".", "..", "../../link", "../../site/", str(tmp_path), "/", "nothing/.."):
            with pytest.raises(GraphError, match="working folder"):
                build_site(store, Path(target), LOOK, threshold=0.65)
        # Also where an earlier site stands.
        (work / ".gyges-graph-site").write_text("")
        (work.parent / ".gyges-graph-site").write_text("")
        for target in (".", ".."):
            with pytest.raises(GraphError, match="working folder"):
                build_site(store, Path(target), LOOK, threshold=0.65)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "site"]
        written = build_site(store, Path("../other"), LOOK, threshold=0.65)
    assert (work.parent / "other" / "index.html").is_file()
    assert written["pages"] == len(list((work.parent / "other").rglob("*.html")))


@pytest.mark.parametrize("fails", [1, 2])
def test_a_site_that_cannot_be_put_in_place_leaves_the_old_one_and_nothing_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    target = tmp_path / "site"
    rename, calls = Path.rename, []
    with small_graph() as store:
        build_site(store, target, LOOK, threshold=0.65)
        (target / "index.html").write_text("the old one")

        def failing(self: Path, to: Path) -> Path:
            calls.append(self)
            if len(calls) == fails:
                raise PermissionError(13, "in use", str(self))
            return rename(self, to)

        monkeypatch.setattr(Path, "rename", failing)
        with pytest.raises(GraphError, match=r"cannot be written.*in use"):
            build_site(store, target, LOOK, threshold=0.65)
    assert (target / "index.html").read_text() == "the old one"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_site_says_how_many_passages_of_attached_copies_it_quotes(tmp_path: Path) -> None:
    copy = tmp_path / "copy.txt"
    copy.write_text("Before. The exact words that were said. After.", encoding="utf-8")
    rows = [
        quoted("quote:q", "paper:source", "The exact words that were said."),
        quoted("quote:other", "paper:source", "Words that stand nowhere."),
    ]
    with graph(*rows) as store:
        before = build_site(store, tmp_path / "before", LOOK, threshold=0.65)
        attach(store, copy, "paper:source")
        after = build_site(store, tmp_path / "after", LOOK, threshold=0.65)
    assert (before["passages"], after["passages"]) == (0, 1)
    name = node_file("quote:q")
    assert "The exact words that were said" not in (tmp_path / "before" / name).read_text()
    assert "The exact words that were said" in (tmp_path / "after" / name).read_text()


def test_the_policy_is_strict_and_lets_a_server_take_forms() -> None:
    assert "form-action 'none'" in policy(Links.files())
    assert "form-action 'self'" in policy(Links.served())
    assert "file:" not in policy(Links.served())


def test_the_index_lists_every_kind_and_holds_the_search_of_a_static_site() -> None:
    page = Page(
        render_index(index_groups(), Links.files(), nodes=262, edges=641, about="About it.")
    )
    assert "About it. 262 nodes and 641 edges." in page.text
    assert "Show all 45 claims" in page.text
    entries = page.data("search-data")["nodes"]
    assert len(entries) == sum(len(group["items"]) for group in index_groups())
    assert next(one for one in entries if one["id"] == CONCEPT)["aliases"] == ["AF"]
    served = Page(render_index(index_groups(), Links.served(), nodes=1, edges=1))
    assert "search-data" not in served.html
    assert served.all("form", action="/search")
    few = [{"type": "claim", "nodes": 90_000, "items": index_groups()[0]["items"]}]
    assert "89,955 more" in Page(render_index(few, Links.served(), nodes=1, edges=1)).text
    assert "This graph is empty" in Page(render_index([], Links.files(), nodes=0, edges=0)).text


def test_a_search_tells_how_each_was_found() -> None:
    hits = [
        {"id": CONCEPT, "label": "Alignment faking", "edges": 3, "how": "alias", "score": None},
        {"id": "concept:b", "label": "B", "edges": 1, "how": "semantic", "score": 0.7123},
        {"id": "concept:c", "label": "C", "edges": 1, "how": "text", "score": 9.0},
    ]
    page = Page(
        render_search("af", hits, Links.served(), total=40, chosen=("concept",), note="Noted.")
    )
    assert "40 nodes for af ; the first 3 stand here" in page.text
    assert "by alias · 3 edges" in page.text
    assert "by meaning 0.71" in page.text
    assert "9.00" not in page.text
    assert "Noted." in page.text
    assert page.all("option", value="concept") == [{"value": "concept", "selected": None}]
    assert "Nothing for" in Page(render_search("af", [], Links.served())).text


def test_health_counts_what_is_wrong_and_lists_it() -> None:
    text = Page(render_health(health_record(), Links.files())).text
    assert "262 nodes and 641 edges." in text
    assert "17 % of the edges say only" in text
    assert "70 edges without evidence" in text
    assert "68 more" in text
    assert "4 for, 2 against" in text
    assert "88 edges, 19.6 times the usual 4.5" in text
    assert "4 proposals wait in the review ; 9 were decided." in text
    assert "7 things to look at" in text


@pytest.mark.parametrize("name", ["degree", "same_name", "incomplete", "stale"])
def test_health_tells_the_whole_number_of_a_list_that_was_cut(name: str) -> None:
    record = health_record()
    listed = len(record[name])
    page = Page(render_health(record | {f"{name}_count": 7_400 + listed}, Links.files()))
    anchor = name.replace("_", "-")
    assert re.search(rf'href="#{anchor}"><b>{7_400 + listed:,}</b>', page.html)
    assert "7,400 more" in page.text


def test_a_sound_graph_and_an_empty_one_have_nothing_to_mend() -> None:
    sound = health_record() | {
        "catch_all": {"share": 0.1, "most": 0.15},
        "edges_without_evidence": 0,
    }
    sound |= {
        name: [] for name in ("without_evidence", "orphan_ids", "same_name", "incomplete", "stale")
    }
    sound |= {"incomplete_count": 0, "same_name_count": 0, "stale_count": 0}
    sound |= {"orphans": 0, "quotes": {"stands": 1}}
    assert "Nothing to mend." in Page(render_health(sound, Links.files())).text
    assert "0 nodes and 0 edges." in Page(render_health({}, Links.files())).text


def test_a_candidate_offers_what_the_vocabulary_allows_and_nothing_else() -> None:
    page = Page(render_review([review_items()[2]], Links.served(), writing=True, token="secret"))
    offered = {found["value"] for found in page.all("option") if found.get("value")}
    wanted = {f"{name}:out" for name in RELATIONS if fits("claim", name, "concept")}
    wanted |= {
        f"{name}:in"
        for name, rule in RELATIONS.items()
        if fits("concept", name, "claim") and not rule.symmetric
    }
    assert offered == wanted
    assert "A supported by B" in page.text
    assert not page.all("input", name="keep")
    assert "put off 2025-11-01" in page.text


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("same", "probably the same"), ("opposed", "perhaps opposed"), ("related", "related")],
)
def test_a_candidate_says_what_a_stricter_look_found(verdict: str, words: str) -> None:
    item = next(one for one in review_items() if one["kind"] == "similar")
    likeness = {"verdict": verdict, "names": 0.5, "reasons": [SCRIPT], "warnings": ["w1", "w2"]}
    page = Page(render_review([item | {"likeness": likeness}], Links.files(), writing=False))
    assert f"{words} · for one thing: {SCRIPT} · against one thing: w1; w2" in page.text
    bare = likeness | {"reasons": [], "warnings": []}
    text = Page(render_review([item | {"likeness": bare}], Links.files(), writing=False)).text
    assert words in text
    assert "for one thing" not in text
    assert "against one thing" not in text


def test_every_decision_is_a_form_with_the_token_and_the_key() -> None:
    items = review_items()
    page = Page(
        render_review(
            items, Links.served(), writing=True, token="secret", message="Done.", undo=True
        )
    )
    forms = page.all("form", method="post")
    assert len(page.all("input", name="token", value="secret")) == len(forms)
    assert {form["action"] for form in forms} == {"/review", "/undo"}
    verdicts = [found["value"] for found in page.all("input", name="verdict")]
    assert {one: verdicts.count(one) for one in verdicts} == {
        "edge": 4,
        "merge": 1,
        "not-same": 4,
        "later": 4,
    }
    keys = {found["value"] for found in page.all("input", name="key")}
    assert keys == {one["key"] for one in items}
    kept = {found["value"] for found in page.all("input", name="keep")}
    assert kept == {CONCEPT, "concept:deceptive-alignment"}
    assert page.all("article", id=review_anchor(items[0]["key"]))


def test_a_proposed_statement_is_shown_with_its_evidence_and_chosen_beforehand() -> None:
    page = Page(render_review(review_items()[:1], Links.served(), writing=True, token="t"))
    assert "→ contradicts What has no stable preference has nothing to defend." in page.text
    assert "not checked" in page.text
    assert page.all("option", value="contradicts:out", selected=None)[0]  # type: ignore[arg-type]
    assert "Decline" in page.text


def test_something_without_a_kind_must_be_given_one() -> None:
    page = Page(render_review(review_items()[1:2], Links.served(), writing=True, token="t"))
    assert page.all("select", name="type")
    assert "kind not known" in page.text


@pytest.mark.parametrize("gone", [("concept:a",), ("concept:b",), ("concept:a", "concept:b")])
def test_a_proposal_about_what_is_gone_can_only_be_declined(
    tmp_path: Path, gone: tuple[str, ...]
) -> None:
    said = Proposal.make(edge=Edge.make("concept:a", "causes", "concept:b", "So it is."))
    near = Proposal.make(about=gone[0], label="A thing", source="page.txt")
    nodes = [Node(id_, id_[-1].upper()) for id_ in ("concept:a", "concept:b", "concept:c")]
    with graph(*nodes, proposals=[said, near]) as store:
        with store.change("away") as change:
            for id_ in gone:
                change.drop_node(id_)
        items = [detailed(store, candidate(store, one.id)) for one in (said, near)]
        page = Page(render_review(items, Links.served(), writing=True, token="t"))
        assert page.text.count("What it is about is gone from the graph; decline it.") == 2
        assert page.text.count("Decline") == 2
        assert not page.all("select")
        assert all(id_ in page.text for id_ in gone)
        assert "→ causes So it is." in page.text
        build_site(store, tmp_path / "site", LOOK, threshold=0.65)
    static = (tmp_path / "site" / "review.html").read_text(encoding="utf-8")
    assert static.count("What it is about is gone from the graph") == 2


def test_a_statement_about_what_was_merged_is_shown_and_chosen_the_way_it_runs() -> None:
    said = Proposal.make(edge=Edge.make("concept:a", "causes", "concept:b", "So it is."))
    nodes = [Node(id_, id_[-1].upper()) for id_ in ("concept:a", "concept:b", "concept:c")]
    with graph(*nodes, proposals=[said]) as store:
        store.merge("concept:c", "concept:a")
        items = [detailed(store, candidate(store, said.id))]
    page = Page(render_review(items, Links.served(), writing=True, token="t"))
    assert "→ causes So it is." in page.text
    assert page.all("option", value="causes:out", selected=None)


@pytest.mark.parametrize(
    ("gloss", "words"),
    [
        ("So it is.", "The graph says this already; accepting it adds what it rests on."),
        ("Yes.", "The graph says this already in other words; accepting it adds a second"),
    ],
)
def test_what_the_graph_says_already_is_told_with_what_accepting_does(
    gloss: str, words: str
) -> None:
    there = Edge.make("concept:a", "causes", "concept:b", "So it is.")
    said = Proposal.make(edge=Edge.make("concept:a", "causes", "concept:b", gloss))
    with graph(Node("concept:a", "A"), Node("concept:b", "B"), there, proposals=[said]) as store:
        items = [detailed(store, candidate(store, said.id))]
    page = Page(render_review(items, Links.files(), writing=False))
    assert words in page.text


def test_without_the_right_to_write_the_queue_is_a_list_with_a_command() -> None:
    page = Page(
        render_review(review_items(), Links.files(), writing=False, command="gyges graph serve")
    )
    assert not page.all("form", method="post")
    assert "To decide, run gyges graph serve ." in page.text
    with pytest.raises(ValueError, match="token"):
        render_review([], Links.served(), writing=True)
    assert "Nothing waits" in Page(render_review([], Links.served(), writing=True, token="t")).text


def test_the_assets_are_complete_and_their_mark_changes_with_them(tmp_path: Path) -> None:
    assets = Assets(LOOK)
    assets.write(tmp_path / "assets")
    assert sorted(path.name for path in (tmp_path / "assets").iterdir()) == assets.names
    for name, html in pages().items():
        for found in re.findall(r'(?:src|href)="[^"]*?assets/([^"?]+)', html):
            assert found in assets.names, (name, found)
    kind, content = assets.get("cytoscape.min.js") or ("", b"")
    assert kind.startswith("text/javascript")
    assert b"Cytoscape Consortium" in content
    assert assets.get("../../secret") is None
    look = tmp_path / "look"
    look.mkdir()
    for name in ("tokens.css", "page.css", "theme.js", "dom.js"):
        (look / name).write_text("/* other */")
    assert Assets(look).build != assets.build
    (look / "dom.js").unlink()
    with pytest.raises(GraphError, match=r"lacks dom\.js"):
        Assets(look)


def test_the_vendored_file_is_the_one_that_is_named() -> None:
    from hashlib import sha256

    folder = files("gyges.graph.site") / "assets"
    listed = (folder / "VENDORED.md").read_text()
    assert sha256((folder / "cytoscape.min.js").read_bytes()).hexdigest() in listed
    assert "Permission is hereby granted" in (folder / "cytoscape.LICENSE.txt").read_text()


def test_words() -> None:
    assert shown("a\u202eb\x00") == "a⟨U+202E⟩b⟨U+0000⟩"
    assert shown("👩\u200d🔬") == "👩\u200d🔬"
    assert clip("one two three", 9) == "one two …"
    assert address("javascript:alert(1)") == ""
    assert address("https://a.b/c d") == ""
    assert address("HTTPS://example.org/x") == "HTTPS://example.org/x"
    assert address("https://[") == ""
    assert dates({"published": "2024-12"}) == [
        {"what": "Published", "text": "December 2024", "iso": "2024-12"}
    ]
    assert dates({"published": "2024-13"})[0]["text"] == "2024-13"
    links = {
        one["name"]: one["href"]
        for one in identifiers({"doi": "10.1/x", "arxiv": "2412.14093v2", "url": "ftp://x"})
    }
    assert links == {"DOI": "", "arXiv": "https://arxiv.org/abs/2412.14093v2", "Web": ""}


def small_graph() -> Store:
    store = Store.open(":memory:")
    nodes = [
        Node("paper:p", "P"),
        Node("claim:x", "X"),
        Node("claim:y", "Y"),
        Node("concept:c", "C"),
        *(Node(f"finding:{name}", name.upper()) for name in "abcde"),
    ]

    def bears(name: str, side: str, on: str, grade: str, sure: float | None = None) -> Edge:
        rests = [Evidence("paper:p", "section 1", None, grade)]
        return Edge.make(f"finding:{name}", side, on, "", rests, "curated", sure)

    edges = [
        bears("a", "supports", "claim:x", "secondary", 0.9),
        bears("b", "supports", "claim:x", "primary", 0.5),
        bears("c", "supports", "claim:x", "primary", 0.8),
        bears("d", "contradicts", "claim:x", "abstract"),
        bears("e", "supports", "claim:y", "primary"),
        Edge.make("claim:y", "studies", "concept:c", ""),
        Edge.make("claim:x", "studies", "concept:c", ""),
        Edge.make("claim:y", "supports", "claim:x", "", [Evidence("paper:p", "", None, "derived")]),
    ]
    with store.change("made", "test") as change:
        for node in nodes:
            change.put_node(node)
        for edge_ in edges:
            change.put_edge(edge_)
    return store


def test_the_best_known_comes_first_and_a_claim_by_how_much_bears_on_it() -> None:
    with small_graph() as store:
        concept = page_of(store, "concept:c")["bearing"]
        assert [one["id"] for one in concept["about"]] == ["claim:x", "claim:y"]
        assert [one["other"]["label"] for one in concept["supports"]] == ["C", "B", "A", "Y", "E"]
        claim = page_of(store, "claim:y")["bearing"]
        # The claim itself first, though less bears on it; what it gives is counted apart.
        assert [(one["id"], one["supports"]) for one in claim["about"]] == [
            ("claim:y", 1),
            ("claim:x", 4),
        ]
        assert claim["given"] == {"supports": 1, "contradicts": 0}
        page = node_page(page_of(store, "claim:y"), Links.served(**answers(store)))
    assert "This claim is one of them, as said above." in page.text
    assert "4 for · 1 against" in page.text


def test_a_page_lists_what_is_alike_below_the_threshold_and_begins_at_it() -> None:
    class Alike(Likenesses):
        asked: tuple[int, float | None] = (0, None)

        def around(
            self, id_: str, most: int = 20, *, down_to: float | None = None
        ) -> list[tuple[str, float]]:
            self.asked = (most, down_to)
            return [("claim:y", 0.55)]

    with small_graph() as store:
        alike = Alike(store, 0.65)
        found = shown_alike(alike, "finding:a")
        assert alike.asked == (40, 0.5)
        page = page_of(store, "finding:a", similar=found, similarity={"threshold": 0.65})
        shown_ = node_page(page, Links.served())
    assert "0 of 1 at or above it" in shown_.text
    assert "hidden" in shown_.all("li", class_="sim")[0]
    assert shown_.all("input", id="threshold")[0]["value"] == "0.65"
