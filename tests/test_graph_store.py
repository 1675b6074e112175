"""What a graph's file holds and gives back, and what is said of a file that is no graph."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, reject, settings

from graph_strategies import hold_the_laws, incomings, nodes, rows, sound_file
from gyges.errors import GraphError
from gyges.graph.model import Edge, Evidence, Node, Passage
from gyges.graph.records import Decision, Incoming, Proposal
from gyges.graph.store import Store

A = Node("concept:a", "Alpha", "first", ("The First", "ALPHA"))
B = Node("concept:b", "Beta")
PAPER = Node("paper:p", "A paper")


def _statement(gloss: str = "", *evidence: Evidence) -> Edge:
    return Edge.make(A.id, "extends", B.id, gloss, evidence)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open(":memory:") as made:
        made.take(Incoming([A, B, PAPER], [_statement()]), "build", "me")
        yield made


# ---------------------------------------------------------------------- what is held


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(incomings())
def test_a_file_gives_back_what_was_taken_in_wherever_it_was_opened(incoming: Incoming):
    with Store.open(":memory:") as one, Store.open(":memory:") as other:
        try:
            one.take(incoming, "build")
        except GraphError:  # two statements of one id
            reject()
        copied = Incoming(list(one.nodes()), list(one.edges()), one.proposals(), one.decisions())
        other.take(copied, "the same")
        assert other.dump() == one.dump()
        hold_the_laws(other)


@settings(max_examples=40, deadline=None)
@given(nodes(formerly=True).filter(lambda node: node.id not in node.formerly))
def test_a_node_comes_back_as_it_was_put(node: Node):
    with Store.open(":memory:") as made:
        with made.change("put") as change:
            change.put_node(node)
        assert made.node(node.id) == node
        for old in node.formerly:
            assert (made.node(old), made.resolve(old), made.has(old)) == (node, node.id, True)


def test_a_graph_is_the_same_when_it_is_opened_again(tmp_path: Path):
    path = tmp_path / "deep" / "down" / "graph.sqlite3"
    with Store.open(path) as made:
        made.take(Incoming([A, B], [_statement()]), "build", "me")
        dump, history = made.dump(), made.history()
    with Store.open(path, create=False) as again:
        assert (again.dump(), again.history()) == (dump, history)
        sound_file(again)
        assert again.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert again.connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_names_lead_to_nodes_whatever_the_case(store: Store):
    assert store.named("the  FIRST") == [A.id]
    assert store.named("alpha") == [A.id]
    assert store.named("nobody") == []


def test_an_unknown_id_is_answered_with_the_nearest(store: Store):
    with pytest.raises(GraphError, match="no node 'concept:aa'; did you mean 'concept:a'"):
        store.node("concept:aa")
    with pytest.raises(GraphError, match="no node 'Beta'; it is the name of concept:b"):
        store.node("Beta")
    with pytest.raises(GraphError, match="no node 'paper:q'"):
        store.edges_of("paper:q")
    with pytest.raises(GraphError, match="no edge 'e:none'"):
        store.edge("e:none")
    with pytest.raises(GraphError, match="no node ''"):
        store.node("")


def test_neighbours_are_ranked_by_edges_and_can_be_chosen_by_type(store: Store):
    more = [Edge.make(A.id, "uses", B.id), Edge.make(PAPER.id, "studies", A.id)]
    store.take(Incoming(edges=more), "more")
    assert [(one.id, one.label, one.type, one.edges) for one in store.neighbours(A.id)] == [
        (B.id, "Beta", "concept", 2),
        (PAPER.id, "A paper", "paper", 1),
    ]
    assert [one.id for one in store.neighbours(A.id, ["paper"])] == [PAPER.id]
    assert [one.id for one in store.neighbours(A.id, limit=1)] == [B.id]
    assert store.edges_between(A.id, B.id) == store.edges_between(B.id, A.id)
    assert (store.by_type(), store.by_relation()) == (
        {"concept": 2, "paper": 1},
        {"extends": 1, "studies": 1, "uses": 1},
    )


def test_a_moment_can_be_held_while_others_write(tmp_path: Path):
    path = tmp_path / "graph"
    with Store.open(path) as one, Store.open(path) as other:
        with one.snapshot():
            assert one.count_nodes() == 0
            other.take(Incoming([A]), "meanwhile")
            assert (one.dump(), one.count_nodes()) == (b"", 0)
        assert one.count_nodes() == 1


# ---------------------------------------------------------------------- taking in


def test_what_comes_in_again_completes_and_overwrites_nothing(store: Store):
    said, fresh = Evidence(note="said"), Evidence(note="new")
    store.take(Incoming([replace(B, evidence=(said,), identifiers={"url": "https://a"})]), "one")
    other = replace(
        B,
        label="BETA!",
        gloss="filled in",
        identifiers={"url": "https://b", "doi": "10.1/x"},
        evidence=(said, fresh),
    )
    taken = store.take(Incoming([other, A], [_statement("", fresh)]), "again")
    assert (taken.new_nodes, taken.new_edges, taken.changed, taken.same) == (0, 0, 2, 1)
    node = store.node(B.id)
    assert (node.label, node.aliases, node.gloss) == ("Beta", ("BETA!",), "filled in")
    assert node.identifiers == {"url": "https://a", "doi": "10.1/x"}
    assert node.evidence == (said, fresh)
    assert store.edge(_statement().id).evidence == (fresh,)


def test_replacing_puts_what_comes_in_in_the_place_of_what_is_there(store: Store):
    new = replace(A, label="Other", aliases=(), gloss="")
    taken = store.take(
        Incoming([new], [replace(_statement(), id="e:other", confidence=0.5)]), "x", replace_=True
    )
    assert (taken.new_nodes, taken.new_edges, taken.changed) == (0, 0, 2)
    assert store.node(A.id) == replace(new, by="")
    assert [(one.id, one.confidence) for one in store.edges()] == [(_statement().id, 0.5)]


def test_what_is_taken_is_counted_and_signed(store: Store):
    new = Node("claim:c", "C")
    taken = store.take(
        Incoming([new], [Edge.make(new.id, "uses", A.id)], [Proposal.make(about=A.id, label="x")]),
        "more",
        "somebody",
    )
    assert (taken.change, taken.new_nodes, taken.new_edges, taken.proposals) == (2, 1, 1, 1)
    assert store.node(new.id).by == "somebody"
    assert store.edges_of(new.id)[0].by == "somebody"


def test_a_proposal_that_was_decided_does_not_come_back(store: Store):
    proposal = Proposal.make(about=A.id, label="x")
    store.take(Incoming(proposals=[proposal]), "one")
    with store.change("decline") as change:
        change.drop_proposal(proposal.id)
        change.put_decision(Decision(proposal.id, "not-same", "me"))
    assert store.take(Incoming(proposals=[proposal]), "again").change is None
    assert store.proposals() == []


def test_a_file_does_not_overrule_what_a_person_decided(store: Store):
    mine = Decision("concept:a|concept:b", "not-same", "me")
    with store.change("decide") as change:
        change.put_decision(mine)
    theirs = replace(mine, verdict="later", by="them")
    assert store.take(Incoming(decisions=[theirs]), "import").change is None
    assert store.decisions() == [mine]
    store.take(Incoming(decisions=[theirs]), "import", replace_=True)
    assert store.decisions() == [theirs]


@pytest.mark.parametrize(
    ("incoming", "said"),
    [
        (Incoming([], [Edge.make(A.id, "uses", "concept:none")]), "no 'concept:none'"),
        (
            Incoming([], [_statement("x", Evidence(node="paper:none"))]),
            "cites 'paper:none', which the graph does not hold",
        ),
        (
            Incoming([Node("claim:x", "x", evidence=(Evidence(node="paper:none"),))]),
            "node claim:x cites 'paper:none'",
        ),
        (Incoming([], [Edge("e:x", PAPER.id, "mitigates", A.id)]), "cannot run from a paper"),
        (Incoming([], [Edge("e:x", A.id, "extends", A.id)]), "to itself"),
        (
            Incoming([], [replace(_statement(), relation="uses")]),
            "'concept:a extends concept:b' in the graph, and 'concept:a uses concept:b'",
        ),
    ],
    ids=["no end", "no source", "no source of a node", "wrong range", "loop", "id of another"],
)
def test_what_cannot_stand_is_refused_whole(store: Store, incoming: Incoming, said: str):
    before = store.dump()
    incoming.nodes.insert(0, Node("claim:fine", "fine"))
    with pytest.raises(GraphError, match=said):
        store.take(incoming, "broken")
    assert store.dump() == before
    assert len(store.history()) == 1


def test_a_hundred_faults_are_counted_and_the_first_told(store: Store):
    bad = [_statement(f"{at}", Evidence(node=f"paper:none-{at}")) for at in range(100)]
    with pytest.raises(GraphError, match="and 80 more") as caught:
        store.take(Incoming(edges=bad), "broken")
    assert len(str(caught.value).splitlines()) == 21


def test_two_nodes_of_one_name_are_two(store: Store):
    store.take(Incoming([Node("concept:a-2", "Alpha")]), "more")
    assert store.named("Alpha") == [A.id, "concept:a-2"]


def test_markup_is_text(store: Store):
    label = "<script>alert(1)</script>'); DROP TABLE node; --"
    store.take(Incoming([Node("concept:x", label, 'a "b" NEAR(c) * ^')]), "more")
    assert store.node("concept:x").label == label
    assert store.named(label) == ["concept:x"]
    hold_the_laws(store)


# ---------------------------------------------------------------------- sources


def test_an_attached_copy_can_be_replaced_and_taken_back(store: Store):
    store.attach(PAPER.id, "one text", "a.txt", "me")
    store.attach(PAPER.id, "another text", "b.txt", "me")
    assert [(one.name, one.text) for one in store.sources(PAPER.id)] == [("b.txt", "another text")]
    store.undo()
    assert [(one.name, one.text) for one in store.sources()] == [("a.txt", "one text")]
    store.undo()
    assert store.sources(PAPER.id) == []
    assert rows(store.dump(), "source") == {}


def test_an_attached_copy_that_was_taken_back_is_in_no_state_and_comes_back_with_its_change(
    store: Store,
):
    before = store.dump()
    store.attach(PAPER.id, "the words of somebody else", "a.txt")
    number = store.history(1)[0].number
    after = store.dump()
    store.undo()
    assert store.dump() == before
    for at in (number - 1, number + 1):
        with store.at(at) as then:
            assert then.connection.execute("SELECT count(*) FROM text").fetchone() == (0,)
    with store.at(number) as then:
        assert [one.text for one in then.sources()] == ["the words of somebody else"]
    store.undo(number + 1)
    assert store.dump() == after
    assert [one.text for one in store.sources()] == ["the words of somebody else"]


def test_a_copy_without_text_or_of_no_source_is_refused(store: Store):
    with pytest.raises(GraphError, match=r"a\.txt holds no text"):
        store.attach(PAPER.id, " \n", "a.txt")
    with pytest.raises(GraphError, match="no node 'paper:none'"):
        store.attach("paper:none", "text", "a.txt")


def test_only_the_hash_of_a_copy_stands_in_the_history(store: Store):
    store.attach(PAPER.id, "the words of somebody else", "a.txt")
    assert b"somebody else" not in store.dump()
    op = store.connection.execute("SELECT after FROM op WHERE kind = 'source'").fetchone()
    assert "somebody else" not in op[0]
    quote = Node("quote:x", "x", evidence=(Evidence(PAPER.id, "", Passage.of("a b")),))
    store.take(Incoming([quote]), "quote")
    assert store.node(quote.id).evidence[0].passage == Passage.of("a b")


# ---------------------------------------------------------------------- files that are no graph


def _text(path: Path) -> None:
    path.write_text("this is not a database, and it is long enough to have a header " * 40)


def _torn(path: Path) -> None:
    with Store.open(path) as made:
        made.take(Incoming([A, B]), "build")
    path.write_bytes(path.read_bytes()[:30])


def _other(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE pictures (name TEXT)")
    other.close()


def _other_meta(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE meta (a, b)")
    other.close()


def _newer(path: Path) -> None:
    Store.open(path).close()
    with sqlite3.connect(path) as other:
        other.execute("UPDATE meta SET value = 'gyges.graph.store/99' WHERE key = 'version'")
    other.close()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_text, "is no graph: file is not a database"),
        (_torn, "is damaged: "),
        (_other, "is a file of another program"),
        (_other_meta, "is a file of another program"),
        (_newer, "its layout is gyges.graph.store/99"),
        (Path.mkdir, "is a folder"),
    ],
    ids=["text", "torn", "another database", "a table of the same name", "newer", "a folder"],
)
def test_a_file_that_is_no_graph_is_said_to_be_none_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], said: str
):
    path = tmp_path / "graph"
    make(path)
    before = None if path.is_dir() else path.read_bytes()
    with pytest.raises(GraphError, match=said) as caught:
        Store.open(path)
    assert str(path) in str(caught.value)
    assert (None if path.is_dir() else path.read_bytes()) == before


def test_an_empty_file_becomes_an_empty_graph(tmp_path: Path):
    path = tmp_path / "graph"
    path.touch()
    with Store.open(path) as made:
        assert made.dump() == b""
        made.take(Incoming([A]), "build")


def test_no_file_and_none_to_be_made_is_said(tmp_path: Path):
    with pytest.raises(GraphError, match=r"no graph at .*; gyges graph import makes one"):
        Store.open(tmp_path / "none", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(GraphError, match="cannot be made: "):
        Store.open(tmp_path / "file" / "graph")
    with pytest.raises(GraphError, match="cannot be made: "):
        Store.open(tmp_path / "file" / "deeper" / "graph")


def _as_nobody(do: Callable[[], str]) -> str:
    """Run something without the rights of the file's owner, in a fork; return what it says."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            said = do()
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(into, said.encode())
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.parametrize("folder", [0o555, 0o777], ids=["in a read-only folder", "alone"])
def test_a_graph_that_may_only_be_read_is_read_and_not_written(
    folder: int,
):
    with tempfile.TemporaryDirectory() as name:  # one that another user may enter
        path = Path(name) / "graph"
        with Store.open(path) as made:
            made.take(Incoming([A, B], [_statement()]), "build")
        path.chmod(0o444)
        Path(name).chmod(folder)

        def do() -> str:
            with Store.open(path) as one:
                found = one.node(A.id).label
                try:
                    one.take(Incoming([PAPER]), "more")
                except GraphError as error:
                    return f"{found}; {error}"
                return "written"

        said = _as_nobody(do)
        Path(name).chmod(0o755)
        path.chmod(0o644)
        assert said.startswith(f"Alpha; {path} cannot be written: attempt to write a readonly")
        assert "copy it to where you may write" in said


