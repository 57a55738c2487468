"""What is to be done about a value that no serializer keeps, for reports that look at all of a session.

Invariant: a line of `register` is given for a class alone, never for a function that makes instances of one, nor for
what is kept already.
"""

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import cast

from .library_classes import distribution_of, library_of
from .registry import ConverterRegistry
from .stand_ins import StandIn, StandInClass, is_made_by_function
from .unregistered import PUT_ITS_PARTS, class_name, known_remedy, register_line, unregistered

_MADE = "made by the function "


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a report says of a class that has no converter."""

    type: str
    """The name of the class; of a value that is a class or a function itself, its own."""
    problem: str
    register: str | None
    """The call of `register` that the class needs; None where that is not the remedy."""


def remedy_for(value: object, registry: ConverterRegistry) -> Remedy:
    """Return what is to be done about a value whose class has no converter.

    >>> from collections import defaultdict
    >>> remedy_for(defaultdict(list), ConverterRegistry()).problem
    'collections.defaultdict is not registered: put dict(...) of it into the session'
    """
    cls = type(value)  # and not isinstance, which asks the value
    if issubclass(cls, type):
        what = "class or function" if cls is StandInClass else "class"
        name = class_name(cast("type", value))
        return Remedy(name, f"the {what} {name} is in the session itself: put a name or a number for it instead", None)
    name = class_name(cls)
    words = None
    if issubclass(cls, StandIn) and known_remedy(cls) is None:
        words = _of_stand_in(cls)
    if words is None:
        return Remedy(name, unregistered(cls, registry.broken), register_line(cls))
    return Remedy(name, words if words.startswith(_MADE) else f"{name} is not registered: {words}", None)


def _of_stand_in(cls: type[StandIn]) -> str | None:
    """Return what is to be done where a line would be wrong; None where it is right."""
    library = library_of(cls)
    if library is not None:
        installed = find_spec(library) is not None
        missing = "" if installed else f"; {library} is not installed here: pip install {distribution_of(library)}"
        return f"it is kept once {library} is imported{missing}"
    if cls.__module__.partition(".")[0] in sys.stdlib_module_names:
        return PUT_ITS_PARTS
    return f"{_MADE}{class_name(cls)}: register the class that it returns" if is_made_by_function(cls) else None
