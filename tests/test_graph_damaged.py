"""A file that cannot be written, or that is no graph: what can be read is read, and the rest is told in one line."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graph_library import edge, graph, node, quoted
from gyges.errors import GraphError
from gyges.graph import Store
from gyges.graph.store.schema import VERSION

Run = Callable[..., tuple[int, str, str]]

READING = {
    "show": ("show", "concept:a"),
    "search": ("search", "alpha"),
    "health": ("health",),
    "history": ("history",),
    "path": ("path", "concept:a", "concept:b"),
    "review": ("review", "-n", "1"),
    "export": ("export", "{out}/graph.jsonl"),
    "site": ("site", "{out}/site"),
}
WRITING = {
    "add": ("add", "node", "concept", "Delta"),
    "edit": ("edit", "concept:a", "--label", "Other"),
    "merge": ("merge", "concept:a", "concept:b"),
    "remove": ("remove", "concept:c"),
    "undo": ("undo", "1"),
    "update": ("update",),
    "attach": ("attach", "{out}/copy.txt", "--to", "paper:source"),
    "import": ("import", "{out}/more.jsonl"),
}
ROWS = (
    node("concept:a", "Alpha", gloss="The first letter."),
    node("concept:b", "Beta"),
    node("concept:c", "Gamma"),
    quoted("quote:q", "paper:source", "these are some words"),
    edge("concept:a", "extends", "concept:b", "Adds to it."),
)


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "somebody")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A graph's file, made once."""
    path = tmp_path_factory.mktemp("sound") / "graph.sqlite3"
    graph(*ROWS, path=path).close()
    return path.read_bytes()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "copy.txt").write_text("These are some words.", encoding="utf-8")
    more = '{"id": "concept:d", "label": "Delta"}\n'
    (folder / "more.jsonl").write_text(more, encoding="utf-8")
    return folder


def _filled(arguments: tuple[str, ...], out: Path) -> list[str]:
    return [one.format(out=out) for one in arguments]


# ---------------------------------------------------------------------- what may not be written


def _without_rights_of_root() -> None:
    """Let a process of root be refused what permissions refuse to others."""
    if sys.platform == "linux" and os.geteuid() == 0:
        library = ctypes.CDLL(None)
        for capability in (1, 2):  # to write, and to read, whatever the permissions say
            library.prctl(24, capability, 0, 0, 0)


pytestmark_permissions = pytest.mark.skipif(
    sys.platform == "win32" or (sys.platform != "linux" and os.geteuid() == 0),
    reason="needs permissions that hold for this user",
)


