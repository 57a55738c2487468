"""Dates and times of pendulum."""

import pendulum
from pendulum import Date, DateTime, Duration, FixedTimezone, Interval, Time, Timezone

from ...fidelity import difference
from .library_sample import LibrarySample

_BERLIN = Timezone("Europe/Berlin")


def _changed_duration(original: Duration, loaded: Duration) -> str:
    moment = DateTime(2026, 3, 28, 12, tzinfo=_BERLIN)  # a day later is not 24 hours later
    same = original == loaded and moment + original == moment + loaded
    return "" if same and type(original) is type(loaded) else f"{original!r} became {loaded!r}"


def _changed_time(original: DateTime, loaded: DateTime) -> str:
    return str(difference(original, loaded) or difference(original.tzinfo, loaded.tzinfo) or "")


SAMPLES = [
    LibrarySample("datetime", lambda: pendulum.datetime(2026, 11, 25, 16, 30, 1, 5), _changed_time),
    LibrarySample("in_the_fold", lambda: DateTime(2026, 10, 25, 2, 30, tzinfo=_BERLIN, fold=1), _changed_time),
    LibrarySample("in_the_gap", lambda: DateTime(2026, 3, 29, 2, 30, tzinfo=_BERLIN), _changed_time),
    LibrarySample("naive", lambda: pendulum.naive(2026, 1, 1), _changed_time),
    LibrarySample("offset", lambda: pendulum.parse("2026-01-01T00:00:00+05:30"), _changed_time),
    LibrarySample("date", lambda: {Date(2026, 1, 1): 1}),
    LibrarySample("time", lambda: [Time(1, 2, 3, 4), Time(0)]),
    LibrarySample("duration", lambda: Duration(years=1, months=-2, days=3, hours=24, seconds=0.5), _changed_duration),
    LibrarySample("a_day", lambda: Duration(hours=24), _changed_duration),
    LibrarySample("interval", lambda: Interval(DateTime(2026, 1, 1), DateTime(2025, 1, 1)), _changed_duration),
    LibrarySample(
        "interval_of_dates", lambda: Interval(Date(2026, 1, 1), Date(2025, 1, 1), absolute=True), _changed_duration
    ),
    LibrarySample("zones", lambda: [_BERLIN, FixedTimezone(-3600), FixedTimezone(7, "x")]),
]
