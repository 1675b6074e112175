"""What do the options say of a node, an edge or a piece of evidence?

The commands that add and that correct take the same words; here each stands once, with what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from gyges.cli.graph._identifiers import plain_identifier
from gyges.cli.graph.options import named, passage_of, pieces

if TYPE_CHECKING:
    from gyges.graph import Edge, Node

__all__ = [
    "EvidenceGiven",
    "NodeGiven",
    "confidence",
    "evidence_options",
    "gloss",
    "node_options",
]

F = TypeVar("F", bound=Callable[..., Any])


def _bundled(name: str, of: Callable[..., Any], *options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Make one decorator of several options, whose values reach the command as one argument.

    Args:
        name: The argument.
        of: Makes it of the options' values, by their names.
        options: In the order in which the help lists them.
    """

    def decorated(function: F) -> F:
        def command(*args: Any, **given: Any) -> Any:
            given[name] = of(**{one: given.pop(one) for one in names})
            return function(*args, **given)

        before = len(getattr(function, "__click_params__", ()))
        wrapped: Any = wraps(function)(command)
        for option in reversed(options):
            wrapped = option(wrapped)
        names = [one.name for one in wrapped.__click_params__[before:]]
        return cast("F", wrapped)

    return decorated


@dataclass(frozen=True, slots=True)
class NodeGiven:
    """What the options say of a node; None and nothing where they do not say."""

    gloss: str | None
    aliases: tuple[str, ...]
    status: str | None
    url: str | None
    arxiv: str | None
    doi: str | None
    identifiers: tuple[str, ...]
    dates: tuple[str, ...]

    def named(self) -> dict[str, object]:
        """Return the options that only a node has, by name: those that were given."""
        given = asdict(self)
        names = {"aliases": "alias", "identifiers": "identifier", "dates": "date"}
        return {
            names.get(name, name): value
            for name, value in given.items()
            if name != "gloss" and value not in (None, ())
        }

    def fields(self, there: Node | None = None) -> dict[str, Any]:
        """Return the fields of the node's record that the options name, on what stands.

        An identifier or a date that is given as an empty text is taken away.

        Raises:
            click.UsageError: One is not written as it must be, or what is to be taken away is not there.
        """
        found: dict[str, Any] = {}
        if self.gloss is not None:
            found["gloss"] = self.gloss
        if self.status is not None:
            found["status"] = self.status
        if self.aliases:
            found["aliases"] = list(
                dict.fromkeys((*(there.aliases if there else ()), *self.aliases))
            )
        marks = {"url": self.url, "arxiv": self.arxiv, "doi": self.doi}
        new = {name: value for name, value in marks.items() if value is not None}
        new |= dict(_pair(one) for one in self.identifiers)
        new = {name: plain_identifier(name, value) for name, value in new.items()}
        if new:
            found["identifiers"] = _set(there.identifiers if there else {}, new, "identifier")
        if self.dates:
            known = (*_DATES, *(there.dates if there else ()))
            new = dict(_date(one, known) for one in self.dates)
            found["dates"] = _set(there.dates if there else {}, new, "date")
        return found


_DATES = ("published", "updated", "proposed", "retrieved")


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name.strip():
        raise click.UsageError(
            f"--identifier {given!r} is not written NAME=VALUE, such as openreview=abc123"
        )
    return name.strip(), value.strip()


def _date(given: str, known: Collection[str]) -> tuple[str, str]:
    what, equals, value = given.rpartition("=")
    if equals and what not in known:
        from gyges.errors import nearest

        raise click.UsageError(f"--date {given!r} is of no such day; {nearest(what, set(known))}")
    return what or _DATES[0], value.strip()


def _set(there: Mapping[str, str], new: Mapping[str, str], what: str) -> dict[str, str]:
    missing = [name for name, value in new.items() if not value and name not in there]
    if missing:
        has = f"it has {', '.join(there)}" if there else "it has none"
        raise click.UsageError(f"there is no {what} {missing[0]!r} to take away; {has}")
    return {name: value for name, value in {**there, **new}.items() if value}


