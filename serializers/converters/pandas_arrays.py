"""The arrays of pandas that columns and indexes are made of: moments with a zone, categories, nullable numbers, text.

What NumPy can hold is kept as an array of NumPy. An array keeps its dtype: the zone of moments, the categories and
their order, the width of a number, the storage of text (Python's or that of pyarrow) and its mark of what is missing.
What a nullable array holds where a value is missing is not kept.

Not kept at all, and refused by name: sparse values, periods, intervals, the types of Arrow, those of other libraries.
"""

# Arbitrary data has no static type, and the library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportMissingImports=false

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ..collisions import collision, hashes_collide
from ..errors import DeserializationError, SerializationError
from ..registry import ConverterRegistry
from .numpy_arrays import name_of
from .pandas_scalars import expect_zone
from .plain_data import expect

_NUMBERS = (pd.arrays.IntegerArray, pd.arrays.FloatingArray, pd.arrays.BooleanArray)
_OTHERS = (pd.arrays.DatetimeArray, pd.Categorical, *_NUMBERS)
_TEXTS = (pd.arrays.StringArray, pd.arrays.ArrowStringArray)
_REMEDIES = {
    "SparseDtype": "use .sparse.to_dense()",
    "PeriodDtype": "use .dt.to_timestamp()",
    "IntervalDtype": "use .astype('str'), or keep its ends",
    "ArrowDtype": "use .convert_dtypes(dtype_backend='numpy_nullable')",
    "StringDtype": "use .astype('string')",
}


def register_converters(registry: ConverterRegistry) -> None:
    """Register them."""
    moments = pd.arrays.DatetimeArray
    registry.register(moments, tag="pandas.DatetimeArray", encode=_write_moments, decode=_read_moments)
    registry.register(pd.Categorical, tag="pandas.Categorical", encode=_write_categories, decode=_read_categories)
    for cls in _NUMBERS:
        registry.register(cls, tag=f"pandas.{cls.__name__}", encode=_write_numbers, decode=partial(_read_numbers, cls))
    for cls in _TEXTS:  # in pandas 2.3, subclasses are those that mark what is missing by NaN
        registry.register(cls, tag=f"pandas.{cls.__name__}", encode=_write_texts, decode=_read_texts, subclasses=True)


def array_of(values: Any, where: str) -> Any:
    """Return the array of a series or index, if it is kept; parameters and errors are those of `check_dtype`.

    >>> array_of(pd.Series([1, 2], dtype="int8"), "this series").tolist()
    [1, 2]
    """
    check_dtype(values, where)
    return values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array


def check_dtype(values: Any, where: str) -> None:
    """Refuse a series or index of a dtype that is not kept; nothing is made of its values.

    Parameters
    ----------
    values
        A series or index, but no MultiIndex.
    where
        What it is, for the message.

    Raises
    ------
    SerializationError
        Its dtype is not kept; with the remedy.

    >>> check_dtype(pd.Series([pd.Interval(0, 1)]), "this series")
    Traceback (most recent call last):
        ...
    memcached_sessions.serializers.errors.SerializationError: this series has the dtype interval[int64, right], which \
is not kept: use .astype('str'), or keep its ends
    """
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        try:
            name_of(dtype)
        except SerializationError as error:
            raise SerializationError(f"{where}: {error.problem}") from error
    elif type(values.array) not in _OTHERS and not (isinstance(values.array, _TEXTS) and _is_known_text(dtype)):
        remedy = _REMEDIES.get(type(dtype).__name__, "use .astype() with a dtype of NumPy or pandas")
        raise SerializationError(f"{where} has the dtype {dtype}, which is not kept: {remedy}")


def expect_array(plain: Any) -> Any:
    """Return an array of one dimension, if it is that."""
    if not isinstance(plain, (np.ndarray, pd.api.extensions.ExtensionArray)) or plain.ndim != 1:
        raise DeserializationError("no array of one dimension")
    return plain


def expect_numpy(plain: Any, kinds: str) -> Any:
    """Return an array of NumPy, of one dimension and of one of these kinds of dtypes, if it is that."""
    if type(plain) is not np.ndarray or plain.ndim != 1 or plain.dtype.kind not in kinds or not plain.dtype.isnative:
        raise DeserializationError(f"no array of NumPy of one of the kinds {kinds}")
    return plain


