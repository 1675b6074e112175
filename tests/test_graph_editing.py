"""A node or an edge is corrected by hand: checked, remembered, and taken back to the byte."""

from __future__ import annotations

from pathlib import Path

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
    pair_key,
    remove,
)


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
    with pytest.raises(GraphError, match="cites it as evidence"):
        remove(store, "paper:p")
    assert store.dump() == before


def test_a_pair_is_accepted_with_what_it_rests_on(store: Store) -> None:
    rests = Evidence("paper:p", "table 2", grade="primary")
    accept_pair(store, "claim:small", "studies", "concept:scheming", evidence=[rests])
    assert store.edges_between("claim:small", "concept:scheming")[0].evidence == (rests,)


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
