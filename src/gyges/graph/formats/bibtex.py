"""Which works and people does a BibTeX file name?

Read with bibtexparser, which keeps the line of every entry and goes on behind a broken one, so that all faults of a
file are named at once; LaTeX's accents and signs become Unicode with pylatexenc, which it brings. Nothing of the file
is run: a macro that is not known is left out, its text stays.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gyges.errors import GraphError
from gyges.graph.formats._works import (
    Author,
    Work,
    arxiv_of,
    doi_of,
    identifiers_in,
    incoming_of,
    sound_date,
)
from gyges.graph.formats.text import text_of
from gyges.graph.records import Incoming

if TYPE_CHECKING:
    from bibtexparser.model import Block, Entry

__all__ = ["read"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMING = (
    "doi", "url", "howpublished", "journal", "journaltitle", "booktitle", "volume", "number", "pages", "eid",
    "publisher", "note", "addendum",
)  # fmt: skip
"""Fields in which an identifier may stand, the surest first."""
_TYPES = {"dataset": "dataset", "data": "dataset", "software": "artifact", "code": "artifact"}
_KINDS = {
    "article": "article",
    "inproceedings": "paper",
    "conference": "paper",
    "incollection": "chapter",
    "inbook": "chapter",
    "book": "book",
    "phdthesis": "doctoral thesis",
    "mastersthesis": "master's thesis",
    "thesis": "thesis",
    "techreport": "report",
    "report": "report",
    "online": "page",
    "electronic": "page",
    "unpublished": "unpublished text",
}
_VENUES = ("journaltitle", "journal", "booktitle", "school", "institution", "publisher")
_LIGATURES = (
    ("{", ""), ("}", ""), ("~", " "), ("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"),
)  # fmt: skip
_DEEPEST = 50
"""Braces inside braces; a name has two or three."""
_ARGUMENT = r"(?:\{(?:[^{}]|\{[^{}]*\})*\}|\\[a-zA-Z]+|[^\W\d_])"
_TILDE = re.compile(rf"(?<!\\)\\~\s*({_ARGUMENT}|\\[`'^\"=.]\s*{_ARGUMENT})")
"""The tilde that is an accent, with the letter under it; by itself a tilde is a space."""
_STACKED = re.compile(rf"(?<!\\)(\\[`'^\"~=.])\s*(\\[`'^\"~=.]\s*{_ARGUMENT})")
_LOST_COMMA = re.compile(r'[}"]\s*\w[\w-]*\s*=\s*[{"]')


def read(path: Path) -> Incoming:
    """Read a BibTeX file.

    Args:
        path: The ``.bib`` file.

    Returns:
        A node for each work, person and organisation, and an ``authored_by`` edge for each author.

    Raises:
        GraphError: bibtexparser is not installed, or entries are broken; each is named with its line.
    """
    try:
        from bibtexparser.entrypoint import parse_string
    except ImportError as error:
        raise GraphError(
            "reading BibTeX needs the package bibtexparser; install it with: pip install 'gyges[graph]'"
        ) from error
    text = text_of(path)
    with _quiet():
        blocks = parse_string(text).blocks
    return _Reader(path, blocks).incoming()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the parser's own messages off the terminal: its faults come as blocks."""
    logger = logging.getLogger("bibtexparser")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


