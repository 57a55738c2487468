"""Instances of Django's models, by reference: app label and model, primary key, database.

To be chosen, by ``custom_converters = ["django-models"]``: what was not saved is not kept, and what comes back is the
row as it is when it is first looked at. Until then no query is made; if the row is gone by then, the model's
``DoesNotExist`` is raised there. A lazy object around an instance, as ``request.user`` is one, is kept like it.
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
        return lazy([_known(expect(str, label)), key, expect(str, database)])

    registry.register(Model, tag="django.Model", encode=_reference, decode=decode, subclasses=True)
    registry.register(SimpleLazyObject, tag="django.SimpleLazyObject", encode=_reference_of_lazy, decode=decode)
    registry.register(lazy, tag="django.ModelReference", encode=lambda value: vars(value)[_REFERENCE], decode=decode)


@cache
def _reference_class() -> Any:
    from django.apps import apps  # noqa: PLC0415 - Django was imported
    from django.utils.functional import LazyObject  # noqa: PLC0415

    class ModelReference(LazyObject):
        """Stands for an instance, and becomes it when it is looked at."""

        def __init__(self, reference: list[Any]) -> None:
            super().__init__()
            vars(self)[_REFERENCE] = reference

        def _setup(self) -> None:
            label, key, database = vars(self)[_REFERENCE]
            rows = apps.get_model(label)._base_manager  # noqa: SLF001 - Django's name for it
            self._wrapped = rows.using(database).get(pk=key)

        def __copy__(self) -> "ModelReference":
            return type(self)(vars(self)[_REFERENCE])

        def __deepcopy__(self, memo: object) -> "ModelReference":
            return type(self)(vars(self)[_REFERENCE])

    return ModelReference


def _known(label: str) -> str:
    from django.apps import apps  # noqa: PLC0415 - Django was imported

    try:
        apps.get_model(label)
    except (LookupError, ValueError):
        raise DeserializationError(f"no model {label[:80]!r} is installed: is its app in INSTALLED_APPS?") from None
    return label


def _reference(instance: Any) -> list[Any]:
    state, meta = instance._state, instance._meta  # noqa: SLF001 - Django's names for them
    if state.adding or instance.pk is None:
        raise SerializationError(f"this {type(instance).__qualname__} has no row to refer to: save it first")
    return [meta.label, instance.pk, state.db]


def _reference_of_lazy(value: Any) -> list[Any]:
    from django.db.models import Model  # noqa: PLC0415 - it was imported

    if not isinstance(value, Model):  # which has it made
        raise SerializationError(f"this lazy object is a {value.__class__.__qualname__}, and no row to refer to")
    return _reference(value)
