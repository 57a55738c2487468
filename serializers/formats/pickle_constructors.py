"""What pickles of libraries name to have an instance made, and the class that it is of.

Pickle calls whatever ``__reduce__`` names, which need not be the class: NumPy names ``_reconstruct``, pandas
``_unpickle_timestamp``. What a converter keeps is here, and what users know by another name. Invariant: a name here
decides what a stand-in stands for, and nothing else.
"""

from collections.abc import Mapping

from ..stand_ins import StandIn

Name = tuple[str, str]
"""Of a module, and of what is in it."""

_WHENEVER = {
    "date": "Date",
    "iddelta": "ItemizedDateDelta",
    "idelta": "ItemizedDelta",
    "inst": "Instant",
    "iwd": "IsoWeekDate",
    "local": "PlainDateTime",
    "md": "MonthDay",
    "offset": "OffsetDateTime",
    "tdelta": "TimeDelta",
    "time": "Time",
    "utc": "Instant",
    "ym": "YearMonth",
    "zoned": "ZonedDateTime",
}

CONSTRUCTORS: Mapping[Name, Name] = {
    ("django.db.models.base", "model_unpickle"): ("django.db.models.base", "Model"),
    ("django.utils.functional", "_lazy_proxy_unpickle"): ("django.utils.functional", "Promise"),
    ("django.utils.functional", "unpickle_lazyobject"): ("django.utils.functional", "SimpleLazyObject"),
    ("pandas._libs.tslibs.nattype", "_nat_unpickle"): ("pandas.api.typing", "NaTType"),
    ("pandas._libs.tslibs.timedeltas", "_timedelta_unpickle"): ("pandas", "Timedelta"),
    ("pandas._libs.tslibs.timestamps", "_unpickle_timestamp"): ("pandas", "Timestamp"),
    ("pendulum.tz.timezone", "Timezone._unpickle"): ("pendulum.tz.timezone", "Timezone"),
    ("pytz", "_UTC"): ("pytz", "UTC"),
    ("pytz", "FixedOffset"): ("pytz", "_FixedOffset"),
    ("pytz", "_p"): ("pytz.tzinfo", "DstTzInfo"),
    ("re", "_compile"): ("re", "Pattern"),
    **{("whenever", f"_unpkl_{name}"): ("whenever", cls) for name, cls in _WHENEVER.items()},
}
"""Which class each makes."""

OF_FIRST_ARGUMENT = frozenset(
    {
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"),
        ("pandas.core.indexes.base", "_new_Index"),
        ("pandas.core.indexes.datetimes", "_new_DatetimeIndex"),
        ("pandas.core.indexes.timedeltas", "_new_TimedeltaIndex"),
    }
)
"""Those that make an instance of the class that comes first among their arguments."""

OF_SCALARS = frozenset({("numpy._core.multiarray", "scalar"), ("numpy.core.multiarray", "scalar")})
"""Those that make a scalar of NumPy, of the dtype that comes first among their arguments."""

CONSTANTS: Mapping[Name, Name] = {
    ("pandas", "NA"): ("pandas.api.typing", "NAType"),
    ("pandas._libs.missing", "NA"): ("pandas.api.typing", "NAType"),
}
"""What pickles name that is an instance itself, and its class."""

_KINDS = {"f": "float", "i": "int", "u": "uint", "c": "complex"}
_ONE_SIZE = {"M": "datetime64", "S": "bytes_", "U": "str_", "V": "void", "b": "bool", "m": "timedelta64"}


def scalar_name(dtype: StandIn) -> str:
    """Return the name of NumPy's class for the scalars of a dtype, as a pickle gives it.

    >>> from ..stand_ins import stand_in_class
    >>> scalar_name(stand_in_class("numpy", "dtype")("i8", False, True))
    'int64'
    """
    code: object = dtype.arguments[0] if dtype.arguments else None
    if not isinstance(code, str) or not code[1:].isdecimal():
        return "generic"
    if code[0] in _KINDS and len(code) <= len("c32"):
        return f"{_KINDS[code[0]]}{int(code[1:]) * 8}"
    return _ONE_SIZE.get(code[0], "generic")
