"""Looking for plug-ins: cheap after the first time, and never behind what was installed meanwhile."""

import sys
from pathlib import Path
from typing import Any

import pytest
from laid_distribution import lay_distribution

from memcached_sessions.serializers import PluginError, available_serializers, get_serializer


def install(folder: Path, name: str) -> None:
    """Put a distribution into a folder that offers json under another name."""
    factory = "memcached_sessions.serializers.formats.json:JsonSerializer"
    lay_distribution(folder, name, f"[memcached_sessions.serializers]\n{name} = {factory}\n")


def test_a_serializer_that_was_installed_a_moment_ago_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PluginError, match=r"no memcached_sessions\.serializers plug-in is called 'json9'"):
        get_serializer("json9")
    install(tmp_path, "json9")
    assert get_serializer("json9").dumps([1]) == b"[1]"
    assert "json9" in available_serializers()


def test_another_path_has_other_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "json9")
    with monkeypatch.context() as context:
        context.setattr(sys, "path", [str(tmp_path), *sys.path])
        assert get_serializer("json9").dumps([1]) == b"[1]"
    with pytest.raises(PluginError):
        get_serializer("json9")


def test_a_known_serializer_is_found_without_a_look_at_any_file(monkeypatch: pytest.MonkeyPatch) -> None:
    get_serializer("json")

    def looked(**_: Any) -> Any:
        raise AssertionError("it looked for distributions")

    monkeypatch.setattr("memcached_sessions.serializers.plugins.entry_points", looked)
    assert get_serializer("json").dumps([1]) == b"[1]"
