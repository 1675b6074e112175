"""How is a graph kept as two tables, and read from them?

A folder with ``nodes.csv`` and ``edges.csv``; lists and objects are JSON in a cell. A spreadsheet runs a cell that
begins with ``=``, ``+``, ``-`` or ``@``, also behind blanks; such a text gets an apostrophe in front, and a text that
already has apostrophes in front of such a sign gets one more, so that taking one away gives every text back. No other
apostrophe is touched. Reading also takes a table that somebody typed: columns in any order, tab or semicolon between
them, nodes by ``type,label``, and edges with labels and evidence as :mod:`.typed` takes them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from gyges.errors import GraphError, nearest
from gyges.graph.formats.atomic import replacing
from gyges.graph.formats.cells import (
    EDGE_FIELDS,
    NODE_FIELDS,
    cells_of_edge,
    cells_of_node,
    record_of,
)
from gyges.graph.formats.faults import Unreadable
from gyges.graph.formats.gather import Gather
from gyges.graph.formats.streams import check_size, edges_by_id, nodes_by_id
from gyges.graph.formats.text import MOST_LINE, lines
from gyges.graph.formats.typed import EVIDENCE_COLUMNS, Ends, Named, Statements
from gyges.graph.model import Edge, Node, node_id
from gyges.graph.records import Incoming
from gyges.graph.vocabulary import NODE_TYPES

__all__ = ["FILES", "guarded", "read", "unguarded", "write"]

FILES = ("nodes.csv", "edges.csv")
_RUNS = re.compile(r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")
_DELIMITERS = ",;\t"


def write(path: Path, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
    """Write a graph as two tables into a folder, which is made where there is none.

    Raises:
        GraphError: They cannot be written; what stood there is unchanged.
    """
    if path.suffix == ".csv" or path.is_file():
        raise GraphError(f"{path}: CSV is two tables; name a folder for {' and '.join(FILES)}")
    made = not path.is_dir()
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise GraphError(f"{path}: the folder cannot be made: {error.strerror}") from error
    try:
        with replacing(*(path / name for name in FILES)) as (node_file, edge_file):
            node_rows = ((node, cells_of_node(node)) for node in nodes_by_id(nodes))
            _write_table(node_file, NODE_FIELDS, node_rows)
            edge_rows = ((edge, cells_of_edge(edge)) for edge in edges_by_id(edges))
            _write_table(edge_file, EDGE_FIELDS, edge_rows)
    except BaseException:
        if made:
            with suppress(OSError):
                path.rmdir()
        raise


def read(path: Path, *, channel: str = "imported", named: Named | None = None) -> Incoming:
    """Read a folder of ``nodes.csv`` and ``edges.csv``, or one of the two tables alone.

    Args:
        path: The folder, or a table: with the columns subject and object it is one of edges.
        channel: Of the rows that name none.
        named: Finds the nodes of the user's graph by label, for ends and sources that no node of the tables has.

    Raises:
        GraphError: With every fault and its line; nothing was taken.
    """
    gather = Gather(path, channel)
    found = [path / name for name in FILES if (path / name).is_file()] if path.is_dir() else [path]
    if not found:
        raise GraphError(f"{path}: holds neither {' nor '.join(FILES)}")
    ends = Ends(gather, named)
    before = csv.field_size_limit(MOST_LINE)
    try:
        for table in found:
            gather.file(table)
            _read_table(gather, table, ends)
    finally:
        csv.field_size_limit(before)
    return gather.done()


def guarded(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run."""
    return f"'{text}" if _RUNS.match(text) else text


def unguarded(cell: str) -> str:
    """Take away the apostrophe that :func:`guarded` put."""
    return cell[1:] if cell.startswith("'") and _RUNS.match(cell, 1) else cell


def _write_table(
    file: BinaryIO, fields: Sequence[str], rows: Iterable[tuple[Node | Edge, list[str]]]
) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(fields)
    for record, cells in rows:
        check_size(record, sum(map(len, cells)))
        try:
            writer.writerow([guarded(cell) for cell in cells])
        except UnicodeEncodeError:
            raise GraphError(f"{record.id}: a text holds half a character") from None
    text.detach()


