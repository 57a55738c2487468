"""The ASGI middleware: when the session is loaded and committed, websockets, and how requests end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from memcached_process import MemcachedProcess
from web.exchanges import Answer, Message, Server, Visitor, ask_asgi, scope_of, text_headers
from web.stored import holds_no_request, stored, writes

from memcached_sessions import Session, SessionManager
from memcached_sessions.manager.web.asgi import AsgiSession, SessionMiddleware

NewManager = Callable[..., SessionManager]
OK: Message = {"type": "http.response.start", "status": 200, "headers": []}
END: Message = {"type": "http.response.body", "body": b""}
WAITING = {"session_backup_timeout": 1.0, "operation_timeout": 1.0}
"""For nodes that are frozen for a moment."""


def visits(scope: Message) -> int:
    """Count the visits of a session."""
    session = scope["session"]
    session["visits"] = session.get("visits", 0) + 1
    return session["visits"]


async def plain(scope: Message, receive: Any, send: Any) -> None:
    """Answer as most applications do."""
    del receive
    body = str(visits(scope)).encode()
    await send(OK)
    await send(END | {"body": body})


def begun_session(manager: SessionManager) -> Visitor:
    """Return a visitor who has a session."""
    visitor = Visitor(SessionMiddleware(plain, manager=manager))
    visitor.ask()
    return visitor


def after_the_head(change: Callable[[Session], object]) -> Any:
    """Return an application that does something when the head has left."""

    async def application(scope: Message, receive: Any, send: Any) -> None:
        del receive
        await send(OK)
        await send(END | {"body": b"begun", "more_body": True})
        change(scope["session"])
        await send(END)

    return application


def test_the_session_is_loaded_before_the_application_runs(new_manager: NewManager) -> None:
    """A dict cannot wait for a node; without a well-formed id there is nothing to load."""
    first, second = new_manager(), new_manager(route="b")
    visitor = begun_session(first)
    seen: list[bool] = []

    async def application(scope: Message, receive: Any, send: Any) -> None:
        seen.append(scope["session"].loaded)
        await plain(scope, receive, send)

    app = SessionMiddleware(application, manager=second)
    for cookie in (visitor.cookie, None, "no id"):
        Visitor(app, cookie).ask()

    assert seen == [True, False, False]


def test_a_node_is_not_waited_for_in_the_event_loop(
    start_memcached: Callable[[], MemcachedProcess],
) -> None:
    """Others are served while one request waits for its session to be stored, and its client gets no head before."""
    memcached, server = start_memcached(), Server()

    async def serve() -> list[Message]:
        task = asyncio.create_task(middleware(scope_of(), server.receive, server.send))
        await asyncio.sleep(0.1)
        before = list(server.sent)
        memcached.resume()
        await task
        return before

    with SessionManager(f"n1:127.0.0.1:{memcached.port}", **WAITING) as manager:
        middleware = SessionMiddleware(plain, manager=manager)
        memcached.freeze()
        before = asyncio.run(serve())

        assert before == []
        assert [message["type"] for message in server.sent] == ["http.response.start", "http.response.body"]
        assert manager.health().unbacked == 0


def test_messages_of_the_application_are_not_changed(manager: SessionManager) -> None:
    """They may be constants of its module."""
    ask = Visitor(SessionMiddleware(plain, manager=manager))

    assert ask.ask().set_cookie
    assert OK == {"type": "http.response.start", "status": 200, "headers": []}


def test_a_head_needs_no_headers(manager: SessionManager) -> None:
    """ASGI lets applications leave them out."""

    async def application(scope: Message, receive: Any, send: Any) -> None:
        del receive
        visits(scope)
        await send({"type": "http.response.start", "status": 204})
        await send(END)

    answer = Visitor(SessionMiddleware(application, manager=manager)).ask()

    assert [name for name, _ in answer.headers] == ["vary", "set-cookie"]


def test_cookies_may_come_in_several_headers(manager: SessionManager) -> None:
    """As HTTP/2 allows (RFC 9113 section 8.2.3)."""
    visitor = begun_session(manager)
    scope, server = scope_of(header="theme=dark"), Server()
    scope["headers"] += [(b"cookie", visitor.header.encode()), (b"cookie", b"\xff=\xfe")]

    asyncio.run(visitor.app(scope, server.receive, server.send))

    assert server.answer().body == b"2"


def test_other_scopes_pass(manager: SessionManager) -> None:
    """Also those that come with later versions of ASGI."""
    seen: list[Message] = []

    async def application(scope: Message, receive: Any, send: Any) -> None:
        del receive, send
        seen.append(scope)

    server = Server()
    for kind in ("lifespan", "new"):
        asyncio.run(SessionMiddleware(application, manager=manager)({"type": kind}, server.receive, server.send))

    assert seen == [{"type": "lifespan"}, {"type": "new"}]


# After the head


def test_what_is_changed_after_the_head_is_committed_at_the_end(
    manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """By streams and by background tasks; without a promise as to when."""
    visitor = begun_session(manager)
    visitor.app = SessionMiddleware(after_the_head(lambda session: session.update(late=True)), manager=manager)

    visitor.ask()

    assert stored(shared_memcached, visitor.cookie) == {"visits": 1, "late": True}


def test_a_session_that_begins_too_late_is_dropped_and_logged(
    manager: SessionManager, shared_memcached: MemcachedProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody could ever find it."""
    before = writes(shared_memcached)
    app = SessionMiddleware(after_the_head(lambda session: session.update(user=7)), manager=manager)

    with caplog.at_level(logging.WARNING, "memcached_sessions"):
        answer = Visitor(app).ask()

    assert answer.set_cookie == ""
    assert writes(shared_memcached) == before
    assert manager.health().sessions == 0
    assert "'user'" in caplog.text


