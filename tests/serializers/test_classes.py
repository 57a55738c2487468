"""Classes registered by their fields: the whole state is kept, or writing is refused."""

import re
from abc import ABC, abstractmethod
from array import array
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, partial
from operator import itemgetter
from queue import SimpleQueue
from typing import Any, NamedTuple

import pytest

from memcached_sessions.serializers import ConverterRegistry, DeserializationError, SerializationError

registry_of = ConverterRegistry


def registered(cls: type, **options: Any) -> ConverterRegistry:
    registry = ConverterRegistry()
    registry.register(cls, tag="shop.Thing", **options)
    return registry


def round_trip(registry: ConverterRegistry, value: object) -> Any:
    return registry.lift(*registry.lower(value))


@dataclass
class Item:
    sku: str
    tags: list[str] = field(default_factory=list)

    @cached_property
    def label(self) -> str:
        return self.sku.upper()


def test_a_dataclass_is_kept_by_its_fields_in_the_order_of_declaration() -> None:
    item = Item(tags=["x"], sku="a")
    assert registered(Item).lower(item) == ("shop.Thing", {"sku": "a", "tags": ["x"]})
    assert round_trip(registered(Item), item) == item


def test_an_attribute_that_is_no_field_is_refused_since_it_would_be_lost() -> None:
    item = Item("a")
    vars(item)["note"] = "by hand"
    with pytest.raises(SerializationError, match=r"carries 'note', which is none of its fields.*register\(Item"):
        registered(Item).lower(item)


def test_a_cached_property_is_made_again_and_not_kept() -> None:
    item = Item("a")
    assert item.label == "A"
    loaded = round_trip(registered(Item), item)
    assert "label" not in vars(loaded)
    assert loaded.label == "A"


def test_a_field_that_is_not_set_is_refused_by_its_name() -> None:
    item = Item("a")
    del item.sku
    with pytest.raises(SerializationError, match="field 'sku' of this Item is not set"):
        registered(Item).lower(item)


def test_a_missing_field_without_default_is_refused_by_its_name() -> None:
    with pytest.raises(DeserializationError, match="no field 'sku' and the class gives no default"):
        registered(Item).lift("shop.Thing", {"tags": []})


def test_defaults_are_made_anew_for_each_instance() -> None:
    registry = registered(Item)
    one, other = (registry.lift("shop.Thing", {"sku": name}) for name in "ab")
    one.tags.append("x")
    assert other.tags == []


@pytest.mark.parametrize("state", [[], None, "sku", 3], ids=repr)
def test_fields_that_are_no_dict_are_refused(state: object) -> None:
    with pytest.raises(DeserializationError, match="the fields of Item must be a dict"):
        registered(Item).lift("shop.Thing", state)


def test_chosen_fields_leave_out_the_others() -> None:
    class Basket:
        cache: object = None

        def __init__(self) -> None:
            self.items = [1]
            self.cache = object()

    loaded = round_trip(registered(Basket, fields=["items"]), Basket())
    assert vars(loaded) == {"items": [1]}
    assert loaded.cache is None


def test_chosen_fields_of_a_dataclass_must_leave_only_fields_with_a_default() -> None:
    assert round_trip(registered(Item, fields=["sku"]), Item("a", ["x"])) == Item("a")
    with pytest.raises(ValueError, match="'sku' has no default, so it must be one of fields="):
        registered(Item, fields=["tags"])


def test_a_property_with_a_setter_may_be_a_field_and_one_without_may_not() -> None:
    class Account:
        def __init__(self, cents: int) -> None:
            self._cents = cents

        @property
        def euros(self) -> float:
            return self._cents / 100

        @euros.setter
        def euros(self, euros: float) -> None:
            self._cents = round(euros * 100)

        @property
        def frozen(self) -> int:
            return 1

    assert round_trip(registered(Account, fields=["euros"]), Account(250)).euros == 2.5
    with pytest.raises(ValueError, match=r"Account.frozen cannot be set"):
        registered(Account, fields=["frozen"])


def test_a_plain_class_keeps_the_attributes_that_an_instance_has_whatever_their_order() -> None:
    class Loose:
        kind = "default"

    one, other = Loose(), Loose()
    one.b, one.a = 1, 2  # type: ignore[attr-defined]
    other.a, other.b = 2, 1  # type: ignore[attr-defined]
    registry = registered(Loose)
    assert list(registry.lower(one)[1]) == list(registry.lower(other)[1]) == ["a", "b"]
    assert vars(round_trip(registry, one)) == {"a": 2, "b": 1}
    assert registry.lift("shop.Thing", {}).kind == "default"


@pytest.mark.parametrize("name", ["__class__", "__dict__", "__init__", "no identifier", "", "guarded"], ids=repr)
def test_what_is_read_is_set_as_an_attribute_and_nothing_else(name: str) -> None:
    """Whatever the name, no descriptor runs and the class stays what it was."""
    ran: list[object] = []

    class Victim:
        def _set(self, value: object) -> None:
            ran.append(value)

        guarded = property(lambda self: 1, _set)  # noqa: ARG005

    loaded = registered(Victim).lift("shop.Thing", {name: int, "note": 2})
    assert type(loaded) is Victim
    assert vars(loaded) == {name: int, "note": 2}
    assert not ran


