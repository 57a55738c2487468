"""Which implementation is used where there are two: the compiled module, or Python, which specifies it.

The environment variable ``MEMCACHED_SESSIONS_COMPACT`` says which, for `compact`, the lowering pass of the tree formats
and the look over msgpack alike; unless it is set, the fastest is taken. Invariant: with either one values, bytes and
errors are the same.
"""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

from .lowering import Lowering, PythonLowering
from .msgpack_shape import look_over

_CHOICE = "MEMCACHED_SESSIONS_COMPACT"
_COMPILED = f"{__package__}.compact._compact"


def asked_for() -> str | None:
    """Return what the environment asks for: compiled, portable, python, or anything else that somebody wrote there."""
    return os.environ.get(_CHOICE) or None


def compiled_module(asked: str | None) -> Any | None:
    """Return the compiled module; None if Python is asked for, or if nothing is and the module was not built.

    Raises
    ------
    ValueError
        There is no such implementation, or the compiled module is asked for and was not built.
    """
    if asked not in (None, "compiled", "portable", "python"):
        raise ValueError(f"compact has no implementation {asked!r}: use compiled, portable or python")
    if asked == "python":
        return None
    try:
        return import_module(_COMPILED)
    except ImportError as error:
        if asked:
            raise ValueError(f"compact: the compiled module was not built here ({error}): use python") from error
        return None


def lowering_pass() -> type[Lowering]:
    """Return the lowering pass; compiled it uses public interfaces of CPython only, so there is one such pass.

    Raises
    ------
    ValueError
        As `compiled_module` does.
    """
    compiled = compiled_module(asked_for())
    return compiled.Lowering if compiled else PythonLowering


def look_over_msgpack() -> Callable[[bytes], None]:
    """Return what looks msgpack over before a library reads it.

    Raises
    ------
    ValueError
        As `compiled_module` does.
    """
    compiled = compiled_module(asked_for())
    return compiled.look_over if compiled else look_over
