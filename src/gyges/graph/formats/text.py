"""How is text that a stranger wrote read line by line, and JSON value by value, without trusting it?

Lines end at a line feed alone. A line that is too long is passed over without being held in memory; bytes that are not
UTF-8 are named with their place; UTF-16 and UTF-32 are named as such. JSON may not say a key twice, nor NaN or
Infinity, nor be nested deeper than Python follows; a key whose value is null is as good as not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from gyges.graph.formats.faults import Faults, Unreadable

__all__ = ["MOST_FILE", "MOST_LINE", "MOST_WHOLE", "NotJson", "decoder", "lines", "load", "whole"]

MOST_LINE = 2 * 1024 * 1024
"""Bytes of one line, and of one record."""
MOST_FILE = 8 * 1024**3
"""Bytes of a file that is read line by line."""
MOST_WHOLE = 1024**3
"""Bytes of a file that has to be held in memory as a whole."""

_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_UTF8_MARK = b"\xef\xbb\xbf"


class NotJson(ValueError):
    """A text is not the JSON that is read here."""

    def __init__(self, problem: str, at: int = 0) -> None:
        super().__init__(problem)
        self.at = at
        """Characters before the place."""


def lines(
    path: Path, faults: Faults, most: int = MOST_LINE, *, keep: bool = False
) -> Iterator[tuple[int, str]]:
    """Read a file line by line.

    Args:
        path: The file.
        faults: Takes what is wrong with a line; such a line is left out, and a file that is no text is not read on.
        most: Bytes of the longest line.
        keep: Give a faulty line too, with marks for what could not be read, because records run over several lines; a
            line that is too long ends the reading then.

    Yields:
        The number of a line, from 1, and its text with its line feed.

    Raises:
        Unreadable: No line of the file can be read.
    """
    with path.open("rb") as file:
        offset = _begin(file, path, faults, MOST_FILE)
        number = 0
        while raw := file.readline(most + 1):
            number += 1
            if len(raw) > most and not raw.endswith(b"\n"):
                size = len(raw) + _pass_over(file)
                faults.add(
                    path, number, f"the line has {size:,} bytes; at most {most:,} are read as one"
                )
                if keep:
                    raise Unreadable
                offset += size
                continue
            text = _decoded(raw, path, number, offset, faults)
            offset += len(raw)
            if text is None and keep:
                text = raw.replace(b"\x00", b"").decode("utf-8", errors="replace")
            if text is not None:
                yield number, text


def whole(path: Path, faults: Faults) -> str:
    """Read a file as one text.

    Raises:
        Unreadable: It is no text, or too large.
    """
    with path.open("rb") as file:
        offset = _begin(file, path, faults, MOST_WHOLE)
        raw = file.read()
    text = _decoded(raw, path, None, offset, faults)
    if text is None:
        raise Unreadable
    return text


def load(text: str) -> Any:
    """Read one JSON value.

    Raises:
        NotJson: It is none, with the place.
    """
    try:
        return decoder().decode(text)
    except json.JSONDecodeError as error:
        if "\n" in text[: error.pos]:
            raise NotJson(f"is not JSON: {error.msg}", error.pos) from None
        raise NotJson(
            f"is not JSON: {error.msg}, at character {error.pos + 1}", error.pos
        ) from None
    except RecursionError:
        raise NotJson("is JSON that is nested too deep to be a record") from None
    except NotJson:
        raise
    except ValueError:  # an integer of thousands of digits
        raise NotJson("holds a number with too many digits") from None


def decoder() -> json.JSONDecoder:
    """Return the reader of JSON that refuses doubled keys, NaN and Infinity."""
    return _DECODER


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotJson(f"says the key {twice[:80]!r} twice")
    if None in read.values():
        return {name: value for name, value in read.items() if value is not None}
    return read


def _no_number(name: str) -> NoReturn:
    raise NotJson(f"holds {name}, which is no number in JSON; leave out what is not known")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)


def _begin(file: BinaryIO, path: Path, faults: Faults, most: int) -> int:
    size = path.stat().st_size
    if size > most:
        raise faults.stop(path, None, f"has {size:,} bytes; at most {most:,} are read")
    head = file.read(4)
    if not head:
        raise faults.stop(path, None, "is empty")
    name = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), "")
    if not name and len(head) == 4 and (head[0] == 0) != (head[1] == 0):
        name = "UTF-16"  # without a mark, every other byte of plain text is zero
    if name:
        raise faults.stop(path, None, f"is written in {name}; save it as UTF-8")
    skip = len(_UTF8_MARK) if head.startswith(_UTF8_MARK) else 0
    file.seek(skip)
    return skip


def _pass_over(file: BinaryIO) -> int:
    size = 0
    while raw := file.readline(1 << 20):
        size += len(raw)
        if raw.endswith(b"\n"):
            break
    return size


def _decoded(raw: bytes, path: Path, number: int | None, offset: int, faults: Faults) -> str | None:
    zero = raw.find(b"\x00")
    if zero >= 0:
        line = number or raw.count(b"\n", 0, zero) + 1
        faults.add(
            path, line, f"holds a zero byte at byte {offset + zero:,} of the file; is it a text?"
        )
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = number or raw.count(b"\n", 0, error.start) + 1
        at = f"byte {offset + error.start:,} of the file, 0x{raw[error.start]:02X},"
        faults.add(path, line, f"{at} is not UTF-8; save the file as UTF-8")
        return None
