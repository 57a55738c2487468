"""What compact refuses to read, and in which words."""

import pytest
from compact_samples import compact

from memcached_sessions.serializers import (
    DeserializationError,
)
from memcached_sessions.serializers.compact.packing import varint

pytestmark = pytest.mark.usefixtures("implementation")

REFUSED: list[tuple[str, str, str]] = [
    ("no byte", "", "ends before"),
    ("another version", "02 a0", "byte of version 1"),
    ("no value", "01", "ends before"),
    ("two values", "01 a0 a0", "1 bytes stand after the value"),
    *((f"tag {tag:#x}", f"01 {tag:02x} 00", "is no tag") for tag in (0x78, 0x7F, 0xCC, 0xFF)),
    *(
        (f"2**40 of {tag:#x}", f"01 {tag:02x} 80 80 80 80 80 20 00", "ends before")
        for tag in range(0xA7, 0xB3)
        if tag not in (0xA8, 0xAB)
    ),
    ("2**62 items", "01 ae 80 80 80 80 80 80 80 80 40 00", "ends before"),
    ("a list of more items than bytes", "01 64 00 00 00", "ends before"),
    ("a dict of more items than bytes", "01 6a 00 00 01", "ends before"),
    ("lists that claim the same bytes", "01" + "ae 20" * 30 + "00" * 20, "ends before"),
    ("a varint of ten bytes", "01 ae 80 80 80 80 80 80 80 80 80 00", "longer than 9 bytes"),
    ("half a varint", "01 ae 80", "ends before"),
    ("half an int", "01 a6 00", "ends before"),
    ("half a float", "01 a8 00", "ends before"),
    ("half a string", "01 22 61", "ends before"),
    ("half a UUID", "01 c9 00", "ends before"),
    ("a string that is no ASCII", "01 21 80", "UnicodeDecodeError"),
    ("a long string that is no ASCII", "01 a9 01 80", "UnicodeDecodeError"),
    ("a string that is no UTF-8", "01 aa 01 80", "UnicodeDecodeError"),
    ("a surrogate", "01 aa 03 ed a0 80", "UnicodeDecodeError"),
    ("a string of no number", "01 40", "a string that it does not hold"),
    ("a later string", "01 62 ab 00 22 61 62", "a string that it does not hold"),
    ("an object of no number", "01 b3 00", "an object that it does not hold"),
    ("a later object", "01 62 b3 01 60", "an object that it does not hold"),
    ("an unfinished deque", "01 b6 05 6465717565 62 61 b3 00 a0", "an object that it does not hold, or not yet"),
    ("a class of no number", "01 80", "a class that it does not hold"),
    ("a high class of no number", "01 b5 10", "a class that it does not hold"),
    ("a converted value of no class", "01 90", "a class that it does not hold"),
    ("an instance of a converter", "01 62 cb 05 436f6c6f72 02 80", "a class that it does not hold"),
    ("a converted value of a class", "01 62 b4 04 4e6f6465 00 90 a0", "a class that it does not hold"),
    ("an unknown class", "01 b4 01 61 00", "no class is registered under the tag 'a'"),
    ("2**40 fields", "01 b4 04 4e6f6465 80 80 80 80 80 20", "ends before"),
    ("twice the same field", "01 b4 04 4e6f6465 02 01 61 01 61 00 00", "two fields of one name"),
    ("a missing field", "01 b4 04 4974656d 00", "the stored Item has no field 'sku'"),
    ("data that does not fit", "01 cb 05 436f6c6f72 00", "0 is not a valid Color"),
    ("a key twice", "01 6a 01 00 01 00", "two keys of a dict are equal"),
    ("equal keys", "01 6a 01 00 a2 00", "two keys of a dict are equal"),
    ("a list as key", "01 69 60 00", "unhashable"),
    ("an element twice", "01 b1 02 01 01", "two elements of a set are equal"),
    ("an element twice, frozen", "01 b2 02 01 01", "two elements of a set are equal"),
    ("a list as element", "01 b1 01 60", "unhashable"),
    ("the set itself as element", "01 b1 01 b3 00", "refers back|unhashable"),
    ("February 30", "01 be " + ((2026 * 12 + 1) * 31 + 29).to_bytes(3, "little").hex(), "day is out of range"),
    ("the year 0", "01 be 00 00 00", "year 0 is out of range"),
    ("a late datetime", "01 b8 ff ff ff ff ff", "ValueError"),
    ("a very late datetime", "01 b9 ff ff ff ff ff ff ff ff", "Error"),
    ("a time of over a day", "01 bf ff ff ff", "longer than a day"),
    ("a zone that is none", "01 bc 00 dc d4 03 00 a0", "a NoneType stands for a time zone"),
    ("a zone of a time that is none", "01 c1 02 00 00 01", "a int stands for a time zone"),
    ("a timedelta of 86400 seconds", "01 c3 00 80 a3 05 00", "more than a day of seconds"),
    ("a timedelta of a million microseconds", "01 c3 00 00 c0 84 3d", "more than a second of microseconds"),
    ("a timedelta of 2**60 days", "01 c3 80 80 80 80 80 80 80 80 40 00 00", "OverflowError"),
    ("a timezone of a day", "01 c5 " + varint(2 * 86_400_000_000).hex(), "strictly between"),
    ("a timezone with a number as name", "01 c6 00 01", "TypeError"),
    ("a large exponent", "01 c7 a4 1f 01", "out of bounds"),
    ("a large coefficient", "01 c7 00 80 80 90 bb ba d6 ad f0 0d", "out of bounds"),
    ("a decimal in other words", "01 c8 03 31 65 35", "not written as Python writes it"),
    ("a decimal in no words", "01 c8 01 78", "InvalidOperation"),
    ("a UUID made otherwise", "01 ca" + "00" * 16 + "02", "made in no known way"),
    ("501 levels", "01" + "61" * 500 + "00", "nest deeper than 500"),
    ("a million levels", "01" + "61" * 1_000_000 + "00", "nest deeper than 500"),
]


@pytest.mark.parametrize(("payload", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_hostile_bytes_are_refused(payload: str, words: str) -> None:
    with pytest.raises(DeserializationError, match=words):
        compact().loads(bytes.fromhex(payload))


def test_what_is_no_bytes_is_refused() -> None:
    with pytest.raises(DeserializationError, match="compact reads bytes, not str"):
        compact().loads("a")  # type: ignore[arg-type]
