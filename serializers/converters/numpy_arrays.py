"""The arrays of NumPy: dtype, shape, memory order and bytes; those of objects value by value, by their converters.

An array comes back writable and with memory of its own. Kept are byte order, and whether the first index varies fastest
(Fortran order). Not kept: that two arrays are views of the same memory, other strides (such an array comes back in C
order), and the flag of an array that cannot be written to. NaNs keep their bits.

Only `ndarray` itself has a converter: what `matrix`, `MaskedArray`, `recarray` and `memmap` add would be lost.

Invariants: a dtype is made only of text that a pattern allows, never one of objects from bytes; the bytes are counted
against the shape before anything is made; every text in an array can be read as Unicode, every truth value is 0 or 1.
"""

# Arbitrary data has no static type, and the library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportMissingImports=false

import re
from math import prod
from typing import Any

import numpy as np

from ..errors import DeserializationError, SerializationError
from ..registry import ConverterRegistry
from .numpy_scalars import UNIT
from .plain_data import expect

_DTYPE = re.compile(
    rf"[<>|](?:b1|[iu][1248]|[qQ]|f[248]|c(?:8|16)|[SU][1-9]\d{{0,6}}|[Mm]8(?:\[{UNIT}\])?|O)", re.ASCII
)
_MAX_DIMENSIONS = 64
_MAX_CODE_POINT = 0x10FFFF
_REMEDIES = {
    "V": "use .view('u1')",
    "fields": "keep each of its fields as an array of its own",
    "T": "use .astype(object)",
    "f": "use .astype('float64')",
    "c": "use .astype('complex128')",
}


def register_converters(registry: ConverterRegistry) -> None:
    """Register `ndarray`."""
    registry.register(np.ndarray, tag="numpy.ndarray", encode=_write, decode=_read)


def name_of(dtype: Any) -> str:
    """Return the text of a dtype that is kept.

    Raises
    ------
    SerializationError
        It is not kept; with the remedy.

    >>> name_of(np.dtype("float32")).lstrip("<>")
    'f4'
    """
    name = dtype.str
    if dtype.char in "qQ" and np.dtype(name).char != dtype.char:
        name = name[0] + dtype.char  # as wide as another type, and yet one of its own
    if dtype.metadata:
        raise SerializationError(
            f"the metadata of its dtype {dtype} would be lost: use .astype({name!r}), and keep it beside the array"
        )
    if not _DTYPE.fullmatch(name):
        kind = "fields" if dtype.names else dtype.kind
        raise SerializationError(
            f"its dtype {dtype} is not kept: {_REMEDIES.get(kind, 'use .astype() with a plain dtype')}"
        )
    return name


def _write(array: Any) -> dict[str, Any]:
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    plain: dict[str, Any] = {"dtype": name_of(array.dtype), "shape": list(array.shape)}
    if order == "F":
        plain["order"] = order
    if array.dtype.kind == "O":
        plain["values"] = array.ravel(order=order).tolist()
        return plain
    plain["data"] = array.tobytes(order=order)
    flaw = _flaw(array.dtype, plain["data"])
    if flaw:
        raise SerializationError(f"the array {flaw}: make it anew")
    return plain


def _read(plain: Any) -> Any:
    fields = expect(dict, plain)
    name, order = expect(str, fields["dtype"]), expect(str, fields.get("order", "C"))
    if not _DTYPE.fullmatch(name) or order not in ("C", "F"):
        raise DeserializationError("no dtype or order of an array")
    dtype, shape = np.dtype(name), _shape(fields["shape"])
    if dtype.kind == "O":
        values = expect(list, fields["values"])
        _check_size(len(values), prod(shape))
        # Item by item: an assignment would look into values that are sequences or arrays themselves.
        flat = np.fromiter(values, dtype=dtype, count=len(values))
        return flat.reshape(shape, order=order).copy(order=order)
    data = expect(bytes, fields["data"])
    _check_size(len(data), prod(shape) * dtype.itemsize)
    flaw = _flaw(dtype, data)
    if flaw:
        raise DeserializationError(f"the array {flaw}")
    return np.ndarray(shape, dtype, data, order=order).copy(order=order)


def _shape(plain: Any) -> list[int]:
    shape = expect(list, plain)
    if len(shape) > _MAX_DIMENSIONS or not all(0 <= expect(int, length) < 1 << 63 for length in shape):
        raise DeserializationError("no shape of an array")
    return shape


def _check_size(found: int, needed: int) -> None:
    if found != needed:
        raise DeserializationError("the array has another size than its shape says")


def _flaw(dtype: Any, data: bytes) -> str:
    """Return what is wrong with bytes of that dtype, in the words of an error; empty if nothing is."""
    if not data:
        return ""
    if dtype.kind == "b" and max(data) > 1:
        return "holds truth values other than 0 and 1"
    if dtype.kind == "U" and np.frombuffer(data, f"{dtype.str[0]}u4").max() > _MAX_CODE_POINT:
        return "holds text that is no Unicode"
    return ""
