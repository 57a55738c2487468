"""``session-bench capture``: writes sessions of a site into files, made anonymous, to be measured elsewhere."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ...manager.admin.sources.folder import FORMATS
from ..captured.arguments import add_reading
from ..captured.capture import captured
from ..captured.files import write_sessions
from .command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("capture", help="write your own sessions into files, made anonymous")
    parser.set_defaults(command=capture)
    parser.add_argument("source", metavar="SOURCE", help="a folder of sessions, or memcached://HOST:PORT,...")
    parser.add_argument("folder", type=Path, metavar="DIR", help="where they go; new or empty")
    parser.add_argument(
        "--format", choices=FORMATS, default="compact", help="the serializer that writes them (compact)"
    )
    add_reading(parser.add_argument)


def capture(parser: ArgumentParser, options: Namespace) -> int:
    """Write the sessions."""
    del parser
    found = captured(
        options.source,
        limit=options.sessions_limit,
        as_they_are=options.as_they_are,
        settings=options.settings,
        converters=options.converters,
    )
    write_sessions(found, options.folder, options.format)
    sys.stdout.write("\n".join([*found.lines(), f"written to {options.folder}", ""]))
    return 0