def test_a_session_is_rotated_and_destroyed_without_blocking(manager: SessionManager) -> None:
    """By coroutines of the session, whoever made the manager."""

    def doing(action: Callable[[AsgiSession], Awaitable[None]]) -> Any:
        async def application(scope: Message, receive: Any, send: Any) -> None:
            await action(scope["session"])
            await plain(scope, receive, send)

        return SessionMiddleware(application, manager=manager)

    visitor = begun_session(manager)
    first = visitor.cookie

    visitor.app = doing(AsgiSession.arotate)
    rotated = visitor.ask()
    visitor.app = doing(AsgiSession.adestroy)
    destroyed = visitor.ask()

    assert rotated.set_cookie
    assert rotated.body == b"2"
    assert visitor.cookie != first
    assert destroyed.body == b"1"


# How requests end


async def failing(scope: Message, receive: Any, send: Any) -> None:
    """Fail before the head."""
    del receive, send
    visits(scope)
    raise LookupError("the view failed")


async def failing_midway(scope: Message, receive: Any, send: Any) -> None:
    """Fail after the head."""
    await plain(scope, receive, send)
    raise LookupError("the stream failed")


async def waiting(scope: Message, receive: Any, send: Any) -> None:
    """Wait forever after the head."""
    await plain(scope, receive, send)
    await asyncio.Event().wait()


async def waiting_for_the_head(scope: Message, receive: Any, send: Any) -> None:
    """Wait forever before the head."""
    del receive, send
    visits(scope)
    await asyncio.Event().wait()


async def without_a_response(scope: Message, receive: Any, send: Any) -> None:
    """Say nothing."""
    del receive, send
    visits(scope)


@pytest.mark.parametrize(
    "application", [plain, failing, failing_midway, waiting, waiting_for_the_head, without_a_response]
)
def test_every_session_is_released(application: Any, new_manager: NewManager) -> None:
    """By a response that was read, one that failed, one that was cancelled, and one that never came."""
    manager = new_manager(max_local_sessions=1)
    visitor = begun_session(manager)
    middleware = SessionMiddleware(application, manager=manager)

    async def serve() -> None:
        server = Server()
        await asyncio.wait_for(middleware(scope_of(header=visitor.header), server.receive, server.send), 0.1)

    with suppress(LookupError, TimeoutError):
        asyncio.run(serve())

    assert holds_no_request(manager)


def test_a_client_that_hangs_up_while_its_session_is_stored_loses_nothing(
    start_memcached: Callable[[], MemcachedProcess],
) -> None:
    """The server cancels the application; what it had begun to store is stored, and then let go."""
    memcached = start_memcached()
    with SessionManager(f"n1:127.0.0.1:{memcached.port}", route="a", max_local_sessions=1, **WAITING) as manager:
        visitor = begun_session(manager)

        async def cancel() -> None:
            server = Server()
            memcached.freeze()
            task = asyncio.create_task(visitor.app(scope_of(header=visitor.header), server.receive, server.send))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert server.sent == []
            memcached.resume()

        asyncio.run(cancel())

        assert manager.drain(10) == 0
        assert stored(memcached, visitor.cookie) == {"visits": 2}
        assert holds_no_request(manager)


