"""What is said of a class that has no converter: its name, and the call of `register` that it needs, if that helps."""

from collections.abc import Mapping

from .class_anatomy import builtin_base, can_be_made_empty
from .library_remedies import library_remedy
from .stand_ins import extends_builtin


def unregistered(cls: type, broken: Mapping[str, str] | None = None) -> str:
    """Return the words for a value of a class that has no converter: what it is and what to do."""
    remedy = library_remedy(cls) or register_line(cls) or "put what is needed to make it again into the session instead"
    about_broken = notes(broken or {})
    return f"{class_name(cls)} is not registered: {remedy}{about_broken}"


def register_line(cls: type) -> str | None:
    """Return the call of `register` that a class needs; None for a type written in C, which takes none of its fields,
    and for one that a library ties to more than its fields.

    >>> from threading import Thread
    >>> register_line(Thread)
    'register(Thread, tag="threading.Thread")'
    """
    builtin = builtin_base(cls)
    if cls.__module__ == "builtins" or builtin is cls or library_remedy(cls):
        return None
    root = cls.__module__.partition(".")[0].strip("_")
    by_hand = ", encode=..., decode=..." if builtin or extends_builtin(cls) or not can_be_made_empty(cls) else ""
    return f'register({cls.__name__}, tag="{root}.{cls.__name__}"{by_hand})'


def notes(broken: Mapping[str, str]) -> str:
    """Return the words about converters that are broken, which may be those that are missed."""
    return "".join(f"; converters {name!r} are broken: {reason}" for name, reason in broken.items())


def class_name(cls: type) -> str:
    """Return the name of a class for messages, with its module unless it is built in."""
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
