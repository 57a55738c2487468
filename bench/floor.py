"""The floor of reading: how long it takes to make the objects of a session when there are no bytes to read.

A session is recorded once as a list of steps, and the compiled module `_floor` then carries them out: every value is
made anew by the calls that compact's reader makes it by, in order, with nothing parsed and nothing checked. No reader
that makes all objects by these calls is faster, so its distance to the floor is what reading itself costs. One thing
is made by other calls: a dict whose keys it met before compact copies with them, where it knows how
(`key_tables.pxi`), and the floor sets them one by one, as other readers do. So compact can be below the floor.

What is not made anew, as compact's reader does not either: the keys of dicts that are strings, members of an Enum, and
time zones. A string that occurs again is made once. Invariant: what is built is compared with the session before it is
timed, like what a serializer returns, shared objects included.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from importlib import import_module
from typing import Any, Protocol, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from ..serializers import ConverterRegistry
from ..serializers.converter import FieldsConverter

FLOOR = "construction-floor"
"""The name of its row."""

Step = tuple[str, Any, int]
"""What to do, with what, and how many of the values that follow belong to it."""


def missing() -> str | None:
    """Return why there is no floor here; None if there is one."""
    try:
        _compiled()
    except ImportError as error:
        return f"its compiled module was not built here ({error})"
    return None


def builder(value: object, registry: ConverterRegistry) -> Callable[[], object]:
    """Return what builds a value, anew on each call.

    Parameters
    ----------
    value
        The session; it is looked at now and never again.
    registry
        Knows the classes in it.

    Raises
    ------
    ImportError
        The compiled module was not built here; see `missing`.
    TypeError
        A class is not registered.
    """
    return _compiled().Program(recorded(value, registry)).build


def recorded(value: object, registry: ConverterRegistry) -> list[Step]:
    """Return the steps that build a value, those of a container before those of its contents.

    >>> shared = ["x"]
    >>> recorded({"a": shared, "b": shared}, ConverterRegistry())
    [('dict', ('a', 'b'), 2), ('list', None, 1), ('text', 'x', 0), ('again', 1, 0)]
    """
    recorder = _Recorder(registry)
    recorder.record(value)
    return recorder.steps


class _Recorder:
    def __init__(self, registry: ConverterRegistry) -> None:
        self.registry = registry
        self.steps: list[Step] = []
        self.met: dict[object, int] = {}
        """The step that makes a string, or an object by its id."""
        self.alive: list[object] = []

    def record(self, value: Any) -> None:
        kind = _type(value)
        if kind in _ATOMS:
            self.atom(*_ATOMS[kind](value))
        elif kind is str:
            if not self.again(("text", value)):
                self.add("text", value)
        elif value is None or isinstance(value, (Enum, ZoneInfo, timezone)):
            self.add("existing", value)
        elif kind is tuple or kind is frozenset:
            self.container(kind.__name__, None, value)
        elif not self.again(id(value)):
            self.alive.append(value)
            self.object(value)

    def object(self, value: Any) -> None:
        """Record what has an identity."""
        kind = _type(value)
        if kind is dict:
            mapping = cast("dict[object, object]", value)
            if all(type(key) is str for key in mapping):
                self.container("dict", tuple(mapping), mapping.values())
            else:
                self.container("pairs", None, [each for pair in mapping.items() for each in pair])
        elif kind is list or kind is set:
            self.container(kind.__name__, None, value)
        elif kind is bytearray:
            self.add("bytearray", bytes(value))
        else:
            self.converted(value)

    def converted(self, value: Any) -> None:
        """Record an instance by its fields, or plain data and the call that makes a value of it."""
        cls = _type(value)
        converter = self.registry.converter_for(cls)
        if converter is None:
            raise TypeError(f"{cls.__qualname__} is not registered")
        plain = converter.encode(value)
        if isinstance(converter, FieldsConverter):
            self.container("instance", (cls, tuple(plain)), plain.values())
        else:
            self.container("converted", converter.decode, [plain])

    def container(self, what: str, argument: object, contents: Any) -> None:
        self.add(what, argument, len(contents))
        for each in contents:
            self.record(each)

    def atom(self, what: str, argument: object) -> None:
        if what == "uuid":  # two slots that are filled as those of any other class
            self.container("instance", (UUID, ("int", "is_safe")), cast("tuple[object, ...]", argument))
        else:
            self.add(what, argument)

    def again(self, key: object) -> bool:
        """Refer to what was made before; if nothing was, note that the next step makes it."""
        step = self.met.setdefault(key, len(self.steps))
        if step < len(self.steps):
            self.add("again", step)
            return True
        return False

    def add(self, what: str, argument: object, count: int = 0) -> None:
        self.steps.append((what, argument, count))


def _type(value: object) -> type:
    return type(value)


def _integer(value: int) -> tuple[str, int]:
    # Negating is the public call that makes a large integer of another one.
    return ("integer", value) if -(2**63) <= value < 2**63 else ("negative", -value)


def _datetime(value: datetime) -> tuple[str, object]:
    day = (value.year, value.month, value.day)
    return "datetime", ((*day, value.hour, value.minute, value.second, value.microsecond, value.fold), value.tzinfo)


def _time(value: time) -> tuple[str, object]:
    return "time", ((value.hour, value.minute, value.second, value.microsecond, value.fold), value.tzinfo)


_ATOMS: dict[type, Callable[[Any], tuple[str, object]]] = {
    bool: lambda value: ("existing", value),
    int: _integer,
    float: lambda value: ("real", value),
    bytes: lambda value: ("bytes", value),
    datetime: _datetime,
    date: lambda value: ("date", ((value.year, value.month, value.day), None)),
    time: _time,
    timedelta: lambda value: ("timedelta", ((value.days, value.seconds, value.microseconds), None)),
    Decimal: lambda value: ("decimal", value),
    UUID: lambda value: ("uuid", (value.int, value.is_safe)),
}
"""What is made in one step: how, and of what."""


class _Program(Protocol):
    def build(self) -> object: ...


class _Compiled(Protocol):
    def Program(self, steps: list[Step]) -> _Program: ...  # noqa: N802 - a class


def _compiled() -> _Compiled:
    return cast("_Compiled", import_module("._floor", __package__))
