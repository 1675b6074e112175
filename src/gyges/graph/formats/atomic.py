"""How does a file come to be there as a whole or not at all?

The new content goes to a file of another name in the same folder, is flushed to the disk, and takes the place of the
old file in one step (``os.replace``). Whatever stops the writing leaves the old file as it was, or none, and never
half a file. The files of one export, such as the two tables of CSV, change places only when all of them are complete.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gyges.errors import GraphError

__all__ = ["replacing"]

_BUFFER = 1 << 20


@contextmanager
def replacing(*paths: Path) -> Iterator[list[BinaryIO]]:
    """Open files that take the places of the given ones when the block ends without an error.

    Args:
        paths: Where the files shall stand. A link is followed, so that it stays a link.

    Yields:
        One open binary file for each path, in their order.

    Raises:
        GraphError: A path cannot be written to; what stood there is unchanged.
    """
    goals = [_goal(path) for path in paths]
    parts = [goal.with_name(f".{goal.name}.{secrets.token_hex(6)}.part") for goal in goals]
    files: list[BinaryIO] = []
    try:
        files.extend(open(part, "xb", buffering=_BUFFER) for part in parts)  # noqa: PTH123, SIM115
        yield files
        for file, goal in zip(files, goals, strict=True):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            if goal.exists():
                shutil.copymode(goal, file.name)
        for part, goal in zip(parts, goals, strict=True):
            part.replace(goal)
        _settle({goal.parent for goal in goals})
    except OSError as error:
        said = error.strerror or str(error)
        raise GraphError(f"{paths[0]}: cannot be written: {said}; it is as it was") from error
    finally:
        _clear(files, parts)


def _goal(path: Path) -> Path:
    goal = path.resolve()
    if goal.is_dir():
        raise GraphError(f"{path}: is a folder; name the file that is to be written")
    if goal.exists() and not goal.is_file():
        raise GraphError(f"{path}: is not a file that can be replaced; name one")
    if not goal.parent.is_dir():
        raise GraphError(f"{path}: there is no folder {goal.parent}; make it first")
    return goal


def _settle(folders: set[Path]) -> None:
    # The new names are safe from a power cut once their folder is; not every system lets a folder be opened.
    for folder in folders:
        with contextlib.suppress(OSError):
            number = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)


def _clear(files: Sequence[BinaryIO], parts: Sequence[Path]) -> None:
    for file in files:
        with contextlib.suppress(OSError):
            file.close()
    for part in parts:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
