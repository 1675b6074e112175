"""``gyges graph``: every command in text and as JSON, its exit status, and errors that are told in a line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph_library import CONCEPT, copied, edge, embeds, graph, made_once, node, quoted, records
from gyges.graph import Decision, Proposal, Store, edit_node
from gyges.graph.store.change import KINDS
from gyges.graph.vocabulary import NODE_TYPES, RELATIONS

Run = Callable[..., tuple[int, str, str]]

NEAR = Proposal.make(about="concept:a", label="A thing", score=0.7, source="page.txt")
A_B = edge("concept:a", "extends", "concept:b", "Adds to it.")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test may touch the user's own graph."""
    home = tmp_path / "home"
    for name in ("HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.delenv("GYGES_GRAPH", raising=False)
    monkeypatch.setenv("LOGNAME", "somebody")
    monkeypatch.setenv("COLUMNS", "100")
    return home


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.sqlite3"
    rows = [
        node("concept:a", "Alpha", gloss="The first letter."),
        node("concept:b", "Beta", gloss="The second letter."),
        node("concept:c", "Gamma"),
        quoted("quote:q", "paper:source", "these are some words"),
        A_B,
        edge("concept:b", "associated_with", "concept:c", evidence=()),
        edge("concept:a", "quotes", "quote:q"),
    ]
    graph(*rows, path=path, proposals=[NEAR]).close()
    return path


@pytest.fixture
def on(cli: Run, file: Path) -> Run:
    """Run a command of ``gyges graph`` on the small graph."""
    return lambda *arguments: cli("graph", *arguments, "--graph", file)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(made_once(tmp_path_factory), tmp_path_factory.mktemp("cli"))


def told(done: tuple[int, str, str]) -> dict[str, Any]:
    status, out, err = done
    assert status == 0, err
    found: dict[str, Any] = json.loads(out)
    assert next(iter(found)) == "schema"
    assert found["schema"] == "gyges.graph/1"
    return found


def refused(done: tuple[int, str, str], *said: str, status: int = 1, lines: int = 1) -> None:
    code, out, err = done
    assert code == status
    assert out == ""
    assert err.startswith("gyges: ")
    assert len(err.splitlines()) <= lines, err
    assert "Traceback" not in err
    for one in said:
        assert one in err


# ---------------------------------------------------------------------- reading


def test_show_prints_the_shape_that_is_promised(cli: Run, whole: Path) -> None:
    page = told(cli("graph", "show", CONCEPT, "--json", "--graph", whole))
    assert {"node", "neighbours", "similar", "findings"} <= page.keys()
    assert page["node"]["id"] == CONCEPT
    assert page["neighbours"]
    for one in page["neighbours"]:
        assert {"id", "type", "label", "edges"} <= one.keys()
        assert isinstance(one["edges"], list)
    for one in page["similar"]:
        assert {"id", "score"} <= one.keys()
    assert all(one["id"].startswith("finding:") for one in page["findings"])


def test_show_prints_the_whole_page_as_text(cli: Run, whole: Path) -> None:
    status, out, _ = cli("graph", "show", CONCEPT, "--full", "--most", "200", "--graph", whole)
    assert status == 0
    page = told(cli("graph", "show", CONCEPT, "--json", "--graph", whole))
    plain = " ".join(out.split())
    assert page["node"]["gloss"] in plain
    for group in page["groups"]:
        assert f"{group['plural'].capitalize()} ({group['nodes']}, {group['edges']} edge" in plain
    for one in (*page["neighbours"], *page["similar"], *page["quotes"]):
        assert f"({one['id']}" in plain, one["id"]
    for one in page["neighbours"]:
        for said in one["edges"]:
            assert said["id"] in plain
    assert "→" in out
    assert "←" in out


def test_show_tells_each_statement_once_in_full(cli: Run, whole: Path) -> None:
    for id_ in (CONCEPT, "claim:few-prompted-models-fake"):
        given = ("graph", "show", id_, "--graph", whole)
        status, out, _ = cli(*given, "--full", "--most", "500")
        assert status == 0
        page = told(cli(*given, "--json"))
        bearing = page["bearing"]
        bears = {one["id"] for one in (*bearing["supports"], *bearing["contradicts"])}
        loose = {one["id"] for near in page["neighbours"] for one in near["edges"]}
        assert bears & loose or id_ == CONCEPT
        for one in bears | loose:
            assert out.count(one) == 1, one
        plain = " ".join(out.split())
        for one in page["findings"]:
            assert one["id"] in plain


def test_show_names_findings_that_are_told_nowhere_else(cli: Run, whole: Path) -> None:
    title = re.compile(r"More findings that bear on what is said of it \((\d+)\)")
    given = ("graph", "show", "claim:few-prompted-models-fake", "--graph", whole)
    page = told(cli(*given, "--json"))
    near = {one["id"] for one in page["neighbours"]}
    left = {}
    for most in ("2", "500"):
        out = cli(*given, "--most", most)[1]
        found = title.search(out)
        left[most] = int(found[1]) if found else 0
        section = out.partition("More findings")[2].partition("\n\n")[0]
        assert not near & set(re.findall(r"finding:[a-z0-9-]+", section))
    assert left["2"] > left["500"]


def test_show_chooses_edges_by_relation_and_by_type(on: Run, cli: Run, whole: Path) -> None:
    status, out, _ = on("show", "concept:b", "--only", "extends")
    assert status == 0
    assert "← extended by: Adds to it. [primary]" in out
    assert "associated with" not in out
    assert "Related by similarity" not in out
    page = told(on("show", "concept:b", "--only", "extends", "--json"))
    assert [one["id"] for one in page["neighbours"]] == ["concept:a"]
    assert page["groups"] == [{"type": "concept", "plural": "concepts", "nodes": 1, "edges": 1}]
    assert page["relations"] == {"extends": 1, "associated_with": 1}
    both = told(on("show", "concept:b", "--only", "extends", "--only", "associated_with", "--json"))
    assert len(both["neighbours"]) == 2
    assert told(on("show", "concept:a", "--type", "quote", "--json"))["groups"][0]["nodes"] == 1
    status, out, err = on("show", "concept:b", "--only", "causes")
    assert (status, out.splitlines()[0]) == (0, "Beta")
    assert "no edge of concept:b is of causes; it has: extends 1, associated_with 1" in err
    err = on("show", "concept:b", "--type", "dataset")[2]
    assert "concept:b has no neighbour of type dataset; its neighbours are: concept 2" in err
    err = on("show", "concept:a", "--only", "extends", "--type", "quote")[2]
    assert (
        "no edge of concept:a to a neighbour of type quote is of extends; it has: extends 1, quotes 1; "
        "its neighbours are: concept 1, quote 1" in " ".join(err.split())
    )
    refused(on("show", "concept:b", "--only", "extend"), "no relation 'extend'", "'extends'")
    refused(on("show", "concept:b", "--type", "concpt"), "no type of node 'concpt'", "'concept'")
    # What is chosen is what the whole page has.
    page = told(cli("graph", "show", CONCEPT, "--graph", whole, "--json"))
    some = told(cli("graph", "show", CONCEPT, "--graph", whole, "--only", "studies", "--json"))
    wanted = {
        said["id"]
        for one in page["neighbours"]
        for said in one["edges"]
        if said["relation"] == "studies"
    }
    assert {said["id"] for one in some["neighbours"] for said in one["edges"]} == wanted
    assert some["node"] == page["node"]


def test_show_prints_one_edge_in_full(on: Run, tmp_path: Path) -> None:
    made = told(
        on("add", "edge", "concept:a", "extends", "concept:c", "--gloss", "Goes on.", "--source",
           "paper:source", "--quote", "these are some words", "--locator", "page 2", "--note", "So it says.",
           "--confidence", "0.5", "--by", "me", "--json")
    )["edge"]["id"]  # fmt: skip
    status, out, _ = on("show", made)
    assert status == 0
    for said in (
        "Alpha (concept:a)",
        "→ extends (builds on it",
        "Gamma (concept:c)",
        "Goes on.",
        f"{made} · curated · confidence 0.50 · by me",
        "1  Source (paper:source), page 2",
        "primary: read in the source itself",
        "So it says.",
        "not checked, for no copy is attached",
        "me  add concept:a extends concept:c",
    ):
        assert said in out
    copy = tmp_path / "copy.txt"
    copy.write_text("And these are some words.", encoding="utf-8")
    assert on("attach", copy, "--to", "paper:source")[0] == 0
    page = told(on("show", made, "--json"))
    assert page["edge"]["subject"]["label"] == "Alpha"
    assert page["edge"]["object"]["id"] == "concept:c"
    assert (page["edge"]["reads"], page["edge"]["direction"]) == ("extends", "out")
    assert page["edge"]["evidence"][0]["passage"]["state"] == "stands"
    assert [entry["by"] for entry in page["changes"]] == ["me"]
    assert page["others"] == []
    refused(on("show", made, "--only", "extends"), "is an edge", "--only")
    refused(on("show", "e:0000"), "no edge 'e:0000'", "gyges graph show NODE")


def test_show_moves_the_threshold(cli: Run, whole: Path) -> None:
    found = [
        len(
            told(cli("graph", "show", CONCEPT, "--threshold", value, "--json", "--graph", whole))[
                "similar"
            ]
        )
        for value in ("0.5", "0.65", "1")
    ]
    assert found[0] >= found[1] >= found[2] == 0
    refused(cli("graph", "show", CONCEPT, "--threshold", "2", "--graph", whole), "0<=x<=1")


def test_health_prints_the_shape_that_is_promised(cli: Run, whole: Path) -> None:
    health = told(cli("graph", "health", "--json", "--graph", whole))
    assert health["nodes"] == len(records("nodes.jsonl"))
    assert health["edges"] == len(records("edges.jsonl"))
    assert set(health["by_type"]) == set(NODE_TYPES)
    assert set(health["by_relation"]) <= set(RELATIONS)
    assert health["edges_without_evidence"] == 0
    assert health["orphans"] == 0


def test_health_as_text_names_what_is_wrong(on: Run) -> None:
    status, out, _ = on("health")
    assert status == 0
    assert "5 nodes, 3 edges" in out
    assert "associated_with, the last resort: 1 (33.3%) — more than 15%" in out
    assert "edges without evidence: 1" in out
    assert "in the queue: 1 proposals" in out


def test_search_as_text_and_json(on: Run) -> None:
    status, out, _ = on("search", "alpha", "--how", "label")
    assert (status, out) == (0, "Alpha (concept:a) · 2 edges · label\n")
    found = told(on("search", "letter", "--how", "text", "--type", "concept", "--json"))
    assert {hit["id"] for hit in found["hits"]} == {"concept:a", "concept:b"}
    assert {"id", "type", "label", "gloss", "edges", "how", "score"} <= found["hits"][0].keys()
    status, out, err = on("search", "zebra", "--how", "label")
    assert (status, out) == (0, "")
    assert "nothing is found for 'zebra'" in err


@embeds
def test_search_by_meaning_has_its_score(on: Run) -> None:
    found = told(on("search", "the initial letter of the alphabet", "--how", "semantic", "--json"))
    assert found["hits"][0]["id"] == "concept:a"
    assert found["hits"][0]["score"] > 0.3


def test_path_as_text_and_json(on: Run) -> None:
    status, out, _ = on("path", "concept:b", "quote:q", "--full")
    assert status == 0
    assert "← extended by: Adds to it. [primary]" in out
    found = told(on("path", "concept:b", "quote:q", "--json"))
    assert found["found"]
    assert [step["to"] for step in found["steps"]] == ["concept:a", "quote:q"]
    nothing = told(on("path", "concept:a", "concept:c", "--json"))
    assert (nothing["found"], nothing["steps"]) == (False, [])
    status, out, err = on("path", "concept:a", "concept:c")
    assert (status, out) == (0, "")
    assert "--loose and --bare" in err
    loose = told(on("path", "concept:a", "concept:c", "--loose", "--bare", "--json"))
    assert len(loose["steps"]) == 2


# ---------------------------------------------------------------------- changing


def test_add_a_node_and_an_edge(on: Run, file: Path) -> None:
    status, out, _ = on(
        "add", "node", "claim", "Small models do not", "--source", "paper:source", "--by", "me"
    )
    assert (status, out) == (0, "claim:small-models-do-not\n")
    found = told(
        on("add", "node", "concept", "Delta", "--gloss", "Fourth.", "--alias", "D", "--json")
    )
    assert found["node"]["aliases"] == ["D"]
    made = told(
        on("add", "edge", "claim:small-models-do-not", "studies", "concept:a", "--gloss", "Says so.",
           "--source", "paper:source", "--quote", "some words", "--confidence", "0.5", "--by", "me", "--json")
    )  # fmt: skip
    assert made["new"]
    assert made["edge"]["evidence"][0]["passage"]["words"] == 2
    status, out, err = on("add", "edge", "concept:delta", "extends", "concept:a")
    assert status == 0
    assert "without evidence" in err
    with Store.open(file) as store:
        assert store.edge(made["edge"]["id"]).by == "me"
        assert store.edge(out.strip()).by == "somebody"


def test_what_cannot_be_added_is_refused_with_what_can(on: Run) -> None:
    refused(on("add", "node", "concpt", "X"), "concpt", "'concept'")
    refused(on("add", "node", "concept", "Alpha", "--id", "concept:a"), "is there already", "--id")
    refused(on("add", "node", "concept", "X", "--quote", "words"), "--source ID")
    refused(
        on("add", "node", "concept", "X", "--source", "paper:zzz"), "paper:zzz", "does not hold"
    )
    refused(on("add", "node", "concept", "X", "--url", "javascript:alert(1)"), "https://", lines=2)
    refused(on("add", "node", "concept", "X", "--date", "yesterday"), "2024-12")
    empty = ("--source is empty", "gyges graph search")
    refused(on("add", "node", "concept", "X", "--source", ""), *empty)
    refused(on("add", "edge", "concept:a", "extends", "concept:c", "--source", " "), *empty)
    refused(
        on("add", "node", "concept", "X", "--source", "paper:zzz"),
        "gyges graph search",
        "gyges graph add node",
    )
    refused(on("add", "edge", "concept:a", "extend", "concept:b"), "'extends'")
    refused(
        on("add", "edge", "concept:a", "authored_by", "concept:b"),
        "'authored_by' cannot run from a concept to a concept",
        "allowed here: ",
        "extends",
    )
    refused(on("add", "edge", "concept:a", "extends", "concept:a"), "joins two nodes")
    refused(on("add", "edge", "concept:a", "extends", "concept:zzz"), "no node 'concept:zzz'")


def test_an_id_of_another_type_is_refused_with_the_id_that_it_takes(on: Run) -> None:
    refused(
        on("add", "node", "claim", "With id", "--id", "paper:foo"),
        "begins with the type 'paper'",
        "the node is of type 'claim'",
        "it takes claim:with-id",
        "--id claim:foo",
    )
    refused(on("add", "node", "claim", "With id", "--id", "foo"), "no type", "--id claim:foo")
    refused(on("add", "node", "clam", "With id", "--id", "clam:foo"), "'clam'", "'claim'")
    refused(on("show", "paper:foo"), "no node")
    status, out, _ = on("add", "node", "claim", "With id", "--id", "claim:foo")
    assert (status, out) == (0, "claim:foo\n")


def test_a_label_without_words_is_refused_without_an_id(on: Run) -> None:
    for label in ("", " "):
        done = on("add", "node", "claim", label)
        refused(done, "the LABEL of the claim is empty")
        assert "claim:" not in done[2]


def test_add_tells_the_change_and_what_stood_so_already(on: Run) -> None:
    status, out, err = on("add", "node", "claim", "New")
    assert (status, out) == (0, "claim:new\n")
    assert err.startswith("change 2; `gyges graph history 2` shows it")
    given = ("add", "edge", "claim:new", "studies", "concept:a", "--source", "paper:source")
    status, out, err = on(*given)
    assert "change 3; " in err
    assert on(*given) == (0, out, "it stood so already: nothing was changed\n")
    done = told(on(*given, "--json"))
    assert (done["new"], done["change"]) == (False, None)
    # Without its evidence, the statement that rests on some is still the same.
    assert "without evidence" not in on(*given[:5])[2]
    # What was corrected stands under the id that it had.
    on("edit", out.strip(), "--gloss", "Asks.")
    status, again, err = on(*given[:5], "--gloss", "Asks.", "--note", "x", *given[5:])
    assert (status, again) == (0, out)
    assert "change 5; " in err


@pytest.mark.parametrize(
    ("option", "given", "kept"),
    [
        ("arxiv", "2412.14093", "2412.14093"),
        ("arxiv", "2412.14093v2", "2412.14093"),
        ("arxiv", "0704.0001", "0704.0001"),
        ("arxiv", "hep-th/9901001", "hep-th/9901001"),
        ("arxiv", "math.GT/0309136", "math.gt/0309136"),
        ("arxiv", "arXiv:2412.14093", "2412.14093"),
        ("arxiv", " arXiv: hep-th/9901001v1", "hep-th/9901001"),
        ("arxiv", "https://arxiv.org/abs/2412.14093v2", "2412.14093"),
        ("arxiv", "arxiv.org/abs/2412.14093", "2412.14093"),
        ("doi", "10.1000/182", "10.1000/182"),
        ("doi", "10.1000/ABC.1", "10.1000/abc.1"),
        ("doi", "doi: 10.1000/182", "10.1000/182"),
        ("doi", "https://doi.org/10.1000/182", "10.1000/182"),
        ("doi", "http://dx.doi.org/10.1000/182", "10.1000/182"),
        ("doi", "10.1000/a(b)", "10.1000/a(b)"),
    ],
)
def test_an_identifier_is_kept_plain(on: Run, option: str, given: str, kept: str) -> None:
    made = told(on("add", "node", "paper", "A paper", f"--{option}", given, "--json"))["node"]
    assert made["identifiers"] == {option: kept}
    again = told(on("edit", made["id"], "--identifier", f"{option}={given}", "--json"))
    assert again["change"] is None


@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("arxiv", "hello"),
        ("arxiv", "2605.0111"),
        ("arxiv", "2413.14093"),
        ("arxiv", "see 2412.14093"),
        ("arxiv", "https://example.org/abs/2412.14093"),
        ("doi", "nonsense"),
        ("doi", "10.1/x"),
        ("doi", "10.1000/"),
        ("doi", "see 10.1000/182"),
        ("doi", "10.1000/182 and more"),
        ("doi", "https://example.org/10.1000/182"),
    ],
)
def test_what_is_no_identifier_is_refused(on: Run, option: str, given: str) -> None:
    said = (f"--{option} {given!r} is no", "2412.14093" if option == "arxiv" else "10.1000/182")
    refused(on("add", "node", "paper", "A paper", f"--{option}", given), *said)
    refused(on("edit", "paper:source", f"--{option}", given), *said)
    refused(on("edit", "paper:source", "--identifier", f"{option}={given}"), *said)


