"""Whatever is done to a graph: every earlier state can be had back to the byte, and a failure leaves no trace."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from graph_strategies import (
    IDS,
    decisions,
    edges,
    hold_the_laws,
    incomings,
    looked_up,
    nodes,
    proposals,
    rows,
    sound_file,
)
from gyges.errors import GraphError
from gyges.graph.model import Edge, Evidence, Node
from gyges.graph.records import Decision, Incoming, Proposal
from gyges.graph.store import Store


class Graph(RuleBasedStateMachine):
    """A graph to which anything is done, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.open(":memory:")
        self.dumps = [b""]
        """The graph after each change."""

    # ------------------------------------------------------------------ help

    def last(self) -> int:
        newest = self.store.history(1)
        return newest[0].number if newest else 0

    def ids(self) -> list[str]:
        return [node.id for node in self.store.nodes()]

    def pick(self, data: st.DataObject, from_: list[str]) -> str:
        return data.draw(st.sampled_from(from_))

    def attempt(self, do) -> bool:  # type: ignore[no-untyped-def]
        """Do something that may be refused; what is refused leaves the graph and its history as they were."""
        before, last = self.store.dump(), self.last()
        try:
            do()
        except GraphError:
            assert self.store.dump() == before
            assert self.last() == last
            return False
        if self.last() > last:
            assert self.last() == last + 1
            self.dumps.append(self.store.dump())
        else:
            assert self.store.dump() == before
        return True

    # ------------------------------------------------------------------ what can be done

    @initialize(incoming=incomings())
    def begin(self, incoming: Incoming) -> None:
        self.attempt(lambda: self.store.take(incoming, "begin"))

    @rule(data=st.data(), formerly=st.booleans())
    def put_node(self, data: st.DataObject, formerly: bool) -> None:
        node = data.draw(nodes(cited=self.ids(), formerly=formerly))
        self.attempt(lambda: self._put([node], []))

    @precondition(lambda self: len(self.ids()) > 1)
    @rule(data=st.data())
    def put_edge(self, data: st.DataObject) -> None:
        ids = self.ids()
        edge = data.draw(edges(ids, ids))
        self.attempt(lambda: self._put([], [edge]))

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), first=st.booleans(), again=st.booleans())
    def drop_node(self, data: st.DataObject, first: bool, again: bool) -> None:
        node = self.store.node(self.pick(data, self.ids()))

        def do() -> None:
            with self.store.change("drop") as change:
                if first:
                    change.drop_node(node.id)
                for edge in self.store.edges_of(node.id) if not first else []:
                    change.drop_edge(edge.id)
                if not first:
                    change.drop_node(node.id)
                if again:
                    change.put_node(replace(node, gloss="came back", id=node.id))

        self.attempt(do)

    @precondition(lambda self: self.store.count_edges())
    @rule(data=st.data())
    def drop_edge(self, data: st.DataObject) -> None:
        edge = self.pick(data, [edge.id for edge in self.store.edges()])

        def do() -> None:
            with self.store.change("drop") as change:
                change.drop_edge(edge)

        self.attempt(do)

    @rule(data=st.data(), replace_=st.booleans(), twice=st.booleans())
    def take(self, data: st.DataObject, replace_: bool, twice: bool) -> None:
        incoming = data.draw(incomings(self.ids()))
        count = self.store.count_nodes(), self.store.count_edges(), len(self.store.proposals())

        def do() -> None:
            taken = self.store.take(incoming, "take", "someone", replace_=replace_)
            now = self.store.count_nodes(), self.store.count_edges(), len(self.store.proposals())
            grown = tuple(b - a for a, b in zip(count, now, strict=True))
            assert grown == (taken.new_nodes, taken.new_edges, taken.proposals)
            assert (taken.change is None) == (len(self.dumps) == self.last() + 1)

        done = self.attempt(do)
        own = any(edge.id.startswith("e:own") for edge in incoming.edges)
        if done and twice and not replace_ and not own:
            again = self.store.take(incoming, "take", "someone")
            assert (again.change, again.changed, again.new_nodes) == (None, 0, 0)

    @precondition(lambda self: len(self.ids()) > 1)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        ids = self.ids()
        former = [old for node in self.store.nodes() for old in node.formerly]
        keep, drop = self.pick(data, ids), self.pick(data, ids + former)
        self.attempt(lambda: self.store.merge(keep, drop, "me"))

    @precondition(lambda self: len(self.ids()) > 1)
    @rule(data=st.data())
    def merge_a_chain(self, data: st.DataObject) -> None:
        kind = self.pick(data, self.ids()).partition(":")[0]
        alike = [one for one in self.ids() if one.startswith(f"{kind}:")]
        assume(len(alike) > 2)
        a, b, c = alike[:3]
        assume(not any(edge.relation == "contradicts" for edge in self.store.edges()))
        assert self.attempt(lambda: self.store.merge(a, b))
        assert self.store.resolve(c) == c
        assert self.attempt(lambda: self.store.merge(c, b))  # by the id that it had
        assert {self.store.resolve(one) for one in (a, b, c)} == {c}

    @rule(decision=decisions(), again=st.booleans())
    def decide(self, decision: Decision, again: bool) -> None:
        def do() -> None:
            with self.store.change("decide") as change:
                change.put_decision(decision)
                if again:
                    change.drop_decision(decision.key)

        assert self.attempt(do)

    @rule(proposal=proposals())
    def propose(self, proposal: Proposal) -> None:
        def do() -> None:
            with self.store.change("propose") as change:
                if any(one.id == proposal.id for one in self.store.proposals()):
                    change.drop_proposal(proposal.id)
                else:
                    change.put_proposal(proposal)

        assert self.attempt(do)

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), text=st.sampled_from(["a text", "another", " \n"]))
    def attach(self, data: st.DataObject, text: str) -> None:
        node = self.pick(data, self.ids())
        if self.attempt(lambda: self.store.attach(node, text, "copy.txt")):
            assert text in [copy.text for copy in self.store.sources(node)]

    @precondition(lambda self: self.last())
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from([None, *range(1, self.last() + 1)]))
        self.attempt(lambda: self.store.undo(number))

    @precondition(lambda self: self.last())
    @rule()
    def undo_the_last_and_bring_it_back(self) -> None:
        number, dump = self.last(), self.store.dump()
        assert self.attempt(lambda: self.store.undo(number))
        assert self.dumps[-1] == self.dumps[number - 1]
        assert self.attempt(lambda: self.store.undo(number + 1))
        assert self.store.dump() == dump

    @rule(data=st.data())
    def fail_in_the_middle(self, data: st.DataObject) -> None:
        node = data.draw(nodes())

        def do() -> None:
            with self.store.change("fail") as change:
                change.put_node(node)
                change.put_decision(Decision("x|y", "later"))
                raise GraphError("stop")

        assert not self.attempt(do)

    @rule(data=st.data())
    def cite_what_is_not_there(self, data: st.DataObject) -> None:
        absent = [one for one in IDS if not self.store.has(one)]
        assume(absent)
        node = replace(
            data.draw(nodes()), evidence=(Evidence(node=self.pick(data, absent), note="x"),)
        )
        assume(node.evidence[0].node != node.id)
        assert not self.attempt(lambda: self._put([node], []))

    @precondition(lambda self: self.ids())
    @rule(data=st.data())
    def join_a_node_to_itself(self, data: st.DataObject) -> None:
        node = self.pick(data, self.ids())
        loop = Edge("e:loop", node, "associated_with", node)
        assert not self.attempt(lambda: self._put([], [loop]))

    def _put(self, some: list[Node], more: list[Edge]) -> None:
        with self.store.change("put", "me") as change:
            for node in some:
                change.put_node(node)
            for edge in more:
                change.put_edge(edge)

    # ------------------------------------------------------------------ what holds

    @invariant()
    def the_laws_hold(self) -> None:
        hold_the_laws(self.store)
        assert self.store.dump() == self.dumps[-1]
        assert len(self.dumps) == self.last() + 1

    def teardown(self) -> None:
        sound_file(self.store)
        last = self.last()
        for number in {0, last // 2, last - 1, last} - {-1}:
            with self.store.at(number) as then:
                assert then.dump() == self.dumps[number]
                assert [len(b) for b in looked_up(then).values()]
        with self.store.at(last) as replayed:
            assert looked_up(replayed) == looked_up(self.store)
        # Every change taken back, the newest first, undos of undos among them.
        for number in range(last, 0, -1):
            assert self.store.undo(number) == number
            assert self.store.dump() == self.dumps[number - 1]
        assert self.store.dump() == b""
        assert all(not rows_ for rows_ in looked_up(self.store).values())
        self.store.close()


_CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
TestGraph = Graph.TestCase
TestGraph.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=_CHECKS
)


