"""Converters of Python's built-in types; a format uses them for those that it does not keep itself.

JSON needs all of them, msgpack and CBOR only some: which ones is up to the format.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

import re
from base64 import b64decode, b64encode
from typing import Any

from ..errors import DeserializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_hashable, expect_list, expect_pairs, pairs_of

_HEX = re.compile(r"-?0x[0-9a-f]+")
_NOT_FINITE = ("nan", "inf", "-inf")


def register_converters(registry: ConverterRegistry) -> None:
    """Register them."""
    registry.register(int, tag="int", encode=hex, decode=_read_int)
    registry.register(float, tag="float", encode=repr, decode=_read_float)
    registry.register(complex, tag="complex", encode=lambda n: [n.real, n.imag], decode=_read_complex)
    registry.register(bytes, tag="bytes", encode=lambda b: b64encode(b).decode(), decode=_read_bytes)
    registry.register(bytearray, tag="bytearray", encode=bytes, decode=lambda p: bytearray(expect(bytes, p)))
    registry.register(tuple, tag="tuple", encode=list, decode=lambda p: tuple(expect(list, p)))
    registry.register(set, tag="set", encode=list, decode=lambda p: set(expect_hashable(expect(list, p))))
    registry.register(
        frozenset, tag="frozenset", encode=list, decode=lambda p: frozenset(expect_hashable(expect(list, p)))
    )
    registry.register(dict, tag="dict", encode=pairs_of, decode=lambda p: dict(expect_pairs(p)))
    registry.register(range, tag="range", encode=lambda r: [r.start, r.stop, r.step], decode=_read_range)


def _read_int(plain: Any) -> int:
    # Hexadecimal: int() refuses more than sys.get_int_max_str_digits() decimal digits, and is quadratic below that.
    if not _HEX.fullmatch(expect(str, plain)):
        raise DeserializationError("expected a hexadecimal integer")
    return int(plain, 16)


def _read_float(plain: Any) -> float:
    if plain not in _NOT_FINITE:
        raise DeserializationError("expected 'nan', 'inf' or '-inf'")
    return float(plain)  # each NaN an object of its own: two of them are two keys of a dict


def _read_complex(plain: Any) -> complex:
    real, imaginary = expect_list(plain, 2)
    return complex(expect(float, real), expect(float, imaginary))


def _read_bytes(plain: Any) -> bytes:
    return b64decode(expect(str, plain), validate=True)


def _read_range(plain: Any) -> range:
    return range(*(expect(int, number) for number in expect_list(plain, 3)))
