"""Carries out a function in a child of this process, with limits, and says how it ended.

The child is forked, so it has all that this process imported and made, and nothing that another child did. Invariants:
whatever the function does, the parent goes on, and no child outlives the call, nor does any process that the child
started and that stayed in its session; the others are for `orphans`. What a child answered counts, even if it, or what
it started, does not end by itself. The parent should have no threads: a child has only the one that forked.
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
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Any, NoReturn

from ...serializers.readable import readable_error

_PIECE = 1 << 16
_LARGEST_ANSWER = 1 << 28
_LENGTH = 8
"""Bytes before an answer that say how long it is."""


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
    deadline = monotonic() + seconds
    pid = os.fork()
    if not pid:
        os.close(reading)
        _carry_out(work, writing, memory)
    os.close(writing)
    try:
        answer = _answer(reading, deadline)
    finally:
        os.close(reading)
        status = _ended(pid)
    if answer is None:
        return Ended(End.TIME, detail=f"it was stopped after {seconds:g} s")
    try:
        return ended_of(json.loads(answer))
    except (ValueError, TypeError, KeyError):
        return Ended(End.CRASH, detail=f"the process ended {_by(status)}")


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
        data = json.dumps(_told(work)).encode()
        data = len(data).to_bytes(_LENGTH) + data
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
        return {"end": End.RAISED, "detail": readable_error(error)}
    return {"end": End.RETURNED, "value": value}


def _silence() -> None:
    """Let nothing that the child prints be taken for ours."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


def _answer(reading: int, deadline: float) -> bytes | None:
    """Return what the child wrote; nothing if it was gone before, None if it did not come to an end in time.

    The end of the pipe is not waited for: whoever inherited it may hold it open for ever.
    """
    told = bytearray()
    while True:
        if len(told) >= _LENGTH:
            end = _LENGTH + int.from_bytes(told[:_LENGTH])
            if len(told) >= end:
                return bytes(told[_LENGTH:end])
            if end > _LARGEST_ANSWER:
                return b""
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - monotonic()))
        if not ready:
            return None
        piece = os.read(reading, _PIECE)
        if not piece:
            return b""
        told += piece


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
