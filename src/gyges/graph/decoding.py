"""What text does a file hold that a stranger wrote?

UTF-8 with or without a byte-order mark, or UTF-16 with one, as spreadsheets and browsers save it. Anything else is
refused with the place of the first byte that is none: a guess would write wrong names into the graph. Line ends are
left as they are, because places in a text are counted in its characters.
"""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gyges.errors import GraphError

__all__ = ["MOST_BYTES", "NotText", "as_utf8", "decode", "decode_part", "read_text"]

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of a source or a bibliography."""

_MARKS = (
    # The first of UTF-32 begins like one of UTF-16.
    (b"\xff\xfe\x00\x00", ""),
    (b"\x00\x00\xfe\xff", ""),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xef\xbb\xbf", "utf-8"),
)
_BLOCK = 1 << 20
_CONVERT = "save it as UTF-8, for example with: iconv -f latin1 -t utf-8"


class NotText(Exception):
    """Bytes are no text that is read here."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        """What is wrong, with the byte at which it is."""
        self.line = line
        """The line, from 1; None where it concerns the file."""


def read_text(path: Path, most: int = MOST_BYTES, advice: str = "") -> str:
    """Read a file's text as it is, but for the byte-order mark.

    Args:
        path: The file.
        most: Bytes of the largest that is read.
        advice: How else a user may come by the text, for the message.

    Raises:
        GraphError: It cannot be read, is too large, or is no text, with its line and byte.
    """
    try:
        size = path.stat().st_size
        if size > most:
            raise GraphError(f"{path}: {size:,} bytes; at most {most:,} are read. Split it.")
        raw = path.read_bytes()
    except OSError as error:
        raise GraphError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        return decode(raw)
    except NotText as error:
        line = f":{error.line}" if error.line else ""
        raise GraphError(f"{path}{line}: {error.problem}{advice}") from None


def decode(raw: bytes) -> str:
    """Decode the bytes of a whole file.

    Raises:
        NotText: They are none.
    """
    encoding, skip = _encoding(raw[:4])
    return decode_part(raw[skip:], skip, encoding)


def decode_part(raw: bytes, offset: int, encoding: str = "utf-8", first_line: int = 1) -> str:
    """Decode some bytes of a file.

    Args:
        raw: The bytes.
        offset: Bytes of the file before them.
        encoding: What they are written in.
        first_line: The line at which they begin.

    Raises:
        NotText: They are none.
    """
    if encoding == "utf-8" and (zero := raw.find(b"\x00")) >= 0:
        raise _zero(offset + zero, first_line + raw.count(b"\n", 0, zero))
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode(encoding, "ignore")
        line = first_line + before.count("\n")
        raise _not(encoding, offset + error.start, raw[error.start], line) from None
    if (zero := text.find("\x00")) >= 0:
        at = offset + len(text[:zero].encode(encoding))
        raise _zero(at, first_line + text.count("\n", 0, zero))
    return text


@contextmanager
def as_utf8(path: Path) -> Iterator[tuple[IO[bytes], int]]:
    """Open a file for reading its bytes as UTF-8 without a mark, whatever it is written in.

    Yields:
        The open file, and how many bytes of the mark stand before its first.

    Raises:
        NotText: It is no text.
    """
    with path.open("rb") as file:
        encoding, skip = _encoding(file.read(4))
        file.seek(skip)
        if encoding == "utf-8":
            yield file, skip
            return
        with tempfile.SpooledTemporaryFile(8 * _BLOCK) as copy:
            _transcode(file, copy, encoding, skip)
            copy.seek(0)
            yield copy, 0


def _encoding(head: bytes) -> tuple[str, int]:
    """Return what a file is written in, and the length of its mark."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            if not encoding:
                raise NotText("is written in UTF-32; save it as UTF-8")
            return encoding, len(mark)
    if len(head) == 4 and (head[0] == 0) != (head[1] == 0):
        # Every other byte of plain text is zero.
        raise NotText("is written in UTF-16 without a byte-order mark; save it as UTF-8")
    return "utf-8", 0


def _transcode(file: IO[bytes], copy: IO[bytes], encoding: str, at: int) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    while True:
        kept = len(decoder.getstate()[0])
        block = file.read(_BLOCK)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            line += before.decode(encoding, "ignore").count("\n")
            raise _not(encoding, at - kept + error.start, error.object[error.start], line) from None
        if (zero := text.find("\x00")) >= 0:
            before = text[:zero].encode(encoding)
            raise _zero(at - kept + len(before), line + text.count("\n", 0, zero))
        if not block:
            return
        copy.write(text.encode())
        line += text.count("\n")
        at += len(block)


def _not(encoding: str, at: int, byte: int, line: int) -> NotText:
    name = encoding.upper()[:6].rstrip("-")
    return NotText(f"byte {at:,} of the file, 0x{byte:02X}, is not {name}; {_CONVERT}", line)


def _zero(at: int, line: int) -> NotText:
    return NotText(f"holds a zero byte at byte {at:,} of the file; is it a text?", line)
