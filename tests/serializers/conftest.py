"""What the tests of compact run by."""

from importlib import import_module

import pytest


def _implementations() -> list[str]:
    """Return those that can be had in this environment."""
    try:
        import_module("memcached_sessions.serializers.compact._compact")
    except ImportError:
        return ["python"]
    return ["python", "portable", "compiled"]


@pytest.fixture(params=_implementations())
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The implementation of compact that does the work."""
    monkeypatch.setenv("MEMCACHED_SESSIONS_COMPACT", request.param)
    return request.param
