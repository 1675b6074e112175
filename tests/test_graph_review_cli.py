"""``gyges graph review`` at a terminal and in a script: what it says, and what each key does."""

from __future__ import annotations

import io
import json
import os
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph_library import edge, graph, node
from gyges.graph import Edge, Evidence, Incoming, Likenesses, Passage, Proposal, Store, pair_key
from gyges.graph.curated.shipped import TAKE_IN

A, B, C = "concept:a", "concept:b", "concept:c"
WORDS = "the gap grows when it is watched"
NEW = node("concept:gap", "Alpha thing", channel="extracted", by="a-model")
STATEMENT = Proposal.make(
    edge=Edge.make(
        NEW.id,
        "extends",
        B,
        "It goes further.",
        (Evidence("paper:source", "characters 5-30", Passage.of(WORDS), "primary"),),
        "extracted",
        0.8,
        "a-model",
    ),
    nodes=(NEW,),
    source="text.txt",
    by="a-model",
)
NEAR = Proposal.make(about=A, label="A thing", gloss="What it is.", score=0.7, source="page.txt")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "graph.sqlite3"
    rows = [
        node(A, "Alpha thing", gloss="The first."),
        node(B, "Beta", gloss="The second.", aliases=("Second",)),
        node(C, "Beta", gloss="Another of that name."),
        edge(A, "extends", C),
    ]
    graph(*rows, path=path, proposals=[STATEMENT, NEAR]).close()
    return path


