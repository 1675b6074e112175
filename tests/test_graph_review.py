"""The review: every decision does what it says, is remembered, and is taken back to the byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from graph_library import edge, embeds, graph, ids, node
from gyges.errors import GraphError
from gyges.graph import (
    Edge,
    Evidence,
    Incoming,
    Likenesses,
    Proposal,
    Store,
    accept_pair,
    accept_proposal,
    candidate,
    decide,
    pair_key,
    queue,
)

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
