"""Which class has which converter, and what happens when two want the same place."""

import sys
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from threading import Thread

import pytest
from tree_formats import TREES

from memcached_sessions.serializers import (
    DEFAULT,
    Converter,
    ConverterRegistry,
    DeserializationError,
    PluginError,
    SerializationError,
    available_serializers,
    get_serializer,
    register,
)

FORMATS = ["pickle", *TREES]


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents


@pytest.fixture
def registry() -> ConverterRegistry:
    return ConverterRegistry()


@pytest.mark.parametrize("name", FORMATS)
def test_one_registration_serves_every_format(registry: ConverterRegistry, name: str) -> None:
    registry.register(Money, tag="shop.Money", encode=lambda money: money.cents, decode=Money)
    serializer = get_serializer(name, registry=registry)
    loaded = serializer.loads(serializer.dumps({"total": Money(990)}))
    assert type(loaded["total"]) is Money
    assert loaded["total"].cents == 990


def test_the_decorator_and_the_call_register_alike() -> None:
    one, other = ConverterRegistry(), ConverterRegistry()

    @register(tag="shop.Item", registry=one)
    @dataclass
    class Item:
        sku: str

    assert register(Item, tag="shop.Item", registry=other) is Item
    assert one.lower(Item("a")) == other.lower(Item("a")) == ("shop.Item", {"sku": "a"})


def test_register_adds_to_the_default_registry_that_serializers_use_unless_told_otherwise() -> None:
    @register(tag="test_registry.Default")
    class Default:
        pass

    assert DEFAULT.lower(Default()) == ("test_registry.Default", {})
    assert isinstance(get_serializer("json").loads(b'{"$test_registry.Default":{}}'), Default)


def test_a_tag_cannot_stand_for_two_classes(registry: ConverterRegistry) -> None:
    registry.register(Money, tag="shop.Money")
    with pytest.raises(ValueError, match=r"'shop.Money' stands for .*Money and cannot stand for decimal.Decimal too"):
        registry.register(Decimal, tag="shop.Money", encode=str, decode=Decimal)
    assert registry.lift("shop.Money", {"cents": 1}).cents == 1


def test_a_class_cannot_have_two_tags(registry: ConverterRegistry) -> None:
    registry.register(Money, tag="shop.Money")
    with pytest.raises(ValueError, match=r"has the tag 'shop.Money' and cannot have 'bank.Money' too"):
        registry.register(Money, tag="bank.Money")


def test_registering_again_is_no_error_and_a_reloaded_class_takes_the_place_of_the_old_one(
    registry: ConverterRegistry,
) -> None:
    def declare() -> type:
        class Item:
            pass

        return Item

    old, new = declare(), declare()
    for cls in (old, old, new):
        registry.register(cls, tag="shop.Item")
    assert type(registry.lift("shop.Item", {})) is new
    assert registry.converter_for(old) is None


@pytest.mark.parametrize("early", [True, False], ids=["before the first use", "after the first use"])
def test_the_applications_own_converter_goes_before_an_installed_one(registry: ConverterRegistry, early: bool) -> None:
    if not early:
        registry.lower(Decimal(1))
    registry.register(Decimal, tag="my.Decimal", encode=lambda d: [str(d)], decode=lambda p: Decimal(p[0]))
    assert registry.lower(Decimal("1.0")) == ("my.Decimal", ["1.0"])
    assert registry.lift("my.Decimal", ["1.0"]) == registry.lift("decimal", "1.0") == Decimal("1.0")


def test_a_tag_that_an_installed_converter_needs_is_reported_when_it_is_missed(registry: ConverterRegistry) -> None:
    registry.register(Money, tag="tuple")
    with pytest.raises(SerializationError, match=r"converters 'builtins' are broken: tag 'tuple' stands for .*Money"):
        registry.lower(frozenset())


