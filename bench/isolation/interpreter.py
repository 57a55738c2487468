"""A fresh interpreter that carries out tasks, each in a child that it forks.

A figure depends on where things lie in memory and on the hash seed, and both are drawn when an interpreter starts. So
every pass has an interpreter of its own; and in it every task has a process of its own, which finds all modules
imported. Tasks go to it as lines of JSON, and what came of them comes back as lines of JSON. Invariants: the
interpreter is gone when its block ends, and ends by itself when we are gone; one that was lost in the middle of a task,
say because the system was out of memory, costs that task alone, for it is begun anew and prepared as it was.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from gc import freeze
from importlib import import_module
from types import TracebackType
from typing import Any, Self, cast

from ...serializers.readable import readable_error
from .forked import End, Ended, ended_of, run_forked
from .orphans import adopt_orphans, children, end_orphans

_PATIENCE = 10.0
"""Seconds that an interpreter has to end, and to say how a child ended."""

_PREPARING = 60.0
"""Seconds that a task in the interpreter itself may take: it imports, and makes little."""


class InterpreterError(RuntimeError):
    """An interpreter for the work could not be started or prepared."""


class Interpreter:
    """One fresh interpreter, with a random hash seed.

    >>> with Interpreter() as interpreter:
    ...     ended = interpreter.run("math:sqrt", {"": 2}, seconds=10)
    >>> ended.end.value, ended.detail
    ('raised', 'TypeError: math.sqrt() takes no keyword arguments')
    """

    def __init__(self) -> None:
        self._preparations: list[tuple[str, Mapping[str, Any], float]] = []
        self._process = _begun()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close(at_once=error is not None)

    def close(self, *, at_once: bool = False) -> None:
        """End it; at once: also in the middle of a task."""
        assert self._process.stdin is not None  # noqa: S101 - we asked for a pipe
        assert self._process.stdout is not None  # noqa: S101
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(0 if at_once else _PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.terminate()  # it ends the child that it has, too
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process.stdout.close()

    def prepare(self, task: str, arguments: Mapping[str, Any], *, seconds: float = _PREPARING) -> Any:
        """Carry out a task in the interpreter itself, so that every child finds what it left there.

        Parameters
        ----------
        task, arguments
            As `run` takes them.
        seconds
            After which the interpreter is ended.

        Returns
        -------
        What the task returned, as JSON carries it.

        Raises
        ------
        InterpreterError
            It failed or did not end in time, or the interpreter is gone.
        """
        value = self._prepared(task, arguments, seconds)
        self._preparations.append((task, arguments, seconds))
        return value

    def _prepared(self, task: str, arguments: Mapping[str, Any], seconds: float) -> Any:
        ended = self._asked({"task": task, "arguments": dict(arguments)}, seconds)
        if ended.end is not End.RETURNED:
            raise InterpreterError(f"{task}: {ended.detail}")
        return ended.value

    def run(self, task: str, arguments: Mapping[str, Any], *, seconds: float, memory: int | None = None) -> Ended:
        """Carry out a task in a child.

        Parameters
        ----------
        task
            A function by its module and name, ``"module:function"``; what it returns goes through JSON.
        arguments
            By name; they go through JSON.
        seconds
            After which it is stopped.
        memory
            How many bytes of address space it may take beyond what the interpreter has; None: no limit.

        Returns
        -------
        How it ended; if the interpreter itself was lost meanwhile, that is `End.CRASH`.

        Raises
        ------
        InterpreterError
            The interpreter was lost, and could not be begun anew.
        """
        request = {"task": task, "arguments": dict(arguments), "seconds": seconds, "memory": memory}
        try:
            return self._asked(request, seconds + _PATIENCE)
        except InterpreterError as error:
            self.close(at_once=True)
            self._process = _begun()
            for preparation in self._preparations:
                self._prepared(*preparation)
            return Ended(End.CRASH, detail=str(error))

    def _asked(self, request: Mapping[str, Any], seconds: float) -> Ended:
        assert self._process.stdin is not None  # noqa: S101 - we asked for a pipe
        assert self._process.stdout is not None  # noqa: S101
        try:
            line = json.dumps(request).encode() + b"\n"
        except (TypeError, ValueError, RecursionError) as error:  # an option of a plug-in that is no data
            return Ended(End.RAISED, detail=f"it cannot be told to another process: {readable_error(error)}")
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except OSError as error:
            raise InterpreterError(f"the interpreter for the work is gone: {error}") from error
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)  # nothing is left of the answer before
        if not ready:
            self._process.kill()
            raise InterpreterError(
                f"{request['task']} was stopped after {seconds:g} s. An interpreter imports all plug-ins: one of them "
                "may not come to an end; uninstall what was installed last"
            )
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            raise InterpreterError(f"the interpreter for the work ended with status {status} in the middle of a task")
        return ended_of(json.loads(line))


def surroundings() -> dict[str, str]:
    """Return the environment of an interpreter that finds the modules that this one finds."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _begun() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - this interpreter, without a shell
        # A session of its own: an interrupt from the terminal reaches us alone, and we end it in order.
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=surroundings() | {"PYTHONHASHSEED": "random"},
        start_new_session=True,
    )


def _main() -> None:
    """Be the interpreter."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a plug-in prints while it is imported is no answer
    signal.signal(signal.SIGTERM, _leave)
    adopt_orphans()
    for line in sys.stdin:
        request = cast("dict[str, Any]", json.loads(line))
        answers.write(json.dumps(asdict(_carried_out(request))).encode() + b"\n")
        answers.flush()


def _leave(number: int, frame: object) -> None:
    """End with an exception, so that the child is ended on the way out."""
    del frame
    sys.exit(128 + number)


def _carried_out(request: dict[str, Any]) -> Ended:
    try:
        module, _, name = request["task"].partition(":")
        work = partial(getattr(import_module(module), name), **request["arguments"])
        if "seconds" not in request:
            value = work()
            freeze()  # what is here now is never walked by the collector of a child
            return Ended(End.RETURNED, value)
    except Exception as error:  # noqa: BLE001 - it is told to who asked
        return Ended(End.RAISED, detail=readable_error(error))
    kept = children()
    try:
        return run_forked(work, seconds=request["seconds"], memory=request["memory"])
    finally:
        end_orphans(kept)


if __name__ == "__main__":
    _main()
