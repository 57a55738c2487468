"""What Django's responses do with the cookie: our middleware, and Django's own."""

import json
from typing import Any

import pytest
from web.django_process import django_process, in_django
from web.django_project import MIDDLEWARE, STOCK_MIDDLEWARE

__all__ = ["django_process"]


def browser() -> Any:
    """Return a visitor."""
    from django.test import Client

    return Client()


def cookie_of(response: Any) -> str | None:
    """Return what a response sets the session cookie to."""
    cookie = response.cookies.get("sessionid")
    return None if cookie is None else cookie.value


def shown(client: Any) -> dict[str, Any]:
    """Return what the session of a visitor holds."""
    return json.loads(client.get("/show").content)


def same_visitor(client: Any) -> Any:
    """Return a visitor with the cookie of another one, whose requests the middleware of the present settings serves."""
    again = browser()
    again.cookies["sessionid"] = client.cookies["sessionid"].value
    return again


def stock() -> Any:
    """Return what has new visitors served by Django's own middleware."""
    from django.conf import settings
    from django.test import override_settings

    middleware = [STOCK_MIDDLEWARE if name == MIDDLEWARE else name for name in settings.MIDDLEWARE]
    return override_settings(MIDDLEWARE=middleware)


@in_django
def test_the_cookie_has_node_and_route_and_the_key_has_not() -> None:
    """The balancer matches the route; applications see the sid, which stays the same."""
    client = browser()
    client.get("/put?a=1")
    key = client.get("/put?a=2").content.decode()
    assert len(key) == 32
    cookie = client.cookies["sessionid"].value
    assert cookie.startswith(f"{key}-n1.app1~")
    assert client.session.session_key == key
    assert shown(client) == {"a": "2"}


@in_django
def test_a_request_that_does_not_look_at_its_session_leaves_no_trace() -> None:
    """Line S11, CVE-2015-5963: no cookie, no store write, no Vary; nor does one that only looks, but for Vary."""
    from memcached_sessions.manager.web.django import session_manager

    client, before = browser(), session_manager().health().sessions
    response = client.get("/plain")
    assert cookie_of(response) is None
    assert "Vary" not in response.headers
    response = client.get("/show")
    assert cookie_of(response) is None
    assert "Cookie" in response.headers["Vary"]
    assert session_manager().health().sessions == before


@in_django
def test_responses_that_depend_on_the_session_say_so_to_caches() -> None:
    """Lines T11, S11, CVE-2014-1418, CVE-2026-35192: whenever it was looked at, or a cookie is set."""
    from django.test import override_settings

    client = browser()
    for path in ("/put?a=1", "/show", "/act/flush"):
        assert "Cookie" in client.get(path).headers["Vary"]
    client.get("/put?a=1")
    assert "Vary" not in client.get("/plain").headers
    with override_settings(SESSION_SAVE_EVERY_REQUEST=True):
        response = client.get("/plain")
        assert cookie_of(response)
        assert "Cookie" in response.headers["Vary"]


