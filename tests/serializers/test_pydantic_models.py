"""Models and dataclasses of pydantic: what they carry is kept or refused, also where the reader has another version."""

import dataclasses
from functools import cached_property
from typing import Annotated, Any

import pydantic
import pytest
from pydantic import dataclasses as pydantic_dataclasses

from memcached_sessions.serializers import ConverterRegistry, SerializationError, get_serializer

FORMATS = ["pickle", "json", "msgpack", "cbor", "compact"]


class Product(pydantic.BaseModel):
    sku: str


class Remembering(Product):
    _seen: int = pydantic.PrivateAttr(default=0)

    @cached_property
    def upper(self) -> str:
        return self.sku.upper()


class Open(Product, extra="allow"):
    pass


class Slotted(Product):
    __slots__ = ("note",)


def registry_with(cls: type, *, subclasses: bool = False) -> ConverterRegistry:
    registry = ConverterRegistry()
    registry.register(cls, tag="shop.Product", subclasses=subclasses)
    return registry


def read_as(after: type, before: type, value: object, name: str = "json") -> Any:
    payload = get_serializer(name, registry_with(before)).dumps(value)
    return get_serializer(name, registry_with(after)).loads(payload)


def slotted() -> Any:
    value = Slotted(sku="a")
    object.__setattr__(value, "note", 1)
    return value


@pytest.mark.parametrize(
    ("value", "stray"),
    [(Remembering(sku="a"), "_seen"), (Open(sku="a", more=1), "more"), (slotted(), "note")],  # pyright: ignore[reportCallIssue]
    ids=["private", "extra", "slot"],
)
def test_what_a_subclass_carries_beside_the_fields_is_refused_where_the_parent_stands_for_it(
    value: Any, stray: str
) -> None:
    with pytest.raises(SerializationError, match=rf"{type(value).__name__} carries '{stray}'.*register\(Product, tag="):
        get_serializer("json", registry_with(Product, subclasses=True)).dumps(value)


def test_a_slot_of_ones_own_is_refused_if_it_is_set() -> None:
    assert read_as(Slotted, Slotted, Slotted(sku="a")) == Slotted(sku="a")
    with pytest.raises(SerializationError, match="Slotted carries 'note'"):
        read_as(Slotted, Slotted, slotted())


def test_a_cached_property_of_a_subclass_is_no_state() -> None:
    class Upper(Product):
        @cached_property
        def upper(self) -> str:
            return self.sku.upper()

    value = Upper(sku="a")
    assert value.upper == "A"
    serializer = get_serializer("json", registry_with(Product, subclasses=True))
    assert serializer.loads(serializer.dumps(value)) == Product(sku="a")


@pytest.mark.parametrize("name", FORMATS)
def test_an_extra_value_and_a_field_of_one_name_are_one_thing_in_a_rolling_deploy(name: str) -> None:
    class Later(pydantic.BaseModel, extra="allow"):
        sku: str
        price: int = 0
        stock: int = 0

    early = Open(sku="a", price=3)  # pyright: ignore[reportCallIssue]
    late = read_as(Later, Open, early, name)
    assert (late, late.model_fields_set, late.model_extra) == (Later(sku="a", price=3), {"sku", "price"}, {})
    back = read_as(Open, Later, late, name)
    assert back.model_extra == {"price": 3, "stock": 0}
    assert read_as(Later, Open, back, name).model_fields_set == {"sku", "price"}


def test_a_stored_field_is_passed_over_by_a_model_that_takes_no_extra_values() -> None:
    class Earlier(Product):
        price: int = 0

    loaded = read_as(Product, Earlier, Earlier(sku="a", price=3))
    assert (vars(loaded), loaded.model_extra) == ({"sku": "a"}, None)


@pydantic_dataclasses.dataclass
class Line:
    sku: str


@pydantic_dataclasses.dataclass
class LaterLine:
    sku: str
    tags: list[int] = pydantic.Field(default_factory=list)
    count: int = pydantic.Field(default=1, ge=0)
    notes: Annotated[list[str], pydantic.Field(default_factory=list)] = dataclasses.field(default_factory=list)
    stock: int = 4


@pytest.mark.parametrize("name", FORMATS)
def test_a_dataclass_of_pydantic_gets_the_defaults_that_pydantic_knows(name: str) -> None:
    loaded = read_as(LaterLine, Line, Line("a"), name)
    assert loaded == LaterLine("a")
    assert read_as(LaterLine, LaterLine, LaterLine("b", [2], 3), name) == LaterLine("b", [2], 3)


def test_a_dataclass_that_extends_one_of_pydantic_keeps_its_own_defaults() -> None:
    @dataclasses.dataclass
    class Plain(LaterLine):
        count: int = 9

    loaded = read_as(Plain, Line, Line("a"))
    assert (loaded.sku, loaded.tags, loaded.count, loaded.notes, loaded.stock) == ("a", [], 9, [], 4)
