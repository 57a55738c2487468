"""``session-bench``: compares the installed serializers, prints reports of earlier runs, and measures requests.

Invariant: what is printed to standard output is the report alone; progress goes to standard error.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from .commands import agreeing, capturing, comparing, documenting, drawing, gating, listing, reporting, requests
from .commands.command import Command
from .result_file import ResultFileError

_COMMANDS = (comparing, reporting, drawing, documenting, agreeing, gating, capturing, listing, requests)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv
        The arguments; those of the process if None. Without a command it is ``run``.

    Returns
    -------
    The exit status: 0; 1 for a file that cannot be read or written, a memcached that does not start, or what a command
    was to find out and is not so.

    Raises
    ------
    SystemExit
        With status 2 for arguments that are wrong, 0 for help.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        arguments.insert(0, "run")
    parser = _parser()
    options = parser.parse_args(arguments)
    command: Command = options.command
    try:
        with _ended_in_order():
            return command(parser, options)
    except (OSError, ResultFileError, RuntimeError) as error:
        sys.stderr.write(f"session-bench: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("session-bench: interrupted\n")
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="session-bench",
        description="Compares serializers on realistic sessions that go through a real memcached.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    return parser


@contextmanager
def _ended_in_order() -> Generator[None, None, None]:
    """Turn signals that end a process on the spot into `SystemExit`, so that no memcached is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals belong to the main thread
        return
    numbers = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, _exit_by_signal)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _exit_by_signal(number: int, frame: object) -> None:
    del frame
    sys.exit(128 + number)
