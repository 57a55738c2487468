"""Many damaged payloads for each safe format, with a fixed seed; more by ``--mutations``."""

import json
import subprocess
import sys

import pytest

HOSTILE = "memcached_sessions.serializers.testing.hostile"
MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize("name", ["json", "msgpack", "cbor", "compact"])
def test_damaged_payloads_end_in_a_value_or_an_error_within_64_mib(name: str, pytestconfig: pytest.Config) -> None:
    count = pytestconfig.getoption("mutations")
    command = [sys.executable, "-m", HOSTILE, name, "--mutations", str(count)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
    result = json.loads(process.stdout)
    assert result["values"] + result["refused"] == count
    assert result["values"] > count // 100, "the mutations must not all be trivial to refuse"
    assert result["growth"] <= 64 * MEBIBYTE