gloss = click.option(
    "--gloss", metavar="TEXT", help="What it is, or what the statement says, in a sentence or two."
)

confidence = click.option(
    "--confidence",
    type=click.FloatRange(0, 1),
    metavar="0..1",
    help="Of an edge: your belief that the statement holds.",
)

node_options = _bundled(
    "about",
    NodeGiven,
    gloss,
    click.option(
        "--alias",
        "aliases",
        multiple=True,
        help="Of a node: one more name; may be given more than once.",
    ),
    click.option(
        "--status",
        help="Of a node: active, disputed, open, superseded or incomplete.  [default of a new node: active]",
    ),
    click.option("--url", help="Of a node: its address."),
    click.option("--arxiv", help="Of a node: its arXiv number, or its address there."),
    click.option("--doi", help="Of a node: its DOI, or its address at doi.org."),
    click.option(
        "--identifier",
        "identifiers",
        multiple=True,
        metavar="NAME=VALUE",
        help="Of a node: another identifier; may be given more than once.",
    ),
    click.option(
        "--date",
        "dates",
        multiple=True,
        metavar="DATE",
        help="Of a node: when it was published: 2024, 2024-12 or 2024-12-20; updated=2025, proposed=..., retrieved=... "
        "for another day.",
    ),
)
"""What a node is, as the argument ``about``."""


@dataclass(frozen=True, slots=True)
class EvidenceGiven:
    """What the options say of a piece of evidence."""

    source: str | None
    locator: str | None
    quote: str | None
    grade: str | None
    note: str | None

    def pieces(self, there: Edge | Node | None = None) -> list[dict[str, Any]]:
        """Make the new evidence that the options name: one piece, or none.

        Args:
            there: What is edited, for the message: a piece of its evidence may be meant.

        Raises:
            GraphError: Something is said of a source that is not named, its name is empty, or the quote has no words.
        """
        given = {
            "locator": self.locator,
            "quote": self.quote,
            "grade": self.grade,
            "note": self.note,
        }
        said = [f"--{name}" for name, value in given.items() if value]
        if self.source is None and said:
            from gyges.graph import GraphError

            names = f"{', '.join(said[:-1])} and {said[-1]} say" if said[1:] else f"{said[0]} says"
            correct = (
                f"; --evidence N corrects a piece that is there, and gyges graph show {there.id} lists them in order"
                if there is not None and there.evidence
                else ""
            )
            raise GraphError(
                f"{names} something of a source: name it with --source ID"
                + (" to add a piece of evidence" if correct else "")
                + correct
            )
        return pieces(self.source, self.locator, self.quote, self.grade, self.note)

    def correction(self) -> dict[str, Any]:
        """Return the fields of a piece that the options name; an empty text stands for none, but of the source.

        Raises:
            GraphError: The source's name is empty, or the quote has no words.
        """
        given = {
            "node": named(self.source),
            "locator": self.locator,
            "passage": None if self.quote is None else passage_of(self.quote) if self.quote else {},
            "grade": self.grade,
            "note": self.note,
        }
        return {name: value for name, value in given.items() if value is not None}


evidence_options = _bundled(
    "rests",
    EvidenceGiven,
    click.option("--source", metavar="ID", help="The source that it rests on."),
    click.option(
        "--locator", metavar="TEXT", help="Where in the source: 'section 4.2', 'table 5'."
    ),
    click.option("--quote", metavar="TEXT", help="The passage, word for word."),
    click.option(
        "--grade",
        help="How far it was followed: primary, secondary, abstract, derived or unverified.  "
        "[default of a new piece: primary]",
    ),
    click.option("--note", metavar="TEXT", help="What the source says, in your words."),
)
"""What a statement rests on, as the argument ``rests``."""
