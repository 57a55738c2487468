"""Sessions for ASGI applications: Starlette, FastAPI, Litestar, Quart and plain ones.

Invariants: no node is asked in the thread of the event loop; what a request has changed is committed before the head of
its response, or the acceptance of its websocket, goes to the server; its session is released however it ends,
cancellation too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from ..cookie_header import cookie_value
from ..manager import SessionManager
from ..session import Session
from .http_session import HttpSession
from .own_manager import Nodes, given_or_made
from .response_head import LateChanges, ResponseHead

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_HEADS = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})
_ENDS = frozenset({"lifespan.shutdown.complete", "lifespan.shutdown.failed", "lifespan.startup.failed"})


class AsgiSession(HttpSession):
    """A session as ``scope["session"]``, with what else asks nodes as coroutines.

    Parameters
    ----------
    session
        As the manager opened it.
    manager
        That manager.
    late
        Whom to tell of what comes too late.
    secure
        Whether the request came by https.
    """

    __slots__ = ("_manager", "head")

    def __init__(self, session: Session, manager: SessionManager, late: LateChanges, *, secure: bool) -> None:
        super().__init__(session)
        self._manager = manager
        self.head = ResponseHead(self, manager.settings, late, secure=secure)
        """For the middleware."""

    async def arotate(self) -> None:
        """Give the session a new id; as `Session.rotate`. For logins."""
        await self._manager.arotate(self)

    async def adestroy(self) -> None:
        """End the session; as `Session.destroy`. For logouts."""
        await self._manager.adestroy(self)

    async def acommit(self) -> None:
        """Store what was changed so far: a websocket may live long, and is committed when it begins and ends.

        It is a use of the session, which keeps it from expiring.
        """
        self.mark_accessed()
        entry = self.request_state.entry
        if entry is not None:
            entry.accessed = self._owner.now()
        told = not self.head.has_left
        await self.aend_if_cleared(told=told)
        if told or self.head.lets_commit():
            await self._manager.acommit(self)

    async def aend_if_cleared(self, *, told: bool) -> None:
        """End the id of a session that was cleared; as `end_if_cleared`."""
        if not self.cleared:
            return
        if not self:
            await self.adestroy()
        elif told:
            await self.arotate()
        self.cleared = False

    async def areplace(self, found: object) -> None:
        """Do what an application means that has put something else where the session was: attributes, or the end."""
        if isinstance(found, Mapping):
            self.clear()
            self.update(found)
        else:
            await self.adestroy()


class SessionMiddleware:
    """Gives each request and websocket of an ASGI application its session, as ``scope["session"]``.

    A manager that is made here is closed when the server shuts down, after the application.

    Parameters
    ----------
    app
        The application.
    nodes
        Of a manager that is made for it: ``"n1:10.0.0.1:11211 n2:10.0.0.2:11211"``, or all `Settings`.
    manager
        A manager, instead of nodes and settings; whoever made it closes it.
    settings
        More settings of the manager that is made.

    Raises
    ------
    TypeError
        There are both nodes and a manager, or neither.
    ConfigurationError
        A setting is wrong.

    >>> async def application(scope, receive, send):
    ...     scope["session"]["user"] = 7
    ...     await send({"type": "http.response.start", "status": 204, "headers": []})
    ...     await send({"type": "http.response.body"})
    >>> application = SessionMiddleware(application, nodes="memory://")
    >>> async def send(message):
    ...     print(message["type"], [name.decode() for name, _ in message.get("headers", ())])
    >>> scope = {"type": "http", "method": "GET", "path": "/", "scheme": "https", "headers": []}
    >>> asyncio.run(application(scope, None, send))
    http.response.start ['vary', 'set-cookie']
    http.response.body []
    >>> application.manager.close()  # under a server the end of its lifespan does that
    """

    def __init__(
        self, app: Application, nodes: Nodes | None = None, *, manager: SessionManager | None = None, **settings: Any
    ) -> None:
        self.app = app
        self.manager = given_or_made(nodes, manager, settings)
        """What holds the sessions."""
        self._late = LateChanges()
        self._is_own = manager is None
        self._is_closed = False

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve a request, a websocket, or the life of the server."""
        if scope["type"] in ("http", "websocket"):
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan" and self._is_own:
            await self._live(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _serve(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        manager = self.manager
        opened = await manager.aopen(
            _cookie(scope["headers"], manager.settings.cookie_name),
            method=scope.get("method", "GET"),
            path=scope["path"],
        )
        session = AsgiSession(opened, manager, self._late, secure=scope.get("scheme") in ("https", "wss"))
        head = session.head
        # In the scope itself and not in a copy: handlers of errors are outside, and expect it as from Starlette's.
        scope["session"] = session
        root_path = scope.get("root_path", "")

        async def end_what_was_left(*, told: bool) -> None:
            """End the id of a session that the application has cleared or replaced."""
            found: object = scope.get("session", session)
            is_mounted = scope.get("root_path", "") != root_path
            if found is not session and not _is_of_another_middleware(found, is_mounted=is_mounted):
                scope["session"] = session
                await session.areplace(found)
            await session.aend_if_cleared(told=told)

        async def commit_late() -> None:
            await end_what_was_left(told=False)
            if head.lets_commit():
                await manager.acommit(session)

        async def send_with_session(message: Message) -> None:
            if message["type"] in _HEADS:
                await end_what_was_left(told=True)
                action = await manager.acommit(session, status=message.get("status", 200))
                message = {**message, "headers": _encoded(head.headers(action, _decoded(message.get("headers", ()))))}
            elif message["type"] == "websocket.close":
                await commit_late()
            await send(message)

        async def receive_and_commit() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect":  # which frameworks tell the application by an exception
                await commit_late()
            return message

        try:
            await self.app(scope, receive_and_commit, send_with_session)
            if head.has_left:
                await commit_late()
        finally:
            manager.release(session)

    async def _live(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve the life of the server, also for an application that knows no such thing."""
        listens = False

        async def receive_and_open() -> Message:
            nonlocal listens
            listens = True
            message = await receive()
            if message["type"] == "lifespan.startup" and self._is_closed:  # tests let one application live twice
                self.manager = await asyncio.to_thread(SessionManager, self.manager.settings)
                self._is_closed = False
            return message

        async def close_and_send(message: Message) -> None:
            if message["type"] in _ENDS:
                self._is_closed = True
                await self.manager.aclose()
            await send(message)

        try:
            await self.app(scope, receive_and_open, close_and_send)
        except Exception:
            if listens:
                raise
        if not listens:  # it returned or raised at the sight of the scope
            await receive_and_open()
            await close_and_send({"type": "lifespan.startup.complete"})
            await receive_and_open()
            await close_and_send({"type": "lifespan.shutdown.complete"})


def _is_of_another_middleware(found: object, *, is_mounted: bool) -> bool:
    """Whether it is the session of a middleware inside, and no replacement by the application.

    Starlette's is of a class of its own. In older versions it is a plain dict: there it must be one of an application
    that is mounted.
    """
    return (is_mounted or type(found) is not dict) and isinstance(found, Mapping)


def _cookie(headers: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """Return the value of a cookie; HTTP/2 may send several headers."""
    cookies = [value.decode("latin-1") for header, value in headers if header == b"cookie"]
    return cookie_value("; ".join(cookies), name) if cookies else None


def _decoded(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _encoded(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
