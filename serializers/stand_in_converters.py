"""The converters of a process that looks at sessions of an application that is not here.

Two things are other than in the application. Stand-ins have converters: one whose class is registered here counts as
registered, so values that a foreign pickle holds can be written by any serializer, and nothing of their classes is run.
What is written for a stand-in is about what its class would write; it is not to be read again. And a library that
converters wait for is imported when one of its classes or tags is met, for the application would have imported it.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

from .converter import Converter
from .errors import DeserializationError
from .library_classes import library_of
from .registry import ConverterRegistry
from .stand_ins import StandIn, StandInClass


class StandInConverters(ConverterRegistry):
    """A registry that knows stand-ins by the names of what they stand for.

    >>> from .stand_ins import stand_in_class
    >>> registry = StandInConverters()
    >>> registry.lower(stand_in_class("fractions", "Fraction")("1/3"))
    ('fraction', '1/3')
    >>> registry.converter_for(stand_in_class("shop", "Cart")) is None
    True
    """

    def __init__(self, *, installed: bool = True) -> None:
        super().__init__(installed=installed)
        self._known: dict[type, Converter] = {}
        self._tried: set[str] = set()
        self.import_libraries()

    def converter_for(self, cls: type) -> Converter | None:
        """Return the converter that writes instances of a class, or None."""
        found = super().converter_for(cls)  # which loads what is installed
        if found is not None or not issubclass(cls, StandIn):
            return found
        found = self._known.get(cls) or self._find(cls)
        library = cls.__module__.partition(".")[0]
        if found is None and library not in self._tried:
            self._tried.add(library)
            if self._arrivals.load(library):
                found = self._find(cls)
        return found

    def _find(self, cls: type[StandIn]) -> Converter | None:
        name, library = _name(cls), library_of(cls)
        for known, converter in self.by_class.items():
            if _name(known) == name or (library and _is_of(known, library, cls.__qualname__)):
                encode = _content if cls.__module__.partition(".")[0] in _LAYERED else _plain
                self._known[cls] = Converter(cls, converter.tag, encode=encode, decode=_refuse)
                return self._known[cls]
        return None


_LAYERED = frozenset(("django", "flask_babel", "numpy", "pandas"))
"""Libraries whose pickles hold instances of their inner classes, which no session has by itself."""

_INNER = frozenset((*_LAYERED, "builtins"))
"""Where such classes are: `slice` is one."""


def _name(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__


def _is_of(known: type, library: str, qualname: str) -> bool:
    """Return whether a class is the one of a library that a pickle may name by a module in which it once was."""
    return library_of(known) == library and known.__name__ == qualname.rpartition(".")[2]


def _plain(value: StandIn) -> Any:
    return value.plain()


def _content(value: StandIn) -> Any:
    """Return what is in an object and in the inner ones of its library, in a list: values of the application, and data.

    Bounded by the size of the pickle: each object is entered once.
    """
    content: list[Any] = []
    entered: set[int] = set()
    alive: list[Any] = []  # what `plain` makes must not be freed while its id is in `entered`
    waiting: list[Any] = [value.plain()]
    while waiting:
        part = waiting.pop()
        if id(part) in entered:
            continue
        inside = _inside(part)
        if inside is None:
            content.append(part)
        else:
            entered.add(id(part))
            alive.append(part)
            waiting += reversed(inside)
    return content


def _inside(part: Any) -> list[Any] | None:
    """Return what is in a built-in container or an inner object, nothing in a class; None for what is kept itself."""
    kind = type(part)
    if part is None or kind is StandInClass:
        return []
    if kind is list or kind is tuple:
        return list(part)
    if kind is dict:
        return [*part, *part.values()]
    return [part.plain()] if isinstance(part, StandIn) and kind.__module__.partition(".")[0] in _INNER else None


def _refuse(_: object) -> Any:
    raise DeserializationError("it was written for a stand-in: nothing can be made of it")
