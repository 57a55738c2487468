"""Classes whose fields a library declares are registered like any others: attrs classes and pydantic models."""

import dataclasses
import importlib
import logging
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laid_distribution import lay_distribution

from memcached_sessions.serializers import (
    ConverterRegistry,
    DeserializationError,
    SerializationError,
    class_kinds,
    get_serializer,
)
from memcached_sessions.serializers.fidelity import difference

FORMATS = ["pickle", "json", "msgpack", "cbor", "compact"]
_PROPERTY = settings(max_examples=50, deadline=None, derandomize=True, database=None)


def attrs_class(**fields: Any) -> type:
    body = {name: attrs.field() if default is ... else attrs.field(default=default) for name, default in fields.items()}
    return attrs.make_class("Product", body)


def model(**fields: Any) -> type:
    declared: Any = {name: (Any, default) for name, default in fields.items()}
    return pydantic.create_model("Product", **declared)


MAKERS = pytest.mark.parametrize("make", [attrs_class, model])
Maker = Callable[..., Any]


def round_trip(name: str, value: object, *classes: type) -> Any:
    registry = ConverterRegistry()
    for cls in classes:
        registry.register(cls, tag=f"shop.{cls.__name__}")
    serializer = get_serializer(name, registry)
    return serializer.loads(serializer.dumps(value))


@pytest.mark.parametrize("name", FORMATS)
@MAKERS
def test_another_version_of_the_class_loads(make: Maker, name: str) -> None:
    before, after = make(sku=..., stock=0, colour=1), make(sku=..., size=[], colour=2)
    registries = ConverterRegistry(), ConverterRegistry()
    registries[0].register(before, tag="shop.Product")
    registries[1].register(after, tag="shop.Product")
    loaded = get_serializer(name, registries[1]).loads(
        get_serializer(name, registries[0]).dumps(before(sku="a", stock=3))
    )
    assert type(loaded) is after
    assert (loaded.sku, loaded.colour, loaded.size) == ("a", 1, [])


@MAKERS
def test_a_field_without_default_that_a_payload_lacks_is_named(make: Maker) -> None:
    registries = ConverterRegistry(), ConverterRegistry()
    for registry, cls in zip(registries, (make(sku=...), make(sku=..., size=...)), strict=True):
        registry.register(cls, tag="shop.Product")
    payload = get_serializer("json", registries[0]).dumps([registries[0].converter_of("shop.Product").cls(sku="a")])
    with pytest.raises(DeserializationError, match=r"\[0\]: the stored Product has no field 'size'"):
        get_serializer("json", registries[1]).loads(payload)


@pytest.mark.parametrize("name", FORMATS)
@MAKERS
def test_random_values_of_fields_are_kept(make: Maker, name: str) -> None:
    product = make(sku=..., rest=None)
    plain = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
    )

    @_PROPERTY
    @given(plain, plain)
    def check(sku: object, rest: object) -> None:
        value = [product(sku=sku, rest=rest), product(sku=rest)]
        changed = difference(value, round_trip(name, value, product))
        assert changed is None, str(changed)

    check()


@pytest.mark.parametrize("name", ["pickle", "compact"])
@MAKERS
def test_cycles_through_it_close(make: Maker, name: str) -> None:
    product = make(sku=..., parts=None)
    one = product(sku="a")
    one.parts = [one]
    loaded = round_trip(name, one, product)
    assert loaded.parts[0] is loaded


@MAKERS
def test_a_subclass_with_more_fields_is_refused_where_the_parent_stands_for_it(make: Maker) -> None:
    parent = make(sku=...)
    child = (
        attrs.make_class("Child", {"more": attrs.field(default=0)}, bases=(parent,))
        if make is attrs_class
        else pydantic.create_model("Child", __base__=parent, more=(Any, 0))
    )
    registry = ConverterRegistry()
    registry.register(parent, tag="shop.Product", subclasses=True)
    with pytest.raises(SerializationError, match=r"carries 'more', which is none of its fields"):
        get_serializer("json", registry).dumps(child(sku="a"))


def test_validators_and_init_do_not_run_on_reading() -> None:
    class Price(pydantic.BaseModel):
        cents: int = pydantic.Field(ge=0)

    price = Price.model_construct(cents=-1)
    assert round_trip("json", price, Price).cents == -1


