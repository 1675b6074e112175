"""The health of a graph: every count is that of a recount by hand, and what is wrong is found and named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graph_library import edge, graph, ids, node, quoted
from gyges.graph import Evidence, Proposal, Store, attach, decide, health_of, pair_key
from gyges.graph.records import Decision


@pytest.fixture
def store() -> Store:
    """Seven nodes and six edges, small enough to count on one's fingers."""
    derived = (
        Evidence("paper:source", grade="derived"),
        Evidence("paper:source", "p. 2", grade="primary"),
    )
    return graph(
        node("claim:a"),
        node("claim:b"),
        node("concept:c", status="incomplete"),
        node("concept:alone"),
        node("finding:f"),
        node("finding:g"),
        edge("finding:f", "supports", "claim:a"),
        edge("finding:g", "contradicts", "claim:a", evidence=derived),
        edge("finding:g", "supports", "claim:b", channel="accepted", evidence=()),
        edge("finding:f", "associated_with", "concept:c", evidence=()),
        edge("claim:b", "associated_with", "concept:c", channel="imported"),
        edge("paper:source", "studies", "concept:c"),
    )


def test_every_count_equals_a_recount_by_hand(store: Store) -> None:
    health = health_of(store)
    assert (health["nodes"], health["edges"]) == (7, 6)
    assert health["by_type"] == {"claim": 2, "concept": 2, "finding": 2, "paper": 1}
    assert health["by_relation"] == {
        "supports": 2,
        "contradicts": 1,
        "associated_with": 2,
        "studies": 1,
    }
    assert health["by_channel"] == {"curated": 4, "accepted": 1, "imported": 1}
    assert health["by_grade"] == {"primary": 4, "derived": 1}
    assert health["catch_all"] == {"edges": 2, "share": pytest.approx(2 / 6), "most": 0.15}
    assert health["edges_without_evidence"] == 2
    assert sorted(health["without_evidence"]) == sorted(
        one.id for one in store.edges() if not one.evidence
    )
    assert (health["orphans"], health["orphan_ids"]) == (1, ["concept:alone"])
    assert health["incomplete"] == ["concept:c"]
    assert health["proposals"] == health["decisions"] == 0


def test_what_is_supported_and_contradicted_is_contested(store: Store) -> None:
    health = health_of(store)
    assert health["contradictions"] == 1
    assert health["contested"] == [{"id": "claim:a", "label": "A", "supports": 1, "contradicts": 1}]


def test_the_most_contested_come_first() -> None:
    rows = [node(f"finding:f{number}") for number in range(6)]
    rows += [node("claim:a"), node("claim:b")]
    rows += [edge(f"finding:f{number}", "supports", "claim:a") for number in range(5)]
    rows += [edge("finding:f5", "contradicts", "claim:a")]
    rows += [edge(f"finding:f{number}", "supports", "claim:b") for number in range(2)]
    rows += [edge(f"finding:f{number}", "contradicts", "claim:b") for number in range(2, 4)]
    with graph(*rows) as store:
        assert ids(health_of(store)["contested"]) == ["claim:b", "claim:a"]


def test_a_planted_hub_is_found_and_what_is_usual_is_not() -> None:
    count = 30
    rows = [node(f"concept:c{number:02}") for number in range(count)]
    rows += [
        edge(f"concept:c{number:02}", "extends", f"concept:c{(number + 1) % count:02}")
        for number in range(count)
    ]
    with graph(*rows) as store:
        assert health_of(store)["degree"] == []
        with store.change("an extractor that sees it everywhere") as change:
            for number in range(1, count):
                change.put_edge(edge("concept:c00", "associated_with", f"concept:c{number:02}"))
        (found,) = health_of(store)["degree"]
    assert found["id"] == "concept:c00"
    assert found["edges"] == count - 1 + 2
    assert found["usual"] == pytest.approx(3)
    assert found["times"] == pytest.approx((count + 1) / 3, abs=0.1)


def test_a_hub_among_nodes_without_edges_is_found_without_a_division_by_nothing() -> None:
    rows = [node(f"claim:c{number}") for number in range(50)] + [node("concept:hub")]
    rows += [edge(f"claim:c{number}", "studies", "concept:hub") for number in range(25)]
    rows += [node(f"concept:c{number}") for number in range(10)]
    with graph(*rows) as store:
        (found,) = health_of(store)["degree"]
    assert (found["id"], found["edges"], found["usual"], found["times"]) == (
        "concept:hub",
        25,
        0,
        None,
    )


