"""The process that `local_sessions` starts: holds many sessions, or only their data, and prints what that costs.

It takes one argument, and prints one object when all are made; after that one for every line that it reads, which is an
order to time a batch of requests. All of them are JSON. Invariant: between the two looks at the memory of the process
nothing is made that stays, but what is measured; and it works only when it is its turn.
"""

import gc
import json
import resource
import sys
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Any

from ...manager import SessionManager
from ...manager.cookie_header import cookie_value
from ...serializers import get_serializer
from ..errand import workload_named
from .result import Kind
from .subject import COOKIES, COUNTER, FIRST_NUMBER, Target

REQUESTS = 200
"""In a batch."""

_WARM = 200
"""Sessions that are made before memory is looked at: the first ones bring connections, threads and tables with them."""

_LONGEST_ID = 96
_SEED = 57721


def main(order: Mapping[str, Any]) -> None:
    """Do what was ordered, until there are no more orders."""
    build: Callable[[], Any] = workload_named(order["workload"]).build
    target = Target(order["host"], order["port"], build)
    if order["holding"] == "manager":
        _with_manager(order, target)
    else:
        _say({"bytes": _of_data(order, target, with_payloads=order["holding"] == "data")})


def _of_data(order: Mapping[str, Any], target: Target, *, with_payloads: bool) -> float:
    """Return the bytes that the content of a session takes, and its serialized form if asked for."""
    sessions: int = order["sessions"]
    dumps = get_serializer(order["serializer"]).dumps
    contents: list[object] = [None] * sessions
    payloads: list[object] = [None] * sessions
    for number in range(_WARM):
        dumps(target.content(FIRST_NUMBER + number))
    before = _resident()
    for number in range(sessions):
        contents[number] = target.content(FIRST_NUMBER + number)
        if with_payloads:
            payloads[number] = dumps(contents[number])
    return (_resident() - before) / sessions


def _with_manager(order: Mapping[str, Any], target: Target) -> None:
    sessions: int = order["sessions"]
    ids = bytearray(b" " * (_LONGEST_ID * sessions))  # they are the clients', and no part of what is measured
    with SessionManager(
        f"n1:{target.host}:{target.port}",
        route="app1",
        serializer=order["serializer"],
        max_local_sessions=2 * sessions + _WARM,
    ) as manager:

        def begin(number: int) -> str:
            with manager.request(None) as session:
                session.update(target.content(FIRST_NUMBER + number))
            return session.id

        for number in range(_WARM):
            begin(number)
        before = _resident()
        for number in range(sessions):
            at = number * _LONGEST_ID
            ids[at : at + _LONGEST_ID] = begin(number).encode().ljust(_LONGEST_ID)
        taken = (_resident() - before) / sessions
        if manager.health().unbacked:
            raise RuntimeError("memcached did not take all sessions")
        _say({"bytes": taken})
        requests = _Requests(manager, target, ids)
        for line in sys.stdin:
            turn = json.loads(line)
            _say(requests.batch(turn["visited"], Kind(turn["kind"]), collector=turn["collector"]))


class _Requests:
    """Times requests to random sessions of a manager.

    Parameters
    ----------
    manager
        Which has the sessions.
    target
        What they were made of.
    ids
        Theirs, each filled up to `_LONGEST_ID`.
    """

    def __init__(self, manager: SessionManager, target: Target, ids: bytearray) -> None:
        self._manager = manager
        self._name = manager.settings.cookie_name
        self._probe = target.probe
        self._ids = ids
        self._random = Random(_SEED)  # noqa: S311 - an order, no secret
        self._numbers = count(FIRST_NUMBER)

    def batch(self, visited: int, kind: Kind, *, collector: bool) -> Mapping[str, float]:
        """Return the seconds and the processor time of one request, of a batch among the first sessions."""
        make = self._read if kind is Kind.READ else self._change
        make(self._headers(visited))  # another process had the caches
        headers = self._headers(visited)
        if not collector:
            gc.collect(0)
            gc.disable()
        cpu, started = process_time(), perf_counter()
        make(headers)
        seconds, taken = perf_counter() - started, process_time() - cpu
        gc.enable()
        return {"seconds": seconds / REQUESTS, "cpu": taken / REQUESTS}

    def _headers(self, visited: int) -> list[str]:
        starts = [self._random.randrange(visited) * _LONGEST_ID for _ in range(REQUESTS)]
        ids = [self._ids[at : at + _LONGEST_ID].decode().rstrip() for at in starts]
        return [COOKIES.format(name=self._name, value=session_id) for session_id in ids]

    def _read(self, headers: list[str]) -> None:
        request, name, probe = self._manager.request, self._name, self._probe
        for header in headers:
            with request(cookie_value(header, name)) as session:
                session[probe]

    def _change(self, headers: list[str]) -> None:
        request, name, numbers = self._manager.request, self._name, self._numbers
        for header in headers:
            with request(cookie_value(header, name)) as session:
                session[COUNTER] = next(numbers)


def _say(found: Mapping[str, float]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def _resident() -> int:
    """Return the bytes of memory of this process that are in use, as the system counts them."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
