"""Which source is this file a copy of, and do the passages quoted from that source stand in it?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gyges.errors import GraphError
from gyges.graph import decoding
from gyges.graph.model import Passage
from gyges.graph.passages import Text
from gyges.graph.quoting import Checker, passages_of, quoting_rows
from gyges.graph.store import Store

__all__ = ["attach", "read_text"]

_WORKS = ("paper", "artifact", "dataset")
"""What is a text, or holds one, whether or not something was quoted from it yet."""

_ADVICE = "; what is no text in UTF-8 has to be made one first, a PDF by `pdftotext paper.pdf`"


def attach(store: Store, path: Path, node: str | None = None, by: str = "") -> dict[str, Any]:
    """Keep the user's copy of a source, and check the passages quoted from it.

    Args:
        store: The graph.
        path: The copy: plain text in UTF-8, or in UTF-16 with a byte-order mark.
        node: The source; by default the one most of whose passages stand in the file.
        by: Who attaches it.

    Returns:
        ``source``, ``label``, ``file``, and ``passages``: of what each is, its locator, state, text and offsets.

    Raises:
        GraphError: The file is no text, no source's passages stand in it, or the node is unknown or no source.
    """
    text = read_text(path)
    # Nodes by id, then edges by id: an edge's id begins with "e:", a node's with its type.
    quoted = sorted(_quoted(store), key=lambda one: (one[0].startswith("e:"), one[0]))
    source = _source(store, node, quoted) if node is not None else _guess(quoted, text, path)
    store.attach(source, text, path.name, by)
    checker = Checker(store)
    passages = []
    for holder, of, locator, passage in quoted:
        if of == source:
            checked = checker.check(source, passage)
            passages.append({"of": holder, "locator": locator, **checked.to_dict()})
    return {
        "source": source,
        "label": store.node(source).label,
        "file": path.name,
        "passages": passages,
    }


def read_text(path: Path) -> str:
    """Read a copy of a source: plain text, as it is.

    Raises:
        GraphError: It is too large, or no text.
    """
    return decoding.read_text(path, advice=_ADVICE)


def _source(store: Store, id_: str, quoted: list[tuple[str, str, str, Passage]]) -> str:
    """Return the id of a node of which a file can be a copy.

    Raises:
        GraphError: There is no such node, or it is no text and nothing is said to stand in it.
    """
    node = store.node(id_)
    cited = store.connection.execute(
        "SELECT 1 FROM cites WHERE source = ?1 AND holder != ?1", (node.id,)
    ).fetchone()
    if node.type in _WORKS or cited:
        return node.id
    own = [source for holder, source, _, _ in quoted if holder == node.id]
    known = list(dict.fromkeys([*own, *(source for _, source, _, _ in quoted)]))
    raise GraphError(
        f"{node.id} is a {node.type} and no evidence names it, so nothing can be quoted from a copy of it; attach the "
        f"file to a {', '.join(_WORKS[:-1])} or {_WORKS[-1]}"
        + (f", such as {', '.join(known[:5])}, of which passages are quoted here" if known else "")
    )


def _quoted(store: Store) -> Iterator[tuple[str, str, str, Passage]]:
    """Yield every quoted passage: what quotes it, its source, its place."""
    for row in quoting_rows(store):
        for one, passage in passages_of(row):
            if one.node and store.has(one.node):
                yield row.id, store.resolve(one.node), one.locator, passage


def _guess(quoted: list[tuple[str, str, str, Passage]], text: str, path: Path) -> str:
    looked = Text(text)
    counts: dict[str, int] = {}
    for _, source, _, passage in quoted:
        if looked.find(passage.sha256, passage.words) is not None:
            counts[source] = counts.get(source, 0) + 1
    if not counts:
        raise GraphError(
            f"no quoted passage stands in {path}; name the source that it is a copy of with --to ID"
        )
    best = max(counts.values())
    sources = sorted(source for source, count in counts.items() if count == best)
    if len(sources) > 1:
        raise GraphError(
            f"passages of {' and '.join(sources)} stand in {path}; choose one with --to ID"
        )
    return sources[0]