def test_what_was_set_stays_known() -> None:
    class Filters(pydantic.BaseModel):
        colour: str = "red"
        size: int = 3

    loaded = round_trip("compact", Filters(size=3), Filters)
    assert loaded.model_dump(exclude_unset=True) == {"size": 3}


def test_extra_values_are_dropped_by_a_model_that_takes_none_any_more() -> None:
    class Product(pydantic.BaseModel, extra="allow"):
        sku: str

    class Later(pydantic.BaseModel):
        sku: str

    registries = ConverterRegistry(), ConverterRegistry()
    registries[0].register(Product, tag="shop.Product")
    registries[1].register(Later, tag="shop.Product")
    payload = get_serializer("json", registries[0]).dumps(Product.model_validate({"sku": "a", "more": 1}))
    loaded = get_serializer("json", registries[1]).loads(payload)
    assert (loaded, loaded.model_extra, loaded.model_fields_set) == (Later(sku="a"), None, {"sku"})


@pytest.mark.parametrize(
    "state",
    ['"x"', '{"sku":1,"$unset":3}', '{"sku":1,"$unset":[1]}', '{"sku":1,"$extra":[]}', '{"sku":1,"$private":1}', "{}"],
)
def test_hostile_states_of_a_model_are_refused(state: str) -> None:
    class Product(pydantic.BaseModel, extra="allow"):
        sku: int
        _seen: int = pydantic.PrivateAttr(default=0)

    registry = ConverterRegistry()
    registry.register(Product, tag="shop.Product")
    with pytest.raises(DeserializationError):
        get_serializer("json", registry).loads(f'{{"$shop.Product":{state}}}'.encode())


def test_a_model_brings_its_fields() -> None:
    class Product(pydantic.BaseModel):
        sku: str

    with pytest.raises(ValueError, match="Product is a model of pydantic and brings its fields: leave out fields="):
        ConverterRegistry().register(Product, tag="shop.Product", fields=("sku",))


def test_attributes_of_an_attrs_class_can_be_chosen() -> None:
    @attrs.define
    class Basket:
        items: list[int]
        cache: dict[int, int] = attrs.field(factory=dict[int, int])

    registry = ConverterRegistry()
    registry.register(Basket, tag="shop.Basket", fields=("items",))
    serializer = get_serializer("json", registry)
    assert serializer.loads(serializer.dumps(Basket([1], {2: 3}))) == Basket([1])


def test_a_default_that_depends_on_the_instance_is_computed_from_what_was_read() -> None:
    @attrs.define
    class Order:
        count: int

    @attrs.define
    class Later:
        count: int
        double: int = attrs.Factory(lambda self: 2 * self.count, takes_self=True)
        again: int = attrs.Factory(lambda self: 2 * self.double, takes_self=True)

    registries = ConverterRegistry(), ConverterRegistry()
    registries[0].register(Order, tag="shop.Order")
    registries[1].register(Later, tag="shop.Order")
    payload = get_serializer("compact", registries[0]).dumps(Order(3))
    assert get_serializer("compact", registries[1]).loads(payload) == Later(3, 6, 12)


@pytest.mark.parametrize("name", FORMATS)
def test_what_attrs_caches_is_no_state(name: str) -> None:
    @attrs.frozen(cache_hash=True)
    class Sku:
        code: str

        @cached_property
        def upper(self) -> str:
            return self.code.upper()

    sku = Sku("a")
    fresh = get_serializer(name, _with(Sku)).dumps(Sku("a"))
    assert (hash(sku), sku.upper) == (hash(Sku("a")), "A")
    assert get_serializer(name, _with(Sku)).dumps(sku) == fresh
    assert {sku: 1}[round_trip(name, sku, Sku)] == 1


@dataclasses.dataclass
class ByPython:
    sku: str
    tags: list[int] = dataclasses.field(default_factory=list[int])


@attrs.define
class AttrsOverDataclass(ByPython):
    count: int = 0


@attrs.define(slots=False)
class ByAttrs:
    sku: str = "a"


@dataclasses.dataclass
class DataclassOverAttrs(ByAttrs):
    count: int = 0


@attrs.define(cache_hash=True, eq=True, frozen=True)
class Hashed:
    sku: str = "a"


