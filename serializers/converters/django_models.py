"""Instances of Django's models, by reference: app label and model, primary key, database.

To be chosen, by ``custom_converters = ["django-models"]``: what was not saved is not kept, and what comes back is the
row as it is when it is first looked at. Until then no query is made, also where it is a key of a dict or an element of
a set; if the row is gone by then, the model's ``DoesNotExist`` is raised there. A lazy object around an instance, as
``request.user`` is one, is kept like it, and one around the anonymous user as that.
"""

# The library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportMissingTypeStubs=false, reportUnknownLambdaType=false

from functools import cache
from typing import Any

from ..errors import DeserializationError, SerializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_list

_REFERENCE = "_memcached_sessions_reference"


def register_converters(registry: ConverterRegistry) -> None:
    """Register them once Django's module of models is imported."""
    registry.when_imported("django.db.models.base", _register)


def _register(registry: ConverterRegistry) -> None:
    from django.db.models import Model  # noqa: PLC0415 - it was imported
    from django.utils.functional import SimpleLazyObject  # noqa: PLC0415

    lazy = _reference_class()

    def decode(plain: Any) -> Any:
        label, key, database = expect_list(plain, 3)
        return lazy([_known(expect(str, label)), _hashable(key), _configured(expect(str, database))])

    def decode_lazy(plain: Any) -> Any:
        return SimpleLazyObject(_anonymous_user) if plain is None else decode(plain)

    registry.register(Model, tag="django.Model", encode=_reference, decode=decode, subclasses=True)
    registry.register(SimpleLazyObject, tag="django.SimpleLazyObject", encode=_reference_of_lazy, decode=decode_lazy)
    registry.register(lazy, tag="django.ModelReference", encode=lambda value: vars(value)[_REFERENCE], decode=decode)


@cache
def _reference_class() -> Any:
    from django.apps import apps  # noqa: PLC0415 - Django was imported
    from django.db.models import Model  # noqa: PLC0415
    from django.utils.functional import LazyObject  # noqa: PLC0415

    class ModelReference(LazyObject):
        """Stands for an instance, and becomes it when it is looked at; hash and equality are the instance's."""

        def __init__(self, reference: list[Any]) -> None:
            super().__init__()
            vars(self)[_REFERENCE] = reference

        def _setup(self) -> None:
            label, key, database = vars(self)[_REFERENCE]
            rows = apps.get_model(label)._base_manager  # noqa: SLF001 - Django's name for it
            self._wrapped = rows.using(database).get(pk=key)

        def __hash__(self) -> int:
            return hash(vars(self)[_REFERENCE][1])

        def __eq__(self, other: object) -> bool:
            mine, key, _ = vars(self)[_REFERENCE]
            if type(other) is ModelReference:
                theirs, other_key, _ = vars(other)[_REFERENCE]
                other_model: Any = apps.get_model(theirs)
            elif isinstance(other, Model):
                other_model, other_key = other, other.pk
            else:
                return NotImplemented
            return _table(apps.get_model(mine)) is _table(other_model) and bool(key == other_key)

        def __ne__(self, other: object) -> bool:
            return not self == other

        def __copy__(self) -> "ModelReference":
            return type(self)(vars(self)[_REFERENCE])

        def __deepcopy__(self, memo: object) -> "ModelReference":
            return type(self)(vars(self)[_REFERENCE])

    return ModelReference


def _table(model: Any) -> Any:
    return model._meta.concrete_model  # noqa: SLF001 - of a proxy, the model that it stands for


def _known(label: str) -> str:
    from django.apps import apps  # noqa: PLC0415 - Django was imported

    try:
        apps.get_model(label)
    except (LookupError, ValueError):
        raise DeserializationError(f"no model {label[:80]!r} is installed: is its app in INSTALLED_APPS?") from None
    return label


def _hashable(key: Any) -> Any:
    try:
        hash(key)
    except TypeError:
        raise DeserializationError(f"a {type(key).__qualname__} is no primary key") from None
    return key


def _configured(database: str) -> str:
    from django.db import connections  # noqa: PLC0415 - Django was imported

    if database not in list(connections):
        raise DeserializationError(f"no database {database[:80]!r} is configured: is it in DATABASES?")
    return database


def _anonymous_user() -> Any:
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415 - by now somebody asks what the user is

    return AnonymousUser()


def _reference(instance: Any) -> list[Any]:
    from django.db import router  # noqa: PLC0415 - there is an instance, so Django was imported

    state, meta = instance._state, instance._meta  # noqa: SLF001 - Django's names for them
    if state.adding or instance.pk is None:
        raise SerializationError(f"this {type(instance).__qualname__} has no row to refer to: save it first")
    # Without a database of its own the instance was made by hand, and is read from where its model is.
    return [meta.label, instance.pk, state.db or router.db_for_read(type(instance), instance=instance)]


def _reference_of_lazy(value: Any) -> list[Any] | None:
    from django.db.models import Model  # noqa: PLC0415 - it was imported

    if isinstance(value, Model):  # which has it made
        return _reference(value)
    cls = value.__class__
    if (cls.__module__, cls.__qualname__) == ("django.contrib.auth.models", "AnonymousUser"):
        return None
    raise SerializationError(
        f"this lazy object is a {cls.__qualname__}, and no row to refer to: put what is needed of it into the session"
    )
