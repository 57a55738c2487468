"""The WSGI middleware and PEP 3333: when the head leaves, and what the server gets."""

import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest
from memcached_process import MemcachedProcess
from web.exchanges import Visitor, ask_wsgi, environ_of
from web.stored import stored
from web.wsgi_visits import TEXT, Environ, ServerSide, begun_session, lazy, plain, visits

import memcached_sessions
from memcached_sessions import SessionManager
from memcached_sessions.manager.web.beaker import BeakerSession
from memcached_sessions.manager.web.wsgi import SessionMiddleware

NewManager = Callable[..., SessionManager]


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
            start_response("500 Error", TEXT[:], exc_info=sys.exc_info())  # by name, as servers let it be
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


def test_applications_for_beaker_find_what_else_they_ask(new_manager: NewManager) -> None:
    """By the names that it has there."""
    seen: list[Any] = []

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        session = environ["beaker.session"]
        seen[:] = [session.has_key("user"), session.has_key("cart"), session.timeout, session.is_new]
        session["user"] = 7
        start_response("200 OK", TEXT[:])
        return []

    visitor = Visitor(SessionMiddleware(application, manager=new_manager(max_inactive_interval=600), beaker=True))
    visitor.ask()
    assert seen == [False, False, 600, True]
    visitor.ask()
    assert seen == [True, False, 600, False]


def test_what_beaker_has_and_this_has_not_is_listed() -> None:
    """Whoever comes from Beaker searches his application for the names."""
    from beaker.session import Session as OldSession
    from beaker.session import SessionObject

    missing = {
        name
        for kind in (OldSession, SessionObject)
        for name in dir(kind)
        if not name.startswith("_") and not hasattr(BeakerSession, name)
    }
    page = (Path(memcached_sessions.__file__).parent / "docs" / "migration.md").read_text()

    assert {"revert", "load", "get_by_id"} <= missing
    assert [name for name in sorted(missing) if f"`{name}" not in page] == []


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