class _Reader:
    def __init__(self, path: Path, blocks: list[Block]) -> None:
        self.path = path
        self.blocks = blocks
        self.notes: list[tuple[int, str]] = []
        self.faults: list[str] = []

    def incoming(self) -> Incoming:
        from bibtexparser.model import Entry, ImplicitComment, ParsingFailedBlock

        works = []
        for block in self.blocks:
            line = (block.start_line or 0) + 1
            if isinstance(block, ParsingFailedBlock):
                self.faults.append(f"{self.path}:{line}: {_why(block)}")
            elif isinstance(block, Entry):
                works.append(self._work(block, line))
            elif isinstance(block, ImplicitComment) and "@" in block.comment:
                self.faults.append(
                    f"{self.path}:{line}: {block.comment.strip()[:60]!r} is no entry; one is written @misc{{key, ...}}"
                )
        if self.faults:
            more = [f"and {len(self.faults) - 20} more"] if len(self.faults) > 20 else []
            raise GraphError("\n".join([*self.faults[:20], *more]))
        found = [work for work in works if work is not None]
        if not found:
            raise GraphError(f"{self.path}: no entry such as @misc{{key, title = {{...}}}}")
        return incoming_of(found, self.path.name, str(self.path), self.notes)

    def _work(self, entry: Entry, line: int) -> Work | None:
        raw = {one.key.lower(): str(one.value) for one in entry.fields}
        lines = {one.key.lower(): (one.start_line or 0) + 1 for one in entry.fields}
        for name, value in raw.items():
            if value.startswith(("{", '"')) and _LOST_COMMA.search(value):
                self.faults.append(
                    f"{self.path}:{lines[name]}: entry {entry.key!r}: the field {name!r} does not end: {value[:60]!r}; "
                    "a comma is missing"
                )
                return None
            if _depth(value) > _DEEPEST:
                self.faults.append(
                    f"{self.path}:{lines[name]}: entry {entry.key!r}: {name!r} has braces {_depth(value)} deep; at "
                    f"most {_DEEPEST}"
                )
                return None
        title = _plain(raw.get("title", ""))
        if not title:
            self.faults.append(
                f"{self.path}:{line}: entry {entry.key!r} has no title; add title = {{...}}"
            )
            return None
        kind = entry.entry_type.lower()
        work = Work(line, entry.key, title, _TYPES.get(kind, "paper"), kind=_KINDS.get(kind, ""))
        names = "author" if raw.get("author") else "editor"
        work.role = names
        self._authors(raw.get(names, ""), work, lines.get(names, line))
        if not work.authors:
            self.notes.append((line, f"entry {entry.key!r} names no author"))
        self._dates(raw, work, lines)
        self._identifiers(raw, work, lines)
        venue = next((raw[name] for name in _VENUES if raw.get(name)), "")
        work.venue = _plain(venue) if "#" not in venue else ""
        return work

    def _authors(self, text: str, work: Work, line: int) -> None:
        from bibtexparser.middlewares.names import (
            InvalidNameError,
            parse_single_name_into_parts,
            split_multiple_persons_names,
        )

        # What parts a name takes the tilde of an accent for a space, unless it stands in braces.
        whole = _TILDE.sub(r"{\\~{\1}}", " ".join(text.split()))
        for name in split_multiple_persons_names(whole):
            if name.lower() == "others":
                self.notes.append((line, f"entry {work.key!r} leaves further authors out"))
            elif _braced(name):
                work.authors.append(Author(collective=_plain(name)))
            elif "=" in name and "," in name:
                self._extended(name, work, line)
            else:
                try:
                    parts = parse_single_name_into_parts(name)
                except InvalidNameError as error:
                    self.faults.append(
                        f"{self.path}:{line}: entry {work.key!r}: the name {name!r} cannot be read: {error.reason}; "
                        "write 'Family, Given and Family, Given', and a group in braces"
                    )
                    continue
                said = [
                    _plain(" ".join(one)) for one in (parts.first, parts.last, parts.von, parts.jr)
                ]
                if any(said):
                    work.authors.append(Author(*said))
                    if not said[0]:
                        self.notes.append(
                            (line, f"{said[1]!r} has no given name; write a group in braces")
                        )

    def _extended(self, name: str, work: Work, line: int) -> None:
        """Read a name in biblatex's form: ``family=Berg, given=Jan, prefix=van der``."""
        parts = {
            key.strip().lower(): _plain(value)
            for key, _, value in (part.partition("=") for part in name.split(","))
        }
        author = Author(
            parts.get("given", ""),
            parts.get("family", ""),
            parts.get("prefix", ""),
            parts.get("suffix", ""),
        )
        if author.family:
            work.authors.append(author)
        else:
            self.faults.append(
                f"{self.path}:{line}: entry {work.key!r}: the name {name!r} has no family="
            )

    def _dates(self, raw: dict[str, str], work: Work, lines: dict[str, int]) -> None:
        if date := raw.get("date"):
            work.date = sound_date(_plain(date))
        if not work.date and (year := _plain(raw.get("year", ""))):
            work.date = sound_date(year) if re.fullmatch(r"\d{4}", year) else ""
            month = _plain(raw.get("month", "")).lower()[:3].strip(". ")
            number = _MONTHS.index(month) + 1 if month in _MONTHS else 0
            if not number and month.isdigit() and 1 <= int(month) <= 12:
                number = int(month)
            if work.date and number:
                work.date += f"-{number:02d}"
        for name in ("date", "year"):
            if raw.get(name) and not work.date:
                self.notes.append((lines[name], f"{name} {raw[name]!r} is no date; left out"))
        for name in ("urldate", "lastchecked", "accessed"):
            if raw.get(name) and not work.retrieved:
                work.retrieved = sound_date(_plain(raw[name]))

    def _identifiers(self, raw: dict[str, str], work: Work, lines: dict[str, int]) -> None:
        found = work.identifiers
        where = raw.get("archiveprefix", raw.get("eprinttype", "")).lower()
        eprint = _literal(raw.get("eprint", ""))
        arxiv = arxiv_of(eprint, alone=where in ("", "arxiv"))
        if eprint and where == "arxiv" and not arxiv:
            self.notes.append((lines["eprint"], f"eprint {eprint!r} is no number of arXiv's"))
        said = identifiers_in({name: _address_in(raw[name]) for name in _NAMING if name in raw})
        if arxiv or "arxiv" in said:
            found["arxiv"] = arxiv or said["arxiv"]
        if raw.get("doi"):
            if doi := doi_of(_literal(raw["doi"])):
                found["doi"] = doi
            else:
                self.notes.append((lines["doi"], f"doi {raw['doi']!r} is none; left out"))
        if "doi" in said:
            found.setdefault("doi", said["doi"])
        address = _literal(raw.get("url", "")) or _address(raw.get("howpublished", ""))
        if address:
            if re.match(r"https?://[^\s/]", address):
                found["url"] = address
            else:
                self.notes.append(
                    (
                        lines.get("url", work.line),
                        f"url {address[:80]!r} is no web address; left out",
                    )
                )
        if raw.get("isbn"):
            found["isbn"] = _plain(raw["isbn"])
        if work.key:
            found["citekey"] = work.key


