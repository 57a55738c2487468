"""The scalars of pandas: moments and spans, as a count of their unit, and the two marks of what is missing.

A `Timestamp` keeps its nanoseconds, its unit, its time zone and its fold.
"""

# Arbitrary data has no static type, and the library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownLambdaType=false, reportMissingImports=false

from datetime import tzinfo
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DeserializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_list

_UNITS = ("s", "ms", "us", "ns")


def register_converters(registry: ConverterRegistry) -> None:
    """Register them."""
    registry.register(pd.Timestamp, tag="pandas.Timestamp", encode=_write_moment, decode=_read_moment)
    registry.register(pd.Timedelta, tag="pandas.Timedelta", encode=_write_span, decode=_read_span)
    for name, missing in (("NaT", pd.NaT), ("NA", pd.NA)):
        registry.register(type(missing), tag=f"pandas.{name}", encode=lambda _: None, decode=_reader(missing))


def expect_zone(plain: Any) -> tzinfo | None:
    """Return a time zone or None, if it is that."""
    if not (plain is None or isinstance(plain, tzinfo)):
        raise DeserializationError("no time zone")
    return plain


def _write_moment(value: Any) -> list[Any]:
    count = int(value.asm8.view(np.int64))
    return [count, value.unit, value.tz, value.fold] if value.tz or value.fold else [count, value.unit]


def _read_moment(plain: Any) -> Any:
    count, unit, zone, fold = expect_list(plain, 4) if len(expect(list, plain)) != 2 else [*plain, None, 0]
    moment = pd.Timestamp(np.datetime64(expect(int, count), _unit(unit)))
    if not isinstance(moment, pd.Timestamp) or expect(int, fold) not in (0, 1):
        raise DeserializationError("no moment")
    if expect_zone(zone):
        moment = moment.tz_localize("UTC").tz_convert(zone)
    return moment if moment.fold == fold else moment.replace(fold=fold)


def _write_span(value: Any) -> list[Any]:
    return [int(value.asm8.view(np.int64)), value.unit]


def _read_span(plain: Any) -> Any:
    count, unit = expect_list(plain, 2)
    span = pd.Timedelta(np.timedelta64(expect(int, count), _unit(unit)))
    if not isinstance(span, pd.Timedelta):
        raise DeserializationError("no span of time")
    return span


def _unit(plain: Any) -> Any:
    if expect(str, plain) not in _UNITS:
        raise DeserializationError("no unit of time")
    return plain


def _reader(missing: Any) -> Any:
    def read(plain: Any) -> Any:
        expect(type(None), plain)
        return missing

    return read
