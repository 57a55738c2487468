"""The values of the fidelity matrix: what sessions hold, or would hold if it came back.

Invariant: a value is made anew at each call, and is the same in every process.
"""

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from ipaddress import ip_address, ip_network
from pathlib import PurePosixPath
from types import SimpleNamespace
from uuid import UUID
from zoneinfo import ZoneInfo

from .own_classes import (
    Address,
    Attributes,
    Colour,
    Coupon,
    Item,
    Permission,
    Point,
    Priority,
    SafeText,
    Size,
    Tags,
    Unit,
    UserId,
    Visitor,
)

BERLIN = "Europe/Berlin"


@dataclass(frozen=True)
class NamedValue:
    """A value of the matrix."""

    name: str
    """The same in every version of the matrix."""
    group: str
    make: Callable[[], object]


def _group(group: str, values: dict[str, Callable[[], object]]) -> list[NamedValue]:
    return [NamedValue(name, group, make) for name, make in values.items()]


def _nested(levels: int) -> object:
    value: object = "innermost"
    for _ in range(levels):
        value = [value]
    return value


def _empty() -> object:
    values: list[object] = [[], {}]
    return values


def _ordered() -> object:
    values: OrderedDict[str, int] = OrderedDict(b=1, a=2)
    return values


def _counted() -> object:
    counts: defaultdict[str, int] = defaultdict(int)
    counts["mug"] += 2
    return counts


def _namespace() -> object:
    return SimpleNamespace(theme="dark")


def _item() -> Item:
    return Item("A-17", Decimal("9.90"), ["new"])


def _shared(value: object) -> object:
    return {"first": value, "second": value}


def _shared_visitor() -> object:
    visitor = Visitor("Ada")
    return {"user": visitor, "cart": {"owner": visitor}}


def _list_in_itself() -> object:
    items: list[object] = [1]
    items.append(items)
    return items


def _dict_in_itself() -> object:
    session: dict[str, object] = {"name": "x"}
    session["self"] = session
    return session


def _friends() -> object:
    ada, bob = Visitor("Ada"), Visitor("Bob")
    ada.friends.append(bob)
    bob.friends.append(ada)
    return ada


