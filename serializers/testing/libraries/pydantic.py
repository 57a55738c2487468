"""Models of pydantic, and values that it makes of what it reads."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import (
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    NameEmail,
    PostgresDsn,
    PrivateAttr,
    RedisDsn,
    RootModel,
    SecretBytes,
    SecretStr,
    TypeAdapter,
)
from pydantic_core import MultiHostUrl, Url

from ...registry import ConverterRegistry
from .library_sample import LibrarySample


class Address(BaseModel, frozen=True):
    """A frozen model."""

    city: str
    lines: tuple[str, ...] = ()


class Customer(BaseModel):
    """A model with a model in it, a private attribute and a cached property."""

    name: str = Field(alias="customerName")
    address: Address | None = None
    tags: set[str] = Field(default_factory=set)
    _visits: int = PrivateAttr(default=0)

    @cached_property
    def shown(self) -> str:
        """The name as it is shown."""
        return self.name.title()

    def visit(self) -> Customer:
        """Count one visit."""
        self._visits += 1
        return self


class Open(BaseModel):
    """A model that takes whatever it is given."""

    model_config = ConfigDict(extra="allow")
    kind: str = "any"


class Tags(RootModel[list[str]]):
    """A model of one value."""


def register(registry: ConverterRegistry) -> None:
    """Register the models."""
    for cls in (Address, Customer, Open, Tags):
        registry.register(cls, tag=f"testing.pydantic.{cls.__name__}")


def _customer() -> Customer:
    given: dict[str, Any] = {"customerName": "ada", "address": Address(city="Paris"), "tags": {"b", "a"}}
    customer = Customer(**given).visit()
    if customer.shown != "Ada":
        raise AssertionError("the cached property is wrong")
    return customer


def _moments() -> list[datetime]:
    texts = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001+05:30", "0001-01-01T23:59:59-23:59")
    return [TypeAdapter(datetime).validate_python(text) for text in texts]


def _read(kind: Any, text: str) -> Any:
    return TypeAdapter(kind).validate_python(text)


def _urls() -> list[Any]:
    return [
        _read(HttpUrl, "https://m\u00fcnchen.example/a b?q=\u00fc#top"),
        _read(AnyUrl, "mailto:ada@example.org"),
        _read(PostgresDsn, "postgres://user:pass@one:5432,two:5433/shop"),
        _read(RedisDsn, "redis://"),
        Url("http://example.org"),
        MultiHostUrl("http://one,two/path"),
    ]


SAMPLES = [
    LibrarySample("model", _customer),
    LibrarySample("defaults_are_not_set", lambda: Customer(customerName="bob")),
    LibrarySample("extra_values", lambda: Open.model_validate({"kind": "x", "price": 1, "rest": [1]})),
    LibrarySample("no_extra_values", Open),
    LibrarySample("root_model", lambda: Tags(["a", "b"])),
    LibrarySample("moments", _moments),
    LibrarySample("urls", _urls),
    LibrarySample("secrets", lambda: [SecretStr("s3cret"), SecretBytes(b"\0s3cret")]),
    LibrarySample("named_address", lambda: NameEmail("Ada", "ada@example.org")),
    LibrarySample("as_a_key", lambda: {Address(city="Rome", lines=("x",)): 1}),
]
