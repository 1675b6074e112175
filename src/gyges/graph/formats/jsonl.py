"""How is a graph kept as lines of JSON, and read from them?

The format of Gyges itself: it carries everything, decisions and proposals of the review too. The first line names the
schema and counts the records, so that a file that was cut off is noticed; each further line is one record under its
kind, ``{"node": {...}}``. A folder of ``nodes.jsonl`` and ``edges.jsonl`` with one bare record a line is read too, and
written where the path is a folder: that is how the curated library is kept, because it can be compared line by line.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from gyges.errors import GraphError
from gyges.graph.formats.atomic import replacing
from gyges.graph.formats.faults import Unreadable
from gyges.graph.formats.gather import Gather
from gyges.graph.formats.streams import MOST_RECORD, by_id, edges_by_id, nodes_by_id
from gyges.graph.formats.text import NotJson, lines, load
from gyges.graph.model import Edge, Node, canonical
from gyges.graph.records import Decision, Incoming, Proposal

__all__ = ["FILES", "SCHEMA", "read", "write"]

SCHEMA = "gyges.graph/1"
FILES = {
    "node": "nodes.jsonl",
    "edge": "edges.jsonl",
    "decision": "decisions.jsonl",
    "proposal": "proposals.jsonl",
}
"""The files of a folder, by the kind of record."""
_COUNTS = {
    "node": "nodes",
    "edge": "edges",
    "decision": "decisions",
    "proposal": "proposals",
}


def write(
    path: Path,
    nodes: Iterable[Node],
    edges: Iterable[Edge],
    *,
    decisions: Iterable[Decision] = (),
    proposals: Iterable[Proposal] = (),
) -> None:
    """Write a graph as lines of JSON; into a folder where the path is one.

    Raises:
        GraphError: It cannot be written; what stood there is unchanged.
    """
    records: dict[str, Iterable[Mapping[str, Any]]] = {
        "node": (node.to_dict() for node in nodes_by_id(nodes)),
        "edge": (edge.to_dict() for edge in edges_by_id(edges)),
        "decision": (one.to_dict() for one in sorted(decisions, key=lambda one: one.key)),
        "proposal": (one.to_dict() for one in by_id(proposals)),
    }
    if path.is_dir():
        _write_folder(path, records)
    else:
        _write_file(path, records)


def read(path: Path, *, channel: str = "imported") -> Incoming:
    """Read a file, or a folder of ``nodes.jsonl`` and ``edges.jsonl``.

    Args:
        path: The file or the folder.
        channel: Of the records that name none.

    Raises:
        GraphError: With every fault and its line; nothing was taken.
    """
    gather = Gather(path, channel)
    if path.is_dir():
        found = [(kind, path / name) for kind, name in FILES.items() if (path / name).is_file()]
        if not found:
            raise GraphError(f"{path}: holds none of {', '.join(FILES.values())}")
        for kind, file in found:
            _read_file(gather, file, kind)
    else:
        _read_file(gather, path)
    return gather.done()


def _write_file(path: Path, records: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    counts = dict.fromkeys(_COUNTS.values(), 0)
    with replacing(path) as (file,), tempfile.TemporaryFile(dir=path.resolve().parent) as body:
        # The first line counts what a stream has only shown when it ended.
        for kind, some in records.items():
            for record in some:
                body.write(_line({kind: record}))
                counts[_COUNTS[kind]] += 1
        file.write(_line({"schema": SCHEMA, **counts}))
        body.seek(0)
        shutil.copyfileobj(body, file)


def _write_folder(path: Path, records: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    kinds = {}
    for kind, some in records.items():
        stream = iter(some)
        first = next(stream, None)
        if first is not None or kind in ("node", "edge") or (path / FILES[kind]).exists():
            kinds[kind] = stream if first is None else chain([first], stream)
    with replacing(*(path / FILES[kind] for kind in kinds)) as files:
        for file, some in zip(files, kinds.values(), strict=True):
            for record in some:
                file.write(_line(record))


def _line(record: Mapping[str, Any]) -> bytes:
    try:
        line = canonical(record).encode()
    except UnicodeEncodeError:
        raise GraphError(f"a text holds half a character: {ascii(record)[:200]}") from None
    if len(line) > MOST_RECORD + 100:
        raise GraphError(
            f"a record has {len(line):,} bytes, at most {MOST_RECORD:,}: {line[:120].decode(errors='ignore')}"
        )
    return line + b"\n"


def _read_file(gather: Gather, path: Path, kind: str | None = None) -> None:
    gather.file(path)
    said: Mapping[str, Any] | None = None
    seen = dict.fromkeys(_COUNTS.values(), 0)
    first = True
    try:
        for number, text in lines(path, gather.faults):
            if not text.strip():
                continue
            try:
                record = load(text.strip(" \t\r\n"))
            except NotJson as error:
                gather.fault(number, str(error))
                first = False
                continue
            if first and isinstance(record, dict) and "schema" in record:
                said = record
                _check_head(gather, record, number)
            else:
                found = _take(gather, record, number, kind)
                if found:
                    seen[_COUNTS[found]] += 1
            first = False
    except Unreadable:
        return
    if first and kind is None:
        gather.fault(None, "holds no record")
    if said is not None and not gather.faults.count:
        _check_counts(gather, said, seen)


def _take(gather: Gather, record: Any, number: int, kind: str | None) -> str | None:
    kind_, given = _unwrapped(record, kind)
    if kind_ is None:
        shown = ascii(record)[:80]
        if isinstance(record, dict) and "schema" in record:
            shown += " is the first line of a file, and this is not"
        gather.fault(
            number, f'{shown} is no record; a line is {{"node": {{...}}}} or {{"edge": {{...}}}}'
        )
        return None
    {
        "node": gather.node,
        "edge": gather.edge,
        "decision": gather.decision,
        "proposal": gather.proposal,
    }[kind_](given, number)
    return kind_


def _unwrapped(record: Any, kind: str | None) -> tuple[str | None, Any]:
    if not isinstance(record, dict):
        return kind, record
    if len(record) == 1:
        ((name, value),) = record.items()
        if name in _COUNTS and isinstance(value, dict):
            return name, value
    if kind:
        return kind, record
    if "verdict" in record:
        return "decision", record
    if str(record.get("id", "")).startswith("p:"):
        return "proposal", record
    if {"subject", "relation", "object"} & record.keys():
        return "edge", record
    if {"id", "label"} & record.keys():
        return "node", record
    return None, record


def _check_head(gather: Gather, head: Mapping[str, Any], number: int) -> None:
    if head["schema"] != SCHEMA:
        said = ascii(head["schema"])[:80]
        gather.fault(number, f"the schema is {said}; this version of Gyges reads {SCHEMA!r}")


def _check_counts(gather: Gather, head: Mapping[str, Any], seen: Mapping[str, int]) -> None:
    for name, count in seen.items():
        said = head.get(name)
        if said is not None and said != count:
            gather.fault(
                1,
                f"counts {ascii(said)[:40]} {name}, and {count} stand in the file: was it cut off?",
            )
