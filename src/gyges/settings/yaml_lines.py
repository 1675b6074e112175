"""What does a YAML file say, and on which line does it say it?

PyYAML's composer keeps the line of every value, its constructor does not, so values are read from
the composed nodes. Every value is text: a bare ``no`` is the word "no" and a bare ``1.10`` stays
as it was typed, which is what a reader who doesn't know YAML's types expects. Faults go to
``Problems`` with their line; the reading goes on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gyges.errors import nearest
from gyges.settings.files import Source
from gyges.settings.problems import Problems

if TYPE_CHECKING:
    from yaml.nodes import Node

__all__ = ["Value", "read_yaml"]

_KINDS = {"scalar": "a text", "sequence": "a list", "mapping": "a table of names and values"}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a YAML file."""

    node: Node
    file: str
    where: str
    """The value's name in messages, such as ``tiers.monitored.tag``."""
    line: int
    """Where its name stands, or where it begins if it has none; from 1."""
    problems: Problems

    @property
    def kind(self) -> str:
        """``scalar``, ``sequence`` or ``mapping``, as YAML calls them."""
        return str(getattr(self.node, "id", "scalar"))

    def wrong(self, message: str) -> None:
        """Note a fault of this value."""
        self.problems.add(self.file, self.line, f"{self.where or 'the file'}: {message}")

    def text(self, pattern: re.Pattern[str] | None = None, form: str = "") -> str:
        """The value as one line of text; a text that is empty or not of the form is a fault.

        Args:
            pattern: What the whole text has to match.
            form: The pattern in words, for the message.

        Returns:
            The text with every run of blanks as one, or "" where there is none.
        """
        if not self._expect("scalar"):
            return ""
        text = " ".join(str(self.node.value).split())
        if not text or (text in {"~", "null"} and getattr(self.node, "style", None) is None):
            self.wrong("is empty; write a text")
            return ""
        if pattern is not None and not pattern.fullmatch(text):
            self.wrong(f"{text!r} is not {form}")
        return text

    def prose(self) -> str:
        """The value as a text of one or more paragraphs, as it stands but for blanks around it."""
        if not self._expect("scalar"):
            return ""
        text = str(self.node.value).strip()
        if not text:
            self.wrong("is empty; write a text")
        return text

    def number(self) -> float:
        """The value as a finite number; another is a fault, and 0."""
        text = self.text()
        try:
            number = float(text) if text else 0.0
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self.wrong(f"{text!r} is not a number")
            return 0.0
        return number

    def choice(self, allowed: Collection[str]) -> str:
        """The value as one of the allowed words; another is a fault, and returned as it stands."""
        text = self.text()
        if text and text not in allowed:
            self.wrong(f"{text!r} is not known; {nearest(text, allowed)}")
        return text

    def items(self) -> list[Value]:
        """The entries of a list; nothing where this is no list."""
        if not self._expect("sequence"):
            return []
        return [
            self._part(node, f"{self.where}[{number}]")
            for number, node in enumerate(self.node.value, start=1)
        ]

    def table(self) -> dict[str, Value]:
        """The entries of a table by name, or nothing; a name that stands twice is a fault."""
        if not self._expect("mapping"):
            return {}
        entries: dict[str, Value] = {}
        for key, node in self.node.value:
            name = self._part(key, f"{self.where}, a name".lstrip(", ")).text()
            line = _line(key)
            if name in entries:
                message = f"{name!r} stands here and in line {entries[name].line}"
                self.problems.add(self.file, line, message)
            elif name:
                where = f"{self.where}.{name}".lstrip(".")
                entries[name] = Value(node, self.file, where, line, self.problems)
        return entries

    def record(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Value]:
        """The entries of a table with known names; missing and unknown names are faults.

        Returns:
            The known entries that are there; nothing where this is no table.
        """
        if not self._expect("mapping"):
            return {}
        entries = self.table()
        known = (*required, *optional)
        for name, value in entries.items():
            if name not in known:
                message = f"{name!r} is not known here; {nearest(name, known)}"
                self.problems.add(self.file, value.line, message)
        for name in required:
            if name not in entries:
                where = f" in {self.where}" if self.where else ""
                self.problems.add(self.file, self.line, f"{name!r} is missing{where}")
        return {name: value for name, value in entries.items() if name in known}

    def _part(self, node: Node, where: str) -> Value:
        return Value(node, self.file, where, _line(node), self.problems)

    def _expect(self, kind: str) -> bool:
        if self.kind != kind:
            self.wrong(f"must be {_KINDS[kind]}, not {_KINDS[self.kind]}")
            return False
        return True


def read_yaml(source: Source, problems: Problems) -> Value | None:
    """Parse a YAML file into values that know their lines.

    Args:
        source: The file.
        problems: Where faults are noted.

    Returns:
        The file's value, or None where it can't be parsed or is empty.
    """
    import yaml

    try:
        node = yaml.compose(source.text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = int(mark.line) + 1 if mark is not None else 1
        problems.add(source.file, line, f"this is not YAML: {error.problem or error.context}")
        return None
    except yaml.reader.ReaderError as error:
        line = source.text[: int(error.position)].count("\n") + 1
        problems.add(
            source.file, line, f"this is not YAML: {error.reason} (character {error.character!r})"
        )
        return None
    if node is None:
        problems.add(source.file, 1, "the file is empty")
        return None
    return Value(node, source.file, "", _line(node), problems)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
