"""The converters of a process that looks at sessions of an application that is not here.

Two things are other than in the application. Stand-ins have converters: one whose class is registered here counts as
registered, so values that a foreign pickle holds can be written by any serializer, and nothing of their classes is run.
What is written for a stand-in is about what its class would write; it is not to be read again. And a library that
converters wait for is imported when one of its classes or tags is met, for the application would have imported it.
"""

from typing import Any

from .converter import Converter
from .errors import DeserializationError
from .registry import ConverterRegistry
from .stand_ins import StandIn


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
        name = cls.__module__, cls.__qualname__
        for known, converter in self.by_class.items():
            if (known.__module__, known.__qualname__) == name:
                self._known[cls] = Converter(cls, converter.tag, encode=_plain, decode=_refuse)
                return self._known[cls]
        return None


def _plain(value: StandIn) -> Any:
    return value.plain()


def _refuse(_: object) -> Any:
    raise DeserializationError("it was written for a stand-in: nothing can be made of it")
