"""Two releases of an application, each a module with one class for each kind of class and each change.

Invariant: nothing but the release differs between the two processes, as between the servers of a rolling deploy.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Literal, cast

from ...serializers import ConverterRegistry

Release = Literal["yesterday", "today"]

_TAG = "evolving.Product"
_DEFAULTS: Mapping[str, object] = {"gift": False}
"""Fields that have a default."""
_VALUES: Mapping[str, object] = {"sku": "A-17", "count": 3, **_DEFAULTS}


@dataclass(frozen=True)
class Change:
    """What happened to a class between the releases."""

    name: str
    yesterday: tuple[str, ...]
    """Its fields."""
    today: tuple[str, ...]
    moved: bool = False
    """Whether it has another name, in another module, under the same tag."""


CHANGES = (
    Change("field added", ("sku", "count"), ("sku", "count", "gift")),
    Change("field removed", ("sku", "count", "gift"), ("sku", "count")),
    Change("fields reordered", ("sku", "count"), ("count", "sku")),
    Change("class renamed", ("sku", "count"), ("sku", "count"), moved=True),
)


def _dataclass(name: str, fields: tuple[str, ...]) -> type:
    defaults = {field: _DEFAULTS[field] for field in fields if field in _DEFAULTS}
    return dataclass(type(name, (), {"__annotations__": dict.fromkeys(fields, object), **defaults}))


def _plain(name: str, fields: tuple[str, ...]) -> type:
    """Return a class whose attributes have defaults in the class, as plain classes do that outlive a deploy."""
    return type(name, (), {"__init__": _initializer(fields), **{f: _DEFAULTS[f] for f in fields if f in _DEFAULTS}})


def _slots(name: str, fields: tuple[str, ...]) -> type:
    """Return a class with slots. A slot has no default, so the class gives one to who asks for what is not set."""

    def default(self: object, field: str) -> object:
        if field in fields and field in _DEFAULTS:
            return _DEFAULTS[field]
        raise AttributeError(f"{type(self).__qualname__} has no {field}")

    return type(name, (), {"__slots__": fields, "__init__": _initializer(fields), "__getattr__": default})


def _initializer(fields: tuple[str, ...]) -> Callable[..., None]:
    def initialize(self: object, **values: object) -> None:
        for field in fields:
            setattr(self, field, values.get(field, _DEFAULTS.get(field)))

    return initialize


KINDS: Mapping[str, Callable[[str, tuple[str, ...]], type]] = {
    "dataclass": _dataclass,
    "class with slots": _slots,
    "plain class": _plain,
}


@dataclass(frozen=True)
class Step:
    """A change of a class of one kind."""

    kind: str
    change: Change

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return f"{self.change.name} ({self.kind})"

    def fields(self, release: Release) -> dict[str, object]:
        """Return what an instance of a release holds."""
        names = self.change.today if release == "today" else self.change.yesterday
        return {name: _VALUES[name] for name in names}

    def value(self, release: Release) -> object:
        """Return an instance of a release, with its fields."""
        return cast("Any", class_of(self, release))(**self.fields(release))

    def registry(self, release: Release) -> ConverterRegistry:
        """Return a registry that knows the class of a release under the tag of both."""
        registry = ConverterRegistry()
        registry.register(class_of(self, release), tag=_TAG)
        return registry


@cache
def class_of(step: Step, release: Release) -> type:
    """Return the class of a release, which its module holds, too."""
    moved = step.change.moved and release == "today"
    name, module = ("Article", "warehouse") if moved else ("Product", "shop")
    module = f"evolving_{module}_{STEPS.index(step)}"
    made = KINDS[step.kind](name, tuple(step.fields(release)))
    made.__module__ = module
    setattr(sys.modules.setdefault(module, ModuleType(module)), name, made)
    return made


STEPS = tuple(Step(kind, change) for change in CHANGES for kind in KINDS)
"""Every change of every kind of class, in the order of the reports."""
