"""The compiled module is there where it can be, and says what it is."""

import copy
import inspect
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from memcached_sessions.serializers import (
    ConverterRegistry,
    SerializationError,
    available_serializers,
    get_serializer,
)
from memcached_sessions.serializers.compact.calls import PythonCalls
from memcached_sessions.serializers.compact.serializer import CompactSerializer

CHOICE = "MEMCACHED_SESSIONS_COMPACT"
compiler = pytest.mark.skipif(
    not (os.environ.get("CC") or shutil.which("cc")), reason="no C compiler here: compact runs in Python"
)


@compiler
def test_the_compiled_module_is_active_where_a_compiler_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that failed without a word would make every figure wrong."""
    monkeypatch.delenv(CHOICE, raising=False)
    layouts_are_known = sys.version_info < (3, 14)
    expected = "compiled" if layouts_are_known else "portable"

    assert available_serializers()["compact"].implementation == expected


@compiler
@pytest.mark.parametrize("implementation", ["portable", "python"])
def test_the_environment_chooses_another_implementation(implementation: str) -> None:
    """In a process of its own, as users set it."""
    code = "from memcached_sessions.serializers import get_serializer; print(get_serializer('compact').implementation)"
    environment = os.environ | {CHOICE: implementation}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == implementation


def test_an_unknown_implementation_is_refused() -> None:
    """A misspelt name must not run the slow one."""
    with pytest.raises(ValueError, match="compact has no implementation 'fast'"):
        get_serializer("compact", implementation="fast")


def test_python_is_always_there() -> None:
    """It is the specification."""
    assert CompactSerializer(implementation="python").implementation == "python"


def test_the_environment_chooses_the_implementation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHOICE, "python")
    assert available_serializers()["compact"].implementation == "python"
    monkeypatch.setenv(CHOICE, "rust")
    with pytest.raises(ValueError, match="compact has no implementation 'rust'"):
        get_serializer("compact")


def test_without_the_compiled_module_python_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "memcached_sessions.serializers.compact._compact", None)
    monkeypatch.delenv(CHOICE, raising=False)
    assert CompactSerializer().implementation == "python"
    with pytest.raises(ValueError, match="the compiled module was not built here"):
        CompactSerializer(implementation="portable")
    assert CompactSerializer(implementation="python").implementation == "python"


def test_the_compiled_calls_say_what_they_do_as_those_in_python() -> None:
    """Whichever class the serializer inherits, its help is the same."""
    calls = pytest.importorskip("memcached_sessions.serializers.compact._compact").Calls

    for name in ("dumps", "loads"):
        assert inspect.getdoc(getattr(calls, name)) == inspect.getdoc(getattr(PythonCalls, name))
        parameters = (inspect.signature(getattr(each, name)).parameters for each in (calls, PythonCalls))
        assert [*next(parameters)] == [*next(parameters)]


def test_no_frame_of_python_stands_before_the_compiled_passes() -> None:
    """Or a small session would take twice as long."""
    calls = pytest.importorskip("memcached_sessions.serializers.compact._compact").Calls

    assert CompactSerializer.dumps is calls.dumps
    assert CompactSerializer.loads is calls.loads


@pytest.mark.parametrize("implementation", ["python", "portable", "compiled"])
def test_bytes_of_a_class_of_its_own_are_read(implementation: Any) -> None:
    """As stores return them that note more about a value."""
    if implementation != "python":
        pytest.importorskip("memcached_sessions.serializers.compact._compact")
    serializer = CompactSerializer(implementation=implementation)

    assert serializer.loads(type("Payload", (bytes,), {})(serializer.dumps([1]))) == [1]


def test_the_bytes_are_read_and_not_what_a_subclass_makes_of_them(implementation: Any) -> None:
    class Payload(bytes):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, _: Any) -> Any:
            return b"?"

    serializer = CompactSerializer(implementation=implementation)

    assert serializer.loads(Payload(serializer.dumps([1]))) == [1]


def test_a_copy_has_the_same_settings(implementation: Any) -> None:
    serializer = CompactSerializer(registry=ConverterRegistry(), max_size=77, implementation=implementation)
    copied = copy.copy(serializer)

    assert copied.registry is serializer.registry
    assert (copied.max_size, copied.implementation) == (77, serializer.implementation)
    assert copied.loads(serializer.dumps([1])) == [1]


@pytest.mark.parametrize("setting", ["registry", "max_size", "implementation"])
def test_settings_stay_what_they_are(implementation: Any, setting: str) -> None:
    with pytest.raises(AttributeError):
        setattr(CompactSerializer(implementation=implementation), setting, None)


@pytest.mark.parametrize("setting", ["registry", "max_size", "implementation"])
def test_settings_of_the_calls_in_python_stay_what_they_are(setting: str) -> None:
    with pytest.raises(AttributeError):
        setattr(PythonCalls(ConverterRegistry(), 77, "python"), setting, None)


def test_a_serializer_that_is_made_again_knows_the_other_registry(implementation: Any) -> None:
    class Thing:
        pass

    known = ConverterRegistry()
    known.register(Thing, tag="Thing")
    serializer = CompactSerializer(registry=known, implementation=implementation)
    serializer.dumps(Thing())
    CompactSerializer.__init__(serializer, registry=ConverterRegistry(), implementation=implementation)

    with pytest.raises(SerializationError, match="not registered"):
        serializer.dumps(Thing())
