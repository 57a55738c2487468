"""What an application server of the demo says of itself: who served a request, where its session came from, and how
its manager does.

The wrappers stand around a shop and its adapter, so they see the head of a response after the session was committed.
`HEALTH_PATH` is answered without the shop. A demo shows these things to everybody; a real site shows them to nobody.
"""

import json
import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..events import Event, EventKind
from ..manager import SessionManager

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEALTH_PATH = "/-/health"
"""Where a server says how its manager does, to whoever asks it directly."""

HEADER = "X-Demo"
"""The header of a response that says, as JSON, who served it and what happened to its session.

A request that has it, too, is told whether a node was asked. To know that, a server sums up all its figures:
milliseconds that it should not spend on each of a crowd."""

_WSGI_HEADER = f"HTTP_{HEADER.upper().replace('-', '_')}"
_ASGI_HEADER = HEADER.lower().encode()
_REMEMBERED = 50
"""Events between two responses that are told: an outage moves every session."""

Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class Observer:
    """What happened to the sessions of a process between one response and the next.

    Parameters
    ----------
    manager
        Which is asked.
    server
        What this application server is called.

    >>> with SessionManager("memory://") as manager:
    ...     observer = Observer(manager, "app1")
    ...     with manager.request(None) as session:
    ...         session["user"] = 7
    ...     json.loads(observer.told(sent_a_cookie=False))["source"]
    'new'
    """

    def __init__(self, manager: SessionManager, server: str) -> None:
        self._manager = manager
        self._server = server
        self._events: deque[Event] = deque(maxlen=_REMEMBERED)
        self._revalidations = 0
        manager.listen(self._events.append)

    def told(self, *, sent_a_cookie: bool, curious: bool = True) -> str:
        """Return the value of `HEADER`, and forget what it tells.

        Parameters
        ----------
        sent_a_cookie
            Whether the client of the request sent one.
        curious
            Whether it wants to know if a node was asked.
        """
        events: list[Event] = []
        while self._events:
            events.append(self._events.popleft())
        asked = curious and self._has_asked()
        return json.dumps(
            {
                "server": self._server,
                "source": _source(events, sent_a_cookie=sent_a_cookie, asked=asked),
                "stored_on": sorted({event.node for event in events if event.kind is EventKind.BACKED_UP}),
                "events": [_shown(event) for event in events if event.kind in _TOLD],
            }
        )

    def _has_asked(self) -> bool:
        before, self._revalidations = self._revalidations, self._manager.statistics().counters.revalidations
        return self._revalidations > before

    def health(self) -> str:
        """Return how the manager does, as JSON."""
        health = self._manager.health()
        return json.dumps(
            {
                "server": self._server,
                "pid": os.getpid(),
                "sessions": health.sessions,
                "unbacked": health.unbacked,
                "nodes": {node.node: node.available for node in health.nodes},
                "counters": asdict(self._manager.statistics().counters),
            }
        )


_TOLD = {
    EventKind.RELOCATED,
    EventKind.BACKUP_FAILED,
    EventKind.CONFLICT,
    EventKind.DROPPED,
    EventKind.UNDECODABLE,
    EventKind.NODE_DOWN,
    EventKind.NODE_UP,
}


def _source(events: Iterable[Event], *, sent_a_cookie: bool, asked: bool) -> str:
    kinds = {event.kind: event for event in events}
    if EventKind.TAKEN_OVER in kinds:
        return f"taken over from {kinds[EventKind.TAKEN_OVER].node}"
    if EventKind.CREATED in kinds:
        return "new"
    if not sent_a_cookie:
        return "none"
    return "this process, checked with its node" if asked else "this process"


def _shown(event: Event) -> str:
    where = f" {event.node}" if event.node else ""
    return f"{event.kind.value}{where}: {event.detail}" if event.detail else f"{event.kind.value}{where}"


def observed_wsgi(application: "WSGIApplication", observer: Observer) -> "WSGIApplication":
    """Return a WSGI application that answers `HEALTH_PATH`, and tells of its sessions in each response."""

    def observed(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO") == HEALTH_PATH:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [observer.health().encode()]

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], object]:
            told = observer.told(sent_a_cookie="HTTP_COOKIE" in environ, curious=_WSGI_HEADER in environ)
            return start_response(status, [*headers, (HEADER, told)], exc_info)

        return application(environ, start)

    return observed


def observed_asgi(application: Asgi, observer: Observer) -> Asgi:
    """Return an ASGI application that answers `HEALTH_PATH`, and tells of its sessions in each response."""

    async def observed(
        scope: Scope, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        if scope["path"] == HEALTH_PATH:
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
            )
            await send({"type": "http.response.body", "body": observer.health().encode()})
            return

        async def tell(message: Any) -> None:
            if message["type"] == "http.response.start":
                sent = {name for name, _ in scope["headers"]}
                told = observer.told(sent_a_cookie=b"cookie" in sent, curious=_ASGI_HEADER in sent)
                message = {
                    **message,
                    "headers": [*message.get("headers", ()), (_ASGI_HEADER, told.encode())],
                }
            await send(message)

        await application(scope, receive, tell)

    return observed
