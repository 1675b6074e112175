"""What can go wrong, as one tree.

::

    GygesError
    ├── SettingError        a setting's files are missing or break the schema
    ├── DesignError         a design asks for something that cannot be planned
    ├── StudyError          a study folder is missing, of another schema, or of another specification
    │   └── CorruptStudy    a file of a study cannot be read: names file and line
    ├── ImportFormatError   a file to import breaks its format: nothing was written
    ├── SubjectError        a model cannot be reached or loaded at all (one failed call is a status, not this)
    ├── JudgeError          a judge is unknown, or cannot be used for this study
    ├── GraphError          a research graph cannot take, find or read something
    └── EstimateError       a quantity is not defined for these data

Every message says what failed, the offending value, where, what is allowed, and the next command. The command
line prints the message as one line and exits with status 1; ``--debug`` shows the traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "CorruptStudy",
    "DesignError",
    "EstimateError",
    "GraphError",
    "GygesError",
    "ImportFormatError",
    "JudgeError",
    "SettingError",
    "StudyError",
    "SubjectError",
    "nearest",
]


class GygesError(Exception):
    """The base of every error that Gyges raises on purpose."""


class SettingError(GygesError):
    """A setting's files are missing or break the schema."""


class DesignError(GygesError):
    """A design asks for something that cannot be planned."""


class StudyError(GygesError):
    """A study folder is missing, of another schema, or of another specification."""


class CorruptStudy(StudyError):
    """A file of a study cannot be read; the message names the file and the line."""


class ImportFormatError(GygesError):
    """A file to import breaks its format; nothing was written."""


class SubjectError(GygesError):
    """A model cannot be reached or loaded at all."""


class JudgeError(GygesError):
    """A judge is unknown, or cannot be used for this study."""


class GraphError(GygesError):
    """A research graph cannot take, find or read something; it is as it was before."""


class EstimateError(GygesError):
    """A quantity is not defined for these data."""


def nearest(value: str, allowed: Iterable[str]) -> str:
    """Name what is allowed, the closest first.

    Args:
        value: What the user wrote.
        allowed: What could have been written.

    Returns:
        A phrase such as ``did you mean 'none'? allowed: none, scratchpad``.
    """
    options = sorted(allowed)
    close = difflib.get_close_matches(value, options, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}allowed: {', '.join(options) or 'none'}"
