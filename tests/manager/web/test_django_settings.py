"""Django's settings for the sessions: what is taken from where, and what the checks say."""

from typing import Any

import pytest
from web.django_process import django_process, in_django
from web.django_project import ENGINE, MIDDLEWARE, STOCK_MIDDLEWARE

__all__ = ["django_process"]


def override(**settings: Any) -> Any:
    """Return a block with other settings of Django; those in ``sessions`` are added to ``MEMCACHED_SESSIONS``."""
    from django.conf import settings as present
    from django.test import override_settings

    sessions = present.MEMCACHED_SESSIONS | settings.pop("sessions", {})
    return override_settings(**({"MEMCACHED_SESSIONS": sessions} | settings))


def manager_settings() -> Any:
    """Return the settings of the manager that serves now."""
    from memcached_sessions.manager.web.django import session_manager

    return session_manager().settings


def messages() -> list[str]:
    """Return what the checks say: ids."""
    from django.core.checks import run_checks

    return [message.id for message in run_checks(tags=["sessions"])]


def saved(**attributes: Any) -> str:
    """Return the key of a new session."""
    from memcached_sessions.manager.web.django import SessionStore

    store = SessionStore()
    store.update(attributes)
    store.save()
    return store.session_key


def held(key: str) -> dict[str, Any]:
    """Return what a session holds."""
    from memcached_sessions.manager.web.django import SessionStore

    return dict(SessionStore(key).items())


@in_django
def test_there_is_one_manager_in_a_process() -> None:
    """Made when it is first asked for, and again when a test overrides its settings."""
    from memcached_sessions.manager.web.django import session_manager

    first = session_manager()
    assert session_manager() is first
    with override(sessions={"route": "app9"}):
        assert session_manager() is not first
        assert manager_settings().route == "app9"
    assert manager_settings().route == "app1"


@in_django
def test_the_handler_makes_the_manager() -> None:
    """Before the first request, so before the fork of a server that loads the application first."""
    from django.core.handlers.wsgi import WSGIHandler

    from memcached_sessions.manager.errors import ConfigurationError

    with override(sessions={"copies": 0}):
        with pytest.raises(ConfigurationError):
            WSGIHandler()
        with override(MIDDLEWARE=[STOCK_MIDDLEWARE]):
            WSGIHandler()  # makes none: what is wrong would be found by the first look at a session


@in_django
def test_lifetimes_are_those_of_django() -> None:
    """Line T10: unless MEMCACHED_SESSIONS has its own, which shorten them."""
    from memcached_sessions.manager.web.django import SessionStore, session_manager

    assert manager_settings().max_inactive_interval == 1_209_600
    with override(SESSION_COOKIE_AGE=60):
        assert manager_settings().max_inactive_interval == 60
    with override(sessions={"max_inactive_interval": 900, "absolute_timeout": 7200}):
        store = SessionStore(saved(a=1))
        with session_manager().request(store.session_key) as session:
            assert session.max_inactive_interval == 900
            assert session.absolute_timeout == 7200
        store.set_expiry(60)
        store.save()
        with session_manager().request(store.session_key) as session:
            assert session.max_inactive_interval == 60
            assert 60 <= (session.absolute_timeout or 0) <= 62


@in_django
def test_the_secret_key_signs() -> None:
    """Lines S5, T14, T16: and its fallbacks are accepted."""
    from django.conf import settings

    key, old, new = saved(a=1), settings.SECRET_KEY, "another secret of the tests"
    with override(SECRET_KEY=new, SECRET_KEY_FALLBACKS=[old]):
        assert held(key) == {"a": 1}
        key = saved(b=1)
    with override(SECRET_KEY=new):
        assert held(key) == {"b": 1}
    with override(SECRET_KEY=new[::-1]):
        assert held(key) == {}
    with override(sessions={"signing_keys": ["sixteen bytes or more"]}):
        assert manager_settings().mac_keys == (b"sixteen bytes or more",)


@in_django
def test_pickle_is_off_unless_it_is_chosen() -> None:
    """Lines S6, T13: SESSION_SERIALIZER does not choose it, and what it has written is not read without it."""
    assert "pickle" not in manager_settings().accepted_serializers
    with override(SESSION_SERIALIZER="django.core.serializers.base.PickleSerializer"):
        assert manager_settings().accepted_serializers[0] == "compact"
    with override(sessions={"serializer": "pickle"}):
        key = saved(a=1)
        assert held(key) == {"a": 1}
    assert held(key) == {}


