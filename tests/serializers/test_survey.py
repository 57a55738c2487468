"""`survey`: all that a value holds and that no serializer keeps, and not the first of it alone."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from memcached_sessions.serializers import ConverterRegistry, SerializationError, get_serializer
from memcached_sessions.serializers.looking import MOST_LEVELS
from memcached_sessions.serializers.stand_ins import stand_in_class
from memcached_sessions.serializers.survey import MOST_PATHS, Finding, FindingKind, survey
from memcached_sessions.serializers.testing.sample_classes import sample_registry
from memcached_sessions.serializers.testing.strategies import graphs
from memcached_sessions.serializers.unregistered import class_name


class Cart:
    """A class that nobody has registered, with attributes of its own."""

    def __init__(self, inside: object = None) -> None:
        self.inside = inside


class Slotted:
    """With a slot, which need not be set."""

    __slots__ = ("inside", "never_set")

    def __init__(self, inside: object = None) -> None:
        self.inside = inside


@dataclass(frozen=True, slots=True)
class Line:
    """A dataclass without a `__dict__`."""

    inside: object = None


class Tags(list[Any]):
    """What extends a built-in container, and would rather not be looked at."""

    def __init__(self, inside: object = None) -> None:
        super().__init__([inside])

    def __iter__(self) -> Any:
        raise AssertionError("its code has run")


class Cookies(dict[str, Any]):
    """Another one."""

    def __init__(self, inside: object = None) -> None:
        super().__init__(inside=inside)

    def items(self) -> Any:
        raise AssertionError("its code has run")


class Shy:
    """Runs code at every look at an attribute."""

    def __init__(self, inside: object = None) -> None:
        object.__setattr__(self, "inside", inside)

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError("its code has run")


class Colour(Enum):
    """An Enum that is not registered."""

    RED = 1


PROPERTY = settings(deadline=None, derandomize=True, database=None)
UNREGISTERED = (Cart, Slotted, Line, Tags, Cookies, Shy)


@st.composite
def strewn_graphs(draw: st.DrawFn) -> tuple[Any, set[str]]:
    """Return a graph into which instances of unregistered classes were put, each within another, and the names of those
    that are told: a survey looks into the outer ones."""
    graph = draw(graphs())
    classes = draw(st.lists(st.sampled_from(UNREGISTERED), max_size=8))
    hidden: Any = draw(st.sampled_from([graph, None, [graph]]))
    for cls in classes:
        wrap = draw(st.sampled_from([list, tuple, deque, dict, None]))
        hidden = cls(hidden)
        if wrap is dict:
            hidden = {draw(st.sampled_from(["a", "b c", 7])): hidden}
        elif wrap is not None:
            hidden = wrap([hidden])
    place: Any = draw(st.sampled_from([target for target in graph if isinstance(target, (list, dict))] or [graph]))
    if isinstance(place, dict):
        place["hidden"] = hidden
    else:
        place.append(hidden)
    return graph, {class_name(cls) for cls in classes[-(MOST_LEVELS + 1) :]}


@PROPERTY
@given(strewn_graphs())
def test_every_unregistered_class_is_found_wherever_it_is(strewn: tuple[Any, set[str]]) -> None:
    """In cycles, in others that are unregistered, in keys' company: and the survey never fails."""
    graph, names = strewn

    found = survey(graph, sample_registry())

    assert {finding.type for finding in found.findings} == names
    assert found.complete
    for finding in found.findings:
        assert (finding.kind, finding.count > 0) == (FindingKind.UNREGISTERED, True)
        assert finding.type in found.types


@PROPERTY
@given(strewn_graphs())
def test_the_first_finding_is_what_a_serializer_refuses(strewn: tuple[Any, set[str]]) -> None:
    """With the same words and the same place."""
    graph, names = strewn
    findings = survey(graph, sample_registry()).findings
    serializer = get_serializer("compact", sample_registry())
    if not names:
        assert serializer.dumps(graph)
        return

    with pytest.raises(SerializationError) as refused:
        serializer.dumps(graph)

    assert (refused.value.problem, refused.value.path) == (findings[0].problem, findings[0].paths[0])


def test_each_class_is_told_once_with_the_line_that_it_needs() -> None:
    """And with its first places, those of one list counted as one."""
    value = {"cart": [Cart(), Cart(), Cart()], "saved": {"later": Cart()}, 7: Tags("a")}

    findings = survey(value, ConverterRegistry()).findings

    module = Cart.__module__
    root = module.partition(".")[0]
    cart = f'register(Cart, tag="{root}.Cart")'
    tags = f'register(Tags, tag="{root}.Tags", encode=..., decode=...)'
    assert [(each.register, each.count, each.paths) for each in findings] == [
        (cart, 4, ("cart[0]", "saved.later")),
        (tags, 1, ("[7]",)),
    ]
    assert findings[0].problem == f"{module}.Cart is not registered: {cart}"


def test_what_an_unregistered_instance_holds_is_told_too() -> None:
    """By the names of attributes and slots."""
    findings = survey({"cart": Cart(Slotted(Line(Colour.RED)))}, ConverterRegistry()).findings

    assert [finding.paths for finding in findings] == [
        ("cart",), ("cart.inside",), ("cart.inside.inside",), ("cart.inside.inside.inside",)
    ]  # fmt: skip


