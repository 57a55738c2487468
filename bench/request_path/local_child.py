"""A process with many sessions, as the one that started it sees it: told to time a batch, it answers.

Invariant: it is killed when it takes too long, and has ended when its context does; what it says on the way down is in
the error.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from tempfile import TemporaryFile
from threading import Timer
from typing import Any, Self

_MODULE = "memcached_sessions.bench.request_path.local_process"
_LONGEST = 600.0
"""Seconds from its start to its end."""

_ENDING = 30.0


class LocalChild:
    """A child process, from its start to its end.

    Parameters
    ----------
    order
        What `local_process` is to hold.
    """

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._called = f"the process with {order['sessions']} sessions"
        self._errors = TemporaryFile()  # noqa: SIM115 - a pipe that nobody reads would stop the child
        self._process = subprocess.Popen(  # noqa: S603 - this very Python
            [sys.executable, "-m", _MODULE, json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._watch = Timer(_LONGEST, self._process.kill)
        self._watch.daemon = True

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        self._watch.cancel()
        if failure:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(BrokenPipeError):  # it has ended before
                    pipe.close()
        try:
            self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._errors:
            if self._process.returncode and not failure:
                raise RuntimeError(f"{self._called} failed at its end: {self._complaint()}")

    @property
    def id(self) -> int:
        """The id of the process."""
        return self._process.pid

    def answer(self, order: Mapping[str, Any] | None = None) -> Mapping[str, float]:
        """Return what the process says next.

        Parameters
        ----------
        order
            What it is told before; None: nothing, for it speaks first when all its sessions are made.

        Raises
        ------
        RuntimeError
            It has ended.
        """
        said = ""
        if self._process.stdin and self._process.stdout:
            with suppress(BrokenPipeError):  # then it says nothing either
                if order is not None:
                    self._process.stdin.write(json.dumps(order) + "\n")
                    self._process.stdin.flush()
            said = self._process.stdout.readline()
        if not said:
            raise RuntimeError(f"{self._called} ended too early: {self._complaint()}")
        return json.loads(said)

    def _complaint(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip()[-2000:]
