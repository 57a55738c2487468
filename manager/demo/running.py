"""``memcached-sessions demo``: the failover with one visitor, step by step, or with a crowd."""

import argparse
import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from types import FrameType

from .child import DemoError
from .cluster import Cluster
from .crowd import CrowdResult, run_crowd
from .crowd_report import crowd_json, crowd_table
from .journal import Entry, Journal, Step
from .page import PageServer
from .plans import SHOPS, STORY
from .story import Story
from .telling import json_line, terminal_line

NEEDED = ("gunicorn", "uvicorn", "starlette", "fastapi", "multipart", "flask", "flask_login", "flask_wtf", "django")
"""Modules of the extra `demo`."""


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
