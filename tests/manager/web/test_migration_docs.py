"""What docs/migration.md shows brings a visitor's old session over, once, and keeps him logged in."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, session
from memcached_process import MemcachedProcess
from web.django_process import django_process, in_django
from web.exchanges import Visitor, ask_wsgi

import memcached_sessions
from memcached_sessions.manager.cookie_header import cookie_value

__all__ = ["django_process"]

DOCS = Path(memcached_sessions.__file__).parent / "docs"
NODES = "n1:127.0.0.1:11211 n2:127.0.0.1:11212"
DJANGO_SETTINGS = {
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    "SESSION_COOKIE_NAME": "sid",
}


class Unkept:
    """What no serializer keeps."""


def example(first_line: str) -> str:
    """Return the Python of the page that begins with a line."""
    blocks = re.findall(r"^```python\n(.*?)^```$", (DOCS / "migration.md").read_text(), re.DOTALL | re.MULTILINE)
    (block,) = (block for block in blocks if block.startswith(f"# {first_line}\n"))
    return block


@pytest.fixture
def keeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The module that all examples import; return its folder."""
    (tmp_path / "keeping.py").write_text(example("keeping.py"))
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    import sys

    sys.modules.pop("keeping", None)


def test_what_cannot_be_kept_is_left_behind_by_name(caplog: pytest.LogCaptureFixture) -> None:
    """And nothing else."""
    names: dict[str, Any] = {"__name__": "keeping"}
    exec(example("keeping.py"), names)  # noqa: S102 - of our own page

    kept = names["what_can_be_kept"]({"user": 7, "widget": Unkept(), 3: "no name", "seats": (1, 2)})

    assert kept == {"user": 7, "seats": (1, 2)}
    assert "widget" in caplog.text


@pytest.fixture
def from_flask_session(keeping: Path, shared_memcached: MemcachedProcess) -> Iterator[tuple[dict[str, Any], str]]:
    """The names of the page's Flask application, and the cookie of an old session."""
    from cachelib import FileSystemCache
    from flask_session import Session as OldSessions

    cache = FileSystemCache(str(keeping / "sessions"))
    configuration = {"SECRET_KEY": "secret of the tests", "SESSION_TYPE": "cachelib", "SESSION_CACHELIB": cache}
    old_app = Flask("shop")
    old_app.config.update(configuration)
    OldSessions(old_app)

    @old_app.get("/login")
    def login() -> str:
        session.update(user=7, seats=(3, 4))
        return "welcome"

    old_client = old_app.test_client()
    old_client.get("/login")
    old_cookie = old_client.get_cookie("session")
    assert old_cookie

    found = configuration | {"MEMCACHED_SESSIONS_NODES": f"127.0.0.1:{shared_memcached.port}"}
    names: dict[str, Any] = {"__name__": "shop", "configuration": found}
    code, line = example("shop.py"), "app.config.from_prefixed_env()"
    assert line in code
    exec(code.replace(line, "app.config.update(configuration)"), names)  # noqa: S102 - of our own page
    app: Flask = names["app"]

    @app.get("/show")
    def show() -> dict[str, Any]:
        return {name: value for name, value in session.items() if name != "_permanent"}

    @app.get("/fail")
    def fail() -> str:
        raise RuntimeError("the view fails")

    @app.get("/unkept")
    def unkept() -> str:
        session["widget"] = Unkept()
        return "cannot be stored"

    with app.extensions["memcached_sessions"]:
        yield names, old_cookie.value


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_session_of_flask_session_is_brought_over(from_flask_session: tuple[dict[str, Any], str]) -> None:
    """The old cookie is deleted, and the old session has a minute left, however often it is brought over."""
    names, old_cookie = from_flask_session
    app: Flask = names["app"]
    client, twin = app.test_client(), app.test_client()
    for browser in (client, twin):
        browser.set_cookie("session", old_cookie)
    assert client.get("/show").json == {"user": 7, "seats": [3, 4]}
    assert client.get_cookie("session") is None
    assert client.get("/show").json == {"user": 7, "seats": [3, 4]}
    assert twin.get("/show").json == {"user": 7, "seats": [3, 4]}  # sent together with the first one
    now = names["time"]()
    names["time"] = lambda: now + 59
    again = app.test_client()
    again.set_cookie("session", old_cookie)
    assert again.get("/show").json == {"user": 7, "seats": [3, 4]}
    names["time"] = lambda: now + 61
    late = app.test_client()
    late.set_cookie("session", old_cookie)
    assert late.get("/show").json == {}
    stranger = app.test_client()
    stranger.set_cookie("session", "../../etc/passwd")
    assert stranger.get("/show").json == {}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("trouble", ["old store away", "/fail", "/unkept"])
