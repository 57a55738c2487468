"""The ASGI middleware and websockets: a session is committed when one is accepted and when it closes."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from memcached_process import MemcachedProcess
from web.counting_visits import begun_session, visits
from web.exchanges import Answer, Message, Server, Visitor, scope_of, text_headers
from web.stored import holds_no_request, stored, writes

from memcached_sessions import SessionManager
from memcached_sessions.manager.events import EventKind
from memcached_sessions.manager.web.asgi import SessionMiddleware

NewManager = Callable[..., SessionManager]
CONNECT: Message = {"type": "websocket.connect"}
ACCEPT: Message = {"type": "websocket.accept"}
CLOSE: Message = {"type": "websocket.close", "code": 1000}
LEFT: Message = {"type": "websocket.disconnect", "code": 1001}


def connect(app: Any, visitor: Visitor, *incoming: Message) -> Server:
    """Let a visitor open a websocket, and send messages; return what the server was sent."""
    server = Server([CONNECT, *incoming])
    scope = scope_of("/live", header=visitor.header, scheme="wss", kind="websocket")
    del scope["method"]
    asyncio.run(app(scope, server.receive, server.send))
    return server


def test_a_websocket_begins_a_session_when_it_is_accepted(
    manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """The acceptance carries the cookie; ``wss`` is as secure as ``https``."""

    async def application(scope: Message, receive: Any, send: Any) -> None:
        await receive()
        visits(scope)
        await send(ACCEPT)
        await send(CLOSE)

    visitor = Visitor(None)

    server = connect(SessionMiddleware(application, manager=manager), visitor)
    answer = visitor.take(Answer(101, text_headers(server.sent[0]["headers"])))

    assert answer.set_cookie.endswith("; Secure")
    assert stored(shared_memcached, visitor.cookie) == {"visits": 1}
    assert server.sent[1] == CLOSE


@pytest.mark.parametrize("end", ["the application closes", "the client leaves", "an exception tells of it"])
def test_what_a_websocket_changes_is_committed_when_it_closes(
    end: str, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """Whoever closes it, also where the framework tells the application by an exception that nobody catches."""

    async def application(scope: Message, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        visits(scope)
        if end == "the application closes":
            await send(CLOSE)
        elif (await receive()) == LEFT and end == "an exception tells of it":
            raise LookupError("disconnected")

    visitor = begun_session(manager)
    try:
        connect(SessionMiddleware(application, manager=manager), visitor, LEFT)
    except LookupError:
        assert end == "an exception tells of it"

    assert stored(shared_memcached, visitor.cookie) == {"visits": 2}


def test_a_long_websocket_commits_when_it_wants(manager: SessionManager, shared_memcached: MemcachedProcess) -> None:
    """By a coroutine of the session."""
    found: list[dict[str, Any]] = []

    async def application(scope: Message, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        for _ in range(2):
            visits(scope)
            await scope["session"].acommit()
            found.append(stored(shared_memcached, visitor.cookie))

    visitor = begun_session(manager)
    connect(SessionMiddleware(application, manager=manager), visitor)

    assert found == [{"visits": 2}, {"visits": 3}]


def test_a_commit_keeps_the_session_of_a_websocket_from_expiring(
    new_manager: NewManager, shared_memcached: MemcachedProcess
) -> None:
    """Also if nothing but that was done with it: on the nodes, and in the process."""
    manager, events = new_manager(max_inactive_interval=1), list[EventKind]()
    manager.listen(lambda event: events.append(event.kind))

    async def application(scope: Message, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        for _ in range(4):
            await asyncio.sleep(0.3)
            await scope["session"].acommit()

    visitor = begun_session(manager)
    before = int(shared_memcached.statistics()["cmd_touch"])
    connect(SessionMiddleware(application, manager=manager), visitor)

    assert int(shared_memcached.statistics()["cmd_touch"]) > before
    assert visitor.ask().body == b"2"
    assert EventKind.EXPIRED not in events


def test_a_websocket_begins_no_session_when_it_was_accepted_without_one(
    manager: SessionManager, shared_memcached: MemcachedProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even if it asks for a commit: no cookie can tell the client."""

    async def application(scope: Message, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        visits(scope)
        await scope["session"].acommit()

    before = writes(shared_memcached)
    with caplog.at_level(logging.WARNING, "memcached_sessions"):
        connect(SessionMiddleware(application, manager=manager), Visitor(None))

    assert writes(shared_memcached) == before
    assert "'visits'" in caplog.text


def test_a_refused_websocket_commits_what_it_can(
    manager: SessionManager, shared_memcached: MemcachedProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """A session that is known; without a head, none can begin."""

    async def application(scope: Message, receive: Any, send: Any) -> None:
        await receive()
        visits(scope)
        await send(CLOSE)

    visitor = begun_session(manager)
    with caplog.at_level(logging.WARNING, "memcached_sessions"):
        connect(SessionMiddleware(application, manager=manager), visitor)
        assert not caplog.records
        connect(SessionMiddleware(application, manager=manager), Visitor(None))

    assert stored(shared_memcached, visitor.cookie) == {"visits": 2}
    assert "'visits'" in caplog.text


def test_a_websocket_that_is_refused_by_a_response_gets_the_cookie(manager: SessionManager) -> None:
    """By the extension ``websocket.http.response``."""

    async def application(scope: Message, receive: Any, send: Any) -> None:
        await receive()
        visits(scope)
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"log in"})

    server = connect(SessionMiddleware(application, manager=manager), Visitor(None))

    assert server.answer().set_cookie


@pytest.mark.parametrize("ends", [True, False])
def test_the_session_of_a_websocket_is_released(ends: bool, new_manager: Callable[..., SessionManager]) -> None:
    """Also if the server cancels it."""
    manager = new_manager(max_local_sessions=1)
    visitor = begun_session(manager)

    async def application(scope: Message, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        visits(scope)
        if ends:
            await send(CLOSE)
        else:
            raise asyncio.CancelledError

    try:
        connect(SessionMiddleware(application, manager=manager), visitor)
    except asyncio.CancelledError:
        assert not ends

    assert holds_no_request(manager)
