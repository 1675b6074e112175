"""How do the parts of a page on several subjects come together: each one's sentences, figures and tables in turn?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from gyges.report.shapes.model import Figure, Table
from gyges.report.shapes.words import Named, naming

__all__ = ["Gathered", "gather"]

T = TypeVar("T", bound=Named)


@dataclass(slots=True)
class Gathered:
    """The parts of a page."""

    answer: list[str] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)
    """Each subject's first sentence."""
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def gather(
    found: Sequence[T],
    said: Callable[[T, str], Iterable[str]],
    figures: Callable[[T, str], Iterable[Figure]],
    tables: Callable[[T, str], Iterable[Table]],
) -> Gathered:
    """Put a page's parts together.

    Args:
        found: What was found of each subject.
        said: Gives the sentences on one, by its name.
        figures: Gives its figures; the text goes at the end of their captions, empty where it stands alone.
        tables: Gives its tables, likewise.
    """
    names = naming(found)
    page = Gathered()
    for one in found:
        named = names[one.subject, one.setting]
        about = f": {named}" if len(found) > 1 else ""
        sentences = list(said(one, named))
        page.leads += sentences[:1]
        page.answer += sentences
        page.figures += figures(one, about)
        page.tables += tables(one, about)
    return page