def test_a_quote_is_looked_up_in_the_copy_that_is_attached(on: Run, tmp_path: Path) -> None:
    rests = ("--source", "paper:source", "--quote")
    add = ("add", "edge", "concept:a", "extends", "concept:c", *rests)
    # No copy is attached, so nothing is said of it.
    assert "quote" not in on("add", "node", "claim", "First", *rests, "some wrong words")[2]
    copy = tmp_path / "copy.txt"
    copy.write_text("And these are some words.", encoding="utf-8")
    assert on("attach", copy, "--to", "paper:source")[0] == 0
    status, out, err = on(*add, "are some words")
    assert status == 0
    assert "the quote stands in copy.txt" in err
    made = out.strip()
    status, out, err = on(*add, "some other words")
    assert (status, out) == (0, f"{made}\n")
    assert "not found in copy.txt: 'some other words'; look at it again" in err
    assert f"gyges graph edit {made} --evidence 2 --quote TEXT" in err
    status, out, err = on("edit", made, "--evidence", "2", "--quote", "many words")
    assert status == 0
    assert f"'many words'; look at it again, or gyges graph edit {made} --evidence 2" in err
    assert "the quote stands" not in err
    assert "stands in copy.txt" in on("edit", made, "--evidence", "2", "--quote", "some words")[2]
    # Only what was given is looked up.
    assert "copy.txt" not in on("edit", made, "--confidence", "0.5")[2]
    status, _, err = on("add", "node", "claim", "Second", *rests, "no such words", "--json")
    assert status == 0
    assert "gyges graph edit claim:second --evidence 1 --quote TEXT" in err


