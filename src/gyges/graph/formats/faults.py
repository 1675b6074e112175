"""What is wrong with a file, all of it, told once?

A reader goes on after a fault, so that one message tells the first twenty and how many more there are. Nothing of a
file with a fault is handed on.
"""

from __future__ import annotations

from pathlib import Path

from gyges.errors import GraphError

__all__ = ["MOST_TOLD", "Faults", "Unreadable"]

MOST_TOLD = 20
"""Faults that a message names; the others are counted."""


class Unreadable(Exception):
    """The rest of a file cannot be read; its fault has been noted."""


class Faults:
    """The faults that a reader met.

    Args:
        path: What is read, for the first line of the message.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._told: list[str] = []

    def add(self, path: Path, line: int | None, problem: str) -> None:
        """Note a fault of a file's line; of the whole file where the line is None."""
        self.count += 1
        if len(self._told) < MOST_TOLD:
            where = f"{path}:{line}" if line else f"{path}"
            self._told.append(f"{where}: {problem}")

    def stop(self, path: Path, line: int | None, problem: str) -> Unreadable:
        """Note a fault after which the file cannot be read on; the caller raises what is returned."""
        self.add(path, line, problem)
        return Unreadable(problem)

    def check(self) -> None:
        """End the reading where there was a fault.

        Raises:
            GraphError: With the first faults, and how many there are.
        """
        if not self.count:
            return
        if self.count == 1:
            raise GraphError(f"{self._told[0]} (nothing was taken from {self.path})")
        lines = [f"{self.path}: {self.count:,} faults, and nothing was taken from it", *self._told]
        if self.count > len(self._told):
            lines.append(f"... and {self.count - len(self._told):,} more")
        raise GraphError("\n".join(lines))
