"""The compiled module, built with AddressSanitizer and UndefinedBehaviorSanitizer, is fed hostile bytes.

Any report ends the process, and so fails the test. FORMAT.md says how to feed it a million.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

import pytest

MODULE = "memcached_sessions.serializers.compact._compact"
SOURCE = Path(__file__).parents[2] / "serializers" / "compact" / "_compact.pyx"
# -O0 compiles in a fifth of the time; payloads lie at any alignment and are read so on purpose.
FLAGS = [
    *("-fsanitize=address,undefined", "-fno-sanitize=alignment", "-fno-sanitize-recover=all"),
    *("-g1", "-O0", "-shared", "-fPIC"),
]

FEED = f"""
import sys
from importlib.util import module_from_spec, spec_from_file_location

spec = spec_from_file_location({MODULE!r}, sys.argv.pop(1))
sys.modules[spec.name] = module = module_from_spec(spec)
spec.loader.exec_module(module)

from memcached_sessions.serializers.testing.hostile import main

sys.exit(main())
"""

OVERRUN = """
import ctypes
buffer = ctypes.create_string_buffer(100)
ctypes.memset(buffer, 0, 101)
"""


@cache
def compiler() -> list[str]:
    """Return the command of the C compiler; empty if there is none."""
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    return command if shutil.which(command[0]) else []


@cache
def runtimes() -> list[str]:
    """Return the libraries of the sanitizers that the compiler brings."""
    names = ("libasan.so", "libubsan.so")
    found = [subprocess.check_output([*compiler(), f"-print-file-name={name}"], text=True).strip() for name in names]
    return [path for path in found if Path(path).is_absolute()]  # else it is the bare name


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled module with the sanitizers in it."""
    if not compiler():
        pytest.skip("no C compiler here: compact runs in Python")
    if len(runtimes()) < 2:
        pytest.skip(f"{compiler()[0]} brings no libasan.so and libubsan.so")
    folder = tmp_path_factory.mktemp("sanitized")
    source, built = folder / "_compact.c", folder / "_compact.so"
    cython = [sys.executable, "-m", "cython", "-3", "--module-name", MODULE, "--output-file", source, SOURCE]
    subprocess.run(cython, check=True)
    headers = f"-I{sysconfig.get_path('include')}"
    subprocess.run([*compiler(), *FLAGS, headers, source, "-o", built], check=True)
    return built


def _run(code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run code under the sanitizers, which have to be loaded before Python is and see the memory that it asks for."""
    environment = os.environ | {
        "LD_PRELOAD": " ".join(runtimes()),
        "ASAN_OPTIONS": "detect_leaks=0",  # Python frees little at its end
        "PYTHONMALLOC": "malloc",
    }
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("implementation", ["compiled", "portable"])
def test_hostile_bytes_and_what_they_become_touch_no_foreign_memory(
    implementation: str, sanitized: Path, pytestconfig: pytest.Config
) -> None:
    count = pytestconfig.getoption("mutations") // 10
    options = ("--mutations", str(count), "--options", json.dumps({"implementation": implementation}))

    fed = _run(FEED, sanitized, "compact", *options, "--write", "--sanitizer")

    assert fed.returncode == 0, fed.stdout + fed.stderr
    assert json.loads(fed.stdout)["values"] > count // 100


def test_msgpack_is_looked_over_within_its_bytes(sanitized: Path, pytestconfig: pytest.Config) -> None:
    """By the compiled module, before msgspec reads it."""
    count = pytestconfig.getoption("mutations") // 10

    fed = _run(FEED, sanitized, "msgspec", "--mutations", str(count), "--sanitizer")

    assert fed.returncode == 0, fed.stdout + fed.stderr
    assert json.loads(fed.stdout)["values"] > count // 100


def test_the_sanitizers_would_report(sanitized: Path) -> None:
    """A control: they are in the module, and a write of one byte too many does not go unseen."""
    code = sanitized.read_bytes()
    overrun = _run(OVERRUN)

    assert b"__asan_report_load8" in code
    assert b"__ubsan_handle_" in code
    assert overrun.returncode != 0
    assert "heap-buffer-overflow" in overrun.stderr
