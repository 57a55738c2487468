"""Random values of pandas, of the kinds that are kept."""

from datetime import UTC, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytz
from hypothesis import strategies as st

_UNITS = ["s", "ms", "us", "ns"]
_ZONES = [
    UTC,
    timezone(timedelta(hours=-3)),
    *map(ZoneInfo, ["UTC", "Europe/Berlin", "Australia/Lord_Howe"]),
    pytz.timezone("Europe/Berlin"),
]
_FREQUENCIES = [
    "D",
    "-2D",
    "3h",
    "250ms",
    "B",
    "W-SUN",
    "ME",
    "MS",
    "BME",
    "BMS",
    "QE-FEB",
    "BQS-JAN",
    "YE-DEC",
    "BYS-APR",
]
_COUNTS = {
    unit: st.integers(-(10**9) * factor, 4 * 10**9 * factor)
    for unit, factor in zip(_UNITS, [1, 10**3, 10**6, 10**9], strict=True)
}
_LABELS = st.sampled_from(["a", "b", "käse", 0, 1.5, None, ("a", 1), pd.Timestamp(0)])
_OBJECTS = st.sampled_from(
    [None, pd.NA, pd.NaT, float("nan"), 1, True, "x", (1, [2]), b"b", np.int8(1), pd.Timestamp(0)]
)


@st.composite
def moments(draw: st.DrawFn) -> Any:
    """Return a Timestamp of any unit, with or without a zone."""
    unit = draw(st.sampled_from(_UNITS))
    moment = pd.Timestamp(np.datetime64(draw(_COUNTS[unit]), unit))
    zone = draw(st.none() | st.sampled_from(_ZONES))
    return moment if zone is None else moment.tz_localize("UTC").tz_convert(zone)


@st.composite
def columns(draw: st.DrawFn, size: int) -> Any:
    """Return an array of a dtype that is kept."""

    def some(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=size, max_size=size))

    kind = draw(st.sampled_from(["numpy", "times", "zone", "nullable", "category", "text", "object"]))
    if kind == "numpy":
        dtype = np.dtype(
            draw(st.sampled_from(["?", "i1", "u2", "i4", "i8", "u8", "f2", "f4", "f8", "c8", "c16", ">i4"]))
        )
        data = draw(st.binary(min_size=size * dtype.itemsize, max_size=size * dtype.itemsize))
        return np.frombuffer(data, dtype) if dtype.kind != "b" else np.frombuffer(data, "u1") % 2 == 1
    if kind in ("times", "zone"):
        unit = draw(st.sampled_from(_UNITS))
        counts = np.array(some(_COUNTS[unit] | st.just(-(1 << 63))), "i8")
        if kind == "zone":
            return (
                pd.DatetimeIndex(counts.view(f"M8[{unit}]"))
                .tz_localize("UTC")
                .tz_convert(draw(st.sampled_from(_ZONES)))
            )
        return counts.view(f"{draw(st.sampled_from('mM'))}8[{unit}]")
    if kind == "nullable":
        missing = np.array(some(st.booleans()), bool)
        if draw(st.booleans()):
            return pd.arrays.BooleanArray(np.array(some(st.booleans()), bool), missing)
        if draw(st.booleans()):
            return pd.arrays.FloatingArray(np.array(some(st.floats(width=32)), "f4"), missing)
        return pd.arrays.IntegerArray(np.array(some(st.integers(0, 255)), "u1"), missing)
    if kind == "category":
        categories = draw(st.sampled_from([["b", "a", "c"], [3, 1, 2], [pd.Timestamp(0), pd.Timestamp(1)]]))
        values = some(st.none() | st.sampled_from(categories))
        return pd.Categorical(values, categories=categories, ordered=draw(st.booleans()))
    if kind == "text":
        dtype = draw(st.sampled_from(["string", pd.Series(["a"]).dtype]))
        return pd.array(some(st.none() | st.text(st.characters(codec="utf-8"), max_size=3)), dtype=dtype)
    return np.fromiter(some(_OBJECTS), object, size)


@st.composite
def indexes(draw: st.DrawFn, size: int) -> Any:
    """Return an index of a kind that is kept."""
    kind = draw(st.sampled_from(["range", "labels", "column", "dates", "spans", "levels"]))
    name = draw(_LABELS)
    if kind == "range":
        step = draw(st.sampled_from([-2, 1, 3]))
        return pd.RangeIndex(5, 5 + size * step, step, name=name)
    if kind == "dates":
        zone = draw(st.none() | st.sampled_from([UTC, ZoneInfo("Europe/Berlin")]))
        frequency = draw(st.sampled_from(_FREQUENCIES))
        return pd.date_range("2026-03-20", periods=size, freq=frequency, tz=zone, name=name)
    if kind == "spans":
        return pd.timedelta_range("1s", periods=size, freq="3h", name=name)
    if kind == "column":
        array = draw(columns(size).filter(lambda array: array.dtype != "float16"))
        return pd.Index(array, dtype=array.dtype, name=name, tupleize_cols=False)
    values = np.fromiter(draw(st.lists(_LABELS, min_size=size, max_size=size)), object, size)
    labels = pd.Index(values, dtype=object, name=name, tupleize_cols=False)
    return pd.MultiIndex.from_arrays([range(size), labels], names=["n", name]) if kind == "levels" else labels


@st.composite
def frames(draw: st.DrawFn) -> Any:
    """Return a frame of columns of any dtype, under labels that may be equal."""
    height, width = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    index = draw(indexes(height))
    series = []
    for _ in range(width):
        array = draw(columns(height))
        series.append(pd.Series(array, index=index, dtype=array.dtype))
    frame = pd.DataFrame(dict(enumerate(series)), index=index)
    frame.columns = draw(indexes(width))
    frame.attrs = draw(st.sampled_from([{}, {"a": (1, 2)}]))
    return frame
