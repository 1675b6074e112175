"""How does a record of the graph become a page?

Templates escape every value, and a value that is missing is an error and not an empty place. No page runs a script
that does not stand beside it in ``assets/``, or loads anything from a network; the policy that says so is in the page,
because a static site has no server to say it. Data for scripts stand in the page as JSON, since a page that was opened
as a file may not fetch one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from gyges.graph.site.links import Links
from gyges.graph.site.listing import MOST_GLOSS, group_views, health_view, search_entries
from gyges.graph.site.marks import mark_of
from gyges.graph.site.pieces import pieces
from gyges.graph.site.review_view import part_views, review_views
from gyges.graph.site.statements import name_view
from gyges.graph.site.view import node_view
from gyges.graph.site.words import GRADE_WORDS, clip, kind, share, shown
from gyges.graph.vocabulary import GRADES, NODE_TYPES

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = [
    "policy",
    "render_health",
    "render_index",
    "render_message",
    "render_node",
    "render_review",
    "render_search",
]

_HOW = {"id": "its id", "label": "label", "alias": "alias", "text": "words", "semantic": "meaning"}
_UNSAFE_IN_SCRIPT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def policy(links: Links) -> str:
    """Return the content security policy of a page.

    A server sends the same in a header, with ``; frame-ancestors 'none'``, which counts only there.
    """
    own = "'self' file:" if links.static else "'self'"
    # A file's page takes no form: its search is done by script.
    forms = "'none'" if links.static else "'self'"
    return (
        f"default-src 'none'; script-src {own}; style-src {own}; img-src data:; base-uri 'none'; "
        f"form-action {forms}; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _data(value: Any) -> Any:
    """Write a record as JSON that no parser of HTML can take for markup."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(shown(text).translate(_UNSAFE_IN_SCRIPT))


