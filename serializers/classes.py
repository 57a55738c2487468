"""Makes the converter of a class that is registered by its fields: dataclass, slots, named tuple, Enum, plain class.

Classes whose fields a library declares come here too, with the `Declaration` that one of `class_kinds` found.

Invariant: the whole state of an instance is in its fields, or writing it is refused. Reading sets fields directly, so
neither ``__init__`` nor a property setter runs on what was read, unless the user named that property a field. What a
class computes from its fields, a `functools.cached_property`, is not state: it is computed again.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property
from inspect import getattr_static, isabstract
from operator import attrgetter
from types import FunctionType
from typing import Any, cast

from .converter import Converter, FieldsConverter, NamedTupleConverter
from .errors import DeserializationError, SerializationError

DefaultMaker = Callable[[], object]
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: set for classes made by a class statement, and for some of C
_GENERIC_MARK = "__orig_class__"
_set = object.__setattr__  # frozen dataclasses forbid the plain form


@dataclasses.dataclass(frozen=True, kw_only=True)
class Declaration:
    """The fields of a class as they were declared."""

    defaults: Mapping[str, DefaultMaker | None]
    """What makes the value of a field that a payload lacks, by name in the order of declaration; None: nothing does."""
    inherited: tuple[str, ...] = ()
    """Fields that a parent declares in another way: nothing that makes an instance need have set them."""
    derived: Callable[[type], frozenset[str]] = lambda cls: derived_names(cls)
    """Returns the attributes of instances of a class that are computed from the fields."""
    complete: Callable[[Any], None] | None = None
    """Called with each instance whose fields have been set."""


def converter_of_class(
    cls: type, tag: str, fields: tuple[str, ...] | None, *, subclasses: bool, declared: Declaration | None = None
) -> Converter:
    """Return the converter of a class by its fields.

    Parameters
    ----------
    cls
        The class.
    tag
        The tag in the payload.
    fields
        The names of the attributes that hold its state; None finds them: the fields of a dataclass or named tuple, the
        slots, the instance's own attributes.
    subclasses
        Also for its subclasses, which come back as `cls`.
    declared
        The fields that a library declares; those of a dataclass are found.

    Raises
    ------
    ValueError
        The state of its instances is not in fields that can be found; the message gives the remedy.
    """
    if issubclass(cls, Enum):
        return _enum(cls, tag, fields, subclasses=subclasses)
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return _named_tuple(cls, tag, fields, subclasses=subclasses)
    builtin = builtin_base(cls)
    if builtin or isabstract(cls) or not can_be_made_empty(cls):
        kind = f"a {builtin.__qualname__}" if builtin else "abstract" if isabstract(cls) else "made by its own __new__"
        raise ValueError(
            f"{cls.__qualname__} is {kind}, so its fields are not its whole state: "
            f"register({cls.__name__}, tag={tag!r}, encode=..., decode=...)"
        )
    declared = declared or declaration_of_dataclass(cls)
    layout = _layout(cls, tag, fields, declared)
    complete = declared.complete if declared else None

    def fill(instance: object, state: Any) -> None:
        _fill(layout, instance, state)
        if complete:
            complete(instance)

    def decode(state: Any) -> object:
        instance = object.__new__(cls)
        fill(instance, state)
        return instance

    return FieldsConverter(
        cls,
        tag,
        encode=_reader(layout),
        decode=decode,
        subclasses=subclasses,
        create=lambda: object.__new__(cls),
        fill=fill,
        layout=None if complete else layout,
    )


def declaration_of_dataclass(cls: type) -> Declaration | None:
    """Return the fields of a dataclass, or of the one that a class extends; None for any other.

    >>> declaration_of_dataclass(dict) is None
    True
    """
    if not dataclasses.is_dataclass(cls):
        return None
    return Declaration(defaults={field.name: _default(field) for field in dataclasses.fields(cls)})


def _enum(cls: type[Enum], tag: str, fields: tuple[str, ...] | None, *, subclasses: bool) -> Converter:
    if fields is not None:
        raise ValueError(f"{cls.__qualname__} is an Enum, whose members are kept by value: leave out fields=")
    for member in cls:
        if cls(member.value) is not member or member.value != member.value:  # NaN is found by identity alone
            raise ValueError(
                f"{cls.__qualname__}.{member.name} is not found by its value: "
                f"register({cls.__name__}, tag={tag!r}, encode=..., decode=...)"
            )
    return Converter(cls, tag, encode=attrgetter("value"), decode=cls, subclasses=subclasses)


def _named_tuple(cls: type, tag: str, fields: tuple[str, ...] | None, *, subclasses: bool) -> Converter:
    names = cast("tuple[str, ...]", getattr(cls, "_fields"))  # noqa: B009 - unknown to the type checker
    defaults = cast("dict[str, Any]", getattr(cls, "_field_defaults", {}))
    if fields is not None:
        raise ValueError(f"{cls.__qualname__} is a named tuple and brings its fields: leave out fields=")

    def encode(value: tuple[object, ...]) -> dict[str, object]:
        if getattr(value, "__dict__", None):
            raise SerializationError(stray(cls, tag, value, vars(value)))
        return dict(zip(names, value, strict=True))

    def decode(state: Any) -> object:
        _check_state(cls, state)
        return tuple.__new__(cls, [_value(cls, state, defaults, name) for name in names])

    return NamedTupleConverter(cls, tag, encode, decode, subclasses=subclasses, names=names)


def _value(cls: type, state: Mapping[str, object], defaults: Mapping[str, object], name: str) -> object:
    if name in state:
        return state[name]
    if name in defaults:
        return defaults[name]
    raise DeserializationError(_missing(cls, name))


@dataclasses.dataclass(frozen=True)
class _Layout:
    """Where the state of a class is."""

    cls: type
    tag: str
    names: tuple[str, ...]
    """The declared fields, in the order of declaration, and slots."""
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


def _layout(cls: type, tag: str, fields: tuple[str, ...] | None, declared: Declaration | None) -> _Layout:
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
    return _Layout(
        cls,
        tag,
        names,
        defaults,
        frozenset(required),
        open=found and declared is None,
        closed=found and declared is not None,
        left_out={name: make for name, make in defaults.items() if name not in names},
        guarded=frozenset(_names_of(cls, lambda attribute: hasattr(type(attribute), "__set__"))),
        derived=derived,
        derived_of=derived_of,
    )


def _names_of(cls: type, wanted: Callable[[object], bool]) -> Iterator[str]:
    for base in cls.__mro__:
        for name, attribute in vars(base).items():
            if wanted(attribute):
                yield name


def _default(field: "dataclasses.Field[object]") -> DefaultMaker | None:
    if field.default is not dataclasses.MISSING:
        value = field.default
        return lambda: value
    return None if field.default_factory is dataclasses.MISSING else field.default_factory


def builtin_base(cls: type) -> type | None:
    """Return the type written in C that a class is or extends, `object` apart: it holds state that no field shows.

    >>> class Tags(list): ...
    >>> builtin_base(Tags)
    <class 'list'>
    """
    if issubclass(cls, Enum) or hasattr(cls, "_fields"):
        return None
    return next((base for base in cls.__mro__[:-1] if not base.__flags__ & _HEAP_TYPE), None)


def can_be_made_empty(cls: type) -> bool:
    """Return whether an instance without any field can be made: not of a class of C that makes its own.

    Those of Cython and Rust are such, and most of them are no built-in types by `builtin_base`. What `object.__new__`
    would make of them is broken.

    >>> import re
    >>> can_be_made_empty(re.Pattern), can_be_made_empty(cached_property)
    (False, True)
    """
    # None can be made of what is abstract, and `__del__` in Python would run on it: the parent is made in the same way.
    while cls.__base__ and (isabstract(cls) or isinstance(getattr(cls, "__del__", None), FunctionType)):
        cls = cls.__base__
    try:
        object.__new__(cls)
    except TypeError:
        return False
    return True


def derived_names(cls: type) -> frozenset[str]:
    """Return the attributes of an instance that are not state: cached properties, and the mark of generic classes.

    >>> class Order:
    ...     @cached_property
    ...     def total(self): return 3
    >>> "total" in derived_names(Order)
    True
    """
    return frozenset((*_names_of(cls, lambda attribute: isinstance(attribute, cached_property)), _GENERIC_MARK))


def slots_of(cls: type) -> tuple[str, ...]:
    """Return the names of the slots of a class and its parents, as attributes are named, the parents' first.

    >>> class Point:
    ...     __slots__ = ("x", "__y")
    >>> slots_of(Point)
    ('x', '_Point__y')
    """
    names: list[str] = []
    for base in reversed(cls.__mro__):
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name in ("__dict__", "__weakref__"):
                continue
            private = name.startswith("__") and not name.endswith("__")
            names.append(f"_{base.__name__.lstrip('_')}{name}" if private else name)
    return tuple(dict.fromkeys(names))


def _reader(layout: _Layout) -> Callable[[Any], dict[str, Any]]:
    """Return what reads the fields of an instance; made once per class, since it runs for every instance."""
    names, known_here = layout.names, frozenset(layout.names) | layout.derived
    get = attrgetter(*names) if len(names) > 1 else None

    def read(instance: Any) -> dict[str, Any]:
        try:
            state = dict(zip(names, get(instance), strict=True)) if get else {n: getattr(instance, n) for n in names}
        except AttributeError:
            state = _set_fields(layout, instance)
        known = known_here
        if type(instance) is not layout.cls:
            known = known | layout.derived_of(type(instance))
            _refuse_slots_of_subclass(layout, instance, known)
        if layout.open:
            state |= sorted((name, value) for name, value in vars(instance).items() if name not in known)
        elif layout.closed and not vars(instance).keys() <= known:
            raise SerializationError(stray(layout.cls, layout.tag, instance, sorted(vars(instance).keys() - known)))
        return state

    return read


def _set_fields(layout: _Layout, instance: object) -> dict[str, Any]:
    """Return the fields that are set: in slots and plain classes an attribute may be absent, and stays absent."""
    for name in layout.required:
        if not hasattr(instance, name):
            raise SerializationError(f"field {name!r} of this {layout.cls.__qualname__} is not set: set it")
    return {name: getattr(instance, name) for name in layout.names if hasattr(instance, name)}


def _refuse_slots_of_subclass(layout: _Layout, instance: object, known: frozenset[str]) -> None:
    strays = [name for name in slots_of(type(instance)) if name not in known and hasattr(instance, name)]
    if strays:
        raise SerializationError(stray(layout.cls, layout.tag, instance, strays))


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


def _missing(cls: type, name: str) -> str:
    return f"the stored {cls.__qualname__} has no field {name!r} and the class gives no default: give it one"


def _check_state(cls: type, state: object) -> None:
    if type(state) is not dict:
        raise DeserializationError(f"the fields of {cls.__qualname__} must be a dict, not {type(state).__name__}")


def _fill(layout: _Layout, instance: object, state: Any) -> None:
    _check_state(layout.cls, state)
    for name in layout.names:
        if name in state:
            _set(instance, name, state[name])
        elif name in layout.defaults:
            _set(instance, name, layout.defaults[name]())
        elif name in layout.required:
            raise DeserializationError(_missing(layout.cls, name))
    for name, make in layout.left_out.items():
        _set(instance, name, make())
    if layout.open:
        for name, value in state.items():
            if name not in layout.names:
                _set_found(layout, instance, name, value)


def _set_found(layout: _Layout, instance: object, name: object, value: object) -> None:
    if type(name) is not str:
        raise DeserializationError(f"an attribute of {layout.cls.__qualname__} has no name")
    if name in layout.derived:
        return
    if name in layout.guarded or not name.isidentifier() or name.startswith("__"):
        vars(instance)[name] = value  # past every descriptor: `__class__` in here is a name like any other
    else:
        _set(instance, name, value)
