"""Makes the converter of a class that is registered by its fields: dataclass, slots, named tuple, Enum, plain class.

Classes whose fields a library declares come here too, with the `Declaration` that one of `class_kinds` found.

Invariant: a class whose instances are more than their fields, or cannot be made without its ``__init__``, is refused
when it is registered. Where the fields are, `layouts` finds out.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections.abc import Mapping
from enum import Enum
from inspect import isabstract
from operator import attrgetter
from typing import Any, cast

from .class_anatomy import builtin_base, can_be_made_empty
from .converter import Converter, FieldsConverter, NamedTupleConverter
from .declarations import Declaration, declaration_of_dataclass
from .errors import DeserializationError, SerializationError
from .layouts import check_state, fill, layout_of, missing, reader_of, stray


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
    layout = layout_of(cls, tag, fields, declared)
    complete = declared.complete if declared else None

    def fill_fields(instance: object, state: Any) -> None:
        fill(layout, instance, state)
        if complete:
            complete(instance)

    def decode(state: Any) -> object:
        instance = object.__new__(cls)
        fill_fields(instance, state)
        return instance

    return FieldsConverter(
        cls,
        tag,
        encode=reader_of(layout),
        decode=decode,
        subclasses=subclasses,
        create=lambda: object.__new__(cls),
        fill=fill_fields,
        layout=None if complete else layout,
    )


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
        check_state(cls, state)
        return tuple.__new__(cls, [_value(cls, state, defaults, name) for name in names])

    return NamedTupleConverter(cls, tag, encode, decode, subclasses=subclasses, names=names)


def _value(cls: type, state: Mapping[str, object], defaults: Mapping[str, object], name: str) -> object:
    if name in state:
        return state[name]
    if name in defaults:
        return defaults[name]
    raise DeserializationError(missing(cls, name))
