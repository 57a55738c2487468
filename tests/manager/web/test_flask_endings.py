"""How sessions of Flask end and how requests let go of them: cleared, emptied, left alone, streamed; real memcached."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Response, session, stream_with_context
from flask.testing import FlaskClient
from memcached_process import MemcachedProcess
from web.flask_shop import new_shop

from memcached_sessions import SessionManager
from memcached_sessions.manager.web.flask import EXTENSION

NewShop = Callable[..., Flask]
PATIENCE = 15.0
"""Seconds after which a node that is back should have been noticed."""


@pytest.fixture
def shop(shared_memcached: MemcachedProcess) -> Iterator[NewShop]:
    """Return what makes applications on one node, each as a process of its own would have it."""
    made: list[SessionManager] = []

    def new(route: str = "app1", node: MemcachedProcess = shared_memcached, **config: Any) -> Flask:
        app = new_shop(f"n1:127.0.0.1:{node.port}", MEMCACHED_SESSIONS_ROUTE=route, **config)
        made.append(app.extensions[EXTENSION])
        return app

    yield new
    for manager in made:
        manager.close()


def rolling(app: Flask) -> Flask:
    """Add what many applications do, for a lifetime that each request renews."""

    @app.before_request
    def renew() -> None:  # pyright: ignore[reportUnusedFunction]
        session.permanent = True
        session.modified = True

    return app


def cookie_of(client: FlaskClient) -> str:
    """Return the session id that a visitor has; empty: none."""
    cookie = client.get_cookie("session")
    return "" if cookie is None else cookie.value


def visitor(app: Flask, cookie: str) -> FlaskClient:
    """Return somebody who sends a cookie to an application."""
    client = app.test_client()
    client.set_cookie("session", cookie)
    return client


def shown(app: Flask, cookie: str) -> dict[str, Any]:
    """Return what the session of an id holds, without the mark of its permanence."""
    attributes = visitor(app, cookie).get("/show").json
    attributes.pop("_permanent", None)
    return attributes


def add_view(app: Flask, path: str, view: Callable[[], Any]) -> None:
    """Add a view that a test is about."""
    app.add_url_rule(path, endpoint=path, view_func=view)


# What must not end a session


def test_a_session_that_cannot_be_asked_for_survives_a_mark_of_change(
    shop: NewShop, memcached: MemcachedProcess
) -> None:
    """Line S2: ``session.modified = True`` for a session that a node could not show, which lives elsewhere."""
    one, other, third = (rolling(shop(route, memcached)) for route in ("app1", "app2", "app3"))
    client = one.test_client()
    client.get("/put?user=ann")
    memcached.freeze()
    response = visitor(other, cookie_of(client)).get("/show")
    assert response.json == {"_permanent": True}
    assert "Set-Cookie" not in response.headers
    memcached.resume()

    deadline = time.monotonic() + PATIENCE
    while not all(node.available for node in other.extensions[EXTENSION].health().nodes):
        assert time.monotonic() < deadline, "it did not notice that the node is back"
        time.sleep(0.02)
    assert shown(third, cookie_of(client)) == {"user": "ann"}
    assert shown(one, cookie_of(client)) == {"user": "ann"}


def test_a_session_that_no_node_knows_survives_a_mark_of_change(shop: NewShop, memcached: MemcachedProcess) -> None:
    """The process that holds it stores it again after memcached was emptied."""
    one, other = rolling(shop("app1", memcached)), rolling(shop("app2", memcached))
    client = one.test_client()
    client.get("/put?user=ann")
    memcached.kill()
    memcached.start()
    assert "Set-Cookie" not in visitor(other, cookie_of(client)).get("/show").headers
    assert shown(one, cookie_of(client)) == {"user": "ann"}


@pytest.mark.parametrize("path", ["/show", "/clear"])
def test_an_ignored_path_ends_no_session(shop: NewShop, path: str) -> None:
    """Of request_uri_ignore_pattern: it asks no node, and so knows of no session but those at hand."""
    ignores = {"MEMCACHED_SESSIONS_REQUEST_URI_IGNORE_PATTERN": path}
    client = rolling(shop(**ignores)).test_client()
    client.get("/put?user=ann")
    response = visitor(rolling(shop("app2", **ignores)), cookie_of(client)).get(path)
    assert "Set-Cookie" not in response.headers
    assert shown(shop("app3"), cookie_of(client)) == {"user": "ann"}


def test_a_live_session_without_data_survives_a_mark_of_change(shop: NewShop) -> None:
    """This request took nothing out of it."""
    one, other = shop(), rolling(shop("app2"))
    client = one.test_client()
    client.get("/put?a=1")
    with client.application.extensions[EXTENSION].request(cookie_of(client)) as held:
        del held["a"]
    assert "Set-Cookie" in visitor(other, cookie_of(client)).get("/show").headers  # its new route
    assert other.extensions[EXTENSION].exists(cookie_of(client))


# Emptied


def test_what_another_process_put_in_survives_the_last_flash_message(shop: NewShop) -> None:
    """The removal is merged before the session is taken for empty."""
    one, other = shop(), shop("app2")
    client = one.test_client()

    def page() -> str:
        session.pop("_flashes")
        visitor(other, cookie_of(client)).get("/put?cart=tea")
        return ""

    add_view(one, "/page", page)
    client.get("/tell")
    cookie = cookie_of(client)
    response = client.get("/page")
    assert "Max-Age=0" not in response.headers.get("Set-Cookie", "")
    assert shown(other, cookie) == {"cart": "tea"}
    assert shown(one, cookie) == {"cart": "tea"}


def test_the_last_flash_message_ends_a_session_that_holds_nothing_else(shop: NewShop) -> None:
    """In every process, with its cookie."""
    client = shop().test_client()
    client.get("/tell")
    cookie = cookie_of(client)
    assert len(client.get("/flashed").json) == 2
    assert cookie_of(client) == ""
    assert not client.application.extensions[EXTENSION].exists(cookie)
    assert not shop("app2").extensions[EXTENSION].exists(cookie)


def test_a_session_is_not_ended_under_a_request_that_has_it_open(shop: NewShop) -> None:
    """What that puts in later is kept."""
    app = shop()
    client = app.test_client()

    def slow() -> str:
        len(session)
        visitor(app, cookie_of(client)).get("/flashed")
        session["cart"] = "tea"
        return ""

    add_view(app, "/slow", slow)
    client.get("/tell")
    client.get("/slow")
    assert shown(app, cookie_of(client)) == {"cart": "tea"}


def test_a_session_that_is_emptied_without_a_node_goes_on(shop: NewShop, memcached: MemcachedProcess) -> None:
    """Nobody can say what other processes have put in: that is merged when the node is back."""
    one, other = shop("app1", memcached), shop("app2", memcached)
    client = one.test_client()
    client.get("/tell")
    visitor(other, cookie_of(client)).get("/put?cart=tea")
    memcached.freeze()
    assert "Set-Cookie" not in client.get("/flashed").headers
    memcached.resume()
    manager = one.extensions[EXTENSION]
    assert manager.drain(PATIENCE) == 0
    assert shown(shop("app3", memcached), cookie_of(client)) == {"cart": "tea"}


def test_a_session_whose_backup_waits_is_not_taken_for_empty(shop: NewShop) -> None:
    """With session_backup_async what another process has put in comes later."""
    one, other = shop(MEMCACHED_SESSIONS_SESSION_BACKUP_ASYNC=True), shop("app2")
    client = one.test_client()
    client.get("/tell")
    cookie = cookie_of(client)
    assert one.extensions[EXTENSION].drain(PATIENCE) == 0
    visitor(other, cookie).get("/put?cart=tea")
    assert "Max-Age=0" not in client.get("/flashed").headers.get("Set-Cookie", "")
    assert one.extensions[EXTENSION].drain(PATIENCE) == 0
    assert shown(other, cookie)["cart"] == "tea"


# Cleared


def test_clear_and_refill_gives_a_new_id(shop: NewShop) -> None:
    """Lines S3, T5: a login as Flask's tutorial has it; whoever knew the id before is not logged in."""
    one, other = shop(), shop("app2")

    def login() -> str:
        session.clear()
        session["user"] = "ann"
        return ""

    add_view(one, "/login", login)
    client = one.test_client()
    client.get("/put?language=de")
    known = cookie_of(client)
    assert client.get("/login").headers["Vary"] == "Cookie"
    assert cookie_of(client)[:32] != known[:32]
    assert shown(one, cookie_of(client)) == {"user": "ann"}
    for app in (one, other):
        assert shown(app, known) == {}
    assert shown(other, cookie_of(client)) == {"user": "ann"}


