"""The one processor core that a worker and its memcached are kept to while time is taken.

A round trip between processes on one core wakes no other core, which on a virtual machine takes several times as long
as the rest, or not, as it happens. Nothing is lost by it: client and server of a round trip never run at once.
"""

import os

from .request_path.placement import pin


def keep_to_one_core(process: int) -> None:
    """Keep a process, with all its threads, to the core that the comparison uses; elsewhere than on Linux do nothing.

    Parameters
    ----------
    process
        Its id.
    """
    if hasattr(os, "sched_setaffinity"):
        pin(process, {max(os.sched_getaffinity(0))})
