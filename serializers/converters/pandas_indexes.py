"""The indexes of pandas: labels, with their dtype, name and frequency.

A frequency is kept if it is one of the common ones (ticks, days, business days, weeks, and the ends and starts of
months, quarters and years); any other is refused.
"""

# Arbitrary data has no static type, and the library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportMissingImports=false

import re
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DeserializationError, SerializationError
from ..registry import ConverterRegistry
from .pandas_arrays import (
    array_of,
    check_distinct,
    check_dtype,
    expect_array,
    expect_numpy,
    read_moments,
    write_moments,
)
from .plain_data import expect

_FREQUENCY = re.compile(r"-?\d{0,6}(?:ns|us|ms|s|min|h|D|B|W-[A-Z]{3}|B?M[ES]|B?[QY][ES]-[A-Z]{3})", re.ASCII)
"""What moves by any number of them in one step: hostile bytes cannot make pandas count."""


def register_converters(registry: ConverterRegistry) -> None:
    """Register them."""
    for cls, encode, decode in (
        (pd.Index, _write_labels, partial(_read_labels, pd.Index)),
        (pd.CategoricalIndex, _write_labels, partial(_read_labels, pd.CategoricalIndex)),
        (pd.DatetimeIndex, _write_moments, _read_moments),
        (pd.TimedeltaIndex, _write_spans, _read_spans),
        (pd.RangeIndex, _write_range, _read_range),
        (pd.MultiIndex, _write_levels, _read_levels),
    ):
        registry.register(cls, tag=f"pandas.{cls.__name__}", encode=encode, decode=decode)


def check_index(index: Any, where: str) -> Any:
    """Return an index, if it is of a kind that is kept; what it holds is checked where it is written.

    Raises
    ------
    SerializationError
        It is not; with the remedy.

    >>> check_index(pd.RangeIndex(2), "the index")
    RangeIndex(start=0, stop=2, step=1)
    """
    if not isinstance(index, pd.MultiIndex):
        check_dtype(index, where)
    return index


def expect_index(plain: Any) -> Any:
    """Return an index, if it is one."""
    if not isinstance(plain, pd.Index):
        raise DeserializationError("no index of pandas")
    return plain


def _named(index: Any, plain: dict[str, Any]) -> dict[str, Any]:
    return plain if index.name is None else {**plain, "name": index.name}


def _write_labels(index: Any) -> dict[str, Any]:
    return _named(index, {"data": array_of(index, "this index")})


def _read_labels(cls: Any, plain: Any) -> Any:
    fields = expect(dict, plain)
    array = expect_array(fields["data"])
    index = pd.Index(array, dtype=array.dtype, name=fields.get("name"), tupleize_cols=False, copy=False)
    if type(index) is not cls or index.dtype != array.dtype:
        raise DeserializationError(f"no labels of a {cls.__name__}")
    return index


def _write_range(index: Any) -> dict[str, Any]:
    return _named(index, {"start": index.start, "stop": index.stop, "step": index.step})


def _read_range(plain: Any) -> Any:
    fields = expect(dict, plain)
    start, stop, step = (expect(int, fields[name]) for name in ("start", "stop", "step"))
    return pd.RangeIndex(start, stop, step, name=fields.get("name"))


def _write_moments(index: Any) -> dict[str, Any]:
    return _named(index, write_moments(index) | _write_frequency(index))


def _read_moments(plain: Any) -> Any:
    fields = expect(dict, plain)
    return pd.DatetimeIndex(read_moments(fields), freq=_frequency(fields), name=fields.get("name"), copy=False)


def _write_spans(index: Any) -> dict[str, Any]:
    return _named(index, {"data": index.to_numpy()} | _write_frequency(index))


def _read_spans(plain: Any) -> Any:
    fields = expect(dict, plain)
    array = expect_numpy(fields["data"], "m")
    index = pd.TimedeltaIndex(array, freq=_frequency(fields), name=fields.get("name"), copy=False)
    if index.dtype != array.dtype:
        raise DeserializationError("spans of another unit than pandas has")
    return index


def _write_frequency(index: Any) -> dict[str, Any]:
    if index.freq is None:
        return {}
    name = index.freq.freqstr
    if not _FREQUENCY.fullmatch(name) or pd.tseries.frequencies.to_offset(name) != index.freq:
        raise SerializationError(
            f"the frequency {name} of this {type(index).__name__} is not kept: set index.freq = None"
        )
    return {"freq": name}


def _frequency(fields: dict[str, Any]) -> Any:
    name = fields.get("freq")
    if name is None:
        return None
    if not _FREQUENCY.fullmatch(expect(str, name)):
        raise DeserializationError("no frequency")
    return pd.tseries.frequencies.to_offset(name)


def _write_levels(index: Any) -> dict[str, Any]:
    for position, level in enumerate(index.levels):
        check_dtype(level, f"level {position} of this MultiIndex")
        check_distinct(level, SerializationError)
    return {
        "levels": [level.rename(None) for level in index.levels],
        "codes": [np.array(codes) for codes in index.codes],
        "names": list(index.names),
    }


def _read_levels(plain: Any) -> Any:
    fields = expect(dict, plain)
    levels = [expect_index(level) for level in expect(list, fields["levels"])]
    codes = [expect_numpy(each, "i") for each in expect(list, fields["codes"])]
    if len(levels) != len(codes) or len({len(each) for each in codes}) != 1:
        raise DeserializationError("no levels of one length")
    for level, each in zip(levels, codes, strict=True):
        if isinstance(level, pd.MultiIndex) or (len(each) and not -1 <= each.min() <= each.max() < len(level)):
            raise DeserializationError("no level of a MultiIndex")
        check_distinct(level, DeserializationError)
    # Verified above: pandas does not bound what hashing costs.
    return pd.MultiIndex(levels=levels, codes=codes, names=expect(list, fields["names"]), verify_integrity=False)