def test_a_full_disk_is_said_and_leaves_the_graph_as_it_was(tmp_path: Path):
    with Store.open(tmp_path / "graph") as made:
        made.take(Incoming([A]), "build")
        before = made.dump()
        pages = made.connection.execute("PRAGMA page_count").fetchone()[0]
        made.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        big = [Node(f"claim:{at}", "x" * 400, "word " * 2000) for at in range(20)]
        with pytest.raises(
            GraphError, match="cannot be written: database or disk is full; nothing was changed"
        ):
            made.take(Incoming(big), "too much")
        assert made.dump() == before
        made.connection.execute("PRAGMA max_page_count = 100000")
        assert made.take(Incoming(big), "enough now").new_nodes == 20
        sound_file(made)


def test_a_graph_that_another_writes_for_too_long_is_said(tmp_path: Path):
    path = tmp_path / "graph"
    with Store.open(path) as one, Store.open(path) as other:
        other.connection.execute("PRAGMA busy_timeout = 1")
        with one.change("slow") as change:
            change.put_node(A)
            assert other.count_nodes() == 0  # reading does not wait
            with pytest.raises(
                GraphError, match="cannot be written: database is locked; another process"
            ):
                other.take(Incoming([B]), "meanwhile")
        assert other.take(Incoming([B]), "afterwards").change == 2
