"""The WSGI middleware and PEP 3333: when the head leaves, what a stream changes, and how requests end."""

import gc
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from itertools import islice
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest
from memcached_process import MemcachedProcess
from web.exchanges import Visitor, ask_wsgi, environ_of
from web.stored import holds_no_request, stored, writes

from memcached_sessions import Session, SessionManager
from memcached_sessions.manager.web.wsgi import SessionMiddleware

NewManager = Callable[..., SessionManager]
Environ = dict[str, Any]
TEXT = [("Content-Type", "text/plain")]


class ServerSide:
    """What a server gives the application, and what it is told; the head leaves with the first byte."""

    def __init__(self) -> None:
        self.heads: list[tuple[str, list[tuple[str, str]]]] = []
        self.written: list[bytes] = []

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """As a server does."""
        if exc_info and self.written:
            raise exc_info[1]
        self.heads.append((status, headers))
        return self.written.append


def visits(environ: Environ) -> int:
    """Count the visits of a session."""
    session = environ["memcached_sessions.session"]
    session["visits"] = session.get("visits", 0) + 1
    return session["visits"]


def plain(environ: Environ, start_response: Any) -> list[bytes]:
    """Answer as most applications do."""
    body = str(visits(environ)).encode()
    start_response("200 OK", TEXT[:])
    return [body]


def begun_session(manager: SessionManager) -> Visitor:
    """Return a visitor who has a session."""
    visitor = Visitor(SessionMiddleware(plain, manager=manager))
    visitor.ask()
    return visitor


def lazy(environ: Environ, start_response: Any) -> Iterator[bytes]:
    """Answer from a generator: nothing happens before the server asks for the body."""
    body = str(visits(environ)).encode()
    start_response("200 OK", TEXT[:])
    yield body


def writing(environ: Environ, start_response: Any) -> list[bytes]:
    """Answer by the callable that start_response returns."""
    write = start_response("200 OK", TEXT[:])
    body = str(visits(environ)).encode()
    write(body)
    return []


def silent(environ: Environ, start_response: Any) -> Iterator[bytes]:
    """Answer with a body of no chunks at all."""
    visits(environ)
    start_response("204 No Content", [])
    return iter(())


def changing_its_mind(environ: Environ, start_response: Any) -> Iterator[bytes]:
    """Answer with another head than was meant at first, before any byte has left."""
    start_response("200 OK", TEXT[:])
    try:
        {}[str(visits(environ))]
    except KeyError:
        start_response("404 Not Found", TEXT[:], sys.exc_info())
    yield b"nothing"


