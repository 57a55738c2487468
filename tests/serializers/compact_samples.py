"""Classes that the tests of compact store, and the serializer that knows them.

Which implementation that is says the fixture `implementation`, which every test of the format itself uses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta, timezone
from enum import Enum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from memcached_sessions.serializers import ConverterRegistry, Serializer, get_serializer
from memcached_sessions.serializers.fidelity import difference

CET = timezone(timedelta(hours=1), "CET")
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass
class Item:
    sku: str
    price: object = None


@dataclass(frozen=True)
class Pair:
    left: object
    right: object = 0


class Size(NamedTuple):
    width: int
    height: int = 1


class Color(Enum):
    RED = "red"
    BLUE = 2


class Node:
    """Hashed by identity."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.links: Any = None


class Tags(list[Any]):
    pass


def registry() -> ConverterRegistry:
    made = ConverterRegistry()
    for cls in (Item, Pair, Size, Color, Node):
        made.register(cls, tag=cls.__name__)
    made.register(Tags, tag="Tags", encode=list, decode=Tags)
    return made


def compact(**options: Any) -> Serializer:
    return get_serializer("compact", registry(), **options)


def round_trip(value: Any) -> Any:
    """Return what comes back, which must be the same graph and give the same bytes."""
    serializer = compact()
    payload = serializer.dumps(value)
    loaded = serializer.loads(payload)
    changed = difference(value, loaded, identity=True)
    assert changed is None, str(changed)
    assert serializer.dumps(loaded) == payload
    return loaded


def nested(levels: int, make: Callable[[Any], Any] = lambda inner: [inner], innermost: object = 0) -> Any:
    value: Any = innermost
    for _ in range(levels):
        value = make(value)
    return value
