"""Which nodes and edges does a list of literature make?

A work, its authors and ``authored_by`` between them. A work's id is ``paper:<family>-<year>-<word>``; works that would
share one get more words of their titles, all of them, so that the order in the file decides nothing. A person has one
id however the name is written: order, accents and initials are folded, initials only where one full name fits.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gyges.errors import GraphError
from gyges.graph.checks import MOST_LABEL, edge_problems, node_problems
from gyges.graph.model import Edge, Evidence, Node, node_id, plain_letters, slug_of
from gyges.graph.records import Incoming

__all__ = ["Author", "Work", "arxiv_of", "doi_of", "identifiers_in", "incoming_of", "sound_date"]

_SMALL = frozenset(
    [
        "a", "an", "the", "on", "in", "of", "for", "to", "and", "or", "is", "are", "be", "with", "by", "at",
        "from", "into", "towards", "toward", "via", "under", "over", "as", "how", "why", "what", "when", "do",
        "does", "can", "will", "using", "through", "between",
    ]
)  # fmt: skip
_ARXIV = re.compile(
    r"(?:arxiv\.org/(?:abs|pdf|html)/|arxiv(?: e-?prints?| preprint)?,?[:.\s]\s*|10\.48550/arxiv\.|(?<![\w/.])abs/)"
    r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?",
    re.I,
)
_ARXIV_ALONE = re.compile(
    r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?(?:\s*\[[^\]]*\])?", re.I
)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+", re.I)
_DOI_SAID = re.compile(r"(?:doi\.org/|\bdoi\s*[:=]?\s*)(?=10\.\d{4,9}/)", re.I)
_ABOUT_ANOTHER = re.compile(
    r"\b(?:comment|commentary|reply|response|rejoinder|errat\w*|corrigend\w*|review|retract\w*|supersed\w*|replac\w*|"
    r"exten[ds]\w*|translat\w*|based|cit\w+)\b",
    re.I,
)
"""Words before an identifier that make it another work's."""
_DATE = re.compile(r"(?P<year>\d{4})(?:[-/](?P<month>\d{1,2})(?:[-/](?P<day>\d{1,2}))?)?(?![\d])")


@dataclass(frozen=True, slots=True)
class Author:
    """A person, or a collective."""

    given: str = ""
    family: str = ""
    particle: str = ""
    """``van der``."""
    suffix: str = ""
    collective: str = ""
    """The name of an organisation; then it is no person."""

    @property
    def name(self) -> str:
        """The whole name, given names first."""
        parts = (self.given, self.particle, self.family, self.suffix)
        return self.collective or " ".join(part for part in parts if part)


@dataclass(slots=True)
class Work:
    """One entry of a list."""

    line: int
    key: str
    """As the list names it."""
    title: str
    type: str = "paper"
    authors: list[Author] = field(default_factory=list)
    date: str = ""
    retrieved: str = ""
    venue: str = ""
    kind: str = ""
    identifiers: dict[str, str] = field(default_factory=dict)
    role: str = "author"
    """What the people are called: ``editor`` where the entry names no author."""


def arxiv_of(text: str, *, alone: bool = False) -> str:
    """Return the arXiv number that a text names, without its version; ``alone``: the text is the number."""
    found = _ARXIV.search(text) or (_ARXIV_ALONE.fullmatch(text.strip()) if alone else None)
    return found["id"].lower() if found else ""


def doi_of(text: str) -> str:
    """Return the DOI in a text, in lower case."""
    found = _DOI.search(text)
    return found.group().rstrip(".,;)").lower() if found else ""