def test_an_attribute_without_a_name_is_refused() -> None:
    class Victim:
        pass

    with pytest.raises(DeserializationError, match=r"an attribute of .*Victim has no name"):
        registered(Victim).lift("shop.Thing", {3: 1})


def test_a_slot_beside_the_fields_of_a_dataclass_is_kept() -> None:
    class Parent:
        __slots__ = ("hidden",)

    @dataclass
    class Child(Parent):
        name: str

    child = Child("a")
    child.hidden = 7  # type: ignore[attr-defined]
    loaded = round_trip(registered(Child), child)
    assert (loaded.name, loaded.hidden) == ("a", 7)
    assert not hasattr(round_trip(registered(Child), Child("b")), "hidden")


def test_a_slot_that_only_a_subclass_has_is_refused() -> None:
    class Wider(Item):
        __slots__ = ("extra",)

    wider = Wider("a")
    assert type(round_trip(registered(Item, subclasses=True), wider)) is Item
    wider.extra = 1
    with pytest.raises(SerializationError, match="carries 'extra'"):
        registered(Item, subclasses=True).lower(wider)


def test_a_cached_property_of_a_plain_class_is_made_again_too() -> None:
    class Order:
        def __init__(self) -> None:
            self.lines = [1, 2]

        @cached_property
        def total(self) -> int:
            return sum(self.lines)

    order = Order()
    assert order.total == 3
    assert vars(round_trip(registered(Order), order)) == {"lines": [1, 2]}


def test_slots_of_all_parents_are_kept_and_unset_ones_stay_unset() -> None:
    class Parent:
        __slots__ = ("one",)

    class Child(Parent):
        __slots__ = ("__two", "__weakref__", "three")

        def __init__(self) -> None:
            self.one = 1
            self.__two = 2

        def two(self) -> int:
            return self.__two

    loaded = round_trip(registered(Child), Child())
    assert (loaded.one, loaded.two()) == (1, 2)
    assert not hasattr(loaded, "three")


class Pair(NamedTuple):
    left: int
    right: int = 5


def test_a_named_tuple_takes_defaults_for_fields_it_gained_and_drops_those_it_lost() -> None:
    registry = registered(Pair)
    assert registry.lift("shop.Thing", {"left": 1, "middle": 2}) == Pair(1, 5)
    with pytest.raises(DeserializationError, match="no field 'left'"):
        registry.lift("shop.Thing", {"right": 1})


def test_a_named_tuple_with_attributes_of_its_own_is_refused() -> None:
    class Rich(Pair):
        pass

    rich = Rich(1)
    rich.note = "x"  # type: ignore[attr-defined]
    with pytest.raises(SerializationError, match="carries 'note'"):
        registered(Rich).lower(rich)


def test_an_enum_whose_member_is_not_found_by_its_value_is_refused_at_registration() -> None:
    class Odd(Enum):
        NAN = float("nan")

    with pytest.raises(ValueError, match=r"Odd.NAN is not found by its value: register\(Odd, tag='shop.Thing', encode"):
        registered(Odd)


def test_a_subclass_of_a_builtin_needs_its_own_encode_and_decode() -> None:
    class Tags(list):  # type: ignore[type-arg]
        pass

    with pytest.raises(ValueError, match=r"Tags is a list, so its fields are not its whole state: register\(Tags"):
        registered(Tags)
    with pytest.raises(SerializationError, match=r"register\(Tags, tag=\"[a-z_.]+Tags\", encode=..., decode=...\)"):
        ConverterRegistry().lower(Tags())


def test_an_exception_or_an_abstract_class_cannot_be_registered_by_its_fields() -> None:
    class Shape(ABC):
        @abstractmethod
        def area(self) -> float: ...

    for cls, kind in ((Shape, "abstract"), (type("Oops", (ValueError,), {}), "a ValueError")):
        with pytest.raises(ValueError, match=kind):
            registered(cls)


@pytest.mark.parametrize(
    "value",
    [
        array("i", [1]),
        re.compile("a"),
        partial(int, "1"),
        itemgetter(1),
        SimpleQueue[int](),
        type("Own", (partial,), {})(int),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_class_of_c_that_makes_its_instances_itself_needs_encode_and_decode(value: object) -> None:
    """An empty instance of it is broken: one that was made past its own `__new__` brings the process down."""
    cls = type(value)
    with pytest.raises(ValueError, match=rf"register\({cls.__name__}, tag='shop.Thing', encode=..., decode=...\)"):
        registered(cls)
    with pytest.raises(SerializationError, match=rf"register\({cls.__name__}, tag=\".*\", encode=..., decode=...\)"):
        ConverterRegistry(installed=False).lower(value)


def test_a_class_is_registered_without_running_what_it_does_at_the_end_of_an_instance() -> None:
    ended: list[object] = []

    class Parent(ABC):
        @abstractmethod
        def area(self) -> float: ...

    class Handle(Parent):
        def area(self) -> float:
            return 0

        def __del__(self) -> None:
            ended.append(self.__class__)

    registered(Handle)
    assert ended == []


def test_fields_that_a_kind_of_class_brings_cannot_be_chosen() -> None:
    with pytest.raises(ValueError, match="leave out fields="):
        registered(Pair, fields=["left"])
    with pytest.raises(ValueError, match="leave out fields="):
        registered(Enum("Color", "RED"), fields=["name"])
