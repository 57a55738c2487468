"""Models of pydantic 2, kept by their fields: registered with `register`, made without validation, as by the model's
own ``model_construct``.

Beside the fields a model is which of them were set, its extra values, and its private attributes. They are kept under
names that no field can have. What was not set, and values that a later version of the model lacks, are handled like
those of a dataclass: a new field gets its default.
"""

# The library is an extra; what it says of a model has no types here:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..classes import derived_names
from ..converter import Converter, FieldsConverter
from ..errors import DeserializationError, SerializationError
from .plain_data import expect

_UNSET, _EXTRA, _PRIVATE = "$unset", "$extra", "$private"
_set = object.__setattr__  # frozen models forbid the plain form


def converter(cls: Any, tag: str, fields: tuple[str, ...] | None, *, subclasses: bool) -> Converter | None:
    """Return the converter of a model; None for any other class.

    Parameters are those of `converter_of_class`; the fields of a model are its own.

    Raises
    ------
    ValueError
        Fields are given.

    >>> converter(dict, "shop.Item", None, subclasses=False) is None
    True
    """
    if not hasattr(cls, "__pydantic_decorators__") or not hasattr(cls, "model_construct"):
        return None
    if fields is not None:
        raise ValueError(f"{cls.__qualname__} is a model of pydantic and brings its fields: leave out fields=")

    def create() -> Any:
        return object.__new__(cls)

    def decode(state: Any) -> Any:
        model = create()
        _fill(cls, model, state)
        return model

    encode = partial(_state, cls, tag, derived_names(cls))
    fill = partial(_fill, cls)
    return FieldsConverter(cls, tag, encode, decode, subclasses, create=create, fill=fill, copies=True)


def _state(cls: Any, tag: str, derived: frozenset[str], model: Any) -> dict[str, Any]:
    values = vars(model)
    state: dict[str, Any] = {}
    for name in cls.model_fields:
        if name not in values:
            raise SerializationError(f"field {name!r} of this {cls.__qualname__} is not set: set it")
        state[name] = values[name]
    # A RootModel keeps what pydantic notes of an instance among its attributes.
    if strays := {name for name in values.keys() - state.keys() - derived if not name.startswith("__pydantic_")}:
        raise SerializationError(
            f"this {type(model).__qualname__} carries {min(strays)!r}, which is none of its fields and would be lost: "
            f"declare it, or register({cls.__name__}, tag={tag!r}, encode=..., decode=...)"
        )
    extra: dict[str, Any] = model.__pydantic_extra__ or {}
    if unset := [name for name in (*state, *extra) if name not in model.__pydantic_fields_set__]:
        state[_UNSET] = unset
    if extra:
        state[_EXTRA] = dict(extra)
    if private := _private(model):
        state[_PRIVATE] = private
    return state


def _private(model: Any) -> dict[str, Any]:
    from pydantic_core import PydanticUndefined  # noqa: PLC0415 - there is a model, so it was imported

    found: dict[str, Any] = model.__pydantic_private__ or {}
    return {name: value for name, value in found.items() if value is not PydanticUndefined}


def _fill(cls: Any, model: Any, state: Any) -> None:
    stored: Mapping[str, Any] = expect(dict, state)
    unset = frozenset(expect(str, name) for name in expect(list, stored.get(_UNSET, [])))
    values: dict[str, Any] = {}
    for name, field in cls.model_fields.items():
        if name in stored:
            values[name] = stored[name]
        elif field.is_required():
            raise DeserializationError(
                f"the stored {cls.__qualname__} has no field {name!r} and the class gives no default: give it one"
            )
        else:
            values[name] = _default(field, values)
    extra = _extra(cls, stored)
    present = [*(name for name in values if name in stored), *(extra or ())]
    _set(model, "__dict__", values)
    _set(model, "__pydantic_fields_set__", {name for name in present if name not in unset})
    _set(model, "__pydantic_extra__", extra)
    _set(model, "__pydantic_private__", _private_attributes(cls, expect(dict, stored.get(_PRIVATE, {}))))


def _default(field: Any, values: Mapping[str, Any]) -> object:
    if getattr(field, "default_factory_takes_validated_data", False):  # since pydantic 2.10
        return field.get_default(call_default_factory=True, validated_data=values)
    return field.get_default(call_default_factory=True)


def _extra(cls: Any, stored: Mapping[str, Any]) -> dict[str, Any] | None:
    if cls.model_config.get("extra") != "allow":
        return None
    extra = expect(dict, stored.get(_EXTRA, {}))
    return {expect(str, name): value for name, value in extra.items() if name not in cls.model_fields}


def _private_attributes(cls: Any, stored: Mapping[str, Any]) -> dict[str, Any] | None:
    from pydantic_core import PydanticUndefined  # noqa: PLC0415 - there is a model, so it was imported

    declared: Mapping[str, Any] = cls.__private_attributes__
    if not declared:
        return None
    values = {name: stored[name] if name in stored else each.get_default() for name, each in declared.items()}
    return {name: value for name, value in values.items() if value is not PydanticUndefined}
