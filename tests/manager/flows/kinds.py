"""Which classes a value is made of: its own, and those of all that is in it.

Invariant: a class is named as in messages of errors, None as ``None``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


def name_of(value: object) -> str:
    """Return the name of the class of a value."""
    return "None" if value is None else type(value).__name__


@dataclass
class Kind:
    """What was found under one key, in however many sessions."""

    outer: set[str] = field(default_factory=set[str])
    """The classes of the values themselves."""
    inner: set[str] = field(default_factory=set[str])
    """Those of what was in them, at any depth."""
    changed: set[str] = field(default_factory=set[str])
    """Those that were not there any more when the bytes were read."""

    def note(self, value: Any, loaded: Any) -> None:
        """Add a value and what it came back as."""
        inner = set(map(name_of, _within(value)))
        self.outer.add(name_of(value))
        self.inner |= inner
        self.changed |= (inner | {name_of(value)}) - set(map(name_of, _within(loaded))) - {name_of(loaded)}

    def add(self, other: "Kind") -> None:
        """Add what was found elsewhere."""
        self.outer |= other.outer
        self.inner |= other.inner
        self.changed |= other.changed


def _within(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        parts: list[Any] = [*value, *value.values()]
    elif isinstance(value, (list, tuple, set, frozenset)):
        parts = [*value]
    elif hasattr(type(value), "model_fields"):
        parts = [*vars(value).values()]
    elif isinstance(value, datetime) and value.tzinfo:
        parts = [value.tzinfo]
    else:
        parts = []
    for part in parts:
        yield part
        yield from _within(part)
