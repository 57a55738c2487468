"""A program that changes sessions and then ends, in one way or another, most of them without a word to its manager.

It begins half of its sessions, says ``begun`` when they are stored, and waits for a line. Then it updates these, begins
and updates the others, prints the ids of all as a line of JSON, and ends. The n-th session holds what `after_updates`
(see `application`) says of n and 2.

    python leaving.py NODES WAY SETTINGS
"""

# ruff: noqa: T201 - it talks to who started it

import json
import os
import sys
from collections.abc import Callable
from threading import Thread
from time import sleep

from application import update

from memcached_sessions import SessionManager

SESSIONS = 100
SECONDS_TO_DRAIN = 20


def leave(way: str, change_sessions: Callable[[], None], manager: SessionManager) -> None:
    """Change sessions, and end."""
    if way == "leave a thread behind":  # the interpreter waits for it
        Thread(target=lambda: (sleep(0.1), change_sessions())).start()
        return
    change_sessions()
    match way:
        case "fall off the end":
            pass
        case "close":
            manager.close()
        case "exit with 3":
            sys.exit(3)
        case "raise":
            raise LookupError("as it happens")
        case "exit at once":
            os._exit(0)
        case unknown:
            raise ValueError(f"no such way: {unknown}")


def main() -> None:
    """Begin, and leave when told to."""
    nodes, way, settings = sys.argv[1:]
    manager = SessionManager(nodes, route="a", session_backup_async=True, **json.loads(settings))

    def update_session(number: int, session_id: str | None) -> str:
        with manager.request(session_id) as session:
            update(session, number)
        return session.id

    def change_sessions() -> None:
        ids.extend(update_session(number, None) for number in range(len(ids), SESSIONS))
        print(json.dumps([update_session(number, session_id) for number, session_id in enumerate(ids)]), flush=True)

    ids = [update_session(number, None) for number in range(SESSIONS // 2)]
    print("begun", manager.drain(SECONDS_TO_DRAIN), flush=True)
    sys.stdin.readline()
    leave(way, change_sessions, manager)


if __name__ == "__main__":
    main()
