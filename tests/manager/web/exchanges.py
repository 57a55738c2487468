"""A request to a WSGI or ASGI application in this process, and its response; a visitor keeps the cookie of a browser.

Invariant: every WSGI request goes through the validator of wsgiref, whatever its test is about.
"""

import asyncio
import inspect
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from memcached_sessions.manager.cookie_header import cookie_value

Message = dict[str, Any]


@dataclass
class Answer:
    """A response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """Return the values of a header."""
        return [value for header, value in self.headers if header.lower() == name.lower()]

    @property
    def set_cookie(self) -> str:
        """What the response does with the session cookie; empty if nothing."""
        (value,) = [value for value in self.all("Set-Cookie") if value.startswith("id=")] or [""]
        return value


@dataclass
class Visitor:
    """A browser, with the session cookie that responses have given it."""

    app: Any
    cookie: str | None = None
    scheme: str = "http"
    other_cookies: str = ""

    def ask(self, path: str = "/", *, method: str = "GET") -> Answer:
        """Send a request and read the whole response."""
        if inspect.iscoroutinefunction(type(self.app).__call__):
            answer = asyncio.run(self.aask(path, method=method))
        else:
            answer = ask_wsgi(self.app, path, header=self.header, method=method, scheme=self.scheme)
        return self.take(answer)

    async def aask(self, path: str = "/", *, method: str = "GET") -> Answer:
        """Send a request to an ASGI application."""
        return self.take(await ask_asgi(self.app, path, header=self.header, method=method, scheme=self.scheme))

    @property
    def header(self) -> str:
        """The ``Cookie`` header; empty for none."""
        own = [] if self.cookie is None else [f"id={self.cookie}"]
        return "; ".join(([self.other_cookies] if self.other_cookies else []) + own)

    @property
    def sid(self) -> str:
        """The constant part of its id."""
        return (self.cookie or "")[:32]

    def take(self, answer: Answer) -> Answer:
        """Do with the cookie what a response says."""
        said = answer.set_cookie
        if said:
            value = cookie_value(said, "id")
            self.cookie = None if "Max-Age=0" in said else value
        return answer


def environ_of(path: str = "/", *, header: str = "", method: str = "GET", scheme: str = "http") -> Message:
    """Return the environ of a request."""
    environ: Message = {
        "wsgi.url_scheme": scheme,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "REQUEST_METHOD": method,
    }
    if header:
        environ["HTTP_COOKIE"] = header
    setup_testing_defaults(environ)
    return environ


def ask_wsgi(app: Any, path: str = "/", **request: str) -> Answer:
    """Send a request to a WSGI application as a server does, and read the whole response."""
    answer = Answer(0, [])
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        del exc_info
        answer.status, answer.headers = int(status[:3]), headers
        return written.append

    body = validator(app)(environ_of(path, **request), start_response)
    try:
        chunks = list(body)
    finally:
        body.close()
    answer.body = b"".join([*written, *chunks])
    return answer


def scope_of(
    path: str = "/", *, header: str = "", method: str = "GET", scheme: str = "http", kind: str = "http"
) -> Message:
    """Return the scope of a request or a websocket."""
    headers = [(b"host", b"shop.example")] + ([(b"cookie", header.encode("latin-1"))] if header else [])
    return {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": b"",
        "scheme": scheme,
        "headers": headers,
    }


@dataclass
class Server:
    """The server's end of one ASGI exchange: what it gives the application, and what it is given."""

    incoming: list[Message] = field(default_factory=lambda: [{"type": "http.request"}])
    sent: list[Message] = field(default_factory=list[Message])

    async def receive(self) -> Message:
        """Return what comes next; wait forever if nothing does."""
        if not self.incoming:
            await asyncio.Event().wait()
        return self.incoming.pop(0)

    async def send(self, message: Message) -> None:
        """Take what the application sends."""
        self.sent.append(message)

    def answer(self) -> Answer:
        """Return the response that was sent."""
        head = self.sent[0]
        body = b"".join(message.get("body", b"") for message in self.sent[1:])
        return Answer(head.get("status", 101), text_headers(head["headers"]), body)


def text_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Return headers as text."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


async def ask_asgi(app: Any, path: str = "/", **request: str) -> Answer:
    """Send a request to an ASGI application, and read the whole response."""
    server = Server()
    await app(scope_of(path, **request), server.receive, server.send)
    return server.answer()
