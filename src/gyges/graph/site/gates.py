"""Which requests reach the pages at all?

Those that name this machine as their host, and below the token's path those that know it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["BelowToken", "OnlyThisMachine", "is_loopback"]


class OnlyThisMachine:
    """Answers what names this machine as its host, and nothing else: another site's name may lead here as well."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        from starlette.responses import PlainTextResponse

        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = [value for name, value in scope["headers"] if name == b"host"]
        if len(given) == 1 and is_loopback(given[0].decode("latin-1")):
            await self._app(scope, receive, send)
        else:
            refused = PlainTextResponse("this host is not answered", 400)
            await refused(scope, receive, send)


def is_loopback(host: str) -> bool:
    """Say whether what a request names as its host is an address or the name of this machine itself."""
    import ipaddress

    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^:\[\]]+))(?::\d{1,5})?", host)
    if found is None:
        return False
    name = found[1] or found[2]
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class BelowToken:
    """Leads to the pages that may decide where the first part of the path is the token, and to nothing otherwise."""

    def __init__(self, opens: Callable[[str], bool], pages: ASGIApp, nothing: ASGIApp) -> None:
        self._opens = opens
        self._pages = pages
        self._nothing = nothing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the one or the other."""
        found = self._pages if self._opens(scope["path_params"]["token"]) else self._nothing
        await found(scope, receive, send)
