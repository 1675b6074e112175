"""What does every importer hand over?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gyges.study.schema import Trial, Verdict, message_hash

__all__ = ["Imported", "Note"]


@dataclass(frozen=True, slots=True)
class Note:
    """One thing in the imported data that a reader of the results should know."""

    kind: str
    """A slug for machines, such as ``arm-without-partner``; each importer lists its kinds."""
    what: str
    """What was found, in one sentence."""
    where: str
    """File, and line or position in it, relative to the imported path."""
    done: str
    """What the importer did about it."""
    count: int = 1
    """How many trials, labels or lines it concerns."""


@dataclass(slots=True)
class Imported:
    """Records that stream out of someone else's files, and what was noticed on the way.

    ``messages``, ``notes`` and ``judges`` fill while ``records`` is consumed, and are complete once it is
    exhausted; the other fields are known before.
    """

    records: Iterator[tuple[Trial, Verdict | None]]
    """Each trial with the verdict that came with it, in a fixed order, holding one file at a
    time."""
    source: dict[str, Any]
    """Where the data came from: ``path``, ``layout`` and ``files`` (``path``, ``bytes``,
    ``sha256``)."""
    judge: str
    """The name that the imported verdicts carry."""
    factors: dict[str, str] = field(default_factory=dict)
    """The further columns: name to ``text``, ``number``, ``integer`` or ``boolean``."""
    messages: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Hash of a message to its role and text; the trials name these hashes."""
    notes: list[Note] = field(default_factory=list)
    judges: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the files say of their judges, by name; a judge that is not here is only named."""

    def say(self, text: str, role: str = "user") -> str:
        """Keep a message once and return its hash."""
        name = message_hash(role, text)
        self.messages.setdefault(name, (role, text))
        return name
