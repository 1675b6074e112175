"""Taking what a file brings for what the graph has: by identifier and by name, never by guess, and never silently."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_library import SOURCES, edge, embeds, graph, ids, needs_sources, node
from graph_strategies import IDENTIFIERS, IDS, LABELS
from gyges.graph import (
    Decision,
    Edge,
    Evidence,
    Incoming,
    Likenesses,
    Node,
    Proposal,
    Store,
    candidate,
    decide,
    open_graph,
    pair_key,
    queue,
)
from gyges.graph.formats import read
from gyges.graph.recognition.matching import match
from gyges.graph.recognition.naming import identifiers_of, namesakes
from gyges.graph.store import plain_name

Run = Callable[..., tuple[int, str, str]]
PAGE = SOURCES / "alignment-faking-concept-page.txt"
GREENBLATT = "paper:greenblatt-2024-alignment-faking"
BIB = """\
@article{greenblatt2024alignment,
  title = {Alignment Faking in LLMs}, author = {Greenblatt, Ryan and Carlsmith, Joseph and Example, Ada},
  year = {2024}, eprint = {2412.14093v2}, archivePrefix = {arXiv}
}
"""
SYCOPHANCY = node("concept:sycophancy", "Sycophancy", aliases=("Sycophancy in LLMs",))


def matched(store: Store, *rows: Node | Edge, made_ids: bool = True, **more: Any) -> Incoming:
    nodes = [row for row in rows if isinstance(row, Node)]
    edges = [row for row in rows if isinstance(row, Edge)]
    return match(store, Incoming(nodes, edges, **more), made_ids=made_ids)


def namesakes_of_one_type(store: Store) -> dict[tuple[str, str], set[str]]:
    """The nodes that share a name, told without the table of names."""
    found: dict[tuple[str, str], set[str]] = {}
    for one in store.nodes():
        for name in (one.label, *one.aliases):
            found.setdefault((one.type, " ".join(name.casefold().split())), set()).add(one.id)
    return {key: those for key, those in found.items() if len(those) > 1}


@pytest.fixture
def curated(tmp_path: Path) -> Store:
    return open_graph(tmp_path / "curated.sqlite3")


# ---------------------------------------------------------------------- the shipped graph


@pytest.mark.shared_data
@needs_sources
def test_the_published_page_adds_no_second_node_of_a_name_and_all_of_its_edges(
    curated: Store,
) -> None:
    with curated as store:
        before, had = store.dump(), {one.id for one in store.nodes()}
        assert namesakes_of_one_type(store) == {}
        page = read(PAGE)
        incoming = match(store, page)
        assert len(incoming.edges) == len(page.edges)
        taken = store.take(incoming, "import page")
        assert namesakes_of_one_type(store) == {}
        for one in incoming.edges:
            between = store.edges_between(one.subject, one.object)
            assert any(
                other.relation == one.relation and set(one.evidence) <= set(other.evidence)
                for other in between
            ), one
        new = {one.id for one in store.nodes()} - had
        assert taken.new_nodes == len(new)
        assert not new & {
            "thinker:joseph-carlsmith",
            "method:reinforcement-learning-from-human-feedback",
            "concept:sycophancy-in-llms",
            "concept:goal-misgeneralization",
        }
        # A hypothesis of that name is there, which is no concept.
        assert "concept:persona-sampling-hypothesis" in new
        assert sum("of another type" in note for note in incoming.notes) == 1
        again = store.take(match(store, page), "import page again")
        assert (again.change, again.new_nodes, again.new_edges) == (None, 0, 0)
        store.undo()
        assert store.dump() == before


@pytest.mark.shared_data
@needs_sources
def test_without_matching_the_page_adds_what_the_graph_has(curated: Store) -> None:
    with curated as store:
        store.take(read(PAGE), "import page")
        assert ("thinker", "joseph carlsmith") in namesakes_of_one_type(store)


def test_a_bibliography_completes_the_paper_of_the_same_arxiv_number(
    curated: Store, tmp_path: Path
) -> None:
    file = tmp_path / "some.bib"
    file.write_text(BIB)
    with curated as store:
        before, papers = store.dump(), store.by_type()["paper"]
        incoming = match(store, read(file))
        assert [one.id for one in incoming.nodes if one.type == "paper"] == [GREENBLATT]
        store.take(incoming, "import bib")
        assert store.by_type()["paper"] == papers
        assert "Alignment Faking in LLMs" in store.node(GREENBLATT).aliases
        assert store.node(GREENBLATT).label == "Alignment faking in large language models"
        (wrote,) = store.edges_between(GREENBLATT, "thinker:ada-example")
        assert (wrote.relation, wrote.evidence[0].node) == ("authored_by", GREENBLATT)
        assert not store.has("thinker:joseph-carlsmith")
        assert store.edges_between(GREENBLATT, "thinker:joe-carlsmith")
        assert namesakes_of_one_type(store) == {}
        assert any(f"is taken for {GREENBLATT} (same arxiv" in note for note in incoming.notes)
        store.undo()
        assert store.dump() == before


# ---------------------------------------------------------------------- authorship

WROTE = (
    node("paper:known", "Known", identifiers={"arxiv": "2401.05566"}),
    node("thinker:jane-doe", "Jane Doe"),
    edge("paper:known", "authored_by", "thinker:jane-doe", "First of two."),
)


def listed(tmp_path: Path, authors: str, more: str = "eprint = {2401.05566}") -> str:
    return f"@misc{{k{authors[:1]}, title = {{About {authors}}}, author = {{{authors}}}, year = 2024, {more}}}\n"


def from_bib(store: Store, tmp_path: Path, text: str) -> Incoming:
    (tmp_path / "list.bib").write_text(text)
    return match(store, read(tmp_path / "list.bib"))


def wrote(store: Store, paper: str = "paper:known") -> list[tuple[str, str]]:
    edges = [one for one in store.edges_of(paper) if one.relation == "authored_by"]
    return sorted((one.object, one.gloss) for one in edges)


@pytest.mark.parametrize("replace_", [False, True])
def test_an_authorship_that_the_graph_has_is_completed_and_not_doubled(
    tmp_path: Path, replace_: bool
) -> None:
    with graph(*WROTE) as store:
        (stood,) = store.edges_between("paper:known", "thinker:jane-doe")
        incoming = from_bib(store, tmp_path, listed(tmp_path, "Doe, Jane"))
        taken = store.take(incoming, "import", replace_=replace_)
        assert taken.new_edges == 0
        (stands,) = store.edges_between("paper:known", "thinker:jane-doe")
        assert (stands.id, stands.gloss) == (stood.id, "First of two.")
        assert any("list.bib, entry kD" in one.locator for one in stands.evidence)
        if not replace_:
            assert set(stood.evidence) < set(stands.evidence)
        again = store.take(match(store, incoming), "import again", replace_=replace_)
        assert again.change is None


def test_an_authorship_without_a_gloss_and_one_with_its_own_stay_two_statements() -> None:
    bare = edge("paper:known", "authored_by", "thinker:jane-doe")
    with graph(*WROTE, bare) as store:
        assert matched(store, bare).edges == [bare]
    other = edge("paper:known", "authored_by", "thinker:jane-doe", "She wrote the appendix.")
    with graph(*WROTE) as store:
        assert matched(store, other).edges == [other]
    with graph(
        *WROTE, node("concept:a"), edge("paper:known", "studies", "concept:a", "It.")
    ) as store:
        said = edge("paper:known", "studies", "concept:a")
        assert matched(store, said).edges == [said]


def test_an_initial_is_taken_for_the_one_known_author_of_the_paper_whom_it_fits(
    tmp_path: Path,
) -> None:
    # Another J. Doe of the graph changes nothing: it is the paper's authors that count.
    with graph(*WROTE, node("thinker:john-doe", "John Doe")) as store:
        incoming = from_bib(store, tmp_path, listed(tmp_path, "Doe, J. and Roe, R."))
        assert any(
            "thinker:j-doe 'J. Doe' is taken for thinker:jane-doe" in one and "paper:known" in one
            for one in incoming.notes
        )
        assert incoming.renamed["thinker:j-doe"] == "thinker:jane-doe"
        taken = store.take(incoming, "import")
        assert (taken.new_nodes, taken.new_edges) == (1, 1)
        assert wrote(store) == [("thinker:jane-doe", "First of two."), ("thinker:r-roe", "")]
        # It does not become a name by which the next J. Doe would be taken for her.
        assert store.node("thinker:jane-doe").aliases == ()


def test_an_initial_stays_for_review_on_a_paper_that_is_not_known_again(tmp_path: Path) -> None:
    with graph(*WROTE) as store:
        text = listed(tmp_path, "Doe, J.") + listed(tmp_path, "Roe, R. and Doe, J.", "note = {x}")
        incoming = from_bib(store, tmp_path, text)
        store.take(incoming, "import")
        assert wrote(store) == [("thinker:jane-doe", "First of two.")]
        (other,) = (one for one in store.nodes(("paper",)) if one.label.startswith("About Roe"))
        assert wrote(store, other.id) == [("thinker:j-doe", ""), ("thinker:r-roe", "")]
        assert "thinker:j-doe" not in incoming.renamed


@pytest.mark.parametrize(
    ("known", "authors"),
    [
        (("Jane Doe", "John Doe"), "Doe, J."),
        (("Jane Doe",), "Doe, K."),
        (("Jane Doe",), "Roe, J."),
        (("Jane Doe",), "Doe, J. A. and Doe, J. B."),
        (("Jane Doe",), "Doe, Jane and Doe, J. B."),
        (("Jane Doe",), "Doe, Janet"),
    ],
)
def test_an_initial_that_may_be_another_authors_is_taken_for_none(
    tmp_path: Path, known: tuple[str, ...], authors: str
) -> None:
    people = [node(f"thinker:{name.replace(' ', '-').lower()}", name) for name in known]
    edges = [edge("paper:known", "authored_by", one.id, "Wrote it.") for one in people]
    with graph(WROTE[0], *people, *edges) as store:
        incoming = from_bib(store, tmp_path, listed(tmp_path, authors))
        people = {one.id for one in store.nodes(("thinker",))}
        store.take(incoming, "import")
        new = {one.id for one in store.nodes(("thinker",))} - people
        assert len(new) == len(authors.split(" and ")) - ("Jane and" in authors)


def test_a_paper_known_by_its_name_alone_does_not_tell_who_its_authors_are(tmp_path: Path) -> None:
    text = "@misc{k, title = {Known}, author = {Doe, J.}, year = 2024}"
    with graph(*WROTE) as store:
        incoming = from_bib(store, tmp_path, text)
        assert any("is taken for paper:known (same name)" in one for one in incoming.notes)
        store.take(incoming, "import")
        assert store.has("thinker:j-doe")


# ---------------------------------------------------------------------- names


def test_a_node_is_taken_for_the_one_that_bears_its_name_and_edges_follow() -> None:
    with graph(SYCOPHANCY, node("concept:b")) as store:
        incoming = matched(
            store,
            node("concept:sycophancy-in-llms", "sycophancy  in LLMs", gloss="To please."),
            edge("concept:sycophancy-in-llms", "extends", "concept:b"),
        )
        assert ids(incoming.nodes) == ["concept:sycophancy"]
        (one,) = incoming.edges
        assert one == edge("concept:sycophancy", "extends", "concept:b")
        assert incoming.notes == [
            "concept:sycophancy-in-llms 'sycophancy  in LLMs' is taken for concept:sycophancy (same name)"
        ]
        store.take(incoming, "import")
        assert store.node("concept:sycophancy").gloss == "To please."
        assert store.node("concept:sycophancy").aliases == ("Sycophancy in LLMs",)


def test_an_abbreviation_in_brackets_is_no_part_of_a_name() -> None:
    with graph(node("method:rlhf", "Reinforcement learning from human feedback")) as store:
        long = "Reinforcement Learning from Human Feedback"
        assert ids(matched(store, node("method:x", f"{long} (RLHF)")).nodes) == ["method:rlhf"]
        # What is no abbreviation tells one thing from another.
        assert ids(matched(store, node("method:x", f"{long} (online)")).nodes) == ["method:x"]


def test_the_label_counts_before_an_alias() -> None:
    with graph(node("concept:a", "Alpha"), node("concept:b", "Beta", aliases=("AB",))) as store:
        assert ids(matched(store, node("concept:x", "Alpha", aliases=("AB",))).nodes) == [
            "concept:a"
        ]
        assert ids(matched(store, node("concept:x", "Other", aliases=("ab",))).nodes) == [
            "concept:b"
        ]


def test_a_name_that_several_nodes_bear_is_noted_and_stands_for_none() -> None:
    with graph(node("thinker:wei-1", "Wei Zhang"), node("thinker:wei-2", "Wei Zhang")) as store:
        incoming = matched(store, node("thinker:wei-zhang", "Wei Zhang"))
        assert ids(incoming.nodes) == ["thinker:wei-zhang"]
        (note,) = incoming.notes
        assert "thinker:wei-1 and thinker:wei-2; taken for none" in note


def test_a_name_that_only_another_type_bears_is_noted_and_kept_apart() -> None:
    with graph(node("hypothesis:sampling", "Persona sampling")) as store:
        incoming = matched(store, node("concept:persona-sampling", "Persona Sampling"))
        assert ids(incoming.nodes) == ["concept:persona-sampling"]
        (note,) = incoming.notes
        assert "hypothesis:sampling, of another type; kept apart" in note


def test_a_name_is_no_match_where_an_identifier_differs() -> None:
    with graph(node("paper:one", "A survey", identifiers={"arxiv": "2401.00001"})) as store:
        other = node("paper:two", "A survey", identifiers={"arxiv": "2402.00002"})
        incoming = matched(store, other)
        assert ids(incoming.nodes) == ["paper:two"]
        assert "another arxiv; kept apart" in incoming.notes[0]
        addressed = node("paper:three", "A survey", identifiers={"url": "https://example.org/x"})
        assert ids(matched(store, addressed).nodes) == ["paper:one"]


def test_placeholders_stand_for_nothing() -> None:
    label = "(label missing) paper 1"
    with graph(node("paper:label-missing-a-1", label)) as store:
        incoming = matched(store, node("paper:label-missing-b-1", label))
        assert (ids(incoming.nodes), incoming.notes) == (["paper:label-missing-b-1"], [])
        store.take(incoming, "import")
        assert list(namesakes(store, 10)) == []


def test_two_things_of_a_file_are_not_made_one() -> None:
    both = node("concept:sycophancy", "Sycophancy", aliases=("Sycophancy in LLMs", "Flattery"))
    with graph(both) as store:
        one, other = node("concept:x", "Sycophancy in LLMs"), node("concept:y", "Flattery")
        incoming = matched(store, one, other)
        assert ids(incoming.nodes) == ["concept:x", "concept:y"]
        assert len(incoming.notes) == 2
        assert "and so could concept:y; kept apart" in incoming.notes[0]
        # Nor where the file has the graph's node itself.
        assert ids(matched(store, node("concept:sycophancy", "Sycophancy"), other).nodes) == [
            "concept:sycophancy",
            "concept:y",
        ]
        # One thing twice is one thing.
        twice = node("concept:y", "sycophancy in llms", gloss="To please.")
        (joined,) = matched(store, one, twice).nodes
        assert (joined.id, joined.gloss) == ("concept:sycophancy", "To please.")


# ---------------------------------------------------------------------- identifiers


@pytest.mark.parametrize(
    ("there", "comes"),
    [
        ({"arxiv": "2412.14093"}, {"arxiv": "arXiv:2412.14093v3"}),
        ({"arxiv": "2412.14093v1"}, {"url": "https://arxiv.org/pdf/2412.14093v2.pdf"}),
        ({"url": "http://www.arxiv.org/abs/2412.14093#s1"}, {"doi": "10.48550/arXiv.2412.14093"}),
        ({"doi": "10.1000/ABC"}, {"doi": "https://doi.org/10.1000/abc"}),
        ({"url": "https://example.org/a?id=1"}, {"url": "http://www.Example.org/a?id=1#x"}),
        ({"url": "https://example.org/a"}, {"url": "https://example.org/a/"}),
        ({"arxiv": "2401.00001", "arxiv-2": "2412.14093"}, {"arxiv": "2412.14093"}),
        ({"arxiv": "2412.14093", "doi": "10.1/a"}, {"arxiv": "2412.14093", "doi": "10.1/b"}),
    ],
)
def test_one_identifier_is_known_however_it_is_written(
    there: dict[str, str], comes: dict[str, str]
) -> None:
    with graph(node("paper:there", "One title", identifiers=there)) as store:
        incoming = matched(store, node("paper:comes", "Another title", identifiers=comes))
        assert ids(incoming.nodes) == ["paper:there"]
        assert "there 'One title'" in incoming.notes[0]


@pytest.mark.parametrize(
    ("there", "comes"),
    [
        ({"arxiv": "2412.14093"}, {"arxiv": "2412.14094"}),
        ({"url": "https://example.org/a?id=1"}, {"url": "https://example.org/a?id=2"}),
        ({"url": "https://example.org/A"}, {"url": "https://example.org/a"}),
        ({"isbn": "9780000000002"}, {"isbn": "9780000000002"}),
        ({"citekey": "li2024"}, {"citekey": "li2024"}),
        ({"url": "https://a.b", "arxiv": "2401.1"}, {"url": "https://a.b", "arxiv": "2401.2"}),
    ],
)
def test_what_two_things_may_have_in_common_identifies_neither(
    there: dict[str, str], comes: dict[str, str]
) -> None:
    with graph(node("paper:there", "One title", identifiers=there)) as store:
        incoming = matched(store, node("paper:comes", "Another title", identifiers=comes))
        assert ids(incoming.nodes) == ["paper:comes"]


def test_the_address_of_its_source_identifies_no_statement() -> None:
    paper = {"url": "https://arxiv.org/abs/2412.14093"}
    with graph(node("finding:one", "Gap of 12 points", identifiers=paper)) as store:
        incoming = matched(store, node("finding:two", "Gap of 1 point", identifiers=paper))
        assert ids(incoming.nodes) == ["finding:two"]


def test_an_identifier_that_two_nodes_have_is_noted_and_stands_for_neither() -> None:
    home = {"url": "https://example.org"}
    rows = [node("artifact:a", identifiers=home), node("artifact:b", identifiers=home)]
    with graph(*rows) as store:
        incoming = matched(store, node("artifact:c", identifiers=home))
        assert ids(incoming.nodes) == ["artifact:c"]
        assert "artifact:a and artifact:b; taken for none" in incoming.notes[0]


# ---------------------------------------------------------------------- one id of two things


def test_another_thing_that_got_the_same_id_is_kept_apart_and_found_again() -> None:
    there = node(
        "paper:li-2024-language", "Language and faking", identifiers={"arxiv": "2401.00001"}
    )
    comes = node(
        "paper:li-2024-language", "Language of rewards", identifiers={"arxiv": "2402.00002"}
    )
    wrote = edge(comes.id, "authored_by", "thinker:li", evidence=(Evidence(comes.id),))
    with graph(there) as store:
        before = store.node(there.id)
        incoming = matched(store, comes, node("thinker:li"), wrote)
        assert ids(incoming.nodes) == ["paper:li-2024-language-2", "thinker:li"]
        assert incoming.edges[0].subject == "paper:li-2024-language-2"
        assert incoming.edges[0].evidence[0].node == "paper:li-2024-language-2"
        assert "another arxiv than paper:li-2024-language in the graph" in incoming.notes[0]
        store.take(incoming, "import")
        assert store.node(there.id) == before
        again = store.take(matched(store, comes, node("thinker:li"), wrote), "import")
        assert again.change is None


def test_where_ids_are_the_files_own_another_identifier_is_only_noted() -> None:
    there = node("paper:a", identifiers={"arxiv": "2401.00001"})
    with graph(there) as store:
        comes = node("paper:a", identifiers={"arxiv": "2402.00002"})
        incoming = matched(store, comes, made_ids=False)
        assert incoming.nodes == [comes]
        assert "under this id with another arxiv" in incoming.notes[0]


def test_the_id_of_a_node_that_was_merged_leads_to_the_one_that_stayed() -> None:
    with graph(node("concept:a", "Alpha"), node("concept:b", "Beta")) as store:
        store.merge("concept:a", "concept:b")
        incoming = matched(store, node("concept:b", "Beta"))
        assert incoming.notes == []
        assert store.take(incoming, "import").new_nodes == 0


# ---------------------------------------------------------------------- everywhere an id stands


def test_proposals_decisions_and_evidence_follow() -> None:
    old, new = node("paper:x", "Source one"), "paper:one"
    with graph(node(new, "Source one"), SYCOPHANCY, node("concept:b")) as store:
        cited = (Evidence("paper:x", "page 2"),)
        llms = node("concept:llms", "Sycophancy in LLMs", evidence=cited)
        said = Edge.make("concept:llms", "extends", "concept:b", "", cited)
        own = Edge("e:of-the-file", "concept:llms", "extends", "concept:b", evidence=cited)
        proposals = [
            Proposal.make(edge=said, nodes=(llms,)),
            Proposal.make(about="concept:llms", label="Something"),
            Proposal.make(about="concept:b", nodes=(llms,)),
        ]
        key = pair_key("concept:llms", "concept:b")
        incoming = matched(
            store, old, own, proposals=proposals, decisions=[Decision(key, "not-same")]
        )
        assert "concept:llms" not in json.dumps([one.to_dict() for one in incoming.proposals])
        assert ids(incoming.proposals) == ids(proposals)
        assert incoming.proposals[0].edge == Edge.make(
            "concept:sycophancy", "extends", "concept:b", "", (Evidence(new, "page 2"),)
        )
        assert incoming.proposals[0].nodes[0].evidence[0].node == new
        assert incoming.proposals[1].about == "concept:sycophancy"
        assert incoming.decisions[0].key == pair_key("concept:sycophancy", "concept:b")
        (kept,) = incoming.edges
        assert (kept.id, kept.subject) == ("e:of-the-file", "concept:sycophancy")
        store.take(incoming, "import")
        assert candidate(store, proposals[0].id).one == store.node("concept:sycophancy")


def test_what_would_join_a_node_to_itself_is_left_out_with_a_note() -> None:
    with graph(SYCOPHANCY) as store:
        llms = node("concept:llms", "Sycophancy in LLMs")
        near = Proposal.make(about="concept:sycophancy", nodes=(llms,))
        incoming = matched(store, proposals=[near])
        assert incoming.proposals == []
        assert "to itself; left out" in incoming.notes[-1]
        twin = node("concept:twin", "sycophancy in llms")
        between = edge("concept:llms", "associated_with", "concept:twin")
        incoming = matched(store, llms, twin, between)
        assert incoming.edges == []
        assert incoming.nodes[0].evidence == between.evidence
        store.take(incoming, "import")


# ---------------------------------------------------------------------- laws


@st.composite
def _nodes(draw: st.DrawFn) -> list[Node]:
    chosen = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=5))
    return [
        Node(
            id_,
            draw(LABELS),
            aliases=tuple(draw(st.lists(LABELS, max_size=2))),
            identifiers=draw(IDENTIFIERS),
        )
        for id_ in chosen
    ]


@settings(max_examples=60, deadline=None)
@given(there=_nodes(), comes=_nodes(), made_ids=st.booleans())
def test_matching_loses_nothing_and_is_done_once(
    there: list[Node], comes: list[Node], made_ids: bool
) -> None:
    edges = [
        Edge.make(one.id, "associated_with", other.id) for one, other in combinations(comes, 2)
    ]
    with graph(*there, source=False) as store:
        before = store.dump()
        given = Incoming(comes, edges)
        incoming = match(store, given, made_ids=made_ids)
        assert store.dump() == before
        # Every node that comes in stands under one id, of its type, with its names and identifiers.
        assert len({one.id for one in incoming.nodes}) == len(incoming.nodes)
        names = {
            (one.type, plain_name(name))
            for one in incoming.nodes
            for name in (one.label, *one.aliases)
        }
        for one in comes:
            assert {(one.type, plain_name(name)) for name in (one.label, *one.aliases)} <= names
        stands = {one.id for one in (*there, *incoming.nodes)}
        assert {end for one in incoming.edges for end in (one.subject, one.object)} <= stands
        assert len(incoming.edges) >= len(edges) - sum("left out" in one for one in incoming.notes)
        if store.take(incoming, "import").change is not None:
            store.undo()
        assert store.dump() == before


@settings(max_examples=60, deadline=None)
@given(there=_nodes())
def test_what_the_graph_has_is_taken_for_itself(there: list[Node]) -> None:
    with graph(*there, source=False) as store:
        given = Incoming(list(store.nodes()))
        assert match(store, given) == given


# ---------------------------------------------------------------------- the review


def test_namesakes_head_the_review_even_where_nothing_can_be_embedded() -> None:
    rows: list[Node | Edge] = [
        node("concept:a", "Faking"),
        node("concept:b", "Alignment faking", aliases=("faking",)),
        node("claim:a", "Faking"),
        node("paper:a", identifiers={"arxiv": "2412.14093"}),
        node("paper:b", identifiers={"url": "https://arxiv.org/abs/2412.14093v2"}),
        node("thinker:a", "Wei Zhang"),
        node("thinker:b", "Wei Zhang"),
        node("method:a", "Probing"),
        node("method:b", "probing"),
        edge("method:a", "extends", "method:b"),
    ]
    with graph(*rows) as store:
        alike = Likenesses(store)
        alike.missing = "the model is not installed"
        pairs = list(alike.pairs())
        assert {pair[:2] for pair in pairs} == {
            ("concept:a", "concept:b"),
            ("paper:a", "paper:b"),
            ("thinker:a", "thinker:b"),
        }
        assert {pair[2] for pair in pairs} == {None}
        assert len(list(alike.pairs(2))) == 2
        decide(store, "thinker:a|thinker:b", "not-same")
        decide(store, "paper:a|paper:b", "later")
        assert {pair[:2] for pair in alike.pairs()} == {
            ("concept:a", "concept:b"),
            ("paper:a", "paper:b"),
        }
        (one,) = queue(store, alike.pairs())
        assert (one.key, one.score) == ("concept:a|concept:b", None)


@embeds
def test_namesakes_come_first_and_placeholders_last_whatever_their_cosine() -> None:
    rows = [
        node("concept:crane", "Crane", gloss="A machine that lifts loads on a building site."),
        node("concept:crane-2", "Crane", gloss="A grey bird with long legs."),
        node("concept:faking", "Alignment faking", gloss="Complying while watched."),
        node("concept:sham", "Faking of alignment", gloss="Complying while watched."),
        node("paper:label-missing-a-1", "(label missing) paper 1"),
        node("paper:label-missing-b-1", "(label missing) paper 1"),
    ]
    with graph(*rows, source=False) as store:
        pairs = list(Likenesses(store, 0.7).pairs())
        assert [pair[:2] for pair in pairs] == [
            ("concept:crane", "concept:crane-2"),
            ("concept:faking", "concept:sham"),
            ("paper:label-missing-a-1", "paper:label-missing-b-1"),
        ]
        scores = [pair[2] or 0.0 for pair in pairs]
        assert scores[0] < scores[1] < scores[2]
        assert math.isclose(scores[2], 1, abs_tol=1e-5)


def test_a_small_file_is_matched_quickly_in_a_graph_of_many_nodes() -> None:
    many = 30_000
    rows = [node(f"concept:n{number}", f"Name {number}") for number in range(many)]
    rows.append(node("paper:a", identifiers={"arxiv": "2412.14093"}))
    with graph(*rows, source=False) as store:
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1

        # By the steps of SQLite's machine, which no other process slows down.
        store.connection.set_progress_handler(step, 1000)
        started = time.process_time()
        incoming = matched(
            store,
            node("concept:x", "name 17"),
            node("paper:x", identifiers={"arxiv": "2412.14093v2"}),
        )
        store.connection.set_progress_handler(None, 0)
        assert ids(incoming.nodes) == ["concept:n17", "paper:a"]
        # Of the many, none is of a type of which an identifier is looked for.
        assert steps * 1000 < many
        assert time.process_time() - started < 5


# ---------------------------------------------------------------------- the command


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.sqlite3"
    rows = [
        node("paper:known", "Alignment faking", identifiers={"arxiv": "2412.14093"}),
        node("thinker:joe", "Joe Carlsmith", aliases=("Joseph Carlsmith",)),
    ]
    graph(*rows, path=path).close()
    return path


def _bib(folder: Path, text: str = BIB) -> Path:
    (folder / "list.bib").write_text(text)
    return folder / "list.bib"


def test_import_matches_a_bibliography_unless_it_is_told_not_to(
    cli: Run, file: Path, tmp_path: Path
) -> None:
    given = ("graph", "import", _bib(tmp_path), "--by", "tests", "--graph", file)
    status, out, err = cli(*given)
    assert status == 0, err
    assert "nodes new: 2;" in out  # Ryan Greenblatt, Ada Example
    said = " ".join(err.split())
    assert "is taken for paper:known (same arxiv" in said
    assert "thinker:joseph-carlsmith 'Joseph Carlsmith' is taken for thinker:joe" in said
    assert cli("graph", "undo", "--graph", file)[0] == 0
    status, out, err = cli(*given, "--no-match", "--json")
    assert json.loads(out)["new_nodes"] == 4
    assert "taken for" not in out


def test_import_matches_other_formats_when_it_is_told_to(
    cli: Run, file: Path, tmp_path: Path
) -> None:
    source = tmp_path / "nodes.jsonl"
    row = node("paper:mine", "Alignment Faking", identifiers={"arxiv": "2412.14093"})
    with graph(row, source=False) as store:
        from gyges.graph.formats import write

        write(source, store.nodes(), [])
    given = ("graph", "import", source, "--by", "tests", "--graph", file, "--json")
    assert json.loads(cli(*given)[1])["new_nodes"] == 1
    assert cli("graph", "undo", "--graph", file)[0] == 0
    told = json.loads(cli(*given, "--match")[1])
    assert told["new_nodes"] == 0
    assert any("is taken for paper:known" in note for note in told["notes"])


def test_import_tells_the_first_notes_and_counts_the_others(
    cli: Run, file: Path, tmp_path: Path
) -> None:
    entries = "".join(
        f"@misc{{k{number}, title = {{Title {number}}}, year = {{soon}}, author = {{Example, Ada}}}}\n"
        for number in range(20)
    )
    given = ("graph", "import", _bib(tmp_path, entries), "--by", "tests", "--graph", file)
    status, _, err = cli(*given)
    assert status == 0, err
    assert err.count("is no date") == 12
    assert "and 8 more; --json gives all" in err
    assert cli("graph", "undo", "--graph", file)[0] == 0
    assert len(json.loads(cli(*given, "--json")[1])["notes"]) == 20


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=60), max_size=4))
def test_any_identifiers_can_be_read(identifiers: dict[str, str]) -> None:
    for name, value in identifiers_of("paper", identifiers):
        assert name
        assert value
