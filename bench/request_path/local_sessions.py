"""What many sessions cost the process that holds them: memory beyond their data, and the latency of a request.

Every figure of memory is of a process of its own that does nothing else, so that what one leaves behind is no part of
the next. Invariant: the data that is subtracted is made by the same code as what the manager is given.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..intervals import Estimate
from .result import Kind, LocalLatency, LocalSessions, Placement
from .server import Server

SERIALIZER = "compact"

_CHILD = "memcached_sessions.bench.request_path.local_process"
_LONGEST = 600.0


def measure_local_sessions(
    workload: str, numbers: Sequence[int], server: Server, placement: Placement, progress: Callable[[str], None]
) -> LocalSessions:
    """Measure processes with some numbers of sessions.

    Parameters
    ----------
    workload
        The name of what the sessions hold.
    numbers
        Of sessions, ascending; the last is also the one whose memory is measured.
    server
        Where the sessions are backed up.
    placement
        Where the processes and memcached run while requests are timed.
    progress
        Called with one line about what is going on.
    """
    most = numbers[-1]

    def measured(holding: str, sessions: int) -> Mapping[str, Any]:
        progress(f"{workload}: a process with {sessions:,} sessions: {holding}")
        order = {
            "holding": holding,
            "sessions": sessions,
            "visits": [each for each in numbers if each <= sessions],
            "workload": workload,
            "serializer": SERIALIZER,
            "host": server.host,
            "port": server.port,
            "server": server.process,
            "client_core": placement.client,
            "server_core": placement.server,
        }
        done = subprocess.run(  # noqa: S603 - this very Python
            [sys.executable, "-m", _CHILD, json.dumps(order)],
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST,
        )
        if done.returncode:
            raise RuntimeError(f"the process with {sessions} sessions failed: {done.stderr.strip()[-2000:]}")
        return json.loads(done.stdout)

    attributes = measured("attributes", most)["bytes"]
    data = measured("data", most)["bytes"]
    processes = {sessions: measured("manager", sessions) for sessions in numbers}
    return LocalSessions(
        workload=workload,
        serializer=SERIALIZER,
        sessions=most,
        attributes_bytes=attributes,
        payload_bytes=data - attributes,
        manager_bytes=processes[most]["bytes"],
        latencies=tuple(
            LocalLatency(sessions, each["visited"], Kind(each["kind"]), each["minimum"], Estimate(*each["latency"]))
            for sessions, found in processes.items()
            for each in found["latencies"]
        ),
    )
