"""The curated graph comes in with the first opening, and a later one follows without taking anything from the user."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph_library import edge, ids, node, records
from gyges.errors import GraphError
from gyges.graph import (
    Evidence,
    Node,
    Store,
    default_path,
    is_current,
    open_graph,
    page_of,
    shipped,
    update,
)

Ship = Callable[..., None]

PAPER = node("paper:p", "A paper")
A = node("concept:a", "Concept A", gloss="The first.", evidence=(Evidence("paper:p", "page 1"),))
B = node("concept:b", "Concept B", gloss="The second.")
C = node("concept:c", "Concept C", gloss="The third.")
SELF = node("artifact:page", "A page", evidence=(Evidence("artifact:page", "header"),))


def said(subject: str, relation: str, object_: str, gloss: str = "So it is.") -> Any:
    return edge(subject, relation, object_, gloss, evidence=(Evidence("paper:p", "page 2"),))


A_B = said("concept:a", "extends", "concept:b")
B_C = said("concept:b", "extends", "concept:c")
FIRST = (PAPER, A, B, C, A_B, B_C)


@pytest.fixture
def ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ship:
    """Let these rows be what ships with the version that runs."""
    folder = tmp_path / "package" / "library"
    folder.mkdir(parents=True)
    monkeypatch.setattr(shipped, "files", lambda _: folder.parent)

    def put(*rows: Any) -> None:
        for name, kind in (("nodes.jsonl", True), ("edges.jsonl", False)):
            some = sorted(
                (one for one in rows if isinstance(one, Node) == kind), key=lambda one: one.id
            )
            text = "".join(json.dumps(one.to_dict()) + "\n" for one in some)
            (folder / name).write_text(text, encoding="utf-8")

    put(*FIRST)
    return put


@pytest.fixture
def store(ship: Ship, tmp_path: Path) -> Iterator[Store]:
    with open_graph(tmp_path / "graph.sqlite3") as found:
        yield found


def put(store: Store, *rows: Any) -> None:
    with store.change("by hand", "me") as change:
        for row in rows:
            if isinstance(row, Node):
                change.put_node(row)
            else:
                change.put_edge(row)


# ---------------------------------------------------------------------- the first opening


def test_the_first_opening_takes_the_curated_graph_in_as_one_change(tmp_path: Path) -> None:
    path = tmp_path / "folder that is not there" / "graph.sqlite3"
    with open_graph(path) as store:
        assert ids(store.nodes()) == sorted(ids(records("nodes.jsonl")))
        assert ids(store.edges()) == sorted(ids(records("edges.jsonl")))
        (entry,) = store.history()
        assert entry.by == "gyges curators"
        assert is_current(store)
        dump = store.dump()
    with open_graph(path) as store:
        assert store.dump() == dump
        assert len(store.history()) == 1


def test_the_users_graph_is_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GYGES_GRAPH", str(tmp_path / "mine.sqlite3"))
    assert default_path() == tmp_path / "mine.sqlite3"
    monkeypatch.delenv("GYGES_GRAPH")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_path().name == "graph.sqlite3"


def test_a_graph_that_is_not_there_is_not_made_where_none_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match=r"no graph at .*nothing\.sqlite3"):
        open_graph(tmp_path / "nothing.sqlite3", create=False)
    assert not (tmp_path / "nothing.sqlite3").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(GraphError, match=r"cannot be made: .*--graph"):
        open_graph(tmp_path / "file" / "graph.sqlite3")


def test_a_broken_shipped_file_is_named_with_its_line_and_leaves_no_half_graph(
    ship: Ship, tmp_path: Path
) -> None:
    nodes = tmp_path / "package" / "library" / "nodes.jsonl"
    with nodes.open("a", encoding="utf-8") as file:
        file.write('{"id": "thing:x", "label": "X"}\n')
    with pytest.raises(GraphError, match=r"nodes\.jsonl:5: .*no type of node"):
        open_graph(tmp_path / "graph.sqlite3")
    ship(*FIRST)
    with open_graph(tmp_path / "graph.sqlite3") as store:
        assert store.count_nodes() == 4


# ---------------------------------------------------------------------- following


def test_nothing_new_is_no_change(store: Store) -> None:
    done = update(store)
    assert (done.change, done.added, done.replaced, done.dropped, done.kept) == (None, 0, 0, 0, ())
    assert len(store.history()) == 1


def test_new_changed_and_dropped_rows_follow(store: Store, ship: Ship) -> None:
    new = node("concept:d", "Concept D")
    better = replace(A, gloss="The first, said better.")
    ship(PAPER, better, B, new, A_B, said("concept:d", "causes", "concept:b"))
    assert not is_current(store)
    done = update(store)
    assert (done.added, done.replaced, done.dropped, done.kept) == (2, 1, 2, ())
    assert store.node("concept:a").gloss == "The first, said better."
    assert not store.has("concept:c")
    assert is_current(store)
    assert update(store).change is None


def test_following_is_undone_to_the_byte(store: Store, ship: Ship) -> None:
    before = store.dump()
    ship(PAPER, replace(A, gloss="Otherwise."), B, A_B)
    update(store)
    store.undo()
    assert store.dump() == before


def test_what_the_user_changed_or_added_stays_his(store: Store, ship: Ship) -> None:
    mine = replace(store.node("concept:a"), gloss="As I see it.", by="me")
    own = said("concept:a", "causes", "concept:c", "Mine.")
    put(store, mine, node("claim:mine"), own)
    ship(PAPER, replace(A, gloss="Otherwise."), replace(B, gloss="New."), A_B)
    done = update(store)
    assert store.node("concept:a") == mine
    assert store.node("concept:b").gloss == "New."
    assert store.has("claim:mine")
    assert store.has_edge(own.id)
    # What ships no more stays where the user built on it.
    assert store.has("concept:c")
    assert set(done.kept) == {"concept:a", "concept:c"}


def test_what_the_user_took_away_stays_away(store: Store, ship: Ship) -> None:
    with store.change("away", "me") as change:
        change.drop_edge(B_C.id)
        change.drop_node("concept:c")
    more = said("concept:c", "causes", "concept:a", "New in this version.")
    ship(*FIRST, more, node("claim:new", evidence=(Evidence("concept:c"),)), node("claim:other"))
    done = update(store)
    assert not store.has("concept:c")
    assert not store.has_edge(more.id)
    assert store.has("claim:other")
    assert {"concept:c", more.id, "claim:new"} <= set(done.kept)


def test_what_cites_itself_or_each_other_goes_together(ship: Ship, tmp_path: Path) -> None:
    one = node("artifact:one", evidence=(Evidence("finding:two"),))
    two = node("finding:two", evidence=(Evidence("paper:three"),))
    three = node("paper:three")
    ship(*FIRST, SELF, one, two, three)
    with open_graph(tmp_path / "graph.sqlite3") as store:
        ship(*FIRST)
        done = update(store)
        assert done.kept == ()
        assert done.dropped == 4
        assert not any(store.has(id_) for id_ in ("artifact:page", "finding:two", "paper:three"))


# ---------------------------------------------------------------------- merged nodes


def test_what_the_user_merged_stays_merged_and_new_statements_run_to_what_remained(
    store: Store, ship: Ship
) -> None:
    store.merge("concept:b", "concept:a", "me")
    new = said("concept:a", "causes", "concept:c", "New in this version.")
    cites = node("claim:new", evidence=(Evidence("concept:a", "there"),))
    ship(*FIRST, new, cites)
    done = update(store)
    assert store.resolve("concept:a") == "concept:b"
    kept = store.edge(new.id)
    assert (kept.subject, kept.object) == ("concept:b", "concept:c")
    assert store.node("claim:new").evidence[0].node == "concept:b"
    assert page_of(store, "concept:a")["node"]["id"] == "concept:b"
    assert "concept:a" in done.kept
    assert update(store).change is None


def test_a_statement_that_was_moved_by_a_merge_still_follows(store: Store, ship: Ship) -> None:
    put(store, node("concept:mine"))
    store.merge("concept:mine", "concept:c", "me")
    moved = store.edge(B_C.id)
    assert moved.object == "concept:mine"
    reworded = said("concept:b", "extends", "concept:c", "Said better.")
    ship(PAPER, A, B, C, A_B, reworded)
    update(store)
    assert not store.has_edge(B_C.id)
    assert store.edge(reworded.id).object == "concept:mine"


def test_a_statement_between_two_that_the_user_merged_does_not_come_back(
    store: Store, ship: Ship
) -> None:
    store.merge("concept:a", "concept:b", "me")
    ship(*FIRST, said("concept:b", "causes", "concept:a", "New between the two."))
    update(store)
    assert all(one.subject != one.object for one in store.edges())
    assert len(list(store.edges())) == 1


def _merged_by_curators() -> tuple[Any, ...]:
    one = replace(B, formerly=("concept:a",), aliases=("Concept A",))
    return PAPER, one, C, B_C


def test_what_the_curators_merged_is_merged_and_old_ids_lead_on(store: Store, ship: Ship) -> None:
    ship(*_merged_by_curators())
    done = update(store)
    assert store.resolve("concept:a") == "concept:b"
    assert done.kept == ()
    assert update(store).change is None


def test_what_the_user_built_on_a_node_that_curators_merged_moves_with_it(
    store: Store, ship: Ship
) -> None:
    own = said("claim:mine", "studies", "concept:a", "Mine.")
    put(store, node("claim:mine", evidence=(Evidence("concept:a"),)), own)
    ship(*_merged_by_curators())
    done = update(store)
    assert done.kept == ()
    assert store.resolve("concept:a") == "concept:b"
    assert store.edge(own.id).object == "concept:b"
    assert store.node("claim:mine").evidence[0].node == "concept:b"
    assert store.node("concept:b").gloss == "The second."
    # The user's own statement never shipped, so it does not go with a later version.
    ship(PAPER, replace(B, formerly=("concept:a",), gloss="Said better."), C, B_C)
    update(store)
    assert store.has_edge(own.id)
    assert store.node("concept:b").gloss == "Said better."
    assert store.resolve("concept:a") == "concept:b"


def test_an_id_that_the_user_gave_another_meaning_keeps_it(store: Store, ship: Ship) -> None:
    store.merge("concept:c", "concept:a", "me")
    ship(*_merged_by_curators())
    update(store)
    assert store.resolve("concept:a") == "concept:c"


def test_every_shipped_merge_leads_to_a_node(tmp_path: Path) -> None:
    with open_graph(tmp_path / "graph.sqlite3") as store:
        for one in records("nodes.jsonl"):
            for old in one.get("formerly", ()):
                assert store.resolve(old) == one["id"]
        assert update(store).change is None
