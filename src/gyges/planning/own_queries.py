"""Which queries are asked: a setting's own, or those of a file that the user has?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from gyges.errors import DesignError
from gyges.settings import Requests, Setting, read_requests, with_requests

__all__ = ["query_map", "with_queries"]

_PLANTED = "gyges/planted"
"""Subjects that may be asked stand-ins for queries."""


class Asks(Protocol):
    """What of a user's wishes is about queries."""

    @property
    def subjects(self) -> tuple[str, ...]: ...
    @property
    def query_file(self) -> str | Path | None: ...
    @property
    def query_map(self) -> str | Sequence[str] | Mapping[str, str]: ...


def with_queries(setting: Setting, wanted: Asks) -> tuple[Setting, Requests | None]:
    """Put the user's own queries into a setting, or refuse to ask stand-ins as if they were queries.

    Raises:
        DesignError: The setting needs a file of queries, or columns are named without one.
        SettingError: The file cannot be read, or does not go with the setting.
    """
    columns = query_map(wanted.query_map)
    if wanted.query_file is None:
        if columns:
            raise DesignError(
                "--query-map: says which column of a file holds what; give --query-file FILE"
            )
        if setting.requests and not all(name.startswith(_PLANTED) for name in wanted.subjects):
            raise DesignError(
                f"{setting.id} has no queries of its own, only harmless stand-ins for its check: give a file with "
                "--query-file FILE --query-map text=COLUMN (planted subjects are asked the stand-ins)"
            )
        return setting, None
    requests = read_requests(Path(wanted.query_file), columns)
    return with_requests(setting, requests), requests


def query_map(given: str | Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    """Read which column of a file of queries holds what.

    Raises:
        DesignError: It is not said as ``text=COLUMN``.
    """
    if isinstance(given, Mapping):
        return {str(name): str(column) for name, column in given.items()}
    found = {}
    for pair in [given] if isinstance(given, str) else given:
        name, equals, column = pair.partition("=")
        if not (name.strip() and equals and column.strip()):
            raise DesignError(
                f"--query-map {pair}: give text=COLUMN, id=COLUMN, topic=COLUMN or family=COLUMN"
            )
        found[name.strip()] = column.strip()
    return found
