"""Values that pydantic makes of what it has read: moments' time zones, URLs, names with an e-mail address, secrets.

Invariant: a URL comes back as the same text, checked again by its class, or writing it is refused.
"""

# Arbitrary data has no static type, and the library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from operator import methodcaller
from typing import Any

from ..errors import SerializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_list

_SECRETS = (("SecretStr", str), ("SecretBytes", bytes), ("Secret", None))
"""Classes with what they hold; None: anything."""


def register_converters(registry: ConverterRegistry) -> None:
    """Register them once their modules are imported, which pydantic does as they are used."""
    registry.when_imported("pydantic_core", _register)
    registry.when_imported("pydantic.networks", _register_network_types)
    registry.when_imported("pydantic.types", _register_secrets)


def _register(registry: ConverterRegistry) -> None:
    from pydantic_core import MultiHostUrl, TzInfo, Url  # noqa: PLC0415 - it was imported

    def encode(zone: Any) -> int:
        return zone.utcoffset(None) // timedelta(seconds=1)

    registry.register(TzInfo, tag="pydantic_core.TzInfo", encode=encode, decode=lambda p: TzInfo(expect(int, p)))
    for cls in (Url, MultiHostUrl):
        _register_url(registry, cls, f"pydantic_core.{cls.__name__}", partial(_url, cls))


def _url(cls: Any, text: str) -> Any:
    made = cls(text)
    # A URL without a path gets one, unless it was made not to, since pydantic 2.12.
    return made if str(made) == text else cls(text, preserve_empty_path=True)


def _register_network_types(registry: ConverterRegistry) -> None:
    from pydantic import networks  # noqa: PLC0415 - it was imported
    from pydantic_core import MultiHostUrl, Url  # noqa: PLC0415 - pydantic imports it

    names: list[str] = networks.__all__
    classes = [each for each in map(partial(getattr, networks), names) if hasattr(each, "_constraints")]
    for cls in classes:  # none before pydantic 2.10, where they were other names of pydantic_core's
        held = MultiHostUrl if hasattr(cls, "hosts") else Url
        _register_url(registry, cls, f"pydantic.{cls.__name__}", partial(_network_url, cls, held))
    registry.register(
        networks.NameEmail,
        tag="pydantic.NameEmail",
        encode=lambda named: [named.name, named.email],
        decode=lambda plain: networks.NameEmail(*(expect(str, each) for each in expect_list(plain, 2))),
    )


def _network_url(cls: Any, held: Any, text: str) -> Any:
    return cls(_url(held, text))


def _register_url(registry: ConverterRegistry, cls: type, tag: str, make: Callable[[str], Any]) -> None:
    def encode(url: Any) -> str:
        text = str(url)
        if make(text) != url:
            raise SerializationError(f"this {cls.__qualname__} is another one when it is read: put its text instead")
        return text

    registry.register(cls, tag=tag, encode=encode, decode=lambda plain: make(expect(str, plain)))


def _register_secrets(registry: ConverterRegistry) -> None:
    from pydantic import types  # noqa: PLC0415 - it was imported

    for name, kind in _SECRETS:
        if hasattr(types, name):  # Secret is of pydantic 2.7
            _register_secret(registry, getattr(types, name), kind)


def _register_secret(registry: ConverterRegistry, cls: Any, kind: type | None) -> None:
    registry.register(
        cls,
        tag=f"pydantic.{cls.__name__}",
        encode=methodcaller("get_secret_value"),
        decode=(lambda plain: cls(expect(kind, plain))) if kind else cls,
    )
