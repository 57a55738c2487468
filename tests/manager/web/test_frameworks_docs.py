"""What docs/flask.md and docs/django.md show is what happens."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from memcached_process import MemcachedProcess
from web.django_process import django_process, in_django

import memcached_sessions
from memcached_sessions.manager.errors import ManagerError
from memcached_sessions.manager.web.flask import MemcachedSessions

__all__ = ["django_process"]

DOCS = Path(memcached_sessions.__file__).parent / "docs"
NODES = "n1:127.0.0.1:11211 n2:127.0.0.1:11212"


def examples(page: str) -> list[str]:
    """Return the Python of a page."""
    return re.findall(r"^```python\n(.*?)^```$", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)


def test_the_flask_shop_counts_visits_and_logs_in_and_out(shared_memcached: MemcachedProcess) -> None:
    """With the route of the example, and another id after each."""
    shop, login, _ = examples("flask.md")
    names: dict[str, Any] = {"__name__": "shop"}
    exec(shop.replace(NODES, f"n1:127.0.0.1:{shared_memcached.port}") + login, names)  # noqa: S102 - of our own page
    app: Flask = names["app"]
    with app.extensions["memcached_sessions"]:
        client = app.test_client()
        assert [client.get("/").text for _ in range(2)] == ["visit 1", "visit 2"]
        first = client.get_cookie("session")
        assert client.post("/login", data={"name": "ann"}).text == "welcome"
        second = client.get_cookie("session")
        assert first
        assert second
        assert ".app1~" in second.value
        assert first.value[:32] != second.value[:32]
        assert client.get("/").text == "visit 3"
        assert client.post("/logout").text == "bye"
        assert client.get("/").text == "visit 1"


def test_the_flask_fixture_closes_the_manager(shared_memcached: MemcachedProcess) -> None:
    """Of the application that a factory has made for one test."""

    def create_app() -> Flask:
        app = Flask("shop")
        app.config["MEMCACHED_SESSIONS_NODES"] = f"n1:127.0.0.1:{shared_memcached.port}"
        MemcachedSessions(app)
        return app

    names: dict[str, Any] = {"create_app": create_app}
    fixture = examples("flask.md")[2].replace("@pytest.fixture\n", "")
    exec(fixture, names)  # noqa: S102 - of our own page
    given = names["app"]()
    manager = next(given).extensions["memcached_sessions"]
    manager.reconfigure(enabled=True)
    assert next(given, None) is None
    with pytest.raises(ManagerError, match="the manager is closed"):
        manager.reconfigure(enabled=True)


@in_django
def test_the_django_settings_serve() -> None:
    """And the checks have nothing to say; the manager is there."""
    from django.conf import settings
    from django.core.checks import run_checks
    from django.test import Client, override_settings

    configuration, use = examples("django.md")
    names: dict[str, Any] = {}
    nodes = settings.MEMCACHED_SESSIONS["nodes"]
    exec(configuration.replace(NODES, nodes), names)  # noqa: S102
    shown = {name: value for name, value in names.items() if name.isupper()}
    assert len(shown) == 4
    assert set(shown.pop("INSTALLED_APPS")) <= set(settings.INSTALLED_APPS)
    with override_settings(**shown):
        assert run_checks(tags=["sessions"]) == []
        client = Client()
        client.get("/put?cart=tea")
        assert client.get("/show").json() == {"cart": "tea"}
        assert ".app1~" in client.cookies["sessionid"].value
        exec(use, names)  # noqa: S102
        assert names["session_manager"]().health().unbacked == 0
