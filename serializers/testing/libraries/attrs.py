"""Classes of attrs."""

from __future__ import annotations

from functools import cached_property

import attrs

from ...registry import ConverterRegistry
from .library_sample import LibrarySample


@attrs.define
class Basket:
    """A class with slots, a default that depends on another attribute, and a cached property."""

    items: list[object] = attrs.field(factory=list[object])
    limit: int = attrs.field(default=10, validator=attrs.validators.ge(0))
    largest: int = attrs.Factory(lambda self: self.limit * 2, takes_self=True)

    @cached_property
    def count(self) -> int:
        """How many items there are."""
        return len(self.items)


@attrs.frozen(cache_hash=True)
class Sku:
    """A frozen class that keeps its hash."""

    code: str
    size: object = None


@attrs.define(slots=False)
class Customer:
    """A class without slots, with a private attribute."""

    name: str
    _level: int = attrs.field(default=0, alias="level")


@attrs.define
class Member(Customer):
    """A subclass of it, with slots."""

    since: int = 0


def register(registry: ConverterRegistry) -> None:
    """Register the classes."""
    for cls in (Basket, Sku, Customer, Member):
        registry.register(cls, tag=f"testing.attrs.{cls.__name__}")


def _basket() -> Basket:
    basket = Basket([Sku("a-1"), Sku("a-2", (1, 2))], limit=3)
    if basket.count != 2:
        raise AssertionError("the cached property is wrong")
    return basket


def _hashed() -> dict[Sku, int]:
    return {Sku("a-1", 7): 1, Sku("b"): 2}


SAMPLES = [
    LibrarySample("slots", _basket),
    LibrarySample("no_slots", lambda: Customer("Ada", 3)),
    LibrarySample("subclass", lambda: [Member("Ada", 3, 1843), Member("Bob")]),
    LibrarySample("as_a_key", _hashed),
]
