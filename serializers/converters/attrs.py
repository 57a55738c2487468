"""Classes of attrs, kept by their attributes like dataclasses: registered with `register`, made without ``__init__``.

Neither converters nor validators of attributes run on reading. What attrs caches in a slot, a hash or a cached
property, is no state and is computed again. Where classes of attrs and dataclasses extend each other, the nearest one
declares the fields, and what the others declare is kept if it is set: neither calls the other's ``__init__``.
"""

# The library is an extra; its classes have no types here:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ..class_anatomy import ATTRS_HASH, derived_names, slots_of
from ..classes import converter_of_class
from ..converter import Converter
from ..declarations import Declaration, DefaultMaker, declaration_of_dataclass

_MISSING = object()
_set = object.__setattr__  # frozen classes forbid the plain form


def converter(cls: type, tag: str, fields: tuple[str, ...] | None, *, subclasses: bool) -> Converter | None:
    """Return the converter of a class of attrs, or of one that extends it; None for any other.

    Parameters are those of `converter_of_class`.

    >>> converter(dict, "shop.Item", None, subclasses=False) is None
    True
    """
    attributes = getattr(cls, "__attrs_attrs__", None)
    if attributes is None:
        return None
    by_attrs = {each.name: _default(each) for each in attributes}
    of_instance = {each.name: each.default.factory for each in attributes if _takes_self(each)}
    by_python = declaration_of_dataclass(cls)
    declared = Declaration(defaults=by_attrs, inherited=tuple(by_python.defaults) if by_python else ())
    if by_python and _nearest_is_a_dataclass(cls):
        of_instance = {}
        declared = Declaration(defaults=by_python.defaults, inherited=tuple(by_attrs))
    caches_hash = ATTRS_HASH in slots_of(cls) or getattr(cls, ATTRS_HASH, _MISSING) is not _MISSING
    complete = partial(_complete, of_instance, caches_hash=caches_hash) if of_instance or caches_hash else None
    declared = replace(declared, derived=_derived, complete=complete)
    return converter_of_class(cls, tag, fields, subclasses=subclasses, declared=declared)


def _nearest_is_a_dataclass(cls: type) -> bool:
    nearest = next(
        vars(base) for base in cls.__mro__ if vars(base).keys() & {"__attrs_attrs__", "__dataclass_fields__"}
    )
    return "__attrs_attrs__" not in nearest


def _default(attribute: Any) -> DefaultMaker | None:
    from attrs import NOTHING, Factory  # noqa: PLC0415 - there is a class of attrs, so it was imported

    default = attribute.default
    if default is NOTHING:
        return None
    if not isinstance(default, Factory):  # pyright: ignore[reportArgumentType] - a function to type checkers
        return lambda: default
    return (lambda: _MISSING) if default.takes_self else default.factory


def _takes_self(attribute: Any) -> bool:
    return bool(getattr(attribute.default, "takes_self", False))


def _derived(cls: type) -> frozenset[str]:
    """Return also the slots that attrs has added for itself: all in classes that it made anew but the attributes."""
    names, attributes = {ATTRS_HASH}, set[str]()
    for base in cls.__mro__:
        if "__attrs_attrs__" in vars(base):
            attributes.update(each.name for each in vars(base)["__attrs_attrs__"])
            names.update(vars(base).get("__slots__", ()) if _was_made_anew(base) else ())
    return derived_names(cls) | (names - attributes - {"__weakref__"})


def _was_made_anew(cls: type) -> bool:
    properties = vars(cls).get("__attrs_props__")  # since attrs 25.4
    if properties is not None:
        return properties.is_slotted
    return getattr(vars(cls).get("__getstate__"), "__name__", "") == "slots_getstate"


def _complete(of_instance: Mapping[str, Callable[[Any], object]], instance: Any, *, caches_hash: bool) -> None:
    """Compute the defaults that depend on the other attributes, in the order of declaration; forget the hash."""
    for name, make in of_instance.items():
        if getattr(instance, name) is _MISSING:
            _set(instance, name, make(instance))
    if caches_hash:
        _set(instance, ATTRS_HASH, None)
