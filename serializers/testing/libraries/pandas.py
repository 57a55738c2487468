"""Scalars, series and frames of pandas."""

# The library has no types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownLambdaType=false, reportMissingImports=false

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from ...fidelity import difference
from .library_sample import LibrarySample

_BERLIN = ZoneInfo("Europe/Berlin")


def changed(original: Any, loaded: Any) -> str:
    """Return how a value of pandas, or a list of them, differs from its round trip; empty if it does not."""
    if type(original) is not type(loaded):
        return f"{type(original).__qualname__} became {type(loaded).__qualname__}"
    try:
        _compare(original, loaded)
    except AssertionError as error:
        return str(error) or f"{original!r} became {loaded!r}"
    return ""


def _compare(original: Any, loaded: Any) -> None:
    exactly: dict[str, Any] = {"check_exact": True}
    if isinstance(original, list):
        assert [changed(*pair) for pair in zip(original, loaded, strict=True)] == [""] * len(original)
    elif isinstance(original, pd.DataFrame):
        pd.testing.assert_frame_equal(original, loaded, check_column_type=True, **exactly)
        for position in range(original.shape[1]):
            _compare(original.iloc[:, position], loaded.iloc[:, position])
        _compare(original.columns, loaded.columns)
        assert original.attrs == loaded.attrs
    elif isinstance(original, pd.Series):
        pd.testing.assert_series_equal(original, loaded, check_index_type=True, check_freq=True, **exactly)
        _compare(original.index, loaded.index)
        assert original.attrs == loaded.attrs
        _compare_objects(original, loaded)
    elif isinstance(original, pd.Index):
        pd.testing.assert_index_equal(original, loaded, exact=True, **exactly)
        assert (getattr(original, "freq", None), type(original)) == (getattr(loaded, "freq", None), type(loaded))
        _compare_objects(original, loaded)
    elif isinstance(original, pd.api.extensions.ExtensionArray):
        pd.testing.assert_extension_array_equal(original, loaded, **exactly)
    elif isinstance(original, pd.Timestamp):
        assert _parts(original) == _parts(loaded)
    elif isinstance(original, pd.Timedelta):
        assert (original.asm8, original.unit) == (loaded.asm8, loaded.unit)
    else:
        assert original is loaded


def _parts(moment: Any) -> tuple[Any, ...]:
    return moment.isoformat(), moment.asm8, moment.unit, moment.fold, moment.tz


def _compare_objects(original: Any, loaded: Any) -> None:
    assert original.dtype == loaded.dtype
    if original.dtype == object:
        types = [[type(value) for value in values.to_numpy()] for values in (original, loaded)]
        assert types[0] == types[1]


def _moments() -> list[Any]:
    in_the_fold = pd.Timestamp(datetime(2026, 10, 25, 2, 30, tzinfo=_BERLIN, fold=1))
    naive = pd.Timestamp("2026-11-25T16:30:00.123456789")
    others = [pd.Timestamp(2026, 1, 1, tz=timezone(timedelta(hours=-3))), pd.Timestamp(0, tz=ZoneInfo("UTC"))]
    return [
        naive,
        naive.replace(fold=1),
        in_the_fold,
        naive.tz_localize(UTC),
        *others,
        *map(naive.as_unit, ["s", "ms"]),
    ]


def _frame() -> Any:
    rows = pd.Series(["käse", None, "wurst"])
    frame = pd.DataFrame(
        {
            "price": [1.5, float("nan"), -0.0],
            "count": np.array([1, 2, 3], "int8"),
            "name": rows.astype("string"),
            "text": rows,
            "kind": pd.Categorical(["b", None, "a"], categories=["b", "a", "c"], ordered=True),
            "left": pd.array([1, None, 3], dtype="UInt8"),
            "rate": pd.array([0.5, None, 3], dtype="Float64"),
            "is new": pd.array([True, None, False], dtype="boolean"),
            "sold": pd.DatetimeIndex(["2026-10-25T00:30", None, "2026-11-25"]).tz_localize("UTC").tz_convert(_BERLIN),
            "since": pd.to_timedelta([1, None, 3], unit="s"),
            "any": pd.Series([(1, 2), pd.NA, pd.Timestamp(0)], dtype=object),
        },
        index=pd.date_range("2026-03-28", periods=3, freq="D", tz=_BERLIN, name="day"),
    )
    frame.attrs["source"] = {"of": ("a", 1)}
    return frame


def _equal_labels() -> Any:
    frame = pd.DataFrame(
        [[1, 2.5, "a"], [3, 4.5, "b"]], columns=pd.Index(["x", "x", 0], dtype=object), index=["r", "r"]
    )
    return frame.astype({0: object})


def _levels() -> Any:
    rows = pd.MultiIndex.from_product([["a", "b"], pd.date_range("2026", periods=2)], names=["shop", None])
    return pd.DataFrame({("n", 1): range(4), ("n", 2): range(4)}, index=rows)


def _indexes() -> list[Any]:
    return [
        pd.RangeIndex(3, 0, -1, name=("a", 1)),
        pd.Index([1, 2], dtype="uint8", name="n"),
        pd.Index(["a", None, 1], dtype=object),
        pd.Index(["a", "b"]),
        pd.Index([1, None], dtype="Int64"),
        pd.date_range("2026-01-31", periods=3, freq="ME"),
        pd.DatetimeIndex(["2026-01-01", None]),
        pd.timedelta_range("1s", periods=3, freq="2h", name="t"),
        pd.CategoricalIndex(["a", "b", "a"], name="c"),
        pd.MultiIndex.from_tuples([("a", 1), ("a", None)]),
    ]


SAMPLES = [
    LibrarySample("moments", _moments, changed),
    LibrarySample("spans", lambda: [pd.Timedelta(-1, "ns"), pd.Timedelta(3, "s").as_unit("s")], changed),
    LibrarySample("missing", lambda: [pd.NaT, pd.NA], changed),
    LibrarySample(
        "as_a_key",
        lambda: {pd.Timestamp(0): {pd.Timedelta(1)}, pd.NaT: pd.NA},
        lambda original, loaded: str(difference(str(original), str(loaded)) or ""),
    ),
    LibrarySample("indexes", _indexes, changed),
    LibrarySample("series", lambda: pd.Series([1, 2], index=["a", "b"], name=("x", 1)), changed),
    LibrarySample("array", lambda: pd.array([1, None], dtype="Int16"), changed),
    LibrarySample("frame", _frame, changed),
    LibrarySample("frame_with_equal_labels", _equal_labels, changed),
    LibrarySample("frame_with_levels", _levels, changed),
    LibrarySample("no_frame", lambda: [pd.DataFrame(), pd.DataFrame(index=["a"]), pd.Series()], changed),
]