def test_a_first_request_to_flask_that_fails_logs_nobody_out(
    trouble: str, from_flask_session: tuple[dict[str, Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails; and the old id, once its session is brought over, still lives a minute."""
    names, old_cookie = from_flask_session
    app: Flask = names["app"]

    def away(key: str) -> Any:
        raise ConnectionError(key)

    client, late = app.test_client(), app.test_client()
    for browser in (client, late):
        browser.set_cookie("session", old_cookie)
    with monkeypatch.context() as patches:
        if trouble == "old store away":
            patches.setattr(names["old"], "_retrieve_session_data", away)
        assert client.get(trouble if trouble.startswith("/") else "/show").status_code == 500
    assert client.get("/show").json == {"user": 7, "seats": [3, 4]}
    assert client.get_cookie("session") is None
    now = names["time"]()
    names["time"] = lambda: now + 61
    assert client.get("/show").json == {"user": 7, "seats": [3, 4]}
    assert late.get("/show").json == {}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_old_store_that_is_away_logs_nobody_out_of_flask_by_a_handled_error(
    from_flask_session: tuple[dict[str, Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application may answer an error with a page of status 200."""
    names, old_cookie = from_flask_session
    app: Flask = names["app"]

    @app.errorhandler(ConnectionError)
    def sorry(error: ConnectionError) -> str:
        return f"sorry, {error}"

    def away(key: str) -> Any:
        raise ConnectionError(key)

    client = app.test_client()
    client.set_cookie("session", old_cookie)
    with monkeypatch.context() as patches:
        patches.setattr(names["old"], "_retrieve_session_data", away)
        assert client.get("/show").text.startswith("sorry")
    assert client.get("/show").json == {"user": 7, "seats": [3, 4]}


@in_django
def test_a_session_of_djangos_cache_engine_is_brought_over(keeping: Path) -> None:
    """The login goes on, the old cookie is deleted, and the old session has a minute left, however often it comes."""
    import sys

    from django.conf import settings
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.cache import SessionStore as OldStore
    from django.test import Client, override_settings

    sys.path.insert(0, str(keeping))
    (keeping / "bringing.py").write_text(example("bringing.py"))
    names: dict[str, Any] = {}
    exec(example("settings.py"), names)  # noqa: S102 - of our own page
    assert names["SESSION_COOKIE_NAME"] == settings.SESSION_COOKIE_NAME
    assert settings.MIDDLEWARE[0] == names["MIDDLEWARE"][0]
    user = User.objects.create_user("ann", password="of the tests")  # noqa: S106
    old = OldStore()
    login = {
        "_auth_user_id": str(user.pk),
        "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
        "_auth_user_hash": user.get_session_auth_hash(),
    }
    old.update({**login, "cart": "tea"})
    old.save()
    with override_settings(MIDDLEWARE=[*names["MIDDLEWARE"], *settings.MIDDLEWARE[1:]]):
        client = Client()
        client.cookies["sessionid"] = str(old.session_key)
        first = client.get("/show")
        assert first.json() == {**login, "cart": "tea"}
        assert first.wsgi_request.user == user
        assert client.cookies["sessionid"]["max-age"] == 0
        assert client.get("/show").json() == {**login, "cart": "tea"}
        import bringing

        now = bringing.time()
        for seconds, user_id in ((59, str(user.pk)), (61, None)):
            bringing.time = partial(float, now + seconds)
            late = Client()
            late.cookies["sessionid"] = str(old.session_key)
            assert late.get("/show").json().get("_auth_user_id") == user_id
        stranger = Client()
        stranger.cookies["sessionid"] = "no key\x7f"
        assert stranger.get("/show").json() == {}


@in_django
@pytest.mark.parametrize("first", ["/fail", "/put?status=503", "old store away"])
def test_a_first_request_to_django_that_fails_logs_nobody_out(first: str, keeping: Path) -> None:
    """However long it fails: what the request has brought over is not stored, so the old session stays as it was."""
    import sys
    from unittest import mock

    from django.conf import settings
    from django.contrib.sessions.backends.cache import SessionStore as OldStore
    from django.test import Client, override_settings

    sys.path.insert(0, str(keeping))
    sys.modules.pop("bringing", None)
    (keeping / "bringing.py").write_text(example("bringing.py"))
    import bringing

    old = OldStore()
    old["cart"] = "tea"
    old.save()
    now = bringing.time()
    with override_settings(MIDDLEWARE=[settings.MIDDLEWARE[0], "bringing.BringOldSession", *settings.MIDDLEWARE[1:]]):
        client, late = Client(raise_request_exception=False), Client()
        for browser in (client, late):
            browser.cookies["sessionid"] = str(old.session_key)
        if first == "old store away":
            with mock.patch.object(bringing, "caches", {}):
                assert client.get("/show").status_code == 500
        else:
            assert client.get(first).status_code >= 500
        bringing.time = partial(float, now + 61)
        assert client.cookies["sessionid"].value == old.session_key
        assert client.get("/show").json() == {"cart": "tea"}
        assert client.cookies["sessionid"]["max-age"] == 0
        bringing.time = partial(float, now + 130)
        assert client.get("/show").json() == {"cart": "tea"}
        assert late.get("/show").json() == {}


@pytest.fixture(params=["file", "cookie"])
def kind(request: pytest.FixtureRequest) -> str:
    """Where Beaker keeps its sessions."""
    return str(request.param)


@pytest.fixture
def from_beaker(kind: str, keeping: Path, shared_memcached: MemcachedProcess) -> Iterator[tuple[dict[str, Any], str]]:
    """The names of the page's WSGI application, and the cookie of an old session."""
    from beaker.middleware import SessionMiddleware as OldSessions

    settings = {"session.type": kind, "session.data_dir": str(keeping / "old"), "session.timeout": 1800}
    if kind == "cookie":
        settings |= {"session.validate_key": "of the tests", "session.secret": "of the tests"}

    def old_shop(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["beaker.session"]["visits"] = 6
        environ["beaker.session"].save()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"visit 6"]

    (said,) = ask_wsgi(OldSessions(old_shop, settings)).all("Set-Cookie")
    old_cookie = f"beaker.session.id={cookie_value(said, 'beaker.session.id')}"
    code = example("shop_wsgi.py").replace(NODES, f"n1:127.0.0.1:{shared_memcached.port}")
    code = re.sub(r"^OLD_SETTINGS = .*$", "", code, flags=re.MULTILINE)
    names: dict[str, Any] = {"__name__": "shop", "OLD_SETTINGS": settings}
    exec(code, names)  # noqa: S102 - of our own page
    with names["app"].manager:
        yield names, old_cookie


@pytest.mark.filterwarnings("ignore:Invalidating corrupt session")  # of Beaker, for an id that was made up
def test_a_session_of_beaker_is_brought_over(kind: str, from_beaker: tuple[dict[str, Any], str]) -> None:
    """Also by a request beside the first one; a minute later only one that has no store is."""
    names, old_cookie = from_beaker
    visitor = Visitor(names["app"], other_cookies=old_cookie)
    first = visitor.ask()
    visitor.other_cookies = ""
    twin = Visitor(names["app"], other_cookies=old_cookie)
    assert first.body == twin.ask().body == b"visit 7"
    assert any(value.startswith("beaker.session.id=; Max-Age=0") for value in first.all("Set-Cookie"))
    assert visitor.ask().body == b"visit 8"
    later = names["time"]() + 61
    names["time"] = lambda: later
    late = Visitor(names["app"], other_cookies=old_cookie)
    assert late.ask().body == (b"visit 7" if kind == "cookie" else b"visit 1")
    made_up = Visitor(names["app"], other_cookies=f"beaker.session.id={'0' * 32}")
    assert made_up.ask().body == b"visit 1"


@pytest.mark.parametrize("trouble", ["raises", "starts and raises", "answers 500", "old store away"])
def test_a_first_request_beside_beaker_that_fails_logs_nobody_out(
    trouble: str, from_beaker: tuple[dict[str, Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the application raises, the old session stays as it was; a 500 that it answers brings the new one."""
    names, old_cookie = from_beaker
    bringing = names["app"].app
    shop = bringing.app

    def failing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        assert "beaker.session" in environ
        if trouble != "raises":
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
        if trouble != "answers 500":
            raise RuntimeError("the application fails")
        return [b"sorry"]

    def away(environ: dict[str, Any], **options: Any) -> Any:
        raise RuntimeError(f"the old store is away: {options}, {environ}")

    visitor = Visitor(names["app"], other_cookies=old_cookie)
    with monkeypatch.context() as patches:
        if trouble == "old store away":
            patches.setitem(names, "SessionObject", away)
        else:
            patches.setattr(bringing, "app", failing)
        if trouble == "answers 500":
            answer = visitor.ask()
            assert answer.status == 500
            assert visitor.cookie
            assert any(value.startswith("beaker.session.id=; Max-Age=0") for value in answer.all("Set-Cookie"))
            visitor.other_cookies = ""
        else:
            with pytest.raises(RuntimeError):
                visitor.ask()
    assert bringing.app is shop
    if trouble == "raises":
        later = names["time"]() + 61
        names["time"] = lambda: later
    assert visitor.ask().body == b"visit 7"
