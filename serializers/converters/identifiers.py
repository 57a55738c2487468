"""Converters of what names something: UUIDs, paths, network addresses."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath
from typing import Any
from uuid import UUID, SafeUUID

from ..errors import SerializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_list

_ADDRESSES = (IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network)
_PATHS = (PosixPath, PurePosixPath, PureWindowsPath, WindowsPath)


def register_converters(registry: ConverterRegistry) -> None:
    """Register them."""
    registry.register(UUID, tag="uuid", encode=_write_uuid, decode=_read_uuid)
    for cls in _PATHS:
        registry.register(cls, tag=cls.__name__, encode=_write_path, decode=_reader(cls))
    for cls in _ADDRESSES:
        registry.register(cls, tag=cls.__name__, encode=str, decode=_reader(cls))


def _reader(cls: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda plain: cls(expect(str, plain))


def _write_path(path: PurePath) -> str:
    text = str(path)
    if type(path)(text) != path:
        raise SerializationError(f"this {type(path).__name__} is another path when it is written out: make it absolute")
    return text


def _write_uuid(value: UUID) -> str | list[Any]:
    return value.hex if value.is_safe is SafeUUID.unknown else [value.hex, value.is_safe.value]


def _read_uuid(plain: Any) -> UUID:
    if type(plain) is str:
        return UUID(hex=plain)
    digits, safe = expect_list(plain, 2)
    return UUID(hex=expect(str, digits), is_safe=SafeUUID(expect(int, safe)))
