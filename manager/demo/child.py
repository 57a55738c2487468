"""A process that is started, frozen, thawed, killed and started again.

Invariant: only processes that were started here are ever signalled, as a group of their own.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

PATIENCE = 20.0
"""Seconds that a process may take until it answers."""


class DemoError(Exception):
    """The demo cannot go on; the message says what is missing or has failed, and what to do."""


class Child:
    """One member of the cluster.

    Parameters
    ----------
    name
        What it is called: ``"app1"``.
    command
        What runs it.
    answers
        Whether it answers.
    folder
        Where what it prints is kept.
    environ
        What its environment has beside that of this process.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     child = Child("sleeper", ["sleep", "60"], lambda: True, Path(folder))
    ...     child.start()
    ...     running = child.alive
    ...     child.kill()
    >>> running, child.alive
    (True, False)
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        answers: Callable[[], bool],
        folder: Path,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._command = command
        self._answers = answers
        self._log = folder / f"{name}.log"
        self._environ = environ or {}
        self._process: subprocess.Popen[bytes] | None = None
        self.frozen = False
        """Whether it was frozen, and not thawed since."""

    @property
    def alive(self) -> bool:
        """Whether it runs, frozen or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Of its first process, if it was started."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it.

        Raises
        ------
        DemoError
            Its program is not there.
        """
        if self.alive:
            return
        log: IO[bytes]
        with self._log.open("ab") as log:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - what the demo runs, without a shell
                    self._command,
                    env=os.environ | self._environ,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                raise DemoError(f"{self.name}: {self._command[0]} cannot be run: {error}") from error
        self.frozen = False

    def wait_until_it_answers(self) -> None:
        """Wait for it.

        Raises
        ------
        DemoError
            It ended, or does not answer within `PATIENCE`.
        """
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if not self.alive or time.monotonic() > deadline:
                fate = f"does not answer after {PATIENCE:.0f} s" if self.alive else "has ended"
                raise DemoError(f"{self.name} {fate}. It printed:\n{self.printed()}")
            time.sleep(0.02)

    def printed(self) -> str:
        """Return the end of what it has printed."""
        return self._log.read_text(errors="backslashreplace")[-4000:] if self._log.exists() else ""

    def kill(self) -> None:
        """End it as a crash does, all its processes at once."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.frozen = False

    def freeze(self) -> None:
        """Let it stand still: it accepts connections, by its system, and answers nothing."""
        self._signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)
        self.frozen = False

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)