@pytest.mark.slow
class TestGraphLonger(Graph.TestCase):
    settings = settings(
        max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=_CHECKS
    )


# ---------------------------------------------------------------------- by example

A, B, C = (Node(f"concept:{slug}", slug.upper()) for slug in "abc")
PAPER = Node("paper:p", "P")


def put(store: Store, *some: Node | Edge) -> int:
    with store.change("put") as change:
        for one in some:
            change.put_node(one) if isinstance(one, Node) else change.put_edge(one)
    return change.number


@pytest.fixture
def store():  # type: ignore[no-untyped-def]
    with Store.open(":memory:") as made:
        yield made


def test_history_lists_what_was_done_the_newest_first(store: Store):
    put(store, A)
    store.take(Incoming([B]), "import b.jsonl", "me")
    store.undo(1, "you")
    said = [(one.number, one.what, one.by, one.undoes, one.undone) for one in store.history()]
    assert said == [
        (3, "undo change 1", "you", 1, False),
        (2, "import b.jsonl", "me", None, False),
        (1, "put", "", None, True),
    ]
    assert [one.number for one in store.history(1)] == [3]
    assert store.history(1)[0].at.endswith("Z")


def test_changes_that_change_nothing_are_no_part_of_the_history(store: Store):
    put(store, A)
    put(store, A)
    assert store.take(Incoming([A]), "again").change is None
    assert [one.number for one in store.history()] == [1]


