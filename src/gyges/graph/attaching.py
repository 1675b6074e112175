"""Which source is this file a copy of, and do the passages quoted from that source stand in it?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gyges.errors import GraphError
from gyges.graph.model import Passage
from gyges.graph.passages import Text
from gyges.graph.quoting import Checker, passages_of, quoting_rows
from gyges.graph.store import Store

__all__ = ["attach", "read_text"]

_MOST_BYTES = 64 * 1024 * 1024


def attach(store: Store, path: Path, node: str | None = None, by: str = "") -> dict[str, Any]:
    """Keep the user's copy of a source, and check the passages quoted from it.

    Args:
        store: The graph.
        path: The copy: plain text in UTF-8.
        node: The source; by default the one most of whose passages stand in the file.
        by: Who attaches it.

    Returns:
        ``source``, ``label``, ``file``, and ``passages``: of what each is, its locator, state, text and offsets.

    Raises:
        GraphError: The file is no text, no source's passages stand in it, or the source is unknown.
    """
    text = read_text(path)
    quoted = list(_quoted(store))
    source = store.resolve(node) if node is not None else _guess(quoted, text, path)
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
    """Read a plain text in UTF-8.

    Raises:
        GraphError: It is too large, or no text.
    """
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise GraphError(
            f"{path} has {size:,} bytes; a source of at most {_MOST_BYTES:,} can be attached"
        )
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GraphError(
            f"{path} is no text in UTF-8: byte {error.start} is {raw[error.start]:#04x}; convert it first, for example "
            "`pdftotext paper.pdf` or `iconv -f latin1 -t utf-8`"
        ) from None
    if "\0" in text:
        raise GraphError(f"{path} is no text: it holds a zero byte; attach the text that is in it")
    return text


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
