"""A change as text: what it added, what it changed from what to what, and what it removed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from gyges.cli.graph._page_text import wrapped

if TYPE_CHECKING:
    from gyges.graph import Effect, Store

__all__ = ["DONE", "change_lines", "effects_by", "rows_json"]

T = TypeVar("T")

SHIPPED = "shipped"
"""The kind of row that says what shipped of a node or an edge which also holds something of the user's."""

DONE = ("added", "changed", "removed")
"""What a change can do to a row, in the order in which it is told."""

_MARKS = {"added": "+", "changed": "~", "removed": "−"}
_HEAD = frozenset({"id", "type", "label", "subject", "relation", "object", "key", "name"})
"""Fields that a row's first line tells."""
_NONE = "(none)"


def effects_by(effects: Iterable[Effect]) -> dict[str, list[Effect]]:
    """Sort what a change did into what it added, changed and removed."""
    found: dict[str, list[Effect]] = {did: [] for did in DONE}
    for one in effects:
        found[one.did].append(one)
    return found


def rows_json(found: Mapping[str, list[Effect]]) -> dict[str, Any]:
    """Return what a change did, for JSON."""
    return {did: [one.to_dict() for one in found[did]] for did in DONE}


def change_lines(
    store: Store, found: Mapping[str, list[Effect]], *, full: bool = True, most: int | None = None
) -> Iterator[str]:
    """Write what a change did as lines.

    Args:
        store: The graph, for the labels of the nodes that rows name.
        found: What it did, by :func:`effects_by`.
        full: Also the fields of what was added and removed; those that were changed are always told.
        most: Rows of each kind of doing; None for all.
    """
    names = _Names(store, [one for did in DONE for one in found[did]])
    for did in DONE:
        rows = found[did]
        if not rows:
            continue
        yield f"{did} ({_counts(rows)})"
        for one in rows[:most]:
            yield from wrapped(f"{_MARKS[did]} {names.head(one)}", "  ", "    ")
            if did == "changed":
                yield from _changes(one, names)
            elif full:
                # What shipped may be a part of a row, which its first line does not tell.
                head = {"id"} if one.kind == SHIPPED else _HEAD
                yield from _fields(one.after or one.before or {}, names, head)
        if most is not None and len(rows) > most:
            yield f"  and {len(rows) - most:,} more: -n {len(rows)}, or --json"


def _counts(rows: list[Effect]) -> str:
    """Count rows by kind: ``2 nodes, 1 edge``."""
    kinds = dict.fromkeys(one.kind for one in rows)
    many = {kind: sum(one.kind == kind for one in rows) for kind in kinds}
    return ", ".join(_counted(kind, count) for kind, count in many.items())


def _counted(kind: str, count: int) -> str:
    s = "" if count == 1 else "s"
    return f"{count:,} record{s} of what shipped" if kind == SHIPPED else f"{count:,} {kind}{s}"


class _Names:
    """The labels of nodes, as the change left or found them, or as the graph has them now."""

    def __init__(self, store: Store, effects: list[Effect]) -> None:
        self._store = store
        self._labels = {
            one.key: str((one.after or one.before or {})["label"])
            for one in effects
            if one.kind == "node"
        }

    def node(self, id_: str) -> str:
        if id_ not in self._labels:
            self._labels[id_] = self._store.node(id_).label if self._store.has(id_) else ""
        label = self._labels[id_]
        return f"{label} ({id_})" if label else id_

    def head(self, effect: Effect) -> str:
        """Name a row in a line."""
        row = effect.after or effect.before or {}
        if effect.kind == "node":
            return f"{row['label']} ({effect.key})"
        if effect.kind == "edge":
            return f"{effect.key}  {self.statement(row)}"
        if effect.kind == "decision":
            ids = effect.key.split("|")
            return f"decision on {' and '.join(self.node(id_) for id_ in ids)}"
        if effect.kind == "proposal":
            return f"proposal {effect.key}: {self.proposed(row)}"
        if effect.kind == SHIPPED:
            return f"what shipped of {self.shipped(effect.key)}"
        return f"copy {row['name']} of {self.node(effect.key)}"

    def shipped(self, id_: str) -> str:
        """Name the node or the edge of which something shipped; one that is gone by its id alone."""
        if self._store.has_edge(id_):
            return f"{id_}  {self.statement(self._store.edge(id_).to_dict())}"
        return self.node(id_)

    def proposed(self, row: Mapping[str, Any]) -> str:
        """Say in short what a proposal's record suggests."""
        if "edge" in row:
            return self.statement(row["edge"], row.get("nodes", ()))
        new = row.get("nodes") or [{}]
        return f"{self.node(row['about'])} ≈ {new[0].get('label') or row.get('label') or row.get('gloss', '')}"

    def statement(self, row: Mapping[str, Any], new: Iterable[Mapping[str, Any]] = ()) -> str:
        """Read an edge's record aloud, whose ends may be nodes that are only proposed."""
        from gyges.graph import RELATIONS

        for one in new:
            self._labels.setdefault(one["id"], one["label"])
        reads = RELATIONS[row["relation"]].reads
        return f"{self.node(row['subject'])} {reads} {self.node(row['object'])}"


