"""What a child started in a session of its own, and left behind: it becomes ours, and ends with the child.

Only for a process that forks one child at a time and waits for it, as an `Interpreter` does. Invariant: once
`end_orphans` has returned there is no child but those that were there before, such as one that a plug-in started when
it was imported.
"""

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_SET_CHILD_SUBREAPER = 36
"""Of Linux's prctl: an orphan among our descendants becomes our child, and not that of the first process."""


def adopt_orphans() -> None:
    """Become the parent of whatever our children leave behind."""
    if ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, f"the kernel does not give us orphans: {os.strerror(number)}")


def children() -> frozenset[int]:
    """Return the children of this process.

    >>> os.getpid() in children()
    False
    """
    if not _has_children():
        return frozenset()
    return frozenset(_found())


def end_orphans(kept: frozenset[int]) -> None:
    """End every child of this process but those that are kept, and what they leave behind in turn."""
    while ending := children() - kept:
        for pid in ending:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):  # somebody else has waited for it
                os.waitpid(pid, 0)


def _has_children() -> bool:
    """Say at once what is nearly always so: there is none."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _found() -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            parent = (process / "stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()[1]
            if int(parent) == os.getpid():
                yield int(process.name)
