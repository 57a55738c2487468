"""Dates and times of whenever."""

from whenever import (
    Date,
    Instant,
    IsoWeekDate,
    ItemizedDateDelta,
    ItemizedDelta,
    MonthDay,
    OffsetDateTime,
    PlainDateTime,
    Time,
    TimeDelta,
    Weekday,
    YearMonth,
    ZonedDateTime,
)

from .library_sample import LibrarySample


def _changed(original: object, loaded: object) -> str:
    return (
        "" if type(original) is type(loaded) and repr(original) == repr(loaded) else f"{original!r} became {loaded!r}"
    )


SAMPLES = [
    LibrarySample("instant", lambda: Instant.from_utc(2026, 11, 25, 16, nanosecond=1), _changed),
    LibrarySample(
        "zoned_in_the_fold", lambda: ZonedDateTime.parse_iso("2026-10-25T02:30:00+01:00[Europe/Berlin]"), _changed
    ),
    LibrarySample("zoned_long_ago", lambda: ZonedDateTime(1900, 1, 1, tz="Europe/Amsterdam"), _changed),
    LibrarySample("offset", lambda: OffsetDateTime.parse_iso("2026-01-01T00:00:00.000000001-03:00"), _changed),
    LibrarySample("plain", lambda: PlainDateTime(2026, 1, 1, 23, 59, 59, nanosecond=999_999_999), _changed),
    LibrarySample("date", lambda: [Date(1, 1, 1), Date(9999, 12, 31)], _changed),
    LibrarySample("time", lambda: {Time(1, 2, 3): Time(0)}, _changed),
    LibrarySample(
        "parts",
        lambda: [YearMonth(2026, 11), MonthDay(2, 29), Weekday.MONDAY, IsoWeekDate(2026, 53, Weekday.FRIDAY)],
        _changed,
    ),
    LibrarySample("time_delta", lambda: [TimeDelta(hours=-1, nanoseconds=3), TimeDelta()], _changed),
    LibrarySample(
        "itemized", lambda: [ItemizedDelta(years=1, hours=-0, minutes=3), ItemizedDateDelta(months=-5)], _changed
    ),
]
