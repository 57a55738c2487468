"""Values that a serializer keeps or refuses, sorted by the capability that they ask for."""

from __future__ import annotations

import copy
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path, PurePosixPath, PureWindowsPath
from uuid import UUID, SafeUUID
from zoneinfo import ZoneInfo

from .sample_classes import (
    Color,
    Described,
    Generic,
    Inherited,
    Item,
    Level,
    Markup,
    Node,
    Permission,
    Point,
    Size,
    Slotted,
    Tags,
    Unit,
)

BERLIN = ZoneInfo("Europe/Berlin")
NAN = float("nan")
INFINITY = float("inf")


@dataclass(frozen=True)
class Sample:
    """A value, made anew at each call, and the capability without which it may be refused."""

    name: str
    capability: str | None
    """A field of `Capabilities`, or several; empty: every serializer keeps it; None: kept or refused, as it likes."""
    make: Callable[[], object]

    def __str__(self) -> str:
        return f"{self.capability or 'any'}: {self.name}".replace(" ", "_")


_CONTAINERS: list[object] = [1, "a", None, [2.5, []]]
_LIKE_TAGS: list[object] = [{"$tuple": [1]}, {"$": 1}, {"$dict": []}, {"": 2}, {"$a": 1, "b": 2}]
_DEQUES: list[object] = [deque([1, (2,)], 5), deque()]


def _sample(capability: str | None, **values: Callable[[], object]) -> list[Sample]:
    return [Sample(name.replace("_", " "), capability, make) for name, make in values.items()]


def _set_of(*elements: object) -> Callable[[], object]:
    return lambda: set(elements)


def _shared_list() -> object:
    shared = [1, "a"]
    return {"first": shared, "second": shared, "other": [1, "a"]}


def _shared_item() -> object:
    item = Item("a-1", Decimal("9.90"))
    return [item, {"again": item}, Item("a-1", Decimal("9.90"))]


def _shared(value: object) -> object:
    return {"first": value, "second": [value]}


def _own_tuple() -> object:
    items: list[object] = []
    items.append((1, items))
    return items


def _own_list() -> object:
    items: list[object] = [1]
    items.append(items)
    return {"items": items}


def _own_dict() -> object:
    session: dict[str, object] = {"name": "x"}
    session["self"] = session
    return session


def _tree() -> object:
    root = Node("root")
    for name in "ab":
        Node(name + "1", Node(name, root))
    return root


def _odd_attributes() -> object:
    node = Node("x")
    vars(node).update({"no identifier": 1, "__dunder": 2})
    return node


def _partly_set() -> object:
    return Slotted(left=1, secret="s")  # noqa: S106 - `right` is not set, and stays unset


