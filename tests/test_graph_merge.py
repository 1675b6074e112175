"""Two nodes become one: nothing of either is lost, nobody else is drawn in, and it can be taken back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from graph_strategies import edges, evidence, hold_the_laws, incomings, nodes
from gyges.cli import main
from gyges.errors import GraphError
from gyges.graph.checks import node_problems
from gyges.graph.model import Edge, Evidence, Node, Passage
from gyges.graph.records import Decision, Incoming, pair_key
from gyges.graph.store import Store, plain_name
from gyges.graph.store.parting import stays
from gyges.graph.vocabulary import RELATIONS

_IDS = ("concept:a", "concept:b", "concept:c", "claim:a", "paper:a")


@st.composite
def dense_graphs(draw: st.DrawFn) -> Incoming:
    """Few nodes and many edges, so that a merge meets everything that it can meet."""
    some = [draw(nodes(ids=[id_], cited=_IDS)) for id_ in _IDS]
    return Incoming(some, draw(st.lists(edges(_IDS, _IDS), min_size=4, max_size=14)))


def _built(incoming: Incoming) -> Store:
    store = Store.open(":memory:")
    with store.change("build") as change:
        for node in incoming.nodes:
            change.put_node(node)
        for edge in incoming.edges:
            change.put_edge(edge)
    return store


def _pieces(store: Store, keep: str, drop: str) -> set[Evidence]:
    """All evidence of two nodes and of their edges, as it reads when the one that goes is the one that stays."""
    rows: list[Node | Edge] = []
    for id_ in {keep, drop}:
        rows += [store.node(id_), *store.edges_of(id_)]
    found = {one for row in rows for one in row.evidence}
    return {replace(one, node=keep) if one.node == drop else one for one in found}


def _names(*found: Node) -> set[str]:
    return {plain_name(name) for node in found for name in (node.label, *node.aliases)}


def _said(edge: Edge) -> tuple[object, ...]:
    ends = (edge.subject, edge.object)
    return (frozenset(ends) if RELATIONS[edge.relation].symmetric else ends, edge.relation)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(dense_graphs(), st.permutations([id_ for id_ in _IDS if id_.startswith("concept")]))
def test_a_merge_keeps_everything_of_both_and_touches_nobody_else(
    incoming: Incoming, order: list[str]
):
    keep, drop, _ = order
    with _built(incoming) as store:
        before, dump = {node.id: node for node in store.nodes()}, store.dump()
        all_edges = {edge.id: edge for edge in store.edges()}
        pieces = _pieces(store, keep, drop)
        between = store.edges_between(keep, drop)

        store.merge(keep, drop, "me")

        hold_the_laws(store)
        kept = store.node(keep)
        assert store.node(drop) == kept
        assert kept.label == before[keep].label
        assert _names(before[keep], before[drop]) == _names(kept)
        assert drop in kept.formerly
        assert pieces <= _pieces(store, keep, keep)
        for fields in ("dates", "identifiers"):
            both = {
                value for one in (keep, drop) for value in getattr(before[one], fields).values()
            }
            assert set(getattr(kept, fields).values()) == both
        assert node_problems(kept.to_dict()) == []
        said = {f"{edge.relation}: {edge.gloss}" for edge in between if edge.gloss}
        assert said <= {one.note for one in kept.evidence}
        glosses = {kept.gloss, *(one.note for one in kept.evidence)}
        assert {before[keep].gloss, before[drop].gloss} - {""} <= glosses
        # Nobody else: the other nodes are there, and differ at most in what their evidence cites.
        others = {node.id: node for node in store.nodes() if node.id != keep}
        assert set(others) == set(before) - {keep, drop}
        for id_, node in others.items():
            assert replace(node, evidence=()) == replace(before[id_], evidence=())
            assert store.resolve(id_) == id_
        # Every edge that did not run between the two says still what it said, to the same third node.
        after = list(store.edges())
        statements = [_said(edge) for edge in after]
        for edge in all_edges.values():
            if edge in between:
                continue
            ends = {
                name: keep if end == drop else end
                for name, end in (("subject", edge.subject), ("object", edge.object))
            }
            moved = replace(edge, **ends)
            assert _said(moved) in statements
            if edge.gloss:
                told = [one for one in after if _said(one) == _said(moved)]
                assert any(
                    edge.gloss in {one.gloss, *(piece.note for piece in one.evidence)}
                    for one in told
                )
        assert len(after) <= len(all_edges) - len(between)
        # No two that say the same word for word, unless they stood side by side before.
        assert not any(one.id not in all_edges for one in after)
        # And back.
        store.undo()
        assert store.dump() == dump
        hold_the_laws(store)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(dense_graphs(), incomings(_IDS))
def test_what_is_imported_after_a_merge_finds_the_node_that_remained(
    incoming: Incoming, more: Incoming
):
    with _built(incoming) as store:
        store.merge("concept:a", "concept:b")
        store.merge("concept:c", "concept:a")
        try:
            store.take(incoming, "the same file again")
            store.take(more, "another file")
        except GraphError as error:
            assume("give one another id" not in str(error))
            raise
        hold_the_laws(store)
        assert not {"concept:a", "concept:b"} & {node.id for node in store.nodes()}
        told = {one for row in (*store.nodes(), *store.edges()) for one in row.evidence}
        for row in (*incoming.edges, *more.edges):
            for one in row.evidence:
                node = store.resolve(one.node) if one.node else ""
                assert replace(one, node=node) in told


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(evidence(), st.sampled_from(["", "x", "y"])), min_size=1, max_size=6))
def test_edges_between_the_two_leave_their_evidence_with_the_node(rows):  # type: ignore[no-untyped-def]
    pieces = [tuple(replace(one, node="") for one in some) for some, _ in rows]
    with Store.open(":memory:") as store:
        both = [Node("concept:a", "A"), Node("concept:b", "B")]
        inner = [
            Edge(f"e:own{n}", *ends, gloss, some)
            for n, (some, (_, gloss)) in enumerate(zip(pieces, rows, strict=True))
            for ends in [[("concept:a", "extends"), ("concept:b", "uses")][n % 2]]
            for ends in [(*ends, "concept:b" if ends[0] == "concept:a" else "concept:a")]
        ]
        store.take(Incoming(both, inner), "build")
        kept_ids = {one for edge in store.edges() for one in edge.evidence}
        store.merge("concept:a", "concept:b")
        assert store.count_edges() == 0
        assert kept_ids <= set(store.node("concept:a").evidence)


# ---------------------------------------------------------------------- by example

A, B, C = (Node(f"concept:{slug}", slug.upper()) for slug in "abc")
PAPER = Node("paper:p", "P")


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open(":memory:") as made:
        made.take(Incoming([A, B, C, PAPER]), "build")
        yield made


def _take(store: Store, *edges_: Edge) -> None:
    store.take(Incoming(edges=list(edges_)), "more")


def test_edges_that_say_the_same_are_joined_with_the_evidence_of_both(store: Store):
    one, other = Evidence(note="one"), Evidence(note="other")
    _take(store, Edge.make(PAPER.id, "studies", A.id, evidence=[one]))
    _take(store, Edge.make(PAPER.id, "studies", B.id, evidence=[other]))
    store.merge(A.id, B.id)
    (edge,) = store.edges()
    assert edge.evidence == (one, other)
    assert (edge.subject, edge.object) == (PAPER.id, A.id)
    assert store.degree(A.id) == store.degree(PAPER.id) == 1


def test_statements_that_differ_in_what_they_say_stay_apart(store: Store):
    _take(store, Edge.make(PAPER.id, "studies", A.id, "at length"))
    _take(store, Edge.make(PAPER.id, "studies", B.id, "in passing"))
    store.merge(A.id, B.id)
    assert {edge.gloss for edge in store.edges_between(A.id, PAPER.id)} == {
        "at length",
        "in passing",
    }


@pytest.mark.parametrize(("mine", "other"), [("", "said"), ("said", "")])
def test_a_statement_without_words_joins_one_that_has_some(store: Store, mine: str, other: str):
    _take(store, Edge.make(PAPER.id, "studies", A.id, mine, [Evidence(note="1")]))
    _take(store, Edge.make(PAPER.id, "studies", B.id, other, [Evidence(note="2")]))
    store.merge(A.id, B.id)
    (edge,) = store.edges()
    assert (edge.gloss, [one.note for one in edge.evidence]) == ("said", ["1", "2"])


def test_two_that_contradict_each_other_are_not_the_same(store: Store):
    claims = [Node("claim:x", "X"), Node("claim:y", "Y")]
    edge = Edge.make("claim:y", "contradicts", "claim:x")
    store.take(Incoming(claims, [edge]), "more")
    before = store.dump()
    for keep, drop in (("claim:x", "claim:y"), ("claim:y", "claim:x")):
        with pytest.raises(GraphError, match=f"contradict each other by edge {edge.id}"):
            store.merge(keep, drop)
    assert store.dump() == before


def test_two_edges_side_by_side_stay_two(store: Store):
    _take(
        store,
        Edge.make(PAPER.id, "studies", B.id, "at length"),
        Edge.make(PAPER.id, "studies", B.id, "in passing"),
    )
    store.merge(A.id, B.id)
    assert sorted(edge.gloss for edge in store.edges()) == ["at length", "in passing"]


def test_a_symmetric_edge_meets_its_twin_in_either_direction(store: Store):
    d = Node("concept:0", "first by id")
    store.take(Incoming([d]), "more")
    _take(
        store,
        Edge.make(B.id, "analogous_to", C.id, evidence=[Evidence(note="1")]),
        Edge.make(d.id, "analogous_to", C.id, evidence=[Evidence(note="2")]),
    )
    store.merge(d.id, B.id)
    (edge,) = store.edges()
    assert {one.note for one in edge.evidence} == {"1", "2"}
    # Brought again from the other side, it is the same statement still.
    turned = Edge("e:own", C.id, "analogous_to", d.id, evidence=(Evidence(note="3"),))
    _take(store, turned)
    (edge,) = store.edges()
    assert {one.note for one in edge.evidence} == {"1", "2", "3"}


def test_opposite_edges_of_a_directed_relation_stay_two(store: Store):
    _take(store, Edge.make(A.id, "extends", C.id), Edge.make(C.id, "extends", B.id))
    store.merge(A.id, B.id)
    assert {(one.subject, one.object) for one in store.edges()} == {
        (A.id, C.id),
        (C.id, A.id),
    }


def test_what_cited_the_node_that_goes_cites_the_one_that_stays(store: Store):
    other = Node("paper:q", "Q", evidence=(Evidence(node="paper:q", note="itself"),))
    quote = Node("quote:x", "x", evidence=(Evidence(node=other.id, passage=Passage.of("a b")),))
    edge = Edge.make(A.id, "uses", B.id, evidence=[Evidence(node=other.id)])
    store.take(Incoming([other, quote], [edge]), "more")
    store.merge(PAPER.id, other.id)
    assert store.node(quote.id).evidence[0].node == PAPER.id
    assert store.edge(edge.id).evidence[0].node == PAPER.id
    assert store.node(PAPER.id).evidence == (Evidence(node=PAPER.id, note="itself"),)
    hold_the_laws(store)


def test_a_chain_of_likeness_is_not_followed(store: Store):
    _take(store, Edge.make(A.id, "analogous_to", B.id), Edge.make(B.id, "analogous_to", C.id))
    store.merge(A.id, B.id)
    assert store.resolve(C.id) == C.id
    assert [one.id for one in store.neighbours(A.id)] == [C.id]


def test_merging_round_in_a_circle_ends_with_one_node(store: Store):
    store.merge(A.id, B.id)
    store.merge(B.id, C.id)  # by an id that leads to the first
    assert {store.resolve(one.id) for one in (A, B, C)} == {A.id}
    with pytest.raises(GraphError, match="cannot be merged with itself"):
        store.merge(C.id, A.id)
    with pytest.raises(GraphError, match="cannot be merged with itself"):
        store.merge(A.id, A.id)


def test_former_ids_lead_through_every_merge_that_followed(store: Store):
    store.merge(B.id, A.id)
    store.merge(C.id, B.id)
    assert store.node(C.id).formerly == (B.id, A.id)
    assert store.node(A.id).id == C.id
    store.undo()
    assert store.node(A.id).id == B.id
    hold_the_laws(store)


def test_homographs_of_different_types_stay_apart(store: Store):
    store.take(Incoming([Node("method:a", "A")]), "more")
    before = store.dump()
    with pytest.raises(GraphError, match="is a concept and method:a a method"):
        store.merge(A.id, "method:a")
    assert store.dump() == before


def test_a_merge_with_nobody_is_refused(store: Store):
    with pytest.raises(GraphError, match="no node 'concept:nobody'"):
        store.merge(A.id, "concept:nobody")


def test_identifiers_that_differ_are_both_kept(store: Store):
    store.take(
        Incoming(
            [
                Node("paper:1", "1", identifiers={"doi": "10.1/a", "arxiv": "1"}),
                Node("paper:2", "2", identifiers={"doi": "10.1/b", "url": "https://a.b"}),
            ]
        ),
        "more",
    )
    store.merge("paper:1", "paper:2")
    assert store.node("paper:1").identifiers == {
        "doi": "10.1/a",
        "doi-2": "10.1/b",
        "arxiv": "1",
        "url": "https://a.b",
    }


def test_decisions_about_the_one_that_goes_hold_for_the_one_that_stays(store: Store):
    d = Node("concept:d", "D")
    decided = [
        Decision(pair_key(B.id, C.id), "not-same"),
        Decision(pair_key(A.id, C.id), "later"),
        Decision(pair_key(B.id, d.id), "later"),
        Decision(pair_key(A.id, d.id), "not-same"),
        Decision(pair_key(A.id, B.id), "later"),
    ]
    store.take(Incoming([d], decisions=decided), "more")
    dump = store.dump()
    store.merge(A.id, B.id, "me")
    verdicts = {one.key: one.verdict for one in store.decisions()}
    assert verdicts == {
        pair_key(A.id, C.id): "not-same",
        pair_key(A.id, d.id): "not-same",
        pair_key(A.id, B.id): "merge",
    }
    store.undo()
    assert store.dump() == dump


def test_attached_copies_of_both_are_read_for_the_one_that_stays(store: Store):
    store.take(Incoming([Node("paper:q", "Q")]), "more")
    store.attach("paper:q", "the copy of q", "q.txt")
    store.attach(PAPER.id, "the copy of p", "p.txt")
    store.merge(PAPER.id, "paper:q")
    assert {one.text for one in store.sources(PAPER.id)} == {"the copy of q", "the copy of p"}


def test_an_edge_between_merged_nodes_that_comes_in_later_makes_no_loop(store: Store):
    store.merge(A.id, B.id)
    said = Evidence(note="said between them", node=B.id)
    taken = store.take(Incoming(edges=[Edge.make(A.id, "extends", B.id, evidence=[said])]), "late")
    assert (taken.new_edges, taken.changed, store.count_edges()) == (0, 1, 0)
    assert store.node(A.id).evidence == (replace(said, node=A.id),)


def test_replacing_a_node_keeps_the_ids_that_were_merged_into_it(store: Store):
    _take(store, Edge.make(PAPER.id, "studies", B.id))
    store.merge(A.id, B.id)
    store.take(Incoming([replace(A, gloss="new"), B]), "again", replace_=True)
    assert store.resolve(B.id) == A.id
    assert store.node(A.id).gloss == "new"
    hold_the_laws(store)


# ---------------------------------------------------------------------- what came in since


def _with_arrivals() -> Store:
    """Two nodes that were merged, and what came to the one that stayed afterwards."""
    store = Store.open(":memory:")
    said = Edge.make("claim:x", "studies", "concept:b", "Of the one that goes.")
    there = Edge.make("claim:x", "studies", "concept:a", "Of the one that stays.")
    rows = [Node(f"concept:{letter}", letter.upper()) for letter in "abc"]
    store.take(Incoming([*rows, Node("claim:x", "X"), Node("paper:p", "P")], [said, there]), "all")
    store.merge("concept:a", "concept:b", "me")
    late = Edge.make("concept:c", "uses", "concept:b", "Came in for the one that went.")
    cites = Edge.make("claim:x", "studies", "concept:c", "", [Evidence("concept:a", "there")])
    noted = Node("claim:late", "Late", evidence=(Evidence("concept:b"),))
    store.take(Incoming([noted], [late, cites]), "late")
    store.attach("concept:a", "A text.", "a.txt")
    with store.change("decide") as change:
        change.put_decision(Decision(pair_key("concept:a", "concept:c"), "not-same"))
    return store


def test_what_came_in_after_a_merge_is_named_when_the_merge_is_undone():
    store = _with_arrivals()
    before = stays(store, 2)
    assert store.undo(2) == 2
    assert stays(store, 2) == before
    found = {(one.kind, one.node, one.what, one.change) for one in before}
    assert found == {
        ("edge", "concept:a", "concept:c uses concept:a", 3),
        ("edge", "concept:a", "claim:x studies concept:c", 3),
        ("node", "concept:a", "claim:late", 3),
        ("source", "concept:a", "a.txt", 4),
        ("decision", "concept:a", "concept:a|concept:c: not-same", 5),
    }
    # It stays where it is, and what was there before the merge went back.
    assert store.node("concept:a").formerly == ()
    assert [one.gloss for one in store.edges_of("concept:b")] == ["Of the one that goes."]
    assert {one.other for one in before if one.kind == "edge"} == {"concept:b"}


def test_nothing_stays_where_nothing_came_in_and_where_nothing_was_merged():
    store = _with_arrivals()
    assert stays(store, 1) == []
    for number in (5, 4, 3):
        assert stays(store, number) == []
        store.undo(number)
    assert stays(store, 2) == []
    store.undo(2)
    assert stays(store, 2) == []


def test_the_command_prints_what_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "100")
    path = tmp_path / "graph.sqlite3"
    with _with_arrivals() as given, sqlite3.connect(path) as copy:
        given.connection.backup(copy)
    copy.close()
    arguments = ["graph", "undo", "2", "--by", "me", "--graph", str(path)]
    with pytest.raises(SystemExit):
        main([*arguments, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["undone"] == 2
    assert [(one["kind"], one["change"]) for one in told["stays"]] == [
        ("decision", 5),
        ("edge", 3),
        ("edge", 3),
        ("node", 3),
        ("source", 4),
    ]
    assert {(one["node"], one["other"]) for one in told["stays"]} == {("concept:a", "concept:b")}
    with Store.open(path) as store:
        store.undo(store.history(1)[0].number)
    with pytest.raises(SystemExit):
        main(arguments)
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == [
        "undone: change 2, merge concept:b into concept:a",
        "what came in meanwhile stays with concept:a, and may belong to concept:b:",
    ]
    assert any(line.startswith("  edge e:") and line.endswith("(change 3)") for line in out)
    assert "  source a.txt (change 4)" in out
