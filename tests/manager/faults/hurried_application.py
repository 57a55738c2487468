"""An application that updates its sessions as fast as it can, and reports each update that a client would be sure of.

It waits for a line on its standard input before it makes its manager, so that it can be started early. Each line that
it prints is an update whose commit has returned: the number of the session, how many updates there were, its cookie.
Another line on its standard input makes the threads stop; then it drains, prints ``drained`` with the number of
sessions that are left, and goes on waiting, to be killed at any moment.

    python hurried_application.py NODES ORDER SESSIONS SETTINGS
"""

import json
import os
import random
import sys
import threading
from collections.abc import Iterator
from itertools import count, cycle

from application import update

from memcached_sessions import SessionManager
from memcached_sessions.manager import CookieKind

THREADS = 3
SECONDS_TO_DRAIN = 20


class _Visitor(threading.Thread):
    """A thread with sessions of its own."""

    def __init__(self, manager: SessionManager, numbers: range, order: str, ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self._manager = manager
        self._numbers = numbers
        self._order = order
        self._ended = ended

    def run(self) -> None:
        cookies: dict[int, str | None] = dict.fromkeys(self._numbers)
        updates = dict.fromkeys(self._numbers, 0)
        for number in self._next():
            if self._ended.is_set():
                return
            with self._manager.request(cookies[number]) as session:
                update(session, number)
            if session.cookie.kind is CookieKind.SET:
                cookies[number] = session.cookie.value
            updates[number] += 1
            _say(f"{number} {updates[number]} {cookies[number]}")

    def _next(self) -> Iterator[int]:
        if self._order == "round robin":
            return cycle(self._numbers)
        return (random.choice(self._numbers) for _ in count())


def _say(line: str) -> None:
    os.write(sys.stdout.fileno(), f"{line}\n".encode())  # in one piece, also beside other threads


def _main() -> None:
    nodes, order, sessions, settings = sys.argv[1:]
    sys.stdin.readline()
    manager = SessionManager(nodes, session_backup_async=True, **json.loads(settings))
    ended = threading.Event()
    visitors = [_Visitor(manager, range(first, int(sessions), THREADS), order, ended) for first in range(THREADS)]
    for visitor in visitors:
        visitor.start()
    if sys.stdin.readline():
        ended.set()
        for visitor in visitors:
            visitor.join()
        _say(f"drained {manager.drain(SECONDS_TO_DRAIN)}")
        sys.stdin.readline()
    os._exit(0)


if __name__ == "__main__":
    _main()
