"""Carries out a function in a child of this process, with limits, and says how it ended.

The child is forked, so it has all that this process imported and made, and nothing that another child did. Invariants:
whatever the function does, the parent goes on, and no child outlives the call, nor does any process that the child
started and that stayed in its session. The parent should have no threads: a child has only the one that forked.
"""

import faulthandler
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Any, NoReturn

_PIECE = 1 << 16
_LARGEST_ANSWER = 1 << 28


class End(StrEnum):
    """How the work in a child ended."""

    RETURNED = "returned"
    RAISED = "raised"
    MEMORY = "memory"
    """`MemoryError`, and so the limit."""
    TIME = "time"
    """It was stopped."""
    CRASH = "crash"
    """The process was gone without an answer."""


@dataclass(frozen=True)
class Ended:
    """How the work in a child ended, and what came of it."""

    end: End
    value: Any = None
    """What the function returned, as JSON carries it; None unless it returned."""
    detail: str = ""
    """What happened otherwise, in one line."""
    path: str = ""
    """The ``path`` of the exception, if it had one."""
    seconds: float = 0.0
    """From the fork to the answer."""
    memory: int = 0
    """How much the resident memory of the child grew, in bytes, as far as it could say."""


def run_forked(work: Callable[[], object], *, seconds: float, memory: int | None = None) -> Ended:
    """Carry out a function in a child of this process.

    Parameters
    ----------
    work
        Returns what JSON can carry.
    seconds
        After which the child is stopped.
    memory
        How many bytes of address space it may take beyond what this process has; None: no limit.

    >>> run_forked(lambda: 6 * 7, seconds=10).value
    42
    >>> run_forked(lambda: os.abort(), seconds=10).detail
    'the process ended by SIGABRT'
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    started = monotonic()
    pid = os.fork()
    if not pid:
        os.close(reading)
        _carry_out(work, writing, memory)
    os.close(writing)
    try:
        answer = _answer(reading, started + seconds)
    finally:
        os.close(reading)
        status = _ended(pid)
    taken = monotonic() - started
    if answer is None:
        return Ended(End.TIME, detail=f"it was stopped after {seconds:g} s", seconds=taken)
    try:
        return replace(ended_of(json.loads(answer)), seconds=taken)
    except (ValueError, TypeError, KeyError):
        return Ended(End.CRASH, detail=f"the process ended {_by(status)}", seconds=taken)


def ended_of(told: dict[str, Any]) -> Ended:
    """Return what `Ended` was as JSON; fields that are not told have their defaults."""
    fields: dict[str, Any] = {**told, "end": End(told["end"])}
    return Ended(**fields)


def _carry_out(work: Callable[[], object], writing: int, memory: int | None) -> NoReturn:
    """Be the child."""
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        faulthandler.disable()  # a crash is told by how the process ended
        _silence()
        if memory is not None:
            allowed = _address_space() + memory
            resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
        before = _resident()
        told = _told(work)
        told["memory"] = max(0, _resident() - before)
        data = json.dumps(told).encode()
        while data:
            data = data[os.write(writing, data) :]
    finally:
        os._exit(0)


def _told(work: Callable[[], object]) -> dict[str, object]:
    try:
        value = work()
        json.dumps(value)
    except MemoryError:
        return {"end": End.MEMORY, "detail": "MemoryError: it took more memory than it may"}
    except BaseException as error:  # noqa: BLE001 - whatever a plug-in raises, SystemExit too, is how it ended
        what = " ".join(f"{type(error).__qualname__}: {error}".split())
        return {"end": End.RAISED, "detail": what, "path": str(getattr(error, "path", "") or "")}
    return {"end": End.RETURNED, "value": value}


def _silence() -> None:
    """Let nothing that the child prints be taken for ours."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


def _answer(reading: int, deadline: float) -> bytes | None:
    """Return what the child wrote; None if it did not come to an end in time."""
    told = bytearray()
    while len(told) < _LARGEST_ANSWER:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - monotonic()))
        if not ready:
            return None
        piece = os.read(reading, _PIECE)
        if not piece:
            return bytes(told)
        told += piece
    return b""


def _ended(pid: int) -> int:
    """End a child, with what it started, and return its status."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # the child leads a session; before it does, the next line reaches it
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _by(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"with status {os.WEXITSTATUS(status)}"


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _resident() -> int:
    """Return the most memory that this process ever had resident, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
