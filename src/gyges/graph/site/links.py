"""Where does each page of a graph stand, seen from another page?

The same templates make a static site, which opens by double click, and the pages of a server. A static page stands at
``nodes/<type>/<slug>.html`` and its links are relative; a server's page stands at ``/node/<id>``. An id can be longer
than a file name may be and can hold a per cent sign, so a file's name is made here and nowhere else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import quote

from gyges.errors import GraphError

if TYPE_CHECKING:
    from gyges.graph.store import Store

__all__ = ["Links", "answers", "node_file", "review_anchor"]

_LONGEST_NAME = 150
_LIKE_HASHED = re.compile(r"-[0-9a-f]{16}\Z")


def node_file(id_: str) -> str:
    """Return the path of a node's page in a static site: ``nodes/concept/alignment-faking.html``."""
    kind, _, slug = id_.partition(":")
    # A dot at an end and the sign that begins an escape trouble some file systems and servers.
    name = slug.replace("%", "~").strip(".") or "_"
    # A name that looks as if it had its hash already gets one too, or it could be made to meet another's.
    if name != slug or len(name) > _LONGEST_NAME or _LIKE_HASHED.search(name):
        name = f"{name[: _LONGEST_NAME - 17]}-{hashlib.sha256(slug.encode()).hexdigest()[:16]}"
    return f"nodes/{kind}/{name}.html"


def review_anchor(key: str) -> str:
    """Return the fragment at which a candidate stands on the page of the review."""
    return f"c-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def _everything(_: str) -> bool:
    return True


def _nameless(_: str) -> str:
    return ""


def _unknown(_: str) -> tuple[str, str, str] | None:
    return None


class Asked(TypedDict):
    """What pages ask of the graph while they are written."""

    has: Callable[[str], bool]
    label: Callable[[str], str]
    edge: Callable[[str], tuple[str, str, str] | None]


def answers(store: Store) -> Asked:
    """Return what :class:`Links` asks of a graph: ``has``, ``label`` and ``edge``."""

    def label(id_: str) -> str:
        return store.node(id_).label if id_ and store.has(id_) else ""

    def edge(id_: str) -> tuple[str, str, str] | None:
        try:
            found = store.edge(id_)
        except GraphError:
            return None
        return found.subject, found.relation, found.object

    return {"has": store.has, "label": label, "edge": edge}


@dataclass(frozen=True)
class Links:
    """Maps what a page points at to addresses; made by :meth:`files` or :meth:`served`."""

    root: str
    """What leads from the page to the top: nothing, ``../../`` or ``/``."""
    static: bool
    """The pages are files; no server answers a search or takes a decision."""
    has: Callable[[str], bool] = _everything
    """Whether the graph has a page for that id; what has none is shown without a link."""
    label: Callable[[str], str] = _nameless
    """A node's label, for what a record names by its id alone; nothing where it is not known."""
    edge: Callable[[str], tuple[str, str, str] | None] = _unknown
    """An edge's subject, relation and object, for what a record names by its id alone."""
    review_page: bool = True
    """Whether there is a page of the review to point at."""
    health_page: bool = True
    """Whether there is a page of the graph's health to point at."""
    build: str = ""
    """A mark of the assets' version, so that a browser does not keep old ones."""

    @classmethod
    def files(
        cls,
        at: str = "",
        *,
        has: Callable[[str], bool] = _everything,
        label: Callable[[str], str] = _nameless,
        edge: Callable[[str], tuple[str, str, str] | None] = _unknown,
        review_page: bool = True,
        health_page: bool = True,
        build: str = "",
    ) -> Links:
        """Make the links of a page in a static site.

        Args:
            at: The id of the node whose page it is; nothing for a page at the top.
            has: Whether a page is written for that id.
            label: See :attr:`label`.
            edge: See :attr:`edge`.
            review_page: Whether ``review.html`` is written.
            health_page: Whether ``health.html`` is written.
            build: See :attr:`build`.
        """
        return cls("../../" if at else "", True, has, label, edge, review_page, health_page, build)

    @classmethod
    def served(
        cls,
        prefix: str = "/",
        *,
        has: Callable[[str], bool] = _everything,
        label: Callable[[str], str] = _nameless,
        edge: Callable[[str], tuple[str, str, str] | None] = _unknown,
        review_page: bool = True,
        health_page: bool = True,
        build: str = "",
    ) -> Links:
        """Make the links of the pages that a server gives, all of them below ``prefix``."""
        root = f"/{prefix.strip('/')}/" if prefix.strip("/") else "/"
        return cls(root, False, has, label, edge, review_page, health_page, build)

    def node(self, id_: str) -> str:
        """Return the address of a node's page, or nothing where it has none."""
        if not id_ or not self.has(id_):
            return ""
        if self.static:
            return self.root + quote(node_file(id_))
        return f"{self.root}node/{quote(id_, safe=':~')}"

    def asset(self, name: str) -> str:
        """Return the address of a style sheet or a script."""
        return f"{self.root}assets/{name}" + (f"?b={self.build}" if self.build else "")

    @property
    def index(self) -> str:
        """The page with all nodes."""
        return f"{self.root}index.html" if self.static else self.root

    @property
    def health(self) -> str:
        """The page of the graph's health; nothing where there is none."""
        name = "health.html" if self.static else "health"
        return self.root + name if self.health_page else ""

    @property
    def review(self) -> str:
        """The page of the review; nothing where there is none. A server takes decisions there by POST."""
        name = "review.html" if self.static else "review"
        return self.root + name if self.review_page else ""

    @property
    def undo(self) -> str:
        """Where a server takes by POST the word to undo the latest change."""
        return f"{self.root}undo"

    @property
    def search(self) -> str:
        """Where a search goes: a server answers it; of a static site the first page does, by script."""
        return f"{self.root}index.html" if self.static else f"{self.root}search"
