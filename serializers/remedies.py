"""What is to be done about a value that no serializer keeps, for reports that look at all of a session.

Invariant: a line of `register` is given for a class alone, never for a function that makes instances of one, nor for
what is kept already.
"""

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import cast

from .library_classes import distribution_of, library_of
from .library_remedies import library_remedy
from .registry import ConverterRegistry
from .stand_ins import StandIn, StandInClass, is_made_by_function
from .unregistered import class_name, register_line, unregistered

_PUT = "put what is needed to make it again into the session instead"

_BY_NAME = {
    ("collections", "ChainMap"): "put dict(...) of it into the session",
    ("collections", "Counter"): "put dict(...) of it into the session",
    ("collections", "UserDict"): "put dict(...) of it into the session",
    ("collections", "UserList"): "put list(...) of it into the session",
    ("collections", "UserString"): "put str(...) of it into the session",
    ("collections", "defaultdict"): "put dict(...) of it into the session",
    ("re", "Pattern"): "put its pattern into the session",
}
"""Classes that no application has written, and what stands for each in a session as well."""


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
    words = _BY_NAME.get((cls.__module__, cls.__qualname__)) or library_remedy(cls)
    if words is None and issubclass(cls, StandIn):
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
        return _PUT
    return f"{_MADE}{class_name(cls)}: register the class that it returns" if is_made_by_function(cls) else None