def _why(block: Block) -> str:
    from bibtexparser.model import DuplicateBlockKeyBlock, DuplicateFieldKeyBlock

    if isinstance(block, DuplicateBlockKeyBlock):
        first = (block.previous_block.start_line or 0) + 1
        return (
            f"the key {block.key!r} stands already in line {first}; give one of the entries another"
        )
    if isinstance(block, DuplicateFieldKeyBlock):
        twice = ", ".join(sorted(block.duplicate_keys))
        return f"the entry has the field {twice} twice; remove one"
    error = getattr(block, "error", None)
    said = " ".join(str(getattr(error, "abort_reason", "") or error or "it does not end").split())
    return f"the entry cannot be read: {said}"


def _braced(name: str) -> bool:
    """Say whether one pair of braces holds the whole name: then it is a collective's."""
    if not (name.startswith("{") and name.endswith("}")) or name.startswith("{\\"):
        return False
    depth = 0
    for at, sign in enumerate(name):
        depth += (sign == "{") - (sign == "}")
        if depth == 0 and at < len(name) - 1:
            return False
    return True


def _depth(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        depth += (sign == "{") - (sign == "}")
        deepest = max(deepest, depth)
    return deepest


@cache
def _converter() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

    return LatexNodes2Text(math_mode="text", keep_comments=True)


def _plain(text: str) -> str:
    """Turn LaTeX into Unicode."""
    if "\\" in text or "$" in text:
        # In a bibliography a percent sign is a percent sign, not the start of a comment.
        text = _STACKED.sub(r"\1{\2}", re.sub(r"(?<!\\)%", r"\\%", text))
        text = _converter().latex_to_text(text)
    else:
        # Most fields hold braces alone, for which a parser of LaTeX takes a hundred times as long.
        for sign, letter in _LIGATURES:
            text = text.replace(sign, letter)
    return " ".join(text.replace("\xa0", " ").split())


def _literal(text: str) -> str:
    """Take an address or a number as it is, but for the escapes that LaTeX makes people write."""
    found = re.fullmatch(r"\s*\\(?:url|path)\{(.*)\}\s*", text, re.S)
    return re.sub(r"\\([%_&#~{}])", r"\1", found[1] if found else text).strip(" {}\n\t")


def _address_in(text: str) -> str:
    """Take a text with the addresses in it as they are."""
    return _literal(re.sub(r"\\(?:url|path|href)\b", " ", text)).replace("{", "").replace("}", "")


def _address(text: str) -> str:
    found = re.search(r"https?://[^\s{}]+", re.sub(r"\\([%_&#~])", r"\1", text))
    return found.group() if found else ""
