"""The process that `local_sessions` starts: holds many sessions, or only their data, and prints what that costs.

It takes one argument and prints one object, both JSON. Invariant: between the two looks at the memory of the process
nothing is made that stays, but what is measured.
"""

import gc
import json
import resource
import sys
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from ...manager import SessionManager
from ...manager.cookie_header import cookie_value
from ...serializers import get_serializer
from ..intervals import estimate
from ..workload import available_workloads
from .placement import placed
from .result import Kind, Placement
from .subject import COOKIES, COUNTER, FIRST_NUMBER, Target

BATCHES = 31
REQUESTS = 200
"""In a batch."""

_WARM = 200
"""Sessions that are made before memory is looked at: the first ones bring connections, threads and tables with them."""

_LONGEST_ID = 96
_SEED = 57721


def main(order: Mapping[str, Any]) -> dict[str, Any]:
    """Do what was ordered."""
    workload = available_workloads()[order["workload"]].workload
    if workload is None:
        raise RuntimeError(f"the workload {order['workload']} is broken here, and was not in the process before")
    build: Callable[[], Any] = workload.build
    target = Target(order["host"], order["port"], build)
    if order["holding"] == "manager":
        return _with_manager(order, target)
    return {"bytes": _of_data(order, target, with_payloads=order["holding"] == "data")}


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


def _with_manager(order: Mapping[str, Any], target: Target) -> dict[str, Any]:
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
        placement = Placement("", order["client_core"], order["server_core"])
        with placed(placement, order["server"]):
            latencies = [
                _latency(manager, target, ids, visited, kind)
                for visited in order["visits"]
                for kind in (Kind.READ, Kind.CHANGE)
            ]
    return {"bytes": taken, "latencies": latencies}


def _latency(manager: SessionManager, target: Target, ids: bytearray, visited: int, kind: Kind) -> dict[str, Any]:
    """Time requests to random sessions among the first ones."""
    random, numbers, probe = Random(_SEED), count(FIRST_NUMBER), target.probe  # noqa: S311 - an order, no secret
    name = manager.settings.cookie_name

    def batch() -> float:
        headers: list[str] = []
        for _ in range(REQUESTS):
            at = random.randrange(visited) * _LONGEST_ID
            headers.append(COOKIES.format(name=name, value=ids[at : at + _LONGEST_ID].decode().rstrip()))
        started = perf_counter()
        if kind is Kind.READ:
            for header in headers:
                with manager.request(cookie_value(header, name)) as session:
                    session[probe]
        else:
            for header in headers:
                with manager.request(cookie_value(header, name)) as session:
                    session[COUNTER] = next(numbers)
        return (perf_counter() - started) / REQUESTS

    gc.collect()
    gc.disable()
    batch()
    seconds = [batch() for _ in range(BATCHES)]
    gc.enable()
    found = estimate(seconds)
    return {
        "visited": visited,
        "kind": kind,
        "minimum": min(seconds),
        "latency": (found.median, found.low, found.high),
    }


def _resident() -> int:
    """Return the bytes of memory of this process that are in use, as the system counts them."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))))
