"""A shopping session twice: as plain data that JSON can carry, and as the objects that applications would rather keep.

`CART_OBJECTS` is the case that this project is about. It shares one object on purpose: the user is in the session and
owns the cart. Everything else is distinct, above all the items.

The seeds are 31415 and 27182, the first digits of pi and of e: taken from nature, so chosen for no serializer.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ...serializers import ConverterRegistry
from ..workload import Workload

SEED_PLAIN = 31415
SEED_OBJECTS = 27182

ITEMS_PLAIN = 12
ITEMS_OBJECTS = 12

_THINGS = ("mug", "lamp", "kettle", "rug", "chair", "shelf", "clock", "basket", "stool", "mirror", "vase", "tray")
_COLOURS = ("amber", "blue", "coral", "green", "ivory", "olive", "plum", "red", "sand", "teal", "white", "yellow")
_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo")
_OPENED = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


class Role(Enum):
    """What a user may do."""

    GUEST = "guest"
    CUSTOMER = "customer"
    STAFF = "staff"


class User:
    """A class with slots, as written by hand in applications that count their memory."""

    __slots__ = ("email", "groups", "id", "name", "role")

    def __init__(self, id: UUID, name: str, email: str, role: Role, groups: frozenset[str]) -> None:  # noqa: A002
        self.id = id
        self.name = name
        self.email = email
        self.role = role
        self.groups = groups


@dataclass(eq=False)
class Item:
    """One line of a cart."""

    sku: str
    name: str
    price: Decimal
    quantity: int
    added: datetime
    size: tuple[int, int, int]
    """Width, height and depth in millimetres."""
    weight: float
    """In kilograms."""
    gift: bool = False


@dataclass(eq=False)
class Cart:
    """What somebody is about to buy."""

    owner: User
    items: list[Item]
    coupons: set[str]
    currency: str = "EUR"


def build_cart_plain(seed: int) -> dict[str, object]:
    """Return a shopping session of dicts, lists, strings, numbers, booleans and None.

    Parameters
    ----------
    seed
        Where the random values start.

    >>> cart = build_cart_plain(SEED_PLAIN)["cart"]
    >>> sorted(cart), len(cart["items"])
    (['currency', 'items', 'shipping', 'total'], 12)
    """
    random = Random(seed)  # noqa: S311 - reproducible data, no secrets
    items = [_plain_item(random, name) for name in _names(random, ITEMS_PLAIN)]
    return {
        "_auth_user_id": str(random.randrange(10_000, 1_000_000)),
        "csrf_token": random.randbytes(20).hex(),
        "language": "en",
        "cart": {
            "currency": "EUR",
            "items": items,
            "shipping": {"method": "parcel", "express": False, "price": 4.9, "pickup_point": None},
            "total": round(sum(item["price"] * item["quantity"] for item in items) + 4.9, 2),
        },
        "recently_viewed": random.sample(range(100_000, 1_000_000), 8),
        "search": {"query": "oak shelf", "page": 2, "filters": {"in_stock": True, "max_price": 120.0}},
    }


def build_cart_objects(seed: int) -> dict[str, object]:
    """Return a shopping session of objects: dataclasses, a class with slots, an Enum, Decimals, datetimes, sets.

    Parameters
    ----------
    seed
        Where the random values start.

    Raises
    ------
    zoneinfo.ZoneInfoNotFoundError
        The machine has no time zone data; installing ``tzdata`` with pip brings it.

    >>> session = build_cart_objects(SEED_OBJECTS)
    >>> session["cart"].owner is session["user"], len(session["cart"].items)
    (True, 12)
    """
    random = Random(seed)  # noqa: S311 - reproducible data, no secrets
    user = User(
        id=UUID(bytes=random.randbytes(16), version=4),
        name="Ada Morgenstern",
        email=f"ada.{random.randrange(100, 1000)}@example.org",
        role=Role.CUSTOMER,
        groups=frozenset({"newsletter", "early-access"}),
    )
    items = [_item(random, number, name) for number, name in enumerate(_names(random, ITEMS_OBJECTS))]
    return {
        "user": user,
        "cart": Cart(owner=user, items=items, coupons={f"SPRING-{random.randrange(1000, 10_000)}", "WELCOME"}),
        "viewed": set(random.sample(range(100_000, 1_000_000), 8)),
        "started": _OPENED,
        "csrf_token": random.randbytes(20).hex(),
    }


def register_cart_objects(registry: ConverterRegistry) -> None:
    """Register the classes of `build_cart_objects`."""
    for cls in (Cart, Item, Role, User):
        registry.register(cls, tag=f"bench.cart.{cls.__name__}")


def _names(random: Random, count: int) -> list[str]:
    """Distinct names, every one a string object of its own, as rows of a database would be."""
    colours, things = random.sample(_COLOURS, count), random.sample(_THINGS, count)
    return [f"{colour} {thing}" for colour, thing in zip(colours, things, strict=True)]


def _sku(random: Random) -> str:
    return f"{random.randrange(16**3):03X}-{random.randrange(100_000):05d}"


def _cents(random: Random) -> int:
    return random.randrange(199, 19_999)


def _plain_item(random: Random, name: str) -> dict[str, Any]:
    return {
        "sku": _sku(random),
        "name": name,
        "price": _cents(random) / 100,
        "quantity": random.randrange(1, 5),
        "gift": random.random() < 0.2,
        "note": None,
        "weight": round(random.uniform(0.1, 20), 3),
        "size": {"width": random.randrange(40, 2000), "height": random.randrange(40, 2000)},
        "image": f"/media/products/{random.randbytes(4).hex()}.webp",
    }


def _item(random: Random, number: int, name: str) -> Item:
    # Every second item was added by a device that reports its own zone; the others carry the server's UTC.
    zone = ZoneInfo(_ZONES[number // 2 % len(_ZONES)]) if number % 2 else UTC
    moment = _OPENED + timedelta(seconds=random.randrange(3600), microseconds=random.randrange(1_000_000))
    return Item(
        sku=_sku(random),
        name=name,
        price=Decimal(_cents(random)).scaleb(-2),
        quantity=random.randrange(1, 5),
        added=moment.astimezone(zone),
        size=(random.randrange(40, 2000), random.randrange(40, 2000), random.randrange(40, 2000)),
        weight=round(random.uniform(0.1, 20), 3),
        gift=random.random() < 0.2,
    )


CART_PLAIN = Workload(
    name="cart-plain",
    description=f"a cart of {ITEMS_PLAIN} items, plain data",
    seed=SEED_PLAIN,
    build=lambda: build_cart_plain(SEED_PLAIN),
)

CART_OBJECTS = Workload(
    name="cart-objects",
    description=f"a cart of {ITEMS_OBJECTS} items, as objects: dataclasses, slots, Decimal, datetime, UUID, Enum, sets",
    seed=SEED_OBJECTS,
    build=lambda: build_cart_objects(SEED_OBJECTS),
    register=register_cart_objects,
)