VALUES: tuple[NamedValue, ...] = (
    *_group(
        "scalars",
        {
            "None": lambda: None,
            "bool": lambda: [True, False],
            "int": lambda: [0, -1, 41],
            "float": lambda: 0.1,
            "str": lambda: "Ada",
        },
    ),
    *_group(
        "numbers",
        {
            "float that is integral": lambda: 3.0,
            "float -0.0": lambda: -0.0,
            "float NaN": lambda: float("nan"),
            "float infinity": lambda: float("inf"),
            "int 2**63": lambda: 2**63,
            "int -2**63 - 1": lambda: -(2**63) - 1,
            "int 2**70": lambda: 2**70,
            "int -2**70": lambda: -(2**70),
            "Decimal": lambda: Decimal("19.90"),
            "Decimal -0.00": lambda: Decimal("-0.00"),
            "Decimal NaN": lambda: Decimal("NaN"),
            "Fraction": lambda: Fraction(1, 3),
            "complex": lambda: complex(1, -0.0),
        },
    ),
    *_group(
        "text",
        {
            "text beyond ASCII": lambda: "Käse, сыр, 奶酪",
            "emoji": lambda: "🧀👩\u200d🍳",
            "NUL in text": lambda: "a\x00b",
            "lone surrogate": lambda: "\ud800",
            "text of a tag": lambda: {"$decimal": "1.5"},
        },
    ),
    *_group(
        "bytes",
        {
            "bytes": lambda: b"\x00\xff",
            "empty bytes": lambda: b"",
            "bytearray": lambda: bytearray(b"\x00\xff"),
        },
    ),
    *_group(
        "containers",
        {
            "empty list and dict": _empty,
            "empty tuple": lambda: (),
            "tuple": lambda: (1, "a"),
            "nested tuple": lambda: [(1, (2, 3)), (4, ())],
            "set": lambda: {1, 2},
            "empty set": set,
            "frozenset": lambda: frozenset({"a", "b"}),
            "set of tuples": lambda: {(1, "a"), (2, "b")},
            "order of keys": lambda: {"z": 1, "a": 2, "m": 3},
            "100 levels": lambda: _nested(100),
            "OrderedDict": _ordered,
            "defaultdict": _counted,
            "Counter": lambda: Counter("aab"),
            "deque": lambda: deque([1, 2]),
            "deque with maxlen": lambda: deque([1, 2], maxlen=5),
            "range": lambda: range(0, 10, 3),
        },
    ),
    *_group(
        "keys",
        {
            "int keys": lambda: {1: "a", 2: "b"},
            "int key and its text": lambda: {1: "a", "1": "b"},
            "bool key and int key": lambda: {True: "a", 2: "b"},
            "float key": lambda: {0.5: "a"},
            "None key": lambda: {None: "a"},
            "tuple keys": lambda: {(1, 2): "a", (1, 3): "b"},
            "bytes key": lambda: {b"a": 1, "a": 2},
            "date key": lambda: {date(2026, 3, 14): 1},
            "UUID key": lambda: {UUID(int=7): 1},
        },
    ),
    *_group(
        "date and time",
        {
            "datetime without zone": lambda: datetime(2026, 3, 14, 15, 9, 26, 535897),  # noqa: DTZ001 - as it says
            "datetime in UTC": lambda: datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC),
            "datetime with offset": lambda: datetime(2026, 3, 14, 15, 9, tzinfo=timezone(timedelta(hours=5.5))),
            "datetime in a zone": lambda: datetime(2026, 7, 1, 12, tzinfo=ZoneInfo(BERLIN)),
            "datetime in the fold": lambda: datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo(BERLIN), fold=1),
            "date": lambda: date(2026, 3, 14),
            "time": lambda: time(15, 9, 26, 535897),
            "time in UTC": lambda: time(15, 9, tzinfo=UTC),
            "timedelta": lambda: timedelta(days=-1, microseconds=7),
            "timezone": lambda: timezone(timedelta(hours=1), "CET"),
            "ZoneInfo": lambda: ZoneInfo(BERLIN),
        },
    ),
    *_group(
        "standard library",
        {
            "UUID": lambda: UUID(int=2**100),
            "IPv4Address": lambda: ip_address("192.0.2.7"),
            "IPv6Network": lambda: ip_network("2001:db8::/32"),
            "PurePosixPath": lambda: PurePosixPath("/media/cart.webp"),
            "exception": lambda: ValueError("out of stock", 7),
            "SimpleNamespace": _namespace,
        },
    ),
    *_group(
        "own classes",
        {
            "Enum": lambda: Colour.RED,
            "IntEnum": lambda: Priority.HIGH,
            "str and Enum": lambda: Unit.KILOGRAM,
            "Flag": lambda: Permission.READ | Permission.WRITE,
            "named tuple": lambda: Size(3, 4),
            "dataclass": _item,
            "frozen dataclass": lambda: Coupon("SPRING", 10),
            "dataclass with slots": lambda: Address("Ring 1", "Wien"),
            "class with slots": lambda: Point(3, 4),
            "plain class": lambda: Visitor("Ada"),
            "subclass of str": lambda: SafeText("<b>"),
            "subclass of int": lambda: UserId(7),
            "subclass of dict": lambda: Attributes(theme="dark"),
            "subclass of list": lambda: Tags(["new"]),
        },
    ),
    *_group(
        "graphs",
        {
            "shared list": lambda: _shared([1, 2]),
            "shared dict": lambda: _shared({"a": 1}),
            "shared object": _shared_visitor,
            "equal lists": lambda: [[1], [1]],
            "list in itself": _list_in_itself,
            "dict in itself": _dict_in_itself,
            "objects in a cycle": _friends,
        },
    ),
)
"""Every value, group by group, in the order of the reports."""