def test_a_registry_without_installed_converters_knows_what_it_was_told() -> None:
    registry = ConverterRegistry(installed=False)
    with pytest.raises(SerializationError, match="datetime is not registered"):
        registry.lower(datetime.min)
    registry.add(Converter(Money, "shop.Money", vars, Money))
    assert registry.lower(Money(7)) == ("shop.Money", {"cents": 7})


def test_subclasses_are_written_only_if_the_converter_says_so(registry: ConverterRegistry) -> None:
    class Base:
        pass

    class Derived(Base):
        pass

    registry.register(Base, tag="shop.Base")
    with pytest.raises(SerializationError, match="Derived is not registered"):
        registry.lower(Derived())
    other = ConverterRegistry()
    other.register(Base, tag="shop.Base", subclasses=True)
    assert other.lower(Derived()) == ("shop.Base", {})
    other.register(Derived, tag="shop.Derived")
    assert other.lower(Derived()) == ("shop.Derived", {})


def test_settings_name_converters_by_module_and_function(
    registry: ConverterRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "shop_sessions_of_a_test.py"
    module.write_text(
        "class Item: pass\n\ndef register(registry):\n    registry.register(Item, tag='shop.Item')\n\nnothing = 1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry.load("shop_sessions_of_a_test:register")
    assert type(registry.lift("shop.Item", {})) is sys.modules["shop_sessions_of_a_test"].Item
    for spec, complaint in {
        "shop_sessions_of_a_test": "neither of the form",
        "shop_sessions_of_a_test:missing": "cannot be imported",
        "no_such_module_at_all:register": "cannot be imported",
        "shop_sessions_of_a_test:nothing": "cannot be called",
    }.items():
        with pytest.raises(ValueError, match=complaint) as caught:
            registry.load(spec)
        assert repr(spec) in str(caught.value)


@pytest.mark.parametrize("tag", ["", "has space", "ends\n", "x" * 65, ".dot", "ü"])
def test_a_tag_that_could_not_be_stored_everywhere_is_refused(registry: ConverterRegistry, tag: str) -> None:
    with pytest.raises(ValueError, match="is no tag for"):
        registry.register(Money, tag=tag)


def test_encode_and_decode_come_together_and_without_fields(registry: ConverterRegistry) -> None:
    with pytest.raises(ValueError, match="both encode= and decode="):
        registry.register(Money, tag="shop.Money", encode=str)
    with pytest.raises(ValueError, match="fields= has no meaning"):
        registry.register(Money, tag="shop.Money", fields=["cents"], encode=str, decode=str)
    with pytest.raises(ValueError, match="takes names"):
        registry.register(Money, tag="shop.Money", fields="cents")


def test_many_threads_may_ask_first() -> None:
    registry = ConverterRegistry()
    answers: list[object] = []
    threads = [Thread(target=lambda: answers.append(registry.lower((1,)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [("tuple", [1])] * 8


def test_a_tag_nobody_registered_is_an_error_that_names_it(registry: ConverterRegistry) -> None:
    with pytest.raises(DeserializationError, match=r"no class is registered under the tag 'shop.Gone'"):
        registry.lift("shop.Gone", {})


def test_a_misspelt_serializer_is_answered_with_the_nearest_names() -> None:
    with pytest.raises(
        PluginError, match=r"no .* is called 'compakt'. Did you mean 'compact' .*\? Known: .*cbor, compact, .*json"
    ):
        get_serializer("compakt")


def test_the_built_in_serializers_are_available_like_any_other() -> None:
    found = available_serializers()
    assert set(FORMATS) <= set(found)
    for name in FORMATS:
        assert found[name].distribution == "memcached-sessions"
        assert found[name].broken is None
        assert found[name].capabilities == get_serializer(name).capabilities
    assert found["json"].implementation.startswith("orjson ")


def test_the_line_of_an_error_that_was_pasted_as_it_is_says_what_to_write(registry: ConverterRegistry) -> None:
    with pytest.raises(ValueError, match=r"Money: encode= takes a function, not Ellipsis: write it"):
        registry.register(Money, tag="shop.Money", encode=..., decode=...)  # pyright: ignore[reportArgumentType]
