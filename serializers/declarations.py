"""The fields of a class as they were declared: what makes a field that a payload lacks, and what is no field."""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Any

from .class_anatomy import derived_names

DefaultMaker = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """The fields of a class as they were declared."""

    defaults: Mapping[str, DefaultMaker | None]
    """What makes the value of a field that a payload lacks, by name in the order of declaration; None: nothing does."""
    inherited: tuple[str, ...] = ()
    """Fields that a parent declares in another way: nothing that makes an instance need have set them."""
    derived: Callable[[type], frozenset[str]] = derived_names
    """Returns the attributes of instances of a class that are computed from the fields."""
    complete: Callable[[Any], None] | None = None
    """Called with each instance whose fields have been set."""


def declaration_of_dataclass(cls: type) -> Declaration | None:
    """Return the fields of a dataclass, or of the one that a class extends; None for any other.

    >>> declaration_of_dataclass(dict) is None
    True
    """
    if not is_dataclass(cls):
        return None
    return Declaration(defaults={field.name: _default(field) for field in fields(cls)})


def _default(field: "Field[object]") -> DefaultMaker | None:
    if field.default is not MISSING:
        value = field.default
        return lambda: value
    return None if field.default_factory is MISSING else field.default_factory
