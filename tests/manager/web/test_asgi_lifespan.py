"""The ASGI middleware and the life of the server: a manager that was made here ends with it."""

import asyncio
from typing import Any

import pytest
from memcached_process import MemcachedProcess
from web.counting_visits import plain
from web.exchanges import Message, Server

from memcached_sessions import SessionManager
from memcached_sessions.manager.web.asgi import SessionMiddleware

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
