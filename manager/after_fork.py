"""What has to begin anew in a forked process: locks, which a thread that is not there may hold, and connections."""

import os
from collections.abc import Callable
from weakref import WeakMethod


def call_after_fork(method: Callable[[], None]) -> None:
    """Call a method in each process that is forked from this one, for as long as its object lives.

    Python cannot take such a call back, so what is registered does not keep the object alive.

    Parameters
    ----------
    method
        A bound method. It runs before anything else in the new process, which has one thread then.
    """
    weakly = WeakMethod(method)

    def call() -> None:
        alive = weakly()
        if alive is not None:
            alive()

    os.register_at_fork(after_in_child=call)
