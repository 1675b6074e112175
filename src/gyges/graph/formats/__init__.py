"""In which formats does a graph come in and go out, and which one is a file in?

A table of formats. Each has a module of its own, which is imported when it is used; reading gives an
:class:`gyges.graph.records.Incoming` and changes nothing, writing replaces a file as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from gyges.errors import GraphError, nearest
from gyges.graph.model import Edge, Node
from gyges.graph.records import Decision, Incoming, Proposal

__all__ = ["FORMATS", "Format", "format_of", "read", "write"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format."""

    name: str
    suffixes: tuple[str, ...]
    """How names of such files end; a name that ends so is taken to be one."""
    reads: bool
    writes: bool
    what: str
    """One line for a list of formats."""
    module: str
    """Of this package."""
    review: bool = False
    """Also holds decisions and proposals of the review."""


def _formats(*rows: Format) -> dict[str, Format]:
    return {row.name: row for row in rows}


FORMATS = _formats(
    Format(
        "jsonl",
        (".jsonl", ".ndjson"),
        True,
        True,
        "lines of JSON: everything, the review too; or a folder of nodes.jsonl and edges.jsonl",
        "jsonl",
        review=True,
    ),
    Format(
        "csv",
        (".csv", ".tsv"),
        True,
        True,
        "a folder of nodes.csv and edges.csv for a spreadsheet; tables that you typed are read too",
        "csv_",
    ),
    Format(
        "graphml",
        (".graphml",),
        True,
        True,
        "GraphML, for networkx, igraph, Gephi and yEd",
        "graphml",
    ),
    Format(
        "jsonld",
        (".jsonld",),
        True,
        True,
        "JSON-LD with its context inside, for programs that read linked data",
        "jsonld",
    ),
    Format(
        "cypher",
        (".cypher", ".cql"),
        False,
        True,
        "a script for Neo4j and databases that speak its Cypher",
        "cypher",
    ),
    Format(
        "ladybug",
        (),
        False,
        True,
        "a Cypher script with its schema, for LadybugDB and Kùzu",
        "ladybug",
    ),
    Format(
        "page",
        (".txt",),
        True,
        False,
        "a concept page of another research graph, copied from a browser as text",
        "concept_page",
    ),
    Format(
        "bibtex", (".bib", ".bibtex"), True, False, "BibTeX: papers and their authors", "bibtex"
    ),
    Format("csl", (".json",), True, False, "CSL-JSON, as Zotero exports it", "csl"),
)
"""The formats by name."""


def read(
    path: Path,
    format: str | None = None,
    *,
    channel: str = "imported",
    named: Callable[[str], Sequence[str]] | None = None,
) -> Incoming:
    """Read what a file brings.

    Args:
        path: A file, or the folder of a format that has several files.
        format: A name of :data:`FORMATS`; None takes it from the name of the file, or from what the folder holds.
        channel: How the records came to be that do not say it themselves.
        named: Returns the ids of the nodes with a label, as :meth:`gyges.graph.Store.named` does: a table that
            somebody typed may name nodes of the user's graph so.

    Returns:
        Everything that the file brings. Ends of edges that it does not hold are left to the graph that takes it.

    Raises:
        GraphError: The file cannot be read, with each fault and its place: nothing was taken.
    """
    path = Path(path)
    if not path.exists():
        raise GraphError(f"{path}: there is no such file")
    chosen = _known(format) if format else format_of(path)
    if not chosen.reads:
        raise GraphError(
            f"{path}: {chosen.name} cannot be read back, it is a program and no record; "
            f"formats that are read: {_names('reads')}"
        )
    if path.is_dir() and chosen.name not in ("jsonl", "csv"):
        raise GraphError(f"{path}: is a folder; {chosen.name} is one file")
    module = import_module(f"{__name__}.{chosen.module}")
    more: dict[str, Any] = {"channel": channel} if chosen.writes else {}
    if chosen.name == "csv":
        more["named"] = named
    try:
        incoming: Incoming = module.read(path, **more)
    except OSError as error:
        raise GraphError(f"{path}: cannot be read: {error.strerror or error}") from error
    return incoming


def write(
    path: Path,
    nodes: Iterable[Node],
    edges: Iterable[Edge],
    format: str | None = None,
    *,
    decisions: Iterable[Decision] = (),
    proposals: Iterable[Proposal] = (),
) -> None:
    """Write a graph, sorted by id: the same graph gives the same bytes.

    Args:
        path: The file; for ``csv`` a folder, for ``jsonl`` an existing folder may be named too.
        nodes: A collection in any order, or a stream by id, which is never held in memory.
        edges: The same.
        format: A name of :data:`FORMATS`; None takes it from the name of the file.
        decisions: Of the review; left out by a format whose :attr:`Format.review` is false.
        proposals: The same.

    Raises:
        GraphError: It cannot be written; what stood there is unchanged.
    """
    path = Path(path)
    chosen = _known(format) if format else format_of(path)
    if not chosen.writes:
        raise GraphError(
            f"{chosen.name} is only read; formats that are written: {_names('writes')}"
        )
    # A store is asked for its review only where the format holds it.
    more = {"decisions": decisions, "proposals": proposals} if chosen.review else {}
    import_module(f"{__name__}.{chosen.module}").write(path, nodes, edges, **more)


def format_of(path: Path) -> Format:
    """Tell the format of a file by its name, of a folder by what it holds.

    Raises:
        GraphError: Neither tells it.
    """
    if path.is_dir():
        for name in ("jsonl", "csv"):
            if any((path / f"{stem}.{name}").is_file() for stem in ("nodes", "edges")):
                return FORMATS[name]
        raise GraphError(
            f"{path}: holds neither nodes.jsonl, edges.jsonl, nodes.csv nor edges.csv; name the format, one of "
            f"{', '.join(FORMATS)}"
        )
    suffix = path.suffix.lower()
    if suffix == ".json" and path.is_file():
        with path.open("rb") as file:
            return FORMATS["jsonld" if b'"@context"' in file.read(4096) else "csl"]
    for one in FORMATS.values():
        if suffix in one.suffixes:
            return one
    known = sorted(suffix for one in FORMATS.values() for suffix in one.suffixes)
    raise GraphError(
        f"{path}: the name does not tell the format; name it, one of {', '.join(FORMATS)}, or end the name with one of "
        f"{', '.join(known)}"
    )


def _known(name: str) -> Format:
    if name not in FORMATS:
        raise GraphError(f"no format {name!r}; {nearest(name, FORMATS)}")
    return FORMATS[name]


def _names(can: str) -> str:
    return ", ".join(one.name for one in FORMATS.values() if getattr(one, can))
