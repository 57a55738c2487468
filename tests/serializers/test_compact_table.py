"""The table of FORMAT.md: each row, and each edge between two rows, by every implementation that is here."""

from collections import deque
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from uuid import UUID, SafeUUID

import pytest
from compact_samples import BERLIN, CET, Color, Item, Size, Tags, compact

from memcached_sessions.serializers.fidelity import difference

pytestmark = pytest.mark.usefixtures("implementation")

TABLE: list[tuple[object, str]] = [
    (0, "00"),
    (31, "1f"),
    (32, "a3 20"),
    (-1, "a3 ff"),
    (127, "a3 7f"),
    (-128, "a3 80"),
    (128, "a4 80 00"),
    (-32768, "a4 00 80"),
    (32768, "a5 00 80 00 00"),
    (-(2**31), "a5 00 00 00 80"),
    (2**31, "a6 00 00 00 80 00 00 00 00"),
    (-(2**63), "a6 00 00 00 00 00 00 00 80"),
    (2**63, "a7 09 00 00 00 00 00 00 00 80 00"),
    (-(2**63) - 1, "a7 09 ff ff ff ff ff ff ff 7f ff"),
    (-(2**71), "a7 09 00 00 00 00 00 00 00 00 80"),
    ("", "20"),
    ("a", "21 61"),
    ("a" * 31, "3f" + "61" * 31),
    ("a" * 32, "a9 20" + "61" * 32),
    ("ä", "aa 02 c3 a4"),
    (["a", "a"], "62 21 61 21 61"),
    (["ab", "ab"], "62 22 61 62 40"),
    (["ä", "ä"], "62 aa 02 c3 a4 40"),
    (["a" * 255] * 2, "62 a9 ff 01" + "61" * 255 + "40"),
    (["a" * 256] * 2, "62" + 2 * ("a9 80 02" + "61" * 256)),
    (
        [*(f"k{n:02}" for n in range(33)), "k31", "k32"],
        "ae 23" + "".join("23" + f"k{n:02}".encode().hex() for n in range(33)) + "5f ab 20",
    ),
    ([], "60"),
    ([0] * 7, "67" + "00" * 7),
    ([0] * 8, "ae 08" + "00" * 8),
    ({}, "68"),
    ({1: 2}, "69 01 02"),
    ({n: n for n in range(8)}, "af 08" + "".join(f"{n:02x}{n:02x}" for n in range(8))),
    ((), "70"),
    ((0,) * 7, "77" + "00" * 7),
    ((0,) * 8, "b0 08" + "00" * 8),
    (None, "a0"),
    (False, "a1"),
    (True, "a2"),
    (1.5, "a8 00 00 00 00 00 00 f8 3f"),
    (-float("nan"), "a8 00 00 00 00 00 00 f8 7f"),
    (b"\x00\xff", "ac 02 00 ff"),
    (bytearray(b"a"), "ad 01 61"),
    (set(), "b1 00"),
    ({2, 1, "a", 32}, "b1 04 01 02 21 61 a3 20"),
    (frozenset({(1,), 300}), "b2 02 71 01 a4 2c 01"),
    ({frozenset({2, 3}), frozenset({1, 3})}, "b1 02 b2 02 01 03 b2 02 02 03"),
    (Item("a", 1), "b4 04 4974656d 02 03 736b75 05 7072696365 21 61 01"),
    ([Item("a"), Item("b")], "62 b4 04 4974656d 02 03 736b75 05 7072696365 21 61 a0 80 21 62 a0"),
    (Color.RED, "cb 05 436f6c6f72 23 726564"),
    ([Color.BLUE, Color.BLUE, []], "63 cb 05 436f6c6f72 02 90 02 60"),
    (Size(3, 4), "cb 04 53697a65 6a 25 7769647468 03 26 686569676874 04"),
    (Tags([1]), "b6 04 54616773 61 01"),
    ([Tags(), Tags()], "62 b6 04 54616773 60 90 60"),
    (deque([1]), "b6 05 6465717565 62 61 01 a0"),
    (Fraction(1, 3), "cb 08 6672616374696f6e 62 01 03"),
    (range(3), "cb 05 72616e6765 63 00 03 01"),
    (BERLIN, "cb 08 7a6f6e65696e666f 2d" + b"Europe/Berlin".hex()),
    (datetime(2026, 1, 2, 3, 4, 5), "b8 4a 11 98 52 1e"),
    (datetime(2026, 1, 2, 3, 4, 5, 6, fold=1), "b9 8d 66 cf dd c8 af ce 01"),
    (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "ba 4a 11 98 52 1e"),
    (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "bb 8c 66 cf dd c8 af ce 01"),
    (datetime(2026, 1, 2, 3, 4, 5, tzinfo=CET), "bc 4a 11 98 52 1e c6 80 90 9d e9 1a 23 43 45 54"),
    (
        datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=BERLIN),
        "bd 8c 66 cf dd c8 af ce 01 cb 08 7a6f6e65696e666f 2d" + b"Europe/Berlin".hex(),
    ),
    (datetime.min, "b8 00 dc d4 03 00"),
    (datetime.max, "b9 fe ff ef 07 bf bd eb 08"),
    (date.min, "be 74 01 00"),
    (date.max, "be 3f c3 38"),
    (time(0, 0, 1), "bf 02 00 00"),
    (time(0, 0, 1, fold=1), "bf 03 00 00"),
    (time(0, 0, 0, 1), "c0 02 00 00 00 00"),
    (time.max, "c0 fe bf ae 3b 28"),
    (time(0, 0, 1, tzinfo=UTC), "c1 02 00 00 c4"),
    (time(0, 0, 0, 1, tzinfo=UTC), "c2 02 00 00 00 00 c4"),
    (timedelta(-1, 300, 5), "c3 01 ac 02 05"),
    (UTC, "c4"),
    (timezone(timedelta(seconds=-1)), "c5 ff 88 7a"),
    (timezone(timedelta(0), "Z"), "c6 00 21 5a"),
    (Decimal("9.90"), "c7 06 de 07"),
    (Decimal("-0"), "c7 01 00"),
    (Decimal("1E+1000"), "c7 a0 1f 01"),
    (Decimal("1E+1001"), "c8 07" + b"1E+1001".hex()),
    (Decimal("9" * 18), "c7 00 ff ff 8f bb ba d6 ad f0 0d"),
    (Decimal("1" + "0" * 18), "c8 13 31" + "30" * 18),
    (Decimal("-sNaN12"), "c8 07" + b"-sNaN12".hex()),
    (UUID(int=1), "c9" + "00" * 15 + "01"),
    (UUID(int=1, is_safe=SafeUUID.safe), "ca" + "00" * 15 + "01 00"),
    (UUID(int=1, is_safe=SafeUUID.unsafe), "ca" + "00" * 15 + "01 01"),
]


@pytest.mark.parametrize(("value", "expected"), TABLE, ids=[expected[:40] for _, expected in TABLE])
def test_each_row_of_the_format(value: object, expected: str) -> None:
    payload = compact().dumps(value)
    assert payload.hex(" ") == bytes.fromhex("01" + expected).hex(" ")
    changed = difference(value, compact().loads(payload), identity=True)
    assert changed is None, str(changed)