def test_what_was_put_off_long_ago_or_never_looked_at_is_stale(store: Store) -> None:
    fresh = Proposal.make(about="concept:c", label="Something near", score=0.7)
    with store.change("queue") as change:
        change.put_proposal(fresh)
        change.put_decision(
            Decision(pair_key("claim:a", "claim:b"), "later", "me", "2020-01-31T12:00:00Z")
        )
        change.put_decision(
            Decision(pair_key("claim:a", "concept:c"), "not-same", "me", "2020-01-31T12:00:00Z")
        )
    decide(store, pair_key("finding:f", "finding:g"), "later")
    assert health_of(store)["stale"] == [
        {"key": "claim:a|claim:b", "why": "put off", "since": "2020-01-31T12:00:00Z"}
    ]
    assert health_of(store)["proposals"] == 1
    # Of no age at all, everything that waits is stale; what was decided is not.
    told = {one["key"]: one["why"] for one in health_of(store, days=-1)["stale"]}
    assert told == {
        "claim:a|claim:b": "put off",
        "finding:f|finding:g": "put off",
        fresh.id: "never looked at",
    }


def test_one_name_of_several_nodes_is_told_homographs_of_different_types_as_such() -> None:
    rows = [
        node("concept:opus", "Opus"),
        node("artifact:opus", "OPUS "),
        node("thinker:a", "Jo Smith"),
        node("thinker:b", "Joanna Smith", aliases=("jo  smith",)),
        node("claim:x", "Alone"),
    ]
    with graph(*rows) as store:
        told = health_of(store)["same_name"]
    assert told == [
        {"name": "jo smith", "ids": ["thinker:a", "thinker:b"], "types": ["thinker"]},
        {
            "name": "opus",
            "ids": ["artifact:opus", "concept:opus"],
            "types": ["artifact", "concept"],
        },
    ]


def test_long_lists_are_cut_and_their_counts_are_those_of_all() -> None:
    rows = [node(f"concept:c{number}", "One name", status="incomplete") for number in range(60)]
    rows += [node(f"claim:a{number}", f"Name {number}") for number in range(120)]
    with graph(*rows, source=False) as store:
        with store.change("names") as change:
            for number in range(60):
                change.put_node(
                    replace(store.node(f"claim:a{number}"), aliases=(f"Name {number + 60}",))
                )
        health = health_of(store)
    assert health["orphans"] == 180
    assert len(health["orphan_ids"]) == 50
    assert (len(health["incomplete"]), health["incomplete_count"]) == (50, 60)
    assert (len(health["same_name"]), health["same_name_count"]) == (50, 61)
    assert (len(health["degree"]), health["degree_count"]) == (0, 0)
    assert (len(health["stale"]), health["stale_count"]) == (0, 0)
    assert len(health_of(_many_bare(), most=3)["without_evidence"]) == 3


def _many_bare() -> Store:
    rows = [node(f"concept:c{number}") for number in range(5)]
    rows += [
        edge("concept:c0", "causes", f"concept:c{number}", evidence=()) for number in range(1, 5)
    ]
    return graph(*rows)


def test_quotes_are_counted_by_what_the_check_says(tmp_path) -> None:  # type: ignore[no-untyped-def]
    rows = [
        quoted("quote:a", "paper:source", "these very words stand there"),
        quoted("quote:b", "paper:source", "these other words do not"),
        quoted("quote:c", "paper:other", "nobody brought this one"),
        node("paper:other"),
    ]
    copy = tmp_path / "copy.txt"
    copy.write_text("And so these very words stand there. Nothing else.", encoding="utf-8")
    with graph(*rows) as store:
        assert health_of(store)["quotes"] == {"stands": 0, "not found": 0, "not attached": 3}
        attach(store, copy)
        assert health_of(store)["quotes"] == {"stands": 1, "not found": 1, "not attached": 1}


def test_an_empty_graph_is_sound() -> None:
    with Store.open(":memory:") as store:
        health = health_of(store)
    assert (health["nodes"], health["edges"], health["catch_all"]["share"]) == (0, 0, 0.0)
    assert not any(
        health[name] for name in ("contested", "degree", "stale", "same_name", "orphans")
    )
