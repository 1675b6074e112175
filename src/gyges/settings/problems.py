"""What is wrong with a setting's files, and on which line?

A reader who has to fix a setting wants all of its faults at once. So nothing that reads a setting
raises at the first one: each reader adds what it finds to one ``Problems`` list and goes on with
whatever can still be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

__all__ = ["Problem", "Problems", "told"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault of a setting's files."""

    file: str
    line: int
    """From 1; the line where the reader has to look."""
    message: str
    """What is wrong, the offending value, and what is allowed."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(slots=True)
class Problems:
    """The faults found so far in one pass over a setting."""

    found: list[Problem] = field(default_factory=list)

    def add(self, file: str, line: int, message: str) -> None:
        """Note a fault and go on."""
        self.found.append(Problem(file, line, message))

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(sorted(set(self.found)))


def told(whose: object, problems: Sequence[Problem]) -> str:
    """Write problems as the message of an error: how many ``whose`` has, and each on a line."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n".join([f"{whose} has {count}:", *map(str, problems)])
