"""The curated graph as a file with its vectors, made once for all tests; small graphs; the sources where they are."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from gyges.embedding import missing_packages
from gyges.graph import Edge, Evidence, Incoming, Likenesses, Node, Passage, Store, open_graph

CONCEPT = "concept:alignment-faking"

LIBRARY = files("gyges.graph") / "library"

embeds = pytest.mark.skipif(bool(missing_packages()), reason="needs the embeddings' packages")

SOURCES = (
    Path(
        os.environ.get("GYGES_SHARED_DATA")
        or Path(__file__).resolve().parents[1].parent / "shared" / "data"
    ).parent
    / "sources"
)
COPIES = {
    "artifact:alignment-faking-concept-page": "alignment-faking-concept-page.txt",
    "paper:henselmans-greaterwrong-comments": "evaluation-robustness-notes.txt",
    "paper:kulveit-2024-frame": "strategic-preference-preservation.txt",
}
"""The source that each of the three documents is a copy of."""
needs_sources = pytest.mark.skipif(
    not all((SOURCES / name).is_file() for name in COPIES.values()),
    reason="the documents are not here; set GYGES_SHARED_DATA to the folder beside them",
)


def records(name: str) -> list[dict[str, Any]]:
    """The records of a shipped file, read without the package."""
    text = (LIBRARY / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def made_once(factory: pytest.TempPathFactory) -> Path:
    """The file of the curated graph, with its vectors where they can be computed; copy it before you open it."""
    base = factory.getbasetemp()
    # Workers of one run share it: half a thousand texts take a while to embed.
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    file = root / "curated.sqlite3"
    with FileLock(root / "curated.lock"):
        if not file.exists():
            made = root / "curated-being-made.sqlite3"
            with open_graph(made) as store:
                assert Likenesses(store).about()["compared"] in (0, store.count_nodes())
            made.rename(file)
    return file


def copied(file: Path, folder: Path) -> Path:
    """A copy of a graph's file, to be changed."""
    return Path(shutil.copy(file, folder / "graph.sqlite3"))


def node(id_: str, label: str = "", **more: Any) -> Node:
    """A node; its label is made of its id where none is given."""
    return Node(id_, label or id_.partition(":")[2].replace("-", " ").capitalize(), **more)


def edge(subject: str, relation: str, object_: str, gloss: str = "", **more: Any) -> Edge:
    """An edge that rests on ``paper:source``, unless other evidence is given."""
    given = {"evidence": (Evidence("paper:source", "page 1", grade="primary"),)} | more
    return Edge.make(subject, relation, object_, gloss, **given)


def graph(
    *rows: Node | Edge, path: Path | str = ":memory:", source: bool = True, **incoming: Any
) -> Store:
    """A small graph of some rows, with the paper that their evidence names."""
    store = Store.open(path)
    nodes = [row for row in rows if isinstance(row, Node)]
    if source:
        nodes.append(node("paper:source"))
    edges = [row for row in rows if isinstance(row, Edge)]
    store.take(Incoming(nodes, edges, **incoming), "begin", "tests")
    return store


def quoted(id_: str, source: str, text: str) -> Node:
    """A quote that carries the fingerprint of its passage, and not the passage."""
    made = Passage.of(text)
    passage = Passage(made.sha256, made.words)
    return node(id_, evidence=(Evidence(source, "section 1", passage, "primary"),))


def ids(found: Iterable[Any]) -> list[str]:
    """The ids of what has one."""
    return [one["id"] if isinstance(one, dict) else one.id for one in found]
