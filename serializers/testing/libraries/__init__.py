"""Values of the classes for which converters are shipped, one module a library, named as the library is imported.

Each module needs its library, and holds ``SAMPLES`` and, where classes of an application are registered, ``register``.
"""

from importlib import import_module
from importlib.util import find_spec

from ...registry import ConverterRegistry
from .library_sample import LibrarySample

LIBRARIES = (
    *("allauth", "attrs", "authlib", "bson", "django", "flask_babel", "markupsafe", "numpy", "pandas"),
    *("pendulum", "pydantic", "pytz", "sqlalchemy", "werkzeug", "whenever"),
)
"""By the names under which they are imported."""


def is_installed(library: str) -> bool:
    """Return whether a library could be imported; that is not done.

    >>> is_installed("no_such_library")
    False
    """
    return find_spec(library) is not None


def samples_of(library: str, registry: ConverterRegistry) -> list[LibrarySample]:
    """Return the values of a library, which is imported, and register the classes in them.

    Parameters
    ----------
    library
        One of `LIBRARIES`, and installed.
    registry
        Where the samples' own classes are registered; converters of the library are installed.
    """
    module = import_module(f".{library}", __package__)
    register = getattr(module, "register", None)
    if register:
        register(registry)
    return module.SAMPLES
