"""The WSGI middleware while the body is on its way, and however a request ends."""

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from itertools import islice
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest
from memcached_process import MemcachedProcess
from web.exchanges import ask_wsgi, environ_of
from web.stored import holds_no_request, stored, writes
from web.wsgi_visits import TEXT, Environ, ServerSide, begun_session, lazy, plain, visits

from memcached_sessions import Session, SessionManager
from memcached_sessions.manager.web.wsgi import SessionMiddleware

NewManager = Callable[..., SessionManager]


def test_what_a_stream_changes_is_committed_at_its_end(
    manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """Without a promise as to when; the session has its id already."""

    def application(environ: Environ, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", TEXT[:])
        for part in (b"a", b"b", b"c"):
            visits(environ)
            yield part

    visitor = begun_session(manager)

    visitor.app = SessionMiddleware(validator(application), manager=manager)

    assert visitor.ask().body == b"abc"
    assert stored(shared_memcached, visitor.cookie) == {"visits": 4}


def test_what_is_changed_after_write_is_committed_too(
    manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """When the application returns."""

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        start_response("200 OK", TEXT[:])(b"a")
        visits(environ)
        return []

    visitor = begun_session(manager)
    visitor.app = SessionMiddleware(application, manager=manager)
    visitor.ask()

    assert stored(shared_memcached, visitor.cookie) == {"visits": 2}


def late(change: Callable[[Session], object]) -> Any:
    """Return an application that does something when the head has left."""

    def application(environ: Environ, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", TEXT[:])
        yield b"begun"
        change(environ["memcached_sessions.session"])
        yield b"ended"

    return application


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
    visitor.app = SessionMiddleware(late(change), manager=manager)

    visitor.ask()

    assert stored(shared_memcached, visitor.cookie) == left
    assert manager.health().sessions == len(left)


def test_a_session_that_begins_too_late_is_dropped_and_logged(
    manager: SessionManager, shared_memcached: MemcachedProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody could ever find it: no node, no process and no log is filled with such sessions."""
    before = writes(shared_memcached)
    app = SessionMiddleware(late(lambda session: session.update(user=7)), manager=manager)
    with caplog.at_level(logging.WARNING, "memcached_sessions"):
        answers = [ask_wsgi(app) for _ in range(3)]

    assert [answer.set_cookie for answer in answers] == [""] * 3
    assert writes(shared_memcached) == before
    assert manager.health().sessions == 0
    (record,) = caplog.records
    assert "'user'" in record.getMessage()


def test_a_rotation_that_comes_too_late_is_logged(manager: SessionManager, caplog: pytest.LogCaptureFixture) -> None:
    """Its client is logged out, for the old id is dead."""
    visitor = begun_session(manager)
    visitor.app = SessionMiddleware(late(lambda session: session.rotate()), manager=manager)

    with caplog.at_level(logging.WARNING, "memcached_sessions"):
        visitor.ask()

    (record,) = caplog.records
    assert "rotate()" in record.getMessage()
    assert visitor.sid not in record.getMessage()


# How requests end


def failing(environ: Environ, start_response: Any) -> list[bytes]:
    """Fail after the head."""
    plain(environ, start_response)
    raise LookupError("the view failed")


def failing_midway(environ: Environ, start_response: Any) -> Iterator[bytes]:
    """Fail in the body."""
    yield from plain(environ, start_response)
    raise LookupError("the stream failed")


def failing_to_close(environ: Environ, start_response: Any) -> Any:
    """Answer with a body that cannot be closed."""
    plain(environ, start_response)

    class Body(BytesIO):
        def close(self) -> None:
            raise LookupError("the file failed")

    return Body(b"a")


def without_a_body(environ: Environ, start_response: Any) -> None:
    """Forget to return a body."""
    plain(environ, start_response)


@pytest.mark.parametrize(
    ("application", "chunks", "closes"),
    [
        (plain, 1, True),
        (lazy, 0, True),
        (lazy, 1, True),
        (lazy, 2, True),
        (lazy, 0, False),
        (lazy, 1, False),
        (failing, 0, True),
        (failing_midway, 2, True),
        (failing_midway, 2, False),
        (failing_to_close, 0, True),
        (without_a_body, 0, True),
    ],
)
def test_every_session_is_released(application: Any, chunks: int, closes: bool, new_manager: NewManager) -> None:
    """By a response that was read, one that was given up, one that never began, and one that failed."""
    manager = new_manager(max_local_sessions=1)
    visitor = begun_session(manager)
    middleware = SessionMiddleware(application, manager=manager)

    def serve() -> None:
        body = middleware(environ_of(header=visitor.header), ServerSide().start_response)
        try:
            list(islice(body, chunks))
        finally:
            if closes and hasattr(body, "close"):
                body.close()

    with suppress(LookupError, TypeError):
        serve()
    gc.collect()

    assert holds_no_request(manager)


@pytest.mark.parametrize("application", [failing, failing_midway])
def test_what_a_failing_application_changes_late_waits_for_the_next_request(
    application: Any, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """A response that failed has promised nothing; the process has the change, and the next commit stores it."""

    def then_changing(environ: Environ, start_response: Any) -> Iterator[bytes]:
        try:
            yield from application(environ, start_response)
        finally:
            environ["memcached_sessions.session"]["late"] = True

    visitor = begun_session(manager)
    visitor.app = SessionMiddleware(then_changing, manager=manager)
    with pytest.raises(LookupError):
        visitor.ask()
    left_out = "late" not in stored(shared_memcached, visitor.cookie)
    visitor.app = SessionMiddleware(plain, manager=manager)
    visitor.ask()

    assert left_out
    assert stored(shared_memcached, visitor.cookie)["late"]


def test_closing_again_does_nothing(manager: SessionManager, shared_memcached: MemcachedProcess) -> None:
    """Some servers do."""
    visitor = begun_session(manager)
    body: Any = SessionMiddleware(lazy, manager=manager)(environ_of(header=visitor.header), ServerSide().start_response)
    list(body)
    body.close()
    before = writes(shared_memcached)
    body.close()

    assert writes(shared_memcached) == before


def test_the_body_of_the_application_is_closed(manager: SessionManager) -> None:
    """Also if the server never gets it, since what the view has set cannot be kept."""
    file = BytesIO(b"whole")

    def application(environ: Environ, start_response: Any) -> FileWrapper:
        environ["memcached_sessions.session"]["lock"] = object()
        start_response("200 OK", TEXT[:])
        return FileWrapper(file)

    with pytest.raises(ValueError, match="lock"):
        SessionMiddleware(application, manager=manager)(
            environ_of() | {"wsgi.file_wrapper": FileWrapper}, ServerSide().start_response
        )

    assert file.closed


def test_an_application_without_a_head_is_the_servers_affair(
    manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """Nothing is stored, and the server sees what the application has done."""
    before = writes(shared_memcached)

    with pytest.raises(AssertionError, match="start_response has not yet been called"):
        ask_wsgi(SessionMiddleware(lambda environ, _: [str(visits(environ)).encode()], manager=manager))

    assert writes(shared_memcached) == before
