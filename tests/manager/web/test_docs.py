"""What docs/wsgi-asgi.md shows is what happens."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from memcached_process import MemcachedProcess
from web.exchanges import Visitor

import memcached_sessions
from memcached_sessions import SessionManager
from memcached_sessions.manager.web import asgi, own_manager, wsgi

PAGE = (Path(memcached_sessions.__file__).parent / "docs" / "wsgi-asgi.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def managers_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Those that the middleware of an example has made; a server ends them with its lifespan, or its process."""
    made: list[SessionManager] = []

    def noted(*arguments: Any) -> SessionManager:
        made.append(own_manager.given_or_made(*arguments))
        return made[-1]

    for adapter in (asgi, wsgi):
        monkeypatch.setattr(adapter, "given_or_made", noted)
    yield
    for manager in made:
        manager.close()


def run(example: str, memcached: MemcachedProcess, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run an example with a node that is there, and return its names."""
    node = f"127.0.0.1:{memcached.port}"
    monkeypatch.setenv("MEMCACHED_SESSIONS_MEMCACHED_NODES", node)
    names: dict[str, Any] = {}
    exec(example.replace("n1:127.0.0.1:11211 n2:127.0.0.1:11212", node), names)  # noqa: S102 - of our own page
    return names


def test_there_are_examples() -> None:
    """One for WSGI, one for Starlette, one for FastAPI, and one with a manager."""
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize("example", EXAMPLES[:3])
def test_the_shops_count_visits(
    example: str, shared_memcached: MemcachedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in its way, and with the route of the example."""
    app = run(example, shared_memcached, monkeypatch)["app"]
    visitor = Visitor(app)

    assert [visitor.ask().body.strip(b'"') for _ in range(2)] == [b"visit 1", b"visit 2"]
    assert ".app1~" in str(visitor.cookie)


def test_the_fastapi_shop_logs_in_and_out(shared_memcached: MemcachedProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """By coroutines of the session."""
    visitor = Visitor(run(EXAMPLES[2], shared_memcached, monkeypatch)["app"])
    visitor.ask()
    before = visitor.sid
    visitor.ask("/login", method="POST")
    after = visitor.sid
    visitor.ask("/logout", method="POST")

    assert after != before
    assert visitor.cookie is None


def test_the_manager_of_the_environment_is_used(
    shared_memcached: MemcachedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the node that the environment names."""
    names = run(EXAMPLES[3], shared_memcached, monkeypatch)
    with names["manager"] as manager:
        assert Visitor(names["app"]).ask().body == b"0 sessions"
        assert str(shared_memcached.port) in manager.settings.memcached_nodes
