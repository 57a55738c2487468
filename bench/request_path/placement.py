"""Which processor cores the client and memcached run on: one for both, or one each.

A round trip between processes on one core needs no wake-up of another core, and is the stable figure; on two cores it
is what the machine makes of it. Invariant: what was pinned is let go of at the end, and all threads of a process are
pinned, those that begin later too (a thread inherits the cores of the one that starts it).
"""

import os
from collections.abc import Generator
from contextlib import contextmanager

from ..core import pin
from .result import Placement


def placements() -> tuple[list[Placement], tuple[str, ...]]:
    """Return the placements that this machine allows, and what it does not allow."""
    if not hasattr(os, "sched_setaffinity"):
        return [Placement("not pinned", None, None)], ("this system cannot pin a process to a core: nothing is pinned",)
    cores = sorted(os.sched_getaffinity(0))
    one = Placement("one core", cores[-1], cores[-1])
    if len(cores) == 1:
        return [one], ("there is only one core: no figures for two",)
    return [one, Placement("two cores", cores[-1], cores[0])], ()


@contextmanager
def placed(placement: Placement, server: int) -> Generator[None, None, None]:
    """Pin this process and a server for as long as the context lasts.

    Parameters
    ----------
    placement
        Where to.
    server
        The id of the server's process.
    """
    if placement.client is None or placement.server is None:
        yield
        return
    client_before, server_before = os.sched_getaffinity(0), os.sched_getaffinity(server)
    pin(os.getpid(), {placement.client})
    pin(server, {placement.server})
    try:
        yield
    finally:
        pin(os.getpid(), client_before)
        pin(server, server_before)
