"""Converters of pandas: what is refused on writing, and hostile plain data on reading."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.serializers import ConverterRegistry, DeserializationError, SerializationError, get_serializer
from memcached_sessions.serializers.testing.libraries.pandas import SAMPLES

FORMATS = ["json", "msgpack", "cbor", "compact", "pickle"]


def _sparse() -> Any:
    return pd.DataFrame({"a": [1], "b": pd.arrays.SparseArray([0])})


_REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "sparse": (_sparse, r"column 1, b, has the dtype Sparse\[int64, 0\], .*use \.sparse\.to_dense\(\)"),
    "period": (
        lambda: pd.Series(pd.period_range("2026", periods=2, freq="M")),
        r"this series .*\.dt\.to_timestamp\(\)",
    ),
    "period_index": (
        lambda: pd.Series([1], index=pd.period_range("2026", periods=1, freq="M")),
        "the index has the dtype",
    ),
    "interval": (lambda: pd.DataFrame({"x y": [pd.Interval(0, 1)]}), r"column 0, \['x y'\], .*keep its ends"),
    "cut": (lambda: pd.cut(pd.Series([1, 2, 3]), 2), "the index of the categories has the dtype interval"),
    "longdouble": (lambda: pd.DataFrame({7: np.zeros(1, "g")}), r"column 0, \[7\],: its dtype float128"),
    "levels": (
        lambda: pd.MultiIndex.from_arrays([[1], [pd.Period("2026")]]),
        "level 1 of this MultiIndex has the dtype",
    ),
    "frequency": (lambda: pd.date_range("2026", periods=2, freq="bh"), "the frequency bh .*set index.freq = None"),
    "normalized": (lambda: pd.date_range("2026", periods=2, freq=pd.offsets.MonthEnd(normalize=True)), "is not kept"),
    "columns": (
        lambda: pd.DataFrame(np.zeros((1, 10_001))),
        r"has 10001 columns, and more than 10000 are not kept: keep it transposed",
    ),
    "flag": (lambda: pd.Series([1]).set_flags(allows_duplicate_labels=False), r"allows_duplicate_labels=True"),
    "subclass": (lambda: type("Geo", (pd.DataFrame,), {})({"a": [1]}), "Geo is not registered"),
}


@pytest.mark.parametrize("case", _REFUSED)
def test_what_is_not_kept_is_refused_by_its_path_with_the_remedy(case: str) -> None:
    make, words = _REFUSED[case]
    value = {"rows": [make()]}
    for name in FORMATS:
        with pytest.raises(SerializationError, match=words) as caught:
            get_serializer(name, ConverterRegistry()).dumps(value)
        assert caught.value.path.startswith("rows[0]")


def test_an_object_in_a_column_is_refused_by_its_place() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": pd.Series(["x", object()], dtype=object)})
    with pytest.raises(SerializationError, match="object is not registered") as caught:
        get_serializer("json", ConverterRegistry()).dumps({"rows": frame})
    assert caught.value.path == "rows.data[1].values[1]"


_ONE = {"index": pd.RangeIndex(10**12), "columns": pd.RangeIndex(1), "data": [np.array([1])]}
_COLLIDING = np.fromiter((number * (2**61 - 1) for number in range(200)), object)


@pytest.mark.parametrize(
    ("tag", "plain"),
    [
        ("DataFrame", _ONE),
        ("DataFrame", {**_ONE, "data": [np.array([1], object)]}),
        ("DataFrame", {**_ONE, "index": pd.RangeIndex(10**30)}),
        ("DataFrame", {**_ONE, "columns": pd.RangeIndex(10**12), "data": []}),
        ("DataFrame", {**_ONE, "data": [np.zeros((1, 1))]}),
        ("DataFrame", {**_ONE, "index": pd.RangeIndex(1), "data": [[1]]}),
        ("DataFrame", {**_ONE, "index": pd.RangeIndex(1), "data": [np.array(["a"])]}),
        ("DataFrame", {**_ONE, "index": [0]}),
        ("Series", {"index": pd.RangeIndex(10**12), "data": np.array([1])}),
        ("Series", {"index": pd.RangeIndex(1), "data": np.array([1]), "name": [1]}),
        ("Series", {"index": pd.RangeIndex(1), "data": np.array([1]), "attrs": [1]}),
        ("RangeIndex", {"start": 0, "stop": 1, "step": 0}),
        ("Index", {"data": np.array([1], "M8[s]")}),
        ("Index", {"data": np.array([1], "f2")}),
        ("DatetimeIndex", {"data": np.array([1], "M8[D]")}),
        ("DatetimeIndex", {"data": np.array([0, 1], "M8[s]"), "freq": "D"}),
        ("DatetimeIndex", {"data": np.array([0, 1], "M8[s]"), "freq": "999999YE-DEC"}),
        ("DatetimeIndex", {"data": np.array([0, 1], "M8[s]"), "freq": "99999999bh"}),
        ("DatetimeIndex", {"data": np.array([1], "M8[s]"), "zone": "UTC"}),
        ("TimedeltaIndex", {"data": np.array([1], "m8[D]")}),
        ("MultiIndex", {"levels": [pd.Index(["a"])], "codes": [np.array([1])], "names": [None]}),
        ("MultiIndex", {"levels": [pd.Index(["a", "a"])], "codes": [np.array([1])], "names": [None]}),
        ("MultiIndex", {"levels": [pd.Index(["a"])], "codes": [np.array([-2])], "names": [None]}),
        ("MultiIndex", {"levels": [pd.Index(_COLLIDING)], "codes": [np.array([0])], "names": [None]}),
        (
            "MultiIndex",
            {"levels": [pd.Index(["a"])] * 2, "codes": [np.zeros(1, int), np.zeros(2, int)], "names": ["", ""]},
        ),
        ("MultiIndex", {"levels": [], "codes": [], "names": []}),
        ("Categorical", {"categories": pd.Index(_COLLIDING), "codes": np.array([0]), "ordered": True}),
        ("Categorical", {"categories": pd.Index(["a", None]), "codes": np.array([1]), "ordered": True}),
        ("Categorical", {"categories": pd.Index(["a"]), "codes": np.array([1]), "ordered": True}),
        ("Categorical", {"categories": pd.Index(["a", "a"]), "codes": np.array([0]), "ordered": True}),
        ("IntegerArray", {"data": np.array([1, 2]), "missing": np.array([True])}),
        ("IntegerArray", {"data": np.array([1.5]), "missing": np.array([True])}),
        ("BooleanArray", {"data": np.array([1]), "missing": np.array([True])}),
        ("FloatingArray", {"data": np.array([1], ">f8"), "missing": np.array([True])}),
        ("StringArray", {"storage": "python", "missing": "NA", "data": [1]}),
        ("StringArray", {"storage": "pickle", "missing": "NA", "data": ["a"]}),
        ("Timestamp", [-(1 << 63), "ns"]),
        ("Timestamp", [1 << 63, "ns"]),
        ("Timestamp", [1, "D"]),
        ("Timestamp", [1, "ns", "Europe/Berlin", 0]),
        ("Timestamp", [1, "ns", None, 2]),
        ("Timedelta", [-(1 << 63), "ns"]),
        ("Timedelta", [True, "ns"]),
        ("NaT", 1),
    ],
    ids=lambda value: value if type(value) is str else "",
)
def test_plain_data_that_does_not_fit_is_refused_before_much_is_made(tag: str, plain: Any) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError, NotImplementedError)):
        ConverterRegistry().lift(f"pandas.{tag}", plain)


def test_mutated_plain_data_ends_in_a_value_or_an_error() -> None:
    """One part of a real value is replaced by a part of another."""
    registry = ConverterRegistry()
    lowered: list[tuple[str, Any]] = []
    waiting = [
        value for sample in SAMPLES for made in [sample.make()] for value in (made if type(made) is list else [made])
    ]
    while waiting:
        value = waiting.pop()
        if type(value).__module__.startswith(("pandas", "numpy")):
            lowered.append(registry.lower(value))
            value = lowered[-1][1]
        waiting += value.values() if type(value) is dict else value if type(value) is list else ()
    parts = [part for _, plain in lowered for part in (plain.values() if type(plain) is dict else [plain])]
    tables = [(tag, plain) for tag, plain in lowered if type(plain) is dict]
    ended: set[str] = set()

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(st.sampled_from(tables), st.sampled_from(parts) | st.integers() | st.text(max_size=3), st.data())
    def check(table: tuple[str, Any], part: Any, data: st.DataObject) -> None:
        tag, plain = table
        mutated = {**plain, data.draw(st.sampled_from([*plain, "name", "freq", "zone"])): part}
        try:
            value = registry.lift(tag, mutated)
        except (ValueError, TypeError, KeyError, OverflowError, NotImplementedError, AttributeError):
            ended.add("refused")
            return
        ended.add("kept")
        try:
            again = registry.lift(*registry.lower(value))
        except SerializationError:
            return  # odder than what an application holds
        assert type(again) is type(value)

    check()
    assert ended == {"kept", "refused"}


def test_labels_that_pandas_would_hash_alike_are_read_without_hashing_them_there() -> None:
    """Numbers of which the hash of pandas is the same: with its own checks a megabyte would take minutes."""
    low = np.arange(200_000, dtype="u8")
    mixed = (low ^ (low << np.uint64(11))) & np.uint64(0xFFFF_FFFF)
    labels = pd.Index(((mixed << np.uint64(33)) | low).view("i8")[mixed < 1 << 31][::-1])
    codes = np.zeros(1, "i1")
    registry = ConverterRegistry()

    category = registry.lift("pandas.Categorical", {"categories": labels, "codes": codes, "ordered": False})
    levels = registry.lift("pandas.MultiIndex", {"levels": [labels], "codes": [codes], "names": [None]})

    assert category.tolist() == [labels[0]]
    assert levels[0] == (labels[0],)


def test_a_range_of_any_length_is_read_and_written_without_making_its_labels() -> None:
    registry = ConverterRegistry()
    endless, codes = pd.RangeIndex(10**15), np.zeros(1, "i1")
    values: dict[str, Any] = {
        "Categorical": {"categories": endless, "codes": codes, "ordered": True},
        "MultiIndex": {"levels": [endless], "codes": [codes], "names": [None]},
        "DataFrame": {"index": endless, "columns": pd.RangeIndex(0), "data": []},
    }
    for tag, plain in values.items():
        assert registry.lower(registry.lift(f"pandas.{tag}", plain))[0] == f"pandas.{tag}"


def test_one_array_as_any_number_of_columns_takes_the_memory_of_one() -> None:
    array = np.arange(100_000)
    plain = {"index": pd.RangeIndex(100_000), "columns": pd.RangeIndex(300), "data": [array] * 300}
    frame = ConverterRegistry().lift("pandas.DataFrame", plain)
    assert all(np.shares_memory(frame[label].to_numpy(), array) for label in (0, 299))


def test_more_columns_than_are_written_are_not_read() -> None:
    registry = ConverterRegistry()
    tag, plain = registry.lower(pd.DataFrame(np.zeros((1, 10_000))))
    column = plain["data"][0]
    assert registry.lift(tag, plain).shape == (1, 10_000)
    with pytest.raises(DeserializationError, match="a frame of more than 10000 columns"):
        registry.lift(tag, plain | {"columns": pd.RangeIndex(10_001), "data": [column] * 10_001})
