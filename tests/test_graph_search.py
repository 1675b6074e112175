"""Search says how each node was found; a path goes over statements that rest on something."""

from __future__ import annotations

from itertools import pairwise

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_library import edge, embeds, graph, ids, node
from gyges.errors import GraphError
from gyges.graph import Likenesses, Store, search, shortest_path
from gyges.graph.paths import MOST_STEPS

FAKING = node(
    "concept:faking",
    "Alignment faking",
    aliases=("AF", "Strategic compliance"),
    gloss="Complying in training so as not to be modified.",
)
GAP = node("concept:gap", "Compliance gap", gloss="What is done when watched minus unwatched.")
PAPER = node("paper:faking", "Alignment faking in language models", gloss="Shows faking.")
CLAIM = node("claim:rare", "Faking is rare", gloss="Only few models do it; a gap is seldom seen.")


@pytest.fixture
def store() -> Store:
    return graph(FAKING, GAP, PAPER, CLAIM, edge("paper:faking", "proposes", "concept:faking"))


# ---------------------------------------------------------------------- ways of finding


@pytest.mark.parametrize(
    ("query", "how"),
    [
        ("concept:faking", "id"),
        ("Alignment faking", "label"),
        ("  ALIGNMENT   Faking ", "label"),
        ("af", "alias"),
        ("strategic Compliance", "alias"),
        ("modified training", "text"),
        ("modif", "text"),
    ],
)
def test_each_way_of_finding_is_said(store: Store, query: str, how: str) -> None:
    first = search(store, query)[0]
    assert (first.id, first.how) == ("concept:faking", how)
    assert first.edges == 1


def test_an_id_that_was_merged_is_another_name(store: Store) -> None:
    with store.change("more") as change:
        change.put_node(node("concept:sham", "Sham"))
    store.merge("concept:faking", "concept:sham")
    assert [(hit.id, hit.how) for hit in search(store, "concept:sham", how=["alias"])] == [
        ("concept:faking", "alias")
    ]


def test_the_surest_come_first_and_each_node_comes_once(store: Store) -> None:
    hits = search(store, "alignment faking")
    assert hits[0].how == "label"
    assert ids(hits)[0] == "concept:faking"
    assert len(ids(hits)) == len(set(ids(hits)))
    assert "paper:faking" in ids(hits)


def test_accents_and_case_do_not_matter() -> None:
    with graph(
        node("thinker:scheurer", "Jérémy Scheurer", gloss="Wrote on Über-deception.")
    ) as store:
        assert ids(search(store, "jeremy")) == ["thinker:scheurer"]
        assert ids(search(store, "UBER")) == ["thinker:scheurer"]


def test_only_the_wanted_types_are_found(store: Store) -> None:
    assert ids(search(store, "faking", types=["claim"])) == ["claim:rare"]
    assert {hit.type for hit in search(store, "faking", types=["paper", "claim"])} == {
        "paper",
        "claim",
    }
    with pytest.raises(GraphError, match=r"no type of node 'claims'; .*claim"):
        search(store, "faking", types=["claims"])


def test_a_rare_type_is_found_behind_many_of_another() -> None:
    rows = [node(f"concept:c{number}", f"Gap {number}", gloss="gap") for number in range(60)]
    with graph(*rows, node("claim:x", "A claim of a gap")) as store:
        assert ids(search(store, "gap", types=["claim"], limit=5)) == ["claim:x"]


def test_only_the_wanted_ways_are_used(store: Store) -> None:
    assert search(store, "alignment faking", how=["alias"]) == []
    assert {hit.how for hit in search(store, "alignment faking", how=["text"])} == {"text"}
    assert "concept:faking" in ids(search(store, "alignment faking", how=["text"]))
    assert ids(search(store, "af", how=["alias"])) == ["concept:faking"]


def test_no_more_than_the_limit_come(store: Store) -> None:
    assert len(search(store, "faking", limit=2)) == 2


def test_nothing_is_a_clear_error(store: Store) -> None:
    with pytest.raises(GraphError, match="nothing to search for"):
        search(store, "   ")


@pytest.mark.parametrize(
    "query",
    [
        '"',
        '"" AND',
        "NEAR(faking gap)",
        "label:faking",
        "faking*",
        "^faking",
        "-faking",
        "(((",
        "a OR OR b",
        "NOT",
        "'; DROP TABLE node; --",
        "%",
        "_",
        "\x00",
        "½²",
        "\udcff",
        "x" * 10_000,
        "faking " * 500,
        "😀",
    ],
)
def test_operators_quotes_and_noise_are_only_words(store: Store, query: str) -> None:
    search(store, query)
    assert store.count_nodes() == 5


def test_operators_of_the_database_find_as_words() -> None:
    with graph(node("concept:x", "NOT near OR far AND wide")) as store:
        assert ids(search(store, "far AND wide")) == ["concept:x"]
        assert ids(search(store, "NOT near")) == ["concept:x"]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=20))
def test_no_query_breaks_the_search(query: str) -> None:
    store = _once()
    if query.strip():
        assert all(hit.id for hit in search(store, query))


def _once(made: list[Store] = []) -> Store:  # noqa: B006 - one store for all examples
    if not made:
        made.append(graph(FAKING, GAP, PAPER, CLAIM))
    return made[0]


# ---------------------------------------------------------------------- by meaning


