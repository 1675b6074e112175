"""What text does a file of another program hold?

UTF-8, with or without a byte-order mark, or UTF-16 with one; any line ends. A file in another encoding is refused with
the place of its first byte that is none, since a guess would write wrong names into the graph.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from gyges.errors import GraphError

__all__ = ["decoded"]

_MOST_BYTES = 64 * 1024 * 1024
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decoded(path: Path) -> str:
    """Read a file's text, with a line feed at the end of each line.

    Raises:
        GraphError: It cannot be read, is too large, or is not UTF-8.
    """
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise GraphError(f"{path}: {size:,} bytes; at most {_MOST_BYTES:,} are read. Split it.")
        raw = path.read_bytes()
    except OSError as error:
        raise GraphError(f"{path} cannot be read: {error.strerror or error}") from error
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8-sig")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise GraphError(
            f"{path}:{line}: byte {error.start} ({raw[error.start : error.start + 1].hex()}) is not {error.encoding}; "
            f"save the file as UTF-8, for example with: iconv -f latin1 -t utf-8 {path.name}"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
