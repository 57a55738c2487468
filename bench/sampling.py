"""Which sessions of a population are looked at where not all can be: some of every size.

Invariant: it depends on the sessions alone, so that every serializer, measure and process takes the same ones, and
nothing of theirs is called to find out. A session must be one that no serializer has seen yet: what it leaves there,
such as a `__dict__` that was asked for, would count.
"""

import gc
from collections.abc import Sequence
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import cast

MOST_TIMED = 100
"""Sessions of a population that are timed; sizes are those of all, and all are verified."""

_NO_CONTENT = (type, ModuleType, FunctionType, BuiltinFunctionType)


def spread(sessions: Sequence[object], count: int = MOST_TIMED) -> list[int]:
    """Return the numbers of so many sessions that are spread over all sizes, or of all if there are no more.

    Parameters
    ----------
    sessions
        Freshly built ones.
    count
        How many are wanted.

    >>> spread([["a"], ["ab"], ["abc"], ["abcd"], ["abcde"], ["abcdef"]], 3)
    [1, 3, 5]
    >>> spread([1, 2], 3)
    [0, 1]
    """
    if len(sessions) <= count:
        return list(range(len(sessions)))
    extents = [extent(session) for session in sessions]
    by_size = sorted(range(len(sessions)), key=lambda number: (extents[number], number))
    step = len(sessions) / count
    return sorted(by_size[int((place + 0.5) * step)] for place in range(count))


def extent(session: object) -> int:
    """Return how large a session is, whoever writes it: its objects, and the characters and bytes in them.

    What it shares counts once. Classes and functions are not walked.

    >>> extent(["ab", 7])
    5
    """
    seen = {id(session)}
    waiting: list[object] = [session]
    total = 0
    while waiting:
        value = waiting.pop()
        total += 1
        if type(value) in (str, bytes, bytearray):
            total += len(cast("str | bytes | bytearray", value))
            continue
        for part in gc.get_referents(value):
            if id(part) not in seen and not isinstance(part, _NO_CONTENT):
                seen.add(id(part))
                waiting.append(part)
    return total
