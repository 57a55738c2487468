"""Scalars and arrays of NumPy."""

# Arrays of any dtype have no static type here:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownLambdaType=false

from typing import Any

import numpy as np

from ...fidelity import difference
from .library_sample import LibrarySample


def changed(original: Any, loaded: Any) -> str:
    """Return how an array, a scalar, or a list of them, differs from its round trip; empty if it does not."""
    if type(original) is not type(loaded):
        return f"{type(original).__qualname__} became {type(loaded).__qualname__}"
    if isinstance(original, list):
        items = zip(original, loaded, strict=True)
        return next((found for item, back in items if (found := changed(item, back))), "")
    if not isinstance(original, (np.ndarray, np.generic)):
        return str(difference(original, loaded) or "")
    if (original.dtype.str, original.dtype.char, original.shape) != (loaded.dtype.str, loaded.dtype.char, loaded.shape):
        return f"{original.dtype} {original.shape} became {loaded.dtype} {loaded.shape}"
    if isinstance(original, np.ndarray):
        if original.flags.fnc != loaded.flags.fnc or not (loaded.flags.owndata and loaded.flags.writeable):
            return "the memory of an array is another"
        if original.dtype.kind == "O":
            return changed(original.ravel().tolist(), loaded.ravel().tolist())
    elif original != original:
        return "" if loaded != loaded else "a NaN became something else"
    return "" if original.tobytes() == loaded.tobytes() else f"{original!r} became {loaded!r}"


_NUMBERS = "bBhHiIlLqQefdFD"


def _scalars() -> list[Any]:
    numbers = [cls(value) for value in (0, 1, 100) for cls in map(_scalar, _NUMBERS)]
    integers = map(np.iinfo, map(_scalar, "bBhHiIlLqQ"))
    bounds = [_scalar(each.dtype.char)(bound) for each in integers for bound in (each.min, each.max)]
    return [
        *numbers,
        *bounds,
        np.float16(-0.0),
        np.float32(0.1),
        np.float64("inf"),
        np.float32("nan"),
        np.complex64(1j),
    ]


def _scalar(code: str) -> Any:
    return np.dtype(code).type


def _times() -> list[Any]:
    spans = [np.timedelta64(-1, "ns"), np.timedelta64(7), np.timedelta64("NaT", "s"), np.timedelta64(2, "25s")]
    return [np.datetime64("2026-11-25T16:30", "ms"), np.datetime64("2026-11"), np.datetime64("NaT"), *spans]


def _as_a_key() -> Any:
    return {np.int8(1): np.True_, np.str_("a"): {np.float64(0.5)}, np.datetime64("2026-01-01"): None}


def _objects() -> Any:
    array: Any = np.empty((2, 2), object, order="F")
    array.flat = [(1, [2]), None, np.int8(3), "käse"]
    return array


SAMPLES = [
    LibrarySample("scalars", _scalars, changed),
    LibrarySample("texts", lambda: [np.str_("käse"), np.str_(), np.bytes_(b"\x00a"), np.True_, np.False_], changed),
    LibrarySample("times", _times, changed),
    LibrarySample("as_a_key", _as_a_key),
    LibrarySample("array", lambda: np.arange(24, dtype="f8").reshape(2, 3, 4), changed),
    LibrarySample("big_endian", lambda: np.arange(3, dtype=">u4"), changed),
    LibrarySample("longlong", lambda: np.arange(3, dtype="q"), changed),
    LibrarySample("fortran_order", lambda: np.asfortranarray([[1, 2, 3], [4, 5, 6]]), changed),
    LibrarySample("no_dimension", lambda: np.array(1 + 2j), changed),
    LibrarySample("nothing", lambda: [np.zeros((0, 3), bool), np.array([], "S3")], changed),
    LibrarySample("array_of_texts", lambda: [np.array(["käse", ""]), np.array([b"a", b"bc"])], changed),
    LibrarySample("array_of_times", lambda: np.array(["2026-11-25", "NaT"], "M8[D]"), changed),
    LibrarySample("array_of_nan", lambda: np.array([0x7FF8_0000_0000_00FF], np.uint64).view(np.float64), changed),
    LibrarySample("objects", _objects, changed),
]