@pytest.mark.parametrize("table", ["change", "op"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {0} SET {1} = 1",
        "DELETE FROM {0}",
        "DELETE FROM {0} WHERE rowid = 1",
        "INSERT OR REPLACE INTO {0} SELECT * FROM {0} WHERE rowid = 1",
        "REPLACE INTO {0} SELECT * FROM {0}",
    ],
)
def test_the_database_itself_refuses_to_change_the_history(
    store: Store, table: str, statement: str
):
    put(store, A)
    put(store, B)
    before = store.connection.execute(f"SELECT * FROM {table}").fetchall()
    column = {"change": "what", "op": "before"}[table]
    with pytest.raises(sqlite3.DatabaseError, match="only added to"):
        store.connection.execute(statement.format(table, column))
    assert store.connection.execute(f"SELECT * FROM {table}").fetchall() == before


def test_another_program_cannot_change_the_history_either(tmp_path):  # type: ignore[no-untyped-def]
    with Store.open(tmp_path / "graph") as store:
        put(store, A)
    other = sqlite3.connect(tmp_path / "graph")
    with pytest.raises(sqlite3.DatabaseError, match="only added to"):
        other.execute("DELETE FROM change")
    other.close()


def test_a_change_on_which_others_rest_is_not_undone_and_they_are_named(store: Store):
    put(store, A, B)
    put(store, replace(A, gloss="new"))
    put(store, replace(A, gloss="newer"))
    with pytest.raises(GraphError, match=r"change 1 cannot be undone.*concept:a.*change 2, 3"):
        store.undo(1)
    with pytest.raises(GraphError, match=r"change 2 cannot be undone.*change 3;"):
        store.undo(2)
    assert [store.undo(), store.undo(), store.undo()] == [3, 2, 1]
    assert store.dump() == b""


def test_later_changes_that_were_undone_are_not_named(store: Store):
    put(store, A)
    put(store, replace(A, gloss="new"))  # 2
    store.undo(2)  # 3
    put(store, replace(A, gloss="other"))  # 4
    with pytest.raises(GraphError, match=r"changed again by change 4; undo that first"):
        store.undo(1)


def test_an_undo_on_which_another_rests_names_that_one(store: Store):
    put(store, A)  # 1
    put(store, replace(A, gloss="new"))  # 2
    store.undo(2)  # 3
    store.undo(1)  # 4
    with pytest.raises(GraphError, match=r"change 3 cannot be undone.*change 4; undo that first"):
        store.undo(3)


def test_a_node_on_which_a_later_edge_ends_stays_and_the_edges_change_is_named(store: Store):
    put(store, A)
    put(store, B)
    put(store, PAPER)
    put(store, Edge.make(A.id, "extends", B.id))
    put(store, Edge.make(A.id, "uses", B.id, evidence=[Evidence(node=PAPER.id)]))
    before = store.dump()
    with pytest.raises(GraphError, match=r"change 1 cannot be undone: .*concept:a.*change 4, 5"):
        store.undo(1)
    with pytest.raises(GraphError, match=r"change 3 cannot be undone: .*paper:p.*change 5;"):
        store.undo(3)
    assert store.dump() == before
    store.undo(5)
    assert store.undo(3) == 3


def test_independent_changes_are_undone_in_any_order(store: Store):
    put(store, A)
    put(store, B)
    put(store, C)
    store.undo(2)
    assert not store.has(B.id)
    assert [store.undo(), store.undo()] == [3, 1]
    with pytest.raises(GraphError, match="nothing to undo"):
        store.undo()


def test_an_undo_can_be_undone_and_that_as_well(store: Store):
    put(store, A)
    dump = store.dump()
    store.undo(1)  # 2
    with pytest.raises(GraphError, match="change 1 was undone already"):
        store.undo(1)
    store.undo(2)  # 3: back
    assert store.dump() == dump
    assert [one.undone for one in store.history()] == [False, True, False]
    store.undo(3)  # 4: gone again
    assert store.dump() == b""
    assert [one.undone for one in store.history()] == [False, True, False, True]
    with pytest.raises(GraphError, match="nothing to undo"):
        store.undo()
    store.undo(4)
    assert store.undo() == 1