def test_merge_history_and_undo(on: Run, file: Path) -> None:
    with Store.open(file) as store:
        before = store.dump()
    status, out, _ = on("merge", "concept:a", "concept:b", "--by", "me")
    assert (status, out) == (0, "merge concept:b into concept:a (change 2)\n")
    changes = told(on("history", "--json"))["changes"]
    assert [(one["number"], one["by"], one["undone"]) for one in changes] == [
        (2, "me", False),
        (1, "tests", False),
    ]
    status, out, _ = on("history", "-n", "1")
    assert "merge concept:b into concept:a" in out
    assert told(on("undo", "--json"))["undone"] == 2
    status, out, _ = on("history")
    assert "(undone)" in out
    with Store.open(file) as store:
        assert store.dump() == before
    status, out, _ = on("undo", "3")
    assert (status, out) == (0, "undone: change 3, undo change 2\n")
    assert told(on("show", "concept:b", "--json"))["node"]["id"] == "concept:a"
    merged = told(on("merge", "concept:a", "concept:c", "--json"))
    assert merged["node"]["formerly"] == ["concept:b", "concept:c"]


def test_what_cannot_be_merged_or_undone_is_refused(on: Run) -> None:
    refused(on("merge", "concept:a", "quote:q"), "nodes of different types are not the same")
    refused(on("merge", "concept:a", "concept:a"), "itself")
    refused(on("merge", "concept:a", "concept:bb"), "did you mean", "concept:b")
    refused(on("undo", "99"), "no change 99", "gyges graph history")
    assert on("undo")[0] == 0
    refused(on("undo"), "nothing to undo")


