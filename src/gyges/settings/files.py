"""Which files make a setting, what text stands in them, and what is their hash?

A setting is a folder of four data files and a page about them. The Markdown files hold prompt text
in **blocks**: a line ``## block-name`` opens one, and what stands before the first is a note to
the reader that is never sent. Files are read as UTF-8 with any kind of line ends, so that a
checkout on another system gives the same texts and hash.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from gyges.settings.problems import Problems

__all__ = [
    "DATA_FILES",
    "FACTORS",
    "README",
    "Block",
    "Source",
    "digest",
    "folder_id",
    "names_in",
    "read_blocks",
    "read_source",
]

DATA_FILES = ("queries.jsonl", "setting.yaml", "system.md", "user.md")
"""The files that decide what a subject or a judge sees; the hash covers these."""

FACTORS = "factors"
"""The folder of the factors that are a setting's own."""

README = "README.md"
"""The page about the setting: documentation, so correcting it leaves the hash as it is."""

_HEADING = re.compile(r"##(?!#).*")
_BLOCK_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file."""

    file: str
    """The path as it is shown in problems."""
    text: str
    """Without a byte order mark, every line end as one newline."""


@dataclass(frozen=True, slots=True)
class Block:
    """A named piece of prompt text, as it stands in a Markdown file."""

    name: str
    text: str
    """Trimmed of blank lines around it."""
    line: int
    """Where the heading stands."""
    text_line: int
    """Where the text begins."""


def folder_id(folder: Traversable) -> str:
    """The id of the setting in a folder: its name, so that a broken setting can be named."""
    # A path such as "." has no name of its own.
    return folder.resolve().name if isinstance(folder, Path) else folder.name


def read_source(folder: Traversable, name: str, problems: Problems) -> Source | None:
    """Read one file of a setting; a file that is missing or isn't UTF-8 is a problem.

    Args:
        folder: The setting's folder.
        name: The file's name in it.
        problems: Where faults are noted.

    Returns:
        The text, or None where there is none to go on with.
    """
    path = folder.joinpath(name)
    try:
        data = path.read_bytes()
    except OSError:
        there = sorted(item.name for item in folder.iterdir() if item.is_file())
        message = f"the file is missing; the folder holds {', '.join(there) or 'no files'}"
        problems.add(str(path), 1, message)
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _newlines(data[: error.start]).count(b"\n") + 1
        message = f"the file is not UTF-8 (byte 0x{data[error.start]:02x}); save it as UTF-8"
        problems.add(str(path), line, message)
        return None
    return Source(str(path), _newlines(text.encode()).decode())


def digest(folder: Traversable) -> str:
    """Hash what decides a setting's texts: SHA-256 (64 hex digits) over ``DATA_FILES``, wordings and own factors.

    Line ends and a byte order mark do not count, so the hash is the same on every platform; every
    other byte does.

    Raises:
        OSError: A file is missing.
    """
    total = hashlib.sha256()
    files = [(name, folder.joinpath(name)) for name in DATA_FILES]
    for folder_name, end in (("wordings", ".md"), (FACTORS, ".yaml")):
        names = names_in(folder, folder_name, end)
        files += [(f"{folder_name}/{name}", folder.joinpath(folder_name, name)) for name in names]
    for name, path in files:
        data = _newlines(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        # The length keeps two files from trading bytes at their border.
        total.update(f"{name} {len(data)}\n".encode())
        total.update(data)
    return total.hexdigest()


def names_in(folder: Traversable, inside: str, end: str) -> list[str]:
    """The names of the files with this ending in a folder of a setting, in order; none where there is no folder."""
    path = folder.joinpath(inside)
    if not path.is_dir():
        return []
    return sorted(one.name for one in path.iterdir() if one.name.endswith(end))


def read_blocks(source: Source, problems: Problems) -> Mapping[str, Block]:
    """Split a Markdown file at its ``## block-name`` lines.

    Args:
        source: The file.
        problems: Where faults are noted: odd headings, blocks of the same name, empty blocks.

    Returns:
        The blocks by name, in the file's order.
    """
    lines = source.text.split("\n")
    starts = [number for number, line in enumerate(lines) if _HEADING.fullmatch(line)]
    blocks: dict[str, Block] = {}
    if not starts:
        problems.add(source.file, 1, "no block: text belongs under a line such as '## identity'")
    for start, end in itertools.pairwise([*starts, len(lines)]):
        name = lines[start].removeprefix("##").strip()
        if not _BLOCK_NAME.fullmatch(name):
            message = (
                f"{lines[start]!r} does not name a block: write small letters, digits and hyphens"
            )
            hint = (
                "such as '## tier-rule' (a heading that the subject is to see starts with # or ###)"
            )
            problems.add(source.file, start + 1, f"{message}, {hint}")
            continue
        if name in blocks:
            message = f"block {name!r} stands here and in line {blocks[name].line}"
            problems.add(source.file, start + 1, message)
            continue
        first, last = start + 1, end
        while first < last and not lines[first].strip():
            first += 1
        while last > first and not lines[last - 1].strip():
            last -= 1
        if first == last:
            problems.add(source.file, start + 1, f"block {name!r} is empty")
        blocks[name] = Block(name, "\n".join(lines[first:last]), start + 1, first + 1)
    return blocks


def _newlines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
