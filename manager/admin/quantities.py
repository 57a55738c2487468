"""Bytes, seconds and times as people read them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def bytes_text(count: int) -> str:
    """Return a number of bytes with three or four digits.

    >>> bytes_text(612), bytes_text(1_048_576), bytes_text(70_000_000)
    ('612 B', '1.00 MiB', '66.8 MiB')
    """
    if count < 1024:
        return f"{count} B"
    size = float(count)
    for unit in ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        size /= 1024
        if size < 1000:
            return f"{size:.{2 if size < 10 else 1 if size < 100 else 0}f} {unit}"
    return f"{size:.0f} EiB"


def seconds_text(seconds: int) -> str:
    """Return a number of seconds by its two largest units.

    >>> seconds_text(59), seconds_text(3725), seconds_text(200_000)
    ('59 s', '1 h 2 min', '2 d 7 h')
    """
    for (size, unit), (smaller_size, smaller) in pairwise(_UNITS):
        if seconds >= size:
            rest = seconds % size // smaller_size
            return f"{seconds // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{seconds} s"


def moment(milliseconds: int) -> str:
    """Return a time, given in milliseconds since 1970, in ISO 8601 and UTC; for what is no date the number itself.

    >>> moment(1_700_000_000_123), moment(2**64 - 1)
    ('2023-11-14T22:13:20.123Z', '18446744073709551615 ms since 1970, which is no date')
    """
    try:
        time = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return f"{milliseconds} ms since 1970, which is no date"
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
