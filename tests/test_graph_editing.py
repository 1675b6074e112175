"""A node or an edge is corrected by hand: checked, remembered, and taken back to the byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from gyges.errors import GraphError
from gyges.graph import (
    Edge,
    Evidence,
    Incoming,
    Node,
    Store,
    accept_pair,
    decide,
    edit_edge,
    edit_node,
    evidence_with,
    pair_key,
    remove,
)
from gyges.graph.store import Change


@pytest.fixture
def store() -> Store:
    graph = Store.open(":memory:")
    nodes = [
        Node("paper:p", "A paper"),
        Node("concept:faking", "Faking", "Complying to be left alone.", aliases=("AF",)),
        Node("concept:scheming", "Scheming"),
        Node("claim:small", "Small models fake"),
    ]
    rests = (Evidence("paper:p", "section 1", grade="primary"),)
    edges = [
        Edge.make("paper:p", "studies", "concept:faking", "Asks for it.", rests),
        Edge.make("concept:faking", "part_of", "concept:scheming", "A kind of it.", rests),
        Edge.make("claim:small", "studies", "concept:faking", "Says how small.", rests),
    ]
    graph.take(Incoming(nodes, edges), "import", "me")
    return graph


def test_a_label_changes_and_the_id_stays(store: Store) -> None:
    before = store.dump()
    node = edit_node(store, "concept:faking", {"label": "Alignment faking", "status": "disputed"})
    assert (node.id, node.label, node.status) == ("concept:faking", "Alignment faking", "disputed")
    assert store.named("alignment faking") == ["concept:faking"]
    store.undo()
    assert store.dump() == before


def test_a_field_that_cannot_be_so_changes_nothing(store: Store) -> None:
    before = store.dump()
    with pytest.raises(GraphError, match="status is 'actve'; did you mean 'active'"):
        edit_node(store, "concept:faking", {"status": "actve"})
    edge = store.edges_between("claim:small", "concept:faking")[0]
    with pytest.raises(GraphError, match="cannot run from a claim to a concept"):
        edit_edge(store, edge.id, {"relation": "mitigates"})
    assert store.dump() == before


def test_another_type_gives_another_id_to_which_the_old_one_leads(store: Store) -> None:
    before = store.dump()
    decide(store, pair_key("concept:scheming", "claim:small"), "not-same")
    decided = store.dump()
    node = edit_node(store, "concept:scheming", {}, type_="framework")
    assert node.id == "framework:scheming"
    assert store.node("concept:scheming").id == "framework:scheming"
    assert [one.id for one in store.neighbours("framework:scheming")] == ["concept:faking"]
    verdict = store.decision(pair_key("framework:scheming", "claim:small"))
    assert verdict is not None
    assert verdict.verdict == "not-same"
    store.undo()
    assert store.dump() == decided
    store.undo()
    assert store.dump() == before


def test_a_type_that_an_edge_does_not_fit_is_refused_with_the_edge(store: Store) -> None:
    before = store.dump()
    with pytest.raises(GraphError, match="could not have 2 of its edges"):
        edit_node(store, "concept:faking", {}, type_="thinker")
    assert store.dump() == before


def test_an_edge_keeps_its_id_when_its_gloss_changes(store: Store) -> None:
    edge = store.edges_between("claim:small", "concept:faking")[0]
    edited = edit_edge(store, edge.id, {"gloss": "Says at which size.", "confidence": 0.5})
    assert edited.id == edge.id
    assert store.edge(edge.id).confidence == 0.5


def test_what_is_removed_comes_back_to_the_byte(store: Store) -> None:
    before = store.dump()
    assert remove(store, "concept:faking") == 3
    assert not store.has("concept:faking")
    store.undo()
    assert store.dump() == before
    edge = store.edges_of("concept:scheming")[0]
    assert remove(store, edge.id) == 1
    assert not store.edges_of("concept:scheming")


def test_a_source_that_is_cited_cannot_be_removed(store: Store) -> None:
    before = store.dump()
    with pytest.raises(GraphError, match=r"2 edges cite it as evidence \(e:\w+, e:\w+\); .* show"):
        remove(store, "paper:p")
    assert store.dump() == before


def test_of_many_that_cite_a_source_the_first_are_named(store: Store) -> None:
    rests = (Evidence("paper:p", grade="primary"),)
    more = [Node(f"claim:c{at}", "C", evidence=rests) for at in range(4)]
    store.take(Incoming(more), "import", "me")
    before = store.dump()
    with pytest.raises(GraphError) as refused:
        remove(store, "paper:p")
    said = str(refused.value)
    assert "2 edges and 4 nodes cite it" in said
    assert "claim:c0 and 3 more" in said
    assert "claim:c1" not in said
    assert "gyges graph show paper:p lists what rests on it" in said
    assert "--drop-evidence N" in said
    assert len(said.splitlines()) == 1
    assert store.dump() == before


def test_an_edit_makes_no_twin_of_another_edge(store: Store) -> None:
    edge = store.edges_between("claim:small", "concept:faking")[0]
    other = Edge.make("claim:small", "studies", "concept:faking", "Says where.")
    like = Edge.make("claim:small", "associated_with", "concept:faking", "Says how small.")
    store.take(Incoming(edges=[other, like]), "import", "me")
    before = store.dump()
    with pytest.raises(
        GraphError, match=f"{other.id} would say the same as {edge.id}: "
    ) as refused:
        edit_edge(store, other.id, {"gloss": "Says  how small."})
    assert f"gyges graph edit {edge.id} --source ID" in str(refused.value)
    assert f"gyges graph remove {other.id}" in str(refused.value)
    with pytest.raises(GraphError, match=f"{like.id} would say the same as {edge.id}"):
        edit_edge(store, like.id, {"relation": "studies"})
    assert store.dump() == before
    # A symmetric relation says the same either way.
    back = Edge("e:back", "concept:faking", "extends", "claim:small", "Says how small.")
    store.take(Incoming(edges=[back]), "import", "me")
    with pytest.raises(GraphError, match=f"e:back would say the same as {like.id}"):
        edit_edge(store, "e:back", {"relation": "associated_with"})
    assert edit_edge(store, other.id, {"gloss": "Says when."}).gloss == "Says when."


def test_twins_that_stand_already_can_still_be_edited(store: Store) -> None:
    edge = store.edges_between("claim:small", "concept:faking")[0]
    twin = Edge("e:twin", edge.subject, edge.relation, edge.object, edge.gloss)
    with store.change("as an older file has it") as change:
        change.put_edge(twin)
    assert edit_edge(store, "e:twin", {"confidence": 0.5}).confidence == 0.5


def test_a_pair_is_accepted_with_what_it_rests_on(store: Store) -> None:
    rests = Evidence("paper:p", "table 2", grade="primary")
    accept_pair(store, "claim:small", "studies", "concept:scheming", evidence=[rests])
    assert store.edges_between("claim:small", "concept:scheming")[0].evidence == (rests,)


def test_a_piece_of_evidence_is_corrected_dropped_or_added() -> None:
    one = Evidence("paper:p", "section 1", grade="primary")
    two = Evidence("paper:q", "table 2", grade="abstract", note="In our words.")
    new = Evidence("paper:r", grade="secondary").to_dict()
    assert evidence_with([one, two], drop=[1]) == [two.to_dict()]
    assert evidence_with([one, two], add=[new]) == [one.to_dict(), two.to_dict(), new]
    assert evidence_with([one], add=[one.to_dict()]) == [one.to_dict()]
    corrected = evidence_with([one, two], correct={2: {"grade": "primary", "note": ""}})
    assert corrected == [
        one.to_dict(),
        {"node": "paper:q", "locator": "table 2", "grade": "primary"},
    ]
    # The numbers are those of the pieces as they stand, whatever else goes.
    assert evidence_with([one, two], drop=[1], correct={2: {"grade": "primary"}}, add=[new]) == [
        {**two.to_dict(), "grade": "primary"},
        new,
    ]


def test_a_piece_that_there_is_not_is_neither_corrected_nor_dropped() -> None:
    one = Evidence("paper:p", "section 1", grade="primary")
    with pytest.raises(
        GraphError, match="e:1 has one piece of evidence, and none with the number 2"
    ):
        evidence_with([one], drop=[2], of="e:1")
    with pytest.raises(GraphError, match="it has no pieces of evidence"):
        evidence_with([], correct={1: {"grade": "primary"}})
    with pytest.raises(GraphError, match=r"piece 1 .* dropped and corrected"):
        evidence_with([one], drop=[1], correct={1: {"grade": "primary"}})


class Late(Store):
    """A store before whose next change another process makes one of its own."""

    meanwhile: Callable[[], object] | None = None

    def change(  # type: ignore[override]
        self, *given: Any, **named: Any
    ) -> AbstractContextManager[Change]:
        first, self.meanwhile = self.meanwhile, None
        if first is not None:
            first()
        return super().change(*given, **named)


@pytest.fixture
def two(store: Store, tmp_path: Path) -> Iterator[tuple[Late, Store]]:
    """One file, open twice."""
    path = tmp_path / "both.sqlite3"
    with Store.open(path) as first:
        first.take(Incoming([*store.nodes()], [*store.edges()]), "import", "me")
    with Late.open(path) as one, Store.open(path) as other:
        yield one, other


def test_two_edits_of_a_row_at_once_both_stand(two: tuple[Late, Store]) -> None:
    one, other = two
    one.meanwhile = lambda: edit_node(other, "concept:faking", {"gloss": "Theirs."})
    edited = edit_node(one, "concept:faking", {"status": "disputed"})
    assert (edited.gloss, edited.status) == ("Theirs.", "disputed")
    one.meanwhile = lambda: edit_node(other, "concept:faking", {"aliases": ["AF", "Theirs"]})
    edited = edit_node(
        one, "concept:faking", lambda node: {"aliases": [*node.aliases, "Mine"]}, type_="framework"
    )
    assert (edited.id, edited.aliases) == ("framework:faking", ("AF", "Theirs", "Mine"))
    edge = one.edges_between("claim:small", "framework:faking")[0]
    piece = Evidence("paper:p", "table 2", grade="primary")

    def with_piece(store: Store, piece: Evidence) -> None:
        edit_edge(
            store,
            edge.id,
            lambda there: {"evidence": evidence_with(there.evidence, add=[piece.to_dict()])},
        )

    theirs = Evidence("paper:p", "table 3", grade="abstract")
    one.meanwhile = lambda: with_piece(other, theirs)
    with_piece(one, piece)
    assert one.edge(edge.id).evidence == (*edge.evidence, theirs, piece)
    one.meanwhile = lambda: edit_edge(other, edge.id, {"confidence": 0.5})
    edited_edge = edit_edge(one, edge.id, {"gloss": "Mine."})
    assert (edited_edge.gloss, edited_edge.confidence) == ("Mine.", 0.5)


def _one_more(node: Node, who: int) -> dict[str, list[str]]:
    """Add the next name that somebody has for a node."""
    turn = sum(name.startswith(f"{who}.") for name in node.aliases)
    return {"aliases": [*node.aliases, f"{who}.{turn}"]}


def test_edits_of_many_at_once_are_all_kept(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "many.sqlite3"
    with Store.open(path) as first:
        first.take(Incoming([*store.nodes()]), "import", "me")

    def name_it(who: int) -> None:
        with Store.open(path) as mine:
            for _ in range(5):
                edit_node(mine, "concept:faking", lambda node: _one_more(node, who))

    threads = [Thread(target=name_it, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Store.open(path) as last:
        names = {f"{who}.{turn}" for who in range(4) for turn in range(5)}
        assert set(last.node("concept:faking").aliases) == {"AF", *names}


def test_an_edit_of_what_was_merged_meanwhile_is_refused(two: tuple[Late, Store]) -> None:
    one, other = two
    one.meanwhile = lambda: other.merge("concept:scheming", "concept:faking")
    with pytest.raises(GraphError, match=r"merged into concept:scheming meanwhile; .* show"):
        edit_node(one, "concept:faking", {"label": "Alignment faking"})
    assert one.node("concept:scheming").label == "Scheming"
    # Who edits it afterwards, by its former id, means the one that stayed.
    assert edit_node(one, "concept:faking", {"label": "Both"}).id == "concept:scheming"


def test_what_is_removed_takes_edges_with_it_that_came_meanwhile(two: tuple[Late, Store]) -> None:
    one, other = two
    late = Edge.make("claim:small", "studies", "concept:scheming", "Came late.")
    one.meanwhile = lambda: other.take(Incoming(edges=[late]), "import", "you")
    assert remove(one, "concept:scheming") == 2
    assert not one.has_edge(late.id)
    one.meanwhile = lambda: remove(other, "claim:small")
    edge = one.edges_between("claim:small", "concept:faking")[0]
    with pytest.raises(GraphError, match=f"no edge '{edge.id}'"):
        remove(one, edge.id)


def test_what_a_change_did_is_told_row_by_row(store: Store) -> None:
    edit_node(store, "concept:faking", {"status": "disputed", "aliases": []}, by="me")
    number = store.history(1)[0].number
    (effect,) = store.effects(number)
    assert (effect.kind, effect.key, effect.did) == ("node", "concept:faking", "changed")
    assert effect.fields() == {"status": ("active", "disputed"), "aliases": (["AF"], None)}
    remove(store, "concept:scheming")
    done = [(one.kind, one.did) for one in store.effects(number + 1)]
    assert done == [("edge", "removed"), ("node", "removed")]
    store.undo()
    back = [(one.kind, one.did) for one in store.effects(number + 2)]
    assert back == [("node", "added"), ("edge", "added")]
    with pytest.raises(
        GraphError, match=f"no change 99; the changes are numbered 1 to {number + 2}"
    ):
        list(store.effects(99))


def test_a_row_that_a_change_wrote_twice_is_told_once(store: Store) -> None:
    label = Node("concept:new", "First")
    with store.change("twice") as change:
        change.put_node(label)
        change.put_node(Node("concept:new", "Second"))
        change.put_node(Node("claim:gone", "Gone"))
        change.drop_node("claim:gone")
    (effect,) = store.effects(store.history(1)[0].number)
    assert (effect.did, effect.after) == ("added", Node("concept:new", "Second").to_dict())


def test_the_changes_of_a_row_are_found(store: Store) -> None:
    edge = store.edges_between("claim:small", "concept:faking")[0]
    edit_edge(store, edge.id, {"gloss": "Other."}, by="me")
    assert [entry.what for entry in store.changes_of("edge", edge.id)] == [
        "import",
        f"edit {edge.id}",
    ]
    assert store.changes_of("edge", "e:none") == []


def test_a_trial_sees_its_changes_and_leaves_none(store: Store) -> None:
    before, entries = store.dump(), store.history()
    with store.trial():
        taken = store.take(Incoming([Node("claim:new", "New")]), "try", "me")
        assert taken.new_nodes == 1
        assert store.has("claim:new")
        assert taken.change is not None
        assert [one.key for one in store.effects(taken.change)] == ["claim:new"]
        # One that cannot be made takes nothing else back.
        with pytest.raises(GraphError, match="does not hold"):
            store.take(
                Incoming([Node("claim:x", "X", evidence=(Evidence("paper:none"),))]), "try", "me"
            )
        assert store.has("claim:new")
        assert not store.has("claim:x")
        with pytest.raises(GraphError, match="a trial must wait"), store.trial():
            pass
    assert store.dump() == before
    assert store.history() == entries

    def broken_off() -> None:
        with store.trial():
            remove(store, "concept:faking")
            store.node("claim:none")

    with pytest.raises(GraphError, match="no node 'claim:none'"):
        broken_off()
    assert store.dump() == before
    edit_node(store, "concept:faking", {"label": "Kept"})
    assert store.node("concept:faking").label == "Kept"


def test_the_command_edits_and_removes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from gyges.cli import main

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["graph", *arguments, "--graph", str(tmp_path / "g.sqlite3"), "--by", "me"])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    code, out, _ = run("edit", "concept:sycophancy", "--alias", "Flattery", "--status", "disputed")
    assert (code, out) == (0, "concept:sycophancy\n")
    code, _, err = run("edit", "concept:sycophancy", "--relation", "uses")
    assert code == 1
    assert "is a node, which has no --relation" in err
    code, _, err = run("edit", "concept:sycophancy")
    assert "nothing to change" in err
    with Store.open(tmp_path / "g.sqlite3", create=False) as store:
        assert store.named("flattery") == ["concept:sycophancy"]
        edge = store.edges_of("concept:sycophancy")[0]
    code, out, _ = run("remove", edge.id)
    assert out.startswith(f"removed {edge.id} (change 3)")
