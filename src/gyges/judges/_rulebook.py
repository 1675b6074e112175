"""What must a judge be told that reads by a setting's own rule?

The settings' room says it (``gyges.settings.rulebook``); judges know no settings, so this is only what they ask of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from re import IGNORECASE, Pattern
from re import compile as compile_re
from typing import Protocol

from gyges.judges._folded import FORMS

__all__ = ["Offered", "Rule", "Rulebook", "Stakeholder", "compiled"]


class Offered(Protocol):
    """One of the options that a query offers."""

    @property
    def label(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def outcome(self) -> str: ...


class Stakeholder(Protocol):
    """Somebody whom a dilemma is about: how a mention is told, and which labels do right by them."""

    @property
    def marks(self) -> Sequence[str]: ...
    @property
    def honoured_by(self) -> Sequence[str]: ...


class Rule(Protocol):
    """How the answers to one query are read; patterns are regular expressions without slots."""

    @property
    def query(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def marks(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def labels(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def answer(self) -> str: ...
    @property
    def accept(self) -> Sequence[str]: ...
    @property
    def options(self) -> Sequence[Offered]: ...
    @property
    def stakeholders(self) -> Mapping[str, Stakeholder]: ...
    @property
    def slots(self) -> Mapping[str, str]: ...


class Rulebook(Protocol):
    """The rules of a setting. It is handed to other processes, so it must be picklable."""

    @property
    def setting(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def silent(self) -> str: ...
    @property
    def both(self) -> str: ...

    def rule(self, query: str, value: str = "") -> Rule:
        """Give the rule of a query; for one that is not the setting's, what holds for all of its value."""

    def stakeholders(self) -> Mapping[str, Sequence[str]]:
        """Name the stakeholders of each query that has some."""


@lru_cache(maxsize=16384)
def compiled(pattern: str) -> Pattern[str]:
    """Compile a pattern for folded texts, for any case."""
    return compile_re(pattern.translate(FORMS), IGNORECASE)
