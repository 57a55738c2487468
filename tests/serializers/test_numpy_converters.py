"""Converters of NumPy: random scalars and arrays, hostile plain data, and what is refused."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from memcached_sessions.serializers import ConverterRegistry, SerializationError, get_serializer
from memcached_sessions.serializers.testing.libraries.numpy import changed

FORMATS = ["json", "msgpack", "cbor", "compact", "pickle"]
_PROPERTY = settings(max_examples=60, deadline=None, derandomize=True, database=None)
_UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"]
_ORDERS = ("<", ">")

_plain_dtypes = (
    st.sampled_from([np.dtype(code) for code in "?bBqQO"])
    | npst.integer_dtypes(endianness="?")
    | npst.unsigned_integer_dtypes(endianness="?")
    | npst.floating_dtypes(endianness="?", sizes=(16, 32, 64))
    | npst.complex_number_dtypes(endianness="?", sizes=(64, 128))
)
_text_dtypes = st.builds(
    lambda order, kind, size: np.dtype(f"{order}{kind}{size}"), *map(st.sampled_from, [_ORDERS, "SU", range(1, 5)])
)
_time_dtypes = st.builds(
    lambda order, kind, steps, unit: np.dtype(f"{order}{kind}8[{steps}{unit}]"),
    *map(st.sampled_from, [_ORDERS, "mM", ["", "25"], _UNITS]),
)
_values_of_objects = (
    st.none() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=3) | st.tuples(st.booleans())
)


@st.composite
def arrays(draw: st.DrawFn) -> Any:
    """Return an array of a dtype that is kept, in C or Fortran order, or a view with other strides."""
    dtype = draw(_plain_dtypes | _text_dtypes | _time_dtypes)
    shape = draw(npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    if dtype.kind == "O":
        size = int(np.prod(shape, dtype=int))
        values = draw(st.lists(_values_of_objects, min_size=size, max_size=size))
        array = np.fromiter(values, dtype, size).reshape(shape)
    elif dtype.kind in "bSU":
        array = draw(npst.arrays(dtype.newbyteorder("="), shape)).astype(dtype)
    else:
        size = int(np.prod(shape, dtype=int)) * dtype.itemsize  # every bit, NaNs included
        array = np.frombuffer(bytearray(draw(st.binary(min_size=size, max_size=size))), dtype).reshape(shape)
    return draw(st.sampled_from([array, np.asfortranarray(array), array.T, array[::-1] if array.ndim else array]))


@pytest.mark.parametrize("name", FORMATS)
def test_random_arrays_are_kept(name: str) -> None:
    serializer = get_serializer(name, ConverterRegistry())

    @_PROPERTY
    @given(arrays())
    def check(array: Any) -> None:
        loaded = serializer.loads(serializer.dumps(array))
        if array.flags.forc:
            assert changed(array, loaded) == ""
        else:  # other strides
            assert changed(np.ascontiguousarray(array), loaded) == ""

    check()


@pytest.mark.parametrize("name", FORMATS)
def test_random_scalars_are_kept(name: str) -> None:
    serializer = get_serializer(name, ConverterRegistry())

    @_PROPERTY
    @given(npst.arrays(_plain_dtypes.filter(lambda dtype: dtype.kind != "O") | _text_dtypes | _time_dtypes, 3))
    def check(array: Any) -> None:
        scalars = list(array)
        assert changed(scalars, serializer.loads(serializer.dumps(scalars))) == ""

    check()


def test_arrays_within_an_array_of_objects_stay_what_they_are() -> None:
    array = np.empty(3, object)
    array[:] = [None, [1, [2]], (3,)]
    array[0] = np.arange(3)
    serializer = get_serializer("json", ConverterRegistry())
    loaded = serializer.loads(serializer.dumps(np.fromiter([array, np.array(5)], object, 2)))
    assert changed(loaded[0][0], np.arange(3)) == ""
    assert loaded[0].tolist()[1:] == [[1, [2]], (3,)]
    assert type(loaded.tolist()[1]) is np.ndarray


def test_a_number_is_readable_in_json() -> None:
    serializer = get_serializer("json", ConverterRegistry())
    assert serializer.dumps([np.int8(3), np.float64(0.5)]) == b'[{"$numpy.int8":3},{"$numpy.float64":0.5}]'


_SHAPES = [[1 << 62], [1 << 62, 4], [1 << 70], [-1], [0, 1 << 62, 1 << 62], [2] * 65, [1] * 65, [True], ["1"], 4, None]


@pytest.mark.parametrize("shape", _SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["<f8", "|O", "<U1", "|b1"])
def test_a_huge_or_odd_shape_is_refused_before_anything_is_made(shape: object, dtype: str) -> None:
    registry = ConverterRegistry()
    plain = {"dtype": dtype, "shape": shape, "data": bytes(8), "values": [1]}
    with pytest.raises((ValueError, TypeError, OverflowError)):
        registry.lift("numpy.ndarray", plain)


@pytest.mark.parametrize(
    "dtype",
    [
        "object",
        "O",
        "|O8",
        "V8",
        "|V8",
        "i4,i4",
        "<f16",
        "<g",
        "|S0",
        "<U0",
        "f8",
        "(2,)f8",
        "<M8[0s]",
        "|T16",
        "<U99999999",
        "",
    ],
)
def test_a_dtype_that_is_not_kept_is_not_made_of_bytes_either(dtype: str) -> None:
    with pytest.raises(ValueError, match="no dtype or order"):
        ConverterRegistry().lift("numpy.ndarray", {"dtype": dtype, "shape": [1], "data": bytes(8)})


@pytest.mark.parametrize(
    ("dtype", "data", "words"),
    [
        ("|O", bytes(8), "KeyError|'values'"),
        ("<U1", b"\xff\xff\xff\x7f", "no Unicode"),
        (">U1", b"\x00\x11\x00\x00", "no Unicode"),
        ("|b1", b"\x02", "truth values"),
        ("<i4", bytes(3), "another size"),
        ("<i4", bytes(5), "another size"),
    ],
)
def test_bytes_that_are_no_values_of_the_dtype_are_refused(dtype: str, data: bytes, words: str) -> None:
    with pytest.raises((ValueError, KeyError), match=words):
        ConverterRegistry().lift("numpy.ndarray", {"dtype": dtype, "shape": [1], "data": data})


_FIELDS = {
    "dtype": st.sampled_from(["<f8", ">U1", "|O", "|b1", "<M8[s]", "|S3", "<q", "x", 3]),
    "shape": st.lists(st.integers(-1, 3) | st.integers(), max_size=3) | st.none(),
    "order": st.sampled_from(["C", "F", "A", None]),
    "data": st.binary(max_size=30) | st.sampled_from([bytes(n) for n in (0, 4, 8, 16, 24, 64)]),
    "values": st.lists(st.none() | st.integers() | st.just(np.arange(3)), max_size=4) | st.text(max_size=2),
}


def test_mutated_plain_data_ends_in_an_array_or_an_error() -> None:
    registry = ConverterRegistry()
    ended: set[str] = set()

    @settings(_PROPERTY, max_examples=300)
    @given(st.fixed_dictionaries({}, optional=_FIELDS))
    def check(plain: dict[str, Any]) -> None:
        try:
            array = registry.lift("numpy.ndarray", plain)
        except (ValueError, TypeError, KeyError, OverflowError):
            ended.add("refused")
            return
        ended.add("kept")
        assert array.nbytes <= max(len(plain.get("data", b"")), 8 * len(plain.get("values", [])))
        assert changed(array, registry.lift(*registry.lower(array))) == ""

    check()
    assert ended == {"kept", "refused"}


@pytest.mark.parametrize(
    ("tag", "plain"),
    [
        ("int8", 128),
        ("uint64", -1),
        ("int64", True),
        ("float16", 1e5),
        ("float32", 1e39),
        ("float64", 1),
        ("bool", 1),
        ("complex64", [1e39, 0.0]),
        ("complex128", [0.0]),
        ("datetime64", [1, "x"]),
        ("datetime64", [1 << 63, "s"]),
        ("timedelta64", [1, "99999999999s"]),
        ("timedelta64", ["now", "s"]),
        ("str", b"a"),
    ],
)
def test_plain_data_that_is_no_scalar_is_refused(tag: str, plain: object) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        ConverterRegistry().lift(f"numpy.{tag}", plain)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(2, [("a", "i4")]), "keep each of its fields as an array of its own"),
        (np.zeros(2, "V3"), r"use \.view\('u1'\)"),
        (np.zeros(2, np.longdouble), r"use \.astype\('float64'\)"),
        (np.zeros(2, np.clongdouble), r"use \.astype\('complex128'\)"),
        (np.zeros(2, np.dtype("i4", metadata={"a": 1})), "metadata .* would be lost"),
        (np.ndarray(3, "S0"), "is not kept"),
        (np.array([2], "u1").view(bool), "truth values other than 0 and 1: make it anew"),
        (np.ma.array([1]), "MaskedArray is not registered"),
        (np.zeros(1, "i4").view(np.matrix), "matrix is not registered"),
        (np.rec.array([(1,)], dtype=[("a", "i4")]), "recarray is not registered"),
        (np.zeros(1, np.longdouble)[0], "longdouble is not registered"),
    ],
)
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_what_is_not_kept_is_refused_by_its_path(array: Any, words: str) -> None:
    for name in FORMATS:
        with pytest.raises(SerializationError, match=words) as caught:
            get_serializer(name, ConverterRegistry()).dumps({"rows": [1, array]})
        assert caught.value.path == "rows[1]"


def test_an_object_in_an_array_is_refused_by_its_place() -> None:
    array = np.array([[1, 2], [3, object()]], dtype=object)
    with pytest.raises(SerializationError, match="object is not registered") as caught:
        get_serializer("json", ConverterRegistry()).dumps({"rows": array})
    assert caught.value.path == "rows.values[3]"


def test_text_of_variable_width_is_refused() -> None:
    if not hasattr(np, "dtypes") or not hasattr(np.dtypes, "StringDType"):
        pytest.skip("it came with NumPy 2")
    with pytest.raises(SerializationError, match=r"use \.astype\(object\)"):
        get_serializer("json", ConverterRegistry()).dumps(np.array(["a"], np.dtypes.StringDType()))


def test_nothing_is_imported_by_a_registry_and_pandas_brings_numpy(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from memcached_sessions.serializers import ConverterRegistry, get_serializer\n"
        "serializer = get_serializer('json', ConverterRegistry())\n"
        "serializer.loads(serializer.dumps({'a': (1, 2)}))\n"
        "try: serializer.loads(b'{\"$pandas.Series\":1}')\n"
        "except ValueError as error: assert 'import pandas where' in str(error)\n"
        "assert not {'numpy', 'pandas'} & set(sys.modules), 'imported'\n"
        "import pandas\n"
        "for value in (pandas.Timestamp(0), pandas.DataFrame({'a': [1.5]})):\n"
        "    assert type(serializer.loads(serializer.dumps(value))) is type(value)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
