"""Converters wait until something else has imported their library."""

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from threading import Event, Thread
from types import ModuleType

import pytest

from memcached_sessions.serializers import (
    ConverterRegistry,
    DeserializationError,
    SerializationError,
    get_serializer,
)

LIBRARY = "library_of_a_test"


class Thing(str):
    """What the library defines."""


def register_thing(registry: ConverterRegistry) -> None:
    registry.register(Thing, tag=f"{LIBRARY}.Thing", encode=str.__str__, decode=Thing)


def slow_registry() -> tuple[ConverterRegistry, Event, Event]:
    """Return a registry whose converters begin to arrive when the first event is set, and wait for the second one."""
    begun, go_on = Event(), Event()

    def slowly(registry: ConverterRegistry) -> None:
        begun.set()
        go_on.wait(5)
        register_thing(registry)

    registry = ConverterRegistry()
    registry.when_imported(LIBRARY, slowly)
    return registry, begun, go_on


@pytest.fixture
def registry() -> ConverterRegistry:
    registry = ConverterRegistry()
    registry.when_imported(LIBRARY, register_thing)
    return registry


@pytest.fixture
def imported() -> Iterator[Callable[[], ModuleType]]:
    def add() -> ModuleType:
        return sys.modules.setdefault(LIBRARY, ModuleType(LIBRARY))

    yield add
    sys.modules.pop(LIBRARY, None)


def test_until_then_its_values_are_refused_like_any_others(registry: ConverterRegistry) -> None:
    serializer = get_serializer("json", registry)
    with pytest.raises(SerializationError, match=r"Thing is not registered") as caught:
        serializer.dumps({"a": [Thing("x")]})
    assert caught.value.path == "a[0]"


def test_a_reader_that_comes_too_early_is_told_what_to_import(registry: ConverterRegistry) -> None:
    with pytest.raises(DeserializationError, match=f"a: the tag .* imports it: import {LIBRARY} where"):
        get_serializer("json", registry).loads(b'{"a":{"$library_of_a_test.Thing":"x"}}')


@pytest.mark.parametrize("name", ["compact", "json", "pickle"])
def test_once_it_is_imported_the_next_value_is_kept(
    registry: ConverterRegistry, imported: Callable[[], ModuleType], name: str
) -> None:
    serializer = get_serializer(name, registry)
    with pytest.raises(SerializationError):
        serializer.dumps(Thing("x"))
    imported()
    loaded = serializer.loads(serializer.dumps([Thing("x")]))
    assert type(loaded[0]) is Thing


def test_a_library_in_the_middle_of_its_import_is_waited_for(
    registry: ConverterRegistry, imported: Callable[[], ModuleType]
) -> None:
    module = imported()
    module.__spec__ = ModuleSpec(LIBRARY, None)
    vars(module.__spec__)["_initializing"] = True
    with pytest.raises(SerializationError):
        registry.lower(Thing("x"))
    vars(module.__spec__)["_initializing"] = False
    assert registry.lower(Thing("x")) == (f"{LIBRARY}.Thing", "x")


def test_what_the_application_registered_writes_and_the_shipped_converter_reads(
    imported: Callable[[], ModuleType],
) -> None:
    registry = ConverterRegistry()

    def of_a_plugin(registry: ConverterRegistry) -> None:
        registry.when_imported(LIBRARY, register_thing)

    registry._arrivals._register("a test", of_a_plugin, of_plugins=True)  # noqa: SLF001 - as an entry point is called
    registry.register(Thing, tag="mine", encode=str.__str__, decode=Thing)
    imported()
    assert registry.lift(f"{LIBRARY}.Thing", "x") == "x"
    assert registry.lower(Thing("x")) == ("mine", "x")


def test_one_that_fails_is_named_where_its_class_is_refused(imported: Callable[[], ModuleType]) -> None:
    def fail(registry: ConverterRegistry) -> None:
        raise AttributeError(f"no Thing in this {type(registry).__name__}")

    registry = ConverterRegistry()
    registry.when_imported(LIBRARY, fail)
    imported()
    with pytest.raises(SerializationError, match=f"converters '{LIBRARY}' are broken: no Thing in this"):
        registry.lower(Thing("x"))
    assert registry.lower((1,)) == ("tuple", [1])


def test_a_thread_that_asks_meanwhile_waits_for_the_converters(imported: Callable[[], ModuleType]) -> None:
    registry, begun, go_on = slow_registry()
    answers: list[object] = []
    imported()
    threads = [Thread(target=lambda: answers.append(registry.lower(Thing("x")))) for _ in range(2)]
    threads[0].start()
    begun.wait(5)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert answers == [(f"{LIBRARY}.Thing", "x")] * 2


