"""The review: every decision does what it says, is remembered, and is taken back to the byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from graph_library import edge, embeds, graph, ids, node
from gyges.errors import GraphError
from gyges.graph import (
    Edge,
    Evidence,
    Incoming,
    Likenesses,
    Node,
    Passage,
    Proposal,
    Store,
    accept_pair,
    accept_proposal,
    candidate,
    decide,
    identify,
    pair_key,
    queue,
    waiting,
)
from gyges.graph.curated.shipped import TAKE_IN
from gyges.graph.review.arrivals import change_before
from gyges.graph.review.queueing import counted, detailed
from gyges.graph.review.suggesting import Suggester
from gyges.graph.similarity import put

A, B, C = "concept:a", "concept:b", "concept:c"
PAIRS = [(A, B, 0.91), (B, C, 0.88), (A, "claim:x", 0.7)]
STATEMENT = Proposal.make(
    edge=Edge.make(
        "claim:new",
        "studies",
        A,
        "Says something of it.",
        (Evidence("paper:source", "section 2", grade="primary"),),
        "extracted",
        0.8,
        "a-model",
    ),
    nodes=(node("claim:new", "A new claim", channel="extracted", by="a-model"),),
    source="text.txt",
    by="a-model",
)
NEAR = Proposal.make(about=A, label="A thing of no known type", score=0.7, source="page.txt")
KNOWN = Proposal.make(
    about=A, nodes=(node("question:q", "Is it so?"),), score=0.8, source="page.txt"
)


@pytest.fixture
def store() -> Iterator[Store]:
    rows = [node(A), node(B), node(C), node("claim:x"), edge("claim:x", "studies", B)]
    with graph(*rows, proposals=[STATEMENT, NEAR, KNOWN]) as found:
        yield found


def keys(store: Store, **options: object) -> list[str]:
    return [one.key for one in queue(store, PAIRS, **options)]  # type: ignore[arg-type]


# ---------------------------------------------------------------------- the queue


def test_proposals_and_pairs_wait_in_one_queue(store: Store) -> None:
    found = queue(store, PAIRS)
    assert {one.key for one in found} == {
        STATEMENT.id,
        NEAR.id,
        KNOWN.id,
        f"{A}|{B}",
        f"{B}|{C}",
        f"claim:x|{A}",
    }
    assert {one.kind for one in found} == {"statement", "near", "similar"}
    scores = [one.score for one in found if one.kind == "similar"]
    assert scores == [0.91, 0.88, 0.7]


def test_the_queue_of_one_node_is_what_concerns_it(store: Store) -> None:
    assert set(keys(store, about=C)) == {f"{B}|{C}"}
    assert set(keys(store, about="claim:new" if store.has("claim:new") else B)) == {
        f"{A}|{B}",
        f"{B}|{C}",
    }
    assert len(keys(store, limit=2)) == 2


def test_a_candidate_offers_the_relations_that_can_join_the_two(store: Store) -> None:
    one = candidate(store, f"{A}|claim:x")
    offered = one.relations()
    assert offered
    for name, forward in offered:
        ends = ("claim:x", A) if forward else (A, "claim:x")
        assert one.one is not None
        assert one.one.id == "claim:x"
        with graph(node(A), node("claim:x")) as other:
            accept_pair(other, ends[0], name, ends[1])


def test_nothing_waits_under_an_unknown_key(store: Store) -> None:
    with pytest.raises(GraphError, match="nothing waits under 'p:0'"):
        candidate(store, "p:0")
    with pytest.raises(GraphError, match="no node 'concept:zzz'"):
        decide(store, f"{A}|concept:zzz", "not-same")
    with pytest.raises(GraphError, match=r"concept:a .*itself"):
        decide(store, f"{A}|{A}", "not-same")


def test_a_verdict_without_an_edge_or_a_merge_is_one_of_two(store: Store) -> None:
    with pytest.raises(GraphError, match=r"no verdict 'laterr'.*'later'"):
        decide(store, f"{A}|{B}", "laterr")


# ---------------------------------------------------------------------- decisions


def test_accepting_makes_the_edge_of_the_chosen_relation_and_direction(store: Store) -> None:
    made = accept_pair(
        store, B, "causes", A, gloss="One brings the other about.", score=0.91, by="me"
    )
    assert (made.subject, made.relation, made.object) == (B, "causes", A)
    assert store.edge(made.id).channel == "accepted"
    assert store.edge(made.id).by == "me"
    assert f"{A}|{B}" not in keys(store)
    decision = store.decision(f"{A}|{B}")
    assert decision is not None
    assert (decision.verdict, decision.by, decision.note) == ("edge", "me", "cosine 0.910")


def test_accepting_what_stands_already_adds_to_it_and_loses_nothing(store: Store) -> None:
    first = Edge.make(
        A, "uses", B, "", (Evidence("paper:source", "section 1", grade="primary"),), "curated", 0.9
    )
    turned = Edge.make(B, "analogous_to", C, "Much alike.", by="somebody")
    with store.change("they stand") as change:
        change.put_node(node("paper:source"))
        change.put_edge(first)
        change.put_edge(turned)
    more = Evidence("paper:source", "section 7")
    made = accept_pair(store, A, "uses", B, evidence=[more], by="me")
    assert made == store.edge(first.id)
    assert made.evidence == (*first.evidence, more)
    assert (made.channel, made.confidence, made.by) == ("curated", 0.9, first.by)
    assert accept_pair(store, C, "analogous_to", B, gloss="Much alike.", by="me") == turned
    # In other words it is another statement.
    other = accept_pair(store, A, "uses", B, gloss="Now and then.", by="me")
    assert other.id != first.id
    assert len(store.edges_between(A, B)) == 2


def test_a_proposal_adds_to_what_says_the_same_under_another_id(store: Store) -> None:
    stands = Edge("e:mine", B, "analogous_to", A, "Much alike.", by="me")
    said = Edge.make(A, "analogous_to", B, "Much alike.", (Evidence(locator="page 3"),))
    one = Proposal.make(edge=said)
    with store.change("it stands") as change:
        change.put_edge(stands)
        change.put_proposal(one)
    made = accept_proposal(store, one.id, by="me")
    assert (made.id, made.by, made.evidence) == ("e:mine", "me", said.evidence)
    assert store.edges_between(A, B) == [made]


def test_a_relation_that_cannot_join_the_two_is_refused_with_what_can(store: Store) -> None:
    before = store.dump()
    with pytest.raises(
        GraphError, match="'authored_by' cannot run from a concept to a concept; allowed"
    ):
        accept_pair(store, A, "authored_by", B)
    with pytest.raises(GraphError, match="it may run the other way"):
        accept_pair(store, A, "studies", "claim:x")
    assert store.dump() == before


def test_merging_takes_the_pair_and_what_was_decided_of_it_with_it(store: Store) -> None:
    decide(store, f"{B}|{C}", "not-same", by="me")
    store.merge(A, B, "me")
    assert store.resolve(B) == A
    assert [one.object for one in store.edges_of("claim:x")] == [A]
    kept = store.decision(pair_key(A, C))
    assert kept is not None
    assert kept.verdict == "not-same"
    assert queue(store, [(A, C, 0.9)], about=C) == []


def test_what_is_not_the_same_does_not_come_back_and_later_waits_apart(store: Store) -> None:
    decide(store, f"{B}|{A}", "not-same", by="me", note="one is wider")
    decide(store, f"{B}|{C}", "later", by="me")
    assert not {f"{A}|{B}", f"{B}|{C}"} & set(keys(store))
    again = {one.key: one for one in queue(store, PAIRS, later=True)}
    assert f"{A}|{B}" not in again
    assert again[f"{B}|{C}"].put_off
    # What was put off can be decided.
    decide(store, f"{B}|{C}", "not-same")
    assert f"{B}|{C}" not in keys(store, later=True)


def test_likeness_never_merges_a_chain_by_itself(store: Store) -> None:
    store.merge(A, B)
    assert store.resolve(C) == C
    assert pair_key(A, C) in [one.key for one in queue(store, [(A, C, 0.9)])]
    assert store.count_nodes() == 4


def test_homographs_of_different_types_are_never_merged() -> None:
    with graph(node("concept:opus", "Opus"), node("artifact:opus", "Opus")) as store:
        assert not candidate(store, "artifact:opus|concept:opus").to_dict()["same_type"]
        with pytest.raises(GraphError, match="nodes of different types are not the same"):
            store.merge("concept:opus", "artifact:opus")


# ---------------------------------------------------------------------- proposals


def test_a_proposed_statement_brings_its_nodes_its_evidence_and_its_origin(store: Store) -> None:
    made = accept_proposal(store, STATEMENT.id, by="me")
    assert store.node("claim:new").label == "A new claim"
    kept = store.edge(made.id)
    assert (kept.channel, kept.by, kept.confidence) == ("extracted", "a-model", 0.8)
    assert kept.evidence[0].node == "paper:source"
    assert STATEMENT.id not in keys(store)
    assert ids(store.proposals()) == sorted([NEAR.id, KNOWN.id])


def test_a_reviewer_may_say_it_in_other_words_with_another_relation(store: Store) -> None:
    made = accept_proposal(
        store, STATEMENT.id, relation="predicts", gloss="Says that it will be found.", by="me"
    )
    assert (made.relation, made.gloss) == ("predicts", "Says that it will be found.")
    assert made.evidence == STATEMENT.edge.evidence  # type: ignore[union-attr]
    assert Edge.make(made.subject, made.relation, made.object, made.gloss).id == made.id


def test_a_proposal_is_turned_round(store: Store) -> None:
    made = accept_proposal(store, KNOWN.id, relation="part_of", by="me")
    assert (made.subject, made.object) == ("question:q", A)
    store.undo()
    with pytest.raises(GraphError, match="allowed here"):
        accept_proposal(store, KNOWN.id, relation="studies", reverse=True)
    made = accept_proposal(store, KNOWN.id, relation="associated_with", reverse=True, by="me")
    assert {made.subject, made.object} == {"question:q", A}


def test_something_of_no_known_type_is_taken_when_its_type_and_relation_are_chosen(
    store: Store,
) -> None:
    before = store.dump()
    with pytest.raises(GraphError, match=r"does not say of which type .*; choose one: paper, "):
        accept_proposal(store, NEAR.id)
    with pytest.raises(GraphError, match=r"no type of node 'methd'.*'method'"):
        accept_proposal(store, NEAR.id, type_="methd")
    with pytest.raises(
        GraphError, match="choose how 'A thing of no known type' is joined to concept:a"
    ):
        accept_proposal(store, NEAR.id, type_="method")
    assert store.dump() == before
    made = accept_proposal(store, NEAR.id, type_="method", relation="measures", by="me")
    assert made.subject == "method:a-thing-of-no-known-type"
    assert store.node(made.subject).type == "method"
    assert made.evidence[0].locator == "page.txt"
    assert made.evidence[0].grade == "unverified"


def test_a_proposal_of_what_the_graph_has_completes_it(store: Store) -> None:
    with store.change("it came meanwhile") as change:
        change.put_node(node("claim:new", "Known since yesterday", gloss="Kept."))
    accept_proposal(store, STATEMENT.id)
    kept = store.node("claim:new")
    assert (kept.label, kept.gloss) == ("Known since yesterday", "Kept.")
    assert "A new claim" in kept.aliases


def test_a_proposal_about_a_node_that_was_merged_finds_the_one_that_stayed(store: Store) -> None:
    store.merge(B, A)
    made = accept_proposal(store, STATEMENT.id)
    assert made.object == B
    assert accept_proposal(store, KNOWN.id, relation="part_of").object == B


def test_a_declined_proposal_does_not_come_back_with_the_same_file(store: Store) -> None:
    decide(store, STATEMENT.id, "not-same", by="me")
    accept_proposal(store, KNOWN.id, relation="part_of")
    decide(store, NEAR.id, "later")
    taken = store.take(Incoming(proposals=[STATEMENT, NEAR, KNOWN]), "import again")
    assert taken.proposals == 0
    assert [key for key in keys(store) if key.startswith("p:")] == []
    assert [key for key in keys(store, later=True) if key.startswith("p:")] == [NEAR.id]


# ---------------------------------------------------------------------- this is one that the graph has


def proposed(subject: str, relation: str, object_: str, *nodes: Node, **more: Any) -> Proposal:
    made = Edge.make(subject, relation, object_, "", (), "extracted", None, "a-model")
    return Proposal.make(edge=made, nodes=nodes, source="text.txt", by="a-model", **more)


def test_a_proposed_node_is_one_that_the_graph_has_and_so_in_every_proposal(store: Store) -> None:
    new = node("concept:new", "New name", aliases=("NN",), channel="extracted")
    first = proposed("claim:x", "studies", new.id, new)
    second = proposed(new.id, "extends", B, new)
    loop = proposed(new.id, "extends", C, new)
    store.take(Incoming(proposals=[first, second, loop]), "extract", "me")
    done = identify(store, first.id, C, by="me", note="the same")
    assert (done.proposed, done.node) == (new.id, C)
    assert set(done.now) == {first.id, second.id}
    assert done.closed == (loop.id,)
    kept = store.node(C)
    assert kept.label == "C"
    assert {"New name", "NN"} <= set(kept.aliases)
    assert store.resolve(new.id) == C
    edges = {one.id: one.edge for one in store.proposals()}
    made = [edges[key] for key in done.now.values()]
    assert [(one.subject, one.object) for one in made if one] == [("claim:x", C), (C, B)]
    assert all(not one.nodes for one in store.proposals() if one.id in done.now.values())
    edge_ = accept_proposal(store, done.now[second.id], by="me")
    assert store.edge(edge_.id).subject == C
    assert store.count_nodes() == 5


def test_what_is_one_of_the_graphs_does_not_come_back_with_the_same_file(store: Store) -> None:
    done = identify(store, STATEMENT.id, "claim:x", by="me")
    for old in (STATEMENT.id, pair_key("claim:new", "claim:x")):
        decision = store.decision(old)
        assert decision is not None
        assert decision.verdict == "merge"
    assert store.take(Incoming(proposals=[STATEMENT]), "extract again").proposals == 0
    # Another text that names it means the graph's node.
    later = proposed("claim:new", "predicts", B, node("claim:new", "A new claim"))
    store.take(Incoming(proposals=[later]), "another text")
    assert accept_proposal(store, later.id).subject == "claim:x"
    assert candidate(store, done.now[STATEMENT.id]).one == store.node("claim:x")


def test_what_was_declined_of_a_node_stays_declined_under_its_other_name(store: Store) -> None:
    told = Proposal.make(edge=STATEMENT.edge, nodes=STATEMENT.nodes)
    assert told.id == STATEMENT.id
    done = identify(store, STATEMENT.id, "claim:x")
    decide(store, done.now[STATEMENT.id], "not-same")
    other = Proposal.make(
        edge=Edge.make(
            "claim:other",
            "studies",
            A,
            *(STATEMENT.edge.gloss, STATEMENT.edge.evidence, "extracted", 0.8, "a-model"),  # type: ignore[union-attr]
        ),
        nodes=(node("claim:other"),),
    )
    store.take(Incoming(proposals=[other]), "extract")
    again = identify(store, other.id, "claim:x")
    assert (again.now, again.closed) == ({}, (other.id,))


def test_something_of_no_known_type_may_be_a_node_of_the_graph(store: Store) -> None:
    done = identify(store, NEAR.id, C, by="me")
    assert done.proposed == ""
    assert store.node(C).aliases == ("A thing of no known type",)
    one = candidate(store, done.now[NEAR.id])
    assert (one.kind, one.one, one.other) == ("near", store.node(A), store.node(C))
    made = accept_proposal(store, one.key, relation="extends", by="me")
    assert (made.subject, made.object) == (C, A)
    assert store.node(C).aliases == ("A thing of no known type",)


def test_what_cannot_be_one_of_the_graphs_is_refused_and_nothing_is_written(store: Store) -> None:
    two = proposed("claim:p", "studies", "concept:q", node("claim:p"), node("concept:q"))
    store.take(Incoming(proposals=[two]), "extract")
    before = store.dump()
    for key, existing, more, said in (
        (two.id, A, {}, "brings 2 new nodes, claim:p and concept:q"),
        (two.id, A, {"proposed": "concept:z"}, "brings no new node 'concept:z'"),
        (two.id, A, {"proposed": "claim:p"}, "of which this cannot be said"),
        (two.id, "concept:nope", {"proposed": "concept:q"}, "no node 'concept:nope'"),
        ("p:0", A, {}, "nothing waits under 'p:0'"),
        (pair_key(A, B), C, {}, "proposes nothing"),
        (STATEMENT.id, "claim:x", {"note": "\x1b[31m"}, "which no page can show"),
        (STATEMENT.id, "claim:x", {"note": "x" * 20_001}, "at most 20,000"),
    ):
        with pytest.raises(GraphError, match=re.escape(said)):
            identify(store, key, existing, **more)
    assert store.dump() == before
    accept_proposal(store, STATEMENT.id)
    store.take(Incoming(proposals=[proposed("claim:new", "predicts", B)]), "more")
    (last,) = [one for one in store.proposals() if one.edge and one.edge.relation == "predicts"]
    with pytest.raises(GraphError, match="brings no new node"):
        identify(store, last.id, C)


def test_of_a_statement_whose_ends_are_gone_nothing_is_said_to_be_in_the_graph(
    store: Store,
) -> None:
    one = proposed(A, "causes", B)
    store.take(Incoming(proposals=[one]), "extract")
    for gone, named in ((A, A), (B, f"{A} and {B}")):
        with store.change(f"{gone} goes") as change:
            for other in store.edges_of(gone):
                change.drop_edge(other.id)
            change.drop_node(gone)
        said = f"{named} {'is' if gone == A else 'are'} gone from the graph"
        with pytest.raises(GraphError, match=said) as caught:
            identify(store, one.id, C)
        assert f"gyges graph review {one.id} --not-same" in str(caught.value)


@pytest.mark.parametrize(
    ("relation", "turned", "gloss", "known", "completes"),
    [
        ("causes", False, "So it is.", True, True),
        ("causes", False, "In other words.", True, False),
        ("causes", True, "So it is.", False, False),
        ("analogous_to", True, "So it is.", True, True),
        ("extends", False, "So it is.", False, False),
    ],
)
def test_what_the_graph_says_already_is_told_as_what_accepting_would_do(
    store: Store, relation: str, turned: bool, gloss: str, known: bool, completes: bool
) -> None:
    stands = "analogous_to" if relation == "analogous_to" else "causes"
    there = Edge("e:there", A, stands, B, "So it is.")
    ends = (B, A) if turned else (A, B)
    said = Edge.make(ends[0], relation, ends[1], gloss, (Evidence(locator="page 3"),))
    one = Proposal.make(edge=said)
    with store.change("it stands") as change:
        change.put_edge(there)
        change.put_proposal(one)
    given = detailed(store, candidate(store, one.id))
    assert given["known"] == (["e:there"] if known else [])
    assert given["completes"] == ("e:there" if completes else None)
    accept_proposal(store, one.id)
    assert len(store.edges_between(A, B)) == (1 if completes else 2)


def test_a_node_is_suggested_for_its_name_whatever_its_type() -> None:
    rows = [
        node("concept:gap", "Compliance gap", aliases=("CG",)),
        node("paper:one", "One", identifiers={"arxiv": "2412.14093"}),
        node("claim:bread", "Sourdough bread"),
    ]
    with graph(*rows) as store:
        suggester = Suggester(store, Likenesses(store))

        def found(id_: str, label: str, **more: Any) -> list[str]:
            return [one.node.id for one in suggester.of(node(id_, label, **more))]

        assert found("method:gap", "Compliance gap (CG)")[0] == "concept:gap"
        assert found("concept:other", "The large compliance gap") == ["concept:gap"]
        again = {"arxiv": "https://arxiv.org/abs/2412.14093v2"}
        assert found("paper:other", "Quite another title", identifiers=again)[0] == "paper:one"
        assert found("concept:far", "Zymurgy") == []
        assert found("concept:none", "(label missing) 7") == []
        (one,) = suggester.of(node("method:gap", "CG"))
        assert one.why == ("the same name",)
        assert "proposed as a method" in one.against


@embeds
def test_a_node_is_suggested_for_its_meaning() -> None:
    rows = [
        node("concept:faking", "Alignment faking", gloss="Complying only while watched."),
        node("claim:said", "Alignment faking happens", gloss="Complying only while watched."),
        node("concept:bread", "Sourdough bread", gloss="Baked of flour and water."),
    ]
    with graph(*rows) as store:
        suggester = Suggester(store, Likenesses(store))
        new = node("concept:sham", "Feigned alignment", gloss="To comply only when observed.")
        (one,) = suggester.of(new)
        assert one.node.id == "concept:faking"
        assert one.score is not None
        assert one.score > 0.5
        assert suggester.of(new, {"concept:faking"}) == []


def test_a_reviewer_sees_both_sides_the_span_and_its_state(store: Store) -> None:
    passage = Passage.of("the words that were said")
    said = Edge.make(
        "claim:new", "studies", A, "", (Evidence("paper:source", "page 1", passage),), "extracted"
    )
    one = Proposal.make(edge=said, nodes=(node("claim:new", "A new claim"),))
    store.take(Incoming(proposals=[one]), "extract")

    def shown() -> dict[str, Any]:
        return detailed(store, candidate(store, one.id), Suggester(store, Likenesses(store)))

    given = shown()
    assert (given["one"]["new"], given["one"]["edges"]) == (True, 0)
    assert (given["other"]["new"], given["other"]["edges"]) == (False, 0)
    assert [new["id"] for new in given["new"]] == ["claim:new"]
    (piece,) = given["proposal"]["edge"]["evidence"]
    assert piece["passage"]["state"] == "not attached"
    store.attach("paper:source", "Here are the words that were said, in full.", "copy.txt")
    (piece,) = shown()["proposal"]["edge"]["evidence"]
    assert (piece["passage"]["state"], piece["passage"]["start"]) == ("stands", 9)
    assert given["known"] == []
    accept_proposal(store, STATEMENT.id)
    assert shown()["known"]


# ---------------------------------------------------------------------- what is the user's own comes first


def vectors(store: Store, **by_id: tuple[float, ...]) -> None:
    """Give nodes vectors of few numbers, so that their cosines are known."""
    from gyges.embedding import SIZE

    rows = [[*vector, *[0.0] * (SIZE - len(vector))] for vector in by_id.values()]
    put(store.connection, [f"concept:{name}" for name in by_id], np.array(rows, dtype=np.float32))


class Known(Likenesses):
    """Likenesses of vectors that were given."""

    def _follow(self) -> None:
        pass


@pytest.fixture
def curated() -> Iterator[Store]:
    """Three curated nodes that are more alike each other than what the user brings, and what the user brings."""
    names = ("p", "q", "r")
    with Store.open(":memory:") as found:
        found.take(Incoming([node(f"concept:{name}") for name in names]), TAKE_IN, "curators")
        found.take(Incoming([node("concept:mine")]), "import mine.jsonl", "me")
        found.take(Incoming(proposals=[proposed("concept:mine", "extends", "concept:p")]), "x")
        vectors(found, p=(1, 0), q=(1, 0.05), r=(1, 0.1), mine=(1, 0.9))
        yield found


def test_ones_own_come_before_the_curated_graphs(curated: Store) -> None:
    found = waiting(curated, Known(curated))
    assert counted(found) == {"proposed": 1, "yours": 3, "curated": 3}
    assert [one.part for one in found] == ["proposed", *["yours"] * 3, *["curated"] * 3]
    scores = [one.score or 0 for one in found[1:]]
    assert max(scores[:3]) < min(scores[3:])
    assert len({one.key for one in found}) == len(found)
    # However few are asked for, one's own are among them.
    assert [one.part for one in waiting(curated, Known(curated), most=3)] == [
        "proposed",
        "yours",
        "yours",
    ]


def test_what_came_in_since_a_change_or_a_day(curated: Store) -> None:
    def since(given: str) -> dict[str, int]:
        return counted(waiting(curated, Known(curated), since=change_before(curated, given)))

    assert since("0") == {"proposed": 1, "yours": 3, "curated": 3}
    assert since("1") == {"proposed": 1, "yours": 3}
    assert since("2") == {"proposed": 1}
    assert since("3") == {}
    assert since("2001-01-01") == since("0")
    assert since("2999-01-01T00:00:00+02:00") == {}
    with curated.change("reword") as change:
        change.put_node(node("concept:q", "Another label"))
    assert since("3") == {"yours": 1, "curated": 2}
    curated.undo()
    assert since("3") == {}
    # What an import adds to a node that is there makes its old pairs no news, unless it may show that two are one.
    kept = curated.node("concept:q")
    with curated.change("import") as change:
        change.put_node(replace(kept, identifiers={"citekey": "q24"}, status="disputed"))
    assert since("5") == {}
    with curated.change("import") as change:
        change.put_node(replace(kept, identifiers={"arxiv": "2412.14093"}))
    assert since("5") == {"yours": 1, "curated": 2}
    curated.undo()
    # New edges at both ends of a pair concern it.
    with curated.change("edges") as change:
        for one, other in (("p", "mine"), ("q", "mine")):
            change.put_edge(Edge.make(f"concept:{one}", "extends", f"concept:{other}"))
    assert since("8") == {"proposed": 1, "curated": 1}


@pytest.mark.parametrize("given", ["12", "-1", "1.5", "yesterday", "2025-13-01", "9" * 5000, ""])
def test_what_is_no_change_and_no_day_is_refused(curated: Store, given: str) -> None:
    with pytest.raises(GraphError, match="no change") as caught:
        change_before(curated, given)
    assert len(str(caught.value)) < 300


def test_a_graph_without_curated_nodes_is_all_ones_own(store: Store) -> None:
    assert {one.part for one in queue(store, PAIRS)} == {"proposed", "yours"}


def test_the_newest_proposals_come_first_in_the_order_of_their_text(store: Store) -> None:
    more = [proposed(A, "extends", B), proposed(B, "extends", C), proposed(C, "extends", A)]
    store.take(Incoming(proposals=more), "extract")
    assert keys(store)[:3] == ids(more)
    decide(store, more[0].id, "not-same")
    store.undo()
    assert keys(store)[:3] == ids(more)


def test_pairs_are_found_behind_those_that_are_joined_or_decided() -> None:
    names = [f"n{number:02}" for number in range(12)]
    with graph(*(node(f"concept:{name}") for name in names), source=False) as store:
        vectors(store, **{name: (1, 0.001 * at) for at, name in enumerate(names)})
        alike = Known(store)
        every = list(alike.pairs(1000))
        assert len(every) == 66
        with store.change("join and decide") as change:
            for a, b, _ in every[:40]:
                change.put_edge(Edge.make(a, "extends", b))
        left = [pair[:2] for pair in every[40:]]
        for limit in (1, 3, 26, 100):
            found = list(Known(store).pairs(limit))
            assert [pair[:2] for pair in found] == left[:limit]
        for a, b in left[:10]:
            decide(store, pair_key(a, b), "not-same")
        for a, b in left[10:20]:
            decide(store, pair_key(a, b), "later")
        assert [pair[:2] for pair in Known(store).pairs(3, later=False)] == left[20:23]
        found = waiting(store, Known(store), most=3)
        assert [(one.key) for one in found] == [pair_key(*pair) for pair in left[20:23]]
        about = [pair for pair in left[20:] if "concept:n11" in pair]
        found = waiting(store, Known(store), about="concept:n11")
        assert {one.key for one in found} == {pair_key(*pair) for pair in about}


# ---------------------------------------------------------------------- what a reviewer writes is checked


WRONG = {
    "a control character": ("\x1b[31mred", "which no page can show"),
    "half a character": ("\ud800", "which no page can show"),
    "too long a text": ("x" * 20_001, "20,001 characters; at most 20,000"),
}


@pytest.mark.parametrize("name", WRONG)
def test_no_decision_writes_what_no_page_can_show(name: str, store: Store) -> None:
    text, said = WRONG[name]
    before, last = store.dump(), store.history(1)[0].number
    attempts: list[Callable[[], object]] = [
        lambda: accept_pair(store, A, "extends", B, gloss=text),
        lambda: accept_pair(store, A, "extends", B, note=text),
        lambda: accept_pair(store, A, "extends", B, evidence=[Evidence("paper:source", note=text)]),
        lambda: accept_proposal(store, STATEMENT.id, gloss=text),
        lambda: accept_proposal(store, STATEMENT.id, note=text),
        lambda: decide(store, pair_key(A, B), "not-same", note=text),
    ]
    for attempt in attempts:
        with pytest.raises(GraphError, match=said):
            attempt()
    assert store.dump() == before
    assert store.history(1)[0].number == last


@pytest.mark.parametrize("bad", ["", "loves", "x" * 60_000, "\x00", "\ud800"])
def test_no_decision_takes_an_unknown_relation_or_a_bad_id(bad: str, store: Store) -> None:
    before = store.dump()
    for attempt in (
        lambda: accept_pair(store, A, bad, B),
        lambda: accept_proposal(store, STATEMENT.id, relation=bad),
        lambda: accept_proposal(store, KNOWN.id, relation=bad),
        lambda: accept_proposal(store, NEAR.id, type_=bad, relation="measures"),
        lambda: accept_proposal(store, bad),
        lambda: decide(store, bad, "later"),
        lambda: decide(store, pair_key(A, B), bad),
        lambda: candidate(store, f"{bad}|{A}"),
    ):
        with pytest.raises(GraphError) as caught:
            attempt()
        assert len(str(caught.value)) < 2_500
    assert store.dump() == before


def test_a_whole_text_in_the_place_of_a_name_is_cut_to_one(store: Store) -> None:
    told = Proposal.make(about=A, gloss="A very long account of it. " * 100, source="page.txt")
    store.take(Incoming(proposals=[told]), "import")
    made = accept_proposal(store, told.id, type_="method", relation="measures")
    assert len(store.node(made.subject).label) <= 500
    assert store.node(made.subject).gloss == told.gloss


# ---------------------------------------------------------------------- undo


DECISIONS: dict[str, Callable[[Store], object]] = {
    "accept": lambda store: accept_pair(store, A, "extends", B, gloss="Builds on it."),
    "accept a likeness": lambda store: accept_pair(store, B, "analogous_to", A),
    "merge": lambda store: store.merge(A, B),
    "merge with what was decided": lambda store: store.merge(C, B),
    "not the same": lambda store: decide(store, f"{A}|{B}", "not-same", note="wider"),
    "later": lambda store: decide(store, f"{B}|{C}", "later"),
    "take a statement": lambda store: accept_proposal(store, STATEMENT.id),
    "take a thing": lambda store: accept_proposal(
        store, NEAR.id, type_="method", relation="measures"
    ),
    "decline": lambda store: decide(store, STATEMENT.id, "not-same"),
    "this is that": lambda store: identify(store, STATEMENT.id, "claim:x", note="other words"),
    "this is that, without a type": lambda store: identify(store, NEAR.id, C),
    "this is what it is near": lambda store: identify(store, KNOWN.id, A),
}


@pytest.mark.parametrize("name", DECISIONS)
def test_each_decision_is_one_change_and_undone_to_the_byte(name: str, store: Store) -> None:
    before, last = store.dump(), store.history(1)[0].number
    waiting = keys(store)
    DECISIONS[name](store)
    after = store.dump()
    assert after != before
    assert store.history(1)[0].number == last + 1
    store.undo()
    assert store.dump() == before
    assert keys(store) == waiting
    store.undo(last + 2)
    assert store.dump() == after


def test_all_decisions_in_a_row_are_undone_to_the_first_byte(store: Store) -> None:
    dumps = [store.dump()]
    for name in ("accept", "later", "take a statement", "take a thing", "merge"):
        DECISIONS[name](store)
        dumps.append(store.dump())
    for expected in reversed(dumps[:-1]):
        store.undo()
        assert store.dump() == expected


# ---------------------------------------------------------------------- with the shipped model


@embeds
def test_what_was_decided_stays_decided_when_everything_is_computed_again() -> None:
    rows = [
        node("concept:faking", "Alignment faking", gloss="Complying while watched."),
        node("concept:sham", "Faking of alignment", gloss="Complying only while watched."),
        node("concept:bread", "Sourdough bread", gloss="Baked of flour and water."),
    ]
    with graph(*rows, source=False) as store:
        pairs = list(Likenesses(store).pairs())
        assert [pair[:2] for pair in pairs] == [("concept:faking", "concept:sham")]
        decide(store, "concept:faking|concept:sham", "not-same")
        assert list(Likenesses(store).pairs()) == []
        # Another text has another vector; the decision was of the two nodes.
        with store.change("reword") as change:
            change.put_node(
                node("concept:sham", "Faked alignment", gloss="To comply while watched.")
            )
        assert list(Likenesses(store).pairs()) == []
        assert queue(store, Likenesses(store).pairs()) == []
        store.undo()
        store.undo(2)
        assert [pair[:2] for pair in Likenesses(store).pairs()] == [pairs[0][:2]]


@embeds
def test_vectors_follow_what_is_added_changed_merged_and_taken_away() -> None:
    rows = [node("concept:a", "Alignment faking"), node("concept:b", "Sourdough bread")]
    with graph(*rows, source=False) as store:
        assert Likenesses(store).around("concept:a") == []
        with store.change("more") as change:
            change.put_node(node("concept:c", "Faking alignment"))
            change.put_node(node("concept:b", "Faked alignment"))
        assert set(dict(Likenesses(store).around("concept:a"))) == {"concept:b", "concept:c"}
        store.merge("concept:b", "concept:c")
        assert set(dict(Likenesses(store).around("concept:a"))) == {"concept:b"}
        assert Likenesses(store).about()["compared"] == 2
        store.undo()
        assert set(dict(Likenesses(store).around("concept:a"))) == {"concept:b", "concept:c"}
