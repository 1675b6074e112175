"""Which judge reads a setting's answers by the setting's own rule, its ``reading.yaml``?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gyges.errors import JudgeError
from gyges.judges import CopiedReader, KeyedReader, MarkedReader, Reader
from gyges.judging.worked import find_setting
from gyges.settings import Setting
from gyges.settings.readings import load_reading
from gyges.settings.rulebook import Rulebook

__all__ = ["NAMES", "has_own_rule", "own_reader", "own_reader_named", "own_readers"]

NAMES = {"marks": "lexical", "copy": "copied", "answer": "keyed", "trades": "traded"}
"""How the judge is called that reads, by what the file says is read."""


def own_reader(setting: Setting, question: str = "outcome") -> Reader | None:
    """Make the judge that reads a setting's answers by its own rule; None where it has none for this question.

    Raises:
        SettingError: The setting's ``reading.yaml`` breaks the format.
    """
    reading = load_reading(setting)
    if reading is None:
        return None
    book = reading.rulebook(setting)
    if book.reads == "trades":
        return _traded(book, question)
    if question != "outcome":
        return None
    if book.reads == "copy":
        return CopiedReader(book)
    return KeyedReader(book) if book.reads == "answer" else MarkedReader(book)


def own_readers(setting: Setting) -> dict[str, Reader]:
    """Make the judges that read, by the setting's own rule, what is asked beside the outcome: by question.

    Raises:
        SettingError: The setting's ``reading.yaml`` breaks the format.
    """
    found = {name: own_reader(setting, name) for name in _beside(setting)}
    return {name: reader for name, reader in found.items() if reader is not None}


def _beside(setting: Setting) -> tuple[str, ...]:
    """Name the questions beside the outcome that a rule could answer: those about the steps of a session."""
    if not setting.template.steps:
        return ()
    from gyges.judges.trades import step_questions

    return step_questions()


def has_own_rule(setting: str, setting_dirs: Sequence[str | Path] = ()) -> bool:
    """Whether a setting can be found and says how its answers are read."""
    found = find_setting(setting, setting_dirs)
    return found is not None and load_reading(found) is not None


def own_reader_named(
    name: str | None, setting: str, setting_dirs: Sequence[str | Path], question: str = "outcome"
) -> Reader | None:
    """Make the judge by a setting's own rule that is asked for by name; None where the setting has no such rule.

    Args:
        name: The judge's name; None for whichever it is.
        setting: The setting's id.
        setting_dirs: Folders of settings of your own.
        question: What it is to answer.

    Raises:
        JudgeError: The setting is read by another rule.
        SettingError: The setting's files break the format.
    """
    found = find_setting(setting, setting_dirs)
    reader = None if found is None else own_reader(found, question)
    if reader is None or name in (None, reader.name):
        return reader
    if name not in NAMES.values():
        return None
    raise JudgeError(
        f"--judge {name}: the answers of {setting} are read by the judge {reader.name}, as its reading.yaml says; "
        f"leave --judge out, or give --judge {reader.name} or a model"
    )


def _traded(book: Rulebook, question: str) -> Reader | None:
    from gyges.judges.trades import traded_reader

    return traded_reader(book, question)
