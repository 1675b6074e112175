"""How is a graph kept as JSON-LD, and read from it?

The context stands in the file, so that a processor needs no network. Names, descriptions, dates and addresses are terms
of schema.org; what that does not have is under ``urn:gyges:term:``, a base that belongs to nobody's domain and leads to
no page. An edge is an ``rdf:Statement`` with subject, predicate and object, because a statement that has evidence, and
several between the same two nodes, cannot be plain triples. Read back is what this module wrote, whatever program laid
it out anew, as long as its context is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from gyges.errors import GraphError, nearest
from gyges.graph.formats.atomic import replacing
from gyges.graph.formats.faults import Unreadable
from gyges.graph.formats.gather import Gather
from gyges.graph.formats.jsonld_terms import (
    CONTEXT,
    STATEMENT,
    from_edge,
    from_node,
    to_edge,
    to_node,
)
from gyges.graph.formats.streams import check_size, edges_by_id, nodes_by_id
from gyges.graph.formats.text import MOST_LINE, NotJson, decoder, whole
from gyges.graph.model import Edge, Node, canonical
from gyges.graph.records import Incoming

__all__ = ["read", "write"]

_BLANK = re.compile(r"[ \t\r\n]*")


def write(path: Path, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
    """Write a graph as JSON-LD, one record a line.

    Raises:
        GraphError: It cannot be written; what stood there is unchanged.
    """
    with replacing(path) as (file,):
        file.write(f'{{"@context":{canonical(CONTEXT)},"@graph":['.encode())
        between = b"\n"
        for record in _records(nodes, edges):
            file.write(between)
            file.write(record)
            between = b",\n"
        file.write(b"\n]}\n")


def read(path: Path, *, channel: str = "imported") -> Incoming:
    """Read JSON-LD that this module wrote.

    Args:
        path: The file.
        channel: Of the records that name none.

    Raises:
        GraphError: With every fault and its line; nothing was taken.
    """
    gather = Gather(path, channel)
    gather.file(path)
    with suppress(Unreadable):
        _read(gather, whole(path, gather.faults))
    return gather.done()


def _records(nodes: Iterable[Node], edges: Iterable[Edge]) -> Iterator[bytes]:
    for node in nodes_by_id(nodes):
        yield _line(node, from_node(node))
    for edge in edges_by_id(edges):
        yield _line(edge, from_edge(edge))


def _line(record: Node | Edge, terms: Mapping[str, Any]) -> bytes:
    text = canonical(terms)
    check_size(record, len(text))
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise GraphError(f"{record.id}: a text holds half a character") from None


def _read(gather: Gather, text: str) -> None:
    scan = _Scan(gather, text)
    context = False
    for name, at, value in scan.records():
        line = scan.line(at)
        if name == "@context":
            context = True
            if value != CONTEXT:
                gather.fault(
                    line, "the context is not that of Gyges; only what Gyges wrote is read back"
                )
        elif name != "@graph":
            gather.fault(
                line, f"no key {name[:80]!r} here; {nearest(name[:80], ['@context', '@graph'])}"
            )
        else:
            _take(gather, value, line)
    if not context and not gather.faults.count:
        gather.fault(None, "has no @context: is it JSON-LD?")


def _take(gather: Gather, value: Any, line: int) -> None:
    if not isinstance(value, dict):
        gather.fault(line, f"{ascii(value)[:80]} is no node and no statement")
        return
    problems: list[str] = []
    is_edge = value.get("@type") == STATEMENT
    record = (to_edge if is_edge else to_node)(value, problems.append)
    for problem in problems:
        gather.fault(line, problem)
    if not problems:
        (gather.edge if is_edge else gather.node)(record, line)


class _Scan:
    """The values of a document, one by one with their places, so that a fault can name its line."""

    def __init__(self, gather: Gather, text: str) -> None:
        self._gather = gather
        self._text = text
        self._decoder = decoder()
        self._counted = (0, 1)

    def line(self, at: int) -> int:
        """Return the line of a place."""
        before, line = self._counted
        if at < before:
            before, line = 0, 1
        line += self._text.count("\n", before, at)
        self._counted = (at, line)
        return line

    def records(self) -> Iterator[tuple[str, int, Any]]:
        """Give each member of the outer object, and each item of ``@graph``, with its place."""
        at = self._expect(self._blank(0), "{")
        if self._sees(at, "}"):
            self._end(at + 1)
            return
        while True:
            name, at = self._value(at)
            if not isinstance(name, str):
                self._fail(at, "a key is a text")
            at = self._expect(at, ":")
            if name == "@graph" and self._sees(at, "["):
                at = self._blank(at + 1)
                while not self._sees(at, "]"):
                    start = at
                    value, at = self._value(at)
                    yield name, start, value
                    if self._sees(at, ","):
                        at = self._blank(at + 1)
                        if self._sees(at, "]"):
                            self._fail(at, "a value is missing behind the comma")
                    elif not self._sees(at, "]"):
                        self._fail(at, "',' or ']' is missing")
                at = self._blank(at + 1)
            else:
                start = at
                value, at = self._value(at)
                yield name, start, value
            if self._sees(at, "}"):
                self._end(at + 1)
                return
            at = self._expect(at, ",")

    def _value(self, at: int) -> tuple[Any, int]:
        try:
            value, end = self._decoder.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            self._fail(error.pos, error.msg)
        except RecursionError:
            self._fail(at, "it is nested too deep to be a record")
        except NotJson as error:
            self._fail(at, f"it {error}")
        except ValueError:
            self._fail(at, "it holds a number with too many digits")
        if end - at > 2 * MOST_LINE:
            self._fail(at, f"a record has more than {2 * MOST_LINE:,} characters")
        return value, self._blank(end)

    def _fail(self, at: int, problem: str) -> NoReturn:
        self._gather.fault(self.line(at), f"is not JSON: {problem}")
        raise Unreadable

    def _blank(self, at: int) -> int:
        found = _BLANK.match(self._text, at)
        return found.end() if found else at

    def _sees(self, at: int, mark: str) -> bool:
        return self._text.startswith(mark, at)

    def _expect(self, at: int, mark: str) -> int:
        if not self._sees(at, mark):
            self._fail(at, f"{mark!r} is missing")
        return self._blank(at + 1)

    def _end(self, at: int) -> None:
        at = self._blank(at)
        if at < len(self._text):
            self._fail(at, "something stands behind the end")