@pytest.mark.parametrize("serializer", ["compact", "json", "msgpack", "cbor", "pickle"])
@in_django
def test_the_serializer_of_the_sessions_decides(serializer: str) -> None:
    """Whatever SESSION_SERIALIZER says."""
    from django.utils.safestring import SafeString, mark_safe

    with override(sessions={"serializer": serializer}):
        values = {"cart": [("tea", 2)], "text": mark_safe("<b>"), "raw": b"\xff"}
        found = held(saved(**values))
        assert found == values
        assert type(found["text"]) is SafeString
        assert type(found["cart"][0]) is tuple


@in_django
def test_changing_the_serializer_logs_nobody_out() -> None:
    """The safe ones read what each other has written."""
    with override(sessions={"serializer": "json"}):
        key = saved(a=1)
    assert held(key) == {"a": 1}


# Checks


@in_django
def test_the_checks_have_nothing_to_say_about_the_project() -> None:
    """Nor about one with another engine."""
    assert messages() == []
    with override(SESSION_ENGINE="django.contrib.sessions.backends.db", MEMCACHED_SESSIONS=None):
        assert messages() == []


@in_django
def test_a_check_warns_of_a_session_serializer_that_does_nothing() -> None:
    """With what decides."""
    from django.core.checks import run_checks

    with override(SESSION_SERIALIZER="shop.PickleSerializer"):
        (warning,) = run_checks(tags=["sessions"])
    assert warning.id == "memcached_sessions.W001"
    assert "'shop.PickleSerializer'" in warning.msg
    assert "'compact'" in warning.msg
    assert 'MEMCACHED_SESSIONS["serializer"]' in warning.hint


@in_django
def test_a_check_warns_of_a_route_that_gets_into_no_cookie() -> None:
    """With the middleware of Django."""
    with override(MIDDLEWARE=[STOCK_MIDDLEWARE]):
        assert messages() == ["memcached_sessions.W002"]
    with override(MIDDLEWARE=[STOCK_MIDDLEWARE], sessions={"route": None}):
        assert messages() == []
    with override(MIDDLEWARE=[MIDDLEWARE]):
        assert messages() == []


@in_django
def test_a_check_warns_of_a_pattern_that_ignores_nothing() -> None:
    """With the middleware of Django, which asks for no path."""
    ignoring = {"route": None, "request_uri_ignore_pattern": "/static/.*"}
    with override(MIDDLEWARE=[STOCK_MIDDLEWARE], sessions=ignoring):
        assert messages() == ["memcached_sessions.W003"]
    with override(MIDDLEWARE=[MIDDLEWARE], sessions=ignoring):
        assert messages() == []


@pytest.mark.parametrize(
    ("sessions", "message"),
    [
        ({"copies": 0}, 'MEMCACHED_SESSIONS["copies"]: copies cannot be 0; allowed: 1'),
        ({"rout": "a"}, 'MEMCACHED_SESSIONS["rout"]'),
        ({"nodes": "?"}, 'MEMCACHED_SESSIONS["nodes"]: memcached_nodes cannot be'),
        ({"memcached_nodes": "h:1"}, 'MEMCACHED_SESSIONS["nodes"] and MEMCACHED_SESSIONS["memcached_nodes"]'),
        ({"cookie_name": "x"}, "set SESSION_COOKIE_NAME instead"),
    ],
)
@in_django
def test_wrong_settings_are_refused_at_start(sessions: dict[str, Any], message: str) -> None:
    """By the checks, and by the middleware, with the key and what is allowed."""
    from django.core.checks import run_checks
    from django.test import Client

    from memcached_sessions.manager.errors import ConfigurationError

    with override(sessions=sessions):
        (error,) = run_checks(tags=["sessions"])
        assert error.id == "memcached_sessions.E001"
        assert message in error.msg
        with pytest.raises(ConfigurationError):
            Client().get("/show")


@pytest.mark.parametrize("value", [None, {}, "h:1"])
@in_django
def test_nodes_are_needed(value: Any) -> None:
    """There is no default that would do."""
    with override(MEMCACHED_SESSIONS=value):
        assert messages() == ["memcached_sessions.E001"]


@in_django
def test_manage_py_check_includes_them() -> None:
    """With the engine in INSTALLED_APPS, which has a name of its own there."""
    from io import StringIO

    from django.apps import apps
    from django.core.management import call_command

    assert apps.get_app_config("memcached_sessions").name == ENGINE
    with override(SESSION_SERIALIZER="shop.PickleSerializer"):
        told = StringIO()
        call_command("check", stderr=told)
    assert "memcached_sessions.W001" in told.getvalue()