def test_an_error_handler_outside_still_has_the_session(manager: SessionManager) -> None:
    """Starlette's makes its response outside of all middleware."""
    seen: list[int] = []

    async def outside(scope: Message, receive: Any, send: Any) -> None:
        try:
            await SessionMiddleware(failing, manager=manager)(scope, receive, send)
        except LookupError:
            seen.append(scope["session"]["visits"])

    server = Server()
    asyncio.run(outside(scope_of(), server.receive, server.send))

    assert seen == [1]


# Websockets

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
def test_the_session_of_a_websocket_is_released(ends: bool, new_manager: NewManager) -> None:
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


# The life of the server

STARTUP: Message = {"type": "lifespan.startup"}
SHUTDOWN: Message = {"type": "lifespan.shutdown"}


class Living:
    """An application that knows the life of its server."""

    def __init__(self) -> None:
        self.was_closed: list[bool] = []
        """Whether its manager was, when the application ended."""
        self.middleware: SessionMiddleware

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await plain(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.was_closed.append(is_closed(self.middleware.manager))
        await send({"type": "lifespan.shutdown.complete"})


def is_closed(manager: SessionManager) -> bool:
    """Whether the threads of a manager that has served requests have ended."""
    return manager._closed  # noqa: SLF001 - nothing else shows it at once


def live(app: Any) -> list[str]:
    """Let a server begin and end; return what it was told."""
    server = Server([STARTUP, SHUTDOWN])
    asyncio.run(app({"type": "lifespan"}, server.receive, server.send))
    return [message["type"] for message in server.sent]


def test_a_manager_that_was_made_here_is_closed_after_the_application(shared_memcached: MemcachedProcess) -> None:
    """Which may use sessions until it has ended."""
    application = Living()
    middleware = application.middleware = SessionMiddleware(application, f"127.0.0.1:{shared_memcached.port}")

    assert live(middleware) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert application.was_closed == [False]
    assert is_closed(middleware.manager)


def test_a_manager_that_was_given_is_not_closed(manager: SessionManager) -> None:
    """Others may use it."""
    application = Living()
    middleware = application.middleware = SessionMiddleware(application, manager=manager)

    live(middleware)

    assert not is_closed(manager)


def test_an_application_may_live_twice() -> None:
    """As tests have it: with a manager that is open, and the same settings."""
    application = Living()
    middleware = application.middleware = SessionMiddleware(application, "memory://", cookie_secure=True)
    live(middleware)
    first = middleware.manager
    live(middleware)

    assert middleware.manager is not first
    assert application.was_closed == [False, False]
    assert middleware.manager.settings == first.settings


async def asserting(scope: Message, receive: Any, send: Any) -> None:
    """Refuse what is no request."""
    assert scope["type"] == "http"
    await plain(scope, receive, send)


async def returning(scope: Message, receive: Any, send: Any) -> None:
    """Ignore what is no request."""
    if scope["type"] == "http":
        await plain(scope, receive, send)


@pytest.mark.parametrize("application", [asserting, returning])
def test_the_manager_is_closed_for_an_application_that_knows_no_life(application: Any) -> None:
    """Or what waits for its backup would be lost: uvicorn ends by the signal that it was sent."""
    middleware = SessionMiddleware(application, "memory://")

    assert live(middleware) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert is_closed(middleware.manager)


def test_an_application_that_fails_to_start_fails() -> None:
    """The server is told, or gets the exception; nothing goes on as if it had started."""

    async def fails(scope: Message, receive: Any, send: Any) -> None:
        del scope, send
        await receive()
        raise LookupError("no database")

    async def tells(scope: Message, receive: Any, send: Any) -> None:
        del scope
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    middleware = SessionMiddleware(tells, "memory://")

    with pytest.raises(LookupError, match="no database"):
        live(SessionMiddleware(fails, "memory://"))
    assert live(middleware) == ["lifespan.startup.failed"]
    assert is_closed(middleware.manager)


def test_a_middleware_makes_a_manager_of_nodes(shared_memcached: MemcachedProcess) -> None:
    """With more settings, if there are any."""
    middleware = SessionMiddleware(plain, nodes=f"n1:127.0.0.1:{shared_memcached.port}", route="a", cookie_secure=True)
    with middleware.manager:
        answer = asyncio.run(ask_asgi(middleware))

    assert "-n1.a~" in answer.set_cookie
    assert answer.set_cookie.endswith("; Secure")
