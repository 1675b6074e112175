"""Which people whose given names are cut to initials may be one whom the graph knows by name?

A bibliography writes ``J. Doe`` where the graph has Jane Doe. Where an initial fits one person of that family name
alone, the two are a pair for review; they are not taken for one another by their names, because another list's J. Doe
may be John. Where it fits several, it says nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from gyges.graph.model import plain_letters

if TYPE_CHECKING:
    from gyges.graph.store import Store

__all__ = ["fits_full", "initialled"]

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_Name = tuple[str, tuple[str, ...]]
"""A family name, and the given names."""


def initialled(store: Store, among: Collection[str] | None = None) -> Iterator[tuple[str, str]]:
    """Return pairs of people of whom one is written with an initial that fits the other, and no one else.

    Args:
        store: The graph.
        among: Nodes of which one must be in each pair; all where None.

    Returns:
        Two ids in order, each pair once, that no edge joins.
    """
    named: defaultdict[str, set[tuple[str, tuple[str, ...]]]] = defaultdict(set)
    rows = store.connection.execute(
        "SELECT node.id, name.name FROM name JOIN node ON node.num = name.node"
        " WHERE node.type = 'thinker'"
    )
    for id_, written in rows:
        name = _read(written)
        if name is not None:
            family, given = name
            named[family].add((id_, given))
    found = set()
    for people in named.values():
        full = {(id_, given) for id_, given in people if len(given[0]) > 1}
        known = {id_ for id_, _ in full}
        short = {(id_, given) for id_, given in people if id_ not in known}
        for id_ in {id_ for id_, _ in short}:
            ways = [given for one, given in short if one == id_]
            fitting = {other for other, given in full if all(_fits(way, given) for way in ways)}
            if len(fitting) == 1:
                found.add(tuple(sorted((id_, *fitting))))
    for one, other in sorted(found):
        if among is not None and one not in among and other not in among:
            continue
        if not store.edges_between(one, other):
            yield one, other


def fits_full(short: Iterable[str], full: Iterable[str]) -> bool:
    """Say whether a person whose names are all cut to initials can be one who is written in full.

    Args:
        short: How the one is written; false where a first given name is written out, or there is none.
        full: How the other is written.
    """
    ways = [_read(written) for written in short]
    whole = [name for written in full if (name := _read(written)) and len(name[1][0]) > 1]
    return all(
        way is not None
        and len(way[1][0]) == 1
        and any(way[0] == family and _fits(way[1], given) for family, given in whole)
        for way in ways
    )


def _read(written: str) -> _Name | None:
    """Cut a name into its parts; None where it is one word."""
    plain = plain_letters(written).casefold()
    family, comma, given = plain.partition(",")
    words = re.findall(r"[^\W_]+", f"{given} {family}" if comma else plain)
    while len(words) > 2 and words[-1] in _SUFFIXES:
        words.pop()
    return (words[-1], tuple(words[:-1])) if len(words) > 1 else None


def _fits(short: tuple[str, ...], full: tuple[str, ...]) -> bool:
    """Say whether given names do not differ, where an initial stands for any name that begins with it."""
    return all(
        not one
        or not other
        or one == other
        or (min(len(one), len(other)) == 1 and one[0] == other[0])
        for one, other in zip_longest(short, full, fillvalue="")
    )
