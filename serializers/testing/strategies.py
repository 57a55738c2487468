"""Random values for property-based tests: what a serializer claims to keep, nested or sharing each other."""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from ..protocol import Capabilities
from .sample_classes import Color, Item, Level, Node, Permission, Point, Size

_ZONES = st.sampled_from(
    [None, UTC, timezone(timedelta(minutes=-90)), timezone(timedelta(hours=1), "CET"), ZoneInfo("Europe/Berlin")]
)
_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_LEAVES = 25


def values(capabilities: Capabilities) -> st.SearchStrategy[Any]:
    """Return values that a serializer with these capabilities keeps: no value contains itself, none shares another."""
    hashable = _hashable(capabilities)
    keys = hashable if capabilities.non_str_keys else _TEXT
    return st.recursive(
        _scalars(capabilities), lambda inner: _containers(capabilities, keys, inner), max_leaves=_LEAVES
    )


@st.composite
def graphs(draw: st.DrawFn) -> list[Any]:
    """Return objects that refer to each other in any way, cycles included, with values between them.

    For serializers with the capabilities identity, cycles and registered classes.
    """
    makers: list[Callable[[], Any]] = [list, dict, set, lambda: Node("n"), lambda: Item("i"), lambda: bytearray(b"x")]
    objects = [make() for make in draw(st.lists(st.sampled_from(makers), min_size=1, max_size=10))]
    points = [Point("a"), Point("b", Size(1)), Point(Point("c"))]
    scalars = [None, 1, 300, "a", "name", "ä" * 40, Color.RED, Size(1), Decimal("1.0"), Path("a"), *points]
    anything = st.sampled_from([*objects, *scalars])
    inside = anything | st.lists(anything, max_size=3).map(tuple) | st.lists(anything, max_size=3).map(deque)
    for target in objects:
        for number, value in enumerate(draw(st.lists(inside, max_size=4))):
            _add(target, value, draw(st.sampled_from(["a", "name", number, (number, "a"), *points])))
    return objects


def _add(target: Any, value: Any, key: Any) -> None:
    """Let an object refer to a value; a set can do so to a key only."""
    match target:
        case list():
            target.append(value)
        case dict():
            target[key] = value
        case set():
            target.add(key)
        case Node():
            target.children.append(value)
        case Item():
            target.price = value
        case _:
            pass


def _scalars(capabilities: Capabilities) -> st.SearchStrategy[Any]:
    ints = st.integers() if capabilities.big_ints else st.integers(-(2**63), 2**64 - 1)
    if capabilities.big_ints:
        ints |= st.integers(2**60, 2**70) | st.integers(-(2**70), -(2**60))
    scalars: list[st.SearchStrategy[Any]] = [
        st.none(),
        st.booleans(),
        ints,
        st.floats(allow_nan=False, allow_infinity=False),
        _TEXT,
    ]
    if capabilities.registered_classes:
        scalars += [
            st.binary(max_size=20),
            st.floats(),
            st.complex_numbers(),
            st.decimals(),
            st.fractions(max_denominator=10**9),
            st.uuids(),
            st.datetimes(timezones=_ZONES),
            st.times(timezones=st.sampled_from([None, UTC, ZoneInfo("UTC")])),
            st.dates(),
            st.timedeltas(),
            st.ip_addresses(),
            st.sampled_from([*Color, *Level, Permission.READ | Permission.WRITE]),
            st.builds(range, st.integers(), st.integers(), st.integers(1)),
        ]
    return st.one_of(scalars)


def _hashable(capabilities: Capabilities) -> st.SearchStrategy[Any]:
    plain = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), _TEXT)
    if not capabilities.tuples:
        return plain
    return plain | st.tuples(plain, plain)


def _containers(
    capabilities: Capabilities, keys: st.SearchStrategy[Any], inner: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    containers: list[st.SearchStrategy[Any]] = [
        st.lists(inner, max_size=5),
        st.dictionaries(_TEXT, inner, max_size=5),
        st.dictionaries(keys, inner, max_size=5),
    ]
    if capabilities.tuples:
        containers.append(st.lists(inner, max_size=4).map(tuple))
    if capabilities.sets:
        hashable = _hashable(capabilities)
        containers += [st.sets(hashable, max_size=4), st.frozensets(hashable, max_size=4)]
    if capabilities.registered_classes:
        containers += [
            st.builds(Item, _TEXT, inner, st.lists(_TEXT, max_size=2)),
            st.builds(Point, inner, inner),
            st.builds(Size, st.integers(0, 9), st.integers(0, 9)),
            st.builds(deque, st.lists(inner, max_size=3)),
            st.lists(st.tuples(keys, inner), max_size=3).map(_ordered),
        ]
    return st.one_of(containers)


def _ordered(pairs: list[tuple[Any, Any]]) -> OrderedDict[Any, Any]:
    return OrderedDict(pairs)
