"""The command `memcached-sessions demo`, as a process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = [str(Path(sys.executable).with_name("memcached-sessions")), "demo"]
PATIENCE = 60.0


@contextmanager
def demo(*options: str, **environ: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command, and end it in any case."""
    process = subprocess.Popen(
        [*COMMAND, *options],
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)
