"""Concept pages of another research graph, copied from a browser as text."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gyges.errors import GraphError
from gyges.graph.checks import check_edge, check_node
from gyges.graph.formats import concept_page
from gyges.graph.formats._page_items import read_item
from gyges.graph.records import Incoming
from gyges.graph.vocabulary import RELATIONS

SHARED = Path(
    os.environ.get("GYGES_SHARED_DATA")
    or Path(__file__).resolve().parents[1].parent / "shared" / "data"
).parent
SOURCE = SHARED / "sources" / "alignment-faking-concept-page.txt"
needs_source = pytest.mark.skipif(
    not SOURCE.is_file(), reason=f"{SOURCE} is not here; set GYGES_SHARED_DATA to ../data beside it"
)

PAGE = """\
concept
active
concept:mode-collapseMode Collapse
A model gives ever fewer kinds of answer
Neighborhood — ranked by edge-count
Papers (2)
paper
Thinkers (2)
thinker
- Ada Examplestudies
- Bell et al.studiesFirst to count the kinds
Methods (1)
method
- Entropy Bonusassociated_withTerm of the loss that keeps answers apart
Concepts (3)
concept
- Diversity LosscausesOf fewer kinds
- Narrow Feedbackassociated_withRaters who like one kind
- Prompt SensitivityextendsThe same in what a prompt changes
Artifacts (1)
artifact
- Public code of the counts
Related by similarity (3)
cosine ≥ 0.7 · no typed edgeEntities near this one
- A survey of ways to count kinds
- Feedback makes answers alikeclaim0.81A side result
- How many kinds are enough?question0.79
"""


def read(tmp_path: Path, text: str | bytes, name: str = "mode-collapse.txt") -> Incoming:
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return concept_page.read(file)


def edges_of(found: Incoming) -> list[tuple[str, str, str]]:
    return [(edge.subject, edge.relation, edge.object) for edge in found.edges]


@pytest.mark.shared_data
@needs_source
def test_the_counts_of_the_published_page_come_out() -> None:
    found = concept_page.read(SOURCE)
    neighbours = found.nodes[2:]
    assert Counter(node.type for node in neighbours) == {
        "paper": 2,
        "thinker": 3,
        "framework": 1,
        "method": 1,
        "concept": 13,
        "artifact": 2,
        "quote": 2,
    }
    assert len(found.edges) == 24
    shown = [edge for edge in found.edges if "the page says" in edge.evidence[0].note]
    assert len(shown) == 18
    assert Counter(edge.relation for edge in shown) == {
        "associated_with": 13,
        "studies": 3,
        "analogous_to": 1,
        "extends": 1,
    }
    assert len(found.proposals) == 8
    scored = [one for one in found.proposals if one.score is not None]
    assert [(one.nodes[0].type, one.score) for one in scored] == [
        ("claim", 0.809),
        ("question", 0.808),
    ]
    assert "24 neighbours, 18 with a relation shown (13 associated_with" in found.notes[0]
    assert "8 similar, 2 with a score" in found.notes[0]
    assert sum("label missing" in note for note in found.notes) == 2 + 4 + 6


@pytest.mark.shared_data
@needs_source
def test_names_of_the_published_page_are_cut_where_its_relations_begin() -> None:
    found = concept_page.read(SOURCE)
    labels = {node.label for node in found.nodes}
    assert {
        "Joseph Carlsmith",
        "Evan Hubinger",
        "Constitutional AI",
        "Sycophancy in LLMs",
        "Goal Misgeneralization",
        "Anti-AI-Lab Behavior",
    } <= labels
    assert any("'Greenblatt et al.' looks like a collective" in note for note in found.notes)
    for node in found.nodes:
        check_node(node.to_dict())
    for edge in found.edges:
        check_edge(edge.to_dict())


def test_every_part_of_a_page_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, PAGE)
    page, concept, *others = found.nodes
    assert (page.id, page.type) == ("artifact:mode-collapse", "artifact")
    assert (concept.id, concept.label) == ("concept:mode-collapse", "Mode Collapse")
    assert concept.gloss == "A model gives ever fewer kinds of answer"
    assert [node.label for node in others] == [
        "(label missing) paper 1",
        "(label missing) paper 2",
        "Ada Example",
        "Bell et al.",
        "Entropy Bonus",
        "Diversity Loss",
        "Narrow Feedback",
        "Prompt Sensitivity",
        "Public code of the counts",
    ]
    incomplete = [node.label for node in others if node.status == "incomplete"]
    assert incomplete == [
        "(label missing) paper 1",
        "(label missing) paper 2",
        "Public code of the counts",
    ]


def test_every_edge_says_where_on_the_page_it_stands(tmp_path: Path) -> None:
    found = read(tmp_path, PAGE)
    for edge in found.edges:
        (evidence,) = edge.evidence
        assert evidence.node == "artifact:mode-collapse"
        # The page describes its sources: nobody read them for it, nor what it leaves out.
        assert evidence.grade in ("secondary", "derived", "unverified")
        assert edge.channel == "imported"
    places = {edge.object: edge.evidence[0].locator for edge in found.edges}
    assert places["concept:narrow-feedback"] == "Neighborhood, Concepts, item 2"


def test_evidence_of_a_page_says_how_far_it_was_followed(tmp_path: Path) -> None:
    found = read(tmp_path, PAGE)
    grades = {
        (edge.subject, edge.relation, edge.object): edge.evidence[0].grade for edge in found.edges
    }
    # Shown: read in a text about the source. Assumed or taken for want of one: inferred from it.
    assert grades["thinker:ada-example", "studies", "concept:mode-collapse"] == "secondary"
    for edge in found.edges:
        (evidence,) = edge.evidence
        words = ("direction assumed", "shows no relation", "is taken as")
        inferred = any(one in evidence.note for one in words)
        nothing = any("label-missing" in end for end in (edge.subject, edge.object))
        grade = "unverified" if nothing else "derived" if inferred else "secondary"
        assert evidence.grade == grade, evidence.note
    assert set(grades.values()) == {"secondary", "derived", "unverified"}
    assert {one.grade for node in found.nodes for one in node.evidence} == {"secondary"}
    assert {
        one.grade
        for proposal in found.proposals
        for node in proposal.nodes
        for one in node.evidence
    } <= {"secondary"}


def test_edges_run_as_their_relation_allows_and_an_assumed_direction_is_said(
    tmp_path: Path,
) -> None:
    found = read(tmp_path, PAGE)
    assert ("thinker:ada-example", "studies", "concept:mode-collapse") in edges_of(found)
    extends = next(edge for edge in found.edges if edge.relation == "extends")
    assert extends.subject == "concept:prompt-sensitivity"
    assert "direction assumed" in extends.evidence[0].note
    studies = next(edge for edge in found.edges if edge.relation == "studies")
    assert "assumed" not in studies.evidence[0].note


def test_missing_relations_become_the_last_resort_with_a_note(tmp_path: Path) -> None:
    found = read(tmp_path, PAGE)
    papers = [edge for edge in found.edges if "paper:" in edge.subject + edge.object]
    assert [edge.relation for edge in papers] == ["associated_with"] * 2
    assert all("shows no relation" in edge.evidence[0].note for edge in papers)
    assert sum("relation missing" in note for note in found.notes) == 3


def test_similar_ones_become_proposals_with_what_the_page_shows_of_them(tmp_path: Path) -> None:
    first, claim, question = read(tmp_path, PAGE).proposals
    assert {one.about for one in (first, claim, question)} == {"concept:mode-collapse"}
    assert first.score is None
    assert not first.nodes
    assert "type not shown; score not shown; the page's threshold is 0.7" in first.note
    assert (claim.nodes[0].id, claim.nodes[0].gloss, claim.score) == (
        "claim:feedback-makes-answers-alike",
        "A side result",
        0.81,
    )
    assert (question.nodes[0].label, question.score) == ("How many kinds are enough?", 0.79)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\ufeff" + text,
        lambda text: "\n".join(f"    {line}" for line in text.split("\n")),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.replace("\n- ", "\n• "),
        lambda text: text.replace("\n- ", "\n  * "),
        lambda text: text.replace("\n- ", "\n-\n"),
        lambda text: text.replace("\n- ", "\n"),
        lambda text: text.replace("\nPapers (", "\n## Papers ("),
        lambda text: text.replace("Neighborhood", "Neighbourhood"),
        lambda text: text.replace("mode-collapseMode", "mode-collapse Mode"),
        lambda text: text.replace("mode-collapseMode", "mode-collapse\nMode"),
        lambda text: text.replace("associated_with", " associated_with "),
        lambda text: text.replace("associated_with", " — associated_with — "),
        lambda text: text.replace("associated_with", " [associated_with] "),
        lambda text: text.replace("associated_with", "associated with"),
        lambda text: text.replace("associated_with", "\n  associated_with\n  "),
        lambda text: text.replace("studies", "\tstudies\t"),
        lambda text: text.replace("claim0.81", " · claim · 0.81 · "),
    ],
)
def test_however_the_browser_copied_it_the_page_is_the_same(tmp_path: Path, change) -> None:
    plain, other = read(tmp_path, PAGE), read(tmp_path, change(PAGE))
    if other != plain:  # an item may be on another line, in the notes alone
        assert other.nodes == plain.nodes
        assert [edge.id for edge in other.edges] == [edge.id for edge in plain.edges]
        assert other.proposals == plain.proposals


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada ExamplestudiesPrior work", ("Ada Example", "studies", "Prior work")),
        ("Ada Examplestudies", ("Ada Example", "studies", "")),
        ("Bell et al.studiesCounts", ("Bell et al.", "studies", "Counts")),
        ("Method (short)usesA loss", ("Method (short)", "uses", "A loss")),
        ("Loss 2.0extends3 others", ("Loss 2.0", "extends", "3 others")),
        ("associated_withOnly a gloss", ("", "associated_with", "Only a gloss")),
        ("Case studies of reward", ("", "", "Case studies of reward")),
        ("Paper that studies RL and uses it", ("", "", "Paper that studies RL and uses it")),
        ("Model Excuses", ("Model Excuses", "", "")),
        ("Root Causes", ("Root Causes", "", "")),
        ("Countermeasures", ("Countermeasures", "", "")),
        ("Excusesuses", ("Excuses", "uses", "")),
        ("RLHF inspired_byOlder work", ("RLHF", "inspired_by", "Older work")),
        ("Feedbackinspired_byOlder work", ("Feedback", "inspired_by", "Older work")),
        ("RLHFfrobnicated_byA", ("RLHF", "frobnicated_by", "A")),
        ("Name — frobnicates_with — gloss", ("Name", "frobnicates_with", "gloss")),
        ("Ünïcode Näme 名studiesÄrger", ("Ünïcode Näme 名", "studies", "Ärger")),
    ],
)
def test_label_relation_and_gloss_are_told_apart(text: str, expected: tuple[str, ...]) -> None:
    item = read_item(1, [text])
    assert (item.label, item.relation, item.gloss) == expected


@pytest.mark.parametrize("name", RELATIONS)
def test_every_relation_of_the_vocabulary_is_told_from_what_is_glued_to_it(name: str) -> None:
    item = read_item(1, [f"Some Thing{name}Gloss of it"])
    assert (item.label, item.relation, item.gloss) == ("Some Thing", name, "Gloss of it")


def test_a_group_that_shows_other_than_it_says_is_an_error_that_names_both(tmp_path: Path) -> None:
    text = PAGE.replace("Concepts (3)", "Concepts (5)").replace("Thinkers (2)", "Thinkers (1)")
    with pytest.raises(GraphError) as raised:
        read(tmp_path, text)
    message = str(raised.value)
    assert "mode-collapse.txt:15: the heading says Concepts (5), but 3 items stand below" in message
    assert "mode-collapse.txt:8: the heading says Thinkers (1), but 2 items" in message


def test_relations_that_the_vocabulary_lacks_are_reported(tmp_path: Path) -> None:
    text = PAGE.replace("Narrow Feedbackassociated_with", "Narrow Feedbackinspired_by").replace(
        "Prompt Sensitivityextends", "Prompt Sensitivitybuilds_on"
    )
    found = read(tmp_path, text)
    told = {edge.object: edge for edge in found.edges} | {
        edge.subject: edge for edge in found.edges
    }
    feedback = told["concept:narrow-feedback"]
    assert feedback.relation == "associated_with"
    assert "inspired_by" in feedback.evidence[0].note
    assert told["concept:prompt-sensitivity"].relation == "extends"
    assert any("no relation 'inspired_by'" in note for note in found.notes)


def test_a_relation_that_cannot_join_the_types_is_not_forced(tmp_path: Path) -> None:
    found = read(
        tmp_path, PAGE.replace("Entropy Bonusassociated_with", "Entropy Bonusanalogous_to")
    )
    edge = next(edge for edge in found.edges if "entropy" in edge.subject + edge.object)
    assert edge.relation == "associated_with"
    assert "cannot join" in edge.evidence[0].note


def test_inverse_names_turn_the_edge(tmp_path: Path) -> None:
    found = read(
        tmp_path, PAGE.replace("Entropy Bonusassociated_with", "Entropy Bonusmitigated_by")
    )
    assert ("concept:mode-collapse", "mitigates", "method:entropy-bonus") not in edges_of(found)
    assert ("method:entropy-bonus", "mitigates", "concept:mode-collapse") in edges_of(found)


def test_a_group_of_an_unknown_kind_is_proposed_for_review(tmp_path: Path) -> None:
    text = PAGE.replace(
        "Artifacts (1)\nartifact\n", "Gadgets (1)\ngadget\n- Big WheelusesTurns\nArtifacts (1)\n"
    )
    found = read(tmp_path, text)
    (gadget,) = [one for one in found.proposals if one.label == "Big Wheel"]
    assert "a type unknown here; relation shown: uses" in gadget.note


def test_markup_and_scripts_stay_text(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    found = read(tmp_path, PAGE.replace("Raters who like one kind", evil))
    node = next(node for node in found.nodes if node.id == "concept:narrow-feedback")
    assert node.gloss == evil


def test_a_page_of_another_kind_of_node_and_with_an_address(tmp_path: Path) -> None:
    text = (
        "https://graph.example/entities/claim%3Ax\nclaim\ndisputed\n"
        "claim:counting-is-enoughCounting is enough\nWhat some hold\n"
        "Neighborhood\nOrganizations (1)\n- Example Labproposes\nClaims (1)\n- Not EnoughcontradictsSays no\n"
    )
    found = read(tmp_path, text)
    page, claim, *_ = found.nodes
    assert page.identifiers["url"] == "https://graph.example/entities/claim%3Ax"
    assert claim.status == "disputed"
    assert edges_of(found) == [
        ("organisation:example-lab", "proposes", "claim:counting-is-enough"),
        ("claim:not-enough", "contradicts", "claim:counting-is-enough"),
    ]


def test_what_is_listed_twice_is_one_node_and_is_told(tmp_path: Path) -> None:
    text = PAGE.replace("Concepts (3)", "Concepts (5)").replace(
        "- Narrow Feedbackassociated_with",
        "- Narrow Feedbackassociated_withAgain\n- Narrow! FeedbackcausesX\n- Narrow Feedbackassociated_with",
    )
    found = read(tmp_path, text)
    ids = [node.id for node in found.nodes]
    assert ids.count("concept:narrow-feedback") == 1
    assert "concept:narrow-feedback-2" in ids
    assert any("listed twice" in note for note in found.notes)
    assert len({edge.id for edge in found.edges}) == len(found.edges)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no line begins with 'Neighborhood'"),
        ("Just some notes\n", "no line begins with 'Neighborhood'"),
        ("concept\nactive\nNeighborhood\nPapers (2)\n", "nothing above this line is an id"),
        ("concept:aA\nNeighborhood\nnothing\n", "no group such as 'Papers"),
        (
            b"concept:a\xff\nNeighborhood\n",
            "mode-collapse.txt:1: byte 9 of the file, 0xFF, is not UTF-8",
        ),
        (PAGE.replace("Raters", "Ra\x00ters"), "mode-collapse.txt:18: holds a zero byte"),
    ],
)
def test_what_is_no_such_page_is_refused_with_the_place(tmp_path: Path, text, said: str) -> None:
    with pytest.raises(GraphError, match=r"mode-collapse\.txt") as raised:
        read(tmp_path, text)
    assert said in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="cannot be read"):
        concept_page.read(tmp_path / "none.txt")


def test_huge_texts_are_cut_and_told(tmp_path: Path) -> None:
    found = read(tmp_path, PAGE.replace("Raters who like one kind", "word " * 60_000))
    assert all(len(node.gloss) <= 20_000 for node in found.nodes)
    assert any("characters is cut" in note for note in found.notes)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=12))
def test_no_text_below_the_header_is_anything_but_read_or_refused(lines: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.txt"
        text = "concept:xX\nNeighborhood\nConcepts (2)\n" + "\n".join(lines)
        file.write_text(text, encoding="utf-8", errors="replace")
        try:
            found = concept_page.read(file)
        except GraphError:
            return
        for node in found.nodes:
            check_node(node.to_dict())
        for edge in found.edges:
            check_edge(edge.to_dict())
