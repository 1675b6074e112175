"""How does a table grow so that a crash at any moment loses nothing that had finished?

Records are appended as JSON lines, each in one write that reaches the operating system before the next record is
taken. A process that dies in the middle of a write leaves a torn last line, which is dropped (that trial is asked
again); everything before it stands. A line that is broken anywhere else was not made by a crash: reading it is an
error that names file and line.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gyges.errors import CorruptStudy

__all__ = ["Journal", "complete_bytes", "corrupt_line", "read_lines"]

_BLOCK = 1 << 16
_SURROGATE = re.compile("[\ud800-\udfff]")


def complete_bytes(path: Path) -> int:
    """Count the bytes up to and including the last newline: what was written whole."""
    size = path.stat().st_size
    with path.open("rb") as file:
        end = size
        while end > 0:
            start = max(0, end - _BLOCK)
            file.seek(start)
            at = file.read(end - start).rfind(b"\n")
            if at >= 0:
                return start + at + 1
            end = start
    return 0


def corrupt_line(path: Path, number: int, why: str) -> CorruptStudy:
    """Build the error for a line that no crash can have made."""
    return CorruptStudy(
        f"{path}:{number}: this line of the study cannot be read ({why}). Nothing else is lost: "
        f"delete line {number} of that file (keep a copy) and run the same command again; "
        "what stood on the line is then done again"
    )


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read a journal, leaving out a torn last line.

    Raises:
        CorruptStudy: A line other than a torn last one is not a JSON object.
    """
    whole = complete_bytes(path)
    read = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            read += len(line)
            if read > whole:
                return
            if not line.strip():
                continue
            try:
                record = json.loads(line.decode())
            except ValueError as error:
                raise corrupt_line(path, number, str(error)) from None
            if not isinstance(record, dict):
                raise corrupt_line(path, number, f"an object is wanted, this is {record!r:.40}")
            yield record


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item, clean) for item in value]
    return value


class Journal:
    """An append-only file of JSON lines.

    Args:
        path: The file; made with its folder if it is missing. A torn last line is cut off.
        clean: Applied to every text before it is written (see :mod:`gyges.study.redact`).
    """

    def __init__(self, path: Path, clean: Callable[[str], str] | None = None) -> None:
        self.path = path
        self._clean = clean
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            whole = complete_bytes(path)
            if whole < path.stat().st_size:
                os.truncate(path, whole)
        self._file: io.FileIO | None = None

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record; it is with the operating system when this returns."""
        if self._clean is not None:
            # Text by text, not the whole line: what is cut out must not take a quotation mark of JSON with it.
            record = {name: _cleaned(value, self._clean) for name, value in record.items()}
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        try:
            encoded = f"{line}\n".encode()
        except UnicodeEncodeError:
            # Halves of surrogate pairs can come from a provider; no table can hold them.
            encoded = _SURROGATE.sub("\ufffd", f"{line}\n").encode()
        if self._file is None:
            self._file = io.FileIO(self.path, "ab")
        data = memoryview(encoded)
        while data:
            data = data[self._file.write(data) or 0 :]

    def close(self) -> None:
        """Put the file on the disk and close it."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
