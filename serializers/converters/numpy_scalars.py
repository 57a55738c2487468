"""The scalars of NumPy, as the plain values that they hold: numbers as numbers, text as text.

Each comes back as its own type. Dates and spans are a count of their unit, and None for NaT. A NaN comes back as a NaN,
whose sign and payload are not kept. ``longdouble`` and ``clongdouble`` have no plain number that holds them, and differ
from machine to machine: they have no converter.
"""

# Arbitrary data has no static type, and the library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownLambdaType=false, reportMissingImports=false

import re
from functools import partial
from math import isfinite
from typing import Any

import numpy as np

from ..errors import DeserializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_list

UNIT = r"(?:[1-9]\d{0,9})?(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)"
"""Pattern of the unit of a date or span, with the number of them that is one step."""
_UNIT = re.compile(f"(?:{UNIT})?")
_NOT_A_TIME = -(1 << 63)


def register_converters(registry: ConverterRegistry) -> None:
    """Register them."""
    for code in "?bBhHiIlLqQefdFDSUMm":
        cls: Any = np.dtype(code).type
        encode, decode = _OF_KIND[np.dtype(code).kind]
        registry.register(cls, tag=f"numpy.{cls.__name__.rstrip('_')}", encode=encode, decode=partial(decode, cls))


def _read_bool(cls: Any, plain: Any) -> Any:
    return cls(expect(bool, plain))


def _read_int(cls: Any, plain: Any) -> Any:
    bounds = np.iinfo(cls)
    if not bounds.min <= expect(int, plain) <= bounds.max:
        raise DeserializationError(f"a number that {cls.__name__} does not hold")
    return cls(plain)


def _read_float(cls: Any, plain: Any) -> Any:
    number = expect(float, plain)
    if isfinite(number) and abs(number) > float(np.finfo(cls).max):
        raise DeserializationError(f"a number that {cls.__name__} does not hold")
    return cls(number)


def _read_complex(cls: Any, plain: Any) -> Any:
    part = {8: np.float32, 16: np.float64}[np.dtype(cls).itemsize]
    real, imaginary = (float(_read_float(part, number)) for number in expect_list(plain, 2))
    return cls(complex(real, imaginary))


def _read_text(cls: Any, plain: Any) -> Any:
    return cls(expect(str, plain))


def _read_bytes(cls: Any, plain: Any) -> Any:
    return cls(expect(bytes, plain))


def _write_time(value: Any) -> list[Any]:
    count = int(value.view(np.int64))
    unit, steps = np.datetime_data(value.dtype)
    name = "" if unit == "generic" else unit if steps == 1 else f"{steps}{unit}"
    return [None if count == _NOT_A_TIME else count, name]


def _read_time(cls: Any, plain: Any) -> Any:
    count, name = expect_list(plain, 2)
    if not _UNIT.fullmatch(expect(str, name)):
        raise DeserializationError("no unit of time")
    dtype = np.dtype(f"{np.dtype(cls).char}8[{name}]" if name else cls)
    number = _NOT_A_TIME if count is None else expect(int, count)
    return np.array([number], np.int64).view(dtype)[0]


_OF_KIND: dict[str, tuple[Any, Any]] = {
    "b": (bool, _read_bool),
    "i": (int, _read_int),
    "u": (int, _read_int),
    "f": (float, _read_float),
    "c": (lambda value: [float(value.real), float(value.imag)], _read_complex),
    "U": (str.__str__, _read_text),
    "S": (bytes, _read_bytes),
    "M": (_write_time, _read_time),
    "m": (_write_time, _read_time),
}