def test_clear_and_refill_of_a_session_that_cannot_be_asked_for_ends_that(
    shop: NewShop, memcached: MemcachedProcess
) -> None:
    """When the node is back; what was put in has an id of its own."""
    one, other = shop("app1", memcached), shop("app2", memcached)

    def login() -> str:
        session.clear()
        session["user"] = "ann"
        return ""

    add_view(other, "/login", login)
    client = one.test_client()
    client.get("/put?user=bob")
    memcached.freeze()
    again = visitor(other, cookie_of(client))
    again.get("/login")
    assert cookie_of(again)[:32] != cookie_of(client)[:32]
    memcached.resume()
    manager = other.extensions[EXTENSION]
    deadline = time.monotonic() + PATIENCE
    while manager.health().unbacked or any(node.debts for node in manager.health().nodes):
        assert time.monotonic() < deadline, "the end was not brought to the node"
        time.sleep(0.02)
    third = shop("app3", memcached)
    assert shown(third, cookie_of(client)) == {}
    assert shown(third, cookie_of(again)) == {"user": "ann"}


def test_clear_ends_the_session_in_spite_of_a_request_beside_it(shop: NewShop) -> None:
    """A logout: what that has put in afterwards ends with it, here and everywhere."""
    app = shop()
    client = app.test_client()

    def logout() -> str:
        session.clear()
        visitor(app, cookie_of(client)).get("/put?seen=1")
        return ""

    add_view(app, "/logout", logout)
    client.get("/put?user=ann")
    cookie = cookie_of(client)
    client.get("/logout")
    assert cookie_of(client) == ""
    assert shown(app, cookie) == {}
    assert shown(shop("app2"), cookie) == {}