def test_what_is_written_in_c_has_no_line_and_is_not_looked_into() -> None:
    """A function leads to the whole program, and a class to its methods."""
    findings = survey([print, Cart, threading, survey], _registry()).findings

    assert [(finding.type, finding.register) for finding in findings] == [
        ("builtin_function_or_method", None), (f"{__name__}.Cart", None), ("module", None), ("function", None)
    ]  # fmt: skip


def test_the_attributes_of_a_library_are_not_looked_into() -> None:
    """A request leads to the whole server, and is itself what must not be there."""
    request = Request(EnvironBuilder().get_environ())

    findings = survey({"request": request, "thread": threading.Thread(), "cart": Cart(Line())}, _registry()).findings

    assert [finding.paths for finding in findings] == [("request",), ("thread",), ("cart",), ("cart.inside",)]


def test_what_a_container_of_python_holds_is_told_although_its_class_is_not_the_applications() -> None:
    """The items are what the application has put there."""
    findings = survey(defaultdict(Cart, {"a": Cart(7)}), _registry()).findings

    assert [finding.type for finding in findings] == ["collections.defaultdict", class_name(Cart)]


def test_the_row_of_a_table_is_told_and_not_the_tables() -> None:
    """What the ORM notes beside it is not the application's to register."""

    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)

    read = stand_in_class("shop.models", "User")()
    read.state = {"id": 7, "_sa_instance_state": stand_in_class("sqlalchemy.orm.state", "InstanceState")()}

    findings = survey({"user": User(id=7), "read": read}, _registry()).findings

    assert [finding.paths for finding in findings] == [("user",), ("read",)]


def test_a_look_ends_a_few_instances_deep() -> None:
    """However many ways lead from one to the next; their containers do not count."""
    hidden: Any = Slotted()
    for _ in range(MOST_LEVELS):
        hidden = Cart([{"more": hidden}])

    seen = survey(hidden, _registry()).findings
    unseen = survey([Cart(hidden)], _registry()).findings

    assert [(finding.type, finding.count) for finding in seen] == [
        (class_name(Cart), MOST_LEVELS), (class_name(Slotted), 1)
    ]  # fmt: skip
    assert [finding.type for finding in unseen] == [class_name(Cart)]


def test_what_is_computed_is_no_state() -> None:
    """A cached property is computed again."""

    class Order:
        @cached_property
        def total(self) -> object:
            return Cart()

    order = Order()
    assert order.total

    assert [finding.type for finding in survey(order, _registry()).findings] == [class_name(Order)]


def test_a_converter_that_fails_is_a_finding_and_its_instance_is_looked_into() -> None:
    """In the words of the error that a serializer would raise; nothing of the value is in them."""

    def encode(cart: Cart) -> object:
        raise RuntimeError(f"cannot encode {cart.inside}")

    registry = _registry()
    registry.register(Cart, tag="shop.Cart", encode=encode, decode=Cart)

    findings = survey({"cart": Cart(["secret", Line()])}, registry).findings

    assert findings[0] == Finding(
        FindingKind.CONVERTER,
        class_name(Cart),
        "the converter of Cart failed with RuntimeError",
        None,
        1,
        ("cart",),
    )
    assert [finding.paths for finding in findings[1:]] == [("cart.inside[1]",)]
    assert "secret" not in str(findings)


def test_types_are_counted_as_the_application_has_them() -> None:
    """Plain data that a converter makes of a value is not counted beside the value; a shared object is one."""
    shared = [Decimal("9.90"), Decimal("9.90")]

    found = survey({"a": shared, "b": shared, "c": (1, 2)}, _registry())

    assert dict(found.types) == {"dict": 1, "str": 3, "list": 1, "decimal.Decimal": 2, "tuple": 1, "int": 2}
    assert found.findings == ()


def test_the_look_is_bounded() -> None:
    """However much there is, and however deep it is."""
    deep: Any = None
    for _ in range(5_000):
        deep = [Cart(), deep]

    found = survey(deep, _registry(), most=3_000)

    (finding,) = found.findings
    assert not found.complete
    assert 0 < finding.count < 3_000
    assert 1 < len(finding.paths) <= MOST_PATHS


def test_a_deep_value_takes_no_longer_than_a_wide_one() -> None:
    """No path is written for what is not told: thirty thousand of them would take a minute."""
    deep: Any = None
    for _ in range(30_000):
        deep = [Cart(), deep]

    (finding,) = survey(deep, _registry()).findings

    assert (finding.count, finding.paths[0]) == (30_000, "[0]")
    while deep is not None:  # one by one: freeing all at once is a recursion of Python's own
        deep = deep[1]


def test_a_look_ends_when_its_time_is_over() -> None:
    """What was seen until then is told."""
    found = survey([Cart(), *range(10_000)], _registry(), seconds=-1)

    assert (found.complete, len(found.findings)) == (False, 1)
    assert 0 < found.types["int"] < 10_000


def test_a_value_with_as_many_places_as_are_looked_at_is_complete() -> None:
    """Its last place is counted."""
    assert survey([1, 2], _registry(), most=3).complete
    assert not survey([1, 2, 3], _registry(), most=3).complete


def test_a_key_that_is_a_huge_number_is_shown_by_its_type() -> None:
    """Python refuses to write it, and nobody would read it."""
    (finding,) = survey({10**5_000: Cart()}, _registry()).findings

    assert finding.paths == ("[int]",)
    with pytest.raises(SerializationError, match=r"^\[int\]: .* is not registered"):
        get_serializer("json", _registry()).dumps({10**5_000: Cart()})


def _registry() -> ConverterRegistry:
    return ConverterRegistry()
