"""Converters that wait for a library.

Invariant: asking whether a library is there imports nothing.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Awaited:
    """What registers converters once a module was imported."""

    module: str
    register_converters: Callable[[Any], None]
    of_plugin: bool
    """It came by an entry point: what the application registers goes before it."""

    @property
    def library(self) -> str:
        """The package of the module: what an application imports."""
        return self.module.partition(".")[0]


def is_imported(awaited: Awaited) -> bool:
    """Return whether the module is there, and complete: another thread may be in the middle of its import.

    >>> is_imported(Awaited("dataclasses", print, of_plugin=True))
    True
    """
    module = sys.modules.get(awaited.module)
    return module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False)
