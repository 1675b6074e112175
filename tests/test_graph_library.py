"""The curated graph that ships: its size, its sources, what must be in it, and what must not."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from graph_library import CONCEPT, COPIES, LIBRARY, SOURCES, needs_sources, records
from gyges.graph import GRADES, RELATIONS, Store, attach, health_of, load_shipped, open_graph
from gyges.graph.checks import check_edge, check_node
from gyges.graph.model import edge_id
from gyges.graph.passages import words_of
from gyges.graph.vocabulary import fits

Record = dict[str, Any]

# What the page of the second source lists around the concept, and what it is here.
NEIGHBOURS = {
    "Evan Hubinger": "thinker:evan-hubinger",
    "Greenblatt et al.": "paper:greenblatt-2024-alignment-faking",
    "Joseph Carlsmith": "thinker:joe-carlsmith",
    "Constitutional AI": "framework:constitutional-ai",
    "Reinforcement Learning from Human Feedback": "method:rlhf",
    "Evaluation Awareness": "concept:evaluation-awareness",
    "Strategic Deception": "concept:strategic-deception",
    "Compliance Gap": "concept:compliance-gap",
    "Opaque Reasoning Ability": "concept:opaque-reasoning",
    "Sycophancy in LLMs": "concept:sycophancy",
    "Training-Deployment Behavior Gap": "concept:training-deployment-gap",
    "Preference Conflict": "concept:preference-conflict",
    "Situational Awareness": "concept:situational-awareness",
    "Anti-AI-Lab Behavior": "concept:anti-lab-behaviour",
    "Persona Sampling Hypothesis": "hypothesis:persona-sampling",
    "Preference Locking": "concept:preference-locking",
    "Compromising Behavior": "concept:compromising",
    "Goal Misgeneralization": "concept:goal-misgeneralisation",
    "released code": "artifact:alignment-faking-public-code",
    "website with transcripts": "artifact:alignment-faking-transcripts",
    "passage against token prediction": "quote:not-just-token-prediction",
    "passage on the mechanism": "quote:scratchpad-reasoning-mechanism",
}
"""With its two papers without a name, these are the 24."""

STUDIES = {
    "Greenblatt": "paper:greenblatt-2024-alignment-faking",
    "Sheshadri": "paper:sheshadri-2025-why-some-fake",
    "Hughes": "paper:hughes-2025-classifier",
    "Nair": "paper:nair-2026-vlaf",
    "Henselmans": "paper:henselmans-2026-opus",
}


@pytest.fixture(scope="module")
def nodes() -> list[Record]:
    return records("nodes.jsonl")


@pytest.fixture(scope="module")
def edges() -> list[Record]:
    return records("edges.jsonl")


@pytest.fixture(scope="module")
def by_id(nodes: list[Record]) -> dict[str, Record]:
    return {one["id"]: one for one in nodes}


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_graph(tmp_path_factory.mktemp("library") / "graph.sqlite3") as found:
        yield found


def _type(id_: str) -> str:
    return id_.partition(":")[0]


def _leads(by_id: dict[str, Record], id_: str) -> str:
    """The id under which a node is now: it may have been merged since."""
    if id_ in by_id:
        return id_
    return next(one["id"] for one in by_id.values() if id_ in one.get("formerly", ()))


# ---------------------------------------------------------------------- size and shape


def test_it_is_large_enough(nodes: list[Record], edges: list[Record]) -> None:
    assert len(nodes) >= 250
    assert len(edges) >= 600


def test_every_type_and_every_relation_is_used(nodes: list[Record], edges: list[Record]) -> None:
    assert len({_type(one["id"]) for one in nodes}) == 14
    assert {one["relation"] for one in edges} == set(RELATIONS)


def test_every_record_is_valid_and_read_as_it_stands(
    nodes: list[Record], edges: list[Record]
) -> None:
    shipped = load_shipped()
    assert [one.id for one in shipped.nodes] == [one["id"] for one in nodes]
    assert [one.id for one in shipped.edges] == [one["id"] for one in edges]
    for given, read in zip(nodes, shipped.nodes, strict=True):
        assert check_node(given) == read
        assert read.gloss, read.id
    for given, read in zip(edges, shipped.edges, strict=True):
        assert check_edge(given) == read
        assert read.gloss, read.id


def test_ids_are_unique_and_edges_have_the_id_of_what_they_say(
    nodes: list[Record], edges: list[Record]
) -> None:
    for rows in (nodes, edges):
        counts = Counter(one["id"] for one in rows)
        assert [id_ for id_, count in counts.items() if count > 1] == []
    for one in edges:
        said = (one["subject"], one["relation"], one["object"], one.get("gloss", ""))
        assert one["id"] == edge_id(*said), one["id"]


def test_every_edge_joins_two_nodes_as_its_relation_allows(
    edges: list[Record], by_id: dict[str, Record]
) -> None:
    for one in edges:
        assert one["subject"] != one["object"]
        assert {one["subject"], one["object"]} <= by_id.keys(), one["id"]
        assert fits(_type(one["subject"]), one["relation"], _type(one["object"])), one["id"]


@pytest.mark.parametrize("name", ["nodes.jsonl", "edges.jsonl"])
def test_the_files_are_sorted_plain_and_one_record_a_line(name: str) -> None:
    raw = (LIBRARY / name).read_bytes()
    assert raw.endswith(b"\n")
    assert b"\r" not in raw
    lines = raw.decode("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    for line, row in zip(lines, rows, strict=True):
        assert line == json.dumps(row, ensure_ascii=False), row["id"]
        assert all(value not in (None, "", [], {}) for value in row.values()), row["id"]
    if name == "nodes.jsonl":
        order = [row["id"] for row in rows]
    else:
        order = [(row["subject"], row["relation"], row["object"], row["id"]) for row in rows]
    assert order == sorted(order)


# ---------------------------------------------------------------------- provenance


def test_every_edge_rests_on_a_source_that_is_there(
    edges: list[Record], by_id: dict[str, Record]
) -> None:
    for one in edges:
        assert one.get("evidence"), f"{one['id']}: {one['subject']} {one['relation']}"
        for piece in one["evidence"]:
            assert piece["node"] in by_id, one["id"]
            assert piece["grade"] in GRADES, one["id"]
            # Where the place is not known, nothing was checked there.
            assert piece.get("locator") or piece["grade"] == "unverified", one["id"]


def test_every_definition_says_where_it_is_from(
    nodes: list[Record], by_id: dict[str, Record]
) -> None:
    for one in nodes:
        assert one.get("evidence"), one["id"]
        for piece in one["evidence"]:
            assert piece["node"] in by_id, one["id"]


def test_grades_of_trust_are_carried_by_the_edges(edges: list[Record]) -> None:
    grades = Counter(piece["grade"] for one in edges for piece in one["evidence"])
    assert set(grades) == set(GRADES)
    # What was read elsewhere or worked out is not sold as read in the source.
    assert grades.total() - grades["primary"] > 0.1 * grades.total()


def test_little_is_only_associated(edges: list[Record]) -> None:
    loose = sum(one["relation"] == "associated_with" for one in edges)
    assert loose <= 0.15 * len(edges)


def test_nothing_stands_alone(edges: list[Record], by_id: dict[str, Record]) -> None:
    joined = {end for one in edges for end in (one["subject"], one["object"])}
    assert by_id.keys() - joined == set()


def test_health_finds_nothing_that_only_care_could_have_kept_out(store: Store) -> None:
    health = health_of(store)
    assert health["orphans"] == 0
    assert health["edges_without_evidence"] == 0
    assert health["catch_all"]["share"] <= health["catch_all"]["most"]
    assert health["same_name"] == []
    assert set(health["by_channel"]) == {"curated"}


# ---------------------------------------------------------------------- what must be in it


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_what_the_second_source_lists_is_a_direct_neighbour(
    name: str, edges: list[Record], by_id: dict[str, Record]
) -> None:
    id_ = _leads(by_id, NEIGHBOURS[name])
    assert _type(id_) == _type(NEIGHBOURS[name])
    assert any({one["subject"], one["object"]} == {id_, CONCEPT} for one in edges)


def test_the_two_papers_without_a_name_have_their_place(edges: list[Record]) -> None:
    papers = {
        one["subject"]
        for one in edges
        if one["object"] == CONCEPT and one["subject"].startswith("paper:")
    }
    assert len(papers) >= 2
    assert len(NEIGHBOURS) + 2 == 24


def test_a_relation_says_more_than_the_second_source_does(edges: list[Record]) -> None:
    around = set(NEIGHBOURS.values())
    said = Counter(
        one["relation"]
        for one in edges
        if CONCEPT in (one["subject"], one["object"]) and around & {one["subject"], one["object"]}
    )
    assert said["associated_with"] < said.total() / 2  # it was 13 of 18


def test_a_group_of_authors_is_no_thinker(nodes: list[Record]) -> None:
    group = re.compile(r"\bet al\b|\bauthors?\b|\bteam\b|\band\b|&|,|/", re.IGNORECASE)
    thinkers = [one for one in nodes if _type(one["id"]) == "thinker"]
    assert len(thinkers) >= 10
    for one in thinkers:
        for name in (one["label"], *one.get("aliases", ())):
            assert "et al" not in name.lower(), one["id"]
        assert not group.search(one["label"]), one["label"]
        assert len(one["label"].split()) >= 2, one["label"]


@pytest.mark.parametrize("number", range(1, 18))
def test_each_hypothesis_says_what_is_measured_and_what_would_support_and_refute_it(
    number: int, nodes: list[Record], edges: list[Record]
) -> None:
    name = re.compile(rf"K{number}[ab]?")
    found = [
        one
        for one in nodes
        if _type(one["id"]) == "hypothesis"
        and any(name.fullmatch(alias) for alias in one.get("aliases", ()))
    ]
    assert found
    for one in found:
        gloss = one["gloss"].lower()
        assert "tested" in gloss
        assert "support" in gloss
        assert "refut" in gloss
        assert one["status"] == "open"
        assert "paper:kulveit-2024-frame" in [piece["node"] for piece in one["evidence"]]
        assert any(one["id"] in (said["subject"], said["object"]) for said in edges)


def test_both_readings_of_k10_are_there(nodes: list[Record]) -> None:
    names = {alias for one in nodes for alias in one.get("aliases", ())}
    assert {"K10", "K10b"} <= names or {"K10a", "K10b"} <= names


@pytest.mark.parametrize("author", STUDIES)
def test_the_claims_of_a_study_stand_with_their_figures(
    author: str, edges: list[Record], by_id: dict[str, Record]
) -> None:
    paper = _leads(by_id, STUDIES[author])
    findings = {
        one["subject"]
        for one in edges
        if one["relation"] == "extracted_from"
        and one["object"] == paper
        and one["subject"].startswith("finding:")
    }
    assert len(findings) >= 3
    without = []
    for id_ in sorted(findings):
        one = by_id[id_]
        notes = [piece.get("note", "") for piece in one["evidence"]]
        notes += [
            piece.get("note", "")
            for said in edges
            if said["subject"] == id_
            for piece in said["evidence"]
        ]
        if not re.search(r"\d", " ".join([one["label"], one["gloss"], *notes])):
            without.append(id_)
    # A direction without a number is a finding as well, but not the rule.
    assert len(without) <= 0.1 * len(findings), without
    tested = {
        said["object"]
        for said in edges
        if said["subject"] in findings and said["relation"] in ("supports", "contradicts")
    }
    assert any(id_.startswith(("claim:", "hypothesis:")) for id_ in tested)


def test_claims_are_tested_by_findings_and_many_are_contested(edges: list[Record]) -> None:
    sides: dict[str, set[str]] = defaultdict(set)
    for one in edges:
        if one["relation"] in ("supports", "contradicts") and one["object"].startswith("claim:"):
            sides[one["object"]].add(one["relation"])
    assert sum("contradicts" in found for found in sides.values()) >= 10
    assert sum(len(found) == 2 for found in sides.values()) >= 10


@pytest.mark.parametrize(
    "critic",
    [
        "thinker:jacob-andreas",
        "thinker:yoshua-bengio",
        "thinker:jasjeet-sekhon",
        "thinker:rohin-shah",
        "thinker:zvi-mowshowitz",
        "thinker:joe-carlsmith",
        "thinker:jan-kulveit",
    ],
)
def test_the_counter_arguments_have_their_authors(
    critic: str, edges: list[Record], by_id: dict[str, Record]
) -> None:
    id_ = _leads(by_id, critic)
    own = {
        one["object"] if one["subject"] == id_ else one["subject"]
        for one in edges
        if id_ in (one["subject"], one["object"])
        and one["relation"] in ("proposes", "studies", "authored_by", "extracted_from")
    }
    claims = {one for one in own if one.startswith(("claim:", "hypothesis:", "question:"))}
    claims |= {
        one["object"] if one["subject"] in own else one["subject"]
        for one in edges
        if {one["subject"], one["object"]} & {work for work in own if work.startswith("paper:")}
        and one["relation"] in ("proposes", "extracted_from", "contradicts")
    }
    assert any(one.startswith(("claim:", "hypothesis:", "question:")) for one in claims)


def test_open_questions_are_asked_and_joined(nodes: list[Record], edges: list[Record]) -> None:
    questions = [one for one in nodes if _type(one["id"]) == "question"]
    assert len(questions) >= 10
    for one in questions:
        assert one["label"].endswith("?")
        assert any(one["id"] in (said["subject"], said["object"]) for said in edges)


# ---------------------------------------------------------------------- what must not be in it


def test_no_passage_of_others_is_shipped_as_text(nodes: list[Record], edges: list[Record]) -> None:
    pieces = [piece for one in (*nodes, *edges) for piece in one.get("evidence", ())]
    quoted = [piece["passage"] for piece in pieces if "passage" in piece]
    assert quoted
    for passage in quoted:
        assert set(passage) == {"sha256", "words"}


def test_a_quote_has_a_place_in_a_source(nodes: list[Record]) -> None:
    quotes = [one for one in nodes if _type(one["id"]) == "quote"]
    assert len(quotes) >= 10
    for one in quotes:
        first = one["evidence"][0]
        # One that has no fingerprint is marked as not complete.
        assert ("passage" in first and "locator" in first) or one["status"] == "incomplete"


@pytest.mark.shared_data
@needs_sources
def test_no_eight_words_in_a_row_are_those_of_the_documents(
    nodes: list[Record], edges: list[Record]
) -> None:
    size = 8
    runs: dict[tuple[str, ...], str] = {}
    for name in COPIES.values():
        words = words_of((SOURCES / name).read_text(encoding="utf-8")).words
        for at in range(len(words) - size + 1):
            runs.setdefault(words[at : at + size], name)
    # The title of a work is its name.
    works = ("paper:", "artifact:", "dataset:")
    titles = {
        name
        for one in nodes
        if one["id"].startswith(works)
        for name in (one["label"], *one.get("aliases", ()))
    }
    # A list of models by name is nobody's sentence.
    names = {"claude", "opus", "sonnet", "haiku", "gpt", "llama", "and", "or"}
    found = []
    for one in (*nodes, *edges):
        for text in _texts(one):
            if text in titles:
                continue
            words = words_of(text).words
            for at in range(len(words) - size + 1):
                run = words[at : at + size]
                if run in runs and sum(not (word.isdigit() or word in names) for word in run) > 3:
                    found.append(f"{one['id']}: {' '.join(words[at : at + size])}")
    assert found == []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)


@pytest.mark.shared_data
@needs_sources
def test_the_three_documents_give_every_quoted_passage_back(store: Store) -> None:
    before = health_of(store)["quotes"]
    for source, name in COPIES.items():
        assert attach(store, SOURCES / name)["source"] == source
    after = health_of(store)["quotes"]
    assert after == {"stands": sum(before.values()), "not found": 0, "not attached": 0}