def test_clear_in_the_body_of_a_stream_ends_the_session(shop: NewShop) -> None:
    """And what is put in after it keeps the id, for no cookie can be set any more."""
    app = shop()

    def streamed(*, refill: bool) -> Callable[[], Response]:
        def view() -> Response:
            def body() -> Iterator[str]:
                yield "first"
                session.clear()
                if refill:
                    session["b"] = 2
                yield "last"

            return Response(stream_with_context(body()))

        return view

    add_view(app, "/end", streamed(refill=False))
    add_view(app, "/refill", streamed(refill=True))
    client = app.test_client()
    client.get("/put?a=1")
    cookie = cookie_of(client)
    assert client.get("/refill").text == "firstlast"
    assert shown(app, cookie) == {"b": 2}
    assert client.get("/end").text == "firstlast"
    assert shown(app, cookie) == {}


# Letting go


def test_a_stream_holds_its_session_until_it_has_ended(shop: NewShop) -> None:
    """Although Flask 3.1.2 tells of the end of the request before the body begins: others would push it out."""
    app = shop(MEMCACHED_SESSIONS_MAX_LOCAL_SESSIONS=1)
    client = app.test_client()
    client.get("/put?a=1")
    with client.get("/stream") as response:
        body = iter(response.response)
        assert next(body) == b"0"
        app.test_client().get("/put?b=1")
        client.get("/put?c=1")
        assert b"".join(body) == b"12"
    assert shown(app, cookie_of(client)) == {"a": "1", "c": "1", "sent": 2}
    assert shown(shop("app2"), cookie_of(client)) == {"a": "1", "c": "1", "sent": 2}
    app.test_client().get("/put?newest=1")
    assert app.extensions[EXTENSION].health().sessions == 1


@pytest.mark.parametrize("read", [0, 1, 3])
def test_a_stream_that_the_client_leaves_lets_go_of_its_session(shop: NewShop, read: int) -> None:
    """Before the first part, in the middle, after the last; also where the body takes no context along."""
    app = shop(MEMCACHED_SESSIONS_MAX_LOCAL_SESSIONS=1)
    client = app.test_client()

    def without_context() -> Response:
        session.get("a")
        return Response(iter("012"))

    add_view(app, "/without", without_context)
    client.get("/put?a=1")
    for path in ("/stream", "/without"):
        with client.get(path) as response:
            body = iter(response.response)
            for _ in range(read):
                next(body)
        app.test_client().get("/put?newest=1")
        assert app.extensions[EXTENSION].health().sessions == 1


def test_a_response_without_its_body_lets_go_of_its_session(shop: NewShop) -> None:
    """HEAD, no content, and a file that is passed through to the server."""
    app = shop(MEMCACHED_SESSIONS_MAX_LOCAL_SESSIONS=1)

    def nothing() -> Response:
        session.get("a")
        return Response(iter("never sent"), status=204)

    def file() -> Response:
        session.get("a")
        return Response(iter([b"a file"]), direct_passthrough=True)

    add_view(app, "/nothing", nothing)
    add_view(app, "/file", file)
    client = app.test_client()
    client.get("/put?a=1")
    for method, path in (("HEAD", "/stream"), ("GET", "/nothing"), ("GET", "/file")):
        with client.open(path, method=method):
            pass
        app.test_client().get("/put?newest=1")
        assert app.extensions[EXTENSION].health().sessions == 1, path


def test_a_teardown_function_that_fails_keeps_no_session(shop: NewShop) -> None:
    """It ends the round of these functions, ours among them."""
    app = shop(MEMCACHED_SESSIONS_MAX_LOCAL_SESSIONS=1)

    @app.teardown_request
    def fail(_: BaseException | None) -> None:  # pyright: ignore[reportUnusedFunction]
        raise RuntimeError("the teardown fails")

    for number in range(3):
        with pytest.raises(RuntimeError, match="the teardown fails"):
            app.test_client().get(f"/put?a={number}")
    assert app.extensions[EXTENSION].health().sessions == 1