@dataclasses.dataclass(frozen=True, eq=False)
class DataclassOverHashed(Hashed):
    count: int = 0


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("cls", [AttrsOverDataclass, DataclassOverAttrs])
def test_what_a_parent_declares_in_another_way_is_kept_if_it_is_set(cls: Any, name: str) -> None:
    bare, full = cls(count=1), cls(count=2)
    full.sku, full.tags = "b", [3]
    if cls is DataclassOverAttrs:
        del full.tags  # it declares none
    for value in (bare, full):
        loaded = round_trip(name, value, cls)
        assert type(loaded) is cls
        assert (_attributes(loaded), loaded.count) == (_attributes(value), value.count)


def _attributes(value: object) -> dict[str, Any]:
    return {name: getattr(value, name) for name in ("sku", "tags") if hasattr(value, name)}


@pytest.mark.parametrize("name", FORMATS)
def test_a_hash_that_attrs_caches_in_the_parent_of_a_dataclass_is_no_state(name: str) -> None:
    value = DataclassOverHashed(count=3)
    Hashed.__init__(value, "b")
    hash(value)
    loaded = round_trip(name, value, DataclassOverHashed)
    assert (loaded.sku, loaded.count, hash(loaded)) == ("b", 3, hash(value))


def test_what_attrs_caches_in_a_subclass_is_no_state_either() -> None:
    @attrs.define(eq=False)
    class Sku:
        code: str

    @attrs.frozen(cache_hash=True)
    class Loud(Sku):
        @cached_property
        def upper(self) -> str:
            return self.code.upper()

    registry = ConverterRegistry()
    registry.register(Sku, tag="shop.Sku", subclasses=True)
    serializer = get_serializer("json", registry)
    loud = Loud("a")
    assert (loud.upper, hash(loud)) == ("A", hash(Loud("a")))
    assert serializer.dumps(loud) == serializer.dumps(Sku("a"))


def test_the_subclass_that_carries_more_is_named() -> None:
    @attrs.define(slots=False)
    class Product:
        sku: str

    class Special(Product):
        pass

    special: Any = Special("a")
    special.more = 1
    registry = ConverterRegistry()
    registry.register(Product, tag="shop.Product", subclasses=True)
    with pytest.raises(
        SerializationError, match=r"this .*Special carries 'more'.*register\(Product, tag='shop.Product'"
    ):
        get_serializer("json", registry).dumps(special)


def test_slots_of_ones_own_in_a_class_that_attrs_did_not_make_anew_are_state() -> None:
    @attrs.define(slots=False)
    class Product:
        __slots__ = ("__dict__", "note")
        sku: str

    product = Product("a")
    product.note = "mine"  # pyright: ignore[reportAttributeAccessIssue]
    assert round_trip("json", product, Product).note == "mine"


def test_an_attribute_beyond_the_declared_ones_is_refused() -> None:
    @attrs.define(slots=False)
    class Product:
        sku: str

    product: Any = Product("a")
    product.more = 1
    with pytest.raises(SerializationError, match="Product carries 'more', which is none of its fields"):
        get_serializer("json", _with(Product)).dumps(product)


def test_a_kind_that_cannot_be_loaded_is_logged_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lay_distribution(tmp_path, "broken-kind", "[memcached_sessions.class_kinds]\nbroken = kinds_of_a_test:kind\n")
    monkeypatch.syspath_prepend(tmp_path)
    with caplog.at_level(logging.WARNING, "memcached_sessions"):
        assert class_kinds.converter_of_kind(attrs_class(sku=...), "shop.Product", None, subclasses=False)
    assert "classes of kind broken: 'broken' of broken-kind 1.0 cannot be imported" in caplog.text


def test_a_kind_is_found_as_soon_as_it_can_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_distribution(tmp_path, "late-kind", "[memcached_sessions.class_kinds]\nlate = late_kinds_of_a_test:kind\n")
    monkeypatch.syspath_prepend(tmp_path)

    class Own:
        pass

    assert class_kinds.converter_of_kind(Own, "shop.Own", None, subclasses=False) is None
    (tmp_path / "late_kinds_of_a_test.py").write_text(
        "from memcached_sessions.serializers import Converter\n"
        "def kind(cls, tag, fields, *, subclasses):\n"
        "    return Converter(cls, tag, vars, cls) if cls.__name__ == 'Own' else None\n"
    )
    importlib.invalidate_caches()
    found = class_kinds.converter_of_kind(Own, "shop.Own", None, subclasses=False)
    assert found is not None
    assert found.encode is vars


def _with(*classes: type) -> ConverterRegistry:
    registry = ConverterRegistry()
    for cls in classes:
        registry.register(cls, tag=f"shop.{cls.__name__}")
    return registry
