"""The options of ``memcached-sessions demo``. What it does is in `running`, which the other commands do not load."""

import argparse
from typing import Any

from .plans import SHOPS

PACE = 0.4
"""Seconds between two clicks, for people who watch."""

_DESCRIPTION = """\
Starts two memcached nodes, two application servers (gunicorn and uvicorn) and nginx on free ports of 127.0.0.1, and
sends a visitor through a shop, while servers and nodes are killed and frozen. Shows who served each request, where its
session came from, how long it took, and what was lost. All of it ends with the command.

With --visitors, a crowd goes through each of four shops (WSGI, FastAPI, Flask, Django), each on two servers.
"""
_STATUS = "exit status: 0 nothing was lost; 1 something was lost, or a fault did not end; 2 the demo cannot run here"


def add_demo(commands: Any) -> None:
    """Add the command to a parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "demo",
        help="show the failover of a small cluster on this machine, live",
        description=_DESCRIPTION,
        epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=_run)
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument("--pace", type=_pace, default=PACE, metavar="SECONDS", help=f"between two clicks ({PACE})")
    parser.add_argument("--page-port", type=int, default=0, metavar="PORT", help="of the web page (any free one)")
    crowd = parser.add_argument_group("a crowd instead of one visitor")
    crowd.add_argument("--visitors", type=_count, metavar="N", help="under one fault after another")
    crowd.add_argument("--seconds", type=_count, default=60, metavar="N", help="how long, in each shop (60)")
    crowd.add_argument("--shop", action="append", choices=sorted(SHOPS), help="only this one; may be repeated")
    parser.add_argument("--stay", action="store_true", help="keep shop and page afterwards, until Ctrl-C")


def _pace(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 60:
        raise ValueError("a pace is 0 to 60 seconds")
    return seconds


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise ValueError("1 to 1000")
    return number


def _run(options: argparse.Namespace) -> int:
    from .running import run_demo  # noqa: PLC0415 - for this command alone

    return run_demo(options)