@pytest.mark.parametrize("number", [0, -1, 3, 10**30])
def test_a_change_that_is_not_there_is_neither_undone_nor_shown(store: Store, number: int):
    put(store, A)
    put(store, B)
    with pytest.raises(GraphError, match="no change"):
        store.undo(number)
    if number != 0:
        with pytest.raises(GraphError, match=r"no change .* from 0 \(empty\) to 2"):
            store.at(number)
    else:
        assert store.at(0).dump() == b""


def test_an_earlier_state_can_be_read_like_any_graph(store: Store):
    put(store, A, B, Edge.make(A.id, "extends", B.id))
    store.attach(A.id, "its text", "a.txt")
    store.merge(A.id, B.id)
    with store.at(2) as then:
        assert [one.id for one in then.neighbours(A.id)] == [B.id]
        assert then.degree(A.id) == 1
        assert [copy.text for copy in then.sources(A.id)] == ["its text"]
    assert store.resolve(B.id) == A.id
    assert store.degree(A.id) == 0


def test_undoing_an_import_takes_the_queue_and_the_decisions_back(store: Store):
    proposal = Proposal.make(about=A.id, label="near", score=0.8)
    decision = Decision("concept:a|concept:b", "not-same")
    store.take(Incoming([A, B], proposals=[proposal], decisions=[decision]), "import")
    assert set(rows(store.dump(), "proposal")) == {proposal.id}
    store.undo()
    assert (store.proposals(), store.decisions()) == ([], [])


def test_a_change_within_a_change_is_refused_and_both_are_undone(store: Store):
    def nested() -> None:
        with store.change("outer") as change:
            change.put_node(A)
            store.take(Incoming([B]), "inner")

    with pytest.raises(GraphError, match="being made already"):
        nested()
    assert store.dump() == b""
    assert put(store, A) == 1


def test_an_edge_goes_before_the_node_at_which_it_ends(store: Store):
    edge = Edge.make(A.id, "extends", B.id)
    put(store, A, B, edge)
    before = store.dump()

    def node_first() -> None:
        with store.change("drop") as change:
            change.drop_node(A.id)
            change.drop_edge(edge.id)

    with pytest.raises(GraphError, match=f"concept:a cannot go: edge {edge.id} ends there"):
        node_first()
    assert store.dump() == before
    with store.change("drop") as change:
        change.drop_edge(edge.id)
        change.drop_node(A.id)
    store.undo()
    assert store.dump() == before


def test_dropping_one_node_and_adding_another_in_one_change_keeps_their_edges_apart(store: Store):
    put(store, A, B)
    edge = Edge.make(C.id, "extends", A.id)
    with store.change("swap") as change:
        change.drop_node(B.id)
        change.put_node(C)
        change.put_edge(edge)
    hold_the_laws(store)
    assert store.edges_of(C.id) == [edge]
    store.undo()
    hold_the_laws(store)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (Node("concept:b", "B", formerly=("concept:a",)), "concept:a"),
        (Node("concept:b", "B", formerly=("concept:b",)), "concept:b"),
        (Node("concept:b", "B", formerly=("concept:old",)), "concept:old"),
        (Node("concept:old", "Old"), "concept:old"),
    ],
    ids=["a node's id", "its own id", "another's former id", "a node of a former id"],
)
def test_an_id_leads_to_one_node_alone(store: Store, bad: Node, said: str):
    put(store, replace(A, formerly=("concept:old",)))
    with pytest.raises(GraphError, match=said):
        put(store, bad)
    hold_the_laws(store)


def test_a_former_id_that_is_cited_does_not_go_with_its_node(store: Store):
    put(store, replace(A, formerly=("concept:old",)))
    put(store, Node("claim:x", "x", evidence=(Evidence(node="concept:old"),)))

    def drop() -> None:
        with store.change("drop") as change:
            change.drop_node(A.id)

    with pytest.raises(GraphError, match="claim:x cites"):
        drop()
    with pytest.raises(GraphError, match="claim:x cites"):
        put(store, A)
    hold_the_laws(store)


def test_what_a_change_is_called_can_be_shown_anywhere(store: Store):
    store.take(Incoming([A]), "import \udcff\x1b[31m.txt", "me\x07")
    assert (store.history(1)[0].what, store.history(1)[0].by) == (
        "import \ufffd\ufffd[31m.txt",
        "me\ufffd",
    )


def test_text_that_no_file_can_hold_is_refused_and_leaves_no_trace(store: Store):
    with pytest.raises(GraphError, match="half a character"):
        put(store, A, replace(B, label="\ud800"))
    assert store.dump() == b""
    put(store, A)
    with pytest.raises(GraphError, match="half a character"):
        store.attach(A.id, "text \ud800", "a.txt")
    assert len(store.history()) == 1