def _read_table(gather: Gather, path: Path, ends: Ends) -> None:
    head = _Head(gather)
    statements = Statements(gather, ends)
    try:
        for line, row in _rows(gather, path, head):
            cells = {
                name: unguarded(_one_end(cell)) for name, cell in zip(head.names, row, strict=True)
            }
            if sum(map(len, row)) > MOST_LINE:
                gather.fault(line, f"the row has more than {MOST_LINE:,} characters")
            elif head.edges:
                _take_edge(gather, cells, line, ends, statements if head.typed else None)
            else:
                _take_node(gather, cells, line)
    except Unreadable:
        return
    except csv.Error as error:
        gather.fault(
            head.last + 1,
            f"the row that begins here is no CSV, {error}; nothing behind it was read",
        )
        return
    statements.done()
    if not head.names:
        gather.fault(None, "holds no row; the first names the columns")


class _Head:
    """The first row: which columns there are, and what is between them."""

    def __init__(self, gather: Gather) -> None:
        self._gather = gather
        self.names: list[str] = []
        self.edges = False
        self.typed = False
        """Evidence has columns of its own."""
        self.last = 0
        """The line at which the last whole row ended."""

    def delimiter(self, line: str) -> str:
        """Choose what stands between the columns: what gives the most names that are known."""
        known = {*NODE_FIELDS, *EDGE_FIELDS, *EVIDENCE_COLUMNS}

        def score(mark: str) -> int:
            return len(known & {name.strip(' "').casefold() for name in line.split(mark)})

        return max(_DELIMITERS, key=score)

    def take(self, row: Sequence[str], path: Path) -> None:
        """Read the names of the columns."""
        self.names = [name.strip().casefold() for name in row]
        self.edges = bool({"subject", "object", "relation"} & set(self.names))
        self.typed = self.edges and not set(EVIDENCE_COLUMNS).isdisjoint(self.names)
        fields = (*EDGE_FIELDS, *EVIDENCE_COLUMNS) if self.edges else NODE_FIELDS
        faults = self._gather.faults
        before = faults.count
        for name in self.names:
            if name not in fields:
                faults.add(path, 1, f"no column {name[:80]!r}; {nearest(name[:80], fields)}")
        for name in sorted({name for name in self.names if self.names.count(name) > 1}):
            faults.add(path, 1, f"the column {name[:80]!r} stands there twice")
        needed = {"subject", "relation", "object"} if self.edges else {"label"}
        for name in sorted(needed - set(self.names)):
            faults.add(path, 1, f"the column {name!r} is missing")
        if not self.edges and not {"id", "type"} & set(self.names):
            faults.add(path, 1, "a table of nodes has the column 'id', or 'type' and 'label'")
        if faults.count > before:
            raise Unreadable


def _rows(gather: Gather, path: Path, head: _Head) -> Iterator[tuple[int, list[str]]]:
    # Quotes are doubled in a cell, so that a row may be twice as long as the JSON of its record.
    stream = (text for _, text in lines(path, gather.faults, 2 * MOST_LINE, keep=True))
    first = next(stream, None)
    if first is None:
        return
    reader = csv.reader(chain([first], stream), delimiter=head.delimiter(first), strict=True)
    for row in reader:
        line, head.last = head.last + 1, reader.line_num
        if not any(row):
            continue
        if not head.names:
            head.take(row, path)
        elif len(row) != len(head.names):
            gather.fault(
                line, f"the row has {len(row)} cells; the first row names {len(head.names)} columns"
            )
        else:
            yield line, row


def _take_node(gather: Gather, cells: dict[str, str], line: int) -> None:
    before = gather.faults.count
    record = record_of(cells, lambda problem: gather.fault(line, problem))
    if "id" not in record:
        type_, label = record.get("type"), record.get("label")
        if not type_ or not label:
            gather.fault(line, "the row names neither an id nor a type and a label")
        elif type_ not in NODE_TYPES:
            gather.fault(line, f"type is {type_[:80]!r}; {nearest(type_[:80], NODE_TYPES)}")
        else:
            record["id"] = node_id(type_, label)
    if gather.faults.count == before:
        gather.node(record, line)


def _take_edge(
    gather: Gather, cells: dict[str, str], line: int, ends: Ends, statements: Statements | None
) -> None:
    before = gather.faults.count
    said = {name: cell for name, cell in cells.items() if name not in EVIDENCE_COLUMNS}
    record = record_of(said, lambda problem: gather.fault(line, problem))
    for field in ("subject", "object"):
        if field in record:
            found = ends.find(record[field], field, line)
            if found is not None:
                record[field] = found
    if gather.faults.count > before:
        return
    if statements is None:
        gather.edge(record, line)
    else:
        statements.take(record, cells, line)


def _one_end(cell: str) -> str:
    return cell.replace("\r\n", "\n").replace("\r", "\n") if "\r" in cell else cell
