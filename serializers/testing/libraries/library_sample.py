"""A value of a library, and how it is compared with what came back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...fidelity import difference


def changed(original: object, loaded: object) -> str:
    """Return how a value differs from its round trip by type, value and attributes; empty if it does not."""
    return str(difference(original, loaded) or "")


@dataclass(frozen=True)
class LibrarySample:
    """A value, made anew at each call."""

    name: str
    make: Callable[[], Any]
    changed: Callable[[Any, Any], str] = changed
    """Returns how what came back differs from the value; empty if it does not."""
