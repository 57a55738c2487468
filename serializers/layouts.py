"""Where the state of an instance is, by the fields of its class, and how it is read and set there.

Invariant: the whole state of an instance is in its fields, or writing it is refused. Reading sets fields directly, so
neither ``__init__`` nor a property setter runs on what was read, unless the user named that property a field. What a
class computes from its fields, a `functools.cached_property`, is not state: it is computed again.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import getattr_static
from operator import attrgetter
from typing import Any

from .class_anatomy import derived_names, names_of, slots_of
from .declarations import Declaration, DefaultMaker
from .errors import DeserializationError, SerializationError

_set = object.__setattr__  # frozen dataclasses forbid the plain form


@dataclass(frozen=True)
class Layout:
    """Where the state of a class is."""

    cls: type
    tag: str
    names: tuple[str, ...]
    """The declared fields, in the order of declaration, those that parents declare in another way, and slots."""
    defaults: Mapping[str, DefaultMaker]
    """What makes the value of a field that a payload lacks."""
    required: frozenset[str]
    """Fields that must be there, when writing and, without a default, when reading."""
    open: bool
    """Instances may carry attributes beyond the declared ones, which are kept too."""
    closed: bool
    """Attributes beyond the declared ones are refused when writing. (Neither: the user chose the fields.)"""
    left_out: Mapping[str, DefaultMaker]
    """What makes the fields of a dataclass that the user did not choose."""
    guarded: frozenset[str]
    """Names of descriptors of the class, which setting an attribute would run: found ones go past them."""
    derived: frozenset[str]
    """Attributes that are no state: cached properties, and the mark of `typing` on instances of generic classes."""
    derived_of: Callable[[type], frozenset[str]]
    """Returns those of a subclass."""


def layout_of(cls: type, tag: str, fields: tuple[str, ...] | None, declared: Declaration | None) -> Layout:
    """Return where the state of a class is; the parameters are those of `converter_of_class`.

    Raises
    ------
    ValueError
        A name of `fields` cannot be one, or a field that is needed is not among them.

    >>> from fractions import Fraction
    >>> layout_of(Fraction, "doc.Fraction", None, None).names
    ('_numerator', '_denominator')
    """
    defaults: dict[str, DefaultMaker] = {}
    required: tuple[str, ...] = ()
    derived_of = declared.derived if declared else derived_names
    derived = derived_of(cls)
    names = fields or ()
    if declared is not None:
        defaults = {name: make for name, make in declared.defaults.items() if make}
        required = tuple(declared.defaults)
        others = (*declared.inherited, *slots_of(cls))
        others = (name for name in dict.fromkeys(others) if name not in required and name not in derived)
        names = (*required, *others) if fields is None else fields
        if lost := [name for name in required if name not in names and name not in defaults]:
            raise ValueError(f"{cls.__qualname__}: {lost[0]!r} has no default, so it must be one of fields=")
        required = tuple(name for name in required if name in names)
    elif fields is None:
        names = slots_of(cls)
    for name in names:
        attribute = getattr_static(cls, name, None)
        if not name.isidentifier() or (isinstance(attribute, property) and attribute.fset is None):
            raise ValueError(f"{cls.__qualname__}.{name} cannot be set, so it is no field: leave it out of fields=")
    has_dict = bool(cls.__dictoffset__)
    found = fields is None and has_dict
    return Layout(
        cls,
        tag,
        names,
        defaults,
        frozenset(required),
        open=found and declared is None,
        closed=found and declared is not None,
        left_out={name: make for name, make in defaults.items() if name not in names},
        guarded=frozenset(names_of(cls, lambda attribute: hasattr(type(attribute), "__set__"))),
        derived=derived,
        derived_of=derived_of,
    )


def reader_of(layout: Layout) -> Callable[[Any], dict[str, Any]]:
    """Return what reads the fields of an instance; made once per class, since it runs for every instance."""
    names, known_here = layout.names, frozenset(layout.names) | layout.derived
    of_subclasses: dict[type, frozenset[str]] = {}
    get = attrgetter(*names) if len(names) > 1 else None

    def read(instance: Any) -> dict[str, Any]:
        try:
            state = dict(zip(names, get(instance), strict=True)) if get else {n: getattr(instance, n) for n in names}
        except AttributeError:
            state = _set_fields(layout, instance)
        known = known_here
        cls = type(instance)
        if cls is not layout.cls:
            known = of_subclasses.get(cls) or of_subclasses.setdefault(cls, known_here | layout.derived_of(cls))
            _refuse_slots_of_subclass(layout, instance, known)
        if layout.open:
            state |= sorted((name, value) for name, value in vars(instance).items() if name not in known)
        elif layout.closed and not vars(instance).keys() <= known:
            raise SerializationError(stray(layout.cls, layout.tag, instance, sorted(vars(instance).keys() - known)))
        return state

    return read


def _set_fields(layout: Layout, instance: object) -> dict[str, Any]:
    """Return the fields that are set: in slots and plain classes an attribute may be absent, and stays absent."""
    for name in layout.required:
        if not hasattr(instance, name):
            raise SerializationError(unset(layout.cls, name))
    return {name: getattr(instance, name) for name in layout.names if hasattr(instance, name)}


def _refuse_slots_of_subclass(layout: Layout, instance: object, known: frozenset[str]) -> None:
    strays = [name for name in slots_of(type(instance)) if name not in known and hasattr(instance, name)]
    if strays:
        raise SerializationError(stray(layout.cls, layout.tag, instance, strays))


def fill(layout: Layout, instance: object, state: Any) -> None:
    """Set the fields of an instance from what `reader_of` has read, or from hostile data.

    Raises
    ------
    DeserializationError
        A field is missing and has no default, or the data is none of fields.
    """
    check_state(layout.cls, state)
    for name in layout.names:
        if name in state:
            _set(instance, name, state[name])
        elif name in layout.defaults:
            _set(instance, name, layout.defaults[name]())
        elif name in layout.required:
            raise DeserializationError(missing(layout.cls, name))
    for name, make in layout.left_out.items():
        _set(instance, name, make())
    if layout.open:
        for name, value in state.items():
            if name not in layout.names:
                _set_found(layout, instance, name, value)


def _set_found(layout: Layout, instance: object, name: object, value: object) -> None:
    if type(name) is not str:
        raise DeserializationError(f"an attribute of {layout.cls.__qualname__} has no name")
    if name in layout.derived:
        return
    if name in layout.guarded or not name.isidentifier() or name.startswith("__"):
        vars(instance)[name] = value  # past every descriptor: `__class__` in here is a name like any other
    else:
        _set(instance, name, value)


def stray(cls: type, tag: str, instance: object, strays: Iterable[str]) -> str:
    """Return the words for an instance, of a class or its subclass, with attributes that its converter does not keep.

    >>> stray(dict, "shop.Item", {}, ["note"])
    "this dict carries 'note', which is none of its fields and would be lost: \
declare it, or register(dict, tag='shop.Item', encode=..., decode=...)"
    """
    return (
        f"this {type(instance).__qualname__} carries {next(iter(strays))!r}, which is none of its fields and would be "
        f"lost: declare it, or register({cls.__name__}, tag={tag!r}, encode=..., decode=...)"
    )


def unset(cls: type, name: str) -> str:
    """Return the words for an instance that lacks a field.

    >>> unset(dict, "sku")
    "field 'sku' of this dict is not set: set it"
    """
    return f"field {name!r} of this {cls.__qualname__} is not set: set it"


def missing(cls: type, name: str) -> str:
    """Return the words for a field that a payload lacks and that nothing else makes.

    >>> missing(dict, "sku")
    "the stored dict has no field 'sku' and the class gives no default: give it one"
    """
    return f"the stored {cls.__qualname__} has no field {name!r} and the class gives no default: give it one"


def check_state(cls: type, state: object) -> None:
    """Refuse data that is none of fields.

    Raises
    ------
    DeserializationError
        It is no dict.
    """
    if type(state) is not dict:
        raise DeserializationError(f"the fields of {cls.__qualname__} must be a dict, not {type(state).__name__}")
