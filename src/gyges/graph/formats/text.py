"""How is text that a stranger wrote read line by line, and JSON value by value, without trusting it?

Lines end at a line feed alone. A line that is too long is passed over without being held in memory; bytes that are no
text (:mod:`gyges.graph.decoding`) are named with their place. JSON may not say a key twice, nor NaN or
Infinity, nor be nested deeper than Python follows; a key whose value is null is as good as not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

from gyges.graph.decoding import NotText, as_utf8, decode_part, read_text
from gyges.graph.formats.faults import Faults, Unreadable

__all__ = [
    "MOST_FILE",
    "MOST_LINE",
    "MOST_WHOLE",
    "NotJson",
    "decoder",
    "lines",
    "load",
    "text_of",
    "whole",
]

MOST_LINE = 2 * 1024 * 1024
"""Bytes of one line, and of one record."""
MOST_FILE = 8 * 1024**3
"""Bytes of a file that is read line by line."""
MOST_WHOLE = 1024**3
"""Bytes of a file that has to be held in memory as a whole."""


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
    with _opened(path, faults, MOST_FILE) as (file, offset):
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
    with _opened(path, faults, MOST_WHOLE) as (file, offset):
        text = _decoded(file.read(), path, 1, offset, faults)
    if text is None:
        raise Unreadable
    return text


def text_of(path: Path) -> str:
    """Read a file of another program as one text, with a line feed at the end of each line.

    Raises:
        GraphError: It cannot be read, is too large, or is no text.
    """
    return read_text(path).replace("\r\n", "\n").replace("\r", "\n")


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


@contextmanager
def _opened(path: Path, faults: Faults, most: int) -> Iterator[tuple[IO[bytes], int]]:
    size = path.stat().st_size
    if size > most:
        raise faults.stop(path, None, f"has {size:,} bytes; at most {most:,} are read")
    if not size:
        raise faults.stop(path, None, "is empty")
    try:
        with as_utf8(path) as opened:
            yield opened
    except NotText as error:
        raise faults.stop(path, error.line, error.problem) from None


def _pass_over(file: IO[bytes]) -> int:
    size = 0
    while raw := file.readline(1 << 20):
        size += len(raw)
        if raw.endswith(b"\n"):
            break
    return size


def _decoded(raw: bytes, path: Path, number: int, offset: int, faults: Faults) -> str | None:
    try:
        return decode_part(raw, offset, first_line=number)
    except NotText as error:
        faults.add(path, error.line, error.problem)
        return None
