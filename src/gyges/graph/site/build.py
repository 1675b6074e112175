"""How does a graph become a folder of pages that open by double click?

A page a node, the page of all nodes with its search, the graph's health and the queue of the review, which can be
read and not written. The folder is built beside its place and moved there whole, so that a stopped build leaves the
old site.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from gyges.errors import GraphError
from gyges.graph.health import health_of
from gyges.graph.page import page_of
from gyges.graph.quoting import Checker
from gyges.graph.review.pairing import Likenesses
from gyges.graph.review.queueing import counted, detailed, waiting
from gyges.graph.review.suggesting import Suggester
from gyges.graph.site.assets import Assets
from gyges.graph.site.links import Links, answers, node_file
from gyges.graph.site.render import render_health, render_index, render_node, render_review
from gyges.graph.store import Store
from gyges.graph.vocabulary import NODE_TYPES

__all__ = [
    "ABOUT",
    "LEAST_ALIKE",
    "MOST_ALIKE",
    "MOST_PAGES",
    "Written",
    "build_site",
    "index_groups",
    "shown_alike",
]

ABOUT = (
    "A research graph of alignment faking: what is claimed, what was found, how each statement is known, and what is "
    "still open."
)
MOST_PAGES = 20_000
"""Nodes of a graph that is written as static pages; a larger one is served."""
LEAST_ALIKE = 0.5
"""The cosine down to which a page lists what is alike; it begins with what is above the threshold."""
MOST_ALIKE = 40
"""Nodes that a page lists as alike."""
_MARK = ".gyges-graph-site"
_MOST_CANDIDATES = 500


class Written(dict[str, Any]):
    """What was written: ``folder``, ``pages``, ``bytes``, and ``passages``.

    ``passages`` is how many quoted passages of attached copies the pages contain: words of somebody's text, which
    whoever passes the folder on passes on as well.
    """


def build_site(
    store: Store,
    target: Path,
    look: Traversable,
    *,
    threshold: float,
    said: Callable[[int, int], None] | None = None,
) -> Written:
    """Write the static site of a graph.

    Args:
        store: The graph.
        target: The folder; an earlier site there is replaced, anything else is not touched.
        look: The folder of style sheets and scripts that the reports use.
        threshold: The cosine from which nodes are told as alike.
        said: Called after each page with how many are written, of how many.

    Raises:
        GraphError: The graph is too large, or the folder holds something else, is the working folder or contains it,
            or cannot be written; an earlier site stands as it was then.
    """
    count = store.count_nodes()
    if count > MOST_PAGES:
        raise GraphError(
            f"{count:,} nodes are too many for static pages (at most {MOST_PAGES:,}); gyges graph serve shows them"
        )
    place = _place(target)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        try:
            passages = _write(store, folder, look, threshold, said)
            folder.chmod(0o755)
            _put_in_place(folder, place)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except OSError as error:
        raise GraphError(f"{target} cannot be written: {error}") from error
    files = [path for path in place.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    pages = sum(path.suffix == ".html" for path in files)
    return Written(folder=str(target), pages=pages, bytes=size, passages=passages)


def _place(target: Path) -> Path:
    """Return where the folder really is, if a site may stand there: links and ``..`` hide what would be replaced."""
    place, here = target.resolve(), Path.cwd().resolve()
    if place == here or place in here.parents:
        what = "is the working folder" if place == here else "contains the working folder"
        raise GraphError(f"{target} {what}, which is not replaced; name a folder of its own")
    if place.exists() and not place.is_dir():
        raise GraphError(f"{target} is a file; name a folder")
    if place.exists() and not (place / _MARK).exists() and any(place.iterdir()):
        raise GraphError(f"{target} holds something else than a graph's site; name another folder")
    return place


def _put_in_place(folder: Path, place: Path) -> None:
    """Move a built site to its place; where that fails, what stood there stands there again."""
    if not place.exists():
        folder.rename(place)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{place.name}-old-", dir=place.parent))
    old = aside / "site"
    try:
        place.rename(old)
        try:
            folder.rename(place)
        except BaseException:
            old.rename(place)
            raise
    except BaseException:
        # Only an empty one: what could not be put back is all that is left of the old site.
        with suppress(OSError):
            aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _write(
    store: Store,
    folder: Path,
    look: Traversable,
    threshold: float,
    said: Callable[[int, int], None] | None,
) -> int:
    """Write all pages, and return how many passages of attached copies they quote."""
    assets = Assets(look)
    assets.write(folder / "assets")
    (folder / _MARK).write_text("made by gyges graph site\n", encoding="utf-8")
    alike = Likenesses(store, threshold)
    about = alike.about()
    asked = answers(store)
    links = Links.files(**asked, build=assets.build)
    nodes, edges = store.count_nodes(), store.count_edges()
    groups = index_groups(store)
    _put(folder / "index.html", render_index(groups, links, nodes=nodes, edges=edges, about=ABOUT))
    health = health_of(store)
    _put(folder / "health.html", render_health(health, links))
    found, suggester, checker = waiting(store, alike), Suggester(store, alike), Checker(store)
    items = [detailed(store, one, suggester, checker) for one in found[:_MOST_CANDIDATES]]
    queue = render_review(items, links, writing=False, total=len(found), parts=counted(found))
    _put(folder / "review.html", queue)
    for number, node in enumerate(store.nodes(), 1):
        page = page_of(store, node.id, similar=shown_alike(alike, node.id), similarity=about)
        here = Links.files(at=node.id, **asked, build=assets.build)
        _put(folder / node_file(node.id), render_node(page, here))
        if said is not None:
            said(number, nodes)
    return int(health["quotes"].get("stands", 0))


def shown_alike(alike: Likenesses, id_: str) -> list[tuple[str, float]]:
    """Return what a page lists as alike: also below the threshold, for whoever moves it there."""
    return alike.around(id_, MOST_ALIKE, down_to=LEAST_ALIKE)


def index_groups(store: Store, most: int | None = None) -> list[dict[str, Any]]:
    """Group all nodes by type, those with the most edges first.

    Args:
        store: The graph.
        most: At most so many of each type; the counts are those of all.
    """
    counts = store.by_type()
    groups = []
    for type_ in NODE_TYPES:
        if type_ not in counts:
            continue
        ids = store.connection.execute(
            "SELECT id, edges FROM node WHERE type = ? ORDER BY edges DESC, label, id LIMIT ?",
            (type_, -1 if most is None else most),
        ).fetchall()
        items = [{**store.node(id_).to_dict(), "edges": edges} for id_, edges in ids]
        groups.append({"type": type_, "nodes": counts[type_], "items": items})
    return groups


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
