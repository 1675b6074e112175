"""A process that is killed loses at most the change that it was in; several processes at once lose nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from graph_strategies import hold_the_laws, sound_file
from gyges.graph.model import Edge, Evidence, Node
from gyges.graph.records import Incoming
from gyges.graph.store import Store

_HERE = str(Path(__file__).parent)


def _start(function: str, *arguments: object) -> subprocess.Popen[str]:
    """Run a function of this file in a process of its own."""
    said = ", ".join(repr(str(one)) for one in arguments)
    code = f"import sys; sys.path.insert(0, {_HERE!r}); import test_graph_crash as t; t.{function}({said})"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def _say(*said: object) -> None:
    sys.stdout.write(" ".join(str(one) for one in said) + "\n")
    sys.stdout.flush()


# ---------------------------------------------------------------------- what the other processes do


def write_for_ever(path: str) -> None:
    """Make small changes, and say the number of each as soon as it is made."""
    with Store.open(path) as store:
        while True:
            number = len(store.history()) + 1
            node = Node(f"concept:n{number}", f"Number {number}", "gloss " * 200)
            edges = [Edge.make(node.id, "extends", f"concept:n{number - 1}")][: number - 1]
            taken = store.take(Incoming([node], edges), f"change {number}", "writer")
            _say(taken.change)


def big_file() -> Incoming:
    nodes = [Node(f"concept:n{at}", f"Number {at}", "gloss " * 40) for at in range(400)]
    edges = [
        Edge.make(f"concept:n{at}", "extends", f"concept:n{at * 7 % 400}", f"edge {at}")
        for at in range(1, 400)
        if at != at * 7 % 400
    ]
    return Incoming(nodes, edges)


def die_at_statements(folder: str, *statements: str) -> None:
    """Take a big file in, and be killed as the n-th statement begins; once for each n, each in a fork."""
    for at in statements:
        child = os.fork()
        if child == 0:
            with Store.open(Path(folder) / at) as store:
                store.connection.execute("PRAGMA cache_size = 4")  # so that pages reach the disk
                left = int(at)

                def count(statement: str) -> None:
                    nonlocal left
                    left -= 1
                    if left < 0:
                        os.kill(os.getpid(), signal.SIGKILL)

                store.connection.set_trace_callback(count)
                store.take(big_file(), "big", "writer")
                store.connection.set_trace_callback(None)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        _say(at, "killed" if os.WIFSIGNALED(status) else "done")


def write(path: str, name: str, changes: str) -> None:
    """Add nodes of one's own, and evidence to a node that all share."""
    with Store.open(path) as store:
        for at in range(int(changes)):
            own = Node(f"claim:{name}-{at}", f"{name} {at}")
            shared = Node("concept:shared", "Shared", evidence=(Evidence(note=f"{name} {at}"),))
            edge = Edge.make(own.id, "uses", shared.id)
            _say(store.take(Incoming([own, shared], [edge]), "write", name).change)


def read(path: str, changes: str) -> None:
    """Read until all changes are there; what is read is of one moment each time."""
    seen = 0
    with Store.open(path) as store:
        while seen < int(changes):
            with store.snapshot():
                numbers = [one.number for one in store.history()]
                assert numbers == list(range(len(numbers), 0, -1))
                assert len(numbers) >= seen
                seen = len(numbers)
                dump = store.dump()
                assert store.count_edges() == store.count_nodes() - 1 == seen or seen == 0
                assert dump.count(b'"kind":"edge"') == seen
            if seen:
                store.node("concept:shared")
    _say("read")


# ---------------------------------------------------------------------- the laws


def test_a_killed_writer_loses_at_most_the_change_it_was_in(tmp_path: Path):
    path = tmp_path / "graph.sqlite3"
    draw = random.Random(7)
    held = 0
    for _ in range(5):
        writer = _start("write_for_ever", path)
        assert writer.stdout is not None
        for _ in range(draw.randint(1, 60)):
            last = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        said = [int(line) for line in writer.stdout.read().split("\n") if line.strip()]
        writer.wait()
        writer.stdout.close()
        assert writer.returncode == -signal.SIGKILL
        last = said[-1] if said else last
        with Store.open(path, create=False) as store:
            sound_file(store)
            hold_the_laws(store)
            numbers = [one.number for one in store.history()]
            assert numbers[0] in (last, last + 1)
            held = numbers[0]
            assert {node.id for node in store.nodes()} == {
                f"concept:n{at}" for at in range(1, held + 1)
            }
            assert store.count_edges() == held - 1
            assert store.at(held).dump() == store.dump()
    assert held > 6


def test_a_writer_killed_within_a_big_import_leaves_the_graph_as_it_was(tmp_path: Path):
    counted = 0

    def count(_: str) -> None:
        nonlocal counted
        counted += 1

    with Store.open(":memory:") as store:
        store.connection.set_trace_callback(count)
        store.take(big_file(), "big", "writer")
        store.connection.set_trace_callback(None)
        whole = store.dump()
    draw = random.Random(11)
    # The last statement is the commit itself; the one behind it is never reached.
    moments = [0, 1, 2, *draw.sample(range(3, counted - 1), 5), counted - 1, counted + 9]
    process = _start("die_at_statements", tmp_path, *moments)
    said, _ = process.communicate(timeout=120)
    told = dict(line.split() for line in said.splitlines())
    assert told == {str(at): "killed" if at < counted else "done" for at in moments}
    for at in moments:
        with Store.open(tmp_path / str(at), create=False) as store:
            sound_file(store)
            hold_the_laws(store)
            assert store.dump() == (b"" if at < counted else whole)
            # And it can be written to as if nothing had been.
            assert store.take(big_file(), "big", "writer").change == (1 if at < counted else None)
            assert store.dump() == whole


@pytest.mark.parametrize("changes", [40])
def test_two_writers_and_a_reader_at_once_lose_nothing(tmp_path: Path, changes: int):
    path = tmp_path / "graph.sqlite3"  # not there yet: all three make it at once
    reader = _start("read", path, 2 * changes)
    writers = [_start("write", path, name, changes) for name in ("one", "two")]
    said = [process.communicate(timeout=120)[0] for process in (*writers, reader)]
    assert [process.returncode for process in (*writers, reader)] == [0, 0, 0]
    assert said[-1] == "read\n"
    numbers = [int(line) for text in said[:2] for line in text.split()]
    assert sorted(numbers) == list(range(1, 2 * changes + 1))
    with Store.open(path, create=False) as store:
        sound_file(store)
        hold_the_laws(store)
        assert len(store.node("concept:shared").evidence) == 2 * changes
        assert store.degree("concept:shared") == 2 * changes
        assert Counter(one.by for one in store.history()) == {"one": changes, "two": changes}
        assert store.at(2 * changes).dump() == store.dump()


def test_many_processes_can_make_the_same_new_graph(tmp_path: Path):
    path = tmp_path / "new" / "graph.sqlite3"
    started = [_start("write", path, f"w{at}", 1) for at in range(4)]
    assert [process.wait(timeout=60) for process in started] == [0] * 4
    for process in started:
        assert process.stdout is not None
        process.stdout.close()
    with Store.open(path, create=False) as store:
        assert [one.number for one in store.history()] == [4, 3, 2, 1]
        hold_the_laws(store)
