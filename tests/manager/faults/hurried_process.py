"""An application in a hurry (`hurried_application`) as a test wants it: started early, begun, drained, killed at once.

Invariant: whoever reads `HurriedProcess.acknowledged` after `kill` has every update that it had reported.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

PROGRAM = Path(__file__).with_name("hurried_application.py")

PATIENCE = 30.0
"""Seconds after which an application has not come as far as it should have."""


@dataclass
class Acknowledged:
    """A session as its client knows it: how many updates were replied to."""

    updates: int
    cookie: str


class HurriedProcess:
    """One application; it is being started when this returns, and has no connection before it is begun.

    Parameters
    ----------
    nodes
        Of its manager.
    order
        In which each thread visits its sessions: ``"round robin"`` or ``"random"``.
    sessions
        How many there are in all.
    settings
        Of its manager, beside asynchronous backup.
    """

    def __init__(self, nodes: str, order: str, sessions: int, **settings: object) -> None:
        self.reports = 0
        """Updates that were reported so far."""
        self.left: int | None = None
        """What a drain has returned."""
        self._acknowledged: dict[int, Acknowledged] = {}
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), nodes, order, str(sessions), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._listener = Thread(target=self._listen)  # all the time: a full pipe would make it wait
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def acknowledged(self) -> dict[int, Acknowledged]:
        """The sessions that were reported so far, by their numbers."""
        return self._acknowledged.copy()

    def begin(self, until: int) -> None:
        """Let it serve, and wait until so many updates were reported."""
        self._say("begin")
        self._wait(lambda: self.reports >= until)

    def drain(self) -> int:
        """Let it serve no more and drain, and return how many sessions it could not store."""
        self._say("drain")
        self._wait(lambda: self.left is not None)
        assert self.left is not None
        return self.left

    def kill(self) -> None:
        """Kill it, if it lives, and hear all that it had to say."""
        self._process.kill()
        self._listener.join()
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def _wait(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert self._process.poll() is None, f"the application ended with {self._process.returncode}"
            assert time.monotonic() < deadline, f"after {PATIENCE} s only {self.reports} updates, left {self.left}"
            time.sleep(0.001)

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            match line.decode().split():
                case ["drained", left]:
                    self.left = int(left)
                case [number, updates, cookie]:
                    self._acknowledged[int(number)] = Acknowledged(int(updates), cookie)
                    self.reports += 1
                case _:
                    raise AssertionError(f"the application said {line!r}")
