"""Time zones of pytz."""

# The library has no types:
# pyright: reportMissingModuleSource=false

from datetime import datetime
from typing import Any

import pytz

from .library_sample import LibrarySample


def _changed(original: Any, loaded: Any) -> str:
    if isinstance(original, datetime):
        same = original.isoformat() == loaded.isoformat() and original.tzinfo is loaded.tzinfo
    else:
        same = original is loaded
    return "" if same else f"{original!r} became {loaded!r}"


def _moment() -> datetime:
    return pytz.timezone("Europe/Berlin").localize(datetime(2026, 7, 1, 12))  # noqa: DTZ001 - it gets its zone there


SAMPLES = [
    LibrarySample("zone", lambda: pytz.timezone("Europe/Berlin"), _changed),
    LibrarySample("moment", _moment, _changed),
    LibrarySample("one_offset", lambda: pytz.timezone("Etc/GMT+3"), _changed),
    LibrarySample("utc", lambda: pytz.utc, _changed),
    LibrarySample("fixed", lambda: pytz.FixedOffset(-90), _changed),
]
