"""The curated graph comes in with the first opening, and a later one follows without taking anything from the user."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_library import edge, ids, node, records
from gyges.errors import GraphError
from gyges.graph import (
    Evidence,
    Incoming,
    Node,
    Store,
    default_path,
    is_current,
    open_graph,
    page_of,
    update,
)
from gyges.graph import store as store_module
from gyges.graph.curated import shipped, updating
from gyges.graph.curated.threeway import three_way

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

_WORD = st.sampled_from(["one", "two", "three"])
_PIECES = [{"node": name, "grade": grade} for name in "pq" for grade in ("primary", "derived")]


def _record(label: str, **fields: Any) -> dict[str, Any]:
    return {"label": label, **{name: value for name, value in fields.items() if value}}


_RECORDS = st.builds(
    _record,
    _WORD,
    gloss=st.just("") | _WORD,
    aliases=st.lists(_WORD, unique=True),
    dates=st.dictionaries(_WORD, _WORD),
    evidence=st.lists(st.sampled_from(_PIECES), unique_by=str),
)


@pytest.fixture
def ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ship:
    """Let these rows be what ships with the version that runs."""
    folder = tmp_path / "package" / "library"
    folder.mkdir(parents=True)
    monkeypatch.setattr(shipped, "files", lambda _: folder.parent)

    def put(*rows: Any) -> None:
        _ship(folder, rows)

    put(*FIRST)
    return put


def _ship(folder: Path, rows: Iterable[Any]) -> None:
    kinds: dict[str, list[Any]] = {"nodes.jsonl": [], "edges.jsonl": []}
    for one in sorted(rows, key=lambda one: one.id):
        kinds["nodes.jsonl" if isinstance(one, Node) else "edges.jsonl"].append(one)
    for name, some in kinds.items():
        text = "".join(json.dumps(one.to_dict()) + "\n" for one in some)
        (folder / name).write_text(text, encoding="utf-8")


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


# ---------------------------------------------------------------------- field by field


def test_fields_that_the_user_left_follow_beside_those_that_he_changed(
    store: Store, ship: Ship
) -> None:
    put(store, replace(store.node("concept:a"), gloss="As I see it."))
    more = (*A.evidence, Evidence("paper:p", "page 9"))
    ship(PAPER, replace(A, label="Concept A, renamed", evidence=more), B, C, A_B, B_C)
    done = update(store)
    there = store.node("concept:a")
    assert (there.label, there.gloss) == ("Concept A, renamed", "As I see it.")
    assert there.evidence == more
    assert (done.replaced, done.partly, done.kept, done.differing) == (1, 1, (), {})
    assert update(store).change is None


def test_where_both_changed_a_field_the_users_stays_and_is_told(store: Store, ship: Ship) -> None:
    put(store, replace(store.node("concept:a"), gloss="As I see it."))
    ship(PAPER, replace(A, gloss="Otherwise.", status="disputed"), B, C, A_B, B_C)
    done = update(store)
    there = store.node("concept:a")
    assert (there.gloss, there.status) == ("As I see it.", "disputed")
    assert done.kept == ("concept:a",)
    assert done.differing == {"concept:a": ("gloss",)}
    # As long as the two differ, it is told; nothing is written for it.
    again = update(store)
    assert (again.change, again.differing) == (None, {"concept:a": ("gloss",)})
    # And where the user goes back to what shipped, the field follows again.
    put(store, replace(store.node("concept:a"), gloss=A.gloss))
    update(store)
    assert store.node("concept:a").gloss == "Otherwise."


def test_what_followed_in_part_is_the_users_in_the_next_version_too(
    store: Store, ship: Ship
) -> None:
    put(store, replace(store.node("concept:a"), gloss="As I see it."))
    for number in (2, 3, 4):
        label = f"Concept A, version {number}"
        ship(PAPER, replace(A, label=label), B, C, A_B, B_C)
        done = update(store)
        assert done.kept == ()
        assert (store.node("concept:a").label, store.node("concept:a").gloss) == (
            label,
            "As I see it.",
        )
    # Not even where it ships no more does it go with what shipped.
    ship(PAPER, B, C, B_C)
    done = update(store)
    assert store.node("concept:a").gloss == "As I see it."
    assert done.kept == ("concept:a",)


def test_names_evidence_dates_and_identifiers_of_both_are_joined(store: Store, ship: Ship) -> None:
    first = replace(
        A,
        aliases=("one", "two"),
        dates={"published": "2024"},
        identifiers={"doi": "10.1/old", "url": "https://a.org/"},
    )
    ship(PAPER, first, B, C, A_B, B_C)
    update(store)
    mine = Evidence("paper:p", "my page", None, "primary")
    put(
        store,
        replace(
            store.node("concept:a"),
            aliases=("one", "mine"),
            evidence=(*A.evidence, mine),
            identifiers={"doi": "10.1/old", "url": "https://a.org/", "isbn": "1"},
        ),
    )
    better = Evidence("paper:p", "page 1, corrected")
    second = replace(
        first,
        aliases=("two", "one", "three"),
        dates={"published": "2025", "updated": "2026"},
        identifiers={"doi": "10.1/new"},
        evidence=(better,),
    )
    ship(PAPER, second, B, C, A_B, B_C)
    done = update(store)
    there = store.node("concept:a")
    assert there.aliases == ("one", "three", "mine")
    assert there.evidence == (better, mine)
    assert there.dates == {"published": "2025", "updated": "2026"}
    assert there.identifiers == {"doi": "10.1/new", "isbn": "1"}
    assert done.kept == ()


def test_an_import_does_not_freeze_what_it_touches(store: Store, ship: Ship) -> None:
    page = node("artifact:imported", "A page")
    seen = replace(A, gloss="", aliases=("The A",), evidence=(Evidence(page.id, "header"),))
    store.take(Incoming([page, seen], []), "import page.txt", "me")
    ship(PAPER, replace(A, gloss="The first, said better."), B, C, A_B, B_C)
    done = update(store)
    there = store.node("concept:a")
    assert there.gloss == "The first, said better."
    assert there.aliases == ("The A",)
    assert [one.node for one in there.evidence] == ["paper:p", page.id]
    assert (done.replaced, done.partly, done.kept) == (1, 1, ())


def test_a_statement_follows_field_by_field_too(store: Store, ship: Ship) -> None:
    put(store, replace(store.edge(A_B.id), confidence=0.3))
    ship(PAPER, A, B, C, replace(A_B, relation="uses", confidence=0.9), B_C)
    done = update(store)
    assert (store.edge(A_B.id).relation, store.edge(A_B.id).confidence) == ("uses", 0.3)
    assert done.differing == {A_B.id: ("confidence",)}


def test_what_the_user_had_first_is_filled_in_and_never_taken_away(
    store: Store, ship: Ship
) -> None:
    mine = node("concept:d", "My D", aliases=("D",))
    put(store, mine)
    new = node("concept:d", "Concept D", gloss="The fourth.", aliases=("Delta",))
    ship(*FIRST, new)
    done = update(store)
    assert done.differing == {"concept:d": ("label",)}
    there = store.node("concept:d")
    assert (there.label, there.gloss, there.aliases) == ("My D", "The fourth.", ("Delta", "D"))
    ship(*FIRST, replace(new, gloss="The fourth, said better."))
    update(store)
    assert store.node("concept:d").gloss == "The fourth, said better."
    ship(*FIRST)
    update(store)
    assert store.has("concept:d")


def test_a_correction_that_the_curators_make_too_follows_from_then_on(
    store: Store, ship: Ship
) -> None:
    put(store, replace(store.node("concept:a"), gloss="Corrected."))
    ship(PAPER, replace(A, gloss="Corrected."), B, C, A_B, B_C)
    assert update(store).kept == ()
    ship(PAPER, replace(A, gloss="Corrected again."), B, C, A_B, B_C)
    assert update(store).kept == ()
    assert store.node("concept:a").gloss == "Corrected again."


def test_following_in_part_is_undone_to_the_byte_and_can_be_done_again(
    store: Store, ship: Ship
) -> None:
    put(store, replace(store.node("concept:a"), gloss="As I see it."))
    before = store.dump()
    ship(PAPER, replace(A, gloss="Otherwise.", label="Renamed"), B, C, A_B, B_C)
    first = update(store)
    after = store.dump()
    store.undo(first.change)
    assert store.dump() == before
    again = update(store)
    assert (again.replaced, again.differing) == (first.replaced, first.differing)
    assert store.dump() == after


def test_a_new_source_that_the_user_took_away_is_no_reason_to_follow_nothing(
    store: Store, ship: Ship
) -> None:
    with store.change("away", "me") as change:
        change.drop_edge(B_C.id)
        change.drop_node("concept:c")
    cites = replace(A, gloss="Otherwise.", evidence=(*A.evidence, Evidence("concept:c", "there")))
    ship(PAPER, cites, replace(B, gloss="New."), C, A_B, B_C)
    done = update(store)
    assert store.node("concept:b").gloss == "New."
    there = store.node("concept:a")
    assert (there.gloss, there.evidence) == ("Otherwise.", A.evidence)
    assert done.differing == {"concept:a": ("evidence",)}


@settings(max_examples=300, deadline=None)
@given(base=_RECORDS, mine=_RECORDS, theirs=_RECORDS)
def test_three_accounts_of_a_row_meet(
    base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    # Who changed nothing takes all of the other's.
    assert three_way(base, base, theirs).row == theirs
    assert three_way(base, mine, base).row == mine
    met = three_way(base, mine, theirs)
    assert three_way(base, theirs, theirs).kept == ()
    # No word of the user's is lost, and doing it again changes nothing.
    for name in ("label", "gloss"):
        if mine.get(name) != base.get(name):
            assert met.row.get(name) == mine.get(name)
    assert set(mine.get("aliases", ())) - set(base.get("aliases", ())) <= set(
        met.row.get("aliases", ())
    )
    again = three_way(met.base, met.row, theirs)
    assert (again.row, again.kept) == (met.row, met.kept)


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


def test_a_name_that_the_user_added_does_not_keep_a_curators_merge_away(
    store: Store, ship: Ship
) -> None:
    put(store, replace(store.node("concept:b"), aliases=("My B",)))
    ship(*_merged_by_curators())
    update(store)
    assert store.resolve("concept:a") == "concept:b"
    assert store.node("concept:b").aliases == ("Concept A", "My B")


def test_the_change_that_only_merged_has_a_number_that_undo_takes(store: Store, ship: Ship) -> None:
    put(store, node("claim:mine"), said("claim:mine", "studies", "concept:a", "Mine."))
    ship(PAPER, replace(B, aliases=("Concept A",)), A, C, B_C)
    first = update(store)
    assert (first.change, first.merges) == (3, None)
    before = store.dump()
    ship(PAPER, replace(B, formerly=("concept:a",), aliases=("Concept A",)), C, B_C)
    done = update(store)
    assert (done.change, done.merges, done.dropped) == (4, 4, 1)
    assert store.history(1)[0].what == "merge what the curators merged"
    store.undo(done.change)
    assert store.dump() == before


def test_a_statement_of_the_users_between_two_that_curators_merged_stays_with_the_node(
    store: Store, ship: Ship
) -> None:
    own = edge(
        "concept:a",
        "causes",
        "concept:b",
        "Mine.",
        evidence=(Evidence("paper:p", "page 3", grade="primary", note="read twice"),),
    )
    put(store, own)
    ship(*_merged_by_curators())
    done = update(store)
    assert store.resolve("concept:a") == "concept:b"
    assert own.evidence[0] in store.node("concept:b").evidence
    assert any("Mine." in one.note for one in store.node("concept:b").evidence)
    assert done.kept == ("concept:b",)
    again = update(store)
    assert (again.change, again.merges) == (None, None)
    store.undo(done.merges or 0)
    assert store.has_edge(own.id)


def test_evidence_that_cites_what_curators_merged_cites_what_remained(
    store: Store, ship: Ship
) -> None:
    cites = replace(store.node("concept:b"), evidence=(Evidence("concept:a", "by itself"),))
    put(store, cites)
    ship(*_merged_by_curators())
    update(store)
    assert [one.node for one in store.node("concept:b").evidence] == ["concept:b"]
    assert update(store).change is None


@pytest.mark.parametrize("why", ["contradicts", "type"])
def test_what_cannot_be_merged_here_stays_apart_and_all_else_follows(
    store: Store, ship: Ship, why: str
) -> None:
    one, other = node("claim:one", "One"), node("claim:other", "Other")
    ship(*FIRST, one, other)
    update(store)
    if why == "contradicts":
        put(store, said(one.id, "contradicts", other.id, "Mine."))
        merged = replace(other, formerly=(one.id,))
    else:
        put(store, said(one.id, "studies", "concept:c", "Mine."))
        merged = node("finding:one", "One", formerly=(one.id,))
    ship(PAPER, A, replace(B, gloss="New."), C, A_B, B_C, merged)
    done = update(store)
    assert store.resolve(one.id) == one.id
    assert one.id in done.kept
    assert store.node("concept:b").gloss == "New."
    assert update(store).change is None


def test_what_curators_merged_leads_on_from_a_node_that_the_user_reworded_too(
    store: Store, ship: Ship
) -> None:
    put(store, replace(store.node("concept:b"), gloss="As I see it."))
    ship(*_merged_by_curators())
    update(store)
    assert store.resolve("concept:a") == "concept:b"
    assert store.node("concept:b").gloss == "As I see it."
    assert update(store).change is None


_EDITS: dict[str, Callable[[Store], Any]] = {
    "rewords a": lambda s: put(s, replace(s.node("concept:a"), gloss="As I see it.")),
    "rewords b": lambda s: put(s, replace(s.node("concept:b"), gloss="As I see it.")),
    "names b": lambda s: put(s, replace(s.node("concept:b"), aliases=("My B",))),
    "b cites a": lambda s: put(s, replace(s.node("concept:b"), evidence=(Evidence("concept:a"),))),
    "rewords a statement": lambda s: put(s, replace(s.edge(A_B.id), gloss="Hardly so.")),
    "joins a to b": lambda s: put(s, said("concept:a", "causes", "concept:b", "Mine.")),
    "joins a to c": lambda s: put(s, said("concept:a", "causes", "concept:c", "Mine.")),
    "has d already": lambda s: put(s, node("concept:d", "My D")),
    "merges a into c": lambda s: s.merge("concept:c", "concept:a", "me"),
    "merges b into a": lambda s: s.merge("concept:a", "concept:b", "me"),
}
_LATER: dict[str, tuple[Any, ...]] = {
    "the same": FIRST,
    "merged": (PAPER, replace(B, formerly=("concept:a",), aliases=("Concept A",)), C, B_C),
    "merged and reworded": (PAPER, replace(B, formerly=("concept:a",), gloss="Better."), C),
    "merged the other way": (PAPER, replace(A, formerly=("concept:b",), status="disputed"), C),
    "merged into a new one": (PAPER, node("concept:d", formerly=("concept:a", "concept:b")), C),
    "of another type": (PAPER, node("claim:a", "Concept A", formerly=("concept:a",)), B, C, B_C),
    "less": (PAPER, B),
    "more": (*FIRST, node("concept:d"), said("concept:d", "causes", "concept:a")),
}


@settings(max_examples=60, deadline=None)
@given(
    edits=st.lists(st.sampled_from(sorted(_EDITS)), max_size=4, unique=True),
    versions=st.lists(st.sampled_from(sorted(_LATER)), min_size=1, max_size=4),
)
def test_following_twice_is_following_once(edits: list[str], versions: list[str]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        shelf = Path(folder) / "library"
        shelf.mkdir()
        patch.setattr(shipped, "files", lambda _: shelf.parent)
        patch.setattr(updating, "now", lambda: "2026-01-01T00:00:00+00:00")
        _ship(shelf, FIRST)
        with open_graph(Path(folder) / "graph.sqlite3") as store:
            for name in edits:
                # An edit of what an earlier one took away is none.
                with suppress(GraphError):
                    _EDITS[name](store)
            former: set[str] = set()
            for version in versions:
                rows = _LATER[version]
                if former & {row.id for row in rows}:
                    # Curators who take a merge back are another matter.
                    continue
                former |= {old for row in rows for old in getattr(row, "formerly", ())}
                _ship(shelf, rows)
                before = store.dump()
                done = update(store)
                after = store.dump()
                again = update(store)
                assert (again.change, again.merges) == (None, None)
                assert store.dump() == after
                assert again.kept == done.kept or done.change is not None
                if done.merges not in (None, done.change):
                    store.undo(done.merges)
                if done.change is not None:
                    store.undo(done.change)
                assert store.dump() == before
                update(store)
                assert store.dump() == after


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


# ---------------------------------------------------------------------- telling


def _told(done: tuple[int, str, str]) -> bool:
    status, out, err = done
    assert status == 0, err
    assert "graph update" not in out
    return "`gyges graph update` follows it" in err


def test_another_curated_graph_is_told_once_a_day_where_people_read_and_always_by_health(
    ship: Ship, tmp_path: Path, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "graph.sqlite3"
    monkeypatch.setenv("LOGNAME", "somebody")
    open_graph(path).close()

    def run(*arguments: str) -> bool:
        return _told(cli("graph", *arguments, "--graph", path))

    show, search = ("show", "concept:a"), ("search", "concept", "--how", "text")
    assert not any(run(*one) for one in (show, search, ("health",)))
    ship(*FIRST, node("concept:d", "Concept D"))
    assert not run("history")
    assert not run("add", "node", "concept", "Mine")
    before = [one.number for one in _history(path)]
    assert run(*show)
    assert not run(*show)
    assert not run(*search)
    assert run("health")
    assert run("health")
    assert [one.number for one in _history(path)] == before
    # The next day, and of the next version.
    monkeypatch.setattr(store_module, "now", lambda: "2199-01-01T00:00:00Z")
    assert run(*search)
    assert not run(*show)
    ship(*FIRST, node("concept:d", "Concept D, renamed"))
    assert run(*show)
    assert not run("update")
    assert not run("health")


def test_where_it_cannot_be_remembered_it_is_not_told(ship: Ship, tmp_path: Path) -> None:
    path = tmp_path / "graph.sqlite3"
    open_graph(path).close()
    ship(*FIRST, node("concept:d", "Concept D"))
    with Store.open(path) as other:
        other.connection.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        with open_graph(path) as store:
            assert not shipped.is_news(store, "2199-01-01")
        # Nobody waits for that.
        assert time.monotonic() - started < 5
        other.connection.execute("ROLLBACK")


def _history(path: Path) -> list[Any]:
    with Store.open(path) as store:
        return store.history()
