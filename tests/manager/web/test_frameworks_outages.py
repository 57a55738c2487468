"""Flask and Django while memcached is away: nobody is logged out, nothing is adopted, and all is there afterwards."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from memcached_process import MemcachedProcess
from web.django_process import DjangoProcess
from web.django_process import in_django as in_django_of
from web.django_project import SECRET_KEY
from web.flask_shop import new_shop

from memcached_sessions import SessionManager
from memcached_sessions.manager.web.flask import EXTENSION

PATIENCE = 15.0
"""Seconds after which something that happens in the background did not happen."""


@pytest.fixture
def django_process(memcached: MemcachedProcess, tmp_path: Any) -> Any:
    """A process with Django on a node of this test alone."""
    process = DjangoProcess(f"n1:127.0.0.1:{memcached.port}", tmp_path)
    yield process
    process.end()


def eventually(happened: Callable[[], bool]) -> None:
    """Wait until something has happened."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def shown(client: FlaskClient) -> dict[str, Any]:
    """Return what the session of a visitor holds."""
    return client.get("/show").json


def test_flask_serves_its_sessions_without_a_node(memcached: MemcachedProcess) -> None:
    """Line S2: from the process, changes too; they are stored when the node is back."""
    app = new_shop(f"n1:127.0.0.1:{memcached.port}")
    with app.extensions[EXTENSION] as manager:
        client = app.test_client()
        client.get("/put?a=1")
        memcached.kill()
        assert shown(client) == {"a": "1"}
        client.get("/put?b=2")
        assert shown(client) == {"a": "1", "b": "2"}
        memcached.start()
        eventually(lambda: manager.health().unbacked == 0)
        other = new_shop(f"n1:127.0.0.1:{memcached.port}", MEMCACHED_SESSIONS_ROUTE="app2")
        with other.extensions[EXTENSION]:
            visitor = other.test_client()
            cookie = client.get_cookie("session")
            assert cookie
            visitor.set_cookie("session", cookie.value)
            assert shown(visitor) == {"a": "1", "b": "2"}


def test_flask_keeps_a_cookie_that_it_cannot_ask_for(memcached: MemcachedProcess) -> None:
    """Line S2: "node down" is not "unknown": the session is empty, and there again with the node."""
    nodes = f"n1:127.0.0.1:{memcached.port}"
    one, other = new_shop(nodes), new_shop(nodes, MEMCACHED_SESSIONS_ROUTE="app2")
    with one.extensions[EXTENSION], other.extensions[EXTENSION] as manager:
        client, visitor = one.test_client(), other.test_client()
        client.get("/put?a=1")
        cookie = client.get_cookie("session")
        assert cookie
        visitor.set_cookie("session", cookie.value)
        memcached.freeze()
        response = visitor.get("/show")
        assert response.json == {}
        assert "Set-Cookie" not in response.headers
        memcached.resume()
        eventually(lambda: all(node.available for node in manager.health().nodes))
        assert shown(visitor) == {"a": "1"}


def test_django_serves_its_sessions_without_a_node(django_process: DjangoProcess, memcached: MemcachedProcess) -> None:
    """Line S2: from the process, changes too; they are stored when the node is back."""
    visit = django_process.run
    visit(__file__, "begin", {})
    memcached.kill()
    visit(__file__, "change_and_read", {})
    memcached.start()
    visit(__file__, "read_from_the_node", {})


def test_django_keeps_the_sessions_that_it_cannot_ask_for_when_it_saves_every_request(
    memcached: MemcachedProcess, tmp_path: Any
) -> None:
    """Line S2: who comes to a process without his session while the node is frozen has it again with the node."""
    nodes = f"n1:127.0.0.1:{memcached.port}"
    with SessionManager(nodes, route="app2", signing_keys=[SECRET_KEY]) as other:
        with other.request(None) as session:
            session["a"] = 1
        process = DjangoProcess(nodes, tmp_path, SESSION_SAVE_EVERY_REQUEST=True)
        try:
            process.run(__file__, "come_from_elsewhere", {"cookie": session.id})
            memcached.freeze()
            process.run(__file__, "look_in_vain", {})
            memcached.resume()
            process.run(__file__, "look_again", {})
        finally:
            process.end()


_clients: list[Any] = []
"""Of the process with Django: from step to step."""


@in_django_of
def begin() -> None:
    """Begin a session."""
    from django.test import Client

    _clients.append(Client())
    _clients[0].get("/put?a=1")


@in_django_of
def change_and_read() -> None:
    """While no node is there."""
    assert json.loads(_clients[0].get("/show").content) == {"a": "1"}
    key = _clients[0].session.session_key
    assert _clients[0].get("/put?b=2").status_code == 200
    assert json.loads(_clients[0].get("/show").content) == {"a": "1", "b": "2"}
    assert _clients[0].session.session_key == key


@in_django_of
def read_from_the_node() -> None:
    """As another process does."""
    from django.conf import settings

    from memcached_sessions.manager.web.django import session_manager

    eventually(lambda: session_manager().health().unbacked == 0)
    nodes, keys = settings.MEMCACHED_SESSIONS["nodes"], [settings.SECRET_KEY]
    cookie = _clients[0].cookies["sessionid"].value
    with SessionManager(nodes, signing_keys=keys) as other, other.request(cookie) as session:
        assert session == {"a": "1", "b": "2"}


@in_django_of
def come_from_elsewhere(cookie: str) -> None:
    """Bring the cookie of another process; the first request is yet to come."""
    from django.test import Client

    from memcached_sessions.manager.web.django import session_manager

    session_manager()
    _clients.append(Client())
    _clients[0].cookies["sessionid"] = cookie


@in_django_of
def look_in_vain() -> None:
    """At pages that do not look at the session, and at one that does."""
    before = _clients[0].cookies["sessionid"].value
    for path, said in (("/plain", b"the same for all"), ("/show", b"{}")):
        response = _clients[0].get(path)
        assert response.content == said
        assert "sessionid" not in response.cookies
    assert _clients[0].cookies["sessionid"].value == before


@in_django_of
def look_again() -> None:
    """With the cookie that was there all the time."""
    from memcached_sessions.manager.web.django import session_manager

    eventually(lambda: all(node.available for node in session_manager().health().nodes))
    assert json.loads(_clients[0].get("/show").content) == {"a": 1}
