"""Python code that runs while a value is written may empty the value: the process lives, whatever becomes of the call.

Such code comes from the application, but also from threads, signal handlers and profilers, wherever a function written
in Python runs. Each script runs in a process of its own, since what it does to a wrong writer is to end it.
"""

import os
import subprocess
import sys

import pytest

HEAD = """
import sys
from memcached_sessions.serializers import ConverterRegistry, SerializationError, get_serializer

def dumps_while(value, function, change):
    \"\"\"Write a value, which changes when a function begins.\"\"\"
    ran = []
    spare = [{} for _ in range(200)]
    def profile(frame, event, _):
        if event == "call" and frame.f_code.co_name == function and not ran:
            ran.append(None)
            spare.clear()  # the interpreter keeps no more dicts for later
            change()
            ran.append([[{f"q{i}": i for i in range(20)} for _ in range(50)], [b"x" * n for n in range(100, 9000, 7)]])
    sys.setprofile(profile)
    try:
        serializer.dumps(value)
    except SerializationError as error:
        assert "changed" in str(error), error
    finally:
        sys.setprofile(None)
    assert len(ran) == 2, "the function did not run"
"""

ZONE_IS_NEW = """
from datetime import datetime
from zoneinfo import ZoneInfo
serializer = get_serializer("compact")
serializer.dumps(datetime(2020, 1, 1, tzinfo=ZoneInfo("Europe/Berlin")))
value = [{"z": ZoneInfo("Asia/Tokyo"), **{f"k{i}": f"v{i}" * 50 for i in range(20)}}]
dumps_while(value, "_write_zone", value.clear)
"""

HASHES_ARE_COUNTED = """
def shares_a_bucket(key):
    return ((key * 0x9E3779B97F4A7C15) % 2**64 >> 32) & 127 == 0
serializer = get_serializer("compact")
value = [{key: f"v{key}" * 20 for key in [*filter(shares_a_bucket, range(40_000))][:110]}]
dumps_while(value, "hashes_collide", value.clear)
"""

ATTRIBUTES_ARE_COMPARED = """
class Thing:
    def __init__(self, *names):
        for name in names:
            setattr(self, name, name * 40)
class Like:
    def __init__(self, name):
        self.name = name
    def __hash__(self):
        return hash(self.name)
    def __eq__(self, other):
        return self is other
registry = ConverterRegistry()
registry.register(Thing, tag="Thing", fields=("one", "two"))
serializer = get_serializer("compact", registry)
for names in (("one", "two"), ("two", "one")):
    serializer.dumps([Thing(*names)])
odd = Thing()
odd.__dict__.update({Like("one"): 1, "two": "2" * 40, "one": "1" * 40})
value = [{"odd": odd, **{f"k{i}": f"v{i}" * 50 for i in range(20)}}]
del odd
dumps_while(value, "__eq__", value.clear)
"""


@pytest.mark.usefixtures("implementation")
@pytest.mark.parametrize(
    "script",
    [ZONE_IS_NEW, HASHES_ARE_COUNTED, ATTRIBUTES_ARE_COMPARED],
    ids=["a zone is new", "hashes are counted", "attributes are compared"],
)
def test_code_that_empties_the_value_while_it_is_written(script: str) -> None:
    environment = os.environ | {"PYTHONMALLOC": "debug"}
    done = subprocess.run(
        [sys.executable, "-c", HEAD + script], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