def identifiers_in(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the arXiv number and the DOI that the fields of an entry name, whatever fields these are.

    Publishers and search engines write them into the journal, the volume, the pages or a note.

    Args:
        fields: Texts by name, as the entry's format names them, the surest first; the DOI's own field is read by its
            reader.
    """
    found: dict[str, str] = {}
    for text in fields.values():
        for name, at in (("arxiv", _ARXIV.search(text)), ("doi", _DOI_SAID.search(text))):
            if at is None or name in found or _ABOUT_ANOTHER.search(text[: at.start()]):
                continue
            said = at["id"].lower() if name == "arxiv" else doi_of(text[at.end() :])
            if said:
                found[name] = said
    publishers = " ".join(
        fields.get(name, "") for name in ("publisher", "archive", "journal", "container-title")
    )
    number = arxiv_of(fields.get("number", ""), alone=True)
    if number and re.search(r"\barxiv\b", publishers, re.I):
        found.setdefault("arxiv", number)
    return found


def sound_date(text: str) -> str:
    """Return the first date of a text such as ``2024-12-18/2025``, or nothing."""
    found = _DATE.match(text.strip())
    if found is None:
        return ""
    date = found["year"]
    if found["month"] and 1 <= int(found["month"]) <= 12:
        date += f"-{int(found['month']):02d}"
        if found["day"] and 1 <= int(found["day"]) <= 31:
            date += f"-{int(found['day']):02d}"
    return date


def incoming_of(
    works: Sequence[Work], file: str, where: str, notes: Iterable[tuple[int, str]] = ()
) -> Incoming:
    """Make the nodes and edges of a list.

    Args:
        works: The entries.
        file: The list's name, for the evidence.
        where: Its path, for messages.
        notes: What the reader has to say, with the line.

    Raises:
        GraphError: A record that no graph can hold; every one is named with its line.
    """
    incoming = Incoming(notes=[f"{file}:{line}: {text}" for line, text in notes])

    def note(line: int, text: str) -> None:
        incoming.notes.append(f"{file}:{line}: {text}")

    faults: list[str] = []
    distinct = _distinct(works, note)
    ids = _ids(distinct)
    people = _people([(work.line, author) for work in distinct for author in work.authors], note)
    nodes: dict[str, Node] = {}
    for work, id_ in zip(distinct, ids, strict=True):
        # As given: a work without a person still has its first organisation.
        node = _node(work, id_, file)
        faults += [f"{where}:{work.line}: {fault}" for fault in node_problems(node.to_dict())]
        nodes[id_] = node
    for person in {id(one): one for one in people.values()}.values():
        node = Node(
            person.id,
            person.label,
            aliases=tuple(sorted(person.aliases - {person.label})),
            channel="imported",
            by=file[:MOST_LABEL],
        )
        faults += [f"{where}:{person.line}: {fault}" for fault in node_problems(node.to_dict())]
        nodes[person.id] = node
    edges: dict[str, Edge] = {}
    for work, id_ in zip(distinct, ids, strict=True):
        for number, author in enumerate(work.authors, start=1):
            locator = f"{work.role} {number}; {file}, entry {work.key}"[:MOST_LABEL]
            evidence = (Evidence(id_, locator, None, "secondary"),)
            person_id = people[author].id
            edge = Edge.make(
                id_, "authored_by", person_id, "", evidence, "imported", by=file[:MOST_LABEL]
            )
            faults += [f"{where}:{work.line}: {fault}" for fault in edge_problems(edge.to_dict())]
            edges.setdefault(edge.id, edge)
    if faults:
        raise GraphError("\n".join(faults))
    incoming.nodes = list(nodes.values())
    incoming.edges = list(edges.values())
    return incoming


def _node(work: Work, id_: str, file: str) -> Node:
    dates = {"published": work.date, "retrieved": work.retrieved}
    said = " in ".join(part for part in (work.kind, work.venue) if part)
    return Node(
        id_,
        work.title,
        f"{said[:1].upper()}{said[1:]}." if said else "",
        dates={name: date for name, date in dates.items() if date},
        identifiers=work.identifiers,
        channel="imported",
        by=file[:MOST_LABEL],
    )


def _distinct(works: Sequence[Work], note: Callable[[int, str], None]) -> list[Work]:
    """Leave out an entry that is another one again: the same DOI or arXiv number, or all of title, year and family."""
    kept: list[Work] = []
    seen: dict[tuple[str, ...], Work] = {}
    for work in works:
        marks: list[tuple[str, ...]] = [
            (name, work.identifiers[name].lower())
            for name in ("doi", "arxiv")
            if name in work.identifiers
        ]
        marks.append(("title", _folded(work.title), work.date[:4], _family(work), work.type))
        first = next((seen[mark] for mark in marks if mark in seen), None)
        if first is None:
            kept.append(work)
            first = work
        else:
            note(
                work.line,
                f"entry {work.key!r} is the work of entry {first.key!r} (line {first.line}) again; taken once",
            )
            for name, value in work.identifiers.items():
                if name != "citekey":
                    first.identifiers.setdefault(name, value)
        for mark in marks:
            seen.setdefault(mark, first)
    return kept


def _family(work: Work) -> str:
    if not work.authors:
        return ""
    first = work.authors[0]
    return slug_of(first.family or first.name)


def _ids(works: Sequence[Work]) -> list[str]:
    titles = [
        [word for word in slug_of(work.title).split("-") if word not in _SMALL]
        or [slug_of(work.title)]
        for work in works
    ]

    def named(at: int, words: int) -> str:
        work = works[at]
        parts = [_family(work), work.date[:4] or "undated", *titles[at][:words]]
        return f"{work.type}:{'-'.join(part for part in parts if part)}"

    ids = [named(at, 1) for at in range(len(works))]
    longest = max((len(one) for one in titles), default=1)
    for words in range(2, longest + 1):
        shared = _shared(ids)
        if not shared:
            return ids
        ids = [named(at, words) if id_ in shared else id_ for at, id_ in enumerate(ids)]
    shared = _shared(ids)
    for at, id_ in enumerate(ids):
        if id_ in shared:
            work = works[at]
            said = "\x1f".join(
                [work.title, work.date, *(author.name for author in work.authors)]
                + [f"{name}={value}" for name, value in sorted(work.identifiers.items())]
            )
            ids[at] = f"{id_}-{hashlib.sha256(said.encode()).hexdigest()[:6]}"
    return ids


def _shared(ids: Sequence[str]) -> set[str]:
    seen: set[str] = set()
    return {id_ for id_ in ids if id_ in seen or seen.add(id_)}  # type: ignore[func-returns-value]


@dataclass(slots=True)
class _Person:
    id: str
    label: str
    line: int
    aliases: set[str] = field(default_factory=set)


def _people(
    authors: Sequence[tuple[int, Author]], note: Callable[[int, str], None]
) -> Mapping[Author, _Person]:
    """Give each way to write a name its person."""
    first: dict[Author, int] = {}
    for line, author in authors:
        first.setdefault(author, line)
    by_family: defaultdict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)
    for author in first:
        if not author.collective:
            by_family[_surname(author)].add(_given(author))
    full: dict[tuple[tuple[str, str], tuple[str, ...]], tuple[str, ...]] = {}
    unclear: set[tuple[tuple[str, str], tuple[str, ...]]] = set()
    for family, ways in by_family.items():
        for one in ways:
            # Only names that say no less than any other: a chain A, A. B., A. C. joins nobody.
            above = {other for other in ways if other != one and _abbreviates(one, other)}
            top = [
                other
                for other in above
                if not any(_abbreviates(other, more) for more in above if more != other)
            ]
            full[family, one] = top[0] if len(top) == 1 else one
            if len(top) > 1:
                unclear.add((family, one))
    persons: dict[str, _Person] = {}
    found: dict[Author, _Person] = {}
    ordered = sorted(first, key=lambda one: (-len(one.name), one.name.isupper(), one.name))
    for author in ordered:
        line = first[author]
        if author.collective:
            id_ = node_id("organisation", author.collective)
        else:
            family, written = _surname(author), _given(author)
            name = full[family, written]
            joined = "-".join((*name, *family))
            id_ = f"thinker:{slug_of(joined.replace(' ', '-'))}"
            if name != written:
                note(line, f"{author.name!r} is taken for {' '.join(name).title()} {author.family}")
            elif (family, written) in unclear:
                note(line, f"{author.name!r} may be several persons of this list; kept apart")
        person = persons.setdefault(id_, _Person(id_, author.name, line))
        person.line = min(person.line, line)
        person.aliases.add(author.name)
        found[author] = person
    return found


def _surname(author: Author) -> tuple[str, str]:
    return _folded(f"{author.particle} {author.family}"), _folded(author.suffix)


def _given(author: Author) -> tuple[str, ...]:
    # R.G. and R. G. are two initials; Jean-Luc is one name of two parts.
    spaced = re.sub(r"\.(?=\w)", ". ", author.given)
    return tuple(_folded(spaced).split())


def _abbreviates(less: Sequence[str], more: Sequence[str]) -> bool:
    """Say whether one list of given names can be the other with names left out at the end or cut to initials."""
    if not less or len(less) > len(more) or tuple(less) == tuple(more):
        return False
    return all(
        one == other or (len(one) == 1 and other.startswith(one))
        for one, other in zip(less, more, strict=False)
    )


def _folded(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", plain_letters(text).casefold()))
