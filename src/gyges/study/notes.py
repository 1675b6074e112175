"""How are many notes about imported material told briefly, without losing one?

Kinds of notes that concern many files are folded into one; the whole list stands in ``study.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["FEW", "fold_notes"]

FEW = 8
"""Up to so many notes of a kind are told one by one."""


def fold_notes(notes: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Fold notes of the same kind where there are more than a few.

    Args:
        notes: Records with ``kind``, ``what``, ``where``, ``done`` and ``count``.

    Returns:
        Records with ``kind``, ``what``, ``where`` and ``done``; a folded one gives the total and its first case.
    """
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for note in notes:
        kinds.setdefault(str(note.get("kind", "")), []).append(note)
    told = []
    for kind, found in kinds.items():
        if len(found) <= FEW:
            told += [
                {key: str(note.get(key, "")) for key in ("kind", "what", "where", "done")}
                for note in found
            ]
            continue
        total = sum(int(note.get("count", 1)) for note in found)
        told.append(
            {
                "kind": kind,
                "what": f"{total:,} cases in {len(found)} files; the first: {found[0].get('what', '')}",
                "where": f"{len(found)} files, each named in study.yaml",
                "done": str(found[0].get("done", "")),
            }
        )
    return told
