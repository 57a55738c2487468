"""The implementations of compact agree: on the bytes, on what they read, on what they refuse and in which words."""

import json
import subprocess
import sys
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings

from memcached_sessions.serializers import DeserializationError, SerializationError, get_serializer
from memcached_sessions.serializers.compact import reader, writer
from memcached_sessions.serializers.damaged import mutations
from memcached_sessions.serializers.fidelity import difference
from memcached_sessions.serializers.testing.hostile import valid_payloads
from memcached_sessions.serializers.testing.sample_classes import sample_registry
from memcached_sessions.serializers.testing.samples import CYCLIC_TREE, SAMPLES
from memcached_sessions.serializers.testing.strategies import graphs, values

NAME = "memcached_sessions.serializers.compact._compact"
compiled: Any = pytest.importorskip(NAME, reason="the compiled module of compact was not built here")

MODES = ["python", "portable", "compiled"]
REGISTRY = sample_registry()
MAX_SIZE = 4 * 1024 * 1024
CAPABILITIES = get_serializer("compact").capabilities
_PROPERTY = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def dumps(mode: str, value: object) -> bytes:
    """Write by one implementation, without the serializer around it."""
    if mode == "python":
        return writer.dumps(value, REGISTRY, MAX_SIZE)
    return compiled.dumps(value, REGISTRY, MAX_SIZE, portable=mode == "portable")


def loads(mode: str, data: bytes) -> Any:
    """Read by one implementation."""
    if mode == "python":
        return reader.loads(data, REGISTRY, MAX_SIZE)
    return compiled.loads(data, REGISTRY, MAX_SIZE, portable=mode == "portable")


def outcome(mode: str, data: bytes) -> str:
    """Return what reading comes to, in words: the bytes of the value, or the error without its cause."""
    try:
        value = loads(mode, data)
    except Exception as error:  # noqa: BLE001 - which one it is must be the same
        return f"{type(error).__name__}: {error}"
    try:
        return dumps("python", value).hex()
    except SerializationError as error:
        return f"written again: {error}"


@pytest.mark.parametrize("sample", [*SAMPLES, CYCLIC_TREE], ids=str)
def test_each_sample_has_the_same_bytes_or_refusal(sample: Any) -> None:
    def written(mode: str) -> str:
        try:
            return dumps(mode, sample.make()).hex()
        except Exception as error:  # noqa: BLE001 - which one it is must be the same
            return f"{type(error).__name__}: {error}"

    assert len({written(mode) for mode in MODES}) == 1, [written(mode) for mode in MODES]


@pytest.mark.parametrize(("one", "other"), list(permutations(MODES, 2)))
def test_random_values_cross_over(one: str, other: str) -> None:
    @_PROPERTY
    @given(values(CAPABILITIES))
    def check(value: object) -> None:
        payload = dumps(one, value)
        assert payload == dumps(other, value)
        changed = difference(value, loads(other, payload), identity=True)
        assert changed is None, str(changed)

    check()


@pytest.mark.parametrize("other", MODES[1:])
def test_random_graphs_cross_over(other: str) -> None:
    @_PROPERTY
    @given(graphs())
    def check(objects: list[Any]) -> None:
        payload = writer.dumps(objects, REGISTRY, MAX_SIZE)
        assert dumps(other, objects) == payload
        for loaded in (loads(other, payload), loads("python", payload)):
            changed = difference(objects, loaded, identity=True)
            assert changed is None, str(changed)
            assert dumps(other, loaded) == payload

    check()


@pytest.mark.parametrize("other", MODES[1:])
def test_damaged_payloads_come_to_the_same(other: str, pytestconfig: pytest.Config) -> None:
    payloads = valid_payloads(get_serializer("compact", sample_registry()))
    for data in mutations(payloads, pytestconfig.getoption("mutations") // 10):
        assert outcome(other, data) == outcome("python", data), data.hex()


@pytest.mark.parametrize("mode", MODES)
def test_the_environment_chooses(mode: str) -> None:
    """In a process of its own, as users set it."""
    code = (
        "import json\n"
        "from memcached_sessions.serializers import available_serializers, get_serializer\n"
        "serializer = get_serializer('compact')\n"
        "name = available_serializers()['compact'].implementation\n"
        "print(json.dumps([name, serializer.loads(serializer.dumps([1]))]))"
    )
    environment = {"MEMCACHED_SESSIONS_COMPACT": mode}
    output = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True).stdout
    assert json.loads(output) == [mode, [1]]


def test_both_refuse_with_the_same_path() -> None:
    for mode in MODES:
        serializer = get_serializer("compact", REGISTRY, implementation=mode)
        with pytest.raises(SerializationError, match="Thing is not registered") as caught:
            serializer.dumps({"a": [1, type("Thing", (), {})()]})
        assert caught.value.path == "a[1]"
        with pytest.raises(DeserializationError, match="not a compact payload: it ends before its values do"):
            serializer.loads(b"\x01\xae\x05")