@pytest.fixture
def locked(
    tmp_path: Path, sound: bytes
) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Run a command on a graph in a folder that may not be written."""
    folder = tmp_path / "locked"
    folder.mkdir()

    def run(
        *arguments: str, make: Callable[[Path], None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        path = folder / "graph.sqlite3"
        if not path.exists():
            path.write_bytes(sound)
            if make is not None:
                make(path)
            for file in folder.iterdir():
                file.chmod(0o444)
            folder.chmod(0o555)
        return subprocess.run(
            [sys.executable, "-m", "gyges", "graph", *arguments, "--graph", str(path)],
            capture_output=True,
            text=True,
            timeout=60,
            preexec_fn=_without_rights_of_root,
            check=False,
        )

    yield run
    folder.chmod(0o755)


@pytestmark_permissions
@pytest.mark.parametrize("name", ["show", "health", "export", "site"])
def test_a_graph_that_may_not_be_written_is_read(
    name: str, locked: Callable[..., subprocess.CompletedProcess[str]], out: Path
) -> None:
    done = locked(*_filled(READING[name], out))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout


@pytestmark_permissions
@pytest.mark.parametrize("name", ["add", "attach", "update"])
def test_what_would_write_it_is_refused_with_the_way_out(
    name: str, locked: Callable[..., subprocess.CompletedProcess[str]], out: Path
) -> None:
    done = locked(*_filled(WRITING[name], out))
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "graph.sqlite3 cannot be written" in line
    assert "copy it" in line
    assert "--graph" in line


@pytestmark_permissions
def test_one_of_an_earlier_layout_is_read_there_too_and_still_not_written(
    locked: Callable[..., subprocess.CompletedProcess[str]], out: Path
) -> None:
    done = locked(*_filled(READING["show"], out), make=_of_the_first_layout)
    assert done.returncode == 0, done.stderr
    assert "Alpha" in done.stdout
    done = locked(*_filled(WRITING["add"], out))
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


@pytestmark_permissions
def test_one_that_was_not_closed_is_no_riddle(
    locked: Callable[..., subprocess.CompletedProcess[str]], out: Path
) -> None:
    done = locked(*_filled(READING["show"], out), make=_left_open)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "graph.sqlite3-wal" in line
    assert "copy both" in line


@pytestmark_permissions
def test_what_a_closed_writer_left_empty_is_no_hindrance(
    locked: Callable[..., subprocess.CompletedProcess[str]], out: Path
) -> None:
    def make(path: Path) -> None:
        Path(f"{path}-wal").touch()

    done = locked(*_filled(READING["show"], out), make=make)
    assert done.returncode == 0, done.stderr


def _of_the_first_layout(path: Path) -> None:
    with sqlite3.connect(path) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE name IN ('node_head', 'edge_bears', 'edge_given')"
        ).fetchall():
            db.execute(f"DROP INDEX {name}")
        db.execute("UPDATE meta SET value = 'gyges.graph.store/1' WHERE key = 'version'")
    db.close()


def _left_open(path: Path) -> None:
    """Leave the file as a process does that was killed before what it wrote came into it."""
    with tempfile.TemporaryDirectory() as folder:
        with Store.open(path) as store:
            store.attach("paper:source", "These are some words.", "copy.txt")
            for name in ("graph.sqlite3", "graph.sqlite3-wal"):
                shutil.copy(path.with_name(name), folder)
        for name in ("graph.sqlite3", "graph.sqlite3-wal"):
            shutil.copy(Path(folder) / name, path.with_name(name))


# ---------------------------------------------------------------------- what is no graph


def _text(path: Path) -> None:
    path.write_text("just some text\n" * 1000, encoding="utf-8")


def _short(path: Path) -> None:
    path.write_bytes(b"hi")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE mine (a)")
    db.close()


def _foreign_meta(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE meta (a)")
    db.close()


def _later(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value = 'gyges.graph.store/99' WHERE key = 'version'")
    db.close()


def _header(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[:16] + b"\xff" * 84 + raw[100:])


def _half(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])


def _first_page(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4096])


NO_GRAPH: dict[Callable[[Path], None], str] = {
    _text: "is no graph",
    _short: "is no graph",
    _folder: "is a folder",
    _foreign: "another program",
    _foreign_meta: "another program",
    _later: f"its layout is gyges.graph.store/99, not {VERSION}",
    _header: "is no graph",
    _half: "is damaged",
    _first_page: "is damaged",
}


def _one_line(done: tuple[int, str, str], *said: str) -> None:
    status, _, err = done
    assert status == 1
    # What was told before the file was read to the damage may stand above.
    line = err.splitlines()[-1]
    assert line.startswith("gyges: ")
    assert "Traceback" not in err
    assert len(line) < 600
    for one in said:
        assert one in line, line


@pytest.mark.parametrize("name", [*READING, *WRITING])
@pytest.mark.parametrize("damage", NO_GRAPH)
def test_every_command_says_in_a_line_what_a_file_is_that_is_no_graph(
    damage: Callable[[Path], None],
    name: str,
    sound: bytes,
    cli: Run,
    tmp_path: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "graph.sqlite3"
    path.write_bytes(sound)
    damage(path)
    before = path.read_bytes() if path.is_file() else b""
    monkeypatch.setenv("GYGES_GRAPH", str(path))
    arguments = _filled((READING | WRITING)[name], out)
    done = cli("graph", *arguments)
    _one_line(done, str(path), NO_GRAPH[damage])
    assert done[1] == ""
    # Whatever it is, it may be dear to somebody.
    assert path.is_dir() or path.read_bytes() == before
    assert len(done[2].splitlines()) == 1


def _rows(path: Path) -> None:
    raw = path.read_bytes()
    assert raw.count(b'"label":"')
    path.write_bytes(raw.replace(b'"label":"', b'"labe~~:"'))


def _letters(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b'"label":"', b'"lab\xff\xfe":"'))


def _pages(path: Path) -> None:
    # The rows of the nodes, which no opening looks at.
    with sqlite3.connect(path) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'node'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    db.close()
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(raw)


@pytest.mark.parametrize("name", ["show", "search", "health", "path", "export", "site", "merge"])
@pytest.mark.parametrize("damage", [_rows, _letters, _pages])
def test_damage_within_a_graph_is_told_where_it_is_met(
    damage: Callable[[Path], None], name: str, sound: bytes, cli: Run, tmp_path: Path, out: Path
) -> None:
    path = tmp_path / "graph.sqlite3"
    path.write_bytes(sound)
    damage(path)
    done = cli("graph", *_filled((READING | WRITING)[name], out), "--graph", path)
    _one_line(done, str(path), "is damaged", "copy")


def test_an_empty_file_becomes_a_graph(cli: Run, tmp_path: Path) -> None:
    # A process that was killed before its first write leaves one.
    path = tmp_path / "graph.sqlite3"
    path.touch()
    status, told, _ = cli("graph", "history", "--graph", path)
    assert status == 0
    assert "take in the curated graph" in told


def test_a_file_that_was_read_without_locks_and_changed_meanwhile_is_said_to_be(
    tmp_path: Path, sound: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "graph.sqlite3"
    path.write_bytes(sound)
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda *_: False)
        store = Store.open(path)
        store.check_unchanged()
    # Its owner writes to it.
    with Store.open(path) as owner, owner.change("drop") as change:
        for edge in list(owner.edges()):
            change.drop_edge(edge.id)
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda *_: False)
        with pytest.raises(GraphError, match="changed by another process while it was read; run"):
            store.check_unchanged()
    store.close()


def test_from_python_damage_is_an_error_of_the_graph(tmp_path: Path, sound: bytes) -> None:
    path = tmp_path / "graph.sqlite3"
    path.write_bytes(sound)
    _rows(path)
    with pytest.raises(GraphError, match="is damaged"), Store.open(path) as store:
        list(store.nodes())