@in_django
def test_the_cookie_is_what_the_settings_say() -> None:
    """Line T8: Django's SESSION_COOKIE_* hold."""
    from django.test import override_settings

    cookie = browser().get("/put?a=1").cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")
    assert (cookie["path"], cookie["max-age"]) == ("/", 1_209_600)
    with override_settings(
        SESSION_COOKIE_NAME="__Secure-shop",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_PATH="/shop",
        SESSION_COOKIE_DOMAIN="shop.example",
        SESSION_COOKIE_AGE=60,
    ):
        cookie = browser().get("/put?a=1").cookies["__Secure-shop"]
        assert (cookie["secure"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/shop")
        assert (cookie["domain"], cookie["max-age"]) == ("shop.example", 60)


@in_django
def test_a_cookie_that_ends_with_the_browser_is_set_once() -> None:
    """A later one would say the same, and could undo what a parallel response has set."""
    from django.test import override_settings

    with override_settings(SESSION_EXPIRE_AT_BROWSER_CLOSE=True):
        client = browser()
        cookie = client.get("/put?a=1").cookies["sessionid"]
        assert cookie["max-age"] == cookie["expires"] == ""
        assert cookie_of(client.get("/put?a=2")) is None
        assert shown(client) == {"a": "2"}
        assert cookie_of(client.get("/act/set_expiry?value=60"))
        assert client.cookies["sessionid"]["max-age"] == 60
        assert cookie_of(client.get("/act/set_expiry?value=0"))
        assert client.cookies["sessionid"]["max-age"] == ""


@in_django
def test_a_cookie_with_an_age_is_renewed_when_the_session_is_saved() -> None:
    """As Django documents: by each change, or by each request with SESSION_SAVE_EVERY_REQUEST."""
    from django.test import override_settings

    client = browser()
    assert cookie_of(client.get("/put?a=1"))
    assert cookie_of(client.get("/put?a=2"))
    assert cookie_of(client.get("/show")) is None
    with override_settings(SESSION_SAVE_EVERY_REQUEST=True):
        assert cookie_of(client.get("/show"))


@pytest.mark.parametrize("path", ["/plain", "/show", "/async/show"])
@in_django
def test_saving_every_request_replaces_no_session_that_cannot_be_asked_for(path: str) -> None:
    """Line S2: it stores nothing, and the client keeps the id that another process may know, until it changes it."""
    from django.test import override_settings

    from memcached_sessions.manager.web.django import session_manager

    client, before = browser(), session_manager().health().sessions
    client.cookies["sessionid"] = known_elsewhere = "0" * 32 + "-n1.app2~abcdefgh"
    with override_settings(SESSION_SAVE_EVERY_REQUEST=True):
        assert cookie_of(client.get(path)) is None
        assert client.cookies["sessionid"].value == known_elsewhere
        assert session_manager().health().sessions == before
        assert cookie_of(client.get("/put?a=1"))[:32] != "0" * 32
        assert shown(client) == {"a": "1"}


@in_django
def test_set_expiry_rules_the_cookie() -> None:
    """Seconds of rest, with the browser, or as the settings say."""
    client = browser()
    client.get("/act/set_expiry?value=300")
    assert client.cookies["sessionid"]["max-age"] == 300
    client.get("/act/set_expiry?value=0")
    assert client.cookies["sessionid"]["max-age"] == ""
    client.get("/act/set_expiry?value=null")
    assert client.cookies["sessionid"]["max-age"] == 1_209_600


@in_django
def test_an_emptied_session_takes_its_cookie_along() -> None:
    """Line T9: by the attributes that it was set with, or browsers would keep it."""
    from django.test import override_settings

    with override_settings(SESSION_COOKIE_NAME="__Host-shop", SESSION_COOKIE_SECURE=True):
        client = browser()
        client.get("/put?a=1")
        cookie = client.get("/act/flush").cookies["__Host-shop"]
        assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", 0, "/")
        assert (cookie["secure"], cookie["samesite"]) == (True, "Lax")


@in_django
def test_cycle_key_sends_the_new_id() -> None:
    """Line T5: and the old one opens nothing any more."""
    client = browser()
    client.get("/put?a=1")
    thief = browser()
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    client.get("/act/cycle_key")
    assert shown(client) == {"a": "1"}
    assert shown(thief) == {}


@pytest.mark.parametrize("cookie", ["", "admin", "0" * 32, "0" * 31 + "g", "x" * 5000, "..", "0" * 32 + "-evil.host~1"])
@in_django
def test_a_made_up_cookie_gets_a_session_of_ours(cookie: str) -> None:
    """Lines S1, T2, T3: what is no id, or not known, is the same as none."""
    client = browser()
    client.cookies["sessionid"] = cookie
    assert shown(client) == {}
    client.cookies["sessionid"] = cookie
    client.get("/put?a=1")
    assert client.cookies["sessionid"].value[:32] != cookie[:32]
    assert shown(client) == {"a": "1"}


@in_django
def test_a_view_that_fails_saves_nothing() -> None:
    """As ever in Django: neither for an exception nor for a status of 500."""
    from django.test import Client

    client = Client(raise_request_exception=False)
    client.get("/put?a=1")
    assert client.get("/fail").status_code == 500
    response = client.get("/put?a=2&status=503")
    assert cookie_of(response) is None
    assert shown(client) == {"a": "1"}


@in_django
def test_a_request_whose_session_was_deleted_meanwhile_is_told() -> None:
    """Line T7: Django answers 400, as with its own engines."""
    from django.contrib.sessions.exceptions import SessionInterrupted
    from django.http import HttpResponse
    from django.test import RequestFactory

    from memcached_sessions.manager.web.django import SessionMiddleware

    client = browser()
    client.get("/put?a=1")
    cookie = client.cookies["sessionid"].value

    def view(request: Any) -> HttpResponse:
        request.session["late"] = 1
        client.get("/act/flush")
        return HttpResponse()

    request = RequestFactory().get("/")
    request.COOKIES["sessionid"] = cookie
    with pytest.raises(SessionInterrupted):
        SessionMiddleware(view)(request)
    client.cookies["sessionid"] = cookie
    assert shown(client) == {}


@in_django
def test_a_request_beside_a_login_keeps_its_changes_and_says_nothing_of_the_cookie() -> None:
    """R19: only the response to the login carries the new id, whichever comes last."""
    from django.http import HttpResponse
    from django.test import RequestFactory

    from memcached_sessions.manager.web.django import SessionMiddleware, SessionStore

    client = browser()
    client.get("/put?a=1")
    cookie = client.cookies["sessionid"].value
    login = SessionStore(cookie)

    def view(request: Any) -> HttpResponse:
        request.session["late"] = 1
        login.cycle_key()
        return HttpResponse()

    request = RequestFactory().get("/")
    request.COOKIES["sessionid"] = cookie
    assert cookie_of(SessionMiddleware(view)(request)) is None
    assert dict(SessionStore(login.session_key).items()) == {"a": "1", "late": 1}


def ignoring(pattern: str) -> Any:
    """Return a block in which requests to some paths are ignored, by a manager of its own."""
    from django.conf import settings
    from django.test import override_settings

    return override_settings(MEMCACHED_SESSIONS=settings.MEMCACHED_SESSIONS | {"request_uri_ignore_pattern": pattern})


def dropped() -> list[Any]:
    """Return where the events go that tell of changes that were dropped, from now on."""
    from memcached_sessions.manager import EventKind
    from memcached_sessions.manager.web.django import session_manager

    told: list[Any] = []
    session_manager().listen(lambda event: told.append(event) if event.kind is EventKind.DROPPED else None)
    return told


@pytest.mark.parametrize("asynchronous", ["", "/async"])
@in_django
def test_ignored_paths_see_what_the_process_has_and_keep_nothing(asynchronous: str) -> None:
    """By request_uri_ignore_pattern, as in the other adapters; that a change is dropped is told, once."""
    pattern, not_ignored = ("/async/.*", "") if asynchronous else ("/show|/put", "/async")
    with ignoring(pattern):
        client, told = browser(), dropped()
        client.get(f"{not_ignored}/put?a=1")
        response = client.get(f"{asynchronous}/show")
        assert json.loads(response.content) == {"a": "1"}
        assert "Cookie" in response.headers["Vary"]
        assert cookie_of(response) is None
        assert told == []
        assert cookie_of(client.get(f"{asynchronous}/put?a=2")) is None
        assert json.loads(client.get(f"{not_ignored}/show").content) == {"a": "1"}
        assert len(told) == 1


@in_django
def test_ignored_paths_ask_no_node_and_log_nobody_out() -> None:
    """A session that the process has not is empty there, and its cookie stays."""
    client = browser()
    client.get("/put?a=1")
    with ignoring("/act/.*|/async/.*|/plain"):
        again, told = same_visitor(client), dropped()
        for path, said in (("/plain", b"the same for all"), ("/async/show", b"{}"), ("/async/put?a=2", None)):
            response = again.get(path)
            assert said is None or response.content == said
            assert cookie_of(response) is None
        assert len(told) == 1
        stranger = browser()
        assert cookie_of(stranger.get("/async/put?a=2")) is None
        assert "sessionid" not in stranger.cookies
        assert len(told) == 2
        assert shown(again) == {"a": "1"}


@in_django
def test_a_new_key_and_the_end_hold_on_ignored_paths_too() -> None:
    """Whether the process has the session or not: the client has the new id, and a logout is one."""
    for at_hand in (False, True):
        client = browser()
        client.get("/put?a=1")
        with ignoring("/act/.*"):
            again = same_visitor(client)
            if at_hand:
                assert shown(again) == {"a": "1"}
            new = cookie_of(again.get("/act/cycle_key"))
            assert new
            assert shown(same_visitor(client)) == {}
            assert shown(again) == {"a": "1"}
            assert cookie_of(again.get("/act/flush")) is None
            again.cookies["sessionid"] = new
            assert shown(again) == {}


@in_django
def test_a_pattern_that_matches_the_root_ignores_nothing_else() -> None:
    """Of other paths the sessions are stored."""
    with ignoring("/|/plain"):
        client = browser()
        client.get("/put?a=1")
        assert shown(client) == {"a": "1"}


# Django's own middleware


@in_django
def test_sessions_work_with_the_middleware_of_django() -> None:
    """The cookie is the bare key then."""
    client = browser()
    with stock():
        client.get("/put?a=1")
        key = client.get("/put?b=2").content.decode()
        assert client.cookies["sessionid"].value == key
        assert shown(client) == {"a": "1", "b": "2"}
        client.get("/act/cycle_key")
        assert client.cookies["sessionid"].value not in (key, "")
        assert shown(client) == {"a": "1", "b": "2"}
        client.get("/act/flush")
        assert shown(client) == {}


@in_django
def test_changing_the_middleware_logs_nobody_out() -> None:
    """In either direction: both kinds of cookie are understood."""
    client = browser()
    client.get("/put?a=1")
    with stock():
        client = same_visitor(client)
        assert shown(client) == {"a": "1"}
        client.get("/put?a=2")
        assert len(client.cookies["sessionid"].value) == 32
    client = same_visitor(client)
    assert shown(client) == {"a": "2"}
    assert "-n1.app1" in client.cookies["sessionid"].value


@in_django
def test_the_middleware_goes_with_the_engine() -> None:
    """With another one it is refused at start."""
    from django.core.exceptions import ImproperlyConfigured
    from django.test import override_settings

    with (
        override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies"),
        pytest.raises(ImproperlyConfigured, match=r"goes with the engine .*signed_cookies"),
    ):
        browser().get("/show")
