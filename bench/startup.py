"""What the first use of a serializer costs: import and construction, the first dumps, the first loads.

Each value is of a new interpreter that has done nothing but start, and is not forked from a warm one. The clock runs
from before the import of `memcached_sessions.serializers` until `get_serializer` has returned, so whatever that takes
is in it: the search for the plug-in, the package, the library under it, and the converters. The session, which is plain
data, is part of the interpreter's program, so that making it imports nothing. What is not in it: the start of the
interpreter itself, what its `site` imports (an editable install may have it import a little), and reading from the disk
what was never read before: each serializer is started once without being counted. What came of the loads is compared
with the session after the clock has stopped; figures of a serializer that changed it are not shown.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from random import Random
from typing import Any

from ..serializers import SerializerInfo
from .each_case import Progress
from .intervals import estimate, exactly
from .isolation.forked import End, Ended, run_forked
from .isolation.interpreter import surroundings
from .passes import ORDER_SEED
from .preparing import MEMORY
from .references import reference_infos
from .result import Startup
from .workloads.login import LOGIN

_SECONDS = 20.0
"""That one start may take."""

_PROGRAM = """
from time import perf_counter_ns
session = {session!r}
options = {options!r}
started = perf_counter_ns()
from {package} import get_serializer
serializer = get_serializer({name!r}, **options)
made = perf_counter_ns()
payload = serializer.dumps(session)
dumped = perf_counter_ns()
loaded = serializer.loads(payload)
ended = perf_counter_ns()
import json, os
from {package}.fidelity import difference
found = difference({session!r}, loaded)
told = [[made - started, dumped - made, ended - dumped], str(found or "")]
os.write({answer}, json.dumps(told).encode())
"""


def startups(infos: Sequence[SerializerInfo], repeats: int, *, progress: Progress | None = None) -> tuple[Startup, ...]:
    """Return what the first use of each variant of serializers costs.

    Parameters
    ----------
    infos
        Broken ones and references are left out.
    repeats
        How many interpreters each is started in; at least 1. Another one is not counted.
    progress
        Is told how many interpreters have ended.
    """
    references = reference_infos()
    rows = {
        label: (info.name, options)
        for info in infos
        if info.broken is None and info.name not in references
        for label, options in info.variants.items()
    }
    taken: dict[str, list[list[float]]] = {label: [] for label in rows}
    failed: dict[str, str] = {}
    random = Random(ORDER_SEED)  # noqa: S311 - an order, no secret
    for repeat in range(repeats + 1):
        for position, label in enumerate(random.sample(list(rows), len(rows)), 1):
            if label not in failed:
                ended = _started(*rows[label])
                if ended.end is not End.RETURNED:
                    failed[label] = ended.detail
                elif repeat:
                    taken[label].append([nanoseconds / 1e9 for nanoseconds in ended.value])
            if progress:
                progress(repeat * len(rows) + position, (repeats + 1) * len(rows))
    return tuple(_startup(label, taken[label], failed.get(label, "")) for label in rows)


def _startup(label: str, taken: Sequence[Sequence[float]], detail: str) -> Startup:
    if detail:
        return Startup(label, exactly(0), exactly(0), exactly(0), detail)
    imported, first_dumps, first_loads = (estimate(values) for values in zip(*taken, strict=True))
    return Startup(label, imported, first_dumps, first_loads)


def _started(name: str, options: Mapping[str, Any]) -> Ended:
    """Use a serializer in a new interpreter, which a child starts: the child's limits are its own, too."""
    return run_forked(partial(_in_new_interpreter, name, options), seconds=_SECONDS, memory=MEMORY)


def _in_new_interpreter(name: str, options: Mapping[str, Any]) -> list[int]:
    reading, writing = os.pipe()
    program = _PROGRAM.format(
        session=LOGIN.build(),
        options=dict(options),
        package=f"{__package__}".rpartition(".")[0] + ".serializers",
        name=name,
        answer=writing,
    )
    done = subprocess.run(  # noqa: S603 - this interpreter, without a shell
        [sys.executable, "-c", program],
        pass_fds=[writing],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env=surroundings(),
    )
    os.close(writing)
    with os.fdopen(reading) as answer:
        told = answer.read()
    if not told:
        last = done.stderr.strip().splitlines()[-1:] or [f"the interpreter ended with status {done.returncode}"]
        raise RuntimeError(last[0])
    taken, changed = json.loads(told)
    if changed:
        raise RuntimeError(f"the session came back changed: {changed}")
    return taken
