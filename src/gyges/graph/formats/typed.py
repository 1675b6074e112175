"""What may somebody who types a table of edges write in place of ids and JSON?

Labels in place of the ids of an edge's ends and of its source: of a node of the same tables, or else of the graph that
takes them. And one piece of evidence in columns of its own; further rows of the same statement add theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gyges.errors import nearest
from gyges.graph.formats.gather import Gather
from gyges.graph.model import type_of
from gyges.graph.vocabulary import GRADES, NODE_TYPES, RELATIONS

__all__ = ["EVIDENCE_COLUMNS", "Ends", "Named", "Statements"]

EVIDENCE_COLUMNS = ("source", "locator", "grade", "note")
"""The columns of a piece of evidence; the first names its node."""

Named = Callable[[str], Sequence[str]]
"""Returns the ids of the nodes of a graph that have a label or alias."""


class Ends:
    """The nodes that a table of edges may name by their labels.

    Args:
        gather: Takes the faults, and has the nodes of the same tables.
        named: Of the graph that takes the tables; None where there is none.
    """

    def __init__(self, gather: Gather, named: Named | None = None) -> None:
        self._gather = gather
        self._in_graph = named
        self._named: dict[str, set[str]] | None = None

    def find(self, cell: str, field: str, line: int) -> str | None:
        """Return the id that a cell names; None, and a fault, where it names none or several."""
        if type_of(cell) in NODE_TYPES:
            return cell
        if self._named is None:
            self._named = {}
            for node in self._gather.incoming.nodes:
                for name in (node.label, *node.aliases):
                    self._named.setdefault(name.strip().casefold(), set()).add(node.id)
        ids = sorted(self._named.get(cell.strip().casefold(), ()))
        if not ids and self._in_graph is not None:
            ids = sorted(self._in_graph(cell))
        if len(ids) == 1:
            return ids[0]
        if ids:
            said = f"{field} {cell[:80]!r} is the label of {len(ids)} nodes: {', '.join(ids[:5])}; name one by its id"
        else:
            where = " or of the graph" if self._in_graph is not None else ""
            said = f"{field} {cell[:80]!r} is no id, and no node of these tables{where} has this label; write type:slug"
        self._gather.fault(line, said)
        return None


class Statements:
    """The edges of a table with columns for evidence, each with that of all its rows.

    Args:
        gather: Takes them at the end, and the faults.
        ends: Finds the sources.
    """

    def __init__(self, gather: Gather, ends: Ends) -> None:
        self._gather = gather
        self._ends = ends
        self._records: dict[tuple[str, ...], tuple[int, dict[str, Any]]] = {}

    def take(self, record: dict[str, Any], cells: Mapping[str, str], line: int) -> None:
        """Take a row: the record of its other cells, with ids, and those of its evidence."""
        piece = self._piece(cells, line)
        given = record.pop("evidence", [])
        if not isinstance(given, list):
            # What it should be is said by the check of the whole record.
            self._gather.edge({**record, "evidence": given}, line)
            return
        first, there = self._records.setdefault(_statement(record), (line, {}))
        for field, said in record.items():
            if field in ("subject", "object", "gloss") and field in there:
                continue  # the same but for their order, or for blanks
            if there.setdefault(field, said) != said:
                self._gather.fault(
                    line,
                    f"{field} is {str(said)[:80]!r}, and {str(there[field])[:80]!r} in line {first}, which has the "
                    "same statement; its rows differ in their evidence alone",
                )
        pieces = there.setdefault("evidence", [])
        pieces += [one for one in (*given, piece) if one and one not in pieces]

    def done(self) -> None:
        """Hand over all edges."""
        for line, record in self._records.values():
            self._gather.edge(record, line)

    def _piece(self, cells: Mapping[str, str], line: int) -> dict[str, Any]:
        piece = {name: cells[name] for name in EVIDENCE_COLUMNS if cells.get(name, "").strip()}
        grade = piece.get("grade")
        if grade is not None and grade not in GRADES:
            self._gather.fault(line, f"grade is {grade[:80]!r}; {nearest(grade[:80], GRADES)}")
        elif grade is not None and len(piece) == 1:
            self._gather.fault(
                line, f"grade {grade!r} stands alone; name the source, the locator or a note"
            )
        if source := piece.pop("source", ""):
            piece["node"] = self._ends.find(source, "source", line) or ""
        return piece


def _statement(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return by what two rows are of the same edge."""
    if "id" in record:
        return (str(record["id"]),)
    ends = [str(record.get(name, "")) for name in ("subject", "object")]
    relation = str(record.get("relation", ""))
    rule = RELATIONS.get(relation)
    if rule is not None and rule.symmetric:
        ends.sort()
    return (*ends, relation, " ".join(str(record.get("gloss", "")).split()))
