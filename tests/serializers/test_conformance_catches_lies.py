"""The conformance suite fails for each capability that is claimed falsely, and for each that is concealed."""

import json
import pickle
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from memcached_sessions.serializers import (
    Capabilities,
    ConverterRegistry,
    DeserializationError,
    SerializationError,
    Serializer,
    get_serializer,
)
from memcached_sessions.serializers.testing import SerializerConformance
from memcached_sessions.serializers.testing.sample_classes import sample_registry
from memcached_sessions.serializers.testing.samples import SAMPLES

Lie = Callable[[Any], Any]


class Liar:
    """A good serializer whose claims, or whose work, are changed."""

    def __init__(self, name: str, registry: ConverterRegistry, **claims: bool) -> None:
        self.inner = get_serializer(name, registry=registry)
        self.name = "liar"
        self.capabilities: Capabilities = replace(self.inner.capabilities, **claims)

    def dumps(self, value: Any, /) -> bytes:
        return self.inner.dumps(value)

    def loads(self, data: bytes, /) -> Any:
        return self.inner.loads(data)


class Suite(SerializerConformance):
    """The suite, on a liar."""

    serializer_name = "liar"
    make_liar: ClassVar[Callable[[ConverterRegistry], Any]]

    def make(self, registry: ConverterRegistry | None = None) -> Serializer:
        return type(self).make_liar(registry or sample_registry())


Suite.__test__ = False  # type: ignore[attr-defined]


def suite(make_liar: Callable[[ConverterRegistry], Any]) -> SerializerConformance:
    return type("LiarSuite", (Suite,), {"make_liar": staticmethod(make_liar)})()


def samples_fail(made: SerializerConformance, capability: str) -> bool:
    """Return whether some sample of a capability fails."""
    serializer = made.make()
    for sample in SAMPLES:
        if sample.capability == capability:
            try:
                made.test_a_value_is_kept_exactly_or_refused(serializer, sample)
            except (pytest.fail.Exception, AssertionError, SerializationError, DeserializationError):
                return True
    return False


class Unfaithful(Liar):
    """Changes what it is given before it writes it, deep inside lists and dicts."""

    def __init__(self, registry: ConverterRegistry, change: Lie) -> None:
        super().__init__("pickle", registry)
        self.change = change

    def dumps(self, value: Any, /) -> bytes:
        return self.inner.dumps(self.change(value))


@pytest.mark.parametrize(
    ("capability", "change"),
    [
        ("tuples", lambda value: list(value) if type(value) is tuple else value),
        ("sets", lambda value: frozenset(value) if type(value) is set else value),
        ("non_str_keys", lambda value: {str(k): v for k, v in value.items()} if type(value) is dict else value),
        ("big_ints", lambda value: float(value) if type(value) is int and -(2**80) < value < 2**80 else value),
        ("subclasses", lambda value: str(value) if isinstance(value, str) else value),
        ("registered_classes", lambda value: vars(value) if type(value).__name__ == "Node" else value),
        ("identity", lambda value: json.loads(json.dumps(value, default=repr)) if type(value) is dict else value),
    ],
)
def test_what_is_claimed_and_changed_is_found(capability: str, change: Lie) -> None:
    assert samples_fail(suite(lambda registry: Unfaithful(registry, change)), capability)


@pytest.mark.parametrize(
    "capability", ["tuples", "sets", "non_str_keys", "big_ints", "subclasses", "registered_classes"]
)
def test_what_is_kept_and_not_claimed_is_found(capability: str) -> None:
    made = suite(lambda registry: Liar("pickle", registry, **{capability: False}))
    with pytest.raises(AssertionError, match=f"it keeps {capability}: declare it"):
        made.test_no_capability_is_kept_secret(made.make(), capability)


def test_copies_are_no_identity() -> None:
    made = suite(lambda registry: Liar("json", registry, identity=True))
    with pytest.raises(AssertionError, match="became two"):
        made.test_shared_objects_stay_shared_or_become_equal_copies(made.make())


def test_refused_cycles_are_no_cycles() -> None:
    made = suite(lambda registry: Liar("json", registry, cycles=True))
    assert samples_fail(made, "cycles")
    with pytest.raises(AssertionError, match="refers back"):
        made.test_cycles_through_registered_objects_close_or_are_refused(made.make())


def test_bytes_that_depend_on_history_are_not_canonical() -> None:
    made = suite(lambda registry: Liar("pickle", registry, canonical=True))
    with pytest.raises(AssertionError):
        made.test_equal_graphs_give_equal_bytes(made.make())


def test_a_compressed_pickle_is_no_standard_format() -> None:
    class Wrapped(Liar):
        def dumps(self, value: Any, /) -> bytes:
            return zlib.compress(self.inner.dumps(value))

    made = suite(lambda registry: Wrapped("pickle", registry, cross_language=True))
    with pytest.raises(AssertionError, match="is a pickle"):
        made.test_a_standard_format_names_no_python_module(made.make())


def test_a_serializer_that_runs_what_it_reads_is_found(tmp_path: Any) -> None:
    class Running(Liar):
        def loads(self, data: bytes, /) -> Any:
            try:
                return pickle.loads(data)
            except Exception as error:
                raise DeserializationError("no") from error

    made = suite(lambda registry: Running("pickle", registry))
    with pytest.raises(AssertionError, match="it made a folder"):
        made.test_no_payload_runs_code(made.make(), tmp_path)


def test_a_class_that_cannot_change_is_no_evolution() -> None:
    class Rigid(Liar):
        def loads(self, data: bytes, /) -> Any:
            value = self.inner.loads(data)
            if b"stock" in data:
                raise DeserializationError("an unknown field")
            return value

    made = suite(lambda registry: Rigid("json", registry))
    with pytest.raises(DeserializationError):
        made.test_another_version_of_a_class_loads("dataclass", {"sku": ..., "stock": 0}, {"sku": ...}, {"sku": "a"})


def test_threads_that_see_each_others_values_are_found() -> None:
    class Shared(Liar):
        def dumps(self, value: Any, /) -> bytes:
            self.value = value
            time.sleep(0.001)
            return self.inner.dumps(self.value)

    made = suite(lambda registry: Shared("pickle", registry))
    with pytest.raises(AssertionError):
        made.test_threads_share_it(made.make())


def test_errors_of_the_library_that_come_through_are_found() -> None:
    class Raw(Liar):
        def loads(self, data: bytes, /) -> Any:
            return json.loads(data)

    made = suite(lambda registry: Raw("json", registry))
    with pytest.raises(json.JSONDecodeError):
        made.test_junk_is_refused_or_read(made.make(), b"{")
    with pytest.raises(json.JSONDecodeError):
        made.test_a_truncated_payload_is_refused_or_read(made.make())
