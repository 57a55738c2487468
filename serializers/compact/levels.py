"""The values around the one that is being written or read: what is still to come inside each of them."""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class OpenValue:
    """What is inside an open value and not written yet."""

    inside: Iterator[Any]
    count: int
    """How many values are still to come."""
    hashed: bool
    """They are hashed when they are read: they are inside a dict key or an element of a set."""
    keys: bool = False
    """Every other one, from the first, is a dict key."""
    number: int | None = None
    """The number of the open value, if it is an object."""
    copied: bool | None = None
    """What references inside stand for may be copied by a converter; None: as around it."""
    one_from: int | None = None
    """Where the open value began, in bytes and beyond, if it counts one byte."""


@dataclass(slots=True, eq=False)
class AwaitedValue:
    """What was read of an open value."""

    missing: int
    """How many values are still to come."""
    close: Callable[[list[Any]], Any]
    """Makes the value of what is inside."""
    hashed: bool
    """What is inside is hashed: it is inside a dict key or an element of a set."""
    keys: bool = False
    """Every other one, from the first, is a dict key."""
    number: int | None = None
    """The number of the open value, if it is an object."""
    copied: bool | None = None
    """What references inside stand for may be copied by a converter; None: as around it."""
    one_from: int | None = None
    """Where the open value began, in bytes and beyond, if it counts one byte."""
    items: list[Any] = field(default_factory=list[Any])
    """What was read so far."""


def no_change(items: list[Any]) -> list[Any]:
    """Return what was read as it is."""
    return items