def _fields(row: Mapping[str, Any], names: _Names, head: Collection[str]) -> Iterator[str]:
    for name, value in _ordered(row.items()):
        if name in head:
            continue
        for place, text in _parts(name, value, names):
            yield from wrapped(f"{place}: {text}", "      ", "        ")


def _changes(effect: Effect, names: _Names) -> Iterator[str]:
    for name, (was, now) in _ordered(effect.fields().items()):
        for line in _difference(name, was, now, names):
            yield from wrapped(line, "      ", "        ")


def _ordered(fields: Iterable[tuple[str, T]]) -> list[tuple[str, T]]:
    """Put fields in the order in which a record is read, rather than by letter."""
    from gyges.graph.model import EDGE_FIELDS, NODE_FIELDS

    rank = {name: at for at, name in enumerate((*NODE_FIELDS, *EDGE_FIELDS))}
    return sorted(fields, key=lambda field: rank.get(field[0], len(rank)))


def _difference(name: str, was: Any, now: Any, names: _Names) -> Iterator[str]:
    """Tell a field before and after; of a list or a mapping, only what differs."""
    if isinstance(was or now, list):
        old, new = was or [], now or []
        if name == "evidence" and len(old) == len(new):
            for at, (one, other) in enumerate(zip(old, new, strict=True), 1):
                for part in dict.fromkeys((*one, *other)):
                    if one.get(part) != other.get(part):
                        before, after = (
                            _part(part, piece.get(part), names) for piece in (one, other)
                        )
                        yield f"evidence {at}, {part}: {before} -> {after}"
            return
        kept = [one for one in old if one in new]
        for at, one in enumerate(old, 1):
            if one not in new:
                yield f"{_place(name, at)}: − {_text(name, one, names)}"
        for at, one in enumerate(new, 1):
            if one not in old:
                yield f"{_place(name, at)}: + {_text(name, one, names)}"
        if len(old) == len(kept) == len(new):
            yield f"{name}: in another order"
    elif isinstance(was or now, dict) and name in ("dates", "identifiers"):
        old, new = was or {}, now or {}
        for key in dict.fromkeys((*old, *new)):
            if old.get(key) != new.get(key):
                yield f"{key}: {_quoted(old.get(key))} -> {_quoted(new.get(key))}"
    else:
        before = _text(name, was, names) if was is not None else _NONE
        after = _text(name, now, names) if now is not None else _NONE
        yield f"{name}: {before} -> {after}"


def _parts(name: str, value: Any, names: _Names) -> Iterator[tuple[str, str]]:
    """Tell a field of a row: a list and a mapping of names piece by piece."""
    if isinstance(value, list) and name != "aliases" and name != "formerly":
        for at, one in enumerate(value, 1):
            yield _place(name, at), _text(name, one, names)
    elif isinstance(value, dict) and name in ("dates", "identifiers"):
        for key, one in value.items():
            yield key, str(one)
    elif isinstance(value, list):
        yield name, "; ".join(str(one) for one in value)
    else:
        yield name, _text(name, value, names, plain=True)


def _place(name: str, at: int) -> str:
    return f"{name} {at}" if name == "evidence" else name


def _text(name: str, value: Any, names: _Names, *, plain: bool = False) -> str:
    if name == "evidence":
        return _piece(value, names)
    if name == "edge":
        gloss = f": {value['gloss']}" if value.get("gloss") else ""
        return f"{names.statement(value)}{gloss}"
    if name == "nodes":
        return f"{value['label']} ({value['id']})"
    return str(value) if plain else _quoted(value)


def _piece(one: Mapping[str, Any], names: _Names) -> str:
    """Tell a piece of evidence as its record has it."""
    source = names.node(one["node"]) if one.get("node") else "a source that is not named"
    said = ", ".join(part for part in (source, one.get("locator"), one.get("grade")) if part)
    if one.get("note"):
        said += f": {one['note']}"
    if one.get("passage"):
        said += f" — {_part('passage', one['passage'], names)}"
    return said


def _part(name: str, value: Any, names: _Names) -> str:
    """Tell one field of a piece of evidence."""
    if value is None:
        return _NONE
    if name == "passage":
        text = value.get("text")
        return f"“{text}”" if text else f"a passage of {value['words']} words"
    return names.node(value) if name == "node" else _quoted(value)


def _quoted(value: Any) -> str:
    return _NONE if value is None else f'"{value}"' if isinstance(value, str) else str(value)
