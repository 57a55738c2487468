"""The options of commands that take the user's own sessions, and the capture that they ask for."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from ...manager.admin.sources.source import LIMIT, limit_of
from .capture import Capture, captured


def add_arguments(parser: ArgumentParser) -> None:
    """Add ``--sessions`` and the options that go with it.

    >>> parser = ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["--sessions", "dumps", "--sessions-limit", "50"]).sessions_limit
    50
    """
    group = parser.add_argument_group("your own sessions")
    group.add_argument(
        "--sessions", metavar="DIR|memcached://HOST:PORT,...", help="measure them too, as the workload captured"
    )
    add_reading(group.add_argument)


def add_reading(add_argument: Callable[..., object]) -> None:
    """Add the options that say how sessions are read, by the function that adds one."""
    add_argument(
        "--sessions-limit", type=limit_of, default=LIMIT, metavar="N", help=f"a random sample of so many ({LIMIT:,})"
    )
    add_argument("--as-they-are", action="store_true", help="do not make them anonymous")
    add_argument("--settings", type=Path, metavar="FILE.toml", help="the settings of the session manager they are of")
    add_argument(
        "--converters",
        action="append",
        default=[],
        metavar="MODULE:FUNCTION",
        help="what registers the classes in them; may be repeated",
    )


def captured_by(options: Namespace, progress: Callable[[int, int], None] | None = None) -> Capture | None:
    """Return the capture that options of `add_arguments` ask for; None if they ask for none.

    Raises
    ------
    CaptureError
        As `captured`.
    """
    source: str | None = options.sessions
    if source is None:
        return None
    return captured(
        source,
        limit=options.sessions_limit,
        as_they_are=options.as_they_are,
        settings=options.settings,
        converters=options.converters,
        progress=progress,
    )
