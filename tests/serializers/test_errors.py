"""Every refusal names its place, its type and the remedy, in every format, and shows no value."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import orjson
import pytest
from tree_formats import TREES

from memcached_sessions.serializers import ConverterRegistry, DeserializationError, SerializationError, get_serializer

FORMATS = ["pickle", *TREES]


class Price:
    """Registered nowhere."""


@dataclass
class Cart:
    items: Any


@pytest.fixture
def registry() -> ConverterRegistry:
    registry = ConverterRegistry()
    registry.register(Cart, tag="shop.Cart")
    return registry


def refusal(name: str, value: object, registry: ConverterRegistry) -> SerializationError:
    with pytest.raises(SerializationError) as caught:
        get_serializer(name, registry=registry).dumps(value)
    return caught.value


@pytest.mark.parametrize("name", FORMATS)
def test_an_unregistered_class_is_named_with_its_path_and_the_line_to_write(
    name: str, registry: ConverterRegistry
) -> None:
    error = refusal(name, {"cart": {"items": [1, 2, 3, {"price": Price()}]}}, registry)
    assert error.path == "cart.items[3].price"
    assert str(error).startswith("cart.items[3].price: ")
    assert f'{Price.__module__}.Price is not registered: register(Price, tag="' in str(error)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("value", "path"),
    [
        (Price(), ""),
        ([Price()], "[0]"),
        ({"unit price": (1, Price())}, "['unit price'][1]"),
        ({"cart": Cart([Price()])}, "cart.items[0]"),
        ({"cart": Cart(OrderedDict([(3, Price())]))}, "cart.items[3]"),
        ({"seen": {Price()}}, "seen{}"),
        ({"by_price": {Price(): 1}}, "by_price<key>"),
        ({7: {None: {("a",): Price()}}}, "[7][NoneType][tuple]"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_paths_lead_through_every_container(name: str, value: object, path: str, registry: ConverterRegistry) -> None:
    assert refusal(name, value, registry).path == path


@pytest.mark.parametrize("name", TREES)
def test_a_long_path_is_shortened_in_the_middle_and_a_long_key_at_its_end(
    name: str, registry: ConverterRegistry
) -> None:
    value: object = {"k" * 100: Price()}
    for _ in range(50):
        value = [value]
    path = refusal(name, {"deep": value}, registry).path
    assert path.startswith("deep[0][0]")
    assert " ... 40 more ... " in path
    assert path.endswith("[0]." + "k" * 40 + "...")


@pytest.mark.parametrize("name", FORMATS)
def test_a_converter_that_fails_is_named_with_its_error_and_path(name: str, registry: ConverterRegistry) -> None:
    def fail(_: object) -> object:
        raise OSError("no such disk")

    registry.register(Price, tag="shop.Price", encode=fail, decode=fail)
    error = refusal(name, {"a": [Price()]}, registry)
    assert str(error) == "a[0]: the converter of Price failed with OSError"
    assert isinstance(error.__cause__, OSError)


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("value", [{"bio": ["\ud800"]}, {"bio": [{"\ud800": 1}]}], ids=["value", "key"])
def test_a_lone_surrogate_is_refused_by_its_path(name: str, value: object, registry: ConverterRegistry) -> None:
    error = refusal(name, value, registry)
    assert error.path.startswith("bio[0]")
    assert "lone surrogate" in str(error)


def test_pickle_keeps_a_lone_surrogate() -> None:
    serializer = get_serializer("pickle")
    assert serializer.loads(serializer.dumps("\ud800")) == "\ud800"


@pytest.mark.parametrize("name", TREES)
def test_a_cycle_is_refused_with_both_its_ends(name: str, registry: ConverterRegistry) -> None:
    cart = Cart(items=[])
    cart.items.append({"cart": cart})
    error = refusal(name, {"cart": cart}, registry)
    assert error.path == "cart.items[0].cart"
    assert "refers back to cart," in str(error)


@pytest.mark.parametrize("name", FORMATS)
def test_no_value_of_the_session_is_in_a_message(name: str, registry: ConverterRegistry) -> None:
    error = refusal(name, {"token": "SECRET", "list": ["SECRET", Price()], "t": Cart("SECRET")}, registry)
    assert "SECRET" not in str(error)


@pytest.mark.parametrize("name", FORMATS)
def test_an_unregistered_zone_is_found_as_the_attribute_that_it_is(name: str, registry: ConverterRegistry) -> None:
    class Zone(tzinfo):
        def utcoffset(self, _: object) -> None:
            return None

    assert refusal(name, {"at": [datetime(2026, 1, 1, tzinfo=Zone())]}, registry).path == "at[0].tzinfo"


@pytest.mark.parametrize("tag", ["datetime", "date", "IPv4Address", "decimal", "uuid", "zoneinfo", "float", "int"])
def test_no_value_of_a_payload_is_in_a_message(tag: str) -> None:
    with pytest.raises(DeserializationError) as caught:
        get_serializer("json").loads(orjson.dumps({"a": {"$" + tag: "SECRET"}}))
    assert "SECRET" not in str(caught.value)
    assert caught.value.path == "a"


@pytest.mark.parametrize("name", TREES)
def test_what_cannot_be_made_is_named_by_its_path(name: str) -> None:
    writer, reader = ConverterRegistry(), ConverterRegistry()
    writer.register(Cart, tag="shop.Cart")
    writer.register(Price, tag="shop.Price", encode=lambda _: 7, decode=str)
    reader.register(Cart, tag="shop.Cart")
    data = get_serializer(name, registry=writer).dumps({"carts": [Cart(1), Cart({"best": (Price(),)})]})
    with pytest.raises(DeserializationError, match=r"no class is registered under the tag 'shop\.Price'") as caught:
        get_serializer(name, registry=reader).loads(data)
    assert caught.value.path == "carts[1].items.best[0]"
    reader.register(Price, tag="shop.Price", encode=str, decode=lambda plain: 1 / (plain - 7))
    with pytest.raises(DeserializationError, match=r"not a shop\.Price: ZeroDivisionError$") as caught:
        get_serializer(name, registry=reader).loads(data)
    assert caught.value.path == "carts[1].items.best[0]"


@pytest.mark.parametrize("name", FORMATS)
def test_a_value_that_changes_while_it_is_written_is_an_error_of_ours(name: str, registry: ConverterRegistry) -> None:
    session: dict[str, object] = {"price": Price()}

    def meddle(_: object) -> int:
        session["new"] = 1
        return 1

    registry.register(Price, tag="shop.Price", encode=meddle, decode=str)
    session.update({f"more{number}": 1 for number in range(3)})
    try:
        get_serializer(name, registry=registry).dumps(session)
    except SerializationError as error:
        assert "changed size during iteration" in str(error)  # noqa: PT017 - pickle copies the items first


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("data", ["text", None, 7], ids=repr)
def test_what_is_no_bytes_is_refused(name: str, data: Any) -> None:
    with pytest.raises(DeserializationError, match=name):
        get_serializer(name).loads(data)
