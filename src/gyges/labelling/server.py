"""How does a page on this machine reach a session, and nobody else?

It listens on 127.0.0.1 alone, and its address holds a random token without which everything is "not
found". A page of another site can neither read it nor write to it: a request must name this host
(so no other name that was bound to 127.0.0.1 helps), come from this origin, and be JSON, and no
answer allows another origin. Nothing is loaded from anywhere else.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from urllib.parse import urlsplit

from gyges.errors import GygesError
from gyges.labelling.session import Session

__all__ = ["LabelServer"]

_OWN = ("label.css", "label.js")
_SHARED = ("tokens.css", "page.css", "theme.js", "dom.js", "text.js")
"""What the page shares with the reports."""
_TYPES = {"css": "text/css", "js": "text/javascript", "html": "text/html"}
_MOST_BYTES = 1 << 16
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class LabelServer:
    """Serves one session to one browser.

    Args:
        session: What is labelled.
        look: The folder of the style sheets and scripts that the reports use, for the same look here.
        port: Where to listen; a free port by default.

    Raises:
        OSError: The port cannot be had.
    """

    def __init__(self, session: Session, look: Traversable, port: int = 0) -> None:
        self.session = session
        self.token = secrets.token_urlsafe(18)
        own = files("gyges.labelling") / "assets"
        self.pages = {"": ("text/html", (own / "index.html").read_bytes())}
        for folder, names in ((own, _OWN), (look, _SHARED)):
            for name in names:
                kind = _TYPES[name.rsplit(".", 1)[1]]
                self.pages[f"assets/{name}"] = (kind, (folder / name).read_bytes())
        self.ended = threading.Event()
        self._http = _Http(self, port)
        self.port = int(self._http.server_address[1])
        self.hosts = {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}

    @property
    def url(self) -> str:
        """The page's address, with its token."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def serve(self) -> None:
        """Answer until :meth:`stop` is called, or the person says on the page that he has finished."""
        try:
            self._http.serve_forever(poll_interval=0.1)
        finally:
            self.ended.set()
            self._http.server_close()

    def stop(self) -> None:
        """End :meth:`serve`; returns at once."""
        threading.Thread(target=self._http.shutdown, daemon=True).start()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, owner: LabelServer, port: int) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, *_: Any) -> None:
        """A browser that goes away in the middle of an answer is no error."""


class _Refused(Exception):
    """A request that is not answered."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "gyges"
    sys_version = ""
    timeout = 30
    disable_nagle_algorithm = True
    server: _Http

    def do_GET(self) -> None:
        """Send the page, one of its files, or something of the session."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """Take a label, or the word that it is finished."""
        self._answer(self._post)

    def _answer(self, work: Any) -> None:
        try:
            work(self._path())
        except _Refused as refused:
            # What was not read of the request must not be taken for the next one.
            self.close_connection = True
            self._json({"error": str(refused)}, refused.status)
        except OSError as error:
            # The disk is full, or the study has gone: the person must know, and can try again.
            self._json(
                {"error": f"not stored: {error.strerror or error}"},
                HTTPStatus.INTERNAL_SERVER_ERROR,
            )
        except GygesError as error:
            self._json({"error": str(error)}, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _path(self) -> str:
        """Check where a request comes from and return what it asks for, below the token."""
        owner = self.server.owner
        if owner.ended.is_set():
            # A connection that was open when the page was closed.
            raise _Refused(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "the program has ended. What was stored is safe: start gyges label again and go on from here",
            )
        if self.headers.get("Host", "") not in owner.hosts:
            raise _Refused(HTTPStatus.FORBIDDEN, "this page is for this machine only")
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in owner.hosts}:
            raise _Refused(HTTPStatus.FORBIDDEN, "another page may not ask")
        if self.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
            raise _Refused(HTTPStatus.FORBIDDEN, "another page may not ask")
        _, token, *rest = (urlsplit(self.path).path + "/").split("/", 2)
        if not rest or not hmac.compare_digest(token.encode(), owner.token.encode()):
            raise _Refused(
                HTTPStatus.NOT_FOUND,
                "not found: the address must be the one that `gyges label` printed, with its token",
            )
        return rest[0].rstrip("/")

    def _get(self, path: str) -> None:
        owner = self.server.owner
        if path in owner.pages:
            kind, body = owner.pages[path]
            self._send(body, f"{kind}; charset=utf-8")
        elif path == "session":
            self._json(owner.session.overview())
        elif path == "result":
            self._json(owner.session.result())
        elif path.startswith("item/") and (found := owner.session.item(path.removeprefix("item/"))):
            self._json(found)
        else:
            raise _Refused(HTTPStatus.NOT_FOUND, "not found")

    def _post(self, path: str) -> None:
        owner = self.server.owner
        if path not in ("label", "finish"):
            raise _Refused(HTTPStatus.NOT_FOUND, "not found")
        record = self._body()
        if path == "finish":
            self.close_connection = True
            self._json({"finished": True})
            owner.stop()
            return
        try:
            found = owner.session.record(record)
        except ValueError as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
        self._json(found)

    def _body(self) -> dict[str, Any]:
        kind = self.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if kind != "application/json":
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "only JSON is taken")
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "the length of the request is missing")
        if int(length) > _MOST_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large")
        try:
            record = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            raise _Refused(HTTPStatus.BAD_REQUEST, "this is not JSON") from None
        if not isinstance(record, dict):
            raise _Refused(HTTPStatus.BAD_REQUEST, "a JSON object is wanted")
        return record

    def _json(self, record: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        body = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")
        self._send(body, "application/json; charset=utf-8", status)

    def _send(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": kind}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that is not even HTTP, or of another method, as any other that is refused."""
        self.close_connection = True
        self._json({"error": message or "not understood"}, HTTPStatus(code))

    def log_message(self, *_: Any) -> None:
        """Say nothing: what is labelled when is nobody's business."""
