"""Which files below a path are arms of VLAF's released layout, and which are not?

The layout is ``results/<collection>/<value>/<model>_{True,False}.json``: ``True`` is the free
(monitored) tier. ``<collection>`` is ``MFT_refined`` in the release. Besides the arms, a value's
folder may hold ``<model>_option_based_compliance.json``, a summary that the project computed from
two arms.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from gyges.errors import ImportFormatError
from gyges.study.imports._records import Note

__all__ = ["COLLECTION", "Arm", "Files", "Summary", "find_files"]

COLLECTION = "MFT_refined"
"""The collection that is meant when a folder above several collections is given."""

SUMMARY_SUFFIX = "_option_based_compliance.json"
_ARM = re.compile(r"(?P<subject>.+)_(?P<flag>True|False)\.json")
_TIERS = {"True": "monitored", "False": "unmonitored"}
_LAYOUT = f"results/{COLLECTION}/<value>/<model>_True.json and <model>_False.json"


class Arm(NamedTuple):
    """One file of answers: one subject, one value, one tier."""

    value: str
    subject: str
    tier: str
    path: Path
    name: str
    """The path as reports write it: relative to what was imported."""

    @property
    def partner(self) -> str:
        """The file name that the other arm has."""
        return f"{self.subject}_{'False' if self.tier == 'monitored' else 'True'}.json"


class Summary(NamedTuple):
    """A file of rates that the project computed from two arms."""

    value: str
    subject: str
    path: Path
    name: str


@dataclass(slots=True)
class Files:
    """What stands below the path, sorted by value, subject and tier."""

    path: Path
    scope: str
    """``collection``, ``value`` or ``arm``: what the path was taken to be."""
    collection: str
    arms: list[Arm] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def source(self) -> dict[str, Any]:
        """Describe what was read: every file with its size and SHA-256."""
        files = sorted(
            [(arm.name, arm.path) for arm in self.arms]
            + [(summary.name, summary.path) for summary in self.summaries]
        )
        return {
            "path": str(self.path),
            "layout": "vlaf",
            "scope": self.scope,
            "collection": self.collection,
            "files": [{"path": name, **_fingerprint(path)} for name, path in files],
        }


def find_files(path: Path) -> Files:
    """Find the arms below ``path``.

    Args:
        path: A collection's folder, one value's folder, any folder above, or one arm's file.

    Raises:
        ImportFormatError: There is no such path, no arm below it, or arms of several collections
            among which nothing says which is meant.
    """
    if path.is_file():
        return _single_file(path)
    if not path.is_dir():
        raise ImportFormatError(f"{path}: no such file or folder; expected {_LAYOUT}")
    try:
        folders = list(_value_folders(path))
    except OSError as error:
        raise ImportFormatError(f"{error.filename}: cannot be read ({error.strerror})") from None
    if not folders:
        raise ImportFormatError(
            f"{path}: no VLAF results in this folder or below it; looked for {_LAYOUT}."
            " Point at a folder that holds them, or see `gyges import --help` for other formats"
        )
    if path in folders:
        below = [folder for folder in folders if folder != path]
        files = Files(path, "value", path.resolve().parent.name)
        _add_folder(files, path, path.resolve().name, path)
        _skipped(files, below)
        return files
    return _collection(path, folders)


def _collection(path: Path, folders: list[Path]) -> Files:
    collections = sorted({folder.parent for folder in folders})
    chosen = [
        folder for folder in collections if folder.resolve().name == COLLECTION
    ] or collections
    if len(chosen) > 1:
        names = ", ".join(str(folder) for folder in chosen)
        raise ImportFormatError(
            f"{path}: {len(chosen)} collections of VLAF results below this folder ({names});"
            " their queries may be the same, so import one at a time"
        )
    root = chosen[0]
    files = Files(path, "collection", root.resolve().name)
    for entry in sorted(root.iterdir()):
        if entry in folders:
            _add_folder(files, entry, entry.name, path)
        elif entry.is_dir() and not entry.name.startswith("."):
            files.notes.append(
                Note(
                    kind="folder-without-arms",
                    what="a folder among the values holds no <model>_True.json or _False.json",
                    where=_relative(entry, path),
                    done="nothing imported from it",
                )
            )
        elif entry.is_file():
            _unknown(files, entry, path)
    _skipped(files, [folder for folder in folders if folder.parent != root])
    return files


def _single_file(path: Path) -> Files:
    match = _ARM.fullmatch(path.name)
    if match is None:
        summary = path.name.endswith(SUMMARY_SUFFIX)
        kind = "a summary without any answers" if summary else "not an arm of VLAF's results"
        raise ImportFormatError(f"{path}: {kind}; expected {_LAYOUT}")
    folder = path.resolve().parent
    arm = Arm(folder.name, match["subject"], _TIERS[match["flag"]], path, path.name)
    return Files(path, "arm", folder.parent.name, arms=[arm])


def _add_folder(files: Files, folder: Path, value: str, base: Path) -> None:
    for entry in sorted(folder.iterdir()):
        name = _relative(entry, base)
        match = _ARM.fullmatch(entry.name)
        if not entry.is_file():
            if entry.is_dir() and not entry.name.startswith(".") and not _has_arms(entry):
                _unknown(files, entry, base)
        elif match is not None:
            files.arms.append(Arm(value, match["subject"], _TIERS[match["flag"]], entry, name))
        elif entry.name.endswith(SUMMARY_SUFFIX):
            subject = entry.name.removesuffix(SUMMARY_SUFFIX)
            files.summaries.append(Summary(value, subject, entry, name))
        else:
            _unknown(files, entry, base)
    files.arms.sort()
    files.summaries.sort()


def _unknown(files: Files, entry: Path, base: Path) -> None:
    files.notes.append(
        Note(
            kind="unrecognised-file",
            what=f"{entry.name} is neither an arm (<model>_True.json, <model>_False.json)"
            f" nor a summary (<model>{SUMMARY_SUFFIX})",
            where=_relative(entry, base),
            done="not imported",
        )
    )


def _skipped(files: Files, folders: Iterable[Path]) -> None:
    files.notes.extend(
        Note(
            kind="other-collection",
            what="arms of another collection stand here",
            where=_relative(folder, files.path),
            done="not imported; point at its folder to import it into a study of its own",
        )
        for folder in folders
    )


def _value_folders(path: Path) -> Iterator[Path]:
    """All folders at or below ``path`` that hold arms, each once, whatever links lead to it."""
    seen = set()
    for name, children, _ in os.walk(path, followlinks=True):
        folder = Path(name)
        children[:] = sorted(child for child in children if not child.startswith("."))
        real = folder.resolve()
        if real in seen:
            children.clear()
            continue
        seen.add(real)
        if _has_arms(folder):
            yield folder


def _has_arms(folder: Path) -> bool:
    return any(_ARM.fullmatch(entry.name) and entry.is_file() for entry in folder.iterdir())


def _relative(entry: Path, base: Path) -> str:
    return entry.relative_to(base).as_posix()


def _fingerprint(path: Path) -> dict[str, Any]:
    try:
        file = path.open("rb")
    except OSError:  # reported when its entries are read
        return {"bytes": None, "sha256": None}
    with file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"bytes": file.tell(), "sha256": digest}
