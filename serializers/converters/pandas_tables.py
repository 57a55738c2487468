"""Series and frames: column by column, with index, labels, name and `attrs`.

A column is told by its position: labels may be missing, equal, or of any type that has a converter. Values of object
columns come back through their converters, as the types that they are. Not kept are whether columns share memory and
how pandas groups them in blocks; the flag against duplicate labels is refused, and a frame of more than `MAX_COLUMNS`
columns: in bytes a column can be two of them, and pandas makes a series of each.
"""

# Arbitrary data has no static type, and the library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportMissingImports=false

from typing import Any

import pandas as pd

from ..errors import DeserializationError, SerializationError
from ..paths import key_step
from ..registry import ConverterRegistry
from .pandas_arrays import array_of, expect_array
from .pandas_indexes import check_index, expect_index
from .plain_data import expect

MAX_COLUMNS = 10_000


def register_converters(registry: ConverterRegistry) -> None:
    """Register them."""
    registry.register(pd.Series, tag="pandas.Series", encode=_write_series, decode=_read_series)
    registry.register(pd.DataFrame, tag="pandas.DataFrame", encode=_write_frame, decode=_read_frame)


def _write_series(series: Any) -> dict[str, Any]:
    plain = {"index": check_index(series.index, "the index"), "data": array_of(series, "this series")}
    return plain | ({} if series.name is None else {"name": series.name}) | _attributes(series)


def _read_series(plain: Any) -> Any:
    fields = expect(dict, plain)
    series = _column(expect_array(fields["data"]), expect_index(fields["index"]), fields.get("name"))
    return _with_attributes(series, fields)


def _write_frame(frame: Any) -> dict[str, Any]:
    if len(frame.columns) > MAX_COLUMNS:
        raise SerializationError(
            f"this DataFrame has {len(frame.columns)} columns, and more than {MAX_COLUMNS} are not kept: "
            "keep it transposed, or frame.to_numpy() and its labels"
        )
    plain = {
        "index": check_index(frame.index, "the index"),
        "columns": check_index(frame.columns, "the index of the columns"),
        "data": [
            array_of(frame.iloc[:, position], f"column {position}, {key_step(label).removeprefix('.')},")
            for position, label in enumerate(frame.columns)
        ],
    }
    return plain | _attributes(frame)


def _read_frame(plain: Any) -> Any:
    fields = expect(dict, plain)
    if len(expect(list, fields["data"])) > MAX_COLUMNS:
        raise DeserializationError(f"a frame of more than {MAX_COLUMNS} columns")
    index, columns = expect_index(fields["index"]), expect_index(fields["columns"])
    arrays = [expect_array(each) for each in fields["data"]]
    if len(arrays) != len(columns):
        raise DeserializationError("a frame with another number of columns than labels")
    # Each column a series of this very index, so that nothing is aligned and no dtype guessed. Not copied: in hostile
    # bytes they can be one array, any number of times.
    frame = pd.DataFrame({at: _column(array, index) for at, array in enumerate(arrays)}, index=index, copy=False)
    frame.columns = columns
    return _with_attributes(frame, fields)


def _column(array: Any, index: Any, name: Any = None) -> Any:
    if len(array) != len(index):  # pandas would repeat a single value, as often as a range says
        raise DeserializationError("a column of another length than its index")
    series = pd.Series(array, index=index, dtype=array.dtype, name=name, copy=False)
    if series.dtype != array.dtype:
        raise DeserializationError("a column of another dtype than pandas has")
    return series


def _attributes(table: Any) -> dict[str, Any]:
    if not table.flags.allows_duplicate_labels:
        raise SerializationError(
            f"the flag against duplicate labels of this {type(table).__name__} would be lost: "
            "use .set_flags(allows_duplicate_labels=True)"
        )
    return {"attrs": dict(table.attrs)} if table.attrs else {}


def _with_attributes(table: Any, fields: dict[str, Any]) -> Any:
    if "attrs" in fields:
        table.attrs = expect(dict, fields["attrs"])
    return table
