"""What Flask and Django answer with sessions of ours is WSGI by the letter: the validator of wsgiref says so."""

import pytest
from flask import Flask
from memcached_process import MemcachedProcess
from web.django_process import django_process, in_django
from web.exchanges import Answer, ask_wsgi
from web.flask_shop import new_shop

from memcached_sessions.manager.web.flask import EXTENSION

__all__ = ["django_process"]


def set_cookie(answer: Answer) -> str:
    """Return the only header of a response that sets a cookie."""
    (line,) = answer.all("Set-Cookie")
    return line.strip()


def cookie_of(answer: Answer) -> str:
    """Return the ``Cookie`` header of a visitor after a response."""
    return set_cookie(answer).partition(";")[0]


@pytest.fixture
def shop(shared_memcached: MemcachedProcess) -> Flask:
    """An application of Flask."""
    return new_shop(f"n1:127.0.0.1:{shared_memcached.port}")


def test_flask_passes_the_validator(shop: Flask) -> None:
    """A session that begins, a look at it, a stream that changes it, a rotation, an end."""
    with shop.extensions[EXTENSION]:
        header = cookie_of(ask_wsgi(shop, "/tell"))
        shown = ask_wsgi(shop, "/show", header=header)
        headless = ask_wsgi(shop, "/show", header=header, method="HEAD")
        streamed = ask_wsgi(shop, "/stream", header=header)
        rotated = cookie_of(ask_wsgi(shop, "/rotate", header=header))
        cleared = ask_wsgi(shop, "/clear", header=rotated)

    assert header.startswith("session=")
    assert b"bought" in shown.body
    assert (headless.status, headless.body, streamed.body) == (200, b"", b"012")
    assert rotated[:40] != header[:40]
    assert "Max-Age=0" in set_cookie(cleared)


@in_django
def test_django_passes_the_validator() -> None:
    """A session that begins, a look at it, a new key, an end."""
    from django.core.wsgi import get_wsgi_application

    site = get_wsgi_application()
    header = cookie_of(ask_wsgi(site, "/act/create"))
    shown = ask_wsgi(site, "/show", header=header)
    headless = ask_wsgi(site, "/show", header=header, method="HEAD")
    rotated = cookie_of(ask_wsgi(site, "/act/cycle_key", header=header))
    ended = ask_wsgi(site, "/act/flush", header=rotated)

    assert header.startswith("sessionid=")
    assert (shown.status, shown.body, headless.status) == (200, b"{}", 200)
    assert rotated[:42] != header[:42]
    assert "Max-Age=0" in set_cookie(ended)
