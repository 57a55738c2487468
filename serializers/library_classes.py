"""The names of classes that the converters of libraries keep, known where the libraries are not installed.

Invariant: a class is known by the top package of its module and its own name: libraries move classes between their
modules from version to version, and pickles go on naming the old ones.
"""

from collections.abc import Mapping

LIBRARY_CLASSES: Mapping[str, frozenset[str]] = {
    "allauth": frozenset({"EmailVerificationMethod"}),
    "authlib": frozenset({"OAuth2Token", "UserInfo"}),
    "bson": frozenset({"ObjectId"}),
    "django": frozenset({"MultiValueDict", "Promise", "QueryDict", "SafeString"}),
    "flask_babel": frozenset({"LazyString"}),
    "markupsafe": frozenset({"Markup"}),
    "numpy": frozenset(
        {
            "bool",
            "bytes_",
            "complex128",
            "complex64",
            "datetime64",
            "float16",
            "float32",
            "float64",
            "int16",
            "int32",
            "int64",
            "int8",
            "longlong",
            "ndarray",
            "str_",
            "timedelta64",
            "uint16",
            "uint32",
            "uint64",
            "uint8",
            "ulonglong",
        }
    ),
    "pandas": frozenset(
        {
            "ArrowStringArray",
            "BooleanArray",
            "Categorical",
            "CategoricalIndex",
            "DataFrame",
            "DatetimeArray",
            "DatetimeIndex",
            "FloatingArray",
            "Index",
            "IntegerArray",
            "MultiIndex",
            "NAType",
            "NaTType",
            "RangeIndex",
            "Series",
            "StringArray",
            "Timedelta",
            "TimedeltaIndex",
            "Timestamp",
        }
    ),
    "pendulum": frozenset({"Date", "DateTime", "Duration", "FixedTimezone", "Interval", "Time", "Timezone"}),
    "pydantic": frozenset(
        {
            *(
                "AmqpDsn",
                "AnyHttpUrl",
                "AnyUrl",
                "AnyWebsocketUrl",
                "ClickHouseDsn",
                "CockroachDsn",
                "FileUrl",
                "FtpUrl",
            ),
            *("HttpUrl", "KafkaDsn", "MariaDBDsn", "MongoDsn", "MySQLDsn", "NameEmail", "NatsDsn", "PostgresDsn"),
            *("RedisDsn", "Secret", "SecretBytes", "SecretStr", "SnowflakeDsn", "WebsocketUrl"),
        }
    ),
    "pydantic_core": frozenset({"MultiHostUrl", "TzInfo", "Url"}),
    "pytz": frozenset({"DstTzInfo", "StaticTzInfo", "UTC", "_FixedOffset"}),
    "sqlalchemy": frozenset(
        {"InstrumentedDict", "InstrumentedList", "InstrumentedSet", "MutableDict", "MutableList", "MutableSet"}
    ),
    "werkzeug": frozenset({"ImmutableDict", "ImmutableMultiDict", "MultiDict"}),
    "whenever": frozenset(
        {
            "Date",
            "Instant",
            "IsoWeekDate",
            "ItemizedDateDelta",
            "ItemizedDelta",
            "MonthDay",
            "OffsetDateTime",
            "PlainDateTime",
            "Time",
            "TimeDelta",
            "Weekday",
            "YearMonth",
            "ZonedDateTime",
        }
    ),
}
"""By library: the classes that have converters once it is imported."""

_DISTRIBUTIONS = {
    "allauth": "django-allauth",
    "bson": "pymongo",
    "flask_babel": "flask-babel",
    "pydantic_core": "pydantic",
}


def library_of(cls: type) -> str | None:
    """Return the library whose converters keep a class, or None.

    >>> Timestamp = type("Timestamp", (), {"__module__": "pandas._libs.tslibs.timestamps"})
    >>> library_of(Timestamp), library_of(int)
    ('pandas', None)
    """
    library = cls.__module__.partition(".")[0]
    return library if cls.__qualname__.rpartition(".")[2] in LIBRARY_CLASSES.get(library, ()) else None


def distribution_of(library: str) -> str:
    """Return what a library is called where it is installed from.

    >>> distribution_of("bson"), distribution_of("numpy")
    ('pymongo', 'numpy')
    """
    return _DISTRIBUTIONS.get(library, library)
