"""How does a page opened from a folder load data in pieces, and never take text for code?

A page from ``file://`` may not fetch, but it may load scripts. So each piece of data is a script
that makes one call, ``gyges.put(kind, number, text)``, whose text is a JSON document as a string
literal. The page parses it with ``JSON.parse``: nothing in it is a program, and a key such as
``__proto__`` is only a key. Characters that could end a script, that JavaScript or a reader would
misread, or that UTF-8 cannot hold are written as escapes.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from gyges.report.content import tidy

__all__ = ["CHUNK_BYTES", "ChunkWriter", "Folder", "call", "decode", "encode", "js_string"]

CHUNK_BYTES = 384 * 1024
"""A chunk is closed when it has grown to this size: quick to parse, and not many files."""

_SCRIPT_UNSAFE = re.compile(
    "[<>&\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff]"
)


def encode(value: Any) -> str:
    """Write a value as JSON; a number that is not finite becomes null, since JSON has none."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError):
        return json.dumps(tidy(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def js_string(text: str) -> str:
    """Write text as a JavaScript string literal, also a JSON string, safe in and out of HTML."""
    quoted = json.dumps(text, ensure_ascii=False)
    return _SCRIPT_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def call(kind: str, number: int, text: str) -> str:
    """Write the script of one piece of data.

    Args:
        kind: Which table the piece belongs to.
        number: Its number, from 1.
        text: A JSON document.
    """
    return f'gyges.put("{kind}",{number},{js_string(text)});\n'


def decode(script: str) -> tuple[str, int, Any]:
    """Read a script that ``call`` wrote: kind, number and the parsed document.

    Raises:
        ValueError: The script is not such a call.
    """
    found = re.fullmatch(r'gyges\.put\("([a-z]+)",(\d+),(".*")\);\n', script, flags=re.DOTALL)
    if found is None:
        raise ValueError(f"not a chunk: {script[:60]!r}; allowed: one call of gyges.put")
    return found[1], int(found[2]), json.loads(json.loads(found[3]))


class Folder:
    """A folder that chunks are written to, and a running digest of all that was written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._digest = hashlib.sha256()

    def write(self, kind: str, number: int, text: str) -> None:
        """Write one piece of data, a JSON document, as a script."""
        data = call(kind, number, text).encode()
        self._digest.update(data)
        (self.path / f"{kind}-{number:04d}.js").write_bytes(data)

    @property
    def digest(self) -> str:
        """Twelve hex digits over everything written so far: the same data give the same."""
        return self._digest.hexdigest()[:12]


class ChunkWriter:
    """Writes items of one kind, in order, into chunks of bounded size; holds one of them."""

    def __init__(self, folder: Folder, kind: str, *, limit: int = CHUNK_BYTES) -> None:
        self._folder = folder
        self._kind = kind
        self._limit = limit
        self._items: list[str] = []
        self._size = 0
        self.starts: list[int] = []
        """For each chunk written or begun, the number of the first item in it."""
        self.count = 0
        """Items added so far."""

    def add(self, item: Any) -> int:
        """Add an item.

        Args:
            item: Anything that JSON can hold.

        Returns:
            The item's number, from 0.
        """
        text = encode(item)
        # Characters are a close enough measure of bytes, and cheap.
        if self._items and self._size + len(text) > self._limit:
            self.close()
        if not self._items:
            self.starts.append(self.count)
        self._items.append(text)
        self._size += len(text)
        self.count += 1
        return self.count - 1

    def close(self) -> None:
        """Write what is held."""
        if self._items:
            self._folder.write(self._kind, len(self.starts), f"[{','.join(self._items)}]")
            self._items, self._size = [], 0