@embeds
def test_meaning_finds_what_shares_no_word_and_says_how_near() -> None:
    with graph(FAKING, GAP, node("thinker:a", "Ann Smith"), source=False) as store:
        alike = Likenesses(store, 0.0)
        hits = search(store, "pretending obedience while being taught", nearest_to=alike.nearest)
    assert hits[0].id == "concept:faking"
    assert hits[0].how == "semantic"
    assert 0 < (hits[0].score or 0) < 1


@embeds
def test_meaning_finds_a_rare_type_behind_many_of_another() -> None:
    rows = [
        node(f"concept:c{number}", f"Pretended obedience of kind {number}") for number in range(12)
    ]
    with graph(
        *rows, node("thinker:a", "Ann Smith, who studies pretended obedience"), source=False
    ) as store:
        alike = Likenesses(store, 0.0)
        hits = search(
            store,
            "pretended obedience",
            types=["thinker"],
            how=["semantic"],
            limit=3,
            nearest_to=alike.nearest,
        )
    assert ids(hits) == ["thinker:a"]


# ---------------------------------------------------------------------- paths


@st.composite
def webs(draw: st.DrawFn) -> tuple[Store, networkx.Graph, networkx.Graph, int]:
    """A random graph, twice for networkx: with all edges, and with those alone that say something."""
    count = draw(st.integers(2, 14))
    pairs = draw(
        st.lists(
            st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(
                lambda pair: pair[0] != pair[1]
            ),
            max_size=30,
        )
    )
    rows: list = [node(f"concept:n{number}") for number in range(count)]
    whole, sound = networkx.Graph(), networkx.Graph()
    for web in (whole, sound):
        web.add_nodes_from(f"concept:n{number}" for number in range(count))
    for a, b in pairs:
        relation = draw(st.sampled_from(["extends", "causes", "associated_with"]))
        bare = draw(st.booleans())
        more = {"evidence": ()} if bare else {}
        rows.append(edge(f"concept:n{a}", relation, f"concept:n{b}", **more))
        whole.add_edge(f"concept:n{a}", f"concept:n{b}")
        if relation != "associated_with" and not bare:
            sound.add_edge(f"concept:n{a}", f"concept:n{b}")
    # The same statement with and without evidence is one edge, with it.
    unique = {row.id: row for row in rows if not getattr(row, "evidence", ())}
    unique |= {row.id: row for row in rows if getattr(row, "evidence", ())}
    return graph(*unique.values()), whole, sound, count


@settings(max_examples=60, deadline=None)
@given(webs(), st.data())
def test_a_path_is_as_short_as_networkx_finds_it(
    web: tuple[Store, networkx.Graph, networkx.Graph, int], data: st.DataObject
) -> None:
    store, whole, sound, count = web
    with store:
        start = f"concept:n{data.draw(st.integers(0, count - 1))}"
        lengths = {
            True: networkx.single_source_shortest_path_length(whole, start),
            False: networkx.single_source_shortest_path_length(sound, start),
        }
        for number in range(count):
            end = f"concept:n{number}"
            for every, expected in lengths.items():
                steps = shortest_path(store, start, end, loose=every, bare=every)
                if expected.get(end, MOST_STEPS + 1) > MOST_STEPS:
                    assert steps is None
                    continue
                assert steps is not None
                assert len(steps) == expected[end]
                here = start
                for step in steps:
                    assert step.start == here
                    assert {step.edge.subject, step.edge.object} == {step.start, step.end}
                    assert step.forward == (step.edge.subject == step.start)
                    if not every:
                        assert step.edge.relation != "associated_with"
                        assert step.edge.evidence
                    here = step.end
                assert here == end


def test_loose_and_bare_edges_count_only_when_they_are_asked_for() -> None:
    rows = [
        node("concept:a"),
        node("concept:b"),
        node("concept:c"),
        edge("concept:a", "associated_with", "concept:b"),
        edge("concept:b", "extends", "concept:c", evidence=()),
    ]
    with graph(*rows) as store:
        ends = ("concept:a", "concept:c")
        assert shortest_path(store, *ends) is None
        assert shortest_path(store, *ends, loose=True) is None
        assert shortest_path(store, *ends, bare=True) is None
        steps = shortest_path(store, *ends, loose=True, bare=True)
        assert steps is not None
        assert [step.end for step in steps] == ["concept:b", "concept:c"]


def test_a_path_goes_against_an_edge_and_says_so() -> None:
    rows = [node("paper:a"), node("concept:b"), edge("paper:a", "proposes", "concept:b")]
    with graph(*rows) as store:
        (step,) = shortest_path(store, "concept:b", "paper:a") or ()
    assert not step.forward


def test_a_path_to_itself_is_empty_also_by_a_merged_id() -> None:
    with graph(node("concept:a"), node("concept:b")) as store:
        store.merge("concept:a", "concept:b")
        assert shortest_path(store, "concept:a", "concept:b") == []


def test_a_path_longer_than_twelve_steps_is_not_told() -> None:
    names = [f"concept:n{number:02}" for number in range(14)]
    rows = [node(name) for name in names]
    rows += [edge(a, "extends", b) for a, b in pairwise(names)]
    with graph(*rows) as store:
        assert len(shortest_path(store, names[0], names[12]) or ()) == MOST_STEPS
        assert shortest_path(store, names[0], names[13]) is None


def test_a_path_from_nowhere_names_the_nearest(store: Store) -> None:
    with pytest.raises(GraphError, match="no node 'concept:fakin'; did you mean 'concept:faking'"):
        shortest_path(store, "concept:fakin", "concept:gap")
