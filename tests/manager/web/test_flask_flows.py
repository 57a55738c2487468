"""What Flask applications do with sessions, end to end: Flask-Login, flash messages, Flask-WTF."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from memcached_process import MemcachedProcess
from web.flask_shop import new_shop

from memcached_sessions import SessionManager
from memcached_sessions.manager.web.flask import EXTENSION

NewClient = Callable[..., FlaskClient]


@pytest.fixture
def new_client(shared_memcached: MemcachedProcess) -> Iterator[NewClient]:
    """Return what makes a visitor of an application of its own, all on one node, as if on several servers."""
    made: list[SessionManager] = []

    def new(cookie: str = "", **config: Any) -> FlaskClient:
        app = new_shop(f"n1:127.0.0.1:{shared_memcached.port}", accounts=True, **config)
        made.append(app.extensions[EXTENSION])
        client = app.test_client()
        if cookie:
            client.set_cookie("session", cookie)
        return client

    yield new
    for manager in made:
        manager.close()


def cookie_of(client: FlaskClient) -> str:
    """Return the session id that a visitor has."""
    cookie = client.get_cookie("session")
    assert cookie
    return cookie.value


def copied(client: FlaskClient) -> FlaskClient:
    """Return somebody who knows the cookie that a visitor has now."""
    other = client.application.test_client()
    other.set_cookie("session", cookie_of(client))
    return other


def test_login_and_logout(new_client: NewClient) -> None:
    """Lines S3, T5: the id is another one after each; whoever knows an old one is not logged in."""
    client = new_client()
    assert client.get("/who").status_code == 401
    client.get("/put?cart=tea")
    fixed = copied(client)

    client.get("/login/ann")
    assert client.get("/who").text == "ann"
    assert client.get("/show").json["cart"] == "tea"
    assert fixed.get("/who").status_code == 401
    stolen = copied(client)
    assert stolen.get("/who").text == "ann"

    client.get("/logout")
    assert client.get("/who").status_code == 401
    assert stolen.get("/who").status_code == 401
    assert client.get("/show").json["cart"] == "tea"


def test_a_login_survives_the_server(new_client: NewClient) -> None:
    """Another process takes it over."""
    client = new_client()
    client.get("/login/ann")
    other = new_client(cookie_of(client), MEMCACHED_SESSIONS_ROUTE="app2")
    assert other.get("/who").text == "ann"
    assert other.get("/fresh").text == "fresh"


def test_a_login_by_a_cookie_that_remembers_is_not_fresh(new_client: NewClient) -> None:
    """Until the visitor logs in again; the session that it begins is kept."""
    client = new_client()
    client.get("/login/ann?remember=1")
    assert client.get("/fresh").text == "fresh"
    client.delete_cookie("session")

    assert client.get("/who").text == "ann"
    assert client.get("/fresh").status_code == 401
    with client.session_transaction() as transaction:
        assert transaction["_fresh"] is False
    client.get("/login/ann")
    assert client.get("/fresh").text == "fresh"


def test_strong_protection_of_flask_login(new_client: NewClient) -> None:
    """Another browser with the same cookie is logged out: its identifier is in the session."""
    client = new_client(SESSION_PROTECTION="strong")
    client.get("/login/ann")
    assert client.get("/who").text == "ann"
    assert client.get("/who", headers={"User-Agent": "another"}).status_code == 401


def test_flash_messages_are_told_once(new_client: NewClient) -> None:
    """Set by one request, shown by the next, gone after that; HTML stays HTML."""
    client = new_client()
    client.get("/tell")
    assert client.get("/flashed").json == [["success", "bought"], ["message", "<b>tea</b>"]]
    assert client.get("/flashed").json == []


def test_flash_messages_are_told_by_another_process(new_client: NewClient) -> None:
    """To whom the balancer sends the visitor after the redirect."""
    client = new_client(csrf=False)
    client.post("/form")
    other = new_client(cookie_of(client), MEMCACHED_SESSIONS_ROUTE="app2")
    assert other.get("/flashed").json == [["success", "bought"]]
    assert other.get("/flashed").json == []


def test_forms_are_protected_by_a_token_in_the_session(new_client: NewClient) -> None:
    """Flask-WTF: none, a wrong one, one of another visitor, the right one, and the right one after a rotation."""
    client, stranger = new_client(csrf=True), new_client(csrf=True)
    token, strange = client.get("/token").text, stranger.get("/token").text
    assert client.post("/form").status_code == 400
    assert client.post("/form", data={"csrf_token": "no token"}).status_code == 400
    assert client.post("/form", data={"csrf_token": strange}).status_code == 400
    assert client.post("/form", data={"csrf_token": token}).status_code == 200
    client.get("/rotate")
    assert client.post("/form", data={"csrf_token": token}).status_code == 200
    assert client.get("/flashed").json == [["success", "bought"]] * 2


@pytest.mark.parametrize("serializer", ["compact", "json", "msgpack", "cbor", "pickle"])
def test_every_serializer_serves_the_flows(new_client: NewClient, serializer: str) -> None:
    """Login, flash with HTML, CSRF; and read by a process that took the session over."""
    client = new_client(MEMCACHED_SESSIONS_SERIALIZER=serializer, csrf=True)
    client.get("/login/ann")
    client.get("/tell")
    token = client.get("/token").text
    other = new_client(
        cookie_of(client), MEMCACHED_SESSIONS_SERIALIZER=serializer, MEMCACHED_SESSIONS_ROUTE="app2", csrf=True
    )
    assert other.get("/who").text == "ann"
    assert other.get("/flashed").json == [["success", "bought"], ["message", "<b>tea</b>"]]
    assert other.post("/form", data={"csrf_token": token}).status_code == 200
