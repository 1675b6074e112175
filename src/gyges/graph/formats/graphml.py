"""How is a graph kept as GraphML, and read from it?

Written record by record, with every attribute declared: texts as ``string``, the confidence as ``double``, lists and
objects as JSON in a string, and nothing for what is empty; so no program meets a value that it does not know. The id
of an edge is the edge's ``id``, which networkx takes as its key, and its ``edge_id`` too, because igraph puts ids of
nodes in the place of the former. Read with the parser of the standard library, without any document type: no entity is
ever expanded and nothing is fetched. What networkx and igraph write of such a file is read as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

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
from gyges.graph.formats.text import MOST_FILE, MOST_LINE
from gyges.graph.model import Edge, Node
from gyges.graph.records import Incoming

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

__all__ = ["read", "write"]

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_EDGE_ID = "edge_id"
_NODE_KEYS = NODE_FIELDS[1:]
_EDGE_KEYS = (_EDGE_ID, *(name for name in EDGE_FIELDS if name not in ("id", "subject", "object")))
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NATIVE = frozenset({"utf-8", "utf-16", "utf-16be", "utf-16le", "us-ascii", "iso-8859-1"})
"""Encodings that the parser knows by itself."""
_DEEPEST = 32
_CHUNK = 1 << 16


def write(path: Path, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
    """Write a graph as GraphML.

    Raises:
        GraphError: It cannot be written; what stood there is unchanged.
    """
    with replacing(path) as (file,):
        file.write(_head().encode())
        for node in nodes_by_id(nodes):
            cells = cells_of_node(node)
            check_size(node, sum(map(len, cells)))
            data = _data("n", _NODE_KEYS, cells[1:])
            file.write(_encoded(f"<node id={quoteattr(node.id)}>{data}</node>\n", node.id))
        for edge in edges_by_id(edges):
            cells = cells_of_edge(edge)
            check_size(edge, sum(map(len, cells)))
            named = {_EDGE_ID: edge.id, **dict(zip(EDGE_FIELDS, cells, strict=True))}
            ends = f"id={quoteattr(edge.id)} source={quoteattr(edge.subject)} target={quoteattr(edge.object)}"
            data = _data("e", _EDGE_KEYS, [named[name] for name in _EDGE_KEYS])
            file.write(_encoded(f"<edge {ends}>{data}</edge>\n", edge.id))
        file.write(b"</graph>\n</graphml>\n")


def read(path: Path, *, channel: str = "imported") -> Incoming:
    """Read GraphML that this module wrote, or that networkx or igraph wrote of it.

    Args:
        path: The file.
        channel: Of the records that name none.

    Raises:
        GraphError: With every fault and its line; nothing was taken.
    """
    gather = Gather(path, channel)
    gather.file(path)
    with suppress(Unreadable):
        _Reader(path, gather).run()
    return gather.done()


def _head() -> str:
    keys = [("node", "n", name, "string") for name in _NODE_KEYS]
    keys += [
        ("edge", "e", name, "double" if name == "confidence" else "string") for name in _EDGE_KEYS
    ]
    declared = "".join(
        f'<key id="{letter}_{name}" for="{what}" attr.name="{name}" attr.type="{type_}"/>\n'
        for what, letter, name, type_ in keys
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<graphml xmlns="{_NAMESPACE}">\n{declared}<graph id="G" edgedefault="directed">\n'
    )


def _data(letter: str, names: Iterable[str], cells: Iterable[str]) -> str:
    return "".join(
        f'<data key="{letter}_{name}">{escape(cell)}</data>'
        for name, cell in zip(names, cells, strict=True)
        if cell
    )


def _encoded(text: str, id_: str) -> bytes:
    if bad := _NO_XML.search(text):
        raise GraphError(
            f"{id_}: a text holds the character {bad.group()!r}, which XML cannot hold"
        )
    return text.encode()


class _Reader:
    """What the parser says, put together to records."""

    def __init__(self, path: Path, gather: Gather) -> None:
        self._path = path
        self._gather = gather
        self._parser = self._made()
        self._open: list[str] = []
        self._keys: dict[tuple[str, str], str] = {}
        self._graphs = 0
        self._unknown: set[str] = set()
        self._ids: dict[str, str] = {}
        """Ids of nodes by what the file calls them: igraph numbers its nodes."""
        self._links: list[tuple[dict[str, str], dict[str, str], int]] = []
        self._cells: dict[str, str] | None = None
        self._attributes: dict[str, str] = {}
        self._line = 0
        self._size = 0
        self._key: str | None = None
        self._text: list[str] = []

    def run(self) -> None:
        """Read the file through."""
        from xml.parsers.expat import ExpatError, errors

        size = self._path.stat().st_size
        if not size:
            self._stop("is empty", whole=True)
        if size > MOST_FILE:
            self._stop(f"has {size:,} bytes; at most {MOST_FILE:,} are read", whole=True)
        fed = 0
        try:
            with self._path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    self._parser.Parse(chunk, False)
                    fed += len(chunk)
                    # What the parser has not passed on yet is one piece: a tag, or a value in it.
                    if fed - self._parser.CurrentByteIndex > 2 * MOST_LINE:
                        self._stop(f"has a piece of more than {2 * MOST_LINE:,} bytes")
                self._parser.Parse(b"", True)
        except ExpatError as error:
            said = f"is not XML: {errors.messages[error.code]}"
            at = f"at byte {self._parser.ErrorByteIndex:,} of the file"
            self._gather.fault(error.lineno, f"{said}, {at}")
            return
        if not self._graphs:
            self._gather.fault(None, "holds no <graph>: is it GraphML?")
        for attributes, cells, line in self._links:
            self._edge(attributes, cells, line)

    def _made(self) -> XMLParserType:
        from xml.parsers.expat import ParserCreate

        parser = ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._said
        # Entities are declared in a document type alone; without one, none can be expanded or fetched.
        parser.StartDoctypeDeclHandler = self._doctype
        parser.XmlDeclHandler = self._declared
        return parser

    def _stop(self, problem: str, *, whole: bool = False) -> None:
        line = None if whole else self._parser.CurrentLineNumber
        self._gather.fault(line, problem)
        raise Unreadable

    def _doctype(self, *_: object) -> None:
        self._stop("has a DOCTYPE, which could declare entities; GraphML needs none: delete it")

    def _declared(self, _: str, encoding: str | None, __: int) -> None:
        if encoding is None or encoding.lower() in _NATIVE:
            return
        # The parser takes another encoding only where each byte is one character.
        with suppress(LookupError, ValueError):
            if len(bytes(range(256)).decode(encoding, "replace")) == 256:
                return
        self._stop(f"is written in {encoding[:40]!r}, which is not read; save it as UTF-8")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        self._open.append(name)
        if len(self._open) > _DEEPEST:
            self._stop(f"is nested more than {_DEEPEST} deep")
        inside = self._cells is not None
        if name == "key":
            key = (attributes.get("for", "all"), attributes.get("id", ""))
            self._keys[key] = attributes.get("attr.name", key[1])
        elif name == "graph":
            self._graphs += 1
            if self._graphs > 1 or inside:
                self._stop("holds a second <graph>; one is read")
            if attributes.get("edgedefault") == "undirected":
                self._gather.incoming.notes.append(
                    f"{self._path}: the graph is called undirected; each edge was read from its source to its target"
                )
        elif name in ("node", "edge") and not inside:
            self._cells, self._attributes, self._size = {}, attributes, 0
            self._line = self._parser.CurrentLineNumber
        elif name == "data" and inside:
            self._key, self._text = attributes.get("key", ""), []
        elif name in ("hyperedge", "port", "endpoint"):
            line = self._parser.CurrentLineNumber
            self._gather.fault(line, f"<{name}> is not read: an edge joins two nodes")

    def _said(self, text: str) -> None:
        if self._key is not None:
            self._size += len(text)
            if self._size > MOST_LINE:
                self._stop(f"has a record of more than {MOST_LINE:,} characters")
            self._text.append(text)

    def _end(self, name: str) -> None:
        name = self._open.pop()
        if name == "data" and self._key is not None and self._cells is not None:
            field = self._field(self._key, self._open[-1])
            if field:
                self._cells[field] = "".join(self._text)
            self._key = None
        elif name == "node" and self._cells is not None:
            self._node(self._cells)
            self._cells = None
        elif name == "edge" and self._cells is not None:
            # Its ends may be nodes that come later, and that have other names in the file than in the graph.
            self._take_edge(self._attributes, self._cells, self._line)
            self._cells = None

    def _field(self, key: str, of: str) -> str | None:
        name = self._keys.get((of, key)) or self._keys.get(("all", key))
        fields = NODE_FIELDS if of == "node" else (*EDGE_FIELDS, _EDGE_ID)
        if name in fields:
            return name
        if f"{of} {key}" not in self._unknown:
            self._unknown.add(f"{of} {key}")
            said = "is not declared" if name is None else f"is {name[:80]!r}"
            problem = f"the key {key[:80]!r} of a {of} {said}; {nearest(str(name)[:80], fields)}"
            self._gather.fault(self._parser.CurrentLineNumber, problem)
        return None

    def _node(self, cells: Mapping[str, str]) -> None:
        called = self._attributes.get("id", "")
        record = record_of(cells, lambda problem: self._gather.fault(self._line, problem))
        record.setdefault("id", called)
        if record["id"] != called:
            self._ids[called] = record["id"]
        self._gather.node(record, self._line)

    def _take_edge(self, attributes: dict[str, str], cells: dict[str, str], line: int) -> None:
        ends = attributes.get("source", ""), attributes.get("target", "")
        if all(":" in end for end in ends):
            self._edge(attributes, cells, line)
        else:
            self._links.append((attributes, cells, line))

    def _edge(self, attributes: Mapping[str, str], cells: dict[str, str], line: int) -> None:
        if cells.get("confidence", "").lower() == "nan":
            del cells["confidence"]  # so igraph writes a number that is not there
        if _EDGE_ID in cells:
            cells["id"] = cells.pop(_EDGE_ID)
        record = record_of(cells, lambda problem: self._gather.fault(line, problem))
        for field, end in (("subject", "source"), ("object", "target")):
            called = attributes.get(end, "")
            record.setdefault(field, self._ids.get(called, called))
        id_ = attributes.get("id", "")
        if "id" not in record and id_.startswith("e:"):
            record["id"] = id_
        self._gather.edge(record, line)