def check_distinct(labels: Any, error: type[ValueError]) -> None:
    """Refuse an index of categories, or of a level, with labels that are equal, in a time that grows with their number.

    What pandas does itself takes the square of it where hostile bytes give all labels one hash.
    """
    if isinstance(labels, pd.RangeIndex):
        return  # of any length, and made of no labels
    values = (labels.asi8 if isinstance(labels, (pd.DatetimeIndex, pd.TimedeltaIndex)) else labels).tolist()
    if hashes_collide(values):
        raise error(collision())
    if len(set(values)) < len(values):
        raise error("two categories, or values of a level, are equal: make it anew")


def write_moments(values: Any) -> dict[str, Any]:
    """Return the plain data of moments: in UTC, beside the zone."""
    data = np.asarray(values, dtype=f"M8[{np.datetime_data(_moments_dtype(values))[0]}]")
    return {"data": data} if values.tz is None else {"data": data, "zone": values.tz}


def read_moments(plain: dict[str, Any]) -> Any:
    """Return an index of moments from their plain data."""
    moments = pd.DatetimeIndex(expect_numpy(plain["data"], "M"), copy=False)
    if moments.dtype != plain["data"].dtype:
        raise DeserializationError("moments of another unit than pandas has")
    zone = expect_zone(plain.get("zone"))
    return moments if zone is None else moments.tz_localize("UTC").tz_convert(zone)


def _moments_dtype(values: Any) -> Any:
    return values.dtype.base if isinstance(values.dtype, pd.DatetimeTZDtype) else values.dtype


def _write_moments(array: Any) -> dict[str, Any]:
    if getattr(array, "freq", None) is not None:  # before pandas 3
        raise SerializationError("the freq of this DatetimeArray would be lost: keep the DatetimeIndex instead")
    return write_moments(array)


def _read_moments(plain: Any) -> Any:
    return read_moments(expect(dict, plain)).array


def _write_categories(array: Any) -> dict[str, Any]:
    check_dtype(array.categories, "the index of the categories")
    check_distinct(array.categories, SerializationError)
    return {"categories": array.categories, "codes": np.array(array.codes), "ordered": bool(array.ordered)}


def _read_categories(plain: Any) -> Any:
    fields = expect(dict, plain)
    categories = fields["categories"]
    if not isinstance(categories, pd.Index) or isinstance(categories, (pd.MultiIndex, pd.CategoricalIndex)):
        raise DeserializationError("no index of categories")
    check_distinct(categories, DeserializationError)
    codes, ordered = expect_numpy(fields["codes"], "i"), expect(bool, fields["ordered"])
    vars(categories)["_cache"]["is_unique"] = True  # where pandas looks before it hashes them
    dtype = pd.CategoricalDtype(categories, ordered=ordered)
    return pd.Categorical.from_codes(codes, dtype=dtype)


def _write_numbers(array: Any) -> dict[str, Any]:
    # Not by isna() and to_numpy(): they take a NaN among floats for a missing value.
    values, missing = array._data, array._mask  # noqa: SLF001 - what the public constructor takes
    return {"data": np.where(missing, np.zeros_like(values), values), "missing": np.array(missing)}


def _read_numbers(cls: Any, plain: Any) -> Any:
    fields = expect(dict, plain)
    values, missing = expect_numpy(fields["data"], "biuf"), expect_numpy(fields["missing"], "b")
    return cls(values, missing)


def _is_known_text(dtype: Any) -> bool:
    return dtype.storage in ("python", "pyarrow")  # not pandas 2.2's own trial of the text of pandas 3


def _write_texts(array: Any) -> dict[str, Any]:
    if not _is_known_text(array.dtype):
        raise SerializationError(f"text in the storage {array.dtype.storage!r} is not kept: use .astype('string')")
    missing = array.isna()
    values = [None if gone else text for text, gone in zip(array, missing, strict=True)]
    mark = "NA" if array.dtype.na_value is pd.NA else "nan"
    return {"storage": array.dtype.storage, "missing": mark, "data": values}


def _read_texts(plain: Any) -> Any:
    fields = expect(dict, plain)
    storage, missing = expect(str, fields["storage"]), expect(str, fields["missing"])
    if storage not in ("python", "pyarrow") or missing not in ("NA", "nan"):
        raise DeserializationError("no kind of text")
    values = expect(list, fields["data"])
    if not all(text is None or type(text) is str for text in values):
        raise DeserializationError("text that is no text")
    mark: dict[str, Any] = {} if missing == "NA" else {"na_value": np.nan}
    try:
        dtype = pd.StringDtype(storage, **mark)
    except ImportError:
        raise DeserializationError("text in the storage of pyarrow: install pyarrow here too") from None
    return pd.array(values, dtype=dtype)
