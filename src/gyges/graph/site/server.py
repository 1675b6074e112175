"""How does a person read and review the graph in a browser on this machine, and nobody else write to it?

The pages listen on the loopback address, twice: below ``/`` they can be read, and below ``/TOKEN/``, the address that
the command printed, whoever opens them can also decide on candidates. The token stands in the path and in no cookie,
because a browser sends a host's cookies to every port of it. A decision must name this host, come from a page of this
origin, and carry the token in its form as well, so that no other site that is open in the browser can make one.
"""

from __future__ import annotations

import hmac
import secrets
import sqlite3
import threading
from collections.abc import Callable, Mapping
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, NamedTuple

from gyges.errors import GraphError, nearest
from gyges.graph.health import health_of
from gyges.graph.page import page_of
from gyges.graph.quoting import Checker
from gyges.graph.review.arrivals import change_before
from gyges.graph.review.pairing import Likenesses
from gyges.graph.review.queueing import PARTS, counted, detailed, waiting
from gyges.graph.review.suggesting import Suggester
from gyges.graph.searching import search
from gyges.graph.similarity import why_missing
from gyges.graph.site.assets import Assets
from gyges.graph.site.build import ABOUT, index_groups, shown_alike
from gyges.graph.site.gates import BelowToken, OnlyThisMachine
from gyges.graph.site.links import Links, answers
from gyges.graph.site.render import (
    policy,
    render_health,
    render_index,
    render_message,
    render_node,
    render_review,
    render_search,
)
from gyges.graph.site.review_form import carry_out
from gyges.graph.store import Store
from gyges.graph.vocabulary import NODE_TYPES

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["GraphServer"]

_MOST_LISTED = 100
_MOST_FOUND = 50
_MOST_CANDIDATES = 50
_MOST_KEPT = 100
"""Pages of nodes that are kept: that of a hub takes a tenth of a second to write, and is opened again and again."""
_MOST_BODY = 1 << 16


class _Which(NamedTuple):
    """The part of the queue that a page shows."""

    part: str
    since: str
    """As it was asked for."""
    after: int | None
    """The number of the change behind which it begins."""


