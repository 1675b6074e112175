"""In what order, and within what bounds, are the records of a graph written?

By id, so that the same graph gives the same bytes. A collection is sorted here; a stream, such as a store gives, is
passed on as it comes, so that a large graph is never held in memory, and has to come by id.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from gyges.errors import GraphError
from gyges.graph.model import Edge, Node, canonical

__all__ = ["MOST_RECORD", "by_id", "check_size", "edges_by_id", "nodes_by_id"]

MOST_RECORD = 2_000_000
"""Bytes of a record's canonical JSON; what is larger could not be read back."""

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class _Record(Protocol):
    @property
    def id(self) -> str: ...

    def to_dict(self) -> dict[str, Any]: ...


_R = TypeVar("_R", bound=_Record)


def by_id(records: Iterable[_R]) -> Iterator[_R]:
    """Pass records on in the order of their ids.

    Raises:
        GraphError: Two have the same id, or a stream does not come in order.
    """
    if isinstance(records, Collection):
        ordered = sorted(records, key=lambda record: record.id)
        for one, next_ in pairwise(ordered):
            if one.id == next_.id:
                raise GraphError(f"two records have the id {one.id!r}; merge them first")
        yield from ordered
        return
    last = ""
    for record in records:
        if record.id <= last:
            how = "twice" if record.id == last else f"behind {last!r}"
            raise GraphError(
                f"{record.id!r} comes {how}; a stream of records comes by id, or give a list"
            )
        last = record.id
        yield record


def nodes_by_id(nodes: Iterable[Node]) -> Iterator[Node]:
    """Pass nodes on in order, without those that no file could hold.

    Raises:
        GraphError: Also where a date or an identifier has a name that cannot be written.
    """
    for node in by_id(nodes):
        for names in (node.dates, node.identifiers):
            for name in names:
                if _UNSEEN.search(name):
                    raise GraphError(
                        f"{node.id}: the name {name!r} holds a character that no file can show"
                    )
        yield node


def edges_by_id(edges: Iterable[Edge]) -> Iterator[Edge]:
    """Pass edges on in order.

    Raises:
        GraphError: Also where a confidence is no number between 0 and 1, which JSON could not say.
    """
    for edge in by_id(edges):
        if edge.confidence is not None and not 0 <= edge.confidence <= 1:
            raise GraphError(f"{edge.id}: confidence is {edge.confidence!r}; it is from 0 to 1")
        yield edge


def check_size(record: _Record, characters: int) -> None:
    """Refuse a record that is too large to be read back.

    Args:
        record: What is written.
        characters: About how many it has; the exact size is taken only where it could matter.

    Raises:
        GraphError: With the id and the size.
    """
    if 4 * characters + 4_000 < MOST_RECORD:
        return
    size = len(canonical(record.to_dict()).encode())
    if size > MOST_RECORD:
        raise GraphError(
            f"{record.id} has {size:,} bytes; a file takes at most {MOST_RECORD:,} a record"
        )
