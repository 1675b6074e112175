"""What do the judges share that read by a setting's own rule: how they are made, described and handed to processes?

And how marks are found: each pattern where it matches, but not inside a longer match of another kind ("not public"
is no mark of "public").
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from gyges.judges._rulebook import Rulebook, compiled
from gyges.judges.shipped_card import card_summary

__all__ = ["Hit", "OwnRule", "find_marks", "longest_marks"]


class OwnRule:
    """Reads answers by a setting's own rule; each of its subclasses reads one thing.

    Args:
        book: The setting's rules.
    """

    name: str
    """By which it is asked for."""
    kind: str = "rule"
    code: ClassVar[str]
    """Goes up when the same answer would be read otherwise."""
    sees: str
    """What it looks at, in words."""
    note: ClassVar[str] = ""
    """What is said where no card was measured; empty: nothing."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.setting = book.setting
        self.version = hashlib.sha256(f"{book.version} {self.code}".encode()).hexdigest()[:12]
        """12 hex digits that stand for the setting's file and for how it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.book,)

    def info(self) -> dict[str, Any]:
        """Describe the judge, for the study and the report."""
        card = card_summary(self.name, self.setting, self.version)
        return {
            "name": self.name,
            "kind": self.kind,
            "version": self.version,
            "question": "outcome",
            "sees": self.sees,
            "card": card or ({"note": self.note} if self.note else card),
        }


class Hit(NamedTuple):
    """Where a mark stands in a folded text."""

    start: int
    end: int
    kind: str
    pattern: str


def find_marks(marks: Mapping[str, Sequence[str]], plain: str) -> list[Hit]:
    """Find every match of every pattern, by kind.

    Args:
        marks: The patterns by kind.
        plain: The folded text.
    """
    return [
        Hit(match.start(), match.end(), kind, pattern)
        for kind, patterns in marks.items()
        for pattern in patterns
        for match in compiled(pattern).finditer(plain)
        if match.end() > match.start()
    ]


def longest_marks(hits: Iterable[Hit]) -> list[Hit]:
    """Leave out what stands inside a longer mark of another kind, and sort the rest by place."""
    found = list(hits)
    return sorted(
        hit
        for hit in found
        if not any(
            other.kind != hit.kind
            and other.start <= hit.start
            and hit.end <= other.end
            and other.end - other.start > hit.end - hit.start
            for other in found
        )
    )