@pytest.fixture
def on(cli: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command; with keys, as somebody at a terminal who types them."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str, keys: str | None = None) -> tuple[int, str, str]:
        monkeypatch.setattr("gyges.cli.graph.review._at_a_terminal", lambda: keys is not None)
        monkeypatch.setattr("sys.stdin", io.StringIO(keys or ""))
        given = ("graph", "review", "--graph", str(file), "--by", "me", "--threshold", "1")
        return cli(*given, *arguments)

    return run


def dump(file: Path) -> bytes:
    with Store.open(file) as store:
        return store.dump()


# ---------------------------------------------------------------------- in a script


def test_the_list_says_how_much_waits_and_what_a_new_node_may_be(on: Run) -> None:
    status, out, _ = on()
    assert status == 0
    head = "3 wait for a decision: 2 proposed; 1 alike, with a node that you added or imported"
    assert out.startswith(head)
    assert "Alpha thing is not in the graph; perhaps concept:a" in out
    assert f"gyges graph review {STATEMENT.id} --accept | --is ID | --not-same | --later" in out
    assert "these are the first 1; -n N shows more" in on("-n", "1")[1]


def test_the_record_holds_the_counts_the_sides_and_the_suggestions(on: Run) -> None:
    given = json.loads(on("--json")[1])
    assert given["waiting"] == {"proposed": 2, "yours": 1}
    one = given["candidates"][0]
    assert (one["key"], one["part"], one["one"]["new"]) == (STATEMENT.id, "proposed", True)
    assert one["new"][0]["suggestions"][0]["id"] == A
    assert one["proposal"]["edge"]["evidence"][0]["passage"]["state"] == "not attached"


def test_a_new_node_is_one_of_the_graphs_by_an_option(on: Run, file: Path) -> None:
    before = dump(file)
    done = json.loads(on(STATEMENT.id, "--is", A, "--json")[1])
    assert done["now"].keys() == {STATEMENT.id}
    assert "waiting" not in done
    assert done["closed"] == []
    with Store.open(file) as store:
        assert store.resolve(NEW.id) == A
        store.undo()
    assert dump(file) == before
    status, out, _ = on(STATEMENT.id, "--is", f"{NEW.id}={B}")
    assert status == 0
    assert "concept:gap is concept:b; closed, for nothing was left to say" in out
    status, _, err = on(NEAR.id, "--is", "concept:nope")
    assert (status, "no node 'concept:nope'" in err) == (1, True)


def test_only_what_came_in_since_is_listed(on: Run, file: Path) -> None:
    with Store.open(file) as store:
        more = Proposal.make(edge=Edge.make(B, "extends", C), source="later.txt")
        store.take(Incoming(proposals=[more]), "extract", "me")
    status, out, _ = on("--since", "1")
    assert status == 0
    assert out.startswith("1 waits for a decision, of what came in after change 1: 1 proposed")
    assert more.id in out
    assert NEAR.id not in out
    assert (
        "nothing waits for a decision, of what came in since 2999-01-01"
        in on("--since", "2999-01-01")[1]
    )
    status, _, err = on("--since", "soon")
    assert (status, "'soon' is no change and no date" in err) == (1, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--accept", "--gloss", "\x1b[31m"], "which no page can show"),
        (["--accept", "--note", "x" * 20_001], "at most 20,000"),
        (["--not-same", "--note", "\x07"], "which no page can show"),
        (["--edge", "loves"], "relation is 'loves'"),
        (["--is", "concept:nope"], "no node 'concept:nope'"),
        (["--is", f"x={A}"], "no new node 'x'"),
        (["--merge", A], "say so with --is ID"),
    ],
)
def test_what_cannot_be_is_refused_in_a_script(
    on: Run, file: Path, options: list[str], said: str
) -> None:
    before = dump(file)
    status, _, err = on(STATEMENT.id, *options)
    assert status == 1
    assert said in err
    assert dump(file) == before


# ---------------------------------------------------------------------- at a terminal


def test_both_sides_stand_there_with_what_is_known_and_the_keys_explain_themselves(on: Run) -> None:
    status, out, _ = on(keys="?\nq\n")
    assert status == 0
    for said in (
        "[1 of 3]",
        "A proposed statement by a-model from text.txt.",
        "A  Alpha thing",
        "concept · not in the graph yet · concept:gap",
        "B  Beta",
        "concept · 0 edges · concept:b",
        "also: Second",
        "The second.",
        "says: A extends B",
        "It goes further.",
        "from paper:source, characters 5-30 (primary)",
        f"“{WORDS}”",
        "○ not checked here: no copy of the source is attached",
        "A is not in the graph. Is it one of these, under another name?",
        "1  Alpha thing  (concept, 1 edge) concept:a",
        "a accept · 1 it is that node · i ID it is another node of the graph",
        "accept the proposed statement as it stands: its nodes and its edge enter the graph",
        "0 decided",
    ):
        assert said in out, said


@pytest.mark.parametrize(
    ("subject", "gloss", "said"),
    [
        (A, "", "the graph says this already; accepting it adds what it rests on"),
        (A, "Yes.", "the graph says this already in other words; accepting it adds a second"),
        (C, "", ""),
    ],
)
def test_what_the_graph_says_already_is_told_with_what_accepting_does(
    on: Run, file: Path, subject: str, gloss: str, said: str
) -> None:
    other = C if subject == A else A
    one = Proposal.make(edge=Edge.make(subject, "extends", other, gloss))
    with Store.open(file) as store:
        store.take(Incoming(proposals=[one]), "extract")
    status, out, _ = on(keys="q\n")
    assert (status, "says: A extends B" in out) == (0, True)
    assert said in out
    assert ("the graph says this already" in out) == bool(said)


def test_one_key_says_which_node_it_is_and_the_statement_is_asked_again(
    on: Run, file: Path
) -> None:
    status, out, _ = on(keys="1\na\nq\n")
    assert status == 0
    assert "concept:gap is concept:a; about that node now, and still waiting: p:" in out
    assert "change 2; u takes it back" in out
    assert out.count("[1 of 3]") == 2
    assert "2 decided" in out
    with Store.open(file) as store:
        assert [one.relation for one in store.edges_between(A, B)] == ["extends"]
        assert not store.has("concept:gap") or store.resolve("concept:gap") == A


@pytest.mark.parametrize(
    "keys",
    [
        "1\nu\nq\n",
        "1\na\nu\nu\nq\n",
        "i Alpha thing\nu\nq\n",
        "i a concept:a\nu\nq\n",
        "i\nconcept:b\nu\nq\n",
        "n\nl\nm a\nu\nu\nu\nq\n",
        "n\nl\ns\nu\nu\nq\n",
        "s\ne\nmethod\n1\nIn a sentence.\nu\nq\n",
        "s\n\ne extends\nu\nq\n",
        "s\ns\nm\nb\nu\nq\n",
    ],
)
def test_each_key_is_taken_back_to_the_byte(on: Run, file: Path, keys: str) -> None:
    before = dump(file)
    status, out, err = on(keys=keys)
    assert status == 0, err
    assert "change 2" in out
    assert "change 2 was taken back" in out
    assert out.rstrip().endswith("0 decided")
    assert dump(file) == before


def test_what_makes_no_sense_is_said_and_asked_again(on: Run, file: Path) -> None:
    before = dump(file)
    status, _, err = on(keys="9\nzz\nm a\ni nothing\ne loves\nu\ne\n99\nq\n")
    assert status == 0
    for said in (
        "there is no 9 here; 1",
        "'zz' is no key here",
        "'m' is no key here",
        "no node 'nothing'",
        "relation is 'loves'",
        "nothing that was decided here is left to undo",
    ):
        assert said in err, said
    assert dump(file) == before


def test_what_an_earlier_decision_settled_is_not_asked(on: Run, file: Path) -> None:
    other = Proposal.make(edge=Edge.make(NEW.id, "extends", C), nodes=(NEW,), source="text.txt")
    with Store.open(file) as store:
        store.take(Incoming(proposals=[other]), "extract", "me")
        assert [one.id for one in store.proposals() if one.edge] == sorted([STATEMENT.id, other.id])
    # The newest first: it is Beta of that id, so the one statement says nothing, and the other is about Beta.
    status, out, _ = on(keys=f"i {B}\ns\nq\n")
    assert status == 0
    assert "closed, for nothing was left to say" in out
    assert out.count("\ndecision:") == 3


def test_the_end_of_the_input_keeps_what_was_decided(on: Run, file: Path) -> None:
    status, out, _ = on(keys="n\n")
    assert status == 0
    assert "1 decided; gyges graph history lists them" in out
    with Store.open(file) as store:
        assert store.decision(STATEMENT.id) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")
def test_a_real_terminal_is_asked(file: Path) -> None:
    import pty

    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - the other process
        os.execv(
            sys.executable,
            [sys.executable, "-m", "gyges", "graph", "review", "--graph", str(file)],
        )
    said = b""
    answers = [b"n\n", b"q\n"]
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                part = os.read(terminal, 65_536)
            except OSError:
                break
            if not part:
                break
            said += part
        if answers and said.count(b"decision:") > 2 - len(answers):
            os.write(terminal, answers.pop(0))
    os.waitpid(pid, 0)
    os.close(terminal)
    assert b"1 decided" in said
    with Store.open(file) as store:
        assert store.decision(STATEMENT.id) is not None


# ---------------------------------------------------------------------- how long it takes


def test_embedding_many_nodes_is_told_to_whoever_waits(
    on: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if Likenesses(Store.open(":memory:")).missing:
        pytest.skip("needs the embeddings' packages")
    told: list[tuple[int, int]] = []
    with Store.open(file) as store, store.change("many") as change:
        for number in range(120):
            change.put_node(node(f"method:m{number}", f"Zymurgy {number}"))
    with Store.open(file) as store:
        Likenesses(store, said=lambda done, of: told.append((done, of))).about()
        count = store.count_nodes()
        assert told[0] == (0, count)
        assert told[-1] == (count, count)
        assert [done for done, _ in told] == sorted(done for done, _ in told)
        assert len(told) > count
        told.clear()
        Likenesses(store, said=lambda done, of: told.append((done, of))).about()
        assert told == []
        with store.change("more") as change:
            for number in range(120):
                change.put_node(node(f"method:k{number}", f"Brewing {number}"))
    status, _, err = on()
    assert status == 0
    assert err.count("embedding 120 new or changed nodes, once") == 1


def test_a_bar_on_a_terminal_begins_and_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gyges.cli.graph._progress import embedding

    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    say = embedding()
    say(0, 50)
    say(50, 50)
    assert capsys.readouterr().err == ""
    say(0, 200)
    say(100, 200)
    say(200, 200)
    said = capsys.readouterr()
    assert said.out == ""
    assert "embedding 200 new or changed nodes" in said.err


def test_the_users_own_come_before_the_curated_graphs(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "graph.sqlite3"
    with Store.open(path) as store:
        same: dict[str, Any] = {"label": "One name"}
        nodes = [node("concept:p", **same), node("concept:q", **same)]
        store.take(Incoming(nodes), TAKE_IN, "curators")
        store.take(Incoming([node("concept:mine", **same)]), "import mine.jsonl", "me")
    found = json.loads(cli("graph", "review", "--graph", path, "--threshold", "1", "--json")[1])
    assert found["waiting"] == {"yours": 2, "curated": 1}
    assert [one["part"] for one in found["candidates"]] == ["yours", "yours", "curated"]
    assert found["candidates"][2]["key"] == pair_key("concept:p", "concept:q")
