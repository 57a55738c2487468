"""The first use of a serializer: everything that it imports and sets up is in the figure, and nothing of before."""

import pytest

from memcached_sessions.bench import startup
from memcached_sessions.bench.references import reference_infos
from memcached_sessions.bench.result import Startup
from memcached_sessions.bench.startup import startups
from memcached_sessions.serializers import SerializerInfo, available_serializers

PLUGIN = """
import sys, time
from memcached_sessions.serializers import Capabilities
{imported}

class Plugin:
    name = "{name}"
    capabilities = Capabilities()
    called = False
    def __init__(self, *, registry): {made}
    def dumps(self, value, /):
        if not Plugin.called:
            Plugin.called = True
            {first}
        import json
        return json.dumps(value).encode()
    def loads(self, data, /):
        import json
        return {loaded}
"""


def _installed(
    install, name: str, *, imported: str = "", made: str = "pass", first: str = "pass", loaded: str = "json.loads(data)"
) -> SerializerInfo:
    source = PLUGIN.format(name=name, imported=imported, made=made, first=first, loaded=loaded)
    install(f"plugin_{name}", source, f"[memcached_sessions.serializers]\n{name} = plugin_{name}:Plugin\n")
    return SerializerInfo(name, "theirs", "1", variants={name: {}})


def _startup(info: SerializerInfo, repeats: int = 1) -> Startup:
    (found,) = startups([info], repeats)
    return found


def test_import_construction_and_first_call_are_told_apart(install) -> None:
    slow = _installed(install, "slow", imported="time.sleep(0.2)", made="time.sleep(0.3)", first="time.sleep(0.4)")

    found = _startup(slow)

    assert found.detail == ""
    assert 0.5 < found.imported.median < 5
    assert 0.4 < found.first_dumps.median < 5
    assert 0 < found.first_loads.median < 0.2


def test_a_serializer_finds_nothing_of_ours_imported(install) -> None:
    """What it needs of the package, and the standard library's json, is imported while the clock runs."""
    refusing = "assert not {'json', 'memcached_sessions.bench', 'orjson', 'cbor2', 'msgpack'} & set(sys.modules)"

    assert _startup(_installed(install, "first", imported=refusing)).detail == ""


def test_the_installed_serializers_start_in_all_their_variants() -> None:
    infos = [available_serializers()[name] for name in ("compact", "json")]

    found = startups(infos, 2)

    assert [each.label for each in found] == [*infos[0].variants, "json"]
    for each in found:
        assert each.detail == ""
        assert 0.001 < each.imported.median < 30
        assert each.first_dumps.median > 0
        assert each.first_loads.median > 0


def test_references_and_broken_serializers_are_left_out() -> None:
    progress: list[tuple[int, int]] = []
    infos = [*reference_infos().values(), SerializerInfo("rotten", "theirs", "1", broken="it is")]
    infos.append(available_serializers()["json"])

    found = startups(infos, 2, progress=lambda done, of: progress.append((done, of)))

    assert [each.label for each in found] == ["json"]
    assert progress == [(1, 3), (2, 3), (3, 3)]  # one start is not counted


@pytest.mark.parametrize(
    ("imported", "detail"),
    [
        ("raise OSError('a library of the system is missing')", "a library of the system is missing"),
        ("import os; os._exit(7)", "ended with status 7"),
        ("print('[1, 2, 3]'); sys.exit('no')", "no"),
    ],
)
def test_a_serializer_that_cannot_start_says_why_and_the_others_go_on(install, imported: str, detail: str) -> None:
    json = available_serializers()["json"]  # asked for before: looking for plug-ins imports them
    failing = _installed(install, "failing", imported=imported)

    failed, started = startups([failing, json], 1)

    assert detail in failed.detail
    assert failed.imported.median == failed.first_dumps.median == failed.first_loads.median == 0
    assert started.detail == ""


def test_a_serializer_that_hangs_is_stopped(install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "_SECONDS", 1.0)

    assert "stopped after 1 s" in _startup(_installed(install, "hanging", first="time.sleep(3600)")).detail


@pytest.mark.parametrize(
    ("loaded", "detail"),
    [("{}", "the session came back changed: "), ("dict(json.loads(data), more=1)", "the session came back changed: ")],
)
def test_a_serializer_that_changes_the_session_has_no_figures(install, loaded: str, detail: str) -> None:
    found = _startup(_installed(install, "changing", loaded=loaded))

    assert detail in found.detail
    assert found.imported.median == found.first_loads.median == 0


def test_a_serializer_that_takes_too_much_memory_is_stopped_by_the_limit(
    install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(startup, "MEMORY", 256 << 20)

    found = _startup(_installed(install, "greedy", first="Plugin.kept = bytes(1 << 40)"))

    assert "MemoryError" in found.detail
