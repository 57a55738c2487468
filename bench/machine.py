"""Describes the machine and the libraries of a run: what explains figures, never who ran it or on which host."""

import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from .result import Machine


def describe_machine() -> Machine:
    """Return the facts about this machine and this Python; what cannot be found out is ``"unknown"`` or 0."""
    return Machine(
        cpu=_cpu(),
        cores=_cores(),
        memory=_memory(),
        platform=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        implementation=platform.python_implementation(),
    )


def library_versions(distributions: Iterable[str]) -> dict[str, str]:
    """Return the versions of distributions and of what they require, by name; those not installed are left out.

    >>> sorted(library_versions(["memcached-sessions"]))
    ['cbor2', 'memcached-sessions', 'msgpack', 'orjson', 'pymemcache']
    """
    names = {name for each in distributions for name in (each, *_requirements(each))}
    return {name: found for name in sorted(names) if (found := _version(name))}


def _requirements(name: str) -> list[str]:
    try:
        lines = distribution(name).requires or []
    except PackageNotFoundError:
        return []
    # What only an extra asks for did not take part by being installed.
    needed = [line for line in lines if not re.search(r"\bextra\s*==", line)]
    return [re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in needed]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _cpu() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _text("/proc/cpuinfo"), re.MULTILINE)
    return found[1].strip() if found else platform.processor() or "unknown"


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 0


def _memory() -> int:
    found = re.search(r"^MemTotal:\s*(\d+) kB$", _text("/proc/meminfo"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
