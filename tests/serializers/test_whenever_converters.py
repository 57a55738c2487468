"""The classes of whenever that it makes only when an application first asks for them."""

import subprocess
import sys

_CLASSES_THAT_COME_LATE = """
import whenever
from memcached_sessions.serializers import get_serializer

serializer = get_serializer("json")
serializer.dumps(whenever.Instant.from_utc(2026, 1, 1))  # now the converters are there
for name, text in {
    "YearMonth": "2026-11",
    "MonthDay": "--11-25",
    "IsoWeekDate": "2026-W48-3",
    "ItemizedDelta": "P1DT2H",
    "ItemizedDateDelta": "P1Y2M",
}.items():
    value = getattr(whenever, name).parse_iso(text)
    assert serializer.loads(serializer.dumps({name: value})) == {name: value}
"""


def test_a_class_that_nobody_named_before_is_kept_all_the_same() -> None:
    command = [sys.executable, "-W", "error", "-c", _CLASSES_THAT_COME_LATE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