@pytest.mark.parametrize("application", [plain, lazy, writing, silent, changing_its_mind])
def test_the_session_is_stored_when_the_server_gets_the_head(
    application: Any, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """However the application sends its response: the first byte cannot leave before."""
    found: list[dict[str, Any]] = []
    visitor = begun_session(manager)

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        del status, headers, exc_info
        found.append(stored(shared_memcached, visitor.cookie))
        return list[bytes]().append

    body = SessionMiddleware(application, manager=manager)(environ_of(header=visitor.header), start_response)
    list(body)
    getattr(body, "close", lambda: None)()

    assert found == [{"visits": 2}]


@pytest.mark.parametrize("application", [plain, lazy, writing, silent, changing_its_mind])
def test_the_validator_is_content_on_both_sides(application: Any, manager: SessionManager) -> None:
    """The middleware is a good server to the application, and a good application to the server."""
    visitor = Visitor(SessionMiddleware(validator(application), manager=manager))

    first = visitor.ask()
    visitor.ask()

    assert first.set_cookie
    assert next(iter(manager.open(visitor.cookie).values())) == 2


def test_a_head_that_replaces_another_has_the_cookie_too(manager: SessionManager) -> None:
    """An application that fails after an empty chunk, when the server has a head that has not left."""

    def application(environ: Environ, start_response: Any) -> Iterator[bytes]:
        visits(environ)
        start_response("200 OK", TEXT[:])
        yield b""
        try:
            {}["not found"]
        except KeyError:
            start_response("404 Not Found", TEXT[:], sys.exc_info())
        yield b"nothing"

    server = ServerSide()
    body = SessionMiddleware(application, manager=manager)(environ_of(), server.start_response)
    list(body)

    assert [status for status, _ in server.heads] == ["200 OK", "404 Not Found"]
    assert [[name for name, _ in headers] for _, headers in server.heads] == [
        ["Content-Type", "Vary", "Set-Cookie"]
    ] * 2


def test_an_error_after_the_head_has_left_is_raised_by_the_server(manager: SessionManager) -> None:
    """As PEP 3333 has it; the session is released."""

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        visits(environ)
        start_response("200 OK", TEXT[:])(b"begun")
        try:
            {}["too late"]
        except KeyError:
            start_response("500 Error", TEXT[:], sys.exc_info())
        return []

    server = ServerSide()

    with pytest.raises(KeyError, match="too late"):
        SessionMiddleware(application, manager=manager)(environ_of(), server.start_response)


@pytest.mark.parametrize("after", [b"", b"begun"])
def test_a_second_head_without_a_reason_is_refused(after: bytes, manager: SessionManager) -> None:
    """Before the server has one, and after."""

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        del environ
        write = start_response("200 OK", TEXT[:])
        if after:
            write(after)
        start_response("200 OK", TEXT[:])
        return []

    with pytest.raises(AssertionError, match="one head"):
        SessionMiddleware(application, manager=manager)(environ_of(), ServerSide().start_response)


def test_the_headers_of_the_application_are_not_changed(manager: SessionManager) -> None:
    """They may be a constant of its module."""
    headers = [*TEXT, ("Vary", "Accept")]

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        visits(environ)
        start_response("200 OK", headers)
        return []

    ask_wsgi(SessionMiddleware(application, manager=manager))

    assert headers == [*TEXT, ("Vary", "Accept")]


def test_a_complete_body_reaches_the_server_as_it_is(manager: SessionManager) -> None:
    """Servers know the length of a list, and have the system send a file."""
    body = [b"whole"]
    file = FileWrapper(BytesIO(b"whole"))
    environ = environ_of() | {"wsgi.file_wrapper": FileWrapper}
    server = ServerSide()

    def application(result: Any) -> Any:
        def answer(environ: Environ, start_response: Any) -> Any:
            visits(environ)
            start_response("200 OK", TEXT[:])
            return result

        return SessionMiddleware(answer, manager=manager)

    assert application(body)(environ, server.start_response) is body
    assert application(file)(environ, server.start_response) is file
    assert len(server.heads) == 2


# While the body is on its way


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


def test_a_session_that_begins_too_late_is_dropped_and_logged(
    manager: SessionManager, shared_memcached: MemcachedProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody could ever find it: the node and the process are not filled with such sessions."""
    before = writes(shared_memcached)
    with caplog.at_level(logging.WARNING, "memcached_sessions"):
        answer = ask_wsgi(SessionMiddleware(late(lambda session: session.update(user=7)), manager=manager))

    assert answer.set_cookie == ""
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

    with suppress(LookupError):
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


# Beaker


def test_applications_for_beaker_find_their_session(manager: SessionManager) -> None:
    """Under the key and with the methods that they know; it is the same session."""

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        session = environ["beaker.session"]
        assert session is environ["memcached_sessions.session"]
        match environ["PATH_INFO"]:
            case "/login":
                session.regenerate_id()
                session["user"] = 7
                session.save()
            case "/logout":
                session.delete()
            case "/again":
                session.invalidate()
                session["user"] = 8
                session.persist()
        start_response("200 OK", TEXT[:])
        return [str(session.get("user")).encode()]

    visitor = Visitor(SessionMiddleware(application, manager=manager, beaker=True))
    visitor.ask("/login")
    first = visitor.sid

    assert visitor.ask().body == b"7"
    assert visitor.ask("/login").set_cookie
    assert visitor.sid != first
    assert Visitor(visitor.app, first).ask().body == b"None"
    assert visitor.ask("/again").body == b"8"
    assert visitor.ask("/logout").body == b"None"
    assert visitor.cookie is None


def test_nobody_else_has_the_key_of_beaker(manager: SessionManager) -> None:
    """It is an option."""
    environ = environ_of()
    SessionMiddleware(plain, manager=manager)(environ, ServerSide().start_response)

    assert "beaker.session" not in environ


# The manager


def test_a_middleware_makes_a_manager_of_nodes(shared_memcached: MemcachedProcess) -> None:
    """With more settings, if there are any."""
    middleware = SessionMiddleware(plain, f"n1:127.0.0.1:{shared_memcached.port}", route="a", cookie_secure=True)
    with middleware.manager:
        answer = ask_wsgi(middleware)

    assert "-n1.a~" in answer.set_cookie
    assert answer.set_cookie.endswith("; Secure")
