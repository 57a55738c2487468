"""The ASGI middleware and requests: when the session is loaded and committed, and how they end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from memcached_process import MemcachedProcess
from web.counting_visits import END, OK, begun_session, plain, visits
from web.exchanges import Message, Server, Visitor, ask_asgi, scope_of
from web.stored import holds_no_request, stored, writes

from memcached_sessions import Session, SessionManager
from memcached_sessions.manager.web.asgi import AsgiSession, SessionMiddleware

NewManager = Callable[..., SessionManager]
WAITING = {"session_backup_timeout": 1.0, "operation_timeout": 1.0}
"""For nodes that are frozen for a moment."""


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


def refill(session: Session) -> None:
    """Log in anew."""
    session.clear()
    session["user"] = 7


@pytest.mark.parametrize(("change", "left"), [(lambda session: session.clear(), {}), (refill, {"user": 7})])
def test_what_was_cleared_after_the_head_ends_or_keeps_its_id(
    change: Callable[[Session], object],
    left: dict[str, Any],
    manager: SessionManager,
    shared_memcached: MemcachedProcess,
) -> None:
    """A logout is one, cookie or not; but no client could be told of a new id."""
    visitor = begun_session(manager)
    visitor.app = SessionMiddleware(after_the_head(change), manager=manager)

    visitor.ask()

    assert stored(shared_memcached, visitor.cookie) == left
    assert manager.health().sessions == len(left)


@pytest.mark.parametrize("change", [lambda session: session.clear(), refill])
def test_a_session_that_was_cleared_is_ended_without_blocking(
    change: Callable[[Session], object], start_memcached: Callable[[], MemcachedProcess]
) -> None:
    """Others are served while nodes are told."""
    memcached, server = start_memcached(), Server()

    async def application(scope: Message, receive: Any, send: Any) -> None:
        del receive
        change(scope["session"])
        await send(OK)
        await send(END)

    async def serve(header: str) -> list[Message]:
        task = asyncio.create_task(middleware(scope_of(header=header), server.receive, server.send))
        await asyncio.sleep(0.1)
        before = list(server.sent)
        memcached.resume()
        await task
        return before

    with SessionManager(f"n1:127.0.0.1:{memcached.port}", **WAITING) as manager:
        visitor = begun_session(manager)
        middleware = SessionMiddleware(application, manager=manager)
        memcached.freeze()

        assert asyncio.run(serve(visitor.header)) == []
        assert server.answer().set_cookie
        assert stored(memcached, visitor.cookie) == {}


# A session that was replaced


def replacing(session: object, *, late: bool = False, mounted: bool = False) -> Any:
    """Return an application that puts something else where the session is."""

    async def application(scope: Message, receive: Any, send: Any) -> None:
        del receive
        if late:
            await send(OK)
        if mounted:
            scope["root_path"] = "/admin"
        scope["session"] = session
        if not late:
            await send(OK)
        await send(END)

    return application


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("session", [None, object(), {}])
def test_a_session_that_was_replaced_by_none_ends(
    session: object, late: bool, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """Litestar's ``clear_session()`` puts a mark there, for a logout."""
    visitor = begun_session(manager)
    old = visitor.cookie
    visitor.app = SessionMiddleware(replacing(session, late=late), manager=manager)

    answer = visitor.ask()

    assert ("Max-Age=0" in answer.set_cookie) is not late
    assert stored(shared_memcached, old) == {}


def test_attributes_that_replace_the_session_are_stored_under_a_new_id(
    manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """Litestar's ``set_session()`` puts a dict there, for a login."""
    visitor = begun_session(manager)
    old = visitor.cookie
    visitor.app = SessionMiddleware(replacing({"user": 7}), manager=manager)

    visitor.ask()

    assert visitor.sid != str(old)[:32]
    assert stored(shared_memcached, visitor.cookie) == {"user": 7}
    assert stored(shared_memcached, old) == {}


def test_attributes_that_replace_the_session_after_the_head_are_stored_under_its_id(
    manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """No client could be told of a new one."""
    visitor = begun_session(manager)
    visitor.app = SessionMiddleware(replacing({"user": 7}, late=True), manager=manager)

    visitor.ask()

    assert stored(shared_memcached, visitor.cookie) == {"user": 7}


def test_a_replacement_that_cannot_be_kept_is_an_error_once(
    manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """The application can still answer, and the session goes on as it was."""

    async def application(scope: Message, receive: Any, send: Any) -> None:
        del receive
        scope["session"] = {"lock": object()}
        with pytest.raises(ValueError, match="lock"):
            await send(OK)
        await send(OK | {"status": 500})
        await send(END)

    visitor = begun_session(manager)
    visitor.app = SessionMiddleware(application, manager=manager)

    assert visitor.ask().status == 500
    assert stored(shared_memcached, visitor.cookie) == {"visits": 1}


class SessionOfOthers(dict[str, Any]):
    """As Starlette's own middleware has it."""


@pytest.mark.parametrize(
    ("session", "mounted"),
    [(SessionOfOthers(user=7), False), (SessionOfOthers(), False), ({}, True), ({"user": 7}, True)],
)
def test_the_session_of_another_middleware_is_not_ours(
    session: object, mounted: bool, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """An application that is mounted may have a middleware of its own, which puts its session there."""
    visitor = begun_session(manager)
    visitor.app = SessionMiddleware(replacing(session, mounted=mounted), manager=manager)

    assert visitor.ask().set_cookie == ""
    assert stored(shared_memcached, visitor.cookie) == {"visits": 1}


def test_one_middleware_inside_of_another_has_its_own_session(new_manager: NewManager) -> None:
    """Each has its cookie."""
    outer = new_manager(cookie_name="outer")
    inner = SessionMiddleware(plain, manager=new_manager())
    visitor = Visitor(SessionMiddleware(inner, manager=outer), other_cookies=f"outer={begun_session(outer).cookie}")

    assert [visitor.ask().body for _ in range(2)] == [b"1", b"2"]
    assert outer.health().sessions == 1


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


def test_a_middleware_makes_a_manager_of_nodes(shared_memcached: MemcachedProcess) -> None:
    """With more settings, if there are any."""
    middleware = SessionMiddleware(plain, nodes=f"n1:127.0.0.1:{shared_memcached.port}", route="a", cookie_secure=True)
    with middleware.manager:
        answer = asyncio.run(ask_asgi(middleware))

    assert "-n1.a~" in answer.set_cookie
    assert answer.set_cookie.endswith("; Secure")
