"""``memcached-sessions demo``: the failover with one visitor, step by step, or with a crowd."""

import argparse
import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from types import FrameType
from typing import Any

from .child import DemoError
from .cluster import Cluster, ServerPlan
from .crowd import SHOPS, CrowdResult, run_crowd
from .crowd_report import crowd_json, crowd_table
from .journal import Entry, Journal, Step
from .page import PageServer
from .story import Story
from .telling import json_line, terminal_line

STORY = (ServerPlan("app1", "wsgi", "gunicorn"), ServerPlan("app2", "fastapi", "uvicorn"))
"""Two servers of two kinds, whose shops share their sessions."""

NEEDED = ("gunicorn", "uvicorn", "starlette", "fastapi", "multipart", "flask", "flask_login", "flask_wtf", "django")
"""Modules of the extra `demo`."""

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
    parser.set_defaults(command=run_demo)
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


def run_demo(options: argparse.Namespace) -> int:
    """Run the demo, and return its exit status."""
    with _ends_in_order():
        try:
            require_demo()
            return _tell(options) if options.visitors is None else _crowd(options)
        except DemoError as error:
            sys.stderr.write(f"memcached-sessions: {error}\n")
            return 2


def require_demo() -> None:
    """Raise `DemoError` if the libraries of the extra are missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise DemoError(f"not installed: {', '.join(missing)}; install the extra `demo`: pip install '.[demo]'")


def _tell(options: argparse.Namespace) -> int:
    journal = Journal()

    def write(entry: Entry) -> None:
        print_line(json_line(entry) if options.json else terminal_line(entry))

    with Cluster(STORY) as cluster, PageServer(journal, cluster.url, options.page_port) as page:
        journal.listen(write)
        if not options.json:
            print_line(f"page  {page.url}  (updates itself)\nshop  {cluster.url}")
        outcome = Story(cluster, journal, options.pace).tell()
        if options.stay:
            if not options.json:
                print_line("\nshop and page stay until Ctrl-C")
            while True:
                time.sleep(1)
    return 1 if outcome.lost else 0


def _crowd(options: argparse.Namespace) -> int:
    results: list[CrowdResult] = []
    for shop in options.shop or SHOPS:

        def tell(text: str, shop: str = shop) -> None:
            print_line(json_line(Step(f"{shop}: {text}")) if options.json else f"{shop}: {text}")

        results.append(run_crowd(shop, options.visitors, options.seconds, tell))
        if options.json:
            print_line(crowd_json(results[-1]))
    if not options.json:
        print_line("\n" + crowd_table(results))
    return 0 if all(result.is_clean for result in results) else 1


def print_line(line: str) -> None:
    """Print a line at once, for whoever reads along."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@contextmanager
def _ends_in_order() -> Generator[None]:
    """Let SIGTERM, and SIGHUP of a terminal that is closed, end the block as Ctrl-C does: nothing is left behind."""

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
