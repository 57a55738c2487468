"""Models of pydantic 2, kept by their fields: registered with `register`, made without validation, as by the model's
own ``model_construct``.

Beside the fields a model is which of them were set, its extra values, and its private attributes. They are kept under
names that no field can have. What was not set, and values that a later version of the model lacks, are handled like
those of a dataclass: a new field gets its default. A model that takes extra values keeps there what is no field here,
and fills with them what is one. Whatever else a model carries, by a subclass or a slot, is refused.

Dataclasses of pydantic are kept like others, with the defaults that pydantic knows.
"""

# The library is an extra; what it says of a model has no types here:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import dataclasses
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

from ..class_anatomy import derived_names, slots_of
from ..classes import converter_of_class
from ..converter import Converter, FieldsConverter
from ..declarations import Declaration, DefaultMaker, declaration_of_dataclass
from ..errors import DeserializationError, SerializationError
from ..layouts import missing, stray, unset
from .plain_data import expect

_UNSET, _EXTRA, _PRIVATE = "$unset", "$extra", "$private"
_OWN = "__pydantic_"
"""Begins the names of what pydantic notes of an instance: in slots, for a RootModel among its attributes."""
_set = object.__setattr__  # frozen models forbid the plain form


def converter(cls: Any, tag: str, fields: tuple[str, ...] | None, *, subclasses: bool) -> Converter | None:
    """Return the converter of a model or a dataclass of pydantic; None for any other class.

    Parameters are those of `converter_of_class`; the fields of a model are its own.

    Raises
    ------
    ValueError
        Fields are given for a model.

    >>> converter(dict, "shop.Item", None, subclasses=False) is None
    True
    """
    if not hasattr(cls, "__pydantic_decorators__"):
        return None
    if not hasattr(cls, "model_construct"):
        declared = _declaration(cls)
        return converter_of_class(cls, tag, fields, subclasses=subclasses, declared=declared) if declared else None
    if fields is not None:
        raise ValueError(f"{cls.__qualname__} is a model of pydantic and brings its fields: leave out fields=")

    def create() -> Any:
        return object.__new__(cls)

    def decode(state: Any) -> Any:
        model = create()
        _fill(cls, model, state)
        return model

    encode, fill = partial(_state, cls, tag), partial(_fill, cls)
    return FieldsConverter(cls, tag, encode, decode, subclasses, create=create, fill=fill, copies=True)


def _declaration(cls: type) -> Declaration | None:
    """Return the fields of a dataclass of pydantic: to Python the default of a field may be its description."""
    declared = declaration_of_dataclass(cls)
    base: Any = next((base for base in cls.__mro__ if "__pydantic_fields__" in vars(base)), None)
    if declared is None or base is None:
        return None
    described, here, there = base.__pydantic_fields__, _fields(cls), _fields(base)
    same = [name for name in declared.defaults if name in described and here[name] is there.get(name)]
    return dataclasses.replace(
        declared, defaults={**declared.defaults, **{name: _maker(described[name]) for name in same}}
    )


def _fields(cls: Any) -> dict[str, object]:
    return {field.name: field for field in dataclasses.fields(cls)}


def _maker(field: Any) -> DefaultMaker | None:
    return None if field.is_required() else partial(field.get_default, call_default_factory=True)


def _state(cls: Any, tag: str, model: Any) -> dict[str, Any]:
    values = vars(model)
    state: dict[str, Any] = {}
    for name in cls.model_fields:
        if name not in values:
            raise SerializationError(unset(cls, name))
        state[name] = values[name]
    extra: dict[str, Any] = model.__pydantic_extra__ or {}
    private = _private(model)
    if strays := sorted(_strays(cls, model, state, extra, private)):
        raise SerializationError(stray(cls, tag, model, strays))
    if defaults := [name for name in (*state, *extra) if name not in model.__pydantic_fields_set__]:
        state[_UNSET] = defaults
    if extra:
        state[_EXTRA] = dict(extra)
    if private:
        state[_PRIVATE] = private
    return state


def _strays(
    cls: Any, model: Any, state: Mapping[str, Any], extra: Mapping[str, Any], private: Mapping[str, Any]
) -> Iterator[str]:
    """Return the names of what reading would drop."""
    derived, slots = _beside_fields(type(model))
    yield from (name for name in vars(model).keys() - state.keys() - derived if not _is_own(name))
    yield from (name for name in slots if hasattr(model, name))
    yield from private.keys() - cls.__private_attributes__.keys()
    if not _takes_extra(cls):
        yield from extra


@lru_cache(maxsize=1024)
def _beside_fields(cls: type) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the attributes that a class computes from others, and its slots, but for pydantic's own."""
    return derived_names(cls), tuple(name for name in slots_of(cls) if not _is_own(name))


def _is_own(name: str) -> bool:
    return name.startswith(_OWN)


def _takes_extra(cls: Any) -> bool:
    return cls.model_config.get("extra") == "allow"


def _private(model: Any) -> dict[str, Any]:
    from pydantic_core import PydanticUndefined  # noqa: PLC0415 - there is a model, so it was imported

    found: dict[str, Any] = model.__pydantic_private__ or {}
    return {name: value for name, value in found.items() if value is not PydanticUndefined}


def _fill(cls: Any, model: Any, state: Any) -> None:
    stored: Mapping[str, Any] = expect(dict, state)
    defaults = frozenset(expect(str, name) for name in expect(list, stored.get(_UNSET, [])))
    # Before a field was one, or after that, it may be an extra value: there are no two meanings of one name.
    given = {expect(str, name): value for name, value in stored.items() if name not in (_UNSET, _EXTRA, _PRIVATE)}
    given |= {expect(str, name): value for name, value in expect(dict, stored.get(_EXTRA, {})).items()}
    values: dict[str, Any] = {}
    for name, field in cls.model_fields.items():
        if name in given:
            values[name] = given[name]
        elif field.is_required():
            raise DeserializationError(missing(cls, name))
        else:
            values[name] = _default(field, values)
    extra = {name: given[name] for name in given if name not in values} if _takes_extra(cls) else None
    present = [*(name for name in values if name in given), *(extra or ())]
    _set(model, "__dict__", values)
    _set(model, "__pydantic_fields_set__", {name for name in present if name not in defaults})
    _set(model, "__pydantic_extra__", extra)
    _set(model, "__pydantic_private__", _private_attributes(cls, expect(dict, stored.get(_PRIVATE, {}))))


def _default(field: Any, values: Mapping[str, Any]) -> object:
    if getattr(field, "default_factory_takes_validated_data", False):  # since pydantic 2.10
        return field.get_default(call_default_factory=True, validated_data=values)
    return field.get_default(call_default_factory=True)


def _private_attributes(cls: Any, stored: Mapping[str, Any]) -> dict[str, Any] | None:
    from pydantic_core import PydanticUndefined  # noqa: PLC0415 - there is a model, so it was imported

    declared: Mapping[str, Any] = cls.__private_attributes__
    if not declared:
        return None
    values = {name: stored[name] if name in stored else each.get_default() for name, each in declared.items()}
    return {name: value for name, value in values.items() if value is not PydanticUndefined}
