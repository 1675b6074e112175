"""What is a study, in one file that a person can read?

``study.yaml`` holds the resolved specification (everything that decides which trials there are and how they are
asked), its hash, where the trials came from, and the versions of what made them. Two runs belong to one study
exactly if their specifications are equal; :func:`differences` names what is not.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from gyges.errors import CorruptStudy, StudyError
from gyges.study.redact import REDACTED, Redactor, is_secret_name
from gyges.study.schema import SCHEMA

__all__ = ["Manifest", "differences", "now", "public", "spec_hash"]

FILE = "study.yaml"

_SHAPES = Redactor(environ={})
_TYPES: dict[str, type] = {
    "source": str,
    "spec": dict,
    "title": str,
    "factors": dict,
    "judge": str,
    "command": str,
    "created": str,
    "versions": dict,
    "notes": list,
}
"""What a study's specification holds, beside its schema."""


def now() -> str:
    """Tell the time: ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def spec_hash(spec: Mapping[str, Any]) -> str:
    """Name a specification by its content: 12 hex digits."""
    text = json.dumps(
        _identity(spec), sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
    )
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _identity(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What decides the trials: of a user's file of queries its content, and not where it lies."""
    asked = spec.get("query_file")
    if not isinstance(asked, Mapping):
        return dict(spec)
    return {**spec, "query_file": asked.get("hash")}


def public(value: Any, name: str = "") -> Any:
    """Copy a specification without its credentials."""
    if isinstance(value, Mapping):
        # Whatever stands under a name such as "credentials" is one.
        return {
            key: public(item, name if is_secret_name(name) else str(key))
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [public(item, name) for item in value]
    if name and is_secret_name(name) and value is not None:
        return REDACTED
    # A URL may hold a password.
    return _SHAPES(value) if isinstance(value, str) else value


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Name each place where two specifications differ: ``queries: 40 in the study, 60 asked for``."""
    old, new = _identity(old), _identity(new)
    for key in sorted({*old, *new}, key=str):
        was, now_ = old.get(key), new.get(key)
        if isinstance(was, Mapping) and isinstance(now_, Mapping):
            yield from differences(was, now_, f"{prefix}{key}.")
        elif was != now_:
            yield f"{prefix}{key}: {was!r} in the study, {now_!r} asked for"


@dataclass(slots=True)
class Manifest:
    """The content of ``study.yaml``."""

    source: str
    """Where the trials come from: ``run``, or ``import`` and the format."""
    spec: dict[str, Any]
    """What decides the trials: setting, subject, design, sampling; or what was imported."""
    title: str = ""
    factors: dict[str, str] = field(default_factory=dict)
    """Further columns of the trial table and their types: ``text``, ``number``, ``integer`` or ``boolean``."""
    judge: str | None = None
    """The judge whose verdicts the findings use when none is named."""
    command: str = ""
    """The command that made the study."""
    created: str = field(default_factory=now)
    versions: dict[str, str] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    """What was odd about the material and what was done about it: ``kind``, ``what``, ``where``, ``done``."""
    schema: str = SCHEMA

    def __post_init__(self) -> None:
        # What is stored is what is compared: plain JSON values, without credentials.
        self.spec = json.loads(json.dumps(public(self.spec), default=str))
        if not self.versions:
            self.versions = {"gyges": _version("gyges"), "python": platform.python_version()}
            if self.source == "run":
                self.versions["inspect-ai"] = _version("inspect-ai")

    @property
    def hash(self) -> str:
        """The specification's hash: 12 hex digits."""
        return spec_hash(self.spec)

    def write(self, folder: Path) -> None:
        """Write ``study.yaml``, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "schema": self.schema,
            "title": self.title,
            "source": self.source,
            "created": self.created,
            "command": self.command,
            "judge": self.judge,
            "hash": self.hash,
            "spec": self.spec,
            "factors": self.factors,
            "versions": self.versions,
            "notes": self.notes,
        }
        partial = folder / f"{FILE}.partial"
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
        partial.write_text(Redactor()(text), encoding="utf-8")
        partial.replace(folder / FILE)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read ``study.yaml``.

        Raises:
            StudyError: The folder holds no study, or one of another schema.
            CorruptStudy: The file cannot be read.
        """
        path = folder / FILE
        if not path.is_file():
            raise StudyError(
                f"{folder} holds no study ({FILE} is missing). Make one with `gyges run --study {folder}` "
                f"or `gyges import FORMAT PATH --study {folder}`"
            )
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            why = getattr(error, "problem", None) or str(error).splitlines()[0]
            raise CorruptStudy(
                f"{path}:{line}: not readable as YAML ({why}). Restore the file from a copy; "
                "the trials beside it are untouched"
            ) from None
        if not isinstance(content, dict) or not {"schema", "source", "spec"} <= content.keys():
            raise CorruptStudy(
                f"{path}:1: this is not a study's specification. Restore the file from a copy; "
                "the trials beside it are untouched"
            )
        if content["schema"] != SCHEMA:
            versions = content.get("versions")
            made = versions.get("gyges") if isinstance(versions, dict) else None
            raise StudyError(
                f"{path}: schema {content['schema']!r}; this version of Gyges reads {SCHEMA!r}. "
                f"Use the Gyges that made it ({made or 'unknown'})"
            )
        values = {name: content[name] for name in _TYPES if content.get(name) is not None}
        for name, value in values.items():
            sound = isinstance(value, _TYPES[name])
            if sound and name == "factors":
                sound = all(
                    kind in ("text", "number", "integer", "boolean") for kind in value.values()
                )
            if not sound:
                raise CorruptStudy(
                    f"{path}:{_line_of(path, name)}: {name} cannot be {value!r:.80}. Restore the file from a "
                    "copy; the trials beside it are untouched"
                )
        return cls(**values)


def _line_of(path: Path, name: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((at for at, line in enumerate(lines, 1) if line.startswith(f"{name}:")), 1)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
