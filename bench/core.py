"""Keeps processes to processor cores; and which core a worker and its memcached have while time is taken.

A round trip between processes on one core wakes no other core, which on a virtual machine takes several times as long
as the rest, or not, as it happens. Nothing is lost by it: client and server of a round trip never run at once.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def keep_to_one_core(process: int) -> None:
    """Keep a process, with all its threads, to the core that the comparison uses; elsewhere than on Linux do nothing.

    Parameters
    ----------
    process
        Its id.
    """
    if hasattr(os, "sched_setaffinity"):
        pin(process, {max(os.sched_getaffinity(0))})


def pin(process: int, cores: set[int]) -> None:
    """Let all threads of a process run on these cores only."""
    for thread in threads(process):
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.sched_setaffinity(thread, cores)


def threads(process: int) -> Iterator[int]:
    """Return the ids of the threads of a process."""
    for entry in Path(f"/proc/{process}/task").iterdir():
        yield int(entry.name)
