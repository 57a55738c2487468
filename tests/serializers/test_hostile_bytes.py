"""Many damaged payloads for each safe format, with a fixed seed; more by ``--mutations``."""

import json
import subprocess
import sys

import pytest

from memcached_sessions.serializers import available_serializers

HOSTILE = "memcached_sessions.serializers.testing.hostile"
MEBIBYTE = 1024 * 1024


FASTEST = available_serializers()["compact"].implementation
# The one in Python is compared with the others, payload by payload, in test_compact_differential.
ROWS = [("json", {}), ("msgpack", {}), ("cbor", {}), ("compact", {})]
ROWS += [("msgspec", {}), ("msgspec", {"format": "json"}), ("ormsgpack", {})]
ROWS += [("compact", {"implementation": "portable"})] if FASTEST == "compiled" else []


@pytest.mark.parametrize(("name", "options"), ROWS, ids=["-".join([name, *row.values()]) for name, row in ROWS])
def test_damaged_payloads_end_in_a_value_or_an_error_within_64_mib(
    name: str, options: dict[str, str], pytestconfig: pytest.Config
) -> None:
    count = pytestconfig.getoption("mutations")
    command = [sys.executable, "-m", HOSTILE, name, "--mutations", str(count), "--options", json.dumps(options)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
    result = json.loads(process.stdout)
    assert result["values"] + result["refused"] == count
    assert result["values"] > count // 100, "the mutations must not all be trivial to refuse"
    assert result["growth"] <= 64 * MEBIBYTE