class GraphServer:
    """Serves the pages of a graph.

    Args:
        store: The graph; used by one request at a time.
        look: The folder of style sheets and scripts that the reports use.
        threshold: The cosine from which nodes are told as alike.
        by: Who decides, for the history.
        read_only: Take no decisions; nothing stands below the token then.
    """

    def __init__(
        self,
        store: Store,
        look: Traversable,
        *,
        threshold: float,
        by: str,
        read_only: bool = False,
    ) -> None:
        self.token = secrets.token_urlsafe(24)
        self.read_only = read_only
        self._store = store
        self._threshold = threshold
        self._by = by
        self._assets = Assets(look)
        asked = answers(store)
        self._public = Links.served(**asked, build=self._assets.build)
        self._own = Links.served(self.token, **asked, build=self._assets.build)
        self._alike: Likenesses | None = None
        self._alike_of = -1
        self._written: dict[tuple[str, str], str] = {}
        """Pages of nodes by id and address, the one asked for last at the end, until the graph changes."""
        self._decided: list[int] = []
        self._lock = threading.RLock()

    def app(self) -> Starlette:
        """Return the application, for any ASGI server that listens on the loopback address."""
        from starlette.applications import Starlette
        from starlette.middleware import Middleware
        from starlette.routing import Mount, Route, Router

        def page(function: Callable[[Request], Response]) -> Callable[[Request], Response]:
            def answer(request: Request) -> Response:
                with self._lock:
                    try:
                        self._store.check_unchanged()
                        return function(request)
                    except GraphError as error:
                        text = str(error)
                        return self._message(request, "That could not be done", text, 400)
                    except sqlite3.DatabaseError as error:
                        text = str(self._store.failed(error))
                        return self._message(request, "The graph cannot be read", text, 500)

            return answer

        reading = [
            Route("/", page(self._index)),
            Route("/node/{id:path}", page(self._node)),
            Route("/search", page(self._search)),
            Route("/health", page(self._health)),
            Route("/review", page(self._review)),
            Route("/assets/{name}", self._asset),
        ]
        writing = [
            Route("/review", self._decide, methods=["POST"]),
            Route("/undo", self._undo, methods=["POST"]),
        ]
        nothing = Route("/{rest:path}", page(self._nothing), methods=["GET", "POST"])
        pages = Router([*reading, *writing, nothing])
        below = BelowToken(self._opens, pages, nothing.app)
        return Starlette(
            routes=[*reading, Mount("/{token}", app=below), nothing],
            middleware=[Middleware(OnlyThisMachine)],
        )

    def read_vectors(self, alike: Likenesses) -> None:
        """Bring the vectors up to the graph and keep them, so that the first page need not wait for them."""
        self._alike_of = self._last_change()
        self._alike = alike
        alike.about()

    # ------------------------------------------------------------------ pages

    def _index(self, request: Request) -> Response:
        groups = index_groups(self._store, _MOST_LISTED)
        nodes, edges = self._store.count_nodes(), self._store.count_edges()
        links = self._links(request)
        return self._html(render_index(groups, links, nodes=nodes, edges=edges, about=ABOUT))

    def _node(self, request: Request) -> Response:
        from starlette.responses import RedirectResponse

        id_, links = request.path_params["id"], self._links(request)
        if not self._store.has(id_):
            hits = (
                search(self._store, id_.replace(":", " ").replace("-", " "), limit=5) if id_ else []
            )
            text = f"The graph has no node {id_!r}."
            page = render_message("No such node", text, links, near=[hit.to_dict() for hit in hits])
            return self._html(page, 404)
        found = self._store.resolve(id_)
        if found != id_:
            # A merge can be undone, so no browser may keep where it led.
            return RedirectResponse(links.node(found), 307, {"Cache-Control": "no-store"})
        alike = self._likenesses()
        written = self._written.pop((found, links.index), None)
        if written is None:
            similar, similarity = shown_alike(alike, found), alike.about()
            record = page_of(self._store, found, similar=similar, similarity=similarity)
            written = render_node(record, links)
        if not self._passing:
            self._written[found, links.index] = written
        if len(self._written) > _MOST_KEPT:
            del self._written[next(iter(self._written))]
        return self._html(written)

    def _search(self, request: Request) -> Response:
        query, links = request.query_params.get("q", "")[:500], self._links(request)
        types = [one for one in request.query_params.getlist("type") if one in NODE_TYPES]
        if not query.strip():
            return self._html(render_search("", [], links))
        alike = self._likenesses()
        # One more than is shown, to know whether there is more.
        most = _MOST_FOUND + 1
        hits = search(self._store, query, types=types, limit=most, nearest_to=alike.nearest)
        rows = [hit.to_dict() for hit in hits[:_MOST_FOUND]]
        note = f"Nothing was looked for by meaning: {alike.missing}" if alike.missing else ""
        page = render_search(
            query, rows, links, chosen=types, more=len(hits) > _MOST_FOUND, note=note
        )
        return self._html(page)

    def _health(self, request: Request) -> Response:
        return self._html(render_health(health_of(self._store), self._links(request)))

    def _review(self, request: Request) -> Response:
        return self._queue(request, self._which(request.query_params))

    def _which(self, asked: Mapping[str, str]) -> _Which:
        """Read which part of the queue is asked for."""
        part, since = asked.get("part", ""), asked.get("since", "").strip()
        if part and part not in PARTS:
            raise GraphError(f"no part {part[:80]!r} of the queue; {nearest(part[:80], PARTS)}")
        return _Which(part, since, change_before(self._store, since) if since else None)

    def _queue(self, request: Request, which: _Which, message: str = "") -> Response:
        alike = self._likenesses()
        found = waiting(self._store, alike, since=which.after)
        parts = counted(found)
        shown = [one for one in found if which.part in ("", one.part)]
        suggester, checker = Suggester(self._store, alike), Checker(self._store)
        writing = self._may_write(request)
        page = render_review(
            [detailed(self._store, one, suggester, checker) for one in shown[:_MOST_CANDIDATES]],
            self._links(request),
            writing=writing,
            token=self.token if writing else "",
            total=len(shown),
            parts=parts,
            part=which.part,
            since=which.since,
            message=message or (alike.missing or ""),
            undo=writing and bool(message) and bool(self._decided),
        )
        return self._html(page)

    def _nothing(self, request: Request) -> Response:
        from starlette.responses import RedirectResponse

        if self._opens(request.path_params.get("rest", "")):
            # The address without its last stroke.
            return RedirectResponse(self._own.index, 307, {"Cache-Control": "no-store"})
        text = f"There is nothing at {request.url.path}."
        if request.method == "POST":
            text += " Decisions are taken at the address that gyges graph serve printed."
        return self._message(request, "No such page", text, 404)

    def _asset(self, request: Request) -> Response:
        from starlette.responses import Response

        found = self._assets.get(request.path_params["name"])
        if found is None:
            return Response("not found", 404, media_type="text/plain")
        headers = {"Cache-Control": "max-age=86400", "X-Content-Type-Options": "nosniff"}
        return Response(found[1], media_type=found[0], headers=headers)

    # ------------------------------------------------------------------ decisions

    async def _decide(self, request: Request) -> Response:
        def decide_(form: dict[str, str]) -> str:
            before = self._last_change()
            said = carry_out(
                self._store, form, self._by, lambda a, b: self._likenesses().score(a, b)
            )
            if (number := self._last_change()) > before:
                self._decided.append(number)
            return said

        return await self._carried_out(request, decide_)

    async def _undo(self, request: Request) -> Response:
        def undo(_: dict[str, str]) -> str:
            # Only what was decided here: an import, or another process's work, is not taken back by a slip.
            if not self._decided:
                raise GraphError(
                    "nothing that was decided here is left to undo; gyges graph history lists every change"
                )
            self._store.undo(self._decided[-1], by=self._by)
            return f"Change {self._decided.pop()} was taken back."

        return await self._carried_out(request, undo)

    async def _carried_out(self, request: Request, do: Callable[[dict[str, str]], str]) -> Response:
        """Carry out a form's decision in a thread, where the form proves that it may."""
        from starlette.concurrency import run_in_threadpool

        form = await self._form(request)
        if (
            form is None
            or not self._may_write(request)
            or not self._is_token(form.get("token", ""))
        ):
            text = (
                "Open the address that gyges graph serve printed, with its token, and decide there."
            )
            return self._message(request, "This page may not change the graph", text, 403)

        def carry_out() -> Response:
            with self._lock:
                try:
                    # Read before anything is done: a decision must not be taken, and its answer refused.
                    which = self._which(form)
                    said = do(form)
                except GraphError as error:
                    return self._message(request, "That could not be done", str(error), 400)
                return self._queue(request, which, said)

        return await run_in_threadpool(carry_out)

    async def _form(self, request: Request) -> dict[str, str] | None:
        from urllib.parse import parse_qsl

        from starlette.requests import ClientDisconnect

        origin = request.headers.get("origin")
        if origin is not None and origin != f"http://{request.headers.get('host', '')}":
            return None
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind != "application/x-www-form-urlencoded":
            return None
        body = b""
        try:
            async for part in request.stream():
                body += part
                if len(body) > _MOST_BODY:
                    return None
        except ClientDisconnect:
            # A browser that goes away in the middle of a form is no error, and decides nothing.
            return None
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))

    # ------------------------------------------------------------------ details

    def _likenesses(self) -> Likenesses:
        # Another process may have changed the graph since.
        last = self._last_change()
        if self._alike is None or self._alike_of != last or self._passing:
            self._alike, self._alike_of = Likenesses(self._store, self._threshold), last
            self._written.clear()
        return self._alike

    @property
    def _passing(self) -> bool:
        """Whether the vectors could not be had for a reason that may be gone: another process was writing."""
        return self._alike is not None and self._alike.missing is not None and why_missing() is None

    def _last_change(self) -> int:
        newest = self._store.history(1)
        return newest[0].number if newest else 0

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())

    def _opens(self, given: str) -> bool:
        """Say whether pages below this first part of a path may decide."""
        return not self.read_only and self._is_token(given)

    def _may_write(self, request: Request) -> bool:
        return self._opens(request.path_params.get("token", ""))

    def _links(self, request: Request) -> Links:
        return self._own if self._may_write(request) else self._public

    def _message(self, request: Request, title: str, text: str, status: int) -> Response:
        return self._html(render_message(title, text, self._links(request)), status)

    def _html(self, page: str, status: int = 200) -> Response:
        from starlette.responses import HTMLResponse

        headers = {
            "Content-Security-Policy": f"{policy(self._public)}; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        return HTMLResponse(page, status, headers)
