"""A live page on this machine alone: an HTTP server on 127.0.0.1 that gives one page and answers its questions."""

from __future__ import annotations

import hmac
import json
import secrets
import select
import sys
import threading
import time
import webbrowser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .page import LivePage, answered

LONGEST = 1 << 20
"""Bytes of a question."""

PATIENCE = 30.0
"""Seconds without a page after which the server ends."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

POLICY = (
    "default-src 'none'; script-src 'nonce-{}'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def serve(page: LivePage, program: str, *, browser: bool = True, patience: float = PATIENCE) -> None:
    """Show the page until Ctrl-C, or until the last tab with it has been closed for ``patience`` seconds."""
    server = Server(page, patience)
    try:
        print(f"{page.title}: {server.address}\nCtrl-C ends it; so does closing the page", flush=True)
        threading.Thread(target=page.prepare, daemon=True).start()
        if browser:
            threading.Thread(target=webbrowser.open, args=[server.address], daemon=True).start()
        server.serve_forever(poll_interval=min(1.0, patience))
        print("ended, as no page was open any more")
    except KeyboardInterrupt:
        print(f"\r{program}: ended")
    finally:
        server.server_close()


class Server(ThreadingHTTPServer):
    """The page under an address that nobody can guess; questions are answered one at a time."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, page: LivePage, patience: float = PATIENCE) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.token, self.nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.ask = page.ask
        self.content = page.html(self.nonce).encode()
        self.hosts = {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost")}
        self.address = f"http://127.0.0.1:{self.server_port}/{self.token}/"
        self.patience = patience
        self.asking = threading.Lock()
        self.waiting: set[_Handler] = set()  # for that lock, with a question
        self.watching = threading.Lock()
        self.watchers = 0
        self.left: float | None = None  # when the last page was closed

    def watched(self, change: int) -> None:
        """A page was opened (1) or closed (-1)."""
        with self.watching:
            self.watchers += change
            self.left = None if self.watchers else time.monotonic()

    def service_actions(self) -> None:
        with self.watching:
            is_over = self.left is not None and time.monotonic() - self.left > self.patience
        if is_over:
            threading.Thread(target=self.shutdown, daemon=True).start()  # it waits for the loop that called this

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that went away is no error."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _RefusedError(Exception):
    """A request that our own page would not make."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "valuegrad", ""
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together
    timeout = 600

    def do_GET(self) -> None:
        self._handle({"": self._page, "alive": self._alive})

    def do_POST(self) -> None:
        self._handle({"ask": self._ask})

    def _handle(self, table: dict[str, Any]) -> None:
        try:
            name = self._asked()
            if name not in table:
                raise _RefusedError(HTTPStatus.NOT_FOUND, "there is no such page")
            table[name]()
        except _RefusedError as refusal:
            self.close_connection = True  # what else was sent is not read
            self._send(refusal.status, f"{refusal}\n".encode(), "text/plain; charset=utf-8")

    def _asked(self) -> str:
        """What is asked for, if it is by the page that we gave: not through another name, nor from another site."""
        origin = self.headers.get("Origin")
        if len(self.headers.get_all("Host", [])) != 1 or self.headers["Host"] not in self.server.hosts:
            raise _RefusedError(HTTPStatus.FORBIDDEN, "wrong host")
        if origin is not None and origin.removeprefix("http://") not in self.server.hosts:
            raise _RefusedError(HTTPStatus.FORBIDDEN, "wrong origin")
        _, token, name = [*self.path.split("/", 2), "", ""][:3]
        if not hmac.compare_digest(token.encode(errors="replace"), self.server.token.encode()):
            raise _RefusedError(HTTPStatus.FORBIDDEN, "wrong token: open the address that the program printed")
        return name.partition("?")[0]

    def _page(self) -> None:
        self._send(HTTPStatus.OK, self.server.content, "text/html; charset=utf-8", POLICY.format(self.server.nonce))

    def _ask(self) -> None:
        question = self._question()
        self.server.waiting.add(self)
        with self.server.asking:
            self.server.waiting.discard(self)
            content, afterwards = answered(self.server.ask, question)
        self._send(HTTPStatus.OK, content, "application/octet-stream")
        with self.server.asking:
            afterwards(self._is_asked)

    def _is_asked(self) -> bool:
        """Whether another page waits, or this one has sent the next question, or was closed."""
        return bool(self.server.waiting or select.select([self.connection], [], [], 0)[0])

    def _question(self) -> object:
        if self.headers.get("Content-Type") != "application/json":
            raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "wanted application/json")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()):
            raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "wanted a Content-Length")
        if len(length) > 9 or int(length) > LONGEST:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"wanted at most {LONGEST:,} bytes")
        try:
            return json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "wanted JSON") from None

    def _alive(self) -> None:
        """Held open as long as the page is: by this the server knows whether anybody looks."""
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self._end_headers("text/event-stream")
        self.wfile.flush()
        self.server.watched(1)
        try:
            select.select([self.connection], [], [])  # readable once the page is gone
        finally:
            self.server.watched(-1)

    def _send(self, status: HTTPStatus, content: bytes, kind: str, policy: str = "default-src 'none'") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", policy)
        self._end_headers(kind)
        self.wfile.write(content)
        self.wfile.flush()

    def _end_headers(self, kind: str) -> None:
        self.send_header("Content-Type", kind)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """The terminal is for what people need to know."""
