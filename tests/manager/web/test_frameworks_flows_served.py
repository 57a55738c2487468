"""Login, messages, forms and logout of Flask and Django, by HTTP, while any of four workers answers."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from memcached_process import MemcachedProcess
from web.served import PATIENCE, Browser, Served

WORKERS = "gunicorn --workers 4 --preload"


@pytest.fixture
def environ(shared_memcached: MemcachedProcess, tmp_path: Path) -> dict[str, object]:
    """What a server gets to know."""
    nodes = f"n1:127.0.0.1:{shared_memcached.port}"
    return {"NODES": nodes, "ROUTE": "app1", "FRESHNESS": "auto", "FOLDER": tmp_path}


def answers(server: Served, browser: Browser, path: str, workers: int = 2) -> set[tuple[int, str]]:
    """Return what workers say to a visitor, when so many have been asked."""
    seen: set[tuple[int, str]] = set()
    asked, until = len(browser.workers), time.monotonic() + PATIENCE
    while len(set(browser.workers[asked:])) < workers:
        assert time.monotonic() < until, "a single worker answers all requests"
        seen.add(browser.ask(server.port, path))
        Browser().ask(server.port, path)
    return seen


def copied(browser: Browser) -> Browser:
    """Return somebody who knows the cookies that a visitor has now."""
    return Browser(dict(browser.cookies))


@pytest.fixture
def flask(environ: dict[str, object]) -> Iterator[Served]:
    """The Flask application."""
    with Served(WORKERS, "web.flask_server:app", **environ) as server:
        yield server


@pytest.fixture
def django(environ: dict[str, object]) -> Iterator[Served]:
    """The Django project."""
    with Served(WORKERS, "web.django_server:app", ACCOUNTS="yes", **environ) as server:
        yield server


def test_flask_login_and_logout(flask: Served) -> None:
    """Each under a new id; every worker knows at once, and the cart is kept."""
    browser = Browser()
    browser.get(flask, "/put?cart=tea")
    before = copied(browser)
    browser.get(flask, "/login/ann")
    logged_in = copied(browser)

    assert answers(flask, browser, "/who") == {(200, "ann")}
    assert answers(flask, browser, "/fresh") == {(200, "fresh")}
    assert {status for status, _ in answers(flask, before, "/who")} == {401}
    browser.get(flask, "/logout")
    for visitor in (browser, logged_in):
        assert {status for status, _ in answers(flask, visitor, "/who")} == {401}
    assert json.loads(browser.get(flask, "/show"))["cart"] == "tea"


def test_flask_messages_and_forms(flask: Served) -> None:
    """A form needs its token, which any worker knows; what it says is told once."""
    browser = Browser()
    token = browser.get(flask, "/token")

    assert browser.ask(flask.port, "/form", form={})[0] == 400
    assert Browser().ask(flask.port, "/form", form={"csrf_token": token})[0] == 400
    for _ in range(8):
        assert browser.ask(flask.port, "/form", form={"csrf_token": token})[0] == 200
        assert json.loads(browser.get(flask, "/flashed")) == [["success", "bought"]]
        assert json.loads(browser.get(flask, "/flashed")) == []


def test_django_login_messages_password_and_logout(django: Served) -> None:
    """Each under a new id; every worker knows at once, and the cart is kept."""
    browser, elsewhere = Browser(), Browser()
    browser.get(django, "/put?cart=tea")
    before = copied(browser)
    for visitor in (browser, elsewhere):
        visitor.get(django, "/sign-in?name=ann&password=password")
    first = copied(browser)

    assert who(browser.get(django, "/who")) == ("ann", ("welcome",))
    assert {who(body) for _, body in answers(django, browser, "/who")} == {("ann", ())}
    assert {who(body) for _, body in answers(django, before, "/who")} == {("", ())}
    browser.get(django, "/password")
    for visitor, name in ((browser, "ann"), (first, ""), (elsewhere, "")):
        assert {who(body)[0] for _, body in answers(django, visitor, "/who")} == {name}
    assert json.loads(browser.get(django, "/show"))["cart"] == "tea"
    browser.get(django, "/sign-out")
    assert {who(body) for _, body in answers(django, browser, "/who")} == {("", ())}


def who(body: str) -> tuple[str, Any]:
    """Return who is logged in, and the messages."""
    seen = json.loads(body)
    return seen["user"], tuple(seen["messages"])


def test_django_admin(django: Served) -> None:
    """Login and logout by its forms, with their tokens."""
    browser = Browser()

    def post(path: str, page: str, **fields: str) -> int:
        (token, *_) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(django, page))
        return browser.ask(django.port, path, form={"csrfmiddlewaretoken": token} | fields)[0]

    assert browser.ask(django.port, "/admin/logout/", form={})[0] == 403
    assert post("/admin/login/?next=/admin/", "/admin/login/", username="ann", password="password") == 302  # noqa: S106
    assert {status for status, _ in answers(django, browser, "/admin/auth/user/")} == {200}
    thief = copied(browser)
    assert post("/admin/logout/", "/admin/") == 200
    for visitor in (browser, thief):
        assert {status for status, _ in answers(django, visitor, "/admin/")} == {302}


def test_django_set_expiry(django: Served) -> None:
    """The session ends for every worker, when it was said to; whole seconds are counted."""
    browser = Browser()
    browser.get(django, "/put?cart=tea")
    browser.get(django, "/act/set_expiry?value=3")

    assert json.loads(browser.get(django, "/show"))["cart"] == "tea"
    time.sleep(4.2)  # from the last request on, however long that took
    assert answers(django, browser, "/show") == {(200, "{}")}