def _version() -> str:
    try:
        return version("gyges")
    except PackageNotFoundError:  # a checkout that is not installed
        return ""


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def finalize(value: Any) -> Any:
        return value if isinstance(value, Markup) or not isinstance(value, str) else shown(value)

    env = Environment(
        loader=PackageLoader("gyges.graph.site", "templates"),
        autoescape=True,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    env.filters |= {"clip": clip, "kind": kind, "share": share}
    env.globals |= {
        **pieces(),
        "grades": GRADES,
        "grade_words": GRADE_WORDS,
        "version": _version(),
    }
    return env


def _page(template: str, links: Links, here: str, **values: Any) -> str:
    found = _environment().get_template(f"{template}.html.j2")
    return found.render(links=links, policy=policy(links), here=here, **values)


def render_node(page: Mapping[str, Any], links: Links) -> str:
    """Write the page of a node.

    Args:
        page: ``gyges.graph/1``, as ``gyges graph show ID --json`` prints it.
        links: Where the pages stand; for a static site made by ``Links.files(at=id)``.
    """
    node = node_view(page, links)
    picture = node["picture"]
    if picture is not None:
        types = {one["type"] for one in picture["nodes"]}
        marks = {name: mark_of(name) for name in sorted(types)}
        # In the order in which a page groups them, so that the picture's layout follows it.
        picture["types"] = [
            {
                "type": name,
                "title": kind(name),
                "family": marks[name].family,
                "path": marks[name].path,
                "polygon": marks[name].polygon,
            }
            for name in [
                *(one for one in NODE_TYPES if one in types),
                *sorted(types - {*NODE_TYPES}),
            ]
        ]
    title = clip(node["name"]["label"], 90)
    picture_json = _data(picture) if picture else ""
    return _page("node", links, "node", node=node, title=title, picture_json=picture_json)


def render_index(
    groups: Sequence[Mapping[str, Any]],
    links: Links,
    *,
    nodes: int,
    edges: int,
    title: str = "What the field knows",
    about: str = "",
) -> str:
    """Write the first page: all nodes by kind, and a search.

    Args:
        groups: For each kind, in the order of the page: ``type``, ``nodes`` (how many there are) and ``items``
            (``id, label, gloss, status, aliases, edges``, by number of edges), which may be fewer.
        links: Where the pages stand. A static site's page holds the index of its search.
        nodes: How many nodes the graph has.
        edges: How many edges the graph has.
        title: The heading.
        about: What this graph is about, in a sentence.
    """
    search_json = _data(_search_data(groups, links)) if links.static else ""
    return _page(
        "index",
        links,
        "index",
        title=title,
        about=about,
        nodes=nodes,
        edges=edges,
        groups=group_views(groups, links),
        query="",
        chosen=(),
        types=[str(group["type"]) for group in groups],
        search_json=search_json,
    )


def _search_data(groups: Sequence[Mapping[str, Any]], links: Links) -> dict[str, Any]:
    marks = {str(group["type"]): mark_of(str(group["type"])) for group in groups}
    looks = {name: {"family": mark.family, "path": mark.path} for name, mark in marks.items()}
    return {"marks": looks, "nodes": search_entries(groups, links)}


def render_search(
    query: str,
    results: Sequence[Mapping[str, Any]],
    links: Links,
    *,
    types: Sequence[str] = tuple(NODE_TYPES),
    chosen: Sequence[str] = (),
    total: int | None = None,
    more: bool = False,
    note: str = "",
) -> str:
    """Write what a server's search found.

    Args:
        query: What was asked; nothing shows the empty form.
        results: Best first, as :meth:`gyges.graph.searching.Hit.to_dict` gives them.
        links: Where the pages stand.
        types: The kinds to choose from.
        chosen: The kind that was chosen.
        total: How many were found, where that is more than stand here.
        more: More were found, and it is not known how many.
        note: What else is to be said, such as that no search by meaning was possible.
    """
    rows = []
    for given in results:
        row = name_view(given, links)
        score = given.get("score")
        row["gloss"] = clip(row["gloss"], MOST_GLOSS)
        row["how"] = _HOW.get(str(given.get("how") or ""), "")
        # A cosine says something to a reader; a rank of full text does not.
        semantic = given.get("how") == "semantic" and score is not None
        row["score"] = float(given["score"]) if semantic else None
        rows.append(row)
    return _page(
        "search",
        links,
        "search",
        title=clip(f"Search: {query}", 90) if query else "Search",
        query=query,
        results=rows,
        total=len(rows) if total is None else total,
        types=list(types),
        more=more,
        chosen=set(chosen),
        note=note,
    )


def render_health(health: Mapping[str, Any], links: Links) -> str:
    """Write the page of the graph's health.

    Args:
        health: As ``gyges graph health --json`` prints it; a part that is not there is not shown. Beside a list that
            was cut, ``<name>_count`` holds the whole number.
        links: Where the pages stand.
    """
    view = health_view(health, links)
    return _page("health", links, "health", title="Health of the graph", health=view)


def render_review(
    items: Sequence[Mapping[str, Any]],
    links: Links,
    *,
    writing: bool,
    token: str = "",
    total: int | None = None,
    parts: Mapping[str, int] | None = None,
    part: str = "",
    since: str = "",
    message: str = "",
    undo: bool = False,
    command: str = "gyges graph serve",
) -> str:
    """Write the queue of the review.

    A decision is posted to ``links.review`` as a form: ``token``, ``key``, ``verdict`` (one of
    :data:`gyges.graph.records.DECISIONS`), and with ``edge`` also ``edge`` (``supports:out``: A, the candidate's
    ``one``, supports B; ``supports:in``: B supports A), ``gloss`` and, where B has no kind, ``type``; with ``merge``
    also ``keep``, the id that stays; with ``is``, which says that a proposed node is one of the graph's, ``new``, the
    id of the proposed one, and ``node``, that of the other. All also take ``part`` and ``since``, for the page that
    comes then. ``links.undo`` takes ``token`` alone.

    Args:
        items: The candidates, as :func:`gyges.graph.review.queueing.detailed` gives them.
        links: Where the pages stand.
        writing: Whether decisions can be taken here.
        token: What proves that a form came from this page.
        total: How many candidates wait, where that is more than stand here.
        parts: How many wait in each of :data:`gyges.graph.review.queueing.PARTS`, whichever stand here.
        part: The part that alone stands here.
        since: What was given as the change or the day with which the queue begins.
        message: What the latest decision did.
        undo: Whether the latest change can be undone from here.
        command: What to run where nothing can be decided here.

    Raises:
        ValueError: It is for writing and has no token, or is a static page.
    """
    if writing and (not token or links.static):
        raise ValueError("a page that takes decisions needs a server and a token")
    return _page(
        "review",
        links,
        "review",
        title="Review",
        items=review_views(items, links),
        total=len(items) if total is None else total,
        writing=writing,
        token=token,
        sections=part_views(parts or {}, part, since, links),
        part=part,
        since=since,
        message=message,
        undo=undo,
        command=command,
        types=list(NODE_TYPES),
    )


def render_message(
    title: str, text: str, links: Links, *, near: Sequence[Mapping[str, Any]] = ()
) -> str:
    """Write a page that says one thing: that there is no such node, that a request was refused.

    Args:
        title: The heading.
        text: What happened and what to do, as plain text.
        links: Where the pages stand.
        near: Nodes that may have been meant.
    """
    rows = [name_view(one, links) for one in near]
    return _page("message", links, "message", title=title, text=text, near=rows)