def test_a_converter_that_asks_the_registry_while_it_is_registered_does_not_loop(
    imported: Callable[[], ModuleType],
) -> None:
    def ask(registry: ConverterRegistry) -> None:
        assert registry.converter_for(Thing) is None
        register_thing(registry)

    registry = ConverterRegistry()
    registry.when_imported(LIBRARY, ask)
    imported()
    assert registry.lower(Thing("x"))[1] == "x"


def test_a_command_has_the_library_of_a_tag_imported(
    registry: ConverterRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{LIBRARY}.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    serializer = get_serializer("json", registry)
    registry.import_libraries()
    with pytest.raises(DeserializationError, match=r"no class is registered under the tag 'other\.Thing'"):
        serializer.loads(b'{"$other.Thing":"x"}')
    try:
        assert LIBRARY not in sys.modules
        assert type(serializer.loads(b'{"$library_of_a_test.Thing":"x"}')) is Thing
    finally:
        sys.modules.pop(LIBRARY, None)


def test_a_command_that_meets_a_tag_of_a_library_that_is_not_installed_says_so(registry: ConverterRegistry) -> None:
    registry.import_libraries()
    with pytest.raises(DeserializationError, match=f"import {LIBRARY} where"):
        get_serializer("json", registry).loads(b'{"$library_of_a_test.Thing":"x"}')


def test_a_thread_that_is_importing_registers_while_converters_wait_for_its_import(
    imported: Callable[[], ModuleType],
) -> None:
    """As where converters import a module that registers classes, which another thread is just importing."""
    import_ends = Event()

    class Item:
        pass

    def wait_for_the_import(registry: ConverterRegistry) -> None:
        assert import_ends.wait(5)
        register_thing(registry)

    registry = ConverterRegistry()
    registry.when_imported(LIBRARY, wait_for_the_import)
    imported()
    thread = Thread(target=registry.lower, args=(Thing("x"),))
    thread.start()
    registry.register(Item, tag="shop.Item", encode=id, decode=lambda _: Item())
    import_ends.set()
    thread.join(5)
    assert not thread.is_alive()
    assert registry.is_overridden(Item)
    assert registry.lower(Thing("x"))[1] == "x"


def test_converters_that_lack_a_module_at_first_are_tried_again(imported: Callable[[], ModuleType]) -> None:
    """As in a circular import."""
    tries: list[int] = []

    def register_at_the_second_try(registry: ConverterRegistry) -> None:
        tries.append(len(tries))
        if len(tries) == 1:
            raise ImportError("cannot import name 'Thing' (most likely due to a circular import)")
        register_thing(registry)

    registry = ConverterRegistry()
    registry.when_imported(LIBRARY, register_at_the_second_try)
    imported()
    with pytest.raises(SerializationError, match="are broken: cannot import name 'Thing'"):
        registry.lower(Thing("x"))
    assert registry.lower(Thing("x"))[1] == "x"
    assert not registry.broken


def test_a_reader_is_told_which_converters_are_broken(imported: Callable[[], ModuleType]) -> None:
    def fail(_: ConverterRegistry) -> None:
        raise AttributeError("no Thing")

    registry = ConverterRegistry()
    registry.when_imported(LIBRARY, fail)
    imported()
    with pytest.raises(
        DeserializationError, match=f"register it at start; converters '{LIBRARY}' are broken: no Thing"
    ):
        registry.lift(f"{LIBRARY}.Thing", "x")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_that_is_forked_while_a_library_arrives_is_not_stuck(imported: Callable[[], ModuleType]) -> None:
    registry, begun, go_on = slow_registry()
    imported()
    thread = Thread(target=registry.lower, args=(Thing("x"),))
    thread.start()
    assert begun.wait(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads, which is what this is about
        child = os.fork()
    if not child:
        go_on.set()
        signal.alarm(5)
        os._exit(0 if registry.lower(Thing("x"))[1] == "x" else 1)
    go_on.set()
    thread.join(5)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("spec", ["django-model", "shop"])
def test_optional_converters_are_named_where_a_setting_names_none(spec: str) -> None:
    with pytest.raises(ValueError, match=r"nor the name of optional converters: .*django-models"):
        ConverterRegistry().load(spec)


def test_optional_converters_are_loaded_by_their_name() -> None:
    registry = ConverterRegistry()
    registry.load("django-models")
    assert "django.db.models.base" in registry.awaited