def test_attach_tells_of_every_passage(on: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy.txt"
    copy.write_text("And these are some words.", encoding="utf-8")
    status, out, _ = on("attach", copy)
    assert status == 0
    assert "attached copy.txt to paper:source" in out
    assert "1 of 1 quoted passages stand in it" in out
    assert told(on("attach", copy, "--json"))["passages"][0]["text"] == "these are some words."
    (quote,) = told(on("show", "quote:q", "--json"))["quotes"]
    assert quote["state"] == "stands"
    other = tmp_path / "other.txt"
    other.write_text("Nothing of the kind.", encoding="utf-8")
    refused(on("attach", other), "no quoted passage stands in", "--to ID")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    refused(on("attach", tmp_path / "binary"), "no text in UTF-8", "pdftotext")
    (tmp_path / "empty").write_text("", encoding="utf-8")
    refused(on("attach", tmp_path / "empty", "--to", "paper:source"), "holds no text")
    refused(on("attach", tmp_path / "nothing"), "does not exist")


@pytest.mark.parametrize("name", ["out.jsonl", "out.graphml", "out.jsonld"])
def test_export_and_import_give_the_same_graph(
    name: str, on: Run, cli: Run, tmp_path: Path
) -> None:
    target = tmp_path / name
    status, out, _ = on("export", target)
    assert (status, out) == (0, f"{target}: 5 nodes, 3 edges\n")
    done = told(on("import", target, "--json"))
    assert (done["new_nodes"], done["new_edges"], done["changed"]) == (0, 0, 0)
    assert told(on("export", tmp_path / "then.jsonl", "--at", "1", "--json"))["edges"] == 3


def test_import_says_what_came_in_and_how_to_take_it_back(on: Run, tmp_path: Path) -> None:
    given = tmp_path / "more.jsonl"
    given.write_text('{"node": {"id": "claim:x", "label": "X"}}\n', encoding="utf-8")
    status, out, err = on("import", given)
    assert status == 0, err
    assert out.startswith("nodes new: 1; edges new: 0;")
    assert "gyges graph undo 2" in err


def test_a_bad_file_is_refused_with_the_line_and_changes_nothing(
    on: Run, file: Path, tmp_path: Path
) -> None:
    with Store.open(file) as store:
        before = store.dump()
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "claim:x", "label": ""}\n{"id": \n', encoding="utf-8")
    refused(on("import", bad), "bad.jsonl:1", lines=8)
    refused(on("import", tmp_path / "none.jsonl"), "does not exist")
    (tmp_path / "what.xyz").write_text("x", encoding="utf-8")
    refused(on("import", tmp_path / "what.xyz"), "xyz", lines=3)
    refused(on("export", tmp_path / "what.xyz"), "xyz", lines=3)
    refused(on("export", tmp_path / "x.jsonl", "--at", "99"), "no change 99")
    refused(on("export", tmp_path / "what.xyz" / "x.jsonl"), "x.jsonl", lines=2)
    with Store.open(file) as store:
        assert store.dump() == before


def test_edit_corrects_and_remove_takes_out(on: Run, file: Path) -> None:
    status, out, _ = on("edit", "concept:a", "--label", "Aleph", "--alias", "Alpha", "--by", "me")
    assert (status, out) == (0, "concept:a\n")
    edited = told(on("edit", A_B.id, "--gloss", "Is wider.", "--confidence", "0.5", "--json"))
    assert edited["edge"]["gloss"] == "Is wider."
    assert on("search", "alpha", "--how", "alias")[1].startswith("Aleph (concept:a)")
    refused(on("edit", "concept:a"), "nothing to change")
    refused(on("edit", "concept:a", "--relation", "extends"), "has no --relation")
    refused(on("edit", "concept:zzz", "--gloss", "x"), "no node 'concept:zzz'")
    refused(on("edit", edited["edge"]["id"], "--relation", "authored_by"), "cannot run", "extends")
    with Store.open(file) as store:
        before = store.dump()
    assert on("remove", "concept:b")[0] == 0
    refused(on("show", "concept:b"), "no node 'concept:b'")
    refused(on("remove", "e:0000"), "no edge 'e:0000'")
    refused(on("remove", "paper:source"), "paper:source", "1 edge and 1 node cite it", "e:")
    assert on("undo")[0] == 0
    with Store.open(file) as store:
        assert store.dump() == before


def test_edit_sets_and_clears_identifiers_and_dates(on: Run) -> None:
    given = ("--date", "2024-12", "--arxiv", "2412.14093", "--identifier", "openreview=x=1")
    made = told(on("add", "node", "paper", "A paper", *given, "--json"))["node"]
    assert made["dates"] == {"published": "2024-12"}
    assert made["identifiers"] == {"arxiv": "2412.14093", "openreview": "x=1"}
    assert made["status"] == "active"
    paper = made["id"]
    done = told(
        on("edit", paper, "--date", "updated=2025-01-31", "--doi", "10.1000/x", "--arxiv", "", "--url",
           "https://example.org/a", "--gloss", "What it is.", "--json")
    )  # fmt: skip
    assert done["node"]["dates"] == {"published": "2024-12", "updated": "2025-01-31"}
    assert done["node"]["identifiers"] == {
        "doi": "10.1000/x",
        "openreview": "x=1",
        "url": "https://example.org/a",
    }
    assert done["change"] == 3
    done = told(on("edit", paper, "--date", "", "--date", "updated=", "--gloss", "", "--json"))
    assert not {"dates", "gloss"} & done["node"].keys()
    # What stands so already is no change.
    assert told(on("edit", paper, "--doi", "10.1000/x", "--json"))["change"] is None
    assert "nothing was changed" in on("edit", paper, "--doi", "10.1000/x")[2]
    refused(on("edit", paper, "--arxiv", ""), "no identifier 'arxiv'", "doi, openreview, url")
    refused(on("edit", paper, "--date", "updatd=2024"), "did you mean 'updated'")
    refused(on("edit", paper, "--date", "soon"), "2024-12-20")
    refused(on("edit", paper, "--identifier", "abc"), "NAME=VALUE")
    refused(on("edit", paper, "--no-alias", "Nobody"), "no other name 'Nobody'")
    refused(on("edit", A_B.id, "--doi", "10.1/x", "--date", "2024"), "no --doi", "no --date")


def test_edit_corrects_drops_and_adds_evidence(on: Run) -> None:
    def pieces() -> list[tuple[str, str]]:
        edge = told(on("show", A_B.id, "--json"))["edge"]
        return [(one["locator"], one["grade"]) for one in edge["evidence"]]

    assert pieces() == [("page 1", "primary")]
    status, out, err = on(
        "edit", A_B.id, "--source", "paper:source", "--locator", "page 2", "--grade", "abstract"
    )
    assert (status, out) == (0, f"{A_B.id}\n")
    assert "`gyges graph history 2` shows it" in err
    assert pieces() == [("page 1", "primary"), ("page 2", "abstract")]
    assert (
        on("edit", A_B.id, "--evidence", "2", "--locator", "page 3", "--grade", "primary")[0] == 0
    )
    assert pieces() == [("page 1", "primary"), ("page 3", "primary")]
    assert on("edit", A_B.id, "--evidence", "2", "--locator", "")[0] == 0
    assert on("edit", A_B.id, "--drop-evidence", "1")[0] == 0
    assert pieces() == [("", "primary")]
    status, _, err = on("edit", A_B.id, "--drop-evidence", "1")
    assert status == 0
    assert "without evidence" in err
    assert "Evidence: none" in on("show", A_B.id)[1]
    # Also of a node.
    done = told(on("edit", "quote:q", "--evidence", "1", "--locator", "section 9", "--json"))
    assert done["node"]["evidence"][0]["locator"] == "section 9"
    assert done["node"]["evidence"][0]["passage"]["words"] == 4
    refused(on("edit", A_B.id, "--drop-evidence", "1"), "no pieces of evidence", "gyges graph show")
    refused(on("edit", "quote:q", "--evidence", "1"), "nothing to correct", "--drop-evidence 1")
    refused(
        on("edit", "quote:q", "--evidence", "1", "--source", "paper:zzz"), "paper:zzz", "not hold"
    )
    refused(on("edit", "quote:q", "--evidence", "0", "--note", "x"), "0")
    refused(on("edit", A_B.id, "--grade", "primary"), "--grade says", "--source ID")
    refused(
        on("edit", "quote:q", "--grade", "primary", "--note", "x"),
        "--grade and --note say something of a source",
        "--evidence N corrects a piece that is there",
        "gyges graph show quote:q",
    )
    # A piece without a source is no evidence, so none is made.
    for given in ([A_B.id], ["quote:q", "--evidence", "1"]):
        refused(on("edit", *given, "--source", ""), "--source is empty", "gyges graph search")


def test_edit_keeps_what_another_process_changes_meanwhile(
    on: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = Store.change
    others = ["Aleph"]

    def later(store: Store, *given: Any, **named: Any) -> Any:
        if others:
            with Store.open(file) as other:
                edit_node(other, "concept:a", {"aliases": [others.pop()]}, by="other")
        return change(store, *given, **named)

    monkeypatch.setattr(Store, "change", later)
    done = told(on("edit", "concept:a", "--alias", "A", "--status", "disputed", "--json"))
    assert done["node"]["aliases"] == ["Aleph", "A"]
    assert done["node"]["status"] == "disputed"


def test_history_shows_a_change_in_full(on: Run) -> None:
    on("edit", "concept:a", "--label", "Aleph", "--alias", "A", "--by", "me")
    status, out, err = on("history", "2")
    assert status == 0
    assert ", by me: edit concept:a, 1 row" in out.splitlines()[0]
    assert out.splitlines()[1:] == [
        "changed (1 node)",
        "  ~ Aleph (concept:a)",
        '      label: "Alpha" -> "Aleph"',
        '      aliases: + "A"',
    ]
    assert "`gyges graph undo 2` takes it back" in err
    found = told(on("history", "2", "--json"))
    assert (found["change"]["number"], found["change"]["by"]) == (2, "me")
    (row,) = found["rows"]["changed"]
    assert row["fields"]["label"] == {"before": "Alpha", "after": "Aleph"}
    assert (row["before"]["label"], row["after"]["aliases"]) == ("Alpha", ["A"])
    on("remove", "concept:c")
    status, out, _ = on("history", "3")
    assert "removed (1 edge, 1 node)" in out
    assert "Beta (concept:b) associated with Gamma (concept:c)" in " ".join(out.split())
    # What is gone keeps the label that it had.
    on("edit", A_B.id, "--source", "paper:source", "--locator", "p. 9", "--quote", "a b")
    assert "evidence 2: + Source (paper:source), p. 9, primary — “a b”" in on("history", "4")[1]
    on("edit", A_B.id, "--evidence", "2", "--grade", "derived")
    assert 'evidence 2, grade: "primary" -> "derived"' in on("history", "5")[1]
    on("undo")
    assert "(undone)" in on("history", "5")[1].splitlines()[0]
    assert on("history", "5")[2] == ""
    assert "brings back" in on("history", "6")[2]


def test_history_tells_a_row_of_every_kind(on: Run, file: Path) -> None:
    source = {"name": "copy.txt", "sha256": "0" * 64}
    shipped = {"label": "Alfa", "gloss": "As it shipped.", "aliases": ["A"]}
    # A record of what shipped may hold a part of the row alone.
    told_ = {"gloss": "Adds to it.", "evidence": [{"node": "paper:source", "grade": "primary"}]}
    with Store.open(file) as store:
        with store.change("all kinds") as change:
            change.put_node(replace(store.node("concept:c"), gloss="The third letter."))
            change.put_edge(edge("concept:c", "extends", "concept:a", "And this."))
            change.put_decision(
                Decision("concept:a|concept:c", "later", "me", "2025-01-01T00:00:00Z")
            )
            change.put_proposal(Proposal.make(about="concept:b", label="Other", source="x.txt"))
            change.put_source("paper:source", source, "these are some words")
            change.restore("shipped", "concept:a", json.dumps(shipped))
            change.restore("shipped", A_B.id, json.dumps(told_))
        with store.change("shipped otherwise") as change:
            change.restore("shipped", "concept:a", json.dumps({**shipped, "label": "Alpha"}))
            change.restore("shipped", A_B.id, None)
        assert {one.kind for one in store.effects(2)} == set(KINDS)
    status, out, _ = on("history", "2")
    assert status == 0
    plain = " ".join(out.split())
    assert "added (1 edge, 1 decision, 1 proposal, 1 source, 2 records of what shipped)" in plain
    assert "+ copy copy.txt of Source (paper:source)" in plain
    assert (
        "+ what shipped of Alpha (concept:a) label: Alfa aliases: A gloss: As it shipped." in plain
    )
    assert f"+ what shipped of {A_B.id} Alpha (concept:a) extends Beta (concept:b)" in plain
    assert "gloss: Adds to it. evidence 1: Source (paper:source), primary" in plain
    plain = " ".join(on("history", "3")[1].split())
    assert (
        'changed (1 record of what shipped) ~ what shipped of Alpha (concept:a) label: "Alfa" -> "Alpha"'
        in plain
    )
    assert "removed (1 record of what shipped)" in plain
    rows_ = told(on("history", "2", "--json"))["rows"]
    assert {row["kind"] for did in rows_.values() for row in did} == set(KINDS)


def test_history_of_an_import_limits_its_rows_when_asked(on: Run, file: Path) -> None:
    status, out, _ = on("history", "1")
    assert status == 0
    assert out.splitlines()[1] == "added (5 nodes, 3 edges, 1 proposal)"
    assert "+ Alpha (concept:a)" in out
    assert "gloss: The first letter." in out
    assert f"+ proposal {NEAR.id}: Alpha (concept:a) ≈ A thing" in out
    status, out, _ = on("history", "1", "-n", "2")
    assert "and 7 more: -n 9" in out
    assert "Gamma" not in out
    refused(on("history", "99"), "no change 99", "1 to 1", "gyges graph history")
    refused(on("history", "0"), "no change 0")
    refused(on("history", "two"), "'two'")
    many = "9" * 20
    for given in (
        ["history", many],
        ["undo", many],
        ["export", file.parent / "x.jsonl", "--at", many],
    ):
        refused(on(*given), f"no change {many}")
    refused(on("history", "-n", many), many, "range")
    refused(on("history", "1", "-n", many), many, "range")
    refused(on("show", "concept:a", "--most", many), many, "range")
    refused(on("health", "--days", many), many, "range")
    refused(on("review", "-n", many), many, "range")
    refused(on("review", "--since", many), f"'{many}' is no change")
    on("review", NEAR.id, "--not-same")
    assert f"decision on {NEAR.id}" in on("history", "2")[1]


def test_a_dry_import_says_what_it_would_do_and_writes_nothing(
    on: Run, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "more.jsonl"
    rows = [
        {"id": "claim:x", "label": "X", "gloss": "New."},
        {"id": "concept:alpha", "label": "alpha", "gloss": "Not taken.", "aliases": ["First"]},
        {"id": "concept:c", "label": "Gamma", "gloss": "The third letter."},
        {"id": "concept:b", "label": "Beta"},
        {"subject": "claim:x", "relation": "studies", "object": "concept:alpha"},
    ]
    given.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    before = file.read_bytes()
    status, out, err = on("import", given, "--match", "--dry-run")
    assert status == 0, err
    plain = " ".join(out.split())
    assert out.splitlines()[0] == (
        "a dry run: nodes new: 1; edges new: 1; changed: 2; as they were: 1; proposals: 0"
    )
    assert "+ X (claim:x)" in plain
    assert "X (claim:x) studies Alpha (concept:a)" in plain
    assert '~ Gamma (concept:c) gloss: (none) -> "The third letter."' in plain
    assert '~ Alpha (concept:a) aliases: + "First"' in plain
    assert "concept:alpha 'alpha' is taken for concept:a (same name)" in plain
    assert "nothing was written" in err
    found = told(on("import", given, "--match", "--dry-run", "--json"))
    assert found["dry_run"] is True
    assert found["change"] is None
    assert [row["id"] for row in found["rows"]["added"][:1]] == ["claim:x"]
    assert {row["id"] for row in found["rows"]["changed"]} == {"concept:a", "concept:c"}
    assert {"id": "concept:alpha", "label": "alpha", "known": "concept:a"} in found["known"]
    assert len(found["known"]) == 3
    assert file.read_bytes() == before
    assert len(told(on("history", "--json"))["changes"]) == 1
    # The import itself does just that.
    done = told(on("import", given, "--match", "--json"))
    names = ("new_nodes", "new_edges", "changed", "same", "proposals", "notes")
    assert {name: done[name] for name in names} == {name: found[name] for name in names}
    rows_ = told(on("history", "2", "--json"))["rows"]
    assert rows_ == found["rows"]
    # Whoever reads it page by page keeps nobody from writing meanwhile.
    writable = []

    def written(*_: Any, **__: Any) -> None:
        with Store.open(file) as other:
            other.connection.execute("PRAGMA busy_timeout = 0")
            with other.change("while it is read"):
                writable.append(True)

    with monkeypatch.context() as patched:
        patched.setattr("click.echo", written)
        assert on("import", given, "--match", "--dry-run")[0] == 0
        assert on("import", given, "--match", "--dry-run", "--json")[0] == 0
    assert len(writable) == 3
    again = on("import", given, "--match", "--dry-run")[1]
    assert again.splitlines()[0].startswith("a dry run: nodes new: 0; edges new: 0; changed: 0;")
    replaced = told(on("import", given, "--replace", "--dry-run", "--no-match", "--json"))
    assert "concept:b" in {row["id"] for row in replaced["rows"]["changed"]}


def test_a_dry_import_makes_no_graph(cli: Run, tmp_path: Path) -> None:
    given, wanted = tmp_path / "more.jsonl", tmp_path / "mine" / "g.sqlite3"
    row = {"subject": "claim:x", "relation": "studies", "object": CONCEPT}
    given.write_text(f'{{"id": "claim:x", "label": "X"}}\n{json.dumps(row)}\n', encoding="utf-8")
    status, out, err = cli("graph", "import", given, "--dry-run", "--graph", wanted)
    assert status == 0, err
    assert out.startswith("a dry run: nodes new: 1; edges new: 1; changed: 0;")
    assert f"there is no graph at {wanted} yet" in " ".join(err.split())
    assert "curated graph" in err
    assert not wanted.parent.exists()


def test_a_dry_import_refuses_what_the_import_would(on: Run, file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "claim:x", "label": ""}\n', encoding="utf-8")
    refused(on("import", bad, "--dry-run"), "bad.jsonl:1", lines=8)
    bad.write_text(
        '{"id": "claim:x", "label": "X", "evidence": [{"node": "paper:none"}]}\n', encoding="utf-8"
    )
    refused(on("import", bad, "--dry-run"), "paper:none", "does not hold")
    with Store.open(file) as store:
        assert not store.has("claim:x")
        assert len(store.history()) == 1


# ---------------------------------------------------------------------- review


def test_review_lists_what_waits(on: Run) -> None:
    status, out, _ = on("review", "--threshold", "1")
    assert status == 0
    assert NEAR.id in out
    found = told(on("review", "--threshold", "1", "--json"))
    (one,) = found["candidates"]
    assert {"key", "kind", "one", "other", "score", "relations", "proposal"} <= one.keys()
    assert found["similarity"]["threshold"] == 1
    assert (
        told(on("review", "--threshold", "1", "--about", "concept:c", "--json"))["candidates"] == []
    )


def test_review_decides_and_remembers(on: Run, file: Path) -> None:
    # It is shown second, so its edge runs to the first only when it is turned round.
    chosen = ("--edge", "measures", "--reverse", "--type", "method", "--by", "me")
    status, out, _ = on("review", NEAR.id, *chosen)
    assert status == 0
    assert "method:a-thing measures concept:a" in out
    assert "nothing waits" in on("review", "--threshold", "1")[1]
    done = told(on("review", "concept:a", "concept:c", "--not-same", "--json"))
    assert done["change"] == 3
    assert on("review", "concept:a|concept:b", "--later")[0] == 0
    assert (
        on("review", "concept:c", "concept:a", "--edge", "extends", "--gloss", "So.", "--reverse")[
            0
        ]
        == 0
    )
    assert on("review", "concept:a", "concept:c", "--merge", "concept:c")[0] == 0
    with Store.open(file) as store:
        assert store.resolve("concept:a") == "concept:c"
        assert {one.verdict for one in store.decisions()} >= {"edge", "merge"}


def test_review_refuses_what_makes_no_sense(on: Run) -> None:
    refused(on("review", "concept:a", "concept:b"), "choose one decision")
    refused(on("review", "concept:a", "concept:b", "--later", "--not-same"), "choose one decision")
    refused(on("review", "a", "b", "c", "--later"), "name one key, or two ids")
    refused(on("review", "p:0", "--later"), "nothing waits under 'p:0'")
    refused(on("review", "concept:a", "concept:b", "--accept"), "choose what joins the two")
    refused(on("review", "concept:a", "concept:b", "--edge", "extend"), "extend")
    refused(on("review", "concept:a", "concept:b", "--merge", "concept:c"), "names one of the two")
    refused(on("review", NEAR.id, "--merge", "concept:a"), "is a proposal")
    refused(
        on("review", NEAR.id, "--edge", "measures"),
        "of which type",
        "choose one",
    )
    refused(on("review", "concept:a", "concept:a", "--not-same"), "one node")
    pair = ("concept:a", "concept:c")
    refused(on("review", *pair, "--edge", "extends", "--source", ""), "--source is empty")
    refused(on("review", *pair, "--edge", "extends", "--type", "claim"), "--type", "is a pair")


def test_review_refuses_options_that_it_would_pass_over(on: Run, file: Path) -> None:
    pair = ("review", "concept:a", "concept:c")
    refused(
        on(*pair, "--not-same", "--source", "paper:source", "--gloss", "So."),
        "--not-same takes no --gloss and no --source",
    )
    refused(on(*pair, "--later", "--quote", "some words"), "--later takes no --quote")
    refused(on(*pair, "--merge", "concept:a", "--note", "Why."), "--merge takes no --note")
    refused(on("review", NEAR.id, "--is", "concept:c", "--type", "claim"), "--is takes no --type")
    refused(on(*pair, "--not-same", "--since", "1"), "--since", "chooses what is listed", "key")
    refused(on(*pair, "--later", "--about", "concept:a", "-n", "3"), "--about and -n", "choose")
    refused(on("review", "--not-same"), "--not-same", "name its key")
    refused(on("review", "--later", "--note", "x"), "--note", "name its key")
    with Store.open(file) as store:
        assert len(store.history()) == 1
    assert on(*pair, "--later", "--note", "Not now.")[0] == 0
    assert on("review", "--later", "--about", "concept:a", "--since", "1", "-n", "3")[0] == 0


# ---------------------------------------------------------------------- where the graph is


def test_the_first_command_makes_the_users_graph(
    cli: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = tmp_path / "mine" / "graph.sqlite3"
    monkeypatch.setenv("GYGES_GRAPH", str(wanted))
    status, out, err = cli("graph", "history")
    assert status == 0
    assert f"made {wanted} from the curated graph" in err
    assert "take in the curated graph" in out
    assert wanted.is_file()
    status, out, err = cli("graph", "update")
    assert (status, out) == (0, "0 added, 0 replaced, 0 dropped, 0 kept as you have them\n")
    assert told(cli("graph", "update", "--json"))["change"] is None
    # What --graph says goes before what the variable says.
    assert told(cli("graph", "history", "--json", "--graph", tmp_path / "other.sqlite3"))
    assert (tmp_path / "other.sqlite3").is_file()
    assert not home.exists()


def test_a_file_that_is_no_graph_or_cannot_be_made_is_named(cli: Run, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, however long this line of text may be", encoding="utf-8")
    refused(cli("graph", "health", "--graph", text), "notes.txt is no graph", "--graph")
    refused(
        cli("graph", "health", "--graph", text / "x.sqlite3"),
        "cannot be made",
    )
    refused(cli("graph", "health", "--graph", tmp_path), "directory")
    assert text.read_text(encoding="utf-8").startswith("not a database")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_graph_that_may_only_be_read_says_so(on: Run, file: Path) -> None:
    file.chmod(0o444)
    refused(on("merge", "concept:a", "concept:b"), "cannot be written")


def test_an_unknown_id_names_the_nearest(on: Run) -> None:
    for command in (["show"], ["path", "concept:a"], ["merge", "concept:a"]):
        refused(on(*command, "concept:bet"), "no node 'concept:bet'", "concept:b")
    status, out, err = on("show", "beta")
    assert (status, out.splitlines()[0], err) == (0, "Beta", "beta is concept:b\n")
    refused(on("search", "x", "--type", "concepts"), "no type of node 'concepts'", "'concept'")
    refused(on("search", "  "), "nothing to search for")


def test_a_command_that_there_is_not_names_the_nearest(cli: Run) -> None:
    refused(cli("graph", "shwo"), "no command 'shwo'", "'show'")
    status, out, _ = cli("graph", "--help")
    assert status == 0
    names = [
        "show",
        "search",
        "path",
        "health",
        "review",
        "add",
        "edit",
        "remove",
        "merge",
        "history",
        "undo",
        "attach",
    ]
    names += ["import", "export", "extract", "update", "serve", "site"]
    for name in names:
        assert f"  {name}" in out
        assert cli("graph", name, "--help")[0] == 0


def test_a_strangers_control_characters_do_not_reach_the_terminal(on: Run, file: Path) -> None:
    with Store.open(file) as store, store.change("hostile") as change:
        change.put_node(node("claim:evil", "\x1b[31mred\x07\u202e", gloss="\x1b]0;title\x07"))
    for command in (["show", "claim:evil"], ["search", "red", "--how", "text"]):
        status, out, _ = on(*command)
        assert status == 0
        assert not {"\x1b", "\x07", "\u202e"} & set(out)


# ---------------------------------------------------------------------- the site


def test_site_writes_pages_and_leaves_what_is_not_its_own(on: Run, tmp_path: Path) -> None:
    target = tmp_path / "site"
    done = told(on("site", target, "--json"))
    assert done["pages"] == 5 + 3
    assert (target / "nodes" / "concept" / "a.html").is_file()
    (target / "nodes" / "concept" / "old.html").write_text("old", encoding="utf-8")
    status, out, _ = on("site", target)
    assert status == 0
    assert "8 pages" in out
    assert not (target / "nodes" / "concept" / "old.html").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine", encoding="utf-8")
    refused(on("site", other), "holds something else", "another folder")
    refused(on("site", other / "mine.txt"), "is a file")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_serve_listens_on_this_machine_alone(on: Run) -> None:
    refused(
        on("serve", "--host", "0.0.0.0", "--no-browser"), "no loopback address", "gyges graph site"
    )
    refused(on("serve", "--host", "example.org", "--no-browser"), "no loopback address")


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_serve_prints_an_address_with_the_token_that_works(file: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "gyges",
        "graph",
        "serve",
        "--no-browser",
        "--graph",
        str(file),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:")
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", address)
            with httpx.Client(timeout=30) as client:
                for _ in range(300):
                    try:
                        answer = client.get(address, follow_redirects=True)
                        break
                    except httpx.ConnectError:
                        time.sleep(0.1)
                assert answer.status_code == 200
                assert "Alpha" in answer.text
                assert not client.cookies
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
    assert process.returncode == 0


def test_extract_needs_a_model_that_can_be_named(on: Run, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Some text.", encoding="utf-8")
    refused(on("extract", text), "--with")
    refused(on("extract", text, "--with", "nonsense"), "nonsense", lines=3)


def test_a_table_of_edges_names_nodes_of_the_graph_by_label(on: Run, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    table = folder / "edges.csv"
    table.write_text(
        "subject,relation,object,gloss,source,locator\n"
        "Alpha,part_of,Delta,It is one.,paper:source,page 9\n",
        encoding="utf-8",
    )
    nodes = folder / "nodes.csv"
    nodes.write_text("type,label,gloss\nconcept,Delta,A new one.\n", encoding="utf-8")
    status, out, _ = on("import", folder)
    assert (status, out.split(";")[1].strip()) == (0, "edges new: 1")
    _, shown, _ = on("show", "concept:delta")
    assert "Alpha (concept:a" in shown