SAMPLES: list[Sample] = [
    *_sample(
        "",
        none=lambda: None,
        true=lambda: True,
        false=lambda: False,
        zero=lambda: 0,
        largest_64_bit_int=lambda: 2**64 - 1,
        smallest_64_bit_int=lambda: -(2**63),
        float=lambda: 0.1,
        integral_float=lambda: 3.0,
        negative_zero=lambda: -0.0,
        largest_float=lambda: 1.7976931348623157e308,
        smallest_float=lambda: 5e-324,
        empty_str=lambda: "",
        text=lambda: 'käse 🧀 \x00 \u2028 "quoted" \\',
        list=lambda: copy.deepcopy(_CONTAINERS),
        dict=lambda: {"b": 1, "a": {"c": [True]}, "": None},
        dict_in_its_order=lambda: {"z": 1, "a": 2, "m": 3},
        long_chain_of_dicts=lambda: _chain(60),
        empty_dict=dict,
        empty_list=list,
        nested_50_deep=lambda: _nested(50),
        session=lambda: {"_auth_user_id": "7", "cart": {"items": [{"sku": "a", "n": 2}]}, "_flashes": []},
        keys_that_look_like_tags=lambda: copy.deepcopy(_LIKE_TAGS),
        text_that_looks_like_a_tag=lambda: ["$tuple", '"$tuple":'],
    ),
    *_sample(
        None,
        bytes=lambda: b"\x00\xff",
        empty_bytes=lambda: b"",
        bytearray=lambda: bytearray(b"ab"),
        nan=lambda: NAN,
        infinity=lambda: [INFINITY, -INFINITY],
        lone_surrogate=lambda: "\ud800",
        lone_surrogate_in_a_key=lambda: {"\udfff": 1},
    ),
    *_sample(
        "big_ints",
        beyond_64_bits=lambda: 2**64,
        below_64_bits=lambda: -(2**63) - 1,
        of_5000_digits=lambda: 7**6000,
    ),
    *_sample(
        "tuples", empty_tuple=lambda: (), tuple=lambda: (1, ("a", [2])), list_of_tuples=lambda: [("danger", "no"), (1,)]
    ),
    *_sample(
        "sets",
        set=_set_of("b", "a", "c"),
        empty_set=set,
        mixed_set=_set_of(1, "1", None, 2.5),
        frozenset=lambda: frozenset({1, 2}),
        set_of_frozensets=lambda: {frozenset({1}), frozenset({2, 3})},
    ),
    *_sample(
        "non_str_keys",
        int_keys=lambda: {1: "a", 2: "b"},
        chain_of_mixed_keys=lambda: _chain(40, 1),
        mixed_keys=lambda: {None: 1, True: 2, 2.5: 3, "2": 4, 2: 5},
        int_and_str=lambda: {"a": {3: [1]}},
    ),
    *_sample(
        "identity",
        shared_list=_shared_list,
        shared_dict=lambda: _shared({"a": 1}),
    ),
    *_sample("identity sets", shared_set=lambda: _shared({1})),
    *_sample("identity tuples", shared_in_a_tuple=lambda: _shared(([1],))),
    *_sample(
        "identity registered_classes",
        shared_bytearray=lambda: _shared(bytearray(b"ab")),
        shared_deque=lambda: _shared(deque([1])),
        shared_object=_shared_item,
    ),
    *_sample("cycles", list_in_itself=_own_list, dict_in_itself=_own_dict),
    *_sample("cycles tuples", list_in_its_own_tuple=_own_tuple),
    *_sample(
        "subclasses",
        str_subclass=lambda: Markup("<b>"),
        list_subclass=lambda: Tags(["a"]),
        int_enum=lambda: Level.HIGH,
        str_enum=lambda: [Unit.KILO, "kg"],
    ),
    *_sample(
        "registered_classes",
        enum=lambda: [Color.RED, Color.BLUE],
        flags=lambda: [Permission.READ | Permission.ADMIN, Permission(0)],
        dataclass=lambda: Item("a-1", Decimal("1.10"), ["x"]),
        nested_dataclasses=lambda: Item("a", Item("b", Point(1, (2,)))),
        frozen_slots=lambda: Point(1, None),
        named_tuple=lambda: [Size(1, 2), Size(3)],
        slots=_partly_set,
        plain_class=lambda: Node("alone"),
        nan_keys=lambda: {float("nan"): 1, float("nan"): 2},
        set_of_nans=lambda: {float("nan"), float("nan"), 1.0},
        inner_slots=lambda: [Inherited("a", 1), Generic[int]("b")],
        described=lambda: Described(3),
        odd_attributes=_odd_attributes,
        key_of_a_registered_class=lambda: {Point(1): 1, Color.RED: 2, Size(1): 3},
        datetime=lambda: datetime(2026, 11, 22, 10, 30, 0, 123456),  # noqa: DTZ001
        datetime_utc=lambda: datetime(2026, 11, 22, 10, 30, tzinfo=UTC),
        datetime_with_offset=lambda: datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=-3, seconds=7))),
        datetime_with_named_offset=lambda: datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1), "CET")),
        datetime_in_a_zone=lambda: datetime(2026, 7, 1, 12, tzinfo=BERLIN),
        datetime_in_the_fold=lambda: datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
        naive_datetime_in_the_fold=lambda: datetime(2026, 10, 25, 2, 30, fold=1),  # noqa: DTZ001
        date=lambda: date(1, 1, 1),
        time=lambda: [time(23, 59, 59, 999999), time(1, fold=1), time(1, tzinfo=UTC), time(1, tzinfo=BERLIN)],
        timedelta=lambda: [timedelta(-1, 5, 7), timedelta.max],
        timezone=lambda: [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(0), "Z")],
        zoneinfo=lambda: BERLIN,
        decimal=lambda: [Decimal("-0.00"), Decimal("1E+1000"), Decimal("0.10")],
        decimal_specials=lambda: [Decimal("NaN"), Decimal("-sNaN123"), Decimal("-Infinity")],
        fraction=lambda: Fraction(-3, 7),
        complex=lambda: [complex(1, -0.0), complex(NAN, -INFINITY)],
        uuid=lambda: UUID(int=7),
        safe_uuid=lambda: UUID(int=2**128 - 1, is_safe=SafeUUID.safe),
        deque=lambda: copy.deepcopy(_DEQUES),
        ordered_dict=lambda: OrderedDict([("b", 1), (2, [3])]),
        paths=lambda: [Path("/a/b"), PurePosixPath("."), PureWindowsPath(r"C:\x\y"), Path("ä b")],
        addresses=lambda: [ip_address("127.0.0.1"), ip_address("fe80::1%eth0"), ip_network("10.0.0.0/8")],
        interfaces=lambda: [ip_interface("10.0.0.1/8"), ip_interface("::1/64"), ip_network("2001:db8::/32")],
        range=lambda: [range(3), range(10**30, 0, -7)],
        set_of_tuples=lambda: {(1, "a"), (2, UUID(int=1))},
        set_of_members=lambda: {Color.RED, Color.BLUE, Point(1)},
        tuple_keys=lambda: {(1, 2): "x", frozenset({3}): "y"},
    ),
]
"""One value of each kind that sessions hold."""

CYCLIC_TREE = Sample("tree with parents", "cycles", _tree)


def _chain(levels: int, *more_keys: object) -> object:
    value: object = None
    for _ in range(levels):
        value = {"$child": value} | dict.fromkeys(more_keys, 0)
    return value


def _nested(levels: int) -> object:
    value: object = 0
    for _ in range(levels):
        value = [value]
    return value
